"""The index of QĐ 4725: sums that must be right, a conflict that is asked and not guessed, levels on unrounded points."""

import csv
import datetime as dt
import io
import shutil
import subprocess
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
import yaml

from analysis import index4725, register, self_assessment
from analysis.__main__ import main
from analysis.index4725 import Index4725Error, levels, load, out_of, points, remarks, score
from survey.errors import UserError
from survey.pull import pull
from survey.study import Study

PROJECT = Path(__file__).resolve().parents[1]
UNTIL = dt.date(2027, 5, 31)


def entries(*rows: dict) -> pd.DataFrame:
    """Entries of the register, each of 31/05/2027 with evidence unless it says otherwise."""
    usual = {"date": "2027-05-31", "evidence": "mc.pdf", "owner": "Kế toán", "source": "hàng 2", "replaced": False}
    table = pd.DataFrame([usual | row for row in rows], columns=list(register.ENTRIES))
    return table.assign(date=pd.to_datetime(table["date"])).astype(register.ENTRIES)


def full(**scores: float) -> list[dict]:
    """An entry for every criterion: mandatory ones there, the others as `c13=30`; None leaves a criterion out."""
    usual = {"c13": 30, "c14": 10, "c15": 20, "c16": 20, "c17": 20, "c23": 60, "c24": 30}
    usual |= {"c11": True, "c12": True, "c21": True, "c22": True}
    return [
        {"criterion": f"{name[1]}.{name[2]}", "there" if value is True or value is False else "points": value}
        for name, value in (usual | scores).items()
        if value is not None
    ]


def group(number: int, *rows: dict):
    """The row of `levels` for a group."""
    table = levels(score(entries(*rows), UNTIL))
    return next(table[table["group"] == number].itertuples())


def criterion(code: str, *rows: dict, until: dt.date = UNTIL):
    """The row of `score` for a criterion."""
    table = score(entries(*rows), until)
    return next(table[table["code"] == code].itertuples())


@pytest.fixture
def changed(tmp_path):
    """A function that writes the house's index with a change made to it, and gives the file."""

    def write(change) -> Path:
        content = yaml.safe_load(index4725.HOUSE.read_text(encoding="utf-8"))
        change(content, {c["code"]: c for g in content["groups"] for c in g["criteria"]})
        path = tmp_path / "bo-chi-so.yaml"
        path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")
        return path

    return write


# --- the file and its sums


def test_the_house_file_lists_100_and_90_points_and_says_so():
    first, second = load().groups
    assert [first.listed, second.listed] == [100, 90]
    assert first.questions == []
    assert [(q.listed, q.implied, q.points) for q in second.questions] == [(60, 70, 10)]
    assert "60 điểm" in second.questions[0].question.vi
    assert "bản gốc" in load().source.vi


def test_its_criteria_are_those_that_the_form_asks_for():
    form = yaml.safe_load((PROJECT / "survey/questionnaires/targets.yaml").read_text(encoding="utf-8"))
    asked = {
        option["value"]: {language: words.split(" (")[0] for language, words in option["label"].items()}
        for option in form["choices"]["tieu_chi"]["options"]
    }
    criteria = [c for g in load().groups for c in g.criteria]
    assert {c.code: {"vi": f"{c.code} {c.label.vi}", "en": f"{c.code} {c.label.en}"} for c in criteria} == asked
    assert [c.code for c in criteria if c.mandatory] == ["1.1", "1.2", "2.1", "2.2"]


def test_what_is_entered_once_and_used_twice():
    shared = {c.code: c.targets for g in load().groups for c in g.criteria if c.targets}
    assert shared == {"1.6": [4], "1.7": [6], "2.3": [4], "2.4": [5]}


