"""Ties, edges and listed rates that differ by rounding only."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from oracle.stats.paired_difference import difference, signed
from oracle.stats.region import MaxLrScores, ahead, feasible_region
from oracle.study.parts.grid_spec import ListGrid


def test_a_tie_by_rounding_goes_to_the_lower_rate() -> None:
    tried = {0.1: MaxLrScores((94.5, 83.6), False), 0.2: MaxLrScores((94.2, 83.9), False)}
    region = feasible_region(tried, 0.0)
    assert region is not None
    assert (region.well_tuned, region.members) == (0.1, (0.1, 0.2))


def test_an_edge_by_rounding_is_inside() -> None:
    tried = {0.05: MaxLrScores((88.3,), False), 0.1: MaxLrScores((88.4,), False)}
    region = feasible_region(tried, 0.1)
    assert region is not None
    assert region.members == (0.05, 0.1)
    assert region.contains(0.1 * (1 + 4e-16))
    assert not region.contains(0.1001)


def test_listed_rates_are_tidied() -> None:
    assert ListGrid(max_lr=(0.1 + 0.2, 0.1)).max_lr == (0.1, 0.3)
    with pytest.raises(ValidationError, match="is given twice"):
        ListGrid(max_lr=(0.3, 0.1 + 0.2))


def test_a_tie_by_rounding_is_no_difference_and_has_no_sign() -> None:
    for result in (difference((94.2, 83.9), (94.5, 83.6)), difference((94.5, 83.6), (94.2, 83.9))):
        assert signed(result) == "+0.00 ± 0.30"
        assert not result.told_apart
    alike = difference((94.5, 94.6), (94.4, 94.5))  # 0.1 in both, but for rounding
    assert (alike.p, alike.told_apart) == (None, True)
    assert ahead(89.06, 89.05)
    assert not ahead((94.2 + 83.9) / 2, (94.5 + 83.6) / 2)
    assert not ahead((94.5 + 83.6) / 2, (94.2 + 83.9) / 2)
