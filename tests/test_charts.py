"""Charts: their marks are the estimates, a hidden number is nowhere in them, and nothing overlaps or is cut."""

import itertools
import re
import threading

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.text import Text as Words

from analysis import change, chart_sheet, charts, means, proportions, suppress
from analysis.charts_of_shares import _diverging
from analysis.colours import INK, LEFT, LINES, QUIET, RIGHT
from analysis.comparisons import FELL, ROSE, SAME, UNKNOWN, judge
from analysis.estimates import COLUMNS
from survey.errors import DesignError, Text, speak

HIDDEN = "không công bố"
LEVELS = {
    0: "Chưa biết việc này",
    1: "Biết nhưng chưa tự làm",
    2: "Làm được khi có người hướng dẫn",
    3: "Tự làm trong công việc",
    4: "Làm thành thạo và hướng dẫn đồng nghiệp",
}
LONG = "Dùng dữ liệu kết quả học tập của học sinh để điều chỉnh kế hoạch dạy học trong từng tuần của năm học này"
PHASES = [("Giai đoạn 1 (2025–2027)", 2025, 2027), ("Giai đoạn 2 (2027–2030)", 2027, 2030)]


@pytest.fixture
def english():
    speak("en")
    yield
    speak("vi")


def shares(items: dict[str, list], k: int = 2, **columns) -> pd.DataFrame:
    values = {item: list(LEVELS) for item in items}
    return suppress(proportions(pd.DataFrame(items | columns), list(items), by=list(columns), values=values), k)


def rows(*found: dict) -> pd.DataFrame:
    """Estimates of 40 people as a suppressed table: each row says what is not as usual."""
    usual = dict.fromkeys(COLUMNS) | {"statistic": "mean", "group": "", "level": "", "se": 0.1, "df": 39.0, "n": 40}
    table = pd.DataFrame([usual | {"population": 50.0} | row for row in found], columns=COLUMNS)
    return suppress(table.astype({name: float for name in ("estimate", "se", "low", "high", "df", "population")}), 5)


def mean(item: str, wave: int, estimate: float, **more) -> dict:
    return {"item": item, "wave": wave, "estimate": estimate, "low": estimate - 0.1, "high": estimate + 0.1} | more


def words(figure) -> list[Words]:
    return [text for text in figure.findobj(Words) if text.get_text().strip() and text.get_visible()]


def texts(figure) -> list[str]:
    """Everything that is said in a figure; lines of one text are joined."""
    return [text.get_text().replace("\n", " ") for text in words(figure)]


def bars(figure) -> list:
    return [
        bar
        for bar in figure.axes[0].patches
        if bar.get_gid() is None and abs(bar.get_height() - chart_sheet.BAR) < 1e-9
    ]


def marks(figure) -> list:
    return [line for line in figure.axes[0].lines if line.get_marker() not in ("None", None, "")]


def spots(figure) -> list[tuple[float, float]]:
    """Where the marks are, line after line, the gaps left out."""
    places = [place for line in marks(figure) for place in zip(line.get_xdata(), line.get_ydata(), strict=True)]
    return [(float(x), float(y)) for x, y in places if not np.isnan(y)]


def crowded(figure, dpi: int = 200) -> list[tuple[str, ...]]:
    """Pairs of texts that overlap, and texts that leave the sheet, as drawn at a resolution."""
    figure.set_dpi(dpi)
    FigureCanvasAgg(figure)
    figure.draw_without_rendering()
    wide, tall = figure.get_size_inches() * dpi
    boxes = [(text.get_text(), text.get_window_extent()) for text in words(figure)]
    found: list[tuple[str, ...]] = [
        (said,) for said, box in boxes if box.x0 < 0 or box.y0 < 0 or box.x1 > wide or box.y1 > tall
    ]
    for (one, a), (two, b) in itertools.combinations(boxes, 2):
        if min(a.x1, b.x1) - max(a.x0, b.x0) > 0.5 and min(a.y1, b.y1) - max(a.y0, b.y0) > 0.5:
            found.append((one, two))
    return found


# --- likert


def test_a_segment_is_as_wide_as_its_share_and_the_middle_answer_is_centred():
    figure = charts.likert(shares({"a": [0, 1, 1, 2, 2, 2, 3, 3, 4, 4]}), {"a": "Câu"}, LEVELS)
    assert [bar.get_width() for bar in bars(figure)] == pytest.approx([0.1, 0.2, 0.3, 0.2, 0.2])
    middle = bars(figure)[2]
    assert middle.get_x() + middle.get_width() / 2 == pytest.approx(0)
    assert {"30%", "40%", "n = 10"} <= set(texts(figure))  # left 10 + 20, right 20 + 20


