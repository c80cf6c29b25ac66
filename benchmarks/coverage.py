"""Error bars and verdicts on known curves: how often they are right.

    python benchmarks/coverage.py [--json] [--cases N]

A case is one cycle: a curve whose region is known, a grid, and paired replicates with noise, so
nothing is trained. The ends to be covered are those of the curve without noise, on the same grid.
Beside the intervals of `oracle.stats.region_intervals` stand those of the plain bootstrap: the
replicates drawn anew, the region of their means, and the 5th and 95th percentile of its ends.
"""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

import click
import numpy as np

from oracle.stats.region import MaxLrScores, Region, feasible_region
from oracle.stats.region_intervals import Interval, RegionPosterior, infer_region

TOLERANCE = 0.5  # points
RESAMPLES = 500
COUNTS = (8, 12, 16, 24, 40, 60)  # of the grid's values
REPLICATES = (3, 4, 5, 6, 10)
NOISE = (0.3, 0.5, 0.7, 1.0, 1.4)  # std of one replicate, points
CORRELATION = (0.0, 0.3, 0.6)  # of the noise of neighbours on the grid
EFFECT = 3.0  # std of what a replicate has in common, points
SPREAD = ("even", "rising", "with loss")  # where the noise is large

Rng = np.random.Generator
Array = np.ndarray[Any, np.dtype[np.float64]]
Curve = Callable[[Array], Array]  # accuracies at shares of the grid; NaN: it diverges


@dataclass(frozen=True)
class Case:
    """One cycle, its curve and its noise."""

    family: str
    rates: tuple[float, ...]
    truth: Array  # accuracy without noise by rate; NaN: it diverges
    table: Array  # accuracies, (rates, replicates), some of them not used at first
    effects: Array  # of the replicates
    replicates: int
    noise: float
    correlation: float
    spread: str

    def tried(self, replicates: int) -> dict[float, MaxLrScores]:
        """The first replicates of every max_lr."""
        return {
            rate: MaxLrScores(
                tuple(np.nan_to_num(row[:replicates]).tolist()), bool(np.isnan(row[0]))
            )
            for rate, row in zip(self.rates, self.table, strict=True)
        }

    def region(self) -> Region:
        """The region without noise."""
        tried = {
            rate: MaxLrScores((0.0 if math.isnan(mean) else mean,), math.isnan(mean))
            for rate, mean in zip(self.rates, self.truth.tolist(), strict=True)
        }
        region = feasible_region(tried, TOLERANCE)
        assert region is not None
        return region


@dataclass(frozen=True)
class Outcome:
    """One case: which ends are covered, which verdicts are right."""

    case: Case
    low: bool
    high: bool
    width: float  # mean of both intervals, share of the grid
    naive_low: bool
    naive_high: bool
    verdicts: tuple[tuple[float, bool], ...]  # chance, truth
    later: tuple[bool, ...]  # of open verdicts, whether they close with as many more as they ask
    best_bias: float  # points above the truth of the max_lr that was chosen
    again_bias: float


@dataclass(frozen=True)
class Row:
    """Outcomes of a kind together. Shares of cases or verdicts in [0, 1]."""

    what: str
    cases: int
    low: float
    high: float
    both: float
    width: float
    naive_low: float
    naive_high: float
    naive_both: float
    decided: float
    right: float | None  # of the decided ones
    naive_bias: float  # points
    again_bias: float
    later: float | None


