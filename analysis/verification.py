"""A report held against its ledger and against the answers, worked out again: what is confirmed, and what is not."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import docx
import openpyxl
from docx.opc.exceptions import PackageNotFoundError
from rapidfuzz import fuzz, process

from analysis import evidence, report, word_charts
from analysis.blocks import Series
from analysis.evidence import Entry, Ledger
from analysis.report_document import embedded, texts_of, tidy
from analysis.review import Review
from survey import store
from survey.errors import Text, UserError, speak, spoken
from survey.study import Study

ALIKE = 60.0  # of 100: a sentence that lost its bookmark is told from a new one by so much likeness
MARKS = re.compile(r"(?:\[E\d+\]\s*)+")
KINDS = {
    "confirmed": Text("khớp", "confirmed"),
    "changed": Text("dữ liệu đã đổi từ khi viết", "data changed since"),
    "edited": Text("bị sửa tay", "edited by hand"),
    "gone": Text("không còn trong văn bản", "no longer in the text"),
    "unknown": Text("không có trong sổ số liệu", "not in the ledger"),
    "forged": Text("sổ số liệu không khớp dữ liệu", "the ledger is not what the data give"),
    "data": Text("dữ liệu", "data"),
}
WRONG = {"changed", "edited", "gone", "forged", "data"}
DATA = {
    "snapshot": Text("bảng tính đã đọc", "sheet as read"),
    "answers": Text("câu trả lời", "answers"),
    "roster": Text("danh sách nhân sự", "roster"),
    "targets": Text("số liệu chỉ tiêu", "figures of the targets"),
}


@dataclass(frozen=True)
class Finding:
    """One thing found. words: what is to be told of it. wrong: it speaks against the report."""

    kind: str
    id: str
    words: Text

    @property
    def wrong(self) -> bool:
        return self.kind in WRONG

    def __str__(self) -> str:
        head = f"{self.id} " if self.id else ""
        return f"{'✗' if self.wrong else '?'} {head}({KINDS[self.kind]}): {self.words}"


@dataclass(frozen=True)
class Verdict:
    """confirmed: how many entries agree with text, ledger and data. findings: everything else, in the text's order."""

    ledger: Ledger
    confirmed: int
    findings: tuple[Finding, ...]

    @property
    def whole(self) -> bool:
        return not any(finding.wrong for finding in self.findings)


def verify(path: Path, folder: Path | None = None) -> Verdict:
    """Hold a report against its ledger and its study's answers. folder: the study, else the one that the report lies in.

    Raises UserError where the file is no report of this toolkit, or its study is not found.
    """
    ledger, sealed = ledger_of(path)
    texts, loose = read(path)
    charts = word_charts.read(path)
    study = study_of(path, ledger, folder)
    again, findings = recomputed(study, ledger)
    if not sealed:
        findings.append(Finding("forged", "", Text("sổ trong tệp đã bị sửa (dấu niêm không khớp).",
                                                   "the ledger in the file was edited (its seal does not fit).")))  # fmt: skip
    moved = [finding for finding in findings if finding.kind == "data"]
    confirmed = 0
    for entry in ledger.entries:
        if entry.chart:
            drawn = charts.get(entry.id) or charts.get(entry.chart["name"])
            found = list(_chart(entry, drawn, again, bool(moved)))
        else:
            found = list(_words(entry, texts, loose, again, bool(moved)))
        confirmed += not found
        findings += found
    findings += _plain(ledger, loose)
    if again is not None:
        findings += _new_lines(ledger, again[1])
    findings += _unknown(study, loose, ledger)
    if again is not None and not moved:
        findings += _annex(path, *again)
    return Verdict(ledger, confirmed, tuple(findings))


