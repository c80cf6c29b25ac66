"""Does max_lr rise, and in which shape: the trends and the curves of an oracle's table together."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

from oracle.analysis import shapes, trend
from oracle.errors import SettingProblem
from oracle.tables.metric import is_minimised
from oracle.tables.oracle import OracleTable
from scyc.errors import BadInput
from scyc.json_types import JsonObject

_SHOWN = 4  # significant digits


@dataclass(frozen=True)
class Rise:
    """What a table says of the rise of max_lr."""

    name: str
    rate: float  # share of the remaining weights that a cycle prunes
    cycles: tuple[int, ...]  # those with a region and intervals
    undertrained: tuple[int, ...]  # of all cycles
    unknown: tuple[int, ...]  # of which it is not known whether they are
    replicates: int
    trends: tuple[trend.Trend, ...]
    shapes: tuple[shapes.Shape, ...]  # the best by AIC first


def read(file: Path) -> OracleTable:
    """Read an oracle's table from JSON.

    Args:
        file: What ``oracle table --format json`` wrote.

    Returns:
        The table, whose keys beyond `kind` and `cycles` are not checked.

    Raises:
        BadInput: The file cannot be read, or holds no table of an oracle.
    """
    try:
        table: OracleTable = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        rule = f"cannot be read as JSON: {error}"
        raise BadInput("table", [SettingProblem("run", rule, str(file))]) from error
    if not isinstance(table, dict) or table.get("kind") != "oracle" or "cycles" not in table:
        rule = "is no table of an oracle run; write one: oracle table RUN --format json"
        raise BadInput("table", [SettingProblem("run", rule, str(file))])
    return table


def of_table(table: OracleTable, rate: float | None = None) -> Rise:
    """Return the trends and the curves of an oracle's table.

    Args:
        table: As JSON values.
        rate: Share of the remaining weights that a cycle prunes; a complete run's table has it.

    Returns:
        Trends and curves; () of either where fewer than 3 cycles have a region with intervals.

    Raises:
        BadInput: The rate is not known, or the values are no accuracies in percent.
    """
    if is_minimised(table):
        rule = "its metric is minimised, and the trend is of accuracies; read its regions instead"
        raise BadInput("run", [SettingProblem("run", rule, table["run_id"])])
    if rate is None and (fit := table.get("fit")) is not None:
        rate = fit["rate"]
    name = table["run_id"]
    if rate is None:
        rule = (
            "is of a run that is not complete, and does not say how much a cycle prunes; name RUN"
        )
        raise BadInput("table", [SettingProblem("run", rule, name)])
    settings = (table["tolerance"], table["tolerance_kind"])
    known = [trend.draws(cycle, *settings) for cycle in table["cycles"]]
    draws = [each for each in known if each is not None]
    enough = len(draws) >= trend.LEAST_CYCLES
    plateaus = {c["cycle"]: c.get("plateau") for c in table["cycles"]}
    verdicts = {cycle: each and each["verdict"] for cycle, each in plateaus.items()}
    return Rise(
        name=name,
        rate=rate,
        cycles=tuple(each.cycle for each in draws),
        undertrained=tuple(
            cycle for cycle, verdict in verdicts.items() if verdict == "undertrained"
        ),
        unknown=tuple(c for c, verdict in verdicts.items() if verdict in (None, "unknown")),
        replicates=table["replicates"],
        trends=trend.trends(table) if enough else (),
        shapes=shapes.compare(draws, rate) if enough and 0 < rate < 1 else (),
    )


def text(rise: Rise) -> str:
    """Format the finding for a terminal.

    Args:
        rise: Trends and shapes over the cycles of one table.

    Returns:
        Lines with an end; factors a cycle with 90 % intervals.
    """
    first, last = (rise.cycles[0], rise.cycles[-1]) if rise.cycles else (0, 0)
    lines = [f"{rise.name}: cycles {first} to {last}, {rise.replicates} replicates"]
    if not rise.trends:
        return f"{lines[0]}\n  too few: a trend needs 3 cycles with 2 replicates or more\n"
    head = "factor a cycle"
    lines.append(f"  {'':<19}{head:<16}{'90 % by draws':<18}{'90 % by replicates':<20}over all")
    for each in rise.trends:
        total = math.exp(each.slope * (last - first))
        paired = "-" if each.paired is None else _interval(each.paired)
        lines.append(
            f"  {trend.QUANTITIES[each.quantity]:<19}{math.exp(each.slope):<16.3f}"
            f"{_interval(each.drawn):<18}{paired:<20}x {total:.3g}, {trend.printed(each.direction)}"
        )
    lines += [
        f"  The {trend.QUANTITIES[each.quantity]} may lie beyond the grid at cycle "
        f"{', '.join(map(str, each.cut))}; its trend is bounded by the grid."
        for each in rise.trends
        if each.cut
    ]
    if rise.undertrained:
        lines.append(f"  Undertrained at cycle {', '.join(map(str, rise.undertrained))}.")
    if rise.unknown:
        cycles = ", ".join(map(str, rise.unknown))
        lines.append(f"  Whether training had ended is unknown at cycle {cycles}.")
    return "\n".join([*lines, *_shape_lines(rise)]) + "\n"


def _shape_lines(rise: Rise) -> list[str]:
    if not rise.shapes:
        return []
    least = rise.shapes[0].aic
    width = max(len(each.name) for each in rise.shapes) + 2
    lines = [f"  {'curve':<{width}}parameters  log L    AIC less the least  in regions"]
    lines += [
        f"  {each.name:<{width}}{each.parameters:<12}{each.log_likelihood:<9.2f}"
        f"{each.aic - least:<20.2f}{len(each.inside)} of {len(rise.cycles)}  {_values(each)}"
        for each in rise.shapes
    ]
    alike = [each.name for each in rise.shapes[1:] if each.aic - least < shapes.DISTINCT]
    if alike:
        lines.append(
            f"  Not distinguishable from the best, {rise.shapes[0].name} (AIC less than "
            f"{shapes.DISTINCT:g} above): {', '.join(alike)}."
        )
    return lines


def as_json(rise: Rise) -> JsonObject:
    """Convert the finding to JSON values.

    Args:
        rise: The rise; slopes are of the natural logarithm of max_lr, a cycle.

    Returns:
        Keys as :class:`Rise`, with the trends and shapes as mappings.
    """
    return {
        "run_id": rise.name,
        "rate": rise.rate,
        "cycles": list(rise.cycles),
        "undertrained": list(rise.undertrained),
        "unknown": list(rise.unknown),
        "replicates": rise.replicates,
        "trends": [
            {
                "quantity": each.quantity,
                "max_lr": list(each.rates),
                "slope": each.slope,
                "by_draws": list(each.drawn),
                "by_replicates": list(each.paired) if each.paired else None,
                "direction": each.direction,
                "cut": list(each.cut),
            }
            for each in rise.trends
        ],
        "shapes": [
            {
                "name": each.name,
                "parameters": each.parameters,
                "values": dict(each.values),
                "max_lr": list(each.rates),
                "log_likelihood": each.log_likelihood,
                "aic": each.aic,
                "inside": list(each.inside),
            }
            for each in rise.shapes
        ],
    }


def _interval(slopes: tuple[float, float]) -> str:
    return "[" + ", ".join(f"{math.exp(slope):.3f}" for slope in slopes) + "]"


def _values(shape: shapes.Shape) -> str:
    return ", ".join(f"{name} {value:.{_SHOWN}g}" for name, value in shape.values.items())
