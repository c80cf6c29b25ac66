"""What a study that comes over HTTP may name of the server: code that it lists, its folders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from oracle.errors import SettingProblem
from oracle.records.jobs import PRIORITIES
from oracle.service.settings import ServerSettings
from oracle.settings import ScaleDown
from oracle.study.base import Study
from oracle.study.declared import start_problems
from oracle.study.loading import read_json, read_yaml
from oracle.study.scale_down import scale_down
from oracle.study.validation import parse
from scyc.errors import BadInput, Problem, unknown
from scyc.json_types import JsonMapping, JsonObject
from scyc.specs.base import Spec, as_json
from scyc.specs.datasets import DATASETS
from scyc.specs.networks import NETWORKS

SHIPPED: Mapping[str, Mapping[str, type[Spec]]] = MappingProxyType(
    {"network": NETWORKS, "dataset": DATASETS}
)
_NO_FOLDERS = "the server has no data folders; whoever runs it can name some with --data"


def resolved(content: object, allow: Mapping[str, str]) -> object:
    """Replace the server's names for code by its import path.

    Args:
        content: A study's JSON values.
        allow: module:callable by the name that a study may give as its network, its data set or its
            training function.

    Returns:
        The study's JSON values.
    """
    if not isinstance(content, dict):
        return content
    replaced: JsonObject = dict(content)
    for field, shipped in SHIPPED.items():
        value = replaced.get(field)
        name = value.get("name") if isinstance(value, dict) else value
        if isinstance(name, str) and name in allow and name not in shipped:
            rest = {**value} if isinstance(value, dict) else {}
            rest.pop("name", None)
            replaced[field] = {**rest, "factory": allow[name]}
    trainer = replaced.get("trainer")
    name = trainer.get("function") if isinstance(trainer, dict) else trainer
    if isinstance(name, str) and name in allow:
        rest = {**trainer} if isinstance(trainer, dict) else {}
        replaced["trainer"] = {**rest, "function": allow[name]}
    return replaced


def problems(
    content: object, allow: Mapping[str, str], folders: Mapping[str, Path], data: str | None
) -> list[Problem]:
    """Find what in a study the server does not let others name.

    Args:
        content: The study's JSON values: all of them, if what is not named is to be judged, too;
            also of one that is refused for other reasons.
        allow: As in :func:`resolved`.
        folders: The server's data folders, by name.
        data: That of them which the submission names.

    Returns:
        One problem for each; none where all is allowed.
    """
    refused: list[Problem] = []
    if data is not None and data not in folders:
        refused.append(
            SettingProblem("data", unknown(data, folders) if folders else _NO_FOLDERS, data)
        )
    if not isinstance(content, dict):
        return refused
    named = {field: _code(content.get(field)) for field in SHIPPED}
    trainer = content.get("trainer")
    function = trainer.get("function") if isinstance(trainer, dict) else trainer
    named["trainer"] = function if isinstance(function, str) else None
    for field, code in named.items():
        if code is not None and code not in allow.values():
            rule = f"{_unlisted(allow)}; whoever runs the server can list it with --allow"
            refused.append(Problem(field, rule, code))
    dataset = content.get("dataset")
    return refused + (_images(dataset, folders, data) if isinstance(dataset, dict) else [])


def _images(dataset: JsonMapping, folders: Mapping[str, Path], data: str | None) -> list[Problem]:
    refused: list[Problem] = []
    parts = dataset.get("parts")
    root = dataset.get("root")
    named = folders.get(data) if data is not None else root
    whole = Path(named) if isinstance(named, str | Path) else None
    for index, part in enumerate(parts if isinstance(parts, list) else []):
        if isinstance(part, str) and not _below(part, whole):
            rule = "must lie below the folder of images; name a folder in it"
            refused.append(Problem(f"dataset.parts[{index}]", rule, part))
    if data is None and "root" in dataset and root is None:
        refused.append(Problem("dataset.root", f"is missing; {_choice(folders)}"))
    elif data is None and isinstance(root, str) and not _inside(Path(root), folders.values()):
        rule = f"is no folder of this server's; {_choice(folders)}"
        refused.append(Problem("dataset.root", rule, root))
    if dataset.get("download") is True:
        rule = f"nothing is downloaded for others; leave it out, and {_choice(folders)}"
        refused.append(Problem("dataset.download", rule, True))
    return refused


def _code(value: object) -> str | None:
    """Return the module:callable that a network or a data set names, in its long or short form."""
    if isinstance(value, dict):
        value = value.get("factory")
    elif not isinstance(value, str) or ":" not in value:
        return None
    return value if isinstance(value, str) else None


def _choice(folders: Mapping[str, Path]) -> str:
    known = f"known: {', '.join(sorted(folders))}" if folders else _NO_FOLDERS
    return f"submit with the name of one of its data folders ({known})"


def _unlisted(allow: Mapping[str, str]) -> str:
    known = ", ".join(f"{name} ({path})" for name, path in sorted(allow.items()))
    return f"is not on this server's list of code ({known or 'which is empty'})"


def _below(part: str, whole: Path | None) -> bool:
    """Whether a part of a data set lies in it: by its name, and, where that is known, in truth."""
    if Path(part).is_absolute() or ".." in Path(part).parts or "\0" in part:
        return False
    return whole is None or not whole.is_absolute() or _inside(whole / part, [whole])


def _inside(path: Path, folders: Iterable[Path]) -> bool:
    """Whether a path leads into one of some folders, links followed."""
    try:
        real = path.resolve()
        return path.is_absolute() and any(real.is_relative_to(each.resolve()) for each in folders)
    except (OSError, RuntimeError, ValueError):
        return False


def admitted(
    text: str,
    form: Literal["yaml", "json"],
    shrink: ScaleDown | None,
    data: str | None,
    priority: int,
    settings: ServerSettings,
) -> Study:
    """Parse a study and check that it may run on this server.

    Args:
        text: The study.
        form: What the text is.
        shrink: How the study is scaled down; None: not at all.
        data: Name of a data folder of the server.
        priority: Of its job.
        settings: The server's limits, code and folders.

    Returns:
        The study, scaled down.

    Raises:
        BadInput: It is refused, with all problems at once.
    """
    refused = [] if priority in PRIORITIES else [priority_problem(priority)]
    content = read_yaml(text, "study") if form == "yaml" else read_json(text, "study")
    named = resolved(content, settings.allow)
    try:
        study = parse(named, "study")
        named = as_json(study)
        if shrink is not None:
            study = scale_down(study, shrink)
        too_large = settings.limits.study_problems(study)
        refused += too_large or start_problems(study)
    except BadInput as error:
        refused += error.problems
    refused += problems(named, settings.allow, settings.data, data)
    if refused:
        raise BadInput("study", refused)
    return study


def priority_problem(value: int) -> Problem:
    """Return the problem of a priority that is out of range.

    Args:
        value: What was given.

    Returns:
        A problem with the rule.
    """
    rule = f"must be a whole number from {PRIORITIES[0]} to {PRIORITIES[-1]}"
    return SettingProblem("priority", rule, value)
