"""The searcher of Ray Tune that hands out packs as trials, and the scheduler that keeps workers."""

from __future__ import annotations

import dataclasses
import json
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

from oracle.errors import DiskError, PackFailed
from oracle.execution.curves.ray_channel import CurveChannel
from oracle.execution.curves.reporter import Point
from oracle.execution.pack_queue import Pack, PackQueue
from oracle.execution.worker import cell_tasks
from oracle.search.graph import CellResult
from scyc.json_types import JsonObject
from scyc.tuning.plan import Plan

_FIRST_NAP, _LONGEST_NAP = 0.2, 5.0  # seconds that a worker without work stays warm
_RETRIES = 3  # of a pack whose worker died
_POLL = 1.0  # seconds between two polls of the workers' messages


class PackTrials:
    """Hands a queue's packs out as trials, and their results back to it.

    Attributes:
        failure: The exception that ended the run, or None.
    """

    def __init__(self, queue: PackQueue, workers: int, finished: Any) -> None:
        """Take a queue; finished: what Tune takes for the end of a search."""
        self.failure: BaseException | None = None
        self._queue, self._workers, self._finished = queue, workers, finished
        self._out: dict[str, Pack | None] = {}
        self._measures: str | None = None  # the trial that measures the plan
        self._again: list[Pack] = []  # whose workers died
        self._deaths: Counter[Any] = Counter()  # of workers, by pack; None: by the plan
        self._to_start = workers  # workers that were not requested yet
        self._nap = _FIRST_NAP

    def suggest(self, trial_id: str) -> Any:
        """Return a trial's configuration, None while every worker has a trial, or the end.

        The first trials only start the workers, so that no pack waits for a worker to start.

        Args:
            trial_id: Ray Tune's name of the trial.

        Returns:
            A mapping for the Trainable, None, or the value that ends the search.
        """
        queue = self._queue
        if queue.finished or self.failure is not None:
            return self._finished
        if len(self._out) >= self._workers:
            return None
        if self._to_start:
            self._to_start -= 1
            return self._rest(trial_id, 0.0)
        if queue.unplanned and self._measures is None:
            self._measures, self._out[trial_id] = trial_id, None
            return {"most": queue.most}
        return self._work(trial_id)

    def _work(self, trial_id: str) -> Any:
        """Return the configuration of a trial that trains a pack, or that rests without one."""
        queue = self._queue
        try:
            pack = self._again.pop() if self._again else queue.next()
        except BaseException as failure:  # raised again when Tune has ended
            self.failure = failure
            return self._finished
        if pack is None:
            # Tune stops a worker that has nothing to do, and a new one takes seconds to start.
            self._nap = min(self._nap * 1.2, _LONGEST_NAP)
            return self._rest(trial_id, self._nap)
        self._nap = _FIRST_NAP
        self._out[trial_id] = pack
        tasks = [dataclasses.asdict(each) for each in cell_tasks(pack.cells, queue.known)]
        return {"tasks": json.dumps(tasks), "engine": queue.engine}

    def _rest(self, trial_id: str, seconds: float) -> dict[str, float]:
        """Return the configuration of a trial that only keeps its worker."""
        self._out[trial_id] = None
        return {"nap": seconds}

    def complete(self, trial_id: str, result: JsonObject | None, error: bool) -> None:
        """Take what a trial reported, and the results of its pack.

        Args:
            trial_id: Ray Tune's name of the trial.
            result: What the Trainable reported last; None: nothing.
            error: Whether its worker died.
        """
        pack = self._out.pop(trial_id)
        nothing = pack is None and trial_id != self._measures
        if nothing or self.failure is not None:
            return
        try:
            if error and self._retried(pack):
                return
            reported = _reported(result, error, self._queue)
            if pack is None:
                self._queue.settle(Plan(**reported["plan"]))
            elif "lost" in reported:
                self._queue.requeue(pack, reported["lost"])
            else:
                self._queue.complete(pack, _results(reported))
        except BaseException as failure:  # raised again when Tune has ended
            self.failure = failure

    def take_curves(self, messages: Sequence[tuple[str, list[Point]]]) -> None:
        """Pass on the validation values of packs that are under way.

        Args:
            messages: Trial and values of each; those of trials that have ended are left out.
        """
        for trial_id, points in messages:
            pack = self._out.get(trial_id)
            if pack is not None and self.failure is None:
                self._queue.validated(pack, points)

    def _retried(self, pack: Pack | None) -> bool:
        """Return whether work whose worker died is handed out again, to another worker.

        Tune's own retries would all go to a worker on a node that is dead, and not known to be.
        """
        key = None if pack is None else tuple(cell.id for cell in pack.cells)
        self._deaths[key] += 1
        if self._deaths[key] > _RETRIES:
            return False
        self._queue.events.say("a worker died; its work goes to another")
        if pack is None:
            self._measures = None
        else:
            self._queue.events.on_restart(pack)
            self._again.append(pack)
        return True


