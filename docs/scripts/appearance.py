"""Draws the figures of docs/appearance.md: those of this version, and the heat map's made-up table.

    python docs/scripts/appearance.py

Needs Chromium (BROWSER_PATH, or /usr/bin/chromium) and writes docs/appearance/*.webp, lossless,
with 256 colours each. The pictures "before" were drawn by the code of commit 32efeb9 and stay as
they are.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from paper_size import made_up_table  # noqa: E402  # a table of the tests

from oracle.plots import page  # noqa: E402
from oracle.plots.registry import FIGURES  # noqa: E402

OUTPUT = ROOT / "docs" / "appearance"
WIDTH, COLORS = 1280, 256


def quantised(source: Path, target: Path, width: int = WIDTH) -> None:
    """Write a picture with few colours and no more than so many pixels across."""
    with Image.open(source) as whole:
        drawn = whole.convert("RGB")
        if drawn.width > width:
            drawn = drawn.resize(
                (width, drawn.height * width // drawn.width), Image.Resampling.LANCZOS
            )
        few = drawn.quantize(COLORS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        if target.suffix == ".webp":
            few.convert("RGB").save(target, lossless=True, quality=100, method=4)
        else:
            few.save(target, optimize=True)


def phone(source: Path, target: Path) -> None:
    """Take a picture of an HTML figure as a phone in dark mode shows it."""
    chromium = os.environ.get("BROWSER_PATH", "/usr/bin/chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark")
        shown = context.new_page()
        shown.goto(source.as_uri())
        shown.locator("figure:last-child .plot[data-drawn]").wait_for()
        shown.wait_for_timeout(500)
        shown.screenshot(path=target)
        browser.close()


def main() -> None:
    """Draw both tables as pictures, and one as a phone shows it."""
    OUTPUT.mkdir(exist_ok=True)
    measured: Any = json.loads((ROOT / "docs" / "results" / "digits.json").read_text("utf-8"))
    kind = FIGURES["oracle"]
    with tempfile.TemporaryDirectory() as folder:
        whole, small = Path(folder) / "whole.png", Path(folder) / "phone.png"
        for name, table in (("9", measured), ("27", made_up_table())):
            page.save(kind.figure(table), whole)
            quantised(whole, OUTPUT / f"networks-{name}.webp")
        drawn = Path(folder) / "figure.html"
        page.save(kind.figure(measured), drawn, kind.cards(measured))
        phone(drawn, small)
        quantised(small, OUTPUT / "phone.webp")


if __name__ == "__main__":
    main()
