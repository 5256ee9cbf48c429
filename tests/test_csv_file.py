"""The tables that people edit in Excel come back as they were, and no cell of them runs."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from survey import csv_file
from survey.errors import StudyError

COLUMNS = ("wave", "header", "question")


def test_without_a_file_there_are_no_lines(tmp_path):
    assert csv_file.read(tmp_path / "a.csv", COLUMNS).to_dict("list") == {"wave": [], "header": [], "question": []}


@pytest.mark.parametrize(
    "content",
    [
        "wave;header;question\r\n2026;Câu, một;q1\r\n".encode("utf-8-sig"),
        'wave,header,question\n2026,"Câu, một",q1\n'.encode(),
        "wave\theader\tquestion\r\n2026\tCâu, một\tq1\r\n".encode("utf-16"),
        "question;wave;header;ghi chú\nq1;2026;Câu, một;x\n\n;;;\n".encode(),
    ],
    ids=["Excel under vi-VN", "by hand", "Unicode text", "other order, more columns, empty lines"],
)
def test_as_excel_and_people_write_it(tmp_path, content):
    (tmp_path / "a.csv").write_bytes(content)
    assert csv_file.read(tmp_path / "a.csv", COLUMNS).values.tolist() == [["2026", "Câu, một", "q1"]]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"wave;header\n1;2\n", "thiếu cột question"),
        (b"", "thiếu cột wave, header, question"),
        (b"\x80\x81", "không phải CSV mã UTF-8"),
        (b'wave;header;question\n1;"x', "không phải CSV mã UTF-8"),
        (b"wave;header;question\n1;2;3;4\n", "dòng 2 thừa ô"),
    ],
)
def test_what_is_no_such_table(tmp_path, content, found):
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(StudyError) as caught:
        csv_file.read(tmp_path / "a.csv", COLUMNS)
    assert str(caught.value) == (
        f"Lỗi ở {tmp_path / 'a.csv'}\n"
        "  Quy tắc: Bảng này có các cột: wave; header; question.\n"
        f"  Đã thấy: {found}\n"
        "  Cách sửa: Mở bằng Excel, sửa, lưu kiểu “CSV UTF-8”; hoặc đổi tên tệp để chương trình làm lại bảng trống."
    )


@pytest.mark.parametrize("cell", ["=1+1", "+84912345678", "-2", "@SUM(A1)", "\tx", "'=1"])
def test_no_cell_runs_as_a_formula(cell):
    text = csv_file.text(pd.DataFrame({"a": [cell]})).decode("utf-8-sig")
    assert text.splitlines()[1].lstrip('"').startswith("'")


cells = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=12).map(str.strip)


@given(st.lists(st.tuples(cells, cells, cells), max_size=5))
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_table_comes_back_as_it_was(tmp_path, rows):
    (tmp_path / "a.csv").write_bytes(csv_file.text(pd.DataFrame(rows, columns=list(COLUMNS))))
    assert csv_file.read(tmp_path / "a.csv", COLUMNS).values.tolist() == [list(row) for row in rows if any(row)]
