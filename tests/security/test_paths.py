"""Names and paths that lead elsewhere: nothing outside is read or written, whatever takes them."""

import contextlib
import io
import json
import os
import shutil
import socket
import tarfile
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from PIL import Image
from starlette.testclient import TestClient

from oracle.client.client import Client, RetryPolicy
from oracle.service import admission
from scyc.data import datasets
from scyc.errors import BadInput
from scyc.specs.datasets import ImageFolderSpec, TinyImageNetSpec

SECRET = "canary-of-another-folder"  # noqa: S105  # a file's text
CORPUS = yaml.safe_load((Path(__file__).parent / "paths.yaml").read_text(encoding="utf-8"))
FOLDER = ImageFolderSpec(name="image_folder", size=4)


def joined(parts: Any) -> str:
    if isinstance(parts, str):
        return parts
    return "".join(part if isinstance(part, str) else part[0] * part[1] for part in parts)


RAW = [joined(each) for each in CORPUS["raw"]]
NAMED = [joined(each) for each in CORPUS["named"]]
ROUTES = (  # every part of a URL that takes a name
    "/v1/jobs/{}", "/v1/jobs/{}/events", "/v1/runs/{}", "/v1/runs/{}/table", "/v1/runs/{}/figure",
    "/v1/runs/{}/report", "/v1/runs/{}/study", "/v1/runs/{}/export?cycle=0", "/v1/oracle/{}",
    "/v1/oracle/{}/max_lr?cycle=0",
    "/jobs/{}", "/runs/{}", "/runs/{}/panels", "/assets/{}", "/assets/x/{}", "/static/{}",
    "/dashboard/{}", "/api/studies/{}", "/api/{}", "/csv/{}", "/favicon.ico/{}", "/{}",
)  # fmt: skip


@pytest.fixture(scope="module")
def secret(served: Any) -> Path:
    """A file next to the folders that the server may read."""
    file: Path = served.folder / "secret.txt"
    file.write_text(SECRET, encoding="utf-8")
    return file


def contents(folder: Path) -> dict[str, bytes | None]:
    return {
        str(each.relative_to(folder)): each.read_bytes() if each.is_file() else None
        for each in folder.rglob("*")
        if not each.name.startswith("oracle.db")
    }


def leaked(text: str) -> bool:
    return SECRET in text or "root:x:0" in text or "PATH=" in text


def test_the_corpus_is_large() -> None:
    assert len(RAW) >= 60
    assert len(NAMED) >= 30


def get_raw(client: TestClient, path: str) -> Any:
    """An answer to a path as it stands: no client of ours takes the dots out of it."""
    return client.request("GET", client.base_url.copy_with(raw_path=path.encode()))


