"""Studies that ask for deterministic kernels."""

import os
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from scyc.data.images import Images
from scyc.specs.factory import FactorySpec
from scyc.specs.networks import ResNet20Spec
from scyc.specs.schedules import ConstantSpec
from scyc.specs.system import SystemSpec
from scyc.trainer import Member, Trainer
from scyc.training.determinism import NotDeterministic, deterministic


class Unpooling(nn.Module):
    """Its unpooling has no deterministic kernel, on a CPU either."""

    def __init__(self) -> None:
        super().__init__()
        self.pool, self.unpool = nn.MaxPool2d(2, return_indices=True), nn.MaxUnpool2d(2)
        self.last = nn.Linear(192, 3)

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.last(self.unpool(*self.pool(images)).flatten(1))
        return logits


def unpooling(shape: tuple[int, int, int], classes: int) -> nn.Module:
    return Unpooling()


def settings() -> tuple[object, ...]:
    return (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
        torch.backends.cudnn.deterministic,
        torch.backends.cudnn.benchmark,
        os.environ.get("CUBLAS_WORKSPACE_CONFIG"),
    )


@pytest.mark.parametrize("workspace", [None, ":16:8"])
def test_settings_are_deterministic_inside_and_as_they_were_afterwards(
    monkeypatch: pytest.MonkeyPatch, workspace: str | None
) -> None:
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    if workspace:
        monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", workspace)
    before = settings()
    with deterministic(False):
        assert settings() == before
    with deterministic(True):
        assert settings() == (True, False, True, False, ":4096:8")
    assert settings() == before
    with pytest.raises(KeyError), deterministic(True):
        raise KeyError
    assert settings() == before


def test_a_network_without_deterministic_kernels_is_refused_by_name(
    system: Callable[..., SystemSpec], colours: Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = FactorySpec(factory="unpooling_networks:unpooling")
    monkeypatch.setattr("scyc.networks.registry.load_factory", lambda factory: unpooling)
    before = settings()
    for wanted in (False, True):
        one = Trainer(system(network=own, deterministic=wanted), colours)
        pack = [Member(one.root(0), 0, 0, ConstantSpec(name="constant"), 0.01)]
        if wanted:
            with pytest.raises(NotDeterministic, match=r"max_unpooling2d.*leave it out"):
                one.train(pack)
        else:
            assert one.train(pack)[0].steps == 12
        assert settings() == before


def test_a_deterministic_training_is_the_reference_engines(
    system: Callable[..., SystemSpec], colours: Images
) -> None:
    """On a CPU its kernels have the same bits."""
    ends = []
    for wanted in (False, True):
        network = ResNet20Spec(name="resnet20", width=2)
        declared = system(network=network, deterministic=wanted, steps=3, validate_every=3)
        one = Trainer(declared, colours)
        assert one.engines == ("solo",)
        member = Member(one.root(0), 0, 0, ConstantSpec(name="constant"), 0.1)
        ends.append(one.train([member])[0].outcome.network.state)
    assert all(torch.equal(ends[0][name], ends[1][name]) for name in ends[0])
