"""One iterative pruning run, and its distributions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from oracle.experiments.base import ExperimentCallbacks, path, path_line
from oracle.search.graph import Graph
from oracle.search.pruning_run import RunCycle
from oracle.search.request import Search, StudyKey, StudyRole
from oracle.study.distributions import DistributionsStudy
from oracle.tables import distributions
from oracle.tables.distributions import DistributionsTable


@dataclass
class DistributionsExperiment:
    """One iterative pruning run, with the distributions of each cycle."""

    study: DistributionsStudy
    graph: Graph
    hooks: ExperimentCallbacks = field(default_factory=ExperimentCallbacks)
    cycles: list[RunCycle] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._path = path(self.study, self.graph, self.study)

    def searches(self) -> list[Search]:
        """Return the search of the only pruning run (as :meth:`Experiment.searches`)."""
        return [self._path.search(self._cycle_done)]

    def known_cells(self) -> set[str]:
        """Return the ids of all cells: each max_lr is declared."""
        return set(self._path.ids)

    def first_grids(self) -> set[str]:
        """Return no ids: nothing is searched."""
        return set()

    def unknown_cells(self) -> int:
        """Return 0: all cells are known."""
        return 0

    def table(self, run_id: str) -> DistributionsTable:
        """See :func:`oracle.tables.distributions.table`.

        Args:
            run_id: Id of the run.

        Returns:
            As :func:`oracle.tables.distributions.table`.
        """
        return distributions.table(self.study, run_id, self.cycles, self._path.ended(self.cycles))

    def study_keys(self) -> list[tuple[StudyKey, StudyRole]]:
        """Return the run's Optuna study."""
        return [(self._path.study_key, {"role": "distributions"})]

    def runs(self) -> dict[str, Sequence[RunCycle]]:
        """Return the only pruning run, named "training"."""
        return {"training": self.cycles}

    def failure(self) -> str | None:
        """Explain a replicate that diverged, so that it could not be pruned."""
        if self.cycles and any(result.diverged for result in self.cycles[-1].results):
            return f"a replicate of cycle {self.cycles[-1].cycle} diverged; lower max_lr"
        return None

    def _cycle_done(self, done: RunCycle) -> None:
        self.cycles.append(done)
        self.hooks.on_cycle(path_line(done))
