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
    the group less strata in the group. A stratum with one PSU of several is centred at the mean of all (said in `method`).
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

    def rows(cells: pd.DataFrame, survey: _Survey) -> Iterator[dict]:
        seen = [value for value in pd.unique(survey.cells["value"]) if not pd.isna(value)]
        for value in (values or {}).get(survey.item) or sorted(seen, key=lambda v: (isinstance(v, str), v)):
            share = _mean(cells.assign(y=(cells["value"] == value).fillna(False).astype(float)), survey)
            share["low"], share["high"], kind = _share_interval(share, cells, value, survey)
            yield share | {"statistic": "proportion", "value": value, "method": f"{share['method']}; {kind}"}

    return _table(frame, items, design, by, rows)


def totals(frame: Any, items: Sequence[str], design: Design | None = None, by: Sequence[str] = ()) -> pd.DataFrame:
    """Weighted totals: a row per item and group, with COLUMNS. R: `svytotal(~y, design, na.rm = TRUE)`."""
    return _table(frame, items, design, by, _total_rows)


@dataclass(frozen=True)
class _Survey:
    """One item in one wave: all its cells, and the strata as they were sampled (n PSUs of N)."""

    item: str
    design: Design
    cells: pd.DataFrame
    strata: pd.DataFrame  # index stratum; n, population

    @classmethod
    def of(cls, item: str, design: Design, cells: pd.DataFrame) -> _Survey:
        by_stratum = cells.groupby("stratum", dropna=False)
        n = by_stratum["psu"].nunique() if design.psu else by_stratum["n"].sum()
        strata = pd.DataFrame({"n": n.astype(float), "population": by_stratum["population"].max()})
        over = strata[strata["n"] > strata["population"]]
        if len(over):
            raise DesignError(
                f"Design(population={design.population!r})",
                rule=Text(
                    "Số trả lời của một tầng không vượt tổng thể của tầng.", "A stratum's answers are within its population."
                ),
                found=f"{over.index[0]}: {over['n'].iloc[0]:g} > {over['population'].iloc[0]:g}",
                cure=Text(
                    'Sửa tổng thể; bảng nhiều đợt thì thêm by=["wave"].',
                    'Mend the population; with several waves add by=["wave"].',
                ),
            )
        return cls(item, design, cells, strata)

    @property
    def free(self) -> pd.Series:
        """1 - n/N of each stratum: the share of the variance that is left."""
        if not self.design.corrected:
            return pd.Series(1.0, index=self.strata.index)
        return 1 - self.strata["n"] / self.strata["population"]


def _table(
    frame: Any,
    items: Sequence[str],
    design: Design | None,
    by: Sequence[str],
    rows: Callable[[pd.DataFrame, _Survey], Iterator[dict]],
) -> pd.DataFrame:
    design = design or Design()
    groups = [name for name in by if name != "wave"]
    found = []
    for item in items:
        counted = cube(frame, item, design, by)
        waves = sorted(counted["wave"].dropna().unique()) if "wave" in by else [None]
        for wave in waves:
            survey = _Survey.of(item, design, counted if wave is None else counted[counted["wave"] == wave])
            for levels, cells in _domains(survey.cells, groups):
                head = {"wave": wave, "item": item, "group": BETWEEN.join(groups), "level": levels}
                found += [head | {"target": design.target} | row for row in rows(cells, survey)]
    return pd.DataFrame(found, columns=COLUMNS).astype({"n": "int64"})


def _domains(cells: pd.DataFrame, groups: list[str]) -> Iterator[tuple[object, pd.DataFrame]]:
    if not groups:
        yield "", cells
        return
    for levels, part in cells.groupby(groups, sort=True):
        yield (levels[0] if len(groups) == 1 else BETWEEN.join(map(str, levels))), part


def _mean_rows(cells: pd.DataFrame, survey: _Survey) -> Iterator[dict]:
    mean = _mean(cells.assign(y=_numbers(cells["value"], survey.item)), survey)
    low, high = intervals.student(mean["estimate"], mean["se"], mean["df"])
    yield mean | {"statistic": "mean", "low": low, "high": high, "method": f"{mean['method']}; t"}


def _total_rows(cells: pd.DataFrame, survey: _Survey) -> Iterator[dict]:
    cells = cells.assign(y=_numbers(cells["value"], survey.item))
    base = cells[cells["y"].notna()]
    total = float((base["w"] * base["y"]).sum())
    se, lonely = _standard_error(base.assign(e=base["y"]), survey)
    row = _described(base, cells, survey, total, se, lonely)
    low, high = intervals.student(total, se, row["df"])
    yield row | {"statistic": "total", "low": low, "high": high, "method": f"{row['method']}; t"}


def _numbers(values: pd.Series, item: str) -> pd.Series:
    try:
        return pd.to_numeric(values).astype("Float64").astype(float)
    except (ValueError, TypeError):
        raise DesignError(
            item,
            rule=Text("Trung bình và tổng chỉ tính trên số.", "Means and totals are of numbers."),
            found=repr(next(v for v in values if isinstance(v, str))),
            cure=Text("Dùng proportions(...) cho câu hỏi phân loại.", "Use proportions(...) for categories."),
        ) from None


