"""Change between waves: Tam's covariance, who is linked, both targets; and the known truth of pretend schools."""

import numpy as np
import pandas as pd
import pytest

from analysis import Design, change, slopes, turnover
from survey.errors import DesignError

SCHOOL = Design(population="N")


def tam(n1, n2, nc, N, s11, s22, s12):
    """Tam (1984): the variance of the difference of two overlapping simple samples of N people."""
    return (1 / n1 - 1 / N) * s11 + (1 / n2 - 1 / N) * s22 - 2 * (nc / (n1 * n2) - 1 / N) * s12


def two_waves(first: dict[int, float], second: dict[int, float], population: int) -> pd.DataFrame:
    """A frame of person -> answer in each of two waves."""
    rows = [(1, person, y) for person, y in first.items()] + [(2, person, y) for person, y in second.items()]
    return pd.DataFrame(rows, columns=["wave", "person", "y"]).assign(N=population)


def test_change_of_a_sample_follows_tams_formula():
    first, second = {1: 1.0, 2: 2.0, 3: 4.0, 4: 5.0}, {1: 2.0, 2: 4.0, 3: 5.0, 9: 1.0}
    row = change(two_waves(first, second, 6), ["y"], SCHOOL, between=(1, 2)).iloc[0]
    # means 3 and 3; s11 = 10/3, s22 = 10/3; linked (1,2), (2,4), (4,5): s12 = 13/6 (means 7/3 and 11/3)
    s12 = np.cov([1, 2, 4], [2, 4, 5])[0, 1]
    assert row["estimate"] == 0
    assert row["se"] == pytest.approx(tam(4, 4, 3, 6, 10 / 3, 10 / 3, s12) ** 0.5, rel=1e-12)
    assert row["wave"] == "1→2"
    assert row["method"] == "difference of means, Tam covariance (3 linked, fpc); t"


@pytest.mark.slow
def test_tams_own_size_of_case_has_the_standard_error_that_draws_show():
    # N = 40, n1 = 35, n2 = 30, 27 in both: 2,000 draws from one population; the mean of our variances is the variance
    random = np.random.default_rng(7)
    y1 = random.integers(1, 6, 40).astype(float)
    y2 = np.clip(y1 + random.integers(-1, 3, 40), 1, 5)
    estimates, variances, covered = [], [], 0
    for _ in range(2000):
        order = random.permutation(40)
        one, two = order[:35], np.r_[order[:27], order[35:38]]
        frame = pd.concat(
            [pd.DataFrame({"wave": w, "person": s, "y": y[s]}) for w, s, y in ((1, one, y1), (2, two, y2))]
        )
        row = change(frame.assign(N=40), ["y"], SCHOOL, between=(1, 2)).iloc[0]
        estimates.append(row["estimate"])
        variances.append(row["se"] ** 2)
        covered += row["low"] <= y2.mean() - y1.mean() <= row["high"]
    assert np.mean(variances) == pytest.approx(np.var(estimates), rel=0.08)
    assert 0.935 < covered / 2000 < 0.97


def test_a_census_in_both_waves_knows_the_change_exactly():
    frame = two_waves({1: 1.0, 2: 2.0}, {1: 3.0, 2: 5.0}, 2)
    row = change(frame, ["y"], SCHOOL, between=(1, 2)).iloc[0]
    assert row[["estimate", "se", "low", "high"]].tolist() == [2.5, 0, 2.5, 2.5]


def test_the_analytic_change_of_linked_people_is_the_paired_t_test():
    first, second = {1: 1.0, 2: 2.0, 3: 4.0}, {1: 3.0, 2: 2.0, 3: 5.0}
    row = change(two_waves(first, second, 3), ["y"], Design(population="N", target="analytic"), between=(1, 2)).iloc[0]
    # differences 2, 0, 1: mean 1, s^2 = 1, se = sqrt(1/3)
    assert (row["estimate"], row["se"]) == pytest.approx((1.0, (1 / 3) ** 0.5))


def test_without_links_the_waves_are_independent():
    frame = two_waves({1: 1.0, 2: 3.0}, {3: 2.0, 4: 6.0}, 10).assign(person=pd.NA)
    row = change(frame, ["y"], SCHOOL, between=(1, 2), person=None).iloc[0]
    assert row["se"] == pytest.approx(((1 / 2 - 1 / 10) * 2 + (1 / 2 - 1 / 10) * 8) ** 0.5)


def test_those_without_a_code_are_taken_to_answer_again_as_often_as_those_with_one():
    # persons 1 to 3 are linked, 4 and 5 give no code: known 3/4, so 3 / (3/4) = 4 of 4 are in both
    frame = two_waves({1: 1.0, 2: 3.0, 3: 2.0, 4: 4.0}, {1: 2.0, 2: 1.0, 3: 5.0, 5: 4.0}, 6)
    every = change(frame, ["y"], Design(), between=(1, 2)).iloc[0]
    frame["person"] = frame["person"].astype("Int64").where(frame["person"] < 4)
    row = change(frame, ["y"], Design(), between=(1, 2)).iloc[0]
    s12 = np.cov([1, 3, 2], [2, 1, 5])[0, 1]  # one pair more: 2 (4 - 3) s12 / (4 x 4)
    assert row["se"] ** 2 == pytest.approx(every["se"] ** 2 - 2 * s12 / 16)


