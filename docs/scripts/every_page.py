"""Makes a picture of every page, figure and report, at three widths and in both colour schemes.

    python docs/scripts/every_page.py FOLDER [NAME ...]

A server of its own has jobs in every state, two finished runs and a search. Needs
Chromium (BROWSER_PATH, or /usr/bin/chromium), and writes FOLDER/NAME-WIDTH-SCHEME.png in about ten
minutes; with NAMEs only those. The pictures are for looking at; no document shows them.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dashboard_pictures import STUDY as SMALL  # the scripts next to this one
from playwright.sync_api import sync_playwright
from screenshots import STUDY as LONGER
from screenshots import WRONG, served, submit

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from factories import make_study  # noqa: E402  # of the tests
from paper_size import made_up_table  # noqa: E402

from oracle.database import sqlite_url  # noqa: E402
from oracle.plots import page as drawing  # noqa: E402
from oracle.plots.overlay import overlaid  # noqa: E402
from oracle.plots.registry import FIGURES  # noqa: E402
from oracle.records.jobs import Holder  # noqa: E402
from oracle.runs import html_report  # noqa: E402
from oracle.service.service import Service  # noqa: E402
from oracle.service.settings import ServerSettings  # noqa: E402

WIDTHS, SCHEMES = (390, 1280, 1920), ("light", "dark")
RESULTS = ROOT / "docs" / "results"
TABLES = (
    "digits",
    "digits-rivals",
    "cifar10-schedules-small",
    "cifar10-distributions",
    "demo-recorded",
)
OTHER = SMALL.replace("name: digits", "name: digits-wider").replace(
    "network: fully_connected", "network: {name: fully_connected, hidden: [200]}"
)
SLOW = LONGER.replace("steps: 120", "steps: 4000").replace(
    "validation_interval: 40", "validation_interval: 400"
)


def ended_jobs(folder: Path) -> dict[str, str]:
    """Put a failed and a cancelled job into the database of a home; returns their paths."""
    (folder / "_oracle").mkdir(parents=True)
    service = Service(ServerSettings(sqlite_url(folder / "_oracle" / "oracle.db"), folder))
    paths = {}
    for state in ("failed", "cancelled"):
        text = SMALL.replace("name: digits", f"name: digits-{state}")
        job, _ = service.submit(text, form="yaml", owner="local", priority=5)
        if state == "cancelled":
            service.jobs.cancel(job.id)
        else:
            holder = Holder("pictures", "host 1 1")
            assert service.jobs.claim(holder) is not None
            service.jobs.tell(job.id, holder, "line", "loading images")
            message = "the worker that trained it ended with signal 9 (out of memory?)"
            service.jobs.release(job.id, holder, "failed", message)
        paths[state] = f"/jobs/{job.id}"
    service.close()
    return paths


@contextmanager
def pages(browser: Any) -> Iterator[tuple[str, dict[str, str]]]:
    """Start a server with jobs in every state; yield its address and its pages' paths, by name."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "runs"
        paths = ended_jobs(folder)
        with served(folder) as home:
            page = browser.new_page()
            page.set_default_timeout(600_000)
            jobs = {
                name: submit(page, home, text)
                for name, text in (("finished", SMALL), ("finished-wider", OTHER))
            }
            for address in jobs.values():
                page.goto(address)
                page.locator(".hero .state.done").wait_for()
            jobs["running"] = submit(page, home, SLOW)
            jobs["queued"] = submit(page, home, LONGER)
            paths |= {name: address.removeprefix(home) for name, address in jobs.items()}
            page.goto(jobs["running"])
            page.locator("[data-live=running] tbody tr").first.wait_for()
            runs = ["run=" + re.sub(".*/", "", jobs[name]) for name in jobs if "finished" in name]
            paths |= {
                "jobs": "/",
                "loaded": "/?shipped=digits-rivals",
                "compare": f"/compare?{'&'.join(runs)}",
                "compare-none": "/compare",
                "sign-in": "/sign-in",
                "not-found": "/jobs/none-00000000",
                "dashboard": "/dashboard",
                "dashboard-note": "/dashboard/studies/1/note",
                "dashboard-study": "/dashboard/studies/1",
            }
            page.close()
            yield home, paths


def files(folder: Path) -> dict[str, Path]:
    """Write a figure or report of each kind, as a user saves it."""
    written = {name: folder / f"{name}.html" for name in ("compared", "report", "report-digits")}
    tables = {name: json.loads((RESULTS / f"{name}.json").read_text("utf-8")) for name in TABLES}
    for name, table in (tables | {"made-up": made_up_table()}).items():
        written[f"plot-{name}"] = folder / f"{name}.html"
        kind = FIGURES[table["kind"]]
        drawing.save(kind.figure(table), written[f"plot-{name}"], kind.cards(table))
    written["plot-schedule"] = folder / "schedule.html"
    command = [str(Path(sys.executable).with_name("oracle")), "plot-schedule", "table7", "-o"]
    subprocess.run([*command, str(written["plot-schedule"])], check=True)  # noqa: S603  # our own
    demo = json.loads((RESULTS / "demo.json").read_text("utf-8"))
    compared = overlaid([demo, tables["digits"]])
    assert compared is not None
    drawing.save(compared, written["compared"])
    html_report.save(html_report.page(made_up_table(), make_study()), written["report"])
    html_report.save(html_report.page(tables["digits"], make_study()), written["report-digits"])
    return written


def settled(page: Any, address: str) -> None:
    """Open a page, and wait until its figures are drawn."""
    page.goto(address)
    page.locator("[data-empty]", has_text="Drawing").wait_for(state="hidden")
    page.wait_for_function(
        "() => [...document.querySelectorAll('figure .plot')].every((each) => each.dataset.drawn)"
    )
    page.wait_for_timeout(700)


def shoot(
    browser: Any, address: str, target: Callable[[int, str], Path], prepare: Any = None
) -> None:
    """Take the six pictures of a page."""
    for width in WIDTHS:
        for scheme in SCHEMES:
            context = browser.new_context(
                viewport={"width": width, "height": 900},
                color_scheme=scheme,
                reduced_motion="reduce",
            )
            page = context.new_page()
            page.set_default_timeout(120_000)
            settled(page, address)
            if prepare is not None:
                prepare(page)
            page.screenshot(path=target(width, scheme), full_page=True)
            context.close()


def main(folder: Path, wanted: list[str]) -> None:
    """Make the pictures of all pages, figures and reports, or of those wanted."""
    folder.mkdir(parents=True, exist_ok=True)
    chromium = os.environ.get("BROWSER_PATH", "/usr/bin/chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        with tempfile.TemporaryDirectory() as scratch:
            for name, file in files(Path(scratch)).items():
                if not wanted or name in wanted:
                    shoot(browser, file.as_uri(), named(folder, name))
        if not wanted or "jobs-none" in wanted:
            with tempfile.TemporaryDirectory() as scratch, served(Path(scratch)) as home:
                shoot(browser, home, named(folder, "jobs-none"))
        with pages(browser) as (home, paths):
            if not wanted or "refused" in wanted:
                shoot(
                    browser, home, named(folder, "refused"), lambda page: submit(page, home, WRONG)
                )
            for name, path in paths.items():
                if not wanted or name in wanted:
                    shoot(browser, home + path, named(folder, name))
        browser.close()


def named(folder: Path, name: str) -> Callable[[int, str], Path]:
    """Return the path of each of a page's pictures, by width and scheme."""
    return lambda width, scheme: folder / f"{name}-{width}-{scheme}.png"


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
