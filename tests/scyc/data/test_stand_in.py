"""Images of a known size stand in for a data set that is not there."""

import pytest

from scyc.data import datasets, splits
from scyc.data.stand_in import stand_in
from scyc.errors import BadInput
from scyc.specs.datasets import DigitsSpec, TinyImageNetSpec, TorchvisionDataSpec
from scyc.specs.system import SplitSpec, SubsetSpec

CIFAR = TorchvisionDataSpec(name="cifar10")


def test_a_known_data_set_has_its_number_of_images_and_classes_in_the_memory_of_one() -> None:
    images = stand_in(CIFAR, SubsetSpec())
    assert images is not None
    assert tuple(images.pixels.shape) == (60_000, 3, 32, 32)
    assert images.pixels.untyped_storage().nbytes() == 3 * 32 * 32
    assert images.labels.bincount().tolist() == [6000] * 10
    fashion = stand_in(TorchvisionDataSpec(name="fashion_mnist"), SubsetSpec(share=0.1))
    assert fashion is not None
    assert tuple(fashion.pixels.shape) == (7000, 1, 28, 28)
    small = stand_in(TinyImageNetSpec(name="tiny_imagenet", size=32), SubsetSpec(classes=20))
    assert small is not None
    assert tuple(small.pixels.shape) == (11_000, 3, 32, 32)
    assert stand_in(DigitsSpec(name="digits"), SubsetSpec()) is None


def test_its_test_part_is_the_data_sets() -> None:
    images = stand_in(CIFAR, SubsetSpec(), "test")
    assert images is not None
    sizes = splits.sizes(images.labels, images.parts, SplitSpec(test="test"))
    assert sizes == {"training": 37_500, "validation": 12_500, "test": 10_000}
    with pytest.raises(BadInput, match="known: test, train"):
        stand_in(CIFAR, SubsetSpec(), "val")


def test_an_error_names_the_option_for_a_missing_folder() -> None:
    with pytest.raises(BadInput) as refused:
        datasets.load(CIFAR)
    rule = "set dataset.root in the study, or give --data FOLDER"
    assert f"dataset.root    cifar10 needs the folder of its images; {rule}" in str(refused.value)
