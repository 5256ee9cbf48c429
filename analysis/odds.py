"""Proportional odds: how an ordered answer goes with role, unit, wave or age, in one number for each."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import expit

from analysis import intervals
from analysis.cube import chunks
from analysis.design import Design
from analysis.estimates import BETWEEN, COLUMNS, method_of, whole
from analysis.linearisation import Cells
from survey.errors import DesignError, Text

VIOLATED, NOT_CONTRADICTED, UNKNOWN = "violated", "not_contradicted", "cannot_tell"
FEWEST = 5  # answers on each side of each threshold, at each level; with fewer, proportionality is not judged
TERMS = [
    "item", "term", "kind", "reference", "estimate", "se", "low", "high", "odds_ratio", "odds_low", "odds_high", "df", "p",
    "n", "population", "target", "method",
]  # fmt: skip
TESTS = [
    "item",
    "term",
    "test",
    "statistic",
    "df",
    "df2",
    "p",
    "verdict",
    "reason",
    "n",
    "population",
    "target",
    "method",
]


def proportional_odds(
    frame: Any,
    item: str,
    predictors: Sequence[str],
    design: Design | None = None,
    *,
    categories: Sequence[object] | None = None,
    levels: Mapping[str, Sequence[object]] | None = None,
    counts: str | None = None,
) -> ProportionalOdds:
    """Fit logit P(answer <= j) = threshold_j - slopes x, so that exp(slope) is the odds ratio of a higher answer.

    frame: any frame that `cube` takes, a row per respondent; rows with a missing answer or predictor are outside the base.
    predictors: numbers enter as they are; words, booleans and categoricals as differences from their first level, and so
    do numbers that `levels` names. levels: predictor -> its levels in order, the first is the reference (otherwise those
    seen, sorted, or in the order of the categorical). categories: the item's answers, lowest first; needed where they are
    words without an order. A category nobody chose takes no part in the fit. An interaction is a column of joined levels.
    counts: a column saying how many respondents a row of a frequency table stands for. The design's weight is a sampling
    weight, never a number of people: it enters the likelihood, and the standard errors by linearisation.

    Without weight, stratum, PSU or correction: maximum likelihood, observed information, normal intervals. R:
    `MASS::polr(q ~ x, Hess = TRUE)`, `ordinal::clm(q ~ x)`. Otherwise: pseudo-likelihood with linearised variance (strata,
    PSUs, the correction for the descriptive target) and t with df = PSUs - strata - number of slopes. R:
    `survey::svyolr(q ~ x, design)` with `options(survey.lonely.psu = "adjust")`; its `$df.residual`.
    Raises DesignError: fewer than two answers used, words without an order, values outside `categories` or `levels`,
    predictors that say the same, separation (a slope without limit), counts that are none, a design that does not fit.
    """
    design = design or Design()
    answers = _Answers.of(frame, item, _listed(predictors, levels or {}), design, categories, levels or {}, counts)
    slopes = _proportional(answers.x, len(answers.used))
    fit = _fit(slopes, answers.weights)
    if not fit.finite:
        raise _separated(answers, slopes)
    return ProportionalOdds(answers, fit)


class ProportionalOdds:
    """A fitted model: `table`, `covariance` (of slopes, then thresholds), `loglik` (weighted), `predicted`, `proportionality`."""

    def __init__(self, answers: _Answers, fit: _Fit):
        self._answers, self._fit = answers, fit
        self.loglik = fit.loglik
        self._head = _head(answers)
        names = [*answers.terms, *answers.thresholds]
        self.covariance = pd.DataFrame(_covariance(answers, fit), index=names, columns=names)

    @property
    def table(self) -> pd.DataFrame:
        """A row per slope and threshold, with TERMS: the estimate on the logit scale, and the odds ratio of a slope."""
        answers, found = self._answers, []
        for place, (term, estimate) in enumerate(zip(self.covariance.index, self._fit.theta, strict=True)):
            slope = place < len(answers.terms)
            se = math.sqrt(max(0.0, self.covariance.iloc[place, place]))
            low, high = intervals.student(float(estimate), se, self._head["df"])
            odds = [math.exp(min(709.0, value)) if slope else math.nan for value in (estimate, low, high)]
            found.append(
                {
                    "term": term,
                    "kind": "slope" if slope else "threshold",
                    "reference": answers.references[place] if slope else "",
                    **dict(zip(("estimate", "se", "low", "high"), (float(estimate), se, low, high), strict=True)),
                    **dict(zip(("odds_ratio", "odds_low", "odds_high"), odds, strict=True)),
                    "p": _p(float(estimate), se, self._head["df"]),
                    **self._head,
                }
            )
        return pd.DataFrame(found, columns=TERMS)

    def predicted(self, at: pd.DataFrame | Sequence[Mapping[str, object]] | None = None) -> pd.DataFrame:
        """Predicted shares (0 to 1): a row per combination of predictors and category, with COLUMNS of `proportions`.

        at: the combinations, a column or key for each predictor; otherwise all combinations of levels, numbers at their
        weighted mean. se: delta method; the interval is made on the logit scale, so that it stays within 0 and 1. n: the
        respondents with these levels (whatever their numbers). A category nobody chose has share 0 and no standard error.
        R: `predict(polr_or_clm, newdata, type = "probs")`; `emmeans(clm, ~ x | q, mode = "prob")` for estimate and se.
        Raises DesignError: a predictor is missing in `at`, or a level was not in the fit.
        """
        answers = self._answers
        points = answers.grid() if at is None else answers.points(pd.DataFrame(at))
        shares, gradients = _shares(_proportional(answers.matrix(points), len(answers.used)), self._fit.theta)
        variances = np.einsum("ckp,pq,ckq->ck", gradients, self.covariance.to_numpy(), gradients)
        people = answers.people_at(points)
        found = []
        for place in range(len(points)):
            values = [points[name].iloc[place] for name in points]
            for category in answers.categories:
                head = {
                    "item": answers.item,
                    "statistic": "predicted share",
                    "group": BETWEEN.join(points.columns),
                    "level": values[0] if len(values) == 1 else BETWEEN.join(map(_label, values)),
                    "value": category,
                }
                number = answers.number(category)
                share = 0.0 if number is None else float(shares[place, number])
                se = math.nan if number is None else math.sqrt(max(0.0, variances[place, number]))
                low, high = _within_bounds(share, se, self._head["df"])
                numbers = {"estimate": share, "se": se, "low": low, "high": high}
                method = f"{self._head['method']}; {'nobody chose it' if number is None else 'delta, logit'}"
                found.append(head | self._head | numbers | {"n": int(people[place]), "method": method})
        return pd.DataFrame(found, columns=COLUMNS)

    def proportionality(self) -> pd.DataFrame:
        """Is one slope for all thresholds enough: a row per predictor, and "all", with TESTS.

        Without a design: likelihood-ratio test against slopes of the predictor that differ by threshold, chi-square. R:
        `ordinal::nominal_test(clm)`. With a design: Brant's Wald test, the slopes of the separate binary logits having the
        joint linearised covariance; F = (W / q)(d - q + 1) / d with q and d - q + 1 df, d = PSUs less strata (Brant 1990,
        Biometrics 46, 1171-1178; Korn and Graubard 1990 for the F). verdict at 5 %: "violated", "not_contradicted" (which
        is no proof), or "cannot_tell" with its `reason`: fewer than FEWEST answers on one side of a threshold at a level
        (numbers: over all), two categories only, too few df, no sampling error, or slopes without limit (the likelihood has
        one all the same, so that its ratio is given, as R does).
        """
        answers = self._answers
        groups = {predictor.name: answers.columns_of(predictor) for predictor in answers.predictors}
        if len(groups) > 1:
            groups["all"] = list(range(len(answers.terms)))
        test = self._likelihood_ratio if answers.plain else self._brant
        found = []
        for name, columns in groups.items():
            row: dict = {}
            reason = "two categories: nothing to test" if len(answers.used) < 3 else ""
            if not reason:
                row, reason = test(columns)
                reason = reason or ("too few answers" if answers.thin(name) else "")
            p = row.get("p", math.nan)
            verdict = UNKNOWN if reason or math.isnan(p) else VIOLATED if p < 0.05 else NOT_CONTRADICTED
            found.append({**self._head, "df": math.nan, "term": name, **row, "verdict": verdict, "reason": reason})
        return pd.DataFrame(found, columns=TESTS)

    def _likelihood_ratio(self, columns: list[int]) -> tuple[dict, str]:
        slopes = _proportional(self._answers.x, len(self._answers.used), columns)
        row: dict = {"test": "likelihood ratio", "df": len(columns) * (len(self._answers.used) - 2)}
        if not _identified(slopes, self._answers.weights):
            return row, "too few answers"
        fit = _fit(slopes, self._answers.weights)
        statistic = max(0.0, 2 * (fit.loglik - self.loglik))  # a likelihood has a limit where a slope has none
        reason = "" if fit.finite else "slopes that differ by threshold have no limit"
        return row | {"statistic": statistic, "p": float(stats.chi2.sf(statistic, row["df"]))}, reason

    def _brant(self, columns: list[int]) -> tuple[dict, str]:
        answers, slopes, influence = self._answers, [], []
        q = len(columns) * (len(answers.used) - 2)
        for cut in range(1, len(answers.used)):
            split = np.stack([answers.weights[:, :cut].sum(axis=1), answers.weights[:, cut:].sum(axis=1)], axis=1)
            fit = _fit(_proportional(answers.x, 2), split)
            if not fit.finite:
                return {"test": "Brant", "df": q}, "the slopes at one threshold have no limit"
            scores = fit.scores[answers.place, (answers.answer >= cut).astype(int)]
            influence.append(np.linalg.solve(fit.hessian, scores.T).T[:, columns])
            slopes.append(fit.theta[columns])
        differences = np.concatenate([slope - slopes[0] for slope in slopes[1:]])
        apart = np.concatenate([part - influence[0] for part in influence[1:]], axis=1)
        variance = answers.base.covariance(apart)
        df2 = answers.df - q + 1
        if not variance.any():
            return {"test": "Brant", "df": q}, "a census: no sampling error"
        if df2 <= 0 or np.linalg.matrix_rank(variance) < q:
            return {"test": "Brant", "df": q, "df2": df2}, "too few degrees of freedom"
        statistic = float(differences @ np.linalg.solve(variance, differences)) / q * df2 / answers.df
        p = float(stats.f.sf(statistic, q, df2))
        return {"test": "Brant", "statistic": statistic, "df": q, "df2": df2, "p": p}, ""


# --- the answers as counts


@dataclass(frozen=True)
class _Predictor:
    """A number, or levels of which the first is the reference."""

    name: str
    levels: tuple | None

    @classmethod
    def of(cls, column: pd.Series, name: str, levels: Sequence[object] | None) -> _Predictor:
        seen = list(pd.unique(column))
        if levels is None and not isinstance(column.dtype, pd.CategoricalDtype) and all(map(_is_number, seen)):
            return cls(name, None)
        given = _in_order(column, seen) if levels is None else list(levels)
        if strange := [value for value in seen if value not in given]:
            raise DesignError(
                f"proportional_odds(levels={name!r})",
                rule=Text("Danh sách mức có đủ mọi giá trị trong bảng.", "The levels hold every value of the frame."),
                found=_label(strange[0]),
                cure=Text(
                    "Thêm giá trị ấy vào danh sách, hoặc bỏ các dòng ấy.", "Add it to the list, or drop those rows."
                ),
            )
        return cls(name, tuple(value for value in given if value in seen))

    @property
    def terms(self) -> list[str]:
        return [self.name] if self.levels is None else [f"{self.name}[{_label(level)}]" for level in self.levels[1:]]

    def columns(self, values: pd.Series) -> np.ndarray:
        if self.levels is None:
            return values.to_numpy(float)[:, None]
        place = pd.Index(self.levels, dtype=object).get_indexer(pd.Index(values, dtype=object))
        return (place[:, None] == np.arange(1, len(self.levels))).astype(float)


@dataclass(frozen=True)
class _Answers:
    """The answers of one item as weights of combinations of predictors x used categories, and where each cell lies there."""

    item: str
    survey: Cells
    predictors: list[_Predictor]
    categories: list
    used: list
    combinations: pd.DataFrame
    x: np.ndarray
    weights: np.ndarray
    people: np.ndarray
    cells: np.ndarray  # the cells of the cube that are in the base
    place: np.ndarray  # of each such cell: its combination
    answer: np.ndarray  # of each such cell: its category

    @classmethod
    def of(cls, frame, item, names, design, categories, levels, counts) -> _Answers:
        (cells,) = chunks(frame, [item], design, [*names, *([counts] if counts else [])])
        if (
            categories is None
            and isinstance(frame, pd.DataFrame)
            and isinstance(frame[item].dtype, pd.CategoricalDtype)
        ):
            categories = list(frame[item].cat.categories) if frame[item].cat.ordered else None
        cells["value"] = [whole(value) for value in cells["value"]]
        if counts:
            cells = _multiplied(cells, f"group{len(names)}", counts)
        _require_one_population(cells, design)
        survey = Cells.of(cells, design, np.zeros(len(cells), dtype=np.int64), None)
        columns = pd.DataFrame({name: cells[f"group{place}"] for place, name in enumerate(names)}, index=cells.index)
        known = np.flatnonzero(
            cells["value"].notna().to_numpy() & columns.notna().all(axis=1).to_numpy() & (survey.w > 0)
        )
        order = _order(cells["value"].iloc[known], categories, item)
        answer = pd.Index(order, dtype=object).get_indexer(pd.Index(cells["value"].iloc[known], dtype=object))
        numbers = np.unique(answer)
        _require_two(numbers, order, item)
        answer = np.searchsorted(numbers, answer)
        columns = columns.iloc[known].reset_index(drop=True)
        predictors = [_Predictor.of(columns[name], name, levels.get(name)) for name in names]
        place, combinations = _distinct(columns)
        shape = len(combinations), len(numbers)
        flat = place * len(numbers) + answer
        weights, people = (
            np.bincount(flat, amount[known], minlength=shape[0] * shape[1]).reshape(shape)
            for amount in (survey.w, survey.n)
        )
        x = _matrix(predictors, combinations)
        _require_rank(x, [term for predictor in predictors for term in predictor.terms])
        used = [order[number] for number in numbers]
        return cls(item, survey, predictors, order, used, combinations, x, weights, people, known, place, answer)

    @property
    def plain(self) -> bool:
        design = self.survey.design
        return not (design.weight or design.stratum or design.psu or design.corrected)

    @property
    def terms(self) -> list[str]:
        return [term for predictor in self.predictors for term in predictor.terms]

    @property
    def references(self) -> list[str]:
        return ["" if p.levels is None else _label(p.levels[0]) for p in self.predictors for _ in p.terms]

    @property
    def thresholds(self) -> list[str]:
        return [f"{_label(low)}|{_label(high)}" for low, high in zip(self.used, self.used[1:], strict=False)]

    @property
    def df(self) -> float:
        """PSUs less strata."""
        return float(self.base.df[0])

    @cached_property
    def base(self) -> Cells:
        """The cells that the model rests on."""
        return self.survey.keep(self.cells)

    def matrix(self, points: pd.DataFrame) -> np.ndarray:
        return _matrix(self.predictors, points)

    def number(self, category: object) -> int | None:
        return self.used.index(category) if category in self.used else None

    def columns_of(self, predictor: _Predictor) -> list[int]:
        return [place for place, term in enumerate(self.terms) if term in predictor.terms]

    def grid(self) -> pd.DataFrame:
        """All combinations of levels, numbers at their weighted mean."""
        total = self.weights.sum(axis=1)
        choices: list[Iterable] = [
            [np.average(self.combinations[p.name].to_numpy(float), weights=total)] if p.levels is None else p.levels
            for p in self.predictors
        ]
        return pd.DataFrame(list(product(*choices)), columns=[p.name for p in self.predictors], dtype=object)

    def points(self, at: pd.DataFrame) -> pd.DataFrame:
        for predictor in self.predictors:
            known = at.columns if predictor.name not in at.columns else predictor.levels
            strange = (
                [predictor.name]
                if predictor.name not in at.columns
                else [v for v in at[predictor.name] if predictor.levels is not None and v not in predictor.levels]
            )
            if strange:
                raise DesignError(
                    f"predicted(at=...): {predictor.name}",
                    rule=Text(
                        "Mỗi biến của mô hình có một giá trị mà mô hình đã biết.",
                        "Each predictor has a value that the model knows.",
                    ),
                    found=_label(strange[0]),
                    cure=Text(
                        f"Các giá trị có thể dùng: {', '.join(map(_label, known or ()))}.",
                        f"Values that can be used: {', '.join(map(_label, known or ()))}.",
                    ),
                )
        return at[[predictor.name for predictor in self.predictors]].reset_index(drop=True)

    def people_at(self, points: pd.DataFrame) -> np.ndarray:
        """Respondents with the levels of each point, whatever their numbers."""
        named = [p for p in self.predictors if p.levels is not None]
        here, there = (_matrix(named, part) for part in (self.combinations, points))
        total = self.people.sum(axis=1)
        return np.array([total[(here == row).all(axis=1)].sum() for row in there])

    def thin(self, name: str) -> bool:
        """Whether some level of the predictor (of any, for "all") has too few answers on one side of a threshold."""
        for predictor in self.predictors:
            if name in (predictor.name, "all"):
                levels = predictor.levels or (None,)
                column = self.combinations[predictor.name]
                for level in levels:
                    people = self.people if level is None else self.people[(column == level).to_numpy(bool)]
                    below = people.sum(axis=0).cumsum()
                    if min(below[:-1].min(), (below[-1] - below[:-1]).min()) < FEWEST:
                        return True
        return False


def _listed(names: Sequence[str], levels: Mapping[str, object]) -> list[str]:
    if isinstance(names, str):
        raise DesignError(
            "proportional_odds(predictors=...)",
            rule=Text("Các biến là danh sách tên cột.", "Predictors are a list of column names."),
            found=repr(names),
            cure=Text('Viết trong ngoặc vuông, ví dụ ["role"].', 'Write a list, for example ["role"].'),
        )
    if strange := [name for name in levels if name not in names]:
        raise DesignError(
            "proportional_odds(levels=...)",
            rule=Text("Chỉ nêu mức của các biến trong mô hình.", "Levels are those of predictors."),
            found=repr(strange[0]),
            cure=Text(f"Các biến: {', '.join(names)}.", f"The predictors: {', '.join(names)}."),
        )
    return list(names)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool | np.bool_)


def _label(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else str(value)


def _in_order(column: pd.Series, seen: list) -> list:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return [value for value in column.cat.categories if value in seen]
    return sorted(seen, key=lambda value: (isinstance(value, str), value))


def _order(values: pd.Series, categories: Sequence[object] | None, item: str) -> list:
    """The item's categories, lowest first."""
    seen = [value for value in pd.unique(values) if not pd.isna(value)]
    ordered = isinstance(values.dtype, pd.CategoricalDtype) and values.cat.ordered
    if categories is None and not ordered and any(isinstance(value, str) for value in seen):
        raise DesignError(
            item,
            rule=Text("Câu trả lời bằng chữ phải có thứ tự.", "Answers in words have an order."),
            found=", ".join(map(repr, seen[:3])),
            cure=Text(
                "Thêm categories=[…], từ mức thấp nhất đến cao nhất.",
                "Add categories=[…], from the lowest to the highest.",
            ),
        )
    order = (
        list(categories)
        if categories is not None
        else list(values.cat.categories)
        if ordered
        else _in_order(values, seen)
    )
    if strange := [value for value in seen if value not in order]:
        raise DesignError(
            f"proportional_odds({item!r}, categories=...)",
            rule=Text("Danh sách mức trả lời có đủ mọi câu trả lời.", "The categories hold every answer."),
            found=_label(strange[0]),
            cure=Text(
                "Thêm mức ấy vào danh sách, hoặc để trống câu trả lời ấy.",
                "Add it to the list, or empty those answers.",
            ),
        )
    return order


