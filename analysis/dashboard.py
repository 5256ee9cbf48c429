"""The council's view: three pages on a review; as widgets (explore), or printed as one file for those without Python."""

from __future__ import annotations

import html
from collections.abc import Iterator

from analysis import charts, movement, panels, tables, webpage
from analysis.panels import Panel
from analysis.report_charts import skill_items
from analysis.review import Review
from analysis.sentences import PRETEND
from analysis.views import View
from survey.errors import Text

PAGES = {
    "overview": Text("Tổng quan", "Overview"),
    "skills": Text("Kỹ năng và ứng dụng", "Skills and adoption"),
    "change": Text("Thay đổi", "Change"),
}
QUESTIONS = {
    "targets": Text("Chỉ tiêu đã đi đến đâu?", "How far have the targets come?"),
    "practice": Text("Từng việc: bao nhiêu người đã tự làm được?", "Task by task: how many can do it?"),
    "levels": Text("Mức hiện nay, và của từng nhóm", "The level now, and that of each group"),
    "frequency": Text("Dùng thường xuyên đến đâu?", "How often?"),
    "agreement": Text("Đồng ý đến đâu?", "How far do people agree?"),
    "changes": Text("Điều gì tăng, giảm, không đổi?", "What rose, fell, did not change?"),
    "moves": Text("Ai chọn mức nào nay ở mức nào?", "Where did those who chose each answer go?"),
}


def head(review: Review, page: str) -> str:
    """What stands above the panels of a page, as HTML."""
    if page == "overview":
        return movement.main(review)
    pretend = f'<p class="pretend">{html.escape(str(PRETEND))}</p>' if review.study.pretend else ""
    school, title = html.escape(str(review.study.school.name)), html.escape(f"{PAGES[page]} {review.wave}")
    return f'<header><p class="small">{school}</p><h1>{title}</h1>{pretend}</header>'


def panels_of(review: Review, page: str) -> list[tuple[Text, Panel]]:
    """The questions of a page, and the panel that answers each."""
    if page == "overview":
        return [(QUESTIONS["targets"], panels.targets(review))]
    if page == "skills":
        return [
            (QUESTIONS["practice"], panels.practice(review, skill_items(review))),
            (QUESTIONS["levels"], panels.levels(review)),
            (QUESTIONS["frequency"], panels.shares(review, "frequency")),
            (QUESTIONS["agreement"], panels.shares(review, "agreement")),
        ]
    return [(QUESTIONS["changes"], panels.changes(review)), (QUESTIONS["moves"], panels.moves(review))]


# --- one file


def printed(review: Review) -> str:
    """All three pages as one HTML file without a script, for those without Python; the same data give the same bytes."""
    links = "".join(f'<a href="#{page}">{html.escape(str(title))}</a>' for page, title in PAGES.items())
    parts = []
    for page, title in PAGES.items():
        shown = "".join(_section(question, view) for question, view in _views(review, page))
        top = head(review, page) if page == "overview" else f"<h2>{html.escape(str(title))}</h2>"
        parts.append(
            f'<section id="{page}">{top}{f"<nav>{links}</nav>" if page == "overview" else ""}{shown}</section>'
        )
    return webpage.page(f"{PAGES['overview']} {review.wave} – {review.study.school.name}", "".join(parts))


SPREAD = {
    "levels": "scale",
    "changes": "pair",
    "shares-frequency": "item",
    "shares-agreement": "item",
}  # panel -> control


def _views(review: Review, page: str) -> Iterator[tuple[str, View]]:
    """What the file shows of a page: each panel as it opens; of some, each option of one control."""
    for question, panel in panels_of(review, page):
        if panel.nothing:
            continue
        picks, options = panel.settled({})
        control = SPREAD.get(panel.name, "")
        for words, value in options.get(control, {"": None}).items():
            shown = panel.settled(picks | {control: value})[0] if control else picks
            yield f"{question} {words}".strip(), panel.view(shown)


def _section(title: str, view: View) -> str:
    said = "".join(f"<p>{html.escape(line)}</p>" for line in view.words)
    shown = charts.picture(view.figure) + said + tables.framed(view.table)
    return f'<details class="view" open><summary>{html.escape(title)}</summary>{shown}</details>'
