"""The charts of what moved: slopes, moves between answers, a target's pace, the fieldwork; and the columns beside the bars."""

import datetime as dt
import xml.etree.ElementTree as ET

import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle
from test_charts import HIDDEN, LEVELS, crowded, mean, rows, shares, texts

from analysis import charts, proportions, suppress
from analysis.chart_sheet import picture, svg
from analysis.colours import LINES, QUIET
from analysis.comparisons import FELL, ROSE, SAME
from survey.errors import DesignError

FIVE = list(LEVELS)


def lines(figure, points: int = 2) -> list:
    """The lines with a marker through so many points."""
    return [
        line
        for line in figure.axes[0].lines
        if len(line.get_xdata()) == points and line.get_marker() not in ("None", "")
    ]


# --- bars with columns beside them


def test_the_neutral_answer_aside_leaves_both_sides_at_the_middle():
    figure = charts.likert(shares({"a": [0, 1, 1, 2, 2, 2, 3, 3, 4, 4]}), {"a": "Câu"}, LEVELS, aside=2)
    bars = [bar for bar in figure.axes[0].patches if bar.get_gid() is None]
    assert [(round(bar.get_x(), 9), round(bar.get_width(), 9)) for bar in bars] == [
        (-0.3, 0.1),
        (-0.2, 0.2),
        (0, 0.2),
        (0.2, 0.2),
    ]
    assert {"30%", "40%", "n = 10"} <= set(texts(figure))  # left 10 + 20, right 20 + 20; aside 30
    assert "Làm được khi có người hướng dẫn 30%" in figure.alt
    assert crowded(figure) == []


def test_those_to_whom_a_question_does_not_apply_stand_beside_it():
    answers = shares({"a": [0, 1, 1, 3, 3, 3, 4, 4]})
    exempt = suppress(proportions(pd.DataFrame({"a": [0] * 8 + [1] * 2}), ["a"], values={"a": [0, 1]}), 2)
    figure = charts.likert(answers, {"a": "Câu"}, LEVELS, exempt=exempt)
    assert "không áp dụng" in texts(figure) and "20%" in texts(figure)
    assert "không áp dụng 20% (n = 8)" in figure.alt
    assert crowded(figure) == []


def test_where_nobody_was_exempt_there_is_a_dash():
    exempt = suppress(proportions(pd.DataFrame({"b": [0] * 8 + [1] * 2}), ["b"], values={"b": [0, 1]}), 2)
    figure = charts.likert(shares({"a": [0, 1, 1, 3, 3, 3, 4, 4]}), {"a": "Câu"}, LEVELS, exempt=exempt)
    assert "–" in texts(figure)


# --- slopes


def test_a_slope_goes_from_the_first_wave_to_the_last_in_the_colour_of_its_verdict():
    table = rows(
        mean("a", 2025, 1.5), mean("a", 2026, 9.0), mean("a", 2027, 2.0), mean("b", 2025, 2.5), mean("b", 2027, 2.2),
        mean("c", 2025, 3.0), mean("c", 2027, 3.0),
    )  # fmt: skip
    figure = charts.slope(table, {"a": "A", "b": "B", "c": "C"}, verdicts={"a": ROSE, "b": FELL, "c": SAME})
    assert [list(line.get_ydata()) for line in lines(figure)] == [[1.5, 2.0], [2.5, 2.2], [3.0, 3.0]]
    assert [(line.get_color(), line.get_marker()) for line in lines(figure)] == [
        (LINES[0], "^"),
        (LINES[1], "v"),
        (QUIET, "o"),
    ]
    assert {"1,50", "2,00 A", "2,20 B", "2025", "2027"} <= set(texts(figure)) and "2026" not in texts(figure)
    assert crowded(figure) == []


