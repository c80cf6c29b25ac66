"""What `docker/` holds, read; and the commands that its files name."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

DOCKER = Path(__file__).parents[2] / "docker"
_VARIABLE = re.compile(r"\$\{\w+:-([^}]*)\}")  # as compose writes one that has a default


def _filled(text: str) -> str:
    """A text of compose.yaml with the defaults of its variables."""
    return _VARIABLE.sub(r"\1", text)


@pytest.fixture(scope="session")
def docker() -> Path:
    return DOCKER


@pytest.fixture(scope="session")
def compose() -> dict[str, Any]:
    """compose.yaml, with its variables' defaults; anchors and merges are YAML's."""
    content: dict[str, Any] = yaml.safe_load(_filled((DOCKER / "compose.yaml").read_text()))
    return content


@pytest.fixture(scope="session")
def manifests() -> list[dict[str, Any]]:
    """Every object of docker/kuberay, the secrets' template included."""
    return [
        content
        for file in sorted((DOCKER / "kuberay").glob("*.yaml"))
        if file.name != "kustomization.yaml"
        for content in yaml.safe_load_all(file.read_text())
    ]


@pytest.fixture(scope="session")
def pods(manifests: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Every Pod template, by the name of what makes Pods of it."""
    specs: dict[str, dict[str, Any]] = {}
    for each in manifests:
        name, spec = each["metadata"]["name"], each.get("spec", {})
        if each["kind"] == "RayCluster":
            specs["head"] = spec["headGroupSpec"]["template"]
            specs |= {f"{group['groupName']} workers": group["template"]
                      for group in spec["workerGroupSpecs"]}  # fmt: skip
        elif "template" in spec:
            specs[name] = spec["template"]
    return specs


@pytest.fixture(scope="session")
def understood() -> Callable[[str, list[str]], dict[str, Any]]:
    """The options of a command line as `oracle` or `ray` reads it; nothing is run.

    Raises click.UsageError for a command, an option or a value that they do not know.
    """

    def parsed(program: str, words: list[str]) -> dict[str, Any]:
        if program == "oracle":
            from oracle.cli.main import main as group
        else:
            from ray.scripts.scripts import cli as group
        context = click.Context(group)
        command: click.Command = group
        while isinstance(command, click.Group):
            name, command, words = command.resolve_command(context, list(words))
            context = click.Context(command, info_name=name, parent=context)
        return command.make_context(command.name, list(words)).params

    return parsed
