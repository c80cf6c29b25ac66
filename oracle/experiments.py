"""What each kind of study trains."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from types import MappingProxyType

from oracle.cells import Graph
from oracle.distributions_experiment import DistributionsExperiment
from oracle.experiment import Experiment, Hooks
from oracle.oracle_experiment import OracleExperiment
from oracle.schedules_experiment import SchedulesExperiment
from oracle.search_experiment import SearchExperiment
from oracle.search_spec import SearchStudy
from oracle.spec import DistributionsStudy, OracleStudy, SchedulesStudy
from oracle.study import Study

EXPERIMENTS: MappingProxyType[type[Study], Callable[..., Experiment]] = MappingProxyType(
    {
        OracleStudy: OracleExperiment,
        SchedulesStudy: SchedulesExperiment,
        DistributionsStudy: DistributionsExperiment,
        SearchStudy: SearchExperiment,
    }
)


def experiment(study: Study, graph: Graph, hooks: Hooks | None = None) -> Experiment:
    """A study's experiment, of which nothing has been found yet."""
    return EXPERIMENTS[type(study)](study, graph, hooks or Hooks())


def expected_cells(found: Experiment, asked: AbstractSet[str] = frozenset()) -> int:
    """How many cells a study asks for in all if no grid grows; `asked`: those it has asked for."""
    ahead = (
        found.known_cells() | found.first_grids()
    ) - asked  # told for every cell: asked is long
    return len(asked) + len(ahead) + found.unknown_cells()
