"""What a worker does: load parents, prune, train, save; the same in any process."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from pydantic import TypeAdapter

from oracle.errors import PackFailed
from oracle.execution.curves.reporter import CurveReporter
from oracle.execution.network_cache import Starts
from oracle.execution.pack_state import in_flight_folder, own_folder, pack_state_name
from oracle.host.devices import resolve_device
from oracle.search.graph import NUMERICS, Cell, CellResult, keeper
from oracle.search.request import Results
from scyc.data import cache
from scyc.json_types import JsonObject
from scyc.pruning.pruned_network import Network, NetworkChanged
from scyc.specs.base import as_json
from scyc.specs.factory import register
from scyc.specs.networks import OwnNetworkSpec
from scyc.specs.ranges import STORED
from scyc.specs.schedules import ScheduleSpec
from scyc.specs.source_code import change_rule
from scyc.specs.system import SystemSpec
from scyc.storage.blob_store import blobs, sweep
from scyc.storage.checkpoint_store import CheckpointLost, CheckpointStore
from scyc.storage.pack_state_file import PackStateFile
from scyc.trainer import Member, Trained, Trainer
from scyc.tuning import autotune
from scyc.tuning.device_meter import DeviceMeter
from scyc.tuning.plan import Plan

_SCHEDULE: TypeAdapter[ScheduleSpec] = TypeAdapter(ScheduleSpec)


@dataclass(frozen=True)
class WorkerConfig:
    """Where and on what a worker works; the same for all packs of a run."""

    system: JsonObject  # a SystemSpec as JSON values
    fingerprint: str  # of the images
    images: str  # folder of decoded images, or its URL in a store
    checkpoints: str  # folder, or its URL in a store
    in_flight: str  # folder of packs under way; "" for one of this machine's own
    save_every: float  # seconds between two saves of a pack under way
    device: str  # "auto", "cpu" or "cuda"
    import_from: tuple[str, ...]  # folders where a study's own code lies
    share: float = 1.0  # of a GPU, where workers share one
    objects: Mapping[str, Callable[..., object]] = field(
        default_factory=dict
    )  # in_process, by path
    resources: tuple[float, float] | None = None  # CPUs and GPUs of a training function's run
    disposable: bool = False  # whether a worker's process may be ended: it is not the driver's


@dataclass(frozen=True)
class CellTask:
    """One cell as a worker needs it."""

    cell: str
    parent: str | None  # checkpoint of the network to prune; None for the unpruned network
    snapshot: (
        str | None
    )  # checkpoint of the network to rewind to or to score by, where it is needed
    cycle: int
    replicate: int
    schedule: JsonObject  # a ScheduleSpec as JSON values
    max_lr: float


class Worker:
    """Trains packs; the images are loaded and the networks built once.

    messages: lines for the driver's user; whoever shows them empties it. curves: takes validation
    values; whoever wants them sets its `send`.
    """

    def __init__(self, worker_spec: WorkerConfig) -> None:
        torch.set_num_threads(1)
        sys.path[:0] = [path for path in worker_spec.import_from if path not in sys.path]
        for path, made in worker_spec.objects.items():
            register(path, made)
        self._images = cache.read_cache(_at_hand(worker_spec), worker_spec.fingerprint)
        self.device = resolve_device(worker_spec.device)
        system = SystemSpec.model_validate_json(json.dumps(worker_spec.system), context=STORED)
        network = system.network
        if isinstance(network, OwnNetworkSpec) and (
            rule := change_rule(network.factory, network.source)
        ):
            raise PackFailed(rule)
        self._spec = worker_spec
        self._trainer = Trainer(system, self._images, self.device)
        self._checkpoints = CheckpointStore(blobs(worker_spec.checkpoints))
        self._in_flight = in_flight_folder(worker_spec.in_flight)
        if not worker_spec.in_flight:  # no driver sweeps it
            sweep(self._in_flight)
        self._last: str | None = None  # the pack before
        self._starts = Starts()
        self.messages: list[str] = []
        self.curves = CurveReporter()

    def plan(self, most: int | None) -> Plan:
        """Measure how packs are trained best here.

        Args:
            most: Members at most, the study's own pack size; None: what fits into memory.

        Returns:
            The fastest engine and the largest pack.
        """
        trainer = self._trainer
        meter = DeviceMeter(trainer.system, self._images, self.device, self._spec.share)
        return autotune.plan(trainer.engines, most, meter, self.messages.append)

    def train(self, tasks: Sequence[CellTask], engine: str | None = None) -> list[CellResult]:
        """Train one pack; each checkpoint is on disk by then.

        A pack that the GPU has no memory for is trained in halves, and so are those. What an
        earlier worker saved of the same pack is gone on from.

        Args:
            tasks: Of one pack.
            engine: The engine's name; None: the first that can.

        Returns:
            Results in the order of the tasks.

        Raises:
            PackFailed: Not even one training run fits into memory.
            CheckpointLost: A network to start from is gone or damaged.
        """
        name = pack_state_name([task.cell for task in tasks])
        self._own_flights(name)
        engine = engine or self._trainer.engines[0]
        results: list[CellResult] = []
        parts = [tasks]
        while parts:
            part = parts.pop(0)
            results_of_part = self._attempt(part, engine, f"{name}.{len(results)}-{len(part)}")
            if results_of_part is not None:
                results += results_of_part
            elif len(part) == 1:
                raise PackFailed(f"{self.device} has no memory for even one training run")
            else:
                half = len(part) // 2
                self.messages.append(
                    f"out of memory with {len(part)} training runs in a pack; halved"
                )
                parts[:0] = [part[:half], part[half:]]
        return results

    def _own_flights(self, name: str) -> None:
        """Delete what this worker saved of its last pack, where no driver can: it is stored."""
        if not self._spec.in_flight and self._last is not None and self._last != name:
            for file in self._in_flight.glob(f"{self._last}.*"):
                file.unlink(missing_ok=True)
        self._last = name

    def _attempt(
        self, tasks: Sequence[CellTask], engine: str, name: str
    ) -> list[CellResult] | None:
        """Train side by side; return the results, or None where memory does not do."""
        pack_state = self._pack_state(name, engine)
        members = [
            Member(
                self._start(task),
                task.cycle,
                task.replicate,
                _SCHEDULE.validate_json(json.dumps(task.schedule), context=STORED),
                task.max_lr,
            )
            for task in tasks
        ]

        def on_validation(index: int, step: int, accuracy: float) -> None:
            self.curves.add(tasks[index].cell, step, accuracy)

        try:
            trained = self._trainer.train(members, pack_state, engine, on_validation)
        except torch.OutOfMemoryError:
            trained = None
        if trained is None:  # out of the handler, whose traceback holds the tensors
            pack_state.file.unlink(missing_ok=True)
            torch.cuda.empty_cache()
            return None
        return [
            self._result(task, each, engine, len(tasks))
            for task, each in zip(tasks, trained, strict=True)
        ]

    def _pack_state(self, name: str, engine: str) -> PackStateFile:
        """Where a pack under way is kept; its stamp is all that its bits depend on."""
        stamp = [name, engine, NUMERICS, torch.__version__, str(self.device)]
        file = self._in_flight / f"{name}.pt"
        every = self._spec.save_every
        return PackStateFile(file, json.dumps(stamp), every, time.monotonic, self.messages.append)

    def _result(self, task: CellTask, trained: Trained, engine: str, members: int) -> CellResult:
        outcome = trained.outcome
        return CellResult(
            cell=task.cell,
            curve=outcome.curve,
            val_accuracy=outcome.val_accuracy,
            test_accuracy=outcome.test_accuracy,
            diverged=outcome.diverged,
            weights_remaining=trained.weights_remaining,
            steps=trained.steps,
            seconds=trained.seconds,
            checkpoint=None if outcome.diverged else self._checkpoints.save(outcome.network),
            device=str(self.device),
            kept=(
                self._checkpoints.save(outcome.snapshot)
                if outcome.snapshot is not None and not outcome.diverged
                else None
            ),
            recorded=trained.recorded,
            engine=engine,
            members=members,
            split={
                part: asdict(counts)
                for part, counts in self._trainer.part_counts(task.replicate).items()
            },
        )

    def _start(self, task: CellTask) -> Network:
        """Return the network that a task trains: made once for all packs that start from it."""
        key = (task.parent, task.snapshot, task.cycle, task.replicate)
        return self._starts.get(key, lambda: self._made(task))

    def _made(self, task: CellTask) -> Network:
        if task.parent is None:
            return self._trainer.root(task.replicate)
        parent = self._loaded(task.parent)
        snapshot = self._loaded(task.snapshot) if task.snapshot else None
        try:
            return self._trainer.pruned(parent, task.replicate, task.cycle, snapshot)
        except NetworkChanged as error:
            raise PackFailed(str(error)) from error

    def _loaded(self, sha256: str) -> Network:
        """Load a stored network. A damaged one is deleted, so that it counts as missing."""
        try:
            return self._checkpoints.load(sha256)
        except CheckpointLost:
            self._checkpoints.discard(sha256)
            raise


def _at_hand(worker_spec: WorkerConfig) -> Path:
    """Return the folder of decoded images; those of a store are fetched once a machine."""
    if "://" not in worker_spec.images:
        return Path(worker_spec.images)
    folder = own_folder("images")
    cache.fetch(folder, worker_spec.fingerprint, blobs(worker_spec.images))
    return folder


def task(cell: Cell, known: Results) -> CellTask:
    """Make the task of a cell.

    Args:
        cell: To train.
        known: Results by cell id, those of its parents among them.

    Returns:
        What a worker needs: hashes of checkpoints, schedule, max_lr.
    """
    keeping = keeper(cell, known) if cell.parent else None
    return CellTask(
        cell=cell.id,
        parent=known[cell.parent.id].checkpoint if cell.parent else None,
        snapshot=known[keeping.id].kept if keeping else None,
        cycle=cell.cycle,
        replicate=cell.replicate,
        schedule=as_json(cell.schedule),
        max_lr=cell.max_lr,
    )


def cell_tasks(cells: Sequence[Cell], known: Mapping[str, CellResult]) -> list[CellTask]:
    """Return what a worker needs to train a pack's cells, given the results that are known.

    Args:
        cells: Training runs, in their order.
        known: Results by cell id.

    Returns:
        One a cell, in the same order.
    """
    return [task(cell, known) for cell in cells]
