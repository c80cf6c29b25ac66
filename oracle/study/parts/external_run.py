"""A greedy oracle whose training runs another program runs, as it is declared."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, ValidationInfo, model_validator

from oracle.study.base import NAME
from oracle.study.parts.cell_search import CellSearch, CycleSearchSpec, replicates_rule
from oracle.study.parts.grid_spec import GridSpec
from oracle.study.parts.metric import PERCENT_ACCURACY, MetricScale, MetricSpec
from scyc.schedules import scyc_curve
from scyc.specs.base import ExtendedSpec, SCyc, as_json, content_hash, refuse
from scyc.specs.ranges import PERCENT_TOLERANCE, OwnTolerance, Share, is_stored


class ExternalRun(ExtendedSpec):
    """A greedy oracle whose training runs another program runs."""

    younger: ClassVar[tuple[str, ...]] = ("metric",)

    name: Annotated[str, Field(pattern=NAME)]
    description: Annotated[str, Field(max_length=1000)] = ""
    grid: GridSpec  # max_lr that each cycle tries; grows as that of a study does
    search: CycleSearchSpec = "grid"
    cycles: Annotated[int, Field(ge=0, le=1000)]  # pruning cycles after the unpruned network
    replicates: Annotated[int, Field(ge=1, le=1000)] = 3
    metric: MetricSpec | None = None  # what is observed; None: accuracy in percent
    tolerance: OwnTolerance = 0.5  # in the metric's unit, or in percent of the best value
    tolerance_kind: Literal["points", "relative"] = "points"
    pruning_rate: Share = 0.2  # share of the remaining weights that a cycle prunes
    s_cyc: SCyc | None = None  # the curve to compare with the regions

    @model_validator(mode="after")
    def _replicates_fit(self) -> ExternalRun:
        if isinstance(self.search, CellSearch):
            refuse(replicates_rule(self.replicates))
        return self

    @model_validator(mode="after")
    def _tolerance_fits(self, info: ValidationInfo) -> ExternalRun:
        if (self.metric is None or self.tolerance_kind == "relative") and not is_stored(info):
            rule = PERCENT_TOLERANCE.rule(self.tolerance)
            refuse([("tolerance", rule)] if rule else [])
        return self

    @property
    def scale(self) -> MetricScale:
        """From what is observed to points, of which more is better."""
        metric = self.metric or PERCENT_ACCURACY
        return MetricScale(metric, self.tolerance, self.tolerance_kind)

    def refused(self, value: float) -> str | None:
        """Return why an observed value is refused; None where it is not.

        Args:
            value: A finite number.

        Returns:
            A rule, with the remedy.
        """
        if self.metric is not None or 0 <= value <= 100:
            return None
        rule = "must be a validation accuracy in percent, 0 to 100, or none where it diverged"
        return f"{rule}; for other values declare the run with a metric"

    @property
    def id(self) -> str:
        """Name and hash of every field, so that the same declaration is the same run."""
        return f"{self.name}-{content_hash(['outside', as_json(self)])[:8]}"

    def curve(self, cycle: int) -> float | None:
        """Return S-Cyc's max_lr of a pruning cycle, where the run names its parameters.

        Args:
            cycle: Completed pruning cycles, 0 for the unpruned network.

        Returns:
            A learning rate (Eq. 2 of Liu et al. 2021); None where the run names no parameters.
        """
        return scyc_curve.max_lr(self.s_cyc, cycle, self.pruning_rate) if self.s_cyc else None
