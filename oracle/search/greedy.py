"""The greedy oracle: at each pruning cycle, the best max_lr of a grid."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from oracle.search.graph import Cell, Graph
from oracle.search.grid_search import GridSearch, OracleCycle, grid_search
from oracle.search.request import Search
from oracle.search.selection.replication import AdaptiveReplication
from oracle.stats.region import Region
from oracle.study.oracle import OracleStudy


def greedy_oracle(study: OracleStudy, graph: Graph, done: Callable[[OracleCycle], None]) -> Search:
    """Make the greedy oracle of a study; see :func:`run_greedy`.

    Every cycle begins with the least number of replicates, and may grow.

    Args:
        study: What is declared.
        graph: Names the training runs.
        done: Called with each finished cycle.

    Returns:
        A search that yields requests for cells.
    """
    search = grid_search(graph, study.schedule, study, study.seed)

    def growth(well_tuned: tuple[float, ...]) -> AdaptiveReplication:
        return AdaptiveReplication(study, graph, well_tuned)

    return run_greedy(
        search, study.cycles, study.least_replicates, done, growth, study.s_cyc_max_lr
    )


def run_greedy(
    search: GridSearch,
    cycles: int,
    replicates: int,
    done: Callable[[OracleCycle], None],
    growth: Callable[[tuple[float, ...]], AdaptiveReplication] | None = None,
    verdict_for: Callable[[int], float | None] = lambda cycle: None,
) -> Search:
    """Run the greedy oracle (Liu et al. 2021, Section 5.3).

    At each cycle the grid is searched; the max_lr with the best mean validation accuracy is kept,
    and its networks are pruned next. Ends early where every max_lr diverged.

    Args:
        search: Of one cycle.
        cycles: Pruning cycles after the unpruned network.
        replicates: Of each max_lr.
        done: Called with each finished cycle.
        growth: How a cycle comes to more replicates, from the well-tuned max_lr of the cycles
            before; None: it does not.
        verdict_for: The max_lr of a cycle whose verdict is wanted.

    Yields:
        Requests for cells; each is answered with the results so far.
    """
    parents: Sequence[Cell | None] = [None] * replicates
    last: Region | None = None
    well_tuned: tuple[float, ...] = ()
    for cycle in range(cycles + 1):
        grown = growth(well_tuned) if growth else None
        finished = yield from search.cycle(parents, last, grown, verdict_for(cycle))
        done(finished)
        if finished.region is None:
            return
        parents = finished.cells[finished.region.well_tuned][:replicates]
        last, well_tuned = finished.region, (*well_tuned, finished.region.well_tuned)
