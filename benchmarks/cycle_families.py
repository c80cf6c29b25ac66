"""Known accuracy curves of one cycle, and noisy replicates of them: eleven families.

Of every family the curve is known at any max_lr, the chance to diverge included. Even families are
for setting constants, odd ones for judging: `SETTING`, `JUDGING`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from oracle.stats.posterior import Cells
from oracle.stats.region import MaxLrScores

TOLERANCE = 0.5  # points
EFFECT = 2.0  # std of what a replicate has in common, points
NOISES = ("even", "with loss", "heavy tails", "shared by neighbours", "rising")
SIZES = (0.3, 0.6, 1.0)  # std of one replicate, points
LOW, HIGH = 0.005, 0.5  # ends of the grid

Rng = np.random.Generator
Array = np.ndarray[Any, np.dtype[np.float64]]
Curve = Callable[[Array], Array]
Family = Callable[[Rng], tuple[Curve, Curve]]  # accuracy by place, and chance to diverge


@dataclass(frozen=True)
class Case:
    """One cycle: its curve and a whole grid of replicates."""

    family: str
    noise: str
    curve: Curve  # accuracy by place in [0, 1], if it does not diverge
    chance: Curve  # to diverge
    table: Array  # (max_lr, replicates); NaN: it diverged
    diverged: Array

    @property
    def places(self) -> Array:
        """Of the grid, in [0, 1]."""
        return np.linspace(0, 1, len(self.table))

    @property
    def rates(self) -> Array:
        """The grid."""
        return np.asarray(LOW * (HIGH / LOW) ** self.places)

    def expected(self, places: Array) -> Array:
        """Return expected accuracy, 0 where it diverges."""
        return np.asarray((1 - self.chance(places)) * self.curve(places))

    def truth(self) -> tuple[float, float, float]:
        """Return best expected accuracy of the grid, and the places of the region's ends."""
        fine = np.union1d(np.linspace(0, 1, 4001), self.places)
        values = self.expected(fine)
        best = float(self.expected(self.places).max())
        members = np.flatnonzero(values >= best - TOLERANCE)
        return best, float(fine[members[0]]), float(fine[members[-1]])

    def tried(self, replicates: int) -> dict[float, MaxLrScores]:
        """Return the first replicates of every max_lr."""
        table, diverged = self.table[:, :replicates], self.diverged[:, :replicates]
        return {
            float(rate): MaxLrScores(tuple(np.nan_to_num(row).tolist()), bool(gone.any()))
            for rate, row, gone in zip(self.rates, table, diverged, strict=True)
        }

    def inside(self, max_lr: float) -> bool:
        """Return whether a max_lr truly lies between the region's ends."""
        _, low, high = self.truth()
        place = math.log(max_lr / LOW) / math.log(HIGH / LOW)
        return low - 1e-9 <= place <= high + 1e-9

    def cells(self) -> Cells:
        """Return everything that was trained."""
        return Cells(self.rates, self.table, self.diverged)


def case(
    family: str,
    count: int,
    replicates: int,
    seed: int,
    families: Mapping[str, Family] | None = None,
) -> Case:
    """Return one case of a family, `FAMILIES` where none are given; the same every time."""
    rng = np.random.default_rng([seed, count, replicates, *family.encode()])
    curve, chance = (FAMILIES if families is None else families)[family](rng)
    noise, size = str(rng.choice(NOISES)), float(rng.choice(SIZES))
    places = np.linspace(0, 1, count)
    means = curve(places)
    sizes = np.full(count, size)
    if noise == "with loss":
        sizes = size * (1 + np.minimum(4, (means.max() - means) / 2))
    elif noise == "rising":
        sizes = size * (0.5 + 1.5 * places)
    normal = rng.standard_normal((count, replicates))
    if noise == "heavy tails":
        normal = rng.standard_t(4, (count, replicates)) / math.sqrt(2)
    elif noise == "shared by neighbours":
        steps = np.abs(np.subtract.outer(np.arange(count), np.arange(count)))
        normal = np.linalg.cholesky(0.5**steps) @ normal
    table = means[:, None] + rng.normal(0, EFFECT, replicates) + sizes[:, None] * normal
    diverged = rng.random((count, replicates)) < chance(places)[:, None]
    return Case(
        family, noise, curve, chance, np.where(diverged, np.nan, table), diverged.astype(float)
    )


