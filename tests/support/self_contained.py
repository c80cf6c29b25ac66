"""``pytest --self-contained``: the tests that start no process and open no database.

Nobody marks them. A test is left out for its folder, or for what it and its fixtures reach: their
code is followed through the functions of the tests. What is selected is watched while it runs: a
test that starts a process or opens a database all the same fails. Those marked as costly are left
out as well.
"""

import re
import sys
import types
import unittest
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

FOLDERS = frozenset(
    {"bad_input", "benchmarks", "docker", "docs", "integration", "security", "torture"}
    | {"oracle/database", "oracle/inventory"}
)
# Modules whose functions and classes start processes, open databases, or drive what does.
REACHES = (
    "databases",
    "importlib.util",  # loads the examples, which run a study
    "multiprocessing",
    "notebooks",
    "oracle.api.run",
    "oracle.api.running",
    "oracle.cli.main",
    "oracle.database",
    "oracle.execution.ray_",
    "oracle.GreedyOracle",
    "oracle.check",
    "oracle.import_run",
    "oracle.inventory",
    "oracle.list_runs",
    "oracle.load_run",
    "oracle.run",
    "oracle.plots.page.save",  # starts a browser
    "oracle.rest.image_export",
    "oracle.runs.catalog",
    "oracle.runs.execute",
    "oracle.service.driver",
    "oracle.service.scheduler",
    "oracle.service.service",
    "oracle.storage.result_store",
    "oracle.storage.session",
    "oracle.web.server",
    "os.fork",
    "playwright",
    "ray",
    "sqlalchemy",
    "sqlite3",
    "starlette.testclient",
    "subprocess",
)
_REACHES = re.compile(rf"(?:{'|'.join(map(re.escape, REACHES))})(?:[._]|$)")
EVENTS = frozenset(
    {"os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system"}
    | {"sqlite3.connect", "subprocess.Popen"}
)
_TESTS = Path(__file__).parent.parent


class Guard:
    """Refuses processes and databases while a selected test runs."""

    def __init__(self) -> None:
        self.watching = False
        sys.addaudithook(self._hook)

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.watching and event in EVENTS:
            rule = "add the module by which it does so to REACHES in tests/support/self_contained"
            raise AssertionError(f"a test that was to be self-contained calls {event}; {rule}")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Watch a test and its fixtures."""
        self.watching = True
        try:
            return (yield)
        finally:
            self.watching = False


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--self-contained",
        action="store_true",
        help="run only tests that start no process, no browser and no database",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--self-contained"):
        config.pluginmanager.register(Guard(), "self_contained_guard")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not even import the folders of which nothing is selected."""
    left_out = {_TESTS / folder for folder in FOLDERS}
    return collection_path in left_out if config.getoption("--self-contained") else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--self-contained"):
        return
    chosen, others = [], []
    for item in items:
        (others if why_not(item) else chosen).append(item)
    config.hook.pytest_deselected(items=others)
    items[:] = chosen


def why_not(item: pytest.Item) -> str | None:
    """Return what makes a test more than self-contained: a folder or a module; None: nothing."""
    folders = item.path.relative_to(_TESTS).parents if item.path.is_relative_to(_TESTS) else ()
    for folder in folders:
        if folder.as_posix() in FOLDERS:
            return folder.as_posix()
    for mark in ("ray", "costly"):
        if item.get_closest_marker(mark):
            return mark
    definitions = item._fixtureinfo.name2fixturedefs.values()  # type: ignore[attr-defined]
    functions = [fixture.func for several in definitions for fixture in several]
    if issubclass(getattr(item, "cls", None) or object, unittest.TestCase):
        return "hypothesis.stateful"  # whose rules' code is wrapped; most drive databases
    return reached([item.function, *functions])  # type: ignore[attr-defined]


def reached(functions: list[Any]) -> str | None:
    """Return the first module of REACHES that functions come to, by way of other tests' code."""
    seen: set[int] = set()
    waiting = list(functions)
    while waiting:
        function = waiting.pop()
        function = getattr(function, "__func__", function)
        if id(function) in seen:
            continue
        seen.add(id(function))
        if isinstance(function, type):
            waiting += [each for each in vars(function).values() if callable(each)]
        if getattr(function, "__code__", None) is None:
            continue
        name, others = _named(function)
        if name is not None:
            return name
        waiting += others
    return None


@cache
def _named(function: Any) -> tuple[str | None, tuple[Any, ...]]:
    """Return what of REACHES a function's code names, and the code of tests that it names."""
    others = []
    for value in _values(function.__code__, function):
        name = value if isinstance(value, str) else _full_name(value)
        if _REACHES.match(name):
            return name, ()
        if _is_of_tests(value):
            others.append(value)
    return None, tuple(others)


def _values(code: types.CodeType, function: Any) -> Iterator[Any]:
    """Yield what the names in a function's code stand for, and the modules it imports."""
    codes = [code]
    names: set[str] = set()
    while codes:
        one = codes.pop()
        names |= {*one.co_names}
        codes += [each for each in one.co_consts if isinstance(each, types.CodeType)]
    known = function.__globals__
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # not yet filled
            continue
    for name in names:
        if name in known:
            value = known[name]
            yield value
            if isinstance(value, types.ModuleType):
                yield from (vars(value)[each] for each in names if each in vars(value))
                yield from (f"{value.__name__}.{each}" for each in names)
        elif "." in name:
            yield name
            yield from (f"{name}.{each}" for each in names)


def _module(value: Any) -> str:
    name = (
        value.__name__ if isinstance(value, types.ModuleType) else getattr(value, "__module__", "")
    )
    return name if isinstance(name, str) else ""


def _full_name(value: Any) -> str:
    if isinstance(value, types.ModuleType):
        return value.__name__
    return f"{_module(value)}.{getattr(value, '__qualname__', type(value).__qualname__)}"


def _is_of_tests(value: Any) -> bool:
    if isinstance(value, types.ModuleType) or not hasattr(value, "__module__"):
        return False
    return _lies_in_tests(_module(value))


@cache
def _lies_in_tests(module: str) -> bool:
    file = getattr(sys.modules.get(module), "__file__", None)
    return file is not None and Path(file).is_relative_to(_TESTS)
