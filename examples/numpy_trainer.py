"""A trainer in NumPy alone, by ask and tell, without a server.

    python examples/numpy_trainer.py [DATABASE]

Start it as often as you like on one database: the processes share the work. Each cycle starts from
the network that the cycle before trained with `parent_max_lr`; networks lie next to the database.
"""

import sys
import time
from pathlib import Path

import numpy as np

import oracle

FEATURES, RATE, STEPS = 20, 0.2, 60


def data(replicate: int) -> tuple[np.ndarray, np.ndarray]:
    """Return 300 points, and the sign of a sum of some of their features."""
    rng = np.random.default_rng(replicate)
    points = rng.normal(size=(300, FEATURES))
    return points, (points[:, :5].sum(axis=1) > 0).astype(float)


def train(weights: np.ndarray, mask: np.ndarray, max_lr: float, replicate: int) -> float | None:
    """Train a logistic regression in place; returns its validation accuracy in percent."""
    points, labels = data(replicate)
    for _ in range(STEPS):
        scores = 1 / (1 + np.exp(-np.clip(points[:200] @ weights, -60, 60)))
        weights -= max_lr * (points[:200].T @ (scores - labels[:200]) / 200)
        weights *= mask  # pruned weights stay zero
    if not np.isfinite(weights).all():
        return None  # diverged
    return 100 * float(((points[200:] @ weights > 0) == labels[200:]).mean())


def main(database: Path) -> dict[str, object]:
    """Train until the oracle has found every cycle's max_lr; returns its table."""
    search = oracle.GreedyOracle(
        name="numpy",
        grid={"kind": "log", "low": 0.01, "high": 10.0, "count": 5, "extend": False},
        cycles=2,
        replicates=2,
        pruning_rate=RATE,
        storage=f"sqlite:///{database}",
    )

    def file(cycle: int, max_lr: float, replicate: int) -> Path:
        return database.parent / f"{cycle}-{max_lr:.6g}-{replicate}.npy"

    with search:
        while search.state == "open":
            task = search.ask()
            if task is None:  # others have all that is missing
                time.sleep(1)
                continue
            weights = np.random.default_rng(task.replicate).normal(size=FEATURES) / 10
            mask = np.ones(FEATURES, dtype=bool)
            if task.parent_max_lr is not None:
                weights = np.load(file(task.cycle - 1, task.parent_max_lr, task.replicate))
                left = np.flatnonzero(weights)
                order = np.argsort(np.abs(weights[left]), kind="stable")
                weights[left[order[: round(RATE * len(left))]]] = 0
                mask = weights != 0
            accuracy = train(weights, mask, task.max_lr, task.replicate)
            np.save(file(task.cycle, task.max_lr, task.replicate), weights)
            search.tell(task, accuracy)
        return search.table()


if __name__ == "__main__":
    table = main(Path(sys.argv[1] if len(sys.argv) > 1 else "numpy.db").absolute())
    for cycle in table["cycles"]:  # type: ignore[attr-defined]
        print(cycle["cycle"], cycle["well_tuned"], cycle["region"]["members"])
