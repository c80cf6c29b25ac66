"""The home: one database of all runs, a folder for each study, and homes of earlier versions."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from factories import make_study

from oracle.export.checkpoint import find_cell, load_network
from oracle.runs import catalog, execute, prepare
from oracle.service.service import ServerSettings, Service
from oracle.settings import PROGRAM_FOLDER, Progress, Settings
from oracle.storage.session import home_url, study_url
from scyc.errors import BadInput


def home(folder: Path, **changes: Any) -> Settings:
    return Settings(**({"folder": folder, "backend": "inline", "device": "cpu"} | changes))


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, int]:
    """A home with a finished run of the tiny study, the run's id, and its cells."""
    folder = tmp_path_factory.mktemp("home")
    run_id, told = ran(home(folder))
    return folder, run_id, told[-1]


@pytest.fixture
def before(done: tuple[Path, str, int], tmp_path: Path) -> tuple[str, int]:
    """The same in ``tmp_path``, as an earlier version left it."""
    shutil.copytree(done[0], tmp_path, dirs_exist_ok=True)
    (tmp_path / PROGRAM_FOLDER / "oracle.db").rename(tmp_path / "tiny" / "oracle.db")
    (tmp_path / PROGRAM_FOLDER).rmdir()
    return done[1:]


def ran(where: Settings, **changes: Any) -> tuple[str, list[int]]:
    """A run's id, and how many cells were finished each time it told so."""
    told: list[int] = []
    prepared = prepare.prepare(make_study(**({"cycles": 1} | changes)), where)
    execute.execute(prepared, Progress(cells=lambda done, _: told.append(done)))
    return prepared.run_id, told


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_what_a_command_found_is_a_servers_at_once_and_is_not_trained_again(
    done: tuple[Path, str, int],
) -> None:
    folder, run_id, cells = done
    service = Service(ServerSettings(url=home_url(home(folder)), folder=folder))
    (shown,) = service.runs()
    assert (shown.record.run_id, shown.state) == (run_id, "done")
    assert service.table(shown)["complete"]
    service.close()
    again = ran(replace(service.settings.of_job(None), backend="inline"))
    assert again == (run_id, [cells])  # all found, nothing trained


def test_no_study_can_have_the_name_of_the_programs_folder(done: tuple[Path, str, int]) -> None:
    assert {PROGRAM_FOLDER, "tiny"} <= {path.name for path in done[0].iterdir()}
    assert not list(done[0].glob("*.db*"))
    for name in (PROGRAM_FOLDER, ".hidden", "Tiny", "../tiny", "tiny/../_oracle"):
        with pytest.raises(BadInput) as refused:
            make_study(name=name)
        assert [each.path for each in refused.value.problems] == ["name"]


def test_studies_of_one_system_share_their_training_runs_and_each_has_its_networks(
    done: tuple[Path, str, int], tmp_path: Path
) -> None:
    shutil.copytree(done[0], tmp_path, dirs_exist_ok=True)
    where = home(tmp_path)
    other, again = ran(where, name="other")
    assert again == [done[2]]
    kept = files(tmp_path / "other" / "checkpoints")
    assert kept == files(tmp_path / "tiny" / "checkpoints")
    stored = catalog.find_run(other, where)
    assert load_network(stored, where, find_cell(stored, 1), "final").masks


def test_a_study_with_a_database_of_an_earlier_version_goes_on_in_it(
    before: tuple[str, int], tmp_path: Path
) -> None:
    run_id, cells = before
    where = home(tmp_path)
    assert study_url(where, "tiny") != home_url(where)
    assert ran(where) == (run_id, [cells])
    assert not where.program_folder.exists()
    assert study_url(where, "other") == home_url(where)
    assert catalog.find_run(run_id, where).place == tmp_path / "tiny"


def test_a_servers_database_of_an_earlier_version_is_the_homes(
    before: tuple[str, int], tmp_path: Path
) -> None:
    (tmp_path / "tiny" / "oracle.db").rename(tmp_path / "oracle.db")
    where = home(tmp_path)
    assert study_url(where, "tiny").database == str(tmp_path / "oracle.db")
    run_id, cells = before
    assert ran(where) == (run_id, [cells])
    assert catalog.find_run(run_id, where).place == tmp_path / "tiny"


def test_a_folder_of_an_earlier_version_that_was_renamed_is_read_where_it_lies(
    before: tuple[str, int], tmp_path: Path
) -> None:
    (tmp_path / "tiny").rename(tmp_path / "kept")
    stored = catalog.find_run(str(tmp_path / "kept"), home(tmp_path))
    assert (stored.record.run_id, stored.place) == (before[0], tmp_path / "kept")
    assert load_network(stored, home(tmp_path), find_cell(stored, 1), "final").masks


def test_a_home_that_was_renamed_is_read_where_it_lies(
    done: tuple[Path, str, int], tmp_path: Path
) -> None:
    shutil.copytree(done[0], tmp_path / "copy")
    where = home(tmp_path / "copy")
    stored = catalog.find_run(done[1], where)
    assert stored.place == tmp_path / "copy" / "tiny"
    assert load_network(stored, where, find_cell(stored, 1), "final").masks
