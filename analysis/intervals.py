"""Confidence intervals for shares in small finite populations."""

from __future__ import annotations

import math

from scipy import stats


def hypergeometric(count: int, n: int, population: int, level: float = 0.95) -> tuple[float, float]:
    """Exact interval for a share, when `count` of `n` people drawn from `population` without weights have the property.

    Returns (low, high) as shares. All possible numbers K of people with the property are kept that would give `count`
    or fewer, and `count` or more, with probability above (1 - level) / 2. A census gives (p, p). Never covers less than
    `level`. Source: Buonaccorsi (1987), The American Statistician 41, 215-218.
    """
    tail = (1 - level) / 2
    possible = range(count, population - (n - count) + 1)
    low = next(k for k in possible if stats.hypergeom.sf(count - 1, population, k, n) > tail)
    high = next(k for k in reversed(possible) if stats.hypergeom.cdf(count, population, k, n) > tail)
    return low / population, high / population


def wilson(share: float, n_effective: float, df: float, level: float = 0.95) -> tuple[float, float]:
    """Wilson's interval with an effective sample size and Student's t.

    `n_effective` is share (1 - share) / se^2, so that weights, strata, clusters and the finite-population correction are
    in it. It is infinite for a census: (share, share). R: `survey::svyciprop(method = "wilson")` from version 4.5.
    """
    if math.isinf(n_effective):
        return share, share
    if not n_effective > 0 or not df > 0:
        return math.nan, math.nan
    t2 = float(stats.t.ppf((1 + level) / 2, df)) ** 2 / n_effective
    middle = (share + t2 / 2) / (1 + t2)
    half = math.sqrt(t2) * math.sqrt(share * (1 - share) + t2 / 4) / (1 + t2)
    # at 0 and 1 the outer limit is the share itself; rounding must not push it aside
    return (share if share == 0 else max(0.0, middle - half)), (share if share == 1 else min(1.0, middle + half))


def student(estimate: float, se: float, df: float, level: float = 0.95) -> tuple[float, float]:
    """estimate -+ t(df) se; (estimate, estimate) where the standard error is 0; missing where there is no df.

    R: `confint(x, df = degf(design))`.
    """
    if se == 0:
        return estimate, estimate
    if not df > 0 or math.isnan(se):
        return math.nan, math.nan
    half = float(stats.t.ppf((1 + level) / 2, df)) * se
    return estimate - half, estimate + half
