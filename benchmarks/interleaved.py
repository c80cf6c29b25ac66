"""What all benchmarks share: two implementations timed in turn, and the pairs as JSON or a table.

A pair is one round: the other side's time, then ours, right after. A ratio is theirs over ours, so
above 1 ours is faster, and it is the median of the pairs' ratios; what else the machine is doing
affects both parts of a pair. On a CPU the time is CPU time unless a benchmark says otherwise.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import click
import torch

Clock = Callable[[], float]  # seconds


@dataclass(frozen=True)
class Case:
    """One comparison. pairs: (theirs, ours), each in `unit`. figures: what else was measured."""

    name: str
    pairs: Sequence[tuple[float, float]]
    unit: str
    figures: Mapping[str, float] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        """Theirs over ours, the median of the pairs."""
        return statistics.median(theirs / ours for theirs, ours in self.pairs)

    @property
    def ours(self) -> float:
        """The median of our times."""
        return statistics.median(ours for _, ours in self.pairs)


def clock(device: torch.device) -> Clock:
    """Read CPU time of this process; on a GPU wall time, once the device has done its work."""
    if device.type != "cuda":
        return time.process_time

    def synchronised() -> float:
        torch.cuda.synchronize(device)
        return time.perf_counter()

    return synchronised


def pairs(
    theirs: Callable[[], object], ours: Callable[[], object], rounds: int, now: Clock, per: int = 1
) -> list[tuple[float, float]]:
    """Time the two in turn; both run once before, untimed. per: times are divided by it."""
    theirs()
    ours()
    measured = []
    for _ in range(rounds):
        start = now()
        theirs()
        between = now()
        ours()
        measured.append(((between - start) / per, (now() - between) / per))
    return measured


def rate(work: Callable[[], object], amount: float, now: Clock, rounds: int = 5) -> float:
    """Return `amount` of work a second, in the fastest round."""
    work()
    times = []
    for _ in range(rounds):
        start = now()
        work()
        times.append(now() - start)
    return amount / min(times)


def machine(device: torch.device) -> dict[str, Any]:
    """Return what the figures were measured on."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        model = lines[0].partition(":")[2].strip() if lines else model
    measured = {
        "cpu": model,
        "cores": len(os.sched_getaffinity(0)),
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "load": round(os.getloadavg()[0], 1),
    }
    if device.type == "cuda":
        measured["gpu"] = torch.cuda.get_device_name(device)
    return measured


def report(name: str, device: torch.device, cases: Sequence[Case], as_json: bool) -> None:
    """Print what was measured."""
    measured = {
        "name": name,
        "device": str(device),
        "machine": machine(device),
        "cases": [{**asdict(case), "ratio": case.ratio} for case in cases],
    }
    click.echo(json.dumps(measured, indent=1) if as_json else table(measured))


def table(report: Mapping[str, Any]) -> str:
    """Return a report as a Markdown table."""
    machine = ", ".join(f"{key} {value}" for key, value in report["machine"].items())
    lines = [f"{report['name']} on {report['device']} ({machine})", ""]
    lines += ["| case | ratio | theirs | ours | unit | more |", "|---|---:|---:|---:|---|---|"]
    for case in report["cases"]:
        theirs, ours = (statistics.median(side) for side in zip(*case["pairs"], strict=True))
        more = ", ".join(f"{key} {value:.3g}" for key, value in case["figures"].items())
        lines.append(
            f"| {case['name']} | {case['ratio']:.2f} | {theirs:.4g} | {ours:.4g} "
            f"| {case['unit']} | {more} |"
        )
    return "\n".join(lines)


def options(command: Callable[..., None]) -> Callable[..., None]:
    """Return the options of every benchmark."""
    device = click.option("--device", default="cpu", show_default=True, help="cpu or cuda.")
    quick = click.option("--quick", is_flag=True, help="As little as shows that it works.")
    as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    return device(quick(as_json(command)))
