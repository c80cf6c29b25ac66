"""By which engine, and in how large packs, a study is trained, as far as it says so."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from oracle.search.graph import Cell
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
    """Return the largest number of members of a pack.

    Args:
        study: What was declared.
        on_gpu: Whether the workers have GPUs.

    Returns:
        Members; 0 where a GPU's memory is to be measured first.
    """
    if on_gpu and study.pack is None and engine(study) != "solo":
        return 0
    return study.cells_a_pack


def unplanned(study: Study, on_gpu: bool, stored: Plan | None) -> bool:
    """Return whether engine or pack size is to be measured before packs are trained.

    Args:
        study: What was declared.
        on_gpu: Whether the workers have GPUs.
        stored: What was measured before in the same run.

    Returns:
        False on CPUs, where both follow from the study.
    """
    return on_gpu and stored is None and (engine(study) is None or most(study, on_gpu) == 0)


def packed(cells: Sequence[Cell], most: int) -> list[tuple[Cell, ...]]:
    """Split cells, in their order, into packs of at most `most`, as even as can be.

    Depends on nothing else, so not on the workers. Of a pack that was trained in part only what is
    missing is trained: on a CPU a member's bits do not depend on the other members.

    Args:
        cells: Training runs, in their order.
        most: Members of a pack at most, 1 or more.

    Returns:
        Packs whose sizes differ by at most 1; [] without cells.
    """
    count = -(-len(cells) // most)
    ends = [round(index * len(cells) / count) for index in range(count + 1)]
    return [tuple(cells[a:b]) for a, b in pairwise(ends)]
