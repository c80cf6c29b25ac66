"""The stacked engine: all members of a pack side by side, for fully connected ReLU networks.

The gradients of softmax cross-entropy and ReLU are written out, and the optimizer updates all
members at once, each at its own learning rate (see :mod:`scyc.vectorized.stacked_mlp`). On a GPU
all members are in one stack. On a CPU a stack has as many as the cache holds, often one, and the
stacks take turns between two validations; the images are gathered once for all of them. On a CPU a
member's result is the same bits whatever the pack.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from scyc.engines.custom_code import custom_code
from scyc.networks.fully_connected import FullyConnected
from scyc.pruning.pruned_network import Network
from scyc.specs.system import TrainingSpec
from scyc.storage.pack_state_file import PackStateStore, State
from scyc.training.job import Job, Outcome, ValidationCurve, is_validation_step
from scyc.vectorized.stacked_batches import StackedBatches
from scyc.vectorized.stacked_group import StackedGroup

_CACHE = 2**17  # weights that a CPU trains side by side; with more it waits for memory
_GATHERED = 2**25  # bytes of training images that are gathered ahead


def why_unsupported(network: nn.Module, device: torch.device, training: TrainingSpec) -> str | None:
    """Return why this engine cannot train the network; None for ReLU networks of linear layers.

    Its forward pass and gradients are written out, so it trains :class:`FullyConnected` as it is
    built without batch norm, all weights of which are trained. It knows no autocast.

    Args:
        network: The network as PyTorch has it.
        device: What it would be trained on.
        training: Iterations, batch size, optimizer and precision.

    Returns:
        As :meth:`scyc.engines.registry.Engine.why_unsupported`.
    """
    if training.precision == "bf16":
        return 'it has no "bf16"'
    if type(network) is not FullyConnected or len(network.layers) < 2:
        return "only fully connected networks without batch norm can be stacked"
    return custom_code(network) or _why_changed(network)


def _why_changed(network: FullyConnected) -> str | None:
    """Return in what a network differs from one that :class:`FullyConnected` builds."""
    kinds = ((network.layers, nn.Linear), (network.norms, nn.Identity), (network.relus, nn.ReLU))
    for modules, kind in kinds:
        if any(type(module) is not kind for module in modules):
            return "only fully connected networks without batch norm can be stacked"
    weights = list(network.parameters())
    if len(weights) != 2 * len(network.layers) or len(network.state_dict()) != len(weights):
        return "only one weight and one bias a layer, each with one name, can be stacked"
    if not all(weight.requires_grad for weight in weights):
        return "a layer is frozen"
    return None


@torch.no_grad()
def train(
    network: nn.Module,
    jobs: Sequence[Job],
    training: TrainingSpec,
    state_store: PackStateStore | None = None,
) -> list[Outcome]:
    """Train all jobs side by side (see :class:`scyc.engines.registry.Engine`).

    The network names the layers; it is left as it is.

    Args:
        network: The network as PyTorch has it.
        jobs: What is trained, one job a member.
        training: Iterations, batch size, optimizer and precision.
        state_store: Where the pack is saved while it trains.

    Returns:
        Outcomes in the order of the jobs.

    Raises:
        ValueError: The network is not fully connected as :func:`why_unsupported` says.
    """
    rule = why_unsupported(network, jobs[0].order.device, training)
    if rule is not None or not isinstance(network, FullyConnected):
        raise ValueError(f"{type(network).__name__}: {rule}; use the solo engine")
    pack = _Pack(network, jobs, training)
    saved = None if state_store is None else state_store.load()
    if saved is not None:
        pack.resume(saved)
    while pack.groups and pack.step < training.steps:
        pack.advance()
        if state_store is not None and state_store.due():
            state_store.save(pack.state())
    return pack.outcomes()


class _Pack:
    """All members, in groups that each have a stack."""

    def __init__(
        self, network: FullyConnected, jobs: Sequence[Job], training: TrainingSpec
    ) -> None:
        self._network, self._jobs, self._training = network, jobs, training
        self._curves = [ValidationCurve() for _ in jobs]
        self._diverged: dict[int, Outcome] = {}
        self.step = 0
        count, size = len(jobs), len(jobs)
        self._at_once = _reads_at_once(jobs[0].order.device)
        if self._at_once:
            numbers = sum(parameter.numel() for parameter in network.parameters())
            size = max(1, _CACHE // numbers)
        self.groups = [
            self._group(range(first, min(first + size, count))) for first in range(0, count, size)
        ]

    def _group(self, members: Sequence[int]) -> StackedGroup:
        jobs = [self._jobs[index] for index in members]
        return StackedGroup(self._network, members, jobs, self._training, self._at_once)

    def advance(self) -> None:
        """Train every group until the next validation, or for as many images as fit into memory."""
        images = StackedBatches([job for group in self.groups for job in group.jobs])
        stop, most = self.step + 1, self.step + images.steps_in(_GATHERED)
        while stop < most and not is_validation_step(stop, self._training):
            stop += 1
        batches = images.training(self.step, stop)
        for group in self.groups:
            for index, step, network in group.advance(self.step, stop, batches):
                self._diverged[index] = self._curves[index].diverged(step, network)
        self.step = stop
        if is_validation_step(stop, self._training):
            self._validate(images)
        self.groups = [group for group in self.groups if group.members]

    def _validate(self, images: StackedBatches) -> None:
        groups = [group for group in self.groups if group.members]
        stacks = [(group.stack, group.jobs) for group in groups]
        for group, accuracies in zip(groups, images.accuracies("validation", stacks), strict=True):
            accuracy_of = dict(zip(group.members, accuracies, strict=True))
            for index, network in group.drop_diverged(self.step == self._training.steps):
                del accuracy_of[index]
                self._diverged[index] = self._curves[index].diverged(self.step, network)
            group.keep_best(
                [accuracy_of[index] > self._curves[index].best for index in group.members]
            )
            for index, accuracy in accuracy_of.items():
                self._curves[index] = self._curves[index].with_point(self.step, accuracy)
                self._jobs[index].validated(self.step, accuracy)

    def outcomes(self) -> list[Outcome]:
        """Return the outcome of each member, in the pack's order."""
        outcomes = dict(self._diverged)
        if self.groups:
            images = StackedBatches([job for group in self.groups for job in group.jobs])
            tests = images.accuracies("test", [(group.best, group.jobs) for group in self.groups])
            for group, accuracies in zip(self.groups, tests, strict=True):
                outcomes |= group.outcomes(self._curves, accuracies)
        return [outcomes[index] for index in range(len(self._jobs))]

    def state(self) -> State:
        """Return all that later steps depend on. Its keys are stored in files."""
        return {
            "step": self.step,
            "curves": [curve.points for curve in self._curves],
            "left": {
                index: (outcome.curve[-1][0], dict(outcome.network.state))
                for index, outcome in self._diverged.items()
            },
            "groups": [group.state() for group in self.groups],
        }

    def resume(self, saved: State) -> None:
        """Continue where an earlier process saved the same pack."""
        self.step = saved["step"]
        for index, points in enumerate(saved["curves"]):
            for step, accuracy in points:
                self._curves[index] = self._curves[index].with_point(step, accuracy)
        for index, (step, state) in saved["left"].items():
            network = Network(state, self._jobs[index].start.masks)
            self._diverged[index] = self._curves[index].diverged(step, network)
        self.groups = [self._group(group["members"]) for group in saved["groups"]]
        for group, group_state in zip(self.groups, saved["groups"], strict=True):
            group.resume(group_state)


def _reads_at_once(device: torch.device) -> bool:
    """Return whether reading a number does not wait for work that is queued on the device."""
    return device.type == "cpu"
