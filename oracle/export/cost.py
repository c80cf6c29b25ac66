"""What a network costs to keep and to run: bytes and FLOPs, dense and sparse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from oracle.export.shrinking import Shrunk
from scyc.pruning.pruned_network import Network


@dataclass(frozen=True)
class NetworkCost:
    """Costs of one network.

    Attributes:
        dense_bytes: All weights and buffers as they are.
        sparse_bytes: Remaining weights, a bit for each weight that may be pruned, and all else.
        dense_flops: Of one image: two for each multiplication of linear layers and convolutions;
            other operations are not counted.
        sparse_flops: The same without multiplications by pruned weights.
        shrunk_bytes: Of the network without its pruned filters; None where filters are not pruned.
        shrunk_flops: FLOPs without pruned filters; None where weights are pruned singly.
    """

    dense_bytes: int
    sparse_bytes: int
    dense_flops: int
    sparse_flops: int
    shrunk_bytes: int | None = None
    shrunk_flops: int | None = None


def network_cost(
    module: nn.Module, network: Network, shape: Sequence[int], small: Shrunk | None = None
) -> NetworkCost:
    """Return what a network costs.

    Args:
        module: In evaluation mode, with the network's weights.
        network: Its weights and masks.
        shape: Channels, height and width of an image.
        small: The network without its pruned filters, where filters are pruned.

    Returns:
        Bytes, dense, without pruned weights and without pruned filters; FLOPs of one image
        likewise.
    """
    dense = sum(value.nbytes for value in network.state.values())
    saved = sum(
        int((~mask).sum()) * network.state[name].element_size() - -(-mask.numel() // 8)
        for name, mask in network.masks.items()
    )
    flops = _flops(module, network.masks, shape)
    if small is None:
        return NetworkCost(dense, dense - saved, *flops)
    shrunk = sum(value.nbytes for value in small.network.state.values())
    return NetworkCost(dense, dense - saved, *flops, shrunk, _flops(small.module, {}, shape)[0])


def _flops(module: nn.Module, masks: Mapping[str, Tensor], shape: Sequence[int]) -> tuple[int, int]:
    dense = sparse = 0
    layers = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
    handles = []

    def count(name: str, layer: Any, output: Tensor) -> None:
        nonlocal dense, sparse
        weight = layer.weight
        positions = output.numel() // len(weight)  # each uses every weight once
        mask = masks.get(f"{name}.weight" if name else "weight")
        left = weight.numel() if mask is None else int(mask.sum())
        dense += 2 * positions * weight.numel()
        sparse += 2 * positions * left

    for name, layer in module.named_modules():
        if isinstance(layer, layers):
            hook = layer.register_forward_hook(
                lambda layer, _, output, name=name: count(name, layer, output)
            )
            handles.append(hook)
    try:
        with torch.no_grad():
            example = next(module.parameters())
            module(torch.zeros(1, *shape, dtype=example.dtype))
    finally:
        for handle in handles:
            handle.remove()
    return dense, sparse