def _multiplied(cells: pd.DataFrame, column: str, name: str) -> pd.DataFrame:
    """Each cell as many times as its row of the frequency table stands for."""
    times = pd.to_numeric(cells[column], errors="coerce").astype("Float64").astype(float)
    bad = ~(times >= 0) | (times != times.round())
    if bad.any():
        raise DesignError(
            f"proportional_odds(counts={name!r})",
            rule=Text(
                "Số đếm là số nguyên không âm, không được thiếu.", "Counts are whole numbers from 0 on, none missing."
            ),
            found=_label(cells.loc[bad, column].iloc[0]),
            cure=Text(
                "Nếu cột ấy là trọng số mẫu, dùng Design(weight=…).",
                "If the column is a sampling weight, use Design(weight=…).",
            ),
        )
    amounts = cells[["n", "w", "w2", "used"]].mul(times, axis=0)
    return (
        cells.assign(**{name: amounts[name] for name in amounts})
        .drop(columns=column)[times.to_numpy() > 0]
        .reset_index(drop=True)
    )


def _require_one_population(cells: pd.DataFrame, design: Design) -> None:
    """A stratum of the pooled waves is one stratum here; the cube lets its size change with the wave."""
    if not design.corrected:
        return
    strata = cells["stratum"] if design.stratum else pd.Series(0, index=cells.index)
    sizes = cells.groupby(strata, dropna=False)["population"].nunique()
    if (sizes > 1).any():
        raise DesignError(
            f"Design(population={design.population!r})",
            rule=Text("Trong một tầng chỉ có một cỡ tổng thể.", "A stratum has one population size."),
            found=Text(
                f"tầng {sizes.idxmax()} có {sizes.max()} cỡ", f"stratum {sizes.idxmax()} has {sizes.max()} sizes"
            ),
            cure=Text('Gộp nhiều đợt thì dùng target="analytic".', 'For several waves together use target="analytic".'),
        )


