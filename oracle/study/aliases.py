"""Names of fields for people, where a study is stored by others.

Documents, built-in studies and what is shown use the names for people. A study is hashed and stored
by its first names; a file, or Python, may use either.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from scyc.errors import Problem
from scyc.json_types import JsonMapping, JsonObject

_STUDY = MappingProxyType({"baselines": "rivals", "shares_storage_with": "beside"})
_BY_FIELD: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "schedule": MappingProxyType({"milestones": "drops"}),
        "training": MappingProxyType(
            {"validation_interval": "validate_every", "prune_weights": "carry"}
        ),
    }
)
SHOWN_VALUES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {"keep_checkpoints": MappingProxyType({"path": "winning path"})}
)
# Words of `shrunk`, which is hashed and stored with a study that options scaled down.
_REDUCTIONS = (("iterations", "steps"), ("drops", "milestones"), ("max_lr", "learning rates"))


def other_name(field: str | None, name: str) -> str | None:
    """Return the second name of a field of a study, in either direction.

    Args:
        field: The field that it lies in, such as "schedule"; None: the study itself.
        name: Either of its names.

    Returns:
        None where it has one name only.
    """
    return stored_name(field, name) or {
        stored: alias for alias, stored in _names(field).items()
    }.get(name)


def stored_name(field: str | None, name: str) -> str | None:
    """Return the name that a field of a study is stored by.

    Args:
        field: The field that it lies in; None: the study itself.
        name: Any name.

    Returns:
        None where that is no second name.
    """
    return _names(field).get(name)


def shown_name(field: str | None, name: str) -> str:
    """Return the name for people of a field of a study.

    Args:
        field: The field that it lies in; None: the study itself.
        name: Either of its names.

    Returns:
        The name itself where it has one name only.
    """
    shown = {stored: alias for alias, stored in _names(field).items()}
    return shown.get(name, name)


def with_shown_names(content: JsonMapping, field: str | None = None) -> JsonObject:
    """Return a study's JSON values by the names for people.

    Args:
        content: By the names that it is stored by; it stays as it is.
        field: The field that it lies in; None: it is a whole study.

    Returns:
        The values; :func:`with_stored_names` returns the first ones.
    """
    return {shown_name(field, key): _shown(key, value) for key, value in content.items()}


def shown_reductions(shrunk: Mapping[str, str]) -> list[str]:
    """Return how a study was scaled down, in words for people.

    Args:
        shrunk: Of the study: what was reduced, and how.

    Returns:
        A part of a sentence each, such as "steps 60 of 300 (warm-up and milestones with them)".
    """
    parts = [f"{what} {how}" for what, how in shrunk.items()]
    for stored, shown in _REDUCTIONS:
        parts = [part.replace(stored, shown) for part in parts]
    return parts


def _shown(key: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return with_shown_names(value, key)
    if isinstance(value, list | tuple):
        return [
            with_shown_names(each, key) if isinstance(each, Mapping) else each for each in value
        ]
    if isinstance(value, str):
        return SHOWN_VALUES.get(key, {}).get(value, value)
    return value


def with_stored_names(content: JsonMapping) -> tuple[JsonObject, dict[str, str]]:
    """Return a study's JSON values by the names that it is stored by.

    Args:
        content: As declared; it stays as it is.

    Returns:
        The values, and by the path of each field that had another name the path as declared. Where
        a field is given by both names, the second name stays, for validation to refuse.
    """
    given: dict[str, str] = {}
    return _renamed(content, _STUDY, "", "", given), given


def as_declared(problems: Iterable[Problem], given: Mapping[str, str]) -> list[Problem]:
    """Return problems whose paths are as declared.

    Args:
        problems: Of a study by the names that it is stored by.
        given: Names that the user gave, by stored name; see :func:`with_stored_names`.

    Returns:
        The same problems, in order.
    """
    return [replace(each, path=_declared(each.path, given)) for each in problems]


def _names(field: str | None) -> Mapping[str, str]:
    """Return the stored names of what lies in a field, by their second names."""
    return _STUDY if field is None else _BY_FIELD.get(field, {})


def _renamed(
    content: JsonMapping,
    names: Mapping[str, str],
    path: str,
    declared: str,
    given: dict[str, str],
) -> JsonObject:
    renamed = {}
    for key, value in content.items():
        stored = names.get(key, key)
        if stored in renamed or (stored != key and stored in content):
            stored = key  # both names: validation refuses the second
        at, declared_path = f"{path}{stored}", f"{declared}{key}"
        if at != declared_path:
            given[at] = declared_path
        if isinstance(value, str):
            shown = SHOWN_VALUES.get(stored, {})
            value = next((old for old, new in shown.items() if new == value), value)  # noqa: PLW2901  # as stored
        renamed[stored] = _below(value, stored, at, declared_path, given)
    return renamed


def _below(value: Any, field: str, path: str, declared: str, given: dict[str, str]) -> Any:
    if isinstance(value, Mapping):
        return _renamed(value, _names(field), f"{path}.", f"{declared}.", given)
    if isinstance(value, list):
        return [
            _below(each, field, f"{path}[{index}]", f"{declared}[{index}]", given)
            if isinstance(each, Mapping)
            else each
            for index, each in enumerate(value)
        ]
    return value


def _declared(path: str, given: Mapping[str, str]) -> str:
    """Return a path with its longest known beginning as declared."""
    for known in sorted(given, key=len, reverse=True):
        rest = path.removeprefix(known)
        if path.startswith(known) and rest[:1] in ("", ".", "["):
            return given[known] + rest
    return path