def ledger_of(path: Path) -> tuple[Ledger, bool]:
    """The ledger of a report, from the file or, where a program dropped it there, from the .json beside it."""
    try:
        found = embedded(path)
    except (KeyError, ValueError, OSError, zipfile.BadZipFile, PackageNotFoundError):
        raise UserError(
            str(path),
            rule=Text("Tệp cần kiểm tra là báo cáo Word (.docx).", "The file is a Word report (.docx)."),
            found=Text("không mở được như một tệp .docx", "it does not open as a .docx"),
            cure=Text("Kiểm tra tên tệp.", "Check the file's name."),
        ) from None
    beside = path.with_suffix(".json")
    if found is None and beside.exists():
        try:
            found = Ledger.parse(beside.read_text(encoding="utf-8"))
        except (ValueError, KeyError, TypeError):
            found = None
    if found is None:
        raise UserError(
            str(path),
            rule=Text("Báo cáo mang theo sổ số liệu.", "A report carries its ledger."),
            found=Text(
                "không có sổ, trong tệp và trong tệp .json bên cạnh", "none, in the file or in the .json beside it"
            ),
            cure=Text(
                "Chỉ kiểm tra được báo cáo do chương trình này viết.", "Only reports of this program are verified."
            ),
        )
    return found


def newest(folder: Path) -> Path:
    """The report in a study's folder that was written last; raises UserError where there is none."""
    found = [path.with_suffix(".docx") for path in (folder / "reports").glob("*.json")]
    there = sorted((path for path in found if path.exists()), key=lambda path: path.stat().st_mtime)
    if not there:
        raise UserError(
            str(folder / "reports"),
            rule=Text("Cần một báo cáo đã viết.", "A report that was written is needed."),
            found=Text("chưa có báo cáo nào", "no report yet"),
            cure=Text(f"Chạy: python run.py analysis report {folder}", f"Run: python run.py analysis report {folder}"),
        )
    return there[-1]


def study_of(path: Path, ledger: Ledger, folder: Path | None = None) -> Study:
    """The study that a report is of: the folder named, the one above the report, or data/<name>."""
    near = [folder] if folder else [path.resolve().parents[1], Path("data") / str(ledger.origin["folder"])]
    for place in near:
        if place is not None and (place / "study.yaml").exists():
            study = Study.open(place)
            if study.id == ledger.origin["study"]:
                return study.leaving_out(ledger.origin["leave_out"])
    raise UserError(
        str(path),
        rule=Text("Cần thư mục khảo sát mà báo cáo lấy số liệu.", "The study that the report is of is needed."),
        found=Text(f"không thấy khảo sát “{ledger.origin['study']}”", f"no study “{ledger.origin['study']}”"),
        cure=Text("Thêm --study THƯ_MỤC.", "Add --study FOLDER."),
    )


def recomputed(study: Study, ledger: Ledger, exact: bool = False) -> tuple[tuple[Review, Ledger] | None, list[Finding]]:
    """The report's review and ledger worked out again; None where that cannot be. With what of the data is not as it was.

    exact: without rounding, for the keeper of the answers.
    """
    found = [
        Finding("data", "", Text(f"{fault.file}: {fault.found.vi}.", f"{fault.file}: {fault.found.en}."))
        for fault in store.faults(study)
    ]
    if found:
        waves = sorted({str(wave) for fact in ledger.facts.values() for wave in fact.waves})
        found.append(Finding("data", "", Text(
            f"kho không nguyên vẹn, nên không tính lại được; báo cáo dựa trên các đợt {', '.join(waves)}.",
            f"the store is not whole, so nothing is worked out again; the report rests on {', '.join(waves)}.",
        )))  # fmt: skip
        return None, found
    before = spoken()
    try:
        speak(str(ledger.origin["language"]))
        picks = tuple(ledger.origin.get("chosen", ()))  # as they were: what is chosen since is for the next report
        review = replace(Review.of(study, int(ledger.origin["review"])), chosen=picks, exact=exact)
        unit, kind = str(ledger.origin["unit"]), str(ledger.origin["kind"])
        now = evidence.of(review, report.blocks_of(review, unit, kind), unit, kind)
    except UserError as error:
        speak(before)
        words = str(error)
        return None, [
            Finding("data", "", Text(f"không tính lại được: {words}", f"it cannot be worked out again: {words}"))
        ]
    finally:
        speak(before)
    return (review, now), list(_moved(ledger.data, now.data))


