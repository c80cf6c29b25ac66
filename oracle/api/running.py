"""Running studies and finding stored runs, from Python."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from oracle.api.declaring import study_of
from oracle.api.progress import shown_progress
from oracle.api.run import Run
from oracle.database import STORAGE_RULE
from oracle.errors import SettingProblem
from oracle.host.disk import raise_disk_errors
from oracle.inventory import transport
from oracle.runs import catalog, estimate, execute, prepare
from oracle.settings import BACKEND_NAMES, DEVICE_NAMES, ScaleDown, Settings, default_workers
from oracle.study.base import Study
from scyc.errors import BadInput, unknown

StudyLike = str | Path | Mapping[str, Any] | Study


def run(
    study: StudyLike,
    *,
    workers: int | None = None,
    storage: str | None = None,
    data: str | Path | None = None,
    download: bool = False,
    device: Literal["auto", "cpu", "cuda"] = "auto",
    runs: str | Path | None = None,
    backend: Literal["ray", "inline"] = "ray",
    store: str | None = None,
    save_every: float = 5.0,
    smaller: ScaleDown | None = None,
    progress: bool = True,
) -> Run:
    """Run a study over all its pruning cycles, from wherever it stands.

    What is finished is found in the storage and not trained again. After an interruption, also by
    ``KeyboardInterrupt``, call it again with the same study.

    Args:
        study: The name of a built-in study, the path of a YAML file, a mapping with a study's
            fields, or a study such as :func:`oracle.OracleStudy` returns.
        workers: Processes that train; None: one a CPU core, or one a GPU.
        storage: Database URL, SQLite or PostgreSQL; None: ``ORACLE_STORAGE``, or a SQLite file in
            the study's folder.
        data: Folder of the images, instead of the study's own.
        download: Whether to download CIFAR-10 or Fashion-MNIST into that folder first, where it is
            not there, as ``--download`` does.
        device: What a worker trains on.
        runs: Folder of all runs; None: ``ORACLE_RUNS``, or ``runs``.
        backend: Train on Ray Tune's workers, or in this process.
        store: URL below which networks and images are kept for all machines; None:
            ``ORACLE_STORE``, or the study's folder.
        save_every: Minutes between two saves of what is being trained.
        smaller: What to reduce, as ``--scale`` and the other options of ``oracle run`` do.
        progress: Whether to show a bar, in a terminal or a notebook.

    Returns:
        The finished run.

    Raises:
        BadInput: The study or an argument is refused, with every problem found.
        OracleError: RunError where the run stopped before its end, StorageError where the
            database failed; what is finished is kept.

    Example:
        >>> import oracle
        >>> run = oracle.run(
        ...     "digits", backend="inline", smaller=oracle.ScaleDown(0.05, 0.2, None, 1, 2, 1)
        ... )
        >>> [cycle["cycle"] for cycle in run.table["cycles"]]
        [0, 1]
    """
    declared = study_of(study, smaller)
    settings = settings_of(
        runs, storage, store, workers, data, device, backend, save_every, download
    )
    prepared = prepare.prepare(declared, settings)
    with shown_progress(progress) as shown:
        table = execute.execute(prepared, shown)
    return load_run(table["run_id"], runs=runs, storage=storage, store=store)


def check(
    study: StudyLike,
    *,
    workers: int | None = None,
    storage: str | None = None,
    data: str | Path | None = None,
    download: bool = False,
    device: Literal["auto", "cpu", "cuda"] = "auto",
    runs: str | Path | None = None,
    backend: Literal["ray", "inline"] = "ray",
    store: str | None = None,
    smaller: ScaleDown | None = None,
) -> estimate.Estimate:
    """Validate a study and estimate what it will cost, from a short timing. Nothing is written.

    Args:
        study: As for :func:`oracle.run`, as are the others.
        workers: Processes that train.
        storage: Database URL.
        data: Folder of the images.
        download: Whether to download the images into that folder first.
        device: What a worker trains on.
        runs: Folder of all runs.
        backend: Ray Tune's workers, or this process.
        store: URL below which networks and images are kept.
        smaller: What to reduce.

    Returns:
        The estimate; its ``str()`` is what ``oracle check`` prints.

    Raises:
        BadInput: With every problem found.

    Example:
        >>> import oracle
        >>> cost = oracle.check("digits", smaller=oracle.ScaleDown(cycles=2))
        >>> cost.cycles, "digits" in str(cost)
        (2, True)
    """
    declared = study_of(study, smaller)
    settings = settings_of(runs, storage, store, workers, data, device, backend, download=download)
    return estimate.estimate(prepare.prepare(declared, settings))


def load_run(
    name: str,
    *,
    runs: str | Path | None = None,
    storage: str | None = None,
    store: str | None = None,
) -> Run:
    """Return a stored run, complete or not.

    Args:
        name: A run's id or name, or a study's name for its latest run as written.
        runs: As for :func:`oracle.run`, as are the others.
        storage: Database URL.
        store: URL below which networks are kept.

    Returns:
        The run, whose table is read when it is first used.

    Raises:
        BadInput: There is no such run; the message lists those that are known.

    Example:
        >>> import oracle
        >>> smaller = oracle.ScaleDown(scale=0.05, subset=0.2, cycles=1, grid=2, replicates=1)
        >>> ran = oracle.run("digits", backend="inline", progress=False, smaller=smaller)
        >>> oracle.load_run("digits").run_id == ran.run_id
        True
    """
    settings = settings_of(runs, storage, store)
    return Run(catalog.find_run(name, settings), settings)


def list_runs(
    *, runs: str | Path | None = None, storage: str | None = None, store: str | None = None
) -> list[Run]:
    """Return all stored runs, of the folder of runs or of a database.

    Args:
        runs: As for :func:`oracle.run`, as are the others.
        storage: Database URL.
        store: URL below which networks are kept.

    Returns:
        Runs of a database, the oldest first.

    Raises:
        BadInput: The database cannot be read.

    Example:
        >>> import oracle
        >>> smaller = oracle.ScaleDown(scale=0.05, subset=0.2, cycles=1, grid=2, replicates=1)
        >>> ran = oracle.run("digits", backend="inline", progress=False, smaller=smaller)
        >>> ran.run_id in [run.run_id for run in oracle.list_runs()]
        True
    """
    settings = settings_of(runs, storage, store)
    return [Run(stored, settings) for stored in catalog.find(settings)]


def import_run(
    file: str | Path,
    *,
    runs: str | Path | None = None,
    storage: str | None = None,
    store: str | None = None,
) -> Run:
    """Take a run in from a file that :meth:`oracle.Run.save` or ``oracle runs export`` wrote.

    All of the file is checked before anything is written. What is there already stays as it is.

    Args:
        file: Path of the archive, a ZIP file.
        runs: As for :func:`oracle.run`, as are the others.
        storage: Database URL.
        store: URL below which networks are kept.

    Returns:
        The run, to go on with where it was not complete.

    Raises:
        BadInput: The file is refused, with why; nothing was written.
        OracleError: WrongState where its training runs are under way here, StorageError where the
            database failed, DiskError where the disk did.

    Example:
        >>> import oracle
        >>> smaller = oracle.ScaleDown(scale=0.05, subset=0.2, cycles=1, grid=2, replicates=1)
        >>> ran = oracle.run("digits", backend="inline", progress=False, smaller=smaller)
        >>> taken = oracle.import_run(ran.save("digits.zip"), runs="elsewhere")
        >>> taken.rename("moved")
        >>> found = oracle.load_run("moved", runs="elsewhere")
        >>> found.summary()["name"], found.run_id == ran.run_id
        ('moved', True)
        >>> found.delete()
        >>> oracle.list_runs(runs="elsewhere")
        []
    """
    settings = settings_of(runs, storage, store)
    with raise_disk_errors():
        taken = transport.import_run(Path(file), settings)
    return Run(catalog.find_run(taken.run_id, settings), settings)


def settings_of(
    runs: str | Path | None,
    storage: str | None,
    store: str | None,
    workers: int | None = None,
    data: str | Path | None = None,
    device: str = "auto",
    backend: str = "ray",
    save_every: float = 5.0,
    download: bool = False,
) -> Settings:
    """Return how a study is run; the environment's where an argument is None.

    Args:
        runs: Folder of all runs.
        storage: Database URL.
        store: URL below which networks and images are kept.
        workers: Processes that train.
        data: Folder of the images.
        device: What a worker trains on.
        backend: Ray Tune's workers, or this process.
        save_every: Minutes between two saves of what is being trained.
        download: Whether to download the images into that folder first.

    Returns:
        The settings.

    Raises:
        BadInput: Arguments are refused, with every problem found.
    """
    problems = []
    for name, value, known in (
        ("device", device, DEVICE_NAMES),
        ("backend", backend, BACKEND_NAMES),
    ):
        if value not in known:
            problems.append(SettingProblem(name, unknown(str(value), known), value))
    for name, place, kinds, rule in (
        ("runs", runs, str | os.PathLike, "must be the path of a folder"),
        ("data", data, str | os.PathLike, "must be the path of a folder"),
        ("storage", storage, str, STORAGE_RULE),
        ("store", store, str, "must be a URL, such as s3://bucket/oracle"),
    ):
        if place is not None and not isinstance(place, kinds):
            problems.append(SettingProblem(name, rule, place))
    if workers is not None and (not isinstance(workers, int) or workers < 1):
        problems.append(SettingProblem("workers", "must be a whole number of at least 1", workers))
    if not isinstance(save_every, int | float) or not 0 < save_every < float("inf"):
        problems.append(
            SettingProblem("save_every", "must be a number of minutes above 0", save_every)
        )
    if problems:
        raise BadInput("run", problems)
    return Settings(
        folder=Path(runs if runs is not None else os.environ.get("ORACLE_RUNS", "runs")),
        storage=storage if storage is not None else os.environ.get("ORACLE_STORAGE"),
        store=store if store is not None else os.environ.get("ORACLE_STORE"),
        data=Path(data) if data is not None else None,
        download=download,
        workers=workers if workers is not None else default_workers(device),
        backend=backend,
        device=device,
        save_every=save_every,
    )
