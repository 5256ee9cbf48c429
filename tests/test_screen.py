"""Flags on answers to doubt: who is flagged, who is not, and that nobody is deleted."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survey import screen, simulate
from survey.errors import StudyError
from survey.study import Study

PROJECT = Path(__file__).resolve().parents[1]
STUDY = """
id: thu
title: Thử
school: {{name: Trường thử}}
questionnaire: phieu.yaml
units: [{{id: toan, label: Tổ Toán}}, {{id: van, label: Tổ Văn}}]
roles: [{{id: gv, label: Giáo viên}}, {{id: nv, label: Nhân viên}}]
waves:
  - {{id: 2026, opens: 2026-05-04, ends: 2026-05-22, roster: {{toan: {{gv: 3}}, van: {{gv: 2}}}}}}
  - {{id: 2027, opens: 2027-05-04, ends: 2027-05-22}}
{more}
"""
QUESTIONNAIRE = """
id: thu
title: Phiếu thử
choices:
  muc: {order: agreement, options: [{value: 1, label: Một}, {value: 2, label: Hai}, {value: 3, label: Ba}, {value: 4, label: Bốn},
    {value: 5, label: Năm}]}
  lam: {order: practice, options: [{value: 0, label: Không}, {value: 1, label: Có}, {value: 2, label: Giỏi}]}
sections:
  - id: chung
    title: Chung
    questions:
