"""Many tensors in one, so that an update is a handful of operations."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property

import torch
from torch import Tensor

_ALIGNMENT = 64  # bytes; a layer starts at a multiple, as a tensor of its own would


class Flat:
    """Tensors side by side in one: `whole` [numbers], and its views `parts`, each of its shape.

    Numbers between two parts, where alignment leaves some, are 0.

    Args:
        shapes: Of the parts; axis 0 is the member.
        dtype: Of all of them.
        device: Of all of them.
    """

    def __init__(
        self, shapes: Sequence[Sequence[int]], dtype: torch.dtype, device: torch.device
    ) -> None:
        self.shapes = [tuple(shape) for shape in shapes]
        unit = _ALIGNMENT // dtype.itemsize
        sizes = [math.prod(shape) for shape in self.shapes]
        self._sizes = [-(-size // unit) * unit for size in sizes]
        self.whole = torch.zeros(sum(self._sizes), dtype=dtype, device=device)
        self.parts = self.views(self.whole)

    @cached_property
    def members(self) -> list[list[Tensor]]:
        """Each member's numbers in as few views as possible: a single member has one."""
        if self.shapes[0][0] == 1:
            return [[self.whole]]
        return [[part[member] for part in self.parts] for member in range(self.shapes[0][0])]

    def views(self, whole: Tensor) -> list[Tensor]:
        """Return the parts of another tensor with the layout of `whole`.

        Args:
            whole: A tensor [members, numbers] of the layout of this one's `whole`.

        Returns:
            One view for each of `shapes`, which share the memory of `whole`.
        """
        return [
            piece[: math.prod(shape)].view(shape)
            for piece, shape in zip(whole.split(self._sizes), self.shapes, strict=True)
        ]

    def like(self) -> Flat:
        """Return another one of the same shapes, filled with 0."""
        return Flat(self.shapes, self.whole.dtype, self.whole.device)

    def copy(self) -> Flat:
        """Return another one with the same numbers."""
        twin = self.like()
        twin.whole.copy_(self.whole)
        return twin

    def select(self, rows: Sequence[int]) -> Flat:
        """Return copies of some of the members, in the order of `rows`.

        Args:
            rows: Indices of members.

        Returns:
            A new one with the rows' parts, on the same device.
        """
        shapes = [(len(rows), *shape[1:]) for shape in self.shapes]
        selected = Flat(shapes, self.whole.dtype, self.whole.device)
        for target, source in zip(selected.parts, self.parts, strict=True):
            target.copy_(source[list(rows)])
        return selected
