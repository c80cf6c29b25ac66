"""How images and convolution weights lie in memory."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

_SETTLED = "_scyc_memory_format"  # attribute of a network that takes one layout only
_FEWEST = 16  # input channels: the widest block of channels that CPU convolutions work on


def layout(network: nn.Module) -> torch.memory_format:
    """The layout for a network, and for the images that it is given, on the network's device.

    Channels last, with which convolutions are faster on CPU and GPU alike; but contiguous on a CPU
    where a strided 1 x 1 convolution has few input channels: there oneDNN's gradient of
    channels-last weights writes past its end (uxlfoundation/oneDNN, issue 6035).
    """
    if (settled := getattr(network, _SETTLED, None)) is not None:
        return cast("torch.memory_format", settled)
    on_cpu = all(parameter.device.type == "cpu" for parameter in network.parameters())
    risky = any(
        isinstance(module, nn.Conv2d)
        and module.kernel_size == (1, 1)
        and module.stride != (1, 1)
        and module.in_channels < _FEWEST
        for module in network.modules()
    )
    return torch.contiguous_format if on_cpu and risky else torch.channels_last


def settle_layout(network: nn.Module, shape: Sequence[int]) -> None:
    """Let a network be trained contiguous that takes no channels-last images, and only then.

    ``x.view(x.size(0), -1)`` behind a convolution is such a line. Tried is one forward and backward
    pass of two images; what fails in both layouts is left to whoever trains.

    Args:
        network: a user's own, on the device and in the precision that it is trained in.
        shape: of one image.

    """
    if layout(network) is torch.contiguous_format:
        return
    if not _takes(network, shape, torch.channels_last) and _takes(
        network, shape, torch.contiguous_format
    ):
        setattr(network, _SETTLED, torch.contiguous_format)


def _takes(network: nn.Module, shape: Sequence[int], form: torch.memory_format) -> bool:
    """Whether a copy of the network can be called, and its gradients be taken, in this layout."""
    try:
        twin = copy.deepcopy(network).to(memory_format=form)  # type: ignore[call-overload]
        first = next(twin.parameters())
        images = torch.zeros(2, *shape, dtype=first.dtype, device=first.device)
        devices = [first.device] if first.is_cuda else []
        with torch.random.fork_rng(devices):
            twin.eval()(laid_out(images, form)).sum().backward()
    except Exception:  # the user's code may raise anything
        return False
    return True


def laid_out(images: Tensor, form: torch.memory_format) -> Tensor:
    """Images [batch, channels, height, width] in a layout that convolutions take for it.

    ``contiguous`` is not enough: an image of one channel is contiguous in either layout, and of two
    sets of strides that both fit convolutions take channels last.
    """
    images = images.contiguous(memory_format=form)
    if form is torch.contiguous_format:
        return images.reshape(-1).view(images.shape)
    return images
