"""Nominations name people, with a consent of their own: kept apart, as written, and linked to nobody."""

import pytest
import yaml

from survey import simulate, store
from survey.errors import StudyError
from survey.pull import pull
from survey.questionnaire import HOUSE, Questionnaire
from survey.study import Study

FORM = Questionnaire.load(HOUSE / "nominations.yaml")


def study_in(folder, **more) -> Study:
    wave = {"id": 2027, "opens": "2027-05-04", "ends": "2027-05-22", "source": {"export": "de-xuat.csv"}}
    content = {"id": "de-xuat", "pretend": True, "title": "Đề xuất", "school": {"name": "Trường thử"},
               "questionnaire": "nominations", "linked_by": "none", "units": [{"id": "toan", "label": "Tổ Toán"}],
               "waves": [wave], **more}  # fmt: skip
    (folder / "study.yaml").write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return Study.open(folder)


def sheet(folder, **answers: str) -> None:
    titles = [question.title.vi for question in FORM.questions.values()]
    cells = [answers.get(question, "") for question in FORM.questions]
    (folder / "de-xuat.csv").write_bytes(
        simulate.sheet_csv([["Dấu thời gian", *titles], ["10/05/2027 8:00:00", *cells]])
    )


ONE = {
    "dong_y": "Đã hỏi, và đã đồng ý với các nội dung nêu ở đầu phiếu",
    "ngay_dong_y": "09/05/2027",
    "dip": "Sơ kết năm 2027",
    "don_vi": "Tổ Toán",
    "loai": "Cá nhân",
    "ho_ten": "Nguyễn Thị Ví Dụ",
    "chuc_vu": "Giáo viên, Tổ Toán",
    "tieu_chi_ca_nhan": "Gương mẫu thực hiện chuyển đổi số",
    "thanh_tich": "Cô Nguyễn Thị Ví Dụ dựng kho học liệu của tổ: 120 bài.",
    "minh_chung": "kho-hoc-lieu.pdf",
}


def test_a_name_is_kept_as_written_and_no_code_is_there(tmp_path):
    study = study_in(tmp_path)
    sheet(tmp_path, **ONE)
    pull(study)
    row = store.stored(study).iloc[0]
    assert (row["ho_ten"], row["thanh_tich"]) == (ONE["ho_ten"], ONE["thanh_tich"])
    assert store.coded(study)["code"].isna().all()
    assert FORM.used_as("code") is None and FORM.identified


def test_without_consent_nothing_is_kept(tmp_path):
    study = study_in(tmp_path)
    titles = [question.title.vi for question in FORM.questions.values()]
    rows = [["Dấu thời gian", *titles]]
    for consent in (ONE["dong_y"], "Chưa hỏi hoặc không đồng ý"):
        answers = {**ONE, "dong_y": consent, "ho_ten": f"{ONE['ho_ten']} {len(rows)}"}
        rows.append(["10/05/2027 8:00:00", *(answers.get(question, "") for question in FORM.questions)])
    (tmp_path / "de-xuat.csv").write_bytes(simulate.sheet_csv(rows))
    (pulled,) = pull(study)
    assert (pulled.rows, pulled.respondents) == (2, 1)
    assert store.stored(study)["ho_ten"].tolist() == ["Nguyễn Thị Ví Dụ 1"]


def test_named_data_are_linked_to_nobody(tmp_path):
    study = study_in(tmp_path, linked_by="code")
    sheet(tmp_path, **ONE)
    with pytest.raises(StudyError) as error:
        pull(study)
    assert str(error.value) == (
        f"Lỗi ở {tmp_path / 'study.yaml'}, linked_by\n"
        "  Quy tắc: Phiếu có họ tên thì không ghép người qua các đợt.\n"
        "  Đã thấy: linked_by: code\n"
        "  Cách sửa: Ghi linked_by: none."
    )


def test_the_survey_names_nobody_and_the_nominations_ask_no_code():
    staff = Questionnaire.load(HOUSE / "staff.yaml")
    assert not staff.identified
    assert not {q.id for q in staff.questions.values()} & {"ho_ten", "chuc_vu"}
