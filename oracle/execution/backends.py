"""The ways to get packs trained: Ray Tune's workers, or this process. All else is the same.

The only module that knows Ray. One ``Tuner.fit`` carries a whole run; each of its trials is a pack.
Ray's own experiment state is scratch: what counts is handed to the queue at once.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import logging
import os
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from shlex import quote
from types import MappingProxyType
from typing import Any, Protocol

from oracle.errors import DiskError, PackFailed
from oracle.execution import ray_auth, ray_reaper
from oracle.execution.pack_queue import Pack, PackQueue
from oracle.execution.worker import CellTask, Worker, WorkerConfig, task
from oracle.host.devices import resolve_device
from oracle.host.disk import raise_disk_errors
from oracle.host.processes import is_alive, on_this_host, process_id_string
from oracle.search.graph import CellResult
from scyc.data.images import ImagesLost
from scyc.storage.checkpoint_store import CheckpointError, CheckpointLost
from scyc.tuning.plan import Plan

_FIRST_NAP, _LONGEST_NAP = 0.2, 5.0  # seconds that a worker without work stays warm
_SCRATCH = "oracle-ray-"
_LONGEST = 19  # characters of a folder in which Ray's sockets find room
_RETRIES = 3  # of a pack whose worker died


class Backend(Protocol):
    """Trains what a queue hands out until it is finished."""

    def __call__(self, worker_spec: WorkerConfig, queue: PackQueue, workers: int) -> None:
        """Raises PackFailed, DiskFailed; whatever was finished before is in the queue by then."""


def inline(worker_spec: WorkerConfig, queue: PackQueue, workers: int = 1) -> None:
    """Train in this process, one pack after another."""
    worker = _worker(worker_spec)
    if queue.unplanned:
        with _told(worker, queue):
            plan = worker.plan(queue.most or None)
        queue.settle(plan)
    while not queue.finished:
        pack = queue.next()
        assert pack is not None, "all packs are done, yet a search waits"
        with _told(worker, queue):
            try:
                results = worker.train(_tasks(pack, queue), queue.engine)
            except CheckpointLost as lost:
                queue.requeue(pack, str(lost))
                continue
        queue.complete(pack, results)


def _worker(worker_spec: WorkerConfig) -> Worker:
    """A worker in this process. Raises PackFailed, DiskFailed."""
    try:
        with raise_disk_errors():
            return Worker(worker_spec)
    except ImagesLost as error:
        raise PackFailed(str(error)) from error


@contextlib.contextmanager
def _told(worker: Worker, queue: PackQueue) -> Iterator[None]:
    """Pass on what a worker says, and any failure of its as PackFailed or DiskFailed."""
    try:
        with raise_disk_errors():
            yield
    except (DiskError, PackFailed):
        raise
    except CheckpointError as error:
        raise PackFailed(str(error)) from error
    except Exception as error:
        raise PackFailed(traceback.format_exc()) from error
    finally:
        for line in worker.messages:
            queue.say(line)
        worker.messages.clear()


def ray_tune(worker_spec: WorkerConfig, queue: PackQueue, workers: int) -> None:
    """Train on Ray Tune's workers: those of a cluster where RAY_ADDRESS names one, else local ones.

    Each worker is one process with one CPU, or a share of a GPU, and is used until the end. Raises
    PackFailed, also where there is no GPU to share.
    """
    if queue.finished:
        return
    scratch = _scratch()
    cluster = "RAY_ADDRESS" in os.environ
    alone = contextlib.nullcontext() if cluster else ray_reaper.none_left(scratch)
    try:
        with alone, ray_auth.environment(workers, None if cluster else scratch, queue.say):
            import ray  # noqa: PLC0415  # seconds; and it reads the environment on import

            on_gpu = resolve_device(worker_spec.device).type == "cuda"
            try:
                _connect(ray, cluster, workers, on_gpu, scratch)
                share = gpu_share(workers, _gpus(ray)) if on_gpu else 0.0
                spec = dataclasses.replace(worker_spec, share=share or 1.0)
                _fit(spec, queue, workers, share, scratch)
            finally:
                ray.shutdown()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


BACKENDS: Mapping[str, Backend] = MappingProxyType({"ray": ray_tune, "inline": inline})


def gpu_share(workers: int, gpus: int) -> float:
    """Share of a GPU that each worker takes: as many workers on each GPU, and one GPU a worker.

    Ray counts ten-thousandths, and takes no share that is on two GPUs. Raises PackFailed where
    there is no GPU.
    """
    if gpus == 0:
        raise PackFailed("Ray sees no GPU; start it where there is one, or run with --device cpu")
    at_one = -(-workers // gpus)
    return (10_000 // at_one) / 10_000


def _gpus(ray: Any) -> int:
    return int(ray.cluster_resources().get("GPU", 0))


def _scratch() -> Path:
    """A new folder for Ray's files; those of drivers that were killed are removed on the way.

    It lies in the folder for temporary files, or in /tmp where that one's path is too long: the
    paths of Ray's sockets have 88 characters more, and may have 107.
    """
    place = Path(tempfile.gettempdir())
    short = Path("/tmp")  # noqa: S108  # the folder in it is made for its user alone
    if len(str(place)) > _LONGEST and os.access(short, os.W_OK):
        place = short
    for owner in place.glob(f"{_SCRATCH}*/driver"):
        with contextlib.suppress(OSError):
            process = owner.read_text()
            if on_this_host(process) and not is_alive(process):
                shutil.rmtree(owner.parent, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=_SCRATCH, dir=place))
    (folder / "driver").write_text(process_id_string())
    return folder


def _connect(ray: Any, cluster: bool, workers: int, on_gpu: bool, scratch: Path) -> None:
    quiet = {"logging_level": logging.ERROR, "log_to_driver": False}
    if cluster:
        try:
            ray.init(**quiet)
        except ConnectionError as error:
            raise PackFailed(_unreached(error)) from error
        return
    with contextlib.suppress(AttributeError):  # else a second Ray of this process gets no token
        ray._raylet.AuthenticationTokenLoader.instance().reset_cache()
    ray.init(
        num_cpus=workers,
        num_gpus=None if on_gpu else 0,
        include_dashboard=False,
        object_store_memory=100 * 2**20,
        _temp_dir=str(scratch / "r"),  # Ray opens it to everyone; the folder around it stays closed
        _node_ip_address=ray_auth.LOOPBACK,
        runtime_env=_own_python(),
        **quiet,
    )
    if ray.util.get_node_ip_address() != ray_auth.LOOPBACK:
        raise PackFailed("Ray was imported too early: it listens beyond this machine")


def _unreached(error: BaseException) -> str:
    """Why there is no way into a cluster, and what may help."""
    told: BaseException | None = error
    while told is not None:
        if "InvalidAuthToken" in str(told):
            return (
                f"{error}: it asks for its token; set RAY_AUTH_MODE=token, and RAY_AUTH_TOKEN_PATH "
                "to the file in which the token is"
            )
        told = told.__cause__
    return f"{error}; does `ray start` run there, and on this machine, too?"


def _own_python() -> dict[str, str] | None:
    """Tell the workers which Python to run, where Ray must be told.

    Ray hands the path of its Python to a shell as it is, so one with a space must come quoted.
    """
    quoted = quote(sys.executable)
    return None if quoted == sys.executable else {"py_executable": quoted}


def _fit(
    worker_spec: WorkerConfig, queue: PackQueue, workers: int, share: float, scratch: Path
) -> None:
    from ray import tune  # noqa: PLC0415  # as ray itself
    from ray.tune.search import Searcher  # noqa: PLC0415  # as ray itself

    class Packs(Searcher):
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
                tasks = [dataclasses.asdict(each) for each in _tasks(pack, queue)]
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
            queue.say("a worker died; its work goes to another")
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

    packs = Packs()
    logging.getLogger("ray.tune").setLevel(logging.CRITICAL)  # tracebacks of workers that died
    trainable = tune.with_resources(
        tune.with_parameters(_trainable(), worker_spec=dataclasses.asdict(worker_spec)),
        {"cpu": 1, "gpu": share},
    )
    tuner = tune.Tuner(
        trainable,
        tune_config=tune.TuneConfig(
            search_alg=packs,
            num_samples=-1,
            reuse_actors=True,
            trial_name_creator=lambda trial: f"pack-{trial.trial_id}",
            trial_dirname_creator=lambda trial: f"pack-{trial.trial_id}",
        ),
        run_config=tune.RunConfig(
            name="packs",
            storage_path=str(scratch),
            verbose=0,
            failure_config=tune.FailureConfig(max_failures=0),
            checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
        ),
    )
    tuner.fit()
    if packs.failure is not None:
        raise packs.failure


def _trainable() -> type:
    from ray import tune  # noqa: PLC0415  # as ray itself

    class TrainPack(tune.Trainable):
        """One pack a trial; the worker behind it lives as long as its process."""

        def setup(self, config: dict[str, Any], **shared: Any) -> None:
            self.work = config
            self.worker_spec = WorkerConfig(**shared["worker_spec"])
            self.worker: Worker | None = None

        def reset_config(self, new_config: dict[str, Any]) -> bool:
            self.work = new_config
            return True

        def step(self) -> dict[str, Any]:
            if "nap" in self.work:
                time.sleep(self.work["nap"])
                return {"done": True}
            reported: dict[str, Any] = {}
            try:
                with raise_disk_errors():
                    self.worker = self.worker or Worker(self.worker_spec)
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

        def _done(self, worker: Worker) -> dict[str, Any]:
            if "most" in self.work:
                return {"plan": dataclasses.asdict(worker.plan(self.work["most"] or None))}
            tasks = [CellTask(**each) for each in json.loads(self.work["tasks"])]
            results = worker.train(tasks, self.work["engine"])
            return {"results": [dataclasses.asdict(result) for result in results]}

        def save_checkpoint(self, checkpoint_dir: str) -> None:
            """A pack has nothing that Tune should keep."""

        def load_checkpoint(self, checkpoint: Any) -> None:
            """A pack starts from its parents' checkpoints, which are not Tune's."""

    return TrainPack


def _reported(result: dict[str, Any] | None, error: bool, queue: PackQueue) -> dict[str, Any]:
    """What a worker reports. What the worker had to say is passed on first.

    Raises PackFailed and DiskFailed.
    """
    if error or result is None:
        raise PackFailed(f"a worker died {_RETRIES + 1} times over the same pack; is memory short?")
    reported: dict[str, Any] = json.loads(result["reported"])
    for line in reported.get("said", ()):
        queue.say(line)
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


def _tasks(pack: Pack, queue: PackQueue) -> list[CellTask]:
    return [task(cell, queue.known) for cell in pack.cells]
