"""What people write into a report survives every later run, wherever they wrote it, and is kept in the study's folder."""

import contextlib
import functools
import hashlib
import io
import re
import shutil
import subprocess
import zipfile

import docx
import openpyxl
import pytest
from conftest import need_tool
from docx.enum.style import WD_STYLE_TYPE
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm
from hypothesis import given, settings
from hypothesis import strategies as st
from openxml_audit import OpenXmlValidator
from PIL import Image

from analysis import passages, report
from analysis import report_layout as layout
from analysis.blocks import Place
from analysis.passages import Passage
from analysis.review import Review
from survey.errors import UserError
from survey.study import Study

PLACES = [Place("tinh_hinh", "quy mô lớp, học sinh."), Place("han_che", "hạn chế khác."), Place("bai_hoc", "bài học.")]


def picture(colour="red"):
    packed = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(packed, format="PNG")
    return packed.getvalue()


def document_of(written=None, sentences=("Câu một của chương trình.", "Câu hai của chương trình.")):
    """A document like a report: a sentence, a place, a sentence, a place, a place; and the digests of its own blocks."""
    document = layout.blank()
    ours = set()
    for number, place in enumerate(PLACES):
        if number < len(sentences):
            ours.add(passages.digest(document.add_paragraph(sentences[number], style="KSS Noi dung")._p))
        passages.place(document, place, (written or {}).get(place.key))
        if not (written or {}).get(place.key):
            ours.add(passages.digest(document.paragraphs[-1]._p))
    return document, ours


def saved(document, folder, name="bao-cao.docx"):
    document.save(str(folder / name))
    return folder / name


@functools.cache
def validator():
    return OpenXmlValidator()


def faults(path):
    """What Open XML's schemas find wrong with a file."""
    return [str(error) for error in validator().validate(str(path)).errors]


def asking(document, words):
    return next(p for p in document.paragraphs if words in p.text)


def texts(found):
    return {key: passage.text for key, passage in found.items()}


# --- reading what people wrote


def test_an_untouched_report_holds_nothing_of_people(tmp_path):
    document, ours = document_of()
    assert passages.read(saved(document, tmp_path), ours) == {}


def test_text_typed_over_the_words_that_ask_for_it(tmp_path):
    document, ours = document_of()
    asking(document, "quy mô lớp").text = "Trường có 36 lớp."
    assert texts(passages.read(saved(document, tmp_path), ours)) == {"tinh_hinh": "Trường có 36 lớp."}


def test_several_paragraphs_before_and_after_the_words_that_ask(tmp_path):
    document, ours = document_of()
    asked = asking(document, "hạn chế khác")
    asked.insert_paragraph_before("Đoạn trước.")
    asked._p.addnext(docx.text.paragraph.Paragraph(OxmlElement("w:p"), asked._parent)._p)
    after = docx.text.paragraph.Paragraph(asked._p.getnext(), asked._parent)
    after.add_run("Đoạn sau.")
    assert texts(passages.read(saved(document, tmp_path), ours)) == {"han_che": "Đoạn trước.\nĐoạn sau."}


def test_text_outside_every_place_goes_to_the_place_before_it_and_else_to_the_first(tmp_path):
    document, ours = document_of()
    asking(document, "Câu một").insert_paragraph_before("Mở đầu của tôi.")
    document.add_paragraph("Viết sau cùng.")
    asking(document, "Câu hai").insert_paragraph_before("Xen giữa.")
    assert texts(passages.read(saved(document, tmp_path), ours)) == {
        "tinh_hinh": "Mở đầu của tôi.\nXen giữa.",
        "bai_hoc": "Viết sau cùng.",
    }


def test_a_place_whose_bookmark_was_deleted_with_it_loses_no_word(tmp_path):
    document, ours = document_of()
    asked = asking(document, "hạn chế khác")
    for mark in (asked._p.getprevious(), asked._p.getnext()):
        mark.getparent().remove(mark)
    asked.text = "Hạn chế của trường là…"
    assert texts(passages.read(saved(document, tmp_path), ours)) == {"tinh_hinh": "Hạn chế của trường là…"}


def test_an_inserted_word_counts_and_a_deleted_one_does_not(tmp_path):
    document, ours = document_of()
    asked = asking(document, "bài học")
    asked.text = ""
    for tag, words in (("w:ins", "giữ lại"), ("w:del", "bỏ đi")):
        tracked = OxmlElement(tag)
        tracked.set(qn("w:id"), "900")
        tracked.set(qn("w:author"), "x")
        run, text = OxmlElement("w:r"), OxmlElement("w:t")
        text.text = words
        run.append(text)
        tracked.append(run)
        asked._p.append(tracked)
    assert texts(passages.read(saved(document, tmp_path), ours)) == {"bai_hoc": "giữ lại"}


