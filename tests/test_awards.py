"""Awards on evidence: consent, votes on whole counts, the council's own ticks, and no answer of the survey anywhere."""

import ast
import io
import shutil
import subprocess
import sys
from pathlib import Path

import docx
import pandas as pd
import pytest
import yaml
from conftest import PROJECT, need_tool

from analysis import awards, report_awards
from analysis.report_check import check
from survey import simulate
from survey.errors import StudyError
from survey.pull import pull
from survey.questionnaire import HOUSE, Questionnaire
from survey.study import Awards, Study

pytestmark = pytest.mark.slow

FORM = Questionnaire.load(HOUSE / "nominations.yaml")
AGREED = "Đã hỏi, và đã đồng ý với các nội dung nêu ở đầu phiếu"
PERSON = {
    "dong_y": AGREED, "ngay_dong_y": "09/05/2027", "dip": "Sơ kết năm 2027", "don_vi": "Tổ Toán", "loai": "Cá nhân",
    "ho_ten": "Nguyễn Thị Ví Dụ", "chuc_vu": "Giáo viên, Tổ Toán", "tieu_chi_ca_nhan": "Gương mẫu thực hiện chuyển đổi số",
    "thanh_tich": "Dựng kho học liệu của tổ: 120 bài.", "minh_chung": "kho.pdf", "co_mat": "12", "tan_thanh": "11",
}  # fmt: skip
UNIT = {
    "dong_y": AGREED, "ngay_dong_y": "09/05/2027", "dip": "Sơ kết năm 2027", "don_vi": "Tổ Văn phòng", "loai": "Tập thể",
    "ten_tap_the": "Tổ Văn phòng", "tieu_chi_tap_the": "Số hóa và liên thông dữ liệu, Ý kiến riêng",
    "co_mat": "8", "tan_thanh": "8", "thanh_tich": "Số hóa 100% hồ sơ đến.", "minh_chung": "https://truong.example/ho-so",
}  # fmt: skip


def study_in(folder: Path, *lines: dict[str, str], **more) -> Study:
    """The demo school with a register of nominations in which these lines were entered."""
    content = yaml.safe_load((PROJECT / "data/demo/study.yaml").read_text(encoding="utf-8"))
    content |= {"registers": {"nominations": "de-xuat"}, **more}
    (folder / "study.yaml").write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    wave = {"id": 2027, "opens": "2027-05-04", "ends": "2027-05-22", "source": {"export": "de-xuat.csv"}}
    register = {"id": "de-xuat", "pretend": True, "title": "Đề xuất", "school": content["school"], "units": content["units"],
                "questionnaire": "nominations", "linked_by": "none", "waves": [wave]}  # fmt: skip
    (folder / "de-xuat").mkdir()
    (folder / "de-xuat/study.yaml").write_text(yaml.safe_dump(register, allow_unicode=True), encoding="utf-8")
    titles = [question.title.vi for question in FORM.questions.values()]
    rows = [["Dấu thời gian", *titles]]
    for number, line in enumerate(lines):
        rows.append([f"10/05/2027 8:{number:02d}:00", *(line.get(question, "") for question in FORM.questions)])
    (folder / "de-xuat/de-xuat.csv").write_bytes(simulate.sheet_csv(rows))
    pull(Study.open(folder / "de-xuat"))
    return Study.open(folder)


def council(study: Study, text: str) -> None:
    (study.folder / "council.csv").write_text(text, encoding="utf-8-sig")


def words(content: bytes) -> str:
    document = docx.Document(io.BytesIO(content))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([p.text for p in document.paragraphs] + cells)


# --- Nominations


