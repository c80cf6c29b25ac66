"""The stacked engine: all members of a pack at once, for fully connected ReLU networks.

Every member's weights are a slice of one tensor, so a layer of all members is one batched product,
forward and backward; the loss gradient of softmax cross-entropy and ReLU is written out. The
optimiser updates all members at once, each at its own learning rate. On a CPU a member's slice of a
batched product has the same bits whatever lies beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from scyc.checkpoint import Network
from scyc.flight import Flight
from scyc.networks import FullyConnected
from scyc.optimizers import Flat, Stacked, stacked
from scyc.system import TrainingSpec
from scyc.training import Feed, Job, Look, Outcome, correct, percent, validated_at


def fits(network: nn.Module, device: torch.device) -> bool:
    """Whether this engine can train the network: fully connected, without batch norm."""
    normalised = any(isinstance(module, nn.BatchNorm1d) for module in network.modules())
    return type(network) is FullyConnected and not normalised


def train(
    network: nn.Module, jobs: Sequence[Job], training: TrainingSpec, flight: Flight | None = None
) -> list[Outcome]:
    """Train all jobs from their starts, side by side.

    network: names the layers; its own weights are left alone. Raises ValueError for a network that
    does not fit.
    """
    if not (isinstance(network, FullyConnected) and fits(network, jobs[0].order.device)):
        raise ValueError(
            f"{type(network).__name__}: only fully connected networks without batch norm can be "
            "stacked"
        )
    stack = _Stack(network, jobs)
    optimizer = stacked(training.optimizer, stack.values, stack.kept)
    images = _StackedImages(jobs)
    device = jobs[0].order.device
    rates = torch.tensor([job.rates for job in jobs], dtype=torch.float64, device=device)
    looks, best = [Look() for _ in jobs], stack.copy()
    kept: dict[int, Network] = {}
    finite = torch.ones(len(jobs), dtype=torch.bool, device=device)
    for step in range(training.steps):
        inputs, labels = images.training_batch(step)
        loss = stack.backward(inputs, labels, optimizer)
        optimizer.step(rates[:, step])
        finite &= loss.isfinite()
        for index, job in enumerate(jobs):
            if job.keep_at == step + 1:
                kept[index] = stack.network(index, job.start.masks)
        if validated_at(step + 1, training):
            accuracies = stack.accuracies(images.validation())
            better = [a > look.best for a, look in zip(accuracies, looks, strict=True)]
            best.take(stack, torch.tensor(better, device=device))
            looks = [x.seen(step + 1, a) for x, a in zip(looks, accuracies, strict=True)]
    finite &= stack.finite()
    best.take(stack, ~finite)  # a diverged network is tested as it ended
    tests = best.accuracies(images.test())
    carried = stack if training.carry == "last" else best
    return [
        Outcome(
            look.curve,
            look.best if good else look.curve[-1][1],
            test,
            not good,
            carried.network(index, jobs[index].start.masks),
            kept.get(index) if good else None,
        )
        for index, (look, test, good) in enumerate(zip(looks, tests, finite.tolist(), strict=True))
    ]


class _Stack:
    """Weights [members, after, before] and biases [members, 1, after] of every layer.

    Both are views of `values`: each layer's weights, then its biases.
    """

    def __init__(self, network: FullyConnected, jobs: Sequence[Job]) -> None:
        layers = range(len(network.layers))
        self.names = [f"layers.{index}.{kind}" for index in layers for kind in ("weight", "bias")]
        singles = [network.get_parameter(name).shape for name in self.names]
        shapes = [
            (len(jobs), *shape) if len(shape) == 2 else (len(jobs), 1, *shape) for shape in singles
        ]
        device, dtype = jobs[0].order.device, next(network.parameters()).dtype
        self._view(Flat(shapes, dtype, device))
        self.kept: Flat | None = None  # 1 where a weight remains, 0 where it is pruned
        if any(not mask.all() for job in jobs for mask in job.start.masks.values()):
            self.kept = self.values.like()
        for index, name in enumerate(self.names):
            for member, job in enumerate(jobs):
                value = self.values.parts[index][member]
                value.copy_(job.start.state[name].view_as(value))
                if self.kept is not None:
                    kept = job.start.masks.get(name, torch.ones((), dtype=torch.bool))
                    self.kept.parts[index][member] = kept.to(device)

    def _view(self, values: Flat) -> None:
        self.values = values
        self.weights, self.biases = values.parts[0::2], values.parts[1::2]

    def forward(self, inputs: Tensor) -> list[Tensor]:
        """Inputs of every layer [members, images, values], and the logits last."""
        values = [inputs]
        for index, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            after = torch.baddbmm(bias, values[-1], weight.transpose(1, 2))
            values.append(after.relu_() if index < len(self.weights) - 1 else after)
        return values

    def backward(self, inputs: Tensor, labels: Tensor, optimizer: Stacked) -> Tensor:
        """Add the gradients of each member's mean loss where the optimiser wants them.

        inputs: [members, images, values]; labels: int64 [members, images].
        Returns the mean losses, [members].
        """
        values = self.forward(inputs)
        log_shares = values[-1].log_softmax(dim=-1)
        chosen = labels.unsqueeze(-1)
        loss = -log_shares.gather(-1, chosen).squeeze(-1).mean(dim=1)
        slope = log_shares.exp_()
        slope.scatter_add_(-1, chosen, torch.full_like(chosen, -1, dtype=slope.dtype))
        slope.div_(labels.shape[1])
        gradients, carried = optimizer.gradients.parts, optimizer.carried
        for index in range(len(self.weights) - 1, -1, -1):
            before = values[index]
            of_weight, of_bias = gradients[2 * index : 2 * index + 2]
            of_weight.baddbmm_(slope.transpose(1, 2), before, beta=carried)
            if carried:
                of_bias.mul_(carried).add_(slope.sum(dim=1, keepdim=True))
            else:
                torch.sum(slope, dim=1, keepdim=True, out=of_bias)
            if index:
                slope = torch.bmm(slope, self.weights[index])
                slope = torch.ops.aten.threshold_backward(slope, before, 0.0)  # ReLU's
        return loss

    def accuracies(self, parts: Iterator[tuple[Tensor, Tensor]]) -> list[float]:
        """Each member's accuracy in percent over (inputs, labels) pieces."""
        right = torch.zeros(len(self.weights[0]), dtype=torch.int64, device=self.weights[0].device)
        total = 0
        for inputs, labels in parts:
            right += correct(self.forward(inputs)[-1], labels).sum(dim=1)
            total += labels.shape[1]
        return [percent(count, total) for count in right.tolist()]

    def finite(self) -> Tensor:
        """Which members have finite weights only, bool [members]."""
        every = [value.isfinite().flatten(1).all(dim=1) for value in self.values.parts]
        return torch.stack(every).all(dim=0)

    def copy(self) -> _Stack:
        """Another stack with the same values, to keep."""
        twin = object.__new__(_Stack)
        twin.names = self.names
        twin._view(self.values.copy())
        return twin

    def take(self, other: _Stack, which: Tensor) -> None:
        """Overwrite the members for which `which`, bool [members], is true."""
        for mine, theirs in zip(self.values.parts, other.values.parts, strict=True):
            mine[which] = theirs[which]

    def network(self, member: int, masks: dict[str, Tensor]) -> Network:
        """One member as a network of its own, on the CPU."""
        values = [value[member].cpu() for value in self.values.parts]
        state = {
            name: (value[0] if name.endswith("bias") else value).clone()
            for name, value in zip(self.names, values, strict=True)
        }
        return Network(state, masks)


