"""The response sheet -> raw, through gspread. The only module that knows gspread and the sign-in.

Read-only scope, by key, with time limits; a fault that passes by itself is tried again for a while, and said.
"""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import gspread
import requests
import tenacity
from google.auth.exceptions import GoogleAuthError, RefreshError, TransportError
from gspread.utils import DateTimeOption, ValueRenderOption

from survey.errors import SheetError, Text
from survey.questionnaire import plain
from survey.raw import Raw, from_rows

SCOPES = ["https://www.googleapis.com/auth/spreadsheets.readonly"]
CREDENTIALS = "KHAOSATSO_CREDENTIALS"  # where the service account's file is, outside the project
STAND_IN = "KHAOSATSO_SHEETS_URL"  # a stand-in for Google on this machine; only loopback addresses are taken
TAB = re.compile(r"(form[ _]?responses|câu trả lời biểu mẫu)\s*\d*")
TIME = {"dấu thời gian", "timestamp"}
Tell = Callable[[Text], None]


@dataclass(frozen=True)
class Patience:
    """How long a fault that may pass is borne: seconds of the first wait, of the longest, and of all together."""

    first: float = 1.0
    longest: float = 32.0
    altogether: float = 90.0


class _Passing(Exception):
    """A fault that may pass by itself; `after` is the wait that the server asked for, in seconds."""

    def __init__(self, cause: Exception, after: float | None = None):
        super().__init__(type(cause).__name__)
        self.cause, self.after = cause, after