def test_a_person_and_a_collective_as_they_were_put_forward(tmp_path):
    table = awards.nominations(study_in(tmp_path, PERSON, UNIT))
    assert table[["id", "kind", "nominee", "position", "unit", "present", "in_favour", "invalid"]].values.tolist() == [
        ["D001", "ca_nhan", "Nguyễn Thị Ví Dụ", "Giáo viên, Tổ Toán", "Tổ Toán", 12, 11, ""],
        ["D002", "tap_the", "Tổ Văn phòng", "", "Tổ Văn phòng", 8, 8, ""],
    ]
    assert table["criteria"].tolist() == [
        "Gương mẫu thực hiện chuyển đổi số",
        "Số hóa và liên thông dữ liệu; Ý kiến riêng",
    ]


@pytest.mark.parametrize(
    ("change", "invalid"),
    [
        ({"ngay_dong_y": ""}, "không ghi ngày đồng ý"),
        ({"ngay_dong_y": "11/05/2027"}, "ngày đồng ý sau ngày đề xuất (11/05/2027 > 10/05/2027)"),
        ({"ho_ten": ""}, "không ghi tên người hoặc tập thể"),
    ],
)
def test_what_goes_into_no_document(tmp_path, change, invalid):
    study = study_in(tmp_path, {**PERSON, **change}, UNIT)
    assert awards.nominations(study)["invalid"].tolist() == [invalid, ""]
    for content in report_awards.documents(study, "so_ket_2027").values():
        assert "Ví Dụ" not in words(content)


def test_without_consent_a_nomination_is_not_there_at_all(tmp_path):
    study = study_in(tmp_path, {**PERSON, "dong_y": "Chưa hỏi hoặc không đồng ý"}, UNIT)
    assert awards.nominations(study)["nominee"].tolist() == ["Tổ Văn phòng"]


def test_one_nominee_put_forward_twice_whatever_the_case_and_the_tone_marks(tmp_path):
    again = {**PERSON, "ho_ten": "NGUYỄN THỊ  VÍ DỤ"}
    later = {**PERSON, "dip": "Tổng kết năm 2030"}
    table = awards.nominations(study_in(tmp_path, PERSON, again, later))
    assert awards.doubled(table) == {"D001": ["D002"], "D002": ["D001"]}


# --- Votes


@pytest.mark.parametrize(
    ("present", "favour", "rule", "reached", "told"),
    [
        (10, 8, Awards(threshold=80), True, "8/10 = 80,0%: đạt ngưỡng"),
        (10, 8, Awards(threshold=80, rule="more_than"), False, "8/10 = 80,0%: chưa đạt ngưỡng"),
        (250, 249, Awards(threshold=100), False, "249/250 = 99,6%: chưa đạt ngưỡng"),
        (10, 8, Awards(), None, "8/10 = 80,0%: ngưỡng chưa khai báo"),
        (10, 11, Awards(threshold=80), None, "11/10: số phiếu lớn hơn số người dự"),
        (0, 0, Awards(threshold=80), None, "0/0: số phiếu lớn hơn số người dự"),
        (None, 5, Awards(threshold=80), None, "thiếu số người dự hoặc số phiếu"),
    ],
)
def test_votes_are_counted_and_judged_only_by_the_threshold_that_the_study_names(present, favour, rule, reached, told):
    table = pd.DataFrame({"id": ["D001"], "present": [present], "in_favour": [favour]})
    row = awards.tally(table, rule).iloc[0]
    assert (None if pd.isna(row["reached"]) else bool(row["reached"]), row["words"]) == (reached, told)


# --- The council


def test_the_councils_file_is_offered_empty_and_what_it_wrote_stays(tmp_path):
    study = study_in(tmp_path, PERSON, UNIT)
    table = awards.nominations(study)
    awards.offer_ticks(study, table)
    text = (tmp_path / "council.csv").read_text(encoding="utf-8-sig")
    assert text.splitlines() == ["id;eligible;decision;remark", "D001;;;", "D002;;;"]
    council(study, "id;eligible;decision;remark\nD002;có;khen;đã bàn kĩ\n")
    awards.offer_ticks(study, table)
    assert (tmp_path / "council.csv").read_text(encoding="utf-8-sig").splitlines()[1:] == [
        "D002;có;khen;đã bàn kĩ",
        "D001;;;",
    ]
    found = awards.ticks(study, table)
    assert found["eligible"].isna().tolist() == [True, False] and found["decision"].tolist()[1] is True


