"""Iterative pruning of any PyTorch module, for training loops of one's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Optimizer
from torch.utils.hooks import RemovableHandle

from scyc import seeds
from scyc.pruning import filter_groups
from scyc.pruning import weights as pruning_weights
from scyc.pruning.criteria import CRITERIA, criterion_rule
from scyc.pruning.gradients import Loss, loss_gradients
from scyc.pruning.pruning_step import PruningStep

_STATE = ("criterion", "prune_last", "cycle", "masks")


class Pruner:
    """Prunes a module in cycles, and keeps its pruned weights at zero while it trains.

    Counts weights and breaks ties as :class:`scyc.Trainer` does: each cycle removes exactly
    ``round(rate * remaining)`` weights, of all layers together or of each layer, and of equal
    scores the first in the order of names and positions.

    Args:
        module: Its weights are pruned in place (see :func:`scyc.pruning.weights.weight_names`),
            but for frozen ones.
        criterion: A name in :data:`scyc.pruning.criteria.CRITERIA`: "global_magnitude",
            "layer_magnitude", "global_gradient", "layer_gradient", "global_update",
            "layer_update", "global_update_magnitude", "layer_update_magnitude", "random" or
            "l1_filter".
        prune_last: Whether the last linear layer is pruned, too. It is counted either way.
        seed: Of the "random" criterion, with `replicate` and the cycle.
        replicate: See `seed`.
        input_shape: Shape of one input without the batch, such as (3, 32, 32). With it, the last
            linear layer is the one that is called last, else the one that is registered last.
            "l1_filter" needs it to find what depends on a filter.

    Raises:
        ValueError: The criterion is unknown, or the module has nothing that it could prune, or a
            weight that is computed from other parameters.

    Example:
        >>> import torch
        >>> from scyc import Pruner
        >>> module = torch.nn.Sequential(
        ...     torch.nn.Linear(8, 10), torch.nn.ReLU(), torch.nn.Linear(10, 2)
        ... )
        >>> initial = {name: value.clone() for name, value in module.state_dict().items()}
        >>> optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
        >>> pruner = Pruner(module)
        >>> for cycle in range(3):
        ...     for step in range(5):
        ...         optimizer.zero_grad()
        ...         module(torch.randn(16, 8)).square().mean().backward()
        ...         optimizer.step()
        ...         pruner.apply()  # pruned weights stay zero
        ...     remaining = pruner.prune(rate=0.2)
        ...     pruner.rewind(initial)  # leave this out to keep the trained values
        >>> int(torch.count_nonzero(module[0].weight))  # 80, 64, 51, 41
        41
        >>> print(f"{remaining:.1f} %")  # 20 weights of the last layer are never pruned
        61.0 %
    """

    def __init__(
        self,
        module: nn.Module,
        criterion: str = "global_magnitude",
        prune_last: bool = False,
        *,
        seed: int = 0,
        replicate: int = 0,
        input_shape: Sequence[int] | None = None,
    ) -> None:
        if (rule := criterion_rule(criterion)) is not None:
            raise ValueError(f'criterion = "{criterion}": {rule}')
        self.module, self.criterion, self.prune_last = module, criterion, prune_last
        self.cycle = 0  # completed pruning cycles
        self._seed, self._replicate = seed, replicate
        _check_parameters(module)
        last = None if input_shape is None else pruning_weights.last_linear(module, input_shape)
        self._weights = pruning_weights.weight_names(module)
        self._prunable = pruning_weights.prunable_names(module, prune_last, last)
        if not self._prunable:
            rule = "a convolution, or a linear layer before the last one, is needed"
            raise ValueError(f"{type(module).__name__} has no weights to prune: {rule}")
        self._couplings: tuple[filter_groups.Coupling, ...] = ()
        if CRITERIA[criterion].filters:
            self._couplings = _couplings(module, input_shape)
        self._masks = pruning_weights.unpruned(self._state(), self._prunable)
        self._removed: dict[str, Tensor] = {}

    @property
    def masks(self) -> Mapping[str, Tensor]:
        """Masks by parameter name, bool on the CPU: True where an entry remains."""
        return MappingProxyType(self._masks)

    @property
    def weights_remaining(self) -> float:
        """Percent of the module's weights that remain (lambda)."""
        return pruning_weights.weights_remaining(self._masks, self._state(), self._weights)

    def prune(
        self,
        rate: float,
        batches: Iterable[tuple[Tensor, Tensor]] | None = None,
        loss: Loss = functional.cross_entropy,
        *,
        earlier: Mapping[str, Tensor] | None = None,
    ) -> float:
        """Remove a share of the remaining weights, or filters, and set them to zero.

        The module's gradients are cleared where the criterion computes its own; its mode and the
        values of the weights that remain are left as they are.

        Args:
            rate: Share of what remains that is removed, in (0, 1).
            batches: Pairs of inputs and targets on the module's device, which gradient criteria
                need: their score is |w x dL/dw| of the loss summed over them, in evaluation mode.
            loss: Of the module's outputs and the targets.
            earlier: A copy of the module's state_dict one epoch ago, which the criteria of updates
                need: they score the change since then.

        Returns:
            The percent of weights remaining (see :attr:`weights_remaining`).

        Raises:
            ValueError: The rate is not in (0, 1), batches or earlier values are missing, or a score
                is not a number because the module has diverged. Nothing has been pruned then.
        """
        if not 0 < rate < 1:
            raise ValueError(f"rate = {rate}: must be above 0 and below 1")
        purpose = ("random pruning", self._replicate, self.cycle + 1)
        step = PruningStep(
            self._state(),
            self._masks,
            tuple(self._prunable),
            rate,
            gradients=lambda: self._gradients(batches, loss),
            generator=lambda: seeds.generator(self._seed, *purpose),
            filters=lambda: self._couplings,
            earlier=lambda: self._earlier(earlier),
        )
        masks = CRITERIA[self.criterion].masks(step)
        self._masks, self.cycle = masks, self.cycle + 1
        self._removed = {}
        self.apply()
        return self.weights_remaining

    @torch.no_grad()
    def apply(self, *_: object) -> None:
        """Set the pruned weights to exactly zero; call it after each optimizer step.

        Args:
            _: Those of a hook: ``optimizer.register_step_post_hook(pruner.apply)``.
        """
        if not self._removed:
            self._removed = {n: ~mask for n, mask in self._masks.items() if not mask.all()}
        for name, removed in self._removed.items():
            weight = self.module.get_parameter(name)
            if removed.device != weight.device:
                removed = self._removed[name] = removed.to(weight.device)  # noqa: PLW2901
            weight.masked_fill_(removed, 0.0)

    def attach(self, optimizer: Optimizer) -> RemovableHandle:
        """Call :meth:`apply` after every step of an optimizer.

        Args:
            optimizer: Any of PyTorch's.

        Returns:
            A handle whose ``remove()`` ends that.
        """
        return optimizer.register_step_post_hook(self.apply)

    def rewind(self, state: Mapping[str, Tensor]) -> None:
        """Set the module back to earlier values, and the pruned weights to zero (IMP).

        Args:
            state: A copy of the module's state_dict, such as that of its initial weights, or of
                those after some iterations of the unpruned training.

        Raises:
            ValueError: It holds the module's own tensors, which training has changed.
            RuntimeError: Its names or shapes are not the module's.
        """
        own = {value.data_ptr() for value in self.module.state_dict().values() if value.numel()}
        for name, value in state.items():
            if value.numel() and value.data_ptr() in own:
                rule = (
                    "clone the tensors of a state_dict that you keep; these change during training"
                )
                raise ValueError(f"{name} is the module's own tensor: {rule}")
        self.module.load_state_dict(dict(state))
        self.apply()

    def state_dict(self) -> dict[str, Any]:
        """Return masks and cycle, as tensors and plain values; save it with the module's.

        Returns:
            What :meth:`load_state_dict` takes.
        """
        return {
            "criterion": self.criterion,
            "prune_last": self.prune_last,
            "cycle": self.cycle,
            "masks": {name: mask.clone() for name, mask in self._masks.items()},
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a state_dict, and set the pruned weights to zero.

        Args:
            state: What :meth:`state_dict` returned.

        Raises:
            ValueError: It is the state of another criterion or module. Nothing has been changed
                then.
        """
        if missing := [key for key in _STATE if key not in state]:
            raise ValueError(f"{', '.join(missing)}: not in the state; is it a pruner's?")
        for key in ("criterion", "prune_last"):
            if state[key] != (own := getattr(self, key)):
                rule = f"this pruner has {own!r}; create the pruner with the same arguments"
                raise ValueError(f"{key} = {state[key]!r}: {rule}")
        shapes = {name: value.shape for name, value in self.module.named_parameters()}
        for name, mask in state["masks"].items():
            if shapes.get(name) != mask.shape:
                own = f"{name} {tuple(shapes[name])}" if name in shapes else f"no {name}"
                rule = f"the module has {own}; is it this module's?"
                raise ValueError(f"masks: {name} {tuple(mask.shape)}: {rule}")
        if lacking := [name for name in self._prunable if name not in state["masks"]]:
            raise ValueError(f"masks: {', '.join(lacking)} is missing; is it this module's?")
        self._masks = {name: mask.cpu().bool().clone() for name, mask in state["masks"].items()}
        self.cycle, self._removed = int(state["cycle"]), {}
        self.apply()

    def _state(self) -> dict[str, Tensor]:
        """Return the module's values on the CPU, where ties are broken alike on every device."""
        return {name: value.detach().cpu() for name, value in self.module.state_dict().items()}

    def _earlier(self, state: Mapping[str, Tensor] | None) -> dict[str, Tensor]:
        """Values of before on the CPU, as :meth:`_state`. Raises ValueError for none or others."""
        if state is None:
            rule = "needs the module's values of one epoch ago; give earlier"
            raise ValueError(f"{self.criterion} {rule}")
        now = self._state()
        for name in self._prunable:
            if name not in state or state[name].shape != now[name].shape:
                raise ValueError(f"earlier: has no {name} of {tuple(now[name].shape)}")
        return {name: state[name].detach().cpu() for name in self._prunable}

    def _gradients(
        self, batches: Iterable[tuple[Tensor, Tensor]] | None, loss: Loss
    ) -> dict[str, Tensor]:
        if batches is None:
            raise ValueError(f"{self.criterion} needs batches of inputs and targets; give batches")
        modes = {module: module.training for module in self.module.modules()}
        try:
            return loss_gradients(self.module, batches, self._prunable, loss)
        finally:
            for module, training in modes.items():
                module.training = training


def _check_parameters(module: nn.Module) -> None:
    """Raise ValueError for a layer whose weight is no parameter."""
    if computed := pruning_weights.computed_names(module):
        rule = "computed from other parameters, as by weight_norm or torch's prune; remove that"
        raise ValueError(f"{', '.join(computed)}: {rule}")


def _couplings(
    module: nn.Module, input_shape: Sequence[int] | None
) -> tuple[filter_groups.Coupling, ...]:
    """Return the filters that can be pruned. Raises ValueError where there are none."""
    if input_shape is None:
        raise ValueError('l1_filter needs the shape of one input; give input_shape, "(3, 32, 32)"')
    couplings = filter_groups.couplings(module, input_shape)
    if not couplings:
        raise ValueError(f"no filter of {type(module).__name__} can be pruned whole")
    return couplings
