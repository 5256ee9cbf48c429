"""Charts of levels: means or shares over the waves, and of groups side by side."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from analysis.chart_rows import (
    LEVEL_INTERVALS,
    base_of,
    draw_interval,
    is_visible,
    parts_of,
    require_suppressed,
    rows_of,
    told,
    word_of,
)
from analysis.chart_sheet import (
    BETWEEN,
    EDGE,
    GAP,
    INNER,
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
    spread_apart,
    ticks_of,
    width_of,
)
from analysis.colours import FAINT, LINES, QUIET
from analysis.comparisons import FELL, ROSE
from analysis.sentences import HIDDEN, number, percent
from survey.errors import DesignError, Text

MARKERS = {"●": "o", "■": "s", "▲": "^", "◆": "D", "▼": "v", "✚": "P", "✖": "X", "★": "*"}
BANDS = ("#e8eef5", "#fbf1e2")


def trend(
    shown: pd.DataFrame,
    labels: Mapping[Any, object],
    *,
    phases: Sequence[tuple[object, int, int]] = (),
    title: Said = "",
    note: Said = "",
    unit: Said = "",
    pretend: bool = False,
) -> Chart:
    """Means or shares over the waves with 95 % intervals: a line per item (or group of one item), named at its end.

    phases: label, first and last wave; they are bands behind the lines, and a wave may be in two. unit: what is counted,
    said above the scale. A hidden wave breaks its line and is marked below its year; waves not held are not there.
    Made for up to four lines: more are grey, told apart by marker and name. Raises DesignError: not suppressed.
    """
    require_suppressed(shown)
    shown = shown[shown["wave"].notna()]
    if shown.empty:
        return empty(title, note, pretend)
    named = parts_of(shown, labels, ["item", "level", "value"])
    lines = [_Line(name, part.sort_values("wave"), *look) for (name, part), look in zip(named, _looks(), strict=False)]
    seen = [line for line in lines if len(line.seen)]
    waves = sorted({int(wave) for wave in shown["wave"]})
    share, say = _worded(shown)
    low, high = limits([line.seen for line in seen], share)
    ticks = ticks_of(low, high, 6, percent if share else number) if seen else []
    ends = [
        fitted(f"{say(line.last)}  {line.name}" if len(line.seen) else f"{line.name}: {HIDDEN}", 1.75) for line in lines
    ]

    left = EDGE + max([width_of(words) for _, words in ticks], default=0.0) + GAP
    width = WIDTH - EDGE - max(map(width_of, ends)) - 0.18 - left
    before = max([width_of(say(line.first)) for line in seen], default=0.0) + 0.025 * len(seen) + 0.2
    years = (waves[-1] - waves[0]) or 1
    inch = years / (width - before - 0.14 if len(waves) > 1 else width)  # the years that an inch is
    start = waves[0] - inch * (before if len(waves) > 1 else width / 2)
    stop = start + inch * width
    step = min([b - a for a, b in itertools.pairwise(waves)], default=1) / inch  # between two years on paper
    x = Scale(start, inch, left)

    bands = _bands(phases, waves, start, stop)
    heads, head = _band_names([(label, x(first), x(last)) for label, first, last in bands], left, left + width)
    hidden, below = _hidden_waves(lines, waves, min(1.0, step - 0.06))
    tall = max(2.6, sum(height_of(words) + 0.04 for words in ends))
    year = height_of("2025") + 0.1
    above = height_of(str(unit)) + GAP if str(unit) else 0.0
    key = Text("Vạch đứng: khoảng tin cậy 95%.", "Upright bars: 95% intervals.") if seen else ""
    sheet = Sheet(title, [key, note], above + head + tall + year + below)
    bottom, top = sheet.bottom + below + year, sheet.bottom + below + year + tall
    y = Scale(low, (high - low) / tall, bottom)
    axes = sheet.axes((left, bottom, width, tall + head), (start, stop), (low, high + head * y.inch))

    if above:
        sheet.write(EDGE, sheet.top, str(unit), va="top", colour=QUIET)
    for place, (_, first, last) in enumerate(bands):
        axes.axvspan(first, last, color=BANDS[place % 2], zorder=0, linewidth=0)
    for middle, up, words in heads:
        sheet.write(middle, top + head - up, words, ha="center", va="top", colour=QUIET)
    sheet.side_scale(axes, y, left, ticks)
    for wave in waves:
        sheet.write(x(wave), bottom - 0.06, str(wave), ha="center", va="top")
    for wave, down, words, colour in hidden:
        sheet.write(x(wave), bottom - year - down, words, ha="center", va="top", colour=colour, blank=True)

    aside = [
        (place - (len(seen) - 1) / 2) * 0.05 for place in range(len(seen))
    ]  # intervals of a wave stand side by side
    for line, off in zip(seen, aside, strict=True):
        line.draw(axes, waves, off * inch)
    away = dict(zip([line.name for line in seen], aside, strict=True))
    ups = spread_apart(
        [y(line.last) if len(line.seen) else bottom for line in lines],
        [height_of(words) + 0.04 for words in ends],
        bottom,
        top + head,
    )
    at = left + width + 0.18
    for line, up, words in zip(lines, ups, ends, strict=True):
        sheet.write(at, up, words, colour=line.colour, blank=not len(line.seen))
        if len(line.seen):
            sheet.leader(
                x(line.seen["wave"].iloc[-1]) + away[line.name] + 0.06, y(line.last), at - 0.03, up, line.colour
            )
    for wave in waves:
        here = [line for line in seen if len(line.seen) > 1 and line.seen["wave"].iloc[0] == wave]
        ups = spread_apart([y(line.first) for line in here], [height_of("0") + 0.02] * len(here), bottom, top)
        for line, up in zip(here, ups, strict=True):
            sheet.write(x(wave) - 0.025 * len(seen) - GAP, up, say(line.first), ha="right", colour=line.colour)
    marks_told = [told(f"{line.name} {row['wave']}", row, say) for line in lines for _, row in rows_of(line.part)]
    return sheet.finished(
        pretend, Text("Biểu đồ xu hướng qua các đợt", "Chart of the trend over the waves"), marks_told
    )


def units(
    shown: pd.DataFrame,
    labels: Mapping[Any, object],
    *,
    whole: pd.DataFrame | None = None,
    title: Said = "",
    note: Said = "",
    pretend: bool = False,
) -> Chart:
    """Means (or shares) of the groups of one item with 95 % intervals, by size, beside the whole school's as a line.

    whole: the same item's suppressed row for everybody. Hidden groups stand below the scale, with why they are hidden.
    It compares and does not rank: no places are numbered. Raises DesignError: not suppressed, or two rows of one group.
    """
    require_suppressed(shown)
    _require_once(shown)
    if whole is not None:
        require_suppressed(whole)
        whole = whole[is_visible(whole)]
    if shown.empty:
        return empty(title, note, pretend)
    visible = is_visible(shown)
    seen = shown[visible].sort_values("estimate", ascending=False, kind="stable")
    names = [fitted(word_of(labels, level), 2.3) for level in seen["level"]]
    blanks = [(fitted(word_of(labels, row["level"]), 2.3), str(HIDDEN)) for _, row in rows_of(shown[~visible])]
    share, say = _worded(shown)
    line = float(whole["estimate"].iloc[0]) if whole is not None and len(whole) else None

    left = EDGE + max([width_of(name) for name in (*names, *(name for name, _ in blanks))]) + 2 * GAP
    figures = max([width_of(say(value), bold=True) for value in seen["estimate"]], default=0.0)
    bases = max([width_of(base_of(row)) for _, row in rows_of(seen)], default=0.0)
    width = WIDTH - EDGE - bases - 2 * GAP - figures - 2 * GAP - left
    heights, blank_heights = (
        [height_of(name) + BETWEEN for name in names],
        [height_of(name) + BETWEEN for name, _ in blanks],
    )
    head = 0.26 if line is not None and len(seen) else 0.0
    foot = 0.3 if len(seen) else 0.0
    sheet = Sheet(title, [LEVEL_INTERVALS if len(seen) else "", note], head + sum(heights) + foot + sum(blank_heights))
    bottom, top = sheet.bottom + sum(blank_heights) + foot, sheet.top - head
    if len(seen):
        low, high = limits([seen, *([whole] if line is not None else [])], share)
        x = Scale(low, (high - low) / width, left)
        axes = sheet.axes((left, bottom, width, sum(heights)), (low, high), (0, sum(heights)))
        sheet.scale(axes, x, bottom, ticks_of(low, high, 5, percent if share else number))
        if line is not None:
            axes.axvline(line, color=LINES[1], linewidth=1.3, linestyle=(0, (4, 2)), zorder=1)
            sheet.write_within(x(line), top + 0.04, f"{Text('Toàn trường', 'Whole school')}: {say(line)}", LINES[1])
    for name, (_, row), y in zip(names, rows_of(seen), downwards(top, heights), strict=True):
        sheet.write(EDGE, y, name)
        draw_interval(axes, row, y - bottom, "o", LINES[0], LINES[0])
        sheet.write(left + width + 2 * GAP + figures, y, say(row["estimate"]), ha="right", bold=True)
        sheet.write(WIDTH - EDGE, y, base_of(row), ha="right", colour=QUIET)
    for (name, words), y in zip(blanks, downwards(bottom - foot, blank_heights), strict=True):
        sheet.write(EDGE, y, name)
        sheet.write(left, y, words, blank=True)
    marks_told = [told(word_of(labels, row["level"]), row, say) for _, row in rows_of(shown)]
    return sheet.finished(pretend, Text("Biểu đồ so sánh các nhóm", "Chart of the groups"), marks_told)


def _worded(shown: pd.DataFrame) -> tuple[bool, Callable[[float], str]]:
    """Whether all rows are shares, and how one of their numbers is said."""
    share = bool((shown["statistic"] == "proportion").all())
    return share, (lambda value: percent(value, 0)) if share else number


def _require_once(shown: pd.DataFrame) -> None:
    twice = shown["level"][shown["level"].duplicated()]
    if len(twice):
        raise DesignError(
            "charts.units",
            rule=Text("Mỗi đơn vị chỉ có một dòng.", "Each unit has one row."),
            found=", ".join(map(str, twice.unique())),
            cure=Text("Chọn một thang đo và một đợt trước khi vẽ.", "Choose one item and one wave before drawing."),
        )


def slope(
    shown: pd.DataFrame,
    labels: Mapping[Any, object],
    *,
    verdicts: Mapping[Any, str] | None = None,
    title: Said = "",
    note: Said = "",
    pretend: bool = False,
) -> Chart:
    """Means (or shares) at two waves, a line per item (or group of one item) from the one to the other.

    shown: the suppressed levels, of which the first and the last wave are drawn. verdicts: item (or level) -> verdict of the
    change, which colours its line: rose blue, fell orange, anything else grey; without them all are of one colour. A line
    with a hidden end is not drawn, and is named below with why. Raises DesignError: the table did not go through `suppress`.
    """
    require_suppressed(shown)
    shown = shown[shown["wave"].notna()]
    waves = sorted({int(wave) for wave in shown["wave"]})
    if len(waves) < 2:
        return empty(title, note, pretend)
    waves = [waves[0], waves[-1]]
    shown = shown[shown["wave"].isin(waves)]
    share, say = _worded(shown)
    ends = [
        _Ends.of(name, part.sort_values("wave"), waves, verdicts)
        for name, part in parts_of(shown, labels, ["item", "level", "value"])
    ]
    seen = [one for one in ends if one.drawn]
    blanks = [fitted(f"{one.name}: {HIDDEN}", INNER) for one in ends if not one.drawn and len(one.part) == 2]
    lefts = [say(one.first) for one in seen]
    rights = [fitted(f"{say(one.last)}  {one.name}", 2.6) for one in seen]

    low, high = limits([one.part for one in seen], share) if seen else (0.0, 1.0)
    left = EDGE + max([width_of(words) for words in lefts], default=0.0) + 3 * GAP
    width = WIDTH - EDGE - max([width_of(words) for words in rights], default=0.0) - 3 * GAP - left
    tall = max(2.0, sum(height_of(words) + 0.04 for words in rights)) if seen else 0.0
    year = height_of("2025") + 0.1 if seen else 0.0
    below = sum(height_of(words) + 0.04 for words in blanks)
    key = Text("Vạch đứng: khoảng tin cậy 95%.", "Upright bars: 95% intervals.") if seen else ""
    colours = Text(
        "Xanh: tăng; cam: giảm; xám: chưa kết luận hoặc không đổi.",
        "Blue: rose; orange: fell; grey: no conclusion, or no change.",
    )
    sheet = Sheet(title, [key, colours if verdicts else "", note], tall + year + below)
    bottom = sheet.bottom + below + year
    if seen:
        y = Scale(low, (high - low) / tall, bottom)
        axes = sheet.axes((left, bottom, width, tall), (0, 1), (low, high))
        for at, wave in enumerate(waves):
            axes.axvline(at, color=FAINT, linewidth=0.8, zorder=0, clip_on=False)
            sheet.write(left + at * width, bottom - 0.06, str(wave), ha="center", va="top")
        for one in seen:
            one.draw(axes)
        for at, values, words, ha in (
            (0, [o.first for o in seen], lefts, "right"),
            (1, [o.last for o in seen], rights, "left"),
        ):
            ups = spread_apart(
                [y(value) for value in values], [height_of(w) + 0.04 for w in words], bottom, bottom + tall
            )
            for one, value, up, said in zip(seen, values, ups, words, strict=True):
                x = left + at * width + (3 * GAP if at else -3 * GAP) * 0.8
                sheet.write(x, up, said, ha=ha, colour=one.colour)
                if at:
                    sheet.leader(left + width + 0.06, y(value), x - 0.02, up, one.colour)
    for blank, middle in zip(
        blanks, downwards(sheet.bottom + below, [height_of(words) + 0.04 for words in blanks]), strict=True
    ):
        sheet.write(EDGE, middle, blank, blank=True)
    marks_told = [told(f"{one.name} {row['wave']}", row, say) for one in ends for _, row in rows_of(one.part)]
    return sheet.finished(pretend, Text("Biểu đồ dốc giữa hai đợt", "Slope chart between two waves"), marks_told)


@dataclass(frozen=True)
class _Ends:
    """One line of a slope chart: its name, its two rows, and its look."""

    name: str
    part: pd.DataFrame
    colour: str
    marker: str
    drawn: bool

    @classmethod
    def of(cls, name: str, part: pd.DataFrame, waves: list[int], verdicts: Mapping[Any, str] | None) -> _Ends:
        drawn = list(part["wave"]) == waves and bool(is_visible(part).all())
        keys = [part[column].iloc[0] for column in ("level", "item")]
        verdict = next((verdicts[key] for key in keys if verdicts and key in verdicts), None)
        look = {ROSE: (LINES[0], "^"), FELL: (LINES[1], "v")}.get(verdict or "", (QUIET if verdicts else LINES[0], "o"))
        return cls(name, part, *look, drawn)

    @property
    def first(self) -> float:
        return float(self.part["estimate"].iloc[0])

    @property
    def last(self) -> float:
        return float(self.part["estimate"].iloc[-1])

    def draw(self, axes: Axes) -> None:
        axes.plot([0, 1], [self.first, self.last], color=self.colour, linewidth=1.8, marker=self.marker, markersize=6.5,
                  markeredgecolor="white", markeredgewidth=0.7, zorder=3, clip_on=False)  # fmt: skip
        for x, (_, row) in enumerate(rows_of(self.part)):
            if pd.notna(row["low"]) and pd.notna(row["high"]):
                axes.plot([x, x], [row["low"], row["high"]], color=self.colour, linewidth=1.2, zorder=2, clip_on=False)


@dataclass(frozen=True)
class _Line:
    """One line of a trend: its name, its rows by wave, and how it looks."""

    name: str
    part: pd.DataFrame
    colour: str
    glyph: str

    @cached_property
    def seen(self) -> pd.DataFrame:
        return self.part[is_visible(self.part)]

    @property
    def first(self) -> float:
        return float(self.seen["estimate"].iloc[0])

    @property
    def last(self) -> float:
        return float(self.seen["estimate"].iloc[-1])

    def draw(self, axes: Axes, waves: list[int], aside: float) -> None:
        """The line, broken where a wave is missing or hidden, its intervals and its marks, a little aside."""
        seen = {int(row.wave): row for row in self.seen.itertuples()}
        heights = [seen[wave].estimate if wave in seen else math.nan for wave in waves]
        axes.plot([wave + aside for wave in waves], heights, color=self.colour, linewidth=1.8, zorder=3)
        for wave, row in seen.items():
            if pd.notna(row.low) and pd.notna(row.high):
                axes.plot([wave + aside] * 2, [row.low, row.high], color=self.colour, linewidth=1.2, zorder=2)
        look: dict[str, Any] = {
            "markersize": 6.5,
            "markeredgecolor": "white",
            "markeredgewidth": 0.7,
            "linestyle": "none",
        }
        axes.plot(
            [w + aside for w in waves],
            heights,
            marker=MARKERS[self.glyph],
            color=self.colour,
            zorder=4,
            clip_on=False,
            **look,
        )


def _looks() -> Iterator[tuple[str, str]]:
    """Colour and marker of one line after another; beyond the colours that can be told apart, grey."""
    return zip(itertools.chain(LINES, itertools.repeat(QUIET)), itertools.cycle(MARKERS), strict=False)


def _bands(
    phases: Sequence[tuple[object, int, int]], waves: list[int], start: float, stop: float
) -> list[tuple[str, float, float]]:
    """The part of each phase that the waves show; a phase of which only the baseline is held is not there yet."""
    cut = [(str(label), max(first, waves[0]), min(last, waves[-1])) for label, first, last in phases]
    if len(waves) == 1:
        return [(label, start, stop) for label, first, last in cut if first == last][:1]
    return [(label, first, last) for label, first, last in cut if last > first]


def _band_names(
    bands: list[tuple[str, float, float]], left: float, right: float
) -> tuple[list[tuple[float, float, str]], float]:
    """The phases' names above their bands; where one is too long for its band, each has a line of its own."""
    if not bands:
        return [], 0.0
    if all(max(map(width_of, label.split()), default=0) <= last - first - 0.06 for label, first, last in bands):
        names = [fitted(label, last - first - 0.06) for label, first, last in bands]
        placed = [((first + last) / 2, 0.05, name) for name, (_, first, last) in zip(names, bands, strict=True)]
        return placed, max(map(height_of, names)) + 0.1
    placed, up = [], 0.05
    for label, first, last in bands:
        name = fitted(label, right - left)
        half = width_of(name) / 2
        placed.append((min(max((first + last) / 2, left + half), right - half), up, name))
        up += height_of(name) + 0.05
    return placed, up


def _hidden_waves(
    lines: list[_Line], waves: list[int], width: float
) -> tuple[list[tuple[int, float, str, str]], float]:
    """The marks of hidden waves, below their years: once where all lines are hidden there, else with each line's mark."""
    placed, depth = [], 0.0
    for wave in waves:
        here = [(line, line.part[line.part["wave"] == wave]) for line in lines]
        here = [(line, part) for line, part in here if len(part)]
        hidden = [(line, str(HIDDEN)) for line, part in here if not is_visible(part).all()]
        same = len(hidden) == len(here) and len({words for _, words in hidden}) == 1
        entries = (
            [(hidden[0][1], QUIET)] if same else [(f"{line.glyph} {words}", line.colour) for line, words in hidden]
        )
        down = 0.0
        for words, colour in entries:
            said = fitted(words, width)
            placed.append((wave, down, said, colour))
            down += height_of(said) + 0.04
        depth = max(depth, down)
    return placed, depth
