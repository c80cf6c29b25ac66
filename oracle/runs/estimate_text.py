"""An estimate of a study's cost as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.host.durations import format_duration
from oracle.study.aliases import shown_reductions

if TYPE_CHECKING:
    from oracle.runs.estimate import Estimate

_INLINE = 60.0  # seconds of work, below which the start of Ray is not worth its time
_SHOWN = 0.01  # share of the time from which start-up is named


def text(cost: Estimate) -> str:
    """Format an estimate for a terminal.

    Args:
        cost: The estimate.

    Returns:
        Lines with an end.
    """
    valid = f"{cost.study} is valid ({cost.run_id})"
    missing = f"{cost.study} needs its images to run; by the known size of its data set:"
    lines = [valid if cost.run_id else missing]
    own = cost.device == "function"
    if not own:
        lines.append(f"  images         {cost.images:,}{_parts(cost)}")
        lines.append(f"  parameters     {cost.parameters:,}")
    for name, rates in cost.grids.items():
        lines.append(f"  grid           {name}: {len(rates)} learning rates: {_shown(rates)}")
        if most := cost.growth[name]:
            lines.append(f"                 grows by up to {most} more learning rates per cycle")
    lines += [f"  scaled down    {reduction}" for reduction in shown_reductions(cost.shrunk)]
    lines += [
        f"  training runs  {_sum(cost)}"
        + ("; more where a grid grows" if any(cost.growth.values()) else ""),
        *_growing(cost),
    ]
    if own:
        lines.append(
            f"  time           that of one call of the training function x {cost.cells:,}, "
        )
        lines[-1] += f"{_workers(cost)} in parallel"
        return "\n".join(lines) + "\n"
    lines += [
        f"  steps          {cost.steps:,} ({1000 * cost.seconds_per_step:.2f} ms each, timed on "
        f"{cost.device})",
        *_time(cost),
    ]
    remarks = cost.summary.remarks if cost.summary else ()
    lines += [f"  note           {remark}" for remark in remarks]
    return "\n".join(lines) + "\n"


def _sum(cost: Estimate) -> str:
    """Return the training runs as people count them: ``10 learning rates x ... + 27``."""
    networks = cost.cycles + 1
    counted = cost.rows * networks * cost.replicates
    rest = cost.cells - counted
    product = f"{networks} networks x {cost.replicates} replicate{'s' * (cost.replicates > 1)}"
    if cost.row:
        product = f"{cost.rows} {cost.row} x {product}"
    more = f" + {rest:,}{cost.others}" if rest > 0 else f" - {-rest:,} shared" if rest else ""
    return f"{cost.cells:,} = {product}{more}"


def _workers(cost: Estimate) -> str:
    return f"{cost.workers} worker{'s' * (cost.workers > 1)}"


def _time(cost: Estimate) -> list[str]:
    """Return the time of a run with its start-up, and the quicker backend of a short one."""
    if cost.backend != "ray":
        return [f"  time           about {format_duration(cost.seconds)} in one process"]
    line = f"  time           about {format_duration(cost.seconds)} with {_workers(cost)}"
    if cost.start_up > _SHOWN * cost.seconds:
        line += f", of which {format_duration(cost.start_up)} is Ray's start-up"
    lines = [line]
    if cost.work < _INLINE:
        lines.append(
            f"                 --backend inline is quicker: about {format_duration(cost.work)} in "
            "one process"
        )
    return lines


def _parts(cost: Estimate) -> str:
    summary = cost.summary
    if summary is None:
        return ""
    sizes = ", ".join(f"{count:,} {part}" for part, count in summary.sizes.items())
    if not cost.run_id:
        return f": {sizes}"
    majority = summary.majority["validation"]
    return f": {sizes}; the largest class is {majority:.1f} % of the validation images"


def _growing(cost: Estimate) -> list[str]:
    """Say what replicates that are added may come to."""
    added = cost.most_replicates - cost.replicates
    if not added:
        return []
    rates = sum(len(grid) for grid in cost.grids.values())
    most = cost.cells + added * rates * (cost.cycles + 1)
    return [
        f"  replicates     up to {cost.most_replicates} where a verdict is undecided; "
        f"{most:,} training runs if all are"
    ]


def _shown(rates: list[float]) -> str:
    shown = [f"{rate:.4g}" for rate in rates]
    return ", ".join(shown if len(shown) <= 12 else [*shown[:4], "...", *shown[-4:]])
