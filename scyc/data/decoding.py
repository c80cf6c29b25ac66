"""One image file as red, green and blue, uint8: what each of Pillow's modes is taken for.

=======================  ======================================================================
mode                     becomes
=======================  ======================================================================
1, L, P, RGB             8-bit RGB, by Pillow's ``convert("RGB")``
RGBX                     likewise; the fourth channel is padding and is left out
CMYK, YCbCr, LAB, HSV    likewise; colour profiles are not applied
LA, La, PA, RGBA, RGBa   composed on white; so is a transparent colour of 1, L, P and RGB
I;16, I;16B, I;16L,      grey of 16 bits: v / 257, rounded, so that 0 is black and 65,535 white;
I;16N                    of a TIFF file with 12 bits, v / 4095 * 255
I                        as I;16 from PNG and PGM, which hold 16 bits; refused from TIFF, whose 32
                         bits do not say which value is white, and beyond 0..65,535
F                        refused: nothing says which value is white
=======================  ======================================================================

Of PNG and TIFF files with 16 bits in each of several channels Pillow gives the high byte, v // 256.
An image is turned upright by its EXIF orientation. Of several frames or pages the first is taken.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from scyc.data.source import Array
from scyc.errors import Problem

# Pillow looks at a file's first bytes, not at its name; some of what it knows, such as PostScript,
# it has drawn by other programs.
_FORMATS = ("BMP", "DIB", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
_CONVERTED = frozenset({"1", "L", "P", "RGB", "RGBX", "CMYK", "YCbCr", "LAB", "HSV"})
_ALPHA = frozenset({"LA", "La", "PA", "RGBA", "RGBa"})
_GREY16 = frozenset({"I;16", "I;16B", "I;16L", "I;16N"})
_UNKNOWN_WHITE = "holds {}, and nothing says which value is white; save it with 8 or 16 bits"
_WHITE = (255, 255, 255, 255)
_BITS, _PHOTOMETRIC = 258, 262  # tags of TIFF
_JPEG_TURNED = (b"Exif\0", b"Orientation")  # the second as XMP has it
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_MARKS = (b"tRNS", b"acTL", b"eXIf", b"Raw profile type", b"Orientation")


class _Refused(ValueError):
    """An image that has no meaning as 8-bit RGB; its message is the rule and the remedy."""


@dataclass(frozen=True)
class Traits:
    """What a file's header says of how it is decoded."""

    plain: bool = True  # as ``convert("RGB")`` of its pixels
    turned: bool = False  # by its EXIF orientation
    transparent: bool = False
    deep: bool = False  # grey of more than 8 bits
    frames: bool = False  # several, of which the first is taken


_PLAIN_TRAITS = Traits()


def traits(content: bytes) -> Traits:
    """Return how a file is decoded, by its header; what cannot be read counts as plain.

    Args:
        content: The whole file.

    Returns:
        What has to be done to the image; that of a plain image where the header cannot be read.
    """
    if _surely_plain(content):
        return _PLAIN_TRAITS
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
            tiff = image.format == "TIFF"  # Pillow turns it itself
            turned = not tiff and _orientation(image) != 1
            transparent = image.mode in _ALPHA or "transparency" in image.info
            deep = image.mode not in _CONVERTED | _ALPHA
            frames = image.format != "MPO" and getattr(image, "n_frames", 1) > 1
    except Exception:  # a damaged file may raise anything; decoding says what is wrong
        return _PLAIN_TRAITS
    return Traits(not (turned or transparent or deep), turned, transparent, deep, frames)


def decode(file: Path, size: int | None) -> Array | Problem:
    """Return one image, uint8 [height, width, 3], or why it is refused.

    Args:
        file: An image file.
        size: Pixels a side after resizing; None leaves it as it is.

    Returns:
        Pixels, or a problem of the field `dataset.root` with the path of the file.
    """
    try:
        with Image.open(file, formats=_FORMATS) as image:
            image.load()
            if _orientation(image) != 1:
                ImageOps.exif_transpose(image, in_place=True)
            colour = _rgb(image)
            if size is not None and colour.size != (size, size):
                colour = colour.resize((size, size), Image.Resampling.BILINEAR)
            return np.asarray(colour)
    except _Refused as refused:
        return Problem("dataset.root", str(refused), str(file))
    except Exception as error:  # a damaged file may raise anything in Pillow
        unknown = isinstance(error, UnidentifiedImageError)  # whose text has the path once more
        reason = type(error).__name__ if unknown else error
        rule = f"cannot be read as an image ({reason}); repair or remove it"
        return Problem("dataset.root", rule, str(file))


def resized(pixels: Array, size: int | None) -> Array:
    """Return images resized as :func:`decode` resizes those of files.

    Args:
        pixels: Uint8 [images, 3, height, width].
        size: Pixels a side; None leaves them as they are.

    Returns:
        Uint8 [images, 3, size, size], by bilinear filtering; `pixels` itself where nothing changes.
    """
    if size is None or pixels.shape[2:] == (size, size):
        return pixels
    result = np.empty((*pixels.shape[:2], size, size), dtype=np.uint8)
    for index, image in enumerate(pixels):
        shown = Image.fromarray(np.ascontiguousarray(image.transpose(1, 2, 0)))
        smaller = shown.resize((size, size), Image.Resampling.BILINEAR)
        result[index] = np.asarray(smaller).transpose(2, 0, 1)
    return result


def _surely_plain(content: bytes) -> bool:
    """Whether the first bytes tell that a file is plain; opening it takes thirty times as long."""
    if content.startswith(b"\xff\xd8\xff"):
        return not any(mark in content for mark in _JPEG_TURNED)
    if content.startswith(_PNG) and content[12:16] == b"IHDR":
        bits, kind = content[24], content[25]
        return (
            kind in (0, 2, 3)
            and (bits <= 8 or kind == 2)
            and not any(mark in content for mark in _PNG_MARKS)
        )
    return False


def _orientation(image: Image.Image) -> int:
    """EXIF orientation, 1 to 8; 1, upright, where there is none or it cannot be read."""
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # damaged EXIF data; the pixels may be sound
        return 1
    return orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else 1


def _rgb(image: Image.Image) -> Image.Image:
    """Return a loaded image as 8-bit RGB. Raises _Refused where its mode has no such meaning."""
    if image.mode in _GREY16 or image.mode == "I":
        return _grey(image)
    if image.mode in _ALPHA or (image.mode in _CONVERTED and "transparency" in image.info):
        layer = (image.convert("LA") if image.mode == "La" else image).convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layer.size, _WHITE), layer).convert("RGB")
    if image.mode in _CONVERTED:
        return image.convert("RGB")
    what = "floating-point values" if image.mode == "F" else f'pixels of mode "{image.mode}"'
    raise _Refused(_UNKNOWN_WHITE.format(what))


def _grey(image: Image.Image) -> Image.Image:
    """Return integers of 12 or 16 bits as 8-bit RGB."""
    values = np.asarray(image).astype(np.int64)
    tags = getattr(image, "tag_v2", {})
    if image.mode == "I" and (tags or values.min() < 0 or values.max() > 65535):
        raise _Refused(_UNKNOWN_WHITE.format("integers of 32 bits"))
    most = 4095 if tags.get(_BITS) == (12,) else 65535
    if tags.get(_PHOTOMETRIC) == 0:  # white is 0, which Pillow heeds at 8 bits only
        values = most - values
    grey = (values * 510 + most) // (2 * most)  # v / most * 255, rounded
    grey[values == image.info.get("transparency", -1)] = 255
    return Image.fromarray(grey.astype(np.uint8)).convert("RGB")
