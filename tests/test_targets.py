"""The targets as their entries leave them: the status, and the words that say why."""

import datetime as dt

import pandas as pd
import pytest

from analysis.register import ENTRIES, entries
from analysis.targets import Said, judge, missing, share_words, status, targets
from survey.study import Figure, Study, Sufficiency, Target

DAY = dt.date(2027, 5, 31)
UNTIL = dt.date(2027, 6, 30)
DEMO = Study.open("data/demo")
TARGETS = {target.id: target for target in DEMO.movement.targets}
SECTOR = Target(id=1, label="CT", text="CT", rule="more_than", percent=80)


def table(*rows: dict) -> pd.DataFrame:
    """Entries of the school, dated 31/05/2027, each with its own evidence, unless a row says otherwise."""
    usual = {"date": DAY, "occurred": True, "evidence": "a.pdf", "replaced": False, "source": "hàng 2"}
    return pd.DataFrame([{**usual, **row} for row in rows], columns=list(ENTRIES)).astype(ENTRIES)


def counted(numerator: float | None, denominator: float | None, **more) -> dict:
    return {"numerator": numerator, "denominator": denominator, **more}


def judged(target: Target, *rows: dict, until: dt.date = UNTIL, said: Said | None = None):
    return judge(DEMO, target, table(*[{"target": target.id, **row} for row in rows]), until, said)


