"""One shown estimate -> one mark. Charts that a newspaper would print; nothing is computed or rounded into the data here.

A sheet is 16 cm wide and as high as its words and marks need: every text is measured before it is placed, so that nothing is
cut off and nothing overlaps. Neither pyplot nor a global setting is touched, so charts can be made in threads.
"""

from __future__ import annotations

import io
import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
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

from analysis.colours import FAINT, INK, LEFT, LINES, MIDDLE, PALE, QUIET, RIGHT
from analysis.comparisons import FELL, ROSE, SAME, UNKNOWN
from analysis.sentences import HIDDEN, PRETEND, VERDICTS, number, percent, signed
from analysis.suppression import DERIVABLE
from survey.errors import DesignError, Text

# Lengths are in inches; places are counted from the lower left corner of the sheet.
WIDTH, EDGE, GAP = 16 / 2.54, 0.08, 0.08
INNER = WIDTH - 2 * EDGE
BAR, BETWEEN = 0.2, 0.12  # the height of a bar, and the space between two rows
SIZE, TITLE = 10.0, 13.0  # points in print; on a phone, 390 pixels wide, 10 points become 8.6 pixels

MARKERS = {"●": "o", "■": "s", "▲": "^", "◆": "D", "▼": "v", "✚": "P", "✖": "X", "★": "*"}
BANDS = ("#e8eef5", "#fbf1e2")
ALERT = "#B00020"
# A verdict's marker, its colour, and what fills it: told apart by form as well as by colour.
VERDICT_MARKS = {
    ROSE: ("^", LINES[0], LINES[0]),
    FELL: ("v", LINES[1], LINES[1]),
    SAME: ("s", QUIET, QUIET),
    UNKNOWN: ("o", QUIET, "#ffffff"),
}
STATUS_MARKS = {
    "met": ("✓", LINES[0]),
    "not_met": ("✗", LINES[1]),
    "no_cases": ("–", QUIET),
    "cannot_tell": ("?", QUIET),
}
PROTECTED = Text("ẩn (tránh lộ nhóm khác)", "hidden (protects another group)")
NOTHING = Text("chưa có số liệu", "no figures yet")
LEVEL_INTERVALS = Text("Vạch ngang: khoảng tin cậy 95%.", "Level bars: 95% intervals.")

Said = str | Text


