"""The questionnaire file: what is loaded, what is refused, and in which words; the staff questionnaire as it stands."""

import unicodedata

import pytest
import yaml

from survey.errors import QuestionnaireError, StudyError
from survey.questionnaire import HOUSE, Questionnaire, plain
from survey.study import Study

STAFF = Questionnaire.load(HOUSE / "staff.yaml")
SMALL = {
    "id": "thu",
    "title": "Thử",
    "choices": {
        "muc": {"order": "agreement", "options": [{"value": 1, "label": "Có"}, {"value": 0, "label": "Không"}]}
    },
    "sections": [
        {"id": "a", "title": "A", "questions": [{"id": "q1", "type": "single", "title": "Câu", "choices": "muc"}]}
    ],
}


def refused(tmp_path, **changes) -> str:
    path = tmp_path / "phiếu.yaml"
    path.write_text(yaml.safe_dump(SMALL | changes, allow_unicode=True), encoding="utf-8")
    with pytest.raises(QuestionnaireError) as error:
        Questionnaire.load(path)
    return str(error.value).replace(str(path), "phiếu.yaml")


def section(*questions: dict, **more) -> list[dict]:
    return [{"id": "a", "title": "A", "questions": list(questions)} | more]


def test_an_entry_that_is_not_known(tmp_path):
    assert refused(tmp_path, titel="x") == (
        "Lỗi ở phiếu.yaml, titel\n"
        "  Quy tắc: Không có mục nào mang tên này.\n"
        "  Đã thấy: 'x'\n"
        "  Cách sửa: Mở tệp bằng Notepad, sửa chỗ nêu trên rồi chạy lại."
    )


def test_two_questions_with_one_title(tmp_path):
    two = section({"id": "q1", "type": "text", "title": "Câu"}, {"id": "q2", "type": "text", "title": " câu "})
    assert refused(tmp_path, sections=two) == (
        "Lỗi ở phiếu.yaml, q2\n"
        "  Quy tắc: Hai câu hỏi không được cùng tiêu đề: cột trong trang tính sẽ lẫn nhau.\n"
        "  Đã thấy:  câu \n"
        "  Cách sửa: Đặt tên khác cho một trong hai."
    )


def test_a_list_that_is_not_there(tmp_path):
    assert refused(tmp_path, sections=section({"id": "q1", "type": "single", "title": "Câu", "choices": "mưc"})) == (
        "Lỗi ở phiếu.yaml, q1\n"
        "  Quy tắc: choices phải là tên một danh sách có trong mục choices của tệp.\n"
        "  Đã thấy: mưc\n"
        "  Cách sửa: Sửa tên, hoặc thêm danh sách ấy."
    )


def test_a_branch_on_a_later_question(tmp_path):
    later = section({"id": "q1", "type": "text", "title": "Câu"}, only={"q9": [1]})
    assert "Quy tắc: only phải nêu một câu hỏi đứng trước phần này.\n  Đã thấy: q9" in refused(tmp_path, sections=later)


def test_broken_yaml_names_the_line(tmp_path):
    path = tmp_path / "phiếu.yaml"
    path.write_text("id: thu\ntitle: [a\nsections: b\n", encoding="utf-8")
    with pytest.raises(QuestionnaireError) as error:
        Questionnaire.load(path)
    assert str(error.value).startswith(f"Lỗi ở {path}, dòng 3\n  Quy tắc: Tệp YAML: thụt dòng bằng dấu cách")


def test_a_file_saved_in_another_encoding(tmp_path):
    path = tmp_path / "phiếu.yaml"
    path.write_bytes("title: Thử".encode("utf-16"))
    with pytest.raises(QuestionnaireError) as error:
        Questionnaire.load(path)
    assert "Quy tắc: Tệp phải lưu bằng bảng mã UTF-8." in str(error.value)


def test_plain_text_is_the_same_for_the_same_words():
    assert plain("  Đồng\u00a0 Ý\u200b ") == plain(unicodedata.normalize("NFD", "đồng ý")) == "đồng ý"


def test_each_content_has_two_agreement_items_and_each_target_a_yes_or_no():
    for content in range(1, 8):
        assert len(STAFF.items(tag="content", value=content, order="agreement")) >= 2, content
    for target in range(1, 7):
        assert STAFF.items(tag="target", value=target, order="yes_no"), target


