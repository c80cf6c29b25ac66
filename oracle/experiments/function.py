"""The greedy oracle and S-Cyc, where a user's function trains.

Searches and statistics see the metric's values as points, of which more are better; what is stored
and what a table says are the values themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from oracle.experiments.base import ExperimentCallbacks
from oracle.experiments.oracle import OracleExperiment
from oracle.search.graph import CellResult, Graph
from oracle.search.request import Results, Search
from oracle.study.function import FunctionStudy
from oracle.study.parts.metric import PERCENT_ACCURACY, MetricScale
from oracle.tables.metric import in_metric
from oracle.tables.oracle import OracleTable


class FunctionExperiment(OracleExperiment):
    """An oracle study's experiment whose training runs have a metric of their own."""

    def __init__(
        self, study: FunctionStudy, graph: Graph, hooks: ExperimentCallbacks | None = None
    ) -> None:
        self._scale = MetricScale(study.metric, study.tolerance, study.tolerance_kind)
        self._declared = study
        in_points = study.model_copy(update={"tolerance": self._scale.tolerance})
        super().__init__(in_points, graph, hooks or ExperimentCallbacks())

    def searches(self) -> list[Search]:
        """Return those of an oracle study, in points."""
        if self._declared.metric == PERCENT_ACCURACY:
            return super().searches()
        return [_in_points(search, self._scale) for search in super().searches()]

    def in_metric(self, points: float) -> float:
        """Return points as the run reports them, in the metric's unit.

        Args:
            points: In points of accuracy.

        Returns:
            A value of the metric, or percent where the metric is an accuracy.
        """
        return points if self._declared.metric == PERCENT_ACCURACY else self._scale.value(points)

    def table(self, run_id: str) -> OracleTable:
        """See :func:`oracle.tables.oracle.table`; values are the metric's.

        Args:
            run_id: Id of the run.

        Returns:
            As :func:`oracle.tables.oracle.table`, with values of the metric.
        """
        return in_metric(super().table(run_id), self._declared, self._scale)


def _in_points(search: Search, scale: MetricScale) -> Search:
    """Yield what a search requests, and send it the results in points."""
    try:
        ask = next(search)
        while True:
            results = yield ask
            ask = search.send(_Points(results, scale))
    except StopIteration:
        return


class _Points(Mapping[str, CellResult]):
    """Results with the metric's values in points."""

    def __init__(self, results: Results, scale: MetricScale) -> None:
        self._results, self._scale = results, scale

    def __getitem__(self, cell: str) -> CellResult:
        result, points = self._results[cell], self._scale.points
        return replace(
            result,
            curve=tuple((step, points(value)) for step, value in result.curve),
            val_accuracy=0.0 if result.diverged else points(result.val_accuracy),
            test_accuracy=0.0 if result.diverged else points(result.test_accuracy),
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self._results)

    def __len__(self) -> int:
        return len(self._results)

    def __contains__(self, cell: Any) -> bool:
        return cell in self._results
