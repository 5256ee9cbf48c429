"""The state's document format (Nghị định 30/2020/NĐ-CP, Phụ lục I) on python-docx: named styles, header, signature.

A4; margins 20/20/30/20 mm; Times New Roman 14, tables 12; page numbers centred at the top from page 2.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path

import docx
import pandas as pd
from docx.document import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH as ALIGN
from docx.opc.exceptions import PackageNotFoundError
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.table import Table

from analysis.sentences import PRETEND
from survey.errors import Text, UserError, spoken
from survey.study import School

FONT = "Times New Roman"
MOTTO = Text("Độc lập - Tự do - Hạnh phúc", "Independence - Freedom - Happiness")
NATION = Text("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "SOCIALIST REPUBLIC OF VIETNAM")

# name: size, bold, italic, alignment, first-line indent (mm), space before, space after (pt)
STYLES = {
    "KSS Noi dung": (14, False, False, ALIGN.JUSTIFY, 12.7, 0, 6),
    "KSS Noi dung dam": (14, True, False, ALIGN.JUSTIFY, 12.7, 0, 6),
    "KSS Tom tat": (13, False, False, ALIGN.JUSTIFY, 10, 0, 6),
    "KSS Can cu": (14, False, True, ALIGN.JUSTIFY, 12.7, 0, 6),
    "KSS Dau trang": (13, False, False, ALIGN.CENTER, 0, 0, 0),
    "KSS Dau trang dam": (13, True, False, ALIGN.CENTER, 0, 0, 0),
    "KSS Quoc hieu": (12, True, False, ALIGN.CENTER, 0, 0, 0),
    "KSS Tieu ngu": (14, True, False, ALIGN.CENTER, 0, 0, 0),
    "KSS Ngay thang": (14, False, True, ALIGN.CENTER, 0, 6, 0),
    "KSS Ten loai": (14, True, False, ALIGN.CENTER, 0, 12, 0),
    "KSS Ke": (4, False, False, ALIGN.CENTER, 0, 0, 6),
    "KSS Muc 1": (14, True, False, ALIGN.JUSTIFY, 12.7, 6, 6),
    "KSS Muc 2": (14, True, True, ALIGN.JUSTIFY, 12.7, 6, 6),
    "KSS Ten bang": (13, True, False, ALIGN.LEFT, 0, 6, 3),
    "KSS Ten hinh": (12, False, True, ALIGN.CENTER, 0, 2, 8),
    "KSS O bang": (12, False, False, ALIGN.LEFT, 0, 2, 2),
    "KSS Ghi chu": (11, False, True, ALIGN.JUSTIFY, 0, 2, 6),
    "KSS Muc luc 1": (13, True, False, ALIGN.LEFT, 0, 3, 3),
    "KSS Muc luc 2": (13, False, False, ALIGN.LEFT, 0, 0, 3),
    "KSS Cho nguoi viet": (14, False, True, ALIGN.JUSTIFY, 12.7, 0, 6),
    "KSS Noi nhan": (12, True, True, ALIGN.LEFT, 0, 0, 0),
    "KSS Noi nhan dong": (11, False, False, ALIGN.LEFT, 0, 0, 0),
    "KSS Chu ky": (14, True, False, ALIGN.CENTER, 0, 0, 0),
}
TOGETHER = 12  # rows of a table that are kept on one page
AFTER_OUTLINE = ("w:divId", "w:cnfStyle", "w:rPr", "w:sectPr", "w:pPrChange")  # the schema's order of entries
OUTLINE = {"KSS Muc 1": 0, "KSS Muc 2": 1}


def from_template(path: Path) -> Document:
    """An empty document with the pages and styles of the school's own; styles of ours that it has not are added.

    A report once written serves as a template: change its styles in Word. Raises UserError where the file is no .docx.
    """
    try:
        document = docx.Document(str(path))
    except (KeyError, ValueError, OSError, zipfile.BadZipFile, PackageNotFoundError):
        raise UserError(
            str(path),
            rule=Text("Mẫu là một tệp Word (.docx).", "A template is a Word file (.docx)."),
            found=Text("không mở được như một tệp .docx", "it does not open as a .docx"),
            cure=Text("Kiểm tra tên tệp ghi ở --template.", "Check the name given at --template."),
        ) from None
    body = document.element.body
    for element in list(body)[:-1]:
        body.remove(element)
    for section in document.sections:
        for part in (section.header, section.footer, section.first_page_header, section.first_page_footer):
            for element in list(part._element):
                part._element.remove(element)
            part.add_paragraph()
    _add_styles(document)
    return document


def blank() -> Document:
    """An empty A4 document with the house's named styles, so that Word's own tools can restyle it."""
    document = docx.Document()
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin = section.bottom_margin = Mm(20)
    section.left_margin, section.right_margin = Mm(30), Mm(20)
    section.header_distance = Mm(10)
    normal = document.styles["Normal"]
    _font(normal.font, normal.element, 14)
    _add_styles(document)
    return document


def _add_styles(document: Document) -> None:
    """Our named styles, where the document has them not yet."""
    for key, relation in list(document.part.rels.items()):
        if relation.reltype.endswith(
            "/stylesWithEffects"
        ):  # Word 2010's second copy of the styles, which ours are not in
            document.part.rels.pop(key)
    known = {style.name for style in document.styles}
    for name, (size, bold, italic, align, indent, before, after) in STYLES.items():
        if name in known:
            continue
        style = document.styles.add_style(name, 1)  # a paragraph style
        style.base_style = document.styles["Normal"]
        _font(style.font, style.element, size)
        style.font.bold, style.font.italic = bold, italic
        paragraph = style.paragraph_format
        paragraph.alignment, paragraph.first_line_indent = align, Mm(indent)
        paragraph.space_before, paragraph.space_after = Pt(before), Pt(after)
        paragraph.line_spacing = 1.15 if size == 14 else 1.0
        if name in OUTLINE:
            level = OxmlElement("w:outlineLvl")
            level.set(qn("w:val"), str(OUTLINE[name]))
            style.element.get_or_add_pPr().insert_element_before(level, *AFTER_OUTLINE)
        paragraph.keep_with_next = True if name in OUTLINE or name in ("KSS Ten bang", "KSS Noi dung dam") else None
        if name == "KSS Cho nguoi viet":
            style.font.color.rgb = RGBColor(0x1F, 0x4E, 0x79)


def _font(font, element, size: int) -> None:
    font.name, font.size = FONT, Pt(size)
    font.color.rgb = RGBColor(0, 0, 0)
    run = element.get_or_add_rPr()
    fonts = run.find(qn("w:rFonts"))
    for script in ("w:ascii", "w:hAnsi", "w:cs", "w:eastAsia"):
        fonts.set(qn(script), FONT)
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), "vi-VN" if spoken() == "vi" else "en-GB")
    run.append(language)


def heading(document: Document, school: School, kind: str, year: int) -> None:
    """The block at the top of page 1: agency, nation and motto, number, place and date."""
    table = document.add_table(rows=2, cols=2)
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    _columns(table, (66, 94))
    agency, nation = table.rows[0].cells
    _lines(agency, [(str(school.authority), "KSS Dau trang"), (str(school.name).upper(), "KSS Dau trang dam")])
    _rule(agency.add_paragraph(style="KSS Ke"), 24)
    _lines(nation, [(str(NATION), "KSS Quoc hieu"), (str(MOTTO), "KSS Tieu ngu")])
    _rule(nation.add_paragraph(style="KSS Ke"), 18)
    number, place = table.rows[1].cells
    mark = f"/{kind}-{school.abbreviation}" if school.abbreviation else f"/{kind}"
    _lines(number, [(f"{Text('Số', 'No.')}:      {mark}", "KSS Dau trang")])
    vi, en = f"{school.place.vi}, ngày      tháng      năm {year}", f"{school.place}, {' ' * 6}/{' ' * 6}/{year}"
    _lines(place, [(str(Text(vi, en)), "KSS Ngay thang")])


def title(document: Document, kind: str, subject: str) -> None:
    """The kind of document and its subject, with the rule below."""
    document.add_paragraph(kind, style="KSS Ten loai")
    head, *tail = subject.rsplit(" ", 2)
    paragraph = document.add_paragraph(" ".join([head, "\u00a0".join(tail)]), style="KSS Ten loai")  # no lone last word
    paragraph.paragraph_format.space_before = Pt(0)
    _rule(document.add_paragraph(style="KSS Ke"), 55)


def page_numbers(document: Document, pretend: bool) -> None:
    """Page numbers centred at the top from page 2; a pretend study says so on every page."""
    section = document.sections[0]
    section.different_first_page_header_footer = True
    running = section.header.paragraphs[0]
    running.alignment = ALIGN.CENTER
    for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
        run = running.add_run()
        run.font.size = Pt(13)
        if kind:
            field = OxmlElement("w:fldChar")
            field.set(qn("w:fldCharType"), kind)
        else:
            field = OxmlElement("w:instrText")
            field.set(qn("xml:space"), "preserve")
            field.text = text
        run._r.append(field)
    if pretend:
        for footer in (section.footer, section.first_page_footer):
            paragraph = footer.paragraphs[0]
            paragraph.alignment = ALIGN.CENTER
            run = paragraph.add_run(str(PRETEND))
            run.bold, run.font.size, run.font.color.rgb = True, Pt(11), RGBColor(0xB0, 0, 0x20)


def table(document: Document, caption: str, frame: pd.DataFrame, widths: Sequence[int]) -> None:
    """A captioned table; see `grid`."""
    document.add_paragraph(caption, style="KSS Ten bang")
    grid(document, frame, widths, caption)


def grid(document: Document, frame: pd.DataFrame, widths: Sequence[int], title: str) -> Table:
    """A table with a repeated header row; `widths` in mm. Numbers are centred."""
    made = document.add_table(rows=1 + len(frame), cols=len(frame.columns))
    made.style = "Table Grid"
    made.autofit = False
    made.alignment = WD_TABLE_ALIGNMENT.CENTER
    for place, name in enumerate(frame.columns):
        _cell(made.rows[0].cells[place], str(name), header=True)
    repeat = OxmlElement("w:tblHeader")
    made.rows[0]._tr.get_or_add_trPr().append(repeat)
    for row, values in zip(made.rows[1:], frame.itertuples(index=False), strict=True):
        cant_split = OxmlElement("w:cantSplit")
        row._tr.get_or_add_trPr().append(cant_split)
        for cell, value in zip(row.cells, values, strict=True):
            _cell(cell, str(value))
    if len(frame) <= TOGETHER:
        for row in made.rows:
            for cell in row.cells:
                cell.paragraphs[0].paragraph_format.keep_with_next = True
    _columns(made, widths)
    _titled(made, title)
    document.add_paragraph(
        style="KSS Ke"
    ).paragraph_format.keep_with_next = True  # what is said below a table stays with it
    return made


def _titled(table: Table, title: str) -> None:
    """The table's name for those who cannot see it."""
    named = OxmlElement("w:tblCaption")
    named.set(qn("w:val"), title)
    table._tbl.tblPr.append(named)


