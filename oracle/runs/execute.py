"""The service object: check a study, run it, look at what was found. The CLI is a shell over it."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from oracle.database import Lease, RunDatabase, RunRecord, probe
from oracle.errors import AllDiverged, LeaseLost, StorageError
from oracle.execution import pack_plan
from oracle.execution.backends import BACKENDS
from oracle.execution.checkpoint_gc import CheckpointCollector
from oracle.execution.pack_queue import PackQueue
from oracle.execution.pack_state import PackStates
from oracle.execution.worker import WorkerConfig
from oracle.experiments.base import ExperimentCallbacks
from oracle.experiments.registry import expected_cells, experiment
from oracle.host.devices import device_rule, resolve_device
from oracle.host.disk import raise_disk_errors, why_not_writable
from oracle.runs import remarks
from oracle.runs.catalog import database, opened
from oracle.runs.function_checks import function_problems, function_resources
from oracle.runs.publishing import publish, say_what_is_gone
from oracle.runs.remarks import SplitSummary
from oracle.runs.run_ids import free_run_id
from oracle.search.graph import Cell, CellResult, Graph
from oracle.search.request import StudyKey
from oracle.settings import Progress, Settings
from oracle.storage import shared_store
from oracle.storage.recorder import Recorder
from oracle.storage.result_store import ResultStore
from oracle.storage.retry import DatabaseRetry
from oracle.study.base import Study
from oracle.study.function import FINGERPRINT, FunctionStudy
from oracle.study.oracle import start_problems, uses_own_code
from oracle.tables.oracle import Table
from scyc.checks import system as system_checks
from scyc.data import datasets
from scyc.data import images as data
from scyc.data.images import Images
from scyc.errors import BadInput, Problem
from scyc.specs import factory
from scyc.specs.base import as_json
from scyc.specs.choices import FactorySpec
from scyc.specs.system import SubsetSpec
from scyc.storage.blob_store import blobs, make_folder, sweep
from scyc.storage.checkpoint_store import CheckpointStore, FolderStore


@dataclass(frozen=True)
class PreparedRun:
    """A study that has passed every check."""

    study: Study
    images: Images | None  # None where the study's training runs are a function's
    graph: Graph
    run_id: str
    settings: Settings
    summary: SplitSummary | None  # of the images' division, and what is to be known of it


def prepare(study: Study, settings: Settings) -> PreparedRun:
    """Check everything that can be wrong before work starts, and write nothing.

    Raises BadInput with all problems at once: the images, the user's own code, the folder, the
    database.
    """
    if isinstance(study, FunctionStudy):
        return _prepare_function(study, settings)
    problems = start_problems(study)
    images: Images | None = None
    try:
        images = datasets.load(
            study.dataset,
            SubsetSpec(share=study.subset, classes=study.classes, seed=study.seed),
            settings.data,
            settings.study_folder(study.folder_name) / "images",
            study.split.test,
        )
        problems += data.split_problems(images, study.split)
    except BadInput as error:
        problems += error.problems
    if images is not None:
        problems += system_checks.problems(study.system, images)
    elif isinstance(study.network, FactorySpec):
        try:
            factory.load_factory(study.network.factory)
        except ValueError as error:
            problems.append(Problem("network", str(error)))
    if (
        isinstance(study.network, FactorySpec)
        and study.network.factory.startswith("__main__:")
        and settings.backend == "ray"
    ):
        rule = (
            "lies in the script that was started, which Ray's workers do not have; put it into a "
            'module of its own, or use backend "inline"'
        )
        problems.append(Problem("network.factory", rule, study.network.factory))
    remote = settings.backend == "ray" and "RAY_ADDRESS" in os.environ  # its workers have the GPUs
    if not remote and (no_device := device_rule(settings.device)):
        problems.append(Problem("device", no_device, settings.device))
    problems += _place_problems(study, settings)
    if problems or images is None:
        raise BadInput(study.name, problems)
    graph = Graph(study.system, images.fingerprint)
    summary = remarks.summary(study, images)
    free = free_run_id(study, images.fingerprint, database(settings, study.folder_name))
    return PreparedRun(study, images, graph, free, settings, summary)


def _place_problems(study: Study, settings: Settings) -> list[Problem]:
    """What is wrong with where a run is to be kept: its folder, its store, its database."""
    problems = []
    if rule := why_not_writable(settings.study_folder(study.folder_name)):
        problems.append(Problem("--runs", rule, str(settings.folder)))
    problems += shared_store.problems(settings.store, settings.backend)
    try:
        problems += probe(database(settings, study.folder_name))
    except BadInput as error:
        problems += error.problems
    return problems


def _prepare_function(study: FunctionStudy, settings: Settings) -> PreparedRun:
    """As :func:`prepare`, of a study whose training runs are a function's. Raises BadInput."""
    problems = start_problems(study)
    problems += function_problems(study, settings)
    problems += _place_problems(study, settings)
    if problems:
        raise BadInput(study.name, problems)
    graph = Graph(study.system, FINGERPRINT)
    free = free_run_id(study, FINGERPRINT, database(settings, study.folder_name))
    return PreparedRun(study, None, graph, free, settings, None)


