"""A password and a token, looked for everywhere but where they belong."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
import yaml
from factories import tiny_content

from oracle.database import RunDatabase, parse_url

CANARY = "canary5f1ce3pw"
TOKEN_OF_RAY = "canary0b77raytoken"  # noqa: S105  # a canary
STUDY: dict[str, Any] = tiny_content(
    name="secret", grid={"max_lr": [0.05, 0.1]}, cycles=1, replicates=1, pack=2
)
PATIENCE = 300  # seconds, for a machine that is busy with other tests
# Every logger of every library says all it can; and every process says what its arguments are.
TALKATIVE = """
import logging, os, sys
logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
for name in ("sqlalchemy.engine", "sqlalchemy.pool", "optuna", "alembic", "psycopg", "httpcore"):
    logging.getLogger(name).setLevel(logging.DEBUG)
with open(os.environ["SAID"], "ab") as said, open("/proc/self/cmdline", "rb") as arguments:
    said.write(arguments.read() + b"\\n")
"""


class Sandbox:
    """A folder with all logs and outputs, and the environment of the started processes."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        self.said = folder / "said"
        self.study = folder / "secret.yaml"
        self.study.write_text(yaml.safe_dump(STUDY))
        (folder / "site").mkdir()
        (folder / "site" / "sitecustomize.py").write_text(TALKATIVE)
        self.file = folder / "storage-url"
        self.file.write_text(url)
        inherited = {name: value for name, value in os.environ.items() if "ORACLE" not in name}
        self.environment = inherited | {
            "PYTHONPATH": str(folder / "site"), "SAID": str(self.said), "OMP_NUM_THREADS": "1",
            "ORACLE_RUNS": str(folder / "runs"), "RAY_AUTH_TOKEN": TOKEN_OF_RAY,
            "RAY_LOG_LEVEL": "debug", "RAY_BACKEND_LOG_LEVEL": "debug", "PYTHONFAULTHANDLER": "1",
        }  # fmt: skip

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [Path(sys.executable).with_name("oracle"), *arguments], text=True,
            env=self.environment | environment, cwd=self.folder,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def run(self, *arguments: str, code: int = 0, **environment: str) -> str:
        process = self.start(*arguments, **environment)
        return ended(process, code)

    def leaks(self, *secrets: str) -> list[str]:
        """The files that contain a secret, and which."""
        leaking = []
        for file in self.folder.rglob("*"):
            if file.is_file() and file != self.file:
                content = file.read_bytes()
                leaking += [f"{file}: {each}" for each in secrets if each.encode() in content]
        return leaking


def ended(process: subprocess.Popen[str], code: int = 0) -> str:
    said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == code, said[-3000:]
    assert "DEBUG" in said  # it did talk
    return said


def database_with_password(server: str) -> str:
    """A database of its own on a server, and a role that must give its password."""
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        file = Path(connection.exec_driver_sql("SHOW hba_file").scalar_one())
        trusting = file.read_text()
        name = f"secret{os.getpid()}"
        connection.exec_driver_sql(f"CREATE ROLE {name} LOGIN PASSWORD '{CANARY}'")
        connection.exec_driver_sql(f"CREATE DATABASE {name} OWNER {name}")
        file.write_text(f"host all {name} 127.0.0.1/32 scram-sha-256\n{trusting}")
        connection.exec_driver_sql("SELECT pg_reload_conf()")
    engine.dispose()
    url = sa.make_url(server).set(username=name, password=CANARY, database=name)
    return url.render_as_string(hide_password=False)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory, postgresql_server: str) -> Sandbox:
    return Sandbox(tmp_path_factory.mktemp("secrets"), database_with_password(postgresql_server))


@pytest.mark.slow
def test_no_command_prints_or_stores_the_password_of_its_database(sandbox: Sandbox) -> None:
    named = {"ORACLE_STORAGE": sandbox.url}
    said = sandbox.run("run", str(sandbox.study), "--backend", "inline", **named)
    filed = ("--storage-file", str(sandbox.file))
    together = [
        sandbox.start("table", "secret", "--format", "json", *filed),
        sandbox.start("token", "list", **named),
    ]
    said += "".join(ended(each) for each in together)
    wrong = sandbox.url.replace(CANARY, f"{CANARY}wrong")
    away = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:9", sandbox.url)
    no_such = sandbox.url.rpartition("/")[0] + "/nosuch"
    failing = [sandbox.start("token", "list", ORACLE_STORAGE=url) for url in (wrong, away, no_such)]
    said += "".join(ended(each, 2) for each in failing)
    assert "password authentication failed" in said
    assert CANARY not in said
    assert sandbox.leaks(CANARY) == []
    engine = sa.create_engine(parse_url(sandbox.url))
    with engine.connect() as connection:
        for table in sa.inspect(engine).get_table_names():
            rows = connection.exec_driver_sql(f"SELECT * FROM {table}").all()  # noqa: S608  # ours
            assert CANARY not in repr(rows), table
    engine.dispose()
    assert "oracle_runs" in said  # statements were logged


