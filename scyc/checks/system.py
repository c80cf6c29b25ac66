"""What is wrong with training a system on some images."""

from __future__ import annotations

from contextlib import nullcontext

import torch
from torch import nn

from scyc.checks import own_network
from scyc.data.images import Images
from scyc.engines.registry import engine_problem
from scyc.errors import Problem
from scyc.networks import registry
from scyc.optimizers.weight_decay import has_biases, has_norms
from scyc.pruning import filter_groups
from scyc.pruning import weights as pruning_weights
from scyc.pruning.counts import first_idle_cycle
from scyc.pruning.criteria import CRITERIA
from scyc.specs.factory import FactorySpec
from scyc.specs.system import SystemSpec

_MOST_PARAMETERS = 2 * 10**9  # of a network: 8 GB in single precision


def problems(system: SystemSpec, images: Images, cycles: int = 1) -> list[Problem]:
    """Return what is wrong with training a system on these images over so many pruning cycles.

    A user's own network is built, trained for a few steps with the study's batch, pruned and
    rewound (:mod:`scyc.checks.own_network`); this project's are known to pass.

    Args:
        system: What is trained.
        images: Pixels and labels of the data set.
        cycles: Pruning cycles after the unpruned network.

    Returns:
        Problems by field of the study, each with rule and remedy; [] where it can be trained.
    """
    classes = len(images.classes)
    own = isinstance(system.network, FactorySpec)
    if not own and (too_small := _size_problems(system, images)):
        return too_small
    problems = registry.problems(
        system.network, images.shape, classes, system.pruning.prune_last, system.training.batch
    )
    if problems:
        return problems
    problems = _crop_problems(system, images)
    problems += _option_problems(system, images, cycles)
    if own and not problems:
        problems = own_network.problems(system, images)
    return problems


def _size_problems(system: SystemSpec, images: Images) -> list[Problem]:
    """Whether a network of this project's is too large for any machine, before it is built."""
    with torch.device("meta"):
        network = registry.build(system.network, images.shape, len(images.classes), seed=0)
    count = registry.parameter_count(network)
    if count <= _MOST_PARAMETERS:
        return []
    rule = f"has {count:,} parameters, over {_MOST_PARAMETERS:,}; make it narrower"
    return [Problem("network", rule)]


def _crop_problems(system: SystemSpec, images: Images) -> list[Problem]:
    crop, (_, height, width) = system.training.augment.crop, images.shape
    if crop < min(height, width):
        return []
    rule = (
        f"pads images of {width} x {height} so far that a crop may contain only padding; lower it"
    )
    return [Problem("training.augment.crop", rule, crop)]


def _option_problems(system: SystemSpec, images: Images, cycles: int) -> list[Problem]:
    """Options of the study that this network does not go with."""
    structured = CRITERIA[system.pruning.criterion].filters
    looks_at_relus = system.record is not None and "activations" in system.record.what
    problems = []
    own = isinstance(system.network, FactorySpec)  # whose code may need values
    with nullcontext() if own else torch.device("meta"):
        network = registry.build(system.network, images.shape, len(images.classes), seed=0)
    problems += _decay_problems(system, network)
    if rule := engine_problem(system.training, network):
        problems.append(Problem("training.engine", rule, system.training.engine))
    if looks_at_relus and not any(isinstance(module, nn.ReLU) for module in network.modules()):
        rule = (
            "this network has no nn.ReLU module to record; use ReLU as a module, or leave this out"
        )
        problems.append(Problem("record.what", rule, "activations"))
    problems += _norm_problems(system, network)
    if structured:
        problems += _filter_problems(system, network, images, cycles)
    elif CRITERIA[system.pruning.criterion].scope:
        problems += _weight_problems(system, network, images, cycles)
    return problems


def _decay_problems(system: SystemSpec, network: nn.Module) -> list[Problem]:
    """Refuse a weight decay of what the network lacks: equal training runs would have two ids."""
    training, problems = system.training, []
    rule = "this network has no {}; leave this out"
    if training.norm_weight_decay is not None and not has_norms(network):
        what = "norm with weights, such as nn.BatchNorm2d"
        problems.append(Problem("training.norm_weight_decay", rule.format(what)))
    if training.bias_weight_decay is not None and not has_biases(network):
        problems.append(Problem("training.bias_weight_decay", rule.format("bias")))
    return problems


def _norm_problems(system: SystemSpec, network: nn.Module) -> list[Problem]:
    if not system.pruning.prune_norms or pruning_weights.norm_names(network):
        return []
    rule = "this network has no batch-norm scales that are trained; leave it out"
    return [Problem("pruning.prune_norms", rule, system.pruning.prune_norms)]


def _weight_problems(
    system: SystemSpec, network: nn.Module, images: Images, cycles: int
) -> list[Problem]:
    """Why a cycle removes no weight: too small a rate, or none is left."""
    own = isinstance(system.network, FactorySpec)
    last = pruning_weights.last_linear(network, images.shape) if own else None
    names = pruning_weights.prunable_names(network, system.pruning.prune_last, last)
    if system.pruning.prune_norms:
        names += pruning_weights.norm_names(network)
    counts = [network.get_parameter(name).numel() for name in names]
    density = system.pruning.start_density
    if density is not None:
        counts = [round(density * count) for count in counts]
    together = CRITERIA[system.pruning.criterion].scope == "global"
    groups = [sum(counts)] if together else counts
    idle = first_idle_cycle(groups, system.pruning.rate, cycles, least=0)
    if idle is None:
        return []
    return [_idle(system, f"weight of {sum(counts):,}", idle, cycles)]


def _idle(system: SystemSpec, what: str, cycle: int, cycles: int) -> Problem:
    """Return the refusal of a study in which a cycle prunes nothing."""
    if cycle == 1:
        rule = f"removes no {what}; give a larger rate, or a larger network"
        return Problem("pruning.rate", rule, system.pruning.rate)
    rate = system.pruning.rate
    rule = (
        f"pruning.rate {rate} removes no {what}, or the last, from cycle {cycle} on; "
        f"lower cycles to {cycle - 1}, or give another rate or a larger network"
    )
    return Problem("cycles", rule, cycles)


def _filter_problems(
    system: SystemSpec, network: nn.Module, images: Images, cycles: int
) -> list[Problem]:
    """Why a cycle removes no filter of this network."""
    criterion, rate = system.pruning.criterion, system.pruning.rate
    try:
        groups = filter_groups.couplings(network, images.shape)
    except ValueError as error:
        return [Problem("pruning.criterion", str(error), criterion)]
    if not groups:
        rule = "this network has no filter that can be pruned; use another criterion"
        return [Problem("pruning.criterion", rule, criterion)]
    filters = [len(network.get_parameter(group.weight)) for group in groups]
    idle = first_idle_cycle(filters, rate, cycles, least=1)
    if idle == 1:
        rule = (
            f"removes no filter of any layer, of which the widest that can be pruned has "
            f"{max(filters)}; give a larger rate, wider layers, or another criterion"
        )
        return [Problem("pruning.rate", rule, rate)]
    if idle is None:
        return []
    return [_idle(system, f"filter of {len(filters)} layers of up to {max(filters)}", idle, cycles)]
