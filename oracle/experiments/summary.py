"""A run's summary for the Optuna dashboard: one trial a cycle, with the cycle's answer."""

from __future__ import annotations

import statistics
from typing import Any

from oracle.database.contents.optuna_tables import SUMMARY_KEY
from oracle.experiments.base import Experiment
from oracle.experiments.oracle import OracleExperiment
from oracle.records.candidates import Axis, CandidateTrial
from oracle.search.grid_search import OracleCycle
from oracle.search.request import StudyKey
from oracle.study.declared import max_lr_bounds
from oracle.tables.parts.cycles import OracleCycleRow
from oracle.tables.registry import Table
from scyc.json_types import JsonObject


def summary_key(run_id: str) -> StudyKey:
    """Name the Optuna study of a run's summary: one for each run.

    Args:
        run_id: The run's.

    Returns:
        Its key, whose node is the run's id.
    """
    return StudyKey("summary", None, run_id)


def summary_trials(
    experiment: Experiment, run_id: str, table: Table | None = None
) -> list[CandidateTrial]:
    """Make the trial of each finished cycle of a greedy oracle; other experiments have none.

    Its value is the mean validation accuracy of the well-tuned max_lr, which is a parameter beside
    the cycle; the ends of the measured region and S-Cyc's max_lr are attributes.

    Args:
        experiment: As far as it has come.
        run_id: The run's.
        table: Its table, from which the estimates and the S-Cyc verdicts are taken. Without it
            there are none: they take longer to compute than a cycle of a small study to train.

    Returns:
        One a cycle; [] of an experiment that is no oracle's.
    """
    if not isinstance(experiment, OracleExperiment):
        return []
    rows: Any = table["cycles"] if table is not None and table["kind"] == "oracle" else ()
    by_cycle = {row["cycle"]: row for row in rows}
    return [
        _trial(experiment, run_id, each, by_cycle.get(each.cycle)) for each in experiment.cycles
    ]


def _trial(
    experiment: OracleExperiment, run_id: str, cycle: OracleCycle, row: OracleCycleRow | None
) -> CandidateTrial:
    study, region = experiment.study, cycle.region
    bounds = max_lr_bounds(study)
    assert bounds is not None  # an oracle study has a grid
    params: dict[str, float] = {"cycle": cycle.cycle}
    axes = {"cycle": Axis(0, study.cycles, whole=True)}
    if region is not None:
        params["max_lr"] = region.well_tuned
        low, high = min(bounds[0], region.well_tuned), max(bounds[1], region.well_tuned)
        axes["max_lr"] = Axis(low, high, log=True)
    return CandidateTrial(
        study_key=summary_key(run_id),
        number=cycle.cycle,
        metrics=(),  # those of the graph
        axes=axes,
        params=params,
        fate="finished" if region is not None else "diverged",
        values=(experiment.in_metric(region.best_accuracy),) if region is not None else (),
        curve={},
        attributes=_measured(experiment, cycle) | (_estimated(row) if row else {}),
        seconds=sum(each.seconds for results in cycle.results.values() for each in results),
    )


def _measured(experiment: OracleExperiment, cycle: OracleCycle) -> JsonObject:
    """Return what is known as soon as a cycle ends."""
    region, s_cyc = cycle.region, experiment.study.s_cyc_max_lr(cycle.cycle)
    attributes: JsonObject = {
        SUMMARY_KEY: cycle.cycle,
        "weights_remaining": next(iter(cycle.results.values()))[0].weights_remaining,
        "replicates": cycle.replicates,
    }
    if region is not None:
        tested = (each.test_accuracy for each in cycle.results[region.well_tuned])
        attributes["test_accuracy"] = experiment.in_metric(statistics.fmean(tested))
        attributes |= {"region_low": region.low, "region_high": region.high}
    if s_cyc is not None:
        attributes["s_cyc_max_lr"] = s_cyc
        if region is not None:
            attributes["s_cyc_in_measured_region"] = region.contains(s_cyc)
    return attributes


def _estimated(row: OracleCycleRow) -> JsonObject:
    """Return what a run's table adds: the estimated region, and the S-Cyc verdict."""
    evidence = row["evidence"]
    if evidence is None:
        return {}
    attributes: JsonObject = {}
    if estimate := evidence.get("estimated"):
        attributes |= {
            "estimated_well_tuned": estimate["well_tuned"],
            "estimated_region_low": estimate["low"],
            "estimated_region_high": estimate["high"],
        }
    if verdict := evidence["s_cyc"]:
        attributes["s_cyc_verdict"] = verdict["verdict"]
        attributes["s_cyc_probability_inside"] = verdict["chance"]
    return attributes
