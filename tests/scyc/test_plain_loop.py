"""Two pruning cycles in plain PyTorch, written out, against ours: the same bits.

The loop shares with `scyc` the initial weights, the split, and the seeds of the batches' order;
network, normalisation, optimizer, schedule, masks and pruning are its own.
"""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam, AdamW, Optimizer, RMSprop
from torch.optim.lr_scheduler import CosineAnnealingLR, LambdaLR, LRScheduler

from scyc import seeds
from scyc.data import images as data
from scyc.data.images import Images
from scyc.specs.optimizers import AdamSpec, OptimizerSpec, RmsPropSpec, SgdSpec
from scyc.specs.schedules import CosineSpec, ScheduleSpec, WarmupSpec
from scyc.trainer import Member, Trainer

STEPS, BATCH = 12, 16
Schedule = Callable[[Optimizer], LRScheduler]


def train(
    images: Images,
    parts: data.Split,
    weights: list[Tensor],
    masks: list[Tensor],
    optimizer_of: Callable[..., Optimizer],
    schedule_of: Schedule,
    order: Tensor,
) -> list[Tensor]:
    """One pruning cycle. weights, masks: of every layer, each its weight and then its bias."""
    layers: list[nn.Module] = [nn.Flatten()]
    for weight in weights[0::2]:
        layers += [nn.Linear(weight.shape[1], weight.shape[0]), nn.ReLU()]
    network = nn.Sequential(*layers[:-1])  # no ReLU after the last
    with torch.no_grad():
        for parameter, weight in zip(network.parameters(), weights, strict=True):
            parameter.copy_(weight)
    optimizer = optimizer_of(network.parameters())
    schedule = schedule_of(optimizer)
    mean, std = parts.mean.float().view(1, -1, 1, 1), parts.std.float().view(1, -1, 1, 1)
    for chosen in order:
        inputs = (images.pixels[chosen].float() - mean) / std
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(inputs), images.labels[chosen]).backward()
        optimizer.step()
        schedule.step()
        with torch.no_grad():
            for parameter, mask in zip(network.parameters(), masks, strict=True):
                parameter[~mask] = 0.0
    return [parameter.detach() for parameter in network.parameters()]


def prune(weights: list[Tensor], masks: list[Tensor]) -> list[Tensor]:
    """Global magnitude: the smallest fifth of what is left of all weights but the last layer's."""
    hidden = range(0, len(weights) - 2, 2)
    left = torch.cat([weights[i][masks[i]].abs() for i in hidden]).sort().values
    removed = round(0.2 * len(left))
    masks = list(masks)
    for i in hidden:
        masks[i] = masks[i] & (weights[i].abs() > left[removed - 1])
    return masks


def by_lambda(optimizer: Optimizer) -> LRScheduler:
    """LR warm-up over 3 iterations, and a tenth of it from the 8th on."""
    return LambdaLR(optimizer, lambda step: min(1.0, step / 3) / (10 if step >= 8 else 1))


WARMUP = (WarmupSpec(warmup=3, drops=(8,)), by_lambda)
COSINE = (CosineSpec(name="cosine"), lambda optimizer: CosineAnnealingLR(optimizer, STEPS))
CASES: dict[str, tuple[OptimizerSpec, Callable[..., Optimizer], tuple[ScheduleSpec, Schedule]]] = {
    "sgd": (
        SgdSpec(momentum=0.9, weight_decay=0.01),
        lambda p: SGD(p, lr=0.1, momentum=0.9, weight_decay=0.01, fused=True),
        WARMUP,
    ),
    "adam": (
        AdamSpec(name="adam", weight_decay=0.01),
        lambda p: Adam(p, lr=0.1, weight_decay=0.01, fused=True),
        WARMUP,
    ),
    "adamw, cosine": (
        AdamSpec(name="adamw", weight_decay=0.01, beta1=0.8),
        lambda p: AdamW(p, lr=0.1, weight_decay=0.01, betas=(0.8, 0.999), fused=True),
        COSINE,
    ),
    "rmsprop, cosine": (
        RmsPropSpec(name="rmsprop", weight_decay=0.01),
        lambda p: RMSprop(p, lr=0.1, weight_decay=0.01, foreach=True),
        COSINE,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_two_cycles_by_hand_give_the_very_weights_and_masks_of_ours(
    trainer: Callable[..., Trainer], digits: Images, name: str
) -> None:
    spec, optimizer_of, (schedule, schedule_of) = CASES[name]
    settings: dict[str, Any] = {"steps": STEPS, "batch": BATCH, "optimizer": spec}
    one = trainer(engine="solo", **settings)
    ours = one.root(0)
    weights = list(ours.state.values())
    masks = [torch.ones_like(weight, dtype=torch.bool) for weight in weights]
    parts = data.split(digits, one.system.split, seed=0, replicate=0)
    for cycle in (0, 1):
        if cycle:
            ours, masks = one.pruned(ours, 0, cycle), prune(weights, masks)
            weights = [weight * mask for weight, mask in zip(weights, masks, strict=True)]
            for mask, parameter in zip(masks, ours.state, strict=True):
                assert torch.equal(ours.masks.get(parameter, mask), mask)
        generator = seeds.generator(0, "training", 0, cycle, "order")
        order = parts.train[data.batches(len(parts.train), BATCH, STEPS, generator)]
        weights = train(digits, parts, weights, masks, optimizer_of, schedule_of, order)
        (trained,) = one.train([Member(ours, cycle, 0, schedule, 0.1)])
        ours = trained.outcome.network
        for weight, (parameter, value) in zip(weights, ours.state.items(), strict=True):
            assert torch.equal(weight, value), (cycle, parameter)
    assert sum(int((~mask).sum()) for mask in masks) == round(0.2 * (64 * 24 + 24 * 24))
