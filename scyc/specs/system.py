"""The declared description of a training run: all that shapes it besides its learning rates."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, ClassVar, Literal, get_args

from pydantic import Field, ValidationInfo, field_validator, model_validator

from scyc.specs.base import ExtendedSpec, Spec, refuse
from scyc.specs.engines import EngineName
from scyc.specs.networks import NetworkSpec
from scyc.specs.optimizers import OptimizerSpec, SgdSpec
from scyc.specs.ranges import (
    Batch,
    Batches,
    Bound,
    Classes,
    GradientNorm,
    Iterations,
    Padding,
    Seed,
    Share,
    Smoothing,
    WeightDecay,
    WholeShare,
    is_stored,
)

_MOST_IMAGES = 4 * 10**9  # that one training run may be shown: their order is 32 GB in memory
Recorded = Literal["weight_gradients", "activations", "pruned_norm", "lr_range_test"]
RecordedDistribution = Literal["weight_gradients", "activations"]
DISTRIBUTIONS: tuple[RecordedDistribution, ...] = ("weight_gradients", "activations")


class SubsetSpec(Spec):
    """A stratified part of a data set, drawn once for all replicates."""

    share: WholeShare = 1.0  # of each class's images
    classes: Classes | None = None  # the first so many; None takes all
    seed: Seed = 0


class PruningSpec(ExtendedSpec):
    """How a trained network becomes the next, sparser one."""

    younger: ClassVar[tuple[str, ...]] = ("start_density", "prune_norms")

    criterion: str = "global_magnitude"
    rate: Share = 0.2  # share of the remaining prunable weights (or filters) that a cycle removes
    batches: Batches = 8  # training batches over which gradient criteria accumulate
    prune_last: bool = False  # the last linear layer is counted, but not pruned
    # Where survivors go back to: nowhere, to their initial values (IMP), to new random ones, or to
    # those after so many iterations of the unpruned network's training.
    rewind: Literal["last", "init", "reinit"] | Iterations = "last"
    start_density: Share | None = None  # of the prunable weights, drawn at random before cycle 0
    prune_norms: bool = False  # the scales of batch norm are pruned and counted like weights


class AugmentSpec(Spec):
    """Augmentation of training images."""

    crop: Padding = 0  # pixels of zero padding before a random crop of the old size
    flip: bool = False  # mirror every second image, at random
    per: Literal["replicate", "member"] = "replicate"  # the same for every max_lr, or its own


class TrainingSpec(ExtendedSpec):
    """One pruning cycle's training, without its learning rates."""

    younger: ClassVar[tuple[str, ...]] = (
        "label_smoothing",
        "clip_grad_norm",
        "norm_weight_decay",
        "bias_weight_decay",
    )

    steps: Iterations  # iterations
    batch: Batch  # images an iteration
    optimizer: OptimizerSpec = SgdSpec()
    augment: AugmentSpec = AugmentSpec()
    validate_every: Iterations  # iterations between two validations
    carry: Literal["last", "best"] = "last"  # which weights are pruned next
    precision: Literal["fp32", "fp64", "bf16"] = "fp32"  # bf16: autocast of the forward pass
    engine: EngineName = "auto"
    deterministic: bool = False  # the reference engine and deterministic kernels, on any device
    label_smoothing: Smoothing = 0.0  # share of each label's target that all classes share
    clip_grad_norm: GradientNorm | None = None  # largest L2 norm of all gradients together
    norm_weight_decay: WeightDecay | None = None  # of norms, instead of the optimizer's
    bias_weight_decay: WeightDecay | None = None  # of biases, instead of the optimizer's

    @property
    def optimizer_weight_decay(self) -> float:
        """The optimizer's weight decay; 0 where it has none."""
        return float(getattr(self.optimizer, "weight_decay", 0.0))

    @model_validator(mode="after")
    def _inside_budget(self) -> TrainingSpec:
        if self.validate_every > self.steps:
            raise ValueError(
                f"a validation interval of {self.validate_every} is longer than "
                f"{self.steps} steps; lower it"
            )
        return self

    @model_validator(mode="after")
    def _order_fits_memory(self, info: ValidationInfo) -> TrainingSpec:
        if self.steps * self.batch > _MOST_IMAGES and not is_stored(info):
            rule = f"times {self.steps:,} steps are over {_MOST_IMAGES:,} images; lower one"
            refuse([("batch", rule)])
        return self

    @model_validator(mode="after")
    def _decays_differ(self) -> TrainingSpec:
        """Refuse what changes nothing: the same training run would have a second id."""
        own = self.optimizer_weight_decay
        rule = f"is the optimizer's own weight_decay, {own}; leave this out"
        names = ("norm_weight_decay", "bias_weight_decay")
        refuse((name, rule) for name in names if getattr(self, name) == own)
        return self

    @model_validator(mode="after")
    def _reference_if_deterministic(self) -> TrainingSpec:
        if self.deterministic and self.engine not in ("auto", "solo"):
            raise ValueError(
                f'engine "{self.engine}" is not the deterministic one; leave engine out, or say '
                '"solo"'
            )
        return self


