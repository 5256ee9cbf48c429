"""Is there no change worth speaking of: two one-sided tests against a bound that was fixed beforehand."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy import stats

from analysis import intervals
from analysis.result import Test
from survey.errors import DesignError, Text

LEVEL = 0.05


def tost(estimate: float, se: float, df: float, bound: float, *, item: str = "", n: int = 0, target: str = "") -> Test:
    """Whether an estimate lies within -+`bound`: p is the larger of the two one-sided p values; low, high the 90 % interval.

    Equivalent at 5 % where p < .05, which is where the interval lies within the bound. se 0 (a census) decides exactly.
    Source: Schuirmann (1987). R: the larger p of `t.test(x, mu = -bound, alternative = "greater")` and
    `t.test(x, mu = bound, alternative = "less")`. Raises DesignError: the bound is not above 0.
    """
    if not bound > 0:
        raise DesignError(
            "tost(bound=...)",
            rule=Text("Ngưỡng là số dương, định trước khi xem số liệu.", "The bound is above 0, fixed beforehand."),
            found=str(bound),
            cure=Text(
                "Ví dụ 0,3 điểm hoặc 0,1 (10 điểm phần trăm).", "For example 0.3 points, or 0.1 (10 points in 100)."
            ),
        )
    low, high = intervals.student(estimate, se, df, 1 - 2 * LEVEL)
    if se == 0:
        p = 0.0 if abs(estimate) < bound else 1.0
    else:
        p = float(stats.t.sf((bound - abs(estimate)) / se, df)) if df > 0 else math.nan
    statistic = (bound - abs(estimate)) / se if se > 0 else math.nan
    return Test(
        item,
        "equivalence",
        statistic,
        df,
        p,
        estimate,
        low,
        high,
        n,
        n,
        target,
        method=f"TOST, bound {bound:g}; 90 % interval",
    )


def tost_paired(before: Sequence[float], after: Sequence[float], bound: float, *, item: str = "") -> Test:
    """`tost` of the mean change of linked people (after less before), by paired t tests. Pairs with a gap are left out."""
    d = np.asarray(after, dtype=float) - np.asarray(before, dtype=float)
    d = d[~np.isnan(d)]
    se = float(d.std(ddof=1) / math.sqrt(len(d))) if len(d) > 1 else math.nan
    return tost(float(d.mean()) if len(d) else math.nan, se, len(d) - 1, bound, item=item, n=len(d), target="analytic")


def tost_means(one: Sequence[float], two: Sequence[float], bound: float, *, item: str = "") -> Test:
    """`tost` of the difference of two groups' means (two less one), by Welch's t tests."""
    groups = [np.asarray(values, dtype=float) for values in (one, two)]
    groups = [values[~np.isnan(values)] for values in groups]
    if min(map(len, groups)) < 2:
        return Test(item, "equivalence", n=sum(map(len, groups)), target="analytic", method="too few answers")
    parts = [values.var(ddof=1) / len(values) for values in groups]
    squares = sum(part**2 / (len(values) - 1) for part, values in zip(parts, groups, strict=True))
    df = sum(parts) ** 2 / squares if squares else sum(map(len, groups)) - 2
    difference = float(groups[1].mean() - groups[0].mean())
    return tost(
        difference, math.sqrt(sum(parts)), float(df), bound, item=item, n=sum(map(len, groups)), target="analytic"
    )
