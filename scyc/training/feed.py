"""One replicate's images on the device, as a training run sees them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor

from scyc import seeds
from scyc.data.images import Images, Split
from scyc.specs.system import AugmentSpec

_EVALUATION_BATCH = 512  # images


class Feed:
    """One replicate's images on the device: normalised by its training part, augmented there.

    Training runs that differ only in max_lr see the same augmented images.

    Args:
        images: The data set.
        split: The replicate's division of it, with mean and standard deviation of its training
            part.
        augment: How training images are augmented.
        shape: Iterations of a training run, and images of each.
        purpose: What the augmentation's seed is made of (see :mod:`scyc.seeds`).
        dtype: Of the normalised images.
        device: Where the images are.
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
        """Whether images are changed at random in each iteration."""
        return self._shifts is not None or self._flips is not None

    def batch(self, indices: Tensor) -> Tensor:
        """Return normalised images [len(indices), channels, height, width], not augmented.

        Args:
            indices: Of images, int64.

        Returns:
            In the precision and on the device of the feed.
        """
        return self._normalised(self.pixels[indices])

    def training_batch(self, step: int, indices: Tensor) -> Tensor:
        """Return the images of one training iteration, augmented and then normalised.

        Args:
            step: Completed iterations, 0 at the start.
            indices: Of images, int64.

        Returns:
            [len(indices), channels, height, width], flipped and shifted as drawn for this
            iteration.
        """
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
        image = torch.arange(count, device=pixels.device).view(-1, 1, 1)
        cropped = pixels.permute(0, 2, 3, 1)[image, rows.unsqueeze(2), columns.unsqueeze(1)]
        return self._normalised(cropped.permute(0, 3, 1, 2))

    def chunks(self, indices: Tensor) -> Sequence[Tensor]:
        """Return indices in chunks that are evaluated together.

        Args:
            indices: Of images, int64.

        Returns:
            Views of `indices`, in order; the last may be shorter.
        """
        return cast("Sequence[Tensor]", indices.split(_EVALUATION_BATCH))

    def _normalised(self, pixels: Tensor) -> Tensor:
        return pixels.to(self._dtype).sub_(self._mean).div_(self._std)
