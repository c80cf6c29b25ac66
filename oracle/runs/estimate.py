"""What a study will cost, estimated before it starts."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import torch

from oracle.experiments.registry import expected_cells, experiment
from oracle.host.devices import resolve_device
from oracle.runs import remarks
from oracle.runs.estimate_text import text
from oracle.runs.prepare import PreparedRun
from oracle.runs.remarks import SplitSummary
from oracle.search.graph import Graph
from oracle.settings import Settings
from oracle.study.base import Study
from oracle.study.declared import declared_grids
from oracle.study.oracle import OracleStudy
from oracle.study.parts import grid
from oracle.study.parts.grid_spec import GridSpec
from oracle.study.schedules import SchedulesStudy
from scyc.checks import system as system_checks
from scyc.data.images import split_problems
from scyc.data.stand_in import stand_in
from scyc.errors import BadInput
from scyc.json_types import JsonObject
from scyc.networks import registry
from scyc.tuning.device_meter import DeviceMeter

_TIMED_SECONDS = 3.0  # stop lengthening the timing after this
_START = 15.0  # seconds until Ray's workers train


@dataclass(frozen=True)
class Estimate:
    """A study's cost if no grid grows; what is sure to be shared is counted once."""

    study: str
    run_id: str  # "" without the images, which it is named after
    shrunk: dict[str, str]
    images: int
    parameters: int
    grids: dict[str, list[float]]  # of max_lr, by what is searched with it
    growth: dict[str, int]  # new values that each grid may come to in a cycle
    cycles: int  # pruning cycles after the unpruned network
    replicates: int
    most_replicates: int  # to which those of a cycle may grow
    cells: int  # training runs
    steps: int  # of all training runs
    evaluations: int  # passes over validation or test images, of all training runs
    seconds_per_step: float  # of one training run in a pack, timed on this machine
    seconds_per_evaluation: float
    workers: int
    device: str
    rows: int = 0  # training runs of each network and replicate, others come on top
    row: str = ""  # what they are
    others: str = ""  # what the others are for
    backend: str = "ray"
    summary: SplitSummary | None = None  # of the images' division; None where they are not there

    @property
    def seconds(self) -> float:
        """Wall time with all workers busy, start-up included."""
        return self.start_up + self.work / (self.workers if self.backend == "ray" else 1)

    @property
    def start_up(self) -> float:
        """Seconds until training starts."""
        return _START if self.backend == "ray" else 0.0

    @property
    def work(self) -> float:
        """Seconds of one worker for all training runs."""
        return self.steps * self.seconds_per_step + self.evaluations * self.seconds_per_evaluation

    def __str__(self) -> str:
        return text(self)


