"""Runs side by side, and the figures that pages draw, as Plotly's JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from oracle.errors import UnknownJob
from oracle.plots import overlay, page
from oracle.plots.registry import FIGURES
from oracle.records.tokens import Token
from oracle.reports import formats, oracle, sheet
from oracle.reports.parts import evidence as evidence_reports
from oracle.rest.auth import needs
from oracle.rest.jobs import ServiceDep
from oracle.rest.middleware import heavy
from oracle.runs.catalog import StoredRun
from oracle.service.service import Service
from oracle.tables.registry import is_empty
from oracle.web.rendering import PageRoute, render

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Reader = Annotated[Token, Depends(needs("read"))]
Names = Annotated[list[str] | None, Query(alias="run", max_length=overlay.MOST)]
_LATEST = 50  # runs to choose among


@router.get("/compare")
@heavy
def compare(request: Request, service: ServiceDep, _: Reader, run: Names = None) -> Response:
    """Two runs or more: regions in one figure, cycles in one table, then each run's own."""
    known, missing = _runs(service, run or [])
    tables = [service.table(each) for each in known]
    drawn = [table for table in tables if table["kind"] == "oracle" and table["cycles"]]
    return render(
        request,
        "compare.html",
        chosen=[each.record.run_id for each in known],
        missing=missing,
        runs=list(reversed(service.runs()))[:_LATEST],
        sheets=[formats.sheet(table) for table in tables],
        drawn=[table["run_id"] for table in drawn],
        cycles=[(cycle, [_side(each) for each in row]) for cycle, row in overlay.rows(drawn)],
        most=overlay.MOST,
    )


@router.get("/compare/panels")
@heavy
def compared(service: ServiceDep, _: Reader, run: Names = None) -> Response:
    """Return the regions of the runs in one figure."""
    known, _missing = _runs(service, run or [])
    figure = overlay.overlaid([service.table(each) for each in known])
    if figure is None:
        return _panels([])
    names = ", ".join(each.record.run_id for each in known)
    description = (
        f"Feasible regions, well-tuned max_lr and S-Cyc's curves of {names} over the weights "
    )
    figure.update_layout(title_text="Regions of max_lr")
    return _panels(page.described({"regions": figure}, {"regions": description + "remaining."}))


@router.get("/runs/{run}/panels")
@heavy
def panels(service: ServiceDep, _: Reader, run: Annotated[str, Path(max_length=100)]) -> Response:
    """Return a run's figures one by one, as far as it has come."""
    try:
        table = service.table(service.run(run))
    except UnknownJob:
        return _panels([])  # of a job that is about to begin
    if is_empty(table) and not table.get("current"):
        return _panels([])
    kind = FIGURES[table["kind"]]
    return _panels(page.described(kind.cards(table), kind.captions(table)))


def _panels(tables: Sequence[dict[str, object]]) -> Response:
    return Response(
        json.dumps({"panels": tables}), media_type="application/json",
        headers={"Cache-Control": "no-store"},
    )  # fmt: skip


def _side(cycle: Any) -> dict[str, str] | None:
    """Return a run's cycle in the table of all runs."""
    if cycle is None:
        return None
    return {
        "remaining": f"{cycle['weights_remaining']:.2f}",
        "well_tuned": sheet.format_lr(cycle["well_tuned"]),
        "region": oracle.format_region(cycle["feasible"]),
        "estimated": evidence_reports.estimated_region(cycle),
        "s_cyc": sheet.format_lr(cycle["s_cyc"]["max_lr"]),
        "verdict": evidence_reports.verdict(cycle),
    }


def _runs(service: Service, names: Sequence[str]) -> tuple[list[StoredRun], list[str]]:
    """Find the runs with these names, each once; and the names of which there is none."""
    runs: dict[str, StoredRun] = {}
    missing = []
    for name in names:
        try:
            known = service.run(name)
        except UnknownJob:
            missing.append(name)
            continue
        runs[known.record.run_id] = known
    return list(runs.values()), missing
