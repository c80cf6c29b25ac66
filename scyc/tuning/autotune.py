"""A plan from measurements: the fastest engine, and as many members as the memory takes."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from typing import Protocol

import torch

from scyc.tuning.plan import Plan

_FILLED = 0.85  # share of the free memory that a pack may take
_LARGEST = 64  # members; the last of a pack keeps all others' results waiting
_TIMED = 16  # members of a pack that is timed, where the study does not say
_STEPS = 5  # iterations of the shorter timed training; the longer has twice as many
_REPEATS = 3


class Meter(Protocol):
    """Measures short trainings on a device."""

    def seconds(self, engine: str, members: int, steps: int) -> float:
        """Wall time of a pack of so many members and iterations."""

    def used(self, engine: str, members: int) -> int:
        """Bytes of the device's memory that a step of so many members takes at its peak."""

    def free(self) -> int:
        """Bytes of the device's memory that this worker may take."""


def plan(
    engines: Sequence[str], most: int | None, meter: Meter, say: Callable[[str], None]
) -> Plan:
    """Fill in what is open: the fastest of the engines, and as many members as memory allows.

    most: what the study says; None leaves it open. say: is told of engines that failed.
    Raises RuntimeError when none of them works.
    """
    engine = engines[0]
    if len(engines) > 1:
        engine = fastest(engines, most or _TIMED, meter, say)
    if most is None:
        most = 1 if engine == "solo" else largest_pack(engine, meter)
    return Plan(engine, most)


def fastest(engines: Sequence[str], members: int, meter: Meter, say: Callable[[str], None]) -> str:
    """The engine whose iteration takes the least time; of equals the first.

    One that has no memory for so many members is timed with half of them, and judged by the time
    a member takes.
    """
    times: dict[str, float] = {}
    for engine in engines:
        count = members
        while engine not in times:
            try:
                times[engine] = _seconds_a_step(engine, count, meter) / count
            except torch.OutOfMemoryError:
                if count == 1:
                    say(f"engine {engine}: not even one training fits in memory")
                    break
                count //= 2
            except Exception as error:  # another one may do
                say(f"engine {engine} does not work here: {error}")
                break
    if not times:
        raise RuntimeError("no engine trains this network on this device; see the lines above")
    return min(times, key=lambda engine: times[engine])


def largest_pack(engine: str, meter: Meter) -> int:
    """How many members fill 85 % of the free memory: what one step of one, and of two, says."""
    free, one = meter.free(), meter.used(engine, 1)
    try:
        each = meter.used(engine, 2) - one
    except torch.OutOfMemoryError:
        return 1
    if each <= 0:
        return _LARGEST
    return max(1, min(_LARGEST, 1 + int((_FILLED * free - one) // each)))


def _seconds_a_step(engine: str, members: int, meter: Meter) -> float:
    """Median of a few differences, of which each leaves out what comes once a training."""
    meter.seconds(engine, members, _STEPS)  # allocations and first calls
    return statistics.median(
        meter.seconds(engine, members, 2 * _STEPS) - meter.seconds(engine, members, _STEPS)
        for _ in range(_REPEATS)
    )