@pytest.mark.slow
def test_nor_does_any_other_command(sandbox: Sandbox) -> None:
    named = {"ORACLE_STORAGE": sandbox.url}
    filed = ("--storage-file", str(sandbox.file))
    sandbox.run("run", str(sandbox.study), "--backend", "inline", **named)
    together = [
        sandbox.start("list", **named),
        sandbox.start("table", "secret", *filed),
        sandbox.start("plot", "secret", "-o", str(sandbox.folder / "figure.html"), *filed),
        sandbox.start("check", str(sandbox.study), "--backend", "inline", **named),
        sandbox.start("migrate", *filed),
        sandbox.start("cost", "secret", **named),
    ]
    said = "".join(ended(each) for each in together)
    wrong = sandbox.url.replace(CANARY, f"{CANARY}wrong")
    failing = [
        sandbox.start(*command, ORACLE_STORAGE=wrong)
        for command in (
            ["run", str(sandbox.study)],
            ["serve", "--port", "0"],
            ["list"],
            ["migrate"],
        )
    ]
    said += "".join(ended(each, 2) for each in failing)
    assert CANARY not in said
    assert sandbox.leaks(CANARY) == []


@pytest.mark.slow
def test_a_run_whose_database_fails_under_it_does_not_show_its_password(sandbox: Sandbox) -> None:
    broken = sandbox.folder / "broken.py"
    broken.write_text(
        "import sys\n"
        "from oracle.cli import main as cli\n"
        "from oracle.storage import result_store as store\n"
        "def add(self, *rest, **more):\n"
        "    from oracle.storage.errors import storage_errors\n"
        "    with self._storage.engine.connect() as connection:\n"
        "        connection.exec_driver_sql('SELECT * FROM nowhere')\n"
        "store.ResultStore.add = add\n"
        "sys.argv[0] = 'oracle'\n"
        "cli.entry()\n"
    )
    process = subprocess.Popen(
        [sys.executable, broken, "run", sandbox.study, "--backend", "inline",
         "--runs", "elsewhere"],
        text=True, cwd=sandbox.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=sandbox.environment | {"ORACLE_STORAGE": sandbox.url},
    )  # fmt: skip
    changed = STUDY | {"name": "other", "seed": 7}
    sandbox.study.write_text(yaml.safe_dump(changed))
    said, _ = process.communicate(timeout=PATIENCE)
    sandbox.study.write_text(yaml.safe_dump(STUDY))
    assert process.returncode not in (0, 2), said[-2000:]
    assert CANARY not in said
    assert sandbox.leaks(CANARY) == []


@contextlib.contextmanager
def serving(sandbox: Sandbox, *arguments: str) -> Iterator[tuple[httpx.Client, str, Path]]:
    """`oracle serve` on the database, a client of it, its token, and all that the server says."""
    ledger = RunDatabase(parse_url(sandbox.url))
    with contextlib.suppress(Exception):
        ledger.tokens().revoke("me")
    secret = ledger.tokens().create("me", "admin")
    ledger.close()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    said = sandbox.folder / "server.log"
    command = ["serve", "--require-tokens", "--port", str(port), "--workers", "1", *arguments]
    with said.open("ab") as output:
        server = subprocess.Popen(
            [Path(sys.executable).with_name("oracle"), *command], cwd=sandbox.folder,
            env=sandbox.environment | {"ORACLE_STORAGE": sandbox.url},
            stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
    headers = {"Authorization": f"Bearer {secret}"}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=120) as client:
        patience = time.monotonic() + PATIENCE
        while True:
            with contextlib.suppress(httpx.TransportError):
                client.get("/healthz")
                break
            assert server.poll() is None, said.read_text()[-2000:]
            assert time.monotonic() < patience
            time.sleep(0.1)
        yield client, secret, said
    server.send_signal(signal.SIGTERM)
    assert server.wait(120) == 0, said.read_text()[-2000:]


