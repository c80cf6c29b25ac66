"""Plans from made-up times and memories, and short training runs that are really measured."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
import torch

from scyc.data.images import Images
from scyc.engines.registry import candidates
from scyc.networks.fully_connected import FullyConnected
from scyc.networks.resnet20 import ResNet20
from scyc.specs.system import SystemSpec
from scyc.tuning import autotune
from scyc.tuning.device_meter import DeviceMeter
from scyc.tuning.plan import Plan

GB = 2**30


@dataclass
class Known:
    """A device whose every time and size is known. An iteration takes fixed + each x members."""

    fixed: dict[str, float] = field(default_factory=lambda: {"solo": 0.0, "fused": 4.0})
    each: dict[str, float] = field(default_factory=lambda: {"solo": 1.0, "fused": 0.25})
    start: float = 1000.0  # of a training, and the first one takes ten times as long
    base: int = 2 * GB  # bytes, whatever the members
    a_member: int = 1 * GB
    memory: int = 80 * GB
    measured: list[tuple[str, int, int]] = field(default_factory=list)

    def seconds(self, engine: str, members: int, steps: int) -> float:
        if self.base + members * self.a_member > self.memory:
            raise torch.OutOfMemoryError
        first = engine not in {name for name, _, _ in self.measured}
        self.measured.append((engine, members, steps))
        step = self.fixed[engine] + self.each[engine] * members
        return self.start * (10 if first else 1) + steps * step

    def used(self, engine: str, members: int) -> int:
        if self.base + members * self.a_member > self.memory:
            raise torch.OutOfMemoryError
        return self.base + members * self.a_member

    def free(self) -> int:
        return self.memory


def silent(line: str) -> None:
    raise AssertionError(line)


@pytest.mark.parametrize(("members", "expected"), [(4, "solo"), (5, "solo"), (6, "fused")])
def test_the_engine_with_the_shortest_iteration_is_taken(members: int, expected: str) -> None:
    known = Known(fixed={"solo": 0.0, "fused": 3.75})
    assert autotune.fastest(("solo", "fused"), members, known, silent) == expected
    assert {count for _, count, _ in known.measured} == {members}


def test_a_noisy_difference_does_not_decide() -> None:
    @dataclass
    class Noisy(Known):
        def seconds(self, engine: str, members: int, steps: int) -> float:
            once = engine == "fused" and len(self.measured) % 7 == 3
            return super().seconds(engine, members, steps) + (1e6 if once else 0.0)

    assert autotune.fastest(("solo", "fused"), 16, Noisy(), silent) == "fused"


def test_a_single_engine_is_not_timed() -> None:
    known = Known()
    assert autotune.plan(("fused",), 7, known, silent) == Plan("fused", 7)
    assert known.measured == []


def test_an_engine_that_does_not_fit_into_memory_is_timed_with_fewer_members() -> None:
    known = Known(memory=7 * GB)  # five members
    assert autotune.plan(("solo", "fused"), 16, known, silent) == Plan("solo", 16)
    assert {count for name, count, _ in known.measured if name == "fused"} == {4}


def test_an_engine_that_fails_is_reported_and_not_chosen() -> None:
    class Failing(Known):
        def seconds(self, engine: str, members: int, steps: int) -> float:
            if engine == "fused":
                raise ValueError("no such kernel")
            return super().seconds(engine, members, steps)

    messages: list[str] = []
    assert autotune.fastest(("solo", "fused"), 16, Failing(), messages.append) == "solo"
    assert messages == ["engine fused does not work here: no such kernel"]
    with pytest.raises(RuntimeError, match="no engine trains this network"):
        autotune.fastest(("fused",), 16, Failing(), messages.append)


@pytest.mark.parametrize(
    ("memory", "expected"),
    [(80, 64), (40, 32), (20, 15), (10, 6), (4, 1), (3, 1)],  # 85 % of it, less 2 GB, a GB each
)
def test_packs_fill_85_percent_of_the_free_memory(memory: int, expected: int) -> None:
    known = Known(memory=memory * GB)
    assert autotune.largest_pack("fused", known) == expected
    if 1 < expected < 64:
        assert known.used("fused", expected) <= 0.85 * known.free()
        assert known.used("fused", expected + 1) > 0.85 * known.free()


def test_packs_have_at_most_64_members_and_one_with_solo() -> None:
    assert autotune.largest_pack("fused", Known(a_member=0)) == 64
    slow = Known(fixed={"solo": 0.0, "fused": 1e6})
    assert autotune.plan(("solo", "fused"), None, slow, silent) == Plan("solo", 1)
    small = Known(memory=20 * GB)
    assert autotune.plan(("solo", "fused"), None, small, silent) == Plan("fused", 15)


@pytest.mark.costly
def test_the_engine_is_timed_on_a_gpu_and_follows_from_the_study_on_a_cpu(
    system: Callable[..., SystemSpec],
) -> None:
    network, cpu, gpu = FullyConnected(64, 10, (8,)), torch.device("cpu"), torch.device("cuda")
    auto = system().training
    assert candidates(auto, network, cpu) == ("stacked",)
    assert candidates(auto, ResNet20(1, 10), cpu) == ("solo",)
    assert {"solo", "stacked"} <= set(candidates(auto, network, gpu))
    assert "stacked" not in candidates(auto, ResNet20(1, 10), gpu)
    for device in (cpu, gpu):
        assert candidates(system(engine="solo").training, network, device) == ("solo",)
        assert candidates(system(deterministic=True).training, network, device) == ("solo",)


@pytest.mark.costly
def test_real_engines_are_timed_on_a_cpu(system: Callable[..., SystemSpec], digits: Images) -> None:
    """The times are real, so only what does not depend on them is asserted."""
    declared = system(steps=500, validate_every=500)
    meter = DeviceMeter(declared, digits, torch.device("cpu"))
    plan = autotune.plan(("solo", "stacked"), 4, meter, silent)
    assert plan.engine in ("solo", "stacked")
    assert plan.most == 4
    short, long = (min(meter.seconds("solo", 2, steps) for _ in range(3)) for steps in (5, 200))
    assert 0 < short < long
    assert {steps: meter.trainer(steps).system.training.steps for steps in (5, 10, 200)} == {
        5: 5, 10: 10, 200: 200,
    }  # fmt: skip
    assert meter.image_count == len(digits.labels)