def _columns(table, widths: Sequence[int]) -> None:
    """Column widths in mm: Word reads them from the cells, LibreOffice from the columns."""
    for place, width in enumerate(widths):
        table.columns[place].width = Mm(width)
        for cell in table.columns[place].cells:
            cell.width = Mm(width)


def _cell(cell, text: str, *, header: bool = False) -> None:
    paragraph = cell.paragraphs[0]
    paragraph.style = "KSS O bang"
    run = paragraph.add_run(text)
    if header:
        run.bold = True
        shade = OxmlElement("w:shd")
        shade.set(qn("w:val"), "clear")
        shade.set(qn("w:fill"), "E7ECF3")
        cell._tc.get_or_add_tcPr().append(shade)
    if header or re.match(r"[+−–<>]|\d(?!\d*\. )", text):  # a number, not the number of a line
        paragraph.alignment = ALIGN.CENTER


def signature(document: Document, school: School) -> None:
    """Recipients on the left, who signs on the right."""
    made = document.add_table(rows=1, cols=2)
    made.autofit = False
    _columns(made, (75, 85))
    left, right = made.rows[0].cells
    lines = [
        (f"- {line}" + (";" if line != school.recipients[-1] else "."), "KSS Noi nhan dong")
        for line in school.recipients
    ]
    _lines(left, [(str(Text("Nơi nhận:", "Recipients:")), "KSS Noi nhan"), *lines])
    _lines(right, [(line, "KSS Chu ky") for line in school.signs_as] + [("", "KSS Chu ky")] * 4)
    cant_split = OxmlElement("w:cantSplit")
    made.rows[0]._tr.get_or_add_trPr().append(cant_split)


