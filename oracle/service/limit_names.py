"""What a server bounds, by the names that ``oracle serve --limit`` takes. Light to import."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from oracle.errors import SettingProblem
from scyc.errors import BadInput, Problem, unknown

_MOST = 10**12


@dataclass(frozen=True)
class ServerLimit:
    """One bound, and how it is where nobody sets it."""

    default: int
    of: str  # what is bounded


LIMITS: Mapping[str, ServerLimit] = MappingProxyType(
    {
        "grid-values": ServerLimit(1_000, "values of one grid"),
        "adaptive-grid-values": ServerLimit(
            200, "values of a grid with search: {name: adaptive}, which takes longer"
        ),
        "cycle-replicates": ServerLimit(
            10_000, "pruning cycles, the unpruned network counted, times replicates"
        ),
        "training-runs": ServerLimit(
            50_000, "training runs of a run: grid values x cycles x replicates, of all its searches"
        ),
        "external-runs": ServerLimit(10_000, "declared runs whose training runs are outside"),
        "queued-jobs": ServerLimit(1_000, "jobs that wait"),
        "body-bytes": ServerLimit(1_000_000, "bytes of a request"),
        "upload-bytes": ServerLimit(2 << 30, "bytes of an exported run that an admin sends"),
        "requests-at-once": ServerLimit(
            100, "requests of one caller at once, in addition to --rate"
        ),
        "heavy-answers": ServerLimit(
            2, "tables, figures, searches and submissions that are computed at a time"
        ),
        "connections": ServerLimit(1_000, "open connections"),
        "connections-per-address": ServerLimit(500, "open connections of one address"),
    }
)


def default(name: str) -> int:
    """Return a bound that nobody has set.

    Args:
        name: Of the limit, a key of `LIMITS`.

    Returns:
        The bound, in the unit of the limit.
    """
    return LIMITS[name].default


def read_limits(given: Mapping[str, str]) -> dict[str, int]:
    """Return the bounds that were given by name, as numbers.

    Args:
        given: Numbers by name.

    Returns:
        Numbers by name; names that were not given are left out.

    Raises:
        BadInput: With every name that is unknown, and every value that is no bound.
    """
    problems: list[Problem] = []
    limits: dict[str, int] = {}
    for name, text in given.items():
        if name not in LIMITS:
            problems.append(SettingProblem("limit", unknown(name, LIMITS), name))
        elif not (text.isascii() and text.isdecimal() and 1 <= int(text[:20]) <= _MOST):
            rule = f"must be a whole number from 1 to {_MOST:,}"
            problems.append(SettingProblem(f"limit.{name}", rule, text))
        else:
            limits[name] = int(text)
    if problems:
        raise BadInput("serve", problems)
    return limits
