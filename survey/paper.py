"""The questionnaire on paper: a Word file with the online form's order and ids, to print for those who have no phone."""

from __future__ import annotations

import datetime as dt
import io
import math
import re
import zipfile
from collections.abc import Sequence
from itertools import groupby

import docx
from docx.document import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT as VERTICAL
from docx.enum.text import WD_ALIGN_PARAGRAPH as ALIGN
from docx.enum.text import WD_TAB_ALIGNMENT, WD_TAB_LEADER
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from survey.codebook import asked_of
from survey.ddi import NO_XML
from survey.errors import Text, spoken
from survey.questionnaire import ChoiceList, Question, Questionnaire

FONT, SYMBOLS = "Times New Roman", "Segoe UI Symbol"
WIDTH = 170  # mm between the margins
ONE, SOME = "○", "☐"  # choose one, choose several
GREY = RGBColor(0x80, 0x80, 0x80)
WIDEST = 8  # more choices than this make no table of questions
LONE = re.compile(r" (?=\S{1,2}$)")  # before a last word that would look lost on a line of its own
BOXES = 6  # of a code whose length is not said: as long as the house's own

# name: size, bold, italic, alignment, space before, space after (pt), stays with what follows
STYLES = {
    "Paper School": (13, True, False, ALIGN.CENTER, 0, 4, True),
    "Paper Title": (15, True, False, ALIGN.CENTER, 0, 8, True),
    "Paper Notice": (12, False, False, ALIGN.JUSTIFY, 0, 6, False),
    "Paper Only": (12, True, True, ALIGN.LEFT, 0, 3, True),
    "Paper Text": (13, False, True, ALIGN.LEFT, 0, 4, True),
    "Paper Question": (13, False, False, ALIGN.LEFT, 6, 2, True),
    "Paper Hint": (11, False, True, ALIGN.LEFT, 0, 2, True),
    "Paper Answer": (12, False, False, ALIGN.LEFT, 1, 1, False),
    "Paper Cell": (12, False, False, ALIGN.LEFT, 2, 2, False),
    "Paper Head": (10, True, False, ALIGN.CENTER, 1, 1, True),
    "Paper Gap": (4, False, False, ALIGN.LEFT, 0, 0, False),
}


def paper(form: Questionnaire, school: Text) -> bytes:
    """The form as a .docx to print; the same form always gives the same bytes."""
    document = _blank(form)
    _paragraph(document, school, "Paper School")
    head, *tail = str(form.title).rsplit(" ", 2)
    _paragraph(document, " ".join([head, "\u00a0".join(tail)]), "Paper Title")  # no lone last word
    _said(document, form.notice, "Paper Notice")
    how = Text(
        f"Cách trả lời: đánh dấu X vào {ONE} (chọn một) hoặc {SOME} (chọn nhiều).",
        f"How to answer: put an X in {ONE} (choose one) or {SOME} (choose several).",
    )
    _symbols(_paragraph(document, "", "Paper Only"), str(how))
    number = 0
    for section in form.sections:
        document.add_heading(_clean(section.title), level=1)
        who = asked_of(form, section)
        if who.vi:
            _paragraph(document, Text(f"Chỉ dành cho: {who.vi}", f"Only for: {who.en}"), "Paper Only")
        _said(document, section.text, "Paper Text")
        for _, group in groupby(enumerate(section.questions), key=lambda pair: _shared(form, *pair)):
            questions = [question for _, question in group]
            if len(questions) > 1:
                numbered = [(f"{number + place}. ", question) for place, question in enumerate(questions, start=1)]
                _questions(document, numbered, form.choices_of(questions[0]))
            else:
                _question(document, form, number + 1, questions[0])
            number += len(questions)
    return _packed(document)


def _shared(form: Questionnaire, place: int, question: Question) -> object:
    """What neighbours have in common that stand in one table: an ordered list of choices; else the question alone."""
    if question.type == "single" and not question.other:
        choices = form.choices_of(question)
        if choices.order != "none" and len(choices.options) <= WIDEST:
            return choices
    return place


# --- Questions


