"""The codebook as Markdown, as an Excel file and as DDI-Codebook 2.5."""

from __future__ import annotations

import io
import shutil
import xml.etree.ElementTree as ET

import openpyxl
import pytest
from conftest import PROJECT
from test_commands import refused, run

from survey import codebook
from survey.ddi import LANGUAGE, NAMESPACE, ddi
from survey.errors import Text, speak
from survey.questionnaire import Questionnaire
from survey.study import Study

pytestmark = pytest.mark.slow

ODD = """
id: odd
title: {vi: Phiếu | lạ, en: Odd}
sections:
  - id: mot
    title: {vi: Một, en: One}
    questions:
      - {id: nghe, type: several, title: {vi: Nghề, en: Job}, other: true,
         choices: {options: [{value: a, label: {vi: "Anh < Chị", en: A}}, {value: na, label: Không, missing: true}]}}
  - id: hai
    title: {vi: Hai, en: Two}
    waves: [2027]
    only: {nghe: [a]}
    questions:
      - {id: tuoi, type: number, whole: true, low: 18, high: 70, title: {vi: "Tuổi\\a", en: Age}}
      - {id: diem, type: linear, low: 1, high: 5, low_label: {vi: kém, en: bad}, title: {vi: Điểm, en: Mark}}
      - {id: ngay, type: date, title: Ngày}
      - {id: so, type: number, digits: 4, title: Số}
      - id: bang
        type: grid
        title: {vi: Bảng, en: Grid}
        choices: {order: agreement, options: [{value: 1, label: Có}, {value: 0, label: Không}]}
        rows: [{id: b1, title: {vi: Hàng 1, en: Row 1}}, {id: b2, title: Hàng 2}]
scales:
  - {id: diem_chung, title: {vi: Chung, en: All}, items: [b1, b2]}
"""


@pytest.fixture(scope="module")
def demo() -> Study:
    return Study.open(PROJECT / "data/demo")


@pytest.fixture
def odd(tmp_path) -> Study:
    """A study whose questionnaire has every kind of question that the house's own has not."""
    text = (PROJECT / "data/demo/study.yaml").read_text(encoding="utf-8")
    head = text.split("\nprimary:")[0].replace("questionnaire: staff", "questionnaire: odd.yaml")
    (tmp_path / "study.yaml").write_text(head, encoding="utf-8")
    (tmp_path / "odd.yaml").write_text(ODD, encoding="utf-8")
    return Study.open(tmp_path)


@pytest.fixture
def english():
    speak("en")
    yield
    speak("vi")


# --- Markdown


def test_the_markdown_has_every_question_with_its_wording_and_codes(demo):
    text = codebook.markdown(demo.form)
    for question in demo.form.questions.values():
        assert f"| `{question.id}` | {question.title.vi} | {question.title.en} |" in text
    assert "Hỏi ai: Cán bộ quản lý, Giáo viên. Đợt: mọi đợt." in text
    assert "| `3` | Tự làm trong công việc | I do it on my own at work |  |" in text
    assert "| `na` | Không áp dụng hoặc không biết | Not applicable or do not know | không tính |" in text
    assert text.index("## Thang đo") > text.index("`mo_cach_hay`")
    assert (
        "| `ky_nang_ai` | Kỹ năng sử dụng AI | AI skills | `s_ai_cau_lenh`, `s_ai_kiem_tra`, `s_ai_minh_bach` | 50% |"
        in text
    )


def test_every_line_of_a_markdown_table_has_as_many_cells(odd):
    text = codebook.markdown(odd.form)
    assert "# Bảng mã: Phiếu \\| lạ" in text
    assert "Anh \\< Chị" in text
    assert "Hỏi ai: người trả lời “Anh \\< Chị” ở câu “Nghề”. Đợt: 2027." in text
    assert "| `5` | 5 |  |  |" in text and "| `1` | 1 – kém | 1 – bad |  |" in text
    for block in text.split("\n\n"):
        if block.startswith("|"):
            assert len({line.replace("\\|", "").count("|") for line in block.splitlines()}) == 1


def test_the_markdown_in_english(demo, english):
    text = codebook.markdown(demo.form)
    assert "# Codebook: Digital skills" in text
    assert "Asked of: Managers, Teachers. Waves: every wave." in text


# --- Excel


def test_the_workbook_has_variables_codes_and_scales(demo):
    book = openpyxl.load_workbook(io.BytesIO(codebook.xlsx(demo.form)))
    assert book.sheetnames == ["Biến", "Mã", "Thang đo"]
    variables, coded, scales = book.worksheets
    columns = [column for question in demo.form.questions.values() for column in demo.form.columns_of(question)]
    assert [row[0].value for row in variables.iter_rows(min_row=2)] == columns
    assert [row[0].value for row in scales.iter_rows(min_row=2)] == [scale.id for scale in demo.form.scales]
    rows = [tuple(cell.value for cell in row[:3]) for row in coded.iter_rows(min_row=2)]
    assert [row for row in rows if row[0] == "ct4_chu_ky"] == [
        ("ct4_chu_ky", 1, "Có"),
        ("ct4_chu_ky", 0, "Không"),
        ("ct4_chu_ky", "na", "Không biết hoặc không áp dụng"),
    ]
    for sheet in book.worksheets:
        assert sheet.freeze_panes == "B2"
        assert all(sheet.column_dimensions[cell.column_letter].width > 9 for cell in sheet[1])
        assert sheet["A2"].alignment.wrap_text


