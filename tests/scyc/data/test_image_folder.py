import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from scyc.data import cache, datasets
from scyc.errors import BadInput
from scyc.specs.datasets import DigitsSpec, ImageFolderSpec, TinyImageNetSpec, TorchvisionDataSpec
from scyc.specs.system import SubsetSpec

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


def test_classes_of_a_folder_that_are_not_taken_are_not_read(folder: Path) -> None:
    shutil.copytree(folder / "dog", folder / "emu")
    (folder / "emu" / "0.png").write_bytes(b"not an image")
    images = datasets.load(FOLDER, SubsetSpec(classes=2), folder)
    assert images.classes == ("cat", "dog")
    assert torch.bincount(images.labels).tolist() == [6, 6]


def test_more_classes_than_there_are_is_refused(folder: Path) -> None:
    for spec, root, there in ((DigitsSpec(name="digits"), None, 10), (FOLDER, folder, 2)):
        with pytest.raises(BadInput, match=f"classes = 11    the data set has {there} classes"):
            datasets.load(spec, SubsetSpec(classes=11), root)


def test_an_image_folder_is_read_as_it_is(folder: Path) -> None:
    images = datasets.load(FOLDER, root=folder)
    assert images.pixels.shape == (12, 3, 5, 6)
    assert images.classes == ("cat", "dog")
    assert images.labels.tolist() == [0] * 6 + [1] * 6
    with Image.open(folder / "dog" / "2.png") as image:
        expected = torch.from_numpy(np.asarray(image).transpose(2, 0, 1).copy())
    assert torch.equal(images.pixels[8], expected)


def test_images_deeper_in_a_class_are_found(folder: Path) -> None:
    flat = datasets.load(FOLDER, root=folder)
    for label in ("cat", "dog"):
        (folder / label / "images").mkdir()
        for file in sorted((folder / label).glob("*.png")):
            file.rename(folder / label / "images" / file.name)
    deep = datasets.load(FOLDER, root=folder)
    assert torch.equal(deep.pixels, flat.pixels)
    assert deep.fingerprint == flat.fingerprint


def test_images_are_resized_and_parts_joined(folder: Path, tmp_path: Path) -> None:
    both = tmp_path / "both"
    for part in ("train", "test"):
        shutil.copytree(folder, both / part)
    spec = ImageFolderSpec(name="image_folder", parts=("train", "test"), size=4)
    assert datasets.load(spec, root=both).pixels.shape == (24, 3, 4, 4)


def test_the_fingerprint_depends_on_the_content_not_on_the_path(
    folder: Path, tmp_path: Path
) -> None:
    here = datasets.load(FOLDER, root=folder)
    shutil.copytree(folder, tmp_path / "elsewhere")
    there = datasets.load(FOLDER, root=tmp_path / "elsewhere")
    assert here.fingerprint == there.fingerprint
    Image.new("RGB", (6, 5)).save(tmp_path / "elsewhere" / "cat" / "0.png")
    assert datasets.load(FOLDER, root=tmp_path / "elsewhere").fingerprint != here.fingerprint


def test_a_cached_data_set_is_read_and_equal(folder: Path, tmp_path: Path) -> None:
    images = datasets.load(FOLDER, root=folder)
    folder_of_cache = tmp_path / "cache"
    cache.keep(folder_of_cache, images)
    for cached in (
        cache.read_cache(folder_of_cache, images.fingerprint),
        datasets.load(FOLDER, None, folder, folder_of_cache),
    ):
        assert torch.equal(cached.pixels, images.pixels)
        assert torch.equal(cached.labels, images.labels)
        assert (cached.classes, cached.fingerprint) == (images.classes, images.fingerprint)
    with pytest.raises(cache.ImagesLost, match=r"ffff\.json, or a file beside it, is missing"):
        cache.read_cache(folder_of_cache, "f" * 64)


def test_all_problems_of_a_folder_are_reported_at_once(folder: Path) -> None:
    (folder / "cat" / "0.png").write_bytes(b"not an image")
    (folder / "dog" / "3.png").write_bytes((folder / "dog" / "3.png").read_bytes()[:60])
    Image.new("RGB", (9, 9)).save(folder / "dog" / "5.png")
    with pytest.raises(BadInput) as refused:
        datasets.load(FOLDER, root=folder)
    values = [str(problem.value) for problem in refused.value.problems]
    assert [value.rpartition("images/")[2] for value in values] == [
        "cat/0.png",
        "dog/3.png",
        "dog/5.png",
    ]
    assert "dataset.size" in refused.value.problems[2].rule


def test_images_of_other_sizes_are_one_line(folder: Path) -> None:
    for index in range(6, 30):
        Image.new("RGB", (9, 8)).save(folder / "dog" / f"{index}.png")
    with pytest.raises(BadInput) as refused:
        datasets.load(FOLDER, root=folder)
    (problem,) = refused.value.problems
    assert problem.rule == (
        "24 of 36 images differ from the first's 6 x 5 pixels, this one with 9 x 8: "
        "set dataset.size"
    )


