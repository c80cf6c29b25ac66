from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from scyc import seeds
from scyc.data import cache, datasets, splits
from scyc.data import images as data
from scyc.errors import BadInput
from scyc.specs.base import as_json
from scyc.specs.datasets import DigitsSpec, ImageFolderSpec
from scyc.specs.factory import FactorySpec
from scyc.specs.system import SplitSpec, SubsetSpec

STRATIFIED = SplitSpec(stratified=True)


def labels_of(*counts: int) -> torch.Tensor:
    """So many images of each class, the classes mixed."""
    labels = torch.repeat_interleave(torch.arange(len(counts)), torch.tensor(counts))
    return labels[torch.randperm(len(labels), generator=torch.Generator().manual_seed(1))]


def by_class(labels: torch.Tensor, spec: SplitSpec, replicate: int = 0) -> list[list[int]]:
    """Images of each class in each part."""
    drawn = splits.draw(labels, (), spec, 0, replicate)
    classes = int(labels.max()) + 1
    return [torch.bincount(labels[part], minlength=classes).tolist() for part in drawn]


def test_a_split_without_new_fields_is_written_as_before_they_were_there() -> None:
    assert as_json(SplitSpec()) == {"train": 0.6, "validation": 0.2}
    assert as_json(SplitSpec(stratified=True, test="test")) == {
        "train": 0.6,
        "validation": 0.2,
        "stratified": True,
        "test": "test",
    }


def test_a_plain_split_is_the_permutation_cut_at_the_shares() -> None:
    labels = labels_of(5, 6)
    order = torch.randperm(11, generator=seeds.generator(7, "split", 2))
    drawn = splits.draw(labels, (), SplitSpec(), 7, 2)
    assert torch.equal(torch.cat(drawn), order)
    assert [len(part) for part in drawn] == [7, 2, 2]


@pytest.mark.parametrize("replicate", range(3))
def test_every_class_of_five_has_an_image_in_each_part_of_a_stratified_split(
    replicate: int,
) -> None:
    labels = labels_of(*[5] * 200)
    train, validation, test = by_class(labels, STRATIFIED, replicate)
    assert (set(train), set(validation), set(test)) == ({3}, {1}, {1})


def test_a_class_of_three_has_one_image_in_each_part_whatever_the_shares() -> None:
    for spec in (STRATIFIED, SplitSpec(train=0.9, validation=0.05, stratified=True)):
        parts = by_class(labels_of(3, 60), spec)
        assert [part[0] for part in parts] == [1, 1, 1]


def test_without_an_even_division_the_parts_keep_their_shares_of_the_whole() -> None:
    parts = by_class(labels_of(*[7] * 30, *[2] * 20, *[1] * 10), STRATIFIED)
    train, validation, test = (sum(part) for part in parts)
    assert train + validation + test == 260
    assert abs(validation - 50) <= 1  # of 250, for the classes of one are for training
    assert abs(test - 50) <= 1
    assert all(part >= 1 for part in parts[0])  # nothing is tested that is not learned


def test_a_stratified_split_has_every_image_once_and_follows_seed_and_replicate() -> None:
    labels = labels_of(13, 8, 3)
    drawn = [
        torch.cat(splits.draw(labels, (), STRATIFIED, *key)).tolist() for key in ((0, 0), (0, 1))
    ]
    assert sorted(drawn[0]) == sorted(drawn[1]) == list(range(24))
    assert drawn[0] != drawn[1]
    assert torch.cat(splits.draw(labels, (), STRATIFIED, 0, 0)).tolist() == drawn[0]


@pytest.mark.parametrize("stratified", [False, True])
def test_a_named_test_part_is_the_test_part_of_every_replicate_and_the_rest_is_drawn(
    stratified: bool,
) -> None:
    labels = labels_of(40, 40, 40)
    named = (("train", 80), ("test", 30), ("more", 10))
    spec = SplitSpec(test="test", stratified=stratified)
    drawn = [splits.draw(labels, named, spec, 0, replicate) for replicate in range(2)]
    for each in drawn:
        assert each.test.tolist() == list(range(80, 110))
        others = sorted(torch.cat([each.train, each.validation]).tolist())
        assert others == [*range(80), *range(110, 120)]
        assert abs(len(each.train) - 67.5) <= 1  # 0.6 : 0.2 is three to one
    assert drawn[0].train.tolist() != drawn[1].train.tolist()


def test_shares_may_use_up_everything_only_with_a_separate_test_part() -> None:
    assert SplitSpec(train=0.9, validation=0.1, test="test").train == 0.9
    with pytest.raises(ValueError, match="must leave a share for testing; lower one"):
        SplitSpec(train=0.9, validation=0.1)
    with pytest.raises(ValueError, match="more than everything; lower one"):
        SplitSpec(train=0.9, validation=0.2, test="test")


def test_a_subset_of_a_data_set_knows_where_its_parts_end() -> None:
    indices = np.array([0, 1, 5, 7, 8])
    named = (("a", 5), ("b", 2), ("c", 3))
    assert splits.parts_of_subset(named, indices) == (("a", 2), ("b", 1), ("c", 2))


