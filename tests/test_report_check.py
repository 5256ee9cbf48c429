"""The checker of documents finds each planted departure from the decree, and nothing in a right document."""

from collections.abc import Callable
from pathlib import Path

import docx
import pytest
from docx.enum.text import WD_ALIGN_PARAGRAPH as ALIGN
from docx.shared import Mm, Pt, RGBColor

from analysis import report
from analysis.report_check import RULES, _Read, check
from analysis.review import Review
from survey.errors import UserError

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def right(demo_study) -> Path:
    return report.write(Review.of(demo_study, 2027)).document


def body(document, n: int = 5):
    """A paragraph of the running text."""
    return _Read(document).text[n]


def head(document, words: str):
    return next(p for p in _Read(document).head if words.casefold() in p.text.casefold())


def foot(document, words: str):
    return next(p for cell in _Read(document).foot for p in cell if words in p.text)


def said(document, words: str):
    return next(p for p in document.paragraphs if p.text.strip() == words)


def size(points: float):
    def change(paragraph):
        for run in paragraph.runs:
            run.font.size = Pt(points)

    return change


def plain(paragraph):
    for run in paragraph.runs:
        run.bold = run.italic = False


def text(words: str):
    def change(paragraph):
        paragraph.runs[0].text = words
        for run in paragraph.runs[1:]:
            run.text = ""

    return change


def setting(name: str, value: object):
    return lambda thing: setattr(thing, name, value)


def layout(name: str, value: object):
    return lambda paragraph: setattr(paragraph.paragraph_format, name, value)


def section(document):
    return document.sections[0]


PLANTED: dict[str, tuple[str, Callable, Callable]] = {
    "letter paper": ("paper", section, setting("page_width", Mm(216))),
    "a thin top margin": ("top", section, setting("top_margin", Mm(15))),
    "a thick bottom margin": ("bottom", section, setting("bottom_margin", Mm(30))),
    "a thin left margin": ("left", section, setting("left_margin", Mm(25))),
    "a thick right margin": ("right", section, setting("right_margin", Mm(25))),
    "no page number": ("page number", lambda d: section(d).header.paragraphs[0], lambda p: p.clear()),
    "a page number at the left": ("page number", lambda d: section(d).header.paragraphs[0], setting("alignment", ALIGN.LEFT)),
    "a number on page 1": ("first page", section, setting("different_first_page_header_footer", False)),
    "another font": ("font", body, lambda p: setattr(p.runs[0].font, "name", "Arial")),
    "a legacy font": ("font", body, lambda p: setattr(p.runs[0].font, "name", ".VnTime")),
    "red words": ("colour", body, lambda p: setattr(p.runs[0].font.color, "rgb", RGBColor(200, 0, 0))),
    "letters in pieces": ("unicode", body, text("Nha\u0300 trươ\u0300ng đa\u0303 làm được rất nhiều việc trong giai đoạn này.")),
    "the nation in small letters": ("nation", lambda d: head(d, "CỘNG HÒA"), text("Cộng hòa xã hội chủ nghĩa Việt Nam")),
    "the nation too large": ("nation", lambda d: head(d, "CỘNG HÒA"), size(15)),
    "the motto with dots": ("motto", lambda d: head(d, "Độc lập"), text("Độc lập – Tự do – Hạnh phúc")),
    "the motto not bold": ("motto", lambda d: head(d, "Độc lập"), plain),
    "the school in small letters": ("agency", lambda d: head(d, "TRƯỜNG THPT"), text("Trường THPT Minh Họa")),
    "a number without its leading 0": ("number", lambda d: head(d, "Số:"), text("Số: 5/BC-THPTMH")),
    "a number of another shape": ("number", lambda d: head(d, "Số:"), text("Số 05")),
    "a date that is not in italics": ("date", lambda d: head(d, "tháng"), plain),
    "a day without its leading 0": ("day", lambda d: head(d, "tháng"), text("Lộc Ninh, ngày 5 tháng 6 năm 2027")),
    "a month without its leading 0": ("day", lambda d: head(d, "tháng"), text("Lộc Ninh, ngày 15 tháng 2 năm 2027")),
    "the kind in small letters": ("kind", lambda d: said(d, "BÁO CÁO"), text("Báo cáo")),
    "the kind at the left": ("kind", lambda d: said(d, "BÁO CÁO"), setting("alignment", ALIGN.LEFT)),
    "a subject that is not bold": ("subject", lambda d: _Read(d).body[_Read(d).kind + 1], plain),
    "a basis without its semicolon": ("basis", lambda d: next(p for p in d.paragraphs if p.text.startswith("Căn cứ")),
                                      text("Căn cứ Kế hoạch số 3376 của Sở Giáo dục và Đào tạo tỉnh Đồng Nai")),
    "small body text": ("size", body, size(12.5)),
    "a ragged paragraph": ("justified", body, setting("alignment", ALIGN.LEFT)),
    "no indent": ("indent", body, layout("first_line_indent", Mm(0))),
    "double spacing": ("spacing", body, layout("line_spacing", 2.0)),
    "no gap": ("gap", body, layout("space_after", Pt(0))),
    "no mark at the end": ("end", lambda d: next(p for p in d.paragraphs if p.text.rstrip().endswith("./.")), text("Hết.")),
    "an office that is not bold": ("signature", lambda d: foot(d, "PHÓ HIỆU TRƯỞNG"), plain),
    "a signer with a degree": ("signer", lambda d: _Read(d).foot[-1][-1], lambda p: p.add_run("ThS. Nguyễn Văn Ví Dụ")),
    "recipients too large": ("recipients", lambda d: foot(d, "Nơi nhận"), size(14)),
    "a list of recipients too large": ("recipients", lambda d: foot(d, "Sở GD"), size(13)),
    "no archive": ("archive", lambda d: foot(d, "Lưu: VT"), text("- Lưu hồ sơ.")),
}  # fmt: skip


