"""Trend against R's geeglm and clubSandwich (tests/reference/models.R), and what it says of thin or odd data."""

import csv
import math
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import stats

from analysis import Design
from analysis.trends import COLUMNS, contrasts, trend
from survey.errors import DesignError

HERE = Path(__file__).parent / "reference"
PANEL = pd.read_csv(HERE / "panel.csv")
PHASES = {"phase 1": (2025, 2027), "phase 2": (2027, 2030)}


def frozen() -> dict[tuple[str, str], list[float]]:
    lines = [line for line in (HERE / "models.csv").read_text().splitlines() if not line.startswith("#")]
    return {
        (row["case"], row["term"]): [float(row[c] or "nan") for c in ("estimate", "se", "df", "p")]
        for row in csv.DictReader(lines)
    }


FROZEN = frozen()
CASES = {
    "geeglm": (None, "independence", "CR0", 1e-9),
    "geeglm weights": (Design("w"), "independence", "CR0", 1e-9),
    "geeglm exchangeable": (None, "exchangeable", "CR0", 1e-8),
    "geeglm exchangeable weights": (Design("w"), "exchangeable", "CR0", 1e-8),
    "CR2": (None, "independence", "CR2", 1e-9),
    "CR2 weights": (Design("w"), "independence", "CR2", 1e-9),
    "CR2 exchangeable": (None, "exchangeable", "CR2", 1e-8),
}


def by_name(table: pd.DataFrame) -> dict[str, pd.Series]:
    return {row["contrast"]: row for _, row in table.iterrows()}


# --- against R


@pytest.mark.parametrize("case", CASES)
def test_equals_r(case):
    design, working, correction, near = CASES[case]
    table = by_name(trend(PANEL, "y", phases=PHASES, design=design, working=working, correction=correction))
    for (name, contrast), (estimate, se, df, p) in FROZEN.items():
        if name != case or contrast == "correlation":
            continue
        assert table[contrast]["estimate"] == pytest.approx(estimate, rel=near)
        assert table[contrast]["se"] == pytest.approx(se, rel=near)
        if correction == "CR2":
            assert (table[contrast]["df"], table[contrast]["p"]) == pytest.approx((df, p), rel=1e-6)


@pytest.mark.parametrize("working", ["independence", "exchangeable"])
def test_weighted_cr2_is_its_definition_with_whole_matrices(working):
    data = PANEL.sort_values(["person", "wave"]).reset_index(drop=True)
    rho = FROZEN["geeglm exchangeable weights", "correlation"][0] if working == "exchangeable" else 0.0
    same = data["person"].to_numpy()[:, None] == data["person"].to_numpy()
    phi = np.where(same, rho, 0.0) + (1 - rho) * np.eye(len(data))
    root = np.diag(np.sqrt(data["w"]))
    w = root @ np.linalg.inv(phi) @ root
    x = pd.get_dummies(data["wave"]).to_numpy(float)
    bread = np.linalg.inv(x.T @ w @ x)
    rest = np.eye(len(data)) - x @ bread @ x.T @ w
    left, e, c = rest @ phi @ rest.T, rest @ data["y"].to_numpy(), np.array([-1, 0, 1, 0]) / 2
    g, scores = [], []
    for _, place in data.groupby("person").indices.items():
        cut = np.ix_(place, place)
        d = np.linalg.cholesky(phi[cut]).T
        values, vectors = np.linalg.eigh(d @ left[cut] @ d.T)
        adjust = d.T @ (vectors / np.sqrt(values)) @ vectors.T @ d
        u = adjust @ w[cut] @ x[place] @ bread @ c
        scores.append(u @ e[place])
        g.append(rest[place].T @ u)
    gram = np.array(g) @ phi @ np.array(g).T
    row = by_name(trend(PANEL, "y", phases=PHASES, design=Design("w"), working=working))["phase 1"]
    assert row["se"] == pytest.approx(np.linalg.norm(scores), rel=1e-8)
    assert row["df"] == pytest.approx(np.trace(gram) ** 2 / (gram**2).sum(), rel=1e-8)


def test_cr0_is_also_statsmodels_gee():
    import statsmodels.api as sm

    dummies = pd.get_dummies(PANEL["wave"]).astype(float)
    theirs = sm.GEE(PANEL["y"], dummies, groups=PANEL["person"]).fit()
    ours = trend(PANEL, "y", correction="CR0")[:4]
    assert ours["estimate"].tolist() == pytest.approx(theirs.params.tolist(), rel=1e-9)
    assert ours["se"].tolist() == pytest.approx(theirs.bse.tolist(), rel=1e-9)


# --- laws on small tables


