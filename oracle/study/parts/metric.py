"""What the values of training runs are, where they need not be accuracies in percent."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from oracle.study.base import Text
from scyc.specs.base import Spec


class MetricSpec(Spec):
    """What a training function's validation and test values are."""

    name: Annotated[Text, Field(max_length=40)] = "accuracy"
    mode: Literal["max", "min"] = "max"
    unit: Annotated[Text, Field(max_length=12)] | None = None

    @property
    def label(self) -> str:
        """Name and unit, such as ``accuracy, %``."""
        return f"{self.name}, {self.unit}" if self.unit else self.name


PERCENT_ACCURACY = MetricSpec(name="accuracy", mode="max", unit="%")


class MetricScale:
    """A metric's values as points, of which more are better, for searches and statistics.

    These know noise and tolerances in points of accuracy: a tolerance of one's own is half a point
    there, whatever the metric's size. A relative tolerance keeps its meaning on any scale.

    Args:
        metric: What the values are.
        tolerance: As declared: in the metric's unit, or in percent.
        kind: "points" or "relative".

    Attributes:
        tolerance: As searches and statistics take it.
    """

    def __init__(self, metric: MetricSpec, tolerance: float, kind: str) -> None:
        self.metric = metric
        self._size = 1.0
        if metric != PERCENT_ACCURACY:
            absolute = kind == "points" and tolerance > 0
            self._size = 0.5 / tolerance if absolute else 100.0
        self.sign = 1 if metric.mode == "max" else -1
        in_percent = metric == PERCENT_ACCURACY or kind == "relative"
        self.tolerance = tolerance if in_percent else abs(self.points(tolerance))

    def points(self, value: float) -> float:
        """Convert a value of the metric to points; 0 stays 0, which a diverged training run has.

        Args:
            value: In the metric's unit.

        Returns:
            Points, of which more is better.
        """
        return self.sign * self._size * value + 0.0

    def value(self, points: float) -> float:
        """Return points, or a difference of points, as the metric's value.

        Args:
            points: In points of accuracy.

        Returns:
            In the metric's unit.
        """
        return self.sign * points / self._size + 0.0

    def width(self, points: float) -> float:
        """Convert a width, such as a standard error, to the metric's unit.

        Args:
            points: In points.

        Returns:
            In the metric's unit, without a sign of its own.
        """
        return points / self._size
