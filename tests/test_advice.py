"""Each planted fault of a questionnaire is found, with its place and what to do; a good one is met with silence."""

from __future__ import annotations

from pathlib import Path

import pytest

from survey.advice import advise, before, minutes, recoded
from survey.questionnaire import HOUSE, Questionnaire
from survey.study import Study

PROJECT = Path(__file__).resolve().parents[1]
GOOD = """
id: thu
title: {vi: Phiếu thử, en: Trial}
choices:
  dong_y:
    order: agreement
    options:
      - {value: 1, label: {vi: Không đồng ý, en: Disagree}}
      - {value: 2, label: {vi: Nửa đồng ý nửa không, en: Neither}}
      - {value: 3, label: {vi: Đồng ý, en: Agree}}
  kho: {options: [{value: a, label: {vi: Mạng chậm, en: Slow network}}, {value: b, label: {vi: Máy cũ, en: Old computers}}]}
  co: {order: yes_no, options: [{value: 1, label: {vi: Có, en: "Yes"}}, {value: 0, label: {vi: Không, en: "No"}}]}
sections:
  - id: chung
    title: {vi: Phần chung, en: General}
    questions:
      - {id: day, type: single, choices: co, title: {vi: Thầy cô có dạy lớp 12 không?, en: Do you teach grade 12?}}
      - {id: kho, type: several, choices: kho, title: {vi: Khó khăn đang gặp, en: Difficulties}}
  - id: y_kien
    title: {vi: Ý kiến, en: Views}
    only: {day: [1]}
    questions:
      - {id: a1, type: single, choices: dong_y, title: {vi: Tổ có đủ máy chiếu, en: There are enough projectors}}
      - {id: a2, type: single, choices: dong_y, title: {vi: Mạng trong lớp ổn định, en: The network is stable}}
      - {id: a3, type: single, choices: dong_y, title: {vi: Tập huấn quá ít, en: There is too little training}, reverse: true}
      - {id: a4, type: single, choices: dong_y, title: {vi: Học sinh thích bài giảng số, en: Students like digital lessons}}
"""


def told(tmp_path: Path, old: str = "", new: str = "", seen=None) -> list[tuple[str, str]]:
    """Where, and what was found, in the good questionnaire after one change."""
    assert old in GOOD
    (tmp_path / "phieu.yaml").write_text(GOOD.replace(old, new, 1) if old else GOOD, encoding="utf-8")
    return [(one.where, one.found) for one in advise(Questionnaire.load(tmp_path / "phieu.yaml"), seen)]


def test_a_good_questionnaire_is_met_with_silence(tmp_path):
    assert told(tmp_path) == []
    assert advise(Study.open(PROJECT / "data/demo").form) == []


@pytest.mark.parametrize(
    ("old", "new", "where", "found"),
    [
        ("Mạng trong lớp ổn định", "Tổ có đủ các máy chiếu", "a2", "gần giống câu a1: “Tổ có đủ các máy chiếu”"),
        ("vi: Mạng chậm", 'vi: "Mạng chậm, yếu"', "kho", "“Mạng chậm, yếu”"),
        ("Tổ có đủ máy chiếu", "Tổ có đủ máy chiếu và màn hình", "a1", "“Tổ có đủ máy chiếu và màn hình”"),
        (
            "{vi: Mạng trong lớp ổn định, en: The network is stable}",
            "Mạng trong lớp ổn định",
            "a2",
            "“Mạng trong lớp ổn định”",
        ),
        (", reverse: true", "", "y_kien", "4 câu cùng một chiều"),
        ("only: {day: [1]}", "only: {day: [2]}", "y_kien", "day: 2"),
        ("Khó khăn đang gặp", "Thầy cô có là đảng viên không", "kho", "đảng phái, chính kiến"),
        ("Khó khăn đang gặp", "Tôn giáo của thầy cô", "kho", "tôn giáo"),
        ("Khó khăn đang gặp", "Dân tộc của thầy cô", "kho", "dân tộc"),
        ("Khó khăn đang gặp", "Số căn cước công dân", "kho", "giấy tờ tùy thân"),
        ("Khó khăn đang gặp", "Dân tộc", "kho", "dân tộc"),
        ("vi: Mạng chậm", "vi: Không phải đảng viên", "kho", "đảng phái, chính kiến"),
        ("en: Slow network", 'en: "Slow, weak network"', "kho", "“Mạng chậm”"),
        (
            "Thầy cô có dạy lớp 12 không?",
            "Thầy cô có máy tính và mạng ở nhà không?",
            "day",
            "“Thầy cô có máy tính và mạng ở nhà không?”",
        ),
        ("label: {vi: Mạng chậm, en: Slow network}", "label: Mạng chậm", "choices, kho", "“Mạng chậm”"),
        ("title: {vi: Phiếu thử, en: Trial}", "title: Phiếu thử", "thu", "“Phiếu thử”"),
        (
            "type: several, choices: kho,",
            "type: grid, choices: co, rows: [{id: m, title: {vi: Máy, en: PC}}],",
            "kho",
            "bảng 1 hàng × 2 cột",
        ),
    ],
)
def test_a_planted_fault_is_found(tmp_path, old, new, where, found):
    assert told(tmp_path, old, new) == [(where, found)]


