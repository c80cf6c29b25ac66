"""The reference engine: the members of a pack one after another, any network, plain PyTorch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional

from scyc import optimizers
from scyc.checkpoint import Network
from scyc.flight import Flight
from scyc.layout import laid_out, layout
from scyc.system import TrainingSpec
from scyc.training import Feed, Job, Look, Outcome, correct, percent, validated_at


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
    outcomes = []
    for job in jobs:
        with _drawing_from(job.seed, job.order.device):
            outcomes.append(_train_one(network, job, training))
    return outcomes


def _train_one(network: nn.Module, job: Job, training: TrainingSpec) -> Outcome:
    network.load_state_dict(job.start.state)
    weights = dict(network.named_parameters())
    device = job.order.device
    pruned = [
        (weights[name], ~mask.to(device))
        for name, mask in job.start.masks.items()
        if not mask.all()
    ]
    optimizer = optimizers.make(training.optimizer, network.parameters())
    form = layout(network)
    look, best, kept = Look(), job.start, None
    finite = torch.ones((), dtype=torch.bool, device=device)
    network.train()
    for step, (rate, indices) in enumerate(zip(job.rates, job.order, strict=True)):
        optimizer.param_groups[0]["lr"] = rate
        images = laid_out(job.feed.training_batch(step, indices), form)
        optimizer.zero_grad(set_to_none=True)
        loss = functional.cross_entropy(network(images), job.feed.labels[indices])
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            for weight, gone in pruned:
                weight.masked_fill_(gone, 0.0)
            finite &= loss.isfinite()
        if step + 1 == job.keep_at:
            kept = _snapshot(network, job)
        if validated_at(step + 1, training):
            accuracy = evaluate(network, job.feed, job.feed.validation)
            if accuracy > look.best:
                best = _snapshot(network, job)
            look = look.seen(step + 1, accuracy)
            if not finite:
                break
            network.train()
    last = _snapshot(network, job)
    finite &= torch.stack([value.isfinite().all() for value in weights.values()]).all()
    if not finite:
        val = look.curve[-1][1]
        test = evaluate(network, job.feed, job.feed.test)
        return Outcome(look.curve, val, test, True, last)
    network.load_state_dict(best.state)
    test = evaluate(network, job.feed, job.feed.test)
    carried = last if training.carry == "last" else best
    return Outcome(look.curve, look.best, test, False, carried, kept)


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
