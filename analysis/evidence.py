"""The ledger: every sentence, cell and chart of a report that tells a number, with an id and what it was worked out from.

It is kept in the report itself, in the annex and as JSON; `analysis verify` works everything out again and compares.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any

import pandas as pd

import survey
from analysis.blocks import Block, Chart, Fact, Heading, Paragraph, Said, Table
from analysis.register import entries as register_entries
from analysis.review import Review
from survey import store
from survey.errors import Text, spoken
from survey.study import Study

SCHEMA = 1
PACKAGES = ("pandas", "numpy", "scipy", "statsmodels", "narwhals", "gspread", "python-docx", "XlsxWriter")

ID = re.compile(r"E\d{3,}")

# Numbers that need no entry: what is counted in ordering the document itself, and what is quoted from elsewhere.
EXEMPT: dict[str, tuple[Text, str]] = {
    "file": (Text("tên tệp minh chứng", "names of files"), r"\S+\.(?:pdf|docx?|xlsx?|jpe?g|png|zip|html?|csv)\b"),
    "date": (
        Text("ngày, tháng, năm", "dates and years"),
        r"\d{1,2}/\d{1,2}/\d{4}|ngày\s+\d{1,2}\s+tháng\s+\d{1,2}|\b(?:19|20)\d{2}(?:[–→-](?:19|20)?\d{2})?\b",
    ),
    "document": (Text("số, kí hiệu văn bản", "numbers of documents"), r"\b\d+(?:/\d{4})?/[A-ZĐ]{2,}(?:-[A-ZĐ&]+)*"),
    "place": (
        Text("số thứ tự mục, nội dung, chỉ tiêu, bảng, hình", "numbers of sections, contents, targets, tables, figures"),
        r"^\s*\d+\.(?=\s)|\b(?:Bảng|Hình|Nội dung|Chỉ tiêu|chỉ tiêu|Table|Figure|Content|Target)\s\d+",
    ),
    "confidence": (
        Text("mức tin cậy của khoảng ước lượng", "the confidence of an interval"),
        r"(?:[Kk]hoảng tin cậy|khoảng dự báo|\()\s*(?:80|95)%|(?:80|95)\s?%(?: prediction)? interval|Cronbach α \(95%\)",
    ),
    "id": (Text("mã của sổ số liệu", "ids of the ledger"), r"\[?E\d{3,}(?:–E\d{3,})?\]?"),
    "page": (Text("số trang trong mục lục", "pages in the table of contents"), r"\t\d+\s*$"),
    "digest": (Text("mã băm, lệnh", "digests and commands"), r"SHA-256 [0-9a-f]{64}|python run\.py .*$"),
}  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """What one id stands for. `path` finds it again in another run; words: as printed; chart: its data, of a chart alone."""

    id: str
    path: str
    place: str
    kind: str  # sentence, cell, chart
    words: str
    facts: tuple[str, ...]  # keys of Ledger.facts
    chart: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Ledger:
    """origin: what was asked for. data: name -> SHA-256. plain: lines that tell no fact. written, passages: see passages.py."""

    origin: Mapping[str, Any]
    data: Mapping[str, str]
    versions: Mapping[str, str]
    facts: Mapping[str, Fact]
    entries: tuple[Entry, ...]
    plain: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    passages: Mapping[str, str] = field(default_factory=dict)

    def text(self) -> str:
        """JSON with its own SHA-256; the same ledger gives the same text."""
        body = {"schema": SCHEMA, **dataclasses.asdict(self)}
        return json.dumps({"sha256": _seal(body), "ledger": body}, ensure_ascii=False, indent=1) + "\n"

    @classmethod
    def parse(cls, text: str) -> tuple[Ledger, bool]:
        """The ledger in a text, and whether its seal is whole. Raises ValueError, KeyError or TypeError for another text."""
        whole = json.loads(text)
        body = whole["ledger"]
        read = {key: Fact(**{**fact, "waves": tuple(fact["waves"])}) for key, fact in body["facts"].items()}
        lines = tuple(Entry(**{**line, "facts": tuple(line["facts"])}) for line in body["entries"])
        parts = {name: body[name] for name in ("origin", "data", "versions", "passages")}
        plain, written = (tuple(body.get(name, ())) for name in ("plain", "written"))
        return cls(**parts, facts=read, entries=lines, plain=plain, written=written), whole["sha256"] == _seal(body)

    def by_id(self) -> dict[str, Entry]:
        return {entry.id: entry for entry in self.entries}

    def table(self) -> pd.DataFrame:
        """A row per entry and fact, for the annex: id, place, words, values, n, method, reason, call, data."""
        rows = []
        for entry in self.entries:
            for key in entry.facts:
                fact = self.facts[key]
                digests = [
                    f"{wave}: {self.data[f'answers {wave}'][:16]}"
                    for wave in fact.waves
                    if f"answers {wave}" in self.data
                ]
                rows.append((entry.id, entry.place, entry.words, key, fact.told, fact.n, fact.method, fact.reason,
                             fact.call, "; ".join(digests)))  # fmt: skip
        return pd.DataFrame(rows, columns=[str(words) for words in LEDGER_HEADS])


LEDGER_HEADS = (
    Text("Mã", "Id"),
    Text("Ở đâu", "Where"),
    Text("Lời, số như in", "As printed"),
    Text("Đại lượng", "What"),
    Text("Giá trị", "Values"),
    Text("Số trả lời", "n"),
    Text("Phương pháp", "Method"),
    Text("Lý do ẩn", "Why hidden"),
    Text("Lệnh tính", "Call"),
    Text("Dữ liệu (SHA-256)", "Data (SHA-256)"),
)


def numbered(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """The same blocks, with ids E001, E002, … in the order of the document on all that tells a fact."""
    count = iter(range(1, 100_000))
    return tuple(_numbered(block, count) for block in blocks)


def _numbered(block: Block, count: Iterator[int]) -> Block:
    def give(said: Any) -> Any:
        facts = getattr(said, "facts", ())
        return dataclasses.replace(said, id=f"E{next(count):03d}") if facts else said

    if isinstance(block, Paragraph):
        return dataclasses.replace(block, parts=tuple(give(part) for part in block.parts))
    if isinstance(block, Table):
        return dataclasses.replace(block, rows=tuple(tuple(give(cell) for cell in row) for row in block.rows))
    return give(block) if isinstance(block, Chart) else block


def entries_of(blocks: Sequence[Block]) -> tuple[list[Entry], dict[str, Fact]]:
    """The entries of numbered blocks, and the facts that they tell."""
    found: list[Entry] = []
    told: dict[str, Fact] = {}
    seen: dict[str, int] = {}
    for place, name, kind, said in _said(blocks):
        told |= {fact.key: fact for fact in said.facts}
        keys = tuple(fact.key for fact in said.facts)
        path = f"{name} | {said.name if isinstance(said, Chart) else ' + '.join(keys)}"
        seen[path] = seen.get(path, 0) + 1
        path = f"{path} | {seen[path]}"
        chart = _data(said) if isinstance(said, Chart) else {}
        found.append(Entry(said.id, path, place, kind, said.words, keys, chart))
    return found, told


def _said(blocks: Sequence[Block]) -> Iterator[tuple[str, str, str, Any]]:
    """(place in words, its name, kind, what has an id) in the document's order; a place is the heading above, or the table."""
    place = ""
    for block in blocks:
        if isinstance(block, Heading):
            place = block.words
        elif isinstance(block, Paragraph):
            yield from ((place, place, "sentence", part) for part in block.parts if isinstance(part, Said) and part.id)
        elif isinstance(block, Table):
            yield from ((block.caption, block.name, "cell", cell) for row in block.rows for cell in row if cell.id)
        elif isinstance(block, Chart):
            yield place, place, "chart", block


