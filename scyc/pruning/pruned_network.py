"""A network between two training runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Network:
    """A network between two training runs: weights, buffers, and the masks of pruned weights."""

    state: dict[str, Tensor]  # state_dict, on the CPU
    masks: dict[str, Tensor]  # bool, True where a weight remains; by the weight's name


class NetworkChanged(ValueError):
    """A stored network is not one of those which the study's network builds now."""


def check_shapes(network: Network, state: Mapping[str, Tensor]) -> None:
    """Check that a stored network has the names and shapes of one that is built now.

    Args:
        network: as it was stored.
        state: the ``state_dict`` of the network that is built now.

    Raises:
        NetworkChanged: where they differ; the message names the first difference.

    """
    then = {name: tuple(value.shape) for name, value in network.state.items()}
    now = {name: tuple(value.shape) for name, value in state.items()}
    differing = [name for name in (now | then) if then.get(name) != now.get(name)]
    if not differing:
        return
    name = differing[0]
    before, after = (list(d[name]) if name in d else "missing" for d in (then, now))
    more = f" and {len(differing) - 1} more" if len(differing) > 1 else ""
    raise NetworkChanged(
        "the network that the study's factory builds has changed since this run began: "
        f"{name} was {before} and is {after}{more}; restore the factory's code, or give the "
        "changed network another name or another option, which makes it another network"
    )
