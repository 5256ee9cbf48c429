"""One person in several waves: by equal codes, by one typing error where nothing else fits, never by more."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survey import simulate
from survey.errors import StudyError
from survey.link import DOUBTFUL, error_rates, key, link, normal, persons
from survey.study import Study

DEMO = Study.open(Path(__file__).resolve().parents[1] / "data/demo")


def answers(*rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["wave", "code", "unit", "role"])


def people(*rows: tuple) -> list:
    """Who each answer is by; rows (wave, code), all of one unit and role."""
    return link(answers(*((*row, "toan", "gv") if len(row) == 2 else row for row in rows))).person.tolist()


@pytest.mark.parametrize(
    "code", ["LÊ 05-12", "le0512", " Lê0512 ", "Le\u03020512", "ＬＥ０５１２", "LЕ0512", "l.e.0512"]
)
def test_one_code_however_it_is_typed(code):
    assert normal(code) == "le0512"


@pytest.mark.parametrize("code", ["LE0512", "LEO512", "1E05I2", "le05l2"])
def test_signs_that_look_alike_are_one(code):
    assert key(code) == key("LE0512")


@pytest.mark.parametrize("word", ["không", "x", "12", "KO", "", None, float("nan"), "🙂🙂🙂🙂"])
def test_what_is_no_code_links_nobody(word):
    assert normal(word) is None
    assert key(word) is None


def test_a_code_that_is_mostly_unknown_is_nobodys():
    assert key("XX07LA") is not None
    assert key("XX07XX") is None


def test_equal_codes_are_one_person_and_a_code_given_twice_is_nobodys():
    codes = pd.Series(["AB12", "CD34", "ab 12", "XY99", "xy99", None])
    waves = pd.Series([2025, 2025, 2027, 2027, 2027, 2027])
    assert persons(codes, waves).tolist() == [1, 2, 1, pd.NA, pd.NA, pd.NA]


@pytest.mark.parametrize("other", ["LE0572", "LE052", "LE05512", "LE0521", "EL0512", "XE0512"])
def test_one_typing_error_within_a_unit_and_role_is_forgiven(other):
    assert people((2025, "LE0512"), (2026, other)) == [1, 1]


@pytest.mark.parametrize("other", ["LE0573", "LE05", "MA0512", "0512LE"])
def test_two_typing_errors_are_not(other):
    assert people((2025, "LE0512"), (2026, other)) in ([1, 2], [2, 1])


def test_two_codes_of_one_wave_are_two_people():
    assert people((2025, "LE0512"), (2025, "LE0572")) == [1, 2]


def test_two_codes_that_are_as_near_are_left_apart_and_shown():
    found = link(
        answers((2025, "LE0512", "toan", "gv"), (2026, "LE0572", "toan", "gv"), (2026, "LE0519", "toan", "gv"))
    )
    assert found.person.nunique() == 3
    assert found.doubtful[["wave_1", "code_1", "wave_2", "code_2", "why"]].values.tolist() == [
        [2025, "le0512", 2026, "le0519", "nhiều mã cùng gần giống"],
        [2025, "le0512", 2026, "le0572", "nhiều mã cùng gần giống"],
    ]
    assert list(found.doubtful.columns) == list(DOUBTFUL)
    assert (found.counts["doubtful"], found.counts["alone"]) == (3, 3)


def test_an_error_in_each_of_two_waves_is_forgiven():
    assert people((2025, "LE0512"), (2026, "LE0572"), (2027, "LE0512"), (2028, "LE0519")) == [1, 1, 1, 1]


@pytest.mark.parametrize("place", [("van", "gv"), ("toan", "nv"), (None, "gv"), (None, None)])
def test_another_unit_or_role_or_none_known_is_for_a_person_to_judge(place):
    found = link(answers((2025, "LE0512", "toan", "gv"), (2026, "LE0572", *place)))
    assert found.person.tolist() == [1, 2]
    assert found.doubtful["why"].tolist() == ["khác đơn vị hoặc vai trò"]


def test_equal_codes_link_somebody_who_changed_units():
    assert people((2025, "LE0512", "toan", "gv"), (2026, "LE0512", "van", "gv")) == [1, 1]


def test_what_a_person_decided_is_done():
    frame = answers((2025, "LE0512", "toan", "gv"), (2026, "LE0572", "van", "gv"), (2025, "MA1234", "toan", "gv"),
                    (2026, "MA1235", "toan", "gv"))  # fmt: skip
    assert link(frame).person.tolist() == [1, 2, 3, 3]
    table = pd.DataFrame(
        {"code_1": ["le0512", "ma1234"], "code_2": ["le0572", "ma1235"], "decision": ["Cùng người", "khác người"]}
    )
    found = link(frame, table)
    assert found.person.tolist() == [1, 1, 2, 3]
    assert found.how.tolist()[:2] == ["confirmed", "confirmed"]
    assert len(found.doubtful) == 0


@pytest.mark.parametrize(
    ("decision", "two"),
    [("cùng người", "le0519"), ("chắc là", "le0572")],
    ids=["two codes of one wave", "another word"],
)
def test_a_decision_that_cannot_be(decision, two):
    frame = answers((2025, "LE0512", "toan", "gv"), (2025, "LE0519", "toan", "gv"), (2026, "LE0572", "toan", "gv"))
    table = pd.DataFrame({"code_1": ["le0512"], "code_2": [two], "decision": [decision]})
    with pytest.raises(StudyError) as caught:
        link(frame, table)
    assert str(caught.value) == (
        "Lỗi ở links.csv, dòng 2\n"
        "  Quy tắc: decision là “cùng người”, “khác người” hoặc để trống; một cặp chỉ có một quyết định, và hai mã của cùng một "
        "đợt là hai người.\n"
        "  Đã thấy: quyết định không dùng được\n"
        "  Cách sửa: Sửa dòng ấy, hoặc để trống ô decision."
    )


def test_everybody_is_counted():
    found = link(answers((2025, "LE0512", "a", "g"), (2026, "LE0512", "a", "g"), (2025, "MA1234", "a", "g"),
                         (2026, "MA1235", "a", "g"), (2026, None, "a", "g"),
                         (2026, "QU7777", "a", "g"), (2026, "QU7777", "a", "g")))  # fmt: skip
    assert found.counts == {
        "codes": 6, "no_code": 1, "doubled": 2, "exact": 2, "typing": 2, "confirmed": 0, "alone": 0, "doubtful": 0
    }  # fmt: skip


code = st.text("AB01", min_size=4, max_size=5).map(lambda text: f"{text}7")
tables = st.lists(
    st.tuples(st.integers(2025, 2028), st.one_of(st.none(), code), st.sampled_from("xy"), st.just("g")), max_size=14
)


@pytest.mark.slow
@given(tables, st.randoms())
@settings(max_examples=150, deadline=None)
def test_the_order_of_the_rows_changes_nothing_and_nobody_answers_twice_in_a_wave(rows, random):
    frame = answers(*rows)
    found = link(frame)
    mixed = frame.sample(frac=1, random_state=random.randint(0, 99))
    assert link(mixed).person.sort_index().equals(found.person)
    placed = frame.assign(person=found.person).dropna(subset=["person"])
    assert not placed.duplicated(["wave", "person"]).any()
    assert len(found.doubtful) == len(link(mixed).doubtful)


@given(st.lists(st.tuples(st.integers(2025, 2026), st.text()), max_size=8))
@settings(max_examples=100, deadline=None)
def test_any_text_is_a_code_or_none(rows):
    link(pd.DataFrame(rows, columns=["wave", "code"]))


def test_rates_of_wrong_links_by_hand():
    truth = pd.Series([1, 1, 1, 2, 2, 3])
    found = pd.Series([1, 1, 2, 2, 3, pd.NA], dtype="Int64")  # links: (1,1) right, (1,2) wrong; true pairs: 3 + 1
    rates = error_rates(found, truth)
    assert (rates.links, rates.false, rates.missed) == (2, 0.5, 0.75)


def test_forgiving_typing_errors_links_more_of_the_pretend_staff_and_hardly_anybody_wrongly():
    totals = {"exact": [0, 0.0, 0.0], "typing": [0, 0.0, 0.0]}
    runs = 10
    for seed in range(runs):
        typed = simulate.typed_codes(DEMO, seed=seed)
        for name, frame in (("exact", typed.drop(columns=["unit", "role"])), ("typing", typed)):
            rates = error_rates(link(frame).person, typed["person"])
            totals[name] = [a + b for a, b in zip(totals[name], (rates.links, rates.false, rates.missed), strict=True)]
    assert totals["typing"][0] > totals["exact"][0]
    assert totals["typing"][1] / runs < 0.01  # of all links, two people joined
    assert totals["typing"][2] < totals["exact"][2]
    assert totals["typing"][2] / runs < 0.25  # mostly those who gave no code


@pytest.mark.slow
def test_sixty_thousand_people_in_six_waves_take_seconds():
    import time

    import numpy as np

    random = np.random.default_rng(1)
    signs = np.array(list("ABCDEGHKMNPQRSTVXY"))
    codes = [f"{a}{b}{d:02d}{n:04d}" for a, b, d, n in zip(random.choice(signs, 60_000), random.choice(signs, 60_000),
             random.integers(1, 32, 60_000), random.integers(0, 10_000, 60_000), strict=True)]  # fmt: skip
    frame = pd.DataFrame({"wave": np.repeat(range(2025, 2031), 60_000), "code": codes * 6,
                          "unit": list(random.integers(0, 1000, 60_000)) * 6, "role": "gv"})  # fmt: skip
    start = time.perf_counter()
    link(frame)
    linking = time.perf_counter() - start
    start = time.perf_counter()
    frame["code"].map(normal)
    assert linking < 60 * (time.perf_counter() - start)  # in units of reading each code once
