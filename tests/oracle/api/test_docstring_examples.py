"""The examples of docstrings run."""

import doctest
import sys
from pathlib import Path

import pytest

import oracle


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
