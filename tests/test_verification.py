"""A report held against the data: untouched it is confirmed; whatever is changed in text, table, chart or store is named."""

import dataclasses
import io
import json
import re
import shutil
import subprocess
import zipfile

import docx
import openpyxl
import pandas as pd
import pytest
from conftest import need_tool
from lxml import etree

from analysis import report
from analysis.evidence import Ledger
from analysis.report_charts import skill_items
from analysis.report_document import LEDGER
from analysis.review import Review
from analysis.trace import trace
from analysis.verification import newest, verify
from survey import store
from survey.errors import UserError, speak
from survey.pull import pull
from survey.study import Study

pytestmark = pytest.mark.slow  # each works the whole report out again


@pytest.fixture(scope="module")
def study(demo_study, tmp_path_factory):
    folder = tmp_path_factory.mktemp("Kiểm tra") / "truong"
    shutil.copytree(demo_study.folder, folder, ignore=shutil.ignore_patterns("reports", "passages"))
    return Study.open(folder)


@pytest.fixture(scope="module")
def untouched(study):
    return report.write(Review.of(study, 2027)).document


@pytest.fixture
def copy(untouched, tmp_path):
    """The report in a folder of its own below a study, to be changed."""
    folder = tmp_path / "Bản chép"
    shutil.copytree(untouched.parents[1], folder)
    return folder / "reports" / untouched.name


def changed_part(path, part, change):
    """Change one part of the package as a text (bytes for a workbook)."""
    with zipfile.ZipFile(path) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    after = change(parts[part])
    assert after != parts[part]
    parts[part] = after
    with zipfile.ZipFile(path, "w") as target:
        for name, content in parts.items():
            target.writestr(name, content)


def kinds(verdict):
    return [(finding.kind, finding.id) for finding in verdict.findings]


def entry_with(path, words):
    ledger, _ = report.embedded(path)
    return next(entry for entry in ledger.entries if words in entry.words and not entry.chart)


def run_with(document, words):
    """The first run that holds the words, in the text and then in the tables."""
    cells = [cell for table in document.tables for row in table.rows for cell in row.cells]
    paragraphs = [*document.paragraphs, *(paragraph for cell in cells for paragraph in cell.paragraphs)]
    return next(run for paragraph in paragraphs for run in paragraph.runs if words in run.text)


# --- untouched


def test_an_untouched_report_is_confirmed_in_all_its_entries(untouched):
    verdict = verify(untouched)
    assert verdict.findings == () and verdict.whole
    assert verdict.confirmed == len(verdict.ledger.entries) > 100


@pytest.mark.parametrize("wave", [2025, 2030])
def test_other_reviews_and_their_summaries_are_confirmed(study, wave, tmp_path):
    written = report.write(Review.of(study, wave), tmp_path)
    for path in (written.document, written.summary):
        verdict = verify(path, study.folder)
        assert verdict.findings == () and verdict.confirmed == len(verdict.ledger.entries) > 5


def test_an_english_report_and_that_of_a_unit_are_confirmed_by_one_who_speaks_vietnamese(study, tmp_path):
    speak("en")
    try:
        english = report.write(Review.of(study, 2027), tmp_path).document
    finally:
        speak("vi")
    own = report.write(Review.of(study, 2027), tmp_path, unit="toan").document
    for path in (english, own):
        assert verify(path, study.folder).findings == ()


@pytest.mark.slow
def test_a_report_that_libreoffice_saved_again_is_still_confirmed(copy, tmp_path):
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = [need_tool("soffice"), profile, "--headless", "--convert-to", "docx", "--outdir", str(tmp_path / "lo")]
    subprocess.run([*command, str(copy)], check=True, capture_output=True, timeout=180)
    shutil.copy(tmp_path / "lo" / copy.name, copy)
    verdict = verify(copy)
    assert verdict.whole and verdict.confirmed == len(verdict.ledger.entries)


# --- one thing changed by hand


