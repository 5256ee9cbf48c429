"""The review report: a Word document in the state's format, its Excel annex, its ledger and, where it can be made, its PDF."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from analysis import evidence, passages, pdf, report_content, report_summary, tables
from analysis import report_layout as layout
from analysis.blocks import Block, Place
from analysis.evidence import EXEMPT, Ledger
from analysis.report_document import TITLE, Drawing, bookmark, embed, embedded
from analysis.review import Review
from survey import store
from survey.errors import Text, spoken

ANNEX, SUMMARY, SLIDES = Text("phu-luc", "annex"), Text("tom-tat", "summary"), Text("trinh-chieu", "slides")


@dataclass(frozen=True)
class Report:
    """The files of one report. pdf, summary, slides: None where not asked for or not possible. notes: for the person."""

    document: Path
    annex: Path
    ledger: Path
    pdf: Path | None = None
    summary: Path | None = None
    slides: Path | None = None
    notes: tuple[Text, ...] = ()

    @property
    def files(self) -> list[Path]:
        """All that was written, the report first."""
        return [path for path in (self.document, self.pdf, self.annex, self.ledger, self.summary, self.slides) if path]


def write(
    review: Review,
    folder: Path | None = None,
    *,
    unit: str = "",
    template: Path | None = None,
    with_pdf: bool = False,
) -> Report:
    """Write the report of a review into `folder` (the study's `reports`); the same answers give the same bytes.

    What people wrote into the report that lies there is kept, in the new report and in the study's folder `passages`; a
    report that somebody edited is put aside first. with_pdf: also a PDF, whose pages the table of contents then names.
    """
    folder = folder or review.study.folder / "reports"
    name = name_of(review, unit)
    path = folder / f"{name}.docx"
    blocks = blocks_of(review, unit)
    ledger = evidence.of(review, blocks, unit)
    written, notes = _passages(review, path, blocks, ledger)
    notes += _put_aside(path)
    content, ledger = document(review, blocks, ledger, written, unit=unit, template=template)
    printed = None
    if with_pdf and pdf.program():
        pages = pdf.pages(pdf.convert(content))
        content, ledger = document(review, blocks, ledger, written, unit=unit, template=template, pages=pages)
        printed = store.write(folder / f"{name}.pdf", pdf.convert(content))
    elif with_pdf:
        notes.append(pdf.MISSING)
    annex = store.write(folder / f"{name}-{ANNEX}.xlsx", annex_of(review, ledger))
    record = {"document": hashlib.sha256(content).hexdigest(), **json.loads(ledger.text())}
    text = json.dumps(record, ensure_ascii=False, indent=1) + "\n"
    book = store.write(folder / f"{name}.json", text.encode())
    short = None if unit else store.write(folder / f"{name}-{SUMMARY}.docx", summary(review))
    shown = None if unit else store.write(folder / f"{name}-{SLIDES}.pptx", report_summary.deck(review, blocks))
    return Report(store.write(path, content), annex, book, printed, short, shown, tuple(notes))


def blocks_of(review: Review, unit: str = "", kind: str = "report") -> tuple[Block, ...]:
    """The numbered blocks of a report, or of its summary."""
    if kind == "summary":
        return evidence.numbered(report_summary.blocks(review))
    return evidence.numbered(report_content.blocks(review, unit))


def summary(review: Review) -> bytes:
    """The report on one page, with a ledger of its own."""
    blocks = blocks_of(review, kind="summary")
    made = layout.blank()
    layout.page_numbers(made, review.study.pretend)
    drawing = Drawing(made, review.study.school, blocks, {}, {})
    drawing.draw()
    embed(made, replace(evidence.of(review, blocks, kind="summary"), plain=drawing.plain()))
    return layout.packed(made, f"{Text('Tóm tắt báo cáo', 'Summary')} {review.wave}")


def name_of(review: Review, unit: str = "") -> str:
    """The name of a report's files, without ending: "bao-cao-2027", of a unit "bao-cao-2027-toan"."""
    name = f"bao-cao-{review.wave}" if spoken() == "vi" else f"report-{review.wave}"
    return f"{name}-{unit}" if unit else name


def document(
    review: Review,
    blocks: tuple[Block, ...],
    ledger: Ledger,
    written: Mapping[str, passages.Passage],
    *,
    unit: str = "",
    template: Path | None = None,
    pages: Mapping[str, int] | None = None,
) -> tuple[bytes, Ledger]:
    """The Word file, and its ledger with what the program and what people wrote into it."""
    study = review.study
    made = layout.from_template(template) if template else layout.blank()
    layout.heading(made, study.school, "BC", review.until.year)
    layout.title(made, str(Text("BÁO CÁO", "REPORT")), report_content.subject(review, unit))
    titles = [p for p in made.paragraphs if p.style is not None and p.style.name == "KSS Ten loai"]
    for number, paragraph in enumerate(titles):
        bookmark(paragraph, f"B_ten_loai_{number}", TITLE + number)  # known by it also where somebody changes its words
    layout.page_numbers(made, study.pretend)
    drawing = Drawing(made, study.school, blocks, written, pages or {})
    drawing.draw()
    drawing.ours += [passages.digest(paragraph._p) for paragraph in titles]
    completed = passages.fields(made)
    drawing.ours += [passages.digest(paragraph) for several in completed.values() for paragraph in several]
    plain = drawing.plain()
    passages.complete(made, written)
    digests = dict.fromkeys([*(block.key for block in blocks if isinstance(block, Place)), *completed], "")
    digests |= {key: passage.digest for key, passage in written.items() if key in digests}
    ledger = replace(ledger, plain=plain, written=tuple(dict.fromkeys(drawing.ours)), passages=digests)
    embed(made, ledger)
    return layout.packed(made, f"{Text('Báo cáo', 'Report')} {review.wave}"), ledger


def _passages(
    review: Review, path: Path, blocks: tuple[Block, ...], now: Ledger
) -> tuple[dict[str, passages.Passage], list[Text]]:
    """What people wrote: in the report that lies there, and in the study's folder; kept there before anything is written."""
    places = [block for block in blocks if isinstance(block, Place)]
    known = review.study.folder / "passages" / f"{path.stem}.docx"
    kept = passages.kept(known) if known.exists() else {}
    found, notes = kept, list[Text]()
    if path.exists():
        before = _ledger_of(path)
        # without its ledger nobody knows what the program wrote there: what it would write today is the next best
        ledger = before or document(review, blocks, now, {}, unit=str(now.origin["unit"]))[1]
        last = ledger.passages if before else {key: kept[key].digest for key in kept}
        there = passages.read(path, set(ledger.written), places)
        found, notes = passages.merge(there, kept, last)
        lost = [words for passage in there.values() for words in passage.lost]
        notes += [Text(f"Không chép được: {words}.", f"Not carried over: {words}.") for words in lost]
    if found or kept:
        passages.keep(known, found, places)
    return found, notes


def _ledger_of(path: Path) -> Ledger | None:
    """The ledger of a report, from the file or, where a program dropped it there, from the .json beside it."""
    passages.opened(path)  # a damaged file is refused in words, before anything is written
    if found := embedded(path):
        return found[0]
    try:
        return Ledger.parse(path.with_suffix(".json").read_text(encoding="utf-8"))[0]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _put_aside(path: Path) -> list[Text]:
    """Keep a copy of a report that is not as the program wrote it: nothing that a person did to it is lost."""
    if not path.exists():
        return []
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    try:
        if json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))["document"] == digest:
            return []
    except (OSError, ValueError, KeyError, TypeError):
        pass  # without its record nobody can say that it was not edited
    aside = path.parent / str(Text("ban-da-sua", "edited")) / f"{path.stem}-{digest[:8]}.docx"
    if not aside.exists():
        store.write(aside, content)
    return [
        Text(
            f"Báo cáo cũ đã có người sửa; giữ lại một bản: {aside}",
            f"The earlier report had been edited; a copy is kept: {aside}",
        )
    ]


