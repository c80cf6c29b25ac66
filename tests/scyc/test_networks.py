from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from scyc import Trainer, networks, seeds, solo
from scyc.checkpoint import Network
from scyc.data import Images
from scyc.spec import FactorySpec, FullyConnectedSpec, ResNet20Spec, SystemSpec


def test_resnet_20_has_the_papers_272474_parameters() -> None:
    assert networks.parameter_count(networks.ResNet20(3, 10)) == 272_474


@pytest.mark.parametrize("pixels", [4, 8, 16, 32])
def test_resnet_20_takes_images_of_any_size(pixels: int) -> None:
    assert networks.ResNet20(3, 7, width=4)(torch.zeros(2, 3, pixels, pixels)).shape == (2, 7)


def test_the_fully_connected_network_of_section_3_1() -> None:
    made = networks.build(FullyConnectedSpec(name="fully_connected"), (1, 28, 28), 10, seed=0)
    count = 784 * 256 + 256 + 2 * (256 * 256 + 256) + 256 * 10 + 10
    assert networks.parameter_count(made) == count


def test_initial_weights_follow_the_seed_and_leave_the_global_state_alone() -> None:
    spec = ResNet20Spec(name="resnet20", width=2)
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first = networks.initial_state(spec, (3, 8, 8), 4, 0, replicate=1)
    assert torch.equal(torch.get_rng_state(), before)
    again = networks.initial_state(spec, (3, 8, 8), 4, 0, replicate=1)
    other = networks.initial_state(spec, (3, 8, 8), 4, 0, replicate=2)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["conv.weight"], other["conv.weight"])


def test_he_initialisation_has_he_s_spread() -> None:
    made = networks.build(FullyConnectedSpec(name="fully_connected"), (1, 20, 20), 10, seed=1)
    weight = made.state_dict()["layers.1.weight"]
    assert float(weight.std()) == pytest.approx((2 / 256) ** 0.5, rel=0.02)
    assert float(made.state_dict()["layers.1.bias"].abs().max()) == 0


def test_a_users_factory_gets_shape_classes_and_options() -> None:
    spec = FactorySpec(factory="studies.own_network:small_cnn", options={"width": 3})
    made = networks.build(spec, (3, 8, 8), 5, seed=0)
    assert made(torch.zeros(1, 3, 8, 8)).shape == (1, 5)


@pytest.mark.parametrize(
    ("path", "why"),
    [("no.such:thing", "imported"), ("math:nothing", "imported"), ("math:pi", "callable")],
)
def test_a_factory_that_is_none_is_refused(path: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        networks.load_factory(path)


@pytest.mark.parametrize(
    ("factory", "why"),
    [
        ("mistakes:wrong_logits", "logits (2, 3) are needed"),
        ("mistakes:nothing_to_prune", "no weights to prune"),
        ("mistakes:raises", "ZeroDivisionError"),
        ("mistakes:no_module", "not a nn.Module"),
    ],
)
def test_what_is_wrong_with_a_network_is_told(
    factory: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mistakes.py").write_text(
        "from torch import nn\n"
        "def wrong_logits(shape, classes): return nn.Conv2d(3, 3, 1)\n"
        "def nothing_to_prune(shape, classes):\n"
        "    return nn.Sequential(nn.Flatten(), nn.Linear(192, classes))\n"
        "def raises(shape, classes): return 1 / 0\n"
        "def no_module(shape, classes): return 3\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    (problem,) = networks.problems(FactorySpec(factory=factory), (3, 8, 8), 3, prune_last=False)
    assert why in problem.rule


def test_a_layer_that_the_loss_does_not_reach_has_no_gradient_and_goes_first(
    colours: Images, system: Callable[..., SystemSpec]
) -> None:
    class Idle(networks.FullyConnected):
        def __init__(self) -> None:
            super().__init__(192, 3, (8,))
            self.idle = torch.nn.Linear(5, 5)

    network = Idle()
    start = Network({k: v.clone() for k, v in network.state_dict().items()}, {})
    trainer = Trainer(system(), colours)
    feed, order = trainer._feed(0, 0)
    found = solo.gradients(network, start, feed, order[:1], ["idle.weight", "layers.0.weight"])
    assert float(found["idle.weight"].abs().sum()) == 0
    assert float(found["layers.0.weight"].abs().sum()) > 0


def test_seeds_differ_by_purpose_and_are_stable() -> None:
    assert seeds.seed(0, "split", 1) != seeds.seed(0, "split", 2) != seeds.seed(0, "weights", 2)
    assert seeds.seed(0, "split", 1) == 3_479_391_496_479_206_328