def run(words):
    return f"<w:r><w:t>{words}</w:t></w:r>"


def styled(style):
    return f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>'


def placed_after(document, words, xml):
    """A block, written as XML, after the paragraph with these words."""
    made = parse_xml(
        xml.replace(">", f' {nsdecls("w", "m", "wp", "a", "r")} xmlns:v="urn:schemas-microsoft-com:vml">', 1)
    )
    asking(document, words)._p.addnext(made)
    return made


def test_the_words_that_ask_say_where_a_place_is_that_lost_its_bookmark(tmp_path):
    document, ours = document_of()
    for mark in list(document.element.body.iter(qn("w:bookmarkStart"), qn("w:bookmarkEnd"))):
        mark.getparent().remove(mark)
    placed_after(document, "hạn chế khác", f"<w:p>{run('Sau lời mời viết.')}</w:p>")
    path = saved(document, tmp_path)
    assert texts(passages.read(path, ours, PLACES)) == {"han_che": "Sau lời mời viết."}
    assert texts(passages.read(path, ours)) == {"khac": "Sau lời mời viết."}


def test_a_bookmark_that_never_ends_does_not_hold_the_rest_of_the_report(tmp_path):
    document, ours = document_of()
    end = asking(document, "quy mô lớp")._p.getnext()
    end.getparent().remove(end)
    document.add_paragraph("Viết sau cùng.")
    assert texts(passages.read(saved(document, tmp_path), ours)) == {"bai_hoc": "Viết sau cùng."}


@pytest.mark.parametrize(
    ("xml", "words"),
    [
        ("<w:p><m:oMath><m:r><m:t>x=1</m:t></m:r></m:oMath></w:p>", "x=1"),
        ('<w:p><w:r><w:sym w:font="Wingdings" w:char="F0FC"/></w:r></w:p>', "\uf0fc"),
        ("<w:p><w:r><w:t>a</w:t><w:noBreakHyphen/><w:t>b</w:t></w:r></w:p>", "a-b"),
        (f"<w:sdt><w:sdtContent><w:p>{run('Trong khung.')}</w:p></w:sdtContent></w:sdt>", "Trong khung."),
        (f"<w:p><w:sdt><w:sdtContent>{run('Trong ô.')}</w:sdtContent></w:sdt></w:p>", "Trong ô."),
        (f"<w:p><w:r><w:pict><v:shape><v:textbox><w:txbxContent><w:p>{run('Trong hộp.')}</w:p>"
         "</w:txbxContent></v:textbox></v:shape></w:pict></w:r></w:p>", "Trong hộp."),
        (f"<w:p>{styled('KSSMuc2')}<w:bookmarkStart w:id='9' w:name='_Toc214567890'/>"
         f"{run('Tiểu mục.')}<w:bookmarkEnd w:id='9'/></w:p>", "Tiểu mục."),
        (f"<w:p>{styled('KSSTenloai')}{run('Dưới tên loại.')}</w:p>", "Dưới tên loại."),
        (f"<w:p>{styled('KSSMucluc1')}{run('Cạnh mục lục.')}</w:p>", "Cạnh mục lục."),
        ('<w:p><w:r><w:drawing><wp:inline><wp:docPr id="3" name="KSS xu_huong"/></wp:inline></w:drawing></w:r>'
         f"{run('Cạnh biểu đồ.')}</w:p>", "Cạnh biểu đồ."),
    ],
    ids=["equation", "symbol", "hyphen", "content control", "inline control", "text box", "heading in Word's contents",
         "style of the title", "style of the contents", "beside a chart of the program"],
)  # fmt: skip
def test_what_a_person_typed_counts_in_whatever_form(tmp_path, xml, words):
    document, ours = document_of()
    placed_after(document, "bài học", xml)
    assert texts(passages.read(saved(document, tmp_path), ours)) == {"bai_hoc": words}


@pytest.mark.parametrize(
    "xml",
    [
        f"<w:p><w:bookmarkStart w:id='9' w:name='E012'/>{run('Câu đã sửa.')}<w:bookmarkEnd w:id='9'/></w:p>",
        f"<w:p><w:bookmarkStart w:id='9' w:name='B_muc'/>{run('Bảng 1. Sửa')}<w:bookmarkEnd w:id='9'/></w:p>",
        f"<w:p><w:bookmarkStart w:id='9' w:name='_Toc000001'/>{run('I. Sửa')}<w:bookmarkEnd w:id='9'/></w:p>",
        '<w:p><w:r><w:drawing><wp:inline><wp:docPr id="3" name="KSS xu_huong"/></wp:inline></w:drawing></w:r></w:p>',
        f"<w:tbl><w:tblPr/><w:tr><w:tc><w:p>{styled('KSSChuky')}{run('Ký')}</w:p></w:tc></w:tr></w:tbl>",
        f"<w:p>{styled('KSSMucluc1')}<w:hyperlink w:anchor='_Toc2'>{run('I. Mục 3')}</w:hyperlink></w:p>",
        f"<w:p>{styled('KSSMucluc1')}{run('I. Mục')}<w:r><w:instrText>PAGEREF _Toc2</w:instrText></w:r></w:p>",
        "<w:p><w:del><w:r><w:delText>bỏ</w:delText></w:r></w:del></w:p>",
        "<w:p><w:r><w:br w:type='page'/></w:r></w:p>",
    ],
    ids=["sentence", "caption", "heading", "chart", "signature", "contents by Word", "contents by field", "deleted", "empty"],
)  # fmt: skip
def test_what_the_program_wrote_is_no_persons_though_its_words_are_edited(tmp_path, xml):
    document, ours = document_of()
    placed_after(document, "bài học", xml)
    assert passages.read(saved(document, tmp_path), ours) == {}


