"""What only the reference engine does: any network, and the gradients that criteria need."""

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional

from scyc import seeds
from scyc.data import images as data
from scyc.data.images import Images
from scyc.engines import solo
from scyc.networks import registry
from scyc.networks.resnet20 import ResNet20
from scyc.pruning import weights as pruning_weights
from scyc.pruning.pruned_network import Network
from scyc.schedules.lr_schedulers import WarmupDrops
from scyc.specs.networks import ResNet20Spec
from scyc.specs.optimizers import SgdSpec
from scyc.specs.schedules import ConstantSpec, WarmupSpec
from scyc.specs.system import AugmentSpec, PruningSpec, SystemSpec
from scyc.trainer import Member, Trainer
from scyc.training.job import Job


def same_bits(a: Network, b: Network) -> bool:
    return all(torch.equal(a.state[name], b.state[name]) for name in a.state)


def by_hand(system: SystemSpec, trainer: Trainer, member: Member) -> dict[str, torch.Tensor]:
    """The same training in plain PyTorch: a network, torch's SGD, our scheduler, a mask."""
    spec = system.training
    shape, classes = trainer._source.shape, len(trainer._source.classes)
    network = registry.build(system.network, shape, classes, seed=0).double()
    network.load_state_dict(member.start.state)
    assert isinstance(spec.optimizer, SgdSpec)
    momentum, decay = spec.optimizer.momentum, spec.optimizer.weight_decay
    optimizer = torch.optim.SGD(network.parameters(), lr=1.0, momentum=momentum, weight_decay=decay)
    assert isinstance(member.schedule, WarmupSpec)
    drops = member.schedule.drops
    schedule = WarmupDrops(optimizer, member.max_lr, member.schedule.warmup, drops)
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
    )
    one = Trainer(declared, colours)
    start = one.pruned(one.root(0), 0, 1)
    member = Member(start, 1, 0, WarmupSpec(warmup=2, drops=(4,)), 0.1)
    (trained,) = one.train([member])
    expected = by_hand(declared, one, member)
    for name, value in trained.outcome.network.state.items():
        assert torch.allclose(value, expected[name], rtol=0, atol=1e-9), name


def test_a_diverged_member_stops_at_once(trainer: Callable[..., Trainer]) -> None:
    one = trainer(engine="solo")
    wild = Member(one.root(0), 0, 0, ConstantSpec(name="constant"), 1e30)
    (trained,) = one.train([wild])
    assert trained.outcome.curve == ((2, 0.0),)  # the first loss is that of the initial weights
    assert trained.steps == 2
    assert (trained.outcome.val_accuracy, trained.outcome.test_accuracy) == (0.0, 0.0)


def test_a_member_whose_last_update_is_not_finite_has_diverged_and_scores_0(
    trainer: Callable[..., Trainer],
) -> None:
    one = trainer(engine="solo")
    feed, order = one._feed(0, 0)
    job = Job(one.root(0), [0.1] * 11 + [float("inf")], feed, order, 0)
    (outcome,) = solo.train(one.network, [job], one.system.training)
    assert outcome.diverged
    assert [step for step, _ in outcome.curve] == [5, 10, 12]
    assert outcome.curve[-1] == (12, 0.0)
    assert min(accuracy for _, accuracy in outcome.curve[:2]) > 0
    assert (outcome.val_accuracy, outcome.test_accuracy) == (0.0, 0.0)


def test_what_a_network_draws_itself_comes_from_the_jobs_seed_and_leaves_the_global_state(
    trainer: Callable[..., Trainer],
) -> None:
    one = trainer()
    training = one.system.training
    feed, order = one._feed(0, 0)
    network = nn.Sequential(
        nn.Flatten(), nn.Linear(64, 24), nn.ReLU(), nn.Dropout(0.5), nn.Linear(24, 10)
    )
    start = Network({n: value.clone() for n, value in network.state_dict().items()}, {})
    first, second, other = (Job(start, [0.05] * 12, feed, order, seed) for seed in (0, 0, 1))
    before = torch.get_rng_state()
    a, b, c = solo.train(network, [first, second, other], training)
    assert torch.equal(torch.get_rng_state(), before)
    torch.rand(7)  # whatever else draws
    (again,) = solo.train(network, [first], training)
    assert same_bits(a.network, b.network)
    assert same_bits(a.network, again.network)
    assert not same_bits(a.network, c.network)


def test_gradients_of_the_criterion_are_those_of_the_summed_losses(
    system: Callable[..., SystemSpec], colours: Images
) -> None:
    spec = PruningSpec(criterion="layer_gradient", batches=3)
    one = Trainer(
        system(network=ResNet20Spec(name="resnet20", width=2), pruning=spec, precision="fp64"),
        colours,
    )
    start = one.root(0)
    names = pruning_weights.prunable_names(one.network)
    gradients = one._gradients(start, 0, 1)
    network = ResNet20(3, 3, 2).double().eval()
    network.load_state_dict(start.state)
    feed, _ = one._feed(0, 1)
    split = one._split(0)
    order = data.batches(len(split.train), 16, 3, seeds.generator(0, "pruning", 0, 1))
    total = sum(
        functional.cross_entropy(network(feed.batch(split.train[i])), feed.labels[split.train[i]])
        for i in order
    )
    total.backward()
    for name in names:
        expected = network.get_parameter(name).grad
        assert torch.allclose(gradients[name], expected, rtol=1e-9, atol=1e-12)


def test_a_frozen_weight_has_the_gradient_that_it_would_have_if_it_were_trained(
    trainer: Callable[..., Trainer],
) -> None:
    one = trainer(pruning=PruningSpec(criterion="global_gradient"), precision="fp64")
    start = one.root(0)
    expected = one._gradients(start, 0, 1)
    weight = one.network.get_parameter("layers.0.weight")
    weight.requires_grad_(False)
    gradients = one._gradients(start, 0, 1)
    assert expected["layers.0.weight"].abs().sum() > 0
    assert all(torch.equal(gradients[name], expected[name]) for name in expected)
    assert not weight.requires_grad
    assert weight.grad is None
