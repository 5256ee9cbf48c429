"""The data folder of a study: what was read, written once, and what was made of it. No other module knows it.

study.yaml                    what the study is
store.json                    what is held, and every pull (see ledger.py); its replacement is the one moment of change
raw/2027/<hash>.json          the sheet as read, never changed; one file per different content
answers/2027-<hash>.parquet   one row per respondent: a column per question; no code, no address, the day and no time
codes/2027-<hash>.parquet     the codes that people made up, by which alone one person is found in two waves
columns.csv corrections.csv links.csv redactions.csv   what a person decided, edited in Excel
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from filelock import FileLock, Timeout

from survey import csv_file, link
from survey.errors import StudyError, Text, unwritable
from survey.ledger import File, Held, Ledger
from survey.raw import Raw

if TYPE_CHECKING:
    from survey.study import Study

ABSENT = "__absent"  # column q__absent says why q is empty: "na" (does not apply), "skipped" (not asked), "blank"
OTHER = "__other"  # column q__other holds the words written under "Khác"
Opened = dict[int, tuple[pd.DataFrame, pd.Series]]  # wave -> answers, and the codes of the same rows
PATIENCE = 20  # seconds that a second notebook waits for the first


def write(path: Path, content: bytes) -> Path:
    """Write a file whole or not at all: a crash leaves the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return path


# --- What is held


def ledger(study: Study) -> Ledger:
    """What the store holds; raises StudyError where its record is damaged, or it was written by an early version."""
    path = study.folder / "store.json"
    try:
        return Ledger.parse(path.read_text(encoding="utf-8"), path)
    except FileNotFoundError:
        if early(study):
            raise _early(study) from None
        return Ledger()
    except UnicodeDecodeError:
        return Ledger.parse("", path)


def early(study: Study) -> dict[int, Path]:
    """Wave -> the answers that a version without store.json wrote; none where the store has its record."""
    if (study.folder / "store.json").exists():
        return {}
    files = {wave.id: study.folder / "answers" / f"{wave.id}.parquet" for wave in study.waves}
    return {wave: path for wave, path in files.items() if path.exists()}


def early_snapshots(study: Study) -> dict[int, str]:
    """Wave -> SHA-256 of the snapshot that a version without store.json made its answers of."""
    found = {}
    for wave, path in early(study).items():
        try:
            found[wave] = str(pd.read_parquet(path, columns=["snapshot"])["snapshot"].iloc[0])
        except (ValueError, OSError, IndexError):  # pyarrow's errors of a damaged file are of these kinds
            raise _damaged(path, Text("tệp hỏng", "a damaged file"), study) from None
    return found


def waves(study: Study) -> list[int]:
    """The waves whose answers are in the store, in the study's order."""
    held = ledger(study).waves
    return [wave.id for wave in study.waves if wave.id in held]


def snapshots(study: Study) -> dict[int, str]:
    """Wave -> SHA-256 of the snapshot that its answers were made of."""
    held = ledger(study).waves
    return {wave: held[wave].snapshot for wave in waves(study)}


def stored(study: Study) -> pd.DataFrame:
    """Everything kept of every wave, words included but no code; for the import itself, never for a result."""
    return _stored(study, _opened(study))


def _stored(study: Study, held: Opened) -> pd.DataFrame:
    if not held:
        raise StudyError(
            str(study.folder / "answers"),
            rule=Text("Cần nhập câu trả lời trước khi phân tích.", "Answers are imported before they are analysed."),
            found=Text("chưa có đợt nào", "no wave yet"),
            cure=Text(
                f"Chạy: python run.py survey pull {study.folder}", f"Run: python run.py survey pull {study.folder}"
            ),
        )
    return pd.concat([answers for answers, _ in held.values()], ignore_index=True)


def _opened(study: Study) -> Opened:
    """Wave -> its answers (with their rows in the sheet) and the codes of the same rows, both as last committed."""
    for _ in range(3):  # a pull that ends between the record and its files takes the old files away
        held = ledger(study).waves
        try:
            return {wave.id: _wave(study, wave.id, held[wave.id]) for wave in study.waves if wave.id in held}
        except FileNotFoundError as gone:
            missing = gone
    raise _damaged(Path(str(missing.filename)), Text("không có tệp", "no such file"), study)


def _wave(study: Study, wave: int, held: Held) -> tuple[pd.DataFrame, pd.Series]:
    answers, codes = frames(study, held)
    given = pd.Series(None, index=answers.index, dtype="str") if codes is None else codes["code"]
    return answers.assign(wave=wave).reset_index(names="row"), given.reset_index(drop=True)


def frames(study: Study, held: Held) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """The answers of a wave and their codes, both by the rows of its snapshot; raises StudyError where a file is damaged."""
    return _table(study, held.answers), _table(study, held.codes) if held.codes else None


