"""Files that pretend, swell or are broken are refused in words, within bounds; what a file is, its content says."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from survey import exports
from survey.errors import SheetError

PROJECT = Path(__file__).resolve().parents[1]
TABLE = [
    ["Dấu thời gian", "Câu một", "Số"],
    ["29/08/2026 9:40:00", "Có, nhiều", "3,5"],
    ["30/08/2026 9:40:00", "Không", "1.000"],
]


def xlsx(tabs: dict[str, list[list[object]]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, rows in tabs.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def packed(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def with_part(content: bytes, name: str, part: bytes) -> bytes:
    """An XLSX with one more part, or another one in place of its own."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return packed({n: archive.read(n) for n in archive.namelist()} | {name: part})


def csv_text(rows: list[list[str]], mark: str = ",", end: str = "\r\n") -> str:
    return end.join(mark.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows) + end


def read(folder: Path, name: str, content: bytes, **more) -> list[list[object]]:
    (folder / name).write_bytes(content)
    frame = exports.read(folder / name, **more).frame
    return [list(frame.columns), *frame.to_numpy().tolist()]


def found(folder: Path, name: str, content: bytes, **more) -> str:
    """What the error says was found; the rest of its text is the same for all."""
    path = folder / name
    path.write_bytes(content)
    with pytest.raises(SheetError) as caught:
        exports.read(path, **more)
    start = f"Lỗi ở {path}\n  Quy tắc: Tệp câu trả lời là CSV, ZIP chứa một CSV, hoặc XLSX.\n  Đã thấy: "
    end = (
        "\n  Cách sửa: Tải lại câu trả lời từ Google (.csv hoặc .xlsx), không đổi gì trong tệp; tệp làm bằng Excel thì lưu kiểu "
        ".xlsx hoặc “CSV UTF-8”."
    )
    said = str(caught.value)
    assert said.startswith(start)
    assert said.endswith(end)
    assert caught.value.__cause__ is None
    return said.removeprefix(start).removesuffix(end)


XLSX = xlsx({"Câu trả lời biểu mẫu 1": TABLE})
CSV = csv_text(TABLE).encode()


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.csv", CSV), ("a.xlsx", CSV), ("a.csv", XLSX), ("a.xlsx", XLSX), ("a.zip", packed({"Phiếu.csv": CSV})),
     ("a.csv", packed({"Phiếu.csv": CSV})), ("a", CSV), ("a.csv", b"\xef\xbb\xbf" + CSV),
     ("a.csv", csv_text(TABLE, ";").encode()), ("a.csv", csv_text(TABLE, "\t").encode("utf-16")),
     ("a.csv", csv_text(TABLE, end="\n").encode()), ("a.csv", csv_text(TABLE, end="\r").encode())],
)  # fmt: skip
def test_the_content_says_what_a_file_is_and_not_its_name(tmp_path, name, content):
    assert read(tmp_path, name, content) == TABLE


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.7 ...", "tệp PDF"),
        (b"\xff\xd8\xff\xe0JFIF", "ảnh JPEG"),
        (b"\x89PNG\r\n", "ảnh PNG"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "tệp Excel kiểu cũ (.xls) hoặc có mật khẩu"),
        (b"<!DOCTYPE html><title>Sign in</title>", "một trang web (có thể là trang đăng nhập)"),
        (b"  <html><script>", "một trang web (có thể là trang đăng nhập)"),
        (b'{"rows": []}', "tệp JSON"),
        (b"MZ\x90\x00\x03\x00\x00", "chữ không theo mã UTF-8"),
        (b"a,b\n\x00\x00\x00", "tệp nhị phân"),
        ("Dấu thời gian".encode("cp1258", "replace") + b"\xe2\xff", "chữ không theo mã UTF-8"),
        (CSV[:-6], "dấu nháy kép mở mà không đóng: tệp bị cắt giữa chừng"),
        (b"\x1f\x8b\x08", "tệp nén gzip"),
        (b"Rar!\x1a", "tệp nén RAR"),
        (b"PK\x03\x04broken", "tệp nén hỏng, có mật khẩu hoặc tải về chưa đủ"),
        (XLSX[:-200], "tệp nén hỏng, có mật khẩu hoặc tải về chưa đủ"),
        (packed({"đọc.txt": b"x"}), "tệp ZIP chứa 0 tệp CSV"),
        (packed({"a.csv": CSV, "b.csv": CSV}), "tệp ZIP chứa 2 tệp CSV"),
        (packed({"[Content_Types].xml": b"<x/>"}), "tệp Excel hỏng"),
        (with_part(XLSX, "xl/vbaProject.bin", b"x"), "tệp Excel có macro"),
        (with_part(XLSX, "xl/macrosheets/sheet1.xml", b"x"), "tệp Excel có macro"),
        (with_part(XLSX, "xl/externalLinks/externalLink1.xml", b"<x/>"), "tệp Excel liên kết tới tệp khác"),
        (with_part(XLSX, "xl/workbook.xml", b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'),
         "tệp Excel khai báo thực thể XML"),
        (with_part(XLSX, "xl/sharedStrings.xml", '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE x>'.encode("utf-16")),
         "tệp Excel khai báo thực thể XML"),
        (with_part(XLSX, "xl/workbook.xml", b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE x+AD4-'),
         "tệp Excel khai báo thực thể XML"),
        (with_part(XLSX, "xl/styles.bin", b"<!DOCTYPE x [<!ENTITY a 'haha'>]>"), "tệp Excel khai báo thực thể XML"),
        (with_part(XLSX, "xl/worksheets/sheet1.xml", b"<not-a-sheet"), "tệp Excel hỏng"),
    ],
)  # fmt: skip
def test_something_else_is_called_by_its_name(tmp_path, content, kind):
    assert found(tmp_path, "cau-tra-loi.csv", content) == kind


