"""Levels: published numbers, edge cases, and the laws that hold for every frame. Against R: test_against_r.py."""

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import COLUMNS, Design, means, proportions, totals
from survey.errors import DesignError

HERE = Path(__file__).parent / "reference"
STRATIFIED = pd.read_csv(HERE / "stratified.csv")
FPC = Design(weight="w", stratum="h", population="N")
NONE = Design(weight="w", stratum="h")


def test_fpc_example_that_ships_with_r_survey():
    # data(fpc); svydesign(ids=~psuid, strata=~stratid, weights=~weight, fpc=~Nh): total 147.1, SE 16.6331, without 20.01424
    fpc = pd.DataFrame(
        {
            "stratid": [1, 1, 1, 1, 1, 2, 2, 2],
            "psuid": [1, 2, 3, 4, 5, 1, 2, 3],
            "weight": [3.0, 3, 3, 3, 3, 4, 4, 4],
            "Nh": [15, 15, 15, 15, 15, 12, 12, 12],
            "x": [2.8, 4.1, 6.8, 6.8, 9.2, 3.7, 6.6, 4.2],
        }
    )
    corrected, plain = Design("weight", "stratid", "psuid", "Nh"), Design("weight", "stratid", "psuid")
    assert totals(fpc, ["x"], corrected)[["estimate", "se"]].iloc[0].tolist() == pytest.approx(
        [147.1, 16.6331], rel=1e-5
    )
    assert totals(fpc, ["x"], plain)["se"].item() == pytest.approx(20.01424, rel=1e-6)
    assert means(fpc, ["x"], corrected)[["estimate", "se"]].iloc[0].tolist() == pytest.approx(
        [5.4481481, 0.61604], rel=1e-5
    )
    assert means(fpc, ["x"], plain)["se"].item() == pytest.approx(0.74127, rel=1e-5)


def test_a_full_census_has_standard_error_zero_and_an_interval_of_one_point():
    people = pd.DataFrame({"y": [1.0, 2, 3, 4, 5, 5], "N": 6})
    for row in (means(people, ["y"], Design(population="N")), totals(people, ["y"], Design(population="N"))):
        assert row["se"].item() == 0
        assert row["low"].item() == row["high"].item() == row["estimate"].item()
    shares = proportions(people, ["y"], Design(population="N"))
    assert (shares["se"] == 0).all()
    assert shares["low"].tolist() == shares["high"].tolist() == shares["estimate"].tolist()


def test_the_same_census_is_uncertain_about_the_process_that_produced_it():
    people = pd.DataFrame({"y": [1.0, 2, 3], "N": 3})
    row = means(people, ["y"], Design(population="N", target="analytic")).iloc[0]
    # s^2 = 1, n = 3
    assert row["se"] == pytest.approx((1 / 3) ** 0.5)
    assert row["target"] == "analytic"


def test_a_stratum_of_one_person_who_is_all_of_it_adds_nothing():
    people = pd.DataFrame({"h": ["a", "b", "b"], "N": [1, 4, 4], "w": [1.0, 2, 2], "y": [5.0, 1, 3]})
    row = means(people, ["y"], Design("w", "h", None, "N")).iloc[0]
    # (5 + 2*1 + 2*3) / 5 = 2.6; stratum b: (1 - 2/4) * 2 * s^2(z), z = 2(y - 2.6)/5, s^2 = 4/25 * 2 = .32 -> .32
    assert row["estimate"] == pytest.approx(2.6)
    assert row["se"] == pytest.approx(0.32**0.5)


def test_a_lonely_psu_is_taken_about_zero_and_said():
    people = pd.DataFrame({"h": ["a", "b", "b"], "y": [5.0, 1, 3]})
    assert means(people, ["y"], Design(stratum="h"))["method"].item() == "linearisation (strata, lonely PSU about 0); t"


