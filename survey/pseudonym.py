"""E-mail addresses turned into pseudonyms by a secret key that lies outside the data."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from pathlib import Path

from survey import store
from survey.errors import StudyError, Text
from survey.questionnaire import plain

ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def pseudonym(email: object, key: bytes) -> str | None:
    """Sixteen hexadecimal digits that stand for an address, however it is written; None for what is no address."""
    address = plain(email)
    return hmac.new(key, address.encode(), hashlib.sha256).hexdigest()[:16] if ADDRESS.fullmatch(address) else None


def fingerprint(key: bytes) -> str:
    """Eight digits by which a key is told from another; the key cannot be found from them."""
    return hashlib.sha256(b"khaosatso:" + key).hexdigest()[:8]


def key_path(study: str) -> Path:
    """Where a study's key lies: KHAOSATSO_KEYS, or the folder khaosatso of the person's settings."""
    home = os.environ.get("APPDATA") or os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(os.environ.get("KHAOSATSO_KEYS") or Path(home) / "khaosatso") / f"{study}.key"


def load_key(study: str, folder: Path) -> bytes:
    """A study's key of 32 random bytes, made at the first use and readable by its owner alone.

    Raises StudyError where it would lie with the data (`folder`), in the project, or in a git repository.
    """
    path = key_path(study)
    project = Path(__file__).resolve().parents[1]
    for parent in path.resolve().parents:
        if parent in (project, folder.resolve()) or (parent / ".git").exists():
            raise _misplaced(path, parent)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        content = secrets.token_bytes(32)
        store.write(path, content)  # as every temporary file, its owner's alone
    if len(content) != 32:
        raise StudyError(
            str(path),
            rule=Text("Tệp khóa có đúng 32 byte.", "The key file has 32 bytes."),
            found=Text(f"{len(content)} byte", f"{len(content)} bytes"),
            cure=Text("Lấy lại tệp khóa từ nơi đã cất.", "Take the key file from where it was kept safe."),
        )
    return content


def _misplaced(path: Path, inside: Path) -> StudyError:
    return StudyError(
        str(path),
        rule=Text(
            "Khóa bí mật nằm ngoài thư mục dữ liệu, ngoài dự án và ngoài mọi kho git.",
            "The secret key lies outside the data, the project and every git repository.",
        ),
        found=Text(f"nằm trong {inside}", f"inside {inside}"),
        cure=Text("Xóa hoặc sửa biến KHAOSATSO_KEYS, rồi chạy lại.", "Unset or mend KHAOSATSO_KEYS, then run again."),
    )
