"""Runs as lines of text."""

import pytest

from oracle.client import run_text
from oracle.client.models import RunSummary


@pytest.mark.parametrize(("shrunk", "word"), [({}, "full"), ({"cycles": "25 to 3"}, "scaled")])
def test_a_list_shows_in_a_word_whether_options_scaled_a_run_down(
    shrunk: dict[str, str], word: str
) -> None:
    run = RunSummary("tiny-0", None, "tiny", "oracle", "done", 4, 4, None, 0, (), shrunk)
    heads, line = run_text.several([run]).splitlines()
    assert line[heads.index("scale") :].split()[0] == word
    assert run_text.as_json(run)["shrunk"] == shrunk


def test_one_run_is_shown_with_how_it_was_scaled_down() -> None:
    shrunk = {"iterations": "6 of 12", "cycles": "1 of 2"}
    run = RunSummary("tiny-0", None, "tiny", "oracle", "done", 4, 4, None, 0, (), shrunk)
    assert "scaled    steps 6 of 12, cycles 1 of 2\n" in run_text.one(run)
