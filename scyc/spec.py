"""The declared description of a training: frozen, strict, complete.

Every field, defaults included, enters the identity of what is trained with it (see
:func:`content_hash`), so a changed default can never be mistaken for the old result.
"""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

PositiveFloat = Annotated[float, Field(gt=0)]
NonNegativeFloat = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(gt=0, lt=1)]
PositiveInt = Annotated[int, Field(ge=1)]
NonNegativeInt = Annotated[int, Field(ge=0)]


class Spec(BaseModel):
    """Base of every declared object: frozen, strict, no unknown keys, no inf or NaN."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)


def content_hash(content: object) -> str:
    """Hash anything made of JSON values: sha256, in hexadecimal, of its canonical JSON.

    Floats are written by ``repr``, so equal hashes mean equal bits. Raises ValueError for
    inf or NaN and TypeError for what JSON does not know.
    """
    text = json.dumps(
        content, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
    )
    return hashlib.sha256(text.encode("ascii")).hexdigest()


class SCyc(Spec):
    """S-Cyc's parameters (Liu et al. 2021, Section 4.3)."""

    epsilon: PositiveFloat  # max_lr of the unpruned network
    delta: NonNegativeFloat  # total rise of max_lr
    q: NonNegativeInt  # pruning cycle after which max_lr starts to rise
    beta: PositiveFloat  # steepness of the S


class FullyConnectedSpec(Spec):
    """Fully connected ReLU network (Liu et al. 2021, Section 3.1)."""

    name: Literal["fully_connected"]
    hidden: Annotated[tuple[PositiveInt, ...], Field(min_length=1, strict=False)] = (256, 256, 256)


class ResNet20Spec(Spec):
    """ResNet-20 for small images (He et al. 2016, Section 4.2)."""

    name: Literal["resnet20"]
    width: PositiveInt = 16  # channels of the first stage; 16 gives 272,474 parameters


class FactorySpec(Spec):
    """A user's own network or data set: ``module:callable`` and its keyword arguments."""

    factory: Annotated[str, Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_][\w.]*$")]
    options: dict[str, str | int | float | bool | None] = Field(default_factory=dict)


NetworkSpec = FullyConnectedSpec | ResNet20Spec | FactorySpec


class DigitsSpec(Spec):
    """scikit-learn's handwritten digits: 1,797 images of 8 x 8 pixels, 10 classes."""

    name: Literal["digits"]


class Cifar10Spec(Spec):
    """CIFAR-10 as torchvision reads it: 60,000 images of 32 x 32 pixels, 10 classes."""

    name: Literal["cifar10"]
    root: str | None = None  # folder that holds, or will hold, cifar-10-batches-py
    download: bool = False


class ImageFolderSpec(Spec):
    """Any folder of class folders of images."""

    name: Literal["image_folder"]
    root: str | None = None  # the folder; may be given on the command line instead
    parts: Annotated[
        tuple[str, ...], Field(strict=False)
    ] = ()  # subfolders to join, each of classes
    size: PositiveInt | None = (
        None  # pixels a side after resizing; None leaves the images as they are
    )


DatasetSpec = DigitsSpec | Cifar10Spec | ImageFolderSpec | FactorySpec


class SubsetSpec(Spec):
    """A stratified part of a data set, drawn once for all replicates."""

    share: Annotated[float, Field(gt=0, le=1)] = 1.0  # of each class's images
    seed: NonNegativeInt = 0


class PruningSpec(Spec):
    """How a trained network becomes the next, sparser one."""

    criterion: str = "global_magnitude"
    rate: Share = 0.2  # share of the remaining prunable weights that a cycle removes
    batches: PositiveInt = 8  # training batches over which gradient criteria accumulate
    prune_last: bool = False  # the last linear layer is counted, but not pruned
    rewind: Literal["none", "init"] = "none"  # "init": survivors go back to their start (IMP)


class SgdSpec(Spec):
    """Stochastic gradient descent with momentum."""

    name: Literal["sgd"] = "sgd"
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9
    weight_decay: NonNegativeFloat = 1e-4


class WarmupSpec(Spec):
    """LR warm-up (Liu et al. 2021, Table 1), in iterations."""

    warmup: NonNegativeInt  # iterations of the linear rise from 0 to max_lr
    drops: Annotated[tuple[PositiveInt, ...], Field(strict=False)] = ()  # divided by 10 at each

    @model_validator(mode="after")
    def _drops_rise(self) -> WarmupSpec:
        if list(self.drops) != sorted(set(self.drops)):
            raise ValueError("drops must rise from one to the next; sort them and remove repeats")
        return self


class AugmentSpec(Spec):
    """Augmentation of training images, the same for every max_lr of a replicate."""

    crop: NonNegativeInt = 0  # pixels of zero padding before a random crop of the old size
    flip: bool = False  # mirror every second image, at random


class TrainingSpec(Spec):
    """One pruning cycle's training."""

    steps: PositiveInt  # iterations
    batch: PositiveInt  # images an iteration
    schedule: WarmupSpec
    optimizer: SgdSpec = SgdSpec()
    augment: AugmentSpec = AugmentSpec()
    validate_every: PositiveInt  # iterations between two looks at the validation images
    carry: Literal["last", "best"] = "last"  # which weights are pruned next
    precision: Literal["fp32", "fp64"] = "fp32"
    engine: Literal["auto", "solo", "stacked"] = "auto"

    @model_validator(mode="after")
    def _inside_budget(self) -> TrainingSpec:
        late = [drop for drop in self.schedule.drops if drop >= self.steps]
        if late:
            raise ValueError(
                f"schedule.drops {late} come after the last of {self.steps} steps; "
                "lower them or raise steps"
            )
        if self.schedule.warmup > self.steps:
            raise ValueError(
                f"schedule.warmup {self.schedule.warmup} is longer than {self.steps} steps; "
                "lower it or raise steps"
            )
        if self.validate_every > self.steps:
            raise ValueError(
                f"validate_every {self.validate_every} is longer than {self.steps} steps; lower it"
            )
        return self


class SplitSpec(Spec):
    """Random split of the whole data set, drawn anew for each replicate (Section 5.1)."""

    train: Share = 0.6
    validation: Share = 0.2  # what is left is the test part

    @model_validator(mode="after")
    def _leave_a_test_part(self) -> SplitSpec:
        if self.train + self.validation >= 1 - 1e-9:
            raise ValueError("train and validation must leave a share for testing; lower one")
        return self


def as_json(spec: Spec) -> dict[str, Any]:
    """Every field of a spec, defaults included, as JSON values."""
    return spec.model_dump(mode="json")


class SystemSpec(Spec):
    """What shapes a training beside the images, the parent, the max_lr and the replicate."""

    network: NetworkSpec
    pruning: PruningSpec
    training: TrainingSpec
    split: SplitSpec
    seed: NonNegativeInt
