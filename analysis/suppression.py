"""What may be shown: small bases are hidden before anything else sees them."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

NUMBERS = ["estimate", "se", "low", "high", "df", "n", "population"]
SMALL = "small base"
DERIVABLE = "could be found by subtraction"


def suppress(estimates: pd.DataFrame, k: int = 5) -> pd.DataFrame:
    """The same table with `shown` and `reason`; a hidden row's numbers are missing, never 0.

    Hidden: rows whose base n is below k; and, where groups of a set were hidden whose bases together are below k, or a
    single one, those with the next smallest bases, until subtracting the others from the whole tells nothing. A set is
    the groups of one item and statistic in one wave. An empty base is an absence: hidden with the same reason.
    """
    shown = estimates.assign(shown=True, reason="")
    small = shown["n"] < k
    shown.loc[small, "reason"] = SMALL
    grouped = shown["group"] != ""
    keys = ["wave", "item", "statistic", "group"]
    for _, part in shown[grouped].groupby(keys, dropna=False):
        bases = part.groupby("level")["n"].max()
        hidden = list(bases[bases < k].index)
        for level in bases[bases >= k].sort_values().index:
            if not hidden or (len(hidden) > 1 and bases[hidden].sum() >= k):
                break
            hidden.append(level)
            shown.loc[part.index[part["level"] == level], "reason"] = DERIVABLE
    return _blank(shown)


def hide(shown: pd.DataFrame, levels: Sequence[object]) -> pd.DataFrame:
    """A suppressed table with these groups hidden as well, and as many others as their subtraction asks for: at least two."""
    reasons = shown["reason"].mask(shown["level"].isin(levels) & shown["shown"], DERIVABLE)
    for _, part in shown.groupby(["wave", "item", "statistic", "group"], dropna=False):
        hidden = set(part.loc[reasons[part.index] != "", "level"])
        if len(hidden) == 1:
            rest = part[~part["level"].isin(hidden)]
            nearest = rest.groupby("level")["n"].max().idxmin() if len(rest) else None
            reasons[part.index[part["level"] == nearest]] = DERIVABLE
    return _blank(shown.assign(reason=reasons))


def _blank(shown: pd.DataFrame) -> pd.DataFrame:
    hidden = shown["reason"] != ""
    numbers = shown[NUMBERS].astype("Float64").mask(hidden)
    return shown.assign(shown=~hidden, **{name: numbers[name] for name in NUMBERS}).astype(
        {"n": "Int64"} | {name: "float64" for name in NUMBERS if name != "n"}
    )
