"""The greedy oracle, and S-Cyc held against it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from oracle.analysis import region_fit, replay
from oracle.experiments.base import ExperimentCallbacks, cycle_line, first_grid, no_winner, path
from oracle.experiments.extras import Extras
from oracle.search.graph import Graph
from oracle.search.greedy import greedy_oracle
from oracle.search.grid_search import OracleCycle
from oracle.search.pruning_run import PruningPath, RunCycle
from oracle.search.request import Search, StudyKey, StudyRole
from oracle.search.selection.expected import cells_a_cycle
from oracle.study.declared import learning_rates
from oracle.study.oracle import OracleStudy
from oracle.study.parts import grid
from oracle.tables import oracle as compare
from oracle.tables.base import training_cost
from oracle.tables.oracle import OracleCost, OracleTable


@dataclass
class OracleExperiment:
    """The greedy oracle, and S-Cyc's own run where the study has its parameters."""

    study: OracleStudy
    graph: Graph
    hooks: ExperimentCallbacks = field(default_factory=ExperimentCallbacks)
    cycles: list[OracleCycle] = field(default_factory=list)
    s_cyc: list[RunCycle] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._path = self._s_cyc_path() if self.study.s_cyc else None
        self._first = first_grid(self.study, self.graph, self.study.schedule, self.study.grid)
        self._extras = Extras(self.study, self.graph, self.hooks)
        self._begun = False

    def _s_cyc_path(self) -> PruningPath:
        """Return S-Cyc's own run, which shares what it can of the grid's training runs."""
        declared = path(self.study, self.graph, learning_rates(self.study))
        shared = tuple(grid.on_grid(self.study.grid, max_lr) for max_lr in declared.max_lr)
        return replace(declared, max_lr=shared)

    def searches(self) -> list[Search]:
        """Return the oracle's search and the beam's, then runs that fill the workers meanwhile."""
        self._begun = True
        return [
            greedy_oracle(self.study, self.graph, self._cycle_done),
            *self._extras.beam_searches(),
            *([self._path.search(self.s_cyc.append)] if self._path else []),
            *self._extras.rival_searches(),
        ]

    def known_cells(self) -> set[str]:
        """Return S-Cyc's, and the rivals'."""
        return self._extras.known_cells() | (self._path.ids if self._path else set())

    def first_grids(self) -> set[str]:
        """Return the ids of cycle 0's cells, where its whole grid is searched."""
        return self._first if self.study.search == "grid" else set()

    def unknown_cells(self) -> int:
        """Count the cells of the cycles that have not begun; of an adaptive search, a guess."""
        whole = self.study.search == "grid"
        begun = len(self.cycles) + (1 if whole or self._begun else 0)
        ahead = max(0, self.study.cycles + 1 - begun)
        values = len(grid.grid_values(self.study.grid))
        each = cells_a_cycle(values, self.study.least_replicates, self.study.search)
        oracles = ahead * each
        return oracles + self._extras.unknown_cells(self.cycles)

    def table(self, run_id: str) -> OracleTable:
        """See :func:`oracle.tables.oracle.table`.

        Args:
            run_id: Id of the run.

        Returns:
            As :func:`oracle.tables.oracle.table`, with the parts on beam, rivals, cost and fit.
        """
        ended = len(self.cycles) == self.study.cycles + 1
        if self._path is not None:
            ended = ended and self._path.ended(self.s_cyc)
        complete = ended and self._extras.ended
        table = compare.table(self.study, run_id, self.cycles, self.s_cyc, complete)
        table["beam"] = self._extras.beam_part(self.cycles)
        table["rivals"] = self._extras.rival_parts(self.cycles, self.s_cyc)
        table["cost"] = self._costs(table["cost"])
        if complete:
            table["fit"] = region_fit.part(table["cycles"], self.study.pruning.rate)
        return table

    def _costs(self, cost: OracleCost) -> OracleCost:
        """With what the adaptive oracle would have cost, where the whole grid was tried."""
        if self.study.search != "grid":
            return cost
        replayed = replay.replays(self.study, self.graph, self.cycles)
        adaptive = training_cost(replay.trained(replayed))
        return {"oracle": cost["oracle"], "adaptive": adaptive, "s_cyc": cost["s_cyc"]}

    def study_keys(self) -> list[tuple[StudyKey, StudyRole]]:
        """Return those of the oracle's cycles, of S-Cyc, of the beam and of the rivals."""
        keys: list[tuple[StudyKey, StudyRole]] = [
            (
                each.study_key,
                {
                    "role": "oracle",
                    "cycle": each.cycle,
                    "grid": list(each.cells),
                    "replicates": each.replicates,
                },
            )
            for each in self.cycles
        ]
        if self._path is not None:
            keys.append((self._path.study_key, {"role": "s_cyc"}))
        return [*keys, *self._extras.study_keys(self.cycles)]

    def runs(self) -> dict[str, Sequence[RunCycle]]:
        """Return the oracle's path and the other pruning runs, by name.

        Of the oracle's, the replicates that every cycle has.
        """
        count = self.study.least_replicates
        won = [
            RunCycle(each.cycle, rate, each.cells[rate][:count], each.results[rate][:count])
            for each in self.cycles
            if each.region is not None
            for rate in [each.region.well_tuned]
        ]
        s_cyc = {"S-Cyc": self.s_cyc} if self._path is not None else {}
        return {"oracle": won, **s_cyc, **self._extras.runs()}

    def in_metric(self, points: float) -> float:
        """Return an accuracy as the run reports it.

        Args:
            points: Validation or test accuracy, percent.

        Returns:
            `points` as they are; those of a function's run are in its metric.
        """
        return points

    def failure(self) -> str | None:
        """Explain a cycle without a winner."""
        return no_winner(self.cycles[-1]) if self.cycles else None

    def _cycle_done(self, cycle: OracleCycle) -> None:
        self.cycles.append(cycle)
        self._extras.oracle_done(cycle)
        self.hooks.on_cycle(cycle_line(cycle))
