"""The kinds of study: what is to be trained, searched and compared, as a YAML file declares it."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from oracle.errors import SettingProblem
from oracle.study.base import (
    LearningRates,
    Percent,
    Printed,
    Study,
    Text,
    grid_fits,
    reserved_name_problems,
)
from oracle.study.cell_search import CellSearch, CycleSearchSpec, replicates_rule
from oracle.study.grid import growth_problems
from oracle.study.grid_spec import GridSpec
from oracle.study.rivals import (
    NEEDS,
    ConstantRival,
    GradientSpreadRival,
    PowerLawRival,
    Rivals,
    RivalSpec,
)
from oracle.study.search import PaperRecipe, SearchStudy
from scyc.errors import BadInput, Problem, unknown
from scyc.specs.base import SCyc, Spec, refuse
from scyc.specs.factory import FactorySpec
from scyc.specs.ranges import Cycle, LearningRate, PaperNumber, Tolerance
from scyc.specs.schedules import ScheduleSpec
from scyc.specs.system import RecordSpec


class TuneSpec(Spec):
    """What is tuned by validation accuracy on the unpruned network (Section 5.1)."""

    max_lr: GridSpec


class Entry(LearningRates):
    """One row of a comparison of schedules."""

    label: Annotated[Text, Field(max_length=64)]
    tune: TuneSpec | None = None

    @model_validator(mode="after")
    def _decided(self) -> Entry:
        self.one_of(self.max_lr, self.s_cyc, self.tune)
        if self.tune is not None:
            grid_fits(self.schedule, self.tune.max_lr)
        return self


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
    s_cyc: SCyc
    rivals: Rivals = ()  # iterative pruning runs that S-Cyc's is compared with
    paper: PaperOracle | None = None

    @model_validator(mode="after")
    def _rates_fit(self) -> OracleStudy:
        refuse(self.broken_by(self.schedule, "schedule"))
        grid_fits(self.schedule, self.grid)
        lowest = (self.s_cyc.epsilon, *(self._lowest(each) for each in self.rivals))
        rules = [self.schedule.max_lr_rule(max_lr) for max_lr in lowest if max_lr]
        for rule in filter(None, rules):
            raise PydanticCustomError("max_lr", "{rule}", {"rule": rule})
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
        found = replicates_rule(self.replicates)
        if self.beam > 1:
            rule = "the beam keeps networks of every replicate of several max_lr; "
            found.append(("beam", rule + "search: grid trains those, or leave beam out"))
        refuse(found)
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

    def _lowest(self, rival: RivalSpec) -> float | None:
        """The lowest max_lr that a rival may come to; None where the grid bounds it."""
        if isinstance(rival, GradientSpreadRival):
            return (rival.epsilon or self.s_cyc.epsilon) / rival.bound
        return rival.max_lr if isinstance(rival, ConstantRival) else None


_MeanStd = Annotated[tuple[Percent, Percent], Field(strict=False)]


class PaperSchedules(Spec):
    """A printed comparison of schedules: early-stop test accuracy, mean and std, in percent."""

    table: Text
    weights_remaining: Annotated[tuple[Percent, ...], Field(strict=False)]
    cycles: Annotated[tuple[Cycle, ...], Field(strict=False)]
    accuracy: dict[str, Annotated[tuple[_MeanStd, ...], Field(strict=False)]]  # by label

    @model_validator(mode="after")
    def _aligned(self) -> PaperSchedules:
        rows = [self.weights_remaining, *self.accuracy.values()]
        if {len(row) for row in rows} != {len(self.cycles)}:
            raise PydanticCustomError("aligned", "every row needs one value for each of cycles")
        return self


TOGETHER = "together"  # all schedules' trainings, those that they share counted once


class SchedulesStudy(Study):
    """Learning-rate schedules against each other over all pruning cycles (Table 2)."""

    kind: Literal["schedules"]
    schedules: Annotated[tuple[Entry, ...], Field(min_length=2, strict=False)]
    columns: Annotated[tuple[Cycle, ...], Field(min_length=1, strict=False)] | None = None
    paper: PaperSchedules | None = None

    @model_validator(mode="after")
    def _entries_fit(self) -> SchedulesStudy:
        labels = [entry.label for entry in self.schedules]
        repeated = sorted({label for label in labels if labels.count(label) > 1})
        broken = []
        if repeated:
            rule = f'the label "{repeated[0]}" stands twice; every entry needs its own'
            broken.append(("schedules", rule))
        if TOGETHER in labels:
            rule = f'"{TOGETHER}" is the name of the sum of all costs; choose another label'
            broken.append((f"schedules[{labels.index(TOGETHER)}].label", rule))
        strange = sorted(set(self.paper.accuracy) - set(labels)) if self.paper else []
        if strange:
            rule = f'"{strange[0]}" is no label; known: {", ".join(labels)}'
            broken.append(("paper.accuracy", rule))
        for index, entry in enumerate(self.schedules):
            broken += self.broken_by(entry.schedule, f"schedules[{index}].schedule")
        late = [cycle for cycle in self.columns or () if cycle > self.cycles]
        if list(self.columns or ()) != sorted(set(self.columns or ())):
            rule = f"{list(self.columns or ())} must rise; sort them and remove repeats"
            broken.append(("columns", rule))
        if late:
            rule = f"{late} come after the last of {self.cycles} cycles; remove them"
            broken.append(("columns", rule))
        refuse(broken)
        return self


class PaperFigure(Spec):
    """What the paper says of a figure of distributions."""

    figure: PaperNumber
    claim: Text


class DistributionsStudy(Study, LearningRates):
    """Weight gradients and hidden outputs while a network is pruned (Figures 1, 3 to 6)."""

    kind: Literal["distributions"]
    record: RecordSpec
    paper: PaperFigure | None = None

    @model_validator(mode="after")
    def _rates_fit(self) -> DistributionsStudy:
        self.one_of(self.max_lr, self.s_cyc)
        refuse(self.broken_by(self.schedule, "schedule"))
        return self


def declared_grids(study: Study) -> dict[str, GridSpec]:
    """Return the grids of max_lr that a study searches, by their path in the study."""
    if isinstance(study, OracleStudy):
        return {"grid": study.grid}
    if isinstance(study, SearchStudy) and isinstance(study.search, PaperRecipe):
        return {"search.epsilon": study.search.epsilon}
    if isinstance(study, SchedulesStudy):
        return {
            f"schedules[{index}].tune.max_lr": entry.tune.max_lr
            for index, entry in enumerate(study.schedules)
            if entry.tune is not None
        }
    return {}


def start_problems(study: Study) -> list[Problem]:
    """Return what keeps a study that can be read from being run: names, grids that cannot grow."""
    grids = declared_grids(study).items()
    growth = [problem for path, grid in grids for problem in growth_problems(grid, path)]
    return reserved_name_problems(study) + growth


def uses_own_code(study: Study) -> bool:
    """Whether a study names Python code that it does not ship with."""
    return isinstance(study.dataset, FactorySpec) or isinstance(study.network, FactorySpec)


def learning_rates(study: Study, label: str | None = None) -> LearningRates:
    """The learning rates that a study declares: S-Cyc's of an oracle study, those of an entry.

    label: of the entry; None is the one with S-Cyc, or the first. Raises BadInput for a label that
    is not there, and for an entry whose max_lr is still to be tuned.
    """
    if label is not None and not isinstance(study, SchedulesStudy):
        rule = "this study has one schedule; leave the option out"
        raise BadInput(study.name, [SettingProblem("entry", rule, label)])
    if isinstance(study, OracleStudy):
        return LearningRates(schedule=study.schedule, s_cyc=study.s_cyc)
    if isinstance(study, SearchStudy):
        rule = "it searches S-Cyc's curve and has none of its own; draw a study that does"
        raise BadInput(study.name, [Problem("study", rule)])
    if not isinstance(study, SchedulesStudy):
        assert isinstance(study, DistributionsStudy)
        return study
    entries = {entry.label: entry for entry in study.schedules}
    if label is None:
        label = next(
            (each.label for each in study.schedules if each.s_cyc), study.schedules[0].label
        )
    if label not in entries:
        raise BadInput(study.name, [SettingProblem("entry", unknown(label, entries), label)])
    if entries[label].tune is not None:
        rule = "its max_lr is not known before it is tuned; choose another entry"
        raise BadInput(study.name, [SettingProblem("entry", rule, label)])
    return entries[label]
