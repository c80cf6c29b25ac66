"""The pages in a real browser, on a real server."""

import csv
import importlib.util
import io
import math
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from web_fixtures import open_context

STUDY = """name: seen
description: Small enough to be watched.
dataset: digits
subset: 0.3
network: {name: fully_connected, hidden: [24]}
pruning: {rewind: init}
training: {steps: 60, batch: 32, validate_every: 20}
schedule: {warmup: 12, drops: [40]}
grid: {max_lr: [0.02, 0.05, 0.1, 0.2]}
cycles: 3
replicates: 2
s_cyc: {epsilon: 0.05, delta: 0.1, q: 0, beta: 3.0}
pack: 4
"""
# The first answers of the page and of its figures are given up after 200 ms, not after minutes.
SOON = """
  const real = AbortSignal.timeout.bind(AbortSignal);
  let asked = 0;
  AbortSignal.timeout = (patience) => real(asked++ < 3 ? 200 : patience);
"""
OTHER = STUDY.replace("name: seen", "name: other").replace("cycles: 3", "cycles: 1")
# The contrast of every text with what lies behind it (WCAG 2, relative luminance).
CONTRAST = """
  const numbers = (text) => text.match(/[\\d.]+/g).map(Number);
  const linear = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  const light = (text) => {
    const [r, g, b] = numbers(text).slice(0, 3).map((c) => linear(c / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const color = getComputedStyle(each).backgroundColor;
      if ((numbers(color)[3] ?? 1) === 1) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const contrast = (one, other) => {
    const [a, b] = [light(one), light(other)];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  };
"""
POOR_TEXTS = f"""() => {{ {CONTRAST}
  const poor = [];
  for (const each of document.querySelectorAll("body *")) {{
    const own = [...each.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || each.closest(".plot, noscript, option") || !each.getClientRects().length) continue;
    const ratio = contrast(getComputedStyle(each).color, ground(each));
    if (ratio < 4.5) poor.push([each.tagName, each.className, ratio, each.textContent.trim()]);
  }}
  return poor;
}}"""
POOR_LINES = f"""() => {{ {CONTRAST}
  return [...document.querySelectorAll(".plot .js-line")]
    .map((each) => getComputedStyle(each))
    .filter((style) => style.stroke !== "none" && Number(style.strokeOpacity) > 0.9)
    .map((style) => contrast(style.stroke, ground(document.querySelector("figure"))))
    .filter((ratio) => ratio < 2.9);
}}"""


# What makes a page hard to use with a screen reader, a keyboard or a finger.
FAULTS = """() => {
  const faults = [];
  const name = (each) => (each.getAttribute("aria-label") || each.labels?.[0]?.textContent
    || each.textContent || each.title || "").trim();
  if (!document.documentElement.lang) faults.push("no language");
  const ids = [...document.querySelectorAll("[id]")].map((each) => each.id);
  faults.push(...ids.filter((each, i) => ids.indexOf(each) !== i).map((each) => `two of #${each}`));
  for (const each of document.querySelectorAll("[aria-labelledby], [aria-describedby]")) {
    const to = each.getAttribute("aria-labelledby") || each.getAttribute("aria-describedby");
    for (const id of to.split(" ")) if (!document.getElementById(id)) faults.push(`no #${id}`);
  }
  const controls = "a[href], button, input:not([type=hidden]), select, textarea, summary";
  for (const each of document.querySelectorAll(controls)) {
    if (!name(each)) faults.push(`no name: ${each.outerHTML}`);
    if (each.tabIndex > 0) faults.push(`out of order: ${each.outerHTML}`);
    const box = each.getBoundingClientRect();
    const within = each.closest("p, li:not(:has(> a:only-child)), .skip, label, ol.source");
    const low = box.width && !within && box.height < 23.5;
    if (low) faults.push(`${box.height} high: ${each.outerHTML}`);
  }
  for (const each of document.querySelectorAll("body *")) {
    const scrolls = /auto|scroll/.test(getComputedStyle(each).overflowX)
      && each.scrollWidth > each.clientWidth + 1 && each.clientWidth > 1;
    const reached = each.tabIndex >= 0 || each.querySelector("a, button, input, [tabindex]");
    if (scrolls && !reached) faults.push(`cannot be scrolled by keys: ${each.className}`);
  }
  for (const each of document.querySelectorAll(":is(pre, p, div, span)[aria-label]:not([role])")) {
    faults.push(`a name, but no role: ${each.outerHTML.slice(0, 80)}`);
  }
  for (const each of document.querySelectorAll("img")) {
    if (!each.hasAttribute("alt")) faults.push(`no alternative: ${each.src}`);
  }
  return faults;
}"""
AXE_RUN = """async () => (await axe.run()).violations.map(
  (each) => [each.id, each.nodes.map((node) => node.html)])"""


