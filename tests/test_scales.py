"""Scores and reliability."""

import numpy as np
import pandas as pd
import pytest

from analysis.scales import reliability, score
from survey.questionnaire import Questionnaire

FORM = Questionnaire.model_validate(
    {
        "id": "thu",
        "title": "Thử",
        "sections": [
            {
                "id": "a",
                "title": "A",
                "questions": [
                    {"id": name, "type": "linear", "low": 1, "high": 5, "title": name, "reverse": name == "c"}
                    for name in "abcd"
                ],
            }
        ],
        "scales": [{"id": "s", "title": "S", "items": list("abcd"), "least": 0.5}],
    }
)


def test_a_score_is_the_mean_of_the_items_with_reverse_items_turned():
    people = pd.DataFrame({"wave": 1, "a": [5], "b": [4], "c": [1], "d": [4]})
    assert score(people, FORM)["s"].tolist() == [(5 + 4 + 5 + 4) / 4]


def test_half_the_items_are_enough_and_fewer_are_not():
    people = pd.DataFrame({"wave": 1, "a": [5, 5], "b": [4, None], "c": [None, None], "d": [None, None]}).astype(
        "Float64"
    )
    scores = score(people, FORM)["s"]
    assert scores.iloc[0] == 4.5
    assert np.isnan(scores.iloc[1])


def test_alpha_and_feldts_interval_on_eight_people():
    # worked out by hand: item variances and the variance of the sums, then F(7, 21)
    a, b, d = [1, 2, 3, 4, 5, 2, 3, 4], [1, 3, 3, 5, 4, 2, 2, 4], [2, 2, 4, 4, 5, 1, 3, 3]
    c = [2, 2, 3, 5, 5, 3, 3, 4]
    people = pd.DataFrame({"wave": 1, "a": a, "b": b, "c": [6 - v for v in c], "d": d})
    row = reliability(people, FORM).iloc[0]
    variances = sum(np.var(v, ddof=1) for v in (a, b, c, d))
    whole = np.var(np.sum([a, b, c, d], axis=0), ddof=1)
    assert row["alpha"] == pytest.approx(4 / 3 * (1 - variances / whole), rel=1e-12)
    assert row["low"] < row["alpha"] < row["high"]


def test_no_reliability_from_people_who_all_answer_alike():
    people = pd.DataFrame({"wave": 1, **{name: [3, 3, 3, 3] for name in "abcd"}})
    assert np.isnan(reliability(people, FORM)["alpha"].item())
