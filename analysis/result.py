"""The one shape in which every test says what it found."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Test:
    """A test with its effect: one row of a table.

    statistic, df: of the test, missing where it has none (an exact test). p: two-sided unless `method` says otherwise.
    estimate, low, high: the effect and its interval, missing where the test has none; `method` says which.
    n: answers (or pairs) that the test was given; used: those that bear on it (pairs that are not ties, say).
    target: "descriptive" or "analytic". population: people (or pairs) the finding is about, missing where unknown.
    """

    __test__ = False  # pytest is not to collect it

    item: str
    test: str
    statistic: float = math.nan
    df: float = math.nan
    p: float = math.nan
    estimate: float = math.nan
    low: float = math.nan
    high: float = math.nan
    n: int = 0
    used: float = math.nan
    target: str = ""
    population: float = math.nan
    method: str = ""

    def row(self) -> dict[str, object]:
        """The fields as a dictionary, for a row of a data frame."""
        return asdict(self)
