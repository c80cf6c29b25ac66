"""Many fully connected ReLU networks: the forward pass, and the gradients written out.

Every layer's weights of all members are one tensor, and a layer of all members is one batched
product. A training step writes into buffers that are made once: on a CPU, allocating memory for
every gradient takes a good part of an ordinary loop's time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from scyc.networks.fully_connected import FullyConnected
from scyc.optimizers.clipping import clip_factors
from scyc.optimizers.flat import Flat
from scyc.optimizers.stacked import StackedOptimizer
from scyc.pruning.pruned_network import Network
from scyc.specs.system import TrainingSpec
from scyc.training.job import is_correct


class StackedMlp:
    """Weights [members, after, before] and biases [members, 1, after] of every layer.

    Args:
        names: Of weight and bias of each layer in turn.
        values: Holds weights and biases in that order; both are views of it.
        masks: Like `values`, 1 where a weight remains and 0 where it is pruned; None where nothing
            is pruned.
    """

    def __init__(self, names: Sequence[str], values: Flat, masks: Flat | None) -> None:
        self.names, self.values, self.masks = list(names), values, masks
        self.weights, self.biases = values.parts[0::2], values.parts[1::2]

    @classmethod
    def from_networks(cls, network: FullyConnected, starts: Sequence[Network]) -> StackedMlp:
        """Return a stack of these networks, on the device and in the precision of `network`.

        Args:
            network: Names the layers.
            starts: One a member.

        Returns:
            The stack, with masks where a weight of any member is pruned.
        """
        first = next(network.parameters())
        layers = range(len(network.layers))
        names = [f"layers.{index}.{kind}" for index in layers for kind in ("weight", "bias")]
        single = [network.get_parameter(name).shape for name in names]
        shapes = [(len(starts), *((1,) * (2 - len(shape))), *shape) for shape in single]
        values = Flat(shapes, first.dtype, first.device)
        pruned = any(not mask.all() for start in starts for mask in start.masks.values())
        stack = cls(names, values, values.like() if pruned else None)
        everything = torch.ones((), dtype=torch.bool)
        for index, name in enumerate(names):
            for member, start in enumerate(starts):
                part = values.parts[index][member]
                part.copy_(start.state[name].view_as(part))
                if stack.masks is not None:
                    stack.masks.parts[index][member] = start.masks.get(name, everything).to(
                        part.device
                    )
        return stack

    def __len__(self) -> int:
        return len(self.weights[0])

    def forward(self, inputs: Tensor) -> Tensor:
        """Return logits [members, images, classes] of inputs [members, images, values].

        Args:
            inputs: [members, images, values].

        Returns:
            A new tensor, not normalised.
        """
        last = len(self.weights) - 1
        for index, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            inputs = torch.baddbmm(bias, inputs, weight.transpose(1, 2))
            inputs = inputs.relu_() if index < last else inputs
        return inputs

    def count_correct(self, inputs: Tensor, labels: Tensor) -> Tensor:
        """Return how many images each member classifies correctly, int64 [members].

        Args:
            inputs: [members, images, values].
            labels: Integer classes, one row a member.

        Returns:
            Counts on the device.
        """
        return is_correct(self.forward(inputs), labels).sum(dim=1)

    def finite(self) -> Tensor:
        """Return which members have finite weights only, bool [members]."""
        finite = [value.isfinite().flatten(1).all(dim=1) for value in self.values.parts]
        return torch.stack(finite).all(dim=0)

    def select(self, rows: Sequence[int]) -> StackedMlp:
        """Return copies of some of the members, in the order of `rows`.

        Args:
            rows: Indices of members.

        Returns:
            A stack in new memory.
        """
        masks = None if self.masks is None else self.masks.select(rows)
        return StackedMlp(self.names, self.values.select(rows), masks)

    def copy_from(self, other: StackedMlp, rows: Iterable[int]) -> None:
        """Overwrite some of the members by those of another stack.

        Args:
            other: Of the same layers.
            rows: Indices of the members.
        """
        selected = list(rows)
        for target, source in zip(self.values.parts, other.values.parts, strict=True):
            target[selected] = source[selected]

    def network(self, member: int, masks: dict[str, Tensor]) -> Network:
        """Return one member as a network of its own, on the CPU.

        Args:
            member: Index of the member.
            masks: bool, by name.

        Returns:
            Its state_dict, with these masks.
        """
        values = [value[member].cpu() for value in self.values.parts]
        state = {
            name: (value[0] if name.endswith("bias") else value).clone()
            for name, value in zip(self.names, values, strict=True)
        }
        return Network(state, masks)


@dataclass(frozen=True)
class _Layer:
    """One layer's tensors, in the shapes that its products need."""

    weight: Tensor  # [members, after, before]
    transposed: Tensor  # of `weight`
    bias: Tensor  # [members, 1, after]
    after: Tensor  # outputs [members, batch, after]
    gradient: Tensor  # of the loss by the outputs, times the batch
    gradient_transposed: Tensor
    weight_gradient: Tensor  # the optimizer's buffers
    bias_gradient: Tensor


