"""How many training runs a cycle's search is likely to request, estimated before it begins."""

from __future__ import annotations

from oracle.search.selection.adaptive_grid import expected_values
from oracle.search.selection.next_cells import budget_cells
from oracle.study.parts.cell_search import CellSearch, CycleSearchSpec


def cells_a_cycle(count: int, replicates: int, search: CycleSearchSpec) -> int:
    """Return training runs of one cycle if its grid does not grow.

    Args:
        count: values of the grid.
        replicates: of each.
        search: how they are chosen; one of single cells may end before its budget is spent.

    Returns:
        Training runs: the budget of a search of single cells, else values times replicates.
    """
    if isinstance(search, CellSearch):
        return budget_cells(count, replicates, search.budget)
    return (count if search == "grid" else expected_values(count)) * replicates
