"""Small bases are hidden, and so is what subtraction would reveal."""

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis import Design, change, means, proportions, suppress
from survey.errors import DesignError

PEOPLE = {"toan": 9, "van": 7, "su": 6, "bgh": 3}


def table(people: dict[str, int]) -> pd.DataFrame:
    rows = [(unit, float(place % 2)) for unit, n in people.items() for place in range(n)]
    return means(pd.DataFrame(rows, columns=["unit", "y"]), ["y"], by=["unit"])


def hidden(people: dict[str, int], k: int = 5) -> dict[str, str]:
    shown = suppress(table(people), k)
    return shown[~shown["shown"]].set_index("level")["reason"].to_dict()


def test_a_small_base_takes_the_next_smallest_with_it():
    assert hidden(PEOPLE) == {"bgh": "small base", "su": "protected"}


def test_two_small_bases_that_are_large_together_hide_each_other():
    assert hidden({"toan": 9, "van": 7, "a": 3, "b": 2}) == {"a": "small base", "b": "small base"}


def test_two_small_bases_that_are_small_together_take_a_third():
    assert hidden({"toan": 9, "van": 7, "a": 2, "b": 2}) == {
        "a": "small base", "b": "small base", "van": "protected",
    }  # fmt: skip


def test_nothing_is_hidden_where_every_base_is_large():
    assert hidden({"toan": 9, "van": 5}) == {}


def test_a_hidden_row_holds_no_number_and_never_a_zero():
    shown = suppress(table(PEOPLE))
    numbers = shown.loc[~shown["shown"], ["estimate", "se", "low", "high", "df", "n", "population"]]
    assert numbers.isna().all(axis=None)


def test_the_table_that_was_given_is_not_changed():
    before = table(PEOPLE)
    copy = before.copy()
    suppress(before)
    pd.testing.assert_frame_equal(before, copy)


def test_the_whole_school_is_hidden_when_it_is_small():
    shown = suppress(means(pd.DataFrame({"y": [1.0, 2.0]}), ["y"]))
    assert shown[["shown", "reason"]].values.tolist() == [[False, "small base"]]


@pytest.mark.parametrize("k", [3, 10])
def test_the_smallest_base_is_the_studys_choice(k):
    assert set(hidden(PEOPLE, k)) == (set() if k == 3 else {"toan", "van", "su", "bgh"})


def test_units_and_roles_of_the_demo_do_not_tell_on_the_one_manager_of_the_office(demo_study):
    from analysis.review import Review

    review = Review.of(demo_study, 2026)
    roles, units = review.levels_by("role"), review.levels_by("unit")
    assert not units.set_index(["item", "level"]).loc[("ky_nang", "van_phong"), "shown"]
    assert roles["shown"].all()  # it takes one unit, where it would take two roles


# --- everyone the same


def shares(answers: dict[str, str], values: list[str] | None = None, **settings) -> dict[str, str]:
    """Unit -> why its shares are hidden ("" if shown); `answers` holds a letter for each person of each unit."""
    people = pd.DataFrame(
        [(unit, letter) for unit, letters in answers.items() for letter in letters], columns=["unit", "q"]
    )
    listed = {"q": values or sorted(set(people["q"]))}
    tables = [proportions(people, ["q"], by=by, values=listed) for by in ([], ["unit"])]
    shown = suppress(pd.concat(tables, ignore_index=True), **settings)
    return shown.drop_duplicates(["group", "level"]).set_index("level")["reason"].to_dict()


def test_a_group_that_answers_as_one_is_hidden_with_a_group_that_does_not():
    found = shares({"toan": "yyyyyy", "van": "yynnnnn", "su": "yyyynnnnnn"})
    assert found == {"": "", "toan": "protected", "van": "protected", "su": ""}


def test_nobody_said_yes_is_everybody_said_no_when_yes_alone_is_listed():
    found = shares({"toan": "nnnnnn", "van": "yyyyynn", "su": "yyyyynnnnn"}, values=["y"])
    assert found == {"": "", "toan": "protected", "van": "protected", "su": ""}


def test_an_answer_of_nobody_is_shown_among_three_unless_asked_otherwise():
    answers = {"toan": "aabbbb", "van": "aabbccccc", "su": "aabbbccccc"}
    assert set(shares(answers).values()) == {""}
    assert shares(answers, zeros=True)["toan"] == "protected"


def test_where_hardly_anybody_in_the_school_said_no_no_group_of_those_is_told_apart():
    found = shares({"toan": "yyyyyy", "van": "yyyyyyn", "su": "yyyyyyyynn"})
    assert found == {
        "": "",
        "toan": "protected",
        "van": "protected",
        "su": "protected",
    }


def test_the_whole_school_may_say_yes_as_one():
    assert shares({"toan": "yyyyyy", "van": "yyyyyy"})[""] == ""


