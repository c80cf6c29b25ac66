"""Packs: several trainings in one process, alike in all but max_lr, parent and replicate.

A :class:`Trainer` holds what all trainings of a system share (the images on the device, each
replicate's split and initial weights) and hands each pack to an engine:

- ``solo`` trains the members one after another: the reference, for any network.
- ``stacked`` trains all members at once, for fully connected networks.

On a CPU with one thread a member's result is the same bits whatever pack it is in.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import torch
from torch import Tensor, nn

from scyc import data, networks, pruning, schedules, seeds, solo, stacked
from scyc.checkpoint import Network
from scyc.data import Images, Split
from scyc.spec import SystemSpec, TrainingSpec
from scyc.training import DTYPES, Feed, Job, Outcome

Engine = Callable[[nn.Module, Sequence[Job], TrainingSpec], list[Outcome]]
ENGINES: Mapping[str, Engine] = MappingProxyType({"solo": solo.train, "stacked": stacked.train})


@dataclass(frozen=True)
class Member:
    """One training of a pack: a network, already pruned, and the max_lr to train it with."""

    start: Network
    cycle: int  # completed pruning cycles
    replicate: int
    max_lr: float


@dataclass(frozen=True)
class Trained:
    """A finished member."""

    outcome: Outcome
    weights_remaining: float  # percent
    steps: int  # iterations of this training; a diverged one may have been cut short
    seconds: float  # its share of the pack's wall time


class Trainer:
    """Trains packs of one system on one device.

    Everything random comes from the system's seed: the split and the initial weights from
    (seed, replicate), the order of the batches and the augmentation from (seed, replicate, cycle).
    Trainings that differ only in max_lr are therefore paired.
    """

    def __init__(
        self, system: SystemSpec, images: Images, device: str | torch.device = "cpu"
    ) -> None:
        self.system = system
        self.device = torch.device(device)
        self._images = Images(
            images.pixels.to(self.device),
            images.labels.to(self.device),
            images.classes,
            images.fingerprint,
        )
        self._source = images
        dtype = DTYPES[system.training.precision]
        network = networks.build(system.network, images.shape, len(images.classes), seed=0)
        self.network = network.to(self.device, dtype).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.engine = _engine(system.training.engine, network)
        self._weight_names = pruning.weight_names(network)
        self._prunable = pruning.prunable_names(network, system.pruning.prune_last)
        self._split = lru_cache(maxsize=64)(self._make_split)
        self._feed = lru_cache(maxsize=64)(self._make_feed)

    def root(self, replicate: int) -> Network:
        """A replicate's unpruned network with its initial weights."""
        classes = len(self._source.classes)
        state = networks.initial_state(
            self.system.network, self._source.shape, classes, self.system.seed, replicate
        )
        dtype = DTYPES[self.system.training.precision]
        state = {
            name: value.to(dtype) if value.is_floating_point() else value
            for name, value in state.items()
        }
        return Network(state, pruning.unpruned(state, self._prunable))

    def pruned(self, parent: Network, replicate: int, cycle: int) -> Network:
        """What pruning cycle number `cycle` makes of the network that was trained before it.

        Removes ``rate`` of the remaining prunable weights by the system's criterion. The survivors
        keep their values, or go back to their start where the system rewinds (IMP). Raises
        ValueError for a network that has diverged.
        """
        spec = self.system.pruning
        criterion = pruning.CRITERIA[spec.criterion]
        weights = {name: parent.state[name] for name in self._prunable}
        slopes = (
            self._gradients(parent, replicate, cycle) if criterion.score == "gradient" else None
        )
        scored = pruning.scores(criterion, weights, slopes)
        masks = pruning.prune(parent.masks, scored, spec.rate, criterion.scope)
        kept = self.root(replicate).state if spec.rewind == "init" else parent.state
        state = {
            name: value.masked_fill(~masks[name], 0.0) if name in masks else value
            for name, value in kept.items()
        }
        return Network(state, masks)

    def train(self, members: Sequence[Member]) -> list[Trained]:
        """Train a pack; results are in the members' order."""
        started = time.perf_counter()
        training = self.system.training
        jobs = []
        for member in members:
            feed, order = self._feed(member.replicate, member.cycle)
            rates = schedules.rates(training.schedule, member.max_lr, training.steps)
            jobs.append(Job(member.start, rates, feed, order))
        outcomes = self.engine(self.network, jobs, training)
        seconds = (time.perf_counter() - started) / len(members)
        return [
            Trained(outcome, self.weights_remaining(member.start), outcome.curve[-1][0], seconds)
            for member, outcome in zip(members, outcomes, strict=True)
        ]

    def weights_remaining(self, network: Network) -> float:
        """Lambda of a network, in percent (see :func:`scyc.pruning.weights_remaining`)."""
        return pruning.weights_remaining(network.masks, network.state, self._weight_names)

    def _make_split(self, replicate: int) -> Split:
        return data.split(self._source, self.system.split, self.system.seed, replicate)

    def _make_feed(self, replicate: int, cycle: int) -> tuple[Feed, Tensor]:
        training = self.system.training
        purpose = (self.system.seed, "training", replicate, cycle)
        split = self._split(replicate)
        feed = Feed(
            self._images,
            split,
            training.augment,
            (training.steps, training.batch),
            purpose,
            DTYPES[training.precision],
            self.device,
        )
        order = data.batches(
            len(split.train), training.batch, training.steps, seeds.generator(*purpose, "order")
        )
        return feed, split.train[order].to(self.device)

    def _gradients(self, parent: Network, replicate: int, cycle: int) -> dict[str, Tensor]:
        split = self._split(replicate)
        generator = seeds.generator(self.system.seed, "pruning", replicate, cycle)
        order = data.batches(
            len(split.train), self.system.training.batch, self.system.pruning.batches, generator
        )
        feed, _ = self._feed(replicate, cycle)
        chosen = split.train[order].to(self.device)
        return solo.gradients(self.network, parent, feed, chosen, self._prunable)


def _engine(name: str, network: nn.Module) -> Engine:
    if name == "auto":
        name = "stacked" if stacked.fits(network) else "solo"
    return ENGINES[name]
