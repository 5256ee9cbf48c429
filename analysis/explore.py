"""The widgets of the notebooks and the dashboard: pick, and see the chart, plain words and the table of the same estimates.

What can be picked, and what a pick shows, is in panels; nothing is worked out or hidden here.
"""

from __future__ import annotations

import base64
import gc
import html
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from analysis import charts, chosen, dashboard, panels, tables
from analysis.panels import CONTROLS, LANGUAGES, Panel
from analysis.review import Review
from analysis.views import View
from survey import store
from survey.errors import Text, UserError, speak, spoken
from survey.study import Study

KEPT = "picks.json"  # beside study.yaml: what was last picked in each panel; no answers, and safe to delete
SLOW = 0.5  # seconds after which a bar says that something is being worked out
ROW = widgets.Layout(flex_flow="row wrap")
BUTTON = {"width": "auto", "height": "44px"}
BUSY = Text("Đang tính…", "Working…")
IN = Text("Đưa vào báo cáo", "Put into the report")
OUT = Text("Bỏ khỏi báo cáo", "Take out of the report")
UNKEPT = Text("Không ghi nhớ được lựa chọn", "The picks could not be kept")
FILES = Text("Tải về", "Download")
BROKEN = Text(
    "Chương trình gặp lỗi khi tính phần này; xin chọn mục khác và báo người phụ trách.",
    "The program failed at this; please pick something else and tell the IT lead.",
)


def levels(review: Review) -> widgets.Widget:
    """A scale: its trend in the whole school or in one unit or role, or all units and roles of a wave."""
    return shown(panels.levels(review), review.study)


def shares(review: Review, order: str = "") -> widgets.Widget:
    """A question with ordered answers (of one kind: practice, frequency, agreement, yes_no): the share of each answer."""
    return shown(panels.shares(review, order), review.study)


def practice(review: Review, items: Sequence[str]) -> widgets.Widget:
    """All questions with the same choices side by side, in a wave."""
    return shown(panels.practice(review, items), review.study)


def changes(review: Review) -> widgets.Widget:
    """A pair of waves: the change of every scale with its verdict, or the slopes between both levels."""
    return shown(panels.changes(review), review.study)


def moves(review: Review) -> widgets.Widget:
    """A pair of waves and a question: where the people who answered twice went from each answer."""
    return shown(panels.moves(review), review.study)


def targets(review: Review) -> widgets.Widget:
    """All targets, those of a content, or the pace of one of them."""
    return shown(panels.targets(review), review.study)


def dashboard_of(folder: str, wave: int, language: str) -> widgets.Widget:
    """The dashboard of a study's review, as the served page shows it."""
    speak(language)
    try:
        return Pages(Review.of(Study.open(Path(folder)), wave))
    except UserError as error:
        return widgets.HTML(f"<pre>{html.escape(str(error))}</pre>")


def shown(panel: Panel, study: Study, alone: bool = True) -> widgets.Widget:
    """A panel as widgets. alone: not on a page that chooses the language, and may write (see `Board`)."""
    if panel.nothing:
        return widgets.HTML(f"<p>{html.escape(panel.nothing)}</p>")
    return Board(panel, study, alone)


