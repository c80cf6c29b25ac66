"""Every benchmark runs, prints what it promises, and computes its ratios from its pairs."""

import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"
KEYS = {"name", "ratio", "pairs", "unit"}


def run(script: str, *options: str) -> dict[str, Any]:
    """One benchmark, as small as it gets; its JSON."""
    command = [sys.executable, str(FOLDER / script), "--quick", "--json", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    content: dict[str, Any] = json.loads(done.stdout)
    return content


def check(content: dict[str, Any], script: str, device: str = "cpu") -> None:
    """What every report must hold."""
    assert content["name"] == Path(script).stem
    assert content["device"] == device
    assert content["machine"]["cores"] >= 1
    assert content["machine"].keys() >= {"cpu", "torch"}
    assert content["cases"]
    names = [case["name"] for case in content["cases"]]
    assert len(set(names)) == len(names)
    for case in content["cases"]:
        assert case.keys() >= KEYS
        ratios = [theirs / ours for theirs, ours in case["pairs"]]
        assert case["ratio"] == pytest.approx(statistics.median(ratios))
        assert all(theirs > 0 and ours > 0 for theirs, ours in case["pairs"])
        assert case["unit"]


@pytest.mark.slow
def test_packs_against_an_ordinary_loop() -> None:
    content = run("pack_vs_solo.py", "--network", "fully_connected")
    check(content, "pack_vs_solo.py")
    engines = {case["name"].split(", ")[1] for case in content["cases"]}
    assert {"solo", "stacked"} <= engines
    for case in content["cases"]:
        a_second = 1 / statistics.median(ours for _, ours in case["pairs"])
        assert case["figures"]["member-steps/s"] == pytest.approx(a_second)
        assert 0 < case["figures"]["of peak FLOP/s"] < 1.5


@pytest.mark.slow
def test_a_plain_loop_from_jpeg_files() -> None:
    check(run("against_plain_loop.py"), "against_plain_loop.py")


@pytest.mark.slow
@pytest.mark.parametrize(
    "script",
    [
        "driver.py",
        "memory.py",
        "whole_run.py",
        "oracle_vs_trial_per_process.py",
        "storage.py",
        "load.py",
        "scale.py",
    ],
)
def test_those_that_take_whole_runs(script: str) -> None:
    check(run(script), script)


@pytest.mark.slow
def test_gpu_benchmarks_can_be_rehearsed_and_become_tables(tmp_path: Path) -> None:
    everything = [sys.executable, str(FOLDER / "all.py"), str(tmp_path), "--rehearse"]
    assert subprocess.run(everything, check=False).returncode == 0
    files = sorted(tmp_path.glob("gpu_*.json"))
    assert len(files) == 6
    command = [sys.executable, str(FOLDER / "tables.py"), *map(str, files)]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for file in files:
        for case in json.loads(file.read_text())["cases"]:
            assert f"| {case['name']} | {case['ratio']:.2f} |" in shown


@pytest.mark.slow
def test_live_curves_are_written_on_one_side_only() -> None:
    content = run("live_curves.py", "--rounds", "1")
    check(content, "live_curves.py")
    cpu, wall = content["cases"]
    assert (cpu["name"], wall["name"]) == ("CPU", "wall")
    assert cpu["figures"]["writes"] >= 0
