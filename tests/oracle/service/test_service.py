import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from factories import tiny_content

from oracle.database import RunRecord, parse_url, sqlite_url
from oracle.errors import Forbidden, KeyReused, QueueFull, UnknownJob
from oracle.records.jobs import Holder, Job
from oracle.records.tokens import Scope, Token
from oracle.runs import catalog, execute, prepare
from oracle.service import service
from oracle.service.service import Service
from oracle.service.settings import ServerSettings
from oracle.settings import Progress, ScaleDown, Settings
from oracle.storage import session
from oracle.study.loading import read_json
from oracle.study.validation import parse
from scyc.errors import BadInput
from scyc.specs.base import as_json

STUDY: dict[str, Any] = tiny_content(without=("pruning",))
Open = Callable[..., Service]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    made: list[Service] = []

    def make(**changes: Any) -> Service:
        url = sqlite_url(tmp_path / "oracle.db")
        settings = {"url": url, "folder": tmp_path, "backend": "inline", "device": "cpu"}
        made.append(Service(ServerSettings(**settings | changes)))
        return made[-1]

    yield make
    for each in made:
        each.close()


def token(name: str, scope: Scope = "submit") -> Token:
    return Token(name, scope, datetime.now(UTC))


def submit(to: Service, changes: dict[str, Any] | None = None, **options: Any) -> tuple[Job, bool]:
    text = yaml.safe_dump(STUDY | (changes or {}))
    return to.submit(text, **{"form": "yaml", "owner": "ann"} | options)


def refused(to: Service, changes: dict[str, Any] | None = None, **options: Any) -> list[str]:
    with pytest.raises(BadInput) as caught:
        submit(to, changes, **options)
    assert to.jobs.page() == []
    return [each.path for each in caught.value.problems]


def run(to: Service, progress: Progress | None = None, **changes: Any) -> str:
    """Runs a study in this process; returns its run's id."""
    prepared = prepare.prepare(parse(STUDY | changes, "tiny"), to.settings.of_job(None))
    execute.execute(prepared, progress)
    return prepared.run_id


def test_a_study_is_queued_as_it_was_declared(opened: Open) -> None:
    opened_service = opened()
    job, new = submit(opened_service, priority=3)
    assert new
    assert (job.state, job.owner, job.priority, job.study_name) == ("queued", "ann", 3, "tiny")
    assert yaml.safe_load(job.source) == STUDY
    assert parse(json.loads(job.study), "job") == parse(STUDY, "study")
    assert job.id.startswith("tiny-")
    assert opened_service.jobs.get(job.id) == job


def test_the_same_study_is_the_same_job_however_it_is_written(opened: Open) -> None:
    opened_service = opened()
    job, _ = submit(opened_service)
    text = json.dumps(STUDY | {"seed": 0, "network": "fully_connected"} | STUDY, indent=3)
    assert opened_service.submit(text, form="json", owner="bob") == (job, False)
    others = [
        submit(opened_service, {"seed": 1}),
        submit(opened_service, {"beside": "other"}),
        submit(opened_service, shrink=ScaleDown(cycles=1)),
    ]
    assert all(new for _, new in others)
    assert len({job.id, *(other.id for other, _ in others)}) == 4