def _moved(then: Mapping[str, str], now: Mapping[str, str]) -> Iterator[Finding]:
    for name in sorted({*then, *now}):
        if then.get(name) != now.get(name):
            kind, _, wave = name.partition(" ")
            vi, en = f"{DATA[kind].vi} {wave}".strip(), f"{DATA[kind]} {wave}".strip()
            old, new = (digests.get(name, "–")[:16] for digests in (then, now))
            yield Finding("data", "", Text(f"{vi} đã đổi từ khi viết báo cáo ({old} → {new}).",
                                           f"{en} changed since the report ({old} → {new})."))  # fmt: skip


def _words(
    entry: Entry, texts: dict[str, str], loose: list[str], again: tuple[Review, Ledger] | None, moved: bool
) -> Iterator[Finding]:
    """What speaks against one sentence or cell."""
    told = texts.get(entry.id)
    if told is None:
        told = _without_bookmark(entry, loose)
    if told is None:
        yield Finding("gone", entry.id, Text(f"{entry.place}: “{entry.words}”", f"{entry.place}: “{entry.words}”"))
    elif tidy(told) != tidy(entry.words):
        yield Finding("edited", entry.id, Text(
            f"{entry.place}: trong sổ “{entry.words}”, trong văn bản “{told}”.",
            f"{entry.place}: ledger “{entry.words}”, text “{told}”.",
        ))  # fmt: skip
    if again is None:
        return
    now = next((one for one in again[1].entries if one.path == entry.path), None)
    if now is None or tidy(now.words) != tidy(entry.words):
        yield _differs(entry, now.words if now else "–", moved)


def _differs(entry: Entry, now: str, moved: bool) -> Finding:
    kind = "changed" if moved else "forged"
    return Finding(kind, entry.id, Text(
        f"{entry.place}: trong sổ “{entry.words}”, nay tính ra “{now}”.",
        f"{entry.place}: ledger “{entry.words}”, now “{now}”.",
    ))  # fmt: skip


def _without_bookmark(entry: Entry, loose: list[str]) -> str | None:
    """The sentence of an entry whose bookmark is gone, as it stands now: the most alike piece of text without an entry."""
    long = [line for line in loose if 2 * len(line) >= len(entry.words)]
    found = process.extractOne(entry.words, long, scorer=fuzz.partial_ratio, score_cutoff=ALIKE)
    if found is None:
        return None
    return entry.words if tidy(entry.words) in tidy(found[0]) else found[0]


def _chart(
    entry: Entry, drawn: word_charts.Found | None, again: tuple[Review, Ledger] | None, moved: bool
) -> Iterator[Finding]:
    """What speaks against one chart: its drawn numbers and those of its workbook are each held against the ledger."""
    if drawn is None:
        yield Finding("gone", entry.id, Text(f"biểu đồ “{entry.chart['name']}”", f"chart “{entry.chart['name']}”"))
        return
    told = _held(entry.chart)
    for where, held in (
        (Text("hình vẽ", "picture"), drawn.drawn),
        (Text("bảng số của biểu đồ", "the chart's data"), drawn.embedded),
    ):
        for point, right, found in word_charts.differences(told, held):
            name = entry.chart["name"]
            yield Finding("edited", entry.id, Text(
                f"biểu đồ “{name}”, {where.vi}: {point}: trong sổ {right}, trong tệp {found}.",
                f"chart “{name}”, {where}: {point}: ledger {right}, file {found}.",
            ))  # fmt: skip
    if again is not None:
        now = next((one for one in again[1].entries if one.path == entry.path), None)
        if now is None or now.chart != entry.chart:
            yield _differs(entry, now.words if now else "–", moved)


