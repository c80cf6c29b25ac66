"""Fields of a study that are set on the command line: ``training.steps=500``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import yaml

from oracle.errors import SettingProblem
from oracle.study.aliases import other_name
from oracle.study.base import Study
from oracle.study.loading import read_yaml, study_text
from oracle.study.validation import parse
from scyc.errors import BadInput, Problem
from scyc.json_types import JsonObject

_SETTING = "set"  # the setting that assignments come from
_PATH = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*|\[\d{1,6}\])*")


def load_with(name_or_path: str, assignments: Sequence[str]) -> Study:
    """Return a study from a file or by its name, with fields set.

    Args:
        name_or_path: See :func:`oracle.study.loading.load_study`.
        assignments: ``FIELD=VALUE`` each: the field's path, such as ``training.steps`` or
            ``schedules[1].max_lr``, and a YAML value.

    Returns:
        The study, validated with the fields set.

    Raises:
        BadInput: The study or an assignment is refused.
    """
    text, source = study_text(name_or_path)
    return parse(with_fields(read_yaml(text, source), assignments), source)


def text_with(name_or_path: str, assignments: Sequence[str]) -> tuple[str, str]:
    """Return a study's text with fields set, and where it stands.

    Args:
        name_or_path: Of a built-in study, or of a file.
        assignments: ``FIELD=VALUE``, each of a field by its path.

    Returns:
        YAML, and the name of its source for messages.

    Raises:
        BadInput: As :func:`load_with`; the study itself is not validated.
    """
    text, source = study_text(name_or_path)
    if assignments:
        content = with_fields(read_yaml(text, source), assignments)
        text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
    return text, source


def with_fields(content: object, assignments: Sequence[str]) -> object:
    """Return a study's JSON values with fields set.

    Args:
        content: JSON values, which are changed in place.
        assignments: ``FIELD=VALUE``, each of a field by its path.

    Returns:
        `content`.

    Raises:
        BadInput: Assignments that cannot be read, or whose path leads nowhere, all at once.
    """
    problems: list[Problem] = []
    for assignment in assignments:
        path, equals, text = assignment.partition("=")
        path = path.strip()
        if not equals or not _PATH.fullmatch(path):
            rule = "must be FIELD=VALUE, such as training.steps=500"
            problems.append(SettingProblem(_SETTING, rule, assignment))
            continue
        try:
            value = read_yaml(text, assignment)
        except BadInput as error:
            rule = f"has a value that is no YAML: {error.problems[0].rule}"
            problems.append(SettingProblem(_SETTING, rule, assignment))
            continue
        if broken := _assign(content, _parts(path), value):
            problems.append(SettingProblem(_SETTING, broken, assignment))
    if problems:
        raise BadInput("study", problems)
    return content


def _parts(path: str) -> list[str | int]:
    return [
        int(index) if index else name
        for name, index in re.findall(r"([A-Za-z_]\w*)|\[(\d+)\]", path)
    ]


def _assign(content: Any, parts: Sequence[str | int], value: object) -> str | None:
    """Set one field in place, in the name that the study has it by, if it has two.

    Returns the rule that the path breaks; None where it is set.
    """
    field: str | None = None  # that holds the next part
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        if isinstance(part, int):
            if not isinstance(content, list) or part >= len(content):
                size = len(content) if isinstance(content, list) else 0
                return f"has no entry [{part}] there; the list has {size}, counted from 0"
        elif not isinstance(content, dict):
            return f'has no field "{part}" there; only a mapping has fields'
        else:
            part = _present_name(content, field, part)  # noqa: PLW2901  # of the same field
            field = part
        if last:
            content[part] = value
            return None
        following = content.get(part) if isinstance(part, str) else content[part]
        if following is None:
            following = {}
        elif isinstance(following, str) and isinstance(parts[index + 1], str):
            # The short form of a choice: its name, or module:factory.
            following = {"factory" if ":" in following else "name": following}
        content[part] = following
        content = following
    return None


def _present_name(content: JsonObject, field: str | None, name: str) -> str:
    """Return the name by which a mapping has a field that may have two."""
    other = other_name(field, name)
    return other if other is not None and other in content and name not in content else name
