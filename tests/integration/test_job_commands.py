"""The commands that ask a server, against `oracle serve` in a process of its own."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from oracle.cli import main
from oracle.client.client import Client
from oracle.database import RunDatabase, sqlite_url
from oracle.study.loading import load_study

STUDY = """
name: tiny
dataset: digits
subset: 0.2
network: {name: fully_connected, hidden: [16]}
training: {steps: 12, batch: 16, validate_every: 6}
schedule: {warmup: 3, drops: [8]}
grid: {max_lr: [0.05, 0.1, 0.2]}
cycles: 2
replicates: 2
s_cyc: {epsilon: 0.07, delta: 0.1, q: 0, beta: 3.0}
pack: 4
"""
LONG = STUDY.replace("tiny", "long").replace("steps: 12", "steps: 200000")
NEXT = STUDY.replace("tiny", "next").replace("steps: 12", "steps: 200001")


@dataclass
class Served:
    """A server that requires tokens, and the folder in which it was started."""

    workdir: Path
    address: str
    token: str = field(repr=False)

    @property
    def asking(self) -> dict[str, str]:
        """The environment of somebody who may submit."""
        return {"ORACLE_SERVER": self.address, "ORACLE_TOKEN": self.token}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    workdir = tmp_path_factory.mktemp("a server")
    (workdir / "tiny.yaml").write_text(STUDY)
    (workdir / "long.yaml").write_text(LONG)
    (workdir / "next.yaml").write_text(NEXT)
    (workdir / "runs" / "_oracle").mkdir(parents=True)
    with contextlib.closing(
        RunDatabase(sqlite_url(workdir / "runs" / "_oracle" / "oracle.db"))
    ) as ledger:
        token = ledger.tokens().create("ada", "submit")
    options = ("--port", "0", "--backend", "inline", "--device", "cpu", "--workers", "1")
    process = subprocess.Popen(
        [sys.executable, "-m", "oracle.cli", "serve", "--require-tokens", *options],
        cwd=workdir,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    assert process.stderr is not None
    address = process.stderr.readline().strip()
    assert address.startswith("http://127.0.0.1:"), address + process.stderr.read()
    yield Served(workdir, address, token)
    process.send_signal(signal.SIGTERM)
    assert process.wait(120) == 0
    process.stderr.close()


Call = Callable[..., str]


@pytest.fixture
def call(
    served: Served, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> Call:
    """Calls the command in this process, in the server's folder; its output, or why it failed."""
    monkeypatch.chdir(served.workdir)
    monkeypatch.delenv("ORACLE_STORAGE", raising=False)
    for name, value in served.asking.items():
        monkeypatch.setenv(name, value)

    def made(*arguments: str, code: int = 0) -> str:
        monkeypatch.setattr(sys, "path", list(sys.path))
        monkeypatch.setattr(sys, "argv", ["oracle", *arguments])
        capfdbinary.readouterr()
        with pytest.raises(SystemExit) as ended:
            main.entry()
        captured = capfdbinary.readouterr()
        assert ended.value.code == code, captured
        return (captured.out if code == 0 else captured.err).decode()

    return made


@pytest.fixture
def finished(call: Call) -> str:
    """The id of the tiny study's job, which is done."""
    return call("submit", "tiny.yaml", "--wait", "--quiet").strip()


def test_a_study_that_is_waited_for_ends_with_its_table(call: Call) -> None:
    shown = call("submit", "tiny.yaml", "--wait")
    table = call("table", "tiny")
    assert "S-Cyc verdict: with " in table
    assert shown.startswith(table)
    assert re.search(r"report     oracle fetch tiny-[0-9a-f]{8} --format report$", shown)
    again = call("submit", "tiny.yaml", "--quiet").strip()
    assert re.fullmatch(r"tiny-[0-9a-f]{8}", again)
    assert call("watch", again) == shown
    assert call("watch", "tiny", "--quiet") == ""


@pytest.mark.parametrize("form", ["text", "json", "csv", "markdown", "latex"])
def test_a_fetched_table_is_byte_for_byte_that_of_the_storage(
    served: Served, call: Call, finished: str, form: str
) -> None:
    storage = ("--storage", f"sqlite:///{served.workdir}/runs/_oracle/oracle.db")
    here = call("table", "tiny", "--format", form, *storage)
    assert call("fetch", "tiny", "--format", form) == here
    assert call("fetch", finished, "--format", form, "-o", "table") == "table\n"
    assert (served.workdir / "table").read_bytes() == here.encode()


def test_figures_reports_and_studies_are_fetched(served: Served, call: Call, finished: str) -> None:
    (report,) = call("fetch", "tiny", "--format", "report").splitlines()
    assert re.fullmatch(r"tiny-[0-9a-f]{8}-report.html", report)
    assert (served.workdir / report).stat().st_size > 500_000
    (figure,) = call("fetch", "tiny", "--format", "html").splitlines()
    assert "<html" in (served.workdir / figure).read_text()
    call("fetch", "tiny", "--format", "study", "-o", "again.yaml")
    assert load_study(str(served.workdir / "again.yaml")) == load_study(
        str(served.workdir / "tiny.yaml")
    )
    output = call("fetch", "tiny", "-o", "nowhere/table.txt", code=2)
    assert (
        '--output = "nowhere/table.txt"    cannot be written: No such file or directory' in output
    )


