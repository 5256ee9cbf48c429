"""The questionnaire on paper: nothing is lost on the way from the online form to the printed one."""

from __future__ import annotations

import io
import re
import subprocess
import zipfile

import docx
import pytest
from conftest import PROJECT, need_tool
from docx.oxml.ns import qn
from test_commands import refused, run

from survey.errors import Text, speak
from survey.paper import paper
from survey.questionnaire import Questionnaire
from survey.study import Study

ODD = """
id: odd
title: {vi: Phiếu lạ, en: Odd form}
notice: {vi: Xin mời., en: Please.}
choices:
  often: {order: frequency, options: [{value: 0, label: {vi: Không, en: Never}}, {value: 1, label: {vi: Có, en: Often}}]}
sections:
  - id: mot
    title: {vi: Một, en: One}
    questions:
      - {id: nghe, type: several, title: {vi: Nghề, en: Job}, other: true,
         choices: {options: [{value: a, label: {vi: Anh, en: A}}, {value: b, label: {vi: Chị, en: B}}]}}
      - {id: le, type: single, choices: often, title: {vi: Lẻ, en: Alone}}
  - id: hai
    title: {vi: Hai, en: Two}
    text: {vi: Xin nói rõ., en: Please tell.}
    waves: [2027]
    only: {nghe: [a]}
    questions:
      - {id: tuoi, type: number, whole: true, low: 18, high: 70, title: {vi: Tuổi, en: Age}}
      - {id: nam, type: number, low: 0, title: {vi: Số năm, en: Years}}
      - {id: diem, type: linear, low: 0, high: 3, low_label: {vi: kém, en: bad}, high_label: {vi: tốt, en: good},
         title: {vi: Điểm, en: Mark}}
      - {id: ngay, type: date, title: {vi: Ngày, en: Day}}
      - {id: so, type: code, digits: 4, title: {vi: Số, en: Number}, hint: {vi: Bốn số, en: Four digits}}
      - {id: ten, type: text, title: {vi: Tên, en: Name}}
      - id: bang
        type: grid
        title: {vi: Bảng, en: Grid}
        choices: often
        rows: [{id: b1, title: {vi: Hàng 1, en: Row 1}}, {id: b2, title: {vi: Hàng 2, en: Row 2}}]
"""
SCHOOL = Text("Trường thử", "Test school")


@pytest.fixture(scope="module")
def form() -> Questionnaire:
    return Study.open(PROJECT / "data/demo").form


@pytest.fixture
def odd(tmp_path) -> Questionnaire:
    (tmp_path / "odd.yaml").write_text(ODD, encoding="utf-8")
    return Questionnaire.load(tmp_path / "odd.yaml")


@pytest.fixture
def english():
    speak("en")
    yield
    speak("vi")


def read(content: bytes):
    return docx.Document(io.BytesIO(content))


def runs(document) -> list[str]:
    """Every run of text in the document's order, those of tables too."""
    return ["".join(t.text or "" for t in run.iter(qn("w:t"))) for run in document.element.body.iter(qn("w:r"))]


def lines(document) -> list[str]:
    """Every paragraph in the document's order, those of tables too."""
    found = []
    for paragraph in document.element.body.iter(qn("w:p")):
        nodes = [node for run in paragraph.iter(qn("w:r")) for node in run.iter(qn("w:t"), qn("w:tab"))]
        found.append("".join((node.text or "") if node.tag == qn("w:t") else "\t" for node in nodes))
    return found


def test_every_item_stands_there_once_in_the_forms_order(form):
    said = runs(read(paper(form, SCHOOL)))
    assert [run for run in said if run in form.questions] == list(form.questions)


def test_the_order_of_the_online_form(form):
    said = "\n".join(lines(read(paper(form, SCHOOL))))
    parts = [SCHOOL.vi, form.notice.vi]
    for section in form.sections:
        parts += [
            section.title.vi,
            *([section.text.vi] if section.text.vi else []),
            *(q.title.vi for q in section.questions),
        ]
    place = 0
    for part in parts:
        place = said.index(part, place) + 1
    assert said.count("Chỉ dành cho: Cán bộ quản lý, Giáo viên\n") == 1
    assert said.count("Chỉ dành cho: Nhân viên\n") == 1
    for number, question in enumerate(form.questions.values(), start=1):
        assert f"{number}. {question.title.vi}" in said


def test_choices_stand_in_order(form):
    document = read(paper(form, SCHOOL))
    said = lines(document)
    place = said.index(next(line for line in said if "Số năm công tác" in line))
    assert said[place + 1 : place + 3] == [
        "○ Dưới 5 năm\t○ Từ 5 đến dưới 10 năm",
        "○ Từ 10 đến dưới 20 năm\t○ Từ 20 năm trở lên",
    ]
    marked = [line for line in said if line.startswith("☐")]
    assert [line[2:] for line in marked[:-1]] == [choice.label.vi for choice in form.choices["obstacle"].options]
    assert marked[-1] == "☐ Khác: \t"
    heads = [
        [cell.text.replace("\u00a0", " ") for cell in table.rows[0].cells[1:]]
        for table in document.tables
        if len(table.rows) > 1
    ]
    lists = ("practice", "practice", "practice", "frequency", "agreement", "yes_no", "practice")
    assert heads == [[choice.label.vi for choice in form.choices[name].options] for name in lists]