def test_one_digit_changed_in_a_sentence_is_named_with_both_readings(copy):
    document = docx.Document(str(copy))
    run = run_with(document, "tăng 0,33 điểm")
    run.text = run.text.replace("0,33", "0,41")
    document.save(str(copy))
    (finding,) = verify(copy).findings
    assert finding.kind == "edited"
    assert str(finding.words) == (
        "3. Kết quả khảo sát: trong sổ “Kỹ năng số chung: từ năm 2025 đến năm 2027 tăng 0,33 "
        "điểm (khoảng tin cậy 95%: +0,23 đến +0,43).”, trong văn bản “Kỹ năng số chung: từ năm 2025 đến năm 2027 tăng 0,41 "
        "điểm (khoảng tin cậy 95%: +0,23 đến +0,43).”."
    )


def test_one_digit_changed_in_a_table_is_named(copy):
    document = docx.Document(str(copy))
    run = run_with(document, "75/80 = 93,8%")  # the sentence, then the cell
    cell = next(
        run
        for table in document.tables
        for row in table.rows
        for cell in row.cells
        for run in cell.paragraphs[0].runs
        if run.text == "75/80 = 93,8%"
    )
    assert cell._r is not run._r
    cell.text = "79/80 = 98,8%"
    document.save(str(copy))
    (finding,) = verify(copy).findings
    assert finding.kind == "edited" and str(finding.words).startswith("Kết quả thực hiện các chỉ tiêu: ")
    assert "trong sổ “75/80 = 93,8%”, trong văn bản “79/80 = 98,8%”" in str(finding.words)


def test_a_verdict_turned_round_is_named(copy):
    document = docx.Document(str(copy))
    run = run_with(document, "Chỉ tiêu 4 (Nhân sự có chữ ký số")
    run.text = run.text.replace("chưa đạt", "đạt")
    document.save(str(copy))
    (finding,) = verify(copy).findings
    assert finding.kind == "edited" and "chưa đạt.”, trong văn bản" in str(finding.words)


def test_a_sentence_taken_out_is_named(copy):
    entry = entry_with(copy, "Kỹ năng sử dụng AI: từ năm 2025")
    document = docx.Document(str(copy))
    paragraph = next(p for p in document.paragraphs if entry.words in p.text)
    paragraph._p.getparent().remove(paragraph._p)
    document.save(str(copy))
    assert kinds(verify(copy)) == [("gone", entry.id)]


def test_a_paragraph_typed_anew_without_its_bookmark_is_still_compared(copy):
    entry = entry_with(copy, "Kỹ năng sử dụng AI: từ năm 2025")
    document = docx.Document(str(copy))
    paragraph = next(p for p in document.paragraphs if entry.words in p.text)
    paragraph.text = entry.words
    document.save(str(copy))
    assert verify(copy).whole  # the same words
    document = docx.Document(str(copy))
    paragraph = next(p for p in document.paragraphs if entry.words in p.text)
    paragraph.text = entry.words.replace("0,30", "0,82")
    document.save(str(copy))
    assert ("edited", entry.id) in kinds(verify(copy))


@pytest.mark.parametrize(
    "before, after",
    [
        ("3376/KH-SGDĐT", "3377/KH-SGDĐT"),
        ("Bảng 1. Kết quả thực hiện các chỉ tiêu", "Bảng 1. Kết quả thực hiện mọi chỉ tiêu"),
        ("IV. HẠN CHẾ, NGUYÊN NHÂN", "IV. ƯU ĐIỂM, NGUYÊN NHÂN"),
    ],
)
def test_a_line_of_the_program_that_tells_no_fact_is_compared_too(copy, before, after):
    document = docx.Document(str(copy))
    paragraph = next(p for p in document.paragraphs if before in p.text.replace("\u00a0", " "))
    run = paragraph.runs[-1]
    run.text = run.text.replace(before.split(". ")[-1], after.split(". ")[-1])
    document.save(str(copy))
    (finding,) = verify(copy).findings
    assert finding.kind == "edited" and before in str(finding.words) and after in str(finding.words)


