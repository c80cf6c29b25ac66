"""The kit itself: a killed driver is seen, and so is every broken invariant."""

from pathlib import Path

import optuna
import pytest
from faults import failpoints, invariants, journal
from faults.drivers import Victim

from oracle.execution.pack_state import PackStates
from oracle.storage.result_store import ResultStore


def test_an_uninterrupted_run_breaks_nothing(reference: Victim, victim: Victim) -> None:
    file = victim.runs_folder.parent / "journal"
    assert victim.drive(lambda: journal.keep(file)) == 0, victim.errors
    assert invariants.broken(victim, reference, file) == []


@pytest.mark.parametrize(
    "point", ["while training", "between commit and acknowledgement", "before a pack lands"]
)
def test_a_run_that_was_killed_is_taken_up_again(
    reference: Victim, victim: Victim, point: str
) -> None:
    file = victim.runs_folder.parent / "journal"

    def armed() -> None:
        journal.keep(file)
        failpoints.arm(point, 2)

    assert victim.drive(armed) == -9, victim.errors
    assert victim.drive(lambda: journal.keep(file)) == 0, victim.errors
    assert invariants.broken(victim, reference, file, again=4) == []


def test_a_cell_that_is_stored_twice_is_seen(reference: Victim, victim: Victim) -> None:
    def armed() -> None:
        add = ResultStore.add

        def twice(*arguments: object) -> None:
            add(*arguments)  # type: ignore[arg-type]
            add(*arguments)  # type: ignore[arg-type]

        ResultStore.add = twice  # type: ignore[assignment]

    assert victim.drive(armed) == 0, victim.errors
    assert {each[:2] for each in invariants.broken(victim, reference)} == {"I3"}


def test_what_a_run_leaves_behind_is_seen(reference: Victim, victim: Victim) -> None:
    def armed() -> None:
        PackStates.clear = lambda self: self.folder.mkdir(parents=True)  # type: ignore[method-assign]

    assert victim.drive(armed) == 0, victim.errors
    (victim.folder / "checkpoints" / "stray").write_bytes(b"")
    study = optuna.create_study(
        storage=f"sqlite:///{victim.settings.database_file}", study_name="another"
    )
    study.ask()
    problems = invariants.broken(victim, reference)
    assert [each.partition(",")[0] for each in sorted(problems)] == [
        "I3: 1 trials of cell unfinish",
        "I5: stray is left over",
        "I5: unfinished packs are left",
    ]


def test_a_training_that_is_repeated_is_seen(tmp_path: Path) -> None:
    file = tmp_path / "journal"
    file.write_text("start a\nattempt a\nstart a\ndone a\nstart a\ndone b\n")
    assert [each[:2] for each in journal.faults(file, 1, {"a", "c"})] == ["I2", "I2", "I6", "I6"]
