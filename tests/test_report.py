"""The review report: the state's form, the same bytes for the same answers, and nothing said that is not in the ledger."""

import io
import re
import subprocess
import zipfile

import docx
import openpyxl
import pytest
from conftest import need_tool

from analysis import report, report_layout
from analysis.review import Review
from survey.errors import speak


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


def test_the_outline_is_complete(text):
    heads = re.findall(r"^(I|II|III|IV|V|VI|VII)\. [A-ZĐÀ-Ỹ]", text, flags=re.MULTILINE)
    assert heads == ["I", "II", "III", "IV", "V", "VI", "VII"]
    assert [f"Nội dung {n}." in text for n in range(1, 8)] == [True] * 7


def test_a_pretend_study_says_so_at_the_top_and_on_every_page(written, text):
    section = docx.Document(str(written.document)).sections[0]
    assert section.footer.paragraphs[0].text == section.first_page_footer.paragraphs[0].text == "DỮ LIỆU MÔ PHỎNG"
    assert "DỮ LIỆU MÔ PHỎNG: mọi số liệu dưới đây là giả định" in text


def test_the_targets_are_told_with_counts(text):
    assert "Trong 6 chỉ tiêu của kế hoạch: 4 đạt, 2 chưa đạt." in text
    assert "75/80 = 93,8%" in text
    assert "- Chưa đạt chỉ tiêu “Nhân sự có chữ ký số hoặc chữ ký điện tử”: 93,8% (yêu cầu 100%)." in text


def test_every_sentence_from_the_survey_is_in_the_ledger(written, text):
    book = openpyxl.load_workbook(written.annex, read_only=True)
    rows = list(book["Sổ số liệu"].iter_rows(min_row=3, max_col=1, values_only=True))
    ids = {row[0] for row in rows}
    cited = set(re.findall(r"\[(E\d{3})\]", text))
    assert len(cited) > 10 and cited <= ids


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


def test_every_picture_has_words_and_every_table_a_repeated_header(written):
    with zipfile.ZipFile(written.document) as archive:
        xml = archive.read("word/document.xml").decode()
    pictures = re.findall(r"<wp:docPr [^>]*>", xml)
    assert len(pictures) == 2
    assert all('descr="' in picture for picture in pictures)
    captioned = sum(p.style.name == "KSS Ten bang" for p in docx.Document(str(written.document)).paragraphs)
    assert xml.count("<w:tblHeader") == captioned - 1  # the third annex is a list


@pytest.mark.slow
def test_the_final_review_compares_2025_2027_and_2030(demo_study, tmp_path):
    final = report.write(Review.of(demo_study, 2030), tmp_path)
    words = "\n".join(p.text for p in docx.Document(str(final.document)).paragraphs)
    assert "Tổng kết Phong trào thi đua" in words
    for pair in ("2025–2027", "2027–2030", "2025–2030"):
        assert f"Thay đổi {pair}" in words


@pytest.mark.slow
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


@pytest.mark.slow
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
