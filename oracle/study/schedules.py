"""A comparison of learning-rate schedules, as a study declares it."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from oracle.study.base import LearningRates, Percent, Study, Text, grid_fits
from oracle.study.parts.grid_spec import GridSpec
from scyc.specs.base import Spec, refuse
from scyc.specs.ranges import Cycle


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


TOGETHER = "together"  # all schedules' training runs, those that they share counted once


class SchedulesStudy(Study):
    """Learning-rate schedules against each other over all pruning cycles (Table 2)."""

    kind: Literal["schedules"]
    schedules: Annotated[tuple[Entry, ...], Field(min_length=2, strict=False)]
    columns: Annotated[tuple[Cycle, ...], Field(min_length=1, strict=False)] | None = None
    paper: PaperSchedules | None = None

    @model_validator(mode="after")
    def _entries_fit(self) -> SchedulesStudy:
        labels = [entry.label for entry in self.schedules]
        repeated = sorted(label for label, count in Counter(labels).items() if count > 1)
        broken = []
        if repeated:
            rule = f'the label "{repeated[0]}" is given twice; every entry needs its own'
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