def test_people_who_answer_once_are_welchs_comparison_with_satterthwaites_df():
    # CR2 with each row its own cluster and two groups is s1^2 / n1 + s2^2 / n2
    people = pd.DataFrame({"wave": [2025] * 3 + [2027] * 4, "y": [1.0, 2, 3, 2, 4, 6, 8]})
    row = by_name(trend(people, "y", person=None))["trend"]
    assert row["estimate"] == pytest.approx((5 - 2) / 2)
    assert row["se"] == pytest.approx((1 / 3 + (20 / 3) / 4) ** 0.5 / 2)


def test_people_who_all_answer_twice_are_the_paired_t_test():
    first, second = np.array([1.0, 2, 3, 4, 2]), np.array([2.0, 2, 5, 4, 4])
    people = pd.DataFrame({"person": list("abcde") * 2, "wave": [2025] * 5 + [2026] * 5, "y": [*first, *second]})
    paired = stats.ttest_rel(second, first)
    for working in ("independence", "exchangeable"):
        row = by_name(trend(people, "y", working=working))["trend"]
        assert (row["estimate"], row["df"], row["p"]) == pytest.approx((1.0, 4, paired.pvalue))


def test_a_phase_is_the_least_squares_slope_of_its_wave_means_however_they_are_spaced():
    years = [2025, 2026, 2027, 2028, 2030]
    people = pd.DataFrame(
        [{"wave": year, "y": y + e} for year, y in zip(years, (1, 2, 4, 3, 9), strict=True) for e in (-1, 1)]
    )
    table = by_name(trend(people, "y", person=None, phases=PHASES))
    assert table["phase 1"]["estimate"] == pytest.approx(np.polyfit([2025, 2026, 2027], [1, 2, 4], 1)[0])
    assert table["phase 2"]["estimate"] == pytest.approx(np.polyfit([2027, 2028, 2030], [4, 3, 9], 1)[0])
    difference = table["phase 2 - phase 1"]
    assert difference["estimate"] == pytest.approx(table["phase 2"]["estimate"] - table["phase 1"]["estimate"])
    assert (difference["statistic"], difference["n"], difference["target"]) == ("difference of slopes", 10, "analytic")


def test_three_waves_make_two_slopes_and_two_waves_leave_one_missing():
    three = by_name(trend(PANEL[PANEL["wave"] != 2026], "y", phases=PHASES))
    assert three["phase 1"]["estimate"] == pytest.approx(
        (three["mean 2027"]["estimate"] - three["mean 2025"]["estimate"]) / 2
    )
    two = by_name(trend(PANEL[PANEL["wave"] < 2027], "y", phases=PHASES))
    assert two["phase 1"]["estimate"] == pytest.approx(two["mean 2026"]["estimate"] - two["mean 2025"]["estimate"])
    for name in ("phase 2", "phase 2 - phase 1"):
        assert two[name][["estimate", "se", "low", "high", "df", "p"]].isna().all()
        assert two[name]["n"] == (0 if name == "phase 2" else len(PANEL[PANEL["wave"] < 2027]))
        assert two[name]["method"].endswith("fewer than two waves in the phase")


def test_planned_contrasts_of_ones_own():
    table = by_name(trend(PANEL, "y", phases={}, planned={"last - first": {2025: -1, 2030: 1}}))
    assert table["last - first"]["estimate"] == pytest.approx(
        table["mean 2030"]["estimate"] - table["mean 2025"]["estimate"]
    )
    assert table["last - first"]["n"] == PANEL["wave"].isin([2025, 2030]).sum()


def test_contrasts_of_two_independent_means():
    table = contrasts([1.0, 3.0], np.diag([0.09, 0.16]), [math.inf, 10], {"first": [1, 0], "difference": [-1, 1]})
    assert table["estimate"].tolist() == [1, 2]
    assert table["se"].tolist() == pytest.approx([0.3, 0.5])
    assert table["p"].tolist() == pytest.approx([2 * stats.norm.sf(1 / 0.3), 2 * stats.t.sf(4, 10)])
    assert table["high"][1] == pytest.approx(2 + stats.t.ppf(0.975, 10) * 0.5)


def test_weights_count_in_the_estimate_and_their_scale_does_not():
    plain, weighted, scaled = (
        trend(frame, "y", phases=PHASES, design=design, working="exchangeable")
        for frame, design in ((PANEL, None), (PANEL, Design("w")), (PANEL.assign(w=100 * PANEL["w"]), Design("w")))
    )
    assert abs(plain["estimate"] - weighted["estimate"]).min() > 1e-4
    for column in ("estimate", "se", "df"):
        assert scaled[column].tolist() == pytest.approx(weighted[column].tolist(), rel=1e-8)


