"""Whole runs whose packs are trained in several ways: the same table, nothing done twice."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from oracle.database import RunDatabase
from oracle.errors import PackFailed
from oracle.execution import ray_auth, ray_cluster, worker
from oracle.execution.worker import Worker
from oracle.runs import execute, prepare
from oracle.settings import Progress, Settings, default_workers
from oracle.storage.session import study_url
from oracle.study.base import Study
from oracle.tables import oracle
from scyc.storage.pack_state_file import PackStateFile
from scyc.tuning.plan import Plan

Make = Callable[..., Study]
OWN = {"name": "fully_connected", "hidden": [16], "batch_norm": True}  # trained solo


def run(study: Study, folder: Path, progress: Progress | None = None) -> oracle.OracleTable:
    where = Settings(folder, backend="inline", device="cpu")
    return execute.execute(prepare.prepare(study, where), progress)


def findings(table: Any) -> Any:
    """A table without times and without the run's name, which tells of the pack size."""
    copy = json.loads(json.dumps(table))
    for cost in copy["cost"].values():
        del cost["seconds"]
    del copy["run_id"]
    return copy


@pytest.mark.slow
@pytest.mark.parametrize("network", [OWN, STACKED := {"name": "fully_connected", "hidden": [16]}])
def test_pack_sizes_give_the_same_table_to_the_last_bit(
    study: Make, tmp_path: Path, network: dict[str, Any]
) -> None:
    tables = [
        findings(run(study(pack=pack, network=network, cycles=1), tmp_path / str(pack)))
        for pack in (1, 3, 16)
    ]
    assert tables[0]["complete"]
    assert tables[0] == tables[1] == tables[2]


