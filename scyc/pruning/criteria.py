"""The pruning criteria, by name: known without PyTorch, for a study that is only read."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from scyc.errors import unknown

if TYPE_CHECKING:
    from torch import Tensor

    from scyc.pruning.pruning_step import PruningStep


@dataclass(frozen=True)
class Criterion:
    """A criterion in the registry.

    Attributes:
        function: ``module:function``, imported when it is first used. It takes a
            :class:`scyc.pruning.pruning_step.PruningStep` and returns the masks after it, by name.
        gradients: Whether it scores by the gradients of the loss.
        filters: Whether it removes whole filters.
    """

    function: str
    gradients: bool = False
    filters: bool = False

    def masks(self, step: PruningStep) -> dict[str, Tensor]:
        """Return the masks after one pruning, of all that has a mask before it."""
        module, _, name = self.function.partition(":")
        pruned = getattr(importlib.import_module(module), name)(step)
        return {**step.masks, **pruned}


# magnitude: |w|. gradient: |w x dL/dw|. random: the control of every other criterion (Blalock et
# al. 2020). l1_filter: the L1 norm of a whole filter (Li et al. 2017, Section 3.1). global: all
# prunable weights together; layer: each layer alone. none: the control of training again and again.
CRITERIA: Mapping[str, Criterion] = MappingProxyType(
    {
        "global_magnitude": Criterion("scyc.pruning.unstructured:global_magnitude"),
        "layer_magnitude": Criterion("scyc.pruning.unstructured:layer_magnitude"),
        "global_gradient": Criterion("scyc.pruning.unstructured:global_gradient", gradients=True),
        "layer_gradient": Criterion("scyc.pruning.unstructured:layer_gradient", gradients=True),
        "random": Criterion("scyc.pruning.unstructured:random"),
        "none": Criterion("scyc.pruning.unstructured:none"),
        "l1_filter": Criterion("scyc.pruning.structured:l1_filter", filters=True),
    }
)


def criterion_rule(name: str) -> str | None:
    """The rule that the name of a criterion breaks, and the remedy; None for one that is known."""
    if name in CRITERIA:
        return None
    if name.lower() == "imp":
        return "IMP is two settings; write criterion: global_magnitude and rewind: init"
    return unknown(name, CRITERIA)