def test_a_criterion_that_is_not_the_sum_of_its_parts_is_refused(changed):
    path = changed(lambda index, criteria: criteria["1.5"]["parts"][0].update(maximum=14))
    with pytest.raises(Index4725Error) as error:
        load(path)
    assert str(error.value) == (
        f"Lỗi ở {path}, tiêu chí 1.5\n"
        "  Quy tắc: Điểm tối đa của tiêu chí (maximum) bằng tổng điểm các phần (parts).\n"
        "  Đã thấy: các phần cộng lại được 19 điểm, phải là 20\n"
        "  Cách sửa: Đối chiếu với bản gốc của Quyết định, sửa maximum hoặc điểm của phần sai."
    )


def test_a_group_that_has_not_100_points_is_refused(changed):
    def change(index, criteria):
        criteria["1.4"].update(maximum=15)
        criteria["1.4"]["parts"][0].update(maximum=15)

    path = changed(change)
    with pytest.raises(Index4725Error) as error:
        load(path)
    assert str(error.value) == (
        f"Lỗi ở {path}, nhóm 1\n"
        "  Quy tắc: Điểm tối đa các tiêu chí của một nhóm cộng lại phải là 100.\n"
        "  Đã thấy: cộng lại được 105 điểm, phải là 100\n"
        "  Cách sửa: Đối chiếu với bản gốc của Quyết định rồi sửa điểm. Nếu bản gốc cũng ghi như vậy: ghi "
        "question_to_authority ở tiêu chí nghi sai, với listed, implied chênh nhau đúng số điểm lệch, và hỏi Sở Giáo dục và "
        "Đào tạo."
    )


def test_without_the_question_group_2_is_refused(changed):
    path = changed(lambda index, criteria: criteria["2.3"].pop("question_to_authority"))
    with pytest.raises(Index4725Error) as error:
        load(path)
    assert error.value.where == f"{path}, nhóm 2"
    assert str(error.value.found) == "cộng lại được 90 điểm, phải là 100"


def test_the_question_lets_a_sum_be_off_by_exactly_its_points(changed):
    path = changed(lambda index, criteria: criteria["2.3"]["question_to_authority"].update(implied=69))
    with pytest.raises(Index4725Error) as error:
        load(path)
    assert str(error.value.found) == "cộng lại được 90 điểm (cộng 9 điểm đang hỏi Sở), phải là 100"


def test_the_question_speaks_of_the_points_that_are_listed(changed):
    path = changed(lambda index, criteria: criteria["2.3"]["question_to_authority"].update(listed=61, implied=71))
    with pytest.raises(Index4725Error) as error:
        load(path)
    assert str(error.value) == (
        f"Lỗi ở {path}, tiêu chí 2.3, question_to_authority\n"
        "  Quy tắc: listed là điểm tối đa đang ghi của tiêu chí, implied lớn hơn listed.\n"
        "  Đã thấy: listed: 61, implied: 71, maximum: 60\n"
        "  Cách sửa: Sửa listed và implied; nếu Sở đã trả lời thì sửa điểm của tiêu chí và bỏ question_to_authority."
    )


def test_when_the_authority_has_answered_the_question_goes(changed):
    def change(index, criteria):
        criteria["2.3"].pop("question_to_authority")
        criteria["2.3"].update(maximum=70)
        criteria["2.3"]["parts"][0].update(maximum=16)

    index = load(changed(change))
    answered = levels(score(entries(*full(c23=45, c24=0)), UNTIL, index), index).iloc[1]
    assert (answered["verdict"], answered["low"], answered["out_of"], answered["question"]) == ("level", 1, 100, "")


def test_a_mandatory_criterion_with_points_is_refused(changed):
    path = changed(lambda index, criteria: criteria["2.1"].update(maximum=5))
    with pytest.raises(Index4725Error) as error:
        load(path)
    assert str(error.value) == (
        f"Lỗi ở {path}, tiêu chí 2.1\n"
        "  Quy tắc: Tiêu chí bắt buộc không có điểm: không maximum, parts, bands, question_to_authority.\n"
        "  Đã thấy: tối đa 5 điểm\n"
        "  Cách sửa: Bỏ các mục ấy, hoặc bỏ mandatory."
    )


