"""Intervals for shares in small populations: published numbers, and exact coverage."""

import math

import pytest
from scipy import stats

from analysis.intervals import hypergeometric, student, wilson


def test_wilson_of_56_of_72():
    # published reference: .66909045 - .85832556 (normal quantile: infinite df)
    assert wilson(56 / 72, 72, math.inf) == pytest.approx((0.66909045, 0.85832556), abs=5e-9)


@pytest.mark.parametrize(("population", "n"), [(80, 70), (80, 56), (12, 10), (12, 8)])
def test_the_exact_interval_never_covers_less_than_it_says(population, n):
    intervals = {count: hypergeometric(count, n, population) for count in range(n + 1)}
    for true in range(population + 1):
        likely = range(max(0, n - (population - true)), min(n, true) + 1)
        cover = sum(
            stats.hypergeom.pmf(count, population, true, n)
            for count in likely
            if intervals[count][0] <= true / population <= intervals[count][1]
        )
        assert cover >= 0.95


def test_a_census_is_one_point():
    assert hypergeometric(3, 5, 5) == (0.6, 0.6)
    assert wilson(0.6, math.inf, 4) == (0.6, 0.6)
    assert student(2.5, 0.0, 0) == (2.5, 2.5)


def test_nobody_and_everybody_keep_their_outer_limit():
    assert wilson(0.0, 20, 19)[0] == 0
    assert wilson(1.0, 20, 19)[1] == 1
    assert hypergeometric(0, 8, 12)[0] == 0
    assert hypergeometric(8, 8, 12)[1] == 1


def test_without_degrees_of_freedom_there_is_no_interval():
    assert all(math.isnan(limit) for limit in (*student(1.0, 0.5, 0), *wilson(0.5, 10, 0)))
