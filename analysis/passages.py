"""What people write into a report: found again in the edited document, kept in the study, put into the next one.

A place is marked by a bookmark NV_<key>. Everything in a report that the program did not write is somebody's, wherever it
stands: it belongs to the place that holds it, else to the last place before it, else to the first one.
"""

from __future__ import annotations

import copy
import hashlib
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import docx
from docx.document import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.exceptions import PackageNotFoundError
from docx.opc.packuri import PackURI
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import qn
from docx.parts.image import ImagePart
from docx.text.paragraph import Paragraph
from lxml import etree

from analysis.blocks import Place
from survey import store
from survey.errors import Text, UserError

MARK, FIRST_ID = "NV_", 10_000
LOOSE = "khac"  # where words are kept that stand in a report without any place
OWN = re.compile(
    r"E\d+|_Toc0\d{5}|B_\w+"
)  # the program's sentences, headings, captions; Word's _Toc has 8 digits or more
CONTENTS = ("kss muc luc", "toc ", "contents ")  # styles of lines of the table of contents: ours, Word's, LibreOffice's
TABLES = ("KSS Dau trang", "KSS Quoc hieu", "KSS Noi nhan", "KSS Chu ky")  # the head of the document, and its end
BLOCKS = (qn("w:p"), qn("w:tbl"))
WORDS = tuple(qn(name) for name in ("w:t", "m:t", "w:tab", "w:br", "w:cr", "w:ptab", "w:sym", "w:noBreakHyphen"))
ALTERNATE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"  # the same again, for old programs
ALTERNATES = ALTERNATE.replace("Fallback", "AlternateContent")
UNREAD = (qn("w:del"), qn("w:moveFrom"), ALTERNATE)
DRAWN = (qn("w:drawing"), qn("w:pict"), qn("w:object"))
NOTES = {
    qn("w:footnoteReference"): ("footnote", RELATIONSHIP_TYPE.FOOTNOTES),
    qn("w:endnoteReference"): ("endnote", RELATIONSHIP_TYPE.ENDNOTES),
}
RANGES = [f"{kind}Range{end}" for kind in ("comment", "moveFrom", "moveTo") for end in ("Start", "End")]
MARKS = tuple(qn(f"w:{name}") for name in ("bookmarkStart", "bookmarkEnd", "permStart", "permEnd", "sectPr", *RANGES))
DAMAGED = (  # what python-docx and zipfile raise for one: they name no error of their own for most of it
    ArithmeticError, AttributeError, EOFError, LookupError, OSError, RuntimeError, TypeError, ValueError,
    zipfile.BadZipFile, zlib.error, PackageNotFoundError, etree.LxmlError,
)  # fmt: skip
STYLED = (qn("w:pStyle"), qn("w:rStyle"), qn("w:tblStyle"))
REFERENCES = ("{http://schemas.openxmlformats.org/officeDocument/2006/relationships}",)
PASSING = (
    qn("w:rsid"),
    "{http://schemas.microsoft.com/office/word/",
)  # Word's own numbers of one saving, of one document
ENDINGS = {"image/svg+xml": "svg", "image/x-emf": "emf", "image/x-wmf": "wmf"}
OBJECTS = {  # the element that refers to it
    "chart": Text("biểu đồ", "chart"),
    "relIds": Text("sơ đồ SmartArt", "SmartArt diagram"),
    "OLEObject": Text("đối tượng nhúng (ví dụ bảng Excel)", "embedded object (an Excel sheet, for one)"),
    "control": Text("ô điều khiển", "control"),
    "blip": Text("hình nằm ở tệp khác", "picture in another file"),
    "imagedata": Text("hình nằm ở tệp khác", "picture in another file"),
    "": Text("đối tượng", "object"),
}
FALLBACK = "KSS Noi dung"
TITLE = Text("Lời người viết trong báo cáo (chương trình giữ)", "What people wrote in the report (kept by the program)")


