"""Native charts: what goes in comes out, a hidden value is a gap, and everything in them can be read again."""

import dataclasses
import io
import re
import zipfile

import docx
import openpyxl
import pytest
from openxml_audit import OpenXmlValidator
from pptx import Presentation

from analysis import office_charts, slides, word_charts
from analysis import report_layout as layout
from analysis.blocks import Chart, Series
from analysis.colours import LEFT, MIDDLE, RIGHT, diverging, on

TREND = Chart(
    "xu_huong", "line", "Điểm trung bình", "Kỹ năng số: 2,1 năm 2025; 2,5 năm 2027.", ("2025", "2026", "2027"),
    (
        Series("Kỹ năng số", (2.1, None, 2.5), (2.0, None, 2.4), (2.25, None, 2.6)),
        Series("Ứng dụng", (1.5, 1.6, 1.7), (1.4, 1.5, 1.6), (1.6, 1.7, 1.8)),
    ),
    axis=(1.0, 3.0),
)  # fmt: skip
PRACTICE = Chart(
    "thuc_hanh", "stacked", "Thực hành", "Câu một: 10% chưa biết.", ("Câu một", "Câu hai"),
    (Series("Chưa biết", (0.1, None)), Series("Biết", (0.3, None)), Series("Tự làm", (0.6, None))), percent=True,
)  # fmt: skip
TARGETS = Chart(
    "chi_tieu", "bar", "Chỉ tiêu", "Đạt 94%.", ("1. Hồ sơ",), (Series("Thực hiện", (0.9375,)), Series("Mục tiêu", (1.0,))),
    percent=True, axis=(0.0, 1.0),
)  # fmt: skip
ALL = (TREND, PRACTICE, TARGETS)


@pytest.fixture
def document(tmp_path):
    made = layout.blank()
    for number, chart in enumerate(ALL, start=1):
        word_charts.add(made, chart, number)
    (tmp_path / "bieu-do.docx").write_bytes(layout.packed(made, "Biểu đồ"))
    return tmp_path / "bieu-do.docx"


@pytest.mark.parametrize("chart", ALL, ids=lambda chart: chart.kind)
def test_what_goes_in_is_drawn_and_embedded(document, chart):
    found = word_charts.read(document)[chart.name]
    for held in (found.drawn, found.embedded):
        assert held == word_charts.Held(chart.categories, chart.series)
        assert list(word_charts.differences(held, held)) == []


def test_a_hidden_value_is_a_gap_and_never_0(document):
    with zipfile.ZipFile(document) as archive:
        xml = "".join(archive.read(name).decode() for name in archive.namelist() if "charts/chart" in name)
    assert "<c:v>0</c:v>" not in xml
    assert 'dispBlanksAs val="gap"' in xml
    book = openpyxl.load_workbook(io.BytesIO(office_charts.workbook(TREND)))
    assert [[cell.value for cell in row] for row in book.active.iter_rows(max_col=3)] == [
        [None, "Kỹ năng số", "Ứng dụng"], ["2025", 2.1, 1.5], ["2026", None, 1.6], ["2027", 2.5, 1.7],
    ]  # fmt: skip


def test_intervals_are_error_bars_with_their_own_ends(document):
    with zipfile.ZipFile(document) as archive:
        xml = next(
            archive.read(n).decode()
            for n in archive.namelist()
            if "charts/chart" in n and b"lineChart" in archive.read(n)
        )
    first = xml.split("<c:errBars>")[1].split("</c:errBars>")[0]
    plus, minus = first.split("<c:plus>")[1].split("</c:plus>")[0], first.split("<c:minus>")[1].split("</c:minus>")[0]
    assert re.findall(r"<c:v>([\d.]+)</c:v>", plus) == ["0.15", "0.1"]  # 2.25 - 2.1, 2.6 - 2.5
    assert re.findall(r"<c:v>([\d.]+)</c:v>", minus) == ["0.1", "0.1"]


def test_every_chart_has_its_words_for_those_who_cannot_see_it(document):
    xml = docx.Document(str(document)).element.xml
    assert re.findall(r'name="KSS (\w+)" descr="([^"]*)"', xml) == [(chart.name, chart.words) for chart in ALL]


