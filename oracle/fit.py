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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scyc import scurve
from scyc.spec import SCyc

_SLACK = 1e-9  # relative; a corner lies on its edges, whatever rounding says
_LEAST = 1e-12  # epsilon is above 0


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


def fit(targets: Sequence[Target], rate: float, q: Sequence[int], beta: Sequence[float]) -> Fit:
    """The S-Cyc curve that lies in most regions, and of those the closest to the well-tuned values.

    targets: the regions, at least one. q, beta: what is tried; the paper says 0..3 and 3..6
    (Section 4.3). Closeness is the least squares of (max_lr - well_tuned) / well_tuned. Equal fits
    go to the smaller q, then the smaller beta. Raises ValueError when there is nothing to fit.
    """
    if not targets or not q or not beta:
        raise ValueError("a fit needs at least one region, one q and one beta")
    best: tuple[int, float, SCyc] | None = None
    counts: dict[tuple[int, float], int] = {}
    for shape in itertools.product(sorted(q), sorted(beta)):
        shares = [_share(target.cycle, rate, *shape) for target in targets]
        count, epsilon, delta, loss = _line(targets, shares)
        counts[shape] = count
        if best is None or (count, -loss) > (best[0], -best[1]):
            curve = SCyc(epsilon=epsilon, delta=delta, q=shape[0], beta=shape[1])
            best = (count, loss, curve)
    assert best is not None
    most, _, curve = best
    rates = {target: scurve.max_lr(curve, target.cycle, rate) for target in targets}
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


def _share(cycle: int, rate: float, q: int, beta: float) -> float:
    """How much of delta has been added at a cycle."""
    return scurve.max_lr(SCyc(epsilon=1.0, delta=1.0, q=q, beta=beta), cycle, rate) - 1.0


def _holds(target: Target, value: float) -> bool:
    return target.low * (1 - _SLACK) <= value <= target.high * (1 + _SLACK)


Point = tuple[float, float]  # epsilon, delta
Edge = tuple[float, float, float]  # a, b, c of a * epsilon + b * delta = c


def _line(targets: Sequence[Target], shares: Sequence[float]) -> tuple[int, float, float, float]:
    """The best epsilon and delta for given shares: (regions held, epsilon, delta, loss)."""

    def held(point: Point) -> frozenset[int]:
        epsilon, delta = point
        return frozenset(
            index
            for index, (target, share) in enumerate(zip(targets, shares, strict=True))
            if _holds(target, epsilon + delta * share)
        )

    edges = [
        (1.0, share, bound)
        for target, share in zip(targets, shares, strict=True)
        for bound in (target.low, target.high)
    ]
    edges = list(dict.fromkeys([*edges, (0.0, 1.0, 0.0), (1.0, 0.0, _LEAST)]))
    corners = [point for pair in itertools.combinations(edges, 2) for point in _crossing(*pair)]
    candidates = [point for point in corners if _allowed(point)]
    most = max(len(held(point)) for point in candidates)
    found: tuple[float, Point] | None = None
    for point in itertools.chain(candidates, _closest(targets, shares, edges)):
        if _allowed(point) and len(held(point)) == most:
            loss = _loss(targets, shares, point)
            if found is None or loss < found[0]:
                found = (loss, point)
    assert found is not None
    loss, (epsilon, delta) = found
    return most, max(epsilon, _LEAST), max(delta, 0.0), loss


def _allowed(point: Point) -> bool:
    epsilon, delta = point
    return epsilon >= _LEAST * (1 - _SLACK) and delta >= -_LEAST


def _crossing(first: Edge, second: Edge) -> Iterator[Point]:
    """The point where two edges meet, if they do in one point."""
    (a, b, c), (d, e, f) = first, second
    determinant = a * e - b * d
    if abs(determinant) > 1e-12:
        yield (c * e - b * f) / determinant, (a * f - c * d) / determinant


def _loss(targets: Sequence[Target], shares: Sequence[float], point: Point) -> float:
    epsilon, delta = point
    return math.fsum(
        ((epsilon + delta * share) / target.well_tuned - 1) ** 2
        for target, share in zip(targets, shares, strict=True)
    )


def _closest(
    targets: Sequence[Target], shares: Sequence[float], edges: Sequence[Edge]
) -> Iterator[Point]:
    """Least squares in the whole plane, then along each edge."""
    rows = [
        (1 / target.well_tuned, share / target.well_tuned)
        for target, share in zip(targets, shares, strict=True)
    ]
    aa = math.fsum(x * x for x, _ in rows)
    ab = math.fsum(x * y for x, y in rows)
    bb = math.fsum(y * y for _, y in rows)
    a1, b1 = math.fsum(x for x, _ in rows), math.fsum(y for _, y in rows)
    yield from _crossing((aa, ab, a1), (ab, bb, b1))
    for a, b, c in edges:
        norm = a * a + b * b
        start, along = (a * c / norm, b * c / norm), (-b, a)
        steepness = aa * along[0] ** 2 + 2 * ab * along[0] * along[1] + bb * along[1] ** 2
        if steepness > 0:
            pull = along[0] * (a1 - aa * start[0] - ab * start[1])
            pull += along[1] * (b1 - ab * start[0] - bb * start[1])
            step = pull / steepness
            yield start[0] + step * along[0], start[1] + step * along[1]


def text(found: Fit, name: str) -> str:
    """A fit for a terminal: the curve, where it is inside, which (q, beta) do as well."""
    curve, count = found.curve, len(found.inside) + len(found.outside)
    lines = [
        f"{name}: S-Cyc (epsilon {curve.epsilon:.4g}, delta {curve.delta:.4g}, q {curve.q}, "
        f"beta {curve.beta:.4g}) lies inside {len(found.inside)} of {count} regions",
        f"  off the well-tuned max_lr by a factor of {math.exp(found.distance):.3f} (root mean "
        "square)",
    ]
    if not found.fits:
        cycles = ", ".join(str(cycle) for cycle in found.outside)
        lines.append(
            f"  No S-Cyc curve that was tried fits all; this one is outside at cycle {cycles}."
        )
    for q, betas in itertools.groupby(found.equals, key=lambda shape: shape[0]):
        values = [beta for _, beta in betas]
        lines.append(f"  q {q}: as many with beta {_ranges(values)}")
    return "\n".join(lines) + "\n"


def as_json(found: Fit) -> dict[str, object]:
    """A fit as JSON values."""
    return {
        "s_cyc": found.curve.model_dump(mode="json"),
        "rate": found.rate,
        "fits": found.fits,
        "inside": list(found.inside),
        "outside": list(found.outside),
        "distance": found.distance,
        "equals": [{"q": q, "beta": beta} for q, beta in found.equals],
    }


def _ranges(values: Sequence[float]) -> str:
    shown = [f"{value:g}" for value in values]
    return (
        ", ".join(shown) if len(shown) <= 4 else f"{len(shown)} values, {shown[0]} to {shown[-1]}"
    )
