"""The engines that train any network side by side, held against `solo` in double precision."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch
from costly import costly
from torch import Tensor, nn

from scyc.data.images import Images
from scyc.engines import graphed, grouped, solo, vmap
from scyc.pruning import weights as pruning_weights
from scyc.pruning.pruned_network import Network
from scyc.specs.networks import FullyConnectedSpec, ResNet20Spec
from scyc.specs.optimizers import AdamSpec, OptimizerSpec, RmsPropSpec, SgdSpec
from scyc.specs.system import AugmentSpec, PruningSpec, SystemSpec
from scyc.trainer import Trainer
from scyc.training.job import Job, Outcome
from scyc.vectorized import training_loop
from scyc.vectorized.member_state import MemberState

CPU = torch.device("cpu")
ENGINES = [vmap, grouped, graphed]
NAMES = [engine.__name__.removeprefix("scyc.") for engine in ENGINES]
# A bias before batch norm has a gradient of rounding alone; with a small eps that becomes a step.
EPS = 1e-3
OPTIMIZERS: list[OptimizerSpec] = [
    SgdSpec(),
    SgdSpec(momentum=0.0, weight_decay=0.0),
    AdamSpec(name="adam", weight_decay=0.01, eps=EPS),
    AdamSpec(name="adamw", weight_decay=0.1, eps=EPS),
    RmsPropSpec(name="rmsprop", weight_decay=0.01, eps=EPS),
    RmsPropSpec(name="rmsprop", momentum=0.9, eps=EPS),
]
# Each second one is another form of the first; `make check` has the first ones.
all_optimizers = pytest.mark.parametrize(
    "optimizer",
    [
        pytest.param(spec, id=repr(spec), marks=[pytest.mark.costly] * (index % 2))
        for index, spec in enumerate(OPTIMIZERS)
    ],
)
NORMALISED = FullyConnectedSpec(name="fully_connected", hidden=(24, 16), batch_norm=True)
PLAIN = FullyConnectedSpec(name="fully_connected", hidden=(24, 16))
ONE_REPLICATE = [(0, 0.02), (0, 0.1)]
TWO_REPLICATES = [(0, 0.05), (1, 0.1)]
Systems = Callable[..., SystemSpec]
all_engines = pytest.mark.parametrize("engine", ENGINES, ids=NAMES)


class Own(nn.Module):
    """Every kind of layer that convolutions are joined with, on 3 x 8 x 8 images."""

    def __init__(self, momentum: float | None = 0.1) -> None:
        super().__init__()
        self.widen = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.norm = nn.BatchNorm2d(8, momentum=momentum)
        self.depthwise = nn.Conv2d(8, 8, 3, padding=1, groups=8, bias=False)
        self.halves = nn.Conv2d(8, 12, 3, padding="same", groups=2, dilation=2)
        self.shortcut = nn.Conv2d(8, 12, 1)
        self.quiet = nn.BatchNorm2d(12, affine=False, track_running_stats=False)
        self.largest = nn.MaxPool2d(2, ceil_mode=True)
        self.mean = nn.AvgPool2d(2, stride=1, padding=1)
        self.rest = nn.AdaptiveAvgPool2d(2)
        self.drop = nn.Dropout(0.3)
        self.hidden = nn.Linear(48, 10, bias=False)
        self.flat_norm = nn.BatchNorm1d(10, momentum=momentum)
        self.output = nn.Linear(10, 3)
        self.relu = nn.ReLU(inplace=True)
        self.unused = nn.Linear(4, 4)
        self.frozen = nn.Parameter(torch.ones(3), requires_grad=False)

    def forward(self, images: Tensor) -> Tensor:
        hidden = self.relu(self.norm(self.widen(images)))
        hidden = self.drop(hidden)
        branch = self.quiet(self.halves(torch.relu(self.depthwise(hidden))))
        hidden = self.mean(self.largest(branch + self.shortcut(hidden)))
        values = self.drop(self.rest(hidden).reshape(hidden.size(0), -1))
        values = self.relu(self.flat_norm(self.hidden(values)))
        return 0.5 * self.output(values)


def jobs_of(
    trainer: Trainer, rates: Sequence[tuple[int, float]], cycle: int = 1, **changes: Any
) -> list[Job]:
    """Jobs of (replicate, rate), pruned once where cycle is 1."""
    jobs = []
    for replicate, rate in rates:
        start = trainer.root(replicate)
        if cycle:
            start = trainer.pruned(start, replicate, 1)
        feed, order = trainer._feed(replicate, cycle)
        steps = len(order)
        falling = [rate * (1 - step / steps) for step in range(steps)]
        jobs.append(Job(start, falling, feed, order, seed=replicate, **changes))
    return jobs


def jobs_of_own(trainer: Trainer, network: nn.Module, count: int = 4) -> list[Job]:
    """Jobs of one's own network, some of them with a quarter of the weights gone."""
    jobs = []
    generator = torch.Generator().manual_seed(3)
    for index in range(count):
        state = {name: value.clone() for name, value in network.state_dict().items()}
        masks: dict[str, Tensor] = {}
        for name in pruning_weights.weight_names(network) if index % 2 else ():
            masks[name] = torch.rand(state[name].shape, generator=generator) > 0.25
            state[name][~masks[name]] = 0.0
        feed, order = trainer._feed(index // 2, 0)
        rates = [0.02 * (index + 1)] * len(order)
        jobs.append(Job(Network(state, masks), rates, feed, order, seed=7 + index // 2))
    return jobs


def gap(ours: Network | None, theirs: Network | None) -> float:
    """The largest difference of two networks."""
    assert ours is not None
    assert theirs is not None
    assert list(ours.state) == list(theirs.state)
    for name, mask in ours.masks.items():
        assert not ours.state[name][~mask].any()
    return max(
        float((value.double() - theirs.state[name].double()).abs().max())
        for name, value in ours.state.items()
    )


def numbers(outcome: Outcome) -> tuple[Any, ...]:
    return outcome.curve, outcome.val_accuracy, outcome.test_accuracy, outcome.diverged


def moved(outcomes: Sequence[Outcome], jobs: Sequence[Job]) -> bool:
    return all(gap(a.network, job.start) > 1e-3 for a, job in zip(outcomes, jobs, strict=True))


@all_engines
@pytest.mark.parametrize(
    ("cycle", "network"),
    [
        pytest.param(0, PLAIN, id="unpruned-plain", marks=pytest.mark.costly),
        pytest.param(1, NORMALISED, id="pruned-normalised"),
        pytest.param(0, NORMALISED, id="unpruned-normalised", marks=pytest.mark.slow),
        pytest.param(1, PLAIN, id="pruned-plain", marks=pytest.mark.slow),
    ],
)
@all_optimizers
def test_fully_connected_networks_end_with_the_weights_of_solo(
    system: Systems,
    colours: Images,
    engine: Any,
    cycle: int,
    network: FullyConnectedSpec,
    optimizer: OptimizerSpec,
) -> None:
    one = Trainer(system(network=network, optimizer=optimizer, precision="fp64"), colours)
    scale = 1.0 if optimizer.name == "sgd" else 0.01
    jobs = jobs_of(one, [(0, 0.05 * scale), (0, 0.2 * scale), (1, 0.1 * scale)], cycle, keep_at=7)
    alone = solo.train(one.network, jobs, one.system.training)
    together = engine.train(one.network, jobs, one.system.training)
    assert moved(together, jobs)
    for a, b in zip(alone, together, strict=True):
        assert numbers(a) == numbers(b)
        assert gap(b.network, a.network) < 1e-10
        assert gap(b.snapshot, a.snapshot) < 1e-10


@pytest.mark.parametrize("engine", [*costly(vmap), grouped, *costly(graphed)], ids=NAMES)
@pytest.mark.parametrize(
    ("carry", "rates"),
    [
        pytest.param("best", ONE_REPLICATE, id="best-1"),
        pytest.param("last", TWO_REPLICATES, id="last-2", marks=pytest.mark.costly),
        pytest.param("last", ONE_REPLICATE, id="last-1", marks=pytest.mark.slow),
        pytest.param("best", TWO_REPLICATES, id="best-2", marks=pytest.mark.slow),
    ],
)
def test_a_resnet_on_augmented_images_ends_with_the_weights_of_solo(
    system: Systems, colours: Images, engine: Any, rates: list[tuple[int, float]], carry: str
) -> None:
    declared = system(
        network=ResNet20Spec(name="resnet20", width=2),
        pruning=PruningSpec(criterion="global_gradient", batches=2),
        augment=AugmentSpec(crop=1, flip=True),
        precision="fp64",
        steps=4,
        validate_every=1,
        carry=carry,
    )
    one = Trainer(declared, colours)
    jobs = jobs_of(one, rates)
    alone = solo.train(one.network, jobs, declared.training)
    together = engine.train(one.network, jobs, declared.training)
    assert moved(together, jobs) or carry == "best"
    for (replicate, _), a, b in zip(rates, alone, together, strict=True):
        assert numbers(a) == numbers(b)
        assert gap(b.network, a.network) < 1e-7
        prunings = [one.pruned(each.network, replicate, 2) for each in (a, b)]
        assert all(
            torch.equal(mask, prunings[1].masks[name]) for name, mask in prunings[0].masks.items()
        )
        slopes = [one._gradients(each.network, replicate, 2) for each in (a, b)]
        for name, slope in slopes[0].items():
            assert torch.allclose(slope, slopes[1][name], rtol=0, atol=1e-7)


@all_engines
@pytest.mark.parametrize("optimizer", [OPTIMIZERS[0], *costly(OPTIMIZERS[2])], ids=["sgd", "adam"])
def test_a_network_of_every_known_layer_ends_with_the_weights_of_solo(
    system: Systems, colours: Images, engine: Any, optimizer: OptimizerSpec
) -> None:
    """Dropout included, and weights that the loss does not reach or that are frozen."""
    one = Trainer(system(optimizer=optimizer, precision="fp64", steps=8, batch=12), colours)
    torch.manual_seed(0)
    network = Own().double().to(memory_format=torch.channels_last)
    jobs = jobs_of_own(one, network)
    if optimizer.name == "adam":
        jobs = [replace(job, rates=[0.05 * rate for rate in job.rates]) for job in jobs]
    before = torch.get_rng_state()
    alone = solo.train(network, jobs, one.system.training)
    together = engine.train(network, jobs, one.system.training)
    assert torch.equal(torch.get_rng_state(), before)
    for job, a, b in zip(jobs, alone, together, strict=True):
        assert numbers(a) == numbers(b)
        assert gap(b.network, a.network) < 1e-9
        assert torch.equal(b.network.state["unused.weight"], job.start.state["unused.weight"]) or (
            "unused.weight" in job.start.masks
        )


@pytest.mark.parametrize("engine", [vmap, grouped], ids=["vmapped", "grouped"])
def test_weights_may_be_channels_last_as_on_a_gpu(
    system: Systems, colours: Images, monkeypatch: pytest.MonkeyPatch, engine: Any
) -> None:
    one = Trainer(system(precision="fp64", steps=6), colours)
    torch.manual_seed(0)
    network = Own().double().to(memory_format=torch.channels_last)
    jobs = jobs_of_own(one, network)
    alone = solo.train(network, jobs, one.system.training)
    made: list[MemberState] = []

    def on_gpu(_network: nn.Module) -> torch.memory_format:
        return torch.channels_last

    def recorded_state(*arguments: Any) -> MemberState:
        made.append(MemberState(*arguments))
        return made[-1]

    monkeypatch.setattr(training_loop, "weight_format", on_gpu)
    monkeypatch.setattr(training_loop, "MemberState", recorded_state)
    together = engine.train(network, jobs, one.system.training)
    weight = made[0].weights["widen.weight"]
    assert weight.flatten(0, 1).is_contiguous(memory_format=torch.channels_last)
    assert not weight.is_contiguous()
    for a, b in zip(alone, together, strict=True):
        assert numbers(a) == numbers(b)
        assert gap(b.network, a.network) < 1e-9


@pytest.mark.parametrize("counts", [[0, 0], [0, 5]])
def test_batch_norm_without_momentum_keeps_the_mean_over_each_members_own_batches(
    system: Systems, colours: Images, counts: list[int]
) -> None:
    one = Trainer(system(precision="fp64", steps=6), colours)
    torch.manual_seed(0)
    network = Own(momentum=None).double()
    jobs = jobs_of_own(one, network, 2)
    for job, count in zip(jobs, counts, strict=True):
        job.start.state["norm.num_batches_tracked"].fill_(count)
    alone = solo.train(network, jobs, one.system.training)
    together = grouped.train(network, jobs, one.system.training)
    for a, b, count in zip(alone, together, counts, strict=True):
        assert int(b.network.state["norm.num_batches_tracked"]) == count + 6
        assert gap(b.network, a.network) < 1e-9
    assert vmap.why_unsupported(network, CPU, one.system.training) is not None
    with pytest.raises(ValueError, match=r"norm: batch norm without momentum .* use the solo"):
        vmap.train(network, jobs, one.system.training)


@all_engines
def test_a_member_that_diverges_is_dropped_and_the_others_continue(
    system: Systems, colours: Images, engine: Any
) -> None:
    declared = system(
        network=NORMALISED, optimizer=OPTIMIZERS[2], precision="fp64", validate_every=2
    )
    one = Trainer(declared, colours)
    jobs = jobs_of(one, [(0, 0.001), (0, 0.002), (1, 0.002)], keep_at=3)
    jobs[1] = replace(jobs[1], rates=[0.001] * 4 + [float("inf")] * 8)
    alone = solo.train(one.network, jobs, declared.training)
    together = engine.train(one.network, jobs, declared.training)
    assert [outcome.diverged for outcome in together] == [False, True, False]
    assert together[1].curve[-1][1] == together[1].test_accuracy == 0.0
    assert numbers(together[1]) == numbers(alone[1])
    assert together[1].snapshot is None
    for index in (0, 2):
        assert numbers(together[index]) == numbers(alone[index])
        assert gap(together[index].network, alone[index].network) < 1e-10
        assert gap(together[index].snapshot, alone[index].snapshot) < 1e-10


@all_engines
def test_where_all_diverge_the_pack_ends(system: Systems, colours: Images, engine: Any) -> None:
    one = Trainer(system(network=PLAIN), colours)
    jobs = [replace(job, rates=[1e30] * 12) for job in jobs_of(one, [(0, 0.1), (1, 0.1)])]
    outcomes = engine.train(one.network, jobs, one.system.training)
    assert [outcome.diverged for outcome in outcomes] == [True, True]
    assert all(outcome.curve[-1][0] < 12 for outcome in outcomes)


@all_engines
def test_in_bfloat16_only_the_forward_pass_is(
    system: Systems, colours: Images, engine: Any
) -> None:
    """To bfloat16's rounding what solo gives, and further from what float32 gives."""
    ends = {}
    for precision in ("fp32", "bf16"):
        one = Trainer(system(network=NORMALISED, precision=precision, steps=6), colours)
        jobs = jobs_of(one, [(0, 0.02), (1, 0.05)])
        ends[precision] = engine.train(one.network, jobs, one.system.training)
        if precision == "bf16":
            ends["solo"] = solo.train(one.network, jobs, one.system.training)
    for exact, rounded, alone in zip(ends["fp32"], ends["bf16"], ends["solo"], strict=True):
        assert {value.dtype for value in rounded.network.state.values()} == {
            torch.float32,
            torch.int64,
        }
        assert 1e-5 < gap(rounded.network, exact.network) < 0.05
        assert gap(rounded.network, alone.network) < 0.05


class Tied(nn.Module):
    """Two hidden layers that share one weight."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(192, 16)
        self.middle = nn.Linear(16, 16)
        self.again = nn.Linear(16, 16)
        self.again.weight = self.middle.weight
        self.output = nn.Linear(16, 3)

    def forward(self, images: Tensor) -> Tensor:
        hidden = torch.relu(self.first(images.flatten(1)))
        hidden = torch.relu(self.again(torch.relu(self.middle(hidden))))
        return self.output(hidden)


@pytest.mark.parametrize("engine", [solo, *ENGINES], ids=["solo", *NAMES])
@pytest.mark.parametrize("masked", ["middle.weight", "again.weight"])
def test_a_mask_under_either_name_of_a_tied_weight_holds_from_the_first_iteration(
    system: Systems, colours: Images, engine: Any, masked: str
) -> None:
    """Also where the other name's entry of the state still has the pruned values."""
    one, network = Trainer(system(precision="fp64", steps=4, validate_every=2), colours), Tied()
    network = network.double()
    state = {name: value.clone() for name, value in network.state_dict().items()}
    mask = torch.rand(16, 16, generator=torch.Generator().manual_seed(0)) > 0.5
    state[masked][~mask] = 0.0
    feed, order = one._feed(0, 0)
    job = Job(Network(state, {masked: mask}), [0.1] * len(order), feed, order, seed=0)
    zeroed = dict.fromkeys(("middle.weight", "again.weight"), state[masked])
    clean = replace(job, start=Network(state | zeroed, {masked: mask}))
    (reference, _) = solo.train(Tied().double(), [clean, clean], one.system.training)
    for outcome in engine.train(network, [job, job], one.system.training):
        for name in ("middle.weight", "again.weight"):
            assert not outcome.network.state[name][~mask].any()
            assert outcome.network.state[name][mask].all()
        assert gap(outcome.network, reference.network) < 1e-10