def _table(study: Study, file: File) -> pd.DataFrame:
    path = study.folder / file.name
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise _damaged(path, Text("tệp hỏng hoặc đã bị sửa", "damaged or edited"), study)
    return pd.read_parquet(io.BytesIO(content))


def coded(study: Study) -> pd.DataFrame:
    """What people are linked by: wave, row, code, unit, role (unit and role where they are asked). It leaves `data` nowhere."""
    return _coded(study, _opened(study))


def _coded(study: Study, held: Opened) -> pd.DataFrame:
    parts = []
    unit, role = study.form.used_as("unit"), study.form.used_as("role")
    if study.linked_by == "email":
        unit = role = None  # a pseudonym has no typing errors to forgive
    for answers, codes in held.values():
        part = answers[["wave", "row"]].assign(code=codes)
        for name, question in (("unit", unit), ("role", role)):
            if question and question.id in answers:
                part[name] = answers[question.id]
        parts.append(part)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["wave", "row", "code"])


def responses(study: Study) -> pd.DataFrame:
    """Who has answered, without saying who: wave, submitted (the day), unit, role; no rows where nothing is imported."""
    frames_ = [answers for answers, _ in _opened(study).values()]
    kept = pd.concat(frames_, ignore_index=True) if frames_ else pd.DataFrame(columns=["wave", "submitted"])
    found = kept[["wave", "submitted"]].copy()
    places = _places(study, kept)
    return found.assign(**{name: places.get(name) for name in ("unit", "role")})


def _places(study: Study, kept: pd.DataFrame) -> dict[str, object]:
    """unit and role of each answer; where the form does not ask and the study has one only, it is that one."""
    found: dict[str, object] = {}
    form = study.form
    for name, question, known in (
        ("unit", form.used_as("unit"), study.units),
        ("role", form.used_as("role"), study.roles),
    ):
        if question and question.id in kept:
            found[name] = kept[question.id]
        elif not question and len(known) == 1:
            found[name] = known[0].id
    return found


def linked(study: Study) -> link.Linked:
    """Who gave which answer, as far as the codes and a person's decisions (links.csv) tell."""
    return _linked(study, _opened(study), None)


def _linked(study: Study, held: Opened, out: pd.Series | None) -> link.Linked:
    """The same of a store that is open; `out`: answers that do not count."""
    codes = _coded(study, held)
    if out is not None:
        codes["code"] = codes["code"].mask(out)
    return link.link(codes, csv_file.read(study.folder / "links.csv", link.DOUBTFUL))


def answers(study: Study, out: pd.Series | None = None) -> pd.DataFrame:
    """See `Study.answers`. `out`: true for answers that are left out, so that the one of two that counts is linked."""
    held, form = _opened(study), study.form  # once: another program may pull meanwhile
    kept, people = _stored(study, held), _linked(study, held, out)
    phases = {wave.id: study.phase_of(wave) for wave in study.waves}
    head = pd.DataFrame({"wave": kept["wave"], "phase": kept["wave"].map(phases).astype("Int64")})
    head["person"] = people.person.reset_index(drop=True)
    head = head.assign(**_places(study, kept))
    shown = [
        column
        for question in form.questions.values()
        if question.use is None and question.type in ("single", "several", "linear", "number")
        for column in form.columns_of(question)
        if column in kept
    ]
    why = [column + ABSENT for column in shown if column + ABSENT in kept]
    found = pd.concat([head, kept[[*shown, *why]]], axis=1)
    return found if out is None else found[~out].reset_index(drop=True)


# --- Snapshots


def snapshot_path(study: Study, wave: int) -> Path:
    """The snapshot that a wave's answers were made of."""
    return _snapshot(study, wave, snapshots(study)[wave])


def _snapshot(study: Study, wave: int, digest: str) -> Path:
    return study.folder / "raw" / str(wave) / f"{digest[:16]}.json"


def snapshot_files(study: Study, wave: int) -> list[Path]:
    """Every snapshot that is kept of a wave."""
    return sorted((study.folder / "raw" / str(wave)).glob("*.json"))


def snapshot(study: Study, wave: int, digest: str) -> Raw:
    """The snapshot of a wave that has this SHA-256; raises StudyError where it is missing or damaged."""
    path = _snapshot(study, wave, digest)
    if not path.exists():
        raise _bad_snapshot(path, Text("không có tệp", "no such file"))
    return load_snapshot(path)


def save_snapshot(study: Study, wave: int, raw: Raw) -> Path:
    """Keep the sheet as read; content that is kept already is not written again."""
    path = _snapshot(study, wave, raw.digest)
    if not path.exists():
        write(path, b"".join(line.encode() for line in raw.lines()))
        path.chmod(stat.S_IREAD | stat.S_IRGRP | stat.S_IROTH)
    return path


