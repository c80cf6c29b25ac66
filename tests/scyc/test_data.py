import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from scyc import data, seeds, sources, vision
from scyc.choices import (
    DigitsSpec,
    FactorySpec,
    ImageFolderSpec,
    TinyImageNetSpec,
    TorchvisionDataSpec,
)
from scyc.data import Images
from scyc.problems import BadInput
from scyc.system import AugmentSpec, SplitSpec, SubsetSpec
from scyc.training import Feed

FOLDER = ImageFolderSpec(name="image_folder")
CIFAR = TorchvisionDataSpec(name="cifar10")
FASHION = TorchvisionDataSpec(name="fashion_mnist")
TINY = TinyImageNetSpec(name="tiny_imagenet")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two classes of six 6 x 5 images, as lossless PNG."""
    random = np.random.default_rng(0)
    for label in ("cat", "dog"):
        (tmp_path / "images" / label).mkdir(parents=True)
        for index in range(6):
            pixels = random.integers(0, 256, (5, 6, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "images" / label / f"{index}.png")
    return tmp_path / "images"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Tiny-ImageNet's layout: two classes of three training images, four images more; 4 x 4."""
    random = np.random.default_rng(1)

    def write(file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 256, (4, 4, 3), dtype=np.uint8)).save(file)

    top = tmp_path / "unpacked" / "tiny-imagenet-200"
    for name in ("n002", "n001"):
        for index in range(3):
            write(top / "train" / name / "images" / f"{name}_{index}.JPEG")
        (top / "train" / name / f"{name}_boxes.txt").write_text("")
    lines = []
    for index in (2, 0, 3, 1):
        write(top / "val" / "images" / f"val_{index}.JPEG")
        lines.append(f"val_{index}.JPEG\tn00{1 + index % 2}\t0\t0\t3\t3\n")
    (top / "val" / "val_annotations.txt").write_text("".join(lines))
    write(top / "test" / "images" / "test_0.JPEG")
    (top / "wnids.txt").write_text("n002\nn001\n")
    return top


def test_digits_are_all_there() -> None:
    images = sources.load(DigitsSpec(name="digits"))
    assert images.pixels.shape == (1797, 1, 8, 8)
    assert images.classes == tuple("0123456789")
    assert int(images.pixels.max()) == 16


def test_results_stay_findable_because_fingerprints_never_change(tmp_path: Path) -> None:
    for label, first in (("a", 0), ("b", 100)):
        (tmp_path / label).mkdir()
        picture = b"P6\n2 1\n255\n" + bytes(range(first, first + 6))
        (tmp_path / label / "0.ppm").write_bytes(picture)
    digits = DigitsSpec(name="digits")
    assert [
        sources.load(digits).fingerprint,
        sources.load(digits, SubsetSpec(share=0.2)).fingerprint,
        sources.load(FOLDER, root=tmp_path).fingerprint,
    ] == [
        "7f1aec2173a325496246cd17c9878bdca93efc03e00bd3377ebcd9f6af25ba54",
        "8848cd3831da3f7e3f5f735ae2797a490f95fccb0ce89d6f9c9b7e377c240148",
        "f9dfd3042e008d33512ed6884d2e07157621e7f3a2d40a84f01e4809183dd4cf",
    ]


def test_a_split_has_every_image_once_and_follows_its_seed(digits: Images) -> None:
    shares = SplitSpec()
    first, again = (data.split(digits, shares, 0, 3) for _ in range(2))
    other = data.split(digits, shares, 0, 4)
    parts = [first.train, first.validation, first.test]
    assert sorted(torch.cat(parts).tolist()) == list(range(len(digits.labels)))
    assert [len(part) for part in parts] == [215, 72, 72]
    assert torch.equal(first.train, again.train)
    assert not torch.equal(first.train, other.train)


def test_pixels_are_normalised_by_the_training_part_alone(digits: Images) -> None:
    split = data.split(digits, SplitSpec(), 0, 0)
    pixels = digits.pixels[split.train].double()
    assert float(split.mean) == pytest.approx(float(pixels.mean()))
    assert float(split.std) == pytest.approx(float(pixels.std(correction=0)))


