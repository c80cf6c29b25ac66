"""One suite for every engine: `solo` is the reference, and it is plain PyTorch."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from scyc.data.images import Images
from scyc.engines import solo, stacked
from scyc.networks.fully_connected import FullyConnected
from scyc.networks.resnet20 import ResNet20
from scyc.pruning.pruned_network import Network
from scyc.specs.networks import FullyConnectedSpec, ResNet20Spec
from scyc.specs.optimizers import AdamSpec, OptimizerSpec, RmsPropSpec, SgdSpec
from scyc.specs.schedules import (
    ConstantSpec,
    CosineSpec,
    CyclicalSpec,
    LrDecaySpec,
    OneCycleSpec,
    ScheduleSpec,
    WarmupSpec,
)
from scyc.specs.system import PruningSpec, SystemSpec
from scyc.trainer import Member, Trained, Trainer
from scyc.training.job import Job

ENGINES = ["solo", "stacked"]
OPTIMIZERS: list[OptimizerSpec] = [
    SgdSpec(),
    SgdSpec(momentum=0.0, weight_decay=0.0),
    AdamSpec(name="adam", weight_decay=0.01),
    AdamSpec(name="adamw", weight_decay=0.1),
    RmsPropSpec(name="rmsprop", weight_decay=0.01),
    RmsPropSpec(name="rmsprop", momentum=0.9),
]
# Each second one is another form of the first; `make check` has the first ones.
all_optimizers = pytest.mark.parametrize(
    "optimizer",
    [
        pytest.param(spec, id=repr(spec), marks=[pytest.mark.costly] * (index % 2))
        for index, spec in enumerate(OPTIMIZERS)
    ],
)
WARMUP = WarmupSpec(warmup=3, drops=(8, 10))
MIXED: list[ScheduleSpec] = [
    WARMUP,
    CosineSpec(name="cosine", warmup=2),
    CyclicalSpec(name="cyclical", step=3),
    OneCycleSpec(name="one_cycle"),
    LrDecaySpec(name="lr_decay", iterations=10),
]
Make = Callable[..., Trainer]


def members(
    trainer: Trainer, cycle: int = 1, scale: float = 1.0, schedules: list[ScheduleSpec] = MIXED
) -> list[Member]:
    """Three rates on replicate 0, two on replicate 1, pruned once where cycle is 1."""
    starts = [trainer.root(replicate) for replicate in (0, 1)]
    if cycle:
        starts = [trainer.pruned(start, r, 1) for r, start in enumerate(starts)]
    rates = [(0, 0.02), (0, 0.1), (0, 0.3), (1, 0.05), (1, 0.2)]
    return [
        Member(starts[r], cycle, r, schedule, scale * rate)
        for (r, rate), schedule in zip(rates, schedules, strict=True)
    ]


def scale_of(optimizer: OptimizerSpec) -> float:
    """Rates that suit an optimizer, in units of those that suit SGD."""
    return {"sgd": 1.0, "rmsprop": 0.005}.get(optimizer.name, 0.05)


def same_bits(a: Network, b: Network) -> bool:
    return all(torch.equal(a.state[name], b.state[name]) for name in a.state)


def numbers(trained: Trained) -> tuple[Any, ...]:
    outcome = trained.outcome
    return outcome.curve, outcome.val_accuracy, outcome.test_accuracy, outcome.diverged


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("cycle", [0, 1])
@all_optimizers
def test_a_member_trains_exactly_as_it_would_alone(
    trainer: Make, engine: str, cycle: int, optimizer: OptimizerSpec
) -> None:
    one = trainer(engine=engine, optimizer=optimizer)
    pack = members(one, cycle, scale_of(optimizer))
    together = one.train(pack)
    for member, expected in zip(pack, together, strict=True):
        (alone,) = one.train([member])
        assert same_bits(alone.outcome.network, expected.outcome.network)
        assert numbers(alone) == numbers(expected)
    backwards = one.train(pack[::-1])[::-1]
    for a, b in zip(together, backwards, strict=True):
        assert same_bits(a.outcome.network, b.outcome.network)


def agree(a: Network, b: Network, atol: float = 1e-12) -> bool:
    return a.state.keys() == b.state.keys() and all(
        torch.allclose(value, b.state[name], rtol=0, atol=atol) for name, value in a.state.items()
    )


@pytest.mark.parametrize(
    "hidden", [pytest.param((24,), marks=pytest.mark.costly), (32, 16, 8)], ids=["one", "three"]
)
@all_optimizers
def test_stacked_agrees_with_solo_in_fp64_with_several_schedules_in_one_pack(
    trainer: Make, hidden: tuple[int, ...], optimizer: OptimizerSpec
) -> None:
    network = FullyConnectedSpec(name="fully_connected", hidden=hidden)
    both = [
        trainer(engine=engine, precision="fp64", network=network, optimizer=optimizer, steps=30)
        for engine in ENGINES
    ]
    alone, together = (each.train(members(each, 1, scale_of(optimizer))) for each in both)
    for a, b in zip(alone, together, strict=True):
        assert numbers(a) == numbers(b)
        assert agree(a.outcome.network, b.outcome.network)
        assert not agree(a.outcome.network, both[0].root(0), atol=1e-3)


def zeroed(network: Network) -> bool:
    """Whether what is pruned is exactly 0, and something else is not."""
    some = [bool((network.state[n][mask] != 0).any()) for n, mask in network.masks.items()]
    gone = [bool((network.state[n][~mask] == 0).all()) for n, mask in network.masks.items()]
    return any(some) and all(gone)


@pytest.mark.parametrize("engine", ENGINES)
@all_optimizers
@pytest.mark.parametrize("steps", [1, 2, 12])
def test_pruned_weights_are_exactly_zero_after_every_step(
    trainer: Make, engine: str, optimizer: OptimizerSpec, steps: int
) -> None:
    one = trainer(engine=engine, optimizer=optimizer, steps=steps, validate_every=1)
    constant: list[ScheduleSpec] = [ConstantSpec(name="constant")] * 5
    for trained in one.train(members(one, 1, scale_of(optimizer), constant)):
        assert not any(mask.all() for mask in trained.outcome.network.masks.values())
        assert zeroed(trained.outcome.network)


def without_two_neurons(start: Network) -> Network:
    """The first layer's first two neurons gone: weights, biases, and batch norm where it is."""
    state = {name: value.clone() for name, value in start.state.items()}
    masks = dict(start.masks)
    for name in ("layers.0.weight", "layers.0.bias", "norms.0.weight", "norms.0.bias"):
        if name in state:
            masks[name] = torch.ones_like(state[name], dtype=torch.bool)
            masks[name][:2] = False
            state[name][:2] = 0.0
    return Network(state, masks)