@dataclass(frozen=True)
class Passage:
    """Blocks that a person wrote, as XML; the pictures and links they refer to; what of them cannot be carried over."""

    blocks: tuple[bytes, ...]
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    styles: Mapping[str, str] = field(default_factory=dict)  # id -> name, as the document had them
    lost: tuple[str, ...] = ()
    kinds: Mapping[str, str] = field(default_factory=dict)  # content types of the pictures

    @property
    def text(self) -> str:
        """Its words, a line per paragraph."""
        lines = (words_of(p) for block in self.blocks for p in _paragraphs(parse_xml(block)))
        return "\n".join(line for line in lines if line)

    @property
    def digest(self) -> str:
        """A name of its words, pictures and links."""
        whole = hashlib.sha256(self.text.encode())
        for picture in sorted(hashlib.sha256(content).hexdigest() for content in self.pictures.values()):
            whole.update(picture.encode())
        for address in sorted(set(self.links.values())):
            whole.update(b"\0" + address.encode())
        return whole.hexdigest()

    def __add__(self, other: Passage) -> Passage:
        """One after the other; what the second refers to is named anew."""
        taken = {*self.pictures, *self.links}
        prefix = "x"
        while any(f"{prefix}{key}" in taken for key in (*other.pictures, *other.links)):
            prefix += "x"  # the first may itself be a sum
        shift = {key: f"{prefix}{key}" for key in (*other.pictures, *other.links)}
        blocks = tuple(_renamed(block, shift) for block in other.blocks)
        return Passage(
            self.blocks + blocks,
            {**self.pictures, **{shift[key]: value for key, value in other.pictures.items()}},
            {**self.links, **{shift[key]: value for key, value in other.links.items()}},
            {**other.styles, **self.styles},
            self.lost + other.lost,
            {**self.kinds, **{shift[key]: value for key, value in other.kinds.items()}},
        )


def digest(element: etree._Element) -> str:
    """A name of a block's words, by which the program knows its own."""
    return hashlib.sha256("\n".join(words_of(paragraph) for paragraph in _paragraphs(element)).encode()).hexdigest()


def _digest_of(words: str) -> str:
    """The digest of a paragraph that reads so."""
    return hashlib.sha256(" ".join(unicodedata.normalize("NFC", words).split()).encode()).hexdigest()


def words_of(paragraph: etree._Element) -> str:
    """A paragraph's text as it reads: what was deleted is left out, what was inserted is not."""
    parts = []
    for element in paragraph.iter(*WORDS):
        if not any(parent.tag in UNREAD for parent in element.iterancestors()):
            parts.append(_letters(element))
    return " ".join(unicodedata.normalize("NFC", "".join(parts)).split())


def _letters(element: etree._Element) -> str:
    """What one element of a run reads: text, of an equation too, a symbol, a hyphen, else a space."""
    if element.tag in (qn("w:t"), qn("m:t")):
        return element.text or ""
    if element.tag == qn("w:sym"):
        return chr(int(element.get(qn("w:char"), "25A1"), 16))
    return "-" if element.tag == qn("w:noBreakHyphen") else " "


def prompt_of(place: Place) -> str:
    """What stands in a place until somebody writes there."""
    return str(_asking(place.prompt))


def _asking(prompt: str) -> Text:
    return Text(f"[Nhà trường bổ sung: {prompt}]", f"[The school adds: {prompt}]")


# --- number, date and name of the signer: in the tables at the top and at the end


def fields(document: Document) -> dict[str, list[etree._Element]]:
    """Paragraphs that people complete outside of the text: _so (number), _ngay (place and date), _ky (the signer)."""
    found: dict[str, list[etree._Element]] = {}
    for table in document.tables:
        styles = {_style(document, p) for p in table._tbl.iter(qn("w:p"))}
        if "KSS Quoc hieu" in styles and len(table.rows) > 1:
            number, date = (table.rows[1].cells[place]._tc for place in (0, -1))
            found |= {"_so": list(number.iter(qn("w:p"))), "_ngay": list(date.iter(qn("w:p")))}
        elif "KSS Noi nhan" in styles:
            found["_ky"] = list(table.rows[0].cells[-1]._tc.iter(qn("w:p")))
    return found


