"""Running a study to its end, from wherever it stands."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from oracle.database import Lease, RunDatabase, RunRecord
from oracle.errors import AllDiverged, LeaseLost, StorageError
from oracle.execution import pack_plan
from oracle.execution.backends import BACKENDS
from oracle.execution.checkpoint_gc import CheckpointCollector
from oracle.execution.pack_queue import Pack, PackQueue
from oracle.experiments.base import ExperimentCallbacks
from oracle.experiments.registry import expected_cells, experiment
from oracle.experiments.summary import summary_trials
from oracle.host.devices import resolve_device
from oracle.host.disk import raise_disk_errors
from oracle.runs import remarks
from oracle.runs.prepare import PreparedRun
from oracle.runs.publishing import publish, say_what_is_missing
from oracle.runs.run_ids import is_same_run, run_ids
from oracle.runs.workspace import Workspace
from oracle.search.graph import Cell, CellResult
from oracle.search.request import StudyKey
from oracle.settings import Progress, Settings
from oracle.storage.live_curves import LiveCurves
from oracle.storage.recorder import Recorder
from oracle.storage.result_store import ResultStore
from oracle.storage.retry import DatabaseRetry
from oracle.storage.session import opened, own_database, study_url
from oracle.study.base import Study
from oracle.study.declared import max_lr_bounds
from oracle.tables.registry import Table
from scyc.tuning.plan import Plan


@raise_disk_errors()
def execute(prepared: PreparedRun, progress: Progress | None = None) -> Table:
    """Run a study to its end, from wherever it stands.

    Finished cells are read from the storage and not trained again. What was finished is kept,
    whatever is raised.

    Args:
        prepared: The study, checked.
        progress: What receives the progress.

    Returns:
        The run's table.

    Raises:
        LeaseHeld: Another driver works on the same graph.
        AllDiverged: Every max_lr of a cycle diverged.
        PackFailed: A training run failed.
        DiskError: A file cannot be written.
        StorageError: The database failed.
    """
    progress, patience = _patient(progress or Progress(), prepared.settings)
    for remark in prepared.summary.remarks if prepared.summary else ():
        progress.say(f"note: {remark}")
    if own := own_database(prepared.settings, prepared.study.folder_name):
        progress.say(f"note: {own} is of an earlier version; oracle migrate moves it into the home")
    workspace = Workspace(prepared)
    workspace.make()
    graph, study = prepared.graph, prepared.study
    record = RunRecord(prepared.run_id, graph.id, graph.fingerprint, _recorded(study), "running")
    with (
        opened(study_url(prepared.settings, study.folder_name)) as (database, store),
        database.lease(graph.id, progress.say) as lease,
        workspace.swept(),
    ):
        ids = run_ids(study, graph.fingerprint)
        before = patience(lambda: _stored_before(database, record, ids))
        earlier = patience(database.runs)
        for remark in (
            *remarks.other_images(study.name, graph.fingerprint, earlier),
            *remarks.other_code(study, graph.fingerprint, earlier),
        ):
            progress.say(f"note: {remark}")
        # Another run may have taken the id since the study was checked.
        record = patience(lambda: database.register_first(record, ids, is_same_run, lease.claim))
        prepared = replace(prepared, run_id=record.run_id)
        run = _Run(prepared, workspace, database, store, lease, progress, patience)
        run.live.clear()  # what a driver left that was killed
        run.queue.start(run.experiment.searches())
        say_what_is_missing(before, study, graph, run.queue, progress)
        run.show_progress()
        run.say_what_is_stored()
        with _stopped(database, store, record, lease, run.live):
            progress.registered(record.run_id)
            train = BACKENDS[prepared.settings.backend]
            train(workspace.worker_config(), run.queue, prepared.settings.workers)
            lease.check()
            run.recorder.restore(run.queue.stored())
        table = run.experiment.table(prepared.run_id)
        run.drop_repaired()
        run.gather()
        publish(run.recorder, run.experiment, table)
        failure = run.experiment.failure()
        workspace.pack_states.clear()
        ended = replace(record, state="no winner" if failure else "done")
        patience(lambda: database.register(ended, lease.claim))
    if failure:
        raise AllDiverged(failure)
    return table


class _Run:
    """A run under way: stores what its queue and its searches report (a ``RunEvents``)."""

    def __init__(
        self,
        prepared: PreparedRun,
        workspace: Workspace,
        database: RunDatabase,
        store: ResultStore,
        lease: Lease,
        progress: Progress,
        patience: DatabaseRetry,
    ) -> None:
        self._prepared, self._workspace, self._database = prepared, workspace, database
        self._lease, self._progress, self._patience = lease, progress, patience
        bounds = max_lr_bounds(prepared.study)
        self.recorder = Recorder(
            store, lease, prepared.graph, prepared.study.name, patience, progress.say, bounds
        )
        self.live = LiveCurves(self.recorder)
        self._collector = CheckpointCollector(workspace.checkpoints, progress.say)
        self._device = resolve_device(prepared.settings.device).type
        self.experiment = experiment(
            prepared.study,
            prepared.graph,
            ExperimentCallbacks(self._on_cycle, self.on_discardable, self.recorder.candidate),
        )
        self.queue = self._queue(patience(lambda: store.results(prepared.graph)))
        self._expected = (-1, 0)  # after so many steps of the searches, so many cells

    def _queue(self, known: dict[str, CellResult]) -> PackQueue:
        """Make a queue that follows the run's plan: the study's, or on a GPU a measured one."""
        study, run_id = self._prepared.study, self._prepared.run_id
        on_gpu = self._device != "cpu" and self._prepared.images is not None
        plan = self._patience(lambda: self._database.plan(run_id, self._device)) if on_gpu else None
        return PackQueue(
            plan.most if plan else pack_plan.most(study, on_gpu),
            known,
            self,
            engine=plan.engine if plan else pack_plan.engine(study),
            unplanned=pack_plan.unplanned(study, on_gpu, plan),
        )

    def _on_cycle(self, line: str) -> None:
        """Show a cycle that is finished, and store its answer in the run's summary."""
        self._progress.line(line)
        for answer in summary_trials(self.experiment, self._prepared.run_id):
            self.recorder.answer(answer)

    def on_result(self, cell: Cell, result: CellResult, key: StudyKey) -> None:
        """Store a new result."""
        self.recorder.cell(cell, result, key)
        self.live.finished(cell, key)
        self.show_progress(also=1)

    def on_validation(self, points: Sequence[tuple[Cell, int, float]], key: StudyKey) -> None:
        """Show validation values of training runs that are under way."""
        self.live.add(key, points)

    def on_restart(self, pack: Pack) -> None:
        """Take back the curves of a pack whose worker died."""
        self.live.restarted(pack.cells, pack.study_key)

    def on_pack_stored(self, pack: Pack) -> None:
        """Delete what was saved of a pack while it was under way."""
        self._workspace.pack_states.land(pack)

    def on_plan(self, plan: Plan) -> None:
        """Keep a plan for when this run goes on."""
        run_id, device = self._prepared.run_id, self._device
        self._patience(lambda: self._database.keep_plan(run_id, device, plan))

    def on_discardable(self, results: Iterable[CellResult]) -> None:
        """Delete the checkpoints of results that no pruning run goes on from."""
        if self._prepared.study.keep_checkpoints == "path":
            self._collector.drop(results, self.experiment.known_cells(), self.queue.known)

    def drop_repaired(self) -> None:
        """Delete checkpoints that came back with those that had to be trained again."""
        if self.queue.repaired:
            self._collector.drop_again(self.experiment.known_cells(), self.queue.known)

    def has_checkpoint(self, sha256: str) -> bool:
        """Return whether a checkpoint can still be read."""
        return self._workspace.has_checkpoint(sha256)

    def gather(self) -> None:
        """Make sure that the stored networks are in this study's folder.

        Those of training runs that another study of the home has done may lie in its folder.
        """
        for cell, result, _ in self.queue.stored():
            if not self._collector.dropped(cell.id):
                for sha256 in filter(None, (result.checkpoint, result.kept)):
                    self._workspace.borrow(sha256)

    def check_lease(self) -> None:
        """Raise LeaseLost where another driver has the lease."""
        self._patience(self._lease.check)

    def say(self, line: str) -> None:
        """Show a line to whoever watches the run."""
        self._progress.say(line)

    def say_what_is_stored(self) -> None:
        """Say how many training runs are in the storage already, where some are."""
        answered, total = self.queue.answered, self._expected[1]
        if answered:
            left = max(0, total - answered)
            self._progress.say(f"{answered:,} of {total:,} training runs found, {left:,} to train")

    def show_progress(self, also: int = 0) -> None:
        """Tell how many cells are finished, and how many are expected.

        Args:
            also: Finished cells that the queue does not count yet.
        """
        if self._expected[0] != self.queue.steps:
            self._expected = (
                self.queue.steps,
                expected_cells(self.experiment, self.queue.requested),
            )
        self._progress.cells(self.queue.answered + also, self._expected[1])


