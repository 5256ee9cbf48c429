"""The review report: the state's form, the same bytes for the same answers, and nothing said that is not in the ledger."""

import io
import re
import subprocess
import zipfile

import docx
import openpyxl
import pytest
from conftest import need_tool
from docx.shared import Mm, Pt
from openxml_audit import OpenXmlValidator
from pypdf import PdfReader

from analysis import report, report_layout
from analysis.review import Review
from survey.errors import UserError, speak

pytestmark = pytest.mark.slow  # whole documents; their parts are in test_word_charts, test_passages, test_sentences


@pytest.fixture(scope="module")
def interim(demo_study):
    return Review.of(demo_study, 2027)


@pytest.fixture(scope="module")
def written(interim, tmp_path_factory):
    return report.write(interim, tmp_path_factory.mktemp("Báo cáo"))


@pytest.fixture(scope="module")
def text(written):
    document = docx.Document(str(written.document))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([paragraph.text for paragraph in document.paragraphs] + cells)


def test_the_page_is_the_decrees(written):
    section = docx.Document(str(written.document)).sections[0]
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)
    assert [round(m.mm) for m in (section.top_margin, section.bottom_margin, section.left_margin, section.right_margin)] == [
        20, 20, 30, 20,
    ]  # fmt: skip
    assert section.different_first_page_header_footer
    assert "PAGE" in section.header._element.xml and "PAGE" not in section.first_page_header._element.xml


def test_every_paragraph_has_a_named_style_in_times_new_roman(written):
    document = docx.Document(str(written.document))
    styles = {paragraph.style.name for paragraph in document.paragraphs}
    assert styles - {"Normal"} <= set(report_layout.STYLES)
    for name in report_layout.STYLES:
        assert document.styles[name].font.name == "Times New Roman"


def test_the_head_of_the_document(text):
    for line in (
        "SỞ GIÁO DỤC VÀ ĐÀO TẠO ĐỒNG NAI",
        "TRƯỜNG THPT MINH HỌA",
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc",
        "BÁO CÁO",
        "KT. HIỆU TRƯỞNG",
        "PHÓ HIỆU TRƯỞNG",
        "- Lưu: VT.",
    ):
        assert line in text.split("\n"), line
    assert "Sơ kết Phong trào thi đua “Phát huy sức mạnh tổng hợp" in text
    assert text.count("Căn cứ ") == 2


def test_the_outline_is_complete(written, text):
    heads = [p.text for p in docx.Document(str(written.document)).paragraphs if p.style.name == "KSS Muc 1"]
    assert [head.split(".")[0] for head in heads] == ["I", "II", "III", "IV", "V", "VI", "VII", "PHỤ LỤC"]
    assert [f"Nội dung {n}." in text for n in range(1, 8)] == [True] * 7


def test_a_pretend_study_says_so_at_the_top_and_on_every_page(written, text):
    section = docx.Document(str(written.document)).sections[0]
    assert section.footer.paragraphs[0].text == section.first_page_footer.paragraphs[0].text == "DỮ LIỆU MÔ PHỎNG"
    assert "DỮ LIỆU MÔ PHỎNG: mọi số liệu dưới đây là giả định" in text


def test_the_targets_are_told_with_counts(text):
    assert "Trong 6 chỉ tiêu của kế hoạch: 4 đạt, 2 chưa đạt." in text
    assert "75/80 = 93,8%" in text
    told = "- Nhân sự có chữ ký số hoặc chữ ký điện tử: chưa đạt: 75/80 = 93,8%, cần 100%, còn thiếu 5."
    assert f"{told}\u00a0[E" in text


def test_every_id_in_the_text_is_in_the_annexs_ledger_and_every_one_there_is_in_the_text(written, text):
    book = openpyxl.load_workbook(written.annex, read_only=True)
    rows = list(book["Sổ số liệu"].iter_rows(min_row=3, max_col=1, values_only=True))
    cited = set(re.findall(r"\[(E\d{3})\]", text))
    for first, last in re.findall(r"Mã số liệu E(\d{3})–E(\d{3}), theo hàng.", text):
        cited |= {f"E{number:03d}" for number in range(int(first), int(last) + 1)}
    assert len(cited) > 100 and cited == {row[0] for row in rows}


