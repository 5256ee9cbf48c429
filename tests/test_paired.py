"""Paired comparisons: published numbers, R, tables with visible arithmetic, and the traps."""

import io
import math
import subprocess
from dataclasses import fields
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from conftest import need_tool
from scipy.stats import multivariate_hypergeom

from analysis.paired import (
    _exact_net,
    bhapkar,
    bonett_price,
    bowker,
    directions,
    dz,
    mcnemar,
    mean_change,
    net_change,
    newcombe,
    paired,
    rank_biserial,
    response_shift,
    sign,
    signed_rank,
    square,
    stuart_maxwell,
    transitions,
)
from analysis.power import power_of_net_change, smallest_dz
from analysis.result import Test
from survey.errors import DesignError, speak

HERE = Path(__file__).parent / "reference"
NUMBERS = pd.read_csv(HERE / "paired.csv", comment="#").set_index("case")["value"]
BEFORE = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30]
AFTER = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29]
VISION = [[1520, 266, 124, 66], [234, 1512, 432, 78], [117, 362, 1772, 205], [36, 82, 179, 492]]
APPROVAL = [[794, 150], [86, 570]]

# the formula of reference/paired.R
I = np.arange(1, 73)  # noqa: E741
X = 1 + (I**2 + 3 * I) % 5 * (I % 3 != 0) + (I % 4) * (I % 3 == 0)
Y = np.clip(X + np.array([0, 1, 0, 2, -1, 1, 0, 1, -2, 0, 1])[I % 11], 1, 5)
LIKERT = square(X, Y, values=range(1, 6))
TOP = square(X >= 4, Y >= 4)


@pytest.fixture(autouse=True)
def english():
    speak("en")
    yield
    speak("vi")


def whole(error) -> str:
    return str(error.value)


# --- against R


@pytest.mark.slow
def test_reference_numbers_are_what_r_says_today():
    run = subprocess.run([need_tool("Rscript"), "paired.R"], cwd=HERE, capture_output=True, check=True, text=True)
    today = pd.read_csv(io.StringIO(run.stdout), comment="#").set_index("case")["value"]
    pd.testing.assert_series_equal(today, NUMBERS, rtol=1e-9)


def found() -> dict[str, dict[str, float]]:
    """case -> what -> our number, for every number of R's."""
    results: dict[str, dict[str, float]] = {}

    def say(case, test, *names, **renamed):
        results[case] = {name: getattr(test, name) for name in names} | {
            k: getattr(test, v) for k, v in renamed.items()
        }

    interval = ("estimate", "low", "high")
    say("depression", signed_rank(AFTER, BEFORE), "p", *interval, V="statistic")
    for correct in (True, False):
        test = signed_rank(X, Y, zeros="wilcox", correct=correct)
        say(f"wilcox {str(correct).upper()}", test, "p", *interval, V="statistic")
    for name, zeros in (("Pratt", "pratt"), ("Wilcoxon", "wilcox")):
        say(f"coin {name}", signed_rank(X, Y, zeros=zeros, correct=False), "p")
        say(f"coin exact {name}", signed_rank(X, Y, zeros=zeros, exact=True), "p")
    say("sign", sign(X, Y), "statistic", "p", *interval)
    say("t", mean_change(X, Y), "statistic", "df", "p", *interval)
    say("t of 80", mean_change(X, Y, population=80), "statistic", "p", "low", "high")
    say("dz", dz(X, Y), *interval)
    say("rank-biserial", rank_biserial(X, Y, interval="fisher"), *interval)
    for test in directions(X, Y):
        say(test.test, test, "low", "high")
    for name, table in (("stuart", VISION), ("likert", LIKERT)):
        for test, call in (("bowker", bowker), ("stuart-maxwell", stuart_maxwell), ("bhapkar", bhapkar)):
            say(f"{name} {test}", call(table), "statistic", "df", "p")
    for name, table in (("approval", APPROVAL), ("top", TOP)):
        chi2, corrected = mcnemar(table, kind="chi2"), mcnemar(table, kind="corrected")
        results[f"{name} mcnemar"] = {
            "chi2": chi2.statistic,
            "chi2_p": chi2.p,
            "corrected": corrected.statistic,
            "corrected_p": corrected.p,
            "exact_p": mcnemar(table).p,
            "midp_p": mcnemar(table, kind="mid-p").p,
        }
        say(f"{name} bonett-price", mcnemar(table), "low", "high")
        results[f"{name} newcombe"] = dict(zip(("low", "high"), newcombe(table), strict=True))
    say("net of 14", net_change([2] * 10, [3] * 4 + [1] * 2 + [2] * 4, population=14), "p", "low", "high")
    results["dz found"] = {str(n): smallest_dz(n) for n in (10, 40, 72)}
    results["power net"] = {f"{n} {net}": power_of_net_change(n, net) for n in (40, 72) for net in (0.1, 0.2)}
    return results


