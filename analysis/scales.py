"""Items -> scale scores, and how reliable they are."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Literal

import numpy as np
import pandas as pd
from scipy import optimize, stats

from analysis import intervals
from analysis.design import Design
from analysis.estimates import means
from survey.errors import DesignError
from survey.questionnaire import Questionnaire, Scale


def score(answers: pd.DataFrame, form: Questionnaire) -> pd.DataFrame:
    """The answers with a column per scale: the mean of a person's answered items, in the items' own points.

    Reverse items are turned (lowest + highest - answer). Missing where less than the scale's `least` share of its items
    was answered. Scales without any item among the columns are left out.
    """
    scores = {}
    for scale, turned in _turned(answers, form):
        enough = turned.notna().sum(axis=1) >= scale.least * len(scale.items)
        scores[scale.id] = turned.mean(axis=1).where(enough)
    return answers.assign(**scores)


def score_whole(answers: pd.DataFrame, form: Questionnaire) -> pd.DataFrame:
    """The answers with a column per scale, whose mean in each wave is the average of the wave's means of its items.

    Where everybody answered every item this is `score`. Where some did not, a mean of `score` beside the published means of the
    items would tell what those few answered; the average of the items' means tells nothing that these do not. A person's value
    is then the linearised one: m + sum of (n / n_j) (y_j - m_j) / q over the q items that the wave asked, with m_j the mean of
    an item's n_j answers, m their average and n the people who answered any item; so that its standard error is that of
    the average too. Missing for who answered none.
    R: `svycontrast(svymean(~y1 + y2, design, na.rm = TRUE), c(1/2, 1/2))`, where all items have the same gaps.
    """
    waves = answers.groupby("wave", sort=False).ngroup().to_numpy()
    return answers.assign(**{scale.id: _linearised(items, waves) for scale, items in _turned(answers, form)})


def levels_of_groups(answers: pd.DataFrame, form: Questionnaire, design: Design, by: str) -> pd.DataFrame:
    """The level of each scale in each group of a wave, made of what is published of its items alone: rows as `means` gives.

    answers: of one wave. A group's mean is the average of its items' means. Its standard error is
    sqrt(sum of r_ij s_i s_j) / q: s_i are the items' own in the group, r_ij their correlations in the whole wave. With a dozen
    people and two items the standard error of their own scores has few ways to come about, and named what single people answered.
    n: people who answered any item. df: the least of the items'.
    """
    turned = list(_turned(answers, form))
    asked = {item: items[item] for _, items in turned for item in items}
    columns = answers[list(dict.fromkeys(["wave", by, *design.columns]))]
    every = means(
        pd.concat([pd.DataFrame(asked, index=answers.index), columns], axis=1), list(asked), design, ["wave", by]
    )
    found = [every.head(0)]
    for scale, items in turned:
        told = every[every["item"].isin(items.columns)]
        names = ("estimate", "se", "df", "population")
        numbers = {name: told.pivot(index="level", columns="item", values=name) for name in names}
        together = items.corr().fillna(1.0).to_numpy(copy=True)
        np.fill_diagonal(together, 1.0)
        se = numbers["se"][list(items)].fillna(0.0).to_numpy(float)
        spread = np.sqrt(np.maximum(np.einsum("gi,ij,gj->g", se, together, se), 0)) / numbers["se"].notna().sum(axis=1)
        estimate, df = numbers["estimate"].mean(axis=1), numbers["df"].min(axis=1)
        low, high = intervals.student(estimate.to_numpy(float), spread.to_numpy(float), df.to_numpy(float))
        rows = told.drop_duplicates("level").set_index("level", drop=False)
        n = items.notna().any(axis=1).groupby(answers[by]).sum().reindex(estimate.index)
        method = rows["method"].str.replace("; t", "; the whole's correlations of items; t", regex=False)
        found.append(
            rows.loc[estimate.index].assign(
                item=scale.id, estimate=estimate, se=spread, low=low, high=high, df=df, n=n.astype(int), method=method,
                population=numbers["population"].max(axis=1),
            )
        )  # fmt: skip
    return pd.concat(found, ignore_index=True)


def _linearised(turned: pd.DataFrame, groups: np.ndarray) -> np.ndarray:
    y = turned.to_numpy(float)
    there = ~np.isnan(y)
    size = groups.max(initial=-1) + 1

    def sums(column: np.ndarray) -> np.ndarray:
        return np.bincount(groups, column, size)

    base = sums(there.any(axis=1).astype(float))
    people = np.column_stack([sums(column.astype(float)) for column in there.T])
    totals = np.column_stack([sums(column) for column in np.where(there, y, 0.0).T])
    with np.errstate(invalid="ignore", divide="ignore"):
        means, weights = totals / people, base[:, None] / people
        asked = (people > 0).sum(axis=1)
        away = np.where(there, weights[groups] * (y - means[groups]), 0.0).sum(axis=1)
        values = np.nansum(means, axis=1)[groups] + away
        return np.where(there.any(axis=1), values / asked[groups], np.nan)


def _turned(answers: pd.DataFrame, form: Questionnaire) -> Iterator[tuple[Scale, pd.DataFrame]]:
    """Each scale that has items among the columns, and these items, turned."""
    for scale in form.scales:
        if items := [item for item in scale.items if item in answers]:
            yield scale, pd.DataFrame({item: turn(answers[item], form, item) for item in items})


def turn(values: pd.Series, form: Questionnaire, item: str) -> pd.Series:
    """An item's answers as numbers, turned round where the questionnaire says that it is reverse."""
    numbers = values.astype("Float64").astype(float)
    if not form.questions[item].reverse:
        return numbers
    codes = [code for code in form.value_labels(item) if isinstance(code, int)]
    return min(codes) + max(codes) - numbers


