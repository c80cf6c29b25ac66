"""One suite for every engine: `solo` is the reference, and it is plain PyTorch."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.nn import functional

from scyc import networks, pruning
from scyc.checkpoint import Network
from scyc.data import Images
from scyc.networks import ResNet20
from scyc.pack import Member, Trained, Trainer
from scyc.schedules import WarmupDrops
from scyc.spec import (
    AugmentSpec,
    FullyConnectedSpec,
    PruningSpec,
    ResNet20Spec,
    SgdSpec,
    SystemSpec,
)

ENGINES = ["solo", "stacked"]
Make = Callable[..., Trainer]


def members(trainer: Trainer, cycle: int = 1) -> list[Member]:
    """Three rates on replicate 0, two on replicate 1, pruned once where cycle is 1."""
    starts = [trainer.root(replicate) for replicate in (0, 1)]
    if cycle:
        starts = [trainer.pruned(start, r, 1) for r, start in enumerate(starts)]
    rates = {0: (0.02, 0.1, 0.3), 1: (0.05, 0.2)}
    return [Member(starts[r], cycle, r, rate) for r, row in rates.items() for rate in row]


def same_bits(a: Network, b: Network) -> bool:
    return all(torch.equal(a.state[name], b.state[name]) for name in a.state)


def numbers(trained: Trained) -> tuple[Any, ...]:
    outcome = trained.outcome
    return outcome.curve, outcome.val_accuracy, outcome.test_accuracy, outcome.diverged


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("cycle", [0, 1])
def test_a_member_trains_exactly_as_it_would_alone(trainer: Make, engine: str, cycle: int) -> None:
    one = trainer(engine=engine)
    pack = members(one, cycle)
    together = one.train(pack)
    for member, expected in zip(pack, together, strict=True):
        (alone,) = one.train([member])
        assert same_bits(alone.outcome.network, expected.outcome.network)
        assert numbers(alone) == numbers(expected)
    backwards = one.train(pack[::-1])[::-1]
    for a, b in zip(together, backwards, strict=True):
        assert same_bits(a.outcome.network, b.outcome.network)


@pytest.mark.parametrize("hidden", [(24,), (32, 16, 8)])
@pytest.mark.parametrize("sgd", [SgdSpec(), SgdSpec(momentum=0.0, weight_decay=0.0)])
def test_stacked_agrees_with_solo_in_fp64(
    trainer: Make, hidden: tuple[int, ...], sgd: SgdSpec
) -> None:
    network = FullyConnectedSpec(name="fully_connected", hidden=hidden)
    both = [
        trainer(engine=engine, precision="fp64", network=network, optimizer=sgd, steps=30)
        for engine in ENGINES
    ]
    solo, stacked = (each.train(members(each)) for each in both)
    for a, b in zip(solo, stacked, strict=True):
        assert numbers(a) == numbers(b)
        for name, value in a.outcome.network.state.items():
            assert torch.allclose(value, b.outcome.network.state[name], rtol=0, atol=1e-12), name


def by_hand(system: SystemSpec, trainer: Trainer, member: Member) -> dict[str, torch.Tensor]:
    """The same training in plain PyTorch: a network, torch's SGD, our scheduler, a mask."""
    spec = system.training
    shape, classes = trainer._source.shape, len(trainer._source.classes)
    network = networks.build(system.network, shape, classes, seed=0).double()
    network.load_state_dict(member.start.state)
    sgd = spec.optimizer
    optimizer = torch.optim.SGD(
        network.parameters(), lr=1.0, momentum=sgd.momentum, weight_decay=sgd.weight_decay
    )
    schedule = WarmupDrops(optimizer, member.max_lr, spec.schedule.warmup, spec.schedule.drops)
    feed, order = trainer._feed(member.replicate, member.cycle)
    for step, indices in enumerate(order):
        network.train()
        images, labels = feed.training_batch(step, indices), feed.labels[indices]
        optimizer.zero_grad()
        functional.cross_entropy(network(images), labels).backward()
        optimizer.step()
        schedule.step()
        with torch.no_grad():
            for name, mask in member.start.masks.items():
                network.get_parameter(name).mul_(mask)
    return network.state_dict()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_training_by_hand_gives_the_same_weights(trainer: Make, engine: str) -> None:
    one = trainer(engine=engine, precision="fp64")
    member = members(one)[1]
    (trained,) = one.train([member])
    expected = by_hand(one.system, one, member)
    for name, value in trained.outcome.network.state.items():
        assert torch.allclose(value, expected[name], rtol=0, atol=1e-12), name


