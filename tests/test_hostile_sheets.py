"""What people do to a response sheet, one situation at a time: the answers that come of it, or the whole error.

Every situation is read by the real gspread over HTTP from the stand-in, and goes through a whole pull into a store.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pytest
from sheets_stand_in import Book, Cell, serving

from survey import store
from survey.errors import UserError
from survey.pull import pull
from survey.study import Study

KEY = "1HangRao_truong-thu"
TAB = "Câu trả lời biểu mẫu 1"
QUESTIONNAIRE = """
id: thu
title: Phiếu thử
choices:
  dong_y: {options: [{value: 1, label: Đồng ý}, {value: 0, label: Không đồng ý}]}
  muc:
    order: agreement
    options: [{value: 1, label: Chưa hòa nhập}, {value: 2, label: Hòa nhập tốt}, {value: 9, label: Không áp dụng, missing: true}]
  kho:
    options:
      - {value: mang, label: "Mạng yếu, chậm"}
      - {value: may, label: Thiếu máy}
      - {value: may_cu, label: "Thiếu máy, máy cũ"}
sections:
  - id: chung
    title: Chung
    questions:
      - {id: y_kien, type: single, choices: dong_y, use: consent, title: {vi: "Tham gia?", en: "Taking part?"}}
      - {id: ma, type: code, use: code, title: {vi: Mã tự đặt, en: Your code}}
      - {id: don_vi, type: single, choices: units, use: unit, title: {vi: Đơn vị, en: Unit}}
      - {id: q1, type: single, choices: muc, title: {vi: Mức hòa nhập của tổ, en: Integration}, also: [Mức hội nhập cũ]}
      - {id: kho, type: several, choices: kho, other: true, title: {vi: Khó khăn, en: Difficulties}}
      - {id: gio, type: number, title: {vi: Số giờ, en: Hours}}
      - {id: diem, type: linear, low: 1, high: 5, title: {vi: Điểm, en: Mark}}
      - {id: ngay, type: date, title: {vi: Ngày tập huấn, en: Day of training}}
      - {id: may_le, type: text, digits: 4, title: {vi: Số máy lẻ, en: Extension}}
      - {id: gop_y, type: long_text, title: {vi: Góp ý, en: Remarks}}
