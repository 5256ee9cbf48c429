"""Charts as slides, 16:9: one sentence, one native chart, its source."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.enum.text import MSO_ANCHOR, MSO_AUTO_SIZE, PP_ALIGN
from pptx.util import Mm, Pt

from analysis import office_charts
from analysis.blocks import Chart
from analysis.colours import INK, QUIET
from analysis.report_layout import dated
from analysis.sentences import PRETEND

WIDTH, HEIGHT, EDGE = 338.67, 190.5, 14  # mm
FONT = "Arial"
ALERT = "#B00020"  # as the footer of a report
SIZES = (14, 12, 11, 10)  # points of the words in a chart, the largest that has room
TITLE_ONLY = 5  # the layout of python-pptx's own template


def deck(title: str, subtitle: str, charts: Sequence[tuple[str, Chart, str]], pretend: bool) -> bytes:
    """A title and a slide per (sentence, chart, source); the same bytes for the same input."""
    show = Presentation()
    show.slide_width, show.slide_height = Mm(WIDTH), Mm(HEIGHT)
    first = show.slides.add_slide(show.slide_layouts[TITLE_ONLY])
    _words(first, title, (EDGE, 50, WIDTH - 2 * EDGE, 16), 20, QUIET)
    _title(first, subtitle, (EDGE, 68, WIDTH - 2 * EDGE, 70), 28)
    first.shapes._spTree.append(first.shapes.title._element)  # read aloud in the order in which they stand
    for sentence, chart, source in charts:
        slide = show.slides.add_slide(show.slide_layouts[TITLE_ONLY])
        _title(slide, sentence, (EDGE, 8, WIDTH - 2 * EDGE, 31), _size_of(sentence))
        _chart(slide, chart, (EDGE, 42, WIDTH - 2 * EDGE, HEIGHT - 62))
        _words(slide, source, (EDGE, HEIGHT - 18, WIDTH - 2 * EDGE - 70, 10), 12, QUIET)
    if pretend:
        for slide in show.slides:
            mark = _words(slide, str(PRETEND), (WIDTH - EDGE - 68, HEIGHT - 18, 68, 10), 12, ALERT, bold=True)
            mark.alignment = PP_ALIGN.RIGHT
    packed = io.BytesIO()
    show.core_properties.title, show.core_properties.author = subtitle, "khaosatso"
    show.save(packed)
    return dated(packed.getvalue())


def _chart(slide: Any, chart: Chart, box: tuple[float, float, float, float]) -> None:
    size = next((size for size in SIZES if office_charts.fits(chart, box[2], box[3], size)), SIZES[-1])
    left, top, width, height = (int(Mm(side)) for side in box)
    frame = office_charts.add(slide.shapes, chart, (left, top, width, height), FONT, size)
    frame.name = chart.name
    frame._element.nvGraphicFramePr.cNvPr.set("descr", chart.words)


def _size_of(sentence: str) -> int:
    """Points in which a slide's sentence has room above the chart: three lines of 24, or four of 20."""
    return 24 if len(sentence) <= 170 else 20 if len(sentence) <= 270 else 16


def _title(slide: Any, words: str, box: tuple[float, float, float, float], size: int) -> None:
    """The words as the slide's own title, by which outlines and screen readers name the slide."""
    shape = slide.shapes.title
    shape.left, shape.top, shape.width, shape.height = (Mm(side) for side in box)
    _write(shape.text_frame, words, size, INK, bold=True).alignment = PP_ALIGN.LEFT


def _words(
    slide: Any, words: str, box: tuple[float, float, float, float], size: int, colour: str, bold: bool = False
) -> Any:
    """A text box; its paragraph."""
    return _write(slide.shapes.add_textbox(*(Mm(side) for side in box)).text_frame, words, size, colour, bold)


def _write(frame: Any, words: str, size: int, colour: str, bold: bool) -> Any:
    frame.word_wrap, frame.auto_size, frame.vertical_anchor = True, MSO_AUTO_SIZE.NONE, MSO_ANCHOR.MIDDLE
    paragraph = frame.paragraphs[0]
    run = paragraph.add_run()
    run.text = words
    run.font.name, run.font.size, run.font.bold = FONT, Pt(size), bold
    run.font.color.rgb = RGBColor.from_string(colour[1:].upper())
    run._r.get_or_add_rPr().set("lang", office_charts.language())
    return paragraph
