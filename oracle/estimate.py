"""What a study will cost, told before it starts."""

from __future__ import annotations

import time
from dataclasses import dataclass

import torch

from oracle import grid
from oracle.runs import Prepared
from oracle.work import chosen_device
from scyc import networks
from scyc.pack import Member, Trainer

_TIMED_SECONDS = 3.0  # stop lengthening the timing after this
_START = 15.0  # seconds until Ray's workers train


@dataclass(frozen=True)
class Estimate:
    """A study's cost if no grid grows and nothing is shared between oracle and S-Cyc."""

    study: str
    run_id: str
    images: int
    parameters: int
    grid: list[float]
    cycles: int  # pruning cycles after the unpruned network
    replicates: int
    oracle_cells: int
    s_cyc_cells: int
    steps: int  # iterations of all trainings
    looks: int  # at validation or test images, of all trainings
    seconds_a_step: float  # of one training in a pack, timed on this machine
    seconds_a_look: float
    workers: int
    device: str

    @property
    def seconds(self) -> float:
        """Wall time with all workers busy."""
        work = self.steps * self.seconds_a_step + self.looks * self.seconds_a_look
        return _START + work / self.workers


def estimate(prepared: Prepared) -> Estimate:
    """Count the cells and time a few steps of one pack, in this process, on one thread."""
    study = prepared.study
    rates = grid.values(study.grid)
    levels = study.cycles + 1
    oracle_cells = levels * len(rates) * study.replicates
    s_cyc_cells = levels * study.replicates
    device = chosen_device(prepared.settings.device)
    cells = oracle_cells + s_cyc_cells
    looks = -(-study.training.steps // study.training.validate_every) + 1
    a_step, a_look = _timed(prepared, device)
    return Estimate(
        study=study.name,
        run_id=prepared.run_id,
        images=len(prepared.images.labels),
        parameters=networks.parameter_count(_shortened(prepared, 1, device).network),
        grid=rates,
        cycles=study.cycles,
        replicates=study.replicates,
        oracle_cells=oracle_cells,
        s_cyc_cells=s_cyc_cells,
        steps=cells * study.training.steps,
        looks=cells * looks,
        seconds_a_step=a_step,
        seconds_a_look=a_look,
        workers=prepared.settings.workers,
        device=str(device),
    )


def text(cost: Estimate) -> str:
    """An estimate for a terminal."""
    rates = ", ".join(f"{rate:.4g}" for rate in cost.grid)
    lines = [
        f"{cost.study} is valid ({cost.run_id})",
        f"  images      {cost.images:,}",
        f"  parameters  {cost.parameters:,}",
        f"  grid        {len(cost.grid)} max_lr: {rates}",
        f"  cells       {cost.oracle_cells:,} oracle + {cost.s_cyc_cells:,} S-Cyc "
        f"({cost.cycles + 1} networks x {cost.replicates} replicates; more where a grid grows)",
        f"  steps       {cost.steps:,}",
        f"  time        about {_duration(cost.seconds)} with {cost.workers} worker(s) on "
        f"{cost.device} ({1000 * cost.seconds_a_step:.2f} ms a step, timed here)",
    ]
    return "\n".join(lines) + "\n"


def _timed(prepared: Prepared, device: torch.device) -> tuple[float, float]:
    """Seconds of one member's iteration, and of one look at its validation images, in a pack.

    Two trainings of n and 2n iterations, each validated once and tested once: their difference is
    n iterations, and what is left of the first is validation and test.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        _seconds(prepared, 1, device)  # allocations and first calls stay out of the timing
        steps, began = 2, time.perf_counter()
        while True:
            short, long = _seconds(prepared, steps, device), _seconds(prepared, 2 * steps, device)
            a_step = max(long - short, 1e-9) / steps
            if time.perf_counter() - began > _TIMED_SECONDS:
                return a_step, max(0.0, short - steps * a_step) / 2
            steps *= 2
    finally:
        torch.set_num_threads(threads)


def _seconds(prepared: Prepared, steps: int, device: torch.device) -> float:
    """Seconds a member of one pack of `steps` iterations takes."""
    trainer = _shortened(prepared, steps, device)
    rates = grid.values(prepared.study.grid)[: prepared.study.cells_a_pack]
    root = trainer.root(0)
    trained = trainer.train([Member(root, 0, 0, rate) for rate in rates])
    return sum(each.seconds for each in trained) / len(trained)


def _shortened(prepared: Prepared, steps: int, device: torch.device) -> Trainer:
    """A trainer of the same system whose trainings have only `steps` iterations."""
    system = prepared.study.system
    schedule = system.training.schedule.model_copy(update={"warmup": 1, "drops": ()})
    training = system.training.model_copy(
        update={"steps": steps, "validate_every": steps, "schedule": schedule}
    )
    return Trainer(system.model_copy(update={"training": training}), prepared.images, device)


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    if seconds < 48 * 3600:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 86400:.1f} days"
