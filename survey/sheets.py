"""A Google response sheet -> raw, read through gspread by an account that may only read."""

from __future__ import annotations

import datetime as dt
import email.utils
import io
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import gspread
import requests
import urllib3
from google.auth.exceptions import GoogleAuthError
from gspread.utils import DateTimeOption, ValueRenderOption
from tenacity import RetryCallState, RetryError, Retrying, retry_if_exception

from survey import signin
from survey.columns import TIME
from survey.errors import SheetError, Text
from survey.questionnaire import plain
from survey.raw import RESPONSES, Raw, from_rows
from survey.signin import Badge, Unreadable, Words

MAP_TAB = "_khaosatso"  # written by the script that makes the form
MOST = 400 * 1024**2  # bytes of one answer: a sheet has ten million cells at most
BUSY = {429, 500, 502, 503, 504}

Tell = Callable[[Text], None]
T = TypeVar("T")


@dataclass(frozen=True)
class Patience:
    """How long Google is waited for, all in seconds but `tries`; `total` is for one reading of a sheet, pauses included."""

    connect: float = 5
    answer: float = 30
    first: float = 1  # the first pause; each further one is twice as long, up to `longest`
    longest: float = 32
    jitter: float = 1
    total: float = 90
    tries: int = 8


def read(
    key: str,
    tab: str | None = None,
    *,
    credentials: Path | None = None,
    tell: Tell | None = None,
    patience: Patience | None = None,
) -> Raw:
    """Read the response tab of the Google Sheet `key` (the key, or the address it stands in).

    The tab is `tab`, or else the one that Google named for a form's responses. `credentials` is the key file of a
    service account; without it KHAOSATSO_CREDENTIALS names the file, or it lies where gspread looks for it. `tell` is
    given a text whenever Google is waited for. Dates come as serial numbers in the sheet's own time zone.

    Raises SheetError in words, also when there is no network; no message ever holds a secret.
    """
    patience = patience or Patience()
    key = _key(key)
    badge = signin.badge(credentials)
    return _asked(_place(key), badge, tell, patience, partial(_read, key, tab, badge))


def submissions(
    form: str,
    *,
    credentials: Path | None = None,
    tell: Tell | None = None,
    patience: Patience | None = None,
) -> list[dt.datetime]:
    """When each response that the Form `form` itself holds was last sent, in UTC: a cross-check of its sheet.

    The Form is shared with the account that asks (for a service account: as an editor). Raises SheetError in words.
    """
    patience = patience or Patience()
    badge = signin.badge(credentials, signin.FORM_SCOPE)
    where = f"{Text('Google Biểu mẫu', 'Google Form')} {form}"
    return _asked(where, badge, tell, patience, partial(_submissions, form, badge))


def _submissions(form: str, badge: Badge, reader: Callable[..., _Reader]) -> list[dt.datetime]:
    asking, found = reader(badge.credentials), []
    page: dict[str, object] = {"pageSize": 5000}
    while True:
        told = asking.request("get", f"{signin.FORMS}/v1/forms/{form}/responses", params=page).json()
        found += [dt.datetime.fromisoformat(one["lastSubmittedTime"]) for one in told.get("responses", [])]
        if not told.get("nextPageToken"):
            return found
        page = {"pageSize": 5000, "pageToken": told["nextPageToken"]}


def _asked(
    place: str, badge: Badge, tell: Tell | None, patience: Patience, ask: Callable[[Callable[..., _Reader]], T]
) -> T:
    """What Google answers to `ask`, which is given what makes gspread's transport; whatever goes wrong, in words."""
    address = signin.address(badge)
    try:
        with requests.Session() as session:
            session.trust_env = address == ""  # no proxy stands before this machine itself
            badge.refresh(session, (patience.connect, patience.answer))
            return ask(lambda auth, *_: _Reader(auth, session, badge, address, tell or (lambda text: None), patience))
    except (_Refusal, Unreadable, _GivenUp, requests.RequestException, GoogleAuthError) as met:
        trouble: Exception = met
    except (KeyError, TypeError, AttributeError):  # so gspread meets JSON that is not Google's
        trouble = Unreadable()
    # Outside the except clause: the request, which holds a token, is not even the error's context.
    raise _worded(trouble, place, badge, patience)


def account(credentials: Path | None = None) -> str:
    """The e-mail address of the service account, with which the sheet is to be shared, or words for a person's own account;
    asks nothing of Google."""
    return str(signin.badge(credentials).name)


