"""Which curve over the pruning cycles describes the well-tuned max_lr: S-Cyc's, or a simpler one.

Each curve is fitted by maximum likelihood and judged by Akaike's information criterion, AIC =
2 k - 2 log L with k parameters. The likelihood of a curve is the product over the cycles of the
posterior density, over log max_lr, that the best rate of the cycle lies on the curve. The prior of
that is flat, so the density is proportional to the likelihood. A flat top gives a wide density, and
then no curve is distinguished from another.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from oracle.analysis.region_fit import BETA, Q
from oracle.analysis.trend import CycleDraws
from scyc.schedules import scyc_curve
from scyc.specs.base import SCyc

Array = NDArray[np.float64]
DISTINCT = (
    2.0  # of AIC, from which one curve is distinctly worse than another (Burnham and Anderson 2002)
)
_UNIFORM = 0.05  # share of a density that is spread over the whole grid: a draw is no certainty
_BETAS = BETA[::5]
_STARTS = 5
_POINTS = 400  # of a tabulated density


@dataclass(frozen=True)
class Shape:
    """One curve's best fit."""

    name: str
    parameters: int
    values: Mapping[str, float]
    rates: tuple[float, ...]  # its max_lr, a cycle
    log_likelihood: float
    inside: tuple[int, ...]  # cycles whose estimated region [low, high] holds it

    @property
    def aic(self) -> float:
        """Akaike's information criterion; less is better."""
        return 2 * self.parameters - 2 * self.log_likelihood


class Density:
    """The posterior density of a cycle's best rate over log max_lr, tabulated."""

    def __init__(self, draws: CycleDraws) -> None:
        """Smooth a cycle's draws by a normal kernel (Silverman 1986)."""
        assert draws.region.posterior is not None
        grid = np.log(draws.region.posterior.points)
        logs = draws.logs["well_tuned"]
        step = float(np.median(np.diff(grid))) if len(grid) > 1 else 0.1
        self._width: float = max(0.9 * float(logs.std()) * len(logs) ** -0.2, step)
        self._points = np.linspace(grid[0] - 0.5, grid[-1] + 0.5, _POINTS)
        apart = (self._points[:, None] - logs) / self._width
        kernel = np.exp(-0.5 * apart**2).mean(axis=1) / (self._width * math.sqrt(2 * math.pi))
        uniform = _UNIFORM / (self._points[-1] - self._points[0])
        self._logs = np.log((1 - _UNIFORM) * kernel + uniform)

    def at(self, log_rate: float) -> float:
        """Return the logarithm of the density; beyond the grid it falls as the kernel does.

        Args:
            log_rate: Natural logarithm of a max_lr.

        Returns:
            Natural logarithm of the density, in 1 / ln(max_lr).
        """
        inside = min(max(log_rate, float(self._points[0])), float(self._points[-1]))
        fall: float = 0.5 * ((log_rate - inside) / self._width) ** 2
        return float(np.interp(inside, self._points, self._logs)) - fall


def compare(draws: Sequence[CycleDraws], rate: float) -> tuple[Shape, ...]:
    """Fit every curve to the cycles, the best by AIC first.

    Of equals the one with fewer parameters comes first.

    Args:
        draws: What is known of each cycle, at least 2.
        rate: Share of the remaining weights that a cycle prunes.

    Returns:
        One fit for each of `SHAPES`.
    """
    densities = [Density(each) for each in draws]
    made = [fit(name, draws, densities, rate) for name in SHAPES]
    return tuple(sorted(made, key=lambda shape: (round(shape.aic, 6), shape.parameters)))


def fit(name: str, draws: Sequence[CycleDraws], densities: Sequence[Density], rate: float) -> Shape:
    """Return the best fit of one curve, by the likelihood of its max_lr.

    Args:
        name: A key of `SHAPES`.
        draws: What is known of each cycle.
        densities: One a cycle, of ln(max_lr).
        rate: Share of the remaining weights that a cycle prunes, in (0, 1).

    Returns:
        Parameters, max_lr of each cycle, log likelihood, and the cycles whose median region it lies
        in.
    """
    cycles = np.array([each.cycle for each in draws], float)
    density = np.array([each.weights_remaining / 100 for each in draws])
    best: tuple[float, dict[str, float], Array] | None = None
    for names, start, curve in SHAPES[name](cycles, density, rate, draws):
        value, parameters = _climbed(curve, start, densities)
        if best is None or value > best[0] + 1e-9:
            logs = curve(parameters)
            best = (value, names(parameters), logs)
    assert best is not None
    value, fitted, logs = best
    inside = [
        each.cycle
        for each, log_rate in zip(draws, logs, strict=True)
        if each.middle("low") - 1e-9 <= log_rate <= each.middle("high") + 1e-9
    ]
    return Shape(name, len(fitted), fitted, tuple(np.exp(logs).tolist()), value, tuple(inside))


