"""Each kind of image file decodes to the right values."""

import io
import struct
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import ExifTags, Image

from scyc.data import cache, datasets
from scyc.data.decoding import decode, traits
from scyc.data.images import Images
from scyc.errors import BadInput, Problem
from scyc.specs.base import content_hash
from scyc.specs.datasets import ImageFolderSpec

FOLDER = ImageFolderSpec(name="image_folder")
WHITE = (255, 255, 255)


def saved(image: Image.Image, form: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def png(bits: int, kind: int, values: list[int], extra: bytes = b"") -> bytes:
    """A PNG file of one row, as its specification has it: Pillow writes no 16-bit colour."""

    def chunk(name: bytes, content: bytes) -> bytes:
        sum_ = struct.pack(">I", zlib.crc32(name + content))
        return struct.pack(">I", len(content)) + name + content + sum_

    channels = {0: 1, 2: 3, 4: 2, 6: 4}[kind]
    head = struct.pack(">IIBBBBB", len(values) // channels, 1, bits, kind, 0, 0, 0)
    row = b"\0" + b"".join(value.to_bytes(bits // 8, "big") for value in values)
    parts = chunk(b"IHDR", head) + (chunk(b"tRNS", extra) if extra else b"")
    return b"\x89PNG\r\n\x1a\n" + parts + chunk(b"IDAT", zlib.compress(row)) + chunk(b"IEND", b"")


def pixels(content: bytes, tmp_path: Path) -> np.ndarray:
    """Red, green and blue of an image file, uint8 [height, width, 3]."""
    file = tmp_path / "image.png"
    file.write_bytes(content)
    image = decode(file, None)
    assert isinstance(image, np.ndarray), image
    return image


def row(content: bytes, tmp_path: Path) -> list[tuple[int, ...]]:
    return [tuple(pixel) for pixel in pixels(content, tmp_path)[0].tolist()]


def palette(alpha: bytes | None) -> bytes:
    image = Image.new("P", (2, 1))
    image.putpalette([200, 0, 0, 0, 0, 200])
    image.putpixel((1, 0), 1)
    return saved(image, "PNG", **({} if alpha is None else {"transparency": alpha}))


def one(mode: str, colour: object) -> Image.Image:
    return Image.new(mode, (1, 1), colour)  # type: ignore[arg-type]


PREMULTIPLIED = Image.merge("RGBA", [Image.new("L", (1, 1), v) for v in (64, 0, 0, 128)])
PLAIN = {
    "1": (saved(one("1", 1), "PNG"), WHITE),
    "L": (saved(one("L", 77), "PNG"), (77, 77, 77)),
    "P": (palette(None), (200, 0, 0)),
    "RGB": (saved(one("RGB", (1, 2, 3)), "PNG"), (1, 2, 3)),
    "RGBX": (saved(one("RGBX", (1, 2, 3, 9)), "TIFF"), (1, 2, 3)),
    "CMYK": (saved(one("CMYK", (255, 0, 0, 0)), "TIFF"), (0, 255, 255)),
    "YCbCr": (saved(one("YCbCr", (128, 128, 128)), "TIFF"), (128, 128, 128)),
    "LAB": (saved(one("LAB", (255, 128, 128)), "TIFF"), WHITE),
    "RGB, 16 bits": (png(16, 2, [6800, 45000, 65535]), (26, 175, 255)),
}


@pytest.mark.parametrize("name", PLAIN)
def test_a_file_without_depth_alpha_or_turn_is_taken_as_pillow_converts_it(
    name: str, tmp_path: Path
) -> None:
    content, right = PLAIN[name]
    off = 1 if name == "LAB" else 0  # by the colour management's rounding
    assert np.abs(np.subtract(row(content, tmp_path)[0], right)).max() <= off
    assert traits(content).plain


COMPOSED = {
    "LA": (saved(one("LA", (0, 128)), "PNG"), (127, 127, 127)),
    "LA, 16 bits": (png(16, 4, [0, 0x8000]), (127, 127, 127)),
    "P with transparency": (palette(b"\0\xff"), WHITE),
    "PA": (saved(one("RGBA", (9, 9, 9, 0)).convert("PA"), "TIFF"), WHITE),
    "RGBA": (saved(one("RGBA", (200, 0, 0, 128)), "PNG"), (227, 127, 127)),
    "RGBA, hidden colour": (saved(one("RGBA", (200, 0, 0, 0)), "PNG"), WHITE),
    "RGBA, opaque": (saved(one("RGBA", (200, 0, 0, 255)), "PNG"), (200, 0, 0)),
    "RGBA, 16 bits": (png(16, 6, [0, 0, 0, 0x8000]), (127, 127, 127)),
    "RGBA in WebP": (saved(one("RGBA", (200, 0, 0, 0)), "WEBP", lossless=True), WHITE),
    "L with a transparent value": (saved(one("L", 9), "PNG", transparency=9), WHITE),
    "RGB with a transparent colour": (saved(one("RGB", (1, 2, 3)), "PNG", transparency=(1, 2, 3)),
                                      WHITE),
    "16 bits with a transparent value": (png(16, 0, [6800], b"\x1a\x90"), WHITE),
}  # fmt: skip


@pytest.mark.parametrize("name", COMPOSED)
def test_transparent_images_are_composed_on_white(name: str, tmp_path: Path) -> None:
    content, right = COMPOSED[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert row(content, tmp_path)[0] == right
    assert traits(content).transparent
    assert not traits(content).plain


VALUES = [0, 128, 129, 255, 6800, 45000, 65535]
SCALED = [0, 0, 1, 1, 26, 175, 255]  # v / 257, rounded


def deep(mode: str, form: str) -> bytes:
    kind = np.dtype(">u2" if mode == "I;16B" else "<u2")
    data = np.array(VALUES, dtype=kind).tobytes()
    return saved(Image.frombytes(mode, (len(VALUES), 1), data), form)


def pgm() -> bytes:
    return b"P5\n%d 1\n65535\n" % len(VALUES) + np.array(VALUES, dtype=">u2").tobytes()


DEEP: dict[str, Callable[[], bytes]] = {
    "I;16 of PNG": lambda: png(16, 0, VALUES),
    "I;16 of TIFF": lambda: deep("I;16", "TIFF"),
    "I;16L": lambda: deep("I;16L", "TIFF"),
    "I;16B": lambda: deep("I;16B", "TIFF"),
    "I of PGM": pgm,
}


@pytest.mark.parametrize("name", DEEP)
def test_grey_of_16_bits_is_scaled_to_8(name: str, tmp_path: Path) -> None:
    content = DEEP[name]()
    assert row(content, tmp_path) == [(v, v, v) for v in SCALED]
    assert traits(content).deep
    assert not traits(content).plain


def test_a_tiff_of_16_bits_whose_white_is_0_is_not_a_negative(tmp_path: Path) -> None:
    image = Image.frombytes("I;16", (2, 1), np.array([0, 65535], dtype="<u2").tobytes())
    content = saved(image, "TIFF", tiffinfo={262: 0})
    with Image.open(io.BytesIO(content)) as read:
        if read.tag_v2[262] != 0:  # type: ignore[attr-defined]
            pytest.skip("this Pillow writes its own value of the tag")
    assert row(content, tmp_path) == [WHITE, (0, 0, 0)]


@pytest.mark.parametrize("mode", ["I", "F"])
@pytest.mark.parametrize("value", [7, 70_000])
def test_pixels_whose_white_is_not_known_are_refused(mode: str, value: int, tmp_path: Path) -> None:
    file = tmp_path / "image.tif"
    file.write_bytes(saved(one(mode, value), "TIFF"))
    refused = decode(file, None)
    assert isinstance(refused, Problem)
    assert refused.value == str(file)
    what = {"I": "integers of 32 bits", "F": "floating-point values"}[mode]
    assert refused.rule.startswith(f"holds {what}")
    assert refused.rule.endswith("save it with 8 or 16 bits")
    assert not traits(file.read_bytes()).plain  # or an old cache of it would be taken


UPRIGHT = np.array([[0, 50, 100], [150, 200, 250]], dtype=np.uint8)  # 3 wide, 2 high
STORED = {  # as a camera stores it, by EXIF orientation
    1: UPRIGHT, 2: UPRIGHT[:, ::-1], 3: UPRIGHT[::-1, ::-1], 4: UPRIGHT[::-1],
    5: UPRIGHT.T, 6: UPRIGHT.T[::-1], 7: UPRIGHT.T[::-1, ::-1], 8: UPRIGHT.T[:, ::-1],
}  # fmt: skip


@pytest.mark.parametrize("form", ["PNG", "WEBP", "TIFF", "JPEG"])
@pytest.mark.parametrize("orientation", STORED)
def test_an_image_is_turned_upright_by_its_exif_orientation(
    form: str, orientation: int, tmp_path: Path
) -> None:
    large = np.kron(STORED[orientation], np.ones((16, 16), dtype=np.uint8))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    options = {"WEBP": {"lossless": True}, "JPEG": {"quality": 100}}.get(form, {})
    content = saved(Image.fromarray(large).convert("RGB"), form, exif=exif, **options)
    image = pixels(content, tmp_path)
    assert image.shape == (32, 48, 3)
    middles = image[8::16, 8::16, 0].astype(int)
    assert np.abs(middles - UPRIGHT).max() <= 2  # JPEG is not lossless
    assert traits(content).turned == (orientation != 1 and form != "TIFF")  # Pillow turns TIFF


def test_damaged_exif_data_leave_an_image_as_it_is(tmp_path: Path) -> None:
    content = saved(one("RGB", (1, 2, 3)), "PNG", exif=b"Exif\0\0nonsense")
    assert row(content, tmp_path) == [(1, 2, 3)]


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP", "TIFF"])
def test_of_several_frames_the_first_is_taken(form: str, tmp_path: Path) -> None:
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    lossless = {"lossless": True} if form == "WEBP" else {}
    content = saved(frames[0], form, save_all=True, append_images=frames[1:], **lossless)
    assert row(content, tmp_path)[0] == (255, 0, 0)
    assert traits(content).frames


def folder(tmp_path: Path, **files: bytes) -> Path:
    """Two classes; each has a plain 2 x 2 image, and class a the given files."""
    for label, value in (("a", 10), ("b", 20)):
        (tmp_path / "pics" / label).mkdir(parents=True)
        Image.new("RGB", (2, 2), (value, 0, 0)).save(tmp_path / "pics" / label / "0.png")
    for name, content in files.items():
        (tmp_path / "pics" / "a" / f"{name}.png").write_bytes(content)
    return tmp_path / "pics"


def test_an_old_cache_of_clipped_pixels_is_not_taken(tmp_path: Path) -> None:
    import hashlib

    image = Image.frombytes("I;16", (2, 2), np.array([6800] * 4, dtype="<u2").tobytes())
    root = folder(tmp_path, sixteen=saved(image, "PNG"))
    files = [root / "a" / "0.png", root / "a" / "sixteen.png", root / "b" / "0.png"]
    sums = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
    old = content_hash([1, None, ["a", "b"], [0, 0, 1], sums])
    clipped = torch.full((3, 3, 2, 2), 255, dtype=torch.uint8)
    cache.keep(tmp_path / "cache", Images(clipped, torch.tensor([0, 0, 1]), ("a", "b"), old))
    images = datasets.load(FOLDER, root=root, cache=tmp_path / "cache")
    assert images.fingerprint != old
    assert images.pixels[1].unique().tolist() == [26]
    assert images.notices == ("1 of 3 images are 16-bit grey and are scaled to 8 bits: v / 257 "
                              "(a/sixteen.png)",)  # fmt: skip
    (root / "a" / "sixteen.png").unlink()  # a plain folder keeps its id
    del sums[1]
    plain = datasets.load(FOLDER, root=root, cache=tmp_path / "cache")
    assert plain.fingerprint == content_hash([1, None, ["a", "b"], [0, 1], sums])
    assert plain.notices == ()


def test_float_images_are_refused_although_an_old_cache_is_there(tmp_path: Path) -> None:
    import hashlib

    root = folder(tmp_path, float=saved(Image.new("F", (2, 2), 0.5), "TIFF"))
    files = [root / "a" / "0.png", root / "a" / "float.png", root / "b" / "0.png"]
    sums = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
    old = content_hash([1, None, ["a", "b"], [0, 0, 1], sums])
    black = torch.zeros((3, 3, 2, 2), dtype=torch.uint8)
    cache.keep(tmp_path / "cache", Images(black, torch.tensor([0, 0, 1]), ("a", "b"), old))
    with pytest.raises(BadInput, match="floating-point"):
        datasets.load(FOLDER, root=root, cache=tmp_path / "cache")


def test_the_size_is_compared_after_turning(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    root = folder(tmp_path)
    for label in "ab":
        Image.new("RGB", (3, 5)).save(root / label / "0.png")
    Image.new("RGB", (5, 3)).save(root / "a" / "1.png", exif=exif)
    images = datasets.load(FOLDER, root=root)
    assert images.shape == (3, 5, 3)
    assert "rotated upright" in images.notices[0]
