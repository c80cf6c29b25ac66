"""Images for the stacks of a pack: gathered once a replicate, handed to each of its members."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from scyc.training.job import Feed, Job, percent
from scyc.vectorized.stacked_mlp import StackedMlp

Batch = tuple[Tensor, Tensor]  # images, labels


class BatchRange:
    """The training images of some iterations, of every replicate.

    inputs: by replicate, [iterations, batch, values]; labels: int64 [iterations, 1, batch].
    """

    def __init__(self, feeds: Sequence[Feed], inputs: list[Tensor], labels: list[Tensor]) -> None:
        self._feeds, self._inputs, self._labels = feeds, inputs, labels

    def of(self, jobs: Sequence[Job]) -> Callable[[int], Batch]:
        """One iteration's inputs [members, batch, values] and labels [members, 1, batch]."""
        places = _places(jobs, self._feeds)
        if len(set(places)) == 1:
            inputs, labels = (
                values[places[0]].unsqueeze(1).expand(-1, len(places), -1, -1).unbind()
                for values in (self._inputs, self._labels)
            )
            return lambda index: (inputs[index], labels[index])
        return lambda index: (
            torch.stack([self._inputs[place][index] for place in places]),
            torch.stack([self._labels[place][index] for place in places]),
        )


class StackedBatches:
    """The images of some jobs. What is read together lies in one tensor a replicate."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._jobs: list[Job] = []  # one of each replicate
        for job in jobs:
            if all(job.feed is not other.feed for other in self._jobs):
                self._jobs.append(job)
        self._feeds = [job.feed for job in self._jobs]

    def steps_in(self, size: int) -> int:
        """How many iterations' images fit into so many bytes; 1 if none do."""
        job = self._jobs[0]
        one = job.feed.batch(job.order[0][:1])
        step = one.numel() * one.element_size() * job.order.shape[1] * len(self._jobs)
        return max(1, size // step)

    def training(self, start: int, stop: int) -> BatchRange:
        """The images of iterations `start` to `stop`, augmented."""
        inputs, labels = [], []
        for job in self._jobs:
            order = job.order[start:stop]
            if job.feed.augments:
                each = enumerate(order, start)
                images = torch.cat([job.feed.training_batch(step, batch) for step, batch in each])
            else:
                images = job.feed.batch(order.flatten())
            inputs.append(images.reshape(*order.shape, -1))
            labels.append(job.feed.labels[job.order[start:stop]].unsqueeze(-2))
        return BatchRange(self._feeds, inputs, labels)

    def accuracies(
        self, part: str, stacks: Sequence[tuple[StackedMlp, Sequence[Job]]]
    ) -> list[list[float]]:
        """The accuracies in percent of every stack's members on "validation" or "test" images.

        stacks: each with its members' jobs.
        """
        device = self._jobs[0].order.device
        counts = [torch.zeros(len(jobs), dtype=torch.int64, device=device) for _, jobs in stacks]
        places = [_places(jobs, self._feeds) for _, jobs in stacks]
        total = 0
        for batches in self._pieces(part):
            inputs, labels = [images for images, _ in batches], [each for _, each in batches]
            total += len(labels[0])
            for (stack, _), count, place in zip(stacks, counts, places, strict=True):
                count.add_(stack.right(_handed_out(inputs, place), _handed_out(labels, place)))
        return [[percent(right, total) for right in count.tolist()] for count in counts]

    def _pieces(self, part: str) -> Iterator[list[Batch]]:
        chunked = [feed.chunks(getattr(feed, part)) for feed in self._feeds]
        for chunks in zip(*chunked, strict=True):
            yield [
                (feed.batch(chunk).flatten(1), feed.labels[chunk])
                for feed, chunk in zip(self._feeds, chunks, strict=True)
            ]


def _places(jobs: Sequence[Job], feeds: Sequence[Feed]) -> list[int]:
    """Which feed each job has."""
    return [next(i for i, feed in enumerate(feeds) if feed is job.feed) for job in jobs]


def _handed_out(values: Sequence[Tensor], places: Sequence[int]) -> Tensor:
    """[members, ...] of one tensor a replicate; not copied where all members share one."""
    if len(set(places)) == 1:
        return values[places[0]].expand(len(places), *values[places[0]].shape)
    return torch.stack([values[place] for place in places])
