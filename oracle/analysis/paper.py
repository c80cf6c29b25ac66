"""The paper's Tables 3, 7 and 8: S-Cyc's row, computed anew, against the printed regions."""

from __future__ import annotations

import io
from dataclasses import asdict, dataclass
from decimal import ROUND_DOWN, Decimal

from rich import box
from rich.console import Console
from rich.table import Table as RichTable

from oracle.study.loading import load_study
from oracle.study.oracle import OracleStudy
from scyc.json_types import JsonObject
from scyc.schedules import scyc_curve
from scyc.specs.base import SCyc


@dataclass(frozen=True)
class PaperCell:
    """One column of a table. Learning rates in units of 1."""

    weights_remaining: float  # percent, as printed
    cycle: int  # completed pruning cycles
    well_tuned: float  # as printed
    feasible_low: float  # as printed
    feasible_high: float  # as printed
    s_cyc: float  # Eq. 2, at full precision
    s_cyc_printed: float | None  # as printed; None where the row is missing
    s_cyc_cut: float  # Eq. 2 cut to the regions' printed precision, 1e-3
    inside: bool  # at full precision
    inside_cut: bool  # at the printed precision
    reproduced: bool | None  # Eq. 2, cut to the printed digits, is what is printed


@dataclass(frozen=True)
class PaperTable:
    """One of the paper's oracle tables, judged."""

    table: int
    network: str
    dataset: str
    pruning: str
    s_cyc: SCyc
    rate: float
    cells: tuple[PaperCell, ...]

    @property
    def outside(self) -> tuple[PaperCell, ...]:
        """The columns where S-Cyc leaves the printed region, at full precision."""
        return tuple(cell for cell in self.cells if not cell.inside)


TABLES = (3, 7, 8)


def check_paper_table(table: int) -> PaperTable:
    """Recompute S-Cyc's row of a printed table from Eq. 2 and compare it with the regions.

    Args:
        table: Number of the table in Liu et al. 2021: 3, 7 or 8.

    Returns:
        The printed row next to the computed one, cycle by cycle.

    Raises:
        KeyError: The table is not one of :data:`TABLES`.
    """
    if table not in TABLES:
        raise KeyError(table)
    study = load_study(f"table{table}")
    assert isinstance(study, OracleStudy)
    printed, curve = study.paper, study.s_cyc
    assert printed is not None
    assert curve is not None
    rows = zip(
        printed.weights_remaining,
        printed.cycles,
        printed.well_tuned,
        printed.feasible_low,
        printed.feasible_high,
        printed.s_cyc or [None] * len(printed.cycles),
        strict=True,
    )
    rewinds = ", rewound" if study.pruning.rewind != "last" else ""
    return PaperTable(
        table,
        getattr(study.network, "name", "own network"),
        getattr(study.dataset, "name", "own data"),
        study.pruning.criterion + rewinds,
        curve,
        study.pruning.rate,
        tuple(_cell(curve, study.pruning.rate, *row) for row in rows),
    )


def as_json(judged: PaperTable) -> JsonObject:
    """Convert a judged table to JSON values.

    Args:
        judged: The table.

    Returns:
        The fields of the table, `cells` as mappings, and `outside`, the number of cells outside
        their region.
    """
    return {
        **{k: v for k, v in asdict(judged).items() if k not in ("s_cyc", "cells")},
        "s_cyc": judged.s_cyc.model_dump(mode="json"),
        "cells": [asdict(cell) for cell in judged.cells],
        "outside": len(judged.outside),
    }


def _cell(
    curve: SCyc,
    rate: float,
    remaining: float,
    cycle: int,
    well_tuned: float,
    low: float,
    high: float,
    shown: str | None,
) -> PaperCell:
    exact = scyc_curve.max_lr(curve, cycle, rate)
    cut = float(_cut(exact, Decimal("0.001")))
    return PaperCell(
        weights_remaining=remaining,
        cycle=cycle,
        well_tuned=well_tuned,
        feasible_low=low,
        feasible_high=high,
        s_cyc=exact,
        s_cyc_printed=None if shown is None else float(shown),
        s_cyc_cut=cut,
        inside=low <= exact <= high,
        inside_cut=low <= cut <= high,
        reproduced=None if shown is None else _cut(exact, Decimal(shown)) == Decimal(shown),
    )


def _cut(value: float, like: Decimal) -> Decimal:
    """Cut a value, not round it, to the digits of another: so the paper prints S-Cyc's row."""
    return Decimal(repr(value)).quantize(like, ROUND_DOWN)


def text(judged: PaperTable) -> str:
    """Format a judged table for a terminal; learning rates in hundredths, as in the paper.

    Args:
        judged: The table.

    Returns:
        Lines with an end, at most 120 characters each.
    """
    grid = RichTable(box=box.SIMPLE_HEAD, pad_edge=False)
    for head in (
        "weights\nremaining, %",
        "well-tuned\n(x e-2)",
        "feasible region\n(x e-2)",
        "S-Cyc, Eq. 2\n(x e-2)",
        "S-Cyc, printed\n(x e-2)",
        "full\nprecision",
        "printed\nprecision",
    ):
        grid.add_column(head, justify="right", no_wrap=True)
    for cell in judged.cells:
        grid.add_row(
            f"{cell.weights_remaining:g}",
            f"{100 * cell.well_tuned:.1f}",
            f"[{100 * cell.feasible_low:.1f}, {100 * cell.feasible_high:.1f}]",
            f"{100 * cell.s_cyc:.4f}",
            "missing" if cell.s_cyc_printed is None else f"{100 * cell.s_cyc_printed:.4g}",
            _verdict(cell.inside),
            _verdict(cell.inside_cut),
        )
    out = io.StringIO()
    console = Console(file=out, width=120, no_color=True, highlight=False)
    curve = judged.s_cyc
    console.print(
        f"Table {judged.table}: {judged.network}, {judged.dataset}, {judged.pruning}; "
        f"S-Cyc ({curve.epsilon:g}, {curve.delta:g}, {curve.q}, {curve.beta:g})"
    )
    console.print(grid)
    console.print(_summary(judged))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def _summary(judged: PaperTable) -> str:
    count = len(judged.cells)
    outside = ", ".join(f"{cell.weights_remaining:g} %" for cell in judged.outside)
    cycles = f" (at {outside})" if outside else ""
    line = f"{len(judged.outside)} of {count} outside the printed region{cycles}; "
    cut = sum(not cell.inside_cut for cell in judged.cells)
    line += f"{cut} of {count} at the printed precision."
    known = [cell.reproduced for cell in judged.cells if cell.reproduced is not None]
    if known:
        line += f" Eq. 2 gives {sum(known)} of {len(known)} printed S-Cyc values to their digits."
    else:
        line += " The paper's S-Cyc row is missing here; this one is Eq. 2's."
    return line


def _verdict(inside: bool) -> str:
    return "inside" if inside else "outside"
