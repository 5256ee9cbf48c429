"""Levels: means, shares, totals and ratios of items, as one tidy table whose columns are the contract of the whole package."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from analysis import intervals
from analysis.calibration import residual_variances
from analysis.codes import first
from analysis.cube import Counts, counted, plain, rows
from analysis.design import Design
from analysis.linearisation import Cells
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
    Variance: linearisation; strata, clusters, (1 - n/N) at each stage where the design has populations, residuals of the
    margins where it was raked. df: PSUs in the group less strata in the group. A stratum with one PSU of several is taken
    about 0, not its own mean (said in `method`).
    R: `svymean(~y, design, na.rm = TRUE)`, with groups `svyby(~y, ~g, design, svymean)` and, for the interval,
    `confint(x, df = degf(subset(design, g == level)))`; `options(survey.lonely.psu = "adjust")`.
    Raises DesignError: an item is not a number, or the design does not fit the frame.
    """
    return table_of((_mean_rows(domains) for domains in domains_of(frame, items, design, by)), items)


def proportions(
    frame: Any,
    items: Sequence[str],
    design: Design | None = None,
    by: Sequence[str] = (),
    values: Mapping[str, Sequence[object]] | None = None,
    interval: Literal["wilson", "korn_graubard"] = "wilson",
) -> pd.DataFrame:
    """Weighted shares (0 to 1) of each value of each item: a row per item, group and value, with COLUMNS.

    values: item -> its possible values, so that one nobody chose is there as 0; otherwise the categories of a pandas
    categorical column, in their order, or those seen anywhere in `frame`.
    interval: exact hypergeometric where the base is an unweighted sample of one stratum of known size, else Wilson with
    the effective sample size and t; or Korn-Graubard, untruncated. Else as `means`.
    R: `svymean(~factor(y), design, na.rm = TRUE)`, `svyciprop(~I(y == v), design, method = "beta")`.
    """
    parts, known = domains_of(frame, items, design, by), _categories(frame, items) | dict(values or {})
    return table_of((part for domains in parts for part in _share_rows(domains, known, interval)), items)


def levels(
    frame: Any,
    items: Sequence[str],
    design: Design | None = None,
    by: Sequence[str] = (),
    values: Mapping[str, Sequence[object]] | None = None,
) -> pd.DataFrame:
    """`means` and `proportions` of number-coded items from one count of the frame: half the time of the two calls."""
    parts, known = domains_of(frame, items, design, by), _categories(frame, items) | dict(values or {})
    return table_of((rows for d in parts for rows in (_mean_rows(d), *_share_rows(d, known, "wilson"))), items)


def totals(frame: Any, items: Sequence[str], design: Design | None = None, by: Sequence[str] = ()) -> pd.DataFrame:
    """Weighted totals: a row per item and group, with COLUMNS. R: `svytotal(~y, design, na.rm = TRUE)`."""
    return table_of((_total_rows(domains) for domains in domains_of(frame, items, design, by)), items)


def ratios(
    frame: Any, pairs: Sequence[tuple[str, str]], design: Design | None = None, by: Sequence[str] = ()
) -> pd.DataFrame:
    """Ratios of two weighted totals, over rows that have both: a row per pair and group, item "y / x", with COLUMNS.

    R: `svyratio(~y, ~x, design, na.rm = TRUE)`.
    """
    found = (_ratio_rows(d, x) for y, x in pairs for d in domains_of(frame, [y], design, by, beside=x))
    return table_of(found, [f"{y} / {x}" for y, x in pairs])


Rows = dict[str, np.ndarray]  # column -> its values, for the domains of a part


@dataclass(frozen=True)
class Domains:
    """Some items in their groups: a number of `heads` per domain, the cells of all its rows, and of those with an answer."""

    heads: Rows  # item, wave, level of each domain
    group: str
    cells: Cells
    counts: Counts  # the cube's own cells, also outside every group
    everyone: Cells  # the same as arrays
    values: np.ndarray  # of the cells in domains: numbers or words
    x: np.ndarray  # of the cells in domains: the denominator of a ratio, or nothing
    place: np.ndarray  # of the cells in domains: their place in `counts`

    @property
    def answered(self) -> np.ndarray:
        return ~pd.isna(self.values)

    def known(self, answered: np.ndarray) -> tuple[Cells, np.ndarray]:
        if answered.all():
            return self.cells, self.place
        return self.cells.keep(answered), self.place[answered]


