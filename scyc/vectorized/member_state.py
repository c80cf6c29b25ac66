"""The weights and buffers of many members, stacked; axis 0 of every tensor is the member."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from scyc.optimizers.flat import Flat
from scyc.pruning.pruned_network import Network


class MemberState:
    """Stacked tensors of one network's members.

    Args:
        network: Gives names, shapes, device and precision.
        starts: The members at iteration 0.
        trained: Names of the weights that training changes.
        memory_format: Of convolution weights.

    Attributes:
        weights: The trained weights by name, [members, *shape], each a leaf for autograd and a view
            of `values`.
        buffers: All other tensors by name, such as batch-norm statistics, in their own types.
        masks: Like `values`, 1 where a weight remains; None where nothing is pruned.
    """

    def __init__(
        self,
        network: nn.Module,
        starts: Sequence[Network],
        trained: Sequence[str],
        memory_format: torch.memory_format,
    ) -> None:
        first = next(network.parameters())
        single = network.state_dict(keep_vars=True)
        first_names: dict[int, str] = {}  # of tensors that have two
        self._names = {
            name: first_names.setdefault(id(value), name) for name, value in single.items()
        }
        self._parameters = {name for name, _ in network.named_parameters()}
        self._shapes = {name: single[name].shape for name in trained}
        self._memory_format = memory_format
        sizes = [(len(starts), 1, single[name].numel()) for name in trained]
        self._set_values(Flat(sizes, first.dtype, first.device))
        self.buffers = {
            name: torch.stack([start.state[name] for start in starts]).to(first.device)
            for name in first_names.values()
            if name not in self._shapes
        }
        pruned = any(not mask.all() for start in starts for mask in start.masks.values())
        self.masks = self.values.like() if pruned else None
        masks = self._views(self.masks) if self.masks is not None else {}
        with torch.no_grad():
            for name, value in self.weights.items():
                value.copy_(torch.stack([start.state[name] for start in starts]))
            everything = torch.ones((), dtype=torch.bool)
            for name, value in masks.items():
                aliases = [alias for alias, first in self._names.items() if first == name]
                for member, start in enumerate(starts):
                    value[member] = everything.to(first.device)
                    for alias in aliases:
                        value[member].mul_(start.masks.get(alias, everything).to(first.device))
                self.weights[name].mul_(value)  # of two names the state may have pruned only one

    def _set_values(self, values: Flat) -> None:
        self.values = values
        self.weights = {
            name: view.detach().requires_grad_() for name, view in self._views(values).items()
        }

    def _views(self, values: Flat) -> dict[str, Tensor]:
        views = {}
        for (name, shape), part in zip(self._shapes.items(), values.parts, strict=True):
            if len(shape) == 4 and self._memory_format is torch.channels_last:
                after, before, height, width = shape
                stored = part.view(-1, after, height, width, before)
                views[name] = stored.permute(0, 1, 4, 2, 3)
            else:
                views[name] = part.view(-1, *shape)
        return views

    def gradients(self, gradients: Flat) -> list[Tensor]:
        """Return views of an optimizer's gradients in the shapes and the order of `weights`.

        Args:
            gradients: Laid out like `values`.

        Returns:
            One view for each weight.
        """
        return list(self._views(gradients).values())

    def weight_decays(self, decays: Mapping[str, float] | None) -> list[float] | None:
        """Return the weight decay of each of `values`' parts; None where no decays are given.

        Args:
            decays: By name of the weight.

        Returns:
            One number a part, in the order of `weights`.
        """
        return None if decays is None else [decays[name] for name in self._shapes]

    def by_name(self) -> Mapping[str, Tensor]:
        """Return all tensors by name."""
        return {**self.buffers, **self.weights}

    def tensors(self) -> list[Tensor]:
        """Return what a step may change: the weights as one tensor, then the buffers."""
        return [self.values.whole, *self.buffers.values()]

    def finite(self) -> Tensor:
        """Return which members have finite parameters only, bool [members]."""
        finite = [
            value.isfinite().reshape(len(value), -1).all(dim=1)
            for name, value in self.by_name().items()
            if name in self._parameters
        ]
        return torch.stack(finite).all(dim=0)

    def select(self, rows: Sequence[int]) -> MemberState:
        """Return copies of some of the members, in the order of `rows`.

        Args:
            rows: Indices of members.

        Returns:
            Weights, masks and buffers of these members, in new memory.
        """
        copy = object.__new__(MemberState)
        copy._names, copy._parameters = self._names, self._parameters
        copy._shapes, copy._memory_format = self._shapes, self._memory_format
        copy._set_values(self.values.select(rows))
        copy.masks = self.masks.select(rows) if self.masks is not None else None
        copy.buffers = {name: value[list(rows)] for name, value in self.buffers.items()}
        return copy

    def copy(self) -> MemberState:
        """Return copies of all members."""
        return self.select(range(len(self.values.parts[0])))

    @torch.no_grad()
    def copy_from(self, other: MemberState, selected: Tensor) -> None:
        """Overwrite the members for which `selected`, bool [members], is true.

        Args:
            other: Of the same members.
            selected: bool [members].
        """
        targets = [*self.values.parts, *self.buffers.values()]
        sources = [*other.values.parts, *other.buffers.values()]
        for old, new in zip(targets, sources, strict=True):
            old.copy_(torch.where(selected.view(-1, *[1] * (old.dim() - 1)), new, old))

    def network(self, member: int, masks: dict[str, Tensor]) -> Network:
        """Return one member as a network of its own, on the CPU.

        Args:
            member: Index of the member.
            masks: bool, by name.

        Returns:
            Its state_dict, contiguous, with these masks.
        """
        values = self.by_name()
        state = {
            name: values[first_name][member]
            .detach()
            .cpu()
            .clone(memory_format=torch.contiguous_format)
            for name, first_name in self._names.items()
        }
        return Network(state, masks)
