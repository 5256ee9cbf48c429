"""The files of a study's folder evidence/ and their record evidence.json: which bytes were there on which day.

evidence/…       the files, in any subfolders, as people put them there; no program changes them
evidence.json    every version of every file that was ever recorded, and the SHA-256 of the record itself

The record finds accidents and careless hands. Whoever can write the folder could forge a file and the record together;
against that stand the backups, and the annex of a report that was signed, which holds the hashes.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

import pandas as pd
from pydantic import Field, ValidationError

from survey import store
from survey.errors import StudyError, Text
from survey.questionnaire import Model
from survey.study import Study

FOLDER = "evidence"
RECORD = "evidence.json"
SCHEMA = 1
FILES = {"file": "str", "size": "Int64", "sha256": "str", "fault": "str"}
RECORDED = {
    "file": "str",
    "sha256": "str",
    "size": "Int64",  # bytes
    "added": "datetime64[us]",  # the day of its first version
    "changed": "datetime64[us]",  # the day of its present version; `added`, where there was one only
    "versions": "Int64",
    "gone": "datetime64[us]",  # the day on which a person accepted that it is no longer there
}
NEWS = {
    "new": Text("mới ghi sổ", "newly recorded"),
    "changed": Text("nội dung đã đổi", "the content has changed"),
    "gone": Text("không còn tệp", "no longer there"),
}
FAULTS = {
    "link": Text(
        "đường tắt (liên kết) dẫn ra ngoài thư mục minh chứng, tới một thư mục, hoặc không tới đâu",
        "a link that leads out of the evidence folder, to a folder, or nowhere",
    ),
    "unreadable": Text("không đọc được", "cannot be read"),
    "name": Text("tên tệp không phải chữ Unicode: đổi tên tệp", "the file's name is no Unicode text: rename it"),
}


class Version(Model):
    """The bytes of a file as they were on the day of recording."""

    sha256: str
    size: int
    recorded: dt.date


class Exhibit(Model):
    """A file of evidence by its path below evidence/, with every version, the present one last."""

    name: str
    versions: tuple[Version, ...] = Field(min_length=1)
    gone: dt.date | None = None

    @property
    def now(self) -> Version:
        return self.versions[-1]


class Record(Model):
    """The content of evidence.json, which is replaced as a whole."""

    schema_: Literal[1] = 1
    files: tuple[Exhibit, ...] = ()

    def text(self) -> str:
        body = self.model_dump(mode="json")
        return json.dumps({"sha256": _digest(body), "record": body}, ensure_ascii=False, indent=1) + "\n"

    @classmethod
    def parse(cls, content: bytes, path: Path) -> Record:
        """Read evidence.json; raises StudyError in words where it is damaged, edited, or of a later version."""
        try:
            whole = json.loads(content)
            body, schema = whole["record"], whole["record"]["schema_"]
            later = isinstance(schema, int) and schema > SCHEMA
            if not later and whole["sha256"] == _digest(body):
                return cls.model_validate(body)
        except (ValueError, KeyError, TypeError, RecursionError, ValidationError):
            later = False
        raise _later(path, schema) if later else _damaged(path)


# --- Names


def key(name: str) -> str:
    """What two names have in common that Windows or macOS take for one: NFC, and each letter in capitals.

    As in NTFS letter by letter: ß stays ß. Paths are written with "/".
    """
    letters = unicodedata.normalize("NFC", name)
    return "".join(up if (up := letter.upper()).lower() == letter else letter for letter in letters)


def left_out(name: str) -> bool:
    """Whether a file or folder is none of the school's: hidden, a lock file of Office, what Windows and macOS put there."""
    return name.startswith((".", "~$")) or name.casefold() in ("thumbs.db", "desktop.ini")