def _question(document: Document, form: Questionnaire, number: int, question: Question) -> None:
    """One question with room for its answer."""
    paragraph = _paragraph(document, f"{number}. {question.title}", "Paper Question")
    if question.type != "grid":
        _id(paragraph, question.id)
    _said(document, question.hint, "Paper Hint")
    if question.type == "grid":
        _questions(document, [("", item) for item in _rows(question)], form.choices_of(question))
    elif question.type in ("single", "several"):
        mark = ONE if question.type == "single" else SOME
        _choices(document, mark, [str(choice.label) for choice in form.choices_of(question).options], question.other)
    elif question.type == "linear":
        _linear(document, question)
    elif question.type == "code" or question.digits:
        _boxes(document, question.digits or BOXES)
    elif question.type == "number":
        _paragraph(document, f"{'…' * 8}  ({_range(question)})", "Paper Answer")
    elif question.type == "date":
        _paragraph(document, f"……/……/…………  ({Text('ngày/tháng/năm', 'day/month/year')})", "Paper Answer")
    else:
        lines = 4 if question.type == "long_text" else 1
        for line in range(1, lines + 1):
            _ruled(document, "").paragraph_format.keep_with_next = line < lines


def _rows(question: Question) -> list[Question]:
    """The rows of a grid as questions with the row's own words, without the grid's."""
    pairs = zip(question.items, question.rows, strict=True)
    return [item.model_copy(update={"title": row.title, "hint": Text("")}) for item, row in pairs]


def _range(question: Question) -> Text:
    """What kind of number is asked, and between which."""
    kind = Text("số nguyên", "whole number") if question.whole else Text("số", "number")
    low, high = question.low, question.high
    if low is not None and high is not None:
        kind = Text(f"{kind.vi} từ {low} đến {high}", f"{kind.en} from {low} to {high}")
    elif low is not None:
        kind = Text(f"{kind.vi} từ {low} trở lên", f"{kind.en}, {low} or more")
    elif high is not None:
        kind = Text(f"{kind.vi} không quá {high}", f"{kind.en}, {high} or less")
    return kind


def _choices(document: Document, mark: str, labels: Sequence[str], other: bool) -> None:
    """The choices, several on a line where all are short; then a line for words of one's own."""
    needed = max(len(label) for label in labels) * 1.95 + 9
    fitting = max(1, min(4, int(WIDTH / needed), len(labels)))
    columns = math.ceil(len(labels) / math.ceil(len(labels) / fitting))  # lines as even as they can be
    lines = [labels[start : start + columns] for start in range(0, len(labels), columns)]
    for place, line in enumerate(lines):
        paragraph = _paragraph(document, "", "Paper Answer")
        paragraph.paragraph_format.keep_with_next = other or place < len(lines) - 1
        if columns == 1:  # a label of two lines hangs behind its mark
            paragraph.paragraph_format.left_indent, paragraph.paragraph_format.first_line_indent = Mm(6), Mm(-6)
        for stop in range(1, columns):
            paragraph.paragraph_format.tab_stops.add_tab_stop(Mm(stop * WIDTH / columns))
        for column, label in enumerate(line):
            _symbols(paragraph, ("\t" if column else "") + f"{mark} {label}")
    if other:
        _ruled(document, f"{mark} {Text('Khác', 'Other')}: ")


def _linear(document: Document, question: Question) -> None:
    """The numbers in circles between the words of both ends."""
    assert question.low is not None and question.high is not None
    circles = [_circled(value) for value in range(question.low, question.high + 1)]
    paragraph = _paragraph(document, "", "Paper Answer")
    for words in (str(question.low_label), "   ".join(circles), str(question.high_label)):
        if words:
            _symbols(paragraph, f"{words}    ")


def _circled(value: int) -> str:
    if value == 0:
        return "⓪"
    return chr(ord("①") + value - 1) if 1 <= value <= 20 else f"{ONE}\u00a0{value}"


def _boxes(document: Document, count: int) -> None:
    table = _table(document, 1, [8.0] * count)
    for cell in table.rows[0].cells:
        cell.paragraphs[0].style = "Paper Question"
        cell.paragraphs[0].paragraph_format.keep_with_next = False
    _paragraph(document, "", "Paper Gap")


