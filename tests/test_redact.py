"""Open text: what names a person is found and covered, what only looks like it stays, and people have the last word."""

import unicodedata

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survey import csv_file, errors, redact
from survey.errors import StudyError

NAMES = ("Nguyễn Văn Bình", "Lê Thị Hòa", "Trần Minh Anh", "Phạm Thị Hoa", "Đỗ An", "Võ Hạnh")


def places(text: str, names=()) -> list[tuple[str, str]]:
    found = redact.scan(pd.Series([text]), names)
    return list(found[["kind", "found"]].itertuples(index=False, name=None))


def covered(text: str, names=()) -> str:
    texts = pd.Series([text])
    return redact.redact(texts, redact.scan(texts, names))[0]


# --- telephone numbers


@pytest.mark.parametrize(
    "number",
    [
        "0912345678",
        "0912 345 678",
        "0912.345.678",
        "0912-345-678",
        "0912_345_678",
        "0912 . 345 . 678",
        "09 12 34 56 78",
        "0 9 1 2 3 4 5 6 7 8",
        "0.9.1.2.3.4.5.6.7.8",
        "09.12.2034.56",
        "０９１２３４５６７８",
        "٠٩١٢٣٤٥٦٧٨",
        "0912\u200b345\u200b678",
        "0912\u00a0345\u00a0678",
        "84912345678",
        "84 91 234 56 78",
        "+84 91 234 56 78",
        "+84(0)912345678",
        "(+84) 912 345 678",
        "0084912345678",
        "(0271) 3 871 234",
        "0271 3871234",
        "0271.3.871.234",
        "028 3823 4567",
        "912345678",
        "O912345678",
        "+44 20 7946 0958",
    ],
)
@pytest.mark.parametrize("sentence", ["{}", "Gọi em số {}.", "tel: {}, lớp 10A1", "Ngày 25/05/2026 {} 25/05/2026"])
def test_a_telephone_number_is_covered_however_it_is_written(number, sentence):
    assert places(sentence.format(number)) == [("phone", number)]
    assert covered(sentence.format(number)) == sentence.format("[số điện thoại]")


@pytest.mark.parametrize(
    "text",
    [
        "giai đoạn 2025-2030",
        "2025 2026 2027 2028",
        "25/05/2026",
        "05.09.2026 07:30",
        "08.12.2026 07 giờ",
        "tháng 08.2026 1234",
        "131/QĐ-TTg",
        "TT 02/2025/TT-BGDĐT",
        "85%, 8,5 và 9.75",
        "0.9 0.8 0.75 0.85",
        "1.000.000 đồng",
        "912.345.678 đồng",
        "912345678 đồng",
        "84.912.345.678 đồng",
        "350000000",
        "84 90 75 88 92 1",
        "lớp 10A1, 10A2, 11B03",
        "1900 1234",
        "113",
        "mã 001099012345",
        "",
    ],
)
def test_a_number_that_is_nobodys_telephone_stays(text):
    assert places(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "0912345678/0987654321",
        "0912345678, 0987654321",
        "0912345678 - 0987654321",
        "0912 345 678 0987 654 321",
        "08.12.2026 0912345678 0987654321",
        "tháng 05.2026 0912 345 678 hoặc 0987654321",
    ],
)
def test_each_of_two_numbers_is_found(text):
    assert [kind for kind, _ in places(text)] == ["phone", "phone"]


def test_letters_may_touch_a_number_but_digits_may_not():
    assert covered("sđt0912345678em") == "sđt[số điện thoại]em"
    assert covered("0912345678901234") == "0912345678901234"


# --- electronic addresses and pages


@pytest.mark.parametrize(
    "address",
    [
        "ten.nguoi@gmail.com",
        "TEN_NGUOI+a@GMAIL.COM",
        "ten@thpt.edu.vn",
        "ten @ gmail.com",
        "ten @gmail . com",
        "ten@gmail,com",
        "ten[at]gmail.com",
        "ten [AT] gmail [dot] com",
        "ten (a còng) gmail.com",
        "ten a còng gmail chấm com",
        "ten@gmail",
        "ten＠gmail．com",
        "nguyễn@trường.vn",
    ],
)
@pytest.mark.parametrize("sentence", ["{}", "Thư: {}.", "({}), cảm ơn!"])
def test_an_address_is_covered_and_the_punctuation_after_it_stays(address, sentence):
    assert covered(sentence.format(address)) == sentence.format("[thư điện tử]")


