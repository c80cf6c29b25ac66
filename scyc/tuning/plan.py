"""How the packs of a study are trained on a device: by which engine, and how many at once.

On a CPU the study alone says so. On a GPU what it leaves open is measured once a run (see
:mod:`scyc.tuning.autotune`) and written down with it, so that a run that goes on, and every
worker, has the same plan.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """How packs are trained."""

    engine: str
    most: int  # members of a pack