@pytest.mark.parametrize("code", ["1.4", "1.3.2"])
def test_a_code_is_used_once(changed, code):
    path = changed(lambda index, criteria: criteria["2.4"]["parts"][0].update(code=code))
    with pytest.raises(Index4725Error) as error:
        load(path)
    assert str(error.value) == (
        f"Lỗi ở {path}, code\n  Quy tắc: Mỗi mã chỉ dùng một lần.\n  Đã thấy: {code}\n  Cách sửa: Đổi một trong hai mã."
    )


def test_levels_rise_and_the_last_is_open(changed):
    path = changed(lambda index, criteria: index["levels"][1].update(up_to=40))
    with pytest.raises(Index4725Error) as error:
        load(path)
    assert str(error.value) == (
        f"Lỗi ở {path}, levels\n"
        "  Quy tắc: Các mức xếp từ thấp lên cao, mỗi mức có một giới hạn (below hoặc up_to), riêng mức cuối không có.\n"
        "  Đã thấy: 50, 40, –\n"
        "  Cách sửa: Sửa below, up_to của các mức ấy."
    )


# --- the points of a criterion


def test_the_latest_entry_no_later_than_the_day_counts():
    rows = [
        {"criterion": "1.4", "points": 4, "date": "2026-12-31"},
        {"criterion": "1.4", "points": 7, "date": "2027-05-30"},
        {"criterion": "1.4", "points": 9, "date": "2027-06-01"},
    ]
    assert criterion("1.4", *rows).points == 7
    assert criterion("1.4", *rows, until=dt.date(2026, 12, 31)).points == 4
    assert pd.isna(criterion("1.4", *rows, until=dt.date(2026, 12, 30)).points)


def test_an_entry_that_was_replaced_does_not_count():
    rows = [{"criterion": "1.4", "points": 9, "replaced": True}, {"criterion": "1.4", "points": 6}]
    assert criterion("1.4", *rows).points == 6


def test_without_an_entry_points_are_missing_and_never_0():
    row = criterion("1.4", {"criterion": "1.5", "points": 9})
    assert (pd.isna(row.points), row.status) == (True, "missing")


def test_an_entry_of_a_unit_is_not_one_of_the_school():
    row = criterion("1.4", {"criterion": "1.4", "points": 9, "unit": "toan"})
    assert (pd.isna(row.points), row.status) == (True, "unit_only")


def test_more_points_than_the_maximum_are_refused_in_words():
    row = criterion("1.4", {"criterion": "1.4", "points": 10.5})
    assert (pd.isna(row.points), row.status) == (True, "over")
    assert remarks(row, UNTIL) == ["ghi 10,5 điểm, tối đa 10: chưa tính được, xin kiểm tra và gửi lại"]
    assert criterion("1.4", {"criterion": "1.4", "points": 10}).status == "complete"


@pytest.mark.parametrize(("there", "status"), [(True, "complete"), (False, "not_there"), (None, "missing")])
def test_a_mandatory_criterion_is_there_or_not_and_has_no_points(there, status):
    row = criterion("2.1", {"criterion": "2.1", "there": there, "points": 5})
    assert (row.status, pd.isna(row.points), pd.isna(row.maximum)) == (status, True, True)


def test_points_that_the_open_question_might_allow_are_not_allowed_before_its_answer():
    assert criterion("2.3", {"criterion": "2.3", "points": 65}).status == "over"


@pytest.mark.parametrize("evidence", [None, "  "])
def test_points_without_evidence_count_and_are_marked(evidence):
    rows = [*full(c14=None), {"criterion": "1.4", "points": 8, "evidence": evidence}]
    assert (criterion("1.4", *rows).status, criterion("1.4", *rows).points) == ("no_evidence", 8)
    assert (group(1, *rows).points, group(1, *rows).no_evidence) == (98, "1.4")


