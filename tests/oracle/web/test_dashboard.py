"""The Optuna dashboard's pages, with what the server adds to them and hides."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from starlette.testclient import TestClient
from web_fixtures import open_context

from oracle.rest.settings import WebSettings
from oracle.service.service import Service
from oracle.web.app import create_app

HOME = "http://127.0.0.1:8000"
READ_ONLY = "dashboard-read-only.css"
REFUSED = ("rename", "delete")


@contextmanager
def shown(browser: Any, client: TestClient, path: str, wait: str) -> Iterator[Any]:
    """A page in a browser, whose requests a client answers."""
    context = open_context(browser, viewport={"width": 1280, "height": 844})
    page = context.new_page()

    def answer(route: Any) -> None:
        request = route.request
        path = request.url.removeprefix(HOME)
        answered = client.request(
            request.method, path, content=request.post_data, headers=request.headers
        )
        dropped = ("content-encoding", "content-length")
        headers = {key: value for key, value in answered.headers.items() if key not in dropped}
        route.fulfill(status=answered.status_code, headers=headers, body=answered.content)

    page.route("**/*", answer)
    page.goto(HOME + path)
    page.locator(wait).first.wait_for()
    yield page
    page.unroute_all(behavior="wait")
    context.close()


def numbers(client: TestClient) -> dict[str, int]:
    """The Optuna studies by the names that are shown."""
    studies = client.get("/api/studies").json()["study_summaries"]
    return {each["study_name"]: each["study_id"] for each in studies}


def went(page: Any, path: str, wait: str) -> None:
    """Go on to another of its pages, as its links do: without loading it anew."""
    page.evaluate(
        "path => { history.pushState({}, '', path); dispatchEvent(new PopStateEvent('popstate')) }",
        path,
    )
    page.locator(wait).first.wait_for()


def test_buttons_that_are_refused_are_hidden_a_note_fits_a_phone_and_a_link_leads_to_the_run(
    reader: TestClient, ran: tuple[Service, str], browser: Any
) -> None:
    number = numbers(reader)["tiny / summary"]
    with shown(browser, reader, "/dashboard", "text=tiny / cycle 00 / 100 %") as page:
        refused = [page.locator(f"button[aria-label='{each} study']") for each in REFUSED]
        refused.append(page.locator("button:has-text('Create')"))
        assert min(each.count() for each in refused) > 0  # else the dashboard has others by now
        assert not any(each.first.is_visible() for each in refused)
        assert page.locator("button:has-text('Reload')").is_visible()
        link = page.locator(".oracle-link")
        assert (link.inner_text(), link.get_attribute("href")) == ("Runs", "/")
        page.set_viewport_size({"width": 390, "height": 844})
        went(page, f"/dashboard/studies/{number}/note", "text=S-Cyc verdict")
        edit = page.locator("button:has(svg[data-testid=EditIcon])")
        assert edit.count() > 0
        assert not edit.first.is_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        box = page.locator("#dashboard main .MuiCard-root").first.bounding_box()
        assert box["x"] + box["width"] <= 390
        assert (link.inner_text(), link.get_attribute("href")) == (
            "Run",
            f"/runs/of-study/{number}",
        )
    for study, location in ((number, f"/runs/{ran[1]}"), (123456, "/")):
        answer = reader.get(f"/runs/of-study/{study}", follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, location)


def test_the_page_says_what_the_caller_may_do_and_is_not_cached_for_another(
    service: Service, web_settings: Callable[..., WebSettings]
) -> None:
    settings = web_settings(tokens_required=True, dashboard_writes=True)
    with TestClient(create_app(service, settings), base_url=HOME) as client:
        for scope, hidden in (("read", True), ("admin", False)):
            secret = service.tokens.create(scope, scope)  # type: ignore[arg-type]
            headers = {"Authorization": f"Bearer {secret}", "If-None-Match": '"x"',
                       "If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}  # fmt: skip
            answer = client.get("/dashboard", headers=headers)
            assert answer.status_code == 200
            assert (READ_ONLY in answer.text) == hidden
            assert not {"etag", "last-modified"} & set(answer.headers)
            assert int(answer.headers["content-length"]) == len(answer.content)
            for address in re.findall(r'"(/assets/[^"]+)"', answer.text):
                assert client.get(address).status_code == 200
            assert client.head("/dashboard", headers=headers).status_code == 200
