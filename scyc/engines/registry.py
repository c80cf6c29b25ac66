"""The engines by name, and which of them may train a pack.

An engine is a module with the functions of :class:`Engine`, and a line in
:data:`scyc.specs.engines.ENGINE_MODULES`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import Protocol, cast

import torch
from torch import nn

from scyc.specs import engines
from scyc.specs.system import TrainingSpec
from scyc.storage.pack_state_file import PackStateStore
from scyc.training.job import Job, Outcome


class Engine(Protocol):
    """Trains the members of a pack: a module with these two functions."""

    def why_unsupported(
        self, network: nn.Module, device: torch.device, training: TrainingSpec
    ) -> str | None:
        """Return why the engine cannot train such a pack on this device; None if it can.

        Args:
            network: The network as PyTorch has it.
            device: What it would be trained on.
            training: Iterations, batch size, optimizer and precision.

        Returns:
            The reason as text for the user; None where the engine can. A reason may still be
            missing: `train` raises ValueError for what shows only when the network is called.
        """

    def train(
        self,
        network: nn.Module,
        jobs: Sequence[Job],
        training: TrainingSpec,
        state_store: PackStateStore | None = None,
    ) -> list[Outcome]:
        """Train each job from its start, or from the state that `state_store` has of the pack.

        Args:
            network: On the device of the jobs' images and in their precision. Its weights may be
                overwritten.
            jobs: The members of the pack.
            training: What they have in common.
            state_store: Where the pack is saved while it trains.

        Returns:
            The outcomes in the order of the jobs. The global random state is left as it was.

        Raises:
            ValueError: The engine cannot train this network.
        """


class _Engines(Mapping[str, Engine]):
    """The engines by name, each imported when it is first used."""

    def __getitem__(self, name: str) -> Engine:
        return cast("Engine", import_module(engines.ENGINE_MODULES[name]))

    def __iter__(self) -> Iterator[str]:
        return iter(engines.ENGINE_MODULES)

    def __len__(self) -> int:
        return len(engines.ENGINE_MODULES)


ENGINES: Mapping[str, Engine] = _Engines()


def candidates(training: TrainingSpec, network: nn.Module, device: torch.device) -> tuple[str, ...]:
    """Return the names of the engines that may train a study; one if there is no choice.

    On a CPU it follows from the study alone, so that every machine gets the same bits: fused
    convolutions are slower there, and stacked products faster. Elsewhere the fastest is timed.

    Args:
        training: Iterations, batch size, optimizer and precision.
        network: The network as PyTorch has it.
        device: What it would be trained on.

    Returns:
        Names of `ENGINES`, at least one, in the order in which equals are chosen.
    """
    if training.engine != "auto":
        return (training.engine,)
    if training.deterministic:
        return ("solo",)
    if device.type == "cpu":
        return ("stacked",) if supports("stacked", training, network, device) else ("solo",)
    return tuple(name for name in ENGINES if supports(name, training, network, device))


def supports(name: str, training: TrainingSpec, network: nn.Module, device: torch.device) -> bool:
    """Return whether an engine can train such a pack.

    Args:
        name: Of the engine, one of `ENGINES`.
        training: Iterations, batch size, optimizer and precision.
        network: The network as PyTorch has it.
        device: What it would be trained on.

    Returns:
        True where :meth:`Engine.why_unsupported` gives no reason.
    """
    return ENGINES[name].why_unsupported(network, device, training) is None


def engine_problem(training: TrainingSpec, network: nn.Module) -> str | None:
    """Return why the engine that a study names cannot do its training runs on any device.

    Args:
        training: Iterations, batch size, optimizer and precision.
        network: The network as PyTorch has it.

    Returns:
        Rule and remedy as text; None for "auto", and for an engine that supports the network.
    """
    name = training.engine
    anywhere = torch.device("cuda")  # which all engines support; it is not used
    if name == "auto":
        return None
    rule = ENGINES[name].why_unsupported(network, anywhere, training)
    return None if rule is None else f'cannot train this network: {rule}; use "auto" or "solo"'
