"""A home with a finished run, made once, and the same as an earlier version left it."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from factories import make_study

from oracle.runs import execute, prepare
from oracle.settings import DATABASE, PROGRAM_FOLDER, Progress, Settings


def home(folder: Path, **changes: Any) -> Settings:
    return Settings(**({"folder": folder, "backend": "inline", "device": "cpu"} | changes))


def ran(where: Settings, **changes: Any) -> tuple[str, list[int]]:
    """A run's id, and the number of finished cells at each progress report."""
    counts: list[int] = []
    prepared = prepare.prepare(make_study(**({"cycles": 1} | changes)), where)
    execute.execute(prepared, Progress(cells=lambda done, _: counts.append(done)))
    return prepared.run_id, counts


@dataclass(frozen=True)
class DoneHome:
    """A home in which the tiny study has run over one cycle."""

    folder: Path
    run_id: str
    cells: int


@pytest.fixture(scope="session")
def home_done(tmp_path_factory: pytest.TempPathFactory) -> DoneHome:
    """Not to be changed."""
    folder = tmp_path_factory.mktemp("home")
    run_id, counts = ran(home(folder))
    return DoneHome(folder, run_id, counts[-1])


@pytest.fixture
def done(home_done: DoneHome, tmp_path: Path) -> DoneHome:
    """A copy."""
    shutil.copytree(home_done.folder, tmp_path / "runs")
    return DoneHome(tmp_path / "runs", home_done.run_id, home_done.cells)


@pytest.fixture
def before(done: DoneHome) -> DoneHome:
    """A copy as an earlier version left it: the database is in the study's folder."""
    (done.folder / PROGRAM_FOLDER / DATABASE).rename(done.folder / "tiny" / DATABASE)
    shutil.rmtree(done.folder / PROGRAM_FOLDER)
    return done
