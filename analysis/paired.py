"""The same people twice: tests, effect sizes and transition tables of linked answers, each with what it is about.

Every test takes two aligned columns (`before`, `after`), or a square table of counts (rows before, columns after) alone.
Pairs with a missing answer are left out. A rise, `after` above `before`, is positive throughout.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import optimize, special, stats

from analysis import intervals
from analysis.cube import rows
from analysis.result import Test
from survey.errors import DesignError, Text

Target = Literal["descriptive", "analytic"]
EXACT_BELOW = 50  # pairs: from there on R's wilcox.test, too, takes the normal distribution
EXACT_WORK = 20_000_000  # terms of the exact net change in a finite group: about a second
NO_PAIRS = "no pairs"


# --- all of it, from a frame of linked answers


def paired(
    frame: Any,
    items: Sequence[str],
    *,
    wave: str = "wave",
    person: str = "person",
    between: tuple[object, object],
    values: Mapping[str, Sequence[object]] | None = None,
    tops: Mapping[str, Sequence[object]] | None = None,
    zeros: Literal["pratt", "wilcox"] = "pratt",
    population: int | None = None,
    target: Target | None = None,
) -> pd.DataFrame:
    """All paired comparisons of each item between two waves: a row per item and test, with the fields of `Test`.

    frame: any frame that `cube` takes, a row per person and wave; only people who answered the item in both waves count.
    values: item -> its answers from low to high (needed for words). tops: item -> its top answers; adds McNemar's exact
    test and the net change of those. population: people on the roster in both waves; with it the net changes, the shares
    and the mean change are "descriptive" (target="analytic" keeps them analytic), all other rows are "analytic" always.
    Tests: sign, signed rank, rank-biserial, mean change, dz, net change, improved, same, worse, Bowker symmetry,
    Stuart-Maxwell, Bhapkar, and for tops McNemar, net change of top answers. p is not adjusted for their number: name one
    test beforehand. Raises DesignError: a wave has no answers, a person answers twice in a wave, an answer has no order.
    """
    first, second = linked(frame, items, wave, person, between)
    about: Any = {"population": population, "target": target}
    found: list[Test] = []
    for item in items:
        x, y = first[item], second[item]
        order: Any = {"values": (values or {}).get(item), "item": item}
        found += [
            sign(x, y, **order),
            signed_rank(x, y, zeros=zeros, **order),
            rank_biserial(x, y, **order),
            mean_change(x, y, **about, **order),
            dz(x, y, **order),
            net_change(x, y, **about, **order),
            *directions(x, y, **about, **order),
            bowker(x, y, **order),
            stuart_maxwell(x, y, **order),
            bhapkar(x, y, **order),
        ]
        if tops and item in tops:
            found.append(mcnemar(*_tops(x, y, tops[item]), item=item))
            found.append(net_change(x, y, tops=tops[item], **about, **order))
    known = population if population is not None else math.nan
    return pd.DataFrame([replace(test, population=known) for test in found], columns=[f.name for f in fields(Test)])


def _tops(x: pd.Series, y: pd.Series, tops: Sequence[object]) -> list[pd.Series]:
    return [column.isin(list(tops)).astype(object).where(column.notna(), None) for column in (x, y)]


def transitions(
    frame: Any,
    item: str,
    *,
    wave: str = "wave",
    person: str = "person",
    between: tuple[object, object],
    values: Sequence[object] | None = None,
) -> pd.DataFrame:
    """How many linked people went from each answer (rows, first wave) to each answer (columns, second wave).

    values: all answers in their order, so that one nobody gave is there as 0. Its sum is the number of pairs.
    Raises DesignError: as `paired`.
    """
    first, second = linked(frame, [item], wave, person, between)
    table = square(first[item], second[item], values=values).astype(int)
    return table.rename_axis(index=f"{item} {between[0]}", columns=f"{item} {between[1]}")


def response_shift(
    frame: Any,
    *,
    pre: str,
    then: str,
    post: str,
    wave: str = "wave",
    person: str = "person",
    between: tuple[object, object],
    values: Sequence[object] | None = None,
    population: int | None = None,
    target: Target | None = None,
) -> pd.DataFrame:
    """The change by what people said then beside the change by what they now say of then: three rows, `Test` and se.

    pre: the item in the first wave. then, post: how it was then, and how it is now, both asked in the second wave.
    Rows: "conventional change" (post - pre), "then-based change" (post - then), "response shift" (then - pre), each a mean
    of the same people, those with all three answers, so that conventional = then-based + shift. se: points of the scale.
    Neither change is the true one: the first holds a changed yardstick, the second what memory does (recall bias, wishing
    to have improved); `method` says so. population, target: as in `mean_change`.
    Source: Howard (1980), Evaluation Review 4, 93-106. R: `t.test(post, then, paired = TRUE)`.
    """
    first, second = linked(frame, [pre, then, post], wave, person, between)
    x, z, y = (_scores(_column(column), values) for column in (first[pre], second[then], second[post]))
    known = ~np.isnan(x + y + z)
    target = _target(target, population, int(known.sum()))
    size = population if target == "descriptive" else None
    found = []
    for test, later, earlier, caution in (
        ("conventional change", y, x, "the yardstick may have changed"),
        ("then-based change", y, z, "recall bias possible"),
        ("response shift", z, x, "changed yardstick and recall bias, not told apart"),
    ):
        d = _rounded((later - earlier)[known], np.r_[later[known], earlier[known]])
        result = _mean_test(d, test, post, target, population, size)
        found.append(replace(result, method=f"{result.method}; {caution}").row() | {"se": _mean_se(d, size)})
    return pd.DataFrame(found)


def linked(
    frame: Any, items: Sequence[str], wave: str, person: str, between: tuple[object, object]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The answers of the people who are in both waves, in the same order of people."""
    if isinstance(items, str):
        raise DesignError(
            "items",
            rule=Text("Câu hỏi là danh sách tên cột.", "Items are a list of column names."),
            found=items,
            cure=Text(f"Viết [{items!r}].", f"Write [{items!r}]."),
        )
    data = rows(frame, [wave, person, *items])
    first, second = (_of_wave(data, wave, person, value) for value in between)
    both = first.index.intersection(second.index, sort=False)
    return first.loc[both], second.loc[both]


