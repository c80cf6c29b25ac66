"""The search of S-Cyc's parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from oracle.experiments import candidate_trials
from oracle.experiments.base import ExperimentCallbacks, first_grid
from oracle.search.graph import Graph
from oracle.search.pruning_run import RunCycle
from oracle.search.request import Search, StudyKey, StudyRole
from oracle.search.s_cyc.asha import Sampled
from oracle.search.s_cyc.candidates import Candidate, CandidatePool
from oracle.search.s_cyc.coordinate import Recipe
from oracle.study.search import ListedSearch, PaperRecipe, SampledSearch, SearchStudy
from oracle.tables import search as search_tables
from oracle.tables.search import SearchResults, SearchTable
from scyc.specs.base import SCyc


@dataclass
class SearchExperiment:
    """Candidates of S-Cyc's (epsilon, delta, q, beta), each an iterative pruning run."""

    study: SearchStudy
    graph: Graph
    hooks: ExperimentCallbacks = field(default_factory=ExperimentCallbacks)

    def __post_init__(self) -> None:
        search = self.study.search
        self.board = CandidatePool(self.study, self.graph, self._candidate_ended)
        self._recipe: Recipe | None = None
        self._left = 1  # searches that have not ended
        if isinstance(search, PaperRecipe):
            self._recipe = Recipe(self.board, search, self.hooks.on_cycle)
        elif isinstance(search, SampledSearch):
            self._left = search.trials

    def searches(self) -> list[Search]:
        """Return the recipe's search, or the grid's; of sampled candidates one each."""
        search = self.study.search
        if self._recipe is not None:
            searches = [self._recipe.run()]
        elif isinstance(search, SampledSearch):
            from oracle.search.s_cyc import samplers  # noqa: PLC0415  # Optuna's: a second

            ask = partial(samplers.suggest, self.study)
            searches = Sampled(self.board, search, ask, self.hooks.on_cycle).searches()
        else:
            assert isinstance(search, ListedSearch)
            searches = [self._listed(search)]
        return [self._counted(each) for each in searches]

    def known_cells(self) -> set[str]:
        """Return those of candidates that go on; when all have ended, those that are worth keeping.

        Worth keeping are the best candidates' and those of the No Growth phases, below which
        other candidates start.
        """
        every = self.board.candidates
        rows = [row for each in every if not each.ended for row in each.path.rows]
        for each in every if not self._left else ():
            cycles = len(each.path.rows) if each in self.results.best else each.no_growth
            rows += each.path.rows[:cycles]
        return {cell.id for row in rows for cell in row}

    def first_grids(self) -> set[str]:
        """Return the cells of epsilon's grid, in the paper's recipe."""
        search = self.study.search
        if not isinstance(search, PaperRecipe):
            return set()
        return first_grid(self.study, self.graph, self.study.schedule, search.epsilon)

    def unknown_cells(self) -> int:
        """Count those of candidates to come, as if they shared only their first networks."""
        search, ahead = self.study.search, 0
        if not self._left:
            return 0
        if isinstance(search, PaperRecipe):
            counts = (len(search.delta), len(search.q) - 1, len(search.beta) - 1)
            begun = self._recipe.begun if self._recipe else 0
            ahead = sum(counts[max(0, begun - 1) :])
        else:
            trials = search.trials if isinstance(search, SampledSearch) else search.runs
            ahead = trials - len(self.board.candidates)
        return ahead * self.study.cycles * self.study.least_replicates

    def table(self, run_id: str) -> SearchTable:
        """See :func:`oracle.tables.search.table`.

        Args:
            run_id: Id of the run.

        Returns:
            As :func:`oracle.tables.search.table`.
        """
        return search_tables.table(self.study, run_id, self.results)

    def study_keys(self) -> list[tuple[StudyKey, StudyRole]]:
        """Return the Optuna studies of the search, its candidates' cells and epsilon's grid."""
        keys: list[tuple[StudyKey, StudyRole]] = [
            (candidate_trials.study_key(self.study, self.graph), {"role": "search"}),
            (self.board.study_key, {"role": "candidates"}),
        ]
        if self._recipe is not None and self._recipe.grid is not None:
            keys.append((self._recipe.grid.study_key, {"role": "epsilon"}))
        return keys

    def runs(self) -> dict[str, Sequence[RunCycle]]:
        """Return one for each candidate, by its number."""
        return {str(each.number): each.cycles for each in self.board.candidates}

    def failure(self) -> str | None:
        """Explain a search in which every candidate diverged."""
        if self._recipe is not None:
            return self._recipe.failed
        if self._left or any(each.whole for each in self.board.candidates):
            return None
        return "every candidate diverged; lower epsilon or delta"

    @property
    def results(self) -> SearchResults:
        """The results so far."""
        return SearchResults(
            self.board.candidates,
            self._recipe.best if self._recipe else None,
            self.study.objective.each(self.study.cycles),
            complete=not self._left,
        )

    def _listed(self, search: ListedSearch) -> Search:
        curves = [
            SCyc(epsilon=epsilon, delta=delta, q=q, beta=beta)
            for epsilon in search.epsilon
            for delta in search.delta
            for q in search.q
            for beta in search.beta
        ]
        yield from self.board.together([self.board.add(curve, "grid") for curve in curves])

    def _counted(self, search: Search) -> Search:
        yield from search
        self._left -= 1
        if not self._left:
            every = (done for each in self.board.candidates for done in each.cycles)
            self.hooks.on_discardable([result for done in every for result in done.results])

    def _candidate_ended(self, candidate: Candidate) -> None:
        self.hooks.on_candidate(candidate_trials.trial(self.study, self.graph, candidate))
        if candidate.whole:
            self.hooks.on_cycle(search_tables.line(self.study, candidate))
