"""The pages of docs/reference that are made from the code are what the code says."""

import sys
from pathlib import Path
from types import ModuleType

import pytest

from oracle.cli.main import main as cli

SCRIPTS = Path(__file__).parents[2] / "docs" / "scripts"
REMEDY = "python docs/scripts/pages.py"


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """docs/scripts/pages.py, with the other scripts of its folder."""
    monkeypatch.syspath_prepend(str(SCRIPTS))
    import pages

    monkeypatch.delitem(sys.modules, "pages")
    return pages


@pytest.mark.parametrize("name", ["api.md", "cli.md", "http.md", "study-fields.md"])
def test_a_generated_page_is_up_to_date_with_the_code(pages: ModuleType, name: str) -> None:
    assert (pages.REFERENCE / name).read_text("utf-8") == pages.MADE[name](), REMEDY


def test_every_command_has_a_section(pages: ModuleType) -> None:
    made = pages.MADE["cli.md"]()
    assert [name for name in cli.commands if f"\n## oracle {name}\n" not in made] == []
    assert "\n### oracle token create\n" in made
    assert "| `--help` |" not in made


def test_every_field_of_a_study_has_a_meaning(pages: ModuleType) -> None:
    rows = [line for line in pages.MADE["study-fields.md"]().splitlines() if line[:3] == "| `"]
    assert len(rows) > 150
    assert [row for row in rows if row.endswith("|  |")] == []
