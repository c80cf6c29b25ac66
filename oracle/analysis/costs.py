"""What each method of choosing max_lr costs: in training runs, steps and seconds.

A run's table says what it trained. What was not trained is simulated on the results of a run that
tried the whole grid (`replayed` in the JSON), or estimated from measured numbers (`reckoned`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Literal

from oracle.analysis.budgets import relative
from oracle.errors import SettingProblem
from oracle.search.graph import Graph
from oracle.study.base import Study
from oracle.tables.base import TrainingCost
from oracle.tables.registry import Table
from scyc.errors import BadInput, Problem
from scyc.json_types import JsonObject
from scyc.specs.base import as_json as spec_json

How = Literal["measured", "replayed", "reckoned"]
SOURCES: Mapping[How, str] = MappingProxyType(
    {"measured": "measured", "replayed": "simulated", "reckoned": "estimated"}
)  # in print

_WIDTH = 26  # of what is named in print, at least


@dataclass(frozen=True)
class Cost:
    """What one method costs. Seconds are those of a worker's device."""

    run_id: str
    what: str
    how: How
    trainings: int
    steps: int
    seconds: float

    def times(self, other: Cost) -> tuple[float | None, float | None, float | None]:
        """Return how many times as much another costs: by training runs, steps and seconds.

        Args:
            other: What it is compared with.

        Returns:
            Three ratios, the other's cost divided by this one's; None where this one's is 0 or not
            known.
        """
        pairs = (
            (other.trainings, self.trainings),
            (other.steps, self.steps),
            (other.seconds, self.seconds),
        )
        return tuple(top / bottom if bottom else None for top, bottom in pairs)  # type: ignore[return-value] # of three


@dataclass(frozen=True)
class Costs:
    """The methods compared; `base` is the whole grid, where there is one."""

    ways: tuple[Cost, ...]
    base: Cost | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Measured:
    """A run whose cost is compared: its table, and what its training runs are of."""

    table: Table
    graph: str  # id of what all its cells share: see :attr:`oracle.search.graph.Graph.id`
    shared: Mapping[str, object]  # the other fields that costs must share to be comparable


WHOLE, ADAPTIVE, ONE = "oracle, whole grid", "adaptive oracle", "S-Cyc, one run"
FITTED, SEARCH = "adaptive oracle + fit + one run", "S-Cyc's search"


def comparable(study: Study, graph: Graph, table: Table) -> Measured:
    """Return a study's table as its cost is compared with those of others.

    Args:
        study: What was declared.
        graph: Names the training runs of the system.
        table: Of a run.

    Returns:
        The table, with what must be the same in runs that are compared.
    """
    shared = {
        "pruning": spec_json(study.pruning),
        "cycles": study.cycles,
        "replicates": study.least_replicates,
    }
    return Measured(table, graph.id, shared)


def side_by_side(runs: Sequence[Measured]) -> Costs:
    """Compare the costs of runs of the same system.

    Args:
        runs: What each of them took.

    Returns:
        Every cost that the tables have, what they are relative to, and notes.

    Raises:
        BadInput: The systems differ.
    """
    problems = _problems(runs)
    if problems:
        raise BadInput("cost", problems)
    ways = [cost for run in runs for cost in cost_entries(run.table)]
    return Costs(tuple(ways), base(ways), tuple(_notes(runs)))


def cost_entries(table: Table) -> list[Cost]:
    """List the methods whose cost a run's table has.

    Args:
        table: Of a run of any kind.

    Returns:
        One entry a method; none of kinds without a cost.
    """
    run_id = table["run_id"]
    if table["kind"] == "search":
        spent = table["cost"]["search"]
        return [_cost(run_id, f"{SEARCH} ({table['search']})", "measured", spent)]
    if table["kind"] != "oracle":
        return []
    costs = table["cost"]
    spent = costs["oracle"]
    if table["search"] == "adaptive":
        trainings = costs["oracle"]["full_grid_trainings"]
        share = trainings / max(1, spent["trainings"])
        whole: TrainingCost = {
            "trainings": trainings,
            "steps": round(spent["steps"] * share),
            "seconds": spent["seconds"] * share,
        }
        entries = [_cost(run_id, WHOLE, "reckoned", whole)]
        adaptive = _cost(run_id, ADAPTIVE, "measured", spent)
    else:
        entries = [_cost(run_id, WHOLE, "measured", spent)]
        adaptive = _cost(run_id, ADAPTIVE, "replayed", costs.get("adaptive") or spent)
    if not costs["s_cyc"]["trainings"]:  # the study has no S-Cyc, or it has not begun
        return [*entries, adaptive]
    one = _cost(run_id, ONE, "measured", costs["s_cyc"])
    both = Cost(
        run_id,
        FITTED,
        "reckoned",
        adaptive.trainings + one.trainings,
        adaptive.steps + one.steps,
        adaptive.seconds + one.seconds,
    )
    return [*entries, adaptive, both, one]


