"""Differences between waves and phases, with the people who answered in both and those who answered in one, in one estimate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from analysis.contrasts import ARROW, Contrast, contrasts
from analysis.cube import rows
from analysis.design import Design
from survey.errors import DesignError, Text


def change(
    frame: Any,
    items: Sequence[str],
    design: Design | None = None,
    *,
    wave: str = "wave",
    person: str | None = "person",
    between: tuple[object, object],
    by: str | None = None,
    stayers: str | None = None,
    tops: Mapping[str, Sequence[object]] | None = None,
) -> pd.DataFrame:
    """The change of the mean of each item from the first wave to the second: a row per item (and group), with COLUMNS.

    frame: a row per respondent and wave; `person` names the column that is equal for the same person in both waves
    (missing: not linked; None: nobody is linked). tops: item -> answers; the change is then of the share of people who gave
    one of them. `estimate` is second less first; `wave` is "first→second"; n is the number of answers in the smaller wave;
    `reason` stays empty; the number of linked people is in `method`.

    Descriptive target: each wave's own variance, less twice the covariance. In a stratum with n1 of N1 and n2 of N2 people,
    nc of them in both, the covariance of the two means is (nc / (n1 n2) - Nc / (N1 N2)) S12, with S12 from the linked pairs
    (Tam 1984, The American Statistician 38, 288-289; written for a changing roster). Nc, those on both rosters, is in the
    column `stayers`; else it is taken as the most it can be, min(N1, N2). Where some answers carry no person, nc is taken
    as linked / known (known: the smaller wave share of answers with a person; right if giving a code has nothing to do with
    answering again), and a factor below 0 as 0. Within a stratum the covariance is never more than the two variances bear;
    beside a census it is 0. df: Satterthwaite's, over the strata of both waves (in a near-census most of the variance may
    come from a few of them).

    Analytic target, or no population: each person (or PSU) is a cluster with all its rows; df: clusters less strata; nc as
    above where some answers carry no person. R, where all do:
    `svycontrast(svyby(~y, ~wave, svydesign(ids = ~person, strata = ~h, weights = ~w), svymean, covmat = TRUE), c(-1, 1))`.

    `change(a, b)` is `-change(b, a)`. Raises DesignError: a wave has no answers, a person answers twice in a wave, or the
    design does not fit the frame.
    """
    first, second = between
    planned = [Contrast(f"{first}{ARROW}{second}", "change", {first: -1.0, second: 1.0})]
    return contrasts(frame, items, design, planned=planned, wave=wave, person=person, by=by, stayers=stayers, tops=tops)


def slopes(
    frame: Any,
    items: Sequence[str],
    design: Design | None = None,
    *,
    phases: Sequence[Sequence[float]],
    wave: str = "wave",
    person: str | None = "person",
    by: str | None = None,
    tops: Mapping[str, Sequence[object]] | None = None,
) -> pd.DataFrame:
    """The yearly slope of the wave means in each phase, and the difference of the slopes of each phase and the one before.

    phases: the waves (years, or parts of years) of each phase, at least two; a wave may close one phase and open the next. A
    slope is the least-squares line through the wave means, whatever their spacing: a contrast planned beforehand, which describes
    the trend and does not say what caused it. statistic: "slope" (points a year), "difference of slopes" (`wave` names the two
    phases). Else as `change`. R: `svycontrast` with the weights (x - mean x) / sum((x - mean x)^2).
    """
    weights = [_slope(waves) for waves in phases]
    names = [f"{min(waves)}{ARROW}{max(waves)}" for waves in phases]
    planned = [Contrast(name, "slope", weight) for name, weight in zip(names, weights, strict=True)]
    for place in range(1, len(phases)):
        before, after = weights[place - 1], weights[place]
        both = {w: after.get(w, 0.0) - before.get(w, 0.0) for w in sorted({*before, *after})}
        planned.append(Contrast(f"{names[place - 1]} | {names[place]}", "difference of slopes", both))
    return contrasts(frame, items, design, planned=planned, wave=wave, person=person, by=by, tops=tops)


def _slope(waves: Sequence[float]) -> dict[float, float]:
    waves = sorted(set(waves))  # as they are named in the frame: 2025.5 is a wave of its own
    years = np.array(waves, dtype=float)
    if len(years) < 2:
        raise DesignError(
            "slopes(phases=...)",
            rule=Text("Mỗi giai đoạn cần ít nhất hai đợt.", "Each phase has at least two waves."),
            found=", ".join(f"{year:g}" for year in years) or Text("không có đợt nào", "no wave"),
            cure=Text("Bỏ giai đoạn ấy, hoặc chờ đợt sau.", "Leave that phase out, or wait for its next wave."),
        )
    apart = years - years.mean()
    return dict(zip(waves, (apart / (apart**2).sum()).tolist(), strict=True))


def turnover(
    frame: Any,
    items: Sequence[str],
    *,
    wave: str = "wave",
    person: str = "person",
    between: tuple[object, object],
    population: int | None = None,
) -> pd.DataFrame:
    """What of a change is people changing, and what is other people answering: a row per item.

    Unweighted means of those who answered in both waves (linked) and of the others: linked_first, linked_second, left
    (answered only in the first wave, or could not be linked), joined (only in the second); n of each; and the parts of the
    change of all answers: within (linked people's own change) + composition = total. target is "descriptive": it says what
    the answers hold, without an interval; population is as given.
    """
    data = rows(frame, [wave, person, *items])
    first, second = (data[data[wave] == value] for value in between)
    found = []
    for item in items:
        one, two = (
            part.assign(y=pd.to_numeric(part[item]).astype("Float64").astype(float)) for part in (first, second)
        )
        one, two = one.dropna(subset=["y"]), two.dropna(subset=["y"])
        both = set(one[person].dropna()) & set(two[person].dropna())
        stay1, stay2 = one[one[person].isin(both)]["y"], two[two[person].isin(both)]["y"]
        total, within = two["y"].mean() - one["y"].mean(), stay2.mean() - stay1.mean()
        found.append(
            {
                "item": item,
                "wave": f"{between[0]}{ARROW}{between[1]}",
                "linked_first": stay1.mean(),
                "linked_second": stay2.mean(),
                "left": one[~one[person].isin(both)]["y"].mean(),
                "joined": two[~two[person].isin(both)]["y"].mean(),
                "n_linked": len(both),
                "n_left": len(one) - len(both),
                "n_joined": len(two) - len(both),
                "total": total,
                "within": within,
                "composition": total - within,
                "n": min(len(one), len(two)),
                "population": population,
                "target": "descriptive",
                "method": "unweighted means of linked and unlinked people",
            }
        )
    return pd.DataFrame(found)