@all_optimizers
def test_masked_biases_stay_zero_and_the_engines_agree_on_the_rest(
    trainer: Make, optimizer: OptimizerSpec
) -> None:
    ends = []
    for engine in ENGINES:
        one = trainer(engine=engine, precision="fp64", optimizer=optimizer)
        pack = members(one, 0, scale_of(optimizer))
        pack[1:4] = [replace(each, start=without_two_neurons(each.start)) for each in pack[1:4]]
        ends.append([trained.outcome.network for trained in one.train(pack)])
        for index, network in enumerate(ends[-1]):
            assert zeroed(network)
            assert ("layers.0.bias" in network.masks) == (index in (1, 2, 3))
            assert int((network.state["layers.0.bias"] == 0).sum()) == 2 * (index in (1, 2, 3))
    for a, b in zip(*ends, strict=True):
        assert agree(a, b)


@all_optimizers
def test_masked_batch_norm_stays_zero(trainer: Make, optimizer: OptimizerSpec) -> None:
    network = FullyConnectedSpec(name="fully_connected", hidden=(24, 24), batch_norm=True)
    one = trainer(network=network, optimizer=optimizer)
    start = without_two_neurons(one.root(0))
    (trained,) = one.train([Member(start, 0, 0, WARMUP, 0.1 * scale_of(optimizer))])
    end = trained.outcome.network
    assert {"norms.0.weight", "norms.0.bias", "layers.0.bias"} <= end.masks.keys()
    assert zeroed(end)
    assert bool((end.state["norms.0.bias"][2:] != 0).all())


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("optimizer", [SgdSpec(), AdamSpec(name="adam")], ids=["sgd", "adam"])
def test_saved_early_weights_equal_those_of_a_training_run_that_ends_there(
    trainer: Make, engine: str, optimizer: OptimizerSpec
) -> None:
    long = trainer(engine=engine, optimizer=optimizer, pruning=PruningSpec(rewind=7))
    short = trainer(engine=engine, optimizer=optimizer, steps=7)
    schedules: list[ScheduleSpec] = [WARMUP, ConstantSpec(name="constant")] * 2 + [WARMUP]
    packs = [members(each, 0, scale_of(optimizer), schedules) for each in (long, short)]
    for long_run, short_run in zip(long.train(packs[0]), short.train(packs[1]), strict=True):
        assert long_run.outcome.snapshot is not None
        assert same_bits(long_run.outcome.snapshot, short_run.outcome.network)
        assert not same_bits(long_run.outcome.snapshot, long_run.outcome.network)
        assert short_run.outcome.snapshot is None


