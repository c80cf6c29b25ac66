"""The pruner of one's own loop prunes what the trainer prunes, weight for weight."""

import copy
import doctest
import io
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import scyc.pruner
from scyc import Pruner
from scyc.data.images import Images
from scyc.networks.fully_connected import FullyConnected
from scyc.networks.resnet20 import ResNet20
from scyc.pruning.criteria import CRITERIA
from scyc.pruning.pruned_network import Network
from scyc.schedules.lr_schedulers import WarmupDrops
from scyc.specs.networks import ResNet20Spec
from scyc.specs.schedules import WarmupSpec
from scyc.specs.system import PruningSpec, SystemSpec
from scyc.trainer import Member, Trainer

Systems = Callable[..., SystemSpec]


def plain(classes: int = 3) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(8, 10), nn.ReLU(), nn.Linear(10, classes))


@pytest.mark.parametrize("prune_last", [False, True])
@pytest.mark.parametrize("criterion", sorted(set(CRITERIA) - {"none"}))
def test_it_prunes_what_the_trainer_prunes_over_several_cycles(
    system: Systems, colours: Images, criterion: str, prune_last: bool
) -> None:
    """Ties included: weights are rounded to few values."""
    pruning = PruningSpec(criterion=criterion, rate=0.3, batches=2, prune_last=prune_last)
    declared = system(network=ResNet20Spec(name="resnet20", width=2), pruning=pruning)
    trainer = Trainer(declared, colours)
    parent = trainer.root(1)
    for name in parent.masks:
        parent.state[name].mul_(10).round_().div_(10)
    module = ResNet20(3, 3, 2)
    module.load_state_dict(parent.state)
    pruner = Pruner(module, criterion, prune_last, replicate=1, input_shape=(3, 8, 8))
    assert pruner.weights_remaining == trainer.weights_remaining(parent) == 100.0
    earlier = Network({name: 0.9 * value for name, value in parent.state.items()}, parent.masks)
    for cycle in (1, 2, 3):
        feed, order = trainer._looked_at("pruning", 1, cycle, 2)
        batches = [(feed.batch(indices), feed.labels[indices]) for indices in order]
        parent = trainer.pruned(parent, 1, cycle, earlier)
        remaining = pruner.prune(0.3, batches, earlier=earlier.state)
        assert remaining == trainer.weights_remaining(parent) < 100.0
        assert pruner.masks.keys() == parent.masks.keys()
        for name, mask in parent.masks.items():
            assert torch.equal(pruner.masks[name], mask), name
        for name, value in module.state_dict().items():
            assert torch.equal(value, parent.state[name]), name
    assert module.training


def test_a_loop_of_ones_own_with_it_trains_as_the_trainer_does(
    system: Systems, colours: Images
) -> None:
    trainer = Trainer(system(precision="fp64", engine="solo", steps=6, validate_every=6), colours)
    network = FullyConnected(192, 3, (24, 24)).double()
    start = trainer.root(0)
    network.load_state_dict(start.state)
    pruner = Pruner(network)
    for cycle in (0, 1, 2):
        member = Member(start, cycle, 0, WarmupSpec(warmup=2, drops=(4,)), 0.1)
        optimizer = torch.optim.SGD(network.parameters(), lr=1.0, momentum=0.9, weight_decay=1e-4)
        schedule = WarmupDrops(optimizer, 0.1, warmup=2, milestones=(4,))
        handle = pruner.attach(optimizer)
        feed, order = trainer._feed(0, cycle)
        for indices in order:
            optimizer.zero_grad()
            functional.cross_entropy(network(feed.batch(indices)), feed.labels[indices]).backward()
            optimizer.step()
            schedule.step()
        handle.remove()
        (trained,) = trainer.train([member])
        for name, value in trained.outcome.network.state.items():
            assert torch.allclose(network.state_dict()[name], value, rtol=0, atol=1e-12), name
            if name in pruner.masks:
                assert not network.state_dict()[name][~pruner.masks[name]].any()
        start = trainer.pruned(trained.outcome.network, 0, cycle + 1)
        pruner.prune(trainer.system.pruning.rate)
        assert all(torch.equal(pruner.masks[name], mask) for name, mask in start.masks.items())


def test_rewinding_gives_the_survivors_their_earlier_values(
    system: Systems, colours: Images
) -> None:
    trainer = Trainer(system(pruning=PruningSpec(rewind="init")), colours)
    root = trainer.root(0)
    network = FullyConnected(192, 3, (24, 24))
    network.load_state_dict(root.state)
    pruner = Pruner(network)
    trained = {name: value * 1.5 + 0.1 for name, value in root.state.items()}
    network.load_state_dict(trained)
    pruner.prune(0.2)
    pruner.rewind(root.state)
    expected = trainer.pruned(Network(trained, root.masks), 0, 1)
    for name, value in network.state_dict().items():
        assert torch.equal(value, expected.state[name])


def test_a_state_dict_that_was_not_copied_is_refused() -> None:
    module = plain()
    own = module.state_dict()
    pruner = Pruner(module)
    with pytest.raises(ValueError, match=r"0\.weight is the module's own tensor: clone"):
        pruner.rewind(own)
    pruner.rewind(copy.deepcopy(own))


def saved(state: dict[str, Any]) -> dict[str, Any]:
    buffer = io.BytesIO()
    torch.save(state, buffer)
    buffer.seek(0)
    return dict(torch.load(buffer, weights_only=True))


