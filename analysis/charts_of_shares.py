"""Charts of shares: how many gave each of the ordered answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from analysis.chart_rows import base_of, blank_of, is_visible, or_item, parts_of, require_suppressed, require_words
from analysis.chart_sheet import (
    BAR,
    BETWEEN,
    EDGE,
    GAP,
    INNER,
    WIDTH,
    Said,
    Sheet,
    empty,
    fitted,
    font,
    height_of,
    legend_of,
    width_of,
)
from analysis.colours import INK, LEFT, MIDDLE, QUIET, RIGHT
from analysis.sentences import percent
from survey.errors import Text


def likert(
    shown: pd.DataFrame,
    labels: Mapping[Any, object],
    values: Mapping[Any, object],
    *,
    title: Said = "",
    note: Said = "",
    neutral: Any = None,
    pretend: bool = False,
) -> Figure:
    """Diverging bars of the shares of ordered answers: a row per item (or per wave or group of one item).

    shown: `suppress(proportions(...))`. labels: item (and level) -> words. values: code -> words; whole-number codes are
    drawn from low to high, others in the given order. The bars are centred in the middle of the code `neutral` (if none is
    named, of the middle one of an odd number), else between the halves. The totals of both sides stand left and right, the
    base n last; a row with a hidden share is a marked blank. Like R's `ggstats::gglikert`.
    Raises DesignError: the table did not go through `suppress`, or holds a code that `values` does not name.
    """
    require_suppressed(shown)
    codes = sorted(values) if all(isinstance(code, int) for code in values) else list(values)
    require_words(shown, codes, neutral)
    if shown.empty:
        return empty(title, note, pretend)
    low, high = _sides(codes, neutral)  # codes before `low` lie left, those from `high` on lie right
    rows = [(name, part, _shares(part, codes)) for name, part in parts_of(shown, labels, ["item", "wave", "level"])]
    found = [shares for _, _, shares in rows if shares]
    colours = _diverging(low, high - low, len(codes) - high)

    longest = max(width_of(name) for name, _, _ in rows)
    beside = longest <= 1.2  # short names stand before their bars, long ones above
    rows = [(name if beside else fitted(name, INNER), part, shares) for name, part, shares in rows]
    heights = [max(BAR, height_of(name)) if beside else height_of(name) + 0.04 + BAR for name, _, _ in rows]
    total = width_of(percent(1, 0), bold=True)
    left = EDGE + (longest + 2 * GAP if beside else 0) + total + GAP
    width = WIDTH - EDGE - max((width_of(base_of(part)) for _, part, _ in rows)) - 2 * GAP - total - GAP - left
    body = sum(heights) + len(rows) * BETWEEN
    legend, legend_height = legend_of([str(values[code]) for code in codes], colours)
    key = Text("Số đậm: tổng các mức ở mỗi bên mốc giữa.", "In bold: the total of each side of the middle.")
    sheet = Sheet(
        or_item(title, shown, labels),
        [key if found and max(low, len(codes) - high) > 1 else "", note],
        body + legend_height + GAP,
    )
    for x, down, words, colour in legend:
        sheet.box(x, sheet.top - down, 0.13, 0.13, colour)
        sheet.write(x + 0.2, sheet.top - down, words)

    reach_left = max([0.1, *(_left(shares, low, high) for shares in found)])
    reach_right = max([0.1, *(sum(shares) - _left(shares, low, high) for shares in found)])
    inch = (reach_left + reach_right) / width  # the share that an inch is
    axes = sheet.axes((left, sheet.bottom, width, body), (-reach_left, reach_right), (0, body))
    place = body
    for (name, part, shares), height in zip(rows, heights, strict=True):
        middle = place - BETWEEN / 2 - (height / 2 if beside else height - BAR / 2)
        place -= height + BETWEEN
        y = sheet.bottom + middle
        sheet.write(EDGE, y if beside else y + BAR / 2 + 0.03, name, va="center" if beside else "bottom")
        if not shares:
            sheet.write(left + width / 2, y, blank_of(part), ha="center", blank=True)
            continue
        start = -_left(shares, low, high)
        for at, (share, colour) in enumerate(zip(shares, colours, strict=True)):
            axes.barh(middle, share, left=start, height=BAR, color=colour, edgecolor="white", linewidth=0.6)
            words = percent(share, 0)
            alone = at < low == 1 or at >= high == len(codes) - 1  # the total of its side says the same
            if not alone and width_of(words) + 0.06 <= share / inch:
                axes.text(
                    start + share / 2,
                    middle,
                    words,
                    ha="center",
                    va="center",
                    color=_on(colour),
                    fontproperties=font(),
                )
            start += share
        axes.plot(
            [0, 0], [middle - BAR / 2 - 0.06, middle - BAR / 2], color=INK, linewidth=0.8, clip_on=False
        )  # the middle
        if low:
            sheet.write(left - GAP, y, percent(sum(shares[:low]), 0), ha="right", colour=colours[0], bold=True)
        if high < len(codes):
            sheet.write(left + width + GAP, y, percent(sum(shares[high:]), 0), colour=colours[-1], bold=True)
        sheet.write(WIDTH - EDGE, y, base_of(part), ha="right", colour=QUIET)
    return sheet.finished(pretend)


def _shares(part: pd.DataFrame, codes: list) -> list[float]:
    """The shares of a row in the codes' order; nothing where any of them is hidden or there is no base."""
    if not is_visible(part).all():
        return []
    return [float(part.loc[part["value"] == code, "estimate"].sum()) for code in codes]


def _sides(codes: list, neutral: Any) -> tuple[int, int]:
    """How many codes lie left of the middle, and where those on its right begin."""
    if neutral is not None:
        return codes.index(neutral), codes.index(neutral) + 1
    return len(codes) // 2, len(codes) // 2 + len(codes) % 2


def _left(shares: list[float], low: int, high: int) -> float:
    return sum(shares[:low]) + sum(shares[low:high]) / 2


def _diverging(left: int, middle: int, right: int) -> list[tuple]:
    """From orange through grey to blue: told apart by the colour-blind, darkest at both ends also when printed grey."""

    def shades(scale: tuple[str, ...], count: int) -> list[tuple]:
        if count <= len(scale):
            return [to_rgb(colour) for colour in scale[:count]]
        return [tuple(colour) for colour in sns.blend_palette(scale, count)]

    return [*shades(LEFT, left), *[to_rgb(MIDDLE)] * middle, *reversed(shades(RIGHT, right))]


def _on(colour: tuple) -> str:
    """Black or white, whichever stands out more on a colour."""
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour)
    return "white" if 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.18 else INK
