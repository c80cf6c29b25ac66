"""Some members of a pack of fully connected networks in one stack."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from scyc.networks.fully_connected import FullyConnected
from scyc.optimizers.registry import make_stacked
from scyc.optimizers.stacked import StackedOptimizer
from scyc.optimizers.weight_decay import weight_decays
from scyc.pruning.pruned_network import Network
from scyc.specs.system import TrainingSpec
from scyc.storage.pack_state_file import State
from scyc.training.job import Job, Outcome, ValidationCurve
from scyc.vectorized.stacked_batches import BatchRange
from scyc.vectorized.stacked_mlp import MlpGradients, StackedMlp


class StackedGroup:
    """Some members in one stack.

    Args:
        network: Names the layers.
        members: Their indices in the pack.
        jobs: Of these members.
        training: What they have in common.
        at_once: Whether each loss is read, and a member dropped, in the iteration itself.
    """

    def __init__(
        self,
        network: FullyConnected,
        members: Sequence[int],
        jobs: Sequence[Job],
        training: TrainingSpec,
        at_once: bool,
    ) -> None:
        self.members, self.jobs, self._training = list(members), list(jobs), training
        self._at_once = at_once
        self.stack = StackedMlp.from_networks(network, [job.start for job in jobs])
        self.best = self.stack.select(range(len(jobs)))
        self._snapshots: dict[int, Network] = {}
        decays = weight_decays(network, training)
        self._decays = None if decays is None else [decays[name] for name in self.stack.names]
        self._optimizer = self._make_optimizer()
        self._finite = torch.ones(len(jobs), dtype=torch.bool, device=jobs[0].order.device)
        self._prepare()

    def _make_optimizer(self) -> StackedOptimizer:
        stack = self.stack
        return make_stacked(self._training.optimizer, stack.values, stack.masks, self._decays)

    def _prepare(self) -> None:
        """Make what depends on which members are in the stack."""
        self._steps = MlpGradients(self.stack, self._optimizer, self._training)
        device = self._finite.device
        rates = torch.tensor([job.rates for job in self.jobs], dtype=torch.float64, device=device)
        self._rates = rates.t().contiguous().unbind()  # of every iteration [members]

    def advance(self, start: int, stop: int, batches: BatchRange) -> list[tuple[int, int, Network]]:
        """Train from iteration `start` to `stop`.

        On a CPU members whose loss is not finite are dropped at once.

        Args:
            start: First iteration.
            stop: The one after the last.
            batches: Images of these iterations.

        Returns:
            The dropped members, each with its completed iterations and its network.
        """
        dropped: list[tuple[int, int, Network]] = []
        batch = batches.of(self.jobs)
        step = start
        while step < stop and self.members:
            inputs, labels = batch(step - start)
            loss = self._steps.loss(inputs, labels)
            if self._at_once and not math.isfinite(loss.sum().item()):
                diverged = (~loss.isfinite()).nonzero().flatten().tolist()
                if diverged:
                    dropped += [(i, step + 1, net) for i, net in self._drop(diverged)]
                    batch = batches.of(self.jobs)
                    continue  # the same iteration again, for those who stay
            if not self._at_once:
                self._finite &= loss.isfinite()
            self._steps.backward(inputs)
            self._optimizer.step(self._rates[step])
            step += 1
            for row, job in enumerate(self.jobs):
                if job.keep_at == step:
                    self._snapshots[self.members[row]] = self.stack.network(row, job.start.masks)
        return dropped

    def drop_diverged(self, ended: bool) -> list[tuple[int, Network]]:
        """Drop members whose loss, or once the training has ended whose weights, are not finite.

        Args:
            ended: Whether the training run has ended.

        Returns:
            Index of the job and network of each member that was dropped.
        """
        finite = self._finite & self.stack.finite() if ended else self._finite
        return self._drop((~finite).nonzero().flatten().tolist())

    def _drop(self, diverged: Sequence[int]) -> list[tuple[int, Network]]:
        if not diverged:
            return []
        dropped = [
            (self.members[row], self.stack.network(row, self.jobs[row].start.masks))
            for row in diverged
        ]
        for index, _ in dropped:
            self._snapshots.pop(index, None)
        rows = [row for row in range(len(self.members)) if row not in diverged]
        self.members = [self.members[row] for row in rows]
        self.jobs = [self.jobs[row] for row in rows]
        if rows:
            self.stack, self.best = self.stack.select(rows), self.best.select(rows)
            old = self._optimizer
            self._optimizer = self._make_optimizer()
            old.copy_rows_to(self._optimizer, rows)
            self._finite = self._finite[rows]
            self._prepare()
        return dropped

    def keep_best(self, better: Sequence[bool]) -> None:
        """Keep the weights of the members whose accuracy is the highest so far.

        Args:
            better: One a member.
        """
        if any(better):
            self.best.copy_from(self.stack, [row for row, flag in enumerate(better) if flag])

    def outcomes(
        self, curves: Sequence[ValidationCurve], tests: Sequence[float]
    ) -> dict[int, Outcome]:
        """Return the outcome of each member, with the weights that `carry` asks for.

        Args:
            curves: Validation curves of all jobs of the pack, by index.
            tests: Test accuracies in percent of the members' best weights, in the order of the
                members.

        Returns:
            Outcomes by index of the job.
        """
        final = self.stack if self._training.carry == "last" else self.best
        return {
            index: Outcome(
                curves[index].points,
                curves[index].best,
                tests[row],
                False,
                final.network(row, self.jobs[row].start.masks),
                self._snapshots.get(index),
            )
            for row, index in enumerate(self.members)
        }

    def state(self) -> State:
        """Return all that later steps depend on. Its keys are stored in files."""
        return {
            "members": self.members,
            "values": self.stack.values.whole,
            "best": self.best.values.whole,
            "optimizer": self._optimizer.state(),
            "finite": self._finite,
            "kept": {index: dict(network.state) for index, network in self._snapshots.items()},
        }

    def resume(self, saved: State) -> None:
        """Continue from a state of the same members.

        Args:
            saved: What :meth:`state` returned.
        """
        self.stack.values.whole.copy_(saved["values"])
        self.best.values.whole.copy_(saved["best"])
        self._finite.copy_(saved["finite"])
        for name, value in self._optimizer.state().items():
            value.copy_(saved["optimizer"][name])
        masks = {index: job.start.masks for index, job in zip(self.members, self.jobs, strict=True)}
        self._snapshots = {
            index: Network(state, masks[index])
            for index, state in saved["kept"].items()
            if index in masks  # files of earlier versions also have those of dropped members
        }
