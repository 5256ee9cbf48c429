"""Charts of the targets: how far each has come."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import matplotlib.dates as mdates
import pandas as pd

from analysis.chart_sheet import (
    BAR,
    BETWEEN,
    EDGE,
    GAP,
    INNER,
    WIDTH,
    Chart,
    Said,
    Scale,
    Sheet,
    empty,
    fitted,
    height_of,
    spread_apart,
    ticks_of,
    width_of,
)
from analysis.colours import INK, LINES, PALE, QUIET
from analysis.sentences import number, percent
from survey.errors import Text

STATUS_MARKS = {
    "met": ("✓", LINES[0]),
    "not_met": ("✗", LINES[1]),
    "no_cases": ("–", QUIET),
    "cannot_tell": ("?", QUIET),
}


def targets(rows: Iterable[Mapping[str, Any]], *, title: Said = "", note: Said = "", pretend: bool = False) -> Chart:
    """Bullet bars of the targets: how far each share reaches, the mark it has to reach, and whether it is met.

    rows: mappings with label, value and threshold (0 to 1, or missing), status ("met", "not_met", "no_cases",
    "cannot_tell"), status_words, numerator, denominator, and if wanted rule (words for the threshold, else its percent).
    Where no case occurred or nothing can be told there is no bar. These are administrative counts, not answers of people.
    """
    found = list(rows)
    if not found:
        return empty(title, note, pretend)
    states = [f"{STATUS_MARKS[row['status']][0]} {row['status_words']}" for row in found]
    states = [fitted(words, 1.9, bold=True) for words in states]
    room = INNER - max(width_of(words, bold=True) for words in states) - 2 * GAP
    names = [fitted(row["label"], room) for row in found]
    shares, counts = [_reached(row) for row in found], [_counts(row) for row in found]
    figures = [percent(share, 1) if share is not None else "" for share in shares]
    marks = [_asked(row) if share is not None else "" for row, share in zip(found, shares, strict=True)]

    count, figure = max(map(width_of, counts)), max(width_of(words, bold=True) for words in figures)
    width = INNER - count - GAP - figure - 2 * GAP
    tops = [max(height_of(name), height_of(state, bold=True)) for name, state in zip(names, states, strict=True)]
    tracks = [share is not None or bool(words) for share, words in zip(shares, counts, strict=True)]
    heights = [
        top + (0.05 + BAR if track else 0) + (height_of(mark) + 0.05 if mark else 0) + BETWEEN
        for top, track, mark in zip(tops, tracks, marks, strict=True)
    ]
    sheet = Sheet(title, [note], sum(heights))
    axes = sheet.axes((EDGE, sheet.bottom, width, sum(heights)), (0, 1), (0, sum(heights)))
    tail = sheet.top
    for row, name, state, share, said, counted, mark, top, height in zip(
        found, names, states, shares, figures, counts, marks, tops, heights, strict=True
    ):
        colour = STATUS_MARKS[row["status"]][1]
        sheet.write(EDGE, tail - top / 2, name)
        sheet.write(WIDTH - EDGE, tail - top / 2, state, ha="right", colour=colour, bold=True)
        y = tail - top - 0.05 - BAR / 2
        if share is not None:
            middle = y - sheet.bottom
            axes.barh(middle, 1, height=BAR, color=PALE, linewidth=0, gid="track")
            axes.barh(middle, share, height=BAR * 0.55, color=colour, linewidth=0, gid="value")
            if mark:
                at = float(row["threshold"])
                ends = [middle - BAR / 2 - 0.03, middle + BAR / 2 + 0.03]
                axes.plot([at, at], ends, color=INK, linewidth=2, clip_on=False, solid_capstyle="butt", gid="threshold")
                sheet.write_within(EDGE + at * width, y - BAR / 2 - 0.04, mark, QUIET, va="top")
        sheet.write(EDGE + width + 2 * GAP + figure, y, said, ha="right", bold=True)
        sheet.write(WIDTH - EDGE, y, counted, ha="right", colour=QUIET)
        tail -= height
    marks_told = [
        f"{row['label']}: {row['status_words']}" + "".join(f", {part}" for part in (said, counted, mark) if part)
        for row, said, counted, mark in zip(found, figures, counts, marks, strict=True)
    ]
    return sheet.finished(pretend, Text("Biểu đồ chỉ tiêu", "Chart of the targets"), marks_told)


def pace(
    known: pd.DataFrame,
    *,
    threshold: float,
    by: dt.date,
    expected: tuple[float, float, float] | None = None,
    title: Said = "",
    note: Said = "",
    pretend: bool = False,
) -> Chart:
    """How a target has come on, and the way that is left: its shares by date, the mark to reach, the path needed.

    known: `projection.history`, date and share (0 to 1), sorted. threshold: the share to reach by the day `by`. expected:
    estimate, low, high of `projection.project` for that day, where it can be told.
    """
    if known.empty:
        return empty(title, note, pretend)
    days = [mdates.date2num(date) for date in known["date"]]
    shares = [float(share) for share in known["share"]]
    due = mdates.date2num(by)
    ends = [*shares, threshold, *(expected or ())]
    low, high = max(0.0, min(ends) - 0.08), min(1.0, max(ends) + 0.05)
    ticks = ticks_of(low, high, 6, percent)
    marks = [f"{Text('cần đạt', 'to reach')} {percent(threshold, 0)}"]
    marks += [f"{Text('dự báo', 'projected')} {percent(expected[0], 0)}"] if expected else []
    left = EDGE + max(width_of(words) for _, words in ticks) + GAP
    width = WIDTH - EDGE - max(map(width_of, marks)) - 2 * GAP - left
    tall, foot = 2.2, height_of("2025") + 0.1
    lacking = due > days[-1] and shares[-1] < threshold
    key = Text("Nét đứt: con đường cần đi để kịp hạn.", "Dashed: the way that is needed.") if lacking else ""
    bars = Text("Vạch đứng: khoảng dự báo 80%.", "Upright bar: 80% prediction interval.") if expected else ""
    sheet = Sheet(title, [" ".join(str(words) for words in (key, bars) if str(words)), note], tall + foot + GAP)
    bottom = sheet.bottom + foot
    span = max(due, days[-1]) - days[0] or 1.0
    start, stop = days[0] - 0.04 * span, max(due, days[-1]) + 0.02 * span
    x, y = Scale(start, (stop - start) / width, left), Scale(low, (high - low) / tall, bottom)
    axes = sheet.axes((left, bottom, width, tall), (start, stop), (low, high))
    sheet.side_scale(axes, y, left, ticks)
    # a date for which there is no room beside the end of the axis is told by the sentence under the chart
    apart = width_of("00/0000") + 2 * GAP
    ends_of_axis = sorted({days[0], max(due, days[-1])})
    inner = [
        day for day in (*days[1:-1], min(due, days[-1])) if all(abs(x(day) - x(end)) > apart for end in ends_of_axis)
    ]
    for when in [*ends_of_axis, *inner[-1:]]:
        sheet.write_within(x(when), bottom - 0.06, f"{mdates.num2date(when):%m/%Y}", INK, va="top")
    axes.axhline(threshold, color=INK, linewidth=1.4, zorder=1, gid="threshold")
    axes.plot(
        days,
        shares,
        color=LINES[0],
        linewidth=1.8,
        marker="o",
        markersize=6.5,
        markeredgecolor="white",
        zorder=3,
        clip_on=False,
        gid="known",
    )
    if lacking:
        axes.plot(
            [days[-1], due],
            [shares[-1], threshold],
            color=LINES[0],
            linewidth=1.4,
            linestyle=(0, (4, 2)),
            zorder=2,
            gid="needed",
        )
    if expected:
        axes.plot([due, due], list(expected[1:]), color=LINES[1], linewidth=2, zorder=2, clip_on=False, gid="expected")
        axes.plot([due], [expected[0]], color=LINES[1], marker="D", markersize=6.5, zorder=3, clip_on=False)
    wanted = [y(threshold), *([y(expected[0])] if expected else [])]
    ups = spread_apart(wanted, [height_of(words) + 0.04 for words in marks], bottom, bottom + tall)
    for words, up, colour in zip(marks, ups, (INK, LINES[1]), strict=False):
        sheet.write(left + width + 2 * GAP, up, words, colour=colour)
    for at in (0, -1):
        sheet.write_within(x(days[at]), y(shares[at]) + 0.08, percent(shares[at], 1), LINES[0])
    marks_told = [f"{date:%d/%m/%Y} {percent(share)}" for date, share in zip(known["date"], shares, strict=True)]
    return sheet.finished(
        pretend, Text("Biểu đồ tiến độ", "Chart of the pace"), [*marks_told, *marks, f"{by:%d/%m/%Y}"]
    )


def _reached(row: Mapping[str, Any]) -> float | None:
    """The share that a target's bar shows; nothing where it stands for nothing."""
    known = row["status"] in ("met", "not_met") and pd.notna(row["value"])
    return float(row["value"]) if known else None


def _counts(row: Mapping[str, Any]) -> str:
    both = (row["numerator"], row["denominator"])
    counted = row["status"] != "no_cases" and not any(pd.isna(count) for count in both)
    return f"{number(both[0], 0)}/{number(both[1], 0)}" if counted else ""


def _asked(row: Mapping[str, Any]) -> str:
    if pd.isna(row["threshold"]):
        return ""
    return str(row.get("rule") or f"{Text('chỉ tiêu', 'target')} {percent(row['threshold'], 0)}")
