"""Native charts in a Word document: put there, and read again from one that somebody may have edited."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import docx
import openpyxl
from docx.document import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm
from docx.text.paragraph import Paragraph
from lxml import etree
from openpyxl.utils.exceptions import InvalidFileException

from analysis import office_charts
from analysis.blocks import Chart, Series

CHART = "application/vnd.openxmlformats-officedocument.drawingml.chart+xml"
BOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
OURS = "KSS "
NS = office_charts.NS


@dataclass(frozen=True)
class Held:
    """Numbers of a chart as found in one of its two places; name of a series -> its values."""

    categories: tuple[str, ...]
    series: tuple[Series, ...]


@dataclass(frozen=True)
class Found:
    """drawn: what the picture shows; embedded: what its workbook holds, None where there is none that the chart refers to."""

    drawn: Held
    embedded: Held | None


def add(document: Document, chart: Chart, number: int, width: int = 160) -> Paragraph:
    """Append a native chart; number: of its drawing in the document; width in mm, its height as it needs. Its paragraph."""
    package = document.part.package
    drawn = office_charts.xml(chart, "Times New Roman", 11)
    part = Part(package.next_partname("/word/charts/chart%d.xml"), CHART, drawn, package)
    book = Part(
        package.next_partname("/word/embeddings/Microsoft_Excel_Sheet%d.xlsx"),
        BOOK,
        office_charts.workbook(chart),
        package,
    )
    assert part.relate_to(book, RELATIONSHIP_TYPE.PACKAGE) == "rId1"  # as the chart's XML has it
    key = document.part.relate_to(part, RELATIONSHIP_TYPE.CHART)
    paragraph = document.add_paragraph(style="KSS Ten hinh")
    paragraph.paragraph_format.keep_with_next = True
    size = f'cx="{Mm(width)}" cy="{Mm(height_of(chart))}"'
    drawing = parse_xml(
        f'<w:drawing {nsdecls("w", "wp", "a", "r")}><wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent {size}/>'
        f'<wp:docPr id="{number}" name=""/><wp:cNvGraphicFramePr/>'
        f'<a:graphic><a:graphicData uri="{office_charts.C}">'
        f'<c:chart xmlns:c="{office_charts.C}" r:id="{key}"/></a:graphicData></a:graphic></wp:inline></w:drawing>'
    )
    named = drawing.find(f".//{qn('wp:docPr')}")
    named.set("name", f"{OURS}{chart.name}")
    named.set("descr", chart.words)
    paragraph.add_run()._r.append(drawing)
    return paragraph


def height_of(chart: Chart) -> int:
    """mm: a line chart as wide as it reads well, bars by how many there are."""
    if chart.height or chart.kind == "line":
        return chart.height or 82
    each = 10 if chart.kind == "stacked" else 6 * len(chart.series)
    return min(215, 22 + each * max(2, len(chart.categories)))


def read(path: Path) -> dict[str, Found]:
    """What is found of each chart in a document, by the bookmark around it and by its own name (which LibreOffice drops)."""
    document = docx.Document(str(path))
    found: dict[str, Found] = {}
    for drawing in document.element.body.iter(qn("wp:inline"), qn("wp:anchor")):
        held = drawing.find(f".//{{{office_charts.C}}}chart")
        if held is None:
            continue
        part = document.part.related_parts[held.get(qn("r:id"))]
        seen = Found(_drawn(part.blob), _embedded(part))
        paragraph = next(drawing.iterancestors(qn("w:p")))
        marks = [mark.get(qn("w:name"), "") for mark in paragraph.iter(qn("w:bookmarkStart"))]
        name = drawing.find(qn("wp:docPr")).get("name", "").removeprefix(OURS)
        found |= dict.fromkeys([*marks, name], seen)
    return found


def _drawn(blob: bytes) -> Held:
    root = etree.fromstring(blob)
    several = root.findall(".//c:ser", NS)
    categories = _cached(several[0].find("c:cat", NS)) if several else []
    series = []
    for one in several:
        values = _numbers(one.find("c:val", NS), len(categories))
        below, above = (_numbers(one.find(f"c:errBars/c:{side}", NS), len(categories)) for side in ("minus", "plus"))
        name = next(iter(_cached(one.find("c:tx", NS))), "")
        series.append(_series(str(name), values, below, above))
    return Held(tuple(str(name) for name in categories), tuple(series))


def _cached(element: etree._Element | None) -> list[str | None]:
    """The words in a chart's cache, by their places."""
    if element is None:
        return []
    points = {
        int(point.get("idx")): point.findtext("c:v", namespaces=NS)
        for point in element.iter(f"{{{office_charts.C}}}pt")
    }
    count = element.find(".//c:ptCount", NS)
    return [points.get(place) for place in range(int(count.get("val")) if count is not None else len(points))]