"""
ITEMS = [f"s{n}" for n in range(8)] + [f"a{n}" for n in range(8)]


@pytest.fixture
def study(tmp_path):
    return make(tmp_path)


def make(folder: Path, more: str = "") -> Study:
    questions = "".join(
        f"      - {{id: {name}, type: single, choices: {'lam' if name[0] == 's' else 'muc'}, title: Câu {name}"
        f"{', reverse: true' if name == 'a5' else ''}}}\n"
        for name in ITEMS
    )
    (folder / "phieu.yaml").write_text(QUESTIONNAIRE + questions, encoding="utf-8")
    (folder / "study.yaml").write_text(STUDY.format(more=more), encoding="utf-8")
    return Study.open(folder)


def answer(
    wave=2026, unit="toan", role="gv", skills=(0, 1, 2, 1, 0, 1, 2, 1), agreement=(1, 2, 3, 4, 5, 4, 3, 2)
) -> dict:
    return {"wave": wave, "unit": unit, "role": role} | dict(zip(ITEMS, (*skills, *agreement), strict=True))


def frame(*answers: dict) -> pd.DataFrame:
    return pd.DataFrame(list(answers)).astype(dict.fromkeys(ITEMS, "Int64"))


def flagged(study: Study, answers: pd.DataFrame, flag: str, **more) -> list[bool]:
    found = screen.flags(answers, study, **more)
    assert len(found) == len(answers)
    return found[flag].tolist()


def test_of_one_persons_answers_the_last_complete_one_counts(study):
    part = answer() | dict.fromkeys(ITEMS[4:], None)
    answers = frame(answer(), answer(agreement=[2] * 8), part, answer(unit="van"))
    keys = pd.Series(["le0512", "le0512", "le0512", None])
    assert flagged(study, answers, "duplicate", keys=keys) == [True, False, True, False]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("last", [True, True, False]),
        ("first", [False, True, True]),
        ("none", [False] * 3),
        ("last_complete", [True, False, True]),
    ],
)
def test_which_of_them_counts_is_the_studys_rule(tmp_path, rule, expected):
    study = make(tmp_path, f"duplicates: {rule}")
    answers = frame(answer(), answer(agreement=[2] * 8), answer() | dict.fromkeys(ITEMS[4:], None))
    assert flagged(study, answers, "duplicate", keys=pd.Series(["le0512"] * 3)) == expected


def test_two_people_of_two_units_or_two_waves_may_have_one_code(study):
    answers = frame(answer(), answer(unit="van"), answer(wave=2027))
    assert flagged(study, answers, "duplicate", keys=pd.Series(["le0512"] * 3)) == [False] * 3


def test_without_a_code_an_answer_equal_in_everything_on_the_same_day_is_one(study):
    answers = frame(answer(), answer(), answer(agreement=[1, 2, 3, 4, 5, 4, 3, 3]))
    days = pd.Series(pd.to_datetime(["2026-05-04"] * 3))
    assert flagged(study, answers, "duplicate", submitted=days) == [False, True, False]
    assert flagged(study, answers, "duplicate", submitted=days + pd.to_timedelta([0, 1, 2], unit="D")) == [False] * 3


def test_a_place_that_the_roster_does_not_have(study):
    answers = frame(answer(), answer(role="nv"), answer(wave=2027, role="nv"))
    assert flagged(study, answers, "off_roster") == [False, True, False]  # 2027 has no roster


def test_more_answers_than_people_flag_all_of_the_place(study):
    answers = frame(answer(), answer(unit="van"), answer(unit="van"), answer(unit="van"))
    assert flagged(study, answers, "crowded") == [False, True, True, True]


def test_the_days_of_the_fieldwork_are_within_it(study):
    days = pd.Series(pd.to_datetime(["2026-05-03", "2026-05-04", "2026-05-22", "2026-05-23", None]))
    assert flagged(study, frame(*[answer()] * 5), "out_of_window", submitted=days) == [True, False, False, True, False]


def test_one_choice_from_beginning_to_end_is_careless(study):
    assert flagged(study, frame(answer(skills=[1] * 8, agreement=[3] * 8)), "careless") == [True]


def test_one_flat_block_of_skills_is_plausible(study):
    assert flagged(study, frame(answer(skills=[2] * 8)), "careless") == [False]


def test_the_same_agreement_on_both_sides_of_a_reverse_item_is_careless_unless_it_is_the_middle(study):
    answers = frame(answer(agreement=[5] * 8), answer(agreement=[3] * 8), answer(agreement=[5, 5, 5, 5, 5, None, 5, 5]))
    assert flagged(study, answers, "careless") == [True, False, False]


def test_what_it_rests_on_is_there_to_see(study):
    found = screen.flags(frame(answer(skills=[1] * 8, agreement=[3] * 7 + [None])), study)
    assert found[["items", "longstring", "irv"]].values.tolist() == [[15, 8, 0.0]]


def test_careless_pretend_staff_are_found_and_hardly_anybody_else():
    demo = Study.open(PROJECT / "data/demo")
    people = simulate.population(demo)
    items = [column for column in demo.form.items() if column in people]
    found = screen.flags(people[["wave", "unit", "role", *items]], demo)["careless"]
    assert found[people["careless"]].mean() > 0.9
    assert found[~people["careless"]].mean() < 0.03


def test_results_can_be_had_with_and_without(demo_study):
    flags, everybody = demo_study.flags(), demo_study.answers()
    assert flags.index.equals(everybody.index)
    assert flags["careless"].sum() > 5
    without = demo_study.answers(without=["careless"])
    assert len(without) == len(everybody) - flags["careless"].sum()
    assert len(demo_study.leaving_out(["careless"]).answers()) == len(without)


def test_of_two_answers_of_one_person_the_one_that_counts_is_linked(tmp_path):
    import datetime as dt

    from test_hostile_sheets import an, binh, sheet
    from test_withdrawal import make as imported

    study = imported(tmp_path / "kho", sheet(an(), binh(), an(time=dt.datetime(2026, 5, 6), gio=8)))
    assert study.answers()["person"].tolist() == [pd.NA, 1, pd.NA]
    assert study.answers(without=["duplicate"])[["person", "gio"]].values.tolist() == [[2, 5.0], [1, 8.0]]


def test_an_unknown_flag(demo_study):
    with pytest.raises(StudyError) as caught:
        demo_study.leaving_out(["lazy"])
    assert str(caught.value) == (
        "Lỗi ở --without\n"
        "  Quy tắc: Mỗi dấu là một trong các dấu đã biết.\n"
        "  Đã thấy: lazy\n"
        "  Cách sửa: Chọn trong: duplicate, off_roster, crowded, out_of_window, careless."
    )


def test_counts_for_people_to_read(study):
    answers = frame(answer(), answer(role="nv"), answer(wave=2027))
    table = screen.summary(screen.flags(answers, study), answers["wave"])
    assert table.loc[2026].tolist() == [0, 1, 0, 0, 0]
    assert table.columns[1] == "đơn vị, vai trò không có trong danh sách"


row = st.fixed_dictionaries(
    {
        "wave": st.sampled_from([2026, 2027]),
        "unit": st.sampled_from(["toan", "van", None]),
        "role": st.sampled_from(["gv", None]),
    }
    | {name: st.one_of(st.none(), st.integers(0, 2) if name[0] == "s" else st.integers(1, 5)) for name in ITEMS}
)


@pytest.mark.slow
@given(st.lists(row, max_size=6), st.data())
@settings(max_examples=100, deadline=None)
def test_any_answers_get_flags_and_none_is_deleted(tmp_path_factory, rows, data):
    study = make(tmp_path_factory.mktemp("thu"))
    answers = pd.DataFrame(rows, columns=["wave", "unit", "role", *ITEMS]).astype(dict.fromkeys(ITEMS, "Int64"))
    answers.index = pd.Index(data.draw(st.permutations(range(10, 10 + len(rows)))), dtype="int64")
    codes = data.draw(st.lists(st.sampled_from(["a1b2", None]), min_size=len(rows), max_size=len(rows)))
    keys = pd.Series(codes, index=answers.index, dtype=object)
    found = screen.flags(answers, study, keys=keys)
    assert found.index.equals(answers.index)
    assert found[list(screen.FLAGS)].dtypes.eq(bool).all()