def test_a_paragraph_typed_before_a_sentence_counts_though_the_sentences_bookmark_begins_there(tmp_path):
    document, ours = document_of()
    start = f"<w:p><w:bookmarkStart w:id='9' w:name='E001'/>{run('Gõ trước câu.')}</w:p>"
    typed = placed_after(document, "quy mô lớp", start)
    end = OxmlElement("w:bookmarkEnd")
    end.set(qn("w:id"), "9")
    sentence = asking(document, "Câu hai")
    sentence._p.append(end)
    sentence._p.addprevious(typed)
    assert texts(passages.read(saved(document, tmp_path), ours)) == {"tinh_hinh": "Gõ trước câu."}


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 40),
            st.text(alphabet="ăâđêôơưáàảãạ Abc1", min_size=1, max_size=12).filter(str.strip),
            st.sampled_from(["Normal", *layout.STYLES]),
        ),
        min_size=1,
        max_size=6,
    ),
    st.sets(st.integers(0, 5)),
)
def test_no_word_of_a_person_is_lost_wherever_it_stands(tmp_path_factory, typed, gone):
    """In any style, and where any of the bookmarks' ends and beginnings are gone."""
    document, ours = document_of()
    body = document.element.body
    marks = list(body.iter(qn("w:bookmarkStart"), qn("w:bookmarkEnd")))
    for number in gone:
        body.remove(marks[number])
    for place, words, style in typed:
        fresh = document.add_paragraph(f"«{words}»", style=style)._p
        body.insert(place % (len(body) - 1), fresh)
    found = passages.read(saved(document, tmp_path_factory.mktemp("h")), ours)
    kept = "\n".join(texts(found).values())
    assert sorted(" ".join(f"«{words}»".split()) for _, words, _ in typed) == sorted(kept.split("\n"))


# --- what is carried over


