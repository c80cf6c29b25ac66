from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from costly import costly
from pydantic import TypeAdapter
from torch import nn

from scyc import Trainer, iterate, seeds, torchvision_compat
from scyc.data.images import Images
from scyc.engines import solo
from scyc.networks import fully_connected, registry, resnet20, torchvision
from scyc.pruning.pruned_network import Network
from scyc.specs import factory as factory_specs
from scyc.specs import networks
from scyc.specs import schedules as choices_schedules
from scyc.specs.base import Spec
from scyc.specs.factory import FactorySpec
from scyc.specs.networks import (
    AlexNetSpec,
    FullyConnectedSpec,
    NetworkSpec,
    ResNet20Spec,
    ResNet50Spec,
    VggSpec,
)
from scyc.specs.system import SystemSpec

ALL = [
    FullyConnectedSpec(name="fully_connected", hidden=(8, 6)),
    FullyConnectedSpec(name="fully_connected", hidden=(8, 6), batch_norm=True),
    ResNet20Spec(name="resnet20", width=2),
    VggSpec(name="vgg16", width=8),
    VggSpec(name="vgg19", width=8),
    VggSpec(name="vgg16", form="torchvision"),
    VggSpec(name="vgg19", form="torchvision"),
    AlexNetSpec(name="alexnet"),
    AlexNetSpec(name="alexnet", form="torchvision"),
    ResNet50Spec(name="resnet50"),
    ResNet50Spec(name="resnet50", form="torchvision"),
]
COSTLY_SHAPES = [(1, 28, 28), (3, 32, 32), (3, 64, 64)]
SHAPES = [(1, 8, 8), (3, 33, 47), *costly(*((shape,) for shape in COSTLY_SHAPES))]
SMALL = [spec for spec in ALL if getattr(spec, "form", "") == "small"]


def named(value: object) -> str | None:
    return "-".join(map(str, value.model_dump().values())) if isinstance(value, Spec) else None


def sketch(spec: NetworkSpec, shape: tuple[int, int, int], classes: int) -> nn.Module:
    """A network without values: drawing 139 million takes seconds."""
    with torch.device("meta"):
        return registry.build(spec, shape, classes, seed=0)


def test_resnet_20_has_the_papers_272474_parameters() -> None:
    assert registry.parameter_count(resnet20.ResNet20(3, 10)) == 272_474


@pytest.mark.parametrize("pixels", [4, 8, 16, 32])
def test_resnet_20_takes_images_of_any_size(pixels: int) -> None:
    assert resnet20.ResNet20(3, 7, width=4)(torch.zeros(2, 3, pixels, pixels)).shape == (2, 7)


def test_the_fully_connected_network_of_section_3_1() -> None:
    made = registry.build(FullyConnectedSpec(name="fully_connected"), (1, 28, 28), 10, seed=0)
    count = 784 * 256 + 256 + 2 * (256 * 256 + 256) + 256 * 10 + 10
    assert registry.parameter_count(made) == count


def test_batch_norm_precedes_each_relu_of_the_fully_connected_network() -> None:
    spec = FullyConnectedSpec(name="fully_connected", hidden=(5, 4), batch_norm=True)
    made = registry.build(spec, (1, 3, 3), 2, seed=0)
    assert isinstance(made, fully_connected.FullyConnected)
    images = torch.randn(7, 1, 3, 3)
    hidden = images.flatten(1)
    for layer in made.layers[:-1]:
        values = layer(hidden)
        values = (values - values.mean(0)) / (values.var(0, correction=0) + 1e-5).sqrt()
        hidden = values.clamp(min=0)
    torch.testing.assert_close(made(images), made.layers[-1](hidden))
    assert registry.parameter_count(made) == 9 * 5 + 5 + 5 * 4 + 4 + 4 * 2 + 2 + 2 * (5 + 4)


def test_names_of_weights_without_batch_norm_are_those_of_the_layers() -> None:
    made = sketch(FullyConnectedSpec(name="fully_connected", hidden=(5, 4)), (1, 3, 3), 2)
    kinds = ("weight", "bias")
    assert list(made.state_dict()) == [f"layers.{i}.{kind}" for i in range(3) for kind in kinds]


