"""Native charts in a Word document: put there, and read again from one that somebody may have edited."""

from __future__ import annotations

import io
import math
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
SIZE = 11  # points of the words in a chart
NS = office_charts.NS
ENTRY = re.compile(r"E\d{3,}")  # the bookmark around a chart of a report: its id in the ledger
CELLS = re.compile(r"\$(?P<column>[A-Z]{1,3})\$(?P<first>[1-9]\d{0,6})(:\$(?P=column)\$(?P<last>\d{1,7}))?$")
MOST_ROWS = 1000  # of a chart's data; a formula that names more is not ours
# What openpyxl says of a workbook that is none; parse errors are SyntaxErrors.
BROKEN = (zipfile.BadZipFile, InvalidFileException, zlib.error, KeyError, ValueError, TypeError, IndexError, SyntaxError,
          EOFError)  # fmt: skip


@dataclass(frozen=True)
class Held:
    """Numbers of a chart as found in one of its two places; name of a series -> its values."""

    categories: tuple[str, ...]
    series: tuple[Series, ...]


@dataclass(frozen=True)
class Found:
    """drawn: what the picture shows, empty where it cannot be read. embedded: what its workbook holds, None without one."""

    drawn: Held
    embedded: Held | None


def add(document: Document, chart: Chart, number: int, width: int = 160) -> Paragraph:
    """Append a native chart; number: of its drawing in the document; width in mm, its height as it needs. Its paragraph."""
    package = document.part.package
    height = chart.height or office_charts.height_of(chart, width, SIZE)
    drawn = office_charts.xml(chart, "Times New Roman", SIZE, width, height)
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
    size = f'cx="{Mm(width)}" cy="{Mm(height)}"'
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


def read(source: Path | bytes) -> dict[str, Found]:
    """What is found of each chart in a document, by the bookmark around it and by its own name (which LibreOffice drops)."""
    found: dict[str, Found] = {}
    for part, marks, name in _charts(source):
        seen = Found(_drawn(part.blob), _embedded(part)) if part is not None else Found(Held((), ()), None)
        found |= dict.fromkeys([*marks, name.removeprefix(OURS)], seen)
    return found


def others(source: Path | bytes) -> int:
    """How many charts of a document are not ours: neither their name nor a bookmark around them says so."""
    return sum(
        not name.startswith(OURS) and not any(ENTRY.fullmatch(mark) for mark in marks)
        for _, marks, name in _charts(source)
    )


def _charts(source: Path | bytes) -> Iterator[tuple[Part | None, list[str], str]]:
    """(part, bookmarks around it, name) of each native chart; the part is None where the document has lost it."""
    document = docx.Document(io.BytesIO(source) if isinstance(source, bytes) else str(source))
    for drawing in document.element.body.iter(qn("wp:inline"), qn("wp:anchor")):
        held = drawing.find(f".//{{{office_charts.C}}}chart")
        if held is None:
            continue
        paragraph = next(drawing.iterancestors(qn("w:p")))
        marks = [mark.get(qn("w:name"), "") for mark in paragraph.iter(qn("w:bookmarkStart"))]
        named = drawing.find(qn("wp:docPr"))
        name = named.get("name", "") if named is not None else ""
        yield document.part.related_parts.get(held.get(qn("r:id"))), marks, name


def _parsed(blob: bytes) -> etree._Element | None:
    try:
        return etree.fromstring(blob, etree.XMLParser(resolve_entities=False))
    except etree.XMLSyntaxError:
        return None


def _drawn(blob: bytes) -> Held:
    root = _parsed(blob)
    if root is None:
        return Held((), ())
    several = root.findall(".//c:ser", NS)
    categories = _cached(several[0].find("c:cat", NS)) if several else []
    series = []
    for one in several:
        values = _numbers(one.find("c:val", NS), len(categories))
        below, above = (_numbers(one.find(f"c:errBars/c:{side}", NS), len(categories)) for side in ("minus", "plus"))
        name = next(iter(_cached(one.find("c:tx", NS))), "")
        series.append(_series(str(name), values, below, above))
    return Held(tuple(name or "" for name in categories), tuple(series))


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
    """The numbers in a cache; what is none, as the #N/A that Excel writes, is None."""
    return _filled([_number(word) for word in _cached(element)], count)


def _number(word: object) -> float | None:
    try:
        value = float(str(word))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _filled(found: list[float | None], count: int) -> list[float | None]:
    return [*found, *[None] * (count - len(found))]


def _series(name: str, values: list[float | None], below: list[float | None], above: list[float | None]) -> Series:
    if not any(distance is not None for distance in (*below, *above)):
        return Series(name, tuple(values))
    low = tuple(None if v is None or b is None else round(v - b, 4) for v, b in zip(values, below, strict=True))
    high = tuple(None if v is None or a is None else round(v + a, 4) for v, a in zip(values, above, strict=True))
    return Series(name, tuple(values), low, high)


def _embedded(part: Part) -> Held | None:
    """The workbook's numbers, in the cells that the chart refers to: its series and the distances of their error bars."""
    root, sheet = _parsed(part.blob), _sheet(part)
    several = root.findall(".//c:ser", NS) if root is not None else []
    formulas = [one.findtext("c:val//c:f", namespaces=NS) for one in several]
    if sheet is None or not several or any(CELLS.search(formula or "") is None for formula in formulas):
        return None  # LibreOffice writes names of its own in place of cells
    categories = _cells(sheet, several[0].findtext("c:cat//c:f", namespaces=NS))
    series = []
    for one in several:
        values, below, above = (
            _filled(_typed(_cells(sheet, one.findtext(f"{place}//c:f", namespaces=NS))), len(categories))
            for place in ("c:val", "c:errBars/c:minus", "c:errBars/c:plus")
        )
        name = next(iter(_cells(sheet, one.findtext("c:tx//c:f", namespaces=NS))), "")
        series.append(_series(_word(name), values, below, above))
    return Held(tuple(_word(name) for name in categories), tuple(series))


def _sheet(part: Part) -> Any:
    """The first sheet of a chart's workbook; None where the chart has none, or it does not open."""
    root = _parsed(part.blob)
    external = root.find("c:externalData", NS) if root is not None else None
    key = external.get(qn("r:id")) if external is not None else None
    if key not in part.rels or part.rels[key].is_external:
        return None
    try:
        return openpyxl.load_workbook(io.BytesIO(part.rels[key].target_part.blob), data_only=True).worksheets[0]
    except BROKEN:
        return None


def _cells(sheet: Any, formula: str | None) -> list[object]:
    """Sheet1!$C$2:$C$7 -> what is in these cells."""
    found = CELLS.search(formula or "")
    if found is None:
        return []
    column, first, last = found["column"], int(found["first"]), int(found["last"] or found["first"])
    return [sheet[f"{column}{row}"].value for row in range(first, min(last, MOST_ROWS) + 1)]


def _typed(cells: list[object]) -> list[float | None]:
    """The numbers among cells; a number typed as words is none, as for the chart."""
    return [float(cell) if isinstance(cell, int | float) and not isinstance(cell, bool) else None for cell in cells]


def _word(cell: object) -> str:
    return "" if cell is None else str(cell)


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
