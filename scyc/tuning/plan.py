"""How the packs of a study are trained on a device: the engine, and the size of a pack.

On a CPU both follow from the study alone. On a GPU what it leaves open is measured once a run (see
:mod:`scyc.tuning.autotune`) and stored with it, so that a resumed run, and every worker, has the
same plan.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """How packs are trained."""

    engine: str
    most: int  # members of a pack at most; the name is that of a stored column
