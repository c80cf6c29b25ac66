"""Names of the engines and their modules, known without importing PyTorch.

An engine is a module with the functions of :class:`scyc.engines.registry.Engine`, and a line here.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

ENGINE_MODULES: Mapping[str, str] = MappingProxyType(
    {
        "solo": "scyc.engines.solo",  # one member after another: the reference, for any network
        "stacked": "scyc.engines.stacked",  # all at once, for fully connected networks
        "vmap": "scyc.engines.vmap",  # torch.func.vmap over stacked weights
        "grouped": "scyc.engines.grouped",  # grouped convolutions, for networks of known layers
        "graphed": "scyc.engines.graphed",  # a CUDA graph for each member, on streams
    }
)


def _engine(name: str) -> str:
    choices = ("auto", *ENGINE_MODULES)
    if name not in choices:
        names = [f"'{choice}'" for choice in choices]
        expected = f"{', '.join(names[:-1])} or {names[-1]}"
        raise PydanticCustomError(
            "literal_error", "must be one of {expected}", {"expected": expected}
        )
    return name


EngineName = Annotated[
    str,
    AfterValidator(_engine),
    WithJsonSchema({"enum": ["auto", *ENGINE_MODULES], "type": "string"}),
]
