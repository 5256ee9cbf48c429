"""A Google Sheet -> raw: the real gspread, over HTTP, against a stand-in for Google on this machine."""

import datetime as dt
import email.utils
import json
import logging
import os
import re
import socket
import subprocess
import sys
import threading
import traceback
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

import gspread
import pandas as pd
import pytest
import requests
from sheets_stand_in import (
    ACCOUNT,
    CUT,
    DROP,
    MESSAGES,
    Book,
    Fault,
    Shown,
    another_key,
    answer,
    page,
    refusal,
    serving,
    slow,
)

from survey import exports, sheets, simulate
from survey.clean import clean, moment, number
from survey.errors import SheetError, speak
from survey.sheets import Patience
from survey.study import Study

PROJECT = Path(__file__).resolve().parents[1]
DEMO = Study.open(PROJECT / "data/demo")
KEY = "1PhieuHoi_truong-thu"
TAB = "Câu trả lời biểu mẫu 1"
HEADER = ["Dấu thời gian", "Đồng ý?", "Mã", "Số giờ", "Số lớp", "Khó khăn"]
ROWS = [
    HEADER,
    [dt.datetime(2026, 5, 25, 8, 30, 15), "Đồng ý", "0012", "3,5", 3, "Mạng yếu, chậm, Thiếu máy"],
    [],
    [dt.datetime(2026, 5, 26, 13, 5, 0), "Không đồng ý", None, None, 4.5, "Thiếu máy"],
]
QUICK = Patience(first=0.01, longest=0.02, jitter=0, tries=3)


@pytest.fixture(autouse=True)
def vietnamese():
    yield
    speak("vi")


@pytest.fixture
def google(tmp_path, monkeypatch):
    """The stand-in with one response sheet, and an environment in which it is used."""
    with serving({KEY: Book({"Trang tính1": [["a"]], TAB: ROWS})}) as server:
        for name, value in server.environment(tmp_path).items():
            monkeypatch.setenv(name, value)
        yield server


def complaint(key=KEY, tab=None, **settings) -> str:
    """The whole text of the error that reading ends with."""
    with pytest.raises(SheetError) as caught:
        sheets.read(key, tab, **{"patience": QUICK} | settings)
    assert caught.value.__cause__ is None and caught.value.__context__ is None
    return str(caught.value)


# --- reading


def test_cells_come_as_they_were_sent_with_the_rows_of_the_sheet(google):
    raw = sheets.read(KEY)
    assert list(raw.frame.columns) == HEADER
    assert raw.frame.to_numpy().tolist() == [
        [
            pytest.approx(46167 + (8 * 3600 + 30 * 60 + 15) / 86400),
            "Đồng ý",
            "0012",
            "3,5",
            3,
            "Mạng yếu, chậm, Thiếu máy",
        ],
        [pytest.approx(46168 + (13 * 3600 + 5 * 60) / 86400), "Không đồng ý", None, None, 4.5, "Thiếu máy"],
    ]
    assert list(raw.frame.index) == [2, 4]
    assert (raw.timezone, raw.serial_dates) == ("Asia/Ho_Chi_Minh", True)
    assert raw.source == f"Google Trang tính {KEY}, trang “{TAB}”"


def test_two_readings_of_the_same_sheet_have_the_same_digest(google):
    assert sheets.read(KEY).digest == sheets.read(KEY).digest


def test_the_sheet_and_its_downloaded_csv_say_the_same(google, tmp_path):
    file = tmp_path / "phieu.csv"
    file.write_text(
        "Dấu thời gian,Đồng ý?,Mã,Số giờ,Số lớp,Khó khăn\n"
        '25/05/2026 8:30:15,Đồng ý,0012,"3,5",3,"Mạng yếu, chậm, Thiếu máy"\n'
        ",,,,,\n"
        '26/05/2026 13:05:00,Không đồng ý,,,"4,5",Thiếu máy\n',
        encoding="utf-8",
    )
    online, downloaded = sheets.read(KEY), exports.read(file)
    assert list(online.frame.index) == list(downloaded.frame.index)
    for header in ("Đồng ý?", "Mã", "Số giờ", "Khó khăn"):
        assert online.frame[header].tolist() == downloaded.frame[header].tolist()
    for one, other in zip(online.frame["Số lớp"], downloaded.frame["Số lớp"], strict=True):
        assert number(one) == number(other)
    for one, other in zip(online.frame["Dấu thời gian"], downloaded.frame["Dấu thời gian"], strict=True):
        assert moment(one, online) == moment(other, downloaded)


def cells(rows: list[list[object]]) -> list[list[object]]:
    """The pretend answers as a form writes them into its sheet: times in the sheet's zone, choices joined."""
    plain = {dt.datetime: lambda time: time.replace(tzinfo=None), list: ", ".join}
    return [[plain.get(type(cell), lambda same: same)(cell) for cell in row] for row in rows]


def test_the_pretend_school_answers_the_same_through_google_as_through_its_export(google, tmp_path):
    rows = simulate.sheets(DEMO)[2027]
    google.books[KEY] = Book({"Form Responses 1": cells(rows)})
    (tmp_path / "2027.xlsx").write_bytes(simulate.xlsx(rows))
    online = clean(sheets.read(KEY), DEMO.form, 2027).answers.drop(columns="snapshot")
    downloaded = clean(exports.read(tmp_path / "2027.xlsx"), DEMO.form, 2027).answers.drop(columns="snapshot")
    pd.testing.assert_frame_equal(online, downloaded)