def reliability(answers: pd.DataFrame, form: Questionnaire, level: float = 0.95) -> pd.DataFrame:
    """How well each scale hangs together in each wave: wave, scale, items, n, alpha, low, high, standardised, omega, target,
    population, method.

    On people who answered every item; about the process behind the answers (target "analytic"), without weights. alpha:
    Cronbach's, with Feldt's interval; standardised: of the correlations; omega: `omega_total`. Missing where fewer than three
    people or two items are left. R: `psych::alpha(x)`, `psych::alpha.ci(alpha, n.obs, n.var)` (Feldt, Woodruff and Salih 1987).
    """
    rows = []
    for wave, scale, items in _scales(answers, form):
        k, n = items.shape[1], len(items)
        enough = n > 2 and k > 1
        correlations = _correlations(items) if enough else np.full((k, k), math.nan)
        mean = correlations[np.triu_indices(k, 1)].mean() if enough else math.nan
        standardised = k * mean / (1 + (k - 1) * mean)
        rows.append((wave, scale, k, n, *alpha(items, level), standardised, omega_total(items)))
    columns = ["wave", "scale", "items", "n", "alpha", "low", "high", "standardised", "omega"]
    return pd.DataFrame(rows, columns=columns).assign(
        target="analytic",
        population=math.nan,
        method="people who answered every item; alpha with Feldt's interval; omega: ML",
    )


def item_rest(answers: pd.DataFrame, form: Questionnaire) -> pd.DataFrame:
    """How each item goes with the others of its scale: wave, scale, item, n, r_rest, alpha_without, target, population, method.

    r_rest: correlation with the sum of the scale's other items; alpha_without: alpha of the scale without the item. On people
    who answered every item, unweighted. Missing where an item (or the rest) is the same for everybody.
    R: `psych::alpha(x)$item.stats$r.drop`, `$alpha.drop$raw_alpha`.
    """
    rows = []
    for wave, scale, items in _scales(answers, form):
        for item in items:
            rest = items.drop(columns=item)
            r = _correlation(items[item], rest.sum(axis=1))
            rows.append((wave, scale, item, len(items), r, alpha(rest)[0]))
    table = pd.DataFrame(rows, columns=["wave", "scale", "item", "n", "r_rest", "alpha_without"])
    return table.assign(target="analytic", population=math.nan, method="people who answered every item of the scale")


