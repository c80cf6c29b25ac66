"""Databases of earlier versions in the home's: all that was finished, and nothing twice."""

import contextlib
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from home_fixtures import DoneHome, home, ran

from oracle.database import RunDatabase, parse_url, sqlite_url
from oracle.inventory import moving
from oracle.runs import catalog
from oracle.settings import PROGRAM_FOLDER, Settings
from oracle.storage.session import home_url


def rows(url: str) -> dict[str, list[Any]]:
    """What Optuna shows of a database: studies, trials, values, attributes, without numbers."""
    statements = {
        "studies": "SELECT study_name FROM studies",
        "trials": "SELECT study_name, number, state, datetime_start, datetime_complete FROM trials "
        "JOIN studies USING (study_id)",
        "values": "SELECT number, value FROM trial_values JOIN trials USING (trial_id)",
        "params": "SELECT number, param_name, param_value, distribution_json FROM trial_params "
        "JOIN trials USING (trial_id)",
        "curves": "SELECT number, step, intermediate_value FROM trial_intermediate_values "
        "JOIN trials USING (trial_id)",
        "attributes": "SELECT number, key, value_json FROM trial_user_attributes "
        "JOIN trials USING (trial_id)",
        "of studies": "SELECT study_name, key, value_json FROM study_user_attributes "
        "JOIN studies USING (study_id)",
        "notes": "SELECT study_name, key, value_json FROM study_system_attributes "
        "JOIN studies USING (study_id)",
    }
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        content = {
            name: sorted(map(str, connection.execute(sa.text(statement))))
            for name, statement in statements.items()
        }
    engine.dispose()
    return content


def moved(where: Settings, **options: Any) -> list[str]:
    messages: list[str] = []
    moving.move(where, messages.append, **options)
    return messages


def test_a_studys_database_is_moved_whole_and_then_nothing_is_trained_again(
    before: DoneHome,
) -> None:
    where = home(before.folder)
    (run,) = catalog.find(where)
    table, old = catalog.stored_table(run), rows(f"sqlite:///{before.folder}/tiny/oracle.db")
    (message,) = moved(where)
    assert f"{before.cells} new trials moved to" in message
    assert rows(f"sqlite:///{where.database_file}") == old
    (same,) = catalog.find(where)
    assert (same.record, same.folder) == (run.record, before.folder / "tiny")
    assert same.url == home_url(where)
    assert catalog.stored_table(same) == table
    assert ran(where) == (before.run_id, [before.cells])
    assert moved(where) == []
    assert (before.folder / "tiny" / "oracle.db.moved").is_file()


def test_a_database_is_moved_to_postgresql_as_to_sqlite(before: DoneHome, storage: str) -> None:
    old = rows(f"sqlite:///{before.folder}/tiny/oracle.db")
    for trials in (before.cells, 0):  # and a second time nothing is added
        assert moving.copied(sqlite_url(before.folder / "tiny" / "oracle.db"), parse_url(storage))[
            0
        ] == (trials)
    new = rows(storage)
    for name in ("studies", "values", "params", "attributes", "curves"):
        assert new[name] == old[name]


def test_a_servers_database_is_renamed_and_not_by_the_server_itself(before: DoneHome) -> None:
    (before.folder / "tiny" / "oracle.db").rename(before.folder / "oracle.db")
    where = home(before.folder)
    assert moved(where, servers=False) == []
    content = rows(f"sqlite:///{before.folder}/oracle.db")
    assert moved(where) == [
        f"{before.folder}/oracle.db  moved to {before.folder}/_oracle/oracle.db"
    ]
    assert not list(before.folder.glob("oracle.db*"))
    assert rows(f"sqlite:///{where.database_file}") == content
    assert where.database_file == before.folder / PROGRAM_FOLDER / "oracle.db"


@contextlib.contextmanager
def open_elsewhere(file: Path) -> Iterator[None]:
    with contextlib.closing(sqlite3.connect(file)) as database:
        database.execute("SELECT count(*) FROM studies").fetchone()
        yield


def test_a_database_that_is_in_use_is_not_moved_and_is_read_in_place(before: DoneHome) -> None:
    where, file = home(before.folder), before.folder / "tiny" / "oracle.db"
    with open_elsewhere(file):
        (message,) = moved(where)
    assert "in use" in message
    assert file.is_file()
    ledger = RunDatabase(sqlite_url(file))
    with ledger.lease(catalog.find(where)[0].record.graph, print):
        (message,) = moved(where)
    ledger.close()
    assert "works on it" in message
    assert "moved to" in moved(where)[0]
    assert {run.url for run in catalog.find(where)} == {home_url(where)}


def test_a_damaged_database_stays_and_the_others_are_moved(before: DoneHome) -> None:
    (before.folder / "hurt").mkdir()
    (before.folder / "hurt" / "oracle.db").write_text("no database\n" * 100)
    hurt, fine = moved(home(before.folder))
    assert "not moved" in hurt
    assert "new trials moved to" in fine
    assert (before.folder / "hurt" / "oracle.db").is_file()


def test_a_database_that_an_earlier_version_made_again_is_added_to_the_homes(
    before: DoneHome,
) -> None:
    where = home(before.folder)
    shutil.copyfile(before.folder / "tiny" / "oracle.db", before.folder / "saved.db")
    moved(where)
    content = rows(f"sqlite:///{where.database_file}")
    (before.folder / "saved.db").rename(before.folder / "oracle.db")
    assert len(catalog.find(where)) == 2
    assert "0 new trials" in moved(where)[0]
    assert rows(f"sqlite:///{where.database_file}") == content
    assert len(catalog.find(where)) == 1
