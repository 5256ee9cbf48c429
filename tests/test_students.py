"""Students, anonymously: the form asks the grade and nothing else of who they are, and the whole chain runs from it."""

import pytest
import yaml

from analysis.review import Review
from survey import simulate, store, tracker
from survey.pull import pull
from survey.questionnaire import HOUSE, Questionnaire
from survey.study import Study

FORM = Questionnaire.load(HOUSE / "students.yaml")
GRADES = {"khoi_10": 120, "khoi_11": 110, "khoi_12": 100}


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Study:
    folder = tmp_path_factory.mktemp("Học sinh 2027")
    wave = {"id": 2027, "opens": "2027-05-04", "ends": "2027-05-22", "source": {"export": "hs.csv"},
            "roster": {grade: {"hoc_sinh": people} for grade, people in GRADES.items()}}  # fmt: skip
    content = {"id": "hoc-sinh", "pretend": True, "title": "Khảo sát học sinh", "school": {"name": "Trường thử"},
               "questionnaire": "students", "linked_by": "none", "units": [{"id": g, "label": g} for g in GRADES],
               "roles": [{"id": "hoc_sinh", "label": "Học sinh"}], "waves": [wave], "primary": ["mien_1"]}  # fmt: skip
    (folder / "study.yaml").write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    made = Study.open(folder)
    simulate.write(made)
    pull(made)
    return made


def test_at_most_25_questions_in_six_domains_and_nothing_that_tells_who_answers():
    assert len(FORM.questions) == 25
    assert len(FORM.scales) == 6 and all(len(scale.items) == 3 for scale in FORM.scales)
    assert [q.id for q in FORM.questions.values() if q.use] == ["dong_y", "khoi"]
    assert {q.type for q in FORM.questions.values()} == {"single", "long_text"}


def test_every_grade_has_its_place_on_the_roster(study):
    places = tracker.units(store.responses(study), study, 2027)
    assert (places["answered"] > 0).tolist() == [True] * 3


def test_the_estimates_rest_on_the_roster_of_grades(study):
    review = Review.of(study, 2027)
    assert review.unplaced == 0
    assert set(review.frame["people"]) == {330}
    levels = review.levels
    assert sorted(levels["item"]) == [f"mien_{n}" for n in range(1, 7)] and levels["shown"].all()
    assert set(review.by_unit["level"]) == set(GRADES)
