"""The schemas that editors use say what the models say."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from survey.schema import schemas

PROJECT = Path(__file__).resolve().parents[1]
FILES = {"questionnaire": PROJECT / "survey/questionnaires/staff.yaml", "study": PROJECT / "data/demo/study.yaml"}


def content(name: str) -> dict:
    """The file as JSON has it: dates are texts."""
    return json.loads(json.dumps(yaml.safe_load(FILES[name].read_text(encoding="utf-8")), default=str))


def validator(name: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(schemas()[f"{name}.schema.json"]))


@pytest.mark.parametrize("name", FILES)
def test_the_houses_own_files_are_valid(name):
    assert list(validator(name).iter_errors(content(name))) == []


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("questionnaire", lambda file: file["sections"][0]["questions"][0].update(typ="single")),
        ("questionnaire", lambda file: file["sections"][0]["questions"][0].update(type="slider")),
        ("questionnaire", lambda file: file["sections"][0].update(title={"en": "only English"})),
        ("study", lambda file: file["waves"][0].update(open="2025-01-01")),
        ("study", lambda file: file.pop("school")),
    ],
)
def test_an_editor_marks_a_mistake(name, change):
    file = content(name)
    change(file)
    assert len(list(validator(name).iter_errors(file))) >= 1


def test_words_may_be_written_once_for_both_languages():
    file = content("questionnaire")
    file["title"] = "Phiếu"
    assert list(validator("questionnaire").iter_errors(file)) == []


def test_the_schemas_are_published_beside_the_questionnaires():
    for name, text in schemas().items():
        assert (PROJECT / "survey/questionnaires" / name).read_text(encoding="utf-8") == text
