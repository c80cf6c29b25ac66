import hashlib
import pickle
from pathlib import Path

import pytest
import torch

from scyc.pruning.pruned_network import Network
from scyc.storage.blob_store import Folder
from scyc.storage.checkpoint_store import CheckpointError, CheckpointStore, name


@pytest.fixture
def store(tmp_path: Path) -> CheckpointStore:
    return CheckpointStore(tmp_path / "checkpoints")


def files(store: CheckpointStore) -> Path:
    assert isinstance(store.files, Folder)
    return store.files.folder


def path(store: CheckpointStore, sha256: str) -> Path:
    return files(store) / name(sha256)


def network(value: float = 1.0) -> Network:
    return Network({"w": torch.full((3, 2), value)}, {"w": torch.tensor([[True, False]] * 3)})


def test_a_network_comes_back_as_it_was(store: CheckpointStore) -> None:
    loaded = store.load(store.save(network()))
    assert torch.equal(loaded.state["w"], network().state["w"])
    assert torch.equal(loaded.masks["w"], network().masks["w"])


def test_the_name_is_the_sha256_of_the_content(store: CheckpointStore) -> None:
    sha256 = store.save(network())
    assert hashlib.sha256(path(store, sha256).read_bytes()).hexdigest() == sha256
    assert store.save(network()) == sha256
    assert store.save(network(2.0)) != sha256


def test_a_view_is_saved_without_what_it_is_a_view_of(store: CheckpointStore) -> None:
    wide = torch.zeros(1000, 1000)
    sha256 = store.save(Network({"w": wide[0, :2]}, {}))
    assert path(store, sha256).stat().st_size < 10_000


@pytest.mark.parametrize("damage", ["flip", "truncate", "empty"])
def test_a_damaged_file_is_not_read(store: CheckpointStore, damage: str) -> None:
    sha256 = store.save(network())
    content = bytearray(path(store, sha256).read_bytes())
    if damage == "flip":
        content[len(content) // 2] ^= 1
    content = {"flip": content, "truncate": content[:-7], "empty": bytearray()}[damage]
    path(store, sha256).write_bytes(content)
    with pytest.raises(CheckpointError, match="damaged"):
        store.load(sha256)


def test_a_missing_file_is_an_error(store: CheckpointStore) -> None:
    with pytest.raises(CheckpointError, match="no such checkpoint"):
        store.load("0" * 64)


class Canary:
    """Would write a file if it were unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return (open, (str(self.target), "w"))


def test_a_pickle_under_its_right_name_runs_no_code(store: CheckpointStore, tmp_path: Path) -> None:
    content = pickle.dumps(Canary(tmp_path / "owned"), protocol=2)
    sha256 = hashlib.sha256(content).hexdigest()
    path(store, sha256).parent.mkdir(parents=True)
    path(store, sha256).write_bytes(content)
    with pytest.raises(CheckpointError, match="holds no network"):
        store.load(sha256)
    assert not (tmp_path / "owned").exists()


def test_no_half_written_file_is_left_or_read(
    store: CheckpointStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="No space"):
        store.save(network())
    assert [path for path in files(store).rglob("*") if path.is_file()] == []


def test_discarding_is_idempotent(store: CheckpointStore) -> None:
    sha256 = store.save(network())
    store.discard(sha256)
    store.discard(sha256)
    assert not store.has(sha256)
