"""The pictures of the README and the explanation are small, shown, and made by a script."""

import re
import sys
from pathlib import Path

import pytest
from PIL import Image

DOCS = Path(__file__).parents[2] / "docs"
PICTURES = DOCS / "pictures"


def test_the_readme_has_a_moving_picture_of_less_than_a_megabyte() -> None:
    text = (DOCS.parent / "README.md").read_text("utf-8")
    shown = [DOCS.parent / name for name in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text)]
    frames = {}
    for picture in shown:
        with Image.open(picture) as image:
            frames[picture.name] = getattr(image, "n_frames", 1)
    assert sum(picture.stat().st_size for picture in shown) < 1_000_000
    assert frames["demo.webp"] >= 4  # one for each cycle at least
    assert frames["callouts.png"] == 1


def test_every_picture_is_made_by_the_script_and_shown_on_a_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(str(DOCS / "scripts"))
    import pictures

    monkeypatch.delitem(sys.modules, "pictures")
    made = set(pictures.MADE)
    assert {file.name for file in PICTURES.iterdir()} == made
    pages = [DOCS.parent / "README.md", *DOCS.rglob("*.md")]
    text = "\n".join(page.read_text("utf-8") for page in pages)
    assert [name for name in sorted(made) if f"pictures/{name})" not in text] == []