def drift(answers: pd.DataFrame, form: Questionnaire, between: tuple[int, int]) -> pd.DataFrame:
    """Does an item still mean the same: between two waves, people with the same rest of the scale should answer it alike.

    A row per scale and item: r_first, r_second (correlations with the rest), used_first, used_second (answers in use), shift
    (log odds of a higher answer in the second wave at the same rest score; proportional odds), p (likelihood ratio), p_adjusted
    (Benjamini and Hochberg's, over all items), n, target, population, method. A drifting item makes a scale's change
    doubtful. Source: Zumbo (1999), ordinal logistic DIF. R: `anova(MASS::polr(y ~ rest), MASS::polr(y ~ rest + wave))`.
    """
    from statsmodels.stats.multitest import multipletests

    parts = {(wave, scale): items for wave, scale, items in _scales(answers, form) if wave in between}
    rows = []
    for scale in form.scales:
        first, second = (parts.get((wave, scale.id)) for wave in between)
        if first is None or second is None or first.shape[1] < 2:
            continue
        for item in first:
            rows.append({"scale": scale.id, "item": item} | _drift(first, second, item))
    table = pd.DataFrame(rows, columns=["scale", "item", *DRIFT])
    known = table["p"].notna()
    adjusted = multipletests(table.loc[known, "p"], method="fdr_bh")[1] if known.any() else []
    table["p_adjusted"] = math.nan
    table.loc[known, "p_adjusted"] = adjusted
    return table.assign(target="analytic", population=math.nan)


DRIFT = ["r_first", "r_second", "used_first", "used_second", "shift", "p", "n", "method"]


def _drift(first: pd.DataFrame, second: pd.DataFrame, item: str) -> dict[str, object]:
    from analysis.odds import proportional_odds

    both = pd.concat([first.assign(later=0.0), second.assign(later=1.0)])
    people = pd.DataFrame({"y": both[item], "rest": both[first.columns.drop(item)].sum(axis=1), "later": both["later"]})
    row = {
        "r_first": _correlation(first[item], first.drop(columns=item).sum(axis=1)),
        "r_second": _correlation(second[item], second.drop(columns=item).sum(axis=1)),
        "used_first": first[item].nunique(),
        "used_second": second[item].nunique(),
        "n": len(people),
    }
    try:
        model = proportional_odds(people, "y", ["rest", "later"])
        without = proportional_odds(people, "y", ["rest"])
    except DesignError as error:
        return row | {"shift": math.nan, "p": math.nan, "method": f"cannot tell: {error.found}"}
    shift = model.table.loc[model.table["term"] == "later", "estimate"].item()
    p = float(stats.chi2.sf(2 * (model.loglik - without.loglik), 1))
    return row | {"shift": shift, "p": p, "method": "proportional odds given the rest score, likelihood ratio"}


def omega_total(items: pd.DataFrame, method: Literal["ml", "minres"] = "ml") -> float:
    """McDonald's omega total of one factor: 1 - sum of the uniquenesses / sum of the correlations.

    items: a row per person, a column per item; people with a gap are left out. Missing below three items, or where
    an item is the same for everybody. R: `psych::omega(x, nfactors = 1, fm = "ml")$omega.tot`, `fm = "minres"`.
    """
    items = items.astype("Float64").astype(float).dropna()
    if items.shape[1] < 3 or len(items) < 3:
        return math.nan
    correlations = _correlations(items)
    if np.isnan(correlations).any():
        return math.nan
    loadings = one_factor(correlations, method)
    return float(1 - (1 - loadings**2).sum() / correlations.sum())


