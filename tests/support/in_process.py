"""``--in-process``: run only what stays in this process; the fast loop of ``make check``.

A test that starts a process, opens a database or waits for a connection is skipped at that moment,
so nobody has to mark it, and no test that is slow for such a reason gets in. ``make test`` runs
them all.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest

FOLDERS = ("integration", "torture", "security", "docker", "benchmarks")  # whole programs
LEAVES = {
    "subprocess.Popen": "starts a process",
    "os.fork": "starts a process",
    "os.forkpty": "starts a process",
    "os.posix_spawn": "starts a process",
    "sqlite3.connect": "opens a database",
    "socket.bind": "waits for connections",
}
_guard = {"on": False}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--in-process",
        action="store_true",
        help="skip what starts a process, opens a database or waits for a connection",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--in-process"):
        sys.addaudithook(_audit)


def pytest_ignore_collect(collection_path: Any, config: pytest.Config) -> bool | None:
    ignored = config.getoption("--in-process") and collection_path.name in FOLDERS
    return True if ignored and collection_path.parent.name == "tests" else None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Guard from the first fixture to the last."""
    _guard["on"] = True
    try:
        return (yield)
    finally:
        _guard["on"] = False


def _audit(event: str, arguments: tuple[object, ...]) -> None:
    """Skip the test that causes an event of `LEAVES`. Python calls this before the event happens."""
    if _guard["on"] and event in LEAVES:
        pytest.skip(f"{LEAVES[event]}: runs with make test")
