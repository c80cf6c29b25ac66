"""Training functions of a user's own run as our own trainer does: graph, storage, tables."""

import json
import math
from pathlib import Path
from typing import Any

import optuna
import pytest
from notebooks import notebook

import oracle
from oracle.errors import PackFailed
from oracle.reports import formats

# A curve whose best max_lr is 0.1 in cycle 0 and 0.2 later. What a task was given is left behind.
TRAIN = """
import json, math
import oracle

@oracle.trainable(resources=resources, timeout=timeout)
def train(task):
    calls.append((task.cycle, task.max_lr, task.replicate))
    before = json.loads((task.parent / "net.json").read_text()) if task.parent else []
    best = 0.1 if task.cycle == 0 else 0.2
    loss = abs(math.log(task.max_lr / best)) + task.replicate / 100 + len(calls) * 0
    value = 20 + 10 * loss
    for step in (1, 2):
        task.report(step, validation=value + 2 - step)
    path = [*before, [task.cycle, task.max_lr, task.replicate, task.learning_rate(0)]]
    (task.folder / "net.json").write_text(json.dumps(path))
    body
    return oracle.Outcome(validation=value, test=value + 1, weights_remaining=100 * 0.8**task.cycle)
"""


def study(
    body: str = "pass",
    timeout: float | None = None,
    resources: dict[str, float] | None = None,
    **changes: Any,
) -> Any:
    calls: list[Any] = []
    source = TRAIN.replace("    body", f"    {body}")
    made = notebook(source, calls=calls, timeout=timeout, resources=resources)
    fields = {
        "name": "text",
        "trainer": made["train"],
        "metric": {"name": "perplexity", "mode": "min"},
        "grid": {"max_lr": [0.05, 0.1, 0.2, 0.4], "extend": False},
        "tolerance": 1.0,
        "cycles": 2,
        "replicates": 2,
        "s_cyc": {"epsilon": 0.1, "delta": 0.1, "q": 0, "beta": 3.0},
    }
    return oracle.OracleStudy(version="1", **fields | changes), calls


def run(declared: Any, folder: Path) -> oracle.Run:
    return oracle.run(declared, runs=folder, backend="inline", progress=False)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[oracle.Run, list[Any]]:
    declared, calls = study()
    return run(declared, tmp_path_factory.mktemp("runs")), calls


def test_a_perplexity_is_minimised(done: tuple[oracle.Run, list[Any]]) -> None:
    cycles = done[0].table["cycles"]
    assert [cycle["well_tuned"] for cycle in cycles] == [0.1, 0.2, 0.2]
    best = next(entry for entry in cycles[1]["grid"] if entry["max_lr"] == 0.2)
    assert best["val_accuracy"] == pytest.approx([20.0, 20.1])
    assert best["test_accuracy"] == pytest.approx([21.0, 21.1])
    assert done[0].table["tolerance"] == 1.0
    assert cycles[1]["feasible"]["members"] == [0.2]  # the next is 6.9 behind
    paired = {each["max_lr"]: each["difference"] for each in cycles[1]["evidence"]["paired"]}
    assert paired[0.1] == pytest.approx(10 * math.log(2))


def test_no_training_run_is_run_twice_and_resuming_runs_none(
    done: tuple[oracle.Run, list[Any]], tmp_path: Path
) -> None:
    finished, calls = done
    assert len(calls) == len(finished.to_dataframe())
    declared, more = study()
    again = run(declared, finished._settings.folder)
    assert more == []
    assert again.table == finished.table


def test_a_function_starts_from_the_folder_that_its_parent_left(
    done: tuple[oracle.Run, list[Any]],
) -> None:
    files = list(done[0]._settings.folder.glob("text/checkpoints/*/*.tar"))
    stored = [json.loads(_member(file)) for file in files]
    deepest = max(stored, key=len)
    assert [each[0] for each in deepest] == [0, 1, 2]
    replicates = {each[2] for each in deepest}
    assert len(replicates) == 1
    oracles = [path for path in stored if [each[1] for each in path] == [0.1, 0.2, 0.2]]
    assert len(oracles) == 2  # one a replicate; what has lost is deleted
    assert len(stored) < len(done[1])


def _member(file: Path) -> str:
    import tarfile

    with tarfile.open(file) as archive:
        content = archive.extractfile("net.json")
        assert content is not None
        return content.read().decode()