def _data(chart: Chart) -> dict[str, Any]:
    series = [
        {"name": one.name, "values": list(one.values), "low": list(one.low), "high": list(one.high)}
        for one in chart.series
    ]
    return {"name": chart.name, "categories": list(chart.categories), "series": series}


def of(review: Review, blocks: Sequence[Block], unit: str = "", kind: str = "report") -> Ledger:
    """The ledger of the numbered blocks of a report, or of its summary."""
    found, told = entries_of(blocks)
    study = review.study
    origin = {
        "study": study.id, "folder": study.folder.name, "review": review.wave, "until": review.until.isoformat(), "kind": kind,
        "unit": unit, "language": spoken(), "leave_out": list(study.leave_out), "chosen": [dict(pick) for pick in review.chosen],
    }  # fmt: skip
    return Ledger(origin, data(study, review.waves), versions(), told, tuple(found))


def data(study: Study, waves: Sequence[int]) -> dict[str, str]:
    """Name -> SHA-256 of everything that a report of these waves rests on."""
    held = store.ledger(study).waves
    found = {}
    for wave in waves:
        found[f"snapshot {wave}"] = held[wave].snapshot
        found[f"answers {wave}"] = held[wave].answers.sha256
    rosters = {str(wave.id): wave.roster for wave in study.waves if wave.id in waves}
    found["roster"] = _digest(json.dumps(rosters, ensure_ascii=False, sort_keys=True))
    found["targets"] = _digest(register_entries(study).to_json(orient="split", date_format="iso", force_ascii=False))
    return found


def versions() -> dict[str, str]:
    """The programs that the figures were worked out with."""
    return {"khaosatso": survey.__version__} | {name: metadata.version(name) for name in PACKAGES}


def numerals(words: str, quoted: Sequence[str] = ()) -> list[str]:
    """The numbers in a text that need an entry: those left when what is exempt, and the `quoted` labels, are taken out."""
    for label in sorted(quoted, key=len, reverse=True):
        words = words.replace(label, " ")
    for _, pattern in EXEMPT.values():
        words = re.sub(pattern, " ", words, flags=re.MULTILINE)
    return re.findall(r"[<>]?[+−-]?\d+(?:[.,]\d+)*\s?%?", words)


def labels(study: Study) -> list[str]:
    """Words of the study that hold a digit, and are quoted as they stand: of questions, answers, contents, targets, units."""
    form = study.form
    known: list[object] = [study.title, study.school.name, *(unit.label for unit in study.units)]
    known += [form.label(item) for item in form.items()] + [scale.title for scale in form.scales]
    known += [label for item in form.items() for label in form.value_labels(item).values()]
    if study.movement:
        known += [content.title for content in study.movement.contents]
        known += [words for t in study.movement.targets for words in (t.label, t.text, t.context)]
        known += [words for p in study.movement.practices for words in (p.title, p.evidence)]
    return [str(words) for words in known if re.search(r"\d", str(words))]


def _seal(body: Mapping[str, Any]) -> str:
    return _digest(json.dumps(body, ensure_ascii=False, sort_keys=True))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
