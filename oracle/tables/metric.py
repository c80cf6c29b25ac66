"""A table whose values are a metric of the user's own, not accuracies in percent."""

from __future__ import annotations

from typing import Any

from oracle.study.function import PERCENT_ACCURACY, FunctionStudy, MetricScale
from oracle.tables.oracle import Table


def in_metric(table: Table, study: FunctionStudy, scale: MetricScale) -> Table:
    """Return a table of points as one of the metric's values.

    ``metric`` says which: its name, ``mode`` ("max" or "min") and unit. ``val_accuracy`` and
    ``test_accuracy`` hold its values, null where a training run diverged; differences keep their
    sign in the metric, so that of a perplexity a negative one is the better.
    """
    metric = study.metric
    found = dict(table)
    found["metric"] = {"name": metric.name, "mode": metric.mode, "unit": metric.unit}
    found["tolerance"], found["split"] = study.tolerance, None
    if metric != PERCENT_ACCURACY:
        found["cycles"] = [_cycle(each, scale) for each in table["cycles"]]
    return found


def _cycle(cycle: Any, scale: MetricScale) -> dict[str, Any]:
    evidence = cycle["evidence"]
    return {
        **cycle,
        "grid": [_entry(entry, scale) for entry in cycle["grid"]],
        "s_cyc": _entry(cycle["s_cyc"], scale),
        "evidence": _evidence(evidence, scale) if evidence else None,
        "plateau": None,  # it is about points of accuracy
        "oracle_less_s_cyc": {
            part: _difference(each, scale) for part, each in cycle["oracle_less_s_cyc"].items()
        }
        if cycle["oracle_less_s_cyc"]
        else None,
    }


def _entry(entry: Any, scale: MetricScale) -> dict[str, Any]:
    found = dict(entry)
    for name in ("val_accuracy", "test_accuracy"):
        if entry[name] is not None:
            # A diverged replicate has 0 points, which nothing that was measured has exactly.
            found[name] = [
                None if entry["diverged"] and value == 0 else scale.value(value)
                for value in entry[name]
            ]
    return found


def _evidence(evidence: Any, scale: MetricScale) -> dict[str, Any]:
    found = dict(evidence)
    found["paired"] = [
        {
            **each,
            "difference": scale.value(each["difference"]),
            "standard_error": _width(each["standard_error"], scale),
        }
        for each in evidence["paired"]
    ]
    if evidence["best_again"] is not None:
        found["best_again"] = scale.value(evidence["best_again"])
    if evidence["estimated"]:
        found["estimated"] = {
            **evidence["estimated"],
            "regret": scale.width(evidence["estimated"]["regret"]),
            "noise": _width(evidence["estimated"]["noise"], scale),
            "noise_floor": None,
        }
    return found


def _difference(difference: Any, scale: MetricScale) -> dict[str, Any]:
    found = dict(difference)
    for name, value in difference.items():
        if name in ("points", "mean") and value is not None:
            found[name] = scale.value(value)
        elif name in ("standard_error", "std"):
            found[name] = _width(value, scale)
    return found


def _width(value: float | None, scale: MetricScale) -> float | None:
    return None if value is None else scale.width(value)
