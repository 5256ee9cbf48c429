"""Laws that hold for every frame: the cube's estimates are those of the rows, on every engine, in every order."""

import math

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import Design, change, means, proportions, quantiles, totals
from analysis import cube as cube_module
from analysis.cube import cube

DESIGNS = {
    "rows": Design("w", "h", None, "N"),
    "analytic": Design("w", "h", None, "N", "analytic"),
    "clusters": Design("w", "h", "psu", "M"),
    "two stages": Design("w", "h", "psu", "M", psu_population="size"),
    "nothing": Design(),
}
people = st.lists(
    st.tuples(
        st.sampled_from("ab"),  # stratum
        st.integers(0, 3),  # PSU within the stratum
        st.sampled_from([1.0, 1.5, 2.25, 4.0]),  # weight
        st.sampled_from([1, 2, 3, 4, 5, None]),  # answer
        st.sampled_from(["x", "y", None]),  # group
    ),
    min_size=3,
    max_size=40,
)


def frame(rows) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["h", "psu", "w", "q", "g"])
    table["psu"] = table["h"] + table["psu"].astype(str)
    table["q"] = table["q"].astype("Int64")
    table["N"] = table.groupby("h")["h"].transform("size") + 2
    table["M"] = table.groupby("h")["psu"].transform("nunique") + 1
    table["size"] = table.groupby("psu")["psu"].transform("size") + 3
    return table


def by_rows(table: pd.DataFrame, design: Design, group: str | None) -> tuple[float, float]:
    """The mean of q and its standard error, straight from the rows: Särndal, Swensson and Wretman (1992), 4.3 and 5.5."""
    w = table["w"].to_numpy(float) if design.weight else np.ones(len(table))
    base = table["q"].notna() & (table["g"] == group if group else True).fillna(False) if group else table["q"].notna()
    y = table["q"].astype(float).fillna(0).to_numpy()
    inside = np.where(base, w, 0)
    if inside.sum() == 0:
        return math.nan, math.nan
    mean = (inside * y).sum() / inside.sum()
    z = pd.Series(inside * (y - mean) / inside.sum())
    variance = 0.0
    for _, rows in table.reset_index(drop=True).groupby(design.stratum or np.zeros(len(table))):
        stage1 = z[rows.index].groupby(rows["psu"]).sum() if design.psu else z[rows.index]
        n = len(stage1)
        f = n / rows[design.population].iloc[0] if design.corrected else 0.0
        variance += (1 - f) * (n * stage1.var(ddof=1) if n > 1 else float(stage1.iloc[0]) ** 2)
        if design.psu_population and design.corrected:
            for _, inner in rows.groupby("psu"):
                m = len(inner)
                free = 1 - m / inner["size"].iloc[0]
                variance += f * free * (m * z[inner.index].var(ddof=1) if m > 1 else float(z[inner.index].iloc[0]) ** 2)
    return mean, math.sqrt(max(0.0, variance))


@pytest.mark.parametrize("design", DESIGNS.values(), ids=DESIGNS)
@settings(max_examples=40, deadline=None)
@given(rows=people)
def test_the_cube_says_what_the_rows_say(design, rows):
    table = frame(rows)
    whole = means(table, ["q"], design).iloc[0]
    assert (whole["estimate"], whole["se"]) == pytest.approx(
        by_rows(table, design, None), rel=1e-9, abs=1e-12, nan_ok=True
    )
    for row in means(table, ["q"], design, by=["g"]).itertuples():
        expected = by_rows(table, design, row.level)
        assert (row.estimate, row.se) == pytest.approx(expected, rel=1e-9, abs=1e-12, nan_ok=True)


@pytest.mark.slow
@pytest.mark.parametrize("engine", [pl.from_pandas, lambda table: duckdb.from_df(table.astype({"h": object}))])
@pytest.mark.parametrize("many", [2_000_000, 0], ids=["in memory", "by the engine"])
@settings(max_examples=25, deadline=None)
@given(rows=people)
def test_every_engine_says_the_same(engine, many, rows):
    table = frame(rows)
    kept, cube_module.MANY = cube_module.MANY, many
    try:
        for design in DESIGNS.values():
            for estimate in (means, proportions, totals, quantiles):
                ours, theirs = (estimate(t, ["q"], design, by=["g"]) for t in (table, engine(table)))
                pd.testing.assert_frame_equal(ours, theirs, rtol=1e-9, check_dtype=False)
    finally:
        cube_module.MANY = kept


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(people, st.randoms(use_true_random=False))
def test_order_names_of_strata_and_the_scale_of_weights_change_nothing(rows, random):
    table = frame(rows)
    order = list(range(len(table)))
    random.shuffle(order)
    other = table.iloc[order].assign(h=lambda t: t["h"].map({"a": "Z tầng", "b": "0"}), w=lambda t: 2 * t["w"])
    for design in DESIGNS.values():
        for estimate in (means, proportions):
            one, two = (estimate(t, ["q"], design, by=["g"]) for t in (table, other))
            shared = ["level", "value", "estimate", "se", "low", "high", "df", "n"]
            pd.testing.assert_frame_equal(one[shared], two[shared], rtol=1e-9, atol=1e-12)


