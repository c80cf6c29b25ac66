"""Data sets that are given as arrays or as a torch Dataset, as uint8 pixels and labels."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import torch

from oracle.api.identity import UnknownIdentity, path_of
from scyc.data import own
from scyc.errors import BadInput, Problem
from scyc.specs.base import content_hash
from scyc.specs.factory import IN_PROCESS, arrays_path, register

_Array = np.ndarray[Any, Any]


def dataset_field(given: Any, version: str | None = None) -> Any:
    """Return the `dataset` of a study: as YAML has it, or a factory for data given by object.

    Args:
        given: A name, a mapping or a spec, which stay as they are; a function that returns
            ``(pixels, labels)``; the pair itself; or a torch ``Dataset`` of
            ``(image tensor, label)``.
        version: Stands for the hash of a function, see :func:`oracle.api.identity.path_of`.

    Returns:
        What a spec's field `dataset` reads: `given`, or ``{"factory": path}``.

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
        pixels, labels = _checked(*given)
    elif hasattr(given, "__getitem__") and hasattr(given, "__len__") and _is_dataset(given):
        pixels, labels = _checked(*_read(given))
    else:
        return given
    sums = [[list(each.shape), hashlib.sha256(each.data).hexdigest()] for each in (pixels, labels)]
    path = arrays_path(content_hash(["arrays", sums])[:16])
    register(path, lambda: (pixels, labels))
    return {"factory": path}


def _is_dataset(given: Any) -> bool:
    return not isinstance(given, str | bytes | dict) and not hasattr(given, "model_fields")


def _read(dataset: Any) -> tuple[Any, Any]:
    """Read every item of a torch Dataset, in its order: pixels and labels, unchecked."""
    if isinstance(dataset, torch.utils.data.TensorDataset) and len(dataset.tensors) == 2:
        return dataset.tensors[0], dataset.tensors[1]
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
    return images, labels


def _checked(pixels: Any, labels: Any) -> tuple[_Array, _Array]:
    """Return uint8 [images, channels, height, width] and int64 [images]. Raises BadInput."""
    images, classes = _array(pixels), _array(labels)
    problems = []
    try:
        images = own.as_pixels(images)
    except ValueError as error:
        problems.append(Problem("dataset", str(error)))
    if rule := own.labels_rule(classes, len(images) if images.ndim else 0):
        problems.append(Problem("dataset", rule))
    if problems:
        raise BadInput("study", problems)
    return np.ascontiguousarray(images), np.ascontiguousarray(classes.astype(np.int64))


def _array(given: Any) -> _Array:
    return np.asarray(given.detach().cpu() if torch.is_tensor(given) else given)


def _bad(rule: str, value: object = None) -> BadInput:
    return BadInput("study", [Problem("dataset", rule, value)])