def _require_two(numbers: np.ndarray, order: list, item: str) -> None:
    if len(numbers) < 2:
        raise DesignError(
            item,
            rule=Text("Mô hình cần ít nhất hai mức trả lời được chọn.", "The model needs two answers that are used."),
            found=", ".join(_label(order[number]) for number in numbers) or Text("không có câu trả lời", "no answer"),
            cure=Text("Dùng proportions(...) cho câu này.", "Use proportions(...) for this item."),
        )


def _require_rank(x: np.ndarray, terms: list[str]) -> None:
    full = np.column_stack([np.ones(len(x)), x])
    if not np.isfinite(full).all():
        bad = [terms[int(np.flatnonzero(~np.isfinite(x).all(axis=0))[0])]]
    else:
        spread = x - x.mean(axis=0)
        size = np.abs(spread).max(axis=0, initial=0)
        spread = np.divide(
            spread, size, out=np.zeros_like(spread), where=size > 1e-12 * np.abs(x).max(axis=0, initial=0)
        )
        ranks = [np.linalg.matrix_rank(spread[:, : place + 1]) for place in range(x.shape[1])]
        bad = [term for place, term in enumerate(terms) if ranks[place] < place + 1]
    if bad:
        raise DesignError(
            "proportional_odds(predictors=...)",
            rule=Text("Không biến nào suy ra được từ các biến khác.", "No predictor follows from the others."),
            found=", ".join(bad),
            cure=Text("Bỏ bớt biến ấy, hoặc gộp các mức.", "Leave that predictor out, or join its levels."),
        )