def _of_wave(data: pd.DataFrame, wave: str, person: str, value: object) -> pd.DataFrame:
    part = data[(data[wave] == value).fillna(False).astype(bool) & data[person].notna()].set_index(person)
    if part.empty:
        raise DesignError(
            f"between: {value!r}",
            rule=Text("Mỗi đợt được nêu có câu trả lời kèm mã người.", "Each wave has answers that carry a person."),
            found=Text(f"các đợt đang có: {_some(data[wave])}", f"the waves there are: {_some(data[wave])}"),
            cure=Text("Sửa between, hoặc kiểm tra cột mã người.", "Mend between, or look at the column of persons."),
        )
    if not part.index.is_unique:
        raise DesignError(
            f"{person}, {wave}={value!r}",
            rule=Text("Mỗi người trả lời một lần trong một đợt.", "A person answers once in a wave."),
            found=_some(part.index[part.index.duplicated()]),
            cure=Text("Giữ một câu trả lời của mỗi người.", "Keep one answer of each person."),
        )
    return part


# --- tests of direction


def sign(before: Any, after: Any = None, *, values: Sequence[object] | None = None, item: str = "") -> Test:
    """The exact sign test: did as many rise as fell?

    values: the answers in their order, needed where they are words. statistic: pairs that rose; used: pairs that are not
    ties; estimate: the share that rose among those, with Clopper and Pearson's interval.
    R: `binom.test(sum(d > 0), sum(d != 0))`.
    """
    d = _differences(before, after, values)
    rose, used = int((d > 0).sum()), int((d != 0).sum())
    about: Any = {"item": item, "test": "sign", "n": len(d), "used": used, "target": "analytic"}
    if used == 0:
        return Test(**about, p=1.0 if len(d) else math.nan, method=f"exact binomial; {_nothing(d)}")
    found = stats.binomtest(rose, used)
    low, high = found.proportion_ci(0.95)
    method = f"exact binomial on {used} non-zero pairs of {len(d)}; Clopper-Pearson"
    return Test(**about, statistic=rose, p=float(found.pvalue), estimate=rose / used, low=low, high=high, method=method)


def signed_rank(
    before: Any,
    after: Any = None,
    *,
    zeros: Literal["pratt", "wilcox"] = "pratt",
    exact: bool | None = None,
    correct: bool | None = None,
    values: Sequence[object] | None = None,
    item: str = "",
) -> Test:
    """Wilcoxon's signed-rank test, with the pseudomedian of the differences and its 95 % interval.

    zeros: "pratt" ranks pairs without a difference and then leaves their ranks out; "wilcox" leaves the pairs out first,
    also from the pseudomedian. exact: the permutation distribution, ties and all; None: where there are neither ties nor
    zeros and fewer than 50 pairs, as R; else normal, with the variance of the tied ranks. correct: the continuity
    correction of 1/2; None: as R does, with "wilcox" yes, with "pratt" no. statistic: the sum V of the ranks that rose;
    used: pairs that are not ties. Differences are compared to 12 digits, so that 0.3 - 0.2 ties with 0.1. The interval
    inverts the test; without one (fewer than 6 pairs, say) it is missing.
    R: "wilcox" `wilcox.test(after, before, paired = TRUE, conf.int = TRUE, correct = correct)` (its interval to 1e-4);
    "pratt" `coin::wilcoxsign_test(after ~ before, zero.method = "Pratt")`, exact `distribution = "exact"`.
    Raises DesignError: answers are neither numbers nor in `values`.
    """
    d = _differences(before, after, values)
    ranks, up = _ranks(d, zeros)
    used = len(ranks)
    plain = used == len(d) and len(np.unique(ranks)) == used
    exact = plain and used < EXACT_BELOW if exact is None else exact
    correct = zeros == "wilcox" if correct is None else correct
    about: Any = {"item": item, "test": "signed rank", "n": len(d), "used": used, "target": "analytic"}
    how = f"{'exact' if exact else 'normal, tie-corrected'}{', continuity 1/2' if correct and not exact else ''}"
    method = f"{how}; zeros: {zeros}; {used} non-zero pairs of {len(d)}; pseudomedian"
    if used == 0:
        p, middle = (1.0, 0.0) if len(d) else (math.nan, math.nan)
        return Test(**about, statistic=0.0, p=p, estimate=middle, method=f"{method}; {_nothing(d)}")
    kept = d if zeros == "pratt" else d[d != 0]
    if exact and plain:
        middle, low, high = _walsh_interval(kept)
    else:
        middle, low, high = _inverted(kept, zeros, correct and not exact)
    p = _exact_p(ranks, up) if exact else 2 * float(stats.norm.sf(abs(_z(ranks, up, correct))))
    if exact and not plain:
        method += ", its interval normal"
    if math.isnan(low):
        method += "; no 95 % interval from so few pairs"
    statistic = float(ranks[up].sum())
    return Test(**about, statistic=statistic, p=min(1.0, p), estimate=middle, low=low, high=high, method=method)


