"""Recordings of the next network: sizes by hand, and range tests of a known loss."""

import math

import pytest
import torch
from factories import make_system
from torch import nn

from scyc.data.images import Images
from scyc.pruning.pruned_network import Network
from scyc.recording import next_network
from scyc.recording.next_network import pruned_norm, range_test, steepest
from scyc.specs.optimizers import SgdSpec
from scyc.specs.schedules import WarmupSpec
from scyc.specs.system import PruningSpec, RecordSpec, TrainingSpec
from scyc.trainer import Member, Trainer


def test_the_size_of_the_pruned_weights_is_relative_to_the_norm_of_the_remaining_ones() -> None:
    """Of 0, 1, 2, 2, 4 the first is pruned already; 1 and 2 go: sqrt(5 / 25), two of four."""
    weights = torch.tensor([0.0, 1.0, 2.0, 2.0, 4.0])
    before = Network({"w": weights}, {"w": weights > 0})
    after = {"w": torch.tensor([False, False, False, True, True])}
    norm = pruned_norm(before, after)
    assert norm["relative"] == pytest.approx(math.sqrt(5 / 25))
    assert norm["share"] == pytest.approx(0.5)
    assert pruned_norm(before, before.masks) == {"relative": 0.0, "share": 0.0}


def test_the_steepest_descent_is_located_by_central_differences() -> None:
    """After twelve flat losses 9, 6, 2, 1: from 9 to 2 is the largest fall, around 6."""
    losses = [10.0] * 12 + [9.0, 6.0, 2.0, 1.0, 0.9]
    rates = [float(at) for at in range(len(losses))]
    assert steepest(rates, losses) == 13.0


def test_losses_at_the_ends_and_those_that_are_not_finite_do_not_count() -> None:
    losses = [10.0, 0.0] + [10.0] * 10 + [9.0, 7.0, 6.5, 6.4, -100.0]
    rates = [float(at) for at in range(len(losses))]
    assert steepest(rates, losses) == 12.0
    assert steepest([1.0, 2.0, 3.0], [3.0, 1.0, math.nan]) == 1.0
    assert steepest([1.0, 2.0], [math.nan, math.nan]) == 1.0


def test_a_range_test_stops_where_the_loss_explodes_and_keeps_pruned_weights_at_zero() -> None:
    torch.manual_seed(0)
    network = nn.Linear(4, 3)
    mask = torch.ones(3, 4, dtype=torch.bool)
    mask[0, 0] = False
    state = {name: value.clone() for name, value in network.state_dict().items()}
    state["weight"][0, 0] = 0.0
    start = Network(state, {"weight": mask})
    images = torch.randn(32, 4)
    labels = images.argmax(dim=1).clamp(max=2)
    batches = [(100 * images, labels)] * next_network.RANGE_STEPS
    plain = SgdSpec(momentum=0.0, weight_decay=0.0)
    training = TrainingSpec(steps=1, batch=32, validate_every=1, optimizer=plain)
    range_result = range_test(network, start, batches, training)
    assert range_result["steps"] < next_network.RANGE_STEPS
    assert next_network.RANGE[0] <= range_result["rate"] < 1.0
    assert network.weight[0, 0] == 0.0


def test_a_trainer_records_both_of_the_network_that_it_prunes_next(
    digits: Images, schedule: WarmupSpec
) -> None:
    """The masks are those of the pruning that follows, and the training is not changed by it."""
    pruning = PruningSpec(rate=0.5, rewind="init")
    what = RecordSpec(what=("pruned_norm", "lr_range_test"))
    with_record = Trainer(make_system(pruning=pruning, record=what), digits)
    plain = Trainer(make_system(pruning=pruning), digits)
    (trained,) = with_record.train([Member(with_record.root(0), 0, 0, schedule, 0.1)])
    (same,) = plain.train([Member(plain.root(0), 0, 0, schedule, 0.1)])
    assert trained.outcome.curve == same.outcome.curve
    after = plain.pruned(same.outcome.network, 0, 1)
    recorded = trained.recorded
    assert recorded is not None
    assert recorded["pruned_norm"] == pruned_norm(same.outcome.network, after.masks)
    assert 0 < recorded["pruned_norm"]["relative"] < math.sqrt(0.5)
    assert recorded["pruned_norm"]["share"] == pytest.approx(0.5, abs=0.01)
    assert next_network.RANGE[0] <= recorded["lr_range_test"]["rate"] <= next_network.RANGE[1]
