"""Rivals of S-Cyc: which max_lr they take, what they share, and how they are held against it."""

import itertools
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from costly import costly

from oracle.experiments.registry import expected_cells, experiment
from oracle.search.graph import Cell, Graph
from oracle.search.rivals import spreads
from oracle.study.base import Study
from oracle.study.validation import parse
from scyc.errors import BadInput
from scyc.recording.distributions import Distribution
from scyc.specs.base import as_json

Make = Callable[..., Study]
GRID = {"max_lr": [0.05, 0.1, 0.2, 0.4], "extend": False}
AWAY = {"epsilon": 0.07, "delta": 0.01, "q": 0, "beta": 3.0}  # S-Cyc shares nothing with the grid
RECORD = {"what": ["weight_gradients"]}


def gradients(*values: float) -> dict[str, Any]:
    """What is recorded of weight gradients that are these."""
    distribution = Distribution()
    distribution.add(torch.tensor(values, dtype=torch.float64))
    return distribution.to_json()


def hump(cell: Cell) -> float:
    """Best at 0.05, 0.1, 0.2, 0.4, cycle by cycle; the second replicate is a point better."""
    best = 0.05 * 2.0**cell.cycle
    return 90 - 2 * abs(math.log2(cell.max_lr / best)) + cell.replicate


def rehearse(
    study: Make, Rehearsal: Any, curve: Any = hump, known: Any = None, **changes: Any
) -> tuple[Any, Any]:
    declared = study(**({"grid": GRID, "s_cyc": AWAY, "cycles": 3} | changes))
    study_experiment = experiment(declared, Graph(declared.system, "0" * 64))
    rehearsal = Rehearsal(curve, known=dict(known or {}))
    rehearsal.run(study_experiment.searches())
    return rehearsal, study_experiment


def rates(study_experiment: Any, name: str) -> list[float]:
    return [each.max_lr for each in study_experiment.runs()[name]]


def test_constant_keeps_the_unpruned_networks_well_tuned_max_lr(
    study: Make, Rehearsal: Any
) -> None:
    _, study_experiment = rehearse(study, Rehearsal, rivals=["constant"])
    assert [c["well_tuned"] for c in study_experiment.table("t")["cycles"]] == [0.05, 0.1, 0.2, 0.4]
    assert rates(study_experiment, "constant") == [0.05] * 4


def test_constant_takes_a_max_lr_that_is_given(study: Make, Rehearsal: Any) -> None:
    _, study_experiment = rehearse(study, Rehearsal, rivals=[{"name": "constant", "max_lr": 0.3}])
    assert rates(study_experiment, "constant") == [0.3] * 4
    (rival,) = study_experiment.table("t")["rivals"]
    assert rival["cost"]["run"] == rival["cost"]["with_search"]


def test_warm_start_takes_the_oracles_answer_of_the_cycle_before(
    study: Make, Rehearsal: Any
) -> None:
    _, study_experiment = rehearse(study, Rehearsal, rivals=["warm_start"])
    assert rates(study_experiment, "warm_start") == [0.05, 0.05, 0.1, 0.2]
    for before, after in itertools.pairwise(study_experiment.runs()["warm_start"]):
        assert [cell.parent for cell in after.cells] == list(before.cells)  # its own networks


def test_what_a_rival_and_the_oracle_share_is_trained_once(study: Make, Rehearsal: Any) -> None:
    alone, _ = rehearse(study, Rehearsal)
    rehearsal, study_experiment = rehearse(study, Rehearsal, rivals=["constant", "warm_start"])
    assert len(rehearsal.trained) == len(set(rehearsal.trained))
    # both begin with the oracle's first two cycles, and only then go ways of their own
    assert len(rehearsal.trained) == len(alone.trained) + 2 * 2 * 2
    costs = {rival["name"]: rival["cost"] for rival in study_experiment.table("t")["rivals"]}
    grid, replicates = 4, 2
    assert costs["constant"]["run"]["trainings"] == 4 * replicates
    # the grid of cycle 0, which holds its own first cycle, and three more cycles
    assert costs["constant"]["with_search"]["trainings"] == (grid + 3) * replicates
    # the grids of cycles 0 to 2, which hold its first two, and two more
    assert costs["warm_start"]["with_search"]["trainings"] == (3 * grid + 2) * replicates