def test_images_of_another_folder_are_another_job(opened: Open, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    opened_service = opened(data={"a": tmp_path / "a", "b": tmp_path / "b"})
    dataset = {"name": "image_folder"}
    named = [submit(opened_service, {"dataset": dataset}, data=name)[0].id for name in ("a", "b")]
    rooted = [
        submit(opened_service, {"dataset": dataset | {"root": str(tmp_path / name)}})[0].id
        for name in "ab"
    ]
    assert len({*named, *rooted}) == 4


def test_a_study_is_refused_with_all_problems_at_once(opened: Open) -> None:
    opened_service = opened()
    wrong = {
        "network": "os.path:join",
        "dataset": {"name": "image_folder", "root": "/etc"},
        "cycles": 0,
        "epochs": 3,
    }
    always = {"cycles", "epochs", "network"}
    assert set(refused(opened_service, wrong, priority=101)) == always | {
        "dataset.root",
        "priority",
    }
    assert set(refused(opened_service, wrong, data="images")) == always | {"data"}
    assert refused(opened_service, shrink=ScaleDown(cycles=3)) == ["cycles"]
    with pytest.raises(BadInput):
        opened_service.submit("a: [", form="yaml", owner="ann")
    with pytest.raises(BadInput):
        opened_service.submit("[1]", form="json", owner="ann")


def test_a_listed_network_is_named_by_the_servers_word(opened: Open) -> None:
    opened_service = opened(allow={"mine": "os.path:join"})
    job, _ = submit(opened_service, {"network": "mine"})
    assert json.loads(job.study)["network"] == {"factory": "os.path:join", "options": {}}
    assert submit(opened_service, {"network": "os.path:join"}) == (job, False)


def test_a_key_identifies_one_study_of_its_owner(opened: Open) -> None:
    opened_service = opened()
    job, _ = submit(opened_service, key="once")
    assert submit(opened_service, key="once") == (job, False)
    with pytest.raises(KeyReused):
        submit(opened_service, {"seed": 1}, key="once")
    assert submit(opened_service, {"seed": 1}, key="once", owner="bob")[1]


def test_a_full_queue_takes_no_more_but_knows_what_it_has(opened: Open) -> None:
    opened_service = opened(queue=2)
    first, _ = submit(opened_service)
    submit(opened_service, {"seed": 1})
    with pytest.raises(QueueFull, match="2 jobs"):
        submit(opened_service, {"seed": 2})
    assert submit(opened_service) == (first, False)
    opened_service.jobs.claim(Holder("me", "boot/ns 1 2 host"))
    assert submit(opened_service, {"seed": 2})[1]


@pytest.mark.parametrize("act", ["cancel", "resume", "reprioritise"])
def test_a_job_is_its_owners_and_the_admins(opened: Open, act: str) -> None:
    opened_service = opened()
    job, _ = submit(opened_service)
    more = (5,) if act == "reprioritise" else ()
    before = opened_service.jobs.get(job.id)
    with pytest.raises(Forbidden, match="ann's"):
        getattr(opened_service, act)(job.id, *more, token("bob"))
    assert opened_service.jobs.get(job.id) == before
    for who in (token("ann"), token("root", "admin")):
        after = getattr(opened_service, act)(job.id, *more, who)
        assert after.state == ("cancelled" if act == "cancel" else "queued")
        assert after.priority == (5 if act == "reprioritise" else 0)
    with pytest.raises(UnknownJob):
        getattr(opened_service, act)("tiny-00000000", *more, token("root", "admin"))


def test_a_priority_that_is_none_is_refused(opened: Open) -> None:
    opened_service = opened()
    job, _ = submit(opened_service)
    with pytest.raises(BadInput, match="-100 to 100"):
        opened_service.reprioritise(job.id, 101, token("ann"))


def test_a_run_is_found_by_its_id_its_job_and_its_study(opened: Open) -> None:
    opened_service = opened()
    job, _ = submit(opened_service)
    with pytest.raises(UnknownJob, match="no run yet"):
        opened_service.run(job.id)
    with pytest.raises(UnknownJob, match="nothing"):
        opened_service.run("nothing")
    first = run(opened_service)
    holder = Holder("me", "boot/ns 1 2 host")
    opened_service.jobs.claim(holder)
    opened_service.jobs.ran_as(job.id, holder, first)
    second = run(opened_service, seed=1, cycles=1)
    assert [each.record.run_id for each in opened_service.runs()] == [first, second]
    assert (
        opened_service.run(first).record.run_id == opened_service.run(job.id).record.run_id == first
    )
    assert opened_service.run("tiny").record.run_id == second  # the latest
    assert {each.state for each in opened_service.runs()} == {"done"}


def test_a_run_whose_study_another_version_declared_is_left_out(opened: Open) -> None:
    opened_service = opened()
    name = run(opened_service, cycles=1)
    record = opened_service.database.run(name)
    assert record is not None
    strange = record.__class__("tiny-1", record.graph, record.fingerprint, '{"a": 1}', "done")
    opened_service.database.register(strange)
    assert [each.record.run_id for each in opened_service.runs()] == [name]
    with pytest.raises(UnknownJob):
        opened_service.run("tiny-1")


def test_a_table_grows_with_the_storage_and_is_computed_once_for_many(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened_service = opened()
    computed: list[str] = []

    def counted(*arguments: Any) -> Any:
        computed.append("")
        return original(*arguments)

    original = service.catalog.replayed
    monkeypatch.setattr(service.catalog, "replayed", counted)
    lengths: list[int] = []

    def cells(done: int, known: int) -> None:
        if done in (8, 16):
            before = len(computed)
            table = opened_service.table(opened_service.run("tiny"))
            lengths.append(len(table["cycles"]))
            assert len(computed) == before + 1

    run(opened_service, Progress(cells=cells))
    known = opened_service.run("tiny")
    computed.clear()
    with ThreadPoolExecutor(8) as pool:
        tables = list(pool.map(opened_service.table, [known] * 40))
    assert len(computed) == 1
    assert len(lengths) == 2
    assert lengths[0] < lengths[1] < len(tables[0]["cycles"]) == 3
    assert all(table is tables[0] for table in tables)
    assert tables[0] == catalog.stored_table(known)
    assert tables[0]["complete"]


def test_a_run_that_records_nothing_has_no_distributions(opened: Open) -> None:
    opened_service = opened()
    run(opened_service, cycles=1)
    with pytest.raises(BadInput, match="add record"):
        opened_service.table(opened_service.run("tiny"), "oracle")


def test_a_servers_runs_are_listed_with_those_of_the_command(opened: Open, tmp_path: Path) -> None:
    where = Settings(folder=tmp_path, backend="inline", device="cpu")
    assert catalog.find(where) == []
    assert session.home_url(where) == sqlite_url(tmp_path / "_oracle" / "oracle.db")
    assert session.home_url(Settings(storage="sqlite:///x.db")) == parse_url("sqlite:///x.db")
    served = run(opened(), cycles=1)
    plain = prepare.prepare(parse(STUDY | {"name": "plain", "cycles": 1}, "plain"), where)
    execute.execute(plain)
    folders = {each.record.run_id: each.folder for each in catalog.find(where)}
    assert folders == {served: tmp_path / "tiny", plain.run_id: tmp_path / "plain"}


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ('{"a": 1, "a": 2}', 'the key "a" is given twice'),
        ('{"a": NaN}', "NaN"),
        ('{"a": -Infinity}', "-Infinity"),
        ("[" * 21 + "]" * 21, "nested over 20"),
        ("[" * 100_000, "nested over 20"),
        ('{"a":' * 100_000, "nested over 20"),
        ('{"a": "\\ud800"}', "surrogate"),
        ("1" * 5000, "not JSON"),
        ("", "not JSON"),
        ("{'a': 1}", "not JSON"),
        ('"' + "x" * 1_000_000 + '"', "over 1000000"),
        ('"\\' * 400_000, "not JSON"),
    ],
)
def test_json_is_read_as_strictly_as_yaml(text: str, rule: str) -> None:
    with pytest.raises(BadInput, match=rule):
        read_json(text)


def test_json_is_nested_by_its_brackets_not_those_in_its_texts() -> None:
    text = json.dumps({"a": "[{" * 50, "b": '\\"' + "[" * 50, "c": [[[1e-3]]]})
    assert read_json(text) == json.loads(text)
    assert read_json("[" * 20 + "]" * 20) == json.loads("[" * 20 + "]" * 20)


def test_a_study_means_its_run_as_written_and_not_a_later_smaller_one(opened: Open) -> None:
    served = opened()

    def stored(run_id: str, **shrunk: str) -> None:
        study = as_json(parse(STUDY | {"shrunk": shrunk}, "tiny"))
        served.database.register(RunRecord(run_id, "graph", "images", json.dumps(study), "done"))

    stored("tiny-00000001", cycles="1 of 2")
    assert served.run("tiny").record.run_id == "tiny-00000001"
    stored("tiny-00000002")
    stored("tiny-00000003", grid="2 of 3")
    assert served.run("tiny").record.run_id == "tiny-00000002"
    assert served.run("tiny-00000003").record.run_id == "tiny-00000003"
