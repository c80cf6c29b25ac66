"""The service object: what the HTTP interface and its pages are shells over."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable
from typing import Literal

from oracle.database import RunDatabase, RunRecord
from oracle.errors import Forbidden, QueueFull, UnknownJob
from oracle.records.jobs import PRIORITIES, Job, NewJob
from oracle.records.tokens import Token
from oracle.runs import catalog
from oracle.runs.catalog import StoredRun
from oracle.runs.stored import recorded
from oracle.search.graph import Graph
from oracle.service import admission
from oracle.service.external_runs import ExternalRuns
from oracle.service.settings import ServerSettings
from oracle.service.table_cache import ComputedOnce
from oracle.settings import ScaleDown
from oracle.storage.result_store import ResultStore
from oracle.study.base import short_ids
from oracle.tables.registry import Table
from scyc.errors import BadInput
from scyc.specs.base import as_json, content_hash


class Service:
    """Jobs and runs of one database. For many threads at once."""

    def __init__(self, settings: ServerSettings) -> None:
        """Open the database. Raises BadInput, StorageError."""
        self.settings = settings
        self.database = RunDatabase(settings.url)  # first, as in `records.opened`
        self.store = ResultStore(settings.url)
        self.jobs = self.database.jobs()
        self.tokens = self.database.tokens()
        self.sessions = self.database.sessions()
        self.observations = self.database.observations()
        self.outside = ExternalRuns(self.observations, self.store, settings.limits)
        self._tables: ComputedOnce[Table] = ComputedOnce()
        self._drawn: ComputedOnce[str] = ComputedOnce()
        self._studies: dict[str, StoredRun] = {}  # by run id; what is declared never changes
        self._where = settings.of_job(None)

    def close(self) -> None:
        """Close all connections."""
        self.database.close()
        self.store.close()

    def submit(
        self,
        text: str,
        *,
        form: Literal["yaml", "json"],
        owner: str,
        shrink: ScaleDown | None = None,
        data: str | None = None,
        priority: int = 0,
        key: str | None = None,
    ) -> tuple[Job, bool]:
        """Put a study into the queue, unless it is there.

        Args:
            text: The study.
            form: What the text is.
            owner: Name of the token that submits it.
            shrink: How the study is scaled down; None: not at all.
            data: Name of a data folder of the server.
            priority: -100 to 100, higher first.
            key: The owner's word for this submission, so that a repeated one makes no second job.

        Returns:
            The study's job, and whether it is new.

        Raises:
            BadInput: The study is refused, with all problems at once.
            KeyReused: The owner has given the key to another job.
            QueueFull: As many jobs wait as the server accepts.
        """
        study = admission.admitted(text, form, shrink, data, priority, self.settings)
        named = as_json(study.with_source())  # with where it and its images lie
        identity = content_hash(["job", named, data])
        job_id, *longer_ids = short_ids(study.name, identity)
        new = NewJob(
            id=job_id,
            owner=owner,
            study_name=study.name,
            study=json.dumps(as_json(study)),
            source=text,
            data=data,
            priority=priority,
        )
        full = self.jobs.count()["queued"] >= self.settings.queue
        if full and self.jobs.find(new, longer_ids) is None:
            raise QueueFull(f"{self.settings.queue} jobs wait already; submit it again later")
        return self.jobs.submit(new, key, longer_ids)

    def cancel(self, job_id: str, who: Token) -> Job:
        """Cancel a job.

        Args:
            job_id: Id of the job.
            who: Token of the request.

        Returns:
            The job as it is now.

        Raises:
            UnknownJob: There is no such job.
            Forbidden: The job is another's, and the token is no admin's.
            WrongState: It has ended.
        """
        self._owned(job_id, who)
        return self.jobs.cancel(job_id)

    def resume(self, job_id: str, who: Token) -> Job:
        """Put a cancelled or failed job back into the queue.

        Args:
            job_id: Id of the job.
            who: Token of the request.

        Returns:
            The job as it is now.

        Raises:
            OracleError: As :meth:`cancel`; WrongState where it is done.
        """
        self._owned(job_id, who)
        return self.jobs.resume(job_id)

    def reprioritise(self, job_id: str, priority: int, who: Token) -> Job:
        """Give a job another priority.

        Args:
            job_id: Id of the job.
            priority: -100 to 100, higher first.
            who: Token of the request.

        Returns:
            The job as it is now.

        Raises:
            UnknownJob: There is no such job.
            Forbidden: The job is another's, and the token is no admin's.
            BadInput: The priority is out of range.
        """
        if priority not in PRIORITIES:
            raise BadInput("job", [admission.priority_problem(priority)])
        self._owned(job_id, who)
        return self.jobs.reprioritise(job_id, priority)

    def runs(self) -> list[StoredRun]:
        """Return all runs that are in the database, the oldest first."""
        runs = [self._run(record) for record in self.database.runs()]
        return [run for run in runs if run is not None]

    def page(self, before: int | None, limit: int) -> tuple[list[StoredRun], int | None]:
        """Return runs, the newest first.

        Args:
            before: Only those with a lower number; None: the newest.
            limit: Runs of the page at most.

        Returns:
            The runs, and `before` for the next page; None where this is the last.
        """
        rows = self.database.page(before, limit + 1)
        runs = [self._run(record) for _, record in rows[:limit]]
        following = rows[limit - 1][0] if len(rows) > limit else None
        return [run for run in runs if run is not None], following

    def run(self, name: str) -> StoredRun:
        """Find a run.

        Args:
            name: Id of a run, the name that a user gave it, id of a job, or name of a study, which
                means its latest run as written, or the latest that options scaled down.

        Returns:
            The run, as it is now.

        Raises:
            UnknownJob: There is no such run, or the job has none yet.
        """
        record = self.database.run(name)
        if record is None:
            record = self._record_named(name) or self._record_of_job(name)
        if record is None:
            same = [each for each in self.database.runs() if each.run_id.rpartition("-")[0] == name]
            as_written = [each for each in same if not json.loads(each.study).get("shrunk")]
            record = (as_written or same)[-1] if same else None
        run = self._run(record) if record is not None else None
        if run is None:
            raise UnknownJob(f"run {name} not found; GET /v1/runs lists all runs")
        return run

    def forget(self, run: StoredRun) -> None:
        """Forget a run that was deleted.

        Args:
            run: The stored run.
        """
        self._studies.pop(run.record.run_id, None)

    def table(self, run: StoredRun, which: str | None = None) -> Table:
        """Return the table of a run as far as it has come.

        Args:
            run: Which run.
            which: "oracle", "S-Cyc" or the label of an entry, for the distributions that it
                recorded; None: the run's own table.

        Returns:
            The table, computed once for each number of stored trials.

        Raises:
            BadInput: The run recorded no such distributions.
        """
        return self._tables.get(self._stamp(run, which), lambda: self._computed(run, which))

    def drawn(
        self, run: StoredRun, which: str | None, form: Hashable, draw: Callable[[Table], str]
    ) -> str:
        """Return a table as text or a figure as JSON, drawn once for each table and form.

        Args:
            run: Which run.
            which: As for :meth:`table`.
            form: Names the text or figure.
            draw: Makes it of the table.

        Returns:
            What `draw` returned.

        Raises:
            BadInput: As :meth:`table` raises it.
        """
        stamp = self._stamp(run, which)

        def drawing() -> str:
            return draw(self._tables.get(stamp, lambda: self._computed(run, which)))

        return self._drawn.get((*stamp, form), drawing)

    def run_of(self, number: int) -> StoredRun | None:
        """Return the latest run with an Optuna study; None of a study that is no run's.

        Args:
            number: Optuna's number of the study, as the dashboard's addresses have it.

        Returns:
            A run that has ended with the study goes before one that has not.
        """
        graph, ended = self.store.runs_of(number)
        records = [each for each in self.database.runs() if graph and each.graph == graph]
        chosen = [each for each in records if each.run_id in ended] or records
        return self._run(chosen[-1]) if chosen else None

    def _stamp(self, run: StoredRun, which: str | None) -> tuple[object, ...]:
        """Return what a table is a function of."""
        graph = Graph(run.study.system, run.record.fingerprint)
        running = self.store.running_cells(graph) if run.state == "running" else frozenset()
        return (run.record.run_id, run.state, which, running, *self.store.stamp(graph))

    def _computed(self, run: StoredRun, which: str | None) -> Table:
        if which is None:
            return catalog.table_from(run, self.store)
        return recorded.distributions(run, catalog.replayed(run, self.store), which)

    def _owned(self, job_id: str, who: Token) -> None:
        job = self.jobs.get(job_id)
        if job.owner != who.name and not who.allows("admin"):
            raise Forbidden(f"{job_id} is {job.owner}'s; ask them, or an admin")

    def _record_named(self, name: str) -> RunRecord | None:
        run_id = self.database.names().find(name)
        return None if run_id is None else self.database.run(run_id)

    def _record_of_job(self, job_id: str) -> RunRecord | None:
        try:
            run_id = self.jobs.get(job_id).run_id
        except UnknownJob:
            return None
        if run_id is None:
            raise UnknownJob(f"{job_id} has no run yet; it has to be started first")
        return self.database.run(run_id)

    def _run(self, record: RunRecord) -> StoredRun | None:
        """Return a run as it stands; its study is parsed once."""
        known = self._studies.get(record.run_id)
        if known is None:
            known = catalog.known_run(self.database, record, self._where, self.settings.url)
            if known is not None:
                self._studies[record.run_id] = known
            return known
        return catalog.as_it_stands(self.database, known, record)