def complete(document: Document, passages: Mapping[str, Passage]) -> None:
    """Put the number, the date and the signer's name where the person had written them."""
    for key, paragraphs in fields(document).items():
        if key in passages:
            lines = passages[key].text.split("\n")
            for element, line in zip(paragraphs[-len(lines) :], lines, strict=False):
                paragraph = Paragraph(element, document._body)
                for run in paragraph.runs[1:]:
                    element.remove(run._r)
                (paragraph.runs or [paragraph.add_run()])[0].text = line


# --- into a document


def place(document: Document, place: Place, passage: Passage | None) -> None:
    """Append a place to a document: what was written there, else the words that ask for it."""
    body = document.element.body
    number = FIRST_ID + sum(
        1 for mark in body.iter(qn("w:bookmarkStart")) if mark.get(qn("w:name"), "").startswith(MARK)
    )
    start, end = (_bookmark(tag, number) for tag in ("w:bookmarkStart", "w:bookmarkEnd"))
    start.set(qn("w:name"), f"{MARK}{place.key}")
    section = body.sectPr
    section.addprevious(start)
    if passage is None or not passage.blocks:
        document.add_paragraph(prompt_of(place), style="KSS Cho nguoi viet")
    else:
        for block in passage.blocks:
            section.addprevious(_adopted(document, passage, parse_xml(block)))
    section.addprevious(end)


def _bookmark(tag: str, number: int) -> etree._Element:
    made = OxmlElement(tag)
    made.set(qn("w:id"), str(number))
    return made


