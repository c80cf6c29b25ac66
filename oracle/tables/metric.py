"""A table whose values are a metric of the user's own, not accuracies in percent."""

from __future__ import annotations

from collections.abc import Sequence

from oracle.stats.paired_difference import DifferenceJson
from oracle.study.function import FunctionStudy
from oracle.study.parts.metric import PERCENT_ACCURACY, MetricScale
from oracle.tables.oracle import OracleTable
from oracle.tables.parts.cycles import OracleCycleRow
from oracle.tables.parts.evidence import Evidence


def in_metric(table: OracleTable, study: FunctionStudy, scale: MetricScale) -> OracleTable:
    """Return a table of points as one of the metric's values.

    ``val_accuracy`` and ``test_accuracy`` hold its values, null where a training run diverged;
    differences keep their sign in the metric, so that of a perplexity a negative one is the better.

    Args:
        table: An oracle run's table, in points.
        study: What declares the metric.
        scale: From points to the metric's values.

    Returns:
        A new table.
    """
    metric = study.metric
    cycles = table["cycles"]
    if metric != PERCENT_ACCURACY:
        cycles = [_cycle(each, scale) for each in cycles]
    return {
        **table,
        "metric": {"name": metric.name, "mode": metric.mode, "unit": metric.unit},
        "tolerance": study.tolerance,
        "split": None,
        "cycles": cycles,
    }


def is_minimised(table: OracleTable) -> bool:
    """Return whether less is better of a table's values.

    Args:
        table: Of an oracle run, of this version or an earlier one.

    Returns:
        False of accuracies.
    """
    return table.get("metric", {"mode": "max"})["mode"] == "min"


def _cycle(cycle: OracleCycleRow, scale: MetricScale) -> OracleCycleRow:
    evidence, s_cyc = cycle["evidence"], cycle["s_cyc"]
    differences = cycle.get("oracle_less_s_cyc")
    diverged = bool(s_cyc["diverged"])
    return {
        **cycle,
        "grid": [
            {
                **entry,
                "val_accuracy": _values(entry["val_accuracy"], entry["diverged"], scale),
                "test_accuracy": _values(entry["test_accuracy"], entry["diverged"], scale),
            }
            for entry in cycle["grid"]
        ],
        "s_cyc": {
            **s_cyc,
            "val_accuracy": s_cyc["val_accuracy"]
            and _values(s_cyc["val_accuracy"], diverged, scale),
            "test_accuracy": s_cyc["test_accuracy"]
            and _values(s_cyc["test_accuracy"], diverged, scale),
        },
        "evidence": evidence_in_metric(evidence, scale) if evidence else None,
        "plateau": None,  # it is about points of accuracy
        "oracle_less_s_cyc": differences
        and {
            "validation": _difference(differences["validation"], scale),
            "test": _difference(differences["test"], scale),
        },
    }


def _values(
    values: Sequence[float | None], diverged: bool, scale: MetricScale
) -> list[float | None]:
    """Points as the metric's values."""
    # A diverged replicate has 0 points, which nothing that was measured has exactly.
    return [
        None if value is None or (diverged and value == 0) else scale.value(value)
        for value in values
    ]


def evidence_in_metric(evidence: Evidence, scale: MetricScale) -> Evidence:
    """Return the evidence of one cycle with the metric's values in place of points.

    Args:
        evidence: In points.
        scale: From points to the metric's values.

    Returns:
        A new part.
    """
    again, estimated = evidence["best_again"], evidence.get("estimated")
    changed: Evidence = {
        **evidence,
        "paired": [
            {
                **each,
                "difference": scale.value(each["difference"]),
                "standard_error": _width(each["standard_error"], scale),
            }
            for each in evidence["paired"]
        ],
        "best_again": None if again is None else scale.value(again),
    }
    if estimated:
        changed["estimated"] = {
            **estimated,
            "regret": scale.width(estimated["regret"]),
            "noise": scale.width(estimated["noise"]),
            "noise_floor": None,
            "noise_with_four_times_the_images": None,
        }
    return changed


def _difference(difference: DifferenceJson, scale: MetricScale) -> DifferenceJson:
    return {
        **difference,
        "points": scale.value(difference["points"]),
        "standard_error": _width(difference["standard_error"], scale),
    }


def _width(value: float | None, scale: MetricScale) -> float | None:
    return None if value is None else scale.width(value)
