"""Signing in: a service account, the person's own browser, Colab; each failure in its own words, and no secret in any."""

from __future__ import annotations

import json
import logging
import os
import stat
import sys
import threading
import traceback
import types
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from sheets_stand_in import APP, Book, Fault, refusal, serving
from test_sheets import KEY, QUICK, ROWS, TAB

from survey import sheets, signin
from survey.errors import SheetError


@pytest.fixture
def google(tmp_path, monkeypatch):
    """The stand-in, and a person's settings' folder of its own; no account is named."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("APPDATA", str(tmp_path))
    monkeypatch.delenv("KHAOSATSO_CREDENTIALS", raising=False)
    with serving({KEY: Book({TAB: ROWS})}) as server:
        monkeypatch.setenv("KHAOSATSO_SHEETS_URL", server.address)
        yield server


@pytest.fixture
def person(google):
    """A person's sign-in, as it is kept."""
    signin.folder().mkdir(parents=True)
    path = signin.folder() / "authorized_user.json"
    path.write_text(json.dumps(google.person()), encoding="utf-8")
    return path


def complaint(**settings) -> str:
    with pytest.raises(SheetError) as caught:
        sheets.read(KEY, **{"patience": QUICK} | settings)
    assert caught.value.__cause__ is None and caught.value.__context__ is None
    return str(caught.value)


def test_a_person_reads_with_the_sign_in_that_was_kept(google, person):
    assert len(sheets.read(KEY).frame) == 2
    assert str(sheets.account()) == "tài khoản Google đã đăng nhập"


def test_a_service_account_is_taken_before_a_persons_sign_in(google, person):
    google.credentials_file(signin.folder())
    assert signin.badge().kind == "service"


def test_a_file_of_either_kind_may_be_named(google, tmp_path, person, monkeypatch):
    monkeypatch.setenv("KHAOSATSO_CREDENTIALS", str(person))
    assert signin.badge().kind == "person"
    assert signin.badge(google.credentials_file(tmp_path)).kind == "service"


def test_colab_asks_for_leave_itself(google, tmp_path, monkeypatch):
    import google.auth as library

    asked = []
    colab = types.ModuleType("google.colab")
    colab.auth = types.SimpleNamespace(authenticate_user=lambda: asked.append("leave"))
    colab.__spec__ = types.SimpleNamespace(name="google.colab")
    monkeypatch.setitem(sys.modules, "google.colab", colab)
    own = signin.badge(google.credentials_file(tmp_path)).credentials
    monkeypatch.setattr(library, "default", lambda scopes: (asked.append(scopes) or own, None))
    assert signin.badge().kind == "colab"
    assert asked == ["leave", [signin.SCOPE]]
    assert len(sheets.read(KEY).frame) == 2


AGAIN = (
    "  Cách sửa: Đăng nhập lại: python run.py survey sign-in TỆP.json. Nếu cứ 7 ngày lại hết hạn: ứng dụng đang ở chế độ “Thử "
    "nghiệm”; trên console.cloud.google.com → Màn hình xin phép OAuth, chọn Nội bộ hoặc Xuất bản ứng dụng."
)
KEPT = f"Lỗi ở Google Trang tính {KEY}\n  Quy tắc: Google phải nhận lần đăng nhập đã lưu.\n"


def test_a_sign_in_that_ran_out_or_was_revoked(google, person):
    google.fail(
        Fault(400, body='{"error": "invalid_grant", "error_description": "Token has been expired or revoked."}'),
        on="token",
    )
    assert complaint() == KEPT + "  Đã thấy: lần đăng nhập đã hết hạn hoặc bị thu hồi (invalid_grant)\n" + AGAIN


@pytest.mark.parametrize("word", ["invalid_client", "deleted_client"])
def test_an_app_that_was_deleted(google, person, word):
    google.fail(Fault(401, body=json.dumps({"error": word})), on="token")
    assert complaint() == (
        KEPT + f"  Đã thấy: ứng dụng dùng để đăng nhập đã bị xóa hoặc bị tắt ({word})\n"
        "  Cách sửa: Tạo lại OAuth client trên console.cloud.google.com, tải JSON, rồi: python run.py survey sign-in TỆP.json"
    )


def test_a_box_that_was_not_ticked(google, person):
    google.fail(Fault(400, body='{"error": "invalid_scope"}'), on="token")
    assert complaint() == (
        f"Lỗi ở Google Trang tính {KEY}\n"
        "  Quy tắc: Lần đăng nhập phải cho xem các trang tính.\n"
        "  Đã thấy: chưa cho xem trang tính (invalid_scope)\n"
        "  Cách sửa: Đăng nhập lại và đánh dấu ô xem trang tính: python run.py survey sign-in TỆP.json"
    )


