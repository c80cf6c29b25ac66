"""The greedy oracle against S-Cyc, as a study declares it."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from oracle.study.base import (
    Percent,
    Printed,
    Study,
    grid_fits,
)
from oracle.study.parts.cell_search import CellSearch, CycleSearchSpec, replicates_rule
from oracle.study.parts.grid_spec import GridSpec
from oracle.study.parts.rivals import (
    NEEDS,
    ConstantRival,
    GradientSpreadRival,
    PowerLawRival,
    Rivals,
    RivalSpec,
)
from scyc.schedules import scyc_curve
from scyc.specs.base import SCyc, Spec, refuse
from scyc.specs.ranges import Cycle, LearningRate, PaperNumber, Tolerance
from scyc.specs.schedules import ScheduleSpec


class PaperOracle(Spec):
    """A printed oracle table. Learning rates in units of 1; text where the digits matter."""

    table: PaperNumber
    weights_remaining: Annotated[tuple[Percent, ...], Field(strict=False)]
    cycles: Annotated[tuple[Cycle, ...], Field(strict=False)]
    well_tuned: Annotated[tuple[LearningRate, ...], Field(strict=False)]
    feasible_low: Annotated[tuple[LearningRate, ...], Field(strict=False)]
    feasible_high: Annotated[tuple[LearningRate, ...], Field(strict=False)]
    s_cyc: Annotated[tuple[Printed, ...], Field(strict=False)] | None  # None: it is not printed

    @model_validator(mode="after")
    def _aligned(self) -> PaperOracle:
        rows = (self.weights_remaining, self.well_tuned, self.feasible_low, self.feasible_high)
        if {len(row) for row in (*rows, self.s_cyc or self.cycles)} != {len(self.cycles)}:
            raise PydanticCustomError("aligned", "every row needs one value for each of cycles")
        if not self.cycles or list(self.cycles) != sorted(set(self.cycles)):
            raise PydanticCustomError("rising", "cycles must rise, and be at least one")
        columns = zip(self.feasible_low, self.well_tuned, self.feasible_high, strict=True)
        if any(not low <= best <= high for low, best, high in columns):
            rule = "well_tuned must lie between feasible_low and feasible_high; check the columns"
            raise PydanticCustomError("inside", rule)
        return self


class OracleStudy(Study):
    """The greedy oracle against S-Cyc on one network, data set and pruning method."""

    may_grow: ClassVar[bool] = True

    kind: Literal["oracle"] = "oracle"
    schedule: ScheduleSpec
    grid: GridSpec
    search: CycleSearchSpec = "grid"  # which training runs of a cycle's grid are run
    tolerance: Tolerance = 0.5
    tolerance_kind: Literal["points", "relative"] = "points"
    beam: Annotated[int, Field(ge=1, le=100)] = 1  # networks that a second search keeps, a cycle
    s_cyc: SCyc | None = None  # None: the regions alone
    rivals: Rivals = ()  # iterative pruning runs that S-Cyc's is compared with
    paper: PaperOracle | None = None

    @model_validator(mode="after")
    def _rates_fit(self) -> OracleStudy:
        refuse(self.broken_by(self.schedule, "schedule"))
        grid_fits(self.schedule, self.grid)
        epsilon = self.s_cyc.epsilon if self.s_cyc is not None else None
        lowest = (epsilon, *(self._lowest(each) for each in self.rivals))
        rules = [self.schedule.max_lr_rule(max_lr) for max_lr in lowest if max_lr]
        for rule in filter(None, rules):
            raise PydanticCustomError("max_lr", "{rule}", {"rule": rule})
        return self

    @model_validator(mode="after")
    def _s_cyc_is_there_where_it_is_needed(self) -> OracleStudy:
        if self.s_cyc is not None:
            return self
        needs = []
        if self.rivals:
            rule = "are compared with S-Cyc's run; give s_cyc, or leave rivals out"
            needs.append(("rivals", rule))
        if self.least_replicates < self.most_replicates:
            rule = "are added by the verdict on S-Cyc; give s_cyc, or a number of replicates"
            needs.append(("replicates", rule))
        refuse(needs)
        return self

    @model_validator(mode="after")
    def _beam_fits(self) -> OracleStudy:
        if self.beam > 1 and self.least_replicates < self.most_replicates:
            rule = (
                "a beam and the oracle would choose by other replicates; "
                "give replicates a number, or leave beam out"
            )
            refuse([("beam", rule)])
        return self

    @model_validator(mode="after")
    def _search_fits(self) -> OracleStudy:
        if not isinstance(self.search, CellSearch):
            return self
        broken = replicates_rule(self.replicates)
        if self.beam > 1:
            rule = "the beam keeps networks of every replicate of several max_lr; "
            broken.append(("beam", rule + "search: grid trains those, or leave beam out"))
        refuse(broken)
        return self

    @model_validator(mode="after")
    def _rivals_fit(self) -> OracleStudy:
        recorded = self.record.what if self.record is not None else ()
        broken = [
            ("rivals", f"{each.name} needs {what} of every network; "
             f"add record: {{what: [{what}]}}")
            for each in self.rivals
            if (what := NEEDS.get(each.name)) and what not in recorded
        ]  # fmt: skip
        broken += [
            ("rivals", f"power_law is fitted to {each.cycles} cycles, and the study has "
             f"{self.cycles + 1}; lower its cycles")
            for each in self.rivals
            if isinstance(each, PowerLawRival) and each.cycles > self.cycles + 1
        ]  # fmt: skip
        refuse(broken)
        return self

    def s_cyc_max_lr(self, cycle: int) -> float | None:
        """Return S-Cyc's max_lr at a pruning cycle; None where the study has no S-Cyc.

        Args:
            cycle: Completed pruning cycles, 0 for the unpruned network.

        Returns:
            A learning rate (Eq. 2 of Liu et al. 2021).
        """
        if self.s_cyc is None:
            return None
        return scyc_curve.max_lr(self.s_cyc, cycle, self.pruning.rate)

    def _lowest(self, rival: RivalSpec) -> float | None:
        """Return the lowest max_lr that a rival may come to; None where the grid bounds it."""
        if isinstance(rival, GradientSpreadRival):
            epsilon = rival.epsilon or (self.s_cyc.epsilon if self.s_cyc is not None else None)
            return epsilon / rival.bound if epsilon is not None else None
        return rival.max_lr if isinstance(rival, ConstantRival) else None
