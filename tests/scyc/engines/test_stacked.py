"""What only the stacked engine does: stacks of any size, members that diverge, resuming."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from costly import costly
from state_stores import InMemoryStore, Killed

from scyc.engines import solo, stacked
from scyc.specs.networks import FullyConnectedSpec
from scyc.specs.optimizers import AdamSpec, OptimizerSpec, RmsPropSpec, SgdSpec
from scyc.trainer import Trainer
from scyc.training.job import Job, Outcome

OPTIMIZERS: list[OptimizerSpec] = [
    SgdSpec(),
    SgdSpec(momentum=0.0, weight_decay=0.0),
    AdamSpec(name="adamw"),
    RmsPropSpec(name="rmsprop", momentum=0.9),
]
IDS = [spec.name + str(index) for index, spec in enumerate(OPTIMIZERS)]
DIVERGES = 3  # the member that diverges
Make = Callable[..., Trainer]


def jobs(one: Trainer, wild: float = 1e30) -> list[Job]:
    """Five members, two replicates; two start pruned, one diverges, all but one have a snapshot."""
    made = []
    scale = {"sgd": 1.0, "rmsprop": 0.005}.get(one.system.training.optimizer.name, 0.05)
    for index, (replicate, rate) in enumerate(
        ((0, 0.02), (0, 0.1), (1, 0.05), (1, wild), (0, 0.2))
    ):
        start = one.root(replicate)
        if index in (1, 2):
            start = one.pruned(start, replicate, 1)
        feed, order = one._feed(replicate, 0)
        keep_at = 4 + index if index else None
        made.append(Job(start, [rate * scale] * len(order), feed, order, replicate, keep_at))
    return made


def train(one: Trainer, pack: list[Job], store: Any = None) -> list[Outcome]:
    return stacked.train(one.network, pack, one.system.training, store)


def same(a: Outcome, b: Outcome) -> bool:
    """Whether two training runs gave the same numbers, to the last bit."""
    if (a.curve, a.val_accuracy, a.test_accuracy) != (b.curve, b.val_accuracy, b.test_accuracy):
        return False
    pairs = [(a.network, b.network)]
    if a.snapshot is not None and b.snapshot is not None:
        pairs.append((a.snapshot, b.snapshot))
    return (a.snapshot is None, a.diverged) == (b.snapshot is None, b.diverged) and all(
        torch.equal(x.state[name], y.state[name]) for x, y in pairs for name in x.state
    )


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=IDS)
def test_size_of_stacks_and_of_gathered_batches_change_no_bit(
    trainer: Make, monkeypatch: pytest.MonkeyPatch, optimizer: OptimizerSpec
) -> None:
    hidden = FullyConnectedSpec(name="fully_connected", hidden=(32, 48))
    one = trainer(network=hidden, optimizer=optimizer)
    numbers = sum(parameter.numel() for parameter in one.network.parameters())
    ends = []
    for size, gathered in ((5, 2**25), (1, 2**25), (2, 2**25), (3, 1)):
        monkeypatch.setattr(stacked, "_CACHE", size * numbers)
        monkeypatch.setattr(stacked, "_GATHERED", gathered)
        ends.append(train(one, jobs(one)))
    for other in ends[1:]:
        assert all(same(a, b) for a, b in zip(ends[0], other, strict=True))
    assert [outcome.diverged for outcome in ends[0]] == [i == DIVERGES for i in range(5)]


@pytest.mark.parametrize("size", [1, 5])
def test_a_member_diverges_at_the_same_iteration_in_any_pack(
    trainer: Make, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(stacked, "_CACHE", size * 10**4)
    one = trainer(precision="fp64", steps=40, validate_every=10)
    pack = jobs(one, wild=1e6)
    ends = train(one, pack), solo.train(one.network, pack, one.system.training)
    left = [outcomes[DIVERGES] for outcomes in ends]
    assert left[0].curve == left[1].curve
    assert left[0].curve[-1][1] == 0.0
    assert 1 < left[0].curve[-1][0] < 40
    assert (left[0].val_accuracy, left[0].test_accuracy, left[0].snapshot) == (0.0, 0.0, None)
    for a, b in zip(*ends, strict=True):
        assert a.curve == b.curve


def test_on_a_gpu_a_diverged_member_is_dropped_at_the_next_validation(
    trainer: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = trainer()
    at_once = train(one, jobs(one))
    monkeypatch.setattr(stacked, "_reads_at_once", lambda device: False)
    later = train(one, jobs(one))
    assert at_once[DIVERGES].curve[-1][0] < 5
    assert later[DIVERGES].curve == ((5, 0.0),)
    for index in set(range(5)) - {DIVERGES}:
        assert same(at_once[index], later[index])


def test_weights_that_are_not_finite_after_the_last_step_are_detected(trainer: Make) -> None:
    one = trainer()
    pack = jobs(one)
    rates = [0.1] * (len(pack[0].rates) - 1)
    pack[0].rates[:] = [*rates, float("inf")]
    ended = train(one, pack)
    assert ended[0].diverged
    assert ended[0].curve[-1] == (12, 0.0)
    assert not ended[1].diverged


@pytest.mark.parametrize("size", [2, *costly(1, 5)])
@pytest.mark.parametrize("optimizer", [OPTIMIZERS[0], *costly(*OPTIMIZERS[1:])], ids=IDS)
def test_wherever_it_is_killed_a_pack_ends_with_the_same_bits(
    trainer: Make, monkeypatch: pytest.MonkeyPatch, optimizer: OptimizerSpec, size: int
) -> None:
    monkeypatch.setattr(stacked, "_CACHE", size * 2500)
    monkeypatch.setattr(stacked, "_GATHERED", 1)  # a stretch is one iteration
    one = trainer(optimizer=optimizer, carry="best")
    whole = train(one, jobs(one))
    assert [outcome.diverged for outcome in whole] == [i == DIVERGES for i in range(5)]
    for step in (1, 4, 5, 9):  # before and after a member stopped, had a snapshot, was evaluated
        first = InMemoryStore(killed_after=step)
        with pytest.raises(Killed):
            train(one, jobs(one), first)
        second = first.next()
        again = train(one, jobs(one), second)
        assert second.steps == 12 - step
        assert all(same(a, b) for a, b in zip(whole, again, strict=True))


def test_a_pack_is_resumed_after_a_member_with_saved_early_weights_diverged(
    trainer: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stacked, "_GATHERED", 1)  # the state is saved after every iteration
    one = trainer()
    pack = [replace(job, keep_at=2, rates=[0.1] * len(job.rates)) for job in jobs(one)]
    pack[1].rates[3:] = [1e30] * (len(pack[1].rates) - 3)
    whole = train(one, pack)
    assert [outcome.diverged for outcome in whole] == [False, True, False, False, False]
    first = InMemoryStore(killed_after=6)
    with pytest.raises(Killed):
        train(one, pack, first)
    again = train(one, pack, first.next())
    assert all(same(a, b) for a, b in zip(whole, again, strict=True))
