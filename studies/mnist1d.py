"""MNIST-1D (Greydanus 2020, "Scaling down deep learning", arXiv 2011.14439), made by its recipe.

    dataset: {factory: "studies.mnist1d:signals", options: {count: 20000}}

Ten digits drawn as curves of 12 points. Each is padded, scaled, moved along the axis, given
correlated noise, sheared and sampled at 40 points, as in Table 1 of the paper; the random numbers
are NumPy's from the seed here, so the signals are not those of the paper's own file. They are kept
as 8-bit values: the interval [-4, 4] in 256 steps of 0.031, a third of the noise.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
POINTS = 40  # of a finished signal
_LONG = 72  # points of a padded curve
_LIMIT = 4.0  # the largest value that is stored
_CURVES = (
    (5, 6, 6.5, 6.75, 7, 7, 7, 7, 6.75, 6.5, 6, 5),
    (5, 3, 3, 3.4, 3.8, 4.2, 4.6, 5, 5.4, 5.8, 5, 5),
    (5, 6, 6.5, 6.5, 6, 5.25, 4.75, 4, 3.5, 3.5, 4, 5),
    (5, 6, 6.5, 6.5, 6, 5, 5, 6, 6.5, 6.5, 6, 5),
    (5, 4.4, 3.8, 3.2, 2.6, 2.6, 5, 5, 5, 5, 5, 5),
    (5, 3, 3, 3, 3, 5, 6, 6.5, 6.5, 6, 4.5, 5),
    (5, 4, 3.5, 3.25, 3, 3, 3, 3, 3.25, 3.5, 4, 5),
    (5, 7, 7, 6.6, 6.2, 5.8, 5.4, 5, 4.6, 4.2, 5, 5),
    (5, 4, 3.5, 3.5, 4, 5, 5, 4, 3.5, 3.5, 4, 5),
    (5, 4, 3.5, 3.5, 4, 5, 5, 5, 5, 4.7, 4.3, 5),
)


def signals(count: int = 20000, seed: int = 0) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Make the signals and their labels, as many of each digit.

    Args:
        count: Signals.
        seed: Of all that is random.

    Returns:
        Pixels, uint8 [count, 1, 1, 40], and labels [count], 0 to 9.
    """
    random = np.random.default_rng(seed)
    curves = np.array(_CURVES)
    curves -= curves.mean(axis=1, keepdims=True)
    curves /= curves.std(axis=1, keepdims=True)
    curves = (curves - curves[:, :1]) / 6
    labels = np.arange(count) % len(curves)
    made = np.stack([_signal(curves[label], random) for label in labels])
    made = (made - made.mean()) / made.std()
    values = np.round((made.clip(-_LIMIT, _LIMIT) + _LIMIT) * 255 / (2 * _LIMIT))
    return values.astype(np.uint8)[:, np.newaxis, np.newaxis], labels.astype(np.int64)


def _signal(curve: Array, random: np.random.Generator) -> Array:
    """One signal: padded, scaled, moved, noisy where it is padding, sheared, sampled."""
    padded = np.concatenate([curve + 1e-8, np.zeros(random.integers(36, 61))])
    long = _sampled(padded, _LONG) * (1 + 0.4 * random.uniform(-0.5, 0.5))
    long = np.roll(long, random.integers(48))
    slope = 0.75 * random.uniform(-0.5, 0.5) * np.linspace(-0.5, 0.5, _LONG)
    noise = _smooth(0.25 * random.standard_normal(_LONG))
    long = np.where(long != 0, long - slope, noise)
    return _sampled(long + 0.02 * random.standard_normal(_LONG), POINTS)


def _sampled(values: Array, points: int) -> Array:
    """Sample the same curve at other, equally spaced points, by straight lines."""
    return np.interp(np.linspace(0, 1, points), np.linspace(0, 1, len(values)), values)


def _smooth(values: Array, width: float = 2.0, reach: int = 8) -> Array:
    """Convolve with a Gaussian of this standard deviation; the ends are mirrored."""
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / width) ** 2)
    padded = np.pad(values, reach, mode="symmetric")
    return np.convolve(padded, weights / weights.sum(), mode="valid")
