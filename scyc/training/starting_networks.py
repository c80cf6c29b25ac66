"""The networks that training starts from: initial weights, and pruned networks after rewinding."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import lru_cache

from torch import Tensor, nn

from scyc import seeds
from scyc.networks import registry
from scyc.pruning import filter_groups, unstructured, weights
from scyc.pruning.criteria import CRITERIA
from scyc.pruning.pruned_network import Network
from scyc.pruning.pruning_step import PruningStep
from scyc.specs.factory import FactorySpec
from scyc.specs.system import SystemSpec
from scyc.training.precision import DTYPES


class StartingNetworks:
    """The networks that a system's training runs start from, drawn from the system's seed.

    Args:
        system: What is trained.
        network: The module that the system builds; read when a criterion prunes filters.
        shape: Channels, height and width of an image.
        classes: Number of classes.
    """

    def __init__(
        self, system: SystemSpec, network: nn.Module, shape: tuple[int, ...], classes: int
    ) -> None:
        self._system = system
        self._shape, self._classes = tuple(shape), classes
        own = isinstance(system.network, FactorySpec)
        last = weights.last_linear(network, shape) if own else None
        self.prunable = weights.prunable_names(network, system.pruning.prune_last, last)
        if system.pruning.prune_norms:
            self.prunable += weights.norm_names(network)
        self._aliases = weights.aliases(network)
        self._couplings = lru_cache(maxsize=1)(lambda: filter_groups.couplings(network, shape))

    def root(self, replicate: int) -> Network:
        """Draw the unpruned network of a replicate; see :meth:`scyc.trainer.Trainer.root`.

        Args:
            replicate: Number of the replicate, from 0.

        Returns:
            The network, with its masks.
        """
        state = self._initial(replicate, self._system.seed)
        masks = weights.unpruned(state, self.prunable)
        density = self._system.pruning.start_density
        if density is None:
            return Network(state, masks)
        generator = seeds.generator(self._system.seed, "start density", replicate)
        scores = unstructured.random_scores({name: state[name] for name in masks}, generator)
        masks = unstructured.prune(masks, scores, 1 - density, "global")
        return self._masked(state, masks)

    def pruned(
        self,
        parent: Network,
        replicate: int,
        cycle: int,
        snapshot: Network | None,
        gradients: Callable[[Network], dict[str, Tensor]],
    ) -> Network:
        """Prune a trained network and rewind it; see :meth:`scyc.trainer.Trainer.pruned`.

        Args:
            parent: Network trained in the pruning cycle before.
            replicate: Number of the replicate, from 0.
            cycle: Pruning cycle that the pruned network is trained in, from 1.
            snapshot: The weights of a training run at :meth:`keep_at`, if the system or its
                criterion needs them.
            gradients: Gradients of the prunable weights of a network, by name; called only by the
                criteria that need them.

        Returns:
            The network, with its masks.
        """
        spec = self._system.pruning
        parent = Network(parent.state, self._own_masks(parent))
        purpose = (self._system.seed, "random pruning", replicate, cycle)
        step = PruningStep(
            parent.state,
            parent.masks,
            self.prunable,
            spec.rate,
            gradients=lambda: gradients(parent),
            generator=lambda: seeds.generator(*purpose),
            filters=self._couplings,
            earlier=lambda: self._earlier(snapshot),
        )
        masks = CRITERIA[spec.criterion].masks(step)
        return self._masked(self._rewound(parent, replicate, cycle, snapshot), masks)

    def keep_at(self, cycle: int, images: int) -> int | None:
        """Return after how many iterations a network's weights are saved besides its last ones.

        Args:
            cycle: Completed pruning cycles of the network.
            images: Number of its training images.

        Returns:
            Completed iterations: the start of the last epoch where the criterion scores the change
            over it, else those that the system rewinds to; None if nothing is kept.
        """
        pruning, training = self._system.pruning, self._system.training
        if CRITERIA[pruning.criterion].update:
            return max(0, training.steps - math.ceil(images / training.batch))
        return pruning.rewind if isinstance(pruning.rewind, int) and cycle == 0 else None

    @staticmethod
    def _earlier(snapshot: Network | None) -> dict[str, Tensor]:
        if snapshot is None:
            raise ValueError("the network one epoch before the end of its training is needed")
        return snapshot.state

    def _initial(self, replicate: int, seed: int) -> dict[str, Tensor]:
        """Weights and buffers drawn at random, in the precision of the training."""
        spec = self._system.network
        state = registry.initial_state(spec, self._shape, self._classes, seed, replicate)
        dtype = DTYPES[self._system.training.precision]
        return {
            name: value.to(dtype) if value.is_floating_point() else value
            for name, value in state.items()
        }

    def _masked(self, state: Mapping[str, Tensor], masks: dict[str, Tensor]) -> Network:
        """Set the weights to 0 where a mask has none."""
        state = {
            name: value.masked_fill(~masks[name], 0.0) if name in masks else value
            for name, value in state.items()
        }
        return Network(state | {name: state[own] for name, own in self._aliases.items()}, masks)

    def _own_masks(self, parent: Network) -> dict[str, Tensor]:
        """Return a parent's masks, of the weights that this system prunes.

        An unpruned network may have been trained for a system with another `prune_last`.
        """
        masks = {
            name: mask
            for name, mask in parent.masks.items()
            if name in self.prunable or not mask.all()
        }
        missing = [name for name in self.prunable if name not in masks]
        return masks | weights.unpruned(parent.state, missing)

    def _rewound(
        self, parent: Network, replicate: int, cycle: int, snapshot: Network | None
    ) -> dict[str, Tensor]:
        rewind = self._system.pruning.rewind
        if rewind == "last":
            return parent.state
        if rewind == "init":
            return self._initial(replicate, self._system.seed)
        if rewind == "reinit":
            return self._initial(replicate, seeds.seed(self._system.seed, "reinit", cycle))
        if snapshot is None:
            raise ValueError(f"the network after {rewind} iterations is needed to rewind to")
        return snapshot.state