def test_fewer_pairs_than_expected_count_against_us_only_where_everyone_is_known():
    # 2 x 2 of 3: 4/3 pairs are expected, one is seen in `known`; in `partly` a missing pair may be a failed link
    first, second = {1: 1.0, 2: 3.0, 3: 2.0, 5: 4.0}, {1: 2.0, 2: 4.0, 4: 3.0, 6: 3.5}
    known = change(two_waves(first, second, 5), ["y"], SCHOOL, between=(1, 2)).iloc[0]
    frame = two_waves(first, second, 5)
    frame.loc[7, "person"] = pd.NA
    partly = change(frame, ["y"], SCHOOL, between=(1, 2)).iloc[0]
    independent = change(frame, ["y"], SCHOOL, between=(1, 2), person=None).iloc[0]
    assert known["se"] > partly["se"] == independent["se"]


def test_change_is_minus_the_change_backwards():
    frame = two_waves({1: 1.0, 2: 2.0, 3: 4.0}, {1: 3.0, 2: 2.0, 4: 5.0}, 9)
    there = change(frame, ["y"], SCHOOL, between=(1, 2)).iloc[0]
    back = change(frame, ["y"], SCHOOL, between=(2, 1)).iloc[0]
    assert (back["estimate"], back["low"], back["high"]) == pytest.approx(
        (-there["estimate"], -there["high"], -there["low"])
    )


def test_change_in_groups_uses_only_the_groups_people():
    frame = two_waves({1: 1.0, 2: 2.0, 3: 3.0, 4: 5.0}, {1: 2.0, 2: 3.0, 3: 3.0, 4: 5.0}, 8)
    frame["role"] = frame["person"].map({1: "a", 2: "a", 3: "b", 4: "b"})
    table = change(frame, ["y"], SCHOOL, between=(1, 2), by="role")
    assert table[["group", "level", "estimate", "n"]].values.tolist() == [["role", "a", 1.0, 2], ["role", "b", 0.0, 2]]


def test_a_wave_without_answers_is_told():
    with pytest.raises(DesignError) as error:
        change(two_waves({1: 1.0}, {1: 2.0}, 5), ["y"], SCHOOL, between=(1, 3))
    assert str(error.value) == (
        "Lỗi ở change(between=...)\n"
        "  Quy tắc: Cả hai đợt phải có câu trả lời.\n"
        "  Đã thấy: đợt 3 không có dòng nào\n"
        "  Cách sửa: Các đợt đang có: 1, 2."
    )


def test_a_person_who_answers_twice_in_a_wave_is_told():
    frame = pd.concat([two_waves({1: 1.0}, {1: 2.0}, 5)] * 2)
    with pytest.raises(DesignError) as error:
        change(frame, ["y"], SCHOOL, between=(1, 2))
    assert str(error.value) == (
        "Lỗi ở change(person='person')\n"
        "  Quy tắc: Mỗi người có nhiều nhất một dòng trong một đợt.\n"
        "  Đã thấy: 1 hai lần trong đợt 1\n"
        "  Cách sửa: Giữ một dòng, hoặc để trống cột ấy."
    )


def test_beside_a_census_there_is_no_covariance_and_never_a_certainty():
    random = np.random.default_rng(1)
    y = random.normal(size=10)
    first = pd.DataFrame({"wave": 1, "person": range(10), "y": y, "N": 10})
    second = pd.DataFrame({"wave": 2, "person": range(8), "y": y[:8] + 0.3, "N": 20})
    row = change(pd.concat([first, second]), ["y"], SCHOOL, between=(1, 2)).iloc[0]
    # the census adds nothing: (1 - 8/20) s2^2 / 8
    assert row["se"] == pytest.approx(((1 - 8 / 20) * second["y"].var(ddof=1) / 8) ** 0.5)


@pytest.mark.parametrize(
    ("design", "change_of", "found"),
    [
        (SCHOOL, {"N": 2}, "0: 3 > 2"),
        (SCHOOL, {"N": np.nan}, "có dòng để trống"),
        (Design(weight="w"), {"w": np.nan}, "6 dòng sai"),
    ],
)
def test_change_asks_of_the_design_what_levels_ask(design, change_of, found):
    frame = two_waves({1: 1.0, 2: 2.0, 3: 4.0}, {1: 3.0, 2: 2.0, 4: 5.0}, 9).assign(**change_of)
    with pytest.raises(DesignError) as error:
        change(frame, ["y"], design, between=(1, 2))
    assert f"Đã thấy: {found}\n" in str(error.value)


