"""Answers to doubt: given twice, off the roster, out of time, careless. Flags only: nothing is ever deleted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from survey.errors import Text
from survey.questionnaire import Question, Questionnaire

if TYPE_CHECKING:
    from survey.study import Study

FLAGS = {
    "duplicate": Text("gửi hai lần", "sent twice"),
    "off_roster": Text("đơn vị, vai trò không có trong danh sách", "unit and role not on the roster"),
    "crowded": Text(
        "đơn vị, vai trò có nhiều câu trả lời hơn số người", "more answers than people of the unit and role"
    ),
    "out_of_window": Text("gửi ngoài thời gian khảo sát", "sent before or after the fieldwork"),
    "careless": Text("chọn một cột từ đầu đến cuối", "the same choice from beginning to end"),
}
COMPLETE = 0.8  # of the answers of the fullest copy
BLOCK, LINE, WHOLE = 6, 8, 15  # items that make a block; a line across a reverse item; a line across the whole form
ALIKE = 10  # answered items from which two answers that are equal in everything are one


def flags(
    answers: pd.DataFrame, study: Study, *, submitted: pd.Series | None = None, keys: pd.Series | None = None
) -> pd.DataFrame:
    """A row per answer: a true or false for each of FLAGS, and what "careless" rests on: items, longstring, irv.

    answers: as `Study.answers()`, in the order in which they were sent; submitted: the day; keys: people's codes as
    compared (`link.key`), missing without one.

    duplicate: one code twice in a wave from one unit and role; which one counts is the study's `duplicates` ("last
    complete": the last that has at least 80 % of the answers of the fullest). Two people of two units may have made up one
    code: neither is flagged. Without a code: equal to an earlier answer of the day in everything, 10 items at least.
    crowded: of the answers of a unit and role nobody can say which is too many: all are flagged.
    careless: in every block of questions that share their choices one and the same choice, over 15 items at least; or in
    a block of 8 or more, on both sides of a reverse item, one choice that is not the middle. One flat block of skills is
    plausible, and is not flagged. longstring: the longest run of one choice; irv: the spread within the person. Source:
    Curran (2016), Meade & Craig (2012); computed by the library insufficient-effort.
    """
    days = pd.Series(pd.NaT, index=answers.index) if submitted is None else pd.to_datetime(submitted)
    known = pd.Series(None, index=answers.index, dtype=object) if keys is None else keys.astype(object)
    found = pd.DataFrame(
        {
            "duplicate": _duplicate(answers, study, days, known),
            **_roster(answers, study),
            "out_of_window": _out_of_window(answers, study, days),
        },
        index=answers.index,
    )
    return pd.concat([found, _careless(answers, study.form)], axis=1)


def summary(found: pd.DataFrame, waves: pd.Series) -> pd.DataFrame:
    """Wave -> how many answers have each flag, for people to read."""
    counts = found[list(FLAGS)].groupby(waves).sum().astype(int)
    return counts.rename(columns={name: str(words) for name, words in FLAGS.items()})


def _items(answers: pd.DataFrame, form: Questionnaire) -> list[str]:
    return [column for column in form.items() if column in answers]


def _duplicate(answers: pd.DataFrame, study: Study, days: pd.Series, keys: pd.Series) -> pd.Series:
    items = _items(answers, study.form)
    filled = answers[items].notna().sum(axis=1)
    who = [name for name in ("unit", "role") if name in answers]
    flagged = pd.Series(False, index=answers.index)
    if study.duplicates == "none":
        return flagged
    table = answers[["wave", *who]].astype(object).where(answers[["wave", *who]].notna(), "").assign(key=keys)
    for rows in table[keys.notna()].groupby(["wave", *who, "key"]).groups.values():
        if len(rows) > 1:
            full = [row for row in rows if filled[row] >= COMPLETE * filled[rows].max()]
            counts = {"first": rows[0], "last": rows[-1], "last_complete": full[-1]}[study.duplicates]
            flagged[[row for row in rows if row != counts]] = True
    same = answers.assign(day=days)[keys.isna() & days.notna() & (filled >= ALIKE)]
    flagged[same.index] |= same.drop(columns=["person"], errors="ignore").astype(str).duplicated()
    return flagged


def _roster(answers: pd.DataFrame, study: Study) -> dict[str, pd.Series]:
    off, crowded = pd.Series(False, index=answers.index), pd.Series(False, index=answers.index)
    if not {"unit", "role"} <= set(answers):
        return {"off_roster": off, "crowded": crowded}
    for (wave, unit, role), rows in answers.groupby(["wave", "unit", "role"]).groups.items():
        roster = study.wave(int(wave)).roster
        places = roster.get(str(unit), {}).get(str(role), 0)
        off[rows] = bool(roster) and places == 0
        crowded[rows] = 0 < places < len(rows)
    return {"off_roster": off, "crowded": crowded}


def _out_of_window(answers: pd.DataFrame, study: Study, days: pd.Series) -> pd.Series:
    wave = answers["wave"].map(lambda one: study.wave(int(one)))
    opens, ends = (pd.to_datetime(wave.map(lambda one, name=name: getattr(one, name))) for name in ("opens", "ends"))
    return ((days < opens) | (days > ends)).fillna(False).astype(bool)


def _careless(answers: pd.DataFrame, form: Questionnaire) -> pd.DataFrame:
    from ier import irv, longstring_scores

    size = len(answers)
    longest, items = np.zeros(size), np.zeros(size, dtype=int)
    flat_everywhere, crossed = np.ones(size, dtype=bool), np.zeros(size, dtype=bool)
    scaled = []
    for questions in _blocks(form, answers):
        given = answers[[question.id for question in questions]].astype("Float64").to_numpy(float, na_value=np.nan)
        low, high = _ends(form, questions[0])
        answered = (~np.isnan(given)).sum(axis=1)
        some = answered > 0
        if not some.any():
            continue
        run = np.zeros(size)
        run[some] = longstring_scores(given[some], na_rm=True)
        flat = some & (run == answered)
        reverse = np.array([question.reverse for question in questions])
        sides = [
            (~np.isnan(given[:, side])).any(axis=1) if side.any() else np.zeros(size, bool)
            for side in (reverse, ~reverse)
        ]
        middle = np.nanmax(np.where(np.isnan(given), -np.inf, given), axis=1) == (low + high) / 2
        crossed |= flat & (answered >= LINE) & sides[0] & sides[1] & ~middle
        flat_everywhere &= flat | ~some
        longest, items = np.maximum(longest, run), items + answered
        scaled.append((given - low) / (high - low))
    spread = np.full(size, np.nan)
    if scaled and (items > 0).any():
        spread[items > 0] = irv(np.hstack(scaled)[items > 0], na_rm=True)
    careless = crossed | (flat_everywhere & (items >= WHOLE))
    columns = {"careless": careless, "items": items, "longstring": longest.astype(int), "irv": spread}
    return pd.DataFrame(columns, index=answers.index)


def _blocks(form: Questionnaire, answers: pd.DataFrame) -> Iterator[list[Question]]:
    """The runs of at least six questions, one after another in the form, that share a list of ordered choices."""
    run: list[Question] = []
    for question in [*form.questions.values(), None]:
        if run and (question is None or question.choices != run[0].choices or question.type != run[0].type):
            if len(run) >= BLOCK:
                yield run
            run = []
        ordered = question is not None and (
            question.type == "linear"
            or (question.type == "single" and form.choices_of(question).order not in ("none", "yes_no"))
        )
        if question is not None and ordered and question.id in answers:
            run.append(question)


def _ends(form: Questionnaire, question: Question) -> tuple[float, float]:
    """The lowest and highest code of a question's choices."""
    if question.type == "linear":
        assert question.low is not None and question.high is not None
        return question.low, question.high
    codes = [float(choice.value) for choice in form.choices_of(question).valid]
    return min(codes), max(codes)
