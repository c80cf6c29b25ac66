"""Who moves, deletes or imports runs is killed in between: nothing finished is lost or twice."""

import os
import shutil
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from faults import invariants
from faults.drivers import Victim, ended, forked

from oracle.database.contents import transfer
from oracle.inventory import moving


def dies(owner: Any, name: str, passing: int, after: bool = False) -> None:
    """Kill this process at the so-manieth call of a function, before or after it."""
    original, passed = getattr(owner, name), 0

    def killed(*arguments: Any, **named: Any) -> Any:
        nonlocal passed
        passed += 1
        if passed == passing and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        found = original(*arguments, **named)
        if passed == passing:
            os.kill(os.getpid(), signal.SIGKILL)
        return found

    setattr(owner, name, killed)


def killed(work: Callable[[], None], errors: Path) -> int:
    return ended(forked(work, errors))


MOVES = {
    "within an Optuna study": (transfer, "trial_rows", 7, False),
    "between two Optuna studies": (transfer, "add_study", 3, False),
    "before the runs are written": (transfer, "_add_rows", 1, False),
    "after the runs are written": (transfer, "_add_rows", 4, True),
    "before the file is renamed": (moving, "_renamed", 1, False),
    "after the file is renamed": (moving, "_renamed", 1, True),
}


OFTEN = ("within an Optuna study", "before the runs are written", "after the file is renamed")


def some(moments: Mapping[str, Any]) -> list[Any]:
    """All moments, of which not all are for every day."""
    return [
        each if each in OFTEN else pytest.param(each, marks=pytest.mark.slow) for each in moments
    ]


@pytest.mark.parametrize("moment", some(MOVES))
def test_a_move_that_is_killed_is_done_again_and_ends_with_the_same(
    reference: Victim, tmp_path: Path, moment: str
) -> None:
    shutil.copytree(reference.place, tmp_path / "runs")
    hurt = Victim(tmp_path / "runs")
    expected = hurt.table()
    hurt.settings.database_file.rename(hurt.folder / "oracle.db")

    def work() -> None:
        dies(*MOVES[moment])
        moving.move(hurt.settings, print)

    assert killed(work, tmp_path / "errors") == -signal.SIGKILL
    said: list[str] = []
    moving.move(hurt.settings, said.append)
    assert not (hurt.folder / "oracle.db").exists(), said
    assert hurt.table() == expected
    assert invariants.broken(hurt, reference) == []