def _adopted(document: Document, passage: Passage, block: etree._Element) -> etree._Element:
    """A block with the document's own relationships, styles and numbers of drawings."""
    keys = {key: _add_picture(document, passage, key) for key in passage.pictures}
    for key, address in passage.links.items():
        keys[key] = document.part.relate_to(address, RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
    _rename(block, keys)
    known = {style.name: style.style_id for style in document.styles}
    for named in list(block.iter(*STYLED)):
        name = passage.styles.get(named.get(qn("w:val")), "")
        if name in known:
            named.set(qn("w:val"), known[name])
        elif named.tag == qn("w:pStyle"):
            named.set(qn("w:val"), known.get(FALLBACK, known["Normal"]))
        else:
            named.getparent().remove(named)
    taken = sum(1 for drawn in document.element.body.iter(qn("wp:docPr")) if int(drawn.get("id", "0")) >= FIRST_ID)
    for number, drawn in enumerate(block.iter(qn("wp:docPr")), start=FIRST_ID + taken):
        drawn.set("id", str(number))
    return block


def _add_picture(document: Document, passage: Passage, key: str) -> str:
    """The relationship to a picture, whose part is named by its content; python-docx itself knows no EMF and no SVG."""
    kind = passage.kinds.get(key, "image/png")
    ending = ENDINGS.get(kind, re.sub(r"^image/(x-)?|[^a-z0-9]", "", kind))
    name = f"/word/media/nv-{hashlib.sha256(passage.pictures[key]).hexdigest()[:16]}.{ending}"
    parts = document.part.package.image_parts
    part = next((part for part in parts if part.partname == name), None)
    if part is None:
        part = ImagePart(PackURI(name), kind, passage.pictures[key])
        parts.append(part)
    return document.part.relate_to(part, RELATIONSHIP_TYPE.IMAGE)


def _references(element: etree._Element) -> list[tuple[etree._Element, str]]:
    """Every element that refers to a relationship, and by which attribute."""
    return [(one, name) for one in element.iter("*") for name in one.attrib if name.startswith(REFERENCES)]


def _rename(element: etree._Element, keys: Mapping[str, str]) -> None:
    for one, name in _references(element):
        one.set(name, keys.get(one.get(name), one.get(name)))


def _renamed(block: bytes, keys: Mapping[str, str]) -> bytes:
    element = parse_xml(block)
    _rename(element, keys)
    return etree.tostring(element)


# --- out of a document


def read(path: Path, ours: Collection[str], places: Sequence[Place] = ()) -> dict[str, Passage]:
    """Place -> what people wrote, in a report that somebody may have edited; `ours`: digests of the program's own blocks.

    places: those of that report. The words that ask for one then mark where it stands, should its bookmark be gone.
    """
    document = opened(path)
    asked = {_digest_of(prompt_of(place)): place.key for place in places}
    found: dict[str, list[etree._Element]] = {}
    early: list[etree._Element] = []
    first = ""
    for element, here in _walk(document, asked):
        first = first or here
        if element is not None and _is_peoples(document, element, ours):
            (found.setdefault(here, []) if here else early).append(element)
    if early:
        first = first or next((place.key for place in places), LOOSE)
        found[first] = early + found.get(first, [])
    for key, paragraphs in fields(document).items():
        if written := [p for p in paragraphs if words_of(p) and digest(p) not in ours]:
            found[key] = written
    return {key: _passage(document, blocks) for key, blocks in found.items()}


def _places(document: Document) -> list[str]:
    starts = document.element.body.iter(qn("w:bookmarkStart"))
    names = [start.get(qn("w:name"), "") for start in starts]
    return [name.removeprefix(MARK) for name in names if name.startswith(MARK)]


def _walk(document: Document, asked: Mapping[str, str]) -> Iterator[tuple[etree._Element | None, str]]:
    """Every block of the body, None for a mark between blocks, with the place that it lies in, else the last one before it.

    asked: digest of the words that ask for a place -> the place.
    """
    closed = {end.get(qn("w:id")) for end in document.element.body.iter(qn("w:bookmarkEnd"))}
    last = ""
    open_: dict[str, str] = {}
    for element in _blocks(document.element.body):
        between = element.tag not in BLOCKS
        for start in element.iter(qn("w:bookmarkStart")):
            if start.get(qn("w:name"), "").startswith(MARK):
                last = start.get(qn("w:name")).removeprefix(MARK)
                if (
                    start.get(qn("w:id")) in closed
                ):  # one that never ends holds nothing: it only says where the place began
                    open_[start.get(qn("w:id"))] = last
        if not between:
            last = asked.get(digest(element), last)
        yield None if between else element, next(reversed(open_.values()), last)
        for end in element.iter(qn("w:bookmarkEnd")):
            open_.pop(end.get(qn("w:id")), None)


def _blocks(parent: etree._Element) -> Iterator[etree._Element]:
    """Paragraphs, tables and bookmarks of the body, those in content controls and insertions too."""
    for element in parent:
        if element.tag in (*BLOCKS, qn("w:bookmarkStart"), qn("w:bookmarkEnd")):
            yield element
        elif element.tag in (qn("w:sdt"), qn("w:sdtContent"), qn("w:ins"), qn("w:customXml"), qn("w:moveTo")):
            yield from _blocks(element)


def _is_peoples(document: Document, element: etree._Element, ours: Collection[str]) -> bool:
    words = any(words_of(paragraph) for paragraph in _paragraphs(element))
    drawn = list(element.iter(*DRAWN, *NOTES))
    if not words and not drawn:
        return False
    known = words and digest(element) in ours
    if _charts(element):  # the program writes no words beside its charts
        return words and not known
    if any(_is_own(mark, element, ours) for mark in element.iter(qn("w:bookmarkStart"))):
        return False
    if element.tag == qn("w:tbl") and any(_style(document, p).startswith(TABLES) for p in element.iter(qn("w:p"))):
        return False
    if _is_contents(document, element):
        return False
    return not known or bool(drawn)


def _charts(element: etree._Element) -> list[etree._Element]:
    """The program's own charts in a block."""
    drawings = element.iter(qn("w:drawing"))
    return [d for d in drawings if any(n.get("name", "").startswith("KSS ") for n in d.iter(qn("wp:docPr")))]


def _is_own(mark: etree._Element, element: etree._Element, ours: Collection[str]) -> bool:
    """Does this bookmark say that its block is the program's?

    Where somebody types a paragraph before a sentence, Word may let the sentence's bookmark begin there. Such a one ends in a
    later block; if that is still the program's own, word for word, this one is not.
    """
    if not OWN.fullmatch(mark.get(qn("w:name"), "")):
        return False
    number = mark.get(qn("w:id"))
    if any(end.get(qn("w:id")) == number for end in element.iter(qn("w:bookmarkEnd"))):
        return True
    later = (
        b for b in element.itersiblings(*BLOCKS) for e in b.iter(qn("w:bookmarkEnd")) if e.get(qn("w:id")) == number
    )
    block = next(later, None)
    return block is None or digest(block) not in ours


def _is_contents(document: Document, element: etree._Element) -> bool:
    """A line of the table of contents, also of one that Word or LibreOffice made anew; not what somebody typed beside it."""
    if not _style(document, element).lower().startswith(CONTENTS):
        return False
    counted = any("PAGEREF" in (code.text or "") for code in element.iter(qn("w:instrText")))
    return counted or any(link.get(qn("w:anchor")) for link in element.iter(qn("w:hyperlink")))


def _style(document: Document, element: etree._Element) -> str:
    style = Paragraph(element, document._body).style if element.tag == qn("w:p") else None
    return str(style.name) if style is not None else ""


def _passage(document: Document, elements: Sequence[etree._Element]) -> Passage:
    parts, blocks = _Parts(), []
    for original in elements:
        element = copy.deepcopy(original)
        _cleaned(document, element)
        _carry(document, element, parts)
        blocks.append(etree.tostring(element))
    names = {style.style_id: style.name for style in document.styles}
    used = {named.get(qn("w:val")) for block in blocks for named in parse_xml(block).iter(*STYLED)}
    styles = {key: names[key] for key in sorted(used) if key in names}
    return Passage(tuple(blocks), parts.pictures, parts.links, styles, tuple(parts.lost), parts.kinds)


@dataclass
class _Parts:
    """What the blocks of a passage refer to, while it is put together."""

    pictures: dict[str, bytes] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)