def test_a_grid_wider_than_a_phone_and_any_other_is_warned_of(tmp_path):
    five = ", ".join(f"{{value: {n}, label: {{vi: Mức {n}, en: Step {n}}}}}" for n in range(5))
    grid = f"type: grid, choices: {{options: [{five}]}}, rows: [{{id: m, title: {{vi: Máy, en: PC}}}}],"
    assert told(tmp_path, "type: several, choices: kho,", grid) == [("kho", "bảng 1 hàng × 5 cột, rộng hơn màn hình")]


def test_a_branch_that_google_forms_cannot_show(tmp_path):
    late = "  - id: xen\n    title: {vi: Xen, en: Between}\n    questions: [{id: x, type: text, title: {vi: Tên tổ, en: Unit}}]\n"
    found = told(tmp_path, "  - id: y_kien\n", late + "  - id: y_kien\n")
    assert found == [("xen", "đường đi tiếp tùy vào nhiều câu hoặc câu ở phần trước")]


def test_agreement_all_in_one_direction_is_found_also_where_it_is_spread_over_sections(tmp_path):
    split = "  - id: them\n    title: {vi: Thêm, en: More}\n    questions:\n      - {id: a3"
    found = told(tmp_path, "      - {id: a3", split.replace("{id: a3", "{id: a3"))
    assert found == []
    text = GOOD.replace("      - {id: a3", split, 1).replace(", reverse: true", "")
    (tmp_path / "phieu.yaml").write_text(text, encoding="utf-8")
    found = [(one.where, one.found) for one in advise(Questionnaire.load(tmp_path / "phieu.yaml"))]
    assert found == [("thu", "4 câu cùng một chiều")]


def test_an_earlier_file_shows_which_wording_and_which_choice_changed_under_an_old_id(tmp_path):
    (tmp_path / "cu.yaml").write_text(GOOD, encoding="utf-8")
    new = GOOD.replace("Mạng trong lớp ổn định", "Mạng chạy tốt").replace("vi: Máy cũ", "vi: Máy hỏng")
    (tmp_path / "moi.yaml").write_text(new, encoding="utf-8")
    old, form = Questionnaire.load(tmp_path / "cu.yaml"), Questionnaire.load(tmp_path / "moi.yaml")
    found = [*advise(form, before(old)), *recoded(form, old)]
    assert [(one.where, one.found) for one in found] == [
        ("a2", "trước đây là “Mạng trong lớp ổn định”"),
        ("kho", "b = “Máy cũ”; b = “Máy hỏng”"),
    ]
    assert advise(old, before(old)) == recoded(old, old) == []


@pytest.mark.parametrize("name", ["staff", "students", "targets", "nominations"])
def test_the_questionnaires_of_the_house_are_met_with_silence(name):
    assert advise(Questionnaire.load(HOUSE / f"{name}.yaml")) == []


def test_an_unbalanced_scale_is_found_at_each_question_that_uses_it(tmp_path):
    more = "      - {value: 4, label: {vi: Rất đồng ý, en: Strongly agree}}\n  kho:"
    found = told(tmp_path, "  kho:", more)
    assert found == [(name, "2 mức đồng ý, 1 mức không") for name in ("a1", "a2", "a3", "a4")]


def test_a_wording_changed_under_an_old_id(tmp_path):
    seen = {"a1": ["Tổ có đủ máy tính"], "a2": ["Mạng trong lớp ổn định"]}
    assert told(tmp_path, seen=seen) == [("a1", "trước đây là “Tổ có đủ máy tính”")]


def test_a_form_that_takes_too_long(tmp_path):
    words = [
        "máy chiếu",
        "sổ đầu bài",
        "điện thoại",
        "loa kéo",
        "bảng phụ",
        "tranh ảnh",
        "phim ngắn",
        "bài hát",
        "trò chơi",
        "sân khấu",
    ]
    extra = "".join(
        f"      - {{id: x{n}, type: long_text, title: {{vi: {words[n % 10]} {words[n // 10]}, en: Tell {n}}}}}\n"
        for n in range(30)
    )
    found = told(tmp_path, "  - id: y_kien\n", extra + "  - id: y_kien\n")
    assert found == [("thu", "khoảng 16 phút")]


def test_minutes_by_hand(tmp_path):
    (tmp_path / "phieu.yaml").write_text(GOOD, encoding="utf-8")
    form = Questionnaire.load(tmp_path / "phieu.yaml")
    # general: 2 + 8 + 2 words of titles with the section's, 2 + 4 of choices; 4 s + 8 s
    general = 2 + 7 + 4 + 2 + 4
    assert minutes(form, {"day": 0}) == pytest.approx(general / 240 + 12 / 60)


def test_the_staff_form_takes_at_most_ten_minutes():
    form = Study.open(PROJECT / "data/demo").form
    assert all(minutes(form, {"vai_tro": role}) <= 10 for role in ("giao_vien", "quan_ly", "nhan_vien"))


def test_advice_says_where_which_rule_and_what_to_do(tmp_path):
    (tmp_path / "phieu.yaml").write_text(GOOD.replace(", reverse: true", ""), encoding="utf-8")
    assert str(advise(Questionnaire.load(tmp_path / "phieu.yaml"))[0]) == (
        "y_kien: 4 câu cùng một chiều\n"
        "    Trong một loạt câu đồng ý/không đồng ý có ít nhất một câu viết ngược, để nhận ra người chọn một cột.\n"
        "    → Viết ngược một câu và ghi reverse: true."
    )
