"""Pretend people answer, Google writes the response sheet, the import reads it: the same answers, whatever the form asks."""

import datetime as dt

import pandas as pd
import pytest
import yaml
from conftest import PROJECT
from hypothesis import HealthCheck, given, settings
from random_forms import questionnaires
from sheets_stand_in import Book, serving

from survey import exports, forms, sheets, simulate
from survey.clean import clean
from survey.questionnaire import Questionnaire
from survey.raw import Raw
from survey.store import OTHER
from survey.study import Study

TAB = "Câu trả lời biểu mẫu 1"
EXPORTS = {"form.zip": simulate.form_csv, "sheet.csv": simulate.sheet_csv, "sheet.xlsx": simulate.xlsx}
TRUTH = simulate.Truth(refuse=0.1, own_words=0.2, not_applicable=0.1)
SMALL = {
    "id": "thu",
    "pretend": True,
    "title": "Thử",
    "school": {"name": "Trường THPT Thử"},
    "units": [{"id": "to_a", "label": "Tổ A, B"}, {"id": "to_c", "label": "Tổ C"}],
    "roles": [{"id": "giao_vien", "label": "Giáo viên"}, {"id": "nhan_vien", "label": "Nhân viên"}],
    "waves": [{"id": 2027, "opens": "2027-05-03", "ends": "2027-05-21",
               "roster": {"to_a": {"giao_vien": 8, "nhan_vien": 3}, "to_c": {"giao_vien": 6}}}],
}  # fmt: skip


def study_of(form: Questionnaire) -> Study:
    """A small school that asks this questionnaire in 2027."""
    study = Study.model_validate(yaml.safe_load(yaml.safe_dump(SMALL)))
    lists = Study.open(PROJECT / "data/demo").model_copy(update={"units": study.units, "roles": study.roles})
    study.__dict__["form"] = form.filled(lists.form.choices["units"], lists.form.choices["roles"])
    return study


def house(name: str) -> Study:
    study = Study.model_validate(yaml.safe_load(yaml.safe_dump(SMALL | {"questionnaire": name})))
    return study


def said(answers: pd.DataFrame, form: Questionnaire) -> list[tuple]:
    """Every person's answers as plain words, people in any order; self-made codes are compared elsewhere."""
    columns = [column for q in form.questions.values() if q.use != "code" for column in form.columns_of(q)]
    columns += [q.id + OTHER for q in form.questions.values() if q.other]
    return sorted(tuple(_plain(row.get(column)) for column in columns) for _, row in answers.iterrows())


def _plain(value: object) -> str:
    if value is None or value is pd.NA or value != value:
        return ""
    if isinstance(value, pd.Timestamp | dt.datetime):
        return f"{value:%Y-%m-%d}"
    return f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def truth(study: Study, form: Questionnaire, seed: int) -> list[tuple]:
    """What the people who answered and agreed to take part said."""
    everyone = simulate.population(study, TRUTH, seed)
    answered = everyone[everyone["answers"]]
    consent = form.used_as("consent")
    return said(answered[answered[consent.id] == 1] if consent else answered, form)


def google(rows: list[list[object]], plan: forms.Plan, tmp_path, monkeypatch) -> Raw:
    """The same sheet read through gspread from a stand-in for Google, with the map that the form's script wrote."""

    def cell(value: object) -> object:
        if isinstance(value, dt.datetime):
            return value.replace(tzinfo=None)
        if isinstance(value, dt.date):
            return dt.datetime(value.year, value.month, value.day)
        return ", ".join(value) if isinstance(value, list) else value

    table = [[cell(value) for value in row] for row in rows]
    mapped = [["question", "item", "header"], *([key, "1", header] for key, header in plan.headers.items())]
    with serving({"1AbC": Book({"Tổng hợp": [["x"]], TAB: table, sheets.MAP_TAB: mapped})}) as server:
        for name, value in server.environment(tmp_path).items():
            monkeypatch.setenv(name, value)
        return sheets.read("1AbC")


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("name", ["staff", "students", "targets", "nominations"])
def test_a_questionnaire_of_the_house(name, language, tmp_path, monkeypatch):
    study = house(name)
    form = study.form.of_wave(2027)
    rows = simulate.sheets(study, TRUTH, 7, language)[2027]
    plan = forms.of_wave(study, study.wave(2027))
    assert language == "en" or rows[0][1:] == list(
        plan.headers.values()
    )  # the sheet has the headers that the form makes
    expected = truth(study, form, 7)
    assert len(expected) > 8
    for file, make in EXPORTS.items():
        (tmp_path / file).write_bytes(make(rows))
        assert said(clean(exports.read(tmp_path / file), study.form, 2027).answers, form) == expected, file
    raw = google(rows, plan, tmp_path, monkeypatch)
    assert dict(raw.named) == plan.headers
    assert said(clean(raw, study.form, 2027).answers, form) == expected


@pytest.mark.slow
def test_200_random_ones(tmp_path):
    path = {file: tmp_path / file for file in EXPORTS}

    @settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(questionnaires())
    def holds(form):
        study = study_of(form)
        expected = truth(study, form, 3)
        for language in ("vi", "en"):
            rows = simulate.sheets(study, TRUTH, 3, language)[2027]
            for file, make in EXPORTS.items():
                path[file].write_bytes(make(rows))
                found = clean(exports.read(path[file]), study.form, 2027)
                assert said(found.answers, form) == expected, file
                assert set(found.findings["rule"]) <= {"no_consent"}

    holds()


def test_a_title_that_was_changed_after_the_form_was_made_is_known_by_the_forms_own_map(tmp_path, monkeypatch):
    study = house("students")
    plan = forms.of_wave(study, study.wave(2027))
    rows = simulate.sheets(study, TRUTH, 7)[2027]
    changed = study.form.model_dump()
    for section in changed["sections"]:
        for question in section["questions"]:
            question["title"]["vi"] += " (mới)"
    later = Questionnaire.model_validate(changed)
    raw = google(rows, plan, tmp_path, monkeypatch)
    assert said(clean(raw, later, 2027).answers, later) == truth(study, study.form, 7)
