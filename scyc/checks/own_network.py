"""Whether a user's own network can be trained as this project trains: it is tried.

The identity of a training run rests on this: a factory builds a new network each time, the same for
the same seed, and the ``state_dict`` holds all that one training run leaves to the next.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from scyc import seeds
from scyc.checks.hidden_state import attributes, same
from scyc.data import splits
from scyc.data.images import Images, split_problems
from scyc.errors import Problem, raised
from scyc.networks import registry, structure
from scyc.pruning.criteria import CRITERIA
from scyc.pruning.pruned_network import Network
from scyc.specs.factory import FactorySpec
from scyc.specs.schedules import ConstantSpec
from scyc.specs.system import SplitSpec, SystemSpec
from scyc.trainer import Member, Trainer
from scyc.training.memory_format import as_format, preferred_format

_IMAGES = 64  # of which the split's shares are trained on and looked at
_STEPS = 2
_MAX_LR = 1e-4
_EVALUATED = 512  # images at once when a part is evaluated; the rest of a part is the last batch
_CLOSE = 1e-3  # relative difference of weights that two runs of the same steps may have


def problems(system: SystemSpec, images: Images) -> list[Problem]:
    """Return what is wrong with training the user's network of this system on these images.

    Args:
        system: What is trained.
        images: Pixels and labels of the data set.

    Returns:
        Problems of the field `network.factory`, or of `training.batch` where the batch is too small
        for batch norm; [] where the network can be trained.
    """
    factory = system.network
    assert isinstance(factory, FactorySpec)
    try:
        rules = _building_rules(system, images) or _training_rules(system, images)
    except (Exception, SystemExit) as error:  # the user's code may raise anything
        rules = [_failure(system, error)]
    if system.training.batch == 1 and any("more than 1 value per channel" in r for r in rules):
        rule = (
            "batch norm needs more than one value a channel to train; use a larger batch or larger "
            "images"
        )
        return [Problem("training.batch", rule, system.training.batch)]
    return [Problem("network.factory", rule, factory.factory) for rule in rules]


def _failure(system: SystemSpec, error: BaseException) -> str:
    return (
        f"a training step of {system.training.batch} images fails: {raised(error)}"
        "; call the factory and train its network in Python to see where"
    )


def _building_rules(system: SystemSpec, images: Images) -> list[str]:
    """Build twice with one seed; return what is wrong with how the factory builds."""
    seed = seeds.seed(system.seed, "weights", 0)
    shape, classes = images.shape, len(images.classes)
    first, second = (registry.build(system.network, shape, classes, seed) for _ in range(2))
    mine, theirs = structure.storages(first), structure.storages(second)
    if shared := [theirs[address] for address in theirs if address in mine]:
        return [
            f"returns a network that shares {shared[0]} with the one built before, so one training "
            "run would continue another; create new modules in each call, or return copy.deepcopy"
        ]
    one, two = first.state_dict(), second.state_dict()
    differing = [n for n in one if n not in two or not same(one[n], two[n])]
    if differing or len(one) != len(two):
        name = differing[0] if differing else next(n for n in two if n not in one)
        return [
            f"returns another {name} when it is called again with the same seed; draw random "
            "numbers from torch, numpy.random or random, whose generators are seeded beforehand"
        ]
    return []


def _training_rules(system: SystemSpec, images: Images) -> list[str]:  # noqa: PLR0911  # one a rule
    """Train a few steps twice, prune and rewind; return what is wrong with the training."""
    short = _shortened(system)
    trainer = Trainer(short, _some(short, images))
    other = registry.build(system.network, images.shape, len(images.classes), seed=0)
    untouched = {name: value.clone() for name, value in other.state_dict().items()}
    root = trainer.root(0)
    drawn = _other_generators()
    member = Member(root, 0, 0, ConstantSpec(name="constant"), _MAX_LR)
    before = _copied(root)
    (first,) = trainer.train([member])
    if first.outcome.diverged:
        return ["its loss or a weight is not finite after a step with a learning rate of 1e-4"]
    remembered = attributes(trainer.network)
    (second,) = trainer.train([member])
    now = attributes(trainer.network)
    if _other_generators() != drawn:
        return [
            "draws from numpy.random or random in training, which the study does not seed; "
            "draw from torch"
        ]
    if changed := [n for n in now if n not in remembered or not same(remembered[n], now[n])]:
        return [
            f"{changed[0]} changes while it trains, but is not in the state_dict, so one training "
            "run would change the next; make it a buffer (register_buffer), or keep no state"
        ]
    if differing := _differing(first.outcome.network.state, second.outcome.network.state):
        return [
            f"{differing} differs when the same steps are trained again; keep all "
            "state in the state_dict, and draw random numbers from torch"
        ]
    if _differing(untouched, other.state_dict()) or _differing(before, root.state):
        return [
            "shares memory with another network of its factory; create new tensors in each call"
        ]
    if rule := _last_batch_rule(system, images, trainer.network):
        return [rule]
    return _pruning_rules(system, trainer, first.outcome.network, first.outcome.snapshot)


def _pruning_rules(
    system: SystemSpec, trainer: Trainer, trained: Network, snapshot: Network | None
) -> list[str]:
    pruned = trainer.pruned(trained, 0, 1, snapshot)
    remaining = trainer.weights_remaining(pruned)
    if not remaining < 100 and system.pruning.criterion != "none":
        return [
            f"nothing is pruned at a rate of {system.pruning.rate}; give a larger rate or network"
        ]
    if CRITERIA[system.pruning.criterion].gradients and (idle := _unused(trainer)):
        return [
            f"the loss does not depend on {idle[0]}, which a gradient criterion would prune first; "
            "freeze it (requires_grad_(False)), take it out, or use a magnitude criterion"
        ]
    (again,) = trainer.train([Member(pruned, 1, 0, ConstantSpec(name="constant"), _MAX_LR)])
    for name, mask in pruned.masks.items():
        if torch.count_nonzero(again.outcome.network.state[name][~mask]):
            return [f"pruned weights of {name} do not stay 0 in training; set no weights by hand"]
    return []


def _other_generators() -> str:
    """Return the states of the generators that belong to Python and NumPy, as text."""
    of_numpy = np.random.get_state(legacy=False)  # noqa: NPY002  # a user may use it
    return repr((random.getstate(), {k: _listed(v) for k, v in dict(of_numpy).items()}))


def _listed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _listed(each) for key, each in value.items()}
    return value.tolist() if isinstance(value, np.ndarray) else value


def _unused(trainer: Trainer) -> list[str]:
    """Names of prunable weights that the loss does not depend on."""
    network = trainer.network.train()
    first = next(network.parameters())
    network.zero_grad(set_to_none=True)
    images = torch.zeros(2, *trainer.image_shape, dtype=first.dtype, device=first.device)
    with torch.random.fork_rng(devices=[]):
        network(as_format(images, preferred_format(network))).logsumexp(1).sum().backward()
    named = dict(network.named_parameters(remove_duplicate=False))
    unused = [name for name in trainer.prunable if named[name].grad is None]
    network.zero_grad(set_to_none=True)
    return unused


def _last_batch_rule(system: SystemSpec, images: Images, network: nn.Module) -> str | None:
    """Why the network cannot look at one image alone, where a part ends with one."""
    sizes = splits.sizes(images.labels, images.parts, system.split)
    if all(sizes[part] % _EVALUATED != 1 for part in ("validation", "test")):
        return None
    first = next(network.parameters())
    with torch.no_grad():
        logits = network.eval()(torch.zeros(1, *images.shape, dtype=first.dtype))
    if logits.shape == (1, len(images.classes)):
        return None
    return (
        f"gives {tuple(logits.shape)} for 1 image, the size of the last validation or test batch; "
        "flatten all dimensions but the first, and do not squeeze"
    )


def _shortened(system: SystemSpec) -> SystemSpec:
    """Return the system with training runs of few steps, and criteria that look at one batch."""
    training = system.training.model_copy(update={"steps": _STEPS, "validate_every": _STEPS})
    rewind = 1 if isinstance(system.pruning.rewind, int) else system.pruning.rewind
    pruning = system.pruning.model_copy(update={"rewind": rewind, "batches": 1})
    record = system.record and system.record.model_copy(update={"batches": 1})
    # Few images need not reach a part that is named.
    split = system.split if system.split.test is None else SplitSpec()
    changes = {"training": training, "pruning": pruning, "record": record, "split": split}
    return system.model_copy(update=changes)


def _some(system: SystemSpec, images: Images) -> Images:
    some = Images(
        images.pixels[:_IMAGES], images.labels[:_IMAGES], images.classes, images.fingerprint
    )
    return images if split_problems(some, system.split) else some


def _copied(network: Network) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in network.state.items()}


def _differing(one: Mapping[str, Tensor], two: Mapping[str, Tensor]) -> str | None:
    """Return the first name whose values differ by more than rounding; None if none does."""
    for name, value in one.items():
        if not torch.allclose(value.double(), two[name].double(), rtol=_CLOSE, atol=1e-6):
            return name
    return None
