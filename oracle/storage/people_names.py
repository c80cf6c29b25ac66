"""What Optuna studies are called for people: ``digits / cycle 03 / 51 %``.

A study's own name holds hashes, and by it a run finds the study again: it never changes. These
names are made where studies are shown, so those of earlier versions have them, too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

_KINDS = MappingProxyType({"path": "pruning run", "candidates": "training runs of the search"})
_DIGITS = 8  # of a hash that tells two studies of one name apart


@dataclass(frozen=True)
class DescribedStudy:
    """An Optuna study by its own name and its user attributes."""

    number: int  # in its table, as the dashboard's addresses have it
    name: str
    attributes: Mapping[str, Any]

    @property
    def is_summary(self) -> bool:
        """Whether it holds the answers of a run's cycles."""
        kind = self.attributes.get("place")
        return isinstance(kind, dict) and kind.get("kind") == "summary"


def people_name(
    name: str,
    kind: str,
    cycle: int | None = None,
    weights_remaining: float | None = None,
    role: Mapping[str, object] = MappingProxyType({}),
) -> str:
    """Return what an Optuna study is called for people, such as ``digits / cycle 03 / 51 %``.

    Args:
        name: Of the run's study.
        kind: What the Optuna study holds, as :class:`oracle.search.request.StudyKey` has it.
        cycle: Whose training runs it holds; None where it holds those of all cycles.
        weights_remaining: Percent; None where it is not known.
        role: What the study is in a run, as its attribute ``run:<run_id>`` has it; empty where no
            run has ended with it.

    Returns:
        A name that several studies may have.
    """
    part = _of_role(role)
    if cycle is None:
        return f"{name} / {part or _KINDS.get(kind, kind)}"
    share = "" if weights_remaining is None else f" / {weights_remaining:.3g} %"
    return f"{name} / cycle {cycle:02d}{share}{f' / {part}' if part else ''}"


def _of_role(role: Mapping[str, object]) -> str:
    """Return what tells a study from the others of its run; empty where its cycle does."""
    what, label = role.get("role"), role.get("label")
    if what == "rival":
        options = role.get("rival")
        return str(options.get("name", "baseline")) if isinstance(options, dict) else "baseline"
    if what == "tuning":
        return f"tuning of {label}"
    return {"s_cyc": "S-Cyc", "beam": "beam", "schedule": str(label)}.get(str(what), "")


def people_names(
    studies: Iterable[DescribedStudy], weights_remaining: Mapping[int, float]
) -> dict[int, str]:
    """Name the studies of a storage for people, each differently.

    Args:
        studies: Those that are shown side by side.
        weights_remaining: Percent, by number, of those that have a training run.

    Returns:
        Names by number. A study that is not ours keeps its own; where two would have one name, the
        digits follow in which the hashes of their graphs or places differ.
    """
    every = list(studies)
    names = {each.number: _name(each, weights_remaining.get(each.number)) for each in every}
    for part in (_hash("graph"), _hash("node")):
        count = Counter(names.values())
        for each in every:
            if count[names[each.number]] > 1 and (digits := part(each)):
                names[each.number] += f" / {digits}"
    return names


def _name(study: DescribedStudy, weights_remaining: float | None) -> str:
    attributes = study.attributes
    if "outside" in attributes:
        return f"{attributes['outside']} / training runs of another program"
    kind = attributes.get("place")
    if not isinstance(kind, dict) or not {"kind", "cycle"} <= kind.keys():
        return study.name
    roles = (value for key, value in attributes.items() if key.startswith("run:"))
    name = study.name.partition("/")[0]
    return people_name(name, kind["kind"], kind["cycle"], weights_remaining, next(roles, {}))


def _hash(attribute: str) -> Callable[[DescribedStudy], str]:
    def digits(study: DescribedStudy) -> str:
        return str(study.attributes.get(attribute, "")).rpartition("-")[2][:_DIGITS]

    return digits
