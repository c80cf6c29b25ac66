"""The weights and buffers of many members, side by side; axis 0 of every tensor is the member."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from scyc.optimizers.flat import Flat
from scyc.pruning.pruned_network import Network


class MemberState:
    """Stacked tensors of one network's members.

    weights: those that training moves, [members, *shape], each a leaf for autograd and a view of
    `values`; convolution weights lie in `form`. buffers: batch-norm statistics and all else, in
    their own types. kept: as `values`, 1 where a weight remains; None where nothing is pruned.
    """

    def __init__(
        self,
        network: nn.Module,
        starts: Sequence[Network],
        moved: Sequence[str],
        form: torch.memory_format,
    ) -> None:
        first = next(network.parameters())
        single = network.state_dict(keep_vars=True)
        own: dict[int, str] = {}  # a tensor that has two names has the first
        self._names = {name: own.setdefault(id(value), name) for name, value in single.items()}
        self._parameters = {name for name, _ in network.named_parameters()}
        self._shapes = {name: single[name].shape for name in moved}
        self._form = form
        sizes = [(len(starts), 1, single[name].numel()) for name in moved]
        self._view(Flat(sizes, first.dtype, first.device))
        self.buffers = {
            name: torch.stack([start.state[name] for start in starts]).to(first.device)
            for name in own.values()
            if name not in self._shapes
        }
        pruned = any(not mask.all() for start in starts for mask in start.masks.values())
        self.kept = self.values.like() if pruned else None
        kept = self._viewed(self.kept) if self.kept is not None else {}
        with torch.no_grad():
            for name, value in self.weights.items():
                value.copy_(torch.stack([start.state[name] for start in starts]))
            whole = torch.ones((), dtype=torch.bool)
            for name, value in kept.items():
                aliases = [alias for alias, known in self._names.items() if known == name]
                for member, start in enumerate(starts):
                    value[member] = whole.to(first.device)
                    for alias in aliases:
                        value[member].mul_(start.masks.get(alias, whole).to(first.device))
                self.weights[name].mul_(value)  # of two names the state may have pruned only one

    def _view(self, values: Flat) -> None:
        self.values = values
        self.weights = {
            name: view.detach().requires_grad_() for name, view in self._viewed(values).items()
        }

    def _viewed(self, values: Flat) -> dict[str, Tensor]:
        views = {}
        for (name, shape), part in zip(self._shapes.items(), values.parts, strict=True):
            if len(shape) == 4 and self._form is torch.channels_last:
                after, before, height, width = shape
                stored = part.view(-1, after, height, width, before)
                views[name] = stored.permute(0, 1, 4, 2, 3)
            else:
                views[name] = part.view(-1, *shape)
        return views

    def gradients(self, gradients: Flat) -> list[Tensor]:
        """Views of an optimiser's gradients in the shapes and the order of `weights`."""
        return list(self._viewed(gradients).values())

    def named(self) -> Mapping[str, Tensor]:
        """All tensors by name."""
        return {**self.buffers, **self.weights}

    def tensors(self) -> list[Tensor]:
        """What a step may change: the weights as one, then the buffers."""
        return [self.values.whole, *self.buffers.values()]

    def finite(self) -> Tensor:
        """Which members have finite parameters only, bool [members]."""
        every = [
            value.isfinite().reshape(len(value), -1).all(dim=1)
            for name, value in self.named().items()
            if name in self._parameters
        ]
        return torch.stack(every).all(dim=0)

    def only(self, rows: Sequence[int]) -> MemberState:
        """Copies of some of the members, in the order of `rows`."""
        twin = object.__new__(MemberState)
        twin._names, twin._parameters = self._names, self._parameters
        twin._shapes, twin._form = self._shapes, self._form
        twin._view(select_rows(self.values, rows))
        twin.kept = select_rows(self.kept, rows) if self.kept is not None else None
        twin.buffers = {name: value[list(rows)] for name, value in self.buffers.items()}
        return twin

    def copy(self) -> MemberState:
        """Copies of all members."""
        return self.only(range(len(self.values.parts[0])))

    @torch.no_grad()
    def take(self, other: MemberState, which: Tensor) -> None:
        """Overwrite the members for which `which`, bool [members], is true."""
        mine = [*self.values.parts, *self.buffers.values()]
        theirs = [*other.values.parts, *other.buffers.values()]
        for old, new in zip(mine, theirs, strict=True):
            old.copy_(torch.where(which.view(-1, *[1] * (old.dim() - 1)), new, old))

    def network(self, member: int, masks: dict[str, Tensor]) -> Network:
        """One member as a network of its own, on the CPU."""
        named = self.named()
        state = {
            name: named[own][member].detach().cpu().clone(memory_format=torch.contiguous_format)
            for name, own in self._names.items()
        }
        return Network(state, masks)


def select_rows(values: Flat, rows: Sequence[int]) -> Flat:
    """Copies of some of the members in another flat tensor."""
    found = Flat(
        [(len(rows), *shape[1:]) for shape in values.shapes],
        values.whole.dtype,
        values.whole.device,
    )
    for mine, theirs in zip(found.parts, values.parts, strict=True):
        mine.copy_(theirs[list(rows)])
    return found
