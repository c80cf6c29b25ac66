"""How images and convolution weights lie in memory."""

from __future__ import annotations

import torch
from torch import Tensor, nn

_FEWEST = 16  # input channels: the widest block of channels that CPU convolutions work on


def preferred_format(network: nn.Module) -> torch.memory_format:
    """The layout for a network, and for the images that it is given, on the network's device.

    Channels last, with which convolutions are faster on CPU and GPU alike; but contiguous on a CPU
    where a strided 1 x 1 convolution has few input channels: there oneDNN's gradient of
    channels-last weights writes past its end (uxlfoundation/oneDNN, issue 6035).
    """
    on_cpu = all(parameter.device.type == "cpu" for parameter in network.parameters())
    risky = any(
        isinstance(module, nn.Conv2d)
        and module.kernel_size == (1, 1)
        and module.stride != (1, 1)
        and module.in_channels < _FEWEST
        for module in network.modules()
    )
    return torch.contiguous_format if on_cpu and risky else torch.channels_last


def as_format(images: Tensor, form: torch.memory_format) -> Tensor:
    """Images [batch, channels, height, width] in a layout that convolutions take for it.

    ``contiguous`` is not enough: an image of one channel is contiguous in either layout, and of two
    sets of strides that both fit convolutions take channels last.
    """
    images = images.contiguous(memory_format=form)
    if form is torch.contiguous_format:
        return images.reshape(-1).view(images.shape)
    return images