def _mean(cells: pd.DataFrame, survey: _Survey) -> dict:
    """The mean of column y over a domain's cells, its standard error, df and base."""
    base = cells[cells["value"].notna()]
    weight = float(base["w"].sum())
    if weight == 0:
        return _described(base, cells, survey, math.nan, math.nan, False)
    mean = float((base["w"] * base["y"]).sum() / weight)
    se, lonely = _standard_error(base.assign(e=(base["y"] - mean) / weight), survey)
    return _described(base, cells, survey, mean, se, lonely)


def _standard_error(base: pd.DataFrame, survey: _Survey) -> tuple[float, bool]:
    """The standard error of sum(w e) over the base, and whether a lonely PSU had to be centred at the overall mean.

    Each stratum adds (1 - n/N) n / (n - 1) (sum z^2 - (sum z)^2 / n), with z the PSU sums; PSUs without a member of
    the base count as zeros.
    """
    z = base["w"] * base["e"]
    if survey.design.psu:
        sums = z.groupby([base["stratum"], base["psu"]], dropna=False).sum()
        first, second = sums.groupby(level=0, dropna=False).sum(), (sums**2).groupby(level=0, dropna=False).sum()
    else:
        first = z.groupby(base["stratum"], dropna=False).sum()
        second = (base["w2"] * base["e"] ** 2).groupby(base["stratum"], dropna=False).sum()
    n = survey.strata["n"].reindex(first.index)
    free = survey.free.reindex(first.index)
    several = n > 1
    variance = (free * n / (n - 1) * (second - first**2 / n))[several].sum()
    lonely = ~several & (free > 0)
    if lonely.any():
        centre = float(first.sum()) / float(survey.strata["n"].sum())
        variance += (free * (first - centre) ** 2)[lonely].sum()
    return math.sqrt(max(0.0, float(variance))), bool(lonely.any())


def _described(base: pd.DataFrame, cells: pd.DataFrame, survey: _Survey, estimate: float, se: float, lonely: bool) -> dict:
    design = survey.design
    n = int(base["n"].sum())
    psus = len(base[["stratum", "psu"]].drop_duplicates()) if design.psu else n
    parts = [
        "strata" if design.stratum else "",
        "clusters" if design.psu else "",
        "weights" if design.weight else "",
        "fpc" if design.corrected else "",
        "lonely PSU centred" if lonely else "",
    ]
    return {
        "estimate": estimate,
        "se": se,
        "df": float(psus - base["stratum"].nunique(dropna=False)),
        "n": n,
        "population": _population(cells, survey),
        "method": "linearisation (" + ", ".join(part for part in parts if part) + ")" if any(parts) else "linearisation",
    }


def _population(cells: pd.DataFrame, survey: _Survey) -> float:
    """The people a group stands for: the strata's sizes, times the group's share of each stratum's answers."""
    if not survey.design.population:
        return math.nan
    if survey.design.psu:
        return float(cells["w"].sum())
    share = cells.groupby("stratum", dropna=False)["n"].sum() / survey.strata["n"]
    return float((share * survey.strata["population"]).sum())


def _share_interval(row: dict, cells: pd.DataFrame, value: object, survey: _Survey) -> tuple[float, float, str]:
    share, se, df, design = row["estimate"], row["se"], row["df"], survey.design
    base = cells[cells["value"].notna()]
    if math.isnan(share):
        return math.nan, math.nan, "no base"
    whole = design.corrected and not design.psu and base["stratum"].nunique(dropna=False) == 1
    if whole and row["n"] == survey.strata["n"][base["stratum"].iloc[0]] and _alike(base):
        population = int(survey.strata["population"][base["stratum"].iloc[0]])
        count = int(base.loc[base["value"] == value, "n"].sum())
        return (*intervals.hypergeometric(count, row["n"], population), "exact hypergeometric")
    return (*intervals.wilson(share, _effective(share, se, base, survey), df), "Wilson, effective n")


def _alike(base: pd.DataFrame) -> bool:
    """Whether all weights of the base are one number."""
    mean, square = base["w"].sum() / base["n"].sum(), base["w2"].sum() / base["n"].sum()
    return bool(abs(square - mean**2) <= 1e-12 * square)


def _effective(share: float, se: float, base: pd.DataFrame, survey: _Survey) -> float:
    """The size of a simple sample with the same standard error; where everyone answers alike, from weights and (1 - f)."""
    if 0 < share < 1 and se > 0:
        return share * (1 - share) / se**2
    weights = base.groupby("stratum", dropna=False)[["w", "w2"]].sum()
    free = survey.free.reindex(weights.index)
    spread = float((free * weights["w2"]).sum())
    return np.inf if spread == 0 else float(weights["w"].sum()) ** 2 / spread
