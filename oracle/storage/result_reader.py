"""Results read from an Optuna storage, without Optuna: it takes a second to import."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator

from oracle.database import COPY, URL
from oracle.database.contents.running_trials import RunningTrial, RunningTrials
from oracle.database.optuna_rows import StoredTrial, Trials
from oracle.errors import StorageError
from oracle.search.graph import CellResult, Graph


class ResultReader:
    """The results in the Optuna storage of one database, whose tables are there."""

    def __init__(self, url: URL) -> None:
        self._trials = Trials(url)
        self._running = RunningTrials(url)

    def close(self) -> None:
        """Close all connections."""
        self._trials.close()
        self._running.close()

    def results(self, graph: Graph) -> dict[str, CellResult]:
        """Return all finished cells of a graph.

        Args:
            graph: Names the training runs of the system.

        Returns:
            Results by cell id.

        Raises:
            StorageError: The database fails, or a row makes no sense.
        """
        with decoding_errors():
            results = [
                cell_result(trial)
                for trial in self._trials.complete("graph", graph.id)
                if "cell" in trial.attributes
            ]
        return {result.cell: result for result in results}

    def cells(self, graph: Graph) -> set[str]:
        """Return the ids of all finished cells of a graph.

        Args:
            graph: Names the training runs of the system.

        Returns:
            Ids of cells.

        Raises:
            StorageError: The database fails.
        """
        return self._trials.attributes("graph", graph.id, "cell")

    def running_cells(self, graph: Graph) -> frozenset[str]:
        """Return the ids of the cells that are being trained; see :meth:`running`.

        Args:
            graph: Names the training runs of the system.

        Returns:
            Ids of cells.

        Raises:
            StorageError: The database fails, or a row makes no sense.
        """
        with decoding_errors():
            return self._running.cells(graph.id)

    def running(self, graph: Graph) -> list[RunningTrial]:
        """Return the training runs that are under way, with their curves so far.

        The driver that has shown them may have been killed since.

        Args:
            graph: Names the training runs of the system.

        Returns:
            In the order in which they began.

        Raises:
            StorageError: The database fails, or a row makes no sense.
        """
        with decoding_errors():
            return self._running.of_graph(graph.id)


@contextlib.contextmanager
def decoding_errors() -> Iterator[None]:
    """Raise StorageError where a row cannot be decoded, as nobody has stored it so.

    Yields:
        Nothing.

    Raises:
        StorageError: A row makes no sense.
    """
    try:
        yield
    except (ValueError, TypeError, LookupError, AttributeError, AssertionError) as error:
        reason = f"{type(error).__name__}: {error}".partition("\n")[0]
        raise StorageError(f"a result makes no sense ({reason}); {COPY}") from error


def cell_result(trial: StoredTrial) -> CellResult:
    """Return the result that a stored trial holds.

    Args:
        trial: As it was read.

    Returns:
        The result; accuracies in percent, or points of a metric.

    Raises:
        ValueError: The trial has no value.
        KeyError: An attribute is missing.
    """
    attributes = trial.attributes
    if trial.value is None:
        raise ValueError("a complete trial without its value")
    return CellResult(
        cell=attributes["cell"],
        curve=tuple(sorted(trial.curve.items())),
        val_accuracy=0.0 if math.isinf(trial.value) else trial.value,
        test_accuracy=attributes["test_accuracy"],
        diverged=attributes["diverged"],
        weights_remaining=attributes["weights_remaining"],
        steps=attributes["cost"]["steps"],
        seconds=attributes["cost"]["seconds"],
        checkpoint=attributes["checkpoint"],
        device=attributes["cost"]["device"],
        kept=attributes.get("kept"),
        recorded=attributes.get("recorded"),
        engine=attributes["cost"].get("engine"),
        members=attributes["cost"].get("members"),
        split=attributes.get("split"),
    )
