"""Native charts as programs and people leave them: edited, broken, without a workbook; and as LibreOffice draws them."""

import dataclasses
import io
import re
import subprocess
import zipfile

import openpyxl
import pytest
from conftest import need_tool
from lxml import etree
from openxml_audit import OpenXmlValidator
from pptx import Presentation

from analysis import office_charts, slides, word_charts
from analysis import report_layout as layout
from analysis.blocks import Chart, Series
from survey.errors import speak

C = f"{{{office_charts.C}}}"
LONG = "Tôi tổ chức kiểm tra, đánh giá thường xuyên bằng công cụ trực tuyến và phân tích kết quả của học sinh"
TREND = Chart(
    "xu_huong", "line", "Điểm trung bình", "Ba thang đo.", ("2025", "2026"),
    (
        Series("Kỹ năng số", (2.1, 2.5)),  # without intervals
        Series("Ứng dụng", (1.5, 1.7), (1.4, 1.6), (1.75, 1.8)),
        Series("Thái độ", (None, 2.45), (None, 2.4), (None, 2.5)),
    ),
    axis=(1.0, 3.0),
)  # fmt: skip
PRACTICE = Chart(
    "thuc_hanh", "stacked", "Thực hành", "Mười hai câu.", tuple(f"{place}. {LONG}" for place in range(1, 13)),
    (Series("Chưa biết", (0.05,) * 12), Series("Biết", (0.35,) * 12), Series("Tự làm", (0.6,) * 12)), percent=True,
)  # fmt: skip
TARGETS = Chart(
    "chi_tieu", "bar", "Chỉ tiêu", "Đạt 94%.", ("1. Hồ sơ", "2. Học bạ"),
    (Series("Thực hiện", (0.9375, None)), Series("Mục tiêu", (1.0, 0.8))), percent=True, axis=(0.0, 1.0),
)  # fmt: skip
ALL = (TREND, PRACTICE, TARGETS)


def document(*charts):
    made = layout.blank()
    for number, chart in enumerate(charts, start=1):
        word_charts.add(made, chart, number)
    return layout.packed(made, "Biểu đồ")