@settings(max_examples=30, deadline=None)
@given(people, st.integers(1, 39))
def test_one_file_or_two_is_the_same(rows, cut):
    table = frame(rows).astype({"h": object})
    parts = [table.iloc[:cut], table.iloc[cut:]]
    both = duckdb.from_df(parts[0]).union(duckdb.from_df(parts[1])) if len(parts[1]) else duckdb.from_df(table)
    design = DESIGNS["clusters"]
    one, two = means(table, ["q"], design, by=["g"]), means(both, ["q"], design, by=["g"])
    pd.testing.assert_frame_equal(one, two, rtol=1e-9, check_dtype=False)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(people)
def test_shares_sum_to_one_and_lie_within_their_intervals(rows):
    for design in DESIGNS.values():
        shares = proportions(frame(rows), ["q"], design)
        if len(shares):
            assert shares["estimate"].sum() == pytest.approx(1)
        known = shares.dropna(subset=["low"])
        assert ((known["low"] <= known["estimate"] + 1e-12) & (known["estimate"] <= known["high"] + 1e-12)).all()


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(people, people)
def test_a_change_is_minus_the_change_backwards(first, second):
    waves = pd.concat(
        [frame(rows).assign(wave=wave, person=range(len(rows))) for wave, rows in ((1, first), (2, second))]
    )
    for design in (DESIGNS["rows"], DESIGNS["analytic"], Design()):
        there, back = (change(waves, ["q"], design, between=pair).iloc[0] for pair in ((1, 2), (2, 1)))
        assert back["estimate"] == pytest.approx(-there["estimate"], nan_ok=True)
        assert back["se"] == pytest.approx(there["se"], nan_ok=True, abs=1e-12)
        assert (back["low"], back["high"]) == pytest.approx((-there["high"], -there["low"]), nan_ok=True, abs=1e-12)


def test_why_an_answer_is_missing_is_kept_apart():
    table = pd.DataFrame(
        {
            "q": pd.array([1, 2, None, None, None, None], dtype="Int64"),
            "q__absent": [None, None, "na", "skipped", "skipped", None],  # the last: nobody says why
            "h": ["a", "a", "a", "a", "b", "b"],
        }
    )
    cells = cube(table, ["q"], Design(stratum="h"))
    counted = cells.sort_values(["stratum", "absent", "value"])[["stratum", "value", "absent", "n"]]
    assert counted.astype(object).where(counted.notna(), None).values.tolist() == [
        ["a", 1.0, "", 1],
        ["a", 2.0, "", 1],
        ["a", None, "na", 1],
        ["a", None, "skipped", 1],
        ["b", None, "blank", 1],
        ["b", None, "skipped", 1],
    ]


@pytest.mark.parametrize("engine", [lambda t: t, pl.from_pandas, duckdb.from_df], ids=["pandas", "polars", "duckdb"])
def test_null_nan_empty_text_and_an_empty_group(engine):
    table = engine(
        pd.DataFrame(
            {
                "number": [1.0, float("nan"), None, 3.0],
                "text": ["", "a", None, "a"],
                "truth": pd.array([True, None, False, True], dtype="boolean"),
                "group": ["x", "x", "y", None],
            }
        )
    )
    assert means(table, ["number"])["n"].item() == 2
    texts = proportions(table, ["text"])
    assert texts[["value", "estimate"]].values.tolist() == [["", pytest.approx(1 / 3)], ["a", pytest.approx(2 / 3)]]
    assert proportions(table, ["truth"])[["value", "n"]].values.tolist() == [[0, 3], [1, 3]]
    groups = means(table, ["number"], by=["group"])  # nobody of group y answered; the last row has no group
    assert groups[["level", "n"]].values.tolist() == [["x", 1], ["y", 0]]
    assert math.isnan(groups["estimate"].iloc[1])
