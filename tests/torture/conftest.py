"""Runs that are hurt, one that is not, and what was counted."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from faults.drivers import Victim
from faults.windows import Attempt, begun, small
from required import missing


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Victim:
    """A run that nothing happened to; in this process, so that forks have all that it imports."""
    victim = Victim(tmp_path_factory.mktemp("reference"))
    victim.run()
    return victim


@pytest.fixture
def victim(tmp_path: Path) -> Victim:
    """A run that has not begun, on SQLite."""
    return Victim(tmp_path / "runs")


@pytest.fixture
def counted() -> Callable[..., None]:
    """Adds a line of counts to the file that TORTURE_COUNTS names; docs/reliability.md has them."""

    def count(name: str, **counts: int) -> None:
        line = json.dumps({"name": name, **counts})
        if file := os.environ.get("TORTURE_COUNTS"):
            with Path(file).open("a") as counts_file:
                counts_file.write(f"{line}\n")

    return count


@pytest.fixture(scope="session")
def strace() -> None:
    """Skips where there is no strace; CI has one."""
    if shutil.which("strace") is None:
        missing("strace is not installed")


@pytest.fixture(scope="session")
def shm() -> Iterator[Path]:
    """A folder in memory, where there is one: what a killed process has written stays."""
    memory = Path("/dev/shm")  # noqa: S108
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def small_ended(shm: Path) -> Victim:
    """A small run that nothing happened to."""
    victim = small(shm / "ended")
    victim.run()
    return victim


@pytest.fixture(scope="session")
def small_begun(shm: Path) -> Victim:
    """A small run of which there are the images and an empty database."""
    return begun(shm / "begun")


@pytest.fixture
def attempt(shm: Path, small_begun: Victim) -> Iterator[Callable[..., Attempt]]:
    """Makes a run that is to be hurt in a window; there is one at a time."""
    folder = shm / "attempt"

    def make(window: str, kind: type[Victim] = Victim) -> Attempt:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return Attempt(folder, small_begun, window, kind)

    yield make
    shutil.rmtree(folder, ignore_errors=True)
