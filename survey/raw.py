"""The response sheet as it was read: one row per submission, cells as sent."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import pandas as pd

from survey.errors import SheetError, Text

Cell = str | int | float | bool | None
RESPONSES = re.compile(r"(form[ _]?responses|câu trả lời biểu mẫu)\s*\d*")  # the name Google gives the response tab
HALF = re.compile("[\ud800-\udfff]")  # half a character, which a damaged program sends and no file can hold


@dataclass(frozen=True)
class Raw:
    """`frame` has the sheet's headers as columns and the sheet's row numbers as index; nothing is changed in a cell.

    `serial_dates` says that the source gives dates as serial numbers (days since 30/12/1899 in `timezone`).
    """

    frame: pd.DataFrame
    source: str
    timezone: str
    serial_dates: bool = False
    month_first: bool = False  # 5/25/2022: a sheet made under a United States locale
    named: tuple[tuple[str, str], ...] = ()  # question, header: what the form's own script said of its columns

    def lines(self) -> Iterator[str]:
        """The sheet as JSON, a row in each line: the same text for the same cells."""
        about = {
            "headers": list(self.frame.columns),
            "timezone": self.timezone,
            "serial_dates": self.serial_dates,
            **({"month_first": True} if self.month_first else {}),
        }
        yield json.dumps(about, ensure_ascii=False)[:-1] + ', "rows": [\n'
        cells = self.frame.to_numpy()
        for number, row in enumerate(self.frame.index):
            yield ("" if number == 0 else ",\n") + json.dumps([int(row), *cells[number]], ensure_ascii=False)
        yield "\n]}\n"

    @property
    def content(self) -> str:
        """The sheet as JSON, whole."""
        return "".join(self.lines())

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the content; the same cells always give the same digest, wherever they were read from."""
        found = hashlib.sha256()
        for line in self.lines():
            found.update(line.encode())
        return found.hexdigest()


def from_rows(rows: list[list[object]], source: str, timezone: str, *, serial_dates: bool = False) -> Raw:
    """Make the raw frame of a header row and its rows; raises SheetError where there is no header or no answer.

    Rows and columns without any content are left out; a column without a header is named by its number, a repeated
    header gets its number in brackets. Row numbers are those of the sheet (the header is row 1).
    """
    if not rows or all(_empty(cell) for cell in rows[0]):
        raise SheetError(
            source,
            rule=Text("Hàng đầu tiên của trang tính là tiêu đề các câu hỏi.", "The first row holds the questions."),
            found=Text("trang tính trống", "an empty sheet") if not rows else Text("hàng 1 trống", "row 1 is empty"),
            cure=Text(
                "Kiểm tra đúng tệp hoặc đúng trang “Câu trả lời biểu mẫu” chưa, rồi chạy lại.",
                "Check that this is the right file or the tab “Form Responses”, then run again.",
            ),
        )
    width = max(len(row) for row in rows)
    read = lru_cache(None, typed=True)(_cell)  # most cells are one of a few words: each is kept once
    head = [*map(read, rows[0]), *[None] * (width - len(rows[0]))]
    body = {number: row for number, row in enumerate(rows[1:], start=2) if not all(map(_empty, row))}
    if not body:
        raise SheetError(
            source,
            rule=Text("Dưới hàng tiêu đề phải có ít nhất một câu trả lời.", "There is at least one answer."),
            found=Text("chỉ có hàng tiêu đề", "a header row and nothing below it"),
            cure=Text(
                "Chờ có người trả lời, hoặc kiểm tra biểu mẫu còn liên kết với trang tính này không.",
                "Wait for answers, or check that the form is still linked to this sheet.",
            ),
        )
    cells = np.full((len(body), width), None, dtype=object)
    for place, row in enumerate(body.values()):
        cells[place, : len(row)] = [read(cell) for cell in row]
    kept = [n for n in range(width) if head[n] is not None or (cells[:, n] != None).any()]  # noqa: E711
    frame = pd.DataFrame(cells[:, kept], index=pd.Index(list(body), name="row"), dtype=object)
    frame.columns = pd.Index(_distinct([head[n] for n in kept], kept), dtype=object)
    return Raw(frame, source, timezone, serial_dates)


def _empty(cell: object) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _cell(cell: object) -> Cell:
    if _empty(cell):
        return None
    if isinstance(cell, dt.datetime | dt.date | dt.time):
        return cell.isoformat()
    if isinstance(cell, str):
        return HALF.sub("\ufffd", cell)
    return cell if isinstance(cell, int | float | bool) else str(cell)


def _distinct(headers: list[Cell], positions: list[int]) -> list[str]:
    own = {str(header) for header in headers}
    names: list[str] = []
    for header, position in zip(headers, positions, strict=True):
        name = first = str(header) if header is not None else f"(cột {position + 1} không có tiêu đề)"
        number = 1
        while name in names or (name != first and name in own):
            number += 1
            name = f"{first} ({number})"
        names.append(name)
    return names
