"""The reference engine: the members of a pack one after another, any network, plain PyTorch."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional

from scyc.pruning.pruned_network import Network
from scyc.specs.system import TrainingSpec
from scyc.training import optimizers, precision
from scyc.training.job import Feed, Job, Look, Outcome, correct, percent, validated_at
from scyc.training.memory_format import laid_out, layout
from scyc.training.resume import Flight, State, outcome_of, outcome_state


def fits(network: nn.Module, device: torch.device) -> bool:
    """Whether this engine can train the network: always."""
    return True


def train(
    network: nn.Module, jobs: Sequence[Job], training: TrainingSpec, flight: Flight | None = None
) -> list[Outcome]:
    """Train each job from its start, in the network given (its own weights are overwritten).

    The network lies on the device and in the precision of the jobs' images. What it draws itself
    while it trains comes from each job's seed; the global random state is left as it was.
    """
    saved = None if flight is None else flight.resumed()
    outcomes: list[Outcome] = []
    if saved is not None:
        outcomes = [
            outcome_of(state, job) for state, job in zip(saved["finished"], jobs, strict=False)
        ]
    for job in jobs[len(outcomes) :]:
        with _drawing_from(job.seed, job.order.device):
            training_of_one = _Training(network, job, training)
            if saved is not None:
                training_of_one.restore(saved["running"])
                saved = None
            while training_of_one.goes_on:
                training_of_one.step()
                if flight is not None and flight.due():
                    finished = [outcome_state(outcome) for outcome in outcomes]
                    flight.save({"finished": finished, "running": training_of_one.state()})
            outcomes.append(training_of_one.outcome())
    return outcomes


class _Training:
    """One member under way, in the network given."""

    def __init__(self, network: nn.Module, job: Job, training: TrainingSpec) -> None:
        network.load_state_dict(job.start.state)
        self._network, self._job, self._training = network, job, training
        self._weights = dict(network.named_parameters(remove_duplicate=False))
        self._device = job.order.device
        self._pruned = [
            (weight := self._weights[name], torch.empty_like(weight).copy_(mask))
            for name, mask in job.start.masks.items()
            if not mask.all()
        ]
        self._optimizer = optimizers.make(training.optimizer, network.parameters())
        self._form = layout(network)
        self._done = 0  # iterations
        self._look = Look()
        self._best, self._kept = job.start, job.start  # `_kept` from the job's keep_at on
        self._finite = torch.ones((), dtype=torch.bool, device=self._device)
        self._left = False
        network.train()

    @property
    def goes_on(self) -> bool:
        """Whether there is an iteration to train."""
        return not self._left and self._done < len(self._job.rates)

    def step(self) -> None:
        """Train one iteration, and look at the validation images if it is time to.

        A loss that is not finite ends the training: at once on a CPU, at the next look on a GPU,
        which is not waited for in between.
        """
        network, job = self._network, self._job
        indices = job.order[self._done]
        self._optimizer.param_groups[0]["lr"] = job.rates[self._done]
        images = laid_out(job.feed.training_batch(self._done, indices), self._form)
        self._optimizer.zero_grad(set_to_none=True)
        with precision.forward(self._training.precision, self._device):
            logits = network(images)
        loss = functional.cross_entropy(logits.to(images.dtype), job.feed.labels[indices])
        self._done += 1
        if self._device.type == "cpu" and not math.isfinite(loss.item()):
            self._left = True
            return
        loss.backward()
        self._optimizer.step()
        with torch.no_grad():
            for weight, kept in self._pruned:
                weight.mul_(kept).add_(0.0)  # far faster than to fill; -0.0 becomes 0.0
            self._finite &= loss.isfinite()
        if self._done == job.keep_at:
            self._kept = _snapshot(network, job)
        if validated_at(self._done, self._training):
            self._left = not self._finite
            if not self._left:
                self._validate()

    def _validate(self) -> None:
        accuracy = self._accuracy(self._job.feed.validation)
        if accuracy > self._look.best:
            self._best = _snapshot(self._network, self._job)
        self._look = self._look.seen(self._done, accuracy)
        self._network.train()

    def _accuracy(self, indices: Tensor) -> float:
        with precision.forward(self._training.precision, self._device):
            return evaluate(self._network, self._job.feed, indices)

    def outcome(self) -> Outcome:
        """What has come out, once it does not go on."""
        job = self._job
        last = _snapshot(self._network, job)
        every = [value.isfinite().all() for value in self._weights.values()]
        if self._left or not torch.stack(every).all():
            return self._look.lost(self._done, last)
        self._network.load_state_dict(self._best.state)
        test = self._accuracy(job.feed.test)
        carried = last if self._training.carry == "last" else self._best
        kept = None if job.keep_at is None else self._kept
        return Outcome(self._look.curve, self._look.best, test, False, carried, kept)

    def state(self) -> State:
        """Everything that later iterations depend on, on the CPU (see `scyc.training.resume`)."""
        on_gpu = self._device.type == "cuda"
        return {
            "done": self._done,
            "left": self._left,
            "finite": bool(self._finite),
            "curve": self._look.curve,
            "network": {n: value.cpu() for n, value in self._network.state_dict().items()},
            "optimizer": {
                key: {n: x.cpu() if isinstance(x, Tensor) else x for n, x in held.items()}
                for key, held in self._optimizer.state_dict()["state"].items()
            },
            "best": None if self._best is self._job.start else self._best.state,
            "kept": None if self._kept is self._job.start else self._kept.state,
            "drawn": torch.default_generator.get_state(),
            "drawn_on_gpu": torch.cuda.get_rng_state(self._device) if on_gpu else None,
        }

    def restore(self, state: State) -> None:
        """Go on from a state of the same job."""
        self._done, self._left = state["done"], state["left"]
        self._finite.fill_(state["finite"])
        for step, accuracy in state["curve"]:
            self._look = self._look.seen(step, accuracy)
        self._network.load_state_dict(state["network"])
        groups = self._optimizer.state_dict()["param_groups"]
        self._optimizer.load_state_dict({"state": state["optimizer"], "param_groups": groups})
        masks = self._job.start.masks
        if state["best"] is not None:
            self._best = Network(state["best"], masks)
        if state["kept"] is not None:
            self._kept = Network(state["kept"], masks)
        torch.default_generator.set_state(state["drawn"])
        if state["drawn_on_gpu"] is not None:
            torch.cuda.set_rng_state(state["drawn_on_gpu"], self._device)


@torch.no_grad()
def evaluate(network: nn.Module, feed: Feed, indices: Tensor) -> float:
    """Accuracy in percent on the images with these indices; leaves the network in eval mode."""
    network.eval()
    form = layout(network)
    right = torch.zeros((), dtype=torch.int64, device=indices.device)
    for chunk in feed.chunks(indices):
        images = laid_out(feed.batch(chunk), form)
        right += correct(network(images), feed.labels[chunk]).sum()
    return percent(int(right), len(indices))


def gradients(
    network: nn.Module, start: Network, feed: Feed, order: Tensor, names: Sequence[str]
) -> dict[str, Tensor]:
    """Gradients of the loss summed over batches, by weight name, on the CPU in float64.

    order: int64 [batches, batch], images of the training part; not augmented, and with the
    batch-norm statistics that the network was evaluated with.
    """
    network.load_state_dict(start.state)
    network.eval()
    network.zero_grad(set_to_none=True)
    form = layout(network)
    for indices in order:
        images = laid_out(feed.batch(indices), form)
        loss = functional.cross_entropy(network(images), feed.labels[indices])
        loss.backward()
    weights = dict(network.named_parameters())
    found = {}
    for name in names:
        gradient = weights[name].grad
        gradient = torch.zeros_like(weights[name]) if gradient is None else gradient  # not used
        found[name] = gradient.detach().double().cpu()
    network.zero_grad(set_to_none=True)
    return found


@contextmanager
def _drawing_from(seed: int, device: torch.device) -> Iterator[None]:
    """Seed PyTorch's own generators of the CPU and of `device`, and put them back afterwards."""
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
