"""Weighted sums of wave means - a change, a phase's slope, the difference of two slopes - with people linked over the waves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from analysis import intervals
from analysis.codes import first, joined
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
    waves = _waves(data, needed, wave, person, design, stayers)
    levels = [""] if by is None else sorted(set().union(*(set(part.data[by].dropna()) for part in waves.values())))
    found = []
    for item in items:
        numbers = {value: _numbers(part.data[item], item, (tops or {}).get(item)) for value, part in waves.items()}
        for contrast in planned:
            for level in levels:
                means = [waves[value].mean(numbers[value], by, level) for value in contrast.weights]
                head = {"wave": contrast.wave, "item": item, "statistic": contrast.statistic}
                row = _estimate(means, list(contrast.weights.values()), design)
                found.append(head | {"group": by or "", "level": level, "target": design.target} | row)
    return pd.DataFrame(found, columns=COLUMNS)


def _waves(
    data: pd.DataFrame, needed: list, wave: str, person: str | None, design: Design, stayers: str | None
) -> dict[Any, _Wave]:
    for value in needed:
        part = data[data[wave] == value]
        if part.empty:
            raise DesignError(
                "change(between=...)",
                rule=Text("Cả hai đợt phải có câu trả lời.", "Both waves have answers."),
                found=Text(f"đợt {value} không có dòng nào", f"wave {value} has no row"),
                cure=Text(f"Các đợt đang có: {_held(data[wave])}.", f"Waves that are there: {_held(data[wave])}."),
            )
        if person:
            _require_once(part[person], person, value)
    data = data[data[wave].isin(needed)].reset_index(drop=True)
    require_fitting(data.assign(wave=data[wave]), design, by=["wave"])
    stratum = (
        pd.factorize(data[design.stratum], use_na_sentinel=False)[0] if design.stratum else np.zeros(len(data), int)
    )
    column = design.psu or person
    unit = pd.factorize(data[column])[0] if column else np.full(len(data), -1)
    known = unit >= 0
    unit = np.where(known, unit, unit.max(initial=-1) + 1 + np.arange(len(data)))  # the unknown are nobody else
    sizes = {"population": design.population, "stayers": stayers}
    return {
        value: _Wave(
            data[here],
            design,
            data.loc[here, design.weight].to_numpy(float) if design.weight else np.ones(here.sum()),
            data.loc[here, design.base_weight].to_numpy(float) if design.base_weight else np.ones(here.sum()),
            [pd.get_dummies(data.loc[here, name], dtype=float).to_numpy() for name in design.margins],
            stratum[here],
            unit[here],
            float(known[here].mean()),
            *(
                first(data.loc[here, name].to_numpy(float), stratum[here], stratum.max() + 1)
                if name
                else np.full(stratum.max() + 1, np.nan)
                for name in sizes.values()
            ),
        )
        for value in needed
        for here in [(data[wave] == value).to_numpy()]
    }


@dataclass(frozen=True)
class _Wave:
    """One wave's rows, with numbers of strata and units (people, or PSUs) that mean the same in every wave."""

    data: pd.DataFrame
    design: Design
    w: np.ndarray
    b: np.ndarray
    margins: list[np.ndarray]  # dummies of the columns that the weights were raked to
    stratum: np.ndarray
    unit: np.ndarray
    known: float  # share of rows whose unit is known
    population: np.ndarray  # of each stratum
    stayers: np.ndarray  # of each stratum

    def mean(self, y: np.ndarray, by: str | None, level: object) -> _Mean:
        base = ~np.isnan(y)
        if by:
            base &= (self.data[by] == level).fillna(False).to_numpy(bool)
        w, values = np.where(base, self.w, 0.0), np.where(base, y, 0.0)
        total = w.sum()
        mean = float((w * values).sum() / total) if total else math.nan
        e = np.where(base, (values - mean) / total, 0.0) if total else np.zeros(len(w))
        z = self.w * self._residual(e)
        return _Mean(self, mean, base, z)

    def _residual(self, e: np.ndarray) -> np.ndarray:
        if not self.margins:
            return e
        root, x = np.sqrt(self.b)[:, None], np.column_stack(self.margins)
        fitted, *_ = np.linalg.lstsq(x * root, e * root[:, 0], rcond=None)
        return e - x @ fitted

    @cached_property
    def units(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The units that are here, in order; each row's place among them; each unit's stratum."""
        units, place = np.unique(self.unit, return_inverse=True)
        return units, place, first(self.stratum, place, len(units))


@dataclass(frozen=True)
class _Mean:
    """One wave's mean, who it rests on, and the linearised contribution z of each row."""

    wave: _Wave
    mean: float
    base: np.ndarray
    z: np.ndarray

    @property
    def n(self) -> int:
        return int(self.base.sum())

    @property
    def of_units(self) -> np.ndarray:
        return np.bincount(self.wave.units[1], self.z)

    @property
    def answered(self) -> np.ndarray:
        """The units with an answer in the base."""
        return np.unique(self.wave.unit[self.base])


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


def _numbers(values: pd.Series, item: str, top: Sequence[object] | None) -> np.ndarray:
    if top is not None:
        return values.isin(list(top)).astype(float).where(values.notna()).to_numpy(float)
    try:
        return pd.to_numeric(values).to_numpy(float, na_value=np.nan)
    except (ValueError, TypeError):
        raise not_a_number(item, next(value for value in values if isinstance(value, str))) from None


def _estimate(means: list[_Mean], weights: list[float], design: Design) -> dict:
    variance, df = (_descriptive if design.corrected else _clustered)(means, weights)
    estimate = sum(weight * part.mean for weight, part in zip(weights, means, strict=True) if weight)
    se = math.nan if math.isnan(estimate) else math.sqrt(max(0.0, variance))
    low, high = intervals.student(estimate, se, df)
    _, times = np.unique(np.concatenate([part.answered for part in means]), return_counts=True)
    how = "Tam covariance" if design.corrected else f"{'PSU' if design.psu else 'person'} as cluster"
    kind = "difference of means" if len(means) == 2 else "contrast of means"
    return {
        "estimate": estimate,
        "se": se,
        "low": low,
        "high": high,
        "df": df,
        "n": min(part.n for part in means),
        "population": float(np.nansum(means[-1].wave.population)) if design.population else math.nan,
        "method": f"{kind}, {how} ({(times > 1).sum()} linked{', fpc' if design.corrected else ''}); t",
    }


def _clustered(means: list[_Mean], weights: list[float]) -> tuple[float, float]:
    """Variance and df, with each unit a cluster of all its rows. R: `survey:::svyrecvar`.

    A unit that changed strata is a cluster in both, and the product of its two parts is added. Where some rows carry no
    unit, people who must be in both waves are added (see `_hidden_covariance`).
    """
    z = np.concatenate([weight * part.z for weight, part in zip(weights, means, strict=True)])
    stratum, unit, base = (
        np.concatenate(arrays)
        for arrays in zip(*((part.wave.stratum, part.wave.unit, part.base) for part in means), strict=True)
    )
    cluster = joined(stratum, unit)
    clusters = cluster.max() + 1
    of_cluster, unit_of = first(stratum, cluster, clusters), first(unit, cluster, clusters)
    sums = np.bincount(cluster, z)
    n = np.bincount(of_cluster)
    centred = sums - (np.bincount(of_cluster, sums) / np.maximum(n, 1))[of_cluster]
    several = n[of_cluster] > 1
    squares = np.where(several, centred**2 * (n / np.maximum(n - 1, 1))[of_cluster], sums**2)
    whole = np.bincount(unit_of, centred)
    across = float((whole**2).sum() - (centred**2).sum())  # of units in two strata; none where each has one
    hidden = 0.0
    for (weight1, one), (weight2, two) in combinations(zip(weights, means, strict=True), 2):
        hidden += 2 * weight1 * weight2 * _hidden_covariance(one, two)
    answered = np.bincount(cluster, base) > 0
    df = answered.sum() - len(np.unique(of_cluster[answered]))
    moved = across if len(np.unique(unit_of)) < clusters else 0.0
    return float(squares.sum()) + moved + hidden, float(df)


def _descriptive(means: list[_Mean], weights: list[float]) -> tuple[float, float]:
    """Variance and df of a contrast in a finite population: each wave's own, and Tam's covariances.

    df: Satterthwaite's, over the strata of all waves.
    """
    own = [_variances(part) for part in means]
    variance = sum(weight**2 * part.sum() for weight, (part, _) in zip(weights, own, strict=True))
    for one, two in combinations(range(len(means)), 2):
        shared = _covariance(means[one], means[two], own[one][0], own[two][0])
        variance += 2 * weights[one] * weights[two] * shared
    parts = np.concatenate([weight**2 * part for weight, (part, _) in zip(weights, own, strict=True)])
    df = np.concatenate([df for _, df in own])
    held = df > 0
    squares = float((parts[held] ** 2 / df[held]).sum())
    return float(variance), float(parts.sum() ** 2 / squares if squares else df.sum())


def _variances(part: _Mean) -> tuple[np.ndarray, np.ndarray]:
    """Of each stratum (1 - n/N) n S^2(z), and its df; a lonely unit is taken about 0 and has one."""
    n, spread = _spread(part)
    total = np.bincount(part.wave.units[2], part.of_units, len(n))
    free = np.where(n > 0, 1 - n / np.where(n > 0, part.wave.population, 1), 0.0)  # not every stratum is in each wave
    return free * np.where(n > 1, spread, total**2), np.where(n > 0, np.maximum(n - 1, 1), 0.0)


def _covariance(one: _Mean, two: _Mean, own1: np.ndarray, own2: np.ndarray) -> float:
    """The covariance of two waves' means: Tam's, in each stratum. Who changed strata was drawn apart."""
    linked, shared = _linked(one, two)
    n1, n2 = (_spread(part)[0] for part in (one, two))
    big1, big2 = one.wave.population, two.wave.population
    stay = np.where(np.isnan(two.wave.stayers), np.minimum(big1, big2), two.wave.stayers)
    chosen = linked > 1
    factor = (_in_both(one, two, linked) - n1 * n2 * stay / np.where(chosen, big1 * big2, 1))[chosen]
    if min(one.wave.known, two.wave.known) < 1:
        factor = np.maximum(factor, 0.0)  # missing pairs may only be failed links
    most = np.sqrt(own1[chosen] * own2[chosen])
    return float(np.clip(factor * shared[chosen], -most, most).sum())


def _in_both(one: _Mean, two: _Mean, linked: np.ndarray) -> np.ndarray:
    """Of each stratum: how many units must be in both waves, when so many are linked and some carry no code.

    Of those who are known in a wave, the linked share is at most the share that answered in the other wave as well, if being
    known has nothing to do with answering again; so at least linked / known people are in both.
    """
    known = min(one.wave.known, two.wave.known)
    fewer = np.minimum(_spread(one)[0], _spread(two)[0])
    return np.minimum(linked / known, fewer) if known > 0 else linked


def _linked(one: _Mean, two: _Mean) -> tuple[np.ndarray, np.ndarray]:
    """Of each stratum: how many units are in both waves, and the covariance of their z."""
    _, place1, place2 = np.intersect1d(one.wave.units[0], two.wave.units[0], assume_unique=True, return_indices=True)
    stratum1, stratum2 = one.wave.units[2], two.wave.units[2]
    same = stratum1[place1] == stratum2[place2]
    stratum = stratum1[place1][same]
    z1, z2 = one.of_units[place1][same], two.of_units[place2][same]
    strata = len(one.wave.population)
    linked = np.bincount(stratum, minlength=strata).astype(float)
    mean1, mean2 = (np.bincount(stratum, z, strata) / np.maximum(linked, 1) for z in (z1, z2))
    products = np.bincount(stratum, (z1 - mean1[stratum]) * (z2 - mean2[stratum]), strata)
    return linked, products / np.maximum(linked - 1, 1)


def _hidden_covariance(one: _Mean, two: _Mean) -> float:
    """The covariance of two waves' means that comes from people who answered both but carry no code in one of them.

    Never more in a stratum than the two variances bear.
    """
    linked, shared = _linked(one, two)
    own1, own2 = (_spread(part)[1] for part in (one, two))
    seen = linked * shared
    most = np.maximum(np.sqrt(own1 * own2), np.abs(seen))
    return float((np.clip(_in_both(one, two, linked) * shared, -most, most) - seen).sum())


def _spread(part: _Mean) -> tuple[np.ndarray, np.ndarray]:
    """Of each stratum: its units, and n S^2(z)."""
    _, _, stratum = part.wave.units
    z, strata = part.of_units, len(part.wave.population)
    n = np.bincount(stratum, minlength=strata).astype(float)
    mean = np.bincount(stratum, z, strata) / np.maximum(n, 1)
    return n, np.bincount(stratum, (z - mean[stratum]) ** 2, strata) * n / np.maximum(n - 1, 1)
