"""What training runs outside of the oracle have reported. Rows of it are in `oracle.database`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Observation:
    """One training run that another program ran."""

    cycle: int  # completed pruning cycles, 0 for the unpruned network
    max_lr: float
    replicate: int  # counted from 0
    accuracy: float | None  # validation accuracy in percent; None: it diverged
    owner: str  # name of the token that reported it
    reported: datetime  # UTC


@dataclass(frozen=True)
class Declared:
    """One run whose training runs another program runs."""

    run_id: str
    spec: str  # JSON of every field
    owner: str  # name of the token that declared it
    declared: datetime  # UTC
