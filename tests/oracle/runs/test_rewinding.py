"""Runs that rewind to an early iteration of the unpruned network, and their checkpoints."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from oracle.execution.worker import Worker
from oracle.experiments.registry import experiment
from oracle.runs import execute, prepare
from oracle.search.graph import CellResult
from oracle.search.pruning_run import RunCycle
from oracle.search.request import replay
from oracle.settings import Progress, Settings
from oracle.storage import session
from oracle.study.base import Study
from oracle.tables import oracle
from scyc.pruning.pruned_network import Network
from scyc.specs.schedules import WarmupSpec
from scyc.specs.system import PruningSpec
from scyc.storage.checkpoint_store import CheckpointStore
from scyc.trainer import Member, Trainer

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


def early(study: Make, iterations: int, **changes: Any) -> Study:
    """One value on the grid, which is S-Cyc's first too; rewinds to an early iteration."""
    grid = {"max_lr": [0.1], "extend": False}
    return study(**{"pruning": {"rewind": iterations}, "grid": grid} | changes)


def test_a_pruned_network_starts_from_the_unpruned_one_after_so_many_iterations(
    study: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts: list[Member] = []
    train = Trainer.train

    def watched(self: Trainer, members: Sequence[Member], *how: Any) -> Any:
        starts.extend(members)
        return train(self, members, *how)

    monkeypatch.setattr(Trainer, "train", watched)
    declared = early(study, 5)
    prepared = prepare.prepare(declared, settings(tmp_path))
    assert execute.execute(prepared)["complete"]
    after_five = [unpruned_after(prepared, 5, replicate) for replicate in range(2)]
    pruned = [member for member in starts if member.cycle > 0]
    assert sorted({member.cycle for member in pruned}) == [1, 2]
    for member in pruned:
        expected = after_five[member.replicate]
        for name, values in member.start.state.items():
            mask = member.start.masks.get(name)
            wanted = expected.state[name] if mask is None else expected.state[name] * mask
            assert torch.equal(values, wanted)
        assert not all(mask.all() for mask in member.start.masks.values())


def unpruned_after(prepared: prepare.PreparedRun, steps: int, replicate: int) -> Network:
    """A replicate's unpruned network, trained for so many iterations and no longer."""
    system = prepared.study.system
    training = system.training.model_copy(update={"steps": steps, "validate_every": steps})
    shorter = system.model_copy(update={"training": training, "pruning": PruningSpec()})
    trainer = Trainer(shorter, prepared.images)
    member = Member(trainer.root(replicate), 0, replicate, WarmupSpec(warmup=3), 0.1)
    return trainer.train([member])[0].outcome.network


def test_the_rewind_checkpoint_is_kept_and_trained_again_if_it_is_missing(
    study: Make, tmp_path: Path
) -> None:
    where = settings(tmp_path / "broken")
    shorter = prepare.prepare(early(study, 5, cycles=1, replicates=1), where)
    execute.execute(shorter)
    done = pruning_runs(shorter)["oracle"]
    rewind_checkpoints = {result.kept for result in done[0].results}
    assert None not in rewind_checkpoints
    assert len(rewind_checkpoints) == 1
    assert rewind_checkpoints <= on_disk(shorter)
    assert all(result.kept is None for each in done[1:] for result in each.results)
    store = CheckpointStore(where.study_folder("tiny") / "checkpoints")
    for sha256 in rewind_checkpoints:
        store.discard(sha256)
    more = early(study, 5, replicates=1)
    longer = run(more, where)
    assert rewind_checkpoints <= on_disk(shorter)
    assert timeless(longer) == timeless(run(more, settings(tmp_path / "whole")))


def test_final_and_early_checkpoints_are_deleted_unless_they_won(
    study: Make, tmp_path: Path
) -> None:
    grid = {"max_lr": [0.05, 0.1, 0.2], "extend": False}
    prepared = prepare.prepare(early(study, 5, grid=grid, cycles=1), settings(tmp_path))
    execute.execute(prepared)
    study_experiment = pruning_runs(prepared)
    wanted = [result for done in study_experiment.values() for result in pruned_next(done)]
    needed = {sha256 for each in wanted for sha256 in (each.checkpoint, each.kept) if sha256}
    assert on_disk(prepared) == needed


def test_an_early_checkpoint_shared_with_a_winner_stays(
    study: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first iteration of a warm-up has a rate of 0: all max_lr leave the same network."""
    trained: list[str] = []
    train = Worker.train

    def counted(self: Worker, tasks: Any, *how: Any) -> Any:
        trained.extend(task.cell for task in tasks)
        return train(self, tasks, *how)

    monkeypatch.setattr(Worker, "train", counted)
    apart = {"epsilon": 0.07, "delta": 0.0, "q": 0, "beta": 3.0}
    grid = {"max_lr": [0.05, 0.1], "extend": False}
    declared = early(study, 1, grid=grid, cycles=1, replicates=1, s_cyc=apart)
    prepared = prepare.prepare(declared, settings(tmp_path))
    execute.execute(prepared)
    (first, _) = pruning_runs(prepared)["oracle"]
    (second, _) = pruning_runs(prepared)["S-Cyc"]
    assert first.results[0].kept == second.results[0].kept
    assert {first.results[0].kept} <= on_disk(prepared)
    assert len(trained) == len(set(trained)) == 2 * 2 + 2  # nothing had to be made again
