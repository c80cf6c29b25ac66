"""Writing a run into one file, and taking one in; see :mod:`oracle.inventory.archive`."""

from __future__ import annotations

import contextlib
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from oracle.database import Lease, RunDatabase, RunRecord
from oracle.errors import SettingProblem
from oracle.experiments.base import ExperimentCallbacks
from oracle.experiments.registry import experiment
from oracle.inventory import archive
from oracle.inventory.archive import MANIFEST, RESULTS, Archive, Bounds
from oracle.inventory.idle_graph import idle_graph
from oracle.inventory.listing import requested_cells
from oracle.runs.catalog import StoredRun
from oracle.runs.publishing import publish
from oracle.runs.run_ids import is_same_run, run_ids
from oracle.search.graph import CellResult, Graph
from oracle.search.request import requests
from oracle.settings import Settings
from oracle.storage.recorder import Recorder
from oracle.storage.result_store import ResultStore
from oracle.storage.retry import DatabaseRetry
from oracle.storage.session import opened, study_url
from oracle.study.base import Study
from oracle.study.declared import max_lr_bounds
from oracle.study.function import FunctionStudy
from scyc.errors import BadInput
from scyc.storage.blob_store import Blobs, Folder, blobs, whole
from scyc.storage.checkpoint_store import CheckpointStore, FolderStore


@dataclass(frozen=True)
class Exported:
    """What an export has written."""

    cells: int
    networks: int
    size: int  # bytes of the file


@dataclass(frozen=True)
class Imported:
    """What an import has added."""

    run_id: str
    state: str
    cells: int  # training runs that were new here
    networks: int  # networks that were new here


def export_run(run: StoredRun, settings: Settings, target: Path, networks: bool = True) -> Exported:
    """Write a run into one file: its study, its finished training runs and their networks.

    Args:
        run: The run, complete or not.
        settings: Where its networks are.
        target: The file, which is there whole or not at all.
        networks: Whether to write the networks; those that were deleted are left out.

    Returns:
        What was written.

    Raises:
        BadInput: There is no folder for the file, or it is a folder itself.
        StorageError: The database fails.
        OSError: The file cannot be written, or a network not be read.
    """
    if target.is_dir() or not target.absolute().parent.is_dir():
        rule = "must be a file in a folder that is there"
        raise BadInput("export", [SettingProblem("file", rule, str(target))])
    graph = Graph(run.study.system, run.record.fingerprint)
    with opened(run.url) as (_, store):
        known = store.results(graph)
    results = [
        known[cell] for cell in sorted(requested_cells(run.study, graph, known)) if cell in known
    ]
    checkpoints = _store(run.study, settings, run)
    sums = {each for result in results for each in (result.checkpoint, result.kept) if each}
    content = archive.results_of(results)
    files = {RESULTS: archive.file_entry(content)}
    state = run.state if run.state in ("done", "no winner") else "stopped"
    with whole(target, mode=0o666) as file, zipfile.ZipFile(file, "w") as packed:
        packed.writestr(RESULTS, content, zipfile.ZIP_DEFLATED)
        for sha256 in sorted(sums) if networks else ():
            with contextlib.suppress(FileNotFoundError):  # deleted, perhaps just now: it has lost
                network = checkpoints.files.read(checkpoints.name(sha256))
                known_as = archive.file_entry(network)
                if known_as["sha256"] == sha256:  # one that is damaged is trained again
                    name = f"checkpoints/{checkpoints.name(sha256)}"
                    packed.writestr(name, network, zipfile.ZIP_STORED)
                    files[name] = known_as
        fingerprint, study = run.record.fingerprint, json.loads(run.record.study)
        manifest = archive.manifest_of(run.record.run_id, study, fingerprint, state, files)
        packed.writestr(MANIFEST, manifest, zipfile.ZIP_DEFLATED)
    return Exported(len(results), len(files) - 1, target.stat().st_size)


def import_run(file: Path, settings: Settings, bounds: Bounds | None = None) -> Imported:
    """Take a run in from a file that :func:`export_run` wrote; all of it is checked before.

    Networks come first, then training runs, and the run itself last: who is killed in between does
    it again. What is there already stays as it is.

    Args:
        file: Path of the archive, a ZIP file.
        settings: The home, or the database, that takes it.
        bounds: The largest file that is read.

    Returns:
        What was new.

    Raises:
        BadInput: The file is refused, with why; nothing was written.
        WrongState: The same training runs are under way here.
        StorageError: The database fails.
        OSError: The disk does.
    """
    with archive.opened_archive(file, bounds) as (exported, content):
        study, graph = exported.study, exported.graph
        with (
            opened(study_url(settings, study.folder_name)) as (ledger, store),
            idle_graph(ledger, exported.graph.id, exported.run_id) as lease,
        ):
            there = store.results(graph)
            known = {**exported.results, **there}
            checkpoints = _store(study, settings)
            needed = {
                checkpoints.name(each)
                for cell in requested_cells(study, graph, known)
                if cell in known
                for each in (known[cell].checkpoint, known[cell].kept)
                if each
            }
            new = 0
            for name in exported.networks:
                short = name.removeprefix("checkpoints/")
                if short in needed and not checkpoints.files.has(short):
                    checkpoints.files.write(short, content(name))
                    new += 1
            return _recorded(exported, known, there, ledger, store, lease, new)


def _recorded(
    exported: Archive,
    known: Mapping[str, CellResult],
    there: Mapping[str, CellResult],
    ledger: RunDatabase,
    store: ResultStore,
    lease: Lease,
    networks: int,
) -> Imported:
    """Write training runs, candidates and the run itself down, as the run itself would have."""
    study, graph = exported.study, exported.graph
    patience = DatabaseRetry(0.0, lambda _: None)
    bounds = max_lr_bounds(study)
    recorder = Recorder(store, lease, graph, study.name, patience, lambda _: None, bounds)
    so_far = experiment(
        study, graph, ExperimentCallbacks(lambda _: None, lambda _: None, recorder.candidate)
    )
    written: set[str] = set()
    for search in so_far.searches():
        for request in requests(search, known):
            for cell in request.cells:
                if cell.id in known and cell.id not in there and cell.id not in written:
                    recorder.cell(cell, known[cell.id], request.study_key, there=True)
                    written.add(cell.id)
    table = so_far.table(exported.run_id)
    failure = so_far.failure()
    state = "no winner" if failure else "done" if table["complete"] else "stopped"
    record = RunRecord(exported.run_id, graph.id, exported.fingerprint, exported.recorded, state)
    ids = run_ids(study, exported.fingerprint)
    record = ledger.register_first(record, ids, is_same_run, lease.claim)
    if state == "done":
        publish(recorder, so_far, so_far.table(record.run_id))
    return Imported(record.run_id, state, len(written), networks)


def _store(study: Study, settings: Settings, run: StoredRun | None = None) -> CheckpointStore:
    """Return where a study's networks are: those of a run, or those of a study that is taken in."""
    if settings.store is None:
        folder = run.folder if run is not None else settings.study_folder(study.folder_name)
        files: Blobs = Folder(folder.absolute() / "checkpoints")
    else:
        files = blobs(settings.shared_location(study.folder_name, "checkpoints"))
    return FolderStore(files) if isinstance(study, FunctionStudy) else CheckpointStore(files)
