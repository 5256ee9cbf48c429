"""The seven contents of the movement: for each its level, change and spread, its targets, what staff say, good practices."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analysis.contrasts import ARROW
from analysis.review import Review
from survey import store
from survey.errors import StudyError, Text
from survey.study import Content, Practice

QUOTED = 10  # answers to an open question, from which single ones may be quoted
QUOTES = ("wave", "question", "content", "words", "approved")
APPROVED = {"duyệt", "approved"}


@dataclass(frozen=True)
class Profile:
    """One content in one review. Rows of estimates are as they may be shown; None: there is none."""

    content: Content
    scale: str  # the scale that speaks to it; "" where there is none
    level: Any  # row of review.levels
    change: Any  # row of review.changes up to the review's wave
    spread: pd.DataFrame  # rows of the units that may be shown, from low to high
    hidden: int  # units that may not
    targets: pd.DataFrame  # rows of review.targets
    themes: pd.DataFrame  # item, label, share, n: what staff picked, most picked first
    quotes: tuple[str, ...]
    practices: tuple[Practice, ...]


def profiles(review: Review) -> list[Profile]:
    """The profile of each content, in the plan's order."""
    movement = review.study.movement
    return [_profile(review, content) for content in (movement.contents if movement else ())]


def _profile(review: Review, content: Content) -> Profile:
    movement = review.study.movement
    assert movement is not None
    scale = next((s.id for s in review.study.form.scales if s.content == content.id and s.id in review.scales), "")
    spread, hidden = _spread(review, scale)
    own = [target.id for target in movement.targets if content.id in target.contents]
    return Profile(
        content,
        scale,
        _row(review.levels, scale, review.wave) if scale else None,
        _change(review, scale) if scale else None,
        spread,
        hidden,
        review.targets[review.targets["target"].isin(own)],
        _themes(review, content.id),
        quotes(review, content.id),
        tuple(practice for practice in movement.practices if practice.content == content.id),
    )


def _row(estimates: pd.DataFrame, item: str, wave: object) -> Any:
    found = estimates[(estimates["item"] == item) & (estimates["wave"] == wave)]
    return next(found.itertuples(), None)


def _change(review: Review, scale: str) -> Any:
    """The change up to the review's wave: within the phase that it closes, else from the first wave."""
    pairs = [pair for pair in review.pairs if pair[1] == review.wave]
    return _row(review.changes, scale, f"{pairs[0][0]}{ARROW}{pairs[0][1]}") if pairs else None


def _spread(review: Review, scale: str) -> tuple[pd.DataFrame, int]:
    if not scale or "unit" not in review.frame:
        return pd.DataFrame(columns=["level", "estimate"]), 0
    units = review.levels_by("unit", [scale])
    shown = units["shown"].astype(bool)
    return units[shown].sort_values("estimate").reset_index(drop=True), int((~shown).sum())


def _themes(review: Review, content: int) -> pd.DataFrame:
    """Of the questions of several choices that are tagged with the content: how many picked each choice."""
    form = review.study.form
    columns = [item for item in form.items(tag="content", value=content) if "." in item and item in review.items]
    shares = review.shares_of(columns)
    now = shares[(shares["wave"] == review.wave) & (shares["value"] == 1) & shares["shown"].astype(bool)]
    table = pd.DataFrame(
        {
            "item": now["item"],
            "label": [str(form.label(item)) for item in now["item"]],
            "share": now["estimate"],
            "n": now["n"],
        }
    )
    return table.sort_values(["share", "item"], ascending=[False, True]).reset_index(drop=True)


def quotes(review: Review, content: int) -> tuple[str, ...]:
    """The answers in people's own words that somebody has read and approved for quoting: lines of quotes.csv.

    Words are quoted as the store has them, with names, numbers and addresses covered. Raises StudyError where a line quotes
    what nobody answered, or where too few answered the question for one of them to be quoted.
    """
    study = review.study
    path = study.folder / "quotes.csv"
    if not path.exists():
        return ()
    answers, found = store.stored(study), []
    with path.open(encoding="utf-8-sig", newline="") as file:
        dialect = ";" if ";" in file.readline() else ","
        file.seek(0)
        for number, line in enumerate(csv.DictReader(file, delimiter=dialect), start=2):
            if not set(QUOTES) <= set(line):
                raise _misquoted(path, number, Text("thiếu cột", "a column is missing"), ", ".join(QUOTES))
            wanted = (line["wave"], line["content"], line["approved"].strip().casefold() in APPROVED)
            if wanted == (str(review.wave), str(content), True):
                given = _given(answers, review.wave, line["question"])
                _check_quote(path, number, line["words"].strip(), given)
                found.append(line["words"].strip())
    return tuple(found)


def _given(answers: pd.DataFrame, wave: int, question: str) -> list[str]:
    if question not in answers:
        return []
    return answers.loc[answers["wave"] == wave, question].dropna().astype(str).tolist()


def _check_quote(path: object, number: int, words: str, given: Sequence[str]) -> None:
    if len(given) < QUOTED:
        few = Text(f"{len(given)} câu trả lời", f"{len(given)} answers")
        raise _misquoted(path, number, few, f"≥ {QUOTED}")
    if not words or not any(words in answer for answer in given):
        raise _misquoted(path, number, Text("không ai trả lời như vậy", "nobody answered so"), words[:60])


def _misquoted(path: object, number: int, found: Text, more: str) -> StudyError:
    return StudyError(
        f"{path}, {Text('dòng', 'line')} {number}",
        rule=Text(
            f"Câu trích là lời đã che tên trong kho, của một câu có ít nhất {QUOTED} người viết.",
            f"A quote is words of the store, names covered, of a question that at least {QUOTED} people answered.",
        ),
        found=f"{found} ({more})",
        cure=Text(
            "Chép lại đúng lời trong kho, hoặc xóa dòng ấy.", "Copy the words of the store, or delete that line."
        ),
    )
