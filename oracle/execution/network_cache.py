"""Networks to train from, cached while packs that start from the same ones follow one another."""

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
        self._networks: OrderedDict[Hashable, Network] = OrderedDict()

    def get(self, key: Hashable, made: Callable[[], Network]) -> Network:
        """Return the network with this key.

        Args:
            key: Names the network.
            made: Makes it if it is not here.

        Returns:
            The network, which the caller must not change.
        """
        if key not in self._networks:
            self._networks[key] = made()
        self._networks.move_to_end(key)
        while len(self._networks) > 1 and sum(map(size, self._networks.values())) > self._room:
            self._networks.popitem(last=False)
        return self._networks[key]


def size(network: Network) -> int:
    """Return the bytes of a network's weights, buffers and masks.

    Args:
        network: A network with its masks.

    Returns:
        Bytes.
    """
    tensors = [*network.state.values(), *network.masks.values()]
    return sum(tensor.nbytes for tensor in tensors)