def test_an_even_number_of_answers_is_centred_between_its_halves():
    table = shares({"a": [0, 1, 1, 3, 3, 3, 3, 4]})
    table = table[table["value"] != 2]
    figure = charts.likert(table, {"a": "Câu"}, {code: LEVELS[code] for code in (0, 1, 3, 4)})
    assert [bar.get_x() for bar in bars(figure)] == pytest.approx([-0.375, -0.25, 0, 0.5])


def test_the_neutral_answer_may_be_another_than_the_middle_one():
    figure = charts.likert(shares({"a": [0, 1, 1, 3, 3, 3, 3, 4, 4, 4]}), {"a": "Câu"}, LEVELS, neutral=1)
    assert [bar.get_x() for bar in bars(figure)] == pytest.approx([-0.2, -0.1, 0.1, 0.1, 0.5])
    said = {text.get_text(): text.get_position()[0] for text in words(figure) if text.get_fontweight() == "bold"}
    assert said["10%"] < said["70%"]


def test_whole_number_codes_lie_from_low_to_high_whatever_their_order_in_the_form():
    answers = pd.DataFrame({"a": [1, 1, 1, 0]})
    table = suppress(proportions(answers, ["a"], values={"a": [1, 0]}), 2)
    figure = charts.likert(table, {"a": "Câu"}, {1: "Có", 0: "Không"})
    assert [(bar.get_x(), bar.get_width()) for bar in bars(figure)] == [(-0.25, 0.25), (0, 0.75)]
    assert texts(figure).index("Không") < texts(figure).index("Có")


def test_a_percent_stands_in_its_segment_only_where_there_is_room():
    figure = charts.likert(shares({"a": [0] * 2 + [1] * 30 + [2] * 30 + [3] * 37 + [4]}), {"a": "Câu"}, LEVELS)
    inside = [text.get_text() for text in figure.axes[0].texts]
    assert inside == ["30%", "30%", "37%"]  # not 2 % and 1 %


def test_shares_of_nothing_and_of_everything_are_drawn_as_they_are():
    figure = charts.likert(shares({"a": [4] * 6, "b": [0] * 6}), {"a": "A", "b": "B"}, LEVELS)
    assert [bar.get_width() for bar in bars(figure)] == [0, 0, 0, 0, 1, 1, 0, 0, 0, 0]
    assert texts(figure).count("100%") == 4  # in each bar and as each total
    assert texts(figure).count("0%") == 2


def test_a_share_below_one_is_never_said_to_be_all():
    figure = charts.likert(shares({"a": [4] * 399 + [0]}), {"a": "A"}, LEVELS)
    assert {">99%", "<1%"} <= set(texts(figure))
    assert not {"100%", "0%"} & set(texts(figure))


def test_a_hidden_row_has_no_bar_and_says_so():
    shown = shares({"a": [0, 1, 2, 3, 4, 4], "b": [4, 4, 4, None, None, None]}, k=5)
    figure = charts.likert(shown, {"a": "Câu a", "b": "Câu b"}, LEVELS)
    assert len(bars(figure)) == 5
    assert texts(figure).count(HIDDEN) == 1
    assert not {"100%", "n = 3"} & set(texts(figure))


def test_a_hidden_number_that_was_left_in_the_table_is_not_drawn():
    shown = shares({"a": [0, 1, 2, 3, 4, 4], "b": [4, 4, 4, 4, 4, 4]})
    shown.loc[shown["item"] == "b", "shown"] = False
    figure = charts.likert(shown, {"a": "Câu a", "b": "Câu b"}, LEVELS)
    assert len(bars(figure)) == 5
    assert "100%" not in texts(figure)


def test_the_waves_of_one_item_are_rows_under_its_name():
    table = shares({"a": [0, 1, 2, 3, 4, 4]}, wave=[2025] * 3 + [2027] * 3)
    figure = charts.likert(table, {"a": "Dùng bảng tính"}, LEVELS)
    said = texts(figure)
    assert [text.get_text() for text in words(figure) if text.get_fontsize() == chart_sheet.TITLE] == ["Dùng bảng tính"]
    assert [text for text in said if text in ("2025", "2027")] == ["2025", "2027"]


