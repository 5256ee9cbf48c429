"""What in open text tells who a person is: telephone numbers, addresses, names; found, shown for review, taken out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile

import pandas as pd

from survey.questionnaire import tidy, toned

REDACTIONS = ("wave", "row", "question", "kind", "found", "decision")  # the table that a person reviews
HIDE, KEEP, LOOK = "che", "giữ", "xem"
KEEPS = {KEEP, LOOK, "keep", "look"}
MARKS = {
    "phone": "[số điện thoại]",
    "email": "[thư điện tử]",
    "link": "[liên kết]",
    "name": "[tên người]",
    "name?": "[tên người]",
}
# every run has a limit: without one a text of 50,000 letters takes half a minute
EMAIL = re.compile(
    r"[\w.+-]{1,64}\s?(?:@|\(at\)|\[at\]|\(a còng\)|\[a còng\])\s?[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}", re.IGNORECASE
)
LINK = re.compile(r"(?:https?://)?(?:www\.)?(?:facebook|fb|zalo|instagram|tiktok|t)\.(?:com|me)/\S+", re.IGNORECASE)
CALLED = ("thầy", "cô", "anh", "chị", "em", "bác", "chú", "ông", "bà", "mr", "ms", "mrs")
UNLISTED = re.compile(r"\b(?:[Tt]hầy|[Cc]ô)\s+((?:[^\W\d_]{1,12}\s?){1,4})")


def scan(texts: pd.Series, names: Sequence[str] = ()) -> pd.DataFrame:
    """Each place that may tell who a person is: row (the index label), kind, found, start, end.

    `names`: full names of the staff; they are found however their tone marks are placed, and a given name after a form of
    address. A bare given name is a word like any other (Hoa, Bình, An). Without the list, "thầy/cô" and a capitalised name
    is the kind "name?", which is only to be looked at.
    """
    listed = _listed(names)
    found = [
        (row, kind, str(cell)[start:end], start, end)
        for row, cell in texts.items()
        if isinstance(cell, str)
        for kind, start, end in _places(cell, listed)
    ]
    return pd.DataFrame(found, columns=["row", "kind", "found", "start", "end"])


def redact(texts: pd.Series, found: pd.DataFrame, decided: pd.DataFrame | None = None) -> pd.Series:
    """The texts with the places found taken out, except what a person decided to keep (kind, found, decision)."""
    words = {} if decided is None else {(d["kind"], d["found"]): d["decision"] for d in decided.to_dict("records")}
    result = texts.astype(object).copy()
    for place in found.sort_values("start", ascending=False).to_dict("records"):
        decision = words.get((place["kind"], place["found"]), "") or usual(place["kind"])
        if decision.strip().casefold() not in KEEPS:
            text = result[place["row"]]
            result[place["row"]] = text[: place["start"]] + MARKS[place["kind"]] + text[place["end"] :]
    return result.astype(texts.dtype)


def usual(kind: str) -> str:
    """What is done where nobody has decided."""
    return LOOK if kind == "name?" else HIDE


def _listed(names: Sequence[str]) -> re.Pattern[str] | None:
    full = sorted({toned(tidy(name)) for name in names if len(tidy(name).split()) > 1}, key=len, reverse=True)
    given = sorted({toned(tidy(name)).split()[-1] for name in names if tidy(name)}, key=len, reverse=True)
    if not given:
        return None
    parts = [r"\s+".join(map(re.escape, name.split())) for name in full]
    called = "|".join(rf"(?<=\b{word} )" for word in CALLED)
    parts.append(rf"(?:{called})(?:{'|'.join(map(re.escape, given))})")
    return re.compile(rf"\b(?:{'|'.join(parts)})\b", re.IGNORECASE)


def _places(text: str, listed: re.Pattern[str] | None) -> list[tuple[str, int, int]]:
    """Kind, start, end of each place; where two overlap, the earlier kind is taken."""
    import phonenumbers

    found: list[tuple[str, int, int]] = [("email", *match.span()) for match in EMAIL.finditer(text)]
    found += [("link", *match.span()) for match in LINK.finditer(text)]
    if sum(sign.isdigit() for sign in text) >= 9:
        found += [("phone", match.start, match.end) for match in phonenumbers.PhoneNumberMatcher(text, "VN")]
    if listed:
        found += [("name", *match.span()) for match in listed.finditer(toned(text))]
    for match in UNLISTED.finditer(text):
        words = list(takewhile(str.istitle, match[1].split()))
        if words:
            end = match.start(1) + match[1].index(words[-1], sum(map(len, words[:-1]))) + len(words[-1])
            found.append(("name?", match.start(1), end))
    free: list[tuple[str, int, int]] = []
    for kind, start, end in found:
        if all(end <= other[1] or start >= other[2] for other in free):
            free.append((kind, start, end))
    return sorted(free, key=lambda place: place[1])
