"""A search of S-Cyc's parameters, as a study declares it (Liu et al. 2021, Section 4.3)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from oracle.study.base import Study, grid_fits
from oracle.study.parts.grid_spec import GridSpec
from scyc.specs.base import Spec, chosen, refuse, tag
from scyc.specs.ranges import Cycle, LaterCycle, LearningRate, RateOrZero, Steepness
from scyc.specs.schedules import ScheduleSpec

_MOST = 1000  # candidates of a search
_OBJECTIVES = ("target", "mean", "pareto")

Trials = Annotated[int, Field(ge=1, le=_MOST)]
Epsilons = Annotated[tuple[LearningRate, ...], Field(min_length=1, strict=False)]
Deltas = Annotated[tuple[RateOrZero, ...], Field(min_length=1, strict=False)]
Qs = Annotated[tuple[Cycle, ...], Field(min_length=1, strict=False)]
Betas = Annotated[tuple[Steepness, ...], Field(min_length=1, strict=False)]


def _refuse(rule: str) -> None:
    raise PydanticCustomError("search", "{rule}", {"rule": rule})


def _rising(**lists: Sequence[float]) -> None:
    """Refuse lists that do not rise, which keeps every value from standing twice."""
    for name, values in lists.items():
        if list(values) != sorted(set(values)):
            _refuse(f"{name} {list(values)} must rise; sort it and remove repeats")


class Start(Spec):
    """What q and beta are while delta is tuned; the paper does not say."""

    q: Cycle = 1
    beta: Steepness = 4.0


class PaperRecipe(Spec):
    """One parameter after the other, as Section 4.3 has it."""

    name: Literal["paper"]
    epsilon: GridSpec  # tried on the unpruned network alone
    delta: Deltas
    q: Qs = (0, 1, 2, 3)
    beta: Betas = (3.0, 4.0, 5.0, 6.0)
    start: Start = Start()
    trials: Trials = 20  # iterative pruning runs, at most

    @model_validator(mode="after")
    def _fits(self) -> PaperRecipe:
        _rising(delta=self.delta, q=self.q, beta=self.beta)
        if self.start.q not in self.q:
            _refuse(f"start.q {self.start.q} must be one of q {list(self.q)}")
        if self.start.beta not in self.beta:
            _refuse(f"start.beta {self.start.beta} must be one of beta {list(self.beta)}")
        if self.runs > self.trials:
            rule = f"trials {self.trials} are fewer than the {self.runs} runs that delta, q and "
            _refuse(rule + "beta need; raise trials or shorten a list")
        return self

    @property
    def runs(self) -> int:
        """Iterative pruning runs: of each later list, the value that won before is there."""
        return len(self.delta) + len(self.q) - 1 + len(self.beta) - 1


class FloatRange(Spec):
    """Bounds of a number, both included."""

    low: RateOrZero
    high: LearningRate
    log: bool = False  # sampled by its logarithm

    @model_validator(mode="after")
    def _ordered(self) -> FloatRange:
        if self.low > self.high:
            _refuse(f"low {self.low} is above high {self.high}; swap them")
        if self.log and not self.low:
            _refuse("low must be above 0 where log is true")
        return self


class PositiveRange(FloatRange):
    """Bounds of a number that is never 0."""

    low: LearningRate


class CycleRange(Spec):
    """Bounds of a number of pruning cycles, both included."""

    low: Cycle
    high: Cycle

    @model_validator(mode="after")
    def _ordered(self) -> CycleRange:
        if self.low > self.high:
            _refuse(f"low {self.low} is above high {self.high}; swap them")
        return self


class Halving(Spec):
    """Asynchronous successive halving (Li et al. 2020) with pruning cycles as the resource.

    Rungs are at cycles first, first x factor, and so on: one of `factor` candidates goes on.
    """

    first: LaterCycle
    factor: Annotated[int, Field(ge=2, le=100)] = 3

    def rungs(self, last: int) -> tuple[int, ...]:
        """Return the cycles after which candidates are compared, all before the last.

        Args:
            last: Last pruning cycle.

        Returns:
            first, first * factor, first * factor^2 and so on, below `last`.
        """
        rungs: list[int] = []
        rung = self.first
        while rung < last:
            rungs.append(rung)
            rung *= self.factor
        return tuple(rungs)


class SampledSearch(Spec):
    """Candidates that one of Optuna's samplers suggests."""

    name: Literal["optuna"]
    sampler: Literal["tpe", "gp", "random", "qmc"] = "tpe"
    epsilon: PositiveRange
    delta: FloatRange
    q: CycleRange = CycleRange(low=0, high=3)
    beta: PositiveRange = PositiveRange(low=3.0, high=6.0)
    trials: Trials = 20
    startup: Annotated[int, Field(ge=0, le=_MOST)] = (
        8  # the first so many are drawn at random (tpe, gp)
    )
    parallel: Annotated[int, Field(ge=1, le=256)] = 4  # candidates that are under way at once
    halving: Halving | None = None


