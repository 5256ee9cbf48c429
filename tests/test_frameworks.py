"""Which item speaks to which competence: every tag is a competence of its framework, and the tables show what is not covered."""

import pytest

from survey.errors import QuestionnaireError
from survey.frameworks import frameworks, mapping, page
from survey.questionnaire import HOUSE, Questionnaire


def house(name: str) -> Questionnaire:
    return Questionnaire.load(HOUSE / f"{name}.yaml")


def test_the_frameworks_have_as_many_competences_as_their_texts():
    assert {name: len(one.competences) for name, one in frameworks().items()} == {
        "tt18": 20, "tt02": 24, "digcomp": 21, "digcompedu": 22, "qd757": 1,
    }  # fmt: skip


def test_every_anchor_of_the_staff_speaks_to_a_framework():
    tables = mapping(house("staff"))
    assert set(tables) == {"tt18", "digcomp", "digcompedu", "qd757"}
    mapped = {item for table in tables.values() for items in table.values() for item in items}
    assert {q for q in house("staff").questions if q[:2] in ("s_", "v_")} <= mapped
    assert {number[0] for number, items in tables["tt18"].items() if items} == set("123456")  # each of its six domains


def test_the_students_are_asked_three_items_of_each_domain_of_circular_02():
    table = mapping(house("students"))["tt02"]
    assert [sum(len(items) for number, items in table.items() if number[0] == domain) for domain in "123456"] == [3] * 6


def test_a_competence_that_is_not_asked_stands_in_the_table_with_a_dash():
    assert "| 1.2 | Hướng dẫn, hỗ trợ người học | – |" in page(house("staff"))
    assert "| 2.1 | Kiểm tra" not in page(house("staff"))
    assert "| 2.1 | Phương thức kiểm tra, đánh giá | `s_kiem_tra` Tạo bài kiểm tra trực tuyến cho học sinh |" in page(
        house("staff")
    )


def test_a_tag_of_a_competence_that_the_framework_does_not_have():
    asked = {"id": "q", "type": "text", "title": "Q", "tags": {"tt18": "9.9"}}
    form = Questionnaire.model_validate(
        {"id": "t", "title": "T", "sections": [{"id": "s", "title": "S", "questions": [asked]}]}
    )
    with pytest.raises(QuestionnaireError) as error:
        mapping(form)
    assert str(error.value) == (
        "Lỗi ở q, tags, tt18\n"
        "  Quy tắc: Số năng lực phải có trong khung.\n"
        "  Đã thấy: 9.9\n"
        "  Cách sửa: Xem các số trong survey/frameworks.yaml."
    )


def test_the_page_in_docs_is_that_of_the_staff_questionnaire():
    # python run.py survey mapping survey/questionnaires/staff.yaml --out docs/khung-nang-luc.md
    assert (HOUSE.parents[1] / "docs/khung-nang-luc.md").read_text(encoding="utf-8") == page(house("staff"))
