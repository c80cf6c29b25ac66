"""Damaged and foreign databases: refused with path, rule and remedy, and left as they are."""

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import pytest
from faults import invariants
from faults.commands import REMEDIES, exit_and_error
from faults.drivers import Victim

from oracle.errors import StorageError
from oracle.runs import catalog
from scyc.errors import BadInput


def cut(share: float) -> Callable[[Path], None]:
    return lambda file: os.truncate(file, int(file.stat().st_size * share))


def garbage(share: float, size: int = 3000) -> Callable[[Path], None]:
    def damage(file: Path) -> None:
        with file.open("r+b") as opened:
            opened.seek(int(file.stat().st_size * share))
            opened.write(b"\xa7garbage" * (size // 8))

    return damage


def execute(*statements: str) -> Callable[[Path], None]:
    """SQL in a database that is closed before it is looked at."""

    def damage(file: Path) -> None:
        with contextlib.closing(sqlite3.connect(file)) as database:
            for statement in statements:
                database.execute(statement)
            database.commit()
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    return damage


def a_text(file: Path) -> None:
    file.write_text("no database\n" * 100)


def next_to(ending: str, content: bytes) -> Callable[[Path], None]:
    """Another file in the folder of the database."""

    def damage(file: Path) -> None:
        file.with_name(f"{file.name}{ending}").write_bytes(content)

    return damage


def folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def wal_of_another(file: Path) -> None:
    """The log of another database next to this one."""
    other = file.with_name("other.db")
    with contextlib.closing(sqlite3.connect(other)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE others (x)")
        database.executemany("INSERT INTO others VALUES (?)", [("x" * 3000,)] * 40)
        database.commit()
        shutil.copy(f"{other}-wal", f"{file}-wal")
    for each in file.parent.glob("other.db*"):
        each.unlink()


REFUSED: Mapping[str, Callable[[Path], None]] = MappingProxyType(
    {
        "a text": a_text,
        "a folder": folder,
        "cut to a tenth": cut(0.1),
        "cut in half": cut(0.5),
        "cut to nine tenths": cut(0.9),
        "garbage at its begin": garbage(0.0),
        "garbage in its middle": garbage(0.5),
        "garbage at nine tenths": garbage(0.9),
        "the log of another database": wal_of_another,
        "a newer schema of ours": execute("UPDATE oracle_schema SET version = 99"),
        "a newer schema of Optuna's": execute("UPDATE version_info SET schema_version = 99"),
        "no table of trials": execute("DROP TABLE trials"),
        "no table of values": execute("DROP TABLE trial_values"),
        "no table of leases": execute("DROP TABLE oracle_leases"),
        "another application's": execute(
            *(f"ALTER TABLE {name} RENAME TO x{name}" for name in ("trials", "oracle_runs"))
        ),
    }
)
REPORTED: Mapping[str, Callable[[Path], None]] = MappingProxyType(
    {
        "results that are no JSON": execute(
            "UPDATE trial_user_attributes SET value_json = '{' WHERE key = 'cost'"
        ),
        "results without a cost": execute("DELETE FROM trial_user_attributes WHERE key = 'cost'"),
        "results of other types": execute(
            "UPDATE trial_user_attributes SET value_json = '[]' WHERE key = 'cost'"
        ),
        "trials of an unknown state": execute("UPDATE trials SET state = 'LOST'"),
    }
)
HARMLESS: Mapping[str, Callable[[Path], None]] = MappingProxyType(
    {
        "nothing": lambda file: None,
        "no log": lambda file: Path(f"{file}-wal").unlink(missing_ok=True),
        "an empty log": next_to("-wal", b""),
        "garbage for a log": next_to("-wal", b"x" * 9999),
        "an empty journal": next_to("-journal", b""),
        "garbage for a journal": next_to("-journal", b"x" * 9999),
    }
)


@pytest.fixture
def hurt(reference: Victim, tmp_path: Path) -> Victim:
    """A copy of a run that has ended, its database to be damaged."""
    shutil.copytree(reference.runs_folder, tmp_path / "runs")
    return Victim(tmp_path / "runs")


def content(file: Path) -> bytes | None:
    return file.read_bytes() if file.is_file() else None


@pytest.mark.parametrize("damage", REFUSED)
def test_a_database_that_is_damaged_or_foreign_is_refused_and_left_as_it_is(
    hurt: Victim,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    counted: Callable[..., None],
    damage: str,
) -> None:
    file = hurt.settings.database_file
    REFUSED[damage](file)
    before = content(file)
    options = ("--runs", str(hurt.runs_folder))
    served = ("--storage", f"sqlite:///{file}", *options)
    for words in (
        ("list", *options),
        ("table", "tiny", *options),
        ("serve", "--port", "0", *served),
        ("token", "list", *served),
        ("migrate", *served),
        ("run", "digits", *served, "--backend", "inline"),
    ):
        code, answer = exit_and_error(monkeypatch, capfd, *words)
        assert code == 2, (words, answer)
        assert "--storage = " in answer, words
        assert file.name in answer, words
        assert any(remedy in answer for remedy in REMEDIES), (words, answer)
        assert "Traceback" not in answer, words
    assert content(file) == before
    counted("databases damaged or foreign", injected=1, survived=1, broken=0)


@pytest.mark.parametrize("damage", REPORTED)
def test_rows_that_make_no_sense_end_a_command_with_a_word(
    hurt: Victim,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    damage: str,
) -> None:
    file = hurt.settings.database_file
    REPORTED[damage](file)
    before = content(file)
    code, words = exit_and_error(
        monkeypatch, capfd, "table", "tiny", "--runs", str(hurt.runs_folder)
    )
    assert code == 1, words
    assert words.startswith(
        ("StorageError: the results could not be read", "StorageError: a result makes no sense")
    )
    assert "put a copy of it back" in words
    assert "Traceback" not in words
    assert content(file) == before


@pytest.mark.parametrize("damage", HARMLESS)
def test_other_files_in_the_folder_of_a_database_change_nothing(
    hurt: Victim, reference: Victim, damage: str
) -> None:
    HARMLESS[damage](hurt.settings.database_file)
    assert hurt.drive() == 0, hurt.errors
    assert invariants.broken(hurt, reference) == []


def test_an_empty_database_is_initialised_again(hurt: Victim, reference: Victim) -> None:
    os.truncate(hurt.settings.database_file, 0)
    assert hurt.drive() == 0, hurt.errors
    assert invariants.broken(hurt, reference) == []


@pytest.mark.slow
@pytest.mark.parametrize("offset", range(0, 100, 2))
def test_garbage_anywhere_is_refused_or_gives_a_table_without_a_traceback(
    hurt: Victim, counted: Callable[..., None], offset: int
) -> None:
    file = hurt.settings.database_file
    garbage(offset / 100, 64)(file)
    with contextlib.suppress(BadInput, StorageError):
        (known,) = catalog.find(hurt.settings)
        assert catalog.stored_table(known)["kind"] == "oracle"
    counted("database with garbage", injected=1, survived=1, broken=0)
