"""One shown estimate -> one mark. Charts that a newspaper would print; nothing is computed or rounded into the data here.

A sheet is 16 cm wide and as high as its words and marks need: every text is measured before it is placed, so that nothing is
cut off and nothing overlaps. Neither pyplot nor any global setting is touched, so charts can be made in threads.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.text import Text as Words
from matplotlib.ticker import MaxNLocator

from analysis.comparisons import FELL, ROSE, SAME, UNKNOWN
from analysis.sentences import HIDDEN, PRETEND, VERDICTS, number, percent, signed
from analysis.suppression import DERIVABLE
from survey.errors import DesignError, Text

# All lengths are in inches, from the lower left corner of the sheet.
WIDTH, EDGE = 16 / 2.54, 0.08
INNER = WIDTH - 2 * EDGE
GAP = 0.08  # between a text and what stands beside it
BAR = 0.23
SIZE, TITLE = 10.0, 13.0  # points in print; on a phone, 390 pixels wide, 10 points become 8.6 pixels

INK, QUIET, FAINT, PALE = "#1a1a1a", "#565c63", "#d5d9de", "#eceff2"
# Blue, vermilion, green, plum: apart from each other for the colour-blind, and dark enough for words on white.
LINES = ("#0069AA", "#BF4B00", "#008264", "#3D1F5C")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "p")
GLYPHS = "●■▲◆▼✚✖⬟"
BANDS = ("#eaeff5", "#fbf3e6")
ALERT = "#B00020"
# A verdict's marker, its colour, and the colour that fills it: told apart by form as well.
VERDICT_MARKS = {
    ROSE: ("^", LINES[0], LINES[0]),
    FELL: ("v", LINES[1], LINES[1]),
    SAME: ("s", QUIET, QUIET),
    UNKNOWN: ("o", QUIET, "#ffffff"),
}
STATUS_MARKS = {"met": ("✓", LINES[0]), "not_met": ("✗", LINES[1]), "no_cases": ("–", QUIET), "cannot_tell": ("?", QUIET)}
PROTECTED = Text("ẩn (tránh lộ nhóm khác)", "hidden (protects another group)")
NOTHING = Text("Chưa có số liệu", "No figures yet")


class Chart(Figure):
    """A figure that shows itself in a notebook and in Voilà, without pyplot's global state."""

    def _repr_png_(self) -> bytes:
        return png(self, dpi=140)


def likert(
    shown: pd.DataFrame,
    labels: Mapping[Any, object],
    values: Mapping[Any, object],
    *,
    title: str = "",
    note: str = "",
    neutral: Any = None,
    pretend: bool = False,
) -> Figure:
    """Diverging bars of the shares of ordered answers: a row per item (or per wave or group of one item).

    shown: `suppress(proportions(...))`. labels: item (and level) -> words. values: code -> words; whole-number codes are
    drawn from low to high, others in the given order. The bars are centred at the middle of the code `neutral` (of an odd
    number of codes, the middle one if none is named), else between the halves. The totals of the two sides stand left and
    right, the base n last; a row with a hidden share is a marked blank. Like R's `ggstats::gglikert`.
    Raises DesignError: the table was not suppressed, or holds a code that `values` does not name.
    """
    _require_suppressed(shown)
    codes = sorted(values) if all(isinstance(code, int) for code in values) else list(values)
    _require_named([*shown["value"].unique(), *([] if neutral is None else [neutral])], codes)
    first, after = _sides(codes, neutral)
    rows = list(_named(shown, labels, ["item", "wave", "level"]))
    title = title or ("" if any(name == _word(labels, rows[0][1]["item"].iloc[0]) for name, _ in rows[:1])
                      or shown["item"].nunique() != 1 else _word(labels, shown["item"].iloc[0])) if rows else title  # fmt: skip
    shares = [_shares(part, codes) for _, part in rows]
    bases = [f"n = {number(part['n'].iloc[0], 0)}" if found else "" for (_, part), found in zip(rows, shares, strict=True)]
    colours = _diverging(first, after - first, len(codes) - after)

    side = max((_size(name)[0] for name, _ in rows), default=0)
    beside = side <= 1.2  # short names stand before their bars, long ones above
    names = [name if beside else _fit(name, INNER) for name, _ in rows]
    total = _size(percent(1, 0), bold=True)[0]
    left = EDGE + (side + 2 * GAP if beside else 0) + total + GAP
    width = WIDTH - EDGE - max(map(_wide, bases), default=0) - 2 * GAP - total - GAP - left
    heights = [max(BAR, _tall(name)) + 0.12 if beside else _tall(name) + BAR + 0.17 for name in names]
    key, key_height = _legend([str(values[code]) for code in codes], colours)
    sheet = _Sheet(title, [_both_sides() if any(shares) else "", note], sum(heights) + key_height + GAP)
    if not rows:
        return sheet.nothing(pretend)
    for x, y, words, colour in key:
        sheet.patch(x, sheet.top - y, colour)
        sheet.write(x + 0.2, sheet.top - y, words)

    reach = [max([0.1, *(end(found) for found in shares if found)]) for end in (
        lambda found: _before(found, first, after), lambda found: sum(found) - _before(found, first, after))]  # fmt: skip
    per_inch = sum(reach) / width
    axes = sheet.axes(left, sheet.bottom, width, sum(heights), (-reach[0], reach[1]), (0, sum(heights)))
    axes.plot([0, 0], [0, sum(heights)], color=QUIET, linewidth=0.7, zorder=0)
    place = sum(heights)
    for name, found, base, height in zip(names, shares, bases, heights, strict=True):
        middle = place - height / 2 if beside else place - height + 0.1 + BAR / 2
        across = sheet.bottom + middle
        if beside:
            sheet.write(EDGE, across, name)
        else:
            sheet.write(EDGE, across + BAR / 2 + 0.03, name, va="bottom", ground=True)
        place -= height
        if not found:
            part = rows[names.index(name)][1] if names.count(name) == 1 else shown
            sheet.write(left + reach[0] / per_inch, across, _blank(part), ha="center", quiet=True, ground=True)
            continue
        start = -_before(found, first, after)
        for number_, (share, colour) in enumerate(zip(found, colours, strict=True)):
            axes.barh(middle, share, left=start, height=BAR, color=colour, edgecolor="white", linewidth=0.6)
            words = percent(share, 0)
            alone = number_ < first == 1 or number_ >= after == len(codes) - 1  # then the side's total says the same
            if not alone and _size(words)[0] + 0.06 <= share / per_inch:
                axes.text(start + share / 2, middle, words, ha="center", va="center", color=_on(colour), fontproperties=_font())
            start += share
        sheet.write(left - GAP, across, percent(sum(found[:first]), 0), ha="right", colour=_deep(colours[0]), bold=True)
        sheet.write(left + width + GAP, across, percent(sum(found[after:]), 0), colour=_deep(colours[-1]), bold=True)
        sheet.write(WIDTH - EDGE, across, base, ha="right", colour=QUIET)
    return sheet.finished(pretend)
