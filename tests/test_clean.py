"""Raw sheet -> answers: columns bound to questions, cells typed by the questionnaire, nothing guessed."""

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey.clean import Misfit, clean, moment, number
from survey.errors import SheetError
from survey.questionnaire import Questionnaire
from survey.raw import from_rows

FORM = Questionnaire.model_validate(
    {
        "id": "thu",
        "title": "Phiếu thử",
        "choices": {
            "muc": {
                "order": "agreement",
                "options": [
                    {"value": 1, "label": {"vi": "Không đồng ý", "en": "Disagree"}, "also": ["Ko đồng ý"]},
                    {"value": 2, "label": {"vi": "Đồng ý", "en": "Agree"}},
                    {"value": "na", "label": {"vi": "Không áp dụng", "en": "Not applicable"}, "missing": True},
                ],
            },
            "kho": {
                "options": [
                    {"value": "mang", "label": "Mạng yếu, chậm"},
                    {"value": "may", "label": "Thiếu máy"},
                    {"value": "may_cu", "label": "Thiếu máy, máy cũ"},
                ]
            },
            "vai": {"options": [{"value": "gv", "label": "Giáo viên"}, {"value": "nv", "label": "Nhân viên"}]},
        },
        "sections": [
            {
                "id": "a",
                "title": "A",
                "questions": [
                    {"id": "dong_y", "type": "single", "use": "consent", "title": "Tham gia?",
                     "choices": {"options": [{"value": 1, "label": "Có"}, {"value": 0, "label": "Không"}]}},
                    {"id": "vai_tro", "type": "single", "use": "role", "title": "Vai trò", "choices": "vai"},
                    {"id": "q1", "type": "single", "title": {"vi": "Câu một", "en": "Question one"}, "choices": "muc"},
                    {"id": "q2", "type": "several", "title": "Khó khăn", "choices": "kho", "other": True},
                    {"id": "q3", "type": "linear", "low": 1, "high": 5, "title": "Chấm điểm"},
                    {"id": "q4", "type": "number", "title": "Số giờ"},
                ],
            },
            {"id": "b", "title": "B", "only": {"vai_tro": ["gv"]},
             "questions": [{"id": "d1", "type": "single", "title": "Dạy học", "choices": "muc"}]},
        ],
    }
)  # fmt: skip
HEADER = ["Dấu thời gian", "Tham gia?", "Vai trò", "Câu một", "Khó khăn", "Chấm điểm", "Số giờ", "Dạy học"]


def row(**cells) -> list[object]:
    """A complete answer, changed where a test asks for it."""
    names = ["time", "agree", "role", "q1", "q2", "q3", "q4", "d1"]
    usual = ["29/08/2026 09:40:00", "Có", "Giáo viên", "Đồng ý", "Thiếu máy", "3", "2", "Đồng ý"]
    return [cells.get(name, value) for name, value in zip(names, usual, strict=True)]


def sheet(*rows: list[object], header: list[str] = HEADER):
    return from_rows([list(header), *rows], "thu.csv", "Asia/Ho_Chi_Minh")


def cleaned(*rows: list[object], header: list[str] = HEADER, columns=None):
    return clean(sheet(*rows, header=header), FORM, 2027, columns)


def message(*rows, **more) -> str:
    with pytest.raises(SheetError) as error:
        cleaned(*rows, **more)
    return str(error.value)


def test_an_answer_becomes_codes():
    answer = cleaned(row()).answers.iloc[0]
    assert answer[["vai_tro", "q1", "q3", "q4", "d1"]].tolist() == ["gv", 2, 3, 2.0, 2]
    assert answer[["q2.mang", "q2.may", "q2.may_cu"]].tolist() == [0, 1, 0]
    assert answer["submitted"] == pd.Timestamp("2026-08-29 02:40:00", tz="UTC")


@pytest.mark.parametrize(
    "written",
    ["Đồng ý", " đồng  ý ", "ĐỒNG Ý", "\u0110o\u0302\u0300ng y\u0301", "Đồng\u00a0ý", "Đồng\u200b ý", "Agree"],
)
def test_the_same_words_are_the_same_choice_however_they_are_encoded(written):
    assert cleaned(row(q1=written)).answers["q1"].item() == 2


def test_an_older_wording_of_a_choice_is_known():
    assert cleaned(row(q1="Ko đồng ý")).answers["q1"].item() == 1


@pytest.mark.parametrize(
    "joined", ["Mạng yếu, chậm, Thiếu máy", "Thiếu máy;Mạng yếu, chậm", "mạng yếu, chậm;thiếu máy"]
)
def test_several_choices_are_taken_apart_by_the_longest_match_even_with_commas_inside(joined):
    answer = cleaned(row(q2=joined)).answers.iloc[0]
    assert answer[["q2.mang", "q2.may", "q2.may_cu"]].tolist() == [1, 1, 0]


def test_the_longer_of_two_choices_with_the_same_beginning_is_taken():
    answer = cleaned(row(q2="Thiếu máy, máy cũ")).answers.iloc[0]
    assert answer[["q2.mang", "q2.may", "q2.may_cu"]].tolist() == [0, 0, 1]


