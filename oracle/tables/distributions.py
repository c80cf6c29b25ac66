"""Distributions while a network is pruned: the table of a run (Liu et al. 2021, Figures 1, 3-6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from oracle.search.pruning_run import RunCycle
from oracle.study.base import Study
from oracle.study.oracle import DistributionsStudy
from oracle.tables.oracle import Table, table_header, training_cost
from scyc.recording import distributions
from scyc.specs.base import as_json
from scyc.specs.system import DISTRIBUTIONS, RecordSpec


def table(
    study: Study, run_id: str, found: Sequence[RunCycle], complete: bool, label: str | None = None
) -> Table:
    """The distributions of one iterative pruning run as far as it has come.

    study: of any kind that records them. label: which of the study's runs, where it has several.
    Each distribution is that of all replicates' values together
    (:func:`scyc.recording.distributions.pooled`); ``std`` and ``outside`` beside it are each
    replicate's own, outside in percent of the values. Raises ValueError where the study records
    nothing.
    """
    if study.record is None:
        raise ValueError(f"{study.name} records no distributions; add record to the study")
    paper = study.paper if isinstance(study, DistributionsStudy) else None
    return {
        **table_header(study, "distributions", run_id, complete),
        "label": label,
        "paper": as_json(paper) if paper else None,
        "record": as_json(study.record)
        | {"what": [what for what in study.record.what if what in DISTRIBUTIONS]},
        "cycles": [_cycle(study.record, each) for each in found],
        "cost": {"training": training_cost(result for each in found for result in each.results)},
    }


def _cycle(record: RecordSpec, done: RunCycle) -> Table:
    recorded = [result.recorded for result in done.results if result.recorded is not None]
    drawn = [what for what in record.what if what in DISTRIBUTIONS]
    kept = {what: [each[what] for each in recorded] for what in drawn if recorded}
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
