"""What a run shows in the Optuna storage at its end, and what of an earlier one is missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oracle.database import RunRecord
from oracle.execution.pack_queue import PackQueue
from oracle.experiments.base import Experiment
from oracle.experiments.summary import summary_trials
from oracle.plots.registry import FIGURES
from oracle.reports import formats
from oracle.search.graph import Graph
from oracle.search.request import StudyKey
from oracle.settings import Progress
from oracle.storage.optuna_studies import study_name
from oracle.storage.people_names import people_name
from oracle.storage.recorder import Recorder
from oracle.study.base import Study
from oracle.tables.registry import Table


def say_what_is_gone(
    before: RunRecord | None, study: Study, graph: Graph, queue: PackQueue, progress: Progress
) -> None:
    """Say where a run that was done lacks training runs, which are trained again."""
    if before is None or before.state not in ("done", "no winner") or queue.finished:
        return
    places = [study_name(graph, study.name, where) for where in queue.places]
    progress.say(
        f"training runs of {', '.join(places) or before.run_id} are missing from the storage, "
        "perhaps deleted; they are trained again"
    )


def _heading(name: str, where: StudyKey, role: Mapping[str, Any], result: Table) -> str:
    """Return what an Optuna study is called for people; the table has the weights that remain."""
    rows: Any = result.get("cycles") or ()  # not every kind of table has them
    left = [row["weights_remaining"] for row in rows if row["cycle"] == where.cycle]
    return people_name(name, where.kind, where.cycle, left[0] if left else None, role)


def publish(recorder: Recorder, experiment: Experiment, result: Table) -> None:
    """Show the table and the figures in the dashboard, in every Optuna study of the run."""
    figures = FIGURES[result["kind"]].cards(result)
    places = experiment.study_keys()
    if answers := summary_trials(experiment, result["run_id"], result):
        places.append((answers[0].place, {"role": "summary"}))
    for answer in answers:
        recorder.answer(answer)
    for where, role in places:
        note = formats.dashboard_note(result, _heading(recorder.name, where, role, result))

        def annotate(
            where: StudyKey = where, role: Mapping[str, Any] = role, note: str = note
        ) -> None:
            recorder.store.annotate(
                recorder.graph, recorder.name, where, result["run_id"], role, note, figures
            )

        recorder.in_study(where, annotate)
