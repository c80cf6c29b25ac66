"""The grid of max_lr that a cycle's search tries, and how it grows."""

from __future__ import annotations

from collections.abc import Sequence

from oracle.study.grid_spec import GridSpec, ListGrid


def grid_values(grid: GridSpec) -> list[float]:
    """The declared learning rates, rising; logarithmic ones rounded to four digits."""
    if isinstance(grid, ListGrid):
        return list(grid.max_lr)
    share = [index / (grid.count - 1) for index in range(grid.count)]
    if grid.kind == "linear":
        return [_tidy(grid.low + part * (grid.high - grid.low)) for part in share]
    return [_tidy(grid.low * (grid.high / grid.low) ** part, digits=4) for part in share]


def grid_bounds(grid: GridSpec) -> tuple[float, float]:
    """The learning rates that extension never passes."""
    declared = grid_values(grid)
    floor = grid.floor if grid.floor is not None else declared[0] / 10
    ceiling = grid.ceiling if grid.ceiling is not None else declared[-1] * 10
    return floor, ceiling


def extend_grid(grid: GridSpec, tried: Sequence[float], low: bool, high: bool) -> list[float]:
    """The learning rates to try next, rising; empty when the grid is not to grow.

    tried: what has been tried, rising. low, high: whether the best value or the region touches
    that end. Each side grows by a quarter of the declared grid, at least one value, in the grid's
    own spacing, up to :func:`bounds`.
    """
    if not grid.extend or len(tried) < 2:
        return []
    amount = max(1, len(grid_values(grid)) // 4)
    floor, ceiling = grid_bounds(grid)
    below = _onwards(grid, tried[1], tried[0], amount) if low else []
    above = _onwards(grid, tried[-2], tried[-1], amount) if high else []
    return sorted(
        value for value in {*below, *above} if floor <= value <= ceiling and value not in tried
    )


def _onwards(grid: GridSpec, before: float, end: float, amount: int) -> list[float]:
    """The next values after `end`, coming from `before`, in the grid's spacing."""
    if not isinstance(grid, ListGrid) and grid.kind == "linear":
        step = (grid.high - grid.low) / (grid.count - 1) * (1 if end > before else -1)
        return [_tidy(end + step * count) for count in range(1, amount + 1)]
    if isinstance(grid, ListGrid):
        ratio = end / before
    else:
        ratio = (grid.high / grid.low) ** (1 / (grid.count - 1))
        ratio = ratio if end > before else 1 / ratio
    return [_tidy(end * ratio**count, digits=4) for count in range(1, amount + 1)]


def _tidy(value: float, digits: int = 12) -> float:
    return float(f"{value:.{digits}g}")