class _Client(gspread.HTTPClient):
    """gspread's client with time limits and our own retry of reading: gspread 6.2.1's own never stops."""

    patience = Patience()
    base = ""

    @staticmethod
    def tell(text: Text) -> None:
        """Say that we are waiting; replaced by the caller's."""

    def request(self, method, endpoint, **more):  # type: ignore[override]
        if self.base:
            parts = urlsplit(endpoint)
            endpoint = self.base + parts.path + (f"?{parts.query}" if parts.query else "")
        if method.lower() != "get":
            return super().request(method, endpoint, **more)
        retry = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_Passing),
            wait=self._wait,
            stop=tenacity.stop_before_delay(self.patience.altogether),
            before_sleep=self._say,
            reraise=True,
        )
        try:
            return retry(self._once, method, endpoint, more)
        except _Passing as passing:
            raise passing.cause from None

    def _once(self, method, endpoint, more):
        try:
            return super().request(method, endpoint, **more)
        except gspread.exceptions.APIError as error:
            if error.response.status_code in (429, 500, 502, 503, 504):
                raise _Passing(error, _seconds(error.response.headers.get("Retry-After"))) from None
            raise
        except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError, TransportError) as error:
            raise _Passing(error) from None

    def _wait(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        jittered = tenacity.wait_random_exponential(multiplier=self.patience.first, max=self.patience.longest)(state)
        return max(jittered, error.after or 0.0) if isinstance(error, _Passing) else jittered

    def _say(self, state: tenacity.RetryCallState) -> None:
        seconds = round(state.next_action.sleep if state.next_action else 0)
        self.tell(
            Text(
                f"Google đang bận hoặc mạng chập chờn; thử lại sau {seconds} giây (lần {state.attempt_number}).",
                f"Google is busy or the network falters; trying again in {seconds} s (attempt {state.attempt_number}).",
            )
        )


def _seconds(header: str | None) -> float | None:
    return float(header) if header and re.fullmatch(r"\d+(\.\d+)?", header) else None


def read(
    key: str,
    tab: str | None = None,
    *,
    credentials: Path | None = None,
    tell: Tell | None = None,
    patience: Patience | None = None,
) -> Raw:
    """The response sheet with the given key (or address) as the raw frame.

    tab: the tab's name; else the one that is named as Google names response tabs, in either language, never by place.
    Numbers and dates come unformatted (dates as serial numbers in the sheet's own time zone).
    Raises SheetError in words for every way in which Google, the network or the sheet can fail.
    """
    key = _key(key)
    source = f"Google Sheet {key}"
    client, email = _client(credentials, tell, patience or Patience())
    try:
        sheet = client.open_by_key(key)
        worksheet = _tab(sheet, tab, source)
        rows = worksheet.get_values(
            value_render_option=ValueRenderOption.unformatted, date_time_render_option=DateTimeOption.serial_number
        )
        timezone = sheet.timezone
    except PermissionError:
        raise _error(source, *_FORBIDDEN(email)) from None
    except (gspread.exceptions.GSpreadException, requests.RequestException, GoogleAuthError, json.JSONDecodeError) as error:
        raise _in_words(source, error, email) from None
    return from_rows([list(row) for row in rows], f"{source}, {worksheet.title}", timezone, serial_dates=True)


def account(credentials: Path | None = None) -> str:
    """The e-mail address of the service account, with which the sheet has to be shared."""
    return str(_info(credentials)["client_email"])


def _client(credentials: Path | None, tell: Tell | None, patience: Patience) -> tuple[gspread.Client, str]:
    info = _info(credentials)
    logging.getLogger("google.auth").setLevel(logging.CRITICAL)  # its debug lines hold tokens
    try:
        client = gspread.service_account_from_dict(info, scopes=SCOPES, http_client=_Client)
    except (ValueError, KeyError):
        raise _error(str(_path(credentials)), *_BROKEN) from None
    http = client.http_client
    assert isinstance(http, _Client)
    http.patience, http.base = patience, _stand_in()
    if tell is not None:
        http.tell = tell  # type: ignore[method-assign]
    client.set_timeout((5, 30))
    return client, str(info.get("client_email", ""))


def _stand_in() -> str:
    base = os.environ.get(STAND_IN, "").rstrip("/")
    return base if urlsplit(base).hostname in ("127.0.0.1", "localhost") else ""


def _path(credentials: Path | None) -> Path:
    named = credentials or os.environ.get(CREDENTIALS)
    return Path(named) if named else Path(gspread.auth.DEFAULT_SERVICE_ACCOUNT_FILENAME)


def _info(credentials: Path | None) -> dict:
    """The service account's file; never inside a git repository, where it could be committed."""
    path = _path(credentials)
    if not path.is_file():
        raise _error(str(path), *_NO_FILE)
    inside = subprocess.run(
        ["git", "-C", str(path.parent), "rev-parse", "--is-inside-work-tree"], capture_output=True, text=True, check=False
    ) if _git() else None  # fmt: skip
    if inside is not None and inside.stdout.strip() == "true":
        raise _error(str(path), *_IN_REPOSITORY)
    try:
        info = json.loads(path.read_text(encoding="utf-8"))
        complete = isinstance(info, dict) and {"client_email", "private_key", "token_uri"} <= set(info)
    except (ValueError, OSError):
        complete = False
    if not complete:
        raise _error(str(path), *_BROKEN)
    return info


def _git() -> bool:
    import shutil

    return shutil.which("git") is not None


def _key(text: str) -> str:
    found = re.search(r"/d/([A-Za-z0-9_-]+)", text)
    return found[1] if found else text.strip()


def _tab(sheet: gspread.Spreadsheet, tab: str | None, source: str) -> gspread.Worksheet:
    tabs = sheet.worksheets()
    wanted = [t for t in tabs if (plain(t.title) == plain(tab) if tab else TAB.fullmatch(plain(t.title)))]
    if len(wanted) > 1:
        wanted = [t for t in wanted if any(plain(cell) in TIME for cell in t.row_values(1))][-1:]
    if not wanted:
        names = ", ".join(f"“{t.title}”" for t in tabs)
        raise _error(
            source,
            Text("Câu trả lời nằm ở trang do biểu mẫu tạo ra, hoặc trang nêu ở mục tab.", "Answers are in the form's tab, or the tab named."),
            Text(f"các trang đang có: {names}", f"the tabs are {names}"),
            Text('Ghi tên trang vào source của đợt:  tab: "Câu trả lời biểu mẫu 1".', 'Write its name into source:  tab: "Form Responses 1".'),
        )
    return wanted[0]


Words = tuple[Text, Text, Text]


def _error(where: str, rule: Text, found: Text, cure: Text) -> SheetError:
    return SheetError(where, rule=rule, found=found, cure=cure)


_NO_FILE: Words = (
    Text("Cần tệp khóa của tài khoản dịch vụ Google để đọc trang tính.", "A service account's key file is needed."),
    Text("không có tệp", "no such file"),
    Text(
        f"Tải tệp JSON của tài khoản dịch vụ về, đặt vào đường dẫn trên (hoặc ghi đường dẫn vào biến {CREDENTIALS}). "
        "Không muốn dùng Google: tải câu trả lời dạng CSV và dùng source: {export: tệp}.",
        f"Put the service account's JSON file there (or its path into {CREDENTIALS}). Without Google: download the answers "
        "as CSV and use source: {export: file}.",
    ),
)
_IN_REPOSITORY: Words = (
    Text("Tệp khóa phải nằm ngoài thư mục dự án.", "The key file stays outside the project."),
    Text("tệp nằm trong một kho git", "the file is inside a git repository"),
    Text("Chuyển tệp ra ngoài, ví dụ vào thư mục cá nhân.", "Move it out, for example into your own folder."),
)
_BROKEN: Words = (
    Text("Tệp khóa là tệp JSON của tài khoản dịch vụ, còn nguyên vẹn.", "The key file is a service account's JSON, whole."),
    Text("tệp không đọc được hoặc thiếu mục", "the file cannot be read or lacks entries"),
    Text("Tải lại tệp khóa từ Google Cloud, không sửa tay.", "Download the key again; do not edit it."),
)
_REVOKED: Words = (
    Text("Tài khoản dịch vụ còn hiệu lực.", "The service account is valid."),
    Text("Google không nhận khóa này nữa (đã thu hồi, hết hạn, hoặc đồng hồ máy sai)", "Google refuses the key"),
    Text("Kiểm tra giờ của máy; tạo khóa mới cho tài khoản dịch vụ rồi thay tệp.", "Check the clock; make a new key."),
)
_NOT_FOUND: Words = (
    Text("Mã trang tính phải đúng.", "The sheet's key is right."),
    Text("Google không thấy trang tính này (404)", "Google knows no such sheet (404)"),
    Text(
        "Mở trang tính trong trình duyệt, chép phần giữa /d/ và /edit của địa chỉ vào source: {sheet: …}.",
        "Open the sheet in the browser and copy what stands between /d/ and /edit into source: {sheet: …}.",
    ),
)
_BUSY: Words = (
    Text("Google trả lời trong vài phút.", "Google answers within minutes."),
    Text("Google vẫn báo bận hoặc quá hạn mức sau nhiều lần thử", "Google still says busy, after many attempts"),
    Text("Chờ vài phút rồi chạy lại; chưa có gì được ghi.", "Wait some minutes and run again; nothing has been written."),
)
_OFFLINE: Words = (
    Text("Máy phải nối được với Google.", "This machine can reach Google."),
    Text("không nối được hoặc quá lâu không có trả lời", "no connection, or no answer in time"),
    Text(
        "Kiểm tra mạng (wifi, proxy của trường) rồi chạy lại; chưa có gì được ghi.",
        "Check the network (wifi, proxy) and run again; nothing has been written.",
    ),
)


def _FORBIDDEN(email: str) -> Words:  # noqa: N802 - one of the messages above, with an address in it
    return (
        Text("Trang tính phải được chia sẻ với tài khoản dịch vụ.", "The sheet is shared with the service account."),
        Text("Google từ chối (403)", "Google refuses (403)"),
        Text(
            f"Mở trang tính → Chia sẻ → thêm {email} với quyền Người xem, rồi chạy lại.",
            f"Open the sheet → Share → add {email} as Viewer, then run again.",
        ),
    )


def _in_words(source: str, error: Exception, email: str) -> SheetError:
    if isinstance(error, gspread.exceptions.SpreadsheetNotFound):
        return _error(source, *_NOT_FOUND)
    if isinstance(error, RefreshError):
        return _error(source, *_REVOKED)
    if isinstance(error, gspread.exceptions.APIError):
        status = error.response.status_code
        if status in (429, 500, 502, 503, 504):
            return _error(source, *_BUSY)
        if status in (401, 403):
            return _error(source, *_FORBIDDEN(email))
        rule, _, cure = _NOT_FOUND
        return _error(source, rule, Text(f"Google trả lời mã {status}", f"Google answers {status}"), cure)
    return _error(source, *_OFFLINE)