def test_a_stratum_that_only_one_wave_has_is_part_of_that_wave_alone():
    frame = two_waves({1: 1.0, 2: 3.0, 3: 2.0}, {1: 2.0, 2: 4.0, 4: 5.0, 5: 3.0}, 5).assign(h="a")
    frame.loc[frame["person"] > 3, "h"] = "b"
    frame["N"] = frame["h"].map({"a": 4, "b": 3})
    row = change(frame, ["y"], Design(stratum="h", population="N"), between=(1, 2)).iloc[0]
    # z = (y - mean) / n; wave 1: a (-1, 1, 0) / 3, 1/4 x 3 x s^2; wave 2 (mean 3.5): a (-1.5, .5) / 4, b (1.5, -.5) / 4
    one = 1 / 4 * 3 * np.var([-1 / 3, 1 / 3, 0], ddof=1)
    two = 2 / 4 * 2 * np.var([-1.5 / 4, 0.5 / 4], ddof=1) + 1 / 3 * 2 * np.var([1.5 / 4, -0.5 / 4], ddof=1)
    s12 = np.cov([-1 / 3, 1 / 3], [-1.5 / 4, 0.5 / 4])[0, 1]
    assert row["se"] ** 2 == pytest.approx(one + two - 2 * (2 - 3 * 2 * 4 / 16) * s12)


def test_what_is_peoples_change_and_what_is_other_people():
    frame = two_waves({1: 1.0, 2: 2.0, 3: 6.0}, {1: 2.0, 2: 4.0, 9: 0.0}, 5)
    row = turnover(frame, ["y"], between=(1, 2)).iloc[0]
    # linked: 1.5 -> 3; all: 3 -> 2
    assert row[["linked_first", "linked_second", "left", "joined"]].tolist() == [1.5, 3.0, 6.0, 0.0]
    assert row[["within", "composition", "total"]].tolist() == [1.5, -2.5, -1.0]
    assert row[["n_linked", "n_left", "n_joined"]].tolist() == [2, 1, 1]


def test_a_slope_is_the_least_squares_line_through_the_wave_means():
    parts = [
        two_waves({1: y, 2: y + 1}, {}, 2).assign(wave=wave) for wave, y in ((2025, 1.0), (2026, 4.0), (2027, 2.0))
    ]
    row = slopes(pd.concat(parts), ["y"], SCHOOL, phases=[(2025, 2026, 2027)]).iloc[0]
    # means 1.5, 4.5, 2.5; ((-1)(1.5) + 0 + (1)(2.5)) / 2; a census: known exactly
    assert (row["estimate"], row["se"], row["statistic"]) == (pytest.approx(0.5), 0, "slope")


def test_a_phase_of_one_wave_has_no_slope():
    with pytest.raises(DesignError) as error:
        slopes(two_waves({1: 1.0}, {1: 2.0}, 3), ["y"], SCHOOL, phases=[(1,)])
    assert str(error.value) == (
        "Lỗi ở slopes(phases=...)\n"
        "  Quy tắc: Mỗi giai đoạn cần ít nhất hai đợt.\n"
        "  Đã thấy: 1\n"
        "  Cách sửa: Bỏ giai đoạn ấy, hoặc chờ đợt sau."
    )


def test_the_change_of_a_share_counts_the_top_answers():
    frame = two_waves({1: 3.0, 2: 4.0}, {1: 5.0, 2: 4.0}, 2)
    row = change(frame, ["y"], SCHOOL, between=(1, 2), tops={"y": [4, 5]}).iloc[0]
    assert (row["estimate"], row["se"]) == (0.5, 0)


def test_known_stayers_sharpen_the_covariance():
    frame = two_waves({1: 1.0, 2: 2.0, 3: 4.0}, {1: 3.0, 2: 2.0, 3: 5.0}, 5)
    guessed = change(frame, ["y"], SCHOOL, between=(1, 2)).iloc[0]
    told = change(frame.assign(both=3), ["y"], SCHOOL, between=(1, 2), stayers="both").iloc[0]
    # the factor is 3 - 9 Nc / 25: with Nc = 3 it is larger than with the most it can be, 5
    assert told["se"] < guessed["se"]


def test_waves_of_half_a_year_are_waves_of_their_own():
    """3,00 in 2025, 3,05 in the middle of the year, 2,90 in 2026: -0,1 a year, and not 2,9 of a wave of the year 0."""
    levels = {2025: 3.00, 2025.5: 3.05, 2026: 2.90}
    rows = [(wave, f"p{n}", level + spread) for wave, level in levels.items() for n, spread in enumerate((-0.5, 0.5))]
    found = slopes(pd.DataFrame(rows, columns=["wave", "person", "y"]), ["y"], phases=[[2025, 2025.5, 2026]])
    assert found["estimate"].item() == pytest.approx(-0.1)
    assert found["wave"].item() == "2025→2026"


def test_a_target_of_inference_that_is_mistyped_is_refused_and_not_taken_for_the_other():
    with pytest.raises(DesignError) as error:
        Design(target="descriptiv")
    assert str(error.value) == (
        "Lỗi ở Design(target='descriptiv')\n"
        "  Quy tắc: target là một trong: descriptive, analytic.\n"
        "  Đã thấy: 'descriptiv'\n"
        "  Cách sửa: Viết target='descriptive'."
    )
