"""Write the pages of docs/reference that are made from the code.

python docs/scripts/pages.py [--check: only say which are not up to date]
"""

from __future__ import annotations

import sys
from pathlib import Path

import api_reference
import cli_reference
import http_reference
import study_fields

REFERENCE = Path(__file__).parents[1] / "reference"
MADE = {
    "api.md": api_reference.page,
    "cli.md": cli_reference.page,
    "http.md": http_reference.page,
    "study-fields.md": study_fields.page,
}


def stale() -> list[str]:
    """Return the names of the pages that are not what the code says."""
    files = {name: REFERENCE / name for name in MADE}
    return [
        name
        for name, file in files.items()
        if not file.exists() or file.read_text(encoding="utf-8") != MADE[name]()
    ]


if __name__ == "__main__":
    names = stale()
    if "--check" not in sys.argv:
        for name in names:
            (REFERENCE / name).write_text(MADE[name](), encoding="utf-8")
    print("\n".join(f"docs/reference/{name}" for name in names) or "up to date")  # noqa: T201
    sys.exit(1 if names and "--check" in sys.argv else 0)