def _ranks(d: np.ndarray, zeros: str) -> tuple[np.ndarray, np.ndarray]:
    """The ranks of the sizes of the non-zero differences, and which of them are rises."""
    moved = d != 0
    if zeros == "pratt":
        return stats.rankdata(np.abs(d))[moved], d[moved] > 0
    return stats.rankdata(np.abs(d[moved])), d[moved] > 0


def _z(ranks: np.ndarray, up: np.ndarray, correct: bool) -> float:
    apart = float(ranks[up].sum() - ranks.sum() / 2)
    if correct:
        apart -= math.copysign(0.5, apart) if apart else 0.0
    spread = float(np.sqrt((ranks**2).sum() / 4))
    return apart / spread if spread else 0.0


def _exact_p(ranks: np.ndarray, up: np.ndarray) -> float:
    """Each rank is a rise or a fall with chance 1/2; doubled ranks are whole numbers, ties or not."""
    doubled = np.rint(2 * ranks).astype(int)
    chance = np.zeros(doubled.sum() + 1)
    chance[0] = 1.0
    for size in doubled:
        chance[size:] += chance[:-size].copy()
        chance /= 2
    seen = int(doubled[up].sum())
    return float(2 * min(chance[: seen + 1].sum(), chance[seen:].sum()))


def _walsh_interval(d: np.ndarray) -> tuple[float, float, float]:
    """The median of all means of two differences, and those that the exact test just does not reject."""
    n = len(d)
    first, second = np.triu_indices(n)
    means = np.sort((d[first] + d[second]) / 2)
    chance = np.ones(1)
    for rank in range(1, n + 1):
        chance = (np.r_[chance, np.zeros(rank)] + np.r_[np.zeros(rank), chance]) / 2
    tail = int(np.searchsorted(np.cumsum(chance), 0.025 * (1 - 1e-12)))  # qsignrank(.025, n)
    if tail == 0:
        return float(np.median(means)), math.nan, math.nan
    return float(np.median(means)), float(means[tail - 1]), float(means[len(means) - tail])


def _inverted(d: np.ndarray, zeros: str, correct: bool) -> tuple[float, float, float]:
    """The shifts of the differences at which the normal test gives 0 and -+1.96."""
    least, most = float(d.min()), float(d.max())
    reach = float(stats.norm.ppf(0.975))
    if least == most:
        ranks, up = _ranks(d, zeros)
        sure = abs(_z(ranks, up, correct)) >= reach
        return least, least if sure else math.nan, least if sure else math.nan

    def crossing(z: float, corrected: bool) -> float:
        def above(shift: float) -> float:
            return _z(*_ranks(_rounded(d - shift, d), zeros), corrected) - z

        ends = above(least), above(most)
        if ends[0] < 0 or ends[1] > 0:
            return math.nan
        size = max(abs(least), abs(most))
        found = optimize.brentq(above, least, most, xtol=1e-15 * size)
        return float(np.round(found, 10 - math.ceil(math.log10(size))) + 0.0)  # differences are told apart to 12 digits

    low, high = crossing(reach, correct), crossing(-reach, correct)
    if math.isnan(low) or math.isnan(high):
        low = high = math.nan
    return crossing(0.0, False), low, high


# --- tests of a square table


def mcnemar(
    before: Any,
    after: Any = None,
    *,
    kind: Literal["exact", "mid-p", "chi2", "corrected"] = "exact",
    values: Sequence[object] | None = None,
    item: str = "",
) -> Test:
    """McNemar's test that as many moved from the first of two answers to the second as moved back.

    before, after: columns of two values (False and True, 0 and 1, or two named in `values`, the lower one first), or a
    2 x 2 table. kind: "exact" binomial, "mid-p" (the exact p less the chance of this very result), "chi2", or "corrected"
    (Edwards' continuity correction, none where both counts are equal). used: those who moved, b + c. estimate: (b - c) / n,
    b of them up; its interval is Bonett and Price's, as in `net_change`.
    R: `mcnemar.test(table, correct = FALSE / TRUE)`; exact `binom.test(b, b + c)`; mid-p
    `exact2x2::exact2x2(table, paired = TRUE, midp = TRUE)`.
    Raises DesignError: there are more than two values.
    """
    table = square(before, after, values=values).to_numpy()
    if len(table) > 2:
        raise _bad_table(f"{len(table)} × {len(table)}; mcnemar: 2 × 2")
    b, c = (int(table[0, 1]), int(table[1, 0])) if len(table) == 2 else (0, 0)
    n, used = int(table.sum()), b + c
    about: Any = {"item": item, "test": "McNemar", "n": n, "used": used, "target": "analytic"}
    low, high = bonett_price(b, c, n)
    names = {
        "exact": "exact binomial",
        "mid-p": "mid-p",
        "chi2": "chi-squared",
        "corrected": "chi-squared, continuity 1",
    }
    method = f"{names[kind]} on {used} who moved of {n}; net change, Bonett-Price"
    estimate = (b - c) / n if n else math.nan
    if used == 0:
        p = 1.0 if n else math.nan
        return Test(**about, p=p, estimate=estimate, low=low, high=high, method=f"{method}; {_moved(n)}")
    if kind in ("exact", "mid-p"):
        p = float(stats.binomtest(b, used).pvalue)
        if kind == "mid-p":
            p = 2 * float(stats.binom.cdf(min(b, c), used, 0.5)) - float(stats.binom.pmf(b, used, 0.5))
        return Test(**about, statistic=b, p=p, estimate=estimate, low=low, high=high, method=method)
    apart = max(abs(b - c) - (kind == "corrected"), 0)
    statistic = apart**2 / used
    p = float(stats.chi2.sf(statistic, 1))
    return Test(**about, statistic=statistic, df=1, p=p, estimate=estimate, low=low, high=high, method=method)


