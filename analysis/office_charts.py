"""A chart as Office draws it, with its data inside: the XML and the workbook that Word and PowerPoint edit."""

from __future__ import annotations

import datetime as dt
import io
import itertools
import math
from collections.abc import Sequence
from typing import Any

import xlsxwriter
from lxml import etree
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import (
    XL_CHART_TYPE,
    XL_LABEL_POSITION,
    XL_LEGEND_POSITION,
    XL_MARKER_STYLE,
    XL_TICK_LABEL_POSITION,
    XL_TICK_MARK,
)
from pptx.util import Emu, Mm, Pt

from analysis.blocks import Chart, Series
from analysis.colours import FAINT, INK, LINES, QUIET, diverging, on
from survey.errors import spoken

KINDS = {
    "line": XL_CHART_TYPE.LINE_MARKERS,
    "stacked": XL_CHART_TYPE.BAR_STACKED_100,
    "bar": XL_CHART_TYPE.BAR_CLUSTERED,
}
SHAPES = (XL_MARKER_STYLE.CIRCLE, XL_MARKER_STYLE.SQUARE, XL_MARKER_STYLE.TRIANGLE, XL_MARKER_STYLE.DIAMOND)
C = "http://schemas.openxmlformats.org/drawingml/2006/chart"
A = "http://schemas.openxmlformats.org/drawingml/2006/main"
NS = {"c": C, "a": A}
SEGMENT = '[<0.055]"";0%'  # a label wider than its segment is left out
# Shares of a chart's width that its categories' words may take; the least is taken that holds them.
WORDS = (0.28, 0.34, 0.40, 0.46, 0.52)
LETTER, LINE = 0.176, 0.415  # mm for each point of size: an average letter with its space, and a line of words
MOST = 225  # mm: as high as a page holds, with a caption
DRAWN = 0.75  # the share of a line chart's height that its lines have


def add(shapes: Any, chart: Chart, box: tuple[int, int, int, int], font: str, size: float) -> Any:
    """Put a chart on a slide's shapes, at left, top, width, height in EMU; its pptx frame."""
    data = CategoryChartData(number_format=_format("0%" if chart.percent else "0.00"))
    data.categories = list(chart.categories)
    for series in chart.series:
        data.add_series(series.name, series.values)
    frame = shapes.add_chart(KINDS[chart.kind], *(Emu(side) for side in box), data)
    made = frame.chart
    made.font.name, made.font.size, made.font.color.rgb = font, Pt(size), _rgb(INK)
    made.has_title = False
    made.has_legend = len(chart.series) > 1
    if made.has_legend:
        made.legend.position, made.legend.include_in_layout = XL_LEGEND_POSITION.BOTTOM, False
    _frameless(made._chartSpace)
    _axes(made, chart)
    if chart.kind == "line":
        _lines(made, chart, size, box[3] / Mm(1))
    else:
        _room_for_words(made, chart, box[2] / Mm(1), box[3] / Mm(1), size)
        _bars(made, chart, size)
    for element in made._chartSpace.iter(f"{{{A}}}endParaRPr"):
        element.set("lang", language())
    for element in made._chartSpace.iter(f"{{{C}}}axId", f"{{{C}}}crossAx"):
        element.set("val", element.get("val").lstrip("-"))  # the schema has no negative ids
    made.part.chart_workbook.update_from_xlsx_blob(workbook(chart))
    return frame


def xml(chart: Chart, font: str, size: float, width: float = 160, height: float = 100) -> bytes:
    """The chart's XML for a document that is not a presentation, for so many mm; its workbook has the relationship rId1."""
    show = Presentation()
    slide = show.slides.add_slide(show.slide_layouts[6])
    made = add(slide.shapes, chart, (0, 0, int(Mm(width)), int(Mm(height))), font, size).chart
    external = made._chartSpace.find(f"{{{C}}}externalData")
    external.set("{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id", "rId1")
    return etree.tostring(made._chartSpace, xml_declaration=True, encoding="UTF-8", standalone=True)


def language() -> str:
    """The language of the words in a chart."""
    return "vi-VN" if spoken() == "vi" else "en-GB"