def test_columns_are_the_contract_and_missing_answers_are_outside_the_base():
    people = pd.DataFrame({"y": [1.0, None, 3.0], "g": ["a", "a", "b"]})
    table = means(people, ["y"], by=["g"])
    assert list(table.columns) == COLUMNS
    assert table[["level", "estimate", "n"]].values.tolist() == [["a", 1.0, 1], ["b", 3.0, 1]]


def test_each_wave_is_a_survey_of_its_own():
    people = pd.DataFrame({"wave": [2025, 2025, 2027, 2027, 2027], "y": [1.0, 3, 2, 4, 6], "N": [2, 2, 3, 3, 3]})
    table = means(people, ["y"], Design(population="N"), by=["wave"])
    assert table[["wave", "estimate", "se", "population"]].values.tolist() == [
        [2025, 2.0, 0.0, 2.0],
        [2027, 4.0, 0.0, 3.0],
    ]


def test_a_value_nobody_chose_is_zero_and_an_empty_base_is_missing():
    people = pd.DataFrame({"q": [1, 1], "r": [None, None]}).astype("Int64")
    shares = proportions(people, ["q", "r"], values={"q": [1, 2], "r": [1]})
    assert shares[["item", "value", "n"]].values.tolist() == [["q", 1, 2], ["q", 2, 2], ["r", 1, 0]]
    assert shares["estimate"].tolist()[:2] == [1, 0]
    assert np.isnan(shares["estimate"].iloc[2])


def test_unweighted_answers_of_one_stratum_get_the_exact_interval():
    people = pd.DataFrame({"q": [1] * 7 + [0] * 3, "N": 12})
    row = proportions(people, ["q"], Design(population="N")).query("value == 1").iloc[0]
    # of 12 people 7 have answered yes and 3 no: between 7 and 9 of 12 are possible, and none of them is unlikely
    assert (row["low"], row["high"]) == pytest.approx((7 / 12, 9 / 12))
    assert row["method"] == "linearisation (fpc); exact hypergeometric"


@pytest.mark.parametrize("engine", [pl.from_pandas, duckdb.from_df], ids=["polars", "duckdb"])
def test_every_engine_gives_the_same_estimates(engine):
    ours = means(STRATIFIED, ["y"], FPC, by=["g"])
    theirs = means(engine(STRATIFIED), ["y"], FPC, by=["g"])
    pd.testing.assert_frame_equal(ours, theirs, rtol=1e-12, check_dtype=False)


def test_the_callers_frame_is_not_changed():
    before = STRATIFIED.copy()
    means(STRATIFIED, ["y"], FPC, by=["g"])
    pd.testing.assert_frame_equal(STRATIFIED, before)


answers = st.lists(st.tuples(st.integers(1, 5), st.sampled_from("ab"), st.integers(1, 4)), min_size=4, max_size=30)


@settings(max_examples=60, deadline=None)
@given(answers)
def test_shares_sum_to_one_and_neither_order_nor_scale_of_weights_matters(rows):
    people = pd.DataFrame(rows, columns=["q", "h", "w"])
    shares = proportions(people, ["q"], Design(weight="w", stratum="h"))
    assert shares["estimate"].sum() == pytest.approx(1)
    assert ((shares["low"] <= shares["estimate"] + 1e-12) & (shares["estimate"] <= shares["high"] + 1e-12)).all()
    other = proportions(people.iloc[::-1].assign(w=2 * people["w"]), ["q"], Design(weight="w", stratum="h"))
    for column in ("estimate", "se", "low", "high"):
        assert other[column].to_numpy() == pytest.approx(shares[column].to_numpy(), nan_ok=True, abs=1e-9)


def test_a_column_that_is_not_there_is_told():
    with pytest.raises(DesignError) as error:
        means(pd.DataFrame({"y": [1]}), ["x"])
    assert str(error.value) == (
        "Lỗi ở Design\n"
        "  Quy tắc: Mọi cột được nêu phải có trong bảng.\n"
        "  Đã thấy: không có cột 'x'\n"
        "  Cách sửa: Các cột đang có: y."
    )