class ListedSearch(Spec):
    """Every combination of the given values."""

    name: Literal["grid"]
    epsilon: Epsilons
    delta: Deltas
    q: Qs
    beta: Betas

    @model_validator(mode="after")
    def _fits(self) -> ListedSearch:
        _rising(epsilon=self.epsilon, delta=self.delta, q=self.q, beta=self.beta)
        if self.runs > _MOST:
            _refuse(f"the lists have {self.runs:,} combinations, over {_MOST:,}; shorten one")
        return self

    @property
    def runs(self) -> int:
        """How many combinations there are."""
        return math.prod(len(each) for each in (self.epsilon, self.delta, self.q, self.beta))


SEARCH_METHODS: Mapping[str, type[Spec]] = MappingProxyType(
    {"paper": PaperRecipe, "optuna": SampledSearch, "grid": ListedSearch}
)
SearchSpec = Annotated[
    Annotated[PaperRecipe, Tag("<paper>")]
    | Annotated[SampledSearch, Tag("<optuna>")]
    | Annotated[ListedSearch, Tag("<grid>")],
    Discriminator(tag),
    BeforeValidator(chosen(SEARCH_METHODS, default="paper")),
]


class Objective(Spec):
    """What makes a candidate better: mean validation accuracy over replicates, and of what."""

    name: Literal["target", "mean", "pareto"]  # the last cycle; a mean over cycles; each of several
    cycles: Annotated[tuple[Cycle, ...], Field(strict=False)] | None = None

    @model_validator(mode="after")
    def _fits(self) -> Objective:
        given = self.cycles
        if given is not None:
            _rising(cycles=given)
        if self.name == "target" and given is not None:
            _refuse("target is the last cycle; leave cycles out, or use mean")
        if self.name == "mean" and given is not None and not given:
            _refuse("cycles is empty; name one, or leave it out for all")
        if self.name == "pareto" and not 2 <= len(given or ()) <= 3:
            _refuse("pareto needs 2 or 3 cycles, an objective each")
        return self

    def each(self, last: int) -> tuple[tuple[int, ...], ...]:
        """Return for each objective the cycles whose accuracies are averaged.

        Args:
            last: Number of the last cycle.

        Returns:
            One tuple of cycles an objective.
        """
        if self.name == "target":
            return ((last,),)
        if self.name == "mean":
            return (self.cycles if self.cycles is not None else tuple(range(last + 1)),)
        return tuple((cycle,) for cycle in self.cycles or ())


def _named(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


class SearchStudy(Study):
    """A search of S-Cyc's (epsilon, delta, q, beta) on one network, data set and pruning method."""

    kind: Literal["search"]
    schedule: ScheduleSpec
    search: SearchSpec
    objective: Annotated[Objective, BeforeValidator(_named)] = Objective(name="mean")
    resolution: Annotated[int, Field(ge=1, le=12)] | None = None  # digits of Eq. 2's max_lr

    @model_validator(mode="after")
    def _search_fits(self) -> SearchStudy:
        broken = self.broken_by(self.schedule, "schedule")
        late = [cycle for cycle in self.objective.cycles or () if cycle > self.cycles]
        if late:
            rule = f"{late} come after the last of {self.cycles} cycles; remove them"
            broken.append(("objective.cycles", rule))
        search, several = self.search, self.objective.name == "pareto"
        if isinstance(search, PaperRecipe):
            if several:
                rule = 'the paper\'s recipe needs one objective; use "target" or "mean"'
                broken.append(("objective.name", rule))
            refuse(broken)
            grid_fits(self.schedule, search.epsilon)
            return self
        lowest = search.epsilon[0] if isinstance(search, ListedSearch) else search.epsilon.low
        if rule_of_max_lr := self.schedule.max_lr_rule(lowest):
            broken.append(("search.epsilon", rule_of_max_lr))
        if isinstance(search, SampledSearch) and search.halving is not None:
            if several:
                broken.append(("search.halving", "needs one objective; leave it out"))
            if not search.halving.rungs(self.cycles):
                rule = f"must come before the last of {self.cycles} cycles; lower it, or leave "
                broken.append(("search.halving.first", f"{rule}halving out"))
        refuse(broken)
        return self
