"""Transactions that read, and SQLite files that go away while they are open."""

import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from oracle.database import RunDatabase, RunRecord, parse_url, sqlite_url
from oracle.database.engine import Database
from oracle.errors import StorageError, StorageUnavailable

NUMBERS = sa.Table("numbers", sa.MetaData(), sa.Column("number", sa.Integer))
RECORD = RunRecord("tiny-0", "0" * 64, "1" * 64, "{}", "running")


def test_a_file_that_is_gone_is_written_to_no_more_and_may_come_back(tmp_path: Path) -> None:
    file = tmp_path / "runs" / "oracle.db"
    file.parent.mkdir()
    ledger = RunDatabase(sqlite_url(file))
    ledger.register(RECORD)
    file.parent.rename(tmp_path / "elsewhere")
    for act in (ledger.runs, lambda: ledger.register(RECORD)):
        with pytest.raises(StorageUnavailable, match=r"oracle\.db is gone; put it back"):
            act()
    assert not file.parent.exists()  # nothing was made in its place
    (tmp_path / "elsewhere").rename(file.parent)
    assert ledger.runs() == [RECORD]
    ledger.close()


def test_a_file_that_replaced_the_opened_one_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "oracle.db"
    ledger, copy = RunDatabase(sqlite_url(file)), tmp_path / "copy.db"
    with ledger._database.writing() as connection:
        connection.execute(sa.text("SELECT 1"))
    shutil.copy(file, copy)
    copy.replace(file)
    with pytest.raises(StorageError, match="is another file than was opened") as refused:
        ledger.register(RECORD)
    assert not isinstance(refused.value, StorageUnavailable)  # nobody waits for it
    ledger.close()


def test_all_statements_of_a_read_see_one_state(storage: str) -> None:
    database, other = with_numbers(storage)
    with database.reading() as connection:
        before = connection.execute(sa.select(NUMBERS)).all()
        add_number(other)
        assert connection.execute(sa.select(NUMBERS)).all() == before
    assert len(numbers(database)) == len(before) + 1
    database.close()
    other.close()


def test_a_read_that_failed_leaves_its_state_to_no_later_one(storage: str) -> None:
    """On SQLite an open cursor keeps it, and a traceback keeps the cursor."""
    database, other = with_numbers(storage)

    def fail() -> None:
        with database.reading() as connection:
            rows = connection.execute(sa.select(NUMBERS))
            next(iter(rows))
            raise LookupError

    with pytest.raises(LookupError) as kept:
        fail()
    before = len(numbers(other))
    add_number(other)
    assert len(numbers(database)) == before + 1
    assert kept.tb is not None
    database.close()
    other.close()


def with_numbers(storage: str) -> tuple[Database, Database]:
    """A database with a table of three numbers, opened twice."""
    database, other = Database(parse_url(storage)), Database(parse_url(storage))
    with database.writing() as connection:
        NUMBERS.create(connection)
    for _ in range(3):
        add_number(database)
    return database, other


def add_number(database: Database) -> None:
    with database.writing() as connection:
        connection.execute(sa.insert(NUMBERS).values(number=1))


def numbers(database: Database) -> list[int]:
    with database.reading() as connection:
        return list(connection.execute(sa.select(NUMBERS)).scalars())