def test_a_shared_criterion_names_the_evidence_of_its_target():
    target = {"target": 5, "numerator": 9, "denominator": 9, "evidence": "ct5.pdf"}
    row = criterion("2.4", {"criterion": "2.4", "points": 30}, target)
    assert (row.shared, row.shared_evidence) == ("5", "ct5.pdf")
    assert remarks(row, UNTIL) == ["nhập một lần, dùng chung với chỉ tiêu 5: ct5.pdf"]


def test_a_figure_older_than_a_year_is_remarked():
    assert remarks(criterion("1.4", {"criterion": "1.4", "points": 5, "date": "2026-05-31"}), UNTIL) == []
    old = criterion("1.4", {"criterion": "1.4", "points": 5, "date": "2026-05-30"})
    assert remarks(old, UNTIL) == ["số liệu cũ hơn một năm"]


@pytest.mark.parametrize(
    ("given", "band"), [(9.9, "dưới 10 điểm"), (10, "10–20 điểm"), (20, "10–20 điểm"), (20.1, "trên 20 điểm")]
)
def test_the_band_of_a_criterion(given, band):
    assert criterion("1.3", {"criterion": "1.3", "points": given}).band == band


def test_a_criterion_that_the_index_does_not_have_is_refused():
    with pytest.raises(Index4725Error) as error:
        score(entries({"criterion": "3.1", "points": 5, "source": "hàng 7 (2027)"}), UNTIL)
    assert str(error.value) == (
        "Lỗi ở hàng 7 (2027)\n"
        "  Quy tắc: Tiêu chí được chấm phải có trong bộ chỉ số.\n"
        "  Đã thấy: 3.1\n"
        "  Cách sửa: Chọn trong: 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 2.1, 2.2, 2.3, 2.4; hoặc thêm tiêu chí ấy vào tệp bộ chỉ số."
    )


def test_the_entries_are_not_changed():
    held = entries(*full())
    before = held.copy()
    levels(score(held, UNTIL))
    pd.testing.assert_frame_equal(held, before)


# --- the level of a group


@pytest.mark.parametrize(
    ("c17", "total", "level"),  # 20 + 5 + 10 + 10 = 45, and so on
    [(4.9, 49.9, 1), (4.99, 49.99, 1), (5, 50, 2), (10, 55, 2)],
)
def test_the_edge_at_50(c17, total, level):
    row = group(1, *full(c13=20, c14=5, c15=10, c16=10, c17=c17))
    assert (row.points, row.low, row.high, row.verdict) == (total, level, level, "level")


@pytest.mark.parametrize(("c17", "total", "level"), [(4.9, 74.9, 2), (5, 75, 2), (5.1, 75.1, 3), (5.001, 75.001, 3)])
def test_the_edge_at_75(c17, total, level):
    row = group(1, *full(c13=30, c14=10, c15=10, c16=20, c17=c17))
    assert (row.points, row.low, row.words) == (total, level, str(load().levels[level - 1].label))


def test_points_are_summed_as_they_were_written():
    assert 19.9 + 0.4 + 4.7 + 15.1 + 9.9 < 50  # in binary
    row = group(1, *full(c13=19.9, c14=0.4, c15=4.7, c16=15.1, c17=9.9))
    assert (row.points, row.low) == (50, 2)


@pytest.mark.parametrize(
    ("c23", "verdict", "words"),
    [
        (39.9, "level", "Mức 1: chưa đáp ứng"),  # 39,9 to 49,9
        (
            40,  # 40 to 50
            "open",
            "chưa xác định, chờ Sở trả lời (Mức 1: chưa đáp ứng nếu 10 điểm đang hỏi là 0; "
            "Mức 2: đáp ứng cơ bản nếu được cả 10)",
        ),
        (50, "level", "Mức 2: đáp ứng cơ bản"),  # 50 to 60
    ],
)
def test_the_level_is_given_if_it_is_the_same_without_the_points_in_question_and_with_them(c23, verdict, words):
    row = group(2, *full(c23=c23, c24=0))
    assert (row.verdict, row.words, row.points) == (verdict, words, c23)


