"""Measurements of the network that pruning makes of a trained one, before it is trained again."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn

from scyc.optimizers.clipping import clip_gradients
from scyc.optimizers.loss import training_loss
from scyc.optimizers.registry import make_optimizer
from scyc.optimizers.weight_decay import parameter_groups
from scyc.pruning.pruned_network import Network
from scyc.recording.stored import RANGE_STEPS, PrunedNormJson, RangeTestJson, Recording
from scyc.specs.system import Recorded, TrainingSpec

RANGE = (1e-5, 10.0)  # learning rates from which and to which it goes
_SMOOTHING = 0.98  # of the loss, as in Lightning
_STOP = 4.0  # times the least smoothed loss, above which the test ends
_SKIP = (10, 1)  # losses at the beginning and the end that do not count


def record(
    network: nn.Module,
    trained: Network,
    after: Network,
    batches: Iterable[tuple[Tensor, Tensor]],
    training: TrainingSpec,
    what: Sequence[Recorded],
) -> Recording:
    """Record what is wanted of the network that is trained next.

    Args:
        network: On the device of the batches; it has no gradients afterwards.
        trained: The network that is pruned.
        after: What pruning makes of it.
        batches: See :func:`range_test`.
        training: How it will be trained.
        what: ``pruned_norm`` or ``lr_range_test``, or both.

    Returns:
        By what is recorded, :func:`pruned_norm`'s and :func:`range_test`'s.
    """
    recorded: Recording = {}
    if "pruned_norm" in what:
        recorded["pruned_norm"] = pruned_norm(trained, after.masks)
    if "lr_range_test" in what:
        recorded["lr_range_test"] = range_test(network, after, batches, training)
        network.zero_grad(set_to_none=True)
    return recorded


def pruned_norm(before: Network, after: Mapping[str, Tensor]) -> PrunedNormJson:
    """Return how large what is pruned is, beside what there was (Zimmer et al. 2023).

    Args:
        before: The trained network.
        after: Its masks after one more pruning.

    Returns:
        `relative`: the L2 norm of the weights that are removed over that of all prunable weights;
        `share`: how many of the remaining prunable weights are removed, in [0, 1].
    """
    removed = whole = 0.0
    removed_count = remaining_count = 0
    for name, mask in after.items():
        weights = before.state[name].double()
        remaining = before.masks[name]
        lost = remaining & ~mask
        removed += float(weights[lost].square().sum())
        whole += float(weights[remaining].square().sum())
        removed_count += int(lost.sum())
        remaining_count += int(remaining.sum())
    return {
        "relative": math.sqrt(removed / whole) if whole else 0.0,
        "share": removed_count / remaining_count if remaining_count else 0.0,
    }


def range_test(
    network: nn.Module,
    start: Network,
    batches: Iterable[tuple[Tensor, Tensor]],
    training: TrainingSpec,
) -> RangeTestJson:
    """Test learning rates on a network (Smith 2017), with the suggestion that Lightning makes.

    The rate grows exponentially over `RANGE`, an iteration a rate; the loss is smoothed, and the
    suggestion is the rate at which it falls fastest.

    Args:
        network: On the device of the batches; it is left with other weights and in training mode.
        start: The network that is to be trained.
        batches: `RANGE_STEPS` of images [batch, ...] and labels int64 [batch].
        training: How it is trained: optimizer, loss and clipping.

    Returns:
        `rate`: the suggested learning rate; `steps`: how many iterations the test took.
    """
    network.load_state_dict(start.state)
    network.train()
    made = make_optimizer(training.optimizer, parameter_groups(network, training))
    loss_of = training_loss(training)
    weights = dict(network.named_parameters(remove_duplicate=False))
    masks = {name: mask.to(weights[name].device) for name, mask in start.masks.items()}
    low, high = RANGE
    rates, losses, average = [], [], 0.0
    for step, (images, labels) in enumerate(batches):
        rate = low * (high / low) ** (step / (RANGE_STEPS - 1))
        for group in made.param_groups:
            group["lr"] = rate
        made.zero_grad(set_to_none=True)
        loss = loss_of(network(images), labels)
        loss.backward()
        if training.clip_grad_norm is not None:
            pruned = [(weights[name], mask) for name, mask in masks.items()]
            clip_gradients(network.parameters(), pruned, training.clip_grad_norm)
        made.step()
        with torch.no_grad():
            for name, mask in masks.items():
                weights[name].masked_fill_(~mask, 0.0)
        average = _SMOOTHING * average + (1 - _SMOOTHING) * float(loss.detach())
        smooth = average / (1 - _SMOOTHING ** (step + 1))
        rates.append(rate)
        losses.append(smooth)
        if not math.isfinite(smooth) or (step > 1 and smooth > _STOP * min(losses)):
            break
    return {"rate": steepest(rates, losses), "steps": len(rates)}


def steepest(rates: Sequence[float], losses: Sequence[float]) -> float:
    """Return the rate at which the loss falls fastest, by central differences.

    Args:
        rates: Rising.
        losses: Smoothed, one a rate. The first ten and the last do not count, nor what is not
            finite; where fewer than two are left, all that are finite count.

    Returns:
        One of `rates`; the first where fewer than two losses are finite.
    """
    begin, end = _SKIP
    known = [(rate, loss) for rate, loss in zip(rates, losses, strict=True)]
    finite = [(rate, loss) for rate, loss in known[begin:-end] if math.isfinite(loss)]
    if len(finite) < 2:
        finite = [(rate, loss) for rate, loss in known if math.isfinite(loss)]
    if len(finite) < 2:
        return rates[0]
    values = torch.tensor([loss for _, loss in finite], dtype=torch.float64)
    (slopes,) = torch.gradient(values)
    return finite[int(slopes.argmin())][0]
