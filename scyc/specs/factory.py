"""User code named in a study: module:name."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Annotated

from pydantic import Field

from scyc.specs.base import Spec


class FactorySpec(Spec):
    """A user's own network or data set: ``module:callable`` and its keyword arguments."""

    factory: Annotated[str, Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_][\w.]*$")]
    options: dict[str, str | int | float | bool | None] = Field(default_factory=dict)


def load_factory(path: str) -> Callable[..., object]:
    """The callable behind ``module:name``. Raises ValueError when there is none."""
    module_name, _, attribute = path.partition(":")
    try:
        found: object = importlib.import_module(module_name)
        for part in attribute.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"{path} cannot be imported: {error}") from error
    if not callable(found):
        raise ValueError(f"{path} is not callable")
    return found
