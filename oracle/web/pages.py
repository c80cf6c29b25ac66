"""The pages: jobs and a form to submit them; a job and the results of its run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Path, Query, Request, Response
from fastapi.responses import RedirectResponse

from oracle.database.contents.running_trials import RunningTrial
from oracle.errors import QueueFull, SettingProblem, UnknownJob
from oracle.records.jobs import PRIORITIES, Job, JobState
from oracle.records.tokens import Token
from oracle.reports import formats
from oracle.rest.auth import checked_form, needs
from oracle.rest.jobs import ServiceDep
from oracle.rest.middleware import heavy
from oracle.rest.runs import study_yaml
from oracle.rest.schemas import Smaller
from oracle.runs.catalog import StoredRun
from oracle.search.graph import Graph
from oracle.service.service import Service
from oracle.study.built_in import bundled_studies
from oracle.web import source_marks
from oracle.web.rendering import PageRoute, render
from scyc.errors import BadInput, Problem

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Reader = Annotated[Token, Depends(needs("read"))]
Submitter = Annotated[Token, Depends(needs("submit"))]
Name = Annotated[str, Path(max_length=100)]
Field = Annotated[str, Form()]
_LARGEST = 2**31 - 1
_A_PAGE = 25  # jobs
_EVENTS = 200  # of a job, the last
_SMALLER: tuple[tuple[str, str, str], ...] = (  # field, what it is called, an example
    ("scale", "Fraction of the steps", "0.02"),
    ("subset", "Fraction of the images", "0.1"),
    ("classes", "Classes", "4"),
    ("cycles", "Pruning cycles", "3"),
    ("grid", "Learning rates", "6"),
    ("replicates", "Replicates", "2"),
)
_WHOLE = frozenset({"classes", "cycles", "grid", "replicates", "priority"})


@router.get("/")
def jobs(
    request: Request,
    service: ServiceDep,
    who: Reader,
    state: JobState | None = None,
    text: Annotated[str | None, Query(max_length=100)] = None,
    before: Annotated[int | None, Query(ge=0, le=_LARGEST)] = None,
    shipped: Annotated[str | None, Query(max_length=100)] = None,
) -> Response:
    """Jobs, the newest first, and the form; ``shipped`` fills in a built-in study."""
    name = shipped or ""
    given = {"study": bundled_studies().get(name, ""), "shipped": name}
    return _jobs(request, service, who, given, (), state, text, before)


@router.post("/")
@heavy
def submit(
    request: Request,
    service: ServiceDep,
    who: Submitter,
    study: Field = "",
    data: Field = "",
    priority: Field = "",
    scale: Field = "",
    subset: Field = "",
    classes: Field = "",
    cycles: Field = "",
    grid: Field = "",
    replicates: Field = "",
    csrf: Field = "",
) -> Response:
    """Put a study into the queue, or show all that is wrong with it."""
    checked_form(request, csrf)
    sizes = {
        "scale": scale, "subset": subset, "classes": classes,
        "cycles": cycles, "grid": grid, "replicates": replicates,
    }  # fmt: skip
    study = study.replace("\r\n", "\n")  # browsers send lines so
    given = {"study": study, "data": data, "priority": priority, **sizes}
    try:
        numbers = _numbers({**sizes, "priority": priority})
        rank = int(numbers.pop("priority", 0))
        job, _ = service.submit(
            study,
            form="yaml",
            owner=who.name,
            shrink=Smaller.model_validate(numbers).scale_down(),
            data=data or None,
            priority=rank,
        )
    except BadInput as error:
        return _jobs(request, service, who, given, error.problems, status=422)
    except QueueFull as error:
        problem = SettingProblem("queue", str(error))
        return _jobs(request, service, who, given, (problem,), status=503)
    return RedirectResponse(f"/jobs/{job.id}", 303)


@router.get("/jobs/{job}")
@heavy
def one_job(request: Request, service: ServiceDep, who: Reader, job: Name) -> Response:
    """Show a job: its progress, the results of its run, its messages."""
    shown = service.jobs.get(job)
    events = service.jobs.events(job, limit=100_000)
    return render(
        request,
        "job.html",
        job=shown,
        mine=who.allows("admin") or (who.allows("submit") and shown.owner == who.name),
        events=events[-_EVENTS:],
        more=max(0, len(events) - _EVENTS),
        source=shown.source,
        **_run_fields(service, shown.run_id),
    )


@router.post("/jobs/{job}/cancel")
def cancel(
    request: Request, service: ServiceDep, who: Submitter, job: Name, csrf: Field = ""
) -> Response:
    """Cancel a job."""
    checked_form(request, csrf)
    service.cancel(job, who)
    return RedirectResponse(f"/jobs/{job}", 303)


@router.post("/jobs/{job}/resume")
def resume(
    request: Request, service: ServiceDep, who: Submitter, job: Name, csrf: Field = ""
) -> Response:
    """Put a job back into the queue."""
    checked_form(request, csrf)
    service.resume(job, who)
    return RedirectResponse(f"/jobs/{job}", 303)


@router.get("/runs/{run}")
@heavy
def one_run(request: Request, service: ServiceDep, _: Reader, run: Name) -> Response:
    """Show the results of a run, whoever ran it."""
    known = service.run(run)
    return render(
        request,
        "job.html",
        job=None,
        mine=False,
        events=(),
        more=0,
        source=study_yaml(known),
        **_run_fields(service, known.record.run_id),
    )


@router.get("/runs/of-study/{number}")
def run_of_study(
    service: ServiceDep, _: Reader, number: Annotated[int, Path(ge=0, le=_LARGEST)]
) -> Response:
    """Lead from an Optuna study of the dashboard to its run; to the jobs where it has none."""
    known = service.run_of(number)
    return RedirectResponse(f"/runs/{known.record.run_id}" if known else "/", 303)


def _run_fields(service: Service, run_id: str | None) -> dict[str, Any]:
    """Collect what there is of a run, for its page."""
    try:
        known = service.run(run_id) if run_id else None
    except UnknownJob:
        known = None  # its driver is about to register it
    sheet = None
    if known is not None:
        sheet = formats.sheet(service.table(known))
    trials = _trials(service, known) if known else ()
    return {
        "run": known,
        "sheet": sheet,
        "trials": trials,
        "running": _running(service, known, dict(trials)) if known else (),
    }


def _trials(service: Service, known: StoredRun) -> Sequence[tuple[int, str]]:
    """List the run's Optuna studies: number in the dashboard, and name."""
    graph = Graph(known.study.system, known.record.fingerprint)
    return service.store.numbered(graph)


