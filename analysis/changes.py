"""Differences between two waves, with the people who answered in both and those who answered in one, in one estimate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from analysis import intervals
from analysis.cube import rows
from analysis.design import Design
from analysis.estimates import COLUMNS, not_a_number, require_fitting
from survey.errors import DesignError, Text

ARROW = "→"


def change(
    frame: Any,
    items: Sequence[str],
    design: Design | None = None,
    *,
    wave: str = "wave",
    person: str | None = "person",
    between: tuple[object, object],
    by: str | None = None,
) -> pd.DataFrame:
    """The change of the mean of each item from the first wave to the second: a row per item (and group), with COLUMNS.

    frame: a row per respondent and wave; `person` names the column that is equal for the same person in both waves
    (missing: not linked; None: nobody is linked). `estimate` is second less first; `wave` is "first→second"; n is the
    number of answers in the smaller wave; `reason` stays empty; the number of linked people is in `method`.

    Variance: each wave's own, less twice the covariance. In a stratum with n1 of N1 and n2 of N2 people, nc of them in
    both, the covariance of the two means is (nc / (n1 n2) - Nc / (N1 N2)) S12, with S12 from the linked pairs (Tam 1984,
    written for a changing roster; Nc, those on both rosters, is not known and taken as the most it can be, min(N1, N2)).
    Where some answers carry no person, fewer pairs than expected may only be failed links: a factor below 0 is then 0,
    its value when answering once has nothing to do with answering again. Analytic target: nc / (n1 n2) S12.
    Within a stratum the covariance is never more than the two variances bear; beside a census it is 0.
    df: Satterthwaite's, over the strata of both waves (in a near-census most of the variance may come from a few of them).
    `change(a, b)` is `-change(b, a)`. Near to R's `svyby(~y, ~wave, svydesign(ids = ~person, ...), svymean, covmat = TRUE)`
    with `svycontrast`, which takes the waves as domains of one sample of the union and so differs by terms of order 1/n.
    Raises DesignError: a wave has no answers, a person answers twice in a wave, or the design does not fit the frame.
    """
    design = design or Design()
    names = [wave, *items, *filter(None, (person, by, design.weight, design.stratum, design.psu, design.population))]
    data = rows(frame, names)
    first, second = (_wave(data, wave, value, person, design) for value in between)
    for part in (first, second):
        require_fitting(part, items[0], design)  # the same demands on weights and populations as every estimate makes
    levels = [""] if by is None else sorted(set(first[by].dropna()) | set(second[by].dropna()))
    found = []
    for item in items:
        for level in levels:
            found.append(
                {
                    "wave": f"{between[0]}{ARROW}{between[1]}",
                    "item": item,
                    "statistic": "change",
                    "group": by or "",
                    "level": level,
                    "target": design.target,
                    **_difference(_mean(first, item, by, level), _mean(second, item, by, level), design),
                }
            )
    return pd.DataFrame(found, columns=COLUMNS)


def _wave(data: pd.DataFrame, wave: str, value: object, person: str | None, design: Design) -> pd.DataFrame:
    """One wave's rows, with the columns that the arithmetic uses under fixed names."""
    part = data[data[wave] == value]
    if part.empty:
        raise DesignError(
            "change(between=...)",
            rule=Text("Cả hai đợt phải có câu trả lời.", "Both waves have answers."),
            found=Text(f"đợt {value} không có dòng nào", f"wave {value} has no row"),
            cure=Text(f"Các đợt đang có: {_held(data[wave])}.", f"Waves that are there: {_held(data[wave])}."),
        )
    if person and part[person].dropna().duplicated().any():
        twice = part.loc[part[person].notna() & part[person].duplicated(), person].iloc[0]
        raise DesignError(
            f"change(person={person!r})",
            rule=Text("Mỗi người có nhiều nhất một dòng trong một đợt.", "A person has one row in a wave."),
            found=Text(f"{twice} hai lần trong đợt {value}", f"{twice} twice in wave {value}"),
            cure=Text("Giữ một dòng, hoặc để trống cột ấy.", "Keep one of the rows, or leave that column empty."),
        )
    unit = part[design.psu] if design.psu else part[person] if person else pd.Series(pd.NA, index=part.index)
    return part.assign(
        _w=part[design.weight].astype(float) if design.weight else 1.0,
        _stratum=part[design.stratum] if design.stratum else 0,
        _unit=unit.astype(object),
        _population=part[design.population].astype(float) if design.population else math.nan,
    )


def _held(waves: pd.Series) -> str:
    return ", ".join(map(str, sorted(waves.dropna().unique())))


