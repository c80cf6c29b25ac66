"""The printed tables of search-free baselines (`rivals` in a study)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from oracle.reports.parts.evidence import verdict_cell
from oracle.reports.sheet import (
    Cell,
    ReportTable,
    cost_rows,
    flat_spread,
    format_lr,
    format_mean_std,
)
from oracle.stats.paired_difference import (
    Difference,
    certainty,
    flat,
    side,
    signed,
    size,
)
from oracle.tables.base import TrainingCost
from oracle.tables.oracle import OracleTable
from oracle.tables.parts.rivals import (
    AllrOptions,
    ConstantOptions,
    GradientSpreadOptions,
    LinearRewindingOptions,
    LrRangeTestOptions,
    PowerLawOptions,
    Rival,
    RivalCycle,
    WarmStartOptions,
)

_HEADS = (
    "baseline",
    "cycle",
    "weights\nremaining, %",
    "baseline\nmax_lr",
    "S-Cyc\nmax_lr",
    "measured\nregion",
    "baseline\nverdict",
    "validation, %\nbaseline",
    "test, %\nbaseline",
    "validation,\nS-Cyc - baseline",
    "test,\nS-Cyc - baseline",
)


def sheet(table: OracleTable) -> ReportTable:
    """Make a run's table of baselines: a row for each baseline and cycle.

    Args:
        table: Of the run.

    Returns:
        The printed table, learning rates next to S-Cyc's.
    """
    rivals = table["rivals"]
    ours = {
        cycle["cycle"]: rate
        for cycle in table["cycles"]
        if (rate := cycle["s_cyc"]["max_lr"]) is not None
    }
    costs: dict[str, TrainingCost] = {}
    for rival in rivals:
        costs[rival["name"]] = rival["cost"]["run"]
        if rival["cost"]["with_search"] != rival["cost"]["run"]:
            costs[f"{rival['name']} incl. its search"] = rival["cost"]["with_search"]
    return ReportTable(
        title=f"{table['study']}: S-Cyc and search-free baselines",
        run_id=table["run_id"],
        headers=_HEADS,
        rows=[_row(rival, cycle, ours) for rival in rivals for cycle in rival["cycles"]],
        verdict="\n".join([*map(verdict, rivals), *summaries(rivals)]),
        notes=_notes(rivals),
        costs=cost_rows(costs),
        flat=[_flat(rival, cycle) for rival in rivals for cycle in rival["cycles"]],
        flat_heads=_FLAT_HEADS,
        left=frozenset({0}),
    )


def verdict(rival: Rival) -> str:
    """Return by how much S-Cyc is ahead of a baseline, over all pruned networks.

    Args:
        rival: A rival's part of the table.

    Returns:
        A sentence, with the paired difference and its certainty.
    """
    average = rival["average"]
    if average is None:
        return f"S-Cyc and {rival['name']} have no pruned network to compare yet."
    difference = Difference.from_json(average["test"])
    assert difference is not None
    first, last = average["cycles"][0], average["cycles"][-1]
    when = f"averaged over cycles {first} to {last}" if first < last else f"at cycle {first}"
    if difference.none:
        return f"S-Cyc and {rival['name']} have the same test accuracy {when}."
    return (
        f"S-Cyc is {size(difference)} of test accuracy {side(difference)} {rival['name']} {when}: "
        f"{certainty(difference)}."
    )


def summaries(rivals: Sequence[Rival]) -> list[str]:
    """Return how far each baseline is off, and what choosing max_lr costs.

    Args:
        rivals: The rivals' parts of the table.

    Returns:
        One sentence a baseline; none of one without a cycle to compare.
    """
    lines = []
    for rival in rivals:
        summary = rival.get("summary")
        if not summary or not summary["cycles"]:
            continue
        last = summary["last"]
        ahead = signed(Difference.from_json(last["test"])) if last else "-"
        lines.append(
            f"{rival['name']}: inside {summary['inside']} of {summary['cycles']} regions, "
            f"{summary['grid_values_off']:.1f} grid steps from the well-tuned max_lr; choosing "
            f"max_lr costs {summary['percent_of_training']:.3g} % of its training; test at the "
            f"last cycle, S-Cyc - {rival['name']}: {ahead}."
        )
    return lines


def _row(rival: Rival, cycle: RivalCycle, ours: Mapping[int, float]) -> list[str]:
    return [
        rival["name"],
        str(cycle["cycle"]),
        f"{cycle['weights_remaining']:.2f}",
        format_lr(cycle["max_lr"]),
        format_lr(ours.get(cycle["cycle"])),
        _measured(cycle["inside"]),
        verdict_cell(cycle["evidence"]),
        format_mean_std(cycle["val_accuracy"]) + ("!" if cycle["diverged"] else ""),
        format_mean_std(cycle["test_accuracy"]),
        signed(Difference.from_json(cycle["validation"])),
        signed(Difference.from_json(cycle["test"])),
    ]


def _measured(inside: bool | None) -> Cell:
    if inside is None:
        return Cell("-")
    return Cell("inside", "inside") if inside else Cell("outside", "outside")


def _notes(rivals: Sequence[Rival]) -> list[str]:
    lines = [f"{rival['name']}: {_RULES[rival['name']](rival['options'])}." for rival in rivals]
    lines.append(
        "Differences: S-Cyc - baseline, paired, mean over replicates ± SE. Inside and outside are "
        "of the oracle's region, whose networks are not the baseline's own."
    )
    if any(cycle["diverged"] for rival in rivals for cycle in rival["cycles"]):
        lines.append("!: a replicate diverged; the baseline ends there.")
    return lines


def _constant(options: ConstantOptions) -> str:
    if options["max_lr"] is None:
        return "the oracle's well-tuned max_lr of the unpruned network in all cycles"
    return f"max_lr {format_lr(options['max_lr'])} in all cycles"


def _warm_start(_options: WarmStartOptions) -> str:
    return (
        "the oracle's well-tuned max_lr of the previous cycle (of cycle 0 at cycle 0); needs the "
        "oracle's search up to there"
    )


def _gradient_spread(options: GradientSpreadOptions) -> str:
    epsilon, bound = options["epsilon"], options["bound"]
    scale = {"std": "standard deviation", "quantiles": "range from 5 to 95 %"}[options["scale"]]
    return (
        f"max_lr is {format_lr(epsilon)} x the {scale} of the unpruned network's weight gradients "
        f"/ that of its own of the cycle before, kept within [{format_lr(epsilon / bound)}, "
        f"{format_lr(epsilon * bound)}]"
    )


def _power_law(options: PowerLawOptions) -> str:
    if options["alpha"] is None:
        return (
            "max_lr is epsilon / density^alpha, fitted to the oracle's well-tuned max_lr of its "
            f"first {options['cycles']} cycles; density is the share of the prunable weights that "
            "remain"
        )
    return f"max_lr is {format_lr(options['epsilon'])} / density^{options['alpha']:g}"


def _linear_rewinding(options: LinearRewindingOptions) -> str:
    given = options["max_lr"]
    start = format_lr(given) if given else "the oracle's well-tuned max_lr of the unpruned network"
    return f"pruned networks are trained from {start} linearly to 0, whose regions are not these"


def _allr(options: AllrOptions) -> str:
    return (
        f"pruned networks are trained from {format_lr(options['epsilon'])} x the relative size of "
        "what was pruned linearly to 0, whose regions are not these"
    )


def _lr_range_test(options: LrRangeTestOptions) -> str:
    return (
        "max_lr is what a range test of 100 iterations suggests, median over replicates; of the "
        f"unpruned network {format_lr(options['epsilon'])}"
    )


# Each takes the options of its own rival.
_RULES: Mapping[str, Callable[[Any], str]] = MappingProxyType(
    {
        "constant": _constant,
        "warm_start": _warm_start,
        "gradient_spread": _gradient_spread,
        "power_law": _power_law,
        "linear_rewinding": _linear_rewinding,
        "allr": _allr,
        "lr_range_test": _lr_range_test,
    }
)

_FLAT_HEADS = (
    "run",
    "cycle",
    "weights_remaining",
    "max_lr",
    "inside",
    "verdict",
    "chance_inside",
    "diverged",
    *(f"{name}_accuracy_{what}" for name in ("val", "test") for what in ("mean", "std")),
    *flat("val", None),
    *flat("test", None),
)


def _flat(rival: Rival, cycle: RivalCycle) -> dict[str, object]:
    return {
        "run": rival["name"],
        "cycle": cycle["cycle"],
        "weights_remaining": cycle["weights_remaining"],
        "max_lr": cycle["max_lr"],
        "inside": cycle["inside"],
        "verdict": cycle["evidence"] and cycle["evidence"]["verdict"],
        "chance_inside": cycle["evidence"] and cycle["evidence"]["chance"],
        "diverged": cycle["diverged"],
        **flat_spread("val_accuracy", cycle["val_accuracy"]),
        **flat_spread("test_accuracy", cycle["test_accuracy"]),
        **flat("val", cycle["validation"]),
        **flat("test", cycle["test"]),
    }
