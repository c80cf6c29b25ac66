"""Filters that can be pruned whole, and what is pruned with them, found by tracing a network.

A filter is one output channel of a convolution or one neuron of a hidden linear layer. With it go
its bias, its entries in the batch norm that follows, and the columns of the next layers' weights
that read its channel. The pruning itself is in :mod:`scyc.pruning.structured`.
"""

from __future__ import annotations

import copy
import math
import operator
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, fx, nn

CONVOLUTIONS = {nn.Conv1d: 1, nn.Conv2d: 2, nn.Conv3d: 3}  # and over how many dimensions
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
# Modules, functions and methods by one name: small letters, without underscores.
_EACH_VALUE_ALONE = frozenset(
    {"relu", "relu6", "leakyrelu", "elu", "selu", "gelu", "silu", "mish", "tanh", "hardswish"}
    | {"identity", "contiguous", "dropout", "dropout1d", "dropout2d", "dropout3d"}
)  # and 0 becomes 0
_POOLS = frozenset(
    f"{kind}{dimensions}d"
    for kind in ("maxpool", "avgpool", "adaptivemaxpool", "adaptiveavgpool", "zeropad")
    for dimensions in (1, 2, 3)
)
_OVER_SPACE = frozenset({"mean", "sum", "amax", "squeeze"})


@dataclass(frozen=True)
class Coupling:
    """A layer whose filters can be pruned, and what is pruned with them.

    A filter is a row of the layer's weight. Names are those of the state_dict.
    """

    layer: str  # the convolution or linear layer
    entries: tuple[str, ...]  # parameters with one entry a filter: bias, batch norm weight and bias
    buffers: tuple[str, ...]  # likewise, but not trained: a batch norm's statistics
    consumers: tuple[tuple[str, int], ...]  # weights of the next layers, and their columns a filter

    @property
    def weight(self) -> str:
        """Name of the layer's weight, [filters, ...]."""
        return f"{self.layer}.weight"

    @property
    def pruned(self) -> tuple[tuple[str, int, int], ...]:
        """Every parameter that loses something: name, axis, and places on that axis a filter."""
        own = [(name, 0, 1) for name in (self.weight, *self.entries)]
        return (*own, *((name, 1, columns) for name, columns in self.consumers))


def couplings(network: nn.Module, shape: Sequence[int]) -> tuple[Coupling, ...]:
    """Find the layers whose filters can be pruned.

    A layer is prunable where everything between it and the next layers treats each channel alone
    and keeps zero at zero (ReLU and its like, affine batch norm, pooling, dropout, flattening, a
    mean over space). It is not where its output is added to another, concatenated, reshaped to a
    size that is written in the code, or handed out; so of a residual block only the inner
    convolutions are pruned (Li et al. 2017, Section 3.3). Nor are grouped convolutions, layers that
    are called, or known, twice, and frozen layers and those in front of them.

    Args:
        network: Traced, and left as it is.
        shape: Channels, height and width of an image.

    Returns:
        The layers in the network's order, each with what is coupled to its filters; empty where
        none can be pruned.

    Raises:
        ValueError: torch.fx cannot trace the network.
    """
    twin = copy.deepcopy(network).eval()
    try:
        graph = fx.symbolic_trace(twin)
        shapes = _Shapes(graph)
        with torch.no_grad():
            like = next(twin.parameters(), torch.zeros(()))
            shapes.run(torch.zeros(2, *shape, dtype=like.dtype, device=like.device))
    except Exception as error:  # the user's code may raise anything
        why = str(error).strip().partition("\n")[0]
        raise ValueError(
            f"torch.fx cannot trace {type(network).__name__} ({why}), so what hangs on its filters "
            "is not known; take out what depends on the values or the number of the images, or "
            "choose a criterion that prunes single weights"
        ) from error
    walk = _Walk(twin, graph, shapes.by_node)
    coupled = (walk.coupling(node) for node in graph.graph.nodes)
    return tuple(coupling for coupling in coupled if coupling is not None)


class _Shapes(fx.Interpreter):
    """Runs a traced network and keeps the shape of every tensor in it."""

    def __init__(self, graph: fx.GraphModule) -> None:
        super().__init__(graph)
        self.by_node: dict[fx.Node, tuple[int, ...]] = {}

    def run_node(self, n: fx.Node) -> Any:
        value = super().run_node(n)
        if isinstance(value, Tensor):
            self.by_node[n] = tuple(value.shape)
        return value


