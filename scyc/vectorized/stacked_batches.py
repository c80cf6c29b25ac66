"""Images for the stacks of a pack, gathered once for all members of a replicate."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from scyc.training.feed import Feed
from scyc.training.job import Job, percent
from scyc.vectorized.stacked_mlp import StackedMlp

Batch = tuple[Tensor, Tensor]  # images, labels


class BatchRange:
    """The training images of some iterations, of every replicate.

    Args:
        feeds: Of the replicates.
        inputs: Of each replicate, [iterations, batch, values].
        labels: Of each replicate, int64 [iterations, 1, batch].
    """

    def __init__(self, feeds: Sequence[Feed], inputs: list[Tensor], labels: list[Tensor]) -> None:
        self._feeds, self._inputs, self._labels = feeds, inputs, labels

    def of(self, jobs: Sequence[Job]) -> Callable[[int], Batch]:
        """Return a function from an index of the iterations to the jobs' images.

        It gives inputs [members, batch, values] and labels [members, 1, batch].

        Args:
            jobs: What is trained, one job a member.

        Returns:
            A function of the iteration's index within the range, from 0.
        """
        replicates = _replicates(jobs, self._feeds)
        if len(set(replicates)) == 1:
            inputs, labels = (
                values[replicates[0]].unsqueeze(1).expand(-1, len(replicates), -1, -1).unbind()
                for values in (self._inputs, self._labels)
            )
            return lambda index: (inputs[index], labels[index])
        return lambda index: (
            torch.stack([self._inputs[replicate][index] for replicate in replicates]),
            torch.stack([self._labels[replicate][index] for replicate in replicates]),
        )


class StackedBatches:
    """The images of some jobs; those used together are one tensor a replicate."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._jobs: list[Job] = []  # one of each replicate
        for job in jobs:
            if all(job.feed is not other.feed for other in self._jobs):
                self._jobs.append(job)
        self._feeds = [job.feed for job in self._jobs]

    def steps_in(self, size: int) -> int:
        """Return how many iterations' images fit into so many bytes; 1 if none do.

        Args:
            size: Bytes.

        Returns:
            Iterations of all members' images, at least 1.
        """
        job = self._jobs[0]
        image = job.feed.batch(job.order[0][:1])
        step = image.numel() * image.element_size() * job.order.shape[1] * len(self._jobs)
        return max(1, size // step)

    def training(self, start: int, stop: int) -> BatchRange:
        """Return the images of iterations `start` to `stop`, augmented.

        Args:
            start: First iteration.
            stop: The one after the last.

        Returns:
            The images of each replicate on the device.
        """
        inputs, labels = [], []
        for job in self._jobs:
            order = job.order[start:stop]
            if job.feed.augments:
                steps = enumerate(order, start)
                images = torch.cat([job.feed.training_batch(step, batch) for step, batch in steps])
            else:
                images = job.feed.batch(order.flatten())
            inputs.append(images.reshape(*order.shape, -1))
            labels.append(job.feed.labels[job.order[start:stop]].unsqueeze(-2))
        return BatchRange(self._feeds, inputs, labels)

    def accuracies(
        self, part: str, stacks: Sequence[tuple[StackedMlp, Sequence[Job]]]
    ) -> list[list[float]]:
        """Return the accuracies of every stack's members in percent.

        Args:
            part: "validation" or "test".
            stacks: Each with its members' jobs.

        Returns:
            For each stack one accuracy a member, 0 to 100.
        """
        device = self._jobs[0].order.device
        counts = [torch.zeros(len(jobs), dtype=torch.int64, device=device) for _, jobs in stacks]
        replicates = [_replicates(jobs, self._feeds) for _, jobs in stacks]
        total = 0
        for batches in self._chunks(part):
            inputs, labels = [images for images, _ in batches], [targets for _, targets in batches]
            total += len(labels[0])
            for (stack, _), count, replicate in zip(stacks, counts, replicates, strict=True):
                count.add_(
                    stack.count_correct(
                        _by_member(inputs, replicate), _by_member(labels, replicate)
                    )
                )
        return [[percent(correct, total) for correct in count.tolist()] for count in counts]

    def _chunks(self, part: str) -> Iterator[list[Batch]]:
        chunked = [feed.chunks(getattr(feed, part)) for feed in self._feeds]
        for chunks in zip(*chunked, strict=True):
            yield [
                (feed.batch(chunk).flatten(1), feed.labels[chunk])
                for feed, chunk in zip(self._feeds, chunks, strict=True)
            ]


def _replicates(jobs: Sequence[Job], feeds: Sequence[Feed]) -> list[int]:
    """Return the index of each job's feed."""
    return [next(i for i, feed in enumerate(feeds) if feed is job.feed) for job in jobs]


def _by_member(values: Sequence[Tensor], replicates: Sequence[int]) -> Tensor:
    """Return [members, ...] of one tensor a replicate; not copied where all members share one."""
    if len(set(replicates)) == 1:
        return values[replicates[0]].expand(len(replicates), *values[replicates[0]].shape)
    return torch.stack([values[replicate] for replicate in replicates])