def test_a_resnet_by_hand_gives_the_same_weights(
    system: Callable[..., SystemSpec], colours: Images
) -> None:
    declared = system(
        network=ResNet20Spec(name="resnet20", width=4),
        pruning=PruningSpec(criterion="global_gradient", batches=2),
        augment=AugmentSpec(crop=1, flip=True),
        precision="fp64",
        steps=6,
        validate_every=6,
        schedule={"warmup": 2, "drops": (4,)},
    )
    one = Trainer(declared, colours)
    member = Member(one.pruned(one.root(0), 0, 1), 1, 0, 0.1)
    (trained,) = one.train([member])
    expected = by_hand(declared, one, member)
    for name, value in trained.outcome.network.state.items():
        assert torch.allclose(value, expected[name], rtol=0, atol=1e-9), name


@pytest.mark.parametrize("engine", ENGINES)
def test_pruned_weights_stay_exactly_zero_under_momentum_and_weight_decay(
    trainer: Make, engine: str
) -> None:
    one = trainer(engine=engine, optimizer=SgdSpec(momentum=0.9, weight_decay=0.01))
    for trained in one.train(members(one)):
        network = trained.outcome.network
        for name, mask in network.masks.items():
            assert not mask.all()
            assert bool((network.state[name][~mask] == 0).all())
            assert bool((network.state[name][mask] != 0).any())


@pytest.mark.parametrize("engine", ENGINES)
def test_a_diverged_member_scores_0_and_disturbs_nobody(trainer: Make, engine: str) -> None:
    one = trainer(engine=engine)
    sound = members(one)
    wild = Member(sound[0].start, 1, 0, 1e30)
    trained = one.train([sound[0], wild, sound[4]])
    assert trained[1].outcome.diverged
    assert (trained[1].outcome.val_accuracy, trained[1].outcome.test_accuracy) == (0.0, 0.0)
    for index, member in ((0, sound[0]), (2, sound[4])):
        (alone,) = one.train([member])
        assert not trained[index].outcome.diverged
        assert same_bits(alone.outcome.network, trained[index].outcome.network)


@pytest.mark.parametrize("engine", ENGINES)
def test_accuracy_is_the_best_of_the_curve_and_its_weights_are_tested(
    trainer: Make, engine: str
) -> None:
    last, best = (
        trainer(engine=engine, carry=carry, validate_every=1, steps=20, schedule={"warmup": 0})
        for carry in ("last", "best")
    )
    member = Member(last.root(0), 0, 0, 0.5)
    (of_last,), (of_best,) = last.train([member]), best.train([member])
    outcome = of_best.outcome
    assert numbers(of_last) == numbers(of_best)
    assert [step for step, _ in outcome.curve] == list(range(1, 21))
    assert outcome.val_accuracy == max(accuracy for _, accuracy in outcome.curve)
    assert outcome.curve[-1][1] < outcome.val_accuracy  # or the test would show nothing
    assert scored(best, outcome.network, "validation") == outcome.val_accuracy
    assert scored(best, outcome.network, "test") == outcome.test_accuracy
    assert scored(last, of_last.outcome.network, "validation") == outcome.curve[-1][1]


def scored(trainer: Trainer, network: Network, part: str) -> float:
    """Accuracy of a network computed by hand."""
    trainer.network.load_state_dict(network.state)
    split = trainer._split(0)
    feed, _ = trainer._feed(0, 0)
    indices = getattr(split, part)
    with torch.no_grad():
        guesses = trainer.network.eval()(feed.batch(indices)).argmax(1)
    return 100 * int((guesses == feed.labels[indices]).sum()) / len(indices)


def test_auto_stacks_fully_connected_networks_only(
    trainer: Make, system: Callable[..., SystemSpec], colours: Images
) -> None:
    assert trainer().engine.__module__ == "scyc.stacked"
    resnet = system(network=ResNet20Spec(name="resnet20", width=2))
    assert Trainer(resnet, colours).engine.__module__ == "scyc.solo"


def test_gradients_of_the_criterion_are_those_of_the_summed_losses(
    system: Callable[..., SystemSpec], colours: Images
) -> None:
    spec = PruningSpec(criterion="layer_gradient", batches=3)
    one = Trainer(
        system(network=ResNet20Spec(name="resnet20", width=2), pruning=spec, precision="fp64"),
        colours,
    )
    start = one.root(0)
    names = pruning.prunable_names(one.network)
    found = one._gradients(start, 0, 1)
    network = ResNet20(3, 3, 2).double().eval()
    network.load_state_dict(start.state)
    feed, _ = one._feed(0, 1)
    from scyc import data, seeds

    split = one._split(0)
    order = data.batches(len(split.train), 16, 3, seeds.generator(0, "pruning", 0, 1))
    total = sum(
        functional.cross_entropy(network(feed.batch(split.train[i])), feed.labels[split.train[i]])
        for i in order
    )
    total.backward()
    for name in names:
        expected = network.get_parameter(name).grad
        assert torch.allclose(found[name], expected, rtol=1e-9, atol=1e-12)
