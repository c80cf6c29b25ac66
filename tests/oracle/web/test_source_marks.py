"""Where refused fields stand in the text."""

import pytest

from oracle.records.jobs import Job
from oracle.web import source_marks
from oracle.web import text as words
from scyc.errors import Problem

TEXT = """name: x
grid:
  max_lr:
    - 0.1
    - -0.02
pruning: {rate: 2}
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("grid.max_lr[1]", 5),
        ("grid.max_lr", 3),
        ("grid.count", 2),  # not there: what should hold it
        ("pruning.rate", 6),
        ("schedule", None),
        ("line 4, column 2", 4),
        ("", None),
    ],
)
def test_a_path_leads_to_its_line(path: str, line: int | None) -> None:
    assert source_marks.line(TEXT, path) == line


@pytest.mark.parametrize("text", ["[" * 5000, "a: &b [*b]", "a: [", "\x00", "a: !!python/none x"])
def test_text_that_is_dangerous_to_compose_is_not(text: str) -> None:
    assert source_marks.line(text, "a") is None


def test_lines_around_problems_are_shown_and_gaps_between_them_marked() -> None:
    text = "\n".join(f"f{n}: {n}" for n in range(1, 10))
    shown = source_marks.marked(
        text, [Problem("f2", "no"), Problem("f8", "no"), Problem("f8", "never")]
    )
    assert [(each.number, len(each.problems)) for each in shown] == [
        (1, 0), (2, 1), (3, 0), (7, 0), (8, 2), (9, 0),
    ]  # fmt: skip
    assert [each.number for each in shown if each.gap] == [7]


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.2, "0 s"), (59.6, "1 min"), (61, "1 min 1 s"), (7500, "2 h 5 min"), (90_000, "1 d 1 h")],
)
def test_durations_have_two_units(seconds: float, shown: str) -> None:
    assert words.left(seconds) == shown


@pytest.mark.parametrize(("done", "known", "percent"), [(0, 0, 0), (999, 1000, 99), (5, 5, 100)])
def test_only_a_finished_run_shows_a_hundred_percent(done: int, known: int, percent: int) -> None:
    job = a_job(state="running", done=done, known=known)
    assert words.share(job) == percent


def test_a_finished_job_has_all_its_training_runs_though_more_were_expected() -> None:
    running = a_job(state="running", done=29, known=31)
    done = a_job(state="done", done=29, known=31)
    assert (words.share(running), words.amount(running)) == (93, "29 of 31 training runs")
    assert (words.share(done), words.amount(done)) == (100, "29 training runs")


def a_job(**fields: object) -> Job:
    job = Job.__new__(Job)
    for name, value in fields.items():
        object.__setattr__(job, name, value)
    return job
