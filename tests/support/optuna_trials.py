"""The trials of an Optuna storage that are training runs, not the answers in a run's summary."""

from typing import Any

import optuna

TRAINED = (
    "trial_id NOT IN (SELECT trial_id FROM trial_user_attributes WHERE key = 'summary_of_cycle')"
)
# Those that have ended: one that takes longer than a second is a running trial first.
COUNT = f"SELECT COUNT(*) FROM trials WHERE {TRAINED} AND state <> 'RUNNING'"  # noqa: S608  # a constant


def trained(storage: str) -> list[Any]:
    """Return all trials of a storage that have ended, study by study, but those of summaries."""
    return [
        trial
        for summary in optuna.get_all_study_summaries(storage)
        for trial in optuna.load_study(study_name=summary.study_name, storage=storage).trials
        if "summary_of_cycle" not in trial.user_attrs and trial.state.is_finished()
    ]
