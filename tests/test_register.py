"""Figures entered through the form targets.yaml: every entry is kept, the last for one target, date and unit counts."""

import csv
import datetime as dt
import io
import shutil
from pathlib import Path

import pytest
import yaml
from conftest import PROJECT

from analysis.register import ENTRIES, Measurement, entries, measure
from analysis.targets import targets
from survey.errors import StudyError
from survey.pull import pull
from survey.questionnaire import HOUSE, Questionnaire
from survey.study import Study, Sufficiency

FORM = Questionnaire.load(HOUSE / "targets.yaml")


def line(moment: str, **answers: str) -> dict[str, str]:
    titles = {question.id: question.title.vi for question in FORM.questions.values()}
    usual = {"phu_trach": "Kế toán", "minh_chung": "a.pdf"}
    return {"Dấu thời gian": moment, **{titles[name]: words for name, words in {**usual, **answers}.items()}}


@pytest.fixture
def study(tmp_path) -> Study:
    """The demo school whose figures come through the form, in a folder of their own inside the study's."""
    content = yaml.safe_load((PROJECT / "data/demo/study.yaml").read_text(encoding="utf-8"))
    content |= {"figures": [], "registers": {"targets": "chi-tieu"}}
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    wave = {"id": 2027, "opens": "2027-01-01", "ends": "2027-06-30", "source": {"export": "so-lieu.csv"}}
    other = {"id": "chi-tieu", "questionnaire": "targets", "linked_by": "none", "registers": {}, "waves": [wave]}
    register = {**content, **other, "movement": None, "primary": [], "phases": []}
    (tmp_path / "chi-tieu").mkdir()
    (tmp_path / "chi-tieu/study.yaml").write_text(yaml.safe_dump(register, allow_unicode=True), encoding="utf-8")
    return Study.open(tmp_path)


def entered(study: Study, *lines: dict[str, str]) -> Study:
    heads = ["Dấu thời gian", *(question.title.vi for question in FORM.questions.values())]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, heads)
    writer.writeheader()
    writer.writerows(lines)
    (study.folder / "chi-tieu/so-lieu.csv").write_text(text.getvalue(), encoding="utf-8")
    pull(Study.open(study.folder / "chi-tieu"))
    return study


CT4 = {"chi_tieu": "Chỉ tiêu 4: người có chữ ký số hoặc chữ ký điện tử", "phat_sinh": "Có phát sinh"}
CT1 = {"chi_tieu": "Chỉ tiêu 1: hồ sơ trực tuyến toàn trình"}


def test_an_entry_that_was_corrected_twice(study):
    found = entries(
        entered(
            study,
            line("01/06/2027 8:00:00", ngay="31/05/2027", **CT4, tu_so="70", mau_so="80"),
            line("02/06/2027 8:00:00", ngay="31/05/2027", **CT4, tu_so="81", mau_so="80"),
            line("03/06/2027 8:00:00", ngay="31/05/2027", **CT4, tu_so="75", mau_so="80", minh_chung="b.pdf"),
        )
    )
    assert list(found.columns) == list(ENTRIES)
    assert found[["numerator", "replaced", "evidence", "owner"]].values.tolist() == [
        [70.0, True, "a.pdf", "Kế toán"],
        [81.0, True, "a.pdf", "Kế toán"],
        [75.0, False, "b.pdf", "Kế toán"],
    ]
    judged = targets(study, dt.date(2027, 6, 30)).set_index("target").loc[4]
    assert judged["words"] == "Chưa đạt: 75/80 = 93,8%, cần 100%, còn thiếu 5."
    assert judged["doubts"] == "Đã sửa 2 lần." and judged["source"] == "hàng 4 (2027)"


def test_no_cases_are_neither_0_nor_100_percent(study):
    entered(study, line("01/06/2027 8:00:00", ngay="31/05/2027", **CT1, phat_sinh="Không phát sinh"))
    judged = targets(study, dt.date(2027, 6, 30)).set_index("target").loc[1]
    assert (judged["status"], judged["denominator"]) == ("no_cases", 0)
    assert judged[["value"]].isna().all()


