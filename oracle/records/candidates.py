"""A candidate of a search as Optuna's storage keeps it, in plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from oracle.search.request import StudyKey
from scyc.json_types import JsonMapping

Fate = Literal["finished", "stopped", "diverged"]


@dataclass(frozen=True)
class Axis:
    """The bounds of a parameter, both included."""

    low: float
    high: float
    log: bool = False
    whole: bool = False  # a whole number


@dataclass(frozen=True)
class CandidateTrial:
    """One candidate, of which all is known."""

    study_key: StudyKey  # the Optuna study of the whole search
    number: int  # counted from 0, in the search's order
    metrics: tuple[str, ...]  # what each objective is
    axes: Mapping[str, Axis]
    params: Mapping[str, float]
    fate: Fate
    values: tuple[float, ...]  # one for each objective; empty unless finished
    curve: Mapping[int, float]  # validation accuracy by pruning cycle, in percent
    attributes: JsonMapping
    seconds: float  # of worker time, shared training runs included
