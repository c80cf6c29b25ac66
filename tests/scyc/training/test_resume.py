"""A pack that is killed and resumed: the same bits as one that was not interrupted."""

import io
import os
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from costly import costly
from state_stores import NEVER, InMemoryStore, Killed
from torch import nn

from scyc.data.images import Images
from scyc.engines import grouped, solo, stacked
from scyc.optimizers.registry import make_optimizer
from scyc.pruning.pruned_network import Network
from scyc.specs.networks import FullyConnectedSpec, ResNet20Spec
from scyc.specs.optimizers import AdamSpec, OptimizerSpec, RmsPropSpec, SgdSpec
from scyc.specs.system import PruningSpec, SplitSpec, SystemSpec, TrainingSpec
from scyc.storage.pack_state_file import PackStateFile
from scyc.trainer import Trainer
from scyc.training.job import Job, Outcome

OPTIMIZERS: list[OptimizerSpec] = [
    SgdSpec(),
    SgdSpec(momentum=0.0, weight_decay=0.0),
    AdamSpec(name="adam"),
    RmsPropSpec(name="rmsprop"),
    RmsPropSpec(name="rmsprop", momentum=0.9),
]
MARKS = {"rmsprop": [pytest.mark.slow], "adam": [pytest.mark.costly]}
IDS = [repr(spec) for spec in OPTIMIZERS]
MEMBERS, STEPS = 2, 12


def own_network() -> nn.Module:
    """Draws random numbers, keeps statistics."""
    layers = (nn.Linear(64, 24), nn.BatchNorm1d(24), nn.ReLU(), nn.Dropout(0.5), nn.Linear(24, 10))
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), *layers)


def pack(trainer: Trainer, network: nn.Module) -> list[Job]:
    """Two members with different rates and seeds, some weights pruned, snapshots at iteration 7."""
    feed, order = trainer._feed(0, 0)
    state = {name: value.clone() for name, value in network.state_dict().items()}
    first = next(name for name, value in state.items() if value.dim() == 2)
    mask = state[first].abs() > state[first].abs().median()
    start = Network(state | {first: state[first] * mask}, {first: mask})
    scale = 1.0 if trainer.system.training.optimizer.name == "sgd" else 0.02
    return [
        Job(start, [rate * scale] * STEPS, feed, order, seed, keep_at=7)
        for seed, rate in enumerate((0.05, 0.3))
    ]


def same(a: Outcome, b: Outcome) -> bool:
    """Whether two training runs gave the same numbers, to the last bit."""
    if (a.curve, a.val_accuracy, a.test_accuracy) != (b.curve, b.val_accuracy, b.test_accuracy):
        return False
    for x, y in ((a.network, b.network), (a.snapshot, b.snapshot)):
        if (x is None) != (y is None):
            return False
        if x is not None and y is not None:
            if x.state.keys() != y.state.keys() or x.masks.keys() != y.masks.keys():
                return False
            if not all(torch.equal(x.state[name], y.state[name]) for name in x.state):
                return False
    return a.diverged == b.diverged


@pytest.mark.parametrize(
    ("optimizer", "carry", "every"),
    [pytest.param(spec, "last", 1, marks=MARKS.get(spec.name, [])) for spec in OPTIMIZERS]
    + costly((SgdSpec(), "best", 5)),
    ids=[*IDS, "best weights, saved at every fifth step"],
)
def test_wherever_it_is_killed_a_pack_ends_with_the_same_bits(
    trainer: Callable[..., Trainer], optimizer: OptimizerSpec, carry: str, every: int
) -> None:
    one = trainer(engine="solo", optimizer=optimizer, carry=carry)
    network, training = own_network(), one.system.training
    jobs = pack(one, network)
    whole = solo.train(network, jobs, training)
    assert not any(outcome.diverged for outcome in whole)
    assert not same(whole[0], whole[1])
    for step in range(MEMBERS * STEPS):
        first = InMemoryStore(every, killed_after=step)
        with pytest.raises(Killed):
            solo.train(network, jobs, training, first)
        second = first.next(every=NEVER if step else every)
        again = solo.train(network, jobs, training, second)
        assert second.steps == MEMBERS * STEPS - step // every * every
        assert all(same(a, b) for a, b in zip(whole, again, strict=True))


@pytest.mark.parametrize(
    "engine", [*costly(solo), stacked, *costly(grouped)], ids=["solo", "stacked", "grouped"]
)
@pytest.mark.parametrize("optimizer", [SgdSpec(), AdamSpec(name="adamw")], ids=["sgd", "adamw"])
def test_a_pack_with_all_training_options_is_resumed_with_the_same_bits(
    trainer: Callable[..., Trainer], engine: Any, optimizer: OptimizerSpec
) -> None:
    """Weight decays of their own make several groups of an optimizer's parameters."""
    options: dict[str, Any] = {"label_smoothing": 0.1, "clip_grad_norm": 0.3}
    one = trainer(optimizer=optimizer, bias_weight_decay=0.0, **options)
    jobs, training = pack(one, one.network), one.system.training
    whole = engine.train(one.network, jobs, training)
    assert not any(outcome.diverged for outcome in whole)
    for calls in (1, 2):
        first = InMemoryStore(killed_after=calls)
        with pytest.raises(Killed):
            engine.train(one.network, jobs, training, first)
        assert (first.steps, first.saves) == (calls, 1)
        again = engine.train(one.network, jobs, training, first.next())
        assert all(same(a, b) for a, b in zip(whole, again, strict=True))


