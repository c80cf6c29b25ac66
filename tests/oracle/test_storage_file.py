"""A database's URL by file: neither its password nor the file's content is ever shown."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from oracle import cli, drivers
from oracle.failures import RunFailed
from scyc.problems import BadInput


def told(*arguments: str, **environment: str) -> str:
    """What a command says, or is refused with."""
    done = CliRunner().invoke(cli.main, arguments, env={"COLUMNS": "200"} | environment)
    if done.exception is not None:
        assert isinstance(done.exception, (BadInput, RunFailed)), done.output
        return str(done.exception)
    return done.output


def url(place: Path, content: str | bytes) -> str:
    file = place / "storage-url"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(file)


def test_a_command_uses_the_database_that_a_file_names(tmp_path: Path) -> None:
    database = tmp_path / "shared.db"
    file = url(tmp_path, f"sqlite:///{database}\n")
    assert "schema" in told("migrate", "--storage-file", file)
    assert database.exists()
    told("token", "create", "me", "--scope", "read", ORACLE_STORAGE_FILE=file)
    assert told("token", "list", "--storage", f"sqlite:///{database}").split()[0] == "me"


@pytest.mark.parametrize(
    ("content", "rule"),
    [("", "holds no"), (" \n", "holds no"), (b"\xff\xfe", "is not text"),
     ("mysql://u:canary@h/x", "--storage"), ("canary", "holds no"),
     ("sqlite:///a.db\ncanary", "holds no")],
)  # fmt: skip
def test_a_file_without_a_database_is_refused(
    tmp_path: Path, content: str | bytes, rule: str
) -> None:
    shown = told("migrate", "--storage-file", url(tmp_path, content))
    assert rule in shown
    assert "canary" not in shown


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    shown = told("token", "list", "--storage-file", str(tmp_path / "none"))
    assert "--storage-file" in shown
    assert "No such file" in shown
    assert "Is a directory" in told("token", "list", "--storage-file", str(tmp_path))


def test_two_names_of_one_database_are_one_too_many(tmp_path: Path) -> None:
    file = url(tmp_path, "sqlite:///a.db")
    shown = told("token", "list", "--storage-file", file, "--storage", "sqlite:///b.db")
    assert "leave out one" in shown
    assert shown == told("token", "list", ORACLE_STORAGE="sqlite:///b.db", ORACLE_STORAGE_FILE=file)


def test_a_driver_is_not_told_where_the_url_lies() -> None:
    assert {"ORACLE_STORAGE", "ORACLE_STORAGE_FILE"} <= drivers._SECRETS
