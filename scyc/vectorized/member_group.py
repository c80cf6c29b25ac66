"""Members of a pack that take every step together: one step of stacked tensors for all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn import functional

from scyc.optimizers.registry import make_stacked
from scyc.specs.system import TrainingSpec
from scyc.training import precision
from scyc.training.job import Feed, Job, is_correct
from scyc.vectorized.cuda_graphs import Recorder, capture
from scyc.vectorized.dropout import DropoutGenerators
from scyc.vectorized.member_state import MemberState


class Forward(Protocol):
    """The forward pass of some members."""

    def __call__(self, values: Mapping[str, Tensor], images: Tensor, training: bool) -> Tensor:
        """Logits [members, batch, classes].

        values: every weight and buffer, [members, *shape]; buffers are updated in place while
        training. images: [replicates, batch, channels, height, width].
        """


ForwardFactory = Callable[
    [Tensor, DropoutGenerators], Forward
]  # of each member's replicate, int64 [members]


class MemberGroup:
    """Members that take every step together, and what is kept of them."""

    def __init__(
        self,
        group: Sequence[int],
        jobs: Sequence[Job],
        members: MemberState,
        training: TrainingSpec,
        bodies: ForwardFactory,
        recorder: Recorder | None,
    ) -> None:
        self.group, self.members = list(group), members
        self._jobs, self._training, self._bodies = list(jobs), training, bodies
        self._recorder = recorder
        self._device = jobs[0].order.device
        self.best = members.copy()
        self.kept: MemberState | None = None
        self.replicates = list({id(job.feed): job for job in jobs}.values())  # one job of each
        feeds = [id(job.feed) for job in self.replicates]
        places = [feeds.index(id(job.feed)) for job in jobs]
        self._places = torch.tensor(places, device=self._device)
        self._rates = torch.tensor(
            [job.rates for job in jobs], dtype=torch.float64, device=self._device
        )
        self._dropouts = DropoutGenerators([job.seed for job in jobs], self._device)
        self._body = bodies(self._places, self._dropouts)
        self._optimizer = make_stacked(training.optimizer, members.values, members.kept)
        self._slopes = members.gradients(self._optimizer.gradients)
        self._finite = torch.ones(len(jobs), dtype=torch.bool, device=self._device)
        self._step: Callable[..., None] | None = None

    def advance(self, step: int, fed: Mapping[int, tuple[Tensor, Tensor]]) -> None:
        """One iteration; fed: images and labels by feed."""
        images, labels = self._gathered([fed[id(job.feed)] for job in self.replicates])
        inputs = (images, labels, self._rates[:, step])
        if self._step is None:
            state = [*self.members.tensors(), *self._optimizer.state().values(), self._finite]
            generators = self._dropouts.generators
            self._step = capture(self._once, inputs, state, generators, self._recorder)
        self._step(*inputs)
        now = [job.keep_at == step + 1 for job in self._jobs]
        if any(now):
            self.kept = self.kept or self.members.copy()
            self.kept.take(self.members, torch.tensor(now, device=self._device))

    def _once(self, images: Tensor, labels: Tensor, rates: Tensor) -> None:
        weights = list(self.members.weights.values())
        with precision.forward(self._training.precision, self._device):
            logits = self._body(self.members.named(), images, True)
        logits = logits.to(weights[0].dtype).flatten(0, 1)
        each = functional.cross_entropy(logits, labels[self._places].flatten(), reduction="none")
        losses = each.view(len(self.group), -1).mean(dim=1)
        found = torch.autograd.grad(losses.sum(), weights)
        with torch.no_grad():
            carried = self._optimizer.momentum
            for slope, gradient in zip(self._slopes, found, strict=True):
                if carried:
                    slope.mul_(carried).add_(gradient)
                else:
                    slope.copy_(gradient)
            self._optimizer.step(rates)
            self._finite &= losses.isfinite()

    @torch.no_grad()
    def count(self, part: str) -> Tensor:
        """Right guesses, int64 [members]: on the test images by the best weights of each."""
        members = self.best if part == "test" else self.members
        values = members.named()
        right = torch.zeros(len(self.group), dtype=torch.int64, device=self._device)
        for images, labels in self._pieces(part):
            with precision.forward(self._training.precision, self._device):
                logits = self._body(values, images, False)
            right += is_correct(logits, labels[self._places]).sum(dim=1)
        return right

    def _pieces(self, part: str) -> Iterator[tuple[Tensor, Tensor]]:
        feeds: list[Feed] = [job.feed for job in self.replicates]
        chunked = [feed.chunks(getattr(feed, part)) for feed in feeds]
        for chunks in zip(*chunked, strict=True):
            yield self._gathered(
                [
                    (feed.batch(chunk), feed.labels[chunk])
                    for feed, chunk in zip(feeds, chunks, strict=True)
                ]
            )

    def _gathered(self, parts: Sequence[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
        if len(parts) == 1:
            return parts[0][0].unsqueeze(0), parts[0][1].unsqueeze(0)
        return torch.stack([x for x, _ in parts]), torch.stack([y for _, y in parts])

    def finite(self, weights_too: bool) -> Tensor:
        """Which members are, bool [members]: their losses so far, and their weights."""
        return self._finite & self.members.finite() if weights_too else self._finite

    def without(self, rows: Sequence[int]) -> MemberGroup:
        """A side of these rows of members alone, where they are now."""
        side = MemberGroup(
            [self.group[row] for row in rows],
            [self._jobs[row] for row in rows],
            self.members.only(rows),
            self._training,
            self._bodies,
            self._recorder,
        )
        side.best = self.best.only(rows)
        side.kept = self.kept.only(rows) if self.kept is not None else None
        self._optimizer.copy_rows_to(side._optimizer, rows)
        side._dropouts.go_on_from(self._dropouts)
        return side

    def state(self) -> dict[str, Any]:
        """What :meth:`resume` needs, on the CPU."""
        found = {
            "members": self.members.tensors(),
            "best": self.best.tensors(),
            "kept": self.kept.tensors() if self.kept is not None else None,
            "optimizer": list(self._optimizer.state().values()),
            "finite": [self._finite],
            "drawn": [each.get_state() for each in self._dropouts.generators],
        }
        return {
            name: [value.detach().cpu().clone() for value in values] if values is not None else None
            for name, values in found.items()
        }

    def resume(self, saved: Mapping[str, Any]) -> None:
        """Go on from a state."""
        if saved["kept"] is not None:
            self.kept = self.members.copy()
            _fill(self.kept.tensors(), saved["kept"])
        _fill(self.members.tensors(), saved["members"])
        _fill(self.best.tensors(), saved["best"])
        _fill(list(self._optimizer.state().values()), saved["optimizer"])
        _fill([self._finite], saved["finite"])
        for generator, state in zip(self._dropouts.generators, saved["drawn"], strict=True):
            generator.set_state(state)


def _fill(tensors: Sequence[Tensor], values: Sequence[Tensor]) -> None:
    for tensor, value in zip(tensors, values, strict=True):
        tensor.copy_(value)
