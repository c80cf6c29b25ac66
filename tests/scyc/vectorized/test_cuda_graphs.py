"""The seam to CUDA, held against a stand-in that records a step and replays it."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor

from scyc.data.images import Images
from scyc.engines import grouped, vmap
from scyc.specs.networks import FullyConnectedSpec
from scyc.specs.optimizers import AdamSpec, SgdSpec
from scyc.specs.system import SystemSpec
from scyc.trainer import Trainer
from scyc.training.job import Job
from scyc.vectorized import member_group, training_loop
from scyc.vectorized.cuda_graphs import Streams, capture
from scyc.vectorized.dropout import DropoutGenerators


class Recorder:
    """Stands for a CUDA graph: warms up, puts the state back, and replays without arguments."""

    def __init__(self) -> None:
        self.recordings = self.replays = 0

    def __call__(
        self, work: Callable[[], None], state: Sequence[Tensor], generators: Sequence[Any]
    ) -> Callable[[], None]:
        saved = [value.clone() for value in state]
        drawn = [generator.get_state() for generator in generators]
        for _ in range(3):
            work()
        for value, old in zip(state, saved, strict=True):
            value.copy_(old)
        for generator, old in zip(generators, drawn, strict=True):
            generator.set_state(old)
        self.recordings += 1
        pointers = [value.data_ptr() for value in state]

        def replay() -> None:
            self.replays += 1
            work()
            assert [value.data_ptr() for value in state] == pointers

        return replay


def test_on_a_cpu_a_step_is_called_as_it_is() -> None:
    def step(_given: Tensor) -> None:
        raise AssertionError

    assert capture(step, [torch.zeros(2)]) is step


def test_every_call_reads_the_same_buffers_and_recording_leaves_the_state() -> None:
    seen, total = [], torch.zeros(2)

    def step(given: Tensor) -> None:
        seen.append(given.data_ptr())
        total.add_(given)

    recorder = Recorder()
    call = capture(step, [torch.ones(2)], [total], recorder=recorder)
    assert total.tolist() == [0, 0]
    for number in (1.0, 2.0, 3.0):
        call(torch.full((2,), number))
    assert total.tolist() == [6, 6]
    assert len(set(seen)) == 1
    assert (recorder.recordings, recorder.replays) == (1, 3)


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("optimizer", [SgdSpec(), AdamSpec(name="adam")], ids=["sgd", "adam"])
def test_a_recorded_pack_ends_with_the_same_bits_as_one_that_is_not(
    system: Callable[..., SystemSpec], colours: Images, together: bool, optimizer: Any
) -> None:
    """All that a step changes is declared to the recorder, or warming up would show."""
    network = FullyConnectedSpec(name="fully_connected", hidden=(16,), batch_norm=True)
    one = Trainer(system(network=network, optimizer=optimizer), colours)
    jobs = []
    for replicate, rate in ((0, 0.01), (0, 0.02), (1, 0.02)):
        feed, order = one._feed(replicate, 0)
        jobs.append(Job(one.root(replicate), [rate] * 12, feed, order, seed=replicate))

    def bodies(positions: Tensor, dropouts: DropoutGenerators) -> member_group.Forward:
        return grouped._Grouped(one.network, positions, dropouts)

    recorder = Recorder()
    ends = [
        training_loop.train(one.network, jobs, one.system.training, bodies, None, together, each)
        for each in (None, recorder)
    ]
    assert recorder.recordings == (1 if together else 3)
    assert recorder.replays == 12 * recorder.recordings
    for plain, replayed in zip(*ends, strict=True):
        assert plain.curve == replayed.curve
        for name, value in plain.network.state.items():
            assert torch.equal(value, replayed.network.state[name])


def test_a_pack_is_recorded_again_after_a_member_was_dropped(
    system: Callable[..., SystemSpec], colours: Images
) -> None:
    one = Trainer(system(), colours)
    jobs = []
    for rate in (0.05, 1e30):
        feed, order = one._feed(0, 0)
        jobs.append(Job(one.root(0), [rate] * 12, feed, order, seed=0))

    def bodies(positions: Tensor, dropouts: DropoutGenerators) -> member_group.Forward:
        return vmap._Mapped(one.network, positions, dropouts)

    recorder = Recorder()
    outcomes = training_loop.train(
        one.network, jobs, one.system.training, bodies, recorder=recorder
    )
    assert [outcome.diverged for outcome in outcomes] == [False, True]
    assert recorder.recordings == 2
    assert recorder.replays == 12


def test_on_a_cpu_tasks_run_in_their_order() -> None:
    tasks = [lambda number=number: number for number in range(3)]
    assert Streams(torch.device("cpu"), 3).run(tasks) == [0, 1, 2]
