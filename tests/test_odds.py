"""Proportional odds against R's polr, clm, svyolr and nominal_test (tests/reference/models.R), and what it refuses."""

import csv
import math
import subprocess
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from conftest import need_tool
from scipy import stats

from analysis import COLUMNS, Design
from analysis.odds import TERMS, TESTS, proportional_odds
from survey.errors import DesignError

HERE = Path(__file__).parent / "reference"
ANSWERS = pd.read_csv(HERE / "ordinal.csv")
# the order of R's factor levels is the alphabet's; ours, too
DESIGNS = {
    "weights": Design("w"),
    "strata": Design("w", "h"),
    "clusters": Design("w", psu="psu"),
    "strata clusters": Design("w", "h", "psu", "M", target="analytic"),
    "strata clusters fpc": Design("w", "h", "psu", "M"),
}
# McCullagh and Nelder, Generalized Linear Models (1989), p. 175: cheeses A to D, tastes 1 to 9
CHEESE = pd.DataFrame(
    {
        "cheese": np.repeat(list("ABCD"), 9),
        "taste": list(range(1, 10)) * 4,
        "n": [
            *(0, 0, 1, 7, 8, 8, 19, 8, 1),
            *(6, 9, 12, 11, 7, 6, 1, 0, 0),
            *(1, 1, 6, 8, 23, 7, 5, 1, 0),
            *(0, 0, 0, 1, 3, 7, 14, 16, 11),
        ],
    }
)

# Randall (1989), The analysis of sensory data by generalized linear model, Biometrical Journal 31: bitterness 1 to 5
WINE = pd.DataFrame(
    {
        "temp": np.repeat(["cold", "warm"], 10),
        "contact": np.tile(np.repeat(["no", "yes"], 5), 2),
        "rating": [1, 2, 3, 4, 5] * 4,
        "n": [*(4, 9, 5, 0, 0), *(1, 7, 8, 2, 0), *(0, 5, 8, 3, 2), *(0, 1, 5, 7, 5)],
    }
)


def reference(text: str) -> dict[tuple[str, str], list[float]]:
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {
        (row["case"], row["term"]): [float(row[c] or "nan") for c in ("estimate", "se", "df", "p")]
        for row in csv.DictReader(lines)
    }


FROZEN = reference((HERE / "models.csv").read_text())


def of(case: str) -> dict[str, list[float]]:
    return {term: numbers for (name, term), numbers in FROZEN.items() if name == case}


def ours(table: pd.DataFrame) -> dict[str, pd.Series]:
    """Our terms under R's names."""
    return {row["term"].replace("[", "").replace("]", ""): row for _, row in table.iterrows()}


# --- against R


@pytest.mark.parametrize("case", ["polr", "clm"])
def test_without_a_design_it_is_rs_maximum_likelihood(case):
    table = ours(proportional_odds(ANSWERS, "q", ["role", "x"]).table)
    for term, (estimate, se, _, _) in of(case).items():
        if term != "loglik":
            near = 1e-9 if case == "clm" else 1e-6  # polr's own Hessian is numerical
            assert table[term]["estimate"] == pytest.approx(estimate, rel=near)
            assert table[term]["se"] == pytest.approx(se, rel=near)


def test_likelihood_and_p_are_clms():
    model = proportional_odds(ANSWERS, "q", ["role", "x"])
    assert model.loglik == pytest.approx(FROZEN["clm", "loglik"][0], rel=1e-12)
    for term in ("rolelead", "roleteacher", "x"):
        assert ours(model.table)[term]["p"] == pytest.approx(FROZEN["clm", term][3], rel=1e-8)


@pytest.mark.parametrize("name", DESIGNS)
def test_with_a_design_it_is_rs_svyolr(name):
    table = ours(proportional_odds(ANSWERS, "q", ["role", "x"], DESIGNS[name]).table)
    for term, (estimate, se, df, _) in of(f"svyolr {name}").items():
        # svyolr stops when the likelihood hardly moves, and differentiates it numerically
        assert table[term]["estimate"] == pytest.approx(estimate, rel=1e-5)
        assert table[term]["se"] == pytest.approx(se, rel=1e-5)
        assert table[term]["df"] == df


