"""Do the results hang on people who may have answered carelessly: the same estimates with and without them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from analysis.cube import rows
from analysis.design import Design
from analysis.estimates import means

KEYS = ["wave", "item", "statistic", "group", "level", "value"]


def sensitivity(
    frame: Any,
    items: Sequence[str],
    design: Design | None = None,
    by: Sequence[str] = (),
    *,
    flag: str,
    estimate: Callable[..., pd.DataFrame] = means,
) -> pd.DataFrame:
    """The estimates of all, and of those who are not flagged, side by side: the columns of `estimate`, and estimate_without,
    se_without, n_without, difference (without less with).

    flag: a column that is true for people whose answers are doubted (missing: not doubted). Nobody is deleted: those who are
    flagged keep their place in the design and only leave the base, as a group that is not asked for.
    estimate: `means`, `proportions` or `totals`.
    """
    design = design or Design()
    data = rows(frame, [*items, *by, flag, *design.columns])
    doubted = data[flag].astype("boolean").fillna(False)
    cleared = data.assign(**{item: data[item].mask(doubted) for item in items})
    with_all, without = (estimate(part, items, design, by=by) for part in (data, cleared))
    kept = without[[*KEYS, "estimate", "se", "n"]]
    table = with_all.merge(kept, on=KEYS, how="left", suffixes=("", "_without"))
    return table.assign(difference=table["estimate_without"] - table["estimate"])