def test_every_number_is_rs():
    ours = pd.Series({f"{case} {name}": value for case, values in found().items() for name, value in values.items()})
    assert sorted(ours.index) == sorted(NUMBERS.index)
    assert len(NUMBERS) >= 35
    # R looks for the limits of its normal interval to 1e-4 only, ours is the exact point of crossing
    rough = [f"wilcox {correct} {limit}" for correct in ("TRUE", "FALSE") for limit in ("estimate", "low", "high")]
    assert ours[rough].tolist() == pytest.approx(NUMBERS[rough].tolist(), abs=1e-4)
    fine = NUMBERS.index.difference(rough)
    pd.testing.assert_series_equal(ours[fine], NUMBERS[fine], check_names=False, rtol=1e-9, atol=1e-14)


def test_numbers_that_are_printed_in_books():
    test = signed_rank(AFTER, BEFORE)  # Hollander and Wolfe's depression data
    assert (test.statistic, test.p) == (40, 0.0390625)
    assert [test.estimate, test.low, test.high] == pytest.approx([0.46, 0.01, 0.786])
    assert [mcnemar(APPROVAL, kind=kind).statistic for kind in ("chi2", "corrected")] == pytest.approx(
        [17.3559322, 16.8177966]
    )
    assert mcnemar(APPROVAL).p == pytest.approx(3.7159e-05, rel=1e-4)
    assert [call(VISION).statistic for call in (bowker, stuart_maxwell, bhapkar)] == pytest.approx(
        [19.1065503, 11.9565696, 11.9757202]
    )


# --- the tests say what they were given


def test_ties_are_the_most_of_a_five_point_scale_and_the_pairs_left_are_stated():
    test = sign([3, 3, 3, 4, 2], [3, 3, 4, 5, 1])
    # two rose, one fell: 3 of 5 pairs bear on it, p = 1
    assert (test.statistic, test.used, test.n, test.p) == (2, 3, 5, 1.0)
    assert test.method == "exact binomial on 3 non-zero pairs of 5; Clopper-Pearson"


def test_zeros_are_ranked_by_pratt_and_dropped_by_wilcoxon():
    before, after = [3, 3, 3, 3], [3, 4, 5, 1]
    # sizes 0 1 2 2. Pratt's ranks of the rises 2 and 3.5, of the fall 3.5; Wilcoxon's 1 and 2.5, 2.5
    assert signed_rank(before, after).statistic == 5.5
    assert signed_rank(before, after, zeros="wilcox").statistic == 3.5
    assert signed_rank(before, after).method.startswith("normal, tie-corrected; zeros: pratt; 3 non-zero pairs of 4")


def test_the_pseudomedian_of_pairs_that_mostly_stay_is_zero():
    assert signed_rank([1] * 8, [1] * 7 + [2]).estimate == 0


def test_the_exact_test_with_ties_lists_every_sign():
    # sizes 1 1 2, all rises: 2 of 8 sign patterns are as far out
    assert signed_rank([1, 1, 1], [2, 2, 3], exact=True).p == pytest.approx(0.25)


