"""Packs: several training runs in one process, alike in all but max_lr, parent and replicate.

A :class:`Trainer` holds what all training runs of a system share (the images on the device, each
replicate's split and initial weights) and hands each pack to an engine (see
:mod:`scyc.engines.registry`).
On a CPU with one thread a member's result is the same bits whatever pack it is in.

Over 300 lines: public methods say their arguments, results and errors.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial

import torch
from torch import Tensor

from scyc import seeds
from scyc.data import images as data
from scyc.data import splits
from scyc.data.images import Images, Split
from scyc.data.splits import PartCounts
from scyc.engines import solo
from scyc.engines.registry import ENGINES, candidates
from scyc.networks import registry
from scyc.optimizers.loss import training_loss
from scyc.pruning import weights as pruning_weights
from scyc.pruning.pruned_network import Network, check_shapes
from scyc.recording import next_network, recording
from scyc.recording.stored import RANGE_STEPS, Recording
from scyc.schedules import rates as schedules
from scyc.specs.factory import FactorySpec
from scyc.specs.schedules import ScheduleSpec
from scyc.specs.system import DISTRIBUTIONS, SystemSpec
from scyc.storage.pack_state_file import PackStateStore
from scyc.training.determinism import deterministic
from scyc.training.feed import Feed
from scyc.training.job import Job, Outcome
from scyc.training.memory_format import as_format, preferred_format, settle_format
from scyc.training.precision import DTYPES
from scyc.training.starting_networks import StartingNetworks


@dataclass(frozen=True)
class Member:
    """One training run of a pack: a network, already pruned, and the rates to train it with."""

    start: Network
    cycle: int  # completed pruning cycles
    replicate: int
    schedule: ScheduleSpec
    max_lr: float


@dataclass(frozen=True)
class Trained:
    """A finished member."""

    outcome: Outcome
    weights_remaining: float  # percent
    steps: int  # iterations of this training run; a diverged one may have been cut short
    seconds: float  # its share of the pack's wall time
    recorded: Recording | None  # what the system says; None if it diverged


class Trainer:
    """Trains packs of one system on one device.

    Everything random comes from the system's seed: the split and the initial weights from
    (seed, replicate), the order of the batches, the augmentation and what the network itself draws
    from (seed, replicate, cycle). Members that differ only in their learning rates are therefore
    paired.
    """

    def __init__(
        self, system: SystemSpec, images: Images, device: str | torch.device = "cpu"
    ) -> None:
        self.system = system
        self._loss = training_loss(system.training)
        self.device = torch.device(device)
        self._images = Images(
            images.pixels.to(self.device),
            images.labels.to(self.device),
            images.classes,
            images.fingerprint,
        )
        self._source = images
        dtype = DTYPES[system.training.precision]
        network = registry.build(system.network, images.shape, len(images.classes), seed=0)
        network = network.to(self.device, dtype)
        if isinstance(system.network, FactorySpec):
            settle_format(network, images.shape)
        self.network = network.to(memory_format=preferred_format(network))  # type: ignore[call-overload]
        self.engines = candidates(system.training, network, self.device)
        self._weight_names = pruning_weights.weight_names(network)
        self._starts = StartingNetworks(system, network, images.shape, len(images.classes))
        if system.pruning.prune_norms:
            self._weight_names += pruning_weights.norm_names(network)
        self._split = lru_cache(maxsize=64)(self._make_split)
        # Four at most: of a long training, one is hundreds of MB.
        self._feed = lru_cache(maxsize=4)(self._make_feed)

    @property
    def prunable(self) -> tuple[str, ...]:
        """Names of the weights that are pruned."""
        return self._starts.prunable

    @property
    def image_shape(self) -> tuple[int, ...]:
        """Channels, height and width of an image."""
        return tuple(self._source.shape)

    def root(self, replicate: int) -> Network:
        """Draw the unpruned network of a replicate.

        Args:
            replicate: Number of the replicate, from 0.

        Returns:
            Initial weights in the precision of the training; masks with holes where the system's
            `start_density` has some.
        """
        return self._starts.root(replicate)

    def pruned(
        self, parent: Network, replicate: int, cycle: int, snapshot: Network | None = None
    ) -> Network:
        """Prune a trained network, and set the weights that the next training run starts from.

        Removes ``rate`` of the remaining prunable weights, or filters, by the system's criterion.
        The survivors keep their values, or go back to their start (IMP), or to an iteration of the
        unpruned network's training run.

        Args:
            parent: Network trained in the pruning cycle before.
            replicate: Number of the replicate, from 0.
            cycle: Pruning cycle that the pruned network is trained in, from 1.
            snapshot: The weights in the middle of a training run: where the system rewinds to an
                iteration, the unpruned network then; where the criterion scores the change over
                the last epoch, the parent before it.

        Returns:
            The pruned network, with its masks.

        Raises:
            ValueError: The parent has diverged, or `snapshot` is needed and missing.
            NetworkChanged: A network was trained when the study's factory built other layers.
        """
        for network in (parent, snapshot):
            if network is not None:
                check_shapes(network, self.network.state_dict())
        return self._starts.pruned(
            parent,
            replicate,
            cycle,
            snapshot,
            lambda start: self._gradients(start, replicate, cycle),
        )

    def _keep_at(self, member: Member) -> int | None:
        """Completed iterations after which a member's weights are saved besides its last ones."""
        return self._starts.keep_at(member.cycle, len(self._split(member.replicate).train))

    def _with_start(self, member: Member, outcome: Outcome) -> Outcome:
        """Keep the start where the training run has no epoch before its last."""
        if self._keep_at(member) != 0 or outcome.diverged:
            return outcome
        return replace(outcome, snapshot=member.start)

    def train(
        self,
        members: Sequence[Member],
        state_store: PackStateStore | None = None,
        engine: str | None = None,
        on_validation: Callable[[int, int, float], None] | None = None,
    ) -> list[Trained]:
        """Train a pack.

        Args:
            members: What is trained side by side.
            state_store: Where the pack is saved while it trains.
            engine: One of `engines`; None: the first.
            on_validation: Called at each validation with the member's index, completed iterations
                and validation accuracy (percent), as they are measured in this process.

        Returns:
            Results in the members' order.

        Raises:
            torch.OutOfMemoryError: A GPU has no memory for so many members.
            NotDeterministic: The system asks for deterministic operations, and one has none.
        """
        started = time.perf_counter()
        training = self.system.training
        jobs = []
        for index, member in enumerate(members):
            feed, order = self._feed(member.replicate, member.cycle, self._own_images(member))
            rates = schedules.rates(member.schedule, member.max_lr, training.steps)
            seed = seeds.seed(self.system.seed, "dropout", member.replicate, member.cycle)
            keep_at = self._keep_at(member) or None
            on_own = partial(on_validation, index) if on_validation else None
            jobs.append(Job(member.start, rates, feed, order, seed, keep_at, on_own))
        chosen = ENGINES[engine or self.engines[0]]
        with deterministic(training.deterministic):
            trained = chosen.train(self.network, jobs, training, state_store)
            outcomes = [
                self._with_start(member, outcome)
                for member, outcome in zip(members, trained, strict=True)
            ]
            recorded = [
                self._recorded(member, outcome)
                for member, outcome in zip(members, outcomes, strict=True)
            ]
        seconds = (time.perf_counter() - started) / len(members)
        return [
            Trained(
                outcome,
                self.weights_remaining(member.start),
                outcome.curve[-1][0],
                seconds,
                distribution,
            )
            for member, outcome, distribution in zip(members, outcomes, recorded, strict=True)
        ]

    def weights_remaining(self, network: Network) -> float:
        """Return lambda of a network (Liu et al. 2021), the share of its weights that remain.

        Args:
            network: Of this system.

        Returns:
            Percent; see `pruning_weights.weights_remaining`.
        """
        return pruning_weights.weights_remaining(network.masks, network.state, self._weight_names)

    def part_counts(self, replicate: int) -> dict[str, PartCounts]:
        """Count the images and classes of each part of a replicate's split.

        Args:
            replicate: Number of the replicate, from 0.

        Returns:
            Counts by the name of the part.
        """
        split = self._split(replicate)
        indices = (split.train, split.validation, split.test)
        return splits.counts(self._source.labels, len(self._source.classes), indices)

    def _make_split(self, replicate: int) -> Split:
        return data.split(self._source, self.system.split, self.system.seed, replicate)

    def _own_images(self, member: Member) -> tuple[str, ...]:
        """Return what sets a member's augmentation apart from that of others of its replicate."""
        if self.system.training.augment.per == "replicate":
            return ()
        return (member.schedule.model_dump_json(), repr(member.max_lr))

    def _make_feed(
        self, replicate: int, cycle: int, own: tuple[str, ...] = ()
    ) -> tuple[Feed, Tensor]:
        training = self.system.training
        purpose = (self.system.seed, "training", replicate, cycle)
        split = self._split(replicate)
        feed = Feed(
            self._images,
            split,
            training.augment,
            (training.steps, training.batch),
            (*purpose, *own),
            DTYPES[training.precision],
            self.device,
        )
        order = data.batches(
            len(split.train), training.batch, training.steps, seeds.generator(*purpose, "order")
        )
        return feed, split.train[order].to(self.device)

    def _gradients(self, parent: Network, replicate: int, cycle: int) -> dict[str, Tensor]:
        feed, chosen = self._looked_at("pruning", replicate, cycle, self.system.pruning.batches)
        with deterministic(self.system.training.deterministic):
            return solo.gradients(self.network, parent, feed, chosen, self.prunable, self._loss)

    def _recorded(self, member: Member, outcome: Outcome) -> Recording | None:
        """Record what the system asks for of a network that has been trained."""
        record = self.system.record
        if record is None or outcome.diverged:
            return None
        drawn = [what for what in DISTRIBUTIONS if what in record.what]
        recorded: Recording = {}
        if drawn:
            replicate, cycle = member.replicate, member.cycle
            batches = self._batches("record", replicate, cycle, record.batches)
            seed = seeds.seed(self.system.seed, "record", replicate, cycle)
            distributions = recording.record(
                self.network, outcome.network, batches, drawn, record.outside, seed, self._loss
            )
            for what, distribution in distributions.items():
                recorded[what] = distribution
        return recorded | self._ahead(member.replicate, member.cycle + 1, outcome)

    def _ahead(self, replicate: int, cycle: int, outcome: Outcome) -> Recording:
        """Record what the system asks for of the network that pruning makes of a trained one."""
        assert self.system.record is not None
        requested = [what for what in self.system.record.what if what not in DISTRIBUTIONS]
        if not requested:
            return {}
        trained, purpose = outcome.network, "range test"
        after = self.pruned(trained, replicate, cycle, outcome.snapshot or trained)
        batches = self._batches(purpose, replicate, cycle, RANGE_STEPS)
        with solo.seeded(seeds.seed(self.system.seed, purpose, replicate, cycle), self.device):
            return next_network.record(
                self.network, trained, after, batches, self.system.training, requested
            )

    def _batches(
        self, purpose: str, replicate: int, cycle: int, count: int
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """As :meth:`_looked_at`: images and labels, in the format that the network prefers."""
        feed, chosen = self._looked_at(purpose, replicate, cycle, count)
        form = preferred_format(self.network)
        return ((as_format(feed.batch(each), form), feed.labels[each]) for each in chosen)

    def _looked_at(
        self, purpose: str, replicate: int, cycle: int, batches: int
    ) -> tuple[Feed, Tensor]:
        """Choose training batches for a purpose other than training: indices [batches, batch]."""
        split = self._split(replicate)
        generator = seeds.generator(self.system.seed, purpose, replicate, cycle)
        order = data.batches(len(split.train), self.system.training.batch, batches, generator)
        feed, _ = self._feed(replicate, cycle)
        return feed, split.train[order].to(self.device)
