"""The stacked engine: all members of a pack side by side, for fully connected ReLU networks.

The gradients of softmax cross-entropy and ReLU are written out, and the optimiser updates all
members at once, each at its own learning rate (see :mod:`scyc.vectorized.stacked_mlp`). On a GPU
all members are in one stack. On a CPU a stack has as many as the cache holds, often one, and the
stacks take turns between two looks at the validation images; the images are gathered once for all
of them. On a CPU a member has the same bits whatever lies beside it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import nn

from scyc.engines.custom_code import custom_code
from scyc.networks.fully_connected import FullyConnected
from scyc.optimizers.registry import make_stacked
from scyc.pruning.pruned_network import Network
from scyc.specs.system import TrainingSpec
from scyc.storage.pack_state_file import PackStateStore
from scyc.training.job import Job, Outcome, ValidationCurve, is_validation_step
from scyc.vectorized.stacked_batches import BatchRange, StackedBatches
from scyc.vectorized.stacked_mlp import MlpGradients, StackedMlp

_CACHE = 2**17  # weights that a CPU trains side by side; with more it waits for memory
_GATHERED = 2**25  # bytes of training images that are gathered ahead


def why_unsupported(network: nn.Module, device: torch.device, training: TrainingSpec) -> str | None:
    """Return why this engine cannot train the network; None for ReLU networks of linear layers.

    Its forward pass and gradients are written out, so it trains :class:`FullyConnected` as it is
    built without batch norm, all weights of which are trained. It knows no autocast.
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
    """Train all jobs from their starts, side by side.

    network: names the layers; its own weights are left alone. Raises ValueError for a network that
    does not fit.
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
    """All members, in groups that are each a stack."""

    def __init__(
        self, network: FullyConnected, jobs: Sequence[Job], training: TrainingSpec
    ) -> None:
        self._network, self._jobs, self._training = network, jobs, training
        self._looks = [ValidationCurve() for _ in jobs]
        self._left: dict[int, Outcome] = {}
        self.step = 0
        count, size = len(jobs), len(jobs)
        if _immediate(jobs[0].order.device):
            numbers = sum(parameter.numel() for parameter in network.parameters())
            size = max(1, _CACHE // numbers)
        self.groups = [
            self._group(range(first, min(first + size, count))) for first in range(0, count, size)
        ]

    def _group(self, members: Sequence[int]) -> _Group:
        jobs = [self._jobs[index] for index in members]
        return _Group(self._network, members, jobs, self._training)

    def advance(self) -> None:
        """Every group's iterations until the next look, or as many as images fit into memory."""
        images = StackedBatches([job for group in self.groups for job in group.jobs])
        stop, most = self.step + 1, self.step + images.steps_in(_GATHERED)
        while stop < most and not is_validation_step(stop, self._training):
            stop += 1
        stretch = images.training(self.step, stop)
        for group in self.groups:
            for index, step, network in group.advance(self.step, stop, stretch):
                self._left[index] = self._looks[index].lost(step, network)
        self.step = stop
        if is_validation_step(stop, self._training):
            self._look(images)
        self.groups = [group for group in self.groups if group.members]

    def _look(self, images: StackedBatches) -> None:
        groups = [group for group in self.groups if group.members]
        shown = [(group.stack, group.jobs) for group in groups]
        for group, accuracies in zip(groups, images.accuracies("validation", shown), strict=True):
            seen = dict(zip(group.members, accuracies, strict=True))
            for index, network in group.part_with_lost(self.step == self._training.steps):
                del seen[index]
                self._left[index] = self._looks[index].lost(self.step, network)
            group.note([seen[index] > self._looks[index].best for index in group.members])
            for index, accuracy in seen.items():
                self._looks[index] = self._looks[index].seen(self.step, accuracy)

    def outcomes(self) -> list[Outcome]:
        """What became of each member."""
        found = dict(self._left)
        if self.groups:
            images = StackedBatches([job for group in self.groups for job in group.jobs])
            tests = images.accuracies("test", [(group.best, group.jobs) for group in self.groups])
            for group, accuracies in zip(self.groups, tests, strict=True):
                found |= group.outcomes(self._looks, accuracies)
        return [found[index] for index in range(len(self._jobs))]

    def state(self) -> Mapping[str, Any]:
        """All that the steps to come depend on."""
        return {
            "step": self.step,
            "curves": [look.curve for look in self._looks],
            "left": {
                index: (lost.curve[-1][0], dict(lost.network.state))
                for index, lost in self._left.items()
            },
            "groups": [group.state() for group in self.groups],
        }

    def resume(self, saved: Mapping[str, Any]) -> None:
        """Go on from where an earlier process saved the same pack."""
        self.step = saved["step"]
        for index, curve in enumerate(saved["curves"]):
            for step, accuracy in curve:
                self._looks[index] = self._looks[index].seen(step, accuracy)
        for index, (step, state) in saved["left"].items():
            network = Network(state, self._jobs[index].start.masks)
            self._left[index] = self._looks[index].lost(step, network)
        self.groups = [self._group(group["members"]) for group in saved["groups"]]
        for group, kept in zip(self.groups, saved["groups"], strict=True):
            group.resume(kept)


