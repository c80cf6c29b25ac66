"""Which networks no search of a run can need any more."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from oracle.search.graph import CellResult


@dataclass
class NetworkLiveness:
    """What several searches of the same graph go on from, cycle by cycle.

    A network of a cycle can be dropped when every search has said which networks of that cycle it
    goes on from, and none has named it. So nothing is dropped that a search is still to need, in
    whatever order training runs are finished.
    """

    searches: frozenset[str]
    _reported: dict[int, set[str]] = field(default_factory=dict)  # searches, by cycle
    _tried: dict[int, dict[str, CellResult]] = field(default_factory=dict)  # by cycle and cell
    _needed: dict[int, set[str]] = field(default_factory=dict)  # ids of cells, by cycle
    _ended: set[str] = field(default_factory=set)

    def tell(
        self, search: str, cycle: int, tried: Iterable[CellResult], needed: Iterable[str]
    ) -> list[CellResult]:
        """Say which networks of a cycle a search goes on from.

        Args:
            search: Name of the search.
            cycle: Pruning cycle.
            tried: All results of the search in this cycle.
            needed: Ids of the cells that it goes on from.

        Returns:
            Results of this cycle that no search will go on from; none while a search has not said.
        """
        self._reported.setdefault(cycle, set()).add(search)
        self._tried.setdefault(cycle, {}).update({result.cell: result for result in tried})
        self._needed.setdefault(cycle, set()).update(needed)
        return self._free(cycle)

    def end(self, search: str) -> list[CellResult]:
        """Note that a search will name no more networks.

        Args:
            search: Name of the search.

        Returns:
            As :meth:`tell`: results whose networks nobody needs any more.
        """
        self._ended.add(search)
        return [result for cycle in sorted(self._tried) for result in self._free(cycle)]

    def _free(self, cycle: int) -> list[CellResult]:
        """Return what can be dropped of a cycle, and was not before."""
        if self.searches - self._reported[cycle] - self._ended:
            return []
        tried, needed = self._tried[cycle], self._needed[cycle]
        free = [result for cell, result in tried.items() if cell not in needed]
        self._tried[cycle] = {}
        return free