def changed(package, part, change):
    """The package with one of its parts changed; where `change` gives None, without it."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as source, zipfile.ZipFile(packed, "w") as target:
        assert part in source.namelist()
        for name in source.namelist():
            content = change(source.read(name)) if name == part else source.read(name)
            if content is not None:
                target.writestr(name, content)
    return packed.getvalue()


def drawn(chart, **size):
    return etree.fromstring(office_charts.xml(chart, "Arial", 11, **size))


CHART, BOOK = "word/charts/chart1.xml", "word/embeddings/Microsoft_Excel_Sheet1.xlsx"


def edited(cell, value):
    def change(content):
        book = openpyxl.load_workbook(io.BytesIO(content))
        book.worksheets[0][cell] = value
        packed = io.BytesIO()
        book.save(packed)
        return packed.getvalue()

    return change


def test_a_series_without_intervals_does_not_shift_the_error_bars_of_the_next():
    found = word_charts.read(document(TREND))["xu_huong"]
    assert found.drawn == found.embedded == word_charts.Held(TREND.categories, TREND.series)


def test_a_digit_changed_in_the_cache_is_seen_there_alone():
    package = changed(document(TREND), CHART, lambda xml: xml.replace(b"<c:v>1.7</c:v>", b"<c:v>1.9</c:v>"))
    found, told = word_charts.read(package)["xu_huong"], word_charts.Held(TREND.categories, TREND.series)
    assert list(word_charts.differences(told, found.drawn)) == [("Ứng dụng, 2026", "1,7", "1,9")]
    assert found.embedded == told


@pytest.mark.parametrize("cell, value, seen", [("C3", 1.9, "1,9"), ("C3", "1.7", "–"), ("C3", None, "–")])
def test_a_digit_changed_in_the_workbook_is_seen_there_alone(cell, value, seen):
    package = changed(document(TREND), BOOK, edited(cell, value))
    found, told = word_charts.read(package)["xu_huong"], word_charts.Held(TREND.categories, TREND.series)
    assert list(word_charts.differences(told, found.embedded)) == [("Ứng dụng, 2026", "1,7", seen)]
    assert found.drawn == told


def test_a_note_beside_the_numbers_of_a_workbook_changes_none():
    package = changed(document(TREND), BOOK, edited("A9", "Cô Lan đã xem"))
    assert word_charts.read(package)["xu_huong"].embedded == word_charts.Held(TREND.categories, TREND.series)


@pytest.mark.parametrize("word", [b"#N/A", b"", b"NaN", b"1e999"])
def test_what_is_no_number_in_a_cache_is_none(word):
    package = changed(document(TREND), CHART, lambda xml: xml.replace(b"<c:v>1.7</c:v>", b"<c:v>%s</c:v>" % word))
    assert word_charts.read(package)["xu_huong"].drawn.series[1].values == (1.5, None)


def test_a_chart_without_caches_still_has_its_workbook():
    package = changed(
        document(TREND), CHART, lambda xml: re.sub(rb"<c:numCache>.*?</c:numCache>", b"", xml, flags=re.S)
    )
    found = word_charts.read(package)["xu_huong"]
    assert [series.values for series in found.drawn.series] == [(None, None)] * 3
    assert found.embedded.series == TREND.series


@pytest.mark.parametrize("change", [lambda content: b"no zip", lambda content: b"", lambda content: content[:500]])
def test_a_workbook_that_does_not_open_is_none(change):
    found = word_charts.read(changed(document(TREND), BOOK, change))["xu_huong"]
    assert found.embedded is None and found.drawn.series == TREND.series


def test_a_broken_chart_is_empty_and_so_differs_from_what_was_told():
    found = word_charts.read(changed(document(TREND, TARGETS), CHART, lambda xml: b"broken"))
    assert found["xu_huong"] == word_charts.Found(word_charts.Held((), ()), None)
    assert list(word_charts.differences(word_charts.Held(TREND.categories, TREND.series), found["xu_huong"].drawn))
    assert found["chi_tieu"].drawn.series == TARGETS.series


def test_charts_that_are_not_ours_are_counted():
    package = document(*ALL)
    assert word_charts.others(package) == 0
    renamed = changed(package, "word/document.xml", lambda xml: xml.replace(b'"KSS thuc_hanh"', b'"Chart 2"'))
    assert word_charts.others(renamed) == 1
    marked = re.compile(rb'(<w:p>(?:(?!<w:p>).)*"Chart 2")', re.S)
    bookmark = rb'<w:p><w:bookmarkStart w:id="9" w:name="E012"/><w:bookmarkEnd w:id="9"/></w:p>\1'
    beside = changed(renamed, "word/document.xml", lambda xml: marked.sub(bookmark, xml))
    assert word_charts.others(beside) == 1  # a bookmark elsewhere says nothing of the chart


def test_a_none_has_no_point_in_the_cache():
    values = next(drawn(TARGETS).iter(f"{C}val"))
    assert [(point.get("idx"), point.findtext(f"{C}v")) for point in values.iter(f"{C}pt")] == [("0", "0.9375")]


def test_end_values_that_lie_close_are_moved_apart_and_the_others_stay():
    moved = [[float(y.get("val")) for y in one.findall(f".//{C}dLbl//{C}y")] for one in drawn(TREND).iter(f"{C}ser")]
    assert moved[1] == []  # 1.7 is far from the others
    assert moved[0][0] < 0 < moved[2][0]  # 2.5 goes up, 2.45 down


@pytest.mark.parametrize(
    "values, room, free",
    [
        ((1.0, 2.0), 0.5, [1.0, 2.0]),
        ((2.0, 1.9), 0.5, [2.2, 1.7]),
        ((1.0, 1.0, 1.0), 1.0, [0.0, 1.0, 2.0]),
        ((1.0, 1.1, 1.5), 0.5, [0.7, 1.2, 1.7]),  # the pair reaches the third, so all three are moved
    ],
)
def test_places_apart_are_as_near_to_their_own_as_can_be(values, room, free):
    assert office_charts.apart(values, room) == pytest.approx(free)


def test_more_and_longer_categories_make_bars_higher_up_to_a_page():
    def height(chart):
        return office_charts.height_of(chart, 160, 11)

    few = dataclasses.replace(PRACTICE, categories=PRACTICE.categories[:3])
    short = dataclasses.replace(PRACTICE, categories=tuple("123456789abc"))
    assert height(few) < height(short) < height(PRACTICE) <= office_charts.MOST
    assert height(dataclasses.replace(PRACTICE, categories=PRACTICE.categories * 3)) == office_charts.MOST


@pytest.mark.parametrize("language, mark", [("vi", "42A"), ("en", "809")])
def test_decimals_and_words_are_of_the_language_spoken(language, mark):
    speak(language)
    try:
        root = drawn(TREND)
    finally:
        speak("vi")
    formats = {code.text for code in root.iter(f"{C}formatCode")} | {
        f.get("formatCode") for f in root.iter(f"{C}numFmt")
    }
    assert {code for code in formats if code != "General"} == {f"[$-{mark}]0.00", f"[$-{mark}]0.0"}
    assert root.find(f"{C}lang").get("val").startswith(language)


def test_the_same_documents_and_slides_have_the_same_bytes():
    shown = [("Một câu.", chart, "Nguồn") for chart in ALL]
    assert document(*ALL) == document(*ALL)
    assert slides.deck("Trường", "Sơ kết", shown, True) == slides.deck("Trường", "Sơ kết", shown, True)


def test_the_workbook_in_a_slide_is_the_one_in_the_document():
    with zipfile.ZipFile(io.BytesIO(slides.deck("Trường", "Sơ kết", [("Một câu.", TREND, "Nguồn")], False))) as deck:
        books = [deck.read(name) for name in deck.namelist() if name.endswith(".xlsx")]
    assert books == [office_charts.workbook(TREND)]


def test_every_slide_is_named_by_its_own_title():
    deck = Presentation(io.BytesIO(slides.deck("Trường", "Sơ kết", [("Một câu.", TREND, "Nguồn")], False)))
    assert [slide.shapes.title.text_frame.text for slide in deck.slides] == ["Sơ kết", "Một câu."]
    assert not any(
        "MÔ PHỎNG" in shape.text_frame.text for slide in deck.slides for shape in slide.shapes if shape.has_text_frame
    )


@pytest.mark.parametrize("letters, most", [(60, 3), (170, 3), (270, 4), (330, 5)])
def test_a_long_sentence_does_not_reach_the_chart(letters, most):
    size = slides._size_of("x" * letters)
    across = (slides.WIDTH - 2 * slides.EDGE - 5) / (0.2 * size)  # a bold letter of Arial is half as wide as high
    assert letters / across <= most and most * size * 0.42 <= 34


def test_what_is_made_is_valid_open_xml(tmp_path):
    (tmp_path / "bieu-do.docx").write_bytes(document(*ALL))
    shown = [(f"{LONG}.", chart, "Nguồn") for chart in ALL]
    (tmp_path / "trang.pptx").write_bytes(slides.deck("Trường", "Sơ kết", shown, True))
    for path in tmp_path.iterdir():
        assert [str(error) for error in OpenXmlValidator().validate(str(path)).errors] == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["docx", "pptx"])
def test_libreoffice_draws_every_word(tmp_path, kind):
    program, reader = need_tool("libreoffice"), need_tool("pdftotext")
    shown = [(f"{LONG}.", chart, "Nguồn: báo cáo") for chart in ALL]
    made = document(*ALL) if kind == "docx" else slides.deck("Trường", "Sơ kết", shown, True)
    (tmp_path / f"bieu-do.{kind}").write_bytes(made)
    home = f"-env:UserInstallation={(tmp_path / 'home').as_uri()}"
    command = [program, home, "--headless", "--convert-to", "pdf", "--outdir", tmp_path, tmp_path / f"bieu-do.{kind}"]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    pdf = subprocess.run([reader, "-raw", tmp_path / "bieu-do.pdf", "-"], check=True, capture_output=True).stdout
    words = " ".join(pdf.decode().split())
    for place in range(1, 13):
        assert f"{place}. Tôi tổ chức" in words  # no category is left out
    expected = [
        "Kỹ năng số",
        "Thái độ",
        "Chưa biết",
        "Tự làm",
        "Mục tiêu",
        "2,50",
        "2,45",
        "1,70",
        "35%",
        "60%",
        "93,8%",
        "100,0%",
    ]
    assert [word for word in expected if word not in words] == []
    assert not re.search(r"\b5%", words)  # hardly wider than nothing
    if kind == "pptx":
        assert words.count("DỮ LIỆU MÔ PHỎNG") == 4 and words.count("Nguồn: báo cáo") == 3


@pytest.mark.slow
def test_what_libreoffice_saved_is_still_read(tmp_path):
    program = need_tool("libreoffice")
    (tmp_path / "bieu-do.docx").write_bytes(document(*ALL))
    home = f"-env:UserInstallation={(tmp_path / 'home').as_uri()}"
    saved = tmp_path / "saved"
    command = [program, home, "--headless", "--convert-to", "docx", "--outdir", saved, tmp_path / "bieu-do.docx"]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    found = word_charts.read(saved / "bieu-do.docx")
    assert [one.drawn.series for one in found.values()] == [chart.series for chart in ALL]
    assert {one.embedded for one in found.values()} == {None}
