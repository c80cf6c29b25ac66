"""A pack whose members train side by side is killed, and goes on to the same bits."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from state_stores import InMemoryStore, Killed
from torch import Tensor, nn

from scyc.data.images import Images
from scyc.engines import graphed, grouped, vmap
from scyc.pruning.pruned_network import Network
from scyc.specs.optimizers import AdamSpec, OptimizerSpec, RmsPropSpec, SgdSpec
from scyc.specs.system import SystemSpec
from scyc.trainer import Trainer
from scyc.training.job import Job

ENGINES = [vmap, grouped, graphed]
NAMES = [engine.__name__.removeprefix("scyc.") for engine in ENGINES]
OPTIMIZERS: list[OptimizerSpec] = [
    SgdSpec(),
    AdamSpec(name="adam"),
    RmsPropSpec(name="rmsprop", momentum=0.9),
]


def jobs_of(one: Trainer, network: nn.Module) -> list[Job]:
    """Three members, of which the second diverges in its fifth step; a part of one is pruned."""
    jobs = []
    for index, replicate in enumerate((0, 0, 1)):
        state = {name: value.clone() for name, value in network.state_dict().items()}
        masks: dict[str, Tensor] = {}
        if index == 2:
            masks["1.weight"] = torch.arange(state["1.weight"].numel()).view(16, -1) % 3 > 0
            state["1.weight"][~masks["1.weight"]] = 0.0
        feed, order = one._feed(replicate, 0)
        rates = [0.01 * (index + 1)] * len(order)
        jobs.append(Job(Network(state, masks), rates, feed, order, seed=replicate, keep_at=3))
    jobs[1] = replace(jobs[1], rates=[0.01] * 4 + [float("inf")] * 8)
    return jobs


@pytest.mark.parametrize("engine", ENGINES, ids=NAMES)
@pytest.mark.parametrize(
    "optimizer",
    [OPTIMIZERS[0], *(pytest.param(each, marks=pytest.mark.costly) for each in OPTIMIZERS[1:])],
    ids=lambda spec: spec.name,
)
def test_a_killed_pack_is_resumed_bit_for_bit(
    system: Callable[..., SystemSpec], colours: Images, engine: Any, optimizer: OptimizerSpec
) -> None:
    """Dropout's generators, batch norm, snapshots and stopped members included."""
    one = Trainer(system(optimizer=optimizer, carry="best"), colours)
    torch.manual_seed(0)
    inner = (nn.Linear(192, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.5))
    network = nn.Sequential(nn.Flatten(), *inner, nn.Linear(16, 3))
    jobs = jobs_of(one, network)
    whole = engine.train(network, jobs, one.system.training)
    assert [outcome.diverged for outcome in whole] == [False, True, False]
    for step in (2, 4, 8):  # before a snapshot and a divergence; after both
        first = InMemoryStore(killed_after=step)
        with pytest.raises(Killed):
            engine.train(network, jobs, one.system.training, first)
        second = first.next()
        again = engine.train(network, jobs, one.system.training, second)
        assert second.steps == 11 - step
        for a, b in zip(whole, again, strict=True):
            assert (a.curve, a.test_accuracy, a.diverged) == (b.curve, b.test_accuracy, b.diverged)
            pairs = (
                [(a.network, b.network)]
                if a.diverged
                else [
                    (a.network, b.network),
                    (a.snapshot, b.snapshot),
                ]
            )
            for ours, theirs in pairs:
                assert ours is not None
                assert theirs is not None
                for name, value in ours.state.items():
                    assert torch.equal(value.nan_to_num(), theirs.state[name].nan_to_num()), name