def _running(
    service: Service, known: StoredRun, names: Mapping[int, str]
) -> Sequence[tuple[str, RunningTrial]]:
    """List the training runs that are under way, each with the name of its Optuna study."""
    if known.state != "running":
        return ()  # a driver that was killed leaves them
    graph = Graph(known.study.system, known.record.fingerprint)
    running = service.store.running(graph)
    return [(names.get(each.study, ""), each) for each in running if each.curve]


def _numbers(given: Mapping[str, str]) -> dict[str, float]:
    """Read the numbers of the form that are filled in. Raises BadInput with all that are none."""
    numbers: dict[str, float] = {}
    problems: list[Problem] = []
    for name, text in given.items():
        if not text.strip():
            continue
        whole = name in _WHOLE
        try:
            numbers[name] = int(text) if whole else float(text)
        except ValueError:
            rule = "must be a whole number" if whole else "must be a number above 0, at most 1"
            problems.append(SettingProblem(name, rule, text))
            continue
        problems += _bounds(name, numbers[name])
    if problems:
        raise BadInput("form", problems)
    return numbers


def _bounds(name: str, value: float) -> list[Problem]:
    if name == "priority":
        fits, rule = int(value) in PRIORITIES, f"{PRIORITIES[0]} to {PRIORITIES[-1]}"
    elif name in _WHOLE:
        least = 2 if name in ("classes", "grid") else 1
        most = 1_000_000 if name == "classes" else 1000
        fits, rule = least <= value <= most, f"{least} to {most}"
    else:
        fits, rule = 0 < value <= 1, "above 0, at most 1"
    return [] if fits else [SettingProblem(name, f"must be {rule}", value)]


def _jobs(
    request: Request,
    service: Service,
    who: Token,
    given: dict[str, str],
    problems: Sequence[Problem],
    state: JobState | None = None,
    text: str | None = None,
    before: int | None = None,
    status: int = 200,
) -> Response:
    page = service.jobs.page(
        states=(state,) if state else (), text=text or None, before=before, limit=_A_PAGE + 1
    )
    shown: list[Job] = page[:_A_PAGE]
    fields = {name for name, *_ in _SMALLER} | {"data", "priority"}
    return render(
        request,
        "jobs.html",
        status,
        who=who,
        jobs=shown,
        next=shown[-1].number if len(page) > _A_PAGE else None,
        count=service.jobs.count(),
        state=state,
        text=text or "",
        before=before,
        shipped=bundled_studies(),
        data=sorted(service.settings.data),
        smaller=_SMALLER,
        given=dict.fromkeys(("study", "shipped", *fields), "") | given,
        problems=problems,
        marked=source_marks.marked(
            given.get("study", ""),
            [problem for problem in problems if not isinstance(problem, SettingProblem)],
        ),
        wrong=dict.fromkeys(fields, "")
        | {
            problem.path: problem.rule
            for problem in problems
            if isinstance(problem, SettingProblem) and problem.path in fields
        },
    )