def test_a_group_whose_mean_has_no_spread_answered_as_one():
    people = pd.DataFrame(
        {"unit": ["a"] * 6 + ["b"] * 7 + ["c"] * 8, "y": [4.0] * 6 + [1, 2, 3, 4, 3, 2, 1] + [2, 3] * 4}
    )
    shown = suppress(means(people, ["y"], by=["unit"])).set_index("level")
    assert shown["reason"].to_dict() == {"a": "protected", "b": "protected", "c": ""}


def test_a_census_has_no_spread_though_people_differ_unless_its_answers_say_so():
    people = pd.DataFrame(
        {"unit": ["a"] * 6 + ["b"] * 7 + ["c"] * 8, "y": [4.0] * 6 + [1, 2, 3, 4, 3, 2, 1] + [2, 3] * 4, "all": 21}
    )
    table = means(people, ["y"], Design(population="all"), by=["unit"])
    assert suppress(table)["shown"].all()
    assert suppress(table, answers=people).set_index("level")["reason"]["a"] == "protected"


# --- linked tables


def two_ways(cells: dict[tuple[str, str], int], **settings) -> dict[str, str]:
    """Level -> why it is hidden, of the tables of units, roles, and (cross=...) both crossed."""
    people = pd.DataFrame(
        [(unit, role, place % 4) for (unit, role), n in cells.items() for place in range(n)],
        columns=["unit", "role", "y"],
    )
    ways = [[], ["unit"], ["role"]] + ([["unit", "role"]] if "cross" in settings else [])
    shown = suppress(pd.concat([means(people, ["y"], by=by) for by in ways]), answers=people, **settings)
    return shown[~shown["shown"]].set_index("level")["reason"].to_dict()


OFFICE = {("van_phong", "nhan_vien"): 8, ("van_phong", "quan_ly"): 1, ("toan", "giao_vien"): 9, ("toan", "quan_ly"): 5}


def test_a_role_that_nearly_is_a_unit_does_not_tell_on_the_one_manager():
    found = two_ways(OFFICE | {("van", "giao_vien"): 12})
    assert found and set(found.values()) == {"protected"}
    assert {"van_phong", "nhan_vien"} & set(found)


def test_a_crossed_table_needs_larger_bases():
    found = two_ways({("a", "x"): 12, ("a", "y"): 12, ("b", "x"): 12, ("b", "y"): 9}, cross=10)
    assert found["b × y"] == "small base"
    assert set(found) == {"a × x", "a × y", "b × x", "b × y"}  # each margin would give a lone one away


def test_people_of_no_known_group_are_not_found_as_the_rest():
    people = pd.DataFrame({"unit": ["a"] * 7 + ["b"] * 9 + [None] * 2, "y": [1.0, 2] * 9})
    shown = suppress(pd.concat([means(people, ["y"]), means(people, ["y"], by=["unit"])]))
    assert shown.set_index("level")["reason"].to_dict() == {"": "", "a": "protected", "b": ""}


# --- waves


def test_a_change_is_hidden_where_one_of_its_ends_is():
    sizes = {1: {"a": 9, "b": 7, "c": 4}, 2: {"a": 9, "b": 7, "c": 6}}
    rows = [
        (wave, unit, f"{unit}{place}", float(place % 3))
        for wave, units in sizes.items()
        for unit, n in units.items()
        for place in range(n)
    ]
    people = pd.DataFrame(rows, columns=["wave", "unit", "person", "y"])
    table = pd.concat([means(people, ["y"], by=["wave", "unit"]), change(people, ["y"], between=(1, 2), by="unit")])
    shown = suppress(table).set_index(["wave", "level"])["shown"]
    assert shown[1].to_dict() == {"a": True, "b": False, "c": False}
    assert shown[2].to_dict() == {"a": True, "b": True, "c": True}
    assert shown["1→2"].to_dict() == {"a": True, "b": False, "c": False}


# --- laws

PEOPLE_OF = st.lists(
    st.tuples(st.integers(1, 2), st.sampled_from("abcde"), st.sampled_from("xy"), st.sampled_from([1.0, 2.0, 3.0, None])),
    min_size=1, max_size=60,
)  # fmt: skip
law = settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


def tables(rows: list[tuple]) -> tuple[pd.DataFrame, pd.DataFrame]:
    people = pd.DataFrame(rows, columns=["wave", "unit", "role", "q"]).astype({"q": "Float64"})
    ways = (["wave"], ["wave", "unit"], ["wave", "role"])
    return people, pd.concat([proportions(people, ["q"], by=by) for by in ways], ignore_index=True)


@pytest.mark.slow
@law
@given(PEOPLE_OF)
def test_a_suppressed_table_comes_back_as_it_is(rows):
    people, table = tables(rows)
    once = suppress(table, answers=people)
    pd.testing.assert_frame_equal(suppress(once, answers=people), once)


@law
@given(PEOPLE_OF, st.integers(2, 6))
def test_a_larger_k_shows_nothing_that_a_smaller_one_hides(rows, k):
    people, table = tables(rows)
    assert not (suppress(table, k + 1, answers=people)["shown"] & ~suppress(table, k, answers=people)["shown"]).any()


