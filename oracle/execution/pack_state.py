"""The files of packs under way, as the driver sees them: workers write them, it deletes them."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

from oracle.execution.pack_queue import Pack
from oracle.execution.worker import pack_state_name
from oracle.search.graph import Graph


class PackStates:
    """A graph's packs under way, in the folder of a study; only its driver deletes there."""

    def __init__(self, folder: Path, graph: Graph) -> None:
        self.folder = folder / "in-flight" / graph.id[:16]

    def land(self, pack: Pack) -> None:
        """Delete what was saved of a pack whose results are stored.

        Args:
            pack: Cells that are trained side by side.
        """
        name = pack_state_name([cell.id for cell in pack.cells])
        with contextlib.suppress(OSError):  # none was saved; what cannot be deleted harms nobody
            for file in self.folder.iterdir():
                if file.name.startswith((f"{name}.", f".{name}.")):  # the latter: left unfinished
                    file.unlink(missing_ok=True)

    def clear(self) -> None:
        """Delete what is left when a run has ended: of packs that were never taken up again."""
        shutil.rmtree(self.folder, ignore_errors=True)
        with contextlib.suppress(OSError):  # another graph's packs are under way
            self.folder.parent.rmdir()
