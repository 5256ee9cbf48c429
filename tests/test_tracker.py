"""Who has answered: units and days, never people."""

from __future__ import annotations

import datetime as dt
import math
from pathlib import Path

import pandas as pd
import pytest

from analysis.power import margin
from survey import tracker
from survey.study import Study

STUDY = """
id: thu
title: Thử
school: {name: Trường thử}
units: [{id: bgh, label: Ban giám hiệu}, {id: toan, label: Tổ Toán}, {id: van, label: Tổ Văn}]
roles: [{id: gv, label: Giáo viên}, {id: ql, label: Quản lý}]
waves:
  - {id: 2026, opens: 2026-05-04, ends: 2026-05-15, roster: {bgh: {ql: 3}, toan: {gv: 9, ql: 1}, van: {gv: 7}}}
  - {id: 2027, opens: 2027-05-03, ends: 2027-05-14}
"""
MONDAY = dt.date(2026, 5, 4)


@pytest.fixture
def study(tmp_path: Path) -> Study:
    (tmp_path / "study.yaml").write_text(STUDY, encoding="utf-8")
    return Study.open(tmp_path)


def responses(*counts: tuple[str, str, int, int], wave: int = 2026) -> pd.DataFrame:
    """(unit, role, day of May, how many)."""
    rows = [(wave, f"2026-05-{day:02d}", unit, role) for unit, role, day, many in counts for _ in range(many)]
    return pd.DataFrame(rows, columns=["wave", "submitted", "unit", "role"]).astype({"submitted": "datetime64[s]"})


HALF = responses(("toan", "gv", 4, 4), ("toan", "ql", 5, 1), ("van", "gv", 5, 6), ("bgh", "ql", 6, 1))


def test_every_place_of_the_roster_is_counted(study):
    table = tracker.cells(HALF, study, 2026)
    assert table[["unit", "role", "asked", "answered", "missing"]].values.tolist() == [
        ["bgh", "ql", 3, 1, 2], ["toan", "gv", 9, 4, 5], ["toan", "ql", 1, 1, 0], ["van", "gv", 7, 6, 1],
    ]  # fmt: skip


def test_answers_without_a_place_stand_in_a_row_of_their_own(study):
    table = tracker.units(pd.concat([HALF, responses(("van", "ql", 6, 2))]), study, 2026)
    assert table["answered"].tolist() == [1, 5, 6, 2]
    assert table["asked"].tolist() == [3, 10, 7, 0]
    assert pd.isna(table["unit"].iloc[-1])


def test_units_are_reminded_and_small_ones_only_together(study):
    assert tracker.remind(HALF, study, 2026) == ([("toan", 5)], 2)
    assert tracker.remind(responses(("toan", "gv", 4, 8), ("van", "gv", 4, 6), ("bgh", "ql", 4, 3)), study, 2026) == (
        [],
        0,
    )


def test_days_without_answers_are_days(study):
    days = tracker.daily(HALF, study, 2026, dt.date(2026, 5, 7))
    assert days["answers"].tolist() == [4, 7, 1, 0]
    assert days["cumulative"].tolist() == [4, 11, 12, 12]
    assert days["rate"].iloc[-1] == 12 / 20
    assert tracker.curve(days) == "▅█▂ "
    assert tracker.curve(days, "ascii") == "+@: "


def test_an_answer_sent_early_or_late_stands_with_the_nearest_day_and_one_without_a_day_with_none(study):
    odd = responses(("toan", "gv", 1, 2), ("toan", "gv", 30, 1))
    odd.loc[len(odd)] = [2026, pd.NaT, "toan", "gv"]
    assert tracker.daily(odd, study, 2026, dt.date(2026, 6, 1))["answers"].tolist() == [2, *[0] * 10, 1]


def test_what_was_there_on_a_day(study):
    assert len(tracker.until(HALF, dt.date(2026, 5, 5))) == 11


@pytest.mark.parametrize(("answered", "asked"), [(12, 20), (67, 80), (2, 20), (48_000, 60_000)])
def test_precision_is_that_of_the_plan(answered, asked):
    assert tracker.precision(answered, asked) == pytest.approx(100 * margin(answered, asked), rel=1e-12)


def test_a_census_is_exact_and_one_answer_tells_nothing():
    assert tracker.precision(20, 20) == 0
    assert math.isnan(tracker.precision(1, 20))
    assert math.isnan(tracker.precision(0, 0))


def test_the_pace_of_three_working_days_goes_on_to_the_end_but_not_beyond_the_roster(study):
    wave = study.wave(2026)
    days = tracker.daily(HALF, study, 2026, dt.date(2026, 5, 7))  # the last three: 7, 1, 0
    assert tracker.forecast(days, wave, dt.date(2026, 5, 13)) == 12 + round(8 / 3 * 2)
    assert tracker.forecast(days, wave, dt.date(2026, 5, 7)) == 20


def test_the_person_in_charge_is_told_in_sentences(study):
    assert tracker.in_words(HALF, study, 2026, dt.date(2026, 5, 13)) == [
        "Đã trả lời: 12/20 (60%).",
        "Nếu dừng hôm nay, một tỉ lệ của cả trường đúng đến ±18,7 điểm %; "
        "theo nhịp này đến 15/05 có khoảng 12 câu trả lời: ±18,7 điểm %.",
        "Nên nhắc: Tổ Toán (còn 5); các đơn vị dưới 5 người (còn 2).",
    ]


def test_a_wave_that_is_over_to_come_or_without_a_roster(study):
    assert tracker.in_words(HALF, study, 2026, dt.date(2026, 6, 1))[-1] == "Đợt đã kết thúc ngày 15/05/2026."
    assert tracker.in_words(HALF.iloc[:0], study, 2026, dt.date(2026, 5, 1)) == ["Đợt 2026 mở ngày 04/05/2026."]
    assert tracker.in_words(HALF, study, 2027, dt.date(2027, 5, 4)) == [
        "Đợt 2027 chưa có danh sách nhân sự (roster) trong study.yaml: không tính được tỉ lệ."
    ]


def test_nothing_names_a_person(demo_study):
    from survey import store

    assert list(store.responses(demo_study).columns) == ["wave", "submitted", "unit", "role"]
