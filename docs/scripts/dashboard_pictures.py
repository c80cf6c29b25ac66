"""Makes the pictures of the Optuna dashboard in docs/appearance.md, from a server of its own.

    python docs/scripts/dashboard_pictures.py

Needs Chromium (BROWSER_PATH, or /usr/bin/chromium) and writes docs/appearance/dashboard-*.webp, in
about a minute. The pictures "before" were made of commit 674f95a and stay as they are.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright
from screenshots import served  # the script next to this one

OUTPUT = Path(__file__).parents[1] / "appearance"
STUDY = """name: digits
dataset: digits
split: {train: 0.167, validation: 0.6}
network: fully_connected
pruning: {criterion: global_magnitude, rate: 0.8, rewind: init}
training: {steps: 60, batch: 64, validation_interval: 10}
schedule: {warmup: 10, milestones: [40, 50]}
grid: {kind: log, low: 0.01, high: 0.4, count: 6}
cycles: 2
replicates: 3
s_cyc: {epsilon: 0.06, delta: 0.12, q: 0, beta: 4.0}
pack: 12
"""
PICTURES = (  # name, path, text to wait for, width, colour scheme
    ("list", "/dashboard", "cycle 02", 1280, "light"),
    ("note", "/dashboard/studies/1/note", "S-Cyc verdict", 390, "dark"),
)


def compressed(source: Path, target: Path) -> None:
    """Write a picture as a small WebP, for which text of the page stays sharp."""
    with Image.open(source) as whole:
        whole.convert("RGB").save(target, quality=80, method=6)


def main() -> None:
    """Run the study, serve it, and take the pictures."""
    program = Path(sys.executable).with_name("oracle")
    chromium = os.environ.get("BROWSER_PATH", "/usr/bin/chromium")
    with tempfile.TemporaryDirectory() as scratch:
        folder, study = Path(scratch) / "runs", Path(scratch) / "digits.yaml"
        study.write_text(STUDY, encoding="utf-8")
        command = [str(program), "run", str(study), "--runs", str(folder), "--quiet"]
        subprocess.run([*command, "--backend", "inline"], check=True)  # noqa: S603  # our own
        with served(folder) as home, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            for name, path, text, width, scheme in PICTURES:
                size = {"width": width, "height": 640}
                page = browser.new_context(viewport=size, color_scheme=scheme).new_page()  # type: ignore[arg-type]
                page.goto(home + path)
                page.locator(f"text={text}").first.wait_for()
                page.wait_for_timeout(500)  # until it has faded in
                taken = Path(scratch) / f"{name}.png"
                page.screenshot(path=taken)
                compressed(taken, OUTPUT / f"dashboard-{name}.webp")
            browser.close()


if __name__ == "__main__":
    main()
