"""The movement on one page: six targets and seven contents, as a headmaster reads them in a minute."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd

from analysis import webpage
from analysis.comparisons import FELL, ROSE, SAME, UNKNOWN
from analysis.contents import Profile, profiles
from analysis.corroboration import corroborated
from analysis.projection import history, next_review, pace, project
from analysis.register import entries
from analysis.review import Review
from analysis.sentences import HIDDEN, PRETEND, VERDICTS, day, number, percent, signed
from analysis.targets import STATUS
from survey.errors import Text
from survey.study import Study

MARKS = {"met": "✓", "not_met": "✗", "no_cases": "–", "cannot_tell": "?"}
ARROWS = {ROSE: "▲", FELL: "▼", SAME: "●", UNKNOWN: "?"}


def page(review: Review) -> str:
    """The page as one HTML file, for a phone, a screen and A4; the same data give the same bytes."""
    return webpage.page(f"{WORDS['heading']} {review.wave} – {review.study.school.name}", main(review))


def main(review: Review) -> str:
    """What the page says, as a part of a page."""
    study = review.study
    table, beside = entries(study), corroborated(review).set_index("target")["words"]
    cards = [_target(review, row, table, beside[row.target]) for row in review.targets.itertuples()]
    return webpage.part(
        "movement.html",
        school=str(study.school.name),
        title=str(study.title),
        year=review.wave,
        until=day(review.until),
        pretend=str(PRETEND) if study.pretend else "",
        summary=[(MARKS[s], str(words), sum(card["status"] == s for card in cards), s) for s, words in STATUS.items()],
        targets=cards,
        contents=[_content(review, profile) for profile in profiles(review)],
        words={name: str(text) for name, text in WORDS.items()},
    )


WORDS = {
    "heading": Text("Phong trào thi đua", "The emulation movement"),
    "until": Text("Số liệu đến ngày", "Figures until"),
    "targets": Text("Sáu chỉ tiêu", "Six targets"),
    "contents": Text("Bảy nội dung", "Seven contents"),
    "aim": Text("Mục tiêu", "Aim"),
    "text": Text("Nguyên văn", "In the plan's words"),
    "evidence": Text("Minh chứng", "Evidence"),
    "none": Text("chưa ghi", "none named"),
    "level": Text("Mức hiện nay (thang 1–5)", "Level now (scale 1–5)"),
    "units": Text("Giữa các đơn vị", "Across the units"),
    "say": Text("Được nêu nhiều nhất", "Most named"),
    "quotes": Text("Lời người trả lời", "In people's words"),
    "practices": Text("Cách làm hay", "Good practices"),
    "related": Text("Chỉ tiêu liên quan", "Targets"),
    "how": Text("Cách đọc", "How to read"),
    "reading": Text(
        "Chỉ tiêu được xét trên số đếm, không làm tròn. Mức của nội dung là điểm trung bình của các câu hỏi thuộc nội dung ấy, "
        "kèm khoảng tin cậy 95%. “Chưa đủ căn cứ” nghĩa là số liệu không cho phép kết luận, không phải là không thay đổi. Nhóm "
        "ít người, và số liệu để lộ câu trả lời của từng người, không công bố.",
        "Targets are judged on counts, not rounded. A content's level is the mean of its questions, with its 95 % interval. “No "
        "conclusion” means that the figures allow none, not that nothing changed. Small groups, and "
        "what would tell single people's answers, are not published.",
    ),
}


def _target(review: Review, row: Any, table: pd.DataFrame, beside: str) -> dict[str, Any]:
    return {
        "id": row.target,
        "label": row.label,
        "status": row.status,
        "mark": MARKS[row.status],
        "said": str(STATUS[row.status]),
        "rule": row.rule,
        "context": row.context,
        "text": row.text,
        "value": None if _missing(row.value) else 100 * float(row.value),
        "threshold": None if _missing(row.threshold) else 100 * float(row.threshold),
        "words": row.words.partition(": ")[2] or row.words,
        "doubts": row.doubts,
        "beside": beside,
        "ahead": ahead(review.study, row.target, table, review.until),
        "evidence": row.evidence,
    }


def ahead(study: Study, number_: int, table: pd.DataFrame, until: dt.date) -> str:
    """What pace a target needs and where its counts lead, in words; "" for one without counts, and where all is over."""
    assert study.movement is not None
    target = next(target for target in study.movement.targets if target.id == number_)
    by = next_review(study, until, target)
    if target.rule == "judged" or by is None:
        return ""
    known = history(table, target.id, until)
    found = pace(known, target, by)
    if found.needed == 0.0 or known.empty:
        return ""
    vi, en = f"Đến {day(by)}: {found.words.vi}", f"Until {day(by)}: {found.words.en}"
    told = project(known, by).words
    return str(Text(f"{vi}; {told.vi}.", f"{en}; {told.en}."))


def _content(review: Review, profile: Profile) -> dict[str, Any]:
    level, change = profile.level, profile.change
    shown = level is not None and bool(level.shown)
    labels = review.unit_labels()
    verdict = change.verdict if change is not None and bool(change.shown) else None
    spread = ""
    if len(profile.spread) > 1:
        ends = (profile.spread.iloc[0], profile.spread.iloc[-1])
        spread = " – ".join(f"{number(unit['estimate'], 1)} ({labels[unit['level']]})" for unit in ends)
    hidden = (
        Text(f"; {profile.hidden} đơn vị không công bố", f"; {profile.hidden} units not published")
        if profile.hidden
        else ""
    )
    return {
        "id": profile.content.id,
        "title": str(profile.content.title),
        "level": float(level.estimate) if shown else None,
        "low": float(level.low) if shown else None,
        "high": float(level.high) if shown else None,
        "said": _level_words(level) if level is not None else str(WORDS["none"]),
        "arrow": ARROWS.get(verdict or "", ""),
        "verdict": _change_words(change) if change is not None else "",
        "spread": f"{spread}{hidden}" if spread else "",
        "targets": [(MARKS[row.status], f"{row.target}. {row.label}") for row in profile.targets.itertuples()],
        "themes": [f"{row.label} ({percent(row.share, 0)})" for row in profile.themes.head(3).itertuples()],
        "quotes": profile.quotes,
        "practices": [
            str(practice.title) + (f" ({labels[practice.unit]})" if practice.unit in labels else "")
            for practice in profile.practices
        ],
    }


def _level_words(level: Any) -> str:
    if not level.shown:
        return str(HIDDEN)
    return f"{number(level.estimate)} ({number(level.low)}–{number(level.high)}; n = {level.n})"


def _change_words(change: Any) -> str:
    """ "2025→2027: tăng 0,42 điểm"; the hedge is that of the sentences of the report."""
    waves = str(change.wave).replace("→", "–")
    if not change.shown:
        return f"{waves}: {HIDDEN}"
    return f"{waves}: {VERDICTS[change.verdict]} ({signed(change.estimate)})"


def _missing(value: Any) -> bool:
    return bool(pd.isna(value))