@pytest.mark.parametrize(
    ("line", "place", "found"),
    [
        ("D009;có;;", 2, "D009: đề xuất không có"),
        ("D001;có;;\nD001;không;;", 3, "D001: ghi hai lần"),
        ("D001;có lẽ;;", 2, "có lẽ"),
    ],
)
def test_a_line_of_the_council_that_cannot_be_read(tmp_path, line, place, found):
    study = study_in(tmp_path, PERSON)
    council(study, f"id;eligible;decision;remark\n{line}\n")
    with pytest.raises(StudyError) as error:
        awards.ticks(study, awards.nominations(study))
    assert str(error.value) == (
        f"Lỗi ở {tmp_path / 'council.csv'}, dòng {place}\n"
        "  Quy tắc: Mỗi dòng một đề xuất (id); eligible và decision là có, không, hoặc để trống.\n"
        f"  Đã thấy: {found}\n"
        "  Cách sửa: Sửa dòng ấy, rồi chạy lại."
    )


def test_what_is_left_to_do_for_each_nominee(tmp_path):
    study = study_in(tmp_path, PERSON, UNIT)
    table = awards.nominations(study)
    council(study, "id;eligible;decision;remark\nD002;có;;\n")
    listed = awards.checklist(study, table, awards.ticks(study, table)).set_index("id")
    assert listed["open"].tolist() == ["chưa thấy minh chứng; hội đồng chưa xác nhận điều kiện", ""]
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence/kho.pdf").write_bytes(b"%PDF")
    listed = awards.checklist(study, table, awards.ticks(study, table)).set_index("id")
    assert listed.loc["D001", "found"] and listed.loc["D001", "open"] == "hội đồng chưa xác nhận điều kiện"


def test_evidence_outside_the_studys_folder_is_none(tmp_path):
    (tmp_path / "ngoai.pdf").write_bytes(b"%PDF")
    (tmp_path / "trong").mkdir()
    study = study_in(tmp_path / "trong", {**PERSON, "minh_chung": "../ngoai.pdf"})
    table = awards.nominations(study)
    assert awards.checklist(study, table, awards.ticks(study, table))["found"].tolist() == [False]


# --- The drafts


def decided(tmp_path: Path) -> Study:
    study = study_in(tmp_path, PERSON, UNIT, {**PERSON, "ho_ten": "Trần Văn Minh Họa"}, awards={"threshold": 80})
    council(study, "id;eligible;decision;remark\nD001;có;khen;\nD002;có;khen;\nD003;không;;\n")
    return study


def test_only_those_the_council_decided_on_are_proposed(tmp_path):
    made = report_awards.documents(decided(tmp_path), "so_ket_2027")
    assert set(made) == {"danh-sach-de-xuat.docx", "bien-ban-xet-khen-thuong.docx", "to-trinh.docx",
                         "bao-cao-thanh-tich-D001.docx", "bao-cao-thanh-tich-D002.docx"}  # fmt: skip
    submission = words(made["to-trinh.docx"])
    assert "đề nghị khen thưởng 1 tập thể và 1 cá nhân" in submission
    assert "Nguyễn Thị Ví Dụ" in submission and "Trần Văn Minh Họa" not in submission
    assert "Trần Văn Minh Họa" in words(made["danh-sach-de-xuat.docx"])  # put forward, published, not chosen
    minutes = words(made["bien-ban-xet-khen-thuong.docx"])
    assert "11/12 = 91,7%: đạt ngưỡng" in minutes and "[Hội đồng bổ sung: ý kiến thảo luận]" in minutes
    for note in report_awards.NOTES:
        assert note.vi in minutes and note.vi in submission
    assert "đồng ý cho sử dụng các dữ liệu trên ngày 09/05/2027" in words(made["bao-cao-thanh-tich-D001.docx"])


