"""S-Cyc's parameters from an oracle's regions alone, without training.

For a given q and beta, Eq. 2 is epsilon + delta * s(m) with known s(m) in [0, 1], so "inside the
region of cycle m" is a strip of the plane of (epsilon, delta), and the curves that are inside most
regions are where most strips meet. Both that place and the point in it that is closest to the
well-tuned values are found exactly, at corners and along edges of the strips; only beta is tried
on a grid.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oracle.tables.base import s_cyc_parameters
from oracle.tables.parts.fit import FittedCurve
from scyc.schedules import scyc_curve
from scyc.specs.base import SCyc
from scyc.specs.ranges import STORED

_SLACK = 1e-9  # relative; a corner lies on its edges, whatever rounding says
_LEAST = 1e-12  # epsilon is above 0
_PARALLEL = 1e-12  # determinant of two edges that meet nowhere


@dataclass(frozen=True)
class Target:
    """One cycle's region. Learning rates in units of 1."""

    cycle: int  # completed pruning cycles
    low: float
    high: float
    well_tuned: float


@dataclass(frozen=True)
class Fit:
    """The best S-Cyc curve for some regions, and all (q, beta) that are as good."""

    curve: SCyc
    rate: float  # share of the remaining weights that a cycle prunes
    inside: tuple[int, ...]  # cycles whose region holds the curve's max_lr
    outside: tuple[int, ...]
    distance: float  # root mean square of log(max_lr / well-tuned max_lr), over all cycles
    equals: tuple[tuple[int, float], ...]  # every (q, beta) tried that is inside as many regions

    @property
    def fits(self) -> bool:
        """Whether the curve lies in every region."""
        return not self.outside


def fit_scyc_curve(
    targets: Sequence[Target], rate: float, q: Sequence[int], beta: Sequence[float]
) -> Fit:
    """Return the S-Cyc curve that lies in most regions.

    Of curves in as many regions it is the closest to the well-tuned values, by the least squares of
    (max_lr - well_tuned) / well_tuned. Equal fits go to the smaller q, then the smaller beta.

    Args:
        targets: The regions, at least one.
        rate: Share of the remaining weights that a cycle prunes, in (0, 1).
        q: What is tried; the paper says 0..3 (Section 4.3).
        beta: What is tried; the paper says 3..6.

    Returns:
        The curve, the cycles inside and outside, the root mean square of ln(max_lr / well-tuned),
        and the pairs (q, beta) that reach as many regions.

    Raises:
        ValueError: There is nothing to fit.
    """
    if not targets or not q or not beta:
        raise ValueError("a fit needs at least one region, one q and one beta")
    best: tuple[int, float, SCyc] | None = None
    counts: dict[tuple[int, float], int] = {}
    for shape in itertools.product(sorted(q), sorted(beta)):
        shares = [growth_share(target.cycle, rate, *shape) for target in targets]
        count, epsilon, delta, loss = _line(targets, shares)
        counts[shape] = count
        if best is None or (count, -loss) > (best[0], -best[1]):
            values = {"epsilon": epsilon, "delta": delta, "q": shape[0], "beta": shape[1]}
            curve = SCyc.model_validate(values, context=STORED)  # regions may be wide
            best = (count, loss, curve)
    assert best is not None
    most, _, curve = best
    rates = {target: scyc_curve.max_lr(curve, target.cycle, rate) for target in targets}
    held = {target: _holds(target, value) for target, value in rates.items()}
    squares = [math.log(value / target.well_tuned) ** 2 for target, value in rates.items()]
    return Fit(
        curve=curve,
        rate=rate,
        inside=tuple(target.cycle for target in targets if held[target]),
        outside=tuple(target.cycle for target in targets if not held[target]),
        distance=math.sqrt(math.fsum(squares) / len(squares)),
        equals=tuple(shape for shape, count in counts.items() if count == most),
    )


def growth_share(cycle: int, rate: float, q: int, beta: float) -> float:
    """Return the share of delta that has been added at a cycle, in [0, 1).

    Args:
        cycle: Completed pruning cycles.
        rate: Share of the remaining weights that a cycle prunes.
        q: Cycle after which max_lr starts to rise.
        beta: Steepness of the S.

    Returns:
        Eq. 2 of Liu et al. 2021 with epsilon and delta 1, less 1.
    """
    return scyc_curve.max_lr(SCyc(epsilon=1.0, delta=1.0, q=q, beta=beta), cycle, rate) - 1.0


def _holds(target: Target, value: float) -> bool:
    return target.low * (1 - _SLACK) <= value <= target.high * (1 + _SLACK)


Edge = tuple[float, float, float]  # a, b, c of a * epsilon + b * delta = c
Array = NDArray[np.float64]


@dataclass(frozen=True)
class _Plane:
    """The strips of the plane of (epsilon, delta) for given shares of delta."""

    shares: Array  # [cycle]
    low: Array  # [cycle], with some slack
    high: Array
    well_tuned: Array

    def held(self, points: Array) -> NDArray[np.int64]:
        """Return how many strips hold each of the points [point, 2]."""
        rates = points[:, :1] + points[:, 1:] * self.shares
        held = (rates >= self.low) & (rates <= self.high)
        return np.asarray(held.sum(axis=1), np.int64)

    def loss(self, points: Array) -> Array:
        """Return the squared distance of each point's curve to the well-tuned values."""
        rates = points[:, :1] + points[:, 1:] * self.shares
        return np.asarray(((rates / self.well_tuned - 1) ** 2).sum(axis=1), np.float64)