class MlpGradients:
    """The gradients of a stack's training steps.

    Args:
        stack: The members.
        optimizer: Of their weights.
        training: Has the size of a batch, label smoothing and clipping.
    """

    def __init__(
        self, stack: StackedMlp, optimizer: StackedOptimizer, training: TrainingSpec
    ) -> None:
        self._batch = batch = training.batch
        self._optimizer, self._masks = optimizer, stack.masks
        self._max_norm = training.clip_grad_norm
        # What is to be clipped is not in the momentum yet.
        self._unclipped = None if self._max_norm is None else stack.values.like()
        self._momentum = optimizer.momentum if self._unclipped is None else 0.0
        gradients = (self._unclipped or optimizer.gradients).parts
        self._layers = []
        for index, (weight, bias) in enumerate(zip(stack.weights, stack.biases, strict=True)):
            after = weight.new_empty(len(stack), batch, weight.shape[1])
            gradient = torch.empty_like(after)
            transposed = (weight.transpose(1, 2), bias, after, gradient, gradient.transpose(1, 2))
            self._layers.append(_Layer(weight, *transposed, *gradients[2 * index : 2 * index + 2]))
        # Classes before the batch: the CPU's matrix products take half the time so.
        last = self._layers[-1]
        self._logits = last.after.new_empty(len(stack), last.after.shape[2], batch)
        gradient = torch.empty_like(self._logits)
        self._layers[-1] = replace(
            last, gradient=gradient.transpose(1, 2), gradient_transposed=gradient
        )
        self._before = (self._layers[-2].after.transpose(1, 2), last.bias.transpose(1, 2))
        self._mean = stack.weights[0].new_full((len(stack), 1, batch), 1 / batch)
        smoothing = training.label_smoothing
        self._minus = stack.weights[0].new_full((len(stack), 1, batch), smoothing - 1.0)
        self._smoothing, self._shared = smoothing, smoothing / last.after.shape[2]

    def loss(self, inputs: Tensor, labels: Tensor) -> Tensor:
        """Compute the losses, summed over the batch; :meth:`backward` needs what this stores.

        Args:
            inputs: [members, batch, values].
            labels: int64 [members, 1, batch].

        Returns:
            [members].
        """
        *hidden, last = self._layers
        before = inputs
        for layer in hidden:
            torch.baddbmm(layer.bias, before, layer.transposed, out=layer.after)
            before = layer.after.relu_()
        transposed, bias = self._before
        log_probabilities = torch.baddbmm(
            bias, last.weight, transposed, out=self._logits
        ).log_softmax(dim=1)
        slope = torch.exp(log_probabilities, out=last.gradient_transposed)
        slope.scatter_add_(1, labels, self._minus)
        loss = log_probabilities.gather(1, labels).sum(dim=(1, 2)).neg_()
        if self._smoothing:
            slope.sub_(self._shared)
            everywhere = log_probabilities.sum(dim=(1, 2))
            loss.mul_(1 - self._smoothing).sub_(everywhere, alpha=self._shared)
        return loss

    def backward(self, inputs: Tensor) -> None:
        """Add the gradients of each member's mean loss to the optimizer's buffers.

        Args:
            inputs: [members, images, values].
        """
        momentum, scale = self._momentum, 1 / self._batch
        for index in range(len(self._layers) - 1, -1, -1):
            layer = self._layers[index]
            before = self._layers[index - 1].after if index else inputs
            if index:
                below = self._layers[index - 1].gradient
                torch.bmm(layer.gradient, layer.weight, out=below)
                torch.ops.aten.threshold_backward.grad_input(  # ReLU's
                    below, before, 0.0, grad_input=below
                )
            layer.weight_gradient.baddbmm_(
                layer.gradient_transposed, before, beta=momentum, alpha=scale
            )
            layer.bias_gradient.baddbmm_(self._mean, layer.gradient, beta=momentum)
        self._clip()

    def _clip(self) -> None:
        """Add the gradients to the optimizer's buffers, no member's with a norm above `max_norm`.

        The gradients of pruned weights are no part of it.
        """
        if self._unclipped is None or self._max_norm is None:
            return
        if self._masks is not None:
            self._unclipped.whole.mul_(self._masks.whole)
        factors = clip_factors(self._unclipped.parts, self._max_norm).view(-1, 1, 1)
        for gradient in self._unclipped.parts:
            gradient.mul_(factors)  # addcmul_ would round by how many members there are
        buffers = self._optimizer.gradients.whole
        buffers.mul_(self._optimizer.momentum).add_(self._unclipped.whole)