def _format(digits: str) -> str:
    """A number format with the decimal mark of the language spoken, where the program does not ask the machine."""
    return f"[$-{'42A' if spoken() == 'vi' else '809'}]{digits}"


def _frameless(space: Any) -> None:
    """No frame around the chart; what is left out, programs choose each in its own way, and Word rounds the corners."""
    held = space.find(f"{{{C}}}date1904")
    for name, value in (("roundedCorners", "0"), ("lang", language())):  # the schema's order is the reverse
        element = etree.Element(f"{{{C}}}{name}")
        element.set("val", value)
        held.addnext(element)
    look = f'<c:spPr xmlns:c="{C}" xmlns:a="{A}"><a:noFill/><a:ln><a:noFill/></a:ln></c:spPr>'
    space.find(f"{{{C}}}chart").addnext(etree.fromstring(look))


def _axes(made: Any, chart: Chart) -> None:
    category, value = made.category_axis, made.value_axis
    category.format.line.color.rgb = _rgb(QUIET)
    category.major_tick_mark = XL_TICK_MARK.NONE
    category.has_major_gridlines = False
    category.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    if chart.axis:
        value.minimum_scale, value.maximum_scale = chart.axis
    if chart.kind == "line":
        value.major_gridlines.format.line.color.rgb = _rgb(FAINT)
        value.format.line.fill.background()
        value.major_unit = None if chart.percent else 0.5
        value.tick_labels.number_format = _format("0%" if chart.percent else "0.0")
        value.tick_labels.number_format_is_linked = False
    else:  # the first category at the top; every bar has its number, so the axis has none
        skip = etree.Element(f"{{{C}}}tickLblSkip")
        skip.set("val", "1")  # every category has its words
        category._element.find(f"{{{C}}}noMultiLvlLbl").addprevious(skip)
        category.reverse_order = True
        value.visible = False
        value.has_major_gridlines = False


def height_of(chart: Chart, width: float, size: float) -> float:
    """mm: a line chart as it reads well, bars by how many there are and how long the words beside them."""
    if chart.kind == "line":
        return 82
    each = max(10 if chart.kind == "stacked" else 6.5 * len(chart.series), _row(chart, WORDS[3] * width, size))
    return min(MOST, each * max(2, len(chart.categories)) + _below_bars(chart, width, size))


def fits(chart: Chart, width: float, height: float, size: float) -> bool:
    """Whether all words beside the bars have room, at the most that words may take."""
    room = height - _below_bars(chart, width, size)
    return chart.kind == "line" or _row(chart, WORDS[-1] * width, size) * len(chart.categories) <= room


def _row(chart: Chart, width: float, size: float) -> float:
    """mm that the longest category needs, broken into lines of this width; rows are all equally high."""
    lines = max((math.ceil(len(words) * size * LETTER / width) for words in chart.categories), default=1)
    return max(1, lines) * size * LINE + 1.5


def _below_bars(chart: Chart, width: float, size: float) -> float:
    """mm for the legend, in as many lines as it needs, and the edges."""
    if len(chart.series) < 2:
        return 6
    words = sum(len(series.name) * size * LETTER + 9 for series in chart.series)
    lines = math.ceil(words / (0.85 * width))
    return (lines + (lines > 1)) * size * LINE + 8


def _room_for_words(made: Any, chart: Chart, width: float, height: float, size: float) -> None:
    """As much width for the categories' words as they need, the rest for the bars; left alone, words take over half."""
    room = height - _below_bars(chart, width, size)
    needed = (share for share in WORDS if _row(chart, share * width, size) * len(chart.categories) <= room + 0.5)
    words = next(needed, WORDS[-1])
    after = 0.02 if chart.kind == "stacked" else 9 * size * LETTER / width  # "100,0%" behind the longest bar
    area = made._chartSpace.find(f".//{{{C}}}plotArea")
    for old in area.findall(f"{{{C}}}layout"):
        area.remove(old)
    layout = etree.Element(f"{{{C}}}layout")
    manual = etree.SubElement(layout, f"{{{C}}}manualLayout")
    where = {
        "layoutTarget": "inner",
        "xMode": "edge",
        "yMode": "edge",
        "x": f"{words + 0.02:.4f}",
        "y": "0.01",
        "w": f"{1 - words - 0.02 - after:.4f}",
        "h": f"{room / height:.4f}",
    }
    for name, value in where.items():
        etree.SubElement(manual, f"{{{C}}}{name}").set("val", value)
    area.insert(0, layout)


