"""The client against a server that is made up, answer by answer."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from oracle.client.client import Client, RetryPolicy, ServerError
from oracle.client.models import Event, Job
from oracle.settings import Progress, ScaleDown
from scyc.errors import BadInput

JOB: dict[str, Any] = {
    "id": "tiny-0fb43313",
    "owner": "ada",
    "study": "tiny",
    "run": "tiny-53d35fc3",
    "state": "running",
    "done": 3,
    "known": 12,
    "seconds_left": 4.5,
    "priority": 0,
    "data": None,
    "message": "",
    "errors": [],
    "revision": 7,
    "submitted": "2026-11-22T20:00:00Z",
    "started": "2026-11-22T20:00:01Z",
    "ended": None,
    "of_a_later_version": 1,
}
ID = JOB["id"]
Answer = httpx.Response | Exception


class Clock:
    """Passes when somebody waits."""

    def __init__(self) -> None:
        self.time = 0.0
        self.pauses: list[float] = []

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.time += seconds


class Script:
    """Answers requests one after the other, and keeps them."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def talk(clock: Clock) -> Iterator[Callable[..., tuple[Client, Script]]]:
    """Makes a client whose server gives the answers of a script."""
    opened: list[Client] = []

    def make(*answers: Answer, **options: Any) -> tuple[Client, Script]:
        script = Script(*answers)
        pace = RetryPolicy(pause=clock.pause, now=lambda: clock.time)
        client = Client(pace=pace, transport=httpx.MockTransport(script), **options)
        opened.append(client)
        return client, script

    yield make
    for client in opened:
        client.close()


Talk = Callable[..., tuple[Client, Script]]


def response(content: Any, status: int = 200) -> httpx.Response:
    return httpx.Response(status, json=content)


def problem(status: int, detail: str, errors: Any = (), **headers: str) -> httpx.Response:
    body = {"type": "about:blank", "title": "", "status": status, "detail": detail}
    content = json.dumps(body | {"instance": "/", "errors": list(errors)})
    headers["content-type"] = "application/problem+json"
    return httpx.Response(status, content=content, headers=headers)


