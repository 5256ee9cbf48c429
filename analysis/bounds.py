"""What if those who did not answer are different: the least and the most that can be, and what would tip a conclusion."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from analysis.cube import rows
from survey.errors import DesignError, Text

COLUMNS = ["item", "statistic", "estimate", "low", "high", "n", "population", "rate", "target", "method"]


def bounds(
    frame: Any,
    items: Sequence[str],
    population: int,
    *,
    ends: tuple[float, float] | None = None,
    tops: Mapping[str, Sequence[object]] | None = None,
) -> pd.DataFrame:
    """Manski's bounds: a row per item, whatever the people who gave no answer would have said.

    frame: one wave, a row per respondent. population: people who were asked. tops: item -> answers; the share of people who
    gave one of them (else the mean, which needs the scale's `ends`). With answers from a share r of the people and a share
    (or mean) p among them, the truth lies between r p + (1 - r) least and r p + (1 - r) most. estimate: among those who
    answered, unweighted. No assumption at all; target "descriptive". Source: Manski (1989), J. Human Resources 24, 343-360.
    """
    data = rows(frame, list(items))
    return pd.DataFrame([_row(data[i], i, population, ends, (tops or {}).get(i)) for i in items], columns=COLUMNS)


def _row(answers: pd.Series, item: str, population: int, ends: tuple[float, float] | None, top) -> dict:
    least, most = (0.0, 1.0) if top is not None else _ends(ends, item)
    values = answers.dropna()
    values = values.isin(list(top)).astype(float) if top is not None else pd.to_numeric(values).astype(float)
    if len(values) > population:
        raise DesignError(
            "bounds(population=...)",
            rule=Text("Số trả lời không vượt số người được hỏi.", "There are no more answers than people."),
            found=f"{item}: {len(values)} > {population}",
            cure=Text("Sửa population theo danh sách nhân sự.", "Take population from the roster."),
        )
    rate = len(values) / population
    mean = float(values.mean()) if len(values) else math.nan
    told = rate * mean if len(values) else 0.0
    return {
        "item": item,
        "statistic": "proportion" if top is not None else "mean",
        "estimate": mean,
        "low": told + (1 - rate) * least,
        "high": told + (1 - rate) * most,
        "n": len(values),
        "population": population,
        "rate": rate,
        "target": "descriptive",
        "method": "Manski bounds, no assumption on who did not answer",
    }


def _ends(ends: tuple[float, float] | None, item: str) -> tuple[float, float]:
    if ends is None or not ends[0] < ends[1]:
        raise DesignError(
            f"bounds({item!r}, ends=...)",
            rule=Text("Trung bình cần hai đầu của thang đo.", "A mean needs the two ends of its scale."),
            found=str(ends),
            cure=Text("Ví dụ ends=(1, 5); với tỉ lệ thì dùng tops.", "For example ends=(1, 5); for a share, tops."),
        )
    return ends


def bounds_of_change(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """The bounds of second less first, from `bounds` of two waves: the least less the most, the most less the least."""
    both = first.merge(second, on=["item", "statistic"], suffixes=("1", "2"))
    return pd.DataFrame(
        {
            "item": both["item"],
            "statistic": "change of " + both["statistic"],
            "estimate": both["estimate2"] - both["estimate1"],
            "low": both["low2"] - both["high1"],
            "high": both["high2"] - both["low1"],
            "n": both[["n1", "n2"]].min(axis=1),
            "population": both["population2"],
            "rate": both[["rate1", "rate2"]].min(axis=1),
            "target": "descriptive",
            "method": both["method2"],
        }
    )


def tipping_point(
    estimate: float, n: int, population: int, threshold: float, ends: tuple[float, float] = (0.0, 1.0)
) -> dict[str, object]:
    """What the silent people's mean (or share) would have to be for the whole to be just at a threshold.

    threshold: the target, or the other wave's value (then a change tips). Returns needed, possible (whether `needed` is
    within the scale's ends: if not, no answers of theirs can tip the conclusion), gap (needed less the estimate among those who
    answered), n, population, target, method. In a census nothing can tip: needed is missing.
    """
    rate = n / population
    needed = (threshold - rate * estimate) / (1 - rate) if rate < 1 else math.nan
    return {
        "estimate": estimate,
        "threshold": threshold,
        "needed": needed,
        "possible": bool(ends[0] <= needed <= ends[1]) if not math.isnan(needed) else False,
        "gap": needed - estimate,
        "n": n,
        "population": population,
        "target": "descriptive",
        "method": "tipping point: mean of those who did not answer at which the whole meets the threshold",
    }


def carried_forward(
    frame: Any, items: Sequence[str], *, wave: str = "wave", person: str = "person", between: tuple[object, object]
) -> pd.DataFrame:
    """A scenario: people of the first wave who are silent in the second would have said again what they said.

    A row per item: estimate (change of all answers), carried (the change with their first answers added to the second wave),
    n, n_carried. Only people with a code can be carried; a newcomer's silence stays a gap. Unweighted, "descriptive".
    """
    data = rows(frame, [wave, person, *items])
    first, second = (data[data[wave] == value].set_index(person) for value in between)
    found = []
    for item in items:
        one, two = (pd.to_numeric(part[item]).astype("Float64").dropna().astype(float) for part in (first, second))
        silent = one[one.index.notna() & ~one.index.isin(two.index)]
        with_them = pd.concat([two, silent])
        found.append(
            {
                "item": item,
                "statistic": "change",
                "estimate": two.mean() - one.mean(),
                "carried": with_them.mean() - one.mean(),
                "n": min(len(one), len(two)),
                "n_carried": len(silent),
                "population": math.nan,
                "target": "descriptive",
                "method": "first answers carried forward for those who are silent in the second wave",
            }
        )
    return pd.DataFrame(found)
