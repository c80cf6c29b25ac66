"""scikit-learn's handwritten digits."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from scyc.data.source import Arrays
from scyc.specs.datasets import DigitsSpec


def source(_: DigitsSpec, __: Path | None) -> Arrays:
    """Return the 1,797 images of 8 x 8 pixels, with values 0 to 16."""
    from sklearn.datasets import load_digits  # noqa: PLC0415  # half a second, digits only

    bunch = load_digits()
    pixels = bunch.images.astype(np.uint8)[:, np.newaxis]
    return Arrays([pixels], bunch.target, [str(name) for name in bunch.target_names])
