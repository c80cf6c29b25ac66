"""Parameters for `make test` alone, where `make check` has a cheaper neighbour of the test."""

from typing import Any

import pytest


def costly(*values: Any) -> list[Any]:
    """Mark each value of a parameter as costly; a tuple is the values of several parameters."""
    rows = [value if isinstance(value, tuple) else (value,) for value in values]
    return [pytest.param(*row, marks=pytest.mark.costly) for row in rows]
