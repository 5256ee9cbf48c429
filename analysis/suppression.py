"""What may be shown: small bases and groups that answer as one are hidden, and whatever would give them away."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.attribute_disclosure import Answered
from analysis.changes import ARROW
from analysis.disclosure import protect
from analysis.estimates import BETWEEN
from survey.errors import DesignError, Text

NUMBERS = ["estimate", "se", "low", "high", "df", "n", "population"]
SMALL = "small base"
PROTECTED = "protected"  # of every other reason: which one it is would tell, "all alike" the answer of each
EXACT = 1e-9  # a share this near to 1 is everybody's

Names = tuple[str, ...]
Key = tuple[Names, Names]  # the names of a grouping, and the level of each
System = tuple[np.ndarray, np.ndarray, np.ndarray]  # counts, sums, cells that must not be found


def suppress(
    estimates: pd.DataFrame,
    k: int = 5,
    cross: int = 10,
    *,
    answers: pd.DataFrame | None = None,
    zeros: bool = False,
) -> pd.DataFrame:
    """The same table with `shown` and `reason`; a hidden row's numbers are missing and its method empty, never 0.

    estimates: everything that is published together, with COLUMNS of `estimates`, unweighted or weighted. answers: the
    frame that they were made of (a row per respondent, with `wave` where the estimates have waves, the grouping columns
    and the items), to be given where two groupings stand side by side: only it tells where they nearly coincide. It is
    never published. All rows of one item, wave and group are shown or hidden together. Hidden are:

    - with reason SMALL: bases n below k, below `cross` (at least k) where two groupings are crossed; an empty base is an
      absence;
    - groups in which all gave the same answer, so that each one's answer is told: a share of 100 %, or 0 % of all answers
      that are listed. Not the whole: "all have a computer" is what a school reports, and its base is not small. Known from
      shares and from `answers`; without these from a group's mean with standard error 0 where not all its people answered
      (not with clusters; there, as in a census, 0 proves nothing);
    - only with zeros=True: groups with 0 % of any answer. With three or more answers a 0 % tells nobody's answer;
    - the cheapest further groups (fewest people) so that no reader who knows everything shown can place the base of a
      hidden group, or of a combination of groups of 1 to k - 1 people, within less than k people; and that as many people
      as the hidden group has (at most k) may have answered otherwise. Where even hiding every group leaves less (3 of a
      whole school said no), every group with one of those is hidden. A change is hidden where one of its ends is;
    - with `answers`, further groups until the published shares, read as counts, leave nobody of a combination of groups of 1
      to k - 1 people with one possible answer, or with one that is `attribute_disclosure.SURE` and not as likely by a
      published share; and no hidden table with one possibility;
    - a table too large to choose from (`protect`), as a whole.

    All but the first have the one reason PROTECTED: told "all answered alike", a reader has the answers. What is hidden in a
    wave depends on that wave alone, so that a later report never shows what an earlier one hid, and with k + 1 at least what
    is hidden with k. A suppressed table comes back as it is. That a group exists, and how many people are on its roster, is
    taken as known and not protected: what is protected is what they answered. Shares are taken to be of equal weights within
    their group: others tell more (docs/disclosure.md, where it also stands what is not guarded). Of weighted shares without
    `answers` the people who answered otherwise are taken as share x n, which is near.
    Raises DesignError: `answers` are not those of the estimates; a level holds " × "; a suppressed table would need more.
    """
    before = _before(estimates)
    rows = _rows(estimates, k, max(k, cross))
    if (before != "").any():
        _require_enough([row for row, reason in zip(rows, before, strict=True) if reason == ""], zeros)
        return blank(estimates, before)
    blocks: dict[tuple, list[_Row]] = {}
    for row in rows:
        blocks.setdefault((row.item, row.wave), []).append(row)
    found: dict[tuple, str] = {}
    solved: dict[tuple, np.ndarray] = {}
    for item, wave in sorted(blocks, key=lambda block: (ARROW in str(block[1]), str(block))):  # changes last
        ends = str(wave).split(ARROW) if ARROW in str(wave) else []
        gone = {key for (i, w, key), reason in found.items() if i == item and str(w) in ends and reason}
        people = None if ends or answers is None else _of_wave(answers, wave, item)
        block = _Block.of(blocks[item, wave], people, zeros, gone)
        found |= {(item, wave, key): reason for key, reason in block.reasons(k, max(k, cross), solved).items()}
    reasons = [found[row.item, row.wave, row.key] for row in rows]
    return blank(estimates, pd.Series(reasons, index=estimates.index, dtype=object))


class _Row(NamedTuple):
    """What an estimate tells: of whom (item, wave, key), on how many people, and whether they are all alike."""

    item: str
    wave: object
    key: Key
    n: float
    small: bool
    value: object
    share: float  # missing where it is no share
    still: bool  # a group's mean without spread


def _before(estimates: pd.DataFrame) -> pd.Series:
    """The reasons of rows that were hidden before; "" for every other row."""
    hidden = estimates["shown"].isin([False]) if "shown" in estimates else pd.Series(False, index=estimates.index)
    reasons = estimates["reason"] if "reason" in estimates else pd.Series("", index=estimates.index)
    return reasons.astype(object).where(reasons.notna() & (reasons != ""), PROTECTED).where(hidden, "")


def _rows(estimates: pd.DataFrame, k: int, cross: int) -> list[_Row]:
    columns = ("n", "estimate", "se", "population")
    numbers = (pd.to_numeric(estimates[name]).astype("Float64").to_numpy(float, na_value=np.nan) for name in columns)
    texts = (estimates[name].tolist() for name in ("item", "wave", "group", "level", "statistic", "value", "method"))
    rows = []
    for n, estimate, se, population, item, wave, group, level, statistic, value, method in zip(
        *numbers, *texts, strict=True
    ):
        key = _key(group, level)
        flat = se <= EXACT * max(1, abs(estimate)) and not population <= n and "clusters" not in str(method)
        rows.append(
            _Row(
                item,
                None if pd.isna(wave) else wave,
                key,
                0.0 if math.isnan(n) else n,
                not n >= (cross if len(key[0]) > 1 else k),
                value,
                estimate if statistic == "proportion" else math.nan,
                bool(key[0] and statistic == "mean" and flat),
            )
        )
    return rows


def _key(group: object, level: object) -> Key:
    """A grouping's names, in the order of the alphabet, and the level's parts in that order."""
    names = tuple(str(group).split(BETWEEN)) if isinstance(group, str) and group else ()
    if not names:
        return (), ()
    parts = tuple(str(level).split(BETWEEN)) if len(names) > 1 else (str(level),)
    if len(parts) != len(names):
        raise DesignError(
            f"suppress: {group}",
            rule=Text(
                f"Tên nhóm không được chứa “{BETWEEN}”: dấu ấy nối các nhóm với nhau.",
                f'No group\'s name holds "{BETWEEN}": it joins the names of groups.',
            ),
            found=str(level),
            cure=Text("Đổi tên nhóm rồi tính lại.", "Rename the group and estimate again."),
        )
    order = sorted(range(len(names)), key=lambda place: names[place])
    return tuple(names[place] for place in order), tuple(parts[place] for place in order)


def _of_wave(answers: pd.DataFrame, wave: object, item: str) -> pd.DataFrame:
    """Those who answered the item in the wave."""
    for column in [item, *(["wave"] if wave is not None else [])]:
        _require_column(answers, column)
    here = answers if wave is None else answers[(answers["wave"] == wave).fillna(False).astype(bool)]
    return here[here[item].notna()]


def _require_column(answers: pd.DataFrame, column: str) -> None:
    if column not in answers:
        raise DesignError(
            "suppress(answers=...)",
            rule=Text(
                "answers là bảng đã dùng để tính, có đủ câu hỏi và nhóm.",
                "answers is the frame of the estimates, with their items and groups.",
            ),
            found=Text(f"không có cột {column!r}", f"no column {column!r}"),
            cure=Text("Đưa đúng bảng ấy, hoặc bỏ answers.", "Give that frame, or leave answers out."),
        )


def _require_enough(shown: list[_Row], zeros: bool) -> None:
    told = [row.key[0] and (row.share >= 1 - EXACT or (zeros and row.share <= EXACT)) for row in shown]
    if any(told) or any(row.small for row in shown):
        raise DesignError(
            "suppress(estimates)",
            rule=Text(
                "Bảng đã ẩn số không thể ẩn thêm theo ngưỡng cao hơn: cỡ nhóm đã bị xóa.",
                "A suppressed table cannot be suppressed further: the hidden bases are gone.",
            ),
            found=Text(
                "bảng đã qua suppress(...) với ngưỡng thấp hơn", "a table that went through suppress(...) with less"
            ),
            cure=Text(
                "Gọi suppress(...) trên bảng ước lượng ban đầu.", "Call suppress(...) on the estimates as they were."
            ),
        )


@dataclass(frozen=True)
class _Block:
    """The tables of one item in one wave as one set of cells: those published, then those that never are."""

    keys: list[Key]  # of the published cells
    n: np.ndarray  # people in each cell: published, then the finest combinations, then those of no known group
    small: np.ndarray  # of the published cells: some base is too small
    alike: np.ndarray  # of the published cells: everybody in it answered the same
    nobody: np.ndarray  # of the published cells: an answer of nobody, where that is hidden
    gone: np.ndarray  # of the published cells: hidden elsewhere
    sums: np.ndarray
    otherwise: list[System]  # for each common answer, those who gave another
    answered: Answered | None  # who answered what, where shares are published and `answers` given

    @classmethod
    def of(cls, rows: list[_Row], people: pd.DataFrame | None, zeros: bool, gone: set[Key]) -> _Block:
        bases: dict[Key, float] = {}
        for row in rows:
            bases[row.key] = max(row.n, bases.get(row.key, 0.0))
        keys = sorted(bases)
        members = _members(people, {names for names, _ in keys})
        finest = max(members, key=len, default=())
        published = {names for names, _ in keys}
        atoms = [] if finest in published else [(finest, levels) for levels in sorted(set(members.get(finest, [])))]
        cells = keys + atoms
        n = np.array([bases[key] for key in keys] + _count(atoms, members), dtype=float)
        if people is not None:
            _require_same(keys, n, _count(keys, members))
        sums, n = _sums(cells, n, ARROW not in str(rows[0].wave))
        grouped = np.array([bool(names) for names, _ in keys])
        alike, nobody, otherwise = np.zeros(len(keys), bool), np.zeros(len(keys), bool), []
        if people is None:
            alike |= _among(keys, {row.key for row in rows if row.still})
        for gave in _answered(rows, people, cells, members, n):
            for others, told in ((n[: len(cells)] - gave, alike), (gave, nobody))[: 1 + zeros]:
                none = (others[: len(keys)] <= EXACT * n[: len(keys)]) & (n[: len(keys)] > 0)
                told |= none & grouped
                if (none & grouped).any():
                    otherwise.append(_otherwise(others, sums, n, none))
        return cls(
            keys, n, _among(keys, {row.key for row in rows if row.small}), alike, nobody,
            _among(keys, gone), sums, otherwise, _tabled(rows, people, keys, members),
        )  # fmt: skip

    def reasons(self, k: int, cross: int, solved: dict[tuple, np.ndarray]) -> dict[Key, str]:
        """Key -> why it is hidden, or "". Blocks that are equal in every number are solved once."""
        told = self.alike | self.nobody | self.gone
        parts = [self.n, self.sums, told, self.small, *(array for system in self.otherwise for array in system)]
        parts += [self.answered.counts, self.answered.groups] if self.answered else []
        same = (tuple(self.keys), *(part.tobytes() for part in parts))
        if same not in solved:
            solved[same] = self._hidden(k, cross, told)
        found = np.select([self.small, solved[same]], [SMALL, PROTECTED], "")
        return dict(zip(self.keys, found.tolist(), strict=True))

    @property
    def _grouped(self) -> np.ndarray:
        return np.array([bool(names) for names, _ in self.keys])

    def _hidden(self, k: int, cross: int, told: np.ndarray) -> np.ndarray:
        """Which published cells are hidden.

        From 1 up to k, each step keeping what the one before hid: so that two reports with two k do not undo each other.
        """
        size = len(self.keys)
        published = np.arange(len(self.n)) < size
        crossed = np.array([len(names) > 1 for names, _ in self.keys])
        cost = np.where(published, self.n + 1, np.inf)
        cost[:size][~self._grouped] = np.inf
        hidden, narrowest, before = ~published, 0.0, ~published
        for step in range(1, max(k, 1) + 1):
            small = self.small if step == k else self.n[:size] < np.where(crossed, cross, step)
            unsafe = ~published & (self.n > 0) & (self.n < step)
            unsafe[:size] = small | told | hidden[:size]
            if (unsafe[:size] & ~self._grouped).any():
                return np.ones(size, bool)
            wide = narrowest >= step and (unsafe == before).all()  # the step before was wide enough for this one
            while True:
                if not wide:
                    after, narrowest = self._protected(hidden | unsafe, unsafe, step, cost)
                    wide = bool((after == (hidden | unsafe)).all())
                    unsafe[:size] |= after[:size]
                    continue
                shown = ~(hidden | unsafe)[:size]
                more = self.answered.next_to_hide(shown, step, cost[:size]) if self.answered else []
                if not more:
                    break
                unsafe[more], wide = True, False
            hidden, before = hidden | unsafe, unsafe
        return hidden[:size]

    def _protected(self, hidden: np.ndarray, unsafe: np.ndarray, k: int, cost: np.ndarray) -> tuple[np.ndarray, float]:
        """The cells to hide so that no base and no common answer is found, and how narrowly one can be placed then."""
        if not unsafe.any():
            return hidden, math.inf
        base = protect(self.n, self.sums, k, unsafe=unsafe, hidden=hidden, cost=cost)
        hidden, narrowest = base.hidden, base.narrowest
        for others, sums, alike in self.otherwise:
            alike = alike & hidden
            least = np.minimum(k, self.n)
            found = protect(others, sums, least, unsafe=alike, hidden=hidden, cost=cost, others=False, most=self.n)
            hidden, narrowest = found.hidden, min(narrowest, found.narrowest)
        return hidden, narrowest


def _among(keys: list[Key], some: set[Key]) -> np.ndarray:
    return np.array([key in some for key in keys], dtype=bool)


def _tabled(rows: list[_Row], people: pd.DataFrame | None, keys: list[Key], members: dict) -> Answered | None:
    """The answers of each combination of groups, and the groups that they are published in."""
    if people is None or all(math.isnan(row.share) for row in rows):
        return None
    finest = max(members, key=len)
    cells, values = sorted(set(members[finest])), people[rows[0].item].tolist()
    given = {value: place for place, value in enumerate(dict.fromkeys(values))}
    places = {cell: place for place, cell in enumerate(cells)}
    counts = np.zeros((len(cells), len(given)), dtype=int)
    np.add.at(counts, ([places[cell] for cell in members[finest]], [given[value] for value in values]), 1)
    groups = np.ones((len(keys), len(cells)), dtype=bool)
    held = {name: np.array([cell[place] for cell in cells], dtype=object) for place, name in enumerate(finest)}
    for place, (names, levels) in enumerate(keys):
        for name, level in zip(names, levels, strict=True):
            groups[place] &= held[name] == level
    ways = {names: number for number, names in enumerate(dict.fromkeys(names for names, _ in keys))}
    return Answered(counts, groups, np.array([ways[names] for names, _ in keys]))


def _members(people: pd.DataFrame | None, groupings: set[Names]) -> dict[Names, list[Names]]:
    """Grouping -> the levels of each person, also for the finest combination of all groupings; none without people."""
    if people is None:
        return {}
    names = sorted({name for grouping in groupings for name in grouping})
    for name in names:
        _require_column(people, name)
    labels = {
        name: ["" if missing else str(level) for level, missing in zip(people[name], people[name].isna(), strict=True)]
        for name in names
    }
    return {
        grouping: list(zip(*(labels[name] for name in grouping), strict=True)) if grouping else [()] * len(people)
        for grouping in {*groupings, tuple(names)}
    }


def _count(cells: list[Key], members: dict[Names, list[Names]]) -> list[int]:
    counts = {names: Counter(levels) for names, levels in members.items()}
    return [counts[names][levels] for names, levels in cells]


def _require_same(keys: list[Key], n: np.ndarray, counted: list[int]) -> None:
    for (names, levels), base, count in zip(keys, n, counted, strict=False):
        if base != count:
            place = f"{BETWEEN.join(names)} {BETWEEN.join(levels)}".strip() or str(Text("toàn bộ", "everybody"))
            raise DesignError(
                "suppress(answers=...)",
                rule=Text("answers là chính bảng đã dùng để tính.", "answers is the very frame of the estimates."),
                found=Text(
                    f"{place}: n = {base:g}, trong answers {count} người",
                    f"{place}: n = {base:g}, in answers {count} people",
                ),
                cure=Text("Đưa đúng bảng ấy, hoặc bỏ answers.", "Give that frame, or leave answers out."),
            )


def _sums(cells: list[Key], n: np.ndarray, whole: bool) -> tuple[np.ndarray, np.ndarray]:
    """What everybody knows: each grouping adds up to every coarser one (and else to its total).

    Where people of no known group are missing from a sum they become a cell of their own, which nobody publishes.
    """
    groupings: dict[Names, list[int]] = {}
    for place, (names, _) in enumerate(cells):
        groupings.setdefault(names, []).append(place)
    rows: list[tuple[list[int], list[int]]] = []
    for fine, places in groupings.items():
        coarser = [names for names in groupings if set(names) < set(fine) and (whole or names)]
        if fine and not coarser:
            rows.append(([], places))
        for coarse in coarser:
            at = [fine.index(name) for name in coarse]
            parts: dict[Names, list[int]] = {}
            for place in places:
                parts.setdefault(tuple(cells[place][1][position] for position in at), []).append(place)
            rows += [([total], parts[cells[total][1]]) for total in groupings[coarse] if cells[total][1] in parts]
    sums = np.zeros((len(rows), len(cells)))
    for row, (total, parts_) in enumerate(rows):
        sums[row, total], sums[row, parts_] = 1, -1
    rest = sums @ n
    short = np.flatnonzero((sums.max(axis=1, initial=0) > 0) & (rest > 0))
    missing = np.zeros((len(rows), len(short)))
    missing[short, np.arange(len(short))] = -1
    return np.hstack([sums, missing]), np.concatenate([n, rest[short]])


def _answered(
    rows: list[_Row], people: pd.DataFrame | None, cells: list[Key], members: dict, n: np.ndarray
) -> Iterator[np.ndarray]:
    """For each answer, how many people of each cell gave it (missing where that is not known)."""
    if people is not None:
        values = people[rows[0].item].tolist()
        counts = {names: Counter(zip(levels, values, strict=True)) for names, levels in members.items()}
        for value in dict.fromkeys(values):
            yield np.array([counts[names][levels, value] for names, levels in cells], dtype=float)
        return
    shares = {(row.key, row.value): row.share for row in rows if not math.isnan(row.share)}
    listed = list(dict.fromkeys(value for _, value in shares))
    found = np.array([[shares.get((key, value), np.nan) for value in listed] for key in cells])
    found = found.reshape(len(cells), len(listed))
    rest = np.clip(1 - found.sum(axis=1), 0, None)  # all answers that are not listed
    for share in [*found.T, rest] if listed else []:
        yield share * n[: len(cells)]


def _otherwise(others: np.ndarray, sums: np.ndarray, n: np.ndarray, none: np.ndarray) -> System:
    """The same sums for those who answered otherwise, without the sums in which some of them are not known."""
    unknown = np.flatnonzero(np.isnan(others))
    kept = ~(sums[:, unknown] != 0).any(axis=1)
    counts = np.concatenate([np.nan_to_num(others), np.zeros(len(n) - len(others))])
    for place in range(len(others), len(n)):  # people of no known group
        row = np.flatnonzero(sums[:, place])[0]
        counts[place] = min(n[place], max(0.0, float(sums[row, : len(others)] @ counts[: len(others)])))
    told = np.zeros(len(n), bool)
    told[: len(none)] = none
    return counts, sums[kept], told


def blank(estimates: pd.DataFrame, reasons: pd.Series) -> pd.DataFrame:
    """The table with the numbers of the rows that have a reason taken out; `shown` and `reason` say so."""
    hidden = reasons != ""
    numbers = estimates[NUMBERS].astype("Float64").mask(hidden)
    marks = {"shown": ~hidden, "reason": reasons, "method": estimates["method"].mask(hidden, "")}
    return estimates.assign(**marks, **{name: numbers[name] for name in NUMBERS}).astype(
        {"n": "Int64"} | {name: "float64" for name in NUMBERS if name != "n"}
    )
