"""Trend: the slope of each phase and their difference, from wave means of people who answer again and again."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import stats

from analysis import intervals
from analysis.cube import cube, rows
from analysis.design import Design
from analysis.estimates import not_a_number
from survey.errors import DesignError, Text

COLUMNS = [
    "item", "statistic", "contrast", "estimate", "se", "low", "high", "df", "p", "n", "population", "target", "method",
]  # fmt: skip


def trend(
    frame: Any,
    item: str,
    *,
    wave: str = "wave",
    person: str | None = "person",
    phases: Mapping[str, tuple[float, float]] | None = None,
    planned: Mapping[str, Mapping[object, float]] | None = None,
    design: Design | None = None,
    working: Literal["independence", "exchangeable"] = "independence",
    correction: Literal["CR2", "CR0"] = "CR2",
) -> pd.DataFrame:
    """Wave means, the yearly slope of each phase, and the difference of phases that follow each other, with COLUMNS.

    A linear model of the item with the wave as category, on all rows, a person being a cluster (or the design's PSU, where
    it has one); rows without a person are each a cluster of its own. The item is taken as a number: for an ordered answer
    this is the model of its mean. It describes the trend of the answers; it does not say what caused it.
    frame: a row per person and wave. phases: name -> (first, last) wave, both within; none: one phase of all waves. A
    phase's slope is the least-squares slope, per unit of `wave`, of the fitted means of its waves that are there, however
    unequally spaced; with fewer than two it is missing. planned: further contrasts, name -> wave -> weight.
    working: "independence" is weighted least squares (weights: the design's sampling weights); "exchangeable" has one
    correlation of a person's answers, estimated by moments. correction: "CR2" is Bell and McCaffrey's with Satterthwaite's
    df, for the working model of equal variances and that correlation (sampling weights weigh, but model no variance);
    "CR0" is the plain sandwich with normal intervals, too narrow for few people. The target is analytic whatever the
    design says: no finite-population correction, and strata take no part in the variance (said in `method`).
    The standard error of a contrast is missing where a wave of it has fewer than two clusters, or where people do not
    differ in it at all (nothing tells then how much they might).

    R: `V <- clubSandwich::vcovCR(lm(y ~ 0 + factor(wave), weights = w), cluster = person, type = "CR2")` with
    `Wald_test(fit, L, V, "HTZ")`; `nlme::gls(correlation = corCompSymm(rho, fixed = TRUE))` in its place for
    "exchangeable"; CR0 is `geepack::geeglm(y ~ 0 + factor(wave), id = person, weights = w, corstr = working)`.
    Sources: Bell and McCaffrey (2002), Survey Methodology 28, 169-181; Pustejovsky and Tipton (2018), JBES 36, 672-683.
    Raises DesignError: the item or (for slopes) the wave is not a number, a person answers twice in a wave, no answers, a
    wave of `planned` is not there, or weights are missing or negative.
    """
    _require_one_of("working", working, ("independence", "exchangeable"))
    _require_one_of("correction", correction, ("CR2", "CR0"))
    design = design or Design()
    data = _answers(frame, item, wave, person, design)
    waves = _in_order(data["wave"])
    fit = _Fit(data, waves, working)
    wanted = _planned(waves, phases, planned, wave)
    L = np.array([contrast.weights for contrast in wanted])
    enough = np.array([all(fit.clusters[line != 0] > 1) and not np.isnan(line).any() for line in L])
    covariance, df = fit.cr2(np.nan_to_num(L)) if correction == "CR2" else (fit.cr0(), np.full(len(L), math.inf))
    found = contrasts(fit.means, covariance, df, {str(place): line for place, line in enumerate(L)})
    alike = found["se"].to_numpy() <= 1e-12 * max(1.0, np.abs(fit.y).max())
    found.loc[~enough | alike, ["se", "low", "high", "df", "p"]] = math.nan
    method = _method(design, person, fit, working, correction)
    return found.assign(
        item=item,
        contrast=[contrast.name for contrast in wanted],
        statistic=[contrast.statistic for contrast in wanted],
        n=[int(fit.people[contrast.base].sum()) for contrast in wanted],
        population=math.nan,
        target="analytic",
        method=[f"{method}; {note}" if note else method for note in _notes(L, enough, alike)],
    )[COLUMNS]


def contrasts(
    means: Sequence[float] | np.ndarray,
    covariance: np.ndarray,
    df: float | Sequence[float] | np.ndarray,
    L: Mapping[str, Sequence[float] | np.ndarray],
    level: float = 0.95,
) -> pd.DataFrame:
    """Linear contrasts of estimates: a row per contrast with estimate, se, low, high, df and two-sided p of "it is 0".

    means: k estimates; covariance: k x k; df: one number (infinite: normal), or one for each contrast; L: name -> k weights.
    A variance that is missing leaves the interval missing. R: `survey::svycontrast(x, L)`, `multcomp::glht(fit, L)`.
    """
    values, matrix = np.asarray(means, float), np.asarray(covariance, float)
    found = []
    for (name, weights), freedom in zip(L.items(), np.broadcast_to(np.asarray(df, float), len(L)), strict=True):
        line = np.asarray(weights, float)
        used = line != 0  # a wave outside the contrast must not spoil it
        estimate = float(line[used] @ values[used])
        variance = float(line[used] @ matrix[np.ix_(used, used)] @ line[used])
        se = math.sqrt(max(0.0, variance)) if not math.isnan(variance) else math.nan
        low, high = intervals.student(estimate, se, float(freedom), level)
        row = {"contrast": name, "estimate": estimate, "se": se, "low": low, "high": high, "df": float(freedom)}
        found.append(row | {"p": _p(estimate, se, float(freedom))})
    return pd.DataFrame(found, columns=["contrast", "estimate", "se", "low", "high", "df", "p"])


def _require_one_of(name: str, given: object, possible: tuple[str, ...]) -> None:
    if given not in possible:
        raise DesignError(
            f"trend({name}=...)",
            rule=Text(f"Chỉ nhận: {', '.join(possible)}.", f"Only: {', '.join(possible)}."),
            found=repr(given),
            cure=Text("Viết đúng một trong các tên ấy.", "Write one of these names."),
        )


def _p(estimate: float, se: float, df: float) -> float:
    if se == 0:
        return 1.0 if estimate == 0 else 0.0
    return float(2 * stats.t.sf(abs(estimate) / se, df)) if df > 0 and not math.isnan(se) else math.nan


def _answers(frame: Any, item: str, wave: str, person: str | None, design: Design) -> pd.DataFrame:
    """wave, cluster, y, w of each answer, sorted; one cluster's answers lie together."""
    cube(frame, [item], Design(weight=design.weight), [wave])  # the same demands on weights as every estimate makes
    unit = design.psu or person
    data = rows(frame, [item, wave, *filter(None, (person, design.psu, design.weight))])
    answers = pd.DataFrame(
        {
            "wave": data[wave],
            "y": _numbers(data[item], item),
            "w": data[design.weight].astype(float) if design.weight else 1.0,
            "unit": data[unit] if unit else None,
            "person": data[person] if person else None,
        }
    )
    answers = answers[answers["wave"].notna() & answers["y"].notna() & (answers["w"] > 0)].reset_index(drop=True)
    if answers.empty:
        raise DesignError(
            item,
            rule=Text("Mô hình cần có câu trả lời.", "The model needs answers."),
            found=Text("không có dòng nào", "no row"),
            cure=Text("Kiểm tra cột câu hỏi và cột đợt.", "Look at the columns of the item and of the wave."),
        )
    known = answers.dropna(subset="person")
    again = known.duplicated(["unit", "person", "wave"])  # two schools may give the same number to two people
    if again.any():
        twice = known[again].iloc[0]
        raise DesignError(
            f"trend(person={person!r})",
            rule=Text("Mỗi người có nhiều nhất một dòng trong một đợt.", "A person has one row in a wave."),
            found=Text(
                f"{twice['person']} hai lần trong đợt {twice['wave']}",
                f"{twice['person']} twice in wave {twice['wave']}",
            ),
            cure=Text("Giữ một dòng, hoặc để trống cột ấy.", "Keep one of the rows, or leave that column empty."),
        )
    number, names = pd.factorize(answers["unit"], use_na_sentinel=True)
    own = number < 0
    number[own] = len(names) + np.arange(own.sum())
    return answers.assign(cluster=number).sort_values(["cluster", "wave"], kind="stable").reset_index(drop=True)


def _numbers(values: pd.Series, item: str) -> pd.Series:
    try:
        return pd.to_numeric(values.astype(object)).astype("Float64").astype(float)
    except (ValueError, TypeError):
        raise not_a_number(item, next(value for value in values if isinstance(value, str))) from None


# --- the planned contrasts


@dataclass(frozen=True)
class _Contrast:
    statistic: str
    name: str
    weights: np.ndarray  # of the waves; missing where the contrast cannot be made
    base: np.ndarray  # whether a wave belongs to it (the middle one of a slope may weigh nothing)


def _planned(waves, phases, extra, wave) -> list[_Contrast]:
    unit = np.eye(len(waves))
    planned = [
        _Contrast("mean", f"mean {_label(value)}", line, line != 0) for value, line in zip(waves, unit, strict=True)
    ]
    if phases is None:
        phases = {"trend": (waves[0], waves[-1])} if len(waves) > 1 and _numeric(waves) else {}
    slopes = [_slope(waves, name, first, last, wave) for name, (first, last) in phases.items()]
    planned += slopes
    planned += [
        _Contrast(
            "difference of slopes",
            f"{later.name} - {early.name}",
            later.weights - early.weights,
            later.base | early.base,
        )
        for early, later in pairwise(slopes)
    ]
    for name, given in (extra or {}).items():
        if strange := [value for value in given if value not in waves]:
            raise DesignError(
                f"trend(planned={name!r})",
                rule=Text("Mỗi đợt được nêu phải có câu trả lời.", "Each wave that is named has answers."),
                found=str(strange[0]),
                cure=Text(f"Các đợt đang có: {_held(waves)}.", f"Waves that are there: {_held(waves)}."),
            )
        line = np.array([float(given.get(value, 0)) for value in waves])
        planned.append(_Contrast("contrast", name, line, line != 0))
    return planned


def _in_order(values: pd.Series) -> list:
    if isinstance(values.dtype, pd.CategoricalDtype):
        return [value for value in values.cat.categories if (values == value).any()]
    return sorted(values.unique(), key=lambda value: (isinstance(value, str), value))


def _label(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) and value.is_integer() else str(value)


def _numeric(waves: list) -> bool:
    return all(isinstance(value, int | float | np.integer | np.floating) for value in waves)


def _held(waves: list) -> str:
    return ", ".join(map(_label, waves))


def _slope(waves: list, name: str, first: float, last: float, wave: str) -> _Contrast:
    """The least-squares slope over the waves of a phase."""
    if not _numeric(waves):
        raise DesignError(
            f"trend(wave={wave!r})",
            rule=Text(
                "Độ dốc của một giai đoạn cần đợt là số, ví dụ năm.", "A phase's slope needs waves that are numbers."
            ),
            found=repr(waves[0]),
            cure=Text("Đổi cột đợt ra năm, hoặc dùng planned={…}.", "Make the wave a year, or use planned={…}."),
        )
    at = np.array(waves, float)
    inside = (at >= first) & (at <= last)
    if inside.sum() < 2:
        return _Contrast("slope", name, np.full(len(waves), math.nan), inside)
    away = np.where(inside, at - at[inside].mean(), 0.0)
    return _Contrast("slope", name, away / (away**2).sum(), inside)


# --- the fit and its sandwich


class _Fit:
    """Wave means by generalised least squares, and the parts of the sandwich, cluster by cluster."""

    def __init__(self, data: pd.DataFrame, waves: list, working: str):
        self.column = pd.Index(waves, dtype=object).get_indexer(pd.Index(data["wave"], dtype=object))
        self.y, self.w = data["y"].to_numpy(float), data["w"].to_numpy(float)
        k, size = len(waves), np.bincount(data["cluster"])
        start = np.concatenate([[0], size.cumsum()[:-1]])
        # clusters of one size in one stack: m x size places of rows
        self.stacks = [start[size == s][:, None] + np.arange(s) for s in np.unique(size)]
        self.x = np.eye(k)[self.column]
        self.people = np.bincount(self.column, minlength=k)
        met = data.assign(column=self.column).drop_duplicates(["cluster", "column"])
        self.clusters = np.bincount(met["column"], minlength=k)
        self.linked, self.count = int((size > 1).sum()), len(size)
        self.rho = 0.0
        self._solve()
        for _ in range(200 if working == "exchangeable" and self.linked else 0):
            before, self.rho = self.rho, self._correlation()
            self._solve()
            if abs(self.rho - before) < 1e-13:
                break

    def _working(self, stack: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The correlation of a cluster's answers, and the inverse working covariance with the sampling weights."""
        size = stack.shape[1]
        phi = (1 - self.rho) * np.eye(size) + self.rho
        root = np.sqrt(self.w[stack])
        return phi, root[:, :, None] * np.linalg.inv(phi) * root[:, None, :]

    def _solve(self) -> None:
        k = self.x.shape[1]
        information, right = np.zeros((k, k)), np.zeros(k)
        for stack in self.stacks:
            x, (_, weight) = self.x[stack], self._working(stack)
            information += np.einsum("mia,mij,mjb->ab", x, weight, x, optimize=True)
            right += np.einsum("mia,mij,mj->a", x, weight, self.y[stack], optimize=True)
        self.bread = np.linalg.inv(information)
        self.means = self.bread @ right
        self.rest = self.y - self.means[self.column]

    def _correlation(self) -> float:
        """geepack's moment estimate: the weighted mean product of two residuals of a cluster over their mean square."""
        wr, square = self.w * self.rest, np.average(self.rest**2, weights=self.w)
        products, pairs = (
            sum(float((part[stack].sum(axis=1) ** 2 - (part[stack] ** 2).sum(axis=1)).sum()) for stack in self.stacks)
            for part in (wr, self.w)
        )
        largest = max(stack.shape[1] for stack in self.stacks)
        value = products / pairs / square if square > 0 else 0.0
        return min(0.999, max(-0.999 / (largest - 1), value))  # beyond, it is no correlation matrix

    def cr0(self) -> np.ndarray:
        k = len(self.means)
        meat = np.zeros((k, k))
        for stack in self.stacks:
            score = np.einsum("mia,mij,mj->ma", self.x[stack], self._working(stack)[1], self.rest[stack], optimize=True)
            meat += score.T @ score
        return self.bread @ meat @ self.bread

    def cr2(self, L: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The bias-reduced covariance, and Satterthwaite's df of each contrast.

        With H = X M X'W and Phi the working correlation: A_i = D_i' (D_i [(I - H) Phi (I - H)']_ii D_i')^(-1/2) D_i,
        D_i' D_i = Phi_i; V = M sum(X_i' W_i A_i e_i e_i' A_i' W_i X_i) M; df = (sum g_i' Phi g_i)^2 / sum (g_i' Phi g_j)^2
        with g_i = (I - H)_i' A_i' W_i X_i M c, whose Gram matrix is diagonal but for rank 2k.
        """
        k = len(self.means)
        spread = np.zeros((k, k))  # X'W Phi W X
        for stack in self.stacks:
            phi, weight = self._working(stack)
            wx = weight @ self.x[stack]
            spread += np.einsum("mia,ij,mjb->ab", wx, phi, wx, optimize=True)
        core = self.bread @ spread @ self.bread
        meat = np.zeros((k, k))
        gram: list[list] = [[] for _ in L]
        for stack in self.stacks:
            phi, weight = self._working(stack)
            x = self.x[stack]
            hat = x @ self.bread @ x.transpose(0, 2, 1) @ weight @ phi
            left = phi - hat - hat.transpose(0, 2, 1) + x @ core @ x.transpose(0, 2, 1)
            root = np.linalg.cholesky(phi).T
            adjust = root.T @ _inverse_root(root @ left @ root.T) @ root
            lead = x.transpose(0, 2, 1) @ weight @ adjust  # X' W A
            score = np.einsum("mai,mi->ma", lead, self.rest[stack])
            meat += score.T @ score
            for place, line in enumerate(L):
                u = np.einsum("mai,a->mi", lead, self.bread @ line)
                own = np.einsum("mi,ij,mj->m", u, phi, u)
                a = np.einsum("mia,mi->ma", x, u)  # X'u
                b = np.einsum("mia,mij,jk,mk->ma", x, weight, phi, u, optimize=True)  # X'W Phi u
                gram[place].append((own, a, b))
        joint = np.block([[core, -self.bread], [-self.bread, np.zeros((k, k))]])
        return self.bread @ meat @ self.bread, np.array([_satterthwaite(parts, joint) for parts in gram])


def _inverse_root(matrices: np.ndarray) -> np.ndarray:
    """Symmetric B^(-1/2) of each matrix of a stack; directions of no variance are left out, as the pseudo-inverse does."""
    values, vectors = np.linalg.eigh(matrices)
    roots = np.where(values > 1e-12, 1 / np.sqrt(np.where(values > 1e-12, values, 1.0)), 0.0)
    return (vectors * roots[:, None, :]) @ vectors.transpose(0, 2, 1)


def _satterthwaite(parts: list, joint: np.ndarray) -> float:
    """(trace G)^2 / |G|^2 of G = diag(own) + [a b] joint [a b]'."""
    own = np.concatenate([part[0] for part in parts])
    low = np.concatenate([np.concatenate(part[1:], axis=1) for part in parts])
    extra = np.einsum("ma,ab,mb->m", low, joint, low)
    across = joint @ (low.T @ low)
    square = float((own**2).sum() + 2 * (own * extra).sum() + (across * across.T).sum())
    return float(own.sum() + extra.sum()) ** 2 / square if square > 0 else math.nan


# --- words


def _notes(L: np.ndarray, enough: np.ndarray, alike: np.ndarray) -> Iterator[str]:
    for line, fine, same in zip(L, enough, alike, strict=True):
        if np.isnan(line).any():
            yield "fewer than two waves in the phase"
        elif not fine:
            yield "a wave with fewer than two clusters: no standard error"
        else:
            yield "answers do not differ: no standard error" if same else ""


def _method(design: Design, person: str | None, fit: _Fit, working: str, correction: str) -> str:
    unit = "PSUs" if design.psu else "people" if person else "rows"
    parts = [
        "GEE independence" if working == "independence" else f"GEE exchangeable (correlation {fit.rho:.3g})",
        "weights" if design.weight else "",
        f"{unit} as clusters ({fit.count}, {fit.linked} with several answers)",
        "strata not in the variance" if design.stratum else "",
        "CR2, Satterthwaite t" if correction == "CR2" else "CR0, normal",
    ]
    return "; ".join(part for part in parts if part)