def test_a_right_document_departs_from_nothing(right):
    assert check(right) == []
    read = _Read(docx.Document(str(right)))
    assert len(read.head) > 5 and len(read.text) > 15 and read.kind is not None and read.foot


@pytest.mark.slow
@pytest.mark.parametrize("name", list(PLANTED))
def test_a_planted_departure_is_found_by_its_rule_and_no_other(name, right, tmp_path):
    rule, where, plant = PLANTED[name]
    document = docx.Document(str(right))
    plant(where(document))
    document.save(str(tmp_path / "sai.docx"))
    found = check(tmp_path / "sai.docx")
    assert {departure.rule for departure in found} - {"unicode"} <= {rule} and rule in {
        departure.rule for departure in found
    }


def test_every_rule_is_planted_at_least_once_and_there_are_more_than_twenty():
    assert {rule for rule, _, _ in PLANTED.values()} == set(RULES)
    assert len(PLANTED) > 20


def test_what_is_told_of_a_departure(right, tmp_path):
    document = docx.Document(str(right))
    document.sections[0].left_margin = Mm(25)
    document.save(str(tmp_path / "sai.docx"))
    (found,) = check(tmp_path / "sai.docx")
    assert str(found) == "phần 1: lề trái 30–35 mm\n    Đã thấy: 25 mm\n    → Bố cục → Lề: 30–35 mm."


@pytest.mark.slow
def test_the_report_of_2030_and_that_of_a_school_without_figures_depart_from_nothing(demo_study):
    assert check(report.write(Review.of(demo_study, 2030)).document) == []
    bare = demo_study.model_copy(update={"figures": ()})
    assert check(report.write(Review.of(bare, 2025)).document) == []


def test_an_empty_document_lacks_everything(tmp_path):
    docx.Document().save(str(tmp_path / "trong.docx"))
    rules = {departure.rule for departure in check(tmp_path / "trong.docx")}
    assert {"paper", "page number", "nation", "kind", "recipients"} <= rules


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"khong phai Word"])
def test_a_file_that_is_no_word_document(content, tmp_path):
    (tmp_path / "x.docx").write_bytes(content)
    with pytest.raises(UserError) as error:
        check(tmp_path / "x.docx")
    assert "Quy tắc: Tệp cần kiểm tra là văn bản Word (.docx)." in str(error.value)