@pytest.mark.parametrize(
    ("spec", "classes", "parameters"),
    [
        (VggSpec(name="vgg16", form="torchvision"), 10, 134_309_962),  # the paper's 134M
        (VggSpec(name="vgg19", form="torchvision"), 10, 139_622_218),  # 139M
        (AlexNetSpec(name="alexnet", form="torchvision"), 10, 57_044_810),  # 57M
        (ResNet50Spec(name="resnet50", form="torchvision"), 200, 23_917_832),  # 23.8M
        (VggSpec(name="vgg16"), 10, 14_728_266),
        (VggSpec(name="vgg19"), 10, 20_040_522),
        (VggSpec(name="vgg16", width=16), 10, 924_186),
        (AlexNetSpec(name="alexnet"), 10, 4_557_642),
        (ResNet50Spec(name="resnet50"), 200, 23_910_152),
        (ResNet50Spec(name="resnet50", width=16), 20, 5_900_564),
        (ResNet50Spec(name="resnet50", form="torchvision", width=16), 20, 5_908_244),
    ],
    ids=named,
)
def test_parameters_are_as_many_as_the_docstrings_say(
    spec: NetworkSpec, classes: int, parameters: int
) -> None:
    assert registry.parameter_count(sketch(spec, (3, 64, 64), classes)) == parameters


@pytest.mark.parametrize("name", ["vgg16", *costly("vgg19")])
def test_a_small_vgg_of_width_64_has_torchvisions_feature_layers(name: str) -> None:
    made = registry.build(VggSpec(name=name), (3, 32, 32), 10, seed=0)
    small = made.get_submodule("features").eval()
    with torch.device("meta"):
        whole = getattr(torchvision_compat.torchvision().models, f"{name}_bn")().features.eval()
    whole.to_empty(device="cpu").load_state_dict(small.state_dict())
    assert [type(layer) for layer in small] == [type(layer) for layer in whole]
    with torch.no_grad():
        seen, expected = (part(torch.ones(1, 3, 32, 32)) for part in (small, whole))
    assert torch.equal(seen, expected)
    assert 0 < float(seen.std()) < 100


def test_a_small_alexnet_has_torchvisions_convolutions_behind_the_first() -> None:
    def shapes(form: str) -> dict[str, torch.Size]:
        made = sketch(AlexNetSpec(name="alexnet", form=form), (3, 64, 64), 10)
        return {n: w.shape for n, w in made.state_dict().items() if n.startswith("features")}

    small, whole = shapes("small"), shapes("torchvision")
    assert (small.pop("features.0.weight")[2:], whole.pop("features.0.weight")[2:]) == (
        (3, 3),
        (11, 11),
    )
    assert small == whole


@pytest.mark.parametrize("spec", SMALL, ids=named)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_small_forms_take_images_of_any_size(
    spec: NetworkSpec, shape: tuple[int, int, int]
) -> None:
    assert registry.problems(spec, shape, 7, prune_last=False) == []


@pytest.mark.parametrize(
    ("name", "smallest"), [("vgg16", 32), ("vgg19", 32), ("alexnet", 63), ("resnet50", 1)]
)
def test_torchvisions_networks_take_images_from_the_size_that_is_said(
    name: str, smallest: int
) -> None:
    assert torchvision._SMALLEST[name] == smallest
    spec = TypeAdapter(NetworkSpec).validate_python({"name": name, "form": "torchvision"})
    network = sketch(spec, (3, 64, 64), 10).eval()
    with torch.device("meta"):
        assert network(torch.zeros(2, 3, smallest, smallest)).shape == (2, 10)
        if smallest > 1:
            with pytest.raises(RuntimeError, match="too small"):
                network(torch.zeros(2, 3, smallest - 1, smallest))


def test_images_too_small_for_torchvisions_alexnet_are_refused_with_the_remedy() -> None:
    spec = AlexNetSpec(name="alexnet", form="torchvision")
    (problem,) = registry.problems(spec, (3, 32, 32), 10, prune_last=False)
    assert problem.path == "network.form"
    assert "from 63 x 63 pixels, these have 32 x 32" in problem.rule
    assert 'use "small", or a larger dataset.size' in problem.rule
    with pytest.raises(ValueError, match="63 x 63"):
        registry.build(spec, (3, 32, 32), 10, seed=0)


def test_all_problems_of_torchvisions_form_are_reported_at_once() -> None:
    spec = VggSpec(name="vgg19", form="torchvision", width=32)
    problems = registry.problems(spec, (1, 28, 28), 10, prune_last=False)
    assert [each.path for each in problems] == ["network.width", "network.form", "network.form"]
    assert "has width 64" in problems[0].rule
    assert "takes 3 channels, these images have 1" in problems[1].rule


