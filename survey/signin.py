"""Signing in to Google, to read sheets and nothing else: a service account, the person's own account, or Colab's."""

from __future__ import annotations

import importlib.util
import json
import os
import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from google.auth.exceptions import GoogleAuthError, RefreshError
from google.auth.transport.requests import Request

from survey.errors import SheetError, Text
from survey.store import write

SCOPE = "https://www.googleapis.com/auth/spreadsheets.readonly"
MAKING = (
    "https://www.googleapis.com/auth/forms.body https://www.googleapis.com/auth/drive.file"  # forms, and own files only
)
FORM_SCOPE = "https://www.googleapis.com/auth/forms.responses.readonly"
KEPT = {SCOPE: "authorized_user.json", MAKING: "forms_user.json"}
GOOGLE, FORMS = "https://sheets.googleapis.com", "https://forms.googleapis.com"
TOKENS = "https://oauth2.googleapis.com/token"
PATIENCE = 300  # seconds that a person has for signing in with the browser


class Unreadable(Exception):
    """An answer that is not Google's: a page to sign in to the Wi-Fi, a proxy's page."""


@dataclass(frozen=True)
class Badge:
    """What is shown to Google. `email`: of a service account, with which sheets are shared; a person's own is not known."""

    credentials: Any
    kind: str  # "service", "person", "colab"
    email: str = ""

    @property
    def name(self) -> Text:
        """What a message calls the account."""
        if self.kind == "service":
            return Text(self.email)
        return Text("tài khoản Google đã đăng nhập", "the Google account that is signed in")

    def refresh(self, session: requests.Session, timeout: tuple[float, float]) -> None:
        """Get a token, which is good for an hour, and have the session show it; raises GoogleAuthError or Unreadable.

        google-auth's own AuthorizedSession would, in a thread of its own, also ask Google where the account may be used.
        """
        try:
            self.credentials.refresh(partial(Request(session), timeout=timeout))
        except TypeError:  # google-auth takes any page with status 200 for a token
            raise Unreadable from None
        session.headers["Authorization"] = f"Bearer {self.credentials.token}"


def badge(credentials: Path | None = None, scope: str = SCOPE) -> Badge:
    """The account to read with: of the file named by `credentials` or KHAOSATSO_CREDENTIALS; else service_account.json or
    authorized_user.json in the settings' folder (gspread's own); else Colab's. Asks nothing of Google, but in Colab.

    Raises SheetError where there is none, where the file is no such file, and where it lies in the project or in git.
    """
    named = credentials or os.environ.get("KHAOSATSO_CREDENTIALS")
    if named:
        return _of_file(_outside(Path(named).expanduser()), scope)
    usual = [folder() / name for name in ("service_account.json", "authorized_user.json")]
    found = next((path for path in usual if path.exists()), None)
    if found is None and _in_colab():
        return _colab(scope)
    return _of_file(_outside(found or usual[0]), scope)


def folder() -> Path:
    """Where gspread keeps sign-ins: %APPDATA%\\gspread on Windows, ~/.config/gspread elsewhere."""
    return Path(os.environ["APPDATA"], "gspread") if os.name == "nt" else Path.home() / ".config" / "gspread"


def _outside(path: Path) -> Path:
    """The path, which must lie in no git tree, and not in the project where that is none."""
    project = Path(__file__).resolve().parents[1]
    inside = [parent for parent in path.resolve().parents if parent == project or (parent / ".git").exists()]
    if inside:
        raise SheetError(
            str(path),
            rule=Text(
                "Tệp khóa nằm ngoài thư mục dự án và ngoài mọi kho git.",
                "The key file lies outside the project and outside every git repository.",
            ),
            found=Text(f"nằm trong {inside[0]}", f"inside {inside[0]}"),
            cure=Text(
                f"Chuyển tệp ấy đến {folder() / 'service_account.json'}, rồi chạy lại.",
                f"Move the file to {folder() / 'service_account.json'}, then run again.",
            ),
        )
    return path