def _ruled(document: Document, words: str):
    """Words, then dots to the margin."""
    paragraph = _paragraph(document, "", "Paper Answer")
    paragraph.paragraph_format.space_before = Pt(7)
    paragraph.paragraph_format.tab_stops.add_tab_stop(Mm(WIDTH), WD_TAB_ALIGNMENT.RIGHT, WD_TAB_LEADER.DOTS)
    _symbols(paragraph, f"{words}\t")
    return paragraph


def _questions(document: Document, questions: Sequence[tuple[str, Question]], choices: ChoiceList) -> None:
    """Questions of the same choices as a table: a row each, with its number, and a column for each choice."""
    labels = [str(choice.label) for choice in choices.options]
    word = max(len(word) for label in labels for word in label.split())
    least = 22 if len(labels) <= 3 else 18 if len(labels) <= 5 else 16.5
    width = min(max(least, 1.9 * word + 3), 120 / len(labels))
    table = _table(document, 1 + len(questions), [WIDTH - width * len(labels), *([width] * len(labels))])
    head, *rows = table.rows
    _mark(head._tr.get_or_add_trPr(), "w:tblHeader")
    _fill(head.cells[0], Text("Mỗi dòng chọn một ô", "Choose one in each row"), "Paper Head")
    for cell, label in zip(head.cells[1:], labels, strict=True):
        _fill(cell, LONE.sub("\u00a0", label), "Paper Head")
    for cell in head.cells:
        _mark(cell._tc.get_or_add_tcPr(), "w:shd", val="clear", color="auto", fill="EDEDED")
        cell.vertical_alignment = VERTICAL.CENTER
    for row, (number, question) in zip(rows, questions, strict=True):
        paragraph = _fill(row.cells[0], f"{number}{question.title}", "Paper Cell")
        _id(paragraph, question.id)
        if question.hint.vi:
            run = paragraph.add_run(f"\n{_clean(question.hint)}")
            run.italic, run.font.size = True, Pt(11)
        for cell in row.cells[1:]:
            _symbols(cell.paragraphs[0], ONE)
            cell.paragraphs[0].style, cell.paragraphs[0].alignment = "Paper Cell", ALIGN.CENTER
            cell.vertical_alignment = VERTICAL.CENTER
    for place, row in enumerate(rows[:-1]):  # no row alone at the foot or the head of a page
        for cell in row.cells:
            cell.paragraphs[0].paragraph_format.keep_with_next = place == 0 or place == len(rows) - 2 or len(rows) <= 4
    _paragraph(document, "", "Paper Gap")


# --- Word


def _blank(form: Questionnaire) -> Document:
    """An empty A4 document with the paper's styles, its pages numbered."""
    document = docx.Document()
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Mm(20)
    section.footer_distance = Mm(10)
    _font(document.styles["Normal"], 13, False, False)
    for name, (size, bold, italic, align, before, after, stays) in STYLES.items():
        style = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        _font(style, size, bold, italic)
        _spaced(style, align, before, after, stays)
    _font(document.styles["Heading 1"], 13, True, False)
    _spaced(document.styles["Heading 1"], ALIGN.LEFT, 12, 3, True)
    footer = section.footer.paragraphs[0]
    footer.alignment = ALIGN.CENTER
    for words in (f"{Text('Trang', 'Page')} ", "PAGE", "/", "NUMPAGES"):
        _field(footer, words) if words.isupper() else footer.add_run(words)
    for run in footer.runs:
        run.font.size = Pt(10)
    properties = document.core_properties
    properties.title, properties.author, properties.last_modified_by = _clean(form.title), "", ""
    properties.comments, properties.revision = "", 1
    properties.created = properties.modified = dt.datetime(2025, 1, 1)
    properties.language = "vi-VN" if spoken() == "vi" else "en-GB"
    for language in document.styles.element.iter(qn("w:lang")):
        language.set(qn("w:val"), properties.language)
    return document


