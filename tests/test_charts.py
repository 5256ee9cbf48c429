"""Charts: their marks are the estimates, a hidden number is nowhere in them, and nothing overlaps or is cut."""

import itertools

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle
from matplotlib.text import Text as Words

from analysis import change, charts, means, proportions, suppress
from analysis.comparisons import judge
from survey.errors import DesignError, speak

LEVELS = {
    0: "Chưa biết việc này",
    1: "Biết nhưng chưa tự làm",
    2: "Làm được khi có hướng dẫn",
    3: "Tự làm",
    4: "Thành thạo",
}
LONG = "Dùng dữ liệu kết quả học tập của học sinh để điều chỉnh kế hoạch dạy học trong từng tuần của năm học này"


def answers(items: dict[str, list[int]], **columns) -> pd.DataFrame:
    return pd.DataFrame(items | columns)


def shares(items: dict[str, list[int]], k: int = 2) -> pd.DataFrame:
    values = {item: list(LEVELS) for item in items}
    return suppress(proportions(answers(items), list(items), values=values), k)


def texts(figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Words) if text.get_text().strip() and text.get_visible()]


def bars(figure) -> list[Rectangle]:
    return [
        patch
        for patch in figure.axes[0].patches
        if isinstance(patch, Rectangle) and abs(patch.get_height() - 0.68) < 1e-9
    ]


def crowded(figure) -> list[tuple[str, str]]:
    """Pairs of texts that overlap by more than a hair, as drawn."""
    figure.draw_without_rendering()
    boxes = [
        (t.get_text(), t.get_window_extent()) for t in figure.findobj(Words) if t.get_text().strip() and t.get_visible()
    ]
    found = []
    for (one, a), (two, b) in itertools.combinations(boxes, 2):
        wide = min(a.x1, b.x1) - max(a.x0, b.x0)
        tall = min(a.y1, b.y1) - max(a.y0, b.y0)
        if wide > 2 and tall > 2:
            found.append((one, two))
    return found


def test_a_bar_is_as_wide_as_its_share_and_the_middle_answer_is_centred():
    figure = charts.likert(shares({"a": [0, 1, 1, 2, 2, 2, 3, 3, 4, 4]}), {"a": "Câu"}, LEVELS)
    widths = [bar.get_width() for bar in bars(figure)]
    assert widths == pytest.approx([0.1, 0.2, 0.3, 0.2, 0.2])
    middle = bars(figure)[2]
    assert middle.get_x() + middle.get_width() / 2 == pytest.approx(0)
    assert {"30%", "40%", "10"} <= set(texts(figure))  # left 10 + 20, right 20 + 20, n


def test_a_hidden_row_has_no_bar_and_says_so():
    shown = shares({"a": [0, 1, 2, 3, 4, 4], "b": [4, 4, 4, None, None, None]}, k=5)
    figure = charts.likert(shown, {"a": "Câu a", "b": "Câu b"}, LEVELS)
    assert len(bars(figure)) == 5
    assert "ẩn (ít người)" in texts(figure)
    assert "100%" not in texts(figure)


def people(waves: dict[int, list[float]]) -> pd.DataFrame:
    return pd.DataFrame([(wave, y) for wave, ys in waves.items() for y in ys], columns=["wave", "x"])


def test_a_trend_stands_at_its_estimates_and_2027_is_in_both_phases():
    shown = suppress(means(people({2025: [1, 2, 3], 2027: [2, 3, 4], 2030: [3, 4, 5]}), ["x"], by=["wave"]), 2)
    figure = charts.trend(shown, {"x": "Kỹ năng"}, phases=[("Một", 2025, 2027), ("Hai", 2027, 2030)])
    line = next(line for line in figure.axes[0].lines if len(line.get_xdata()) == 3 and line.get_linestyle() == "-")
    assert (list(line.get_xdata()), list(line.get_ydata())) == ([2025, 2027, 2030], [2, 3, 4])
    bands = [patch for patch in figure.axes[0].patches if isinstance(patch, Rectangle)]
    assert [(band.get_x(), band.get_x() + band.get_width()) for band in bands] == [(2025, 2027), (2027, 2030)]
    assert any(text.startswith("4,00") for text in texts(figure))


def test_units_stand_from_high_to_low_and_hidden_ones_below():
    rows = [("a", 1.0)] * 6 + [("b", 3.0)] * 6 + [("c", 5.0)] * 2 + [("d", 2.0)] * 5
    shown = suppress(means(pd.DataFrame(rows, columns=["unit", "x"]), ["x"], by=["unit"]), 5)
    figure = charts.units(shown, {})
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert names[::-1] == ["b", "a", "c", "d"]
    assert texts(figure).count("ẩn (ít người)") == 2
    assert not [text for text in texts(figure) if text.startswith(("5,00", "2,00"))]


