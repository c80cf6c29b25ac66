"""Optuna studies that somebody deletes in the dashboard, while a run uses them and afterwards."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest

from oracle.reports import formats
from oracle.runs import catalog, execute, prepare
from oracle.settings import Progress, Settings
from oracle.study.base import Study
from oracle.tables.registry import Table

Make = Callable[..., Study]


@pytest.fixture
def where(storage: str, tmp_path: Path) -> Settings:
    return Settings(folder=tmp_path, storage=storage, backend="inline", device="cpu")


def run(study: Study, where: Settings, progress: Progress | None = None) -> Table:
    return execute.execute(prepare.prepare(study, where), progress)


def names(where: Settings) -> list[str]:
    assert where.storage is not None
    return [each.study_name for each in optuna.get_all_study_summaries(where.storage)]


def delete(where: Settings, part: str) -> list[str]:
    assert where.storage is not None
    chosen = [name for name in names(where) if part in name]
    for name in chosen:
        optuna.delete_study(study_name=name, storage=where.storage)
    return chosen


def timeless(table: Table) -> Any:
    copy = json.loads(json.dumps(table))
    for cost in copy["cost"].values():
        del cost["seconds"]
    return copy


def test_a_study_deleted_during_a_run_is_created_again_with_all_results_of_the_run(
    study: Make, where: Settings
) -> None:
    messages: list[str] = []
    deleted: list[str] = []

    def cells(done: int, _: int) -> None:
        if done >= 4 and not deleted:
            deleted.extend(delete(where, "cycle-00"))

    table = run(study(cycles=1), where, Progress(cells=cells, say=messages.append))
    assert len(deleted) == 1
    assert table["complete"]
    stored = catalog.find_run("tiny", where)
    assert stored.state == "done"
    assert catalog.stored_table(stored) == table  # nothing that it rests on is missing
    assert deleted[0] in names(where)
    assert any(deleted[0] in line for line in messages)


def test_all_studies_deleted_at_the_very_end_are_made_again(study: Make, where: Settings) -> None:
    messages: list[str] = []
    deleted: list[str] = []

    def line(text: str) -> None:
        if text.startswith("cycle  1"):
            deleted.extend(delete(where, "tiny"))

    table = run(study(cycles=1), where, Progress(line=line, say=messages.append))
    assert len(deleted) >= 3
    assert set(deleted) <= set(names(where))
    assert catalog.stored_table(catalog.find_run("tiny", where)) == table
    lines = [
        text for text in messages if text.endswith("were deleted from the storage; stored again")
    ]
    assert len(lines) >= 3


def test_the_table_of_a_run_whose_study_was_deleted_names_it_and_a_new_start_trains_it(
    study: Make, where: Settings
) -> None:
    table = run(study(cycles=1), where)
    (gone,) = delete(where, "cycle-01")
    stored = catalog.find_run("tiny", where)
    lacking = catalog.stored_table(stored)
    assert (lacking["missing"], lacking["complete"]) == ([gone], False)
    assert [cycle["cycle"] for cycle in lacking["cycles"]] == [0]
    text = " ".join(formats.text(lacking).split())
    assert f"Training runs of {gone} are missing from the storage, perhaps deleted" in text
    messages: list[str] = []
    trained = run(study(cycles=1), where, Progress(say=messages.append))
    assert timeless(trained) == timeless(table)
    (remark,) = [line for line in messages if "are missing from the storage" in line]
    assert gone in remark
    again = catalog.stored_table(catalog.find_run("tiny", where))
    assert again == trained
    assert "missing" not in again
