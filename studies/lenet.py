"""A network in the manner of LeNet-5 (LeCun et al. 1998), for studies that a CPU can train."""

from torch import nn


def lenet(
    shape: tuple[int, int, int], classes: int, width: int = 16, hidden: int = 128
) -> nn.Module:
    """Two convolutions of 3 x 3, each halved by a maximum, and two linear layers; ReLU.

    Args:
        shape: Of an image: channels, height and width.
        classes: Outputs.
        width: Filters of the first convolution; the second has twice as many.
        hidden: Outputs of the first linear layer.
    """
    channels, height, columns = shape
    return nn.Sequential(
        nn.Conv2d(channels, width, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(width, 2 * width, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(2 * width * (height // 4) * (columns // 4), hidden),
        nn.ReLU(),
        nn.Linear(hidden, classes),
    )