class Torn(httpx.SyncByteStream):
    """A stream that breaks off in the middle."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __iter__(self) -> Iterator[bytes]:
        yield self.text.encode()
        raise httpx.ReadError("torn")


def stream(*parts: str, torn: bool = False) -> httpx.Response:
    headers = {"content-type": "text/event-stream"}
    text = "".join(parts)
    return httpx.Response(200, headers=headers, stream=Torn(text)) if torn else httpx.Response(
        200, headers=headers, text=text
    )  # fmt: skip


def changed(**changes: Any) -> str:
    return f"event: job\ndata: {json.dumps(JOB | changes)}\n\n"


def event(number: int, kind: str, text: str) -> str:
    data = json.dumps({"number": number, "kind": kind, "text": text})
    return f"id: {number}\nevent: {kind}\ndata: {data}\n\n"


def test_a_job_is_returned_with_its_types_and_without_the_fields_of_a_later_version(
    talk: Talk,
) -> None:
    client, script = talk(response(JOB))
    job = client.job(ID)
    assert (job.id, job.done, job.known, job.seconds_left, job.over) == (ID, 3, 12, 4.5, False)
    assert (job.submitted.hour, job.submitted.utcoffset().total_seconds()) == (20, 0)  # type: ignore[union-attr]
    assert script.requests[0].url == f"http://127.0.0.1:8000/v1/jobs/{ID}"


def test_a_study_is_submitted_with_the_given_options_and_the_token_in_the_header(
    talk: Talk,
) -> None:
    client, script = talk(response(JOB, 201), token="oracle_abc")  # noqa: S106  # none of anyone's
    client.submit("name: tiny", shrink=ScaleDown(cycles=2), data="images", priority=5, key="mine")
    (request,) = script.requests
    assert json.loads(request.content) == {
        "study": "name: tiny", "priority": 5, "shrink": {"cycles": 2}, "data": "images",
    }  # fmt: skip
    assert request.headers["authorization"] == "Bearer oracle_abc"
    assert request.headers["idempotency-key"] == "mine"


def test_a_request_to_a_briefly_unreachable_server_is_retried(talk: Talk, clock: Clock) -> None:
    away = httpx.ConnectError("refused")
    client, script = talk(away, httpx.ReadTimeout("slow"), response(JOB, 201))
    assert client.submit("name: tiny").id == ID
    assert (len(script.requests), clock.pauses) == (3, [0.2, 0.8])
    assert len({request.content for request in script.requests}) == 1


def test_a_server_that_stays_unreachable_is_reported_within_seconds(
    talk: Talk, clock: Clock
) -> None:
    client, script = talk(*[httpx.ConnectError("refused")] * 4)
    with pytest.raises(ServerError, match=r"no answer from http://\S+ \(refused\); does"):
        client.job(ID)
    assert (len(script.requests), clock.time) == (4, 4.0)


def test_a_request_to_a_busy_server_is_retried_after_the_requested_time_unless_that_is_late(
    talk: Talk, clock: Clock
) -> None:
    soon, late = {"retry-after": "2"}, {"retry-after": "3600"}
    client, script = talk(problem(429, "too fast", (), **soon), response(JOB))
    assert client.job(ID).id == ID
    assert clock.pauses == [2.0]
    client, script = talk(problem(503, "no Chromium", (), **late))
    with pytest.raises(ServerError, match="no Chromium"):
        client.fetch("tiny", "png")
    assert len(script.requests) == 1


def test_a_request_to_a_broken_server_is_not_retried(talk: Talk) -> None:
    client, script = talk(problem(500, "the server failed; its log says why"))
    with pytest.raises(ServerError, match="its log says why") as raised:
        client.cancel(ID)
    assert (raised.value.status, len(script.requests)) == (500, 1)


def test_a_refused_study_is_bad_input_with_every_problem_laid_out_as_everywhere(
    talk: Talk,
) -> None:
    errors = [
        {"path": "grid.max_lr[4]", "rule": "must be above 0", "value": -0.02},
        {"path": "cycles", "rule": "at least 1 pruning cycle is needed", "value": None},
    ]
    client, _ = talk(problem(422, "study: 2 problems", errors))
    with pytest.raises(BadInput) as raised:
        client.submit("name: tiny")
    assert str(raised.value).splitlines() == [
        "study: 2 problems",
        "  grid.max_lr[4] = -0.02    must be above 0",
        "  cycles    at least 1 pruning cycle is needed",
    ]


def test_a_server_that_is_no_oracle_server_is_reported(talk: Talk) -> None:
    moved = httpx.Response(301, headers={"location": "https://elsewhere/"})
    client, _ = talk(
        httpx.Response(404, text="<html>"),
        moved,
        response({"id": 3}),
        problem(401, "a token is needed"),
    )
    for rule in (
        "answered 404 Not Found; is it an oracle server",
        "answered 301 Moved Permanently to https://elsewhere/",
        "answers as no oracle server of this version does (id)",
        "asks for a token; put yours into ORACLE_TOKEN or --token-file",
    ):
        with pytest.raises(ServerError, match=re.escape(rule)):
            client.job(ID)


@pytest.mark.parametrize(
    ("server", "rule"),
    [
        ("127.0.0.1:8000", "is no address of a server"),
        ("ftp://host", "is no address of a server; give one such as http://127.0.0.1:8000"),
        ("http://", "is no address of a server"),
        ("http://ada:secret@host", "holds a password; give a token by ORACLE_TOKEN"),
        ("http://host/?token=1", "leave out what follows"),
        ("http://host:port", "is no address of a server"),
    ],
)
def test_an_invalid_address_is_refused_and_a_password_not_shown(server: str, rule: str) -> None:
    with pytest.raises(BadInput) as raised:
        Client(server)
    assert rule in str(raised.value)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("token", ["", "two words", "a\nb", "grün", "x" * 1001])
def test_an_invalid_token_is_refused_without_showing_it(token: str) -> None:
    with pytest.raises(BadInput, match="one line of letters, digits and signs") as raised:
        Client(token=token)
    assert not token or token not in str(raised.value)


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_a_name_that_a_path_would_swallow_is_refused(talk: Talk, name: str) -> None:
    client, script = talk()
    with pytest.raises(BadInput, match="is no name of a job or a run"):
        client.job(name)
    assert script.requests == []


def test_a_name_is_one_part_of_the_path_whatever_is_in_it(talk: Talk) -> None:
    client, script = talk(response(JOB))
    client.job("../../healthz?x#y")
    assert script.requests[0].url.raw_path == b"/v1/jobs/..%2F..%2Fhealthz%3Fx%23y"


def test_a_server_below_a_path_is_reached_there(talk: Talk) -> None:
    client, script = talk(response(JOB), server="https://host/oracle/")
    client.job(ID)
    assert str(script.requests[0].url) == f"https://host/oracle/v1/jobs/{ID}"
    assert client.server == "https://host/oracle"


def test_a_stream_that_breaks_is_opened_again_after_the_last_event(
    talk: Talk, clock: Clock
) -> None:
    client, script = talk(
        stream(changed(), event(1, "state", "running"), event(2, "line", "cycle 0"), torn=True),
        httpx.ConnectError("refused"),
        problem(503, "starting"),
        stream(changed(done=12, state="done"), event(3, "state", "done")),
    )
    away: list[str] = []
    events = list(client.events(ID, away=away.append))
    assert [request.headers["last-event-id"] for request in script.requests] == ["0", "2", "2", "2"]
    assert [each.number for each in events if isinstance(each, Event)] == [1, 2, 3]
    assert [each.state for each in events if isinstance(each, Job)] == ["running", "done"]
    assert clock.pauses == [0.2, 0.4, 0.8]
    assert away == ["no answer from http://127.0.0.1:8000 (torn); does `oracle serve` run there?; "
                    "trying again"]  # fmt: skip


def test_a_stream_that_the_server_ends_too_early_is_opened_again(talk: Talk) -> None:
    client, script = talk(
        stream(changed(), ": alive\n\n"), stream(changed(state="cancelled", ended=None))
    )
    assert client.wait(ID).state == "cancelled"
    assert len(script.requests) == 2


def test_a_server_that_does_not_come_back_is_waited_for_two_minutes(
    talk: Talk, clock: Clock
) -> None:
    client, _ = talk(stream(changed(), torn=True), *[httpx.ConnectError("refused")] * 99)
    with pytest.raises(ServerError, match="no answer from"):
        client.wait(ID)
    assert 120 < clock.time < 140
    assert max(clock.pauses) == 10.0


def test_an_unknown_job_cannot_be_watched(talk: Talk) -> None:
    client, script = talk(problem(404, "there is no job x"))
    with pytest.raises(ServerError, match="there is no job x") as raised:
        client.wait("x")
    assert (raised.value.status, len(script.requests)) == (404, 1)


def test_progress_is_reported_as_a_local_run_reports_it(talk: Talk) -> None:
    client, _ = talk(
        stream(
            event(1, "state", "running"),
            changed(done=0, known=0),
            event(2, "say", "12 cells"),
            changed(),
            event(3, "line", "cycle 0 is finished"),
            event(4, "state", "done"),
            changed(done=12, state="done"),
        )
    )
    messages: list[Any] = []
    progress = Progress(
        cells=lambda done, known: messages.append((done, known)),
        line=messages.append,
        say=messages.append,
    )
    assert client.wait(ID, progress).done == 12
    assert messages == ["12 cells", (3, 12), "cycle 0 is finished", (12, 12)]


def test_files_are_fetched_as_they_are(talk: Talk) -> None:
    client, script = talk(*[httpx.Response(200, content=b"\x89PNG\r\n")] * 4)
    assert client.fetch("tiny", "text", width=99) == b"\x89PNG\r\n"
    client.fetch("tiny", "png", distributions="S-Cyc")
    client.fetch("tiny", "report")
    client.fetch("tiny", "study")
    assert [request.url.raw_path.decode() for request in script.requests] == [
        "/v1/runs/tiny/table?format=text&width=99",
        "/v1/runs/tiny/figure?format=png&distributions=S-Cyc",
        "/v1/runs/tiny/report",
        "/v1/runs/tiny/study",
    ]
    with pytest.raises(BadInput, match="known: text, json, csv"):
        client.fetch("tiny", "pdf")


def test_an_external_trainer_gets_the_next_task(talk: Talk) -> None:
    wanted = {"cycle": 1, "max_lr": 0.1, "replicate": 0, "parent_max_lr": 0.2}
    status = {"run": "mine-1", "state": "open", "done": 1, "known": 6, "cycle": 1, "added": 1}
    client, script = talk(response(status | {"next": wanted}), response(status | {"next": None}))
    seen = {"cycle": 0, "max_lr": 0.2, "replicate": 0, "accuracy": None}
    answer = client.observe("mine", [seen])
    assert answer.next is not None
    assert (answer.added, answer.next.max_lr, answer.next.parent_max_lr) == (1, 0.1, 0.2)
    assert json.loads(script.requests[0].content) == {"observations": [seen]}
    assert client.observe("mine").next is None


def test_the_region_of_a_cycle_is_returned_with_its_types(talk: Talk) -> None:
    region = {
        "low": 0.1, "high": 0.2, "members": [0.1, 0.2], "contiguous": True,
        "cut_low": True, "cut_high": False,
    }  # fmt: skip
    answer = {"run": "tiny-1", "cycle": 5, "s_cyc": 0.15, "well_tuned": 0.2, "region": region}
    client, script = talk(response(answer | {"inside": True, "complete": True}))
    answer = client.max_lr("tiny", 5)
    assert answer.region is not None
    assert (answer.region.members, answer.region.cut_low, answer.inside) == ((0.1, 0.2), True, True)
    assert script.requests[0].url.raw_path == b"/v1/oracle/tiny/max_lr?cycle=5"