def _numbers(element: etree._Element | None, count: int) -> list[float | None]:
    found = [None if word is None else float(word) for word in _cached(element)]
    return [*found, *[None] * (count - len(found))]


def _series(name: str, values: list[float | None], below: list[float | None], above: list[float | None]) -> Series:
    if not any(distance is not None for distance in (*below, *above)):
        return Series(name, tuple(values))
    low = tuple(None if v is None or b is None else round(v - b, 4) for v, b in zip(values, below, strict=True))
    high = tuple(None if v is None or a is None else round(v + a, 4) for v, a in zip(values, above, strict=True))
    return Series(name, tuple(values), low, high)


def _embedded(part: Part) -> Held | None:
    """The workbook's numbers: a column per series, then the distances that its error bars refer to."""
    root = etree.fromstring(part.blob)
    external = root.find("c:externalData", NS)
    key = external.get(qn("r:id")) if external is not None else None
    book = part.rels[key].target_part if key in part.rels else None
    try:
        sheet = (
            openpyxl.load_workbook(io.BytesIO(book.blob), data_only=True).worksheets[0] if book is not None else None
        )
    except (zipfile.BadZipFile, KeyError, ValueError, InvalidFileException):
        sheet = None
    if sheet is None:
        return None
    columns = list(sheet.iter_cols(values_only=True))
    several = root.findall(".//c:ser", NS)
    if any(_place(one.findtext("c:val//c:f", namespaces=NS)) is None for one in several) or not columns:
        return None  # LibreOffice writes names of its own in place of cells
    categories = tuple(str(word) for word in columns[0][1:])
    series = []
    for one in several:
        values, below, above = (
            _column(columns, one.findtext(f"{place}//c:f", namespaces=NS), len(categories))
            for place in ("c:val", "c:errBars/c:minus", "c:errBars/c:plus")
        )
        name = _head(columns, one.findtext("c:tx//c:f", namespaces=NS))
        series.append(_series(name, values, below, above))
    return Held(categories, tuple(series))


def _place(formula: str | None) -> int | None:
    """Sheet1!$C$2:$C$7 -> 2."""
    found = re.search(r"\$([A-Z]+)\$", formula or "")
    return openpyxl.utils.column_index_from_string(found[1]) - 1 if found else None


def _column(columns: list[tuple], formula: str | None, count: int) -> list[float | None]:
    place = _place(formula)
    held = columns[place][1:] if place is not None and place < len(columns) else ()
    found = [float(cell) if isinstance(cell, int | float) else None for cell in held]
    return [*found, *[None] * (count - len(found))]


def _head(columns: list[tuple], formula: str | None) -> str:
    place = _place(formula)
    return str(columns[place][0]) if place is not None and place < len(columns) else ""


def differences(told: Held, found: Held | None) -> Iterator[tuple[str, str, str]]:
    """(where, told, found) of every number of a chart that is not as told."""
    if found is None:
        return  # nothing there that could say otherwise
    names, seen = (_names(held) for held in (told, found))
    if names != seen:
        yield "", names, seen
        return
    for right, there in zip(told.series, found.series, strict=True):
        for kind in ("values", "low", "high"):
            values = getattr(there, kind) or (None,) * len(told.categories)
            points = zip(told.categories, getattr(right, kind), values, strict=False)
            for place, (category, expected, value) in enumerate(points):
                apart = kind != "values" and not _near(right.values[place], there.values[place])  # told already
                if not apart and not _near(expected, value):
                    yield f"{right.name}, {category}", _said(expected), _said(value)


def _names(held: Held) -> str:
    return "; ".join((*held.categories, *(one.name for one in held.series)))


def _near(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) < 2e-4  # distances are kept to four decimals


def _said(value: float | None) -> str:
    return "–" if value is None else f"{value:g}".replace(".", ",")