def test_the_drafts_keep_to_the_decree_and_bear_the_year_of_the_occasion(tmp_path):
    (tmp_path / "truong").mkdir()
    for name, content in report_awards.documents(decided(tmp_path / "truong"), "so_ket_2027").items():
        (tmp_path / name).write_bytes(content)
        assert check(tmp_path / name) == [], name
        assert "năm 2027" in words(content) and words(content).count("./.") == 1


def test_the_drafts_are_the_same_each_time(tmp_path):
    study = decided(tmp_path)
    assert report_awards.documents(study, "so_ket_2027") == report_awards.documents(study, "so_ket_2027")


def test_nobody_was_put_forward(tmp_path):
    with pytest.raises(StudyError, match=str(tmp_path)):
        report_awards.documents(study_in(tmp_path, PERSON), "tong_ket_2030")


def test_an_occasion_that_the_form_does_not_have(tmp_path):
    with pytest.raises(StudyError, match="--occasion"):
        report_awards.documents(study_in(tmp_path, PERSON), "tet")


def test_the_command_names_nobody_on_the_screen(tmp_path):
    study = decided(tmp_path)
    said = subprocess.run(
        [sys.executable, "-m", "analysis", "awards", study.folder],
        capture_output=True,
        encoding="utf-8",
        cwd=PROJECT,
    )
    assert said.returncode == 0, said.stderr
    assert "D001: chưa thấy minh chứng" in said.stdout and "Ví Dụ" not in said.stdout


@pytest.mark.slow
def test_every_draft_opens_in_a_word_processor(tmp_path):
    office = need_tool("libreoffice")
    (tmp_path / "truong").mkdir()
    for name, content in report_awards.documents(decided(tmp_path / "truong"), "so_ket_2027").items():
        (tmp_path / name).write_bytes(content)
        subprocess.run(
            [office, "--headless", "--convert-to", "pdf", "--outdir", tmp_path, tmp_path / name],
            check=True,
            capture_output=True,
        )
        text = subprocess.run(
            [need_tool("pdftotext"), (tmp_path / name).with_suffix(".pdf"), "-"], capture_output=True, encoding="utf-8"
        ).stdout
        assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in text and "DỮ LIỆU MÔ PHỎNG" in text


# --- No answer of the survey


def test_the_code_cannot_reach_the_surveys_answers():
    """Of the store it calls what opens the register, and the writing of files; of the study nothing that gives answers."""
    for name in ("awards.py", "report_awards.py"):
        tree = ast.parse((PROJECT / "analysis" / name).read_text(encoding="utf-8"))
        used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        assert not used & {"answers", "responses", "coded", "linked", "flags", "form_of"}, name
        opened = [ast.unparse(node.args[0]) for node in ast.walk(tree) if isinstance(node, ast.Call)
                  and ast.unparse(node.func) in ("store.stored", "store.waves")]  # fmt: skip
        assert set(opened) <= {"register"}
        homes = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not homes & {"analysis.review", "analysis.report", "analysis.contents"}


def test_no_word_of_the_survey_is_in_any_draft_and_without_its_store_they_are_the_same(tmp_path, demo_study):
    study = decided(tmp_path)
    marker = "DAUVETCUACAUTRALOI"
    shutil.copytree(demo_study.folder / "sheets", tmp_path / "sheets")
    sheet = tmp_path / "sheets/2026.csv"
    text = sheet.read_text(encoding="utf-8")
    for remark in simulate.REMARKS:
        text = text.replace(remark, marker)
    sheet.write_text(text, encoding="utf-8")
    pull(study)
    with_answers = report_awards.documents(study, "so_ket_2027")
    assert any(marker in path.read_text(encoding="utf-8") for path in (tmp_path / "raw").rglob("*.json"))
    assert not any(marker in words(content) for content in with_answers.values())
    for name in ("raw", "answers", "codes"):
        shutil.rmtree(tmp_path / name, ignore_errors=True)
    (tmp_path / "store.json").unlink()
    assert report_awards.documents(study, "so_ket_2027") == with_answers