@pytest.mark.slow
def test_pull_reads_a_google_sheet_from_the_command_line(google, tmp_path):
    folder = tmp_path / "Khảo sát 2026"
    folder.mkdir()
    text = (PROJECT / "data/demo/study.yaml").read_text(encoding="utf-8")
    assert "export: sheets/2026.csv" in text
    (folder / "study.yaml").write_text(text.replace("export: sheets/2026.csv", f"sheet: {KEY}"), encoding="utf-8")
    google.books[KEY] = Book({TAB: cells(simulate.sheets(DEMO)[2026])})
    google.fail(refusal(503, Retry_After="1"))
    done = subprocess.run(
        [sys.executable, "-m", "survey", "pull", str(folder), "--wave", "2026"],
        cwd=PROJECT,
        env=os.environ | {"PYTHONUTF8": "1"},
        capture_output=True,
        encoding="utf-8",
    )
    assert done.stderr == ""
    assert done.stdout.splitlines()[1] == "Google đang bận (503); thử lại sau 1 giây…"
    assert done.stdout.splitlines()[2].endswith("68 câu trả lời dùng được; 70 mới, 0 đã sửa, 0 không còn, 0 như cũ.")
    assert len(list(folder.glob("answers/2026-*.parquet"))) == 1


def test_a_time_is_one_of_the_sheets_own_zone(google):
    google.books[KEY].timezone = "Europe/Paris"
    raw = sheets.read(KEY)
    time = moment(raw.frame["Dấu thời gian"][2], raw)
    assert time == dt.datetime(2026, 5, 25, 8, 30, 15, tzinfo=ZoneInfo("Europe/Paris"))


@pytest.mark.parametrize(("zone", "hours"), [("GMT+07:00", 7), ("GMT-03:00", -3)])
def test_a_zone_that_google_writes_as_an_offset_is_understood(google, zone, hours):
    google.books[KEY].timezone = zone
    raw = sheets.read(KEY)
    assert moment(raw.frame["Dấu thời gian"][2], raw).utcoffset() == dt.timedelta(hours=hours)


@pytest.mark.parametrize(
    "key",
    [
        f"https://docs.google.com/spreadsheets/d/{KEY}/edit?gid=123#gid=123",
        f"https://docs.google.com/spreadsheets/u/1/d/{KEY}/edit",
        f"https://docs.google.com/spreadsheets/d/{KEY}",
        f"  {KEY}\n",
    ],
)
def test_the_whole_address_of_a_sheet_will_do(google, key):
    assert sheets.read(key).digest == sheets.read(KEY).digest


def test_reading_asks_for_the_sheet_twice_and_for_the_cells_once(google):
    sheets.read(KEY)
    about, again, cells = google.requests()
    assert about == again
    assert (about.path, about.query) == (f"/v4/spreadsheets/{KEY}", {"includeGridData": ["false"]})
    assert unquote(cells.path) == f"/v4/spreadsheets/{KEY}/values/'{TAB}'"
    assert cells.query == {"valueRenderOption": ["UNFORMATTED_VALUE"], "dateTimeRenderOption": ["SERIAL_NUMBER"]}


# --- signing in


def test_the_account_may_read_sheets_and_nothing_else(google):
    sheets.read(KEY)
    (claims,) = google.claims
    assert claims["scope"] == "https://www.googleapis.com/auth/spreadsheets.readonly"
    assert claims["iss"] == ACCOUNT
    assert [asked.method for asked in google.requests()] == ["GET"] * 3


def test_account_is_the_address_to_share_with_and_asks_nothing(google):
    assert sheets.account() == ACCOUNT
    assert google.asked == []


def test_the_file_that_is_named_is_taken_before_the_environments(google, tmp_path, monkeypatch):
    monkeypatch.setenv("KHAOSATSO_CREDENTIALS", str(tmp_path / "khong-co.json"))
    assert sheets.account(tmp_path / "service_account.json") == ACCOUNT


