"""Hostile names and notes in a database, looked at in a browser: no page takes them for markup."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import sqlalchemy as sa
import yaml
from factories import tiny_content
from web_fixtures import open_context

from oracle.database import RunDatabase, sqlite_url
from oracle.plots import page
from oracle.plots.registry import FIGURES
from oracle.records.jobs import NewJob
from oracle.runs import execute, html_report, prepare
from oracle.settings import Settings
from oracle.study.validation import parse

RAW = yaml.safe_load((Path(__file__).parent / "hostile.yaml").read_text(encoding="utf-8"))
ELSEWHERE = "127.0.0.1:9"  # nobody answers; a request is enough
TEXTS = [each.replace("CALL", "xss()").replace("HOST", ELSEWHERE) for each in RAW]
LABELS = [each for each in TEXTS if len(each) <= 64 and each.isprintable()][::3]
STUDY: dict[str, Any] = tiny_content(
    without=(
        "schedule",
        "grid",
        "s_cyc",
    ),
    name="hostile",
    training={"steps": 4, "batch": 16, "validate_every": 2},
    cycles=1,
    replicates=1,
    pack=40,
)
# What runs before any page: a canary that counts who calls it.
CANARY = "window.called = 0; window.xss = () => { window.called += 1; };"
# What a page of ours never has, whatever it shows: handlers, scripts in it, frames, other targets.
FOREIGN = """() => [...document.querySelectorAll("*")].flatMap((each) => {
  const found = each.getAttributeNames().filter((name) => name.startsWith("on"));
  const tag = each.tagName.toLowerCase();
  if (["iframe", "object", "embed", "base", "video"].includes(tag)) found.push(tag);
  if (tag === "script" && /^\\s*xss\\(/.test(each.textContent)) found.push("script");
  for (const name of ["href", "xlink:href", "src", "action"]) {
    const value = each.getAttribute(name) || "";
    if (/^\\s*javascript:/i.test(value) || value.includes("127.0.0.1:9")) found.push(value);
  }
  return found;
})"""


@dataclass(frozen=True)
class Home:
    """A server whose database is full of hostile texts."""

    address: str
    token: str
    run: str
    plain: str  # an oracle run
    jobs: tuple[str, ...]
    files: tuple[Path, ...]  # a report and figures, as people save them


def trained(folder: Path, content: dict[str, Any]) -> tuple[str, Any, Any]:
    storage = sqlite_url(folder / "oracle.db").render_as_string(hide_password=False)
    settings = Settings(folder=folder, storage=storage, backend="inline", workers=1)
    prepared = prepare.prepare(parse(content, "hostile.yaml"), settings)
    return prepared.run_id, execute.execute(prepared), prepared.study


def filled(folder: Path) -> tuple[str, str, str, tuple[str, ...], tuple[Path, ...]]:
    """Runs, jobs and tokens of all hostile texts; returns what `Home` has of them."""
    entries = [{"label": label, "schedule": "constant", "max_lr": 0.05} for label in LABELS]
    content = STUDY | {"kind": "schedules", "schedules": entries, "description": " ".join(TEXTS)}
    run, table, study = trained(folder, content)
    oracle = STUDY | {
        "name": "plain", "grid": {"max_lr": [0.05, 0.1]}, "description": " ".join(TEXTS),
        "schedule": {"warmup": 1, "drops": [2]},
        "s_cyc": {"epsilon": 0.1, "delta": 0.1, "q": 0, "beta": 3.0},
    }  # fmt: skip
    plain, *_ = trained(folder, oracle)
    figure = FIGURES["schedules"].figure(table)
    files = (folder / "report.html", folder / "figure.html")
    html_report.save(html_report.page(table, study), files[0])
    page.save(figure, files[1], FIGURES["schedules"].cards(table))
    ledger = RunDatabase(sqlite_url(folder / "oracle.db"))
    token = ledger.tokens().create("a.b@c", "admin")
    jobs = []
    for number, text in enumerate(TEXTS):
        source = f"# {text}\n{yaml.safe_dump(content)}"
        job = NewJob(f"hostile-{number:08x}", "x", "hostile", "{}", source)
        jobs.append(ledger.jobs().submit(job)[0].id)
    ledger.close()
    engine = sa.create_engine(sqlite_url(folder / "oracle.db"))
    with engine.begin() as opened:  # what no validator of ours would let through
        for number, (job, text) in enumerate(zip(jobs, TEXTS, strict=True)):
            problem = [{"path": text, "rule": text, "value": text}]
            values = {
                "job": job, "text": text, "run": run if number % 2 else plain,
                "state": ("done", "failed", "cancelled")[number % 3],
                "problems": json.dumps(problem),
            }  # fmt: skip
            opened.execute(
                sa.text(
                    "UPDATE oracle_jobs SET owner=:text, study_name=:text, data=:text, "
                    "message=:text, problems=:problems, state=:state, run_id=:run WHERE id=:job"
                ),
                values,
            )
            opened.execute(
                sa.text(
                    "INSERT INTO oracle_job_events (job, number, kind, text) "
                    "SELECT number, 100, 'say', :text FROM oracle_jobs WHERE id=:job"
                ),
                values,
            )
    engine.dispose()
    return token, run, plain, tuple(jobs), files


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    folder = tmp_path_factory.mktemp("hostile")
    token, run, plain, jobs, files = filled(folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if "ORACLE" not in name}
    command = ["serve", "--runs", str(folder), "--port", str(port), "--backend", "inline"]
    server = subprocess.Popen(
        [Path(sys.executable).with_name("oracle"), *command, "--require-tokens", "--rate", "1000"],
        env=environment | {"OMP_NUM_THREADS": "1"}, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    for _ in range(1200):
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            urllib.request.urlopen(f"{address}/healthz").close()  # noqa: S310  # our own
            break
        assert server.poll() is None, "the server has ended"
        time.sleep(0.1)
    yield Home(address, token, run, plain, jobs, files)
    server.send_signal(signal.SIGTERM)
    server.wait(120)


class Looked:
    """A visitor who is signed in, and what happened to them on the way."""

    def __init__(self, browser: Any, home: Home, without_csp: bool) -> None:
        self.home = home
        self.bad: list[str] = []
        self.context = open_context(browser, bypass_csp=without_csp)
        self.context.add_init_script(CANARY)
        self.page = self.context.new_page()
        self.page.on("dialog", lambda dialog: (self.bad.append("dialog"), dialog.dismiss()))
        self.page.on("request", self._asked)
        self.page.on(
            "console",
            lambda said: self.bad.append(said.text) if "Content Security" in said.text else None,
        )

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.home.address, "file:", "data:", "blob:")):
            self.bad.append(request.url)

    def sign_in(self) -> None:
        self.page.goto(f"{self.home.address}/sign-in")
        self.page.get_by_label("Token").fill(self.home.token)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(f"{self.home.address}/")

    def judged(self, where: str) -> None:
        """Fails where something hostile ran, or stands on the page as markup."""
        assert self.page.evaluate("window.called") == 0, where
        assert self.page.evaluate(FOREIGN) == [], where
        assert self.bad == [], where

    def open_page(self, path: str, drawn: bool = False, wait: str | None = None) -> str:
        self.page.goto(path if "://" in path else self.home.address + path)
        if drawn:
            self.page.locator(".plot[data-drawn]").first.wait_for()
        if wait:
            self.page.locator(wait).first.wait_for(state="attached")
        self.judged(path)
        return str(self.page.locator("body").inner_text())


@pytest.fixture(
    params=[
        pytest.param(False, id="with the policy", marks=pytest.mark.slow),
        pytest.param(True, id="without the policy"),  # the stricter of the two
    ]
)
def visitor(request: pytest.FixtureRequest, browser: Any, home: Home) -> Iterator[Looked]:
    """As pages are sent; and without the policy that would hide what is not escaped."""
    new_visitor = Looked(browser, home, request.param)
    yield new_visitor
    new_visitor.context.close()


def test_the_corpus_is_hostile_and_large(browser: Any, home: Home) -> None:
    assert len(TEXTS) >= 30
    assert len(LABELS) >= 10
    careless = Looked(browser, home, without_csp=True)
    careless.page.goto(f"{home.address}/sign-in")
    for text in TEXTS:
        if "<meta" not in text:  # it would lead away at once
            careless.page.evaluate(
                "(text) => document.body.insertAdjacentHTML('beforeend', text)", text
            )
    careless.page.wait_for_function("window.called >= 3")
    assert len(careless.page.evaluate(FOREIGN)) >= 10
    with pytest.raises(AssertionError):
        careless.judged("here")
    careless.context.close()


def test_no_page_takes_a_hostile_text_for_markup(visitor: Looked) -> None:
    home = visitor.home
    for text in TEXTS[::8]:
        visitor.open_page(f"/sign-in?next={quote(text)}")
    visitor.page.get_by_label("Token").fill(TEXTS[0])
    visitor.page.get_by_role("button", name="Sign in").click()
    visitor.page.locator(".alert").wait_for()
    visitor.judged("sign-in refused")
    visitor.sign_in()
    listed = (
        visitor.open_page("/")
        + visitor.open_page("/?state=done")
        + visitor.open_page("/?state=failed")
    )
    assert sum(text in listed for text in TEXTS) >= 25  # shown as they are
    for at, number in enumerate((0, 10, 19, 38)):
        shown = visitor.open_page(f"/jobs/{home.jobs[number]}", drawn=at < 2)
        assert TEXTS[number].split("\n")[0] in shown
    assert LABELS[0] in visitor.open_page(f"/runs/{home.run}", drawn=True)
    visitor.open_page(f"/compare?run={home.plain}&run={home.run}", drawn=True)
    for text in TEXTS[::5]:
        visitor.open_page(f"/?text={quote(text)}")
        visitor.open_page(f"/jobs/{quote(text, safe='')}")
        visitor.open_page(f"/compare?run={quote(text)}")
    page = visitor.page
    page.goto(f"{home.address}/?shipped={quote(TEXTS[4])}")
    refused = yaml.safe_dump(
        {text: text for text in TEXTS} | {"name": TEXTS[0], "network": TEXTS[3]}
    )
    page.get_by_label("Study (YAML)").fill(refused + "".join(f"# {text}\n" for text in TEXTS))
    page.get_by_role("button", name="Submit").click()
    page.locator("#problems").wait_for()
    visitor.judged("refused")


def test_a_label_in_a_figure_is_text_and_neither_mark_nor_link(visitor: Looked) -> None:
    visitor.sign_in()
    visitor.open_page(f"/runs/{visitor.home.run}", drawn=True)
    legend = visitor.page.locator(".plot .legendtext").all_text_contents()
    assert [label for label in LABELS if label not in legend] == []
    assert visitor.page.locator(".plot .legendtext a").count() == 0


@pytest.mark.slow
def test_reports_and_figures_that_were_saved_run_nothing_of_a_study(visitor: Looked) -> None:
    for file in visitor.home.files:
        visitor.open_page(file.as_uri(), wait=".js-plotly-plot .legendtext")
    visitor.sign_in()
    for kind in ("report", "figure?format=html"):
        answer = visitor.page.request.get(
            f"{visitor.home.address}/v1/runs/{visitor.home.run}/{kind}"
        )
        assert answer.status == 200
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("sandbox ")  # it has an origin of its own: none of our cookies
        assert "allow-same-origin" not in policy
        assert not any(text in answer.text() for text in TEXTS if text.startswith("<"))


@pytest.mark.slow
def test_the_dashboard_shows_notes_and_labels_as_text(browser: Any, home: Home) -> None:
    visitor = Looked(browser, home, without_csp=False)
    visitor.sign_in()
    visitor.open_page("/dashboard/", wait="text=hostile")
    studies = visitor.page.request.get(f"{home.address}/api/studies").json()["study_summaries"]
    assert studies
    for each in studies[:: max(1, len(studies) // 3)]:
        number = each["study_id"]
        visitor.open_page(f"/dashboard/studies/{number}", wait="text=Note")
        visitor.page.wait_for_timeout(500)
        visitor.judged(str(number))
    visitor.context.close()


def test_a_note_of_a_run_holds_no_tag(home: Home) -> None:
    assert home.run
    folder = home.files[0].parent
    engine = sa.create_engine(sqlite_url(folder / "oracle.db"))
    with engine.connect() as opened:
        values = opened.execute(
            sa.text(
                "SELECT value_json FROM study_system_attributes WHERE key LIKE 'dashboard:note%'"
            )
        ).scalars()
        notes = re.sub(r"```.*?```", "", "".join(map(str, values)))  # code is shown as it is
    engine.dispose()
    assert "&lt;script&gt;xss()&lt;/script&gt;" in notes
    assert "<s" not in notes.lower()
    assert "<i" not in notes.lower()