def _read(key: str, tab: str | None, badge: Badge, reader: Callable[..., _Reader]) -> Raw:
    client = gspread.Client(badge.credentials, http_client=cast(type[gspread.HTTPClient], reader))
    book = client.open_by_key(key)
    tabs = book.worksheets()
    sheet = _response_tab(tabs, tab, _place(key))
    rows = sheet.get(
        value_render_option=ValueRenderOption.unformatted, date_time_render_option=DateTimeOption.serial_number
    )
    place = _place(key, sheet.title)
    table = [list(row) for row in rows]
    if table == [[]]:  # so gspread gives an empty tab
        table = []
    raw = from_rows(table, place, _zone(book.timezone, place), serial_dates=True)
    return replace(raw, named=_named(tabs))


def _named(tabs: list[gspread.Worksheet]) -> tuple[tuple[str, str], ...]:
    """Question and header of each column, from the tab that the script of forms_script.py wrote; none where it did not."""
    found = [tab for tab in tabs if tab.title == MAP_TAB]
    rows = found[0].get_values() if found else []
    return tuple((str(row[0]), str(row[2])) for row in rows[1:] if len(row) > 2 and row[0] and row[2])


def _place(key: str, tab: str | None = None) -> str:
    """What a message calls the sheet. Its title is left out: people write names into titles."""
    return f"{Text('Google Trang tính', 'Google Sheet')} {key}" + (f", {Text('trang', 'tab')} “{tab}”" if tab else "")


def _key(given: str) -> str:
    """The key in an address of a sheet, or the key itself."""
    given = given.strip()
    # /u/1/ stands in the address where somebody is signed in with several accounts, which gspread does not know
    found = re.fullmatch(r"(?:.*/spreadsheets/(?:u/\d+/)?d/)?([A-Za-z0-9_-]+)(?:[/?#].*)?", given)
    key = found[1] if found else ""
    if not key or key == "e":  # /d/e/… is a page that was published to the web
        raise SheetError(
            given,
            rule=Text(
                "Mã trang tính là dãy chữ và số giữa /d/ và /edit trong địa chỉ của trang tính.",
                "A sheet's key is the run of letters and digits between /d/ and /edit in the sheet's address.",
            ),
            found=Text("không phải mã hay địa chỉ của một trang tính", "neither a key nor the address of a sheet"),
            cure=_KEY_CURE,
        )
    return key


_KEY_CURE = Text(
    "Mở biểu mẫu → Câu trả lời → Xem trong Trang tính, chép địa chỉ trên trình duyệt vào source: {sheet: …} của đợt "
    "trong study.yaml, rồi chạy lại.",
    "Open the form → Responses → View in Sheets, copy the browser's address to the wave's source: {sheet: …} in "
    "study.yaml, then run again.",
)


# --- Which tab


def _response_tab(sheets: list[gspread.Worksheet], tab: str | None, place: str) -> gspread.Worksheet:
    """The tab asked for; or the one with the name of a response tab; of several, the one with a column of times."""
    if tab is not None:
        named = [sheet for sheet in sheets if plain(sheet.title) == plain(tab)]
        return named[0] if named else _no_tab(sheets, place, tab)
    likely = [sheet for sheet in sheets if RESPONSES.fullmatch(plain(sheet.title))]
    timed = (
        likely if len(likely) == 1 else [sheet for sheet in likely if TIME & {plain(c) for c in sheet.row_values(1)}]
    )
    return timed[0] if len(timed) == 1 else _no_tab(timed or sheets, place, None)


def _no_tab(sheets: list[gspread.Worksheet], place: str, tab: str | None) -> gspread.Worksheet:
    """Raise the error; a tab is never chosen by its position."""
    names = ", ".join(f"“{sheet.title}”" for sheet in sheets)
    if tab is not None:
        found = Text(f"không có trang “{tab}”; các trang là {names}", f"no tab “{tab}”; the tabs are {names}")
    else:
        found = Text(f"không rõ trang nào trong các trang {names}", f"cannot tell which of the tabs {names}")
    raise SheetError(
        place,
        rule=Text(
            "Câu trả lời được đọc từ một trang xác định theo tên, không theo vị trí.",
            "Answers are read from one tab, known by its name and not by its position.",
        ),
        found=found,
        cure=Text(
            "Trong study.yaml, mục source của đợt, ghi tab: cùng tên trang chứa câu trả lời, rồi chạy lại.",
            "In study.yaml, in the wave's source, write tab: with the name of the tab of answers, then run again.",
        ),
    )


