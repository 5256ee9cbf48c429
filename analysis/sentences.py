"""One shown estimate -> words. The only place, with charts and tables, that rounds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

import pandas as pd
from babel.numbers import format_decimal

from analysis.comparisons import FELL, ROSE, SAME, UNKNOWN
from analysis.suppression import SMALL
from survey.errors import Text, spoken

HIDDEN = Text("không công bố", "not published")
PRETEND = Text("DỮ LIỆU MÔ PHỎNG", "PRETEND DATA")
PROTECTED = Text(
    "Không công bố để không ai suy ra được câu trả lời của từng người.",
    "Not published, so that nobody can find out what single people answered.",
)
VERDICTS = {
    ROSE: Text("tăng", "rose"),
    FELL: Text("giảm", "fell"),
    SAME: Text("không thay đổi đáng kể", "did not change meaningfully"),
    UNKNOWN: Text("chưa đủ căn cứ kết luận", "no conclusion can be drawn"),
}


def number(value: float, digits: int = 2) -> str:
    """3.14159 -> "3,14" (Vietnamese) or "3.14"; a missing value is "–". Halves are rounded away from 0, as Excel does."""
    if value is None or pd.isna(value):
        return "–"
    exact = Decimal(repr(round(float(value), 9)))  # 28.749999999999996 is 28.75
    rounded = float(exact.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)) + 0.0  # no "-0,00"
    return format_decimal(rounded, "#,##0." + "0" * digits if digits else "#,##0", locale=spoken())


def percent(share: float, digits: int = 1) -> str:
    """0.8567 -> "85,7%". A share below 1 never prints as 100 %, nor one above 0 as 0 %."""
    if share is None or pd.isna(share):
        return "–"
    edge = 10.0**-digits
    value = 100 * float(share)
    if 0 < value < edge or 100 - edge < value < 100:
        bound = edge if value < 50 else 100 - edge
        return f"{'<' if value < 50 else '>'}{number(bound, digits)}%"
    return f"{number(value, digits)}%"


def signed(value: float, digits: int = 2) -> str:
    """0.42 -> "+0,42"; -0.42 -> "−0,42"."""
    text = number(abs(value), digits) if not pd.isna(value) else "–"
    return text if pd.isna(value) or round(float(value), digits) == 0 else ("+" if value > 0 else "−") + text


def day(date: dt.date | None) -> str:
    """05/06/2027."""
    return f"{date:%d/%m/%Y}" if date else "–"


def why(reason: str, k: int) -> Text:
    """Why a number is hidden (the reasons of `suppress`), for the person who looks for it."""
    few = Text(f"Không công bố vì ít người trả lời (dưới {k}).", f"Not published: few answers (fewer than {k}).")
    return few if reason == SMALL else PROTECTED


def level(row, label: object) -> str:
    """The mean of an item: "Kỹ năng số: trung bình 2,41 điểm (khoảng tin cậy 95%: 2,32–2,50; n = 69)."."""
    if not row.shown:
        return f"{label}: {HIDDEN}."
    return str(
        Text(
            f"{label}: trung bình {number(row.estimate)} điểm (khoảng tin cậy 95%: {number(row.low)}–{number(row.high)}; "
            f"n = {row.n}).",
            f"{label}: mean {number(row.estimate)} points (95% interval {number(row.low)}–{number(row.high)}; n = {row.n}).",
        )
    )


def change(row, label: object) -> str:
    """A judged change with the hedge that its numbers bear; the interval always stands beside the verdict."""
    if not row.shown:
        return f"{label}: {HIDDEN}."
    first, second = str(row.wave).split("→")
    words = VERDICTS[row.verdict]
    interval = f"{signed(row.low)} {Text('đến', 'to')} {signed(row.high)}"
    vi_head, en_head = f"{label}: từ năm {first} đến năm {second}", f"{label}: from {first} to {second}"
    if row.verdict in (ROSE, FELL):
        return str(
            Text(
                f"{vi_head} {words.vi} {number(abs(row.estimate))} điểm (khoảng tin cậy 95%: {interval}).",
                f"{en_head} {words.en} by {number(abs(row.estimate))} points (95% interval: {interval}).",
            )
        )
    needed = _detectable(row)
    return str(
        Text(
            f"{vi_head} {words.vi}: chênh lệch {signed(row.estimate)} điểm (khoảng tin cậy 95%: {interval}{needed.vi}).",
            f"{en_head} {words.en}: difference {signed(row.estimate)} points (95% interval: {interval}{needed.en}).",
        )
    )


def _detectable(row) -> Text:
    """How large a change would have to be for such answers to show it; only where there is no conclusion."""
    if row.verdict != UNKNOWN or pd.isna(row.detectable):
        return Text("", "")
    size = number(row.detectable)
    return Text(
        f"; số liệu này chỉ nhận ra được thay đổi từ {size} điểm",
        f"; such answers can show a change from {size} points",
    )


def changes(judged: pd.DataFrame, labels: Mapping[str, object]) -> list[str]:
    """A sentence for each judged change, in the table's order."""
    return [change(row, labels[row.item]) for row in judged.itertuples()]
