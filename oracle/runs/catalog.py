"""Runs that are in a database: where it is, which there are, and their tables."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from oracle.database import URL, RunDatabase, RunRecord
from oracle.runs.stored import computed
from oracle.runs.stored.run_index import choose, databases, state_of
from oracle.settings import Settings
from oracle.study.base import Study
from oracle.study.oracle import OracleStudy
from oracle.study.validation import parse
from scyc.errors import BadInput

if TYPE_CHECKING:  # a list of runs needs neither the searches nor Optuna, half a second of imports
    from oracle.analysis.costs import Measured
    from oracle.experiments.base import Experiment
    from oracle.search.graph import Graph
    from oracle.search.grid_search import OracleCycle
    from oracle.search.request import CellRequest, Results
    from oracle.storage.result_reader import ResultReader
    from oracle.tables.oracle import OracleTable
    from oracle.tables.parts.current import CurrentCycle
    from oracle.tables.registry import Table


@dataclass(frozen=True)
class StoredRun:
    """A run that is in a database."""

    record: RunRecord
    study: Study
    url: URL
    folder: Path  # the folder of its files
    # running, done, stopped (go on with the same command), no winner, or deleting
    state: str
    name: str | None = None  # that a user gave it


def find(settings: Settings, unread: list[str] | None = None) -> list[StoredRun]:
    """Return all runs: of the storage that is named, or of the home.

    A home may have databases of earlier versions, which are read where they lie.

    Args:
        settings: Where runs are kept.
        unread: Takes the ids of runs whose studies another version of this project declared; they
            are left out of the result.

    Returns:
        Runs by database, the oldest first.

    Raises:
        BadInput: A database cannot be read.
    """
    runs: list[StoredRun] = []
    for database, url, folder in databases(settings):
        names = database.names().all()
        for record in database.runs():
            known = known_run(database, record, settings, url, folder)
            if known is not None:
                runs.append(replace(known, name=names.get(record.run_id)))
            elif unread is not None:
                unread.append(record.run_id)
    return runs


def known_run(
    database: RunDatabase,
    record: RunRecord,
    settings: Settings,
    url: URL,
    folder: Path | None = None,
) -> StoredRun | None:
    """Read a run of a database.

    Args:
        database: An open database that has the run.
        record: The run's row.
        settings: Where runs lie.
        url: Of the database.
        folder: Folder of its files, where that is not the one named like its study.

    Returns:
        The run; None where another version of this project declared its study.
    """
    study = stored_study(record)
    if study is None:
        return None
    folder = folder or settings.study_folder(study.folder_name)
    return as_it_stands(database, StoredRun(record, study, url, folder, record.state), record)


def stored_study(record: RunRecord) -> Study | None:
    """Parse the study of a run.

    Args:
        record: The run's row.

    Returns:
        The study; None where another version of this project declared it.
    """
    try:
        return parse(json.loads(record.study), record.run_id, stored=True)
    except BadInput:
        return None


def as_it_stands(database: RunDatabase, run: StoredRun, record: RunRecord) -> StoredRun:
    """Update a run to the state that its record has by now.

    Args:
        database: An open database that has the run.
        run: As it was read.
        record: Its row by now.

    Returns:
        The run with that record; "stopped" where it says "running" and no driver holds the graph.
    """
    return replace(run, record=record, state=state_of(database, record))


def find_run(text: str, settings: Settings) -> StoredRun:
    """Find the run with this id or name, or the one that a study's name means.

    Args:
        text: See :func:`oracle.runs.stored.run_index.choose`.
        settings: Where runs lie, and what is called where a name stands for several.

    Returns:
        As :func:`oracle.runs.stored.run_index.choose`.

    Raises:
        BadInput: There is none.
    """
    return choose(text, find(settings), settings)


def stored_table(run: StoredRun) -> Table:
    """Return the table of a run from the storage alone, as far as that knows it.

    That of a finished run is computed once, see :mod:`oracle.runs.stored.computed`.

    Args:
        run: Which run.

    Returns:
        The table, of finished training runs only.
    """

    def compute() -> str:
        from oracle.storage.result_reader import ResultReader  # noqa: PLC0415  # as above

        with contextlib.closing(ResultReader(run.url)) as reader:
            return json.dumps(table_from(run, reader))

    text = computed.of_record(run.record, run.state, run.url, run.folder, ["table"], compute)
    table: Table = json.loads(text)
    return table


def table_from(run: StoredRun, store: ResultReader) -> Table:
    """Compute what :func:`stored_table` returns, from a storage that is open.

    Of a run that was done and of which the storage now lacks training runs, ``missing`` names the
    first Optuna studies that lack some.

    Args:
        run: The stored run.
        store: Has the results.

    Returns:
        The table; with `current`, the unfinished cycle, where the oracle's search is in one.
    """
    from oracle.search.request import answered  # noqa: PLC0415  # as above
    from oracle.tables.parts import current  # noqa: PLC0415  # as above

    known = store.results(_graph(run))
    requested: list[list[CellRequest]] = []
    table = replayed(run, store, known, requested).table(run.record.run_id)
    lacking = {each[-1].study_key for each in requested if each and not answered(each[-1], known)}
    if lacking and run.state in ("done", "no winner"):
        from oracle.storage.optuna_studies import study_name  # noqa: PLC0415  # as above

        table["missing"] = sorted(study_name(_graph(run), run.study.name, key) for key in lacking)
    if table["kind"] == "oracle" and not table["complete"]:
        running = store.running_cells(_graph(run)) if run.state == "running" else None
        # the greedy oracle's search is the first
        unfinished = current.part(requested[0], known, running)
        if unfinished is not None:
            table["current"] = _provisional(unfinished, table, run.study)
    return table


def _provisional(unfinished: CurrentCycle, table: OracleTable, study: Study) -> CurrentCycle:
    """Add what the unfinished cycle says so far, and how many weights it should have left."""
    from oracle.tables.metric import is_minimised  # noqa: PLC0415  # as above
    from oracle.tables.parts import current  # noqa: PLC0415  # as above

    assert isinstance(study, OracleStudy)
    before = table["cycles"][-1]["weights_remaining"] if table["cycles"] else None
    pruning = study.system.pruning
    first = 100 * (pruning.start_density or 1.0)
    return {
        **unfinished,
        "expected_remaining": first if before is None else before * (1 - pruning.rate),
        "so_far": current.so_far(
            unfinished["grid"], table["tolerance"], table["tolerance_kind"], is_minimised(table)
        ),
    }


def measured(run: StoredRun) -> Measured:
    """Measure the cost of a run, for comparison with others.

    Args:
        run: Which run.

    Returns:
        As :func:`oracle.analysis.costs.comparable`.
    """
    from oracle.analysis.costs import comparable  # noqa: PLC0415  # as above

    return comparable(run.study, _graph(run), stored_table(run))


def adaptive_path(run: StoredRun) -> list[OracleCycle]:
    """Find the cycles that the adaptive oracle would have given, as far as the run recorded them.

    Args:
        run: Of a study that trains whole grids.

    Returns:
        Cycles in order; [] where the first is not recorded.
    """
    from oracle.analysis import replay  # noqa: PLC0415  # as above
    from oracle.storage.result_reader import ResultReader  # noqa: PLC0415  # as above

    assert isinstance(run.study, OracleStudy)
    graph = _graph(run)
    with contextlib.closing(ResultReader(run.url)) as store:
        known = store.results(graph)
    return replay.path(run.study, graph, known)


def replayed(
    run: StoredRun,
    store: ResultReader,
    known: Results | None = None,
    requested: list[list[CellRequest]] | None = None,
) -> Experiment:
    """Replay a run's searches as far as its storage has results.

    Args:
        run: Which run.
        store: Has the results.
        known: The storage's results, where they are read already.
        requested: Takes what each search requested, to the first request that is not answered.

    Returns:
        The experiment with its results.
    """
    from oracle.experiments.registry import experiment  # noqa: PLC0415  # as above
    from oracle.search.request import requests  # noqa: PLC0415  # as above

    known = store.results(_graph(run)) if known is None else known
    so_far = experiment(run.study, _graph(run))
    searched = [list(requests(search, known)) for search in so_far.searches()]
    if requested is not None:
        requested += searched
    return so_far


def _graph(run: StoredRun) -> Graph:
    from oracle.search.graph import Graph  # noqa: PLC0415  # as above

    return Graph(run.study.system, run.record.fingerprint)
