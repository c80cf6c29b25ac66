"""What a test needs that this machine may lack."""

import os
from typing import NoReturn

import pytest


def missing(reason: str) -> NoReturn:
    """Skip the test; fail it in CI, where everything is installed."""
    if "CI" in os.environ:
        pytest.fail(reason)
    pytest.skip(reason)