def test_decimals_that_tie_on_paper_tie_here():
    # 0.3 - 0.2 and 0.2 - 0.1 are no tie in binary
    assert signed_rank([0.2, 0.1, 1.0], [0.3, 0.2, 0.5], exact=True).statistic == 3.0


def test_rank_biserial_by_hand():
    # rises of rank 1 and 2.5, a fall of 2.5: (3.5 - 2.5) / 6
    assert rank_biserial([3, 3, 3, 3], [3, 4, 5, 1]).estimate == pytest.approx(1 / 6)


def test_mcnemar_counts_those_who_moved_and_a_rise_is_positive():
    before, after = [False] * 6 + [True] * 4, [False] * 2 + [True] * 4 + [True] * 3 + [False]
    test = mcnemar(before, after)
    # b = 4, c = 1 of 10: net .3; 2 * (1 + 5) / 32 = .375
    assert (test.statistic, test.used, test.n, test.estimate, test.p) == (4, 5, 10, pytest.approx(0.3), 0.375)
    assert mcnemar(after, before).estimate == pytest.approx(-0.3)


def test_midp_takes_off_the_chance_of_this_very_result():
    # 2 * (1 + 5) / 32 - 5 / 32 ; equal counts give exactly 1
    assert mcnemar([[0, 4], [1, 0]], kind="mid-p").p == pytest.approx(7 / 32)
    assert mcnemar([[0, 3], [3, 0]], kind="mid-p").p == pytest.approx(1.0)


def test_equal_counts_have_no_continuity_correction():
    assert mcnemar([[5, 3], [3, 5]], kind="corrected").p == 1.0


def test_two_answers_make_bowker_and_stuart_maxwell_mcnemars_chi_squared():
    for call in (bowker, stuart_maxwell):
        assert call(APPROVAL).statistic == pytest.approx(mcnemar(APPROVAL, kind="chi2").statistic)


def test_an_answer_nobody_gave_changes_no_test():
    wider = np.zeros((5, 5))
    wider[np.ix_([0, 1, 3, 4], [0, 1, 3, 4])] = VISION
    for call in (bowker, stuart_maxwell, bhapkar):
        one, two = call(VISION), call(wider)
        assert [two.statistic, two.df, two.p] == pytest.approx([one.statistic, one.df, one.p])


def test_answers_between_which_nobody_moved_are_compared_apart():
    blocks = np.zeros((4, 4))
    blocks[:2, :2], blocks[2:, 2:] = [[5, 6], [1, 5]], [[5, 2], [7, 5]]
    # (6 - 1)^2 / 7 + (2 - 7)^2 / 9 on 2 df
    assert stuart_maxwell(blocks).df == 2
    assert stuart_maxwell(blocks).statistic == pytest.approx(25 / 7 + 25 / 9)


# --- effect in people


def test_net_change_in_a_census_is_known_exactly():
    test = net_change([3] * 6, [4, 4, 4, 2, 3, 3], population=6)
    assert (test.estimate, test.low, test.high, test.p) == (pytest.approx(1 / 3), 2 / 6, 2 / 6, 0.0)
    even = net_change([3, 3, 3], [4, 2, 3], population=3)
    assert (even.estimate, even.low, even.high, even.p) == (0, 0, 0, 1.0)


def test_net_change_of_most_of_a_school_is_narrower_than_that_of_the_process():
    people, process = net_change(X, Y, population=80), net_change(X, Y)
    assert people.estimate == process.estimate
    assert people.high - people.low < 0.5 * (process.high - process.low)
    assert (people.target, people.population, people.method) == ("descriptive", 80, "exact in a finite population")
    assert (process.target, process.method) == ("analytic", "Bonett-Price; exact sign test")


def test_the_silent_can_never_move_the_net_change_beyond_what_they_are():
    test = net_change([1] * 8, [2] * 8, population=10)
    # 8 rose; the other two can at most both fall: (8 - 2) / 10
    assert (test.low >= 0.6, test.high) == (True, 1.0)


