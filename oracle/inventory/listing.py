"""The runs of a home or of a database, with what is to be known of each before it is deleted."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from oracle.client import run_text
from oracle.client.models import RunSummary
from oracle.database.contents.removal import Removal
from oracle.experiments.base import Experiment
from oracle.experiments.registry import expected_cells, experiment
from oracle.runs import catalog
from oracle.runs.catalog import StoredRun
from oracle.runs.stored import computed
from oracle.search.graph import CellResult, Graph
from oracle.search.request import requests
from oracle.settings import Settings
from oracle.storage.result_store import ResultStore
from oracle.storage.session import opened
from oracle.study.base import Study
from scyc.json_types import JsonObject


@dataclass(frozen=True)
class ListedRun:
    """A run and what it takes."""

    run: StoredRun
    done: int  # training runs that are finished
    expected: int  # training runs that it comes to, as far as that is known
    ended: datetime | None  # when the latest training run of its system ended
    size: int  # bytes of its networks, images and report; some may be another run's, too
    owners: tuple[str, ...]  # of its jobs; none where no server has run it

    def summary(self) -> RunSummary:
        """Return the same as a server tells it."""
        record, study = self.run.record, self.run.study
        return RunSummary(
            id=record.run_id,
            name=self.run.name,
            study=study.name,
            kind=getattr(study, "kind", "oracle"),
            state=self.run.state,
            done=self.done,
            expected=self.expected,
            ended=self.ended,
            bytes=self.size,
            owners=self.owners,
            shrunk=dict(study.shrunk),
        )

    def as_json(self) -> JsonObject:
        """Return the same as JSON values, with the run's folder."""
        return run_text.as_json(self.summary()) | {"folder": str(self.run.folder)}

    def text(self) -> str:
        """Return the same as lines for a terminal, with the run's folder and database."""
        database = self.run.url.render_as_string(hide_password=True)
        return run_text.one(self.summary(), folder=str(self.run.folder), database=database)


def listed(runs: Sequence[StoredRun]) -> list[ListedRun]:
    """Return what `oracle list` shows of runs.

    Args:
        runs: Stored runs.

    Returns:
        One a run, in the same order.

    Raises:
        StorageError: A database fails.
        BadInput: A database cannot be used.
    """
    rows_of_runs: list[ListedRun] = []
    for url in dict.fromkeys(run.url for run in runs):
        with opened(url) as (_, store), contextlib.closing(Removal(url)) as rows:
            rows_of_runs += [one(run, store, rows) for run in runs if run.url == url]
    order = {id(run): index for index, run in enumerate(runs)}
    return sorted(rows_of_runs, key=lambda each: order[id(each.run)])


def one(run: StoredRun, store: ResultStore, rows: Removal) -> ListedRun:
    """Return what `oracle list` shows of one run.

    Args:
        run: The stored run.
        store: Has the results.
        rows: Of the same database.

    Returns:
        Finished and expected training runs, latest end, bytes on disk, owners.

    Raises:
        StorageError: The database fails.
    """
    graph = Graph(run.study.system, run.record.fingerprint)
    known = store.results(graph)
    so_far = experiment(run.study, graph)
    requested = _requested(so_far, known)
    mine = [known[cell] for cell in requested if cell in known]
    return ListedRun(
        run=run,
        done=len(mine),
        # what S-Cyc shares with the oracle is known once it has been requested
        expected=len(requested) if run.state == "done" else expected_cells(so_far, requested),
        ended=rows.ended(graph.id),
        size=sum(map(file_size, files(run, mine))),
        owners=tuple(dict.fromkeys(owner for _, owner, _ in rows.jobs(run.record.run_id))),
    )


def requested_cells(study: Study, graph: Graph, known: Mapping[str, CellResult]) -> set[str]:
    """Return the ids of the cells that a study's searches ask for, as far as results carry them.

    Args:
        study: What was declared.
        graph: Names the training runs of the system.
        known: Results by cell id.

    Returns:
        Ids, those of finished cells and of the next request of each search.
    """
    return _requested(experiment(study, graph), known)


def _requested(so_far: Experiment, known: Mapping[str, CellResult]) -> set[str]:
    return {
        cell.id
        for search in so_far.searches()
        for request in requests(search, known)
        for cell in request.cells
    }


def files(run: StoredRun, results: Sequence[CellResult]) -> set[Path]:
    """Return the files that a run with these results has in its folder, if they are there.

    Args:
        run: The stored run.
        results: Results of training runs.

    Returns:
        Paths of checkpoints, report and images; some may not exist.
    """
    checkpoints = {each for result in results for each in (result.checkpoint, result.kept) if each}
    paths = {file for sha256 in checkpoints for file in network_files(run, sha256)}
    paths |= computed.files(run.record.run_id, run.folder)
    return paths | {run.folder / f"{run.record.run_id}.html"} | images(run)


def network_files(run: StoredRun, sha256: str) -> list[Path]:
    """Return the names that a stored network, or a function's folder, may have in a run's folder.

    Args:
        run: The stored run.
        sha256: Of the content, in hexadecimal.

    Returns:
        Two paths, of which at most one exists.
    """
    from scyc.storage import checkpoint_store  # noqa: PLC0415  # PyTorch: tables need none

    names = (checkpoint_store.name(sha256, ending) for ending in (".pt", ".tar"))
    return [run.folder / "checkpoints" / name for name in names]


def images(run: StoredRun) -> set[Path]:
    """Return the files of a run's decoded images.

    Args:
        run: The stored run.

    Returns:
        Paths of files that exist.
    """
    return set((run.folder / "images").glob(f"{run.record.fingerprint}.*"))


def file_size(file: Path) -> int:
    """Return the size of a file in bytes; 0 where there is none.

    A run under way drops networks while it is listed, so a file may go at any moment.

    Args:
        file: Path of a network, an image cache or a report.

    Returns:
        Bytes.
    """
    try:
        return file.stat().st_size
    except OSError:
        return 0


def find_listed(name: str, settings: Settings) -> ListedRun:
    """Return what `oracle runs show` shows of one run.

    Args:
        name: Id or name of the run, or name of a study for its latest run.
        settings: Where runs are kept.

    Returns:
        As :func:`one`.

    Raises:
        BadInput: There is no such run.
        StorageError: The database fails.
    """
    (run,) = listed([catalog.find_run(name, settings)])
    return run
