"""Two readings of one sheet: which answers are new, changed, vanished, unchanged."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
import pandas as pd

from survey.clean import Misfit, moment
from survey.columns import EMAIL, SUBMITTED
from survey.questionnaire import tidy
from survey.raw import Cell, Raw

NOTHING = 0  # the print of an empty cell


@dataclass(frozen=True)
class Difference:
    """Rows by their numbers in the sheet; `changed`: row before, row now, the questions whose cells differ.

    `moved`: every answer is there as it was, and some stand in another row.
    """

    new: list[int]
    changed: list[tuple[int, int, list[str]]]
    vanished: list[int]  # rows of the reading before
    unchanged: list[tuple[int, int]]
    moved: bool

    @property
    def same(self) -> bool:
        """Whether no answer differs."""
        return not (self.new or self.changed or self.vanished)


def prints(frame: pd.DataFrame, raw: Raw) -> pd.DataFrame:
    """A 64-bit print of each cell of a sheet whose columns are bound (see columns.bind): the same rows and columns.

    Numbers are as typed in any of their forms (3, 3.0) and times are moments, so that one answer has one print through
    Google and through an export, wherever its column stands.
    """
    found = {}
    for name in frame.columns:
        written = lru_cache(None, typed=True)(partial(_moment, raw) if name == SUBMITTED else _written)
        words = np.array([written(cell) for cell in frame[name]], dtype=object)
        key = hashlib.sha256(name.encode()).hexdigest()[:16]
        hashed = pd.util.hash_array(words, hash_key=key) | np.uint64(1)
        found[name] = np.where(words == "", np.uint64(NOTHING), hashed)
    return pd.DataFrame(found, index=frame.index, dtype="uint64")


def fingerprints(prints: pd.DataFrame) -> pd.Series:
    """A short name of each row's whole content."""
    total = prints.to_numpy(dtype="uint64").sum(axis=1, dtype="uint64")
    return pd.Series([f"{one:016x}" for one in total.tolist()], index=prints.index, dtype=object)


def compare(before: pd.DataFrame, after: pd.DataFrame, code: str | None = None) -> Difference:
    """Match the rows of two readings by their prints: equal in every cell; else sent at the same moment; else with the
    same e-mail address or the same code (the column `code`).

    All but the first kind of match must be the only one both ways. Where a person edits an answer Google writes a new
    time: without a code or address that is one row vanished and one new.
    """
    left, right = fingerprints(before), fingerprints(after)
    equal = _paired(left, right, unique=False)
    changed: list[tuple[int, int]] = []
    for key in (SUBMITTED, EMAIL, code):
        if key in before and key in after:
            old, new = (
                side[key].drop(index=[pair[n] for pair in (*equal, *changed)]) for n, side in ((0, before), (1, after))
            )
            changed += _paired(old[old != NOTHING], new[new != NOTHING], unique=True)
    told = [(old, new, _differing(before.loc[old], after.loc[new])) for old, new in sorted(changed)]
    gone, come = (
        sorted(set(side.index) - {pair[n] for pair in (*equal, *changed)}) for n, side in ((0, before), (1, after))
    )
    still = not (told or gone or come)
    return Difference(come, told, gone, sorted(equal), still and any(old != new for old, new in equal))


def missing(times: Sequence[dt.datetime], others: Sequence[dt.datetime]) -> int:
    """How many of these moments, to the second, the others do not have."""
    seconds = [Counter(round(time.timestamp()) for time in several) for several in (times, others)]
    return sum((seconds[0] - seconds[1]).values())


def _paired(left: pd.Series, right: pd.Series, *, unique: bool) -> list[tuple[int, int]]:
    """Rows whose keys are equal: in the order of the sheets or, `unique`, where a key stands only once in each."""
    waiting: dict[object, list[int]] = defaultdict(list)
    for row, key in right.items():
        waiting[key].append(int(row))
    once = Counter(left)
    pairs = []
    for row, key in left.items():
        if waiting[key] and not (unique and (once[key] > 1 or len(waiting[key]) > 1)):
            pairs.append((int(row), waiting[key].pop(0)))
    return pairs


def _differing(before: pd.Series, after: pd.Series) -> list[str]:
    names = sorted({*before.index, *after.index})
    return [name for name in names if before.get(name, NOTHING) != after.get(name, NOTHING)]


def _written(cell: Cell) -> str:
    if cell is None:
        return ""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else tidy(cell)


def _moment(raw: Raw, cell: Cell) -> str:
    try:
        return "" if cell is None else moment(cell, raw).isoformat()
    except (Misfit, ValueError, OverflowError):
        return _written(cell)