# Options that training scripts have and this trainer does not, with the reason.
NO_TRAINING_OPTIONS: Mapping[str, str] = MappingProxyType(
    dict.fromkeys(
        ("ema", "ema_decay", "model_ema", "ema_steps"),
        "averaged weights make two networks of one, and which of them is pruned is up to you",
    )
    | dict.fromkeys(
        ("class_weights", "class_weight"),
        "max_lr is chosen by accuracy, which counts every image alike, so you want another metric",
    )
    | dict.fromkeys(
        ("loss", "loss_fn", "criterion"),
        "the engines compute cross-entropy, and max_lr is chosen by accuracy",
    )
)


class SplitSpec(ExtendedSpec):
    """Split of the whole data set, drawn anew for each replicate (Section 5.1).

    Where `test` names a part, that part's images are the test images of every replicate, and the
    others are drawn for training and validation in the ratio of their shares.
    """

    younger: ClassVar[tuple[str, ...]] = ("stratified", "test")

    train: Share = 0.6
    validation: Share = 0.2  # what is left is the test part
    stratified: bool = False  # these shares of each class, as near as its images allow
    test: Annotated[str, Field(min_length=1, max_length=255)] | None = None  # a part's name

    @model_validator(mode="after")
    def _leave_a_test_part(self) -> SplitSpec:
        whole = self.train + self.validation
        if self.test is None and whole >= 1 - 1e-9:
            raise ValueError("train and validation must leave a share for testing; lower one")
        if whole > 1 + 1e-9:
            raise ValueError("train and validation are more than everything; lower one")
        return self


class RecordSpec(Spec):
    """What is recorded of every network at the end of its training.

    Two distributions, and two facts about the network that pruning makes of it: how large what is
    pruned is, and the learning rate that a range test suggests.
    """

    what: Annotated[tuple[Recorded, ...], Field(min_length=1, strict=False)]
    batches: Batches = 8  # training batches that are looked at
    outside: Annotated[tuple[Bound, Bound], Field(strict=False)] | None = None  # to count at

    @field_validator("what")
    @classmethod
    def _in_one_order(cls, what: tuple[Recorded, ...]) -> tuple[Recorded, ...]:
        """Sort: the order does not matter; equal distributions are the same training run."""
        if len(set(what)) < len(what):
            raise ValueError("contains a name twice; remove one")
        return tuple(each for each in get_args(Recorded) if each in what)

    @model_validator(mode="after")
    def _bounds_rise(self) -> RecordSpec:
        if self.outside is not None and self.outside[0] >= self.outside[1]:
            raise ValueError("outside: the lower bound must lie below the upper one; swap them")
        return self


class SystemSpec(Spec):
    """What shapes a training run besides images, parent, learning rates and replicate."""

    network: NetworkSpec
    pruning: PruningSpec
    training: TrainingSpec
    split: SplitSpec
    seed: Seed
    record: RecordSpec | None = None
