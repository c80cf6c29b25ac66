"""The trainable of Ray Tune: one pack a trial."""

from __future__ import annotations

import dataclasses
import json
import time
import traceback
from typing import Any

from oracle.errors import DiskError, PackFailed
from oracle.execution.curves import ray_channel
from oracle.execution.functions.worker import AnyWorker, make_worker
from oracle.execution.worker import CellTask, WorkerConfig
from oracle.host.disk import raise_disk_errors
from scyc.data.cache import ImagesLost
from scyc.json_types import JsonObject
from scyc.storage.checkpoint_store import CheckpointError, CheckpointLost


def pack_trainable() -> type:
    """Return the Trainable whose trials are packs."""
    from ray import tune  # noqa: PLC0415  # as ray itself

    class TrainPack(tune.Trainable):
        """One pack a trial; the worker behind it lives as long as its process."""

        def setup(self, config: JsonObject, **shared: Any) -> None:
            self.work = config
            self.worker_spec = WorkerConfig(**shared["worker_spec"])
            self.channel: str = shared["channel"]
            self.worker: AnyWorker | None = None

        def reset_config(self, new_config: JsonObject) -> bool:
            self.work = new_config
            return True

        def step(self) -> JsonObject:
            if "nap" in self.work:
                time.sleep(self.work["nap"])
                return {"done": True}
            reported: JsonObject = {}
            try:
                with raise_disk_errors():
                    self.worker = self.worker or make_worker(self.worker_spec)
                    reported = self._done(self.worker)
            except DiskError as failure:
                reported = {"disk": str(failure)}
            except CheckpointLost as lost:
                reported = {"lost": str(lost)}
            except (CheckpointError, ImagesLost, PackFailed) as failure:
                reported = {"failed": str(failure)}
            except Exception:  # the driver shows it; a retry would only repeat it
                reported = {"failed": traceback.format_exc()}
            if self.worker is not None:
                reported["said"], self.worker.messages = self.worker.messages, []
            return {"done": True, "reported": json.dumps(reported)}

        def _done(self, worker: AnyWorker) -> JsonObject:
            if "most" in self.work:
                return {"plan": dataclasses.asdict(worker.plan(self.work["most"] or None))}
            tasks = [CellTask(**each) for each in json.loads(self.work["tasks"])]
            worker.curves.send = ray_channel.sender(self.channel, self.trial_id)
            results = worker.train(tasks, self.work["engine"])
            worker.curves.forget()
            return {"results": [dataclasses.asdict(result) for result in results]}

        def save_checkpoint(self, checkpoint_dir: str) -> None:
            """Do nothing: a pack has nothing that Tune should keep."""

        def load_checkpoint(self, checkpoint: Any) -> None:
            """Do nothing: a pack starts from its parents' checkpoints, which are not Tune's."""

    return TrainPack