def test_the_inside_of_a_zip_is_looked_at_too(tmp_path):
    assert found(tmp_path, "a.zip", packed({"a.csv": b"%PDF-1.7"})) == "tệp PDF"


def test_a_file_of_200_megabytes_by_mistake_is_not_even_opened(tmp_path):
    path = tmp_path / "phim.csv"
    with path.open("wb") as file:
        file.truncate(200 * 1024**2)
    with pytest.raises(SheetError) as caught:
        exports.read(path)
    assert "Đã thấy: tệp 200 MB, quá 60 MB" in str(caught.value)


def test_of_several_tabs_the_responses_are_read(tmp_path):
    content = xlsx({"Tổng hợp": [["x"]], "Form Responses 2": TABLE})
    assert read(tmp_path, "a.xlsx", content) == TABLE


def test_a_single_tab_may_have_any_name_and_a_named_tab_is_taken(tmp_path):
    assert read(tmp_path, "a.xlsx", xlsx({"Sheet1": TABLE})) == TABLE
    assert read(tmp_path, "a.xlsx", xlsx({"Nháp": [["x"]], "Sheet1": TABLE}), tab="sheet1") == TABLE


@pytest.mark.parametrize("tab", [None, "Khảo sát"])
def test_a_tab_is_not_guessed(tmp_path, tab):
    content = xlsx({"Một": TABLE, "Hai": TABLE})
    assert (
        found(tmp_path, "a.xlsx", content, tab=tab)
        == "không rõ trang nào trong các trang “Một”, “Hai”; ghi tab: trong mục source của đợt"
    )


def test_cells_of_every_kind(tmp_path):
    import datetime as dt

    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["Câu", "Công thức", "Đúng sai", "Ngày", "Lỗi", "Gộp"])
    sheet.append(["=1", "=1+1", True, dt.datetime(2026, 8, 29, 9, 40), "#REF!", "x"])
    sheet["A2"].data_type = "s"
    sheet.merge_cells("F2:F3")
    sheet["A3"] = "ă" * 32_767
    sheet.row_dimensions[3].hidden = True
    out = io.BytesIO()
    book.save(out)
    rows = read(tmp_path, "a.xlsx", out.getvalue())
    assert rows[1] == [
        "=1",
        None,
        True,
        "2026-08-29T09:40:00",
        "#REF!",
        "x",
    ]  # a formula that was never worked out is empty
    assert rows[2][0] == "ă" * 32_767