def domains_of(
    frame: Any, items: Sequence[str], design: Design | None, by: Sequence[str], beside: str | None = None
) -> Iterator[Domains]:
    if isinstance(items, str) or isinstance(by, str):
        raise DesignError(
            "items, by",
            rule=Text("Câu hỏi và nhóm là danh sách tên cột.", "Items and groups are lists of column names."),
            found=repr(items if isinstance(items, str) else by),
            cure=Text('Viết trong ngoặc vuông, ví dụ ["q1"].', 'Write a list, for example ["q1"].'),
        )
    design = design or Design()
    groups = [name for name in by if name != "wave"]
    inner = {name: f"group{place}" for place, name in enumerate(by)}
    for counts in counted(frame, items, design, [*by, *([beside] if beside else [])]):
        names = [inner[name] for name in ["wave", *groups] if name in inner]
        group, labels = _groups(counts.keys, names)
        kinds, size = max(1, len(counts.items)), len(next(iter(labels.values()), [""]))
        heads = {
            "item": np.repeat(np.array(counts.items, dtype=object), size),
            "wave": np.tile(labels[inner["wave"]] if "wave" in inner else np.full(size, None), kinds),
            "level": np.tile(_joined([labels[inner[name]] for name in groups], size), kinds),
        }
        of_cell = group[counts.key]
        domain = np.where(of_cell < 0, -1, counts.item * size + of_cell)
        everyone = replace(Cells.of(counts, design, domain, inner.get("wave")), domains=kinds * size)
        inside = np.flatnonzero(domain >= 0)
        cells = everyone if len(inside) == len(domain) else everyone.keep(inside)
        x = plain(counts.keys[f"group{len(by)}"])[counts.key[inside]] if beside else np.zeros(0)
        yield Domains(heads, BETWEEN.join(groups), cells, counts, everyone, counts.value[inside], x, inside)


def _groups(keys: pd.DataFrame, names: list[str]) -> tuple[np.ndarray, Rows]:
    """The group of each combination of keys, numbered in the order of its levels, and each group's levels; missing: -1."""
    found = [(name, *_codes(keys[name])) for name in names]
    code = np.zeros(len(keys), dtype=np.int64)
    outside = np.zeros(len(keys), dtype=bool)
    for _, number, levels in found:
        outside |= number < 0
        code = code * max(1, len(levels)) + number
    inside = np.flatnonzero(~outside)
    group = np.full(len(keys), -1)
    uniques, group[inside] = _ordered(code[inside])
    place = first(inside, group[inside], len(uniques))
    return group, {name: levels[number[place]] for name, number, levels in found}