def load_snapshot(path: Path) -> Raw:
    """A kept snapshot as the raw frame that it was; raises StudyError where the file is not what was written."""
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest()[:16] != path.stem:
        raise _bad_snapshot(path, Text("tệp hỏng hoặc đã bị sửa", "damaged or edited"))
    table = json.loads(content)
    rows = table.pop("rows")
    cells = np.empty((len(rows), len(table["headers"])), dtype=object)
    for place, row in enumerate(rows):
        cells[place] = row[1:]
    frame = pd.DataFrame(cells, index=pd.Index([row[0] for row in rows], name="row", dtype="int64"), dtype=object)
    frame.columns = pd.Index(table["headers"], dtype=object)
    return Raw(
        frame,
        str(path),
        table["timezone"],
        table["serial_dates"],
        table.get("month_first", False),
    )


def _bad_snapshot(path: Path, found: Text) -> StudyError:
    return StudyError(
        str(path),
        rule=Text("Bản chụp trang tính không bao giờ thay đổi.", "A snapshot of the sheet never changes."),
        found=found,
        cure=Text(
            "Lấy lại tệp ấy từ bản sao lưu (python run.py survey restore …), hoặc nhập lại từ trang tính vào một thư mục mới.",
            "Take the file from a backup (python run.py survey restore …), or import the sheet into a new folder.",
        ),
    )


# --- Change


@dataclass(frozen=True)
class Change:
    """What is to be kept of one wave: the sheet, and the frames made of it, by its rows."""

    wave: int
    sheet: Raw  # as it was read
    raw: Raw  # what the answers were made of: where nobody's answer is another, the reading before
    answers: pd.DataFrame
    codes: pd.DataFrame | None
    bound: dict[str, str]
    anchors: dict[str, str]


@contextlib.contextmanager
def locked(study: Study) -> Iterator[None]:
    """Only one program changes a store at a time; raises UserError in words where another one does not end,
    and where the disk fails."""
    try:
        study.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(study.folder / ".lock", timeout=PATIENCE):
            yield
    except Timeout:
        raise StudyError(
            str(study.folder),
            rule=Text("Mỗi lúc chỉ một chương trình ghi vào kho.", "One program at a time writes to the store."),
            found=Text("một sổ hay cửa sổ lệnh khác đang ghi", "another notebook or command is writing"),
            cure=Text("Chờ việc ấy xong rồi chạy lại.", "Wait until it has ended, then run again."),
        ) from None
    except OSError as error:
        raise unwritable(error) from None


def commit(study: Study, before: Ledger, changes: list[Change], after: Ledger, gone: tuple[Path, ...] = ()) -> Ledger:
    """Keep the changes and their record, all or nothing; `after` is the record but for the files. To be called locked.

    Files come first, under names of their content, and disturb nobody; the record comes last. Whatever happens before
    leaves the old state. `gone`: files that are to be deleted, at the latest by the next change.
    """
    refuse_tracked(study)
    held = dict(after.waves)
    for change in changes:
        for raw in (change.sheet, change.raw):
            save_snapshot(study, change.wave, raw)
        held[change.wave] = Held(
            snapshot=change.raw.digest,
            answers=_save(study, "answers", change.wave, change.answers),
            codes=None if change.codes is None else _save(study, "codes", change.wave, change.codes),
            bound=change.bound,
            anchors=change.anchors,
        )
    leftover = {*after.leftover, *(path.relative_to(study.folder).as_posix() for path in gone)}
    ledger = after.model_copy(update={"waves": held, "leftover": tuple(sorted(leftover))})
    write(study.folder / "store.json", ledger.text().encode())
    return _swept(study, before, ledger)


def _save(study: Study, kind: str, wave: int, frame: pd.DataFrame) -> File:
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=True)
    content = buffer.getvalue()
    digest = hashlib.sha256(content).hexdigest()
    path = study.folder / kind / f"{wave}-{digest[:12]}.parquet"
    if not path.exists() or path.read_bytes() != content:
        write(path, content)
    return File(name=f"{kind}/{path.name}", sha256=digest)


def _swept(study: Study, before: Ledger, after: Ledger) -> Ledger:
    """Delete what nobody uses: all but the files of this state and of the one before, which somebody may just be reading."""
    for name in after.leftover:
        path = study.folder / name
        if path.exists():
            path.chmod(stat.S_IREAD | stat.S_IWRITE)  # Windows deletes nothing that is read-only
            path.unlink()
    used = after.files if after.leftover else after.files | before.files
    for kind in ("answers", "codes"):
        for path in (study.folder / kind).glob("*.parquet"):
            if f"{kind}/{path.name}" not in used:
                path.unlink()
    for folder in (".", "answers", "codes", "raw/*"):
        for part in study.folder.glob(f"{folder}/.*.part"):
            part.unlink()  # of a program that was killed while it wrote; nobody else writes here now
    if not after.leftover:
        return after
    cleared = after.model_copy(update={"leftover": ()})
    write(study.folder / "store.json", cleared.text().encode())
    return cleared


