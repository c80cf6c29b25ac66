"""Ways to set max_lr over the pruning cycles without a search of each, as a study declares them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag
from pydantic_core import PydanticCustomError

from scyc.specs.base import Spec, chosen
from scyc.specs.ranges import LearningRate, Ratio


class ConstantRival(Spec):
    """The same max_lr at every cycle: what one does who tunes once."""

    name: Literal["constant"]
    max_lr: LearningRate | None = None  # None: the well-tuned one of the unpruned network


class WarmStartRival(Spec):
    """At each cycle the oracle's well-tuned max_lr of the cycle before; its own at cycle 0."""

    name: Literal["warm_start"]


class GradientSpreadRival(Spec):
    """max_lr grows as the weight gradients shrink (Liu et al. 2021, Section 6).

    See :func:`oracle.search.spreads.max_lr`.
    """

    name: Literal["gradient_spread"]
    epsilon: LearningRate | None = None  # max_lr of the unpruned network; None: S-Cyc's
    scale: Literal["std", "quantiles"] = "std"  # quantiles: between 5 and 95 % of all gradients
    bound: Ratio = 10.0  # max_lr stays within epsilon / bound, * bound


RIVALS: Mapping[str, type[Spec]] = MappingProxyType(
    {
        "constant": ConstantRival,
        "warm_start": WarmStartRival,
        "gradient_spread": GradientSpreadRival,
    }
)


def _tag(value: Any) -> str:
    name = value["name"] if isinstance(value, dict) else value.name
    return f"<{name} rival>"  # "constant" is a schedule, too


RivalSpec = Annotated[
    Annotated[ConstantRival, Tag("<constant rival>")]
    | Annotated[WarmStartRival, Tag("<warm_start rival>")]
    | Annotated[GradientSpreadRival, Tag("<gradient_spread rival>")],
    Discriminator(_tag),
    BeforeValidator(chosen(RIVALS, own=False)),
]


def _once(rivals: Sequence[RivalSpec]) -> Sequence[RivalSpec]:
    names = [each.name for each in rivals]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        rule = f'"{repeated[0]}" stands twice; each rival may be given once'
        raise PydanticCustomError("repeated", "{rule}", {"rule": rule})
    return rivals


Rivals = Annotated[tuple[RivalSpec, ...], Field(strict=False), AfterValidator(_once)]
