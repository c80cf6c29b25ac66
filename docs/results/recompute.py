"""Recompute the tables beside this file from the Optuna storages of their runs, by Optuna alone.

    python docs/results/recompute.py runs

The argument is the folder of all runs. Of every oracle's table whose run is there, each accuracy,
the well-tuned max_lr and the ends of the region are read off the trials by the definition, without
this project's code, and compared with the table. Where a search chose single training runs, the
definition does not apply: there, accuracies are compared alone. A table whose run is not there is
named, as is one of a run that is not finished, whose storage does not say yet what belongs to it.
The exit code is 1 where one differs.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean
from typing import Any

import optuna

HERE = Path(__file__).parent
ROUNDING = 1e-9  # points of accuracy


def _replicate(trial: optuna.trial.FrozenTrial) -> int:
    """Return a trial's replicate; earlier versions kept it as a parameter."""
    return int(trial.user_attrs.get("replicate", trial.params.get("replicate")))


def stored(storage: str, run_id: str) -> dict[int, dict[float, list[optuna.trial.FrozenTrial]]]:
    """Read the trials of a run's oracle by cycle and max_lr, in the replicates' order.

    Runs in one folder share trials: they stand in the Optuna study of the run that trained them,
    which has the same place in the graph, its "node".
    """
    found: dict[int, dict[float, list[optuna.trial.FrozenTrial]]] = {}
    summaries = optuna.get_all_study_summaries(storage)
    for summary in summaries:
        role = summary.user_attrs.get(f"run:{run_id}")
        if role is None or role["role"] != "oracle":
            continue
        rows: dict[float, dict[int, optuna.trial.FrozenTrial]] = defaultdict(dict)
        for other in summaries:
            here = other.study_name == summary.study_name
            if not here and other.user_attrs.get("node", 0) != summary.user_attrs.get("node"):
                continue
            for trial in optuna.load_study(study_name=other.study_name, storage=storage).trials:
                if not trial.state.is_finished():
                    continue  # a training run that is under way
                in_run = _replicate(trial) < role["replicates"]
                if in_run and trial.params["max_lr"] in role["grid"]:
                    rows[trial.params["max_lr"]][_replicate(trial)] = trial
        found[role["cycle"]] = {
            rate: [row[replicate] for replicate in sorted(row)]
            for rate, row in sorted(rows.items())
        }
    return found


def runs_of(storage: str) -> set[str]:
    """Return the ids of the runs with an oracle in a storage."""
    return {
        name.removeprefix("run:")
        for summary in optuna.get_all_study_summaries(storage)
        for name, role in summary.user_attrs.items()
        if name.startswith("run:") and role["role"] == "oracle"
    }


def differences(table: dict[str, Any], storage: str) -> Iterator[str]:
    """Compare a table with the trials of its run; yield what differs."""
    trials = stored(storage, table["run_id"])
    if sorted(trials) != [cycle["cycle"] for cycle in table["cycles"]]:
        yield f"cycles {sorted(trials)} are stored"
        return
    allowed = table["tolerance"]
    chosen = table.get("search_bounds") is not None  # another run may have trained more of them
    for cycle in table["cycles"]:
        rows = trials[cycle["cycle"]]
        for each in cycle["grid"]:
            row = rows.get(each["max_lr"], [])
            if chosen:
                row = rows[each["max_lr"]] = row[: len(each["val_accuracy"])]
            if [trial.value for trial in row] != each["val_accuracy"]:
                yield f"cycle {cycle['cycle']}, max_lr {each['max_lr']}: validation"
            if [trial.user_attrs["test_accuracy"] for trial in row] != each["test_accuracy"]:
                yield f"cycle {cycle['cycle']}, max_lr {each['max_lr']}: test"
        sound = {
            rate: fmean(trial.value for trial in row)
            for rate, row in rows.items()
            if not any(trial.user_attrs["diverged"] for trial in row)
        }
        if not sound:
            yield f"cycle {cycle['cycle']}: no trial of it is stored"
            continue
        if chosen:  # its region is read off the posterior
            if len(rows[cycle["well_tuned"]]) < max(len(row) for row in rows.values()):
                yield f"cycle {cycle['cycle']}: {cycle['well_tuned']} lacks replicates"
            continue
        best = max(sound.values())
        inside = [rate for rate, mean in sound.items() if mean >= best - allowed - ROUNDING]
        tuned = min(rate for rate, mean in sound.items() if mean >= best - ROUNDING)
        told = (cycle["well_tuned"], cycle["feasible"]["low"], cycle["feasible"]["high"])
        if told != (tuned, inside[0], inside[-1]):
            yield f"cycle {cycle['cycle']}: {told} is {(tuned, inside[0], inside[-1])}"


def main(folder: Path) -> int:
    """Compare every table; returns the exit code."""
    wrong = 0
    known = {
        storage: runs_of(storage)
        for storage in (
            f"sqlite:///{database.absolute()}" for database in sorted(folder.glob("*/oracle.db"))
        )
    }
    for file in sorted(HERE.glob("*.json")):
        table = json.loads(file.read_text())
        if not isinstance(table, dict) or table.get("kind") != "oracle":
            continue
        at = [storage for storage, runs in known.items() if table["run_id"] in runs]
        if not at:
            sys.stdout.write(f"{file.name}: {table['run_id']} is not in {folder}\n")
        for storage in at:
            found = list(differences(table, storage))
            wrong += len(found)
            cells = sum(len(each["val_accuracy"]) for c in table["cycles"] for each in c["grid"])
            said = "; ".join(found) or f"{cells} training runs, all as in the table"
            sys.stdout.write(f"{file.name}: {said}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sys.exit(main(Path(sys.argv[1])))
