"""Networks whose filters were pruned whole, without these filters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import nn

from scyc.errors import BadInput, Problem
from scyc.pruning import filter_groups, structured
from scyc.pruning.criteria import CRITERIA
from scyc.pruning.pruned_network import Network
from scyc.specs.system import PruningSpec


@dataclass(frozen=True)
class Shrunk:
    """A network without its pruned filters.

    Attributes:
        module: In evaluation mode; its outputs are those of the whole network, but for rounding.
        network: Its weights; nothing of them is masked.
        filters: Which filters of the whole network remain, by layer, counted from 0.
    """

    module: nn.Module
    network: Network
    filters: dict[str, list[int]]


def prunes_filters(pruning: PruningSpec) -> bool:
    """Return whether a study's pruning removes filters whole.

    Args:
        pruning: Criterion and rate.

    Returns:
        By the study's criterion.
    """
    return CRITERIA[pruning.criterion].filters


def shrunk(module: nn.Module, network: Network, shape: Sequence[int]) -> Shrunk:
    """Return a network of :func:`prunes_filters` without its pruned filters.

    Args:
        module: With the network's weights; it is left alone.
        network: Weights, exactly zero where its masks are False.
        shape: Channels, height and width of an image.

    Returns:
        The smaller module, its weights, and the filters that remain, by layer.
    """
    couplings = filter_groups.couplings(module, shape)
    small = structured.shrink(module, couplings, network.state, network.masks).eval()
    state = {name: value.detach() for name, value in small.state_dict().items()}
    filters = {
        each.layer: structured.remaining(each, network.state, network.masks)
        .nonzero()
        .flatten()
        .tolist()
        for each in couplings
    }
    return Shrunk(small, Network(state, {}), filters)


def check_shrinkable(pruning: PruningSpec) -> None:
    """Refuse to shrink a network of which single weights were pruned.

    Args:
        pruning: Criterion and rate.

    Raises:
        BadInput: The criterion prunes no filters.
    """
    if not prunes_filters(pruning):
        known = ", ".join(name for name, criterion in CRITERIA.items() if criterion.filters)
        rule = (
            f"the study prunes by {pruning.criterion}, which leaves every filter; only {known} "
            "prunes filters whole. Leave this out"
        )
        raise BadInput("export", [Problem("shrink", rule)])