def test_many_files_with_one_fault_are_one_line(folder: Path) -> None:
    for index in range(12):
        Image.new("F", (6, 5)).save(folder / "cat" / f"float{index:02}.tif")
    with pytest.raises(BadInput) as refused:
        datasets.load(FOLDER, root=folder)
    (problem,) = refused.value.problems
    assert problem.value == str(folder / "cat" / "float00.tif")
    assert problem.rule.endswith("with 8 or 16 bits (11 more files like this)")


@pytest.mark.parametrize("again", ["train", "train/", "./train", "link"])
def test_a_part_that_is_named_again_is_refused(folder: Path, tmp_path: Path, again: str) -> None:
    shutil.copytree(folder, tmp_path / "both" / "train")
    (tmp_path / "both" / "link").symlink_to(tmp_path / "both" / "train")
    spec = ImageFolderSpec(name="image_folder", parts=("train", again))
    with pytest.raises(BadInput) as refused:
        datasets.load(spec, root=tmp_path / "both")
    (problem,) = refused.value.problems
    assert (problem.path, problem.value) == ("dataset.parts[1]", again)
    assert problem.rule == 'is the folder of part "train" again; remove one'


def test_hidden_files_and_folders_are_skipped_and_reported(folder: Path) -> None:
    before = datasets.load(FOLDER, root=folder)
    for hidden in (".ipynb_checkpoints", "cat/.ipynb_checkpoints", "__MACOSX", "dog/@eaDir"):
        (folder / hidden).mkdir()
        shutil.copy(folder / "cat" / "0.png", folder / hidden / "0.png")
    (folder / "dog" / "._1.png").write_bytes(b"AppleDouble")
    (folder / "dog" / "Thumbs.db").write_bytes(b"")
    (folder / "dog" / ".DS_Store").write_bytes(b"")
    images = datasets.load(FOLDER, root=folder)
    assert images.fingerprint == before.fingerprint
    assert images.notices == (
        "5 hidden files are skipped (._1.png, .ipynb_checkpoints, @eaDir, ...)",
    )


def test_a_data_set_may_lie_below_a_hidden_folder(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / ".cache" / "images")
    images = datasets.load(FOLDER, root=tmp_path / ".cache" / "images")
    assert len(images.labels) == 12
    assert images.notices == ()


def test_images_in_unsupported_formats_are_reported(folder: Path) -> None:
    for name in ("a.avif", "b.AVIF", "c.gif", "notes.txt"):
        (folder / "cat" / name).write_bytes(b"")
    assert datasets.load(FOLDER, root=folder).notices == (
        "2 .avif and 1 .gif files are skipped, in formats that are not supported (cat/a.avif); "
        "convert them to PNG to use them",
    )
    (folder / "emu").mkdir()
    (folder / "emu" / "a.heic").write_bytes(b"")
    with pytest.raises(BadInput, match=r"has no images.*1 \.heic file is skipped"):
        datasets.load(FOLDER, root=folder)


def test_equal_files_are_counted_and_those_of_two_classes_reported(folder: Path) -> None:
    shutil.copy(folder / "cat" / "0.png", folder / "cat" / "copy.png")
    shutil.copy(folder / "cat" / "1.png", folder / "dog" / "stray.png")
    images = datasets.load(FOLDER, root=folder)
    assert images.copies == ((0, 6), (1, 13))
    assert images.notices == (
        "2 of 14 images are equal to one of another class (cat/1.png, dog/stray.png); no network "
        "can classify both correctly; remove one of each",
    )


def test_empty_classes_are_named(folder: Path) -> None:
    (folder / "emu").mkdir()
    (folder / "owl").mkdir()
    with pytest.raises(BadInput, match="the folder of a class has no images") as refused:
        datasets.load(FOLDER, root=folder)
    assert len(refused.value.problems) == 2


def test_the_error_for_a_folder_of_parts_explains_how_to_join_them(
    folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(folder, tmp_path / "both" / "train")
    with pytest.raises(BadInput, match=r"is a part.*dataset\.parts: \[\"train\""):
        datasets.load(FOLDER, root=tmp_path / "both")


@pytest.mark.parametrize("spec", [FOLDER, CIFAR, FASHION, TINY])
def test_a_missing_folder_is_refused(
    spec: ImageFolderSpec | TorchvisionDataSpec | TinyImageNetSpec, tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match=r"dataset\.root"):
        datasets.load(spec, root=tmp_path / "nowhere")
    with pytest.raises(BadInput, match=f"{spec.name} needs the folder.*--data"):
        datasets.load(spec)


@pytest.mark.slow
def test_decoding_takes_little_memory_besides_the_array_itself(tmp_path: Path) -> None:
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
from scyc.data import datasets as sources
from scyc.data import cache
from scyc.data import images as data
from scyc.specs.datasets import ImageFolderSpec
from scyc.specs.system import SplitSpec

def peak():
    status = Path("/proc/self/status").read_text()
    return 1024 * int(re.search(r"VmHWM:\\s+(\\d+) kB", status)[1])

def used(top):
    folder = Path(sys.argv[1]) / top
    images = sources.load(ImageFolderSpec(name="image_folder"), root=folder)
    cache.keep(Path(sys.argv[1]) / "cache", images)
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
