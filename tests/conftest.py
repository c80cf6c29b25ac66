"""Options, and the fixtures for processes that collect tests.

With several workers, the process that hands tests out to them collects none: importing PyTorch and
the program there, too, would take seconds of a processor.
"""

import pytest

pytest_plugins = ["module_order", "self_contained"]


def pytest_configure(config: pytest.Config) -> None:
    """Load the fixtures in each worker, or in the only process."""
    if hasattr(config, "workerinput") or not config.getoption("numprocesses", None):
        config.pluginmanager.import_plugin("shared_fixtures")
