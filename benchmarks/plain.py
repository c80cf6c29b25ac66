"""An ordinary training loop, as one writes it today, with the same work as ours.

The network is an nn.Module in PyTorch's default layout, the images lie on the device as normalised
tensors, the optimizer is torch.optim.SGD with its defaults, and the masks are multiplied in after
every step. Nothing of it is ours but the network's definition, its initial weights, the order of
the images and the learning rates.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from scyc.networks import registry
from scyc.schedules import rates as schedules
from scyc.trainer import Member, Trainer
from scyc.training import precision


class Plain:
    """Trains members of a trainer's packs one after another, its own way."""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        system, images = trainer.system, trainer._source
        network = registry.build(system.network, images.shape, len(images.classes), seed=0)
        self.network = network.to(trainer.device)

    def images(self, member: Member) -> tuple[Tensor, Tensor, Tensor]:
        """Return all images, normalised; their labels; and which are in each iteration's batch."""
        feed, order = self._trainer._feed(member.replicate, member.cycle)
        every = torch.arange(len(feed.pixels), device=order.device)
        return feed.batch(every), feed.labels, order

    def train(self, members: Sequence[Member]) -> list[float]:
        """Return one training after another; returns validation accuracies in percent."""
        return [self._one(member, *self.images(member)) for member in members]

    def batches(
        self, inputs: Tensor, labels: Tensor, order: Tensor
    ) -> Iterable[tuple[Tensor, Tensor]]:
        """Return the images and labels of each iteration."""
        return ((inputs[chosen], labels[chosen]) for chosen in order)

    def _one(self, member: Member, inputs: Tensor, labels: Tensor, order: Tensor) -> float:
        network, training = self.network, self._trainer.system.training
        network.load_state_dict(member.start.state)
        parameters = dict(network.named_parameters())
        masked = [
            (parameters[name], mask.to(order.device, parameters[name].dtype))
            for name, mask in member.start.masks.items()
            if not mask.all()
        ]
        optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
        rates = schedules.rates(member.schedule, member.max_lr, training.steps)
        feed, _ = self._trainer._feed(member.replicate, member.cycle)
        accuracy = 0.0
        network.train()
        batches = self.batches(inputs, labels, order)
        for step, (rate, (batch, wanted)) in enumerate(zip(rates, batches, strict=True), start=1):
            optimizer.param_groups[0]["lr"] = rate
            optimizer.zero_grad()
            with precision.forward(training.precision, order.device):
                logits = network(batch)
            functional.cross_entropy(logits.float(), wanted).backward()
            optimizer.step()
            with torch.no_grad():
                for parameter, mask in masked:
                    parameter.mul_(mask)
            if step % training.validate_every == 0 or step == training.steps:
                accuracy = self._accuracy(inputs, labels, feed.validation)
        self._accuracy(inputs, labels, feed.test)
        return accuracy

    @torch.no_grad()
    def _accuracy(self, inputs: Tensor, labels: Tensor, which: Tensor) -> float:
        self.network.eval()
        right = [
            (self.network(inputs[chunk]).argmax(1) == labels[chunk]).sum()
            for chunk in which.split(512)
        ]
        self.network.train()
        return 100.0 * float(torch.stack(right).sum()) / len(which)


class Loaded(Plain):
    """The same with a DataLoader that puts the batches together, without processes of its own."""

    def batches(self, inputs: Tensor, labels: Tensor, order: Tensor) -> Iterable[Any]:
        """Yield those of the plain loop."""
        images = TensorDataset(inputs, labels)
        return DataLoader(images, batch_size=order.shape[1], sampler=order.flatten().tolist())


def flops(network: nn.Module, shape: Sequence[int], batch: int, device: torch.device) -> int:
    """Return floating-point operations of one training iteration, by PyTorch's own counter."""
    from torch.utils.flop_counter import FlopCounterMode  # noqa: PLC0415  # slow to import

    images = torch.randn(batch, *shape, device=device)
    labels = torch.zeros(batch, dtype=torch.int64, device=device)
    with FlopCounterMode(display=False) as counter:
        functional.cross_entropy(network.train()(images), labels).backward()
    network.zero_grad(set_to_none=True)
    return int(counter.get_total_flops())
