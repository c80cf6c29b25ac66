"""SQLite files that go away while they are open."""

import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from oracle.database import RunDatabase, RunRecord, sqlite_url
from oracle.errors import StorageError, StorageUnavailable

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