def test_a_run_gives_the_files_of_a_network(
    done: tuple[oracle.Run, list[Any]], tmp_path: Path
) -> None:
    folder = done[0].folder(tmp_path / "net", cycle=2, replicate=1)
    path = json.loads((folder / "net.json").read_text())
    assert [(cycle, max_lr, replicate) for cycle, max_lr, replicate, _ in path] == [
        (0, 0.1, 1), (1, 0.2, 1), (2, 0.2, 1),
    ]  # fmt: skip
    with pytest.raises(oracle.BadInput, match="must be new or empty"):
        done[0].folder(folder, cycle=2)
    with pytest.raises(oracle.BadInput, match=r"run.folder\(...\)"):
        done[0].network(2)
    with pytest.raises(oracle.BadInput, match="keep_checkpoints: all"):
        done[0].folder(tmp_path / "other", cycle=1, max_lr=0.4)


def test_the_table_of_a_perplexity_has_no_accuracy(
    done: tuple[oracle.Run, list[Any]],
) -> None:
    table = done[0].table
    for name in ("text", "markdown", "latex"):
        printed = formats.FORMATS[name](table)
        assert "perplexity" in printed
        assert "accurac" not in printed.lower()
        assert "points" not in printed
    head = formats.FORMATS["csv"](table).splitlines()[0]
    assert "oracle_val_perplexity_mean" in head
    assert "accuracy" not in head
    drawn = done[0].figure().to_json()
    assert "perplexity" in drawn
    assert "accuracy" not in drawn


def test_optuna_minimises_it_and_has_the_curves(done: tuple[oracle.Run, list[Any]]) -> None:
    storage = f"sqlite:///{done[0]._settings.folder}/_oracle/oracle.db"
    names = [n for n in optuna.get_all_study_names(storage) if "cycle-00" in n]
    optuna_study = optuna.load_study(study_name=names[0], storage=storage)
    assert optuna_study.direction == optuna.study.StudyDirection.MINIMIZE
    assert optuna_study.metric_names == ["validation perplexity"]
    assert optuna_study.best_params["max_lr"] == 0.1
    assert optuna_study.best_trial.intermediate_values == {1: 21.0, 2: 20.0}


def test_a_metric_that_is_not_finite_is_a_diverged_training_run(tmp_path: Path) -> None:
    body = "task.report(3, float('nan') if task.max_lr > 0.3 else 20)"
    declared, _ = study(body, cycles=1)
    table = run(declared, tmp_path).table
    entry = table["cycles"][0]["grid"][-1]
    assert entry["max_lr"] == 0.4
    assert entry["diverged"]
    assert entry["val_accuracy"] == [None, None]
    assert table["cycles"][0]["well_tuned"] == 0.1
    assert "diverged" in formats.text(table)
    storage = f"sqlite:///{tmp_path}/_oracle/oracle.db"
    names = [n for n in optuna.get_all_study_names(storage) if "cycle-00" in n]
    values = [t.value for t in optuna.load_study(study_name=names[0], storage=storage).trials]
    assert sum(value == math.inf for value in values) == 2  # never the best of the dashboard


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ("raise RuntimeError('no memory')", r"failed \(cycle 0, max_lr 0.05, replicate 0\)"),
        ("return 3.0", r"returned float .*return oracle.Outcome"),
        ("(task.folder / 'net.json').unlink()", r"left no network .*task.folder holds no file"),
        ("return oracle.Outcome('good')", r"Outcome.validation is str, not a number"),
        ("return oracle.Outcome(1.0, 1.0, 0.0)", r"weights_remaining = 0.0 must be a percentage"),
        ("task.report(2, 1.0)", r"step 2 must be a whole number above 2"),
        ("raise SystemExit(3)", "SystemExit: 3"),
    ],
)
def test_errors_are_reported_and_finished_results_are_kept(
    tmp_path: Path, body: str, rule: str
) -> None:
    declared, calls = study(body, cycles=1)
    with pytest.raises(PackFailed, match=rule):
        run(declared, tmp_path)
    assert len(calls) == 1
    assert oracle.load_run("text", runs=tmp_path).state == "stopped"


def test_a_changed_function_of_the_same_version_continues_the_run(tmp_path: Path) -> None:
    declared, before = study("assert task.max_lr < 0.3", cycles=1)
    with pytest.raises(PackFailed):
        run(declared, tmp_path)
    mended, after = study(cycles=1)
    assert run(mended, tmp_path).state == "done"
    assert len(before) > 1
    assert set(before[:-1]).isdisjoint(after)


def test_a_function_that_hangs_is_ended_at_its_timeout(tmp_path: Path) -> None:
    declared, _ = study("import time; time.sleep(1000)", timeout=0.2, cycles=1)
    with pytest.raises(PackFailed, match=r"within its timeout of 0.2 s \(cycle 0"):
        run(declared, tmp_path)


def test_a_relative_tolerance_of_a_minimised_metric_is_around_its_best_value(
    tmp_path: Path,
) -> None:
    declared, _ = study(cycles=1, tolerance=36.0, tolerance_kind="relative")
    cycle = run(declared, tmp_path).table["cycles"][0]
    assert cycle["feasible"]["members"] == [0.05, 0.1, 0.2]  # 34.6 % behind; 0.4 is 69 %


