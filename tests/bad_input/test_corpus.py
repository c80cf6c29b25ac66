"""Every case of the corpus is refused with its code, path and remedy, and leaves nothing behind."""

import json
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from starlette.testclient import TestClient

from oracle.cli import main
from oracle.database import sqlite_url
from oracle.rest.settings import WebSettings
from oracle.service.service import Service
from oracle.service.settings import ServerSettings
from oracle.web.app import create_app

HERE = Path(__file__).parent
Said = tuple[int, str]


def read(name: str) -> Any:
    return yaml.safe_load((HERE / f"{name}.yaml").read_text(encoding="utf-8"))


def joined(parts: Any) -> str:
    """Text; of a list its parts, [text, times] among them."""
    if isinstance(parts, str):
        return parts
    return "".join(part if isinstance(part, str) else part[0] * part[1] for part in parts)


STUDIES, GRIDS = read("yaml"), read("grids")["fields"]
BASE: str = STUDIES["base"]
_GRID = "{max_lr: [1e-2, 0.1]}"
TEXTS = [
    *((joined(text), path, says) for text, path, says in STUDIES["texts"]),
    *((BASE.replace(old, new, 1), path, says) for old, new, path, says in STUDIES["fields"]),
    *((BASE.replace(_GRID, grid, 1), path, says) for grid, path, says in GRIDS),
]
NAMES = [(location, joined(name), code, says) for location, name, code, says in read("names")]
STORAGE, OPTIONS, DATASETS = read("storage"), read("options"), read("datasets")
REQUESTS, TOKENS = read("http"), [joined(each) for each in read("tokens")]


def test_the_corpus_is_large() -> None:
    assert len(STUDIES["texts"]) + len(STUDIES["fields"]) >= 80
    assert len(GRIDS) >= 16
    assert len(REQUESTS) >= 60
    assert len(STORAGE) >= 25
    assert len(NAMES) >= 40
    assert len(DATASETS) >= 8
    every = (TEXTS, NAMES, STORAGE, OPTIONS, DATASETS, REQUESTS, TOKENS)
    assert sum(map(len, every)) >= 300
    assert all(old in BASE for old, *_ in STUDIES["fields"])


