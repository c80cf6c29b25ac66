import importlib.util
import json
import math
import re
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from optuna.trial import TrialState
from optuna_trials import trained

from oracle.database import RunDatabase, RunRecord, parse_url
from oracle.errors import AllDiverged, LeaseHeld, PackFailed, StorageUnavailable
from oracle.experiments.registry import experiment
from oracle.reports import formats
from oracle.runs import catalog, execute, prepare
from oracle.search.graph import CellResult
from oracle.search.pruning_run import RunCycle
from oracle.search.request import replay
from oracle.settings import Progress, Settings
from oracle.storage import session
from oracle.study.base import Study
from oracle.study.distributions import DistributionsStudy
from oracle.study.validation import parse
from oracle.tables import oracle
from scyc import iterative_pruning
from scyc.errors import BadInput
from scyc.storage.checkpoint_store import CheckpointStore
from scyc.trainer import Trainer
from studies import own_network

Make = Callable[..., Study]


def settings(folder: Path, **changes: Any) -> Settings:
    return Settings(**({"folder": folder, "backend": "inline", "device": "cpu"} | changes))


def run(study: Study, where: Settings, progress: Progress | None = None) -> oracle.OracleTable:
    return execute.execute(prepare.prepare(study, where), progress)


def timeless(table: oracle.OracleTable) -> str:
    """A table as text, without the seconds."""
    copy = json.loads(json.dumps(table))
    for cost in copy["cost"].values():
        del cost["seconds"]
    return json.dumps(copy)


