"""A study made smaller, so that its machinery can be seen at work before its full cost is paid."""

from __future__ import annotations

from dataclasses import replace

from oracle.errors import ScaleProblem
from oracle.settings import ScaleDown
from oracle.study.base import Study
from oracle.study.function import FunctionStudy
from oracle.study.oracle import OracleStudy
from oracle.study.parts.replicates import ReplicateRange
from oracle.study.validation import parse
from scyc.errors import BadInput, Problem
from scyc.json_types import JsonObject
from scyc.specs.base import as_json
from scyc.specs.ranges import exact

_EVALUATIONS = 10  # of the validation images, at least, where the study has as many
# Fields of schedules that shrink with the budget.
_ITERATIONS = ("warmup", "cut_warmup", "iterations", "step")


def scale_down(study: Study, smaller: ScaleDown) -> Study:
    """Make a study smaller.

    Its field ``shrunk`` says what was reduced, and every output repeats it.

    Args:
        study: As declared.
        smaller: What to reduce.

    Returns:
        A study with another id; `study` is left as it is.

    Raises:
        BadInput: The study would not be smaller, or two drops of a schedule would fall together.
    """
    content = as_json(study)
    problems: list[Problem] = []
    changes: dict[str, str] = {}
    if isinstance(study, FunctionStudy):
        problems += _of_images(smaller)
        smaller = replace(smaller, scale=None, subset=None, classes=None)
    if smaller.scale is not None and smaller.scale != 1:
        problems += _scaled(content, smaller.scale)
        new, old = content["training"]["steps"], study.training.steps
        changes["iterations"] = f"{new:,} of {old:,} (warm-up and drops with them)"
    for field, name in (
        ("subset", "images"),
        ("classes", "classes"),
        ("cycles", "cycles"),
        ("replicates", "replicates"),
    ):
        value, declared = getattr(smaller, field), getattr(study, field)
        if value is None or value == declared:
            continue
        if isinstance(declared, ReplicateRange):
            problems += _smaller(field, value, declared.least)
            content[field], changes[name] = value, f"{value} of {declared.least} to {declared.most}"
            continue
        problems += _smaller(field, value, declared)
        content[field] = value
        if field == "subset":
            changes[name] = f"{100 * value:g} of {100 * declared:g} % of each class"
        else:
            changes[name] = f"the first {value}" if declared is None else f"{value} of {declared}"
    if "cycles" in changes:
        _cut(content)
    if smaller.grid is not None:
        problems += _thin(content, smaller.grid, changes)
    if problems:
        raise BadInput(study.name, problems)
    before = study.shrunk
    content["shrunk"] = before | {
        what: f"{before[what]}; of these {how}" if what in before else how
        for what, how in changes.items()
    }
    return parse(content, study.name)


def _of_images(smaller: ScaleDown) -> list[Problem]:
    """Refuse the options that a training function knows nothing of."""
    given = {"scale": smaller.scale, "subset": smaller.subset, "classes": smaller.classes}
    rule = "a training function's runs cannot be shrunk so; pass it in trainer.options"
    return [ScaleProblem(name, rule, value) for name, value in given.items() if value is not None]


def lengthened(study: OracleStudy, factor: float) -> OracleStudy:
    """Return the study with `factor` times the iterations, warm-up, milestones and validations.

    Args:
        study: Is left as it is.
        factor: 1 or more.

    Returns:
        A new study; numbers of iterations are rounded.
    """
    content = as_json(study)
    _scaled(content, factor)
    study_of_text = parse(content, study.name)
    assert isinstance(study_of_text, OracleStudy)
    return study_of_text


def _cut(content: JsonObject) -> None:
    """Leave out the cycles that are no more, in place; the last one stands for them."""
    last = content["cycles"]
    for holder, field in ((content, "columns"), (content.get("objective") or {}, "cycles")):
        if holder.get(field):
            holder[field] = sorted({min(cycle, last) for cycle in holder[field]} | {last})
    halving = (content.get("search") or {}).get("halving") if content["kind"] == "search" else None
    if halving is not None:
        halving["first"] = max(1, min(halving["first"], last - 1))


def _thin(content: JsonObject, count: int, changes: dict[str, str]) -> list[Problem]:
    """Leave every grid `count` values, in place."""
    counts = [_thinned(each, count) for each in _grids(content)]
    if not counts:
        rule = "this study searches no grid of max_lr; leave the option out"
        return [ScaleProblem("grid", rule, count)]
    if any(each != count for each in counts):
        changes["grid"] = f"{count} of {' and '.join(str(each) for each in counts)} max_lr"
    return [problem for each in counts for problem in _smaller("grid", count, each)]


def _smaller(field: str, new: float, old: float | None) -> list[Problem]:
    if old is None or new <= old:
        return []
    return [
        ScaleProblem(
            field, f"is above the study's {exact(old)}; options only make a study smaller", new
        )
    ]


def _scaled(content: JsonObject, scale: float) -> list[Problem]:
    """Shrink every number of iterations, in place."""
    training = content["training"]
    steps = training["steps"] = _at_least_one(training["steps"], scale)
    # Evaluations as frequent as before would soon cost more than the training between them.
    seldom = min(training["validate_every"], max(1, steps // _EVALUATIONS))
    training["validate_every"] = max(seldom, _at_least_one(training["validate_every"], scale))
    if isinstance(content["pruning"]["rewind"], int):
        content["pruning"]["rewind"] = _at_least_one(content["pruning"]["rewind"], scale)
    problems: list[Problem] = []
    for schedule in _schedules(content):
        for field in _ITERATIONS:
            if field in schedule:
                least = 0 if field == "warmup" else 1
                schedule[field] = max(least, round(schedule[field] * scale))
        if "drops" in schedule:
            drops = [_at_least_one(drop, scale) for drop in schedule["drops"]]
            if len({*drops, steps}) <= len(drops):
                rule = f"makes milestones coincide at iterations {drops} of {steps}; raise it"
                problems.append(ScaleProblem("scale", rule, scale))
            schedule["drops"] = drops
    return problems


def _at_least_one(count: int, scale: float) -> int:
    return max(1, round(count * scale))


def _schedules(content: JsonObject) -> list[JsonObject]:
    if "schedules" in content:
        return [entry["schedule"] for entry in content["schedules"]]
    return [content["schedule"]]


def _grids(content: JsonObject) -> list[JsonObject]:
    if "schedules" in content:
        tuned = [entry["tune"] for entry in content["schedules"]]
        return [each["max_lr"] for each in tuned if each is not None]
    if content["kind"] == "search" and content["search"]["name"] == "paper":
        return [content["search"]["epsilon"]]
    return [content["grid"]] if "grid" in content else []


def _thinned(grid: JsonObject, count: int) -> int:
    """Leave a grid `count` values, evenly spread, in place; returns how many it had."""
    if "count" in grid:
        before = grid["count"]
        grid["count"] = max(2, count)
        return int(before)
    rates = grid["max_lr"]
    if count < len(rates):
        last = len(rates) - 1
        grid["max_lr"] = [rates[round(index * last / max(1, count - 1))] for index in range(count)]
    return len(rates)
