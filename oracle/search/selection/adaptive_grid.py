"""Which max_lr of a grid to try next: the whole grid, or as few as tell what the whole one would.

The adaptive choice tries every k-th value, forecasts those in between, tries what the forecast says
of the well-tuned max_lr and of the region's ends, with their neighbours, and then what is likeliest
to prove it wrong. It is a function of results alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from oracle.stats.gaussian_process import Forecast, forecast
from oracle.stats.region import MaxLrScores, Region, ToleranceKind, ahead, feasible_region, points

SearchKind = Literal["grid", "adaptive"]

_SHORT = 8  # a grid of so many values, or fewer, is tried whole
_SHARE = 3  # doubts are followed up to one of so many values of the grid ...
_GRAVE = 0.25  # ... and beyond it where the answer would change with this chance
_SLIGHT = 0.01  # chance below which a value is not worth its training runs
_TOGETHER = 4  # doubts that are followed up in one round; more on long grids
_GAIN = 0.1  # points by which the best would have to be beaten for that to be grave
_ALIKE = 0.02  # points; a forecast that beats the best by less says they are equal
_UNMEASURED = (0.0, 0.25, 0.5, 1.0)  # points; what the noise may be where one replicate hides it
_DEEP = 6  # tolerances, or standard errors, below the best: how low a value may be and yet matter
_DEPTH = 3.0  # points; and so much at least


@dataclass(frozen=True)
class GridState:
    """What is known of one cycle's grid, and what is to be known."""

    every: Sequence[float]  # the grid as far as it has grown, rising
    tried: Mapping[float, MaxLrScores]
    tolerance: float
    tolerance_kind: ToleranceKind
    step: int  # positions between two values of the coarse pass
    start: float  # the coarse pass goes through the value next to this

    @property
    def untried(self) -> list[float]:
        """The max_lr of the grid that were not tried, rising."""
        return [max_lr for max_lr in self.every if max_lr not in self.tried]


Choice = Callable[[GridState], list[float]]


def whole_grid(state: GridState) -> list[float]:
    """Choose every max_lr that was not tried.

    Args:
        state: The grid, and what was tried.

    Returns:
        Learning rates, rising; none when the whole grid was tried.
    """
    return state.untried


def select_adaptive(state: GridState) -> list[float]:
    """Choose the max_lr that tell most.

    Where every max_lr that was tried diverged, the whole grid is wanted: nothing tells where to go
    on, and a cycle without a winner ends the search.

    Args:
        state: The grid, and what is known of it.

    Returns:
        Learning rates, rising; none when enough is known of this grid.
    """
    if len(state.every) <= _SHORT:
        return state.untried
    known = {
        position: state.tried[max_lr]
        for position, max_lr in enumerate(state.every)
        if max_lr in state.tried
    }
    positions = _coarse(state, known.keys())
    if not positions and len(known) < len(state.every):
        region = feasible_region(
            {float(p): each for p, each in known.items()}, state.tolerance, state.tolerance_kind
        )
        if region is None:
            return state.untried
        view = _view(state, known, region)
        positions = view.unchecked() or view.doubts()
    return [state.every[position] for position in sorted(positions)]


SELECTION_RULES: Mapping[SearchKind, Choice] = MappingProxyType(
    {"grid": whole_grid, "adaptive": select_adaptive}
)


def coarse_step(count: int) -> int:
    """Return how far apart the values of the coarse pass lie.

    Args:
        count: Values of the grid.

    Returns:
        Positions between two of them, two at least.
    """
    return max(2, round(math.sqrt(count)))