PAGES = (
    "/", "/compare", "/sign-in", "/jobs/{job}", "/runs/{run}", "/runs/{run}/panels", "/metrics",
    "/healthz", "/readyz", "/v1/jobs", "/v1/jobs/{job}", "/v1/runs", "/v1/runs/{run}",
    "/v1/runs/{run}/table?format=json", "/v1/runs/{run}/report", "/v1/runs/{run}/study",
    "/v1/runs/{run}/export?cycle=0&format=npz",
    "/v1/runs/{run}/figure?format=html", "/v1/openapi.json", "/dashboard/", "/api/studies",
    "/api/meta", "/nowhere", "/v1/runs/none", "/v1/jobs?limit=x", "/api/studies/1",
)  # fmt: skip


def served_without_a_leak(sandbox: Sandbox, *arguments: str) -> None:
    with serving(sandbox, *arguments) as (client, secret, said):
        token_file = sandbox.folder / "token-of-a-client"
        token_file.write_text(secret)
        shown = sandbox.run(
            "submit", str(sandbox.study), "--wait", "--server", str(client.base_url),
            "--token-file", str(token_file),
        )  # fmt: skip
        shown += sandbox.run("status", ORACLE_SERVER=str(client.base_url), ORACLE_TOKEN=secret)
        token_file.unlink()
        job = client.get("/v1/jobs").json()["items"][0]
        answers = [client.get(each.format(job=job["id"], run=job["run"])) for each in PAGES]
        with client.stream("GET", f"/v1/jobs/{job['id']}/events") as events:
            shown += events.read().decode()
    assert [each.status_code for each in answers[:20]] == [200] * 20
    shown += "".join(f"{each.headers}{each.text}" for each in answers)
    assert "DEBUG" in said.read_text()
    drivers = list((sandbox.folder / "runs" / "_oracle" / "logs").glob("*.log"))
    assert drivers
    assert any("DEBUG" in each.read_text() for each in drivers)
    assert [each for each in (CANARY, secret, TOKEN_OF_RAY) if each in shown] == []
    assert sandbox.leaks(CANARY, secret, TOKEN_OF_RAY) == []
    assert (
        b"oracle.service.driver" in sandbox.said.read_bytes()
    )  # the arguments of every process were seen


def test_no_server_and_no_driver_prints_or_stores_a_password_or_a_token(
    sandbox: Sandbox,
) -> None:
    served_without_a_leak(sandbox, "--backend", "inline")


@pytest.mark.slow
@pytest.mark.ray
def test_nor_does_ray(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ray's own files are looked through while it runs: they are gone afterwards."""
    scratch = Path(tempfile.mkdtemp(prefix="s", dir="/tmp"))  # short, for sockets
    sandbox.study.write_text(yaml.safe_dump(STUDY | {"seed": 3}))
    saved = sandbox.folder / "kept"
    sandbox.environment["TMPDIR"] = str(scratch)
    with serving(sandbox) as (client, secret, _):
        sent = client.post(
            "/v1/jobs",
            content=sandbox.study.read_text(),
            headers={"Content-Type": "application/yaml"},
        )
        job = sent.json()["id"]
        looked = 0
        while client.get(f"/v1/jobs/{job}").json()["state"] in ("queued", "running"):
            for file in scratch.rglob("*"):
                with contextlib.suppress(OSError):
                    if file.is_file() and file.name != "token":
                        content = file.read_bytes()
                        looked += 1
                        for each in (CANARY, secret, TOKEN_OF_RAY):
                            assert each.encode() not in content, file
            time.sleep(0.1)
        ended = client.get(f"/v1/jobs/{job}").json()
        assert (ended["state"], ended["message"]) == ("done", "")
    assert looked > 20
    scratch.rmdir()  # nothing is left in it
    assert not saved.exists()
    assert sandbox.leaks(CANARY, secret, TOKEN_OF_RAY) == []


def test_the_search_for_leaks_finds_one(sandbox: Sandbox) -> None:
    leak = sandbox.folder / "leak"
    leak.write_text(json.dumps({"url": sandbox.url}))
    assert sandbox.leaks(CANARY) == [f"{leak}: {CANARY}"]
    leak.unlink()
