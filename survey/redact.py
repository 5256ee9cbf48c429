"""Open text: what names a person in it is found, looked over by people, and covered.

Places are counted in characters of the NFC form of a text, and what is given back is NFC.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence

import pandas as pd

from survey.errors import StudyError, Text
from survey.questionnaire import plain, tidy

COLUMNS = ("row", "kind", "found", "start", "end")
DECISIONS = ("wave", "row", "question", "kind", "found", "decision")
HIDE, KEEP, LOOK = Text("che", "hide"), Text("giữ", "keep"), Text("xem", "look")
WORDS = tuple(word for decision in (HIDE, KEEP, LOOK) for word in (decision.vi, decision.en))
COVER = {
    "link": "[liên kết]",
    "email": "[thư điện tử]",
    "phone": "[số điện thoại]",
    "name": "[tên người]",
    "name?": "[tên người]",
}

Finder = Callable[[str, str], Iterator[tuple[str, int, int]]]  # text as written, text as compared -> kind, start, end

_GONE = "\0"  # stands where something is covered or found already; no pattern here lets it in
_COVERS = re.compile("|".join(re.escape(cover) for cover in sorted(set(COVER.values()))))

_LINK = re.compile(
    r"(?:https?://)?(?<![\w.@-])(?:[a-z0-9-]{1,63}\.){0,3}"
    r"(?:facebook\.com|fb\.(?:com|me)|m\.me|messenger\.com|zalo\.me|t\.me|tiktok\.com|instagram\.com|linkedin\.com)"
    r"/[^\s\0<>\"]*[\w=/]",
    re.IGNORECASE,
)
_AT = r"(?:\s{0,3}@\s{0,3}|\s{0,3}[\[({<]\s?(?:at|a[\s-]?còng)\s?[\])}>]\s{0,3}|\s{1,3}a[\s-]?còng\s{1,3})"
_DOT = (
    r"(?:\.|\s?[\[({]\s?(?:dot|chấm)\s?[\])}]\s?|\s{1,3}chấm\s{1,3}"
    r"|\s{0,3}[.,]\s{0,3}(?=(?:com|edu|gov|net|org|vn)(?!\w)))"
)
_EMAIL = re.compile(
    rf"(?<!\w)\w[\w.+%'-]{{0,99}}(?:{_AT}[\w-]{{1,63}}(?:{_DOT}[\w-]{{1,63}}){{0,5}}{_DOT}[^\W\d_]{{2,24}}"
    r"|@[^\W\d_][\w-]{1,62})",  # “ten@gmail”: the ending forgotten, and still somebody's address
    re.IGNORECASE,
)

_SEPARATOR = r"[\s.\-‐‑–—_()·\u200b-\u200f\u2060\ufeff]"
_START = re.compile(r"(?<![0-9])(?:\(?(?:\+|0|84)|(?<!\w)[oO](?=[35789][0-9])|[35789](?=[0-9]{8}(?![0-9])))")
_RUN = re.compile(rf"[(+]{{0,2}}[0-9oO](?:{_SEPARATOR}{{0,3}}[0-9]){{7,16}}")
_MONEY = re.compile(r"\s?(?:đồng|đ|vnđ|vnd|%|nghìn|ngàn|triệu|tỷ|tỉ)(?!\w)", re.IGNORECASE)
# “08.12.2026 07”: a day or a month, and a number after it. One mark all through, as in “09.12.2034.56”, is a telephone's.
_DATE = re.compile(r"(?:[0-9]{1,2}([.\-–]))?[0-9]{1,2}([.\-–])(?:19[5-9]|20[0-4])[0-9](?![0-9])(?!\2)")
_SCORES = re.compile(r"(?:[0-9]{1,2}\.[0-9]{1,2}\s+)+[0-9]{1,2}\.[0-9]{1,2}")

_TONES = "\u0300\u0301\u0303\u0309\u0323"
_WORD = re.compile(r"[^\W\d_]+")
_VOWEL = re.compile("[aăâeêioôơuưy]")
_OFFICE = r"(?:\s+(?:giáo|hiệu\s+trưởng|hiệu\s+phó|chủ\s+nhiệm|tổ\s+trưởng|phụ\s+trách))?"
_ADDRESS = (
    rf"(?:(?:thầy|cô){_OFFICE}\s+|(?:anh|chị|em|bác|chú|ông|bà|bạn|dì|cậu)\s+|(?:mr|mrs|ms|miss|teacher)(?:\.\s*|\s+))"
)
_UPPER, _LOWER = (
    "".join(c for c in map(chr, range(0x1F00)) if is_such(c) and unicodedata.normalize("NFC", c) == c)
    for is_such in (str.isupper, str.islower)
)
_CAPITALISED = rf"(?!(?:Thầy|Cô|Giáo)(?!\w))[{_UPPER}][{_LOWER}]*(?!\w)"
_SUGGESTED = re.compile(rf"(?<!\w)(?:[Tt]hầy|[Cc]ô){_OFFICE}(?:\s+{_CAPITALISED}){{2,4}}")


def scan(texts: pd.Series, names: Sequence[str] = ()) -> pd.DataFrame:
    """What names a person: a row per place, with `row` (the text's label), `kind`, `found`, `start` and `end`.

    Kinds are "phone", "email", "link" (somebody's page), "name" (a full name of `names`, or a form of address and the end
    of such a name) and "name?" (looks like a name; stays unless people decide otherwise). Places never overlap.
    """
    finders, last = (_links, _emails, _phones, _named(names)), _suggested(names)
    places = [
        (row, kind, text[start:end], start, end)
        for row, text in texts.dropna().map(_composed).items()
        for kind, start, end in _places(text, finders, last)
    ]
    return pd.DataFrame(places, columns=list(COLUMNS)).astype({"start": "int64", "end": "int64"})


def redact(texts: pd.Series, found: pd.DataFrame, keep: pd.DataFrame | None = None) -> pd.Series:
    """The texts, in NFC, with each found place covered, except what the table of decisions keeps; no text stays no text.

    `keep` has the columns DECISIONS and holds the rows of one wave and one question. What it does not speak of is
    covered, except a "name?". Raises StudyError where a decision is a word that is none.
    """
    decided = _decided(keep)
    places: dict[object, list[tuple[int, int, str, str]]] = {}
    for row, kind, words, start, end in found[list(COLUMNS)].itertuples(index=False, name=None):
        if decided.get(_key(row, kind, words), kind != "name?"):
            places.setdefault(row, []).append((start, end, words, COVER[kind]))
    assert not places or texts.index.is_unique, "two texts under one label: a place would be covered in the wrong one"
    covered = [None if pd.isna(text) else _cover(_composed(text), places.get(row, [])) for row, text in texts.items()]
    return pd.Series(covered, index=texts.index, name=texts.name, dtype="str")


def decisions(found: pd.DataFrame, wave: object, question: str, earlier: pd.DataFrame | None = None) -> pd.DataFrame:
    """The table that people look over: what was decided earlier, unchanged, then each new place with what is done by default."""
    table = pd.DataFrame(columns=list(DECISIONS), dtype="str") if earlier is None else earlier[list(DECISIONS)]
    there = {(str(w), q, *_key(r, k, f)) for w, r, q, k, f, _ in table.itertuples(index=False, name=None)}
    new = []
    for row, kind, words in found[["row", "kind", "found"]].itertuples(index=False, name=None):
        key = (str(wave), question, *_key(row, kind, words))
        if key not in there:
            there.add(key)
            new.append((str(wave), str(row), question, kind, words, str(LOOK if kind == "name?" else HIDE)))
    added = pd.DataFrame(new, columns=list(DECISIONS), dtype="str")
    return pd.concat([table.astype("str"), added], ignore_index=True)


def _composed(text: object) -> str:
    return unicodedata.normalize("NFC", str(text))


def _cover(text: str, places: list[tuple[int, int, str, str]]) -> str:
    for start, end, words, cover in sorted(places, reverse=True):
        assert text[start:end] == words, "the places are those of another text"
        text = text[:start] + cover + text[end:]
    return text


def _decided(table: pd.DataFrame | None) -> dict[tuple[str, str, str], bool]:
    """Place -> whether it is covered; a place on which nothing is said, or “xem”, is left out."""
    if table is None or table.empty:
        return {}
    assert len(table[["wave", "question"]].drop_duplicates()) == 1, "decisions on more than one wave or question"
    decided = {}
    for row, kind, words, decision in table[["row", "kind", "found", "decision"]].itertuples(index=False, name=None):
        word = "" if pd.isna(decision) else plain(decision)
        if word and word not in WORDS:
            raise StudyError(
                f"redactions.csv, row {row}, decision",
                rule=Text("Quyết định là che, giữ hoặc xem.", "A decision is hide, keep or look."),
                found=word if re.fullmatch(r"[^\W\d_]{1,12}", word) else Text("chữ khác", "other words"),
                cure=Text(
                    "Viết che (thay bằng chữ trong ngoặc vuông), giữ (để nguyên) hoặc xem (chưa quyết định).",
                    "Write hide (words in brackets instead), keep (as it is) or look (not decided yet).",
                ),
            )
        if word and word not in (LOOK.vi, LOOK.en):
            decided[_key(row, kind, words)] = word in (HIDE.vi, HIDE.en)
    return decided


def _key(row: object, kind: str, words: object) -> tuple[str, str, str]:
    """By what a decision and a place are matched; a spreadsheet takes the zero off a telephone number."""
    told = re.sub(r"\D", "", tidy(words)).lstrip("0") if kind == "phone" else plain(words)
    return str(row), kind, told


def _places(text: str, finders: Sequence[Finder], last: Finder) -> list[tuple[str, int, int]]:
    """Every place of one text. What is found is taken out and the rest is read again until nothing is found.

    So a second scan, of the covered text, finds nothing that a cover only then set free.
    """
    places: list[tuple[str, int, int]] = []
    compared = _COVERS.sub(lambda match: _GONE * len(match[0]), _folded(text))
    while True:
        before = len(places)
        for finder in finders:
            for kind, start, end in finder(text, compared):
                places.append((kind, start, end))
                compared = compared[:start] + _GONE * (end - start) + compared[end:]
        if len(places) == before:
            break
    return sorted(places + list(last(text, compared)), key=lambda place: place[1])


def _folded(text: str) -> str:
    """The text with every digit and letter of double width as the plain one; as long as the text itself."""
    return text if text.isascii() else "".join(map(_plain_character, text))


def _plain_character(character: str) -> str:
    digit = unicodedata.decimal(character, None)
    wide = unicodedata.normalize("NFKC", character)
    return str(digit) if digit is not None else wide if len(wide) == 1 else character


def _links(_text: str, compared: str) -> Iterator[tuple[str, int, int]]:
    yield from (("link", *match.span()) for match in _LINK.finditer(compared))


def _emails(_text: str, compared: str) -> Iterator[tuple[str, int, int]]:
    yield from (("email", *match.span()) for match in _EMAIL.finditer(compared))


def _phones(_text: str, compared: str) -> Iterator[tuple[str, int, int]]:
    position = 0
    while start := _START.search(compared, position):
        end = _phone_end(compared, start.start())
        if end:
            yield "phone", start.start(), end
        position = end or start.start() + 1


def _phone_end(text: str, start: int) -> int | None:
    """Where the longest telephone number that begins at `start` ends; None where none begins."""
    run = _RUN.match(text, start)
    if not run or _DATE.match(text, start):
        return None
    ends = [i for i in range(run.end(), start, -1) if text[i - 1].isdigit() and not text[i : i + 1].isdigit()]
    return next((end for end in ends if _is_phone(text[start:end], text[end : end + 8])), None)


def _is_phone(written: str, after: str) -> bool:
    import phonenumbers

    groups = re.findall("[0-9]+", written)
    if _SCORES.fullmatch(written):
        return False
    if written[0] not in "(+0oO" and (_MONEY.match(after) or written.endswith("000") or max(map(len, groups)) < 3):
        return False  # “84 912 345 678 đồng”, “350000000”, “84 91 78 65 90 7”: sums, and scores
    try:
        number = phonenumbers.parse(written[: written.find("+") + 1] + re.sub("[oO]", "0", "".join(groups)), "VN")
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_valid_number(number)


def _named(names: Sequence[str]) -> Finder:
    """Full names in any case and spelling of the tone; the end of one only after a form of address, and capitalised."""
    full, ends = _full_names(names), _ends(names)

    def find(text: str, compared: str) -> Iterator[tuple[str, int, int]]:
        same = _spelled_alike(compared)
        if full:
            yield from (("name", *match.span()) for match in full.finditer(same))
        if ends:
            taken = full.sub(lambda match: _GONE * len(match[0]), same) if full else same
            for match in ends.finditer(taken):
                if _is_certain(text[match.start() : match.start("name")], text[match.start("name") : match.end()]):
                    yield "name", *match.span()

    return find


def _suggested(names: Sequence[str]) -> Finder:
    """What may be a name: of somebody on no list, or of the list in small letters (“thầy bình”, and “thầy bình tĩnh”)."""
    ends = _ends(names)

    def find(_text: str, compared: str) -> Iterator[tuple[str, int, int]]:
        for match in _SUGGESTED.finditer(compared):
            compared = compared[: match.start()] + _GONE * len(match[0]) + compared[match.end() :]
            yield "name?", *match.span()
        for match in ends.finditer(_spelled_alike(compared)) if ends else ():
            if not match[0].startswith("em"):  # “các em an toàn, hạnh phúc” stands in every other answer
                yield "name?", *match.span()

    return find


def _is_certain(address: str, name: str) -> bool:
    capitals = all(word[0].isupper() for word in name.split())
    return capitals and not (address.isupper() and address.strip() == "EM")


def _full_names(names: Sequence[str]) -> re.Pattern[str] | None:
    known = [_spelled_alike(_folded(tidy(name))) for name in names]
    # Without any marks, as many type; of two syllables that would be “do an” in “do an toàn”.
    bare = [_without_marks(name) for name in known if name.count(" ") > 1]
    return _any_of([name for name in known if " " in name] + bare)


def _ends(names: Sequence[str]) -> re.Pattern[str] | None:
    words = [_spelled_alike(_folded(tidy(name))).split() for name in names]
    return _any_of([" ".join(name[i:]) for name in words for i in range(len(name))], before=_spelled_alike(_ADDRESS))


def _any_of(phrases: list[str], before: str = "") -> re.Pattern[str] | None:
    longest = sorted({phrase for phrase in phrases if phrase}, key=lambda phrase: (-len(phrase), phrase))
    spaced = "|".join(r"\s+".join(map(re.escape, phrase.split())) for phrase in longest)
    return re.compile(rf"(?<!\w){before}(?P<name>{spaced})(?!\w)") if spaced else None


def _without_marks(text: str) -> str:
    letters = (c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    return "".join(letters).replace("đ", "d")


def _spelled_alike(text: str) -> str:
    """Small letters, the tone of each syllable on its first vowel (Hoà = Hòa); as long as the text itself."""
    small = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    return _WORD.sub(lambda match: _tone_first(match[0]), small)


def _tone_first(word: str) -> str:
    parts = unicodedata.normalize("NFD", word)
    tones = [c for c in parts if c in _TONES]
    bare = unicodedata.normalize("NFC", "".join(c for c in parts if c not in _TONES))
    vowel = _VOWEL.search(bare)
    if len(tones) != 1 or not vowel:
        return word
    moved = unicodedata.normalize("NFC", bare[: vowel.end()] + tones[0] + bare[vowel.end() :])
    return moved if len(moved) == len(word) else word
