"""What a run's unpruned network gains from more iterations: whether its budget was enough."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from oracle.errors import SettingProblem
from oracle.host.devices import resolve_device
from oracle.reports.sheet import format_lr
from oracle.runs.catalog import StoredRun
from oracle.stats.paired_difference import Difference, certainty, difference, signed
from oracle.stats.region import points
from oracle.study.function import FunctionStudy
from oracle.study.oracle import OracleStudy
from oracle.study.scale_down import lengthened
from oracle.tables.oracle import OracleTable
from oracle.tables.parts.cycles import GridValue, OracleCycleRow
from scyc.data import cache
from scyc.errors import BadInput
from scyc.json_types import JsonObject
from scyc.trainer import Member, Trainer

FACTOR = 1.5  # times the iterations


@dataclass(frozen=True)
class Gain:
    """What more iterations give at one max_lr of the unpruned network, in points."""

    max_lr: float
    validation: Difference
    test: Difference


@dataclass(frozen=True)
class Longer:
    """A run's unpruned network trained for longer."""

    run_id: str
    steps: int
    more_steps: int
    tolerance: float  # of the region, in points
    gains: tuple[Gain, ...]

    @property
    def undertrained(self) -> list[float]:
        """The max_lr that gain more than the tolerance, and more than the noise."""
        return [
            each.max_lr
            for each in self.gains
            if each.validation.points > self.tolerance
            and (each.validation.told_apart or each.validation.standard_error is None)
        ]


def two_rates(cycle: OracleCycleRow) -> list[float]:
    """Return the max_lr of an oracle's cycle to train for longer: the well-tuned and another.

    The other is the region's lowest; where that is the well-tuned one itself, the region's highest,
    and where the region is one value, the next lower or higher of the grid that did not diverge.

    Args:
        cycle: Row of the table.

    Returns:
        One or two max_lr, rising; one where no other did not diverge.
    """
    best, region = cycle["well_tuned"], cycle["feasible"]
    assert best is not None  # the cycle has a winner
    assert region is not None
    sound = [each["max_lr"] for each in cycle["grid"] if not each["diverged"]]
    around = [rate for rate in sound if rate < best][-1:] + [r for r in sound if r > best][:1]
    others = [rate for rate in (region["low"], region["high"], *around) if rate != best]
    return sorted([best, *others[:1]])


def train_longer(run: StoredRun, table: OracleTable, device: str = "auto") -> Longer:
    """Train a run's unpruned network 1.5 times as long at two max_lr, in this process.

    Warm-up, drops and the intervals of validation are lengthened alike; images, initial
    weights and the share of the budget at each rate stay, so the replicates are paired. Nothing is
    stored.

    Args:
        run: Of an oracle study.
        table: The run's own.
        device: What it is trained on.

    Returns:
        What more iterations gain at each max_lr, in points of accuracy, paired by replicate.

    Raises:
        BadInput: It is no oracle's run, or its first cycle is not finished.
    """
    study = run.study
    name = run.record.run_id
    if not isinstance(study, OracleStudy):
        raise BadInput("run", [SettingProblem("run", "is no oracle's run; name one", name)])
    if isinstance(study, FunctionStudy):
        rule = "its training runs are a function's; raise training.steps in the study instead"
        raise BadInput("run", [SettingProblem("run", rule, name)])
    cycle = table["cycles"][0] if table["cycles"] else None
    if cycle is None or cycle["well_tuned"] is None:
        rule = "has no finished cycle with a winner; finish its run first"
        raise BadInput("run", [SettingProblem("run", rule, name)])
    longer = lengthened(study, FACTOR)
    images = cache.read_cache(run.folder / "images", run.record.fingerprint)
    torch.set_num_threads(1)
    trainer = Trainer(longer.system, images, resolve_device(device))
    stored = {each["max_lr"]: _stored(each) for each in cycle["grid"]}
    gains = []
    for rate in two_rates(cycle):
        members = [
            Member(trainer.root(replicate), 0, replicate, longer.schedule, rate)
            for replicate in range(cycle["replicates"])
        ]
        trained = [each.outcome for each in trainer.train(members)]
        gains.append(
            Gain(
                rate,
                difference([o.val_accuracy for o in trained], stored[rate][0]),
                difference([o.test_accuracy for o in trained], stored[rate][1]),
            )
        )
    best = max(sum(validation) / cycle["replicates"] for validation, _ in stored.values())
    allowed = points(study.tolerance, study.tolerance_kind, best)
    return Longer(name, study.training.steps, longer.training.steps, allowed, tuple(gains))


def _stored(value: GridValue) -> tuple[list[float], list[float]]:
    """Return validation and test accuracies in percent, 0 of a diverged replicate."""
    pairs = (value["val_accuracy"], value["test_accuracy"])
    validation, test = ([accuracy or 0.0 for accuracy in accuracies] for accuracies in pairs)
    return validation, test


def text(comparison: Longer) -> str:
    """Format what was gained, for a terminal.

    Args:
        comparison: Accuracies after the study's iterations, and after more of them.

    Returns:
        Lines with an end.
    """
    lines = [
        f"{comparison.run_id}: {comparison.more_steps:,} iterations instead of "
        f"{comparison.steps:,}, unpruned network"
    ]
    lines += [
        f"  max_lr {format_lr(each.max_lr):<8} validation {signed(each.validation)} points, "
        f"test {signed(each.test)}; {certainty(each.validation)}"
        for each in comparison.gains
    ]
    if comparison.undertrained:
        rates = ", ".join(format_lr(rate) for rate in comparison.undertrained)
        lines.append(
            f"  undertrained at {rates}: that is more than the region's tolerance of "
            f"{comparison.tolerance:g} points"
        )
    else:
        lines.append(f"  no gain above the region's tolerance of {comparison.tolerance:g} points")
    return "\n".join(lines) + "\n"


def as_json(comparison: Longer) -> JsonObject:
    """Convert the comparison to JSON values.

    Args:
        comparison: Accuracies after the study's iterations, and after more of them.

    Returns:
        Keys as :class:`Longer`; gains in points of accuracy.
    """
    return {
        "run_id": comparison.run_id,
        "steps": comparison.steps,
        "more_steps": comparison.more_steps,
        "tolerance": comparison.tolerance,
        "undertrained": comparison.undertrained,
        "gains": [
            {
                "max_lr": each.max_lr,
                "validation": each.validation.to_json(),
                "test": each.test.to_json(),
            }
            for each in comparison.gains
        ],
    }