def estimate(prepared: PreparedRun) -> Estimate:
    """Count the cells and time a few steps of one pack, in this process, on one thread.

    Args:
        prepared: What is to be run.

    Returns:
        Counts, and seconds of an iteration and of a validation; no seconds where the images are
        missing or the training is a user's function.
    """
    study = prepared.study
    cells = expected_cells(experiment(study, prepared.graph))
    counted = _untimed(prepared, cells)
    if prepared.images is None:
        return counted
    device = resolve_device(prepared.settings.device)
    evaluations = -(-study.training.steps // study.training.validate_every) + 1
    meter = DeviceMeter(study.system, prepared.images, device)
    a_step, some_evaluation = _timed(meter, _members(study))
    return replace(
        counted,
        images=len(prepared.images.labels),
        parameters=registry.parameter_count(meter.trainer(1).network),
        evaluations=cells * evaluations,
        seconds_per_step=a_step,
        seconds_per_evaluation=some_evaluation * len(prepared.images.labels) / meter.image_count,
        device=str(device),
    )


def without_images(study: Study, settings: Settings, refused: BadInput) -> Estimate | None:
    """Estimate a study by the known size of its data set, where only images are missing.

    Args:
        study: As declared.
        settings: How it is run.
        refused: What :func:`oracle.runs.prepare.prepare` raised.

    Returns:
        None where something else is wrong, or the size is not known.

    Raises:
        BadInput: The study goes with no images of that size; with all problems.
    """
    if any(problem.path != "dataset.root" for problem in refused.problems):
        return None
    images = stand_in(study.dataset, study.images_used, study.split.test)
    if images is None:
        return None
    problems = [
        *split_problems(images, study.split),
        *system_checks.problems(study.system, images, study.cycles),
    ]
    if problems:
        raise BadInput(study.name, [*refused.problems, *problems])
    graph = Graph(study.system, images.fingerprint)
    summary = remarks.summary(study, images)
    return estimate(PreparedRun(study, images, graph, "", settings, summary))


def _untimed(prepared: PreparedRun, cells: int) -> Estimate:
    """Count the cells, which is all that is known of a function without running it."""
    study = prepared.study
    return Estimate(
        study=study.name,
        run_id=prepared.run_id,
        shrunk=dict(study.shrunk),
        images=0,
        summary=prepared.summary,
        parameters=0,
        grids={name: grid.grid_values(each) for name, each in _grids(study).items()},
        growth={name: grid.most_new_values(each) for name, each in _grids(study).items()},
        cycles=study.cycles,
        replicates=study.least_replicates,
        most_replicates=study.most_replicates,
        cells=cells,
        steps=cells * study.training.steps,
        evaluations=0,
        seconds_per_step=0.0,
        seconds_per_evaluation=0.0,
        workers=prepared.settings.workers,
        device="function",
        **_counted(study),
        backend=prepared.settings.backend,
    )


def _counted(study: Study) -> JsonObject:
    """Fields of an estimate that say what its training runs are."""
    if isinstance(study, OracleStudy):
        others = {"S-Cyc": study.s_cyc, "baselines": study.rivals, "beam search": study.beam > 1}
        named = ", ".join(name for name, needed in others.items() if needed)
        return {
            "rows": len(grid.grid_values(study.grid)),
            "row": "learning rates",
            "others": f" for {named}" if named else "",
        }
    if isinstance(study, SchedulesStudy):
        return {"rows": len(study.schedules), "row": "schedules"}
    return {"rows": 1}


def _grids(study: Study) -> dict[str, GridSpec]:
    """Collect the grids that a study searches, by what is searched with them."""
    grids = declared_grids(study)
    if isinstance(study, SchedulesStudy):
        labels = [each.label for each in study.schedules if each.tune is not None]
        return dict(zip(labels, grids.values(), strict=True))
    name = "oracle" if isinstance(study, OracleStudy) else "epsilon"
    return dict(zip([name], grids.values(), strict=False))


def _members(study: Study) -> int:
    """How many members a pack of the study holds."""
    row = len(grid.grid_values(study.grid)) if isinstance(study, OracleStudy) else 1
    return min(study.cells_a_pack, row * study.least_replicates)


def _timed(meter: DeviceMeter, members: int) -> tuple[float, float]:
    """Time a pack's training per member: one iteration, and one validation (or test) pass.

    Two training runs of n and 2n iterations, each validated and tested once: their difference is
    n iterations, and what is left of the first is validation and test.

    Returns:
        Seconds of one member's iteration, and of one pass over the meter's validation images.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        meter.seconds(None, members, 1)  # allocations and first calls stay out of the timing
        steps, began = 2, time.perf_counter()
        while True:
            short = meter.seconds(None, members, steps) / members
            long = meter.seconds(None, members, 2 * steps) / members
            a_step = max(long - short, 0.1 * short) / steps  # on a busy machine they are alike
            if time.perf_counter() - began > _TIMED_SECONDS and long > 1.2 * short:
                return a_step, max(0.0, short - steps * a_step) / 2
            steps *= 2
    finally:
        torch.set_num_threads(threads)