def case(family: str, seed: int, most: int = 60) -> Case:
    """One case of a family, the same every time. most: replicates to draw, those in reserve too."""
    rng = np.random.default_rng([seed, *family.encode()])
    count, replicates = int(rng.choice(COUNTS)), int(rng.choice(REPLICATES))
    noise, correlation = float(rng.choice(NOISE)), float(rng.choice(CORRELATION))
    spread = str(rng.choice(SPREAD))
    at = np.linspace(0, 1, count)
    truth = FAMILIES[family](rng)(at)
    size = np.ones(count)
    if spread == "rising":
        size = (0.5 + 1.5 * at) / math.sqrt(1.75)
    elif spread == "with loss":
        size = 1 + np.minimum(2, (np.nanmax(truth) - np.nan_to_num(truth)) / 2)
    steps = np.abs(np.subtract.outer(np.arange(count), np.arange(count)))
    root = np.linalg.cholesky(correlation**steps)
    rates = 0.005 * 100**at if rng.random() < 0.5 else 0.12 / count * (1 + at * (count - 1))
    effects = rng.normal(0, EFFECT, most)
    drawn = noise * size[:, None] * (root @ rng.standard_normal((count, most)))
    return Case(
        family=family,
        rates=tuple(rates.tolist()),
        truth=truth,
        table=truth[:, None] + effects + drawn,
        effects=effects,
        replicates=replicates,
        noise=noise,
        correlation=correlation,
        spread=spread,
    )


def outcome(given: Case, seed: int, later: bool = True) -> Outcome:
    """What the evidence says of a case, held against the truth.

    later: whether open verdicts are asked again, with as many more replicates as they ask for.
    """
    tried, truth = given.tried(given.replicates), given.region()
    found = infer_region(tried, TOLERANCE, "points", seed)
    assert found is not None
    assert found.low is not None
    assert found.high is not None
    assert found.best_again is not None
    rng = np.random.default_rng([seed, 1])
    naive = bootstrap(tried, rng)
    asked = [_near(given.rates, end, rng) for end in (truth.low, truth.high)]
    verdicts = [(found.verdict(rate), rate) for rate in asked]
    effect = float(given.effects[: given.replicates].mean())
    chosen = float(given.truth[given.rates.index(found.region.well_tuned)]) + effect
    return Outcome(
        case=given,
        low=covers(found.low, truth.low),
        high=covers(found.high, truth.high),
        width=statistics.fmean(_steps(given.rates, each) for each in (found.low, found.high)),
        naive_low=covers(naive[0], truth.low),
        naive_high=covers(naive[1], truth.high),
        verdicts=tuple((each.chance or 0.0, truth.contains(rate)) for each, rate in verdicts),
        later=tuple(
            _later(given, each.replicates_needed, rate, seed).verdict(rate).kind != "undecided"
            for each, rate in verdicts
            if later
            and each.replicates_needed
            and given.replicates + each.replicates_needed <= given.table.shape[1]
        ),
        best_bias=found.region.best_accuracy - chosen,
        again_bias=found.best_again - chosen,
    )


def covers(interval: Interval, end: float) -> bool:
    """Whether an interval holds an end."""
    return interval.low <= end <= interval.high


def bootstrap(tried: Mapping[float, MaxLrScores], rng: Rng) -> tuple[Interval, Interval]:
    """The plain percentile bootstrap over replicates, of both ends."""
    sound = {rate: each.accuracies for rate, each in tried.items() if not each.diverged}
    rates, table = np.array(list(sound)), np.array(list(sound.values()))
    replicates = table.shape[1]
    means = table[:, rng.integers(replicates, size=(RESAMPLES, replicates))].mean(axis=2).T
    members = means >= means.max(axis=1, keepdims=True) - TOLERANCE
    ends = members.argmax(axis=1), len(rates) - 1 - members[:, ::-1].argmax(axis=1)
    bounds = [np.quantile(rates[end], (0.05, 0.95), method="nearest") for end in ends]
    low, high = (Interval(float(first), float(last)) for first, last in bounds)
    return low, high


