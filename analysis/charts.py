"""One shown estimate -> one mark. Charts that a newspaper would print; nothing is computed or rounded into the data here."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import matplotlib.patches
import matplotlib.ticker
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from analysis.comparisons import FELL, ROSE, SAME, UNKNOWN
from analysis.sentences import HIDDEN, PRETEND, VERDICTS, number, percent, signed
from survey.errors import DesignError, Text

WIDTH = 6.3  # inches: 16 cm, the text width of an A4 page
INK, QUIET, FAINT = "#1a1a1a", "#5b6168", "#d5d9de"
# Okabe and Ito's colours, told apart by the colour-blind; lines differ in marker too
LINES = ("#0072B2", "#D55E00", "#009E73", "#7b4f9d")
MARKERS = ("o", "s", "^", "D")
ALERT = "#B00020"
STYLE: dict = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": QUIET,
    "text.color": INK,
    "xtick.color": QUIET,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.hashsalt": "khaosatso",
}
VERDICT_MARKS = {ROSE: ("^", LINES[0]), FELL: ("v", LINES[1]), SAME: ("o", QUIET), UNKNOWN: ("o", "#ffffff")}


class Chart(Figure):
    """A figure that shows itself in a notebook and in Voilà, without pyplot's global state."""

    def _repr_png_(self) -> bytes:
        return png(self, dpi=110)


