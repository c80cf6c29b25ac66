"""How far a run has come whose training runs another program does, as plain data."""

from __future__ import annotations

from functools import lru_cache

from oracle.search.ask_tell import ExternalRunState
from oracle.search.grid_search import OracleCycle
from oracle.stats.region import MaxLrScores, Region, ToleranceKind
from oracle.stats.region_intervals import RegionPosterior, infer_region
from oracle.study.parts.external_run import ExternalRun
from oracle.study.parts.grid import reaches_zero
from oracle.study.parts.metric import PERCENT_ACCURACY
from oracle.tables.metric import evidence_in_metric
from oracle.tables.parts import evidence
from scyc.json_types import JsonObject

_CACHED = 256  # cycles: the posterior of one takes 20 to 50 ms


def table(now: ExternalRunState, with_evidence: bool = True) -> JsonObject:
    """Return a run's state and its complete cycles.

    Args:
        now: How far the run has come.
        with_evidence: Whether the cycles have their intervals and verdicts.

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
        "cycles": [cycle(now.run, each.cycle, each, with_evidence) for each in now.cycles],
    }


def cycle(
    run: ExternalRun, number: int, done: OracleCycle | None, with_evidence: bool = True
) -> JsonObject:
    """Return what is known of one cycle: the well-tuned max_lr, the region, S-Cyc's max_lr.

    Args:
        run: As it was declared.
        number: The cycle.
        done: Its results; None while the cycle is open.
        with_evidence: Whether its intervals and verdict are computed.

    Returns:
        JSON values; null for what is not known. ``evidence`` is that of an oracle run's table:
        :class:`oracle.tables.parts.evidence.Evidence`.
    """
    s_cyc = run.curve(number)
    row: JsonObject = {"cycle": number, "s_cyc": s_cyc}
    if done is None or done.region is None:
        return {**row, "well_tuned": None, "region": None, "inside": None, "evidence": None}
    region = done.region
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
        "evidence": _evidence(run, done, s_cyc) if with_evidence else None,
    }


def _evidence(run: ExternalRun, done: OracleCycle, s_cyc: float | None) -> object:
    """Return what the replicates say, in the run's metric."""
    scale = run.scale
    posterior = _posterior(
        tuple(done.tried.items()),
        scale.tolerance,
        run.tolerance_kind,
        done.grid,
        done.region if done.end else None,
    )
    part = evidence.part(posterior, s_cyc)
    in_percent = scale.metric == PERCENT_ACCURACY
    return part if part is None or in_percent else evidence_in_metric(part, scale)


@lru_cache(maxsize=_CACHED)
def _posterior(
    tried: tuple[tuple[float, MaxLrScores], ...],
    tolerance: float,
    kind: ToleranceKind,
    grid: tuple[float, ...],
    region: Region | None,
) -> RegionPosterior | None:
    return infer_region(dict(tried), tolerance, kind, grid=grid, region=region)
