"""How finely estimates are published: the one place where frames, documents, charts and ledger are rounded."""

from __future__ import annotations

import numpy as np
import pandas as pd

UNIT, WHOLE, POINTS = 2, 3, 2  # decimals of a share (0 to 1) in a group, of a share in the whole, of everything else
ESTIMATES = ("estimate", "se", "low", "high", "detectable")
OTHERS = {"df": 1, "p": 3, "p_adjusted": 3, "alpha": 2, "standardised": 2, "omega": 2, "population": 0}


def published(table: pd.DataFrame) -> pd.DataFrame:
    """The table as finely as it is published; of the answers themselves finer numbers stay in the study's folder.

    Estimates, their standard errors and limits: a share to 0.001 (one in a thousand) of the whole, to 0.01 in a group; means,
    changes and slopes to 0.01. Degrees of freedom to 0.1, p values to 0.001. Bases are counts and stay; populations are whole
    people. Halves are rounded away from 0. A share of some, but not of all, never becomes 0 or 1.
    """
    shares = (table["statistic"] == "proportion") if "statistic" in table else pd.Series(False, index=table.index)
    grouped = (table["group"] != "") if "group" in table else pd.Series(False, index=table.index)
    digits = np.select([shares & grouped, shares], [UNIT, WHOLE], POINTS)
    names = [name for name in ESTIMATES if name in table]
    found = {name: _rounded(table[name], digits) for name in names}
    if "estimate" in found:
        step = 10.0 ** -digits.astype(float)
        part = shares & (table["estimate"] > 0) & (table["estimate"] < 1)
        found["estimate"] = found["estimate"].mask(part, found["estimate"].clip(step, 1 - step))
    found |= {
        name: _rounded(table[name], np.full(len(table), places)) for name, places in OTHERS.items() if name in table
    }
    return table.assign(**found)


def rounded(value: float, digits: int = POINTS) -> float:
    """One number as finely as a mean is published."""
    return float(_rounded(pd.Series([value]), np.array([digits])).iloc[0])


def _rounded(column: pd.Series, digits: np.ndarray) -> pd.Series:
    """Halves away from 0, as the words of a report have them; 28.749999999999996 is 28.75."""
    power = 10.0**digits
    numbers = column.astype("Float64").to_numpy(float, na_value=np.nan)
    away = np.floor(np.round(np.abs(numbers) * power, 9) + 0.5) / power
    return pd.Series(np.sign(numbers) * away + 0.0, index=column.index).astype(column.dtype)