@pytest.mark.parametrize(
    ("count", "gpus", "share"),
    [(1, 1, 1.0), (2, 1, 0.5), (3, 1, 0.3333), (6, 1, 0.1666), (1, 8, 1.0), (8, 8, 1.0),
     (3, 2, 0.5), (5, 2, 0.3333), (9, 8, 0.5)],
)  # fmt: skip
def test_workers_share_gpus_evenly_and_each_is_on_one(count: int, gpus: int, share: float) -> None:
    assert ray_cluster.gpu_share(count, gpus) == share
    in_ray = round(share * 10_000)  # it counts ten-thousandths
    assert gpus * (10_000 // in_ray) >= count


def test_sharing_a_missing_gpu_is_an_error() -> None:
    with pytest.raises(PackFailed, match="no GPU"):
        ray_cluster.gpu_share(2, 0)


@pytest.mark.parametrize(
    ("address", "named", "shown"),
    [
        ("127.0.0.1:6379", {}, True),
        ("localhost:6379", {}, True),
        ("ray-head:6379", {}, False),
        ("ray-head:6379", {"RAY_AUTH_TOKEN_PATH": "/run/secrets/ray-token"}, True),
        ("ray-head:6379", {"RAY_AUTH_TOKEN": "x"}, True),
        ("127.0.0.1:6379", {"RAY_AUTH_MODE": "disabled"}, False),
    ],
)
def test_a_token_is_shown_to_this_machines_head_and_where_it_is_named(
    tmp_path: Path, address: str, named: dict[str, str], shown: bool
) -> None:
    environment = {"RAY_ADDRESS": address} | named
    assert ray_auth.shows_token(environment, tmp_path) == (shown and bool(named))
    (tmp_path / ".ray").mkdir()
    (tmp_path / ".ray" / "auth_token").write_text("x")
    assert ray_auth.shows_token(environment, tmp_path) == shown
    assert not ray_auth.shows_token({}, tmp_path)


def test_there_is_a_worker_a_gpu_or_a_core(monkeypatch: pytest.MonkeyPatch) -> None:
    cores = len(os.sched_getaffinity(0))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    assert [default_workers(device) for device in ("auto", "cuda", "cpu")] == [3, 3, cores]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert default_workers("auto") == cores


def on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """The driver takes its workers' device for a GPU; they are on a CPU."""
    monkeypatch.setattr(execute, "resolve_device", lambda wanted: torch.device("cuda"))


def test_a_plan_is_measured_once_a_run_and_a_continued_run_has_the_same(
    study: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_a_gpu(monkeypatch)
    declared = study(pack=None)
    limits: list[int | None] = []
    trained: list[tuple[int, str | None]] = []
    train = Worker.train

    def plan(self: Worker, most: int | None) -> Plan:
        limits.append(most)
        self.messages.append("measured")
        return Plan("solo", 4)

    def watched(self: Worker, tasks: Any, engine: str | None = None) -> Any:
        trained.append((len(tasks), engine))
        if len(trained) == 2:
            raise KeyboardInterrupt
        return train(self, tasks, engine)

    monkeypatch.setattr(Worker, "plan", plan)
    monkeypatch.setattr(Worker, "train", watched)
    messages: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        run(declared, tmp_path, Progress(say=messages.append))
    table = run(declared, tmp_path)
    assert limits == [None]
    assert [line for line in messages if not line.startswith("note: ")] == ["measured"]
    assert {engine for _, engine in trained} == {"solo"}
    assert max(count for count, _ in trained) == 3  # six cells in packs of at most 4
    prepared = prepare.prepare(declared, Settings(tmp_path, backend="inline", device="cpu"))
    ledger = RunDatabase(study_url(prepared.settings, "tiny"))
    assert ledger.plan(prepared.run_id, "cuda") == Plan("solo", 4)
    ledger.close()
    assert table["complete"]


def test_a_pack_that_had_to_be_halved_is_written_down(
    study: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_a_gpu(monkeypatch)
    declared = study(pack=6, training={
        "steps": 12, "batch": 16, "validate_every": 6, "engine": "stacked",
    })  # fmt: skip
    engine_train = worker.Worker._attempt

    def attempt(self: Worker, tasks: Any, engine: str, name: str) -> Any:
        return None if len(tasks) > 2 else engine_train(self, tasks, engine, name)

    monkeypatch.setattr(Worker, "_attempt", attempt)
    messages: list[str] = []
    halved = run(declared, tmp_path / "halved", Progress(say=messages.append))
    prepared = prepare.prepare(declared, Settings(tmp_path / "halved", device="cpu"))
    ledger = RunDatabase(study_url(prepared.settings, "tiny"))
    assert ledger.plan(prepared.run_id, "cuda") == Plan("stacked", 2)
    ledger.close()
    assert [line for line in messages if not line.startswith("note: ")] == [
        "out of memory with 6 training runs in a pack; halved",
        "out of memory with 3 training runs in a pack; halved",
        "out of memory with 3 training runs in a pack; halved",
    ]
    monkeypatch.undo()
    assert findings(halved) == findings(run(declared, tmp_path / "whole"))


class Killed(BaseException):
    """Ends a run as a signal would."""


def test_a_run_continues_in_the_middle_of_a_pack_and_leaves_no_file_behind(
    study: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    declared = study(network=OWN, pack=4, cycles=1)
    steps = 0
    at_end: list[int | None] = []

    def due(self: PackStateFile) -> bool:
        nonlocal steps
        steps += 1
        if steps == 60:  # in the second pack of 3 x 12 steps
            raise Killed
        return True

    monkeypatch.setattr(PackStateFile, "due", due)
    with pytest.raises(Killed):
        run(declared, tmp_path / "broken")
    folder = tmp_path / "broken" / "tiny" / "in-flight"
    (file,) = folder.rglob("*.pt")
    (file.parent / "another.pt").write_text("of a pack that is never taken up again")
    read = PackStateFile.load

    def load(self: PackStateFile) -> Any:
        result = read(self)
        at_end.append(None if result is None else len(result["finished"]))
        return result

    monkeypatch.setattr(PackStateFile, "load", load)
    table = run(declared, tmp_path / "broken")
    assert at_end[0] == 1  # of the second pack's members, one had been finished
    assert set(at_end[1:]) == {None}
    assert not folder.exists()
    monkeypatch.undo()
    assert findings(table) == findings(run(declared, tmp_path / "whole"))


SCRIPT = """
import json, sys
from pathlib import Path
import torch
from oracle.runs import execute, prepare
from oracle.study.validation import parse
from oracle.settings import Settings

execute.resolve_device = lambda wanted: torch.device("cuda")  # so that a worker makes the plan
content = json.loads(sys.argv[1])
where = Settings(Path("runs"), workers=2, backend="ray", device="cpu")
prepared = prepare.prepare(parse(content, "tiny.yaml"), where)
table = execute.execute(prepared)
print(json.dumps(table))
"""
NETWORK = """
import os
from pathlib import Path
from torch import nn

def small(shape, classes):
    with Path(__file__).with_name("built").open("a") as file:
        file.write(f"{os.getpid()}\\n")
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, classes))
"""


@pytest.mark.slow
@pytest.mark.ray
def test_workers_are_started_once_a_run_and_find_what_one_process_finds(
    study: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "small_networks.py").write_text(NETWORK)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    changes: dict[str, Any] = {
        "network": {"factory": "small_networks:small"},
        "training": {"steps": 300, "batch": 16, "validate_every": 100},
        "grid": {"max_lr": [0.05, 0.1, 0.2], "extend": False},
        "cycles": 1,
        "replicates": 3,
    }
    content = study(pack=1, **changes).model_dump(mode="json", exclude_defaults=True)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(content)],
        capture_output=True, text=True, check=False, timeout=240,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), "."])},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    by_two = json.loads(done.stdout)
    processes = set((tmp_path / "built").read_text().split())
    # The driver, which checks the network, and its workers; on a busy machine the second may come
    # when all is done.
    assert 1 + 1 <= len(processes) <= 1 + 2
    one = run(study(pack=16, **changes), tmp_path / "one")
    assert findings(by_two) == findings(one)


def test_rays_files_lie_where_the_paths_of_its_sockets_are_short_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / "a-folder-for-temporary-files-as-clusters-have-them"
    long.mkdir()
    short = Path(tempfile.mkdtemp(prefix="s", dir="/tmp"))
    for temporary, expected in ((long, short.parent), (short, short)):
        monkeypatch.setattr("tempfile.tempdir", str(temporary))
        scratch = ray_cluster.make_scratch()
        assert scratch.parent == expected
        assert scratch.stat().st_mode & 0o077 == 0
        shutil.rmtree(scratch)
    short.rmdir()