def test_the_estimates_in_the_annex_are_the_reviews(interim, written):
    book = openpyxl.load_workbook(written.annex, read_only=True)
    rows = list(book["Mức"].iter_rows(min_row=2, values_only=True))
    place = rows[0].index("Ước lượng")
    assert [row[place] for row in rows[1:]] == pytest.approx(interim.levels["estimate"].tolist(), rel=1e-12)


def test_a_hidden_unit_stays_hidden_in_the_annex(interim, written):
    hidden = interim.by_unit[~interim.by_unit["shown"]]
    assert len(hidden)
    book = openpyxl.load_workbook(written.annex, read_only=True)
    rows = list(book["Theo đơn vị"].iter_rows(min_row=2, values_only=True))
    shown, estimate, n = (rows[0].index(name) for name in ("Được công bố", "Ước lượng", "Số trả lời"))
    masked = [row for row in rows[1:] if row[shown] == "không"]
    assert len(masked) == len(hidden)
    assert all(row[estimate] is None and row[n] is None for row in masked)


def test_no_code_and_no_words_of_a_person_leave_the_store(demo_study, written):
    from survey import store

    kept = store.stored(demo_study)
    codes = {code for code in store.coded(demo_study)["code"].dropna() if len(code) > 4}
    assert len(codes) > 50
    words = set(kept["mo_ho_tro"].dropna())
    for path in (written.document, written.annex):
        with zipfile.ZipFile(path) as archive:
            content = "".join(
                archive.read(name).decode("utf-8", "replace") for name in archive.namelist() if name.endswith(".xml")
            )
        assert not [secret for secret in codes | words if secret in content]


def test_the_same_answers_give_the_same_bytes(interim, written, tmp_path):
    again = report.write(Review.of(interim.study, 2027), tmp_path)
    assert again.document.read_bytes() == written.document.read_bytes()
    assert again.annex.read_bytes() == written.annex.read_bytes()


def test_every_chart_has_words_and_every_table_a_name_and_a_repeated_header(written):
    with zipfile.ZipFile(written.document) as archive:
        xml = archive.read("word/document.xml").decode()
    charts = re.findall(r"<wp:docPr [^>]*>", xml)
    assert len(charts) == 3
    assert all(len(re.search('descr="([^"]*)"', chart)[1]) > 40 for chart in charts)
    captioned = sum(p.style.name == "KSS Ten bang" for p in docx.Document(str(written.document)).paragraphs)
    assert xml.count("<w:tblHeader") == xml.count("<w:tblCaption") == captioned - 1  # the last one heads a list


def test_charts_are_native_ones_and_no_pictures(written):
    with zipfile.ZipFile(written.document) as archive:
        names = archive.namelist()
    assert sum(name.startswith("word/charts/chart") for name in names) == 3
    assert sum(name.startswith("word/embeddings/") for name in names) == 3
    assert not [name for name in names if name.startswith("word/media/")]


def test_captions_are_counted_by_word_and_sentences_refer_to_them(written):
    with zipfile.ZipFile(written.document) as archive:
        xml = archive.read("word/document.xml").decode()
    counted = re.findall(r"SEQ (Bảng|Hình) ", xml)
    assert counted.count("Bảng") == 6 and counted.count("Hình") == 3
    named = set(re.findall(r'w:bookmarkStart w:id="\d+" w:name="(B_[^"]*)"', xml))
    referred = set(re.findall(r"REF (B_\w+)", xml))
    assert referred and referred <= named


