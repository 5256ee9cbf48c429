"""Levels: means, shares and totals of items, as one tidy table whose columns are the contract of the whole package."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis import intervals
from analysis.cube import cube
from analysis.design import Design
from survey.errors import DesignError, Text

COLUMNS = [
    "study", "wave", "phase", "item", "statistic", "group", "level", "value", "estimate", "se", "low", "high", "df", "n",
    "population", "target", "method", "shown", "reason",
]  # fmt: skip
BETWEEN = " × "  # joins the names (and the levels) of two groups


def means(frame: Any, items: Sequence[str], design: Design | None = None, by: Sequence[str] = ()) -> pd.DataFrame:
    """Weighted means with design-based standard errors: a row per item and group, with COLUMNS.

    frame: any frame that `cube` takes, a row per respondent (and wave); missing answers are outside the base.
    by: columns whose values make the groups; "wave" makes each wave a survey of its own.
    Variance: linearisation, ultimate clusters, (1 - n/N) in each stratum where the design has a population. df: PSUs in
    the group less strata in the group. A stratum with one PSU of several is taken about 0, not its own mean (said in `method`).
    R: `svymean(~y, design, na.rm = TRUE)`, with groups `svyby(~y, ~g, design, svymean)` and, for the interval,
    `confint(x, df = degf(subset(design, g == level)))`; `options(survey.lonely.psu = "adjust")`.
    Raises DesignError: an item is not a number, or the design does not fit the frame.
    """
    return _table(frame, items, design, by, _mean_rows)


def proportions(
    frame: Any,
    items: Sequence[str],
    design: Design | None = None,
    by: Sequence[str] = (),
    values: Mapping[str, Sequence[object]] | None = None,
) -> pd.DataFrame:
    """Weighted shares (0 to 1) of each value of each item: a row per item, group and value, with COLUMNS.

    values: item -> its possible values, so that one nobody chose is there as 0; otherwise those seen anywhere in `frame`.
    Interval: exact hypergeometric where the base is an unweighted sample of one stratum of known size, else Wilson with
    the effective sample size and t. Else as `means`. R: `svymean(~factor(y), design, na.rm = TRUE)`.
    """

    def rows(survey: _Survey, base: np.ndarray) -> Iterator[dict]:
        seen = [value for value in pd.unique(survey.values) if not pd.isna(value)]
        known = base[survey.answered[base]]
        for value in (values or {}).get(survey.item) or sorted(seen, key=lambda v: (isinstance(v, str), v)):
            here = survey.values[known] == value
            share = _mean(survey, base, known, here.astype(float))
            share["low"], share["high"], kind = _share_interval(share, survey, known, here)
            yield share | {"statistic": "proportion", "value": value, "method": f"{share['method']}; {kind}"}

    return _table(frame, items, design, by, rows)


def totals(frame: Any, items: Sequence[str], design: Design | None = None, by: Sequence[str] = ()) -> pd.DataFrame:
    """Weighted totals: a row per item and group, with COLUMNS. R: `svytotal(~y, design, na.rm = TRUE)`."""
    return _table(frame, items, design, by, _total_rows)


@dataclass(frozen=True)
class _Survey:
    """One item in one wave: its cells as arrays, and the strata as they were sampled (n PSUs of a population)."""

    item: str
    design: Design
    values: np.ndarray
    n: np.ndarray
    used: np.ndarray  # rows of positive weight
    w: np.ndarray
    w2: np.ndarray
    stratum: np.ndarray  # number of each cell's stratum
    psu: np.ndarray  # number of each cell's PSU; PSUs of two strata are two
    stratum_of_psu: np.ndarray
    sampled: np.ndarray  # n of each stratum
    population: np.ndarray  # N of each stratum; missing where the design has none

    @classmethod
    def of(cls, item: str, design: Design, cells: pd.DataFrame) -> _Survey:
        stratum, names = pd.factorize(cells["stratum"], use_na_sentinel=False)
        psu, _ = pd.factorize(
            pd.MultiIndex.from_arrays([stratum, pd.factorize(cells["psu"], use_na_sentinel=False)[0]])
        )
        stratum_of_psu = np.zeros(psu.max(initial=-1) + 1, dtype=int)
        stratum_of_psu[psu] = stratum
        n, used = cells["n"].to_numpy(float), cells["used"].to_numpy(float)
        sampled = np.bincount(stratum_of_psu) if design.psu else np.bincount(stratum, n)
        population = cells.groupby(stratum)["population"].max().to_numpy(float)
        _require_room(names, sampled, population, design)
        w, w2 = cells["w"].to_numpy(float), cells["w2"].to_numpy(float)
        values = cells["value"].to_numpy(object)
        return cls(
            item, design, values, n, used, w, w2, stratum, psu, stratum_of_psu, sampled.astype(float), population
        )

    @property
    def answered(self) -> np.ndarray:
        return ~pd.isna(self.values)

    @property
    def free(self) -> np.ndarray:
        """1 - n/N of each stratum: the share of the variance that is left."""
        return 1 - self.sampled / self.population if self.design.corrected else np.ones(len(self.sampled))

    def by_stratum(self, cells: np.ndarray, weights: np.ndarray) -> np.ndarray:
        return np.bincount(self.stratum[cells], weights, minlength=len(self.sampled))


Rows = Callable[[_Survey, np.ndarray], Iterator[dict]]


def _require_room(names, sampled: np.ndarray, population: np.ndarray, design: Design) -> None:
    over = np.flatnonzero(sampled > population)
    if len(over):
        raise DesignError(
            f"Design(population={design.population!r})",
            rule=Text(
                "Số trả lời của một tầng không vượt tổng thể của tầng.",
                "A stratum's answers are within its population.",
            ),
            found=f"{names[over[0]]}: {sampled[over[0]]:g} > {population[over[0]]:g}",
            cure=Text(
                'Sửa tổng thể; bảng nhiều đợt thì thêm by=["wave"].',
                'Mend the population; with several waves add by=["wave"].',
            ),
        )


def _table(frame: Any, items: Sequence[str], design: Design | None, by: Sequence[str], rows: Rows) -> pd.DataFrame:
    if isinstance(items, str) or isinstance(by, str):
        raise DesignError(
            "items, by",
            rule=Text("Câu hỏi và nhóm là danh sách tên cột.", "Items and groups are lists of column names."),
            found=repr(items if isinstance(items, str) else by),
            cure=Text('Viết trong ngoặc vuông, ví dụ ["q1"].', 'Write a list, for example ["q1"].'),
        )
    design = design or Design()
    inner = {f"group{place}": name for place, name in enumerate(by)}
    of_wave = next((column for column, name in inner.items() if name == "wave"), None)
    groups = [name for name in by if name != "wave"]
    columns = [column for column in inner if column != of_wave]
    found = []
    for item in items:
        counted = cube(frame, item, design, by)
        waves = sorted(counted[of_wave].dropna().unique()) if of_wave else [None]
        for wave in waves:
            cells = counted if wave is None else counted[counted[of_wave] == wave]
            survey = _Survey.of(item, design, cells)
            for level, base in _domains(cells, columns):
                head = {"wave": wave, "item": item, "group": BETWEEN.join(groups), "level": level}
                found += [head | {"target": design.target} | row for row in rows(survey, base)]
    return pd.DataFrame(found, columns=COLUMNS).astype({"n": "int64"})


def _domains(cells: pd.DataFrame, groups: list[str]) -> Iterator[tuple[object, np.ndarray]]:
    """Each group's name and the places of its cells."""
    if not groups:
        yield "", np.arange(len(cells))
        return
    places = cells.reset_index(drop=True).groupby(groups, sort=True).indices
    for levels, base in places.items():
        yield (levels if len(groups) == 1 else BETWEEN.join(map(str, levels))), base