def bowker(before: Any, after: Any = None, *, values: Sequence[object] | None = None, item: str = "") -> Test:
    """Bowker's test of symmetry: from every answer to every other as many moved as back.

    df: pairs of answers between which someone moved (all k (k - 1) / 2 where there is someone for each; R fails else).
    used: those who moved. R: `mcnemar.test(table)` of more than two answers.
    """
    table = square(before, after, values=values).to_numpy()
    upper = np.triu_indices(len(table), 1)
    there, back = table[upper], table.T[upper]
    moved = there + back > 0
    statistic = float(((there - back)[moved] ** 2 / (there + back)[moved]).sum())
    return _square_test("Bowker symmetry", item, table, statistic, int(moved.sum()), "chi-squared")


def stuart_maxwell(before: Any, after: Any = None, *, values: Sequence[object] | None = None, item: str = "") -> Test:
    """Stuart and Maxwell's test of marginal homogeneity: the distribution of answers is the same before and after.

    df: answers less the groups of answers between which nobody moved (k - 1 in general). used: those who moved.
    R: `coin::mh_test(table)`.
    """
    table = square(before, after, values=values).to_numpy()
    statistic, df = _homogeneity(table)
    return _square_test("Stuart-Maxwell", item, table, statistic, df, "chi-squared")


def bhapkar(before: Any, after: Any = None, *, values: Sequence[object] | None = None, item: str = "") -> Test:
    """Bhapkar's test of marginal homogeneity: Stuart and Maxwell's W with the variance not under the null, W / (1 - W / n).

    Missing where all moved alike, which leaves no variance.
    R: `irr::bhapkar`; two answers: `(b - c)^2 / (b + c - (b - c)^2 / n)`.
    """
    table = square(before, after, values=values).to_numpy()
    stuart, df = _homogeneity(table)
    n = table.sum()
    if df and stuart >= n * (1 - 1e-12):
        method = "chi-squared; all moved alike: no variance"
        return Test(
            item, "Bhapkar", math.nan, df, math.nan, n=int(n), used=_off(table), target="analytic", method=method
        )
    return _square_test("Bhapkar", item, table, stuart / (1 - stuart / n) if n else 0.0, df, "chi-squared")


def _homogeneity(table: np.ndarray) -> tuple[float, int]:
    """d' V^- d and the rank of V; V is the Laplacian of a graph whose edges are the moves, so d is in its range."""
    both = table + table.T
    np.fill_diagonal(both, 0)
    apart = table.sum(axis=1) - table.sum(axis=0)
    spread = np.diag(both.sum(axis=1)) - both
    df = int(np.linalg.matrix_rank(spread, hermitian=True)) if spread.size else 0
    return float(apart @ np.linalg.pinv(spread, rcond=1e-12, hermitian=True) @ apart) if df else 0.0, df


def _square_test(test: str, item: str, table: np.ndarray, statistic: float, df: int, method: str) -> Test:
    n = int(table.sum())
    about: Any = {"item": item, "test": test, "n": n, "used": _off(table), "target": "analytic"}
    if df == 0:
        return Test(**about, df=0, p=1.0 if n else math.nan, method=f"{method}; {_moved(n)}")
    return Test(**about, statistic=statistic, df=df, p=float(stats.chi2.sf(statistic, df)), method=method)


def _off(table: np.ndarray) -> int:
    return int(table.sum() - np.trace(table))


def _moved(n: int) -> str:
    return "nobody moved" if n else NO_PAIRS


def square(before: Any, after: Any = None, *, values: Sequence[object] | None = None) -> pd.DataFrame:
    """The counts of pairs: a row per answer before, a column per answer after, zeros included.

    values: all answers in their order; else those that were given, sorted (or the order of an ordered categorical).
    `after` left out: `before` is such a table already. Raises DesignError: no square table of counts, unknown answers.
    """
    if after is None:
        table = _table(before)
        names = before.index if isinstance(before, pd.DataFrame) and values is None else values
        return pd.DataFrame(table, index=names, columns=names)
    one, two = _column(before), _column(after)
    _check_aligned(one, two)
    order = list(values) if values is not None else _seen(one, two)
    first, second = _codes(one, order), _codes(two, order)
    known = (first >= 0) & (second >= 0)
    counts = np.zeros((len(order), len(order)))
    np.add.at(counts, (first[known], second[known]), 1)
    return pd.DataFrame(counts, index=order, columns=order)