def rich(document):
    """A person's work in the first place: bold words, a list, a table, a picture, a link."""
    asked = asking(document, "quy mô lớp")
    asked.text = "Trường có "
    asked.add_run("36 lớp").bold = True
    link = OxmlElement("w:hyperlink")
    link.set(
        qn("r:id"), document.part.relate_to("https://example.edu.vn/", RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
    )
    run, text = OxmlElement("w:r"), OxmlElement("w:t")
    text.text = ", xem trang của trường"
    run.append(text)
    link.append(run)
    asked._p.append(link)
    table = document.add_table(rows=1, cols=2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "Khối 10", "12 lớp"
    listed = document.add_paragraph("một gạch đầu dòng", style="List Bullet")
    numbered = listed._p.get_or_add_pPr()._add_numPr()
    numbered._add_numId().val = 1
    pictured = document.add_paragraph()
    pictured.add_run().add_picture(io.BytesIO(picture()), width=Mm(20))
    for element in (pictured._p, listed._p, table._tbl):
        asked._p.addnext(element)


def test_bold_words_a_table_a_list_a_picture_and_a_link_survive_five_reports_with_other_numbers(tmp_path):
    document, ours = document_of()
    rich(document)
    first = passages.read(saved(document, tmp_path), ours)
    found = first
    for turn in range(5):
        document, ours = document_of(found, (f"Số liệu lần {turn}: 2,4{turn}.", f"Số liệu khác lần {turn}."))
        path = saved(document, tmp_path, f"lan-{turn}.docx")
        found = passages.read(path, ours)
        assert texts(found) == texts(first) and found["tinh_hinh"].digest == first["tinh_hinh"].digest
        assert faults(path) == []
    assert texts(found) == {"tinh_hinh": "Trường có 36 lớp, xem trang của trường\nKhối 10\n12 lớp\n- một gạch đầu dòng"}
    last = docx.Document(str(path))
    paragraph = asking(last, "Trường có 36 lớp")
    assert [run.text for run in paragraph.runs if run.bold] == ["36 lớp"]
    assert next(iter(last.part.package.image_parts)).blob == picture()
    targets = [rel.target_ref for rel in last.part.rels.values() if rel.is_external]
    assert targets == ["https://example.edu.vn/"]
    assert [cell.text for table in last.tables for cell in table.rows[0].cells] == ["Khối 10", "12 lớp"]


def test_an_object_that_cannot_be_carried_over_is_named(tmp_path):
    document, ours = document_of()
    asked = asking(document, "bài học")
    asked.text = "Có biểu đồ:"
    held = OxmlElement("w:object")
    inner = OxmlElement("w:control")
    inner.set(qn("r:id"), document.part.relate_to(document.part._styles_part, RELATIONSHIP_TYPE.STYLES))
    held.append(inner)
    asked.add_run()._r.append(held)
    found = passages.read(saved(document, tmp_path), ours)
    assert found["bai_hoc"].text == "Có biểu đồ:"
    assert found["bai_hoc"].lost == ("ô điều khiển",)


NAMED = (
    '<w:p><w:r><w:drawing><wp:inline><wp:docPr id="3" name="Sơ đồ 1"/><a:graphic>{}</a:graphic></wp:inline></w:drawing>'
    "</w:r></w:p>"
)
ELSEWHERE = "https://example.edu.vn/hinh.png"


def pictured(document, content=None, kind="image/png"):
    """A paragraph of a person's with a picture, of any kind."""
    asked = asking(document, "bài học")
    asked.text = "Có hình:"
    asked.add_run().add_picture(io.BytesIO(picture()), width=Mm(20))
    (part,) = document.part.package.image_parts
    if content:
        part._blob, part._content_type = content, kind
    return asked


def carried(document, ours, folder):
    """What was read, and what is read again after it was written into the next report, which is valid."""
    first = passages.read(saved(document, folder), ours)["bai_hoc"]
    document, ours = document_of({"bai_hoc": first})
    path = saved(document, folder, "sau.docx")
    assert faults(path) == []
    again = passages.read(path, ours)["bai_hoc"]
    assert again.digest == first.digest and again.lost == ()
    return first, again


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("image/x-emf", b"\1\0\0\0".ljust(40, b"\0") + b" EMF".ljust(68, b"\0")),
        ("image/x-wmf", b"\xd7\xcd\xc6\x9a".ljust(40, b"\0")),
        ("image/svg+xml", b'<svg xmlns="http://www.w3.org/2000/svg"/>'),
    ],
)
def test_a_picture_of_a_kind_that_python_docx_does_not_know_is_carried_over(tmp_path, kind, content):
    document, ours = document_of()
    pictured(document, content, kind)
    _, again = carried(document, ours, tmp_path)
    assert (list(again.pictures.values()), list(again.kinds.values())) == ([content], [kind])


