"""External runs over HTTP: declared, given tasks, refused; and max_lr of runs of both kinds."""

import http.client
import json
import math
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from oracle.database import sqlite_url
from oracle.rest.settings import WebSettings
from oracle.runs import execute, prepare
from oracle.search import ask_tell
from oracle.service.service import Service
from oracle.service.settings import ServerSettings
from oracle.settings import Settings
from oracle.stats.region import MaxLrScores
from oracle.stats.region_intervals import infer_region
from oracle.study.base import Study
from oracle.tables.parts import evidence
from oracle.web.app import create_app
from scyc.schedules import scyc_curve
from scyc.specs.base import SCyc
from studies import outside_trainer

RUN: dict[str, Any] = {
    "name": "mine",
    "grid": {"max_lr": [0.05, 0.1, 0.2], "extend": False},
    "cycles": 1,
    "replicates": 2,
    "s_cyc": {"epsilon": 0.1, "delta": 0.1, "q": 0, "beta": 3.0},
}


@dataclass
class Served:
    """A server on a port of its own."""

    address: str
    service: Service
    folder: Path

    def ask(self, path: str, content: object = None, token: str | None = None) -> tuple[int, Any]:
        body = None if content is None else json.dumps(content)
        headers = {"Content-Type": "application/json"}
        headers |= {"Authorization": f"Bearer {token}"} if token else {}
        connection = http.client.HTTPConnection(self.address.removeprefix("http://"), timeout=120)
        connection.request("POST" if body else "GET", path, body, headers)
        answer = connection.getresponse()
        ok = answer.status in (200, 201)
        kind = "application/json" if ok else "application/problem+json"
        assert answer.headers["Content-Type"] == kind
        reply = answer.status, json.load(answer)
        connection.close()
        return reply


def serve(folder: Path, **changes: Any) -> Iterator[Served]:
    service = Service(ServerSettings(url=sqlite_url(folder / "oracle.db"), folder=folder))
    app = create_app(service, WebSettings(rate=1e6, burst=10**6, **changes))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield Served(f"http://127.0.0.1:{port}", service, folder)
    server.should_exit = True
    thread.join()
    service.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    yield from serve(tmp_path_factory.mktemp("served"))


def declared(served: Served, name: str, **changes: Any) -> str:
    """The path of a new run's observations."""
    status, run = served.ask("/v1/oracle", RUN | {"name": name} | changes)
    assert status == 201
    return f"/v1/oracle/{run['run']}"


def accuracy(wanted: dict[str, Any]) -> float:
    best = (0.1, 0.2)[wanted["cycle"]]
    return 90 - 4 * abs(math.log2(wanted["max_lr"] / best)) + wanted["replicate"]


def observed(wanted: dict[str, Any], value: float | None) -> dict[str, Any]:
    training = {name: wanted[name] for name in ("cycle", "max_lr", "replicate")}
    return {"observations": [training | {"accuracy": value}]}


def test_the_same_declaration_is_made_once(served: Served) -> None:
    first, run = served.ask("/v1/oracle", RUN)
    second, same = served.ask("/v1/oracle", RUN)
    assert (first, second) == (201, 200)
    assert run == same
    assert run["declaration"]["tolerance"] == 0.5
    assert (run["state"], run["done"], run["known"], run["cycle"]) == ("open", 0, 12, 0)
    status, listed = served.ask("/v1/oracle")
    assert status == 200
    assert run in listed["items"]
    assert served.ask(f"/v1/oracle/{run['run']}") == (200, run)


def test_a_trainer_is_led_to_the_end(served: Served) -> None:
    path = declared(served, "led")
    status, answer = served.ask(f"{path}/observations", {"observations": []})
    assert (status, answer["added"]) == (200, 0)
    tasks = []
    while (wanted := answer["next"]) is not None:
        tasks.append(wanted)
        status, answer = served.ask(f"{path}/observations", observed(wanted, accuracy(wanted)))
        assert (status, answer["added"]) == (200, 1)
    assert len(tasks) == 12
    assert {each["parent_max_lr"] for each in tasks if each["cycle"] == 0} == {None}
    assert {each["parent_max_lr"] for each in tasks if each["cycle"] == 1} == {0.1}
    assert (answer["state"], answer["cycle"]) == ("done", None)
    assert [each["well_tuned"] for each in answer["cycles"]] == [0.1, 0.2]
    assert answer["cycles"][0]["region"] == {
        "low": 0.1,
        "high": 0.1,
        "members": [0.1],
        "contiguous": True,
        "cut_low": False,
        "cut_high": False,
    }
    assert [each["inside"] for each in answer["cycles"]] == [True, False]
    assert [each["evidence"] for each in answer["cycles"]] == [None, None]


