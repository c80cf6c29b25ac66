"""Paired differences, and the p value that says whether they are above noise."""

import numpy as np
from scipy.stats import ttest_rel

from oracle.stats.paired_difference import difference


def test_p_is_that_of_the_paired_t_test_to_the_last_bit() -> None:
    generator = np.random.default_rng(0)
    for count in (2, 3, 5, 11):
        for _ in range(25):
            mine = [float(x) for x in np.round(generator.normal(90, 2, count), 3)]
            theirs = [float(x) for x in np.round(generator.normal(89, 2, count), 3)]
            assert difference(mine, theirs).p == float(ttest_rel(mine, theirs).pvalue)


def test_p_is_unknown_with_one_replicate_and_where_all_differences_are_equal() -> None:
    assert difference([90.0], [89.0]).p is None
    assert difference([90.0, 91.0, 92.0], [89.0, 90.0, 91.0]).p is None
