"""A stand-in for Google's token service and Sheets v4 reading, over HTTP on this machine, for the real client."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth import jwt

READONLY = "https://www.googleapis.com/auth/spreadsheets.readonly"
EMAIL = "doc-trang-tinh@truong-thu.iam.gserviceaccount.com"


@dataclass
class Book:
    """A spreadsheet: tabs (name -> rows of unformatted cells), locale, time zone, who may read it."""

    tabs: dict[str, list[list[object]]]
    locale: str = "vi_VN"
    timezone: str = "Asia/Ho_Chi_Minh"
    shared: bool = True


@dataclass
class Server:
    """The running stand-in. `faults`: what the next readings meet first, one each: (status, headers), "drop", "html"."""

    books: dict[str, Book]
    url: str = ""
    faults: list = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    claims: list[dict] = field(default_factory=list)
    revoked: bool = False
    key: rsa.RSAPrivateKey = field(
        default_factory=lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )

    def credentials_file(self, folder: Path) -> Path:
        """A service account's JSON file, with a throw-away key and this server's token address."""
        pem = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()
        info = {"type": "service_account", "project_id": "truong-thu", "private_key_id": "1", "private_key": pem,
                "client_email": EMAIL, "client_id": "1", "token_uri": f"{self.url}/token"}  # fmt: skip
        path = folder / "service_account.json"
        path.write_text(json.dumps(info), encoding="utf-8")
        return path

    def environment(self, folder: Path) -> dict[str, str]:
        """The variables with which a command reads from this server."""
        return {"KHAOSATSO_CREDENTIALS": str(self.credentials_file(folder)), "KHAOSATSO_SHEETS_URL": self.url}


@contextlib.contextmanager
def serving(books: dict[str, Book]) -> Iterator[Server]:
    """Serve the spreadsheets (key -> Book) for as long as the block runs."""
    server = Server(books)
    http = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"stand_in": server}))
    server.url = f"http://127.0.0.1:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    stand_in: Server
    protocol_version = "HTTP/1.1"

    def log_message(self, *_) -> None:
        """Nothing is printed."""

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.stand_in.requests.append(f"POST {self.path}")
        public = self.stand_in.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        claims = dict(jwt.decode(form["assertion"][0], verify=False))
        _verify(form["assertion"][0], public)
        good = (
            claims["scope"] == READONLY
            and claims["aud"] == "https://oauth2.googleapis.com/token"
            and claims["exp"] > time.time()
        )
        self.stand_in.claims.append(claims)
        if self.stand_in.revoked or not good:
            self._json(400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."})
        else:
            self._json(200, {"access_token": "ya29.secret-token", "expires_in": 3599, "token_type": "Bearer"})

    def do_GET(self) -> None:
        self.stand_in.requests.append(f"GET {unquote(self.path)}")
        if self.stand_in.faults:
            fault = self.stand_in.faults.pop(0)
            if fault == "drop":
                self.close_connection = True
                return
            if fault == "html":
                self._send(200, b"<html>login to wifi</html>", {"Content-Type": "text/html"})
                return
            status, headers = fault
            self._json(status, _failure(status, "busy", "UNAVAILABLE"), headers)
            return
        if self.headers.get("Authorization") != "Bearer ya29.secret-token":
            self._json(401, _failure(401, "Request had invalid authentication credentials.", "UNAUTHENTICATED"))
            return
        parts = urlsplit(self.path)
        steps = [unquote(step) for step in parts.path.split("/")[3:]]
        book = self.stand_in.books.get(steps[0])
        if book is None:
            self._json(404, _failure(404, "Requested entity was not found.", "NOT_FOUND"))
        elif not book.shared:
            self._json(403, _failure(403, "The caller does not have permission", "PERMISSION_DENIED"))
        elif len(steps) == 1:
            self._json(200, _spreadsheet(steps[0], book))
        else:
            self._json(200, value_range(book, steps[2], parse_qs(parts.query)))

    def _json(self, status: int, body: dict, headers: dict | None = None) -> None:
        self._send(
            status,
            json.dumps(body, ensure_ascii=False, indent=2).encode(),
            {"Content-Type": "application/json"} | (headers or {}),
        )

    def _send(self, status: int, body: bytes, headers: dict) -> None:
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _verify(token: str, public: bytes) -> None:
    """The signature of the JWT is by the service account's key (raises otherwise)."""
    import base64

    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    signed, _, signature = token.rpartition(".")
    key = serialization.load_pem_public_key(public)
    assert isinstance(key, rsa.RSAPublicKey)
    key.verify(base64.urlsafe_b64decode(signature + "=="), signed.encode(), padding.PKCS1v15(), hashes.SHA256())


def _failure(code: int, message: str, status: str) -> dict:
    return {"error": {"code": code, "message": message, "status": status}}


def _spreadsheet(key: str, book: Book) -> dict:
    sheets = [
        {
            "properties": {
                "sheetId": number,
                "title": name,
                "index": number,
                "sheetType": "GRID",
                "gridProperties": {"rowCount": max(1000, len(rows)), "columnCount": max([26, *map(len, rows)])},
            }
        }
        for number, (name, rows) in enumerate(book.tabs.items())
    ]
    properties = {"title": "Khảo sát", "locale": book.locale, "autoRecalc": "ON_CHANGE", "timeZone": book.timezone}
    return {
        "spreadsheetId": key,
        "properties": properties,
        "sheets": sheets,
        "spreadsheetUrl": f"https://docs.google.com/spreadsheets/d/{key}/edit",
    }


def value_range(book: Book, asked: str, query: dict[str, list[str]]) -> dict:
    """The reply to a values request: trailing empty cells and rows left out, no `values` for an empty range."""
    name, _, cells = asked.partition("!")
    rows = [list(row) for row in book.tabs[name.strip("'")]]
    if cells in ("A1:1", "1:1"):
        rows = rows[:1]
    if query.get("valueRenderOption", ["FORMATTED_VALUE"])[0] == "FORMATTED_VALUE":
        rows = [["" if cell in ("", None) else str(cell) for cell in row] for row in rows]
    for row in rows:
        while row and row[-1] in ("", None):
            row.pop()
    while rows and not rows[-1]:
        rows.pop()
    body: dict = {"range": asked if cells else f"{name}!A1:Z1000", "majorDimension": "ROWS"}
    if rows:
        body["values"] = [["" if cell is None else cell for cell in row] for row in rows]
    return body