@pytest.mark.parametrize("text", ["3 @ 5", "giá 5kg@10k", "@ lớp 10A1", "look at gmail.com", "gmail.com", "a @ b"])
def test_a_sign_that_is_no_address_stays(text):
    assert places(text) == []


@pytest.mark.parametrize(
    "link",
    [
        "facebook.com/ten.nguoi",
        "https://www.facebook.com/profile.php?id=100012345678",
        "https://m.facebook.com/ten.nguoi/",
        "FB.com/ten",
        "m.me/ten.nguoi",
        "zalo.me/0912345678",
        "https://www.tiktok.com/@ten.nguoi",
    ],
)
def test_somebodys_page_is_covered(link):
    assert places(f"Xem {link}.") == [("link", link)]
    assert covered(f"Xem {link}.") == "Xem [liên kết]."


@pytest.mark.parametrize(
    "text", ["facebook.com", "dùng Zalo, Facebook", "https://moet.gov.vn/van-ban", "facebook.com/"]
)
def test_a_site_that_is_nobodys_page_stays(text):
    assert places(text) == []


# --- names of a list


@pytest.mark.parametrize(
    "name",
    [
        "Nguyễn Văn Bình",
        "nguyễn văn bình",
        "NGUYỄN VĂN BÌNH",
        "Nguyễn  Văn\u00a0Bình",
        "Nguyen Van Binh",
        "Lê Thị Hòa",
        "Lê Thị Hoà",
        "lê thị hoà",
        "Đỗ An",
    ],
)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_full_name_is_covered_in_any_case_and_spelling(name, form):
    text = unicodedata.normalize(form, f"Em cảm ơn thầy {name}!")
    assert covered(text, NAMES) == "Em cảm ơn thầy [tên người]!"


def test_a_name_of_the_list_may_itself_be_spelled_either_way():
    for listed in ("Lê Thị Hoà", "Lê Thị Hòa", unicodedata.normalize("NFD", " lê thị  HOÀ ")):
        assert covered("Cô Hòa, Hoà và Lê Thị Hoà", [listed]) == "[tên người], Hoà và [tên người]"


@pytest.mark.parametrize(
    "called",
    [
        "thầy Bình",
        "Thầy Bình",
        "THẦY BÌNH",
        "thầy  giáo Bình",
        "thầy hiệu trưởng Bình",
        "thầy Văn Bình",
        "cô Hoa",
        "cô giáo Hoa",
        "cô Hoà",
        "cô Minh Anh",
        "anh An",
        "chị Hạnh",
        "em Hoa",
        "bác Bình",
        "chú An",
        "Mr Bình",
        "Mr. Bình",
        "Ms.Hoa",
    ],
)
def test_a_form_of_address_and_a_given_name_of_the_list_are_covered(called):
    assert places(f"Nhờ {called}, lớp vui hơn.", NAMES) == [("name", called)]


@pytest.mark.parametrize(
    "text",
    [
        "Hoa nở đẹp, trường Bình An",
        "Hạnh phúc và bình an",
        "do an toàn",
        "Minh bạch hơn",
        "các em an toàn, em hạnh phúc",
        "EM AN TOÀN",
        "thầy Hùng",
        "cô Hoan",
        "Nguyễn Văn",
    ],
)
def test_a_common_word_and_a_name_on_no_list_stay(text):
    assert places(text, NAMES) == []


def test_a_longer_name_is_not_covered_by_half():
    assert covered("Nguyễn Văn Bình", ["Nguyễn Văn", "Nguyễn Văn Bình"]) == "[tên người]"
    assert covered("Nguyễn Văn Bìnhh", ["Nguyễn Văn Bình"]) == "Nguyễn Văn Bìnhh"


# --- names on no list are only suggested


@pytest.mark.parametrize(
    ("text", "suggested"),
    [
        ("Em quý thầy Trần Quốc Toản lắm", "thầy Trần Quốc Toản"),
        ("Cô giáo Đặng Ý Nhi dạy hay", "Cô giáo Đặng Ý Nhi"),
        ("thầy Lý Thái", "thầy Lý Thái"),
    ],
)
def test_teacher_and_a_capitalised_name_is_suggested_and_stays(text, suggested):
    assert places(text) == [("name?", suggested)]
    assert covered(text) == text


def test_a_given_name_in_small_letters_is_suggested_since_it_may_be_a_word():
    assert places("thầy bình dạy hay", NAMES) == [("name?", "thầy bình")]
    assert covered("thầy bình tĩnh", NAMES) == "thầy bình tĩnh"


@pytest.mark.parametrize("text", ["Thầy Cô Giáo", "THẦY CÔ DẠY CHẬM LẠI", "thầy cô nên vui", "thầy Hiệu trưởng"])
def test_teachers_in_general_are_not_suggested(text):
    assert places(text) == []


