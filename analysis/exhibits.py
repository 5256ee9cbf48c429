"""The evidence of the review: each figure's file or address held against the record, and the list of all for the annex."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pandas as pd

from analysis import tables
from analysis.awards import nominations
from analysis.custody import FAULTS, FOLDER, Exhibit, files, key, matched, opened, record, recorded, shown
from analysis.register import ENTRIES
from analysis.sentences import day
from survey.errors import Text
from survey.study import Study

__all__ = ["KINDS", "check", "index", "index_xlsx", "record", "recorded"]

KINDS = {  # kind of finding -> whether it is wrong; what is not wrong is to be looked at
    "missing": True,
    "changed": True,
    "unrecorded": True,
    "empty": True,
    "outside": True,
    "address": True,
    "clash": True,
    "unreadable": True,
    "doubled": False,
    "spelling": False,
    "unnamed": False,
    "unused": False,
}
FINDINGS = {
    "kind": "str",
    "wrong": "bool",
    "file": "str",  # as it is below evidence/; as the entry names it, where there is no such file
    "target": "Int64",  # of the entry that names it; missing where none does
    "criterion": "str",
    "date": "datetime64[us]",
    "words": "object",  # Text
}
INDEX = {
    "number": "Int64",  # of the file or address: one that proves two figures has one number
    "file": "str",
    "proves": "object",  # Text
    "date": "datetime64[us]",
    "recorded": "datetime64[us]",  # the day of the present version
    "size": "Int64",  # bytes
    "sha256": "str",
    "state": "object",  # Text
}
HEADINGS = {
    "number": Text("Số", "No."),
    "file": Text("Minh chứng", "Evidence"),
    "proves": Text("Chứng minh cho", "Proves"),
    "date": Text("Số liệu đến ngày", "As of"),
    "recorded": Text("Ngày ghi sổ", "Recorded on"),
    "size": Text("Kích thước (byte)", "Size (bytes)"),
    "short": Text("SHA-256 (16 chữ số đầu)", "SHA-256 (first 16)"),
    "state": Text("Tình trạng", "State"),
    "sha256": Text("SHA-256", "SHA-256"),
}
SHEET = Text("Danh mục minh chứng", "List of evidence")
ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://|www\.", re.IGNORECASE)
PRINTED = 16  # hexadecimal digits of a hash that a page shows


class Named(NamedTuple):
    """What an entry names: a file of evidence/ (`file`), or why it is none."""

    kind: str  # "file", "https", "missing", "unrecorded", "outside", "address", "unnamed"
    file: str
    why: Text = Text("")


# --- Findings


def check(study: Study, entries: pd.DataFrame) -> pd.DataFrame:
    """Everything about the evidence that is wrong or to be looked at; columns FINDINGS, a row per file and entry.

    entries: see `register.entries`. A replaced entry needs no file any longer, but the file that it names is used.
    Raises StudyError where the record is damaged. Changes nothing.
    """
    look = _Look(study, entries.astype(ENTRIES))
    found = [*_of_files(look), *_of_record(look), *_of_entries(look), *_of_two(look)]
    rows = [
        (one.kind, KINDS[one.kind], one.file, *_whose(one.entry), _worded(one.found, one.file, one.entry, look))
        for one in found
    ]
    order = list(KINDS)
    rows.sort(key=lambda row: order.index(row[0]))
    return pd.DataFrame(rows, columns=list(FINDINGS)).astype(FINDINGS)


def everything(study: Study, entries: pd.DataFrame) -> pd.DataFrame:
    """The entries, and as entries of their own the evidence of good practices (criterion ND2) and nominations (D001)."""
    rows = [{"criterion": f"ND{one.content}", "unit": one.unit, "evidence": one.evidence or None}
            for one in (study.movement.practices if study.movement else ())]  # fmt: skip
    for one in nominations(study).itertuples():
        rows.append({"criterion": one.id, "date": one.entered, "evidence": one.evidence})
    more = pd.DataFrame([{"occurred": True, "replaced": False, **row} for row in rows], columns=list(ENTRIES))
    return pd.concat([entries.astype(ENTRIES), more.astype(ENTRIES)], ignore_index=True)


class _Finding(NamedTuple):
    kind: str
    file: str
    found: Text
    entry: Any = None  # a row of the entries


@dataclass(frozen=True)
class _Look:
    """The files, the record and the entries at one moment; every file is read once."""

    study: Study
    entries: pd.DataFrame

    @cached_property
    def files(self) -> dict[str, Any]:
        """Name -> its row of `custody.files`, but for what cannot be read as a file."""
        return {row.file: row for row in self._found.itertuples() if pd.isna(row.fault)}

    @cached_property
    def faulty(self) -> dict[str, str]:
        return {row.file: row.fault for row in self._found.itertuples() if not pd.isna(row.fault)}

    @cached_property
    def _found(self) -> pd.DataFrame:
        return files(self.study)

    @cached_property
    def record(self) -> tuple[Exhibit, ...]:
        return opened(self.study).files

    @cached_property
    def exhibits(self) -> dict[str, Exhibit]:
        """File as it is there now -> what is recorded of it."""
        pairs = matched((one.name for one in self.record), [*self.files, *self.faulty])
        return {pairs[one.name]: one for one in self.record if one.name in pairs}

    @cached_property
    def lost(self) -> dict[str, Exhibit]:
        """Key of a name -> what is recorded of a file that is no longer there."""
        here = {one.name for one in self.exhibits.values()}
        return {key(one.name): one for one in self.record if one.name not in here and not one.gone}

    @cached_property
    def named(self) -> list[tuple[Any, Named]]:
        """Each entry, in the order of the annex, and what it names."""
        rows = sorted(self.entries.itertuples(), key=_place)
        return [(row, _named(self, row.evidence)) for row in rows]

    @cached_property
    def users(self) -> dict[str, list]:
        """File or address -> the entries that name it, replaced ones too."""
        users: dict[str, list] = {}
        for entry, named in self.named:
            users.setdefault(named.file, []).append(entry)
        return users

    @cached_property
    def spelt(self) -> dict[str, str]:
        """Key of a name -> the file that is there."""
        return {key(name): name for name in [*self.files, *self.faulty]}

    @cached_property
    def labels(self) -> dict[str, Text]:
        """Criterion of the index -> its words, where the study keeps a register of them."""
        register = self.study.register("targets")
        choices = register.form.choices.get("tieu_chi") if register else None
        return {str(choice.value): choice.label for choice in choices.options} if choices else {}

    def file(self, path: str) -> str | None:
        """The file of evidence/ that a path means, in its own spelling."""
        return path if path in self.files or path in self.faulty else self.spelt.get(key(path))


def _place(entry) -> tuple:
    """Order of the annex: targets, then criteria (1.9 before 1.10), each by date and unit."""
    target = 10**6 if pd.isna(entry.target) else int(entry.target)
    parts = "" if pd.isna(entry.criterion) else str(entry.criterion)
    criterion = [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts.split(".")]
    return target, criterion, str(entry.date), "" if pd.isna(entry.unit) else str(entry.unit)


def _named(look: _Look, evidence: object) -> Named:
    """What an entry's evidence is: a path below evidence/, else below the study's folder, or an address."""
    written = "" if pd.isna(evidence) else str(evidence).strip()
    if not written:
        return Named("unnamed", "", Text("số liệu này không nêu minh chứng nào", "the figure names no evidence"))
    if ADDRESS.match(written):
        return _address(written)
    name = written if look.file(written) else written.replace("\\", "/")
    path = posixpath.normpath(name)
    if _climbs(path) or PureWindowsPath(written).drive:
        return Named("outside", written, Text("tên dẫn ra ngoài thư mục", "the name leads outside the folder"))
    for inside in (path, path.removeprefix(f"{FOLDER}/")):
        if file := look.file(inside):
            return Named("file", file)
    return _elsewhere(look, path)


def _climbs(path: str) -> bool:
    return PurePosixPath(path).is_absolute() or PurePosixPath(path).parts[:1] == ("..",)


def _address(written: str) -> Named:
    """An address is shown without the user name and password that it may hold."""
    address = re.sub(r"//[^/?#]*@", "//", written)
    try:
        parts = urlsplit(address)
        right = parts.scheme == "https" and bool(parts.hostname) and not re.search(r"\s", address)
    except ValueError:
        right = False
    if not right:
        why = Text(
            "địa chỉ phải bắt đầu bằng https:// và viết liền", "an address begins with https:// and has no space"
        )
        return Named("address", address, why)
    if address != written:
        why = Text("địa chỉ chứa tên đăng nhập hoặc mật khẩu", "the address holds a user name or password")
        return Named("address", address, why)
    return Named("https", address)


def _elsewhere(look: _Look, path: str) -> Named:
    """A path that is no file of evidence/: one beside it, a hidden one, a folder, or nothing at all."""
    folder = look.study.folder
    inside = path.removeprefix(f"{FOLDER}/")
    if os.path.isfile(folder / FOLDER / inside):
        why = Text(
            "tệp ẩn hoặc tệp tạm: không được ghi sổ; hãy đổi tên",
            "a hidden or temporary file, which is not recorded; rename it",
        )
        return Named("unrecorded", inside, why)
    if os.path.isfile(folder / path):
        if Path(os.path.realpath(folder)) not in Path(os.path.realpath(folder / path)).parents:
            return Named("outside", path, FAULTS["link"])
        why = Text(
            "tệp nằm ngoài thư mục evidence nên không được ghi sổ và sao lưu; hãy chuyển vào đó",
            "the file lies beside the folder evidence, so it is neither recorded nor backed up; move it there",
        )
        return Named("unrecorded", path, why)
    if any(os.path.isdir(folder / place) for place in (Path(FOLDER) / inside, path)):
        return Named("missing", path, Text("đây là thư mục; hãy nêu một tệp", "this is a folder; name a file"))
    return Named("missing", path, _lost(look, inside))


def _lost(look: _Look, name: str) -> Text:
    exhibit = look.lost.get(key(name))
    if exhibit is None:
        return Text("không có tệp này", "no such file")
    since = day(exhibit.now.recorded)
    return _joined(
        Text(f"không còn tệp (đã ghi sổ ngày {since})", f"no longer there (recorded on {since})"),
        _same_bytes(look, exhibit),
    )


def _same_bytes(look: _Look, exhibit: Exhibit) -> Text:
    """Where the bytes of a file that is gone are now: it was renamed."""
    for name, row in look.files.items():
        if row.sha256 == exhibit.now.sha256 and row.size:
            return Text(f"; nội dung ấy nay nằm ở tệp {shown(name)}", f"; its content is now in {shown(name)}")
    return Text("")


def _of_files(look: _Look) -> Iterator[_Finding]:
    """What is wrong with a file itself: unreadable, a link, empty, changed, not recorded, two that Windows takes for one."""
    for name, fault in look.faulty.items():
        yield from _each(look, "outside" if fault == "link" else "unreadable", name, FAULTS[fault])
    for name, row in look.files.items():
        exhibit = look.exhibits.get(name)
        if not row.size:
            yield from _each(look, "empty", name, Text("tệp rỗng (0 byte)", "an empty file (0 bytes)"))
        if exhibit is None:
            yield from _each(look, "unrecorded", name, Text("chưa ghi sổ", "not recorded"))
        elif row.sha256 != exhibit.now.sha256:
            yield from _each(look, "changed", name, _change(exhibit, row))
    alike: dict[str, list[str]] = {}
    for name in [*look.files, *look.faulty]:
        alike.setdefault(key(name), []).append(name)
    for names in alike.values():
        for name in names[1:]:
            found = Text(
                f"tên chỉ khác {shown(names[0])} ở chữ hoa, chữ thường hoặc cách gõ dấu: Windows coi là một tệp",
                f"differs from {shown(names[0])} in case or Unicode form alone: one file to Windows",
            )
            yield from _each(look, "clash", name, found)


def _change(exhibit: Exhibit, row) -> Text:
    then, was, now = day(exhibit.now.recorded), exhibit.now.sha256[:PRINTED], row.sha256[:PRINTED]
    found = Text(
        f"nội dung khác bản ghi sổ ngày {then}: SHA-256 nay {now}…, đã ghi {was}…",
        f"the content differs from that recorded on {then}: SHA-256 now {now}…, recorded {was}…",
    )
    earlier = next((one for one in exhibit.versions[:-1] if one.sha256 == row.sha256), None)
    if earlier is None:
        return found
    first = day(earlier.recorded)
    return _joined(found, Text(f"; là bản cũ ghi ngày {first}", f"; it is the older version recorded on {first}"))


def _of_record(look: _Look) -> Iterator[_Finding]:
    """What is recorded and gone and named by no entry, and what is there and no entry names."""
    told = {_lost_key(named) for entry, named in look.named if named.kind == "missing" and not entry.replaced}
    for lost, exhibit in look.lost.items():
        if lost not in told:  # else it is told with the entry that names it
            yield _Finding("missing", exhibit.name, _lost(look, exhibit.name))
    for name in look.exhibits:
        if name not in look.users and name in look.files:
            yield _Finding("unused", name, Text("đã ghi sổ, chưa số liệu nào nêu", "recorded, named by no figure"))


def _lost_key(named: Named) -> str:
    return key(named.file.removeprefix(f"{FOLDER}/"))


def _of_entries(look: _Look) -> Iterator[_Finding]:
    """What is wrong with the name that an entry gives; a replaced entry is no longer asked for its evidence."""
    for entry, named in look.named:
        if entry.replaced:
            continue
        if named.kind not in ("file", "https"):
            yield _Finding(named.kind, named.file, named.why, entry)
        elif named.kind == "file" and not _spelt_so(entry.evidence, named.file):
            written = shown(str(entry.evidence).strip())
            found = Text(
                f"số liệu ghi “{written}”: khác tên tệp ở chữ hoa, chữ thường hoặc cách gõ dấu",
                f"the figure says “{written}”: differs from the file's name in case or Unicode form",
            )
            yield _Finding("spelling", named.file, found, entry)


def _spelt_so(evidence: object, file: str) -> bool:
    written = str(evidence).strip()
    path = posixpath.normpath(written.replace("\\", "/"))
    return file in (written, path, path.removeprefix(f"{FOLDER}/"))


def _of_two(look: _Look) -> Iterator[_Finding]:
    """Two files of the same bytes; one file or address for two different targets or criteria."""
    same: dict[str, list[str]] = {}
    for name, row in look.files.items():
        if row.size:
            same.setdefault(row.sha256, []).append(name)
    for names in same.values():
        for name in names[1:]:
            first = shown(names[0]) + "".join(f" ({_entry_words(e, look)})" for e in look.users.get(names[0], [])[:1])
            found = Text(f"cùng nội dung với {first}", f"the same content as {first}")
            yield from _each(look, "doubled", name, found)
    for name, entries in look.users.items():
        counted = [entry for entry in entries if name and not entry.replaced]
        aims = {_aim(entry): entry for entry in reversed(counted)}
        first_of = min(aims.values(), key=_place) if aims else None
        for entry in aims.values():
            if entry is not first_of:
                also = _entry_words(first_of, look)
                found = Text(f"cũng là minh chứng của {also.vi}", f"is also the evidence of {also.en}")
                yield _Finding("doubled", name, found, entry)


def _aim(entry) -> tuple:
    return (None if pd.isna(entry.target) else entry.target, None if pd.isna(entry.criterion) else entry.criterion)


def _each(look: _Look, kind: str, name: str, found: Text) -> Iterator[_Finding]:
    """The finding about a file for each entry that names it, or once where none does."""
    for entry in look.users.get(name) or [None]:
        yield _Finding(kind, name, found, entry)


# --- Words


def _whose(entry) -> tuple:
    return (None, None, None) if entry is None else (*_aim(entry), entry.date)


def _worded(found: Text, file: str, entry, look: _Look) -> Text:
    name = shown(file) or Text("(không có tên)", "(no name)")
    if entry is None:
        return Text(f"{name}: {found.vi}", f"{name}: {found.en}")
    whose = _entry_words(entry, look)
    return Text(f"{name} ({whose.vi}): {found.vi}", f"{name} ({whose.en}): {found.en}")


def _entry_words(entry, look: _Look) -> Text:
    """Chỉ tiêu 4, 31/05/2027."""
    aim = _target(entry)
    unit = _unit(entry, look.study)
    date = "–" if pd.isna(entry.date) else day(entry.date)
    return Text(f"{aim.vi}{unit.vi}, {date}", f"{aim.en}{unit.en}, {date}")


def _target(entry) -> Text:
    target, criterion = _aim(entry)
    if target is not None:
        return Text(f"Chỉ tiêu {target}", f"Target {target}")
    if criterion and re.fullmatch(r"ND\d+", criterion):
        return Text(f"Nội dung {criterion[2:]}, cách làm hay", f"Content {criterion[2:]}, good practice")
    if criterion and re.fullmatch(r"D\d{3,}", criterion):
        return Text(f"Đề xuất khen thưởng {criterion}", f"Nomination {criterion}")
    return Text(f"Tiêu chí {criterion or '–'}", f"Criterion {criterion or '–'}")


def _unit(entry, study: Study) -> Text:
    if pd.isna(entry.unit):
        return Text("")
    label = next((unit.label for unit in study.units if unit.id == entry.unit), Text(str(entry.unit)))
    return Text(f", {label.vi}", f", {label.en or label.vi}")


def _proves(entry, look: _Look) -> Text:
    """Chỉ tiêu 4: Nhân sự có chữ ký số hoặc chữ ký điện tử."""
    target, criterion = _aim(entry)
    unit = _unit(entry, look.study)
    if target is None and criterion in look.labels:
        label = look.labels[criterion]
        return Text(f"Tiêu chí {label.vi}{unit.vi}", f"Criterion {label.en or label.vi}{unit.en}")
    known = look.study.movement.targets if look.study.movement else ()
    label = next((one.label for one in known if one.id == target), Text(""))
    words = _target(entry)
    if not label.vi:
        return _joined(words, unit)
    return Text(f"{words.vi}: {label.vi}{unit.vi}", f"{words.en}: {label.en or label.vi}{unit.en}")


def _joined(one: Text, two: Text) -> Text:
    return Text(one.vi + two.vi, one.en + two.en)


# --- The list for the annex


def index(study: Study, entries: pd.DataFrame) -> pd.DataFrame:
    """The list of evidence: a row per entry that counts and names one; columns INDEX. Size and hash are those recorded.

    An address has neither day, size nor hash: nothing of it is kept.
    """
    look = _Look(study, entries.astype(ENTRIES))
    rows, numbers = [], dict[str, int]()
    for entry, named in look.named:
        if entry.replaced or named.kind == "unnamed":
            continue
        number = numbers.setdefault(named.file, len(numbers) + 1)
        exhibit = look.exhibits.get(named.file) or look.lost.get(_lost_key(named))
        now = exhibit.now if exhibit else None
        held = (now.recorded, now.size, now.sha256) if now else (None, None, None)
        rows.append((number, named.file, _proves(entry, look), entry.date, *held, _state(named, look)))
    return pd.DataFrame(rows, columns=list(INDEX)).astype(INDEX)


def _state(named: Named, look: _Look) -> Text:
    if named.kind == "https":
        return Text("địa chỉ, không lưu bản", "an address, no copy is kept")
    if named.kind != "file":
        return named.why
    if named.file in look.faulty:
        return FAULTS[look.faulty[named.file]]
    row, exhibit = look.files[named.file], look.exhibits.get(named.file)
    if exhibit is None:
        return Text("chưa ghi sổ", "not recorded")
    if row.sha256 != exhibit.now.sha256:
        return Text("nội dung khác bản đã ghi sổ", "the content differs from that recorded")
    if not row.size:
        return Text("tệp rỗng", "an empty file")
    return Text("nguyên vẹn như khi ghi sổ", "whole, as recorded")


def index_xlsx(study: Study, entries: pd.DataFrame) -> bytes:
    """The list of evidence as an Excel file to print: A4 landscape, one page wide; the whole hash in a hidden column."""
    table = index(study, entries)
    printed = table.assign(
        file=table["file"].map(shown),
        proves=table["proves"].map(str),
        state=table["state"].map(str),
        short=table["sha256"].str.slice(0, PRINTED),
    )[list(HEADINGS)].rename(columns={name: str(words) for name, words in HEADINGS.items()})
    return tables.workbook(
        {str(SHEET): printed}, title=str(SHEET), pretend=study.pretend, hidden=[str(HEADINGS["sha256"])]
    )
