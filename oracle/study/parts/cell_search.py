"""How an oracle study chooses what each cycle trains: a whole grid, or single cells of it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Tag
from pydantic_core import PydanticCustomError

from scyc.errors import unknown
from scyc.specs.base import Spec
from scyc.specs.ranges import PackSize, Regret, WholeShare

NAMES = ("grid", "adaptive")


class CellSearch(Spec):
    """A search of single (max_lr, replicate) by the posterior of the cycle's curve.

    It is written as a mapping, ``search: {name: adaptive}``. The name alone, ``search: adaptive``,
    is the earlier rule, which trains every replicate of some values of the grid: studies that were
    declared so keep their ids and their results.
    """

    name: Literal["adaptive"]
    regret: Regret = 0.1  # expected points below the best at which a cycle may end
    budget: WholeShare | None = None  # share of the whole grid's training
    # runs in a cycle; None: see `oracle.search.selection.next_cells.budget_share`
    batch: PackSize = 16  # training runs that are requested together
    verdict: bool = True  # end, too, where the verdict on S-Cyc's max_lr is certain


def _known(value: object) -> object:
    if isinstance(value, dict):
        name = value.get("name")
        if name != "adaptive":
            rule = 'name must be "adaptive"; the others are written without a mapping'
            raise PydanticCustomError("search", "{rule}", {"rule": rule})
    elif not isinstance(value, CellSearch) and value not in NAMES:
        rule = unknown(str(value), NAMES) + "; or a mapping {name: adaptive, regret, budget}"
        raise PydanticCustomError("search", "{rule}", {"rule": rule})
    return value


def _kind(value: Any) -> str:
    return "<adaptive>" if isinstance(value, dict | CellSearch) else "<word>"


CycleSearchSpec = Annotated[
    Annotated[Literal["grid", "adaptive"], Tag("<word>")]
    | Annotated[CellSearch, Tag("<adaptive>")],
    Discriminator(_kind),
    BeforeValidator(_known),
]


def replicates_rule(replicates: object) -> list[tuple[str, str]]:
    """Check the number of replicates for a search of single cells.

    Args:
        replicates: As declared.

    Returns:
        (path, rule) where one is broken.
    """
    if isinstance(replicates, int) and replicates >= 2:
        return []
    rule = "search: {name: adaptive} chooses how many of the replicates a max_lr gets; "
    return [("replicates", rule + "give a number of at least 2")]
