"""Who moves, deletes or imports runs is killed in between: nothing finished is lost or twice."""

import os
import shutil
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from faults import invariants
from faults.drivers import Victim, ended, forked

from oracle.database.contents import transfer
from oracle.database.contents.removal import Removal
from oracle.inventory import deletion, moving, transport
from oracle.runs import catalog
from oracle.runs.catalog import StoredRun
from oracle.settings import Settings
from oracle.storage.recorder import Recorder
from scyc.storage.blob_store import Folder


def dies(owner: Any, name: str, passing: int, after: bool = False) -> None:
    """Kill this process at the so-manieth call of a function, before or after it."""
    original, passed = getattr(owner, name), 0

    def killed(*arguments: Any, **named: Any) -> Any:
        nonlocal passed
        passed += 1
        if passed == passing and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(*arguments, **named)
        if passed == passing:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, killed)


def killed(work: Callable[[], None], errors: Path) -> int:
    return ended(forked(work, errors))


MOVES = {
    "within an Optuna study": (transfer, "insert_trial", 7, False),
    "between two Optuna studies": (transfer, "add_study", 3, False),
    "before the runs are written": (transfer, "_add_rows", 1, False),
    "after the runs are written": (transfer, "_add_rows", 4, True),
    "before the file is renamed": (moving, "_renamed", 1, False),
    "after the file is renamed": (moving, "_renamed", 1, True),
}


OFTEN = ("before the runs are written",)


def some(moments: Mapping[str, Any], often: Sequence[str]) -> list[Any]:
    """All moments, of which not all are for every day."""
    return [
        each if each in often else pytest.param(each, marks=pytest.mark.slow) for each in moments
    ]


@pytest.mark.parametrize("moment", some(MOVES, OFTEN))
def test_a_move_that_is_killed_is_done_again_and_ends_with_the_same(
    reference: Victim, tmp_path: Path, moment: str
) -> None:
    shutil.copytree(reference.runs_folder, tmp_path / "runs")
    hurt = Victim(tmp_path / "runs")
    expected = hurt.table()
    hurt.settings.database_file.rename(hurt.folder / "oracle.db")

    def work() -> None:
        dies(*MOVES[moment])
        moving.move(hurt.settings, print)

    assert killed(work, tmp_path / "errors") == -signal.SIGKILL
    messages: list[str] = []
    moving.move(hurt.settings, messages.append)
    assert not (hurt.folder / "oracle.db").exists(), messages
    assert hurt.table() == expected
    assert invariants.broken(hurt, reference) == []


DELETIONS = {
    "before a file goes": (Path, "unlink", 1, False),
    "between two files": (Path, "unlink", 4, True),
    "before the rows go": (Removal, "remove", 1, False),
    "after the rows are gone": (Removal, "remove", 1, True),
}
OFTEN_DELETIONS = ("between two files",)


def only(where: Settings) -> StoredRun:
    (run,) = catalog.find(where)
    return run


@pytest.mark.parametrize("again", ["delete", "run"])
@pytest.mark.parametrize("moment", some(DELETIONS, OFTEN_DELETIONS))
def test_a_deletion_that_is_killed_is_ended_by_another_or_undone_by_a_run(
    reference: Victim, tmp_path: Path, moment: str, again: str
) -> None:
    shutil.copytree(reference.runs_folder, tmp_path / "runs")
    hurt = Victim(tmp_path / "runs")

    def work() -> None:
        dies(*DELETIONS[moment])
        deletion.delete(only(hurt.settings), hurt.settings)

    assert killed(work, tmp_path / "errors") == -signal.SIGKILL
    if again == "run":
        assert hurt.drive() == 0, hurt.errors
        assert hurt.table() == reference.table()
        return
    if "gone" not in moment:
        assert only(hurt.settings).state == deletion.DELETING
        deletion.delete(only(hurt.settings), hurt.settings)
    assert catalog.find(hurt.settings) == []
    assert not list(hurt.runs_folder.rglob("*.pt"))


IMPORTS = {
    "between two networks": (Folder, "write", 2, False),
    "between two training runs": (Recorder, "cell", 5, True),
    "before its figures are made": (transport, "publish", 1, False),
}
OFTEN_IMPORTS = ("between two training runs",)


@pytest.mark.parametrize("moment", some(IMPORTS, OFTEN_IMPORTS))
def test_an_import_that_is_killed_is_done_again_and_ends_with_the_same(
    reference: Victim, tmp_path: Path, moment: str
) -> None:
    file = tmp_path / "run.zip"
    transport.export_run(only(reference.settings), reference.settings, file)
    taker = Victim(tmp_path / "runs")

    def work() -> None:
        dies(*IMPORTS[moment])
        transport.import_run(file, taker.settings)

    assert killed(work, tmp_path / "errors") == -signal.SIGKILL
    assert [run.state for run in catalog.find(taker.settings)] == (
        ["done"] if "figures" in moment else []
    )
    transport.import_run(file, taker.settings)
    assert invariants.broken(taker, reference) == []
    assert taker.table() == reference.table()