def test_a_complete_cycle_has_the_intervals_and_verdict_of_its_replicates(served: Served) -> None:
    path = declared(served, "judged")
    _, answer = served.ask(f"{path}/observations", {"observations": []})
    while (wanted := answer["next"]) is not None:
        _, answer = served.ask(f"{path}/observations", observed(wanted, accuracy(wanted)))
    _, run = served.ask(path)
    for cycle, row in enumerate(run["cycles"]):
        tried = {
            rate: MaxLrScores(
                tuple(
                    accuracy({"cycle": cycle, "max_lr": rate, "replicate": replicate})
                    for replicate in (0, 1)
                ),
                diverged=False,
            )
            for rate in (0.05, 0.1, 0.2)
        }
        posterior = infer_region(tried, 0.5, "points", grid=tuple(tried))
        assert row["evidence"] == evidence.part(posterior, row["s_cyc"])
        assert served.ask(f"{path}/max_lr?cycle={cycle}")[1]["evidence"] == row["evidence"]
    status, listed = served.ask("/v1/oracle")
    assert status == 200
    of_lists = [each for item in listed["items"] for each in item["cycles"]]
    assert {each["evidence"] for each in of_lists} == {None}


def test_max_lr_of_an_outside_run_grows_with_its_cycles(served: Served) -> None:
    path = declared(served, "growing")
    curve = SCyc(**RUN["s_cyc"])
    status, body = served.ask(f"{path}/max_lr?cycle=0")
    assert status == 200
    assert (body["s_cyc"], body["well_tuned"], body["region"]) == (0.1, None, None)
    assert (body["complete"], body["inside"]) == (False, None)
    for replicate in (0, 1):
        for rate in (0.05, 0.1, 0.2):
            wanted = {"cycle": 0, "max_lr": rate, "replicate": replicate}
            served.ask(f"{path}/observations", observed(wanted, accuracy(wanted)))
    _, body = served.ask(f"{path}/max_lr?cycle=0")
    assert (body["well_tuned"], body["complete"], body["inside"]) == (0.1, True, True)
    _, ahead = served.ask(f"{path}/max_lr?cycle=1")
    assert ahead["s_cyc"] == scyc_curve.max_lr(curve, 1, 0.2)
    assert (ahead["complete"], ahead["region"]) == (False, None)
    status, refused = served.ask(f"{path}/max_lr?cycle=2")
    assert status == 422
    assert refused["errors"][0]["path"] == "cycle"


def test_max_lr_of_an_own_run_is_that_of_its_table(
    served: Served, study: Callable[..., Study]
) -> None:
    storage = str(sqlite_url(served.folder / "oracle.db"))
    where = Settings(served.folder, storage=storage, backend="inline", device="cpu", workers=1)
    prepared = prepare.prepare(study(), where)
    table = execute.execute(prepared)
    for row in table["cycles"]:
        path = f"/v1/oracle/{prepared.run_id}/max_lr?cycle={row['cycle']}"
        status, body = served.ask(path)
        assert status == 200
        assert body["well_tuned"] == row["well_tuned"]
        assert body["region"] == row["feasible"]
        assert body["s_cyc"] == row["s_cyc"]["max_lr"]
        assert body["inside"] == row["s_cyc"]["inside"]
        assert body["evidence"] == row["evidence"]
        assert body["complete"]
    assert served.ask(f"/v1/oracle/{prepared.run_id}/max_lr?cycle=3")[0] == 422
    assert served.ask("/v1/oracle/tiny/max_lr?cycle=0")[1]["run"] == prepared.run_id


def test_all_bad_input_is_reported_at_once_with_its_paths(served: Served) -> None:
    status, refused = served.ask("/v1/oracle", RUN | {"cycles": -1, "grdi": 3})
    assert status == 422
    assert {each["path"] for each in refused["errors"]} == {"cycles", "grdi"}
    path = declared(served, "refusing")
    wrong = {"cycle": 0, "max_lr": 0.11, "replicate": 0, "accuracy": 101}
    status, refused = served.ask(f"{path}/observations", {"observations": [wrong]})
    assert (status, refused["errors"][0]["path"]) == (422, "observations[0].accuracy")
    wrong["accuracy"] = 90
    status, refused = served.ask(f"{path}/observations", {"observations": [wrong]})
    assert (status, refused["errors"][0]["path"]) == (422, "observations[0].max_lr")
    missing = {"cycle": 0, "max_lr": 0.1, "replicate": 0}
    status, refused = served.ask(f"{path}/observations", {"observations": [missing]})
    assert (status, refused["errors"][0]["path"]) == (422, "observations[0].accuracy")
    assert served.ask(path)[1]["done"] == 0


def test_of_two_accuracies_the_first_is_stored_and_the_trainer_continues(served: Served) -> None:
    path = declared(served, "contradicted") + "/observations"
    wanted = {"cycle": 0, "max_lr": 0.1, "replicate": 0}
    assert served.ask(path, observed(wanted, None))[1]["added"] == 1
    assert served.ask(path, observed(wanted, None))[1]["added"] == 0
    status, answer = served.ask(path, observed(wanted, 90.0))
    assert (status, answer["added"], answer["done"]) == (200, 0, 1)
    assert "divergence before, and now with 90" in answer["conflicts"][0]
    assert answer["next"] is not None