def test_the_legend_has_all_answers_in_order():
    said = texts(charts.likert(shares({"a": [0, 4]}), {"a": "Câu"}, LEVELS))
    assert [text for text in said if text in LEVELS.values()] == list(LEVELS.values())


def test_a_code_without_words_is_not_dropped():
    with pytest.raises(DesignError) as error:
        charts.likert(shares({"a": [0, 4]}), {"a": "Câu"}, {code: LEVELS[code] for code in (0, 1, 2, 3)})
    assert str(error.value) == (
        "Lỗi ở charts.likert(values=...)\n"
        "  Quy tắc: Mỗi mã trả lời trong bảng tỉ lệ phải có lời trong values.\n"
        "  Đã thấy: 4\n"
        "  Cách sửa: Đưa vào tỉ lệ (proportions) của những câu hỏi có chung lựa chọn, và lời của các lựa chọn ấy."
    )


# --- trend


def test_a_trend_stands_at_its_estimates_and_2027_is_in_both_phases():
    figure = charts.trend(
        rows(mean("x", 2025, 2), mean("x", 2027, 3), mean("x", 2030, 4)), {"x": "Kỹ năng"}, phases=PHASES
    )
    assert spots(figure) == [(2025, 2), (2027, 3), (2030, 4)]
    bands = [(band.get_x(), band.get_x() + band.get_width()) for band in figure.axes[0].patches]
    assert bands == [(2025, 2027), (2027, 2030)]
    said = texts(figure)
    assert {"2,00", "4,00 Kỹ năng", "2025", "2027", "2030"} <= set(said)
    assert not {"2026", "2028"} & set(said)  # waves that were not held


def test_an_interval_reaches_from_low_to_high():
    figure = charts.trend(rows(mean("x", 2025, 2), mean("x", 2026, 3)), {"x": "Kỹ năng"})
    upright = [tuple(line.get_ydata()) for line in figure.axes[0].lines if list(line.get_xdata()) == [2025, 2025]]
    assert upright == [(1.9, 2.1)]


def test_intervals_of_one_wave_stand_side_by_side():
    figure = charts.trend(rows(*(mean(item, wave, 2) for item in "xyz" for wave in (2025, 2026))), {})
    places = [x for x, _ in spots(figure)][::2]
    assert len(set(places)) == 3
    assert places == pytest.approx([2025] * 3, abs=0.1)


def test_a_hidden_wave_breaks_the_line_and_is_marked_below_its_year():
    waves = [mean("x", 2025, 2), mean("x", 2026, 7.77, n=3), mean("x", 2027, 3)]
    figure = charts.trend(rows(*waves), {"x": "Kỹ năng"})
    assert spots(figure) == [(2025, 2), (2027, 3)]
    line = next(line for line in figure.axes[0].lines if len(line.get_xdata()) == 3)
    assert np.isnan(line.get_ydata()[1])
    assert texts(figure).count(HIDDEN) == 1
    assert not [text for text in texts(figure) if "7,7" in text or "7,8" in text]


def test_a_wave_hidden_in_one_line_alone_names_the_line_by_its_mark():
    found = [mean("x", wave, 2) for wave in (2025, 2026)] + [mean("y", 2025, 3), mean("y", 2026, 3, n=2)]
    figure = charts.trend(rows(*found), {"x": "Một", "y": "Hai"})
    assert f"■ {HIDDEN}" in texts(figure)


def test_a_phase_of_which_only_the_baseline_is_held_is_not_there_yet():
    figure = charts.trend(rows(mean("x", 2025, 2), mean("x", 2027, 3)), {"x": "Kỹ năng"}, phases=PHASES)
    assert [(band.get_x(), band.get_x() + band.get_width()) for band in figure.axes[0].patches] == [(2025, 2027)]


def test_shares_over_the_waves_are_in_percent_and_the_scale_ends_at_all():
    found = [mean("x", wave, share, statistic="proportion", value=1) for wave, share in ((2025, 0.9), (2026, 1))]
    said = texts(charts.trend(rows(*found), {"x": "Có"}))
    assert {"80%", "90%", "100% Có"} <= set(said)
    assert "110%" not in said


def test_the_unit_is_said():
    assert "điểm" in texts(
        charts.trend(rows(mean("x", 2025, 2), mean("x", 2026, 3)), {"x": "A"}, unit=Text("điểm", "points"))
    )