def test_the_table_of_contents_names_every_heading_and_links_to_it(written):
    document = docx.Document(str(written.document))
    heads = [p.text for p in document.paragraphs if p.style.name in ("KSS Muc 1", "KSS Muc 2")]
    lines = [p.text.split("\t")[0] for p in document.paragraphs if p.style.name.startswith("KSS Muc luc")]
    assert heads == lines and len(heads) == 12
    xml = document.element.xml
    assert set(re.findall(r"PAGEREF (_Toc\d+)", xml)) == set(re.findall(r'w:name="(_Toc\d+)"', xml))
    assert 'TOC \\o "1-2" \\h \\z \\u' in xml


def test_with_libreoffice_there_is_a_pdf_and_the_contents_name_its_pages(interim, tmp_path):
    need_tool("soffice")
    pdftotext = need_tool("pdftotext")
    made = report.write(interim, tmp_path, with_pdf=True)
    document = docx.Document(str(made.document))
    listed = dict(p.text.split("\t") for p in document.paragraphs if p.style.name.startswith("KSS Muc luc"))
    pages = (
        subprocess.run([pdftotext, "-layout", str(made.pdf), "-"], check=True, capture_output=True)
        .stdout.decode()
        .split("\f")
    )
    for head, page in listed.items():
        assert head.split(" ")[0] in pages[int(page) - 1], (head, page)
        assert " ".join(head.split()[:4]) in re.sub(r"\s+", " ", pages[int(page) - 1]), (head, page)
    assert made.notes == ()


def test_without_libreoffice_the_person_is_told_how_to_make_the_pdf(interim, tmp_path, monkeypatch):
    from analysis import pdf

    monkeypatch.setattr(pdf, "program", lambda: None)
    made = report.write(interim, tmp_path, with_pdf=True)
    assert made.pdf is None and made.document.exists()
    assert [str(note) for note in made.notes] == [
        "Máy này chưa có LibreOffice, nên chưa có bản PDF: mở tệp Word và chọn Tệp → Lưu thành → PDF."
    ]


def test_the_summary_fits_on_one_page(demo_study, tmp_path):
    from analysis import pdf

    need_tool("soffice")
    for wave in (2025, 2027, 2030):
        made = report.write(Review.of(demo_study, wave), tmp_path)
        printed = pdf.convert(made.summary.read_bytes())
        assert len(PdfReader(io.BytesIO(printed)).pages) == 1, wave


def test_every_file_is_valid_open_xml(written):
    validator = OpenXmlValidator()
    for path in (written.document, written.summary, written.annex, written.slides):
        assert [str(error) for error in validator.validate(str(path)).errors] == [], path.name


def test_a_template_gives_its_margins_and_styles_and_keeps_nothing_of_its_text(interim, written, tmp_path):
    template = docx.Document(str(written.document))
    template.sections[0].left_margin = Mm(35)
    template.styles["KSS Noi dung"].font.size = Pt(13)
    template.add_paragraph("Lời của mẫu cũ")
    template.save(str(tmp_path / "mau.docx"))
    made = docx.Document(str(report.write(interim, tmp_path, template=tmp_path / "mau.docx").document))
    assert round(made.sections[0].left_margin.mm) == 35
    assert made.styles["KSS Noi dung"].font.size == Pt(13)
    assert "Lời của mẫu cũ" not in "\n".join(p.text for p in made.paragraphs)
    plain = docx.Document(str(written.document))
    assert [p.text for p in made.paragraphs] == [p.text for p in plain.paragraphs]


def test_a_template_that_is_no_word_file_is_refused_in_words(interim, tmp_path):
    (tmp_path / "mau.docx").write_text("x", encoding="utf-8")
    with pytest.raises(UserError) as error:
        report.write(interim, tmp_path, template=tmp_path / "mau.docx")
    assert str(error.value) == (
        f"Lỗi ở {tmp_path / 'mau.docx'}\n"
        "  Quy tắc: Mẫu là một tệp Word (.docx).\n"
        "  Đã thấy: không mở được như một tệp .docx\n"
        "  Cách sửa: Kiểm tra tên tệp ghi ở --template."
    )