def test_a_picture_that_is_a_link_stays_both(tmp_path):
    document, ours = document_of()
    asked = pictured(document)
    link = document.part.relate_to("https://example.edu.vn/", RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
    asked._p.find(f".//{qn('wp:docPr')}").append(parse_xml(f'<a:hlinkClick {nsdecls("a", "r")} r:id="{link}"/>'))
    _, again = carried(document, ours, tmp_path)
    assert (list(again.pictures.values()), list(again.links.values())) == ([picture()], ["https://example.edu.vn/"])


def test_a_picture_keeps_itself_where_the_effects_behind_it_cannot_come_along(tmp_path):
    document, ours = document_of()
    blip = pictured(document)._p.find(f".//{qn('a:blip')}")
    part = Part(PackURI("/word/media/hdphoto1.wdp"), "image/vnd.ms-photo", b"x", document.part.package)
    key = document.part.relate_to(part, "http://schemas.microsoft.com/office/2007/relationships/hdphoto")
    blip.append(
        parse_xml(f'<a:extLst {nsdecls("a", "r")}><a:ext uri="x"><a:layer r:embed="{key}"/></a:ext></a:extLst>')
    )
    blip.set(qn("r:link"), document.part.relate_to(ELSEWHERE, RELATIONSHIP_TYPE.IMAGE, is_external=True))
    first, again = carried(document, ours, tmp_path)
    assert (first.lost, list(again.pictures.values())) == ((), [picture()])


def test_two_pictures_never_have_one_number(tmp_path):
    document, ours = document_of()
    pictured(document)
    written = passages.read(saved(document, tmp_path), ours)["bai_hoc"]
    document, _ = document_of({"bai_hoc": written + written, "han_che": written})
    assert [drawn.get("id") for drawn in document.element.body.iter(qn("wp:docPr"))] == ["10000", "10001", "10002"]


@pytest.mark.parametrize(
    ("graphic", "lost"),
    [
        ('<c:chart xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" r:id="{}"/>', "biểu đồ “Sơ đồ 1”"),
        ('<d:relIds xmlns:d="urn:d" r:dm="{}" r:lo="rId98" r:qs="rId99" r:cs="rId97"/>', "sơ đồ SmartArt “Sơ đồ 1”"),
        ('<a:blip r:link="{}"/>', "hình nằm ở tệp khác “Sơ đồ 1”"),
        ('<a:other r:id="{}"/>', "đối tượng “Sơ đồ 1”"),
    ],
    ids=["chart", "diagram", "picture in another file", "other"],
)
def test_a_drawing_that_cannot_be_carried_over_is_named_in_words_and_leaves_no_trace(tmp_path, graphic, lost):
    document, ours = document_of()
    asking(document, "bài học").text = "Có hình:"
    key = document.part.relate_to(ELSEWHERE, RELATIONSHIP_TYPE.IMAGE, is_external=True)
    placed_after(document, "Có hình", NAMED.format(graphic.format(key)))
    first, _ = carried(document, ours, tmp_path)
    assert (first.text, first.lost, b"r:" in b"".join(first.blocks)) == ("Có hình:", (lost,), False)


def test_of_an_embedded_object_the_picture_stays(tmp_path):
    document, ours = document_of()
    asked = pictured(document)
    (key,) = (r.rId for r in document.part.rels.values() if r.reltype == RELATIONSHIP_TYPE.IMAGE)
    asked.text = "Có bảng Excel:"
    made = '<w:p><w:r><w:object w:dxaOrig="9"><v:shape style="width:9pt;height:9pt"><v:imagedata r:id="{}"/></v:shape>'
    made += '<o:OLEObject xmlns:o="urn:schemas-microsoft-com:office:office" r:id="{}"/></w:object></w:r></w:p>'
    data = Part(PackURI("/word/embeddings/a.xlsx"), "application/x", b"x", document.part.package)
    placed_after(document, "Có bảng", made.format(key, document.part.relate_to(data, RELATIONSHIP_TYPE.PACKAGE)))
    first, again = carried(document, ours, tmp_path)
    assert first.lost == ("đối tượng nhúng (ví dụ bảng Excel)",)
    assert list(again.pictures.values()) == [picture()]


@pytest.mark.parametrize("kind", ["footnote", "endnote"])
def test_a_footnote_becomes_words_in_brackets(tmp_path, kind):
    document, ours = document_of()
    asked = asking(document, "bài học")
    asked.text = "Có chú thích"
    asked._p.append(parse_xml(f'<w:r {nsdecls("w")}><w:{kind}Reference w:id="2"/></w:r>'))
    note = f'<w:{kind}s {nsdecls("w")}><w:{kind} w:id="2"><w:p>{run("lời chú")}</w:p></w:{kind}></w:{kind}s>'
    part = Part(PackURI(f"/word/{kind}s.xml"), "application/xml", note.encode(), document.part.package)
    document.part.relate_to(part, f"{RELATIONSHIP_TYPE.FOOTNOTES.rsplit('/', 1)[0]}/{kind}s")
    _, again = carried(document, ours, tmp_path)
    assert again.text == "Có chú thích (chú thích: lời chú)"


@pytest.mark.parametrize(
    ("style", "number", "words"),
    [("List Bullet", None, "- một"), ("List Number", 3, "- một"), ("Normal", 3, "- một"), ("Normal", 0, "một")],
)
def test_a_list_becomes_paragraphs_with_a_dash_once(tmp_path, style, number, words):
    document, ours = document_of()
    listed = document.add_paragraph("một", style=style)
    if number is not None:
        listed._p.get_or_add_pPr()._add_numPr()._add_numId().val = number
    _, again = carried(document, ours, tmp_path)
    assert again.text == words
    assert "List" not in "".join(again.styles)


def test_a_style_that_the_next_report_does_not_have_becomes_that_of_its_text(tmp_path):
    document, ours = document_of()
    document.styles.add_style("Riêng", WD_STYLE_TYPE.PARAGRAPH)
    document.add_paragraph("Lời.", style="Riêng")
    carried(document, ours, tmp_path)
    last = docx.Document(str(tmp_path / "sau.docx"))
    assert asking(last, "Lời.").style.name == "KSS Noi dung"


def test_comments_and_words_own_numbers_are_left_behind(tmp_path):
    document, ours = document_of()
    typed = '<w:p w:rsidR="00AA00AA"><w:commentRangeStart w:id="5"/>' + run("Lời.") + '<w:commentRangeEnd w:id="5"/>'
    placed_after(document, "bài học", typed + '<w:r><w:commentReference w:id="5"/></w:r></w:p>')
    first, _ = carried(document, ours, tmp_path)
    assert first.text == "Lời." and b"comment" not in first.blocks[0] and b"rsid" not in first.blocks[0]


@pytest.mark.slow
def test_what_libreoffice_writes_back_is_read_too(tmp_path):
    document, ours = document_of()
    rich(document)
    path = saved(document, tmp_path)
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = [need_tool("soffice"), profile, "--headless", "--convert-to", "docx", "--outdir", str(tmp_path / "lo")]
    subprocess.run([*command, str(path)], check=True, capture_output=True, timeout=180)
    found = passages.read(tmp_path / "lo" / path.name, ours)
    assert "Trường có 36 lớp" in found["tinh_hinh"].text and "12 lớp" in found["tinh_hinh"].text
    assert len(found["tinh_hinh"].pictures) == 1


# --- two copies


def said(*lines):
    document = layout.blank()
    elements = [document.add_paragraph(line)._p for line in lines]
    return passages._passage(document, elements)


A, B, C = said("A"), said("B"), said("C")


@pytest.mark.parametrize(
    "report_, kept, last, outcome, notes",
    [
        (A, None, "", "A", 0),  # first written
        (A, A, A.digest, "A", 0),  # nothing new
        (B, A, A.digest, "B", 0),  # edited in the report
        (A, B, A.digest, "B", 0),  # edited in the kept file
        (B, C, A.digest, "B\nC", 1),  # edited in both
        (B, B, A.digest, "B", 0),  # edited in both alike
        (None, A, A.digest, None, 1),  # deleted in the report
        (None, A, "", "A", 0),  # a report that never had it
        (A, None, A.digest, "A", 1),  # the kept file was lost, or left behind
        (B, None, A.digest, "B", 1),  # the same, and edited in the report
        (None, B, A.digest, "B", 0),  # deleted in the report, edited in the kept file
    ],
)
def test_which_of_two_copies_counts(report_, kept, last, outcome, notes):
    found, told = passages.merge({"x": report_} if report_ else {}, {"x": kept} if kept else {}, {"x": last})
    assert (found["x"].text if "x" in found else None, len(told)) == (outcome, notes)


def test_the_notes_of_two_copies_in_words():
    told = [
        passages.merge({"x": B}, {"x": C}, {"x": A.digest})[1],
        passages.merge({}, {"x": A}, {"x": A.digest})[1],
        passages.merge({"x": A}, {}, {"x": A.digest})[1],
    ]
    assert [(note.vi, note.en) for notes in told for note in notes] == [
        (
            "Chỗ “x” được sửa cả trong báo cáo và trong thư mục passages: giữ cả hai, xin chọn lại.",
            "The place “x” was edited in the report and in the folder passages: both are kept, please choose.",
        ),
        (
            "Chỗ “x” đã bị xóa trong báo cáo; bản cũ nằm trong thư mục passages.",
            "The place “x” was emptied in the report; the earlier words are in the folder passages.",
        ),
        (
            "Chỗ “x” không có trong thư mục passages: giữ lời đang có trong báo cáo; muốn bỏ thì xóa ở báo cáo.",
            "The place “x” is not in the folder passages: the report's words stay; to drop them, delete them.",
        ),
    ]


def test_bold_that_is_new_in_the_report_counts_though_the_words_are_the_same():
    document = layout.blank()
    document.add_paragraph().add_run("A").bold = True
    bold = passages._passage(document, [document.paragraphs[0]._p])
    found, notes = passages.merge({"x": bold}, {"x": A}, {"x": A.digest})
    assert found["x"] == bold and notes == []


def test_a_heading_of_a_persons_own_stays_in_the_kept_file(tmp_path):
    document = layout.blank()
    written = [document.add_paragraph("Tiểu mục", style="KSS Muc 2")._p, document.add_paragraph("Lời.")._p]
    path = tmp_path / "giu.docx"
    passages.keep(path, {"han_che": passages._passage(document, written)}, PLACES)
    assert texts(passages.kept(path)) == {"han_che": "Tiểu mục\nLời."}


def test_words_between_the_brackets_that_asked_for_them_stay_in_the_kept_file(tmp_path):
    path = tmp_path / "giu.docx"
    passages.keep(path, {"han_che": said("[Nhà trường bổ sung: 36 lớp]")}, PLACES)
    assert texts(passages.kept(path)) == {"han_che": "[Nhà trường bổ sung: 36 lớp]"}


def test_what_was_put_aside_is_not_taken_for_another_content_of_that_name(tmp_path):
    path = tmp_path / "giu.docx"
    passages.keep(path, {"han_che": A}, PLACES)
    before = path.read_bytes()
    other = path.with_name(f"giu-{hashlib.sha256(before).hexdigest()[:8]}.docx")
    other.write_bytes(b"khac")
    aside, _ = passages.keep(path, {"han_che": B}, PLACES)
    assert (aside.read_bytes(), other.read_bytes()) == (before, b"khac")


def test_the_kept_file_is_valid_open_xml(tmp_path):
    path = tmp_path / "giu.docx"
    passages.keep(path, {"han_che": A}, PLACES)
    assert faults(path) == []


def test_the_kept_file_is_read_again_and_an_earlier_one_is_put_aside(tmp_path):
    path = tmp_path / "passages" / "bao-cao-2027.docx"
    assert passages.keep(path, {"tinh_hinh": A}, PLACES) == [path]
    assert passages.keep(path, {"tinh_hinh": A}, PLACES) == []
    before = path.read_bytes()
    assert texts(passages.kept(path)) == {"tinh_hinh": "A"}
    aside, _ = passages.keep(path, {"tinh_hinh": B, "cho_cu": C}, PLACES)
    assert aside.read_bytes() == before
    assert texts(passages.kept(path)) == {"tinh_hinh": "B", "cho_cu": "C"}


def test_a_damaged_file_is_refused_in_words_and_left_alone(tmp_path):
    path = tmp_path / "hong.docx"
    path.write_bytes(b"PK hong")
    with pytest.raises(UserError) as error:
        passages.kept(path)
    assert str(error.value) == (
        f"Lỗi ở {path}\n"
        "  Quy tắc: Lời người viết nằm trong một tệp Word (.docx) còn nguyên.\n"
        "  Đã thấy: tệp hỏng hoặc không phải .docx\n"
        "  Cách sửa: Đóng Word rồi chạy lại; nếu tệp hỏng thì đổi tên nó sang chỗ khác và lấy bản sao lưu. Chưa có gì bị ghi đè."
    )
    assert path.read_bytes() == b"PK hong"


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_a_file_damaged_anywhere_is_read_or_refused_in_words_and_never_changed(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("h") / "giu.docx"
    passages.keep(path, {"han_che": A}, PLACES)
    content = bytearray(path.read_bytes())
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=30)):
        content[place] ^= 0xFF
    damaged = bytes(content[: data.draw(st.sampled_from([len(content), len(content) // 2]))])
    path.write_bytes(damaged)
    with contextlib.suppress(UserError):
        passages.kept(path)
    assert path.read_bytes() == damaged


def test_another_program_s_file_is_refused_in_words(tmp_path):
    path = tmp_path / "so.docx"
    openpyxl.Workbook().save(path)
    with pytest.raises(UserError) as error:
        passages.read(path, set())
    assert "tệp hỏng hoặc không phải .docx" in str(error.value)


def test_a_passage_added_to_another_keeps_both_pictures(tmp_path):
    found = []
    for colour in ("red", "blue"):
        document, ours = document_of()
        asked = asking(document, "bài học")
        asked.text = colour
        asked.add_run().add_picture(io.BytesIO(picture(colour)))
        found.append(passages.read(saved(document, tmp_path), ours)["bai_hoc"])
    both = found[0] + found[1]
    assert both.text == "red\nblue" and sorted(both.pictures.values()) == sorted([picture("red"), picture("blue")])
    three = both + found[0]
    assert sorted(three.pictures.values()) == sorted([picture("red"), picture("blue"), picture("red")])
    document, _ = document_of({"bai_hoc": both})
    again = docx.Document(str(saved(document, tmp_path)))
    assert len(list(again.part.package.image_parts)) == 2


# --- in the real report


@pytest.fixture
def study(demo_study, tmp_path):
    folder = tmp_path / "Trường"
    shutil.copytree(demo_study.folder, folder, ignore=shutil.ignore_patterns("reports", "passages"))
    return Study.open(folder)


@pytest.mark.slow
def test_passages_number_date_and_signer_survive_five_reports_with_changed_data(study):
    path = report.write(Review.of(study, 2027)).document
    document = docx.Document(str(path))
    rich_words = "Toàn trường có 36 lớp, 1.512 học sinh."
    asking(document, "quy mô lớp, học sinh").text = rich_words
    asking(document, "bài học rút ra").insert_paragraph_before("Một là, lãnh đạo làm gương.")
    head = document.tables[0]
    head.rows[1].cells[0].paragraphs[0].runs[0].text = "Số: 05/BC-THPTMH"
    head.rows[1].cells[1].paragraphs[0].runs[0].text = "Lộc Ninh, ngày 05 tháng 6 năm 2027"
    foot = next(t for t in document.tables if "Nơi nhận" in t.cell(0, 0).text)
    foot.rows[0].cells[1].paragraphs[-1].text = "Nguyễn Văn Minh Họa"
    document.save(str(path))
    before = (study.folder / "study.yaml").read_text(encoding="utf-8")
    for count in range(71, 76):
        after = before.replace("date: 2027-05-31, numerator: 75", f"date: 2027-05-31, numerator: {count}")
        (study.folder / "study.yaml").write_text(after, encoding="utf-8")
        written = report.write(Review.of(Study.open(study.folder), 2027))
        last = docx.Document(str(written.document))
        words = "\n".join(p.text for p in last.paragraphs)
        assert rich_words in words and "Một là, lãnh đạo làm gương." in words
        assert f"{count}/80" in "\n".join(
            cell.text for table in last.tables for row in table.rows for cell in row.cells
        )
    assert last.tables[0].rows[1].cells[0].text == "Số: 05/BC-THPTMH"
    assert last.tables[0].rows[1].cells[1].text == "Lộc Ninh, ngày 05 tháng 6 năm 2027"
    foot = next(t for t in last.tables if "Nơi nhận" in t.cell(0, 0).text)
    assert foot.rows[0].cells[1].text.endswith("Nguyễn Văn Minh Họa")
    written.document.unlink()
    again = report.write(Review.of(Study.open(study.folder), 2027))
    words = "\n".join(p.text for p in docx.Document(str(again.document)).paragraphs)
    assert rich_words in words  # from the study's folder alone


@pytest.mark.slow
def test_a_report_whose_ledger_is_gone_gives_its_places_and_is_put_aside(study):
    from test_verification import changed_part

    from analysis.report_document import LEDGER

    path = report.write(Review.of(study, 2027)).document
    plain = [p.text for p in docx.Document(str(path)).paragraphs]
    document = docx.Document(str(path))
    asking(document, "bài học rút ra").text = "Một là, lãnh đạo làm gương."
    document.save(str(path))
    with zipfile.ZipFile(path) as archive:
        part = next(name for name in archive.namelist() if LEDGER.encode() in archive.read(name)[:400])
    changed_part(path, part, lambda _: b"<nothing/>")
    written = report.write(Review.of(study, 2027))
    after = [p.text for p in docx.Document(str(written.document)).paragraphs]
    assert [line for line in after if line not in plain] == ["Một là, lãnh đạo làm gương."]
    assert "giữ lại một bản" in str(written.notes[-1]) and len(after) == len(plain)


def without_ledger(path):
    """The report as a program writes it back that drops what it does not know."""
    document = docx.Document(str(path))
    for key, relation in list(document.part.rels.items()):
        if relation.reltype == RELATIONSHIP_TYPE.CUSTOM_XML:
            document.part.rels.pop(key)
    asking(document, "quy mô lớp, học sinh").text = "Toàn trường có 36 lớp."
    document.save(str(path))


@pytest.mark.slow
@pytest.mark.parametrize("beside", [True, False])
def test_a_report_that_lost_its_ledger_gives_what_people_wrote_and_nothing_else(study, beside):
    first = report.write(Review.of(study, 2027))
    without_ledger(first.document)
    edited = first.document.read_bytes()
    if not beside:
        first.ledger.unlink()
    report.write(Review.of(study, 2027))
    kept = passages.kept(study.folder / "passages" / f"{first.document.stem}.docx")
    assert list(texts(kept).values()) == ["Toàn trường có 36 lớp."]
    (aside,) = (first.document.parent / "ban-da-sua").iterdir()
    assert aside.read_bytes() == edited


@pytest.mark.slow
def test_a_damaged_report_is_refused_in_words_and_never_overwritten(study):
    path = report.write(Review.of(study, 2027)).document
    path.write_bytes(b"PK hong")
    with pytest.raises(UserError, match=re.escape(str(path))):
        report.write(Review.of(study, 2027))
    assert path.read_bytes() == b"PK hong"


@pytest.mark.parametrize("name", ["word/document.xml", "word/styles.xml", "[Content_Types].xml", "_rels/.rels"])
@pytest.mark.parametrize("content", [b"", b"<a/>", b"<a"])
def test_a_file_with_a_damaged_part_is_refused_in_words(tmp_path, name, content):
    path = tmp_path / "giu.docx"
    passages.keep(path, {"han_che": A}, PLACES)
    with zipfile.ZipFile(path) as whole:
        parts = {part: whole.read(part) for part in whole.namelist()} | {name: content}
    with zipfile.ZipFile(path, "w") as damaged:
        for part, held in parts.items():
            damaged.writestr(part, held)
    with pytest.raises(UserError):
        passages.kept(path)


@pytest.mark.slow
def test_a_title_that_somebody_changed_is_the_programs(study):
    path = report.write(Review.of(study, 2027)).document
    document = docx.Document(str(path))
    next(p for p in document.paragraphs if p.text == "BÁO CÁO").runs[0].text = "BÁO CÁO (dự thảo)"
    document.save(str(path))
    report.write(Review.of(study, 2027))
    assert not (study.folder / "passages").exists()


def test_an_empty_passage_is_a_place_that_asks():
    document, _ = document_of({"tinh_hinh": Passage(())})
    assert "[Nhà trường bổ sung: quy mô lớp, học sinh.]" in [p.text for p in document.paragraphs]
