"""What a study that comes over HTTP may name: code and folders that the server lists."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from oracle.study import Study
from scyc.choices import DATASETS, NETWORKS, FactorySpec, ImageFolderSpec, TinyImageNetSpec
from scyc.problems import Problem, unknown

_SHIPPED = {"network": NETWORKS, "dataset": DATASETS}


def resolved(content: object, allow: Mapping[str, str]) -> object:
    """A study's JSON values with the server's names for code replaced by the code's place.

    allow: module:callable by the name that a study may give as its network or data set.
    """
    if not isinstance(content, dict):
        return content
    found: dict[str, Any] = dict(content)
    for field, shipped in _SHIPPED.items():
        value = found.get(field)
        name = value.get("name") if isinstance(value, dict) else value
        if isinstance(name, str) and name in allow and name not in shipped:
            rest = {**value} if isinstance(value, dict) else {}
            rest.pop("name", None)
            found[field] = {"factory": allow[name], **rest}
    return found


def problems(
    study: Study, allow: Mapping[str, str], folders: Mapping[str, Path], data: str | None
) -> list[Problem]:
    """What in a study the server does not let others name; [] where nothing is.

    allow: as in :func:`resolved`. folders: the server's data folders, by name. data: that of them
    which the submission names.
    """
    found: list[Problem] = []
    for field in _SHIPPED:
        spec = getattr(study, field)
        if isinstance(spec, FactorySpec) and spec.factory not in allow.values():
            rule = f"{_unlisted(allow)}; whoever runs the server can list it with --allow"
            found.append(Problem(field, rule, spec.factory))
    if data is not None and data not in folders:
        found.append(Problem("data", unknown(data, folders) if folders else _NO_FOLDERS, data))
    root = getattr(study.dataset, "root", None)
    if isinstance(study.dataset, ImageFolderSpec | TinyImageNetSpec):
        for index, part in enumerate(getattr(study.dataset, "parts", ())):
            if Path(part).is_absolute() or ".." in Path(part).parts:
                rule = "must lie below the folder of images; name a folder in it"
                found.append(Problem(f"dataset.parts[{index}]", rule, part))
    if root is not None and data is None and not _inside(Path(root), folders.values()):
        rule = f"is no folder of this server's; {_choice(folders)}"
        found.append(Problem("dataset.root", rule, root))
    if getattr(study.dataset, "download", False):
        rule = f"nothing is downloaded for others; {_choice(folders)}"
        found.append(Problem("dataset.download", rule, True))
    return found


_NO_FOLDERS = "the server has no data folders; whoever runs it can name some with --data"


def _choice(folders: Mapping[str, Path]) -> str:
    known = f"known: {', '.join(sorted(folders))}" if folders else _NO_FOLDERS
    return f"submit with the name of one of its data folders instead ({known})"


def _unlisted(allow: Mapping[str, str]) -> str:
    known = ", ".join(f"{name} ({place})" for name, place in sorted(allow.items()))
    return f"is not on this server's list of code ({known or 'which is empty'})"


def _inside(path: Path, folders: Any) -> bool:
    """Whether a path leads into one of some folders, links followed."""
    try:
        real = path.resolve()
        return path.is_absolute() and any(real.is_relative_to(each.resolve()) for each in folders)
    except (OSError, RuntimeError, ValueError):
        return False
