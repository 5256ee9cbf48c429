"""Charts as slides, 16:9: one sentence, one native chart, its source."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.enum.text import MSO_ANCHOR
from pptx.util import Mm, Pt

from analysis import office_charts
from analysis.blocks import Chart
from analysis.colours import INK, QUIET
from analysis.report_layout import dated
from analysis.sentences import PRETEND

WIDTH, HEIGHT, EDGE = 338.67, 190.5, 14  # mm
FONT = "Arial"


def deck(title: str, subtitle: str, charts: Sequence[tuple[str, Chart, str]], pretend: bool) -> bytes:
    """A title and a slide per (sentence, chart, source); the same bytes for the same input."""
    show = Presentation()
    show.slide_width, show.slide_height = Mm(WIDTH), Mm(HEIGHT)
    first = show.slides.add_slide(show.slide_layouts[6])
    _words(first, title, (EDGE, 50, WIDTH - 2 * EDGE, 16), 20, QUIET)
    _words(first, subtitle, (EDGE, 68, WIDTH - 2 * EDGE, 70), 28, INK, bold=True)
    for sentence, chart, source in charts:
        slide = show.slides.add_slide(show.slide_layouts[6])
        _words(slide, sentence, (EDGE, 8, WIDTH - 2 * EDGE, 30), 24, INK, bold=True)
        box = (int(Mm(EDGE)), int(Mm(42)), int(Mm(WIDTH - 2 * EDGE)), int(Mm(HEIGHT - 62)))
        frame = office_charts.add(slide.shapes, chart, box, FONT, 14 if len(chart.categories) <= 8 else 11)
        frame.name = chart.name
        frame._element.nvGraphicFramePr.cNvPr.set("descr", chart.words)
        _words(slide, source, (EDGE, HEIGHT - 18, WIDTH - 2 * EDGE - 70, 10), 12, QUIET)
    if pretend:
        for slide in show.slides:
            _words(slide, str(PRETEND), (WIDTH - EDGE - 68, HEIGHT - 18, 68, 10), 12, "#B00020", bold=True)
    packed = io.BytesIO()
    show.core_properties.title, show.core_properties.author = subtitle, "khaosatso"
    show.save(packed)
    return dated(packed.getvalue())


def _words(
    slide: Any, words: str, box: tuple[float, float, float, float], size: int, colour: str, bold: bool = False
) -> None:
    frame = slide.shapes.add_textbox(*(Mm(side) for side in box)).text_frame
    frame.word_wrap, frame.vertical_anchor = True, MSO_ANCHOR.MIDDLE
    run = frame.paragraphs[0].add_run()
    run.text = words
    run.font.name, run.font.size, run.font.bold = FONT, Pt(size), bold
    run.font.color.rgb = RGBColor.from_string(colour[1:].upper())
    run._r.get_or_add_rPr().set("lang", "vi-VN")