@raise_disk_errors()
def execute(prepared: PreparedRun, progress: Progress | None = None) -> Table:
    """Run a study to its end, from wherever it stands; returns its table.

    Finished cells are found in the storage and not trained again. Raises LeaseHeld when another
    driver works on the same graph, NoWinner when a cycle has none, PackFailed when a training
    fails, DiskFailed when a file cannot be written; what was finished is kept in every case.
    """
    progress, patience = _patient(progress or Progress(), prepared.settings)
    for remark in prepared.summary.remarks if prepared.summary else ():
        progress.say(f"note: {remark}")
    study, settings, graph = prepared.study, prepared.settings, prepared.graph
    place = settings.study_folder(study.folder_name)
    make_folder(place)
    _keep_images(prepared, place)
    kept = blobs(settings.shared_location(study.folder_name, "checkpoints"))
    checkpoints = FolderStore(kept) if prepared.images is None else CheckpointStore(kept)
    in_flight = PackStates(place, graph)
    with opened(database(settings, study.folder_name)) as (ledger, store):
        record = RunRecord(
            prepared.run_id, graph.id, graph.fingerprint, _recorded(study), "running"
        )
        with ledger.lease(graph.id, progress.say) as lease, _swept(place):
            before = patience(lambda: ledger.run(prepared.run_id))
            patience(lambda: ledger.register(record, lease.claim))

            counted = (-1, 0)  # after so many steps of the searches, so many cells

            def expected() -> int:
                nonlocal counted
                if counted[0] != queue.steps:
                    counted = (queue.steps, expected_cells(found, queue.asked))
                return counted[1]

            def write(cell: Cell, result: CellResult, where: StudyKey) -> None:
                recorder.cell(cell, result, where)
                progress.cells(queue.answered + 1, expected())

            def drop(results: Iterable[CellResult]) -> None:
                if study.keep_checkpoints == "path":
                    losers.drop(results, found.known_cells(), queue.known)

            recorder = Recorder(store, lease, graph, study.name, patience, progress.say)
            losers = CheckpointCollector(checkpoints, progress.say)
            found = experiment(
                study, graph, ExperimentCallbacks(progress.line, drop, recorder.candidate)
            )
            known = patience(lambda: store.results(graph))
            queue = _queue(
                prepared, ledger, lease, known, write, checkpoints, in_flight, progress, patience
            )
            queue.start(found.searches())
            say_what_is_gone(before, study, graph, queue, progress)
            progress.cells(queue.answered, expected())
            with _stopped(ledger, store, record, lease):
                BACKENDS[settings.backend](_worker_spec(prepared), queue, settings.workers)
                lease.check()
                recorder.restore(queue.stored())
            result = found.table(prepared.run_id)
            if queue.repaired:
                losers.drop_again(found.known_cells(), queue.known)
            publish(recorder, found, result)
            failure = found.failure()
            in_flight.clear()
            ended = replace(record, state="no winner" if failure else "done")
            patience(lambda: ledger.register(ended, lease.claim))
    if failure:
        raise AllDiverged(failure)
    return result


