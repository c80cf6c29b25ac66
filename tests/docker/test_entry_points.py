"""The scripts of the image, run with stand-ins for what they start, and the maker of secrets."""

import http.server
import shutil
import socket
import stat
import subprocess
import sys
import threading
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

RAY = """#!/bin/sh
echo "ray $*" >>"$CALLS"
[ "$(grep -c '^ray' "$CALLS")" -ge 2 ]
"""
ORACLE = """#!/bin/sh
echo "oracle $*" >>"$CALLS"
exit 7
"""


@pytest.fixture
def stand_ins(tmp_path: Path) -> dict[str, str]:
    """An environment in which `ray` and `oracle` write down how they were called.

    The first call of `ray` fails, as where its head is not up yet.
    """
    for name, text in (("ray", RAY), ("oracle", ORACLE), ("sleep", "#!/bin/sh\n")):
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(text)
        program.chmod(0o755)
    return {"PATH": f"{tmp_path}/bin:/usr/bin:/bin", "CALLS": str(tmp_path / "calls")}


def test_the_api_joins_the_cluster_before_it_serves(
    docker: Path,
    stand_ins: dict[str, str],
    understood: Callable[[str, list[str]], dict[str, Any]],
) -> None:
    done = subprocess.run(
        [docker / "api", "--host=0.0.0.0", "--data=images=/a b"],
        env=stand_ins | {"RAY_ADDRESS": "ray-head:6379"}, check=False,
    )  # fmt: skip
    calls = Path(stand_ins["CALLS"]).read_text().splitlines()
    assert done.returncode == 7  # exec: the server replaced the script
    assert calls[0] == calls[1]
    assert calls[2:] == ["oracle serve --host=0.0.0.0 --data=images=/a b"]
    joined = understood("ray", calls[0].split()[1:])
    assert joined["address"] == "ray-head:6379"
    assert (joined["num_cpus"], joined["num_gpus"], joined["block"]) == (0, 0, False)


def test_the_api_does_not_start_without_a_head(docker: Path, stand_ins: dict[str, str]) -> None:
    done = subprocess.run(
        [docker / "api"], env=stand_ins, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "address of the Ray head" in done.stderr
    ray = Path(stand_ins["PATH"].split(":")[0]) / "ray"
    ray.write_text("#!/bin/sh\nexit 1\n")
    environment = stand_ins | {"RAY_ADDRESS": "nowhere:1"}
    done = subprocess.run(
        [docker / "api"], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (1, "no Ray head at nowhere:1\n")
    assert not Path(stand_ins["CALLS"]).exists()


def test_the_image_has_the_projects_requirements(docker: Path) -> None:
    root = docker.parent
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]

    def needed(*extras: str) -> list[str]:
        command = [sys.executable, docker / "needed.py", root / "pyproject.toml", *extras]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stdout.splitlines()

    assert needed("") == project["dependencies"]
    assert needed("s3") == [*project["dependencies"], *project["optional-dependencies"]["s3"]]


class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/healthz" else 404)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Nothing to say."""


@pytest.fixture
def server() -> Iterator[int]:
    with http.server.HTTPServer(("127.0.0.1", 0), Answers) as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        yield serving.server_port
        serving.shutdown()
        thread.join()


def alive(docker: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, docker / "alive", *words], capture_output=True, text=True, check=False
    )


def test_a_health_check_distinguishes_a_server_that_answers_from_one_that_does_not(
    docker: Path, server: int
) -> None:
    assert alive(docker, "http", str(server)).returncode == 0
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and nobody listens
        port = str(taken.getsockname()[1])
        gone = alive(docker, "http", port)
        assert gone.returncode == 1
        assert f"http {port}:" in gone.stderr
        assert alive(docker, "port", port).returncode == 1
        assert alive(docker, "http", str(server), "port", port).returncode == 1


def test_a_health_check_reaches_a_port_by_the_machines_own_name(docker: Path) -> None:
    with socket.socket() as open_port:
        open_port.bind((socket.gethostbyname(socket.gethostname()), 0))
        open_port.listen()
        assert alive(docker, "port", str(open_port.getsockname()[1])).returncode == 0


def test_secrets_are_generated_once_and_never_shown(docker: Path, tmp_path: Path) -> None:
    copy = tmp_path / "docker"
    copy.mkdir()
    shutil.copy(docker / "make-secrets", copy)
    made = subprocess.run(
        ["sh", copy / "make-secrets"], capture_output=True, text=True, check=True
    ).stdout
    files = {file.name: file.read_text() for file in (copy / "secrets").iterdir()}
    password, token = files["postgres-password"], files["ray-token"]
    assert len(password) == len(token) == 64
    assert password != token
    assert files["storage-url"] == f"postgresql+psycopg://oracle:{password}@postgres:5432/oracle"
    assert password not in made
    assert token not in made
    assert stat.S_IMODE((copy / "secrets").stat().st_mode) == 0o700
    modes = {stat.S_IMODE(file.stat().st_mode) for file in (copy / "secrets").iterdir()}
    assert modes == {0o444}  # the containers' user is another one
    again = subprocess.run(
        ["sh", copy / "make-secrets"], capture_output=True, text=True, check=True
    ).stdout
    assert again == ""
    assert files == {file.name: file.read_text() for file in (copy / "secrets").iterdir()}