def test_an_adaptive_search_of_a_minimised_metric_runs_less_and_finds_its_best(
    tmp_path: Path,
) -> None:
    grid = {"kind": "log", "low": 0.0125, "high": 1.6, "count": 15, "extend": False}
    declared, calls = study(cycles=1, grid=grid, replicates=3, search={"name": "adaptive"})
    ran = run(declared, tmp_path)
    first, second = ran.table["cycles"]
    assert abs(math.log2(first["well_tuned"] / 0.1)) < 0.5  # a step of the grid
    assert abs(math.log2(second["well_tuned"] / 0.2)) < 0.5
    assert len(calls) < 2 * 15 * 3
    assert len(set(calls)) == len(calls)
    assert "accurac" not in formats.text(ran.table).lower()


def test_fields_that_are_the_functions_affair_are_refused_together() -> None:
    with pytest.raises(oracle.BadInput) as refused:
        study(
            dataset="digits",
            pruning={"rate": 0.3, "criterion": "random"},
            training={"steps": 3, "batch": 4},
        )
    assert {each.path for each in refused.value.problems} == {
        "dataset", "pruning.criterion", "training.batch",
    }  # fmt: skip


def test_a_study_of_a_function_is_read_back_as_it_was_declared() -> None:
    from oracle.study.validation import parse
    from scyc.specs.base import as_json

    declared, _ = study(schedule={"warmup": 2, "drops": [4]}, training={"steps": 6})
    assert parse(as_json(declared), "again") == declared
    assert "dataset" not in as_json(declared)


def test_a_function_that_cannot_be_imported_is_refused_before_work(tmp_path: Path) -> None:
    declared, _ = study(trainer={"function": "no_such_module:train"})
    with pytest.raises(oracle.BadInput, match=r"trainer.function .*cannot be imported"):
        run(declared, tmp_path)


def test_resources_and_timeouts_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="known: cpu, gpu"):
        oracle.trainable(resources={"ram": 1})
    with pytest.raises(ValueError, match="above 0"):
        oracle.trainable(resources={"cpu": 0})
    with pytest.raises(ValueError, match=r"gpu = 1\.5 must be at most 1, or a whole number"):
        oracle.trainable(resources={"gpu": 1.5})
    assert oracle.trainable(resources={"gpu": 2})(lambda task: oracle.Outcome(1.0)).gpu == 2.0
    with pytest.raises(ValueError, match="timeout"):
        oracle.trainable(timeout=-1)
    with pytest.raises(ValueError, match="timeout = '1h' must be a number of seconds"):
        oracle.trainable(timeout="1h")  # type: ignore[call-overload]
    with pytest.raises(ValueError, match="cpu = '2' must be a number above 0"):
        oracle.trainable(resources={"cpu": "2"})  # type: ignore[dict-item]


def test_a_trainer_that_names_no_function_is_refused_with_the_pattern() -> None:
    with pytest.raises(oracle.BadInput, match=r'"train"    must have the pattern module:function'):
        study(trainer="train")


def test_a_smaller_study_of_a_function_has_fewer_cycles_but_no_smaller_scale(
    tmp_path: Path,
) -> None:
    declared, _ = study()
    with pytest.raises(oracle.BadInput, match=r"scale = 0.5 .*trainer.options"):
        oracle.check(declared, runs=tmp_path, smaller=oracle.ScaleDown(scale=0.5))
    cost = oracle.check(declared, runs=tmp_path, smaller=oracle.ScaleDown(cycles=1), workers=1)
    assert cost.cycles == 1
    assert "that of one call of the training function x" in str(cost)


@pytest.mark.ray
@pytest.mark.slow
def test_a_notebook_s_function_runs_on_ray_and_a_worker_that_dies_is_replaced(
    tmp_path: Path,
) -> None:
    body = (
        "import os, pathlib; died = pathlib.Path(task.options['died'])\n"
        "    if task.cycle == 1 and not died.exists(): died.touch(); os._exit(9)"
    )
    declared, _ = study(body, cycles=1)
    trainer = {"function": declared.trainer.function, "options": {"died": str(tmp_path / "died")}}
    declared = declared.model_copy(update={"trainer": type(declared.trainer)(**trainer)})
    ran = oracle.run(declared, runs=tmp_path, workers=2, progress=False)
    assert [cycle["well_tuned"] for cycle in ran.table["cycles"]] == [0.1, 0.2]
    assert (tmp_path / "died").exists()


