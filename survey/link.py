"""Self-made codes -> the same person across the waves."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from survey.errors import StudyError, Text

DOUBTFUL = ("wave_1", "code_1", "wave_2", "code_2", "unit_1", "unit_2", "role_1", "role_2", "why", "decision")
COUNTS = {
    "codes": Text("câu trả lời có mã", "answers with a code"),
    "no_code": Text("không có mã", "without a code"),
    "exact": Text("ghép được nhờ mã trùng khớp", "linked by equal codes"),
    "typing": Text("ghép được dù gõ sai một chữ (cùng đơn vị, vai trò)", "linked but for one typing error"),
    "confirmed": Text("ghép theo quyết định trong links.csv", "linked by a decision in links.csv"),
    "alone": Text("có mã nhưng chỉ ở một đợt", "with a code, in one wave only"),
    "doubtful": Text("chưa chắc, để riêng", "doubtful, left apart"),
    "doubled": Text("mã dùng hai lần trong một đợt, để riêng", "code given twice in a wave, left apart"),
}
SAME, DIFFERENT = {"same", "cùng người"}, {"different", "khác người"}
# Cyrillic and Greek letters that look Latin, in lower case
ALIEN = str.maketrans("авекмнорстухіјѕԁԛԝαβεηικμνορτυχζ", "abekmhopctyxijsdqwabehikmvoptyxz")
ALIKE = str.maketrans("oil", "011")  # which sign was meant nobody can see on paper


def normal(code: object) -> str | None:
    """A code without case, accents, spaces and marks: "Lê-05 12" and "le0512" are one; None for what is no code.

    A code has at least four letters and digits, one digit among them: "không" or "x" would link strangers.
    """
    if code is None or pd.isna(code):
        return None
    plain = unicodedata.normalize("NFKC", str(code)).casefold().translate(ALIEN)
    text = unicodedata.normalize("NFD", plain.replace("đ", "d"))
    code_ = "".join(c for c in text if c.isalnum())
    return code_ if len(code_) >= 4 and any(c.isdigit() for c in code_) else None


def key(code: object) -> str | None:
    """What two codes are compared by: the normal code, in which signs that look alike (O and 0; I, l and 1) are one.

    None for a code of which two parts are XX, as people are told to write what they do not know: "XX07XX" is anybody's.
    """
    found = normal(code)
    return found.translate(ALIKE) if found and found.count("xx") < 2 else None


@dataclass(frozen=True)
class Linked:
    """Who is who. `person`: a number for each answer, missing where nothing links it; `how`: "exact", "typing", "confirmed",
    missing where no other wave has the person. `doubtful`: pairs of codes for a person to judge (DOUBTFUL). `counts`: of
    answers, by words that a person can be told."""

    person: pd.Series
    how: pd.Series
    doubtful: pd.DataFrame
    counts: dict[str, int]


def link(frame: pd.DataFrame, decisions: pd.DataFrame | None = None) -> Linked:
    """Find the answers of one person in several waves.

    frame: wave, code, and unit and role where they are known; one row per answer. Codes that are equal (see `key`) are
    one person's. A code given twice within a wave cannot be told apart, and links nobody in that wave. Then codes that
    differ by one typing error (a sign wrong, missing, too many, or two neighbours swapped), from the same unit and role
    and never both in one wave, are joined where each is the other's only candidate. What is not so certain stays apart,
    is counted, and stands in `doubtful`; `decisions` is that table with a person's "cùng người" or "khác người" in
    `decision`. Numbers follow the sorted codes: the order of the rows changes nothing.
    """
    keys = frame["code"].map(key)
    coded = keys.notna()
    doubled = coded & pd.DataFrame({"wave": frame["wave"], "key": keys}).duplicated(keep=False)
    keys = keys.mask(doubled).astype(object).where(lambda k: k.notna(), None)
    groups = _groups(frame, keys)
    same, different = _decided(decisions, groups)
    candidates = _candidates(groups)
    people = {name: {name} for name in groups}
    how: dict[str, str] = {}
    doubts: dict[tuple[str, str], Text] = {}
    for pair in sorted(same):
        if _join(groups, people, *pair):
            how |= dict.fromkeys(pair, "confirmed")
    near = {pair for pair in candidates if pair not in different and pair not in same}
    likely = {pair for pair in near if _alike(groups[pair[0]], groups[pair[1]])}
    # how many codes of a wave may be the same person's as this code
    rivals = Counter(
        (name, wave) for pair in likely for name, other in (pair, pair[::-1]) for wave in groups[other].places
    )
    for pair in sorted(near):
        if pair not in likely:
            doubts[pair] = Text("khác đơn vị hoặc vai trò", "another unit or role")
            continue
        alone = all(rivals[name, wave] == 1 for name, other in (pair, pair[::-1]) for wave in groups[other].places)
        if alone and _join(groups, people, *pair):
            how = dict.fromkeys(pair, "typing") | how
        else:
            doubts[pair] = Text("nhiều mã cùng gần giống", "several codes are as near")
    return _linked(frame, keys, coded, doubled, groups, people, how, doubts)


def persons(codes: pd.Series, waves: pd.Series) -> pd.Series:
    """Number the people by equal codes alone; see `link`. Missing: not linked."""
    return link(pd.DataFrame({"wave": waves, "code": codes})).person


@dataclass(frozen=True)
class _Group:
    """The answers of one code, as people write it: wave -> unit and role."""

    code: str
    places: dict[object, tuple[object, object]]


def _groups(frame: pd.DataFrame, keys: pd.Series) -> dict[str, _Group]:
    empty = pd.Series(None, index=frame.index, dtype=object)
    columns = (keys, frame["code"], frame["wave"], frame.get("unit", empty), frame.get("role", empty))
    groups: dict[str, _Group] = {}
    for name, code, wave, unit, role in zip(*columns, strict=True):
        if name is not None:
            place = (None if pd.isna(unit) else unit, None if pd.isna(role) else role)
            written, known = normal(code) or name, groups.get(name)
            groups[name] = _Group(
                min(written, known.code if known else written), (known.places if known else {}) | {wave: place}
            )
    return dict(sorted(groups.items()))


def _candidates(groups: dict[str, _Group]) -> set[tuple[str, str]]:
    """Pairs of codes, never both in one wave, that one typing error makes of each other.

    Two such codes leave the same text when one sign is taken out of each, or of the longer one: so only codes that share
    such a remainder are compared.
    """
    from rapidfuzz.distance import OSA

    remainders: dict[str, list[str]] = defaultdict(list)
    for name in groups:
        for rest in {name, *(name[:place] + name[place + 1 :] for place in range(len(name)))}:
            remainders[rest].append(name)
    pairs = {
        (one, two)
        for names in remainders.values()
        for place, one in enumerate(names)
        for two in names[place + 1 :]
        if not groups[one].places.keys() & groups[two].places.keys()
    }
    return {tuple(sorted(pair)) for pair in pairs if OSA.distance(*pair, score_cutoff=1) <= 1}  # type: ignore[misc]


def _alike(one: _Group, two: _Group) -> bool:
    """Whether both were always given from one unit and role, and that is known."""
    places = {*one.places.values(), *two.places.values()}
    return len(places) == 1 and None not in next(iter(places))


def _decided(
    decisions: pd.DataFrame | None, groups: dict[str, _Group]
) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """The pairs that a person said are one, and those that are two; raises StudyError where a decision cannot be."""
    same: set[tuple[str, str]] = set()
    different: set[tuple[str, str]] = set()
    for number, line in enumerate([] if decisions is None else decisions.to_dict("records"), start=2):
        word = str(line["decision"]).strip().casefold()
        one, two = sorted((key(line["code_1"]) or "", key(line["code_2"]) or ""))
        if word in SAME | DIFFERENT and one in groups and two in groups:
            (same if word in SAME else different).add((one, two))
            if (one, two) in same & different or (
                word in SAME and groups[one].places.keys() & groups[two].places.keys()
            ):
                raise _impossible(number)
        elif word and word not in SAME | DIFFERENT:
            raise _impossible(number)
    return same, different


def _join(groups: dict[str, _Group], people: dict[str, set[str]], one: str, two: str) -> bool:
    """Make one person of two codes; not where codes joined before would then meet themselves in one wave."""
    if people[one] is not people[two]:
        waves = [{wave for name in people[code] for wave in groups[name].places} for code in (one, two)]
        if waves[0] & waves[1]:
            return False
        together = people[one] | people[two]
        people.update(dict.fromkeys(together, together))
    return True


def _linked(
    frame: pd.DataFrame, keys: pd.Series, coded: pd.Series, doubled: pd.Series, groups: dict[str, _Group],
    people: dict[str, set[str]], how: dict[str, str], doubts: dict[tuple[str, str], Text],
) -> Linked:  # fmt: skip
    roots = {name: min(codes) for name, codes in people.items()}
    numbers = {root: number for number, root in enumerate(sorted(set(roots.values())), start=1)}
    person = keys.map(lambda name: numbers[roots[name]] if name else None).astype("Int64")
    several = person.map(person.value_counts()).gt(1).fillna(False)
    word = keys.map(
        lambda name: ("exact" if len(groups[name].places) > 1 else how.get(name, "exact")) if name else None
    )
    joined = word.where(several, None)
    doubtful = {name for pair in doubts for name in pair}
    counts = {
        "codes": int(coded.sum()),
        "no_code": int((~coded).sum()),
        "doubled": int(doubled.sum()),
        **{one: int((joined == one).sum()) for one in ("exact", "typing", "confirmed")},
        "alone": int((coded & ~doubled & ~several).sum()),
        "doubtful": int(keys.isin(doubtful).sum()),
    }
    return Linked(person, joined, _table(groups, doubts), counts)


def _table(groups: dict[str, _Group], doubts: dict[tuple[str, str], Text]) -> pd.DataFrame:
    rows = []
    for (one, two), why in doubts.items():
        (wave_1, place_1), (wave_2, place_2) = (
            max(groups[name].places.items(), key=lambda p: str(p[0])) for name in (one, two)
        )
        rows.append(
            (
                wave_1,
                groups[one].code,
                wave_2,
                groups[two].code,
                place_1[0],
                place_2[0],
                place_1[1],
                place_2[1],
                str(why),
                "",
            )
        )
    return pd.DataFrame(rows, columns=list(DOUBTFUL), dtype=object)


def _impossible(line: int) -> StudyError:
    return StudyError(
        f"links.csv, {Text('dòng', 'line')} {line}",
        rule=Text(
            "decision là “cùng người”, “khác người” hoặc để trống; một cặp chỉ có một quyết định, và hai mã của cùng một đợt là "
            "hai người.",
            "decision is “same”, “different” or empty; a pair has one decision, and two codes of one wave are two people.",
        ),
        found=Text("quyết định không dùng được", "a decision that cannot be"),
        cure=Text("Sửa dòng ấy, hoặc để trống ô decision.", "Mend that line, or leave decision empty."),
    )


# --- How often linking is wrong


@dataclass(frozen=True)
class Rates:
    """`false`: share of the links made that join two people. `missed`: share of the true pairs of answers not joined."""

    links: int
    false: float
    missed: float


def error_rates(person: pd.Series, truth: pd.Series) -> Rates:
    """Compare the people found with the true ones (two Series of one index; a link is a pair of answers of one person)."""
    found, true = _pairs(person), _pairs(truth)
    both = _pairs(pd.Series(list(zip(person, truth, strict=True)), index=person.index).where(person.notna()))
    return Rates(found, (found - both) / found if found else 0.0, (true - both) / true if true else 0.0)


def _pairs(people: Iterable) -> int:
    counts = pd.Series(people).dropna().value_counts()
    return int((counts * (counts - 1) // 2).sum())