def test_predicted_shares_and_their_errors_are_clms():
    at = [{"role": role, "x": 0.5} for role in ("admin", "lead", "teacher")]
    table = proportional_odds(ANSWERS, "q", ["role", "x"]).predicted(at)
    assert list(table.columns) == COLUMNS
    for role in ("admin", "lead", "teacher"):
        part = table[table["level"] == f"{role} × 0.5"]
        for row, (share, se, _, _) in zip(part.itertuples(), of(f"predict {role}").values(), strict=True):
            assert row.estimate == pytest.approx(share, rel=1e-9)
            assert row.se == pytest.approx(se, rel=1e-8)
            assert 0 < row.low < row.estimate < row.high < 1


def test_proportionality_is_nominal_test():
    table = proportional_odds(ANSWERS, "q", ["role", "x"]).proportionality()
    assert list(table.columns) == TESTS
    for term, (statistic, _, df, p) in of("nominal_test").items():
        row = table[table["term"] == term].iloc[0]
        assert (row["statistic"], row["df"], row["p"]) == pytest.approx((statistic, df, p), rel=1e-5)


def test_proportionality_under_a_design_is_brants_with_linearised_covariance():
    table = proportional_odds(ANSWERS, "q", ["role", "x"], DESIGNS["strata clusters"]).proportionality()
    for term, (statistic, _, df2, p) in of("brant strata clusters").items():
        row = table[table["term"] == term].iloc[0]
        assert (row["statistic"], row["df2"], row["p"]) == pytest.approx((statistic, df2, p), rel=1e-7)


def test_a_frequency_table_is_its_people():
    table = ours(proportional_odds(CHEESE, "taste", ["cheese"], counts="n").table)
    for term, (estimate, se, _, _) in of("cheese").items():
        assert table[term]["estimate"] == pytest.approx(estimate, rel=1e-8)
        assert table[term]["se"] == pytest.approx(se, rel=1e-8)
        assert table[term]["n"] == CHEESE["n"].sum() == 208


def test_a_test_whose_slopes_have_no_limit_still_has_its_likelihood_ratio():
    model = proportional_odds(WINE, "rating", ["temp", "contact"], counts="n")
    for term, (estimate, se, _, _) in of("wine").items():
        assert ours(model.table)[term][["estimate", "se"]].tolist() == pytest.approx([estimate, se], rel=1e-6)
    table = model.proportionality().set_index("term")
    for term, (statistic, _, df, p) in of("wine nominal_test").items():
        assert table.loc[term, ["statistic", "df", "p"]].tolist() == pytest.approx([statistic, df, p], rel=1e-6)
        assert table.loc[term, "verdict"] == "cannot_tell"
    # nobody gave warm wine the lowest rating
    assert table.loc["temp", "reason"] == "slopes that differ by threshold have no limit"


def test_more_slopes_than_the_answers_can_bear_have_no_test():
    # nobody of b is at or above the highest threshold's answers: its slope there is in no likelihood
    people = pd.DataFrame({"q": [1, 3, 4, 1, 3, 4, 2, 2], "g": list("aaaaaabb")})
    row = proportional_odds(people, "q", ["g"]).proportionality().iloc[0]
    assert (row["verdict"], row["reason"], math.isnan(row["p"])) == ("cannot_tell", "too few answers", True)


@pytest.mark.slow
def test_the_frozen_numbers_are_what_r_says_today():
    need_tool("Rscript")
    said = subprocess.run(["Rscript", "models.R"], cwd=HERE, capture_output=True, text=True, check=True).stdout
    assert reference(said) == {case: pytest.approx(numbers, rel=1e-7, nan_ok=True) for case, numbers in FROZEN.items()}


# --- weights are never ignored


def test_statsmodels_ignores_weights_and_we_do_not():
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    seen = ANSWERS.dropna()
    answers = pd.Series(pd.Categorical(seen["q"], ordered=True), index=seen.index)
    plain, weighted = (
        OrderedModel(answers, seen[["x"]], distr="logit", **more).fit(method="bfgs", disp=0).llf
        for more in ({}, {"freq_weights": seen["w"].to_numpy()})
    )
    assert plain == weighted  # the trap
    assert proportional_odds(ANSWERS, "q", ["x"]).loglik == pytest.approx(plain)
    ours_weighted = proportional_odds(ANSWERS, "q", ["x"], Design("w"))
    assert ours_weighted.loglik != pytest.approx(plain, rel=0.1)
    assert ours_weighted.table["estimate"][0] != pytest.approx(
        proportional_odds(ANSWERS, "q", ["x"]).table["estimate"][0]
    )


