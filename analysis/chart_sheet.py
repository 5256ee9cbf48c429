"""The paper that charts are drawn on: 16 cm wide and as high as its words and marks need.

Every text is measured before it is placed, so that nothing is cut off and nothing overlaps. Neither pyplot nor a global
setting is touched, so charts can be made in threads.
"""

from __future__ import annotations

import base64
import html
import io
import itertools
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.text import Text as Words
from matplotlib.ticker import MaxNLocator

from analysis.colours import FAINT, INK, QUIET
from analysis.sentences import PRETEND, percent
from survey.errors import Text

# Lengths are in inches; places are counted from the lower left corner of the sheet.
WIDTH, EDGE, GAP = 16 / 2.54, 0.08, 0.08
INNER = WIDTH - 2 * EDGE
BAR, BETWEEN = 0.2, 0.12  # the height of a bar, and the space between two rows
SIZE, TITLE = 10.0, 13.0  # points in print; on a phone, 390 pixels wide, 10 points become 8.6 pixels
ALERT = "#B00020"
NOTHING = Text("chưa có số liệu", "no figures yet")

Said = str | Text


class Chart(Figure):
    """A figure that shows itself in a notebook and on a page, without pyplot's global state.

    alt: what it shows in words, for those who cannot see it.
    """

    alt: str = ""

    def _repr_html_(self) -> str:
        return picture(self)


def label_pretend(figure: Chart) -> Chart:
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
        color="white", fontproperties=font(bold=True), bbox=tag, gid="pretend", parse_math=False,
    )  # fmt: skip
    return figure


def picture(figure: Figure) -> str:
    """The chart as an HTML image that needs nothing beside it: sharp at every size, with its words for a screen reader."""
    source = base64.b64encode(svg(figure)).decode()
    look = "display:block;width:100%;max-width:60rem;height:auto"
    return (
        f'<img alt="{html.escape(getattr(figure, "alt", ""))}" style="{look}" src="data:image/svg+xml;base64,{source}">'
    )


def svg(figure: Figure) -> bytes:
    """The drawing's bytes, the same for the same figure; its letters are outlines, so that it looks alike everywhere."""
    packed = io.BytesIO()
    figure.savefig(packed, format="svg", facecolor="white", metadata={"Date": None, "Creator": None})
    return _numbered_clips(packed.getvalue())


def _numbered_clips(drawn: bytes) -> bytes:
    """Matplotlib names what cuts a mark, and its markers, at random."""
    names = dict.fromkeys(re.findall(rb'id="([mp][0-9a-f]{10})"', drawn))
    for place, name in enumerate(names):
        drawn = drawn.replace(name, b"k%d" % place)
    return drawn


def png(figure: Figure, dpi: int = 200) -> bytes:
    """The picture's bytes, the same for the same figure: no date and no program's name are in them."""
    packed = io.BytesIO()
    figure.savefig(packed, format="png", dpi=dpi, facecolor="white", metadata={"Software": None})
    return packed.getvalue()


def font(size: float = SIZE, bold: bool = False, blank: bool = False) -> FontProperties:
    return FontProperties(
        family=["DejaVu Sans"], size=size, weight="bold" if bold else "normal", style="italic" if blank else "normal"
    )


_RULER = Figure(dpi=200)
_PEN = FigureCanvasAgg(_RULER).get_renderer()


@lru_cache(maxsize=4096)
def size_of(words: str, size: float = SIZE, bold: bool = False, blank: bool = False) -> tuple[float, float]:
    """How wide and how tall words are on paper; a little more than they are, for other resolutions round otherwise."""
    if not words:
        return 0.0, 0.0
    text = Words(0, 0, words, fontproperties=font(size, bold, blank), parse_math=False)
    text.set_figure(_RULER)
    box = text.get_window_extent(_PEN)
    return 1.02 * box.width / 200, box.height / 200


def width_of(words: str, bold: bool = False) -> float:
    return size_of(words, bold=bold)[0]


def height_of(words: str, bold: bool = False) -> float:
    return size_of(words, bold=bold)[1]


def fitted(words: object, width: float, size: float = SIZE, bold: bool = False) -> str:
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
        if lines and size_of(f"{lines[-1]} {piece}", size, bold)[0] <= width:
            lines[-1] += f" {piece}"
        else:
            lines.append(piece)
    return lines


def _pieces(word: str, width: float, size: float, bold: bool) -> Iterator[str]:
    """A word, or where it is wider than a line (an address), its parts."""
    while size_of(word, size, bold)[0] > width and len(word) > 1:
        cut = next(at for at in range(len(word) - 1, 0, -1) if at == 1 or size_of(word[:at], size, bold)[0] <= width)
        yield word[:cut]
        word = word[cut:]
    yield word