@pytest.mark.parametrize("every", [4, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("route", ROUTES)
def test_an_address_leads_nowhere_else(
    client: TestClient, secret: Path, route: str, every: int
) -> None:
    before = contents(secret.parent)
    own = get_raw(client, route.format("x").partition("?")[0]).status_code
    for name in RAW[ROUTES.index(route) % every :: every]:
        answer = get_raw(client, route.format(name))
        assert answer.status_code < 500, name
        assert not leaked(answer.text), name
        shown = own == 200 and route.startswith("/dashboard")  # one page for all its addresses
        nothing = answer.text == '{"panels": []}'
        assert shown or nothing or answer.status_code >= 300, name
        assert not answer.headers.get("location", "/").startswith("//"), name
    assert contents(secret.parent) == before


def test_a_request_line_is_not_normalised(served: Any, secret: Path) -> None:
    """Over a socket, where nothing tidies the path up."""
    import uvicorn

    config = uvicorn.Config(served.app(allowed_hosts=("x",)), port=0, log_level="critical")
    server, door = uvicorn.Server(config), socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, args=([door],))
    thread.start()
    try:
        for name in RAW:
            for route in ("/assets/x/{}", "/static/{}", "{}"):
                path = route.format(name)
                with socket.create_connection(door.getsockname(), 10) as asking:
                    asking.sendall(f"GET {path} HTTP/1.0\r\nHost: x\r\n\r\n".encode())
                    answer = b"".join(iter(lambda: asking.recv(65536), b""))
                assert answer.split(b" ", 2)[1][:1] in b"34", (path, answer[:200])
                assert not leaked(answer.decode("utf-8", "replace")), path
    finally:
        server.should_exit = True
        thread.join()


@pytest.mark.parametrize("name", NAMED)
def test_a_study_over_http_names_nothing_elsewhere(
    client: TestClient, served: Any, tiny: dict[str, Any], secret: Path, name: str
) -> None:
    name = name.replace("{secret}", str(secret))
    before, jobs = contents(secret.parent), served.service.jobs.count()
    for fields in (
        {"name": name},
        {"beside": name},
        {"dataset": {"name": "image_folder", "root": name, "size": 4}},
        {"dataset": {"name": "tiny_imagenet", "root": name, "size": 4}},
        {"dataset": {"name": "cifar10", "root": name}},
        {"dataset": {"name": "fashion_mnist", "root": name, "download": True}},
    ):
        answer = client.post("/v1/jobs", json={"study": tiny | fields})
        assert answer.status_code == 422, fields
        assert not leaked(answer.text)
    if name not in {".", "CON", "$HOME"} and not name.startswith(("NUL", "aux", "%2e")):
        parts = {"name": "image_folder", "parts": [name], "size": 4}
        answer = client.post("/v1/jobs", json={"study": tiny | {"dataset": parts}, "data": "pics"})
        outside = name.startswith("/") or ".." in name.split("/") or "\0" in name
        assert answer.status_code == 422 or not outside
        if answer.status_code != 422:  # a folder's odd name: it is looked for in the data folder
            client.post(f"/v1/jobs/{answer.json()['id']}/cancel")
            jobs = served.service.jobs.count()
    assert client.post("/v1/jobs", json={"study": tiny, "data": name}).status_code == 422
    for outside_run in ("name", "description"):
        sent = {"name": "x", "grid": {"max_lr": [0.1, 0.2]}, "cycles": 1, outside_run: name}
        assert client.post("/v1/oracle", json=sent).status_code in {200, 201, 422}
    assert served.service.jobs.count() == jobs
    assert contents(secret.parent) == before


@pytest.mark.parametrize("name", NAMED)
def test_the_command_line_shows_nothing_of_a_file_that_is_no_study(
    secret: Path,
    tmp_path: Path,
    name: str,
    oracle: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "runs").mkdir()
    monkeypatch.chdir(tmp_path / "runs")
    (tmp_path / "secret.txt").write_text(SECRET, encoding="utf-8")
    before = contents(tmp_path)
    name = name.replace("{secret}", str(secret))
    if name in {"/dev/stdin", "/dev/zero"}:
        return  # whoever types them has what they ask for
    for command in ("check", "table"):
        code, answer = oracle(command, "--", name)
        assert code == 2
        assert not leaked(answer)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("name", NAMED)
def test_the_client_requests_names_and_no_other_path(name: str) -> None:
    import httpx

    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.raw_path.decode())
        return httpx.Response(404, json={})

    pace = RetryPolicy(patience=0, pause=lambda _: None)
    with Client(pace=pace, transport=httpx.MockTransport(answer)) as client:
        for call in (client.job, client.run, lambda each: client.fetch(each, "csv")):
            with pytest.raises(Exception, match=r"."):
                call(name)
    for path in seen:
        assert path.split("?")[0].count("/") == (4 if "table" in path else 3), path
        assert path.startswith(
            tuple(f"/v1/{each}/{quote(name, safe='')}" for each in ("jobs", "runs"))
        )


def picture(file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (4, 4), (9, 9, 9)).save(file)
    return file


@pytest.fixture
def pics(tmp_path: Path) -> Path:
    """A folder of two classes with an image each; next to it is another user's picture."""
    picture(tmp_path / "private" / "z" / "theirs.png")
    picture(tmp_path / "pics" / "train" / "a" / "0.png")
    picture(tmp_path / "pics" / "train" / "b" / "0.png")
    return tmp_path / "pics"


def test_a_part_that_a_link_leads_out_of_the_folder_is_refused_over_http(
    pics: Path, tmp_path: Path
) -> None:
    (pics / "out").symlink_to(tmp_path / "private")
    (pics / "in").symlink_to(pics / "train")
    for root, data in ((None, "pics"), (str(pics), None)):
        content = {
            "dataset": {"name": "image_folder", "root": root, "parts": ["train", "in", "out"]}
        }
        problems = admission.problems(content, {}, {"pics": pics}, data)
        assert [(each.path, each.value) for each in problems] == [("dataset.parts[2]", "out")]


def test_a_root_that_a_link_leads_out_of_the_folder_is_refused_over_http(
    pics: Path, tmp_path: Path
) -> None:
    (pics / "out").symlink_to(tmp_path / "private")
    for root, wrong in ((pics / "out", True), (pics / "train", False), (pics / "..", True)):
        content = {"dataset": {"name": "image_folder", "root": str(root)}}
        assert bool(admission.problems(content, {}, {"pics": pics}, None)) is wrong


