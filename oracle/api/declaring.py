"""Declare studies in Python, as in YAML; networks and data may also be objects."""

from __future__ import annotations

import inspect
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Unpack

from torch import nn

from oracle.api.datasets import dataset_field
from oracle.api.identity import UnknownIdentity, path_of
from oracle.api.study_fields import StudyFields
from oracle.execution.functions.task import as_trainable
from oracle.settings import ScaleDown
from oracle.study.base import Study
from oracle.study.loading import load_study
from oracle.study.oracle import OracleStudy as OracleStudySpec
from oracle.study.scale_down import scale_down
from oracle.study.validation import parse
from scyc.errors import BadInput, Problem
from scyc.specs.base import Spec, as_json
from scyc.specs.factory import IN_PROCESS, register


def OracleStudy(  # noqa: N802  # it stands for the class
    *, version: str | None = None, **fields: Unpack[StudyFields]
) -> OracleStudySpec:
    """Declare an oracle study: the fields are those of a YAML file.

    Args:
        version: Names the version of a network or data set that is given as a function. Without
            it, the version is a hash of the function's source and of the values that it uses.
        fields: Fields of a study of kind `oracle`. `network` may also be a function of
            ``(shape, classes)`` that returns a ``nn.Module`` with initial weights. `dataset` may
            also be ``(pixels, labels)``, uint8 [images, channels, height, width] and whole
            numbers from 0; a torch ``Dataset`` of image tensors and labels; or a function that
            returns such arrays.

    Returns:
        The study, for :func:`oracle.run` and :func:`oracle.check`.

    Raises:
        BadInput: With every problem found.

    Example:
        >>> import oracle
        >>> study = oracle.OracleStudy(
        ...     name="mine",
        ...     dataset="digits",
        ...     network={"name": "fully_connected", "hidden": [16]},
        ...     training={"steps": 12, "batch": 16, "validation_interval": 6},
        ...     schedule={"warmup": 3, "milestones": [8]},
        ...     grid={"max_lr": [0.05, 0.1, 0.2]},
        ...     cycles=2,
        ...     s_cyc={"epsilon": 0.1, "delta": 0.1, "q": 0, "beta": 3.0},
        ... )
        >>> study.cycles
        2
    """
    study = declared({"kind": "oracle", **fields}, version)
    assert isinstance(study, OracleStudySpec)
    return study


# Editors and notebooks complete the keywords by it.
OracleStudy.__signature__ = inspect.signature(OracleStudy).replace(  # type: ignore[attr-defined]
    parameters=[
        *(
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY)
            for name in StudyFields.__annotations__
        ),
        inspect.Parameter("version", inspect.Parameter.KEYWORD_ONLY, default=None),
    ]
)


def declared(fields: Mapping[str, Any], version: str | None = None) -> Study:
    """Return the study that a mapping declares, with objects in it.

    Args:
        fields: As in YAML; `network`, `dataset` and `trainer` may be Python objects.
        version: Stands for the hash of functions, see :func:`oracle.api.identity.path_of`.

    Returns:
        The study.

    Raises:
        BadInput: Fields are refused, with every problem found.
    """
    content = dict(fields)
    problems: list[Problem] = []
    if "network" in content:
        try:
            content["network"] = _network_field(content["network"], version)
        except UnknownIdentity as error:
            problems.append(Problem("network", str(error)))
    if "dataset" in content:
        try:
            content["dataset"] = dataset_field(content["dataset"], version)
        except BadInput as error:
            problems += error.problems
    if "trainer" in content:
        try:
            content["trainer"] = _trainer_field(content["trainer"], version)
        except UnknownIdentity as error:
            problems.append(Problem("trainer.function", str(error)))
    if problems:
        raise BadInput(str(content.get("name", "study")), problems)
    return parse(_plain(content), str(content.get("name", "study")))


def study_of(given: str | Path | Mapping[str, Any] | Study, smaller: ScaleDown | None) -> Study:
    """Return a study that is given by name, by file or by its fields.

    Args:
        given: Name of a built-in study, path of a YAML file, a study's fields, or a study.
        smaller: What to reduce, if anything.

    Returns:
        The study, scaled down.

    Raises:
        BadInput: There is no such study, or it is refused, with every problem found.
    """
    if isinstance(given, Study):
        study = given
    elif isinstance(given, Mapping):
        study = declared(given)
    elif isinstance(given, str | os.PathLike):
        study = load_study(os.fspath(given))
    else:
        rule = "give a built-in study's name, the path of a .yaml file, a mapping of a study's "
        rule += "fields, or what oracle.OracleStudy returned"
        raise BadInput("study", [Problem("study", f"cannot be a {type(given).__name__}; {rule}")])
    return scale_down(study, smaller) if smaller is not None else study


def _network_field(given: Any, version: str | None) -> Any:
    """Return the `network` of a study; a function becomes a factory. Raises UnknownIdentity."""
    if not callable(given) or isinstance(given, Spec):
        return given
    if isinstance(given, nn.Module):
        rule = "is a network; give a function of (shape, classes) that returns a new one"
        raise UnknownIdentity(f"{rule}: each replicate has its own initial weights")
    path = path_of(given, version)
    if path.startswith(IN_PROCESS):
        register(path, given)
    return {"factory": path}


def _trainer_field(given: Any, version: str | None) -> Any:
    """Return the `trainer` of a study, by its function's name. Raises UnknownIdentity."""
    fields = dict(given) if isinstance(given, Mapping) else {"function": given}
    function = fields.get("function")
    if callable(function):
        path = path_of(function, version)
        if path.startswith(IN_PROCESS):
            register(path, as_trainable(function))
        fields["function"] = path
    return fields


def _plain(value: Any) -> Any:
    """Return specs and tuples as JSON values, so that they are read as those of YAML."""
    if isinstance(value, Spec):
        return as_json(value)
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value
