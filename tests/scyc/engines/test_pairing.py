"""Replicates are paired: training runs that differ in max_lr alone share all that is random."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from scyc.engines.registry import ENGINES
from scyc.specs.schedules import WarmupSpec
from scyc.specs.system import AugmentSpec
from scyc.trainer import Member, Trainer
from scyc.training.job import Job, Outcome

Make = Callable[..., Trainer]


def jobs(trainer: Trainer, schedule: WarmupSpec, cycle: int, *members: tuple[int, float]) -> Any:
    """What an engine is given for some (replicate, max_lr), each trained in a pack of its own."""
    seen: list[Job] = []

    def engine(_: Any, given: Any, training: Any, *more: Any) -> list[Outcome]:
        seen.extend(given)
        start = given[0].start
        return [Outcome(((training.steps, 50.0),), 50.0, 50.0, False, start) for _ in given]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(
            "scyc.trainer.ENGINES", dict.fromkeys(ENGINES, SimpleNamespace(train=engine))
        )
        for replicate, max_lr in members:
            start = trainer.root(replicate)
            if cycle:
                start = trainer.pruned(start, replicate, cycle)
            trainer.train([Member(start, cycle, replicate, schedule, max_lr)])
    return seen


def images(job: Job, step: int) -> torch.Tensor:
    return job.feed.training_batch(step, job.order[step])


@pytest.mark.parametrize("cycle", [0, 1])
def test_all_max_lr_of_a_replicate_share_split_weights_and_batches(
    trainer: Make, schedule: WarmupSpec, cycle: int
) -> None:
    made = trainer(augment=AugmentSpec(crop=1, flip=True))
    low, high, other = jobs(made, schedule, cycle, (0, 0.01), (0, 0.3), (1, 0.01))
    assert low.rates != high.rates
    assert low.seed == high.seed != other.seed
    for part in ("train", "validation", "test"):
        assert torch.equal(getattr(low.feed, part), getattr(high.feed, part))
        assert not torch.equal(getattr(low.feed, part), getattr(other.feed, part))
    for name, weights in low.start.state.items():
        assert torch.equal(weights, high.start.state[name])
    name = next(iter(low.start.masks))
    assert torch.equal(low.start.masks[name], high.start.masks[name])
    assert not torch.equal(low.start.state[name], other.start.state[name])
    assert torch.equal(low.order, high.order)
    assert not torch.equal(low.order, other.order)
    assert all(torch.equal(images(low, step), images(high, step)) for step in range(12))


def test_augmentation_per_member_changes_only_the_images(
    trainer: Make, schedule: WarmupSpec
) -> None:
    made = trainer(augment=AugmentSpec(crop=1, flip=True, per="member"))
    low, high = jobs(made, schedule, 0, (0, 0.01), (0, 0.3))
    assert torch.equal(low.order, high.order)
    assert low.seed == high.seed
    assert torch.equal(low.feed.validation, high.feed.validation)
    assert not any(torch.equal(images(low, step), images(high, step)) for step in range(12))
