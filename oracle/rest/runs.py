"""Runs over HTTP: tables, figures, regions, reports, of whatever is in the storage."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Annotated, Literal

import yaml
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from plotly.graph_objects import Figure

from oracle.plots import page
from oracle.plots.registry import FIGURES
from oracle.records.tokens import Token
from oracle.reports import formats
from oracle.rest.auth import needs
from oracle.rest.image_export import Drawing
from oracle.rest.jobs import LARGEST, ServiceDep
from oracle.rest.middleware import heavy
from oracle.rest.problems import HttpProblem, documented
from oracle.rest.schemas import CycleRegion, RunList, RunShown, run_shown
from oracle.runs import html_report
from oracle.runs.catalog import StoredRun
from oracle.service.heavy_work import HeavyWork
from oracle.service.service import Service
from oracle.study.aliases import with_shown_names
from oracle.study.built_in import bundled_studies
from oracle.tables.registry import Table, is_empty
from scyc.errors import BadInput, Problem
from scyc.json_types import JsonObject
from scyc.specs.base import as_json

router = APIRouter(prefix="/v1", tags=["runs"])
RunName = Annotated[
    str,
    Path(max_length=100, description="A run's id, a job's id, or a study's name for its latest."),
]
Reader = Annotated[Token, Depends(needs("read"))]
Which = Annotated[
    str | None,
    Query(max_length=200, description="Distributions instead: oracle, S-Cyc or an entry's label."),
]
_TABLES: Mapping[str, str] = MappingProxyType(
    {
        "json": "application/json",
        "csv": "text/csv; charset=utf-8",
        "markdown": "text/markdown; charset=utf-8",
        "latex": "application/x-latex; charset=utf-8",
        "text": "text/plain; charset=utf-8",
    }
)
_FIGURES: Mapping[str, str] = MappingProxyType(
    {
        "json": "application/json",
        "html": "text/html; charset=utf-8",
        "png": "image/png",
        "svg": "image/svg+xml",
    }
)


def _figure(table: Table) -> str:
    return str(FIGURES[table["kind"]].figure(table).to_json())


def _content(media: Mapping[str, str], model: str | None = None) -> JsonObject:
    """Text in each media type; JSON is a model's, or any object."""
    shown = {"$ref": f"#/components/schemas/{model}"} if model else {"type": "object"}
    return {
        each.partition(";")[0]: {"schema": shown if form == "json" else {"type": "string"}}
        for form, each in media.items()
    }


