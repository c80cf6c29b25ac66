"""`import oracle` is quick, and has every public name."""

import json
import subprocess
import sys

import oracle

HEAVY = {"torch", "ray", "optuna", "pandas", "plotly", "sqlalchemy", "numpy", "pydantic", "rich"}


def test_import_oracle_imports_nothing_heavy() -> None:
    code = "import json, sys, oracle; print(json.dumps([*sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert HEAVY & set(json.loads(done.stdout)) == set()


def test_every_public_name_is_there_and_documented() -> None:
    for name in oracle.__all__:
        member = getattr(oracle, name)
        assert (member.__doc__ or "").strip(), name
    assert set(oracle.__all__) <= set(dir(oracle))


NOTEBOOK = """
import sys, types

for name in ("IPython", "ipykernel.zmqshell"):
    sys.modules[name] = types.ModuleType(name)
sys.modules["IPython"].get_ipython = object
sys.modules["ipywidgets"] = None
import oracle

print(oracle.run)
"""


def test_the_first_use_in_a_notebook_without_widgets_warns_of_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-c", NOTEBOOK], capture_output=True, text=True, check=True
    )
    assert "IProgress" not in done.stderr
    assert done.stdout.startswith("<function run")
