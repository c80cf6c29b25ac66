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
from scyc.pruning import filter_groups
from scyc.pruning.criteria import CRITERIA
from scyc.specs.factory import FactorySpec
from scyc.specs.system import SystemSpec


def problems(system: SystemSpec, images: Images) -> list[Problem]:
    """Return what is wrong with training a system on these images.

    A user's own network is built, trained for a few steps with the study's batch, pruned and
    rewound (:mod:`scyc.checks.own_network`); this project's are known to pass.
    """
    classes = len(images.classes)
    own = isinstance(system.network, FactorySpec)
    problems = registry.problems(
        system.network, images.shape, classes, system.pruning.prune_last, system.training.batch
    )
    if problems:
        return problems
    problems = _option_problems(system, images)
    if own and not problems:
        problems = own_network.problems(system, images)
    return problems


def _option_problems(system: SystemSpec, images: Images) -> list[Problem]:
    """Options of the study that this network does not go with."""
    structured = CRITERIA[system.pruning.criterion].filters
    looks_at_relus = system.record is not None and "activations" in system.record.what
    named = system.training.engine not in ("auto", "solo")
    if not (structured or looks_at_relus or named):
        return []
    problems = []
    own = isinstance(system.network, FactorySpec)  # whose code may need values
    with nullcontext() if own else torch.device("meta"):
        network = registry.build(system.network, images.shape, len(images.classes), seed=0)
    if rule := engine_problem(system.training, network):
        problems.append(Problem("training.engine", rule, system.training.engine))
    if looks_at_relus and not any(isinstance(module, nn.ReLU) for module in network.modules()):
        rule = "this network has no nn.ReLU module to look at; call ReLU as one, or leave this out"
        problems.append(Problem("record.what", rule, "activations"))
    if structured:
        problems += _filter_problems(system, network, images)
    return problems


def _filter_problems(system: SystemSpec, network: nn.Module, images: Images) -> list[Problem]:
    """Why no filter of this network is pruned."""
    criterion, rate = system.pruning.criterion, system.pruning.rate
    try:
        groups = filter_groups.couplings(network, images.shape)
    except ValueError as error:
        return [Problem("pruning.criterion", str(error), criterion)]
    if not groups:
        rule = "no filter of this network can be pruned whole; use another criterion"
        return [Problem("pruning.criterion", rule, criterion)]
    filters = [len(network.get_parameter(group.weight)) for group in groups]
    if not any(min(round(rate * count), count - 1) for count in filters):
        rule = (
            f"removes no filter of any layer, of which the widest that can be pruned has "
            f"{max(filters)}; give a larger rate, wider layers, or another criterion"
        )
        return [Problem("pruning.rate", rule, rate)]
    return []
