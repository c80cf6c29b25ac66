"""Figures as HTML files in a real browser: at three widths, in both schemes, without a network."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from factories import make_study
from paper_size import CYCLES, made_up_table
from PIL import Image
from web_fixtures import open_context

from oracle.plots import page
from oracle.plots.overlay import overlaid
from oracle.plots.registry import FIGURES
from oracle.runs import html_report

RESULTS = Path(__file__).parents[2] / "docs" / "results"
WIDTHS, SCHEMES = (390, 1280, 1920), ("light", "dark")
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# Ticks that touch their neighbour, and texts of a plot that are cut by its edge.
TOUCHING = """() => [...document.querySelectorAll(".plot")].flatMap((plot) => {
  const frame = plot.getBoundingClientRect();
  const texts = [...plot.querySelectorAll("text")].filter((each) => each.textContent.trim()
    && each.getClientRects().length);
  const cut = texts.filter((each) => {
    const box = each.getBoundingClientRect();
    return box.left < frame.left - 1 || box.right > frame.right + 1
      || box.top < frame.top - 1 || box.bottom > frame.bottom + 1;
  }).map((each) => `cut: ${each.textContent}`);
  const ticks = [...plot.querySelectorAll(".xtick text")];
  const boxes = ticks.map((each) => each.getBoundingClientRect()).sort((a, b) => a.left - b.left);
  const near = boxes.slice(1).filter((each, i) => each.left < boxes[i].right + 1);
  const turned = ticks.filter(
    (each) => /rotate\\((?!0)/.test(each.getAttribute("transform") || ""));
  return [...cut, ...near.map(() => "ticks touch"), ...turned.map(() => "a tick is turned")];
})"""

DRAWN_SO_WIDE = """() => [...document.querySelectorAll(".plot")]
  .every((plot) => plot.dataset.width === String(plot.clientWidth))"""
# The colour bars, and where the axes lie.
PARTS = """() => [...document.querySelectorAll(".plot")].map((plot) => [
  plot.querySelectorAll(".colorbar").length, plot._fullLayout.xaxis._length,
  plot._fullLayout.yaxis._length].map(Math.round))"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A figure or report of each kind, as a user saves it."""
    folder = tmp_path_factory.mktemp("figures")
    pages: dict[str, Path] = {}
    for name in ("digits-rivals", "cifar10-schedules-small", "cifar10-distributions", "made-up"):
        large = name == "made-up"
        read = made_up_table() if large else json.loads((RESULTS / f"{name}.json").read_text())
        kind = FIGURES[read["kind"]]
        pages[name] = folder / f"{name}.html"
        page.save(kind.figure(read), pages[name], kind.cards(read))
    # Networks that lie close together and far apart: 100, 80 and 64 %, then 21 %.
    runs = [json.loads((RESULTS / f"{name}.json").read_text()) for name in ("demo", "digits")]
    runs[1]["cycles"] = runs[1]["cycles"][:3]
    compared = overlaid(runs)
    assert compared is not None
    pages["compared"] = folder / "compared.html"
    page.save(compared, pages["compared"])
    pages["report"] = folder / "report.html"
    html_report.save(html_report.page(made_up_table(), make_study()), pages["report"])
    return pages


@pytest.fixture
def shown(browser: Any) -> Iterator[Callable[..., Any]]:
    """Opens a file where nothing else can be reached; what its console complains of is a fault."""
    complaints: list[str] = []
    contexts = []

    def show(file: Path, width: int, scheme: str) -> Any:
        context = open_context(
            browser, viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(file.as_uri())
        page.locator("figure:last-child .plot[data-drawn]").wait_for()
        return page

    yield show
    for context in contexts:
        context.close()
    assert complaints == []


def check(page: Any) -> None:
    assert page.evaluate(OVERFLOW) == 0
    assert page.evaluate(TOUCHING) == []


def test_the_figure_of_27_networks_fits_a_phone_in_dark_mode(
    files: dict[str, Path], shown: Callable[..., Any]
) -> None:
    page = shown(files["made-up"], 390, "dark")
    check(page)
    assert page.title() == page.locator("h1").inner_text()
    assert page.locator("figure h2").count() == 3
    assert page.locator("figure[data-name=heat_map] .cbtitle, .colorbar").count() >= 2
    for bar in page.locator(".colorbar").all():
        title = bar.locator(".cbtitle").bounding_box()
        assert title["y"] + title["height"] <= bar.locator(".cbfills").bounding_box()["y"] + 1
    assert page.locator("figure[data-name=accuracies] .legend .traces").count() == 1  # diverged
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert sum(map(int, ground.removeprefix("rgb(").removesuffix(")").split(","))) < 150


def test_ticks_with_uneven_gaps_do_not_touch_on_a_phone(
    files: dict[str, Path], shown: Callable[..., Any]
) -> None:
    check(shown(files["compared"], 390, "light"))


def test_a_figure_whose_page_becomes_narrow_and_wide_again_looks_as_if_opened_so(
    files: dict[str, Path], shown: Callable[..., Any]
) -> None:
    page = shown(files["made-up"], 1280, "light")
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function(DRAWN_SO_WIDE)
        afresh = shown(files["made-up"], width, "light")
        check(page)
        assert page.evaluate(PARTS) == afresh.evaluate(PARTS)


@pytest.mark.slow
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_figures_and_reports_fit_every_width_in_both_schemes(
    files: dict[str, Path], shown: Callable[..., Any], width: int, scheme: str
) -> None:
    for name, file in files.items():
        page = shown(file, width, scheme)
        assert page.evaluate(OVERFLOW) == 0, name
        assert page.evaluate(TOUCHING) == [], name


@pytest.mark.slow
def test_the_picture_of_27_networks_has_a_column_for_each_and_s_cycs_line(tmp_path: Path) -> None:
    target = tmp_path / "made-up.png"
    page.save(FIGURES["oracle"].figure(made_up_table()), target)
    with Image.open(target) as opened:
        pixels = opened.convert("RGB")
    half = pixels.width // 2
    right = [
        [pixels.getpixel((x, y)) for x in range(half, pixels.width)]
        for y in range(200, pixels.height - 300, 4)
    ]
    best = [sum(r > 200 and g > 180 and b < 110 for r, g, b in row) for row in right]  # bright
    far = [sum(r < 30 and g < 50 and 60 < b < 110 for r, g, b in row) for row in right]  # dark
    line = [sum((r, g, b) == (0xD5, 0x5E, 0x00) for r, g, b in row) for row in right]
    assert max(best) > 300
    assert max(far) > 300
    assert sum(1 for count in line if count) > 20
    top = next(index for index, count in enumerate(best) if count > 100)
    changes = sum(a != b for a, b in zip(right[top], right[top][1:], strict=False))
    assert changes > CYCLES  # every column ends where it will
