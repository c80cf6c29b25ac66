"""What the oracle's experiment trains for S-Cyc besides its own cycles."""

import math
from collections.abc import Callable

import pytest

from oracle.experiments.oracle import OracleExperiment
from oracle.search.graph import Graph
from oracle.study.base import Study
from oracle.study.oracle import OracleStudy
from oracle.study.parts.grid import on_grid
from oracle.study.parts.grid_spec import ListGrid

GRID = [0.05, 0.1, 0.3]


def s_cyc_cells(study: Study) -> list[list[str]]:
    """The ids of S-Cyc's own run, cycle by cycle."""
    assert isinstance(study, OracleStudy)
    study_experiment = OracleExperiment(study, Graph(study.system, "images"))
    return [[cell.id for cell in row] for row in study_experiment._path.rows]


def declare(make: Callable[..., Study], epsilon: float) -> Study:
    curve = {"epsilon": epsilon, "delta": 0.1, "q": 1, "beta": 3.0}
    return make(grid={"max_lr": GRID}, s_cyc=curve, cycles=3)


@pytest.mark.parametrize("value", GRID)
def test_an_epsilon_that_is_a_grid_value_but_for_rounding_shares_its_training_runs(
    study: Callable[..., Study], value: float
) -> None:
    exact = s_cyc_cells(declare(study, value))
    for near in (math.nextafter(value, 0), math.nextafter(value, 1), value * (1 + 4e-13)):
        cells = s_cyc_cells(declare(study, near))
        assert cells[:2] == exact[:2]  # the No Growth phase: cycles 0 and 1
    assert s_cyc_cells(declare(study, value * (1 + 1e-11)))[0] != exact[0]


@pytest.mark.parametrize("rate", [0.1, 0.1 * (1 + 1e-11), 0.2, 0.05 + 0.1 / (1 + math.exp(1.7))])
def test_a_max_lr_that_is_no_grid_value_keeps_every_digit(rate: float) -> None:
    assert on_grid(ListGrid(max_lr=(0.05, 0.1, 0.3)), rate) == rate