def _of_file(path: Path, scope: str) -> Badge:
    """The account of a key file, allowed to read and nothing else."""
    from google.oauth2 import credentials, service_account

    found: Text
    try:
        info = json.loads(path.read_text(encoding="utf-8-sig"))
        kind = info.get("type") if isinstance(info, dict) else None
        if kind == "service_account":
            account = service_account.Credentials.from_service_account_info(info, scopes=[scope])
            return Badge(account, "service", str(account.service_account_email))
        if kind == "authorized_user":
            parts = {name: str(info[name]) for name in ("refresh_token", "client_id", "client_secret")}
            own = credentials.Credentials(None, token_uri=info.get("token_uri", TOKENS), scopes=[scope], **parts)
            return Badge(own, "person")
        found = Text("JSON khác, không phải khóa của tài khoản dịch vụ", "other JSON, not the key of a service account")
    except FileNotFoundError:
        found = Text("không có tệp", "no such file")
    except OSError as error:
        found = Text(f"không mở được tệp ({error.strerror})", f"the file cannot be opened ({error.strerror})")
    except (json.JSONDecodeError, UnicodeDecodeError):
        found = Text("không phải JSON", "not JSON")
    except (GoogleAuthError, ValueError, TypeError, AttributeError, KeyError):
        found = Text("thiếu mục, hoặc khóa trong tệp không đọc được", "an entry is missing, or its key cannot be read")
    # Outside the except clauses: the errors met there may hold the file's content.
    raise SheetError(
        str(path),
        rule=Text(
            "Đọc Google Trang tính cần tệp khóa JSON của một tài khoản dịch vụ, hoặc một lần đăng nhập bằng trình duyệt.",
            "Reading a Google Sheet needs the JSON key file of a service account, or a sign-in with the browser.",
        ),
        found=found,
        cure=Text(
            "Trên console.cloud.google.com: bật Google Sheets API, tạo tài khoản dịch vụ, thêm khóa kiểu JSON; lưu tệp vào "
            "chỗ trên, hoặc ghi đường dẫn của nó vào biến KHAOSATSO_CREDENTIALS. Hoặc đăng nhập bằng tài khoản của mình: "
            "python run.py survey sign-in TỆP_ỨNG_DỤNG.json. Không có Google Cloud: tải câu trả lời (.csv) rồi dùng "
            "source: {export: TỆP}.",
            "On console.cloud.google.com: enable the Google Sheets API, make a service account, add a key of type JSON; save "
            "the file there, or name it in KHAOSATSO_CREDENTIALS. Or sign in with your own account: python run.py survey "
            "sign-in APP_FILE.json. Without Google Cloud: download the responses (.csv) and use source: {export: FILE}.",
        ),
    )


def _in_colab() -> bool:
    try:
        return importlib.util.find_spec("google.colab") is not None
    except (ImportError, ValueError):
        return False


def _colab(scope: str) -> Badge:
    """The account of the person whose Colab notebook this is; Colab itself asks for leave."""
    import google.auth
    from google.colab import auth

    auth.authenticate_user()
    return Badge(google.auth.default(scopes=[scope])[0], "colab")


def browser(client: Path, scope: str = SCOPE) -> Path:
    """Have the person sign in with the browser, and keep the sign-in as authorized_user.json; gives its path.

    client: the JSON of an OAuth client of type "Desktop app", downloaded from console.cloud.google.com. scope: SCOPE, only
    reading sheets, or MAKING, kept apart as forms_user.json. What is kept (0600) is the leave, and no token. Raises SheetError.
    """
    from google_auth_oauthlib.flow import InstalledAppFlow
    from oauthlib.oauth2 import OAuth2Error

    path, found = folder() / KEPT[scope], Text("")
    _outside(client)
    try:
        flow = InstalledAppFlow.from_client_config(json.loads(client.read_text(encoding="utf-8-sig")), scope.split())
    except (OSError, ValueError, TypeError, AttributeError, KeyError):
        raise _no_client(client) from None
    try:
        own = flow.run_local_server(
            port=0,
            timeout_seconds=PATIENCE,
            authorization_prompt_message=str(Text("Mở trình duyệt để đăng nhập: {url}", "Sign in at: {url}")),
            success_message=str(Text("Đã đăng nhập. Có thể đóng trang này.", "Signed in. You may close this page.")),
        )
    except (OAuth2Error, requests.RequestException, AttributeError, Warning) as error:
        told = getattr(error, "error", "") if isinstance(error, OAuth2Error) else ""
        reason = told if re.fullmatch(r"[a-z_]{1,60}", told) else type(error).__name__
        found = Text(f"chưa đăng nhập được ({reason})", f"not signed in ({reason})")
    if found.vi:
        raise SheetError(
            str(Text("Đăng nhập Google", "Google sign-in")),
            rule=Text(
                "Đăng nhập trong trình duyệt và đồng ý cho xem các trang tính.",
                "Sign in with the browser and allow sheets to be seen.",
            ),
            found=found,
            cure=Text(
                "Chạy lại, đăng nhập trong 5 phút, đánh dấu ô “Xem tất cả bảng tính Google Trang tính của bạn”.",
                "Run again, sign in within 5 minutes, tick “See all your Google Sheets spreadsheets”.",
            ),
        )
    kept = {name: getattr(own, name) for name in ("client_id", "client_secret", "refresh_token", "token_uri")}
    return write(path, json.dumps({"type": "authorized_user", **kept}, indent=1).encode())


def _no_client(client: Path) -> SheetError:
    return SheetError(
        str(client),
        rule=Text(
            "Tệp ứng dụng là JSON của một OAuth client kiểu “Ứng dụng dành cho máy tính”.",
            "The app's file is the JSON of an OAuth client of type “Desktop app”.",
        ),
        found=Text("tệp khác, hoặc không có tệp", "another file, or none"),
        cure=Text(
            "Trên console.cloud.google.com → API và dịch vụ → Thông tin xác thực → Tạo → Mã ứng dụng khách OAuth → Ứng dụng dành "
            "cho máy tính → Tải JSON, rồi chạy lại với tệp ấy.",
            "On console.cloud.google.com → APIs & Services → Credentials → Create → OAuth client ID → Desktop app → Download "
            "JSON, then run again with that file.",
        ),
    )