def test_words_under_other_are_kept_as_written():
    answer = cleaned(row(q2="Thiếu máy, Khác: Ổ cắm điện")).answers.iloc[0]
    assert answer["q2.may"] == 1
    assert answer["q2__other"] == "Ổ cắm điện"


def test_does_not_apply_and_left_blank_and_not_asked_are_three_different_things():
    answers = cleaned(row(q1="Không áp dụng"), row(q1=None), row(role="Nhân viên", d1=None)).answers
    assert answers["q1"].isna().tolist() == [True, True, False]
    assert answers["q1__absent"].tolist()[:2] == ["na", "blank"]
    assert answers["d1__absent"].tolist()[2] == "skipped"


def test_who_does_not_agree_is_not_kept():
    result = cleaned(row(), row(agree="Không", q1=None))
    assert len(result.answers) == 1
    assert result.findings[["question", "rule", "rows", "found"]].values.tolist() == [["dong_y", "no_consent", "3", 1]]


def test_an_answer_to_a_question_that_the_branch_does_not_ask_is_kept_and_reported():
    result = cleaned(row(role="Nhân viên", d1="Đồng ý"))
    assert result.answers["d1"].item() == 2
    assert result.findings["rule"].tolist() == ["answered_though_skipped"]


def test_a_question_without_a_column_is_reported():
    result = cleaned(row()[:-1], header=HEADER[:-1])
    assert result.findings[["question", "rule"]].values.tolist() == [["d1", "missing_column"]]


def test_moved_columns_and_the_email_column_do_no_harm():
    header = ["Địa chỉ email", *reversed(HEADER)]
    result = cleaned(["a@b.vn", *reversed(row())], header=header)
    assert result.answers["q1"].item() == 2
    assert "a@b.vn" not in result.answers.to_csv()


def test_an_unknown_choice_names_rows_and_words_and_what_to_do():
    assert message(row(), row(q1="Cũng được"), row(q1="Cũng được")) == (
        "Lỗi ở thu.csv (đợt 2027)\n"
        "  Quy tắc: Mỗi câu trả lời phải là một lựa chọn có trong phiếu (hoặc một số, ngày đọc được).\n"
        "  Đã thấy: “Câu một”: hàng 3, 4 ghi “Cũng được”\n"
        "  Cách sửa: Nếu chữ trong biểu mẫu đã đổi, thêm cách viết ấy vào mục also của lựa chọn trong tệp phiếu hỏi; "
        "nếu ai đó gõ nhầm, sửa ô ấy trong trang tính. Rồi chạy lại; chưa có gì được ghi."
    )


def test_an_unknown_column_is_named_with_the_line_to_write():
    assert message([*row(), "x"], header=[*HEADER, "Cột lạ"]) == (
        "Lỗi ở thu.csv (đợt 2027)\n"
        "  Quy tắc: Mỗi cột phải ứng với một câu của phiếu hỏi.\n"
        "  Đã thấy: cột lạ: “Cột lạ”\n"
        '  Cách sửa: Trong study.yaml, đợt 2027, thêm vào mục columns:  "Cột lạ": mã_câu_hỏi  (null để bỏ qua cột ấy). '
        "Rồi chạy lại; chưa có gì được ghi."
    )


def test_the_studys_word_on_a_column_is_taken():
    header = [*HEADER[:3], "Câu 1 (sửa)", *HEADER[4:], "Ghi chú"]
    answers = cleaned([*row(), "x"], header=header, columns={"Câu 1 (sửa)": "q1", "Ghi chú": None}).answers
    assert answers["q1"].item() == 2


def test_two_columns_of_one_question_are_not_chosen_between():
    assert message([*row(), "Đồng ý"], header=[*HEADER, "Question one"]) == (
        "Lỗi ở thu.csv (đợt 2027)\n"
        "  Quy tắc: Mỗi câu hỏi chỉ có một cột.\n"
        "  Đã thấy: q1: “Câu một”, “Question one”\n"
        '  Cách sửa: Trong study.yaml, đợt 2027, mục columns: ghi  "Question one": null  cho cột không dùng.'
    )


def test_a_sheet_of_something_else_is_told():
    assert message(["1", "2"], header=["Họ tên", "Lớp"]) == (
        "Lỗi ở thu.csv\n"
        "  Quy tắc: Trang tính phải là câu trả lời của phiếu này.\n"
        "  Đã thấy: không cột nào thuộc phiếu “Phiếu thử”; các cột là “Họ tên”, “Lớp”…\n"
        "  Cách sửa: Kiểm tra source và tab của đợt, và questionnaire trong study.yaml."
    )


@pytest.mark.parametrize(
    ("rows", "found", "cure"),
    [
        ([], "trang tính trống", "Kiểm tra đúng tệp hoặc đúng trang “Câu trả lời biểu mẫu” chưa, rồi chạy lại."),
        (
            [["", None], ["a"]],
            "hàng 1 trống",
            "Kiểm tra đúng tệp hoặc đúng trang “Câu trả lời biểu mẫu” chưa, rồi chạy lại.",
        ),
    ],
)
def test_an_empty_sheet_is_told(rows, found, cure):
    with pytest.raises(SheetError) as error:
        from_rows(rows, "thu.csv", "Asia/Ho_Chi_Minh")
    assert str(error.value) == (
        f"Lỗi ở thu.csv\n  Quy tắc: Hàng đầu tiên của trang tính là tiêu đề các câu hỏi.\n  Đã thấy: {found}\n  Cách sửa: {cure}"
    )


