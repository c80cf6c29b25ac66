"""One worker, in this process: what it loads, halves, resumes and says."""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from oracle.errors import PackFailed
from oracle.execution import worker as work
from oracle.execution.network_cache import Starts, size
from oracle.execution.worker import CellTask, Worker, WorkerConfig
from oracle.runs import prepare
from oracle.runs.workspace import Workspace
from oracle.search.graph import CellResult
from oracle.settings import Settings
from oracle.study.base import Study
from scyc.data import cache
from scyc.engines import stacked
from scyc.pruning.pruned_network import Network
from scyc.storage.checkpoint_store import CheckpointStore
from scyc.storage.pack_state_file import PackStateStore
from scyc.trainer import Trainer
from scyc.training.job import Outcome
from scyc.tuning.plan import Plan

Make = Callable[..., Study]
SCHEDULE = {"name": "warmup", "warmup": 3, "drops": [8]}


@pytest.fixture
def spec(study: Make, tmp_path: Path) -> Callable[..., WorkerConfig]:
    """Of a prepared run whose folders are there."""

    def made(save_every: float = 5.0, **changes: Any) -> WorkerConfig:
        where = Settings(tmp_path, backend="inline", device="cpu", save_every=save_every)
        prepared = prepare.prepare(study(**changes), where)
        folder = where.study_folder("tiny")
        folder.mkdir(exist_ok=True)
        cache.keep(folder / "images", prepared.images)
        return Workspace(prepared).worker_config()

    return made


def tasks(count: int, parent: str | None = None, **changes: Any) -> list[CellTask]:
    cycle = 0 if parent is None else 1
    return [
        CellTask(f"cell-{index}", parent, None, cycle, 0, SCHEDULE, 0.02 * (index + 1), **changes)
        for index in range(count)
    ]


def comparable(results: Sequence[CellResult]) -> list[CellResult]:
    """Without what may differ: time, and how many were trained together."""
    return [dataclasses.replace(each, seconds=0.0, members=None) for each in results]


class Small:
    """Stands in for an engine: memory for so many members, else out of memory."""

    def __init__(self, most: int) -> None:
        self.most, self.tried = most, list[int]()

    def train(
        self, network: Any, jobs: Any, training: Any, pack_states: PackStateStore | None = None
    ) -> list[Outcome]:
        self.tried.append(len(jobs))
        if len(jobs) > self.most:
            raise torch.OutOfMemoryError("made up")
        return stacked.train(network, jobs, training, pack_states)


@pytest.mark.parametrize(
    ("most", "tried"),
    [
        (11, [11]),
        (10, [11, 5, 6]),
        (5, [11, 5, 6, 3, 3]),
        (1, [11, 5, 2, 1, 1, 3, 1, 2, 1, 1, 6, 3, 1, 2, 1, 1, 3, 1, 2, 1, 1]),
    ],
)
def test_a_pack_without_memory_is_halved_until_it_fits_and_no_cell_is_lost(
    spec: Callable[..., WorkerConfig], monkeypatch: pytest.MonkeyPatch, most: int, tried: list[int]
) -> None:
    worker = Worker(spec())
    whole = worker.train(tasks(11))
    small = Small(most)
    monkeypatch.setattr("scyc.trainer.ENGINES", {"stacked": small})
    halved = worker.train(tasks(11))
    assert [result.cell for result in halved] == [f"cell-{index}" for index in range(11)]
    assert comparable(halved) == comparable(whole)
    assert small.tried == tried
    fitted = [count for count in tried if count <= most]
    assert [result.members for result in halved] == [n for n in fitted for _ in range(n)]
    assert len(worker.messages) == len(tried) - len(fitted)


