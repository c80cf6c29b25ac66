"""The memory format of images and convolution weights."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

_SETTLED = "_scyc_memory_format"  # attribute of a network that accepts one format only
_FEWEST = 16  # input channels: the widest block of channels that CPU convolutions work on


def preferred_format(network: nn.Module) -> torch.memory_format:
    """Return the memory format for a network and its images, on the network's device.

    Channels last, with which convolutions are faster on CPU and GPU; but contiguous on a CPU where
    a strided 1 x 1 convolution has few input channels: there oneDNN's gradient of channels-last
    weights writes past its end (uxlfoundation/oneDNN, issue 6035).

    Args:
        network: The network as PyTorch has it.

    Returns:
        torch.channels_last or torch.contiguous_format.
    """
    if (settled := getattr(network, _SETTLED, None)) is not None:
        return cast("torch.memory_format", settled)
    on_cpu = all(parameter.device.type == "cpu" for parameter in network.parameters())
    affected = any(
        isinstance(module, nn.Conv2d)
        and module.kernel_size == (1, 1)
        and module.stride != (1, 1)
        and module.in_channels < _FEWEST
        for module in network.modules()
    )
    return torch.contiguous_format if on_cpu and affected else torch.channels_last


def settle_format(network: nn.Module, shape: Sequence[int]) -> None:
    """Train a network contiguous where it fails on channels-last images, and only then.

    ``x.view(x.size(0), -1)`` after a convolution is such a line. One forward and backward pass of
    two images is tried; a network that fails in both formats is left as it is.

    Args:
        network: A user's own, on the device and in the precision of its training.
        shape: Of one image.
    """
    if preferred_format(network) is torch.contiguous_format:
        return
    if not _accepts(network, shape, torch.channels_last) and _accepts(
        network, shape, torch.contiguous_format
    ):
        setattr(network, _SETTLED, torch.contiguous_format)


def _accepts(network: nn.Module, shape: Sequence[int], memory_format: torch.memory_format) -> bool:
    """Return whether a copy of the network can be called and differentiated in this format."""
    try:
        copied = copy.deepcopy(network).to(memory_format=memory_format)  # type: ignore[call-overload]
        first = next(copied.parameters())
        images = torch.zeros(2, *shape, dtype=first.dtype, device=first.device)
        devices = [first.device] if first.is_cuda else []
        with torch.random.fork_rng(devices):
            copied.eval()(as_format(images, memory_format)).sum().backward()
    except Exception:  # the user's code may raise anything
        return False
    return True


def as_format(images: Tensor, memory_format: torch.memory_format) -> Tensor:
    """Return images [batch, channels, height, width] in a memory format.

    ``contiguous`` is not enough: an image of one channel is contiguous in both formats, and where
    the strides fit both, convolutions choose channels last.

    Args:
        images: [batch, channels, height, width].
        memory_format: torch.channels_last or torch.contiguous_format.

    Returns:
        The same values, with the strides of the format; a copy where they differ.
    """
    images = images.contiguous(memory_format=memory_format)
    if memory_format is torch.contiguous_format:
        return images.reshape(-1).view(images.shape)
    return images
