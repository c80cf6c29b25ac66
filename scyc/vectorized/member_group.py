"""Members of a pack that take every step together, in stacked tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn import functional

from scyc.optimizers.clipping import clip_factors
from scyc.optimizers.registry import make_stacked
from scyc.specs.system import TrainingSpec
from scyc.storage.pack_state_file import State
from scyc.training import precision
from scyc.training.feed import Feed
from scyc.training.job import Job, is_correct
from scyc.vectorized.cuda_graphs import Recorder, capture
from scyc.vectorized.dropout import DropoutGenerators
from scyc.vectorized.member_state import MemberState


class Forward(Protocol):
    """The forward pass of some members."""

    def __call__(self, values: Mapping[str, Tensor], images: Tensor, training: bool) -> Tensor:
        """Compute the logits of all members.

        Args:
            values: Every weight and buffer, [members, *shape]; buffers are updated in place while
                training.
            images: [replicates, batch, channels, height, width].
            training: Whether batch norm and dropout are in training mode.

        Returns:
            Logits [members, batch, classes].
        """


ForwardFactory = Callable[
    [Tensor, DropoutGenerators], Forward
]  # of each member's replicate, int64 [members]


class MemberGroup:
    """Members that take every step together, with their best weights and snapshots.

    Args:
        indices: The members' indices in the pack.
        jobs: Of these members.
        members: Their weights and buffers.
        training: What they have in common.
        make_forward: Makes their forward pass.
        recorder: See :func:`scyc.vectorized.cuda_graphs.capture`.
        decays: See :func:`scyc.optimizers.weight_decay.weight_decays`.
    """

    def __init__(
        self,
        indices: Sequence[int],
        jobs: Sequence[Job],
        members: MemberState,
        training: TrainingSpec,
        make_forward: ForwardFactory,
        recorder: Recorder | None,
        decays: Mapping[str, float] | None,
    ) -> None:
        self.indices, self.members = list(indices), members
        self._jobs, self._training, self._make_forward = list(jobs), training, make_forward
        self._recorder = recorder
        self._device = jobs[0].order.device
        self.best = members.copy()
        self.snapshot: MemberState | None = None
        self.replicate_jobs = list({id(job.feed): job for job in jobs}.values())  # one job of each
        feeds = [id(job.feed) for job in self.replicate_jobs]
        replicates = [feeds.index(id(job.feed)) for job in jobs]
        self._replicates = torch.tensor(replicates, device=self._device)
        self._rates = torch.tensor(
            [job.rates for job in jobs], dtype=torch.float64, device=self._device
        )
        self._dropouts = DropoutGenerators([job.seed for job in jobs], self._device)
        self._forward = make_forward(self._replicates, self._dropouts)
        self._optimizer = make_stacked(
            training.optimizer, members.values, members.masks, members.weight_decays(decays)
        )
        self._decays = decays
        self._gradients = members.gradients(self._optimizer.gradients)
        self._masks = None if members.masks is None else members.gradients(members.masks)
        self._finite = torch.ones(len(jobs), dtype=torch.bool, device=self._device)
        self._step: Callable[..., None] | None = None

    def advance(self, step: int, batches: Mapping[int, tuple[Tensor, Tensor]]) -> None:
        """Train one iteration.

        Args:
            step: Completed iterations.
            batches: Images and labels by the id of their feed.
        """
        images, labels = self._stacked([batches[id(job.feed)] for job in self.replicate_jobs])
        inputs = (images, labels, self._rates[:, step])
        if self._step is None:
            state = [*self.members.tensors(), *self._optimizer.state().values(), self._finite]
            generators = self._dropouts.generators
            self._step = capture(self._train_once, inputs, state, generators, self._recorder)
        self._step(*inputs)
        keeps = [job.keep_at == step + 1 for job in self._jobs]
        if any(keeps):
            self.snapshot = self.snapshot or self.members.copy()
            self.snapshot.copy_from(self.members, torch.tensor(keeps, device=self._device))

    def _train_once(self, images: Tensor, labels: Tensor, rates: Tensor) -> None:
        weights = list(self.members.weights.values())
        with precision.forward(self._training.precision, self._device):
            logits = self._forward(self.members.by_name(), images, True)
        logits = logits.to(weights[0].dtype).flatten(0, 1)
        per_image = functional.cross_entropy(
            logits,
            labels[self._replicates].flatten(),
            reduction="none",
            label_smoothing=self._training.label_smoothing,
        )
        losses = per_image.view(len(self.indices), -1).mean(dim=1)
        gradients = torch.autograd.grad(losses.sum(), weights)
        with torch.no_grad():
            gradients = self._clipped(gradients)
            momentum = self._optimizer.momentum
            for buffer, gradient in zip(self._gradients, gradients, strict=True):
                if momentum:
                    buffer.mul_(momentum).add_(gradient)
                else:
                    buffer.copy_(gradient)
            self._optimizer.step(rates)
            self._finite &= losses.isfinite()

    def _clipped(self, gradients: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Scale each member's gradients of what is not pruned down to the norm that is allowed."""
        max_norm = self._training.clip_grad_norm
        if max_norm is None:
            return gradients
        if self._masks is not None:
            gradients = tuple(g * mask for g, mask in zip(gradients, self._masks, strict=True))
        factors = clip_factors(gradients, max_norm)
        return tuple(g * factors.view(-1, *[1] * (g.dim() - 1)) for g in gradients)

    @torch.no_grad()
    def count_correct(self, part: str) -> Tensor:
        """Count correct predictions on a part of the images.

        Args:
            part: "validation", or "test", on which the best weights of each member are used.

        Returns:
            int64 [members].
        """
        members = self.best if part == "test" else self.members
        values = members.by_name()
        right = torch.zeros(len(self.indices), dtype=torch.int64, device=self._device)
        for images, labels in self._chunks(part):
            with precision.forward(self._training.precision, self._device):
                logits = self._forward(values, images, False)
            right += is_correct(logits, labels[self._replicates]).sum(dim=1)
        return right

    def _chunks(self, part: str) -> Iterator[tuple[Tensor, Tensor]]:
        feeds: list[Feed] = [job.feed for job in self.replicate_jobs]
        chunked = [feed.chunks(getattr(feed, part)) for feed in feeds]
        for chunks in zip(*chunked, strict=True):
            yield self._stacked(
                [
                    (feed.batch(chunk), feed.labels[chunk])
                    for feed, chunk in zip(feeds, chunks, strict=True)
                ]
            )

    def _stacked(self, parts: Sequence[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
        if len(parts) == 1:
            return parts[0][0].unsqueeze(0), parts[0][1].unsqueeze(0)
        return torch.stack([x for x, _ in parts]), torch.stack([y for _, y in parts])

    def finite(self, check_weights: bool) -> Tensor:
        """Return which members' losses, and weights if requested, are finite, bool [members].

        Args:
            check_weights: Whether the weights are looked at, too.

        Returns:
            False where a loss since the group began, or a parameter now, is NaN or infinite.
        """
        return self._finite & self.members.finite() if check_weights else self._finite

    def select(self, rows: Sequence[int]) -> MemberGroup:
        """Return a group of some of the members in their present state.

        Args:
            rows: Indices of members.

        Returns:
            A group that shares no tensor with this one.
        """
        group = MemberGroup(
            [self.indices[row] for row in rows],
            [self._jobs[row] for row in rows],
            self.members.select(rows),
            self._training,
            self._make_forward,
            self._recorder,
            self._decays,
        )
        group.best = self.best.select(rows)
        group.snapshot = self.snapshot.select(rows) if self.snapshot is not None else None
        self._optimizer.copy_rows_to(group._optimizer, rows)
        group._dropouts.copy_state_from(self._dropouts)
        return group

    def state(self) -> dict[str, Any]:
        """Return what :meth:`resume` needs, on the CPU. Its keys are stored in files."""
        tensors = {
            "members": self.members.tensors(),
            "best": self.best.tensors(),
            "kept": self.snapshot.tensors() if self.snapshot is not None else None,
            "optimizer": list(self._optimizer.state().values()),
            "finite": [self._finite],
            "drawn": [generator.get_state() for generator in self._dropouts.generators],
        }
        return {
            name: [value.detach().cpu().clone() for value in values] if values is not None else None
            for name, values in tensors.items()
        }

    def resume(self, saved: State) -> None:
        """Continue from a state of the same members.

        Args:
            saved: What :meth:`state` returned.
        """
        if saved["kept"] is not None:
            self.snapshot = self.members.copy()
            _fill(self.snapshot.tensors(), saved["kept"])
        _fill(self.members.tensors(), saved["members"])
        _fill(self.best.tensors(), saved["best"])
        _fill(list(self._optimizer.state().values()), saved["optimizer"])
        _fill([self._finite], saved["finite"])
        for generator, state in zip(self._dropouts.generators, saved["drawn"], strict=True):
            generator.set_state(state)


def _fill(tensors: Sequence[Tensor], values: Sequence[Tensor]) -> None:
    for tensor, value in zip(tensors, values, strict=True):
        tensor.copy_(value)
