"""The variance of estimates whose weights were raked to margins: what the margins explain is certain."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.cube import Counts
from analysis.linearisation import Cells


def residual_variances(counts: Counts, everyone: Cells, cells: Cells, place: np.ndarray, e: np.ndarray) -> np.ndarray:
    """The variance of sum(w e) of each domain, with e replaced by its residual on the margins, over all rows of the wave.

    counts: the cube's cells, and `everyone` the same with strata; place: where each cell of `cells` is among them. The
    regression is weighted by the weights before raking (b of the cube). Source: Deville and Särndal (1992), JASA 87, 376-382.
    R: `survey::calibrate(design, ~unit + role, population, calfun = "raking")`.
    """
    b, keys = counts.b, counts.keys
    margins = np.column_stack([_dummies(keys[name]) for name in keys if str(name).startswith("margin")])[counts.key]
    survey = everyone.survey[everyone.stratum]
    variances = np.zeros(cells.domains)
    for domain in np.unique(cells.domain):
        here = cells.domain == domain
        home = place[here][0]
        rows = np.flatnonzero((counts.item == counts.item[home]) & (survey == survey[home]))
        u = np.zeros(len(b))
        u[place[here]] = e[here]
        root = np.sqrt(b[rows])
        fitted, *_ = np.linalg.lstsq(margins[rows] * root[:, None], u[rows] * root, rcond=None)
        one = replace(everyone.keep(rows), domain=np.zeros(len(rows), dtype=np.int64), domains=1)
        variances[domain] = one.variances(u[rows] - margins[rows] @ fitted)[0]
    return variances


def _dummies(values: pd.Series) -> np.ndarray:
    codes = pd.factorize(values, use_na_sentinel=False)[0]
    return np.eye(codes.max(initial=0) + 1)[codes]