@pytest.mark.parametrize("criterion", ["global_magnitude", "random"])
def test_saved_and_loaded_it_prunes_on_as_if_nothing_had_happened(criterion: str) -> None:
    module, again = plain(), plain()
    pruner, resumed = Pruner(module, criterion), Pruner(again, criterion)
    pruner.prune(0.2)
    with torch.no_grad():
        again[0].weight.copy_(plain()[0].weight)
    resumed.load_state_dict(saved(pruner.state_dict()))
    assert resumed.cycle == 1
    assert not again[0].weight[~pruner.masks["0.weight"]].any()
    assert resumed.prune(0.5) == pruner.prune(0.5)
    assert torch.equal(resumed.masks["0.weight"], pruner.masks["0.weight"])
    assert int(pruner.masks["0.weight"].sum()) == 32  # 80, 64, 32


def test_a_zero_that_remains_is_trained_and_a_pruned_weight_is_not() -> None:
    module = plain()
    pruner = Pruner(module)
    pruner.prune(0.5)
    mask = pruner.masks["0.weight"]
    with torch.no_grad():
        module[0].weight.zero_()
        module[0].bias.fill_(1.0)
    optimizer = torch.optim.Adam(module.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        module(torch.ones(4, 8)).square().mean().backward()
        optimizer.step()
        pruner.apply()
    assert module[0].weight[mask].all()
    assert not module[0].weight[~mask].any()


def test_scores_that_are_not_numbers_prune_nothing() -> None:
    module = plain()
    pruner = Pruner(module)
    with torch.no_grad():
        module[0].weight[0, 0] = float("nan")
    with pytest.raises(ValueError, match="the network has diverged"):
        pruner.prune(0.2)
    assert pruner.cycle == 0
    assert pruner.weights_remaining == 100.0


def test_a_gradient_criterion_takes_a_loss_of_ones_own_and_restores_modes() -> None:
    module = plain(1)
    module.train()
    module[1].eval()
    inputs, targets = torch.randn(16, 8), torch.randn(16, 1)
    pruner = Pruner(module, "layer_gradient")
    pruner.prune(0.25, [(inputs, targets)], loss=functional.mse_loss)
    expected = plain(1)
    functional.mse_loss(expected(inputs), targets).backward()
    gradient = expected[0].weight.grad
    assert gradient is not None
    scores = (expected[0].weight.detach() * gradient.double()).abs().flatten()
    removed = torch.zeros(80, dtype=torch.bool)
    removed[scores.argsort()[:20]] = True
    assert torch.equal(~pruner.masks["0.weight"].flatten(), removed)
    assert (module.training, module[1].training) == (True, False)
    assert module[0].weight.grad is None


def test_a_frozen_layer_is_counted_and_not_pruned() -> None:
    module = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 2))
    module[0].weight.requires_grad_(False)
    pruner = Pruner(module)
    assert pruner.prune(0.5) == 100 * (64 + 32 + 16) / (64 + 64 + 16)
    assert list(pruner.masks) == ["2.weight"]


class HeadFirst(nn.Module):
    """Registers its last layer first."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(8, 2)
        self.body = nn.Linear(8, 8)

    def forward(self, inputs: Tensor) -> Tensor:
        return self.head(torch.relu(self.body(inputs)))


def test_with_the_shape_of_an_input_the_last_layer_is_the_one_that_is_called_last() -> None:
    assert list(Pruner(HeadFirst(), input_shape=(8,)).masks) == ["body.weight"]
    assert list(Pruner(HeadFirst()).masks) == ["head.weight"]


def test_a_weight_with_two_names_is_counted_and_pruned_once() -> None:
    module = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 2))
    module[2].weight = module[0].weight
    pruner = Pruner(module)
    assert pruner.prune(0.25) == 100 * (48 + 16) / (64 + 16)
    assert list(pruner.masks) == ["0.weight"]
    assert int(torch.count_nonzero(module[2].weight)) == 48


def test_a_hidden_weight_that_is_the_last_layers_too_is_not_pruned() -> None:
    module = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8))
    module[4].weight = module[2].weight
    pruner = Pruner(module)
    assert list(pruner.masks) == ["0.weight"]
    assert pruner.prune(0.5) == 100 * (32 + 64) / 128
    assert module[4].weight.all()


class Headless(nn.Module):
    def forward(self, inputs: Tensor) -> Tensor:
        return inputs


def normalised() -> nn.Module:
    module = plain()
    nn.utils.parametrizations.weight_norm(module[0])
    return module


SMALLER = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))


@pytest.mark.parametrize(
    ("make", "rule"),
    [
        (lambda: Pruner(plain(), "global_magnitud"), 'did you mean "global_magnitude"'),
        (lambda: Pruner(Headless()), "Headless has no weights to prune"),
        (lambda: Pruner(normalised()), r"0\.weight: computed from other parameters, as by"),
        (lambda: Pruner(plain(), "l1_filter"), "l1_filter needs the shape of one input"),
        (lambda: Pruner(plain()).prune(1.0), r"rate = 1\.0: must be above 0 and below 1"),
        (lambda: Pruner(plain(), "global_gradient").prune(0.1), "needs batches"),
        (lambda: Pruner(plain()).load_state_dict({}), "prune_last, cycle, masks: not in the state"),
        (
            lambda: Pruner(plain()).load_state_dict(Pruner(plain(), "random").state_dict()),
            "criterion = 'random': this pruner has 'global_magnitude'",
        ),
        (
            lambda: Pruner(plain()).load_state_dict(Pruner(SMALLER).state_dict()),
            r"masks: 0\.weight \(4, 3\): the module has 0\.weight \(10, 8\)",
        ),
    ],
)
def test_bad_input_is_refused_with_the_rule(make: Callable[[], object], rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        make()


def test_the_example_of_the_docstring_runs() -> None:
    failed, tried = doctest.testmod(scyc.pruner)
    assert (failed, tried) == (0, 9)