@pytest.mark.parametrize(
    ("c24", "verdict", "low", "high"), [(5, "level", 2, 2), (5.1, "open", 2, 3), (15.1, "level", 3, 3)]
)
def test_the_same_at_75(c24, verdict, low, high):
    row = group(2, *full(c23=60, c24=c24))  # 65 + 10 = 75; 65,1 + 10 = 75,1; 75,1
    assert (row.verdict, row.low, row.high) == (verdict, low, high)


def test_the_score_of_group_2_stands_beside_what_it_is_out_of_and_the_question():
    row = group(2, *full(c23=52.5, c24=20))
    assert out_of(row) == "72,5/90 điểm (nhóm có tối đa 100)"
    assert row.question == load().groups[1].questions[0].question.vi
    assert out_of(group(1, *full())) == "100/100 điểm"


def test_no_level_while_points_are_missing():
    row = group(1, *full(c14=None, c15=25))
    assert (pd.isna(row.points), row.entered, row.missing, pd.isna(row.low)) == (True, 70, "1.4, 1.5", True)
    assert row.words == "chưa đủ căn cứ: chưa có điểm dùng được ở tiêu chí 1.4, 1.5"


@pytest.mark.parametrize(("there", "mandatory"), [(None, "cannot_tell"), (False, "not_met")])
def test_no_level_without_a_mandatory_criterion(there, mandatory):
    row = group(1, *full(c12=there))
    assert (row.points, row.mandatory, row.not_there, row.verdict) == (100, mandatory, "1.2", "cannot_tell")
    assert row.words == "chưa đủ căn cứ: chưa có tiêu chí bắt buộc 1.2"
    assert group(2, *full(c12=there)).mandatory == "met"


def test_points_are_written_with_a_comma_and_never_rounded_up_to_an_edge():
    assert [points(value) for value in (72.5, 72.0, 49.95, 100.0, None)] == ["72,5", "72", "49,95", "100", "–"]


# --- from the form to the sheet

REGISTER = """\
id: chi-tieu
title: Sổ số liệu
school: {name: Trường}
questionnaire: targets
units: [{id: toan, label: Tổ Toán}]
waves: [{id: 2027, opens: 2027-01-01, ends: 2027-06-30, source: {export: so-lieu.csv}}]
"""


@pytest.fixture(scope="module")
def school(tmp_path_factory):
    """The demo school with entries of the index that came through the form; 1.4 was sent twice."""
    folder = tmp_path_factory.mktemp("Trường mô phỏng")
    content = yaml.safe_load((PROJECT / "data/demo/study.yaml").read_text(encoding="utf-8"))
    content["registers"] = {"targets": "chi-tieu"}
    (folder / "study.yaml").write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    (folder / "chi-tieu").mkdir()
    (folder / "chi-tieu/study.yaml").write_text(REGISTER, encoding="utf-8")
    kept = Study.open(folder / "chi-tieu")
    (folder / "chi-tieu/so-lieu.csv").write_bytes(_sheet(kept))
    pull(kept)
    return Study.open(folder)


SENT = {  # in the order of sending
    "1.1": "Có",
    "1.2": "Có",
    "1.3": "24,5",
    "1.4": "3",
    "1.5": "15",
    "1.6": "16",
    "1.7": "13",
    "2.1": "Có",
    "2.2": "Có",
    "2.3": "48",
    "2.4": "22,5",
}


def _sheet(kept: Study) -> bytes:
    """The form's response sheet."""
    form = kept.form
    labels = {choice.value: choice.label.vi for choice in form.choices["tieu_chi"].options}
    rows = []
    for code, value in [*SENT.items(), ("1.4", "8")]:
        given = {"dap_ung": value} if value == "Có" else {"diem": value}
        rows.append(
            {"ngay": "20/05/2027", "phu_trach": "Phụ trách công nghệ thông tin", "tieu_chi": labels[code]}
            | {"chi_tieu": "Bộ chỉ số 4725: điểm một tiêu chí", "minh_chung": f"tc{code}-2027.pdf"}
            | given
        )
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(["Dấu thời gian", *(question.title.vi for question in form.questions.values())])
    for number, row in enumerate(rows):
        writer.writerow([f"21/05/2027 08:{number:02d}:00", *(row.get(name, "") for name in form.questions)])
    return file.getvalue().encode("utf-8")


