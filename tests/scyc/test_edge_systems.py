"""What was wrong once: networks that are shared, the layout of grey images, late refusals."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from scyc.checks import system as checks
from scyc.data.images import Images
from scyc.specs.factory import FactorySpec
from scyc.specs.networks import FullyConnectedSpec, ResNet20Spec
from scyc.specs.schedules import ConstantSpec
from scyc.specs.system import (
    AugmentSpec,
    PruningSpec,
    RecordSpec,
    SplitSpec,
    SystemSpec,
    TrainingSpec,
)
from scyc.trainer import Member, Trainer
from scyc.training.memory_format import preferred_format

CONSTANT = ConstantSpec(name="constant")


@pytest.fixture(scope="module")
def tiny() -> Images:
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(256, (60, 1, 4, 4), generator=generator).to(torch.uint8)
    return Images(pixels, torch.arange(60) % 3, ("a", "b", "c"), "tiny")


def system(**changes: Any) -> SystemSpec:
    fields: dict[str, Any] = {
        "network": FullyConnectedSpec(name="fully_connected", hidden=(8,)),
        "pruning": PruningSpec(),
        "training": TrainingSpec(steps=4, batch=4, validate_every=2),
        "split": SplitSpec(),
        "seed": 0,
    }
    return SystemSpec(**(fields | changes))


@pytest.mark.parametrize("prune_last", [False, True])
def test_an_unpruned_network_is_pruned_by_the_settings_of_its_child(
    tiny: Images, prune_last: bool
) -> None:
    # Both systems have the same unpruned cells, so either may find the other's network.
    own, other = (
        Trainer(system(pruning=PruningSpec(prune_last=last)), tiny)
        for last in (prune_last, not prune_last)
    )
    theirs, ours = (
        each.train([Member(each.root(0), 0, 0, CONSTANT, 0.1)])[0].outcome.network
        for each in (other, own)
    )
    actual, expected = own.pruned(theirs, 0, 1), own.pruned(ours, 0, 1)
    assert actual.masks.keys() == expected.masks.keys()
    assert ("layers.1.weight" in actual.masks) == prune_last
    for name, mask in expected.masks.items():
        assert torch.equal(actual.masks[name], mask)
    remaining = sum(int(mask.sum()) for mask in actual.masks.values())
    assert remaining == round(0.8 * (8 * 16 + (3 * 8 if prune_last else 0)))


def test_grey_images_that_are_augmented_reach_strided_convolutions_in_the_safe_layout(
    tiny: Images,
) -> None:
    # With channels last and so few channels oneDNN's gradient of their weights corrupts memory.
    network = ResNet20Spec(name="resnet20", width=4)
    training = TrainingSpec(
        steps=1, batch=4, validate_every=1, augment=AugmentSpec(crop=1, flip=True)
    )
    trainer = Trainer(system(network=network, training=training), tiny)
    assert preferred_format(trainer.network) is torch.contiguous_format
    safe: list[bool] = []

    def record_contiguity(_module: nn.Module, inputs: tuple[Tensor], _output: Tensor) -> None:
        safe.append(inputs[0].is_contiguous())

    for module in trainer.network.modules():
        if isinstance(module, nn.Conv2d) and module.stride == (2, 2):
            module.register_forward_hook(record_contiguity)
    trainer.train([Member(trainer.root(0), 0, 0, CONSTANT, 0.1)])
    assert safe
    assert all(safe)


class Functional(nn.Module):
    """A network without a ReLU module, whose constructor reads a value of a tensor."""

    def __init__(self, shape: tuple[int, int, int], classes: int) -> None:
        super().__init__()
        self.scale = float(torch.linspace(1.0, 2.0, 2)[1].item())
        self.hidden = nn.Linear(shape[0] * shape[1] * shape[2], 4)
        self.logits = nn.Linear(4, classes)

    def forward(self, images: Tensor) -> Tensor:
        """Logits."""
        logits: Tensor = self.logits(torch.relu(self.hidden(images.flatten(1)) * self.scale))
        return logits


@pytest.fixture
def functional(monkeypatch: pytest.MonkeyPatch) -> FactorySpec:
    def load(path: str) -> Callable[..., nn.Module]:
        assert path == "mine:make"
        return Functional

    monkeypatch.setattr("scyc.networks.registry.load_factory", load)
    return FactorySpec(factory="mine:make")


def test_hidden_outputs_of_a_network_without_relu_modules_are_refused_beforehand(
    tiny: Images, functional: FactorySpec
) -> None:
    record = RecordSpec(what=("weight_gradients", "activations"))
    (problem,) = checks.problems(system(network=functional, record=record), tiny)
    assert (problem.path, problem.value) == ("record.what", "activations")
    assert (
        checks.problems(system(network=functional, record=RecordSpec(what=record.what[:1])), tiny)
        == []
    )


def test_the_filters_of_a_users_network_that_needs_values_are_found(
    tiny: Images, functional: FactorySpec
) -> None:
    (problem,) = checks.problems(
        system(network=functional, pruning=PruningSpec(criterion="l1_filter")), tiny
    )
    assert problem.path == "pruning.criterion"
    assert problem.rule.startswith("this network has no filter that can be pruned")