@pytest.fixture
def oracle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Said]:
    """The `oracle` command in an empty folder, which a refusal leaves as it was."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name in ("ORACLE_TOKEN", "ORACLE_TOKEN_FILE", "ORACLE_STORAGE", "RAY_ADDRESS"):
        monkeypatch.delenv(name, raising=False)

    def call(*arguments: str) -> Said:
        before = contents(tmp_path)
        monkeypatch.setattr(sys, "argv", ["oracle", *arguments])
        with pytest.raises(SystemExit) as ended:
            main.entry()
        printed = capsys.readouterr()
        output = printed.err + printed.out
        assert "Traceback" not in output
        assert "canary" not in output
        assert not any(ord(letter) < 32 and letter not in "\n\t" for letter in output)
        assert contents(tmp_path) == before
        assert isinstance(ended.value.code, int)
        return ended.value.code, output

    return call


def contents(folder: Path) -> dict[str, bytes | None]:
    return {
        str(each.relative_to(folder)): each.read_bytes() if each.is_file() else None
        for each in folder.rglob("*")
    }


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("served")
    settings = ServerSettings(url=sqlite_url(folder / "oracle.db"), folder=folder, backend="inline")
    opened = Service(settings)
    yield opened
    opened.close()


RUN = {"name": "known", "grid": {"max_lr": [0.1, 0.2]}, "cycles": 2, "replicates": 2}


@pytest.fixture(scope="module")
def client(service: Service) -> Iterator[TestClient]:
    app = create_app(service, WebSettings(rate=1e6, burst=10**6))
    with TestClient(app, base_url="http://127.0.0.1:8000") as test_client:
        assert test_client.post("/v1/oracle", json=RUN).status_code == 201
        yield test_client


@pytest.fixture
def ask(service: Service, client: TestClient) -> Callable[..., Any]:
    """A request that is refused: no job and no run is made, nothing observed."""
    (run,) = (each["run"] for each in client.get("/v1/oracle").json()["items"])

    def call(method: str, path: str, **content: Any) -> tuple[int, list[dict[str, Any]], str]:
        answer = client.request(method, path.replace("{run}", run), **content)
        runs = client.get("/v1/oracle").json()["items"]
        assert [(each["run"], each["done"]) for each in runs] == [(run, 0)]
        assert sum(service.jobs.count().values()) == 0
        assert "Traceback" not in answer.text
        if "json" not in answer.headers.get("content-type", ""):
            return answer.status_code, [], answer.text
        body = answer.json()
        assert body["status"] == answer.status_code
        assert body["detail"]
        assert all(each["rule"] for each in body["errors"])
        lines = [
            body["detail"],
            *(each["rule"] for each in body["errors"]),
            answer.headers.get("allow", ""),
        ]
        return answer.status_code, body["errors"], "\n".join(lines)

    return call


def problem_lines(output: str) -> list[str]:
    """The paths of the problems that a refusal on the command line prints."""
    return [line.strip() for line in output.splitlines()[1:]]


@pytest.mark.parametrize(("text", "path", "says"), TEXTS)
def test_a_bad_study_is_refused_on_the_command_line(
    text: str, path: str, says: str, oracle: Callable[..., Said]
) -> None:
    Path("mine.yaml").write_bytes(text.encode("utf-8", "surrogatepass"))
    code, output = oracle("check", "mine.yaml")
    assert code == 2
    assert says in next(line for line in problem_lines(output) if line.startswith(path))


@pytest.mark.parametrize(("text", "path", "says"), TEXTS)
def test_a_bad_study_is_refused_by_the_server(
    text: str, path: str, says: str, ask: Callable[..., Any]
) -> None:
    headers = {"Content-Type": "application/yaml"}
    status, errors, output = ask("POST", "/v1/jobs", content=text.encode(), headers=headers)
    if status == 413:
        assert "smaller" in output
        return
    assert status == 422
    rules = [each["rule"] for each in errors if each["path"].startswith(path)]
    assert any(says in rule for rule in rules)


@pytest.mark.parametrize(("location", "name", "code", "says"), NAMES)
def test_a_hostile_name_is_refused(
    location: str,
    name: str,
    code: int,
    says: str,
    oracle: Callable[..., Said],
    ask: Callable[..., Any],
) -> None:
    commands = {
        "run": ("table", "--", name),
        "study_file": ("check", "--", name),
        "token": ("token", "create", "--scope", "read", "--", name),
        "study": ("check", "mine.yaml"),
    }
    if location in commands:
        Path("mine.yaml").write_text(BASE.replace("tiny", json.dumps(name)), encoding="utf-8")
        actual, output = oracle(*commands[location])
    elif location == "outside":
        body = json.dumps(RUN | {"name": name})
        actual, _, output = ask(
            "POST",
            "/v1/oracle",
            content=body.encode(),
            headers={"Content-Type": "application/json"},
        )
    else:
        path = {"job": "/v1/jobs/{}", "table": "/v1/runs/{}/table"}[location]
        actual, _, output = ask("GET", path.format(quote(name, safe="%")))
    assert actual == code
    assert says in output


@pytest.mark.parametrize(("url", "says"), STORAGE)
def test_a_storage_that_cannot_be_used_is_refused(
    url: str, says: str, oracle: Callable[..., Said], tmp_path: Path
) -> None:
    Path("garbage.db").write_bytes(b"garbage" * 1000)
    for name, statements in _FILES.items():
        opened = sqlite3.connect(name)
        opened.executescript(statements)
        opened.close()
    code, output = oracle("token", "list", "--storage", url)
    assert code == 2
    assert any(line.startswith("--storage") and says in line for line in problem_lines(output))


_FILES = {
    "other.db": "CREATE TABLE holidays (day TEXT)",
    "optuna.db": "CREATE TABLE version_info (schema_version INTEGER); INSERT INTO version_info "
    "VALUES (9); CREATE TABLE studies (a TEXT); CREATE TABLE trials (a TEXT)",
}


@pytest.mark.parametrize(("arguments", "code", "says"), OPTIONS)
def test_a_wrong_argument_is_refused(
    arguments: list[str], code: int, says: list[str], oracle: Callable[..., Said]
) -> None:
    actual, output = oracle(*arguments)
    assert actual == code
    assert [each for each in says if each not in output] == []


@pytest.mark.parametrize(("dataset", "files", "path", "says"), DATASETS)
def test_a_data_set_that_cannot_be_read_is_refused(
    dataset: str, files: dict[str, str], path: str, says: str, oracle: Callable[..., Said]
) -> None:
    for name, content in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(content, encoding="utf-8")
    text = BASE.replace("dataset: digits", f"dataset: {dataset}")
    Path("mine.yaml").write_text(text, encoding="utf-8")
    code, output = oracle("check", "mine.yaml")
    assert code == 2
    assert any(line.startswith(path) and says in line for line in problem_lines(output))


@pytest.mark.parametrize(("method", "path", "sent", "status", "location", "says"), REQUESTS)
def test_a_bad_request_is_refused(
    method: str,
    path: Any,
    sent: Any,
    status: int,
    location: str,
    says: str,
    ask: Callable[..., Any],
) -> None:
    content = {key: value for key, value in sent.items() if key in ("headers", "json")}
    if "text" in sent:
        content["content"] = joined(sent["text"]).encode("utf-8", "surrogatepass")
    if "bytes" in sent:
        content["content"] = bytes.fromhex(sent["bytes"])
    actual, errors, output = ask(method, joined(path), **content)
    assert actual == status
    assert location in [each["path"] for each in errors] or not location
    assert says in output


@pytest.mark.parametrize("header", TOKENS)
def test_a_wrong_token_is_refused(service: Service, header: str) -> None:
    app = create_app(service, WebSettings(rate=1e6, burst=10**6, tokens_required=True))
    answer = TestClient(app, base_url="http://127.0.0.1:8000").get(
        "/v1/jobs", headers={"Authorization": header}
    )
    assert answer.status_code == 401
    assert "Bearer" in answer.headers["www-authenticate"]
    assert "token" in answer.json()["detail"]