CT = TARGETS
OLD = {"entered": dt.date(2027, 6, 1)}
CASES = {
    # share against the aim: "tối thiểu" is inclusive, "trên" is strict, 100 % is everybody
    "79,99 % of more than 80": (
        SECTOR,
        [counted(7999, 10000)],
        "not_met",
        "Chưa đạt: 7.999/10.000 = 79,99%, cần trên 80%, còn thiếu 2.",
    ),
    "80,0 % of more than 80": (
        SECTOR,
        [counted(80, 100)],
        "not_met",
        "Chưa đạt: 80/100 = 80,0%, cần trên 80%, còn thiếu 1.",
    ),
    "80,01 % of more than 80": (SECTOR, [counted(8001, 10000)], "met", "Đạt: 8.001/10.000 = 80,01%, cần trên 80%."),
    "one of one, more than 80": (SECTOR, [counted(1, 1)], "met", "Đạt: 1/1 = 100,0%, cần trên 80%."),
    "90,0 % of at least 90": (CT[1], [counted(90, 100)], "met", "Đạt: 90/100 = 90,0%, cần tối thiểu 90%."),
    "89,99 % of at least 90": (
        CT[1],
        [counted(8999, 10000)],
        "not_met",
        "Chưa đạt: 8.999/10.000 = 89,99%, cần tối thiểu 90%, còn thiếu 1.",
    ),
    "89,999 %": (
        CT[1],
        [counted(89999, 100000)],
        "not_met",
        "Chưa đạt: 89.999/100.000 = 89,999%, cần tối thiểu 90%, còn thiếu 1.",
    ),
    "9 of 10": (CT[1], [counted(9, 10)], "met", "Đạt: 9/10 = 90,0%, cần tối thiểu 90%."),
    "8 of 9": (CT[1], [counted(8, 9)], "not_met", "Chưa đạt: 8/9 = 88,9%, cần tối thiểu 90%, còn thiếu 1."),
    "70,0 % of more than 70": (
        CT[2],
        [counted(70, 100)],
        "not_met",
        "Chưa đạt: 70/100 = 70,0%, cần trên 70%, còn thiếu 1.",
    ),
    "70,01 % of more than 70": (CT[2], [counted(7001, 10000)], "met", "Đạt: 7.001/10.000 = 70,01%, cần trên 70%."),
    "99,6 % of everybody": (CT[4], [counted(249, 250)], "not_met", "Chưa đạt: 249/250 = 99,6%, cần 100%, còn thiếu 1."),
    "99,996 % of everything": (
        CT[5],
        [counted(24999, 25000)],
        "not_met",
        "Chưa đạt: 24.999/25.000 = 99,996%, cần 100%, còn thiếu 1.",
    ),
    "everybody": (CT[4], [counted(80, 80)], "met", "Đạt: 80/80 = 100,0%, cần 100%."),
    "nobody": (CT[4], [counted(0, 80)], "not_met", "Chưa đạt: 0/80 = 0,0%, cần 100%, còn thiếu 80."),
    # no cases
    "0 of 0": (
        CT[1],
        [counted(0, 0, occurred=False)],
        "no_cases",
        "Không phát sinh: không có trường hợp nào phải tính.",
    ),
    "0 of 0 of everybody": (CT[5], [counted(0, 0)], "no_cases", "Không phát sinh: không có trường hợp nào phải tính."),
    # figures that cannot be used
    "n above N": (CT[1], [counted(12, 10)], "cannot_tell", "Chưa đủ căn cứ: tử số 12 lớn hơn mẫu số 10."),
    "1 of 0": (CT[1], [counted(1, 0)], "cannot_tell", "Chưa đủ căn cứ: tử số 1 lớn hơn mẫu số 0."),
    "no numerator": (CT[1], [counted(None, 10)], "cannot_tell", "Chưa đủ căn cứ: thiếu tử số hoặc mẫu số."),
    "no denominator": (CT[1], [counted(9, None)], "cannot_tell", "Chưa đủ căn cứ: thiếu tử số hoặc mẫu số."),
    "half a person": (
        CT[4],
        [counted(79.5, 80)],
        "cannot_tell",
        "Chưa đủ căn cứ: tử số, mẫu số phải là số nguyên không âm.",
    ),
    "less than nobody": (
        CT[4],
        [counted(-1, 80)],
        "cannot_tell",
        "Chưa đủ căn cứ: tử số, mẫu số phải là số nguyên không âm.",
    ),
    "no entry": (CT[1], [], "cannot_tell", "Chưa đủ căn cứ: chưa có số liệu đến ngày 30/06/2027."),
    # dates
    "dated in the future": (
        CT[1],
        [counted(9, 10, date=dt.date(2027, 12, 31))],
        "cannot_tell",
        "Chưa đủ căn cứ: chưa có số liệu đến ngày 30/06/2027.",
    ),
    "dated after it was entered": (
        CT[1],
        [counted(9, 10, date=dt.date(2027, 6, 5), **OLD)],
        "cannot_tell",
        "Chưa đủ căn cứ: số liệu đề ngày sau ngày nhập (05/06/2027 > 01/06/2027).",
    ),
    "dated on the day of entry": (
        CT[1],
        [counted(9, 10, date=dt.date(2027, 6, 1), **OLD)],
        "met",
        "Đạt: 9/10 = 90,0%, cần tối thiểu 90%.",
    ),
    "on the last day": (CT[1], [counted(9, 10, date=UNTIL)], "met", "Đạt: 9/10 = 90,0%, cần tối thiểu 90%."),
    "the day after": (
        CT[1],
        [counted(9, 10), counted(1, 10, date=dt.date(2027, 7, 1))],
        "met",
        "Đạt: 9/10 = 90,0%, cần tối thiểu 90%.",
    ),
    "31 December and 1 January": (
        CT[1],
        [counted(1, 10, date=dt.date(2026, 12, 31)), counted(9, 10, date=dt.date(2027, 1, 1))],
        "met",
        "Đạt: 9/10 = 90,0%, cần tối thiểu 90%.",
    ),
    "entered in any order": (
        CT[1],
        [counted(9, 10), counted(1, 10, date=dt.date(2026, 5, 31))],
        "met",
        "Đạt: 9/10 = 90,0%, cần tối thiểu 90%.",
    ),
    # corrections
    "corrected once": (
        CT[1],
        [counted(1, 10, replaced=True), counted(9, 10)],
        "met",
        "Đạt: 9/10 = 90,0%, cần tối thiểu 90%.",
    ),
    "corrected twice": (
        CT[1],
        [counted(1, 10, replaced=True), counted(10, 10, replaced=True), counted(2, 10)],
        "not_met",
        "Chưa đạt: 2/10 = 20,0%, cần tối thiểu 90%, còn thiếu 7.",
    ),
    # units
    "some units only": (
        CT[3],
        [counted(12, 12, unit="toan"), counted(10, 10, unit="ngu_van", evidence="b.pdf")],
        "cannot_tell",
        "Chưa đủ căn cứ: mới có số liệu của 2/10 đơn vị.",
    ),
    "two units report the same dossier": (
        CT[1],
        [counted(5, 5, unit="toan"), counted(5, 5, unit="ngu_van")],
        "cannot_tell",
        "Chưa đủ căn cứ: Tổ Toán và Tổ Ngữ văn cùng dẫn minh chứng a.pdf: có thể một hồ sơ bị tính hai lần.",
    ),
    "the school's own figure stands before those of units": (
        CT[1],
        [counted(9, 10), counted(1, 10, unit="toan")],
        "met",
        "Đạt: 9/10 = 90,0%, cần tối thiểu 90%.",
    ),
    "every unit": (
        CT[3],
        [counted(5, 5, unit=unit.id, evidence=f"{unit.id}.pdf") for unit in DEMO.units],
        "met",
        "Đạt: 50/50 = 100,0%, cần 100%.",
    ),
    "every unit, one without a number": (
        CT[3],
        [counted(5 if n else None, 5, unit=unit.id, evidence=f"{unit.id}.pdf") for n, unit in enumerate(DEMO.units)],
        "cannot_tell",
        "Chưa đủ căn cứ: thiếu tử số hoặc mẫu số.",
    ),
    "a unit that reports twice": (
        CT[3],
        [
            *[counted(5, 5, unit=unit.id, evidence=f"{unit.id}.pdf") for unit in DEMO.units],
            counted(4, 5, unit="toan", evidence="t2.pdf", date=dt.date(2027, 6, 1)),
        ],
        "not_met",
        "Chưa đạt: 49/50 = 98,0%, cần 100%, còn thiếu 1.",
    ),
    # judged by people
    "judged met": (CT[6], [{"judged": "met"}], "met", "Đạt: theo đánh giá ngày 31/05/2027."),
    "judged not met": (CT[6], [{"judged": "not_met"}], "not_met", "Chưa đạt: theo đánh giá ngày 31/05/2027."),
    "judged by nobody": (
        CT[6],
        [{"down": 90.0}],
        "cannot_tell",
        "Chưa đủ căn cứ: chưa có số liệu đến ngày 30/06/2027.",
    ),
    "judged again later": (
        CT[6],
        [{"judged": "not_met", "date": dt.date(2026, 5, 31)}, {"judged": "met"}],
        "met",
        "Đạt: theo đánh giá ngày 31/05/2027.",
    ),
}


