"""The order of the test modules: the longest first, or shuffled by ``--shuffle-modules SEED``."""

import random
from pathlib import Path

import pytest

LONG = ("torture", "integration", "security", "oracle")  # folders whose modules take longest
_TESTS = Path(__file__).parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--shuffle-modules``."""
    parser.addoption(
        "--shuffle-modules",
        type=int,
        metavar="SEED",
        help="run the test modules in a random order; equal seeds give equal orders",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let long modules begin first, so that the last of them does not keep one worker alone."""
    seed = config.getoption("--shuffle-modules")
    if seed is None:
        folders = {name: index for index, name in enumerate(LONG)}
        items.sort(key=lambda item: folders.get(_folder(item), len(LONG)))
        return
    modules = sorted({item.path for item in items})
    random.Random(seed).shuffle(modules)
    position = {path: index for index, path in enumerate(modules)}
    items.sort(key=lambda item: position[item.path])


def _folder(item: pytest.Item) -> str:
    return item.path.relative_to(_TESTS).parts[0]
