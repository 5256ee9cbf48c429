"""The smallest change that so many answers would show. Against R's power.t.test and an enumeration: test_paired.py."""

import math

import pandas as pd
import pytest

from analysis.power import (
    margin,
    power_of_net_change,
    smallest_change,
    smallest_dz,
    smallest_from_se,
    smallest_net_change,
)
from survey.errors import DesignError


def test_72_pairs_show_a_third_of_a_standard_deviation():
    assert smallest_dz(72) == pytest.approx(0.335, abs=0.0005)


def test_the_paired_t_test_is_that_of_statsmodels():
    from statsmodels.stats.power import TTestPower

    for n in (5, 20, 72):
        assert smallest_dz(n) == pytest.approx(TTestPower().solve_power(nobs=n, alpha=0.05, power=0.8), rel=1e-5)


@pytest.mark.parametrize(("n", "points"), [(40, 24.5), (62, 20), (72, 18.5), (80, 18)])
def test_net_change_that_mcnemar_finds_where_30_percent_move(n, points):
    # on a grid of half a percentage point
    assert math.ceil(200 * smallest_net_change(n)) / 2 == points
    assert power_of_net_change(n, smallest_net_change(n)) == pytest.approx(0.8)


def test_power_of_three_pairs_that_all_move_is_none_and_of_six_is_that_of_all_one_way():
    # the exact test of three pairs cannot reject; six reject at 6 : 0 only (p = 2/64), .9^6 + .1^6
    assert power_of_net_change(3, 0.8, discordant=1) == 0
    assert power_of_net_change(6, 0.8, discordant=1) == pytest.approx(0.9**6 + 0.1**6)


def test_without_any_change_the_chance_is_at_most_the_level():
    assert 0 < power_of_net_change(72, 0) <= 0.05
    assert power_of_net_change(72, -0.2) == pytest.approx(power_of_net_change(72, 0.2))


@pytest.mark.parametrize(
    ("n", "population", "points"), [(70, 80, 4.2), (60, 80, 6.4), (50, 80, 8.6), (10, 12, 13.3), (45_000, 60_000, 0.23)]
)
def test_margin_of_a_half_in_a_finite_population(n, population, points):
    assert 100 * margin(n, population) == pytest.approx(points, abs=0.05 if points > 1 else 0.005)


def test_margin_without_a_population_is_that_of_the_process():
    assert 100 * margin(70) == pytest.approx(11.8, abs=0.05)


def test_a_census_shows_everything():
    assert margin(80, 80) == margin(1, 1) == smallest_from_se(0, 79) == 0


def test_estimate_with_a_standard_error():
    # t(71): 1.99394 + .84731
    assert smallest_from_se(0.1, 71) == pytest.approx(0.284125, abs=1e-4)
    assert smallest_from_se(0.1) == pytest.approx(0.1 * (1.959964 + 0.841621), abs=1e-6)


def test_too_few_answers_show_nothing():
    assert [math.isnan(x) for x in (smallest_dz(1), smallest_net_change(5), smallest_net_change(0), margin(1))] == [
        True
    ] * 4
    assert math.isnan(smallest_from_se(0.1, 0))


def test_one_table_of_what_72_of_80_can_show():
    table = smallest_change(72, 80, se=0.1, df=71)
    assert table["kind"].tolist() == ["dz", "net change", "margin", "estimate"]
    assert table["target"].tolist() == ["analytic", "analytic", "descriptive", "descriptive"]
    assert table["smallest"].tolist() == pytest.approx([0.33472, 0.18468, 0.03678, 0.28412], abs=1e-4)
    assert (table["n"].unique().tolist(), table["population"].unique().tolist()) == ([72], [80])
    assert smallest_change(72)["target"].unique().tolist() == ["analytic"]
    assert pd.isna(smallest_change(72)["population"]).all()


@pytest.mark.parametrize(
    ("call", "where", "rule"),
    [
        (lambda: margin(80, 70), "population", "Tổng thể không nhỏ hơn số người trả lời."),
        (lambda: smallest_dz(72, power=80), "power", "Là tỷ lệ giữa 0 và 1."),
        (lambda: smallest_net_change(72, discordant=30), "discordant", "Là tỷ lệ giữa 0 và 1."),
        (lambda: power_of_net_change(72, 0.5), "change", "Thay đổi ròng không vượt phần người có thay đổi."),
    ],
)
def test_mistakes_are_told(call, where, rule):
    with pytest.raises(DesignError) as error:
        call()
    assert str(error.value).startswith(f"Lỗi ở {where}\n  Quy tắc: {rule}\n")
