"""Exported networks load without this package, and are what was measured."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from factories import tiny_content

import oracle
from oracle.cli.main import main
from scyc.data import images as data
from scyc.data.images import Images


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> oracle.Run:
    folder = tmp_path_factory.mktemp("runs")
    return oracle.run(tiny_content(cycles=1), runs=folder, backend="inline", progress=False)


def test_the_exported_network_scores_what_the_training_run_scored(
    run: oracle.Run, digits: Images, tmp_path: Path
) -> None:
    exported = run.export(tmp_path / "net.pt", 1)
    content = torch.load(tmp_path / "net.pt", weights_only=True)
    assert content["metadata"] == exported
    module = run.network(1)
    module.load_state_dict(content["state_dict"])
    split = data.split(digits, run.study.split, run.study.seed, 0)
    mean, std = (torch.tensor(exported["input"][key]).view(1, -1, 1, 1) for key in ("mean", "std"))
    pixels = (digits.pixels[split.validation] - mean) / std
    right = (module(pixels).argmax(1) == digits.labels[split.validation]).float().mean()
    frame = run.to_dataframe()
    row = frame[(frame["cycle"] == 1) & (frame["checkpoint"] == exported["sha256"])].iloc[0]
    assert row["max_lr"] == exported["max_lr"] == run.table["cycles"][1]["well_tuned"]
    last = _last_look(run, row["cell"])
    assert 100 * float(right) == pytest.approx(last)
    assert exported["weights"] == "last"


def test_a_deleted_checkpoint_is_restored_by_the_command_in_the_error(
    run: oracle.Run, tmp_path: Path
) -> None:
    best = run.table["cycles"][1]["well_tuned"]
    lost = next(rate for rate in (0.05, 0.1, 0.2) if rate != best)
    with pytest.raises(oracle.BadInput, match=r"keep_checkpoints: all;.*in another folder of runs"):
        run.export(tmp_path / "net.pt", 1, max_lr=lost)
    again = oracle.run(
        tiny_content(cycles=1, keep_checkpoints="all"),
        runs=tmp_path, backend="inline", progress=False,
    )  # fmt: skip
    exported = again.export(tmp_path / "net.pt", 1, max_lr=lost)
    frame = run.to_dataframe()
    rows = frame[(frame["cycle"] == 1) & (frame["max_lr"] == lost) & (frame["replicate"] == 0)]
    assert rows["checkpoint"].tolist() == [exported["sha256"]]


def _last_look(run: oracle.Run, cell: str) -> float:
    from oracle.runs.training_runs import training_runs

    return next(
        each.result.curve[-1][1] for each in training_runs(run._stored) if each.cell.id == cell
    )


@pytest.mark.parametrize("form", ["torch", "npz"])
def test_a_file_loads_without_this_package_and_has_exact_zeros(
    run: oracle.Run, tmp_path: Path, form: str
) -> None:
    file = tmp_path / f"net.{form}"
    run.export(file, 1, format=form)  # type: ignore[arg-type]
    read = {
        "torch": "c = torch.load(f, weights_only=True); meta = c['metadata']\n"
        "pairs = [(c['state_dict'][n], m) for n, m in c['masks'].items()]",
        "npz": "c = numpy.load(f); meta = json.loads(str(c['metadata']))\n"
        "pairs = [(c[n[6:]], c[n]) for n in c if n.startswith('masks/')]",
    }[form]
    code = (
        f"import sys, json, torch, numpy\nf = sys.argv[1]\n{read}\n"
        "zero = sum(int((weight[~mask] != 0).sum()) for weight, mask in pairs)\n"
        "ours = [n for n in sys.modules if n.split('.')[0] in ('oracle', 'scyc')]\n"
        "print(json.dumps([zero, len(pairs), meta['cycle'], ours]))"
    )
    out = subprocess.run(
        [sys.executable, "-c", code, str(file)], capture_output=True, check=True, cwd=tmp_path
    )
    zero, masks, cycle, ours = json.loads(out.stdout)
    assert (zero, cycle, ours) == (0, 1, [])
    assert masks >= 1


def test_costs_are_counted_by_hand(run: oracle.Run, tmp_path: Path) -> None:
    exported = run.export(tmp_path / "net.pt", 1)
    weights = 64 * 16 + 16 * 10
    left = round(weights * exported["weights_remaining"] / 100)
    assert exported["cost"]["dense_flops"] == 2 * weights
    assert exported["cost"]["sparse_flops"] == 2 * left
    assert exported["cost"]["dense_bytes"] == 4 * (weights + 16 + 10)
    masked = sum(mask.numel() for mask in run.masks(1).values())
    saved = 4 * (weights - left) - masked // 8
    assert exported["cost"]["sparse_bytes"] == exported["cost"]["dense_bytes"] - saved


def test_the_command_exports_and_prints_the_cost(run: oracle.Run, tmp_path: Path) -> None:
    folder = str(run._settings.folder)
    file = tmp_path / "net.npz"
    words = ["export", "tiny", "--runs", folder, "--cycle", "1", "--format", "npz", "-o", str(file)]
    done = CliRunner().invoke(main, words, catch_exceptions=False)
    assert done.exit_code == 0
    assert "FLOPs  2,368 dense" in done.output
    assert "masks/1.weight" in np.load(file) or any("masks/" in n for n in np.load(file))
    refused = CliRunner().invoke(main, [*words, "--max-lr", "high"])
    assert "give a number, or well-tuned" in refused.output


@pytest.mark.skipif(
    importlib.util.find_spec("safetensors") is not None, reason="safetensors is installed"
)
def test_a_format_whose_library_is_missing_is_refused_with_the_remedy(
    run: oracle.Run, tmp_path: Path
) -> None:
    with pytest.raises(oracle.BadInput, match=r'pip install "scyc-oracle\[safetensors\]"'):
        run.export(tmp_path / "net", 1, format="safetensors")
    assert not (tmp_path / "net").exists()


def test_an_unknown_format_is_refused(run: oracle.Run, tmp_path: Path) -> None:
    wrong: Any = "onx"
    with pytest.raises(oracle.BadInput, match='did you mean "onnx"'):
        run.export(tmp_path / "net", 1, format=wrong)


def test_safetensors_holds_masks_and_metadata(run: oracle.Run, tmp_path: Path) -> None:
    safetensors = pytest.importorskip("safetensors")
    exported = run.export(tmp_path / "net.safetensors", 1, format="safetensors")
    with safetensors.safe_open(str(tmp_path / "net.safetensors"), "pt") as file:
        assert json.loads(file.metadata()["metadata"]) == exported
        for name, mask in run.masks(1).items():
            assert torch.equal(file.get_tensor(f"masks.{name}"), mask)
            assert torch.count_nonzero(file.get_tensor(name)[~mask]) == 0


def test_onnx_gives_the_same_logits(run: oracle.Run, tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxscript")
    exported = run.export(tmp_path / "net.onnx", 1, format="onnx")
    model = onnx.load(tmp_path / "net.onnx")
    from onnx.reference import ReferenceEvaluator

    images = torch.randn(3, 1, 8, 8)
    (logits,) = ReferenceEvaluator(model).run(None, {"images": images.numpy()})
    torch.testing.assert_close(torch.from_numpy(logits), run.network(1)(images).detach())
    assert json.loads(model.metadata_props[-1].value) == exported
