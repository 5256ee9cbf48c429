"""Rows of a review's tables -> facts: what a sentence tells, as finely as it is published, and the call that gives it again.

In a call, `review` is the report's Review; `means`, `change` and the others are the public calls of analysis.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

from analysis.blocks import Fact, Value

ESTIMATE = ("estimate", "se", "low", "high", "df", "n", "population")
NUMERAL = re.compile(r"[<>]?[+−]?\d+(?:[.,]\d+)*%?")
JUDGED = (*ESTIMATE, "p", "p_adjusted", "detectable", "verdict")


def level(row: Any) -> Fact:
    """A row of review.levels: the mean of a scale in a wave."""
    return _estimate("level", row, f"means(review.frame, [{row.item!r}], review.design, by=['wave'])", ESTIMATE)


def group(row: Any) -> Fact:
    """A row of review.levels_by: the mean of a scale in a unit or role, in a wave."""
    return _estimate(
        f"level by {row.group}", row, f"review.levels_by({row.group!r}, [{row.item!r}], {row.wave})", ESTIMATE
    )


def share(row: Any) -> Fact:
    """A row of review.shares (of review.shares_of a group): the share of an answer in a wave, in a unit or role."""
    group = f", {row.group!r}, {row.wave}" if row.group else ""
    return _estimate("share", row, f"review.shares_of([{row.item!r}]{group})", ESTIMATE)


def change(row: Any) -> Fact:
    """A row of review.changes: what changed between two waves, and the verdict."""
    first, second = _waves(row.wave)
    call = f"change(review.frame, [{row.item!r}], review.design, between=({first}, {second}))"
    return _estimate("change", row, call, JUDGED)


def slope(row: Any) -> Fact:
    """A row of review.slopes: points a year in a phase, or how much faster one phase was than the one before."""
    return _estimate("slope", row, "review.slopes", JUDGED)


def response(row: Any) -> Fact:
    """A row of review.response: people asked, people who answered, rate."""
    values = {name: _plain(getattr(row, name)) for name in ("people", "answers", "rate")}
    return Fact(f"response {row.wave}", "review.response", values, (int(row.wave),), _whole(row.answers))


def reliability(row: Any) -> Fact:
    """A row of review.reliability: Cronbach's alpha of a scale in a wave."""
    values = {name: _plain(getattr(row, name)) for name in ("items", "n", "alpha", "low", "high")}
    method = "Cronbach's alpha"
    return Fact(
        f"reliability {row.wave} {row.scale}", "review.reliability", values, (int(row.wave),), _whole(row.n), method
    )


def target(row: Any, wave: int | None = None) -> Fact:
    """A row of review.targets (of review.targets_at, where a wave is named): counts, share, threshold, status, and words."""
    values = {name: _plain(getattr(row, name)) for name in ("numerator", "denominator", "value", "threshold", "status")}
    words = told(f"{row.words} {row.doubts}")
    if wave is not None:
        return Fact(f"target {row.target} {wave}", f"review.targets_at({wave})", values)
    known = {"date": None if _missing(row.date) else row.date.isoformat(), "evidence": row.evidence or None}
    return Fact(f"target {row.target}", "review.targets", values | words | known)


def told(words: object) -> dict[str, Value]:
    """The numbers as a sentence of another module tells them, where that gives no columns for them (dates left out)."""
    bare = re.sub(r"\d{1,2}/\d{1,2}/\d{4}", "", str(words))
    return {f"told {place}": found for place, found in enumerate(NUMERAL.findall(bare), start=1)}


def one(key: str, call: str, values: Mapping[str, Any], waves: tuple[int, ...] = ()) -> Fact:
    """A few numbers that have no row: a count, a setting."""
    return Fact(key, call, {name: _plain(value) for name, value in values.items()}, waves)


def _estimate(table: str, row: Any, call: str, names: tuple[str, ...]) -> Fact:
    parts = (table, row.wave, row.item, row.statistic, row.group, row.level, row.value)
    key = " ".join(str(part) for part in parts if not _missing(part) and part != "")
    values = {name: _plain(getattr(row, name)) for name in names if hasattr(row, name)}
    return Fact(key, call, values, tuple(_waves(row.wave)), _whole(row.n), str(row.method or ""), str(row.reason or ""))


def _waves(wave: object) -> list[int]:
    return sorted({int(part) for part in re.findall(r"\d+", str(wave))})


def _missing(value: object) -> bool:
    return value is None or (not isinstance(value, str) and bool(pd.isna(value)))


def _plain(value: Any) -> Value:
    """A number as JSON has it; None where it is missing or hidden."""
    if _missing(value):
        return None
    if isinstance(value, str):
        return value
    return int(value) if float(value).is_integer() else float(value)


def _whole(value: Any) -> int | None:
    return None if _missing(value) else int(value)
