"""What is printed of whether training runs were trained to the end."""

from __future__ import annotations

from collections.abc import Sequence

from oracle.tables.parts.cycles import OracleCycleRow
from oracle.tables.parts.plateau import Plateau

CyclePlateau = tuple[int, Plateau]  # completed pruning cycles, and what its curves say
UNDERTRAINED = "undertrained"


def undertrained_mark(cycle: OracleCycleRow) -> str:
    """Return the word below a cycle's region where the budget is too small, else nothing.

    Args:
        cycle: Row of the table.

    Returns:
        The word, or "".
    """
    plateau = cycle.get("plateau")
    return UNDERTRAINED if plateau and plateau["verdict"] == UNDERTRAINED else ""


def notes(cycles: Sequence[OracleCycleRow]) -> list[str]:
    """Return whether training reached a plateau: parts of a sentence.

    Args:
        cycles: Of an oracle's table; those of older versions say nothing of it.

    Returns:
        Parts of a sentence; [] where nothing is known.
    """
    plateaus = [(c["cycle"], c.get("plateau")) for c in cycles]
    known = [(cycle, plateau) for cycle, plateau in plateaus if plateau is not None]
    parts = []
    if short := _of(known, UNDERTRAINED):
        rise = max(_largest(plateau) for _, plateau in short)
        parts.append(
            f"undertrained at {_listed(short)} (accuracy still rose by {rise:.2f} points per "
            "tenth of the steps)"
        )
    if unsure := _of(known, "undecided"):
        parts.append(f"plateau undecided at {_listed(unsure)}")
    if blind := [(c, each) for c, each in _of(known, "unknown") if each["seen"] > 1]:
        parts.append(
            f"plateau unknown at {_listed(blind)} (validation interval too long: lower "
            "training.validation_interval)"
        )
    if known and len(_of(known, "plateau")) == len(known):
        parts.append("plateau reached")
    return parts


def _of(cycles: Sequence[CyclePlateau], verdict: str) -> list[CyclePlateau]:
    return [(cycle, plateau) for cycle, plateau in cycles if plateau["verdict"] == verdict]


def _largest(plateau: Plateau) -> float:
    return max((each["rise"] or 0.0 for each in plateau["rates"]), default=0.0)


def _listed(cycles: Sequence[CyclePlateau]) -> str:
    listed = ", ".join(str(cycle) for cycle, _ in cycles)
    return f"cycle{'s' * (len(cycles) > 1)} {listed}"