def _seen(one: pd.Series, two: pd.Series) -> list[object]:
    if isinstance(one.dtype, pd.CategoricalDtype) and one.dtype == two.dtype:
        return list(one.cat.categories)
    seen = dict.fromkeys([*one.dropna().tolist(), *two.dropna().tolist()])
    try:
        return sorted(seen)
    except TypeError:
        raise DesignError(
            "values",
            rule=Text("Câu trả lời cùng một loại: số, hoặc chữ.", "Answers are all numbers, or all words."),
            found=_some(seen),
            cure=Text("Thêm values=[…], từ thấp lên cao.", "Add values=[…], from low to high."),
        ) from None


# --- sizes of the change


def rank_biserial(
    before: Any,
    after: Any = None,
    *,
    interval: Literal["wilson", "fisher"] = "wilson",
    values: Sequence[object] | None = None,
    item: str = "",
) -> Test:
    """The matched-pairs rank-biserial correlation (Kerby 2014): ranks that rose less ranks that fell, over all, -1 to 1.

    Pairs without a difference are left out, which makes it larger than any measure that counts them: see `net_change`.
    interval (95 %): "wilson" is Wilson's of (r + 1) / 2, with the effective number of pairs from the linearised variance of
    r after one more rise and one more fall of middling size; "fisher" is Fisher's z with the standard error under no change,
    missing where all moved one way. Simulated coverage (2000 draws each of 20 and 72 people, r from 0 to .94): on the five
    distributions of five-point answers by which "wilson" was chosen among four candidates .944 to .961, on six others .944
    to .970. "fisher", among the draws where it exists (as few as a third), .77 to .98, lowest where r is large.
    R: `effectsize::rank_biserial(after, before, paired = TRUE)` is "fisher"; `pingouin.wilcoxon`'s RBC has no interval.
    """
    d = _differences(before, after, values)
    ranks, up = _ranks(d, "wilcox")
    used = len(ranks)
    about: Any = {"item": item, "test": "rank-biserial", "n": len(d), "used": used, "target": "analytic"}
    method = f"{'Fisher z' if interval == 'fisher' else 'Wilson, linearised'}; {used} non-zero pairs of {len(d)}"
    if used == 0:
        return Test(**about, method=f"{method}; {_nothing(d)}")
    total = used * (used + 1) / 2
    estimate = float(2 * ranks[up].sum() / total - 1)
    if interval == "wilson":
        low, high = intervals.wilson((estimate + 1) / 2, used / _inflation(d[d != 0]), math.inf)
        return Test(**about, estimate=estimate, low=2 * low - 1, high=2 * high - 1, method=method)
    if up.all() or not up.any():
        return Test(**about, estimate=estimate, method=f"{method}; all moved one way: no interval")
    se = math.sqrt((2 * used**3 + 3 * used**2 + used) / 6) / total
    low, high = np.tanh(np.arctanh(estimate) + np.array([-1, 1]) * stats.norm.ppf(0.975) * se)
    return Test(**about, estimate=estimate, low=float(low), high=float(high), method=method)


def _inflation(d: np.ndarray) -> float:
    """n times the variance of the rank-biserial correlation over 1 - r^2; with a rise and a fall added, r is never -+1."""
    middling = np.median(np.abs(d))
    d = np.r_[d, middling, -middling]
    n, direction, ranks = len(d), np.sign(d), stats.rankdata(np.abs(d))
    r = float((direction * ranks).sum() / ranks.sum())
    # each pair's own part: its rank, and the directions of those that moved further
    _, place = np.unique(np.abs(d), return_inverse=True)
    sums = np.bincount(place, weights=direction)
    further = (sums[::-1].cumsum()[::-1] - sums / 2)[place]
    return float(4 * ((direction * (ranks - 0.5) + further) / n).var(ddof=1) / (1 - r**2))


def mean_change(
    before: Any,
    after: Any = None,
    *,
    population: int | None = None,
    target: Target | None = None,
    values: Sequence[object] | None = None,
    item: str = "",
) -> Test:
    """The mean difference of the pairs with its t test and interval.

    population: how many people (pairs) there are; with it the target is "descriptive", se = s sqrt((1 - n/N) / n), 0 in a
    census; target="analytic", or no population: no correction. se is (high - estimate) / t(.975, df).
    R: `t.test(after, before, paired = TRUE)`; with population `svymean(~d, svydesign(ids = ~1, fpc = ~N))`, t on n - 1 df.
    """
    d = _differences(before, after, values)
    target = _target(target, population, len(d))
    size = population if target == "descriptive" else None
    return _mean_test(d, "mean change", item, target, population, size)


