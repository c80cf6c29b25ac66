"""The benchmark of when the adaptive search may end: its sums, by hand-made searches."""

from collections.abc import Iterator
from typing import Any

import pytest
from benchmark_scripts import benchmark


@pytest.fixture
def stopping() -> Iterator[Any]:
    with benchmark("stopping") as script:
        yield script


def test_ending_earlier_counts_the_first_moment_that_knows_enough(stopping: Any) -> None:
    one = [
        stopping.Moment(0.5, 0.2, 0.3, 1.0, 2.0),  # the best is not known
        stopping.Moment(0.7, 0.1, 0.2, 3.0, 1.0),  # the ends are not, to 2 steps
        stopping.Moment(1.0, 0.05, 0.1, 1.5, 0.5),
    ]
    two = [stopping.Moment(0.6, 0.02, 0.0, 1.0, 0.25), stopping.Moment(1.0, 0.01, 0.0, 1.0, 0.25)]
    strict, loose = stopping.ending([one, two], 2.0), stopping.ending([one, two], 3.0)
    assert strict["budget"] == pytest.approx(0.8)
    assert strict["regret"] == 0.0
    assert loose["budget"] == pytest.approx(0.65)
    assert loose["regret"] == pytest.approx(0.05)
    assert loose["error"] == pytest.approx(0.25)


def test_expected_and_true_regret_are_averaged_by_the_expected_one(stopping: Any) -> None:
    moments = [
        stopping.Moment(0.5, expected, true, 1, 1) for expected, true in ((0.11, 0), (0.15, 1))
    ]
    [row] = stopping.calibration([moments])
    assert row["from"] == 0.1
    assert row["moments"] == 2
    assert row["expected"] == pytest.approx(0.13)
    assert row["true"] == pytest.approx(0.5)


def test_a_search_is_followed_to_its_budget(stopping: Any) -> None:
    moments = stopping.moments(stopping.case("round peak", 10, 3, 0))
    assert [moment.spent for moment in moments] == sorted(moment.spent for moment in moments)
    assert moments[-1].spent == pytest.approx(1.0)
    assert all(0 <= moment.true <= stopping.MOST for moment in moments)