def base(ways: Sequence[Cost]) -> Cost | None:
    """Choose what the others are compared with: the whole grid, a measured one if there is one.

    Args:
        ways: The methods' costs.

    Returns:
        The base; None where no whole grid is among them.
    """
    whole = [way for way in ways if way.what == WHOLE]
    return next((way for way in whole if way.how == "measured"), whole[0] if whole else None)


def ratio_line(table: Table) -> str | None:
    """Format the cost of a run's methods relative to the oracle's whole grid.

    Args:
        table: Of an oracle run.

    Returns:
        One line; None where there is nothing to compare.
    """
    ways = cost_entries(table)
    whole = base(ways)
    if whole is None:
        return None
    parts = [
        f"{way.what} {relative(times[0])}"
        + (f" ({SOURCES[way.how]})" if way.what == ADAPTIVE else "")
        for way in ways
        if way is not whole and (times := way.times(whole))[0] is not None
    ]
    base_cost = f"Training runs relative to the oracle's whole grid ({SOURCES[whole.how]}): "
    return base_cost + "; ".join(parts) + "." if parts else None


def text(compared: Costs) -> str:
    """Return costs for a terminal, and each one relative to the oracle's.

    Args:
        compared: The compared costs.

    Returns:
        Lines with an end: one a method, then the notes.
    """
    width = max([_WIDTH, *(len(way.what) for way in compared.ways)])
    ids = max([3, *(len(way.run_id) for way in compared.ways)])
    lines = [
        f"{'method':<{width}} {'source':<9} {'run':<{ids}} {'training runs':>13} {'steps':>13} "
        f"{'seconds':>10}   cost relative to the oracle"
    ]
    for way in compared.ways:
        line = (
            f"{way.what:<{width}} {SOURCES[way.how]:<9} {way.run_id:<{ids}} {way.trainings:>13,} "
            f"{way.steps:>13,} {way.seconds:>10,.1f}"
        )
        if compared.base is not None and way is not compared.base:
            shown = [relative(times) for times in way.times(compared.base)]
            line += f"   {shown[0]} training runs, {shown[1]} steps, {shown[2]} seconds"
        lines.append(line)
    return "\n".join([*lines, "", *compared.notes]) + "\n"


def as_json(compared: Costs) -> JsonObject:
    """Return costs as JSON values.

    Args:
        compared: The compared costs.

    Returns:
        `ways`, each with its cost and `less_than_the_oracle`, and `notes`.
    """
    ways = []
    for way in compared.ways:
        times = way.times(compared.base) if compared.base is not None else (None, None, None)
        ratios = dict(zip(("trainings", "steps", "seconds"), times, strict=True))
        ways.append({**asdict(way), "less_than_the_oracle": ratios})
    return {"ways": ways, "notes": list(compared.notes)}


def _cost(run_id: str, what: str, how: How, cost: TrainingCost) -> Cost:
    return Cost(run_id, what, how, cost["trainings"], cost["steps"], round(cost["seconds"], 1))


def _problems(runs: Sequence[Measured]) -> list[Problem]:
    """Find what keeps runs from being compared with the first."""
    problems: list[Problem] = []
    for run in runs:
        run_id = run.table["run_id"]
        if run.table["kind"] not in ("oracle", "search"):
            rule = f"is of kind {run.table['kind']}; costs are compared of oracle and search runs"
            problems.append(SettingProblem("run", rule, run_id))
        first = runs[0]
        if run.graph != first.graph:
            rule = (
                f"has another network, training, seed or data set than {first.table['run_id']}; "
                "compare runs of one system"
            )
            problems.append(SettingProblem("run", rule, run_id))
            continue
        apart = [field for field, value in run.shared.items() if value != first.shared.get(field)]
        if apart:
            rule = (
                f"differs from {first.table['run_id']} in {', '.join(apart)}; "
                "compare runs in which these are the same"
            )
            problems.append(SettingProblem("run", rule, run_id))
    return problems


def _notes(runs: Sequence[Measured]) -> list[str]:
    kinds = {run.table["kind"] for run in runs}
    notes = ["A training run that methods share counts for each of them."]
    if "oracle" in kinds:
        notes += [
            "simulated: what the adaptive oracle would have trained, given the grid's results.",
            "fit: S-Cyc's parameters are fitted to the adaptive oracle's regions without training; "
            "one run uses them.",
        ]
    notes += [
        f"{run.table['run_id']} is not complete; its cost is that so far."
        for run in runs
        if not run.table["complete"]
    ]
    return notes
