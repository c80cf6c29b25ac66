"""scikit-learn's handwritten digits."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np

from scyc.data.source import Arrays
from scyc.specs.datasets import DigitsSpec


def source(_: DigitsSpec, __: Path | None) -> Arrays:
    """Return the 1,797 images of 8 x 8 pixels, with values 0 to 16.

    Args:
        _, __: Neither is read: the data set has no options, and comes with scikit-learn.

    Returns:
        Pixels uint8 [1797, 1, 8, 8] with values 0 to 16, and labels 0 to 9.
    """
    table = _table()
    pixels = table[:, :-1].reshape(-1, 1, 8, 8).astype(np.uint8)
    return Arrays([pixels], table[:, -1], [str(digit) for digit in range(10)])


def _table() -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """Return one row an image: 64 pixels and the digit.

    Importing ``sklearn.datasets`` takes nearly as long as importing torch, in every process, so its
    file is read without it. If it is not there, scikit-learn reads it.
    """
    package = importlib.util.find_spec("sklearn")
    if package is not None and package.origin is not None:
        file = Path(package.origin).with_name("datasets") / "data" / "digits.csv.gz"
        if file.is_file():
            return np.loadtxt(file, delimiter=",", dtype=np.int64)
    from sklearn.datasets import load_digits  # noqa: PLC0415

    bunch = load_digits()
    return np.column_stack([bunch.data, bunch.target]).astype(np.int64)
