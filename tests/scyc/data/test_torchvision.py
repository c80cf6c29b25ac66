"""torchvision's data sets: downloaded whole or not at all, and read in either form."""

import gzip
import hashlib
import io
import pickle
import tarfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from scyc import torchvision_compat
from scyc.data import datasets
from scyc.errors import BadInput
from scyc.specs.datasets import ImageFolderSpec, TorchvisionDataSpec

CLASSES = list("abcdefghij")
A_FILE = 20  # images
CIFAR = TorchvisionDataSpec(name="cifar10", download=True)
WITHOUT_DOWNLOAD = TorchvisionDataSpec(name="cifar10")
FASHION = TorchvisionDataSpec(name="fashion_mnist", download=True)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder, and the address at which a local server has its files."""
    folder = tmp_path / "site"
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


@pytest.fixture
def cifar(site: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> Path:
    """The archive of a CIFAR-10 of 120 images on the local server, as torchvision knows it."""
    folder, address = site
    kind = torchvision_compat.torchvision().datasets.CIFAR10
    random = np.random.default_rng(0)
    files = {}
    for name, _ in [*kind.train_list, *kind.test_list]:
        rows = random.integers(0, 256, (A_FILE, 3072), dtype=np.uint8)
        files[name] = pickle.dumps({"data": rows, "labels": [i % 10 for i in range(A_FILE)]})
    files["batches.meta"] = pickle.dumps({"label_names": CLASSES})
    archive = folder / kind.filename
    with tarfile.open(archive, "w:gz") as writer:
        for name, content in files.items():
            member = tarfile.TarInfo(f"{kind.base_folder}/{name}")
            member.size = len(content)
            writer.addfile(member, io.BytesIO(content))
    for which in ("train_list", "test_list"):
        known = [[name, md5(files[name])] for name, _ in getattr(kind, which)]
        monkeypatch.setattr(kind, which, known)
    meta = {"filename": "batches.meta", "key": "label_names", "md5": md5(files["batches.meta"])}
    monkeypatch.setattr(kind, "meta", meta)
    monkeypatch.setattr(kind, "url", address + kind.filename)
    monkeypatch.setattr(kind, "tgz_md5", md5(archive.read_bytes()))
    return archive


@pytest.fixture
def fashion(site: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> Path:
    """The four files of a Fashion-MNIST of 60 images on the local server."""
    folder, address = site
    kind = torchvision_compat.torchvision().datasets.FashionMNIST
    sums = []
    for name, _ in kind.resources:
        count = 40 if name.startswith("train") else 20
        if "images" in name:
            numbers = b"".join(number.to_bytes(4, "big") for number in (count, 28, 28))
            content = b"\0\0\x08\x03" + numbers + bytes(count * 28 * 28)
        else:
            labels = bytes(index % 10 for index in range(count))
            content = b"\0\0\x08\x01" + count.to_bytes(4, "big") + labels
        (folder / name).write_bytes(gzip.compress(content))
        sums.append((name, md5((folder / name).read_bytes())))
    monkeypatch.setattr(kind, "mirrors", [address])
    monkeypatch.setattr(kind, "resources", sums)
    return folder


def test_cifar_10_is_downloaded_once_and_nothing_but_its_folder_stays(
    cifar: Path, tmp_path: Path
) -> None:
    home = tmp_path / "images"
    images = datasets.load(CIFAR, root=home)
    assert images.pixels.shape == (6 * A_FILE, 3, 32, 32)
    assert [each.name for each in home.iterdir()] == ["cifar-10-batches-py"]
    cifar.unlink()
    assert datasets.load(CIFAR, root=home).fingerprint == images.fingerprint


@pytest.mark.parametrize("lost", ["data_batch_3", "test_batch", "batches.meta"])
def test_missing_or_damaged_files_of_cifar_10_are_downloaded_again(
    cifar: Path, tmp_path: Path, lost: str
) -> None:
    images = datasets.load(CIFAR, root=tmp_path / "images")
    file = tmp_path / "images" / "cifar-10-batches-py" / lost
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(BadInput, match=rf"{lost} is damaged.*\(--download\)"):
        datasets.load(WITHOUT_DOWNLOAD, root=tmp_path / "images")
    file.unlink()
    with pytest.raises(BadInput, match=rf"{lost} is missing.*\(--download\)"):
        datasets.load(WITHOUT_DOWNLOAD, root=tmp_path / "images")
    assert datasets.load(CIFAR, root=tmp_path / "images").fingerprint == images.fingerprint


def test_a_download_with_a_wrong_checksum_is_refused_and_leaves_nothing(
    cifar: Path, tmp_path: Path
) -> None:
    cifar.write_bytes(cifar.read_bytes()[:-1] + b"x")
    for _ in range(2):  # what the first left is not taken by the second
        with pytest.raises(BadInput, match=r"CIFAR10 could not be downloaded into it .*corrupted"):
            datasets.load(CIFAR, root=tmp_path / "images")
        assert list((tmp_path / "images").iterdir()) == []


def test_a_download_that_is_cut_while_it_is_unpacked_leaves_nothing(
    cifar: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    utils = torchvision_compat.torchvision().datasets.utils

    def cut(archive: str, target: str, remove_finished: bool = False) -> None:
        (Path(target) / "cifar-10-batches-py").mkdir()
        (Path(target) / "cifar-10-batches-py" / "data_batch_1").write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(utils, "extract_archive", cut)
    with pytest.raises(KeyboardInterrupt):
        datasets.load(CIFAR, root=tmp_path / "images")
    assert list((tmp_path / "images").iterdir()) == []


def test_fashion_mnist_is_downloaded_and_a_damaged_file_again(
    fashion: Path, tmp_path: Path
) -> None:
    home = tmp_path / "images"
    images = datasets.load(FASHION, root=home)
    assert images.pixels.shape == (60, 1, 28, 28)
    raw = home / "FashionMNIST" / "raw"
    assert sorted(each.suffix for each in raw.iterdir()) == [""] * 4
    file = raw / "t10k-images-idx3-ubyte"
    file.write_bytes(file.read_bytes()[:-100])
    assert datasets.load(FASHION, root=home).fingerprint == images.fingerprint
    for each in fashion.iterdir():
        each.write_bytes(each.read_bytes()[:-4] + b"none")
    file.unlink()
    with pytest.raises(BadInput, match="FashionMNIST could not be downloaded"):
        datasets.load(FASHION, root=home)
    assert sorted(each.name for each in home.iterdir()) == ["FashionMNIST"]


def class_folders(home: Path, side: int = 32, classes: int = 10) -> None:
    """One image for each class of both parts."""
    for part in ("train", "test"):
        for index, name in enumerate(CLASSES[:classes]):
            folder = home / part / name
            folder.mkdir(parents=True)
            Image.new("RGB", (side, side), (20 * index, 0, part == "test")).save(folder / "0.png")


def test_cifar_10_is_read_from_class_folders_with_its_own_parts(tmp_path: Path) -> None:
    class_folders(tmp_path)
    images = datasets.load(WITHOUT_DOWNLOAD, root=tmp_path, test_part="test")
    assert images.pixels.shape == (20, 3, 32, 32)
    assert images.parts == (("train", 10), ("test", 10))
    assert images.labels.tolist() == [*range(10), *range(10)]
    assert images.pixels[:, 0, 0, 0].tolist() == [20 * label for label in images.labels]


@pytest.mark.parametrize(
    ("form", "rule"),
    [({"side": 16}, "has 16 x 16 pixels"), ({"classes": 9}, "has 9 class folders")],
)
def test_class_folders_that_are_not_cifar_10_are_refused(
    tmp_path: Path, form: dict[str, int], rule: str
) -> None:
    class_folders(tmp_path, **form)
    with pytest.raises(BadInput, match=rule):
        datasets.load(WITHOUT_DOWNLOAD, root=tmp_path)


def test_a_study_of_class_folders_reads_torchvisions_files_of_cifar_10(
    cifar: Path, tmp_path: Path
) -> None:
    home = tmp_path / "images"
    originals = datasets.load(CIFAR, root=home)
    spec = ImageFolderSpec(name="image_folder", parts=("train", "test"))
    images = datasets.load(spec, root=home, test_part="test")
    assert torch.equal(images.pixels, originals.pixels)
    assert torch.equal(images.labels, originals.labels)
    assert images.parts == (("train", 5 * A_FILE), ("test", A_FILE))
    only = datasets.load(spec.model_copy(update={"parts": ("test",)}), root=home)
    assert torch.equal(only.pixels, originals.pixels[-A_FILE:])


def test_torchvisions_files_are_resized_as_the_same_images_in_class_folders(
    cifar: Path, tmp_path: Path
) -> None:
    home = tmp_path / "images"
    originals = datasets.load(CIFAR, root=home)
    folder = tmp_path / "folders" / "train" / "a"
    folder.mkdir(parents=True)
    Image.fromarray(originals.pixels[0].permute(1, 2, 0).numpy()).save(folder / "0.png")
    spec = ImageFolderSpec(name="image_folder", parts=("train",), size=16)
    of_file = datasets.load(spec, root=tmp_path / "folders")
    assert torch.equal(datasets.load(spec, root=home).pixels[0], of_file.pixels[0])


def test_a_study_of_class_folders_refuses_torchvisions_files_that_are_damaged(
    cifar: Path, tmp_path: Path
) -> None:
    datasets.load(CIFAR, root=tmp_path)
    (tmp_path / "cifar-10-batches-py" / "data_batch_2").unlink()
    spec = ImageFolderSpec(name="image_folder", parts=("train", "test"))
    with pytest.raises(BadInput, match=r"no complete CIFAR10 .*data_batch_2 is missing"):
        datasets.load(spec, root=tmp_path)
