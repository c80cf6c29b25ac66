"""Ways to set max_lr over the pruning cycles without a search of each, as a study declares them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from scyc.specs.base import Spec, chosen, refuse
from scyc.specs.ranges import Exponent, FittedCycles, LearningRate, Ratio, RetrainingShare
from scyc.specs.system import Recorded


class ConstantRival(Spec):
    """The same max_lr at every cycle: what one does who tunes once."""

    name: Literal["constant"]
    max_lr: LearningRate | None = None  # None: the well-tuned one of the unpruned network


class WarmStartRival(Spec):
    """At each cycle the oracle's well-tuned max_lr of the cycle before; its own at cycle 0."""

    name: Literal["warm_start"]


class GradientSpreadRival(Spec):
    """max_lr grows as the weight gradients shrink (Liu et al. 2021, Section 6).

    See :func:`oracle.search.rivals.spreads.max_lr`.
    """

    name: Literal["gradient_spread"]
    epsilon: LearningRate | None = None  # max_lr of the unpruned network; None: S-Cyc's
    scale: Literal["std", "quantiles"] = "std"  # quantiles: between 5 and 95 % of all gradients
    bound: Ratio = 10.0  # max_lr stays within epsilon / bound, * bound


class PowerLawRival(Spec):
    """max_lr = epsilon / density^alpha, density the share of the prunable weights that remain.

    Dey et al. 2024 (arXiv 2405.15743) say that the best rate is constant after such a scaling.
    """

    name: Literal["power_law"]
    alpha: Exponent | None = None  # None: both fitted to the oracle's first cycles
    epsilon: LearningRate | None = None  # with alpha; None: S-Cyc's
    cycles: FittedCycles = 3  # of the oracle, that they are fitted to

    @model_validator(mode="after")
    def _epsilon_with_alpha(self) -> PowerLawRival:
        if self.epsilon is not None and self.alpha is None:
            refuse([("epsilon", "is fitted with alpha; give both, or leave both out")])
        return self


class LinearRewindingRival(Spec):
    """From the same max_lr linearly to 0 in every retraining (Zimmer et al. 2023)."""

    name: Literal["linear_rewinding"]
    max_lr: LearningRate | None = None  # None: the well-tuned one of the unpruned network


class AllrRival(Spec):
    """Adaptive linear learning rate (Zimmer et al. 2023, arXiv 2111.00843).

    See :func:`oracle.search.rivals.sizes.allr`.
    """

    name: Literal["allr"]
    epsilon: LearningRate | None = None  # max_lr of the unpruned network; None: S-Cyc's
    retraining: RetrainingShare = 0.0  # its length, of the first training's


class LrRangeTestRival(Spec):
    """The rate that a range test of 100 iterations suggests before each retraining (Smith 2017)."""

    name: Literal["lr_range_test"]
    epsilon: LearningRate | None = None  # max_lr of the unpruned network; None: S-Cyc's


RIVALS: Mapping[str, type[Spec]] = MappingProxyType(
    {
        "constant": ConstantRival,
        "warm_start": WarmStartRival,
        "gradient_spread": GradientSpreadRival,
        "power_law": PowerLawRival,
        "linear_rewinding": LinearRewindingRival,
        "allr": AllrRival,
        "lr_range_test": LrRangeTestRival,
    }
)

NEEDS: Mapping[str, Recorded] = MappingProxyType(  # what a rival reads of every network
    {
        "gradient_spread": "weight_gradients",
        "allr": "pruned_norm",
        "lr_range_test": "lr_range_test",
    }
)


def _tag(value: Any) -> str:
    name = value["name"] if isinstance(value, dict) else value.name
    return f"<{name} rival>"  # "constant" is a schedule, too


RivalSpec = Annotated[
    Annotated[ConstantRival, Tag("<constant rival>")]
    | Annotated[WarmStartRival, Tag("<warm_start rival>")]
    | Annotated[GradientSpreadRival, Tag("<gradient_spread rival>")]
    | Annotated[PowerLawRival, Tag("<power_law rival>")]
    | Annotated[LinearRewindingRival, Tag("<linear_rewinding rival>")]
    | Annotated[AllrRival, Tag("<allr rival>")]
    | Annotated[LrRangeTestRival, Tag("<lr_range_test rival>")],
    Discriminator(_tag),
    BeforeValidator(chosen(RIVALS, own=False)),
]


def _once(rivals: Sequence[RivalSpec]) -> Sequence[RivalSpec]:
    names = [each.name for each in rivals]
    repeated = sorted(name for name, count in Counter(names).items() if count > 1)
    if repeated:
        rule = f'"{repeated[0]}" is given twice; remove one'
        raise PydanticCustomError("repeated", "{rule}", {"rule": rule})
    return rivals


Rivals = Annotated[tuple[RivalSpec, ...], Field(strict=False), AfterValidator(_once)]