def test_a_report_that_somebody_edited_is_put_aside_before_it_is_written_anew(interim, tmp_path):
    first = report.write(interim, tmp_path)
    assert report.write(interim, tmp_path).notes == ()
    document = docx.Document(str(first.document))
    document.paragraphs[6].add_run(" Một câu thêm vào giữa.")
    document.save(str(first.document))
    edited = first.document.read_bytes()
    again = report.write(interim, tmp_path)
    (aside,) = (tmp_path / "ban-da-sua").iterdir()
    assert aside.read_bytes() == edited
    assert str(again.notes[-1]) == f"Báo cáo cũ đã có người sửa; giữ lại một bản: {aside}"


def test_the_targets_are_told_year_by_year(written):
    document = docx.Document(str(written.document))
    table = next(
        t for t in document.tables if t.rows[0].cells[-1].text == "2027" and t.rows[0].cells[1].text == "Mục tiêu"
    )
    rows = [[cell.text for cell in row.cells] for row in table.rows]
    assert rows[0] == ["Chỉ tiêu", "Mục tiêu", "2025", "2026", "2027"]
    assert rows[1][:3] == ["1. Hồ sơ trực tuyến toàn trình", "tối thiểu 90%", "không phát sinh"]
    assert rows[4][0] == "4. Nhân sự có chữ ký số hoặc chữ ký điện tử" and rows[4][4] == "93,8%"


def test_the_final_review_compares_2025_2027_and_2030(demo_study, tmp_path):
    final = report.write(Review.of(demo_study, 2030), tmp_path)
    words = "\n".join(p.text for p in docx.Document(str(final.document)).paragraphs)
    assert "Tổng kết Phong trào thi đua" in words
    for pair in ("2025–2027", "2027–2030", "2025–2030"):
        assert f"Thay đổi {pair}" in words


def test_a_report_on_one_wave_claims_no_change(demo_study, tmp_path):
    first = report.write(Review.of(demo_study, 2025), tmp_path)
    words = "\n".join(p.text for p in docx.Document(str(first.document)).paragraphs)
    assert "Đánh giá năm 2025" in words
    assert " tăng " not in words and " giảm " not in words
    assert "1 không phát sinh" in words


def test_the_report_in_english(interim, tmp_path):
    speak("en")
    try:
        english = report.write(interim, tmp_path)
    finally:
        speak("vi")
    words = "\n".join(p.text for p in docx.Document(str(english.document)).paragraphs)
    assert "Interim review of the emulation movement" in words
    assert "General digital skills: from 2025 to 2027 rose by 0." in words


def test_libreoffice_opens_the_report_and_renders_its_pages(written, tmp_path):
    need_tool("soffice")
    need_tool("pdftotext")
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    subprocess.run(["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), str(written.document)],
                   check=True, capture_output=True, timeout=180)  # fmt: skip
    pdf = tmp_path / f"{written.document.stem}.pdf"
    pages = (
        subprocess.run(["pdftotext", "-layout", str(pdf), "-"], check=True, capture_output=True)
        .stdout.decode()
        .split("\f")
    )
    assert 6 <= len(pages) - 1 <= 12
    assert re.search(r"^\s*2\s*$", pages[1], flags=re.MULTILINE)  # the number of the second page, alone on its line
    assert not re.search(r"^\s*1\s*$", pages[0], flags=re.MULTILINE)
    assert all("DỮ LIỆU MÔ PHỎNG" in page for page in pages[:-1])


def test_a_workbook_keeps_missing_numbers_empty(tmp_path):
    import pandas as pd

    from analysis.tables import workbook

    frame = pd.DataFrame({"a": [1.5, None, 2], "b": ["x", None, "y"]})
    sheet = openpyxl.load_workbook(io.BytesIO(workbook({"S": frame}, title="t", pretend=False)))["S"]
    assert [[cell.value for cell in row] for row in sheet.rows] == [["a", "b"], [1.5, "x"], [None, None], [2, "y"]]