"""
STUDY = """
id: thu
title: Khảo sát thử
school: {name: Trường thử}
questionnaire: phieu.yaml
units: [{id: toan, label: Tổ Toán}, {id: hoa, label: Tổ Hoá}]
waves: [{id: 2026, opens: 2026-05-01, ends: 2026-05-31, source: {sheet: 1HangRao_truong-thu}}]
"""
HEADER = ["Dấu thời gian", "Tham gia?", "Mã tự đặt", "Đơn vị", "Mức hòa nhập của tổ", "Khó khăn", "Số giờ", "Điểm",
          "Ngày tập huấn", "Số máy lẻ", "Góp ý"]  # fmt: skip
ENGLISH = ["Timestamp", "Taking part?", "Your code", "Unit", "Integration", "Difficulties", "Hours", "Mark", "Day of training",
           "Extension", "Remarks"]  # fmt: skip
NAMES = ["time", "agree", "ma", "unit", "q1", "kho", "gio", "diem", "ngay", "may_le", "gop_y"]
FIRST = dt.datetime(2026, 5, 4, 8, 0, 0)


def an(**cells: Cell) -> list[Cell]:
    """The usual answer of An, changed where a situation asks for it."""
    usual: dict[str, Cell] = dict(time=FIRST, agree="Đồng ý", ma="LE0512", unit="Tổ Toán", q1="Hòa nhập tốt", kho="Thiếu máy",
                                  gio=3, diem=4, ngay=dt.datetime(2026, 4, 30), may_le="0012", gop_y="Tốt.")  # fmt: skip
    return [(usual | cells)[name] for name in NAMES]


def binh(**cells: Cell) -> list[Cell]:
    return an(
        **dict(time=dt.datetime(2026, 5, 5, 9, 30, 15), ma="TR1290", unit="Tổ Hoá", q1="Chưa hòa nhập", gio=5) | cells
    )


def sheet(*rows: list[Cell], header: list[Cell] = HEADER) -> list[list[Cell]]:
    return [list(header), *rows]


def renamed(**titles: Cell) -> list[Cell]:
    """The header with other titles: name of a cell -> title."""
    return [titles.get(name, title) for name, title in zip(NAMES, HEADER, strict=True)]


def table(rows: list[list[Cell]], **more: object) -> Book:
    return Book({TAB: rows}, **more)


@dataclass(frozen=True)
class Situation:
    """One or more states of a sheet, pulled one after another, and what is there after the last.

    `answers`: row of the sheet -> some of the answer's columns. `rules`: of the findings. `counts`: new, changed, vanished,
    unchanged of the last pull. `error`: the whole text. `files`: written into the study's folder before the last pull.
    """

    books: tuple[Book, ...]
    answers: dict[int, dict[str, object]] = field(default_factory=dict)
    rules: tuple[str, ...] = ()
    counts: tuple[int, int, int, int] | None = None
    error: str = ""
    files: dict[str, str] = field(default_factory=dict)


def one(*rows: list[Cell], header: list[Cell] = HEADER, **expected: object) -> Situation:
    return Situation((table(sheet(*rows, header=header)),), **expected)


def then(*states: list[list[Cell]], **expected: object) -> Situation:
    return Situation(tuple(map(table, states)), **expected)


def faulty(place: str, rule: str, found: str, cure: str) -> str:
    return f"Lỗi ở {place}\n  Quy tắc: {rule}\n  Đã thấy: {found}\n  Cách sửa: {cure}"


SHEET = f"Google Trang tính {KEY}, trang “{TAB}”"
WAVE = f"{SHEET} (đợt 2026)"


def unknown_answer(found: str) -> str:
    return faulty(
        WAVE,
        "Mỗi câu trả lời phải là một lựa chọn có trong phiếu (hoặc một số, ngày đọc được).",
        found,
        "Nếu chữ trong biểu mẫu đã đổi, thêm cách viết ấy vào mục also của lựa chọn trong tệp phiếu hỏi; nếu ai đó gõ nhầm, sửa "
        "ô ấy trong trang tính. Rồi chạy lại; chưa có gì được ghi.",
    )


def unknown_column(found: str, header: str, question: str = "mã_câu_hỏi") -> str:
    return faulty(
        WAVE,
        "Mỗi cột phải ứng với một câu của phiếu hỏi.",
        found,
        f'Trong study.yaml, đợt 2026, thêm vào mục columns:  "{header}": {question}  (null để bỏ qua cột ấy). Rồi chạy lại; '
        "chưa có gì được ghi.",
    )


HIDDEN = "[không hiện: có thể nói ra ai trả lời]"
TWO = {2: {"q1": 2, "gio": 3.0, "diem": 4, "kho.may": 1, "kho.mang": 0}, 3: {"q1": 1, "gio": 5.0}}
BASE = sheet(an(), binh())


def nfd(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def inserted(rows: list[list[Cell]], place: int, header: Cell, *cells: Cell) -> list[list[Cell]]:
    """The sheet with one more column."""
    column = [header, *cells, *[None] * len(rows)]
    return [[*row[:place], cell, *row[place:]] for row, cell in zip(rows, column, strict=False)]


COLUMNS = {
    "a sheet as the form writes it": one(an(), binh(), answers=TWO, counts=(2, 0, 0, 0)),
    "titles in decomposed letters": one(an(), binh(), header=[nfd(title) for title in HEADER], answers=TWO),
    "titles with spaces before and after": one(an(), binh(), header=[f" {title}  " for title in HEADER], answers=TWO),
    "titles with two spaces between words": one(an(), binh(), header=[t.replace(" ", "  ") for t in HEADER], answers=TWO),
    "titles with no-break spaces": one(an(), binh(), header=[t.replace(" ", "\u00a0") for t in HEADER], answers=TWO),
    "titles with a line break": one(an(), binh(), header=[t.replace(" ", "\n") for t in HEADER], answers=TWO),
    "titles with invisible signs": one(an(), binh(), header=["\u200b" + t + "\ufeff" for t in HEADER], answers=TWO),
    "titles in capitals": one(an(), binh(), header=[t.upper() for t in HEADER], answers=TWO),
    "tone marks placed the other way": one(an(), binh(), header=renamed(q1="Mức hoà nhập của tổ"), answers=TWO),
    "columns in another order": then([row[::-1] for row in BASE], answers=TWO),
    "a form whose language was English": one(an(), binh(), answers=TWO, header=ENGLISH),
    "titles of two languages": one(an(), binh(), header=renamed(gio="Hours", diem="Mark"), answers=TWO),
    "an older title that the questionnaire knows": one(an(), binh(), header=renamed(q1="Mức hội nhập cũ"), answers=TWO),
    "addresses collected in the second column": then(
        inserted(BASE, 1, "Địa chỉ email", "an@truong.edu.vn", "binh@truong.edu.vn"), answers=TWO),
    "addresses collected later, at the far right": then(
        inserted(BASE, 11, "Email Address", "an@truong.edu.vn"), answers=TWO),
    "a quiz's score": then(inserted(BASE, 1, "Điểm số", "8 / 10", "9 / 10"), answers=TWO),
    "a column inserted by hand without a title": then(
        inserted(BASE, 4, None, "đã nhắc", "x"), answers=TWO, rules=("untitled_column",)),
    "a column that a Sheets table calls Cột 8": then(
        inserted(BASE, 7, "Cột 8", "x"), answers=TWO, rules=("untitled_column",)),
    "an empty column between": then(inserted(BASE, 4, None), answers=TWO),
    "empty columns at the end": one([*an(), None, None], [*binh(), "", " "], header=[*HEADER, None, ""], answers=TWO),
    "a column typed by hand with a title": then(
        inserted(BASE, 11, "Đã nhắc nhở", "x"), error=unknown_column("cột lạ: “Đã nhắc nhở”", "Đã nhắc nhở")),
    "that column left out in the table of columns": then(
        inserted(BASE, 11, "Đã nhắc nhở", "x"), answers=TWO,
        files={"columns.csv": "wave;header;question\n2026;Đã nhắc nhở;\n"}),
    "a renamed title that is nearly the question's": one(
        an(), binh(), header=renamed(q1="Mức độ hòa nhập của tổ"),
        error=unknown_column("cột lạ: “Mức độ hòa nhập của tổ”; “Mức độ hòa nhập của tổ” gần giống câu q1 (93%)",
                             "Mức độ hòa nhập của tổ", "q1")),
    "that renamed title confirmed in the table of columns": one(
        an(), binh(), header=renamed(q1="Mức độ hòa nhập của tổ"), answers=TWO,
        files={"columns.csv": "wave,header,question\n2026,Mức độ hòa nhập của tổ,q1\n"}),
    "a table of columns that leads nowhere": one(
        an(), files={"columns.csv": "wave;header;question\n2026;Số giờ;gio_hoc\n"},
        error=faulty(WAVE, "Mục columns của đợt: tiêu đề có trong trang tính → mã câu có trong phiếu (hoặc null).",
                     "không có gio_hoc", "Sửa dòng ấy trong study.yaml, mục columns.")),
    "a question deleted and asked again, nobody answered both": then(
        inserted(sheet(an(gio=None), binh()), 11, "Số giờ", 3), answers=TWO, rules=("two_columns",)),
    "a question copied whose second column is empty": then(
        inserted(BASE, 11, "Số giờ"), answers=TWO, rules=("two_columns",)),
    "two columns of one question that both hold answers": then(
        inserted(BASE, 11, "Số giờ", 7),
        error=faulty(WAVE, "Mỗi câu hỏi chỉ có một cột.", "gio: “Số giờ”, “Số giờ (2)”",
                     'Trong study.yaml, đợt 2026, mục columns: ghi  "Số giờ (2)": null  cho cột không dùng.')),
    "the second of two such columns left out": then(
        inserted(BASE, 11, "Số giờ", 7), answers=TWO, files={"columns.csv": "wave;header;question\n2026;Số giờ (2);\n"}),
    "a question deleted with its column": then(
        [[c for n, c in enumerate(row) if n != 6] for row in BASE], answers={2: {"q1": 2, "diem": 4}, 3: {}},
        rules=("missing_column",)),
    "the column of codes deleted": then(
        [[c for n, c in enumerate(row) if n != 2] for row in BASE], answers=TWO, rules=("missing_column",)),
    "the column of times deleted": then([row[1:] for row in BASE], answers=TWO),
    "the column of consent deleted": then(
        [[c for n, c in enumerate(row) if n != 1] for row in BASE],
        error=faulty("đợt 2026", "Phiếu hỏi ý kiến đồng ý thì trang tính phải có cột ấy.", "không có cột “Tham gia?”",
                     "Lấy lại trang tính đủ cột; nếu tiêu đề đã đổi, ghi vào mục columns của đợt.")),
    "a question added to the form after it was published": then(
        inserted(BASE, 11, "Câu thêm sau", "x"), error=unknown_column("cột lạ: “Câu thêm sau”", "Câu thêm sau")),
    "ten thousand columns": one(
        [*an(), *["x"] * 10_000], header=[*HEADER, *[f"Lạ lùng {n}" for n in range(10_000)]],
        error=unknown_column("cột lạ: " + ", ".join(f"“Lạ lùng {n}”" for n in range(8)) + " … (10.000 cột)", "Lạ lùng 0")),
}  # fmt: skip

EMPTY = "Kiểm tra đúng tệp hoặc đúng trang “Câu trả lời biểu mẫu” chưa, rồi chạy lại."
ROWS = {
    "an empty tab": then([], error=faulty(
        SHEET, "Hàng đầu tiên của trang tính là tiêu đề các câu hỏi.", "trang tính trống", EMPTY)),
    "a header and no answer yet": one(error=faulty(
        SHEET, "Dưới hàng tiêu đề phải có ít nhất một câu trả lời.", "chỉ có hàng tiêu đề",
        "Chờ có người trả lời, hoặc kiểm tra biểu mẫu còn liên kết với trang tính này không.")),
    "the header deleted": then([an(), binh()], error=faulty(
        SHEET, "Trang tính phải là câu trả lời của phiếu này.",
        f"không cột nào thuộc phiếu “Phiếu thử”; các cột là “{HIDDEN}”, “Đồng ý”, “{HIDDEN}”, “Tổ Toán”…",
        "Kiểm tra source và tab của đợt, và questionnaire trong study.yaml.")),
    "a heading typed above the header": then([["KHẢO SÁT 2026"], *BASE], error=faulty(
        SHEET, "Trang tính phải là câu trả lời của phiếu này.",
        "không cột nào thuộc phiếu “Phiếu thử”; các cột là “KHẢO SÁT 2026”, “(cột 2 không có tiêu đề)”, "
        "“(cột 3 không có tiêu đề)”, “(cột 4 không có tiêu đề)”…",
        "Kiểm tra source và tab của đợt, và questionnaire trong study.yaml.")),
    "an empty row above the header": then([[], *BASE], error=faulty(
        SHEET, "Hàng đầu tiên của trang tính là tiêu đề các câu hỏi.", "hàng 1 trống", EMPTY)),
    "empty rows between and below": one(an(), [], [None, " "], binh(), [], answers={2: {"q1": 2}, 5: {"q1": 1}}),
    "a row typed by hand below, without a time": one(an(), binh(time=None), answers=TWO),
    "a total typed below the answers": one(an(), binh(), ["Tổng: 2"], answers=TWO, rules=("no_consent",)),
    "the same answer twice": one(an(), an(), answers={2: {"q1": 2}, 3: {"q1": 2}}),
    "a row shifted by one cell": one(an(), [*binh()[:2], "toi@truong.edu.vn", *binh()[2:-1]], error=unknown_answer(
        f"“Đơn vị”: hàng 3 ghi “{HIDDEN}”\n    “Mức hòa nhập của tổ”: hàng 3 ghi “Tổ Hoá”\n    “Số giờ”: hàng 3 ghi “Thiếu máy”\n"
        "    “Ngày tập huấn”: hàng 3 ghi “4”")),
    "merged cells, of which only the first holds the word": one(
        an(), binh(unit=None), answers={2: {"don_vi": "toan"}, 3: {"q1": 1}}),
    "somebody who does not agree": one(an(), binh(agree="Không đồng ý"), answers={2: {"q1": 2}}, rules=("no_consent",)),
    "nobody agrees": one(an(agree="Không đồng ý"), binh(agree=None), error=faulty(
        "đợt 2026, “Tham gia?”", "Ít nhất một người đồng ý tham gia.", "2 hàng, không ai đồng ý",
        "Kiểm tra cột ấy trong trang tính.")),
}  # fmt: skip


def q1(word: Cell, code: object) -> Situation:
    return one(an(q1=word), answers={2: {"q1": code}})


def gio(word: Cell, value: float) -> Situation:
    return one(an(gio=word), answers={2: {"gio": value}})


def ngay(word: Cell) -> Situation:
    return one(an(ngay=word), answers={2: {"ngay": dt.datetime(2026, 4, 30)}})


def bad(title: str, name: str, word: Cell, said: str | None = None) -> Situation:
    return one(
        an(), binh(**{name: word}), error=unknown_answer(f"“{title}”: hàng 3 ghi “{word if said is None else said}”")
    )


CELLS = {
    "a choice in capitals": q1("HÒA NHẬP TỐT", 2),
    "a choice with the tone mark placed the other way": q1("Hoà nhập tốt", 2),
    "a choice in decomposed letters": q1(nfd("Hòa nhập tốt"), 2),
    "a choice with spaces": q1("  Hòa  nhập tốt ", 2),
    "does not apply": one(an(q1="Không áp dụng"), answers={2: {"q1": None, "q1__absent": "na"}}),
    "left blank": one(an(q1=None), answers={2: {"q1": None, "q1__absent": "blank"}}),
    "a choice typed by hand otherwise": bad("Mức hòa nhập của tổ", "q1", "Hòa nhập rất tốt"),
    "a formula that broke": bad("Mức hòa nhập của tổ", "q1", "#REF!"),
    "a tick box": bad("Mức hòa nhập của tổ", "q1", True, "True"),
    "a code in the wrong column": bad("Mức hòa nhập của tổ", "q1", "LE0512", HIDDEN),
    "a telephone number in the wrong column": bad("Số giờ", "gio", "0912 345 678 và 0912345679", HIDDEN),
    "a unit written in another spelling": one(an(unit="tổ hóa"), answers={2: {"don_vi": "hoa"}}),
    "a unit that the school does not have": bad("Đơn vị", "unit", "Tổ Sử"),
    "choices one of which holds a comma": one(an(kho="Mạng yếu, chậm, Thiếu máy"), answers={
        2: {"kho.mang": 1, "kho.may": 1, "kho.may_cu": 0}}),
    "the longer of two choices that begin alike": one(an(kho="Thiếu máy, máy cũ"), answers={
        2: {"kho.mang": 0, "kho.may": 0, "kho.may_cu": 1}}),
    "choices joined by semicolons": one(an(kho="Thiếu máy;Mạng yếu, chậm"), answers={2: {"kho.mang": 1, "kho.may": 1}}),
    "a choice and words of one's own": one(an(kho="Thiếu máy, Phòng, nóng"), answers={
        2: {"kho.may": 1, "kho__other": "Phòng, nóng"}}),
    "words of one's own alone": one(an(kho="Khác: không có ổ điện"), answers={
        2: {"kho.may": 0, "kho__other": "không có ổ điện"}}),
    "a decimal comma": gio("3,5", 3.5),
    "a number that is one": gio(3.5, 3.5),
    "a thousands dot": gio("1.000", 1000),
    "a thousands dot and a decimal comma": gio("1.234,5", 1234.5),
    "a number with a no-break space": gio(" 12\u00a0", 12),
    "a number with its unit": bad("Số giờ", "gio", "3 giờ"),
    "a number in words": bad("Số giờ", "gio", "ba"),
    "a share in percent": bad("Số giờ", "gio", "12%"),
    "a number as a calculator writes it": bad("Số giờ", "gio", "1e5"),
    "a mark beyond the scale": bad("Điểm", "diem", 6),
    "half a mark": bad("Điểm", "diem", "3,5"),
    "a day as the form sends it": ngay(dt.datetime(2026, 4, 30)),
    "a day as text": ngay("30/04/2026"),
    "a day as text without zeros": ngay("30/4/2026"),
    "a day in the order of years": ngay("2026-04-30"),
    "a day that does not exist": bad("Ngày tập huấn", "ngay", "31/02/2026"),
    "a year typed wrong": bad("Ngày tập huấn", "ngay", "30/04/20266"),
    "a number that is no day": bad("Ngày tập huấn", "ngay", 500_000),
    "a code that the sheet took for a number": one(an(may_le=12), answers={2: {"may_le": "0012"}}),
    "a code that is a text": one(an(may_le="0012"), answers={2: {"may_le": "0012"}}),
    "a time as text": one(an(time="04/05/2026 8:00:00"), answers={2: {"submitted": dt.datetime(2026, 5, 4)}}),
    "a time of the night": one(an(time=dt.datetime(2026, 5, 4, 23, 59, 59)), answers={2: {"submitted": dt.datetime(2026, 5, 4)}}),
    "a time that is none": one(an(time="sáng thứ hai"), answers={2: {"submitted": None, "q1": 2}}),
    "faces and letters from right to left": one(an(gop_y="🙂 مرحبا"), answers={2: {"gop_y": "🙂 مرحبا"}}),
    "a text of 50,000 letters": one(an(gop_y="ă" * 50_000), answers={2: {"gop_y": "ă" * 50_000}}),
    "a text that begins as a formula does": one(an(gop_y="=HYPERLINK(1)"), answers={2: {"gop_y": "=HYPERLINK(1)"}}),
    "a text with signs that nobody sees": one(an(gop_y="a\x00b\x07c"), answers={2: {"gop_y": "a\x00b\x07c"}}),
    "a text in the language of web pages": one(an(gop_y="<script>x</script>"), answers={2: {"gop_y": "<script>x</script>"}}),
    "a telephone number and an address in open text": one(
        an(gop_y="Gọi 0912 345 678 hoặc an@truong.edu.vn nhé"),
        answers={2: {"gop_y": "Gọi [số điện thoại] hoặc [thư điện tử] nhé"}}),
    "a name of the roster in open text": one(
        an(gop_y="Cảm ơn thầy Hoà, và Nguyễn Văn Hòa."), files={"names.txt": "Nguyễn Văn Hòa\n"},
        answers={2: {"gop_y": "Cảm ơn [tên người], và [tên người]."}}),
}  # fmt: skip

CORRECTION = (
    "wave;row;question;from;to;reason;who;date\n2026;3;q1;Chưa hòa nhập;Hòa nhập tốt;gọi hỏi lại;IT;06/05/2026\n"
)
FILE = "corrections.csv, dòng 2"
TIMES = {
    "pulled twice": then(BASE, BASE, answers=TWO, counts=(0, 0, 0, 2)),
    "sorted by somebody": then(BASE, sheet(binh(), an()), answers=TWO, counts=(0, 0, 0, 2)),
    "sorted, and one more answer": then(
        BASE, sheet(binh(), an(), an(ma="HO0101", time=dt.datetime(2026, 5, 6))),
        answers={2: {"q1": 1}, 3: {"q1": 2}, 4: {"q1": 2}}, counts=(1, 0, 0, 2)),
    "an answer inserted between": then(
        BASE, sheet(an(), an(ma="HO0101", time=dt.datetime(2026, 5, 4, 12), q1="Không áp dụng"), binh()),
        answers={2: {"q1": 2}, 3: {"q1__absent": "na"}, 4: {"q1": 1}}, counts=(1, 0, 0, 2)),
    "one cell edited in the sheet": then(
        BASE, sheet(an(), binh(q1="Hòa nhập tốt")), answers={2: {"q1": 2}, 3: {"q1": 2}}, counts=(0, 1, 0, 1)),
    "an answer edited through the form, with a new time": then(
        BASE, sheet(an(), binh(q1="Hòa nhập tốt", time=dt.datetime(2026, 5, 7))), answers={2: {"q1": 2}, 3: {"q1": 2}},
        counts=(0, 1, 0, 1)),
    "an answer edited through the form by somebody without a code": then(
        sheet(an(), binh(ma=None)), sheet(an(), binh(ma=None, time=dt.datetime(2026, 5, 7))), answers=TWO, counts=(1, 0, 1, 1),
        rules=("vanished",)),
    "a row deleted": then(BASE, sheet(an()), answers={2: {"q1": 2}}, counts=(0, 0, 1, 1), rules=("vanished",)),
    "every row deleted": then(BASE, sheet(), answers=TWO, error=faulty(
        SHEET, "Dưới hàng tiêu đề phải có ít nhất một câu trả lời.", "chỉ có hàng tiêu đề",
        "Chờ có người trả lời, hoặc kiểm tra biểu mẫu còn liên kết với trang tính này không.")),
    "a column moved": then(BASE, [row[::-1] for row in BASE], answers=TWO, counts=(0, 0, 0, 2)),
    "numbers that became texts": then(BASE, sheet(an(gio="3"), binh(gio="5")), answers=TWO, counts=(0, 0, 0, 2)),
    "a spoilt cell after a good pull leaves the good answers": then(
        BASE, sheet(an(), binh(q1="Tàm tạm")), answers=TWO, error=unknown_answer("“Mức hòa nhập của tổ”: hàng 3 ghi “Tàm tạm”")),
    "a correction": then(BASE, answers={2: {"q1": 2}, 3: {"q1": 2}}, rules=("corrected",), files={"corrections.csv": CORRECTION}),
    "a correction, and the sheet sorted since": Situation(
        (table(BASE), table(sheet(binh(), an(), binh(ma="HO0101", time=dt.datetime(2026, 5, 6))))),
        answers={2: {"q1": 2}, 3: {"q1": 2}, 4: {"q1": 1}}, rules=("corrected",), files={"first:corrections.csv": CORRECTION}),
    "a correction whose answer is gone": Situation(
        (table(BASE), table(sheet(an()))), answers={2: {"q1": 2}}, rules=("correction_without_answer", "vanished"),
        files={"first:corrections.csv": CORRECTION}),
    "a correction of a cell that says something else": then(
        sheet(an(), binh(q1="Không áp dụng")), files={"corrections.csv": CORRECTION}, error=faulty(
            FILE, "Ô được sửa phải đúng là ô đã nêu: from là chữ đang có trong trang tính.",
            "đợt 2026, hàng 3, câu q1: ô ấy ghi “Không áp dụng”",
            "Xem lại số hàng và chữ ở cột from, hoặc xóa dòng ấy; chưa có gì được ghi.")),
    "a correction without a reason": then(
        BASE, files={"corrections.csv": CORRECTION.replace("gọi hỏi lại", "")}, error=faulty(
            FILE, "Mỗi dòng sửa có wave, row (số hàng trong trang tính), question, from, to, reason (vì sao), who (ai sửa).",
            "thiếu hoặc sai: reason", "Ghi đủ các ô ấy, hoặc xóa dòng.")),
    "a correction that the sheet has taken over": then(
        sheet(an(), binh(q1="Hòa nhập tốt")), answers={2: {"q1": 2}, 3: {"q1": 2}}, files={"corrections.csv": CORRECTION}),
}  # fmt: skip

TABS = {
    "the response tab moved behind others": Situation((Book({"Tổng hợp": [["x"]], "Nháp": None, TAB: BASE}),), answers=TWO),
    "the response tab of a form linked again": Situation((Book({"Câu trả lời biểu mẫu 2": BASE}),), answers=TWO),
    "an English response tab": Situation((Book({"Form_Responses1": BASE}),), answers=TWO),
    "a response tab renamed by hand": Situation((Book({"Khảo sát": BASE, "Trang tính2": []}),), error=faulty(
        f"Google Trang tính {KEY}", "Câu trả lời được đọc từ một trang xác định theo tên, không theo vị trí.",
        "không rõ trang nào trong các trang “Khảo sát”, “Trang tính2”",
        "Trong study.yaml, mục source của đợt, ghi tab: cùng tên trang chứa câu trả lời, rồi chạy lại.")),
    "a sheet in New York's time zone": Situation(
        (Book({TAB: sheet(an(time=dt.datetime(2026, 5, 3, 21)))}, timezone="America/New_York"),),
        answers={2: {"submitted": dt.datetime(2026, 5, 3)}}),
}  # fmt: skip

SITUATIONS = COLUMNS | ROWS | CELLS | TIMES | TABS


def test_the_suite_has_at_least_sixty_situations():
    assert len(SITUATIONS) >= 100


@pytest.fixture
def study(tmp_path, monkeypatch) -> Study:
    folder = tmp_path / "Khảo sát 2026"
    folder.mkdir()
    (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
    (folder / "phieu.yaml").write_text(QUESTIONNAIRE, encoding="utf-8")
    monkeypatch.setenv("KHAOSATSO_KEYS", str(tmp_path / "khoa"))
    return Study.open(folder)


def state(study: Study) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in study.folder.rglob("*") if path.is_file() and path.name != ".lock"}


@pytest.mark.parametrize("name", SITUATIONS)
def test_situation(name, study, tmp_path, monkeypatch):
    situation = SITUATIONS[name]
    with serving({KEY: situation.books[0]}) as google:
        for variable, value in google.environment(tmp_path).items():
            monkeypatch.setenv(variable, value)
        _write(study.folder, situation.files, first=True)
        for book in situation.books[:-1]:
            google.books[KEY] = book
            pull(study)
        _write(study.folder, situation.files, first=False)
        google.books[KEY] = situation.books[-1]
        before = state(study)
        if situation.error:
            with pytest.raises(UserError) as caught:
                pull(study)
            assert str(caught.value).replace(f"{study.folder}/", "") == situation.error
            assert state(study) == before
        else:
            pulled = pull(study)[0]
            assert tuple(sorted(pulled.findings["rule"])) == tuple(sorted(situation.rules))
            found = pulled.difference
            counts = (len(found.new), len(found.changed), len(found.vanished), len(found.unchanged))
            assert situation.counts in (None, counts)
    if situation.answers:
        _compare(study, situation.answers)
    assert store.faults(study) == []


def _write(folder: Path, files: dict[str, str], *, first: bool) -> None:
    for name, text in files.items():
        if name.startswith("first:") == first:
            (folder / name.removeprefix("first:")).write_text(text, encoding="utf-8")


def _compare(study: Study, expected: dict[int, dict[str, object]]) -> None:
    kept = store.stored(study).set_index("row")
    assert sorted(kept.index) == sorted(expected)
    for row, cells in expected.items():
        for column, value in cells.items():
            found = kept.at[row, column]
            assert pd.isna(found) if value is None else found == value, (row, column, found)