def annex_of(review: Review, ledger: Ledger) -> bytes:
    """The Excel annex: ledger, levels, changes, slopes, shares, targets, response, exempt numbers, versions."""
    names = {
        "ledger": Text("Sổ số liệu", "Ledger"),
        "levels": Text("Mức", "Levels"),
        "changes": Text("Thay đổi", "Changes"),
        "slopes": Text("Độ dốc từng giai đoạn", "Slopes of the phases"),
        "shares": Text("Tỉ lệ trả lời từng câu", "Shares"),
        "units": Text("Theo đơn vị", "By unit"),
        "targets": Text("Chỉ tiêu", "Targets"),
        "response": Text("Tham gia", "Response"),
        "exempt": Text("Số không cần dẫn", "Exempt numbers"),
        "data": Text("Dữ liệu", "Data"),
        "versions": Text("Phiên bản", "Versions"),
    }
    kinds = [(str(words), pattern) for words, pattern in EXEMPT.values()]
    kinds.append((str(Text("lời của câu hỏi, chỉ tiêu, đơn vị chép nguyên văn", "labels quoted as they stand")), ""))
    sheets = {
        "ledger": ledger.table(),
        "levels": tables.estimates_table(review, review.levels),
        "changes": tables.estimates_table(review, review.changes),
        "slopes": tables.estimates_table(review, review.slopes),
        "shares": tables.estimates_table(review, review.shares),
        "units": tables.estimates_table(review, review.by_unit),
        "targets": tables.target_table(review.targets),
        "response": tables.response_table(review),
        "exempt": pd.DataFrame(kinds, columns=[str(Text("Loại số", "Kind")), str(Text("Mẫu", "Pattern"))]),
        "data": pd.DataFrame(list(ledger.data.items()), columns=["name", "sha256"]),
        "versions": pd.DataFrame(list(ledger.versions.items()), columns=["name", "version"]),
    }
    return tables.workbook(
        {str(names[key]): frame for key, frame in sheets.items()},
        title=f"{Text('Phụ lục báo cáo', 'Annex')} {review.wave}",
        pretend=review.study.pretend,
    )
