"""Whatever stands in a sheet is imported as it was meant, or refused in words: never a traceback, never a wrong number.

Every sheet goes over HTTP through the real gspread into a store of its own; what is accepted is compared with an oracle
that shares no code with the import.
"""

from __future__ import annotations

import math
import re
import shutil
import unicodedata
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from sheets_stand_in import Book, serving
from test_hostile_sheets import HEADER, KEY, NAMES, QUESTIONNAIRE, STUDY, TAB

from survey import store
from survey.errors import UserError
from survey.pull import pull
from survey.study import Study


@pytest.fixture(scope="module")
def google(tmp_path_factory):
    folder = tmp_path_factory.mktemp("google")
    with serving({KEY: Book({TAB: []})}) as server, pytest.MonkeyPatch.context() as patch:
        for name, value in server.environment(folder).items():
            patch.setenv(name, value)
        yield server


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("kho") / "Khảo sát 2026"
    folder.mkdir()
    (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
    (folder / "phieu.yaml").write_text(QUESTIONNAIRE, encoding="utf-8")
    return folder


def imported(google, folder: Path, rows: list[list[object]]) -> pd.DataFrame | None:
    """The answers that the sheet gives, or None where it was refused in words."""
    for name in ("raw", "answers", "codes"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for name in ("store.json", "redactions.csv"):
        (folder / name).unlink(missing_ok=True)
    google.books[KEY] = Book({TAB: rows})
    study = Study.open(folder)
    try:
        pull(study)
    except UserError as error:
        assert re.fullmatch(r"Lỗi ở [\s\S]+\n  Quy tắc: [\s\S]+\n  Đã thấy: [\s\S]+\n  Cách sửa: [\s\S]+", str(error))
        assert not (folder / "store.json").exists()
        return None
    assert store.faults(study) == []
    return store.stored(study).set_index("row")


wild = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        [
            "",
            " ",
            "\x00",
            "\x1b[31m",
            "🙂👩‍👩‍👧",
            "مرحبا",
            "\u202eabc",
            "=1+1",
            "@SUM(A1)",
            "ă" * 50_000,
            "#N/A",
            "nan",
            "inf",
            "1e5",
            "٣",
        ]
    ),
    st.booleans(),
    st.integers(-(10**18), 10**18),
    st.floats(allow_nan=False, allow_infinity=False),
    st.none(),
)
vietnamese = st.one_of(
    st.integers(0, 10**7),
    st.floats(0, 10**6).map(lambda x: round(x, 3)),
    st.from_regex(r"[1-9][0-9]{0,2}(\.[0-9]{3}){0,2}(,[0-9]{1,3})?", fullmatch=True),
    st.from_regex(r"0?[0-9]{1,5}(,[0-9]{1,2})?", fullmatch=True),
)
USUAL = {
    "time": st.floats(45_000, 47_000),
    "agree": st.sampled_from(["Đồng ý", "đồng ý ", "Không đồng ý", None]),
    "ma": st.sampled_from(["LE0512", "tr 12 90", None, 120_512]),
    "unit": st.sampled_from(["Tổ Toán", "Tổ Hoá", "tổ hóa", None]),
    "q1": st.sampled_from(["Hòa nhập tốt", "Hoà nhập tốt", "Chưa hòa nhập", "Không áp dụng", None]),
    "kho": st.sampled_from(["Thiếu máy", "Mạng yếu, chậm, Thiếu máy", "Nắng", None]),
    "gio": vietnamese,
    "diem": st.integers(1, 5),
    "ngay": st.integers(40_000, 47_000),
    "may_le": st.sampled_from(["0012", 12, None]),
    "gop_y": st.text(max_size=40),
}
right = st.tuples(*USUAL.values()).map(list)


