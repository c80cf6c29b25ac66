"""Runs whose short ids collide: each has an id of its own, also where both start at once."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from factories import make_study

from oracle.database import RunDatabase, RunRecord, parse_url
from oracle.errors import LeaseLost, StorageError
from oracle.runs import catalog, execute, prepare, run_ids
from oracle.settings import Progress, Settings
from oracle.study import base

SAME_SHORT = (0, 16, 64)  # digits of a hash: the short id is the same for all runs of one name


@pytest.fixture
def ledger(storage: str) -> Iterator[RunDatabase]:
    opened = RunDatabase(parse_url(storage))
    yield opened
    opened.close()


def record(seed: int) -> RunRecord:
    return RunRecord("", f"graph-{seed}", "images", f'{{"seed": {seed}}}', "running")


def register(ledger: RunDatabase, run: RunRecord, ids: tuple[str, ...]) -> RunRecord:
    with ledger.lease(run.graph, print) as lease:
        return ledger.register_first(run, ids, run_ids.is_same_run, lease.claim)


def test_of_two_runs_that_register_at_once_one_has_the_short_id(
    ledger: RunDatabase, storage: str
) -> None:
    other = RunDatabase(parse_url(storage))
    for round_ in range(5):
        barrier = Barrier(2)

        def start(opened: RunDatabase, seed: int, round_: int, barrier: Barrier) -> RunRecord:
            run = record(seed)
            short, longer = f"mine-{round_}", f"mine-{round_}-{seed}"
            with opened.lease(f"{run.graph}-{round_}", print) as lease:
                barrier.wait()
                return opened.register_first(run, (short, longer), run_ids.is_same_run, lease.claim)

        with ThreadPoolExecutor(2) as pool:
            both = [
                pool.submit(start, opened, seed, round_, barrier)
                for seed, opened in enumerate((ledger, other))
            ]
            ids = [each.result() for each in both]
        assert sorted(len(each.run_id) for each in ids) == [6, 8]
        assert [ledger.run(each.run_id) for each in ids] == ids
    other.close()


def test_a_run_that_starts_again_keeps_its_id_and_its_state_is_set(ledger: RunDatabase) -> None:
    first = register(ledger, record(1), ("mine", "mine-1"))
    second = register(ledger, record(2), ("mine", "mine-2"))
    assert (first.run_id, second.run_id) == ("mine", "mine-2")
    stopped = RunRecord("mine-2", second.graph, "images", second.study, "stopped")
    ledger.register(stopped)
    assert register(ledger, record(2), ("mine", "mine-2")) == second
    assert ledger.run("mine-2") == second  # it runs again
    assert len(ledger.runs()) == 2


def test_a_run_without_a_free_id_or_without_its_lease_is_not_registered(
    ledger: RunDatabase,
) -> None:
    register(ledger, record(1), ("mine",))
    with pytest.raises(StorageError, match="other runs have the ids mine; give the study"):
        register(ledger, record(2), ("mine",))
    with ledger.lease("graph-3", print) as lease:
        pass
    with pytest.raises(LeaseLost):
        ledger.register_first(record(3), ("new",), run_ids.is_same_run, lease.claim)
    assert [each.run_id for each in ledger.runs()] == ["mine"]


def test_runs_that_were_checked_before_either_began_do_not_share_an_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "HASH_DIGITS", SAME_SHORT)
    where = Settings(folder=tmp_path, backend="inline", device="cpu")
    studies = [make_study(seed=seed, cycles=1, replicates=1) for seed in (1, 2)]
    prepared = [prepare.prepare(each, where) for each in studies]
    assert [each.run_id for each in prepared] == ["tiny-", "tiny-"]  # free for both of them
    messages: list[str] = []
    tables = [execute.execute(each, Progress(registered=messages.append)) for each in prepared]
    longer = run_ids.run_ids(studies[1], prepared[1].graph.fingerprint)[1]
    assert [table["run_id"] for table in tables] == messages == ["tiny-", longer]
    for seed, table in zip((1, 2), tables, strict=True):
        [stored_run] = [
            each for each in catalog.find(where) if each.record.run_id == table["run_id"]
        ]
        assert (stored_run.study.seed, stored_run.state) == (seed, "done")
    again = execute.execute(prepared[1], Progress(registered=messages.append))
    assert (again, messages[-1]) == (tables[1], longer)


STARTED_AT_ONCE = """
import json, sys
from pathlib import Path
from factories import make_study
from oracle.runs import execute, prepare
from oracle.settings import Settings
from oracle.study import base
base.HASH_DIGITS = (0, 16, 64)
storage, folder, seed = sys.argv[1:]
where = Settings(folder=Path(folder), storage=storage, backend="inline", device="cpu")
prepared = prepare.prepare(make_study(seed=int(seed), cycles=1, replicates=1), where)
print(prepared.run_id, flush=True)
sys.stdin.readline()
print(json.dumps(execute.execute(prepared)))
"""


@pytest.mark.slow
def test_two_processes_with_one_short_id_that_start_at_once_do_not_mix_their_results(
    storage: str, tmp_path: Path
) -> None:
    search_path = os.pathsep.join(each for each in sys.path if each)
    both = [
        subprocess.Popen(
            [sys.executable, "-c", STARTED_AT_ONCE, storage, str(tmp_path), str(seed)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": search_path},
        )
        for seed in (1, 2)
    ]  # fmt: skip
    for each in both:
        assert each.stdout is not None
        assert each.stdout.readline() == "tiny-\n"  # both are checked, and find the id free
    tables = [json.loads(each.communicate("go\n")[0]) for each in both]
    assert [each.returncode for each in both] == [0, 0]
    named = sorted(table["run_id"] for table in tables)
    assert named[0] == "tiny-"
    assert len(named[1]) == len("tiny-") + 16
    alone = Settings(folder=tmp_path / "alone", backend="inline", device="cpu")
    for seed, table in zip((1, 2), tables, strict=True):
        study = make_study(seed=seed, cycles=1, replicates=1)
        wanted = execute.execute(prepare.prepare(study, alone))
        assert wanted["kind"] == "oracle"
        assert table["cycles"][0]["grid"] == wanted["cycles"][0]["grid"]
        where = Settings(folder=tmp_path, storage=storage)
        [stored_run] = [
            each for each in catalog.find(where) if each.record.run_id == table["run_id"]
        ]
        assert (stored_run.study.seed, stored_run.state) == (seed, "done")