def test_the_same_questionnaire_gives_the_same_bytes(demo):
    assert codebook.xlsx(demo.form) == codebook.xlsx(demo.form)
    assert ddi(demo) == ddi(Study.open(PROJECT / "data/demo"))


def test_a_workbook_in_english_and_words_that_look_like_formulas(english):
    question = {"id": "q", "type": "text", "title": {"vi": "=1+1", "en": "https://a.b"}}
    form = Questionnaire.model_validate(
        {"id": "f", "title": "F", "sections": [{"id": "s", "title": "S", "questions": [question]}]}
    )
    book = openpyxl.load_workbook(io.BytesIO(codebook.xlsx(form)))
    assert book.sheetnames == ["Variables", "Codes", "Scales"]
    assert (book["Variables"]["C2"].value, book["Variables"]["C2"].data_type) == ("=1+1", "s")
    assert book["Variables"]["D2"].hyperlink is None


# --- DDI-Codebook 2.5

# The children that codebook.xsd of DDI 2.5 (2012) lets each element have, in its order; "!" marks those allowed once.
# No package of PyPI or npm ships that schema, so what of it is used stands here.
SCHEMA = {
    "codeBook": "docDscr stdyDscr fileDscr dataDscr otherMat",
    "docDscr": "citation! guide! docStatus! docSrc controlledVocabUsed notes",
    "stdyDscr": "citation studyAuthorization stdyInfo studyDevelopment method dataAccs othrStdyMat notes",
    "citation": "titlStmt! rspStmt! prodStmt! distStmt! serStmt verStmt biblCit! holdings notes",
    "titlStmt": "titl! subTitl altTitl parTitl IDNo",
    "rspStmt": "AuthEnty othId",
    "prodStmt": "producer copyright! prodDate prodPlac software fundAg grantNo",
    "stdyInfo": "studyBudget! subject abstract sumDscr qualityStatement! notes exPostEvaluation",
    "sumDscr": "timePrd collDate nation geogCover geogUnit geoBndBox! boundPoly anlyUnit universe dataKind",
    "dataDscr": "varGrp nCubeGrp var nCube notes",
    "varGrp": "labl txt concept defntn! universe! notes",
    "var": "location labl imputation! security! embargo! respUnit! anlysUnit! qstn valrng invalrng undocCod universe "
    "TotlResp! sumStat txt stdCatgry catgryGrp catgry codInstr verStmt concept derivation! varFormat! geoMap catLevel notes",
    "qstn": "preQTxt qstnLit postQTxt forward backward ivuInstr",
    "valrng": "item range key notes",
    "catgry": "catValu! labl txt catStat mrow!",
}
ATTRIBUTES = {
    "codeBook": {"version", "ID"},
    "collDate": {"date", "event", "cycle"},
    "software": {"version"},
    "varGrp": {"ID", "name", "type", "var"},
    "var": {"ID", "name", "representationType", "intrvl"},
    "range": {"UNITS", "min", "max"},
    "catgry": {"missing"},
    "varFormat": {"type", "category"},
    "notes": {"type"},
}


def tree(study: Study) -> ET.Element:
    return ET.fromstring(ddi(study))


def found(element: ET.Element, path: str) -> list[ET.Element]:
    return element.findall("/".join(f"{{{NAMESPACE}}}{step}" for step in path.split("/")))


def said(element: ET.Element, name: str, language: str) -> str | None:
    return next((one.text for one in found(element, name) if one.get(LANGUAGE) == language), None)


def check_order(element: ET.Element) -> None:
    """Every element stands where the schema has it, no oftener than it allows, with attributes it knows."""
    name = element.tag.removeprefix(f"{{{NAMESPACE}}}")
    rules = SCHEMA.get(name, "").split()
    order = [rule.rstrip("!") for rule in rules]
    children = [child.tag.removeprefix(f"{{{NAMESPACE}}}") for child in element]
    assert set(children) <= set(order), name
    assert [order.index(child) for child in children] == sorted(order.index(child) for child in children), name
    assert all(children.count(rule[:-1]) <= 1 for rule in rules if rule.endswith("!")), name
    assert {key for key in element.attrib if not key.startswith("{")} <= ATTRIBUTES.get(name, set()), name
    for child in element:
        check_order(child)


@pytest.mark.parametrize("which", ["demo", "odd"])
def test_elements_stand_in_the_order_of_the_schema(which, request):
    root = tree(request.getfixturevalue(which))
    assert root.tag == f"{{{NAMESPACE}}}codeBook"
    check_order(root)
    ids = [element.get("ID") for element in root.iter() if element.get("ID")]
    assert len(ids) == len(set(ids))
    for group in found(root, "dataDscr/varGrp"):
        assert set(group.get("var", "").split()) <= set(ids)
        assert group.get("type") in ("section", "multipleResp", "grid", "analysis")


