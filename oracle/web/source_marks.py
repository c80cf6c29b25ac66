"""Where in a submitted text the fields stand that were refused."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import yaml

from oracle.study.loading import read_yaml
from scyc.errors import BadInput, Problem

_LINE = re.compile(r"line (\d+)")
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_AROUND = 1  # lines shown before and after one with a problem


@dataclass(frozen=True)
class Line:
    """A line of the text, and what is wrong in it; a gap where lines are left out before it."""

    number: int
    text: str
    problems: tuple[Problem, ...]
    gap: bool


def line(text: str, path: str) -> int | None:
    """Find the line of a field such as ``grid.max_lr[4]``, or of what holds it.

    Args:
        text: YAML.
        path: Of the field, such as ``grid.max_lr[4]``.

    Returns:
        Number of the line, from 1; None where the text does not tell.
    """
    match = _LINE.match(path)
    if match:
        return int(match[1])
    try:
        read_yaml(text, "study")  # refuses what would be dangerous to compose
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except (BadInput, yaml.YAMLError, ValueError):
        return None
    number = None
    for name, index in _STEP.findall(path):
        below = _below(node, name, index)
        if below is None:
            break
        number, node = below
    return number


def marked(text: str, problems: Sequence[Problem]) -> list[Line]:
    """Return the lines with problems, and those around them.

    Args:
        text: YAML of a study.
        problems: That were found in it.

    Returns:
        Lines in order, each with its problems; [] where no problem has a line.
    """
    texts = text.splitlines()
    at: dict[int, list[Problem]] = {}
    for each in problems:
        number = line(text, each.path)
        if number is not None and 0 < number <= len(texts):
            at.setdefault(number, []).append(each)
    shown = sorted(
        {
            near
            for number in at
            for near in range(number - _AROUND, number + _AROUND + 1)
            if 0 < near <= len(texts)
        }
    )
    return [
        Line(number, texts[number - 1], tuple(at.get(number, ())), number - 1 not in {0, *shown})
        for number in shown
    ]


def _below(node: yaml.Node | None, name: str, index: str) -> tuple[int, yaml.Node] | None:
    """Return the line and the value of a field or an entry."""
    if name and isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == name:
                return key.start_mark.line + 1, value
    if index and isinstance(node, yaml.SequenceNode) and int(index) < len(node.value):
        value = node.value[int(index)]
        return value.start_mark.line + 1, value
    return None
