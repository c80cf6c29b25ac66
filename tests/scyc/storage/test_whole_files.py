"""Files that are there whole or not at all: what a crash leaves of them, and a full disk."""

import errno
import fcntl
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from scyc.data import cache
from scyc.data.images import Images
from scyc.storage import blob_store
from scyc.storage.blob_store import Folder, make_folder, sweep, whole, write_whole
from scyc.storage.pack_state_file import PackStateFile


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()}


def full(descriptor: int) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture
def flushed(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """What is flushed, in its order."""
    paths: list[Path] = []
    fsync = os.fsync

    def noted(descriptor: int) -> None:
        paths.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        fsync(descriptor)

    monkeypatch.setattr(blob_store.os, "fsync", noted)
    return paths


def test_a_file_that_cannot_be_written_leaves_the_old_one_and_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "file"
    write_whole(target, b"old")
    monkeypatch.setattr(blob_store.os, "fsync", full)
    with pytest.raises(OSError, match=r"No space left on device: .*/file") as caught:
        write_whole(target, b"new")
    assert caught.value.errno == errno.ENOSPC
    assert target.read_bytes() == b"old"
    assert files(tmp_path) == {"file"}


def test_a_new_folder_is_flushed_into_those_above_it(tmp_path: Path, flushed: list[Path]) -> None:
    Folder(tmp_path / "checkpoints").write("ab/abc.pt", b"one")
    assert flushed[:2] == [tmp_path / "checkpoints", tmp_path]
    assert flushed[2].name.startswith(".abc.pt.")
    assert flushed[3:] == [tmp_path / "checkpoints" / "ab"]
    flushed.clear()
    make_folder(tmp_path / "checkpoints" / "ab")
    assert flushed == []


def test_unfinished_files_of_killed_writers_are_swept_and_nothing_else(tmp_path: Path) -> None:
    left = ".abc.pt.0123456789abcdef"
    (tmp_path / "ab").mkdir()
    for name in (left, f"ab/{left}", "abc.pt", "ab/abc.pt", ".DS_Store", ".nfs000000000123"):
        (tmp_path / name).write_bytes(b"")
    sweep(tmp_path)
    assert files(tmp_path) == {"abc.pt", ".DS_Store", ".nfs000000000123"}
    sweep(tmp_path / "nowhere")


def test_a_folder_in_which_somebody_writes_is_not_swept(tmp_path: Path) -> None:
    (tmp_path / ".old.0123456789abcdef").write_bytes(b"")
    with whole(tmp_path / "file") as file:
        file.write(b"new")
        sweep(tmp_path)
    assert (tmp_path / "file").read_bytes() == b"new"
    assert files(tmp_path) == {"file", ".old.0123456789abcdef"}
    sweep(tmp_path)
    assert files(tmp_path) == {"file"}


def test_several_write_in_one_folder_at_once(tmp_path: Path) -> None:
    with whole(tmp_path / "one") as one, whole(tmp_path / "two") as two:
        one.write(b"1")
        two.write(b"2")
    assert files(tmp_path) == {"one", "two"}


def test_where_folders_cannot_be_locked_files_are_written_and_none_is_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(descriptor: int, lock: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refused)
    (tmp_path / ".old.0123456789abcdef").write_bytes(b"")
    write_whole(tmp_path / "file", b"new")
    sweep(tmp_path)
    assert files(tmp_path) == {"file", ".old.0123456789abcdef"}


def test_a_pack_that_cannot_be_saved_is_reported_once_and_saved_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages: list[str] = []
    store = PackStateFile(
        tmp_path / "in-flight" / "pack.pt", "stamp", 5.0, lambda: 0.0, messages.append
    )
    with monkeypatch.context() as disk:
        disk.setattr(blob_store.os, "fsync", full)
        store.save({"step": 1})
        store.save({"step": 2})
    assert len(messages) == 1
    assert "pack.pt: not saved (No space left on device)" in messages[0]
    assert store.load() is None
    store.save({"step": 3})
    assert store.load() == {"step": 3}
    assert files(tmp_path) == {"pack.pt"}


def test_decoded_images_are_as_numpy_writes_them_and_flushed(
    tmp_path: Path, digits: Images, flushed: list[Path]
) -> None:
    cache.keep(tmp_path, digits)
    pixels = tmp_path / f"{digits.fingerprint}.pixels.npy"
    np.save(tmp_path / "numpy.npy", digits.pixels.numpy())
    assert pixels.read_bytes() == (tmp_path / "numpy.npy").read_bytes()
    assert [path.name.split(".")[2] for path in flushed if path != tmp_path] == [
        "pixels",
        "labels",
        "json",
    ]
    assert torch.equal(cache.read_cache(tmp_path, digits.fingerprint).pixels, digits.pixels)


@pytest.mark.parametrize("ending", ["pixels.npy", "labels.npy", "json"])
@pytest.mark.parametrize("length", [0, 1, 100])
def test_decoded_images_that_are_cut_short_are_decoded_again(
    tmp_path: Path, digits: Images, ending: str, length: int
) -> None:
    cache.keep(tmp_path, digits)
    file = tmp_path / f"{digits.fingerprint}.{ending}"
    whole_file = file.read_bytes()
    file.write_bytes(whole_file[: min(length, len(whole_file) - 1)])
    assert cache.cached(tmp_path, digits.fingerprint) is None
    cache.keep(tmp_path, digits)
    assert file.read_bytes() == whole_file
