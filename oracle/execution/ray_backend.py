"""Training packs on Ray Tune's workers.

One ``Tuner.fit`` carries a whole run. Ray's own experiment state is scratch: results are handed to
the queue at once.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import math
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from oracle.errors import PackFailed, RayUnavailable
from oracle.execution import ray_auth, ray_reaper
from oracle.execution.curves.ray_channel import CurveChannel
from oracle.execution.pack_queue import PackQueue
from oracle.execution.ray_cluster import (
    connect,
    count_gpus,
    gpu_share,
    is_connected,
    make_scratch,
    too_small,
)
from oracle.execution.ray_searcher import curve_callback, pack_scheduler, pack_searcher
from oracle.execution.ray_trainable import pack_trainable
from oracle.execution.worker import WorkerConfig
from oracle.host.devices import resolve_device

_STARTS = 3  # of a local Ray: it waits 30 s for itself, which a busy machine may exceed


def ray_tune(worker_spec: WorkerConfig, queue: PackQueue, workers: int) -> None:
    """Train on Ray Tune's workers: those of a cluster where RAY_ADDRESS names one, else local ones.

    Where the process is connected to a Ray already, that one is used, and left connected. Each
    worker is one process with one CPU, or a share of a GPU, and is used until the end.

    Args:
        worker_spec: What all workers of a run share.
        queue: Packs to train; it is empty at the end.
        workers: Processes that train at the same time.

    Raises:
        PackFailed: A pack cannot be trained, or there is no GPU to share.
        RayUnavailable: A cluster cannot be reached, or a local Ray does not start.
    """
    if queue.finished:
        return
    for start in range(1, _STARTS + 1):
        try:
            _train(worker_spec, queue, workers)
        except RayUnavailable as error:
            if error.cluster or start == _STARTS:
                raise
            queue.events.say("Ray did not start; trying again")
        else:
            return


def _train(worker_spec: WorkerConfig, queue: PackQueue, workers: int) -> None:
    """Start or reach Ray, train, and leave nothing of a Ray of this process's own."""
    scratch = make_scratch()
    connected = is_connected()
    cluster = connected or "RAY_ADDRESS" in os.environ
    begun = "using the Ray of this process" if connected else "connecting to Ray"
    queue.events.say(begun if cluster else "starting Ray")
    alone = contextlib.nullcontext() if cluster else ray_reaper.none_left(scratch)
    try:
        with alone, ray_auth.environment(workers, None if cluster else scratch, queue.events.say):
            import ray  # noqa: PLC0415  # seconds; and it reads the environment on import

            own = worker_spec.resources  # of a training function's run
            cpus, gpus = own or (1.0, 0.0)
            on_gpu = gpus > 0 if own else resolve_device(worker_spec.device).type == "cuda"
            try:
                if not connected:
                    connect(ray, cluster, math.ceil(workers * cpus), on_gpu, scratch)
                share = gpu_share(workers, count_gpus(ray)) if on_gpu else 0.0
                spec = dataclasses.replace(worker_spec, share=share or 1.0, disposable=True)
                needed = {"cpu": cpus, "gpu": gpus if own else share}
                if own and (rule := too_small(ray, needed)):
                    if not cluster:
                        raise PackFailed(f"{rule}; lower the resources of @oracle.trainable")
                    queue.events.say(f"{rule}: it waits for a larger one")
                _fit(spec, queue, workers, needed, scratch)
            finally:
                if not connected:
                    ray.shutdown()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _fit(
    worker_spec: WorkerConfig,
    queue: PackQueue,
    workers: int,
    needed: Mapping[str, float],
    scratch: Path,
) -> None:
    """Carry a whole run by one Tuner; each trial is a pack. Raises what ended the run."""
    from ray import tune  # noqa: PLC0415  # as ray itself

    searcher, channel = pack_searcher(queue, workers), CurveChannel()
    logging.getLogger("ray.tune").setLevel(logging.CRITICAL)  # tracebacks of workers that died
    trainable = tune.with_resources(
        tune.with_parameters(
            pack_trainable(), worker_spec=dataclasses.asdict(worker_spec), channel=channel.name
        ),
        dict(needed),
    )
    tuner = tune.Tuner(
        trainable,
        tune_config=tune.TuneConfig(
            search_alg=searcher,
            scheduler=pack_scheduler(),
            num_samples=-1,
            reuse_actors=True,
            trial_name_creator=lambda trial: f"pack-{trial.trial_id}",
            trial_dirname_creator=lambda trial: f"pack-{trial.trial_id}",
        ),
        run_config=tune.RunConfig(
            name="packs",
            storage_path=str(scratch),
            verbose=0,
            callbacks=[curve_callback(searcher.trials, channel)],
            failure_config=tune.FailureConfig(max_failures=0),
            checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
        ),
    )
    tuner.fit()
    channel.close()
    if searcher.trials.failure is not None:
        raise searcher.trials.failure
