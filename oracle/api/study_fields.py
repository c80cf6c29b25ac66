"""The fields of a study in Python, for editors and type checkers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Required, TypedDict


class StudyFields(TypedDict, total=False):
    """Keywords of :func:`oracle.OracleStudy`, those of an own training function among them.

    `Any` is a part: its fields as in YAML, its spec, or an object of the caller's.
    """

    name: Required[str]
    description: str
    dataset: Any
    subset: float
    classes: int | None
    network: Any
    trainer: Any
    metric: Any
    pruning: Any
    training: Any
    schedule: Any
    split: Any
    grid: Required[Any]
    search: Any
    cycles: Required[int]
    replicates: int | Literal["auto"] | Mapping[str, Any]
    tolerance: float
    tolerance_kind: Literal["points", "relative"]
    beam: int
    s_cyc: Any
    baselines: Sequence[Any]
    seed: int
    record: Any
    pack: int | None
    keep_checkpoints: Literal["winning path", "path", "all"]
    shares_storage_with: str | None
    paper: Any
