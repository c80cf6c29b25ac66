"""Every network with every criterion and every optimizer, for two pruning cycles."""

from collections.abc import Iterator, Mapping
from itertools import product
from types import MappingProxyType
from typing import Any

import pytest
import torch

from scyc import Trainer, iterate
from scyc.data.images import Images
from scyc.pruning.criteria import CRITERIA
from scyc.specs.networks import (
    NETWORKS,
    AlexNetSpec,
    FullyConnectedSpec,
    NetworkSpec,
    ResNet20Spec,
    ResNet50Spec,
    VggSpec,
)
from scyc.specs.optimizers import OPTIMIZERS, AdamSpec, OptimizerSpec, RmsPropSpec, SgdSpec
from scyc.specs.schedules import WarmupSpec
from scyc.specs.system import PruningSpec, SplitSpec, SystemSpec, TrainingSpec

SMALL: Mapping[str, NetworkSpec] = MappingProxyType(
    {
        "fully_connected": FullyConnectedSpec(name="fully_connected", hidden=(12, 12)),
        "fully_connected, batch norm": FullyConnectedSpec(
            name="fully_connected", hidden=(12, 12), batch_norm=True
        ),
        "resnet20": ResNet20Spec(name="resnet20", width=4),
        "vgg16": VggSpec(name="vgg16", width=2),
        "vgg19": VggSpec(name="vgg19", width=2),
        "alexnet": AlexNetSpec(name="alexnet"),
        "resnet50": ResNet50Spec(name="resnet50", width=2),
    }
)
MADE: Mapping[str, OptimizerSpec] = MappingProxyType(
    {
        "sgd": SgdSpec(),
        "adam": AdamSpec(name="adam"),
        "adamw": AdamSpec(name="adamw"),
        "rmsprop": RmsPropSpec(name="rmsprop", momentum=0.9),
    }
)
STEADY = WarmupSpec(warmup=0)


def test_nothing_that_a_study_may_name_is_left_out() -> None:
    assert {name.split(",")[0] for name in SMALL} == set(NETWORKS)
    assert set(MADE) == set(OPTIMIZERS)


NOTHING = "none"  # the control that prunes nothing, so that one optimizer shows all
ALIKE = {NOTHING, *(name for name in CRITERIA if CRITERIA[name].update)}  # likewise
COSTLY = {"vgg19", "alexnet", "resnet50"}  # two criteria with one optimizer; the rest is slow
USUAL = {"global_magnitude", "l1_filter"}


def combinations() -> Iterator[Any]:
    """Every network with every criterion and optimizer; the repetitive ones are marked slow."""
    for network, (number, criterion), (index, optimizer) in product(
        SMALL, enumerate(sorted(CRITERIA)), enumerate(MADE)
    ):
        if criterion in ALIKE and optimizer != "sgd":
            continue
        in_turn = index == number % len(MADE)  # one optimizer for each criterion
        usual = criterion in USUAL and in_turn
        marks = [pytest.mark.slow] if network in COSTLY and not usual else []
        quick = in_turn or criterion in ALIKE
        if not quick or (network in COSTLY and criterion != "l1_filter"):
            marks.append(pytest.mark.costly)
        yield pytest.param(network, criterion, optimizer, marks=marks)


@pytest.mark.parametrize(("network", "criterion", "optimizer"), combinations())
def test_two_pruning_cycles(colours: Images, network: str, criterion: str, optimizer: str) -> None:
    few = Images(colours.pixels[:30], colours.labels[:30], colours.classes, "1" * 64)
    training = TrainingSpec(steps=2, batch=4, optimizer=MADE[optimizer], validate_every=2)
    system = SystemSpec(
        network=SMALL[network],
        pruning=PruningSpec(criterion=criterion, rate=0.5, batches=1),
        training=training,
        split=SplitSpec(),
        seed=0,
    )
    cycles = list(iterate(Trainer(system, few), STEADY, lambda _: 1e-3, 2, [0]))
    left = [cycle.trained[0].weights_remaining for cycle in cycles]
    assert left[0] == 100.0
    assert left == sorted(left, reverse=True)
    assert left[2] < left[1] < 100.0 or (criterion == NOTHING and left[2] == 100.0)
    for cycle in cycles:
        outcome = cycle.trained[0].outcome
        assert not outcome.diverged
        for name, mask in outcome.network.masks.items():
            assert torch.count_nonzero(outcome.network.state[name][~mask]) == 0
    first = cycles[1].trained[0].outcome.network
    if CRITERIA[criterion].filters:
        return  # whole filters go, and what hangs on them: counted in test_filters.py
    removed = sum(int((~mask).sum()) for mask in first.masks.values())
    sizes = [mask.numel() for mask in first.masks.values()]
    if criterion == NOTHING:
        assert removed == 0
        return
    one_by_one = criterion.startswith("layer")
    assert removed == (sum(round(n / 2) for n in sizes) if one_by_one else round(sum(sizes) / 2))
