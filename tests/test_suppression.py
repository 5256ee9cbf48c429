"""Small bases are hidden, and so is what subtraction would reveal."""

import pandas as pd
import pytest

from analysis import means, suppress

PEOPLE = {"toan": 9, "van": 7, "su": 6, "bgh": 3}


def table(people: dict[str, int]) -> pd.DataFrame:
    rows = [(unit, float(place % 2)) for unit, n in people.items() for place in range(n)]
    return means(pd.DataFrame(rows, columns=["unit", "y"]), ["y"], by=["unit"])


def hidden(people: dict[str, int], k: int = 5) -> dict[str, str]:
    shown = suppress(table(people), k)
    return shown[~shown["shown"]].set_index("level")["reason"].to_dict()


def test_a_small_base_takes_the_next_smallest_with_it():
    assert hidden(PEOPLE) == {"bgh": "small base", "su": "could be found by subtraction"}


def test_two_small_bases_that_are_large_together_hide_each_other():
    assert hidden({"toan": 9, "van": 7, "a": 3, "b": 2}) == {"a": "small base", "b": "small base"}


def test_two_small_bases_that_are_small_together_take_a_third():
    assert hidden({"toan": 9, "van": 7, "a": 2, "b": 2}) == {
        "a": "small base", "b": "small base", "van": "could be found by subtraction",
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