@all_optimizers
def test_the_engines_keep_the_same_weights_each_member_at_its_own_iteration(
    trainer: Make, optimizer: OptimizerSpec
) -> None:
    one = trainer(precision="fp64", optimizer=optimizer)
    jobs = [
        replace(each, keep_at=at)
        for each, at in zip(jobs_of(one, optimizer), (None, 1, 4, 11, 12), strict=True)
    ]
    both = [engine.train(one.network, jobs, one.system.training) for engine in (solo, stacked)]
    for job, a, b in zip(jobs, *both, strict=True):
        if job.keep_at is None:
            assert (a.snapshot, b.snapshot) == (None, None)
            continue
        assert a.snapshot is not None
        assert b.snapshot is not None
        assert agree(a.snapshot, b.snapshot)
        assert agree(a.snapshot, a.network, atol=0.0) == (job.keep_at == 12)


def jobs_of(trainer: Trainer, optimizer: OptimizerSpec) -> list[Job]:
    """Five jobs of an unpruned network, as an engine gets them."""
    made = []
    for index, member in enumerate(members(trainer, 0, scale_of(optimizer))):
        feed, order = trainer._feed(member.replicate, 0)
        made.append(Job(member.start, [member.max_lr] * len(order), feed, order, seed=index // 3))
    return made


@pytest.mark.parametrize("engine", ENGINES)
def test_a_diverged_member_scores_0_and_changes_no_other(trainer: Make, engine: str) -> None:
    one = trainer(engine=engine, pruning=PruningSpec(rewind=2))
    sound = members(one, 0)
    wild = Member(sound[0].start, 0, 0, WARMUP, 1e30)
    trained = one.train([sound[0], wild, sound[4]])
    assert trained[1].outcome.diverged
    assert trained[1].outcome.snapshot is None
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
        trainer(engine=engine, carry=carry, validate_every=1, steps=20)
        for carry in ("last", "best")
    )
    member = Member(last.root(0), 0, 0, ConstantSpec(name="constant"), 0.5)
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


def test_auto_stacks_fully_connected_networks_without_batch_norm_only(
    trainer: Make, system: Callable[..., SystemSpec], colours: Images
) -> None:
    assert trainer().engines == ("stacked",)
    normalised = FullyConnectedSpec(name="fully_connected", hidden=(8,), batch_norm=True)
    assert trainer(network=normalised).engines == ("solo",)
    resnet = system(network=ResNet20Spec(name="resnet20", width=2))
    assert Trainer(resnet, colours).engines == ("solo",)


def test_networks_that_cannot_be_stacked_are_refused(trainer: Make) -> None:
    class Own(FullyConnected):
        def forward(self, images: Tensor) -> Tensor:
            return 2 * super().forward(images)

    one = trainer()
    jobs, training = jobs_of(one, SgdSpec()), one.system.training
    for network in (FullyConnected(64, 10, (8,), batch_norm=True), Own(64, 10), ResNet20(1, 10)):
        assert stacked.why_unsupported(network, torch.device("cpu"), training) is not None
        with pytest.raises(ValueError, match="only fully connected networks without batch norm"):
            stacked.train(network, jobs, training)
    assert (
        stacked.why_unsupported(FullyConnected(64, 10, (8,)), torch.device("cpu"), training) is None
    )
