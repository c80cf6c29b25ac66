"""Bytes, studies and names that would touch a file if they were run: none is, wherever they lie."""

import contextlib
import gzip
import hashlib
import io
import json
import operator
import os
import pickle
import sqlite3
import subprocess
import timeit
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import joblib
import numpy as np
import pytest
import torch
import yaml
from starlette.testclient import TestClient

from oracle.client.client import Client, RetryPolicy, ServerError
from oracle.database import sqlite_url
from oracle.runs.catalog import find_run, stored_table
from oracle.service.service import Service
from oracle.service.settings import ServerSettings
from oracle.settings import Settings
from scyc import torchvision_compat
from scyc.data import cache as data
from scyc.data import datasets
from scyc.data.images import Images
from scyc.errors import BadInput
from scyc.specs.base import content_hash
from scyc.specs.datasets import ImageFolderSpec, TinyImageNetSpec, TorchvisionDataSpec
from scyc.storage.blob_store import Blobs, blobs
from scyc.storage.checkpoint_store import CheckpointError, CheckpointStore, name
from scyc.storage.pack_state_file import PackStateFile

Alive = Callable[[], bool]
CORPUS = yaml.safe_load((Path(__file__).parent / "canaries.yaml").read_text(encoding="utf-8"))
FINGERPRINT = "c" * 64
MEDIA = (
    "application/yaml", "application/json", "application/octet-stream",
    "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
)  # fmt: skip
_PLAIN = {"Accept-Encoding": "identity"}


class Calls:
    """Whatever unpickles it calls this."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.called = (function, arguments)

    def __reduce__(self) -> Any:
        return self.called


class Sets:
    """Whatever unpickles it hands a state to a function: the sixth part of a reduction."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __reduce__(self) -> Any:
        return (dict, (), self.text, None, None, _ran)


def _ran(made: object, state: str) -> None:
    exec(state)  # noqa: S102  # it must be able to


def objects(canary: Path) -> dict[str, Any]:
    """What touches the file when it is unpickled, by every usual way."""
    touch = f"open({str(canary)!r}, 'w').close()"
    tag = f"!!python/object/apply:os.system ['touch {canary}']"
    return {
        "os.system": Calls(os.system, f"touch {canary}"),
        "eval": Calls(eval, touch),
        "exec": Calls(exec, touch),
        "subprocess": Calls(subprocess.check_call, ["touch", str(canary)]),
        "open": Calls(open, str(canary), "w"),
        "touch": Calls(Path.touch, canary),
        "timeit": Calls(timeit.timeit, touch, "pass", timeit.default_timer, 1),
        "a pickle in a pickle": Calls(pickle.loads, pickle.dumps(Calls(eval, touch))),
        "a YAML in a pickle": Calls(yaml.unsafe_load, tag),
        "a method's caller": Calls(_applied, operator.methodcaller("touch"), canary),
        "a state": Sets(touch),
        "a list's items": [1, {"deep": (Calls(eval, touch),)}],
    }


def _applied(function: Callable[[Any], Any], value: Any) -> Any:
    return function(value)


def pickles(canary: Path) -> dict[str, bytes]:
    """The same, as the formats have them in which bytes may come."""
    every = objects(canary)
    one = every["os.system"]
    content = {name: pickle.dumps(each) for name, each in every.items()}
    content |= {f"protocol {number}": pickle.dumps(one, number) for number in range(4)}
    state = {"stamp": "mine", "state": {"w": torch.ones(2), "x": one}, "masks": {}}
    array = np.array([one], dtype=object)
    arrays: dict[str, Any] = {"data": array, "labels": [0]}
    return content | {
        "gzip": gzip.compress(content["os.system"]),
        "joblib": written(lambda file: joblib.dump(one, file)),
        "torch zip": written(lambda file: torch.save(state, file)),
        "torch legacy": written(
            lambda file: torch.save(state, file, _use_new_zipfile_serialization=False)
        ),
        "numpy": written(lambda file: np.save(file, array, allow_pickle=True)),
        "numpy zip": written(lambda file: np.savez(file, pixels=array)),
        "CIFAR": pickle.dumps(arrays),
    }


def written(write: Callable[[io.BytesIO], object]) -> bytes:
    buffer = io.BytesIO()
    write(buffer)
    return buffer.getvalue()


@pytest.fixture
def hostile(tmp_path: Path, alive: Alive) -> Iterator[dict[str, bytes]]:
    """The pickles of this test's canary, which is alive at its end."""
    yield pickles(tmp_path / "canary")
    assert alive()


def loaded(content: bytes) -> None:
    """What a careless reader does, of any of the formats."""
    careless: list[Callable[[], Any]] = [
        lambda: pickle.loads(content),  # noqa: S301  # on purpose
        lambda: pickle.loads(gzip.decompress(content)),  # noqa: S301
        lambda: torch.load(io.BytesIO(content), weights_only=False),
        lambda: list(np.load(io.BytesIO(content), allow_pickle=True).values()),
        lambda: np.load(io.BytesIO(content), allow_pickle=True),
    ]
    for each in careless:
        with contextlib.suppress(Exception):
            each()


