"""What the torture tests counted, as a table in Markdown.

python tests/torture/counts.py build/torture.jsonl
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

import click


def table(lines: list[str]) -> str:
    """One row for each kind of fault; what several tests counted of one kind is added up."""
    counts: dict[str, Counter[str]] = {}
    for line in lines:
        content = json.loads(line)
        counts.setdefault(content.pop("name"), Counter()).update(content)
    rows = ["| fault | injected | survived | invariants broken |", "| --- | ---: | ---: | ---: |"]
    for name, of_it in sorted(counts.items()):
        known = [of_it[each] for each in ("injected", "survived", "broken")]
        rows.append(f"| {name} | " + " | ".join(f"{each:,}" for each in known) + " |")
    return "\n".join(rows)


if __name__ == "__main__":
    click.echo(table(Path(sys.argv[1]).read_text().splitlines()))
