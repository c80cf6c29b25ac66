from collections.abc import Callable

import numpy as np
import pytest
import torch

from scyc import seeds
from scyc.data import datasets
from scyc.data import images as data
from scyc.data.images import Images
from scyc.specs.datasets import DigitsSpec
from scyc.specs.system import SplitSpec, SubsetSpec


def test_digits_are_all_there() -> None:
    images = datasets.load(DigitsSpec(name="digits"))
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
    whole = datasets.load(DigitsSpec(name="digits"))
    part = datasets.load(DigitsSpec(name="digits"), SubsetSpec(share=0.1))
    counts, parts = torch.bincount(whole.labels), torch.bincount(part.labels)
    assert parts.tolist() == [round(0.1 * count) for count in counts.tolist()]
    assert part.fingerprint != whole.fingerprint


def test_the_first_classes_are_taken_and_the_others_dropped() -> None:
    whole = datasets.load(DigitsSpec(name="digits"))
    three = datasets.load(DigitsSpec(name="digits"), SubsetSpec(classes=3))
    assert three.classes == ("0", "1", "2")
    assert torch.equal(three.pixels, whole.pixels[whole.labels < 3])
    assert torch.equal(three.labels, whole.labels[whole.labels < 3])
    ten = datasets.load(DigitsSpec(name="digits"), SubsetSpec(classes=10))
    assert ten.fingerprint == whole.fingerprint


def test_a_class_has_the_same_share_whatever_the_other_classes() -> None:
    all_ten = datasets.load(DigitsSpec(name="digits"), SubsetSpec(share=0.3, seed=5))
    four = datasets.load(DigitsSpec(name="digits"), SubsetSpec(share=0.3, seed=5, classes=4))
    assert torch.equal(four.pixels, all_ten.pixels[all_ten.labels < 4])


def test_parts_that_would_be_empty_are_refused(
    system: Callable[..., object], colours: Images
) -> None:
    few = Images(colours.pixels[:4], colours.labels[:4], colours.classes, "0" * 64)
    problems = data.split_problems(few, SplitSpec(train=0.9, validation=0.05))
    assert [problem.path for problem in problems] == ["dataset", "dataset"]