def _lines(made: Any, chart: Chart, size: float, height: float) -> None:
    _label_last(made, chart, size, height)
    for place, (drawn, series) in enumerate(zip(made.plots[0].series, chart.series, strict=True)):
        colour = _rgb(LINES[place % len(LINES)])
        drawn.smooth = False
        drawn.format.line.color.rgb, drawn.format.line.width = colour, Pt(2)
        drawn.marker.style, drawn.marker.size = SHAPES[place % len(SHAPES)], 8
        drawn.marker.format.fill.solid()
        drawn.marker.format.fill.fore_color.rgb = colour
        drawn.marker.format.line.color.rgb = colour
        if series.low:
            _error_bars(drawn._element, chart, place, series)


def _label_last(made: Any, chart: Chart, size: float, height: float) -> None:
    """The last value of each line beside it, moved up or down where two of them would overlap."""
    last = [next((at for at in reversed(range(len(s.values))) if s.values[at] is not None), None) for s in chart.series]
    span = chart.axis[1] - chart.axis[0] if chart.axis else 0.0
    for at in sorted({at for at in last if at is not None}):
        ending = [place for place, end in enumerate(last) if end == at]
        ends = [chart.series[place].values[at] or 0.0 for place in ending]
        if span == 0 and len(ends) > 1:
            continue  # how far apart they will be is not known
        free = apart(ends, size * LINE / (DRAWN * height) * span)
        for place, value, moved in zip(ending, ends, free, strict=True):
            label = made.plots[0].series[place].points[at].data_label
            label.position = XL_LABEL_POSITION.RIGHT
            label.font.size, label.font.bold = Pt(size), True
            label.font.color.rgb = _rgb(LINES[place % len(LINES)])
            if moved != value:
                _move(label._dLbl, DRAWN * (value - moved) / span)


def apart(values: Sequence[float], room: float) -> list[float]:
    """Where to write values that are at least this far from each other, each as near to its own place as can be."""
    groups: list[list[float]] = []
    for value in sorted(values):
        groups.append([value])
        while (
            len(groups) > 1 and _mean(groups[-1]) - _mean(groups[-2]) < room * (len(groups[-1]) + len(groups[-2])) / 2
        ):
            groups[-2:] = [groups[-2] + groups[-1]]
    free = [
        value if len(group) == 1 else _mean(group) + room * (place - (len(group) - 1) / 2)
        for group in groups
        for place, value in enumerate(group)
    ]
    order = sorted(range(len(values)), key=lambda place: values[place])
    return [free[order.index(place)] for place in range(len(values))]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _move(label: Any, down: float) -> None:
    """Move a label by this share of the chart's height."""
    layout = etree.Element(f"{{{C}}}layout")
    manual = etree.SubElement(layout, f"{{{C}}}manualLayout")
    for name, share in (("x", 0.0), ("y", down)):
        etree.SubElement(manual, f"{{{C}}}{name}").set("val", f"{share:.4f}")
    label.find(f"{{{C}}}idx").addnext(layout)


