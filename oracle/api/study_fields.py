"""The fields of a study in Python, for editors and type checkers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Required, TypedDict

Fields = Mapping[str, Any]  # of a part, as in YAML; the parts' specs are taken, too


class StudyFields(TypedDict, total=False):
    """Keywords of :func:`oracle.OracleStudy`, those of an own training function among them."""

    name: Required[str]
    description: str
    dataset: Any
    subset: float
    classes: int | None
    network: Any
    trainer: Any
    metric: Fields | Any
    pruning: Fields | Any
    training: Fields | Any
    schedule: Fields | Any
    split: Fields | Any
    grid: Required[Fields | Any]
    search: Literal["grid", "adaptive"] | Fields | Any
    cycles: Required[int]
    replicates: int | Literal["auto"] | Fields
    tolerance: float
    tolerance_kind: Literal["points", "relative"]
    beam: int
    s_cyc: Fields | Any
    baselines: Sequence[Any]
    seed: int
    record: Fields | Any
    pack: int | None
    keep_checkpoints: Literal["path", "all"]
    shares_storage_with: str | None
    paper: Fields | Any