def _zone(name: str, place: str) -> str:
    """The sheet's time zone by a name that Python knows; Google also has zones such as GMT-07:00."""
    fixed = re.fullmatch(r"GMT([+-])(\d\d):00", name)
    if fixed:
        name = f"Etc/GMT{'-' if fixed[1] == '+' else '+'}{int(fixed[2])}"  # POSIX counts the other way round
    try:
        return ZoneInfo(name).key
    except (KeyError, ValueError, OSError):
        unknown = name
    raise SheetError(
        place,
        rule=Text("Trang tính có múi giờ đã biết.", "The sheet has a known time zone."),
        found=unknown,
        cure=Text(
            "Trong trang tính: Tệp → Cài đặt → Múi giờ, chọn (GMT+07:00) Hanoi, rồi chạy lại.",
            "In the sheet: File → Settings → Time zone, choose (GMT+07:00) Hanoi, then run again.",
        ),
    )


# --- Asking, and asking again


class _Refusal(Exception):
    """Google's answer was no: status, Google's word for the reason, and the seconds it says to wait, if any.

    The response itself is not kept: it holds the request, which holds the token.
    """

    def __init__(self, response: requests.Response):
        super().__init__(response.status_code)
        self.status, self.reason, self.after = response.status_code, _reason(response), _after(response)


class _GivenUp(Exception):
    """The last trouble, after so many tries."""

    def __init__(self, trouble: BaseException, tries: int):
        super().__init__(tries)
        self.trouble, self.tries = trouble, tries


class _Reader(gspread.HTTPClient):
    """gspread's transport, which only reads, and which waits and asks again where that may help."""

    def __init__(
        self, auth: Any, session: requests.Session, badge: Badge, address: str, tell: Tell, patience: Patience
    ):
        super().__init__(auth, session)
        self.badge, self.address, self.tell, self.patience = badge, address, tell, patience
        self.renewed = False
        self.set_timeout((patience.connect, patience.answer))
        self.deadline = time.monotonic() + patience.total

    def request(self, method: str, endpoint: str, params: Any = None, *others: Any, **more: Any) -> requests.Response:
        """Raises _Refusal, _Unreadable, RequestException, or _GivenUp where asking again did not help."""
        assert method.casefold() == "get", "this module only reads"
        assert (
            not any(others)
            and not any(more.values())
            and endpoint.startswith((f"{signin.GOOGLE}/", f"{signin.FORMS}/"))
        )
        again = Retrying(
            retry=retry_if_exception(_may_pass),
            wait=self._pause,
            stop=self._enough,
            before_sleep=self._say,
        )
        try:
            return again(self._get, self._place(endpoint), params)
        except RetryError as error:
            last = error.last_attempt
        raise _GivenUp(cast(BaseException, last.exception()), last.attempt_number)

    def _place(self, endpoint: str) -> str:
        """Google's own address, or the stand-in's."""
        return self.address + urlsplit(endpoint).path if self.address else endpoint

    def _get(self, url: str, params: Any) -> requests.Response:
        with self.session.get(url, params=params, timeout=self.timeout, stream=True) as response:
            response._content = self._body(response)
        if response.status_code == 401 and not self.renewed:  # the token has run out while the sheet was read
            self.renewed = True
            self.badge.refresh(self.session, (self.patience.connect, self.patience.answer))
            return self._get(url, params)
        if not response.ok:
            raise _Refusal(response)
        if "application/json" not in response.headers.get("Content-Type", ""):
            raise Unreadable
        return response

    def _body(self, response: requests.Response) -> bytes:
        """The whole body, within the time of the reading: the timeout of requests begins anew with every byte."""
        body = io.BytesIO()
        try:
            while piece := response.raw.read1(decode_content=True):
                if time.monotonic() > self.deadline or body.tell() > MOST:
                    raise requests.Timeout
                body.write(piece)
        except (urllib3.exceptions.HTTPError, OSError) as broken:
            raise requests.exceptions.ChunkedEncodingError(type(broken).__name__) from None
        if response.raw.length_remaining:
            raise requests.exceptions.ChunkedEncodingError("cut")
        return body.getvalue()

    def _pause(self, state: RetryCallState) -> float:
        """What Google asks for; else 1, 2, 4 … seconds and a little by chance, so that not all come back at once."""
        after = getattr(_met(state), "after", None)
        growing = min(self.patience.first * 2 ** (state.attempt_number - 1), self.patience.longest)
        return growing + random.uniform(0, self.patience.jitter) if after is None else after

    def _enough(self, state: RetryCallState) -> bool:
        late = time.monotonic() + state.upcoming_sleep > self.deadline
        return late or state.attempt_number >= self.patience.tries

    def _say(self, state: RetryCallState) -> None:
        met, seconds = _met(state), f"{state.upcoming_sleep:.0f}"
        if isinstance(met, _Refusal):
            why = Text(f"Google đang bận ({met.status})", f"Google is busy ({met.status})")
        else:
            why = Text("Kết nối tới Google bị gián đoạn", "The connection to Google was interrupted")
        self.tell(Text(f"{why.vi}; thử lại sau {seconds} giây…", f"{why.en}; trying again in {seconds} s…"))


