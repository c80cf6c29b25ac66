"""Iterative pruning with a max_lr for each cycle: the loop, alone, in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from scyc.pruning.pruned_network import Network
from scyc.specs.schedules import ScheduleSpec
from scyc.trainer import Member, Trained, Trainer


@dataclass(frozen=True)
class Cycle:
    """One finished pruning cycle of all replicates."""

    cycle: int  # completed pruning cycles, 0 for the unpruned network
    max_lr: float
    trained: tuple[Trained, ...]  # in the replicates' order


def iterate(
    trainer: Trainer,
    schedule: ScheduleSpec,
    max_lr: Callable[[int], float],
    cycles: int,
    replicates: Sequence[int],
) -> Iterator[Cycle]:
    """Train, prune, train again (Liu et al. 2021, Algorithm 1).

    Args:
        trainer: Trains and prunes the networks.
        schedule: Of the learning rate within each cycle.
        max_lr: The upper learning-rate bound of a cycle, such as S-Cyc's
            (:func:`scyc.schedules.scyc_curve.max_lr`) or a constant.
        cycles: Pruning cycles after the unpruned network.
        replicates: Numbers of the replicates, from 0.

    Yields:
        cycles + 1 results, one at a time.

    Raises:
        ValueError: A replicate has diverged, since it cannot be pruned.

    Example:
        >>> from scyc import Cycle, Member, SCyc, SystemSpec, Trained, Trainer, iterate, max_lr
        >>> from scyc.data.datasets import load
        >>> from scyc.specs.datasets import DigitsSpec
        >>> from scyc.specs.schedules import WarmupSpec
        >>> from scyc.specs.system import SubsetSpec
        >>> system = SystemSpec.model_validate(
        ...     {
        ...         "network": "fully_connected",
        ...         "pruning": {"rate": 0.2},
        ...         "training": {"steps": 12, "batch": 16, "validate_every": 6},
        ...         "split": {},
        ...         "seed": 0,
        ...     }
        ... )
        >>> trainer = Trainer(system, load(DigitsSpec(name="digits"), SubsetSpec(share=0.2)))
        >>> curve = SCyc(epsilon=0.1, delta=0.1, q=0, beta=3.0)
        >>> schedule = WarmupSpec(warmup=3, drops=(8,))
        >>> for each in iterate(trainer, schedule, lambda m: max_lr(curve, m, 0.2), 2, [0]):
        ...     assert isinstance(each, Cycle) and isinstance(each.trained[0], Trained)
        ...     print(each.cycle, f"{each.trained[0].weights_remaining:.1f} %")
        0 100.0 %
        1 80.3 %
        2 64.6 %
        >>> pair = [Member(trainer.root(0), 0, 0, schedule, rate) for rate in (0.1, 0.2)]
        >>> [trained.steps for trained in trainer.train(pair)]  # two max_lr in one pack
        [12, 12]
    """
    networks: list[Network] = []
    snapshots: list[Network | None] = []
    for cycle in range(cycles + 1):
        if cycle == 0:
            networks = [trainer.root(replicate) for replicate in replicates]
        else:
            networks = [
                trainer.pruned(network, replicate, cycle, early)
                for network, replicate, early in zip(networks, replicates, snapshots, strict=True)
            ]
        rate = max_lr(cycle)
        members = [
            Member(network, cycle, replicate, schedule, rate)
            for network, replicate in zip(networks, replicates, strict=True)
        ]
        trained = trainer.train(members)
        yield Cycle(cycle, rate, tuple(trained))
        lost = [r for r, each in zip(replicates, trained, strict=True) if each.outcome.diverged]
        if lost and cycle < cycles:
            raise ValueError(f"replicates {lost} of cycle {cycle} have diverged; lower max_lr")
        networks = [each.outcome.network for each in trained]
        snapshots = [
            each.outcome.snapshot or before
            for each, before in zip(trained, snapshots or [None] * len(trained), strict=True)
        ]