def test_sampling_weights_are_no_number_of_people():
    doubled = ANSWERS.assign(w=2 * ANSWERS["w"])
    one, two = (proportional_odds(frame, "q", ["role"], Design("w")).table for frame in (ANSWERS, doubled))
    for column in ("estimate", "se", "df", "n"):
        assert two[column].to_numpy() == pytest.approx(one[column].to_numpy(), rel=1e-9)


@pytest.mark.parametrize("design", [None, Design("w", "h", "psu")], ids=["plain", "design"])
def test_counts_are_rows_repeated(design):
    table = ANSWERS.assign(times=np.arange(len(ANSWERS)) % 4)
    repeated = table.loc[table.index.repeat(table["times"])]
    counted = proportional_odds(table, "q", ["role"], design, counts="times")
    rows = proportional_odds(repeated, "q", ["role"], design)
    pd.testing.assert_frame_equal(counted.table, rows.table, rtol=1e-9)
    pd.testing.assert_frame_equal(counted.predicted(), rows.predicted(), rtol=1e-9)


# --- laws


def test_a_full_census_is_known_exactly():
    people = pd.DataFrame({"q": [1, 2, 3, 1, 2, 3, 3, 1], "g": list("aaaabbbb"), "N": 8})
    model = proportional_odds(people, "q", ["g"], Design(population="N"))
    assert (model.table["se"] == 0).all()
    assert model.table["low"].tolist() == model.table["estimate"].tolist()
    assert model.table["population"].tolist() == [8.0] * 3
    assert model.predicted()["low"].tolist() == pytest.approx(model.predicted()["estimate"].tolist(), rel=1e-12)
    assert model.proportionality()["reason"].tolist() == ["a census: no sampling error"]
    analytic = proportional_odds(people, "q", ["g"], Design(population="N", target="analytic")).table
    assert (analytic["se"] > 0).all()
    assert analytic["target"].unique().tolist() == ["analytic"]


def test_two_answers_are_a_logistic_regression_of_one_two_by_two_table():
    people = pd.DataFrame({"q": [1, 1, 1, 2, 1, 2, 2, 2], "g": list("aaaabbbb")})
    model = proportional_odds(people, "q", ["g"])
    slope, threshold = model.table.to_dict("records")
    # odds of 2: 1/3 at a, 3/1 at b; odds ratio 9; se^2 = 1/3 + 1/1 + 1/1 + 1/3
    assert slope["odds_ratio"] == pytest.approx(9)
    assert slope["se"] == pytest.approx((8 / 3) ** 0.5)
    assert (slope["low"], slope["high"]) == pytest.approx(
        (math.log(9) - stats.norm.ppf(0.975) * (8 / 3) ** 0.5, math.log(9) + stats.norm.ppf(0.975) * (8 / 3) ** 0.5)
    )
    assert threshold["estimate"] == pytest.approx(math.log(3))
    assert threshold["term"] == "1|2"
    assert model.proportionality()["reason"].tolist() == ["two categories: nothing to test"]


def test_without_predictors_the_predicted_shares_are_the_shares():
    model = proportional_odds(pd.DataFrame({"q": [1, 2, 2, 3]}), "q", [])
    table = model.predicted()
    assert table["estimate"].tolist() == pytest.approx([0.25, 0.5, 0.25])
    # the delta method's sqrt(p q / n)
    assert table["se"].tolist() == pytest.approx([(p * (1 - p) / 4) ** 0.5 for p in (0.25, 0.5, 0.25)])


def test_predicted_shares_sum_to_one_over_all_combinations_of_levels():
    table = proportional_odds(ANSWERS, "q", ["role", "h"], Design("w", "h", "psu")).predicted()
    assert len(table) == 3 * 3 * 5
    assert table.groupby("level")["estimate"].sum().tolist() == pytest.approx([1.0] * 9)
    here = ((ANSWERS["role"] == "lead") & (ANSWERS["h"] == "B") & ANSWERS["q"].notna()).sum()
    assert (table.loc[table["level"] == "lead × B", "n"] == here).all()


