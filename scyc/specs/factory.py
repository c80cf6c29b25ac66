"""User code named in a study: ``module:name``, or an object that this process was given."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Annotated, ClassVar, Self

from pydantic import Field

from scyc.specs.base import ExtendedSpec, Spec
from scyc.specs.source_code import source_hash

UNCHECKED = "unchecked"  # the version of code whose source is not part of the identity


class FactorySpec(Spec):
    """A user's own network or data set: ``module:callable`` and its keyword arguments."""

    factory: Annotated[str, Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_][\w.]*$")]
    options: dict[str, str | int | float | bool | None] = Field(default_factory=dict)


class VersionedSpec(ExtendedSpec):
    """User code whose results are stored: its source, or a version, is part of their identity."""

    younger: ClassVar[tuple[str, ...]] = ("version", "source")

    # Stands for the source; "unchecked": neither counts, as before there was this field.
    version: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    source: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")] | None = None  # set when a run starts

    def with_source(self, path: str) -> Self:
        """Return the spec as it enters an identity.

        Args:
            path: ``module:name`` of the code.

        Returns:
            The spec with the hash of the source, or with the version where one is given.
        """
        if self.version == UNCHECKED:
            return self.model_copy(update={"version": None, "source": None})
        known = self.version is not None or path.startswith(f"{IN_PROCESS}:")
        return self.model_copy(update={"source": None if known else source_hash(path)})


IN_PROCESS = "in_process"  # stands for the module of an object that was given as it is
_ARRAYS = f"{IN_PROCESS}:arrays.h"
_OBJECTS: dict[str, Callable[..., object]] = {}  # by path


def register(path: str, made: Callable[..., object]) -> None:
    """Let :func:`load_factory` find an object of this process.

    Args:
        path: ``in_process:NAME``; the name says what the object is, such as by a hash of it.
        made: The object.
    """
    assert path.startswith(f"{IN_PROCESS}:"), path
    _OBJECTS[path] = made


def arrays_path(digest: str) -> str:
    """Return the path of a data set that was given as arrays, by a hash of their content.

    Args:
        digest: Hash, in hexadecimal.

    Returns:
        A path for :func:`register` and :func:`is_given_array`.
    """
    return f"{_ARRAYS}{digest}"


def is_given_array(path: str) -> bool:
    """Return whether a path names a data set that was given as arrays: the same at each call.

    Args:
        path: ``module:name``, or one that was registered.

    Returns:
        True for what :func:`arrays_path` makes.
    """
    return path.startswith(_ARRAYS)


def registered(path: str) -> Callable[..., object] | None:
    """Return the object that was registered under a path; None where there is none.

    Args:
        path: ``module:name``, or one that was registered.

    Returns:
        The object, in this process.
    """
    return _OBJECTS.get(path)


def load_factory(path: str) -> Callable[..., object]:
    """Import the callable behind ``module:name``.

    Args:
        path: Module and name, with a colon between.

    Returns:
        The callable.

    Raises:
        ValueError: There is none.
    """
    module_name, _, attribute = path.partition(":")
    if module_name == IN_PROCESS:
        if path not in _OBJECTS:
            raise ValueError(
                f"{path} is an object of the program that declared the study; declare it in this "
                "process, too, with the same object"
            )
        return _OBJECTS[path]
    try:
        value: object = importlib.import_module(module_name)
        for part in attribute.split("."):
            value = getattr(value, part)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"{path} cannot be imported: {error}") from error
    if not callable(value):
        raise ValueError(f"{path} is not callable")
    return value