@pytest.mark.costly
def test_a_channels_last_network_is_resumed_with_the_same_bits(
    system: Callable[..., SystemSpec], colours: Images
) -> None:
    declared = system(
        network=ResNet20Spec(name="resnet20", width=4), pruning=PruningSpec(rewind=2), steps=4,
        validate_every=2,
    )  # fmt: skip
    one = Trainer(declared, colours)
    feed, order = one._feed(0, 0)
    jobs = [Job(one.root(0), [0.1] * 4, feed, order, 0, keep_at=2)]
    whole = solo.train(one.network, jobs, declared.training)
    for step in (1, 2, 3):
        first = InMemoryStore(killed_after=step)
        with pytest.raises(Killed):
            solo.train(one.network, jobs, declared.training, first)
        again = solo.train(one.network, jobs, declared.training, first.next())
        assert same(whole[0], again[0])


def test_a_diverged_member_is_still_diverged_after_a_resume(
    trainer: Callable[..., Trainer],
) -> None:
    one = trainer(engine="solo")
    feed, order = one._feed(0, 0)
    jobs = [Job(one.root(0), [rate] * STEPS, feed, order, 0) for rate in (1e30, 0.1)]
    whole = solo.train(one.network, jobs, one.system.training)
    assert [outcome.diverged for outcome in whole] == [True, False]
    for step in range(1, 10):
        first = InMemoryStore(killed_after=step)
        with pytest.raises(Killed):
            solo.train(one.network, jobs, one.system.training, first)
        again = solo.train(one.network, jobs, one.system.training, first.next())
        assert (again[0].curve, again[0].diverged) == (whole[0].curve, True)
        assert same(whole[1], again[1])


def test_nothing_is_saved_before_it_is_due(trainer: Callable[..., Trainer]) -> None:
    one = trainer(engine="solo")
    store = InMemoryStore(every=1000)
    network = own_network()
    solo.train(network, pack(one, network), one.system.training, store)
    assert (store.saves, store.steps) == (0, MEMBERS * STEPS)


def test_all_of_an_optimizers_state_is_saved(trainer: Callable[..., Trainer]) -> None:
    one = trainer(engine="solo", optimizer=AdamSpec(name="adam"))
    network = own_network()
    store = InMemoryStore(every=STEPS * MEMBERS)
    solo.train(network, pack(one, network), one.system.training, store)
    assert store.content is not None
    saved = torch.load(io.BytesIO(store.content), weights_only=True)
    parameters = list(network.parameters())
    made = make_optimizer(one.system.training.optimizer, parameters)
    assert saved["running"]["optimizer"].keys() == set(range(len(parameters)))
    for held in saved["running"]["optimizer"].values():
        assert held.keys() == {"step", "exp_avg", "exp_avg_sq"}
        assert held["step"] == STEPS
    made.load_state_dict(made.state_dict() | {"state": saved["running"]["optimizer"]})


def test_another_process_resumes_the_pack_of_a_killed_one(tmp_path: Path, digits: Images) -> None:
    network = FullyConnectedSpec(name="fully_connected", hidden=(16,), batch_norm=True)
    training = TrainingSpec(steps=30, batch=16, validate_every=10)
    system = SystemSpec(
        network=network, pruning=PruningSpec(), training=training, split=SplitSpec(), seed=0
    )
    trainer = Trainer(system, digits)
    feed, order = trainer._feed(0, 0)
    jobs = [Job(trainer.root(0), [rate] * 30, feed, order, 0) for rate in (0.05, 0.1)]
    file = tmp_path / "pack.pt"
    saved, child_end = os.pipe()

    class WaitsToBeKilled(PackStateFile):
        steps = 0

        def due(self) -> bool:
            self.steps += 1
            return self.steps == 47  # in the second member

        def save(self, state: Mapping[str, Any]) -> None:
            super().save(state)
            os.write(child_end, b".")
            signal.pause()

    def trained(store: PackStateFile | None) -> list[Any]:
        outcomes = solo.train(trainer.network, jobs, training, store)
        return [
            (o.curve, o.test_accuracy, [float(v.double().sum()) for v in o.network.state.values()])
            for o in outcomes
        ]

    pid = os.fork()
    if pid == 0:
        trained(WaitsToBeKilled(file, "pack", 1e9, time.monotonic, print))
        os._exit(0)
    assert os.read(saved, 1) == b"."
    os.kill(pid, signal.SIGKILL)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    store = PackStateFile(file, "pack", 1e9, time.monotonic, print)
    assert store.load() is not None
    after = trained(store)
    assert [point for point, _ in after[0][0]] == [10, 20, 30]
    assert after == trained(None)
