"""The image, and the compose file that runs it: no engine is at hand, so they are read."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

Understood = Callable[[str, list[str]], dict[str, Any]]
ROOT = Path(__file__).parents[2]


def instructions(docker: Path) -> list[str]:
    """The Dockerfile's instructions, each on one line."""
    text = re.sub(r"^#.*\n", "", (docker / "Dockerfile").read_text(), flags=re.MULTILINE)
    return [line for line in re.sub(r"\\\n\s*", "", text).splitlines() if line.strip()]


def sources(docker: Path) -> set[str]:
    """What the Dockerfile copies from the repository."""
    copied = [line.split()[1:-1] for line in instructions(docker) if line.startswith("COPY ")]
    local = [words for words in copied if not any(word.startswith("--from") for word in words)]
    return {word for words in local for word in words if not word.startswith("--")}


def test_the_linter_finds_nothing_in_the_image(docker: Path) -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    if not hadolint.exists():
        pytest.skip("hadolint is not installed; it is among the project's dev extra")
    done = subprocess.run(
        [hadolint, docker / "Dockerfile"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_image_holds_what_it_copies_and_nothing_that_it_does_not(docker: Path) -> None:
    let_in = {
        line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"
    }
    assert sources(docker) == let_in
    assert all((ROOT / path).exists() for path in let_in)
    assert not {path for path in let_in if "secret" in path}


def test_the_image_is_pinned_and_runs_as_an_unprivileged_user(docker: Path) -> None:
    lines = instructions(docker)
    text = "\n".join(lines)
    assert re.search(r"^ARG PYTHON=3\.11\.\d+-slim-bookworm$", text, re.MULTILINE)
    assert [line for line in lines if line.startswith("USER")] == ["USER 10001:10001"]
    after = lines[lines.index("USER 10001:10001") :]
    assert not [line for line in after if line.startswith(("RUN", "COPY", "ADD"))]
    installs = re.findall(r"pip install [^&;]*", text)
    assert installs
    for each in installs:
        assert any(
            word in each for word in ("--constraint constraints.txt", "--no-deps", "setuptools==")
        )
    assert not re.search(r"(?i)(password|secret|token)\w*=(?!token\b)\S", text)


def test_the_image_has_the_stage_that_each_device_needs(
    docker: Path, compose: dict[str, Any]
) -> None:
    stages = {line.split()[-1] for line in instructions(docker) if line.startswith("FROM")}
    assert {"cpu", "cuda"} <= stages
    from oracle.settings import DEVICE_NAMES

    assert {"cpu", "cuda"} <= set(DEVICE_NAMES)
    assert compose["services"]["api"]["build"]["args"]["DEVICE"] == "cpu"


def compose_client() -> tuple[list[str], bool] | None:
    """A client that checks compose files, and whether it knows today's top-level `name`."""
    try:
        probe = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
        if probe.returncode == 0:
            return ["docker", "compose"], True
    except OSError:
        pass
    old = shutil.which("docker-compose")
    return ([old], False) if old else None


@pytest.mark.parametrize("files", [("compose.yaml",), ("compose.yaml", "gpu.yaml")])
def test_a_compose_client_takes_the_file(
    docker: Path, tmp_path: Path, files: tuple[str, ...]
) -> None:
    client = compose_client()
    if client is None:
        pytest.skip("neither `docker compose` nor docker-compose is installed")
    command, knows_names = client
    shutil.copytree(docker, tmp_path / "docker")
    for name in ("postgres-password", "storage-url", "ray-token"):
        (tmp_path / "docker" / "secrets").mkdir(exist_ok=True)
        (tmp_path / "docker" / "secrets" / name).write_text("x")
    if not knows_names:
        first = tmp_path / "docker" / files[0]
        first.write_text(re.sub(r"^name: .*\n", "", first.read_text(), flags=re.MULTILINE))
    chosen = [word for name in files for word in ("-f", str(tmp_path / "docker" / name))]
    done = subprocess.run(
        [*command, *chosen, "config"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    services = yaml.safe_load(done.stdout)["services"]
    assert set(services) == {"postgres", "migrate", "ray-head", "worker", "api"}
    assert services["worker"]["entrypoint"][:2] == ["ray", "start"]
    assert ("deploy" in services["worker"]) == ("gpu.yaml" in files)


def named(service: dict[str, Any], kind: str) -> Iterator[str]:
    """The networks, secrets or volumes that a service uses, without folders of the host."""
    for each in service.get(kind, ()):
        name = each.split(":")[0]
        if not name.startswith((".", "/")):
            yield name


def test_services_use_what_the_compose_file_declares(compose: dict[str, Any]) -> None:
    for kind in ("networks", "secrets", "volumes"):
        used = {name for each in compose["services"].values() for name in named(each, kind)}
        assert used == set(compose[kind])
    for service in compose["services"].values():
        assert set(service.get("depends_on", {})) <= set(compose["services"])


def test_every_service_that_stays_has_a_health_check_and_few_rights(
    compose: dict[str, Any],
) -> None:
    for name, service in compose["services"].items():
        assert "no-new-privileges:true" in service["security_opt"]
        if name == "postgres":
            assert re.fullmatch(r"postgres:\d+\.\d+-bookworm", service["image"])
            assert "test" in service["healthcheck"]
            continue
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        if name != "migrate":
            assert service["healthcheck"]["test"][:2] == ["CMD", "alive"]


def test_only_the_api_is_published_and_to_this_machine_alone(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert [name for name, each in services.items() if "ports" in each] == ["api"]
    assert services["api"]["ports"] == ["127.0.0.1:8000:8000"]
    assert compose["networks"]["ray"] == compose["networks"]["data"] == {"internal": True}
    assert services["ray-head"]["networks"] == services["worker"]["networks"] == ["ray"]
    assert services["postgres"]["networks"] == services["migrate"]["networks"] == ["data"]


def test_secrets_come_from_files_and_only_to_those_who_need_them(compose: dict[str, Any]) -> None:
    assert all(set(each) == {"file"} for each in compose["secrets"].values())
    holders = {
        secret: {name for name, each in compose["services"].items() if secret in each["secrets"]}
        for secret in compose["secrets"]
    }
    assert holders == {
        "postgres-password": {"postgres"},
        "storage-url": {"migrate", "api"},
        "ray-token": {"ray-head", "worker", "api"},
    }
    for service in compose["services"].values():
        for variable, value in service["environment"].items():
            if re.search("PASSWORD|TOKEN|STORAGE", variable):
                assert value.startswith("/run/secrets/")
                assert value.removeprefix("/run/secrets/") in service["secrets"]


def test_every_variable_of_ours_is_read_by_a_command(
    compose: dict[str, Any], pods: dict[str, dict[str, Any]], docker: Path
) -> None:
    from oracle.cli.main import main

    def read(command: click.Command) -> Iterator[str]:
        for parameter in command.params:
            if isinstance(parameter.envvar, str):
                yield parameter.envvar
        for each in command.commands.values() if isinstance(command, click.Group) else ():
            yield from read(each)

    given = {name for each in compose["services"].values() for name in each["environment"]}
    containers = [each for pod in pods.values() for each in pod["spec"]["containers"]]
    given |= {variable["name"] for each in containers for variable in each.get("env", ())}
    given |= set(re.findall(r"\b(ORACLE_\w+)=", (docker / "Dockerfile").read_text()))
    ours = {name for name in given if name.startswith("ORACLE_")}
    assert "ORACLE_STORAGE_FILE" in ours
    assert ours <= set(read(main))


def test_services_run_commands_and_options_that_there_are(
    compose: dict[str, Any], understood: Understood
) -> None:
    services = compose["services"]
    ray = services["worker"]["entrypoint"][1:]
    head = understood("ray", [*ray, *services["ray-head"]["command"]])
    worker = understood("ray", [*ray, *services["worker"]["command"]])
    assert head["head"]
    assert head["port"] == worker["address"].split(":")[1] == "6379" or head["port"] == 6379
    assert worker["address"].split(":")[0] in services
    assert (head["num_cpus"], worker["num_cpus"]) == (0, 1)
    assert worker["node_manager_port"] == 6380
    assert services["worker"]["healthcheck"]["test"][-1] == "6380"
    assert services["ray-head"]["healthcheck"]["test"][-1] == str(head["port"])
    serve = understood("oracle", ["serve", *services["api"]["command"]])
    assert serve["ray_address"] == worker["address"]
    assert (serve["host"], serve["port"], serve["workers"]) == ("0.0.0.0", 8000, 4)  # noqa: S104
    assert understood("oracle", services["migrate"]["command"]) is not None


def test_an_option_that_is_not_there_would_be_noticed(understood: Understood) -> None:
    for program, words in (
        ("oracle", ["serve", "--hots=x"]),
        ("oracle", ["sreve"]),
        ("ray", ["start", "--num-cpu=1"]),
        ("oracle", ["serve", "--device=gpu"]),
    ):
        with pytest.raises(click.UsageError):
            understood(program, words)


def test_the_environment_of_the_tests_is_that_of_the_containers(compose: dict[str, Any]) -> None:
    text = (ROOT / "tests" / "support" / "ray_nodes.py").read_text()
    environment = compose["services"]["worker"]["environment"]
    for name in environment:
        if name.startswith("RAY_"):
            assert f'"{name}"' in text
    assert environment["RAY_AUTH_MODE"] == "token"
    assert os.path.isabs(environment["RAY_AUTH_TOKEN_PATH"])  # noqa: PTH117