# --- the frame of places, the texts covered


def test_places_carry_the_texts_label_and_are_counted_in_nfc():
    texts = pd.Series(["không có gì", None, unicodedata.normalize("NFD", "Hỏi cô Hoa: 0912345678")], index=[7, 8, 9])
    assert redact.scan(texts, NAMES).to_dict("list") == {
        "row": [9, 9],
        "kind": ["name", "phone"],
        "found": ["cô Hoa", "0912345678"],
        "start": [4, 12],
        "end": [10, 22],
    }


def test_no_place_is_an_empty_frame_of_the_same_columns():
    found = redact.scan(pd.Series([], dtype="str"))
    assert list(found.columns) == ["row", "kind", "found", "start", "end"]
    assert found.empty


def test_label_name_and_missing_texts_stay_and_the_given_texts_are_not_changed():
    texts = pd.Series(["0912345678", None, "tốt"], index=[3, 5, 4], name="mo", dtype="str")
    before = texts.copy()
    expected = pd.Series(["[số điện thoại]", None, "tốt"], index=[3, 5, 4], name="mo", dtype="str")
    pd.testing.assert_series_equal(redact.redact(texts, redact.scan(texts)), expected)
    pd.testing.assert_series_equal(texts, before)


def test_texts_under_one_label_are_refused_where_something_is_covered():
    texts = pd.Series(["0912345678", "0987654321"], index=[2, 2])
    with pytest.raises(AssertionError, match="two texts under one label"):
        redact.redact(texts, redact.scan(texts))


# --- decisions


def table(*rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(redact.DECISIONS), dtype="str")


def test_new_places_are_listed_with_what_happens_by_default():
    texts = pd.Series(["0912345678, 0912345678", "thầy Lý Thái Tổ"], index=[2, 5])
    expected = table(
        ("2027", "2", "mo", "phone", "0912345678", "che"),
        ("2027", "5", "mo", "name?", "thầy Lý Thái Tổ", "xem"),
    )
    pd.testing.assert_frame_equal(redact.decisions(redact.scan(texts), 2027, "mo"), expected)


def test_what_was_decided_earlier_stays_and_is_not_listed_twice():
    earlier = table(("2025", "2", "mo", "phone", "0912345678", "giữ"), ("2027", "2", "mo", "phone", "912345678", "giữ"))
    found = redact.scan(pd.Series(["0912345678, 0987654321"], index=[2]))
    after = redact.decisions(found, 2027, "mo", earlier)
    assert after["decision"].tolist() == ["giữ", "giữ", "che"]
    assert after["found"].tolist() == ["0912345678", "912345678", "0987654321"]


@pytest.mark.parametrize(
    ("decision", "expected"),
    [
        ("che", "[số điện thoại] [tên người]"),
        ("hide", "[số điện thoại] [tên người]"),
        ("giữ", "0912345678 thầy Lý Thái Tổ"),
        (" Giữ ", "0912345678 thầy Lý Thái Tổ"),
        ("keep", "0912345678 thầy Lý Thái Tổ"),
        ("xem", "[số điện thoại] thầy Lý Thái Tổ"),
        ("look", "[số điện thoại] thầy Lý Thái Tổ"),
        ("", "[số điện thoại] thầy Lý Thái Tổ"),
        (None, "[số điện thoại] thầy Lý Thái Tổ"),
    ],
)
def test_a_decision_is_carried_out_and_without_one_the_default(decision, expected):
    texts = pd.Series(["0912345678 thầy Lý Thái Tổ"], index=[2])
    keep = table(
        ("2027", "2", "mo", "phone", "0912345678", decision), ("2027", "2", "mo", "name?", "thầy Lý Thái Tổ", decision)
    )
    assert redact.redact(texts, redact.scan(texts), keep)[2] == expected


def test_the_table_survives_the_file_that_people_edit(tmp_path):
    texts = pd.Series(["+84912345678, 0987654321; ten@gmail.com"], index=[2])
    found = redact.scan(texts)
    listed = redact.decisions(found, 2027, "mo")
    (tmp_path / "redactions.csv").write_bytes(csv_file.text(listed.assign(decision="giữ")))
    keep = csv_file.read(tmp_path / "redactions.csv", redact.DECISIONS)
    assert redact.redact(texts, found, keep)[2] == texts[2]