def test_a_verdict_is_in_the_form_of_its_mark():
    rng = np.random.default_rng(1)
    first, second = rng.normal(0, 0.05, 30), rng.normal(0, 0.05, 30)
    frame = pd.DataFrame({"wave": [1] * 30 + [2] * 30, "up": [*first, *(second + 1)], "same": [*first, *second]})
    shown = judge(suppress(change(frame, ["up", "same"], between=(1, 2), person=None), 2), small=0.2)
    figure = charts.changes(shown, {"up": "Tăng", "same": "Như cũ"}, small=0.2)
    markers = [line.get_marker() for line in figure.axes[0].lines if line.get_marker() not in ("None", None, "")]
    assert sorted(markers) == ["^", "o"]
    assert any("không thay đổi" in text for text in texts(figure))


def test_estimates_that_were_not_suppressed_are_not_drawn():
    with pytest.raises(DesignError) as error:
        charts.likert(proportions(answers({"a": [0, 1]}), ["a"]), {"a": "Câu"}, LEVELS)
    assert str(error.value) == (
        "Lỗi ở charts\n"
        "  Quy tắc: Chỉ vẽ số liệu đã qua suppress(...).\n"
        "  Đã thấy: cột shown còn trống\n"
        "  Cách sửa: Gọi suppress(estimates) trước khi vẽ."
    )


def test_the_same_estimates_give_the_same_picture_and_pretend_ones_say_so():
    shown = shares({"a": [0, 1, 2, 3]})
    pictures = [charts.png(charts.likert(shown, {"a": "Câu"}, LEVELS, pretend=True), dpi=60) for _ in range(2)]
    assert pictures[0] == pictures[1]
    assert "DỮ LIỆU MÔ PHỎNG" in texts(charts.likert(shown, {"a": "Câu"}, LEVELS, pretend=True))


def test_the_words_are_in_the_language_spoken():
    speak("en")
    try:
        figure = charts.likert(
            shares({"a": [0, 1, 2], "b": [4, None, None]}, k=3), {"a": "A", "b": "B"}, LEVELS, pretend=True
        )
    finally:
        speak("vi")
    assert {"hidden (few people)", "PRETEND DATA"} <= set(texts(figure))


@pytest.mark.parametrize("items", [1, 12])
def test_nothing_overlaps_under_long_titles(items):
    rng = np.random.default_rng(items)
    given = {f"q{n}": list(rng.integers(0, 5, 40)) for n in range(items)}
    figure = charts.likert(
        shares(given), dict.fromkeys(given, LONG), LEVELS, title=LONG, note="Nguồn: " + LONG, pretend=True
    )
    assert crowded(figure) == []


def test_everybody_or_nobody_choosing_one_answer_is_drawn():
    figure = charts.likert(shares({"a": [4] * 6, "b": [0] * 6}), {"a": "A", "b": "B"}, LEVELS)
    assert max(bar.get_width() for bar in bars(figure)) == 1
    assert {"100,0%", "100%"} & set(texts(figure))


@pytest.mark.parametrize("last", [[3.0, 3.01, 3.02, 3.03], [1.0, 2.0, 3.0, 4.0]])
def test_the_names_at_the_ends_of_lines_keep_apart(last):
    frames = [
        people({2025: [1, 1.1, 1.2], 2027: [end, end + 0.1, end + 0.2]}).rename(columns={"x": f"x{n}"})
        for n, end in enumerate(last)
    ]
    shown = pd.concat([suppress(means(frame, [f"x{n}"], by=["wave"]), 2) for n, frame in enumerate(frames)])
    labels = {f"x{n}": f"Thang đo có tên dài thứ {n}" for n in range(4)}
    assert crowded(charts.trend(shown, labels, phases=[("Giai đoạn 1 (2025–2027)", 2025, 2027)])) == []


def as_seen(colour) -> np.ndarray:
    """A colour under deuteranopia (Machado, Oliveira and Fernandes 2009, severity 1)."""
    matrix = np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    )
    return matrix @ np.array(to_rgb(colour))


@pytest.mark.parametrize("colours", [charts.LINES, charts._diverging(5)], ids=["lines", "answers"])
def test_colours_keep_apart_for_the_colour_blind(colours):
    gaps = [np.linalg.norm(as_seen(a) - as_seen(b)) for a, b in itertools.combinations(colours, 2)]
    assert min(gaps) > 0.12
