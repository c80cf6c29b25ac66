"""The pruning criteria, by name: known without PyTorch, for a study that is only read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from scyc.errors import unknown


@dataclass(frozen=True)
class Criterion:
    """What is compared, and among which weights.

    magnitude: |w|. gradient: |w x dL/dw|. random: nothing, the control of every other criterion
    (Blalock et al. 2020). l1_filter: the L1 norm of a whole filter (Li et al. 2017,
    Section 3.1), which :func:`scyc.pruning.structured.prune` compares.
    """

    score: Literal["magnitude", "gradient", "random", "l1_filter"]
    scope: Literal["global", "layer"]  # all prunable weights together, or each layer alone


CRITERIA: Mapping[str, Criterion] = MappingProxyType(
    {
        "global_magnitude": Criterion("magnitude", "global"),
        "layer_magnitude": Criterion("magnitude", "layer"),
        "global_gradient": Criterion("gradient", "global"),
        "layer_gradient": Criterion("gradient", "layer"),
        "random": Criterion("random", "global"),
        "l1_filter": Criterion("l1_filter", "layer"),
    }
)


def criterion_rule(name: str) -> str | None:
    """The rule that the name of a criterion breaks, and the remedy; None for one that is known."""
    if name in CRITERIA:
        return None
    if name.lower() == "imp":
        return "IMP is two settings; write criterion: global_magnitude and rewind: init"
    return unknown(name, CRITERIA)