@pytest.mark.parametrize("kind", ["pipe", "device", "socket", "nothing", "loop", "text", "script"])
def test_what_is_no_image_is_refused_by_its_path_alone(
    pics: Path, tmp_path: Path, kind: str
) -> None:
    made = pics / "train" / "b" / "1.png"
    if kind == "pipe":
        os.mkfifo(made)
    elif kind == "device":
        made.symlink_to("/dev/zero")
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as door:
            door.bind(os.path.relpath(made))
    elif kind in ("nothing", "loop"):
        made.symlink_to("nowhere.png" if kind == "nothing" else made.name)
    elif kind == "text":
        (tmp_path / "private" / "secret.txt").write_text(SECRET, encoding="utf-8")
        made.symlink_to(tmp_path / "private" / "secret.txt")
    else:
        made.symlink_to(Path(__file__))
    with pytest.raises(BadInput) as refused:
        datasets.load(FOLDER, root=pics / "train")
    assert [each.value for each in refused.value.problems] == [str(made)]
    assert not leaked(str(refused.value))


def test_a_folder_with_an_images_name_is_no_image(pics: Path) -> None:
    picture(pics / "train" / "b" / "odd.png" / "1.png")
    assert len(datasets.load(FOLDER, root=pics / "train").labels) == 3


@pytest.fixture
def ghostscript(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `gs` that tells that it was started."""
    canary, program = tmp_path / "canary", tmp_path / "bin" / "gs"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\ntouch {canary}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    monkeypatch.setattr("PIL.EpsImagePlugin.gs_binary", None, raising=False)
    return canary


EPS = b"""%!PS-Adobe-3.0 EPSF-3.0
%%BoundingBox: 0 0 4 4
%%EndComments
(secret) run
%%EOF
"""


def test_postscript_with_an_images_name_starts_no_program(pics: Path, ghostscript: Path) -> None:
    (pics / "train" / "b" / "1.png").write_bytes(EPS)
    with pytest.raises(BadInput, match="cannot be read as an image"):
        datasets.load(FOLDER, root=pics / "train")
    assert not ghostscript.exists()
    with Image.open(io.BytesIO(EPS)) as image, contextlib.suppress(OSError):
        image.load()  # what a careless reader does
    assert ghostscript.exists()


MEMBERS: dict[str, Callable[[tarfile.TarInfo], None]] = {
    "symbolic link": lambda each: setattr(each, "type", tarfile.SYMTYPE),
    "hard link": lambda each: setattr(each, "type", tarfile.LNKTYPE),
    "pipe": lambda each: setattr(each, "type", tarfile.FIFOTYPE),
    "device": lambda each: setattr(each, "type", tarfile.CHRTYPE),
}


@pytest.mark.parametrize("form", ["tar", "zip"])
@pytest.mark.parametrize("member", [*MEMBERS, "../up.png", "/absolute.png", "a/0.png"])
def test_an_archive_is_no_data_set_and_is_not_unpacked(
    tmp_path: Path, member: str, form: str
) -> None:
    archive = tmp_path / "pics" / f"pics.{form}"
    archive.parent.mkdir()
    info = tarfile.TarInfo(member if "/" in member else "a/0.png")
    info.linkname = str(tmp_path / "secret.txt")
    MEMBERS.get(member, lambda _: None)(info)
    if form == "tar":
        with tarfile.open(archive, "w") as written:
            written.addfile(info)
    else:
        with zipfile.ZipFile(archive, "w") as packed:
            packed.writestr(info.name, b"x")
    shutil.copy(archive, archive.with_suffix(".png"))
    before = contents(tmp_path)
    for root in (archive, archive.parent, archive.with_suffix(".png")):
        for spec in (FOLDER, TinyImageNetSpec(name="tiny_imagenet", size=4)):
            with pytest.raises(BadInput):
                datasets.load(spec, root=root)
    assert contents(tmp_path) == before


def test_an_annotation_names_no_file_elsewhere(pics: Path, tmp_path: Path) -> None:
    (pics / "val" / "images").mkdir(parents=True)
    for name in ("../../../private/z/theirs.png", str(tmp_path / "private" / "z" / "theirs.png")):
        (pics / "val" / "val_annotations.txt").write_text(f"{name}\ta\t0\n", encoding="utf-8")
        with pytest.raises(BadInput, match="but missing"):
            datasets.load(TinyImageNetSpec(name="tiny_imagenet", size=4), root=pics)


def test_json_of_a_refusal_shows_a_path_as_it_was_given(client: TestClient) -> None:
    body = json.dumps({"study": {"name": "../../etc/passwd"}})
    answer = client.post("/v1/jobs", content=body, headers={"Content-Type": "application/json"})
    assert "../../etc/passwd" in [each["value"] for each in answer.json()["errors"]]
