"""What each kind of study trains."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from types import MappingProxyType

from oracle.experiments.base import Experiment, ExperimentCallbacks
from oracle.experiments.distributions import DistributionsExperiment
from oracle.experiments.function import FunctionExperiment
from oracle.experiments.oracle import OracleExperiment
from oracle.experiments.schedules import SchedulesExperiment
from oracle.experiments.search import SearchExperiment
from oracle.search.graph import Graph
from oracle.study.base import Study
from oracle.study.distributions import DistributionsStudy
from oracle.study.function import FunctionStudy
from oracle.study.oracle import OracleStudy
from oracle.study.schedules import SchedulesStudy
from oracle.study.search import SearchStudy

EXPERIMENTS: MappingProxyType[type[Study], Callable[..., Experiment]] = MappingProxyType(
    {
        OracleStudy: OracleExperiment,
        SchedulesStudy: SchedulesExperiment,
        DistributionsStudy: DistributionsExperiment,
        SearchStudy: SearchExperiment,
    }
)


def experiment(study: Study, graph: Graph, hooks: ExperimentCallbacks | None = None) -> Experiment:
    """Make a study's experiment, without any results yet.

    Args:
        study: Of any kind.
        graph: Names the training runs.
        hooks: Called while it goes on.

    Returns:
        An experiment of the class that `EXPERIMENTS` has for the kind.
    """
    if isinstance(study, FunctionStudy):  # of kind oracle, too
        return FunctionExperiment(study, graph, hooks)
    return EXPERIMENTS[type(study)](study, graph, hooks or ExperimentCallbacks())


def expected_cells(begun: Experiment, requested: AbstractSet[str] = frozenset()) -> int:
    """Estimate how many cells a study needs in all, if no grid grows.

    Args:
        begun: Its experiment, as far as it has come.
        requested: Ids of the cells that it has requested.

    Returns:
        Cells, those of `requested` included.
    """
    ahead = (
        begun.known_cells() | begun.first_grids()
    ) - requested  # counted anew for every cell: `requested` is long
    return len(requested) + len(ahead) + begun.unknown_cells()
