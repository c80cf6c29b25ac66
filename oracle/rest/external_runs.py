"""The oracle for other programs' training runs, over HTTP; and max_lr of any run's cycles."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from oracle.errors import UnknownJob
from oracle.records.observations import Declared
from oracle.rest.external_run_schemas import (
    Answer,
    DescribedAs,
    MaxLr,
    NextTrainingRun,
    Observations,
    OutsideFound,
    OutsideList,
)
from oracle.rest.jobs import LARGEST, ServiceDep, Submitter
from oracle.rest.middleware import StrictJsonRoute, heavy
from oracle.rest.problems import documented
from oracle.rest.runs import Reader, RunName
from oracle.runs.catalog import StoredRun
from oracle.search.ask_tell import ExternalRunState, Training
from oracle.service.external_runs import Reported
from oracle.service.service import Service
from oracle.study.oracle import OracleStudy
from oracle.study.parts.external_run import ExternalRun
from oracle.study.validation import parse_as
from oracle.tables import external
from oracle.tables.registry import Table
from scyc.errors import BadInput, Problem
from scyc.json_types import JsonObject

router = APIRouter(prefix="/v1/oracle", tags=["oracle"], route_class=StrictJsonRoute)


@router.post(
    "",
    operation_id="declareOutside",
    summary="Declare an external run",
    status_code=201,
    responses={
        200: {"model": OutsideFound, "description": "The same run is there already."},
        **documented(413, 415, 422),
    },
)
@heavy
def declare(
    body: Annotated[JsonObject, DescribedAs(ExternalRun)],
    service: ServiceDep,
    who: Submitter,
    response: Response,
) -> OutsideFound:
    """Declare training runs that another program does, in any framework, led by the oracle."""
    run = parse_as(ExternalRun, body, "run")
    new = service.outside.declare(run, who.name)
    response.status_code = 201 if new else 200
    response.headers["Location"] = f"/v1/oracle/{run.id}"
    return _outside(service, run.id)


@router.get(
    "",
    operation_id="listOutside",
    summary="List external runs",
    responses=documented(422),
)
@heavy
def listed(
    service: ServiceDep,
    _: Reader,
    after: Annotated[int, Query(ge=0, le=LARGEST, description="`next` of the page before.")] = 0,
    limit: Annotated[int, Query(ge=1, le=200, description="Runs on a page.")] = 200,
) -> OutsideList:
    """All that were declared, the oldest first, page by page."""
    page, following = service.outside.page(after, limit)
    return OutsideList(
        items=[_with_declaration(*each, with_evidence=False) for each in page], next=following
    )


@router.get(
    "/{run}",
    operation_id="getOutside",
    summary="An external run",
    responses=documented(404, 422),
)
@heavy
def shown(run: RunName, service: ServiceDep, _: Reader) -> OutsideFound:
    """Return what was declared, how far it is, and the results of its complete cycles."""
    return _outside(service, run)


@router.get(
    "/{run}/max_lr",
    operation_id="getMaxLr",
    summary="max_lr of a pruning cycle",
    responses=documented(404, 422),
)
@heavy
def max_lr(
    run: RunName,
    cycle: Annotated[int, Query(ge=0, le=1000, description="Completed pruning cycles.")],
    service: ServiceDep,
    _: Reader,
) -> MaxLr:
    """S-Cyc's, the well-tuned one and the region: of any oracle run, own or outside."""
    declared = service.outside.find(run)
    if declared is None:
        return _own_max_lr(service, run, cycle)
    external = None if cycle > declared[1].run.cycles else _of_outside(declared[1], cycle)
    if declared[0].run_id == run or (external is not None and external.complete):
        own = None
    else:  # it only has the name: a run that the server trained may have the answer
        try:
            own = _own_max_lr(service, run, cycle)
        except (UnknownJob, BadInput):
            own = None
    if own is not None and (own.complete or external is None):
        return own
    return external or _of_outside(declared[1], cycle)


@router.post(
    "/{run}/observations",
    operation_id="observe",
    summary="Add observations; what to train next",
    responses=documented(404, 413, 415, 422),
)
@heavy
def observe(
    run: RunName,
    body: Annotated[JsonObject, DescribedAs(Observations)],
    service: ServiceDep,
    who: Submitter,
) -> Answer:
    """Several trainers are given different training runs, as long as there are enough.

    An empty list only asks for the next task. An observation may be repeated; if its accuracy
    differs, the first is kept, and `conflicts` says so.
    """
    given = parse_as(Observations, body, "observations")
    reports = [
        Reported(Training(each.cycle, each.max_lr, each.replicate), each.accuracy)
        for each in given.observations
    ]
    answer = service.outside.observe(run, who, reports, trainer=given.trainer, lease=given.lease)
    now, todo = answer.standing, answer.next
    upcoming = None
    if todo is not None:
        parent = now.start(todo)
        upcoming = NextTrainingRun(
            cycle=todo.cycle, max_lr=todo.max_lr, replicate=todo.replicate, parent_max_lr=parent
        )
    return Answer(
        **external.table(now, with_evidence=False),
        added=answer.added,
        next=upcoming,
        retry_after=answer.retry_after,
        conflicts=list(answer.conflicts),
    )


def _outside(service: Service, text: str) -> OutsideFound:
    declared = service.outside.find(text)
    if declared is None:
        raise UnknownJob(f"no run {text} was declared; declare it with POST /v1/oracle")
    return _with_declaration(*declared)


def _with_declaration(
    declared: Declared, now: ExternalRunState, with_evidence: bool = True
) -> OutsideFound:
    return OutsideFound(
        **external.table(now, with_evidence),
        owner=declared.owner,
        declared=declared.declared,
        declaration=now.run.model_dump(mode="json"),
    )


def _of_outside(now: ExternalRunState, cycle: int) -> MaxLr:
    _within(cycle, now.run.cycles)
    complete = cycle < len(now.cycles)
    row = external.cycle(now.run, cycle, now.cycles[cycle] if complete else None)
    return MaxLr(**row, run=now.run.id, complete=complete)


def _own_max_lr(service: Service, run: str, cycle: int) -> MaxLr:
    known = service.run(run)
    return _of_own(known, service.table(known), cycle)


def _of_own(known: StoredRun, table: Table, cycle: int) -> MaxLr:
    """From the table of a run that the server trains itself."""
    study = known.study
    if not isinstance(study, OracleStudy) or table["kind"] != "oracle":
        rule = "only a study of kind oracle measures max_lr cycle by cycle; name a run of one"
        raise BadInput("run", [Problem("run", rule, known.record.run_id)])
    _within(cycle, study.cycles)
    row = next((each for each in table["cycles"] if each["cycle"] == cycle), None)
    region = row["feasible"] if row else None
    return MaxLr(
        run=known.record.run_id,
        cycle=cycle,
        s_cyc=study.s_cyc_max_lr(cycle),
        well_tuned=row["well_tuned"] if row else None,
        region=region,
        inside=row["s_cyc"]["inside"] if row else None,
        evidence=row["evidence"] if row else None,
        complete=row is not None,
    )


def _within(cycle: int, last: int) -> None:
    if cycle > last:
        raise BadInput("cycle", [Problem("cycle", f"must be 0 to {last}, the run's last", cycle)])
