"""The real gspread client, with real service-account sign-in, over HTTP against a stand-in for Google Sheets."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from sheets_stand_in import EMAIL, READONLY, Book, serving, value_range

from survey import sheets, simulate
from survey.clean import clean
from survey.errors import SheetError, speak
from survey.exports import read as read_export
from survey.sheets import Patience
from survey.study import Study

ROOT = Path(__file__).parent.parent
DEMO = Study.open(ROOT / "data/demo")
KEY = "1AbC_dEf-123"
HASTE = Patience(first=0.01, longest=0.02, altogether=0.3)
ROWS: list[list[object]] = [
    ["Dấu thời gian", "Mã", "Điểm", "Ghi chú"],
    [46263.40283564815, "0912", 3.5, "a"],
    [],
    [46263.5, "007", "", ""],
]


@pytest.fixture
def google(tmp_path, monkeypatch):
    with serving({KEY: Book({"Trang 1": [["x"]], "Câu trả lời biểu mẫu 1": ROWS})}) as server:
        for name, value in server.environment(tmp_path).items():
            monkeypatch.setenv(name, value)
        yield server


def message(**more) -> str:
    with pytest.raises(SheetError) as error:
        sheets.read(more.pop("key", KEY), patience=HASTE, **more)
    assert "PRIVATE KEY" not in str(error.value) and "ya29" not in str(error.value)
    return str(error.value)


def test_a_sheet_is_read_as_sent(google):
    raw = sheets.read(KEY, patience=HASTE)
    assert list(raw.frame.columns) == ROWS[0]
    assert raw.frame.to_numpy().tolist() == [[46263.40283564815, "0912", 3.5, "a"], [46263.5, "007", None, None]]
    assert list(raw.frame.index) == [2, 4]
    assert (raw.timezone, raw.serial_dates) == ("Asia/Ho_Chi_Minh", True)


def test_the_sign_in_asks_for_reading_sheets_and_nothing_else(google):
    sheets.read(KEY, patience=HASTE)
    assert [claims["scope"] for claims in google.claims] == [READONLY]
    assert google.claims[0]["iss"] == EMAIL
    assert [line.split()[0] for line in google.requests] == ["POST", "GET", "GET", "GET"]


def test_an_address_is_as_good_as_a_key(google):
    assert len(sheets.read(f"https://docs.google.com/spreadsheets/d/{KEY}/edit#gid=0", patience=HASTE).frame) == 2


def test_the_demo_gives_the_same_answers_through_google_as_through_its_export(google, tmp_path):
    rows = simulate.sheets(DEMO)[2027]

    def cell(value):
        if hasattr(value, "tzinfo"):
            days = value.replace(tzinfo=None) - __import__("datetime").datetime(1899, 12, 30)
            return days.total_seconds() / 86400
        return ", ".join(value) if isinstance(value, list) else value

    google.books[KEY] = Book({"Form Responses 1": [[cell(value) for value in row] for row in rows]})
    (tmp_path / "2027.xlsx").write_bytes(simulate.xlsx(rows))
    ours = clean(sheets.read(KEY, patience=HASTE), DEMO.form, 2027).answers
    theirs = clean(read_export(tmp_path / "2027.xlsx"), DEMO.form, 2027).answers
    assert ours.drop(columns="snapshot").equals(theirs.drop(columns="snapshot"))


def test_pull_imports_from_google_from_the_command_line(google, tmp_path):
    folder = tmp_path / "Khảo sát"
    folder.mkdir()
    text = (ROOT / "data/demo/study.yaml").read_text(encoding="utf-8")
    (folder / "study.yaml").write_text(text.replace("export: sheets/2026.csv", f"sheet: {KEY}"), encoding="utf-8")
    rows = [[v.isoformat() if hasattr(v, "isoformat") else ", ".join(v) if isinstance(v, list) else v for v in row]
            for row in simulate.sheets(DEMO)[2026]]  # fmt: skip
    google.books[KEY] = Book({"Câu trả lời biểu mẫu 1": rows})
    said = subprocess.run([sys.executable, "-m", "survey", "pull", str(folder), "--wave", "2026"], cwd=ROOT, capture_output=True,
                          text=True, encoding="utf-8", env=os.environ | {"PYTHONUTF8": "1"})  # fmt: skip
    assert said.returncode == 0, said.stderr
    assert said.stdout.splitlines()[1].endswith("câu trả lời dùng được; mới hoặc đã đổi.")
    assert (folder / "answers/2026.parquet").exists()


def test_not_shared(google):
    google.books[KEY].shared = False
    assert message() == (
        f"Lỗi ở Google Sheet {KEY}\n"
        "  Quy tắc: Trang tính phải được chia sẻ với tài khoản dịch vụ.\n"
        "  Đã thấy: Google từ chối (403)\n"
        f"  Cách sửa: Mở trang tính → Chia sẻ → thêm {EMAIL} với quyền Người xem, rồi chạy lại."
    )


def test_no_such_sheet(google):
    assert message(key="khong-co") == (
        "Lỗi ở Google Sheet khong-co\n"
        "  Quy tắc: Mã trang tính phải đúng.\n"
        "  Đã thấy: Google không thấy trang tính này (404)\n"
        "  Cách sửa: Mở trang tính trong trình duyệt, chép phần giữa /d/ và /edit của địa chỉ vào source: {sheet: …}."
    )


def test_a_revoked_sign_in(google):
    google.revoked = True
    assert message() == (
        f"Lỗi ở Google Sheet {KEY}\n"
        "  Quy tắc: Tài khoản dịch vụ còn hiệu lực.\n"
        "  Đã thấy: Google không nhận khóa này nữa (đã thu hồi, hết hạn, hoặc đồng hồ máy sai)\n"
        "  Cách sửa: Kiểm tra giờ của máy; tạo khóa mới cho tài khoản dịch vụ rồi thay tệp."
    )


def test_no_tab_of_a_form(google):
    google.books[KEY] = Book({"Trang 1": [["x"]], "Ghi chú": []})
    assert message() == (
        f"Lỗi ở Google Sheet {KEY}\n"
        "  Quy tắc: Câu trả lời nằm ở trang do biểu mẫu tạo ra, hoặc trang nêu ở mục tab.\n"
        "  Đã thấy: các trang đang có: “Trang 1”, “Ghi chú”\n"
        '  Cách sửa: Ghi tên trang vào source của đợt:  tab: "Câu trả lời biểu mẫu 1".'
    )


@pytest.mark.parametrize(
    "name",
    [
        "Form Responses 1",
        "Form_Responses1",
        "câu trả lời biểu mẫu 12",
        "Ca\u0302u tra\u0309 lo\u031b\u0300i bie\u0302\u0309u ma\u0302\u0303u 1",
    ],
)
def test_the_forms_tab_is_known_by_its_name_wherever_it_stands(google, name):
    google.books[KEY] = Book({"Tổng hợp": [["y"], ["z"]], name: ROWS})
    assert len(sheets.read(KEY, patience=HASTE).frame) == 2


def test_of_two_form_tabs_the_later_one_with_a_time_column_is_read(google):
    google.books[KEY] = Book(
        {"Form Responses 1": [["Timestamp"], [1.0]], "Form Responses 2": ROWS, "Form Responses 3": [["a"], [1]]}
    )
    assert list(sheets.read(KEY, patience=HASTE).frame.columns) == ROWS[0]


def test_the_studys_own_tab(google):
    google.books[KEY].tabs["Lọc"] = [["a"], [1]]
    assert list(sheets.read(KEY, "lọc", patience=HASTE).frame.columns) == ["a"]


def test_an_empty_tab_and_a_tab_with_nothing_but_a_header(google):
    google.books[KEY] = Book({"Form Responses 1": []})
    assert "Đã thấy: hàng 1 trống" in message()
    google.books[KEY] = Book({"Form Responses 1": [["Timestamp", "a"]]})
    assert "Đã thấy: chỉ có hàng tiêu đề" in message()


@pytest.mark.parametrize("fault", [(429, {"Retry-After": "0"}), (500, {}), (503, {}), "drop"])
def test_a_fault_that_passes_is_tried_again_and_said(google, fault):
    said = []
    google.faults = [fault, fault]
    assert len(sheets.read(KEY, patience=Patience(0.01, 0.02, 5), tell=said.append).frame) == 2
    assert [str(text) for text in said] == [
        "Google đang bận hoặc mạng chập chờn; thử lại sau 0 giây (lần 1).",
        "Google đang bận hoặc mạng chập chờn; thử lại sau 0 giây (lần 2).",
    ]


def test_the_server_is_given_the_time_it_asks_for(google):
    google.faults = [(429, {"Retry-After": "1"})]
    said = []
    sheets.read(KEY, patience=Patience(0.01, 0.02, 5), tell=said.append)
    assert str(said[0]) == "Google đang bận hoặc mạng chập chờn; thử lại sau 1 giây (lần 1)."


def test_a_storm_ends_in_words(google):
    google.faults = [(503, {})] * 200
    assert message() == (
        f"Lỗi ở Google Sheet {KEY}\n"
        "  Quy tắc: Google trả lời trong vài phút.\n"
        "  Đã thấy: Google vẫn báo bận hoặc quá hạn mức sau nhiều lần thử\n"
        "  Cách sửa: Chờ vài phút rồi chạy lại; chưa có gì được ghi."
    )


@pytest.mark.parametrize("faults", [["drop"] * 200, ["html"] * 200], ids=["dropped connections", "a page of the wifi"])
def test_without_a_network_it_ends_in_words(google, faults):
    google.faults = faults
    assert message() == (
        f"Lỗi ở Google Sheet {KEY}\n"
        "  Quy tắc: Máy phải nối được với Google.\n"
        "  Đã thấy: không nối được hoặc quá lâu không có trả lời\n"
        "  Cách sửa: Kiểm tra mạng (wifi, proxy của trường) rồi chạy lại; chưa có gì được ghi."
    )


def test_no_key_file(tmp_path, monkeypatch):
    monkeypatch.setenv("KHAOSATSO_CREDENTIALS", str(tmp_path / "khoa.json"))
    assert message() == (
        f"Lỗi ở {tmp_path / 'khoa.json'}\n"
        "  Quy tắc: Cần tệp khóa của tài khoản dịch vụ Google để đọc trang tính.\n"
        "  Đã thấy: không có tệp\n"
        "  Cách sửa: Tải tệp JSON của tài khoản dịch vụ về, đặt vào đường dẫn trên (hoặc ghi đường dẫn vào biến "
        "KHAOSATSO_CREDENTIALS). Không muốn dùng Google: tải câu trả lời dạng CSV và dùng source: {export: tệp}."
    )


def test_the_same_in_english(tmp_path, monkeypatch):
    monkeypatch.setenv("KHAOSATSO_CREDENTIALS", str(tmp_path / "key.json"))
    (tmp_path / "key.json").write_text("{")
    speak("en")
    try:
        assert message() == (
            f"Error in {tmp_path / 'key.json'}\n"
            "  Rule: The key file is a service account's JSON, whole.\n"
            "  Found: the file cannot be read or lacks entries\n"
            "  What to do: Download the key again; do not edit it."
        )
    finally:
        speak("vi")


def test_a_key_file_inside_a_repository_is_refused(tmp_path, monkeypatch, google):
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    assert "  Đã thấy: tệp nằm trong một kho git\n" in message()


def recorded(folder: Path, name: str) -> list[tuple[str, int, dict]]:
    """(address, status, body) of the exchanges that Google recorded."""
    tape = json.loads((folder / f"{name}.json").read_text())["interactions"]
    return [
        (
            unquote(each["request"]["uri"]),
            each["response"]["status"]["code"],
            json.loads(each["response"]["body"]["string"]),
        )
        for each in tape
        if each["request"]["method"] == "GET" and "sheets.googleapis.com" in each["request"]["uri"]
    ]


@pytest.mark.parametrize(
    "name",
    ["WorksheetTest.test_get_all_values", "WorksheetTest.test_get_values_returns_padded_get_as_listoflists",
     "WorksheetTest.test_get_all_records_with_blank_final_headers", "WorksheetTest.test_get_all_records_duplicate_keys"],
)  # fmt: skip
def test_the_stand_in_answers_values_in_the_shape_that_google_recorded(shared_data, name):
    replies = [reply for reply in recorded(shared_data / "gspread-cassettes", name) if "/values/" in reply[0]]
    assert replies
    for address, status, body in replies:
        assert status == 200
        padded = [row + [""] * 3 for row in body.get("values", [])] + [[], ["", ""]]
        ours = value_range(Book({"Sheet1": padded}), "'Sheet1'", parse_qs(urlsplit(address).query))
        assert set(ours) == set(body)
        assert ours.get("values") == body.get("values")
        assert ours["majorDimension"] == body["majorDimension"]


def test_unformatted_values_keep_their_types_as_google_recorded(shared_data):
    name = "WorksheetTest.test_get_all_values_date_time_render_options"
    for address, _, body in recorded(shared_data / "gspread-cassettes", name):
        query = parse_qs(urlsplit(address).query)
        if query.get("valueRenderOption") == ["UNFORMATTED_VALUE"] and query["dateTimeRenderOption"] == [
            "SERIAL_NUMBER"
        ]:
            ours = value_range(Book({"Sheet1": body["values"]}), "'Sheet1'", query)
            kinds = [[type(cell) for cell in row] for row in ours["values"]]
            assert kinds == [[type(cell) for cell in row] for row in body["values"]]


def test_the_stand_in_describes_a_spreadsheet_as_google_recorded(shared_data, google):
    from sheets_stand_in import _failure, _spreadsheet

    tape = recorded(shared_data / "gspread-cassettes", "SpreadsheetTest.test_timezone_and_locale")
    ours = _spreadsheet(KEY, google.books[KEY])
    for _, _, body in tape:
        assert set(ours) <= set(body)
        assert set(ours["properties"]) <= set(body["properties"])
        assert set(ours["sheets"][0]["properties"]) <= set(body["sheets"][0]["properties"])
    for name, code, status in (("private", 403, "PERMISSION_DENIED"), ("non_existing", 404, "NOT_FOUND")):
        replies = recorded(shared_data / "gspread-cassettes", f"ClientTest.test_access_{name}_spreadsheet")
        failures = [body for _, answer, body in replies if answer == code]
        assert failures
        for body in failures:
            assert body["error"]["status"] == status
            assert set(_failure(code, "", status)["error"]) == set(body["error"])