def _carry(document: Document, element: etree._Element, found: _Parts) -> None:
    """Collect what a block refers to; take out, and name, what cannot come along."""
    for one, name in _references(element):
        key = one.get(name)
        relation = document.part.rels.get(key)
        if not key or element not in (one, *one.iterancestors()):  # it went with something else
            continue
        if relation is not None and relation.is_external and relation.reltype == RELATIONSHIP_TYPE.HYPERLINK:
            found.links[key] = relation.target_ref
        elif relation is not None and not relation.is_external and isinstance(relation.target_part, ImagePart):
            found.pictures[key] = relation.target_part.blob
            found.kinds[key] = relation.target_part.content_type
        elif one.tag == qn("w:hyperlink") or (name == qn("r:link") and one.get(qn("r:embed"))):
            del one.attrib[name]  # the words, or the picture itself, stay
        elif (effect := next(one.iterancestors(qn("a:ext")), None)) is not None:
            effect.getparent().remove(effect)  # what Word made the picture of: the picture has it
        else:
            found.lost.append(_name(one))
            _drop(one)


def _name(element: etree._Element) -> str:
    """What an object is called: its kind in words, and the name that Word shows."""
    kind = str(OBJECTS.get(etree.QName(element).localname, OBJECTS[""]))
    holder = next(element.iterancestors(qn("w:drawing")), None)
    named = holder.find(f".//{qn('wp:docPr')}") if holder is not None else None
    return f"{kind} “{named.get('name')}”" if named is not None and named.get("name") else kind


def _drop(element: etree._Element) -> None:
    """Take an object out whose data cannot be carried over; where Word keeps a picture of it, that stays."""
    holder = next((one for one in (element, *element.iterancestors()) if one.tag in DRAWN), element)
    if holder.tag in (qn("w:pict"), qn("w:object")):
        element.getparent().remove(element)
        holder.tag = qn("w:pict")
        holder.attrib.clear()
    else:
        for other in list(holder.iterancestors(ALTERNATES))[:1]:
            for picture in other.findall(f"{ALTERNATE}/*"):
                other.addprevious(picture)
            holder = other
        holder.getparent().remove(holder)
    if holder.getparent() is not None and not len(holder):
        holder.getparent().remove(holder)


