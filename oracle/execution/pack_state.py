"""The files of packs under way: workers write them, the driver deletes them."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from oracle.errors import PackFailed
from oracle.search.graph import Graph
from scyc.specs.base import content_hash

if TYPE_CHECKING:  # the queue imports the workers, which write these files
    from oracle.execution.pack_queue import Pack

# What a machine keeps for itself where there is a store for all.
_OWN = Path(tempfile.gettempdir()) / f"scyc-oracle-{os.getuid()}"


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


def pack_state_name(cells: Sequence[str]) -> str:
    """Return what the files of a pack under way begin with.

    Args:
        cells: Ids of its cells, in order.

    Returns:
        32 hexadecimal digits.
    """
    return content_hash(["pack", *cells])[:32]


def in_flight_folder(given: str) -> Path:
    """Return the folder for the state of packs under way.

    Args:
        given: Folder of the run; "" where the run has a store that all machines share.

    Returns:
        That folder; for "", one of this user on this machine.

    Raises:
        PackFailed: That one is another user's.
    """
    return Path(given or own_folder("in-flight"))


def own_folder(what: str) -> Path:
    """Return a folder that this user keeps on this machine, for all runs.

    Args:
        what: Its name.

    Returns:
        A path that may not exist yet; the folder above it does.

    Raises:
        PackFailed: The folder above it is open to others.
    """
    _OWN.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = _OWN.stat()
    if status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise PackFailed(f"{_OWN} is open to others; delete it, or make it yours alone (chmod 700)")
    return _OWN / what
