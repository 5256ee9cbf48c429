"""With and without those whose answers are doubted."""

import pandas as pd

from analysis import Design, means, proportions
from analysis.screening import sensitivity

PEOPLE = pd.DataFrame({"q": [1.0, 2, 3, 5, 5], "careless": [False, None, False, True, True], "N": 6})


def test_doubted_answers_leave_the_base_and_nothing_else():
    row = sensitivity(PEOPLE, ["q"], Design(population="N"), flag="careless").iloc[0]
    assert (row["estimate"], row["estimate_without"], row["difference"]) == (3.2, 2.0, -1.2000000000000002)
    assert (row["n"], row["n_without"]) == (5, 3)
    alone = means(PEOPLE.assign(q=PEOPLE["q"].where(PEOPLE["q"] < 5)), ["q"], Design(population="N")).iloc[0]
    assert row["se_without"] == alone["se"]


def test_an_answer_that_only_doubted_people_gave_has_no_share_without_them():
    table = sensitivity(PEOPLE, ["q"], flag="careless", estimate=proportions)
    assert table["value"].tolist() == [1, 2, 3, 5]
    assert table["estimate_without"].isna().tolist() == [False, False, False, True]