def _mean(data: pd.DataFrame, item: str, by: str | None, level: object) -> dict:
    """One wave's mean, and the linearised contribution z of each of its units (people, or PSUs)."""
    y = _numbers(data[item], item)
    base = y.notna() & ((data[by] == level).fillna(False).astype(bool) if by else True)
    weight = data["_w"].where(base, 0.0)
    total = weight.sum()
    mean = float((weight * y.fillna(0)).sum() / total) if total else math.nan
    z = (weight * (y.fillna(0) - mean) / total).where(base, 0.0) if total else weight
    units = pd.DataFrame({"stratum": data["_stratum"], "unit": data["_unit"], "z": z, "base": base})
    strata = data.groupby("_stratum", dropna=False)["_population"].max().rename("population").to_frame()
    return {"mean": mean, "n": int(base.sum()), "units": units, "strata": strata}


def _numbers(values: pd.Series, item: str) -> pd.Series:
    try:
        return pd.to_numeric(values).astype("Float64").astype(float)
    except (ValueError, TypeError):
        raise not_a_number(item, next(value for value in values if isinstance(value, str))) from None


def _per_unit(wave: dict, design: Design) -> pd.DataFrame:
    """stratum, unit, z: a row per person, or per PSU where the design has PSUs."""
    units = wave["units"]
    return (
        units.groupby(["stratum", "unit"], as_index=False).agg(z=("z", "sum"), base=("base", "any"))
        if design.psu
        else units
    )


def _variances(units: pd.DataFrame, strata: pd.DataFrame, design: Design) -> dict[object, tuple[float, int]]:
    """Stratum -> its (1 - n/N) n S^2(z), and its degrees of freedom; a lonely unit is taken about 0."""
    parts = {}
    for stratum, z in units.groupby("stratum", dropna=False)["z"]:
        free = 1 - len(z) / strata.loc[stratum, "population"] if design.corrected else 1.0
        spread = float(z.var(ddof=1)) if len(z) > 1 else float(z.sum()) ** 2
        parts[stratum] = (free * len(z) * spread, max(1, len(z) - 1))
    return parts


def _covariance(
    first: pd.DataFrame, second: pd.DataFrame, strata: list[pd.DataFrame], variances: list[dict], design: Design
) -> tuple[float, int]:
    """The covariance of the two means, and how many people (PSUs) are linked."""
    linked = first.dropna(subset="unit").merge(second.dropna(subset="unit"), on="unit", suffixes=("1", "2"))
    n1, n2 = first.groupby("stratum", dropna=False).size(), second.groupby("stratum", dropna=False).size()
    everyone = bool(first["unit"].notna().all() and second["unit"].notna().all())
    total = 0.0
    for (stratum, other), pairs in linked.groupby(["stratum1", "stratum2"], dropna=False):
        factor = float(len(pairs))
        if design.corrected:
            if stratum != other:  # people who changed strata were drawn apart from each other
                continue
            big = [frame.loc[stratum, "population"] for frame in strata]
            factor -= n1[stratum] * n2[stratum] * min(big) / (big[0] * big[1])
            factor = factor if everyone else max(0.0, factor)
        most = math.sqrt(variances[0][stratum][0] * variances[1][other][0])
        if len(pairs) > 1:
            total += min(most, max(-most, factor * float(np.cov(pairs["z1"], pairs["z2"], ddof=1)[0, 1])))
    return total, len(linked)


def _difference(first: dict, second: dict, design: Design) -> dict:
    one, two = _per_unit(first, design), _per_unit(second, design)
    variances = [_variances(one, first["strata"], design), _variances(two, second["strata"], design)]
    covariance, linked = _covariance(one, two, [first["strata"], second["strata"]], variances, design)
    parts = [part for wave in variances for part in wave.values()]
    apart = sum(part for part, _ in parts)
    variance = apart - 2 * covariance
    squares = sum(part**2 / df for part, df in parts)
    df = apart**2 / squares if squares else float(sum(df for _, df in parts))
    estimate = second["mean"] - first["mean"]
    se = math.sqrt(variance) if variance > 0 else 0.0
    low, high = intervals.student(estimate, se, df)
    return {
        "estimate": estimate,
        "se": se if not math.isnan(estimate) else math.nan,
        "low": low,
        "high": high,
        "df": df,
        "n": min(first["n"], second["n"]),
        "population": float(second["strata"]["population"].sum(min_count=1)),
        "method": f"difference of means, Tam covariance ({linked} linked{', fpc' if design.corrected else ''}); t",
    }