def test_every_closed_item_says_content_source_and_licence():
    for item in STAFF.items():
        tags = STAFF.questions[item.split(".")[0]].tags
        assert {"licence", "source"} <= set(tags), item


def test_the_staff_questionnaire_speaks_two_languages_in_nfc_and_several_choices_hold_no_comma():
    raw = (HOUSE / "staff.yaml").read_text(encoding="utf-8")
    assert raw == unicodedata.normalize("NFC", raw)
    texts = [q.title for q in STAFF.questions.values()] + [
        c.label for group in STAFF.choices.values() for c in group.options
    ]
    assert all(text.vi and text.en for text in texts)
    several = [q for q in STAFF.questions.values() if q.type == "several"]
    assert several and not [c.label.vi for q in several for c in STAFF.choices_of(q).options if "," in c.label.vi]


def test_some_items_are_reverse_and_nobody_agrees_by_default():
    assert len([q for q in STAFF.questions.values() if q.reverse]) >= 2
    consent = STAFF.used_as("consent")
    assert consent and consent.required and len(STAFF.choices_of(consent).options) == 2


def test_a_study_that_names_an_unknown_unit(tmp_path):
    content = yaml.safe_load((HOUSE.parent.parent / "data/demo/study.yaml").read_text(encoding="utf-8"))
    content["waves"][0]["roster"]["to_hoa"] = {"giao_vien": 3}
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    with pytest.raises(StudyError) as error:
        Study.open(tmp_path)
    assert str(error.value) == (
        f"Lỗi ở {tmp_path / 'study.yaml'}, waves 2025, roster\n"
        "  Quy tắc: Danh sách nhân sự chỉ dùng mã có trong units.\n"
        "  Đã thấy: to_hoa\n"
        "  Cách sửa: Thêm to_hoa vào units, hoặc sửa mã."
    )


def test_2027_belongs_to_both_phases_and_its_wave_decides():
    study = Study.open(HOUSE.parent.parent / "data/demo")
    assert [study.phase_of(wave) for wave in study.waves] == [1, 1, 1, 2, 2, 2]
    assert study.waves_of(1) == [2025, 2026, 2027]
    assert study.waves_of(2) == [2027, 2028, 2029, 2030]


def test_a_wave_after_the_closing_date_is_in_the_next_phase_unless_it_is_the_review():
    study = Study.open(HOUSE.parent.parent / "data/demo")
    late = study.wave(2027).model_copy(update={"ends": study.phases[0].closes.replace(month=12)})
    assert study.phase_of(late) == 1
    assert study.phase_of(late.model_copy(update={"id": 2028})) == 2
    assert study.phase_of(late.model_copy(update={"id": 2028, "phase": 1})) == 1


@pytest.mark.parametrize(
    "options",
    [
        [{"value": 1, "label": "Có"}, {"value": 1, "label": "Không"}],
        [{"value": 1, "label": "Có"}, {"value": 2, "label": "có "}],
        [{"value": 1, "label": "Có"}, {"value": "x", "label": "Không"}],
    ],
    ids=["one code twice", "one wording twice", "numbers and words"],
)
def test_codes_that_are_not_clear(tmp_path, options):
    said = refused(tmp_path, choices={"muc": {"options": options}})
    assert "Quy tắc: Trong một danh sách: mã khác nhau, cùng kiểu" in said


@pytest.mark.parametrize("name", ["weight", "wave", "stratum", "a__other"])
def test_ids_that_are_the_programs_own(tmp_path, name):
    said = refused(tmp_path, sections=section({"id": name, "type": "text", "title": "Câu"}))
    assert f"Quy tắc: Mã này dành cho chương trình.\n  Đã thấy: {name}" in said


def test_a_scale_of_words(tmp_path):
    said = refused(
        tmp_path,
        sections=section(
            {"id": "a", "type": "text", "title": "A"}, {"id": "b", "type": "linear", "low": 1, "high": 5, "title": "B"}
        ),
        scales=[{"id": "s", "title": "S", "items": ["a", "b"]}],
    )
    assert "Quy tắc: Thang đo chỉ gồm những câu mã bằng số.\n  Đã thấy: a" in said
