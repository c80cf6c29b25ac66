"""Names of fields that say more than those that a study is stored by.

A study is hashed and stored by its first names; a file, or Python, may use either.
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
_VALUES = MappingProxyType({("keep_checkpoints", "winning path"): "path"})


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
            value = _VALUES.get((stored, value), value)  # noqa: PLW2901  # as stored
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
