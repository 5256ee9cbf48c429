"""The school's self-assessment by QĐ 4725/QĐ-BGDĐT, due on 31 May: one XLSX sheet on A4, to be signed and sent."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path

import pandas as pd
import xlsxwriter

from analysis import register
from analysis.index4725 import (
    MANDATORY,
    STATUS,
    Index,
    Index4725Error,
    Level,
    given,
    levels,
    load,
    out_of,
    points,
    remarks,
    score,
)
from analysis.sentences import PRETEND, day
from survey.errors import Text
from survey.study import School, Study

COLUMNS = (  # heading, width in letters
    (Text("Mã", "Code"), 6),
    (Text("Tiêu chí", "Criterion"), 50),
    (Text("Điểm tối đa", "Maximum"), 9),
    (Text("Tự chấm", "Own points"), 9),
    (Text("Minh chứng", "Evidence"), 28),
    (Text("Phụ trách", "Responsible"), 16),
    (Text("Tính đến ngày", "As of"), 11.5),
    (Text("Tình trạng", "Status"), 14),
    (Text("Ghi chú", "Remarks"), 30),
)
LAST = len(COLUMNS) - 1
MAXIMUM, GIVEN = 2, 3  # columns
LINE = 14.2  # points of height of a line of 11-point text
FACES: dict[str, dict[str, object]] = {
    "plain": {},
    "bold": {"bold": True},
    "title": {"bold": True, "font_size": 14, "align": "center"},
    "centre": {"align": "center"},
    "school": {"bold": True, "align": "center"},
    "pretend": {"bold": True, "font_color": "#B00020", "align": "center", "font_size": 13},
    "head": {"bold": True, "border": 1, "align": "center", "valign": "vcenter", "bg_color": "#DCE6F1"},
    "group": {"bold": True, "border": 1, "bg_color": "#EEF3F8"},
    "cell": {"border": 1},
    "middle": {"border": 1, "align": "center"},
    "points": {"border": 1, "align": "center", "num_format": "General"},
    "total": {"border": 1, "bold": True},
    "sum": {"border": 1, "bold": True, "align": "center", "num_format": "General"},
    "question": {"border": 1, "bold": True, "bg_color": "#FFF2CC"},
    "small": {"italic": True, "font_size": 10},
}


def self_assessment(study: Study, until: dt.date, index: Index | None = None) -> bytes:
    """The table of a study's own scores as of `until`, as an XLSX file; the same entries always give the same bytes."""
    index = index or load()
    scored = score(register.entries(study), until, index)
    packed = io.BytesIO()
    # strings stay strings: what a person typed as evidence is never run as a formula
    book = xlsxwriter.Workbook(packed, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": str(index.title), "created": dt.datetime(2025, 1, 1), "author": "khaosatso"})
    page = _Page(book)
    page.opening(study, until, index)
    page.heading()
    for group in levels(scored, index).itertuples():
        page.group(group, scored[scored["group"] == group.group], index, until)
    page.closing(study.school, until, index)
    page.setup(study, until)
    book.close()
    return packed.getvalue()


def due(entries: pd.DataFrame) -> dt.date:
    """The 31 May on or after the latest entry for the index: the day of the self-assessment that it belongs to."""
    latest = entries.loc[entries["criterion"].notna() & ~entries["replaced"], "date"].max()
    if pd.isna(latest):
        raise Index4725Error(
            "--until",
            rule=Text(
                "Chưa có số liệu nào của bộ chỉ số thì phải nói bảng tính đến ngày nào.",
                "Where no entry for the index is there yet, the day of the table has to be said.",
            ),
            found=Text("không có số liệu, không có --until", "no entry, and no --until"),
            cure=Text("Ví dụ: --until 2027-05-31", "For example: --until 2027-05-31"),
        )
    return dt.date(latest.year + ((latest.month, latest.day) > (5, 31)), 5, 31)


def path(study: Study, until: dt.date) -> Path:
    """Where the table is kept: reports/tu-danh-gia-4725-2027.xlsx in the study's folder."""
    return study.folder / "reports" / f"tu-danh-gia-4725-{until.year}.xlsx"


class _Page:
    """The sheet, written from the top; `row` is the next free row."""

    def __init__(self, book: xlsxwriter.Workbook):
        self.sheet = book.add_worksheet("4725")
        base: dict[str, object] = {"font_name": "Times New Roman", "font_size": 11, "text_wrap": True, "valign": "top"}
        self.faces = {name: book.add_format(base | face) for name, face in FACES.items()}
        self.row = self.head = 0
        for place, (_, width) in enumerate(COLUMNS):
            self.sheet.set_column(place, place, width, self.faces["plain"])

    def across(self, text: object, face: str, first: int = 0, last: int = LAST, row: int | None = None) -> None:
        """A text over several columns, in a row of its own (or in the row named); merged cells need their height said."""
        place = self.row if row is None else row
        self.sheet.merge_range(place, first, place, last, "", self.faces[face])
        self.sheet.write_string(place, first, str(text), self.faces[face])
        if row is None:
            width = sum(letters for _, letters in COLUMNS[first : last + 1])
            self.sheet.set_row(
                self.row,
                LINE
                * _lines(str(text), width, 1.35 if face == "small" else 1.1)
                * (1.3 if face in ("title", "pretend") else 1),
            )
            self.row += 1

    def text(self, place: int, words: str, face: str) -> None:
        """A text in the row that is being written; none is an empty cell."""
        if words:
            self.sheet.write_string(self.row, place, words, self.faces[face])
        else:
            self.sheet.write_blank(self.row, place, None, self.faces[face])

    def opening(self, study: Study, until: dt.date, index: Index) -> None:
        school = study.school
        if str(school.authority):
            self.across(str(school.authority).upper(), "centre", 0, 1)
        if study.pretend:
            self.across(PRETEND, "pretend", 4, row=self.row)
        self.across(str(school.name).upper(), "school", 0, 1)
        self.across(Text("BẢNG TỰ ĐÁNH GIÁ MỨC ĐỘ CHUYỂN ĐỔI SỐ", "SELF-ASSESSMENT OF DIGITAL TRANSFORMATION"), "title")
        self.across(f"{index.title} ({index.decision})", "centre")
        self.across(
            Text(
                f"Số liệu tính đến ngày {day(until)}; gửi Sở Giáo dục và Đào tạo trước ngày 31/5",
                f"Figures as of {day(until)}; to be sent to the authority before 31 May",
            ),
            "centre",
        )
        self.row += 1

    def heading(self) -> None:
        self.head = self.row
        for place, (words, _) in enumerate(COLUMNS):
            self.sheet.write_string(self.row, place, str(words), self.faces["head"])
        self.sheet.set_row(self.row, 2 * LINE + 2)
        self.row += 1

    def group(self, group, rows: pd.DataFrame, index: Index, until: dt.date) -> None:
        """The group's name, its criteria, its total with the level, and the question to the authority, if there is one."""
        self.across(f"{Text('Nhóm', 'Group')} {group.group}. {group.label}", "group")
        parts = {c.code: c.parts for g in index.groups for c in g.criteria}
        first = self.row
        for row in rows.itertuples():
            self.criterion(row, parts[row.code], until)
        self.total(group, first, self.row - 1, int((~rows["mandatory"]).sum()))
        if group.question:
            self.across(f"{Text('Câu hỏi gửi Sở', 'Question to the authority')}: {group.question}", "question")

    def criterion(self, row, parts, until: dt.date) -> None:
        sheet, faces = self.sheet, self.faces
        words = (
            f"{row.label}\n({'; '.join(f'{part.label} {part.maximum}' for part in parts)})"
            if len(parts) > 1
            else row.label
        )
        remark = _sentence(remarks(row, until))
        cells = [
            _said(row.evidence),
            _said(row.owner),
            "" if pd.isna(row.date) else day(row.date),
            str(STATUS[row.status]),
        ]
        sheet.write_string(self.row, 0, row.code, faces["middle"])
        sheet.write_string(self.row, 1, words, faces["cell"])
        if row.mandatory:
            sheet.write_string(self.row, MAXIMUM, str(Text("bắt buộc", "mandatory")), faces["middle"])
            self.text(GIVEN, "" if pd.isna(row.there) else given(row), "middle")
        else:
            sheet.write_number(self.row, MAXIMUM, row.maximum, faces["points"])
            if pd.isna(row.points):
                sheet.write_blank(self.row, GIVEN, None, faces["points"])
            else:
                sheet.write_number(self.row, GIVEN, float(row.points), faces["points"])
        for place, text in enumerate([*cells, remark], start=GIVEN + 1):
            self.text(place, text, "middle" if place in (6, 7) else "cell")
        texts = [row.code, words, "", "", *cells, remark]
        lines = [_lines(text, width, 1.25) for text, (_, width) in zip(texts, COLUMNS, strict=True)]
        sheet.set_row(self.row, LINE * max(lines) + 2)
        self.row += 1

    def total(self, group, first: int, last: int, criteria: int) -> None:
        """Sums as formulas: no sum of points unless every criterion with points has them."""
        sheet, faces = self.sheet, self.faces
        held = f"D{first + 1}:D{last + 1}"
        self.text(0, "", "total")
        sheet.write_string(self.row, 1, f"{Text('Cộng nhóm', 'Total of group')} {group.group}", faces["total"])
        sheet.write_formula(self.row, MAXIMUM, f"=SUM(C{first + 1}:C{last + 1})", faces["sum"], int(group.out_of))
        value = "–" if pd.isna(group.points) else float(group.points)
        sheet.write_formula(self.row, GIVEN, f'=IF(COUNT({held})<{criteria},"–",SUM({held}))', faces["sum"], value)
        words = _verdict(group)
        sheet.merge_range(self.row, 4, self.row, LAST, "", faces["total"])
        sheet.write_string(self.row, 4, words, faces["total"])
        sheet.set_row(self.row, LINE * _lines(words, sum(width for _, width in COLUMNS[4:])) + 2)
        self.row += 1

    def closing(self, school: School, until: dt.date, index: Index) -> None:
        limits = _limits(index.levels)
        self.row += 1
        self.across(
            Text(
                f"Mức độ tính riêng cho từng nhóm, theo điểm: {limits}. Mức độ do chương trình tính từ số liệu đã gửi: cần sửa "
                "thì gửi lại số liệu rồi chạy lại, không sửa điểm trong tệp này.",
                f"Each group has a level of its own, by its points: {limits}. Levels are worked out from what was entered: to "
                "mend something send it again and run again, and do not change points in this file.",
            ),
            "small",
        )
        self.across(f"{Text('Nguồn', 'Source')}: {index.source}", "small")
        self.row += 1
        place = f"{school.place}, " if str(school.place) else ""
        date = Text(f"{place}ngày … tháng … năm {until.year}", f"{place}… {until.year}")
        self.across(date, "centre", 5)
        for line in school.signs_as or (str(Text("HIỆU TRƯỞNG", "PRINCIPAL")),):
            self.across(line, "school", 5)

    def setup(self, study: Study, until: dt.date) -> None:
        """A4 landscape, as wide as one page; school and date on top of every page, its number below."""
        sheet = self.sheet
        sheet.set_paper(9)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.6, right=0.5, top=0.75, bottom=0.6)
        sheet.repeat_rows(self.head)
        sheet.print_area(0, 0, self.row - 1, LAST)
        sheet.hide_gridlines(2)
        font = '&"Times New Roman,Regular"&10 '  # the space ends the size: a date follows
        pretend = f"&C{font}{PRETEND}" if study.pretend else ""
        name = str(study.school.name).replace("&", "&&")[:120]  # Excel allows 255 letters in all
        sheet.set_header(f"&L{font}{name}{pretend}&R{font}{day(until)}")
        sheet.set_footer(f"&C{font}&P/&N")


