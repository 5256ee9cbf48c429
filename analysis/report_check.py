"""Any Word document held against the state's document format (Nghị định 30/2020/NĐ-CP, Phụ lục I), rule by rule."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import docx
from docx.enum.text import WD_ALIGN_PARAGRAPH as ALIGN
from docx.opc.exceptions import PackageNotFoundError
from docx.oxml.ns import qn
from docx.shared import RGBColor
from docx.table import Table
from docx.text.paragraph import Paragraph

from survey.errors import Text, UserError

FONT = "Times New Roman"
NATION = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"
MOTTO = "Độc lập - Tự do - Hạnh phúc"
KINDS = (
    "BÁO CÁO",
    "TỜ TRÌNH",
    "KẾ HOẠCH",
    "BIÊN BẢN",
    "QUYẾT ĐỊNH",
    "THÔNG BÁO",
    "HƯỚNG DẪN",
    "CHƯƠNG TRÌNH",
    "NGHỊ QUYẾT",
)
TITLES = re.compile(r"\b(GS|PGS|TS|ThS|Ths|CN|NGƯT|NGND|Tiến sĩ|Thạc sĩ)\b\.?")
BLACK = (None, RGBColor(0, 0, 0))
LONG = 60  # characters: a shorter paragraph is a heading, a caption or a line of a list


@dataclass(frozen=True)
class Departure:
    """What departs from the decree: rule (its name), where, what was found, what to do."""

    rule: str
    where: str
    found: str
    cure: Text

    def __str__(self) -> str:
        return f"{self.where}: {RULES[self.rule]}\n    {Text('Đã thấy', 'Found')}: {self.found}\n    → {self.cure}"


RULES = {
    "paper": Text("khổ giấy A4 (210 × 297 mm)", "paper A4 (210 × 297 mm)"),
    "top": Text("lề trên 20–25 mm", "top margin 20–25 mm"),
    "bottom": Text("lề dưới 20–25 mm", "bottom margin 20–25 mm"),
    "left": Text("lề trái 30–35 mm", "left margin 30–35 mm"),
    "right": Text("lề phải 15–20 mm", "right margin 15–20 mm"),
    "page number": Text("số trang ở giữa lề trên, cỡ 13–14", "page number centred at the top, 13–14"),
    "first page": Text("trang thứ nhất không hiện số trang", "no page number on page 1"),
    "font": Text("phông chữ Times New Roman", "font Times New Roman"),
    "colour": Text("chữ màu đen", "black text"),
    "unicode": Text("bộ mã Unicode TCVN 6909:2001, chữ dựng sẵn", "Unicode TCVN 6909:2001, composed letters"),
    "nation": Text("Quốc hiệu chữ in hoa, đậm, cỡ 12–13", "the nation's name in bold capitals, 12–13"),
    "motto": Text(f"Tiêu ngữ “{MOTTO}”, đậm, cỡ 13–14", f"the motto “{MOTTO}”, bold, 13–14"),
    "agency": Text(
        "tên cơ quan chữ in hoa, cỡ 12–13; cơ quan ban hành đậm", "agencies in capitals, 12–13; the issuing one bold"
    ),
    "number": Text(
        "số, ký hiệu “Số: 05/BC-…”, cỡ 13; số dưới 10 thêm số 0", "number “Số: 05/BC-…”, 13; below 10 with a leading 0"
    ),
    "date": Text("địa danh, ngày tháng năm chữ nghiêng, cỡ 13–14", "place and date in italics, 13–14"),
    "day": Text("ngày dưới 10, tháng 1, 2 thêm số 0", "days below 10 and months 1, 2 with a leading 0"),
    "kind": Text(
        "tên loại văn bản chữ in hoa, đậm, cỡ 13–14, ở giữa", "the kind of document in bold capitals, 13–14, centred"
    ),
    "subject": Text("trích yếu chữ đậm, cỡ 13–14, ở giữa", "the subject in bold, 13–14, centred"),
    "basis": Text(
        "căn cứ chữ nghiêng, cuối dòng dấu chấm phẩy (dòng cuối: dấu phẩy, chấm)",
        "the basis in italics, each ending in a semicolon",
    ),
    "size": Text("nội dung cỡ chữ 13–14", "the body in 13–14"),
    "justified": Text("nội dung canh đều hai lề", "the body justified"),
    "indent": Text("dòng đầu đoạn lùi 1 cm hoặc 1,27 cm", "first line indented by 1 or 1.27 cm"),
    "spacing": Text("giãn dòng từ đơn đến 1,5", "line spacing from single to 1.5"),
    "gap": Text("khoảng cách giữa các đoạn từ 6 pt", "6 pt or more between paragraphs"),
    "end": Text("hết nội dung có dấu “./.”", "the body ends with “./.”"),
    "signature": Text("chức vụ người ký chữ in hoa, đậm, cỡ 13–14", "the signer's office in bold capitals, 13–14"),
    "signer": Text("họ tên người ký không kèm học hàm, học vị", "the signer's name without academic titles"),
    "recipients": Text(
        "“Nơi nhận:” đậm, nghiêng, cỡ 12; danh sách cỡ 11", "“Nơi nhận:” bold, italic, 12; the list in 11"
    ),
    "archive": Text("dòng cuối của Nơi nhận là “- Lưu: VT…”", "the last recipient is “- Lưu: VT…”"),
}


@dataclass
class _Read:
    """A document with its parts found: the table at the top, the body, the table of signatures."""

    document: Any
    paragraphs: list[Paragraph] = field(default_factory=list)

    @cached_property
    def tables(self) -> list[Table]:
        return list(self.document.tables)

    @cached_property
    def head(self) -> list[Paragraph]:
        """Every paragraph of the block at the top of page 1."""
        found = [Paragraph(p, self.document) for table in self.tables[:1] for p in table._tbl.iter(qn("w:p"))]
        return found if any(_plain(NATION) in _plain(p.text) for p in found) else []

    @cached_property
    def foot(self) -> list[list[Paragraph]]:
        """The cells of the table with recipients and signature; [] where there is none."""
        for table in reversed(self.tables):
            cells = [cell.paragraphs for cell in table.rows[0].cells]
            if any(_plain("nơi nhận") in _plain(p.text) for cell in cells for p in cell):
                return cells
        return []

    @cached_property
    def body(self) -> list[Paragraph]:
        """The paragraphs between the top and the signature, those of tables left out, empty ones too."""
        end = self.foot[0][0]._p.getparent().getparent().getparent() if self.foot else None
        found = []
        for part in self.document.element.body:
            if part is end:
                break
            if part.tag == qn("w:p"):
                found.append(Paragraph(part, self.document))
        return [p for p in found if p.text.strip()]

    @cached_property
    def kind(self) -> int | None:
        """The place in the body of the kind of document."""
        return next((n for n, p in enumerate(self.body) if _plain(p.text.strip()) in map(_plain, KINDS)), None)

    @cached_property
    def text(self) -> list[Paragraph]:
        """The running text: long paragraphs after the subject that are no captions and no notes (those are not justified
        by the decree), up to the first annex."""
        start = (self.kind + 2) if self.kind is not None else 0
        found = []
        for p in self.body[start:]:
            if re.match(r"(PHỤ LỤC|Phụ lục)\b", p.text) and p.alignment == ALIGN.CENTER:
                break
            if len(p.text) >= LONG and _of(p, "size", float("nan")) >= 12.5 and not _all(p, "bold"):
                found.append(p)
        return found


def check(path: Path) -> list[Departure]:
    """Everything in which a .docx departs from the decree; [] for a right one. Raises UserError where it is no .docx."""
    try:
        document = docx.Document(str(path))
    except (KeyError, ValueError, OSError, zipfile.BadZipFile, PackageNotFoundError):
        document = None
    if document is None:
        raise UserError(
            str(path),
            rule=Text("Tệp cần kiểm tra là văn bản Word (.docx).", "The file is a Word document (.docx)."),
            found=Text("không mở được như một tệp .docx", "it does not open as a .docx"),
            cure=Text("Kiểm tra tên tệp; tệp .doc thì lưu lại thành .docx.", "Check the name; save a .doc as .docx."),
        )
    read = _Read(document)
    return [*_page(document), *_letters(read), *_top(read), *_title(read), *_text(read), *_bottom(read)]


def _page(document: Any) -> Iterator[Departure]:
    sides = {"top": (20, 25), "bottom": (20, 25), "left": (30, 35), "right": (15, 20)}
    for number, section in enumerate(document.sections, start=1):
        where = str(Text(f"phần {number}", f"section {number}"))
        size = sorted((round(section.page_width.mm), round(section.page_height.mm)))
        if size != [210, 297]:
            yield Departure(
                "paper", where, f"{size[0]} × {size[1]} mm", Text("Bố cục → Khổ giấy → A4.", "Layout → Size → A4.")
            )
        for side, (least, most) in sides.items():
            margin = round(getattr(section, f"{side}_margin").mm, 1)
            if not least - 0.1 <= margin <= most + 0.1:
                cure = Text(f"Bố cục → Lề: {least}–{most} mm.", f"Layout → Margins: {least}–{most} mm.")
                yield Departure(side, where, f"{margin:g} mm".replace(".", ","), cure)
    first = document.sections[0]
    cure = Text("Chèn → Số trang → Đầu trang, ở giữa, cỡ 13–14.", "Insert → Page Number → Top, centred, 13–14.")
    numbered = [p for p in first.header.paragraphs if "PAGE" in "".join(p._p.itertext())]
    if not numbered:
        yield Departure(
            "page number", str(Text("đầu trang", "header")), str(Text("không có số trang", "no page number")), cure
        )
    elif numbered[0].alignment != ALIGN.CENTER or not 13 <= _of(numbered[0], "size", 0) <= 14:
        found = f"{_of(numbered[0], 'size', 0):g} pt, {numbered[0].alignment}"
        yield Departure("page number", str(Text("đầu trang", "header")), found, cure)
    if numbered and not first.different_first_page_header_footer:
        cure = Text("Đầu trang → đánh dấu “Trang đầu khác biệt”.", "Header → tick “Different First Page”.")
        yield Departure(
            "first page", str(Text("đầu trang", "header")), str(Text("hiện ở trang 1", "shown on page 1")), cure
        )


def _letters(read: _Read) -> Iterator[Departure]:
    """Font, colour and code of every piece of text, each fault once for a font or a colour."""
    import unicodedata

    seen: set[tuple[str, str]] = set()
    tables = [Paragraph(p, read.document) for table in read.tables for p in table._tbl.iter(qn("w:p"))]
    for paragraph in [*read.body, *tables, *(p for cell in read.foot for p in cell)]:
        for run in paragraph.runs:
            if not run.text.strip():
                continue
            font, colour = _run(paragraph, run, "name") or "", _run(paragraph, run, "colour")
            faults = []
            if font != FONT:
                faults.append(("font", font or "?", Text(f"Chọn phông {FONT}.", f"Choose the font {FONT}.")))
            if colour not in BLACK and not _placeholder(paragraph):
                faults.append(
                    ("colour", f"#{colour}", Text("Chọn màu chữ đen (Tự động).", "Choose black (Automatic)."))
                )
            if unicodedata.normalize("NFC", run.text) != run.text or re.match(r"\.Vn|VNI-", font):
                cure = Text("Chuyển mã sang Unicode dựng sẵn.", "Convert to composed Unicode.")
                faults.append(("unicode", run.text.strip()[:40], cure))
            for rule, found, cure in faults:
                if (rule, found) not in seen:
                    seen.add((rule, found))
                    yield Departure(rule, _where(paragraph), found, cure)


def _placeholder(paragraph: Paragraph) -> bool:
    """A place that only a person can fill in, marked until somebody does: [Nhà trường bổ sung: …]."""
    return bool(re.match(r"\s*\[.*\]\s*$", paragraph.text, re.DOTALL))


def _top(read: _Read) -> Iterator[Departure]:
    nation = next((p for p in read.head if _plain(NATION) in _plain(p.text)), None)
    if nation is None:
        missing = str(Text("không có Quốc hiệu ở đầu trang 1", "no name of the nation at the top of page 1"))
        cure = Text(
            "Thêm bảng đầu trang: cơ quan | Quốc hiệu, Tiêu ngữ.", "Add the table at the top: agencies | nation, motto."
        )
        yield Departure("nation", str(Text("đầu văn bản", "top")), missing, cure)
        return
    yield from _styled(nation, "nation", (12, 13), bold=True, wanted=NATION)
    motto = next((p for p in read.head if "độc lập" in p.text.casefold() or "hạnh phúc" in p.text.casefold()), None)
    if motto is None:
        missing = str(Text("không có Tiêu ngữ", "no motto"))
        yield Departure("motto", _where(nation), missing, Text(f"Thêm “{MOTTO}”.", f"Add “{MOTTO}”."))
    else:
        yield from _styled(motto, "motto", (13, 14), bold=True, wanted=MOTTO)
    agencies = [p for p in read.tables[0].rows[0].cells[0].paragraphs if p.text.strip()]
    for place, agency in enumerate(agencies):
        issuing = place == len(agencies) - 1
        yield from _styled(agency, "agency", (12, 13), bold=issuing or None, wanted=agency.text.strip().upper())
    yield from _number_and_date(read)


def _number_and_date(read: _Read) -> Iterator[Departure]:
    number = next((p for p in read.head if p.text.strip().startswith("Số")), None)
    cure = Text("Viết dạng  Số: 05/BC-THPTLN  cỡ 13.", "Write  Số: 05/BC-THPTLN  in 13.")
    if number is None:
        yield Departure("number", str(Text("đầu văn bản", "top")), str(Text("không có số, ký hiệu", "no number")), cure)
    else:
        shape = re.fullmatch(r"Số:\s*(\d*)\s*/[A-ZĐ]{2,4}r?-?[A-ZĐ0-9&-]*", number.text.strip())
        if not shape or (shape[1] and len(shape[1]) < 2) or round(_of(number, "size", 13)) != 13:
            yield Departure("number", _where(number), f"{number.text.strip()} ({_of(number, 'size', 0):g} pt)", cure)
    date = next((p for p in read.head if re.search(r"ngày.*tháng.*năm", p.text)), None)
    if date is None:
        missing = str(Text("không có địa danh, ngày tháng năm", "no place and date"))
        yield Departure(
            "date",
            str(Text("đầu văn bản", "top")),
            missing,
            Text("Thêm: Lộc Ninh, ngày 05 tháng 6 năm 2027.", "Add them."),
        )
        return
    yield from _styled(date, "date", (13, 14), italic=True)
    told = re.search(r"ngày\s*(\d*)\s*tháng\s*(\d*)\s*năm", date.text)
    if told and ((told[1] and len(told[1]) < 2) or told[2] in ("1", "2")):
        cure = Text("Viết ngày 05, tháng 02.", "Write day 05, month 02.")
        yield Departure("day", _where(date), date.text.strip(), cure)


def _title(read: _Read) -> Iterator[Departure]:
    if read.kind is None:
        missing = str(Text("không có tên loại văn bản", "no kind of document"))
        yield Departure(
            "kind", str(Text("đầu văn bản", "top")), missing, Text("Thêm dòng BÁO CÁO.", "Add the line BÁO CÁO.")
        )
        return
    kind, subject = read.body[read.kind], read.body[read.kind + 1] if read.kind + 1 < len(read.body) else None
    yield from _styled(kind, "kind", (13, 14), bold=True, centred=True, wanted=kind.text.strip().upper())
    if subject is not None:
        yield from _styled(subject, "subject", (13, 14), bold=True, centred=True)


def _text(read: _Read) -> Iterator[Departure]:
    basis = [p for p in read.body if re.match(r"\s*Căn cứ\b", p.text) and len(p.text) > 15]
    for place, paragraph in enumerate(basis):
        ends = (";", ",", ".") if place == len(basis) - 1 else (";",)
        if not _all(paragraph, "italic") or not paragraph.text.rstrip().endswith(ends):
            cure = Text("Chữ nghiêng, cuối dòng dấu chấm phẩy.", "Italics, ending in a semicolon.")
            yield Departure("basis", _where(paragraph), paragraph.text.strip()[-30:], cure)
    for paragraph in read.text:
        size, spacing = _of(paragraph, "size", 14), _spacing(paragraph)
        indent, after = _paragraph(paragraph, "first_line_indent"), _paragraph(paragraph, "space_after")
        before = _paragraph(paragraph, "space_before")
        where = _where(paragraph)
        if not 13 <= size <= 14:
            yield Departure("size", where, f"{size:g} pt", Text("Cỡ chữ 13 hoặc 14.", "Size 13 or 14."))
        if _paragraph(paragraph, "alignment") != ALIGN.JUSTIFY:
            yield Departure(
                "justified",
                where,
                str(_paragraph(paragraph, "alignment")),
                Text("Canh đều (Ctrl+J).", "Justify (Ctrl+J)."),
            )
        if indent is None or round(indent.mm, 1) not in (10.0, 12.7):
            found = f"{indent.mm:.1f} mm" if indent is not None else "0 mm"
            yield Departure(
                "indent",
                where,
                found.replace(".", ","),
                Text("Lùi dòng đầu 1 hoặc 1,27 cm.", "Indent by 1 or 1.27 cm."),
            )
        if spacing is not None and not 1 <= spacing <= 1.5:
            yield Departure(
                "spacing", where, f"{spacing:g}".replace(".", ","), Text("Giãn dòng 1–1,5.", "Line spacing 1–1.5.")
            )
        if max(after.pt if after is not None else 0, before.pt if before is not None else 0) < 6:
            yield Departure("gap", where, "< 6 pt", Text("Sau đoạn 6 pt.", "6 pt after the paragraph."))
    if read.text and read.foot and not any(p.text.rstrip().endswith("./.") for p in read.body):
        last = read.text[-1]
        cure = Text("Thêm “./.” sau câu cuối của nội dung.", "Put “./.” after the last sentence.")
        yield Departure("end", _where(last), last.text.strip()[-30:], cure)


def _bottom(read: _Read) -> Iterator[Departure]:
    if not read.foot:
        missing = str(Text("không có bảng Nơi nhận và chữ ký", "no table of recipients and signature"))
        yield Departure(
            "recipients", str(Text("cuối văn bản", "end")), missing, Text("Thêm bảng ấy ở cuối.", "Add it at the end.")
        )
        return
    left, right = ([p for p in cell if p.text.strip()] for cell in (read.foot[0], read.foot[-1]))
    yield from _styled(left[0], "recipients", (12, 12), bold=True, italic=True)
    for line in left[1:]:
        yield from _styled(line, "recipients", (11, 11))
    if not re.match(r"-\s*Lưu\s*:\s*VT", left[-1].text.strip()):
        cure = Text("Dòng cuối: - Lưu: VT.", "Last line: - Lưu: VT.")
        yield Departure("archive", _where(left[-1]), left[-1].text.strip(), cure)
    offices = [p for p in right if p.text.strip().isupper()]
    if not offices:
        missing = str(Text("không có chức vụ người ký", "no office of the signer"))
        yield Departure(
            "signature", str(Text("cuối văn bản", "end")), missing, Text("Thêm KT. HIỆU TRƯỞNG …", "Add it.")
        )
    for paragraph in offices:
        yield from _styled(paragraph, "signature", (13, 14), bold=True)
    for paragraph in right:
        if TITLES.search(paragraph.text) and not paragraph.text.strip().isupper():
            cure = Text("Chỉ ghi họ và tên.", "The name alone.")
            yield Departure("signer", _where(paragraph), paragraph.text.strip(), cure)


def _styled(
    paragraph: Paragraph,
    rule: str,
    sizes: tuple[float, float],
    *,
    bold: bool | None = None,
    italic: bool | None = None,
    centred: bool = False,
    wanted: str = "",
) -> Iterator[Departure]:
    """What of a line's look departs from what its rule asks; one departure for the line."""
    size, found = _of(paragraph, "size", 0), []
    if not sizes[0] <= size <= sizes[1]:
        found.append(f"{size:g} pt")
    if bold is not None and _all(paragraph, "bold") != bold:
        found.append(str(Text("không đậm", "not bold") if bold else Text("đậm", "bold")))
    if italic is not None and _all(paragraph, "italic") != italic:
        found.append(str(Text("không nghiêng", "not in italics") if italic else Text("nghiêng", "in italics")))
    if centred and _paragraph(paragraph, "alignment") != ALIGN.CENTER:
        found.append(str(Text("không ở giữa", "not centred")))
    if wanted and re.sub(r"\s+", " ", paragraph.text.strip()) != wanted:
        found.append(f"“{paragraph.text.strip()}”")
    if found:
        yield Departure(
            rule,
            _where(paragraph),
            ", ".join(found),
            Text(f"Sửa thành: {RULES[rule].vi}.", f"Make it: {RULES[rule].en}."),
        )


