"""A downloaded response sheet -> raw: the Form's CSV (zipped or not), a sheet's CSV, an XLSX. What it is, its content says."""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from pathlib import Path

from survey.errors import SheetError, Text
from survey.questionnaire import plain
from survey.raw import RESPONSES, Raw, from_rows

csv.field_size_limit(2**31 - 1)  # a long-text answer may be of any length
MB = 1024**2
LARGEST = 60 * MB  # of a file; 60,000 answers of 60 questions take about 40
UNPACKED = 300 * MB  # of everything in a ZIP or XLSX
PARTS = 10_000
CELLS = 20_000_000

KINDS = (  # how a file begins, what it then is
    (
        b"\xd0\xcf\x11\xe0",
        Text("tệp Excel kiểu cũ (.xls) hoặc có mật khẩu", "an old Excel file (.xls), or one with a password"),
    ),
    (b"%PDF", Text("tệp PDF", "a PDF")),
    (b"\xff\xd8\xff", Text("ảnh JPEG", "a JPEG picture")),
    (b"\x89PNG", Text("ảnh PNG", "a PNG picture")),
    (b"\x1f\x8b", Text("tệp nén gzip", "a gzip file")),
    (b"Rar!", Text("tệp nén RAR", "a RAR file")),
    (b"7z\xbc\xaf", Text("tệp nén 7z", "a 7z file")),
)


class _Refused(Exception):
    """What was found in place of a sheet."""

    def __init__(self, found: Text):
        super().__init__(str(found))
        self.found = found


def read(path: str | Path, timezone: str = "Asia/Ho_Chi_Minh", *, tab: str | None = None) -> Raw:
    """Read an exported response sheet; raises SheetError in words where the file is missing or is something else.

    `tab`: of an XLSX; without it the one that Google named for a form's responses, or the only one. A file may have 60 MB
    and 300 MB unpacked; macros, links to other files and XML entities are refused unread.
    """
    path = Path(path)
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= LARGEST else b""
    except OSError as error:
        raise SheetError(
            str(path),
            rule=Text("Tệp câu trả lời phải có và mở được.", "The file of answers is there and can be opened."),
            found=Text("không có tệp", "no such file") if isinstance(error, FileNotFoundError) else error.strerror,
            cure=Text(
                "Tải lại từ Google Biểu mẫu (Câu trả lời → Tải xuống .csv), đặt đúng chỗ; nếu đang mở bằng Excel thì đóng.",
                "Download it again from Google Forms (Responses → Download .csv) to that place; close it in Excel.",
            ),
        ) from None
    try:
        if size > LARGEST:
            raise _Refused(
                Text(
                    f"tệp {size // MB} MB, quá {LARGEST // MB} MB",
                    f"a file of {size // MB} MB, over {LARGEST // MB} MB",
                )
            )
        return from_rows(_rows(content, tab), str(path), timezone)
    except _Refused as refused:
        found = refused.found
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):
        found = Text("tệp nén hỏng, có mật khẩu hoặc tải về chưa đủ", "a damaged, locked or incomplete archive")
    raise SheetError(
        str(path),
        rule=Text("Tệp câu trả lời là CSV, ZIP chứa một CSV, hoặc XLSX.", "A CSV, a ZIP of one CSV, or an XLSX."),
        found=found,
        cure=Text(
            "Tải lại câu trả lời từ Google (.csv hoặc .xlsx), không đổi gì trong tệp; tệp làm bằng Excel thì lưu kiểu .xlsx hoặc "
            "“CSV UTF-8”.",
            "Download the responses from Google again (.csv or .xlsx) and change nothing in the file; save one made in Excel as "
            ".xlsx or “CSV UTF-8”.",
        ),
    )


def _rows(content: bytes, tab: str | None) -> list[list[object]]:
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = _unpacked(archive)
        if "[Content_Types].xml" in parts:
            return _xlsx(content, parts, tab)
        tables = [name for name in parts if name.casefold().endswith(".csv")]
        if len(tables) != 1:
            raise _Refused(Text(f"tệp ZIP chứa {len(tables)} tệp CSV", f"a ZIP of {len(tables)} CSV files"))
        content = parts[tables[0]]
    return _csv(content)


def _unpacked(archive: zipfile.ZipFile) -> dict[str, bytes]:
    """Every part of an archive, unpacked no further than the limit, whatever its directory says."""
    members = archive.infolist()
    if len(members) > PARTS or len({member.filename for member in members}) < len(members):
        raise _Refused(Text(f"tệp nén có {len(members)} phần", f"an archive of {len(members)} parts"))
    left, parts = UNPACKED, {}
    for member in members:
        try:
            with archive.open(member) as part:
                parts[member.filename] = part.read(left + 1)
        except (ValueError, OSError):  # an offset that leads nowhere
            raise zipfile.BadZipFile(member.filename) from None
        left -= len(parts[member.filename])
        if left < 0:
            raise _Refused(
                Text(f"tệp nén chứa quá {UNPACKED // MB} MB", f"an archive that holds over {UNPACKED // MB} MB")
            )
    return parts