def _verdict(group) -> str:
    """The group's points with what they are out of, its level, its mandatory criteria, and what lacks evidence."""
    said = [out_of(group), group.words]
    if group.verdict == "cannot_tell" and pd.isna(group.points) and not pd.isna(group.entered):
        so_far = points(group.entered)
        said.append(str(Text(f"các tiêu chí còn lại đã ghi {so_far} điểm", f"the others have {so_far} points")))
    said.append(f"{Text('tiêu chí bắt buộc', 'mandatory criteria')}: {MANDATORY[group.mandatory]}")
    if group.no_evidence:
        said.append(f"{Text('thiếu minh chứng', 'no evidence')}: {group.no_evidence}")
    return ". ".join(text[:1].upper() + text[1:] for text in said) + "."


def _sentence(said: list[str]) -> str:
    words = "; ".join(said)
    return words[:1].upper() + words[1:]


def _limits(levels: tuple[Level, ...]) -> str:
    """Mức 1: chưa đáp ứng (dưới 50); Mức 2: đáp ứng cơ bản (đến hết 75); Mức 3: đáp ứng tốt (còn lại)."""
    words = []
    for level in levels:
        bound = Text("còn lại", "the rest")
        if level.below is not None:
            bound = Text(f"dưới {level.below}", f"below {level.below}")
        elif level.up_to is not None:
            bound = Text(f"đến hết {level.up_to}", f"up to {level.up_to}")
        words.append(f"{level.label} ({bound})")
    return "; ".join(words)


def _said(text: object) -> str:
    return "" if pd.isna(text) else str(text)


def _lines(text: str, width: float, letters: float = 1.1) -> int:
    """How many lines a text takes in a column; rather one too many than words cut off.

    Times New Roman sets about 1.4 letters (bold 1.25) where the width says one; broken lines waste some of them.
    """
    return sum(-(-len(line) // int(width * letters)) or 1 for line in text.split("\n"))
