"""A run whose networks and images lie in a store: the same table, nothing of them in its folder."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from oracle.errors import PackFailed
from oracle.execution import pack_state
from oracle.runs import execute, prepare
from oracle.settings import Settings
from oracle.study.base import Study
from oracle.tables import oracle
from scyc.errors import BadInput

Make = Callable[..., Study]


def run(study: Study, folder: Path, store: str | None) -> oracle.OracleTable:
    settings = Settings(folder, backend="inline", device="cpu", store=store)
    return execute.execute(prepare.prepare(study, settings))


@pytest.fixture(autouse=True)
def _own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack_state, "_OWN", tmp_path / "own")


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of a bucket of a small S3 server: `pip install s3fs 'moto[server]' boto3`."""
    server = pytest.importorskip("moto.server")
    boto3 = pytest.importorskip("boto3")
    pytest.importorskip("s3fs")
    there = server.ThreadedMotoServer(port=0)
    there.start()
    host, port = there.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "of-a-test")
    boto3.client("s3").create_bucket(Bucket="shared")
    yield "s3://shared/oracle"
    there.stop()


@pytest.mark.parametrize("kind", ["file", "memory", pytest.param("s3", marks=pytest.mark.slow)])
def test_a_shared_store_does_not_change_results(
    study: Make, tmp_path: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    url = f"file://{tmp_path}/store" if kind == "file" else f"memory://{uuid.uuid4().hex}"
    if kind == "s3":
        url = request.getfixturevalue("bucket")
    declared = study(cycles=2)
    plain = run(declared, tmp_path / "plain", None)
    stored = run(declared, tmp_path / "stored", url)
    for table in (plain, stored):
        for cost in table["cost"].values():
            del cost["seconds"]
    assert plain == stored
    assert not list((tmp_path / "stored").rglob("*.pt"))
    again = run(declared, tmp_path / "stored", url)
    assert again["cycles"] == stored["cycles"]


@pytest.mark.parametrize(
    ("store", "rule"),
    [("bucket/oracle", "is no URL"), ("http://example.org/", "is not read"),
     ("file:///proc/nothing", "cannot be used"), ("file://rel/store", "not absolute"),
     ("gs://bucket/x", "not installed")],
)  # fmt: skip
def test_a_store_that_cannot_be_used_is_refused_before_work(
    study: Make, tmp_path: Path, store: str, rule: str
) -> None:
    with pytest.raises(BadInput) as caught:
        prepare.prepare(study(), Settings(tmp_path, backend="inline", store=store))
    assert [each.path for each in caught.value.problems] == ["store"]
    assert rule in caught.value.problems[0].rule


def test_a_store_in_memory_is_refused_for_workers(study: Make, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no worker sees"):
        prepare.prepare(study(), Settings(tmp_path, backend="ray", store="memory://x"))


def test_what_a_machine_keeps_for_itself_is_its_users_alone(study: Make, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir(mode=0o777)
    (tmp_path / "own").chmod(0o777)
    with pytest.raises(PackFailed, match="open to others"):
        run(study(cycles=1), tmp_path / "runs", f"file://{tmp_path}/store")
