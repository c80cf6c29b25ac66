"""Compute a run's feasible regions straight from its Optuna storage, without this project's code.

    python tests/region_from_storage.py sqlite:///runs/_oracle/oracle.db digits-0123abcd

Prints JSON: for each pruning cycle the well-tuned max_lr and the region. It reads trials through
Optuna's public interface and uses the definition alone: the mean validation accuracy over the
replicates of each max_lr, and every max_lr within the tolerance of the best one.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from statistics import fmean
from typing import Any

import optuna


def _replicate(trial: optuna.trial.FrozenTrial) -> int:
    """Return a trial's replicate; earlier versions stored it as a parameter."""
    return int(trial.user_attrs.get("replicate", trial.params.get("replicate")))


def regions(storage: str, run_id: str, tolerance: float = 0.5) -> list[dict[str, Any]]:
    """The regions of a run, a dictionary for each cycle."""
    regions_of_cycles = []
    for summary in optuna.get_all_study_summaries(storage):
        role = summary.user_attrs.get(f"run:{run_id}")
        if role is None or role["role"] != "oracle":
            continue
        accuracies = defaultdict(list)
        diverged = set()
        for trial in optuna.load_study(study_name=summary.study_name, storage=storage).trials:
            in_run = _replicate(trial) < role["replicates"]
            if in_run and trial.params["max_lr"] in role["grid"]:
                accuracies[trial.params["max_lr"]].append(trial.value)
                if trial.user_attrs["diverged"]:
                    diverged.add(trial.params["max_lr"])
        means = {
            rate: fmean(row) for rate, row in sorted(accuracies.items()) if rate not in diverged
        }
        best = max(means.values())
        members = [rate for rate, mean in means.items() if mean >= best - tolerance]
        well_tuned = next(rate for rate, mean in means.items() if mean == best)
        regions_of_cycles.append(
            {
                "cycle": role["cycle"],
                "well_tuned": well_tuned,
                "low": members[0],
                "high": members[-1],
                "members": members,
            }
        )
    return sorted(regions_of_cycles, key=lambda cycle: int(cycle["cycle"]))


if __name__ == "__main__":
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sys.stdout.write(json.dumps(regions(sys.argv[1], sys.argv[2]), indent=2) + "\n")
