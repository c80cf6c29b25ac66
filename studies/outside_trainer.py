"""A trainer of your own, in any framework, that asks the oracle which max_lr to try.

    python studies/outside_trainer.py [SERVER] [FOLDER]

It needs nothing of this project but a server (``oracle serve``). A network of one hidden layer is
trained in NumPy, pruned by 20 % and trained again; the server says with which max_lr, and of which
network. FOLDER holds the networks; start this as often as you like on one folder, and the trainers
share the work. ORACLE_TOKEN holds the token, if the server requires one.
"""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.datasets import load_digits

Network = dict[str, npt.NDArray[np.float64]]  # weights, biases and masks by name

RUN = {
    "name": "numpy-digits",
    "grid": {"kind": "log", "low": 0.05, "high": 1.6, "count": 6, "extend": False},
    "cycles": 2,
    "replicates": 2,
    "pruning_rate": 0.2,
    "s_cyc": {"epsilon": 0.4, "delta": 0.4, "q": 1, "beta": 5.0},
}
LEASE = 60.0  # seconds that a training takes at most; then another trainer is given it
HIDDEN, STEPS, BATCH, WARMUP = 32, 120, 64, 40


def call(server: str, path: str, content: object) -> Any:
    """POST JSON, and the answer's JSON."""
    headers = {"Content-Type": "application/json"}
    if token := os.environ.get("ORACLE_TOKEN"):
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(  # noqa: S310  # the server that the user names
        server + path, json.dumps(content).encode(), headers
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310  # as above
        return json.load(answer)


def run(server: str, folder: Path) -> dict[str, Any]:
    """Train until the oracle has found every cycle's max_lr; its last answer."""
    path = f"/v1/oracle/{call(server, '/v1/oracle', RUN)['run']}/observations"
    answer: dict[str, Any] = call(server, path, {"observations": [], "lease": LEASE})
    while answer["state"] == "open":
        wanted = answer["next"]
        if wanted is None:  # others train all that is missing
            time.sleep(answer["retry_after"])
            answer = call(server, path, {"observations": [], "lease": LEASE})
            continue
        cycle, max_lr, replicate = wanted["cycle"], wanted["max_lr"], wanted["replicate"]
        if cycle == 0:
            network = initial(seed=replicate)
        else:
            network = pruned(load(folder, cycle - 1, wanted["parent_max_lr"], replicate))
        accuracy = train(network, max_lr, seed=100 * cycle + replicate)
        save(folder, cycle, max_lr, replicate, network)
        seen = {"cycle": cycle, "max_lr": max_lr, "replicate": replicate, "accuracy": accuracy}
        answer = call(server, path, {"observations": [seen], "lease": LEASE})
    return answer


def initial(seed: int) -> Network:
    """Draw a network that is not trained."""
    chance = np.random.default_rng(seed)
    first = chance.normal(0, (2 / 64) ** 0.5, (64, HIDDEN))
    second = chance.normal(0, (2 / HIDDEN) ** 0.5, (HIDDEN, 10))
    masks = {"mask_1": np.ones_like(first), "mask_2": np.ones_like(second)}
    return {"1": first, "bias_1": np.zeros(HIDDEN), "2": second, "bias_2": np.zeros(10)} | masks


def pruned(network: Network) -> Network:
    """Prune the smallest fifth of the weights that are left."""
    left = np.concatenate(
        [np.abs(network[name][network[f"mask_{name}"] > 0]) for name in ("1", "2")]
    )
    least = np.quantile(left, RUN["pruning_rate"])
    remaining = {
        f"mask_{name}": network[f"mask_{name}"] * (np.abs(network[name]) >= least)
        for name in ("1", "2")
    }
    return (
        network
        | remaining
        | {name: network[name] * remaining[f"mask_{name}"] for name in ("1", "2")}
    )


def train(network: Network, max_lr: float, seed: int) -> float | None:
    """Train in place: LR warm-up to max_lr, then a tenth of it for the last quarter.

    Returns the validation accuracy in percent, or None where it diverged.
    """
    images, labels = load_digits(return_X_y=True)
    images, chance = images / 16, np.random.default_rng(seed)
    training, validation = slice(0, 1200), slice(1200, None)
    for step in range(1, STEPS + 1):
        batch = chance.integers(0, training.stop, BATCH)
        drop = 0.1 if step > 3 * STEPS // 4 else 1.0
        _descend(network, images[batch], labels[batch], max_lr * min(step / WARMUP, 1) * drop)
    scores = _forward(network, images[validation])[1]
    if not np.isfinite(scores).all():
        return None
    return round(100 * float(np.mean(scores.argmax(1) == labels[validation])), 4)


def _forward(network: Network, images: npt.NDArray[np.float64]) -> Any:
    hidden = np.maximum(images @ network["1"] + network["bias_1"], 0)
    return hidden, hidden @ network["2"] + network["bias_2"]


def _descend(network: Network, images: Any, labels: Any, rate: float) -> None:
    """One step of gradient descent on the cross-entropy; what is pruned stays 0."""
    hidden, scores = _forward(network, images)
    exponents = np.exp(scores - scores.max(1, keepdims=True))
    slope = exponents / exponents.sum(1, keepdims=True)
    slope[np.arange(len(labels)), labels] -= 1
    slope /= len(labels)
    below = (slope @ network["2"].T) * (hidden > 0)
    network["2"] -= rate * (hidden.T @ slope) * network["mask_2"]
    network["bias_2"] -= rate * slope.sum(0)
    network["1"] -= rate * (images.T @ below) * network["mask_1"]
    network["bias_1"] -= rate * below.sum(0)


def _file(folder: Path, cycle: int, max_lr: float, replicate: int) -> Path:
    return folder / f"{cycle}-{max_lr!r}-{replicate}.npz"


def save(folder: Path, cycle: int, max_lr: float, replicate: int, network: Network) -> None:
    """Keep a network; several trainers may write the same one."""
    file = _file(folder, cycle, max_lr, replicate)
    folder.mkdir(parents=True, exist_ok=True)
    mine = file.with_suffix(f".{os.getpid()}")
    with mine.open("wb") as stream:
        np.savez(stream, allow_pickle=False, **network)
    mine.replace(file)


def load(folder: Path, cycle: int, max_lr: float, replicate: int) -> Network:
    """Load a stored network."""
    with np.load(_file(folder, cycle, max_lr, replicate)) as stored:
        return dict(stored)


if __name__ == "__main__":
    where = dict(enumerate(sys.argv))
    result = run(where.get(1, "http://127.0.0.1:8000"), Path(where.get(2, "outside-networks")))
    for each in result["cycles"]:
        sys.stdout.write(f"cycle {each['cycle']}: {each['well_tuned']}, S-Cyc {each['s_cyc']}\n")