def _met(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


def _may_pass(trouble: BaseException) -> bool:
    """Whether asking again may help."""
    if isinstance(trouble, _Refusal):
        return trouble.status in BUSY
    if isinstance(trouble, requests.exceptions.SSLError):
        return False
    return isinstance(trouble, requests.ConnectionError | requests.Timeout | requests.exceptions.ChunkedEncodingError)


def _reason(response: requests.Response) -> str:
    """Google's word for the reason, such as PERMISSION_DENIED; nothing else of the answer is shown."""
    try:
        error = response.json()["error"]
        words = [detail.get("reason") for detail in error.get("details", [])] + [error.get("status")]
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""
    return next((word for word in words if isinstance(word, str) and re.fullmatch(r"[A-Z_]{1,60}", word)), "")


def _after(response: requests.Response) -> float | None:
    """Seconds of a Retry-After header, which holds seconds or a date; None where it says nothing."""
    told = response.headers.get("Retry-After", "").strip()
    if told.isdecimal():
        return float(told) or None
    try:
        return max(0.0, email.utils.parsedate_to_datetime(told).timestamp() - time.time()) or None
    except ValueError:
        return None


# --- In words


def _worded(trouble: BaseException, place: str, badge: Badge, patience: Patience) -> SheetError:
    """What a person is told of a trouble."""
    tries = trouble.tries if isinstance(trouble, _GivenUp) else 1
    if isinstance(trouble, _GivenUp):
        trouble = trouble.trouble
    if isinstance(trouble, GoogleAuthError) and trouble.args and isinstance(trouble.args[0], requests.RequestException):
        trouble = trouble.args[0]  # the network failed while signing in
    if isinstance(trouble, _Refusal):
        rule, found, cure = _refused(trouble, badge)
    elif isinstance(trouble, GoogleAuthError):
        rule, found, cure = _not_signed_in(trouble, badge)
    else:
        rule, found, cure = _not_reached(trouble, patience)
    if tries > 1:
        found = Text(f"{found.vi}; đã thử {tries} lần", f"{found.en}; after {tries} tries")
    return SheetError(place, rule=rule, found=found, cure=cure)


_LATER = Text(
    "Chờ vài phút rồi chạy lại; chưa có gì được ghi. Nếu vẫn vậy: tải câu trả lời (.csv) và dùng source: {export: TỆP}.",
    "Wait a few minutes, then run again; nothing has been written. If it stays so: download the responses (.csv) and use "
    "source: {export: FILE}.",
)
_ANSWERS = Text("Google trả lời khi được hỏi.", "Google answers when it is asked.")


def _refused(no: _Refusal, badge: Badge) -> Words:
    if no.status == 403 and no.reason == "SERVICE_DISABLED":
        return (
            Text(
                "Dự án Google Cloud của tài khoản dịch vụ đã bật Google Sheets API.",
                "The Google Sheets API is enabled.",
            ),
            Text("Google Sheets API chưa bật (403)", "the Google Sheets API is not enabled (403)"),
            Text(
                "Mở console.cloud.google.com/apis/library/sheets.googleapis.com, chọn đúng dự án, nhấn Bật (Enable), chờ vài "
                "phút rồi chạy lại.",
                "Open console.cloud.google.com/apis/library/sheets.googleapis.com, choose the project, press Enable, wait a "
                "few minutes, then run again.",
            ),
        )
    if no.status == 403 and badge.kind != "service":
        return (
            Text(
                "Tài khoản Google đã đăng nhập phải được xem trang tính.", "The account signed in may view the sheet."
            ),
            Text("Google từ chối: chưa được xem (403)", "Google refused: it may not view it (403)"),
            Text(
                "Mở trang tính bằng đúng tài khoản ấy; nếu không mở được, nhờ chủ trang tính chia sẻ, hoặc đăng nhập bằng tài "
                "khoản khác: python run.py survey sign-in TỆP.json. Khi đăng nhập, đánh dấu ô xem trang tính.",
                "Open the sheet with that very account; where that fails, ask its owner to share it, or sign in with another "
                "account: python run.py survey sign-in FILE.json. Tick seeing sheets when you sign in.",
            ),
        )
    if no.status == 403:
        address = badge.email
        return (
            Text("Tài khoản dịch vụ phải được xem trang tính.", "The service account may view the sheet."),
            Text(f"Google từ chối: {address} chưa được xem (403)", f"Google refused: {address} may not view it (403)"),
            Text(
                f"Mở trang tính → Chia sẻ, chia sẻ trang tính cho {address} với quyền Người xem, rồi chạy lại. Nếu trường chặn "
                "chia sẻ ra ngoài, nhờ người quản trị Google Workspace cho phép địa chỉ này.",
                f"Open the sheet → Share, share it with {address} as Viewer, then run again. If the school blocks sharing "
                "outside, ask the administrator of Google Workspace to allow this address.",
            ),
        )
    if no.status == 404:
        return (
            Text("Trang tính phải có và chưa bị xóa.", "The sheet exists and has not been deleted."),
            Text("Google không thấy trang tính nào có mã này (404)", "Google knows no sheet with this key (404)"),
            _KEY_CURE,
        )
    if no.status == 400 and no.reason == "FAILED_PRECONDITION":
        return (
            Text("Tệp phải là Google Trang tính.", "The file is a Google Sheet."),
            Text("một tệp Excel mở trong Google (400)", "an Excel file opened in Google (400)"),
            Text(
                "Mở tệp → Tệp → Lưu dưới dạng Google Trang tính, dùng mã mới; hoặc tải xuống và dùng source: {export: TỆP}.",
                "Open it → File → Save as Google Sheets, use the new key; or download it and use source: {export: FILE}.",
            ),
        )
    if no.status == 401:
        return signin.refused(None, badge)
    if no.status == 429:
        return (
            Text("Google cho mỗi tài khoản đọc 60 lần một phút.", "Google lets an account read 60 times a minute."),
            Text("đã hết lượt đọc (429)", "the quota is used up (429)"),
            _LATER,
        )
    if no.status in BUSY:
        return _ANSWERS, Text(f"Google đang bận ({no.status})", f"Google is busy ({no.status})"), _LATER
    reason = f" {no.reason}" if no.reason else ""
    return _ANSWERS, Text(f"Google từ chối ({no.status}{reason})", f"Google refused ({no.status}{reason})"), _LATER


def _not_signed_in(error: GoogleAuthError, badge: Badge) -> Words:
    if signin.busy(error):
        return _ANSWERS, Text("nơi đăng nhập của Google đang bận", "Google's sign-in is busy"), _LATER
    return signin.refused(error, badge)


def _not_reached(trouble: BaseException, patience: Patience) -> Words:
    if isinstance(trouble, Unreadable | requests.exceptions.JSONDecodeError):
        return (
            Text("Câu trả lời phải là của Google.", "The answer comes from Google."),
            Text("một trang web thay cho câu trả lời của Google", "a web page in place of Google's answer"),
            Text(
                "Mạng Wi-Fi có thể đòi đăng nhập: mở trình duyệt, đăng nhập mạng, rồi chạy lại.",
                "The Wi-Fi may want a sign-in: open the browser, sign in to the network, then run again.",
            ),
        )
    if isinstance(trouble, requests.exceptions.SSLError):
        return (
            Text(
                "Kết nối tới Google được mã hóa, có chứng thư đúng.",
                "The connection to Google is encrypted and certified.",
            ),
            Text("chứng thư của kết nối không đúng", "the certificate of the connection is not right"),
            Text(
                "Kiểm tra ngày giờ của máy; nếu đúng, mạng đang chặn hoặc đọc kết nối: hỏi người quản trị mạng, hoặc dùng mạng "
                "khác.",
                "Check the computer's date and time; if they are right, the network blocks or reads the connection: ask its "
                "administrator, or use another network.",
            ),
        )
    if isinstance(trouble, requests.Timeout) and not isinstance(trouble, requests.ConnectionError):
        seconds = f"{patience.answer:g}"
        return _ANSWERS, Text(f"không trả lời trong {seconds} giây", f"no answer within {seconds} s"), _LATER
    return (
        Text("Máy phải vào được Google qua Internet.", "The computer reaches Google through the Internet."),
        Text("không kết nối được", "no connection"),
        Text(
            "Kiểm tra mạng (mở thử docs.google.com bằng trình duyệt), rồi chạy lại; chưa có gì được ghi. Không có mạng: dùng "
            "tệp .csv đã tải, source: {export: TỆP}.",
            "Check the network (try docs.google.com in the browser), then run again; nothing has been written. Without a "
            "network: use a downloaded .csv, source: {export: FILE}.",
        ),
    )
