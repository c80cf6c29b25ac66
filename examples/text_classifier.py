"""A text classifier in plain PyTorch with a training loop of its own, on Ray Tune's workers.

    python examples/text_classifier.py

Sentences of made-up words are of two kinds; the words that tell them apart are few. Perplexity
(the exponential of the cross-entropy) is minimised, and `scyc.Pruner` prunes.
"""

import math
import sys
from pathlib import Path

import torch
from torch import nn

import oracle
from scyc import Pruner

WORDS, LENGTH, SENTENCES = 50, 8, 300


def sentences(seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return word numbers [sentences, words], and 1 where a telling word occurs."""
    generator = torch.Generator().manual_seed(seed)
    words = torch.randint(WORDS, (SENTENCES, LENGTH), generator=generator)
    return words, (words < 4).any(dim=1).long()


@oracle.trainable(resources={"cpu": 1}, timeout=600)
def train(task: oracle.Task) -> oracle.Outcome:
    """Train, prune and validate one network."""
    torch.manual_seed(task.replicate)
    model = nn.Sequential(
        nn.EmbeddingBag(WORDS, 16), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 2)
    )
    pruner = Pruner(model)
    if task.parent is not None:
        before = torch.load(task.parent / "model.pt", weights_only=True)
        model.load_state_dict(before["model"])
        pruner.load_state_dict(before["pruner"])
        pruner.prune(task.pruning_rate)
    words, labels = sentences(task.replicate)
    optimizer = torch.optim.SGD(model.parameters(), lr=task.max_lr, momentum=0.9)

    def perplexity(part: slice) -> float:
        with torch.no_grad():
            return math.exp(nn.functional.cross_entropy(model(words[part]), labels[part]))

    for step in range(task.steps):
        optimizer.param_groups[0]["lr"] = task.learning_rate(step)
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(words[:200]), labels[:200]).backward()
        optimizer.step()
        pruner.apply()
        if (step + 1) % 10 == 0:
            task.report(step + 1, validation=perplexity(slice(200, 250)))
    state = {"model": model.state_dict(), "pruner": pruner.state_dict()}
    torch.save(state, task.folder / "model.pt")
    return oracle.Outcome(
        perplexity(slice(200, 250)), perplexity(slice(250, 300)), pruner.weights_remaining
    )


STUDY = oracle.OracleStudy(
    name="text",
    trainer=train,
    version="1",
    metric={"name": "perplexity", "mode": "min"},
    tolerance=0.05,
    training={"steps": 40},
    schedule={"warmup": 5, "milestones": [30]},
    grid={"kind": "log", "low": 0.01, "high": 3.0, "count": 6, "extend": False},
    cycles=3,
    replicates=2,
    s_cyc={"epsilon": 0.1, "delta": 0.3, "q": 1, "beta": 3.0},
)

if __name__ == "__main__":
    runs = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("runs")
    print(oracle.run(STUDY, workers=2, runs=runs).regions().to_string())
