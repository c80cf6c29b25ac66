"""SECURITY.md says who is trusted with what, and names nothing that is not there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "who",
    ["`oracle serve`", "`admin`", "`submit`", "`read`", "nobody", "a driver, the", "a worker",
     "write to the database", "write to the run folder", "other users of the machine"],
)  # fmt: skip
def test_the_threat_model_lists_what_each_party_is_trusted_with(who: str) -> None:
    rows = [line.strip("|").split("|") for line in TEXT.splitlines() if line.startswith("| ")]
    table = rows[: next(index for index, row in enumerate(rows) if "command" in row[0])]
    assert sum(who in row[0] for row in table) == 1
    assert all(len(row) == 3 and all(cell.strip() for cell in row) for row in table)


def test_what_it_names_is_there() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"`make (\w+)`", TEXT)
    assert len(targets) >= 2
    assert [each for each in targets if f"\n{each}:" not in makefile] == []
    files = re.findall(r"\btests/[\w/]+(?:\.py)?", TEXT)
    assert len(files) >= 3
    assert [each for each in files if not (ROOT / each).exists()] == []