def test_a_table_repeats_its_head_and_splits_no_row(form):
    for table in read(paper(form, SCHOOL)).tables:
        assert all(row._tr.find(f".//{qn('w:cantSplit')}") is not None for row in table.rows)
        if len(table.rows) > 1:
            assert table.rows[0]._tr.find(f".//{qn('w:tblHeader')}") is not None
            assert "w:tblCellMar><w:tblLook" in re.sub(r"\s+", "", table._tbl.xml)  # the order Word asks for
            assert all(cell.text == "○" for row in table.rows[1:] for cell in row.cells[1:])


def test_the_page_its_numbers_and_nothing_of_the_machine(form):
    first = paper(form, SCHOOL)
    assert first == paper(form, SCHOOL)
    document = read(first)
    section, properties = document.sections[0], document.core_properties
    assert (section.page_width.mm, section.page_height.mm, section.left_margin.mm) == pytest.approx(
        (210, 297, 20), abs=0.1
    )
    footer = section.footer.paragraphs[0]._p
    assert [code.text for code in footer.iter(qn("w:instrText"))] == [" PAGE ", " NUMPAGES "]
    assert (properties.author, properties.last_modified_by, properties.created.year) == ("", "", 2025)
    dates = {entry.date_time for entry in zipfile.ZipFile(io.BytesIO(first)).infolist()}
    assert dates == {(2025, 1, 1, 0, 0, 0)}


def test_every_kind_of_question(odd):
    document = read(paper(odd, SCHOOL))
    said = lines(document)
    assert said == [
        "Trường thử",
        "Phiếu lạ",
        "Xin mời.",
        "Cách trả lời: đánh dấu X vào ○ (chọn một) hoặc ☐ (chọn nhiều).",
        "Một",
        "1. Nghề\u00a0 nghe",
        "☐ Anh\t☐ Chị",
        "☐ Khác: \t",
        "2. Lẻ\u00a0 le",
        "○ Không\t○ Có",
        "Hai",
        "Chỉ dành cho: người trả lời “Anh” ở câu “Nghề”",
        "Xin nói rõ.",
        "3. Tuổi\u00a0 tuoi",
        f"{'…' * 8}  (số nguyên từ 18 đến 70)",
        "4. Số năm\u00a0 nam",
        f"{'…' * 8}  (số từ 0 trở lên)",
        "5. Điểm\u00a0 diem",
        "kém    ⓪   ①   ②   ③    tốt    ",
        "6. Ngày\u00a0 ngay",
        "……/……/…………  (ngày/tháng/năm)",
        "7. Số\u00a0 so",
        "Bốn số",
        *[""] * 5,
        "8. Tên\u00a0 ten",
        "\t",
        "9. Bảng",
        "Mỗi dòng chọn một ô",
        "Không",
        "Có",
        "Hàng 1\u00a0 b1",
        "○",
        "○",
        "Hàng 2\u00a0 b2",
        "○",
        "○",
        "",
    ]
    assert [len(table.columns) for table in document.tables] == [4, 3]


def test_in_english(odd, english):
    document = read(paper(odd, SCHOOL))
    said = "\n".join(lines(document))
    for words in ("Test school", "Odd form", "Only for: those who answered “A” to “Job”", "(whole number from 18 to 70)",
                  "☐ Other: ", "(day/month/year)", "Choose one in each row", "bad    ⓪"):  # fmt: skip
        assert words in said
    assert document.sections[0].footer.paragraphs[0].text.startswith("Page ")
    assert not re.search("[ăâđêôơưạảấầẩậắằẳặẹẻẽếềểễệịọỏốồổộớờởợụủứừửữựỳỵỷỹ]", said.lower())


@pytest.mark.slow
def test_the_command_and_a_wave(tmp_path):
    text = (PROJECT / "data/demo/study.yaml").read_text(encoding="utf-8").split("\nprimary:")[0]
    (tmp_path / "study.yaml").write_text(
        text.replace("questionnaire: staff", "questionnaire: odd.yaml"), encoding="utf-8"
    )
    (tmp_path / "odd.yaml").write_text(ODD, encoding="utf-8")
    assert run("paper", tmp_path).stdout == f"{tmp_path / 'phieu-giay.docx'}\n"
    assert "b1" in runs(docx.Document(str(tmp_path / "phieu-giay.docx")))
    assert run("paper", tmp_path, "--wave", 2026, "--out", tmp_path / "26.docx").returncode == 0
    assert "b1" not in runs(docx.Document(str(tmp_path / "26.docx")))
    assert refused("paper", tmp_path, "--wave", 2031).startswith(f"Lỗi ở {tmp_path / 'study.yaml'}, waves\n")


@pytest.mark.slow
def test_the_house_form_takes_five_pages(form, tmp_path):
    need_tool("pdftotext")
    office = need_tool("libreoffice")
    (tmp_path / "a.docx").write_bytes(paper(form, SCHOOL))
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = [office, profile, "--headless", "--convert-to", "pdf", "--outdir", tmp_path, tmp_path / "a.docx"]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    words = subprocess.run(
        ["pdftotext", "-layout", tmp_path / "a.pdf", "-"], check=True, capture_output=True
    ).stdout.decode()
    pages = words.split("\f")[:-1]
    assert len(pages) == 5
    assert "Trang 5/5" in pages[-1]
