"""A chart as Office draws it, with its data inside: the XML and the workbook that Word and PowerPoint edit."""

from __future__ import annotations

import datetime as dt
import io
import itertools
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
from pptx.util import Emu, Pt

from analysis.blocks import Chart, Series
from analysis.colours import FAINT, INK, LINES, QUIET, diverging, on

KINDS = {
    "line": XL_CHART_TYPE.LINE_MARKERS,
    "stacked": XL_CHART_TYPE.BAR_STACKED_100,
    "bar": XL_CHART_TYPE.BAR_CLUSTERED,
}
SHAPES = (XL_MARKER_STYLE.CIRCLE, XL_MARKER_STYLE.SQUARE, XL_MARKER_STYLE.TRIANGLE, XL_MARKER_STYLE.DIAMOND)
C = "http://schemas.openxmlformats.org/drawingml/2006/chart"
A = "http://schemas.openxmlformats.org/drawingml/2006/main"
NS = {"c": C, "a": A}
SHARE, POINTS = "[$-42A]0%", "[$-42A]0.00"  # a comma before decimals, where the program does not ask the machine
SEGMENT = '[<0.055]"";0%'  # a label wider than its segment is left out


def add(shapes: Any, chart: Chart, box: tuple[int, int, int, int], font: str, size: float) -> Any:
    """Put a chart on a slide's shapes, at left, top, width, height in EMU; its pptx frame."""
    data = CategoryChartData(number_format=SHARE if chart.percent else POINTS)
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
    _axes(made, chart)
    (_lines if chart.kind == "line" else _bars)(made, chart, size)
    for element in made._chartSpace.iter(f"{{{A}}}endParaRPr"):
        element.set("lang", "vi-VN")
    for element in made._chartSpace.iter(f"{{{C}}}axId", f"{{{C}}}crossAx"):
        element.set("val", element.get("val").lstrip("-"))  # the schema has no negative ids
    made.part.chart_workbook.update_from_xlsx_blob(workbook(chart))
    return frame


def xml(chart: Chart, font: str, size: float) -> bytes:
    """The chart's XML for a document that is not a presentation; its workbook has the relationship rId1."""
    show = Presentation()
    slide = show.slides.add_slide(show.slide_layouts[6])
    made = add(slide.shapes, chart, (0, 0, 914400, 914400), font, size).chart
    external = made._chartSpace.find(f"{{{C}}}externalData")
    external.set("{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id", "rId1")
    return etree.tostring(made._chartSpace, xml_declaration=True, encoding="UTF-8", standalone=True)


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
        value.tick_labels.number_format = SHARE if chart.percent else "[$-42A]0.0"
        value.tick_labels.number_format_is_linked = False
    else:  # the first category at the top; every bar has its number, so the axis has none
        _room_for_words(made)
        skip = etree.Element(f"{{{C}}}tickLblSkip")
        skip.set("val", "1")  # every category has its words
        category._element.find(f"{{{C}}}noMultiLvlLbl").addprevious(skip)
        category.reverse_order = True
        value.visible = False
        value.has_major_gridlines = False


def _room_for_words(made: Any) -> None:
    """Four tenths of the width for the categories' words, the rest for the bars; left alone, words take more than half."""
    area = made._chartSpace.find(f".//{{{C}}}plotArea")
    for old in area.findall(f"{{{C}}}layout"):
        area.remove(old)
    layout = etree.Element(f"{{{C}}}layout")
    manual = etree.SubElement(layout, f"{{{C}}}manualLayout")
    where = {
        "layoutTarget": "inner",
        "xMode": "edge",
        "yMode": "edge",
        "x": "0.4",
        "y": "0.02",
        "w": "0.54",
        "h": "0.84",
    }
    for name, value in where.items():
        etree.SubElement(manual, f"{{{C}}}{name}").set("val", value)
    area.insert(0, layout)


def _lines(made: Any, chart: Chart, size: float) -> None:
    _label_last(made, chart, size)
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


def _label_last(made: Any, chart: Chart, size: float) -> None:
    """The last value of each line beside it, where no two of them would overlap."""
    last = [next((at for at in reversed(range(len(s.values))) if s.values[at] is not None), None) for s in chart.series]
    ends = sorted(s.values[at] or 0.0 for s, at in zip(chart.series, last, strict=True) if at is not None)
    room = 0.09 * (chart.axis[1] - chart.axis[0]) if chart.axis else 0
    if any(after - before < room for before, after in itertools.pairwise(ends)):
        return
    for drawn, at, colour in zip(made.plots[0].series, last, itertools.cycle(LINES), strict=False):
        if at is not None:
            label = drawn.points[at].data_label
            label.position = XL_LABEL_POSITION.RIGHT
            label.font.size, label.font.bold, label.font.color.rgb = Pt(size), True, _rgb(colour)


def _error_bars(drawn: Any, chart: Chart, place: int, series: Series) -> None:
    """The intervals: how far their ends lie from the points, in the workbook's further columns."""
    bars = etree.SubElement(drawn, f"{{{C}}}errBars")
    for name, value in (("errDir", "y"), ("errBarType", "both"), ("errValType", "cust"), ("noEndCap", "0")):
        etree.SubElement(bars, f"{{{C}}}{name}").set("val", value)
    first = 1 + len(chart.series) + 2 * place
    for name, column, distances in (("plus", first + 1, _above(series)), ("minus", first, _below(series))):
        letter = xlsxwriter.utility.xl_col_to_name(column)
        held = etree.SubElement(etree.SubElement(bars, f"{{{C}}}{name}"), f"{{{C}}}numRef")
        etree.SubElement(held, f"{{{C}}}f").text = f"Sheet1!${letter}$2:${letter}${1 + len(distances)}"
        cache = etree.SubElement(held, f"{{{C}}}numCache")
        etree.SubElement(cache, f"{{{C}}}formatCode").text = POINTS
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
    colours = diverging(len(chart.series)) if chart.kind == "stacked" else [LINES[0], FAINT, LINES[1], LINES[2]]
    for drawn, colour in zip(plot.series, colours, strict=False):
        drawn.format.fill.solid()
        drawn.format.fill.fore_color.rgb = _rgb(colour)
        labels = drawn.data_labels
        labels.show_value, labels.number_format_is_linked = True, False
        labels.font.size = Pt(size)
        if chart.kind == "stacked":
            labels.number_format, labels.position = SEGMENT, XL_LABEL_POSITION.CENTER
            labels.font.color.rgb = _rgb(on(colour))
        else:
            labels.number_format = "[$-42A]0.0%" if chart.percent else POINTS
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
