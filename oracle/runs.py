"""The service object: check a study, run it, look at what was found. The CLI is a shell over it."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field, replace
from pathlib import Path

from oracle import compare, formats, grid, plots
from oracle.cells import Cell, Graph, Result
from oracle.compare import Table
from oracle.failures import NoWinner, StorageError
from oracle.folders import unwritable
from oracle.greedy import (
    OracleCycle,
    PathCycle,
    Place,
    Results,
    oracle,
    s_cyc_cells,
    s_cyc_path,
)
from oracle.ledger import RunRecord, probe
from oracle.packs import PackQueue
from oracle.records import database, opened
from oracle.settings import Progress, Settings
from oracle.spec import Study, uses_own_code
from oracle.store import ResultStore
from oracle.work import WorkerSpec
from oracle.workers import BACKENDS
from scyc import data, networks, sources
from scyc.checkpoint import CheckpointStore
from scyc.data import Images
from scyc.problems import BadInput, Problem
from scyc.spec import FactorySpec, SubsetSpec, as_json, content_hash


@dataclass(frozen=True)
class Prepared:
    """A study that has passed every check."""

    study: Study
    images: Images
    graph: Graph
    run_id: str
    settings: Settings


@dataclass
class _Found:
    """What the searches of one run have finished."""

    oracle: list[OracleCycle] = field(default_factory=list)
    path: list[PathCycle] = field(default_factory=list)


def prepare(study: Study, settings: Settings) -> Prepared:
    """Check everything that can be wrong before work starts, and write nothing.

    Raises BadInput with all problems at once: the images, the user's own code, the folder, the
    database.
    """
    problems: list[Problem] = []
    images: Images | None = None
    try:
        images = sources.load(
            study.dataset,
            SubsetSpec(share=study.subset, seed=study.seed),
            settings.data,
            settings.place(study.name) / "images",
        )
        problems += data.split_problems(images, study.split)
    except BadInput as error:
        problems += error.problems
    if images is not None:
        classes = len(images.classes)
        problems += networks.problems(
            study.network, images.shape, classes, study.pruning.prune_last
        )
    elif isinstance(study.network, FactorySpec):
        try:
            networks.load_factory(study.network.factory)
        except ValueError as error:
            problems.append(Problem("network", str(error)))
    if rule := unwritable(settings.place(study.name)):
        problems.append(Problem("--runs", rule, str(settings.folder)))
    try:
        problems += probe(database(settings, study.name))
    except BadInput as error:
        problems += error.problems
    if problems or images is None:
        raise BadInput(study.name, problems)
    graph = Graph(study.system, images.fingerprint)
    return Prepared(study, images, graph, run_id(study, images.fingerprint), settings)


def run_id(study: Study, fingerprint: str) -> str:
    """Name and hash of a study: every field, defaults included, and the images' content."""
    return f"{study.name}-{content_hash(['run', study.declared(), fingerprint])[:8]}"


def execute(prepared: Prepared, progress: Progress | None = None) -> Table:
    """Run a study to its end, from wherever it stands; returns its table.

    Finished cells are found in the storage and not trained again. Raises LeaseHeld when another
    driver works on the same graph, NoWinner when a cycle has none, PackFailed when a training
    fails; what was finished is kept in every case.
    """
    progress = progress or Progress()
    study, settings, graph = prepared.study, prepared.settings, prepared.graph
    place = settings.place(study.name)
    place.mkdir(parents=True, exist_ok=True)
    data.keep(place / "images", prepared.images)
    checkpoints = CheckpointStore(place / "checkpoints")
    with opened(database(settings, study.name)) as (ledger, store):
        record = RunRecord(
            prepared.run_id, graph.id, graph.fingerprint, json.dumps(study.declared()), "running"
        )
        with ledger.lease(graph.id, progress.say) as lease:
            ledger.register(record)
            found = _Found()
            path = {cell.id for cell in s_cyc_cells(study, graph)}

            def write(cell: Cell, result: Result, where: Place) -> None:
                lease.check()
                store.add(graph, study.name, where, cell, result)
                progress.cells(queue.answered + 1, _expected(study, queue, found, path))

            def cycle_done(cycle: OracleCycle) -> None:
                found.oracle.append(cycle)
                if study.keep_checkpoints == "path" and cycle.region is not None:
                    _drop_losers(cycle, path, queue.known, checkpoints)
                progress.cycle(cycle)

            queue = PackQueue(study.cells_a_pack, store.results(graph), write, checkpoints.has)
            searches = [
                oracle(study, graph, cycle_done),
                s_cyc_path(study, graph, found.path.append),
            ]
            queue.start(searches)
            progress.cells(queue.answered, _expected(study, queue, found, path))
            try:
                BACKENDS[settings.backend](_worker_spec(prepared), queue, settings.workers)
            except BaseException:
                with contextlib.suppress(StorageError):
                    ledger.register(replace(record, state="stopped"))
                raise
            result = compare.table(study, prepared.run_id, found.oracle, found.path)
            _annotate(store, prepared, found, result)
            won = found.oracle[-1].region is not None
            ledger.register(replace(record, state="done" if won else "no winner"))
    if not won:
        last = found.oracle[-1].cycle
        raise NoWinner(
            f"every max_lr of cycle {last} diverged; lower the grid, or training's rates"
        )
    return result


def _drop_losers(
    cycle: OracleCycle, path: set[str], known: Results, checkpoints: CheckpointStore
) -> None:
    """Delete the checkpoints that nothing will start from: of losing cells off S-Cyc's path."""
    assert cycle.region is not None
    kept = path | {cell.id for cell in cycle.cells[cycle.region.well_tuned]}
    needed = {known[cell].checkpoint for cell in kept if cell in known}
    for row in cycle.results.values():
        for result in row:
            if result.checkpoint and result.checkpoint not in needed:
                checkpoints.discard(result.checkpoint)


def _expected(study: Study, queue: PackQueue, found: _Found, path: set[str]) -> int:
    """How many cells the run will have asked for at its end, if no grid grows any more."""
    ahead = max(0, study.cycles - len(found.oracle))  # cycles that have not begun
    return len(queue.asked | path) + ahead * len(grid.values(study.grid)) * study.replicates


def _worker_spec(prepared: Prepared) -> WorkerSpec:
    place = prepared.settings.place(prepared.study.name).absolute()
    return WorkerSpec(
        system=as_json(prepared.study.system),
        fingerprint=prepared.images.fingerprint,
        images=str(place / "images"),
        checkpoints=str(place / "checkpoints"),
        device=prepared.settings.device,
        import_from=(str(Path.cwd()),) if uses_own_code(prepared.study) else (),
    )


def _annotate(store: ResultStore, prepared: Prepared, found: _Found, result: Table) -> None:
    """Show the table and the figures in the dashboard, in every Optuna study of the run."""
    study, graph = prepared.study, prepared.graph
    figures = plots.cards(result)
    note = formats.note(result)
    rows: list[tuple[Place, dict[str, object]]] = [
        (each.place, {"role": "oracle", "cycle": each.cycle, "grid": list(each.cells)})
        for each in found.oracle
    ]
    rates = tuple(each.max_lr for each in found.path)
    if len(rates) == study.cycles + 1:
        rows.append((Place("s_cyc", None, graph.node(rates)), {"role": "s_cyc"}))
    for where, role in rows:
        store.annotate(graph, study.name, where, prepared.run_id, role, note, figures)
