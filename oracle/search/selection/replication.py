"""Replicates that are added to a cycle of the oracle while the verdict on S-Cyc is open."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

from oracle.search import chance
from oracle.search.graph import Cell, CellResult, Graph
from oracle.search.request import CellRequest, Results, StudyKey, replicate_cells
from oracle.stats.region import MaxLrScores
from oracle.stats.region_intervals import Verdict, infer_region
from oracle.study.oracle import OracleStudy


@dataclass(frozen=True)
class AdaptiveReplication:
    """How one cycle of an oracle study comes to more replicates."""

    study: OracleStudy
    graph: Graph
    well_tuned: tuple[float, ...]  # the well-tuned max_lr of the cycles before

    def more(
        self, tried: Mapping[float, MaxLrScores], results: Sequence[Sequence[CellResult]]
    ) -> int:
        """Return how many replicates to add now.

        Args:
            tried: What every max_lr has scored.
            results: The replicates of each.

        Returns:
            0 where the verdict is given, where the bound is reached, and where no network is told
            from one that always names the largest class, so that there is nothing to decide.
        """
        have = len(next(iter(tried.values())).accuracies)
        if have >= self.study.most_replicates or chance.at_chance(results, "validation"):
            return 0
        verdict = self._verdict(tried)
        if verdict is None or verdict.kind != "undecided":
            return 0
        return added(have, verdict.replicates_needed, self.study.most_replicates)

    def parents(
        self, replicates: range
    ) -> Generator[CellRequest, Results, tuple[list[Cell | None], list[CellResult]]]:
        """Ask for the networks that new replicates start the cycle from.

        Args:
            replicates: Numbers of the new ones.

        Yields:
            A request of the cells of one earlier cycle at a time.

        Returns:
            The cells to start from, one a replicate (None in the first cycle), and the results of
            all that were requested.

        Each is its replicate's own, trained with the well-tuned max_lr of the cycles before. From
        the first replicate on that diverges there, none is given.
        """
        parents: list[Cell | None] = [None for _ in replicates]
        passed: list[CellResult] = []
        for cycle, max_lr in enumerate(self.well_tuned):
            if not parents:
                break
            schedule = self.study.schedule
            study_key = StudyKey("oracle", cycle, self.graph.study_key(parents, schedule))
            cells = replicate_cells(self.graph, parents, schedule, max_lr, replicates.start)
            answers = yield CellRequest(cells, study_key)
            results = [answers[cell.id] for cell in cells]
            passed += results
            came_through = list(takewhile(lambda result: not result.diverged, results))
            parents = list(cells[: len(came_through)])
        return parents, passed

    def _verdict(self, tried: Mapping[float, MaxLrScores]) -> Verdict | None:
        study = self.study
        posterior = infer_region(tried, study.tolerance, study.tolerance_kind, study.seed)
        rate = study.s_cyc_max_lr(len(self.well_tuned))
        return posterior.verdict(rate) if posterior and rate is not None else None


def added(have: int, needed: int | None, most: int) -> int:
    """Return how many replicates the next round adds to those there are.

    Args:
        have: Replicates there are.
        needed: Replicates that would decide the verdict; None where nothing is known of it.
        most: Replicates allowed for in all.

    Returns:
        One at least where more are allowed for.

    As many as are said to decide the verdict, but at most half as many as there are, since what is
    said rests on those; so, too, where nothing is known of how many it takes.
    """
    half = -(-have // 2)
    return min(half if needed is None else max(1, min(needed, half)), most - have)
