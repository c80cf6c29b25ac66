"""The built-in studies, which lie next to the package."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parents[2] / "studies"  # a user's own `studies` may be imported first


def bundled_studies() -> dict[str, str]:
    """Return the YAML of every built-in study, by name."""
    files = sorted(_FOLDER.glob("*.yaml"), key=lambda file: file.name)
    return {file.stem: file.read_text(encoding="utf-8") for file in files}
