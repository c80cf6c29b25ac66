"""What the oracle adds to training functions of one's own, against a plain process pool.

    python benchmarks/own_function.py [--seconds 5] [--rounds 2] [--workers 2]

The same training runs, of a function that only waits, are run by a process pool and by the oracle
on Ray Tune's workers, in turn. The time is from the first start of a function to the last end, so
without starting Ray, which is printed beside it. Prints JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import oracle

GRID, CYCLES, REPLICATES = 6, 1, 2


def wait(seconds: float, log: str) -> None:
    """Stand for a training run; write down when it began and ended."""
    began = time.time()
    time.sleep(seconds)
    with Path(log).open("a") as file:
        file.write(f"{began} {time.time()}\n")


@oracle.trainable
def train(task: oracle.Task) -> oracle.Outcome:
    """Wait as :func:`wait` does, and leave a small network."""
    began = time.time()
    time.sleep(float(task.options["seconds"]))
    (task.folder / "weights").write_bytes(bytes(1000))
    with Path(str(task.options["log"])).open("a") as file:
        file.write(f"{began} {time.time()}\n")
    return oracle.Outcome(validation=90 - task.max_lr - task.cycle, test=90.0)


def span(log: Path) -> tuple[int, float, float]:
    """Return the number of training runs, the first start and the last end."""
    times = [tuple(map(float, line.split())) for line in log.read_text().splitlines()]
    return len(times), min(began for began, _ in times), max(ended for _, ended in times)


def by_oracle(seconds: float, workers: int) -> dict[str, float]:
    """Run a study; returns its training runs, their span and the time before the first."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        study = oracle.OracleStudy(
            name="overhead",
            version="1",
            trainer={"function": train, "options": {"seconds": seconds, "log": str(log)}},
            grid={"kind": "log", "low": 0.01, "high": 1.0, "count": GRID, "extend": False},
            cycles=CYCLES,
            replicates=REPLICATES,
            s_cyc={"epsilon": 0.05, "delta": 0.0, "q": 0, "beta": 1.0},
        )
        called = time.time()
        oracle.run(study, workers=workers, runs=Path(folder) / "runs", progress=False)
        count, began, ended = span(log)
        return {"runs": count, "seconds": ended - began, "start": began - called}


def by_pool(seconds: float, workers: int, count: int) -> float:
    """Run as many in a process pool, cycle after cycle as the oracle must; returns their span."""
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(workers) as pool:
        log = Path(folder) / "log"
        half = count // 2
        for part in (count - half, half):
            list(pool.map(wait, [seconds] * part, [str(log)] * part))
        _, began, ended = span(log)
        return ended - began


def main() -> None:
    """Measure, interleaved, and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--workers", type=int, default=2)
    wanted = parser.parse_args()
    rounds = []
    for _ in range(wanted.rounds):
        ours = by_oracle(wanted.seconds, wanted.workers)
        pool = by_pool(wanted.seconds, wanted.workers, int(ours["runs"]))
        load = os.getloadavg()[0]  # of the last minute; this benchmark's own is below 1
        overhead = ours["seconds"] / pool - 1
        rounds.append({**ours, "pool": pool, "overhead": overhead, "load": load})
    median = statistics.median(each["overhead"] for each in rounds)
    print(json.dumps({"seconds": wanted.seconds, "rounds": rounds, "overhead": median}, indent=2))  # noqa: T201


if __name__ == "__main__":
    main()