def _distinct(columns: pd.DataFrame) -> tuple[np.ndarray, pd.DataFrame]:
    """Each row's number among the distinct rows, and those rows."""
    if columns.shape[1] == 0:
        return np.zeros(len(columns), dtype=int), pd.DataFrame(index=[0])
    place = columns.groupby(list(columns), sort=False, observed=True).ngroup().to_numpy()
    _, first = np.unique(place, return_index=True)
    return place, columns.iloc[first].reset_index(drop=True)


def _matrix(predictors: Sequence[_Predictor], points: pd.DataFrame) -> np.ndarray:
    return np.concatenate([np.zeros((len(points), 0)), *(p.columns(points[p.name]) for p in predictors)], axis=1)


# --- the likelihood


@dataclass(frozen=True)
class _Fit:
    theta: np.ndarray  # slopes, then thresholds
    hessian: np.ndarray  # of minus the log-likelihood
    scores: np.ndarray  # combination x category x parameter: derivative of the log of its share
    loglik: float
    finite: bool  # whether there is a maximum; else some parameter has no limit, and loglik is what it tends to


def _proportional(x: np.ndarray, categories: int, free: Sequence[int] = ()) -> np.ndarray:
    """combination x threshold x parameter: what multiplies the parameters; the columns `free` have a slope per threshold."""
    cuts = categories - 1
    same = [column for column in range(x.shape[1]) if column not in free]
    steps = np.eye(cuts)
    parts = [np.broadcast_to(-x[:, None, same], (len(x), cuts, len(same)))]
    parts += [-x[:, None, column, None] * steps for column in free]
    return np.concatenate([*parts, np.broadcast_to(steps, (len(x), cuts, cuts))], axis=2)