def expected_values(count: int) -> int:
    """Return how many values of a grid the adaptive choice is likely to try.

    Args:
        count: Values of the grid.

    Returns:
        A third of them; `_SHORT` at least, where the grid has so many.
    """
    return min(count, max(_SHORT, count // _SHARE))


def _coarse(state: GridState, known: Set[int]) -> set[int]:
    """Return the positions of the coarse pass without a neighbour: both ends, every k-th."""
    count, step = len(state.every), state.step
    start = min(range(count), key=lambda index: abs(state.every[index] - state.start))
    positions = {0, count - 1} - known
    for index in sorted(range(start % step, count, step), key=lambda index: abs(index - start)):
        if all(abs(index - other) > step // 2 for other in known | positions):
            positions.add(index)
    return positions


@dataclass(frozen=True)
class _View:
    """What the values that were tried say of the others. Values by their position in the grid."""

    known: Mapping[int, MaxLrScores]
    unknown: Sequence[int]
    region: Region  # of the known values alone
    tolerance: float  # in points
    forecast: Forecast  # of the unknown ones
    sound: Sequence[float]  # the chance that they do not diverge
    count: int

    def unchecked(self) -> set[int]:
        """Return positions that were not tried among those on which the forecast's answer rests.

        Returns:
            Of the best value, both ends of the region, and the neighbours of the three outside,
            those that were not tried.
        """
        likely = {
            index: mean
            for index, mean, sound in zip(self.unknown, self.forecast.mean, self.sound, strict=True)
            if sound > 0.5
        }
        top, best = self.region.best_accuracy, int(self.region.well_tuned)
        if likely and max(likely.values()) > top + _ALIKE:
            top = max(likely.values())
            best = min(index for index in likely if likely[index] == top)
        else:  # of equal values the lowest is the well-tuned one
            equal = [index for index in likely if likely[index] > top - _ALIKE]
            best = min([best, *equal])
        curve = {index: each.mean for index, each in self.known.items() if not each.diverged}
        curve |= likely
        members = [best, *(p for p in curve if not ahead(top - self.tolerance, curve[p]))]
        low, high = min(members), max(members)
        return {best - 1, best, best + 1, low - 1, low, high, high + 1} & set(self.unknown)

    def doubts(self) -> set[int]:
        """Return the positions likeliest to change the answer: the best, or a member outside.

        Returns:
            Positions that were not tried, at most as many as may be followed up in one round.
        """
        order = self._chances(_ALIKE)
        room = self.count // _SHARE - len(self.known)
        grave = sum(chance >= _GRAVE for chance in self._chances(_GAIN).values())
        likeliest = sorted(self.unknown, key=lambda index: (-order[index], index))
        together = max(_TOGETHER, self.count // 16)
        followed = likeliest[: min(max(grave, room), together)]
        return {index for index in followed if order[index] > _SLIGHT}

    def _chances(self, gain: float) -> dict[int, float]:
        """How likely each unknown position beats the best by a gain, or widens the region."""
        best = self.region.best_accuracy
        is_best = self.forecast.chance_above(best + gain)
        is_member = self.forecast.chance_above(best - self.tolerance)
        return {
            index: sound * (inside if self.region.contains(index) else outside)
            for index, sound, inside, outside in zip(
                self.unknown, self.sound, is_best, is_member, strict=True
            )
        }


def _view(state: GridState, known: Mapping[int, MaxLrScores], region: Region) -> _View:
    best = region.best_accuracy
    tolerance = points(state.tolerance, state.tolerance_kind, best)
    near = [each for each in known.values() if not each.diverged and each.mean > best - _DEPTH]
    error = _standard_error(near)
    depth = max(_DEPTH, _DEEP * tolerance, _DEEP * (error or 0.0))
    # a cliff far below the best would say nothing of the curve near it, but bend the forecast
    heights = {
        index: max(each.mean, best - depth) for index, each in known.items() if not each.diverged
    }
    unknown = [index for index in range(len(state.every)) if index not in known]
    noises = _UNMEASURED if error is None else (error,)
    return _View(
        known=known,
        unknown=unknown,
        region=region,
        tolerance=tolerance,
        forecast=forecast(heights, unknown, noises, state.step, depth),
        sound=[_soundness(known, index) for index in unknown],
        count=len(state.every),
    )


def _soundness(known: Mapping[int, MaxLrScores], index: int) -> float:
    """Estimate the chance that a value does not diverge, by how near its neighbours are."""
    below = max(other for other in known if other < index)
    above = min(other for other in known if other > index)
    share = (index - below) / (above - below)
    return (1 - share) * (not known[below].diverged) + share * (not known[above].diverged)


def _standard_error(sample: Sequence[MaxLrScores]) -> float | None:
    """Estimate the standard error of a mean over the replicates, in points.

    What the replicates differ by at every max_lr is no noise here. None where it is unknown.
    """
    rows = [each.accuracies for each in sample]
    if len(rows) < 2 or len(rows[0]) < 2:
        return None
    replicates = range(len(rows[0]))
    means = [each.mean for each in sample]
    offsets = [math.fsum(row[replicate] for row in rows) / len(rows) for replicate in replicates]
    level = math.fsum(means) / len(means)
    residues = math.fsum(
        (row[replicate] - mean - offsets[replicate] + level) ** 2
        for row, mean in zip(rows, means, strict=True)
        for replicate in replicates
    )
    freedom = (len(rows) - 1) * (len(replicates) - 1)
    return math.sqrt(residues / freedom / len(replicates))
