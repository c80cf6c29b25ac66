"""Distributions while a network is pruned: the table of a run (Liu et al. 2021, Figures 1, 3-6)."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from oracle.compare import Table, cost, head
from oracle.paths import PathCycle
from oracle.sheets import Sheet, cost_lines, rate, shrunk_lines, spread
from oracle.spec import DistributionsStudy
from oracle.study import Study
from scyc import distributions
from scyc.spec import as_json
from scyc.system import RecordSpec

_NAMES = {"weight_gradients": "weight gradients", "activations": "hidden outputs"}


def table(
    study: Study, run_id: str, found: Sequence[PathCycle], complete: bool, label: str | None = None
) -> Table:
    """The distributions of one iterative pruning run as far as it has come.

    study: of any kind that records them. label: which of the study's runs, where it has several.
    Each distribution is that of all replicates' values together
    (:func:`scyc.distributions.pooled`); ``std`` and ``outside`` beside it are each replicate's own,
    outside in percent of the values. Raises ValueError where the study records nothing.
    """
    if study.record is None:
        raise ValueError(f"{study.name} records no distributions; add record to the study")
    paper = study.paper if isinstance(study, DistributionsStudy) else None
    return {
        **head(study, "distributions", run_id, complete),
        "label": label,
        "paper": as_json(paper) if paper else None,
        "record": as_json(study.record),
        "cycles": [_cycle(study.record, each) for each in found],
        "cost": {"training": cost(result for each in found for result in each.results)},
    }


def sheet(table: Table) -> Sheet:
    """The printed table: a row for each pruning cycle."""
    what = table["record"]["what"]
    bounds = table["record"]["outside"]
    heads = ["cycle", "weights\nremaining, %", "max_lr", "test, %"]
    for each in what:
        heads += [f"{_NAMES[each]}:\nstd", "5 to 95 %"]
        if each == "weight_gradients" and bounds:
            heads.append(f"outside [{bounds[0]:g}, {bounds[1]:g}], %")
        heads.append("zeros, %")
    return Sheet(
        title=f"{_name(table)}: distributions while the network is pruned",
        run_id=table["run_id"],
        heads=heads,
        rows=[_row(cycle, what, bounds is not None) for cycle in table["cycles"]],
        verdict=verdict(table),
        notes=[*shrunk_lines(table), *_footnotes(table)],
        costs=cost_lines(table["cost"]),
        flat=[line for cycle in table["cycles"] for line in _flat(cycle, what)],
        flat_heads=_FLAT_HEADS,
    )


def _name(table: Table) -> str:
    return f"{table['study']}, {table['label']}" if table["label"] else str(table["study"])


def verdict(table: Table) -> str:
    """Whether the distributions have become narrower, from the first network to the last."""
    cycles = [cycle for cycle in table["cycles"] if not cycle["diverged"]]
    if len(cycles) < 2:
        return "Fewer than two networks are finished; nothing to compare yet."
    first, last = cycles[0], cycles[-1]
    said = []
    for what in table["record"]["what"]:
        spreads = [[std for std in each["std"][what] if std is not None] for each in (first, last)]
        if not all(spreads):
            continue
        before, after = map(statistics.fmean, spreads)
        how = "narrower" if after < before else "wider" if after > before else "as wide"
        said.append(f"{_NAMES[what]} are {how} (std {before:.3g} to {after:.3g})")
    lines = "; ".join(said) or "nothing finite was recorded"
    between = f"{first['weights_remaining']:.1f} to {last['weights_remaining']:.1f} %"
    return f"From {between} of weights remaining, {lines}."


def _cycle(record: RecordSpec, done: PathCycle) -> Table:
    recorded = [result.recorded for result in done.results if result.recorded is not None]
    kept = {what: [each[what] for each in recorded] for what in record.what if recorded}
    return {
        "cycle": done.cycle,
        "weights_remaining": done.results[0].weights_remaining,
        "max_lr": done.max_lr,
        "val_accuracy": [result.val_accuracy for result in done.results],
        "test_accuracy": [result.test_accuracy for result in done.results],
        "diverged": any(result.diverged for result in done.results),
        "std": {what: [part["std"] for part in parts] for what, parts in kept.items()},
        "outside": {
            what: [_outside(part) for part in parts]
            for what, parts in kept.items()
            if record.outside is not None
        },
        **{what: distributions.pooled(parts) for what, parts in kept.items()},
    }


def _outside(part: Mapping[str, Any]) -> float:
    return 100 * float(part["below"] + part["above"]) / part["count"] if part["count"] else 0.0


def _row(cycle: Table, what: Sequence[str], bounded: bool) -> list[str]:
    row = [
        str(cycle["cycle"]),
        f"{cycle['weights_remaining']:.2f}",
        rate(cycle["max_lr"]),
        "diverged" if cycle["diverged"] else spread(cycle["test_accuracy"]),
    ]
    for each in what:
        pooled = cycle.get(each)
        if not pooled or not pooled["count"]:
            row += ["-"] * (4 if each == "weight_gradients" and bounded else 3)
            continue
        low, high = pooled["quantiles"]["5"], pooled["quantiles"]["95"]
        row += [_deviation(cycle["std"][each]), f"[{low:.2g}, {high:.2g}]"]
        if each == "weight_gradients" and bounded:
            row.append(spread(cycle["outside"][each]))
        row.append(f"{100 * pooled['zeros'] / pooled['count']:.1f}")
    return row


def _deviation(stds: Sequence[float | None]) -> str:
    deviations = [std for std in stds if std is not None]
    if not deviations:
        return "-"
    mean = f"{statistics.fmean(deviations):.3g}"
    return mean if len(deviations) == 1 else f"{mean} ± {statistics.stdev(deviations):.1g}"


def _footnotes(table: Table) -> list[str]:
    record = table["record"]
    lines = [
        (f"{table['label']}: at" if table["label"] else "At")
        + f" the end of each training, over {record['batches']} training batches and "
        f"{table['replicates']} replicate(s); ± is the std over replicates."
    ]
    if "weight_gradients" in record["what"]:
        lines.append(
            "Weight gradients: dL/dw of each batch's mean loss, of every convolution and linear "
            "weight that remains."
        )
    if "activations" in record["what"]:
        lines.append("Hidden outputs: those of every ReLU; zeros are neurons that are off.")
    if table["paper"]:
        lines.append(f"The paper's Figure {table['paper']['figure']}: {table['paper']['claim']}")
    if any(cycle["diverged"] for cycle in table["cycles"]):
        lines.append("Diverged: a replicate did; its network cannot be pruned, and the run ends.")
    if not table["complete"]:
        lines.append("The run is not complete; these are the networks that are finished.")
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


def _flat(cycle: Table, what: Sequence[str]) -> list[dict[str, object]]:
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
            **{name: pooled[name] for name in _FLAT_HEADS[4:12]},
            **{f"quantile_{name}": quantiles.get(name) for name in _QUANTILES},
        }
        lines.append(line)
    return lines
