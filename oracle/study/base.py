"""What every kind of study declares, and the learning rates of an iterative pruning run."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from oracle.study.parts.grid import grid_bounds, grid_values
from oracle.study.parts.grid_spec import GridSpec
from oracle.study.parts.replicates import ReplicateRange, Replicates
from scyc.json_types import JsonObject
from scyc.pruning.criteria import criterion_rule, scores_updates
from scyc.schedules import scyc_curve
from scyc.specs.base import SCyc, Spec, as_json, refuse
from scyc.specs.datasets import DatasetSpec
from scyc.specs.networks import FullyConnectedSpec, NetworkSpec, OwnNetworkSpec
from scyc.specs.ranges import STORED, Classes, LearningRate, PackSize, Seed, WholeShare
from scyc.specs.schedules import ScheduleSpec
from scyc.specs.system import (
    PruningSpec,
    RecordSpec,
    SplitSpec,
    SubsetSpec,
    SystemSpec,
    TrainingSpec,
)

Percent = Annotated[float, Field(ge=0, le=100)]


def _printable(text: str) -> str:
    """Text that shows as it is: no control characters, no line ends, nothing that turns it."""
    if not text.isprintable():
        raise PydanticCustomError("text", "holds characters that do not print; remove them")
    if not text.strip():
        raise PydanticCustomError("text", "is blank; say something")
    return text


Text = Annotated[str, AfterValidator(_printable)]
Printed = Annotated[str, Field(pattern=r"^[0-9]*\.?[0-9]+$", max_length=12)]  # a number's digits


class LearningRates(Spec):
    """The learning rates of an iterative pruning run: a schedule, and its max_lr at each cycle."""

    schedule: ScheduleSpec
    max_lr: LearningRate | None = None  # the same at every cycle
    s_cyc: SCyc | None = None  # Eq. 2's

    def max_lr_at(self, cycle: int, rate: float) -> float:
        """Return max_lr of a pruning cycle: S-Cyc's, or the same at every cycle.

        Args:
            cycle: Completed pruning cycles, 0 for the unpruned network.
            rate: Share of the remaining weights that a cycle prunes, in (0, 1).

        Returns:
            A learning rate.
        """
        if self.s_cyc is not None:
            return scyc_curve.max_lr(self.s_cyc, cycle, rate)
        assert self.max_lr is not None
        return self.max_lr

    def one_of(self, *ways: object) -> None:
        """Refuse all but one way to say max_lr, and a max_lr that the schedule cannot take.

        Args:
            ways: The fields of which exactly one is given, None where it is not.

        Raises:
            PydanticCustomError: Several or none are given, or the schedule cannot take the lowest
                max_lr.
        """
        if sum(way is not None for way in ways) != 1:
            names = "max_lr, s_cyc or tune" if len(ways) == 3 else "max_lr or s_cyc"
            raise PydanticCustomError("one", "give exactly one of {names}", {"names": names})
        lowest = self.s_cyc.epsilon if self.s_cyc is not None else self.max_lr
        rule = self.schedule.max_lr_rule(lowest) if lowest is not None else None
        if rule:
            raise PydanticCustomError("max_lr", "{rule}", {"rule": rule})


def grid_fits(schedule: ScheduleSpec, grid: GridSpec) -> None:
    """Refuse a grid with a max_lr that the schedule cannot take, grown as far as it may.

    Args:
        schedule: Of the learning rate within the cycle.
        grid: The declared grid of max_lr.
    """
    lowest = grid_bounds(grid)[0] if grid.extend else grid_values(grid)[0]
    if rule := schedule.max_lr_rule(lowest):
        rule += ", or set the grid's floor, down to which it may grow" if grid.extend else ""
        raise PydanticCustomError("max_lr", "{rule}", {"rule": rule})


HASH_DIGITS = (8, 16, 64)  # of a hash in a name that people read; more where it is taken
NAME = r"^[a-z0-9][a-z0-9._-]{0,63}$"


class Study(Spec):
    """What every kind of study declares."""

    may_grow: ClassVar[bool] = False  # whether there are verdicts that replicates are added for

    name: Annotated[str, Field(pattern=NAME)]
    beside: Annotated[str, Field(pattern=NAME)] | None = None  # the study in whose folder it lies
    description: str = ""
    dataset: DatasetSpec
    subset: WholeShare = 1.0  # share of each class's images that is used
    classes: Classes | None = None  # the first so many; None takes all
    network: NetworkSpec
    pruning: PruningSpec = PruningSpec()
    training: TrainingSpec
    split: SplitSpec = SplitSpec()
    cycles: Annotated[int, Field(ge=1, le=1000)]  # pruning cycles after the unpruned network
    replicates: Replicates = 3
    seed: Seed = 0
    record: RecordSpec | None = None  # distributions recorded of every network
    pack: PackSize | None = None  # cells trained in one call; None: see the guide
    keep_checkpoints: Literal["path", "all"] = "path"  # "path": the networks that are pruned next
    shrunk: dict[Text, Text] = Field(
        default_factory=dict
    )  # what options on the command line reduced

    @field_validator("pruning")
    @classmethod
    def _criterion_known(cls, value: PruningSpec) -> PruningSpec:
        if rule := criterion_rule(value.criterion):
            raise PydanticCustomError("criterion", "{rule}", {"rule": rule})
        return value

    @field_validator("replicates")
    @classmethod
    def _growth_allowed(cls, value: int | ReplicateRange) -> int | ReplicateRange:
        if isinstance(value, ReplicateRange) and not cls.may_grow:
            rule = "only a study of kind oracle adds replicates by its verdicts; give a number"
            raise PydanticCustomError("growth", "{rule}", {"rule": rule})
        return value

    @model_validator(mode="after")
    def _training_fits(self) -> Study:
        broken = []
        if self.training.engine == "stacked":
            if not self.stackable:
                rule = 'trains fully_connected without batch_norm only; use "auto"'
                broken.append(("training.engine", rule))
            if self.training.precision == "bf16":
                rule = 'engine "stacked" has no "bf16"; use engine "auto", or "fp32"'
                broken.append(("training.precision", rule))
        rewind, steps = self.pruning.rewind, self.training.steps
        tested = self.record is not None and "lr_range_test" in self.record.what
        if tested and isinstance(rewind, int):
            rule = "lr_range_test cannot be recorded where weights go back to an iteration; "
            broken.append(("record.what", rule + "rewind to init or last, or leave it out"))
        if isinstance(rewind, int) and rewind > steps:
            broken.append(("pruning.rewind", f"comes after training's {steps} steps; lower it"))
        refuse(broken + self._update_rules() + self._norm_rules())
        return self

    def _update_rules(self) -> list[tuple[str, str]]:
        """Refuse what does not go with a criterion that scores the change over the last epoch."""
        if not scores_updates(self.pruning.criterion):
            return []
        broken = []
        if isinstance(self.pruning.rewind, int):
            rule = "an iteration does not go with a criterion of updates, which keeps the network "
            rule += "before the last epoch instead; rewind to last, init or reinit"
            broken.append(("pruning.rewind", rule))
        if self.training.carry == "best":
            rule = "the best weights may be older than the last epoch, whose change the criterion "
            broken.append(("training.carry", rule + "scores; use last"))
        return broken

    def _norm_rules(self) -> list[tuple[str, str]]:
        if not self.pruning.prune_norms or self.pruning.criterion != "l1_filter":
            return []
        rule = "l1_filter removes the batch-norm scales of its filters with them; leave it out"
        return [("pruning.prune_norms", rule)]

    def broken_by(self, schedule: ScheduleSpec, path: str) -> list[tuple[str, str]]:
        """Check a schedule against the training budget.

        Args:
            schedule: Declared schedule.
            path: Where the study has it.

        Returns:
            (path, rule) for each rule that it breaks.
        """
        broken = schedule.problems(self.training.steps)
        return [(f"{path}.{field}", rule) for field, rule in broken]

    @property
    def least_replicates(self) -> int:
        """How many replicates everything in the study has."""
        value = self.replicates
        return value.least if isinstance(value, ReplicateRange) else value

    @property
    def most_replicates(self) -> int:
        """How many replicates a cycle may come to have."""
        value = self.replicates
        return value.most if isinstance(value, ReplicateRange) else value

    @property
    def stackable(self) -> bool:
        """Whether the stacked engine can train its network."""
        return isinstance(self.network, FullyConnectedSpec) and not self.network.batch_norm

    @property
    def system(self) -> SystemSpec:
        """What shapes one training run (see :class:`scyc.specs.system.SystemSpec`)."""
        shared = {name: getattr(self, name) for name in SystemSpec.model_fields}
        return SystemSpec.model_validate(shared, context=STORED)  # the study was checked before

    @property
    def images_used(self) -> SubsetSpec:
        """The part of the data set that is used."""
        part = {"share": self.subset, "classes": self.classes, "seed": self.seed}
        return SubsetSpec.model_validate(part, context=STORED)  # the study was checked before

    @property
    def cells_a_pack(self) -> int:
        """How many cells a pack holds at most on a CPU: a function of the study alone."""
        if self.pack is not None:
            return self.pack
        training = self.training
        if training.engine != "auto":
            return 1 if training.engine == "solo" else 16
        alone = training.deterministic or training.precision == "bf16" or not self.stackable
        return 1 if alone else 16

    @property
    def folder_name(self) -> str:
        """The name of its folder: its own, or that of the study that it lies beside."""
        return self.beside or self.name

    def with_source(self) -> Self:
        """Return the study as it is run: a user's own network has the hash of its source."""
        if not isinstance(self.network, OwnNetworkSpec):
            return self
        network = self.network.with_source(self.network.factory)
        return self.model_copy(update={"network": network})

    def identity_fields(self) -> JsonObject:
        """Return every field that says what is computed: all but where it and the images lie."""
        fields = as_json(self)
        del fields["beside"]
        for field in ("root", "download"):
            fields["dataset"].pop(field, None)
        return fields


def short_ids(name: str, digest: str) -> tuple[str, ...]:
    """Return the ids that a study's job or run may have, in the order to try them.

    The first has 8 digits of the hash, 32 bits, and is the one that nearly all have. Whoever finds
    it taken by another hash takes the next, which is longer.

    Args:
        name: Of the study.
        digest: Hash, in hexadecimal.

    Returns:
        One id for each of `HASH_DIGITS`, the shortest first.
    """
    return tuple(f"{name}-{digest[:digits]}" for digits in HASH_DIGITS)
