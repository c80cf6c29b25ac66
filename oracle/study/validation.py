"""From JSON values to a study, or to all that is wrong with them in our own words."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from oracle.study.aliases import (
    as_declared,
    other_name,
    shown_name,
    stored_name,
    with_stored_names,
)
from oracle.study.base import Study
from oracle.study.function import FunctionStudy
from oracle.study.parts.grid_spec import ListGrid, RangeGrid
from oracle.study.parts.rivals import RIVALS
from oracle.study.registry import KINDS
from oracle.study.search import SEARCH_METHODS
from scyc.errors import BadInput, Problem, unknown
from scyc.specs.base import Spec
from scyc.specs.datasets import DATASETS
from scyc.specs.factory import FactorySpec
from scyc.specs.networks import NETWORKS, OwnNetworkSpec
from scyc.specs.optimizers import OPTIMIZERS
from scyc.specs.ranges import STORED, exact
from scyc.specs.schedules import SCHEDULES
from scyc.specs.system import NO_TRAINING_OPTIONS, PruningSpec

_Spec = TypeVar("_Spec", bound=Spec)


def parse(content: object, source: str, stored: bool = False) -> Study:
    """Make a study from JSON values.

    Args:
        content: What was read.
        source: Where it stands, for messages.
        stored: It was accepted before, maybe by a version that had no ranges of numbers, and is
            read without them.

    Returns:
        A study of the kind that `content` names; without one, of kind "oracle".

    Raises:
        BadInput: The study is refused, with every problem found.
    """
    if not isinstance(content, dict):
        kind = type(content).__name__
        raise BadInput(source, [Problem("study", f"must be a mapping of fields, is {kind}")])
    kind = content.get("kind", "oracle")
    if not isinstance(kind, str) or kind not in KINDS:
        raise BadInput(source, [Problem("kind", unknown(str(kind), KINDS), kind)])
    own = kind == "oracle" and "trainer" in content
    spec = FunctionStudy if own else KINDS[kind]
    if stored:
        return parse_as(spec, content, source, stored)
    values, given = with_stored_names(content)
    try:
        return parse_as(spec, values, source)
    except BadInput as error:
        raise BadInput(source, as_declared(error.problems, given)) from error


def parse_as(spec: type[_Spec], content: object, source: str, stored: bool = False) -> _Spec:
    """Make a spec of a known kind from JSON values.

    Args:
        spec: The kind.
        content: What was read.
        source: Where it stands, for messages.
        stored: See :func:`parse`.

    Returns:
        The spec.

    Raises:
        BadInput: It is refused, with every problem found.
    """
    try:
        return spec.model_validate(content, context=STORED if stored else None)
    except ValidationError as error:
        raise BadInput(source, list(_problems(error, spec))) from error


_NO_MAPPING = ("model_type", "model_attributes_type")
_RULES = {
    "missing": "is missing; add it",
    "greater_than": "must be above {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be below {lt}",
    "less_than_equal": "must be at most {le}",
    "finite_number": "must be a finite number",
    "too_short": "needs at least {min_length} value(s)",
    "string_too_short": "needs at least {min_length} character(s)",
    "string_too_long": "takes at most {max_length} characters",
    "too_long": "takes at most {max_length} value(s)",
    **dict.fromkeys(_NO_MAPPING, "must be a mapping of fields"),
    "dict_type": "must be a mapping",
    "int_type": "must be a whole number, without quotes",
    "float_type": "must be a number, without quotes",
    "bool_type": "must be true or false",
    "string_type": "must be text",
    "tuple_type": "must be a list",
    "literal_error": "must be one of {expected}",
    "string_pattern_mismatch": "must have the pattern {pattern}",
}
_GRID = "a grid is {max_lr: [0.01, 0.1]}, or {kind: log, low: 0.01, high: 0.1, count: 6}"
_SPECIAL = {
    **{("grid", kind): _GRID.replace("{", "{{").replace("}", "}}") for kind in _NO_MAPPING},
    (
        "kind",
        "literal_error",
    ): "must be one of {expected}; for a list give max_lr alone",
    ("cycles", "greater_than_equal"): "at least {ge} pruning cycle is needed",
    ("replicates", "int_type"): "must be a whole number, auto, or a mapping of least and most",
    ("label", "string_pattern_mismatch"): "must hold no control character; use plain text",
    ("factory", "string_pattern_mismatch"): "must have the pattern module:callable",
    ("function", "string_pattern_mismatch"): (
        "must have the pattern module:function; in Python also the function itself"
    ),
    ("beside", "string_pattern_mismatch"): "must be the name of a study",
    ("name", "string_pattern_mismatch"): (
        "a study's name is 1 to 64 of a-z, 0-9, '.', '_' and '-', and starts with a letter or digit"
    ),
}


def _problems(error: ValidationError, kind: type[Spec]) -> Iterator[Problem]:
    """One problem a path; where a value may be of several types, with each type's rule."""
    every = error.errors(include_url=False)
    problems: dict[str, Problem] = {}
    for each in every:
        if each["type"] == "too_short" and _any_below(each, every):
            continue  # pydantic counts only the items that are right
        location = [part for part in each["loc"][:-1] if not str(part).startswith("<")]
        if each["loc"] and (each["type"] == "extra_forbidden" or not _is_tag(each["loc"][-1])):
            location.append(each["loc"][-1])  # an unknown key may look like a tag
        if each["type"] != "extra_forbidden" and _names_a_type(location):
            del location[-1]
        if each["type"] == "missing":  # by the name that built-in studies and documents use
            location[-1] = shown_name(_holder(location), str(location[-1]))
        if each["type"] == "together":
            for below, rule in each["ctx"]["broken"]:
                path = ".".join([*([_path(location)] if location else []), below])
                yield Problem(path, rule, _at(each["input"], below))
            continue
        path, rule = _path(location), _rule(each, location, kind)
        other = problems.get(path)
        if other is not None and rule != other.rule:
            rule = f"{other.rule}, or {rule}"
        problems[path] = Problem(path, rule, _shown(each))
    yield from problems.values()


