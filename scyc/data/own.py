"""A user's own data set: what its factory returns, checked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from scyc.data.source import Array, Arrays, bad
from scyc.errors import BadInput, Problem
from scyc.specs.factory import FactorySpec, load_factory

_CHANNELS = (1, 3, 4)  # that images which end with their channels have
_NEEDED = "give uint8 [n, channels, height, width]"


def source(spec: FactorySpec, _: Path | None) -> Arrays:
    """Call a data set's factory. Raises BadInput for what is not pixels and labels."""
    try:
        made: Any = load_factory(spec.factory)(**spec.options)
        arrays, given = (made[:2], made[2]) if len(made) == 3 else (made, {})
        pixels, labels = (np.asarray(part) for part in arrays)
        named = tuple((str(name), int(count)) for name, count in dict(given).items())
    except Exception as error:  # the user's code may raise anything
        rule = f"gave no (pixels, labels): {type(error).__name__}: {error}"
        raise bad("dataset.factory", rule, spec.factory) from error
    rules = [_pixels_rule(pixels), _labels_rule(labels, len(pixels) if pixels.ndim else 0)]
    if named and (min(n for _, n in named) < 1 or sum(n for _, n in named) != len(labels)):
        rules.append(
            f"its parts {dict(named)} must be whole numbers whose sum is that of the images"
        )
    problems = [Problem("dataset.factory", rule, spec.factory) for rule in rules if rule]
    if problems:
        raise BadInput("dataset", problems)
    return Arrays([pixels], labels, [str(label) for label in range(int(labels.max()) + 1)], named)


def _pixels_rule(pixels: Array) -> str | None:
    """Why these are no pixels, and what makes them so."""
    given = f"pixels are {pixels.dtype} {pixels.shape}"
    remedies = []
    if pixels.ndim == 3:
        remedies.append("add the axis of one channel: pixels[:, None]")
    elif pixels.ndim != 4:
        return f"{given}; {_NEEDED}"
    elif min(pixels.shape[1:]) < 1:
        return f"{given}, an image without a pixel; {_NEEDED}"
    elif _channels_last(pixels.shape):
        remedies.append("channels come before height and width: pixels.transpose(0, 3, 1, 2)")
    if pixels.dtype != np.uint8:
        remedies.append(_values_remedy(pixels))
    return f"{given}; {'; '.join(remedies)}" if remedies else None


def _channels_last(shape: tuple[int, ...]) -> bool:
    """Whether [n, height, width, channels] was meant.

    Small maps with many channels are left alone, such as [n, features, 1, 1].
    """
    _, first, second, last = shape
    return last in _CHANNELS and first not in _CHANNELS and min(first, second) > 4


def _values_remedy(pixels: Array) -> str:
    """What makes uint8 of these values, after a look at them."""
    if pixels.dtype.kind not in "fiub" or pixels.size == 0:
        return _NEEDED
    if pixels.dtype.kind == "b":
        return "give 0 and 255: pixels.astype(numpy.uint8) * 255"
    if pixels.dtype.kind == "f" and not np.isfinite(pixels).all():
        return "some are NaN or infinite; give values in 0..255 as uint8"
    least, most = pixels.min(), pixels.max()
    if least < 0 or most > 255:
        return f"values run from {least:.6g} to {most:.6g}; bring them to 0..255, as uint8"
    if pixels.dtype.kind == "f" and most <= 1:
        return "values lie in 0..1: (pixels * 255).round().astype(numpy.uint8)"
    rounded = ".round()" if pixels.dtype.kind == "f" else ""
    return f"values lie in 0..255: pixels{rounded}.astype(numpy.uint8)"


def _labels_rule(labels: Array, images: int) -> str | None:
    """Why these are no labels of so many images, and what makes them so."""
    given = f"labels are {labels.dtype} {labels.shape}"
    if labels.ndim == 2 and len(labels) == images:
        wanted = "labels[:, 0]" if labels.shape[1] == 1 else "labels.argmax(1), if one-hot"
        return f"{given}; give integers [images]: {wanted}"
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        return f"{given}; give integers [images]"
    if len(labels) != images:
        return f"{given} for {images} images; give one label an image"
    if images == 0:
        return "gave no image; give at least one of each class"
    present = np.unique(labels)
    classes = int(present[-1]) + 1  # in Python's integers: 255 + 1 is 0 in uint8
    if int(present[0]) < 0 or len(present) != classes:
        return (
            f"labels must run from 0, with at least one image of each class; they are "
            f"{len(present)} of {int(present[0])}..{classes - 1}"
        )
    return None
