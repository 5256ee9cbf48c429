"""A stand-in for Google on this machine: its sign-in for service accounts, and the part of Sheets v4 that reads.

    with serving({"1AbC": Book({"Câu trả lời biểu mẫu 1": [["Dấu thời gian", "Câu một"], [datetime(...), "Đồng ý"]]})}) as google:
        environment = google.environment(tmp_path)  # for a process, or for monkeypatch.setenv

It answers as Google does where that matters to a reader: empty cells and rows at the end are left out, an empty row between
others is [], an empty range has no `values`, dates are serial numbers or texts as asked. Signatures are really checked.
"""

from __future__ import annotations

import base64
import datetime as dt
import functools
import json
import re
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

ACCOUNT = "doc-phieu@truong-thu.iam.gserviceaccount.com"
SCOPES = {
    f"https://www.googleapis.com/auth/{name}"
    for name in ("spreadsheets", "spreadsheets.readonly", "drive", "forms.responses.readonly")
}
AUDIENCE = "https://oauth2.googleapis.com/token"  # google-auth writes this one wherever it sends the claim
APP = {"client_id": "ung-dung.apps.googleusercontent.com", "client_secret": "GOCSPX-bi-mat-cua-ung-dung"}
LEAVE = "1//leave-of-a-person"  # the refresh token of the only person who has agreed
EPOCH = dt.datetime(1899, 12, 30)


@dataclass(frozen=True)
class Shown:
    """A cell whose text is not the usual one of its value, such as a date in a format of its own."""

    value: float | dt.datetime
    text: str


Cell = str | int | float | bool | dt.datetime | Shown | None


@dataclass
class Book:
    """One spreadsheet: tab -> rows (None: a tab that holds a chart). `grid`: rows and columns of each tab, filled or not."""

    tabs: dict[str, list[list[Cell]] | None]
    title: str = "Phiếu khảo sát (câu trả lời)"
    timezone: str = "Asia/Ho_Chi_Minh"
    locale: str = "vi_VN"
    shared: bool = True
    form: list[dt.datetime] | None = None  # when the responses of the Form of the same key were sent, in UTC
    grid: tuple[int, int] = (1000, 26)

    def size(self, tab: str) -> tuple[int, int]:
        """Rows and columns; the grid grows with what is in it."""
        rows = self.tabs[tab] or []
        return max(self.grid[0], len(rows)), max(self.grid[1], *map(len, rows), 0)


@dataclass(frozen=True)
class Fault:
    """What one request meets in place of an answer: a status with a body, a pause before the answer, a dropped line."""

    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    body: str | None = None
    kind: str = "application/json; charset=UTF-8"
    pause: float = 0
    drop: bool = False
    cut: bool = False
    trickle: float = 0  # seconds between the answer's pieces of 100 bytes


def refusal(status: int, *, reason: str = "", **headers: str) -> Fault:
    """Google's own refusal; `Retry_After="1"` is a header."""
    body = json.dumps(error_body(status, reason=reason), ensure_ascii=False, indent=2) + "\n"
    return Fault(status, tuple((name.replace("_", "-"), value) for name, value in headers.items()), body)


def slow(seconds: float) -> Fault:
    return Fault(pause=seconds)


def trickling(seconds: float) -> Fault:
    """The right answer, a hundred bytes at a time."""
    return Fault(trickle=seconds)


def page(status: int = 200, text: str = "<html><title>Wi-Fi</title></html>") -> Fault:
    """A web page, such as a Wi-Fi's sign-in or a proxy's apology."""
    return Fault(status, body=text, kind="text/html; charset=utf-8")


DROP = Fault(drop=True)  # the line is closed without a word
CUT = Fault(200, body='{"spreadsheetId": "', cut=True)  # the line is closed in the middle of an answer


MESSAGES = {
    400: ("INVALID_ARGUMENT", "Request contains an invalid argument."),
    401: ("UNAUTHENTICATED", "Request had invalid authentication credentials."),
    403: ("PERMISSION_DENIED", "The caller does not have permission"),
    404: ("NOT_FOUND", "Requested entity was not found."),
    429: (
        "RESOURCE_EXHAUSTED",
        "Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute per user'",
    ),
    500: ("INTERNAL", "Internal error encountered."),
    502: ("UNAVAILABLE", "Bad gateway."),
    503: ("UNAVAILABLE", "The service is currently unavailable."),
    504: ("DEADLINE_EXCEEDED", "Deadline expired before operation could complete."),
}


def error_body(status: int, message: str = "", reason: str = "") -> dict:
    """The body of a refusal: code, message, status, and with a reason its details."""
    word, usual = MESSAGES[status]
    error: dict = {"code": status, "message": message or usual, "status": word}
    if reason in ("FAILED_PRECONDITION",):
        error["status"] = reason
    elif reason:
        error["details"] = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}]
    return {"error": error}


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, list[str]]


