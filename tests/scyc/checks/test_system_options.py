"""What a check refuses of a system's numbers, which only its network and images can tell."""

from collections.abc import Callable

import pytest

from scyc.checks import system as checks
from scyc.data.images import Images
from scyc.pruning.counts import first_idle_cycle
from scyc.specs.networks import FullyConnectedSpec, ResNet20Spec
from scyc.specs.system import AugmentSpec, PruningSpec, SystemSpec

System = Callable[..., SystemSpec]


def lines_of(system: SystemSpec, images: Images, cycles: int) -> list[str]:
    return [str(problem) for problem in checks.problems(system, images, cycles)]


@pytest.mark.parametrize(
    ("counts", "rate", "least", "idle"),
    [
        ([2, 2], 0.3, 1, 2),  # 2, then 1, of which none may go
        ([2], 0.2, 1, 1),  # round(0.4) is 0
        ([16], 0.2, 1, 9),  # 16, 13, 10, 8, 6, 5, 4, 3, 2: round(0.4) is 0
        ([16, 40], 0.2, 1, 14),  # the wider layer goes on
        ([1000], 0.5, 0, 10),  # 500, 250, 125, 63, 31, 15, 7, 3, 1: half of 1 is rounded to 0
        ([20], 0.04, 0, 9),  # one at a time, to 12
        ([10], 0.96, 0, 1),  # all of them
        ([576], 0.9, 0, 4),  # 58, 6, 1, none
    ],
)
def test_the_first_cycle_that_removes_nothing_or_the_last_weight_is_found(
    counts: list[int], rate: float, least: int, idle: int
) -> None:
    assert first_idle_cycle(counts, rate, 1000, least) == idle
    assert first_idle_cycle(counts, rate, idle - 1, least) is None


@pytest.mark.costly
def test_filters_that_run_out_in_a_later_cycle_are_refused(system: System, colours: Images) -> None:
    """Of stages of 2, 4 and 8 filters, with 30 % of each gone every time."""
    pruning = PruningSpec(criterion="l1_filter", rate=0.3)
    declared = system(network=ResNet20Spec(name="resnet20", width=2), pruning=pruning)
    assert lines_of(declared, colours, 4) == []
    (line,) = lines_of(declared, colours, 8)
    assert line.startswith(
        "cycles = 8    pruning.rate 0.3 removes no filter of 9 layers of up to 8"
    )
    assert "from cycle 6 on; lower cycles to 5" in line


def test_a_rate_that_removes_no_weight_is_refused(system: System, digits: Images) -> None:
    network = FullyConnectedSpec(name="fully_connected", hidden=(8, 8))  # 576 are prunable
    few = system(network=network, pruning=PruningSpec(rate=1e-4))
    assert lines_of(few, digits, 1) == [
        "pruning.rate = 0.0001    removes no weight of 576; give a larger rate, or a larger network"
    ]
    some = system(network=network, pruning=PruningSpec(rate=0.9))
    assert lines_of(some, digits, 3) == []
    (line,) = lines_of(some, digits, 5)
    assert line.startswith(
        "cycles = 5    pruning.rate 0.9 removes no weight of 576, or the last, from cycle 4 on"
    )


@pytest.mark.parametrize(("crop", "refused"), [(7, False), (8, True), (4096, True)])
def test_a_crop_that_may_show_nothing_of_an_image_is_refused(
    system: System, digits: Images, crop: int, refused: bool
) -> None:
    lines = lines_of(system(augment=AugmentSpec(crop=crop)), digits, 1)
    rule = "pads images of 8 x 8 so far that a crop may contain only padding; lower it"
    assert lines == [f"training.augment.crop = {crop}    {rule}"] * refused


def test_a_network_that_no_memory_holds_is_refused_before_it_is_built(
    system: System, digits: Images
) -> None:
    network = FullyConnectedSpec(name="fully_connected", hidden=(10**5, 10**5))
    (line,) = lines_of(system(network=network), digits, 1)
    assert line.startswith("network    has 10,007,600,010 parameters, over 2,000,000,000; make it")