def _held(chart: Mapping[str, Any]) -> word_charts.Held:
    """A chart's data as the ledger has them."""
    series = tuple(
        Series(one["name"], tuple(one["values"]), tuple(one["low"]), tuple(one["high"])) for one in chart["series"]
    )
    return word_charts.Held(tuple(chart["categories"]), series)


def _new_lines(ledger: Ledger, now: Ledger) -> Iterator[Finding]:
    """What a report of today would say besides."""
    known = {entry.path for entry in ledger.entries}
    for entry in now.entries:
        if entry.path not in known:
            yield Finding("changed", "", Text(
                f"{entry.place}: nay báo cáo sẽ có thêm “{entry.words}”.", f"{entry.place}: it would now say “{entry.words}”."
            ))  # fmt: skip


def _unknown(study: Study, loose: Sequence[str], ledger: Ledger) -> Iterator[Finding]:
    """Numbers in the text that no entry holds: people wrote them, and they answer for them."""
    quoted = evidence.labels(study)
    words = [entry.words for entry in ledger.entries]
    for line in loose:
        if any(tidy(line) == tidy(told) for told in words):
            continue  # an entry whose bookmark is gone
        if found := evidence.numerals(line, quoted):
            shown = line.strip() if len(line) <= 120 else f"{line.strip()[:119]}…"
            yield Finding("unknown", "", Text(f"{', '.join(found)} – “{shown}”", f"{', '.join(found)} – “{shown}”"))


def _annex(path: Path, review: Review, now: Ledger) -> Iterator[Finding]:
    """Cells of the annex beside the report that are not what the data give."""
    before = spoken()
    try:
        speak(str(now.origin["language"]))
        annex = path.with_name(f"{path.stem}-{report.ANNEX}.xlsx")
        if not annex.exists():
            return
        right, found = _cells(report.annex_of(review, now)), _cells(annex.read_bytes())
    finally:
        speak(before)
    for cell in sorted({*right, *found}):
        if right.get(cell) != found.get(cell):
            yield Finding("edited", "", Text(
                f"{annex.name}, {cell[0]}!{cell[1]}: trong tệp {found.get(cell)}, tính ra {right.get(cell)}.",
                f"{annex.name}, {cell[0]}!{cell[1]}: in the file {found.get(cell)}, now {right.get(cell)}.",
            ))  # fmt: skip


def _cells(content: bytes) -> dict[tuple[str, str], object]:
    book = openpyxl.load_workbook(io.BytesIO(content))
    return {
        (sheet.title, cell.coordinate): cell.value
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if cell.value not in (None, "")
    }


def read(path: Path) -> tuple[dict[str, str], list[str]]:
    """(id -> the text inside its bookmark, every paragraph's text outside such bookmarks) of a document."""
    return texts_of(docx.Document(str(path)).element.body)


def _plain(ledger: Ledger, loose: Sequence[str]) -> Iterator[Finding]:
    """Lines of the program without numbers of the study (headings, captions, the basis) that are not as it wrote them."""
    there = {tidy(line) for line in loose if "\t" not in line}
    strange = [line for line in there if line not in ledger.plain]
    for line in ledger.plain:
        if line in there:
            continue
        marks = bool(MARKS.fullmatch(line))  # ids that went with their sentences are told there
        found = process.extractOne(
            line, [one for one in strange if bool(MARKS.fullmatch(one)) == marks], scorer=fuzz.ratio, score_cutoff=ALIKE
        )
        if found is None and marks:
            continue
        if found is None:
            yield Finding("gone", "", Text(f"“{line}”", f"“{line}”"))
        else:
            yield Finding("edited", "", Text(
                f"chương trình viết “{line}”, trong văn bản “{found[0]}”.", f"written “{line}”, text “{found[0]}”."
            ))  # fmt: skip
