"""What an engine is given and what it gives back, and the images as a training sees them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor

from scyc import seeds
from scyc.data.images import Images, Split
from scyc.pruning.pruned_network import Network
from scyc.specs.system import AugmentSpec, TrainingSpec

_EVALUATION_BATCH = 512  # images


@dataclass(frozen=True)
class Job:
    """One member of a pack, ready to train."""

    start: Network  # weights and masks at iteration 0
    rates: list[float]  # learning rate of every iteration
    feed: Feed  # its replicate's images; members of one replicate share it
    order: Tensor  # int64 [steps, batch], images of every iteration; shared likewise
    seed: int  # of what the network itself draws while training (dropout); shared likewise
    keep_at: int | None = None  # completed iterations after which the weights are kept


@dataclass(frozen=True)
class Outcome:
    """A finished training. Accuracies are in percent."""

    curve: tuple[tuple[int, float], ...]  # (completed iterations, validation accuracy)
    val_accuracy: float  # the highest of the curve; 0 if it diverged
    test_accuracy: float  # of the weights that had val_accuracy: the early-stop test accuracy
    diverged: bool  # a loss or a weight was not finite
    network: Network  # what is carried to the next cycle
    kept: Network | None = None  # at the job's keep_at; None without one, or if it diverged


@dataclass(frozen=True)
class ValidationCurve:
    """Validation so far: where the lowest validation error was seen first."""

    curve: tuple[tuple[int, float], ...] = ()
    best: float = -1.0

    def seen(self, step: int, accuracy: float) -> ValidationCurve:
        """Add one more accuracy, in percent, after `step` iterations."""
        return ValidationCurve((*self.curve, (step, accuracy)), max(self.best, accuracy))

    def lost(self, step: int, network: Network) -> Outcome:
        """The outcome of a member that left its pack after `step` iterations, diverged.

        It scores 0: what a network with values that are not numbers guesses is no accuracy.
        """
        curve = tuple(point for point in self.curve if point[0] < step)
        return Outcome((*curve, (step, 0.0)), 0.0, 0.0, True, network)


class Feed:
    """One replicate's images on the device: normalised by its training part, augmented there.

    order, augmentation: drawn from (seed, replicate, cycle) alone, so the trainings that differ
    only in max_lr see the same images in the same order.
    """

    def __init__(
        self,
        images: Images,
        split: Split,
        augment: AugmentSpec,
        shape: tuple[int, int],
        purpose: Sequence[str | int],
        dtype: torch.dtype,
        device: torch.device,
    ) -> None:
        self.pixels = images.pixels.to(device)
        self.labels = images.labels.to(device)
        self.train = split.train.to(device)
        self.validation = split.validation.to(device)
        self.test = split.test.to(device)
        self._mean = split.mean.to(device, dtype).view(1, -1, 1, 1)
        self._std = split.std.to(device, dtype).view(1, -1, 1, 1)
        self._dtype = dtype
        self._augment = augment
        self._shifts: Tensor | None = None
        self._flips: Tensor | None = None
        generator = seeds.generator(*purpose, "augment")
        if augment.crop:
            shifts = torch.randint(
                2 * augment.crop + 1, (*shape, 2), generator=generator, dtype=torch.int16
            )
            self._shifts = shifts.to(device)
        if augment.flip:
            flips = torch.randint(2, shape, generator=generator, dtype=torch.int8)
            self._flips = flips.to(device).bool()

    @property
    def augments(self) -> bool:
        """Whether an image looks different from one iteration to the next."""
        return self._shifts is not None or self._flips is not None

    def batch(self, indices: Tensor) -> Tensor:
        """Images [len(indices), channels, height, width] as they are, normalised."""
        return self._normalised(self.pixels[indices])

    def training_batch(self, step: int, indices: Tensor) -> Tensor:
        """The images of one training iteration: augmented, then normalised."""
        pixels = self.pixels[indices]
        if not self.augments:
            return self._normalised(pixels)
        crop = self._augment.crop
        count, _, height, width = pixels.shape
        rows = torch.arange(height, device=pixels.device).expand(count, height)
        columns = torch.arange(width, device=pixels.device).expand(count, width)
        if self._flips is not None:
            columns = torch.where(self._flips[step].unsqueeze(1), width - 1 - columns, columns)
        if self._shifts is not None:
            pixels = torch.nn.functional.pad(pixels, (crop, crop, crop, crop))
            rows = rows + self._shifts[step, :, :1].long()
            columns = columns + self._shifts[step, :, 1:].long()
        which = torch.arange(count, device=pixels.device).view(-1, 1, 1)
        cut = pixels.permute(0, 2, 3, 1)[which, rows.unsqueeze(2), columns.unsqueeze(1)]
        return self._normalised(cut.permute(0, 3, 1, 2))

    def chunks(self, indices: Tensor) -> Sequence[Tensor]:
        """Indices in pieces that are evaluated at once."""
        return cast("Sequence[Tensor]", indices.split(_EVALUATION_BATCH))

    def _normalised(self, pixels: Tensor) -> Tensor:
        return pixels.to(self._dtype).sub_(self._mean).div_(self._std)


def is_validation_step(step: int, training: TrainingSpec) -> bool:
    """Whether validation accuracy is measured after `step` completed iterations."""
    return step % training.validate_every == 0 or step == training.steps


def is_correct(logits: Tensor, labels: Tensor) -> Tensor:
    """Which predictions are right, bool [..., images]; logits that are not finite never are.

    logits: [..., images, classes]; labels: int64 [..., images].
    """
    return (logits.argmax(dim=-1) == labels) & logits.isfinite().all(dim=-1)


def percent(count: int, total: int) -> float:
    """A share as a percentage."""
    return 100.0 * count / total
