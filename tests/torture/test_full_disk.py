"""A disk that is full or only read: the run ends with a word, and goes on once there is room."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from faults import failpoints, invariants, journal
from faults.commands import Command
from faults.drivers import Victim
from faults.windows import PACK, SMALL, WINDOWS, Attempt

from oracle.runs import execute

ERRORS = {
    "write": "ENOSPC",
    "pwrite64": "ENOSPC",
    "ftruncate": "ENOSPC",
    "mkdir": "ENOSPC",
    "rename": "ENOSPC",
    "fsync": "EIO",
    "fdatasync": "EIO",
    "unlink": "EROFS",
}
SHORT = (
    ("images", "write", 3, 1),
    ("new tables of Optuna", "pwrite64", 40, 2),
    ("a commit", "pwrite64", 5, 1),
    ("a commit", "fdatasync", 1, 1),
    ("a checkpoint", "mkdir", 1, 1),
    ("a checkpoint", "write", 1, 1),
    ("an unfinished pack", "write", 1, 0),
    ("a landing", "unlink", 1, 0),
    ("unused checkpoints", "unlink", 1, None),  # it may go on
)
_FEW = {"notes": 20}  # one in so many of its calls, which are hundreds and all alike
_SIZE = 8 * 2**20  # bytes of a small disk


def complaints(victim: Victim, code: int) -> list[str]:
    """What is wrong with the way in which a command has ended."""
    problems = [] if code in (0, 1, 2) else [f"the command ends with {code}"]
    if "Traceback" in victim.errors:
        problems.append("a traceback")
    if code and "Error: " not in victim.errors and "Failed: " not in victim.errors:
        problems += [] if "problem" in victim.errors else ["no reason"]
    return [*problems, victim.errors[-1500:]] if problems else []


@pytest.mark.usefixtures("strace")
@pytest.mark.parametrize(("window", "call", "count", "code"), SHORT)
def test_a_call_that_fails_ends_a_run_with_a_reason_and_loses_nothing(
    attempt: Callable[..., Attempt],
    small_ended: Victim,
    window: str,
    call: str,
    count: int,
    code: int | None,
) -> None:
    hurt = attempt(window, Command)
    ended = hurt.hurt(f"{call}:error={ERRORS[call]}:when={count}+").code
    assert complaints(hurt.victim, ended) == []
    assert code in (None, ended)
    assert hurt.taken_up(small_ended) == []


@pytest.mark.slow
@pytest.mark.usefixtures("strace")
@pytest.mark.parametrize("window", WINDOWS)
def test_any_call_may_fail(
    attempt: Callable[..., Attempt],
    small_ended: Victim,
    counted: Callable[..., None],
    window: str,
) -> None:
    counts = attempt(window, Command).hurt("").counts
    injected, went_on, broken = 0, 0, []
    for call, error in ERRORS.items():
        for count in range(1, counts[call] + 1, _FEW.get(window, 1)):
            hurt = attempt(window, Command)
            code = hurt.hurt(f"{call}:error={error}:when={count}+").code
            injected += 1
            went_on += code == 0
            problems = complaints(hurt.victim, code) + hurt.taken_up(small_ended)
            if problems:
                broken.append((call, count, problems))
    counted(
        f"a call of {window} fails",
        injected=injected,
        survived=injected - len(broken),
        went_on=went_on,
        broken=len(broken),
    )
    assert broken == []


def mount(folder: Path, *options: str) -> None:
    subprocess.run(["mount", *options, str(folder)], check=True, capture_output=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 8 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid():
        pytest.skip("only root mounts a disk")
    try:
        mount(folder, "-t", "tmpfs", "-o", f"size={_SIZE}", "tmpfs")
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no disk can be mounted here: {error}")
    yield folder
    subprocess.run(["umount", "-R", str(folder)], check=True)


def on(disk: Path) -> Command:
    return Command(disk / "runs", declared=SMALL, save_every=1e-9, log_folder=disk.parent)


def fill(disk: Path, left: int) -> None:
    """Leave so many bytes."""
    free = os.statvfs(disk)
    with (disk / "ballast").open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, free.f_bavail * free.f_bsize - left)


def filled_up(disk: Path, left: int, small_ended: Victim) -> tuple[int, list[str]]:
    """How a run ends on a disk with so much room, and what is broken, also after it was cleared."""
    victim, file = on(disk), disk.parent / "journal"

    def armed() -> None:
        journal.keep(file)
        execute.publish = lambda *_: None

    fill(disk, left)
    code = victim.drive(armed)
    problems = complaints(victim, code)
    (disk / "ballast").unlink()
    again = victim.drive(armed)
    if again:
        return code, [*problems, f"with room, it ends with {again}: {victim.errors[-1500:]}"]
    return code, problems + invariants.broken(victim, small_ended, file, again=PACK)


@pytest.mark.parametrize("left", [16, 600])
def test_a_run_on_a_full_disk_continues_once_there_is_room(
    disk: Path, small_ended: Victim, left: int
) -> None:
    code, broken = filled_up(disk, left * 1024, small_ended)
    assert broken == []
    assert code in (1, 2)


@pytest.mark.slow
def test_a_disk_may_be_full_at_any_time(
    disk: Path, small_ended: Victim, counted: Callable[..., None]
) -> None:
    failed, broken = 0, []
    sizes = range(0, 1600, 20)
    for left in sizes:
        code, problems = filled_up(disk, left * 1024, small_ended)
        failed += code != 0
        broken += [(left, problems)] if problems else []
        subprocess.run(["rm", "-rf", str(disk / "runs")], check=True)
        for name in ("journal", "errors"):
            (disk.parent / name).unlink(missing_ok=True)
    counted("a full disk", injected=failed, survived=failed - len(broken), broken=len(broken))
    assert broken == []
    assert failed > 30


def test_an_unfinished_pack_that_cannot_be_saved_is_trained_all_the_same(
    disk: Path, small_ended: Victim
) -> None:
    victim = on(disk)
    (victim.folder / "in-flight").mkdir(parents=True)
    mount(victim.folder / "in-flight", "-t", "tmpfs", "-o", "size=4k,nr_inodes=3", "tmpfs")
    assert victim.drive() == 0, victim.errors
    printed = " ".join(victim.errors.split())  # as broken into lines
    assert printed.count("space left on device); after a crash its pack starts anew") == 6
    assert victim.table() == small_ended.table()


def test_a_read_only_folder_is_refused_and_keeps_its_files(disk: Path, small_ended: Victim) -> None:
    victim = on(disk)
    mount(disk, "-o", "remount,ro")
    assert victim.drive() == 2
    assert "--runs" in victim.errors
    mount(disk, "-o", "remount,rw")
    assert victim.drive(lambda: failpoints.arm("between commit and acknowledgement", 4)) == -9
    mount(disk, "-o", "remount,ro")
    assert victim.drive() == 2
    assert complaints(victim, 2) == []
    mount(disk, "-o", "remount,rw")
    assert victim.drive() == 0, victim.errors
    assert invariants.broken(victim, small_ended) == []