def test_any_one_digit_of_the_body_changed_is_found(copy, tmp_path):
    """Every 150th digit of the whole text, wherever it stands: in a sentence, a cell, a caption, an id, a digest."""
    with zipfile.ZipFile(copy) as archive:
        xml = archive.read("word/document.xml").decode()
    digits = [m.start() for m in re.finditer(r"\d(?=[^<>]*</w:t>)", xml)]
    toc = [m.start() for m in re.finditer("PAGEREF", xml)]
    missed = []
    for place in digits[::150]:
        if any(0 < place - start < 400 for start in toc) or "tháng      năm" in xml[place - 24 : place]:
            continue  # pages in the contents, which Word counts itself; the date, which people complete
        other = tmp_path / "truong" / "reports" / copy.name
        other.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(copy, other)
        changed = xml[:place] + str((int(xml[place]) + 1) % 10) + xml[place + 1 :]
        changed_part(other, "word/document.xml", lambda _, changed=changed: changed.encode())
        if verify(other, copy.parents[1]).whole:
            missed.append(xml[place - 60 : place + 20])
    assert missed == []


@pytest.mark.parametrize("kind", ["line", "stacked", "bar"])
def test_one_digit_changed_in_what_a_chart_draws_is_named(copy, kind):
    ledger, _ = report.embedded(copy)
    names = {"line": "xu_huong", "stacked": "thuc_hanh", "bar": "chi_tieu_bieu_do"}
    entry = next(one for one in ledger.entries if one.chart and one.chart["name"] == names[kind])
    value = entry.chart["series"][0]["values"][0]
    part = chart_part(copy, value, "word/charts/")
    changed_part(
        copy, part, lambda xml: xml.replace(f"<c:v>{value}</c:v>".encode(), f"<c:v>{value + 0.1:.4f}</c:v>".encode(), 1)
    )
    (finding,) = verify(copy).findings
    assert (finding.kind, finding.id) == ("edited", entry.id)
    assert names[kind] in str(finding.words)


def chart_part(path, value, folder):
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.startswith(folder) and name.endswith(".xml")]
        return next(name for name in names if f"<c:v>{value}</c:v>".encode() in archive.read(name))


def test_one_digit_changed_in_a_charts_workbook_is_named(copy):
    with zipfile.ZipFile(copy) as archive:
        part = sorted(name for name in archive.namelist() if name.startswith("word/embeddings/"))[0]

    def nudge(content):
        book = openpyxl.load_workbook(io.BytesIO(content))
        cell = book.active["B2"]
        cell.value += 0.1
        packed = io.BytesIO()
        book.save(packed)
        return packed.getvalue()

    changed_part(copy, part, nudge)
    (finding,) = verify(copy).findings
    assert finding.kind == "edited" and "bảng số của biểu đồ" in str(finding.words)


def test_a_number_that_a_person_adds_is_told_and_does_not_speak_against_the_report(copy):
    document = docx.Document(str(copy))
    place = next(p for p in document.paragraphs if "quy mô lớp, học sinh" in p.text)
    place.text = "Trường có 36 lớp với 1.512 học sinh, năm học 2026–2027."
    document.save(str(copy))
    verdict = verify(copy)
    assert kinds(verdict) == [("unknown", "")] and verdict.whole
    assert "36" in str(verdict.findings[0].words) and "1.512" in str(verdict.findings[0].words)


def test_one_cell_of_the_annex_changed_is_named(copy):
    annex = copy.with_name("bao-cao-2027-phu-luc.xlsx")
    book = openpyxl.load_workbook(annex)
    sheet = book["Chỉ tiêu"]
    cell = next(cell for row in sheet.iter_rows() for cell in row if cell.value == "75/80 = 93,8%")
    cell.value = "80/80 = 100%"
    book.save(annex)
    (finding,) = verify(copy).findings
    assert str(finding.words) == (
        f"bao-cao-2027-phu-luc.xlsx, Chỉ tiêu!{cell.coordinate}: trong tệp 80/80 = 100%, tính ra 75/80 = 93,8%."
    )


# --- the ledger itself


def rewritten(path, change):
    """The report with another ledger, sealed again."""
    ledger, _ = report.embedded(path)
    with zipfile.ZipFile(path) as archive:
        part = next(name for name in archive.namelist() if LEDGER.encode() in archive.read(name)[:400])

    def put(content):
        root = etree.fromstring(content)
        root.text = change(ledger).text()
        return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)

    changed_part(path, part, put)


