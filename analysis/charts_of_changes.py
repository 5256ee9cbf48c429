"""Charts of change: from one wave to another, each with its verdict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analysis.chart_rows import (
    LEVEL_INTERVALS,
    draw_interval,
    is_visible,
    or_item,
    parts_of,
    require_judged,
    require_suppressed,
    told,
)
from analysis.chart_sheet import (
    BETWEEN,
    EDGE,
    GAP,
    WIDTH,
    Chart,
    Said,
    Scale,
    Sheet,
    downwards,
    empty,
    fitted,
    height_of,
    limits,
    ticks_of,
    width_of,
)
from analysis.colours import INK, LINES, PALE, QUIET
from analysis.comparisons import FELL, ROSE, SAME, UNKNOWN
from analysis.sentences import HIDDEN, VERDICTS, number, signed
from survey.errors import Text

# A verdict's marker, its colour, and what fills it: told apart by form as well as by colour.
VERDICT_MARKS = {
    ROSE: ("^", LINES[0], LINES[0]),
    FELL: ("v", LINES[1], LINES[1]),
    SAME: ("s", QUIET, QUIET),
    UNKNOWN: ("o", QUIET, "#ffffff"),
}


def changes(
    shown: pd.DataFrame,
    labels: Mapping[Any, object],
    *,
    small: float | None = None,
    title: Said = "",
    note: Said = "",
    pretend: bool = False,
) -> Chart:
    """Judged changes with 95 % intervals around 0: a row per item (or per pair of waves or group of one item).

    shown: `judge(suppress(change(...)))`. small: within the grey band of -+`small` a change means nothing in practice. The
    verdict is in the mark's form as well as in its colour, and in words at the right.
    Raises DesignError: the table did not go through `suppress`, or has no verdicts.
    """
    require_suppressed(shown)
    require_judged(shown)
    if shown.empty:
        return empty(title, note, pretend)
    rows = [(fitted(name, 2.2), part.iloc[0]) for name, part in parts_of(shown, labels, ["item", "wave", "level"])]
    visible = [bool(row["shown"]) and pd.notna(row["estimate"]) for _, row in rows]
    verdicts = [
        fitted(VERDICTS[row["verdict"]] if sure else HIDDEN, 1.2) for (_, row), sure in zip(rows, visible, strict=True)
    ]

    left = EDGE + max(width_of(name) for name, _ in rows) + 2 * GAP
    figures = max(
        [width_of(signed(row["estimate"]), bold=True) for (_, row), sure in zip(rows, visible, strict=True) if sure],
        default=0,
    )
    width = WIDTH - EDGE - max(map(width_of, verdicts)) - GAP - figures - 2 * GAP - left
    heights = [max(height_of(name), height_of(said)) + BETWEEN for (name, _), said in zip(rows, verdicts, strict=True)]
    foot = 0.3 if any(visible) else 0.0
    band = (
        f"{Text('Dải xám: thay đổi không đáng kể', 'Grey band: no meaningful change')} (±{number(small)})."
        if small
        else ""
    )
    key = f"{band} {LEVEL_INTERVALS}".strip() if any(visible) else ""
    sheet = Sheet(or_item(title, shown, labels), [key, note], sum(heights) + foot)
    bottom = sheet.bottom + foot
    if any(visible):
        seen = shown[is_visible(shown)]
        around = pd.DataFrame({"low": [-(small or 0)], "estimate": [0.0], "high": [small or 0.0]})
        low, high = limits([seen, around])
        x = Scale(low, (high - low) / width, left)
        axes = sheet.axes((left, bottom, width, sum(heights)), (low, high), (0, sum(heights)))
        sheet.scale(axes, x, bottom, ticks_of(low, high, 5, signed))
        if small:
            axes.axvspan(-small, small, color=PALE, zorder=0, linewidth=0)
        axes.axvline(0, color=INK, linewidth=0.8, zorder=1)
    for (name, row), sure, said, y in zip(rows, visible, verdicts, downwards(sheet.top, heights), strict=True):
        sheet.write(EDGE, y, name)
        sheet.write(left + width + 3 * GAP + figures, y, said, colour=QUIET, blank=not sure)
        if sure:
            draw_interval(axes, row, y - bottom, *VERDICT_MARKS[row["verdict"]])
            sheet.write(left + width + 2 * GAP + figures, y, signed(row["estimate"]), ha="right", bold=True)
    words = [
        f"{told(name, row, signed)}: {VERDICTS[row['verdict']]}" if sure else told(name, row, signed)
        for (name, row), sure in zip(rows, visible, strict=True)
    ]
    return sheet.finished(pretend, Text("Biểu đồ thay đổi", "Chart of changes"), words)