def _ordered(code: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`np.unique` with inverse, without sorting every cell."""
    held, uniques = pd.factorize(code)
    order = np.argsort(uniques)
    return uniques[order], np.argsort(order)[held]


def _codes(column: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    number, levels = pd.factorize(column, sort=True)
    return number, np.asarray(levels, dtype=object)


def _joined(levels: list[np.ndarray], size: int) -> np.ndarray:
    if len(levels) == 1:
        return levels[0]
    return np.array([BETWEEN.join(map(str, row)) for row in zip(*levels, strict=True)] or [""] * size, dtype=object)


def _mean_rows(domains: Domains) -> Rows:
    y, (cells, place) = numbers_of(domains), domains.known(domains.answered)
    mean, e = _mean(cells, y)
    return described(domains, cells, place, mean, e, "mean")


def _total_rows(domains: Domains) -> Rows:
    y, (cells, place) = numbers_of(domains), domains.known(domains.answered)
    total = np.where(cells.answers > 0, cells.sums(cells.w * y), np.nan)
    return described(domains, cells, place, total, y, "total")


def _ratio_rows(domains: Domains, beside: str) -> Rows:
    both = domains.answered & ~np.isnan(domains.x)
    cells, place = domains.known(both)
    y, x = domains.values[both].astype(float), domains.x[both]
    whole = cells.sums(cells.w * x)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = cells.sums(cells.w * y) / whole
        e = (y - ratio[cells.domain] * x) / whole[cells.domain]
    rows = described(domains, cells, place, ratio, e, "ratio")
    return rows | {"item": np.array([f"{item} / {beside}" for item in rows["item"]], dtype=object)}


def _mean(cells: Cells, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean of y in each domain, and each cell's e: the mean's error is sum(w e)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = cells.sums(cells.w * y) / cells.weight
        return mean, (y - mean[cells.domain]) / cells.weight[cells.domain]


def numbers_of(domains: Domains) -> np.ndarray:
    values = domains.values[domains.answered]
    try:
        return values.astype(float)
    except (ValueError, TypeError):
        word = next(place for place, value in enumerate(values) if not _is_number(value))
        item = domains.heads["item"][domains.cells.domain[domains.answered][word]]
        raise not_a_number(item, values[word]) from None


def _is_number(value: object) -> bool:
    try:
        float(value)  # type: ignore[arg-type]
    except (ValueError, TypeError):
        return False
    return True


def not_a_number(item: str, word: str) -> DesignError:
    """The error of a mean or total that is asked of words."""
    return DesignError(
        item,
        rule=Text("Trung bình và tổng chỉ tính trên số.", "Means and totals are of numbers."),
        found=repr(word),
        cure=Text("Dùng proportions(...) cho câu hỏi phân loại.", "Use proportions(...) for categories."),
    )


def require_fitting(frame: Any, design: Design, by: Sequence[str] = ()) -> None:
    """Raise DesignError where the weights and populations of a frame do not bear an estimate."""
    if not design.columns:
        return
    for counts in counted(rows(frame, [*by, *design.columns]).assign(answer=1), ["answer"], design, by):
        Cells.of(counts, design, np.zeros(len(counts.key), dtype=np.int64), "group0" if by == ["wave"] else None)


def described(
    domains: Domains, cells: Cells, place: np.ndarray, estimate: np.ndarray, e: np.ndarray, statistic: str
) -> Rows:
    """The rows of estimates whose errors are sums of w e over the cells: standard error, df, base, interval, method."""
    n, size = cells.answers, len(estimate)
    raked = bool(cells.design.margins)
    variance = residual_variances(domains.counts, domains.everyone, cells, place, e) if raked else cells.variances(e)
    se = np.where((n > 0) & ~np.isnan(estimate), np.sqrt(variance), np.nan)
    low, high = intervals.student(estimate, se, cells.df)
    lonely, usual = (method_of(cells.design, lonely=lonely) for lonely in (True, False))
    return domains.heads | {
        "statistic": np.full(size, statistic, dtype=object),
        "group": np.full(size, domains.group, dtype=object),
        "estimate": estimate,
        "se": se,
        "low": low,
        "high": high,
        "df": cells.df,
        "n": n.astype(int),
        "population": domains.cells.people,
        "target": np.full(size, cells.design.target, dtype=object),
        "method": np.where(cells.lonely, lonely + "; t", usual + "; t").astype(object),
        "value": np.full(size, np.nan, dtype=object),
        "domain": np.arange(size),
        "order": np.full(size, -1),
    }


def method_of(design: Design, *, lonely: bool) -> str:
    parts = [
        "strata" if design.stratum else "",
        "clusters" if design.psu else "",
        "weights" if design.weight else "",
        "calibrated" if design.margins else "",
        ("fpc of 2 stages" if design.psu_population else "fpc") if design.corrected else "",
        "lonely PSU about 0" if lonely else "",
    ]
    named = [part for part in parts if part]
    return f"linearisation ({', '.join(named)})" if named else "linearisation"


def _categories(frame: Any, items: Sequence[str]) -> dict[str, Sequence[object]]:
    """The values of pandas' categorical columns, in their order. R: the levels of a factor."""
    if not isinstance(frame, pd.DataFrame):
        return {}
    columns = {item: frame[item] for item in items if item in frame}
    return {
        i: [str(c) if isinstance(c, str) else c for c in column.cat.categories]
        for i, column in columns.items()
        if isinstance(column.dtype, pd.CategoricalDtype)
    }


def _share_rows(domains: Domains, known_values: Mapping[str, Sequence[object]], interval: str) -> Iterator[Rows]:
    cells, place = domains.known(domains.answered)
    number, lists = _places(domains, cells, known_values)
    items = domains.heads["item"]
    for order in range(max(map(len, lists.values()), default=0)):
        here = number == order
        share, e = _mean(cells, here.astype(float))
        rows = described(domains, cells, place, share, e, "proportion")
        rows["low"], rows["high"], kind = _share_interval(rows, cells, here, interval)
        rows["method"] = np.array([f"{m[:-1]}{k}" for m, k in zip(rows["method"], kind, strict=True)], dtype=object)
        rows["order"] = np.full(len(share), order)
        named = np.flatnonzero([order < len(lists[item]) for item in items])
        rows["value"] = np.array([(lists[item][order : order + 1] or [None])[0] for item in items], dtype=object)
        yield rows if len(named) == len(share) else {name: column[named] for name, column in rows.items()}


def _places(
    domains: Domains, cells: Cells, known: Mapping[str, Sequence[object]]
) -> tuple[np.ndarray, dict[str, list[object]]]:
    """Each cell's place in its item's list of values (-1: not in it), and the lists."""
    code, values = pd.factorize(domains.values[domains.answered], sort=True)
    item_codes, names = pd.factorize(domains.heads["item"])
    of_cell = item_codes[cells.domain]
    seen = np.zeros((len(names), len(values)), dtype=bool)
    seen[of_cell, code] = True
    words = [whole(value) for value in values]
    place = np.full((len(names), len(values)), -1)
    lists = {}
    for number, item in enumerate(names):
        lists[item] = list(known.get(item, [word for word, here in zip(words, seen[number], strict=True) if here]))
        for order, value in enumerate(lists[item]):
            if value in words:
                place[number, words.index(value)] = order
    return place[of_cell, code], lists


def whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _share_interval(rows: Rows, cells: Cells, here: np.ndarray, interval: str):
    """Limits and their names."""
    share, n = rows["estimate"], cells.answers
    size = _effective(share, rows["se"], cells)
    if interval == "korn_graubard":
        low, high = intervals.korn_graubard(share, size, n, cells.df)
        return low, high, np.full(len(share), "Korn-Graubard, effective n, not truncated")
    low, high = intervals.wilson(share, size, cells.df)
    kind = np.where(np.isnan(share), "no base", "Wilson, effective n").astype(object)
    simple, population = cells.simple_samples
    if len(simple):
        count = cells.sums(cells.n * here)[simple]
        low[simple], high[simple] = intervals.hypergeometric(count, n[simple], population)
    kind[simple] = "exact hypergeometric"
    return low, high, kind


def _effective(share: np.ndarray, se: np.ndarray, cells: Cells) -> np.ndarray:
    """The size of a simple sample with the same standard error; where everyone answers alike, from weights and (1 - f)."""
    spread = cells.scatter
    with np.errstate(invalid="ignore", divide="ignore"):
        alike = np.where(spread == 0, np.inf, cells.weight**2 / spread)
        return np.where((share > 0) & (share < 1) & (se > 0), share * (1 - share) / se**2, alike)


def table_of(parts: Iterator[Rows], items: Sequence[str]) -> pd.DataFrame:
    """The rows in the order of the items, their groups and their values."""
    found = list(parts)
    if not found:
        return pd.DataFrame(columns=COLUMNS).astype({"n": "int64"})
    rows = {name: np.concatenate([part[name] for part in found]) for name in found[0]}
    places = {item: place for place, item in enumerate(dict.fromkeys(items))}
    place = np.array([places[item] for item in rows["item"]])
    order = np.lexsort((rows["order"], rows["domain"], place))
    blank = {name: np.full(len(order), np.nan, dtype=object) for name in ("study", "phase", "shown", "reason")}
    return pd.DataFrame({name: (rows | blank)[name][order] for name in COLUMNS})
