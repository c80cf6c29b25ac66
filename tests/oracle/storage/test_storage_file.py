"""A database's URL by file: neither its password nor the file's content is ever shown."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from oracle.cli import main
from oracle.errors import OracleError
from oracle.service import driver_process
from scyc.errors import BadInput


def output(*arguments: str, **environment: str) -> str:
    """What a command says, or is refused with."""
    done = CliRunner().invoke(main.main, arguments, env={"COLUMNS": "200"} | environment)
    if done.exception is not None:
        assert isinstance(done.exception, (BadInput, OracleError)), done.output
        return str(done.exception)
    return done.output


def url(folder: Path, content: str | bytes) -> str:
    file = folder / "storage-url"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(file)


def test_a_command_uses_the_database_that_a_file_names(tmp_path: Path) -> None:
    database = tmp_path / "shared.db"
    file = url(tmp_path, f"sqlite:///{database}\n")
    assert "schema" in output("migrate", "--storage-file", file)
    assert database.exists()
    output("token", "create", "me", "--scope", "read", ORACLE_STORAGE_FILE=file)
    assert output("token", "list", "--storage", f"sqlite:///{database}").split()[0] == "me"


@pytest.mark.parametrize(
    ("content", "rule"),
    [("", "holds no"), (" \n", "holds no"), (b"\xff\xfe", "is not text"),
     ("mysql://u:canary@h/x", "--storage"), ("canary", "holds no"),
     ("sqlite:///a.db\ncanary", "holds no")],
)  # fmt: skip
def test_a_file_without_a_database_is_refused(
    tmp_path: Path, content: str | bytes, rule: str
) -> None:
    shown = output("migrate", "--storage-file", url(tmp_path, content))
    assert rule in shown
    assert "canary" not in shown


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    shown = output("token", "list", "--storage-file", str(tmp_path / "none"))
    assert "--storage-file" in shown
    assert "No such file" in shown
    assert "Is a directory" in output("token", "list", "--storage-file", str(tmp_path))


def test_two_names_of_one_database_are_one_too_many(tmp_path: Path) -> None:
    file = url(tmp_path, "sqlite:///a.db")
    shown = output("token", "list", "--storage-file", file, "--storage", "sqlite:///b.db")
    assert "leave out one" in shown
    assert shown == output(
        "token", "list", ORACLE_STORAGE="sqlite:///b.db", ORACLE_STORAGE_FILE=file
    )


def test_the_storage_url_is_removed_from_a_drivers_environment() -> None:
    assert {"ORACLE_STORAGE", "ORACLE_STORAGE_FILE"} <= driver_process._SECRETS


ADDRESS = "postgresql://me:canary@127.0.0.1:1/x"


def test_a_password_among_the_arguments_is_warned_of_and_not_elsewhere(tmp_path: Path) -> None:
    def output(*arguments: str, **environment: str) -> str:
        return CliRunner().invoke(main.main, arguments, env=environment).stderr

    shown = output("token", "list", "--storage", ADDRESS)
    assert "other users of this machine can read the password" in shown
    assert "ORACLE_STORAGE" in shown
    assert "canary" not in shown
    assert "warning" not in output("token", "list", ORACLE_STORAGE=ADDRESS)
    assert "warning" not in output("token", "list", "--storage-file", url(tmp_path, ADDRESS))
    assert "warning" not in output("token", "list", "--storage", f"sqlite:///{tmp_path}/a.db")


@pytest.mark.parametrize(
    ("address", "rule"),
    [
        ("postgresql://me:can@ary@127.0.0.1/x", "%40"),
        ("postgresql://me:can@127.0.0.1/ary@host/x", "%40"),
        ("postgresql://me:can@127.0.0.1?a=ary@host/x", "%40"),
        ("postgresql://127.0.0.1/x?user=me&password=canary", "before the host"),
        ("postgresql://127.0.0.1/x?sslkey=a&SSLPassword=canary", "before the host"),
    ],
)
def test_a_password_that_would_be_taken_for_something_else_is_refused_and_not_shown(
    address: str, rule: str
) -> None:
    for command in (["token", "list"], ["list"], ["table", "x"], ["migrate"]):
        shown = output(*command, ORACLE_STORAGE=address)
        assert rule in shown, command
        assert "ary" not in shown, command


def test_a_key_in_the_url_of_a_store_is_refused_and_not_shown(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/a.db"
    store = "s3://id:canary@bucket/oracle"
    shown = output("run", "digits", "--storage", database, "--store", store)
    assert "holds a key" in shown
    assert "canary" not in shown
    assert "canary" not in output("serve", "--runs", str(tmp_path), "--port", "0", "--store", store)
