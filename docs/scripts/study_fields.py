"""Make docs/reference/study-fields.md, every field of a study, from the models that read it.

python docs/scripts/pages.py
"""

from __future__ import annotations

import ast
import functools
import inspect
import textwrap
import types
import typing
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from oracle.study.aliases import SHOWN_VALUES, shown_name
from oracle.study.registry import KINDS
from scyc.specs.ranges import Within, exact

_HEAD = """# Fields of a study

Every field that a study's YAML may have: its values, its default, and its meaning. A field
without a default must be given. [Writing a study](studies.md) explains how they go together.
Bounds are included.

This page is made from the models that read a study, by `python docs/scripts/pages.py`.
"""

# Meanings of fields without a comment, whose names are standard terms.
_MEANINGS = {
    "Study.name": "of the study and of its folder: a-z, 0-9, `.`, `_`, `-`, up to 64 characters",
    "alpha": "smoothing constant of the squared gradients",
    "augment": "augmentation of the training images",
    "beta": "steepness of the S",
    "beta1": "decay of the mean of the gradients",
    "beta2": "decay of the mean of the squared gradients",
    "claim": "what the paper says of the figure",
    "columns": "cycles to show; all if left out",
    "count": "how many values",
    "criterion": "[which weights are pruned](parts.md#pruning)",
    "Objective.cycles": "the mean is over these cycles; over all if left out",
    "PaperOracle.cycles": "the pruning cycles of the printed columns",
    "PaperSchedules.cycles": "the pruning cycles of the printed columns",
    "dataset": "[the images](parts.md#data-sets)",
    "delta": "total rise of max_lr",
    "description": "for people: shown in reports and on pages",
    "download": "fetch the data set if it is not there",
    "engine": "[how the members of a pack are trained](engines.md)",
    "epsilon": "max_lr of the unpruned network",
    "eps": "added to the denominator, for numerical stability",
    "factor": "of so many candidates one goes on",
    "factory": "`module:function` of your own code",
    "feasible_high": "printed upper ends of the region",
    "feasible_low": "printed lower ends of the region",
    "figure": "the paper's figure",
    "first": "cycle of the first rung",
    "form": "of torchvision, or one for small images",
    "grid": "the values of max_lr that each cycle tries",
    "halving": "successive halving of candidates",
    "hidden": "widths of the hidden layers",
    "high": "the highest value",
    "kind": "the kind of study",
    "RangeGrid.kind": "how the values are spaced",
    "label": "the entry's name in tables and figures",
    "low": "the lowest value",
    "max_lr": "the values, rising",
    "TuneSpec.max_lr": "the values to choose from",
    "momentum": "momentum",
    "most": "replicates at most",
    "network": "[the network](parts.md#networks)",
    "objective": "what makes a candidate better",
    "optimizer": "[the optimizer](parts.md#schedules-and-optimizers)",
    "options": "keyword arguments of the factory",
    "paper": "the printed values, shown next to the measured ones",
    "pruning": "how a cycle prunes",
    "q": "pruning cycle after which max_lr starts to rise",
    "record": "what is recorded of every network",
    "replicates": "repetitions with their own split, initial weights and batches; `auto` adds some",
    "s_cyc": "S-Cyc's parameters, Eq. 2",
    "sampler": "Optuna's sampler",
    "schedule": "[the learning rate within a cycle](parts.md#schedules-and-optimizers)",
    "schedules": "what is compared",
    "search": "how the candidates are chosen",
    "seed": "of everything random",
    "split": "shares of the images for training and validation",
    "start": "q and beta while delta is tuned",
    "startup": "candidates that are drawn at random first",
    "table": "the paper's table",
    "tolerance": "how far below the best accuracy a max_lr is still feasible",
    "tolerance_kind": "`points` of accuracy, or `relative`: percent of the best",
    "train": "share of the images for training",
    "training": "one cycle's training",
    "trials": "candidates at most",
    "tune": "choose max_lr by validation accuracy on the unpruned network",
    "weight_decay": "weight decay",
    "weights_remaining": "printed shares of the weights, in percent",
    "well_tuned": "printed well-tuned values",
    "what": "which quantities",
}


def page() -> str:
    """Return the fields of all kinds of study as Markdown."""
    parts = [_HEAD]
    shared = set.intersection(*(set(kind.model_fields) for kind in KINDS.values())) - {"kind"}
    first = next(iter(KINDS.values()))
    same = [name for name in first.model_fields if name in shared and _alike(name)]
    parts.append("## Every kind of study\n\n" + _table(first, same))
    for name, kind in KINDS.items():
        own = [field for field in kind.model_fields if field not in same]
        parts.append(f"## `kind: {name}`\n\n{_sentence(kind)}\n\n" + _table(kind, own))
    parts.append("## Parts of a study\n")
    parts += [f"### {_title(each)}\n\n{_sentence(each)}\n\n{_table(each)}" for each in _reached()]
    return "\n".join(parts).rstrip() + "\n"


def _alike(name: str) -> bool:
    fields = [kind.model_fields[name] for kind in KINDS.values()]
    return all(repr(each) == repr(fields[0]) for each in fields)