@router.get("/runs", operation_id="listRuns", summary="List runs", responses=documented(422))
def listed(
    service: ServiceDep,
    _: Reader,
    before: Annotated[
        int | None, Query(ge=0, le=LARGEST, description="`next` of the page before.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="Runs on a page.")] = 50,
) -> RunList:
    """List the runs that are in the storage, the newest first, page by page."""
    runs, following = service.page(before, limit)
    return RunList(items=[run_shown(each) for each in runs], next=following)


@router.get("/runs/{run}", operation_id="getRun", summary="One run", responses=documented(404, 422))
def one(run: RunName, service: ServiceDep, _: Reader) -> RunShown:
    """Return what a run is, and its state."""
    return run_shown(service.run(run))


@router.get(
    "/runs/{run}/table",
    operation_id="getTable",
    summary="A run's table",
    response_class=Response,
    responses={
        200: {
            "description": "The table, computed from the storage; also of a run under way.",
            "content": _content(_TABLES, "Table"),
        },
        **documented(404, 422),
    },
)
@heavy
def table(
    run: RunName,
    service: ServiceDep,
    _: Reader,
    form: Annotated[
        Literal["json", "csv", "markdown", "latex", "text"],
        Query(alias="format", description="As `oracle table --format` has them."),
    ] = "json",
    width: Annotated[int, Query(ge=40, le=500, description="Columns, of text.")] = 160,
    distributions: Which = None,
) -> Response:
    """Return a run's table, the same bytes as `oracle table` prints."""
    known = service.run(run)
    draw = partial(formats.text, width=width) if form == "text" else formats.FORMATS[form]
    text = service.drawn(known, distributions, (form, width), draw)
    endings = {"markdown": "md", "latex": "tex", "text": "txt"}
    name = f"{known.record.run_id}.{endings.get(form, form)}"
    return Response(text, media_type=_TABLES[form], headers=_named(name))


@router.get(
    "/runs/{run}/figure",
    operation_id="getFigure",
    summary="A run's figure",
    response_class=Response,
    responses={
        200: {
            "description": "The figure: a Plotly figure as JSON, a page, or a picture.",
            "content": _content(_FIGURES),
        },
        **documented(404, 409, 422),
    },
)
async def figure(
    run: RunName,
    request: Request,
    service: ServiceDep,
    _: Reader,
    form: Annotated[
        Literal["json", "html", "png", "svg"],
        Query(alias="format", description="Plotly's JSON, a page, or a picture."),
    ] = "json",
    distributions: Which = None,
) -> Response:
    """Regions and accuracies, schedules compared, or distributions. PNG and SVG need Chromium."""
    work: HeavyWork = request.app.state.heavy
    made = await work.run(partial(_drawn, service, run, form, distributions))
    if isinstance(made, Response):
        return made
    assert form in ("png", "svg")
    drawing: Drawing = request.app.state.drawing
    pictures: HeavyWork = request.app.state.pictures
    name, drawn = made
    picture = await pictures.run(partial(drawing.picture, drawn, form))
    return Response(picture, media_type=_FIGURES[form], headers=_named(name))


def _drawn(
    service: Service, run: str, form: str, distributions: str | None
) -> Response | tuple[str, Figure]:
    """Return a run's figure; one that is to be a picture with the picture's name."""
    known = service.run(run)
    table = service.table(known, distributions)
    refuse_empty(table)
    if form == "json":
        text = service.drawn(known, distributions, "figure", _figure)
        return Response(text, media_type=_FIGURES[form])
    figure = FIGURES[table["kind"]].figure(table)
    name = f"{known.record.run_id}.{form}"
    if form != "html":
        return name, figure
    headers = {**_named(name), "Content-Security-Policy": _OWN_PAGE}
    shown = page.document(figure, FIGURES[table["kind"]].cards(table))
    return Response(shown, media_type=_FIGURES[form], headers=headers)


# A page that holds its own library: it may run its scripts, and reach nothing.
_OWN_PAGE = (
    "sandbox allow-scripts allow-downloads; default-src 'none'; script-src 'unsafe-inline' "
    "'unsafe-eval'; style-src 'unsafe-inline'; img-src data: blob:; frame-ancestors 'none'"
)


@router.get(
    "/runs/{run}/report",
    operation_id="getReport",
    summary="A run's report",
    response_class=Response,
    responses={
        200: {
            "description": "One self-contained page.",
            "content": {"text/html": {"schema": {"type": "string"}}},
        },
        **documented(404, 409, 422),
    },
)
@heavy
def whole_report(run: RunName, service: ServiceDep, _: Reader) -> Response:
    """Verdict, figure, table and cost of a run, to be read anywhere."""
    known = service.run(run)
    content = service.table(known)
    refuse_empty(content)
    headers = {"Content-Security-Policy": _OWN_PAGE}
    page = html_report.page(content, known.study)
    return Response(page, media_type="text/html; charset=utf-8", headers=headers)


@router.get(
    "/runs/{run}/study",
    operation_id="getStudy",
    summary="A run's study",
    response_class=Response,
    responses={
        200: {
            "description": "Every field, as YAML.",
            "content": {"application/yaml": {"schema": {"type": "string"}}},
        },
        **documented(404, 422),
    },
)
def study(run: RunName, service: ServiceDep, _: Reader) -> Response:
    """Return the study that a run was declared by, defaults included."""
    known = service.run(run)
    headers = _named(f"{known.study.name}.yaml")
    return Response(study_yaml(known), media_type="application/yaml", headers=headers)


@router.get(
    "/runs/{run}/cycles/{cycle}/region",
    operation_id="getRegion",
    summary="The region of one cycle",
    responses=documented(404, 422),
)
@heavy
def region(
    run: RunName,
    cycle: Annotated[int, Path(ge=0, le=1000, description="Completed pruning cycles.")],
    service: ServiceDep,
    _: Reader,
) -> CycleRegion:
    """Return the feasible region of a pruning cycle of an oracle run."""
    known = service.run(run)
    content = service.table(known)
    if content["kind"] != "oracle":
        rule = "only a run of kind oracle has regions; name one"
        raise BadInput("run", [Problem("run", rule, known.record.run_id)])
    for row in content["cycles"]:
        if row["cycle"] == cycle:
            return CycleRegion(
                run=known.record.run_id,
                cycle=cycle,
                weights_remaining=row["weights_remaining"],
                well_tuned=row["well_tuned"],
                feasible=row["feasible"],
                s_cyc=row["s_cyc"],
            )
    raise HttpProblem(404, f"cycle {cycle} of {known.record.run_id} is not finished, or is none")


@router.get(
    "/shipped", operation_id="listShipped", summary="Built-in studies", responses=documented()
)
def shipped(_: Reader) -> dict[str, str]:
    """Return the YAML of every built-in study, by name."""
    return bundled_studies()


def refuse_empty(table: Table) -> None:
    """Refuse, with 409, to draw a run of which no cycle is finished.

    Args:
        table: Of a run.
    """
    if is_empty(table):
        raise HttpProblem(409, "no cycle of this run is finished yet; there is nothing to draw")


def study_yaml(run: StoredRun) -> str:
    """Return a run's study as YAML, every field (see :func:`oracle.study.loading.read_yaml`).

    Args:
        run: Which run.
    """
    content = json.loads(json.dumps(with_shown_names(as_json(run.study))))
    return str(yaml.safe_dump(content, sort_keys=False, allow_unicode=True))


def _named(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'inline; filename="{name}"'}
