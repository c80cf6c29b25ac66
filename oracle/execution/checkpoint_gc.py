"""Checkpoints that nothing will go on from, deleted as soon as that is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from oracle.search.graph import CellResult
from scyc.storage.checkpoint_store import CheckpointError, CheckpointStore


class CheckpointCollector:
    """Deletes the checkpoints of results; a failure does no harm and is reported."""

    def __init__(self, checkpoints: CheckpointStore, say: Callable[[str], None]) -> None:
        self._checkpoints, self._say = checkpoints, say
        self._dropped: dict[str, CellResult] = {}  # by cell id

    def drop(
        self,
        results: Iterable[CellResult],
        needed_cells: set[str],
        known: Mapping[str, CellResult],
    ) -> None:
        """Delete the networks of results, except those that other results need.

        One file may be that of several results: early in a warm-up all max_lr have the same
        network.

        Args:
            results: Whose networks may go.
            needed_cells: Ids of cells whose networks stay.
            known: All results, by cell id.
        """
        lost = [result for result in results if result.cell not in needed_cells]
        self._dropped |= {result.cell: result for result in lost}
        cells = {result.cell for result in lost}
        needed = {
            sha256
            for result in known.values()
            if result.cell not in cells
            for sha256 in (result.checkpoint, result.kept)
        }
        for result in lost:
            for sha256 in (result.checkpoint, result.kept):
                if sha256 and sha256 not in needed:
                    try:
                        self._checkpoints.discard(sha256)
                    except CheckpointError as error:
                        self._say(str(error))

    def dropped(self, cell_id: str) -> bool:
        """Return whether the checkpoints of a cell were to be deleted.

        Args:
            cell_id: Id of the cell.

        Returns:
            True also where another result still needs the file.
        """
        return cell_id in self._dropped

    def drop_again(self, needed_cells: set[str], known: Mapping[str, CellResult]) -> None:
        """Delete those that came back, since they were trained again with what was needed.

        Args:
            needed_cells: Ids of cells whose networks are needed still.
            known: Results by cell id.
        """
        self.drop(list(self._dropped.values()), needed_cells, known)