@pytest.mark.parametrize("shape", [(50, 3, 5, 7), (3, 2, 1100, 1000)])
def test_statistics_are_the_exact_sums_of_integers_however_they_are_cut(
    shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels = np.random.default_rng(2).integers(0, 256, shape, dtype=np.uint8)
    used = torch.arange(shape[0])[1:].flip(0)
    mean, std = data._statistics(torch.from_numpy(pixels), used)
    channels = pixels[1:].astype(np.int64).swapaxes(0, 1).reshape(shape[1], -1)
    means = channels.sum(axis=1) / channels.shape[1]
    squares = (channels**2).sum(axis=1) / channels.shape[1]
    assert mean.tolist() == means.tolist()
    assert std.tolist() == np.sqrt(squares - means * means).tolist()
    monkeypatch.setattr(data, "_CHUNK", 1)
    again = data._statistics(torch.from_numpy(pixels), used)
    assert torch.equal(again[0], mean)
    assert torch.equal(again[1], std)


def test_every_image_is_seen_once_before_any_is_seen_again() -> None:
    order = data.batches(10, 4, 7, seeds.generator("order")).flatten().tolist()
    assert sorted(order[:10]) == sorted(order[10:20]) == list(range(10))
    assert order[:10] != order[10:20]


def test_a_subset_has_the_same_share_of_each_class() -> None:
    whole = sources.load(DigitsSpec(name="digits"))
    part = sources.load(DigitsSpec(name="digits"), SubsetSpec(share=0.1))
    counts, parts = torch.bincount(whole.labels), torch.bincount(part.labels)
    assert parts.tolist() == [round(0.1 * count) for count in counts.tolist()]
    assert part.fingerprint != whole.fingerprint


def test_the_first_classes_are_taken_and_the_others_dropped() -> None:
    whole = sources.load(DigitsSpec(name="digits"))
    three = sources.load(DigitsSpec(name="digits"), SubsetSpec(classes=3))
    assert three.classes == ("0", "1", "2")
    assert torch.equal(three.pixels, whole.pixels[whole.labels < 3])
    assert torch.equal(three.labels, whole.labels[whole.labels < 3])
    ten = sources.load(DigitsSpec(name="digits"), SubsetSpec(classes=10))
    assert ten.fingerprint == whole.fingerprint


def test_a_class_has_the_same_share_whatever_classes_are_beside_it() -> None:
    all_ten = sources.load(DigitsSpec(name="digits"), SubsetSpec(share=0.3, seed=5))
    four = sources.load(DigitsSpec(name="digits"), SubsetSpec(share=0.3, seed=5, classes=4))
    assert torch.equal(four.pixels, all_ten.pixels[all_ten.labels < 4])


def test_classes_of_a_folder_that_are_not_taken_are_not_read(folder: Path) -> None:
    shutil.copytree(folder / "dog", folder / "emu")
    (folder / "emu" / "0.png").write_bytes(b"not an image")
    images = sources.load(FOLDER, SubsetSpec(classes=2), folder)
    assert images.classes == ("cat", "dog")
    assert torch.bincount(images.labels).tolist() == [6, 6]


def test_more_classes_than_there_are_is_refused(folder: Path) -> None:
    for spec, root, there in ((DigitsSpec(name="digits"), None, 10), (FOLDER, folder, 2)):
        with pytest.raises(BadInput, match=f"classes = 11    the data set has {there} classes"):
            sources.load(spec, SubsetSpec(classes=11), root)


def test_an_image_folder_is_read_as_it_is(folder: Path) -> None:
    images = sources.load(FOLDER, root=folder)
    assert images.pixels.shape == (12, 3, 5, 6)
    assert images.classes == ("cat", "dog")
    assert images.labels.tolist() == [0] * 6 + [1] * 6
    with Image.open(folder / "dog" / "2.png") as image:
        expected = torch.from_numpy(np.asarray(image).transpose(2, 0, 1).copy())
    assert torch.equal(images.pixels[8], expected)


def test_images_deeper_in_a_class_are_found(folder: Path) -> None:
    flat = sources.load(FOLDER, root=folder)
    for label in ("cat", "dog"):
        (folder / label / "images").mkdir()
        for file in sorted((folder / label).glob("*.png")):
            file.rename(folder / label / "images" / file.name)
    deep = sources.load(FOLDER, root=folder)
    assert torch.equal(deep.pixels, flat.pixels)
    assert deep.fingerprint == flat.fingerprint


def test_images_are_resized_and_parts_joined(folder: Path, tmp_path: Path) -> None:
    both = tmp_path / "both"
    for part in ("train", "test"):
        shutil.copytree(folder, both / part)
    spec = ImageFolderSpec(name="image_folder", parts=("train", "test"), size=4)
    assert sources.load(spec, root=both).pixels.shape == (24, 3, 4, 4)


def test_the_fingerprint_is_of_the_content_not_of_the_place(folder: Path, tmp_path: Path) -> None:
    here = sources.load(FOLDER, root=folder)
    shutil.copytree(folder, tmp_path / "elsewhere")
    there = sources.load(FOLDER, root=tmp_path / "elsewhere")
    assert here.fingerprint == there.fingerprint
    Image.new("RGB", (6, 5)).save(tmp_path / "elsewhere" / "cat" / "0.png")
    assert sources.load(FOLDER, root=tmp_path / "elsewhere").fingerprint != here.fingerprint


def test_a_cached_data_set_is_found_and_equal(folder: Path, tmp_path: Path) -> None:
    images = sources.load(FOLDER, root=folder)
    cache = tmp_path / "cache"
    data.keep(cache, images)
    for found in (
        data.read_cache(cache, images.fingerprint),
        sources.load(FOLDER, None, folder, cache),
    ):
        assert torch.equal(found.pixels, images.pixels)
        assert torch.equal(found.labels, images.labels)
        assert (found.classes, found.fingerprint) == (images.classes, images.fingerprint)
    with pytest.raises(FileNotFoundError, match="fingerprint"):
        data.read_cache(cache, "f" * 64)


def test_all_problems_of_a_folder_are_told_at_once(folder: Path) -> None:
    (folder / "cat" / "0.png").write_bytes(b"not an image")
    (folder / "dog" / "3.png").write_bytes((folder / "dog" / "3.png").read_bytes()[:60])
    Image.new("RGB", (9, 9)).save(folder / "dog" / "5.png")
    with pytest.raises(BadInput) as refused:
        sources.load(FOLDER, root=folder)
    values = [str(problem.value) for problem in refused.value.problems]
    assert [value.rpartition("images/")[2] for value in values] == [
        "cat/0.png",
        "dog/3.png",
        "dog/5.png",
    ]
    assert "dataset.size" in refused.value.problems[2].rule


def test_empty_classes_are_named(folder: Path) -> None:
    (folder / "emu").mkdir()
    (folder / "owl").mkdir()
    with pytest.raises(BadInput, match="a class with no image") as refused:
        sources.load(FOLDER, root=folder)
    assert len(refused.value.problems) == 2


def test_a_folder_of_parts_says_how_to_join_them(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "both" / "train")
    with pytest.raises(BadInput, match=r"is a part.*dataset\.parts: \[\"train\""):
        sources.load(FOLDER, root=tmp_path / "both")


@pytest.mark.parametrize("spec", [FOLDER, CIFAR, FASHION, TINY])
def test_a_missing_folder_is_refused(
    spec: ImageFolderSpec | TorchvisionDataSpec | TinyImageNetSpec, tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match=r"dataset\.root"):
        sources.load(spec, root=tmp_path / "nowhere")
    with pytest.raises(BadInput, match=f"{spec.name} needs a folder.*--data"):
        sources.load(spec)


def test_tiny_imagenets_parts_are_joined_in_the_layout_of_its_archive(archive: Path) -> None:
    images = sources.load(TINY, root=archive)
    assert images.pixels.shape == (10, 3, 4, 4)
    assert images.classes == ("n001", "n002")
    assert images.labels.tolist() == [0, 0, 0, 1, 1, 1, 0, 1, 0, 1]
    with Image.open(archive / "val" / "images" / "val_2.JPEG") as image:
        expected = torch.from_numpy(np.asarray(image).transpose(2, 0, 1).copy())
    assert torch.equal(images.pixels[8], expected)
    above = sources.load(TINY, root=archive.parent)
    assert above.fingerprint == images.fingerprint


def test_tiny_imagenet_is_resized_cut_and_found_in_the_cache(archive: Path, tmp_path: Path) -> None:
    spec = TinyImageNetSpec(name="tiny_imagenet", root=str(archive), size=2)
    (archive / "words.txt").write_text("n001\tgoldfish\n")
    images = sources.load(spec)
    assert images.pixels.shape == (10, 3, 2, 2)
    data.keep(tmp_path / "cache", images)
    found = sources.load(spec, cache=tmp_path / "cache")
    assert found.fingerprint == images.fingerprint
    assert torch.equal(found.pixels, images.pixels)


def test_tiny_imagenet_without_its_second_part_is_the_training_part(archive: Path) -> None:
    shutil.rmtree(archive / "val")
    images = sources.load(TINY, root=archive)
    folder = sources.load(FOLDER, root=archive / "train")
    assert images.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert images.fingerprint == folder.fingerprint


def test_all_problems_of_tiny_imagenet_are_told_at_once(archive: Path) -> None:
    (archive / "train" / "n003").mkdir()
    (archive / "val" / "images" / "val_0.JPEG").unlink()
    shutil.copy(archive / "test/images/test_0.JPEG", archive / "val/images/val_9.JPEG")
    annotations = archive / "val" / "val_annotations.txt"
    text = annotations.read_text().replace("val_1.JPEG\tn002", "val_1.JPEG\tn777")
    annotations.write_text(text + "val_2.JPEG\tn001\nnonsense\n\n")
    with pytest.raises(BadInput) as refused:
        sources.load(TINY, root=archive)
    told = [
        (str(problem.value).removeprefix(str(archive)), problem.rule.partition(";")[0])
        for problem in refused.value.problems
    ]
    assert told == [
        ("/train/n003", "a class with no image"),
        ("/val/val_annotations.txt, line 5", "names a file again"),
        ("/val/val_annotations.txt, line 6", "needs a file, a tab and a class"),
        ("/val/images/val_9.JPEG", "has no line in val_annotations.txt"),
        ("/val/images/val_0.JPEG", "is named in val_annotations.txt, but is not there"),
        ("/val/images/val_1.JPEG", "is of class n777, which train/ does not hold"),
    ]


@pytest.mark.parametrize("missing", ["val_annotations.txt", "images"])
def test_a_second_part_in_another_layout_says_how_it_can_be_read(
    archive: Path, missing: str
) -> None:
    (archive / "val" / missing).rename(archive / "val" / "elsewhere")
    with pytest.raises(BadInput, match=r"is missing.*image_folder with parts") as refused:
        sources.load(TINY, root=archive)
    assert [Path(str(each.value)).name for each in refused.value.problems] == [missing]


def test_decoding_takes_little_memory_beside_the_array_itself(tmp_path: Path) -> None:
    """Its peak is of a fresh process: VmHWM, since ru_maxrss starts at the parent's."""
    if not Path("/proc/self/status").is_file():
        pytest.skip("needs Linux's /proc")
    picture = np.add.outer(np.arange(128), np.arange(128)).astype(np.uint8)
    Image.fromarray(picture).convert("RGB").save(tmp_path / "first.jpg")
    content = (tmp_path / "first.jpg").read_bytes()
    for top, count in (("few", 5), ("many", 1250)):
        for label in "ab":
            (tmp_path / top / label).mkdir(parents=True)
            for index in range(count):
                (tmp_path / top / label / f"{index}.jpg").write_bytes(content)
    code = """
import json, re, sys
from pathlib import Path
from scyc import data, sources
from scyc.choices import ImageFolderSpec
from scyc.system import SplitSpec

def peak():
    status = Path("/proc/self/status").read_text()
    return 1024 * int(re.search(r"VmHWM:\\s+(\\d+) kB", status)[1])

def used(top):
    folder = Path(sys.argv[1]) / top
    images = sources.load(ImageFolderSpec(name="image_folder"), root=folder)
    data.keep(Path(sys.argv[1]) / "cache", images)
    data.split(images, SplitSpec(), 0, 0)
    return images.pixels.numel(), peak()

print(json.dumps([used("few"), used("many")]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    (_, before), (size, after) = json.loads(done.stdout)
    assert size == 2500 * 3 * 128 * 128
    assert after - before < 1.3 * size + 2**24


def test_cifar_10_is_read_as_torchvision_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import hashlib
    import pickle

    cifar = vision.torchvision().datasets.CIFAR10
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
    images = sources.load(CIFAR, root=tmp_path)
    assert images.pixels.shape == (120, 3, 32, 32)
    assert images.classes == tuple("abcdefghij")
    rows = np.random.default_rng(0).integers(0, 256, (20, 3072), dtype=np.uint8)
    assert images.pixels[7].flatten().tolist() == rows[7].tolist()
    (base / cifar.test_list[0][0]).write_bytes(b"cut short")
    with pytest.raises(BadInput, match=r"holds no complete CIFAR10.*set dataset.download"):
        sources.load(CIFAR, root=tmp_path)


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
    images = sources.load(FASHION, root=tmp_path)
    assert torch.equal(images.pixels, torch.from_numpy(pixels).unsqueeze(1))
    assert torch.bincount(images.labels).tolist() == [6] * 10
    assert (images.classes[0], images.classes[9]) == ("T-shirt/top", "Ankle boot")
    fewer = sources.load(FASHION, SubsetSpec(share=0.5, classes=2), tmp_path)
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
        sources.load(FASHION, root=tmp_path)
    assert "set dataset.download" in refused.value.problems[0].rule


def test_a_users_data_set_is_called_with_its_options() -> None:
    spec = FactorySpec(factory="studies.own_network:stripes", options={"images": 30, "pixels": 6})
    images = sources.load(spec)
    assert images.pixels.shape == (30, 1, 6, 6)
    assert images.classes == ("0", "1", "2")


@pytest.mark.parametrize("factory", ["math:sqrt", "builtins:list", "no.such:data"])
def test_a_data_set_factory_that_gives_something_else_is_refused(factory: str) -> None:
    with pytest.raises(BadInput, match=r"dataset\.factory"):
        sources.load(FactorySpec(factory=factory))


def make_feed(images: Images, augment: AugmentSpec, replicate: int = 0) -> Feed:
    split = data.split(images, SplitSpec(), 0, replicate)
    purpose = (0, "training", replicate, 0)
    return Feed(images, split, augment, (4, 10), purpose, torch.float64, torch.device("cpu"))


def test_a_crop_is_a_shifted_image_on_black_and_a_flip_its_mirror(colours: Images) -> None:
    feed = make_feed(colours, AugmentSpec(crop=2, flip=True))
    plain = make_feed(colours, AugmentSpec())
    indices = torch.arange(10)
    seen, originals = feed.training_batch(1, indices), plain.batch(indices)
    black = plain._normalised(torch.zeros(1, 3, 1, 1, dtype=torch.uint8))
    flipped = 0
    for image, original in zip(seen, originals, strict=True):
        padded = black[0].expand(3, 12, 12).clone()
        padded[:, 2:10, 2:10] = original
        crops = {
            (dy, dx, flip): cut.flip(2) if flip else cut
            for dy in range(5)
            for dx in range(5)
            for flip in (False, True)
            for cut in [padded[:, dy : dy + 8, dx : dx + 8]]
        }
        (match,) = [key for key, crop in crops.items() if torch.equal(crop, image)]
        flipped += match[2]
    assert 0 < flipped < 10


def test_augmentation_is_drawn_anew_each_step_and_the_same_each_time(colours: Images) -> None:
    spec = AugmentSpec(crop=2, flip=True)
    indices = torch.arange(10)
    one, two = make_feed(colours, spec), make_feed(colours, spec)
    assert torch.equal(one.training_batch(2, indices), two.training_batch(2, indices))
    assert not torch.equal(one.training_batch(2, indices), one.training_batch(3, indices))


def test_validation_images_are_never_augmented(colours: Images) -> None:
    feed, plain = (
        make_feed(colours, AugmentSpec(crop=2, flip=True)),
        make_feed(colours, AugmentSpec()),
    )
    assert torch.equal(feed.batch(feed.validation), plain.batch(plain.validation))


def test_parts_that_would_be_empty_are_refused(
    system: Callable[..., object], colours: Images
) -> None:
    few = Images(colours.pixels[:4], colours.labels[:4], colours.classes, "0" * 64)
    problems = data.split_problems(few, SplitSpec(train=0.9, validation=0.05))
    assert [problem.path for problem in problems] == ["dataset", "dataset"]
