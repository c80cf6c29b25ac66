import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from scyc import data, seeds, sources
from scyc.data import Images
from scyc.problems import BadInput
from scyc.spec import (
    AugmentSpec,
    Cifar10Spec,
    DigitsSpec,
    FactorySpec,
    ImageFolderSpec,
    SplitSpec,
    SubsetSpec,
)
from scyc.training import Feed

FOLDER = ImageFolderSpec(name="image_folder")


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


def test_digits_are_all_there() -> None:
    images = sources.load(DigitsSpec(name="digits"))
    assert images.pixels.shape == (1797, 1, 8, 8)
    assert images.classes == tuple("0123456789")
    assert int(images.pixels.max()) == 16


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


@pytest.mark.parametrize("spec", [FOLDER, Cifar10Spec(name="cifar10")])
def test_a_missing_folder_is_refused(spec: ImageFolderSpec | Cifar10Spec, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"dataset\.root"):
        sources.load(spec, root=tmp_path / "nowhere")
    with pytest.raises(BadInput, match="--data"):
        sources.load(spec)


def test_cifar_10_is_read_as_torchvision_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import hashlib
    import pickle

    from scyc import vision

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
    images = sources.load(Cifar10Spec(name="cifar10"), root=tmp_path)
    assert images.pixels.shape == (120, 3, 32, 32)
    assert images.classes == tuple("abcdefghij")
    rows = np.random.default_rng(0).integers(0, 256, (20, 3072), dtype=np.uint8)
    assert images.pixels[7].flatten().tolist() == rows[7].tolist()


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
