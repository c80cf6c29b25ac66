"""The reference engine: the members of a pack one after another, any network, plain PyTorch."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional

from scyc.optimizers.clipping import clip_gradients
from scyc.optimizers.loss import training_loss
from scyc.optimizers.registry import make_optimizer
from scyc.optimizers.weight_decay import parameter_groups
from scyc.pruning.gradients import Loss, loss_gradients
from scyc.pruning.pruned_network import Network
from scyc.specs.system import TrainingSpec
from scyc.storage.pack_state_file import PackStateStore, State
from scyc.training import precision
from scyc.training.feed import Feed
from scyc.training.job import (
    Job,
    Outcome,
    ValidationCurve,
    is_correct,
    is_validation_step,
    percent,
)
from scyc.training.memory_format import as_format, preferred_format
from scyc.training.resume import outcome_from_state, outcome_state


def why_unsupported(network: nn.Module, device: torch.device, training: TrainingSpec) -> None:
    """Return None: this engine trains any network.

    Args:
        network: The network as PyTorch has it.
        device: What it would be trained on.
        training: Iterations, batch size, optimizer and precision.
    """


def train(
    network: nn.Module,
    jobs: Sequence[Job],
    training: TrainingSpec,
    state_store: PackStateStore | None = None,
) -> list[Outcome]:
    """Train the jobs one after another (see :class:`scyc.engines.registry.Engine`).

    The network itself is trained, so it has other weights afterwards. What it draws at random comes
    from each job's seed.

    Args:
        network: The network as PyTorch has it.
        jobs: What is trained, one job a member.
        training: Iterations, batch size, optimizer and precision.
        state_store: Where the pack is saved while it trains.

    Returns:
        Outcomes in the order of the jobs.
    """
    saved = None if state_store is None else state_store.load()
    outcomes: list[Outcome] = []
    if saved is not None:
        outcomes = [
            outcome_from_state(state, job)
            for state, job in zip(saved["finished"], jobs, strict=False)
        ]
    for job in jobs[len(outcomes) :]:
        with seeded(job.seed, job.order.device):
            run = _Training(network, job, training)
            if saved is not None:
                run.restore(saved["running"])
                saved = None
            while run.unfinished:
                run.step()
                if state_store is not None and state_store.due():
                    finished = [outcome_state(outcome) for outcome in outcomes]
                    state_store.save({"finished": finished, "running": run.state()})
            outcomes.append(run.outcome())
    return outcomes


class _Training:
    """The training of one member, in the network given."""

    def __init__(self, network: nn.Module, job: Job, training: TrainingSpec) -> None:
        network.load_state_dict(job.start.state)
        self._network, self._job, self._training = network, job, training
        # Under all of its names: a tied weight may have its mask under any of them.
        self._weights = dict(network.named_parameters(remove_duplicate=False))
        self._device = job.order.device
        self._pruned = [
            (weight := self._weights[name], torch.empty_like(weight).copy_(mask))
            for name, mask in job.start.masks.items()
            if not mask.all()
        ]
        self._apply_masks()  # of two names of one weight, the state may have pruned only one
        self._optimizer = make_optimizer(training.optimizer, parameter_groups(network, training))
        self._loss = training_loss(training)
        self._memory_format = preferred_format(network)
        self._done = 0  # iterations
        self._curve = ValidationCurve()
        self._best, self._snapshot = job.start, job.start  # `_snapshot` from the job's keep_at on
        self._finite = torch.ones((), dtype=torch.bool, device=self._device)
        self._diverged = False
        network.train()

    @property
    def unfinished(self) -> bool:
        """Whether there is an iteration left to train."""
        return not self._diverged and self._done < len(self._job.rates)

    def step(self) -> None:
        """Train one iteration, and validate if it is time to.

        A loss that is not finite ends the training: at once on a CPU, at the next validation on a
        GPU, which is not waited for in between.
        """
        network, job = self._network, self._job
        indices = job.order[self._done]
        for group in self._optimizer.param_groups:
            group["lr"] = job.rates[self._done]
        images = as_format(job.feed.training_batch(self._done, indices), self._memory_format)
        self._optimizer.zero_grad(set_to_none=True)
        with precision.forward(self._training.precision, self._device):
            logits = network(images)
        loss = self._loss(logits.to(images.dtype), job.feed.labels[indices])
        self._done += 1
        if self._device.type == "cpu" and not math.isfinite(loss.item()):
            self._diverged = True
            return
        loss.backward()
        if (max_norm := self._training.clip_grad_norm) is not None:
            clip_gradients(network.parameters(), self._pruned, max_norm)
        self._optimizer.step()
        self._apply_masks()
        with torch.no_grad():
            self._finite &= loss.isfinite()
        if self._done == job.keep_at:
            self._snapshot = _snapshot(network, job)
        if is_validation_step(self._done, self._training):
            self._diverged = not self._finite
            if not self._diverged:
                self._validate()

    @torch.no_grad()
    def _apply_masks(self) -> None:
        for weight, mask in self._pruned:
            weight.mul_(mask).add_(0.0)  # far faster than to fill; -0.0 becomes 0.0

    def _validate(self) -> None:
        accuracy = self._accuracy(self._job.feed.validation)
        if accuracy > self._curve.best:
            self._best = _snapshot(self._network, self._job)
        self._curve = self._curve.with_point(self._done, accuracy)
        self._job.validated(self._done, accuracy)
        self._network.train()

    def _accuracy(self, indices: Tensor) -> float:
        with precision.forward(self._training.precision, self._device):
            return evaluate(self._network, self._job.feed, indices)

    def outcome(self) -> Outcome:
        """Return the outcome, once no iteration is left."""
        job = self._job
        last = _snapshot(self._network, job)
        finite = [value.isfinite().all() for value in self._weights.values()]
        if self._diverged or not torch.stack(finite).all():
            return self._curve.diverged(self._done, last)
        self._network.load_state_dict(self._best.state)
        test = self._accuracy(job.feed.test)
        final = last if self._training.carry == "last" else self._best
        snapshot = None if job.keep_at is None else self._snapshot
        return Outcome(self._curve.points, self._curve.best, test, False, final, snapshot)

    def state(self) -> State:
        """Return all that later iterations depend on, on the CPU. Its keys are stored in files."""
        on_gpu = self._device.type == "cuda"
        return {
            "done": self._done,
            "left": self._diverged,
            "finite": bool(self._finite),
            "curve": self._curve.points,
            "network": {n: value.cpu() for n, value in self._network.state_dict().items()},
            "optimizer": {
                key: {n: x.cpu() if isinstance(x, Tensor) else x for n, x in values.items()}
                for key, values in self._optimizer.state_dict()["state"].items()
            },
            "best": None if self._best is self._job.start else self._best.state,
            "kept": None if self._snapshot is self._job.start else self._snapshot.state,
            "drawn": torch.default_generator.get_state(),
            "drawn_on_gpu": torch.cuda.get_rng_state(self._device) if on_gpu else None,
        }

    def restore(self, state: State) -> None:
        """Continue from a state of the same job."""
        self._done, self._diverged = state["done"], state["left"]
        self._finite.fill_(state["finite"])
        for step, accuracy in state["curve"]:
            self._curve = self._curve.with_point(step, accuracy)
        self._network.load_state_dict(state["network"])
        groups = self._optimizer.state_dict()["param_groups"]
        self._optimizer.load_state_dict({"state": state["optimizer"], "param_groups": groups})
        masks = self._job.start.masks
        if state["best"] is not None:
            self._best = Network(state["best"], masks)
        if state["kept"] is not None:
            self._snapshot = Network(state["kept"], masks)
        torch.default_generator.set_state(state["drawn"])
        if state["drawn_on_gpu"] is not None:
            torch.cuda.set_rng_state(state["drawn_on_gpu"], self._device)


@torch.no_grad()
def evaluate(network: nn.Module, feed: Feed, indices: Tensor) -> float:
    """Return the accuracy on some images in percent; leaves the network in evaluation mode.

    Args:
        network: With the weights that are evaluated.
        feed: The images.
        indices: Of the images, int64.

    Returns:
        Top-1 accuracy, 0 to 100.
    """
    network.eval()
    memory_format = preferred_format(network)
    correct = torch.zeros((), dtype=torch.int64, device=indices.device)
    for chunk in feed.chunks(indices):
        images = as_format(feed.batch(chunk), memory_format)
        correct += is_correct(network(images), feed.labels[chunk]).sum()
    return percent(int(correct), len(indices))


def gradients(
    network: nn.Module,
    start: Network,
    feed: Feed,
    order: Tensor,
    names: Sequence[str],
    loss: Loss = functional.cross_entropy,
) -> dict[str, Tensor]:
    """Return the gradients of the loss summed over batches (see :func:`loss_gradients`).

    Args:
        network: Is overwritten with the start's weights, and has no gradients afterwards.
        start: The network that is to be pruned.
        feed: The images, which are not augmented. Batch norm uses its running statistics.
        order: Images of the training part, int64 [batches, batch].
        names: Of the weights.
        loss: Of the logits and the labels.

    Returns:
        The gradients by weight name, on the CPU in float64.
    """
    network.load_state_dict(start.state)
    memory_format = preferred_format(network)
    batches = (
        (as_format(feed.batch(indices), memory_format), feed.labels[indices]) for indices in order
    )
    return loss_gradients(network, batches, names, loss)


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Seed PyTorch's own generators of the CPU and of `device`, and restore them afterwards.

    Args:
        seed: Of all random numbers that are drawn inside.
        device: Whose generator is seeded, besides that of the CPU.

    Yields:
        Nothing.
    """
    on_gpu = device.type == "cuda"
    with torch.random.fork_rng([device] if on_gpu else []):
        torch.default_generator.manual_seed(seed)
        if on_gpu:
            with torch.cuda.device(device):
                torch.cuda.manual_seed(seed)
        yield


def _snapshot(network: nn.Module, job: Job) -> Network:
    state = {
        name: value.detach().cpu().clone(memory_format=torch.contiguous_format)
        for name, value in network.state_dict().items()
    }
    return Network(state, job.start.masks)
