"""Small whole numbers instead of names, so that sums by group are one pass over an array."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd


def codes(cells: pd.DataFrame, columns: Sequence[str]) -> np.ndarray:
    """Each cell's number among the combinations of some columns; a missing value is one of its own."""
    found = np.zeros(len(cells), dtype=np.int64)
    for column in columns:
        found = joined(found, pd.factorize(cells[column], use_na_sentinel=False)[0])
    return found


def joined(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """A number for each pair of numbers, without gaps."""
    return dense(one.astype(np.int64) * (int(two.max(initial=0)) + 1) + two)


def dense(code: np.ndarray) -> np.ndarray:
    """Numbers 0, 1, … for whole numbers of 0 or more, in their order where there are few."""
    size = int(code.max(initial=-1)) + 1
    if size > 8 * len(code) + 1000:
        return pd.factorize(code)[0]
    held = np.zeros(size, dtype=np.int64)
    held[code] = 1
    return (np.cumsum(held) - 1)[code]


def first(values: np.ndarray, codes: np.ndarray, size: int) -> np.ndarray:
    """A value of each code; all cells of a code have the same."""
    found = np.zeros(size, dtype=values.dtype)
    found[codes] = values
    return found