def test_the_same_charts_give_the_same_bytes():
    assert office_charts.workbook(TREND) == office_charts.workbook(TREND)
    assert office_charts.xml(TREND, "Arial", 11) == office_charts.xml(TREND, "Arial", 11)


@pytest.mark.parametrize(
    "change, told",
    [
        (lambda s: dataclasses.replace(s, values=(2.2, None, 2.5)), [("Kỹ năng số, 2025", "2,1", "2,2")]),
        (lambda s: dataclasses.replace(s, values=(2.1, 2.0, 2.5)), [("Kỹ năng số, 2026", "–", "2")]),
        (lambda s: dataclasses.replace(s, low=(1.9, None, 2.4)), [("Kỹ năng số, 2025", "2", "1,9")]),
        (lambda s: dataclasses.replace(s, name="Khác"), [
            ("", "2025; 2026; 2027; Kỹ năng số; Ứng dụng", "2025; 2026; 2027; Khác; Ứng dụng"),
        ]),
    ],
)  # fmt: skip
def test_every_number_that_is_not_as_told_is_named_once(change, told):
    right = word_charts.Held(TREND.categories, TREND.series)
    wrong = word_charts.Held(TREND.categories, (change(TREND.series[0]), TREND.series[1]))
    assert list(word_charts.differences(right, wrong)) == told


def test_a_chart_without_its_workbook_is_still_read(document):
    with zipfile.ZipFile(document) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    parts = {name: re.sub(rb"<c:externalData.*?</c:externalData>", b"", content) if "charts/chart" in name else content
             for name, content in parts.items()}  # fmt: skip
    with zipfile.ZipFile(document, "w") as target:
        for name, content in parts.items():
            target.writestr(name, content)
    found = word_charts.read(document)["chi_tieu"]
    assert found.embedded is None and found.drawn.series == TARGETS.series


def test_what_word_and_powerpoint_open_is_valid_open_xml(document, tmp_path):
    shown = [(f"Câu của {chart.name}", chart, "Nguồn: báo cáo [E001]") for chart in ALL]
    (tmp_path / "trang.pptx").write_bytes(slides.deck("Trường", "Sơ kết", shown, pretend=True))
    for path in (document, tmp_path / "trang.pptx"):
        assert [str(error) for error in OpenXmlValidator().validate(str(path)).errors] == []


def test_a_deck_has_a_slide_per_chart_with_its_sentence_source_and_words(tmp_path):
    shown = [(f"Câu của {chart.name}", chart, "Nguồn: báo cáo [E001]") for chart in ALL]
    content = slides.deck("Trường", "Sơ kết", shown, pretend=True)
    assert content == slides.deck("Trường", "Sơ kết", shown, pretend=True)
    deck = Presentation(io.BytesIO(content))
    texts = [[shape.text_frame.text for shape in slide.shapes if shape.has_text_frame] for slide in deck.slides]
    assert texts[0] == ["Trường", "Sơ kết", "DỮ LIỆU MÔ PHỎNG"]
    assert texts[1:] == [[f"Câu của {chart.name}", "Nguồn: báo cáo [E001]", "DỮ LIỆU MÔ PHỎNG"] for chart in ALL]
    frames = [shape for slide in deck.slides for shape in slide.shapes if shape.has_chart]
    assert [frame._element.nvGraphicFramePr.cNvPr.get("descr") for frame in frames] == [chart.words for chart in ALL]
    assert [list(frame.chart.plots[0].categories) for frame in frames] == [list(chart.categories) for chart in ALL]


def test_colours_of_answers_run_from_orange_through_grey_to_blue():
    assert diverging(5) == [LEFT[0], LEFT[1], MIDDLE, RIGHT[1], RIGHT[0]]
    assert diverging(4) == [LEFT[0], LEFT[1], RIGHT[1], RIGHT[0]]
    assert len(diverging(9)) == 9


@pytest.mark.parametrize("colour", [*LEFT, MIDDLE, *RIGHT])
def test_words_on_every_colour_have_the_contrast_that_wcag_asks(colour):
    def luminance(hexadecimal):
        parts = [int(hexadecimal[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    one, other = sorted((luminance(colour), luminance(on(colour))), reverse=True)
    assert (one + 0.05) / (other + 0.05) >= 4.5