def _mean_rows(survey: _Survey, base: np.ndarray) -> Iterator[dict]:
    known = base[survey.answered[base]]
    mean = _mean(survey, base, known, _numbers(survey, known))
    low, high = intervals.student(mean["estimate"], mean["se"], mean["df"])
    yield mean | {"statistic": "mean", "low": low, "high": high, "method": f"{mean['method']}; t"}


def _total_rows(survey: _Survey, base: np.ndarray) -> Iterator[dict]:
    known = base[survey.answered[base]]
    y = _numbers(survey, known)
    total = float((survey.w[known] * y).sum())
    row = _described(survey, base, known, total, y)
    low, high = intervals.student(total, row["se"], row["df"])
    yield row | {"statistic": "total", "low": low, "high": high, "method": f"{row['method']}; t"}


def _numbers(survey: _Survey, known: np.ndarray) -> np.ndarray:
    try:
        return survey.values[known].astype(float)
    except (ValueError, TypeError):
        word = next(value for value in survey.values[known] if isinstance(value, str))
        raise not_a_number(survey.item, word) from None


def not_a_number(item: str, word: str) -> DesignError:
    """The error of a mean or total that is asked of words."""
    return DesignError(
        item,
        rule=Text("Trung bình và tổng chỉ tính trên số.", "Means and totals are of numbers."),
        found=repr(word),
        cure=Text("Dùng proportions(...) cho câu hỏi phân loại.", "Use proportions(...) for categories."),
    )


def require_fitting(frame: Any, item: str, design: Design) -> None:
    """Raise DesignError where the weights and populations of a frame (one wave) do not bear an estimate of the item."""
    _Survey.of(item, design, cube(frame, item, design))