def test_a_network_of_139_million_parameters_is_checked_without_drawing_them() -> None:
    drawn = 0

    class Counted(torch.utils._python_dispatch.TorchDispatchMode):
        def __torch_dispatch__(self, operator, types, arguments=(), options=None):
            nonlocal drawn
            made = operator(*arguments, **(options or {}))
            if isinstance(made, torch.Tensor) and made.device.type != "meta":
                drawn = max(drawn, made.numel())
            return made

    spec = VggSpec(name="vgg19", form="torchvision")
    with Counted():
        assert registry.problems(spec, (3, 32, 32), 10, prune_last=False) == []
    assert drawn < 10_000


@pytest.mark.parametrize("spec", ALL, ids=named)
def test_every_network_can_be_traced_and_applies_relu_by_modules_alone(spec: NetworkSpec) -> None:
    network = sketch(spec, (3, 64, 64), 10).eval()
    traced = torch.fx.symbolic_trace(network)
    with torch.device("meta"):
        assert traced(torch.zeros(2, 3, 64, 64)).shape == (2, 10)
    modules = dict(network.named_modules())
    kinds = [modules[node.target] for node in traced.graph.nodes if node.op == "call_module"]
    assert (
        sum(isinstance(each, nn.ReLU) for each in kinds)
        == {
            "fully_connected": 2,
            "resnet20": 19,
            "vgg16": 13 + 2 * (getattr(spec, "form", "") == "torchvision"),
            "vgg19": 16 + 2 * (getattr(spec, "form", "") == "torchvision"),
            "alexnet": 7,
            "resnet50": 49,
        }[spec.name]
    )
    others = [str(node.target) for node in traced.graph.nodes if node.op.startswith("call_f")]
    assert not [name for name in others if "relu" in name]


@pytest.mark.parametrize(
    ("spec", "relu"),
    [
        (ResNet20Spec(name="resnet20", width=2), "blocks.8.relu2"),
        (FullyConnectedSpec(name="fully_connected", hidden=(9, 9), batch_norm=True), "relus.1"),
    ],
    ids=named,
)
def test_a_hook_on_a_relu_sees_what_is_left_after_it(spec: NetworkSpec, relu: str) -> None:
    network = registry.build(spec, (3, 8, 8), 4, seed=0)
    seen: list[torch.Tensor] = []
    network.get_submodule(relu).register_forward_hook(
        lambda _, __, made: seen.append(made.detach())
    )
    network(torch.randn(6, 3, 8, 8))
    (values,) = seen
    assert float(values.min()) == 0
    assert 0 < float((values > 0).double().mean()) < 1


@pytest.mark.costly
@pytest.mark.parametrize("spec", SMALL, ids=named)
def test_small_forms_start_with_he_initialisation(spec: NetworkSpec) -> None:
    network = registry.build(spec, (3, 32, 32), 10, seed=0)
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            count = module.weight[0].numel()
            if module.weight.numel() > 20_000:
                assert float(module.weight.detach().std()) == pytest.approx(
                    (2 / count) ** 0.5, rel=0.03
                )
            assert module.bias is None or not module.bias.any()


@pytest.mark.costly
def test_torchvisions_unchanged_network_starts_as_torchvision_starts_it() -> None:
    spec = ResNet50Spec(name="resnet50", form="torchvision")
    made = registry.build(spec, (3, 32, 32), 5, seed=11).state_dict()
    with torch.random.fork_rng():
        torch.manual_seed(11)
        expected = torchvision_compat.torchvision().models.resnet50(num_classes=5).state_dict()
    assert list(made) == list(expected)
    assert all(torch.equal(made[name], expected[name]) for name in made)


@pytest.mark.costly
@pytest.mark.parametrize(
    "spec", [VggSpec(name="vgg16", width=4), AlexNetSpec(name="alexnet")], ids=named
)
def test_small_forms_learn_colours_of_noisy_32_pixel_images(spec: NetworkSpec) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = registry.build(spec, (3, 32, 32), 3, seed=0)
        labels = torch.arange(12) % 3
        images = torch.randn(12, 3, 32, 32) + 2 * torch.eye(3)[labels, :, None, None]
        optimizer = torch.optim.SGD(network.parameters(), lr=0.005, momentum=0.9)
        for _ in range(25):
            optimizer.zero_grad()
            nn.functional.cross_entropy(network(images), labels).backward()
            optimizer.step()
    assert float((network.eval()(images).argmax(1) == labels).double().mean()) == 1


