"""What was computed from a finished run is cached until its inputs change."""

import json
import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import optuna
import pytest
import sqlalchemy as sa
from home_fixtures import DoneHome, home

from oracle.inventory import deletion
from oracle.runs import catalog
from oracle.runs.stored import computed, run_index
from oracle.search.graph import Graph
from oracle.settings import Settings
from oracle.storage.result_reader import ResultReader
from oracle.storage.session import opened


class Counted:
    """Computes a text, another each time."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, run: str) -> str:
        self.times += 1
        return f"{run} {self.times}"


@pytest.fixture
def table_text(done: DoneHome) -> Callable[..., str]:
    compute = Counted()

    def ask(*what: object) -> str:
        return computed.of_run("tiny", home(done.folder), what or ("text",), compute)

    return ask


names = optuna.get_all_study_names


def cache_files(done: DoneHome) -> list[Path]:
    return sorted((done.folder / "tiny" / "computed").iterdir())


def changed(done: DoneHome, statement: str) -> None:
    """Executes a statement, in which `:cell` is the first trial that is a training run."""
    engine = sa.create_engine(f"sqlite:///{home(done.folder).database_file}")
    first = sa.text("SELECT min(trial_id) FROM trial_user_attributes WHERE key = 'cell'")
    with engine.begin() as connection:
        cell = {"cell": connection.execute(first).scalar_one()} if ":cell" in statement else {}
        assert connection.execute(sa.text(statement), cell).rowcount > 0
    engine.dispose()


def test_a_text_is_computed_once_for_each_request(
    done: DoneHome, table_text: Callable[..., str]
) -> None:
    assert [table_text(), table_text()] == [f"{done.run_id} 1"] * 2
    assert [table_text("text", 100), table_text("text", 100), table_text()] == [
        f"{done.run_id} 2",
        f"{done.run_id} 2",
        f"{done.run_id} 1",
    ]
    assert len(cache_files(done)) == 2


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE trial_values SET value = value + 1e-9 WHERE trial_id = :cell",
        "UPDATE trial_user_attributes SET value_json = '1.5' WHERE trial_id = :cell"
        " AND key = 'test_accuracy'",
        "DELETE FROM trial_intermediate_values WHERE trial_id = :cell",
        "UPDATE trials SET state = 'FAIL' WHERE trial_id = :cell",
        "DELETE FROM trials WHERE trial_id = :cell",
        "UPDATE oracle_runs SET fingerprint = 'other'",
        "UPDATE oracle_runs SET state = 'no winner'",
    ],
)
def test_a_change_of_any_result_or_of_the_run_invalidates_the_cache(
    done: DoneHome, table_text: Callable[..., str], statement: str
) -> None:
    table_text()
    changed(done, statement)
    assert [table_text(), table_text()] == [f"{done.run_id} 2"] * 2
    assert len(cache_files(done)) == 1  # the earlier one is of no use


def test_one_more_trial_and_a_deleted_optuna_study_invalidate_the_cache(
    done: DoneHome, table_text: Callable[..., str]
) -> None:
    url = f"sqlite:///{home(done.folder).database_file}"
    studies = [optuna.load_study(study_name=each, storage=url) for each in names(url)]
    study = next(each for each in studies if each.user_attrs["place"]["kind"] == "oracle")
    table_text()
    study.add_trial(study.trials[0])
    assert table_text() == f"{done.run_id} 2"
    optuna.delete_study(study_name=study.study_name, storage=url)
    assert table_text() == f"{done.run_id} 3"


def test_another_version_of_the_code_invalidates_the_cache(
    table_text: Callable[..., str], done: DoneHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    table_text()
    monkeypatch.setattr(computed, "source_hash", lambda: "of a later version")
    assert table_text() == f"{done.run_id} 2"
    monkeypatch.undo()
    assert table_text() == f"{done.run_id} 3"


@pytest.mark.parametrize("damage", [b"", b"{}", b"[]", b"\xff\x00"])
def test_a_damaged_cache_file_is_computed_again(
    done: DoneHome, table_text: Callable[..., str], damage: bytes
) -> None:
    table_text()
    (file,) = cache_files(done)
    whole = file.read_bytes()
    file.write_bytes(damage or whole.replace(b" 1", b" 9"))
    assert [table_text(), table_text()] == [f"{done.run_id} 2"] * 2


def test_nothing_is_cached_for_an_unfinished_run(
    done: DoneHome, table_text: Callable[..., str]
) -> None:
    changed(done, "UPDATE oracle_runs SET state = 'stopped'")
    assert [table_text(), table_text()] == [f"{done.run_id} 1", f"{done.run_id} 2"]
    assert not (done.folder / "tiny" / "computed").exists()


def test_a_table_that_changes_while_it_is_computed_is_not_cached(done: DoneHome) -> None:
    def compute(run: str) -> str:
        changed(done, "UPDATE trial_values SET value = value + 1e-9")
        return run

    assert computed.of_run("tiny", home(done.folder), ["text"], compute) == done.run_id
    assert not (done.folder / "tiny" / "computed").exists()


def test_a_cached_table_equals_that_of_the_result_store(done: DoneHome) -> None:
    run = catalog.find_run("tiny", home(done.folder))
    first, second = catalog.stored_table(run), catalog.stored_table(run)
    assert len(cache_files(done)) == 1
    with opened(run.url) as (_, store):
        assert first == second == json.loads(json.dumps(catalog.table_from(run, store)))


def test_a_deleted_run_leaves_nothing_that_was_computed_from_it(
    done: DoneHome, table_text: Callable[..., str]
) -> None:
    table_text()
    deletion.delete(catalog.find_run("tiny", home(done.folder)), home(done.folder))
    assert not (done.folder / "tiny").exists()


def test_results_are_read_as_optuna_reads_them(done: DoneHome) -> None:
    run = catalog.find_run("tiny", home(done.folder))
    with closing(ResultReader(run.url)) as reader:
        graph = Graph(run.study.system, run.record.fingerprint)
        results, cells = reader.results(graph), reader.cells(graph)
    url = f"sqlite:///{home(done.folder).database_file}"
    trials = [
        trial
        for name in names(url)
        for trial in optuna.load_study(study_name=name, storage=url).trials
        if "cell" in trial.user_attrs
    ]
    assert len(results) == len(trials) == done.cells
    assert results.keys() == cells
    for trial in trials:
        result = results[trial.user_attrs["cell"]]
        assert result.val_accuracy == trial.value
        assert dict(result.curve) == trial.intermediate_values
        assert result.test_accuracy == trial.user_attrs["test_accuracy"]
        assert result.checkpoint == trial.user_attrs["checkpoint"]


def test_the_names_of_studies_are_parsed_once_by_each_version(
    done: DoneHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = home(done.folder)
    parsed: list[str] = []
    stored = catalog.stored_study
    monkeypatch.setattr(
        catalog, "stored_study", lambda record: parsed.append(record.run_id) or stored(record)
    )
    runs = [run_index.indexed(where)[0] for _ in range(2)]
    assert runs[0] == runs[1]
    (run,) = runs[0]
    assert (run.study.name, run.folder, run.state) == ("tiny", done.folder / "tiny", "done")
    assert parsed == [done.run_id]
    monkeypatch.setattr(run_index, "source_hash", lambda: "of a later version")
    monkeypatch.setattr(catalog, "stored_study", lambda record: None)
    assert run_index.indexed(where) == ([], [done.run_id])


def chooser(*runs: tuple[str, dict[str, str]]) -> tuple[Callable[[str], str], list[str]]:
    """Chooses among runs of one study, the oldest first; and what it says."""
    messages: list[str] = []
    settings = Settings(chosen=messages.append)
    record = catalog.RunRecord("", "graph", "images", "{}", "done")
    some = [
        run_index.IndexedRun(
            replace(record, run_id=run_id),
            run_index.StudyName("demo", "demo", shrunk),
            settings_url(),
            Path("runs/demo"),
            "done",
        )
        for run_id, shrunk in runs
    ]
    return lambda text: run_index.choose(text, some, settings).record.run_id, messages


def settings_url() -> sa.URL:
    return sa.URL.create("sqlite", database="oracle.db")


def test_a_study_means_its_run_as_written_and_not_a_later_smaller_one() -> None:
    choose, messages = chooser(("demo-1", {}), ("demo-2", {}), ("demo-3", {"cycles": "1 of 3"}))
    assert choose("demo") == "demo-2"
    assert messages == [
        "demo has 3 runs; this is demo-2. Name another by its id: demo-3 (cycles 1 of 3), demo-1"
    ]
    assert choose("demo-3") == "demo-3"
    assert len(messages) == 1  # an id leaves nothing to choose


def test_where_all_runs_are_smaller_a_study_means_the_latest() -> None:
    choose, messages = chooser(("demo-1", {"cycles": "1 of 3"}), ("demo-2", {"grid": "3 of 9"}))
    assert choose("demo") == "demo-2"
    assert messages == [
        "demo has 2 runs; this is demo-2 (grid 3 of 9). "
        "Name another by its id: demo-1 (cycles 1 of 3)"
    ]


def test_the_only_run_of_a_study_is_shown_without_a_remark() -> None:
    choose, messages = chooser(("demo-1", {"cycles": "1 of 3"}))
    assert (choose("demo"), messages) == ("demo-1", [])


def test_a_run_without_a_folder_keeps_its_texts_in_the_program_s(
    done: DoneHome, table_text: Callable[..., str]
) -> None:
    shutil.rmtree(done.folder / "tiny")
    assert [table_text(), table_text()] == [f"{done.run_id} 1"] * 2
    assert [file.parent.parent for file in computed.files(done.run_id, done.folder / "tiny")] == [
        home(done.folder).program_folder
    ]
    changed(done, "UPDATE trial_values SET value = value + 1e-9")
    assert [table_text(), table_text()] == [f"{done.run_id} 2"] * 2
    assert len(computed.files(done.run_id, done.folder / "tiny")) == 1
    assert not (done.folder / "tiny").exists()
    deletion.delete(catalog.find_run("tiny", home(done.folder)), home(done.folder))
    assert computed.files(done.run_id, done.folder / "tiny") == set()