def test_a_fifth_line_is_not_dropped():
    found = [mean(item, wave, 2) for item in "abcde" for wave in (2025, 2026)]
    figure = charts.trend(rows(*found), dict(zip("abcde", "ABCDE", strict=True)))
    assert {f"2,00 {name}" for name in "ABCDE"} <= set(texts(figure))
    assert len({line.get_marker() for line in marks(figure)}) == 5


# --- units


def unit(level: str, estimate: float, n: int = 10) -> dict:
    return mean("x", 2027, estimate, level=level, group="unit", n=n)


def test_units_stand_from_high_to_low_beside_the_whole_and_hidden_ones_below():
    shown = rows(unit("a", 1), unit("b", 3), unit("c", 5.55, n=2), unit("d", 2), unit("e", 4.44, n=4))
    figure = charts.units(shown, {"a": Text("Tổ Toán", "Mathematics")}, whole=rows(mean("x", 2027, 2.5)))
    assert [x for x, _ in spots(figure)] == [3, 2, 1]
    heights = [y for _, y in spots(figure)]
    assert heights == sorted(heights, reverse=True)
    place = {text.get_text(): text.get_position()[1] for text in words(figure)}
    assert place["b"] > place["d"] > place["Tổ Toán"] > place["c"] > place["e"]
    assert "Toàn trường: 2,50" in place
    assert [line.get_xdata()[0] for line in figure.axes[0].lines if line.get_linestyle() == "--"] == [2.5]
    assert texts(figure).count(HIDDEN) == 2
    assert not [text for text in texts(figure) if "5,5" in text or "5,6" in text or "4,4" in text or text == "n = 4"]


def test_why_a_group_is_hidden_is_not_told_by_its_mark():
    """Not whether it is small, answered alike or protects another: to tell that would tell answers."""
    shown = rows(unit("a", 1), unit("b", 3, n=9), unit("c", 5, n=2))
    assert texts(charts.units(shown, {})).count(HIDDEN) == 2


def test_a_hidden_whole_has_no_line():
    figure = charts.units(rows(unit("a", 1), unit("b", 3)), {}, whole=rows(mean("x", 2027, 2.5, n=3)))
    assert not [text for text in texts(figure) if "Toàn trường" in text]


def test_a_census_has_a_mark_without_an_interval():
    census = unit("a", 1) | {"low": 1.0, "high": 1.0}
    figure = charts.units(rows(census, unit("b", 3) | {"low": None, "high": None}), {})
    assert sorted(x for x, _ in spots(figure)) == [1, 3]


def test_two_rows_of_one_unit_are_refused():
    with pytest.raises(DesignError) as error:
        charts.units(rows(unit("a", 1), unit("a", 2)), {})
    assert str(error.value) == (
        "Lỗi ở charts.units\n"
        "  Quy tắc: Mỗi đơn vị chỉ có một dòng.\n"
        "  Đã thấy: a\n"
        "  Cách sửa: Chọn một thang đo và một đợt trước khi vẽ."
    )


# --- changes


def judged(**verdicts: tuple[float, str]) -> pd.DataFrame:
    found = [mean(item, 2027, estimate) | {"wave": "2025→2027"} for item, (estimate, _) in verdicts.items()]
    return rows(*found).assign(verdict=[verdict for _, verdict in verdicts.values()])


def test_each_verdict_has_a_form_of_its_own_and_stands_in_words():
    shown = judged(a=(0.5, ROSE), b=(-0.5, FELL), c=(0.05, SAME), d=(0.3, UNKNOWN))
    figure = charts.changes(shown, dict(zip("abcd", "ABCD", strict=True)), small=0.2)
    assert [x for x, _ in spots(figure)] == [0.5, -0.5, 0.05, 0.3]
    assert [line.get_marker() for line in marks(figure)] == ["^", "v", "s", "o"]
    assert to_hex(marks(figure)[3].get_markerfacecolor()) == "#ffffff"
    assert {"+0,50", "tăng", "−0,50", "giảm", "không thay đổi đáng kể", "chưa đủ căn cứ kết luận"} <= set(texts(figure))
    band = figure.axes[0].patches[0]
    assert (band.get_x(), band.get_x() + band.get_width()) == pytest.approx((-0.2, 0.2))
    assert any("±0,20" in text for text in texts(figure))


