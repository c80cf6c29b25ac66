import shutil
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

from scyc import torchvision_compat
from scyc.data import datasets
from scyc.data.images import Images
from scyc.errors import BadInput
from scyc.specs.datasets import DigitsSpec, ImageFolderSpec, TorchvisionDataSpec
from scyc.specs.factory import FactorySpec
from scyc.specs.system import SubsetSpec

FOLDER = ImageFolderSpec(name="image_folder")
CIFAR = TorchvisionDataSpec(name="cifar10")
FASHION = TorchvisionDataSpec(name="fashion_mnist")


def test_results_stay_findable_because_fingerprints_never_change(tmp_path: Path) -> None:
    for label, first in (("a", 0), ("b", 100)):
        (tmp_path / label).mkdir()
        picture = b"P6\n2 1\n255\n" + bytes(range(first, first + 6))
        (tmp_path / label / "0.ppm").write_bytes(picture)
    digits = DigitsSpec(name="digits")
    assert [
        datasets.load(digits).fingerprint,
        datasets.load(digits, SubsetSpec(share=0.2)).fingerprint,
        datasets.load(FOLDER, root=tmp_path).fingerprint,
    ] == [
        "7f1aec2173a325496246cd17c9878bdca93efc03e00bd3377ebcd9f6af25ba54",
        "8848cd3831da3f7e3f5f735ae2797a490f95fccb0ce89d6f9c9b7e377c240148",
        "f9dfd3042e008d33512ed6884d2e07157621e7f3a2d40a84f01e4809183dd4cf",
    ]


def test_cifar_10_is_read_as_torchvision_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import hashlib
    import pickle

    cifar = torchvision_compat.torchvision().datasets.CIFAR10
    base = tmp_path / cifar.base_folder
    base.mkdir()
    random = np.random.default_rng(0)
    sums = {}
    for name, _ in [*cifar.train_list, *cifar.test_list]:
        rows = random.integers(0, 256, (20, 3072), dtype=np.uint8)
        content = pickle.dumps({"data": rows, "labels": [i % 10 for i in range(20)]})
        (base / name).write_bytes(content)
        sums[name] = hashlib.md5(content).hexdigest()  # torchvision's own check
    meta = pickle.dumps({"label_names": list("abcdefghij")})
    (base / "batches.meta").write_bytes(meta)
    checked = {
        "filename": "batches.meta",
        "key": "label_names",
        "md5": hashlib.md5(meta).hexdigest(),
    }
    monkeypatch.setattr(cifar, "train_list", [[n, sums[n]] for n, _ in cifar.train_list])
    monkeypatch.setattr(cifar, "test_list", [[n, sums[n]] for n, _ in cifar.test_list])
    monkeypatch.setattr(cifar, "meta", checked)
    images = datasets.load(CIFAR, root=tmp_path)
    assert images.pixels.shape == (120, 3, 32, 32)
    assert images.classes == tuple("abcdefghij")
    rows = np.random.default_rng(0).integers(0, 256, (20, 3072), dtype=np.uint8)
    assert images.pixels[7].flatten().tolist() == rows[7].tolist()
    (base / cifar.test_list[0][0]).write_bytes(b"cut short")
    with pytest.raises(BadInput, match=r"holds no complete CIFAR10.*set dataset.download"):
        datasets.load(CIFAR, root=tmp_path)


def write_fashion(root: Path, sizes: dict[str, int]) -> np.ndarray:
    """Fashion-MNIST's four files, in their IDX format; returns the pixels of all images."""
    raw = root / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    everything = []
    for seed, (part, count) in enumerate(sizes.items()):
        pixels = np.random.default_rng(seed).integers(0, 256, (count, 28, 28), dtype=np.uint8)
        numbers = [count, 28, 28]
        head = b"".join(number.to_bytes(4, "big") for number in numbers)
        (raw / f"{part}-images-idx3-ubyte").write_bytes(b"\0\0\x08\x03" + head + pixels.tobytes())
        labels = bytes(index % 10 for index in range(count))
        (raw / f"{part}-labels-idx1-ubyte").write_bytes(b"\0\0\x08\x01" + head[:4] + labels)
        everything.append(pixels)
    return np.concatenate(everything)


def test_fashion_mnist_is_read_as_torchvision_keeps_it(tmp_path: Path) -> None:
    pixels = write_fashion(tmp_path, {"train": 40, "t10k": 20})
    images = datasets.load(FASHION, root=tmp_path)
    assert torch.equal(images.pixels, torch.from_numpy(pixels).unsqueeze(1))
    assert torch.bincount(images.labels).tolist() == [6] * 10
    assert (images.classes[0], images.classes[9]) == ("T-shirt/top", "Ankle boot")
    fewer = datasets.load(FASHION, SubsetSpec(share=0.5, classes=2), tmp_path)
    assert torch.bincount(fewer.labels).tolist() == [3, 3]
    assert fewer.classes == ("T-shirt/top", "Trouser")


