"""The reference is made from the docstrings, and their examples run."""

import doctest
import importlib.util
import sys
from pathlib import Path

import pytest

import oracle

DOCS = Path(__file__).parents[3] / "docs"


def test_the_reference_is_what_the_docstrings_say() -> None:
    script = DOCS / "scripts" / "api_reference.py"
    spec = importlib.util.spec_from_file_location("api_reference", script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made = (DOCS / "reference" / "api.md").read_text(encoding="utf-8")
    assert made == module.page(), "python docs/scripts/api_reference.py > docs/reference/api.md"


@pytest.mark.parametrize("name", ["GreedyOracle", "OracleStudy", "trainable"])
def test_the_example_of_a_docstring_runs(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = getattr(oracle, name)
    module = sys.modules[found.__module__]
    examples = doctest.DocTestFinder(recurse=False).find(found, name, module, globs={})
    runner = doctest.DocTestRunner()
    assert [runner.run(each).failed for each in examples] == [0]
    assert runner.tries > 1