def test_rows_without_a_person_are_each_their_own_cluster():
    unlinked = PANEL.assign(person=PANEL["person"].where(~PANEL["person"].str.startswith("row")))
    pd.testing.assert_frame_equal(trend(unlinked, "y"), trend(PANEL, "y"), rtol=1e-12)
    nobody = trend(PANEL.assign(person=None), "y")
    pd.testing.assert_frame_equal(nobody.drop(columns="method"), trend(PANEL, "y", person=None).drop(columns="method"))


def test_the_method_says_model_clusters_and_correction():
    method = trend(PANEL.assign(h=1), "y", design=Design("w", "h"))["method"][0]
    assert method == (
        "GEE independence; weights; people as clusters (54, 35 with several answers); strata not in the variance; "
        "CR2, Satterthwaite t"
    )


def test_psus_of_the_design_are_the_clusters():
    # each school numbers its people from the start
    schools = pd.concat([PANEL.assign(school=k, y=PANEL["y"] + k / 3) for k in range(6)])
    row = by_name(trend(schools, "y", phases=PHASES, design=Design(psu="school")))["mean 2025"]
    # equal schools: the spread of their six means
    assert row["se"] == pytest.approx((np.var([k / 3 for k in range(6)], ddof=1) / 6) ** 0.5)
    assert row["df"] == pytest.approx(5)


# --- thin and odd data


def test_missing_answers_waves_and_weights_of_zero_are_outside():
    more = pd.DataFrame(
        {"person": ["z1", "z2", "z3"], "wave": [2025, None, 2027], "w": [1.0, 1.0, 0.0], "y": [None, 3.0, 99.0]}
    )
    noisy = pd.concat([PANEL, more]).astype({"wave": "Int64", "y": "Float64"})
    pd.testing.assert_frame_equal(
        trend(noisy, "y", design=Design("w")), trend(PANEL, "y", design=Design("w")), rtol=1e-12
    )


def test_a_wave_with_one_person_has_a_mean_and_no_standard_error():
    people = pd.DataFrame({"person": list("aabbc"), "wave": [2025, 2026, 2025, 2026, 2030], "y": [1.0, 2, 3, 5, 4]})
    table = by_name(trend(people, "y", phases={"early": (2025, 2026), "all": (2025, 2030)}))
    assert table["mean 2030"]["estimate"] == 4
    for name in ("mean 2030", "all", "all - early"):
        assert math.isnan(table[name]["se"])
        assert table[name]["method"].endswith("a wave with fewer than two clusters: no standard error")
    assert table["early"]["se"] > 0


def test_answers_that_do_not_differ_say_nothing_of_their_error():
    people = pd.DataFrame({"person": list("abab"), "wave": [2025, 2025, 2026, 2026], "y": [4.0, 4, 5, 5]})
    table = trend(people, "y")
    assert table["estimate"].tolist() == [4, 5, 1]
    assert table[["se", "low", "high", "p"]].isna().all(axis=None)
    assert table["method"][0].endswith("answers do not differ: no standard error")


def test_one_wave_has_its_mean_only():
    table = trend(PANEL[PANEL["wave"] == 2025], "y")
    assert table["contrast"].tolist() == ["mean 2025"]
    assert table["se"].item() == pytest.approx(PANEL.loc[PANEL["wave"] == 2025, "y"].sem())


def test_waves_may_be_words_as_long_as_no_slope_is_asked():
    words = PANEL.assign(wave=PANEL["wave"].map({2025: "đầu", 2026: "giữa", 2027: "sau", 2030: "cuối"}))
    table = trend(words, "y", planned={"cuối - đầu": {"đầu": -1, "cuối": 1}})
    assert table["estimate"].iloc[-1] == pytest.approx(
        PANEL.loc[PANEL["wave"] == 2030, "y"].mean() - PANEL.loc[PANEL["wave"] == 2025, "y"].mean()
    )


@pytest.mark.parametrize("engine", [pl.from_pandas, duckdb.from_df], ids=["polars", "duckdb"])
def test_every_engine_gives_the_same_table(engine):
    ours, theirs = (trend(frame, "y", phases=PHASES, design=Design("w")) for frame in (PANEL, engine(PANEL)))
    pd.testing.assert_frame_equal(ours, theirs, rtol=1e-9)
    assert list(ours.columns) == COLUMNS


# --- refusals


def refusal(*arguments, **more) -> str:
    with pytest.raises(DesignError) as error:
        trend(*arguments, **more)
    return str(error.value)