def _keep_images(prepared: PreparedRun, place: Path) -> None:
    """Put the decoded images where workers find them: a folder, and the store, if there is one."""
    settings, images = prepared.settings, prepared.images
    if images is None:
        return
    data.keep(place / "images", images)
    if settings.store is not None:
        where = blobs(settings.shared_location(prepared.study.folder_name, "images"))
        data.share(place / "images", images.fingerprint, where)


@contextlib.contextmanager
def _stopped(
    ledger: RunDatabase, store: ResultStore, record: RunRecord, lease: Lease
) -> Iterator[None]:
    """Write down that a run has stopped where its trainings fail, unless it is another's by now."""
    try:
        yield
    except BaseException:
        store.abandon()
        with contextlib.suppress(StorageError, LeaseLost):
            ledger.register(replace(record, state="stopped"), lease.claim)
        raise


def _patient(progress: Progress, settings: Settings) -> tuple[Progress, DatabaseRetry]:
    """What a run tells, and does, where the database may be away; a job's is told to it, too."""
    patience = DatabaseRetry(settings.database_wait, progress.say)
    told = Progress(
        cells=progress.cells,
        line=lambda text: patience(lambda: progress.line(text)),
        say=lambda text: patience(lambda: progress.say(text)),
    )
    return told, patience


@contextlib.contextmanager
def _swept(place: Path) -> Iterator[None]:
    """Delete, before and after, unfinished files of killed processes in a study's folder."""
    folders = [place / name for name in ("", "checkpoints", "in-flight")]
    for folder in folders:
        sweep(folder)
    try:
        yield
    finally:
        for folder in folders:
            sweep(folder)


def _recorded(study: Study) -> str:
    """What is kept of a study: what it declares, and the folder in which it lies."""
    where = {"beside": study.beside} if study.beside else {}
    return json.dumps(study.identity_fields() | where)


def _queue(
    prepared: PreparedRun,
    ledger: RunDatabase,
    lease: Lease,
    known: dict[str, CellResult],
    write: Callable[[Cell, CellResult, StudyKey], None],
    checkpoints: CheckpointStore,
    in_flight: PackStates,
    progress: Progress,
    patience: DatabaseRetry,
) -> PackQueue:
    """A queue that goes by the run's plan: the study's, or on a GPU what was measured before."""
    study, run_id = prepared.study, prepared.run_id
    device = resolve_device(prepared.settings.device).type
    on_gpu = device != "cpu" and prepared.images is not None
    kept = patience(lambda: ledger.plan(run_id, device)) if on_gpu else None
    return PackQueue(
        kept.most if kept else pack_plan.most(study, on_gpu),
        known,
        write,
        checkpoints.has,
        engine=kept.engine if kept else pack_plan.engine(study),
        unplanned=pack_plan.unplanned(study, on_gpu, kept),
        planned=lambda plan: patience(lambda: ledger.keep_plan(run_id, device, plan)),
        on_stored=in_flight.land,
        check_lease=lambda: patience(lease.check),
        say=progress.say,
    )


def _worker_spec(prepared: PreparedRun) -> WorkerConfig:
    settings, home = prepared.settings, prepared.study.folder_name
    place = settings.study_folder(home).absolute()
    own = settings.store is not None  # each machine then keeps for itself what is under way
    device = settings.device
    if device == "auto":  # on every machine the same as here
        device = resolve_device(device).type
    return WorkerConfig(
        system=as_json(prepared.study.system),
        fingerprint=prepared.graph.fingerprint,
        images=settings.shared_location(home, "images"),
        checkpoints=settings.shared_location(home, "checkpoints"),
        in_flight="" if own else str(PackStates(place, prepared.graph).folder),
        save_every=60 * prepared.settings.save_every,
        device=device,
        import_from=(str(Path.cwd()),) if uses_own_code(prepared.study) else (),
        objects=_objects(prepared.study),
        resources=function_resources(prepared.study),
    )


def _objects(study: Study) -> dict[str, Callable[..., object]]:
    """The objects of this process that a study's training needs, by path."""
    if isinstance(study, FunctionStudy):
        path = study.trainer.function
    elif isinstance(study.network, FactorySpec):
        path = study.network.factory
    else:
        return {}
    given = factory.registered(path)
    return {} if given is None else {path: given}