Curve = Callable[[Array], Array]  # parameters to log max_lr [cycle]
Names = Callable[[Array], dict[str, float]]
Ways = list[tuple[Names, Array, Curve]]  # what is tried: each with where it starts


def _constant(cycles: Array, _density: Array, _rate: float, draws: Sequence[CycleDraws]) -> Ways:
    middles = sorted({round(each.middle("well_tuned"), 6) for each in draws})

    def curve(p: Array) -> Array:
        return np.full(len(cycles), p[0])

    def names(p: Array) -> dict[str, float]:
        return {"max_lr": math.exp(p[0])}

    return [(names, np.array([start]), curve) for start in middles]


def _line(cycles: Array, _density: Array, _rate: float, draws: Sequence[CycleDraws]) -> Ways:
    def curve(p: Array) -> Array:
        return np.asarray(p[0] + p[1] * cycles)

    def names(p: Array) -> dict[str, float]:
        return {"epsilon": math.exp(p[0]), "factor": math.exp(p[1])}

    return [(names, start, curve) for start in _slopes(cycles, draws)]


def _power(_cycles: Array, density: Array, _rate: float, draws: Sequence[CycleDraws]) -> Ways:
    def curve(p: Array) -> Array:
        return np.asarray(p[0] - p[1] * np.log(density))

    def names(p: Array) -> dict[str, float]:
        return {"epsilon": math.exp(p[0]), "alpha": float(p[1])}

    return [(names, start, curve) for start in _slopes(-np.log(density), draws)]


def _s_cyc(cycles: Array, _density: Array, rate: float, draws: Sequence[CycleDraws]) -> Ways:
    middles = [each.middle("well_tuned") for each in draws]
    ways: Ways = []
    for q, beta in itertools.product(Q, _BETAS):
        unit = SCyc(epsilon=1.0, delta=1.0, q=q, beta=beta)
        shares = np.array([scyc_curve.max_lr(unit, int(m), rate) - 1.0 for m in cycles])

        def curve(p: Array, shares: Array = shares) -> Array:
            return np.asarray(np.log(np.exp(p[0]) + np.exp(p[1]) * shares), np.float64)

        def names(p: Array, q: int = q, beta: float = beta) -> dict[str, float]:
            return {"epsilon": math.exp(p[0]), "delta": math.exp(p[1]), "q": q, "beta": beta}

        rise = max(math.exp(max(middles)) - math.exp(middles[0]), 1e-3 * math.exp(middles[0]))
        starts = [
            [middles[0], math.log(rise)],
            [math.fsum(middles) / len(middles), middles[0] - 3.0],
        ]
        ways += [(names, np.array(start), curve) for start in starts]
    return ways


def _slopes(x: Array, draws: Sequence[CycleDraws]) -> list[Array]:
    """Where a straight line's fit starts: least squares, no slope, and slopes between."""
    middles = np.array([each.middle("well_tuned") for each in draws])
    across = x - x.mean()
    fitted = float(across @ middles / max(float(across @ across), 1e-12))
    return [
        np.array([middles.mean() - share * fitted * x.mean(), share * fitted])
        for share in np.linspace(0, 1.5, _STARTS)
    ]


def _climbed(curve: Curve, start: Array, densities: Sequence[Density]) -> tuple[float, Array]:
    """Climb from a start; return the highest log likelihood reached, and its parameters."""
    from scipy.optimize import minimize  # noqa: PLC0415  # a second, which most commands are spared

    def loss(p: Array) -> float:
        logs = curve(p)
        return -math.fsum(each.at(float(x)) for each, x in zip(densities, logs, strict=True))

    optimum = minimize(loss, start, method="Nelder-Mead", options={"maxiter": 400, "xatol": 1e-4})
    return -float(optimum.fun), np.asarray(optimum.x, np.float64)


SHAPES: Mapping[str, Callable[[Array, Array, float, Sequence[CycleDraws]], Ways]]
SHAPES = MappingProxyType(
    {"constant": _constant, "line in log max_lr": _line, "power law": _power, "S-Cyc": _s_cyc}
)
