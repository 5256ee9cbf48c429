"""The staff questionnaire's promises: its length, what it covers, where each item comes from, and how it reads."""

import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from survey import advice
from survey.errors import Text
from survey.questionnaire import HOUSE, Question, Questionnaire, plain, tidy

STAFF = Questionnaire.load(HOUSE / "staff.yaml")
YEARLY, REVIEW = STAFF.of_wave(2026), STAFF.of_wave(2027)
ROLES = ("quan_ly", "giao_vien", "nhan_vien")
ANCHORS = [question for question in STAFF.questions.values() if question.id.startswith("s_")]
OFFICE = [question for question in STAFF.questions.values() if question.id.startswith("v_")]
CLOSED = [STAFF.questions[item] for item in dict.fromkeys(column.split(".")[0] for column in STAFF.items())]
ABOUT_THE_MOVEMENT = [question for question in CLOSED if STAFF.section_of(question.id).id != "thong_tin"]


def asked(role: str) -> list[Question]:
    return [q for q in YEARLY.questions.values() if role in STAFF.section_of(q.id).only.get("vai_tro", [role])]


def minutes(role: str) -> float:
    """15 s an ordered statement, 30 s an open question, 12 s any other; reading the notice comes on top."""
    seconds = [30 if q.type == "long_text" else 15 if q.choices == "practice" else 12 for q in asked(role)]
    return sum(seconds) / 60


def texts() -> Iterator[tuple[str, Text]]:
    yield from {"title": STAFF.title, "notice": STAFF.notice, "thanks": STAFF.thanks}.items()
    for name, listed in STAFF.choices.items():
        yield from ((f"{name} {choice.value}", choice.label) for choice in listed.options)
    for part in STAFF.sections:
        yield f"{part.id} title", part.title
        yield f"{part.id} text", part.text
        for question in part.questions:
            yield f"{question.id} title", question.title
            yield f"{question.id} hint", question.hint
    yield from ((scale.id, scale.title) for scale in STAFF.scales)


# --- length


@pytest.mark.parametrize("role", ROLES)
def test_nobody_is_asked_more_than_45_questions(role):
    assert len(asked(role)) <= 45


def test_a_teacher_needs_8_to_10_minutes_and_non_teaching_staff_less():
    assert 8 <= minutes("giao_vien") <= 10
    assert minutes("quan_ly") == minutes("giao_vien")
    assert 8 <= minutes("nhan_vien") < minutes("giao_vien")


def test_the_reviews_ask_three_then_items_more_of_skills_that_are_asked_now_and_stay_within_ten_minutes():
    more = {name: q.tags["then"] for name, q in REVIEW.questions.items() if name not in YEARLY.questions}
    assert more == {"t_bang_tinh": "s_bang_tinh", "t_xac_thuc": "s_xac_thuc", "t_ai_cau_lenh": "s_ai_cau_lenh"}
    assert not any(REVIEW.questions[name].required for name in more)
    assert advice.longest(STAFF) <= 10


def test_every_title_fits_a_phone():
    assert [q.id for q in STAFF.questions.values() if max(len(q.title.vi), len(q.title.en)) > 110] == []


# --- the anchors are frozen: ids, wording and answers, in both languages, until 2030


def test_the_18_anchors_stand_as_they_were_first_asked():
    frozen = (Path(__file__).parent / "reference/anchors.csv").read_text(encoding="utf-8").splitlines()
    now = [f"{q.id};{q.title.vi};{q.title.en}" for q in ANCHORS + OFFICE]
    assert now == frozen[1:19]
    assert [
        f"{choice.value};{choice.label.vi};{choice.label.en}" for choice in STAFF.choices["practice"].options
    ] == frozen[20:]


# --- who is asked, and with what consent


def test_consent_is_asked_first_and_nothing_is_agreed_by_default():
    consent = next(iter(STAFF.questions.values()))
    assert (consent.use, consent.required) == ("consent", True)
    assert [choice.value for choice in STAFF.choices_of(consent).options] == [1, 0]
    assert STAFF.notice.vi


def test_code_unit_role_and_consent_are_asked_once_each_and_the_code_is_free_to_leave_out():
    for use in ("consent", "code", "unit", "role"):
        assert [q.use for q in STAFF.questions.values()].count(use) == 1, use
    code = STAFF.used_as("code")
    assert code and not code.required and code.hint.vi


def test_units_and_roles_are_left_to_the_school():
    assert not {"units", "roles"} & set(STAFF.choices)


# --- what is covered


def test_there_are_16_to_20_anchor_items_with_one_list_of_ordered_statements():
    assert 16 <= len(ANCHORS) <= 20
    assert {question.choices for question in ANCHORS + OFFICE} == {"practice"}
    practice = STAFF.choices["practice"]
    assert (practice.order, [choice.value for choice in practice.options]) == ("practice", [0, 1, 2, 3, 4])


@pytest.mark.parametrize("role", ["quan_ly", "giao_vien"])
def test_teachers_and_managers_meet_every_anchor_and_no_office_item(role):
    assert [q for q in asked(role) if q.choices == "practice"] == ANCHORS


def test_non_teaching_staff_meet_the_common_anchors_and_two_or_three_office_items():
    met = [q for q in asked("nhan_vien") if q.choices == "practice"]
    assert 8 <= len([q for q in met if q in ANCHORS]) <= 9
    assert [q for q in met if q in OFFICE] == OFFICE
    assert 2 <= len(OFFICE) <= 3