def test_a_ledger_changed_together_with_the_text_and_sealed_again_is_not_what_the_data_give(copy):
    entry = entry_with(copy, "Kỹ năng số chung: từ năm 2025 đến năm 2027")
    lie = dataclasses.replace(entry, words=entry.words.replace("0,33", "0,41"))
    rewritten(
        copy, lambda led: dataclasses.replace(led, entries=tuple(lie if e.id == entry.id else e for e in led.entries))
    )
    document = docx.Document(str(copy))
    run = run_with(document, "tăng 0,33 điểm")
    run.text = run.text.replace("0,33", "0,41")
    document.save(str(copy))
    assert ("forged", entry.id) in kinds(verify(copy))


def test_a_ledger_with_a_broken_seal_is_named(copy):
    with zipfile.ZipFile(copy) as archive:
        part = next(name for name in archive.namelist() if LEDGER.encode() in archive.read(name)[:400])
    changed_part(copy, part, lambda xml: re.sub(b'("people": )80', rb"\g<1>90", xml, count=1))
    verdict = verify(copy)
    assert not verdict.whole
    assert "sổ trong tệp đã bị sửa (dấu niêm không khớp)." in [str(finding.words) for finding in verdict.findings]


def test_without_the_ledger_in_the_file_the_one_beside_it_serves(copy):
    with zipfile.ZipFile(copy) as archive:
        part = next(name for name in archive.namelist() if LEDGER.encode() in archive.read(name)[:400])
    changed_part(copy, part, lambda xml: b"<nothing/>")
    assert verify(copy).whole
    copy.with_suffix(".json").unlink()
    with pytest.raises(UserError) as error:
        verify(copy)
    assert str(error.value) == (
        f"Lỗi ở {copy}\n"
        "  Quy tắc: Báo cáo mang theo sổ số liệu.\n"
        "  Đã thấy: không có sổ, trong tệp và trong tệp .json bên cạnh\n"
        "  Cách sửa: Chỉ kiểm tra được báo cáo do chương trình này viết."
    )


# --- the data changed


def test_one_answer_changed_in_the_stores_file_is_found_and_the_file_is_named(copy):
    folder = copy.parents[1]
    held = store.ledger(Study.open(folder)).waves[2027].answers.name
    frame = pd.read_parquet(folder / held)
    question = skill_items(Review.of(Study.open(folder), 2027))[0]
    frame.loc[frame.index[0], question] = 4 - frame.loc[frame.index[0], question] + 1
    frame.to_parquet(folder / held)
    verdict = verify(copy)
    assert not verdict.whole
    assert any(held in str(finding.words) for finding in verdict.findings if finding.kind == "data")


def test_one_answer_changed_in_the_sheet_and_imported_again_names_the_wave_and_every_number_that_moved(copy):
    folder = copy.parents[1]
    sheet = folder / "sheets" / "2027.xlsx"
    book = openpyxl.load_workbook(sheet)
    rows = book.active
    study = Study.open(folder)
    title = str(study.form.label(skill_items(Review.of(study, 2027))[0]))
    column = next(n for n in range(2, rows.max_column) if title in str(rows.cell(1, n).value))
    before = rows.cell(2, column).value
    other = next(
        rows.cell(r, column).value for r in range(3, rows.max_row) if rows.cell(r, column).value not in (None, before)
    )
    rows.cell(2, column).value = other
    book.save(sheet)
    pull(Study.open(folder))
    verdict = verify(copy)
    found = kinds(verdict)
    first = next(finding for finding in verdict.findings if finding.kind == "data")
    assert first.words.vi.startswith("câu trả lời 2027 đã đổi")
    moved = [id_ for kind, id_ in found if kind == "changed"]
    assert 0 < len(moved) < len(verdict.ledger.entries) / 2
    assert {kind for kind, _ in found} == {"data", "changed"}
    assert verdict.confirmed == len(verdict.ledger.entries) - len(set(moved))