def test_a_sample_of_a_large_population_is_nearly_the_process():
    large, process = net_change(X, Y, population=10**9), net_change(X, Y)
    assert large.method == "Bonett-Price with effective n; t with finite-population correction"
    assert [large.low, large.high] == pytest.approx([process.low, process.high], abs=0.005)


def test_net_change_of_top_answers_is_the_change_of_their_share():
    test = net_change([3, 4, 5, 2], [4, 4, 2, 5], tops=[4, 5])
    # 2 of 4 before, 3 of 4 after; 3->4 and 2->5 up, 5->2 down
    assert (test.estimate, test.used, test.test) == (0.25, 3, "net change of top answers")


def test_shares_of_direction_add_to_one_and_are_exact_in_a_finite_population():
    up, same, down = directions([1, 2, 3, 3], [2, 2, 2, 5], population=4)
    assert [up.estimate, same.estimate, down.estimate] == [0.5, 0.25, 0.25]
    assert (up.low, up.high, up.method) == (0.5, 0.5, "exact hypergeometric")


def test_bonett_price_by_hand():
    # b = 4, c = 1, n = 10: 5/12 and 2/12
    half = 1.959963984540054 * math.sqrt((7 / 12 - (3 / 12) ** 2) / 12)
    assert bonett_price(4, 1, 10) == pytest.approx((0.25 - half, 0.25 + half))


# --- coverage


@pytest.mark.parametrize(("rose", "fell", "n"), [(30, 12, 70), (10, 10, 60), (5, 0, 50)])
def test_exact_net_change_never_covers_less_than_95_percent(rose, fell, n):
    school = np.repeat([1, -1, 0], [rose, fell, 80 - rose - fell])
    counted = np.zeros(2)
    for up in range(rose + 1):
        for down in range(fell + 1):
            chance = multivariate_hypergeom.pmf([up, down, n - up - down], [rose, fell, len(school) - rose - fell], n)
            if chance > 1e-12:
                _, low, high = _exact_net(up, down, n, 80)
                counted += np.array([low - 1e-12 <= (rose - fell) / 80 <= high + 1e-12, 1]) * chance
    assert counted[1] == pytest.approx(1)
    assert counted[0] >= 0.95


@pytest.mark.parametrize("n", [20, 72])
@pytest.mark.parametrize("chances", [(0.1, 0.2, 0.4, 0.2, 0.1), (0.02, 0.08, 0.4, 0.3, 0.2), (0, 0.05, 0.4, 0.35, 0.2)])
def test_wilsons_interval_of_the_rank_biserial_covers_where_fishers_does_not(chances, n):
    moves = np.arange(-2, 3)
    rng = np.random.default_rng(2)
    truth = rank_biserial(np.zeros(10**5), np.repeat(moves, (np.array(chances) * 10**5).astype(int))).estimate
    draws = [rng.choice(moves, size=n, p=chances) for _ in range(500)]
    shares = {}
    for interval in ("wilson", "fisher"):
        tests = [rank_biserial(np.zeros(n), draw, interval=interval) for draw in draws]
        shares[interval] = np.mean([test.low <= truth <= test.high for test in tests])  # a missing limit does not cover
    assert 0.915 < shares["wilson"] < 0.985
    if truth > 0.7:
        assert shares["fisher"] < 0.9


# --- nothing, everyone the same, missing


EVERY = [sign, signed_rank, rank_biserial, mean_change, dz, net_change, bowker, stuart_maxwell, bhapkar, mcnemar]


@pytest.mark.parametrize("call", EVERY, ids=lambda call: call.__name__)
def test_no_pairs_are_no_finding(call):
    test = call([], [])
    assert (test.n, math.isnan(test.p), "no pairs" in test.method) == (0, True, True)


