"""Deleting a run: its record, and whatever no other run needs, networks included."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from oracle.database import RunRecord
from oracle.database.contents.removal import Removal
from oracle.errors import WrongState
from oracle.execution.pack_state import PackStates
from oracle.experiments.registry import experiment
from oracle.experiments.summary import summary_key
from oracle.inventory.idle_graph import idle_graph
from oracle.inventory.listing import file_size, images, network_files, requested_cells
from oracle.runs import catalog
from oracle.runs.catalog import StoredRun
from oracle.runs.stored import computed
from oracle.search.graph import CellResult, Graph
from oracle.settings import Settings
from oracle.storage.session import opened
from oracle.study.function import FunctionStudy
from scyc.storage.blob_store import blobs
from scyc.storage.checkpoint_store import CheckpointStore, FolderStore

DELETING = "deleting"  # state of a run whose deletion has begun; deleting it again ends it
_UNENDED_JOBS = ("queued", "running")


@dataclass(frozen=True)
class Deleted:
    """What went with a run."""

    cells: int  # training runs that no other run needs
    size: int  # bytes of files


def delete(run: StoredRun, settings: Settings) -> Deleted:
    """Delete a run and what no other run needs: training runs, networks, images, its report.

    The run is marked first, then its files go, and last its rows, in one transaction: who is killed
    in between deletes it again, or runs it again.

    Args:
        run: Which run of the home or database.
        settings: Where its files are.

    Returns:
        What went.

    Raises:
        WrongState: It is running, or a job of it waits or runs; nothing has changed.
        StorageError: The database fails.
        OSError: A file cannot be deleted.
    """
    run_id, graph = run.record.run_id, Graph(run.study.system, run.record.fingerprint)
    with opened(run.url) as (ledger, store), contextlib.closing(Removal(run.url)) as rows:
        waiting = [job for job, _, state in rows.jobs(run_id) if state in _UNENDED_JOBS]
        if waiting:
            raise WrongState(f"{run_id} is the job {waiting[0]}; cancel it first: oracle cancel")
        with idle_graph(ledger, run.record.graph, run.record.run_id) as lease:
            ledger.register(replace(run.record, state=DELETING), lease.claim)
            known = store.results(graph)
            others = [each for each in ledger.runs() if each.run_id != run_id]
            deleted = set(known) - _needed(others, graph, known)
            size = _delete_files(
                run, settings, graph, [known[each] for each in deleted], others, rows
            )
            nodes = {
                key.node
                for key, role in experiment(run.study, graph).study_keys()
                if role["role"] == "search"
            }
            nodes.add(summary_key(run_id).node)
            rows.remove(run_id, graph.id, deleted, nodes, lease.claim)
    return Deleted(len(deleted), size)


def _needed(others: Iterable[RunRecord], graph: Graph, known: Mapping[str, CellResult]) -> set[str]:
    """List the cells that other runs need: all, where a study of theirs is not understood."""
    needed: set[str] = set()
    for record in others:
        if record.graph != graph.id:
            continue
        study = catalog.stored_study(record)
        if study is None:
            return set(known)
        needed |= requested_cells(study, graph, known)
    return needed


def _delete_files(
    run: StoredRun,
    settings: Settings,
    graph: Graph,
    deleted: Sequence[CellResult],
    others: Sequence[RunRecord],
    rows: Removal,
) -> int:
    """Delete a run's files that nothing else needs; returns their bytes."""
    needed = rows.networks(without={result.cell for result in deleted})
    here = {each.url for each in catalog.find(replace(settings, storage=None))}
    for url in here - {run.url}:  # such as a database of an earlier version, of the same folder
        with contextlib.closing(Removal(url)) as others_rows:
            needed |= others_rows.networks(without=())
    lost = [
        sha256
        for result in deleted
        for sha256 in (result.checkpoint, result.kept)
        if sha256 and sha256 not in needed
    ]
    doomed = {run.folder / f"{run.record.run_id}.html"}
    doomed |= computed.files(run.record.run_id, run.folder)
    doomed |= {file for sha256 in lost for file in network_files(run, sha256)}
    neighbours = [each for each in others if _folder(each) in (run.study.folder_name, None)]
    if all(each.fingerprint != run.record.fingerprint for each in neighbours):
        doomed |= images(run)
    size = sum(map(file_size, doomed))
    for file in doomed:
        file.unlink(missing_ok=True)
    if settings.store is not None:
        location = settings.shared_location(run.study.folder_name, "checkpoints")
        ending = FolderStore if isinstance(run.study, FunctionStudy) else CheckpointStore
        for sha256 in lost:
            ending(blobs(location)).discard(sha256)
    if all(each.graph != run.record.graph for each in others):
        shutil.rmtree(PackStates(run.folder, graph).folder, ignore_errors=True)
    _delete_empty(run.folder)
    return size


def _folder(record: RunRecord) -> str | None:
    """Return the name of the folder of a run's files; None where that is not understood."""
    study = catalog.stored_study(record)
    return None if study is None else study.folder_name


def _delete_empty(folder: Path) -> None:
    """Delete a folder and those in it, as far as they are empty."""
    for each in sorted(folder.rglob("*"), reverse=True):
        if each.is_dir() and not each.is_symlink():
            with contextlib.suppress(OSError):
                each.rmdir()
    with contextlib.suppress(OSError):
        folder.rmdir()
