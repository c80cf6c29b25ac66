"""A server goes to no address that a request names; a command line's are few, and chain nothing."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from starlette.testclient import TestClient

from oracle.client.client import Client, ServerError
from oracle.database import parse_url
from scyc.errors import BadInput
from scyc.storage.blob_store import SCHEMES, blobs

CORPUS = yaml.safe_load((Path(__file__).parent / "addresses.yaml").read_text(encoding="utf-8"))
RUN = {"name": "addressed", "grid": {"max_lr": [0.1, 0.2]}, "cycles": 1, "replicates": 1}


@pytest.fixture
def door() -> Iterator[socket.socket]:
    """Something that listens on this machine, at IPv4 and IPv6, and to which nobody comes."""
    with socket.create_server(
        ("::", 0), family=socket.AF_INET6, dualstack_ipv6=True, backlog=64
    ) as opened:
        opened.setblocking(False)
        yield opened


def visited(door: socket.socket) -> bool:
    try:
        door.accept()[0].close()
    except BlockingIOError:
        return False
    return True


def filled_in(text: str, door: socket.socket) -> str:
    return text.replace("{evil}", "127.0.0.1").replace("{port}", str(door.getsockname()[1]))


def test_the_corpus_is_large() -> None:
    assert len(CORPUS) >= 25


def test_a_visit_is_noticed(door: socket.socket) -> None:
    assert not visited(door)
    socket.create_connection(("127.0.0.1", door.getsockname()[1]), 5).close()
    assert visited(door)


@pytest.mark.parametrize("share", [4, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("text", CORPUS)
def test_no_field_of_a_request_leads_to_an_address(
    client: TestClient,
    served: Any,
    tiny: dict[str, Any],
    door: socket.socket,
    text: str,
    share: int,
) -> None:
    turn = CORPUS.index(text) % share
    url, jobs = filled_in(text, door), served.service.jobs.count()
    every = (
        {"storage": url}, {"store": url}, {"data": url}, {"root": url}, {"beside": url},
        {"dataset": url}, {"network": url}, {"dataset": {"name": "image_folder", "root": url}},
        {"dataset": {"name": "cifar10", "root": url, "download": True}},
        {"dataset": {"name": "image_folder", "size": 4, "root": str(served.folder / "pics"),
                     "parts": ["/" + url]}},
        {"dataset": {"name": "tiny_imagenet", "root": url, "size": 4}},
        {"network": {"factory": url}}, {"include": url}, {"$ref": url}, {"extends": url},
    )  # fmt: skip
    for fields in every[turn::share]:
        answer = client.post("/v1/jobs", json={"study": tiny | fields})
        assert answer.status_code == 422, fields
        assert "root:x:0" not in answer.text
    for field in ("storage", "store", "callback", "webhook", "data", "url")[turn::share]:
        answer = client.post("/v1/jobs", json={"study": tiny, field: url})
        assert answer.status_code == 422, field
        answer = client.post("/v1/oracle", json=RUN | {field: url})
        assert answer.status_code == 422, field
    params = {"url": url, "storage": url, "next": url, "run": url, "distributions": url}
    headers = {
        "Referer": url, "X-Forwarded-Host": url, "X-Original-URL": url, "X-Rewrite-URL": url,
        "Forwarded": f"host={url}",
    }  # fmt: skip
    shown = {key: value.encode("utf-8") for key, value in headers.items()}
    for path in ("/compare", "/compare/panels", f"/v1/runs/{served.run}/table", "/sign-in", "/")[
        turn::share
    ]:
        answer = client.get(path, params=params, headers=shown)
        assert answer.status_code in {200, 404, 422}, path
        assert not answer.headers.get("location", "/").startswith(("//", "http"))
    assert served.service.jobs.count() == jobs
    assert not visited(door)


@pytest.mark.parametrize("text", CORPUS)
def test_a_storage_is_a_file_or_postgresql_and_nothing_else(door: socket.socket, text: str) -> None:
    url = filled_in(text, door)
    if url.startswith("postgresql"):
        assert parse_url(url).get_backend_name() == "postgresql"
    elif url.startswith("sqlite") and "?" not in url and ":memory:" not in url:
        assert parse_url(url).database == url.removeprefix("sqlite:///")  # a file of that name
    else:
        with pytest.raises(BadInput, match="storage = "):
            parse_url(url)
    assert not visited(door)


@pytest.mark.parametrize("text", CORPUS)
def test_a_store_is_a_folder_or_of_a_few_kinds_and_no_chain(
    door: socket.socket, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    url = filled_in(text, door)
    scheme, sign, _ = url.partition("://")
    if not sign or scheme == "file":
        blobs(url)  # a folder of that name
    elif scheme not in SCHEMES or "::" in url:
        with pytest.raises(ValueError, match=r"is not read"):
            blobs(url)
    else:
        assert scheme in {"s3", "gs", "abfs"}  # which takes a library that is not there
    assert not visited(door)


@pytest.mark.parametrize("text", CORPUS)
def test_a_server_is_an_address_of_http(door: socket.socket, text: str) -> None:
    url = filled_in(text, door)
    plain = url.isascii() and "@" not in url and "0177" not in url
    if url.startswith(("http://", "https://")) and plain:
        Client(url).close()
    else:
        with pytest.raises(BadInput, match="server"):
            Client(url)
    assert not visited(door)


def test_the_client_goes_to_no_other_server_that_an_answer_names(door: socket.socket) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        where = filled_in("http://{evil}:{port}/", door)
        return httpx.Response(302, headers={"Location": where})

    client = Client(token="oracle_mine", transport=httpx.MockTransport(answer))  # noqa: S106  # none
    with client, pytest.raises(ServerError, match=r"answered 302 Found to"):
        client.jobs()
    assert not visited(door)
