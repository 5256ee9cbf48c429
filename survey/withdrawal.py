"""A person takes an answer back: it is taken out of every snapshot and of the answers, and stays out."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import secrets
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from survey import csv_file, pseudonym, store
from survey.columns import EMAIL, EMAIL_TITLES, Bound, merged
from survey.corrections import COLUMNS
from survey.errors import StudyError, Text
from survey.ledger import Held, Ledger, Withdrawal
from survey.link import DOUBTFUL, normal
from survey.link import key as like
from survey.questionnaire import plain
from survey.raw import Raw
from survey.redact import DECISIONS
from survey.study import Study

TABLES = (("corrections.csv", COLUMNS), ("redactions.csv", DECISIONS), ("links.csv", DOUBTFUL))


@dataclass(frozen=True)
class Receipt:
    """What the person who withdrew is given: it says nothing of who that was."""

    number: str
    date: dt.date
    rows: dict[int, int]  # wave -> answers taken out


def forget(study: Study, code: str, *, unit: str | None = None, today: dt.date | None = None) -> Receipt:
    """Take every answer given with this code (or e-mail address) out of the snapshots and answers of all waves.

    `unit`: only the answers from this unit, where two people made up one code. A sheet that still holds the answer brings
    it back no more; in the sheet itself, and in backups made before, it has to be deleted by hand. Raises StudyError where
    no answer has the code, or where it cannot be told whose it is.
    """
    with store.locked(study):
        key = pseudonym.load_key(study.id, study.folder)
        sought = mark(code, key)
        before = store.ledger(study)
        if normal(code) is None and not pseudonym.ADDRESS.fullmatch(plain(code)):
            raise _unknown(study)  # "không" is many people's
        for name, columns in TABLES:
            csv_file.read(study.folder / name, columns)  # a table that cannot be read is told before anything is done
        require_same_key(study, before, key)
        found = _rows(study, before, sought, unit, key)
        if not found:
            raise _unknown(study)
        renamed: dict[str, str] = {}
        changes: list[store.Change] = []
        taken: set[tuple[str, str]] = set()
        for wave, snapshots in found.items():
            names, change = _changed(study, wave, before.waves[wave], snapshots)
            renamed |= names
            changes += change
            taken |= {
                (str(wave), str(row))
                for raw, rows in snapshots.values()
                if names and raw.digest == before.waves[wave].snapshot
                for row in rows
            }
        receipt = Withdrawal(
            receipt=secrets.token_hex(6),
            date=today or dt.date.today(),
            rows={wave: max(len(rows) for _, rows in snapshots.values()) for wave, snapshots in found.items()},
            mark=sought if unit is None else f"{sought}|{unit}",
        )
        after = before.model_copy(
            update={
                "pulls": tuple(
                    one.model_copy(update={"snapshot": renamed.get(one.snapshot, one.snapshot)}) for one in before.pulls
                ),
                "withdrawals": (*before.withdrawals, receipt),
                "key": pseudonym.fingerprint(key),
            }
        )
        store.commit(study, before, changes, after, gone=tuple(path for paths in found.values() for path in paths))
        _forget_in_tables(study, taken, code)
    return Receipt(receipt.receipt, receipt.date, receipt.rows)


def mark(code: object, key: bytes) -> str:
    """The keyed hash by which a withdrawn code, or address, is known again; without the key it says nothing."""
    words = like(code) or normal(code) or plain(code)
    return hmac.new(key, words.encode(), hashlib.sha256).hexdigest()


def without_withdrawn(study: Study, sheet: Raw, bound: Bound, ledger: Ledger) -> tuple[Raw, Bound]:
    """A sheet as read without the answers that were taken back: they are not even kept as read."""
    if not ledger.withdrawals:
        return sheet, bound
    key = pseudonym.load_key(study.id, study.folder)
    require_same_key(study, ledger, key)
    rows = [row for one in ledger.withdrawals for row in _given(study, bound.frame, *_parts(one.mark), key)]
    if not rows:
        return sheet, bound
    return replace(sheet, frame=sheet.frame.drop(index=rows)), replace(bound, frame=bound.frame.drop(index=rows))


def _parts(mark: str) -> tuple[str, str | None]:
    sought, _, unit = mark.partition("|")
    return sought, unit or None


def _given(study: Study, frame: pd.DataFrame, sought: str, unit: str | None, key: bytes) -> list[int]:
    """The rows of a bound sheet that were given with a code."""
    form, rows = study.form, set()
    code, place = form.used_as("code"), form.used_as("unit")
    for name in (code.id if code else None, EMAIL):
        if name in frame:
            rows |= {int(row) for row, cell in frame[name].items() if cell is not None and mark(cell, key) == sought}
    if unit is None or place is None or place.id not in frame:
        return sorted(rows)
    choices = form.choices_of(place)
    return sorted(row for row in rows if (choice := choices.find(frame[place.id][row])) and choice.value == unit)


def _rows(
    study: Study, ledger: Ledger, sought: str, unit: str | None, key: bytes
) -> dict[int, dict[Path, tuple[Raw, list[int]]]]:
    """Wave -> each snapshot that holds the code, and its rows; raises StudyError where two people may have the code."""
    found: dict[int, dict[Path, tuple[Raw, list[int]]]] = {}
    place, code = study.form.used_as("unit"), study.form.used_as("code")
    needed = {EMAIL, *(question.id for question in (place, code) if question)}
    for wave, held in ledger.waves.items():
        names = {header: name for name, headers in ledger.headers.items() for header in headers} | held.bound
        for path in store.snapshot_files(study, wave):
            raw = store.load_snapshot(path)
            bound = {
                header: names.get(header, EMAIL if plain(header) in EMAIL_TITLES else "")
                for header in raw.frame.columns
            }
            frame = merged(raw, {header: name for header, name in bound.items() if name in needed}, wave)
            rows = _given(study, frame, sought, unit, key)
            if rows:
                found.setdefault(wave, {})[path] = raw, rows
            units = {str(frame[place.id][row]) for row in rows} if place and place.id in frame else set()
            if len(units) > 1 and raw.digest == held.snapshot:
                raise _two_people(study, wave)
    return found


def _changed(
    study: Study, wave: int, held: Held, found: dict[Path, tuple[Raw, list[int]]]
) -> tuple[dict[str, str], list[store.Change]]:
    """Old -> new SHA-256 of the snapshots, and the change of the answers where these were made of one of them."""
    renamed: dict[str, str] = {}
    changes: list[store.Change] = []
    for raw, rows in found.values():
        less = replace(raw, frame=raw.frame.drop(index=rows))
        renamed[raw.digest] = less.digest
        store.save_snapshot(study, wave, less)
        if raw.digest == held.snapshot:
            answers, codes = store.frames(study, held)
            stay = answers.index.difference(rows, sort=False)
            answers = answers.loc[stay].assign(snapshot=less.digest)
            changes.append(
                store.Change(
                    wave, less, less, answers, None if codes is None else codes.loc[stay], held.bound, held.anchors
                )
            )
    return renamed, changes


def _forget_in_tables(study: Study, gone: set[tuple[str, str]], code: str) -> None:
    """Take the lines about these answers (wave, row), and those that name the code, out of the tables beside study.yaml."""
    for name, columns in TABLES:
        table = csv_file.read(study.folder / name, columns)
        if {"wave", "row"} <= set(columns):
            stay = [key not in gone for key in zip(table["wave"], table["row"], strict=True)]
        else:
            gone_code = like(code) or normal(code)
            stay = [
                gone_code not in (like(one), like(two))
                for one, two in zip(table["code_1"], table["code_2"], strict=True)
            ]
        if not all(stay):
            store.write(study.folder / name, csv_file.text(table[stay]))


def require_same_key(study: Study, ledger: Ledger, key: bytes) -> None:
    """Raise StudyError where the key on this machine is not the one that the store's marks were made with."""
    if ledger.key and ledger.key != pseudonym.fingerprint(key):
        raise StudyError(
            str(study.folder),
            rule=Text(
                "Khóa bí mật của khảo sát phải là khóa đã dùng từ đầu.",
                "The study's secret key is the one used so far.",
            ),
            found=Text("máy này có khóa khác", "this computer has another key"),
            cure=Text(
                f"Chép tệp {study.id}.key từ máy cũ (thư mục khaosatso trong thư mục cấu hình của người dùng), rồi chạy lại.",
                f"Copy the file {study.id}.key from the old computer (folder khaosatso in the user's settings), then run again.",
            ),
        )


def _unknown(study: Study) -> StudyError:
    return StudyError(
        str(study.folder),
        rule=Text("Mã được rút phải có trong câu trả lời.", "The code to withdraw is among the answers."),
        found=Text("không câu trả lời nào có mã này", "no answer has this code"),
        cure=Text(
            "Hỏi lại mã người ấy đã ghi. Không nhớ mã thì không ai biết câu trả lời nào của người ấy.",
            "Ask for the code once more. Without the code nobody can tell which answer is that person's.",
        ),
    )


def _two_people(study: Study, wave: int) -> StudyError:
    return StudyError(
        f"{study.folder} ({Text('đợt', 'wave')} {wave})",
        rule=Text("Mã được rút phải là của một người.", "The code to withdraw is one person's."),
        found=Text("người ở hai đơn vị cùng đặt mã này", "people of two units made up this code"),
        cure=Text("Thêm --unit MÃ_ĐƠN_VỊ của người rút.", "Add --unit UNIT of the person who withdraws."),
    )