def recorded(answer: Any, widths: Callable[[Cell], float]) -> Callable[[Any, Cell], Any]:
    """Answers with weight gradients of a known spread."""

    def answered(curve: Any, cell: Cell) -> Any:
        width = widths(cell)
        values = {"weight_gradients": gradients(-width, width)}
        return replace(answer(curve, cell), recorded=values)

    return answered


def spread_run(
    study: Make, Rehearsal: Any, answer: Any, monkeypatch: Any, widths: Any, **rival: Any
) -> Any:
    monkeypatch.setitem(Rehearsal.run.__globals__, "answer", recorded(answer, widths))
    named = {"name": "gradient_spread"} | rival
    return rehearse(study, Rehearsal, rivals=[named], record=RECORD)[1]


def test_gradient_spread_raises_max_lr_as_its_own_gradients_shrink(
    study: Make, Rehearsal: Any, answer: Any, monkeypatch: Any
) -> None:
    def widths(cell: Cell) -> float:
        return 0.8**cell.cycle * (1 + 9 * cell.replicate)

    study_experiment = spread_run(study, Rehearsal, answer, monkeypatch, widths)
    # cycle 1 knows cycle 0 alone, so the rise lags by one; 0.07 is S-Cyc's epsilon
    expected = [0.07, 0.07, 0.07 / 0.8, 0.07 / 0.64]
    assert rates(study_experiment, "gradient_spread") == pytest.approx(expected)


def test_gradient_spread_takes_an_epsilon_and_stays_within_its_bound(
    study: Make, Rehearsal: Any, answer: Any, monkeypatch: Any
) -> None:
    study_experiment = spread_run(
        study, Rehearsal, answer, monkeypatch, lambda c: 0.1**c.cycle, epsilon=0.02, bound=4.0
    )
    assert rates(study_experiment, "gradient_spread") == pytest.approx([0.02, 0.02, 0.08, 0.08])


def test_max_lr_is_epsilon_times_the_geometric_mean_of_how_far_the_replicates_shrank() -> None:
    first = [gradients(-1.0, 1.0), gradients(-3.0, 3.0)]
    last = [gradients(-0.5, 0.5), gradients(-0.375, 0.375)]  # to a half, and to an eighth
    assert spreads.max_lr(0.1, first, last, "std", 10.0) == pytest.approx(0.1 * math.sqrt(2 * 8))
    assert spreads.max_lr(0.1, first, last, "std", 4.0) == pytest.approx(0.1 * math.sqrt(2 * 4))
    assert spreads.max_lr(0.1, last, first, "std", 100.0) == pytest.approx(0.1 / math.sqrt(16))
    assert spreads.max_lr(0.1, first, first, "std", 10.0) == 0.1


def test_outliers_widen_the_standard_deviation_and_not_the_quantiles() -> None:
    plain = gradients(*(index / 100 for index in range(-100, 101)))
    tailed = gradients(*(index / 100 for index in range(-100, 101)), 50.0)
    assert spreads.spread(tailed, "std") > 3 * spreads.spread(plain, "std")
    assert spreads.spread(plain, "std") == pytest.approx(0.5802, abs=1e-3)
    for each in (plain, tailed):
        assert spreads.spread(each, "quantiles") == pytest.approx(1.8, rel=0.02)


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (2.0, 1.0, 2.0),
        (1.0, 2.0, 0.5),
        (1.0, 0.0, 10.0),  # nothing left of the gradients
        (0.0, 1.0, 0.1),
        (0.0, 0.0, 1.0),  # nothing is known to have changed
        (math.inf, 1.0, 10.0),
        (1.0, math.inf, 0.1),
        (math.inf, math.inf, 1.0),
        (1e-300, 1e300, 0.1),
    ],
)
def test_a_spread_of_zero_or_infinity_gives_the_bound(
    first: float, last: float, expected: float
) -> None:
    assert spreads.growth(first, last, 10.0) == pytest.approx(expected)


def test_the_spread_of_no_gradients_is_zero_and_on_overflow_infinite() -> None:
    assert spreads.spread(gradients(), "std") == spreads.spread(gradients(), "quantiles") == 0.0
    assert spreads.spread(gradients(-1e300, 1e300), "std") == math.inf