@pytest.mark.parametrize("name", list(CASES))
def test_a_target_and_why(name):
    target, rows, expected, words = CASES[name]
    found = judged(target, *rows)
    assert (found.status, str(found.words)) == (expected, words)


def test_there_are_at_least_forty_such_cases():
    assert len(CASES) >= 40


@pytest.mark.parametrize(
    ("row", "doubt"),
    [
        (counted(80, 80, evidence=None), "Chưa ghi minh chứng"),
        (counted(80, 80, date=dt.date(2026, 3, 1)), "Số liệu đã cũ (01/03/2026)"),
        (
            counted(78, 78),
            "Mẫu số 78 khác số người trên danh sách (80): ghi rõ có tính người bán thời gian, nghỉ dài hạn không",
        ),
    ],
    ids=["no evidence", "old", "part-time staff"],
)
def test_what_does_not_change_the_verdict_is_told_beside_it(row, doubt):
    people = TARGETS[4].model_copy(update={"of": "people"})
    assert doubt in [str(one) for one in judged(people, row).doubts]


def test_how_often_an_entry_was_corrected_is_told():
    rows = [counted(1, 10, replaced=True), counted(2, 10, replaced=True), counted(9, 10)]
    assert [str(doubt) for doubt in judged(TARGETS[1], *rows).doubts] == ["Đã sửa 2 lần"]


# --- A connection that "meets the needs"

RULE = TARGETS[6].model_copy(update={"sufficient": Sufficiency(down=50, up=10, breaks=1, measurements=2, share=80)})
GOOD = {"there": True, "down": 90.0, "up": 40.0, "breaks": 0.0}
ENOUGH = Said(2027, 0.9, 0.85, 0.95, 70)


