"""The greedy max_lr oracle of iterative pruning, compared with S-Cyc.

:func:`run` runs a study, :func:`load_run` and :func:`list_runs` find stored runs, :func:`check`
estimates what a study costs, :class:`Run` has tables, figures and networks, :func:`OracleStudy`
declares a study in Python. ``import oracle`` is quick: what a name needs is imported when it is
first used.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oracle.api.ask_tell import GreedyOracle
    from oracle.api.declaring import OracleStudy
    from oracle.api.run import Run
    from oracle.api.running import check, import_run, list_runs, load_run, run
    from oracle.errors import OracleError, RunError
    from oracle.execution.functions.task import Outcome, Stop, Task, trainable
    from oracle.settings import ScaleDown
    from scyc.errors import BadInput

__all__ = [
    "BadInput",
    "GreedyOracle",
    "OracleError",
    "OracleStudy",
    "Outcome",
    "Run",
    "RunError",
    "ScaleDown",
    "Stop",
    "Task",
    "check",
    "import_run",
    "list_runs",
    "load_run",
    "run",
    "trainable",
]

_HOMES = {
    "BadInput": "scyc.errors",
    "GreedyOracle": "oracle.api.ask_tell",
    "OracleError": "oracle.errors",
    "OracleStudy": "oracle.api.declaring",
    "Outcome": "oracle.execution.functions.task",
    "Stop": "oracle.execution.functions.task",
    "Task": "oracle.execution.functions.task",
    "trainable": "oracle.execution.functions.task",
    "Run": "oracle.api.run",
    "RunError": "oracle.errors",
    "ScaleDown": "oracle.settings",
    "check": "oracle.api.running",
    "import_run": "oracle.api.running",
    "list_runs": "oracle.api.running",
    "load_run": "oracle.api.running",
    "run": "oracle.api.running",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module 'oracle' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