def test_a_trainer_without_work_gets_a_retry_after(served: Served) -> None:
    path = declared(served, "leased", cycles=0, replicates=1) + "/observations"
    given = [
        served.ask(path, {"observations": [], "trainer": name, "lease": 4})[1]["next"]["max_lr"]
        for name in ("a", "b", "c", "a")
    ]
    assert given == [0.05, 0.1, 0.2, 0.05]  # a trainer that asks again gets its own task again
    _, idle = served.ask(path, {"observations": []})
    assert (idle["state"], idle["next"]) == ("open", None)
    assert 1 <= idle["retry_after"] <= 4


def test_a_run_that_only_has_the_name_does_not_hide_a_trained_one(
    served: Served, study: Callable[..., Study]
) -> None:
    storage = str(sqlite_url(served.folder / "oracle.db"))
    where = Settings(served.folder, storage=storage, backend="inline", device="cpu", workers=1)
    prepared = prepare.prepare(study(name="twice"), where)
    table = execute.execute(prepared)
    path = declared(served, "twice")
    status, answer = served.ask("/v1/oracle/twice/max_lr?cycle=0")
    assert (status, answer["run"]) == (200, prepared.run_id)
    assert answer["well_tuned"] == table["cycles"][0]["well_tuned"]
    empty = served.ask(f"{path}/max_lr?cycle=0")[1]
    assert (empty["complete"], empty["well_tuned"]) == (False, None)
    for replicate in (0, 1):
        for rate in (0.05, 0.1, 0.2):
            wanted = {"cycle": 0, "max_lr": rate, "replicate": replicate}
            served.ask(f"{path}/observations", observed(wanted, accuracy(wanted)))
    assert served.ask("/v1/oracle/twice/max_lr?cycle=0")[1]["run"] == path.rpartition("/")[2]


def test_a_run_that_is_too_large_is_refused_before_it_is_computed(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ask_tell, "run_greedy", None)  # computing anything would fail
    grid = {"kind": "log", "low": 0.001, "high": 1.0}
    for changes, path in (
        ({"grid": grid | {"count": 4000}}, "grid"),
        ({"replicates": 1000, "cycles": 1000}, "replicates"),
        ({"grid": grid | {"count": 600}, "replicates": 100, "cycles": 1}, "grid"),
    ):
        status, refused = served.ask("/v1/oracle", RUN | {"name": "large"} | changes)
        assert (status, [each["path"] for each in refused["errors"]]) == (422, [path])


@pytest.mark.parametrize("path", ["/v1/oracle", "/v1/jobs"])
def test_a_duplicate_key_in_json_is_refused(served: Served, path: str) -> None:
    connection = http.client.HTTPConnection(served.address.removeprefix("http://"), timeout=120)
    body = json.dumps(RUN)[:-1] + ', "name": "other"}'
    connection.request("POST", path, body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    assert answer.status == 400
    assert 'the key "name" is given twice' in json.load(answer)["errors"][0]["rule"]
    connection.close()


def test_a_run_that_was_never_declared_is_not_found(served: Served) -> None:
    assert served.ask("/v1/oracle/nobody")[0] == 404
    assert served.ask("/v1/oracle/nobody/max_lr?cycle=0")[0] == 404
    assert served.ask("/v1/oracle/nobody/observations", {"observations": []})[0] == 404


def test_a_reader_may_read_and_only_the_owner_may_report_observations(tmp_path: Path) -> None:
    for served in serve(tmp_path, tokens_required=True):
        scopes = {"ada": "submit", "bob": "submit", "eve": "read"}
        tokens = {name: served.service.tokens.create(name, scope) for name, scope in scopes.items()}
        assert served.ask("/v1/oracle", RUN)[0] == 401
        assert served.ask("/v1/oracle", RUN, tokens["eve"])[0] == 403
        _, run = served.ask("/v1/oracle", RUN, tokens["ada"])
        assert run["owner"] == "ada"
        path = f"/v1/oracle/{run['run']}"
        assert served.ask(f"{path}/max_lr?cycle=1", None, tokens["eve"])[0] == 200
        for name, status in (("ada", 200), ("bob", 403), ("eve", 403)):
            assert served.ask(f"{path}/observations", {"observations": []}, tokens[name])[0] == (
                status
            )


def test_the_example_of_a_trainer_of_ones_own_finds_its_regions(
    served: Served, tmp_path: Path
) -> None:
    answer = outside_trainer.run(served.address, tmp_path / "networks")
    assert answer["state"] == "done"
    assert answer["done"] == answer["known"] == 36
    assert [each["cycle"] for each in answer["cycles"]] == [0, 1, 2]
    for each in answer["cycles"]:
        assert each["region"]["low"] <= each["well_tuned"] <= each["region"]["high"]
        assert each["well_tuned"] in (0.2, 0.4, 0.8)
    assert len(list((tmp_path / "networks").glob("*.npz"))) == 36
    first = outside_trainer.load(tmp_path / "networks", 0, answer["cycles"][0]["well_tuned"], 0)
    rest = outside_trainer.pruned(first)
    left = sum(float(rest[name].sum()) for name in ("mask_1", "mask_2"))
    assert left == pytest.approx(0.8 * 74 * 32, abs=1)
