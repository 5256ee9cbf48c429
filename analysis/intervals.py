"""Confidence intervals for small finite populations. Numbers or arrays in, (low, high) out."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy import stats


def hypergeometric(count, n, population, level: float = 0.95):
    """Exact interval for a share, when `count` of `n` people drawn from `population` without weights have the property.

    Returns (low, high) as shares. All possible numbers K of people with the property are kept that would give `count`
    or fewer, and `count` or more, with probability above (1 - level) / 2. A census gives (p, p). Never covers less than
    `level`. Source: Buonaccorsi (1987), The American Statistician 41, 215-218.
    """
    count, n, population = np.broadcast_arrays(*(np.asarray(x, dtype=np.int64) for x in (count, n, population)))
    tail = (1 - level) / 2
    least, most = count, population - (n - count)
    low = _first(least, most, lambda k: stats.hypergeom.sf(count - 1, population, k, n) > tail)
    # counted from the other side: the people without the property
    without = _first(
        population - most, population - least, lambda k: stats.hypergeom.sf(n - count - 1, population, k, n) > tail
    )
    return _pair(low / population, (population - without) / population)


def _first(low, high, holds):
    """The smallest whole number in [low, high] for which something holds that holds for `high` and stays true once true."""
    low, high = low.copy(), high.copy()
    while np.any(low < high):
        middle = (low + high) // 2
        true = holds(middle)
        low, high = np.where(true, low, np.minimum(middle + 1, high)), np.where(true, middle, high)
    return low


def wilson(share, n_effective, df, level: float = 0.95):
    """Wilson's interval with an effective sample size and Student's t.

    `n_effective` is share (1 - share) / se^2, so that weights, strata, clusters and the finite-population correction are
    in it. It is infinite for a census: (share, share). R: `survey::svyciprop(method = "wilson")` from version 4.5.
    """
    share, n_effective, df = _numbers(share, n_effective, df)
    t2 = quantile(level, df) ** 2 / n_effective
    middle = (share + t2 / 2) / (1 + t2)
    half = np.sqrt(t2) * np.sqrt(share * (1 - share) + t2 / 4) / (1 + t2)
    # at 0 and 1 the outer limit is the share itself; rounding must not push it aside
    low = np.where(share == 0, 0.0, np.maximum(0.0, middle - half))
    high = np.where(share == 1, 1.0, np.minimum(1.0, middle + half))
    return _known(share, low, high, census=np.isinf(n_effective), possible=n_effective > 0)


def korn_graubard(share, n_effective, n, df, level: float = 0.95):
    """Korn and Graubard's interval (1998): Clopper and Pearson's with the effective sample size, adjusted by t.

    Not truncated: `n_effective` may be above `n`, the number of answers, as it is wherever most of a finite population has
    answered; the truncated version would throw the finite-population correction away.
    R: `survey::svyciprop(method = "beta")`.
    """
    share, n_effective, n, df = _numbers(share, n_effective, n, df)
    size = n_effective * (quantile(level, n - 1) / quantile(level, df)) ** 2
    tail = (1 - level) / 2
    finite = np.where(np.isfinite(size) & (size > 0), size, 1.0)
    low = np.where(share == 0, 0.0, stats.beta.ppf(tail, finite * share, finite * (1 - share) + 1))
    high = np.where(share == 1, 1.0, stats.beta.ppf(1 - tail, finite * share + 1, finite * (1 - share)))
    return _known(share, low, high, census=np.isinf(n_effective), possible=size > 0)


def student(estimate, se, df, level: float = 0.95):
    """estimate -+ t(df) se; (estimate, estimate) where the standard error is 0; missing where there is no df.

    R: `confint(x, df = degf(design))`.
    """
    estimate, se, df = _numbers(estimate, se, df)
    half = quantile(level, df) * se
    return _known(estimate, estimate - half, estimate + half, census=se == 0, possible=df > 0)


def quantile(level: float, df):
    """Student's t of a two-sided interval; missing where df is not above 0. R: `qt((1 + level) / 2, df)`."""
    df = np.asarray(df, dtype=float)
    known, place = np.unique(df, return_inverse=True)
    return _quantiles(level, tuple(known.tolist()))[place].reshape(df.shape)


@lru_cache(maxsize=64)  # every value of an item asks for the same ones
def _quantiles(level: float, df: tuple[float, ...]) -> np.ndarray:
    return stats.t.ppf((1 + level) / 2, [one if one > 0 else np.nan for one in df])


def _numbers(*values):
    return np.broadcast_arrays(*(np.asarray(value, dtype=float) for value in values))


def _known(estimate, low, high, *, census, possible):
    """The limits: the estimate itself in a census, none where none can be given."""
    missing = np.where(possible, 0.0, np.nan)
    return _pair(np.where(census, estimate, low + missing), np.where(census, estimate, high + missing))


def _pair(low, high):
    return (float(low), float(high)) if np.ndim(low) == 0 else (low, high)
