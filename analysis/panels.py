"""What can be picked on a page, and what each pick shows; the widgets (explore) and the printed page only present it.

A pick that shows nothing is not offered: the options of each control follow from what is picked in the others.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from analysis import views
from analysis.projection import history
from analysis.register import entries
from analysis.review import GROUPS, Review
from analysis.views import View
from survey.errors import Text

Picks = dict[str, Any]  # control -> value: text, number, or a pair of waves as "2025-2027"
Options = dict[str, dict[str, Any]]  # control -> words -> value; a control with one option has nothing to pick

ORDERED = ("practice", "frequency", "agreement", "yes_no")
CONTROLS = {
    "language": Text("Ngôn ngữ", "Language"),
    "content": Text("Nội dung", "Content"),
    "scale": Text("Thang đo", "Scale"),
    "item": Text("Câu hỏi", "Question"),
    "target_id": Text("Chỉ tiêu", "Target"),
    "group": Text("Xem theo", "View by"),
    "level": Text("Nhóm", "Group"),
    "pair": Text("Từ → đến", "From → to"),
    "waves": Text("Đợt", "Wave"),
    "chart": Text("Biểu đồ", "Chart"),
    "target": Text("Suy luận về", "Inference about"),
    "doubted": Text("Câu trả lời bị đánh dấu", "Flagged answers"),
}
LANGUAGES = {"Tiếng Việt": "vi", "English": "en"}
MOST = 60  # groups that one chart holds: of more, one at a time is looked at
WHOLE = Text("Toàn trường", "Whole school")
BY = {"unit": Text("Đơn vị", "Unit"), "role": Text("Vai trò", "Role")}
EVERY_GROUP = Text("Mọi nhóm, một đợt", "Every group, one wave")
EVERY_WAVE = Text("Mọi đợt", "All waves")
EVERY_CONTENT = Text("Mọi nội dung", "All contents")
TARGETS = {
    Text("Người của trường lúc này", "These people now"): "descriptive",
    Text("Quá trình (tổng thể lớn hơn)", "The process (a larger population)"): "analytic",
}
DOUBTED = {Text("Tính cả", "Counted"): "with", Text("Bỏ ra", "Left out"): "without"}
CHARTS = {Text("Mức thay đổi", "Changes"): "changes", Text("Đường dốc", "Slopes"): "slopes"}
NO_QUESTION = Text("Phiếu này không có câu hỏi như vậy.", "This form has no such question.")
INSEPARABLE = Text(
    "Có câu trả lời bị đánh dấu, nhưng quá ít: đặt hai cách tính cạnh nhau sẽ lộ chúng, nên ở đây chỉ có một cách.",
    "Some answers are flagged, too few to show both ways of counting side by side without telling them.",
)


@dataclass(frozen=True)
class Panel:
    """name: the same in every run, under which picks are kept. nothing: why there is nothing to pick, "" where there is."""

    name: str
    review: Review
    options: Callable[[Picks], Options]
    view: Callable[[Picks], View]
    nothing: str = ""

    def settled(self, picks: Picks) -> tuple[Picks, Options]:
        """The picks that are possible, in the order of the controls; the first option stands for one that is not."""
        for _ in CONTROLS:  # a control hangs on at most all others
            options = self.options(picks)
            found = {name: _picked(picks, name, named) for name, named in options.items()}
            if found == picks:
                return found, options
            picks = found
        return picks, self.options(picks)


def levels(review: Review) -> Panel:
    """A scale: its trend in the whole school or in one unit or role, or all units and roles of a wave."""
    scales = [scale for scale in review.scales if scale in review.asked]

    def options(picks: Picks) -> Options:
        offered = _contents(review, scales)
        scale = _labels(review, of_content(review, scales, picks.get("content")))
        found = offered | {"scale": scale} | _groups(review) | {"level": _levels(review, picks.get("group"))}
        alone = bool(picks.get("group")) and not picks.get("level")
        found["waves"] = _waves(review, review.asked[_picked(picks, "scale", scale)], alone)
        years = _years(_picked(picks, "waves", found["waves"]))
        doubted = {} if picks.get("group") else _doubted(review, [_picked(picks, "scale", scale)], years)
        return found | _target(review) | doubted

    def view(picks: Picks) -> View:
        source, waves = _source(review, picks), _years(picks["waves"])
        if not picks.get("group"):
            return _noted(review, picks, views.levels(source, picks["scale"], waves))
        if not picks.get("level"):
            return views.levels_of_groups(source, picks["scale"], picks["group"], waves[0])
        return views.level_of_group(source, picks["scale"], picks["group"], picks["level"], waves)

    nothing = Text("Phiếu này không có thang đo.", "This form has no scale.")
    return Panel("levels", review, options, view, "" if scales else str(nothing))


def shares(review: Review, order: str = "") -> Panel:
    """A question with ordered answers (of one kind: practice, frequency, agreement, yes_no): the share of each answer."""
    items = _ordered(review, [order] if order else ORDERED)

    def options(picks: Picks) -> Options:
        item = _labels(review, _items_of_content(review, items, picks.get("content")))
        found = _item_contents(review, items) | {"item": item} | _groups(review, MOST)
        found["waves"] = _waves(review, review.asked[_picked(picks, "item", item)], bool(picks.get("group")))
        years = _years(_picked(picks, "waves", found["waves"]))
        doubted = {} if picks.get("group") else _doubted(review, [_picked(picks, "item", item)], years)
        return found | _target(review) | doubted

    def view(picks: Picks) -> View:
        source, waves = _source(review, picks), _years(picks["waves"])
        if picks.get("group"):
            return views.shares_of_groups(source, picks["item"], picks["group"], waves[0])
        return _noted(review, picks, views.shares(source, picks["item"], waves))

    return Panel(f"shares-{order}" if order else "shares", review, options, view, "" if items else str(NO_QUESTION))


def practice(review: Review, items: Sequence[str]) -> Panel:
    """All questions with the same choices side by side, in a wave."""

    def options(picks: Picks) -> Options:
        held = [wave for wave in review.waves if any(wave in review.asked.get(item, []) for item in items)]
        return {"waves": _waves(review, held, True)} | _target(review)

    def view(picks: Picks) -> View:
        return views.practice(_source(review, picks), items, _years(picks["waves"])[0])

    return Panel("practice", review, options, view, "" if items else str(NO_QUESTION))


def changes(review: Review) -> Panel:
    """A pair of waves: the change of every scale with its verdict, or the slopes between both levels."""

    def options(picks: Picks) -> Options:
        found = {"pair": _pairs(review)} | _contents(review, review.scales)
        found["chart"] = {str(words): key for words, key in CHARTS.items()}
        scales = of_content(review, review.scales, picks.get("content"))
        years = _years(_picked(picks, "pair", found["pair"]))
        return found | _target(review) | _doubted(review, scales, years, together=True)

    def view(picks: Picks) -> View:
        first, second = _years(picks["pair"])
        scales = of_content(review, review.scales, picks.get("content"))
        show = views.slopes if picks["chart"] == "slopes" else views.changes
        return _noted(review, picks, show(_source(review, picks), (first, second), scales))

    return Panel("changes", review, options, view, "" if review.pairs and review.scales else _one_wave(review))


def moves(review: Review) -> Panel:
    """A pair of waves and a question: where the people who answered twice went from each answer."""
    items = _ordered(review, ORDERED)

    def twice(pair: str) -> list[str]:
        return [item for item in items if set(_years(pair)) <= set(review.asked[item])]

    pairs = {words: pair for words, pair in _pairs(review).items() if twice(pair)}

    def options(picks: Picks) -> Options:
        both = twice(_picked(picks, "pair", pairs))
        found = {"pair": pairs} | _item_contents(review, both)
        content = _picked(picks, "content", found["content"])
        return found | {"item": _labels(review, _items_of_content(review, both, content))}

    def view(picks: Picks) -> View:
        first, second = _years(picks["pair"])
        return views.moves(review, picks["item"], (first, second))

    return Panel("moves", review, options, view, "" if pairs else _one_wave(review))


def targets(review: Review) -> Panel:
    """All targets, those of a content, or the pace of one of them."""
    movement = review.study.movement
    known = list(movement.targets) if movement else []
    table = entries(review.study)
    counted = [t for t in known if t.rule != "judged" and len(history(table, t.id, review.until))]

    def options(picks: Picks) -> Options:
        contents = {str(EVERY_CONTENT): 0}
        contents |= {f"{c.id}. {c.title}": c.id for c in (movement.contents if movement else ())
                     if any(c.id in target.contents for target in known)}  # fmt: skip
        own = [target for target in counted if not picks.get("content") or picks["content"] in target.contents]
        every = {str(Text("Mọi chỉ tiêu", "All targets")): 0}
        return {"content": contents, "target_id": every | {f"{t.id}. {t.label}": t.id for t in own}}

    def view(picks: Picks) -> View:
        if picks["target_id"]:
            return views.pace(review, picks["target_id"])
        return views.targets(review, picks["content"] or None)

    nothing = Text("Khảo sát này không nêu chỉ tiêu nào.", "This study names no target.")
    return Panel("targets", review, options, view, "" if known else str(nothing))


# --- options


def _one_wave(review: Review) -> str:
    only = review.waves[0]
    return str(
        Text(
            f"Mới có một đợt (năm {only}): chưa thể nói về thay đổi.", f"One wave only ({only}): no change to be told."
        )
    )


def _labels(review: Review, items: Sequence[str]) -> dict[str, Any]:
    """Words -> item; where two items are worded alike, with their names."""
    words = [str(review.label(item)) for item in items]
    return {one if words.count(one) == 1 else f"{one} ({item})": item for one, item in zip(words, items, strict=True)}


def _contents(review: Review, scales: Sequence[str]) -> Options:
    held = {scale.content for scale in review.study.form.scales if scale.id in scales and scale.content is not None}
    return _content_options(review, held)


def _item_contents(review: Review, items: Sequence[str]) -> Options:
    movement = review.study.movement
    contents = [content.id for content in (movement.contents if movement else ())]
    return _content_options(
        review, {one for one in contents if set(_items_of_content(review, items, one, strict=True))}
    )


def _content_options(review: Review, held: set[int]) -> Options:
    movement = review.study.movement
    contents = {f"{c.id}. {c.title}": c.id for c in (movement.contents if movement else ()) if c.id in held}
    return {"content": {str(EVERY_CONTENT): 0} | contents}


def of_content(review: Review, scales: Sequence[str], content: object) -> list[str]:
    """The scales of a content; all where it has none, or none is named."""
    own = {scale.id for scale in review.study.form.scales if scale.content == content}
    return [scale for scale in scales if scale in own] or list(scales)


def _items_of_content(review: Review, items: Sequence[str], content: object, strict: bool = False) -> list[str]:
    own = set(review.study.form.items(tag="content", value=content)) if content else set()
    found = [item for item in items if item in own]
    return found if found or strict else list(items)


def _groups(review: Review, most: float = math.inf) -> Options:
    sizes = {name: review.frame[name].nunique() for name in GROUPS if name in review.frame}
    held = {str(BY[name]): name for name, size in sizes.items() if 1 < size <= most}
    return {"group": {str(WHOLE): ""} | held}


def _levels(review: Review, group: object) -> dict[str, Any]:
    if not group:
        return {str(WHOLE): ""}
    labels, held = review.unit_labels(), {str(level) for level in review.frame[str(group)].dropna()}
    every = {str(EVERY_GROUP): ""} if len(held) <= MOST else {}
    ordered = [*(level for level in labels if level in held), *sorted(held - set(labels))]
    return every | {str(labels.get(level, level)): level for level in ordered}


def _waves(review: Review, asked: list[int], single: bool) -> dict[str, Any]:
    """Of the waves in which it was asked: all, those of a phase, each; the newest first where one has to be picked."""
    each = {str(wave): str(wave) for wave in reversed(asked)}
    if single or len(asked) == 1:
        return each
    phases = {}
    for phase in review.study.phases:
        held = [wave for wave in review.study.waves_of(phase.id) if wave in asked]
        if 1 < len(held) < len(asked):
            phases[str(phase.label)] = "-".join(map(str, held))
    return {str(EVERY_WAVE): "-".join(map(str, asked))} | phases | each


def _ordered(review: Review, orders: Sequence[str]) -> list[str]:
    """The items whose answers are ordered in one of these ways, that anybody has answered."""
    return [item for order in orders for item in review.study.form.items(order=order) if item in review.asked]


def _pairs(review: Review) -> dict[str, Any]:
    return {f"{first} → {second}": f"{first}-{second}" for first, second in review.pairs}


def _years(waves: str) -> list[int]:
    return [int(wave) for wave in waves.split("-")]


def _target(review: Review) -> Options:
    """The target of inference, where the two differ: where a population is known."""
    return {"target": {str(w): key for w, key in TARGETS.items()}} if review.design.corrected else {}


def _doubted(review: Review, items: Sequence[str], years: list[int], together: bool = False) -> Options:
    """With or without the flagged answers, where something of what is picked may be shown both ways (all years together)."""
    less = review.without_doubted
    if less is None or less.apart is None:
        return {}
    rule = all if together else any
    possible = any(rule((item, year) in less.apart for year in years) for item in items)
    return {"doubted": {str(words): key for words, key in DOUBTED.items()}} if possible else {}


def _picked(picks: Picks, name: str, options: dict[str, Any]) -> Any:
    """What is picked, or the first option where that is not possible."""
    return picks[name] if picks.get(name) in options.values() else next(iter(options.values()))


def _noted(review: Review, picks: Picks, view: View) -> View:
    """The view, with why the flagged answers can only be counted one way."""
    if "doubted" in picks or review.without_doubted is None:
        return view
    return replace(view, say=lambda: [*view.words, str(INSEPARABLE)])


def _source(review: Review, picks: Picks) -> Review:
    """The review that the picks are about."""
    if picks.get("doubted") == "without" and review.without_doubted is not None:
        review = review.without_doubted
    return review.analytic if picks.get("target") == "analytic" else review
