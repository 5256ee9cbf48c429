"""Numbers and sentences as Vietnamese people write them, with the hedge that the numbers bear."""

import math

import pandas as pd
import pytest

from analysis import sentences
from analysis.comparisons import judge
from analysis.estimates import COLUMNS
from survey.errors import speak


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.8567, "85,7%"),
        (1, "100,0%"),
        (0, "0,0%"),
        (0.9996, ">99,9%"),
        (0.996, "99,6%"),
        (0.0001, "<0,1%"),
        (math.nan, "–"),
    ],
)
def test_a_share(share, words):
    assert sentences.percent(share) == words


@pytest.mark.parametrize(
    ("value", "words"), [(0.424, "+0,42"), (-0.424, "−0,42"), (-0.001, "0,00"), (1234.5, "+1.234,50")]
)
def test_a_signed_number(value, words):
    assert sentences.signed(value) == words


def test_the_same_number_in_english():
    speak("en")
    try:
        assert sentences.number(1234.5) == "1,234.50"
    finally:
        speak("vi")


def changed(estimate: float, se: float, item: str = "x") -> dict:
    low, high = estimate - 2 * se, estimate + 2 * se
    known = {
        "wave": "2025→2027",
        "item": item,
        "estimate": estimate,
        "se": se,
        "low": low,
        "high": high,
        "df": 60.0,
        "n": 60,
    }
    return dict.fromkeys(COLUMNS) | known | {"shown": True, "reason": ""}


@pytest.mark.parametrize(
    ("estimate", "se", "words"),
    [
        (0.42, 0.06, "Kỹ năng: từ năm 2025 đến năm 2027 tăng 0,42 điểm (khoảng tin cậy 95%: +0,30 đến +0,54)."),
        (-0.42, 0.06, "Kỹ năng: từ năm 2025 đến năm 2027 giảm 0,42 điểm (khoảng tin cậy 95%: −0,54 đến −0,30)."),
        (0.02, 0.05, "Kỹ năng: từ năm 2025 đến năm 2027 không thay đổi đáng kể: chênh lệch +0,02 điểm "
                     "(khoảng tin cậy 95%: −0,08 đến +0,12)."),
        (0.15, 0.20, "Kỹ năng: từ năm 2025 đến năm 2027 chưa đủ căn cứ kết luận: chênh lệch +0,15 điểm "
                     "(khoảng tin cậy 95%: −0,25 đến +0,55; số liệu này chỉ nhận ra được thay đổi từ 0,57 điểm)."),
    ],
)  # fmt: skip
def test_a_change_says_no_more_than_its_numbers(estimate, se, words):
    row = next(judge(pd.DataFrame([changed(estimate, se)]), small=0.2).itertuples())
    assert sentences.change(row, "Kỹ năng") == words


def test_a_hidden_number_is_not_said():
    row = next(judge(pd.DataFrame([changed(0.4, 0.1) | {"shown": False}])).itertuples())
    assert sentences.change(row, "Kỹ năng") == "Kỹ năng: không công bố."


def test_many_items_are_judged_together_and_the_named_ones_by_holm():
    # two-sided t(60) p of 2,1 is .0400; three such together are .12 by Holm
    changes = pd.DataFrame([changed(0.21, 0.1, item) for item in "abc"])
    alone = judge(changes.head(1), primary=["a"])
    together = judge(changes, primary=list("abc"))
    assert alone["verdict"].tolist() == ["rose"]
    assert together["p_adjusted"].tolist() == pytest.approx([3 * alone["p"].item()] * 3)
    assert together["verdict"].tolist() == ["cannot_tell"] * 3


def test_benjamini_and_hochbergs_worked_example():
    # p .005 .05 .1 .14 .21 .25 -> .03 .15 .2 .21 .25 .25 (6 p / rank, made monotone)
    from scipy import stats

    values = [0.005, 0.05, 0.1, 0.14, 0.21, 0.25]
    changes = pd.DataFrame([changed(float(stats.t.isf(p / 2, 60)) * 0.1, 0.1, str(p)) for p in values])
    assert judge(changes)["p_adjusted"].tolist() == pytest.approx([0.03, 0.15, 0.2, 0.21, 0.25, 0.25])


def test_a_census_knows_its_change():
    judged = judge(pd.DataFrame([changed(0.01, 0.0, "a"), changed(0.0, 0.0, "b")]), small=0.2)
    assert judged["verdict"].tolist() == ["rose", "no_meaningful_change"]
