"""Is a change more than chance, and more than nothing: tests, adjustment for many items, verdicts."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
from scipy import stats

from analysis.power import smallest_from_se

ROSE, FELL, SAME, UNKNOWN = "rose", "fell", "no_meaningful_change", "cannot_tell"


def judge(changes: pd.DataFrame, *, primary: Sequence[str] = (), small: float = 0.0) -> pd.DataFrame:
    """Changes with p, p_adjusted, family, verdict and detectable; a row per change as `change` returns them.

    p: two-sided t test of no change. family: "primary" (items named in advance, adjusted by Holm) or "other" (adjusted
    by Benjamini and Hochberg), within one pair of waves. verdict at 5 %: "rose" or "fell" where p_adjusted < .05;
    "no_meaningful_change" where the 90 % interval lies within -+`small` (two one-sided tests, the bound fixed beforehand);
    else "cannot_tell". A hidden or empty row has no verdict but "cannot_tell". detectable: the smallest true change that such
    answers would show (two-sided 5 %) four times out of five, (t(.975) + t(.8)) se; it stands beside every "cannot_tell".
    R: `p.adjust(p, "holm")`, `"BH"`.
    """
    from statsmodels.stats.multitest import multipletests

    judged = changes.reset_index(drop=True)
    judged = judged.assign(p=[_p(row) for row in judged.itertuples()], p_adjusted=math.nan)
    judged["family"] = judged["item"].isin(list(primary)).map({True: "primary", False: "other"})
    for (_, family), part in judged[judged["p"].notna()].groupby(["wave", "family"]):
        method = "holm" if family == "primary" else "fdr_bh"
        judged.loc[part.index, "p_adjusted"] = multipletests(part["p"], method=method)[1]
    judged["verdict"] = [_verdict(row, small) for row in judged.itertuples()]
    return judged.assign(detectable=[smallest_from_se(row.se, row.df) for row in judged.itertuples()])


def _p(row) -> float:
    if pd.isna(row.estimate) or pd.isna(row.se):
        return math.nan
    if row.se == 0:  # a census: the change is known exactly
        return 1.0 if row.estimate == 0 else 0.0
    return float(2 * stats.t.sf(abs(row.estimate) / row.se, row.df)) if row.df > 0 else math.nan


def _verdict(row, small: float) -> str:
    if pd.isna(row.p_adjusted):
        return UNKNOWN
    if row.p_adjusted < 0.05:
        return ROSE if row.estimate > 0 else FELL
    reach = 0.0 if row.se == 0 else float(stats.t.ppf(0.95, row.df)) * row.se
    return SAME if abs(row.estimate) + reach <= small else UNKNOWN