def test_a_speed_that_was_measured_and_points_of_the_index(study):
    net = {"chi_tieu": "Chỉ tiêu 6: Internet cố định", "co_duong_truyen": "Có", "tai_xuong": "92,5", "gian_doan": "0"}
    index = {"chi_tieu": "Bộ chỉ số 4725: điểm một tiêu chí", "tieu_chi": "1.4 Học liệu được số hóa", "diem": "8"}
    found = entries(
        entered(
            study,
            line("01/06/2027 8:00:00", ngay="31/05/2027", **net),
            line("01/06/2027 9:00:00", ngay="31/05/2027", **index),
        )
    )
    assert found[["target", "there", "down", "breaks"]].iloc[0].tolist() == [6, True, 92.5, 0.0]
    assert found["criterion"].tolist()[1] == "1.4" and found["points"].tolist()[1] == 8.0
    assert found["target"].isna().tolist() == [False, True]


def test_figures_of_study_yaml_and_of_the_form_stand_side_by_side(study):
    content = yaml.safe_load((study.folder / "study.yaml").read_text(encoding="utf-8"))
    content["figures"] = [{"target": 4, "date": "2026-05-31", "numerator": 58, "denominator": 81}]
    (study.folder / "study.yaml").write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    again = Study.open(study.folder)
    found = entries(entered(again, line("01/06/2027 8:00:00", ngay="31/05/2027", **CT4, tu_so="75", mau_so="80")))
    assert found["source"].tolist() == ["study.yaml", "hàng 2 (2027)"]


def test_a_register_that_holds_nothing_yet(study):
    assert len(entries(study)) == 0
    assert set(targets(study, dt.date(2027, 6, 30))["status"]) == {"cannot_tell"}


def test_what_somebody_measured_is_recorded_and_judged_by_the_studys_rule(study):
    for day, place, down in ((dt.date(2027, 5, 3), "Phòng máy 1", 92.5), (dt.date(2027, 5, 3), "Thư viện", 40.0)):
        measure(study, Measurement(day, place, True, down, 30.0, 0))
    assert (study.folder / "measurements.csv").read_text(encoding="utf-8-sig") == (
        "date;place;line;down;up;breaks\n2027-05-03;Phòng máy 1;1;92.5;30.0;0\n2027-05-03;Thư viện;1;40.0;30.0;0\n"
    )
    found = entries(study)
    assert found["down"].tolist() == [92.5, 40.0] and not found["replaced"].any()
    rule = {"sufficient": Sufficiency(down=60, breaks=1, measurements=2)}
    movement = study.movement
    judged = [target.model_copy(update=rule) if target.id == 6 else target for target in movement.targets]
    strict = study.model_copy(update={"movement": movement.model_copy(update={"targets": tuple(judged)})})
    told = targets(strict, dt.date(2027, 6, 30)).set_index("target").loc[6]
    assert told["words"] == (
        "Đạt: đường truyền cố định: đạt; số lần đo 2 (cần ≥ 2): đạt; tải xuống 66 Mb/s (cần ≥ 60): đạt; mất kết nối mỗi ngày 0,0 "
        "(cần ≤ 1,0): đạt."
    )


def test_a_file_of_measurements_that_cannot_be_read(study):
    (study.folder / "measurements.csv").write_text(
        "date;place;line;down;up;breaks\n31/05/2027;P;1;nhanh;;\n", encoding="utf-8"
    )
    with pytest.raises(StudyError, match="measurements"):
        entries(study)


def test_without_a_register_the_figures_of_study_yaml_are_all(tmp_path):
    shutil.copy(PROJECT / "data/demo/study.yaml", tmp_path)
    study = Study.open(tmp_path)
    assert len(entries(study)) == len(study.figures) and Path(study.folder) == tmp_path
