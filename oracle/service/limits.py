"""How large a run a server accepts, computed from the declared fields alone, before any work."""

from __future__ import annotations

from dataclasses import dataclass

from oracle.service.limit_names import default
from oracle.study.base import Study
from oracle.study.oracle import OracleStudy
from oracle.study.parts.cell_search import CellSearch
from oracle.study.parts.external_run import ExternalRun
from oracle.study.parts.grid_spec import GridSpec, ListGrid
from oracle.study.parts.replicates import ReplicateRange
from oracle.study.schedules import SchedulesStudy
from oracle.study.search import PaperRecipe, SampledSearch, SearchStudy
from scyc.errors import Problem


@dataclass(frozen=True)
class Limits:
    """The largest run that a server accepts. The paper's largest has 60 x 27 x 3 = 4,860 cells.

    A table, and the next training of an external run, take about 20 microseconds a cell. Declared
    values are counted; a grid that grows may come to three times as many.
    """

    values: int = default("grid-values")  # of one grid
    cycle_replicates: int = default("cycle-replicates")
    cells: int = default("training-runs")  # of all searches of a run
    searched_values: int = default("adaptive-grid-values")  # where single cells are searched
    external_runs: int = default("external-runs")  # of all owners

    def external_run_problems(self, run: ExternalRun) -> list[Problem]:
        """Check whether an external run is too large.

        Args:
            run: As declared.

        Returns:
            One problem for each limit that it passes.
        """
        values = grid_size(run.grid)
        each = (run.cycles + 1) * run.replicates
        single = isinstance(run.search, CellSearch)
        return self._problems("grid", values, each, values * each, single)

    def study_problems(self, study: Study) -> list[Problem]:
        """Check whether a study is too large.

        Args:
            study: As declared.

        Returns:
            One problem for each limit that it passes.
        """
        replicates = study.replicates
        most = replicates.most if isinstance(replicates, ReplicateRange) else replicates
        each = (study.cycles + 1) * most
        path, values, cells, single = "grid", 0, each, False
        if isinstance(study, OracleStudy):
            values = grid_size(study.grid)
            cells = values * each * study.beam + len(study.rivals) * each
            single = isinstance(study.search, CellSearch)
        elif isinstance(study, SchedulesStudy):
            cells = len(study.schedules) * each
        elif isinstance(study, SearchStudy):
            search = study.search
            if isinstance(search, PaperRecipe):
                path, values = "search.epsilon", grid_size(search.epsilon)
            runs = search.trials if isinstance(search, PaperRecipe | SampledSearch) else search.runs
            cells = runs * each + values * most
        return self._problems(path, values, each, cells, single)

    def _problems(
        self, path: str, values: int, each: int, cells: int, single: bool
    ) -> list[Problem]:
        problems = []
        name, most, kind = "grid-values", self.values, ""
        if single and self.searched_values < most:
            name, most = "adaptive-grid-values", self.searched_values
            kind = " with search: {name: adaptive}"
        if values > most:
            rule = f"has more values than this server accepts{kind}, {most:,}; use fewer"
            problems.append(Problem(path, _or_raise(rule, name), values))
        if each > self.cycle_replicates:
            rule = f"pruning cycles x replicates may be {self.cycle_replicates:,} here; lower one"
            problems.append(Problem("replicates", _or_raise(rule, "cycle-replicates"), each))
        if cells > self.cells and not problems:
            rule = f"the run may have {self.cells:,} training runs here; use fewer grid values, "
            rule = _or_raise(rule + "cycles or replicates", "training-runs")
            problems.append(Problem(path, rule, cells))
        return problems


def _or_raise(rule: str, name: str) -> str:
    """Return a rule with who can change it."""
    return f"{rule}, or ask whoever runs the server for a higher --limit {name}"


def grid_size(grid: GridSpec) -> int:
    """Count the declared values of a grid, which are not computed for it.

    Args:
        grid: Declared grid.

    Returns:
        Values, without those by which the grid may grow.
    """
    return len(grid.max_lr) if isinstance(grid, ListGrid) else grid.count
