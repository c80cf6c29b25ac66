"""Distributions of gradients and outputs of a pruned network, as a study declares them."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from oracle.study.base import LearningRates, Study, Text
from scyc.specs.base import Spec, refuse
from scyc.specs.ranges import PaperNumber
from scyc.specs.system import RecordSpec


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
