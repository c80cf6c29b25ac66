"""Label smoothing, clipping and the weight decay of norms and biases: a plain loop has the word."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from costly import costly
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_
from torch.optim import SGD, Adam, AdamW, Optimizer, RMSprop

from scyc.checks import system as checks
from scyc.data.images import Images
from scyc.engines import graphed, grouped, solo, stacked, vmap
from scyc.optimizers.clipping import clip_factors
from scyc.specs.base import as_json
from scyc.specs.networks import FullyConnectedSpec
from scyc.specs.optimizers import AdamSpec, OptimizerSpec, RmsPropSpec, SgdSpec
from scyc.specs.schedules import ConstantSpec
from scyc.specs.system import SystemSpec, TrainingSpec
from scyc.trainer import Member, Trainer
from scyc.training.job import Job

Systems = Callable[..., SystemSpec]
NORMALISED = FullyConnectedSpec(name="fully_connected", hidden=(24, 16), batch_norm=True)
PLAIN = FullyConnectedSpec(name="fully_connected", hidden=(24, 16))
ENGINES = [(solo, NORMALISED), (stacked, PLAIN), (vmap, NORMALISED), (grouped, NORMALISED)]
ENGINES += [(graphed, NORMALISED)]
NAMES = [engine.__name__.rpartition(".")[2] for engine, _ in ENGINES]
EPS = 1e-3  # a bias before batch norm has a gradient of rounding alone; see the other suite
OPTIMIZERS: list[tuple[OptimizerSpec, Callable[..., Optimizer], float]] = [
    (SgdSpec(weight_decay=0.05), lambda p: SGD(p, momentum=0.9, weight_decay=0.05), 1.0),
    (
        AdamSpec(name="adam", weight_decay=0.05, eps=EPS),
        lambda p: Adam(p, weight_decay=0.05, eps=EPS),
        0.05,
    ),
    (
        AdamSpec(name="adamw", weight_decay=0.5, eps=EPS),
        lambda p: AdamW(p, weight_decay=0.5, eps=EPS),
        0.05,
    ),
    (
        RmsPropSpec(name="rmsprop", weight_decay=0.05, eps=EPS),
        lambda p: RMSprop(p, weight_decay=0.05, eps=EPS),
        0.01,
    ),
]
ALL: dict[str, Any] = {"label_smoothing": 0.2, "clip_grad_norm": 0.5, "bias_weight_decay": 0.0}
MORE: dict[str, dict[str, Any]] = {
    "label smoothing": {"label_smoothing": 0.1},
    "clipping": {"clip_grad_norm": 0.3},
    "biases": {"bias_weight_decay": 0.3},
}


def jobs_of(trainer: Trainer, scale: float) -> list[Job]:
    """Three members, pruned once, of two replicates; their norms differ by their rates."""
    jobs = []
    for replicate, rate in ((0, 0.05), (0, 0.4), (1, 0.2)):
        start = trainer.pruned(trainer.root(replicate), replicate, 1)
        feed, order = trainer._feed(replicate, 1)
        rates = [scale * rate * (1 - step / len(order)) for step in range(len(order))]
        jobs.append(Job(start, rates, feed, order, seed=replicate))
    return jobs


def by_hand(
    network: nn.Module,
    job: Job,
    make: Callable[..., Optimizer],
    max_norm: float | None,
    smoothing: float,
    decays: Callable[[str], dict[str, Any]],
) -> dict[str, Tensor]:
    """Train one member as a script would; a pruned weight has neither a value nor a gradient."""
    network = copy.deepcopy(network).train()
    network.load_state_dict(job.start.state)
    weights = dict(network.named_parameters())
    optimizer = make([{"params": [w], "lr": 0.0, **decays(n)} for n, w in weights.items()])
    loss_of = nn.CrossEntropyLoss(label_smoothing=smoothing)
    for step, chosen in enumerate(job.order):
        for group in optimizer.param_groups:
            group["lr"] = job.rates[step]
        optimizer.zero_grad()
        images = job.feed.training_batch(step, chosen)
        loss_of(network(images), job.feed.labels[chosen]).backward()
        for name, mask in job.start.masks.items():
            gradient = weights[name].grad
            assert gradient is not None
            gradient[~mask] = 0.0
        if max_norm is not None:
            clip_grad_norm_(network.parameters(), max_norm)
        optimizer.step()
        with torch.no_grad():
            for name, mask in job.start.masks.items():
                weights[name][~mask] = 0.0
    return {name: value.detach() for name, value in network.state_dict().items()}


def distance(ours: dict[str, Tensor], theirs: dict[str, Tensor]) -> float:
    assert list(ours) == list(theirs)
    return max(float((ours[n].double() - theirs[n].double()).abs().max()) for n in ours)


@pytest.mark.parametrize(("engine", "network"), ENGINES, ids=NAMES)
@pytest.mark.parametrize(
    ("optimizer", "make", "scale"),
    [OPTIMIZERS[0], *costly(*OPTIMIZERS[1:])],
    ids=[spec.name for spec, _, _ in OPTIMIZERS],
)
def test_every_engine_ends_with_the_weights_of_a_plain_loop_with_all_options(
    system: Systems,
    digits: Images,
    engine: Any,
    network: FullyConnectedSpec,
    optimizer: OptimizerSpec,
    make: Callable[..., Optimizer],
    scale: float,
) -> None:
    """Members have other rates, so other gradients; each is clipped by its own norm."""
    options = ALL | ({"norm_weight_decay": 0.01} if network.batch_norm else {})
    declared = system(network=network, optimizer=optimizer, precision="fp64", steps=8, **options)
    one = Trainer(declared, digits)
    jobs = jobs_of(one, scale)

    def decays(name: str) -> dict[str, Any]:
        if name.endswith(".bias"):
            return {"weight_decay": 0.0}
        return {"weight_decay": 0.01} if name.startswith("norms.") else {}

    for job, outcome in zip(jobs, engine.train(one.network, jobs, declared.training), strict=True):
        expected = by_hand(one.network, job, make, 0.5, 0.2, decays)
        assert distance(outcome.network.state, expected) < 1e-9


@pytest.mark.parametrize(("engine", "network"), ENGINES[:3], ids=NAMES[:3])
@pytest.mark.parametrize("name", MORE)
def test_one_option_alone_is_that_of_a_plain_loop(
    system: Systems, digits: Images, engine: Any, network: FullyConnectedSpec, name: str
) -> None:
    options = MORE[name]
    declared = system(network=network, precision="fp64", steps=6, **options)
    one = Trainer(declared, digits)
    jobs = jobs_of(one, 1.0)
    bias = options.get("bias_weight_decay", 1e-4)
    settings = options.get("clip_grad_norm"), options.get("label_smoothing", 0.0)

    def decays(name: str) -> dict[str, Any]:
        return {"weight_decay": bias if name.endswith(".bias") else 1e-4}

    def sgd(groups: Any) -> Optimizer:
        return SGD(groups, momentum=0.9)

    for job, outcome in zip(jobs, engine.train(one.network, jobs, declared.training), strict=True):
        expected = by_hand(one.network, job, sgd, *settings, decays)
        assert distance(outcome.network.state, expected) < 1e-10
    without = by_hand(one.network, jobs[-1], sgd, None, 0.0, lambda name: {"weight_decay": 1e-4})
    assert distance(without, expected) > 1e-4


@pytest.mark.parametrize("hidden", [(24, 16), (13, 7)])
@pytest.mark.parametrize("engine", ["solo", "stacked"])
def test_a_member_with_all_options_has_the_same_bits_in_any_pack(
    trainer: Callable[..., Trainer], engine: str, hidden: tuple[int, ...]
) -> None:
    network = FullyConnectedSpec(name="fully_connected", hidden=hidden)
    one = trainer(engine=engine, network=network, **ALL)
    start = one.pruned(one.root(0), 0, 1)
    pack = [Member(start, 1, 0, ConstantSpec(name="constant"), rate) for rate in (0.02, 0.1, 0.4)]
    for member, expected in zip(pack, one.train(pack), strict=True):
        (alone,) = one.train([member])
        for name, value in alone.outcome.network.state.items():
            assert torch.equal(value, expected.outcome.network.state[name])


def test_each_member_is_clipped_by_the_norm_of_all_its_own_gradients() -> None:
    """Norms 5 and 0.5 of two weights together, against 1."""
    gradients = [
        torch.tensor([[[3.0, 0.0]], [[0.3, 0.0]]]),
        torch.tensor([[[4.0]], [[0.4]]]),
    ]
    assert clip_factors(gradients, 1.0).tolist() == pytest.approx([0.2, 1.0], rel=1e-6)


def test_a_gradient_that_is_not_finite_makes_its_own_member_diverge_alone() -> None:
    gradients = [torch.tensor([[float("inf")], [3.0], [float("nan")]])]
    factors = clip_factors(gradients, 1.5)
    clipped = gradients[0] * factors.view(-1, 1)
    assert clipped.isfinite().flatten().tolist() == [False, True, False]
    assert float(clipped[1]) == pytest.approx(1.5, rel=1e-6)


def test_gradient_criteria_and_the_range_test_take_the_loss_that_is_trained_with(
    system: Systems, digits: Images
) -> None:
    sharp = Trainer(system(precision="fp64"), digits)
    smooth = Trainer(system(precision="fp64", label_smoothing=0.3), digits)
    root = sharp.root(0)
    network = copy.deepcopy(smooth.network).eval()
    network.load_state_dict(root.state)
    feed, order = smooth._looked_at("pruning", 0, 1, smooth.system.pruning.batches)
    for chosen in order:
        loss = nn.functional.cross_entropy(
            network(feed.batch(chosen)), feed.labels[chosen], label_smoothing=0.3
        )
        loss.backward()
    ours, theirs = smooth._gradients(root, 0, 1), sharp._gradients(root, 0, 1)
    for name, gradient in ours.items():
        expected = network.get_parameter(name).grad
        assert expected is not None
        assert torch.allclose(gradient, expected, rtol=0, atol=1e-12)
        assert not torch.allclose(gradient, theirs[name], rtol=0, atol=1e-3)


def test_options_at_their_default_are_left_out_of_the_hash(system: Systems) -> None:
    fields = {"label_smoothing", "clip_grad_norm", "norm_weight_decay", "bias_weight_decay"}
    assert not fields & as_json(system().training).keys()
    options = ALL | {"norm_weight_decay": 0.0}
    assert as_json(system(**options).training).items() >= options.items()
    named = as_json(system(label_smoothing=0.0, clip_grad_norm=None).training)
    assert named == as_json(system().training)


@pytest.mark.parametrize("name", ["norm_weight_decay", "bias_weight_decay"])
def test_a_weight_decay_that_changes_nothing_is_refused(name: str) -> None:
    content = {"steps": 2, "batch": 2, "validate_every": 1, name: 1e-4}
    with pytest.raises(ValueError, match=f"{name} is the optimizer's own weight_decay, 0.0001"):
        TrainingSpec.model_validate(content)


def test_a_weight_decay_of_what_a_network_has_none_of_is_refused(
    system: Systems, digits: Images
) -> None:
    declared = system(network=PLAIN, norm_weight_decay=0.0, bias_weight_decay=0.0)
    (problem,) = checks.problems(declared, digits)
    assert problem.path == "training.norm_weight_decay"
    assert problem.rule.startswith("this network has no norm with weights")
    assert not checks.problems(system(network=NORMALISED, norm_weight_decay=0.0), digits)