def _line(targets: Sequence[Target], shares: Sequence[float]) -> tuple[int, float, float, float]:
    """Fit epsilon and delta for given shares: (regions held, epsilon, delta, loss)."""
    plane = _Plane(
        np.array(shares),
        np.array([target.low for target in targets]) * (1 - _SLACK),
        np.array([target.high for target in targets]) * (1 + _SLACK),
        np.array([target.well_tuned for target in targets]),
    )
    strips = [
        (1.0, share, bound)
        for target, share in zip(targets, shares, strict=True)
        for bound in (target.low, target.high)
    ]
    edges = np.array(list(dict.fromkeys([*strips, (0.0, 1.0, 0.0), (1.0, 0.0, _LEAST)])))
    corners = _allowed(_crossings(edges))
    held = plane.held(corners)
    most = int(held.max())
    others = _allowed(_closest(plane, edges))
    points = np.concatenate([corners[held == most], others[plane.held(others) == most]])
    losses = plane.loss(points)
    best = int(losses.argmin())
    epsilon, delta = points[best].tolist()
    return most, max(epsilon, _LEAST), max(delta, 0.0), float(losses[best])


def _allowed(points: Array) -> Array:
    """Those of the points [point, 2] that are S-Cyc's."""
    epsilon, delta = points.T
    return np.asarray(points[(epsilon >= _LEAST * (1 - _SLACK)) & (delta >= -_LEAST)], np.float64)


def _crossings(edges: Array) -> Array:
    """Return the points [point, 2] where two edges [edge, 3] meet, if they do in one point."""
    first, second = np.triu_indices(len(edges), 1)
    (a, b, c), (d, e, f) = edges[first].T, edges[second].T
    determinant = a * e - b * d
    apart = np.abs(determinant) > _PARALLEL
    points = np.stack([c * e - b * f, a * f - c * d], axis=1)
    return np.asarray(points[apart] / determinant[apart, None], np.float64)


def _closest(plane: _Plane, edges: Array) -> Array:
    """Least squares in the whole plane, then along each edge: points [point, 2]."""
    x, y = 1 / plane.well_tuned, plane.shares / plane.well_tuned
    aa, ab, bb, a1, b1 = x @ x, x @ y, y @ y, x.sum(), y.sum()
    everywhere = _crossings(np.array([(aa, ab, a1), (ab, bb, b1)]))
    a, b, c = edges.T
    start = edges[:, :2] * (c / (a * a + b * b))[:, None]
    along = np.stack([-b, a], axis=1)
    steepness = aa * along[:, 0] ** 2 + 2 * ab * along[:, 0] * along[:, 1] + bb * along[:, 1] ** 2
    pull = along[:, 0] * (a1 - aa * start[:, 0] - ab * start[:, 1])
    pull += along[:, 1] * (b1 - ab * start[:, 0] - bb * start[:, 1])
    some = steepness > 0
    lines = start[some] + along[some] * (pull[some] / steepness[some])[:, None]
    return np.concatenate([everywhere, lines])


def text(fitted: Fit, name: str) -> str:
    """Return a fit for a terminal: the curve, where it is inside, which (q, beta) do as well.

    Args:
        fitted: The fit.
        name: Of the run or table that it was fitted to.

    Returns:
        Lines with an end.
    """
    curve, count = fitted.curve, len(fitted.inside) + len(fitted.outside)
    lines = [
        f"{name}: S-Cyc (epsilon {curve.epsilon:.4g}, delta {curve.delta:.4g}, q {curve.q}, "
        f"beta {curve.beta:.4g}) lies inside {len(fitted.inside)} of {count} regions",
        f"  off the well-tuned max_lr by a factor of {math.exp(fitted.distance):.3f} (root mean "
        "square)",
    ]
    if not fitted.fits:
        cycles = ", ".join(str(cycle) for cycle in fitted.outside)
        lines.append(
            f"  No S-Cyc curve that was tried fits all; this one is outside at cycle {cycles}."
        )
    for q, betas in itertools.groupby(fitted.equals, key=lambda shape: shape[0]):
        values = [beta for _, beta in betas]
        lines.append(f"  q {q}: as many regions with beta = {_ranges(values)}")
    return "\n".join(lines) + "\n"


def as_json(fitted: Fit) -> FittedCurve:
    """Return a fit as JSON values.

    Args:
        fitted: The fit.

    Returns:
        The fields of the fit; `equals` as mappings of q and beta.
    """
    return {
        "s_cyc": s_cyc_parameters(fitted.curve),
        "rate": fitted.rate,
        "fits": fitted.fits,
        "inside": list(fitted.inside),
        "outside": list(fitted.outside),
        "distance": fitted.distance,
        "equals": [{"q": q, "beta": beta} for q, beta in fitted.equals],
    }


def _ranges(values: Sequence[float]) -> str:
    shown = [f"{value:g}" for value in values]
    return (
        ", ".join(shown) if len(shown) <= 4 else f"{shown[0]} to {shown[-1]} ({len(shown)} values)"
    )
