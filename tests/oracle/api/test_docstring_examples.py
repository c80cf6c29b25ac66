"""Every public name has an example in its docstring, and the examples run."""

import doctest
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import oracle
import scyc

OF_SCYC = ("SCyc", "SCycLR", "WarmupDrops", "iterate", "max_lr")  # which show all of its names


def examples_of(name: str, exported: object) -> list[doctest.DocTest]:
    module = sys.modules[exported.__module__]
    return doctest.DocTestFinder(recurse=False).find(exported, name, module, globs={})


def sources(package: object, names: "list[str] | tuple[str, ...]") -> str:
    """The code of the examples of some public names."""
    sources_of_examples = [
        each for name in names for each in examples_of(name, getattr(package, name))
    ]
    return "".join(example.source for each in sources_of_examples for example in each.examples)


def members() -> Iterator[tuple[str, str]]:
    """Public methods and properties of the public classes, with their class."""
    for name in oracle.__all__:
        exported = getattr(oracle, name)
        if inspect.isclass(exported) and not issubclass(exported, Exception):
            for member, value in vars(exported).items():
                callable_ = inspect.isfunction(value) or isinstance(value, property)
                if callable_ and not member.startswith("_"):
                    yield name, member


def test_every_public_name_has_an_example() -> None:
    without = [n for n in oracle.__all__ if not sources(oracle, [n])]
    assert without == [], "add an Example to the docstring"
    shown = sources(oracle, oracle.__all__)
    unused = [f"{name}.{member}" for name, member in members() if f".{member}" not in shown]
    assert unused == [], "use it in the example of its class"
    of_scyc = sources(scyc, (*OF_SCYC, "Pruner"))
    assert [n for n in scyc.__all__ if not re.search(rf"\b{n}\b", of_scyc)] == []


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of all examples: what one has trained, another finds."""
    return tmp_path_factory.mktemp("examples")


@pytest.mark.parametrize("name", [*oracle.__all__, *OF_SCYC])
def test_the_example_of_a_docstring_runs(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.delenv("ORACLE_RUNS", raising=False)
    monkeypatch.delenv("ORACLE_STORAGE", raising=False)
    member = getattr(scyc if name in OF_SCYC else oracle, name)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    assert [runner.run(each).failed for each in examples_of(name, member)] == [0]
    assert runner.tries > 0