def test_without_a_name_the_file_lies_where_gspread_looks(google, tmp_path, monkeypatch):
    monkeypatch.delenv("KHAOSATSO_CREDENTIALS")
    monkeypatch.setenv("APPDATA", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = gspread.auth.get_config_dir()
    assert folder.is_relative_to(tmp_path)
    folder.mkdir(parents=True)
    google.credentials_file(folder)
    assert sheets.account() == ACCOUNT


def test_nothing_is_asked_of_anybody_else(google, monkeypatch):
    """google-auth's own session would ask another of Google's hosts, in a thread that no time-out ends."""
    connected = []
    connect = socket.create_connection
    monkeypatch.setattr(
        "urllib3.util.connection.create_connection", lambda at, *a, **k: connected.append(at) or connect(at)
    )
    sheets.read(KEY)
    assert connected
    assert {f"http://{host}:{port}" for host, port in connected} == {google.address}
    assert [thread.name for thread in threading.enumerate() if "Boundary" in type(thread).__name__] == []


# --- which tab


@pytest.mark.parametrize(
    "name",
    [
        "Form Responses 1",
        "Form_Responses1",
        "form responses",
        "Câu trả lời biểu mẫu 12",
        "CÂU TRẢ LỜI BIỂU MẪU 1",
        "Câu trả lời biểu mẫu",
        "Câu trả lời biểu mẫu 1",  # letters and their marks apart, as some machines write them
    ],
)
def test_the_response_tab_is_known_by_its_name_wherever_it_stands(google, name):
    google.books[KEY].tabs = {"Biểu đồ": None, "Tổng hợp": [["x"], ["y"]], name: ROWS}
    assert sheets.read(KEY).source.endswith(f"“{name}”")


def test_of_several_response_tabs_the_one_with_times_is_read(google):
    old = [["Họ tên", "Ý kiến"], ["a", "b"]]
    google.books[KEY].tabs = {"Form Responses 1": old, "Câu trả lời biểu mẫu 2": ROWS, "Form Responses 3": []}
    assert sheets.read(KEY).source.endswith("“Câu trả lời biểu mẫu 2”")


def test_a_tab_that_is_named_is_read_whatever_it_is_called(google):
    google.books[KEY].tabs["Lan's “Đợt 1”!"] = [["Timestamp", "Q"], [46000.5, "x"]]
    assert sheets.read(KEY, "lan's “đợt 1”!").frame.to_numpy().tolist() == [[46000.5, "x"]]


def test_two_response_tabs_with_times_are_not_chosen_between(google):
    google.books[KEY].tabs = {"Nháp": [["x"]], TAB: ROWS, "Form Responses 2": [["Timestamp", "Q"], [46000, "x"]]}
    assert complaint() == (
        f"Lỗi ở Google Trang tính {KEY}\n"
        "  Quy tắc: Câu trả lời được đọc từ một trang xác định theo tên, không theo vị trí.\n"
        "  Đã thấy: không rõ trang nào trong các trang “Câu trả lời biểu mẫu 1”, “Form Responses 2”\n"
        "  Cách sửa: Trong study.yaml, mục source của đợt, ghi tab: cùng tên trang chứa câu trả lời, rồi chạy lại."
    )


def test_no_tab_is_taken_for_its_position(google):
    google.books[KEY].tabs = {"Trang tính1": ROWS, "Tổng hợp": [["x"]]}
    assert complaint() == (
        f"Lỗi ở Google Trang tính {KEY}\n"
        "  Quy tắc: Câu trả lời được đọc từ một trang xác định theo tên, không theo vị trí.\n"
        "  Đã thấy: không rõ trang nào trong các trang “Trang tính1”, “Tổng hợp”\n"
        "  Cách sửa: Trong study.yaml, mục source của đợt, ghi tab: cùng tên trang chứa câu trả lời, rồi chạy lại."
    )


def test_a_tab_that_is_not_there(google):
    assert complaint(tab="Đợt 2") == (
        f"Lỗi ở Google Trang tính {KEY}\n"
        "  Quy tắc: Câu trả lời được đọc từ một trang xác định theo tên, không theo vị trí.\n"
        "  Đã thấy: không có trang “Đợt 2”; các trang là “Trang tính1”, “Câu trả lời biểu mẫu 1”\n"
        "  Cách sửa: Trong study.yaml, mục source của đợt, ghi tab: cùng tên trang chứa câu trả lời, rồi chạy lại."
    )


# --- what can go wrong, in words


def test_an_empty_tab(google):
    google.books[KEY].tabs[TAB] = []
    assert complaint() == (
        f"Lỗi ở Google Trang tính {KEY}, trang “{TAB}”\n"
        "  Quy tắc: Hàng đầu tiên của trang tính là tiêu đề các câu hỏi.\n"
        "  Đã thấy: trang tính trống\n"
        "  Cách sửa: Kiểm tra đúng tệp hoặc đúng trang “Câu trả lời biểu mẫu” chưa, rồi chạy lại."
    )


def test_a_tab_with_questions_and_no_answer_yet(google):
    google.books[KEY].tabs[TAB] = [HEADER]
    assert complaint() == (
        f"Lỗi ở Google Trang tính {KEY}, trang “{TAB}”\n"
        "  Quy tắc: Dưới hàng tiêu đề phải có ít nhất một câu trả lời.\n"
        "  Đã thấy: chỉ có hàng tiêu đề\n"
        "  Cách sửa: Chờ có người trả lời, hoặc kiểm tra biểu mẫu còn liên kết với trang tính này không."
    )


def test_an_unknown_time_zone(google):
    google.books[KEY].timezone = "Asia/Da_Lat"
    assert complaint() == (
        f"Lỗi ở Google Trang tính {KEY}, trang “{TAB}”\n"
        "  Quy tắc: Trang tính có múi giờ đã biết.\n"
        "  Đã thấy: Asia/Da_Lat\n"
        "  Cách sửa: Trong trang tính: Tệp → Cài đặt → Múi giờ, chọn (GMT+07:00) Hanoi, rồi chạy lại."
    )


KEY_CURE = (
    "  Cách sửa: Mở biểu mẫu → Câu trả lời → Xem trong Trang tính, chép địa chỉ trên trình duyệt vào source: {sheet: …} "
    "của đợt trong study.yaml, rồi chạy lại."
)


@pytest.mark.parametrize(
    "key",
    [
        "https://docs.google.com/forms/d/1AbC/edit",
        "https://docs.google.com/spreadsheets/d/e/2PACX-1v/pubhtml",
        "mã của tôi",
        "",
    ],
)
def test_something_that_is_no_key(google, key):
    assert complaint(key) == (
        f"Lỗi ở {key}\n"
        "  Quy tắc: Mã trang tính là dãy chữ và số giữa /d/ và /edit trong địa chỉ của trang tính.\n"
        "  Đã thấy: không phải mã hay địa chỉ của một trang tính\n" + KEY_CURE
    )
    assert google.asked == []


def test_a_sheet_that_is_not_there(google):
    assert complaint("1Khong-co") == (
        "Lỗi ở Google Trang tính 1Khong-co\n"
        "  Quy tắc: Trang tính phải có và chưa bị xóa.\n"
        "  Đã thấy: Google không thấy trang tính nào có mã này (404)\n" + KEY_CURE
    )
    assert len(google.requests()) == 1


def test_a_sheet_that_is_not_shared(google):
    google.books[KEY].shared = False
    assert complaint() == (
        f"Lỗi ở Google Trang tính {KEY}\n"
        "  Quy tắc: Tài khoản dịch vụ phải được xem trang tính.\n"
        f"  Đã thấy: Google từ chối: {ACCOUNT} chưa được xem (403)\n"
        f"  Cách sửa: Mở trang tính → Chia sẻ, chia sẻ trang tính cho {ACCOUNT} với quyền Người xem, rồi chạy lại. "
        "Nếu trường chặn chia sẻ ra ngoài, nhờ người quản trị Google Workspace cho phép địa chỉ này."
    )
    assert len(google.requests()) == 1


def test_in_english(google):
    google.books[KEY].shared = False
    speak("en")
    assert complaint() == (
        f"Error in Google Sheet {KEY}\n"
        "  Rule: The service account may view the sheet.\n"
        f"  Found: Google refused: {ACCOUNT} may not view it (403)\n"
        f"  What to do: Open the sheet → Share, share it with {ACCOUNT} as Viewer, then run again. "
        "If the school blocks sharing outside, ask the administrator of Google Workspace to allow this address."
    )


def test_the_api_is_not_enabled_yet(google):
    google.fail(refusal(403, reason="SERVICE_DISABLED"))
    assert complaint() == (
        f"Lỗi ở Google Trang tính {KEY}\n"
        "  Quy tắc: Dự án Google Cloud của tài khoản dịch vụ đã bật Google Sheets API.\n"
        "  Đã thấy: Google Sheets API chưa bật (403)\n"
        "  Cách sửa: Mở console.cloud.google.com/apis/library/sheets.googleapis.com, chọn đúng dự án, nhấn Bật (Enable), "
        "chờ vài phút rồi chạy lại."
    )


def test_an_excel_file_that_was_only_opened_in_google(google):
    google.fail(refusal(400, reason="FAILED_PRECONDITION"))
    assert complaint() == (
        f"Lỗi ở Google Trang tính {KEY}\n"
        "  Quy tắc: Tệp phải là Google Trang tính.\n"
        "  Đã thấy: một tệp Excel mở trong Google (400)\n"
        "  Cách sửa: Mở tệp → Tệp → Lưu dưới dạng Google Trang tính, dùng mã mới; hoặc tải xuống và dùng source: {export: TỆP}."
    )


LATER = (
    "  Cách sửa: Chờ vài phút rồi chạy lại; chưa có gì được ghi. Nếu vẫn vậy: tải câu trả lời (.csv) và dùng source: "
    "{export: TỆP}."
)


def test_a_refusal_of_a_kind_of_its_own(google):
    google.fail(refusal(400))
    assert complaint() == (
        f"Lỗi ở Google Trang tính {KEY}\n"
        "  Quy tắc: Google trả lời khi được hỏi.\n"
        "  Đã thấy: Google từ chối (400 INVALID_ARGUMENT)\n" + LATER
    )


KEY_FILE_CURE = (
    "  Cách sửa: Trên console.cloud.google.com: bật Google Sheets API, tạo tài khoản dịch vụ, thêm khóa kiểu JSON; lưu tệp "
    "vào chỗ trên, hoặc ghi đường dẫn của nó vào biến KHAOSATSO_CREDENTIALS. Hoặc đăng nhập bằng tài khoản của mình: "
    "python run.py survey sign-in TỆP_ỨNG_DỤNG.json. Không có Google Cloud: tải câu trả lời (.csv) rồi dùng "
    "source: {export: TỆP}."
)


def test_no_key_file(google, tmp_path, monkeypatch):
    path = tmp_path / "khóa.json"
    monkeypatch.setenv("KHAOSATSO_CREDENTIALS", str(path))
    expected = (
        f"Lỗi ở {path}\n"
        "  Quy tắc: Đọc Google Trang tính cần tệp khóa JSON của một tài khoản dịch vụ, hoặc một lần đăng nhập bằng trình duyệt.\n"
        "  Đã thấy: không có tệp\n" + KEY_FILE_CURE
    )
    assert complaint() == expected
    with pytest.raises(SheetError) as caught:
        sheets.account()
    assert str(caught.value) == expected


def broken_key_files(information: dict) -> dict[str, tuple[str, str]]:
    without = {name: value for name, value in information.items() if name != "client_email"}
    unreadable = information | dict(private_key="-----BEGIN RSA-----\nc2VjcmV0\n-----END RSA-----\n")
    return {
        "cut off": (json.dumps(information)[:200], "không phải JSON"),
        "empty": ("", "không phải JSON"),
        "a list": ("[]", "JSON khác, không phải khóa của tài khoản dịch vụ"),
        "of an app": ('{"installed": {"client_id": "x"}}', "JSON khác, không phải khóa của tài khoản dịch vụ"),
        "an entry missing": (json.dumps(without), "thiếu mục, hoặc khóa trong tệp không đọc được"),
        "its key broken": (json.dumps(unreadable), "thiếu mục, hoặc khóa trong tệp không đọc được"),
        "its key no text": (
            json.dumps(information | dict(private_key=7)),
            "thiếu mục, hoặc khóa trong tệp không đọc được",
        ),
    }


@pytest.mark.parametrize("case", broken_key_files({"type": "service_account"}))
def test_a_broken_key_file(google, tmp_path, case):
    content, found = broken_key_files(google.information())[case]
    path = tmp_path / "hỏng.json"
    path.write_text(content, encoding="utf-8")
    assert complaint(credentials=path) == (
        f"Lỗi ở {path}\n"
        "  Quy tắc: Đọc Google Trang tính cần tệp khóa JSON của một tài khoản dịch vụ, hoặc một lần đăng nhập bằng trình duyệt.\n"
        f"  Đã thấy: {found}\n" + KEY_FILE_CURE
    )


def test_a_folder_in_place_of_a_key_file(google, tmp_path):
    assert "  Đã thấy: không mở được tệp (" in complaint(credentials=tmp_path)


def test_a_key_file_that_an_editor_saved_with_a_byte_order_mark_is_read(google, tmp_path):
    path = tmp_path / "bom.json"
    path.write_text(json.dumps(google.information()), encoding="utf-8-sig")
    assert sheets.account(path) == ACCOUNT


def test_a_key_file_inside_the_project_is_refused_even_through_a_link(google, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("APPDATA", str(tmp_path))
    inside = PROJECT / "data" / "khoa.json"
    expected = (
        f"Lỗi ở {inside}\n"
        "  Quy tắc: Tệp khóa nằm ngoài thư mục dự án và ngoài mọi kho git.\n"
        f"  Đã thấy: nằm trong {PROJECT}\n"
        f"  Cách sửa: Chuyển tệp ấy đến {gspread.auth.get_config_dir() / 'service_account.json'}, rồi chạy lại."
    )
    assert complaint(credentials=inside) == expected
    link = tmp_path / "lối tắt.json"
    try:
        link.symlink_to(inside)
    except OSError:
        pytest.skip("this machine lets nobody make links")
    assert complaint(credentials=link) == expected.replace(str(inside), str(link))


def test_a_key_file_inside_any_git_repository_is_refused(google, tmp_path):
    (tmp_path / ".git").mkdir()
    (tmp_path / "khoa").mkdir()
    assert f"  Đã thấy: nằm trong {tmp_path}\n" in complaint(credentials=google.credentials_file(tmp_path / "khoa"))


NEW_KEY = (
    "  Cách sửa: Kiểm tra ngày giờ của máy. Nếu đúng: khóa đã bị xóa hoặc thu hồi; trên console.cloud.google.com, tài khoản "
    "dịch vụ ấy → Khóa → Thêm khóa → JSON, thay tệp cũ, rồi chạy lại."
)


def test_a_key_that_was_revoked(google, tmp_path):
    google.credentials_file(tmp_path, key=another_key())
    assert complaint() == (
        f"Lỗi ở Google Trang tính {KEY}\n"
        "  Quy tắc: Google phải nhận khóa của tài khoản dịch vụ.\n"
        f"  Đã thấy: Google không nhận khóa của {ACCOUNT} (invalid_grant)\n" + NEW_KEY
    )
    assert len(google.requests("token")) == 1
    assert google.requests() == []


def test_a_token_that_google_does_not_take(google):
    google.fail(refusal(401), refusal(401))
    assert complaint() == (
        f"Lỗi ở Google Trang tính {KEY}\n"
        "  Quy tắc: Google phải nhận khóa của tài khoản dịch vụ.\n"
        f"  Đã thấy: Google không nhận khóa của {ACCOUNT}\n" + NEW_KEY
    )


@pytest.mark.parametrize("before", [0, 1, 2])
def test_a_token_that_runs_out_midway_is_renewed_once(google, before):
    google.fail(*[Fault()] * before, refusal(401))
    assert len(sheets.read(KEY, patience=QUICK).frame) == 2
    assert len(google.requests("token")) == 2


def test_a_busy_sign_in(google, monkeypatch):
    monkeypatch.setattr("google.auth._exponential_backoff.time.sleep", lambda seconds: None)
    google.fail(*[Fault(503, body="{}")] * 3, on="token")
    assert complaint() == (
        f"Lỗi ở Google Trang tính {KEY}\n"
        "  Quy tắc: Google trả lời khi được hỏi.\n"
        "  Đã thấy: nơi đăng nhập của Google đang bận\n" + LATER
    )


OFFLINE = (
    f"Lỗi ở Google Trang tính {KEY}\n"
    "  Quy tắc: Máy phải vào được Google qua Internet.\n"
    "  Đã thấy: không kết nối được%s\n"
    "  Cách sửa: Kiểm tra mạng (mở thử docs.google.com bằng trình duyệt), rồi chạy lại; chưa có gì được ghi. Không có mạng: "
    "dùng tệp .csv đã tải, source: {export: TỆP}."
)


def test_no_network_at_the_sign_in(google, tmp_path):
    with socket.socket() as taken:  # a port on which nobody listens
        taken.bind(("127.0.0.1", 0))
        nobody = google.information() | {"token_uri": f"http://127.0.0.1:{taken.getsockname()[1]}/token"}
        (tmp_path / "service_account.json").write_text(json.dumps(nobody), encoding="utf-8")
        assert complaint() == OFFLINE % ""


def test_no_network_after_the_sign_in(google, monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("KHAOSATSO_SHEETS_URL", f"http://localhost:{taken.getsockname()[1]}")
        assert complaint() == OFFLINE % "; đã thử 3 lần"


def test_google_does_not_answer_in_time(google):
    google.fail(*[slow(5)] * 3)
    assert complaint(patience=Patience(answer=0.25, first=0.01, jitter=0, tries=3)) == (
        f"Lỗi ở Google Trang tính {KEY}\n"
        "  Quy tắc: Google trả lời khi được hỏi.\n"
        "  Đã thấy: không trả lời trong 0.25 giây; đã thử 3 lần\n" + LATER
    )


def test_the_sign_in_does_not_answer_in_time(google):
    google.fail(slow(5), on="token")
    assert "  Đã thấy: không trả lời trong 0.05 giây\n" in complaint(patience=Patience(answer=0.05))


def test_a_certificate_that_is_not_googles(google, monkeypatch):
    def stopped(self, *arguments, **settings):
        raise requests.exceptions.SSLError("certificate verify failed")

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", stopped)
    assert complaint() == (
        f"Lỗi ở Google Trang tính {KEY}\n"
        "  Quy tắc: Kết nối tới Google được mã hóa, có chứng thư đúng.\n"
        "  Đã thấy: chứng thư của kết nối không đúng\n"
        "  Cách sửa: Kiểm tra ngày giờ của máy; nếu đúng, mạng đang chặn hoặc đọc kết nối: hỏi người quản trị mạng, hoặc "
        "dùng mạng khác."
    )


@pytest.mark.parametrize("on", ["token", "api"])
@pytest.mark.parametrize("fault", [page(), Fault(200, body="[not json")], ids=["a page", "broken JSON"])
def test_the_sign_in_page_of_a_wifi(google, on, fault):
    google.fail(fault, on=on)
    assert complaint() == (
        f"Lỗi ở Google Trang tính {KEY}\n"
        "  Quy tắc: Câu trả lời phải là của Google.\n"
        "  Đã thấy: một trang web thay cho câu trả lời của Google\n"
        "  Cách sửa: Mạng Wi-Fi có thể đòi đăng nhập: mở trình duyệt, đăng nhập mạng, rồi chạy lại."
    )


# --- waiting and asking again


def told(texts: list) -> list[str]:
    return [str(text) for text in texts]


def test_a_quota_is_waited_for_as_long_as_google_says(google):
    texts: list = []
    google.fail(refusal(429, Retry_After="1"))
    before = dt.datetime.now()
    raw = sheets.read(KEY, tell=texts.append, patience=Patience(first=0.01, jitter=0))
    assert len(raw.frame) == 2
    assert 1 <= (dt.datetime.now() - before).total_seconds() < 20
    assert told(texts) == ["Google đang bận (429); thử lại sau 1 giây…"]


def test_a_quota_that_stays_used_up(google):
    google.fail(*[refusal(429)] * 3)
    assert complaint() == (
        f"Lỗi ở Google Trang tính {KEY}\n"
        "  Quy tắc: Google cho mỗi tài khoản đọc 60 lần một phút.\n"
        "  Đã thấy: đã hết lượt đọc (429); đã thử 3 lần\n" + LATER
    )


@pytest.mark.parametrize("wait", ["3600", "date"])
def test_a_pause_longer_than_anybodys_patience_is_not_begun(google, wait):
    if wait == "date":
        wait = email.utils.format_datetime(dt.datetime.now(dt.UTC) + dt.timedelta(hours=1), usegmt=True)
    google.fail(refusal(429, Retry_After=wait))
    assert "  Đã thấy: đã hết lượt đọc (429)\n" in complaint(patience=Patience())
    assert len(google.requests()) == 1


@pytest.mark.parametrize("wait", ["soon", "0", "-5", "Wed, 21 Oct 2015 07:28:00 GMT"])
def test_a_retry_after_that_says_nothing_is_passed_over(google, wait):
    google.fail(refusal(503, Retry_After=wait))
    assert len(sheets.read(KEY, patience=QUICK).frame) == 2


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_busy_google_is_asked_again(google, status):
    google.fail(refusal(status), page(status))
    texts: list = []
    assert len(sheets.read(KEY, tell=texts.append, patience=QUICK).frame) == 2
    assert told(texts) == [f"Google đang bận ({status}); thử lại sau 0 giây…"] * 2
    assert len(google.requests()) == 5
    assert len(google.requests("token")) == 1


def test_a_storm_ends_in_words(google):
    google.fail(*[refusal(503)] * 50)
    assert complaint() == (
        f"Lỗi ở Google Trang tính {KEY}\n"
        "  Quy tắc: Google trả lời khi được hỏi.\n"
        "  Đã thấy: Google đang bận (503); đã thử 3 lần\n" + LATER
    )
    assert len(google.requests()) == 3


def test_all_pauses_of_a_reading_together_have_a_limit(google):
    google.fail(*[refusal(503)] * 50)
    before = dt.datetime.now()
    complaint(patience=Patience(first=0.05, longest=0.05, jitter=0, total=0.3, tries=50))
    assert (dt.datetime.now() - before).total_seconds() < 20
    assert 1 < len(google.requests()) <= 7


def test_pauses_grow_and_differ_by_chance(google):
    google.fail(*[refusal(503)] * 4)
    pauses: list[float] = []
    patience = Patience(first=1, longest=4, jitter=0.5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tenacity.nap.time.sleep", pauses.append)
        sheets.read(KEY, patience=patience)
    chances = [pause - least for pause, least in zip(pauses, [1, 2, 4, 4], strict=True)]
    assert all(0 <= chance <= 0.5 for chance in chances)
    assert len(set(chances)) == 4


@pytest.mark.parametrize("fault", [DROP, CUT], ids=["without a word", "in the middle of an answer"])
def test_a_line_that_breaks_is_taken_up_again(google, fault):
    google.fail(fault)
    texts: list = []
    assert len(sheets.read(KEY, tell=texts.append, patience=QUICK).frame) == 2
    assert told(texts) == ["Kết nối tới Google bị gián đoạn; thử lại sau 0 giây…"]
    assert len(google.requests()) == 4


def test_a_line_that_keeps_breaking(google):
    google.fail(*[DROP] * 3)
    assert complaint() == OFFLINE % "; đã thử 3 lần"


def test_a_line_that_breaks_at_the_sign_in_is_not_taken_up_again(google):
    google.fail(DROP, on="token")
    assert complaint() == OFFLINE % ""
    assert len(google.requests("token")) == 1


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_plain_no_is_not_asked_again(google, status):
    google.fail(refusal(status))
    complaint()
    assert len(google.requests()) == 1


def test_usual_patience_ends_after_a_minute_and_a_half():
    usual = Patience()
    assert (usual.connect, usual.answer, usual.total) == (5, 30, 90)


# --- secrets


@pytest.mark.parametrize("fault", ["shared", "revoked", "dropped", "broken"])
def test_no_error_and_no_log_holds_a_secret(google, tmp_path, caplog, fault):
    caplog.set_level(logging.DEBUG)
    secret = google.information()
    if fault == "shared":
        google.books[KEY].shared = False
    elif fault == "revoked":
        google.credentials_file(tmp_path, key=another_key())
        secret = json.loads((tmp_path / "service_account.json").read_text(encoding="utf-8"))
    elif fault == "dropped":
        google.fail(*[DROP] * 3)
    else:
        (tmp_path / "service_account.json").write_text(json.dumps(secret)[:-40], encoding="utf-8")
    body = re.sub(r"-----[A-Z ]+-----|\s", "", secret["private" + "_key"])
    with pytest.raises(SheetError) as caught:
        sheets.read(KEY, patience=QUICK)
    said = "".join(traceback.format_exception(caught.value)) + str(caught.value) + repr(caught.value.__dict__)
    logged = "\n".join(repr(vars(record)) for record in caplog.records)
    for shown in (said, logged):
        assert body[100:140] not in re.sub(r"\s|\\n", "", shown)
        assert [token for token in google.tokens if token in shown] == []
        assert "Bearer " not in shown


# --- the stand-in is for trials only


@pytest.mark.parametrize(
    "address",
    [
        "https://example.com",
        "http://example.com",
        "http://127.0.0.1.example.com",
        "https://127.0.0.1:1",
        "ftp://localhost",
    ],
)
def test_no_other_machine_can_take_googles_place(google, monkeypatch, address):
    monkeypatch.setenv("KHAOSATSO_SHEETS_URL", address)
    assert complaint() == (
        "Lỗi ở KHAOSATSO_SHEETS_URL\n"
        "  Quy tắc: Biến này chỉ dùng để thử, với máy chủ giả trên chính máy này và khóa của máy chủ giả ấy.\n"
        f"  Đã thấy: {address}\n"
        "  Cách sửa: Xóa biến KHAOSATSO_SHEETS_URL, rồi chạy lại."
    )
    assert google.asked == []


def test_a_real_account_never_signs_in_for_a_stand_in(google, tmp_path):
    real = google.information() | {"token_uri": "https://oauth2.googleapis.com/token"}
    (tmp_path / "service_account.json").write_text(json.dumps(real), encoding="utf-8")
    assert "  Đã thấy: https://oauth2.googleapis.com/token\n" in complaint()
    assert google.asked == []


# --- the stand-in itself: replies that Google really gave, recorded by the authors of gspread

SHEET = re.compile(r"/v4/spreadsheets/([^/:?]+)(?:/values.*)?")
LOOKS = {"defaultFormat", "spreadsheetTheme"}  # the stand-in leaves out what concerns looks alone
CASSETTES = [
    "ClientTest.test_access_non_existing_spreadsheet",
    "ClientTest.test_access_private_spreadsheet",
    "SpreadsheetTest.test_timezone_and_locale",
    "WorksheetTest.test_batch_get",
    "WorksheetTest.test_get_all_records_duplicate_keys",
    "WorksheetTest.test_get_all_records_numericise_unformatted",
    "WorksheetTest.test_get_all_records_with_blank_final_headers",
    "WorksheetTest.test_get_all_values",
    "WorksheetTest.test_get_all_values_date_time_render_options",
    "WorksheetTest.test_get_values_returns_padded_get_as_listoflists",
]


class Replay:
    """Does to a stand-in's books what a recording did to Google's, and compares every reply to a reader."""

    def __init__(self, books: dict[str, Book], ask):
        self.books, self.ask, self.compared = books, ask, []

    def exchange(self, request: dict, response: dict) -> None:
        url = urlsplit(request["uri"])
        sheet = SHEET.fullmatch(unquote(url.path).removesuffix(":batchUpdate").removesuffix(":clear"))
        if sheet is None:
            return  # Google Drive: making and deleting the spreadsheet
        if request["method"] == "GET":
            self.compare(sheet[1], url, response)
        elif request["method"] == "PUT":
            typed = "USER_ENTERED" in url.query
            rows = json.loads(request["body"])["values"]
            self.books[sheet[1]].tabs["Sheet1"] = [[entered(cell, typed) for cell in row] for row in rows]
        elif url.path.endswith(":clear"):
            self.books[sheet[1]].tabs["Sheet1"] = []
        else:
            self.change(self.books[sheet[1]], json.loads(request["body"])["requests"])

    def change(self, book: Book, orders: list[dict]) -> None:
        for order in orders:
            new = next(iter(order.values())).get("properties", {})
            book.timezone, book.locale = new.get("timeZone", book.timezone), new.get("locale", book.locale)
            if "gridProperties" in new:
                book.grid = (new["gridProperties"]["rowCount"], new["gridProperties"]["columnCount"])

    def compare(self, key: str, url, response: dict) -> None:
        recorded = json.loads(response["body"]["string"])
        if response["status"]["code"] == 403:
            self.books.setdefault(key, Book({"Sheet1": []}, shared=False))
        elif "properties" in recorded and key not in self.books:  # made through Drive, where the title was given
            self.books[key] = Book({"Sheet1": []}, recorded["properties"]["title"], "Etc/GMT", "en_US")
        if "properties" in recorded:
            recorded["properties"] = {k: v for k, v in recorded["properties"].items() if k not in LOOKS}
        got = self.ask(url.path + "?" + url.query)
        assert json.dumps(got.json()) == json.dumps(recorded)  # as texts: the order of keys counts, and 2 is not 2.0
        assert got.status_code == response["status"]["code"]
        assert got.headers["Content-Type"] == response["headers"]["Content-Type"][0]
        self.compared.append(url.path)


def entered(cell: object, typed: bool) -> object:
    """What a cell holds after it was written: as it is, or (typed) as if a person had typed it."""
    if typed and isinstance(cell, str):
        if quotient := re.fullmatch(r"=(\d+)/(\d+)", cell):
            value = int(quotient[1]) / int(quotient[2])
            return int(value) if value.is_integer() else value
        if re.fullmatch(r"\d{4}-\d\d-\d\d", cell):
            return Shown(dt.datetime.fromisoformat(cell), cell)
    return cell


@pytest.mark.parametrize("name", CASSETTES)
def test_replies_are_those_that_google_gave(name, shared_data, tmp_path):
    recording = json.loads((shared_data / "gspread-cassettes" / f"{name}.json").read_text(encoding="utf-8"))
    with ExitStack() as stack:
        server = stack.enter_context(serving({}))
        session = stack.enter_context(requests.Session())
        session.trust_env = False
        server.tokens.add("ticket")
        session.headers["Authorization"] = "Bearer ticket"
        replay = Replay(server.books, lambda question: session.get(server.address + question, timeout=5))
        for exchange in recording["interactions"]:
            replay.exchange(exchange["request"], exchange["response"])
    assert replay.compared


def test_the_stand_ins_refusals_have_the_shape_of_googles(google):
    for status in MESSAGES:
        google.fail(refusal(status))
        got = requests.get(google.address + "/v4/spreadsheets/x", timeout=5, proxies={"no_proxy": "*"})
        error = got.json()["error"]
        assert (got.status_code, error["code"], list(error)) == (status, status, ["code", "message", "status"])


def test_the_stand_in_asks_for_a_token(google):
    got = requests.get(google.address + f"/v4/spreadsheets/{KEY}", timeout=5, proxies={"no_proxy": "*"})
    assert (got.status_code, got.json()["error"]["status"]) == (401, "UNAUTHENTICATED")


def test_the_stand_in_shows_a_vietnamese_sheet_as_google_does():
    book = Book({"A b": [["Lúc", "Số", "Đúng"], [dt.datetime(2026, 5, 5, 8, 3, 9), 1234.5, True]]})
    shown = answer({"k": book}, "/v4/spreadsheets/k/values/'A b'!A2:Z2", {})
    assert shown["range"] == "'A b'!A2:Z2"
    assert list(shown) == ["range", "majorDimension", "values"]
    assert shown["values"] == [["05/05/2026 8:03:09", "1234,5", "TRUE"]]


def test_the_stand_in_leaves_out_what_is_empty_at_the_end_of_rows_and_of_the_table():
    book = Book({"A": [["a", "", ""], ["", None], ["b"], [], [""]]})
    assert answer({"k": book}, "/v4/spreadsheets/k/values/A", {})["values"] == [["a"], [], ["b"]]
