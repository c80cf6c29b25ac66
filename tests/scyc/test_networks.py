import pytest
import torch

from scyc import networks, seeds
from scyc.spec import FactorySpec, FullyConnectedSpec, ResNet20Spec


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


def test_seeds_differ_by_purpose_and_are_stable() -> None:
    assert seeds.seed(0, "split", 1) != seeds.seed(0, "split", 2) != seeds.seed(0, "weights", 2)
    assert seeds.seed(0, "split", 1) == 3_479_391_496_479_206_328