class Sheet:
    """A figure with its title and small print; between `bottom` and `top` is the room for the body."""

    def __init__(self, title: Said, notes: Iterable[Said], body: float):
        self.title = str(title)
        head = fitted(title, INNER, TITLE, bold=True)
        foot = "\n".join(fitted(note, INNER) for note in notes if str(note))
        self.bottom = EDGE + (height_of(foot) + 1.5 * GAP if foot else 0)
        self.top = self.bottom + body
        over = size_of(head, TITLE, bold=True)[1] + 1.5 * GAP if head else 0
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
                color=colour or (QUIET if blank else INK), fontproperties=font(size, bold, blank),
            )  # fmt: skip

    def write_within(self, x: float, y: float, words: str, colour: str, va: str = "bottom") -> None:
        """Words centred at x, or as near to it as the sheet's edges let them be."""
        half = width_of(words) / 2
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

    def scale(self, axes: Axes, x: Scale, bottom: float, ticks: list[tuple[float, str]]) -> None:
        """Upright lines at the ticks, with their numbers below."""
        for value, words in ticks:
            axes.axvline(value, color=FAINT, linewidth=0.6, zorder=0.5)
            self.write_within(x(value), bottom - 0.05, words, QUIET, va="top")

    def side_scale(self, axes: Axes, y: Scale, left: float, ticks: list[tuple[float, str]]) -> None:
        """Level lines at the ticks, with their numbers at the left."""
        for value, words in ticks:
            axes.axhline(value, color=FAINT, linewidth=0.6, zorder=0.5)
            self.write(left - GAP, y(value), words, ha="right", colour=QUIET)

    def finished(self, pretend: bool, kind: Said, told: Iterable[str]) -> Chart:
        """The chart, told in words: what kind it is, its title, and what each of its marks says."""
        heads = [str(words) for words in (PRETEND if pretend else "", kind, self.title) if str(words)]
        self.figure.alt = " ".join([". ".join(heads) + ":", "; ".join(told)]).replace("\n", " ") + "."
        return label_pretend(self.figure) if pretend else self.figure


def empty(title: Said, note: Said, pretend: bool) -> Chart:
    sheet = Sheet(title, [note], 0.6)
    sheet.write(WIDTH / 2, sheet.bottom + 0.3, str(NOTHING), ha="center", blank=True)
    return sheet.finished(pretend, Text("Biểu đồ", "Chart"), [str(NOTHING)])


@dataclass(frozen=True)
class Scale:
    """From values to places on paper: `low` is at the place `start`, and an inch is `inch` of the value."""

    low: float
    inch: float
    start: float

    def __call__(self, value: float) -> float:
        return self.start + (float(value) - self.low) / self.inch


def limits(parts: list[pd.DataFrame], share: bool = False) -> tuple[float, float]:
    """The ends of a scale on which all estimates and their intervals have room; of shares, within 0 and 1."""
    ends = [float(value) for part in parts for name in ("low", "estimate", "high") for value in part[name].dropna()]
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    spare = 0.08 * (high - low) or (0.1 if share else 0.5)
    return (max(0.0, low - spare), min(1.0, high + spare)) if share else (low - spare, high + spare)


def ticks_of(low: float, high: float, most: int, say: Callable[[float, int], str]) -> list[tuple[float, str]]:
    """Round values between low and high, with their words in as many digits as their step asks for."""
    values = [float(value) for value in MaxNLocator(most, steps=[1, 2, 5, 10]).tick_values(low, high)]
    step = values[1] - values[0]
    digits = max(0, math.ceil(-math.log10(100 * step if say is percent else step) - 1e-9))
    inside = [round(value, 9) for value in values if low - 1e-9 * step <= value <= high + 1e-9 * step]
    return [(value, say(value, digits)) for value in inside]


def downwards(top: float, heights: Sequence[float]) -> list[float]:
    """The middles of rows of the given heights, one below the other."""
    return [top - sum(heights[:place]) - height / 2 for place, height in enumerate(heights)]


def spread_apart(wanted: Sequence[float], heights: Sequence[float], low: float, high: float) -> list[float]:
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


def legend_of(words: list[str], colours: list[tuple]) -> tuple[list[tuple[float, float, str, tuple]], float]:
    """Entries in order, in as few lines as can be, about equally long: x, y from the top, words, colour; and their height."""
    texts = [fitted(entry, INNER - 0.2) for entry in words]
    wides = [0.2 + width_of(entry) + 0.2 for entry in texts]
    lines = flow(wides, INNER + 0.2)
    for share in range(95, 45, -5):
        closer = flow(wides, (INNER + 0.2) * share / 100)
        if len(closer) > len(lines):
            break
        lines = closer
    placed, down = [], 0.0
    for line in lines:
        tall = max(0.16, *(height_of(texts[at]) for at in line))
        starts = itertools.accumulate([EDGE, *(wides[at] for at in line)])
        placed += [(x, down + tall / 2, texts[at], colours[at]) for x, at in zip(starts, line, strict=False)]
        down += tall + 0.06
    return placed, down


def flow(wides: list[float], width: float) -> list[list[int]]:
    lines: list[list[int]] = []
    for at, wide in enumerate(wides):
        if lines and sum(wides[other] for other in lines[-1]) + wide <= width:
            lines[-1].append(at)
        else:
            lines.append([at])
    return lines