def _font(style, size: int, bold: bool, italic: bool) -> None:
    style.font.name, style.font.size, style.font.bold, style.font.italic = FONT, Pt(size), bold, italic
    style.font.color.rgb = RGBColor(0, 0, 0)
    fonts = style.element.get_or_add_rPr().find(qn("w:rFonts"))
    for name in list(fonts.attrib):
        if name.endswith("Theme"):  # a theme's font would win
            del fonts.attrib[name]
    for script in ("w:ascii", "w:hAnsi", "w:cs", "w:eastAsia"):
        fonts.set(qn(script), FONT)


def _spaced(style, align, before: int, after: int, stays: bool) -> None:
    style.paragraph_format.alignment, style.paragraph_format.keep_with_next = align, stays
    style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(before), Pt(after)
    style.paragraph_format.line_spacing, style.paragraph_format.keep_together = 1.0, True
    style.paragraph_format.widow_control = True


def _field(paragraph, name: str) -> None:
    """A field that Word and LibreOffice count themselves: PAGE, NUMPAGES."""
    for kind in ("begin", "", "separate", "1", "end"):
        run = paragraph.add_run("1" if kind == "1" else "")
        if kind == "":
            code = OxmlElement("w:instrText")
            code.set(qn("xml:space"), "preserve")
            code.text = f" {name} "
            run._r.append(code)
        elif kind != "1":
            _mark(run._r, "w:fldChar", fldCharType=kind)


def _mark(parent, name: str, **attributes: str) -> None:
    """An empty element of Word's own at the end of another."""
    made = OxmlElement(name)
    for key, value in attributes.items():
        made.set(qn(f"w:{key}"), value)
    parent.append(made)


def _table(document: Document, rows: int, widths: Sequence[float]):
    """A ruled table whose rows stay whole; widths in mm, which Word reads from cells, LibreOffice from columns."""
    table = document.add_table(rows=rows, cols=len(widths))
    table.style, table.autofit = "Table Grid", False
    for place, width in enumerate(widths):
        table.columns[place].width = Mm(width)
        for cell in table.columns[place].cells:
            cell.width = Mm(width)
    margins = OxmlElement("w:tblCellMar")
    for side in ("left", "right"):
        _mark(margins, f"w:{side}", w="57", type="dxa")  # 1 mm
    table._tbl.tblPr.insert_element_before(margins, "w:tblLook", "w:tblCaption", "w:tblDescription")
    for row in table.rows:
        _mark(row._tr.get_or_add_trPr(), "w:cantSplit")
    return table


def _fill(cell, text: object, style: str):
    paragraph = cell.paragraphs[0]
    paragraph.style = style
    paragraph.add_run(_clean(text))
    return paragraph


def _paragraph(document: Document, text: object, style: str):
    """A paragraph of these words, or an empty one to be filled."""
    return document.add_paragraph(_clean(text), style=style)


def _said(document: Document, text: Text, style: str) -> None:
    """A paragraph of these words; without words, nothing."""
    if text.vi:
        _paragraph(document, text, style)


def _symbols(paragraph, text: str) -> None:
    """Words in which circles and boxes have a font that holds them."""
    for drawn, letters in groupby(_clean(text), key=lambda letter: letter in (ONE, SOME) or "①" <= letter <= "⓪"):
        run = paragraph.add_run("".join(letters))
        if drawn:
            run.font.name = SYMBOLS
            run._r.get_or_add_rPr().find(qn("w:rFonts")).set(qn("w:eastAsia"), SYMBOLS)


def _id(paragraph, name: str) -> None:
    """A question's id, small and grey, by which an answer on paper is entered."""
    paragraph.add_run("\u00a0 ")
    run = paragraph.add_run(name)
    run.font.size, run.font.color.rgb = Pt(8), GREY


def _clean(text: object) -> str:
    return NO_XML.sub("", str(text))


def _packed(document: Document) -> bytes:
    """The file's bytes without a clock in them."""
    loose, fixed = io.BytesIO(), io.BytesIO()
    document.save(loose)
    with zipfile.ZipFile(loose) as source, zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as target:
        for part in source.namelist():
            entry = zipfile.ZipInfo(part, date_time=(2025, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, source.read(part))
    return fixed.getvalue()
