"""An administrative figure beside what staff answer to the same question: agreement, gap or doubt, in words."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from analysis.review import Review
from analysis.sentences import percent
from analysis.targets import Said
from survey.errors import Text

NEAR = 0.05  # of the whole: as near as a register and people's memory can be expected to be
FAR = 0.15
VERDICTS = {
    "agrees": Text("Khớp", "Agrees"),
    "gap": Text("Có chênh lệch", "A gap"),
    "doubt": Text("Cần kiểm tra lại", "To be checked"),
    "open": Text("Chưa đối chiếu được", "Not to be compared"),
}


@dataclass(frozen=True)
class Compared:
    verdict: str  # agrees, gap, doubt, open
    words: Text


def compare(value: float | None, answers: Said | None) -> Compared:
    """The share in the register beside that of the staff who say yes.

    They agree where the register's lies in the survey's 95 % interval or within 5 points of its share; more than 15 points
    apart is a doubt about one of the two; between these it is a gap.
    """
    if answers is None:
        return Compared("open", _worded("open", Text("phiếu không hỏi điều này", "the form does not ask it")))
    if answers.share is None or answers.low is None or answers.high is None:
        return Compared("open", _worded("open", Text("câu trả lời không công bố", "answers not published")))
    survey = f"{percent(answers.share, 0)} ({percent(answers.low, 0)}–{percent(answers.high, 0)}; n = {answers.n})"
    if value is None or pd.isna(value):
        none = Text(
            f"sổ sách không có tỉ lệ; khảo sát {answers.wave}: {survey}",
            f"no share in the register; survey {answers.wave}: {survey}",
        )
        return Compared("open", _worded("open", none))
    apart = abs(value - answers.share)
    within = answers.low <= value <= answers.high
    verdict = "agrees" if within or apart <= NEAR else "doubt" if apart > FAR else "gap"
    vi = f"sổ sách {percent(value)}, khảo sát {answers.wave} {survey}"
    en = f"register {percent(value)}, survey {answers.wave} {survey}"
    if verdict != "agrees":
        higher = value > answers.share
        vi += "; sổ sách cao hơn lời người trả lời" if higher else "; người trả lời nói cao hơn sổ sách"
        en += "; the register is above what people say" if higher else "; people say more than the register"
        vi += ": rà lại danh sách và cách hiểu câu hỏi" if verdict == "doubt" else ""
        en += ": look at the list again, and at how the question is understood" if verdict == "doubt" else ""
    return Compared(verdict, _worded(verdict, Text(vi, en)))


def _worded(verdict: str, why: Text) -> Text:
    return Text(f"{VERDICTS[verdict].vi}: {why.vi}.", f"{VERDICTS[verdict].en}: {why.en}.")


def corroborated(review: Review) -> pd.DataFrame:
    """Each target of a review: target, value (register), share, low, high, n (survey), verdict, words."""
    rows = []
    for row in review.targets.itertuples():
        one = review.said.get(row.target)
        found = compare(row.value, one)
        survey = (one.share, one.low, one.high, one.n) if one else (None, None, None, None)
        rows.append((row.target, row.value, *survey, found.verdict, str(found.words)))
    names = ["target", "value", "share", "low", "high", "n", "verdict", "words"]
    return pd.DataFrame(rows, columns=names).astype(
        {"value": "Float64", "share": "Float64", "low": "Float64", "high": "Float64"}
    )
