"""Charts of the targets: how far each has come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from analysis.chart_sheet import BAR, BETWEEN, EDGE, GAP, INNER, WIDTH, Said, Sheet, empty, fitted, height_of, width_of
from analysis.colours import INK, LINES, PALE, QUIET
from analysis.sentences import number, percent
from survey.errors import Text

STATUS_MARKS = {
    "met": ("✓", LINES[0]),
    "not_met": ("✗", LINES[1]),
    "no_cases": ("–", QUIET),
    "cannot_tell": ("?", QUIET),
}


def targets(rows: Iterable[Mapping[str, Any]], *, title: Said = "", note: Said = "", pretend: bool = False) -> Figure:
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
    return sheet.finished(pretend)


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
