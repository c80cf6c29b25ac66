"""What holds when many servers, drivers and people work on one queue at once."""

import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import Any

from oracle.database import Jobs, RunDatabase, parse_url
from oracle.records.jobs import Holder, NewJob

THREADS = 8


@contextmanager
def opened(storage: str) -> Iterator[Jobs]:
    ledger = RunDatabase(parse_url(storage))
    yield ledger.jobs()
    ledger.close()


def new(name: str, **changes: Any) -> NewJob:
    return NewJob(
        **{"id": name, "owner": "ann", "study_name": "a", "study": "", "source": ""} | changes
    )


def at_once(storage: str, act: Callable[[Jobs, int], Any]) -> list[Any]:
    """Do something in threads, each with connections of its own, all starting together."""
    start = Barrier(THREADS)

    def one(index: int) -> Any:
        with opened(storage) as jobs:
            start.wait()
            return act(jobs, index)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(one, range(THREADS)))


def holder(index: int) -> Holder:
    return Holder(f"server-{index}", "boot/ns 1 2 host")


def test_no_job_is_handed_out_twice(storage: str) -> None:
    with opened(storage) as jobs:
        for index in range(40):
            jobs.submit(new(f"a-{index}"))

        def claim_all(jobs: Jobs, index: int) -> list[str]:
            mine = []
            while (job := jobs.claim(holder(index))) is not None:
                mine.append(job.id)
            return mine

        claimed = at_once(storage, claim_all)
        assert Counter(name for each in claimed for name in each) == {
            f"a-{index}": 1 for index in range(40)
        }
        assert Counter(held.holder for held in jobs.held()) == {
            f"server-{index}": len(each) for index, each in enumerate(claimed) if each
        }
        assert jobs.count()["running"] == 40


CLAIM = """
import sys
from oracle.records.jobs import Holder
from oracle.database import RunDatabase, parse_url
ledger = RunDatabase(parse_url(sys.argv[1]))
print("ready", flush=True)
input()
while (job := ledger.jobs().claim(Holder(sys.argv[2], "boot/ns 1 2 host"))) is not None:
    print(job.id)
"""


def test_nor_is_it_to_another_process(storage: str) -> None:
    with opened(storage) as jobs:
        names = {f"a-{index}" for index in range(60)}
        for name in names:
            jobs.submit(new(name))
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", CLAIM, storage, str(index)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for index in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    printed = [process.communicate(timeout=240)[0].split() for process in processes]
    assert Counter(name for each in printed for name in each) == dict.fromkeys(names, 1)
    assert [process.returncode for process in processes] == [0, 0, 0]


def test_a_study_that_is_submitted_by_many_at_once_is_one_job(storage: str) -> None:
    answers = at_once(storage, lambda jobs, index: jobs.submit(new("a-1"), "key"))
    assert sorted(created for _, created in answers) == [False] * (THREADS - 1) + [True]
    assert {job.number for job, _ in answers} == {answers[0][0].number}
    with opened(storage) as jobs:
        assert [event.text for event in jobs.events("a-1")] == ["queued"]


def test_events_are_numbered_without_gaps_or_repeats(storage: str) -> None:
    with opened(storage) as jobs:
        jobs.submit(new("a-1"))
        jobs.claim(holder(0))

        def tell(mine: Jobs, index: int) -> None:
            for number in range(10):
                assert mine.tell("a-1", holder(0), "line", f"{index}:{number}")

        before = jobs.revisions(["a-1"])["a-1"]
        at_once(storage, tell)
        events = jobs.events("a-1")
        assert [event.number for event in events] == list(range(1, 83))
        for index in range(THREADS):
            own = [event.text for event in events if event.text.startswith(f"{index}:")]
            assert own == [f"{index}:{number}" for number in range(10)]
        assert jobs.revisions(["a-1"])["a-1"] == before + 80


def test_a_dead_servers_job_is_taken_back_once(storage: str) -> None:
    with opened(storage) as jobs:
        jobs.submit(new("a-1"))
        jobs.claim(holder(0))
        (held,) = jobs.held()
        taken = at_once(storage, lambda mine, _: mine.take_back(held))
        assert sorted(taken) == [False] * (THREADS - 1) + [True]
        assert [event.text for event in jobs.events("a-1")] == ["queued", "running", "queued"]


def test_a_cancel_wins_over_the_end_that_comes_with_it_or_is_refused(storage: str) -> None:
    with opened(storage) as jobs:
        for round_ in range(5):
            name = f"a-{round_}"
            jobs.submit(new(name))
            jobs.claim(holder(0))

            def act(mine: Jobs, index: int, name: str = name) -> str:
                try:
                    job = mine.release(name, holder(0), "done") if index % 2 else mine.cancel(name)
                except Exception as error:
                    return type(error).__name__
                return job.state

            outcomes = set(at_once(storage, act))
            end = jobs.get(name).state
            assert outcomes in ({"done", "WrongState"}, {"cancelled"})
            assert end == ("done" if "done" in outcomes else "cancelled")
            assert [event.text for event in jobs.events(name)] == ["queued", "running", end]
            assert jobs.held() == []
