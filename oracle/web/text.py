"""How numbers, times and what a run cost are said on a page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from math import isfinite

from oracle.records.jobs import ENDED, Job


def left(seconds: float | None) -> str:
    """Format a duration in its two largest units, such as ``2 h 5 min``; "" of None.

    Args:
        seconds: The duration; None: not known.

    Returns:
        "" where it is not known.
    """
    if seconds is None:
        return ""
    whole = max(0, round(seconds))
    days, hours = whole // 86_400, whole // 3_600 % 24
    minutes, rest = whole // 60 % 60, whole % 60
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (rest, "s")]
    first = next((index for index, (count, _) in enumerate(parts) if count), 3)
    shown = [f"{count} {unit}" for count, unit in parts[first : first + 2] if count]
    return " ".join(shown) or "0 s"


def when(moment: datetime) -> str:
    """Format a moment for people, in UTC; the page's script says it in their own time.

    Args:
        moment: In UTC.

    Returns:
        Such as "03 May 2026, 14:05 UTC".
    """
    return f"{moment:%d %b %Y, %H:%M} UTC"


def share(job: Job) -> int:
    """Return how much of a job is done, in whole percent; 100 only when all is.

    Args:
        job: Of any state.

    Returns:
        0 to 100.
    """
    if job.state == "done":  # also where fewer training runs were needed than was estimated
        return 100
    if not job.known:
        return 0
    return min(100 if job.done >= job.known else 99, 100 * job.done // job.known)


def amount(job: Job) -> str:
    """Return how far a job is, in training runs.

    Args:
        job: Of any state.

    Returns:
        Such as "12 of 40 training runs".
    """
    if job.state == "done":
        return f"{job.done:,} training runs"
    if not job.known:
        return "no training runs" if job.state in ENDED else "not counted yet"
    return f"{job.done:,} of {job.known:,} training runs"


def lines(text: str) -> list[str]:
    """Split a head or a verdict into lines.

    Args:
        text: With line breaks.

    Returns:
        Lines without an end.
    """
    return text.splitlines()


def polyline(curve: Mapping[int, float]) -> str:
    """Place a curve in a box of 100 x 24, as the points of an SVG polyline.

    Args:
        curve: Values by completed iterations; values that are not finite are left out.

    Returns:
        Such as "2.0,22.0 98.0,2.0"; the largest value at the top.
    """
    points = [(step, value) for step, value in sorted(curve.items()) if isfinite(value)]
    if not points:
        return ""
    first, last = points[0][0], points[-1][0]
    low, high = min(value for _, value in points), max(value for _, value in points)
    across, up = 96 / max(last - first, 1), 20 / (high - low or 1.0)
    return " ".join(
        f"{2 + (step - first) * across:.1f},{22 - (value - low) * up:.1f}" for step, value in points
    )