@pytest.fixture
def parts(tmp_path: Path) -> Path:
    """Two classes in two parts: 6 training images each, 2 test images each."""
    for part, count in (("learn", 6), ("exam", 2)):
        for shade, name in enumerate(("dark", "light")):
            folder = tmp_path / part / name
            folder.mkdir(parents=True)
            for index in range(count):
                value = 100 * shade + 10 * index + (part == "exam")
                Image.new("RGB", (4, 4), (value, value, value)).save(folder / f"{index}.png")
    return tmp_path


def test_the_parts_of_an_image_folder_stay_apart_where_one_is_named(
    parts: Path, tmp_path: Path
) -> None:
    spec = ImageFolderSpec(name="image_folder", root=str(parts), parts=("learn", "exam"))
    joined = datasets.load(spec)
    images = datasets.load(spec, test_part="exam")
    assert (joined.parts, images.parts) == ((), (("learn", 12), ("exam", 4)))
    assert images.fingerprint != joined.fingerprint
    split = data.split(images, SplitSpec(train=0.5, validation=0.5, test="exam"), 0, 1)
    assert set(images.pixels[split.test, 0, 0, 0].tolist()) == {1, 11, 101, 111}
    assert (len(split.train), len(split.validation)) == (6, 6)
    cache.keep(tmp_path / "cache", images)
    assert cache.read_cache(tmp_path / "cache", images.fingerprint).parts == images.parts
    half = datasets.load(spec, SubsetSpec(share=0.5), test_part="exam")
    assert sum(count for _, count in half.parts) == len(half.labels) == 8


def test_a_part_that_is_not_there_is_refused_with_those_that_are(parts: Path) -> None:
    spec = ImageFolderSpec(name="image_folder", root=str(parts), parts=("learn", "exam"))
    with pytest.raises(BadInput) as refused:
        datasets.load(spec, test_part="exams")
    assert 'split.test = "exams"    unknown; did you mean "exam"?' in str(refused.value)
    with pytest.raises(BadInput) as refused:
        datasets.load(DigitsSpec(name="digits"), test_part="test")
    assert "comes in no parts; leave split.test out" in str(refused.value)


def own_data(parts: dict[str, int] | None = None) -> tuple[object, ...]:
    pixels = np.arange(10, dtype=np.uint8).reshape(10, 1, 1, 1)
    labels = np.arange(10) % 2
    return (pixels, labels) if parts is None else (pixels, labels, parts)


def given(**counts: int) -> tuple[object, ...]:
    return own_data(counts)


def test_own_data_may_say_which_images_are_its_test_part() -> None:
    options: dict[str, str | int | float | bool | None] = {"learn": 7, "exam": 3}
    own = FactorySpec(factory=f"{__name__}:given", options=options)
    images = datasets.load(own, test_part="exam")
    assert images.parts == (("learn", 7), ("exam", 3))
    plain = datasets.load(FactorySpec(factory=f"{__name__}:own_data"))
    assert datasets.load(own).fingerprint == plain.fingerprint
    wrong = FactorySpec(factory=f"{__name__}:given", options={"learn": 7, "exam": 4})
    with pytest.raises(BadInput, match="must be whole numbers that add up to the number of images"):
        datasets.load(wrong)


def test_classes_missing_from_a_part_are_reported_with_the_replicates() -> None:
    labels = labels_of(*[5] * 200)
    names = [str(label) for label in range(200)]
    drawn = [splits.draw(labels, (), SplitSpec(), 0, replicate) for replicate in range(3)]
    counted = [splits.counts(labels, 200, each) for each in drawn]
    lacking = [len(set(range(200)) - set(labels[each.validation].tolist())) for each in drawn]
    assert min(lacking) > 40  # a third of the classes
    lines = splits.remarks(labels, names, counted)
    message = (
        f"has no image of {min(lacking)} to {max(lacking)} of 200 classes in 3 of 3 replicates"
    )
    assert any(line.startswith(f"the validation part {message}") for line in lines)
    stratified = splits.draw(labels, (), STRATIFIED, 0, 0)
    assert splits.remarks(labels, names, [splits.counts(labels, 200, stratified)]) == []


def test_a_class_of_one_image_is_named() -> None:
    labels = labels_of(30, 1, 30)
    drawn = splits.draw(labels, (), STRATIFIED, 0, 0)
    lines = splits.remarks(labels, ["a", "b", "c"], [splits.counts(labels, 3, drawn)])
    assert lines[0] == "1 of 3 classes has one image, which is in one part only: b"
    assert [line.split(" has ")[0] for line in lines[1:]] == [
        "the validation part",
        "the test part",
    ]


def test_always_naming_the_largest_class_scores_its_share_of_the_part() -> None:
    labels = labels_of(90, 10)
    drawn = splits.draw(labels, (), STRATIFIED, 0, 0)
    counted = splits.counts(labels, 2, drawn)
    assert {name: each.majority for name, each in counted.items()} == dict.fromkeys(
        splits.PARTS, 90.0
    )
    assert Counter(labels[drawn.test].tolist()) == {0: 18, 1: 2}
