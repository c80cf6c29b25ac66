"""``oracle replay``: a search of single cells on a recorded grid, without training."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

RULES = (
    "adaptive",
    "information",
    "knowledge gradient",
    "straddle",
    "racing",
    "coarser grid",
)  # of oracle.search.selection.cell_rules


@click.command(short_help="Simulate a search on recorded grids.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--search",
    type=click.Choice(RULES),
    default=RULES[0],
    show_default=True,
    help="Search rule.",
)
@click.option(
    "--budget",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.2,
    show_default=True,
    help="Fraction of the whole grid's training runs.",
)
@click.option(
    "--tolerance",
    type=click.FloatRange(0, min_open=True),
    default=0.5,
    show_default=True,
    help="Tolerance of the region, in points.",
)
@click.option(
    "--splits",
    type=click.IntRange(1),
    default=8,
    show_default=True,
    help="Ways to split the replicates into those that the search sees and those that evaluate "
    "it; at most as many as there are.",
)
@click.option("--format", "shape", type=click.Choice(["text", "json"]), default="text")
def replay(
    file: Path, search: str, budget: float, tolerance: float, splits: int, shape: str
) -> None:
    """Simulate a search on the recorded grids of FILE, and evaluate it on held-out replicates.

    FILE is a table that `oracle table --format json` wrote, or a CSV file with a row for each
    training run.
    """
    from oracle.analysis.cell_replay import (  # noqa: PLC0415  # numpy waits for its command
        read_recorded,
        replay_cells,
        replay_text,
    )

    replays = replay_cells(read_recorded(file), search, budget, tolerance, splits=splits)
    if shape == "json":
        click.echo(json.dumps([asdict(each) for each in replays], indent=2))
    else:
        click.echo(replay_text(replays, search), nl=False)
