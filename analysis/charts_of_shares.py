"""Charts of shares: how many gave each of the ordered answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib.colors import to_hex, to_rgb
from matplotlib.patches import Rectangle

from analysis.chart_rows import (
    base_of,
    is_visible,
    or_item,
    parts_of,
    require_suppressed,
    require_words,
    rows_of,
)
from analysis.chart_sheet import (
    BAR,
    BETWEEN,
    EDGE,
    GAP,
    INNER,
    WIDTH,
    Chart,
    Said,
    Sheet,
    empty,
    fitted,
    font,
    height_of,
    legend_of,
    width_of,
)
from analysis.colours import INK, LEFT, MIDDLE, QUIET, RIGHT, on
from analysis.sentences import HIDDEN, percent
from survey.errors import Text

EXEMPT = Text("không áp dụng", "does not apply")


def likert(
    shown: pd.DataFrame,
    labels: Mapping[Any, object],
    values: Mapping[Any, object],
    *,
    title: Said = "",
    note: Said = "",
    neutral: Any = None,
    aside: Any = None,
    exempt: pd.DataFrame | None = None,
    pretend: bool = False,
) -> Chart:
    """Diverging bars of the shares of ordered answers: a row per item (or per wave or group of one item).

    shown: `suppress(proportions(...))`. labels: item (and level) -> words. values: code -> words; whole-number codes are
    drawn from low to high, others in the given order. The bars are centred in the middle of the code `neutral` (if none is
    named, of the middle one of an odd number), else between the halves. The totals of both sides stand left and right, the
    base n last; a row with a hidden share is a marked blank. aside: a code, as the neutral one, that stands in a column of
    its own, so that both sides begin at the middle. exempt: the suppressed shares (value 1) of those to whom an item does
    not apply, in a column of their own; they are no part of n. Like R's `ggstats::gglikert`.
    Raises DesignError: the table did not go through `suppress`, or holds a code that `values` does not name.
    """
    require_suppressed(shown)
    codes = sorted(values) if all(isinstance(code, int) for code in values) else list(values)
    require_words(shown, codes, neutral)
    if shown.empty:
        return empty(title, note, pretend)
    codes = [code for code in codes if code != aside]
    low, high = _sides(codes, neutral)  # codes before `low` lie left, those from `high` on lie right
    rows = [(name, part, _shares(part, codes)) for name, part in parts_of(shown, labels, ["item", "wave", "level"])]
    found = [shares for _, _, shares in rows if shares]
    colours = _diverging(low, high - low, len(codes) - high)
    columns = _columns(rows, values, aside, exempt)

    longest = max(width_of(name) for name, _, _ in rows)
    beside = longest <= 1.2  # short names stand before their bars, long ones above
    rows = [(name if beside else fitted(name, INNER), part, shares) for name, part, shares in rows]
    heights = [max(BAR, height_of(name)) if beside else height_of(name) + 0.04 + BAR for name, _, _ in rows]
    total = width_of(percent(1, 0), bold=True)
    left = EDGE + (longest + 2 * GAP if beside else 0) + total + GAP
    bases = max(width_of(base_of(part)) for _, part, _ in rows)
    beyond = sum(column.width for column in columns)  # of the columns between the bars and the base
    width = WIDTH - EDGE - bases - 2 * GAP - beyond - total - GAP - left
    head = max([height_of(column.name) + GAP for column in columns], default=0.0)
    body = sum(heights) + len(rows) * BETWEEN
    legend, legend_height = legend_of([str(values[code]) for code in codes], colours)
    key = Text("Số đậm: tổng các mức ở mỗi bên mốc giữa.", "In bold: the total of each side of the middle.")
    sheet = Sheet(
        or_item(title, shown, labels),
        [key if found and max(low, len(codes) - high) > 1 else "", note],
        body + head + legend_height + GAP,
    )
    for x, down, words, colour in legend:
        sheet.box(x, sheet.top - down, 0.13, 0.13, colour)
        sheet.write(x + 0.2, sheet.top - down, words)

    reach_left = max([0.1, *(_left(shares, low, high) for shares in found)])
    reach_right = max([0.1, *(sum(shares) - _left(shares, low, high) for shares in found)])
    inch = (reach_left + reach_right) / width  # the share that an inch is
    axes = sheet.axes((left, sheet.bottom, width, body), (-reach_left, reach_right), (0, body))
    ends = [WIDTH - EDGE - bases - 2 * GAP - sum(c.width for c in columns[at + 1 :]) for at in range(len(columns))]
    for column, end in zip(columns, ends, strict=True):
        sheet.write(end, sheet.bottom + body + GAP / 2, column.name, ha="right", va="bottom", colour=QUIET)
    place = body
    for at_row, ((name, part, shares), height) in enumerate(zip(rows, heights, strict=True)):
        middle = place - BETWEEN / 2 - (height / 2 if beside else height - BAR / 2)
        place -= height + BETWEEN
        y = sheet.bottom + middle
        sheet.write(EDGE, y if beside else y + BAR / 2 + 0.03, name, va="center" if beside else "bottom")
        if not shares:
            sheet.write(left + width / 2, y, str(HIDDEN), ha="center", blank=True)
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
                    color=on(to_hex(colour)),
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
        for column, end in zip(columns, ends, strict=True):
            sheet.write(end, y, column.said(at_row), ha="right", colour=QUIET)
            share_aside = column.shares[at_row]
            if share_aside is not None:
                long = share_aside * (column.width - column.figures - 2 * GAP)
                sheet.box(end - column.figures - GAP / 2 - long, y, long, BAR * 0.6, MIDDLE)
        sheet.write(WIDTH - EDGE, y, base_of(part), ha="right", colour=QUIET)
    marks_told = [_told(name, part, shares, codes, values, columns, at) for at, (name, part, shares) in enumerate(rows)]
    return sheet.finished(pretend, Text("Biểu đồ thanh hai phía", "Diverging bars"), marks_told)


@dataclass(frozen=True)
class _Column:
    """Shares that stand beside the bars: its heading, and a share per row (None: none, or hidden)."""

    name: str
    shares: list[float | None]

    @property
    def figures(self) -> float:
        return max(width_of(self.said(at)) for at in range(len(self.shares)))

    @property
    def width(self) -> float:
        return max(width_of(self.name), self.figures + 0.45) + 2 * GAP

    def said(self, at: int) -> str:
        share = self.shares[at]
        return percent(share, 0) if share is not None else "–"


def _columns(
    rows: list[tuple[str, pd.DataFrame, list[float]]],
    values: Mapping[Any, object],
    aside: Any,
    exempt: pd.DataFrame | None,
) -> list[_Column]:
    found = []
    if aside is not None:
        shares = [_shares(part, [aside]) for _, part, _ in rows]
        found.append(_Column(fitted(values[aside], 0.9), [share[0] if share else None for share in shares]))
    if exempt is not None and len(exempt):
        require_suppressed(exempt)
        known = exempt[(exempt["value"] == 1) & is_visible(exempt)]
        keys = {_key(row): float(row["estimate"]) for _, row in rows_of(known)}
        found.append(_Column(fitted(EXEMPT, 0.9), [keys.get(_key(part.iloc[0])) for _, part, _ in rows]))
    return found


def _key(row: Any) -> tuple:
    return row["item"], None if pd.isna(row["wave"]) else int(row["wave"]), row["level"]


def _told(
    name: str, part: pd.DataFrame, shares: list[float], codes: list, values: Mapping[Any, object], columns: list[_Column],
    at: int,
) -> str:  # fmt: skip
    if not shares:
        return f"{name}: {HIDDEN}"
    each = [f"{values[code]} {percent(share, 0)}" for code, share in zip(codes, shares, strict=True)]
    each += [f"{column.name} {column.said(at)}".replace("\n", " ") for column in columns]
    return f"{name}: {', '.join(each)} ({base_of(part)})"


def moves(
    shown: pd.DataFrame,
    values: Mapping[Any, object],
    *,
    between: tuple[object, object],
    title: Said = "",
    note: Said = "",
    pretend: bool = False,
) -> Chart:
    """Where people went from each answer: a row per answer of the first wave, a cell per answer of the second.

    shown: `transitions.moves`: suppressed shares, `level` the answer before and `value` the answer after. Each row adds up
    to 100 %; the darker the cell the more people; who stayed is framed. A row of few people is a marked blank.
    """
    require_suppressed(shown)
    if shown.empty:
        return empty(title, note, pretend)
    codes = list(values)
    rows = {code: shown[shown["level"] == code] for code in codes}
    bases = {code: base_of(part) if len(part) and is_visible(part).all() else "" for code, part in rows.items()}
    names = [fitted(values[code], 1.6) for code in codes]
    left = EDGE + max(map(width_of, names)) + 2 * GAP
    width = (WIDTH - EDGE - max(width_of(words) for words in bases.values()) - GAP - left) / len(codes)
    heads = [fitted(values[code], width - 0.06) for code in codes]
    first, second = (str(wave) for wave in between)
    head = max(map(height_of, heads)) + height_of(second) + 2 * GAP
    tall = max(0.42, *(height_of(name) + 0.08 for name in names))
    key = Text("Mỗi hàng cộng lại 100%; ô có khung: không đổi.", "Each row adds up to 100 %; framed: no change.")
    sheet = Sheet(title, [key, note], head + tall * len(codes))
    top = sheet.top - head
    sheet.write(EDGE, sheet.top - height_of(second) / 2, f"{first} ↓", colour=QUIET)
    sheet.write(
        left + width * len(codes) / 2, sheet.top - height_of(second) / 2, f"{second} →", ha="center", colour=QUIET
    )
    axes = sheet.axes(
        (left, top - tall * len(codes), width * len(codes), tall * len(codes)), (0, len(codes)), (0, len(codes))
    )
    words = []
    for at, (code, name) in enumerate(zip(codes, names, strict=True)):
        sheet.write(left + (at + 0.5) * width, top + GAP / 2, heads[at], ha="center", va="bottom")
        y = len(codes) - at - 1
        middle = top - (at + 0.5) * tall
        sheet.write(EDGE, middle, name)
        part = rows[code]
        if not len(part) or not is_visible(part).all():
            said = str(HIDDEN) if len(part) else str(Text("không có ai", "nobody"))
            sheet.write(left + width * len(codes) / 2, middle, said, ha="center", blank=True)
            words.append(f"{first} {values[code]}: {said}")
            continue
        shares = _shares(part, codes)
        for place, share in enumerate(shares):
            colour = _shade(share)
            axes.add_patch(Rectangle((place, y), 1, 1, facecolor=colour, edgecolor="white", linewidth=1.5, gid="cell"))
            sheet.write(left + (place + 0.5) * width, middle, percent(share, 0), ha="center", colour=on(to_hex(colour)))
        axes.add_patch(
            Rectangle((at + 0.04, y + 0.06), 0.92, 0.88, fill=False, edgecolor=INK, linewidth=1.4, gid="stayed")
        )
        sheet.write(WIDTH - EDGE, middle, bases[code], ha="right", colour=QUIET)
        words.append(_told(f"{first} {values[code]} → {second}", part, shares, codes, values, [], at))
    return sheet.finished(pretend, Text("Bảng chuyển mức", "Table of moves"), words)


def _shade(share: float) -> tuple:
    """From nearly white to dark blue, evenly lighter and darker also when printed grey."""
    pale, dark = to_rgb("#f2f6fa"), to_rgb(RIGHT[0])
    return tuple(a + (b - a) * min(1.0, share) for a, b in zip(pale, dark, strict=True))


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