def _mean_test(d: np.ndarray, test: str, item: str, target: Target, population: int | None, size: int | None) -> Test:
    n = len(d)
    method = f"paired t{', finite-population correction' if size else ''}"
    about: Any = {"item": item, "test": test, "n": n, "used": n, "target": target, "population": population or math.nan}
    if n == 0:
        return Test(**about, method=f"{method}; {NO_PAIRS}")
    estimate = float(d.mean())
    se = _mean_se(d, size)
    if se == 0 and (size == n or estimate == 0):  # a census, or everyone the same
        p = 1.0 if estimate == 0 else 0.0
        low, high = (estimate, estimate) if size == n else (math.nan, math.nan)
        return Test(**about, df=n - 1, p=p, estimate=estimate, low=low, high=high, method=method)
    if not se > 0:
        return Test(**about, df=n - 1, estimate=estimate, method=f"{method}; no spread: no test")
    t = estimate / se
    low, high = intervals.student(estimate, se, n - 1)
    p = float(2 * stats.t.sf(abs(t), n - 1))
    return Test(**about, statistic=t, df=n - 1, p=p, estimate=estimate, low=low, high=high, method=method)


def _mean_se(d: np.ndarray, size: int | None) -> float:
    n = len(d)
    if size == n or (n > 1 and np.ptp(d) == 0):  # the sum of equal decimals may leave a last bit of spread
        return 0.0
    return float(d.std(ddof=1) * math.sqrt((1 - n / size if size else 1.0) / n)) if n > 1 else math.nan


def dz(before: Any, after: Any = None, *, values: Sequence[object] | None = None, item: str = "") -> Test:
    """The standardised mean change: mean of the differences over their standard deviation, with its exact 95 % interval.

    The interval is that of the noncentral t distribution. R: `effectsize::cohens_d(after, before, paired = TRUE)`,
    `psych::d.ci(d, n1 = n)`.
    """
    d = _differences(before, after, values)
    n = len(d)
    about: Any = {"item": item, "test": "dz", "n": n, "used": n, "target": "analytic"}
    spread = float(d.std(ddof=1)) if n > 1 and np.ptp(d) > 0 else math.nan
    if not spread > 0:
        return Test(**about, method=f"noncentral t; {'no spread' if n else NO_PAIRS}")
    estimate = float(d.mean()) / spread
    t = estimate * math.sqrt(n)
    low, high = (_noncentrality(t, n - 1, tail) / math.sqrt(n) for tail in (0.975, 0.025))
    return Test(**about, statistic=t, df=n - 1, estimate=estimate, low=low, high=high, method="noncentral t")


def _noncentrality(t: float, df: int, below: float) -> float:
    """The noncentrality that puts the chance `below` below t."""
    if df < 1 or not math.isfinite(t):
        return math.nan
    if t < 0:  # scipy's noncentral t is missing far below 0
        return -_noncentrality(-t, df, 1 - below)
    reach = 10 + t
    return float(optimize.brentq(lambda ncp: stats.nct.cdf(t, df, ncp) - below, t - reach, t + reach, xtol=1e-12))


