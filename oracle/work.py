"""What a worker does: load parents, prune, train, save; the same in any process."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from pydantic import TypeAdapter

from oracle.asks import Results
from oracle.cells import Cell, Result
from scyc import data
from scyc.checkpoint import CheckpointStore, Network
from scyc.choices import ScheduleSpec
from scyc.pack import Member, Trained, Trainer
from scyc.spec import as_json
from scyc.system import SystemSpec

_SCHEDULE: TypeAdapter[ScheduleSpec] = TypeAdapter(ScheduleSpec)


@dataclass(frozen=True)
class WorkerSpec:
    """Where and on what a worker works; the same for all packs of a run."""

    system: dict[str, Any]  # a SystemSpec as JSON values
    fingerprint: str  # of the images
    images: str  # folder of decoded images
    checkpoints: str  # folder
    device: str  # "auto", "cpu" or "cuda"
    import_from: tuple[str, ...]  # folders where a study's own code lies


@dataclass(frozen=True)
class Task:
    """One cell as a worker needs it."""

    cell: str
    parent: str | None  # checkpoint of the network to prune; None for the unpruned network
    kept: str | None  # checkpoint of the network to rewind to, where the study does so
    cycle: int
    replicate: int
    schedule: dict[str, Any]  # a ScheduleSpec as JSON values
    max_lr: float


class Worker:
    """Trains packs; the images are loaded and the networks built once."""

    def __init__(self, worker_spec: WorkerSpec) -> None:
        torch.set_num_threads(1)
        sys.path[:0] = [path for path in worker_spec.import_from if path not in sys.path]
        images = data.read_cache(Path(worker_spec.images), worker_spec.fingerprint)
        self.device = chosen_device(worker_spec.device)
        system = SystemSpec.model_validate_json(json.dumps(worker_spec.system))
        self._trainer = Trainer(system, images, self.device)
        self._checkpoints = CheckpointStore(Path(worker_spec.checkpoints))

    def train(self, tasks: list[Task]) -> list[Result]:
        """Train one pack; results are in the tasks' order. Each checkpoint is on disk by then."""
        starts: dict[tuple[str | None, int], Network] = {}
        for task in tasks:
            key = (task.parent, task.replicate)
            if key not in starts:
                starts[key] = self._start(task)
        members = [
            Member(
                starts[task.parent, task.replicate],
                task.cycle,
                task.replicate,
                _SCHEDULE.validate_json(json.dumps(task.schedule)),
                task.max_lr,
            )
            for task in tasks
        ]
        return [
            self._result(task, trained)
            for task, trained in zip(tasks, self._trainer.train(members), strict=True)
        ]

    def _result(self, task: Task, trained: Trained) -> Result:
        outcome = trained.outcome
        return Result(
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
                self._checkpoints.save(outcome.kept)
                if outcome.kept is not None and not outcome.diverged
                else None
            ),
            recorded=trained.recorded,
        )

    def _start(self, task: Task) -> Network:
        if task.parent is None:
            return self._trainer.root(task.replicate)
        parent = self._checkpoints.load(task.parent)
        kept = self._checkpoints.load(task.kept) if task.kept else None
        return self._trainer.pruned(parent, task.replicate, task.cycle, kept)


def task(cell: Cell, known: Results) -> Task:
    """What a worker needs to know of a cell whose parents' results are known."""
    return Task(
        cell=cell.id,
        parent=known[cell.parent.id].checkpoint if cell.parent else None,
        kept=known[cell.root.id].kept if cell.parent else None,
        cycle=cell.cycle,
        replicate=cell.replicate,
        schedule=as_json(cell.schedule),
        max_lr=cell.max_lr,
    )


def chosen_device(wanted: str) -> torch.device:
    """The device for "auto", "cpu" or "cuda"."""
    if wanted == "auto":
        wanted = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(wanted)
