"""The range of every number that a spec may hold: outside of it, a number means nothing.

Specs that were stored are read without these ranges, which are younger than some of them: validate
with the context `STORED`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import AfterValidator, Field, GetCoreSchemaHandler, ValidationInfo
from pydantic_core import PydanticCustomError, core_schema

STORED: Mapping[str, Any] = MappingProxyType({"stored": True})  # the context to read old specs with


@dataclass(frozen=True)
class Within:
    """The range of a number, both ends included; an annotation of a spec's field.

    Attributes:
        low: The least value, but for 0 where `zero` allows it.
        high: The greatest value.
        why: What a value outside would be; the rule says it.
        zero: Whether 0 is allowed, too, though it lies below `low`.
    """

    low: float
    high: float
    why: str
    zero: bool = False

    def rule(self, value: float) -> str | None:
        """Return the rule that a value breaks, and the remedy; None inside.

        Args:
            value: Of a field, finite.

        Returns:
            Text that ends with the remedy; both bounds are allowed values.
        """
        if self.low <= value <= self.high or (self.zero and value == 0):
            return None
        remedy = "lower it" if value > self.high else "raise it"
        also = ", or 0" if self.zero else ""
        return f"must be from {exact(self.low)} to {exact(self.high)}{also}: {self.why}; {remedy}"

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """Check the range after the type, but of what was stored."""

        def check(value: float, info: ValidationInfo) -> float:
            if not is_stored(info) and (rule := self.rule(value)):
                raise PydanticCustomError("range", "{rule}", {"rule": rule})
            return value

        return core_schema.with_info_after_validator_function(check, handler(source))


def is_stored(info: ValidationInfo) -> bool:
    """Return whether what is validated was stored, and so may be older than its ranges.

    Args:
        info: Pydantic's.

    Returns:
        True where the context has ``stored``, so that ranges are not checked.
    """
    return bool((info.context or {}).get("stored"))


def exact(value: float) -> str:
    """Return the shortest digits that read as this number and no other; whole ones with commas.

    Args:
        value: Of a field, finite.

    Returns:
        "1,000" for 1000.0, "0.1" for 0.1.
    """
    if abs(value) < 1e15 and value == int(value):
        return f"{int(value):,}"
    return repr(value)


UnsignedZero = AfterValidator(lambda value: value + 0.0)  # -0.0 is 0.0, but has another hash

_RATE = Within(1e-12, 1e38, "a lower rate moves no weight, single precision has no higher one")
LearningRate = Annotated[float, Field(gt=0), _RATE]
RateOrZero = Annotated[
    float,
    Field(ge=0),
    Within(0, 1e38, "single precision has no higher rate"),
    UnsignedZero,
]
Share = Annotated[
    float, Field(gt=0, lt=1), Within(1e-6, 0.9999, "it would be nothing, or everything")
]
WholeShare = Annotated[float, Field(gt=0, le=1), Within(1e-6, 1, "it would be nothing")]
Seed = Annotated[int, Field(ge=0), Within(0, 2**63 - 1, "a seed has 63 bits")]
Iterations = Annotated[
    int, Field(ge=1), Within(1, 10**7, "a larger number of iterations is not supported")
]
IterationsOrNone = Annotated[
    int, Field(ge=0), Within(0, 10**7, "a larger number of iterations is not supported")
]
Batch = Annotated[int, Field(ge=1), Within(1, 10**6, "a larger batch does not fit into memory")]
Batches = Annotated[int, Field(ge=1), Within(1, 10**4, "fewer batches say as much")]
PackSize = Annotated[int, Field(ge=1), Within(1, 10**4, "more networks do not fit into memory")]
Cycle = Annotated[int, Field(ge=0), Within(0, 1000, "a study has at most 1,000 pruning cycles")]
LaterCycle = Annotated[
    int, Field(ge=1), Within(1, 1000, "a study has at most 1,000 pruning cycles")
]
FittedCycles = Annotated[int, Field(ge=2), Within(2, 1000, "no study has more pruning cycles")]
Width = Annotated[int, Field(ge=1), Within(1, 10**5, "no memory holds so wide a layer")]
Pixels = Annotated[int, Field(ge=1), Within(1, 4096, "larger images are not supported")]
Padding = Annotated[int, Field(ge=0), Within(0, 4096, "larger images are not supported")]
Classes = Annotated[int, Field(ge=2), Within(2, 10**5, "more classes are not supported")]
PaperNumber = Annotated[int, Field(ge=1), Within(1, 1000, "the paper has no such number")]
Steepness = Annotated[
    float, Field(gt=0), Within(1e-3, 1e3, "the S is a line below and a step above")
]
Exponent = Annotated[float, Within(-10, 10, "max_lr would change by orders in every cycle")]
RetrainingShare = Annotated[float, Field(ge=0, le=1)]
Ratio = Annotated[float, Field(ge=1), Within(1, 1e12, "a smaller rate moves no weight")]
Decay = Annotated[
    float,
    Field(ge=0, lt=1),
    Within(0, 0.999999, "what is averaged would never change"),
    UnsignedZero,
]
WeightDecay = Annotated[
    float,
    Field(ge=0),
    Within(1e-12, 100, "a smaller one moves no weight, a larger one leaves none", zero=True),
    UnsignedZero,
]
Smoothing = Annotated[
    float,
    Field(ge=0, lt=1),
    Within(1e-6, 0.99, "a smaller one changes no loss, a larger one leaves no label", zero=True),
    UnsignedZero,
]
GradientNorm = Annotated[
    float,
    Field(gt=0),
    Within(1e-6, 1e6, "at a smaller one no weight moves, a larger one clips nothing"),
]
Guard = Annotated[
    float, Field(gt=0), Within(1e-20, 100, "a smaller one is 0 next to squares in single precision")
]
PERCENT_TOLERANCE = Within(
    1e-3, 50, "a smaller one is below any noise, at a larger one anything is good", zero=True
)
Tolerance = Annotated[float, Field(ge=0, le=100), PERCENT_TOLERANCE]
OwnTolerance = Annotated[
    float, Field(ge=0), Within(1e-9, 1e9, "give the metric in another unit", zero=True)
]
Regret = Annotated[float, Field(gt=0), Within(1e-3, 100, "accuracies are in percent")]
Bound = Annotated[float, Within(-1e9, 1e9, "no gradient or output is so large"), UnsignedZero]
