"""Medians and other quantiles, with Woodruff's intervals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from analysis import intervals
from analysis.design import Design
from analysis.estimates import Domains, Rows, described, domains_of, numbers_of, table_of
from analysis.linearisation import Cells


def quantiles(
    frame: Any,
    items: Sequence[str],
    design: Design | None = None,
    by: Sequence[str] = (),
    shares: Sequence[float] = (0.5,),
) -> pd.DataFrame:
    """Weighted quantiles: a row per item, group and share, with COLUMNS; `value` is the share (0.5 is the median).

    The smallest answer at which the cumulated weight reaches the share. Interval (Woodruff 1952): the answers at p -+ t se(p),
    with p the share of people at or below the estimate; where p -+ t se leaves 0 to 1 (R: NaN), the lowest or highest
    answer. se is the interval's width over 2 t; a census has 0.
    R: `svyquantile(~y, design, quantiles = shares, na.rm = TRUE, interval.type = "mean", qrule = "math", df = degf(design))`
    with `options(survey.lonely.psu = "adjust")`.
    """
    parts = domains_of(frame, items, design, by)
    return table_of((rows for domains in parts for rows in _rows(domains, shares)), items)


def _rows(domains: Domains, shares: Sequence[float]) -> Iterator[Rows]:
    y, (cells, place) = numbers_of(domains), domains.known(domains.answered)
    order = np.lexsort((y, cells.domain))
    bounds = np.searchsorted(cells.domain[order], np.arange(cells.domains + 1))
    inside = [order[bounds[domain] : bounds[domain + 1]] for domain in range(cells.domains)]
    for number, share in enumerate(shares):
        estimate = np.array([_quantile(y[part], cells.w[part], share) for part in inside])
        below, e = _share_below(cells, y, estimate)
        rows = described(domains, cells, place, below, e, "quantile")
        t = intervals.quantile(0.95, cells.df)
        with np.errstate(invalid="ignore"):
            reach = np.where(rows["se"] == 0, 0.0, t * rows["se"])
        limits = [
            [_quantile(y[part], cells.w[part], p) for part, p in zip(inside, below + side * reach, strict=True)]
            for side in (-1, 1)
        ]
        low, high = (np.where(reach == 0, estimate, limit) for limit in limits)
        with np.errstate(invalid="ignore"):
            se = np.where(reach == 0, 0.0, (high - low) / (2 * t))
        method = np.array([f"{text[:-1]}Woodruff" for text in rows["method"]], dtype=object)
        changed = {"estimate": estimate, "se": se, "low": low, "high": high, "method": method}
        yield (
            rows
            | changed
            | {
                "value": np.full(len(estimate), share, dtype=object),
                "order": np.full(len(estimate), number),
            }
        )


def _share_below(cells: Cells, y: np.ndarray, bound: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The share of each domain at or below its bound, and each cell's e."""
    here = (y <= bound[cells.domain]).astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = cells.sums(cells.w * here) / cells.weight
        return share, (here - share[cells.domain]) / cells.weight[cells.domain]


def _quantile(y: np.ndarray, w: np.ndarray, share: float) -> float:
    """Of sorted answers: the smallest at which the cumulated weight reaches the share. R: `survey:::qrule_math`."""
    y, w = y[w > 0], w[w > 0]
    if not len(y) or np.isnan(share):
        return np.nan
    reached = np.cumsum(w) / w.sum()
    return float(y[min(len(y) - 1, int(np.searchsorted(reached, share - 1e-12)))])
