"""What a criterion is given: a trained network, and all that a criterion may score it by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from scyc.pruning.filter_groups import Coupling
from scyc.pruning.weights import Tensors


@dataclass(frozen=True)
class PruningStep:
    """One pruning of a trained network.

    Attributes:
        state: The network's ``state_dict``.
        masks: Bool, True where an entry remains, by name; at least of every name in `names`.
        names: The weights that may be pruned.
        rate: Share of what remains that is to be removed, in (0, 1).
        gradients: Gives the gradients of the loss by name, in float64; computed when called.
        generator: Gives a generator on the CPU that is seeded for this cycle.
        filters: Gives the filters that can be pruned whole; a network that cannot be traced raises.
        earlier: Gives the network's ``state_dict`` one epoch before the end of its training; raises
            ValueError where it was not kept.
    """

    state: Tensors
    masks: Tensors
    names: tuple[str, ...]
    rate: float
    gradients: Callable[[], Tensors]
    generator: Callable[[], torch.Generator]
    filters: Callable[[], tuple[Coupling, ...]]
    earlier: Callable[[], Tensors]

    @property
    def weights(self) -> dict[str, Tensor]:
        """The weights that may be pruned, by name."""
        return {name: self.state[name] for name in self.names}