def test_more_answers_than_people_are_refused():
    with pytest.raises(DesignError) as error:
        means(pd.DataFrame({"y": [1.0, 2, 3], "N": 2}), ["y"], Design(population="N"))
    assert str(error.value) == (
        "Lỗi ở Design(population='N')\n"
        "  Quy tắc: Số trả lời của một tầng không vượt tổng thể của tầng.\n"
        "  Đã thấy: 0: 3 > 2\n"
        '  Cách sửa: Sửa tổng thể; bảng nhiều đợt thì thêm by=["wave"].'
    )


def test_a_missing_weight_is_refused_not_skipped():
    with pytest.raises(DesignError) as error:
        means(pd.DataFrame({"y": [1.0, 2], "w": [1, None]}), ["y"], Design(weight="w"))
    assert str(error.value) == (
        "Lỗi ở Design(weight='w')\n"
        "  Quy tắc: Trọng số là số không âm, không được thiếu.\n"
        "  Đã thấy: 1 dòng sai\n"
        "  Cách sửa: Bổ sung trọng số, hoặc bỏ các dòng ấy."
    )


def test_a_mean_of_words_is_refused():
    with pytest.raises(DesignError) as error:
        means(pd.DataFrame({"q": ["có", "không"]}), ["q"])
    assert str(error.value) == (
        "Lỗi ở q\n"
        "  Quy tắc: Trung bình và tổng chỉ tính trên số.\n"
        "  Đã thấy: 'có'\n"
        "  Cách sửa: Dùng proportions(...) cho câu hỏi phân loại."
    )


def test_a_weight_of_zero_is_no_answer():
    # R: degf(svydesign(ids = ~1, weights = ~c(1,1,1,0,0,1), data = d)) is 3
    people = pd.DataFrame({"y": [1.0, 2, 3, 4, 5, 6], "w": [1, 1, 1, 0, 0, 1]})
    assert means(people, ["y"], Design(weight="w"))["df"].item() == 3


def test_a_lonely_psu_in_a_total_is_as_in_r():
    # options(survey.lonely.psu = "adjust"); SE(svytotal(~y, svydesign(ids=~1, strata=~h, weights=~w))) of survey 4.1.1
    people = pd.DataFrame({"h": list("abbb"), "w": [2.0, 3, 3, 3], "y": [5.0, 1, 3, 4]})
    assert totals(people, ["y"], NONE)["se"].item() == pytest.approx(12.767145334804, rel=1e-9)
    assert means(people, ["y"], NONE)["se"].item() == pytest.approx(0.800715136956, rel=1e-9)


def test_groups_may_bear_any_name():
    people = pd.DataFrame({"stratum": ["a", "b"], "n": [1, 1], "w": [2, 2], "value": [3.0, 4.0]})
    table = means(people, ["value"], Design(), by=["stratum", "n"])
    assert table[["group", "level", "estimate"]].values.tolist() == [
        ["stratum × n", "a × 1", 3.0],
        ["stratum × n", "b × 1", 4.0],
    ]


def test_categories_keep_their_order_and_one_nobody_chose_is_zero():
    words = pd.Categorical(["cao", "thấp", "cao", None], categories=["thấp", "vừa", "cao"], ordered=True)
    shares = proportions(pd.DataFrame({"q": words}), ["q"])
    assert shares["value"].tolist() == ["thấp", "vừa", "cao"]
    assert shares["estimate"].tolist() == pytest.approx([1 / 3, 0, 2 / 3])


def test_a_frame_without_rows_has_a_base_of_nobody():
    nobody = pd.DataFrame({"y": pd.Series([], dtype=float), "g": pd.Series([], dtype=str)})
    row = means(nobody, ["y"]).iloc[0]
    assert (row["n"], np.isnan(row["estimate"]), np.isnan(row["se"])) == (0, True, True)
    assert means(nobody, ["y"], by=["g"]).empty