@contextlib.contextmanager
def _stopped(
    database: RunDatabase, store: ResultStore, record: RunRecord, lease: Lease, live: LiveCurves
) -> Iterator[None]:
    """Register a run as stopped where its training fails, unless it is another's by now."""
    try:
        yield
    except BaseException:
        store.abandon()
        live.clear()
        with contextlib.suppress(StorageError, LeaseLost):
            database.register(replace(record, state="stopped"), lease.claim)
        raise


def _stored_before(
    database: RunDatabase, record: RunRecord, ids: Sequence[str]
) -> RunRecord | None:
    """Return what an earlier start has stored of a run, under whichever of its ids."""
    records = [there for each in ids if (there := database.run(each)) is not None]
    return next((each for each in records if is_same_run(each, record)), None)


def _patient(progress: Progress, settings: Settings) -> tuple[Progress, DatabaseRetry]:
    """Return a progress and a retry that wait for a database; a job's progress lies in one."""
    patience = DatabaseRetry(settings.database_wait, progress.say)
    waiting = Progress(
        registered=lambda run_id: patience(lambda: progress.registered(run_id)),
        cells=progress.cells,
        line=lambda text: patience(lambda: progress.line(text)),
        say=lambda text: patience(lambda: progress.say(text)),
    )
    return waiting, patience


def _recorded(study: Study) -> str:
    """Return what is kept of a study: what it declares, and the folder in which it lies."""
    recorded = {"beside": study.beside} if study.beside else {}
    return json.dumps(study.identity_fields() | recorded)
