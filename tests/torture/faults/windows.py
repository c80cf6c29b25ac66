"""What of a run is hurt at its system calls: the windows, and runs that are hurt in one of them."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from faults import invariants, journal
from faults.drivers import TINY, Victim
from faults.tracing import Traced, Window, traced
from oracle.database import RunDatabase
from oracle.execution.checkpoint_gc import CheckpointCollector
from oracle.execution.pack_state import PackStates
from oracle.runs import execute, prepare
from oracle.storage import session
from oracle.storage.result_store import ResultStore
from scyc.data import cache
from scyc.storage.checkpoint_store import CheckpointStore
from scyc.storage.pack_state_file import PackStateFile

PACK = 2
SMALL = {**TINY, "grid": {"max_lr": [0.05, 0.2]}, "cycles": 1, "replicates": 1, "pack": PACK}
WINDOWS: Mapping[str, Window] = MappingProxyType(
    {
        "images": Window(cache, "keep"),
        "new tables of Optuna": Window(ResultStore, "__init__"),
        "new tables": Window(RunDatabase, "__init__"),
        "a lease and a run": Window(RunDatabase, "register"),
        "the first commit": Window(ResultStore, "add"),
        "a commit": Window(ResultStore, "add", 4),
        "a checkpoint": Window(CheckpointStore, "save"),
        "a winner's checkpoint": Window(CheckpointStore, "save", 2),
        "an unfinished pack": Window(PackStateFile, "save"),
        "an unfinished pack, again": Window(PackStateFile, "save", 2),
        "a landing": Window(PackStates, "land"),
        "unused checkpoints": Window(CheckpointCollector, "drop"),
        "unused checkpoints, again": Window(CheckpointCollector, "drop", 2),
        "the end": Window(RunDatabase, "register", 2),
        "the end of all packs": Window(PackStates, "clear"),
        "notes": Window(execute, "publish"),
    }
)
_FROM_NOTHING = ("images", "new tables of Optuna", "new tables")


def small(folder: Path, kind: type[Victim] = Victim) -> Victim:
    """A run of six training runs that saves its packs after every step."""
    return kind(folder, declared=SMALL, save_every=1e-9)


def begun(folder: Path) -> Victim:
    """A small run of which there are the images and an empty database."""
    victim = small(folder)
    victim.folder.mkdir(parents=True)
    cache.keep(victim.folder / "images", prepare.prepare(victim.study, victim.settings).images)
    with session.opened(session.study_url(victim.settings, victim.study.folder_name)):
        pass
    return victim


class Attempt:
    """A small run that is hurt in one window, with the journal of its cells."""

    def __init__(
        self, folder: Path, first: Victim, window: str, kind: type[Victim] = Victim
    ) -> None:
        """Begin in an empty folder, with a copy of what `first` has."""
        if window not in _FROM_NOTHING:
            shutil.copytree(first.runs_folder, folder / "runs")
        self.victim, self.window = small(folder / "runs", kind), WINDOWS[window]
        self.journal = folder / "journal"
        self._notes = window == "notes"

    def armed(self) -> None:
        """Keep the journal in this process."""
        journal.keep(self.journal)
        if not self._notes:  # half a second of figures
            execute.publish = lambda *_: None

    def hurt(self, inject: str, armed: Callable[[], None] = lambda: None) -> Traced:
        """Run it, and inject the fault with strace in its window."""

        def both() -> None:
            self.armed()
            armed()

        return traced(self.victim, self.window, inject, both)

    def half_written(self) -> list[str]:
        """Checkpoints that are not what their names say, before anything has been mended."""
        files = (self.victim.folder / "checkpoints").rglob("*.pt")
        whole = (hashlib.sha256(file.read_bytes()).hexdigest() == file.stem for file in files)
        return [] if all(whole) else ["a checkpoint is half written"]

    def taken_up(self, reference: Victim) -> list[str]:
        """What is broken once the run has been started again and has ended."""
        code = self.victim.drive(self.armed)
        if code:
            return [f"started again, the run ends with {code}: {self.victim.errors[-800:]}"]
        return invariants.broken(self.victim, reference, self.journal, again=PACK)
