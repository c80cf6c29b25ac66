import itertools
from collections.abc import Callable

import pytest
import torch

from scyc import SCyc, Trainer, iterate, max_lr
from scyc.specs.schedules import WarmupSpec
from scyc.specs.system import PruningSpec
from scyc.trainer import Member

CURVE = SCyc(epsilon=0.05, delta=0.1, q=0, beta=3.0)
Make = Callable[..., Trainer]


def test_each_cycle_prunes_what_the_one_before_trained(trainer: Make, schedule: WarmupSpec) -> None:
    one = trainer(pruning=PruningSpec(criterion="global_magnitude"))
    cycles = list(
        iterate(one, schedule, lambda m: max_lr(CURVE, m, 0.2), cycles=3, replicates=[0, 1])
    )
    assert [cycle.max_lr for cycle in cycles] == [max_lr(CURVE, m, 0.2) for m in range(4)]
    for before, after in itertools.pairwise(cycles):
        for replicate in (0, 1):
            parent = before.trained[replicate].outcome.network
            start = one.pruned(parent, replicate, after.cycle)
            member = Member(start, after.cycle, replicate, schedule, after.max_lr)
            (again,) = one.train([member])
            expected = after.trained[replicate].outcome.network
            assert all(
                torch.equal(again.outcome.network.state[n], v) for n, v in expected.state.items()
            )


def test_weights_remaining_fall_by_the_rate(trainer: Make, schedule: WarmupSpec) -> None:
    one = trainer(pruning=PruningSpec(rate=0.5))
    left = [c.trained[0].weights_remaining for c in iterate(one, schedule, lambda _: 0.1, 2, [0])]
    prunable, last = 64 * 24 + 24 * 24, 24 * 10
    total = prunable + last
    assert left == pytest.approx(
        [100.0, 100 * (prunable / 2 + last) / total, 100 * (prunable / 4 + last) / total]
    )


def test_rewinding_puts_survivors_back_to_their_start(trainer: Make, schedule: WarmupSpec) -> None:
    one = trainer(pruning=PruningSpec(rewind="init"))
    (first, *_) = iterate(one, schedule, lambda _: 0.1, 1, [0])
    start, root = one.pruned(first.trained[0].outcome.network, 0, 1), one.root(0)
    for name, value in start.state.items():
        mask = start.masks.get(name, torch.ones_like(value, dtype=torch.bool))
        assert torch.equal(value[mask], root.state[name][mask])
        assert bool((value[~mask] == 0).all())


@pytest.mark.parametrize("engine", ["solo", "stacked"])
def test_rewinding_to_an_iteration_takes_the_unpruned_networks_weights_of_then(
    trainer: Make, schedule: WarmupSpec, engine: str
) -> None:
    one = trainer(pruning=PruningSpec(rewind=7), engine=engine)
    first, second = iterate(one, schedule, lambda _: 0.1, 1, [0])
    trained, snapshot = first.trained[0].outcome.network, first.trained[0].outcome.snapshot
    assert snapshot is not None
    assert second.trained[0].outcome.snapshot is None
    start, root = one.pruned(trained, 0, 1, snapshot), one.root(0)
    for name, mask in start.masks.items():
        assert torch.equal(start.state[name][mask], snapshot.state[name][mask])
        assert not torch.equal(snapshot.state[name], trained.state[name])
        assert not torch.equal(snapshot.state[name], root.state[name])
    with pytest.raises(ValueError, match="after 7 iterations"):
        one.pruned(trained, 0, 1)


def test_without_rewinding_survivors_keep_their_values(trainer: Make, schedule: WarmupSpec) -> None:
    one = trainer()
    (first, *_) = iterate(one, schedule, lambda _: 0.1, 1, [0])
    parent = first.trained[0].outcome.network
    start = one.pruned(parent, 0, 1)
    for name, mask in start.masks.items():
        assert torch.equal(start.state[name][mask], parent.state[name][mask])


def test_a_diverged_replicate_cannot_be_pruned(trainer: Make, schedule: WarmupSpec) -> None:
    walk = iterate(trainer(), schedule, lambda _: 1e30, 2, [0])
    assert next(walk).trained[0].outcome.diverged
    with pytest.raises(ValueError, match="diverged"):
        next(walk)