def likert(
    shown: pd.DataFrame,
    labels: Mapping[str, object],
    values: Mapping[Any, object],
    *,
    title: str = "",
    note: str = "",
    pretend: bool = False,
) -> Figure:
    """Diverging bars of the shares of ordered answers: a row per item (or per wave or group of one item).

    values: code -> words, from low to high; of an odd number the middle one is centred. The totals of the lower and the
    higher half stand at the left and the right, the base n after them. Like R's `ggstats::gglikert`.
    """
    _require_suppressed(shown)
    rows = _rows(shown, labels)
    codes = list(values)
    half, odd = len(codes) // 2, len(codes) % 2
    colours = _diverging(len(codes))
    wrapped = {key: _wrap(words, 34) for key, words in rows.items()}
    lines = sum(max(1.25, text.count("\n") + 0.8) for text in wrapped.values())
    figure, axes = _sheet(0.24 * lines + 0.5 + 0.2 * -(-len(codes) // 2))
    found = {key: _shares(_of(shown, key), codes) for key in rows}
    reach = [max([0.2, *(side(shares, half, odd) for shares in found.values() if shares)]) for side in (_left, _right)]
    for place, key in enumerate(reversed(rows)):
        if found[key]:
            base = number(_of(shown, key)["n"].iloc[0], 0)
            _likert_row(axes, place, found[key], colours, reach, base)
        else:
            axes.text(0, place, str(HIDDEN), ha="center", va="center", color=QUIET, style="italic", size=8)
    axes.axvline(0, color=QUIET, linewidth=0.6, zorder=0)
    width, top = sum(reach), len(rows) - 0.35
    axes.text(reach[1] + 0.26 * width, top, "n", ha="right", va="bottom", size=8, color=QUIET, style="italic")
    axes.set(xlim=(-reach[0] - 0.16 * width, reach[1] + 0.28 * width), ylim=(-0.6, len(rows) - 0.1), xticks=[])
    axes.set_yticks(range(len(rows)), [wrapped[key] for key in reversed(rows)])
    axes.tick_params(axis="y", length=0, labelsize=8.5)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    _answer_legend(axes, [str(words) for words in values.values()], colours)
    return _finished(figure, title, note, pretend)


def _likert_row(
    axes: Axes, place: int, shares: list[float], colours: list[tuple], reach: list[float], base: str
) -> None:
    """One row: its segments with their shares, the totals of both sides, and the base."""
    half, odd, width = len(shares) // 2, len(shares) % 2, sum(reach)
    left = -_left(shares, half, odd)
    for share, colour in zip(shares, colours, strict=True):
        axes.barh(place, share, left=left, height=0.68, color=colour, edgecolor="white", linewidth=0.6)
        if share >= 0.085 * width:
            words = percent(share, 0)
            axes.text(left + share / 2, place, words, ha="center", va="center", size=7.5, color=_on(colour))
        left += share
    bold: dict[str, Any] = {"va": "center", "size": 8.5, "weight": "bold"}
    low, high = percent(sum(shares[:half]), 0), percent(sum(shares[half + odd :]), 0)
    axes.text(-reach[0] - 0.02 * width, place, low, ha="right", color=_deep(colours[0]), **bold)
    axes.text(reach[1] + 0.02 * width, place, high, ha="left", color=_deep(colours[-1]), **bold)
    axes.text(reach[1] + 0.26 * width, place, base, ha="right", va="center", size=8, color=QUIET)


def trend(
    shown: pd.DataFrame,
    labels: Mapping[str, object],
    *,
    phases: Sequence[tuple[str, int, int]] = (),
    title: str = "",
    note: str = "",
    pretend: bool = False,
) -> Figure:
    """Means (or shares) of up to four items over the waves with 95 % intervals, and the phases as bands behind them.

    phases: label, first and last wave; a wave may be in two. A hidden wave is a gap that says so.
    """
    _require_suppressed(shown)
    items = list(dict.fromkeys(shown["item"]))[:4]
    figure, axes = _sheet(3.1)
    waves = sorted(int(wave) for wave in shown["wave"].dropna().unique())
    _phase_bands(axes, phases)
    starts: list[list] = []
    ends: list[list] = []
    for item, colour, marker in zip(items, LINES, MARKERS, strict=False):
        part = shown[shown["item"] == item].sort_values("wave")
        for row in part[~part["shown"].astype(bool)].itertuples():
            axes.text(row.wave, 0.02, str(HIDDEN), rotation=90, ha="center", va="bottom", size=7, color=QUIET,
                      style="italic", transform=axes.get_xaxis_transform())  # fmt: skip
        y = part["estimate"].to_numpy(float)  # missing where hidden: the line has a gap there
        spread: Any = [y - part["low"].fillna(part["estimate"]), part["high"].fillna(part["estimate"]) - y]
        axes.errorbar(part["wave"].astype(int), y, yerr=spread, color=colour, marker=marker, markersize=5, linewidth=1.8,
                      elinewidth=1, capsize=2.5)  # fmt: skip
        seen = y[~pd.isna(y)]
        if len(seen):
            ends.append([seen[-1], f"{number(seen[-1])}  {_wrap(labels[item], 24)}", colour])
            starts.append([seen[0], number(seen[0]), colour])
    if not ends:
        middle: dict[str, Any] = {"ha": "center", "va": "center", "transform": axes.transAxes}
        axes.text(0.5, 0.5, str(HIDDEN), color=QUIET, style="italic", **middle)
    if waves:
        span = max(1, waves[-1] - waves[0])
        axes.set_xlim(waves[0] - 0.15 * span, waves[-1] + 0.05 * span)
        axes.set_xticks(waves, [str(wave) for wave in waves])
    axes.margins(y=0.18)
    _spread_out(axes, ends, "left", 1.01)
    _spread_out(axes, starts, "right", 0.085)
    axes.yaxis.set_major_locator(mpl.ticker.MaxNLocator(6, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(lambda value, _: number(value, 1))
    axes.grid(axis="y", color=FAINT, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, labelsize=8.5)
    return _finished(figure, title, note, pretend)


def _phase_bands(axes: Axes, phases: Sequence[tuple[str, int, int]]) -> None:
    """Each phase as a band from its first to its last wave, with its name above."""
    for place, (label, first, last) in enumerate(phases):
        axes.axvspan(first, last, color="#eef1f5" if place % 2 == 0 else "#fbf3e8", zorder=0, linewidth=0)
        above: dict[str, Any] = {"ha": "center", "va": "bottom", "transform": axes.get_xaxis_transform()}
        axes.text((first + last) / 2, 1.02, _wrap(label, 24), size=8, color=QUIET, **above)


def units(
    shown: pd.DataFrame,
    labels: Mapping[Any, object],
    *,
    whole: pd.DataFrame | None = None,
    title: str = "",
    note: str = "",
    pretend: bool = False,
) -> Figure:
    """Means of the groups (units or roles) with 95 % intervals, from high to low, beside the whole school's.

    Hidden groups stand below, marked as hidden. It compares, it does not rank: no places are numbered.
    """
    _require_suppressed(shown)
    seen = shown[shown["shown"] & shown["estimate"].notna()].sort_values("estimate", ascending=False)
    hidden = shown[~shown.index.isin(seen.index)]
    names = [*seen["level"], *hidden["level"]]
    figure, axes = _sheet(0.3 * len(names) + 0.75)
    if whole is not None and len(whole) and bool(whole["shown"].iloc[0]):
        value = float(whole["estimate"].iloc[0])
        axes.axvline(value, color=LINES[1], linewidth=1.2, linestyle=(0, (4, 2)))
        words = f"{Text('Toàn trường', 'Whole school')}: {number(value)}"
        axes.text(
            value, 1.01, words, ha="center", va="bottom", size=8, color=LINES[1], transform=axes.get_xaxis_transform()
        )
    for place, row in enumerate(seen.itertuples()):
        height = len(names) - 1 - place
        axes.plot(
            [row.low, row.high], [height, height], color=LINES[0], linewidth=2, alpha=0.45, solid_capstyle="round"
        )
        axes.plot(row.estimate, height, "o", color=LINES[0], markersize=6)
        axes.annotate(
            f"{number(row.estimate)}  (n = {row.n})",
            (1.01, height),
            xycoords=("axes fraction", "data"),
            va="center",
            size=8,
            color=QUIET,
        )
    for place, _ in enumerate(hidden.itertuples()):
        axes.text(0.02, len(hidden) - 1 - place, str(HIDDEN), ha="left", va="center", size=8, color=QUIET, style="italic",
                  transform=axes.get_yaxis_transform())  # fmt: skip
    axes.set_yticks(range(len(names)), [_wrap(labels.get(name, name), 34) for name in reversed(names)])
    axes.set_ylim(-0.6, len(names) - 0.1)
    axes.margins(x=0.08)
    axes.xaxis.set_major_locator(mpl.ticker.MaxNLocator(6, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(lambda value, _: number(value, 1))
    axes.grid(axis="x", color=FAINT, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, labelsize=8.5)
    axes.spines["left"].set_visible(False)
    return _finished(figure, title, note, pretend)


def changes(
    shown: pd.DataFrame,
    labels: Mapping[str, object],
    *,
    small: float = 0.0,
    title: str = "",
    note: str = "",
    pretend: bool = False,
) -> Figure:
    """Judged changes with 95 % intervals around 0; within the band a change means nothing in practice.

    The verdict is in the mark's form as well as in its colour, and in words at the right.
    """
    _require_suppressed(shown)
    rows = list(shown.itertuples())
    figure, axes = _sheet(0.34 * len(rows) + 0.6)
    if small:
        axes.axvspan(-small, small, color="#eceff2", zorder=0, linewidth=0)
    axes.axvline(0, color=QUIET, linewidth=0.8)
    for place, row in enumerate(reversed(rows)):
        if not row.shown or pd.isna(row.estimate):
            axes.text(
                0.5,
                place,
                str(HIDDEN),
                ha="center",
                va="center",
                size=8,
                color=QUIET,
                style="italic",
                transform=axes.get_yaxis_transform(),
            )
            continue
        marker, colour = VERDICT_MARKS[row.verdict]
        edge = QUIET if colour == "#ffffff" else colour
        axes.plot([row.low, row.high], [place, place], color=edge, linewidth=2, alpha=0.5, solid_capstyle="round")
        axes.plot(row.estimate, place, marker, color=colour, markeredgecolor=edge, markersize=7)
        words = f"{signed(row.estimate)}  {VERDICTS[row.verdict]}"
        axes.annotate(
            _wrap(words, 30), (1.01, place), xycoords=("axes fraction", "data"), va="center", size=8, color=QUIET
        )
    axes.set_yticks(range(len(rows)), [_wrap(labels.get(row.item, row.item), 30) for row in reversed(rows)])
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.margins(x=0.08)
    axes.xaxis.set_major_formatter(lambda value, _: signed(value, 1))
    axes.tick_params(length=0, labelsize=8.5)
    axes.spines["left"].set_visible(False)
    return _finished(figure, title, note, pretend)


def png(figure: Figure, dpi: int = 200) -> bytes:
    """The picture's bytes, the same for the same figure."""
    packed = io.BytesIO()
    figure.savefig(packed, format="png", dpi=dpi, bbox_inches="tight", pad_inches=0.08, metadata={"Software": None})
    return packed.getvalue()


def _require_suppressed(shown: pd.DataFrame) -> None:
    if shown["shown"].isna().any():
        raise DesignError(
            "charts",
            rule=Text(
                "Chỉ vẽ số liệu đã qua suppress(...).", "Only estimates that went through suppress(...) are drawn."
            ),
            found=Text("cột shown còn trống", "the column shown is empty"),
            cure=Text("Gọi suppress(estimates) trước khi vẽ.", "Call suppress(estimates) before drawing."),
        )


def _sheet(height: float) -> tuple[Figure, Axes]:
    with mpl.rc_context(STYLE), sns.axes_style("white", STYLE):
        figure = Chart(figsize=(WIDTH, max(1.2, height)), layout="constrained")
        FigureCanvasAgg(figure)
        return figure, figure.add_subplot()


def _finished(figure: Figure, title: str, note: str, pretend: bool) -> Figure:
    if title:
        figure.suptitle(_wrap(title, 70), x=0.01, ha="left", size=11, weight="bold")
    if note or pretend:
        figure.supxlabel(_wrap(note, 84) or " ", x=0.01, ha="left", size=8, color=QUIET)
    if pretend:
        figure.text(0.995, 0.008, str(PRETEND), ha="right", va="bottom", size=8, weight="bold", color=ALERT)
    return figure


def _rows(shown: pd.DataFrame, labels: Mapping[str, object]) -> dict[tuple, object]:
    """The rows of a chart: by item; where an item has several waves or groups, by those."""
    keys = shown[["item", "wave", "level"]].drop_duplicates()
    items, waves, levels = (keys[name].nunique(dropna=False) > 1 for name in keys)
    rows: dict[tuple, object] = {}
    for item, wave, level in keys.itertuples(index=False):
        parts = [str(labels[item])] if items or not (waves or levels) else []
        parts += [str(wave)] if waves else []
        parts += [str(labels.get(level, level))] if levels else []
        rows[item, wave, level] = " · ".join(parts)
    return rows


def _of(shown: pd.DataFrame, key: tuple) -> pd.DataFrame:
    item, wave, level = key
    same_wave = shown["wave"].isna() if pd.isna(wave) else shown["wave"] == wave
    return shown[(shown["item"] == item) & same_wave & (shown["level"] == level)]


def _diverging(count: int) -> list[tuple]:
    """From orange through grey to blue: told apart by the colour-blind, and dark enough at both ends when printed grey."""
    steps = {2: (0, 6), 3: (0, 3, 6), 4: (0, 1, 5, 6), 5: (0, 1, 3, 5, 6), 6: (0, 1, 2, 4, 5, 6)}
    scale = [to_rgb(c) for c in ("#b35806", "#f1a340", "#fbd9a8", "#d9dce0", "#b9d3ea", "#6fa8d6", "#1f5f9e")]
    if count in steps:
        return [scale[step] for step in steps[count]]
    return list(sns.blend_palette([scale[0], scale[3], scale[6]], count))


def _on(colour: tuple) -> str:
    red, green, blue = colour
    return "white" if 0.299 * red + 0.587 * green + 0.114 * blue < 0.5 else INK


def _deep(colour: tuple) -> tuple:
    return tuple(0.85 * part for part in colour)


def _shares(part: pd.DataFrame, codes: list) -> list[float]:
    """The shares of a row in the codes' order; nothing where any of them is hidden or there is no base."""
    if part.empty or not part["shown"].all() or part["estimate"].isna().any():
        return []
    return [float(part.loc[part["value"] == code, "estimate"].sum()) for code in codes]


def _left(shares: list[float], half: int, odd: int) -> float:
    return sum(shares[:half]) + (shares[half] / 2 if odd else 0.0)


def _right(shares: list[float], half: int, odd: int) -> float:
    return sum(shares) - _left(shares, half, odd)


def _answer_legend(axes: Axes, words: list[str], colours: list[tuple]) -> None:
    handles = [mpl.patches.Patch(facecolor=colour) for colour in colours]
    columns = len(words) if sum(map(len, words)) < 62 else 3 if sum(map(len, words)) < 125 else 2
    axes.legend(
        handles, words, loc="lower center", bbox_to_anchor=(0.3, 1.0), ncols=columns, frameon=False, fontsize=8,
        handlelength=1, handleheight=1, columnspacing=1.2,
    )  # fmt: skip


def _spread_out(axes: Axes, words: list[list], side: str, at: float) -> None:
    """Words at the lines' ends (height, words, colour), moved apart where they would overlap."""
    if not words:
        return
    low, high = axes.get_ylim()
    step = (high - low) / 16
    words.sort(key=lambda word: word[0])
    bottom = low
    for word in words:
        tall = (word[1].count("\n") + 1) * step
        word[0] = max(word[0], bottom + tall / 2)
        bottom = word[0] + tall / 2
    over = max(0.0, bottom - high)
    for height, text, colour in words:
        axes.annotate(
            text, (at, height - over), xycoords=("axes fraction", "data"), ha=side, va="center", size=8, color=colour
        )


def _wrap(words: object, width: int) -> str:
    """Lines of at most `width` letters, as few as they go into and of much the same length: no lone last word."""
    text = str(words)
    fewest = len(textwrap.wrap(text, width))
    even = next(
        (w for w in range(len(text) // max(1, fewest), width) if len(textwrap.wrap(text, max(1, w))) == fewest), width
    )
    return "\n".join(textwrap.wrap(text, max(1, even)))
