"""What an oracle study may run besides oracle and S-Cyc: a beam, and rivals without a search."""

from __future__ import annotations

from collections.abc import Sequence

from oracle.experiments.base import ExperimentCallbacks
from oracle.reports.sheet import format_lr
from oracle.search.beam import Beam, BeamCycle
from oracle.search.graph import Graph
from oracle.search.grid_search import OracleCycle
from oracle.search.liveness import NetworkLiveness
from oracle.search.pruning_run import RunCycle
from oracle.search.request import Search, StudyKey, StudyRole
from oracle.search.rivals.rival_run import RivalRun
from oracle.search.selection.expected import cells_a_cycle
from oracle.study.oracle import OracleStudy
from oracle.study.parts import grid
from oracle.tables.parts import beam as beam_tables
from oracle.tables.parts import rivals
from oracle.tables.parts.beam import BeamPart
from oracle.tables.parts.rivals import Rival

_ORACLE, _BEAM = "oracle", "beam"


class Extras:
    """A study's beam and rivals, and what they and the oracle can drop together."""

    def __init__(self, study: OracleStudy, graph: Graph, hooks: ExperimentCallbacks) -> None:
        self.study, self.hooks = study, hooks
        self.beam = Beam(study, graph, self._beam_done)
        self.rivals = [
            RivalRun(study, graph, spec, begun=self._begun, over=self._over)
            for spec in study.rivals
        ]
        searches = {_ORACLE, *(each.name for each in self.rivals)}
        self._liveness = NetworkLiveness(
            frozenset(searches | ({_BEAM} if study.beam > 1 else set()))
        )

    @property
    def ended(self) -> bool:
        """Whether the results are complete."""
        return (self.study.beam == 1 or self.beam.ended) and all(r.ended for r in self.rivals)

    def beam_searches(self) -> list[Search]:
        """Return the beam's search, if the study has a beam."""
        return self.beam.searches()

    def rival_searches(self) -> list[Search]:
        """Return one for each rival."""
        return [each.search() for each in self.rivals]

    def known_cells(self) -> set[str]:
        """Return ids of the rivals' cells whose max_lr is known."""
        return set().union(*(each.ids for each in self.rivals))

    def unknown_cells(self, oracle: Sequence[OracleCycle]) -> int:
        """Return how many more will be requested, besides the oracle's and if no grid grows.

        Args:
            oracle: Finished cycles of the greedy oracle.

        Returns:
            Cells, 0 where all have been requested.
        """
        return self._beam_ahead(oracle) + sum(each.unknown_cells for each in self.rivals)

    def beam_part(self, oracle: Sequence[OracleCycle]) -> BeamPart | None:
        """Return the part of a run's table that is about the beam.

        Args:
            oracle: Finished cycles of the greedy oracle.

        Returns:
            None where the study has no beam.
        """
        return beam_tables.part(self.study.beam, oracle, self.beam.cycles)

    def rival_parts(self, oracle: Sequence[OracleCycle], s_cyc: Sequence[RunCycle]) -> list[Rival]:
        """Return the part of a run's table that is about each rival.

        Args:
            oracle: Finished cycles of the greedy oracle.
            s_cyc: Finished cycles of S-Cyc's run.

        Returns:
            One a rival, in the study's order; [] of a study without rivals.
        """
        return rivals.part(self.study, self.rivals, oracle, s_cyc)

    def study_keys(self, oracle: Sequence[OracleCycle]) -> list[tuple[StudyKey, StudyRole]]:
        """Return where the beam's own cells are, which the oracle does not have, and the rivals'.

        Args:
            oracle: Finished cycles of the greedy oracle.

        Returns:
            Keys of Optuna studies, each with what it is in this study.
        """
        others = {each.study_key for each in oracle}
        beam: list[tuple[StudyKey, StudyRole]] = [
            (each.study_key, {"role": _BEAM, "cycle": each.cycle, "grid": list(each.cells)})
            for cycle in self.beam.cycles
            for each in cycle.expanded
            if each.study_key not in others
        ]
        rivals_runs: list[tuple[StudyKey, StudyRole]] = [
            (each.study_key, {"role": "rival", "rival": each.options}) for each in self.rivals
        ]
        return beam + rivals_runs

    def runs(self) -> dict[str, Sequence[RunCycle]]:
        """Return the way to the beam's best network, and the rivals' runs."""
        best = self.beam.best
        beam = {_BEAM: best.path if best else ()} if self.study.beam > 1 else {}
        return {**beam, **{each.name: each.path for each in self.rivals}}

    def oracle_done(self, cycle: OracleCycle) -> None:
        """Take note of a finished cycle of the oracle, and drop what nobody needs any more.

        Args:
            cycle: The finished cycle.
        """
        if cycle.region is None:
            self.hooks.on_discardable(self._liveness.end(_ORACLE))
            return
        won = [cell.id for cell in cycle.cells[cycle.region.well_tuned]]
        self.hooks.on_discardable(self._liveness.tell(_ORACLE, cycle.cycle, cycle.discarded, won))

    def _beam_done(self, cycle: BeamCycle) -> None:
        if not cycle.histories:
            self.hooks.on_discardable(self._liveness.end(_BEAM))
            return
        results = cycle.results.values()
        self.hooks.on_discardable(
            self._liveness.tell(_BEAM, cycle.cycle, results, cycle.beam_cells)
        )
        rates = ", ".join(format_lr(each.last.max_lr) for each in cycle.histories)
        self.hooks.on_cycle(f"cycle {cycle.cycle:>2}  beam of {self.study.beam}: keeps {rates}")

    def _begun(self, run: RivalRun, cycle: int) -> None:
        self.hooks.on_discardable(self._liveness.tell(run.name, cycle, (), run.row_ids(cycle)))

    def _over(self, run: RivalRun) -> None:
        self.hooks.on_discardable(self._liveness.end(run.name))

    def _beam_ahead(self, oracle: Sequence[OracleCycle]) -> int:
        """Count the beam's cells of the cycles that have not begun, without the greedy oracle's."""
        if self.study.beam == 1 or self.beam.ended:
            return 0
        ahead = self.study.cycles - len(self.beam.cycles)
        own = self.study.beam - (0 if self._greed_dropped(oracle) else 1)
        values = len(grid.grid_values(self.study.grid))
        each = cells_a_cycle(values, self.study.least_replicates, self.study.search)
        return max(0, ahead) * own * each

    def _greed_dropped(self, oracle: Sequence[OracleCycle]) -> bool:
        """Whether the oracle's networks are no longer among those that the beam keeps."""
        both = list(zip(oracle, self.beam.cycles, strict=False))
        if not both or both[-1][0].region is None:
            return False
        cycle, beam = both[-1]
        assert cycle.region is not None
        return not {cell.id for cell in cycle.cells[cycle.region.well_tuned]} <= beam.beam_cells
