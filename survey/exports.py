"""A downloaded response sheet -> raw: the Form's CSV (zipped or not), a sheet's CSV, an XLSX."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

from survey.errors import SheetError, Text
from survey.raw import Raw, from_rows

csv.field_size_limit(2**31 - 1)  # a long-text answer may be of any length


def read(path: str | Path, timezone: str = "Asia/Ho_Chi_Minh") -> Raw:
    """Read an exported response sheet; raises SheetError in words where the file is missing or is something else."""
    path = Path(path)
    try:
        content = path.read_bytes()
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
        return from_rows(_rows(path, content), str(path), timezone)
    except SheetError:
        raise
    except Exception as error:  # zip, CSV and XLSX readers meet a damaged file with errors of many kinds
        raise SheetError(
            str(path),
            rule=Text("Tệp câu trả lời là CSV, ZIP chứa một CSV, hoặc XLSX.", "A CSV, a ZIP of one CSV, or an XLSX."),
            found=f"{type(error).__name__}: {error}",
            cure=Text("Tải lại tệp từ Google, không sửa tên đuôi.", "Download the file again; keep its ending."),
        ) from None


def _rows(path: Path, content: bytes) -> list[list[object]]:
    if path.suffix.casefold() in (".xlsx", ".xlsm"):
        return _xlsx(content)
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = [name for name in archive.namelist() if name.casefold().endswith(".csv")]
            if len(names) != 1:
                raise ValueError(f"{len(names)} CSV")
            content = archive.read(names[0])
    return _csv(content)


def _csv(content: bytes) -> list[list[object]]:
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    text = content.decode(encoding)
    tables: list[list[list[object]]] = [
        [list(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=mark)] for mark in ",;\t"
    ]
    return max(tables, key=_regular)  # Excel under vi-VN writes semicolons; the titles may hold commas


def _regular(table: list[list[object]]) -> tuple[bool, int]:
    """How much a table looks cut by the right mark: rows as wide as the header, and a wide header."""
    width = len(table[0]) if table else 0
    return width > 1 and all(len(row) in (0, width) for row in table[:50]), width


def _xlsx(content: bytes) -> list[list[object]]:
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    try:
        return [list(row) for row in book.worksheets[0].iter_rows(values_only=True)]
    finally:
        book.close()