def test_a_slope_with_a_hidden_end_is_named_and_not_drawn():
    table = rows(mean("a", 2025, 1.5), mean("a", 2027, 2.0), mean("b", 2025, 2.5), mean("b", 2027, 2.2, n=3))
    figure = charts.slope(table, {"a": "A", "b": "B"})
    assert [list(line.get_ydata()) for line in lines(figure)] == [[1.5, 2.0]]
    assert f"B: {HIDDEN}" in texts(figure)
    assert "2,20" not in figure.alt and "2,20" not in " ".join(texts(figure))


def test_many_close_slopes_do_not_overlap():
    table = rows(*(mean(f"i{at}", wave, 2 + at / 50 + (wave - 2025) / 40) for at in range(11) for wave in (2025, 2027)))
    figure = charts.slope(
        table, {f"i{at}": f"Một thang đo có tên dài, thứ {at}" for at in range(11)}, title="Từ 2025 đến 2027"
    )
    assert len(lines(figure)) == 11
    assert crowded(figure) == []


def test_with_one_wave_there_is_no_slope():
    assert "chưa có số liệu" in texts(charts.slope(rows(mean("a", 2025, 1.5)), {"a": "A"}))


# --- moves between answers


def moved(counts: dict[int, list[int]], k: int = 5) -> pd.DataFrame:
    """Suppressed shares of the answers after among those who gave each answer before; counts: before -> people by after."""
    people = [
        (before, after)
        for before, line in counts.items()
        for after, n in zip(FIVE, line, strict=True)
        for _ in range(n)
    ]
    frame = pd.DataFrame(people, columns=["before", "a"]).astype({"before": str})
    table = suppress(proportions(frame, ["a"], by=["before"], values={"a": FIVE}), k)
    return table.assign(level=table["level"].astype(int))


def test_a_cell_is_the_darker_the_more_people_went_there_and_who_stayed_is_framed():
    figure = charts.moves(moved({0: [4, 6, 0, 0, 0], 1: [1, 2, 3, 4, 0]}), LEVELS, between=(2025, 2027))
    cells = [patch for patch in figure.axes[0].patches if patch.get_gid() == "cell"]
    assert len(cells) == 10
    light = [sum(cell.get_facecolor()[:3]) for cell in cells[:3]]
    assert light[1] < light[0] < light[2]  # 60 %, 40 %, 0 %
    stayed = [(round(patch.get_x() - 0.04), 4 - round(patch.get_y() - 0.06)) for patch in framed(figure)]
    assert stayed == [(0, 0), (1, 1)]  # column and row are the same answer
    assert {"40%", "60%", "n = 10", "2025 ↓", "2027 →"} <= set(texts(figure))
    assert crowded(figure) == []


def framed(figure) -> list[Rectangle]:
    return [patch for patch in figure.axes[0].patches if patch.get_gid() == "stayed"]


def test_a_row_of_few_people_is_a_marked_blank():
    figure = charts.moves(
        moved({0: [4, 6, 0, 0, 0], 1: [1, 2, 0, 0, 0], 2: [2, 2, 4, 4, 0]}), LEVELS, between=(2025, 2027)
    )
    assert HIDDEN in texts(figure) and "không có ai" in texts(figure)
    assert "67%" not in " ".join(texts(figure)) + figure.alt  # 2 of the 3
    assert len(framed(figure)) == 1


def test_moves_that_were_not_suppressed_are_not_drawn():
    with pytest.raises(DesignError):
        charts.moves(pd.DataFrame({"shown": [pd.NA]}), LEVELS, between=(2025, 2027))


# --- pace


def counted(*shares_: float) -> pd.DataFrame:
    dates = [pd.Timestamp(2025 + at, 12, 31) for at in range(len(shares_))]
    return pd.DataFrame({"date": dates, "share": shares_})


def by_name(figure, name: str) -> list:
    return [line for line in figure.axes[0].lines if line.get_gid() == name]