@pytest.mark.ray
@pytest.mark.slow
def test_a_worker_that_starts_slower_than_another_trains_finishes_its_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One worker starts when the other has trained three times, and is waited for from then on."""
    from oracle.execution import ray_backend
    from oracle.execution.ray_trainable import pack_trainable

    def slow_second() -> type:
        base: Any = pack_trainable()

        class Slow(base):  # type: ignore[misc]
            def setup(self, config: Any, **shared: Any) -> None:
                import os
                import time

                (tmp_path / f"{os.getpid()}.started").touch()
                until = time.monotonic() + 120
                try:
                    (tmp_path / "first").touch(exist_ok=False)
                except FileExistsError:
                    while len(list(tmp_path.glob("*.trained"))) < 3:
                        assert time.monotonic() < until
                        time.sleep(0.05)
                super().setup(config, **shared)

        return Slow

    body = (
        "import os, pathlib, time; folder = pathlib.Path(task.options['folder'])\n"
        "    until = time.monotonic() + 120\n"
        "    names = lambda: {path.name.split('-')[0] for path in folder.glob('*.trained')}\n"
        "    (folder / f'{os.getpid()}-{time.monotonic_ns()}.trained').touch()\n"
        "    while len(list(folder.glob('*.trained'))) > 3 and len(names()) < 2:\n"
        "        assert time.monotonic() < until; time.sleep(0.05)"
    )
    monkeypatch.setattr(ray_backend, "pack_trainable", slow_second)
    declared, _ = study(body, cycles=1)
    trainer = {"function": declared.trainer.function, "options": {"folder": str(tmp_path)}}
    declared = declared.model_copy(update={"trainer": type(declared.trainer)(**trainer)})
    oracle.run(declared, runs=tmp_path, workers=2, progress=False)
    trained = {path.name.split("-")[0] for path in tmp_path.glob("*.trained")}
    assert trained == {path.stem for path in tmp_path.glob("*.started")}
    assert len(trained) == 2


@pytest.mark.ray
@pytest.mark.slow
def test_a_training_run_has_the_resources_that_are_declared_and_its_folders_in_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ray takes a machine's word for its GPUs, so that a part of one is given out without any."""
    from oracle.execution import ray_backend
    from oracle.execution.ray_cluster import connect

    def with_gpu(ray: Any, cluster: bool, cpus: int, on_gpu: bool, scratch: Path) -> None:
        started = ray.init
        monkeypatch.setattr(ray, "init", lambda **options: started(**options | {"num_gpus": 1}))
        connect(ray, cluster, cpus, on_gpu, scratch)
        monkeypatch.setattr(ray, "init", started)

    monkeypatch.setattr(ray_backend, "connect", with_gpu)
    body = (
        "import ray; found = ray.get_runtime_context().get_assigned_resources()\n"
        "    (task.folder / 'resources.json').write_text(json.dumps(found))"
    )
    declared, _ = study(body, cycles=1, resources={"cpu": 2, "gpu": 0.5})
    store = f"file://{tmp_path}/store"
    ran = oracle.run(declared, runs=tmp_path / "runs", workers=2, store=store, progress=False)
    assert [cycle["well_tuned"] for cycle in ran.table["cycles"]] == [0.1, 0.2]
    folder = ran.folder(tmp_path / "net", cycle=1)
    given = json.loads((folder / "resources.json").read_text())
    assert {name: given[name] for name in ("CPU", "GPU")} == {"CPU": 2.0, "GPU": 0.5}
    assert set(ran.to_dataframe()["device"]) == {"gpu"}
    assert list((tmp_path / "store").glob("**/*.tar"))
    assert not list((tmp_path / "runs").glob("**/*.tar"))


@pytest.mark.ray
@pytest.mark.slow
def test_a_worker_that_python_cannot_interrupt_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oracle.execution.functions.worker._GRACE", 1.0)
    body = (
        "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})\n"
        "    while True: pass"
    )
    declared, _ = study(body, timeout=1.0, cycles=1)
    with pytest.raises(PackFailed, match=r"timeout of 1 s .*its process had to be ended"):
        oracle.run(declared, runs=tmp_path, workers=1, progress=False)


def test_what_reads_accuracies_refuses_a_metric_that_is_minimised(
    done: tuple[oracle.Run, list[Any]], tmp_path: Path
) -> None:
    from oracle.analysis import cell_replay, rise
    from oracle.runs import longer

    ran = done[0]
    with pytest.raises(oracle.BadInput, match="is minimised"):
        rise.of_table(ran.table, 0.2)
    file = tmp_path / "table.json"
    file.write_text(json.dumps(ran.table))
    with pytest.raises(oracle.BadInput, match="is minimised"):
        cell_replay.read_recorded(file)
    with pytest.raises(oracle.BadInput, match=r"raise training\.steps"):
        longer.train_longer(ran._stored, ran.table)
