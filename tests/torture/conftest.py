"""Runs that are hurt, one that is not, and what was counted."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from faults.drivers import Victim


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