def test_the_corpus_is_large(tmp_path: Path) -> None:
    both = len(CORPUS["studies"]), len(CORPUS["names"])
    assert min(both) >= 15
    assert len(pickles(tmp_path)) + sum(both) >= 40


def test_every_pickle_is_a_danger_to_a_careless_reader(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    for which, content in pickles(canary).items():
        loaded(content)
        assert canary.exists(), which
        canary.unlink()


def test_a_tagged_study_is_a_danger_to_a_careless_reader(tmp_path: Path, alive: Alive) -> None:
    text = CORPUS["studies"][0][0].replace("{canary}", str(tmp_path / "canary"))
    yaml.unsafe_load(text)
    assert not alive()


@pytest.mark.parametrize("kind", ["folder", "file", "memory"])
def test_as_a_checkpoint(tmp_path: Path, hostile: dict[str, bytes], kind: str) -> None:
    where = {"folder": str(tmp_path), "file": f"file://{tmp_path}", "memory": "memory://canaries"}
    store = CheckpointStore(blobs(where[kind]))
    for which, content in hostile.items():
        sha256 = hashlib.sha256(content).hexdigest()
        store.files.write(name(sha256), content)
        with pytest.raises(CheckpointError, match=r"holds|damaged"):
            store.load(sha256)
        assert store.has(sha256), which


def test_as_an_unfinished_pack(tmp_path: Path, hostile: dict[str, bytes]) -> None:
    for which, content in hostile.items():
        messages: list[str] = []
        file = tmp_path / "pack.pt"
        file.write_bytes(hashlib.sha256(content).digest() + content)
        pack_state = PackStateFile(file, "mine", 60.0, lambda: 0.0, messages.append)
        assert pack_state.load() is None, which
        assert "starts anew" in messages[0]


def forged(cache: Path, pixels: bytes, labels: bytes) -> None:
    """A data set of a cache folder whose sums are right."""
    cache.mkdir(exist_ok=True)
    images = Images(
        torch.zeros(2, 1, 2, 2, dtype=torch.uint8), torch.zeros(2, dtype=torch.int64), ("a",),
        FINGERPRINT,
    )  # fmt: skip
    for each in cache.glob("*"):
        each.unlink()
    data.keep(cache, images)
    (cache / f"{FINGERPRINT}.pixels.npy").write_bytes(pixels)
    (cache / f"{FINGERPRINT}.labels.npy").write_bytes(labels)
    described = cache / f"{FINGERPRINT}.json"
    description = json.loads(described.read_text())
    if "sums" in description:
        description.pop("sum")
        description["sums"] = {
            kind: hashlib.sha256(content).hexdigest()
            for kind, content in (("pixels", pixels), ("labels", labels))
        }
        described.write_text(json.dumps(description | {"sum": content_hash(description)}))


def test_as_decoded_images(tmp_path: Path, hostile: dict[str, bytes]) -> None:
    good = written(lambda file: np.save(file, np.zeros(2, dtype=np.int64)))
    cache = tmp_path / "cache"
    for which, content in hostile.items():
        for pixels, labels in ((content, good), (good, content), (content, content)):
            forged(cache, pixels, labels)
            assert data.cached(cache, FINGERPRINT) is None, which
        (cache / f"{FINGERPRINT}.json").write_bytes(content)
        assert data.cached(cache, FINGERPRINT) is None, which


def test_as_images_from_a_store(tmp_path: Path, hostile: dict[str, bytes]) -> None:
    store: Blobs = blobs("memory://images")
    for number, content in enumerate(hostile.values()):
        sums = {}
        for ending in ("pixels.npy", "labels.npy", "json"):
            store.write(f"{FINGERPRINT}.{ending}", content)
            sums[ending] = hashlib.sha256(content).hexdigest()
        store.write(f"{FINGERPRINT}.sums", json.dumps(sums).encode())
        cache = tmp_path / f"fetched-{number}"
        with contextlib.suppress(OSError, ValueError):
            data.fetch(cache, FINGERPRINT, store)
        with pytest.raises(FileNotFoundError):
            data.read_cache(cache, FINGERPRINT)
        store.write(f"{FINGERPRINT}.sums", content)
        with pytest.raises((OSError, ValueError)):
            data.fetch(cache, FINGERPRINT, store)


def test_as_a_data_set(
    tmp_path: Path, hostile: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    cifar, fashion = (
        torchvision_compat.torchvision().datasets.CIFAR10,
        tmp_path / "FashionMNIST" / "processed",
    )
    batches = tmp_path / cifar.base_folder
    for folder in (batches, fashion, tmp_path / "pics" / "a", tmp_path / "train" / "a"):
        folder.mkdir(parents=True)
    named = [name for name, _ in (*cifar.train_list, *cifar.test_list)]
    for which, content in list(hostile.items())[::2]:
        md5 = hashlib.md5(content).hexdigest()  # as if the attacker could meet torchvision's sums
        monkeypatch.setattr(cifar, "train_list", [[name, md5] for name in named[:-1]])
        monkeypatch.setattr(cifar, "test_list", [[named[-1], md5]])
        for file in (
            *(batches / each for each in named), fashion / "training.pt", fashion / "test.pt",
            tmp_path / "pics" / "a" / "x.png", tmp_path / "train" / "a" / "x.JPEG",
        ):  # fmt: skip
            file.write_bytes(content)
        for spec, root in (
            (TorchvisionDataSpec(name="cifar10"), tmp_path),
            (TorchvisionDataSpec(name="fashion_mnist"), tmp_path),
            (ImageFolderSpec(name="image_folder"), tmp_path / "pics"),
            (TinyImageNetSpec(name="tiny_imagenet"), tmp_path),
        ):
            with pytest.raises(BadInput) as refused:
                datasets.load(spec, root=root)
            assert refused.value.problems[0].path == "dataset.root", which


def test_as_a_body(served: Any, client: TestClient, hostile: dict[str, bytes]) -> None:
    jobs = served.service.jobs.count()
    for number, (which, content) in enumerate(hostile.items()):
        for path in ("/v1/jobs", "/v1/oracle", f"/v1/oracle/{served.run}/observations", "/sign-in"):
            headers = {"Content-Type": MEDIA[number % len(MEDIA)], "Content-Encoding": "gzip"}
            answer = client.post(path, content=content, headers=headers)
            assert 400 <= answer.status_code < 500, (which, path, headers)
    assert served.service.jobs.count() == jobs


def test_as_a_study_file(hostile: dict[str, bytes], oracle: Callable[..., Any]) -> None:
    for content in hostile.values():
        Path("mine.yaml").write_bytes(content)
        code, output = oracle("check", "mine.yaml")
        assert code == 2
        assert output.startswith("mine.yaml: ")


def test_as_a_servers_answer(hostile: dict[str, bytes]) -> None:
    def refused(call: Callable[[], object]) -> None:
        with pytest.raises((ServerError, BadInput)):
            call()

    for content in hostile.values():
        for media in ("application/json", "application/problem+json", "text/event-stream"):
            headers = {"Content-Type": media}

            def answer(request: httpx.Request) -> httpx.Response:
                return httpx.Response(200, content=content, headers=headers)  # noqa: B023

            transport = httpx.MockTransport(answer)
            with Client(
                pace=RetryPolicy(patience=0, pause=lambda _: None), transport=transport
            ) as client:
                refused(lambda: client.job("a"))
                refused(lambda: client.table("a"))
                refused(lambda: client.runs())  # noqa: PLW0108
                refused(lambda: list(client.events("a")))
                assert client.fetch("a", "csv") == content


def test_as_what_a_database_holds(served: Any, hostile: dict[str, bytes], tmp_path: Path) -> None:
    file = tmp_path / "oracle.db"
    with contextlib.closing(sqlite3.connect(served.folder / "oracle.db")) as there:
        there.execute("VACUUM INTO ?", (str(file),))
    values = [
        *(content.decode("latin-1") for content in hostile.values()),
        *({"py/reduce": [{"py/function": "os.system"}, [f"touch {tmp_path}/canary"]]},),
        *({"__class__": "os.system", "args": [f"touch {tmp_path}/canary"]},),
    ]
    with contextlib.closing(sqlite3.connect(file)) as opened:
        (study,) = opened.execute("SELECT min(study_id) FROM studies").fetchone()
        (trial,) = opened.execute("SELECT min(trial_id) FROM trials").fetchone()
        for number, value in enumerate(values):
            for table, owner, of in (
                ("study_user_attributes", "study_id", study),
                ("study_system_attributes", "study_id", study),
                ("trial_user_attributes", "trial_id", trial),
                ("trial_system_attributes", "trial_id", trial),
            ):
                key = ("artifacts:{}", "dashboard:note_ver:{}", "hostile {}")[number % 3]
                insert = f"INSERT INTO {table} ({owner}, key, value_json)"
                row = (of, key.format(number), json.dumps(value))
                opened.execute(f"{insert} VALUES (?, ?, ?)", row)  # names of ours
        opened.commit()
    url = sqlite_url(file)
    settings = Settings(storage=url.render_as_string(hide_password=False))
    assert stored_table(find_run("tiny", settings)) == served.service.table(
        served.service.run(served.run)
    )
    service = Service(ServerSettings(url, tmp_path))
    transport = httpx.WSGITransport(app=service.store.dashboard())
    client = httpx.Client(transport=transport, base_url="http://x", headers=_PLAIN)
    for path in (
        "/api/studies", f"/api/studies/{study}", f"/csv/{study}",
        f"/api/studies/{study}/param_importances", f"/api/studies/{study}/plot/contour",
        f"/artifacts/{study}/{trial}/0", f"/artifacts/{study}/3",
    ):  # fmt: skip
        answer = client.get(path)
        assert "Traceback" not in answer.text, path
    service.close()
