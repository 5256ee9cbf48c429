"""Weighted sums of wave means - a change, a phase's slope, the difference of two slopes - with people linked over the waves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from analysis import intervals
from analysis.cube import rows
from analysis.design import Design
from analysis.estimates import COLUMNS, not_a_number, require_fitting
from survey.errors import DesignError, Text

ARROW = "→"


@dataclass(frozen=True)
class Contrast:
    """A weighted sum of wave means that was planned beforehand."""

    wave: str  # what the column `wave` says: "2025→2027"
    statistic: str  # "change", "slope", "difference of slopes"
    weights: Mapping[Any, float]  # wave -> its weight


def contrasts(
    frame: Any,
    items: Sequence[str],
    design: Design | None = None,
    *,
    planned: Sequence[Contrast],
    wave: str = "wave",
    person: str | None = "person",
    by: str | None = None,
    stayers: str | None = None,
    tops: Mapping[str, Sequence[object]] | None = None,
) -> pd.DataFrame:
    """Each planned contrast of the means of each item: a row per contrast, item (and group), with COLUMNS.

    frame: a row per respondent and wave; `person` names the column that is equal for the same person in all waves (missing:
    not linked; None: nobody is linked). tops: item -> answers; the contrast is then of the share of people who gave one of
    them. stayers: the column with the number of people of the row's stratum who are on the rosters of both waves.
    n: the answers of the smallest wave that counts. See `change` for the variance.
    Raises DesignError: a wave has no answers, a person answers twice in a wave, the design does not fit the frame.
    """
    design = design or Design()
    data = rows(frame, [*items, wave, *filter(None, (person, by, stayers)), *design.columns])
    needed = list(dict.fromkeys(value for contrast in planned for value in contrast.weights))
    waves = {value: _Wave.of(data, wave, value, person, design, stayers) for value in needed}
    levels = [""] if by is None else sorted(set().union(*(set(part.data[by].dropna()) for part in waves.values())))
    found = []
    for item in items:
        numbers = {value: _numbers(part.data[item], item, (tops or {}).get(item)) for value, part in waves.items()}
        for contrast in planned:
            for level in levels:
                used = [value for value, weight in contrast.weights.items() if weight]
                parts = [waves[value].mean(numbers[value], by, level) for value in used]
                head = {"wave": contrast.wave, "item": item, "statistic": contrast.statistic}
                row = _estimate(parts, [contrast.weights[value] for value in used], design)
                found.append(head | {"group": by or "", "level": level, "target": design.target} | row)
    return pd.DataFrame(found, columns=COLUMNS)


@dataclass(frozen=True)
class _Wave:
    """One wave's rows under fixed names: w, b, stratum, unit (person, or PSU), population, stayers."""

    data: pd.DataFrame
    design: Design
    margins: np.ndarray | None  # dummies of the columns that the weights were raked to

    @classmethod
    def of(cls, data: pd.DataFrame, wave: str, value: object, person: str | None, design: Design, stayers: str | None):
        part = data[data[wave] == value].reset_index(drop=True)
        if part.empty:
            raise DesignError(
                "change(between=...)",
                rule=Text("Cả hai đợt phải có câu trả lời.", "Both waves have answers."),
                found=Text(f"đợt {value} không có dòng nào", f"wave {value} has no row"),
                cure=Text(f"Các đợt đang có: {_held(data[wave])}.", f"Waves that are there: {_held(data[wave])}."),
            )
        if person:
            _require_once(part[person], person, value)
        require_fitting(part, design)
        nobody = pd.Series(pd.NA, index=part.index, dtype=object)
        margins = [pd.get_dummies(part[name], dtype=float).to_numpy() for name in design.margins]
        part = part.assign(
            _w=part[design.weight].astype(float) if design.weight else 1.0,
            _b=part[design.base_weight].astype(float) if design.base_weight else 1.0,
            _stratum=part[design.stratum] if design.stratum else 0,
            _unit=(part[design.psu] if design.psu else part[person] if person else nobody).astype(object),
            _population=part[design.population].astype(float) if design.population else math.nan,
            _stayers=part[stayers].astype(float) if stayers else math.nan,
        )
        return cls(part, design, np.column_stack(margins) if margins else None)

    def mean(self, y: pd.Series, by: str | None, level: object) -> _Mean:
        base = y.notna().to_numpy()
        if by:
            base = base & (self.data[by] == level).fillna(False).to_numpy(bool)
        w = np.where(base, self.data["_w"].to_numpy(), 0.0)
        values = np.where(base, y.to_numpy(), 0.0)
        total = w.sum()
        mean = float((w * values).sum() / total) if total else math.nan
        e = np.where(base, (values - mean) / total, 0.0) if total else w
        z = self.data["_w"].to_numpy() * self._residual(e)
        data = pd.DataFrame({"stratum": self.data["_stratum"], "unit": self.data["_unit"], "z": z, "base": base})
        strata = self.data.groupby("_stratum", dropna=False)[["_population", "_stayers"]].max()
        return _Mean(mean, int(base.sum()), data, strata)

    def _residual(self, e: np.ndarray) -> np.ndarray:
        if self.margins is None:
            return e
        root = np.sqrt(self.data["_b"].to_numpy())
        fitted, *_ = np.linalg.lstsq(self.margins * root[:, None], e * root, rcond=None)
        return e - self.margins @ fitted


