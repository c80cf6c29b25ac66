"""Fully connected ReLU networks side by side: forward, and the gradients written out.

Every layer's weights of all members are one tensor and a layer of all is one batched product. What
a training step computes lies in buffers that are made once, so that the loop allocates next to
nothing: on a CPU fresh memory for every gradient costs an ordinary loop a good part of its time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from scyc.networks.fully_connected import FullyConnected
from scyc.optimizers.flat import Flat
from scyc.optimizers.stacked import StackedOptimizer
from scyc.pruning.pruned_network import Network
from scyc.training.job import is_correct


class StackedMlp:
    """Weights [members, after, before] and biases [members, 1, after] of every layer.

    Both are views of `values`: each layer's weights, then its biases. kept: as `values`, 1 where a
    weight remains, 0 where it is pruned; None where nothing is.
    """

    def __init__(self, names: Sequence[str], values: Flat, kept: Flat | None) -> None:
        self.names, self.values, self.kept = list(names), values, kept
        self.weights, self.biases = values.parts[0::2], values.parts[1::2]

    @classmethod
    def started(cls, network: FullyConnected, starts: Sequence[Network]) -> StackedMlp:
        """A stack of these networks, on the device and in the precision of the one given."""
        first = next(network.parameters())
        layers = range(len(network.layers))
        names = [f"layers.{index}.{kind}" for index in layers for kind in ("weight", "bias")]
        single = [network.get_parameter(name).shape for name in names]
        shapes = [(len(starts), *((1,) * (2 - len(shape))), *shape) for shape in single]
        values = Flat(shapes, first.dtype, first.device)
        pruned = any(not mask.all() for start in starts for mask in start.masks.values())
        stack = cls(names, values, values.like() if pruned else None)
        whole = torch.ones((), dtype=torch.bool)
        for index, name in enumerate(names):
            for member, start in enumerate(starts):
                part = values.parts[index][member]
                part.copy_(start.state[name].view_as(part))
                if stack.kept is not None:
                    stack.kept.parts[index][member] = start.masks.get(name, whole).to(part.device)
        return stack

    def __len__(self) -> int:
        return len(self.weights[0])

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits [members, images, classes] of inputs [members, images, values]."""
        last = len(self.weights) - 1
        for index, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            inputs = torch.baddbmm(bias, inputs, weight.transpose(1, 2))
            inputs = inputs.relu_() if index < last else inputs
        return inputs

    def right(self, inputs: Tensor, labels: Tensor) -> Tensor:
        """How many of the images each member gets right, int64 [members]."""
        return is_correct(self.forward(inputs), labels).sum(dim=1)

    def finite(self) -> Tensor:
        """Which members have finite weights only, bool [members]."""
        every = [value.isfinite().flatten(1).all(dim=1) for value in self.values.parts]
        return torch.stack(every).all(dim=0)

    def only(self, rows: Sequence[int]) -> StackedMlp:
        """Copies of some of the members, in the order of `rows`."""
        kept = None if self.kept is None else _some(self.kept, rows)
        return StackedMlp(self.names, _some(self.values, rows), kept)

    def take(self, other: StackedMlp, rows: Iterable[int]) -> None:
        """Overwrite some of the members by those of another stack."""
        chosen = list(rows)
        for mine, theirs in zip(self.values.parts, other.values.parts, strict=True):
            mine[chosen] = theirs[chosen]

    def network(self, member: int, masks: dict[str, Tensor]) -> Network:
        """One member as a network of its own, on the CPU."""
        values = [value[member].cpu() for value in self.values.parts]
        state = {
            name: (value[0] if name.endswith("bias") else value).clone()
            for name, value in zip(self.names, values, strict=True)
        }
        return Network(state, masks)


@dataclass(frozen=True)
class _Layer:
    """One layer's tensors, as its products take them."""

    weight: Tensor  # [members, after, before]
    turned: Tensor  # its transpose
    bias: Tensor  # [members, 1, after]
    after: Tensor  # outputs [members, batch, after]
    slope: Tensor  # the loss's gradient at the outputs, times the batch
    slope_turned: Tensor
    of_weight: Tensor  # where the optimiser wants the gradients
    of_bias: Tensor


class MlpGradients:
    """The gradients of a stack's training steps, for batches of one size."""

    def __init__(self, stack: StackedMlp, optimizer: StackedOptimizer, batch: int) -> None:
        self._batch, self._carried = batch, optimizer.momentum
        gradients = optimizer.gradients.parts
        self._layers = []
        for index, (weight, bias) in enumerate(zip(stack.weights, stack.biases, strict=True)):
            after = weight.new_empty(len(stack), batch, weight.shape[1])
            slope = torch.empty_like(after)
            turned = (weight.transpose(1, 2), bias, after, slope, slope.transpose(1, 2))
            self._layers.append(_Layer(weight, *turned, *gradients[2 * index : 2 * index + 2]))
        # The few classes lie before the batch: so the CPU's products take half the time.
        last = self._layers[-1]
        self._logits = last.after.new_empty(len(stack), last.after.shape[2], batch)
        slope = torch.empty_like(self._logits)
        self._layers[-1] = replace(last, slope=slope.transpose(1, 2), slope_turned=slope)
        self._before = (self._layers[-2].after.transpose(1, 2), last.bias.transpose(1, 2))
        self._mean = stack.weights[0].new_full((len(stack), 1, batch), 1 / batch)
        self._minus = stack.weights[0].new_full((len(stack), 1, batch), -1.0)

    def loss(self, inputs: Tensor, labels: Tensor) -> Tensor:
        """The members' losses [members], summed over the batch; :meth:`backward` goes on from here.

        inputs: [members, batch, values]; labels: int64 [members, 1, batch].
        """
        *hidden, last = self._layers
        before = inputs
        for layer in hidden:
            torch.baddbmm(layer.bias, before, layer.turned, out=layer.after)
            before = layer.after.relu_()
        turned, bias = self._before
        log_shares = torch.baddbmm(bias, last.weight, turned, out=self._logits).log_softmax(dim=1)
        torch.exp(log_shares, out=last.slope_turned).scatter_add_(1, labels, self._minus)
        return log_shares.gather(1, labels).sum(dim=(1, 2)).neg_()

    def backward(self, inputs: Tensor) -> None:
        """Add the gradients of each member's mean loss where the optimiser wants them."""
        carried, share = self._carried, 1 / self._batch
        for index in range(len(self._layers) - 1, -1, -1):
            layer = self._layers[index]
            before = self._layers[index - 1].after if index else inputs
            if index:
                below = self._layers[index - 1].slope
                torch.bmm(layer.slope, layer.weight, out=below)
                torch.ops.aten.threshold_backward.grad_input(  # ReLU's
                    below, before, 0.0, grad_input=below
                )
            layer.of_weight.baddbmm_(layer.slope_turned, before, beta=carried, alpha=share)
            layer.of_bias.baddbmm_(self._mean, layer.slope, beta=carried)


def _some(values: Flat, rows: Sequence[int]) -> Flat:
    shapes = [(len(rows), *shape[1:]) for shape in values.shapes]
    found = Flat(shapes, values.whole.dtype, values.whole.device)
    for mine, theirs in zip(found.parts, values.parts, strict=True):
        mine.copy_(theirs[list(rows)])
    return found
