"""The names by which a user of the command line knows a setting: its options and arguments."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from types import MappingProxyType

from oracle.errors import ScaleProblem, SettingProblem
from scyc.errors import BadInput, Problem

_NAMES = MappingProxyType(
    {"run": "RUN", "study": "STUDY", "file": "FILE", "name": "NAME", "address": "--host, --port"}
)
_SHRINK = "shrink."  # what a request to a server calls the fields of ScaleDown


def with_option_names(error: BadInput) -> BadInput:
    """Return bad input whose problems name options, such as ``--runs``, instead of fields.

    Args:
        error: Names fields of the settings.

    Returns:
        The same problems, in order.
    """
    return BadInput(error.source, [_with_option(problem) for problem in error.problems])


def from_request(error: BadInput, fields: Collection[str]) -> BadInput:
    """Return what a server refused so that problems with a request's fields are known as such.

    Args:
        error: What the server refused.
        fields: The fields of the request that were options of the command.

    Returns:
        The same problems, in order; those of other fields as they are.
    """
    problems: list[Problem] = []
    for problem in error.problems:
        if problem.path.startswith(_SHRINK):
            field = problem.path.removeprefix(_SHRINK)
            problems.append(ScaleProblem(field, problem.rule, problem.value))
        elif problem.path in fields:
            problems.append(SettingProblem(problem.path, problem.rule, problem.value))
        else:
            problems.append(problem)
    return BadInput(error.source, problems)


def _with_option(problem: Problem) -> Problem:
    """Name the option; ``data.images`` is what --data says of images."""
    if not isinstance(problem, SettingProblem):
        return problem
    option, _, value = problem.path.partition(".")
    name = _NAMES.get(option) or "--" + option.replace("_", "-")
    return replace(problem, path=f"{name} {value}".rstrip())