@pytest.mark.parametrize("damage", ["gone", "empty", "short", "labels"])
def test_an_incomplete_fashion_mnist_is_refused(tmp_path: Path, damage: str) -> None:
    write_fashion(tmp_path, {"train": 40, "t10k": 20})
    raw = tmp_path / "FashionMNIST" / "raw"
    file = raw / "t10k-images-idx3-ubyte"
    if damage == "gone":
        file.unlink()
    elif damage == "labels":
        shutil.copy(raw / "train-labels-idx1-ubyte", raw / "t10k-labels-idx1-ubyte")
    else:
        file.write_bytes(b"" if damage == "empty" else file.read_bytes()[:-100])
    with pytest.raises(BadInput, match="holds no complete FashionMNIST") as refused:
        datasets.load(FASHION, root=tmp_path)
    assert "set dataset.download" in refused.value.problems[0].rule


def test_a_users_data_set_is_called_with_its_options() -> None:
    spec = FactorySpec(factory="studies.own_network:stripes", options={"images": 30, "pixels": 6})
    images = datasets.load(spec)
    assert images.pixels.shape == (30, 1, 6, 6)
    assert images.classes == ("0", "1", "2")


@pytest.mark.parametrize("factory", ["math:sqrt", "builtins:list", "no.such:data"])
def test_a_data_set_factory_that_gives_something_else_is_refused(factory: str) -> None:
    with pytest.raises(BadInput, match=r"dataset\.factory"):
        datasets.load(FactorySpec(factory=factory))


def load_made(pixels: Any, labels: Any, monkeypatch: pytest.MonkeyPatch) -> Images:
    module = ModuleType("toy_data")
    module.give = lambda: (pixels, labels)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "toy_data", module)
    return datasets.load(FactorySpec(factory="toy_data:give"))


@pytest.mark.parametrize(("kind", "classes"), [("uint8", 256), ("int8", 128), ("uint16", 300)])
def test_labels_may_fill_their_type(
    kind: str, classes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels = np.arange(classes * 4, dtype=np.uint32).astype(np.uint8).reshape(classes, 1, 2, 2)
    images = load_made(pixels, np.arange(classes).astype(kind), monkeypatch)
    assert len(images.classes) == classes
    assert images.labels.tolist() == list(range(classes))


def uint8(*shape: int) -> np.ndarray:
    return np.zeros(shape, dtype=np.uint8)


@pytest.mark.parametrize(
    ("pixels", "remedy"),
    [
        (uint8(4, 8, 9, 3), r"pixels\.transpose\(0, 3, 1, 2\)"),
        (uint8(4, 28, 28, 1), r"pixels\.transpose\(0, 3, 1, 2\)"),
        (uint8(4, 8), "in grayscale"),
        (uint8(4, 3, 8, 9) + 0.3, r"\(pixels \* 255\)\.round\(\)\.astype\(numpy\.uint8\)"),
        (uint8(4, 3, 8, 9) + np.float32(7.5), r"pixels\.round\(\)\.astype\(numpy\.uint8\)"),
        (uint8(4, 3, 8, 9) * np.nan, "some are NaN or infinite"),
        (uint8(4, 3, 8, 9).astype(np.int64) + 300, "values run from 300 to 300"),
        (uint8(4, 3, 8, 9) > 0, r"pixels\.astype\(numpy\.uint8\) \* 255"),
        (uint8(4, 3, 0, 9), "which have no pixels"),
        (uint8(4, 0, 9), "which have no pixels"),
    ],
)
def test_pixels_in_another_layout_or_range_are_refused_with_what_mends_them(
    pixels: np.ndarray, remedy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BadInput, match=remedy):
        load_made(pixels, np.array([0, 1, 0, 1]), monkeypatch)


def test_small_maps_of_many_channels_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    for shape in ((4, 16, 1, 1), (4, 16, 3, 3), (4, 3, 8, 3)):
        assert load_made(uint8(*shape), np.array([0, 1, 0, 1]), monkeypatch).shape == shape[1:]


def test_pixels_of_other_types_are_accepted_unless_they_are_rounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    grey = np.arange(4 * 64, dtype=np.uint8).reshape(4, 8, 8)
    labels = np.array([0, 1, 0, 1])
    wanted = load_made(grey[:, None], labels, monkeypatch)
    assert wanted.pixels.tolist() == grey[:, None].tolist()
    others = (grey, grey.astype(np.int64), grey.astype(np.float16), grey / np.float32(255))
    for pixels in others:
        assert load_made(pixels, labels, monkeypatch).fingerprint == wanted.fingerprint


def test_equal_images_of_a_users_own_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = np.arange(16, dtype=np.uint8).reshape(4, 1, 2, 2)
    pixels[3] = pixels[1]
    assert load_made(pixels, np.array([0, 1, 0, 1]), monkeypatch).copies == ((1, 3),)


@pytest.mark.parametrize("installed", [True, False])
def test_digits_are_scikit_learns_with_and_without_its_file(
    installed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sklearn.datasets import load_digits

    bunch = load_digits()
    if installed:  # then it is not imported
        monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    else:
        monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    images = datasets.load(DigitsSpec(name="digits"))
    assert np.array_equal(images.pixels[:, 0], bunch.images)
    assert np.array_equal(images.labels, bunch.target)
    assert [*images.classes] == [str(name) for name in bunch.target_names]