def row(what: str, outcomes: Iterable[Outcome]) -> Row:
    """Outcomes together."""
    every, mean = list(outcomes), statistics.fmean
    verdicts = [verdict for each in every for verdict in each.verdicts]
    closed = [(chance > 0.5) == truth for chance, truth in verdicts if not 0.05 < chance < 0.95]
    later = [closes for each in every for closes in each.later]
    return Row(
        what=what,
        cases=len(every),
        low=mean(each.low for each in every),
        high=mean(each.high for each in every),
        both=mean(each.low and each.high for each in every),
        width=mean(each.width for each in every),
        naive_low=mean(each.naive_low for each in every),
        naive_high=mean(each.naive_high for each in every),
        naive_both=mean(each.naive_low and each.naive_high for each in every),
        decided=len(closed) / len(verdicts),
        right=mean(closed) if closed else None,
        naive_bias=mean(each.best_bias for each in every),
        again_bias=mean(each.again_bias for each in every),
        later=mean(later) if later else None,
    )


def rows(cases: int) -> list[Row]:
    """All cases, and the same by what may matter. cases: of all families together."""
    names = list(FAMILIES)
    made = [(names[index % len(names)], index // len(names)) for index in range(cases)]
    every = [outcome(case(name, seed), seed) for name, seed in made]
    keys: Mapping[str, Callable[[Case], Any]] = {
        "replicates": lambda each: each.replicates,
        "family": lambda each: each.family,
        "noise": lambda each: each.noise,
        "correlation": lambda each: each.correlation,
        "spread": lambda each: each.spread,
        "grid": lambda each: len(each.rates),
    }
    found = [row("all", every)]
    for name, key in keys.items():
        kinds = dict.fromkeys(sorted(key(each.case) for each in every))
        found += [
            row(f"{name} {kind}", (each for each in every if key(each.case) == kind))
            for kind in kinds
        ]
    return found


def _hump(
    rng: Rng,
    best: tuple[float, float] = (0.12, 0.88),
    left: tuple[float, float] = (-1.5, -0.2),
    right: tuple[float, float] = (-1.5, -0.2),
) -> Curve:
    """Kinked to round; each side falls by 2 points within 10 ** exponent of the grid."""
    middle, top, power = rng.uniform(*best), rng.uniform(60, 98), rng.choice([1, 1.5, 2, 2])
    low, high = 10 ** rng.uniform(*left), 10 ** rng.uniform(*right)
    return lambda at: top - 2 * (np.abs(at - middle) / np.where(at < middle, low, high)) ** power


def _edge(rng: Rng) -> Curve:
    """The best lies at an end of the grid, or beyond it."""
    return _hump(rng, [(-0.25, 0.04), (0.96, 1.25)][rng.integers(2)])


def _asymmetric(rng: Rng) -> Curve:
    """A slow straight rise to a cusp, then a steep fall."""
    best, top = rng.uniform(0.3, 0.9), rng.uniform(60, 98)
    low, high = 10 ** rng.uniform(-0.5, 0.2), 10 ** rng.uniform(-1.6, -1)
    return lambda at: top - 2 * np.where(at < best, (best - at) / low, ((at - best) / high) ** 2)


def _plateau(rng: Rng) -> Curve:
    """Level over 4 to 60 % of the grid."""
    middle, half, top = rng.uniform(0.2, 0.8), rng.uniform(0.02, 0.3), rng.uniform(60, 98)
    side = 10 ** rng.uniform(-1.2, -0.2)
    return lambda at: top - 2 * (np.maximum(0, np.abs(at - middle) - half) / side) ** 1.5


def _saturating(rng: Rng) -> Curve:
    """A rise from 15 points below that flattens out, and a fall late or not at all."""
    top, rise = rng.uniform(60, 98), 10 ** rng.uniform(-1.3, -0.3)
    edge, fall = rng.uniform(0.5, 1.0), 10 ** rng.uniform(-1.5, -0.5)
    return lambda at: top - 15 * np.exp(-at / rise) - 2 * (np.maximum(0, at - edge) / fall) ** 2


def _two_humps(rng: Rng) -> Curve:
    """Heights that differ by a point at most."""
    first = rng.uniform(0.1, 0.4)
    second, top, other = first + rng.uniform(0.3, 0.5), rng.uniform(60, 95), rng.uniform(-1, 1)
    one, two = rng.uniform(0.09, 0.2, 2)
    return lambda at: np.maximum(
        top - 2 * ((at - first) / one) ** 2, top + other - 2 * ((at - second) / two) ** 2
    )


def _cliff(rng: Rng) -> Curve:
    """A hump, and from some rate on a fall by 1 to 60 points."""
    hump, edge, drop = _hump(rng), rng.uniform(0.3, 1), 10 ** rng.uniform(0, 1.8)
    return lambda at: hump(at) - drop * (at > edge)


def _diverging(rng: Rng) -> Curve:
    """A hump, and divergence from some rate on, which may lie below the hump's best."""
    hump, edge = _hump(rng), rng.uniform(0.3, 1.0)
    return lambda at: np.where(at > edge, np.nan, hump(at))


FAMILIES: Mapping[str, Callable[[Rng], Curve]] = MappingProxyType(
    {
        "hump": _hump,
        "narrow": lambda rng: _hump(rng, left=(-1.5, -1.0), right=(-1.5, -1.0)),
        "wide": lambda rng: _hump(rng, left=(-0.6, 0.2), right=(-0.6, 0.2)),
        "asymmetric": _asymmetric,
        "edge": _edge,
        "plateau": _plateau,
        "saturating": _saturating,
        "two humps": _two_humps,
        "cliff": _cliff,
        "diverging": _diverging,
    }
)


def _near(rates: tuple[float, ...], end: float, rng: Rng) -> float:
    """A max_lr of the grid, up to a sixth of it away from an end: where verdicts are hard."""
    reach = max(2, len(rates) // 6)
    at = rates.index(end) + int(rng.integers(-reach, reach + 1))
    return rates[min(max(at, 0), len(rates) - 1)]


def _later(given: Case, more: int, rate: float, seed: int) -> RegionPosterior:
    found = infer_region(given.tried(given.replicates + more), TOLERANCE, "points", seed)
    assert found is not None
    return found


def _steps(rates: tuple[float, ...], interval: Interval) -> float:
    return (rates.index(interval.high) - rates.index(interval.low)) / (len(rates) - 1)


@click.command(help="Error bars and verdicts on known curves: how often they are right.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--cases", default=2000, show_default=True, help="Cases of all families together.")
def main(as_json: bool, cases: int) -> None:
    """Print a row for all cases, and for each kind of them."""
    found = rows(cases)
    if as_json:
        click.echo(json.dumps([asdict(each) for each in found], indent=2))
        return
    heads = ("low", "high", "both", "width", "low", "high", "both", "decided", "right", "bias")
    click.echo(
        f"{'':<29}{'90 % intervals':<32}{'plain bootstrap':<24}{'verdicts':<16}best accuracy"
    )
    click.echo(f"{'':<22}{'cases':>7}" + "".join(f"{head:>8}" for head in heads) + f"{'again':>8}")
    for each in found:
        shares = (
            *(each.low, each.high, each.both, each.width),
            *(each.naive_low, each.naive_high, each.naive_both, each.decided),
        )
        click.echo(
            f"{each.what:<22}{each.cases:>7}"
            + "".join(f"{share:>8.1%}" for share in shares)
            + ("       -" if each.right is None else f"{each.right:>8.1%}")
            + f"{each.naive_bias:>+8.2f}{each.again_bias:>+8.2f}"
        )
    click.echo(
        "width: share of the grid; right: of the decided verdicts, asked within a sixth of the\n"
        "grid of an end; bias, again: points that the best accuracy, and its cross-fitted one,\n"
        "are above the true accuracy of the max_lr that was chosen"
    )
    if found[0].later is not None:
        click.echo(f"open verdicts that close with as many more as they ask: {found[0].later:.0%}")


if __name__ == "__main__":
    main()