@dataclass(frozen=True)
class _Mean:
    """One wave's mean, and the linearised contribution z of each of its rows."""

    mean: float
    n: int
    rows: pd.DataFrame  # stratum, unit, z, base
    strata: pd.DataFrame  # _population, _stayers of each stratum

    def units(self, design: Design) -> pd.DataFrame:
        """stratum, unit, z, base: a row per person, or per PSU where the design has PSUs."""
        if not design.psu:
            return self.rows
        return self.rows.groupby(["stratum", "unit"], as_index=False).agg(z=("z", "sum"), base=("base", "any"))


def _require_once(people: pd.Series, person: str, wave: object) -> None:
    twice = people[people.notna() & people.duplicated()]
    if len(twice):
        raise DesignError(
            f"change(person={person!r})",
            rule=Text("Mỗi người có nhiều nhất một dòng trong một đợt.", "A person has one row in a wave."),
            found=Text(f"{twice.iloc[0]} hai lần trong đợt {wave}", f"{twice.iloc[0]} twice in wave {wave}"),
            cure=Text("Giữ một dòng, hoặc để trống cột ấy.", "Keep one of the rows, or leave that column empty."),
        )


def _held(waves: pd.Series) -> str:
    return ", ".join(map(str, sorted(waves.dropna().unique())))


def _numbers(values: pd.Series, item: str, top: Sequence[object] | None) -> pd.Series:
    if top is not None:
        return values.isin(list(top)).astype(float).where(values.notna())
    try:
        return pd.to_numeric(values).astype("Float64").astype(float)
    except (ValueError, TypeError):
        raise not_a_number(item, next(value for value in values if isinstance(value, str))) from None


def _estimate(means: list[_Mean], weights: list[float], design: Design) -> dict:
    variance, df, linked = (_descriptive if design.corrected else _clustered)(means, weights, design)
    estimate = sum(weight * part.mean for weight, part in zip(weights, means, strict=True))
    se = math.sqrt(variance) if variance > 0 else 0.0
    if math.isnan(estimate):
        se = math.nan
    low, high = intervals.student(estimate, se, df)
    how = "Tam covariance" if design.corrected else f"{'PSU' if design.psu else 'person'} as cluster"
    kind = "difference of means" if len(means) == 2 else "contrast of means"
    return {
        "estimate": estimate,
        "se": se,
        "low": low,
        "high": high,
        "df": df,
        "n": min(part.n for part in means),
        "population": float(means[-1].strata["_population"].sum(min_count=1)),
        "method": f"{kind}, {how} ({linked} linked{', fpc' if design.corrected else ''}); t",
    }