def test_turning_the_scale_round_turns_the_signs():
    one = proportional_odds(ANSWERS, "q", ["role"], Design("w"), categories=[1, 2, 3, 4, 5]).table
    two = proportional_odds(ANSWERS, "q", ["role"], Design("w"), categories=[5, 4, 3, 2, 1]).table
    assert two["estimate"][:2].tolist() == pytest.approx((-one["estimate"][:2]).tolist(), rel=1e-9)
    assert two["se"][:2].tolist() == pytest.approx(one["se"][:2].tolist(), rel=1e-9)


@pytest.mark.parametrize("engine", [pl.from_pandas, duckdb.from_df], ids=["polars", "duckdb"])
def test_every_engine_gives_the_same_table(engine):
    design = DESIGNS["strata clusters fpc"]
    pd.testing.assert_frame_equal(
        proportional_odds(engine(ANSWERS), "q", ["role", "x"], design).table,
        proportional_odds(ANSWERS, "q", ["role", "x"], design).table,
        rtol=1e-9,
    )


def test_the_callers_frame_is_not_changed_and_columns_are_the_contract():
    before = ANSWERS.copy()
    assert list(proportional_odds(ANSWERS, "q", ["role"], Design("w")).table.columns) == TERMS
    pd.testing.assert_frame_equal(ANSWERS, before)


# --- all sorts of columns


def test_levels_choose_the_reference_and_make_levels_of_numbers():
    people = pd.DataFrame({"q": [1, 2, 3, 2, 3, 1] * 5, "wave": [2025, 2027, 2030] * 10})
    table = proportional_odds(people, "q", ["wave"], levels={"wave": [2027, 2025, 2030]}).table
    assert table["term"].tolist() == ["wave[2025]", "wave[2030]", "1|2", "2|3"]
    assert table["reference"].tolist() == ["2027", "2027", "", ""]
    assert proportional_odds(people, "q", ["wave"]).table["term"].tolist() == ["wave", "1|2", "2|3"]


def test_an_ordered_categorical_brings_its_own_order_and_missing_values_are_outside_the_base():
    words = pd.Categorical(["kém", "vừa", "tốt", "vừa", None, "tốt"] * 4, ["kém", "vừa", "tốt"], ordered=True)
    people = pd.DataFrame({"q": words, "g": pd.Categorical(["b", "a", "b", "b", "a", "a"] * 4, ["b", "a", "c"])})
    people.loc[0, "g"] = None
    table = proportional_odds(people, "q", ["g"]).table
    assert table["term"].tolist() == ["g[a]", "kém|vừa", "vừa|tốt"]
    assert table["n"].tolist() == [19] * 3


@pytest.mark.parametrize("kind", ["Int64", "Float64", "int64[pyarrow]"])
def test_extension_types_with_missing_values_are_plain_numbers(kind):
    people = ANSWERS.assign(q=ANSWERS["q"].astype(kind), x=ANSWERS["x"].astype("Float64"))
    ours_, plain = (proportional_odds(frame, "q", ["role", "x"], Design("w")).table for frame in (people, ANSWERS))
    pd.testing.assert_frame_equal(ours_, plain, rtol=1e-12)


def test_a_category_nobody_chose_takes_no_part_and_has_share_zero():
    people = pd.DataFrame({"q": [1, 2, 4, 2, 4, 1, 2, 4], "g": list("aabbabab")})
    model = proportional_odds(people, "q", ["g"], categories=[1, 2, 3, 4, 5])
    assert model.table["term"].tolist() == ["g[b]", "1|2", "2|4"]
    assert model.table["method"][0] == "proportional odds, maximum likelihood; normal; nobody chose 3, 5"
    table = model.predicted([{"g": "a"}])
    assert table["value"].tolist() == [1, 2, 3, 4, 5]
    assert table["estimate"][2] == 0
    assert math.isnan(table["se"][2])


def test_a_weight_of_zero_is_no_answer():
    people = ANSWERS.assign(w=ANSWERS["w"].where(ANSWERS["h"] != "A", 0.0))
    seen = people[people["h"] != "A"]
    full, part = (proportional_odds(frame, "q", ["role"], Design("w", "h")).table for frame in (people, seen))
    for column in ("estimate", "se", "df", "n"):
        assert full[column].to_numpy() == pytest.approx(part[column].to_numpy(), rel=1e-9)


