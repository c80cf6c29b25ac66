"""Networks to train from, kept while packs that start from the same ones follow one another."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable

from scyc.pruning.pruned_network import Network

_ROOM = 2**30  # bytes


class Starts:
    """The networks that were used last, as many as there is room for; the last one always.

    room: bytes of all networks together.
    """

    def __init__(self, room: int = _ROOM) -> None:
        self._room = room
        self._kept: OrderedDict[Hashable, Network] = OrderedDict()

    def get(self, key: Hashable, made: Callable[[], Network]) -> Network:
        """Return the network with this key.

        Args:
            key: Names the network.
            made: Makes it if it is not here.

        Returns:
            The network, which the caller must not change.
        """
        if key not in self._kept:
            self._kept[key] = made()
        self._kept.move_to_end(key)
        while len(self._kept) > 1 and sum(map(size, self._kept.values())) > self._room:
            self._kept.popitem(last=False)
        return self._kept[key]


def size(network: Network) -> int:
    """Return the bytes of a network's weights, buffers and masks.

    Args:
        network: A network with its masks.

    Returns:
        Bytes.
    """
    tensors = [*network.state.values(), *network.masks.values()]
    return sum(tensor.nbytes for tensor in tensors)
