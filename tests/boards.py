"""A board of widgets in a real browser: what is picked, what is shown, and what the kernel's own call says of the same pick."""

import html
import re
import time

from analysis import tables
from analysis.panels import CONTROLS, LANGUAGES
from survey.errors import speak, spoken

READ = """board => {
  const seen = one => one.offsetParent !== null;
  const plain = words => words.replaceAll('\u00a0', ' ');  // ipywidgets writes options without spaces that break
  const selects = [...board.querySelectorAll('.widget-dropdown')].filter(seen).map(one => [
    one.querySelector('label').textContent, plain(one.querySelector('select').selectedOptions[0].textContent)]);
  const picture = board.querySelector('img');
  return {picks: Object.fromEntries(selects), alt: picture && picture.alt, wide: picture && picture.naturalWidth,
    words: [...board.querySelectorAll('.widget-html-content > p')].map(one => one.textContent),
    cells: [...board.querySelectorAll('td')].map(one => one.textContent)}
}"""


class Board:
    """A panel in the page: `board` is its element, `panel` the same panel in this process."""

    def __init__(self, board, panel):
        self.board, self.panel = board, panel

    @property
    def shown(self) -> dict:
        return self.board.evaluate(READ)

    def picks(self, words: dict[str, str]) -> dict:
        """The picks that the words in the controls stand for; a language picked is spoken here too."""
        for label in CONTROLS["language"].vi, CONTROLS["language"].en:
            if label in words:
                speak(LANGUAGES[words[label]])
        names = {str(label): name for name, label in CONTROLS.items()}
        found: dict = {}
        for _ in names:  # what can be picked hangs on what is picked
            options = self.panel.options(found)
            chosen = {names[label]: words[label] for label in words if names.get(label) in options}
            before, found = (
                found,
                {name: named.get(chosen.get(name, ""), next(iter(named.values()))) for name, named in options.items()},
            )
            if found == before:
                break
        return found

    def expected(self, words: dict[str, str]) -> dict:
        """What the kernel's own call shows of these picks."""
        view = self.panel.view(self.picks(words))
        table = tables.styled(view.table).as_raw_html()
        cells = [
            html.unescape(re.sub("<[^>]+>", "", cell)) for cell in re.findall(r"<td[^>]*>(.*?)</td>", table, re.DOTALL)
        ]
        return {"alt": view.figure.alt, "words": view.words, "cells": cells}

    def agrees(self, seconds: float = 20) -> dict:
        """Wait until chart, words and table are those of what is picked; what is shown then."""
        end = time.monotonic() + seconds
        while True:
            shown = self.shown
            expected = self.expected(shown["picks"])
            told = {name: shown[name] for name in expected}
            if told == expected and shown["wide"]:
                return shown
            assert time.monotonic() < end, (spoken(), shown["picks"], told, expected)
            time.sleep(0.05)

    def labels(self) -> list[str]:
        return list(self.shown["picks"])

    def select(self, label: str):
        return self.board.get_by_role("combobox", name=label, exact=True)

    def others(self, label: str) -> list[int]:
        """The places of the options of a control that are not picked."""
        return self.select(label).evaluate("one => [...one.options].filter(o => !o.selected).map(o => o.index)")

    def pick(self, label: str, words: str) -> None:
        options = self.select(label).evaluate(
            "one => [...one.options].map(o => o.textContent.replaceAll('\u00a0', ' '))"
        )
        self.select(label).select_option(index=options.index(words))


def changed(board: Board, most: int = 3) -> int:
    """Change every control of a board, to up to so many of its options; each time all must agree. How many changes."""
    language = CONTROLS["language"]
    count, tried = 0, {language.vi}
    while True:
        left = [label for label in board.labels() if label not in tried]
        if not left:
            return count + translated(board) if language.vi in board.labels() else count
        tried.add(left[0])
        options = board.others(left[0])
        step = max(1, len(options) // most)
        for option in options[::step][:most]:
            if left[0] not in board.labels():
                break
            board.select(left[0]).select_option(index=option)
            board.agrees()
            count += 1


def translated(board: Board) -> int:
    """Turn a board into English and back."""
    board.pick(CONTROLS["language"].vi, "English")
    board.agrees()
    assert spoken() == "en"
    board.pick(CONTROLS["language"].en, "Tiếng Việt")
    board.agrees()
    assert spoken() == "vi"
    return 2
