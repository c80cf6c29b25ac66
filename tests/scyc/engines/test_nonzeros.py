"""After any training exactly the weights that remain are nonzero, whatever trains them."""

from collections.abc import Callable

import pytest
import torch

from scyc.data.images import Images
from scyc.engines.registry import ENGINES
from scyc.pruning.pruned_network import Network
from scyc.specs.optimizers import AdamSpec, OptimizerSpec, RmsPropSpec, SgdSpec
from scyc.specs.system import SystemSpec
from scyc.trainer import Trainer
from scyc.training.job import Job

OPTIMIZERS: list[OptimizerSpec] = [
    SgdSpec(),
    SgdSpec(momentum=0.0, weight_decay=0.0),
    AdamSpec(name="adam", weight_decay=0.01),
    AdamSpec(name="adamw", weight_decay=0.1),
    RmsPropSpec(name="rmsprop", weight_decay=0.01),
    RmsPropSpec(name="rmsprop", momentum=0.9),
]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
def test_a_pruned_weight_stays_zero_and_a_zero_that_remains_is_trained(
    system: Callable[..., SystemSpec], colours: Images, engine: str, optimizer: OptimizerSpec
) -> None:
    one = Trainer(system(optimizer=optimizer, steps=3, validate_every=3), colours)
    start = one.pruned(one.root(0), 0, 1)
    name = "layers.0.weight"
    remaining = start.masks[name].nonzero()[:20]
    for row, column in remaining.tolist():
        start.state[name][row, column] = 0.0  # as if training had ended there
    feed, order = one._feed(0, 1)
    rate = 0.05 if optimizer.name == "sgd" else 0.001
    job = Job(Network(start.state, start.masks), [rate] * len(order), feed, order, seed=0)
    for outcome in ENGINES[engine].train(one.network, [job, job], one.system.training):
        for weight, mask in start.masks.items():
            value = outcome.network.state[weight]
            assert int(torch.count_nonzero(value)) <= int(mask.sum())
            assert not value[~mask].any()
            assert not value[~mask].signbit().any()  # no -0.0
        trained = outcome.network.state[name][remaining[:, 0], remaining[:, 1]]
        assert int(torch.count_nonzero(trained)) >= 15  # a dead unit's gradient is 0
