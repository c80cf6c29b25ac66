"""Makes the screenshots of the pages, from a run of a small study on a server of its own.

    python docs/scripts/screenshots.py

Needs Chromium (BROWSER_PATH, or /usr/bin/chromium) and writes docs/pages/*.webp, in about a minute.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from appearance import quantised  # the script next to this one
from playwright.sync_api import sync_playwright

OUTPUT = Path(__file__).parents[1] / "pages"
STUDY = """name: digits-watched
description: >-
  Fully connected 2 x 64 ReLU network on handwritten digits, pruned by magnitude with rewinding.
dataset: digits
network: {name: fully_connected, hidden: [64, 64]}
pruning: {criterion: global_magnitude, rate: 0.2, rewind: init}
training: {steps: 120, batch: 64, validation_interval: 40}
schedule: {warmup: 24, milestones: [72, 96]}
grid: {kind: log, low: 0.01, high: 0.3, count: 10}
cycles: 6
replicates: 3
s_cyc: {epsilon: 0.06, delta: 0.09, q: 1, beta: 4.0}
pack: 5
"""
OTHER = STUDY.replace("digits-watched", "digits-wider").replace("[64, 64]", "[128, 128]")
WRONG = STUDY.replace("replicates: 3", "replicates: 0").replace("low: 0.01", "low: -0.01")

# Some cycles are finished.
GROWN = "figure[data-name=accuracies] .plot[data-drawn]:not([data-drawn='1'], [data-drawn='2'])"


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Start a server of our own; yield its address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    program = Path(sys.executable).with_name("oracle")
    command = [str(program), "serve", "--runs", str(folder), "--port", str(port)]
    server = subprocess.Popen([*command, "--backend", "inline", "--workers", "1"])  # noqa: S603
    address = f"http://127.0.0.1:{port}"
    try:
        while server.poll() is None:
            try:
                urllib.request.urlopen(f"{address}/healthz").close()  # noqa: S310  # our own
                break
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.2)
        yield address
    finally:
        server.terminate()
        server.wait(60)


def submit(page: Any, home: str, study: str) -> str:
    """Submit a study by the form; returns the address of its job."""
    page.goto(f"{home}/")
    page.get_by_label("Study (YAML)").fill(study)
    page.get_by_role("button", name="Submit").click()
    page.locator(".hero, #problems").wait_for()
    return str(page.url)


def shoot(page: Any, name: str, whole: bool = False) -> None:
    """Write one picture."""
    page.wait_for_timeout(800)  # for what moves to stand
    taken, target = OUTPUT / f"{name}.png", OUTPUT / f"{name}.webp"
    page.screenshot(path=taken, full_page=whole)
    quantised(taken, target, page.viewport_size["width"])
    taken.unlink()


def main() -> None:
    """Run two studies, and take pictures on the way and at the end."""
    OUTPUT.mkdir(exist_ok=True)
    chromium = os.environ.get("BROWSER_PATH", "/usr/bin/chromium")
    with (
        tempfile.TemporaryDirectory() as folder,
        served(Path(folder)) as home,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 860})
        page.set_default_timeout(300_000)
        submit(page, home, WRONG)
        shoot(page, "refused")
        job = submit(page, home, STUDY)
        other = submit(page, home, OTHER)
        page.goto(job)
        page.locator(GROWN).wait_for()
        shoot(page, "job-growing")
        page.goto(f"{home}/")
        shoot(page, "jobs")
        page.goto(job)
        page.locator(".hero .state.done").wait_for()
        page.goto(other)
        page.locator(".hero .state.done").wait_for()
        runs = [re.sub(".*/", "run=", each) for each in (job, other)]
        looks: tuple[tuple[str, int, str], ...] = (
            ("light", 1280, "light"), ("dark", 1280, "dark"), ("phone", 390, "dark"),
        )  # fmt: skip
        for name, width, scheme in looks:
            context = browser.new_context(
                viewport={"width": width, "height": 860}, color_scheme=scheme
            )
            page = context.new_page()
            for path, what in ((job, "job"), (f"{home}/compare?{'&'.join(runs)}", "compare")):
                page.goto(path)
                page.locator("figure:last-child .plot[data-drawn]").wait_for()
                shoot(page, f"{what}-{name}", whole=what == "job" and width > 1000)
            context.close()
        browser.close()


if __name__ == "__main__":
    main()
