"""Rivals of S-Cyc: iterative pruning runs whose max_lr needs no search of each cycle.

Each has the study's schedule, replicates, splits and seeds, so its accuracies are paired with
S-Cyc's. Their max_lr are known only as they go.

Over 300 lines: all rules are here, so that they can be compared.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from oracle.search import sizes, spreads
from oracle.search.graph import Cell, Graph
from oracle.search.greedy import OracleCycle, greedy_oracle
from oracle.search.pruning_run import RunCycle
from oracle.search.request import CellRequest, Results, Search, StudyKey, replicate_cells
from oracle.study.oracle import OracleStudy
from oracle.study.rivals import (
    AllrRival,
    ConstantRival,
    GradientSpreadRival,
    LinearRewindingRival,
    LrRangeTestRival,
    PowerLawRival,
    RivalSpec,
    WarmStartRival,
)
from scyc.recording.stored import RANGE_STEPS, Recording
from scyc.specs.base import Spec, as_json, content_hash
from scyc.specs.schedules import LinearSpec, ScheduleSpec

_LINEAR: ScheduleSpec = LinearSpec(name="linear")


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
    tests: int = 0  # iterations beside a pruned network's training that max_lr rests on


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
    """What a rival's own run recorded in the cycle before; None where it is not there yet."""
    if cycle > len(known.path):
        return None
    return [result.recorded or {} for result in known.path[cycle - 1].results]


def starting_max_lr(spec: _WithEpsilon, study: OracleStudy) -> float:
    """Return the max_lr of the unpruned network: the rival's own, else S-Cyc's epsilon."""
    return study.s_cyc.epsilon if spec.epsilon is None else spec.epsilon


_WithEpsilon = GradientSpreadRival | PowerLawRival | AllrRival | LrRangeTestRival
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


@dataclass
class RivalRun:
    """One rival's run, as far as it has come.

    begun: told of a cycle's cells before they are trained; over: that there will be no more.
    """

    study: OracleStudy
    graph: Graph
    spec: RivalSpec
    begun: Callable[[RivalRun, int], None] = lambda run, cycle: None
    over: Callable[[RivalRun], None] = lambda run: None
    path: list[RunCycle] = field(default_factory=list)
    ended: bool = False
    oracle: list[OracleCycle] = field(default_factory=list)  # the cycles whose answers it used

    def __post_init__(self) -> None:
        self._replay = _Replay(self.study, self.graph)
        self._rows: list[tuple[Cell, ...]] = []
        self._foresee()

    @property
    def name(self) -> str:
        """The rival's."""
        return self.spec.name

    @property
    def options(self) -> dict[str, Any]:
        """The rival as it is declared, with S-Cyc's epsilon where it takes that one."""
        options = as_json(self.spec)
        given = not isinstance(self.spec, PowerLawRival) or self.spec.alpha is not None
        if isinstance(self.spec, _WithEpsilon) and given:
            options["epsilon"] = starting_max_lr(self.spec, self.study)
        return options

    @property
    def place(self) -> StudyKey:
        """Where its cells are recorded: known before its max_lr are, so told by what decides them.

        The oracle's answers decide where it uses them, and so all that shapes the oracle's search.
        """
        study, rule = self.study, RULES[type(self.spec)]
        decides = [
            as_json(study.grid),
            *(
                as_json(study)["search"],
                study.tolerance,
                study.tolerance_kind,
                study.least_replicates,
            ),
        ]
        shared = [self.graph.id, as_json(study.pruning), as_json(study.schedule)]
        searched = decides if rule.needs(self.spec, 0) else []
        return StudyKey("path", None, content_hash(["rival", shared, self.options, searched]))

    @property
    def ids(self) -> frozenset[str]:
        """The ids of its cells as far as they are known, which is before they are trained."""
        return frozenset(cell.id for cells in self._rows for cell in cells)

    def row_ids(self, cycle: int) -> frozenset[str]:
        """The ids of the cells of a cycle whose max_lr is known."""
        return frozenset(cell.id for cell in self._rows[cycle])

    @property
    def unknown_cells(self) -> int:
        """How many more it will train, if no grid grows."""
        if self.ended:
            return 0
        certain = max(len(self._rows), RULES[type(self.spec)].shared(self.spec))
        return max(0, self.study.cycles + 1 - certain) * self.study.least_replicates

    def search(self) -> Search:
        """Train, prune, train again, with the max_lr that the rule gives at each cycle.

        Ends early when a replicate diverges, or when the oracle, whose answer it needs, has none.
        """
        rule = RULES[type(self.spec)]
        for cycle in range(self.study.cycles + 1):
            yield from self._replay.until(rule.needs(self.spec, cycle))
            self.oracle = self._replay.cycles[: rule.needs(self.spec, cycle)]
            self._foresee()
            if len(self._rows) <= cycle:
                break
            cells = self._rows[cycle]
            self.begun(self, cycle)
            answers = yield CellRequest(cells, self.place)
            results = tuple(answers[cell.id] for cell in cells)
            self.path.append(RunCycle(cycle, cells[0].max_lr, cells, results))
            if any(result.diverged for result in results):
                break
        self.ended = True
        self.over(self)

    def _foresee(self) -> None:
        """Name the cells of the cycles whose max_lr is known by now."""
        rule = RULES[type(self.spec)]
        well_tuned = [
            each.region.well_tuned for each in self._replay.cycles if each.region is not None
        ]
        known = RuleInputs(self.study, well_tuned, self.path)
        while len(self._rows) <= self.study.cycles:
            max_lr = rule.max_lr(self.spec, len(self._rows), known)
            if max_lr is None:
                return
            parents: Sequence[Cell | None] = [None] * self.study.least_replicates
            parents = self._rows[-1] if self._rows else parents
            schedule = _LINEAR if rule.linear and self._rows else self.study.schedule
            self._rows.append(replicate_cells(self.graph, parents, schedule, max_lr))


class _Replay:
    """The greedy oracle, asked for again: its cells have the same ids, so none is trained twice.

    Whoever needs its answer waits for it so, and finds the same in whatever order cells come.
    """

    def __init__(self, study: OracleStudy, graph: Graph) -> None:
        self.cycles: list[OracleCycle] = []
        self._search = greedy_oracle(study, graph, self.cycles.append)
        self._ask: CellRequest | None = None
        self._over = False

    def until(self, count: int) -> Generator[CellRequest, Results, None]:
        """Go on until so many cycles are finished, or the oracle has ended."""
        while len(self.cycles) < count and not self._over:
            try:
                if self._ask is None:
                    self._ask = next(self._search)
                answers = yield self._ask
                self._ask = self._search.send(answers)
            except StopIteration:
                self._over = True
