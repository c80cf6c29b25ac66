"""A network between two trainings."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Network:
    """A network between two trainings: weights and buffers, and the masks of its pruned weights."""

    state: dict[str, Tensor]  # state_dict, on the CPU
    masks: dict[str, Tensor]  # bool, True where a weight remains; by the weight's name