@pytest.mark.slow
@law
@given(PEOPLE_OF, st.randoms())
def test_the_order_of_rows_says_nothing(rows, random):
    people, table = tables(rows)
    order = list(table.index)
    random.shuffle(order)
    mixed = people.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(
        suppress(table.loc[order], answers=mixed).loc[table.index], suppress(table, answers=people)
    )


@law
@given(PEOPLE_OF)
def test_what_is_shown_keeps_every_bit_and_what_is_hidden_has_no_number(rows):
    people, table = tables(rows)
    shown = suppress(table, answers=people)
    numbers = ["estimate", "se", "low", "high", "df", "n", "population"]
    there = shown["shown"]
    pd.testing.assert_frame_equal(
        shown.loc[there, numbers], table.loc[there, numbers], check_dtype=False, check_exact=True
    )
    assert shown.loc[~there, numbers].isna().all(axis=None) and (shown.loc[~there, "method"] == "").all()
    assert (shown.loc[~there, "reason"] != "").all() and (shown.loc[there, "reason"] == "").all()


@pytest.mark.slow
@law
@given(PEOPLE_OF)
def test_a_later_wave_changes_nothing_in_an_earlier_one(rows):
    people, table = tables(rows)
    first = table[table["wave"] == 1].reset_index(drop=True)
    both = suppress(table, answers=people)
    alone = suppress(first, answers=people)
    assert both.loc[both["wave"] == 1, "reason"].tolist() == alone["reason"].tolist()


# --- mistakes


def test_a_suppressed_table_cannot_be_suppressed_further():
    with pytest.raises(DesignError) as error:
        suppress(suppress(table(PEOPLE)), k=8)
    assert str(error.value) == (
        "Lỗi ở suppress(estimates)\n"
        "  Quy tắc: Bảng đã ẩn số không thể ẩn thêm theo ngưỡng cao hơn: cỡ nhóm đã bị xóa.\n"
        "  Đã thấy: bảng đã qua suppress(...) với ngưỡng thấp hơn\n"
        "  Cách sửa: Gọi suppress(...) trên bảng ước lượng ban đầu."
    )


def test_answers_are_the_frame_of_the_estimates():
    people = pd.DataFrame({"unit": ["a"] * 6 + ["b"] * 6, "y": [1.0, 2.0] * 6})
    shown = means(people, ["y"], by=["unit"])
    with pytest.raises(DesignError) as error:
        suppress(shown, answers=people.iloc[1:])
    assert str(error.value) == (
        "Lỗi ở suppress(answers=...)\n"
        "  Quy tắc: answers là chính bảng đã dùng để tính.\n"
        "  Đã thấy: unit a: n = 6, trong answers 5 người\n"
        "  Cách sửa: Đưa đúng bảng ấy, hoặc bỏ answers."
    )
    with pytest.raises(DesignError) as error:
        suppress(shown, answers=people[["y"]])
    assert str(error.value) == (
        "Lỗi ở suppress(answers=...)\n"
        "  Quy tắc: answers là bảng đã dùng để tính, có đủ câu hỏi và nhóm.\n"
        "  Đã thấy: không có cột 'unit'\n"
        "  Cách sửa: Đưa đúng bảng ấy, hoặc bỏ answers."
    )


def test_a_level_that_holds_the_sign_of_crossing_is_not_guessed_at():
    people = pd.DataFrame({"unit": ["a × b"] * 6, "role": ["x"] * 6, "y": [1.0, 2.0] * 3})
    with pytest.raises(DesignError) as error:
        suppress(means(people, ["y"], by=["unit", "role"]))
    assert str(error.value) == (
        "Lỗi ở suppress: unit × role\n"
        "  Quy tắc: Tên nhóm không được chứa “ × ”: dấu ấy nối các nhóm với nhau.\n"
        "  Đã thấy: a × b × x\n"
        "  Cách sửa: Đổi tên nhóm rồi tính lại."
    )


@pytest.mark.parametrize("dtype", ["Int64", "Float64", "float64", "string", "category", object])
def test_levels_of_every_type_are_matched_with_the_answers(dtype):
    people = pd.DataFrame(
        {
            "unit": [1] * 7 + [2] * 9 + [3] * 3,
            "role": list("xy") * 9 + ["x"],
            "y": [1.0, 2, 3, 4, 5] * 3 + [1.0, 2, 3, 4],
        }
    )
    people = people.astype({"unit": dtype})
    shown = suppress(pd.concat([means(people, ["y"], by=by) for by in ([], ["unit"], ["role"])]), answers=people)
    units = shown[shown["group"] == "unit"]
    assert units["reason"].tolist() == ["protected", "", "small base"]


def test_no_rows_are_no_mistake():
    people = pd.DataFrame({"unit": ["a"], "y": [1.0]})
    assert suppress(means(people, [], by=["unit"])).empty