class _Walk:
    """Follows a layer's filters through a traced network."""

    def __init__(
        self, network: nn.Module, graph: fx.GraphModule, shapes: Mapping[fx.Node, tuple[int, ...]]
    ) -> None:
        self._modules = dict(network.named_modules())
        self._shapes = shapes
        self._names = Counter(id(p) for _, p in network.named_parameters(remove_duplicate=False))
        self._uses: Counter[int] = Counter()
        for node in graph.graph.nodes:
            if node.op == "call_module":
                self._uses.update(id(p) for p in self._modules[node.target].parameters())
            elif node.op == "get_attr":
                self._uses[id(operator.attrgetter(node.target)(network))] += 1

    def coupling(self, producer: fx.Node) -> Coupling | None:
        """Find what is coupled to the filters of the layer that a node calls.

        Args:
            producer: A node of the traced network.

        Returns:
            The layer's coupling; None if its filters must stay.
        """
        layer = self._layer(producer)
        if layer is None:
            return None
        entries = [] if layer.bias is None else [f"{producer.target}.bias"]
        buffers, consumers = list[str](), list[tuple[str, int]]()
        axis = len(self._shapes[producer]) - 1 if isinstance(layer, nn.Linear) else 1
        reached = [(producer, 1)]  # and how many values of one filter stand side by side on `axis`
        for node, values in reached:  # which grows as it is walked through
            for user in node.users:
                if _asks_for_number_of_images(user):
                    continue
                norm = self._norm(user)
                if self._consumes(user, axis):
                    consumers.append((f"{user.target}.weight", values))
                elif norm is not None and axis == 1 and values == 1:
                    entries += [f"{user.target}.weight", f"{user.target}.bias"]
                    if norm.track_running_stats:
                        buffers += [f"{user.target}.running_mean", f"{user.target}.running_var"]
                    reached.append((user, values))
                else:
                    after = self._passed(node, user, axis, values)
                    if after is None:
                        return None
                    reached.append((user, after))
        if not consumers:
            return None
        return Coupling(str(producer.target), tuple(entries), tuple(buffers), tuple(consumers))

    def _passed(self, node: fx.Node, user: fx.Node, axis: int, values: int) -> int | None:
        """Values of one filter side by side after a step; None if the step is not one to pass."""
        name, before, after = self._step(user), self._shapes[node], self._shapes.get(user)
        resized = name in {"view", "reshape"} and _joins_all_but_images(node, user)
        if after is None or not (resized or user.all_input_nodes == [node]):
            return None
        if name in _EACH_VALUE_ALONE:
            return values
        if axis == 1 and name in _POOLS:
            return values if len(before) == int(name[-2]) + 2 else None
        if axis == 1 and name in _OVER_SPACE:
            return values if _reduces_space(user, len(before)) else None
        if axis == 1 and (resized or name == "flatten"):
            flat = (before[0], math.prod(before[1:]))
            return values * math.prod(before[2:]) if after == flat else None
        return None

    def _step(self, node: fx.Node) -> str:
        """PyTorch's name of what is done here, without case and underscores; "" if not its own."""
        done: Any = node.target
        if node.op == "call_module":
            done = type(self._modules[str(node.target)])
        name = str(done) if node.op == "call_method" else getattr(done, "__name__", "")
        home = str(getattr(done, "__module__", "torch"))  # a method is a tensor's
        return name.replace("_", "").lower() if f"{home}.".startswith("torch.") else ""

    def _is_its_own(self, module: nn.Module) -> bool:
        """Whether its parameters are used here alone, have one name each, and are trained."""
        return all(
            p.requires_grad and self._names[id(p)] == 1 and self._uses[id(p)] == 1
            for p in module.parameters()
        )

    def _layer(self, node: fx.Node) -> nn.Conv2d | nn.Linear | None:
        """Return the convolution (of any dimension) or linear layer that is called here."""
        module = self._modules[str(node.target)] if node.op == "call_module" else None
        if module is None or "weight" not in module._parameters or not self._is_its_own(module):
            return None  # weight_norm, for one, computes the weight from other parameters
        if type(module) is nn.Linear:
            return module
        dimensions = CONVOLUTIONS.get(type(module))
        if dimensions is None or len(self._shapes[node]) != dimensions + 2:
            return None
        convolution = cast("nn.Conv2d", module)
        return convolution if convolution.groups == 1 else None

    def _consumes(self, user: fx.Node, axis: int) -> bool:
        """Whether a layer has columns for the places on this axis."""
        layer = self._layer(user)
        if isinstance(layer, nn.Linear):
            return axis == len(self._shapes[user]) - 1
        return layer is not None and axis == 1

    def _norm(self, user: fx.Node) -> nn.BatchNorm2d | None:
        """Return the batch norm called here whose weight and bias silence a channel."""
        module = self._modules[str(user.target)] if user.op == "call_module" else None
        if type(module) not in NORMS or module is None or not self._is_its_own(module):
            return None
        norm = cast("nn.BatchNorm2d", module)
        return norm if norm.affine else None


def _reduces_space(node: fx.Node, dimensions: int) -> bool:
    """Whether a mean, or the like, is over dimensions after the channels' alone."""
    over = node.args[1] if len(node.args) > 1 else node.kwargs.get("dim")
    over = (over,) if isinstance(over, int) else over
    if not isinstance(over, list | tuple) or not over:
        return False
    return all(isinstance(each, int) and each % dimensions >= 2 for each in over)


def _joins_all_but_images(node: fx.Node, user: fx.Node) -> bool:
    """Whether a view is ``x.view(x.size(0), -1)``, which holds for any number of channels."""
    sizes: Any = user.args[1:]
    if len(sizes) == 1 and isinstance(sizes[0], list | tuple):
        sizes = sizes[0]
    if len(sizes) != 2 or user.args[0] is not node:
        return False
    return isinstance(sizes[0], fx.Node) and bool(sizes[1] == -1)


def _asks_for_number_of_images(node: fx.Node) -> bool:
    """Whether this is ``x.size(0)`` or ``x.shape[0]``, which no channel changes."""
    if node.op == "call_method" and node.target == "size" and len(node.args) == 2:
        return bool(node.args[1] == 0)
    whole = (node.op == "call_method" and node.target == "size") or (
        node.op == "call_function" and node.target is getattr and node.args[1] == "shape"
    )
    return whole and all(
        bool(user.target is operator.getitem and user.args[1] == 0) for user in node.users
    )
