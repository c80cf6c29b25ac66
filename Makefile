# make demo: set up, and run the main job. make check: lint, types and the tests that start no process and
# open no database, for while you work. make test: set up, and run every test and check but the slow
# ones, which make test-slow runs. make test-conditions: every test five times, under other conditions
# each time; an hour or more. make torture: crashes, kills, damage and load in full, some hours;
# what was counted lies in build/torture.jsonl afterwards. make audit: asks PyPI's advisories about every
# pinned version. make sbom: a CycloneDX bill of materials of .venv, build/sbom.json. make docs: the
# documentation as a site, build/docs; make docs-pages: the pages of docs/reference that are made from the code.
# Everything goes into .venv here; a path with spaces is fine.

PYTHON ?= python3
VENV := .venv/bin/python
PIP := $(VENV) -m pip --disable-pip-version-check
REQUIREMENTS := pyproject.toml constraints.txt
TOOLS := .venv/tools/bin

SUITE := $(VENV) -m pytest -n 2 --dist loadscope --no-loadscope-reorder

# Runs tests, and ruff, mypy and the import contracts beside them. What the latter say is printed at the end.
beside_lint = @mkdir -p build; $(MAKE) --no-print-directory lint >build/lint.txt 2>&1 & lint=$$!; \
	$(1); tests=$$?; wait $$lint; lint=$$?; cat build/lint.txt; exit $$((tests | lint))

# The tests start a few hundred processes; compiling the sources anew in each takes a third of their start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo check test test-slow test-conditions torture lint docs docs-pages audit sbom clean
.DEFAULT_GOAL := demo

demo: .venv/demo
	$(VENV) -m oracle.cli run demo

check: .venv/test
	$(call beside_lint,$(VENV) -m pytest -n 2 --self-contained -p no:schemathesis)

test: .venv/test
	$(call beside_lint,$(SUITE))

test-slow: .venv/test
	$(VENV) -m pytest -m slow

# No test may depend on the speed of the machine, the order of the modules, the hash seed or the time zone.
test-conditions: .venv/test
	$(SUITE)
	taskset -c 0 $(SUITE)
	yes >/dev/null & first=$$!; yes >/dev/null & second=$$!; \
		$(SUITE); status=$$?; kill $$first $$second; exit $$status
	$(SUITE) --shuffle-modules 1
	PYTHONHASHSEED=1 TZ=Asia/Kolkata $(SUITE)

torture: .venv/test
	@mkdir -p build && rm -f build/torture.jsonl
	TORTURE_COUNTS="$(CURDIR)/build/torture.jsonl" $(VENV) -m pytest -m 'slow or not slow' tests/torture tests/security

lint: .venv/test
	$(VENV) -m ruff check .
	$(VENV) -m ruff format --check .
	$(VENV) -m mypy
	$(VENV) -c 'from importlinter.cli import lint_imports_command; lint_imports_command()'

docs: .venv/test
	NO_MKDOCS_2_WARNING=1 $(VENV) -m mkdocs build

docs-pages: .venv/test
	$(VENV) docs/scripts/pages.py

# What the service does not know is a failure, too: without a way to it nothing would be known to be bad.
audit: .venv/tools/made
	$(TOOLS)/python -m pip_audit --strict --no-deps --disable-pip --requirement constraints.txt

sbom: .venv/test .venv/tools/made
	@mkdir -p build
	$(TOOLS)/python -m cyclonedx_py environment --output-reproducible --pyproject pyproject.toml \
		--output-file build/sbom.json $(VENV)

clean:
	rm -rf .venv build *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or later is needed; say where: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv .venv

.venv/demo: .venv/bin/python $(REQUIREMENTS)
	$(PIP) install --quiet --constraint constraints.txt --editable .
	@touch $@

# Not compiled: that takes as long as unpacking, and Python compiles the part that it imports.
.venv/test: .venv/bin/python $(REQUIREMENTS)
	$(PIP) install --quiet --no-compile --constraint constraints.txt --editable '.[dev,docs]'
	@touch $@ .venv/demo

# In an environment of their own: they are no part of what they look at.
.venv/tools/made: .venv/bin/python
	$(PYTHON) -m venv .venv/tools
	$(TOOLS)/python -m pip --disable-pip-version-check install --quiet cyclonedx-bom==7.5.0 pip-audit==2.10.1
	@touch $@