def _shares(a: np.ndarray, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The share of each category, and its derivatives by the parameters."""
    at = a @ theta
    edge = np.full((len(at), 1), np.inf)
    low, high = np.concatenate([-edge, at], axis=1), np.concatenate([at, edge], axis=1)
    shares = np.where(low > 0, expit(-low) - expit(-high), expit(high) - expit(low))  # small differences stay exact
    slopes = (expit(at) * expit(-at))[:, :, None] * a
    none = np.zeros((len(a), 1, a.shape[2]))
    return shares, np.concatenate([slopes, none], axis=1) - np.concatenate([none, slopes], axis=1)


def _fit(a: np.ndarray, weights: np.ndarray) -> _Fit:
    """Newton's method with step halving on the concave log-likelihood."""
    cuts = weights.shape[1] - 1
    below = weights.sum(axis=0).cumsum()
    theta = np.zeros(a.shape[2])
    theta[-cuts:] = np.log(below[:-1] / (below[-1] - below[:-1]))
    loglik = _loglik(a, theta, weights)
    decrement, tolerance = math.inf, 1e-20 * weights.sum()
    for _ in range(50):
        gradient, hessian, _ = _derivatives(a, theta, weights)
        step = np.linalg.lstsq(hessian, gradient, rcond=None)[0]
        before, decrement = decrement, float(gradient @ step)
        length = 1.0
        while _loglik(a, theta + length * step, weights) < loglik - 1e-12 * abs(loglik) and length > 1e-10:
            length /= 2
        theta = theta + length * step
        loglik = _loglik(a, theta, weights)
        if decrement <= tolerance or (decrement >= before and decrement < 1e-8 * tolerance**0.5):
            break
    suspect = decrement > tolerance or np.abs(a @ theta).max() > 12
    finite = not (suspect and _directions(a, weights).any())
    _, hessian, scores = _derivatives(a, theta, weights)
    return _Fit(theta, hessian, scores, loglik, finite)


def _loglik(a: np.ndarray, theta: np.ndarray, weights: np.ndarray) -> float:
    shares, _ = _shares(a, theta)
    there = weights > 0
    if (shares[there] <= 0).any():
        return -math.inf
    return float((weights[there] * np.log(shares[there])).sum())


def _derivatives(a: np.ndarray, theta: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gradient and minus the Hessian of the log-likelihood, and the scores."""
    shares, slopes = _shares(a, theta)
    safe = np.where(weights > 0, shares, 1.0)  # where nobody is, nothing is asked
    scores, ratio = slopes / safe[:, :, None], weights / safe
    at = a @ theta
    bend = expit(at) * expit(-at) * (expit(-at) - expit(at)) * (ratio[:, :-1] - ratio[:, 1:])
    flat, rows = scores.reshape(-1, a.shape[2]), a.reshape(-1, a.shape[2])
    hessian = flat.T @ (weights.reshape(-1, 1) * flat) - rows.T @ (bend.reshape(-1, 1) * rows)
    return weights.reshape(-1) @ flat, hessian, scores


def _limits(a: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """What multiplies the parameters in the upper limit of each answer given, and in minus its lower limit."""
    there = weights > 0
    return np.concatenate([a[there[:, :-1]], -a[there[:, 1:]]])


def _identified(a: np.ndarray, weights: np.ndarray) -> bool:
    rows = _limits(a, weights)
    size = np.abs(rows).max(axis=0)
    return bool(size.all()) and int(np.linalg.matrix_rank(rows / size)) == a.shape[2]


def _directions(a: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """A direction along which the likelihood never falls (zeros: there is none), by linear programming.

    Such a direction raises each upper limit and lowers each lower limit of every answer given (Konis 2007, for the binary
    logit); the slopes in it have no finite estimate.
    """
    from scipy.optimize import linprog

    rows = _limits(a, weights)
    size = np.abs(rows).max(axis=0)
    rows = rows / size
    found = linprog(-rows.sum(axis=0), A_ub=-rows, b_ub=np.zeros(len(rows)), bounds=(-1, 1))
    if found.x is None or (rows @ found.x).max() <= 1e-6:
        return np.zeros(a.shape[2])
    return np.where(np.abs(found.x) > 1e-6, found.x / size, 0.0)


def _separated(answers: _Answers, slopes: np.ndarray) -> DesignError:
    direction = _directions(slopes, answers.weights)
    named = [term for term, part in zip(answers.terms, direction, strict=False) if part] or answers.terms
    return DesignError(
        f"proportional_odds({answers.item!r})",
        rule=Text(
            "Câu trả lời ở các mức của một biến phải chồng lên nhau, không tách hẳn.",
            "The answers at the levels of a predictor overlap.",
        ),
        found=Text(
            f"hệ số không có giới hạn: {', '.join(named)}",
            f"slopes without limit: {', '.join(named)}",
        ),
        cure=Text("Gộp các mức ít người, hoặc bỏ biến ấy.", "Join levels with few people, or leave the predictor out."),
    )


# --- standard errors


def _covariance(answers: _Answers, fit: _Fit) -> np.ndarray:
    if answers.plain:
        return np.linalg.inv(fit.hessian)
    return answers.base.covariance(np.linalg.solve(fit.hessian, fit.scores[answers.place, answers.answer].T).T)


def _head(answers: _Answers) -> dict:
    base = answers.base
    kind = "proportional odds, pseudo-likelihood, " + method_of(base.design, lonely=bool(base.lonely[0]))
    unused = [_label(category) for category in answers.categories if category not in answers.used]
    method = "proportional odds, maximum likelihood; normal" if answers.plain else f"{kind}; t"
    return {
        "item": answers.item,
        "df": math.inf if answers.plain else answers.df - len(answers.terms),
        "n": int(base.answers[0]),
        "population": float(answers.survey.people[0]),
        "target": answers.survey.design.target,
        "method": method + (f"; nobody chose {', '.join(unused)}" if unused else ""),
    }


def _p(estimate: float, se: float, df: float) -> float:
    if se == 0:  # a census: known exactly
        return 1.0 if estimate == 0 else 0.0
    return float(2 * stats.t.sf(abs(estimate) / se, df)) if df > 0 else math.nan


def _within_bounds(share: float, se: float, df: float) -> tuple[float, float]:
    if math.isnan(se) or not 0 < share < 1:
        return math.nan, math.nan
    low, high = intervals.student(math.log(share / (1 - share)), se / (share * (1 - share)), df)
    return float(expit(low)), float(expit(high))