def cells(content: bytes, values: bool = True):
    sheet = openpyxl.load_workbook(io.BytesIO(content), data_only=values).worksheets[0]
    return sheet, {str(row[0].value): [cell.value for cell in row] for row in sheet.iter_rows() if row[0].value}


def test_entries_of_the_form_become_the_table(school):
    rows = cells(self_assessment.self_assessment(school, UNTIL))[1]
    assert rows["1.1"][2:8] == ["bắt buộc", "có", "tc1.1-2027.pdf", "Phụ trách công nghệ thông tin", "20/05/2027", "đủ"]
    assert rows["1.3"][2:4] == [30, 24.5]
    assert rows["1.4"][3] == 8  # sent again
    assert rows["1.3"][8] == "Khung điểm: trên 20 điểm"
    assert rows["2.4"][8] == "Nhập một lần, dùng chung với chỉ tiêu 5: minh-chung/CT5-2027.pdf"


def words(sheet) -> list[str]:
    return [cell.value for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)]


def sums(content: bytes, values: bool = True) -> list[list]:
    """Maximum and points of each row of totals."""
    rows = cells(content, values)[0].iter_rows()
    return [[cell.value for cell in row[2:4]] for row in rows if "Cộng" in str(row[1].value)]


def test_totals_are_formulas_with_their_values_beside(school):
    content = self_assessment.self_assessment(school, UNTIL)
    assert sums(content) == [[100, 76.5], [90, 70.5]]  # 24,5 + 8 + 15 + 16 + 13; 48 + 22,5
    assert sums(content, values=False) == [
        ["=SUM(C9:C15)", '=IF(COUNT(D9:D15)<5,"–",SUM(D9:D15))'],
        ["=SUM(C18:C21)", '=IF(COUNT(D18:D21)<2,"–",SUM(D18:D21))'],
    ]


def test_the_level_stands_beside_the_total_and_the_question_below_it(school):
    sheet = cells(self_assessment.self_assessment(school, UNTIL))[0]
    assert sheet["E16"].value == "76,5/100 điểm. Mức 3: đáp ứng tốt. Tiêu chí bắt buộc: đủ."
    assert sheet["E22"].value == (
        "70,5/90 điểm (nhóm có tối đa 100). Chưa xác định, chờ Sở trả lời (Mức 2: đáp ứng cơ bản nếu 10 điểm đang hỏi là 0; "
        "Mức 3: đáp ứng tốt nếu được cả 10). Tiêu chí bắt buộc: đủ."
    )
    assert sheet["A23"].value.startswith("Câu hỏi gửi Sở: Trong bản chép")


def test_the_page_is_ready_to_print(school):
    sheet, rows = cells(self_assessment.self_assessment(school, UNTIL))
    assert (sheet.page_setup.paperSize, sheet.page_setup.orientation) == (9, "landscape")
    assert (sheet.sheet_properties.pageSetUpPr.fitToPage, sheet.page_setup.fitToHeight) == (True, 0)  # one page wide
    assert sheet.page_setup.fitToWidth in (None, 1)  # 1 where nothing is said
    assert {cell.font.name for row in sheet.iter_rows() for cell in row if cell.value} == {"Times New Roman"}
    assert "31/05/2027" in sheet.oddHeader.right.text
    assert "DỮ LIỆU MÔ PHỎNG" in words(sheet)
    assert any(head.startswith("Câu hỏi gửi Sở: Trong bản chép") for head in rows)
    assert any(head.startswith("Nguồn: ") and "bản gốc" in head for head in rows)