@pytest.mark.parametrize("call", [c for c in EVERY if c not in (rank_biserial, dz)], ids=lambda call: call.__name__)
def test_where_nobody_moved_p_is_one(call):
    test = call([1, 2, 2], [1, 2, 2])
    assert (test.n, test.p) == (3, 1.0)


def test_where_all_moved_alike_no_variance_is_made_up():
    assert math.isnan(bhapkar([1] * 9, [2] * 9).p)
    assert math.isnan(mean_change([1] * 9, [2] * 9).p)
    assert math.isnan(mean_change([0.1] * 9, [0.4] * 9).p)
    assert math.isnan(dz([0.1] * 9, [0.4] * 9).estimate)
    assert math.isnan(rank_biserial([1] * 9, [2] * 9, interval="fisher").low)
    one_way = rank_biserial([1] * 9, [2] * 9)
    assert (one_way.estimate, one_way.high) == (1, 1)
    assert 0 < one_way.low < 0.6
    assert sign([1] * 9, [2] * 9).p == pytest.approx(2 / 2**9)


def test_a_population_from_a_spreadsheet_may_be_a_decimal():
    assert net_change([1, 2, 3], [2, 2, 3], population=4.0) == net_change([1, 2, 3], [2, 2, 3], population=4)


def test_one_pair_is_no_error():
    for call in EVERY:
        assert call([1], [2]).n == 1


@pytest.mark.parametrize("dtype", ["Int64", "Float64", "float64", "object", "category"])
def test_missing_answers_leave_the_pair_out_in_every_dtype(dtype):
    before, after = pd.Series([1, 2, None, 4], dtype=dtype), pd.Series([2, None, 3, 3], dtype=dtype)
    assert (sign(before, after, values=[1, 2, 3, 4]).n, square(before, after).to_numpy().sum()) == (2, 2)
    assert mean_change(before, after, values=[1, 2, 3, 4]).estimate == 0


@pytest.mark.parametrize("dtype", ["boolean", "bool", "object"])
def test_yes_and_no_are_two_answers_in_every_dtype(dtype):
    test = mcnemar(pd.Series([True, False, False], dtype=dtype), pd.Series([True, True, False], dtype=dtype))
    assert (test.n, test.estimate) == (3, pytest.approx(1 / 3))


def test_words_have_the_order_that_is_given():
    order = ["no", "partly", "yes"]
    assert sign(["no", "yes"], ["partly", "no"], values=order).statistic == 1
    kinds = pd.CategoricalDtype(order, ordered=True)
    assert sign(pd.Series(["no", "yes"], dtype=kinds), pd.Series(["yes", "yes"], dtype=kinds)).statistic == 1
    assert mean_change([[0, 1, 0], [0, 0, 0], [0, 0, 1]], values=order).estimate == 0.5


def test_words_without_an_order_are_refused():
    with pytest.raises(DesignError) as error:
        sign(["no", "yes"], ["yes", "no"])
    assert whole(error) == (
        "Error in values\n  Rule: Answers are numbers, or have an order.\n  Found: no, yes\n"
        "  What to do: Add values=[…], from low to high."
    )


def test_an_answer_outside_the_scale_is_refused():
    speak("vi")
    with pytest.raises(DesignError) as error:
        square([1, 6], [2, 3], values=[1, 2, 3, 4, 5])
    assert whole(error) == (
        "Lỗi ở values\n  Quy tắc: Mọi câu trả lời phải nằm trong values.\n  Đã thấy: 6\n"
        "  Cách sửa: Bổ sung values, hoặc để trống câu trả lời ấy."
    )


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: sign([1, 2], [1]), "The two columns have a row for each person."),
        (lambda: bowker([[1, 2, 3], [4, 5, 6]]), "The table is square (before × after) and holds counts."),
        (lambda: bowker([[1, 0.5], [0, 1]]), "The table is square (before × after) and holds counts."),
        (lambda: mcnemar([1, 2, 3], [3, 2, 1]), "The table is square (before × after) and holds counts."),
        (lambda: square([1, "a"], ["b", 2]), "Answers are all numbers, or all words."),
        (lambda: square([1], [1], values=[1, 1]), "Each value is named once."),
        (
            lambda: mean_change([1, 2, 3], [1, 2, 2], population=2),
            "The population is not smaller than the number of pairs.",
        ),
        (lambda: net_change([1], [2], target="descriptive"), "These people have to be counted."),
        (lambda: paired(FRAME, "q", between=(2025, 2027)), "Items are a list of column names."),
        (lambda: paired(FRAME, ["q"], between=(2025, 2029)), "Each wave has answers that carry a person."),
        (lambda: paired(pd.concat([FRAME, FRAME]), ["q"], between=(2025, 2027)), "A person answers once in a wave."),
    ],
)
def test_mistakes_are_told(call, words):
    with pytest.raises(DesignError) as error:
        call()
    assert f"Rule: {words}" in whole(error)