def test_a_judged_table_is_drawn_as_it_comes():
    rng = np.random.default_rng(1)
    first, second = rng.normal(0, 0.05, 30), rng.normal(0, 0.05, 30)
    frame = pd.DataFrame({"wave": [1] * 30 + [2] * 30, "up": [*first, *(second + 1)], "same": [*first, *second]})
    shown = judge(suppress(change(frame, ["up", "same"], between=(1, 2), person=None), 2), small=0.2)
    figure = charts.changes(shown, {"up": "Tăng", "same": "Như cũ"}, small=0.2)
    assert [line.get_marker() for line in marks(figure)] == ["^", "s"]


def test_a_hidden_change_has_no_mark():
    shown = judged(a=(0.5, ROSE), b=(0.77, UNKNOWN))
    shown.loc[1, "shown"] = False
    figure = charts.changes(shown, {"a": "A", "b": "B"})
    assert len(marks(figure)) == 1
    assert HIDDEN in texts(figure)
    assert "+0,77" not in texts(figure)


def test_a_change_without_a_verdict_is_not_drawn():
    with pytest.raises(DesignError) as error:
        charts.changes(rows(mean("a", 2027, 0.5)), {"a": "A"})
    assert str(error.value) == (
        "Lỗi ở charts.changes\n"
        "  Quy tắc: Mỗi thay đổi phải có kết luận (verdict).\n"
        "  Đã thấy: không có cột verdict\n"
        "  Cách sửa: Gọi judge(suppress(change(...))) trước khi vẽ."
    )


# --- targets


def target(status: str, numerator=None, denominator=None, threshold=0.9, **more) -> dict:
    value = numerator / denominator if numerator is not None and denominator else None
    words = {"met": "Đạt", "not_met": "Chưa đạt", "no_cases": "Không phát sinh", "cannot_tell": "Chưa đủ căn cứ"}[
        status
    ]
    given = {"label": "Hồ sơ trực tuyến toàn trình", "status": status, "status_words": words, "value": value}
    return given | {"numerator": numerator, "denominator": denominator, "threshold": threshold} | more


def reached(figure) -> list[float]:
    return [bar.get_width() for bar in figure.axes[0].patches if bar.get_gid() == "value"]


def test_a_target_reaches_to_its_share_and_its_mark_stands_at_the_threshold():
    figure = charts.targets([target("met", 37, 40), target("not_met", 28, 40, 0.7, rule=Text("trên 70%", "above 70%"))])
    assert reached(figure) == [0.925, 0.7]
    assert [line.get_xdata()[0] for line in figure.axes[0].lines if line.get_gid() == "threshold"] == [0.9, 0.7]
    assert {"92,5%", "37/40", "✓ Đạt", "chỉ tiêu 90%", "✗ Chưa đạt", "trên 70%"} <= set(texts(figure))


def test_a_target_without_cases_or_evidence_has_no_bar():
    more_than_all = target("cannot_tell", 45, 40)
    missing = target("cannot_tell", 4, 40) | {"value": pd.NA}
    figure = charts.targets(
        [target("no_cases", 0, 0), target("cannot_tell"), more_than_all, missing, target("met", threshold=None)]
    )
    assert reached(figure) == []
    assert {"– Không phát sinh", "? Chưa đủ căn cứ", "✓ Đạt", "45/40"} <= set(texts(figure))
    assert not [text for text in texts(figure) if "%" in text]


def test_a_target_missed_by_one_of_many_is_not_said_to_be_full():
    said = texts(charts.targets([target("not_met", 59_999, 60_000, 1.0)]))
    assert {">99,9%", "59.999/60.000"} <= set(said)


# --- all of them

FIGURES = {
    "likert": lambda more: charts.likert(shares({"a": [0, 1, 2, 3]}), {"a": "Câu"}, LEVELS, **more),
    "trend": lambda more: charts.trend(rows(mean("x", 2025, 2), mean("x", 2026, 3)), {"x": "A"}, phases=PHASES, **more),
    "units": lambda more: charts.units(rows(unit("a", 1), unit("b", 3)), {}, **more),
    "changes": lambda more: charts.changes(judged(a=(0.5, ROSE)), {"a": "A"}, **more),
    "targets": lambda more: charts.targets([target("met", 37, 40)], **more),
}


