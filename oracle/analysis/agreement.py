"""How far the adaptive oracle agrees with the whole grid on one run: data, and words for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from oracle.analysis.replay import Replay, agreement_shares
from oracle.search.grid_search import OracleCycle
from oracle.stats.region import MaxLrScores, Region, ToleranceKind, feasible_region
from oracle.tables.oracle import OracleTable
from scyc.json_types import JsonObject


def halves(
    replayed: Sequence[Replay], tolerance: float, kind: ToleranceKind
) -> Mapping[str, float] | None:
    """Compare the whole grid with itself: its even replicates alone, and its odd ones.

    What two measurements of the same grid agree on is what no search can be expected to exceed by
    much.

    Args:
        replayed: The replayed cycles.
        tolerance: Of the region, in the unit of `kind`.
        kind: Of the tolerance.

    Returns:
        Shares of the cycles, 0 to 1: `same_best`, `ends_near` (within one step of the grid) and
        `both`. None with fewer than two replicates, without a cycle, or where a half has no winner.
    """
    pairs = []
    for each in replayed:
        one, other = (_half(each.full, start, tolerance, kind) for start in (0, 1))
        if one is None or other is None:
            return None
        every = sorted(each.full.cells)
        ends = ((one.low, other.low), (one.high, other.high))
        near = all(abs(every.index(a) - every.index(b)) <= 1 for a, b in ends)
        pairs.append((one.well_tuned == other.well_tuned, near))
    if not pairs:
        return None
    return {
        "same_best": sum(same for same, _ in pairs) / len(pairs),
        "ends_near": sum(near for _, near in pairs) / len(pairs),
        "both": sum(same and near for same, near in pairs) / len(pairs),
    }


def _half(cycle: OracleCycle, start: int, tolerance: float, kind: ToleranceKind) -> Region | None:
    if cycle.replicates < 2:
        return None
    tried = {
        rate: MaxLrScores(each.accuracies[start::2], each.diverged)
        for rate, each in cycle.tried.items()
    }
    return feasible_region(tried, tolerance, kind)


def as_json(
    table: OracleTable, replayed: Sequence[Replay], path: Sequence[OracleCycle] | None
) -> JsonObject:
    """Return the agreement of the adaptive search with the whole grids as JSON values.

    Args:
        table: Of the whole grids.
        replayed: The replayed cycles.
        path: The adaptive oracle's own cycles, as far as they are recorded; None: not requested.

    Returns:
        The run's id, shares over all cycles (`agreement_shares` of `replay`, :func:`halves`),
        one entry a cycle, and the well-tuned max_lr of each cycle of the path.
    """
    return {
        "run_id": table["run_id"],
        "said": agreement_shares(replayed),
        "halves": halves(replayed, table["tolerance"], table["tolerance_kind"]),
        "cycles": [_cycle(each) for each in replayed],
        "path": [each.region.well_tuned if each.region else None for each in path or ()],
    }


def text(table: OracleTable, replayed: Sequence[Replay], path: Sequence[OracleCycle] | None) -> str:
    """Format the agreement for a terminal.

    Args:
        table: Of the whole grids.
        replayed: The result of the adaptive search of each.
        path: The adaptive oracle's own cycles; None: no line about them.

    Returns:
        Lines with an end: one a cycle, then the shares.
    """
    lines = [
        f"{table['run_id']}: cycle by cycle, below the full grid's own winners",
        "",
        f"{'cycle':>5}{'full grid':>34}{'adaptive':>34}{'best':>10}{'ends off':>10}{'trained':>9}",
    ]
    for each in replayed:
        best = "same" if each.same_best else "as good" if each.best_as_good else "worse"
        ends = f"{each.low_error}, {each.high_error}"
        lines.append(
            f"{each.full.cycle:>5}{_region(each.full):>34}{_region(each.adaptive):>34}{best:>10}"
            f"{ends:>10}{each.share:>9.0%}"
        )
    shares = agreement_shares(replayed)
    lines += [
        "",
        f"same well-tuned max_lr {shares['same_best']:.0%} (or not significantly "
        f"worse {shares['best_as_good']:.0%}), ends within a step {shares['ends_near']:.0%}, both "
        f"{shares['both']:.0%}",
        f"of {shares['cycles']} cycles, with {shares['share']:.0%} of the training runs",
    ]
    if (own := halves(replayed, table["tolerance"], table["tolerance_kind"])) is not None:
        lines.append(
            "the full grid of the even replicates against that of the odd ones: same well-tuned "
            f"max_lr {own['same_best']:.0%}, ends within a step {own['ends_near']:.0%}, both "
            f"{own['both']:.0%}"
        )
    if path is not None:
        same = sum(
            each.region is not None and each.region.well_tuned == cycle["well_tuned"]
            for each, cycle in zip(path, table["cycles"], strict=False)
        )
        lines.append(
            f"as a whole path, below its own winners: {len(path)} of {len(table['cycles'])} cycles "
            f"are recorded, of which {same} have the same well-tuned max_lr"
        )
    return "\n".join(lines) + "\n"


def _region(cycle: OracleCycle) -> str:
    region = cycle.region
    return f"{region.well_tuned:.4g} [{region.low:.4g}, {region.high:.4g}]" if region else "none"


def _cycle(each: Replay) -> JsonObject:
    return {
        "cycle": each.full.cycle,
        "full": _region(each.full),
        "adaptive": _region(each.adaptive),
        "same_best": each.same_best,
        "best_as_good": each.best_as_good,
        "behind": each.behind.to_json(),
        "low_error": each.low_error,
        "high_error": each.high_error,
        "share": each.share,
        "rounds": each.rounds,
    }