# --- frames


FRAME = pd.DataFrame(
    {
        "wave": [2025] * 4 + [2027] * 4,
        "person": ["a", "b", "c", "d", "d", "b", "a", "e"],
        "q": [3, 4, 2, 5, 5, 5, 2, 1],
        "r": [1.0, None, 2, 3, 4, 5, 2, 1],
        "then": [None] * 4 + [4, 3, 1, 1],
    }
)
# linked: a 3->2, b 4->5, d 5->5


def test_paired_is_one_tidy_table_of_linked_people():
    table = paired(FRAME, ["q", "r"], between=(2025, 2027), tops={"q": [5]}, population=4)
    assert list(table.columns) == [field.name for field in fields(Test)]
    assert table[table["item"] == "q"]["n"].unique().tolist() == [3]
    assert table[table["item"] == "r"]["n"].unique().tolist() == [2]
    assert table["population"].unique().tolist() == [4]
    corrected = {"mean change", "net change", "net change of top answers", "improved", "same", "worse"}
    assert set(table[table["target"] == "descriptive"]["test"]) == corrected
    top = table[(table["item"] == "q") & (table["test"] == "net change of top answers")]
    assert top["estimate"].item() == pytest.approx(1 / 3)


def test_paired_is_the_same_from_every_engine():
    expected = paired(FRAME, ["q"], between=(2025, 2027))
    for frame in (pl.from_pandas(FRAME), duckdb.from_df(FRAME), FRAME.convert_dtypes()):
        pd.testing.assert_frame_equal(paired(frame, ["q"], between=(2025, 2027)), expected, check_dtype=False)


def test_nobody_in_both_waves_is_no_finding():
    strangers = FRAME.assign(person=range(8))
    table = paired(strangers, ["q"], between=(2025, 2027))
    assert (table["n"].unique().tolist(), table["p"].isna().all()) == ([0], True)


def test_transitions_count_every_way_zeros_included():
    table = transitions(FRAME, "q", between=(2025, 2027), values=[2, 3, 4, 5])
    assert table.to_numpy().tolist() == [[0, 0, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 1]]
    assert (table.index.name, table.columns.name) == ("q 2025", "q 2027")


def test_conventional_change_is_then_based_change_and_response_shift():
    table = response_shift(FRAME, pre="q", then="then", post="q", between=(2025, 2027)).set_index("test")
    # a: 3, then 1, now 2; b: 4, 3, 5; d: 5, 4, 5
    assert table["estimate"].tolist() == pytest.approx([0, 4 / 3, -4 / 3])
    # then-based changes 1 2 1: s = .5774, se = 1/3
    assert table.loc["then-based change", "se"] == pytest.approx(1 / 3)
    assert table["n"].tolist() == [3, 3, 3]
    assert table.loc["then-based change", "method"] == "paired t; recall bias possible"


def test_then_and_now_of_the_whole_roster_are_known_exactly():
    table = response_shift(FRAME, pre="q", then="then", post="q", between=(2025, 2027), population=3)
    assert table["se"].tolist() == [0, 0, 0]
    assert table["p"].tolist() == [1, 0, 0]
