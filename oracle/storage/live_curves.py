"""Training runs that are under way, shown as running trials with their curves.

They are for those who watch, in the Optuna dashboard and on the pages. Nothing else reads them: a
run that goes on deletes what a driver that was killed has left, and results are stored as ever.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from oracle.errors import LeaseLost, StorageError
from oracle.search.graph import Cell
from oracle.search.request import StudyKey
from oracle.storage.recorder import Recorder

_PACE = 1.0  # seconds between two writes, at least
_SHARE = 100  # times what the last write took lie between two: under 1 % of the driver's time


@dataclass
class LiveCurves:
    """Writes validation values as they come, seldom enough to slow no training run.

    A training run that ends before it is time to write never becomes a running trial. A database
    that is away is not waited for. Where the lease is lost, that is for others to notice.
    """

    recorder: Recorder
    now: Callable[[], float] = time.monotonic
    _new: dict[StudyKey, dict[str, tuple[Cell, dict[int, float]]]] = field(default_factory=dict)
    _due: float = 0.0

    def __post_init__(self) -> None:
        self._due = self.now() + _PACE

    def add(self, key: StudyKey, points: Iterable[tuple[Cell, int, float]]) -> None:
        """Take validation values of training runs; write all that have come, if it is time.

        Args:
            key: The Optuna study that is to hold the training runs.
            points: Cell, completed iterations and validation metric of each.
        """
        new = self._new.setdefault(key, {})
        for cell, step, value in points:
            new.setdefault(cell.id, (cell, {}))[1][step] = value
        began = self.now()
        if began < self._due:
            return
        for each, curves in self._new.items():
            if curves:  # those of training runs that have ended are gone
                self._write(each, list(curves.values()))
        self._new.clear()
        ended = self.now()
        self._due = ended + max(_PACE, _SHARE * (ended - began))

    def finished(self, cell: Cell, key: StudyKey) -> None:
        """Forget a training run whose result is stored.

        Args:
            cell: The training run.
            key: The Optuna study that holds it.
        """
        self._new.get(key, {}).pop(cell.id, None)

    def restarted(self, cells: Sequence[Cell], key: StudyKey) -> None:
        """Take back the curves of training runs whose worker died.

        Args:
            cells: The training runs.
            key: The Optuna study that is to hold them.
        """
        for cell in cells:
            self.finished(cell, key)
        recorder = self.recorder
        with contextlib.suppress(StorageError, LeaseLost):
            recorder.store.restart_running(
                recorder.graph, recorder.name, key, cells, recorder.lease.claim
            )

    def clear(self) -> None:
        """Delete all running trials: the run begins or ends."""
        self._new.clear()
        with contextlib.suppress(StorageError, LeaseLost):
            self.recorder.store.delete_running(self.recorder.graph, self.recorder.lease.claim)

    def _write(self, key: StudyKey, curves: Sequence[tuple[Cell, Mapping[int, float]]]) -> None:
        recorder = self.recorder
        with contextlib.suppress(StorageError, LeaseLost):  # a study that somebody deleted, too
            recorder.store.show_running(
                recorder.graph, recorder.name, key, curves, recorder.lease.claim, recorder.bounds
            )
