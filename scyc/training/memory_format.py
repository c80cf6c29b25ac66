"""The memory format of images and convolution weights."""

from __future__ import annotations

import torch
from torch import Tensor, nn

_FEWEST = 16  # input channels: the widest block of channels that CPU convolutions work on


def preferred_format(network: nn.Module) -> torch.memory_format:
    """Return the memory format for a network and its images, on the network's device.

    Channels last, with which convolutions are faster on CPU and GPU; but contiguous on a CPU where
    a strided 1 x 1 convolution has few input channels: there oneDNN's gradient of channels-last
    weights writes past its end (uxlfoundation/oneDNN, issue 6035).
    """
    on_cpu = all(parameter.device.type == "cpu" for parameter in network.parameters())
    affected = any(
        isinstance(module, nn.Conv2d)
        and module.kernel_size == (1, 1)
        and module.stride != (1, 1)
        and module.in_channels < _FEWEST
        for module in network.modules()
    )
    return torch.contiguous_format if on_cpu and affected else torch.channels_last


def as_format(images: Tensor, memory_format: torch.memory_format) -> Tensor:
    """Return images [batch, channels, height, width] in a memory format.

    ``contiguous`` is not enough: an image of one channel is contiguous in both formats, and where
    the strides fit both, convolutions choose channels last.
    """
    images = images.contiguous(memory_format=memory_format)
    if memory_format is torch.contiguous_format:
        return images.reshape(-1).view(images.shape)
    return images
