"""Runs as text: a line each, or all that is known of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from oracle.client.models import RunSummary
from oracle.study.aliases import shown_reductions
from scyc.json_types import JsonObject

_HEADS = ("run", "name", "state", "progress", "scale", "latest", "size", "owner")


def several(runs: Sequence[RunSummary]) -> str:
    """Return runs as lines for a terminal, a heading above them.

    Args:
        runs: In the order in which they are shown.

    Returns:
        Lines with an end, columns aligned.
    """
    if not runs:
        return "no runs yet; start one: oracle run STUDY\n"
    rows = [_HEADS, *map(_row, runs)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADS))]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _row(run: RunSummary) -> tuple[str, ...]:
    return (
        run.id,
        run.name or "",
        run.state,
        f"{run.done}/{run.expected}",
        "scaled" if run.shrunk else "full",
        f"{run.ended:%Y-%m-%d %H:%M}" if run.ended else "",
        bytes_text(run.bytes),
        ", ".join(run.owners),
    )


def one(run: RunSummary, **more: str) -> str:
    """Return what is to be known of one run as lines for a terminal.

    Args:
        run: The run.
        **more: Further lines, by their headings.

    Returns:
        Lines with an end; fields without a value are left out.
    """
    rows = {
        "run": run.id,
        "name": run.name or "",
        "study": f"{run.study}, of kind {run.kind}",
        "scaled": ", ".join(shown_reductions(run.shrunk)),
        "state": run.state,
        "progress": f"{run.done} of {run.expected} training runs",
        "latest": f"{run.ended:%Y-%m-%d %H:%M} UTC" if run.ended else "",
        "size": bytes_text(run.bytes),
        "owner": ", ".join(run.owners),
        **more,
    }
    return "".join(f"{key:<9} {value}\n" for key, value in rows.items() if value)


def as_json(run: RunSummary) -> JsonObject:
    """Return a run as JSON values.

    Args:
        run: The run.

    Returns:
        Its fields; times as ISO 8601.
    """
    fields = asdict(run)
    ended = run.ended.isoformat(timespec="seconds") if run.ended else None
    return fields | {"ended": ended, "owners": list(run.owners)}


def bytes_text(size: int) -> str:
    """Return a size as people read it, such as 3.2 MB.

    Args:
        size: Bytes.

    Returns:
        Powers of 1000, up to TB.
    """
    value, unit = float(size), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    return f"{size} B" if unit == "B" else f"{value:.1f} {unit}"
