"""What a run shows in the Optuna storage at its end, and what of an earlier one is missing."""

from __future__ import annotations

from typing import Any

from oracle.database import RunRecord
from oracle.execution.pack_queue import PackQueue
from oracle.experiments.base import Experiment
from oracle.experiments.summary import summary_trials
from oracle.plots.registry import FIGURES
from oracle.reports import formats
from oracle.search.graph import Graph
from oracle.search.request import StudyKey, StudyRole
from oracle.settings import Progress
from oracle.storage.optuna_studies import study_name
from oracle.storage.people_names import people_name
from oracle.storage.recorder import Recorder
from oracle.study.base import Study
from oracle.tables.registry import Table


def say_what_is_missing(
    before: RunRecord | None, study: Study, graph: Graph, queue: PackQueue, progress: Progress
) -> None:
    """Say where a run that was done lacks training runs, which are trained again.

    Args:
        before: The run's row before, if there is one.
        study: What was declared.
        graph: Names the training runs of the system.
        queue: The run's packs.
        progress: Shows the line to the user.
    """
    if before is None or before.state not in ("done", "no winner") or queue.finished:
        return
    names = [study_name(graph, study.name, key) for key in queue.study_keys]
    progress.say(
        f"training runs of {', '.join(names) or before.run_id} are missing from the storage, "
        "perhaps deleted; they are trained again"
    )


def _heading(name: str, study_key: StudyKey, role: StudyRole, result: Table) -> str:
    """Return what an Optuna study is called for people; the table has the weights that remain."""
    rows: Any = result.get("cycles") or ()  # not every kind of table has them
    left = [row["weights_remaining"] for row in rows if row["cycle"] == study_key.cycle]
    return people_name(name, study_key.kind, study_key.cycle, left[0] if left else None, role)


def publish(recorder: Recorder, experiment: Experiment, result: Table) -> None:
    """Show the table and the figures in the dashboard, in every Optuna study of the run.

    Args:
        recorder: Writes to the storage.
        experiment: The experiment with its results.
        result: Of the run.
    """
    figures = FIGURES[result["kind"]].cards(result)
    studies = experiment.study_keys()
    if answers := summary_trials(experiment, result["run_id"], result):
        studies.append((answers[0].study_key, {"role": "summary"}))
    for answer in answers:
        recorder.answer(answer)
    for key, role in studies:
        note = formats.dashboard_note(result, _heading(recorder.name, key, role, result))

        def annotate(study_key: StudyKey = key, role: StudyRole = role, note: str = note) -> None:
            recorder.store.annotate(
                recorder.graph, recorder.name, study_key, result["run_id"], role, note, figures
            )

        recorder.in_study(key, annotate)