def load_script(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parents[2] / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Killed(BaseException):
    """Ends a run as a signal would, between two training runs."""


def interrupted(after: int) -> Progress:
    """Kills the driver once a number of cells has been stored."""

    def cells(done: int, total: int) -> None:
        if done >= after:
            raise Killed

    return Progress(cells=cells)


def test_a_run_leaves_its_table_in_the_storage(study: Make, storage: str, tmp_path: Path) -> None:
    where = settings(tmp_path, storage=storage)
    table = run(study(), where)
    assert [cycle["cycle"] for cycle in table["cycles"]] == [0, 1, 2]
    assert table["complete"]
    stored_run = catalog.find_run("tiny", where)
    assert stored_run.state == "done"
    assert catalog.stored_table(stored_run) == table
    assert all(trial.state == TrialState.COMPLETE for trial in trained(storage))
    cells = [trial.user_attrs["cell"] for trial in trained(storage)]
    assert len(cells) == len(set(cells))


def test_regions_computed_from_the_trials_alone_are_the_tables(
    study: Make, storage: str, tmp_path: Path
) -> None:
    table = run(study(), settings(tmp_path, storage=storage))
    script = load_script("region_from_storage")
    expected = [
        {
            "cycle": cycle["cycle"],
            "well_tuned": cycle["well_tuned"],
            **{key: cycle["feasible"][key] for key in ("low", "high", "members")},
        }
        for cycle in table["cycles"]
    ]
    assert script.regions(storage, table["run_id"]) == expected


def test_an_interrupted_run_ends_with_the_same_table(study: Make, tmp_path: Path) -> None:
    whole = run(study(), settings(tmp_path / "whole"))
    expected = [
        t.user_attrs["cell"] for t in trained(f"sqlite:///{tmp_path}/whole/_oracle/oracle.db")
    ]
    for after in (1, 7, 19):
        where = settings(tmp_path / str(after))
        with pytest.raises(Killed):
            run(study(), where, interrupted(after))
        assert catalog.find_run("tiny", where).state == "stopped"
        assert not catalog.stored_table(catalog.find_run("tiny", where))["complete"]
        messages: list[str] = []
        assert timeless(run(study(), where, Progress(say=messages.append))) == timeless(whole)
        (line,) = [line for line in messages if "training runs found" in line]
        total = int(line.split()[2])  # before the grid has grown
        assert line == f"{after} of {total} training runs found, {total - after} to train"
        assert after < total <= len(expected)
        url = f"sqlite:///{tmp_path}/{after}/_oracle/oracle.db"
        cells = [trial.user_attrs["cell"] for trial in trained(url)]
        assert sorted(cells) == sorted(expected)


def test_a_finished_run_trains_nothing_again(
    study: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run(study(), settings(tmp_path))
    monkeypatch.setattr(
        "oracle.execution.worker.Worker.train", lambda *_: pytest.fail("trained again")
    )
    assert run(study(), settings(tmp_path)) == first


def test_a_changed_study_reuses_what_it_shares(study: Make, tmp_path: Path) -> None:
    where = settings(tmp_path)
    url = f"sqlite:///{tmp_path}/_oracle/oracle.db"
    run(study(grid={"max_lr": [0.05, 0.1, 0.2], "extend": False}, cycles=1), where)
    before = len(trained(url))
    more = study(grid={"max_lr": [0.05, 0.1, 0.2], "extend": False}, cycles=1, replicates=3)
    table = run(more, where)
    added = trained(url)[before:] if len(trained(url)) > before else []
    assert len(trained(url)) < before + sum(
        table["cost"][who]["trainings"] for who in table["cost"]
    )
    assert len(catalog.find(where)) == 2
    assert timeless(run(more, settings(tmp_path / "fresh"))) == timeless(table)
    assert added
    other = study(
        grid={"max_lr": [0.05, 0.1, 0.2], "extend": False},
        cycles=1,
        s_cyc={"epsilon": 0.05, "delta": 0.0, "q": 0, "beta": 3.0},
    )
    count = len(trained(url))
    run(other, where)
    assert len(trained(url)) <= count + 2  # S-Cyc's second cycle; the first is on the grid


def test_only_checkpoints_that_are_pruned_next_stay_on_disk_unless_all_are_wanted(
    study: Make, tmp_path: Path
) -> None:
    run(study(), settings(tmp_path))
    files = list((tmp_path / "tiny" / "checkpoints").rglob("*.pt"))
    assert len(files) == 3 * 2 + 3 * 2  # winners and S-Cyc's path, two replicates each
    run(study(keep_checkpoints="all"), settings(tmp_path / "whole"))
    everything = list((tmp_path / "whole" / "tiny" / "checkpoints").rglob("*.pt"))
    assert len(everything) == len(trained(f"sqlite:///{tmp_path}/whole/_oracle/oracle.db"))


def test_a_deleted_checkpoint_is_made_again(study: Make, tmp_path: Path) -> None:
    where = settings(tmp_path)
    shorter = run(study(cycles=1), where)
    store = CheckpointStore(tmp_path / "tiny" / "checkpoints")
    for file in store.files.folder.rglob("*.pt"):
        file.unlink()
    longer = run(study(cycles=2), where)
    assert longer["cycles"][:2] == shorter["cycles"]
    assert timeless(longer) == timeless(run(study(cycles=2), settings(tmp_path / "fresh")))
    url = f"sqlite:///{tmp_path}/_oracle/oracle.db"
    cells = [trial.user_attrs["cell"] for trial in trained(url)]
    assert len(cells) == len(set(cells))


def test_pack_size_does_not_change_the_table(study: Make, tmp_path: Path) -> None:
    results = [run(study(pack=pack), settings(tmp_path / str(pack))) for pack in (1, 3, 16)]
    assert results[0]["cycles"] == results[1]["cycles"] == results[2]["cycles"]


def test_when_all_diverge_the_run_stops_and_keeps_what_it_has(study: Make, tmp_path: Path) -> None:
    where = settings(tmp_path)
    wild = study(grid={"max_lr": [1e25, 1e26], "extend": False})
    with pytest.raises(AllDiverged, match="cycle 0"):
        run(wild, where)
    stored_run = catalog.find_run("tiny", where)
    assert stored_run.state == "no winner"
    table = catalog.stored_table(stored_run)
    assert table["cycles"][0]["well_tuned"] is None
    assert all(entry["diverged"] for entry in table["cycles"][0]["grid"])
    for render in formats.FORMATS.values():
        assert render(table)
    values = [trial.value for trial in trained(f"sqlite:///{tmp_path}/_oracle/oracle.db")]
    assert 0.0 in values
    assert not any(math.isnan(value) for value in values)


def test_a_second_driver_on_the_same_graph_is_refused(study: Make, tmp_path: Path) -> None:
    where = settings(tmp_path)
    prepared = prepare.prepare(study(), where)
    (tmp_path / "_oracle").mkdir()
    ledger = RunDatabase(parse_url(f"sqlite:///{tmp_path}/_oracle/oracle.db"))
    with ledger.lease(prepared.graph.id, print), pytest.raises(LeaseHeld):
        execute.execute(prepared)
    ledger.close()
    assert execute.execute(prepared)["complete"]


def test_a_users_network_and_data_run_like_any(study: Make, tmp_path: Path) -> None:
    own = study(
        dataset={"factory": "studies.own_network:stripes", "options": {"images": 60}},
        network="studies.own_network:small_cnn",
        subset=1.0,
        pruning={"criterion": "layer_gradient"},
        cycles=1,
    )
    assert run(own, settings(tmp_path))["complete"]


@pytest.mark.costly
def test_a_network_of_the_script_itself_is_refused_where_rays_workers_train(
    study: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    main = sys.modules["__main__"]
    monkeypatch.setattr(main, "small_cnn", own_network.small_cnn, raising=False)
    own = study(network="__main__:small_cnn")
    with pytest.raises(BadInput) as raised:
        prepare.prepare(own, Settings(tmp_path, backend="ray"))
    (problem,) = raised.value.problems
    assert (problem.path, problem.value) == ("network.factory", "__main__:small_cnn")
    assert "move it to a module" in problem.rule
    assert prepare.prepare(own, settings(tmp_path)).run_id


def test_missing_checkpoints_are_reported_before_they_are_trained_again(
    study: Make, tmp_path: Path
) -> None:
    run(study(cycles=1, keep_checkpoints="all"), settings(tmp_path))
    for file in (tmp_path / "tiny" / "checkpoints").rglob("*.pt"):
        file.unlink()
    lines: list[str] = []
    longer = prepare.prepare(study(keep_checkpoints="all"), settings(tmp_path))
    assert execute.execute(longer, Progress(say=lines.append))["complete"]
    assert "20 of 28 training runs found, 8 to train" in lines
    matching = [line for line in lines if line.startswith("the network of cell")]
    assert matching
    for line in matching:
        assert re.fullmatch(
            r"the network of cell [0-9a-f]{8} is missing from the checkpoints; it is trained "
            r"again with its pack \(\d trainings?\)",
            line,
        )


def test_a_network_that_breaks_in_training_stops_the_run_with_its_error(
    study: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the user's own mistake")

    monkeypatch.setattr("scyc.trainer.Trainer.train", broken)
    with pytest.raises(PackFailed, match="the user's own mistake"):
        run(study(), settings(tmp_path))


def test_all_problems_are_reported_at_once_and_nothing_is_written(
    study: Make, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    bad = study(
        dataset={"name": "image_folder", "root": str(tmp_path / "nowhere")},
        network="no.such:network",
    )
    where = settings(tmp_path / "file" / "runs", storage="sqlite:////proc/x/y.db")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(BadInput) as refused:
        prepare.prepare(bad, where)
    paths = [problem.path for problem in refused.value.problems]
    assert paths == ["dataset.root", "network", "runs", "storage"]
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", ["oracle.db", "oracle.db-journal", "logs", "images"])
def test_a_name_that_the_program_needs_is_refused_before_a_folder_is_made(
    study: Make, tmp_path: Path, name: str
) -> None:
    with pytest.raises(BadInput) as refused:
        prepare.prepare(study(name=name), settings(tmp_path))
    assert [(each.path, each.value) for each in refused.value.problems] == [("name", name)]
    assert not list(tmp_path.iterdir())


def test_cuda_is_refused_where_there_is_none(
    study: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(BadInput, match="no CUDA device") as refused:
        prepare.prepare(study(), settings(tmp_path, device="cuda"))
    assert [each.path for each in refused.value.problems] == ["device"]


def test_an_unknown_run_is_refused_with_the_known_ones(study: Make, tmp_path: Path) -> None:
    where = settings(tmp_path)
    with pytest.raises(BadInput, match="none yet"):
        catalog.find_run("tiny", where)
    table = run(study(cycles=1), where)
    with pytest.raises(BadInput, match=table["run_id"]):
        catalog.find_run("nothing", where)
    assert catalog.find_run(table["run_id"], where).record.run_id == table["run_id"]


def test_progress_is_reported(study: Make, tmp_path: Path) -> None:
    counts: list[tuple[int, int]] = []
    lines: list[str] = []
    progress = Progress(cells=lambda done, total: counts.append((done, total)), line=lines.append)
    run(study(), settings(tmp_path), progress)
    assert [line[:8] for line in lines] == ["cycle  0", "cycle  1", "cycle  2"]
    assert [done for done, _ in counts] == sorted(done for done, _ in counts)
    assert counts[-1][0] == counts[-1][1]


def pruning_runs(prepared: prepare.PreparedRun) -> dict[str, Any]:
    """The iterative pruning runs of a finished study, from its storage."""
    study_experiment = experiment(prepared.study, prepared.graph)
    with session.opened(session.study_url(prepared.settings, prepared.study.name)) as (_, store):
        known = store.results(prepared.graph)
    for search in study_experiment.searches():
        replay(search, known)
    return dict(study_experiment.runs())


def pruned_next(done: Sequence[RunCycle]) -> list[CellResult]:
    return [result for each in done for result in each.results]


def on_disk(prepared: prepare.PreparedRun) -> set[str]:
    folder = prepared.settings.study_folder(prepared.study.name)
    return {file.stem for file in (folder / "checkpoints").rglob("*.pt")}


WARMUP = {"warmup": 3, "drops": [8]}


SEVERAL: dict[str, Any] = {
    "name": "tiny",
    "kind": "schedules",
    "dataset": "digits",
    "subset": 0.2,
    "network": {"name": "fully_connected", "hidden": [16]},
    "training": {"steps": 12, "batch": 16, "validate_every": 6},
    "schedules": [
        {"label": "warm-up", "schedule": WARMUP, "max_lr": 0.1},
        {
            "label": "cyclical",
            "schedule": {"name": "cyclical", "step": 4},
            "tune": {"max_lr": {"max_lr": [0.05, 0.1], "extend": False}},
        },
        {
            "label": "S-Cyc",
            "schedule": WARMUP,
            "s_cyc": {"epsilon": 0.1, "delta": 0.1, "q": 0, "beta": 3.0},
        },
    ],
    "cycles": 1,
    "replicates": 2,
}


@pytest.fixture(scope="module")
def comparison(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[prepare.PreparedRun, oracle.OracleTable]:
    """An uninterrupted one."""
    where = settings(tmp_path_factory.mktemp("comparison"))
    prepared = prepare.prepare(parse(SEVERAL, "tiny.yaml"), where)
    return prepared, execute.execute(prepared)


def test_an_interrupted_comparison_ends_with_the_same_table_and_no_cell_twice(
    storage: str, tmp_path: Path, comparison: tuple[prepare.PreparedRun, oracle.OracleTable]
) -> None:
    declared = parse(SEVERAL, "tiny.yaml")
    where = settings(tmp_path / "broken", storage=storage)
    with pytest.raises(Killed):
        run(declared, where, interrupted(5))
    assert catalog.find_run("tiny", where).state == "stopped"
    counts: list[tuple[int, int]] = []
    table = run(declared, where, Progress(cells=lambda done, total: counts.append((done, total))))
    cells = [trial.user_attrs["cell"] for trial in trained(storage)]
    # the warm-up's run, the grid, its best one's second cycle, what S-Cyc does not share
    assert len(cells) == len(set(cells)) == 4 + 4 + 2 + 2
    assert {total for _, total in counts} == {12}
    assert (counts[0][0], counts[-1][0]) == (5, 12)
    stored_run = catalog.find_run("tiny", where)
    assert stored_run.state == "done"
    assert catalog.stored_table(stored_run) == table
    assert table["complete"]
    whole, expected = comparison
    assert timeless(table) == timeless(expected)
    wanted = [result for done in pruning_runs(whole).values() for result in pruned_next(done)]
    assert on_disk(whole) == {result.checkpoint for result in wanted}


@pytest.mark.parametrize(
    "changes",
    [
        *({"training": {"optimizer": {"name": name}}} for name in ("adam", "adamw", "rmsprop")),
        {"pruning": {"criterion": "l1_filter"}},
        {"pruning": {"criterion": "random"}},
        {"classes": 3},  # and, as these two, with the default optimizer
    ],
    ids=str,
)
def test_a_run_finds_what_the_plain_loop_finds(tmp_path: Path, changes: dict[str, Any]) -> None:
    content = SEVERAL | {
        "kind": "distributions",
        "schedule": WARMUP,
        "max_lr": 0.02,
        "record": {"what": ["activations"], "batches": 1},
    }
    del content["schedules"]
    training = {"training": SEVERAL["training"] | changes.get("training", {})}
    declared = parse(content | changes | training, "tiny.yaml")
    assert isinstance(declared, DistributionsStudy)
    prepared = prepare.prepare(declared, settings(tmp_path))
    table = execute.execute(prepared)
    trainer = Trainer(declared.system, prepared.images)
    loop = list(
        iterative_pruning.iterate(trainer, declared.schedule, lambda cycle: 0.02, 1, range(2))
    )
    for row, each in zip(table["cycles"], loop, strict=True):
        assert row["val_accuracy"] == [one.outcome.val_accuracy for one in each.trained]
        assert row["test_accuracy"] == [one.outcome.test_accuracy for one in each.trained]
        assert row["weights_remaining"] == each.trained[0].weights_remaining
    last = loop[1].trained[0].outcome.network
    assert last.state[list(last.state)[-1]].shape == (3 if "classes" in changes else 10,)
    hidden = next(mask for mask in last.masks.values() if mask.dim() == 2)
    whole_rows = bool((hidden.all(dim=1) | ~hidden.any(dim=1)).all())
    assert whole_rows == (changes.get("pruning") == {"criterion": "l1_filter"})


def test_augmentation_of_its_own_gives_each_member_other_images(
    study: Make, tmp_path: Path
) -> None:
    def table(folder: str, per: str, pack: int) -> oracle.OracleTable:
        training = {
            "steps": 12,
            "batch": 16,
            "validate_every": 6,
            "augment": {"crop": 2, "flip": True, "per": per},
        }
        grid = {"max_lr": [0.1, 0.2], "extend": False}
        declared = study(training=training, grid=grid, cycles=1, replicates=1, pack=pack)
        return run(declared, settings(tmp_path / folder))

    own, again = table("own", "member", 4), table("again", "member", 1)
    shared = table("shared", "replicate", 4)
    assert own["cycles"] == again["cycles"]
    assert [row["val_accuracy"] for row in own["cycles"][0]["grid"]] != [
        row["val_accuracy"] for row in shared["cycles"][0]["grid"]
    ]


def test_a_run_whose_short_hash_another_study_has_gets_a_longer_id(
    study: Make, storage: str, tmp_path: Path
) -> None:
    where = settings(tmp_path, storage=storage)
    prepared = prepare.prepare(study(cycles=1), where)
    other = json.dumps(study(cycles=2).identity_fields())
    ledger = RunDatabase(parse_url(storage))
    taken = RunRecord(prepared.run_id, "0" * 64, prepared.images.fingerprint, other, "done")
    ledger.register(taken)
    longer = prepare.prepare(study(cycles=1), where)
    assert longer.run_id[:-8] == prepared.run_id  # 16 digits where there were 8
    table = execute.execute(longer)
    assert table["run_id"] == longer.run_id
    assert ledger.run(prepared.run_id) == taken
    assert catalog.find_run(longer.run_id, where).study.cycles == 1
    assert prepare.prepare(study(cycles=1), where).run_id == longer.run_id
    ledger.close()


@pytest.mark.parametrize("what", ["folder", "file"])
def test_a_run_whose_database_is_removed_ends_with_a_message(
    study: Make, tmp_path: Path, what: str
) -> None:
    where = settings(tmp_path / "runs", database_wait=0.0)
    messages: list[str] = []

    def cells(done: int, total: int) -> None:
        if done == 4:
            gone = where.program_folder
            shutil.rmtree(gone) if what == "folder" else (gone / "oracle.db").unlink()

    with pytest.raises(StorageUnavailable, match=r"oracle.db is gone; .* waited for 0 s"):
        run(study(), where, Progress(cells=cells, say=messages.append))
    assert not where.database_file.exists()