@st.composite
def sheets(draw) -> list[list[object]]:
    """A sheet as the form writes it, of which some cells, rows and titles were spoilt."""
    header = list(HEADER)
    rows = draw(st.lists(right, min_size=1, max_size=4))
    for _ in range(draw(st.integers(0, 3))):
        row = draw(st.integers(0, len(rows) - 1))
        rows[row][draw(st.integers(0, len(NAMES) - 1))] = draw(wild)
    if draw(st.integers(0, 5)) == 0:
        header[draw(st.integers(0, len(NAMES) - 1))] = draw(wild)
    if draw(st.integers(0, 5)) == 0:
        rows.insert(draw(st.integers(0, len(rows))), draw(st.lists(wild, max_size=14)))
    return [header, *rows]


def meant(cell: object) -> float | None:
    """The number that a cell of a Vietnamese sheet means; None where it is none."""
    if isinstance(cell, bool) or cell is None:
        return None
    if isinstance(cell, int | float):
        return float(cell)
    text = cell.replace("\u00a0", "").replace(" ", "").strip()
    whole, _, part = text.partition(",")
    groups = whole.lstrip("+-").split(".")
    if len(groups) > 1 and all(len(g) == 3 for g in groups[1:]) and 1 <= len(groups[0]) <= 3 and groups[0][:1] != "0":
        digits = "".join(groups)
    elif len(groups) == 2 and not part:
        digits, part = groups
    else:
        digits = whole.lstrip("+-")
    if not (digits.isdecimal() and (part.isdecimal() or not part)) or ("," in text and not part):
        return None
    return (-1 if text.startswith("-") else 1) * (int(digits) + (int(part) / 10 ** len(part) if part else 0))


@pytest.mark.slow
@given(sheets())
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_sheet_that_was_spoilt(google, folder, rows):
    answers = imported(google, folder, rows)
    event("refused" if answers is None else "imported")
    if answers is None or rows[0] != HEADER:
        return
    for row, answer in answers.iterrows():
        cells = dict(zip(NAMES, [*rows[row - 1], *[None] * 11], strict=False))
        said = {name: unicodedata.normalize("NFC", str(cell)).strip().casefold() for name, cell in cells.items()}
        assert said["agree"] == "đồng ý"
        empty = {name: cell is None or said[name] == "" for name, cell in cells.items()}
        assert (
            pd.isna(answer["gio"]) if empty["gio"] else math.isclose(answer["gio"], meant(cells["gio"]), rel_tol=1e-12)
        )
        assert pd.isna(answer["diem"]) if empty["diem"] else answer["diem"] == meant(cells["diem"])
        codes = {"hòa nhập tốt": 2, "hoà nhập tốt": 2, "chưa hòa nhập": 1}
        assert (
            pd.isna(answer["q1"]) if said["q1"] in ("không áp dụng", "none", "") else answer["q1"] == codes[said["q1"]]
        )
        if isinstance(cells["gop_y"], str) and "[" not in answer["gop_y"] if pd.notna(answer["gop_y"]) else False:
            assert answer["gop_y"] == cells["gop_y"]


@pytest.mark.slow
@given(st.lists(st.lists(wild, max_size=12), max_size=6))
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_table_at_all(google, folder, rows):
    imported(google, folder, rows)


@pytest.mark.slow
@given(st.permutations(range(4)), st.permutations(range(11)))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_neither_the_order_of_rows_nor_of_columns_changes_an_answer(google, folder, rows, columns):
    whole = [[45_000 + n, "Đồng ý", f"LE051{n}", "Tổ Toán", "Hòa nhập tốt", "Thiếu máy", n, 1 + n, 46_000, f"001{n}", f"Ý {n}"]
             for n in range(4)]  # fmt: skip
    first = (
        imported(google, folder, [HEADER, *whole]).drop(columns="snapshot").sort_values("gio").reset_index(drop=True)
    )
    mixed = [[row[column] for column in columns] for row in [HEADER, *(whole[n] for n in rows)]]
    found = imported(google, folder, mixed).drop(columns="snapshot").sort_values("gio").reset_index(drop=True)
    pd.testing.assert_frame_equal(found[first.columns], first)
