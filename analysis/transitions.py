"""Where the people who answered twice went from each answer, as it may be shown."""

from __future__ import annotations

import pandas as pd

from analysis.estimates import proportions
from analysis.paired import linked
from analysis.review import Review
from analysis.suppression import SMALL, blank, suppress

BEFORE = "before"


def moves(review: Review, item: str, between: tuple[int, int]) -> pd.DataFrame:
    """The share of each answer in the second wave among those who gave each answer in the first: suppressed estimates.

    Rows: `level` is the answer in the first wave (`group` "before"), `value` that in the second. Shares are of linked
    people as they are, unweighted. All rows are hidden where the answers of those who could not be linked, fewer than the
    smallest base, could be found by subtraction from the published shares of the wave.
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
    return rows.assign(level=rows["level"].map(codes))
