"""The chart of the fieldwork: how many have answered, day by day."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import cycle

import pandas as pd

from analysis.chart_sheet import (
    EDGE,
    GAP,
    WIDTH,
    Chart,
    Said,
    Scale,
    Sheet,
    empty,
    height_of,
    spread_apart,
    ticks_of,
    width_of,
)
from analysis.charts_of_levels import MARKERS
from analysis.colours import LINES, QUIET
from analysis.sentences import number, percent
from survey.errors import Text


def response(days: Mapping[object, pd.DataFrame], *, title: Said = "", note: Said = "", pretend: bool = False) -> Chart:
    """The share of the roster that has answered by each day of the fieldwork, a line per wave, counted from its first day.

    days: wave -> `tracker.daily` (day, cumulative, rate). A wave without a roster has no line. Counts of everybody, no group.
    """
    lines = {str(wave): part[part["rate"].notna()] for wave, part in days.items()}
    lines = {wave: part for wave, part in lines.items() if len(part)}
    if not lines:
        return empty(title, note, pretend)
    longest = max(len(part) for part in lines.values())
    high = max(1.0, *(float(part["rate"].max()) for part in lines.values()))
    ticks = ticks_of(0.0, high, 6, percent)
    ends = [f"{percent(part['rate'].iloc[-1], 0)}  {wave}" for wave, part in lines.items()]
    left = EDGE + max(width_of(words) for _, words in ticks) + GAP
    width = WIDTH - EDGE - max(map(width_of, ends)) - 3 * GAP - left
    tall, foot = 2.4, 2 * height_of("2025") + 0.16
    sheet = Sheet(title, [note], tall + foot)
    bottom = sheet.bottom + foot
    x, y = Scale(0, longest / width, left), Scale(0.0, high / tall, bottom)
    axes = sheet.axes((left, bottom, width, tall), (0, longest), (0.0, high))
    sheet.side_scale(axes, y, left, ticks)
    for value, _ in ticks_of(0, longest, 8, number):
        if value > 0 and value == int(value):
            sheet.write_within(x(value), bottom - 0.05, number(value, 0), QUIET, va="top")
    sheet.write(
        left + width / 2,
        bottom - 0.09 - height_of("2025"),
        str(Text("ngày kể từ khi mở phiếu", "days since the form was opened")),
        ha="center",
        va="top",
        colour=QUIET,
    )
    # The last wave is what people look for; those before the one before it are grey.
    colours = [*[QUIET] * (len(lines) - 2), LINES[1], LINES[0]][-len(lines) :]
    looks = list(zip(colours, cycle(MARKERS.values()), strict=False))
    for (colour, marker), part in zip(looks, lines.values(), strict=True):
        at = [0, *range(1, len(part) + 1)]
        axes.plot(
            at,
            [0.0, *part["rate"].astype(float)],
            color=colour,
            linewidth=1.2 if colour == QUIET else 2,
            zorder=3,
            clip_on=False,
        )
        axes.plot(
            at[-1:],
            part["rate"].astype(float).tail(1),
            color=colour,
            marker=marker,
            markersize=6.5,
            markeredgecolor="white",
            zorder=4,
            clip_on=False,
        )
    wanted = [y(float(part["rate"].iloc[-1])) for part in lines.values()]
    ups = spread_apart(wanted, [height_of(words) + 0.04 for words in ends], bottom, bottom + tall)
    for (colour, _), words, up, value, part in zip(looks, ends, ups, wanted, lines.values(), strict=True):
        sheet.write(left + width + 3 * GAP, up, words, colour=colour)
        sheet.leader(x(len(part)) + 0.06, value, left + width + 2.6 * GAP, up, colour)
    told = [
        f"{wave}: {number(part['cumulative'].iloc[-1], 0)} ({percent(part['rate'].iloc[-1])}), {len(part)} {Text('ngày', 'days')}"
        for wave, part in lines.items()
    ]
    return sheet.finished(pretend, Text("Đường trả lời theo ngày", "Response curve by day"), told)