def _csv(content: bytes) -> list[list[object]]:
    _refuse_other_kinds(content)
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        raise _Refused(Text("chữ không theo mã UTF-8", "text that is not UTF-8")) from None
    if "\x00" in text[:1000]:
        raise _Refused(Text("tệp nhị phân", "a binary file"))
    tables = [table for mark in ",;\t" if (table := _cut(text, mark)) is not None]
    if not tables:
        raise _Refused(
            Text("dấu nháy kép mở mà không đóng: tệp bị cắt giữa chừng", "a quote that is not closed: the file was cut")
        )
    return max(tables, key=_regular)  # Excel under vi-VN writes semicolons; the titles may hold commas


def _cut(text: str, mark: str) -> list[list[object]] | None:
    """The table cut by a mark; None where a quote is left open, and where the quoting is not a CSV's."""
    try:
        return [list(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)]
    except csv.Error:
        return None


def _refuse_other_kinds(content: bytes) -> None:
    for beginning, kind in KINDS:
        if content.startswith(beginning):
            raise _Refused(kind)
    if re.match(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|\?xml|head|script)", content[:200], re.IGNORECASE):
        raise _Refused(Text("một trang web (có thể là trang đăng nhập)", "a web page (perhaps to sign in)"))
    if re.match(rb"(?:\xef\xbb\xbf)?\s*[\[{]\s*[\"{\[]", content[:200]):
        raise _Refused(Text("tệp JSON", "a JSON file"))


def _regular(table: list[list[object]]) -> tuple[bool, int]:
    """How much a table looks cut by the right mark: rows as wide as the header, and a wide header."""
    width = len(table[0]) if table else 0
    return width > 1 and all(len(row) in (0, width) for row in table[:50]), width


def _xlsx(content: bytes, parts: dict[str, bytes], tab: str | None) -> list[list[object]]:
    names = {name.casefold() for name in parts}
    if any("vbaproject" in name or name.endswith((".vba", ".xlm")) or "macrosheets/" in name for name in names):
        raise _Refused(Text("tệp Excel có macro", "an Excel file with macros"))
    if any("externallinks/" in name for name in names):
        raise _Refused(Text("tệp Excel liên kết tới tệp khác", "an Excel file that links to other files"))
    if any(map(_declares, parts.values())):
        raise _Refused(Text("tệp Excel khai báo thực thể XML", "an Excel file that declares XML entities"))
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        try:
            return _filled(_tab(book, tab))
        finally:
            book.close()
    except (
        InvalidFileException,
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        IndexError,
        SyntaxError,
        OSError,
        AssertionError,
    ):
        # as many as openpyxl meets a file with that is not as Excel writes it
        raise _Refused(Text("tệp Excel hỏng", "a damaged Excel file")) from None


def _declares(part: bytes) -> bool:
    """Whether XML declares a document type, in any encoding that a parser would take, or says that it has a rare one."""
    told = re.match(rb"\s*<\?xml[^>]{0,200}encoding\s*=\s*[\"']([^\"']+)", part)
    rare = told is not None and told[1].lower() not in (b"utf-8", b"utf-16", b"us-ascii", b"ascii")
    codes = ("ascii", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
    return rare or any(word.encode(code) in part for word in ("<!DOCTYPE", "<!ENTITY") for code in codes)


def _tab(book, tab: str | None):
    """The tab asked for; or the one with the name of a response tab; or the only one."""
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    named = [
        s for title, s in sheets.items() if (plain(title) == plain(tab) if tab else RESPONSES.fullmatch(plain(title)))
    ]
    if len(named) == 1:
        return named[0]
    if len(sheets) == 1 and not tab:
        return next(iter(sheets.values()))
    listed = ", ".join(f"“{title}”" for title in sheets)
    raise _Refused(
        Text(
            f"không rõ trang nào trong các trang {listed}; ghi tab: trong mục source của đợt",
            f"cannot tell which of the tabs {listed}; write tab: in the wave's source",
        )
    )


def _filled(sheet) -> list[list[object]]:
    """The rows of a tab without what is empty at their ends; a tab that pretends to millions of cells is refused."""
    rows: list[list[object]] = []
    seen = 0
    sheet.reset_dimensions()  # what the file says of its size may be wrong, and rows beyond it would be lost
    for row in sheet.iter_rows(values_only=True):
        seen += len(row) or 1
        if seen > CELLS:
            raise _Refused(Text("trang tính quá 20 triệu ô", "a sheet of over 20 million cells"))
        cells = list(row)
        while cells and cells[-1] is None:
            cells.pop()
        rows.append(cells)
    while rows and not rows[-1]:
        rows.pop()
    return rows
