"""The searcher of Ray Tune that hands out packs as trials."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from typing import Any

from oracle.errors import DiskError, PackFailed
from oracle.execution.pack_queue import Pack, PackQueue
from oracle.execution.worker import cell_tasks
from oracle.search.graph import CellResult
from scyc.tuning.plan import Plan

_FIRST_NAP, _LONGEST_NAP = 0.2, 5.0  # seconds that a worker without work stays warm
_RETRIES = 3  # of a pack whose worker died


def pack_searcher(queue: PackQueue, workers: int) -> Any:
    """Return a Tune searcher that hands out a queue's packs and takes back their results.

    Its `failure` is the exception that ended the run, or None.
    """
    from ray.tune.search import Searcher  # noqa: PLC0415  # as ray itself

    class PackSearcher(Searcher):
        """Hands the queue's packs to Tune as trials, and their results back."""

        def __init__(self) -> None:
            super().__init__()
            self.out: dict[str, Pack | None] = {}
            self.measures: str | None = None  # the trial that measures the plan
            self.again: list[Pack] = []  # whose workers died
            self.deaths: Counter[Any] = Counter()  # of workers, by pack; None: by the plan
            self.failure: BaseException | None = None
            self.nap = _FIRST_NAP

        def suggest(self, trial_id: str) -> Any:  # a dict, None, or the text FINISHED
            if queue.finished or self.failure is not None:
                return Searcher.FINISHED
            if queue.unplanned and self.measures is None:
                self.measures, self.out[trial_id] = trial_id, None
                return {"most": queue.most}
            try:
                pack = self.again.pop() if self.again else queue.next()
            except BaseException as failure:  # as below
                self.failure = failure
                return Searcher.FINISHED
            if pack is not None:
                self.nap = _FIRST_NAP
                self.out[trial_id] = pack
                tasks = [dataclasses.asdict(each) for each in cell_tasks(pack.cells, queue.known)]
                return {"tasks": json.dumps(tasks), "engine": queue.engine}
            if len(self.out) >= workers:
                return None
            # Tune stops a worker that has nothing to do, and a new one takes seconds to start.
            self.out[trial_id] = None
            self.nap = min(self.nap * 1.2, _LONGEST_NAP)
            return {"nap": self.nap}

        def on_trial_complete(
            self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
        ) -> None:
            pack = self.out.pop(trial_id)
            nothing = pack is None and trial_id != self.measures
            if nothing or self.failure is not None:
                return
            try:
                if error and self.retried(pack):
                    return
                reported = _reported(result, error, queue)
                if pack is None:
                    queue.settle(Plan(**reported["plan"]))
                elif "lost" in reported:
                    queue.requeue(pack, reported["lost"])
                else:
                    queue.complete(pack, _results(reported))
            except BaseException as failure:  # raised again when Tune has ended
                self.failure = failure

        def retried(self, pack: Pack | None) -> bool:
            """Whether work whose worker died is handed out again, to another worker.

            Tune's own retries would all go to a worker on a node that is dead, and not known to be.
            """
            key = None if pack is None else tuple(cell.id for cell in pack.cells)
            self.deaths[key] += 1
            if self.deaths[key] > _RETRIES:
                return False
            queue.events.say("a worker died; its work goes to another")
            if pack is None:
                self.measures = None
            else:
                self.again.append(pack)
            return True

        def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
            """A pack has one result only, which :meth:`on_trial_complete` takes."""

        def __reduce__(self) -> tuple[type, tuple[()]]:
            """Tune pickles its searcher into state that nobody reads; the queue stays out of it."""
            return object, ()

        def save(self, checkpoint_path: str) -> None:
            """Nothing to save: the results are in the database."""

        def restore(self, checkpoint_path: str) -> None:
            """Nothing to restore."""

    return PackSearcher()


def _reported(result: dict[str, Any] | None, error: bool, queue: PackQueue) -> dict[str, Any]:
    """What a worker reports. What the worker had to say is passed on first.

    Raises PackFailed and DiskError.
    """
    if error or result is None:
        raise PackFailed(f"a worker died {_RETRIES + 1} times over the same pack; is memory short?")
    reported: dict[str, Any] = json.loads(result["reported"])
    for line in reported.get("said", ()):
        queue.events.say(line)
    if "disk" in reported:
        raise DiskError(reported["disk"])
    if "failed" in reported:
        raise PackFailed(reported["failed"])
    return reported


def _results(reported: dict[str, Any]) -> list[CellResult]:
    return [
        CellResult(**{**fields, "curve": tuple(tuple(point) for point in fields["curve"])})
        for fields in reported["results"]
    ]
