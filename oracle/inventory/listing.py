"""The runs of a home or of a database, with what is to be known of each before it is deleted."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from oracle.database.contents.removal import Removal
from oracle.experiments.base import Experiment
from oracle.experiments.registry import expected_cells, experiment
from oracle.runs import catalog
from oracle.runs.catalog import StoredRun
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

    def as_json(self) -> JsonObject:
        """Return the same as JSON values."""
        record, study = self.run.record, self.run.study
        return {
            "id": record.run_id,
            "name": self.run.name,
            "study": study.name,
            "kind": getattr(study, "kind", "oracle"),
            "state": self.run.state,
            "done": self.done,
            "expected": self.expected,
            "ended": self.ended.isoformat(timespec="seconds") if self.ended else None,
            "bytes": self.size,
            "owners": list(self.owners),
            "folder": str(self.run.folder),
            "shrunk": dict(study.shrunk),
        }


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
        # what S-Cyc shares with the oracle is known once it has been asked for
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
    return paths | {run.folder / f"{run.record.run_id}.html"} | images(run)


def network_files(run: StoredRun, sha256: str) -> list[Path]:
    """Return the names that a kept network, or a function's folder, may have in a run's folder.

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


def text(runs: Sequence[ListedRun]) -> str:
    """Return the runs as lines for a terminal, a heading above them.

    Args:
        runs: Listed runs.

    Returns:
        Lines with an end, columns aligned.
    """
    heads = ("run", "name", "state", "progress", "latest", "size", "owner")
    rows = [heads, *map(_row, runs)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _row(each: ListedRun) -> tuple[str, ...]:
    return (
        each.run.record.run_id,
        each.run.name or "",
        each.run.state,
        f"{each.done}/{each.expected}",
        f"{each.ended:%Y-%m-%d %H:%M}" if each.ended else "",
        bytes_text(each.size),
        ", ".join(each.owners),
    )


def one_text(listed: ListedRun) -> str:
    """Return what is to be known of one run as lines for a terminal.

    Args:
        listed: The run.

    Returns:
        Lines with an end; fields without a value are left out.
    """
    record, study = listed.run.record, listed.run.study
    rows = {
        "run": record.run_id,
        "name": listed.run.name or "",
        "study": f"{study.name}, of kind {getattr(study, 'kind', 'oracle')}",
        "smaller": ", ".join(f"{key} {value}" for key, value in study.shrunk.items()),
        "state": listed.run.state,
        "progress": f"{listed.done} of {listed.expected} training runs",
        "latest": f"{listed.ended:%Y-%m-%d %H:%M} UTC" if listed.ended else "",
        "size": bytes_text(listed.size),
        "owner": ", ".join(listed.owners),
        "folder": str(listed.run.folder),
        "database": listed.run.url.render_as_string(hide_password=True),
    }
    return "".join(f"{key:<9} {value}\n" for key, value in rows.items() if value)


def bytes_text(size: int) -> str:
    """Return a size as people read it, such as 3.2 MB.

    Args:
        size: Bytes.

    Returns:
        Powers of 1000, up to TB.
    """
    value, unit = float(size), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    return f"{size} B" if unit == "B" else f"{value:.1f} {unit}"
