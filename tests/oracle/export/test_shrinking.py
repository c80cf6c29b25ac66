"""Networks without their pruned filters: smaller, and the same outputs."""

import copy
import json
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from factories import tiny_content
from torch import Tensor, nn

import oracle
from oracle.cli.main import main
from oracle.export.cost import network_cost
from oracle.export.shrinking import check_shrinkable, shrunk
from scyc.networks import registry
from scyc.pruning import filter_groups, structured
from scyc.pruning.pruned_network import Network
from scyc.specs.base import Spec
from scyc.specs.networks import ResNet20Spec, VggSpec
from scyc.specs.system import PruningSpec

SHAPE = (3, 16, 16)
NETWORKS: dict[str, Spec] = {
    "resnet20": ResNet20Spec(name="resnet20", width=8),
    "vgg16": VggSpec(name="vgg16", width=8),
}


def pruned(spec: Spec) -> tuple[nn.Module, Network]:
    """A network with statistics of some images, two filters of five gone in each of two cycles."""
    module = registry.build(spec, SHAPE, 10, seed=0)
    with torch.no_grad():
        module.train()(torch.randn(8, *SHAPE, generator=torch.Generator().manual_seed(1)))
    state = {name: value.clone() for name, value in module.state_dict().items()}
    couplings = filter_groups.couplings(module, SHAPE)
    masks: dict[str, Tensor] = {}
    for _ in range(2):
        masks = structured.prune(couplings, state, masks, 0.4)
    for name, mask in masks.items():
        state[name] = state[name].masked_fill(~mask, 0.0)
    module.load_state_dict(state)
    return module.eval(), Network(state, masks)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_smaller_network_has_the_outputs_of_the_masked_one(name: str) -> None:
    module, network = pruned(NETWORKS[name])
    small = shrunk(module, network, SHAPE)
    images = torch.randn(16, *SHAPE, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        expected, actual = module(images), small.module(images)
    assert float((expected - actual).abs().max()) < 1e-5 * float(expected.abs().max())
    assert torch.equal(expected.argmax(1), actual.argmax(1))
    cost = network_cost(module, network, SHAPE, small)
    assert cost.shrunk_bytes is not None
    assert cost.shrunk_flops is not None
    # Masked filters count as sparse ones, so a network without them costs no more than that.
    assert cost.shrunk_flops == cost.sparse_flops < 0.75 * cost.dense_flops
    weights = sum(value.nbytes for value in small.module.state_dict().values())
    assert cost.shrunk_bytes == weights < 0.75 * cost.dense_bytes
    for layer, indices in small.filters.items():
        assert small.module.get_submodule(layer).weight.shape[0] == len(indices)
        whole = module.get_submodule(layer).weight
        alive = (whole.flatten(1) != 0).any(dim=1).nonzero().flatten().tolist()
        assert indices == alive


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> oracle.Run:
    content = tiny_content(cycles=1, pruning={"criterion": "l1_filter", "rate": 0.5})
    content["network"] = {"name": "fully_connected", "hidden": [16, 12], "batch_norm": True}
    folder = tmp_path_factory.mktemp("runs")
    return oracle.run(content, runs=folder, backend="inline", progress=False)


def test_a_file_goes_into_the_whole_network_on_pytorch_alone(
    run: oracle.Run, tmp_path: Path
) -> None:
    """As the documentation says it."""
    exported = run.export(tmp_path / "small.pt", 1, shrink=True)
    content = torch.load(tmp_path / "small.pt", weights_only=True)
    assert content["masks"] == {}
    network = copy.deepcopy(run.network(0))
    for name, value in content["state_dict"].items():
        owner, _, attribute = name.rpartition(".")
        layer = network.get_submodule(owner)
        is_parameter = attribute in layer._parameters
        setattr(layer, attribute, torch.nn.Parameter(value) if is_parameter else value)
    images = torch.randn(8, 1, 8, 8)
    with torch.no_grad():
        torch.testing.assert_close(network(images), run.network(1)(images))
        torch.testing.assert_close(run.network(1, shrink=True)(images), run.network(1)(images))
    assert exported["shrunk"] is True
    assert {layer: len(indices) for layer, indices in exported["filters"].items()} == {
        "layers.0": 8,
        "layers.1": 6,
    }
    assert exported["cost"]["shrunk_flops"] == 2 * (64 * 8 + 8 * 6 + 6 * 10)
    whole = run.export(tmp_path / "whole.pt", 1)
    assert whole["cost"] == exported["cost"]
    assert (whole["shrunk"], whole["filters"]) == (False, {})


def test_the_command_shrinks_and_prints_all_three_costs(run: oracle.Run, tmp_path: Path) -> None:
    folder, file = str(run._settings.folder), str(tmp_path / "net.pt")
    words = ["export", "tiny", "--runs", folder, "--cycle", "1", "--shrink", "-o", file]
    done = CliRunner().invoke(main, words, catch_exceptions=False)
    assert done.exit_code == 0
    assert "FLOPs  2,672 dense, 1,240 sparse, 1,240 without pruned filters, of one" in done.output
    metadata = torch.load(file, weights_only=True)["metadata"]
    assert json.dumps(metadata["cost"]["shrunk_bytes"]) in done.output.replace(",", "")


def test_only_pruned_filters_can_be_left_out() -> None:
    check_shrinkable(PruningSpec(criterion="l1_filter"))
    with pytest.raises(oracle.BadInput, match=r"shrink .*global_magnitude.*only l1_filter prunes"):
        check_shrinkable(PruningSpec())


def test_onnx_and_safetensors_have_the_smaller_layers(run: oracle.Run, tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxscript")
    safetensors = pytest.importorskip("safetensors")
    run.export(tmp_path / "small.onnx", 1, format="onnx", shrink=True)
    from onnx.reference import ReferenceEvaluator

    model = onnx.load(tmp_path / "small.onnx")
    images = torch.randn(3, 1, 8, 8)
    (logits,) = ReferenceEvaluator(model).run(None, {"images": images.numpy()})
    torch.testing.assert_close(torch.from_numpy(logits), run.network(1)(images).detach())
    assert sorted(list(each.dims) for each in model.graph.initializer if len(each.dims) == 2) == [
        [6, 8], [8, 64], [10, 6],
    ]  # fmt: skip
    run.export(tmp_path / "small.safetensors", 1, format="safetensors", shrink=True)
    with safetensors.safe_open(str(tmp_path / "small.safetensors"), "pt") as file:
        assert file.get_tensor("layers.0.weight").shape == (8, 64)
        assert not [name for name in file.keys() if name.startswith("masks.")]  # noqa: SIM118
