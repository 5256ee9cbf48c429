"""What the store holds and how it came there: the content of store.json, which is replaced as a whole."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import Literal

from pydantic import ValidationError

from survey.errors import StudyError, Text
from survey.questionnaire import Model

SCHEMA = 2  # 1: answers/<wave>.parquet without store.json, codes and times among the answers


class File(Model):
    """A file of the store, beside store.json, and the SHA-256 of its bytes."""

    name: str
    sha256: str


class Held(Model):
    """What is held of one wave. `bound`: header of the snapshot -> what it was bound to."""

    snapshot: str  # SHA-256 of the sheet as read
    answers: File
    codes: File | None = None
    bound: dict[str, str] = {}
    anchors: dict[str, str] = {}  # a correction -> the fingerprint of the answer that it was made for


class Pull(Model):
    """One import of one wave. Counts are rows of the sheet; nothing in it tells who answered."""

    time: dt.datetime  # UTC
    wave: int
    source: str
    reader: str  # version of the program
    snapshot: str
    rows: int
    answers: int
    new: int
    changed: int
    vanished: int
    unchanged: int
    moved: bool = False  # the same rows in another order
    consent: str = ""  # SHA-256 of the notice that people agreed to
    purpose: str = ""


class Withdrawal(Model):
    """An answer taken back: a receipt without identity. `mark`: the keyed hash by which the code is known again."""

    receipt: str
    date: dt.date
    rows: dict[int, int]  # wave -> answers taken out
    mark: str


class Ledger(Model):
    """The one record of a store. `leftover`: files that are to be deleted, until they are."""

    schema_: Literal[2] = 2
    waves: dict[int, Held] = {}
    headers: dict[str, list[str]] = {}  # question -> every header that it has had
    pulls: tuple[Pull, ...] = ()
    withdrawals: tuple[Withdrawal, ...] = ()
    leftover: tuple[str, ...] = ()
    key: str = ""  # fingerprint of the key that made the marks and pseudonyms

    @property
    def files(self) -> set[str]:
        """The names of the answer and code files in use."""
        return {file.name for held in self.waves.values() for file in (held.answers, held.codes) if file}

    def text(self) -> str:
        """The content of store.json: what is held, and its SHA-256."""
        body = self.model_dump(mode="json")
        return json.dumps({"sha256": _digest(body), "store": body}, ensure_ascii=False, indent=1) + "\n"

    @classmethod
    def parse(cls, text: str, path: object) -> Ledger:
        """Read store.json; raises StudyError in words where it is damaged or was made by a later version."""
        try:
            whole = json.loads(text)
            body, schema = whole["store"], whole["store"]["schema_"]
            later = isinstance(schema, int) and schema > SCHEMA
            right = later or whole["sha256"] == _digest(body)
            ledger = cls() if later or not right else cls.model_validate(body)
        except (ValueError, KeyError, TypeError, ValidationError):
            later = right = False
        if later:
            raise StudyError(
                str(path),
                rule=Text(f"Kho ở định dạng {SCHEMA} trở về trước.", f"The store has format {SCHEMA} or earlier."),
                found=Text(f"định dạng {schema}", f"format {schema}"),
                cure=Text(
                    "Kho do một bản mới hơn của chương trình ghi: cập nhật chương trình, rồi chạy lại.",
                    "A later version of the program wrote it: update the program, then run again.",
                ),
            )
        if not right:
            raise StudyError(
                str(path),
                rule=Text("Sổ của kho phải còn nguyên vẹn.", "The store's record is whole."),
                found=Text("tệp hỏng hoặc đã bị sửa", "damaged or edited"),
                cure=Text(
                    "Khôi phục từ bản sao lưu: python run.py survey restore BẢN_SAO.zip THƯ_MỤC_MỚI",
                    "Restore a backup: python run.py survey restore BACKUP.zip NEW_FOLDER",
                ),
            )
        return ledger


def _digest(body: dict) -> str:
    return hashlib.sha256(json.dumps(body, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
