"""Rivals of S-Cyc: iterative pruning runs whose max_lr needs no search of each cycle.

Each has the study's schedule, replicates, splits and seeds, so its accuracies are paired with
S-Cyc's. Their max_lr are known only as they go.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field

from oracle.search.graph import Cell, Graph
from oracle.search.greedy import greedy_oracle
from oracle.search.grid_search import OracleCycle
from oracle.search.pruning_run import RunCycle
from oracle.search.request import CellRequest, Results, Search, StudyKey, replicate_cells
from oracle.search.rivals.rules import RULES, RuleInputs, WithEpsilon, starting_max_lr
from oracle.study.oracle import OracleStudy
from oracle.study.parts.rivals import PowerLawRival, RivalSpec
from scyc.json_types import JsonObject
from scyc.specs.base import as_json, content_hash
from scyc.specs.schedules import LinearSpec, ScheduleSpec

_LINEAR: ScheduleSpec = LinearSpec(name="linear")


@dataclass
class RivalRun:
    """One rival's run, as far as it has come.

    begun: called with a cycle's cells before they are trained; over: when there will be no more.
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
    def options(self) -> JsonObject:
        """The rival as it is declared, with S-Cyc's epsilon where it takes that one."""
        options = as_json(self.spec)
        given = not isinstance(self.spec, PowerLawRival) or self.spec.alpha is not None
        if isinstance(self.spec, WithEpsilon) and given:
            options["epsilon"] = starting_max_lr(self.spec, self.study)
        return options

    @property
    def study_key(self) -> StudyKey:
        """Where its cells are recorded: known before its max_lr are, so it is what decides them.

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
        """Return the ids of the cells of a cycle whose max_lr is known.

        Args:
            cycle: Completed pruning cycles, 0 for the unpruned network.

        Returns:
            One id a replicate.
        """
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

        Yields:
            One request a cycle, and those of the oracle that its rule needs first.
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
            answers = yield CellRequest(cells, self.study_key)
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
    """The greedy oracle, requested again: its cells have the same ids, so none is trained twice.

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
