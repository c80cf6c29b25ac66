"""Trained networks: zeros are pruned weights, and shapes are those of the factory."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from costly import costly

from scyc import Trainer, iterate
from scyc.data.images import Images
from scyc.pruning.pruned_network import Network, NetworkChanged
from scyc.specs.optimizers import AdamSpec, OptimizerSpec, RmsPropSpec, SgdSpec
from scyc.specs.schedules import ConstantSpec
from scyc.specs.system import PruningSpec, SystemSpec
from scyc.trainer import Member

CONSTANT = ConstantSpec(name="constant")
ENGINES = ["solo", "stacked", "vmap", "grouped", "graphed"]
OPTIMIZERS: list[OptimizerSpec] = [
    SgdSpec(),
    AdamSpec(name="adam"),
    AdamSpec(name="adamw"),
    RmsPropSpec(name="rmsprop", momentum=0.9),
]
Systems = Callable[..., SystemSpec]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("rewind", ["last", *costly("init", 2)])
@pytest.mark.parametrize(
    "optimizer",
    [*OPTIMIZERS[:2], *costly(*OPTIMIZERS[2:])],
    ids=lambda spec: spec.name,
)
def test_nonzero_weights_of_every_network_are_the_weights_remaining(
    optimizer: OptimizerSpec, rewind: Any, engine: str, system: Systems, colours: Images
) -> None:
    pruning = PruningSpec(rewind=rewind, rate=0.3)
    one = system(pruning=pruning, optimizer=optimizer, engine=engine, steps=4, validate_every=2)
    trainer = Trainer(one, colours)
    weights = [name for name in trainer.root(0).state if name.endswith("weight")]
    total = sum(trainer.root(0).state[name].numel() for name in weights)
    for cycle in iterate(trainer, CONSTANT, lambda _: 1e-3, 2, [0, 1]):
        for trained in cycle.trained:
            state = trained.outcome.network.state
            left = sum(int(torch.count_nonzero(state[name])) for name in weights)
            assert trained.weights_remaining == pytest.approx(100 * left / total)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_surviving_weight_of_exactly_zero_still_trains(
    engine: str, system: Systems, colours: Images
) -> None:
    trainer = Trainer(system(engine=engine), colours)
    start = trainer.pruned(trainer.root(0), 0, 1)
    name = trainer.prunable[1]
    row, column = start.masks[name].nonzero()[0].tolist()
    state = {**start.state, name: start.state[name].clone()}
    state[name][row, :] = state[name][row, :].abs()  # so that the neuron is not silent
    state[name][row, column] = 0.0
    (trained,) = trainer.train([Member(Network(state, start.masks), 1, 0, CONSTANT, 0.05)])
    assert float(trained.outcome.network.state[name][row, column]) != 0
    pruned = trained.outcome.network.state[name][~start.masks[name]]
    assert torch.count_nonzero(pruned) == 0


def test_a_network_of_other_shapes_is_refused_in_one_line(system: Systems, colours: Images) -> None:
    narrow, wide = (
        Trainer(system(network={"name": "fully_connected", "hidden": hidden}), colours)
        for hidden in ((8,), (9,))
    )
    with pytest.raises(NetworkChanged) as raised:
        wide.pruned(narrow.root(0), 0, 1)
    text = str(raised.value)
    assert "layers.0.weight was [8, 192] and is [9, 192] and 2 more" in text
    assert "\n" not in text
