"""The demo's grid by this package, against Ray Tune with a process for each training.

    python benchmarks/oracle_vs_trial_per_process.py [--json] [--quick] [--cycles N] [--rounds N]

Both are whole commands, from the start of Python to their last line, on 2 CPU cores: wall
time, and the peak memory of all their processes at once (what they share is counted once).

- Theirs: trial_per_process.py, what one would write today.
- Ours: ``oracle run`` of studies/digits.yaml, cut to as many cycles. It trains the same grid, and
  S-Cyc's own path, too (one more training run a replicate and cycle); it stores every training run,
  checks and keeps checkpoints, tests every network, and writes its report.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import click
import torch
import yaml
from interleaved import Case, options, report
from watched import Watched, watch

HERE = Path(__file__).parent
STUDY = HERE.parent / "studies" / "digits.yaml"


def theirs(cycles: int, quick: bool) -> Watched:
    """Return one trial a process."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(HERE / "trial_per_process.py"), folder, "--cycles", cycles]
        if quick:
            command += ["--grid", 2, "--replicates", 1, "--steps", 10]
        return watch([str(each) for each in command])


def ours(cycles: int, quick: bool) -> Watched:
    """Return the oracle."""
    with tempfile.TemporaryDirectory() as folder:
        declared = yaml.safe_load(STUDY.read_text())
        declared["cycles"] = cycles
        if quick:
            declared["replicates"] = 1
            declared["grid"]["count"] = 2
            declared["training"] |= {"steps": 10, "validate_every": 2}
            declared["schedule"] = {"warmup": 2, "drops": [6, 8]}
        file = Path(folder) / "digits.yaml"
        file.write_text(yaml.safe_dump(declared))
        command = [sys.executable, "-m", "oracle.cli", "run", str(file), "--runs", folder]
        return watch([*command, "--workers", "2", "--device", "cpu"])


@click.command(help="The demo's grid, against Ray Tune with a process for each training.")
@options
@click.option("--cycles", default=2, show_default=True, help="Pruning cycles, 8 in the demo.")
@click.option("--rounds", default=5, show_default=True, help="Pairs.")
def main(device: str, quick: bool, as_json: bool, cycles: int, rounds: int) -> None:
    """Measure and print."""
    cycles, rounds = (1, 1) if quick else (cycles, rounds)
    measured = [(theirs(cycles, quick), ours(cycles, quick)) for _ in range(rounds)]
    grid = "quick grid" if quick else "digits"
    cases = [
        Case(f"{grid}, {cycles} cycles, wall time", [(a.wall, b.wall) for a, b in measured], "s"),
        Case(
            f"{grid}, {cycles} cycles, CPU time",
            [(sum(a.cpu.values()), sum(b.cpu.values())) for a, b in measured],
            "s",
        ),
        Case(
            f"{grid}, {cycles} cycles, peak memory",
            [(a.peak / 2**20, b.peak / 2**20) for a, b in measured],
            "MiB",
        ),
    ]
    report("oracle_vs_trial_per_process", torch.device(device), cases, as_json)


if __name__ == "__main__":
    main()
