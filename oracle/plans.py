"""How far a study says by which engine, and in how large packs, it is trained."""

from __future__ import annotations

from oracle.study import Study


def engine(study: Study, on_gpu: bool) -> str | None:
    """The engine's name; None where a GPU is to be timed.

    On a CPU a function of the study alone, the same that :func:`scyc.engines.candidates` has.
    """
    training = study.training
    if training.engine != "auto":
        return training.engine
    if training.deterministic:
        return "solo"
    if on_gpu:
        return None
    return "stacked" if study.stackable else "solo"


def most(study: Study, on_gpu: bool) -> int:
    """Members of a pack; 0 where a GPU's memory is to be measured."""
    if study.pack is None and on_gpu and engine(study, on_gpu) != "solo":
        return 0
    return study.cells_a_pack
