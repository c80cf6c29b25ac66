"""Studies and names that would touch a file if anything in them were run: nothing is."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from starlette.testclient import TestClient

CORPUS = yaml.safe_load((Path(__file__).parent / "canaries.yaml").read_text(encoding="utf-8"))
Alive = Callable[[], bool]


@pytest.mark.parametrize(("text", "says"), CORPUS["studies"])
def test_a_study_that_names_code_is_refused(
    text: str,
    says: str,
    client: TestClient,
    tmp_path: Path,
    alive: Alive,
    oracle: Callable[..., Any],
) -> None:
    text = text.replace("{canary}", str(tmp_path / "canary"))
    headers = {"Content-Type": "application/yaml"}
    sent = client.post("/v1/jobs", content=text.encode(), headers=headers)
    assert sent.status_code == 422
    assert says in sent.text
    csrf = client.get("/sign-in").text.split('name="csrf" value="')[1].split('"')[0]
    form = client.post("/", data={"study": text, "csrf": csrf})
    assert form.status_code == 422
    if "factory" not in text and "os:system" not in text:  # a user's own study may name code
        Path("mine.yaml").write_text(text, encoding="utf-8")
        code, output = oracle("check", "mine.yaml")
        assert code == 2
        assert says in output
    assert alive()


@pytest.mark.parametrize("text", CORPUS["names"])
def test_a_hostile_name_is_run_nowhere(
    text: str,
    served: Any,
    client: TestClient,
    tiny: dict[str, Any],
    tmp_path: Path,
    alive: Alive,
    oracle: Callable[..., Any],
) -> None:
    text = text.replace("{canary}", str(tmp_path / "canary"))
    before = served.service.jobs.count()
    for field in ("name", "dataset", "network", "schedule", "beside", "kind"):
        answer = client.post("/v1/jobs", json={"study": tiny | {field: text}})
        assert answer.status_code == 422, field
        assert any(each["path"].startswith(field) for each in answer.json()["errors"]), field
    assert client.post("/v1/jobs", json={"study": tiny, "data": text}).status_code == 422
    for path in ("/v1/jobs/{}", "/v1/runs/{}/table", "/v1/oracle/{}", "/jobs/{}", "/runs/{}"):
        answer = client.get(path.format(quote(text, safe="")))
        assert answer.status_code in {404, 422}, path
    if "\0" not in text:  # which no argument of a program can hold
        for command in ("check", "table"):
            code, _ = oracle(command, "--", text)
            assert code == 2, command
    assert served.service.jobs.count() == before
    assert alive()
