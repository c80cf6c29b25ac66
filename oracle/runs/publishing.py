"""What a run shows in the Optuna storage at its end, and what of an earlier one is missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oracle.database import RunRecord
from oracle.execution.pack_queue import PackQueue
from oracle.experiments.base import Experiment
from oracle.plots.registry import FIGURES
from oracle.reports import formats
from oracle.search.graph import Graph
from oracle.search.request import StudyKey
from oracle.settings import Progress
from oracle.storage.optuna_studies import study_name
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


def publish(recorder: Recorder, experiment: Experiment, result: Table) -> None:
    """Show the table and the figures in the dashboard, in every Optuna study of the run."""
    figures = FIGURES[result["kind"]].cards(result)
    note = formats.dashboard_note(result)
    for where, role in experiment.study_keys():

        def annotate(where: StudyKey = where, role: Mapping[str, Any] = role) -> None:
            recorder.store.annotate(
                recorder.graph, recorder.name, where, result["run_id"], role, note, figures
            )

        recorder.in_study(where, annotate)
