"""How far a run has come whose training runs another program does, as plain data."""

from __future__ import annotations

from oracle.search.ask_tell import ExternalRunState
from oracle.stats.region import Region
from oracle.study.parts.external_run import ExternalRun
from oracle.study.parts.grid import reaches_zero
from scyc.json_types import JsonObject


def table(now: ExternalRunState) -> JsonObject:
    """Return a run's state and its complete cycles.

    Args:
        now: How far the run has come.

    Returns:
        ``done``: training runs that were requested and observed; ``known``: in all, as far as can
        be told now; ``cycle``: the one under way, null where the run has ended; ``cycles``: see
        :func:`cycle`.
    """
    return {
        "run": now.run.id,
        "state": now.state,
        "done": now.done,
        "known": now.known,
        "cycle": now.cycle,
        "cycles": [cycle(now.run, each.cycle, each.region) for each in now.cycles],
    }


def cycle(run: ExternalRun, number: int, region: Region | None) -> JsonObject:
    """Return what is known of one cycle: the well-tuned max_lr, the region, S-Cyc's max_lr.

    Args:
        run: As it was declared.
        number: The cycle.
        region: None while the cycle is open, and where every max_lr diverged.

    Returns:
        JSON values; null for what is not known.
    """
    s_cyc = run.curve(number)
    row: JsonObject = {"cycle": number, "s_cyc": s_cyc}
    if region is None:
        return {**row, "well_tuned": None, "region": None, "inside": None}
    return {
        **row,
        "well_tuned": region.well_tuned,
        "region": {
            "low": region.low,
            "high": region.high,
            "members": list(region.members),
            "contiguous": region.contiguous,
            "cut_low": region.touches_low and not reaches_zero(run.grid, region.low),
            "cut_high": region.touches_high,
        },
        "inside": None if s_cyc is None else region.contains(s_cyc),
    }