def test_three_or_four_anchors_are_about_ai():
    assert 3 <= len([q for q in ANCHORS if str(q.tags["tt18"]).startswith("6.")]) <= 4


def test_the_anchors_reach_every_domain_of_the_teacher_framework():
    assert {str(question.tags["tt18"])[0] for question in ANCHORS} == set("123456")


def test_four_or_five_kinds_of_tools_are_asked_for_with_five_frequencies():
    assert 4 <= len(STAFF.items(order="frequency")) <= 5
    assert [choice.value for choice in STAFF.choices["frequency"].options] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("content", range(1, 8))
def test_every_content_has_two_agreement_items_and_a_scale_of_its_own_items(content):
    items = STAFF.items(tag="content", value=content, order="agreement")
    assert len(items) >= 2
    scale = next(scale for scale in STAFF.scales if scale.id == f"nd{content}")
    assert scale.content == content
    assert set(scale.items) <= set(items)


@pytest.mark.parametrize("target", range(1, 7))
def test_every_target_has_one_yes_or_no(target):
    assert len(STAFF.items(tag="target", value=target, order="yes_no")) == 1


def test_at_least_two_agreement_items_are_reverse():
    backwards = [question for question in STAFF.questions.values() if question.reverse]
    assert len(backwards) >= 2
    assert {question.choices for question in backwards} == {"agreement"}


def test_not_applicable_counts_in_no_mean():
    for name in ("agreement", "yes_no"):
        assert [choice.value for choice in STAFF.choices[name].options if choice.missing] == ["na"], name


def test_there_are_two_open_questions_that_ask_for_no_names():
    words = [question for question in STAFF.questions.values() if question.type == "long_text"]
    assert len(words) == 2
    assert all("không ghi tên" in question.hint.vi for question in words)


# --- where it comes from


def test_every_closed_item_says_content_licence_and_source():
    for question in ABOUT_THE_MOVEMENT:
        assert {"content", "licence", "source"} <= set(question.tags), question.id
    for question in CLOSED:
        assert question.tags["licence"] in ("own", "CC-BY-4.0", "EC-reuse"), question.id
        source = str(question.tags["source"])
        assert source == "own" or source.startswith("paraphrase of"), question.id


def test_every_anchor_is_tied_to_the_frameworks_and_every_office_item_to_theirs():
    for question in ANCHORS:
        assert "tt18" in question.tags and {"digcomp", "digcompedu"} & set(question.tags), question.id
    for question in OFFICE:
        assert {"qd757", "digcomp"} <= set(question.tags), question.id


# --- how it reads


def test_every_text_is_tidy_nfc_in_both_languages():
    raw = (HOUSE / "staff.yaml").read_text(encoding="utf-8")
    assert raw == unicodedata.normalize("NFC", raw)
    for place, text in texts():
        assert bool(text.vi) == bool(text.en), place
        assert (text.vi, text.en) == (tidy(text.vi), tidy(text.en)), place
        if not place.endswith((" text", " hint")):
            assert text.vi, place


def test_titles_differ_in_each_language():
    for language in ("vi", "en"):
        titles = [plain(getattr(question.title, language)) for question in STAFF.questions.values()]
        assert len(titles) == len(set(titles)), language


def test_ids_differ_and_are_plain_lower_case():
    parts, scales = [part.id for part in STAFF.sections], [scale.id for scale in STAFF.scales]
    written = [question.id for part in STAFF.sections for question in part.questions]
    columns = written + scales  # a question and a scale stand side by side in the answers
    assert len(columns) == len(set(columns)) and len(parts) == len(set(parts))
    for name in (*columns, *parts, *STAFF.choices):
        assert name.isascii() and name == name.lower() and name.replace("_", "").isalnum(), name


def test_choices_of_a_list_can_be_told_apart():
    for name, listed in STAFF.choices.items():
        values = [choice.value for choice in listed.options]
        assert len(values) == len(set(values)), name
        for language in ("vi", "en"):
            labels = [plain(getattr(choice.label, language)) for choice in listed.options]
            assert len(labels) == len(set(labels)), (name, language)


def test_a_question_of_several_choices_offers_7_or_8_without_a_comma_and_an_other():
    several = [question for question in STAFF.questions.values() if question.type == "several"]
    assert len(several) == 1 and several[0].other
    options = STAFF.choices_of(several[0]).options
    assert 7 <= len(options) <= 8
    assert [c.value for c in options if {",", ";"} & set(c.label.vi + c.label.en)] == []


# --- scales


def test_the_skill_scale_holds_the_anchors_that_everyone_answers():
    scales = {scale.id: list(scale.items) for scale in STAFF.scales}
    everyone = [q.id for q in ANCHORS if not STAFF.section_of(q.id).only]
    teachers = [q.id for q in ANCHORS if STAFF.section_of(q.id).only]
    assert scales["ky_nang"] == everyone
    assert scales["ky_nang_day_hoc"] == teachers
    assert scales["ky_nang_ai"] == [item for item in everyone if item.startswith("s_ai_")]
    assert scales["ung_dung"] == STAFF.items(order="frequency")


def test_half_the_items_of_a_scale_are_enough_and_one_scale_keeps_to_one_kind_of_choices():
    for scale in STAFF.scales:
        assert scale.least == 0.5, scale.id
        assert len({STAFF.questions[item].choices for item in scale.items}) == 1, scale.id