def test_year_as_a_number_is_fitted_as_well_as_its_distance_from_a_year():
    people = ANSWERS.assign(year=2025 + (np.arange(len(ANSWERS)) * 7) % 6)
    far, near = (
        proportional_odds(people.assign(year=people["year"] - base), "q", ["year"], Design("w")).table
        for base in (0, 2027)
    )
    assert far["estimate"][0] == pytest.approx(near["estimate"][0], rel=1e-7)
    assert far["se"][0] == pytest.approx(near["se"][0], rel=1e-7)


# --- proportionality that cannot be judged, and that fails


def test_thin_counts_cannot_tell():
    people = pd.DataFrame({"q": [1, 2, 3, 2, 3, 1, 2, 1, 3, 3], "g": list("aaaaabbbbb")})
    row = proportional_odds(people, "q", ["g"]).proportionality().iloc[0]
    assert (row["verdict"], row["reason"]) == ("cannot_tell", "too few answers")


def test_opposite_slopes_violate_proportionality():
    # b has more of both ends: below at the lower threshold, above at the upper one
    table = pd.DataFrame({"q": [1, 2, 3] * 2, "g": list("aaabbb"), "n": [10, 80, 10, 40, 20, 40]})
    plain = proportional_odds(table, "q", ["g"], counts="n").proportionality().iloc[0]
    assert plain["verdict"] == "violated"
    rows = table.loc[table.index.repeat(table["n"])].assign(w=1.5)
    assert proportional_odds(rows, "q", ["g"], Design("w")).proportionality()["verdict"].item() == "violated"


# --- refusals


def refusal(*arguments, **more) -> str:
    with pytest.raises(DesignError) as error:
        proportional_odds(*arguments, **more)
    return str(error.value)


def test_separation_is_told_and_never_a_huge_number():
    people = pd.DataFrame({"q": [1, 1, 2, 2, 3, 3, 4, 4], "g": list("aaaabbbb"), "x": [1, 2, 1, 2, 1, 2, 1, 2]})
    assert refusal(people, "q", ["g", "x"]) == (
        "Lỗi ở proportional_odds('q')\n"
        "  Quy tắc: Câu trả lời ở các mức của một biến phải chồng lên nhau, không tách hẳn.\n"
        "  Đã thấy: hệ số không có giới hạn: g[b]\n"
        "  Cách sửa: Gộp các mức ít người, hoặc bỏ biến ấy."
    )


@pytest.mark.parametrize("design", [None, Design("w"), Design("w", target="analytic")])
def test_a_level_at_which_all_give_the_highest_answer_is_separated(design):
    people = pd.DataFrame({"q": [1, 2, 3, 2, 3, 3, 3], "g": list("aaaabbb"), "w": [1.0, 2, 1, 2, 1, 1, 2]})
    assert "không có giới hạn: g[b]" in refusal(people, "q", ["g"], design)


def test_a_slope_that_is_only_steep_is_no_separation():
    people = pd.DataFrame({"q": [1] * 400 + [2] + [1] + [2] * 400, "g": [0] * 401 + [1] * 401})
    slope = proportional_odds(people, "q", ["g"]).table.iloc[0]
    assert slope["estimate"] == pytest.approx(2 * math.log(400))  # odds 1/400 and 400
    assert slope["se"] == pytest.approx((2 + 2 / 400) ** 0.5)


def test_words_without_an_order_are_refused():
    assert refusal(pd.DataFrame({"q": ["tốt", "kém"], "g": [1, 2]}), "q", ["g"]) == (
        "Lỗi ở q\n"
        "  Quy tắc: Câu trả lời bằng chữ phải có thứ tự.\n"
        "  Đã thấy: 'tốt', 'kém'\n"
        "  Cách sửa: Thêm categories=[…], từ mức thấp nhất đến cao nhất."
    )


def test_an_answer_outside_the_categories_is_refused():
    assert refusal(pd.DataFrame({"q": [1, 2, 9], "g": [1, 2, 3]}), "q", ["g"], categories=[1, 2, 3]) == (
        "Lỗi ở proportional_odds('q', categories=...)\n"
        "  Quy tắc: Danh sách mức trả lời có đủ mọi câu trả lời.\n"
        "  Đã thấy: 9\n"
        "  Cách sửa: Thêm mức ấy vào danh sách, hoặc để trống câu trả lời ấy."
    )