@pytest.mark.parametrize(
    ("rows", "said", "expected", "part"),
    [
        ([GOOD, GOOD], ENOUGH, "met", "tải xuống 90 Mb/s (cần ≥ 50): đạt"),
        ([GOOD], ENOUGH, "cannot_tell", "số lần đo 1 (cần ≥ 2): chưa rõ"),
        ([GOOD, GOOD], None, "cannot_tell", "nhân sự nói đáp ứng – (cần ≥ 80%): chưa rõ"),
        ([GOOD, GOOD], Said(2027, 0.799), "not_met", "nhân sự nói đáp ứng 79,9% (cần ≥ 80%): chưa đạt"),
        ([GOOD, {**GOOD, "there": False}], ENOUGH, "not_met", "đường truyền cố định: chưa đạt"),
        ([{**GOOD, "down": 20.0}, {**GOOD, "down": 60.0}], ENOUGH, "not_met", "tải xuống 40 Mb/s (cần ≥ 50): chưa đạt"),
        ([{**GOOD, "breaks": 3.0}, GOOD], ENOUGH, "not_met", "mất kết nối mỗi ngày 1,5 (cần ≤ 1,0): chưa đạt"),
        ([{"there": True}, {"there": True}], ENOUGH, "cannot_tell", "tải xuống – (cần ≥ 50): chưa rõ"),
        ([{**GOOD, "date": dt.date(2026, 1, 1)}] * 2, ENOUGH, "cannot_tell", "chưa có số liệu đến ngày 30/06/2027"),
    ],
    ids=["all hold", "measured once", "not asked", "staff say no", "no line", "slow", "breaks", "no speed", "measured long ago"],
)  # fmt: skip
def test_the_connection_by_the_studys_own_rule(rows, said, expected, part):
    found = judged(RULE, *rows, said=said)
    assert found.status == expected
    assert part in str(found.words)


# --- Laws


@pytest.mark.parametrize("denominator", [1, 7, 80, 333, 1000])
@pytest.mark.parametrize("target", [SECTOR, TARGETS[1], TARGETS[2], TARGETS[4]], ids=lambda t: f"{t.rule} {t.percent}")
def test_missing_is_exactly_what_has_to_be_added(target, denominator):
    for numerator in range(denominator + 1):
        more = missing(target, numerator, denominator)
        figure = Figure(target=1, date=DAY, numerator=numerator, denominator=denominator)
        assert (status(target, figure) == "met") == (more == 0)
        if more and numerator + more <= denominator:
            reached = Figure(target=1, date=DAY, numerator=numerator + more, denominator=denominator)
            short = Figure(target=1, date=DAY, numerator=numerator + more - 1, denominator=denominator)
            assert (status(target, reached), status(target, short)) == ("met", "not_met")
        if numerator < denominator:
            assert not share_words(TARGETS[4], numerator, denominator).startswith("100")


# --- The demo, and the register


def test_the_demo_at_the_interim_review():
    found = targets(DEMO, UNTIL)
    assert found["status"].tolist() == ["met", "met", "met", "not_met", "not_met", "met"]
    assert found.loc[3, ["numerator", "denominator"]].tolist() == [75, 80]
    assert found.loc[0, "context"] == "Mục tiêu toàn ngành: trên 80%"


def test_the_demo_when_nothing_had_occurred():
    found = targets(DEMO, dt.date(2025, 12, 31))
    assert found["status"].tolist()[0] == "no_cases"
    assert found["value"].isna().tolist()[0]


def test_without_a_figure_nothing_can_be_told():
    assert status(TARGETS[1], None) == "cannot_tell"


def test_of_two_entries_for_one_day_the_later_counts_and_both_are_kept():
    twice = [*DEMO.figures, Figure(target=4, date=DAY, numerator=80, denominator=80, evidence="moi.pdf")]
    study = DEMO.model_copy(update={"figures": tuple(twice)})
    history = entries(study)
    mine = history[(history["target"] == 4) & (history["date"] == pd.Timestamp(DAY))]
    assert mine[["numerator", "replaced"]].values.tolist() == [[75.0, True], [80.0, False]]
    found = targets(study, UNTIL).set_index("target").loc[4]
    assert (found["status"], found["doubts"]) == ("met", "Đã sửa 1 lần.")