def one_factor(correlations: np.ndarray, method: Literal["ml", "minres"] = "ml") -> np.ndarray:
    """The loadings of one factor on items with these correlations, by maximum likelihood or least squares of the residuals.

    Source: Jöreskog (1967), Harman and Jones (1966). R: `psych::fa(r, 1, fm = "ml")`, `fm = "minres"`.
    """

    def loadings(unique: np.ndarray) -> np.ndarray:
        scale = np.sqrt(unique) if method == "ml" else np.ones(len(unique))
        reduced = correlations / np.outer(scale, scale) if method == "ml" else correlations - np.diag(unique)
        values, vectors = np.linalg.eigh(reduced)
        largest = max(values[-1] - (1 if method == "ml" else 0), 0.0)
        return scale * vectors[:, -1] * math.sqrt(largest)

    def misfit(unique: np.ndarray) -> float:
        if method == "ml":
            scale = np.sqrt(unique)
            rest = np.linalg.eigvalsh(correlations / np.outer(scale, scale))[:-1]
            return float((rest - np.log(np.maximum(rest, 1e-12)) - 1).sum())
        left = correlations - np.outer(loadings(unique), loadings(unique))
        return float((left[~np.eye(len(left), dtype=bool)] ** 2).sum())

    k = len(correlations)
    start = np.clip((1 - 0.5 / k) / np.maximum(np.diag(np.linalg.pinv(correlations)), 1e-6), 0.01, 0.99)
    limits = [(0.005, 1.0)] * k
    options = {"maxiter": 5000, "maxfun": 100_000, "ftol": 1e-15, "gtol": 1e-10}
    found = optimize.minimize(misfit, start, method="L-BFGS-B", bounds=limits, options=options)
    loads = loadings(found.x)
    return loads if loads.sum() >= 0 else -loads


def _scales(answers: pd.DataFrame, form: Questionnaire) -> Iterator[tuple[int, str, pd.DataFrame]]:
    """Each wave and scale with its items, turned, of the people who answered them all."""
    for wave, part in answers.groupby("wave"):
        for scale in form.scales:
            items = [item for item in scale.items if item in part]
            yield wave, scale.id, pd.DataFrame({item: turn(part[item], form, item) for item in items}).dropna()


def _correlations(items: pd.DataFrame) -> np.ndarray:
    centred = items.to_numpy(float) - items.to_numpy(float).mean(axis=0)
    size = np.sqrt((centred**2).sum(axis=0))
    if (size == 0).any():
        return np.full((items.shape[1],) * 2, math.nan)
    return centred.T @ centred / np.outer(size, size)


def _correlation(one: pd.Series, two: pd.Series) -> float:
    if len(one) < 3 or one.nunique() < 2 or two.nunique() < 2:
        return math.nan
    return float(_correlations(pd.DataFrame({"one": one, "two": two}))[0, 1])


def alpha(items: pd.DataFrame, level: float = 0.95) -> tuple[float, float, float]:
    """Cronbach's alpha of items (a column each, a row per person) and Feldt's interval: (alpha, low, high).

    People with a gap are left out. Missing below three people or two items, or where all sums are alike.
    R: `psych::alpha(x)$total$raw_alpha`, `psych::alpha.ci(alpha, n.obs, n.var)`.
    Source: Feldt, Woodruff and Salih (1987), Applied Psychological Measurement 11, 93-103.
    """
    items = items.astype("Float64").astype(float).dropna()
    n, k = items.shape
    whole = float(items.sum(axis=1).var(ddof=1)) if n > 2 and k > 1 else 0.0
    if not whole > 0:
        return math.nan, math.nan, math.nan
    alpha = k / (k - 1) * (1 - float(items.var(ddof=1).sum()) / whole)
    degrees = (n - 1, (n - 1) * (k - 1))
    low, high = (1 - (1 - alpha) * float(stats.f.ppf(p, *degrees)) for p in ((1 + level) / 2, (1 - level) / 2))
    return alpha, low, high