def test_a_level_outside_the_levels_is_refused():
    assert refusal(pd.DataFrame({"q": [1, 2, 1], "g": list("abc")}), "q", ["g"], levels={"g": ["a", "b"]}) == (
        "Lỗi ở proportional_odds(levels='g')\n"
        "  Quy tắc: Danh sách mức có đủ mọi giá trị trong bảng.\n"
        "  Đã thấy: c\n"
        "  Cách sửa: Thêm giá trị ấy vào danh sách, hoặc bỏ các dòng ấy."
    )


def test_levels_of_what_is_no_predictor_are_refused():
    assert refusal(ANSWERS, "q", ["role"], levels={"rôle": ["a"]}) == (
        "Lỗi ở proportional_odds(levels=...)\n"
        "  Quy tắc: Chỉ nêu mức của các biến trong mô hình.\n"
        "  Đã thấy: 'rôle'\n"
        "  Cách sửa: Các biến: role."
    )


def test_everyone_alike_is_refused():
    assert refusal(pd.DataFrame({"q": [3, 3, None], "g": [1, 2, 3]}), "q", ["g"]) == (
        "Lỗi ở q\n"
        "  Quy tắc: Mô hình cần ít nhất hai mức trả lời được chọn.\n"
        "  Đã thấy: 3\n"
        "  Cách sửa: Dùng proportions(...) cho câu này."
    )


def test_nobody_answering_is_refused():
    assert "không có câu trả lời" in refusal(pd.DataFrame({"q": [None, None], "g": [1, 2]}), "q", ["g"])


@pytest.mark.parametrize("other", [lambda g: g, lambda g: 2 * g + 1, lambda g: 0 * g])
def test_predictors_that_say_the_same_are_refused(other):
    people = pd.DataFrame({"q": [1, 2, 3, 1, 2], "g": [0.0, 1, 0, 1, 2]})
    assert refusal(people.assign(h=other(people["g"])), "q", ["g", "h"]) == (
        "Lỗi ở proportional_odds(predictors=...)\n"
        "  Quy tắc: Không biến nào suy ra được từ các biến khác.\n"
        "  Đã thấy: h\n"
        "  Cách sửa: Bỏ bớt biến ấy, hoặc gộp các mức."
    )


@pytest.mark.parametrize("times", [[1, 2, -1], [1, 2, 0.5], [1, 2, None]])
def test_counts_that_are_none_are_refused(times):
    message = refusal(pd.DataFrame({"q": [1, 2, 3], "n": times}), "q", [], counts="n")
    assert message.splitlines()[1] == "  Quy tắc: Số đếm là số nguyên không âm, không được thiếu."


def test_a_name_instead_of_a_list_is_refused():
    assert refusal(ANSWERS, "q", "role") == (
        "Lỗi ở proportional_odds(predictors=...)\n"
        "  Quy tắc: Các biến là danh sách tên cột.\n"
        "  Đã thấy: 'role'\n"
        '  Cách sửa: Viết trong ngoặc vuông, ví dụ ["role"].'
    )


def test_one_stratum_with_a_population_for_each_wave_is_refused():
    people = pd.DataFrame({"q": [1, 2, 1, 2], "wave": [1, 1, 2, 2], "N": [8, 8, 9, 9]})
    assert refusal(people, "q", ["wave"], Design(population="N")) == (
        "Lỗi ở Design(population='N')\n"
        "  Quy tắc: Trong một tầng chỉ có một cỡ tổng thể.\n"
        "  Đã thấy: tầng 0 có 2 cỡ\n"
        '  Cách sửa: Gộp nhiều đợt thì dùng target="analytic".'
    )


def test_a_prediction_at_an_unknown_level_is_refused():
    model = proportional_odds(ANSWERS, "q", ["role"])
    with pytest.raises(DesignError) as error:
        model.predicted([{"role": "cook"}])
    assert str(error.value) == (
        "Lỗi ở predicted(at=...): role\n"
        "  Quy tắc: Mỗi biến của mô hình có một giá trị mà mô hình đã biết.\n"
        "  Đã thấy: cook\n"
        "  Cách sửa: Các giá trị có thể dùng: admin, lead, teacher."
    )
