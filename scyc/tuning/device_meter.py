"""Short training runs on a device, to measure their time and their memory."""

from __future__ import annotations

import time
from functools import lru_cache

import torch

from scyc.data.images import Images
from scyc.specs.schedules import ConstantSpec
from scyc.specs.system import SplitSpec, SystemSpec
from scyc.trainer import Member, Trainer

_IMAGES = 1280  # used at most; a fifth of them is for validation
_LEARNING_RATE = 1e-4  # of the measured training runs; their results are not used


class DeviceMeter:
    """Measures short training runs of a system with its own batches.

    See :class:`scyc.tuning.autotune.Meter`.

    Args:
        system: What is trained. Its rewinding and its records are left out.
        images: The data set, of which the first 1,280 images are used: a validation pass over a
            large one would take minutes.
        device: Where it trains.
        share: Share of the device's memory that this worker may take, in (0, 1].
    """

    def __init__(
        self, system: SystemSpec, images: Images, device: torch.device, share: float = 1.0
    ) -> None:
        self._system, self._device, self._share = system, device, share
        self._images = Images(
            images.pixels[:_IMAGES], images.labels[:_IMAGES], images.classes, images.fingerprint
        )
        self.trainer = lru_cache(maxsize=2)(self._make_trainer)  # each has a network

    @property
    def image_count(self) -> int:
        """How many images the training runs use, those for validation and testing included."""
        return len(self._images.labels)

    def seconds(self, engine: str | None, members: int, steps: int) -> float:
        """Return the wall time in seconds of a pack with so many members and iterations.

        Args:
            engine: None takes the first that may train the system.
            members: Of the pack, all of them alike.
            steps: Iterations, after which the pack is validated and tested once.

        Returns:
            Seconds, from an idle device to an idle device.
        """
        trainer = self.trainer(steps)
        constant = ConstantSpec(name="constant")
        pack = [Member(trainer.root(0), 0, 0, constant, _LEARNING_RATE)] * members
        self._synchronize()
        began = time.perf_counter()
        trainer.train(pack, engine=engine)
        self._synchronize()
        return time.perf_counter() - began

    def used(self, engine: str, members: int) -> int:
        """Return the bytes of GPU memory that PyTorch reserves for a pack at its peak.

        Args:
            engine: Name of the engine.
            members: Members of the pack.

        Returns:
            Bytes beyond those that were reserved before.
        """
        self.trainer(1)
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(self._device)
        before = torch.cuda.memory_reserved(self._device)
        self.seconds(engine, members, 1)
        return torch.cuda.max_memory_reserved(self._device) - before

    def free(self) -> int:
        """Return the bytes of GPU memory that this worker may take."""
        torch.cuda.empty_cache()
        return int(torch.cuda.mem_get_info(self._device)[0] * self._share)

    def _synchronize(self) -> None:
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)

    def _make_trainer(self, steps: int) -> Trainer:
        """Return a trainer of the same system whose training runs have only `steps` iterations."""
        training = self._system.training.model_copy(
            update={"steps": steps, "validate_every": steps}
        )
        pruning = self._system.pruning.model_copy(update={"rewind": "last", "start_density": None})
        split = self._system.split if self._system.split.test is None else SplitSpec()
        changes = {"training": training, "pruning": pruning, "record": None, "split": split}
        return Trainer(self._system.model_copy(update=changes), self._images, self._device)