def _error_bars(drawn: Any, chart: Chart, place: int, series: Series) -> None:
    """The intervals: how far their ends lie from the points, in the workbook's further columns."""
    bars = etree.SubElement(drawn, f"{{{C}}}errBars")
    for name, value in (("errDir", "y"), ("errBarType", "both"), ("errValType", "cust"), ("noEndCap", "0")):
        etree.SubElement(bars, f"{{{C}}}{name}").set("val", value)
    first = 1 + len(chart.series) + 2 * sum(bool(before.low) for before in chart.series[:place])
    for name, column, distances in (("plus", first + 1, _above(series)), ("minus", first, _below(series))):
        letter = xlsxwriter.utility.xl_col_to_name(column)
        held = etree.SubElement(etree.SubElement(bars, f"{{{C}}}{name}"), f"{{{C}}}numRef")
        etree.SubElement(held, f"{{{C}}}f").text = f"Sheet1!${letter}$2:${letter}${1 + len(distances)}"
        cache = etree.SubElement(held, f"{{{C}}}numCache")
        etree.SubElement(cache, f"{{{C}}}formatCode").text = _format("0.00")
        etree.SubElement(cache, f"{{{C}}}ptCount").set("val", str(len(distances)))
        for at, distance in enumerate(distances):
            if distance is not None:
                point = etree.SubElement(cache, f"{{{C}}}pt")
                point.set("idx", str(at))
                etree.SubElement(point, f"{{{C}}}v").text = f"{distance:g}"
    look = etree.fromstring(
        f'<c:spPr xmlns:c="{C}" xmlns:a="{A}"><a:ln w="12700"><a:solidFill><a:srgbClr val="{LINES[place % len(LINES)][1:]}"/>'
        "</a:solidFill></a:ln></c:spPr>"
    )
    bars.append(look)
    before = next(drawn.find(f"{{{C}}}{name}") for name in ("cat", "val") if drawn.find(f"{{{C}}}{name}") is not None)
    before.addprevious(bars)  # the schema's order


def _below(series: Series) -> list[float | None]:
    """How far the intervals reach below their points."""
    pairs = zip(series.values, series.low, strict=True)
    return [None if low is None or value is None else round(value - low, 4) for value, low in pairs]


def _above(series: Series) -> list[float | None]:
    pairs = zip(series.values, series.high, strict=True)
    return [None if high is None or value is None else round(high - value, 4) for value, high in pairs]


def _bars(made: Any, chart: Chart, size: float) -> None:
    plot = made.plots[0]
    plot.gap_width, plot.overlap = (35, 100) if chart.kind == "stacked" else (60, -5)
    several = [LINES[0], FAINT, *LINES[1:]]
    colours = diverging(len(chart.series)) if chart.kind == "stacked" else itertools.cycle(several)
    for drawn, colour in zip(plot.series, colours, strict=False):
        drawn.format.fill.solid()
        if colour == FAINT:
            drawn.format.line.color.rgb = _rgb(QUIET)  # too pale to stand on white without an edge
        drawn.format.fill.fore_color.rgb = _rgb(colour)
        labels = drawn.data_labels
        labels.show_value, labels.number_format_is_linked = True, False
        labels.font.size = Pt(
            max(10, size - 1) if chart.kind == "stacked" else size
        )  # 6 % is hardly wider than its label
        if chart.kind == "stacked":
            labels.number_format, labels.position = SEGMENT, XL_LABEL_POSITION.CENTER
            labels.font.color.rgb = _rgb(on(colour))
        else:
            labels.number_format = _format("0.0%" if chart.percent else "0.00")  # as the report's sentences say them
            labels.position = XL_LABEL_POSITION.OUTSIDE_END
            labels.font.color.rgb = _rgb(INK)


def _rgb(colour: str) -> RGBColor:
    return RGBColor.from_string(colour[1:].upper())


def workbook(chart: Chart) -> bytes:
    """What "Edit data" opens: categories, a column per series, then the intervals' distances; the same bytes each time."""
    packed = io.BytesIO()
    book = xlsxwriter.Workbook(packed, {"in_memory": True})
    book.set_properties({"created": dt.datetime(2025, 1, 1), "author": "khaosatso"})
    sheet = book.add_worksheet("Sheet1")
    sheet.write_column(1, 0, chart.categories)
    for place, series in enumerate(chart.series, start=1):
        _column(sheet, place, series.name, series.values)
    place = 1 + len(chart.series)
    for series in chart.series:
        if series.low:
            _column(sheet, place, f"{series.name} −", _below(series))
            _column(sheet, place + 1, f"{series.name} +", _above(series))
            place += 2
    book.close()
    return packed.getvalue()


def _column(sheet: Any, place: int, name: str, values: Sequence[float | None]) -> None:
    sheet.write_string(0, place, name)
    for row, value in enumerate(values, start=1):
        if value is not None:
            sheet.write_number(row, place, value)
