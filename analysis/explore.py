"""The widgets of the notebooks: choose, and see the chart, the sentence and the table of the same estimates."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as widgets
from IPython.display import HTML, display

from analysis import charts, sentences, tables
from analysis.report_charts import phase_bands
from analysis.review import Review
from survey.errors import Text

WIDE = widgets.Layout(width="min(100%, 32rem)", min_height="44px")  # a finger's breadth on a phone
ORDERED = ("practice", "frequency", "agreement", "yes_no")
GROUPS = {
    "": Text("Toàn trường", "Whole school"),
    "role": Text("Theo vai trò", "By role"),
    "unit": Text("Theo đơn vị", "By unit"),
}


def levels(review: Review) -> widgets.VBox:
    """Choose a scale and a grouping: its trend in the whole school, or its level in each unit or role now."""
    scale = _choice(Text("Thang đo", "Scale"), {str(review.label(item)): item for item in review.scales})
    group = _choice(Text("Xem", "View"), {str(words): key for key, words in GROUPS.items()})
    return _page([scale, group], lambda: _levels(review, scale.value, group.value))


def _levels(review: Review, scale: str, group: str) -> list[Any]:
    labels = {item: review.label(item) for item in review.scales}
    whole = review.levels[review.levels["item"] == scale]
    now = whole[whole["wave"] == review.wave]
    if not group:
        figure = charts.trend(whole, labels, phases=phase_bands(review), pretend=review.study.pretend)
        words = [sentences.level(row, f"{row.wave}, {labels[row.item]}") for row in whole.itertuples()]
        return [figure, words, tables.level_table(review, whole)]
    parts = review.levels_by(group, [scale])
    figure = charts.units(parts, review.unit_labels(), whole=now, pretend=review.study.pretend)
    words = [sentences.level(row, review.unit_labels().get(row.level, row.level)) for row in parts.itertuples()]
    return [figure, words, tables.group_table(review, parts)]


def shares(review: Review, items: Sequence[str] | None = None) -> widgets.Widget:
    """Choose one of the items (all with ordered answers, if none are given): the share of each answer, wave by wave."""
    form = review.study.form
    if items is None:
        items = [item for order in ORDERED for item in form.items(order=order) if item in review.items]
    if not items:
        return _nothing(Text("Phiếu này không có câu hỏi như vậy.", "This form has no such question."))
    item = _choice(Text("Câu hỏi", "Question"), {str(review.label(name)): name for name in items})
    return _page([item], lambda: _shares(review, item.value))


def _shares(review: Review, item: str) -> list[Any]:
    found = review.shares_of([item])
    values = review.study.form.value_labels(item)
    figure = charts.likert(found, {item: review.label(item)}, values, pretend=review.study.pretend)
    return [figure, [], tables.share_table(review, found)]


def changes(review: Review) -> widgets.Widget:
    """Choose a pair of waves: the change of every scale, with its verdict."""
    if not review.pairs:
        only = review.waves[0]
        return _nothing(Text(
            f"Mới có một đợt (năm {only}): chưa thể nói về thay đổi.", f"One wave only ({only}): no change to be told."
        ))  # fmt: skip
    pair = _choice(Text("Từ → đến", "From → to"), {f"{a} → {b}": (a, b) for a, b in review.pairs})
    return _page([pair], lambda: _changes(review, pair.value))


def _changes(review: Review, pair: tuple[int, int]) -> list[Any]:
    found = review.changes[review.changes["wave"] == f"{pair[0]}→{pair[1]}"]
    labels = {item: review.label(item) for item in review.scales}
    figure = charts.changes(found, labels, small=review.study.small, pretend=review.study.pretend)
    return [
        figure,
        sentences.changes(found, labels),
        tables.change_table(review, found),
    ]


def _nothing(words: Text) -> widgets.HTML:
    """Words in the place of a choice that there is not."""
    return widgets.HTML(f"<p>{html.escape(str(words))}</p>")


def _choice(name: Text, options: dict[str, Any]) -> widgets.Dropdown:
    return widgets.Dropdown(
        options=list(options.items()), description=str(name), layout=WIDE, style={"description_width": "6rem"}
    )


def _page(controls: list[widgets.Dropdown], draw: Callable[[], list[Any]]) -> widgets.VBox:
    """The controls above what they choose; drawn once now, and again whenever one changes."""
    place = widgets.Output()

    def show(_=None) -> None:
        figure, words, table = draw()
        place.clear_output(wait=True)
        with place:
            display(figure)
            display(HTML("".join(f"<p>{html.escape(line)}</p>" for line in words)))
            display(table.style.format(escape="html").hide(axis="index"))

    for control in controls:
        control.observe(show, names="value")
    show()
    return widgets.VBox([*controls, place])