def pack_searcher(queue: PackQueue, workers: int) -> Any:
    """Return a Tune searcher that hands out a queue's packs and takes back their results.

    Args:
        queue: Of the run.
        workers: How many train side by side.

    Returns:
        A ``ray.tune.search.Searcher``; its `trials` is a :class:`PackTrials`.
    """
    from ray.tune.search import Searcher  # noqa: PLC0415  # as ray itself

    class PackSearcher(Searcher):
        """The searcher that Ray Tune calls, over :class:`PackTrials`."""

        def __init__(self) -> None:
            super().__init__()
            self.trials = PackTrials(queue, workers, Searcher.FINISHED)

        def suggest(self, trial_id: str) -> Any:
            return self.trials.suggest(trial_id)

        def on_trial_complete(
            self, trial_id: str, result: JsonObject | None = None, error: bool = False
        ) -> None:
            self.trials.complete(trial_id, result, error)

        def on_trial_result(self, trial_id: str, result: JsonObject) -> None:
            """Ignore it: a pack has one result only, which :meth:`on_trial_complete` takes."""

        def __reduce__(self) -> tuple[type, tuple[()]]:
            """Tune pickles its searcher into state that nobody reads; the queue stays out of it."""
            return object, ()

        def save(self, checkpoint_path: str) -> None:
            """Nothing to save: the results are in the database."""

        def restore(self, checkpoint_path: str) -> None:
            """Nothing to restore: see :meth:`save`."""

    return PackSearcher()


def pack_scheduler() -> Any:
    """Return a Tune scheduler that lets every worker finish its start.

    Tune's own takes the oldest trial whose worker is still starting, gives it to the next worker
    that is free, and stops the one that starts. Where a start takes longer than a training run,
    that goes on for ever, and one worker trains alone. This scheduler names no trial: Tune then
    starts them in their order, each with a free worker or a new one.

    Returns:
        A ``ray.tune.schedulers.TrialScheduler``.
    """
    from ray.tune.schedulers import FIFOScheduler  # noqa: PLC0415  # as ray itself

    class PackScheduler(FIFOScheduler):
        """Tune's first-in-first-out scheduler, without a preference for a trial."""

        def choose_trial_to_run(self, tune_controller: Any) -> None:
            """Return None: Tune starts trials in their order."""

    made: Any = PackScheduler  # Ray gives its constructor no types
    return made()


def curve_callback(pack_trials: PackTrials, channel: CurveChannel) -> Any:
    """Return a Tune callback that passes the curves of packs under way on, once a second.

    Args:
        pack_trials: Of the run.
        channel: What the workers send to.

    Returns:
        A ``ray.tune.Callback``.
    """
    from ray.tune import Callback  # noqa: PLC0415  # as ray itself

    class CurveCallback(Callback):
        """What Tune calls."""

        def __init__(self) -> None:
            self._polled = time.monotonic()

        def on_step_end(self, iteration: int, trials: list[Any], **info: Any) -> None:
            if time.monotonic() - self._polled >= _POLL:
                pack_trials.take_curves(channel.read())
                self._polled = time.monotonic()

        def __reduce__(self) -> tuple[type, tuple[()]]:
            """As the searcher's."""
            return object, ()

    made: Any = CurveCallback  # Ray gives its constructor no types
    return made()


def _reported(result: JsonObject | None, error: bool, queue: PackQueue) -> JsonObject:
    """Return what a worker reports; its messages are passed on first.

    Raises PackFailed and DiskError.
    """
    if error or result is None:
        raise PackFailed(f"a worker died {_RETRIES + 1} times over the same pack; is memory short?")
    reported: JsonObject = json.loads(result["reported"])
    for line in reported.get("said", ()):
        queue.events.say(line)
    if "disk" in reported:
        raise DiskError(reported["disk"])
    if "failed" in reported:
        raise PackFailed(reported["failed"])
    return reported


def _results(reported: JsonObject) -> list[CellResult]:
    return [
        CellResult(**{**fields, "curve": tuple(tuple(point) for point in fields["curve"])})
        for fields in reported["results"]
    ]