def test_a_refused_study_is_reported_with_its_file_and_all_problems(
    served: Served, call: Call
) -> None:
    wrong = yaml.safe_load(STUDY) | {"cycles": -1, "grid": {"max_lr": [0.1, -0.02]}}
    (served.workdir / "wrong.yaml").write_text(yaml.safe_dump(wrong))
    lines = call("submit", "wrong.yaml", code=2).splitlines()
    assert lines[0] == "wrong.yaml: 2 problems"
    assert {line.split()[0] for line in lines[1:]} == {"cycles", "grid.max_lr[1]"}
    assert lines == call("check", "wrong.yaml", code=2).splitlines()
    assert "no such file" in call("submit", "missing.yaml", code=2)
    assert 'did you mean "digits"?' in call("submit", "digitz", code=2)
    assert "the server has no data folders" in call("submit", "tiny.yaml", "--data", "x", code=2)
    assert "--cycles = 9" in call("submit", "tiny.yaml", "--cycles", "9", code=2)


def test_jobs_are_listed_and_shown(call: Call, finished: str) -> None:
    head, *rows = call("status").splitlines()
    assert head.split()[:4] == ["job", "state", "training", "runs"]
    (row,) = [row for row in rows if row.startswith(finished)]
    assert row.split()[1:3] == ["done", "32"]
    shown = call("status", "tiny").splitlines()
    assert [line.split()[:2] for line in shown[:3]] == [
        ["job", finished],
        ["study", "tiny"],
        ["state", "done"],
    ]
    content = json.loads(call("status", finished, "--format", "json"))
    assert (content["id"], content["owner"], content["done"]) == (finished, "ada", 32)
    assert [each["id"] for each in json.loads(call("status", "--format", "json"))] == [
        row.split()[0] for row in rows[: rows.index("")]
    ]
    assert call("status", "--study", "nothing") == "no jobs\n"
    assert "leave out JOB" in call("status", finished, "--state", "done", code=2)


@pytest.mark.parametrize("command_name", ["status", "watch", "cancel", "resume", "fetch"])
def test_a_name_that_the_server_does_not_know_is_bad_input(call: Call, command_name: str) -> None:
    lines = call(command_name, "nothing", code=2).splitlines()
    what = "RUN" if command_name == "fetch" else "JOB"
    assert lines[0] == f"{what.lower()}: 1 problem"
    assert re.match(rf'  {what} = "nothing"    \w+ nothing not found', lines[1])


def test_an_action_that_the_state_of_a_job_does_not_allow_is_an_error(
    call: Call, finished: str
) -> None:
    output = call("cancel", finished, code=1)
    assert output.startswith("ServerError: ")
    assert "done" in output


def test_a_job_that_fails_ends_with_why(served: Served, call: Call) -> None:
    doomed = yaml.safe_load(STUDY) | {"name": "doomed"}
    doomed["grid"] = {"max_lr": [1e9, 1e10], "extend": False}
    (served.workdir / "doomed.yaml").write_text(yaml.safe_dump(doomed))
    output = call("submit", "doomed.yaml", "--wait", code=1)
    assert re.search(
        r"JobFailed: doomed-[0-9a-f]{8} failed: every max_lr of cycle 0 diverged", output
    )
    assert re.search(r"message +every max_lr of cycle 0", call("status", "doomed"))


def test_a_token_comes_from_the_environment_or_a_file(
    served: Served, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ORACLE_TOKEN")
    assert "asks for a token; put yours into ORACLE_TOKEN or --token-file" in call("status", code=1)
    (served.workdir / "token").write_text(served.token + "\n")
    assert "job " in call("status", "--token-file", "token")
    (served.workdir / "token").write_bytes(b"\xff\xfe")
    assert '--token-file = "token"    is not text' in call(
        "status", "--token-file", "token", code=2
    )
    assert "cannot be read" in call("status", "--token-file", "nowhere", code=2)
    monkeypatch.setenv("ORACLE_TOKEN", "oracle_" + "x" * 43)
    assert "asks for a token" in call("status", code=1)


def test_asking_for_tokens_makes_no_database(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    output = call("token", "revoke", "nobody", "--runs", str(tmp_path / "runs"), code=2)
    assert 'name = "nobody"    there are no tokens here' in output
    assert "no tokens; create one" in call("token", "list", "--runs", str(tmp_path / "runs"))
    assert list(tmp_path.iterdir()) == []


def test_stopping_to_watch_leaves_the_job_running(served: Served, call: Call) -> None:
    job = call("submit", "long.yaml", "--quiet").strip()
    watcher = subprocess.Popen(
        [sys.executable, "-m", "oracle.cli", "watch", job],
        cwd=served.workdir,
        env=os.environ | served.asking,
        stderr=subprocess.PIPE,
        text=True,
        # A shell gives what it runs in the background SIGINT ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  # as said
    )
    with Client(served.address, served.token) as client:
        wait_for(lambda: client.job(job).known > 0)
        watcher.send_signal(signal.SIGINT)
        output = watcher.communicate(timeout=120)[1]
        assert watcher.returncode == 130
        assert f"{job} continues on the server" in output
        assert client.job(job).state == "running"
        following = call("submit", "next.yaml", "--quiet").strip()
        assert call("cancel", "long") == f"{job}  cancelled\n"
        wait_for(lambda: client.job(following).state == "running")  # the only one at a time
        output = call("watch", job, code=1)
        assert f"{job} was cancelled; see `oracle resume {job}`" in output
        assert call("resume", "long") == f"{job}  queued\n"
        assert call("priority", "long", "7") == f"{job}  queued  priority 7\n"
        assert call("priority", job, "-8") == f"{job}  queued  priority -8\n"
        assert "-100<=x<=100" in call("priority", job, "101", code=2)
        assert client.job(job).priority == -8
        for each in (job, following):
            assert client.cancel(each).state == "cancelled"


def wait_for(reached: Callable[[], bool]) -> None:
    patience = time.monotonic() + 120
    while not reached():
        assert time.monotonic() < patience
        time.sleep(0.05)