def never(at: Array) -> Array:
    """Return the chance to diverge where nothing does."""
    return np.zeros_like(np.asarray(at, float))


def _peak(rng: Rng, left: tuple[float, float], right: tuple[float, float]) -> Curve:
    middle, top, power = rng.uniform(0.2, 0.8), rng.uniform(60, 97), float(rng.choice([1.5, 2]))
    low, high = rng.uniform(*left), rng.uniform(*right)
    return lambda at: (
        top - np.minimum(40, 2 * (np.abs(at - middle) / np.where(at < middle, low, high)) ** power)
    )


def _cliff(rng: Rng) -> tuple[Curve, Curve]:
    best, top = rng.uniform(0.4, 0.8), rng.uniform(60, 97)
    low, edge, fall = rng.uniform(0.3, 0.8), rng.uniform(0.02, 0.15), rng.uniform(5, 50)
    return (
        lambda at: (
            top
            - 2 * (np.maximum(0, best - at) / low) ** 1.5
            - fall / (1 + np.exp(-(at - best - edge) / 0.01))
        )
    ), never


def _edge(rng: Rng) -> tuple[Curve, Curve]:
    """A plateau that ends in a fall on either side, at once or over several values."""
    edge, top, width = rng.uniform(0.25, 0.75), rng.uniform(60, 97), 10 ** rng.uniform(-2.7, -1.5)
    fall, slope, side = rng.uniform(2, 40), rng.uniform(0, 3), float(rng.choice([-1.0, 1.0]))
    return (
        lambda at: (
            top
            - slope * np.maximum(0, side * (edge - at))
            - fall / (1 + np.exp(np.clip(-side * (at - edge) / width, -60, 60)))
        )
    ), never


def _sloping(rng: Rng) -> tuple[Curve, Curve]:
    top, slope = rng.uniform(60, 97), rng.uniform(-0.8, 0.8)
    low, high, side = rng.uniform(0.1, 0.35), rng.uniform(0.6, 0.9), rng.uniform(0.08, 0.25)
    return (
        lambda at: (
            top
            + slope * at
            - 2 * ((np.maximum(0, low - at) + np.maximum(0, at - high)) / side) ** 1.5
        )
    ), never


def _humps(rng: Rng) -> tuple[Curve, Curve]:
    first, top = rng.uniform(0.15, 0.4), rng.uniform(60, 97)
    second, other = first + rng.uniform(0.3, 0.5), rng.uniform(-0.8, 0.8)
    one, two = rng.uniform(0.09, 0.2, 2)
    return (
        lambda at: np.maximum(
            top - np.minimum(30, 2 * ((at - first) / one) ** 2),
            top + other - np.minimum(30, 2 * ((at - second) / two) ** 2),
        )
    ), never


def _rising(rng: Rng) -> tuple[Curve, Curve]:
    top, rise = rng.uniform(60, 97), rng.uniform(0.1, 0.4)
    return lambda at: top - 10 * np.exp(-at / rise), never


def _flat(rng: Rng) -> tuple[Curve, Curve]:
    top = rng.uniform(60, 97)
    return lambda at: top + 0 * np.asarray(at, float), never


def _chance(rng: Rng) -> tuple[Curve, Curve]:
    edge, width = rng.uniform(0.5, 0.95), rng.uniform(0.005, 0.04)
    return _peak(
        rng, (0.15, 0.5), (0.15, 0.5)
    ), lambda at: 1 / (1 + np.exp(-np.clip((np.asarray(at) - edge) / width, -60, 60)))


FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        "round peak": lambda rng: (_peak(rng, (0.1, 0.4), (0.1, 0.4)), never),
        "peak with a cliff": _cliff,
        "wide peak": lambda rng: (_peak(rng, (0.4, 0.9), (0.4, 0.9)), never),
        "narrow peak": lambda rng: (_peak(rng, (0.04, 0.08), (0.04, 0.08)), never),
        "sloping plateau": _sloping,
        "two humps": _humps,
        "diverges by chance": _chance,
        "rising to the end": _rising,
        "asymmetric peak": lambda rng: (_peak(rng, (0.3, 0.8), (0.06, 0.15)), never),
        "flat": _flat,
        "plateau with an edge": _edge,
    }
)
SETTING = tuple(FAMILIES)[0::2]
JUDGING = tuple(FAMILIES)[1::2]
