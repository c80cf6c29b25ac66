"""The loop of the engines that train members side by side, whatever makes their forward pass.

An engine gives a `ForwardFactory`, which makes the forward pass of some members from stacked
weights. This module feeds the images, computes the gradients, updates all members at once,
validates them, and drops a member whose loss is not finite. On a GPU nothing in the loop waits for
the device but two transfers at each validation: which members are finite, and how many predictions
of each are correct.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from scyc.optimizers.weight_decay import weight_decays
from scyc.specs.system import TrainingSpec
from scyc.storage.pack_state_file import PackStateStore, State
from scyc.training.job import Job, Outcome, ValidationCurve, is_validation_step, percent
from scyc.training.memory_format import preferred_format
from scyc.training.resume import outcome_from_state, outcome_state
from scyc.vectorized.cuda_graphs import Recorder, Streams
from scyc.vectorized.forward_check import check_forward
from scyc.vectorized.member_group import ForwardFactory, MemberGroup
from scyc.vectorized.member_state import MemberState


def train(
    network: nn.Module,
    jobs: Sequence[Job],
    training: TrainingSpec,
    make_forward: ForwardFactory,
    state_store: PackStateStore | None = None,
    together: bool = True,
    recorder: Recorder | None = None,
) -> list[Outcome]:
    """Train all jobs from their starts.

    Args:
        network: Names the weights; it is left as it is.
        jobs: The members of the pack.
        training: What they have in common.
        make_forward: Makes the forward pass of some members.
        state_store: Where the pack is saved while it trains.
        together: Whether one step trains all members; else each has a step and, on a GPU, a stream
            of its own.
        recorder: See :func:`scyc.vectorized.cuda_graphs.capture`.

    Returns:
        Outcomes in the order of the jobs.

    Raises:
        ValueError: The forward pass gives other logits or gradients than the network (see
            :func:`scyc.vectorized.forward_check.check_forward`).
    """
    groups = [list(range(len(jobs)))] if together else [[index] for index in range(len(jobs))]
    trained = _trained_names(network, jobs[0])
    copies = MemberState(
        network, [jobs[0].start] * (2 if together else 1), trained, weight_format(network)
    )
    check_forward(network, jobs[0], copies, trained, make_forward)
    del copies
    pack = _Pack(network, jobs, training, make_forward, trained, recorder)
    saved = state_store.load() if state_store is not None else None
    if saved is None:
        pack.start(groups)
    else:
        pack.resume(saved)
    while pack.step < training.steps and pack.groups:
        pack.advance()
        if state_store is not None and pack.step < training.steps and state_store.due():
            state_store.save(pack.state())
    return pack.outcomes()


class _Pack:
    """All members, in groups that take their steps together."""

    def __init__(
        self,
        network: nn.Module,
        jobs: Sequence[Job],
        training: TrainingSpec,
        make_forward: ForwardFactory,
        trained: Sequence[str],
        recorder: Recorder | None,
    ) -> None:
        self._network, self._jobs, self._training = network, jobs, training
        self._make_forward, self._recorder = make_forward, recorder
        self._device = jobs[0].order.device
        self._trained_names = trained
        self._decays = weight_decays(network, training)
        self._curves = [ValidationCurve() for _ in jobs]
        self._diverged: dict[int, Outcome] = {}
        self.step = 0
        self.groups: list[MemberGroup] = []

    def start(self, groups: Sequence[Sequence[int]]) -> None:
        """Put every member at its start."""
        self.groups = [self._group(indices) for indices in groups]
        self._streams = Streams(self._device, len(self.groups))

    def _group(self, indices: Sequence[int]) -> MemberGroup:
        jobs = [self._jobs[index] for index in indices]
        members = MemberState(
            self._network,
            [job.start for job in jobs],
            self._trained_names,
            weight_format(self._network),
        )
        return MemberGroup(
            indices, jobs, members, self._training, self._make_forward, self._recorder, self._decays
        )

    def advance(self) -> None:
        """Train one iteration of every member, and validate where it is time to."""
        batches: dict[int, tuple[Tensor, Tensor]] = {}  # by feed, which a replicate's members share
        for group in self.groups:
            for job in group.replicate_jobs:
                if id(job.feed) not in batches:
                    indices = job.order[self.step]
                    images = job.feed.training_batch(self.step, indices)
                    batches[id(job.feed)] = (images, job.feed.labels[indices])
        self._streams.run([partial(group.advance, self.step, batches) for group in self.groups])
        self.step += 1
        last = self.step == self._training.steps
        if last or self._device.type == "cpu" or is_validation_step(self.step, self._training):
            self._drop_diverged(last)  # on a CPU at once, where it costs next to nothing
        if is_validation_step(self.step, self._training):
            self._validate()

    def _drop_diverged(self, last: bool) -> None:
        """Drop members whose loss, or at the end a weight, is not finite; waits for the device."""
        finite = torch.cat([group.finite(last) for group in self.groups]).tolist()
        if all(finite):
            return
        remaining = []
        for group in self.groups:
            stays = [finite.pop(0) for _ in group.indices]
            for row, index in enumerate(group.indices):
                if not stays[row]:
                    end = group.members.network(row, self._jobs[index].start.masks)
                    self._diverged[index] = self._curves[index].diverged(self.step, end)
            rows = [row for row, stay in enumerate(stays) if stay]
            if rows:
                remaining.append(group if all(stays) else group.select(rows))
        self.groups = remaining
        self._streams = Streams(self._device, len(remaining))

    def _validate(self) -> None:
        counts = self._streams.run(
            [partial(group.count_correct, "validation") for group in self.groups]
        )
        if not counts:
            return
        correct = torch.cat(counts).tolist()
        for group in self.groups:
            better = []
            for index in group.indices:
                accuracy = percent(correct.pop(0), len(self._jobs[index].feed.validation))
                better.append(accuracy > self._curves[index].best)
                self._curves[index] = self._curves[index].with_point(self.step, accuracy)
                self._jobs[index].validated(self.step, accuracy)
            group.best.copy_from(group.members, torch.tensor(better, device=self._device))

    def outcomes(self) -> list[Outcome]:
        """Return the outcome of each member, in the pack's order."""
        outcomes = dict(self._diverged)
        counts = self._streams.run([partial(group.count_correct, "test") for group in self.groups])
        for group, count in zip(self.groups, counts, strict=True):
            final = group.members if self._training.carry == "last" else group.best
            tests = count.tolist()
            for row, index in enumerate(group.indices):
                job, curve = self._jobs[index], self._curves[index]
                outcomes[index] = Outcome(
                    curve.points,
                    curve.best,
                    percent(tests[row], len(job.feed.test)),
                    False,
                    final.network(row, job.start.masks),
                    group.snapshot.network(row, job.start.masks)
                    if group.snapshot is not None
                    and job.keep_at is not None
                    and job.keep_at <= self.step
                    else None,
                )
        return [outcomes[index] for index in range(len(self._jobs))]

    def state(self) -> State:
        """Return all that later steps depend on, on the CPU. Its keys are stored in files."""
        return {
            "step": self.step,
            "curves": [list(curve.points) for curve in self._curves],
            "left": {index: outcome_state(outcome) for index, outcome in self._diverged.items()},
            "sides": [{"group": list(group.indices), **group.state()} for group in self.groups],
        }

    def resume(self, saved: State) -> None:
        """Put every member where an earlier process left it (see :meth:`state`)."""
        self.step = saved["step"]
        for index, points in enumerate(saved["curves"]):
            for step, accuracy in points:
                self._curves[index] = self._curves[index].with_point(step, accuracy)
        self._diverged = {
            index: outcome_from_state(state, self._jobs[index])
            for index, state in saved["left"].items()
        }
        self.start([state["group"] for state in saved["sides"]])
        for group, state in zip(self.groups, saved["sides"], strict=True):
            group.resume(state)


def weight_format(network: nn.Module) -> torch.memory_format:
    """Return the memory format of convolution weights: contiguous on a CPU, where it is faster.

    Args:
        network: The network as PyTorch has it.

    Returns:
        The network's preferred format on a GPU.
    """
    on_gpu = next(network.parameters()).is_cuda
    return preferred_format(network) if on_gpu else torch.contiguous_format


def _trained_names(network: nn.Module, job: Job) -> list[str]:
    """Return the names of the parameters that the loss depends on.

    PyTorch's optimizers change no others. One small batch goes through a copy of the network.
    """
    module = copy.deepcopy(network).train()
    module.load_state_dict(job.start.state)
    indices = job.order[0][:4]
    devices = [job.order.device] if job.order.is_cuda else []
    parameters = {name: value for name, value in module.named_parameters() if value.requires_grad}
    with torch.random.fork_rng(devices):
        logits = module(job.feed.batch(indices))
        loss = functional.cross_entropy(logits, job.feed.labels[indices])
        gradients = torch.autograd.grad(loss, list(parameters.values()), allow_unused=True)
    return [
        name for name, gradient in zip(parameters, gradients, strict=True) if gradient is not None
    ]