class Pages(widgets.VBox):
    """The dashboard: a button per page, and below them the page that is looked at, made when it is first opened."""

    def __init__(self, review: Review):
        self.review, self.made = review, dict[str, widgets.VBox]()
        self.page = widgets.ToggleButtons(style={"button_width": "auto"})
        self.language = _choice()
        self.language.options = tuple(LANGUAGES.items())
        self.place = widgets.VBox()
        super().__init__([widgets.Box([self.page, self.language], layout=ROW), self.place])
        self.add_class("kss-page")
        self.name("overview")
        self.page.observe(lambda change: self.turn_to(change["new"]), names="value")
        self.language.observe(lambda change: self.translate(change["new"]), names="value")
        self.turn_to("overview")

    def name(self, page: str) -> None:
        """The words of the controls, in the language that is spoken."""
        self.page.options = [(str(title), key) for key, title in dashboard.PAGES.items()]
        self.page.value, self.language.description, self.language.value = page, str(CONTROLS["language"]), spoken()

    def turn_to(self, page: str) -> None:
        if page not in self.made:
            self.made[page] = self.make(page)
        self.place.children = (self.made[page],)

    def translate(self, language: str) -> None:
        speak(language)
        page = self.page.value
        self.made.clear()
        self.name(page)
        self.turn_to(page)

    def make(self, page: str) -> widgets.VBox:
        head = dashboard.head(self.review, page)
        parts: list[widgets.Widget] = [widgets.HTML(f'<div class="kss">{head}</div>')]
        for question, panel in dashboard.panels_of(self.review, page):
            parts.append(widgets.HTML(f'<div class="kss"><h2>{html.escape(str(question))}</h2></div>'))
            parts.append(shown(panel, self.review.study, alone=False))
        return widgets.VBox(parts)