def test_a_sheet_that_the_person_may_not_see(google, person):
    google.books[KEY].shared = False
    assert complaint() == (
        f"Lỗi ở Google Trang tính {KEY}\n"
        "  Quy tắc: Tài khoản Google đã đăng nhập phải được xem trang tính.\n"
        "  Đã thấy: Google từ chối: chưa được xem (403)\n"
        "  Cách sửa: Mở trang tính bằng đúng tài khoản ấy; nếu không mở được, nhờ chủ trang tính chia sẻ, hoặc đăng nhập bằng "
        "tài khoản khác: python run.py survey sign-in TỆP.json. Khi đăng nhập, đánh dấu ô xem trang tính."
    )


def test_an_entry_of_the_kept_sign_in_is_missing(google, person):
    person.write_text('{"type": "authorized_user", "client_id": "x"}', encoding="utf-8")
    assert "  Đã thấy: thiếu mục, hoặc khóa trong tệp không đọc được\n" in complaint()


def test_a_persons_own_account_never_signs_in_to_a_stand_in(google, person):
    person.write_text(json.dumps(google.person() | {"token_uri": signin.TOKENS}), encoding="utf-8")
    assert complaint().startswith("Lỗi ở KHAOSATSO_SHEETS_URL\n")


# --- with the browser


class Browser:
    """A browser whose person agrees at once, or does not."""

    def __init__(self, answer: str = "code=dong-y"):
        self.answer, self.asked = answer, {}

    def open(self, url, new=0, autoraise=True):
        self.asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        back = f"{self.asked['redirect_uri']}?state={self.asked['state']}&{self.answer}"
        threading.Thread(target=requests.get, args=(back,), daemon=True).start()
        return True


@pytest.fixture
def client(google, tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")  # the stand-in has no certificate
    path = tmp_path / "client_secret.json"
    path.write_text(json.dumps(google.app()), encoding="utf-8")
    return path


def test_a_person_signs_in_with_the_browser_and_reads(google, client, monkeypatch, capsys):
    browser = Browser()
    monkeypatch.setattr("webbrowser.get", lambda using=None: browser)
    path = signin.browser(client)
    assert browser.asked["scope"] == signin.SCOPE
    kept = json.loads(path.read_text(encoding="utf-8"))
    assert set(kept) == {"type", "client_id", "client_secret", "refresh_token", "token_uri"}
    assert os.name == "nt" or stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(sheets.read(KEY).frame) == 2
    assert "Mở trình duyệt để đăng nhập: " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("answer", "reason"), [("error=access_denied", "access_denied"), ("code=da-dung", "invalid_grant")]
)
def test_a_person_who_does_not_agree(client, monkeypatch, answer, reason):
    monkeypatch.setattr("webbrowser.get", lambda using=None: Browser(answer))
    with pytest.raises(SheetError) as caught:
        signin.browser(client)
    assert caught.value.__context__ is None
    assert str(caught.value) == (
        "Lỗi ở Đăng nhập Google\n"
        "  Quy tắc: Đăng nhập trong trình duyệt và đồng ý cho xem các trang tính.\n"
        f"  Đã thấy: chưa đăng nhập được ({reason})\n"
        "  Cách sửa: Chạy lại, đăng nhập trong 5 phút, đánh dấu ô “Xem tất cả bảng tính Google Trang tính của bạn”."
    )
    assert not (signin.folder() / "authorized_user.json").exists()


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"installed": {}}', '{"type": "service_account"}', None])
def test_a_file_that_is_no_apps(google, tmp_path, content):
    path = tmp_path / "app.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(SheetError) as caught:
        signin.browser(path)
    assert str(caught.value).startswith(
        f"Lỗi ở {path}\n"
        "  Quy tắc: Tệp ứng dụng là JSON của một OAuth client kiểu “Ứng dụng dành cho máy tính”.\n"
        "  Đã thấy: tệp khác, hoặc không có tệp\n"
    )


FAILING = {
    "revoked": [Fault(400, body='{"error": "invalid_grant"}')],
    "busy": [Fault(503, body="{}")] * 4,
    "dropped": [Fault(drop=True)] * 4,
    "page": [Fault(200, body="<html>", kind="text/html")],
}


@pytest.mark.parametrize("fault", ["revoked", "busy", "dropped", "page", "unshared", "midway"])
def test_no_error_and_no_log_holds_a_persons_secret(google, person, caplog, monkeypatch, fault):
    monkeypatch.setattr("google.auth._exponential_backoff.time.sleep", lambda seconds: None)
    caplog.set_level(logging.DEBUG)
    if fault == "unshared":
        google.books[KEY].shared = False
    elif fault == "midway":
        google.fail(refusal(401), refusal(401))
    else:
        google.fail(*FAILING[fault], on="token")
    with pytest.raises(SheetError) as caught:
        sheets.read(KEY, patience=QUICK)
    told = "".join(traceback.format_exception(caught.value)) + caplog.text + repr(caught.value)
    secrets = [APP["client_secret"], google.person()["refresh_token"], *google.tokens]
    assert len(secrets) >= 2
    assert [secret for secret in secrets if secret in told] == []