def shown(name: str) -> str:
    """A name as it may be printed: without line breaks, escapes and marks that turn the direction of writing."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name)


def matched(names: Iterable[str], there: Iterable[str]) -> dict[str, str]:
    """Each name -> the file that it is: the very same name, else one that differs in case or Unicode form alone."""
    names, there = list(names), list(there)
    known, present = set(names), set(there)
    spare = {key(name): name for name in there if name not in known}
    found = {name: name if name in present else spare.get(key(name)) for name in names}
    taken: set[str] = set()
    pairs = {}
    for name, file in found.items():
        if file is not None and file not in taken:
            taken.add(file)
            pairs[name] = file
    return pairs


# --- The files


def files(study: Study) -> pd.DataFrame:
    """Every file of evidence/ as it is now, by name; columns FILES. size: bytes. `fault`: a word of FAULTS, else missing.

    What `left_out` names is not among them. Files are read in pieces, however large they are.
    """
    rows = [_file(study.folder / FOLDER, name, fault) for name, fault in _walk(study)]
    table = pd.DataFrame(rows, columns=list(FILES)).astype(FILES)
    return table.sort_values("file", kind="stable", ignore_index=True)


def _file(root: Path, name: str, fault: str | None) -> tuple[str, int | None, str | None, str | None]:
    written = os.fsencode(name).decode("utf-8", "replace")
    if fault is None and written != name:
        fault = "name"
    if fault:
        return written, None, None, fault
    try:
        with (root / name).open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            return name, file.tell(), sha256, None
    except OSError:
        return name, None, None, "unreadable"


def _walk(study: Study) -> Iterator[tuple[str, str | None]]:
    """The path of each file below evidence/, and "link" where it is a way out of the folder."""
    root = study.folder / FOLDER
    if not os.path.lexists(root):
        return
    if _is_link(root):
        yield ".", "link"
        return
    inside = Path(os.path.realpath(root))
    for place, folders, names in os.walk(root, onerror=_stop):
        here = Path(place)
        kept = [name for name in folders if not left_out(name)]
        folders[:] = [name for name in kept if not _is_link(here / name)]
        for name in (name for name in kept if name not in folders):
            yield (here / name).relative_to(root).as_posix(), "link"
        for name in (name for name in names if not left_out(name)):
            path = here / name
            away = path.is_symlink() and inside not in Path(os.path.realpath(path)).parents
            if away or (path.is_symlink() and not path.exists()):
                yield path.relative_to(root).as_posix(), "link"
            elif path.is_file():  # no pipe, no device
                yield path.relative_to(root).as_posix(), None


def _is_link(folder: Path) -> bool:
    """Whether a folder lies elsewhere than its path says: a symlink, or a junction of Windows."""
    return os.path.realpath(folder) != os.path.join(os.path.realpath(folder.parent), folder.name)


def _stop(error: OSError) -> None:
    raise error


# --- The record


def opened(study: Study) -> Record:
    """The record as last written; an empty one where nothing was recorded yet. Raises StudyError where it is damaged."""
    path = study.folder / RECORD
    try:
        return Record.parse(path.read_bytes(), path)
    except FileNotFoundError:
        return Record()


def recorded(study: Study) -> pd.DataFrame:
    """What is recorded: a row per file with its present version; columns RECORDED. Raises StudyError where it is damaged."""
    rows = [
        {
            "file": exhibit.name,
            "sha256": exhibit.now.sha256,
            "size": exhibit.now.size,
            "added": exhibit.versions[0].recorded,
            "changed": exhibit.now.recorded,
            "versions": len(exhibit.versions),
            "gone": exhibit.gone,
        }
        for exhibit in opened(study).files
    ]
    return pd.DataFrame(rows, columns=list(RECORDED)).astype(RECORDED)


def history(study: Study) -> pd.DataFrame:
    """Every version that was ever recorded, the oldest of a file first: file, sha256, size, recorded."""
    rows = [(one.name, v.sha256, v.size, v.recorded) for one in opened(study).files for v in one.versions]
    types = {"file": "str", "sha256": "str", "size": "Int64", "recorded": "datetime64[us]"}
    return pd.DataFrame(rows, columns=list(types)).astype(types)


def record(study: Study, *, accept: bool = False, today: dt.date | None = None) -> pd.DataFrame:
    """Record the files of evidence/ that are new; a row for each that is new, changed or gone: what, file, taken.

    A changed file is taken into the record, and one that is gone marked so, only with `accept`; `taken` says whether it
    was. The record keeps every earlier version. Raises StudyError, and writes nothing, where the record is damaged, a
    file cannot be read or a link leads out of the folder.
    """
    store.refuse_tracked(study)
    with store.locked(study):
        before, found = opened(study), files(study)
        _refuse_faulty(study, found)
        after, news = _compared(before, found, accept, today or dt.date.today())
        if after != before:
            store.write(study.folder / RECORD, after.text().encode())
    return pd.DataFrame(news, columns=["what", "file", "taken"]).astype({"what": "str", "file": "str", "taken": bool})


def _compared(before: Record, found: pd.DataFrame, accept: bool, today: dt.date) -> tuple[Record, list[tuple]]:
    """The record with what is taken, and the news: what, file, taken."""
    now = {row.file: Version(sha256=row.sha256, size=row.size, recorded=today) for row in found.itertuples()}
    pairs = matched((exhibit.name for exhibit in before.files), now)
    kept, news = [], []
    for exhibit in before.files:
        name = pairs.get(exhibit.name)
        what = _difference(exhibit, now[name] if name else None)
        taken = what == "new" or (accept and what is not None)
        if what:
            news.append((what, name or exhibit.name, taken))
        kept.append(_renewed(exhibit, now[name] if name else None, today) if taken else exhibit)
    for name in sorted(set(now) - set(pairs.values())):
        news.append(("new", name, True))
        kept.append(Exhibit(name=name, versions=(now[name],)))
    order = list(NEWS)
    files_ = tuple(sorted(kept, key=lambda exhibit: exhibit.name))
    return Record(files=files_), sorted(news, key=lambda one: (order.index(one[0]), one[1]))


def _difference(exhibit: Exhibit, now: Version | None) -> str | None:
    if now is None:
        return None if exhibit.gone else "gone"
    if now.sha256 != exhibit.now.sha256:
        return "changed"
    return "new" if exhibit.gone else None  # it is back


def _renewed(exhibit: Exhibit, now: Version | None, today: dt.date) -> Exhibit:
    if now is None:
        return exhibit.model_copy(update={"gone": today})
    versions = exhibit.versions if now.sha256 == exhibit.now.sha256 else (*exhibit.versions, now)
    return exhibit.model_copy(update={"versions": versions, "gone": None})


def _refuse_faulty(study: Study, found: pd.DataFrame) -> None:
    for row in found[found["fault"].notna()].itertuples():
        raise StudyError(
            str(study.folder / FOLDER / shown(row.file)),
            rule=Text(
                "Minh chứng là tệp thật, đọc được, nằm trong thư mục evidence.",
                "Evidence is a real file that can be read, within the folder evidence.",
            ),
            found=FAULTS[row.fault],
            cure=Text(
                "Chép chính tệp ấy vào thư mục evidence (không dùng đường tắt), đóng chương trình đang giữ tệp, rồi chạy lại; "
                "chưa có gì được ghi.",
                "Copy the file itself into the folder evidence (no link), close what holds it, then run again; nothing has "
                "been written.",
            ),
        )


def _digest(body: object) -> str:
    return hashlib.sha256(json.dumps(body, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def _damaged(path: Path) -> StudyError:
    return StudyError(
        str(path),
        rule=Text("Sổ minh chứng phải còn nguyên vẹn.", "The record of the evidence is whole."),
        found=Text("tệp hỏng hoặc đã bị sửa", "damaged or edited"),
        cure=Text(
            "Lấy lại tệp này từ bản sao lưu (python run.py survey restore BẢN_SAO.zip THƯ_MỤC_MỚI); đừng xóa nó: các mã băm đã "
            "ghi chỉ nằm ở đó và trong các phụ lục đã in.",
            "Take this file from a backup (python run.py survey restore BACKUP.zip NEW_FOLDER); do not delete it: the recorded "
            "hashes are only there and in the annexes that were printed.",
        ),
    )


def _later(path: Path, schema: int) -> StudyError:
    return StudyError(
        str(path),
        rule=Text(f"Sổ minh chứng ở định dạng {SCHEMA}.", f"The record of the evidence has format {SCHEMA}."),
        found=Text(f"định dạng {schema}", f"format {schema}"),
        cure=Text(
            "Sổ do một bản mới hơn của chương trình ghi: cập nhật chương trình, rồi chạy lại.",
            "A later version of the program wrote it: update the program, then run again.",
        ),
    )