def test_s_cyc_is_held_against_each_rival_by_paired_differences(
    study: Make, Rehearsal: Any
) -> None:
    def curve(cell: Cell) -> float:
        """S-Cyc's networks are 1 and 2 points better than the constant rival's."""
        if cell.max_lr == 0.3:
            return 80.0 + 3 * cell.replicate
        return 81.0 + 4 * cell.replicate if cell.max_lr < 0.09 and cell.max_lr != 0.05 else 70.0

    _, study_experiment = rehearse(
        study, Rehearsal, curve, rivals=[{"name": "constant", "max_lr": 0.3}]
    )
    (rival,) = study_experiment.table("t")["rivals"]
    for cycle in rival["cycles"]:
        assert cycle["test"]["points"] == pytest.approx(1.5)
        assert cycle["test"]["standard_error"] == pytest.approx(0.5)  # of 1 and 2
        assert cycle["validation"] == cycle["test"]
    assert rival["average"]["cycles"] == [1, 2, 3]
    # the replicates' means differ as each cycle's do: no surer for being three cycles
    assert rival["average"]["test"]["standard_error"] == pytest.approx(0.5)
    assert not rival["average"]["test"]["told_apart"]


def test_a_rivals_max_lr_is_judged_by_the_oracles_region(study: Make, Rehearsal: Any) -> None:
    _, study_experiment = rehearse(study, Rehearsal, rivals=["constant", "warm_start"])
    constant, warm = study_experiment.table("t")["rivals"]
    assert [cycle["inside"] for cycle in constant["cycles"]] == [True, False, False, False]
    assert [cycle["inside"] for cycle in warm["cycles"]] == [True, False, False, False]
    assert [cycle["evidence"]["verdict"] for cycle in constant["cycles"]] == [
        "inside", "outside", "outside", "outside",
    ]  # fmt: skip  # the replicates agree wholly


def test_a_rival_that_diverges_ends_there_and_is_not_compared(study: Make, Rehearsal: Any) -> None:
    def curve(cell: Cell) -> float | None:
        return None if cell.max_lr == 0.3 and cell.cycle == 2 else hump(cell)

    _, study_experiment = rehearse(
        study, Rehearsal, curve, rivals=[{"name": "constant", "max_lr": 0.3}]
    )
    table = study_experiment.table("t")
    (rival,) = table["rivals"]
    assert [cycle["diverged"] for cycle in rival["cycles"]] == [False, False, True]
    assert rival["cycles"][2]["test"] is None
    assert rival["average"]["cycles"] == [1]
    assert table["complete"]


def test_a_rival_that_needs_an_answer_that_the_oracle_has_not_ends(
    study: Make, Rehearsal: Any
) -> None:
    def curve(cell: Cell) -> float | None:
        """Whatever the oracle tries at cycle 1 diverges."""
        return None if cell.cycle == 1 and cell.max_lr != 0.07 else hump(cell)

    _, study_experiment = rehearse(study, Rehearsal, curve, rivals=["constant", "warm_start"])
    table = study_experiment.table("t")
    assert [c["well_tuned"] for c in table["cycles"]] == [0.05, None]
    assert [len(rival["cycles"]) for rival in table["rivals"]] == [2, 2]
    assert (
        study_experiment.unknown_cells() == 4 * 2
    )  # a grid of the oracle's, which it cannot know of

    _, study_experiment = rehearse(study, Rehearsal, lambda c: None, rivals=["constant"])
    (rival,) = study_experiment.table("t")["rivals"]
    assert rival["cycles"] == []
    assert rival["average"] is None


@pytest.mark.costly
def test_the_expected_number_of_training_runs_counts_the_rivals(
    study: Make, Rehearsal: Any, answer: Any, monkeypatch: Any
) -> None:
    monkeypatch.setitem(
        Rehearsal.run.__globals__, "answer", recorded(answer, lambda c: 0.77**c.cycle)
    )
    for rivals in (
        [],
        ["constant"],
        [{"name": "constant", "max_lr": 0.3}, "warm_start"],
        ["constant", "warm_start", "gradient_spread"],
    ):
        declared = study(grid=GRID, s_cyc=AWAY, cycles=3, rivals=rivals, record=RECORD)
        expected = expected_cells(experiment(declared, Graph(declared.system, "0" * 64)))
        rehearsal, _ = rehearse(study, Rehearsal, rivals=rivals, record=RECORD)
        assert expected == len(rehearsal.trained)


