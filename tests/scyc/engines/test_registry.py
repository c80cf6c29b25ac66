"""Which engine takes which network, and what the others say."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from oracle.study.base import Study
from scyc.checks.system import problems
from scyc.data.images import Images
from scyc.engines import graphed, grouped, vmap
from scyc.engines.registry import ENGINES, candidates, supports
from scyc.errors import BadInput
from scyc.networks import registry
from scyc.networks.fully_connected import FullyConnected
from scyc.pruning.pruned_network import Network
from scyc.specs.networks import (
    AlexNetSpec,
    FullyConnectedSpec,
    NetworkSpec,
    ResNet20Spec,
    ResNet50Spec,
    VggSpec,
)
from scyc.specs.system import SystemSpec
from scyc.trainer import Trainer
from scyc.training.job import Job

CPU, GPU = torch.device("cpu"), torch.device("cuda")
OURS: list[NetworkSpec] = [
    FullyConnectedSpec(name="fully_connected"),
    FullyConnectedSpec(name="fully_connected", batch_norm=True),
    ResNet20Spec(name="resnet20"),
    VggSpec(name="vgg16"),
    VggSpec(name="vgg19"),
    AlexNetSpec(name="alexnet"),
    ResNet50Spec(name="resnet50"),
    VggSpec(name="vgg16", form="torchvision"),
    AlexNetSpec(name="alexnet", form="torchvision"),
    ResNet50Spec(name="resnet50", form="torchvision"),
]


@pytest.mark.parametrize("spec", OURS, ids=repr)
def test_every_network_of_ours_is_taken_by_all_engines_for_any_network(
    spec: NetworkSpec, system: Callable[..., SystemSpec]
) -> None:
    training = system().training
    with torch.device("meta"):
        network = registry.build(spec, (3, 64, 64), 10, seed=0)
    modes = [module.training for module in network.modules()]
    for engine in (vmap, grouped, graphed):
        assert engine.why_unsupported(network, GPU, training) is None
    assert graphed.why_unsupported(network, CPU, training) == "only a GPU records graphs"
    assert [module.training for module in network.modules()] == modes


class Odd(nn.Module):
    """Two layers, joined in an odd way."""

    def __init__(self, way: Callable[[Any, Tensor], Tensor]) -> None:
        super().__init__()
        self.way = way
        self.norm = nn.GroupNorm(1, 3)
        self.relu = nn.ReLU(inplace=True)
        self.output = nn.Linear(3 * 64, 3)
        self.scale = nn.Parameter(torch.ones(3 * 64))

    def forward(self, images: Tensor) -> Tensor:
        return self.output(self.way(self, images))


def used_elsewhere(net: Any, images: Tensor) -> Tensor:
    hidden = images + 1
    return (net.relu(hidden) + hidden).flatten(1)


ODD: dict[str, Callable[[Any, Tensor], Tensor]] = {
    "a layer that is not known": lambda net, x: net.norm(x).flatten(1),
    "a weight outside a layer": lambda net, x: x.flatten(1) * net.scale,
    "another call in training": lambda net, x: (x * 2 if net.training else x).flatten(1),
    "a branch on values": lambda net, x: x.flatten(1) if net.scale.sum() > 0 else -x.flatten(1),
    "dropout that is no module": lambda net, x: functional.dropout(x, 0.5).flatten(1),
    "another mean": lambda net, x: (x - x.mean((1, 2))).flatten(1),
    "another view": lambda net, x: x.view(-1, 192),
    "flattened otherwise": lambda net, x: x.flatten(0, 1),
    "in place on a tensor that is used elsewhere": used_elsewhere,
}


@pytest.mark.parametrize("name", ODD)
def test_grouped_refuses_networks_with_unknown_layers_or_calls(
    name: str, system: Callable[..., SystemSpec]
) -> None:
    training = system().training
    assert grouped.why_unsupported(Odd(ODD[name]), GPU, training) is not None
    plain = Odd(lambda net, x: torch.flatten(x, 1))
    assert grouped.why_unsupported(plain, GPU, training) is None


def jobs_of(one: Trainer, network: nn.Module) -> list[Job]:
    feed, order = one._feed(0, 0)
    start = Network({name: value.clone() for name, value in network.state_dict().items()}, {})
    return [Job(start, [0.1] * len(order), feed, order, seed=0)] * 2


def test_an_engine_refuses_what_it_cannot_train_and_names_one_that_can(
    system: Callable[..., SystemSpec], colours: Images
) -> None:
    one = Trainer(system(), colours)
    odd = Odd(ODD["a layer that is not known"])
    with pytest.raises(ValueError, match=r"Odd: norm: GroupNorm is not known; use the solo engine"):
        grouped.train(odd, jobs_of(one, odd), one.system.training)
    branching = Odd(ODD["a branch on values"])
    with pytest.raises(ValueError, match=r"Odd: .*vmap.*use the solo engine"):
        vmap.train(branching, jobs_of(one, branching), one.system.training)
    drawing = Odd(ODD["dropout that is no module"])
    for engine in (vmap, graphed):
        with pytest.raises(ValueError, match=r"Odd: .*random.*use the solo engine"):
            engine.train(drawing, jobs_of(one, drawing), one.system.training)


def test_a_network_that_is_traced_wrongly_is_refused_by_its_logits(
    system: Callable[..., SystemSpec], colours: Images
) -> None:
    """An in-place addition is traced like any other."""

    def shifted(net: Any, images: Tensor) -> Tensor:
        hidden = images * 1
        before = hidden
        hidden += 100
        return before.flatten(1)

    one, network = Trainer(system(), colours), Odd(shifted)
    with pytest.raises(ValueError, match=r"Odd: its logits differ from the network's own"):
        grouped.train(network, jobs_of(one, network), one.system.training)


def test_a_study_whose_engine_cannot_train_its_network_is_refused(
    system: Callable[..., SystemSpec], colours: Images, study: Callable[..., Study]
) -> None:
    resnet = ResNet20Spec(name="resnet20", width=2)
    refusals = problems(system(network=resnet, engine="stacked"), colours)
    assert [(each.path, each.value) for each in refusals] == [("training.engine", "stacked")]
    for engine in ("solo", "vmap", "grouped", "graphed"):
        assert problems(system(network=resnet, engine=engine), colours) == []
    training = {"steps": 12, "batch": 16, "validate_every": 6}
    training |= {"engine": "stacked", "precision": "bf16"}
    with pytest.raises(BadInput) as refused:
        study(training=training, network="resnet20", pruning={"rewind": 50})
    for rule in ("fully_connected without batch_norm only", 'has no "bf16"', "rewind = 50"):
        assert rule in str(refused.value)


def test_auto_chooses_among_the_engines_that_support_the_network(
    system: Callable[..., SystemSpec],
) -> None:
    network = FullyConnected(12, 3, (8,))
    rounded = system(precision="bf16").training
    assert candidates(rounded, network, CPU) == ("solo",)
    assert candidates(rounded, network, GPU) == ("solo", "vmap", "grouped", "graphed")
    assert candidates(system().training, network, GPU) == tuple(ENGINES)
    assert not supports("stacked", rounded, network, CPU)