class Chart(Figure):
    """A figure that shows itself in a notebook and in Voilà, without pyplot's global state."""

    def _repr_png_(self) -> bytes:
        return png(self, dpi=140)


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
    _require_suppressed(shown)
    codes = sorted(values) if all(isinstance(code, int) for code in values) else list(values)
    _require_words(shown, codes, neutral)
    if shown.empty:
        return _nothing(title, note, pretend)
    low, high = _sides(codes, neutral)  # codes before `low` lie left, those from `high` on lie right
    rows = [(name, part, _shares(part, codes)) for name, part in _named(shown, labels, ["item", "wave", "level"])]
    found = [shares for _, _, shares in rows if shares]
    colours = _diverging(low, high - low, len(codes) - high)

    longest = max(_wide(name) for name, _, _ in rows)
    beside = longest <= 1.2  # short names stand before their bars, long ones above
    rows = [(name if beside else _fit(name, INNER), part, shares) for name, part, shares in rows]
    heights = [max(BAR, _tall(name)) if beside else _tall(name) + 0.04 + BAR for name, _, _ in rows]
    total = _wide(percent(1, 0), bold=True)
    left = EDGE + (longest + 2 * GAP if beside else 0) + total + GAP
    width = WIDTH - EDGE - max((_wide(_base(part)) for _, part, _ in rows)) - 2 * GAP - total - GAP - left
    body = sum(heights) + len(rows) * BETWEEN
    legend, legend_height = _legend([str(values[code]) for code in codes], colours)
    key = Text("Số đậm: tổng các mức ở mỗi bên mốc giữa.", "In bold: the total of each side of the middle.")
    sheet = _Sheet(
        _or_item(title, shown, labels),
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
            sheet.write(left + width / 2, y, _blank(part), ha="center", blank=True)
            continue
        start = -_left(shares, low, high)
        for at, (share, colour) in enumerate(zip(shares, colours, strict=True)):
            axes.barh(middle, share, left=start, height=BAR, color=colour, edgecolor="white", linewidth=0.6)
            words = percent(share, 0)
            alone = at < low == 1 or at >= high == len(codes) - 1  # the total of its side says the same
            if not alone and _wide(words) + 0.06 <= share / inch:
                axes.text(
                    start + share / 2,
                    middle,
                    words,
                    ha="center",
                    va="center",
                    color=_on(colour),
                    fontproperties=_font(),
                )
            start += share
        axes.plot(
            [0, 0], [middle - BAR / 2 - 0.06, middle - BAR / 2], color=INK, linewidth=0.8, clip_on=False
        )  # the middle
        if low:
            sheet.write(left - GAP, y, percent(sum(shares[:low]), 0), ha="right", colour=colours[0], bold=True)
        if high < len(codes):
            sheet.write(left + width + GAP, y, percent(sum(shares[high:]), 0), colour=colours[-1], bold=True)
        sheet.write(WIDTH - EDGE, y, _base(part), ha="right", colour=QUIET)
    return sheet.finished(pretend)


def trend(
    shown: pd.DataFrame,
    labels: Mapping[Any, object],
    *,
    phases: Sequence[tuple[object, int, int]] = (),
    title: Said = "",
    note: Said = "",
    unit: Said = "",
    pretend: bool = False,
) -> Figure:
    """Means or shares over the waves with 95 % intervals: a line per item (or group of one item), named at its end.

    phases: label, first and last wave; they are bands behind the lines, and a wave may be in two. unit: what is counted,
    said above the scale. A hidden wave breaks its line and is marked below its year; waves not held are not there.
    Made for up to four lines: more are grey, told apart by marker and name. Raises DesignError: not suppressed.
    """
    _require_suppressed(shown)
    shown = shown[shown["wave"].notna()]
    if shown.empty:
        return _nothing(title, note, pretend)
    named = _named(shown, labels, ["item", "level", "value"])
    lines = [_Line(name, part.sort_values("wave"), *look) for (name, part), look in zip(named, _looks(), strict=False)]
    seen = [line for line in lines if len(line.seen)]
    waves = sorted({int(wave) for wave in shown["wave"]})
    share = bool((shown["statistic"] == "proportion").all())
    say: Callable[[float], str] = (lambda value: percent(value, 0)) if share else number
    low, high = _room([line.seen for line in seen], share)
    ticks = _ticks(low, high, 6, percent if share else number) if seen else []
    ends = [
        _fit(f"{say(line.last)}  {line.name}" if len(line.seen) else f"{line.name}: {HIDDEN}", 1.75) for line in lines
    ]

    left = EDGE + max([_wide(words) for _, words in ticks], default=0.0) + GAP
    width = WIDTH - EDGE - max(map(_wide, ends)) - 0.18 - left
    before = max([_wide(say(line.first)) for line in seen], default=0.0) + 0.025 * len(seen) + 0.2
    years = (waves[-1] - waves[0]) or 1
    inch = years / (width - before - 0.14 if len(waves) > 1 else width)  # the years that an inch is
    start = waves[0] - inch * (before if len(waves) > 1 else width / 2)
    stop = start + inch * width
    step = min([b - a for a, b in itertools.pairwise(waves)], default=1) / inch  # between two years on paper
    x = _Scale(start, inch, left)

    bands = _bands(phases, waves, start, stop)
    heads, head = _band_names([(label, x(first), x(last)) for label, first, last in bands], left, left + width)
    hidden, below = _hidden_waves(lines, waves, min(1.0, step - 0.06))
    tall = max(2.6, sum(_tall(words) + 0.04 for words in ends))
    year = _tall("2025") + 0.1
    above = _tall(str(unit)) + GAP if str(unit) else 0.0
    key = Text("Vạch đứng: khoảng tin cậy 95%.", "Upright bars: 95% intervals.") if seen else ""
    sheet = _Sheet(title, [key, note], above + head + tall + year + below)
    bottom, top = sheet.bottom + below + year, sheet.bottom + below + year + tall
    y = _Scale(low, (high - low) / tall, bottom)
    axes = sheet.axes((left, bottom, width, tall + head), (start, stop), (low, high + head * y.inch))

    if above:
        sheet.write(EDGE, sheet.top, str(unit), va="top", colour=QUIET)
    for place, (_, first, last) in enumerate(bands):
        axes.axvspan(first, last, color=BANDS[place % 2], zorder=0, linewidth=0)
    for middle, up, words in heads:
        sheet.write(middle, top + head - up, words, ha="center", va="top", colour=QUIET)
    for value, words in ticks:
        axes.axhline(value, color=FAINT, linewidth=0.6, zorder=0.5)
        sheet.write(left - GAP, y(value), words, ha="right", colour=QUIET)
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
    ups = _apart(
        [y(line.last) if len(line.seen) else bottom for line in lines],
        [_tall(words) + 0.04 for words in ends],
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
        ups = _apart([y(line.first) for line in here], [_tall("0") + 0.02] * len(here), bottom, top)
        for line, up in zip(here, ups, strict=True):
            sheet.write(x(wave) - 0.025 * len(seen) - GAP, up, say(line.first), ha="right", colour=line.colour)
    return sheet.finished(pretend)


def units(
    shown: pd.DataFrame,
    labels: Mapping[Any, object],
    *,
    whole: pd.DataFrame | None = None,
    title: Said = "",
    note: Said = "",
    pretend: bool = False,
) -> Figure:
    """Means (or shares) of the groups of one item with 95 % intervals, by size, beside the whole school's as a line.

    whole: the same item's suppressed row for everybody. Hidden groups stand below the scale, with why they are hidden.
    It compares and does not rank: no places are numbered. Raises DesignError: not suppressed, or two rows of one group.
    """
    _require_suppressed(shown)
    _require_once(shown)
    if whole is not None:
        _require_suppressed(whole)
        whole = whole[_visible(whole)]
    if shown.empty:
        return _nothing(title, note, pretend)
    visible = _visible(shown)
    seen = shown[visible].sort_values("estimate", ascending=False, kind="stable")
    names = [_fit(_word(labels, level), 2.3) for level in seen["level"]]
    blanks = [(_fit(_word(labels, row["level"]), 2.3), _blank(row)) for _, row in _each(shown[~visible])]
    share = bool((shown["statistic"] == "proportion").all())
    say: Callable[[float], str] = (lambda value: percent(value, 0)) if share else number
    line = float(whole["estimate"].iloc[0]) if whole is not None and len(whole) else None

    left = EDGE + max([_wide(name) for name in (*names, *(name for name, _ in blanks))]) + 2 * GAP
    figures = max([_wide(say(value), bold=True) for value in seen["estimate"]], default=0.0)
    bases = max([_wide(_base(row)) for _, row in _each(seen)], default=0.0)
    width = WIDTH - EDGE - bases - 2 * GAP - figures - 2 * GAP - left
    heights, blank_heights = [_tall(name) + BETWEEN for name in names], [_tall(name) + BETWEEN for name, _ in blanks]
    head = 0.26 if line is not None and len(seen) else 0.0
    foot = 0.3 if len(seen) else 0.0
    sheet = _Sheet(title, [LEVEL_INTERVALS if len(seen) else "", note], head + sum(heights) + foot + sum(blank_heights))
    bottom, top = sheet.bottom + sum(blank_heights) + foot, sheet.top - head
    if len(seen):
        low, high = _room([seen, *([whole] if line is not None else [])], share)
        x = _Scale(low, (high - low) / width, left)
        axes = sheet.axes((left, bottom, width, sum(heights)), (low, high), (0, sum(heights)))
        sheet.scale(axes, x, bottom, _ticks(low, high, 5, percent if share else number))
        if line is not None:
            axes.axvline(line, color=LINES[1], linewidth=1.3, linestyle=(0, (4, 2)), zorder=1)
            sheet.write_within(x(line), top + 0.04, f"{Text('Toàn trường', 'Whole school')}: {say(line)}", LINES[1])
    for name, (_, row), y in zip(names, _each(seen), _downwards(top, heights), strict=True):
        sheet.write(EDGE, y, name)
        _interval(axes, row, y - bottom, "o", LINES[0], LINES[0])
        sheet.write(left + width + 2 * GAP + figures, y, say(row["estimate"]), ha="right", bold=True)
        sheet.write(WIDTH - EDGE, y, _base(row), ha="right", colour=QUIET)
    for (name, words), y in zip(blanks, _downwards(bottom - foot, blank_heights), strict=True):
        sheet.write(EDGE, y, name)
        sheet.write(left, y, words, blank=True)
    return sheet.finished(pretend)


def changes(
    shown: pd.DataFrame,
    labels: Mapping[Any, object],
    *,
    small: float | None = None,
    title: Said = "",
    note: Said = "",
    pretend: bool = False,
) -> Figure:
    """Judged changes with 95 % intervals around 0: a row per item (or per pair of waves or group of one item).

    shown: `judge(suppress(change(...)))`. small: within the grey band of -+`small` a change means nothing in practice. The
    verdict is in the mark's form as well as in its colour, and in words at the right.
    Raises DesignError: the table did not go through `suppress`, or has no verdicts.
    """
    _require_suppressed(shown)
    _require_judged(shown)
    if shown.empty:
        return _nothing(title, note, pretend)
    rows = [(_fit(name, 2.2), part.iloc[0]) for name, part in _named(shown, labels, ["item", "wave", "level"])]
    visible = [bool(row["shown"]) and pd.notna(row["estimate"]) for _, row in rows]
    verdicts = [
        _fit(VERDICTS[row["verdict"]] if sure else _blank(row), 1.2)
        for (_, row), sure in zip(rows, visible, strict=True)
    ]

    left = EDGE + max(_wide(name) for name, _ in rows) + 2 * GAP
    figures = max(
        [_wide(signed(row["estimate"]), bold=True) for (_, row), sure in zip(rows, visible, strict=True) if sure],
        default=0,
    )
    width = WIDTH - EDGE - max(map(_wide, verdicts)) - GAP - figures - 2 * GAP - left
    heights = [max(_tall(name), _tall(said)) + BETWEEN for (name, _), said in zip(rows, verdicts, strict=True)]
    foot = 0.3 if any(visible) else 0.0
    band = (
        f"{Text('Dải xám: thay đổi không đáng kể', 'Grey band: no meaningful change')} (±{number(small)})."
        if small
        else ""
    )
    key = f"{band} {LEVEL_INTERVALS}".strip() if any(visible) else ""
    sheet = _Sheet(_or_item(title, shown, labels), [key, note], sum(heights) + foot)
    bottom = sheet.bottom + foot
    if any(visible):
        seen = shown[_visible(shown)]
        around = pd.DataFrame({"low": [-(small or 0)], "estimate": [0.0], "high": [small or 0.0]})
        low, high = _room([seen, around])
        x = _Scale(low, (high - low) / width, left)
        axes = sheet.axes((left, bottom, width, sum(heights)), (low, high), (0, sum(heights)))
        sheet.scale(axes, x, bottom, _ticks(low, high, 5, signed))
        if small:
            axes.axvspan(-small, small, color=PALE, zorder=0, linewidth=0)
        axes.axvline(0, color=INK, linewidth=0.8, zorder=1)
    for (name, row), sure, said, y in zip(rows, visible, verdicts, _downwards(sheet.top, heights), strict=True):
        sheet.write(EDGE, y, name)
        sheet.write(left + width + 3 * GAP + figures, y, said, colour=QUIET, blank=not sure)
        if sure:
            _interval(axes, row, y - bottom, *VERDICT_MARKS[row["verdict"]])
            sheet.write(left + width + 2 * GAP + figures, y, signed(row["estimate"]), ha="right", bold=True)
    return sheet.finished(pretend)


def targets(rows: Iterable[Mapping[str, Any]], *, title: Said = "", note: Said = "", pretend: bool = False) -> Figure:
    """Bullet bars of the targets: how far each share reaches, the mark it has to reach, and whether it is met.

    rows: mappings with label, value and threshold (0 to 1, or missing), status ("met", "not_met", "no_cases",
    "cannot_tell"), status_words, numerator, denominator, and if wanted rule (words for the threshold, else its percent).
    Where no case occurred or nothing can be told there is no bar. These are administrative counts, not answers of people.
    """
    found = list(rows)
    if not found:
        return _nothing(title, note, pretend)
    states = [f"{STATUS_MARKS[row['status']][0]} {row['status_words']}" for row in found]
    states = [_fit(words, 1.9, bold=True) for words in states]
    room = INNER - max(_wide(words, bold=True) for words in states) - 2 * GAP
    names = [_fit(row["label"], room) for row in found]
    shares, counts = [_reached(row) for row in found], [_counts(row) for row in found]
    figures = [percent(share, 1) if share is not None else "" for share in shares]
    marks = [_asked(row) if share is not None else "" for row, share in zip(found, shares, strict=True)]

    count, figure = max(map(_wide, counts)), max(_wide(words, bold=True) for words in figures)
    width = INNER - count - GAP - figure - 2 * GAP
    tops = [max(_tall(name), _tall(state, bold=True)) for name, state in zip(names, states, strict=True)]
    tracks = [share is not None or bool(words) for share, words in zip(shares, counts, strict=True)]
    heights = [
        top + (0.05 + BAR if track else 0) + (_tall(mark) + 0.05 if mark else 0) + BETWEEN
        for top, track, mark in zip(tops, tracks, marks, strict=True)
    ]
    sheet = _Sheet(title, [note], sum(heights))
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


def label_pretend(figure: Figure) -> Figure:
    """Stamp a chart of this module as pretend data: the sheet grows by a strip at its top, so that nothing is covered."""
    if any(text.get_gid() == "pretend" for text in figure.texts):
        return figure
    width, height = figure.get_size_inches()
    strip = 0.36
    for axes in figure.axes:
        box = axes.get_position()
        scale = height / (height + strip)
        axes.set_position((box.x0, box.y0 * scale, box.width, box.height * scale))
    figure.set_size_inches(width, height + strip)
    tag = {"facecolor": ALERT, "edgecolor": "none", "boxstyle": "square,pad=0.3"}
    figure.text(
        EDGE + 0.06, height + strip - EDGE - 0.05, str(PRETEND), transform=figure.dpi_scale_trans, ha="left", va="top",
        color="white", fontproperties=_font(bold=True), bbox=tag, gid="pretend", parse_math=False,
    )  # fmt: skip
    return figure


def png(figure: Figure, dpi: int = 200) -> bytes:
    """The picture's bytes, the same for the same figure: no date and no program's name are in them."""
    packed = io.BytesIO()
    figure.savefig(packed, format="png", dpi=dpi, facecolor="white", metadata={"Software": None})
    return packed.getvalue()


# --- what may be drawn


def _require_suppressed(shown: pd.DataFrame) -> None:
    if "shown" not in shown or shown["shown"].isna().any():
        raise DesignError(
            "charts",
            rule=Text(
                "Chỉ vẽ số liệu đã qua suppress(...).", "Only estimates that went through suppress(...) are drawn."
            ),
            found=Text("cột shown còn trống", "the column shown is empty"),
            cure=Text("Gọi suppress(estimates) trước khi vẽ.", "Call suppress(estimates) before drawing."),
        )


def _require_words(shown: pd.DataFrame, codes: list, neutral: Any) -> None:
    wanted = [*shown["value"].unique(), *([] if neutral is None else [neutral])]
    strange = [code for code in wanted if pd.isna(code) or code not in codes]
    if strange:
        raise DesignError(
            "charts.likert(values=...)",
            rule=Text(
                "Mỗi mã trả lời trong bảng tỉ lệ phải có lời trong values.",
                "Every answer code of the table of shares has its words in values.",
            ),
            found=", ".join(map(str, strange)),
            cure=Text(
                "Đưa vào tỉ lệ (proportions) của những câu hỏi có chung lựa chọn, và lời của các lựa chọn ấy.",
                "Give shares (proportions) of questions with the same choices, and the words of these choices.",
            ),
        )


def _require_once(shown: pd.DataFrame) -> None:
    twice = shown["level"][shown["level"].duplicated()]
    if len(twice):
        raise DesignError(
            "charts.units",
            rule=Text("Mỗi đơn vị chỉ có một dòng.", "Each unit has one row."),
            found=", ".join(map(str, twice.unique())),
            cure=Text("Chọn một thang đo và một đợt trước khi vẽ.", "Choose one item and one wave before drawing."),
        )


def _require_judged(shown: pd.DataFrame) -> None:
    if "verdict" not in shown:
        raise DesignError(
            "charts.changes",
            rule=Text("Mỗi thay đổi phải có kết luận (verdict).", "Every change has a verdict."),
            found=Text("không có cột verdict", "no column verdict"),
            cure=Text(
                "Gọi judge(suppress(change(...))) trước khi vẽ.", "Call judge(suppress(change(...))) before drawing."
            ),
        )


def _visible(shown: pd.DataFrame) -> pd.Series:
    return shown["shown"].astype(bool) & shown["estimate"].notna()


def _shares(part: pd.DataFrame, codes: list) -> list[float]:
    """The shares of a row in the codes' order; nothing where any of them is hidden or there is no base."""
    if not _visible(part).all():
        return []
    return [float(part.loc[part["value"] == code, "estimate"].sum()) for code in codes]


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


# --- words


def _word(labels: Mapping[Any, object], key: Any) -> str:
    if key in labels:
        return str(labels[key])
    return str(int(key)) if isinstance(key, float) and key.is_integer() else str(key)


def _named(shown: pd.DataFrame, labels: Mapping[Any, object], columns: list[str]) -> list[tuple[str, pd.DataFrame]]:
    """The parts of a table, one per combination of the columns, named by what differs (the first column if nothing does)."""
    differ = [column for column in columns if shown[column].nunique(dropna=False) > 1] or columns[:1]
    parts = shown.groupby(columns, sort=False, dropna=False)
    return [(" · ".join(_word(labels, part[column].iloc[0]) for column in differ), part) for _, part in parts]


def _or_item(title: Said, shown: pd.DataFrame, labels: Mapping[Any, object]) -> str:
    """The title; where none is given and the rows are waves or groups of one item, that item's words."""
    alone = shown["item"].nunique() == 1 and any(
        shown[column].nunique(dropna=False) > 1 for column in ("wave", "level")
    )
    return str(title) or (_word(labels, shown["item"].iloc[0]) if alone else "")


def _each(shown: pd.DataFrame) -> list[tuple[Any, pd.Series]]:
    return list(shown.iterrows())


def _base(row: pd.DataFrame | pd.Series) -> str:
    n = row["n"].iloc[0] if isinstance(row, pd.DataFrame) else row["n"]
    return f"n = {number(n, 0)}" if pd.notna(n) else ""


def _blank(row: pd.DataFrame | pd.Series) -> str:
    """The words that stand where a number is hidden."""
    reasons = row["reason"] if isinstance(row, pd.DataFrame) else pd.Series([row["reason"]])
    return str(PROTECTED if (reasons == DERIVABLE).all() else HIDDEN)


def _font(size: float = SIZE, bold: bool = False, blank: bool = False) -> FontProperties:
    return FontProperties(
        family=["DejaVu Sans"], size=size, weight="bold" if bold else "normal", style="italic" if blank else "normal"
    )


_RULER = Figure(dpi=200)
_PEN = FigureCanvasAgg(_RULER).get_renderer()


@lru_cache(maxsize=4096)
def _size(words: str, size: float = SIZE, bold: bool = False, blank: bool = False) -> tuple[float, float]:
    """How wide and how tall words are on paper; a little more than they are, for other resolutions round otherwise."""
    if not words:
        return 0.0, 0.0
    text = Words(0, 0, words, fontproperties=_font(size, bold, blank), parse_math=False)
    text.set_figure(_RULER)
    box = text.get_window_extent(_PEN)
    return 1.02 * box.width / 200, box.height / 200


def _wide(words: str, bold: bool = False) -> float:
    return _size(words, bold=bold)[0]


def _tall(words: str, bold: bool = False) -> float:
    return _size(words, bold=bold)[1]


def _fit(words: object, width: float, size: float = SIZE, bold: bool = False) -> str:
    """The words in lines no wider than `width`, in as few lines as can be, and those about equally long."""
    pieces = [piece for word in str(words).split() for piece in _pieces(word, width, size, bold)]
    lines = _lines(pieces, width, size, bold)
    for share in range(95, 45, -5):
        closer = _lines(pieces, width * share / 100, size, bold)
        if len(closer) > len(lines) or len(lines) == 1:
            break
        lines = closer
    return "\n".join(lines)


def _lines(pieces: list[str], width: float, size: float, bold: bool) -> list[str]:
    lines: list[str] = []
    for piece in pieces:
        if lines and _size(f"{lines[-1]} {piece}", size, bold)[0] <= width:
            lines[-1] += f" {piece}"
        else:
            lines.append(piece)
    return lines


def _pieces(word: str, width: float, size: float, bold: bool) -> Iterator[str]:
    """A word, or where it is wider than a line (an address), its parts."""
    while _size(word, size, bold)[0] > width and len(word) > 1:
        cut = next(at for at in range(len(word) - 1, 0, -1) if at == 1 or _size(word[:at], size, bold)[0] <= width)
        yield word[:cut]
        word = word[cut:]
    yield word


# --- the sheet


class _Sheet:
    """A figure with its title and small print; between `bottom` and `top` is the room for the body."""

    def __init__(self, title: Said, notes: Iterable[Said], body: float):
        head = _fit(title, INNER, TITLE, bold=True)
        foot = "\n".join(_fit(note, INNER) for note in notes if str(note))
        self.bottom = EDGE + (_tall(foot) + 1.5 * GAP if foot else 0)
        self.top = self.bottom + body
        over = _size(head, TITLE, bold=True)[1] + 1.5 * GAP if head else 0
        self.figure = Chart(figsize=(WIDTH, self.top + over + EDGE), dpi=200, facecolor="white")
        FigureCanvasAgg(self.figure)
        self.write(EDGE, self.top + over, head, va="top", size=TITLE, bold=True)
        self.write(EDGE, EDGE, foot, va="bottom", colour=QUIET)

    def write(
        self, x: float, y: float, words: str, *, ha: str = "left", va: str = "center", size: float = SIZE,
        colour: Any = "", bold: bool = False, blank: bool = False,
    ) -> None:  # fmt: skip
        if va == "center" and "\n" not in words:  # on one base line with its neighbours, whatever accents it bears
            y, va = y - 0.36 * size / 72, "baseline"
        if words:
            self.figure.text(
                x, y, words, transform=self.figure.dpi_scale_trans, ha=ha, va=va, parse_math=False,
                color=colour or (QUIET if blank else INK), fontproperties=_font(size, bold, blank),
            )  # fmt: skip

    def write_within(self, x: float, y: float, words: str, colour: str, va: str = "bottom") -> None:
        """Words centred at x, or as near to it as the sheet's edges let them be."""
        half = _wide(words) / 2
        self.write(min(max(x, EDGE + half), WIDTH - EDGE - half), y, words, ha="center", va=va, colour=colour)

    def box(self, x: float, y: float, width: float, height: float, colour: Any) -> None:
        inches = self.figure.dpi_scale_trans
        box = Rectangle((x, y - height / 2), width, height, facecolor=colour, linewidth=0, transform=inches)
        self.figure.add_artist(box)

    def leader(self, x: float, y: float, to_x: float, to_y: float, colour: str) -> None:
        """A thin line from a mark to its words, where these do not stand beside it."""
        if abs(to_y - y) > 0.05 or to_x - x > 0.25:
            inches = self.figure.dpi_scale_trans
            self.figure.add_artist(Line2D([x, to_x], [y, to_y], color=colour, linewidth=0.6, transform=inches))

    def axes(self, box: tuple[float, float, float, float], x: tuple[float, float], y: tuple[float, float]) -> Axes:
        """Bare axes at left, bottom, width, height, with limits; marks alone are drawn in them."""
        wide, tall = self.figure.get_size_inches()
        axes = self.figure.add_axes((box[0] / wide, box[1] / tall, box[2] / wide, box[3] / tall))
        axes.set(xlim=x, ylim=y)
        axes.set_axis_off()
        return axes

    def scale(self, axes: Axes, x: _Scale, bottom: float, ticks: list[tuple[float, str]]) -> None:
        """Upright lines at the ticks, with their numbers below."""
        for value, words in ticks:
            axes.axvline(value, color=FAINT, linewidth=0.6, zorder=0.5)
            self.write_within(x(value), bottom - 0.05, words, QUIET, va="top")

    def finished(self, pretend: bool) -> Figure:
        return label_pretend(self.figure) if pretend else self.figure


def _nothing(title: Said, note: Said, pretend: bool) -> Figure:
    sheet = _Sheet(title, [note], 0.6)
    sheet.write(WIDTH / 2, sheet.bottom + 0.3, str(NOTHING), ha="center", blank=True)
    return sheet.finished(pretend)


@dataclass(frozen=True)
class _Scale:
    """From values to places on paper: `low` is at the place `start`, and an inch is `inch` of the value."""

    low: float
    inch: float
    start: float

    def __call__(self, value: float) -> float:
        return self.start + (float(value) - self.low) / self.inch


def _room(parts: list[pd.DataFrame], share: bool = False) -> tuple[float, float]:
    """The ends of a scale on which all estimates and their intervals have room; of shares, within 0 and 1."""
    ends = [float(value) for part in parts for name in ("low", "estimate", "high") for value in part[name].dropna()]
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    spare = 0.08 * (high - low) or (0.1 if share else 0.5)
    return (max(0.0, low - spare), min(1.0, high + spare)) if share else (low - spare, high + spare)


def _ticks(low: float, high: float, most: int, say: Callable[[float, int], str]) -> list[tuple[float, str]]:
    """Round values between low and high, with their words in as many digits as their step asks for."""
    values = [float(value) for value in MaxNLocator(most, steps=[1, 2, 5, 10]).tick_values(low, high)]
    step = values[1] - values[0]
    digits = max(0, math.ceil(-math.log10(100 * step if say is percent else step) - 1e-9))
    inside = [round(value, 9) for value in values if low - 1e-9 * step <= value <= high + 1e-9 * step]
    return [(value, say(value, digits)) for value in inside]


def _downwards(top: float, heights: Sequence[float]) -> list[float]:
    """The middles of rows of the given heights, one below the other."""
    return [top - sum(heights[:place]) - height / 2 for place, height in enumerate(heights)]


def _apart(wanted: Sequence[float], heights: Sequence[float], low: float, high: float) -> list[float]:
    """Places as near to the wanted ones as they can be without overlap, within low and high, in the same order."""
    order = sorted(range(len(wanted)), key=lambda at: wanted[at])
    below = dict(zip(order, itertools.accumulate([0.0, *(heights[at] for at in order)]), strict=False))
    groups: list[list[int]] = []

    def base(group: list[int]) -> float:
        return sum(wanted[at] - below[at] - heights[at] / 2 for at in group) / len(group)

    for at in order:
        groups.append([at])
        while len(groups) > 1 and base(groups[-2]) >= base(groups[-1]):
            groups[-2:] = [groups[-2] + groups[-1]]
    room = max(low, high - sum(heights))
    places = {at: min(max(base(group), low), room) + below[at] + heights[at] / 2 for group in groups for at in group}
    return [places[at] for at in range(len(wanted))]


# --- likert


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


def _legend(words: list[str], colours: list[tuple]) -> tuple[list[tuple[float, float, str, tuple]], float]:
    """Entries in order, in as few lines as can be, about equally long: x, y from the top, words, colour; and their height."""
    fitted = [_fit(entry, INNER - 0.2) for entry in words]
    wides = [0.2 + _wide(entry) + 0.2 for entry in fitted]
    lines = _flow(wides, INNER + 0.2)
    for share in range(95, 45, -5):
        closer = _flow(wides, (INNER + 0.2) * share / 100)
        if len(closer) > len(lines):
            break
        lines = closer
    placed, down = [], 0.0
    for line in lines:
        tall = max(0.16, *(_tall(fitted[at]) for at in line))
        starts = itertools.accumulate([EDGE, *(wides[at] for at in line)])
        placed += [(x, down + tall / 2, fitted[at], colours[at]) for x, at in zip(starts, line, strict=False)]
        down += tall + 0.06
    return placed, down


def _flow(wides: list[float], width: float) -> list[list[int]]:
    lines: list[list[int]] = []
    for at, wide in enumerate(wides):
        if lines and sum(wides[other] for other in lines[-1]) + wide <= width:
            lines[-1].append(at)
        else:
            lines.append([at])
    return lines


# --- trend


@dataclass(frozen=True)
class _Line:
    """One line of a trend: its name, its rows by wave, and how it looks."""

    name: str
    part: pd.DataFrame
    colour: str
    glyph: str

    @property
    def seen(self) -> pd.DataFrame:
        return self.part[_visible(self.part)]

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
    if all(max(map(_wide, label.split()), default=0) <= last - first - 0.06 for label, first, last in bands):
        names = [_fit(label, last - first - 0.06) for label, first, last in bands]
        placed = [((first + last) / 2, 0.05, name) for name, (_, first, last) in zip(names, bands, strict=True)]
        return placed, max(map(_tall, names)) + 0.1
    placed, up = [], 0.05
    for label, first, last in bands:
        name = _fit(label, right - left)
        half = _wide(name) / 2
        placed.append((min(max((first + last) / 2, left + half), right - half), up, name))
        up += _tall(name) + 0.05
    return placed, up


def _hidden_waves(
    lines: list[_Line], waves: list[int], width: float
) -> tuple[list[tuple[int, float, str, str]], float]:
    """The marks of hidden waves, below their years: once where all lines are hidden there, else with each line's mark."""
    placed, depth = [], 0.0
    for wave in waves:
        here = [(line, line.part[line.part["wave"] == wave]) for line in lines]
        here = [(line, part) for line, part in here if len(part)]
        hidden = [(line, _blank(part)) for line, part in here if not _visible(part).all()]
        same = len(hidden) == len(here) and len({words for _, words in hidden}) == 1
        entries = (
            [(hidden[0][1], QUIET)] if same else [(f"{line.glyph} {words}", line.colour) for line, words in hidden]
        )
        down = 0.0
        for words, colour in entries:
            fitted = _fit(words, width)
            placed.append((wave, down, fitted, colour))
            down += _tall(fitted) + 0.04
        depth = max(depth, down)
    return placed, depth


# --- dots


def _interval(axes: Axes, row: pd.Series, y: float, marker: str, colour: str, fill: str) -> None:
    if pd.notna(row["low"]) and pd.notna(row["high"]):
        axes.plot(
            [row["low"], row["high"]], [y, y], color=colour, linewidth=2, alpha=0.55, solid_capstyle="butt", zorder=2
        )
    axes.plot(
        row["estimate"], y, marker, color=fill, markeredgecolor=colour, markeredgewidth=1.3, markersize=6.5, zorder=3
    )
