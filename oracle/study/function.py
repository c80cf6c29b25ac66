"""An oracle study whose training runs are a user's own function's."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, SerializerFunctionWrapHandler, model_serializer
from pydantic import model_validator as validator

from oracle.study.oracle import OracleStudy
from oracle.study.parts.metric import PERCENT_ACCURACY, MetricSpec
from scyc.json_types import JsonObject
from scyc.specs.base import Spec, as_json, content_hash, refuse
from scyc.specs.datasets import DatasetSpec
from scyc.specs.factory import FactorySpec, VersionedSpec
from scyc.specs.networks import NetworkSpec, OwnNetworkSpec
from scyc.specs.ranges import STORED, Batch, Iterations, OwnTolerance, Seed
from scyc.specs.schedules import ConstantSpec, ScheduleSpec
from scyc.specs.system import PruningSpec, TrainingSpec

FINGERPRINT = content_hash(["function"])  # stands for that of the images, which there are none of
_NONE = "trainer:function"  # stands for a network and a data set
# Fields of a study of images, which a training function has no use for.
_FOREIGN = (
    "dataset", "subset", "classes", "network", "split", "record", "pack", "beam", "rivals", "paper",
)  # fmt: skip
_RULE = "is the training function's own affair; leave it out, or pass it in trainer.options"


class TrainerSpec(VersionedSpec):
    """A training function, ``module:callable``, and what it finds in ``task.options``."""

    function: Annotated[str, Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_][\w.]*$")]
    options: dict[str, str | int | float | bool | None] = Field(default_factory=dict)


class FunctionTraining(TrainingSpec):
    """How long the schedule of one training run is; all else is the function's."""

    steps: Iterations = 1
    batch: Batch = 1
    validate_every: Iterations = 1


class FunctionSystem(Spec):
    """What shapes a training run of a function besides its parent, learning rates, replicate."""

    trainer: TrainerSpec
    metric: MetricSpec
    pruning: PruningSpec
    steps: Iterations
    seed: Seed


def _named(value: Any) -> Any:
    """Return the long form of a trainer, whose short form is its function."""
    return {"function": value} if isinstance(value, str) else value


class FunctionStudy(OracleStudy):
    """The greedy oracle against S-Cyc, where a user's function trains, prunes and validates."""

    trainer: Annotated[TrainerSpec, BeforeValidator(_named)]
    metric: MetricSpec = PERCENT_ACCURACY
    training: FunctionTraining = FunctionTraining()
    tolerance: OwnTolerance = 0.5  # in the metric's unit, or in percent of the best value
    schedule: ScheduleSpec = ConstantSpec(name="constant")
    dataset: DatasetSpec = FactorySpec(factory=_NONE)
    network: NetworkSpec = OwnNetworkSpec(factory=_NONE)

    @validator(mode="after")
    def _nothing_foreign(self) -> FunctionStudy:
        given = [name for name in _FOREIGN if name in self.model_fields_set]
        given += [f"pruning.{n}" for n in sorted(self.pruning.model_fields_set - {"rate"})]
        given += [f"training.{n}" for n in sorted(self.training.model_fields_set - {"steps"})]
        refuse([(name, _RULE) for name in given])
        return self

    @model_serializer(mode="wrap")
    def _own_fields(self, handler: SerializerFunctionWrapHandler) -> JsonObject:
        """Every field that is this study's own: the others have nothing to say."""
        fields: JsonObject = handler(self)
        for name in _FOREIGN:
            fields.pop(name, None)
        fields["training"] = {"steps": self.training.steps}
        fields["pruning"] = {"rate": self.pruning.rate}
        return fields

    @property
    def system(self) -> FunctionSystem:  # type: ignore[override]  # it has none of the fields that only our trainer uses
        """What shapes one training run."""
        shared = {name: getattr(self, name) for name in ("trainer", "metric", "pruning", "seed")}
        shared["steps"] = self.training.steps
        return FunctionSystem.model_validate(shared, context=STORED)  # the study was checked before

    def with_source(self) -> Self:
        """Return the study as it is run: its training function has the hash of its source."""
        trainer = self.trainer.with_source(self.trainer.function)
        return self.model_copy(update={"trainer": trainer})

    def identity_fields(self) -> JsonObject:
        """Return every field that says what is computed: all but where it lies."""
        fields = as_json(self)
        del fields["beside"]
        return fields