def axe_source() -> str | None:
    """axe-core, where the package axe-playwright-python is installed: it is not needed."""
    spec = importlib.util.find_spec("axe_playwright_python")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).with_name("axe.min.js").read_text(encoding="utf-8")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of `oracle serve`, its jobs trained in their drivers' processes."""
    folder = tmp_path_factory.mktemp("served")
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if "ORACLE" not in name}
    command = ["serve", "--runs", str(folder), "--port", str(port), "--backend", "inline"]
    server = subprocess.Popen(
        [str(Path(sys.executable).with_name("oracle")), *command, "--workers", "1"],
        env=environment | {"OMP_NUM_THREADS": "1"},
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    for _ in range(1200):
        try:
            urllib.request.urlopen(f"{address}/healthz").close()  # noqa: S310  # our own
            break
        except (urllib.error.URLError, ConnectionError):
            assert server.poll() is None, "the server has ended"
            time.sleep(0.1)
    yield address
    server.send_signal(signal.SIGTERM)
    server.wait(120)


@pytest.fixture
def opened(browser: Any) -> Iterator[Callable[..., Any]]:
    """Opens a page; whatever its console complains of fails the test."""
    complaints: list[str] = []
    contexts = []

    def open_page(width: int = 1280, scheme: str = "light", **options: Any) -> Any:
        context = open_context(
            browser, viewport={"width": width, "height": 800}, color_scheme=scheme, **options
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda message: complaints.append(message.text) if message.type == "error" else None,
        )
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def submitted(page: Any, home: str, study: str) -> str:
    page.goto(f"{home}/")
    page.get_by_label("Study (YAML)").fill(study)
    page.get_by_role("button", name="Submit").click()
    page.wait_for_url("**/jobs/*")
    return str(page.url)


class Refusing:
    """Does not answer at first, then says that the server has too much to do, as often as told."""

    unanswered = 2
    left: float = math.inf

    def __call__(self, route: Any) -> None:
        if self.unanswered:
            self.unanswered -= 1
            return
        self.left -= 1
        if self.left >= 0:
            route.fulfill(status=503)
        else:
            route.continue_()


@pytest.fixture(scope="module")
def watched(browser: Any, home: str) -> dict[str, Any]:
    """A study submitted and watched to its end, on one page that is never loaded again."""
    page = open_context(browser).new_page()
    address = submitted(page, home, STUDY)
    late = open_context(browser).new_page()
    late.add_init_script(SOON)
    late.goto(address)
    refusing = Refusing()
    for path in (address, "**/panels"):
        late.route(path, refusing)
    page.evaluate("window.same = true")
    listed = open_context(browser).new_page()
    listed.goto(f"{home}/")
    shares, traces = [], []
    done = page.locator(".hero .state.done")
    while not done.count():
        shares.append(page.locator("progress").evaluate("each => each.value"))
        drawn = page.locator("figure[data-name=accuracies] .plot[data-drawn]")
        if drawn.count():
            traces.append(int(drawn.get_attribute("data-drawn")))
        page.wait_for_timeout(100)
        assert len(shares) < 6000, "the job does not end"
    page.locator("td.inside, td.outside, td.undecided").first.wait_for()
    page.locator("li", has_text="The run is not complete").wait_for(state="detached")
    grown = ".plot:is([data-drawn='4'], [data-drawn='5'])"  # the fifth: what diverged
    plot = page.locator(f"figure[data-name=accuracies] {grown}")
    plot.wait_for()
    traces.append(int(plot.get_attribute("data-drawn")))
    ticks = page.locator("figure[data-name=regions] g.xtick")  # the axis grows too
    ticks.nth(3).wait_for(state="attached")
    observed = {
        "address": address,
        "shares": shares,
        "traces": traces,
        "same": page.evaluate("window.same === true"),
        "rows": page.locator("section[data-live=table] tbody tr:not(.below)").count(),
        "log": page.locator("[data-log] li").all_inner_texts(),
        "numbers": [
            each.get_attribute("data-number") for each in page.locator("[data-log] li").all()
        ],
    }
    refusing.left = 1
    late.locator("td.inside, td.outside, td.undecided").first.wait_for()
    late.locator(grown).first.wait_for()
    observed["refused"] = refusing.left < 0 and not refusing.unanswered
    late.close()
    card = listed.locator("[data-job^=seen]")
    card.locator(".state.done").wait_for()  # on the list that was opened while it ran
    observed["in_list"] = card.locator("progress").evaluate("each => each.value")
    listed.close()
    page.close()
    return observed


def test_a_job_is_watched_to_its_end_on_one_page(watched: dict[str, Any]) -> None:
    assert watched["same"]
    assert watched["rows"] == 4
    assert watched["traces"][-1] >= 4
    assert watched["traces"] == sorted(watched["traces"])
    assert watched["shares"] == sorted(watched["shares"])
    assert watched["log"][0] == "queued"
    assert sum(line.startswith("cycle") for line in watched["log"]) == 4
    assert len(watched["numbers"]) == len(set(watched["numbers"]))


def test_answers_that_fail_or_never_come_are_asked_for_again(watched: dict[str, Any]) -> None:
    assert watched["refused"]


def test_the_table_is_downloaded_as_shown(
    watched: dict[str, Any], opened: Callable[..., Any]
) -> None:
    page = opened()
    page.goto(watched["address"])
    shown = page.locator("section[data-live=table] tbody tr:not(.below) td:nth-child(3)")
    well_tuned = [float(text) for text in shown.all_inner_texts()]
    with page.expect_download() as arriving:
        page.get_by_role("link", name="CSV").click()
    assert re.fullmatch(r"seen-[0-9a-f]{8}\.csv", arriving.value.suggested_filename)
    rows = list(csv.DictReader(io.StringIO(Path(arriving.value.path()).read_text())))
    assert [float(row["well_tuned"]) for row in rows] == well_tuned


def test_figures_are_drawn_in_both_schemes_at_their_panels_width(
    watched: dict[str, Any], opened: Callable[..., Any]
) -> None:
    inks = set()
    for scheme in ("light", "dark"):
        page = opened(scheme=scheme)
        page.goto(watched["address"])
        page.locator("figure[data-name=accuracies] .plot[data-drawn]").wait_for()
        for plot in page.locator(".plot").all():
            across = plot.evaluate(
                "each => each.querySelector('svg').clientWidth - each.clientWidth"
            )
            assert abs(across) <= 2
        assert page.evaluate(POOR_LINES) == [], scheme
        text = page.locator(".plot .xtitle").first
        inks.add(text.evaluate("each => getComputedStyle(each).fill"))
    assert len(inks) == 2


def test_an_answer_that_comes_late_does_not_replace_a_newer_figure(
    watched: dict[str, Any], opened: Callable[..., Any]
) -> None:
    page = opened()
    page.goto(watched["address"])
    plot = page.locator("figure[data-name=accuracies] .plot[data-drawn]")
    plot.wait_for()
    newest = plot.get_attribute("data-drawn")
    panels = page.evaluate(
        "fetch(document.querySelector('[data-panels]').dataset.panels)"
        ".then((answer) => answer.json())"
    )["panels"]
    for panel in panels:
        panel["figure"]["data"] = panel["figure"]["data"][:1]
    held: list[Any] = []
    page.route("**/panels", lambda route: route.continue_() if held else held.append(route))
    grown = "document.dispatchEvent(new Event('oracle:grown'))"
    with page.expect_request("**/panels"):
        page.evaluate(grown)
    with page.expect_response("**/panels"):
        page.evaluate(grown)
    with page.expect_response("**/panels") as late:
        held[0].fulfill(json={"panels": panels})
    late.value.finished()
    page.evaluate("fetch('/healthz').then((answer) => answer.text())")  # what came has been read
    assert plot.get_attribute("data-drawn") == newest


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1280, "light"), (768, "dark")])
def test_every_page_fits_and_can_be_read(
    watched: dict[str, Any], home: str, opened: Callable[..., Any], width: int, scheme: str
) -> None:
    page = opened(width, scheme, reduced_motion="reduce")
    run = "/compare?run=" + watched["address"].rpartition("/")[2]
    for path in ("/?shipped=digits", watched["address"].removeprefix(home), run, "/sign-in"):
        page.goto(home + path)
        overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(overflow) == 0, path
        assert page.evaluate(POOR_TEXTS) == [], path


