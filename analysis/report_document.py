"""The blocks of a report -> a Word document: bookmarks that carry the ids, captions, references, a table of contents."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path

import docx
import pandas as pd
from docx.document import Document
from docx.enum.text import WD_TAB_ALIGNMENT, WD_TAB_LEADER
from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.part import Part
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm
from docx.text.paragraph import Paragraph as Words
from lxml import etree

from analysis import passages, word_charts
from analysis import report_layout as layout
from analysis.blocks import Block, Chart, Contents, Heading, PageBreak, Paragraph, Place, Ref, Said, Signature, Table
from analysis.evidence import ID, Ledger
from survey.errors import Text
from survey.study import School

LEDGER = "urn:khaosatso:ledger"
PROPERTIES = "http://schemas.openxmlformats.org/officeDocument/2006/customXml"
ITEM = "{7A1B6C0E-5D0B-4C52-9A54-2B0E6F2C2027}"  # any fixed one: it names the item within its document
HEADINGS, CAPTIONS, TITLE = (
    5000,
    7000,
    8000,
)  # where the numbers of their bookmarks begin; those of ids are the ids' own
NO_SPACE = (".", ",", ";", ")", ":")


class Drawing:
    """A document while it is written; `pages`: heading -> its page, where that is known."""

    def __init__(
        self,
        document: Document,
        school: School,
        blocks: Sequence[Block],
        written: Mapping[str, passages.Passage],
        pages: Mapping[str, int],
    ):
        self.document, self.school, self.blocks, self.passages, self.pages = document, school, blocks, written, pages
        self.names = _names(blocks)
        self.headings = 0
        self.ours: list[str] = []
        self.peoples: set[str] = set()

    def draw(self) -> None:
        """Append every block. `ours` then holds the digests of all that the program wrote, `peoples` the lines of places."""
        for block in self.blocks:
            before = len(self.document.element.body)
            self._one(block)
            new = list(self.document.element.body)[before - 1 : -1]  # the last one is the section
            if isinstance(block, Place):
                self.peoples |= {line for element in new for line in texts_of(element)[1]}
            if not isinstance(block, Place) or block.key not in self.passages:
                self.ours += [passages.digest(element) for element in new if element.tag in (qn("w:p"), qn("w:tbl"))]

    def plain(self) -> tuple[str, ...]:
        """Every line that is the program's and tells no fact; the contents' pages and what people complete are left out."""
        completed = [p for several in passages.fields(self.document).values() for p in several]
        theirs = self.peoples | {line for paragraph in completed for line in texts_of(paragraph)[1]}
        lines = texts_of(self.document.element.body)[1]
        return tuple(dict.fromkeys(tidy(line) for line in lines if line not in theirs and "\t" not in line))

    def _one(self, block: Block) -> None:
        match block:
            case Heading():
                self._heading(block)
            case Paragraph():
                self._paragraph(block)
            case Table():
                self._table(block)
            case Chart():
                drawn = word_charts.add(self.document, block, len(self.names) + self.headings + 1)
                bookmark(drawn, block.id, int(block.id[1:]))
                self._caption(block.name, block.caption, "KSS Ten hinh", block.id)
            case Place():
                passages.place(self.document, block, self.passages.get(block.key))
            case PageBreak():
                self.document.add_page_break()
            case Signature():
                layout.signature(self.document, self.school)
            case Contents():
                self._contents()

    def _heading(self, block: Heading) -> None:
        self.headings += 1
        paragraph = self.document.add_paragraph(block.words, style=f"KSS Muc {block.level}")
        bookmark(paragraph, f"_Toc{self.headings:06d}", HEADINGS + self.headings)

    def _paragraph(self, block: Paragraph) -> None:
        paragraph = self.document.add_paragraph(style=f"KSS {block.style}")
        for place, part in enumerate(block.parts):
            words = self.names[part.name] if isinstance(part, Ref) else part.words
            if place and not words.startswith(NO_SPACE):
                paragraph.add_run(" ")
            if isinstance(part, Ref):
                field(paragraph, f"REF B_{part.name} \\h", words)
            else:
                self._said(paragraph, part)

    def _said(self, paragraph: Words, said: Said) -> None:
        run = paragraph.add_run(said.words)
        if said.id:
            bookmark(paragraph, said.id, int(said.id[1:]), run._r)
            mark(paragraph, said.id)

    def _table(self, block: Table) -> None:
        self._caption(block.name, block.caption, "KSS Ten bang")
        frame = pd.DataFrame([[cell.words for cell in row] for row in block.rows], columns=list(block.head))
        made = layout.grid(self.document, frame, block.widths, block.caption)
        ids = [cell.id for row in block.rows for cell in row if cell.id]
        for row, cells in zip(made.rows[1:], block.rows, strict=True):
            for cell, said in zip(row.cells, cells, strict=True):
                if said.id:
                    bookmark(cell.paragraphs[0], said.id, int(said.id[1:]))
        if ids:
            several = ids[0] if len(ids) == 1 else f"{ids[0]}–{ids[-1]}"
            told = Text(f"Mã số liệu {several}, theo hàng.", f"Ids {several}, row by row.")
            self.document.add_paragraph(str(told), style="KSS Ghi chu")

    def _caption(self, name: str, caption: str, style: str, id_: str = "") -> None:
        """ "Bảng 2. Mức độ": a number that Word counts itself, and a name that sentences refer to."""
        kind, number = self.names[name].split("\u00a0")
        paragraph = self.document.add_paragraph(style=style)
        first = paragraph.add_run(f"{kind}\u00a0")._r
        field(paragraph, f"SEQ {kind} \\* ARABIC", number)
        bookmark(paragraph, f"B_{name}", CAPTIONS + list(self.names).index(name), first)
        paragraph.add_run(f". {caption}")
        if id_:
            mark(paragraph, id_)

    def _contents(self) -> None:
        """The table of contents: filled in here, and a field that Word makes anew when asked (F9)."""
        self.document.add_paragraph(str(Text("MỤC LỤC", "CONTENTS")), style="KSS Ten loai")
        heads = [block for block in self.blocks if isinstance(block, Heading)]
        for place, head in enumerate(heads, start=1):
            line = self.document.add_paragraph(style=f"KSS Muc luc {head.level}")
            line.paragraph_format.tab_stops.add_tab_stop(Mm(160), WD_TAB_ALIGNMENT.RIGHT, WD_TAB_LEADER.DOTS)
            if place == 1:
                begin = part_of_field(line, "begin")
                if not self.pages:
                    begin.set(qn("w:dirty"), "true")  # Word then counts the pages when it opens the file
                instruction(line, 'TOC \\o "1-2" \\h \\z \\u')
                part_of_field(line, "separate")
            line.add_run(f"{head.words}\t")
            field(line, f"PAGEREF _Toc{place:06d} \\h", str(self.pages.get(head.words, "")))
            if place == len(heads):
                part_of_field(line, "end")


def _names(blocks: Sequence[Block]) -> dict[str, str]:
    """Name of a table or chart -> "Bảng 2", "Hình 1", as they stand in the document."""
    found: dict[str, str] = {}
    for kind, words in ((Table, Text("Bảng", "Table")), (Chart, Text("Hình", "Figure"))):
        several = [block.name for block in blocks if isinstance(block, kind)]
        found |= {name: f"{words}\u00a0{number}" for number, name in enumerate(several, start=1)}
    return found


# --- reading


def texts_of(body: etree._Element) -> tuple[dict[str, str], list[str]]:
    """(id -> the text inside its bookmark, every paragraph's text outside such bookmarks, where there is any).

    What was deleted with changes tracked is left out.
    """
    inside: dict[str, list[str]] = {}
    outside: list[str] = []
    open_: dict[str, str] = {}
    line: list[str] = []
    for element in body.iter():
        if element.tag == qn("w:p") and line:
            outside.append("".join(line))
            line = []
        elif element.tag == qn("w:bookmarkStart") and ID.fullmatch(element.get(qn("w:name"), "")):
            open_[element.get(qn("w:id"))] = element.get(qn("w:name"))
            inside.setdefault(element.get(qn("w:name")), [])
        elif element.tag == qn("w:bookmarkEnd"):
            open_.pop(element.get(qn("w:id")), None)
        elif element.tag in (qn("w:tab"), qn("w:br")) and not open_:
            line.append("\t" if element.tag == qn("w:tab") else " ")
        elif element.tag == qn("w:t") and not any(parent.tag == qn("w:del") for parent in element.iterancestors()):
            for id_ in open_.values():
                inside[id_].append(element.text or "")
            if not open_:
                line.append(element.text or "")
    if line:
        outside.append("".join(line))
    return {id_: "".join(parts) for id_, parts in inside.items()}, outside


def tidy(words: str) -> str:
    """Words as they are compared: composed letters, single spaces."""
    return " ".join(unicodedata.normalize("NFC", words).split())


# --- what python-docx has no call for


def bookmark(paragraph: Words, name: str, number: int, first: etree._Element | None = None) -> None:
    """Put a bookmark around a paragraph's runs, from the run `first` on."""
    start, end = OxmlElement("w:bookmarkStart"), OxmlElement("w:bookmarkEnd")
    for mark_ in (start, end):
        mark_.set(qn("w:id"), str(number))
    start.set(qn("w:name"), name)
    runs = paragraph._p.findall(qn("w:r"))
    (first if first is not None else runs[0]).addprevious(start)
    paragraph._p.append(end)


def mark(paragraph: Words, id_: str) -> None:
    """The id that a reader looks up, small and raised."""
    run = paragraph.add_run(f"\u00a0[{id_}]")
    run.font.superscript = True


def field(paragraph: Words, code: str, result: str) -> None:
    """A field of Word with the result that it has now."""
    part_of_field(paragraph, "begin")
    instruction(paragraph, code)
    part_of_field(paragraph, "separate")
    paragraph.add_run(result)
    part_of_field(paragraph, "end")


def part_of_field(paragraph: Words, kind: str) -> etree._Element:
    part = OxmlElement("w:fldChar")
    part.set(qn("w:fldCharType"), kind)
    paragraph.add_run()._r.append(part)
    return part


def instruction(paragraph: Words, code: str) -> None:
    text = OxmlElement("w:instrText")
    text.set(qn("xml:space"), "preserve")
    text.text = f" {code} "
    paragraph.add_run()._r.append(text)


# --- the ledger inside the document


def embed(document: Document, ledger: Ledger) -> None:
    """Put the ledger into the document's package, where Word leaves it alone."""
    root = etree.Element(f"{{{LEDGER}}}ledger", nsmap={None: LEDGER})
    root.text = ledger.text()
    content = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    package = document.part.package
    part = Part(package.next_partname("/customXml/item%d.xml"), "application/xml", content, package)
    named = etree.Element(f"{{{PROPERTIES}}}datastoreItem", {f"{{{PROPERTIES}}}itemID": ITEM}, nsmap={"ds": PROPERTIES})
    properties = Part(package.next_partname("/customXml/itemProps%d.xml"), CONTENT_TYPE.OFC_CUSTOM_XML_PROPERTIES,
                      etree.tostring(named, xml_declaration=True, encoding="UTF-8", standalone=False), package)  # fmt: skip
    document.part.relate_to(part, RELATIONSHIP_TYPE.CUSTOM_XML)
    part.relate_to(properties, RELATIONSHIP_TYPE.CUSTOM_XML_PROPS)


def embedded(path: Path) -> tuple[Ledger, bool] | None:
    """The ledger in a report and whether its seal is whole; None where there is none that can be read."""
    package = docx.Document(str(path)).part.package
    for part in package.iter_parts():
        if part.partname.startswith("/customXml/item") and LEDGER.encode() in part.blob[:400]:
            try:
                return Ledger.parse(etree.fromstring(part.blob).text or "")
            except (ValueError, KeyError, TypeError, etree.XMLSyntaxError):
                return None
    return None
