"""A server's API as a Python object.

with Client("http://127.0.0.1:8000") as client:
    job = client.wait(client.submit(text).id)
    table = client.table(job.run)

Over 300 lines: every method documents its arguments and results.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any, Self
from urllib.parse import quote

from oracle.client.connection import Connection, RetryPolicy
from oracle.client.models import (
    Answer,
    CycleRegion,
    DeletedRun,
    Event,
    ExternalRun,
    Job,
    JobPage,
    MaxLr,
    Run,
    RunList,
    RunSummary,
)
from oracle.errors import ServerError
from oracle.records.jobs import JobState
from oracle.settings import Progress, ScaleDown
from scyc.errors import BadInput, Problem
from scyc.json_types import JsonMapping, JsonObject

__all__ = ["FIGURES", "SERVER", "TABLES", "Client", "RetryPolicy", "ServerError"]

SERVER = "http://127.0.0.1:8000"
TABLES = ("text", "json", "csv", "markdown", "latex")
FIGURES = ("html", "png", "svg")


class Client:
    """A connection to a server. Every method raises ServerError, and BadInput for wrong input.

    `run` is a run's id, a job's id, or a study's name for its latest run as written.
    """

    def __init__(
        self,
        server: str = SERVER,
        token: str | None = None,
        pace: RetryPolicy = RetryPolicy(),  # noqa: B008  # frozen
        transport: Any = None,
    ) -> None:
        """Nothing is sent yet. Raises BadInput for an address or a token that cannot be one.

        transport: an httpx.BaseTransport to use instead of the network.
        """
        self._connection = Connection(server, token, pace, transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def server(self) -> str:
        """The server's address."""
        return self._connection.server

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def submit(
        self,
        study: str | JsonMapping,
        *,
        shrink: ScaleDown | None = None,
        data: str | None = None,
        priority: int = 0,
        key: str | None = None,
    ) -> Job:
        """Put a study into the queue; the same study is one job, however often it is submitted.

        Args:
            study: YAML text, or a study's fields.
            shrink: What to reduce.
            data: Name of one of the server's data folders.
            priority: -100 to 100, higher first.
            key: A word for this submission, which the server then refuses with another study.

        Returns:
            The job, new or as it is.
        """
        content: JsonObject = {"study": study, "priority": priority}
        if shrink is not None:
            content["shrink"] = _given(asdict(shrink))
        if data is not None:
            content["data"] = data
        headers = {} if key is None else {"Idempotency-Key": key}
        request = self._connection.request
        return request(Job, "POST", "/v1/jobs", json=content, headers=headers)

    def job(self, job_id: str) -> Job:
        """Fetch one job.

        Args:
            job_id: Of the job.

        Returns:
            The job as it is now.
        """
        return self._connection.request(Job, "GET", _job(job_id))

    def jobs(
        self,
        *,
        states: Sequence[JobState] = (),
        study: str | None = None,
        owner: str | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> JobPage:
        """List jobs, the newest first.

        Args:
            states: Only those in one of these states; empty: all.
            study: Only those of studies of this name.
            owner: Only those of this owner.
            before: ``next`` of the page before; None: the first page.
            limit: Jobs a page, at most.

        Returns:
            A page of jobs.
        """
        query = _given({"study": study, "owner": owner, "before": before, "limit": limit})
        query["state"] = list(states)
        return self._connection.request(JobPage, "GET", "/v1/jobs", params=query)

    def cancel(self, job_id: str) -> Job:
        """Cancel a queued or running job; what is finished is kept.

        Args:
            job_id: Of the job.

        Returns:
            The cancelled job.
        """
        return self._connection.request(Job, "POST", f"{_job(job_id)}/cancel")

    def resume(self, job_id: str) -> Job:
        """Put a cancelled or failed job back into the queue.

        Args:
            job_id: Of the job.

        Returns:
            The queued job.
        """
        return self._connection.request(Job, "POST", f"{_job(job_id)}/resume")

    def reprioritise(self, job_id: str, priority: int) -> Job:
        """Give a job another priority.

        Args:
            job_id: Of the job.
            priority: -100 to 100; higher comes first.

        Returns:
            The changed job.
        """
        content = {"priority": priority}
        return self._connection.request(Job, "PATCH", _job(job_id), json=content)

    def wait(self, job_id: str, progress: Progress | None = None) -> Job:
        """Follow a job to its end, through restarts of the server.

        Args:
            job_id: Of the job.
            progress: Called while the job runs; None: no callbacks.

        Returns:
            The job as it ended.
        """
        shown = progress or Progress()
        job = None
        for each in self.events(job_id, away=shown.say):
            if isinstance(each, Job):
                job = each
                if job.known:
                    shown.cells(job.done, job.known)
            elif each.kind == "line":
                shown.line(each.text)
            elif each.kind == "say":
                shown.say(each.text)
        return job or self.job(job_id)

    def events(
        self, job_id: str, after: int = 0, away: Callable[[str], None] = lambda text: None
    ) -> Iterator[Job | Event]:
        """Follow a job until it has ended.

        Args:
            job_id: Of the job.
            after: Number of the last event that is known.
            away: Called when the server does not answer; the events of that time follow once it
                is back.

        Yields:
            The job whenever it changes, and its events.
        """
        over = False
        read, path = self._connection.read, f"{_job(job_id)}/events"
        for each in self._connection.stream(path, after, away):
            if each is None and over:
                return
            if each is None:
                continue  # cut off; it is opened again
            if each.event == "job":
                job = read(Job, each.data)
                over = job.over
                yield job
            elif each.event in ("state", "line", "say"):
                yield read(Event, each.data)

    def runs(self) -> tuple[Run, ...]:
        """List all runs in the server's storage.

        Returns:
            The runs, the newest first.
        """
        runs: list[Run] = []
        before: int | None = None
        while True:
            query = {"limit": 200} if before is None else {"limit": 200, "before": before}
            page = self._connection.request(RunList, "GET", "/v1/runs", params=query)
            runs += page.items
            if (before := page.next) is None:
                return tuple(runs)

    def run(self, run: str) -> Run:
        """Fetch one run.

        Args:
            run: Id of the run.

        Returns:
            The run as it is now.
        """
        return self._connection.request(Run, "GET", _run(run))

    def summary(self, run: str) -> RunSummary:
        """Fetch a run's progress, date, size and owners.

        Args:
            run: Id of the run.

        Returns:
            What ``oracle runs show`` prints.
        """
        return self._connection.request(RunSummary, "GET", f"{_run(run)}/summary")

    def rename(self, run: str, name: str) -> RunSummary:
        """Give a run a name, which replaces an earlier one; its id stays.

        Args:
            run: Id or name of the run.
            name: The name; the run's id removes it.

        Returns:
            The run as it is now.
        """
        return self._connection.request(RunSummary, "PATCH", _run(run), json={"name": name})

    def delete(self, run: str) -> DeletedRun:
        """Delete a run with its jobs, and all that no other run needs.

        Args:
            run: Id or name of the run.

        Returns:
            What was deleted.
        """
        return self._connection.request(DeletedRun, "DELETE", _run(run))

    def table(self, run: str, distributions: str | None = None) -> JsonObject:
        """Fetch a run's table, as far as it has come.

        Args:
            run: Id of the run.
            distributions: Those of "oracle", "S-Cyc" or an entry's label instead, where recorded.

        Returns:
            What ``oracle table --format json`` prints.
        """
        query = _given({"format": "json", "distributions": distributions})
        return self._connection.request(JsonObject, "GET", f"{_run(run)}/table", params=query)

    def figure(self, run: str, distributions: str | None = None) -> JsonObject:
        """Fetch a run's figure.

        Args:
            run: Id of the run.
            distributions: As for :meth:`table`.

        Returns:
            The figure in Plotly's JSON.
        """
        query = _given({"format": "json", "distributions": distributions})
        return self._connection.request(JsonObject, "GET", f"{_run(run)}/figure", params=query)

    def fetch(
        self, run: str, form: str, *, width: int = 160, distributions: str | None = None
    ) -> bytes:
        """Fetch a run as a file: its table, figure, report or study.

        Args:
            run: Id of the run.
            form: text, json, csv, markdown or latex (the table), html, png or svg (the figure),
                report or study (YAML).
            width: Columns of text, 40 to 500.
            distributions: As for :meth:`table`.

        Returns:
            The file's bytes.
        """
        query = _given({"format": form, "distributions": distributions})
        if form in TABLES:
            query["width"] = width
            return self._connection.send("GET", f"{_run(run)}/table", params=query)
        if form in FIGURES:
            return self._connection.send("GET", f"{_run(run)}/figure", params=query)
        if form not in ("report", "study"):
            known = ", ".join((*TABLES, *FIGURES, "report", "study"))
            raise BadInput("fetch", [Problem("form", f"unknown; known: {known}", form)])
        return self._connection.send("GET", f"{_run(run)}/{form}")

    def region(self, run: str, cycle: int) -> CycleRegion:
        """Fetch the feasible region of a pruning cycle.

        Args:
            run: Id of a run that the server trains.
            cycle: Completed pruning cycles.

        Returns:
            The region, with the well-tuned max_lr.
        """
        return self._connection.request(CycleRegion, "GET", f"{_run(run)}/cycles/{cycle}/region")

    def max_lr(self, run: str, cycle: int) -> MaxLr:
        """Fetch max_lr of a pruning cycle: S-Cyc's, the well-tuned one, the region.

        Args:
            run: Id or name of a run that the server trains, or of an external training loop's.
            cycle: Completed pruning cycles.

        Returns:
            The learning rates.
        """
        path = f"/v1/oracle/{_part(run)}/max_lr"
        return self._connection.request(MaxLr, "GET", path, params={"cycle": cycle})

    def declare(self, run: JsonMapping) -> ExternalRun:
        """Declare a run of an external training loop; the same one may be declared again.

        What to train first is the answer of :meth:`observe` without observations.

        Args:
            run: Its fields: name, grid, cycles and the others of ``POST /v1/oracle``.

        Returns:
            The run, with its id.
        """
        return self._connection.request(ExternalRun, "POST", "/v1/oracle", json=dict(run))

    def observe(
        self,
        run: str,
        observations: Iterable[JsonMapping] = (),
        *,
        trainer: str | None = None,
        lease: float | None = None,
    ) -> Answer:
        """Report training runs of an external training loop, and ask what to train next.

        Args:
            run: Id or name of the run.
            observations: cycle, max_lr, replicate and accuracy in percent (None: it diverged) of
                each; none to ask only.
            trainer: A name for this trainer, which is given again what it was given and has not
                observed.
            lease: Seconds after which the next training run is given to another trainer; None takes
                the server's 600.

        Returns:
            How far the run is, and what to train next.
        """
        content: JsonObject = {"observations": [dict(each) for each in observations]}
        content |= _given({"trainer": trainer, "lease": lease})
        path = f"/v1/oracle/{_part(run)}/observations"
        return self._connection.request(Answer, "POST", path, json=content)


def _job(job_id: str) -> str:
    return f"/v1/jobs/{_part(job_id)}"


def _run(run: str) -> str:
    return f"/v1/runs/{_part(run)}"


def _part(name: str) -> str:
    """Quote a name as one part of a path. Raises BadInput for one that a path would swallow."""
    if name in ("", ".", ".."):
        raise BadInput("name", [Problem("name", "is no name of a job or a run", name)])
    return quote(name, safe="")


def _given(values: JsonMapping) -> JsonObject:
    return {key: value for key, value in values.items() if value is not None}
