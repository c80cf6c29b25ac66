"""How long something takes, in words."""

from __future__ import annotations


def format_duration(seconds: float) -> str:
    """Return seconds in the largest unit that leaves two figures.

    Args:
        seconds: The duration.

    Returns:
        Such as "45 s", "12 min", "3.5 h", "4.0 days", "5.1 months" or "2.3 years".
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    if seconds < 48 * 3600:
        return f"{seconds / 3600:.1f} h"
    days = seconds / 86400
    if days < 90:
        return f"{days:.1f} days"
    return f"{days / 30.44:.1f} months" if days < 2 * 365 else f"{days / 365.25:.1f} years"