def test_rivals_are_recorded_in_studies_of_their_own(study: Make, Rehearsal: Any) -> None:
    rivals = ["constant", "warm_start"]
    rehearsal, study_experiment = rehearse(study, Rehearsal, rivals=rivals)
    keys = dict.fromkeys(key for key, _ in study_experiment.study_keys())
    assert {key for _, key in rehearsal.recorded} == set(keys)
    roles = [role for _, role in study_experiment.study_keys() if role["role"] == "rival"]
    assert [role["rival"]["name"] for role in roles] == rivals

    def rival_keys(**changes: Any) -> Any:
        _, other = rehearse(study, Rehearsal, **({"rivals": rivals} | changes))
        return [key for key, role in other.study_keys() if role["role"] == "rival"]

    assert rival_keys() == rival_keys()
    assert rival_keys(cycles=2) == rival_keys()  # more cycles belong to the same study
    assert not set(rival_keys(tolerance=1.0)) & set(rival_keys())  # another oracle, other results
    given = [{"name": "constant", "max_lr": 0.3}]
    # Fixed rivals do not depend on the oracle.
    assert rival_keys(rivals=given, tolerance=1.0) == rival_keys(rivals=given)
    assert rival_keys(rivals=given) != rival_keys(rivals=[{"name": "constant", "max_lr": 0.2}])


@pytest.mark.parametrize("stop", [8, *costly(1, 5, 11, 15)])
def test_an_interrupted_run_with_rivals_ends_as_an_uninterrupted_one(
    study: Make, Rehearsal: Any, stop: int
) -> None:
    rivals = ["constant", "warm_start"]
    whole, expected = rehearse(study, Rehearsal, rivals=rivals)
    declared = study(grid=GRID, s_cyc=AWAY, cycles=3, rivals=rivals)
    first = Rehearsal(hump)
    begun = experiment(declared, Graph(declared.system, "0" * 64))
    first.run(begun.searches(), stop_after=stop)
    second, after = rehearse(study, Rehearsal, rivals=rivals, known=first.known)
    assert after.table("t") == expected.table("t")
    assert sorted(first.trained + second.trained) == sorted(whole.trained)


def refused(study: Make, **changes: Any) -> str:
    with pytest.raises(BadInput) as caught:
        parse(as_json(study()) | changes, "tiny.yaml")
    return str(caught.value)


def test_rivals_that_cannot_run_are_refused_with_the_remedy(study: Make) -> None:
    assert "add record: {what: [weight_gradients]}" in refused(study, rivals=["gradient_spread"])
    other = {"what": ["activations"]}
    assert "add record" in refused(study, rivals=["gradient_spread"], record=other)
    assert '"constant" is given twice' in refused(study, rivals=["constant", "constant"])
    assert 'did you mean "warm_start"' in refused(study, rivals=["warmstart"])
    misspelt = refused(study, rivals=[{"name": "constant", "maxlr": 0.1}])
    assert 'rivals[0].maxlr = 0.1    unknown key; did you mean "max_lr"?' in misspelt
    names = (
        "allr, constant, gradient_spread, linear_rewinding, lr_range_test, power_law, warm_start"
    )
    assert names in refused(study, rivals=[{"max_lr": 0.1}])
    assert "must be at least 1" in refused(
        study, rivals=[{"name": "gradient_spread", "bound": 0.5}], record=RECORD
    )
    low = {"name": "cyclical", "low": 0.02, "step": 3}
    narrow = refused(study, schedule=low, grid=GRID, rivals=[{"name": "constant", "max_lr": 0.01}])
    assert "schedule.low 0.02 must lie below max_lr 0.01" in narrow
    wide = refused(study, schedule=low, grid=GRID, rivals=["gradient_spread"], record=RECORD)
    assert "must lie below max_lr 0.01" in wide  # epsilon 0.1 / bound 10
