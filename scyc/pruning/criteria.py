"""The pruning criteria, by name: known without PyTorch, for a study that is only read."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

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
        update: Whether it scores by the change of a weight over the last epoch.
        scope: Whether it ranks all prunable weights together, or each layer's; None where it
            ranks no single weights.
    """

    function: str
    gradients: bool = False
    filters: bool = False
    update: bool = False
    scope: Literal["global", "layer"] | None = None

    def masks(self, step: PruningStep) -> dict[str, Tensor]:
        """Return the masks after one pruning, of all that has a mask before it.

        Args:
            step: The trained network, its masks and the rate.

        Returns:
            Masks by name, bool; those that the criterion does not touch stay as they are.
        """
        module, _, name = self.function.partition(":")
        pruned = getattr(importlib.import_module(module), name)(step)
        return {**step.masks, **pruned}


def _weights(
    function: str,
    scope: Literal["global", "layer"],
    gradients: bool = False,
    update: bool = False,
) -> Criterion:
    """Make a criterion of single weights from the function of that name."""
    module = "scyc.pruning.unstructured"
    return Criterion(f"{module}:{function}", gradients, update=update, scope=scope)


# magnitude: |w|. gradient: |w x dL/dw|. update: |change of w over the last epoch|, alone or times
# |w|, which is what the code of the paper's authors has for its gradient score. random: the control
# of every other criterion (Blalock et al. 2020). l1_filter: the L1 norm of a whole filter (Li et
# al. 2017, Section 3.1). global: all prunable weights together; layer: each layer alone. none: the
# control of training again and again.
CRITERIA: Mapping[str, Criterion] = MappingProxyType(
    {
        "global_magnitude": _weights("global_magnitude", "global"),
        "layer_magnitude": _weights("layer_magnitude", "layer"),
        "global_gradient": _weights("global_gradient", "global", gradients=True),
        "layer_gradient": _weights("layer_gradient", "layer", gradients=True),
        "global_update": _weights("global_update", "global", update=True),
        "layer_update": _weights("layer_update", "layer", update=True),
        "global_update_magnitude": _weights("global_update_magnitude", "global", update=True),
        "layer_update_magnitude": _weights("layer_update_magnitude", "layer", update=True),
        "random": _weights("random", "global"),
        "none": Criterion("scyc.pruning.unstructured:none"),
        "l1_filter": Criterion("scyc.pruning.structured:l1_filter", filters=True),
    }
)


def scores_updates(name: str) -> bool:
    """Return whether a criterion scores by the change of a weight over the last epoch.

    Args:
        name: Of the criterion.

    Returns:
        True where the weights of an epoch before the end have to be kept; False for an unknown
        name.
    """
    return name in CRITERIA and CRITERIA[name].update


def criterion_rule(name: str) -> str | None:
    """Check the name of a criterion.

    Args:
        name: As a study gives it.

    Returns:
        The rule that the name breaks, with the remedy; None for one that is known.
    """
    if name in CRITERIA:
        return None
    if name.lower() == "imp":
        return "IMP is two settings; write criterion: global_magnitude and rewind: init"
    return unknown(name, CRITERIA)
