"""The tables that people edit in Excel: UTF-8 with a byte-order mark and semicolons, which Excel under vi-VN opens rightly."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from survey.errors import StudyError, Text
from survey.questionnaire import tidy

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet runs a cell that begins so


def read(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """The table as text, with just these columns; without the file: no lines. Separators ; , and tab are understood.

    Raises StudyError in words where the file is no such table.
    """
    if not path.exists():
        return pd.DataFrame(columns=list(columns), dtype="str")
    content = path.read_bytes()
    try:
        text = content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
        first = text.split("\n", 1)[0]
        mark = max(";,\t", key=first.count)
        lines = [
            line
            for line in csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
            if any(map(str.strip, line))
        ]
    except (UnicodeDecodeError, csv.Error):
        raise _not_a_table(path, columns, Text("không phải CSV mã UTF-8", "not a CSV in UTF-8")) from None
    header = [tidy(name).casefold() for name in lines[0]] if lines else []
    missing = [name for name in columns if name not in header]
    if missing:
        raise _not_a_table(path, columns, Text(f"thiếu cột {', '.join(missing)}", f"no column {', '.join(missing)}"))
    long = [number for number, line in enumerate(lines, start=1) if any(map(str.strip, line[len(header) :]))]
    if long:
        raise _not_a_table(path, columns, Text(f"dòng {long[0]} thừa ô", f"line {long[0]} has too many cells"))
    places = [header.index(name) for name in columns]
    rows = [[_unguarded(line[place].strip()) if place < len(line) else "" for place in places] for line in lines[1:]]
    return pd.DataFrame(rows, columns=list(columns), dtype="str")


def text(frame: pd.DataFrame) -> bytes:
    """The table as the bytes of a CSV; a cell that a spreadsheet would run as a formula gets an apostrophe before it."""
    out = io.StringIO(newline="")
    lines = csv.writer(out, delimiter=";", lineterminator="\r\n")
    lines.writerow(frame.columns)
    for line in frame.astype("object").itertuples(index=False):
        lines.writerow([guarded("" if pd.isna(cell) else str(cell)) for cell in line])
    return out.getvalue().encode("utf-8-sig")


def guarded(cell: str) -> str:
    """The cell as no spreadsheet runs it: with an apostrophe before what begins as a formula does."""
    return f"'{cell}" if cell.startswith((*FORMULA, "'")) else cell


def _unguarded(cell: str) -> str:
    return cell[1:] if cell.startswith("'") else cell


def _not_a_table(path: Path, columns: Sequence[str], found: Text) -> StudyError:
    return StudyError(
        str(path),
        rule=Text(f"Bảng này có các cột: {'; '.join(columns)}.", f"The table has the columns {'; '.join(columns)}."),
        found=found,
        cure=Text(
            "Mở bằng Excel, sửa, lưu kiểu “CSV UTF-8”; hoặc đổi tên tệp để chương trình làm lại bảng trống.",
            "Open it in Excel, mend it, save as “CSV UTF-8”; or rename the file, and the program makes an empty table.",
        ),
    )
