"""Different people compared: rank tests and tables that know weights, strata, clusters and the finite population."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import stats

from analysis import intervals
from analysis.cube import Counts, counted
from analysis.design import Design
from analysis.linearisation import Cells
from analysis.result import Test
from survey.errors import DesignError, Text

Score = Literal["wilcoxon", "vanderWaerden", "median"]


def unpaired(frame: Any, items: Sequence[str], design: Design | None = None, *, group: str) -> pd.DataFrame:
    """Each item compared between the groups of a column: a row per item and test, with the fields of `Test`.

    Tests: rank test, Rao-Scott, and, of two groups, Cliff's delta (second less first, in the order of their names). frame:
    any frame that `cube` takes. p is not adjusted for their number: name one test beforehand.
    """
    found: list[Test] = []
    for item in items:
        found += [rank_test(frame, item, design, group=group), rao_scott(frame, item, design, group=group)]
        delta = cliffs_delta(frame, item, design, group=group)
        found += [delta] if delta else []
    return pd.DataFrame([asdict(test) for test in found], columns=[field.name for field in fields(Test)])


def rank_test(frame: Any, item: str, design: Design | None = None, *, group: str, score: Score = "wilcoxon") -> Test:
    """Whether the answers of two groups or more are of one distribution: the design-based rank test of Lumley and Scott.

    score: "wilcoxon" (of more than two groups Kruskal and Wallis's), "vanderWaerden", "median". Ranks of equal answers are
    the middle of their weights. Of two groups statistic is t and estimate the difference of the mean scores (second less
    first, 0 to 1 for wilcoxon) with its interval; else statistic is F and df its first number. A finite-population correction
    counts: in a census any difference is one. Source: Lumley and Scott (2013), Biometrika 100, 831-842.
    R: `svyranktest(y ~ g, design, test = score)`; with unequal weights within ties R's ranks hang on the order of the rows.
    """
    answers = _Answers.of(frame, item, design, group)
    if answers.wanting:
        return Test(item, f"rank test, {score}", n=answers.n, target=answers.target, method=answers.wanting)
    scores = _scores(answers.place, answers.cells.w, score)
    means, e = answers.group_means(scores)
    covariance = answers.cells.covariance(e)
    contrast = np.column_stack([-np.ones(len(means) - 1), np.eye(len(means) - 1)])
    apart, spread = contrast @ means, contrast @ covariance @ contrast.T
    ndf = len(apart)
    ddf = float(answers.cells.df[0]) - ndf
    method = f"design-based rank test ({answers.kind})"
    if ndf == 1:
        se = math.sqrt(max(0.0, float(spread[0, 0])))
        low, high = intervals.student(float(apart[0]), se, ddf)
        t, p = _t(float(apart[0]), se, ddf)
        return answers.test(f"rank test, {score}", t, ddf, p, float(apart[0]), low, high, method + "; t")
    f, p = _f(apart, spread, ddf)
    return answers.test(f"rank test, {score}", f, ndf, p, method=method + f"; F, {ddf:g} denominator df")


def rao_scott(frame: Any, item: str, design: Design | None = None, *, group: str) -> Test:
    """Whether the shares of the answers are the same in each group: Pearson's chi-square with Rao and Scott's second-order
    correction; statistic is F, df its first number.

    Source: Rao and Scott (1984), Annals of Statistics 12, 46-60. R: `svychisq(~y + g, design, statistic = "F")`.
    """
    answers = _Answers.of(frame, item, design, group)
    if answers.wanting or len(answers.values) < 2:
        wanting = answers.wanting or "everyone gave the same answer"
        return Test(item, "Rao-Scott", n=answers.n, target=answers.target, method=wanting)
    rows, columns = len(answers.values), len(answers.groups)
    table = answers.place * columns + answers.group
    cells, w = answers.cells, answers.cells.w
    shares = np.bincount(table, w, rows * columns) / w.sum()
    e = (np.eye(rows * columns)[table] - shares) / w.sum()
    observed = shares.reshape(rows, columns)
    expected = np.outer(observed.sum(axis=1), observed.sum(axis=0))
    n = cells.n.sum()
    pearson = n * float(((observed - expected) ** 2 / expected).sum())
    interaction = _interaction(rows, columns)
    inverse = np.diag(np.divide(1, shares, out=np.zeros_like(shares), where=shares > 0))
    simple = interaction.T @ (inverse / n) @ interaction
    effects = np.linalg.solve(simple, interaction.T @ inverse @ cells.covariance(e) @ inverse @ interaction)
    trace, squares = np.trace(effects), np.trace(effects @ effects)
    clusters = float(answers.everyone.df[0])
    method = f"Pearson's chi-square, Rao-Scott ({answers.kind})"
    if trace <= 1e-14:  # a census: known exactly
        p = 1.0 if pearson < 1e-12 * n else 0.0
        return answers.test("Rao-Scott", math.nan, math.nan, p, method=method + "; census")
    df = trace**2 / squares
    p = float(stats.f.sf(pearson / trace, df, df * clusters)) if clusters > 0 else math.nan
    return answers.test("Rao-Scott", pearson / trace, df, p, method=method + f"; F, {df * clusters:g} denominator df")


def cliffs_delta(frame: Any, item: str, design: Design | None = None, *, group: str) -> Test | None:
    """How often someone of the second group answers higher than someone of the first, less how often lower (-1 to 1).

    Weighted, with the design's standard error and an interval on Fisher's z scale; 0 in a census; none where one group answers
    wholly above the other, which the `method` says. None for more than two groups. Source: Cliff (1993), Psychological
    Bulletin 114, 494-509. R: `effsize::cliff.delta(y2, y1)` for the estimate.
    """
    answers = _Answers.of(frame, item, design, group)
    if answers.wanting:
        return Test(item, "Cliff's delta", n=answers.n, target=answers.target, method=answers.wanting)
    if len(answers.groups) != 2:
        return None
    w, first = answers.cells.w, answers.group == 0
    size = len(answers.values)
    shares = [np.bincount(answers.place[here], w[here], size) / w[here].sum() for here in (first, ~first)]
    below = [np.cumsum(share) - share / 2 for share in shares]  # the share that answers lower, ties by half
    chance = float((shares[1] * below[0]).sum())
    placed = np.where(first, 1 - below[1][answers.place], below[0][answers.place])
    e = 2 * (placed - chance) / np.where(first, w[first].sum(), w[~first].sum())
    delta, se = 2 * chance - 1, math.sqrt(max(0.0, float(answers.cells.variances(e)[0])))
    df = float(answers.cells.df[0])
    t, p = _t(delta, se, df)
    method = f"Cliff's delta ({answers.kind}); Fisher z, t"
    if se == 0 and not answers.census:
        return answers.test("Cliff's delta", math.nan, df, math.nan, delta, method=method + ": no interval, no overlap")
    low, high = (
        (math.tanh(x) for x in intervals.student(math.atanh(delta), se / (1 - delta**2), df))
        if abs(delta) < 1
        else (
            delta,
            delta,
        )
    )
    return answers.test("Cliff's delta", t, df, p, delta, low, high, method)


@dataclass(frozen=True)
class _Answers:
    """One item's cells that have an answer and a group, as places among the sorted answers and groups."""

    item: str
    cells: Cells
    everyone: Cells
    values: np.ndarray
    groups: np.ndarray
    place: np.ndarray
    group: np.ndarray

    @classmethod
    def of(cls, frame: Any, item: str, design: Design | None, group: str) -> _Answers:
        design = design or Design()
        (counts,) = counted(frame, [item], design, [group])
        _require_one_population(counts, design)
        everyone = Cells.of(counts, design, np.zeros(len(counts.key), dtype=np.int64), None)
        names = counts.keys["group0"].iloc[counts.key]
        kept = np.flatnonzero(~pd.isna(counts.value) & names.notna().to_numpy() & (counts.w > 0))
        place, values = pd.factorize(counts.value[kept], sort=True)
        number, groups = pd.factorize(names.iloc[kept], sort=True)
        return cls(item, everyone.keep(kept), everyone, values, np.asarray(groups), place, number)

    @property
    def n(self) -> int:
        return int(self.cells.n.sum())

    @property
    def target(self) -> str:
        return self.cells.design.target

    @property
    def census(self) -> bool:
        return bool((self.cells.free[np.unique(self.cells.stratum)] == 0).all())

    @property
    def wanting(self) -> str:
        """Why there is nothing to compare."""
        return "fewer than two groups with answers" if len(self.groups) < 2 else ""

    @property
    def kind(self) -> str:
        design = self.cells.design
        parts = (
            ("strata", design.stratum),
            ("clusters", design.psu),
            ("weights", design.weight),
            ("fpc", design.corrected),
        )
        return ", ".join(name for name, given in parts if given) or "simple sample"

    def group_means(self, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The mean score of each group, and each cell's part e in it: a column per group."""
        w = self.cells.w
        whole = np.bincount(self.group, w)
        means = np.bincount(self.group, w * scores) / whole
        return means, np.eye(len(whole))[self.group] * ((scores - means[self.group]) / whole[self.group])[:, None]

    def test(
        self, test: str, statistic: float, df: float, p: float, estimate: float = math.nan, low: float = math.nan,
        high: float = math.nan, method: str = "",
    ) -> Test:  # fmt: skip
        people = float(self.everyone.people[0])
        return Test(self.item, test, statistic, df, p, estimate, low, high, self.n, self.n, self.target, people, method)


def _require_one_population(counts: Counts, design: Design) -> None:
    """The groups are of one survey: a stratum has one size, also where the group is the wave."""
    if not design.corrected:
        return
    strata = counts.keys["stratum"] if design.stratum else pd.Series(0, index=counts.keys.index)
    sizes = counts.keys.groupby(strata, dropna=False)["population"].nunique()
    if (sizes > 1).any():
        raise DesignError(
            f"Design(population={design.population!r})",
            rule=Text("Trong một tầng chỉ có một cỡ tổng thể.", "A stratum has one population size."),
            found=Text(
                f"tầng {sizes.idxmax()} có {sizes.max()} cỡ", f"stratum {sizes.idxmax()} has {sizes.max()} sizes"
            ),
            cure=Text("So sánh hai đợt thì dùng change(...).", "To compare two waves use change(...)."),
        )


def _scores(place: np.ndarray, w: np.ndarray, score: Score) -> np.ndarray:
    weights = np.bincount(place, w)
    rank = (np.cumsum(weights) - weights / 2) / weights.sum()
    kinds = {"wilcoxon": lambda r: r, "vanderWaerden": stats.norm.ppf, "median": lambda r: (r > 0.5).astype(float)}
    return kinds[score](rank)[place]


def _interaction(rows: int, columns: int) -> np.ndarray:
    """Contrasts of a table that are orthogonal to its margins."""
    row, column = np.divmod(np.arange(rows * columns), columns)
    dummies = np.eye(rows)[row], np.eye(columns)[column]
    main = np.column_stack([np.ones(rows * columns), dummies[0][:, 1:], dummies[1][:, 1:]])
    both = np.column_stack([dummies[0][:, i] * dummies[1][:, j] for j in range(1, columns) for i in range(1, rows)])
    return both - main @ np.linalg.lstsq(main, both, rcond=None)[0]


def _t(estimate: float, se: float, df: float) -> tuple[float, float]:
    if se == 0:  # a census, or no spread at all
        return math.nan, 1.0 if abs(estimate) < 1e-12 else 0.0
    return estimate / se, float(2 * stats.t.sf(abs(estimate) / se, df)) if df > 0 else math.nan


def _f(apart: np.ndarray, spread: np.ndarray, df: float) -> tuple[float, float]:
    if np.trace(spread) <= 1e-20:
        return math.nan, 1.0 if np.abs(apart).max() < 1e-12 else 0.0
    f = float(apart @ np.linalg.lstsq(spread, apart, rcond=None)[0]) / len(apart)
    return f, float(stats.f.sf(f, len(apart), df)) if df > 0 else math.nan
