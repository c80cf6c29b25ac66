"""A network rewritten for many members at once, from its traced calls.

See :mod:`scyc.vectorized.layer_rules` for the axes of what is passed between the layers.
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
    last_used: tuple[str, ...] = ()  # what no later step needs


class Lowering:
    """A network's layers in the order of its calls.

    Args:
        network: Is traced, and left as it is.
        shared_images: Whether all members get the same images and draw the same dropout.

    Raises:
        UnsupportedNetwork: A layer or a call has no rule.
    """

    def __init__(self, network: nn.Module, shared_images: bool) -> None:
        self._names: dict[int, str] = {}
        for name, value in (*network.named_parameters(), *network.named_buffers()):
            self._names.setdefault(id(value), name)
        self._start = Layout.SHARED_IMAGES if shared_images else Layout.IMAGES
        self._layouts: dict[str, Layout] = {}
        self._input = self._output = ""
        self._steps: list[_Step] = []
        for node in trace(network).nodes:
            self._lower(network, node)
        last = {name: index for index, step in enumerate(self._steps) for name in step.inputs}
        del last[self._input]
        last.pop(self._output, None)
        for index, step in enumerate(self._steps):
            last_used = tuple(name for name, final in last.items() if final == index)
            self._steps[index] = replace(step, last_used=last_used)

    def __call__(
        self,
        context: ForwardPass,
        images: Tensor,
        replicates: Tensor,
        memory_format: torch.memory_format,
    ) -> Tensor:
        """Compute the logits of all members.

        Args:
            context: The weights and what else the operations share.
            images: [replicates, batch, channels, height, width].
            replicates: Each member's index among the replicates, int64 [members].
            memory_format: Of the images.

        Returns:
            Logits [members, batch, classes].
        """
        if self._start is Layout.SHARED_IMAGES:
            inputs = images[0]
        else:
            inputs = images[replicates].transpose(0, 1).flatten(1, 2)
        values = {self._input: as_format(inputs, memory_format)}
        for step in self._steps:
            values[step.node] = step.operation(context, *(values[name] for name in step.inputs))
            for name in step.last_used:
                del values[name]
        return values[self._output].transpose(1, 2)

    def _lower(self, network: nn.Module, node: fx.Node) -> None:
        if node.op == "placeholder":
            if self._layouts:
                raise UnsupportedNetwork(f"it has a second input, {node.name}")
            self._layouts[node.name] = self._start
            self._input = node.name
        elif node.op == "output":
            source = node.args[0]
            if not isinstance(source, fx.Node) or self._layouts[source.name] is not Layout.FEATURES:
                raise UnsupportedNetwork("its last layer gives no features")
            self._output = source.name
        elif node.op == "get_attr":
            raise UnsupportedNetwork(f"it uses {node.target} outside a layer")
        else:
            self._lower_call(network, node)

    def _lower_call(self, network: nn.Module, node: fx.Node) -> None:
        inputs = [argument for argument in node.args if isinstance(argument, fx.Node)]
        layouts = [self._layouts[source.name] for source in inputs]
        if node.op == "call_module":
            module = network.get_submodule(str(node.target))
            lower = LAYER_RULES.get(type(module))
            if lower is None or len(inputs) != 1 or len(node.args) != 1 or node.kwargs:
                raise UnsupportedNetwork(f"{node.target}: {type(module).__name__} is not known")
            layout, operation = lower(Layer(str(node.target), module, self._names), layouts[0])
            in_place = bool(getattr(module, "inplace", False))
        else:
            call = CALL_RULES.get(node.target)
            if call is None:
                raise UnsupportedNetwork(f"{node.name}: {node.target} is not known")
            layout, operation = call(node, layouts)
            in_place = node.target in IN_PLACE
        if in_place and len(inputs[0].users) > 1:
            raise UnsupportedNetwork(f"{node.name}: works in place on what is used elsewhere")
        self._layouts[node.name] = layout
        if layout not in (Layout.SHAPE, Layout.BATCH_SIZE):
            names = [
                source.name
                for source in inputs
                if self._layouts[source.name] is not Layout.BATCH_SIZE
            ]
            self._steps.append(_Step(node.name, operation, tuple(names)))


def trace(network: nn.Module) -> fx.Graph:
    """Return the network's calls, which must be the same in training and evaluation.

    Args:
        network: The network as PyTorch has it.

    Returns:
        The graph in training mode; the modes of the network are restored.

    Raises:
        UnsupportedNetwork: They are not, or torch.fx cannot trace them.
    """
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