@pytest.mark.parametrize("name", FIGURES)
def test_pretend_data_say_so_above_everything_and_cover_nothing(name):
    plain, stamped = FIGURES[name]({}), FIGURES[name]({"pretend": True})
    assert "DỮ LIỆU MÔ PHỎNG" not in texts(plain)
    tag = next(text for text in words(stamped) if text.get_text() == "DỮ LIỆU MÔ PHỎNG")
    stamped.draw_without_rendering()
    box = tag.get_bbox_patch().get_window_extent()
    others = [text.get_window_extent() for text in words(stamped) if text is not tag]
    assert box.y0 > max([axes.get_window_extent().y1 for axes in stamped.axes] + [other.y1 for other in others])
    heights = [axes.get_window_extent().height / figure.dpi for figure in (plain, stamped) for axes in figure.axes]
    assert heights[0] == pytest.approx(heights[1])  # nothing was squeezed
    charts.label_pretend(stamped)
    assert texts(stamped).count("DỮ LIỆU MÔ PHỎNG") == 1


@pytest.mark.parametrize("name", FIGURES)
def test_the_same_estimates_give_the_same_picture_also_in_threads(name):
    alone = charts.png(FIGURES[name]({"title": LONG}), dpi=60)
    found: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: found.append(charts.png(FIGURES[name]({"title": LONG}), dpi=60)))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [alone] * 3
    assert b"Software" not in alone
    assert b"matplotlib" not in alone


@pytest.mark.parametrize("name", FIGURES)
def test_a_chart_touches_no_global_setting_and_a_dark_notebook_does_not_touch_it(name):
    before = dict(mpl.rcParams)
    plain = charts.png(FIGURES[name]({}), dpi=60)
    assert dict(mpl.rcParams) == before
    dark = {"text.color": "white", "axes.facecolor": "black", "figure.facecolor": "black", "font.size": 30}
    with mpl.rc_context(dark | {"savefig.facecolor": "black", "lines.linewidth": 9, "axes.grid": True}):
        assert charts.png(FIGURES[name]({}), dpi=60) == plain


@pytest.mark.parametrize("name", FIGURES)
def test_a_chart_is_16_cm_wide_and_its_words_are_readable_in_print(name):
    figure = FIGURES[name]({"title": LONG, "note": LONG})
    assert figure.get_size_inches()[0] * 2.54 == pytest.approx(16)
    assert min(text.get_fontsize() for text in words(figure)) >= 8
    assert {text.get_fontname() for text in words(figure)} == {"DejaVu Sans"}


@pytest.mark.parametrize("name", FIGURES)
def test_the_callers_table_stays_as_it_is(name):
    shown = shares({"a": [0, 1, 2, 3]}) if name == "likert" else judged(a=(0.5, ROSE), b=(0.1, SAME))
    shown = shown.assign(level=["p", "q"]) if name == "units" else shown.assign(wave=2025) if name == "trend" else shown
    before = shown.copy(deep=True)
    more = (LEVELS,) if name == "likert" else ()
    if name != "targets":
        getattr(charts, name)(shown, {}, *more)
    pd.testing.assert_frame_equal(shown, before)


DRAWN = {
    "likert": lambda table: charts.likert(table, {"a": "Câu"}, LEVELS),
    "trend": lambda table: charts.trend(table, {"a": "Câu"}, phases=PHASES),
    "units": lambda table: charts.units(table, {}),
    "whole": lambda table: charts.units(rows(unit("a", 1)), {}, whole=table),
    "changes": lambda table: charts.changes(table, {"a": "Câu"}),
}


@pytest.mark.parametrize("draw", DRAWN.values(), ids=DRAWN)
def test_estimates_that_were_not_suppressed_are_not_drawn(draw):
    with pytest.raises(DesignError) as error:
        draw(means(pd.DataFrame({"a": [0, 1]}), ["a"]))
    assert str(error.value) == (
        "Lỗi ở charts\n"
        "  Quy tắc: Chỉ vẽ số liệu đã qua suppress(...).\n"
        "  Đã thấy: cột shown còn trống\n"
        "  Cách sửa: Gọi suppress(estimates) trước khi vẽ."
    )


@pytest.mark.parametrize("draw", DRAWN.values(), ids=DRAWN)
def test_the_error_speaks_english_too(draw, english):
    with pytest.raises(DesignError) as error:
        draw(means(pd.DataFrame({"a": [0, 1]}), ["a"]))
    assert str(error.value) == (
        "Error in charts\n"
        "  Rule: Only estimates that went through suppress(...) are drawn.\n"
        "  Found: the column shown is empty\n"
        "  What to do: Call suppress(estimates) before drawing."
    )


