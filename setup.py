"""The text of the package's page: README.md without what only a checkout or a clone can show.

All else is declared in pyproject.toml. When the project has a public address, its files there take
the place of these relative ones.
"""

from __future__ import annotations

import re
from pathlib import Path

from setuptools import setup

_IMAGE = re.compile(r"!\[[^\]]*\]\((?!https?:)[^)]*\)\n*")
_LINK = re.compile(r"\[([^\]]*)\]\((?!https?:)[^)]*\)")


def long_description(readme: str) -> str:
    """Return the README without its pictures and its links to files of the repository."""
    return _LINK.sub(r"\1", _IMAGE.sub("", readme))


if __name__ == "__main__":
    setup(
        long_description=long_description(Path(__file__).with_name("README.md").read_text("utf-8")),
        long_description_content_type="text/markdown",
    )