def test_the_keyboard_reaches_everything_and_shows_where_it_is(
    home: str, opened: Callable[..., Any]
) -> None:
    page = opened()
    page.goto(f"{home}/")
    page.keyboard.press("Tab")
    focused = "document.activeElement.textContent.trim()"
    assert page.evaluate(focused) == "Skip to the content"
    assert page.evaluate("document.activeElement.getBoundingClientRect().top") >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    reached = []
    for _ in range(30):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || " + focused))
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        if page.evaluate("document.activeElement === document.body"):
            break
        assert outline != "none", reached[-1]
    assert "shipped" in reached
    assert "study" in reached
    assert "Submit" in reached


def press_until(page: Any, key: str, reached: str) -> None:
    """Press a key until the focused element is the one with this id or text."""
    for _ in range(40):
        page.keyboard.press(key)
        named = "(document.activeElement.id || document.activeElement.textContent.trim())"
        if page.evaluate(named) == reached:
            return
    raise AssertionError(f"{key} does not lead to {reached}")


def test_the_keyboard_alone_submits_a_study_and_cancels_it(
    home: str, opened: Callable[..., Any]
) -> None:
    page = opened()
    page.goto(f"{home}/")
    press_until(page, "Tab", "study")
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(STUDY.replace("name: seen", "name: typed"))
    press_until(page, "Tab", "Submit")
    page.keyboard.press("Enter")
    page.wait_for_url("**/jobs/typed-*")
    press_until(page, "Tab", "Cancel")
    page.keyboard.press("Enter")
    page.locator(".state.cancelled").wait_for()


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_controls_have_names_room_and_one_id_each(
    watched: dict[str, Any], home: str, opened: Callable[..., Any], width: int, scheme: str
) -> None:
    page = opened(width, scheme, reduced_motion="reduce")
    run = "/compare?run=" + watched["address"].rpartition("/")[2]
    for path in ("/?shipped=digits", watched["address"].removeprefix(home), run, "/sign-in"):
        page.goto(home + path)
        assert page.evaluate(FAULTS) == [], path
        if source := axe_source():
            page.evaluate(source)
            violations = page.evaluate(AXE_RUN)
            assert violations == [], path