def test_the_words_and_numbers_are_in_the_language_spoken(english):
    table = shares({"a": [0, 1, 2], "b": [4, None, None]}, k=3)
    assert {"not published", "PRETEND DATA"} <= set(texts(charts.likert(table, {}, LEVELS, pretend=True)))
    assert "2.00" in texts(charts.trend(rows(mean("x", 2025, 2), mean("x", 2026, 3)), {"x": "A"}))


# --- nothing overlaps, nothing is cut


def many(items: int) -> pd.DataFrame:
    rng = np.random.default_rng(items)
    return shares({f"q{n}": list(rng.integers(0, 5, 40)) for n in range(items)})


def over_waves(waves: range, lines: int, gap: float = 0.01, n: int = 40) -> pd.DataFrame:
    return rows(*(mean(f"x{k}", wave, 2 + k * gap, n=n) for k in range(lines) for wave in waves))


def by_unit(units: int, n: int = 10) -> pd.DataFrame:
    return rows(*(unit(f"{LONG[:44]} {k}", 1 + k / 7, n=n if k > 1 else 3) for k in range(units)))


WORDY = {"title": f"{LONG}: {LONG}", "note": f"Nguồn: {LONG}. {LONG}", "pretend": True}
NAMES = {f"x{k}": f"Thang đo có tên dài thứ {k} về kỹ năng" for k in range(8)}
CHANGED = {f"x{k}": (k / 10 - 0.5, [ROSE, FELL, SAME, UNKNOWN][k % 4]) for k in range(12)}
NASTY = {
    "likert 1 item": lambda: charts.likert(many(1), {"q0": LONG}, LEVELS, **WORDY),
    "likert 12 items": lambda: charts.likert(many(12), {f"q{n}": LONG for n in range(12)}, LEVELS, **WORDY),
    "likert all hidden": lambda: charts.likert(
        shares({"a": [1, 2], "b": [1, 2]}, 5), {"a": LONG, "b": LONG}, LEVELS, **WORDY
    ),
    "likert 0 and 1": lambda: charts.likert(shares({"a": [4] * 6, "b": [0] * 6}), {"a": LONG, "b": "B"}, LEVELS),
    "likert 6 waves": lambda: charts.likert(
        shares({"a": [*range(5)] * 6}, wave=sorted([*range(2025, 2031)] * 5)), {"a": LONG}, LEVELS, **WORDY
    ),
    "likert address": lambda: charts.likert(shares({"a": [0, 4]}), {"a": "https://" + "truong" * 40}, LEVELS),
    "likert money": lambda: charts.likert(shares({"a": [0, 4]}), {"a": "Từ 5$ đến $6 và 10% {x}_{y} \\alpha"}, LEVELS),
    "trend 1 wave": lambda: charts.trend(over_waves(range(2025, 2026), 4), NAMES, phases=PHASES, unit="điểm", **WORDY),
    "trend 2 waves": lambda: charts.trend(over_waves(range(2025, 2027), 2), NAMES, phases=PHASES, **WORDY),
    "trend 6 waves": lambda: charts.trend(
        over_waves(range(2025, 2031), 4), NAMES, phases=PHASES, unit=LONG[:50], **WORDY
    ),
    "trend far apart": lambda: charts.trend(over_waves(range(2025, 2031), 4, 2), NAMES, phases=PHASES),
    "trend 8 lines": lambda: charts.trend(over_waves(range(2025, 2031), 8), NAMES, phases=PHASES),
    "trend narrow phases": lambda: charts.trend(
        over_waves(range(2025, 2031), 2),
        NAMES,
        phases=[(f"Giai đoạn ({y}–{y + 1})", y, y + 1) for y in range(2025, 2030)],
    ),
    "trend some hidden": lambda: charts.trend(
        rows(*(mean(f"x{k}", w, 2 + k, n=3 if (w + k) % 2 else 40) for k in range(4) for w in range(2025, 2031))), NAMES
    ),
    "trend all hidden": lambda: charts.trend(over_waves(range(2025, 2031), 4, n=3), NAMES, phases=PHASES, **WORDY),
    "trend shares at the ends": lambda: charts.trend(
        rows(*(mean(f"x{k}", w, float(k), statistic="proportion", value=1) for k in (0, 1) for w in (2025, 2026))),
        NAMES,
    ),
    "units 10": lambda: charts.units(by_unit(10), {}, whole=rows(mean("x", 2027, 0.5)), **WORDY),
    "units all hidden": lambda: charts.units(by_unit(10, n=2), {}, **WORDY),
    "units one": lambda: charts.units(rows(unit("a", 1) | {"low": 1.0, "high": 1.0}), {}, **WORDY),
    "units thousands": lambda: charts.units(rows(unit("a", 12345.6, n=60000), unit("b", -99999.0, n=60000)), {}),
    "changes 12": lambda: charts.changes(judged(**CHANGED), dict.fromkeys(CHANGED, LONG), small=0.2, **WORDY),
    "changes none meaningful": lambda: charts.changes(judged(a=(0.0, SAME)), {"a": "A"}, small=0.2),
    "changes all hidden": lambda: charts.changes(judged(a=(0.5, ROSE)).assign(shown=False), {"a": LONG}, **WORDY),
    "targets 6": lambda: charts.targets(
        [
            *(target(status, 37, 40, label=LONG) for status in ("met", "not_met", "cannot_tell")),
            target("met", 60000, 60000, 1.0),
            target("not_met", 0, 60000, 0.0, rule=LONG[:40]),
            target("no_cases", 0, 0, label=LONG),
        ],
        **WORDY,
    ),
    "targets nothing known": lambda: charts.targets([target("cannot_tell"), target("no_cases")], **WORDY),
    "nothing": lambda: charts.trend(rows(), {}, phases=PHASES, **WORDY),
}


