"""The printed table of a distributions study."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from oracle.reports.sheet import (
    ReportTable,
    cost_rows,
    footnotes,
    format_lr,
    format_mean_std,
    shrunk_lines,
)
from oracle.tables.distributions import DistributionsCycle, DistributionsTable
from scyc.specs.system import RecordedDistribution

_NAMES = {"weight_gradients": "weight gradients", "activations": "ReLU outputs"}


def sheet(table: DistributionsTable) -> ReportTable:
    """Make the printed table: a row for each pruning cycle.

    Args:
        table: Of the run.

    Returns:
        The printed table, without colours.
    """
    what = table["record"]["what"]
    bounds = table["record"]["outside"]
    heads = ["cycle", "weights\nremaining, %", "max_lr", "test, %"]
    for each in what:
        heads += [f"{_NAMES[each]}:\nstd", "5 to 95 %"]
        if each == "weight_gradients" and bounds:
            heads.append(f"outside [{bounds[0]:g}, {bounds[1]:g}], %")
        heads.append("zeros, %")
    return ReportTable(
        title=f"{_name(table)}: distributions while the network is pruned",
        run_id=table["run_id"],
        headers=heads,
        rows=[_row(cycle, what, bounds is not None) for cycle in table["cycles"]],
        verdict=verdict(table),
        notes=footnotes([*shrunk_lines(table), *_footnotes(table)]),
        costs=cost_rows({"training": table["cost"]["training"]}),
        flat=[line for cycle in table["cycles"] for line in _flat(cycle, what)],
        flat_heads=_FLAT_HEADS,
    )


def _name(table: DistributionsTable) -> str:
    return f"{table['study']}, {table['label']}" if table["label"] else str(table["study"])


def verdict(table: DistributionsTable) -> str:
    """Return whether the distributions have become narrower, from the first network to the last.

    Args:
        table: Of a run.

    Returns:
        A sentence with the standard deviations of both.
    """
    cycles = [cycle for cycle in table["cycles"] if not cycle["diverged"]]
    if len(cycles) < 2:
        return "Fewer than two cycles are finished; nothing to compare yet."
    first, last = cycles[0], cycles[-1]
    said = []
    for what in table["record"]["what"]:
        spreads = [[std for std in each["std"][what] if std is not None] for each in (first, last)]
        if not all(spreads):
            continue
        before, after = map(statistics.fmean, spreads)
        how = "narrower" if after < before else "wider" if after > before else "as wide as before"
        said.append(f"{_NAMES[what]} are {how} (std {before:.3g} to {after:.3g})")
    lines = "; ".join(said) or "no finite value was recorded"
    between = f"{first['weights_remaining']:.1f} to {last['weights_remaining']:.1f} %"
    return f"From {between} of weights remaining, {lines}."


def _row(
    cycle: DistributionsCycle, what: Sequence[RecordedDistribution], bounded: bool
) -> list[str]:
    row = [
        str(cycle["cycle"]),
        f"{cycle['weights_remaining']:.2f}",
        format_lr(cycle["max_lr"]),
        "diverged" if cycle["diverged"] else format_mean_std(cycle["test_accuracy"]),
    ]
    for each in what:
        pooled = cycle.get(each)
        quantiles = pooled["quantiles"] if pooled else None
        if not pooled or quantiles is None:  # without a value there are none
            row += ["-"] * (4 if each == "weight_gradients" and bounded else 3)
            continue
        low, high = quantiles["5"], quantiles["95"]
        row += [_deviation(cycle["std"][each]), f"[{low:.2g}, {high:.2g}]"]
        if each == "weight_gradients" and bounded:
            row.append(format_mean_std(cycle["outside"][each]))
        row.append(f"{100 * pooled['zeros'] / pooled['count']:.1f}")
    return row


def _deviation(stds: Sequence[float | None]) -> str:
    deviations = [std for std in stds if std is not None]
    if not deviations:
        return "-"
    mean = f"{statistics.fmean(deviations):.3g}"
    return mean if len(deviations) == 1 else f"{mean} ± {statistics.stdev(deviations):.1g}"


def _footnotes(table: DistributionsTable) -> list[str]:
    record = table["record"]
    lines = [
        (f"{table['label']}: recorded" if table["label"] else "Recorded")
        + f" at the end of each training run over {record['batches']} training batches; ± std over "
        f"{table['replicates']} replicate{'s' * (table['replicates'] > 1)}."
    ]
    if "weight_gradients" in record["what"]:
        lines.append(
            "Weight gradients: dL/dw of the batch mean loss, for every unpruned convolution and "
            "linear weight."
        )
    if "activations" in record["what"]:
        lines.append("ReLU outputs: of every ReLU; zeros are inactive neurons.")
    if table["paper"]:
        lines.append(f"The paper's Figure {table['paper']['figure']}: {table['paper']['claim']}")
    if any(cycle["diverged"] for cycle in table["cycles"]):
        lines.append("Diverged: a replicate diverged; the run ends there.")
    if not table["complete"]:
        some = "the table has the cycles finished so far"
        lines.append(
            f"The run is not complete; {some if table['cycles'] else 'no cycle is finished yet'}."
        )
    return lines


_QUANTILES = ("0.1", "1", "5", "25", "50", "75", "95", "99", "99.9")
_FLAT_HEADS = (
    "cycle",
    "weights_remaining",
    "max_lr",
    "what",
    "count",
    "zeros",
    "below",
    "above",
    "mean",
    "std",
    "min",
    "max",
    *(f"quantile_{name}" for name in _QUANTILES),
)


def _flat(
    cycle: DistributionsCycle, what: Sequence[RecordedDistribution]
) -> list[dict[str, object]]:
    lines = []
    for each in what:
        pooled = cycle.get(each)
        if not pooled:
            continue
        quantiles = pooled["quantiles"] or {}
        line: dict[str, object] = {
            "cycle": cycle["cycle"],
            "weights_remaining": cycle["weights_remaining"],
            "max_lr": cycle["max_lr"],
            "what": each,
            "count": pooled["count"],
            "zeros": pooled["zeros"],
            "below": pooled["below"],
            "above": pooled["above"],
            "mean": pooled["mean"],
            "std": pooled["std"],
            "min": pooled["min"],
            "max": pooled["max"],
            **{f"quantile_{name}": quantiles.get(name) for name in _QUANTILES},
        }
        lines.append(line)
    return lines
