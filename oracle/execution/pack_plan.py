"""How far a study says by which engine, and in how large packs, it is trained."""

from __future__ import annotations

from oracle.study.base import Study
from scyc.tuning.plan import Plan


def engine(study: Study) -> str | None:
    """Choose the engine of a study where its fields decide it.

    See :func:`scyc.engines.registry.candidates`. On a CPU the engine is a function of the study; on
    a GPU it is to be timed.

    Args:
        study: What is trained.

    Returns:
        The engine's name; None leaves it to the worker.
    """
    if study.training.deterministic:
        return "solo"
    return None if study.training.engine == "auto" else study.training.engine


def most(study: Study, on_gpu: bool) -> int:
    """Return members of a pack; 0 where a GPU's memory is to be measured.

    Args:
        study: What was declared.
        on_gpu: Whether the workers have GPUs.
    """
    if on_gpu and study.pack is None and engine(study) != "solo":
        return 0
    return study.cells_a_pack


def unplanned(study: Study, on_gpu: bool, stored: Plan | None) -> bool:
    """Whether something is to be measured; stored: what was measured before in the same run."""
    return on_gpu and stored is None and (engine(study) is None or most(study, on_gpu) == 0)
