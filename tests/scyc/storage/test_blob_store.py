"""Bytes by name: the same contract for a folder, a URL of files, and an object store."""

import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from scyc.data import cache
from scyc.data.images import Images
from scyc.pruning.pruned_network import Network
from scyc.storage.blob_store import Blobs, Folder, blobs
from scyc.storage.checkpoint_store import CheckpointError, CheckpointStore, name


@pytest.fixture(params=["folder", "file", "memory"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    urls = {
        "folder": str(tmp_path / "blobs"),
        "file": f"file://{tmp_path}/blobs",
        "memory": f"memory://{uuid.uuid4().hex}",  # an object store: no folders, no renaming
    }
    return urls[request.param]


@pytest.fixture
def blob_store(url: str) -> Blobs:
    return blobs(url)


def test_a_written_blob_is_read_by_every_store_of_the_url(blob_store: Blobs, url: str) -> None:
    blob_store.write("ab/abc.pt", b"one")
    blob_store.write("ab/abd.pt", b"two")
    again = blobs(url)
    assert (again.read("ab/abc.pt"), again.read("ab/abd.pt")) == (b"one", b"two")
    assert again.has("ab/abc.pt")
    blob_store.write("ab/abc.pt", b"three")
    assert again.read("ab/abc.pt") == b"three"


def test_a_missing_blob_is_not_found_and_may_be_deleted(blob_store: Blobs) -> None:
    assert not blob_store.has("ab/abc.pt")
    with pytest.raises(FileNotFoundError):
        blob_store.read("ab/abc.pt")
    blob_store.delete("ab/abc.pt")
    blob_store.write("ab/abc.pt", b"one")
    blob_store.delete("ab/abc.pt")
    assert not blob_store.has("ab/abc.pt")
    assert not blob_store.has("ab")


def test_networks_are_saved_checked_and_deleted_there(blob_store: Blobs) -> None:
    store = CheckpointStore(blob_store)
    network = Network({"w": torch.ones(3)}, {"w": torch.tensor([True, False, True])})
    sha256 = store.save(network)
    assert store.has(sha256)
    assert torch.equal(store.load(sha256).masks["w"], network.masks["w"])
    content = bytearray(blob_store.read(name(sha256)))
    content[len(content) // 2] ^= 1
    blob_store.write(name(sha256), bytes(content))
    with pytest.raises(CheckpointError, match="damaged"):
        store.load(sha256)
    store.discard(sha256)
    with pytest.raises(CheckpointError, match="no such checkpoint"):
        store.load(sha256)


def test_images_are_shared_once_and_fetched_once_a_machine(
    blob_store: Blobs, tmp_path: Path, digits: Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.keep(tmp_path / "driver", digits)
    cache.share(tmp_path / "driver", digits.fingerprint, blob_store)
    cache.fetch(tmp_path / "node", digits.fingerprint, blob_store)
    cached = cache.read_cache(tmp_path / "node", digits.fingerprint)
    assert torch.equal(cached.pixels, digits.pixels)
    assert torch.equal(cached.labels, digits.labels)
    refuse: Callable[..., bytes] = lambda *_: pytest.fail("fetched or written again")  # noqa: E731
    monkeypatch.setattr(type(blob_store), "read", refuse)
    monkeypatch.setattr(type(blob_store), "write", refuse)
    cache.fetch(tmp_path / "node", digits.fingerprint, blob_store)
    cache.share(tmp_path / "driver", digits.fingerprint, blob_store)


@pytest.mark.parametrize("ending", ["pixels.npy", "labels.npy"])
def test_images_that_are_damaged_are_not_taken(
    blob_store: Blobs, tmp_path: Path, digits: Images, ending: str
) -> None:
    cache.keep(tmp_path / "driver", digits)
    cache.share(tmp_path / "driver", digits.fingerprint, blob_store)
    file = f"{digits.fingerprint}.{ending}"
    content = bytearray(blob_store.read(file))
    content[-1] ^= 1
    blob_store.write(file, bytes(content))
    with pytest.raises(ValueError, match="missing or damaged; run the study again"):
        cache.fetch(tmp_path / "node", digits.fingerprint, blob_store)
    assert cache.cached(tmp_path / "node", digits.fingerprint) is None


def test_images_that_were_not_shared_are_not_found(blob_store: Blobs, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        cache.fetch(tmp_path, "0" * 64, blob_store)


@pytest.mark.parametrize("url", ["http://example.org/x", "ftp://a/b", "simplecache::file:///tmp/x"])
def test_a_url_of_another_scheme_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="is not read"):
        blobs(url)


def test_a_url_of_files_is_the_folder(tmp_path: Path) -> None:
    store = blobs(f"file://{tmp_path}")
    assert isinstance(store, Folder)
    assert store.folder == tmp_path
