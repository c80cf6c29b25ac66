"""A user's own images and labels, from a factory or given as arrays: checked by one rule."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from scyc.data.source import Array, Arrays, bad
from scyc.errors import BadInput, Problem, raised
from scyc.specs.factory import FactorySpec, load_factory

_CHANNELS = (1, 3, 4)  # that images which end with their channels have
_NEEDED = "give uint8 [images, channels, height, width], or [images, height, width] in grayscale"
_EXACT = 1e-3  # a float of 32 bits that is a 255th is nearer to it
_PIECE = 2**22  # values looked at together, so that copies in float64 stay small


def source(spec: FactorySpec, _: Path | None) -> Arrays:
    """Call a data set's factory.

    Args:
        spec: Path and options of the factory.
        _: Not used: a factory needs no folder.

    Returns:
        All images as arrays.

    Raises:
        BadInput: It gives no pixels and labels.
    """
    try:
        made: Any = load_factory(spec.factory)(**spec.options)
        arrays, given = (made[:2], made[2]) if len(made) == 3 else (made, {})
        pixels, labels = (np.asarray(part) for part in arrays)
        named = tuple((str(name), int(count)) for name, count in dict(given).items())
    except (Exception, SystemExit) as error:  # the user's code may raise anything
        rule = f"did not return (pixels, labels): {raised(error)}; call it in Python to see where"
        raise bad("dataset.factory", rule, spec.factory) from error
    rules = [labels_rule(labels, len(pixels) if pixels.ndim else 0)]
    try:
        pixels = as_pixels(pixels)
    except ValueError as error:
        rules.insert(0, str(error))
    if named and (min(n for _, n in named) < 1 or sum(n for _, n in named) != len(labels)):
        rules.append(
            f"its parts {dict(named)} must be whole numbers that add up to the number of images"
        )
    problems = [Problem("dataset.factory", rule, spec.factory) for rule in rules if rule]
    if problems:
        raise BadInput("dataset", problems)
    return Arrays([pixels], labels, [str(label) for label in range(int(labels.max()) + 1)], named)


def as_pixels(given: Array) -> Array:
    """Return pixels as they are kept.

    Nothing is rounded: numbers of other types are taken where each is a whole number in 0..255, or
    all are 255ths in 0..1, as torchvision's ``ToTensor`` gives them.

    Args:
        given: [images, channels, height, width], or [images, height, width], which is grayscale:
            one channel.

    Returns:
        uint8 [images, channels, height, width]; ``given`` itself where it is that.

    Raises:
        ValueError: These are no pixels; the message says what was given and what mends it.
    """
    described = f"pixels are {given.dtype} {given.shape}"
    if given.ndim not in (3, 4):
        raise ValueError(f"{described}; {_NEEDED}")
    pixels = given[:, np.newaxis] if given.ndim == 3 else given
    if min(pixels.shape[1:]) < 1:
        raise ValueError(f"{described}, which have no pixels; {_NEEDED}")
    remedies = []
    if _channels_last(pixels.shape):
        remedies.append("channels come before height and width: pixels.transpose(0, 3, 1, 2)")
    if pixels.dtype != np.uint8 and (remedy := _values_remedy(pixels)):
        remedies.append(remedy)
    if remedies:
        raise ValueError(f"{described}; {'; '.join(remedies)}")
    return pixels if pixels.dtype == np.uint8 else _as_bytes(pixels)


def _channels_last(shape: tuple[int, ...]) -> bool:
    """Whether [images, height, width, channels] was meant.

    Small maps with many channels are left alone, such as [images, features, 1, 1].
    """
    _, first, second, last = shape
    return last in _CHANNELS and first not in _CHANNELS and min(first, second) > 4


def _values_remedy(pixels: Array) -> str | None:
    """Return the code that makes uint8 of these values; None for whole bytes and for 255ths."""
    if pixels.dtype.kind not in "fiub" or pixels.size == 0:
        return _NEEDED
    if pixels.dtype.kind == "b":
        return "give 0 and 255: pixels.astype(numpy.uint8) * 255"
    if pixels.dtype.kind == "f" and not np.isfinite(pixels).all():
        return "some are NaN or infinite; give values in 0..255 as uint8"
    least, most = pixels.min(), pixels.max()
    if least < 0 or most > 255:
        return (
            f"values run from {least:.6g} to {most:.6g}; give those before normalising, whole "
            "numbers in 0..255"
        )
    return _rounding_remedy(pixels) if pixels.dtype.kind == "f" else None


def _rounding_remedy(pixels: Array) -> str | None:
    """Return the code that rounds floats in 0..255 to uint8; None where none has to be rounded."""
    scale = _scale(pixels)
    flat = pixels.reshape(-1)
    for first in range(0, flat.size, _PIECE):
        values = flat[first : first + _PIECE].astype(np.float64) * scale
        if np.abs(values - np.rint(values)).max() > (_EXACT if scale > 1 else 0):
            break
    else:
        return None
    if scale > 1:
        return (
            "values in 0..1 must be multiples of 1/255: (pixels * 255).round().astype(numpy.uint8)"
        )
    return "values in 0..255 must be whole: pixels.round().astype(numpy.uint8)"


def _scale(pixels: Array) -> int:
    """By what values are multiplied to be bytes: floats in 0..1 are parts of white."""
    return 255 if pixels.dtype.kind == "f" and pixels.max() <= 1 else 1


def _as_bytes(pixels: Array) -> Array:
    """Convert to uint8, image by image, so that only one more image is in memory."""
    scale, converted = _scale(pixels), np.empty(pixels.shape, dtype=np.uint8)
    for index, image in enumerate(pixels):
        converted[index] = np.rint(image.astype(np.float64) * scale) if scale > 1 else image
    return converted


def labels_rule(labels: Array, images: int) -> str | None:
    """Return why these are no labels of so many images, and what makes them so.

    Args:
        labels: As they were given.
        images: How many images there are.

    Returns:
        Rule and remedy as text; None where they are labels, whole numbers [images] of every class
        from 0.
    """
    given = f"labels are {labels.dtype} {labels.shape}"
    if labels.ndim == 2 and len(labels) == images:
        remedy = "labels[:, 0]" if labels.shape[1] == 1 else "labels.argmax(1), if one-hot"
        return f"{given}; give whole numbers [images]: {remedy}"
    if labels.ndim != 1 or labels.dtype.kind not in "iub":
        return f"{given}; give whole numbers [images], from 0"
    if len(labels) != images:
        return f"{given} for {images} images; give one label an image"
    if images == 0:
        return "returned no image; return at least one of each class"
    present = np.unique(labels)
    classes = int(present[-1]) + 1  # in Python's integers: 255 + 1 is 0 in uint8
    if int(present[0]) < 0 or len(present) != classes:
        return (
            f"labels must run from 0, with at least one image of each class; they are "
            f"{len(present)} of {int(present[0])}..{classes - 1}"
        )
    return None