def test_one_training_that_does_not_fit_is_an_error(
    spec: Callable[..., WorkerConfig], monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = Worker(spec())
    monkeypatch.setattr("scyc.trainer.ENGINES", {"stacked": Small(0)})
    with pytest.raises(PackFailed, match="no memory for even one training"):
        worker.train(tasks(2))


def test_a_parent_of_another_shape_is_one_line_that_names_the_change(
    spec: Callable[..., WorkerConfig],
) -> None:
    narrow = Worker(spec(network={"name": "fully_connected", "hidden": [8]}))
    (trained,) = narrow.train(tasks(1))
    wide = Worker(spec(network={"name": "fully_connected", "hidden": [9]}))
    with pytest.raises(PackFailed, match="has changed since this run began") as raised:
        wide.train(tasks(1, trained.checkpoint))
    assert "layers.0.weight was [8, 64] and is [9, 64]" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_parent_is_loaded_and_pruned_once_however_many_packs_start_from_it(
    spec: Callable[..., WorkerConfig], monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = Worker(spec(pruning={"rewind": "last"}))
    parents = [each.checkpoint for each in worker.train(tasks(2))]
    loaded: list[str] = []
    pruned: list[int] = []
    load, prune = CheckpointStore.load, Trainer.pruned

    def counted(self: CheckpointStore, sha256: str) -> Network:
        loaded.append(sha256)
        return load(self, sha256)

    def also_counted(self: Trainer, *arguments: Any) -> Network:
        pruned.append(arguments[2])
        return prune(self, *arguments)

    monkeypatch.setattr(CheckpointStore, "load", counted)
    monkeypatch.setattr(Trainer, "pruned", also_counted)
    for index in range(4):
        for parent in parents:
            worker.train(tasks(4, parent)[index : index + 1])
    assert loaded == parents
    assert pruned == [1, 1]


def test_only_as_many_networks_are_cached_as_there_is_room_for() -> None:
    network = Network({"w": torch.zeros(100)}, {"w": torch.ones(100, dtype=torch.bool)})
    assert size(network) == 500
    made: list[str] = []

    def get(starts: Starts, key: str) -> None:
        starts.get(key, lambda: made.append(key) or network)

    two = Starts(room=1000)
    for key in "ababcacb":  # c drives a out, then a b, then b c
        get(two, key)
    assert "".join(made) == "abcab"
    made.clear()
    none = Starts(room=1)
    for key in "aab":
        get(none, key)
    assert made == ["a", "b"]


class Killed(BaseException):
    """Ends a training as a signal would."""


def killed_after(steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Save at every step, and end in the middle of one."""
    count = 0

    def due(self: Any) -> bool:
        nonlocal count
        count += 1
        if count > steps:
            raise Killed
        return True

    monkeypatch.setattr("scyc.storage.pack_state_file.PackStateFile.due", due)


BATCH_NORM = {"name": "fully_connected", "hidden": [16], "batch_norm": True}  # trained solo
SYSTEMS = {"solo": {"network": BATCH_NORM}, "stacked": {}}


@pytest.mark.costly
@pytest.mark.parametrize(("engine", "saves"), [("solo", 19), ("stacked", 1)])
def test_another_worker_continues_where_one_was_killed(
    spec: Callable[..., WorkerConfig], monkeypatch: pytest.MonkeyPatch, engine: str, saves: int
) -> None:
    where = spec(**SYSTEMS[engine])
    whole = Worker(where).train(tasks(3))
    assert {result.engine for result in whole} == {engine}
    folder = Path(where.in_flight)
    with monkeypatch.context() as patched:
        killed_after(saves, patched)
        with pytest.raises(Killed):
            Worker(where).train(tasks(3))
    (file,) = folder.iterdir()
    content = file.read_bytes()
    resumed: list[bool] = []
    read = work.PackStateFile.load

    def watched(self: Any) -> Any:
        result = read(self)
        resumed.append(result is not None)
        return result

    monkeypatch.setattr(work.PackStateFile, "load", watched)
    assert comparable(Worker(where).train(tasks(3))) == comparable(whole)
    assert comparable(Worker(where).train(tasks(2))) == comparable(whole[:2])  # another pack
    assert resumed == [True, False]
    file.write_bytes(content[:-1])
    again = Worker(where)
    assert comparable(again.train(tasks(3))) == comparable(whole)
    assert again.messages == [f"{file}: damaged; its pack starts anew"]
    file.write_bytes(content)
    monkeypatch.setattr(work, "NUMERICS", work.NUMERICS + 1)
    later = Worker(where)
    assert comparable(later.train(tasks(3))) == comparable(whole)
    assert later.messages == [f"{file}: of another version or device; its pack starts anew"]


def test_short_packs_write_nothing(spec: Callable[..., WorkerConfig]) -> None:
    where = spec()
    Worker(where).train(tasks(3))
    assert not Path(where.in_flight).exists()


@pytest.mark.costly
def test_the_requested_engine_trains(spec: Callable[..., WorkerConfig]) -> None:
    worker = Worker(spec(training={"steps": 12, "batch": 16, "validate_every": 6}))
    assert [each.engine for each in worker.train(tasks(2))] == ["stacked"] * 2
    assert [each.engine for each in worker.train(tasks(2), "solo")] == ["solo"] * 2


@pytest.mark.costly
def test_a_worker_measures_among_its_engines(spec: Callable[..., WorkerConfig]) -> None:
    worker = Worker(spec())
    worker._trainer.engines = ("solo", "stacked")
    plan = worker.plan(3)
    assert plan.most == 3
    assert plan in (Plan("solo", 3), Plan("stacked", 3))
    assert worker.messages == []