def test_a_sheet_with_nothing_but_a_header_is_told():
    with pytest.raises(SheetError) as error:
        sheet(["", None, " "])
    assert str(error.value) == (
        "Lỗi ở thu.csv\n"
        "  Quy tắc: Dưới hàng tiêu đề phải có ít nhất một câu trả lời.\n"
        "  Đã thấy: chỉ có hàng tiêu đề\n"
        "  Cách sửa: Chờ có người trả lời, hoặc kiểm tra biểu mẫu còn liên kết với trang tính này không."
    )


@pytest.mark.parametrize(
    ("written", "value"),
    [("3,5", 3.5), ("3.5", 3.5), ("1.234,5", 1234.5), ("1.000", 1000.0), ("12.345.678", 12345678.0), (7, 7.0), (2.5, 2.5),
     ("-4", -4.0), (" 12 ", 12.0)],
)  # fmt: skip
def test_numbers_as_vietnamese_people_write_them(written, value):
    assert number(written) == value


@pytest.mark.parametrize("written", ["ba", "1e5", "nan", "inf", "12%", "1.23.4", "1,2,3", "", True])
def test_what_is_no_number_is_not_made_one(written):
    with pytest.raises(Misfit):
        number(written)


@given(st.decimals(-(10**9), 10**9, places=2))
def test_a_number_written_the_vietnamese_way_comes_back(value):
    assert number(f"{value:,.2f}".replace(",", "_").replace(".", ",").replace("_", ".")) == float(value)


@pytest.mark.parametrize(
    "cell",
    ["2026/08/29 9:40:05 SA GMT+7", "2026/08/29 9:40:05 AM GMT+7", "29/08/2026 09:40:05", "29/8/2026 9:40:05",
     "2026-08-29T09:40:05", 46263.40283564815],
)  # fmt: skip
def test_every_form_in_which_google_writes_a_time(cell):
    assert moment(cell, sheet(row())) == dt.datetime.fromisoformat("2026-08-29T09:40:05+07:00")


def test_afternoon_in_a_vietnamese_export():
    assert moment("2025/10/24 6:46:43 CH GMT+7", sheet(row())) == dt.datetime.fromisoformat("2025-10-24T18:46:43+07:00")


cells = st.one_of(
    st.none(), st.text(max_size=40), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.booleans()
)


@given(st.lists(st.lists(cells, min_size=len(HEADER), max_size=len(HEADER)), min_size=1, max_size=4))
def test_any_cells_are_imported_or_refused_in_words(rows):
    try:
        result = cleaned(*rows)
    except SheetError as error:
        assert "Cách sửa" in str(error)
    else:
        assert set(result.answers["q1"].dropna()) <= {1, 2}
        assert result.answers["q3"].dropna().between(1, 5).all()


def test_only_does_not_apply_is_no_choice_at_all():
    form = FORM.model_copy(update={"choices": FORM.choices | {"kho": FORM.choices["muc"]}})
    answers = clean(sheet(row(q2="Không áp dụng"), row(q2="Đồng ý")), form, 2027).answers
    assert answers["q2.2"].tolist() == [pd.NA, 1]
    assert answers["q2__absent"].tolist()[0] == "na"


def test_a_lost_consent_column_is_not_taken_for_consent():
    header = [HEADER[0], *HEADER[2:]]
    assert message([row()[0], *row()[2:]], header=header) == (
        "Lỗi ở đợt 2027\n"
        "  Quy tắc: Phiếu hỏi ý kiến đồng ý thì trang tính phải có cột ấy.\n"
        "  Đã thấy: không có cột “Tham gia?”\n"
        "  Cách sửa: Lấy lại trang tính đủ cột; nếu tiêu đề đã đổi, ghi vào mục columns của đợt."
    )


def test_a_wave_in_which_nobody_agreed_is_refused():
    assert "Đã thấy: 1 hàng, không ai đồng ý" in message(row(agree="Không"))


@pytest.mark.parametrize("columns", [{"Câu 1 (cũ)": "q1"}, {"Câu một": "q11"}])
def test_the_studys_word_on_a_column_must_lead_somewhere(columns):
    missing = "“Câu 1 (cũ)”" if "Câu 1 (cũ)" in columns else "q11"
    assert message(row(), columns=columns) == (
        "Lỗi ở thu.csv (đợt 2027)\n"
        "  Quy tắc: Mục columns của đợt: tiêu đề có trong trang tính → mã câu có trong phiếu (hoặc null).\n"
        f"  Đã thấy: không có {missing}\n"
        "  Cách sửa: Sửa dòng ấy trong study.yaml, mục columns."
    )


def test_a_decimal_below_one_is_no_thousand():
    assert number("0.500") == 0.5