def test_there_is_a_variable_for_every_column(demo):
    root = tree(demo)
    columns = [column for question in demo.form.questions.values() for column in demo.form.columns_of(question)]
    assert [variable.get("name") for variable in found(root, "dataDscr/var")] == columns
    variable = {one.get("name"): one for one in found(root, "dataDscr/var")}["nd2_de_dung"]
    assert (
        said(variable, "labl", "vi")
        == said(variable, "qstn/qstnLit", "vi")
        == "Các phần mềm của trường dễ sử dụng với tôi"
    )
    assert said(variable, "labl", "en") == "The school's software is easy for me to use"
    values = {one.findtext(f"{{{NAMESPACE}}}catValu"): one.get("missing") for one in found(variable, "catgry")}
    assert values == {"1": None, "2": None, "3": None, "4": None, "5": None, "na": "Y"}
    assert found(variable, "varFormat")[0].get("type") == "numeric"
    assert found(variable, "universe") == []


def test_who_is_asked_and_what_belongs_together(demo):
    root = tree(demo)
    variables = {one.get("name"): one for one in found(root, "dataDscr/var")}
    assert said(variables["s_bai_day"], "universe", "vi") == "Cán bộ quản lý, Giáo viên"
    assert said(variables["s_bai_day"], "universe", "en") == "Managers, Teachers"
    groups = {(one.get("name"), one.get("type")): one for one in found(root, "dataDscr/varGrp")}
    held = groups["ky_nang_van_phong", "section"].get("var", "").split()
    assert held == [variables[name].get("ID") for name in ("v_ho_so", "v_csdl")]
    assert len(groups["kho_khan", "multipleResp"].get("var", "").split()) == 8
    assert said(groups["ky_nang", "analysis"], "labl", "en") == "General digital skills"


def test_the_study_its_school_and_its_waves(demo):
    root = tree(demo)
    study = found(root, "stdyDscr")[0]
    assert found(study, "citation/titlStmt/titl")[0].text == demo.title.vi
    assert [one.text for one in found(study, "citation/rspStmt/AuthEnty")] == [demo.school.name.vi, demo.school.name.en]
    dates = [(d.get("cycle"), d.get("event"), d.get("date")) for d in found(study, "stdyInfo/sumDscr/collDate")]
    assert ("2027", "start", "2027-05-03") in dates and len(dates) == 2 * len(demo.waves)
    assert said(study, "stdyInfo/sumDscr/universe", "en") == (
        "Managers, Teachers, Non-teaching staff – Minh Họa Upper Secondary School"
    )


def test_other_kinds_of_questions(odd):
    root = tree(odd)
    variables = {one.get("name"): one for one in found(root, "dataDscr/var")}
    assert list(variables) == ["nghe.a", "tuoi", "diem", "ngay", "so", "b1", "b2"]
    assert said(variables["tuoi"], "labl", "vi") == "Tuổi"  # what no XML may hold is left out
    assert found(variables["tuoi"], "valrng/range")[0].attrib == {"UNITS": "INT", "min": "18", "max": "70"}
    formats = {name: found(one, "varFormat")[0].get("type") for name, one in variables.items()}
    assert formats == {
        "nghe.a": "numeric", "tuoi": "numeric", "diem": "numeric", "ngay": "character", "so": "character",
        "b1": "numeric", "b2": "numeric",
    }  # fmt: skip
    assert said(variables["diem"], "catgry/labl", "vi") == "1 – kém"
    assert said(variables["b1"], "universe", "en") == "those who answered “A” to “Job”"
    group = next(one for one in found(root, "dataDscr/varGrp") if one.get("type") == "grid")
    assert (group.get("name"), said(group, "labl", "en")) == ("bang", "Grid")


# --- The command


def test_the_suffix_says_which_form(tmp_path):
    shutil.copy(PROJECT / "data/demo/study.yaml", tmp_path)
    for suffix, start in (
        (".md", "# Bảng mã".encode()),
        (".xlsx", b"PK"),
        (".XML", b"<?xml"),
        (".csv", b"\xef\xbb\xbf"),
    ):
        path = tmp_path / f"bang-ma{suffix}"
        assert run("codebook", tmp_path, "--out", path).stdout == f"{path}\n"
        assert path.read_bytes().startswith(start)


def test_an_unknown_suffix(tmp_path):
    shutil.copy(PROJECT / "data/demo/study.yaml", tmp_path)
    assert refused("codebook", tmp_path, "--out", tmp_path / "a.pdf") == (
        "Lỗi ở --out\n"
        "  Quy tắc: Bảng mã có bốn dạng: .csv, .md, .xlsx, .xml (DDI).\n"
        "  Đã thấy: a.pdf\n"
        "  Cách sửa: Đổi đuôi tệp, ví dụ --out bang-ma.xlsx"
    )


def test_who_is_asked_where_everybody_is(demo):
    assert codebook.asked_of(demo.form, demo.form.sections[0]) == Text("", "")
