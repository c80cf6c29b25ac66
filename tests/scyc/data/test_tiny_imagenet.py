import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from scyc.data import cache as data
from scyc.data import datasets
from scyc.errors import BadInput
from scyc.specs.datasets import ImageFolderSpec, TinyImageNetSpec

FOLDER = ImageFolderSpec(name="image_folder")
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


def test_tiny_imagenets_parts_are_joined_in_the_layout_of_its_archive(archive: Path) -> None:
    images = datasets.load(TINY, root=archive)
    assert images.pixels.shape == (10, 3, 4, 4)
    assert images.classes == ("n001", "n002")
    assert images.labels.tolist() == [0, 0, 0, 1, 1, 1, 0, 1, 0, 1]
    with Image.open(archive / "val" / "images" / "val_2.JPEG") as image:
        expected = torch.from_numpy(np.asarray(image).transpose(2, 0, 1).copy())
    assert torch.equal(images.pixels[8], expected)
    above = datasets.load(TINY, root=archive.parent)
    assert above.fingerprint == images.fingerprint


def test_tiny_imagenet_is_resized_cropped_and_read_from_the_cache(
    archive: Path, tmp_path: Path
) -> None:
    spec = TinyImageNetSpec(name="tiny_imagenet", root=str(archive), size=2)
    (archive / "words.txt").write_text("n001\tgoldfish\n")
    images = datasets.load(spec)
    assert images.pixels.shape == (10, 3, 2, 2)
    data.keep(tmp_path / "cache", images)
    cached = datasets.load(spec, cache=tmp_path / "cache")
    assert cached.fingerprint == images.fingerprint
    assert torch.equal(cached.pixels, images.pixels)


def test_tiny_imagenet_without_its_second_part_is_the_training_part(archive: Path) -> None:
    shutil.rmtree(archive / "val")
    images = datasets.load(TINY, root=archive)
    folder = datasets.load(FOLDER, root=archive / "train")
    assert images.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert images.fingerprint == folder.fingerprint


def test_all_problems_of_tiny_imagenet_are_reported_at_once(archive: Path) -> None:
    (archive / "train" / "n003").mkdir()
    (archive / "val" / "images" / "val_0.JPEG").unlink()
    shutil.copy(archive / "test/images/test_0.JPEG", archive / "val/images/val_9.JPEG")
    annotations = archive / "val" / "val_annotations.txt"
    text = annotations.read_text().replace("val_1.JPEG\tn002", "val_1.JPEG\tn777")
    annotations.write_text(text + "val_2.JPEG\tn001\nnonsense\n\n")
    with pytest.raises(BadInput) as refused:
        datasets.load(TINY, root=archive)
    problems = [
        (str(problem.value).removeprefix(str(archive)), problem.rule.partition(";")[0])
        for problem in refused.value.problems
    ]
    assert problems == [
        ("/train/n003", "the folder of a class has no images"),
        ("/val/val_annotations.txt, line 5", "lists a file twice"),
        ("/val/val_annotations.txt, line 6", "needs a file, a tab and a class"),
        ("/val/images/val_9.JPEG", "has no line in val_annotations.txt"),
        ("/val/images/val_0.JPEG", "is listed in val_annotations.txt, but missing"),
        ("/val/images/val_1.JPEG", "is of class n777, which is missing in train/"),
    ]


@pytest.mark.parametrize("missing", ["val_annotations.txt", "images"])
def test_the_error_for_a_second_part_in_another_layout_explains_how_to_read_it(
    archive: Path, missing: str
) -> None:
    (archive / "val" / missing).rename(archive / "val" / "elsewhere")
    with pytest.raises(BadInput, match=r"is missing.*image_folder with parts") as refused:
        datasets.load(TINY, root=archive)
    assert [Path(str(each.value)).name for each in refused.value.problems] == [missing]
