"""A plan from measurements: the fastest engine, and as many members as fit into memory."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from typing import Protocol

import torch

from scyc.tuning.plan import Plan

_FILLED = 0.85  # share of the free memory that a pack may use
_LARGEST = 64  # members; a pack's results are stored when its last member is finished
_TIMED = 16  # members of a pack that is timed, where the study does not say
_STEPS = 5  # iterations of the shorter timed training; the longer has twice as many
_REPEATS = 3


class Meter(Protocol):
    """Measures short training runs on a device."""

    def seconds(self, engine: str, members: int, steps: int) -> float:
        """Return the wall time in seconds of a pack with so many members and iterations.

        Args:
            engine: Name of the engine.
            members: Members of the pack.
            steps: Iterations of the training run.

        Returns:
            Seconds, one validation and one test included.
        """

    def used(self, engine: str, members: int) -> int:
        """Return the peak memory in bytes of a step of so many members.

        Args:
            engine: Name of the engine.
            members: Members of the pack.

        Returns:
            Bytes.
        """

    def free(self) -> int:
        """Return the bytes of the device's memory that this worker may use."""


def plan(
    engines: Sequence[str], most: int | None, meter: Meter, say: Callable[[str], None]
) -> Plan:
    """Choose the fastest of the engines, and as many members as fit into memory.

    Args:
        engines: Names of the engines that may be used; a single one is not timed.
        most: Members of a pack, where the study declares it.
        meter: Measures short training runs.
        say: Gets a line about each engine that failed.

    Returns:
        Engine and members a pack.

    Raises:
        RuntimeError: None of the engines works.
    """
    engine = engines[0]
    if len(engines) > 1:
        engine = fastest(engines, most or _TIMED, meter, say)
    if most is None:
        most = 1 if engine == "solo" else largest_pack(engine, meter)
    return Plan(engine, most)


def fastest(engines: Sequence[str], members: int, meter: Meter, say: Callable[[str], None]) -> str:
    """Return the engine with the shortest time of an iteration and member; of equals the first.

    An engine that has no memory for so many members is timed with half of them.

    Args:
        engines: Names of engines.
        members: Members of the pack.
        meter: Measures time and memory.
        say: Called with a line for each measurement that failed.

    Returns:
        One of `engines`.

    Raises:
        RuntimeError: None of the engines works.
    """
    times: dict[str, float] = {}
    for engine in engines:
        count = members
        while engine not in times:
            try:
                times[engine] = _seconds_a_step(engine, count, meter) / count
            except torch.OutOfMemoryError:
                if count == 1:
                    say(f"engine {engine}: not even one training run fits in memory")
                    break
                count //= 2
            except Exception as error:  # another engine may work
                say(f"engine {engine} does not work here: {error}")
                break
    if not times:
        raise RuntimeError("no engine trains this network on this device; see the lines above")
    return min(times, key=lambda engine: times[engine])


def largest_pack(engine: str, meter: Meter) -> int:
    """Return how many members fill 85 % of the free memory, from steps of one and two members.

    Args:
        engine: Name of the engine.
        meter: Measures time and memory.

    Returns:
        Members, at least 1.
    """
    free, one = meter.free(), meter.used(engine, 1)
    try:
        per_member = meter.used(engine, 2) - one
    except torch.OutOfMemoryError:
        return 1
    if per_member <= 0:
        return _LARGEST
    return max(1, min(_LARGEST, 1 + int((_FILLED * free - one) // per_member)))


def _seconds_a_step(engine: str, members: int, meter: Meter) -> float:
    """Return the median of a few differences, without what a training run does only once."""
    meter.seconds(engine, members, _STEPS)  # allocations and first calls
    return statistics.median(
        meter.seconds(engine, members, 2 * _STEPS) - meter.seconds(engine, members, _STEPS)
        for _ in range(_REPEATS)
    )