def _clustered(means: list[_Mean], weights: list[float], design: Design) -> tuple[float, float, int]:
    """Variance, df and linked people, with each person (or PSU) a cluster of all its rows.

    A cluster that changed strata is in both, and the product of its two parts is added.
    """
    parts = [m.rows.assign(z=m.rows["z"] * weight) for weight, m in zip(weights, means, strict=True)]
    every = pd.concat(parts, ignore_index=True)
    alone = every["unit"].isna()
    every["unit"] = every["unit"].astype(object).where(~alone, pd.Series([("row", i) for i in range(len(every))]))
    units = every.groupby(["stratum", "unit"], as_index=False, dropna=False).agg(
        z=("z", "sum"), base=("base", "any"), answers=("base", "sum")
    )
    sizes = units.groupby("stratum", dropna=False)["z"]
    n, centred = sizes.transform("size"), units["z"] - sizes.transform("mean")
    squares = np.where(n > 1, n / (n - 1).clip(lower=1) * centred**2, units["z"] ** 2)
    moved = units["unit"].duplicated(keep=False)
    across = 0.0
    if moved.any():
        held = centred[moved].groupby(units.loc[moved, "unit"])
        across = float((held.sum() ** 2 - (centred[moved] ** 2).groupby(units.loc[moved, "unit"]).sum()).sum())
    answered = units[units["base"]]
    df = len(answered) - answered["stratum"].nunique(dropna=False)
    linked = int((every[every["base"]].groupby("unit").size() > 1).sum())
    return max(0.0, float(squares.sum()) + across), float(df), linked


def _descriptive(means: list[_Mean], weights: list[float], design: Design) -> tuple[float, float, int]:
    """Variance, df and linked people of a contrast in a finite population: each wave's own, and Tam's covariances."""
    units = [part.units(design) for part in means]
    own = [_variances(unit, part.strata) for unit, part in zip(units, means, strict=True)]
    variance = sum(weight**2 * part["variance"].sum() for weight, part in zip(weights, own, strict=True))
    linked = 0
    for one, two in combinations(range(len(means)), 2):
        shared, both = _covariance(
            [units[one], units[two]], [means[one].strata, means[two].strata], [own[one], own[two]]
        )
        variance += 2 * weights[one] * weights[two] * shared
        linked = max(linked, both)
    parts = pd.concat([part.assign(variance=w**2 * part["variance"]) for w, part in zip(weights, own, strict=True)])
    squares = float((parts["variance"] ** 2 / parts["df"]).sum())
    df = float(parts["variance"].sum()) ** 2 / squares if squares else float(parts["df"].sum())
    return float(variance), df, linked


def _variances(units: pd.DataFrame, strata: pd.DataFrame) -> pd.DataFrame:
    """Stratum -> its variance (1 - n/N) n S^2(z), and its degrees of freedom; a lonely unit is taken about 0."""
    z = units.groupby("stratum", dropna=False)["z"]
    n, spread = z.size(), z.var(ddof=1).fillna(0.0)
    free = 1 - n / strata["_population"]
    own = pd.DataFrame({"variance": free * np.where(n > 1, n * spread, z.sum() ** 2), "n": n, "df": n - 1})
    return own.assign(df=own["df"].clip(lower=1))


def _covariance(units: list[pd.DataFrame], strata: list[pd.DataFrame], own: list[pd.DataFrame]) -> tuple[float, int]:
    """The covariance of two waves' means, and how many units gave answers in both."""
    everyone = not any(unit["unit"].isna().any() for unit in units)
    pairs = units[0].dropna(subset=["unit"]).merge(units[1], on="unit", suffixes=("1", "2"))
    linked = int((pairs["base1"] & pairs["base2"]).sum())
    same = pairs[pairs["stratum1"] == pairs["stratum2"]]  # who changed strata was drawn apart
    total = 0.0
    for stratum, part in same.groupby("stratum1"):
        if len(part) < 2:
            continue
        big = [frame.loc[stratum, "_population"] for frame in strata]
        stay = strata[1].loc[stratum, "_stayers"]
        stay = min(big) if math.isnan(stay) else stay
        factor = len(part) - own[0].loc[stratum, "n"] * own[1].loc[stratum, "n"] * stay / (big[0] * big[1])
        factor = factor if everyone else max(0.0, factor)
        most = math.sqrt(own[0].loc[stratum, "variance"] * own[1].loc[stratum, "variance"])
        total += min(most, max(-most, factor * float(np.cov(part["z1"], part["z2"], ddof=1)[0, 1])))
    return total, linked
