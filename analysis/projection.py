"""How fast a target is approached, how fast it would have to be, and where it will be, as far as its own counts can tell."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit
from scipy.stats import t as student
from statsmodels.regression.linear_model import WLS  # statsmodels.api takes three times as long to load
from statsmodels.tools.tools import add_constant

from analysis.sentences import number, percent
from analysis.targets import STATUS, missing, rule_words, status
from survey.errors import Text
from survey.study import Figure, Study, Target

YEAR = 365.25  # days
LEAST = 3  # dated figures, from which a projection is made
FAR = 1.5  # times the time observed, up to which one is made
# The prior on the spread of counts around their trend, of which few points tell little: its degrees of freedom, and its mean
# (1 would be chance alone). Set by simulation, so that four in five projections hold what is counted then.
PRIOR, SPREAD = 4.0, 0.9


def history(entries: pd.DataFrame, target: int, until: dt.date) -> pd.DataFrame:
    """The school's own counts of a target in order of date: date, numerator, denominator, share.

    entries: see register.ENTRIES. Left out: entries that were replaced, of one unit, dated later, without cases, and those
    whose counts cannot be.
    """
    own = entries[(entries["target"] == target) & ~entries["replaced"] & entries["unit"].isna()]
    own = own[(own["date"] <= pd.Timestamp(until)) & (own["denominator"] > 0)]
    own = own[(own["numerator"] >= 0) & (own["numerator"] <= own["denominator"])].sort_values("date", kind="stable")
    counts = own[["date", "numerator", "denominator"]].astype({"numerator": "int64", "denominator": "int64"})
    return counts.assign(share=counts["numerator"] / counts["denominator"]).reset_index(drop=True)


def next_review(study: Study, until: dt.date, target: Target) -> dt.date | None:
    """The day by which a target is to be reached: its own, else the closing of the phase that runs; None when all is over."""
    return target.by or next((phase.closes for phase in study.phases if phase.closes > until), None)


@dataclass(frozen=True)
class Pace:
    """In shares a year; None: not to be said. `needed` is 0 where the target is reached."""

    needed: float | None
    observed: float | None
    words: Text


def pace(known: pd.DataFrame, target: Target, by: dt.date) -> Pace:
    """The yearly growth that the target needs by its day, beside that of its history (the weighted line through all points)."""
    if known.empty:
        return Pace(None, None, Text("chưa có số liệu", "no figures"))
    last = known.iloc[-1]
    lacking = missing(target, int(last["numerator"]), int(last["denominator"]))
    observed = _slope(known)
    seen = (
        Text(*(f"{tongue} {number(100 * observed, 1)}" for tongue in ("hiện nay", "now")))
        if observed is not None
        else None
    )
    if lacking == 0:
        return Pace(0.0, observed, Text("đã đạt", "reached"))
    years = (pd.Timestamp(by) - last["date"]).days / YEAR
    if years <= 0:
        return Pace(None, observed, Text("đã đến hạn mà chưa đạt", "due, and not reached"))
    needed = lacking / int(last["denominator"]) / years
    vi, en = f"cần {number(100 * needed, 1)} điểm % mỗi năm", f"{number(100 * needed, 1)} points a year are needed"
    return Pace(needed, observed, Text(f"{vi}, {seen.vi}", f"{en}, {seen.en}") if seen else Text(vi, en))


def _slope(known: pd.DataFrame) -> float | None:
    """Shares a year; None where there is one date only."""
    years = _years(known)
    if len(known) < 2 or years.max() == years.min():
        return None
    line = WLS(known["share"].to_numpy(), add_constant(years), weights=known["denominator"].to_numpy()).fit()
    return float(line.params[1])


def _years(known: pd.DataFrame) -> np.ndarray:
    return ((known["date"] - known["date"].iloc[-1]).dt.days / YEAR).to_numpy(dtype=float)


@dataclass(frozen=True)
class Projection:
    """The share that will be counted on a day, with its prediction interval; None where it cannot be told, and why."""

    at: dt.date
    estimate: float | None
    low: float | None
    high: float | None
    words: Text


def project(known: pd.DataFrame, at: dt.date, level: float = 0.8) -> Projection:
    """Where a target will stand, if it goes on as it went.

    A line on the logit scale through the counts (empirical logits, weighted by their binomial precision; Cox & Snell 1989,
    Analysis of Binary Data, 2.1.6). The counts' spread around it, beyond chance, is estimated with few points and therefore
    drawn towards a prior of `PRIOR` degrees of freedom (a moderated variance: Smyth 2004). The interval is one of prediction:
    it holds the share that is counted then, not its expectation. R: `predict(lm(logit ~ year, weights = w), interval =
    "prediction")` for PRIOR = 0.
    """
    reason = _untold(known, at)
    if reason is not None:
        return Projection(at, None, None, None, reason)
    x, n = known["numerator"].to_numpy(dtype=float), known["denominator"].to_numpy(dtype=float)
    logits, weights = np.log((x + 0.5) / (n - x + 0.5)), 1 / (1 / (x + 0.5) + 1 / (n - x + 0.5))
    design = add_constant(_years(known))
    line = WLS(logits, design, weights=weights).fit()
    point = np.array([1.0, (pd.Timestamp(at) - known["date"].iloc[-1]).days / YEAR])
    freedom = len(known) - 2 + PRIOR
    spread = (float(line.ssr) + PRIOR * SPREAD) / freedom
    middle = float(point @ line.params)
    share, size = expit(middle), n[-1]
    counted = 1 / (1 / (share * size + 0.5) + 1 / ((1 - share) * size + 0.5))
    width = math.sqrt(spread * float(point @ line.normalized_cov_params @ point) + spread / counted)
    reach = float(student.ppf((1 + level) / 2, freedom)) * width
    low, high = (float(expit(middle + sign * reach)) for sign in (-1, 1))
    return Projection(at, float(share), low, high, _told(at, float(share), low, high, level))


def _untold(known: pd.DataFrame, at: dt.date) -> Text | None:
    if len(known) < LEAST or known["date"].nunique() < LEAST:
        found = known["date"].nunique()
        return Text(f"chưa dự báo được: mới có {found} mốc số liệu", f"no projection: figures of {found} dates only")
    span = (known["date"].iloc[-1] - known["date"].iloc[0]).days
    ahead = (pd.Timestamp(at) - known["date"].iloc[-1]).days
    if ahead <= 0:
        return Text("đã có số liệu của ngày ấy hoặc sau đó", "there are figures of that day or later")
    if ahead > FAR * span:
        return Text(
            "chưa dự báo được: quá xa so với thời gian đã có số liệu", "no projection: too far beyond the figures"
        )
    return None


def _told(at: dt.date, share: float, low: float, high: float, level: float) -> Text:
    chance = f"{100 * level:.0f}%"
    return Text(
        f"nếu tiếp tục như đến nay, ngày {at:%d/%m/%Y} khoảng {percent(share, 0)} (khoảng dự báo {chance}: {percent(low, 0)}–"
        f"{percent(high, 0)})",
        f"if it goes on so, about {percent(share, 0)} on {at:%d/%m/%Y} ({chance} prediction interval: {percent(low, 0)}–"
        f"{percent(high, 0)})",
    )


def what_if(target: Target, numerator: int, denominator: int, more: Sequence[int]) -> pd.DataFrame:
    """What so many more would make of the target: more, numerator, denominator, share, status, words."""
    rows = []
    for extra in more:
        count = min(numerator + extra, denominator)
        figure = Figure(target=target.id, date=dt.date.min, numerator=count, denominator=denominator)
        state = status(target, figure)
        words = (
            f"+{number(extra, 0)}: {number(count, 0)}/{number(denominator, 0)} – {STATUS[state]} ({rule_words(target)})"
        )
        rows.append((extra, count, denominator, count / denominator if denominator else None, state, words))
    names = ["more", "numerator", "denominator", "share", "status", "words"]
    return pd.DataFrame(rows, columns=names).astype({"share": "Float64"})
