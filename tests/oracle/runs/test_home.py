"""The home: one database of all runs, a folder for each study, and homes of earlier versions."""

from dataclasses import replace
from pathlib import Path

import pytest
from factories import make_study
from home_fixtures import DoneHome, home, ran

from oracle.export.checkpoint import find_cell, load_network
from oracle.runs import catalog
from oracle.service.service import Service
from oracle.service.settings import ServerSettings
from oracle.settings import PROGRAM_FOLDER
from oracle.storage.session import home_url, study_url
from scyc.errors import BadInput


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_results_of_a_command_are_a_servers_at_once_and_are_not_trained_again(
    done: DoneHome,
) -> None:
    folder, run_id, cells = done.folder, done.run_id, done.cells
    service = Service(ServerSettings(url=home_url(home(folder)), folder=folder))
    (shown,) = service.runs()
    assert (shown.record.run_id, shown.state) == (run_id, "done")
    assert service.table(shown)["complete"]
    service.close()
    again = ran(replace(service.settings.of_job(None), backend="inline"))
    assert again == (run_id, [cells])  # all found, nothing trained


def test_no_study_can_have_the_name_of_the_programs_folder(done: DoneHome) -> None:
    assert {PROGRAM_FOLDER, "tiny"} <= {path.name for path in done.folder.iterdir()}
    assert not list(done.folder.glob("*.db*"))
    for name in (PROGRAM_FOLDER, ".hidden", "Tiny", "../tiny", "tiny/../_oracle"):
        with pytest.raises(BadInput) as refused:
            make_study(name=name)
        assert [each.path for each in refused.value.problems] == ["name"]


def test_studies_of_one_system_share_their_training_runs_and_each_has_its_networks(
    done: DoneHome,
) -> None:
    where = home(done.folder)
    other, again = ran(where, name="other")
    assert again == [done.cells]
    files_before = files(done.folder / "other" / "checkpoints")
    assert files_before == files(done.folder / "tiny" / "checkpoints")
    stored = catalog.find_run(other, where)
    assert load_network(stored, where, find_cell(stored, 1), "final").masks


def test_a_study_with_a_database_of_an_earlier_version_continues_in_it(before: DoneHome) -> None:
    run_id, cells = before.run_id, before.cells
    where = home(before.folder)
    assert study_url(where, "tiny") != home_url(where)
    assert ran(where) == (run_id, [cells])
    assert not where.program_folder.exists()
    assert study_url(where, "other") == home_url(where)
    assert catalog.find_run(run_id, where).folder == before.folder / "tiny"


def test_a_servers_database_of_an_earlier_version_is_the_homes(before: DoneHome) -> None:
    (before.folder / "tiny" / "oracle.db").rename(before.folder / "oracle.db")
    where = home(before.folder)
    assert study_url(where, "tiny").database == str(before.folder / "oracle.db")
    run_id, cells = before.run_id, before.cells
    assert ran(where) == (run_id, [cells])
    assert catalog.find_run(run_id, where).folder == before.folder / "tiny"


def test_a_renamed_folder_of_an_earlier_version_is_read_in_place(
    before: DoneHome,
) -> None:
    (before.folder / "tiny").rename(before.folder / "renamed")
    stored = catalog.find_run(str(before.folder / "renamed"), home(before.folder))
    assert (stored.record.run_id, stored.folder) == (before.run_id, before.folder / "renamed")
    assert load_network(stored, home(before.folder), find_cell(stored, 1), "final").masks


def test_a_renamed_home_is_read_in_place(done: DoneHome) -> None:
    done.folder.rename(done.folder.with_name("moved"))
    folder = done.folder.with_name("moved")
    where = home(folder)
    stored = catalog.find_run(done.run_id, where)
    assert stored.folder == folder / "tiny"
    assert load_network(stored, where, find_cell(stored, 1), "final").masks
