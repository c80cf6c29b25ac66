"""Data sets that are given as arrays or as a torch Dataset, as uint8 pixels and labels."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import torch

from oracle.api.identity import UnknownIdentity, path_of
from scyc.errors import BadInput, Problem
from scyc.specs.base import content_hash
from scyc.specs.factory import IN_PROCESS, register


def dataset_field(given: Any, version: str | None = None) -> Any:
    """Return the `dataset` of a study: as YAML has it, or a factory for data given by object.

    Args:
        given: A name, a mapping or a spec, which stay as they are; a function that returns
            ``(pixels, labels)``; the pair itself; or a torch ``Dataset`` of
            ``(image tensor, label)``.
        version: Stands for the hash of a function, see :func:`oracle.api.identity.path_of`.

    Raises:
        BadInput: These are no images with labels.
    """
    if callable(given) and not hasattr(given, "__getitem__"):
        try:
            path = path_of(given, version)
        except UnknownIdentity as error:
            raise BadInput("study", [Problem("dataset", str(error))]) from error
        if path.startswith(IN_PROCESS):
            register(path, given)
        return {"factory": path}
    if isinstance(given, tuple | list) and len(given) == 2 and hasattr(given[0], "shape"):
        pixels, labels = _pixels(given[0]), _labels(given[1])
    elif hasattr(given, "__getitem__") and hasattr(given, "__len__") and _is_dataset(given):
        pixels, labels = _read(given)
    else:
        return given
    sums = [[list(each.shape), hashlib.sha256(each.data).hexdigest()] for each in (pixels, labels)]
    path = f"{IN_PROCESS}:arrays.h{content_hash(['arrays', sums])[:16]}"
    register(path, lambda: (pixels, labels))
    return {"factory": path}


def _is_dataset(given: Any) -> bool:
    return not isinstance(given, str | bytes | dict) and not hasattr(given, "model_fields")


def _read(dataset: Any) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Read every item of a torch Dataset, in its order."""
    if isinstance(dataset, torch.utils.data.TensorDataset) and len(dataset.tensors) == 2:
        return _pixels(dataset.tensors[0]), _labels(dataset.tensors[1])
    try:
        items = [dataset[index] for index in range(len(dataset))]
        images = torch.stack([torch.as_tensor(np.asarray(image)) for image, _ in items])
        labels = np.array([int(label) for _, label in items])
    except Exception as error:  # the user's code may raise anything
        rule = (
            f"gave no pairs of an image tensor and a label: {type(error).__name__}: {error}; "
            "give arrays, (pixels, labels)"
        )
        raise _bad(rule, type(dataset).__name__) from error
    return _pixels(images), _labels(labels)


def _pixels(given: Any) -> np.ndarray[Any, Any]:
    """Return uint8 pixels [images, channels, height, width].

    Floats are taken where they are whole values, or in [0, 1] 255ths, so that nothing is rounded.
    """
    array = np.asarray(given.detach().cpu() if torch.is_tensor(given) else given)
    if array.ndim == 3:
        array = array[:, np.newaxis]
    if array.ndim != 4:
        raise _bad("pixels must be [images, channels, height, width]", str(array.shape))
    if array.dtype == np.uint8:
        return np.ascontiguousarray(array)
    scaled = array
    if array.dtype.kind == "f" and array.size and array.min() >= 0 and array.max() <= 1:
        scaled = array.astype(np.float64) * 255
        if np.abs(scaled - np.rint(scaled)).max() > 1e-3:
            raise _bad("floats in [0, 1] must be 255ths; give uint8 pixels, 0 to 255")
    whole = np.rint(scaled)
    if not np.isfinite(scaled).all() or whole.min() < 0 or whole.max() > 255:
        raise _bad(
            "pixels must be whole values from 0 to 255; give uint8 pixels before normalising"
        )
    if scaled is array and (whole != array).any():
        raise _bad(
            "pixels must be whole values from 0 to 255; give uint8 pixels before normalising"
        )
    return np.ascontiguousarray(whole.astype(np.uint8))


def _labels(given: Any) -> np.ndarray[Any, Any]:
    array = np.asarray(given.detach().cpu() if torch.is_tensor(given) else given)
    if array.dtype.kind not in "iub":
        raise _bad("labels must be whole numbers, from 0", str(array.dtype))
    return np.ascontiguousarray(array.astype(np.int64))


def _bad(rule: str, value: object = None) -> BadInput:
    return BadInput("study", [Problem("dataset", rule, value)])
