"""The examples run as they are, each in a few seconds, without a download."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from notebooks import notebook
from optuna_trials import trained

import oracle
from scyc import max_lr, torchvision_compat

EXAMPLES = Path(__file__).parents[1] / "examples"


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_example_is_short() -> None:
    for file in EXAMPLES.glob("*.py"):
        assert len(file.read_text(encoding="utf-8").splitlines()) <= 80, file.name


@pytest.mark.slow
def test_the_quickstart_s_cells_run_from_the_first_to_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    cells = json.loads((EXAMPLES / "quickstart.ipynb").read_text(encoding="utf-8"))["cells"]
    namespace: dict[str, object] = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            namespace = notebook("".join(cell["source"]), **namespace)
    run, mine = namespace["run"], namespace["mine"]
    assert isinstance(run, oracle.Run)
    assert isinstance(mine, oracle.Run)
    assert (run.state, mine.state) == ("done", "done")
    assert mine.study.network.factory.startswith("in_process:network.h")  # type: ignore[union-attr]


@pytest.mark.parametrize("last", [1, pytest.param(3, marks=pytest.mark.slow)])
def test_the_text_classifier_finds_a_perplexity_below_chance(tmp_path: Path, last: int) -> None:
    study = load("text_classifier").STUDY.model_copy(update={"cycles": last})
    run = oracle.run(study, runs=tmp_path, backend="inline", progress=False)
    cycles = run.table["cycles"]
    assert [cycle["cycle"] for cycle in cycles] == list(range(last + 1))
    for cycle in cycles:
        means = {
            e["max_lr"]: sum(e["val_accuracy"]) / 2 for e in cycle["grid"] if not e["diverged"]
        }
        assert means[cycle["well_tuned"]] == min(means.values())
        assert min(means.values()) < 2  # of two kinds
    assert cycles[last]["weights_remaining"] == pytest.approx(100 * 0.8**last, abs=5)


def test_the_numpy_trainer_walks_the_oracle_to_its_end(tmp_path: Path) -> None:
    table = load("numpy_trainer").main(tmp_path / "numpy.db")
    assert table["state"] == "done"
    assert [cycle["cycle"] for cycle in table["cycles"]] == [0, 1, 2]
    assert table["done"] == 3 * 5 * 2


@pytest.mark.slow
def test_three_numpy_trainers_share_the_work_of_one(tmp_path: Path) -> None:
    """Each training run is reported once, and all three see the same results."""
    alone = load("numpy_trainer").main(tmp_path / "alone.db")
    (tmp_path / "shared").mkdir()
    database = tmp_path / "shared" / "n.db"
    command = [sys.executable, str(EXAMPLES / "numpy_trainer.py"), str(database)]
    started = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    said = [process.communicate(timeout=600) for process in started]
    assert [process.returncode for process in started] == [0, 0, 0], said
    lines = [
        f"{each['cycle']} {each['well_tuned']} {each['region']['members']}"
        for each in alone["cycles"]
    ]
    assert {out for out, _ in said} == {"\n".join(lines) + "\n"}
    storage = f"sqlite:///{database}"
    assert len(trained(storage)) == alone["done"] == 3 * 5 * 2


@pytest.mark.filterwarnings("ignore")  # Lightning's, of itself and of a loader without workers
def test_lightning_prunes_by_a_callback_with_the_max_lr_of_s_cyc(tmp_path: Path) -> None:
    torchvision_compat.torchvision()  # Lightning imports it
    pytest.importorskip("lightning", reason="pip install lightning runs it")
    example = load("lightning_callback")
    module, callback = example.main(
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=tmp_path,
    )
    remaining, rates = zip(*callback.history, strict=True)
    hidden, last = 20 * 64, 64 * 4
    widths = [hidden]
    for _ in range(3):
        widths.append(widths[-1] - round(0.2 * widths[-1]))
    assert remaining == pytest.approx([100 * (n + last) / (hidden + last) for n in widths])
    assert rates == pytest.approx([max_lr(example.CURVE, cycle, 0.2) for cycle in range(4)])
    weight = module.layers[0].weight
    assert int((weight != 0).sum()) == widths[-1]
    assert not weight[~callback.pruner.masks["layers.0.weight"]].any()
