"""S-Cyc's parameters fitted to the regions of a run: part of an oracle run's table."""

from __future__ import annotations

from typing import NotRequired

from typing_extensions import TypedDict

from oracle.tables.base import SCycParameters


class FitShape(TypedDict):
    """A pair of the parameters that shape S-Cyc's curve."""

    q: int
    beta: float


class FittedCurve(TypedDict):
    """The S-Cyc curve that lies in most regions: :class:`oracle.analysis.curve_fit.Fit`."""

    s_cyc: SCycParameters
    rate: float
    """Share of the remaining weights that a cycle prunes."""
    fits: bool
    """Whether it lies in every region."""
    inside: list[int]
    """Cycles whose region holds its max_lr."""
    outside: list[int]
    distance: float
    """Root mean square of log(max_lr / well-tuned max_lr)."""
    equals: list[FitShape]
    """Every (q, beta) that lies in as many regions."""


class CurveFit(FittedCurve):
    """The fit to a table's regions, within the paper's q and beta."""

    not_excluded: NotRequired[bool]
    """Whether a curve lies within the outer bounds of every region's intervals."""
    delta_bound: NotRequired[bool]
    """Whether the curve rises enough within these cycles for delta to be known."""
    pairs: NotRequired[int]
    """(q, beta) that were tried."""
