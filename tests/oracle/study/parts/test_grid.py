import pytest

from oracle.study.declared import declared_grids
from oracle.study.loading import load_study
from oracle.study.parts import grid
from oracle.study.parts.grid_spec import GridSpec, ListGrid, RangeGrid


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


def test_a_single_value_has_no_spacing_to_grow_by_and_is_refused_before_a_run() -> None:
    spec = ListGrid(max_lr=(0.1,))
    assert grid.extend_grid(spec, [0.1], True, True) == []
    (problem,) = grid.growth_problems(spec, "grid")
    assert (problem.path, problem.value) == ("grid.max_lr", [0.1])
    assert "a second one, or extend: false" in problem.rule
    assert grid.growth_problems(ListGrid(max_lr=(0.1,), extend=False), "grid") == []
    assert grid.growth_problems(ListGrid(max_lr=(0.1, 0.2)), "grid") == []


def grown(spec: GridSpec) -> tuple[list[float], list[float]]:
    """What a flat curve adds below and above the declared grid."""
    declared = tried = grid.grid_values(spec)
    while more := grid.extend_grid(spec, tried, True, True):
        tried = sorted([*tried, *more])
    new = [rate for rate in tried if rate not in declared]
    assert grid.most_new_values(spec) == len(new)
    low, high = declared[0], declared[-1]
    assert not [rate for rate in new if low <= rate <= high]
    return [rate for rate in new if rate < low], [rate for rate in new if rate > high]


_TENTH_STEPS = [0.33, 0.363, 0.3993, 0.4392, 0.4831, 0.5314, 0.5845, 0.643]


@pytest.mark.parametrize(
    ("rates", "below", "above"),
    [
        ((0.01, 0.1, 0.29, 0.3), [0.001], _TENTH_STEPS),
        ((0.1, 0.2, 0.2999, 0.3), [0.0125, 0.025, 0.05], _TENTH_STEPS),
        ((0.1, 0.2, 0.30001, 0.30002), [0.0125, 0.025, 0.05], _TENTH_STEPS),
    ],
)
def test_a_list_whose_last_values_lie_close_grows_by_tenths_and_not_for_ever(
    rates: tuple[float, ...], below: list[float], above: list[float]
) -> None:
    assert grown(ListGrid(max_lr=rates)) == (below, above)


def test_two_values_that_are_nearly_one_grow_apart() -> None:
    below, above = grown(ListGrid(max_lr=(0.1, 0.10000001)))
    assert (len(below), len(above)) == (8, 8)
    assert (below[-1], above[0]) == (0.09091, 0.11)


def test_a_linear_grid_grows_to_its_own_length_and_has_nothing_below_its_step() -> None:
    spec = linear(low=0.1, high=0.9, count=9)
    new = [1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8]
    assert grown(spec) == ([], new)
    assert grid.reaches_zero(spec, 0.1)
    assert not grid.reaches_zero(spec, 0.2)
    assert not grid.reaches_zero(log(), 0.01)
    assert not grid.reaches_zero(ListGrid(max_lr=(0.1, 0.2)), 0.1)
    wide = linear(low=0.05, high=0.45, count=5)  # the next value would be below 0
    assert grid.reaches_zero(wide, 0.05)


_TENTHS = (
    [0.001036, 0.001511, 0.002205, 0.003218, 0.004696, 0.006853],
    [0.4378, 0.6388, 0.9322, 1.36, 1.985, 2.896],
)


@pytest.mark.parametrize(
    ("study", "below", "above"),
    [
        ("cifar10-resnet20-small", [0.00125, 0.0025, 0.005], [0.64, 1.28, 2.56]),
        ("cifar10-schedules-small", [0.0025, 0.005, 0.01], [0.64, 1.28, 2.56]),
        ("cifar10-vgg19-small", [0.000625, 0.00125, 0.0025], [0.32, 0.64, 1.28]),
        ("digits", *_TENTHS),
        ("digits-rivals", *_TENTHS),
        ("digits-search", *_TENTHS),
        ("own-network", [0.00125, 0.0025, 0.005], [0.32, 0.64, 1.28]),
        ("tiny-imagenet-resnet50-small", [0.001563, 0.003125, 0.00625], [0.4, 0.8, 1.6]),
    ],
)
def test_what_bundled_studies_grow_to_does_not_move(
    study: str, below: list[float], above: list[float]
) -> None:
    (spec,) = declared_grids(load_study(study)).values()
    assert grown(spec) == (below, above)


def test_what_the_long_grids_of_bundled_studies_grow_to_does_not_move() -> None:
    for study in ("table3", "table7", "table8"):
        (spec,) = declared_grids(load_study(study)).values()
        declared = grid.grid_values(spec)
        first = [round(0.12 + 0.002 * count, 3) for count in range(1, 16)]
        assert grid.extend_grid(spec, declared, True, True) == first
        assert grid.most_new_values(spec) == 60
    (spec,) = declared_grids(load_study("digits-fine")).values()
    below, above = grown(spec)
    assert (len(below), len(above)) == (19, 19)
    assert (below[0], below[-1], above[0], above[-1]) == (0.0005304, 0.004443, 0.5627, 4.715)
    (spec,) = declared_grids(load_study("cifar10-resnet20-regions")).values()
    below, above = grown(spec)
    assert (len(below), len(above)) == (11, 11)
    assert (below[0], below[-1], above[0], above[-1]) == (0.002077, 0.01628, 1.229, 9.631)
