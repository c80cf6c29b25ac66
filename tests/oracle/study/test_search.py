"""A search as declared: what is refused, what is left of it when it is made smaller."""

from collections.abc import Callable
from typing import Any

import pytest

from oracle.settings import ScaleDown
from oracle.study.declared import learning_rates
from oracle.study.scale_down import scale_down
from oracle.study.search import SampledSearch, SearchStudy
from scyc.errors import BadInput

Make = Callable[..., SearchStudy]
PAPER: dict[str, Any] = {"name": "paper", "epsilon": {"max_lr": [0.1]}, "delta": [0.1, 0.2]}
OPTUNA: dict[str, Any] = {
    "name": "optuna",
    "epsilon": {"low": 0.02, "high": 0.4, "log": True},
    "delta": {"low": 0.0, "high": 0.5},
}
GRID: dict[str, Any] = {"name": "grid", "epsilon": [0.1], "delta": [0.1], "q": [1], "beta": [4]}


@pytest.mark.parametrize(
    ("changes", "path", "rule"),
    [
        ({"search": PAPER | {"delta": [0.2, 0.1]}}, "search", "delta [0.2, 0.1] must rise"),
        ({"search": PAPER | {"q": [1, 1]}}, "search", "q [1, 1] must rise"),
        ({"search": PAPER | {"delta": []}}, "search.delta", "at least 1 value"),
        ({"search": PAPER | {"start": {"q": 7}}}, "search", "start.q 7 must be one of q"),
        ({"search": PAPER | {"start": {"beta": 9.0}}}, "search", "start.beta 9.0 must be one of"),
        ({"search": PAPER | {"trials": 7}}, "search", "trials 7 are fewer than the 8 runs"),
        ({"search": PAPER | {"trials": 0}}, "search.trials", "must be at least 1"),
        ({"search": PAPER | {"rounds": 3}}, "search.rounds", "unknown key; known: beta, delta"),
        ({"search": {"name": "papre"}}, "search", 'did you mean "paper"? known: grid, optuna'),
        ({"search": OPTUNA | {"delta": {"low": 0.5, "high": 0.1}}}, "search.delta", "swap them"),
        ({"search": OPTUNA | {"q": {"low": 3, "high": 1}}}, "search.q", "swap them"),
        (
            {"search": OPTUNA | {"delta": {"low": 0, "high": 1, "log": True}}},
            "search.delta",
            "low must be above 0 where log is true",
        ),
        (
            {"search": OPTUNA | {"epsilon": {"low": 0, "high": 1}}},
            "search.epsilon.low",
            "must be above 0",
        ),
        ({"search": OPTUNA | {"sampler": "cmaes"}}, "search.sampler", "must be one of 'tpe'"),
        ({"search": OPTUNA | {"halving": {"first": 3}}}, "halving.first", "before the last of 3"),
        ({"search": OPTUNA | {"halving": {"first": 1, "factor": 1}}}, "factor", "at least 2"),
        (
            {"search": GRID | {"delta": [n / 100 for n in range(101)], "q": list(range(10))}},
            "search",
            "1,010 combinations, over 1,000",
        ),
        ({"objective": "best"}, "objective.name", "must be one of 'target', 'mean' or 'pareto'"),
        (
            {"objective": {"name": "mean", "cycles": [1, 4]}},
            "objective.cycles",
            "[4] come after the last of 3",
        ),
        ({"objective": {"name": "mean", "cycles": []}}, "objective", "name one, or leave it out"),
        ({"objective": {"name": "target", "cycles": [3]}}, "objective", "leave cycles out"),
        (
            {"search": GRID, "objective": {"name": "pareto", "cycles": [3]}},
            "objective",
            "pareto needs 2 or 3 cycles",
        ),
        ({"objective": {"name": "pareto", "cycles": [1, 3]}}, "objective.name", "needs one"),
        (
            {
                "search": OPTUNA | {"halving": {"first": 1}},
                "objective": {"name": "pareto", "cycles": [1, 3]},
            },
            "search.halving",
            "needs one objective",
        ),
        (
            {"schedule": {"name": "cyclical", "low": 0.2, "step": 3}, "search": GRID},
            "search.epsilon",
            "schedule.low 0.2 must lie below max_lr 0.1",
        ),
        (
            {"schedule": {"name": "cyclical", "low": 0.2, "step": 3}},
            "study",
            "schedule.low 0.2 must lie below max_lr",
        ),
        ({"resolution": 0}, "resolution", "must be at least 1"),
        ({"beside": "../up"}, "beside", "must be the name of a study"),
        ({"replicates": {"least": 2, "most": 4}}, "replicates", "only a study of kind oracle"),
    ],
)
def test_an_invalid_search_is_refused(
    seeking: Make, changes: dict[str, Any], path: str, rule: str
) -> None:
    with pytest.raises(BadInput) as refused:
        seeking(**changes)
    problems = [str(problem) for problem in refused.value.problems]
    assert any(path in each.split("    ")[0] and rule in each for each in problems), problems


def test_a_short_form_equals_its_long_form(seeking: Make) -> None:
    assert seeking(objective="target") == seeking(objective={"name": "target"})
    assert seeking().objective == seeking(objective="mean").objective
    assert seeking(cycles=3).objective.each(3) == ((0, 1, 2, 3),)
    assert seeking(objective="target").objective.each(3) == ((3,),)
    several = seeking(search=GRID, objective={"name": "pareto", "cycles": [1, 3]})
    assert several.objective.each(3) == ((1,), (3,))


def test_rungs_grow_by_the_factor_and_end_before_the_last_cycle(seeking: Make) -> None:
    for first, factor, last, rungs in (
        (4, 3, 25, (4, 12)),
        (1, 2, 9, (1, 2, 4, 8)),
        (2, 3, 3, (2,)),
    ):
        search = seeking(
            search=OPTUNA | {"halving": {"first": first, "factor": factor}}, cycles=last
        ).search
        assert isinstance(search, SampledSearch)
        assert search.halving is not None
        assert search.halving.rungs(last) == rungs


def test_the_folder_of_a_study_is_not_part_of_its_identity(seeking: Make) -> None:
    alone, shared = seeking(), seeking(beside="tiny")
    assert alone.identity_fields() == shared.identity_fields()
    assert (alone.folder_name, shared.folder_name) == ("seek", "tiny")


def test_fewer_cycles_leave_fewer_objectives_and_rungs(seeking: Make) -> None:
    objective = {"name": "pareto", "cycles": [1, 4, 6]}
    declared: Any = scale_down(
        seeking(search=OPTUNA, cycles=6, objective=objective), ScaleDown(cycles=3)
    )
    assert declared.objective.cycles == (1, 3)
    halved: Any = scale_down(
        seeking(search=OPTUNA | {"halving": {"first": 4}}, cycles=6), ScaleDown(cycles=3)
    )
    assert halved.search.halving.first == 2


def test_epsilons_grid_is_thinned(seeking: Make) -> None:
    grid = {"kind": "log", "low": 0.01, "high": 0.1, "count": 9}
    declared: Any = scale_down(seeking(search=PAPER | {"epsilon": grid}), ScaleDown(grid=3))
    assert declared.search.epsilon.count == 3
    assert declared.shrunk == {"grid": "3 of 9 max_lr"}


def test_a_search_has_no_curve_to_draw(seeking: Make) -> None:
    with pytest.raises(BadInput, match="searches S-Cyc's curve and has none of its own"):
        learning_rates(seeking())
