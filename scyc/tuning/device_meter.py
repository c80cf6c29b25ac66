"""Short trainings on a device, for their time and their memory."""

from __future__ import annotations

import time

import torch

from scyc.data.images import Images
from scyc.specs.choices import ConstantSpec
from scyc.specs.system import SystemSpec
from scyc.trainer import Member, Trainer

_IMAGES = 1280  # of which a fifth is looked at for validation
_STEADY = 1e-4  # the learning rate of these trainings, which matters to none of them


class DeviceMeter:
    """Measures trainings of a system, with its own batches.

    See :class:`scyc.tuning.autotune.Meter`. share: of the device that this worker may take, in (0,
    1].
    """

    def __init__(
        self, system: SystemSpec, images: Images, device: torch.device, share: float = 1.0
    ) -> None:
        self._system, self._device, self._share = system, device, share
        self._images = Images(
            images.pixels[:_IMAGES], images.labels[:_IMAGES], images.classes, images.fingerprint
        )
        self._trainers: dict[int, Trainer] = {}

    def seconds(self, engine: str, members: int, steps: int) -> float:
        """Wall time of a pack of so many members and iterations."""
        trainer = self._trainer(steps)
        pack = [Member(trainer.root(0), 0, 0, ConstantSpec(name="constant"), _STEADY)] * members
        self._wait()
        began = time.perf_counter()
        trainer.train(pack, engine=engine)
        self._wait()
        return time.perf_counter() - began

    def used(self, engine: str, members: int) -> int:
        """Bytes of the device's memory that PyTorch reserves for a pack, at its peak."""
        self._trainer(1)
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(self._device)
        before = torch.cuda.memory_reserved(self._device)
        self.seconds(engine, members, 1)
        return torch.cuda.max_memory_reserved(self._device) - before

    def free(self) -> int:
        """Bytes of the device's memory that this worker may take."""
        torch.cuda.empty_cache()
        return int(torch.cuda.mem_get_info(self._device)[0] * self._share)

    def _wait(self) -> None:
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)

    def _trainer(self, steps: int) -> Trainer:
        """A trainer of the same system whose trainings have only `steps` iterations."""
        if steps not in self._trainers:
            training = self._system.training.model_copy(
                update={"steps": steps, "validate_every": steps}
            )
            pruning = self._system.pruning.model_copy(update={"rewind": "last"})
            changes = {"training": training, "pruning": pruning, "record": None}
            system = self._system.model_copy(update=changes)
            self._trainers[steps] = Trainer(system, self._images, self._device)
        return self._trainers[steps]