def test_ten_thousand_columns(tmp_path):
    rows = read(tmp_path, "a.xlsx", xlsx({"a": [[f"c{n}" for n in range(10_000)], list(range(10_000))]}))
    assert rows[1][-1] == 9_999


BOMBS = """
import io, sys, zipfile
sys.path.insert(0, {project!r})
from survey import exports
from survey.errors import SheetError
def most():
    with open("/proc/self/status") as status:
        return int(next(line.split()[1] for line in status if line.startswith("VmHWM")))
start = most()
try:
    exports.read({path!r})
except SheetError as error:
    print(error.found)
print((most() - start) // 1024)
"""


def zip_bomb(folder: Path) -> Path:
    """A gigabyte of nothing in a megabyte."""
    path = folder / "bom.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.csv", "w") as part:
        for _ in range(1000):
            part.write(b"0" * 1024**2)
    return path


def lying_bomb(folder: Path) -> Path:
    """The same, whose directory says that it is small."""
    import struct

    path = zip_bomb(folder)
    content = bytearray(path.read_bytes())
    for mark, place in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        start = content.rfind(mark)
        content[start + place : start + place + 4] = struct.pack("<I", 1000)
    path.write_bytes(content)
    return path


def wide_bomb(folder: Path) -> Path:
    """A tab of a million rows, each with a cell in the last column."""
    path = folder / "rong.xlsx"
    rows = b"".join(b'<row r="%d"><c r="XFD%d"><v>1</v></c></row>' % (n, n) for n in range(1, 200_000))
    sheet = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>' + rows
    path.write_bytes(with_part(xlsx({"a": [["x"]]}), "xl/worksheets/sheet1.xml", sheet + b"</sheetData></worksheet>"))
    return path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("bomb", "kind"),
    [(zip_bomb, "tệp nén chứa quá 300 MB"), (lying_bomb, "tệp nén hỏng, có mật khẩu hoặc tải về chưa đủ"),
     (wide_bomb, "trang tính quá 20 triệu ô")],
)  # fmt: skip
def test_a_bomb_goes_off_in_words(tmp_path, bomb, kind):
    program = BOMBS.format(project=str(PROJECT), path=str(bomb(tmp_path)))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8", timeout=60)
    said, grown = done.stdout.splitlines()
    assert said == kind
    assert int(grown) < 900  # MB


def test_many_parts(tmp_path):
    assert found(tmp_path, "a.zip", packed({f"{n}.csv": b"" for n in range(10_001)})) == "tệp nén có 10001 phần"


@given(st.binary(max_size=200))
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_bytes_are_a_sheet_or_refused(tmp_path, content):
    for start in (b"", b"PK\x03\x04", XLSX[:1000], CSV):
        (tmp_path / "a.csv").write_bytes(start + content)
        try:
            exports.read(tmp_path / "a.csv")
        except SheetError as error:
            assert "Cách sửa" in str(error)


word = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r", exclude_categories=["Cc", "Cs"]), max_size=8)
tables = st.lists(st.lists(word, min_size=3, max_size=3), min_size=1, max_size=4)


@given(tables, st.sampled_from(",;\t"), st.sampled_from(["\r\n", "\n"]))
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_table_comes_back_from_a_csv_as_it_was(tmp_path, rows, mark, end):
    header = ["Câu một", "Câu, hai", "Câu; ba"]
    rows = [*rows, ["a", "b", "c"]]
    got = read(tmp_path, "a.csv", csv_text([header, *rows], mark, end).encode())
    assert got == [
        header,
        *([cell if cell.strip() else None for cell in row] for row in rows if any(map(str.strip, row))),
    ]
