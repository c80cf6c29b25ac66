"""Files that hold a network and load without this package."""

from __future__ import annotations

import importlib.util
import io
import json
from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
import torch
from torch import Tensor, nn

from scyc.errors import BadInput, Problem
from scyc.json_types import JsonMapping
from scyc.pruning.pruned_network import Network

Content = Callable[[nn.Module, Network, JsonMapping], bytes]


def as_torch(module: nn.Module, network: Network, metadata: JsonMapping) -> bytes:
    """Format a network as a file of PyTorch's.

    Args:
        module: Is not used: the weights suffice.
        network: Its weights and masks.
        metadata: JSON values that are stored with the weights.

    Returns:
        What ``torch.load(file, weights_only=True)`` reads: ``state_dict``, ``masks``, ``metadata``.
    """
    buffer = io.BytesIO()
    content = {"state_dict": network.state, "masks": network.masks, "metadata": dict(metadata)}
    torch.save(content, buffer)
    return buffer.getvalue()


def as_npz(module: nn.Module, network: Network, metadata: JsonMapping) -> bytes:
    """Format a network as a file of NumPy's.

    Args:
        module: Is not used: the weights suffice.
        network: Its weights and masks.
        metadata: JSON values that are stored with the weights.

    Returns:
        What ``numpy.load(file)`` reads: weights and buffers by name, masks below ``masks/``, and
        ``metadata``, JSON text.
    """
    buffer = io.BytesIO()
    arrays = {name: value.numpy() for name, value in network.state.items()}
    arrays |= {f"masks/{name}": mask.numpy() for name, mask in network.masks.items()}
    np.savez_compressed(buffer, metadata=np.array(json.dumps(metadata)), **arrays)  # type: ignore[arg-type]  # its stubs take the names for `allow_pickle`
    return buffer.getvalue()


def as_safetensors(module: nn.Module, network: Network, metadata: JsonMapping) -> bytes:
    """Format a network as a safetensors file.

    Args:
        module: Is not used: the weights suffice.
        network: Its weights and masks.
        metadata: JSON values that are stored with the weights.

    Returns:
        The file; masks stand below ``masks.``, metadata as JSON text.

    Raises:
        BadInput: The package safetensors is not installed.
    """
    _installed("safetensors")
    from safetensors.torch import save  # noqa: PLC0415  # an extra

    tensors: dict[str, Tensor] = {
        name: value.contiguous().clone() for name, value in network.state.items()
    }
    tensors |= {f"masks.{name}": mask.contiguous() for name, mask in network.masks.items()}
    content: bytes = save(tensors, metadata={"metadata": json.dumps(metadata)})
    return content


def as_onnx(module: nn.Module, network: Network, metadata: JsonMapping) -> bytes:
    """Format a network as an ONNX model.

    Args:
        module: The network as PyTorch has it, in evaluation mode.
        network: Is not used: the module has the weights, zero where they are pruned.
        metadata: JSON values, which become a property of the model; `input` has the shape of an
            image.

    Returns:
        A model of normalised images [images, channels, height, width] to logits.

    Raises:
        BadInput: The packages onnx and onnxscript are not installed.
    """
    for library in ("onnx", "onnxscript"):
        _installed(library, "onnx")
    example = torch.zeros(2, *metadata["input"]["shape"], dtype=next(module.parameters()).dtype)
    batch = torch.export.Dim("images", min=1)
    program = torch.onnx.export(
        module, (example,), dynamo=True, optimize=False, verbose=False,
        input_names=["images"], output_names=["logits"], dynamic_shapes=({0: batch},),
    )  # fmt: skip
    assert program is not None
    model = program.model_proto
    entry = model.metadata_props.add()
    entry.key, entry.value = "oracle", json.dumps(metadata)
    content: bytes = model.SerializeToString()
    return content


FORMATS: Mapping[str, Content] = MappingProxyType(
    {"torch": as_torch, "npz": as_npz, "safetensors": as_safetensors, "onnx": as_onnx}
)


def _installed(library: str, extra: str | None = None) -> None:
    """Raise BadInput where an extra is not installed."""
    if importlib.util.find_spec(library) is None:
        named = extra or library
        rule = f'needs {library}; pip install "scyc-oracle[{named}]", or use torch or npz'
        raise BadInput("export", [Problem("format", rule, library)])