def test_initial_weights_follow_the_seed_and_leave_the_global_state_alone() -> None:
    spec = ResNet20Spec(name="resnet20", width=2)
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first = registry.initial_state(spec, (3, 8, 8), 4, 0, replicate=1)
    assert torch.equal(torch.get_rng_state(), before)
    again = registry.initial_state(spec, (3, 8, 8), 4, 0, replicate=1)
    other = registry.initial_state(spec, (3, 8, 8), 4, 0, replicate=2)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["conv.weight"], other["conv.weight"])


def test_he_initialisation_has_he_s_spread() -> None:
    made = registry.build(FullyConnectedSpec(name="fully_connected"), (1, 20, 20), 10, seed=1)
    weight = made.state_dict()["layers.1.weight"]
    assert float(weight.std()) == pytest.approx((2 / 256) ** 0.5, rel=0.02)
    assert float(made.state_dict()["layers.1.bias"].abs().max()) == 0


def test_a_users_factory_gets_shape_classes_and_options() -> None:
    spec = FactorySpec(factory="studies.own_network:small_cnn", options={"width": 3})
    made = registry.build(spec, (3, 8, 8), 5, seed=0)
    assert made(torch.zeros(1, 3, 8, 8)).shape == (1, 5)


@pytest.mark.parametrize(
    ("path", "why"),
    [("no.such:thing", "imported"), ("math:nothing", "imported"), ("math:pi", "callable")],
)
def test_a_factory_that_is_none_is_refused(path: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        factory_specs.load_factory(path)


@pytest.mark.parametrize(
    ("factory", "why"),
    [
        ("mistakes:wrong_logits", "logits (2, 3) are needed"),
        ("mistakes:nothing_to_prune", "no weights to prune"),
        ("mistakes:raises", "ZeroDivisionError"),
        ("mistakes:no_module", "not a nn.Module"),
    ],
)
def test_problems_of_a_network_are_reported(
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
    (problem,) = registry.problems(FactorySpec(factory=factory), (3, 8, 8), 3, prune_last=False)
    assert why in problem.rule


def test_a_layer_that_the_loss_does_not_reach_has_no_gradient_and_goes_first(
    colours: Images, system: Callable[..., SystemSpec]
) -> None:
    class Idle(fully_connected.FullyConnected):
        def __init__(self) -> None:
            super().__init__(192, 3, (8,))
            self.idle = torch.nn.Linear(5, 5)

    network = Idle()
    start = Network({k: v.clone() for k, v in network.state_dict().items()}, {})
    trainer = Trainer(system(), colours)
    feed, order = trainer._feed(0, 0)
    gradients = solo.gradients(network, start, feed, order[:1], ["idle.weight", "layers.0.weight"])
    assert float(gradients["idle.weight"].abs().sum()) == 0
    assert float(gradients["layers.0.weight"].abs().sum()) > 0


def test_seeds_differ_by_purpose_and_are_stable() -> None:
    assert seeds.seed(0, "split", 1) != seeds.seed(0, "split", 2) != seeds.seed(0, "weights", 2)
    assert seeds.seed(0, "split", 1) == 3_479_391_496_479_206_328


def test_every_network_that_a_study_may_name_has_a_builder() -> None:
    assert set(registry.NETWORKS) == set(networks.NETWORKS)


@pytest.mark.costly
def test_a_network_is_a_builder_and_a_line_in_the_registry(
    monkeypatch: pytest.MonkeyPatch, system: Callable[..., SystemSpec], colours: Images
) -> None:
    def toy(spec: Spec, shape: tuple[int, ...], classes: int) -> nn.Module:
        return nn.Sequential(nn.Flatten(), nn.Linear(192, 7), nn.ReLU(), nn.Linear(7, classes))

    toys = {**registry.NETWORKS, "resnet20": toy}
    monkeypatch.setattr(registry, "NETWORKS", toys)
    spec = ResNet20Spec(name="resnet20")
    schedule = choices_schedules.ConstantSpec(name="constant")
    for engine in ("solo", "vmap", "grouped", "graphed"):
        trainer = Trainer(system(network=spec, engine=engine), colours)
        cycles = list(iterate(trainer, schedule, lambda _: 0.01, 2, [0]))
        left = [cycle.trained[0].weights_remaining for cycle in cycles]
        counts = [1344, 1344 - 269, 1075 - 215]
        assert left == [100 * (count + 21) / 1365 for count in counts]
