"""How each kind of rival of S-Cyc sets the max_lr of a pruning cycle."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from oracle.search.pruning_run import RunCycle
from oracle.search.rivals import sizes, spreads
from oracle.study.oracle import OracleStudy
from oracle.study.parts.rivals import (
    AllrRival,
    ConstantRival,
    GradientSpreadRival,
    LinearRewindingRival,
    LrRangeTestRival,
    PowerLawRival,
    WarmStartRival,
)
from scyc.recording.stored import RANGE_STEPS, Recording
from scyc.specs.base import Spec


@dataclass(frozen=True)
class RuleInputs:
    """What a rival's max_lr may rest on."""

    study: OracleStudy
    well_tuned: Sequence[float]  # the oracle's, of its first cycles
    path: Sequence[RunCycle]  # the rival's own finished cycles


@dataclass(frozen=True)
class Rule:
    """How a kind of rival sets max_lr."""

    max_lr: Callable[[Any, int, RuleInputs], float | None]  # of a cycle; None: not known yet
    needs: Callable[[Any, int], int]  # how many of the oracle's cycles it must know for a cycle
    shared: Callable[[Any], int]  # of its first cycles, how many are the oracle's unless grids grow
    linear: bool = False  # whether pruned networks are trained from max_lr linearly to 0
    tests: int = 0  # iterations besides a pruned network's training that max_lr rests on


def _constant(
    spec: ConstantRival | LinearRewindingRival, _cycle: int, known: RuleInputs
) -> float | None:
    if spec.max_lr is not None:
        return spec.max_lr
    return known.well_tuned[0] if known.well_tuned else None


def _warm_start(_spec: WarmStartRival, cycle: int, known: RuleInputs) -> float | None:
    before = max(0, cycle - 1)
    return known.well_tuned[before] if before < len(known.well_tuned) else None


def _gradient_spread(spec: GradientSpreadRival, cycle: int, known: RuleInputs) -> float | None:
    epsilon = starting_max_lr(spec, known.study)
    if cycle <= 1:
        return epsilon
    if cycle > len(known.path):
        return None
    first, last = (
        [(result.recorded or {})["weight_gradients"] for result in known.path[at].results]
        for at in (0, cycle - 1)
    )
    return spreads.max_lr(epsilon, first, last, spec.scale, spec.bound)


def _power_law(spec: PowerLawRival, cycle: int, known: RuleInputs) -> float | None:
    rate = known.study.pruning.rate
    if spec.alpha is not None:
        return sizes.power_law(starting_max_lr(spec, known.study), spec.alpha, cycle, rate)
    if len(known.well_tuned) < spec.cycles:
        return None
    epsilon, alpha = sizes.fitted_power_law(known.well_tuned[: spec.cycles], rate)
    return sizes.power_law(epsilon, alpha, cycle, rate)


def _allr(spec: AllrRival, cycle: int, known: RuleInputs) -> float | None:
    epsilon = starting_max_lr(spec, known.study)
    if cycle == 0:
        return epsilon
    recorded = _recorded_before(cycle, known)
    if recorded is None:
        return None
    return sizes.allr(epsilon, [each["pruned_norm"] for each in recorded], spec.retraining)


def _lr_range_test(spec: LrRangeTestRival, cycle: int, known: RuleInputs) -> float | None:
    if cycle == 0:
        return starting_max_lr(spec, known.study)
    recorded = _recorded_before(cycle, known)
    if recorded is None:
        return None
    return statistics.median(each["lr_range_test"]["rate"] for each in recorded)


def _recorded_before(cycle: int, known: RuleInputs) -> list[Recording] | None:
    """Return what a rival's own run recorded in the cycle before; None if that is missing."""
    if cycle > len(known.path):
        return None
    return [result.recorded or {} for result in known.path[cycle - 1].results]


def starting_max_lr(spec: WithEpsilon, study: OracleStudy) -> float:
    """Return the max_lr of the unpruned network: the rival's own, else S-Cyc's epsilon.

    Args:
        spec: The declared rival.
        study: The oracle study.

    Returns:
        A learning rate.
    """
    if spec.epsilon is not None:
        return spec.epsilon
    assert study.s_cyc is not None  # a study with rivals has it
    return study.s_cyc.epsilon


WithEpsilon = GradientSpreadRival | PowerLawRival | AllrRival | LrRangeTestRival
RULES: Mapping[type[Spec], Rule] = MappingProxyType(
    {
        ConstantRival: Rule(
            max_lr=_constant,
            needs=lambda spec, cycle: 0 if spec.max_lr is not None else 1,
            shared=lambda spec: 0 if spec.max_lr is not None else 2,
        ),
        WarmStartRival: Rule(
            max_lr=_warm_start,
            needs=lambda spec, cycle: max(1, cycle),
            shared=lambda spec: 2,
        ),
        GradientSpreadRival: Rule(
            max_lr=_gradient_spread,
            needs=lambda spec, cycle: 0,
            shared=lambda spec: 0,
        ),
        PowerLawRival: Rule(
            max_lr=_power_law,
            needs=lambda spec, cycle: spec.cycles if spec.alpha is None else 0,
            shared=lambda spec: 0,
        ),
        LinearRewindingRival: Rule(
            max_lr=_constant,
            needs=lambda spec, cycle: 0 if spec.max_lr is not None else 1,
            shared=lambda spec: 0 if spec.max_lr is not None else 1,
            linear=True,
        ),
        AllrRival: Rule(
            max_lr=_allr,
            needs=lambda spec, cycle: 0,
            shared=lambda spec: 0,
            linear=True,
        ),
        LrRangeTestRival: Rule(
            max_lr=_lr_range_test,
            needs=lambda spec, cycle: 0,
            shared=lambda spec: 0,
            tests=RANGE_STEPS,
        ),
    }
)