def address(badge: Badge) -> str:
    """The address of a stand-in on this machine, or "" for Google itself; a real account never signs in to a stand-in."""
    stand_in = os.environ.get("KHAOSATSO_SHEETS_URL", "").rstrip("/")
    tokens = getattr(badge.credentials, "_token_uri", None) or TOKENS
    if not stand_in:
        return ""
    for url in (stand_in, tokens):
        parts = urlsplit(url)
        if parts.scheme != "http" or parts.hostname not in ("127.0.0.1", "localhost"):
            raise SheetError(
                "KHAOSATSO_SHEETS_URL",
                rule=Text(
                    "Biến này chỉ dùng để thử, với máy chủ giả trên chính máy này và khóa của máy chủ giả ấy.",
                    "This variable is for trials only: a stand-in on this very machine, with the stand-in's own key.",
                ),
                found=url,
                cure=Text(
                    "Xóa biến KHAOSATSO_SHEETS_URL, rồi chạy lại.", "Unset KHAOSATSO_SHEETS_URL, then run again."
                ),
            )
    return stand_in


Words = tuple[Text, Text, Text]  # rule, found, cure


def refused(error: GoogleAuthError | None, badge: Badge) -> Words:
    """What a person is told where Google does not accept the sign-in."""
    told = error.args[1].get("error") if error and len(error.args) > 1 and isinstance(error.args[1], dict) else None
    code = f" ({told})" if isinstance(told, str) and re.fullmatch(r"[a-z_]{1,60}", told) else ""
    if badge.kind == "service":
        return (
            Text("Google phải nhận khóa của tài khoản dịch vụ.", "Google accepts the service account's key."),
            Text(
                f"Google không nhận khóa của {badge.email}{code}",
                f"Google does not accept the key of {badge.email}{code}",
            ),
            Text(
                "Kiểm tra ngày giờ của máy. Nếu đúng: khóa đã bị xóa hoặc thu hồi; trên console.cloud.google.com, tài khoản dịch "
                "vụ ấy → Khóa → Thêm khóa → JSON, thay tệp cũ, rồi chạy lại.",
                "Check the computer's date and time. If they are right: the key was deleted or revoked; on "
                "console.cloud.google.com, that service account → Keys → Add key → JSON, replace the file, then run again.",
            ),
        )
    if badge.kind == "colab":
        return (
            Text("Google phải nhận đăng nhập của sổ Colab này.", "Google accepts this Colab notebook's sign-in."),
            Text(f"phiên đăng nhập đã hết{code}", f"the sign-in has run out{code}"),
            Text("Chạy lại ô này và đồng ý cho đăng nhập.", "Run this cell again and allow the sign-in."),
        )
    return _person_refused(told, code)


def _person_refused(told: object, code: str) -> Words:
    again = "python run.py survey sign-in"
    rule = Text("Google phải nhận lần đăng nhập đã lưu.", "Google accepts the sign-in that was kept.")
    if told in ("invalid_client", "deleted_client", "unauthorized_client"):
        return (
            rule,
            Text(
                f"ứng dụng dùng để đăng nhập đã bị xóa hoặc bị tắt{code}",
                f"the app used to sign in was deleted or disabled{code}",
            ),
            Text(
                f"Tạo lại OAuth client trên console.cloud.google.com, tải JSON, rồi: {again} TỆP.json",
                f"Make an OAuth client again on console.cloud.google.com, download its JSON, then: {again} FILE.json",
            ),
        )
    if told in ("invalid_scope", "access_denied", "insufficient_scope"):
        return (
            Text("Lần đăng nhập phải cho xem các trang tính.", "The sign-in allows sheets to be seen."),
            Text(f"chưa cho xem trang tính{code}", f"seeing sheets was not allowed{code}"),
            Text(
                f"Đăng nhập lại và đánh dấu ô xem trang tính: {again} TỆP.json",
                f"Sign in again and tick seeing sheets: {again} FILE.json",
            ),
        )
    return (
        rule,
        Text(f"lần đăng nhập đã hết hạn hoặc bị thu hồi{code}", f"the sign-in has run out or was revoked{code}"),
        Text(
            f"Đăng nhập lại: {again} TỆP.json. Nếu cứ 7 ngày lại hết hạn: ứng dụng đang ở chế độ “Thử nghiệm”; trên "
            "console.cloud.google.com → Màn hình xin phép OAuth, chọn Nội bộ hoặc Xuất bản ứng dụng.",
            f"Sign in again: {again} FILE.json. Where it runs out every 7 days the app is in “Testing”: on "
            "console.cloud.google.com → OAuth consent screen, make it Internal or publish it.",
        ),
    )


def busy(error: GoogleAuthError) -> bool:
    """Whether Google's sign-in only asks to be tried later."""
    return isinstance(error, RefreshError) and bool(error.retryable)
