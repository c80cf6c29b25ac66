import pytest

from oracle.study import grid
from oracle.study.grid_spec import ListGrid, RangeGrid


def log(**changes: object) -> RangeGrid:
    return RangeGrid(**({"kind": "log", "low": 0.01, "high": 0.16, "count": 5} | changes))


def linear(**changes: object) -> RangeGrid:
    return RangeGrid(**({"kind": "linear", "low": 0.02, "high": 0.1, "count": 5} | changes))


def test_the_three_kinds_of_grid() -> None:
    assert grid.grid_values(log()) == [0.01, 0.02, 0.04, 0.08, 0.16]
    assert grid.grid_values(linear()) == [0.02, 0.04, 0.06, 0.08, 0.1]
    assert grid.grid_values(ListGrid(max_lr=(0.3, 0.1))) == [0.1, 0.3]


def test_the_papers_grid_has_its_own_digits() -> None:
    spec = RangeGrid(kind="linear", low=0.002, high=0.106, count=53)
    assert grid.grid_values(spec) == [round(0.002 * index, 3) for index in range(1, 54)]


def test_a_grid_grows_on_the_side_that_is_touched_in_its_own_spacing() -> None:
    tried = grid.grid_values(log())
    assert grid.extend_grid(log(), tried, low=False, high=True) == [0.32]
    assert grid.extend_grid(log(), tried, low=True, high=False) == [0.005]
    assert grid.extend_grid(linear(), grid.grid_values(linear()), low=False, high=True) == [0.12]
    nine = log(count=9)
    assert grid.extend_grid(nine, grid.grid_values(nine), False, True) == [0.2263, 0.32]


def test_a_list_grows_by_its_last_ratio() -> None:
    spec = ListGrid(max_lr=(0.1, 0.15, 0.3))
    assert grid.extend_grid(spec, [0.1, 0.15, 0.3], False, True) == [0.6]
    assert grid.extend_grid(spec, [0.1, 0.15, 0.3], True, False) == [0.06667]


def test_growth_stops_at_the_bounds() -> None:
    spec = log(ceiling=0.7)
    tried = [*grid.grid_values(spec), 0.32, 0.64]
    assert grid.extend_grid(spec, tried, False, True) == []
    assert grid.grid_bounds(log()) == (0.001, 1.6)


def test_a_linear_grid_never_grows_to_zero() -> None:
    assert grid.extend_grid(linear(), grid.grid_values(linear()), low=True, high=False) == []


@pytest.mark.parametrize("changes", [{"extend": False}])
def test_a_grid_that_is_not_to_grow_does_not(changes: dict[str, object]) -> None:
    spec = log(**changes)
    assert grid.extend_grid(spec, grid.grid_values(spec), True, True) == []


def test_a_single_value_has_no_spacing_to_grow_by() -> None:
    assert grid.extend_grid(ListGrid(max_lr=(0.1,)), [0.1], True, True) == []