@pytest.mark.parametrize("dpi", [100, 200])
@pytest.mark.parametrize("make", NASTY.values(), ids=NASTY)
def test_no_words_overlap_and_none_leave_the_sheet(make, dpi):
    assert crowded(make(), dpi) == []


def test_a_dollar_is_a_dollar_and_no_formula():
    figure = NASTY["likert money"]()
    assert not any(text.get_parse_math() for text in figure.texts)


@pytest.mark.parametrize("draw", ["likert", "trend", "units", "changes", "targets"])
def test_an_empty_table_says_that_nothing_is_there_yet(draw):
    empty = rows().assign(verdict=None)
    more = {"likert": (empty, {}, LEVELS), "targets": ([],)}.get(draw, (empty, {}))
    assert "chưa có số liệu" in texts(getattr(charts, draw)(*more))


@pytest.mark.parametrize("make", NASTY.values(), ids=NASTY)
def test_decimals_follow_a_comma_and_percents_in_bars_have_none(make):
    figure = make()
    said = texts(figure)
    assert [text for text in said if re.search(r"\d\.\d(?!\d\d)", text)] == []  # a point is for thousands
    inside = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert [text for text in inside if not re.fullmatch(r"[<>]?\d+%", text)] == []


# --- colours


def seen_by(matrix: np.ndarray, colour) -> np.ndarray:
    """A colour in CIELAB (D65), as seen through a matrix in linear RGB."""
    given = np.array(to_rgb(colour))
    linear = np.where(given <= 0.04045, given / 12.92, ((given + 0.055) / 1.055) ** 2.4)
    seen = np.clip(matrix @ linear, 0, 1)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = (
        np.cbrt(part) if part > 0.008856 else 7.787 * part + 16 / 116 for part in to_xyz @ seen / [0.9505, 1, 1.089]
    )
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


# Machado, Oliveira and Fernandes 2009, severity 1.
DEUTERANOPIA = np.array(
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
)
NORMAL = np.eye(3)


@pytest.mark.parametrize("sight", [NORMAL, DEUTERANOPIA], ids=["normal", "deuteranopia"])
@pytest.mark.parametrize(
    "colours",
    [LINES, *(_diverging(n // 2, n % 2, n // 2) for n in range(2, 8))],
    ids=["lines", *(f"{n} answers" for n in range(2, 8))],
)
def test_colours_keep_apart_for_the_colour_blind(colours, sight):
    gaps = [np.linalg.norm(seen_by(sight, a) - seen_by(sight, b)) for a, b in itertools.combinations(colours, 2)]
    assert min(gaps) > 12  # 2 is just seen side by side; blue and purple, which we had before, were 11 apart


@pytest.mark.parametrize("colour", [*LINES, QUIET, INK, chart_sheet.ALERT, LEFT[0], RIGHT[0]])
def test_words_in_colour_can_be_read_on_white(colour):
    """WCAG 2.2, 1.4.3: a contrast of at least 4.5."""
    given = np.array(to_rgb(colour))
    linear = np.where(given <= 0.04045, given / 12.92, ((given + 0.055) / 1.055) ** 2.4)
    assert 1.05 / (linear @ [0.2126, 0.7152, 0.0722] + 0.05) >= 4.5