def test_a_figure_of_a_target_changed_in_study_yaml_names_every_place_that_told_it(copy):
    path = copy.parents[1] / "study.yaml"
    text = path.read_text(encoding="utf-8")
    assert "numerator: 75, denominator: 80" in text
    path.write_text(text.replace("numerator: 75, denominator: 80", "numerator: 78, denominator: 80"), encoding="utf-8")
    verdict = verify(copy)
    places = [str(finding.words) for finding in verdict.findings if finding.kind == "changed"]
    assert any("trong sổ “75/80 = 93,8%”, nay tính ra “78/80 = 97,5%”." in words for words in places)
    assert str(verdict.findings[0].words).startswith("số liệu chỉ tiêu đã đổi từ khi viết báo cáo (")


# --- where there is nothing to verify


def test_a_report_far_from_its_study_asks_for_it(copy, tmp_path):
    alone = shutil.copy(copy, tmp_path / "gui-so.docx")
    with pytest.raises(UserError) as error:
        verify(tmp_path / "gui-so.docx")
    assert str(error.value) == (
        f"Lỗi ở {alone}\n"
        "  Quy tắc: Cần thư mục khảo sát mà báo cáo lấy số liệu.\n"
        "  Đã thấy: không thấy khảo sát “demo”\n"
        "  Cách sửa: Thêm --study THƯ_MỤC."
    )
    assert verify(tmp_path / "gui-so.docx", copy.parents[1]).whole


def test_what_is_no_report_is_refused_in_words(tmp_path):
    (tmp_path / "a.docx").write_text("không phải Word", encoding="utf-8")
    with pytest.raises(UserError) as error:
        verify(tmp_path / "a.docx")
    assert str(error.value) == (
        f"Lỗi ở {tmp_path / 'a.docx'}\n"
        "  Quy tắc: Tệp cần kiểm tra là báo cáo Word (.docx).\n"
        "  Đã thấy: không mở được như một tệp .docx\n"
        "  Cách sửa: Kiểm tra tên tệp."
    )


def test_the_ledger_beside_the_report_is_the_one_inside(untouched):
    inside, whole = report.embedded(untouched)
    beside = untouched.with_suffix(".json").read_text(encoding="utf-8")
    assert whole and Ledger.parse(beside) == (inside, True)
    assert json.loads(beside)["document"]


def test_the_newest_report_of_a_folder_and_a_folder_without_any(copy, tmp_path):
    assert newest(copy.parents[1]) == copy
    with pytest.raises(UserError) as error:
        newest(tmp_path / "trống")
    assert str(error.value) == (
        f"Lỗi ở {tmp_path / 'trống' / 'reports'}\n"
        "  Quy tắc: Cần một báo cáo đã viết.\n"
        "  Đã thấy: chưa có báo cáo nào\n"
        f"  Cách sửa: Chạy: python run.py analysis report {tmp_path / 'trống'}"
    )


def test_an_id_is_walked_back_to_the_sentence_the_call_the_answers_and_the_sheet(copy):
    study = Study.open(copy.parents[1])
    ledger, _ = report.embedded(copy)
    entry = entry_with(copy, "Kỹ năng số chung: từ năm 2025 đến năm 2027")
    lines = trace(study, ledger, [f"[{entry.id.lower()}]"])
    assert lines[:2] == [f"{entry.id} · 3. Kết quả khảo sát", f"  “{entry.words}”"]
    assert "  Lệnh tính: change(review.frame, ['ky_nang'], review.design, between=(2025, 2027))" in lines
    assert "    đợt 2027: 69 câu trả lời trên 80 người" in lines
    held = store.ledger(study).waves[2027]
    assert f"    câu trả lời 2027: SHA-256 {held.answers.sha256[:16]}… còn nguyên" in lines
    assert f"    bảng tính đã đọc 2027: SHA-256 {held.snapshot[:16]}… còn nguyên" in lines


def test_an_id_that_the_report_does_not_have_is_refused_in_words(copy):
    ledger, _ = report.embedded(copy)
    with pytest.raises(UserError) as error:
        trace(Study.open(copy.parents[1]), ledger, ["E999"])
    assert str(error.value) == (
        "Lỗi ở trace\n"
        "  Quy tắc: Mã có trong sổ số liệu của báo cáo.\n"
        "  Đã thấy: E999\n"
        f"  Cách sửa: Các mã từ E001 đến {ledger.entries[-1].id}."
    )