class _StackedImages:
    """Images for all members: gathered once a replicate, then handed to each of its members."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        feeds: list[Feed] = []
        self._orders: list[Tensor] = []
        members = []
        for job in jobs:
            if job.feed not in feeds:
                feeds.append(job.feed)
                self._orders.append(job.order)
            members.append(feeds.index(job.feed))
        self._feeds = feeds
        self._members = torch.tensor(members, device=jobs[0].order.device)

    def training_batch(self, step: int) -> tuple[Tensor, Tensor]:
        """Inputs [members, batch, values] and labels [members, batch] of one iteration."""
        return self._handed_out(
            [
                (feed.training_batch(step, order[step]), feed.labels[order[step]])
                for feed, order in zip(self._feeds, self._orders, strict=True)
            ]
        )

    def validation(self) -> Iterator[tuple[Tensor, Tensor]]:
        """The validation images in pieces, each as in :meth:`training_batch`."""
        return self._pieces([feed.validation for feed in self._feeds])

    def test(self) -> Iterator[tuple[Tensor, Tensor]]:
        """The test images in pieces, each as in :meth:`training_batch`."""
        return self._pieces([feed.test for feed in self._feeds])

    def _pieces(self, parts: Sequence[Tensor]) -> Iterator[tuple[Tensor, Tensor]]:
        chunked = [feed.chunks(part) for feed, part in zip(self._feeds, parts, strict=True)]
        for chunks in zip(*chunked, strict=True):
            yield self._handed_out(
                [
                    (feed.batch(chunk), feed.labels[chunk])
                    for feed, chunk in zip(self._feeds, chunks, strict=True)
                ]
            )

    def _handed_out(self, parts: Sequence[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
        inputs = torch.stack([images.flatten(1) for images, _ in parts])
        labels = torch.stack([each for _, each in parts])
        if len(parts) == 1:
            count = len(self._members)
            return inputs.expand(count, -1, -1), labels.expand(count, -1)
        return inputs[self._members], labels[self._members]