@dataclass
class Server:
    """The stand-in while it runs: what it serves, what it was asked, and the faults that the next requests meet."""

    address: str
    books: dict[str, Book]
    asked: list[Asked] = field(default_factory=list)
    claims: list[dict] = field(default_factory=list)  # of every token request whose signature was right
    faults: dict[str, list[Fault]] = field(default_factory=lambda: {"api": [], "token": []})
    tokens: set[str] = field(default_factory=set)
    closing: threading.Event = field(default_factory=threading.Event)

    def fail(self, *faults: Fault, on: str = "api") -> None:
        """Let the next requests (on="api" or on="token") meet these faults, one each."""
        self.faults[on] += faults

    def requests(self, on: str = "api") -> list[Asked]:
        """The requests so far to the sheets ("api") or to the sign-in ("token")."""
        return [asked for asked in self.asked if (asked.path == "/token") == (on == "token")]

    def information(self, key: rsa.RSAPrivateKey | None = None) -> dict[str, str]:
        """A service account's key file, as Google writes it; `key`: another key than the one that the sign-in knows."""
        pem = (key or private_key()).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return dict(
            type="service_account",
            project_id="truong-thu",
            private_key_id="0123456789abcdef",
            private_key=pem.decode(),
            client_email=ACCOUNT,
            client_id="100000000000000000000",
            token_uri=f"{self.address}/token",
        )

    def credentials_file(self, folder: Path, key: rsa.RSAPrivateKey | None = None) -> Path:
        """Write the key file into `folder` and return its path."""
        path = folder / "service_account.json"
        path.write_text(json.dumps(self.information(key)), encoding="utf-8")
        return path

    def person(self) -> dict[str, str]:
        """A person's kept sign-in."""
        return {"type": "authorized_user", "refresh_token": LEAVE, "token_uri": f"{self.address}/token", **APP}

    def app(self) -> dict[str, dict]:
        """The file of the OAuth client that people sign in with."""
        more = {
            "auth_uri": f"{self.address}/auth",
            "token_uri": f"{self.address}/token",
            "redirect_uris": ["http://localhost"],
        }
        return {"installed": {**APP, **more}}

    def environment(self, folder: Path) -> dict[str, str]:
        """The variables with which a process reads from here; the key file is written into `folder`."""
        return {"KHAOSATSO_SHEETS_URL": self.address, "KHAOSATSO_CREDENTIALS": str(self.credentials_file(folder))}


@functools.cache
def private_key() -> rsa.RSAPrivateKey:
    """The key of the only service account that the sign-in knows; made anew in every process."""
    return another_key()