def bonett_price(b: float, c: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Interval for (b - c) / n, b of n people up and c down: Wald's after one more person up and one more down.

    Source: Bonett and Price (2012), Journal of Educational and Behavioral Statistics 37, 479-488. Infinite n: (b - c) / n.
    R: `PropCIs::diffpropci.Wald.mp`'s formula with b + 1, c + 1, n + 2.
    """
    if not n > 0:
        return math.nan, math.nan
    up, down = (b + 1) / (n + 2), (c + 1) / (n + 2)
    half = float(stats.norm.ppf((1 + level) / 2)) * math.sqrt((up + down - (up - down) ** 2) / (n + 2))
    return max(-1.0, up - down - half), min(1.0, up - down + half)


def newcombe(table: Any, level: float = 0.95) -> tuple[float, float]:
    """Newcombe's score interval (method 10, 1998) for the change of a share in a 2 x 2 table, first answer less, second up.

    Source: Newcombe (1998), Statistics in Medicine 17, 2635-2650.
    """
    (a, b), (c, d) = _table(table)
    n = a + b + c + d
    if n == 0:
        return math.nan, math.nan
    after, before = (b + d) / n, (c + d) / n
    low2, high2 = intervals.wilson(after, n, math.inf, level)
    low1, high1 = intervals.wilson(before, n, math.inf, level)
    margins = (a + b) * (c + d) * (a + c) * (b + d)
    cross = a * d - b * c
    cross = max(cross - n / 2, 0.0) if cross > 0 else cross
    phi = cross / math.sqrt(margins) if margins else 0.0

    def reach(x: float, y: float) -> float:
        return math.sqrt(max(0.0, x**2 - 2 * phi * x * y + y**2))

    change = after - before
    return float(change - reach(after - low2, high1 - before)), float(change + reach(high2 - after, before - low1))


def net_change(
    before: Any,
    after: Any = None,
    *,
    tops: Sequence[object] | None = None,
    population: int | None = None,
    target: Target | None = None,
    values: Sequence[object] | None = None,
    item: str = "",
) -> Test:
    """Share of people that rose less share that fell (in shares, -1 to 1), with its interval and test.

    tops: the change is then of giving one of these answers. population: as in `mean_change`.
    Analytic: Bonett and Price's interval, p of the exact sign test. Descriptive: the pairs are a simple random sample of N
    people of whom U rose and D fell; kept are all (U, D) that would give so high, and so low, a net change with chance above
    2.5 %, and the interval runs over their (U - D) / N; p is the largest at U = D. It never covers less than 95 %; a census
    gives (estimate, estimate) and p 0 or 1. In a population too large to list (or a few of many) the interval is Bonett and
    Price's with the effective number of pairs (n - 1) / (1 - n/N) instead, p that of t with the correction.
    statistic: people who rose less people who fell; used: those who did either.
    """
    d = _top_differences(before, after, tops, values) if tops is not None else _differences(before, after, values)
    n, b, c = len(d), int((d > 0).sum()), int((d < 0).sum())
    target = _target(target, population, n)
    about: Any = {"item": item, "test": f"net change{'' if tops is None else ' of top answers'}", "n": n, "used": b + c}
    about |= {"target": target, "population": population or math.nan}
    if n == 0:
        return Test(**about, method=NO_PAIRS)
    about |= {"statistic": b - c, "estimate": (b - c) / n}
    if target == "analytic" or population is None:
        low, high = bonett_price(b, c, n)
        p = float(stats.binomtest(b, b + c).pvalue) if b + c else 1.0
        return Test(**about, p=p, low=low, high=high, method="Bonett-Price; exact sign test")
    unseen = population - n
    if (unseen + 1) * (unseen + 2) / 2 * (n + 1) ** 2 <= EXACT_WORK:
        p, low, high = _exact_net(b, c, n, int(population))
        return Test(**about, p=p, low=low, high=high, method="exact in a finite population")
    effective = (n - 1) / (1 - n / population)
    low, high = bonett_price(b * effective / n, c * effective / n, effective)
    p = _mean_test(np.sign(d), "", "", target, population, population).p
    method = "Bonett-Price with effective n; t with finite-population correction"
    return Test(**about, p=p, low=low, high=high, method=method)


def _exact_net(b: int, c: int, n: int, population: int) -> tuple[float, float, float]:
    """p of no net change, and the interval, from the chances of the net change of n people for all that the others may be."""
    unseen = population - n
    up, down = np.nonzero(np.add.outer(np.arange(unseen + 1), np.arange(unseen + 1)) <= unseen)
    up, down = up + b, down + c
    same = population - up - down
    log = special.gammaln(np.arange(population + 1) + 1)

    def ways(of: np.ndarray, some: np.ndarray) -> np.ndarray:
        at = np.clip(some, 0, of)
        return np.where(at == some, log[of] - log[at] - log[of - at], -np.inf)

    all_ways = log[population] - log[n] - log[unseen]
    rose = np.arange(n + 1)
    above, below = np.zeros(len(up)), np.zeros(len(up))
    ways_up = ways(up[:, None], rose[None, :])
    for fell in range(n + 1):
        others = ways(same[:, None], (n - fell - rose)[None, :]) + ways(down, np.full(len(down), fell))[:, None]
        chance = np.exp(ways_up + others - all_ways)
        seen = b - c + fell  # rises that make the same net change
        above += chance[:, max(0, seen) :].sum(axis=1)
        below += chance[:, : max(0, seen + 1)].sum(axis=1)
    tail = np.minimum(above, below)
    kept = tail > 0.025 * (1 + 1e-9)
    net = (up - down)[kept]
    null = tail[up == down]
    return float(min(1.0, 2 * null.max(initial=0.0))), float(net.min() / population), float(net.max() / population)


def _top_differences(before: Any, after: Any, tops: Sequence[object], values: Sequence[object] | None) -> np.ndarray:
    table = square(before, after, values=values)
    top = table.index.isin(list(tops))
    counts = table.to_numpy()
    rose, fell = int(counts[~top][:, top].sum()), int(counts[top][:, ~top].sum())
    return np.repeat([1.0, -1.0, 0.0], [rose, fell, int(counts.sum()) - rose - fell])


def directions(
    before: Any,
    after: Any = None,
    *,
    population: int | None = None,
    target: Target | None = None,
    values: Sequence[object] | None = None,
    item: str = "",
) -> list[Test]:
    """The shares (0 to 1) of people who rose, stayed the same and fell, each with an interval: "improved", "same", "worse".

    Descriptive (population known): exact hypergeometric, never below 95 %; analytic: Wilson's.
    Those who answered at an end of the scale before cannot move further, and answers at an end tend to come back by chance
    (regression to the mean): read it beside the transition table. R: `prop.test(x, n, correct = FALSE)`.
    """
    d = _differences(before, after, values)
    n = len(d)
    target = _target(target, population, n)
    found = []
    for test, count in (("improved", (d > 0).sum()), ("same", (d == 0).sum()), ("worse", (d < 0).sum())):
        about: Any = {"item": item, "test": test, "n": n, "used": int(count), "target": target}
        about["population"] = population or math.nan
        if n == 0:
            found.append(Test(**about, method=NO_PAIRS))
            continue
        if target == "descriptive" and population is not None:
            (low, high), method = intervals.hypergeometric(int(count), n, population), "exact hypergeometric"
        else:
            (low, high), method = intervals.wilson(count / n, n, math.inf), "Wilson"
        found.append(Test(**about, estimate=float(count / n), low=low, high=high, method=method))
    return found


def _target(target: Target | None, population: int | None, n: int) -> Target:
    if population is not None and population < n:
        raise DesignError(
            "population",
            rule=Text("Tổng thể không nhỏ hơn số cặp.", "The population is not smaller than the number of pairs."),
            found=f"{population} < {n}",
            cure=Text("Sửa population theo danh sách.", "Take population from the roster."),
        )
    if target == "descriptive" and population is None:
        raise DesignError(
            'target="descriptive"',
            rule=Text("Nói về chính những người này thì phải biết có bao nhiêu.", "These people have to be counted."),
            found="population=None",
            cure=Text("Thêm population=…, hoặc target='analytic'.", "Add population=…, or take target='analytic'."),
        )
    return target or ("analytic" if population is None else "descriptive")


# --- the pairs themselves


def _differences(before: Any, after: Any, values: Sequence[object] | None) -> np.ndarray:
    first, second = _numbers(before, after, values)
    return _rounded(second - first, np.r_[first, second])


def _rounded(d: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Without the last bits, which only tell in what order decimals were subtracted."""
    largest = float(np.abs(scale).max(initial=0.0))
    return np.round(d, 12 - math.ceil(math.log10(largest))) + 0.0 if largest else d


def _numbers(before: Any, after: Any, values: Sequence[object] | None) -> tuple[np.ndarray, np.ndarray]:
    """The complete pairs as numbers: the answers themselves, or their places in `values` where those are words."""
    if after is None:
        table = _table(before)
        scores = _scores(pd.Series(list(values)), values) if values is not None else np.arange(1.0, len(table) + 1)
        if len(scores) != len(table):
            raise _bad_table(f"{len(table)} × {len(table)}, values: {len(scores)}")
        first, second = np.divmod(np.repeat(np.arange(table.size), table.ravel().astype(int)), len(table))
        return scores[first], scores[second]
    one, two = _column(before), _column(after)
    _check_aligned(one, two)
    x, y = _scores(one, values), _scores(two, values)
    known = ~(np.isnan(x) | np.isnan(y))
    return x[known], y[known]


def _column(given: Any) -> pd.Series:
    series = given if isinstance(given, pd.Series) else pd.Series(given if hasattr(given, "dtype") else list(given))
    return series.reset_index(drop=True)


def _scores(column: pd.Series, values: Sequence[object] | None) -> np.ndarray:
    if values is None and isinstance(column.dtype, pd.CategoricalDtype):
        values = list(column.cat.categories) if column.cat.ordered else None
    if values is not None and not all(isinstance(v, int | float | np.number) for v in values):
        code = _codes(column, values)
        return np.where(code < 0, np.nan, code + 1.0)
    if values is not None:
        _codes(column, values)
    asked = column.astype(object).where(column.notna(), None)
    numbers = pd.to_numeric(asked, errors="coerce").astype(float).to_numpy()
    bad = column[column.notna().to_numpy() & ~np.isfinite(numbers)]
    if len(bad):
        raise DesignError(
            "values",
            rule=Text("Câu trả lời phải là số, hoặc có thứ tự trong values.", "Answers are numbers, or have an order."),
            found=_some(bad),
            cure=Text("Thêm values=[…], từ thấp lên cao.", "Add values=[…], from low to high."),
        )
    return numbers


def _codes(column: pd.Series, values: Sequence[object]) -> np.ndarray:
    """The place of each answer in `values`; -1 where it is missing."""
    order = pd.Index(list(values))
    known = column.notna().to_numpy()
    code = np.full(len(column), -1)
    if not order.is_unique:
        raise DesignError(
            "values",
            rule=Text("Mỗi giá trị chỉ nêu một lần.", "Each value is named once."),
            found=_some(order[order.duplicated()]),
            cure=Text("Bỏ giá trị lặp.", "Leave out the repeated value."),
        )
    code[known] = order.get_indexer(pd.Index(column[known].tolist()))
    outside = column[known & (code < 0)]
    if len(outside):
        raise DesignError(
            "values",
            rule=Text("Mọi câu trả lời phải nằm trong values.", "Every answer is one of values."),
            found=_some(outside),
            cure=Text("Bổ sung values, hoặc để trống câu trả lời ấy.", "Add to values, or make that answer missing."),
        )
    return code


def _some(found: Any) -> str:
    return ", ".join(str(value) for value in list(dict.fromkeys(found))[:6])


def _check_aligned(before: pd.Series, after: pd.Series) -> None:
    if len(before) != len(after):
        raise DesignError(
            "before, after",
            rule=Text("Hai cột phải cùng số dòng, mỗi dòng một người.", "The two columns have a row for each person."),
            found=f"{len(before)}, {len(after)}",
            cure=Text("Nối hai đợt theo người trước.", "Join the two waves by person first."),
        )


def _table(given: Any) -> np.ndarray:
    table = np.asarray(given, dtype=float)
    if table.ndim != 2 or table.shape[0] != table.shape[1]:
        raise _bad_table(" × ".join(str(size) for size in table.shape))
    if not (np.isfinite(table).all() and (table >= 0).all() and (table == np.rint(table)).all()):
        raise _bad_table(_some(table[~(np.isfinite(table) & (table >= 0) & (table == np.rint(table)))]))
    return table


def _bad_table(found: object) -> DesignError:
    return DesignError(
        "table",
        rule=Text(
            "Bảng phải vuông (trước × sau) và gồm số đếm.", "The table is square (before × after) and holds counts."
        ),
        found=found,
        cure=Text("Đưa bảng k × k, hoặc hai cột.", "Give a k × k table, or two columns."),
    )


def _nothing(d: np.ndarray) -> str:
    return "no pair differs" if len(d) else NO_PAIRS