def _cleaned(document: Document, element: etree._Element) -> None:
    """Without marks, comments and section breaks; notes become words, a list's number a dash, which need no other part."""
    for mark in list(element.iter(*MARKS)):
        mark.getparent().remove(mark)
    for reference in list(element.iter(qn("w:commentReference"))):
        run = reference.getparent()
        run.getparent().remove(run)
    for chart in _charts(element):  # the program draws it anew
        chart.getparent().remove(chart)
    for reference in list(element.iter(*NOTES)):
        _write_out(document, reference)
    for one in element.iter("*"):
        for name in [name for name in one.attrib if name.startswith(PASSING)]:
            del one.attrib[name]
    for paragraph in _paragraphs(element):
        if _style(document, paragraph) == "KSS Cho nguoi viet":  # written over the words that asked for it
            paragraph.pPr.style = FALLBACK.replace(" ", "")
        _dashed(document, paragraph)


def _write_out(document: Document, reference: etree._Element) -> None:
    """A footnote or endnote as words in brackets, where its number stood."""
    kind, reltype = NOTES[reference.tag]
    words = []
    for relation in document.part.rels.values():
        if relation.reltype == reltype:
            notes = parse_xml(relation.target_part.blob).findall(qn(f"w:{kind}"))
            same = (note for note in notes if note.get(qn("w:id")) == reference.get(qn("w:id")))
            words += [words_of(paragraph) for note in same for paragraph in _paragraphs(note)]
    run = reference.getparent()
    for look in run.findall(qn("w:rPr")):  # raised, as the number was
        run.remove(look)
    reference.addprevious(_text(f" ({Text('chú thích', 'note')}: {' '.join(filter(None, words))})"))
    run.remove(reference)


def _dashed(document: Document, paragraph: etree._Element) -> None:
    """A list's paragraph, numbered by itself or by its style, as one that begins with a dash."""
    own = paragraph.find(f"{qn('w:pPr')}/{qn('w:numPr')}")
    number = own.find(qn("w:numId")) if own is not None else None
    by_style = _numbers(document, paragraph)
    if own is not None:
        own.getparent().remove(own)
    if by_style:
        paragraph.get_or_add_pPr().style = FALLBACK.replace(" ", "")
    if number.get(qn("w:val")) != "0" if number is not None else by_style:
        _dash(paragraph)


def _numbers(document: Document, paragraph: etree._Element) -> bool:
    """Does the paragraph's style number it, as a list's does? A heading's number is its own affair."""
    style, numbered = Paragraph(paragraph, document._body).style, False
    while style is not None:
        if style.element.find(f"{qn('w:pPr')}/{qn('w:outlineLvl')}") is not None:
            return False
        numbered = numbered or style.element.find(f"{qn('w:pPr')}/{qn('w:numPr')}") is not None
        style = style.base_style
    return numbered


def _dash(paragraph: etree._Element) -> None:
    run = OxmlElement("w:r")
    run.append(_text("- "))
    if paragraph.pPr is not None:
        paragraph.pPr.addnext(run)
    else:
        paragraph.insert(0, run)


def _text(words: str) -> etree._Element:
    made = OxmlElement("w:t")
    made.text = words
    made.set(qn("xml:space"), "preserve")
    return made


def _paragraphs(element: etree._Element) -> list[etree._Element]:
    return [element] if element.tag == qn("w:p") else list(element.iter(qn("w:p")))


def opened(path: Path) -> Document:
    """A Word file; raises UserError where it is damaged, or none."""
    try:
        document = docx.Document(str(path))
        _ = list(document.element.body), list(document.styles)  # read now, since python-docx looks at them later
        return document
    except DAMAGED:
        raise UserError(
            str(path),
            rule=Text(
                "Lời người viết nằm trong một tệp Word (.docx) còn nguyên.", "What people wrote is in a whole .docx."
            ),
            found=Text("tệp hỏng hoặc không phải .docx", "damaged, or no .docx"),
            cure=Text(
                "Đóng Word rồi chạy lại; nếu tệp hỏng thì đổi tên nó sang chỗ khác và lấy bản sao lưu. Chưa có gì bị ghi đè.",
                "Close Word and run again; if the file is damaged, move it away and take a backup. Nothing was overwritten.",
            ),
        ) from None


# --- kept in the study


