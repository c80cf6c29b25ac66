"""The grid of max_lr that a cycle's search tries, and how it grows."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from oracle.stats.digits import round_digits
from oracle.study.parts.grid_spec import GridSpec, ListGrid
from scyc.errors import Problem

LEAST_RATIO = 1.1  # of two neighbours where a list grows; rates closer than that tell little apart
_LEAST_ROOM = 8  # new values that a side of a short grid may come to


def grid_values(grid: GridSpec) -> list[float]:
    """Compute the declared learning rates.

    Args:
        grid: Declared grid.

    Returns:
        Learning rates, rising; logarithmic ones rounded to four digits.
    """
    if isinstance(grid, ListGrid):
        return list(grid.max_lr)
    share = [index / (grid.count - 1) for index in range(grid.count)]
    if grid.kind == "linear":
        return [round_digits(grid.low + part * (grid.high - grid.low), 12) for part in share]
    return [round_digits(grid.low * (grid.high / grid.low) ** part, 4) for part in share]


def on_grid(grid: GridSpec, rate: float) -> float:
    """Return the grid's value for a learning rate that is one but for rounding.

    A grid keeps 12 digits. A rate that is the same in these trains nothing else, so that it shares
    the grid's training runs; any other is returned as it is.

    Args:
        grid: The declared grid of max_lr.
        rate: A learning rate.

    Returns:
        A value of the grid, or `rate`.
    """
    rounded = round_digits(rate, 12)
    return rounded if rounded in grid_values(grid) else rate


def grid_bounds(grid: GridSpec) -> tuple[float, float]:
    """Return the learning rates that extension never passes.

    Args:
        grid: Declared grid.

    Returns:
        `floor` and `ceiling`; a tenth of the lowest and ten times the highest where they are left
        out.
    """
    declared = grid_values(grid)
    floor = grid.floor if grid.floor is not None else declared[0] / 10
    ceiling = grid.ceiling if grid.ceiling is not None else declared[-1] * 10
    return floor, ceiling


def extend_grid(grid: GridSpec, tried: Sequence[float], low: bool, high: bool) -> list[float]:
    """Return the learning rates to try next, rising; empty when the grid is not to grow.

    Each side grows by a quarter of the declared grid, at least one value, in the grid's own
    spacing: that of a range, or the ratio of a list's last two values, at least `LEAST_RATIO`. It
    ends at :func:`grid_bounds`, and where a side has as many new values as the grid declares (or 8,
    if it declares fewer).

    Args:
        grid: The grid as declared.
        tried: The grid as far as it has grown, rising.
        low: Whether the best value or the region touches the low end.
        high: Whether it touches the high end.

    Returns:
        Learning rates that are not in `tried`.
    """
    if not grid.extend or len(tried) < 2:
        return []
    declared = grid_values(grid)
    amount = max(1, len(declared) // 4)
    room = max(_LEAST_ROOM, len(declared))
    left_below = room - bisect_left(tried, declared[0])
    left_above = room - (len(tried) - bisect_right(tried, declared[-1]))
    floor, ceiling = grid_bounds(grid)
    below = _onwards(grid, tried[1], tried[0], min(amount, left_below)) if low else []
    above = _onwards(grid, tried[-2], tried[-1], min(amount, left_above)) if high else []
    return sorted(
        value
        for value in {*below, *above}
        if floor <= value <= ceiling and not tried[0] <= value <= tried[-1]
    )


def most_new_values(grid: GridSpec) -> int:
    """Return how many learning rates extension may add to a grid in one pruning cycle.

    Args:
        grid: The declared grid of max_lr.

    Returns:
        Values at both ends together; 0 of a grid that is not to grow.
    """
    tried = declared = grid_values(grid)
    while more := extend_grid(grid, tried, low=True, high=True):
        tried = sorted([*tried, *more])
    return len(tried) - len(declared)


def reaches_zero(grid: GridSpec, lowest: float) -> bool:
    """Return whether the next value below `lowest` in a grid's spacing is not above 0.

    Nothing is cut off there: a linear grid has no learning rate left on that side.

    Args:
        grid: The declared grid of max_lr.
        lowest: The lowest max_lr of a grid.

    Returns:
        False of a list and of a logarithmic range, which never reach 0.
    """
    if isinstance(grid, ListGrid) or grid.kind == "log":
        return False
    return round_digits(lowest - (grid.high - grid.low) / (grid.count - 1), 12) <= 1e-9 * lowest


def growth_problems(grid: GridSpec, path: str) -> list[Problem]:
    """Return why a grid that is to grow cannot; [] where it can, or is not to.

    Checked before a run starts, not when a study is read: what was stored stays readable.

    Args:
        grid: The declared grid of max_lr.
        path: Of the grid in the study.

    Returns:
        A problem of the grid's `max_lr`.
    """
    if not grid.extend or len(values := grid_values(grid)) > 1:
        return []
    rule = "one max_lr has no spacing to grow by; give a second one, or extend: false"
    return [Problem(f"{path}.max_lr", rule, values)]


def _onwards(grid: GridSpec, before: float, end: float, amount: int) -> list[float]:
    """Compute the next values after `end`, coming from `before`, in the grid's spacing."""
    if not isinstance(grid, ListGrid) and grid.kind == "linear":
        step = (grid.high - grid.low) / (grid.count - 1) * (1 if end > before else -1)
        return [round_digits(end + step * count, 12) for count in range(1, amount + 1)]
    if isinstance(grid, ListGrid):
        near, far = sorted((before, end))
        ratio = max(far / near, LEAST_RATIO)
    else:
        ratio = (grid.high / grid.low) ** (1 / (grid.count - 1))
    ratio = ratio if end > before else 1 / ratio
    return [round_digits(end * ratio**count, 4) for count in range(1, amount + 1)]
