"""Scores and reliability; psych's and polr's numbers (tests/reference/scales.R)."""

import csv
import math
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import need_tool

from analysis import Design, means
from analysis.scales import drift, item_rest, levels_of_groups, omega_total, one_factor, reliability, score
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


HERE = Path(__file__).parent / "reference"
PEOPLE = pd.read_csv(HERE / "scale.csv")
FIVE = Questionnaire.model_validate(
    {
        "id": "nam",
        "title": "Năm",
        "sections": [
            {
                "id": "a",
                "title": "A",
                "questions": [{"id": n, "type": "linear", "low": 1, "high": 5, "title": n} for n in "abcef"],
            }
        ],
        "scales": [{"id": "s", "title": "S", "items": list("abcef")}],
    }
)


def reference(text: str) -> dict[str, float]:
    return {row["case"]: float(row["value"]) for row in csv.DictReader(x for x in text.splitlines() if x[0] != "#")}


FROZEN = reference((HERE / "scales.csv").read_text())


@pytest.mark.parametrize("wave", [2025, 2027])
def test_alpha_and_item_statistics_equal_psych(wave):
    row = reliability(PEOPLE, FIVE).query("wave == @wave").iloc[0]
    for name in ("alpha", "standardised", "low", "high"):
        assert row[name] == pytest.approx(FROZEN[f"{wave} {name}"], rel=1e-9)
    for item in item_rest(PEOPLE, FIVE).query("wave == @wave").itertuples():
        assert item.r_rest == pytest.approx(FROZEN[f"{wave} item-rest {item.item}"], rel=1e-9)
        assert item.alpha_without == pytest.approx(FROZEN[f"{wave} alpha without {item.item}"], rel=1e-9)


@pytest.mark.parametrize("method", ["ml", "minres"])
@pytest.mark.parametrize("wave", [2025, 2027])
def test_omega_and_loadings_equal_psych(wave, method):
    items = PEOPLE.loc[PEOPLE["wave"] == wave, list("abcef")]
    assert omega_total(items, method) == pytest.approx(FROZEN[f"{wave} omega {method}"], rel=1e-5)
    loads = one_factor(np.corrcoef(items.to_numpy(), rowvar=False), method)
    theirs = [FROZEN[f"{wave} loading {method} {item}"] for item in items]
    assert loads.tolist() == pytest.approx(theirs, rel=2e-4)  # psych stops early: its loadings hold four digits


def test_drift_equals_polr_and_finds_the_item_that_drifts():
    table = drift(PEOPLE, FIVE, (2025, 2027)).set_index("item")
    for item in table.index:
        assert table.loc[item, "shift"] == pytest.approx(FROZEN[f"drift {item}"], rel=1e-5)
        assert table.loc[item, "p"] == pytest.approx(FROZEN[f"drift p {item}"], rel=1e-5)
    assert table["p_adjusted"].idxmin() == "f"
    assert table.loc["f", "p_adjusted"] < 0.01
    assert (table.drop(index="f")["p_adjusted"] > 0.05).all()


@pytest.mark.slow
def test_the_frozen_numbers_are_what_r_says_today():
    need_tool("Rscript")
    said = subprocess.run(["Rscript", "scales.R"], cwd=HERE, capture_output=True, text=True, check=True).stdout
    assert reference(said) == pytest.approx(FROZEN, rel=1e-9)


def test_a_scale_of_two_items_or_of_one_answer_has_no_omega():
    assert np.isnan(omega_total(PEOPLE[["a", "b"]]))
    assert np.isnan(omega_total(PEOPLE[["a", "b"]].assign(c=3)))
    alike = pd.DataFrame({"wave": 1, **{name: [3, 3, 3, 3] for name in "abcd"}})
    assert item_rest(alike, FORM)["r_rest"].isna().all()


def test_an_item_that_says_it_all_cannot_be_told_to_drift():
    apart = pd.DataFrame({"wave": [1] * 4 + [2] * 4, "a": [1] * 4 + [2] * 4})
    frame = apart.assign(b=[1, 2, 1, 2] * 2, c=[2, 1, 1, 2] * 2, d=[1, 1, 2, 2] * 2)
    table = drift(frame, FORM, (1, 2)).set_index("item")
    assert np.isnan(table.loc["a", "p"])
    assert table.loc["a", "method"].startswith("cannot tell: ")


# --- levels of groups tell nothing that the tables of the items do not


def answers_of(pairs: dict[str, list[tuple[int, int]]]) -> pd.DataFrame:
    """Unit -> the two answers of each person, of nd4_ho_tro and nd4_thoi_gian."""
    rows = [(2027, unit, one, two, len(people) + 1.0) for unit, people in pairs.items() for one, two in people]
    return pd.DataFrame(rows, columns=["wave", "unit", "nd4_ho_tro", "nd4_thoi_gian", "N"])


def test_the_level_of_a_group_is_the_average_of_its_items_where_some_skipped_one():
    form = Questionnaire.named("staff", Path())
    answers = answers_of({"a": [(1, 2), (3, 2), (5, 5)], "b": [(2, 2), (4, 3), (3, 1)]}).astype(
        {"nd4_thoi_gian": "Float64"}
    )
    answers.loc[2, "nd4_thoi_gian"] = pd.NA
    row = levels_of_groups(answers, form, Design(stratum="unit", population="N"), "unit").query(
        "item == 'nd4' and level == 'a'"
    )
    assert row["estimate"].item() == pytest.approx(((1 + 3 + 5) / 3 + (2 + 2) / 2) / 2)
    assert row["n"].item() == 3


def test_who_gave_which_two_answers_changes_nothing_in_a_group():
    """The same tables of each question in each unit, and the same correlation in the school: other people gave the pairs."""
    form, design = Questionnaire.named("staff", Path()), Design(stratum="unit", population="N")
    agree, differ = [(1, 1), (2, 2), (4, 4)], [(1, 2), (2, 4), (4, 1)]
    one, two = (answers_of({"a": a, "b": b}) for a, b in ((agree, differ), (differ, agree)))
    pd.testing.assert_frame_equal(
        levels_of_groups(one, form, design, "unit"), levels_of_groups(two, form, design, "unit")
    )
    own = [means(score(answers, form), ["nd4"], design, ["wave", "unit"])["se"].tolist() for answers in (one, two)]
    assert own[0] != pytest.approx(own[1])  # the people's own scores would tell which


def test_the_standard_error_of_a_group_is_made_of_those_of_its_items():
    form, design = Questionnaire.named("staff", Path()), Design(stratum="unit", population="N")
    answers = answers_of({"a": [(1, 2), (3, 2), (5, 4), (2, 2)], "b": [(2, 2), (4, 3), (3, 1)]})
    row = levels_of_groups(answers, form, design, "unit").query("item == 'nd4' and level == 'a'")
    own = means(answers, ["nd4_ho_tro", "nd4_thoi_gian"], design, ["wave", "unit"]).query("level == 'a'")["se"].tolist()
    r = answers["nd4_ho_tro"].corr(answers["nd4_thoi_gian"])
    assert row["se"].item() == pytest.approx(math.sqrt(own[0] ** 2 + own[1] ** 2 + 2 * r * own[0] * own[1]) / 2)