# --- What a run and a paragraph really look like, styles and defaults included


def _where(paragraph: Paragraph) -> str:
    words = re.sub(r"\s+", " ", paragraph.text.strip())
    return f"“{words if len(words) <= 50 else words[:49] + '…'}”"


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().casefold()


def _run(paragraph: Paragraph, run: Any, name: str) -> Any:
    """A run's property, from the run itself, its character style, the paragraph's style and those it is based on."""
    fonts = [run.font, *([run.style.font] if run.style is not None else [])]
    style = paragraph.style
    while style is not None:
        fonts.append(style.font)
        style = style.base_style
    for font in fonts:
        value = font.color.rgb if name == "colour" else getattr(font, name)
        if value is not None:
            return value
    return None


def _of(paragraph: Paragraph, name: str, default: float) -> float:
    """The size of a paragraph's first words, in points."""
    runs = [run for run in paragraph.runs if run.text.strip()] or paragraph.runs
    value = _run(paragraph, runs[0], name) if runs else None
    return value.pt if value is not None else default


def _all(paragraph: Paragraph, name: str) -> bool:
    runs = [run for run in paragraph.runs if run.text.strip()]
    return bool(runs) and all(_run(paragraph, run, name) for run in runs)


def _paragraph(paragraph: Paragraph, name: str) -> Any:
    """A paragraph's property, from itself, its style and those it is based on."""
    value, style = getattr(paragraph.paragraph_format, name), paragraph.style
    while value is None and style is not None:
        value, style = getattr(style.paragraph_format, name), style.base_style
    return value


def _spacing(paragraph: Paragraph) -> float | None:
    value = _paragraph(paragraph, "line_spacing")
    return value if isinstance(value, float) else None