def test_a_number_that_a_spreadsheet_took_the_zero_off_is_still_decided_on():
    texts = pd.Series(["0912345678"], index=[2])
    keep = table(("2027", "2", "mo", "phone", "912345678", "giữ"))
    assert redact.redact(texts, redact.scan(texts), keep)[2] == "0912345678"


def test_a_decision_holds_for_its_own_row_only():
    texts = pd.Series(["0912345678", "0912345678"], index=[2, 3])
    keep = table(("2027", "2", "mo", "phone", "0912345678", "giữ"))
    assert redact.redact(texts, redact.scan(texts), keep).tolist() == ["0912345678", "[số điện thoại]"]


def test_decisions_on_several_questions_are_refused_since_rows_would_be_mistaken():
    texts = pd.Series(["0912345678"], index=[2])
    keep = table(("2027", "2", "a", "phone", "1", "giữ"), ("2027", "2", "b", "phone", "1", "giữ"))
    with pytest.raises(AssertionError, match="more than one wave or question"):
        redact.redact(texts, redact.scan(texts), keep)


VI = """Lỗi ở redactions.csv, row 2, decision
  Quy tắc: Quyết định là che, giữ hoặc xem.
  Đã thấy: giu
  Cách sửa: Viết che (thay bằng chữ trong ngoặc vuông), giữ (để nguyên) hoặc xem (chưa quyết định)."""
EN = """Error in redactions.csv, row 2, decision
  Rule: A decision is hide, keep or look.
  Found: giu
  What to do: Write hide (words in brackets instead), keep (as it is) or look (not decided yet)."""


@pytest.mark.parametrize(("language", "words"), [("vi", VI), ("en", EN)])
def test_a_word_that_is_no_decision_is_told_without_what_was_found(language, words):
    texts = pd.Series(["0912345678"], index=[2])
    keep = table(("2027", "2", "mo", "phone", "0912345678", "giu"))
    with pytest.raises(StudyError) as error:
        redact.redact(texts, redact.scan(texts), keep)
    errors.speak(language)
    try:
        assert str(error.value) == words
    finally:
        errors.speak("vi")


def test_a_cell_that_holds_more_than_a_word_is_not_repeated_in_the_error():
    keep = table(("2027", "2", "mo", "phone", "0912345678", "ten@gmail.com"))
    with pytest.raises(StudyError) as error:
        redact.redact(pd.Series(["x"]), redact.scan(pd.Series(["x"])), keep)
    assert "\n  Đã thấy: chữ khác\n" in str(error.value)


# --- laws

PIECES = st.sampled_from(
    [
        *("0912345678", "0912 345 678", "+84", "84", "0", "09", "12", "345", "678", "2026", "25/05/2026", "O", "đồng"),
        *("ten@gmail.com", "@", "gmail", ".com", "[at]", "a còng", "chấm", "zalo.me/", "facebook.com/ten", "https://"),
        *("Nguyễn Văn Bình", "Bình", "thầy", "cô", "Hoà", "Hòa", "Lý Thái Tổ", "em", "EM", "An", "Đỗ", "Mr."),
        *(" ", " ", "  ", ".", "-", ",", "(", ")", "[", "]", "\n", "\0", "\u0301", "\u200b", "０９", "²"),
        *redact.COVER.values(),
    ]
)
TEXTS = st.one_of(st.text(), st.lists(PIECES, max_size=25).map("".join), st.lists(PIECES, max_size=25).map(" ".join))


@settings(max_examples=150, deadline=None)
@given(TEXTS, st.sampled_from([(), NAMES]))
def test_only_found_places_are_replaced_and_the_rest_is_the_same_text_in_nfc(text, names):
    texts = pd.Series([text], dtype="object")
    found = redact.scan(texts, names)
    composed, expected, position = unicodedata.normalize("NFC", text), "", 0
    for kind, words, start, end in found[["kind", "found", "start", "end"]].itertuples(index=False, name=None):
        assert position <= start < end
        assert composed[start:end] == words
        expected += composed[position:start] + (words if kind == "name?" else redact.COVER[kind])
        position = end
    result = redact.redact(texts, found)[0]
    assert result == expected + composed[position:]
    assert unicodedata.is_normalized("NFC", result)


@settings(max_examples=150, deadline=None)
@given(TEXTS, st.sampled_from([(), NAMES]))
def test_covering_twice_changes_nothing_and_finds_nothing_more_to_cover(text, names):
    once = covered(text, names)
    assert {kind for kind, _ in places(once, names)} <= {"name?"}
    assert covered(once, names) == once


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=12), max_size=5), TEXTS)
def test_any_list_of_names_can_be_looked_for(names, text):
    assert covered(covered(text, names), names) == covered(text, names)
