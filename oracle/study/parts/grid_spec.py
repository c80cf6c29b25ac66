"""A grid of max_lr, as declared."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator, model_validator
from pydantic_core import PydanticCustomError

from oracle.stats.digits import round_digits
from scyc.specs.base import Spec
from scyc.specs.ranges import LearningRate, exact

_WIDEST = 1e12  # times the lowest value
_LOG_STEP, _LINEAR_STEP = 1.1e-3, 1e-10  # relative; closer values are one in 4 or in 12 digits


class _Grid(Spec):
    """What every grid of max_lr has."""

    extend: bool = True  # grow on the side where the best value or the region touches the end
    floor: LearningRate | None = None  # extension stops here; a tenth of the lowest value if None
    ceiling: LearningRate | None = None  # and here; ten times the highest value if None

    def _bound(self, lowest: float, highest: float) -> None:
        if self.floor is not None and self.floor > lowest:
            raise PydanticCustomError(
                "floor", "grid.floor is above the grid's lowest value; lower it"
            )
        if self.ceiling is not None and self.ceiling < highest:
            raise PydanticCustomError(
                "ceiling", "grid.ceiling is below the grid's highest value; raise it"
            )


class ListGrid(_Grid):
    """A grid written out."""

    max_lr: Annotated[
        tuple[LearningRate, ...], Field(min_length=1, max_length=10_000, strict=False)
    ]

    @field_validator("max_lr")
    @classmethod
    def _distinct(cls, values: tuple[float, ...]) -> tuple[float, ...]:
        values = tuple(round_digits(value, 12) for value in values)  # as ranges are
        if len(set(values)) < len(values):
            raise PydanticCustomError("repeated", "a max_lr is given twice; remove the repeat")
        return tuple(sorted(values))

    @model_validator(mode="after")
    def _inside_bounds(self) -> ListGrid:
        self._bound(self.max_lr[0], self.max_lr[-1])
        return self


class RangeGrid(_Grid):
    """A linear or logarithmic grid."""

    kind: Literal["linear", "log"]
    low: LearningRate
    high: LearningRate
    count: Annotated[int, Field(ge=2, le=10_000)]

    @model_validator(mode="after")
    def _rising(self) -> RangeGrid:
        if self.low >= self.high:
            raise PydanticCustomError("order", "grid.low must lie below grid.high; swap them")
        if self.high / self.low > _WIDEST:
            rule = (
                f"grid.high {exact(self.high)} is over {_WIDEST:g} times grid.low; raise grid.low"
            )
            raise PydanticCustomError("wide", "{rule}", {"rule": rule})
        log = self.kind == "log"
        share = math.log(self.high / self.low) if log else 1 - self.low / self.high
        if share / (self.count - 1) < (_LOG_STEP if log else _LINEAR_STEP):
            rule = "{count} values would be too close to tell apart; lower count"
            raise PydanticCustomError("close", rule, {"count": self.count})
        self._bound(self.low, self.high)
        return self


def _grid_kind(value: Any) -> str:
    listed = value.get("max_lr") if isinstance(value, dict) else getattr(value, "max_lr", None)
    return "<range>" if listed is None else "<list>"


GridSpec = Annotated[
    Annotated[ListGrid, Tag("<list>")] | Annotated[RangeGrid, Tag("<range>")],
    Discriminator(_grid_kind),
]