def _lines(cell, lines: Sequence[tuple[str, str]]) -> None:
    first = cell.paragraphs[0]
    for place, (text, style) in enumerate(lines):
        paragraph = first if place == 0 else cell.add_paragraph()
        paragraph.style = style
        paragraph.add_run(text)


def _rule(paragraph, inset: int) -> None:
    """A line below the text, `inset` mm from either side."""
    paragraph.paragraph_format.left_indent = paragraph.paragraph_format.right_indent = Mm(inset)
    borders = OxmlElement("w:pBdr")
    line = OxmlElement("w:top")
    for name, value in (("val", "single"), ("sz", "6"), ("space", "1"), ("color", "000000")):
        line.set(qn(f"w:{name}"), value)
    borders.append(line)
    paragraph._p.get_or_add_pPr().insert_element_before(
        borders, "w:shd", "w:tabs", "w:spacing", "w:ind", "w:jc", *AFTER_OUTLINE
    )


def packed(document: Document, name: str) -> bytes:
    """The file's bytes, the same for the same content: no clock is in it."""
    properties = document.core_properties
    properties.title, properties.author, properties.last_modified_by = name, "khaosatso", "khaosatso"
    properties.created = properties.modified = dt.datetime(2025, 1, 1)
    properties.revision, properties.language = 1, "vi-VN" if spoken() == "vi" else "en-GB"
    loose = io.BytesIO()
    document.save(loose)
    return dated(loose.getvalue())


def dated(package: bytes) -> bytes:
    """An Office file again, with one fixed date on all its parts: the same content then has the same bytes."""
    fixed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as source, zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as target:
        for part in source.namelist():
            entry = zipfile.ZipInfo(part, date_time=(2025, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, source.read(part))
    return fixed.getvalue()