class Board(widgets.VBox):
    """Controls, and below them what they pick. `view` is what is shown, `picks` what is picked.

    alone: the board has a control for the language, and keeps its picks beside study.yaml, so that they outlive the kernel.
    """

    def __init__(self, panel: Panel, study: Study, alone: bool):
        self.panel, self.study, self.alone = panel, study, alone
        self.picks: panels.Picks = kept(study).get(panel.name, {}) if alone else {}
        self.controls = {name: _choice() for name in CONTROLS}
        self.status, self.picture, self.words, self.table, self.files = (widgets.HTML() for _ in range(5))
        self.get = widgets.Button(layout=widgets.Layout(**BUTTON))
        self.get.on_click(lambda _: self.make_files())
        self.report = widgets.Button(layout=widgets.Layout(**BUTTON))
        self.report.on_click(lambda _: self.put_into_report())
        self.drawn = lru_cache(maxsize=64)(self.draw)  # going back to what one has just looked at waits for nothing
        self.settling = False  # while controls are set by the program
        for name, control in self.controls.items():
            control.observe(self.picked, names="value")
            control.name = name
        head = widgets.Box(list(self.controls.values()), layout=ROW)
        buttons = widgets.Box([self.get, self.report], layout=ROW)
        super().__init__([head, self.status, self.picture, self.words, self.table, buttons, self.files])
        self.add_class("kss-board")
        self.show()
        # What stays is no longer looked through for garbage, which took a quarter of a second at every twentieth change.
        gc.collect(1)
        gc.freeze()

    def picked(self, change: Any) -> None:
        """Somebody picked something."""
        if self.settling:
            return
        if change["owner"].name == "language":
            speak(change["new"])
        self.picks = self.picks | {change["owner"].name: change["new"]}
        self.show()

    def show(self) -> None:
        """Offer what can be picked, and show what is; where that fails, nothing of what was shown before is left."""
        self.files.value, self.get.description = "", str(FILES)
        try:
            with self.busy():
                self.picks, options = self.panel.settled(self.picks)
                self.offer(({"language": LANGUAGES} if self.alone else {}) | options)
                self.view, self.picture.value = self.drawn(spoken(), tuple(self.picks.items()))
                self.say(self.view.words)
                self.table.value = tables.framed(self.view.table)
        except Exception as error:
            self.picture.value = self.table.value = ""
            self.say(str(error).splitlines() if isinstance(error, UserError) else [str(BROKEN)])
            if not isinstance(error, UserError):
                raise
        if self.alone:
            try:
                keep(self.study, self.panel.name, self.picks)
            except OSError as error:  # a folder that may only be read: everything else works
                self.status.value = f"<p>{html.escape(f'{UNKEPT}: {error}')}</p>"
        self.name_report()

    def name_report(self) -> None:
        """The button that puts what is shown into the report, or takes it out; where the report cannot show it, none."""
        pick = chosen.pick_of(self.panel.name, self.picks) if self.alone else None
        self.report.layout.display = "none" if pick is None else "inline-flex"
        if pick is not None:
            self.report.description = str(OUT if pick in chosen.chosen(self.study) else IN)

    def put_into_report(self) -> None:
        pick = chosen.pick_of(self.panel.name, self.picks)
        if pick is not None:
            chosen.choose(self.study, pick)
        self.name_report()

    def draw(self, language: str, picks: tuple[tuple[str, Any], ...]) -> tuple[View, str]:
        """What is picked, and its chart as HTML: of a language, which is the one that is spoken."""
        view = self.panel.view(dict(picks))
        return view, charts.picture(view.figure)

    def say(self, words: Sequence[str]) -> None:
        self.words.value = "".join(f"<p>{html.escape(line)}</p>" for line in words)

    def offer(self, options: panels.Options) -> None:
        """Set the controls, without taking that for somebody's pick; a control with nothing to pick is not there."""
        self.settling = True
        for name, control in self.controls.items():
            named = options.get(name, {})
            control.layout.display = "flex" if len(named) > 1 else "none"
            control.description = str(CONTROLS[name])
            if tuple(named.items()) != control.options:
                control.options = tuple(named.items())
            if named:
                control.value = spoken() if name == "language" else self.picks[name]
        self.settling = False

    @contextmanager
    def busy(self) -> Iterator[None]:
        """A moving bar, while something takes longer than a moment."""
        done, turn = threading.Event(), threading.Lock()

        def tell() -> None:
            done.wait(SLOW)
            with turn:
                if not done.is_set():
                    words = html.escape(str(BUSY))
                    self.status.value = f'<progress aria-label="{words}"></progress> {words}'

        threading.Thread(target=tell, daemon=True).start()
        try:
            yield
        finally:
            with turn:
                done.set()
                self.status.value = ""

    def make_files(self) -> None:
        """Links to the chart as PNG and SVG, and to its numbers as XLSX."""
        name = "-".join([self.panel.name, *(str(pick) for pick in self.picks.values() if pick not in ("", 0))])
        parts = {
            "PNG": ("png", "image/png", charts.png(self.view.figure)),
            "SVG": ("svg", "image/svg+xml", charts.svg(self.view.figure)),
            "XLSX": ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", self.workbook()),
        }
        self.files.value = " · ".join(
            f'<a download="{html.escape(name)}.{end}" href="data:{kind};base64,{base64.b64encode(made).decode()}">{words}</a>'
            for words, (end, kind, made) in parts.items()
        )

    def workbook(self) -> bytes:
        sheets = {str(Text("Bảng", "Table")): self.view.table}
        if "estimate" in self.view.rows:
            review = self.panel.review
            sheets[str(Text("Số liệu", "Numbers"))] = tables.estimates_table(review, self.view.rows)
        return tables.workbook(sheets, title=str(self.study.title), pretend=self.study.pretend)


def _choice() -> widgets.Dropdown:
    finger = widgets.Layout(width="min(100%, 26rem)", min_height="44px")  # a finger's breadth on a phone
    return widgets.Dropdown(layout=finger, style={"description_width": "7.5rem"})


def kept(study: Study) -> dict[str, panels.Picks]:
    """Panel -> what was last picked in it; nothing where that cannot be read."""
    try:
        found = json.loads((study.folder / KEPT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    known = found if isinstance(found, dict) else {}
    return {name: picks for name, picks in known.items() if isinstance(picks, dict)}


def keep(study: Study, name: str, picks: panels.Picks) -> None:
    """Write down what is picked, where that has changed."""
    before = kept(study)
    if before.get(name) != picks:
        words = json.dumps(before | {name: picks}, ensure_ascii=False, indent=1)
        store.write(study.folder / KEPT, words.encode())
