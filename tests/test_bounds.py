"""What those who did not answer could change at most."""

import math

import pandas as pd
import pytest

from analysis.bounds import bounds, bounds_of_change, carried_forward, tipping_point
from survey.errors import DesignError


def answers(yes: int, no: int) -> pd.DataFrame:
    return pd.DataFrame({"q": [1] * yes + [0] * no})


@pytest.mark.parametrize(
    ("yes", "no", "low", "high"),
    [(42, 28, 0.525, 0.65), (30, 20, 0.375, 0.75), (48, 32, 0.6, 0.6)],  # 60 % of 70, of 50, of all 80
)
def test_manskis_bounds_of_a_share(yes, no, low, high):
    row = bounds(answers(yes, no), ["q"], 80, tops={"q": [1]}).iloc[0]
    assert (row["estimate"], row["low"], row["high"]) == pytest.approx((0.6, low, high))


def test_the_bounds_of_a_mean_are_those_of_its_scale():
    # 3 of 4 people: mean 3; the fourth says 1 or 5
    row = bounds(pd.DataFrame({"q": [2.0, 3, 4]}), ["q"], 4, ends=(1, 5)).iloc[0]
    assert (row["low"], row["high"]) == (10 / 4, 14 / 4)


def test_nobody_answered_so_anything_is_possible():
    row = bounds(pd.DataFrame({"q": [None, None]}), ["q"], 4, tops={"q": [1]}).iloc[0]
    assert (row["low"], row["high"], row["n"]) == (0, 1, 0)
    assert math.isnan(row["estimate"])


def test_a_change_is_bounded_by_the_worst_of_both_waves():
    first, second = (bounds(answers(*counts), ["q"], 80, tops={"q": [1]}) for counts in ((35, 35), (49, 21)))
    row = bounds_of_change(first, second).iloc[0]
    # .4375 to .5625, then .6125 to .7375
    assert (row["estimate"], row["low"], row["high"]) == pytest.approx((0.2, 0.6125 - 0.5625, 0.7375 - 0.4375))


def test_what_would_tip_a_target():
    # 60 of 80 answered, 85 % of them yes: 51; 90 % of 80 are 72: 21 yes of 20 silent people: impossible
    assert not tipping_point(0.85, 60, 80, 0.9)["possible"]
    found = tipping_point(0.95, 60, 80, 0.9)  # 57 yes; 15 of the 20 must say yes
    assert (found["needed"], found["possible"]) == (pytest.approx(0.75), True)
    assert math.isnan(tipping_point(0.9, 80, 80, 0.9)["needed"])


def test_first_answers_carried_forward():
    frame = pd.DataFrame({"wave": [1, 1, 1, 2, 2], "person": ["a", "b", "c", "a", "b"], "q": [2.0, 3, 1, 4, 5]})
    row = carried_forward(frame, ["q"], between=(1, 2)).iloc[0]
    # all answers: 4.5 - 2; with c's 1 once more: 10/3 - 2
    assert (row["estimate"], row["carried"], row["n_carried"]) == (2.5, pytest.approx(4 / 3), 1)


@pytest.mark.parametrize(
    ("population", "words"),
    [
        (4, "Trung bình cần hai đầu của thang đo."),
        (1, "Số trả lời không vượt số người được hỏi."),
    ],
)
def test_what_cannot_be_bounded_is_told(population, words):
    with pytest.raises(DesignError) as error:
        bounds(answers(1, 1), ["q"], population, **({} if population == 4 else {"tops": {"q": [1]}}))
    assert f"  Quy tắc: {words}\n" in str(error.value)