def test_a_real_study_is_not_marked_as_pretend(school):
    real = school.model_copy(update={"pretend": False})
    real._folder = school.folder
    sheet = cells(self_assessment.self_assessment(real, UNTIL))[0]
    assert "DỮ LIỆU MÔ PHỎNG" not in words(sheet)
    assert sheet.oddHeader.center.text is None


def test_the_same_entries_give_the_same_bytes(school):
    assert self_assessment.self_assessment(school, UNTIL) == self_assessment.self_assessment(school, UNTIL)


def test_missing_points_are_blank_cells_and_no_sum(school):
    content = self_assessment.self_assessment(school, dt.date(2027, 5, 19))
    rows = cells(content)[1]
    assert rows["1.4"][3:8] == [None, None, None, None, "thiếu số liệu"]
    assert sums(content) == [[100, "–"], [90, "–"]]


def test_the_sheet_works_out_what_the_program_does(school, tmp_path):
    """Without the values that stand beside the formulas, LibreOffice computes them anew."""
    office = shutil.which("localc")
    if office is None:
        pytest.skip("LibreOffice Calc is not installed")
    book = openpyxl.load_workbook(io.BytesIO(self_assessment.self_assessment(school, UNTIL)))
    book.save(tmp_path / "bang.xlsx")  # openpyxl writes formulas without values
    home, out = f"-env:UserInstallation={(tmp_path / 'office').as_uri()}", tmp_path / "out"
    command = [office, home, "--headless", "--convert-to", "xlsx", "--outdir", str(out), str(tmp_path / "bang.xlsx")]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    assert sums((out / "bang.xlsx").read_bytes()) == [[100, 76.5], [90, 70.5]]


@pytest.mark.parametrize(
    ("date", "expected"), [("2027-05-20", UNTIL), ("2027-05-31", UNTIL), ("2027-06-01", dt.date(2028, 5, 31))]
)
def test_the_day_due_is_the_31_may_after_the_latest_entry(date, expected):
    assert self_assessment.due(entries({"criterion": "1.4", "points": 1, "date": date})) == expected


def test_the_command_writes_the_table_and_shows_the_question(school, capsys):
    main(["index4725", str(school.folder)])
    said = capsys.readouterr().out
    assert "24,5" in said
    assert "Nhóm 1. Chuyển đổi số trong dạy, học: 76,5/100 điểm; Mức 3: đáp ứng tốt." in said
    assert "70,5/90 điểm (nhóm có tối đa 100); chưa xác định, chờ Sở trả lời" in said
    assert "Câu hỏi gửi Sở: Trong bản chép" in said
    assert (school.folder / "reports/tu-danh-gia-4725-2027.xlsx").read_bytes()[:2] == b"PK"


def test_the_command_writes_where_it_is_told(school, tmp_path, capsys):
    main(["index4725", str(school.folder), "--until", "2027-05-31", "--out", str(tmp_path / "bang.xlsx")])
    assert (tmp_path / "bang.xlsx").is_file()


def test_without_entries_the_day_has_to_be_said(tmp_path):
    shutil.copy(PROJECT / "data/demo/study.yaml", tmp_path)
    with pytest.raises(Index4725Error) as error:
        main(["index4725", str(tmp_path)])
    assert str(error.value) == (
        "Lỗi ở --until\n"
        "  Quy tắc: Chưa có số liệu nào của bộ chỉ số thì phải nói bảng tính đến ngày nào.\n"
        "  Đã thấy: không có số liệu, không có --until\n"
        "  Cách sửa: Ví dụ: --until 2027-05-31"
    )


def test_a_day_is_written_year_month_day(school):
    with pytest.raises(UserError) as error:
        main(["index4725", str(school.folder), "--until", "31/5/2027"])
    assert str(error.value) == (
        "Lỗi ở --until\n"
        "  Quy tắc: Ngày viết năm-tháng-ngày.\n"
        "  Đã thấy: 31/5/2027\n"
        "  Cách sửa: Ví dụ: --until 2027-05-31"
    )