def another_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@contextmanager
def serving(sheets: dict[str, Book | dict[str, list[list[Cell]]]]) -> Iterator[Server]:
    """Serve these sheets (key -> Book, or key -> {tab: rows}) on a free port of this machine."""
    listener = _Listener(("127.0.0.1", 0), _Handler)
    books = {key: sheet if isinstance(sheet, Book) else Book(dict(sheet)) for key, sheet in sheets.items()}
    listener.state = Server(f"http://127.0.0.1:{listener.server_port}", books)
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield listener.state
    finally:
        listener.state.closing.set()
        listener.shutdown()
        listener.server_close()
        thread.join()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    state: Server

    def handle_error(self, request, client_address) -> None:
        """A client that has gone away is none of our errors; anything else is, and is shown."""
        import sys

        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Refused(Exception):
    def __init__(self, status: int, message: str = ""):
        super().__init__(status)
        self.status, self.body = status, error_body(status, message)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet: in two, each answer takes 40 ms more
    server: _Listener

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self._serve("token" if self.path == "/token" else "api", body)

    def do_GET(self) -> None:
        self._serve("api", "")

    def _serve(self, on: str, body: str) -> None:
        state, url = self.server.state, urlsplit(self.path)
        state.asked.append(Asked(self.command, url.path, parse_qs(url.query)))
        fault = state.faults[on].pop(0) if state.faults[on] else Fault()
        state.closing.wait(fault.pause)
        if fault.drop:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        elif fault.status:
            self._send(fault.status, fault.body or "", fault.kind, fault.headers, missing=100 * fault.cut)
        else:
            status, answer = (
                self._token(parse_qs(body)) if on == "token" else self._sheets(url.path, parse_qs(url.query))
            )
            self._send(status, json.dumps(answer, ensure_ascii=False, indent=2) + "\n", pace=fault.trickle)

    def _send(self, status, text, kind="application/json; charset=UTF-8", headers=(), missing=0, pace=0) -> None:
        content = text.encode()
        self.send_response(status, HTTPStatus(status).phrase)
        for name, value in (("Content-Type", kind), ("Content-Length", str(len(content) + missing)), *headers):
            self.send_header(name, value)
        self.end_headers()
        for start in range(0, len(content), 100) if pace else ():
            self.wfile.write(content[start : start + 100])
            self.wfile.flush()
            self.server.state.closing.wait(pace)
        self.wfile.write(b"" if pace else content)
        self.close_connection = self.close_connection or bool(missing)

    def _token(self, form: dict[str, list[str]]) -> tuple[int, dict]:
        """The sign-in of a service account: a signed claim in, a token out (RFC 7523)."""
        state = self.server.state
        if form.get("grant_type") in (["refresh_token"], ["authorization_code"]):
            return self._person(form)
        claims = _claims(form["assertion"][0]) if form.get("assertion") else None
        grant = form.get("grant_type") == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
        if not grant or claims is None or claims["iss"] != ACCOUNT:
            return 400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}
        state.claims.append(claims)
        if claims["aud"] != AUDIENCE or not claims["iat"] - 300 <= time.time() < claims["exp"]:
            return 400, {
                "error": "invalid_grant",
                "error_description": "Invalid JWT: check your aud, iat and exp values.",
            }
        if not claims["scope"] or not set(claims["scope"].split()) <= SCOPES:
            return 400, {
                "error": "invalid_scope",
                "error_description": "Invalid OAuth scope or ID token audience provided.",
            }
        return 200, self._new_token()

    def _person(self, form: dict[str, list[str]]) -> tuple[int, dict]:
        """The sign-in of a person: what the browser brought back, or the leave that was kept, in; a token out (RFC 6749)."""
        leave = form["grant_type"] == ["refresh_token"]
        given = form.get("refresh_token" if leave else "code")
        if given != [LEAVE if leave else "dong-y"] or form.get("client_secret", [APP["client_secret"]]) != [
            APP["client_secret"]
        ]:
            return 400, {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
        scope = "https://www.googleapis.com/auth/spreadsheets.readonly"
        return 200, self._new_token() | ({} if leave else {"refresh_token": LEAVE, "scope": scope})

    def _new_token(self) -> dict:
        token = "ya29." + secrets.token_urlsafe(32)
        self.server.state.tokens.add(token)
        return {"access_token": token, "expires_in": 3599, "token_type": "Bearer"}

    def _sheets(self, path: str, query: dict[str, list[str]]) -> tuple[int, dict]:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        try:
            if token not in self.server.state.tokens:
                raise _Refused(401)
            if self.command != "GET":
                raise _Refused(403)
            return 200, answer(self.server.state.books, path, query)
        except _Refused as refused:
            return refused.status, refused.body


def _claims(assertion: str) -> dict | None:
    """The claims of a JWT that our key signed; None where it did not."""
    head, claims, signature = assertion.split(".")
    try:
        private_key().public_key().verify(
            _unpacked(signature), f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256()
        )
    except InvalidSignature:
        return None
    return json.loads(_unpacked(claims)) if json.loads(_unpacked(head))["alg"] == "RS256" else None


def _unpacked(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


# --- The pure half: a question in, an answer out


def answer(books: dict[str, Book], path: str, query: dict[str, list[str]]) -> dict:
    """What Sheets v4 answers to a GET; raises _Refused."""
    if form := re.fullmatch(r"/v1/forms/([^/]+)/responses", path):
        return _form_responses(books.get(form[1]), query)
    asked = re.fullmatch(r"/v4/spreadsheets/([^/:]+)(?:/values(:batchGet|/(.+)))?", path)
    book = books.get(asked[1]) if asked else None
    if asked is None or book is None:
        raise _Refused(404)
    if not book.shared:
        raise _Refused(403)
    if asked[2] is None:
        return _about(asked[1], book)
    options = {name: values[0] for name, values in query.items()}
    if asked[2] == ":batchGet":
        ranges = [_values(book, name, options) for name in query["ranges"]]
        return {"spreadsheetId": asked[1], "valueRanges": ranges}
    return _values(book, unquote(asked[3]), options)


def _form_responses(book: Book | None, query: dict[str, list[str]]) -> dict:
    """A page of a Form's own responses (Forms v1), two in each for the tests' sake."""
    if book is None or book.form is None:
        raise _Refused(404)
    start = int(query.get("pageToken", ["0"])[0])
    page = book.form[start : start + 2]
    more = {"nextPageToken": str(start + 2)} if start + 2 < len(book.form) else {}
    rows = [
        {"responseId": str(n), "lastSubmittedTime": f"{time:%Y-%m-%dT%H:%M:%S}.123456Z"} for n, time in enumerate(page)
    ]
    return ({"responses": rows} if rows else {}) | more


def _about(key: str, book: Book) -> dict:
    """The spreadsheet without its cells (and without what concerns looks alone: default format, theme)."""
    return {
        "spreadsheetId": key,
        "properties": {
            "title": book.title,
            "locale": book.locale,
            "autoRecalc": "ON_CHANGE",
            "timeZone": book.timezone,
        },
        "sheets": [{"properties": _about_tab(book, tab, index)} for index, tab in enumerate(book.tabs)],
        "spreadsheetUrl": f"https://docs.google.com/spreadsheets/d/{key}/edit",
    }


def _about_tab(book: Book, tab: str, index: int) -> dict:
    about = {"sheetId": index * 1001, "title": tab, "index": index}
    if book.tabs[tab] is None:
        return about | {"sheetType": "OBJECT"}
    rows, columns = book.size(tab)
    return about | {"sheetType": "GRID", "gridProperties": {"rowCount": rows, "columnCount": columns}}


def _values(book: Book, name: str, options: dict[str, str]) -> dict:
    tab, top, left, bottom, right = _area(book, name)
    rows = [
        [_cell(cell, book, options) for cell in row[left - 1 : right]]
        for row in (book.tabs[tab] or [])[top - 1 : bottom]
    ]
    kept = _without_last([_without_last(row, "") for row in rows], [])
    label = tab if re.fullmatch(r"[A-Za-z0-9_]+", tab) else "'" + tab.replace("'", "''") + "'"
    corner = f"{_letters(left)}{top}"
    area = corner if (top, left) == (bottom, right) else f"{corner}:{_letters(right)}{bottom}"
    return {"range": f"{label}!{area}", "majorDimension": "ROWS", **({"values": kept} if kept else {})}


def _area(book: Book, name: str) -> tuple[str, int, int, int, int]:
    """Tab, first row, first column, last row, last column (from 1) of an A1 name; raises _Refused."""
    quoted = re.fullmatch(r"'((?:[^']|'')+)'(?:!(.+))?", name)
    if quoted:
        tab, area = quoted[1].replace("''", "'"), quoted[2] or ""
    elif name in book.tabs:
        tab, area = name, ""
    else:
        named, _, area = name.rpartition("!")
        tab = named or next(iter(book.tabs))
    parts = re.fullmatch(r"([A-Z]*)(\d*)(?::([A-Z]*)(\d*))?", area)
    if parts is None or book.tabs.get(tab) is None:
        raise _Refused(400, f"Unable to parse range: {name}")
    rows, columns = book.size(tab)
    single = area != "" and ":" not in area
    top, left = int(parts[2] or 1), _number(parts[1]) or 1
    bottom = top if single else int(parts[4] or rows)
    right = left if single else _number(parts[3] or "") or columns
    if top > rows or left > columns:
        raise _Refused(400, f"Range ({name}) exceeds grid limits. Max rows: {rows}, max columns: {columns}")
    return tab, top, left, min(bottom, rows), min(right, columns)


def _cell(cell: Cell, book: Book, options: dict[str, str]) -> str | int | float | bool:
    """The cell as asked for: its value or its text, and a date as a serial number or its text."""
    value = cell.value if isinstance(cell, Shown) else cell
    texts = options.get("valueRenderOption", "FORMATTED_VALUE") == "FORMATTED_VALUE"
    if value is None or value == "":
        return ""
    if texts or (isinstance(value, dt.datetime) and options.get("dateTimeRenderOption") == "FORMATTED_STRING"):
        return cell.text if isinstance(cell, Shown) else _text(value, book.locale)
    if isinstance(value, dt.datetime):
        days = (value - EPOCH) / dt.timedelta(days=1)
        return int(days) if days.is_integer() else days
    return value


def _text(value: str | float | bool | dt.datetime, locale: str) -> str:
    """A value as the sheet shows it under its locale."""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, dt.datetime):
        first = f"{value.month}/{value.day}" if locale == "en_US" else f"{value:%d/%m}"
        return f"{first}/{value.year} {value.hour}:{value:%M:%S}"
    if isinstance(value, float):
        text = f"{value:.10g}"
        return text if locale == "en_US" else text.replace(".", ",")
    return str(value)


def _without_last(items: list, empty: object) -> list:
    while items and items[-1] == empty:
        items = items[:-1]
    return items


def _letters(number: int) -> str:
    return ("" if number <= 26 else _letters((number - 1) // 26)) + chr(65 + (number - 1) % 26)


def _number(letters: str) -> int:
    return functools.reduce(lambda total, letter: total * 26 + ord(letter) - 64, letters, 0)
