"""The smallest change that so many answers would show: stated beside every "no significant change", and when planning."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import pandas as pd
from scipy import optimize, stats

from survey.errors import DesignError, Text


def smallest_dz(n: int, *, power: float = 0.8, level: float = 0.05) -> float:
    """The smallest mean change of n pairs, in standard deviations of the differences, that a two-sided paired t test finds.

    Missing where n < 2. R: `power.t.test(n, sd = 1, power = power, type = "paired", strict = TRUE)$delta`.
    """
    _check(power=power, level=level)
    if n < 2:
        return math.nan
    reach = float(stats.t.ppf(1 - level / 2, n - 1))

    def short(dz: float) -> float:  # t squared is F; scipy's noncentral t itself is missing far out
        return float(stats.ncf.sf(reach**2, 1, n - 1, n * dz**2)) - power

    return float(optimize.brentq(short, 1e-6, (reach + 10) * 2, xtol=1e-12))


def power_of_net_change(n: int, change: float, *, discordant: float = 0.3, level: float = 0.05) -> float:
    """The chance that the exact McNemar (sign) test of n pairs finds a net change, both as shares (0 to 1).

    discordant: share of people who move at all; those who move m are binomial, those of m who rise binomial again.
    R: `sum(dbinom(m, n, discordant) * ...)` over the m and the rises that `binom.test` rejects.
    """
    _check(level=level, discordant=discordant)
    if not abs(change) <= discordant:
        raise DesignError(
            "change",
            rule=Text("Thay đổi ròng không vượt phần người có thay đổi.", "No net change above the share who move."),
            found=f"{change} > {discordant}",
            cure=Text("Tăng discordant, hoặc giảm change.", "Raise discordant, or lower change."),
        )
    moved = np.arange(n + 1)
    up = (discordant + change) / (2 * discordant)
    fewest = stats.binom.ppf(level / 2, moved, 0.5).astype(int)  # the exact test rejects below, or on, this number
    fewest = np.where(stats.binom.cdf(fewest, moved, 0.5) <= level / 2 * (1 + 1e-12), fewest, fewest - 1)
    found = stats.binom.cdf(fewest, moved, up) + stats.binom.cdf(fewest, moved, 1 - up)
    return float((stats.binom.pmf(moved, n, discordant) * found).sum())


def smallest_net_change(n: int, *, discordant: float = 0.3, power: float = 0.8, level: float = 0.05) -> float:
    """The smallest net change (a share, 0 to 1) that the exact McNemar test of n pairs finds; missing where none is enough."""
    _check(power=power, level=level, discordant=discordant)
    if n < 1 or power_of_net_change(n, discordant, discordant=discordant, level=level) < power:
        return math.nan

    def short(change: float) -> float:
        return power_of_net_change(n, change, discordant=discordant, level=level) - power

    return float(optimize.brentq(short, 0.0, discordant, xtol=1e-12))


def margin(n: float, population: float | None = None, *, share: float = 0.5, level: float = 0.05) -> float:
    """Half the width of the normal interval of a share, 1.96 sqrt(p (1 - p) / (n - 1) (1 - n/N)); 0 in a census.

    population: none for no finite-population correction. Missing where n < 2 (but 0 in a census of one).
    R: `qnorm(.975) * SE(svymean(~y, svydesign(ids = ~1, fpc = ~N)))`.
    """
    _check(level=level)
    if population is not None and population < n:
        raise DesignError(
            "population",
            rule=Text("Tổng thể không nhỏ hơn số người trả lời.", "The population is not smaller than the answers."),
            found=f"{population:g} < {n:g}",
            cure=Text("Sửa population theo danh sách.", "Take population from the roster."),
        )
    if population == n and n > 0:
        return 0.0
    if n < 2:
        return math.nan
    left = 1 - n / population if population else 1.0
    return float(stats.norm.ppf(1 - level / 2)) * math.sqrt(share * (1 - share) / (n - 1) * left)


def smallest_from_se(se: float, df: float = math.inf, *, power: float = 0.8, level: float = 0.05) -> float:
    """The smallest true change that an estimate with such a standard error and df would show, (t(1 - level/2) + t(power)) se.

    In the units of se; 0 where se is 0 (a census); missing where df is not above 0.
    """
    _check(power=power, level=level)
    if se == 0:
        return 0.0
    if not df > 0:
        return math.nan
    return float(stats.t.ppf(1 - level / 2, df) + stats.t.ppf(power, df)) * se


Kind = Literal["dz", "net change", "margin", "estimate"]


def smallest_change(
    n: int,
    population: int | None = None,
    *,
    discordant: float = 0.3,
    share: float = 0.5,
    se: float | None = None,
    df: float = math.inf,
    power: float = 0.8,
    level: float = 0.05,
) -> pd.DataFrame:
    """What n answers (or pairs) of a population can show: a row each for dz, the net change, the margin and an estimate.

    Columns: kind, smallest, unit, n, population, target, power, method. "dz" and "net change" are analytic (about the
    process, no correction); "margin" (descriptive where population is given) is the half width of an interval, not a test;
    "estimate" is there where se is given. Shares are 0 to 1.
    """
    target = "analytic" if population is None else "descriptive"
    size = math.nan if population is None else float(population)
    found: list[tuple[Kind, float, str, str, float, str]] = [
        ("dz", smallest_dz(n, power=power, level=level), "sd of differences", "analytic", power, "paired t test"),
        (
            "net change",
            smallest_net_change(n, discordant=discordant, power=power, level=level),
            "share",
            "analytic",
            power,
            f"exact McNemar, {discordant:.0%} move",
        ),
        (
            "margin",
            margin(n, population, share=share, level=level),
            "share",
            target,
            math.nan,
            f"normal, p = {share:g}",
        ),
    ]
    if se is not None:
        smallest = smallest_from_se(se, df, power=power, level=level)
        found.append(("estimate", smallest, "as the estimate", target, power, "(t(1 - level/2) + t(power)) se"))
    table = pd.DataFrame(found, columns=["kind", "smallest", "unit", "target", "power", "method"])
    table = table.assign(n=n, population=size)
    return table[["kind", "smallest", "unit", "n", "population", "target", "power", "method"]]


def _check(**shares: float) -> None:
    for name, value in shares.items():
        if not 0 < value < 1 and not (name == "discordant" and value == 1):
            raise DesignError(
                name,
                rule=Text("Là tỷ lệ giữa 0 và 1.", "It is a share between 0 and 1."),
                found=value,
                cure=Text(f"Ví dụ {name}=0.3.", f"For example {name}=0.3."),
            )
