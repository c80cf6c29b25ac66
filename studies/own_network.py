"""An example of a study's own network and data set, named in YAML as module:factory.

    network: studies.own_network:small_cnn
    dataset: studies.own_network:stripes

A network factory gets the shape of an image (channels, height, width), the number of classes and
the study's ``options`` as keyword arguments, and returns a ``torch.nn.Module`` from images to
logits. Its convolution and linear weights are pruned, but for the last linear layer's. Random
initial weights come from torch's generator, which is seeded for each replicate beforehand.

A data set factory gets the ``options`` and returns (pixels, labels): uint8 [images, channels,
height, width] and integers [images] that run from 0. It is called once, by the driver.

`oracle run` finds such a module where Python finds it, the current folder included.
"""

import numpy as np
from numpy.typing import NDArray
from torch import nn


def small_cnn(shape: tuple[int, int, int], classes: int, width: int = 8) -> nn.Module:
    """Two convolutions, an average, a linear layer."""
    return nn.Sequential(
        nn.Conv2d(shape[0], width, 3, padding=1),
        nn.BatchNorm2d(width),
        nn.ReLU(),
        nn.Conv2d(width, 2 * width, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(2 * width, classes),
    )


def stripes(
    images: int = 600, pixels: int = 8, seed: int = 0
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Noisy stripes in three directions: across, along, diagonal."""
    random = np.random.default_rng(seed)
    labels = np.arange(images) % 3
    rows, columns = np.mgrid[:pixels, :pixels]
    waves = np.stack([rows, columns, rows + columns])[labels] + random.integers(
        0, 4, (images, 1, 1)
    )
    values = 128 + 60 * np.sin(waves * np.pi / 2) + random.normal(0, 60, waves.shape)
    return values.clip(0, 255).astype(np.uint8)[:, np.newaxis], labels.astype(np.int64)
