"""No change worth speaking of: R's t tests, and exact answers of a census."""

import math

import pytest
from scipy import stats

from analysis.equivalence import tost, tost_means, tost_paired
from survey.errors import DesignError

BEFORE, AFTER = [3.0, 2, 4, 3, 5, 2, 3, 4], [3.0, 3, 4, 3, 4, 2, 3, 4]


def test_paired_equivalence_is_the_worse_of_two_one_sided_t_tests():
    found = tost_paired(BEFORE, AFTER, 0.5)
    d = [after - before for before, after in zip(BEFORE, AFTER, strict=True)]
    # R: max(t.test(d, mu = -.5, alternative = "greater")$p.value, t.test(d, mu = .5, alternative = "less")$p.value)
    worse = max(
        stats.ttest_1samp(d, -0.5, alternative="greater").pvalue, stats.ttest_1samp(d, 0.5, alternative="less").pvalue
    )
    assert found.p == pytest.approx(worse)
    assert (found.estimate, found.n, found.target) == (0, 8, "analytic")
    assert found.p < 0.05
    assert -0.5 < found.low < found.high < 0.5


def test_two_groups_by_welch():
    one, two = [1.0, 2, 3, 4], [2.0, 2, 3, 3, 3]
    found = tost_means(one, two, 2)
    apart = stats.ttest_ind([x + 2 for x in two], one, equal_var=False, alternative="greater").pvalue
    other = stats.ttest_ind([x - 2 for x in two], one, equal_var=False, alternative="less").pvalue
    assert found.p == pytest.approx(max(apart, other))


def test_a_census_decides_exactly():
    assert tost(0.2, 0.0, 5, 0.3).p == 0
    assert tost(0.4, 0.0, 5, 0.3).p == 1


def test_too_few_answers_decide_nothing():
    assert math.isnan(tost_paired([1.0], [2.0], 1).p)
    assert tost_means([1.0], [1.0, 2.0], 1).method == "too few answers"


def test_a_bound_of_nothing_is_told():
    with pytest.raises(DesignError) as error:
        tost(0.1, 0.1, 5, 0)
    assert str(error.value) == (
        "Lỗi ở tost(bound=...)\n"
        "  Quy tắc: Ngưỡng là số dương, định trước khi xem số liệu.\n"
        "  Đã thấy: 0\n"
        "  Cách sửa: Ví dụ 0,3 điểm hoặc 0,1 (10 điểm phần trăm)."
    )