def _mean(survey: _Survey, base: np.ndarray, known: np.ndarray, y: np.ndarray) -> dict:
    """The mean of y over the known cells of a domain, its standard error, df and base."""
    weight = float(survey.w[known].sum())
    if weight == 0:
        return _described(survey, base, known, math.nan, np.full(len(known), math.nan))
    mean = float((survey.w[known] * y).sum() / weight)
    return _described(survey, base, known, mean, (y - mean) / weight)


def _standard_error(survey: _Survey, known: np.ndarray, e: np.ndarray) -> tuple[float, bool]:
    """The standard error of sum(w e) over the known cells, and whether a lonely PSU was taken about 0.

    Each stratum adds (1 - n/N) n / (n - 1) (sum z^2 - (sum z)^2 / n), with z the PSU sums; PSUs without a member of
    the base count as zeros.
    """
    z = survey.w[known] * e
    if survey.design.psu:
        sums = np.bincount(survey.psu[known], z, minlength=len(survey.stratum_of_psu))
        first, second = (
            np.bincount(survey.stratum_of_psu, power, minlength=len(survey.sampled)) for power in (sums, sums**2)
        )
    else:
        first, second = survey.by_stratum(known, z), survey.by_stratum(known, survey.w2[known] * e**2)
    n, free = survey.sampled, survey.free
    several = n > 1
    variance = (free * n / np.where(several, n - 1, 1) * (second - first**2 / n))[several].sum()
    lonely = ~several & (free > 0) & (survey.by_stratum(known, survey.n[known]) > 0)
    variance += (free * first**2)[lonely].sum()  # about 0, the mean of all influence values
    return math.sqrt(max(0.0, float(variance))) if not math.isnan(variance) else math.nan, bool(lonely.any())


def _described(survey: _Survey, base: np.ndarray, known: np.ndarray, estimate: float, e: np.ndarray) -> dict:
    """The row of an estimate whose error is sum(w e): standard error, df, base, population, method."""
    design = survey.design
    se, lonely = _standard_error(survey, known, e)
    n = int(survey.n[known].sum())
    counted = known[survey.used[known] > 0]  # as R: a weight of zero is no answer
    psus = len(np.unique(survey.psu[counted])) if design.psu else survey.used[counted].sum()
    parts = [
        "strata" if design.stratum else "",
        "clusters" if design.psu else "",
        "weights" if design.weight else "",
        "fpc" if design.corrected else "",
        "lonely PSU about 0" if lonely else "",
    ]
    return {
        "estimate": estimate,
        "se": se if n else math.nan,
        "df": float(psus - len(np.unique(survey.stratum[counted]))),
        "n": n,
        "population": _population(survey, base),
        "method": "linearisation (" + ", ".join(part for part in parts if part) + ")"
        if any(parts)
        else "linearisation",
    }


def _population(survey: _Survey, base: np.ndarray) -> float:
    """The people a group stands for: the strata's sizes, times the group's share of each stratum's answers."""
    if not survey.design.population:
        return math.nan
    if survey.design.psu:
        return float(survey.w[base].sum())
    return float((survey.by_stratum(base, survey.n[base]) / survey.sampled * survey.population).sum())


def _share_interval(row: dict, survey: _Survey, known: np.ndarray, here: np.ndarray) -> tuple[float, float, str]:
    share, design = row["estimate"], survey.design
    if math.isnan(share):
        return math.nan, math.nan, "no base"
    strata = np.unique(survey.stratum[known])
    whole = design.corrected and not design.psu and len(strata) == 1 and row["n"] == survey.sampled[strata[0]]
    if whole and _alike(survey, known):
        count, population = int(survey.n[known][here].sum()), int(survey.population[strata[0]])
        return (*intervals.hypergeometric(count, row["n"], population), "exact hypergeometric")
    n_effective = _effective(share, row["se"], survey, known)
    return (*intervals.wilson(share, n_effective, row["df"]), "Wilson, effective n")


def _alike(survey: _Survey, known: np.ndarray) -> bool:
    """Whether all weights of the base are one number."""
    n = survey.n[known].sum()
    mean, square = survey.w[known].sum() / n, survey.w2[known].sum() / n
    return bool(abs(square - mean**2) <= 1e-12 * square)


def _effective(share: float, se: float, survey: _Survey, known: np.ndarray) -> float:
    """The size of a simple sample with the same standard error; where everyone answers alike, from weights and (1 - f)."""
    if 0 < share < 1 and se > 0:
        return share * (1 - share) / se**2
    spread = float((survey.free * survey.by_stratum(known, survey.w2[known])).sum())
    return math.inf if spread == 0 else float(survey.w[known].sum()) ** 2 / spread