def refuse_tracked(study: Study, folder: Path | None = None) -> None:
    """Raise StudyError where git would take real answers up: the folder (the study's own, if none is given) lies in a
    repository that does not ignore it."""
    folder = (folder or study.folder).resolve()
    if study.pretend or not any((parent / ".git").exists() for parent in (folder, *folder.parents)):
        return
    try:
        ignored = subprocess.run(
            ["git", "-C", folder, "check-ignore", "-q", folder / "store.json"], capture_output=True
        )
        tracked = subprocess.run(["git", "-C", folder, "ls-files", "--", folder], capture_output=True)
        safe = ignored.returncode == 0 and not tracked.stdout.strip()
    except FileNotFoundError:  # without git nobody commits here; the project's own data folder is ignored
        safe = True
    if not safe:
        raise StudyError(
            str(folder),
            rule=Text(
                "Câu trả lời thật không bao giờ nằm trong thư mục mà git theo dõi.",
                "Real answers never lie in a folder that git follows.",
            ),
            found=Text("git theo dõi thư mục này", "git follows this folder"),
            cure=Text(
                "Chuyển thư mục khảo sát ra ngoài kho git, hoặc vào thư mục data của dự án (đã được bỏ qua trong .gitignore). "
                "Khảo sát tập dượt: ghi pretend: true.",
                "Move the study's folder out of the repository, or into the project's data folder (which .gitignore names). A "
                "study for practice: write pretend: true.",
            ),
        )


# --- Is it whole


@dataclass(frozen=True)
class Fault:
    """Something in the store that is not as it was written."""

    file: str
    found: Text


def faults(study: Study) -> list[Fault]:
    """Everything in the store that is missing, damaged, edited, or that nobody knows; [] where all is whole."""
    kept, found = ledger(study), []
    for wave, held in kept.waves.items():
        for file in filter(None, (held.answers, held.codes)):
            found += _fault(study.folder / file.name, file.name, file.sha256)
        if not _snapshot(study, wave, held.snapshot).exists():
            found.append(Fault(_name(study, wave, held.snapshot), Text("không có bản chụp", "no snapshot")))
    for pull in kept.pulls:
        path = _snapshot(study, pull.wave, pull.snapshot)
        if not path.exists() and pull.snapshot != kept.waves[pull.wave].snapshot:
            found.append(Fault(_name(study, pull.wave, pull.snapshot), Text("không có bản chụp", "no snapshot")))
    for path in sorted((study.folder / "raw").glob("*/*.json")):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if digest[:16] != path.stem:
            name = path.relative_to(study.folder).as_posix()
            found.append(Fault(name, Text("tệp hỏng hoặc đã bị sửa", "damaged or edited")))
    for name in kept.leftover:
        if (study.folder / name).exists():
            found.append(Fault(name, Text("lẽ ra đã xóa; chạy lại một lần pull", "should be gone; run pull once")))
    return list(dict.fromkeys(found))


def _fault(path: Path, name: str, sha256: str) -> list[Fault]:
    if not path.exists():
        return [Fault(name, Text("không có tệp", "no such file"))]
    if hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
        return [Fault(name, Text("tệp hỏng hoặc đã bị sửa", "damaged or edited"))]
    return []


def _name(study: Study, wave: int, digest: str) -> str:
    return _snapshot(study, wave, digest).relative_to(study.folder).as_posix()


def _damaged(path: Path, found: Text, study: Study) -> StudyError:
    return StudyError(
        str(path),
        rule=Text("Tệp câu trả lời trong kho phải còn nguyên vẹn.", "The stored file of answers is whole."),
        found=found,
        cure=Text(
            f"Làm lại từ bản chụp: python run.py survey pull {study.folder} --kept",
            f"Make it again of the snapshot: python run.py survey pull {study.folder} --kept",
        ),
    )


def _early(study: Study) -> StudyError:
    return StudyError(
        str(study.folder),
        rule=Text("Kho ở định dạng 2.", "The store has format 2."),
        found=Text("định dạng 1, của bản đầu tiên", "format 1, of the first version"),
        cure=Text(
            f"Chuyển một lần, không cần mạng: python run.py survey pull {study.folder} --kept",
            f"Turn it over once, no network needed: python run.py survey pull {study.folder} --kept",
        ),
    )
