"""The distributions that stored runs have recorded."""

from __future__ import annotations

import contextlib

from oracle.errors import SettingProblem
from oracle.experiments.base import Experiment
from oracle.runs.catalog import StoredRun, replayed
from oracle.storage.result_reader import ResultReader
from oracle.tables import distributions as distribution_tables
from oracle.tables.distributions import DistributionsTable
from scyc.errors import BadInput, unknown


def stored_distributions(run: StoredRun, name: str) -> DistributionsTable:
    """Collect the distributions that a run of any kind has recorded, of one of its pruning runs.

    Args:
        run: Which run.
        name: "oracle" or "S-Cyc" of an oracle run, the label of an entry.

    Returns:
        Its table, of the cycles that are finished.

    Raises:
        BadInput: There is no such pruning run, or the study records nothing.
    """
    with contextlib.closing(ResultReader(run.url)) as store:
        return distributions(run, replayed(run, store), name)


def distributions(run: StoredRun, experiment: Experiment, name: str) -> DistributionsTable:
    """Return what :func:`stored_distributions` does, of a replayed run.

    Args:
        run: Which run.
        experiment: Its experiment, replayed from the storage.
        name: "oracle" or "S-Cyc" of an oracle run, the label of an entry.

    Returns:
        Its table, of the cycles that are finished.

    Raises:
        BadInput: There is no such pruning run, or the study records nothing.
    """
    if run.study.record is None:
        rule = "its study records no distributions; add record to the study and run it again"
        raise BadInput("run", [SettingProblem("run", rule, run.record.run_id)])
    runs = experiment.runs()
    if name not in runs:
        raise BadInput("run", [SettingProblem("distributions", unknown(name, runs), name)])
    last = runs[name][-1] if runs[name] else None
    stopped = last is not None and any(result.diverged for result in last.results)
    ended = stopped or len(runs[name]) == run.study.cycles + 1
    return distribution_tables.table(run.study, run.record.run_id, runs[name], ended, name)