class _Group:
    """Some members in one stack. members: their places in the pack."""

    def __init__(
        self,
        network: FullyConnected,
        members: Sequence[int],
        jobs: Sequence[Job],
        training: TrainingSpec,
    ) -> None:
        self.members, self.jobs, self._training = list(members), list(jobs), training
        self._at_once = _immediate(jobs[0].order.device)
        self.stack = StackedMlp.started(network, [job.start for job in jobs])
        self.best = self.stack.only(range(len(jobs)))
        self._kept: dict[int, Network] = {}
        self._optimizer = make_stacked(training.optimizer, self.stack.values, self.stack.kept)
        self._finite = torch.ones(len(jobs), dtype=torch.bool, device=jobs[0].order.device)
        self._settle()

    def _settle(self) -> None:
        """Make what depends on who is in the stack."""
        self._steps = MlpGradients(self.stack, self._optimizer, self._training.batch)
        device = self._finite.device
        rates = torch.tensor([job.rates for job in self.jobs], dtype=torch.float64, device=device)
        self._rates = rates.t().contiguous().unbind()  # of every iteration [members]

    def advance(self, start: int, stop: int, stretch: BatchRange) -> list[tuple[int, int, Network]]:
        """Train from iteration `start` to `stop`; on a CPU members with a lost loss leave at once.

        Returns who left, after how many iterations, and as what.
        """
        left: list[tuple[int, int, Network]] = []
        batch = stretch.of(self.jobs)
        step = start
        while step < stop and self.members:
            inputs, labels = batch(step - start)
            loss = self._steps.loss(inputs, labels)
            if self._at_once and not math.isfinite(loss.sum().item()):
                lost = (~loss.isfinite()).nonzero().flatten().tolist()
                if lost:
                    left += [(i, step + 1, net) for i, net in self._part_with(lost)]
                    batch = stretch.of(self.jobs)
                    continue  # the same iteration again, for those who stay
            if not self._at_once:
                self._finite &= loss.isfinite()
            self._steps.backward(inputs)
            self._optimizer.step(self._rates[step])
            step += 1
            for row, job in enumerate(self.jobs):
                if job.keep_at == step:
                    self._kept[self.members[row]] = self.stack.network(row, job.start.masks)
        return left

    def part_with_lost(self, ended: bool) -> list[tuple[int, Network]]:
        """Let those go whose loss was not finite or, once the training has ended, whose weights."""
        finite = self._finite & self.stack.finite() if ended else self._finite
        return self._part_with((~finite).nonzero().flatten().tolist())

    def _part_with(self, lost: Sequence[int]) -> list[tuple[int, Network]]:
        if not lost:
            return []
        gone = [
            (self.members[row], self.stack.network(row, self.jobs[row].start.masks)) for row in lost
        ]
        rows = [row for row in range(len(self.members)) if row not in lost]
        self.members = [self.members[row] for row in rows]
        self.jobs = [self.jobs[row] for row in rows]
        if rows:
            self.stack, self.best = self.stack.only(rows), self.best.only(rows)
            old = self._optimizer
            self._optimizer = make_stacked(
                self._training.optimizer, self.stack.values, self.stack.kept
            )
            old.copy_rows_to(self._optimizer, rows)
            self._finite = self._finite[rows]
            self._settle()
        return gone

    def note(self, better: Sequence[bool]) -> None:
        """Keep the weights of the members that are better than ever."""
        if any(better):
            self.best.take(self.stack, [row for row, good in enumerate(better) if good])

    def outcomes(
        self, looks: Sequence[ValidationCurve], tests: Sequence[float]
    ) -> dict[int, Outcome]:
        """What became of each member that is still here. tests: their best weights' accuracies."""
        carried = self.stack if self._training.carry == "last" else self.best
        return {
            index: Outcome(
                looks[index].curve,
                looks[index].best,
                tests[row],
                False,
                carried.network(row, self.jobs[row].start.masks),
                self._kept.get(index),
            )
            for row, index in enumerate(self.members)
        }

    def state(self) -> Mapping[str, Any]:
        """All that the steps to come depend on."""
        return {
            "members": self.members,
            "values": self.stack.values.whole,
            "best": self.best.values.whole,
            "optimizer": self._optimizer.state(),
            "finite": self._finite,
            "kept": {index: dict(network.state) for index, network in self._kept.items()},
        }

    def resume(self, saved: Mapping[str, Any]) -> None:
        """Go on from a state of the same members."""
        self.stack.values.whole.copy_(saved["values"])
        self.best.values.whole.copy_(saved["best"])
        self._finite.copy_(saved["finite"])
        for name, value in self._optimizer.state().items():
            value.copy_(saved["optimizer"][name])
        masks = {index: job.start.masks for index, job in zip(self.members, self.jobs, strict=True)}
        self._kept = {index: Network(state, masks[index]) for index, state in saved["kept"].items()}


def _immediate(device: torch.device) -> bool:
    """Whether a number is read from the device without waiting for all that it was asked to do."""
    return device.type == "cpu"