def _table(spec: type[BaseModel], names: list[str] | None = None) -> str:
    rows = ["| field | values | default | meaning |", "| --- | --- | --- | --- |"]
    for name in names if names is not None else spec.model_fields:
        if name == "name" and _names(spec):
            continue  # the title has it
        field = spec.model_fields[name]
        holder = _fields_that_hold().get(spec) or None
        values, default, about = (
            _values(field.annotation, field.metadata),
            _default(field),
            _meaning(spec, name),
        )
        shown = shown_name(holder, name)
        for stored, value in SHOWN_VALUES.get(name, {}).items():
            values, default, about = (
                each.replace(f"`{stored}`", f"`{value}`").replace(f'"{stored}"', f"`{value}`")
                for each in (values, default, about)
            )
        rows.append(f"| `{shown}` | {values} | {default} | {about} |")
    return "\n".join(rows) + "\n" if len(rows) > 2 else "No fields.\n"


def _reached() -> list[type[BaseModel]]:
    """Every model below the kinds of study, in the order in which it is met."""
    return [each for each in _fields_that_hold() if each not in KINDS.values()]


@functools.cache
def _fields_that_hold() -> dict[type[BaseModel], str]:
    """Every model, with the name of the first field that holds it."""
    found: dict[type[BaseModel], str] = {}
    todo: list[tuple[Any, str]] = [(kind, "") for kind in KINDS.values()]
    while todo:
        each, field = todo.pop(0)
        if inspect.isclass(each) and issubclass(each, BaseModel):
            if each not in found:
                found[each] = field
                todo += [(value.annotation, name) for name, value in each.model_fields.items()]
        else:
            todo += [(part, field) for part in typing.get_args(each)]
    return found


def _title(spec: type[BaseModel]) -> str:
    field, names = _fields_that_hold()[spec], _names(spec)
    return f"{shown_name(None, field)}: {', '.join(names)}" if names else _words(spec)


def _names(spec: type[BaseModel]) -> list[str]:
    """Return the values of a spec's field `name`."""
    name = spec.model_fields.get("name")
    chosen = name is not None and typing.get_origin(name.annotation) is typing.Literal
    return [str(each) for each in typing.get_args(name.annotation)] if name and chosen else []


def _words(spec: type[BaseModel]) -> str:
    name = spec.__name__.removesuffix("Spec")
    if name == "SCyc":
        return "S-Cyc"
    words = "".join(f" {each.lower()}" if each.isupper() else each for each in name)
    return words.strip().capitalize()


def _link(spec: type[BaseModel]) -> str:
    title = _title(spec)
    anchor = (each for each in title.lower().replace(" ", "-") if each.isalnum() or each in "-_")
    shown = ", ".join(f"`{each}`" for each in _names(spec)) or title
    return f"[{shown}](#{''.join(anchor)})"


def _sentence(spec: type[BaseModel]) -> str:
    return _cell(" ".join(inspect.cleandoc(spec.__doc__ or "").split("\n\n")[0].split()))


def _values(annotation: Any, metadata: Any) -> str:
    """Describe what a field takes, in words."""
    arguments = typing.get_args(annotation)
    origin = typing.get_origin(annotation)
    if (found := _bounds(metadata)) or origin is None:
        return found or _single(annotation)
    if origin is typing.Annotated:
        own = [m for each in arguments[1:] for m in getattr(each, "metadata", [each])]
        return _values(arguments[0], own)
    if origin in (typing.Union, types.UnionType):
        shown = [_values(each, []) for each in arguments if each is not type(None)]
        return ", ".join(dict.fromkeys(shown))
    if origin is typing.Literal:
        return ", ".join(f"`{each}`" for each in arguments)
    return f"a list of {_values(arguments[0], [])}" if origin is tuple else "a mapping"


def _bounds(metadata: Any) -> str:
    """Describe the range of a number; empty where it has none."""
    for each in metadata:
        if isinstance(each, Within):
            return f"{'0, or ' if each.zero else ''}{exact(each.low)} to {exact(each.high)}"
    found = {type(each).__name__: each for each in metadata}
    if {"Ge", "Le"} <= found.keys():
        return f"{found['Ge'].ge:,} to {found['Le'].le:,}"
    words = (("Gt", "above"), ("Ge", "at least"), ("Le", "at most"))
    return next((f"{w} {getattr(found[n], n.lower()):,}" for n, w in words if n in found), "")


def _single(annotation: Any) -> str:
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        return _link(annotation)
    words = {bool: "`true`, `false`", str: "text", int: "a whole number", float: "a number"}
    return words.get(annotation, "a value")


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if value is PydanticUndefined:
        return ""
    if value is None:
        return "left out"
    if isinstance(value, BaseModel):
        return "its defaults"
    if value in ((), {}, ""):
        return "empty"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _meaning(spec: type[BaseModel], name: str) -> str:
    owners = [owner.__name__ for owner in spec.__mro__]
    named = (f"{owner}.{name}" for owner in owners if f"{owner}.{name}" in _MEANINGS)
    return _comment(spec, name) or _MEANINGS.get(next(named, name), "")


def _comment(spec: type[BaseModel], name: str) -> str:
    """Return the comment on a field's line in its class, or above it."""
    for owner in spec.__mro__:
        if name not in inspect.get_annotations(owner):
            continue
        text = textwrap.dedent(inspect.getsource(owner))
        lines = text.splitlines()
        for node in ast.parse(text).body[0].body:  # type: ignore[attr-defined]
            if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == name:
                comment = _after_code(lines[(node.end_lineno or 0) - 1])
                return _cell(comment or " ".join(_above(lines, node.lineno - 2)))
    return ""


def _after_code(line: str) -> str:
    return line.rsplit("  # ", 1)[1].strip() if "  # " in line else ""


def _above(lines: list[str], index: int) -> Iterator[str]:
    first = index
    while lines[first].strip().startswith("# "):
        first -= 1
    return (line.strip().removeprefix("# ") for line in lines[first + 1 : index + 1])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("``", "`")
