"""A network rewritten for many members at once, from the calls that it makes.

The members' channels lie side by side in the channel axis, so a convolution of all is one grouped
convolution, and batch norm, pools and ReLUs are what they were. Behind the convolutions values lie
[members, values, batch], so a linear layer of all is one batched product.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor, fx, nn

from scyc.training.memory_format import as_format
from scyc.vectorized.call_rules import CALL_RULES, IN_PLACE
from scyc.vectorized.layer_rules import (
    LAYER_RULES,
    ForwardPass,
    Layer,
    Layout,
    Operation,
    UnsupportedNetwork,
)


@dataclass(frozen=True)
class _Step:
    node: str
    operation: Operation
    inputs: tuple[str, ...]
    done_with: tuple[str, ...] = ()  # what no later step needs


class Lowering:
    """A network's layers in the order of its calls.

    alike: whether all members get the same images and draw the same dropout. Raises Unfit.
    """

    def __init__(self, network: nn.Module, alike: bool) -> None:
        self._names: dict[int, str] = {}
        for name, value in (*network.named_parameters(), *network.named_buffers()):
            self._names.setdefault(id(value), name)
        self._start = Layout.ALIKE if alike else Layout.IMAGES
        self._kinds: dict[str, Layout] = {}
        self._input = self._output = ""
        self._steps: list[_Step] = []
        for node in trace(network).nodes:
            self._lower(network, node)
        last = {name: index for index, step in enumerate(self._steps) for name in step.inputs}
        del last[self._input]
        last.pop(self._output, None)
        for index, step in enumerate(self._steps):
            done_with = tuple(name for name, final in last.items() if final == index)
            self._steps[index] = replace(step, done_with=done_with)

    def __call__(
        self, run: ForwardPass, images: Tensor, places: Tensor, form: torch.memory_format
    ) -> Tensor:
        """Logits [members, batch, classes].

        images: [replicates, batch, channels, height, width]. places: each member's replicate,
        int64 [members]. form: how images are to lie in memory.
        """
        if self._start is Layout.ALIKE:
            given = images[0]
        else:
            given = images[places].transpose(0, 1).flatten(1, 2)
        found = {self._input: as_format(given, form)}
        for step in self._steps:
            found[step.node] = step.operation(run, *(found[name] for name in step.inputs))
            for name in step.done_with:
                del found[name]
        return found[self._output].transpose(1, 2)

    def _lower(self, network: nn.Module, node: fx.Node) -> None:
        if node.op == "placeholder":
            if self._kinds:
                raise UnsupportedNetwork(f"it has an input {node.name} beside the images")
            self._kinds[node.name] = self._start
            self._input = node.name
        elif node.op == "output":
            source = node.args[0]
            if not isinstance(source, fx.Node) or self._kinds[source.name] is not Layout.VALUES:
                raise UnsupportedNetwork("it does not end in values that have been flattened")
            self._output = source.name
        elif node.op == "get_attr":
            raise UnsupportedNetwork(f"it uses {node.target} outside a layer")
        else:
            self._lower_call(network, node)

    def _lower_call(self, network: nn.Module, node: fx.Node) -> None:
        inputs = [each for each in node.args if isinstance(each, fx.Node)]
        kinds = [self._kinds[each.name] for each in inputs]
        if node.op == "call_module":
            module = network.get_submodule(str(node.target))
            lower = LAYER_RULES.get(type(module))
            if lower is None or len(inputs) != 1 or len(node.args) != 1 or node.kwargs:
                raise UnsupportedNetwork(f"{node.target}: {type(module).__name__} is not known")
            kind, operation = lower(Layer(str(node.target), module, self._names), kinds[0])
            in_place = bool(getattr(module, "inplace", False))
        else:
            call = CALL_RULES.get(node.target)
            if call is None:
                raise UnsupportedNetwork(f"{node.name}: {node.target} is not known")
            kind, operation = call(node, kinds)
            in_place = node.target in IN_PLACE
        if in_place and len(inputs[0].users) > 1:
            raise UnsupportedNetwork(f"{node.name}: works in place on what is used elsewhere")
        self._kinds[node.name] = kind
        if kind not in (Layout.SHAPE, Layout.BATCH):
            names = [each.name for each in inputs if self._kinds[each.name] is not Layout.BATCH]
            self._steps.append(_Step(node.name, operation, tuple(names)))


def trace(network: nn.Module) -> fx.Graph:
    """The network's calls, the same in training and evaluation. Raises Unfit."""
    modes = {module: module.training for module in network.modules()}
    graphs = []
    try:
        for training in (False, True):
            network.train(training)
            graphs.append(fx.Tracer().trace(network))
    except Exception as error:  # the user's code may raise anything
        raise UnsupportedNetwork(
            f"its calls cannot be followed: {type(error).__name__}: {error}"
        ) from error
    finally:
        for module, mode in modes.items():
            module.training = mode
    if str(graphs[0]) != str(graphs[1]):
        raise UnsupportedNetwork("it calls other layers in training than in evaluation")
    return graphs[1]