def _at(content: object, path: str) -> object:
    """Return the number or text at a path below a spec or a mapping; None if there is none."""
    for part in re.findall(r"[^.\[\]]+", path):
        if isinstance(content, list | tuple) and part.isdigit() and int(part) < len(content):
            content = content[int(part)]
        elif isinstance(content, dict):
            content = content.get(part)
        else:
            content = getattr(content, part, None)
    return content if isinstance(content, str | int | float) else None


def _is_tag(part: int | str) -> bool:
    return str(part).startswith("<")


def _names_a_type(location: Sequence[int | str]) -> bool:
    """Whether a location ends in what pydantic adds where a value may be of several types."""
    last = str(location[-1]) if location else ""
    return last.startswith(("literal[", "constrained-", "function-")) or location[-3:-2] == [
        "options"
    ]


def _any_below(outer: ErrorDetails, every: Sequence[ErrorDetails]) -> bool:
    """Whether an item of a list, or what is in one, has an error of its own."""
    path = outer["loc"]
    return any(each["loc"][: len(path)] == path and each["loc"] != path for each in every)


def _path(location: list[int | str]) -> str:
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.lstrip(".") or "study"


def _rule(each: ErrorDetails, location: list[int | str], whole: type[Spec]) -> str:
    kind, last = each["type"], next((str(p) for p in reversed(location) if isinstance(p, str)), "")
    if (last, kind) in _SPECIAL:
        return _SPECIAL[last, kind].format(**_limits(each))
    if kind == "extra_forbidden":
        return _unknown_key(each["loc"], location, whole)
    if "max_lr" in location and kind == "greater_than":
        return "a learning rate must be above 0"
    template = _RULES.get(kind)
    if template:
        return template.format(**_limits(each))
    return re.sub(r"^Value error, ", "", each["msg"])


def _holder(location: Sequence[int | str]) -> str | None:
    """Return the field that holds the last one of a location; None: it is one of the study."""
    return next((part for part in reversed(location[:-1]) if isinstance(part, str)), None)


def _unknown_key(
    loc: tuple[int | str, ...], location: Sequence[int | str], whole: type[Spec]
) -> str:
    """Word the rule for a key that a spec does not have."""
    last = str(location[-1])
    if location[:-1] == ["training"] and last in NO_TRAINING_OPTIONS:
        own = 'give a training function of your own, trainer: {function: "module:function"}'
        return f"is not offered: {NO_TRAINING_OPTIONS[last]}; {own}"
    field = _holder(location)
    if stored := stored_name(field, last):
        return f'is the same field as "{stored}", which is given too; remove one of them'
    known = [other_name(field, name) or name for name in _keys_beside(loc, whole)]
    return f"unknown key; {unknown(last, known).removeprefix('unknown; ')}"


def _limits(each: ErrorDetails) -> dict[str, Any]:
    """Collect what a rule's text is filled with; numbers with all their digits."""
    limits = each.get("ctx", {})
    return {
        name: exact(limit).replace(",", "") if isinstance(limit, float | int) else limit
        for name, limit in limits.items()
    }


def _shown(each: ErrorDetails) -> object:
    if each["type"] == "missing":
        return None
    value = each["input"]
    if isinstance(value, dict):
        if each["type"] == "unknown_name":
            return value["name"]
        return None
    if isinstance(value, PruningSpec):
        return value.criterion
    if isinstance(value, float) and math.isnan(value):
        return "nan"
    return None if isinstance(value, Spec) else value


def _keys_beside(location: tuple[int | str, ...], whole: type[Spec]) -> list[str]:
    """Field names of the spec in which an unknown key was found."""
    tags: dict[str, type[Spec]] = {
        "<list>": ListGrid,
        "<range>": RangeGrid,
        "<factory>": OwnNetworkSpec if "network" in location else FactorySpec,
        **{
            f"<{name}>": spec
            for known in (NETWORKS, DATASETS, SCHEDULES, OPTIMIZERS, SEARCH_METHODS)
            for name, spec in known.items()
        },
        **{f"<{name} rival>": spec for name, spec in RIVALS.items()},
    }
    spec: type[Spec] = whole
    for part in location[:-1]:
        if part in tags:
            spec = tags[str(part)]
        elif isinstance(part, str) and part in spec.model_fields:
            spec = next(_specs(spec.model_fields[part].annotation), spec)
    return list(spec.model_fields)


def _specs(annotation: Any) -> Iterator[type[Spec]]:
    """Yield the specs that an annotation holds, such as that of a list's items."""
    if isinstance(annotation, type) and issubclass(annotation, Spec):
        yield annotation
    for inner in get_args(annotation):
        yield from _specs(inner)
