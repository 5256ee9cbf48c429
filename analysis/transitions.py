"""Where the people who answered twice went from each answer, as it may be shown."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd

from analysis.attribute_disclosure import Margin, as_good_as_told, fitted
from analysis.estimates import proportions
from analysis.paired import linked
from analysis.precision import published
from analysis.review import GROUPS, NOBODYS, Review
from analysis.suppression import PROTECTED, SMALL, blank, suppress

BEFORE = "before"


def moves(review: Review, item: str, between: tuple[int, int]) -> pd.DataFrame:
    """The share of each answer in the second wave among those who gave each answer in the first: suppressed estimates.

    Rows: `level` is the answer in the first wave (`group` "before"), `value` that in the second. Shares are of linked
    people as they are, unweighted. All rows are hidden where the answers of those who could not be linked, fewer than the
    smallest base, could be found by subtraction from the published shares of the wave. Rows of few people are hidden until the
    others, beside the tables of both waves (whole, units, roles), make no answer of anybody as good as told.
    """
    first, second = linked(review.frame, [item], "wave", "person", between)
    both = pd.DataFrame({BEFORE: first[item], item: second[item]}).dropna()
    both[BEFORE] = both[BEFORE].astype(str)
    values = {item: list(review.study.form.value_labels(item))}
    parts = [proportions(both, [item], by=by, values=values) for by in ([], [BEFORE])]
    table = pd.concat(parts, ignore_index=True).assign(study=review.study.id)
    k = review.study.smallest_base
    shown = suppress(table, k=k, answers=both)
    answered = [int(review.frame.loc[review.frame["wave"] == wave, item].notna().sum()) for wave in between]
    left = [count - len(both) for count in answered]
    if any(0 < count < k for count in left):
        shown = blank(shown, pd.Series(SMALL, index=shown.index, dtype=object))
    codes = {str(code): code for code in values[item]}
    rows = shown[shown["group"] == BEFORE].reset_index(drop=True)
    rows = rows.assign(level=rows["level"].map(codes))
    seen = rows[rows["shown"].astype(bool)].drop_duplicates("level").sort_values(["n", "level"])["level"].tolist()
    seen = seen if review.apart is None else []  # two ways of counting side by side tell of the few left out
    kept: list = next(
        (seen[more:] for more in range(len(seen)) if not _tell(review, item, between, set(seen[more:]))), []
    )
    told = rows["shown"].astype(bool) & ~rows["level"].isin(kept)
    rows = blank(rows, rows["reason"].mask(told, PROTECTED))
    return rows if review.exact else published(rows)


def _tell(review: Review, item: str, between: tuple[int, int], seen: set) -> bool:
    """Whether the rows of the answers `seen` make an answer as good as told, of people of a small combination of groups.

    The reader knows who could be linked, how many of each combination of groups answered when, and the tables of both waves.
    """
    groups = [name for name in GROUPS if name in review.frame]
    people = _people(review, item, between, groups)
    sides = [[f"{name}{end}" for name in ("in", *groups)] for end in (1, 2)]
    cell = people.groupby([*sides[0], *sides[1]], sort=False).ngroup()
    cells = people[~cell.duplicated()]
    codes = ["", *review.study.form.value_labels(item)]  # any answer may have gone to any other
    answers = pd.DataFrame(
        [pair for pair in product(codes, codes) if pair != ("", "")], columns=["v1", "v2"], dtype=object
    )
    counts = np.zeros((len(cells), len(answers)))
    places = {pair: place for place, pair in enumerate(zip(answers["v1"], answers["v2"], strict=True))}
    np.add.at(counts, (cell, [places[pair] for pair in zip(people["v1"], people["v2"], strict=True)]), 1)
    possible = np.ones(counts.shape)
    sure = []
    rows = np.diag((answers["v1"].isin(seen) & (answers["v2"] != "")).to_numpy(float))
    margins = [_margin(np.ones((1, len(cells))), rows, counts)]
    for wave, end, names in zip(between, "12", sides, strict=True):
        values = _one_hot(answers[f"v{end}"], set(answers[f"v{end}"]) - {""})
        possible *= (cells[f"in{end}"] == "").to_numpy()[:, None] == (answers[f"v{end}"] == "").to_numpy()[None, :]
        tables = [_margin(_one_hot(cells[names[0]], {"yes"}).T, values, counts)]
        for name, column in zip(groups, names[1:], strict=True):
            shares = review.shares_of([item], name, wave)
            shown = set(shares.loc[shares["shown"].astype(bool), "level"])
            tables.append(_margin(_one_hot(cells[column], shown).T, values, counts))
        size = people.groupby(names)["v1"].transform("size")[~cell.duplicated()]
        sure.append((values, tables, (cells[names[0]] == "yes") & (size < review.study.smallest_base)))
        margins += tables
    x = fitted(possible, counts.sum(axis=1), margins)
    return any(_is_told(x @ values, tables, guarded.to_numpy()) for values, tables, guarded in sure)


def _people(review: Review, item: str, between: tuple[int, int], groups: list[str]) -> pd.DataFrame:
    """A row per person: answer and groups in each wave, "" where they did not answer in it or could not be linked."""
    sides = []
    for wave, end in zip(between, "12", strict=True):
        part = review.frame[(review.frame["wave"] == wave) & review.frame[item].notna()]
        named = {"v" + end: part[item].astype(object), "in" + end: "yes", "person": part["person"].astype(object)}
        named |= {name + end: part[name].astype(object).fillna(NOBODYS) for name in groups}
        sides.append(pd.DataFrame(named).assign(person=lambda rows, end=end: _or_alone(rows["person"], end)))
    return sides[0].merge(sides[1], on="person", how="outer").astype(object).fillna("")


def _or_alone(person: pd.Series, end: str) -> pd.Series:
    """Whoever carries no person is one of their own."""
    alone = pd.Series([f"{end} {row}" for row in range(len(person))], index=person.index, dtype=object)
    return person.where(person.notna(), alone)


def _one_hot(column: pd.Series, levels: set) -> np.ndarray:
    """Rows x levels."""
    held = sorted(levels, key=str)
    return np.array([[one == level for level in held] for one in column], dtype=float).reshape(len(column), len(held))


def _margin(groups: np.ndarray, values: np.ndarray, counts: np.ndarray) -> Margin:
    return groups, values, groups @ counts @ values


def _is_told(x: np.ndarray, tables: list[Margin], guarded: np.ndarray) -> bool:
    told = np.zeros(x.shape)
    for groups, _, table in tables:
        told = np.maximum(told, groups.T @ (table / np.maximum(table.sum(axis=1, keepdims=True), 1)))
    posterior = x / np.maximum(x.sum(axis=1, keepdims=True), 1e-9)
    return bool((as_good_as_told(posterior, told) & guarded[:, None]).any())
