"""How a study is run, where it lies, and what it tells meanwhile. Light to import."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

BACKEND_NAMES = ("ray", "inline")
DEVICE_NAMES = ("auto", "cpu", "cuda")
PROGRAM_FOLDER = "_oracle"  # no study's name begins with "_", so no study's folder is this one
DATABASE = "oracle.db"


def _tell_nobody(text: str) -> None:
    pass


@dataclass(frozen=True)
class Settings:
    """How a study is run; nothing here changes what it finds."""

    folder: Path = Path("runs")  # the home: a folder for each study, and one for the program
    storage: str | None = None  # database URL; the home's SQLite file if None
    data: Path | None = None  # the images' folder, instead of the study's
    download: bool = False  # fetch the images into that folder first, where they are not in it
    workers: int = field(default_factory=lambda: default_workers("cpu"))
    backend: str = "ray"
    device: str = "auto"
    save_every: float = 5.0  # minutes between two saves of a pack under way
    database_wait: float = 120.0  # seconds for which a database that is away is waited for
    store: str | None = None  # URL below which networks and images are kept for all machines
    # called with the run that was chosen where a study's name stands for several
    chosen: Callable[[str], None] = field(default=_tell_nobody, compare=False, repr=False)

    @property
    def program_folder(self) -> Path:
        """The program's own files in the home: the database and the logs of a server's jobs."""
        return self.folder / PROGRAM_FOLDER

    @property
    def database_file(self) -> Path:
        """The SQLite file of all runs, jobs and tokens of the home.

        Servers of earlier versions kept it in the home itself; there it is used until
        ``oracle migrate`` moves it.
        """
        file, earlier = self.program_folder / DATABASE, self.folder / DATABASE
        return earlier if earlier.exists() and not file.exists() else file

    def old_databases(self) -> list[Path]:
        """List the SQLite files of earlier versions: of each study folder, and of a server.

        The last is there where an earlier version was started again after its database was moved.

        Returns:
            The files that exist, without the home's own.
        """
        files = [self.folder / DATABASE, *sorted(self.folder.glob(f"*/{DATABASE}"))]
        ours = (self.database_file, self.program_folder / DATABASE)
        return [file for file in files if file not in ours and file.exists()]

    def study_folder(self, study_name: str) -> Path:
        """Return the folder of a study: its checkpoints, decoded images and reports.

        Args:
            study_name: Of the study.

        Returns:
            A path that may not exist yet.
        """
        return self.folder / study_name

    def shared_location(self, study_name: str, what: str) -> str:
        """Return where workers find a study's checkpoints or images.

        Args:
            study_name: Name of the study's folder.
            what: ``checkpoints`` or ``images``.

        Returns:
            A path, or a URL below the store.
        """
        if self.store is None:
            return str(self.study_folder(study_name).absolute() / what)
        return f"{self.store.rstrip('/')}/{study_name}/{what}"


def default_workers(device: str) -> int:
    """Return how many workers train where nobody says: one a GPU, else one a CPU core.

    Args:
        device: ``auto``, ``cpu`` or ``cuda``; of ``cpu`` the GPUs do not count.

    Returns:
        Processes.
    """
    if device != "cpu":
        import torch  # noqa: PLC0415  # seconds

        if torch.cuda.is_available():
            return torch.cuda.device_count()
    return len(os.sched_getaffinity(0))


@dataclass(frozen=True)
class ScaleDown:
    """What to reduce; None leaves it as the study has it.

    Example:
        >>> import oracle
        >>> smaller = oracle.ScaleDown(scale=0.05, subset=0.2, cycles=1, grid=2, replicates=1)
        >>> run = oracle.run("digits", backend="inline", progress=False, smaller=smaller)
        >>> run.study.cycles
        1
    """

    scale: float | None = (
        None  # of the iterations: budget, warm-up, milestones, validation, rewinding
    )
    subset: float | None = None  # share of each class's images
    classes: int | None = None  # the first so many
    cycles: int | None = None
    grid: int | None = None  # values of max_lr
    replicates: int | None = None


@dataclass
class Progress:
    """What a run tells while it is under way; every field may be replaced."""

    registered: Callable[[str], None] = lambda run_id: None  # once the run's id is known to be its
    cells: Callable[[int, int], None] = lambda done, total: None  # of this graph, done and expected
    line: Callable[[str], None] = lambda text: None  # of a cycle that is finished
    say: Callable[[str], None] = lambda text: None
