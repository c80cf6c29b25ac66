"""The loop of the engines that train members side by side, whatever takes their forward pass.

An engine gives a `body`: what makes of some jobs a function from stacked weights to logits. This
module draws the images, takes the gradients, updates all members at once, looks at the validation
images, and lets a member go whose loss is not finite. On a GPU nothing in the loop waits for the
device but two transfers a look: which members are finite, and how many guesses of each are right.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

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
    bodies: ForwardFactory,
    state_store: PackStateStore | None = None,
    together: bool = True,
    recorder: Recorder | None = None,
) -> list[Outcome]:
    """Train all jobs from their starts.

    network: names the weights; it is left alone. together: one step of all members at once; else
    each has a step and, on a GPU, a stream of its own. recorder: see :func:`captured`. Raises
    ValueError where the bodies give other logits or gradients than the network (see
    :func:`scyc.vectorized.forward_check.check_forward`).
    """
    groups = [list(range(len(jobs)))] if together else [[index] for index in range(len(jobs))]
    moved = _moved(network, jobs[0])
    copies = MemberState(
        network, [jobs[0].start] * (2 if together else 1), moved, weight_format(network)
    )
    check_forward(network, jobs[0], copies, moved, bodies)
    del copies
    pack = _Pack(network, jobs, training, bodies, moved, recorder)
    saved = state_store.load() if state_store is not None else None
    if saved is None:
        pack.start(groups)
    else:
        pack.resume(saved)
    while pack.step < training.steps and pack.sides:
        pack.advance()
        if state_store is not None and pack.step < training.steps and state_store.due():
            state_store.save(pack.state())
    return pack.outcomes()


class _Pack:
    """All members, in sides of some that take their steps together."""

    def __init__(
        self,
        network: nn.Module,
        jobs: Sequence[Job],
        training: TrainingSpec,
        bodies: ForwardFactory,
        moved: Sequence[str],
        recorder: Recorder | None,
    ) -> None:
        self._network, self._jobs, self._training = network, jobs, training
        self._bodies, self._recorder = bodies, recorder
        self._device = jobs[0].order.device
        self._moved = moved
        self._looks = [ValidationCurve() for _ in jobs]
        self._left: dict[int, Outcome] = {}
        self.step = 0
        self.sides: list[MemberGroup] = []

    def start(self, groups: Sequence[Sequence[int]]) -> None:
        """Take every member at its start."""
        self.sides = [self._side(group) for group in groups]
        self._streams = Streams(self._device, len(self.sides))

    def _side(self, group: Sequence[int]) -> MemberGroup:
        jobs = [self._jobs[index] for index in group]
        members = MemberState(
            self._network, [job.start for job in jobs], self._moved, weight_format(self._network)
        )
        return MemberGroup(group, jobs, members, self._training, self._bodies, self._recorder)

    def advance(self) -> None:
        """One iteration of every member, and a look where one is due."""
        fed: dict[int, tuple[Tensor, Tensor]] = {}  # by feed: members of a replicate share it
        for side in self.sides:
            for job in side.replicates:
                if id(job.feed) not in fed:
                    indices = job.order[self.step]
                    images = job.feed.training_batch(self.step, indices)
                    fed[id(job.feed)] = (images, job.feed.labels[indices])
        self._streams.run([partial(side.advance, self.step, fed) for side in self.sides])
        self.step += 1
        last = self.step == self._training.steps
        if last or self._device.type == "cpu" or is_validation_step(self.step, self._training):
            self._let_go(last)  # on a CPU at once: asking costs next to nothing there
        if is_validation_step(self.step, self._training):
            self._look()

    def _let_go(self, last: bool) -> None:
        """Let members go whose loss, or at the end a weight, is not finite; waits for it."""
        good = torch.cat([side.finite(last) for side in self.sides]).tolist()
        if all(good):
            return
        staying = []
        for side in self.sides:
            here = [good.pop(0) for _ in side.group]
            for row, index in enumerate(side.group):
                if not here[row]:
                    end = side.members.network(row, self._jobs[index].start.masks)
                    self._left[index] = self._looks[index].lost(self.step, end)
            rows = [row for row, stays in enumerate(here) if stays]
            if rows:
                staying.append(side if all(here) else side.without(rows))
        self.sides = staying
        self._streams = Streams(self._device, len(staying))

    def _look(self) -> None:
        counts = self._streams.run([partial(side.count, "validation") for side in self.sides])
        if not counts:
            return
        seen = torch.cat(counts).tolist()
        for side in self.sides:
            better = []
            for index in side.group:
                accuracy = percent(seen.pop(0), len(self._jobs[index].feed.validation))
                better.append(accuracy > self._looks[index].best)
                self._looks[index] = self._looks[index].seen(self.step, accuracy)
            side.best.take(side.members, torch.tensor(better, device=self._device))

    def outcomes(self) -> list[Outcome]:
        """What became of each member."""
        found = dict(self._left)
        counts = self._streams.run([partial(side.count, "test") for side in self.sides])
        for side, right in zip(self.sides, counts, strict=True):
            carried = side.members if self._training.carry == "last" else side.best
            tests = right.tolist()
            for row, index in enumerate(side.group):
                job, look = self._jobs[index], self._looks[index]
                found[index] = Outcome(
                    look.curve,
                    look.best,
                    percent(tests[row], len(job.feed.test)),
                    False,
                    carried.network(row, job.start.masks),
                    side.kept.network(row, job.start.masks)
                    if side.kept is not None
                    and job.keep_at is not None
                    and job.keep_at <= self.step
                    else None,
                )
        return [found[index] for index in range(len(self._jobs))]

    def state(self) -> State:
        """All that the steps to come depend on, on the CPU."""
        return {
            "step": self.step,
            "curves": [list(look.curve) for look in self._looks],
            "left": {index: outcome_state(lost) for index, lost in self._left.items()},
            "sides": [{"group": list(side.group), **side.state()} for side in self.sides],
        }

    def resume(self, saved: State) -> None:
        """Take every member where an earlier process left it (see :meth:`state`)."""
        self.step = saved["step"]
        for index, curve in enumerate(saved["curves"]):
            for step, accuracy in curve:
                self._looks[index] = self._looks[index].seen(step, accuracy)
        self._left = {
            index: outcome_from_state(lost, self._jobs[index])
            for index, lost in saved["left"].items()
        }
        self.start([side["group"] for side in saved["sides"]])
        for side, kept in zip(self.sides, saved["sides"], strict=True):
            side.resume(kept)


def weight_format(network: nn.Module) -> torch.memory_format:
    """The layout of convolution weights: on a CPU as they come, for fused ones lose there."""
    on_gpu = next(network.parameters()).is_cuda
    return preferred_format(network) if on_gpu else torch.contiguous_format


def _moved(network: nn.Module, job: Job) -> list[str]:
    """Names of the parameters that the loss reaches: PyTorch's optimisers leave others alone.

    Found by one small batch through a copy of the network.
    """
    twin = copy.deepcopy(network).train()
    twin.load_state_dict(job.start.state)
    indices = job.order[0][:4]
    devices = [job.order.device] if job.order.is_cuda else []
    named = {name: value for name, value in twin.named_parameters() if value.requires_grad}
    with torch.random.fork_rng(devices):
        logits = twin(job.feed.batch(indices))
        loss = functional.cross_entropy(logits, job.feed.labels[indices])
        found = torch.autograd.grad(loss, list(named.values()), allow_unused=True)
    return [name for name, slope in zip(named, found, strict=True) if slope is not None]
