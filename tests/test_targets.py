"""Targets on raw counts: strict and inclusive operators, no cases, no figure."""

import datetime as dt

import pytest

from analysis.targets import status, targets
from survey.study import Figure, Study, Target

DAY = dt.date(2027, 5, 31)


def judged(rule: str, percent: int | None, numerator: int | None, denominator: int | None) -> str:
    target = Target(id=1, label="CT", text="CT", rule=rule, percent=percent)
    return status(target, Figure(target=1, date=DAY, numerator=numerator, denominator=denominator))


@pytest.mark.parametrize(
    ("rule", "percent", "numerator", "denominator", "expected"),
    [
        ("at_least", 90, 90, 100, "met"),  # "tối thiểu": 90,0 passes
        ("at_least", 90, 8999, 10000, "not_met"),
        ("more_than", 70, 70, 100, "not_met"),  # "trên": exactly 70,0 fails
        ("more_than", 70, 7001, 10000, "met"),
        ("more_than", 80, 80, 100, "not_met"),
        ("all", None, 249, 250, "not_met"),  # 99,6 % is never "100 %"
        ("all", None, 250, 250, "met"),
        ("at_least", 90, 0, 0, "no_cases"),
        ("all", None, 0, 0, "no_cases"),
        ("at_least", 90, 12, 10, "cannot_tell"),  # more than there are
        ("at_least", 90, None, 10, "cannot_tell"),
    ],
)
def test_status(rule, percent, numerator, denominator, expected):
    assert judged(rule, percent, numerator, denominator) == expected


def test_without_a_figure_nothing_can_be_told():
    assert status(Target(id=1, label="CT", text="CT", rule="all"), None) == "cannot_tell"


def test_a_target_without_a_number_is_judged_by_people():
    target = Target(id=6, label="CT", text="CT", rule="judged")
    assert status(target, Figure(target=6, date=DAY, judged="met")) == "met"
    assert status(target, Figure(target=6, date=DAY)) == "cannot_tell"


def test_the_demo_at_the_interim_review():
    table = targets(Study.open("data/demo"), dt.date(2027, 6, 30))
    assert table["status"].tolist() == ["met", "met", "met", "not_met", "not_met", "met"]
    assert table.loc[3, ["numerator", "denominator"]].tolist() == [75, 80]


def test_the_demo_when_nothing_had_occurred():
    table = targets(Study.open("data/demo"), dt.date(2025, 12, 31))
    assert table["status"].tolist()[0] == "no_cases"
    assert table["value"].isna().tolist()[0]
