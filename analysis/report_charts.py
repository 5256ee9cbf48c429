"""The charts of a review report: native ones, whose data the school can edit and anybody can check."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pandas as pd

from analysis import facts, sentences
from analysis.blocks import Chart, Series
from analysis.review import Review
from analysis.sentences import HIDDEN, percent
from survey.errors import Text

DIGITS = 4  # of the numbers that a chart holds


def of_survey(review: Review, primary: list[str]) -> Iterator[Chart]:
    """The trend of the primary scales, and the practice of the skills in the review's wave; none without shown numbers."""
    levels = review.levels[review.levels["item"].isin(primary)]
    if len(review.waves) > 1 and levels["shown"].any():
        yield trend(review, levels)
    items = skill_items(review)
    shares = review.shares_of(items)
    now = shares[shares["wave"] == review.wave]
    if len(now) and now["shown"].any():
        yield practice(review, items, now)


def trend(review: Review, levels: pd.DataFrame) -> Chart:
    waves = sorted(levels["wave"].unique())
    series = []
    for item, part in levels.groupby("item", sort=False):
        known = {row.wave: row for row in part.itertuples()}
        ends = [tuple(_of(known.get(wave), name) for wave in waves) for name in ("estimate", "low", "high")]
        series.append(Series(str(review.label(str(item))), *ends))
    rows = tuple(levels.itertuples())
    words = " ".join(sentences.level(row, f"{row.wave}, {review.label(row.item)}") for row in rows)
    caption = Text("Điểm trung bình qua các đợt, khoảng tin cậy 95%", "Means over the waves, 95% intervals")
    return Chart("xu_huong", "line", str(caption), words, tuple(map(str, waves)), tuple(series), axis=_axis(levels),
                 facts=tuple(facts.level(row) for row in rows))  # fmt: skip


def _axis(levels: pd.DataFrame) -> tuple[float, float]:
    """Whole half points that hold every interval, at least one and a half apart: changes are seen, noise is not blown up."""
    low = math.floor(2 * float(levels["low"].fillna(levels["estimate"]).min())) / 2
    high = math.ceil(2 * float(levels["high"].fillna(levels["estimate"]).max())) / 2
    return low, max(high, low + 1.5)


def practice(review: Review, items: list[str], now: pd.DataFrame) -> Chart:
    """Shares of the ordered answers of items with the same choices; an item with a hidden share has no bar."""
    labels = review.study.form.value_labels(items[0])
    shown = {item: part for item, part in now.groupby("item") if part["shown"].all() and part["estimate"].notna().all()}
    kept = [item for item in items if item in shown]
    rows = {item: {row.value: row for row in shown[item].itertuples()} for item in kept}
    series = tuple(
        Series(str(label), tuple(_of(rows[item].get(code), "estimate") for item in kept))
        for code, label in labels.items()
    )
    caption = Text(f"Mức độ thực hành năm {review.wave}", f"Practice in {review.wave}")
    told = [
        f"{review.label(item)}: "
        + ", ".join(
            f"{label} {percent(rows[item][code].estimate, 0)}" for code, label in labels.items() if code in rows[item]
        )
        for item in kept
    ]
    words = "; ".join([*told, *(f"{review.label(item)}: {HIDDEN}" for item in items if item not in kept)])
    return Chart(
        "thuc_hanh", "stacked", str(caption), words, tuple(str(review.label(item)) for item in kept), series, percent=True,
        facts=tuple(facts.share(row) for item in kept for row in rows[item].values()),
    )  # fmt: skip


def skill_items(review: Review, most: int = 12) -> list[str]:
    """The ordered-practice items that share the first one's choices, at most as many as a page's chart holds."""
    form = review.study.form
    items = [item for item in review.items if item in form.questions and form.questions[item].choices is not None]
    for order in ("practice", "agreement", "frequency"):
        kind = [item for item in items if form.choices_of(form.questions[item]).order == order]
        if kind:
            first = form.value_labels(kind[0])
            return [item for item in kind if form.value_labels(item) == first][:most]
    return []


def phase_bands(review: Review) -> list[tuple[str, int, int]]:
    """Label, first and last wave of each phase that the review's waves touch; 2027 is in both."""
    bands = []
    for phase in review.study.phases:
        waves = [wave for wave in review.study.waves_of(phase.id) if wave in review.waves]
        if len(waves) > 1:
            bands.append((str(phase.label), waves[0], waves[-1]))
    return bands


def targets(found: pd.DataFrame) -> Chart | None:
    """The share reached beside the share asked for, of every target that has both."""
    known = list(found[found["value"].notna() & found["threshold"].notna()].itertuples())
    if not known:
        return None
    reached, asked = Text("Thực hiện", "Reached"), Text("Mục tiêu", "Asked for")
    series = (
        Series(str(reached), tuple(round(float(row.value), DIGITS) for row in known)),
        Series(str(asked), tuple(round(float(row.threshold), DIGITS) for row in known)),
    )
    words = " ".join(f"{row.label}: {row.words}" for row in known)
    caption = Text("Thực hiện so với mục tiêu của từng chỉ tiêu", "Reached and asked for, by target")
    labels = tuple(f"{row.target}. {row.label}" for row in known)
    return Chart("chi_tieu_bieu_do", "bar", str(caption), words, labels, series, percent=True, axis=(0.0, 1.0),
                 facts=tuple(facts.target(row) for row in known))  # fmt: skip


def _of(row: Any, name: str) -> float | None:
    if row is None or not row.shown or pd.isna(getattr(row, name)):
        return None
    return round(float(getattr(row, name)), DIGITS)