def test_a_person_twice_in_a_wave_is_refused():
    assert refusal(pd.DataFrame({"person": ["a", "a"], "wave": [2025, 2025], "y": [1.0, 2]}), "y") == (
        "Lỗi ở trend(person='person')\n"
        "  Quy tắc: Mỗi người có nhiều nhất một dòng trong một đợt.\n"
        "  Đã thấy: a hai lần trong đợt 2025\n"
        "  Cách sửa: Giữ một dòng, hoặc để trống cột ấy."
    )


def test_words_are_refused():
    assert refusal(PANEL.assign(y="tốt"), "y").splitlines()[2] == "  Đã thấy: 'tốt'"


def test_no_answers_are_refused():
    assert refusal(PANEL.assign(y=None), "y") == (
        "Lỗi ở y\n"
        "  Quy tắc: Mô hình cần có câu trả lời.\n"
        "  Đã thấy: không có dòng nào\n"
        "  Cách sửa: Kiểm tra cột câu hỏi và cột đợt."
    )


def test_a_slope_over_waves_that_are_words_is_refused():
    assert refusal(PANEL.assign(wave="đợt " + PANEL["wave"].astype(str)), "y", phases=PHASES) == (
        "Lỗi ở trend(wave='wave')\n"
        "  Quy tắc: Độ dốc của một giai đoạn cần đợt là số, ví dụ năm.\n"
        "  Đã thấy: 'đợt 2025'\n"
        "  Cách sửa: Đổi cột đợt ra năm, hoặc dùng planned={…}."
    )


def test_a_contrast_of_a_wave_that_is_not_there_is_refused():
    assert refusal(PANEL, "y", planned={"x": {2025: -1, 2029: 1}}) == (
        "Lỗi ở trend(planned='x')\n"
        "  Quy tắc: Mỗi đợt được nêu phải có câu trả lời.\n"
        "  Đã thấy: 2029\n"
        "  Cách sửa: Các đợt đang có: 2025, 2026, 2027, 2030."
    )


def test_a_missing_weight_is_refused():
    assert "Trọng số là số không âm" in refusal(PANEL.assign(w=[None, *PANEL["w"][1:]]), "y", design=Design("w"))


def test_a_correction_that_is_not_known_is_refused_not_replaced():
    assert refusal(PANEL, "y", correction="cr2") == (
        "Lỗi ở trend(correction=...)\n"
        "  Quy tắc: Chỉ nhận: CR2, CR0.\n"
        "  Đã thấy: 'cr2'\n"
        "  Cách sửa: Viết đúng một trong các tên ấy."
    )


# --- a random law


def covered(rng: np.random.Generator, people: int) -> tuple[bool, bool]:
    """Whether the CR2 and the CR0 intervals of the slope of one pretend panel hold the slope it was made with."""
    level = rng.normal(0, 0.7, people)
    waves = np.array([2025, 2027, 2030])
    y = 3 + 0.1 * (waves - 2025) + level[:, None] + rng.normal(0, 0.7, (people, 3))
    who = np.where(rng.random((people, 3)) < 0.75, np.arange(people)[:, None].astype(float), np.nan)  # the linked ones
    data = pd.DataFrame({"person": who.ravel(), "wave": np.tile(waves, people), "y": y.ravel()})
    data["w"] = rng.choice([1.0, 1, 1, 6], len(data))
    found = []
    for correction in ("CR2", "CR0"):
        row = trend(data, "y", design=Design("w"), correction=correction).iloc[-1]
        found.append(bool(row["low"] <= 0.1 <= row["high"]))
    return found[0], found[1]


@pytest.mark.slow
def test_bell_mccaffrey_covers_and_the_plain_sandwich_covers_less():
    rng = np.random.default_rng(2027)
    school = np.mean([covered(rng, 80) for _ in range(500)], axis=0)
    unit = np.mean([covered(rng, 8) for _ in range(500)], axis=0)
    assert 0.93 <= school[0] <= 0.98
    assert school[1] <= school[0]
    assert 0.93 <= unit[0] <= 0.99
    assert unit[1] < 0.92


@pytest.mark.parametrize("item", ["q12", "s_ai_cau_lenh", "Mức độ sử dụng công cụ số"])
def test_an_item_may_have_any_name(item):
    """A name of more than one letter was read as so many items."""
    answers = [(2025, "a", 1.0), (2025, "b", 3.0), (2026, "a", 2.0), (2026, "b", 5.0)]
    found = trend(pd.DataFrame(answers, columns=["wave", "person", item]), item)
    assert found.loc[found["statistic"] == "mean", "estimate"].tolist() == [2.0, 3.5]
    assert set(found["item"]) == {item}
