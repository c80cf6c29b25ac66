"""Execute each migration script once a process.

For every new storage Optuna lets Alembic execute all of its scripts four times, and each declares
the tables of its time anew: three quarters of what a new database costs.
"""

from functools import cache
from typing import Any

from alembic import util

_load: Any = util.load_python_file
_loaded = cache(_load)


def _load_once(folder: str, file: str) -> Any:
    return _load(folder, file) if file == "env.py" else _loaded(folder, file)  # env.py migrates


util.load_python_file = _load_once
