"""A check before training: many members at once give what the network gives by itself."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional

from scyc.pruning.pruned_network import Network
from scyc.training.job import Job
from scyc.training.memory_format import as_format, preferred_format
from scyc.vectorized.dropout import DropoutGenerators
from scyc.vectorized.member_group import ForwardFactory
from scyc.vectorized.member_state import MemberState

_IMAGES = 2
_LOGITS = 1e-2  # largest allowed difference of logits, relative to the largest logit
_GRADIENTS = 5e-2  # largest allowed difference of a weight's gradient, relative to its norm
_NOISE = 1e-3  # gradients below this share of the largest are rounding errors alone


def check_forward(
    network: nn.Module,
    job: Job,
    stacked: MemberState,
    trained: Sequence[str],
    make_forward: ForwardFactory,
) -> None:
    """Compare logits and gradients of a few images with those of the network by itself.

    In evaluation mode, where nothing is drawn at random. Finds what no rule about layers foresees,
    such as calls that were traced wrongly and hooks on activations that vmap drops.

    Args:
        network: Is copied, and left as it is.
        job: Its start and its first images are used.
        stacked: Copies of the job's start, computed side by side.
        trained: Names of the weights that training changes.
        make_forward: See :class:`scyc.vectorized.member_group.Forward`.

    Raises:
        ValueError: The results differ by more than rounding.
    """
    indices = job.order[0][:_IMAGES]
    images, labels = job.feed.batch(indices), job.feed.labels[indices]
    name = type(network).__name__
    with _full_precision(job.order.device):
        start = stacked.network(0, job.start.masks)
        expected, gradients = _by_itself(network, start, images, labels, trained)
        if not bool(expected.isfinite().all()):
            return  # training will report it
        members, device = len(stacked.values.parts[0]), job.order.device
        replicates = torch.zeros(members, dtype=torch.int64, device=device)
        forward = make_forward(replicates, DropoutGenerators([job.seed] * members, device))
        logits = forward(stacked.by_name(), images.unsqueeze(0), False)
        if float((logits.detach() - expected).abs().max()) > _LOGITS * float(expected.abs().max()):
            raise ValueError(
                f"{name}: its logits differ from the network's own; use the solo engine"
            )
        loss = functional.cross_entropy(
            logits.flatten(0, 1), labels.repeat(members), reduction="sum"
        )
        weights = [stacked.weights[weight] for weight in trained]
        by_member = torch.autograd.grad(loss / len(labels), weights, allow_unused=True)
    largest = max((float(gradient.norm()) for gradient in gradients), default=0.0)
    for weight, own, gradient in zip(trained, gradients, by_member, strict=True):
        difference = own if gradient is None else gradient - own
        per_member = difference.reshape(-1, own.numel()).norm(dim=1)
        if float(per_member.max()) > _GRADIENTS * max(float(own.norm()), _NOISE * largest):
            raise ValueError(
                f"{name}: {weight} has another gradient than by itself; use the solo engine"
            )


def _by_itself(
    network: nn.Module, start: Network, images: Tensor, labels: Tensor, trained: Sequence[str]
) -> tuple[Tensor, list[Tensor]]:
    """Return a copy's logits [images, classes] and the gradients of the weights in `trained`."""
    copied = copy.deepcopy(network).eval()
    copied.load_state_dict(start.state)
    weights = [copied.get_parameter(name) for name in trained]
    logits = copied(as_format(images, preferred_format(network)))
    loss = functional.cross_entropy(logits, labels)
    gradients = torch.autograd.grad(loss, weights, allow_unused=True)
    return logits.detach(), [
        torch.zeros_like(weight) if own is None else own
        for weight, own in zip(weights, gradients, strict=True)
    ]


@contextmanager
def _full_precision(device: torch.device) -> Iterator[None]:
    """Convolve in float32 on a GPU: in TF32 enough ReLUs change sides to change a gradient."""
    if device.type != "cuda":
        yield
        return
    cudnn = torch.backends.cudnn
    allowed = cudnn.allow_tf32
    cudnn.allow_tf32 = False
    try:
        yield
    finally:
        cudnn.allow_tf32 = allowed
