"""The benchmarks' JSON files as the tables of docs/performance.md.

python benchmarks/tables.py FILE...
"""

from __future__ import annotations

import json
from pathlib import Path

import click
from interleaved import table


@click.command(help="Markdown tables of benchmark results.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
def main(files: tuple[Path, ...]) -> None:
    """Print a table for each file."""
    for file in files:
        click.echo(table(json.loads(file.read_text())) + "\n")


if __name__ == "__main__":
    main()
