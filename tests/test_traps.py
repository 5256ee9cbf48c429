"""Where the packages that people use are wrong, or silent, in a near-census: their number beside ours, and the truth.

Each trap is run on the named tool, so that a test fails on the day the tool is mended and the sentence about it is no longer
true. docs/validation.md is made of the same rows.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest

from analysis import Design, change, means, proportional_odds, proportions
from analysis.unpaired import rank_test

PEOPLE = 80


@dataclass(frozen=True)
class Trap:
    """One case: what a tool says, what we say, and what is known to be true (by simulation, or because it must be)."""

    case: str
    tool: str
    theirs: float | str
    ours: float | str
    truth: float | str


def svy_sample(frame: pd.DataFrame, **design):
    import svy

    return svy.Sample(pl.from_pandas(frame.reset_index(drop=True)), svy.Design(**design))


def panel() -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """80 people, 70 answer in the first wave and 60 in the second, 54 in both."""
    random = np.random.default_rng(1)
    level = random.normal(3, 0.8, PEOPLE)
    y1, y2 = (np.clip(np.rint(level + shift + random.normal(0, 0.6, PEOPLE)), 1, 5) for shift in (0, 0.3))
    order = random.permutation(PEOPLE)
    waves = [(1, order[:70], y1), (2, order[16:76], y2)]
    parts = [pd.DataFrame({"wave": w, "person": s, "y": y[s], "w": PEOPLE / len(s)}) for w, s, y in waves]
    return pd.concat(parts).assign(N=PEOPLE), y1, y2


def change_in_a_panel() -> Trap:
    frame, y1, y2 = panel()
    sample = svy_sample(frame, case_id="person", wave="wave", wgt="w", pop_size="N")
    theirs = sample.estimation.mean("y", by="wave").contrast({"change": {2: 1.0, 1: -1.0}}).to_polars()["se"][0]
    random = np.random.default_rng(2)
    draws = []
    for _ in range(20_000):
        order = random.permutation(PEOPLE)
        draws.append(y2[order[16:76]].mean() - y1[order[:70]].mean())
    ours = change(frame, ["y"], Design("w", None, None, "N"), between=(1, 2))["se"].item()
    return Trap("standard error of a change, 70 and 60 of 80 people", "svy 0.35", theirs, ours, float(np.std(draws)))


def level_in_a_panel() -> Trap:
    frame, _, y2 = panel()
    sample = svy_sample(frame, case_id="person", wave="wave", wgt="w", pop_size="N")
    theirs = sample.estimation.mean("y", by="wave").to_polars()["se"][1]
    ours = means(frame, ["y"], Design("w", None, None, "N"), by=["wave"])["se"].iloc[1]
    truth = math.sqrt((1 / 60 - 1 / PEOPLE) * y2.var(ddof=1))
    return Trap("standard error of the second wave's mean, 60 of 80", "svy 0.35", theirs, ours, truth)


SIXTEEN = pd.DataFrame({"y": [1] * 16 + [0] * 52, "N": PEOPLE, "w": PEOPLE / 68})


def truncated_korn_graubard() -> Trap:
    row = svy_sample(SIXTEEN, wgt="w", pop_size="N").estimation.prop("y", ci_method="korn-graubard").to_polars()
    ours = proportions(SIXTEEN, ["y"], Design("w", None, None, "N"), interval="korn_graubard").query("value == 1")
    return Trap(
        "width of the Korn-Graubard interval, 16 of 68 answers, 80 people",
        "svy 0.35",
        row["uci"][-1] - row["lci"][-1],
        (ours["high"] - ours["low"]).item(),
        0.2774328698775167 - 0.19670166305514447,  # R: svyciprop(~y, method = "beta")
    )


def everyone_says_yes() -> Trap:
    frame = pd.DataFrame({"y": [1] * 8, "N": 12, "w": 1.5})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        row = svy_sample(frame, wgt="w", pop_size="N").estimation.prop("y", ci_method="wilson").to_polars()
    ours = proportions(frame, ["y"], Design("w", None, None, "N"))["low"].item()
    # 8 of 12 say yes; were 3 of the 12 to say no, 8 yes would come up in C(9,8)/C(12,8) = 1.8 %; were 2: 9.1 %
    return Trap("lower limit when all 8 of 12 people agree", "svy 0.35", row["lci"].item(), ours, 10 / 12)


def a_stratum_of_one() -> Trap:
    import svy

    frame = pd.DataFrame({"y": [5.0, 1, 3], "h": ["a", "b", "b"], "N": [1, 4, 4], "w": [1.0, 2, 2]})
    try:
        theirs = svy_sample(frame, wgt="w", stratum="h", pop_size="N").estimation.mean("y").to_polars()["se"].item()
    except svy.SvyError as error:
        theirs = type(error).__name__
    ours = means(frame, ["y"], Design("w", "h", None, "N"))["se"].item()
    return Trap("standard error with a stratum of one person who answered", "svy 0.35", theirs, ours, math.sqrt(0.32))


def r_uses_the_normal_quantile() -> Trap:
    frame = pd.DataFrame({"y": [1.0, 2, 4, 5, 3, 2], "w": 2.0, "N": 12})
    row = means(frame, ["y"], Design("w", None, None, "N")).iloc[0]
    theirs = 2 * 1.959963984540054 * row["se"]  # confint(svymean(...)) with its default df = Inf
    truth = 2 * 2.5705818356363146 * row["se"]  # 5 degrees of freedom
    return Trap(
        "width of the interval of a mean, 6 of 12 people",
        "R survey, default df",
        theirs,
        row["high"] - row["low"],
        truth,
    )


def a_duckdb_relation() -> Trap:
    relation = duckdb.from_df(SIXTEEN)
    theirs = "fetchone" if hasattr(relation, "fetchone") else "no fetchone"
    ours = means(relation, ["y"], Design("w", None, None, "N"))["estimate"].item()
    return Trap("mean of a DuckDB 2 relation", "code for DuckDB 1", theirs, ours, 16 / 68)


def weights_of_an_ordinal_model() -> Trap:
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    random = np.random.default_rng(4)
    x = random.integers(0, 2, 60)
    frame = pd.DataFrame({"x": x, "q": np.clip(random.integers(1, 4, 60) + x, 1, 4)})
    frame["times"] = np.where((frame["x"] == 0) & (frame["q"] > 2), 3, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = OrderedModel(frame["q"], frame[["x"]], distr="logit", freq_weights=frame["times"])
        theirs = model.fit(method="bfgs", disp=0).params["x"]
        repeated = frame.loc[frame.index.repeat(frame["times"])]
        truth = OrderedModel(repeated["q"], repeated[["x"]], distr="logit").fit(method="bfgs", disp=0).params["x"]
    ours = proportional_odds(frame, "q", ["x"], counts="times").table.query("term == 'x'")["estimate"].item()
    return Trap(
        "slope of proportional odds, each row standing for 1 or 3 people", "statsmodels 0.15", theirs, ours, truth
    )


def rank_test_without_correction() -> Trap:
    frame = pd.read_csv(Path(__file__).parent / "reference/stratified.csv").assign(w=80 / 65, N=80)
    found = svy_sample(frame, wgt="w", pop_size="N").categorical.ranktest("q", group="g")
    ours = rank_test(frame, "q", Design("w", None, None, "N"), group="g").p
    truth = 0.00134205463397344  # R: svyranktest(q ~ g, svydesign(ids = ~1, weights = ~w, fpc = ~N)), tests/reference/unpaired.R
    return Trap("p value of a rank test, 65 of 80 people", "svy 0.35", found.stats.p_value, ours, truth)


TRAPS: list[Callable[[], Trap]] = [
    change_in_a_panel,
    level_in_a_panel,
    truncated_korn_graubard,
    everyone_says_yes,
    a_stratum_of_one,
    r_uses_the_normal_quantile,
    a_duckdb_relation,
    weights_of_an_ordinal_model,
    rank_test_without_correction,
]


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.__name__)
def test_we_are_near_the_truth_and_the_tool_is_not(trap):
    found = trap()
    assert found.ours == pytest.approx(found.truth, rel=0.05)
    wrong = isinstance(found.theirs, str) or math.isnan(found.theirs)
    assert wrong or abs(found.theirs / found.truth - 1) > 0.15