def test_the_pages_work_without_scripts(
    watched: dict[str, Any], home: str, opened: Callable[..., Any]
) -> None:
    page = opened(java_script_enabled=False)
    page.goto(f"{home}/")
    page.get_by_label("Built-in study").select_option("digits-rivals")
    page.get_by_role("button", name="Load").click()
    assert "name: digits-rivals" in page.get_by_label("Study (YAML)").input_value()
    address = submitted(page, home, OTHER)
    page.get_by_role("button", name="Cancel").click()
    assert page.url == address
    assert page.locator(".state.cancelled").count() == 1
    page.goto(watched["address"])
    assert page.locator("section[data-live=table] tbody tr:not(.below)").count() == 4


@pytest.mark.slow
def test_the_list_updates_itself_and_announces_new_jobs(
    watched: dict[str, Any], home: str, opened: Callable[..., Any]
) -> None:
    assert watched["in_list"] == 100
    page, another = opened(), opened()
    with page.expect_response("**/live?*"):
        page.goto(f"{home}/")
    page.wait_for_timeout(1500)
    submitted(another, home, OTHER.replace("name: other", "name: late"))
    another.get_by_role("button", name="Cancel").click()
    page.locator("[data-fresh]").wait_for(state="visible")


@pytest.mark.slow
def test_the_optuna_dashboard_shows_the_runs_studies(
    watched: dict[str, Any], home: str, opened: Callable[..., Any]
) -> None:
    page = opened()
    page.goto(f"{home}/dashboard")
    page.get_by_text("seen", exact=False).first.click()
    page.wait_for_url("**/dashboard/studies/*")
    page.locator(".js-plotly-plot").first.wait_for()