def keep(path: Path, passages: Mapping[str, Passage], places: Sequence[Place]) -> list[Path]:
    """Write what people wrote into a Word file of its own; a file with other words is put aside first, under its hash.

    Passages of places that the report no longer has are kept too. The paths written; [] where nothing has changed.
    """
    from analysis import report_layout as layout

    known = [place.key for place in places]
    gone = [Place(key, key) for key in passages if key not in known]
    document = layout.blank()
    document.add_paragraph(str(TITLE), style="KSS Ten loai")
    for one in (*places, *gone):
        document.add_paragraph(f"{one.key}: {one.prompt}", style="KSS Muc 2")
        place(document, one, passages.get(one.key))
    content = layout.packed(document, str(TITLE))
    if path.exists():
        before = path.read_bytes()
        if before == content:
            return []
        return [_put_aside(path, before), store.write(path, content)]
    return [store.write(path, content)]


def _put_aside(path: Path, content: bytes) -> Path:
    """Keep an earlier content beside the file, under as much of its hash as no other content has taken."""
    name = hashlib.sha256(content).hexdigest()
    for length in (8, 16, len(name)):
        aside = path.with_name(f"{path.stem}-{name[:length]}.docx")
        if not aside.exists():
            return store.write(aside, content)
        if aside.read_bytes() == content:
            break
    return aside


def kept(path: Path) -> dict[str, Passage]:
    """What `keep` wrote, as it stands now: people may have edited it too."""
    document = opened(path)
    keys = [key for key in _places(document) if key]
    ours = {_digest_of(words) for words in (TITLE.vi, TITLE.en)}
    for paragraph in document.paragraphs:
        # People use these styles too: the program's headings are those that begin with the name of a place.
        if _style(document, paragraph._p) == "KSS Muc 2" and (key := _named(words_of(paragraph._p), keys)):
            prompt = words_of(paragraph._p).removeprefix(f"{key}:").strip()
            asked = _asking(prompt)
            ours |= {digest(paragraph._p), _digest_of(asked.vi), _digest_of(asked.en)}
    return read(path, ours)


def _named(words: str, keys: Sequence[str]) -> str:
    """The place that a heading of the kept file names; "" for any other heading."""
    return next((key for key in keys if words.startswith(f"{key}:")), "")


def merge(
    report: Mapping[str, Passage], kept: Mapping[str, Passage], written: Mapping[str, str]
) -> tuple[dict[str, Passage], list[Text]]:
    """What counts of two copies. written: place -> digest of what the program last wrote into the report ("": nothing).

    The copy that a person edited counts; where both were, both do, the report's first. Of two with the same words the
    report's counts, since its bold or its links may be new. What was deleted from the report is gone from it; what is only
    missing in the kept file is not, for that file may be lost or left behind. With notes of what the person is to know.
    """
    found: dict[str, Passage] = {}
    notes: list[Text] = []
    for key in dict.fromkeys((*written, *report, *kept)):
        here, there, last = report.get(key), kept.get(key), written.get(key, "")
        edited = (here.digest if here else "") != last
        edited_there = (there.digest if there else "") != last
        if edited and edited_there and here and there and here.digest != there.digest:
            found[key] = here + there
            notes.append(Text(
                f"Chỗ “{key}” được sửa cả trong báo cáo và trong thư mục passages: giữ cả hai, xin chọn lại.",
                f"The place “{key}” was edited in the report and in the folder passages: both are kept, please choose.",
            ))  # fmt: skip
        elif here and (edited or there is None or not edited_there):
            found[key] = here
            if last and there is None:
                notes.append(Text(
                    f"Chỗ “{key}” không có trong thư mục passages: giữ lời đang có trong báo cáo; muốn bỏ thì xóa ở báo cáo.",
                    f"The place “{key}” is not in the folder passages: the report's words stay; to drop them, delete them.",
                ))  # fmt: skip
        elif edited and last and not edited_there:
            notes.append(Text(
                f"Chỗ “{key}” đã bị xóa trong báo cáo; bản cũ nằm trong thư mục passages.",
                f"The place “{key}” was emptied in the report; the earlier words are in the folder passages.",
            ))  # fmt: skip
        elif there:
            found[key] = there
    return found, notes
