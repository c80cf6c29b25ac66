"""A driver that is killed at one system call of what it writes down, and is started again."""

from collections.abc import Callable

import pytest
from faults import tracing
from faults.drivers import Victim
from faults.windows import WINDOWS, Attempt

from scyc.storage import blob_store

pytestmark = pytest.mark.usefixtures("strace")

SHORT = (
    ("images", "rename", 2),
    ("new tables of Optuna", "pwrite64", 40),
    ("the first commit", "pwrite64", 21),
    ("a commit", "fdatasync", 1),
    ("a checkpoint", "write", 1),
    ("a checkpoint", "rename", 1),
    ("an unfinished pack, again", "fsync", 1),
    ("a landing", "unlink", 1),
    ("unused checkpoints", "unlink", 1),
)
_FEW = {"notes": 20}  # one in so many of its calls, which are hundreds and all alike


@pytest.mark.parametrize(("window", "call", "count"), SHORT)
def test_a_driver_that_is_killed_at_a_call_loses_nothing(
    attempt: Callable[..., Attempt], small_ended: Victim, window: str, call: str, count: int
) -> None:
    hurt = attempt(window)
    assert hurt.hurt(f"{call}:signal=SIGKILL:when={count}").code == -9
    assert hurt.half_written() + hurt.taken_up(small_ended) == []


@pytest.mark.slow
@pytest.mark.parametrize("window", WINDOWS)
def test_a_driver_may_be_killed_at_any_call(
    attempt: Callable[..., Attempt],
    small_ended: Victim,
    counted: Callable[..., None],
    window: str,
) -> None:
    counts = attempt(window).hurt("").counts
    assert counts
    killed, broken = 0, []
    for call, times in counts.items():
        for count in range(1, times + 1, _FEW.get(window, 1)):
            hurt = attempt(window)
            code = hurt.hurt(f"{call}:signal=SIGKILL:when={count}").code
            killed += code == -9
            problems = [] if code == -9 else [f"not killed, but {code}"]
            problems += hurt.half_written() + hurt.taken_up(small_ended)
            if problems:
                broken.append((call, count, problems))
    counted(
        f"killed at each call of {window}",
        calls=counts.total(),
        injected=killed,
        survived=killed - len(broken),
        broken=len(broken),
    )
    assert broken == []


@pytest.mark.parametrize("window", ["images", "a checkpoint", "an unfinished pack"])
def test_files_and_folders_are_flushed_for_a_failure_of_power(
    attempt: Callable[..., Attempt], window: str
) -> None:
    calls = attempt(window).hurt("").calls
    assert {"mkdir", "rename", "fsync"} <= {name for name, _ in calls}
    assert tracing.unflushed(calls) == []


def test_a_file_and_a_folder_that_are_not_flushed_are_detected(
    attempt: Callable[..., Attempt],
) -> None:
    def unflushed() -> None:
        blob_store.os.fsync = lambda descriptor: None

    problems = tracing.unflushed(attempt("a checkpoint").hurt("", unflushed).calls)
    assert [each.rpartition("/")[0].rpartition("/")[2] for each in problems[1:3]] == [
        "tiny",
        "checkpoints",
    ]
    assert len(problems) == 4
    assert problems[0].endswith(".pt was not flushed")


def test_a_checkpoint_that_is_written_in_place_is_detected(
    attempt: Callable[..., Attempt],
) -> None:
    hurt = attempt("a checkpoint")

    def in_place() -> None:
        blob_store.write_whole = lambda target, content: target.write_bytes(content)

    assert hurt.hurt("write:signal=SIGKILL:when=1", in_place).code == -9
    assert hurt.half_written() != []