def test_the_way_that_is_left_leads_from_the_last_count_to_the_mark():
    figure = charts.pace(counted(0.5, 0.6), threshold=0.9, by=dt.date(2027, 6, 30), title="Chỉ tiêu 1")
    assert list(by_name(figure, "known")[0].get_ydata()) == [0.5, 0.6]
    assert list(by_name(figure, "needed")[0].get_ydata()) == [0.6, 0.9]
    assert list(by_name(figure, "threshold")[0].get_ydata()) == [0.9, 0.9]
    assert {"cần đạt 90%", "50,0%", "60,0%", "12/2025", "06/2027"} <= set(texts(figure))
    assert crowded(figure) == []


def test_a_target_that_is_reached_needs_no_way():
    assert by_name(charts.pace(counted(0.5, 0.95), threshold=0.9, by=dt.date(2027, 6, 30)), "needed") == []


def test_what_is_projected_stands_at_its_day_with_its_interval():
    figure = charts.pace(counted(0.5, 0.6, 0.7), threshold=0.9, by=dt.date(2028, 6, 30), expected=(0.74, 0.7, 0.79))
    assert list(by_name(figure, "expected")[0].get_ydata()) == [0.7, 0.79]
    assert "dự báo 74%" in texts(figure) and "Vạch đứng: khoảng dự báo 80%." in " ".join(texts(figure))


# --- fieldwork


def days(rates: list[float]) -> pd.DataFrame:
    whole = [round(80 * rate) for rate in rates]
    return pd.DataFrame({"day": pd.date_range("2027-05-03", periods=len(rates)), "cumulative": whole, "rate": rates})


def test_the_curve_of_each_wave_begins_at_nobody_and_the_last_wave_stands_out():
    figure = charts.response({2025: days([0.1, 0.5, 0.8]), 2026: days([0.2, 0.7]), 2027: days([0.3])})
    drawn = [line for line in figure.axes[0].lines if line.get_marker() in ("None", "") and line.get_ydata()[0] == 0.0]
    drawn = [
        line for line in drawn if len(line.get_xdata()) > 1 and line.get_xdata()[0] == 0 and line.get_ydata()[-1] > 0
    ]
    assert [list(line.get_ydata()) for line in drawn] == [[0, 0.1, 0.5, 0.8], [0, 0.2, 0.7], [0, 0.3]]
    assert [to_hex(line.get_color()) for line in drawn] == [QUIET, LINES[1].lower(), LINES[0].lower()]
    assert {"80%  2025", "70%  2026", "30%  2027"} <= set(texts(figure))
    assert crowded(figure) == []


def test_a_wave_without_a_roster_has_no_curve():
    assert "chưa có số liệu" in texts(charts.response({2025: days([0.1]).assign(rate=float("nan"))}))


# --- words and bytes


def test_every_chart_says_in_words_what_its_marks_say():
    figure = charts.trend(rows(mean("a", 2025, 1.5), mean("a", 2026, 1.8, n=3)), {"a": "Kỹ năng"}, pretend=True)
    assert figure.alt == (
        "DỮ LIỆU MÔ PHỎNG. Biểu đồ xu hướng qua các đợt: Kỹ năng 2025: 1,50 (1,40–1,60; n = 40); "
        f"Kỹ năng 2026: {HIDDEN}."
    )


def test_a_picture_has_its_words_and_needs_nothing_beside_it():
    figure = charts.slope(rows(mean("a", 2025, 1.5), mean("a", 2027, 2.0)), {"a": 'A "và" <b>'})
    shown = picture(figure)
    assert "&lt;b&gt;" in shown and "<b>" not in shown and 'src="data:image/svg+xml;base64,' in shown
    drawing = ET.fromstring(svg(figure))
    addresses = {value for one in drawing.iter() for name, value in one.attrib.items() if name.endswith("href")}
    assert all(address.startswith("#") for address in addresses)


def test_the_same_figure_gives_the_same_drawing():
    table = rows(mean("a", 2025, 1.5), mean("a", 2027, 2.0))
    assert svg(charts.slope(table, {"a": "A"})) == svg(charts.slope(table, {"a": "A"}))
