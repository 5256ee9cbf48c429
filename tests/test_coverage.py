"""Do the intervals hold what they promise? 80 people, 2,000 draws of who answers: levels, shares, changes, false alarms.

The people are the home case: three strata (56 teachers, 16 employees, 8 managers) who answer on five points. Each draw makes 80
people and draws who answers. Descriptive: the truth is what those 80 would have said; analytic: what the process gives.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis import Design, change, means, proportions
from analysis.comparisons import FELL, ROSE, judge

DRAWS = 2000
PEOPLE = {"teacher": (56, 3.2), "employee": (16, 2.7), "manager": (8, 3.8)}
H = np.repeat(list(PEOPLE), [n for n, _ in PEOPLE.values()])
N = np.repeat([n for n, _ in PEOPLE.values()], [n for n, _ in PEOPLE.values()])
LEVEL = np.repeat([level for _, level in PEOPLE.values()], [n for n, _ in PEOPLE.values()])


@dataclass(frozen=True)
class Fieldwork:
    """Who answers: the rate of each stratum, how much the same people do so again, and how many give a code."""

    rates: tuple[float, float, float]
    again: float
    known: float


FIELDWORK = {
    "high response, everyone linked": Fieldwork((0.85, 0.85, 0.85), 0.0, 1.0),
    "almost a census, 80 % linked": Fieldwork((0.96, 0.9, 0.9), 0.5, 0.8),
    "uneven response, 60 % linked": Fieldwork((0.92, 0.7, 0.6), 0.3, 0.6),
    "low response, the same people again, everyone linked": Fieldwork((0.5, 0.5, 0.6), 0.5, 1.0),
    "the same people again, 40 % linked": Fieldwork((0.8, 0.7, 0.9), 0.8, 0.4),
}


def answers(random, shift: float) -> np.ndarray:
    """Two waves of answers of all 80 people."""
    person = LEVEL + random.normal(0, 0.8, 80)
    return np.array([np.clip(np.rint(person + s + random.normal(0, 0.6, 80)), 1, 5) for s in (0.0, shift)])


def who_answers(random, work: Fieldwork) -> np.ndarray:
    """Two waves of 80 yes or no, at least two people of each stratum in each."""
    rate = dict(zip(PEOPLE, work.rates, strict=True))
    bound = stats.norm.ppf([rate[h] for h in H])
    while True:
        person = random.normal(size=80)
        here = [np.sqrt(work.again) * person + np.sqrt(1 - work.again) * random.normal(size=80) < bound for _ in (1, 2)]
        if all((wave & (h == H)).sum() > 1 for wave in here for h in PEOPLE):
            return np.array(here)


def frame(y: np.ndarray, here: np.ndarray, known: np.ndarray) -> pd.DataFrame:
    parts = []
    for wave in (0, 1):
        rows = np.flatnonzero(here[wave])
        person = np.where(known[rows], rows.astype(float), np.nan)
        parts.append(pd.DataFrame({"wave": wave, "h": H[rows], "N": N[rows], "person": person}))
        for place, item in enumerate(y):
            parts[-1][f"y{place}"] = item[wave][rows]
    whole = pd.concat(parts, ignore_index=True)
    n = whole.groupby(["wave", "h"])["h"].transform("size")
    return whole.assign(w=whole["N"] / n)


def covered(table: pd.DataFrame, truth: float | np.ndarray) -> float:
    return float(((table["low"] <= truth + 1e-12) & (truth - 1e-12 <= table["high"])).mean())


@cache
def process() -> tuple[float, float, float]:
    """What the process gives: the mean of wave 1, the share of 4 and 5, and the change."""
    random = np.random.default_rng(5)
    first, second = np.array([answers(random, 0.3) for _ in range(20_000)]).transpose(1, 0, 2)
    return float(first.mean()), float((first >= 4).mean()), float(second.mean() - first.mean())


@cache
def coverage(case: str, target: str) -> tuple[float, float, float]:
    """How often the 95 % intervals of a level, a share and a change hold the truth."""
    random = np.random.default_rng(20270521)
    work, design = FIELDWORK[case], Design("w", "h", None, "N", target)
    first, changes, truth = [], [], []
    for draw in range(DRAWS):
        y = answers(random, 0.3)
        truth.append((y[0].mean(), (y[0] >= 4).mean(), y[1].mean() - y[0].mean()) if design.corrected else process())
        sample = frame(np.array([y]), who_answers(random, work), random.random(80) < work.known)
        changes.append(change(sample, ["y0"], design, between=(0, 1)))
        first.append(sample[sample["wave"] == 0].assign(wave=draw))
    every = pd.concat(first).assign(top=lambda table: (table["y0"] >= 4).astype(int))
    level, share, difference = np.array(truth).T
    shares = proportions(every, ["top"], design, by=["wave"]).query("value == 1")
    levels = means(every, ["y0"], design, by=["wave"])
    return covered(levels, level), covered(shares, share), covered(pd.concat(changes), difference)


@pytest.mark.slow
@pytest.mark.parametrize("target", ["descriptive", "analytic"])
@pytest.mark.parametrize("case", FIELDWORK)
def test_intervals_cover_as_often_as_they_say(case, target):
    for found in coverage(case, target):
        assert 0.93 <= found <= 0.98


@pytest.mark.slow
@pytest.mark.parametrize("target", ["descriptive", "analytic"])
def test_without_any_code_the_change_is_covered_more_often_than_it_says_never_less(target):
    random = np.random.default_rng(7)
    work = Fieldwork((0.8, 0.7, 0.9), 0.5, 0.0)
    y = answers(random, 0.3)
    truth = y[1].mean() - y[0].mean() if target == "descriptive" else process()[2]
    design = Design("w", "h", None, "N", target)
    found = [
        change(frame(np.array([y if target == "descriptive" else answers(random, 0.3)]), who_answers(random, work),
                     np.zeros(80, dtype=bool)), ["y0"], design, between=(0, 1))
        for _ in range(500)
    ]  # fmt: skip
    assert covered(pd.concat(found), truth) >= 0.95


@pytest.mark.slow
def test_raked_answers_cover_as_often_as_they_say():
    from analysis.raking import rake

    random = np.random.default_rng(9)
    y = answers(random, 0.0)[0]
    side = np.where(y + random.normal(0, 1, 80) > 3.3, "right", "left")  # goes with the answers, so that raking helps
    margins = {
        "h": {h: n for h, (n, _) in PEOPLE.items()},
        "side": dict(zip(*np.unique(side, return_counts=True), strict=True)),
    }
    drawn = []
    for draw in range(DRAWS):
        rows = np.flatnonzero(who_answers(random, Fieldwork((0.7, 0.7, 0.7), 0.0, 1.0))[0])
        part = pd.DataFrame({"wave": draw, "h": H[rows], "side": side[rows], "y": y[rows], "N": 80})
        drawn.append(rake(part, margins, name="w"))
    design = Design("w", None, None, "N", margins=("h", "side"))
    table = means(pd.concat(drawn), ["y"], design, by=["wave"])
    assert 0.93 <= covered(table, y.mean()) <= 0.98
    unaware = means(pd.concat(drawn), ["y"], Design("w", None, None, "N"), by=["wave"])
    assert table["se"].mean() < 0.9 * unaware["se"].mean()


@pytest.mark.slow
def test_six_items_that_do_not_change_give_a_false_rose_in_at_most_one_family_of_twenty():
    random = np.random.default_rng(11)
    work, design = FIELDWORK["uneven response, 60 % linked"], Design("w", "h", None, "N")
    y = np.array([answers(random, 0.0) for _ in range(6)])
    for item in y:  # the same answers in both waves; half of the people of a stratum exchange theirs
        item[1] = item[0]
        for h in PEOPLE:
            half = random.permutation(np.flatnonzero(h == H))[: (h == H).sum() // 2]
            item[1][half] = item[0][random.permutation(half)]
    items = [f"y{place}" for place in range(6)]
    alarms = {ROSE: 0, FELL: 0}
    for _ in range(DRAWS):
        sample = frame(y, who_answers(random, work), random.random(80) < work.known)
        judged = judge(change(sample, items, design, between=(0, 1)), primary=items)
        for verdict in alarms:
            alarms[verdict] += (judged["verdict"] == verdict).any()
    assert max(alarms.values()) / DRAWS <= 0.05


def test_a_census_knows_level_and_change_exactly():
    y = answers(np.random.default_rng(3), 0.3)
    everyone = np.ones((2, 80), dtype=bool)
    sample, design = frame(np.array([y]), everyone, everyone[0]), Design("w", "h", None, "N")
    level = means(sample, ["y0"], design, by=["wave"])
    assert (level["se"] == 0).all()
    row = change(sample, ["y0"], design, between=(0, 1)).iloc[0]
    assert (row["se"], row["low"], row["high"]) == (0, row["estimate"], row["estimate"])
    assert row["estimate"] == pytest.approx(y[1].mean() - y[0].mean())
