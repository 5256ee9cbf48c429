"""The movement's targets, judged on unrounded counts: met, not met, no cases, cannot tell; and why, in words."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from analysis.register import entries
from analysis.sentences import day, number, percent
from survey.errors import Text
from survey.study import Study, Sufficiency, Target

STATUS = {
    "met": Text("Đạt", "Met"),
    "not_met": Text("Chưa đạt", "Not met"),
    "no_cases": Text("Không phát sinh", "No cases"),
    "cannot_tell": Text("Chưa đủ căn cứ", "Cannot tell"),
}
COLUMNS = {
    "target": "Int64",
    "label": "str",
    "text": "str",
    "rule": "str",
    "context": "str",
    "date": "object",
    "numerator": "Int64",
    "denominator": "Int64",
    "value": "Float64",
    "threshold": "Float64",
    "status": "str",
    "words": "str",
    "doubts": "str",
    "evidence": "str",
    "owner": "str",
    "source": "str",
}
YEAR = dt.timedelta(days=366)


@dataclass(frozen=True)
class Said:
    """What staff answered to a target's own question in one wave: the share of "yes" with its interval; None: hidden."""

    wave: int
    share: float | None
    low: float | None = None
    high: float | None = None
    n: int | None = None


@dataclass(frozen=True)
class Judged:
    """`counted`: what the verdict rests on, as one entry (see register.ENTRIES); {} where there is nothing."""

    status: str
    why: Text
    counted: Mapping[str, Any]
    doubts: tuple[Text, ...] = ()

    @property
    def words(self) -> Text:
        """The verdict and its reason: "Chưa đạt: 75/80 = 93,8%, cần 100%, còn thiếu 5."."""
        status = STATUS[self.status]
        return Text(f"{status.vi}: {self.why.vi}.", f"{status.en}: {self.why.en}.") if self.why.vi else status


def targets(study: Study, until: dt.date, said: Mapping[int, Said] | None = None) -> pd.DataFrame:
    """Each target as its entries dated no later than `until` leave it: COLUMNS.

    value and threshold are shares (0 to 1); value is missing where nothing occurred or nothing was counted. said: target ->
    what staff say, for a target that is judged by that among other things.
    """
    table, movement = entries(study), study.movement
    rows = []
    for target in movement.targets if movement else ():
        judged = judge(study, target, table, until, (said or {}).get(target.id))
        counted = judged.counted
        numerator, denominator = _whole(counted.get("numerator")), _whole(counted.get("denominator"))
        date = counted.get("date")
        rows.append(
            {
                "target": target.id,
                "label": str(target.label),
                "text": target.text,
                "rule": str(rule_words(target)),
                "context": str(target.context),
                "date": date.date() if date is not None else None,
                "numerator": numerator,
                "denominator": denominator,
                "value": numerator / denominator if numerator is not None and denominator else None,
                "threshold": {"all": 1.0, "judged": None}.get(target.rule, (target.percent or 0) / 100),
                "status": judged.status,
                "words": str(judged.words),
                "doubts": " ".join(f"{doubt}." for doubt in judged.doubts),
                "evidence": _given(counted.get("evidence")) or "",
                "owner": _given(counted.get("owner")) or "",
                "source": _given(counted.get("source")) or "",
            }
        )
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def judge(study: Study, target: Target, table: pd.DataFrame, until: dt.date, said: Said | None = None) -> Judged:
    """A target by its entries (register.entries) as they stand on a day."""
    own = table[(table["target"] == target.id) & (table["date"] <= pd.Timestamp(until))]
    if target.rule == "judged":
        return _judged_by_people(target, own, until, said)
    known = own[~own["replaced"]]
    whole, units = known[known["unit"].isna()], known[known["unit"].notna()]
    if len(whole):
        counted = _latest(whole)
        verdict = _by_counts(target, counted)
        doubts = [*_doubts(study, target, counted, until), *_corrected(own, counted)]
        return replace(verdict, doubts=tuple(doubts))
    return _of_units(study, target, units, until) if len(units) else _nothing(until)


def _nothing(until: dt.date) -> Judged:
    return Judged("cannot_tell", Text(f"chưa có số liệu đến ngày {day(until)}", f"no figure until {day(until)}"), {})


def _latest(known: pd.DataFrame) -> dict[str, Any]:
    return known.sort_values("date", kind="stable").iloc[-1].to_dict()


def _by_counts(target: Target, counted: Mapping[str, Any]) -> Judged:
    numerator, denominator = counted.get("numerator"), counted.get("denominator")
    entered, date = _given(counted.get("entered")), counted["date"]
    if entered is not None and date > entered:
        early = f"{day(date)} > {day(entered)}"
        return Judged(
            "cannot_tell",
            Text(f"số liệu đề ngày sau ngày nhập ({early})", f"dated after the day of entry ({early})"),
            counted,
        )
    found = status(target, _Counts(numerator, denominator, None))
    top, bottom = _whole(numerator), _whole(denominator)
    if found == "no_cases":
        return Judged(found, Text("không có trường hợp nào phải tính", "there was nothing to count"), counted)
    if found == "cannot_tell":
        return Judged(found, _unusable(numerator, denominator), counted)
    assert top is not None and bottom is not None
    share, rule = share_words(target, top, bottom), rule_words(target)
    vi, en = f"{_n(top)}/{_n(bottom)} = {share}, cần {rule.vi}", f"{_n(top)}/{_n(bottom)} = {share}, asked: {rule.en}"
    if found == "not_met":
        lacking = _n(missing(target, top, bottom))
        return Judged(found, Text(f"{vi}, còn thiếu {lacking}", f"{en}, {lacking} more needed"), counted)
    return Judged(found, Text(vi, en), counted)


def _unusable(numerator: object, denominator: object) -> Text:
    top, bottom = _given(numerator), _given(denominator)
    if top is None or bottom is None:
        return Text("thiếu tử số hoặc mẫu số", "the numerator or the denominator is missing")
    if top > bottom:
        return Text(
            f"tử số {_n(top)} lớn hơn mẫu số {_n(bottom)}", f"numerator {_n(top)} above denominator {_n(bottom)}"
        )
    return Text("tử số, mẫu số phải là số nguyên không âm", "numerator and denominator are whole and not negative")


def _of_units(study: Study, target: Target, units: pd.DataFrame, until: dt.date) -> Judged:
    """Where units report and nobody for the school: their sum, if every unit of the roster has reported."""
    last = units.sort_values("date", kind="stable").drop_duplicates("unit", keep="last")
    counted = {**_latest(last), "unit": None, "numerator": last["numerator"].sum(min_count=len(last)),
               "denominator": last["denominator"].sum(min_count=len(last))}  # fmt: skip
    labels = {unit.id: unit.label for unit in study.units}
    shared = last[last["evidence"].notna() & last.duplicated("evidence", keep=False)]
    if len(shared):
        names = [labels[unit] for unit in shared["unit"]]
        vi, en = " và ".join(name.vi for name in names), " and ".join(str(name) for name in names)
        return Judged(
            "cannot_tell",
            Text(
                f"{vi} cùng dẫn minh chứng {shared['evidence'].iloc[0]}: có thể một hồ sơ bị tính hai lần",
                f"{en} name the same evidence {shared['evidence'].iloc[0]}: one dossier may be counted twice",
            ),
            counted,
        )
    silent = [unit for unit in _on_roster(study, until) if unit not in set(last["unit"])]
    if silent:
        have, whole = len(last), len(last) + len(silent)
        words = Text(f"mới có số liệu của {have}/{whole} đơn vị", f"figures of {have} of {whole} units only")
        return Judged("cannot_tell", words, counted)
    summed = Text(f"cộng từ {len(last)} đơn vị", f"summed over {len(last)} units")
    return replace(_by_counts(target, counted), doubts=(summed, *_doubts(study, target, counted, until)))


def _on_roster(study: Study, until: dt.date) -> dict[str, dict[str, int]]:
    """Unit -> role -> people, of the last wave that has opened by a day."""
    opened = [wave for wave in study.waves if wave.opens <= until and wave.roster]
    return dict(opened[-1].roster) if opened else {}


def _doubts(study: Study, target: Target, counted: Mapping[str, Any], until: dt.date) -> list[Text]:
    """What does not change the verdict and is to be looked at."""
    found = []
    if _given(counted.get("evidence")) is None:
        found.append(Text("Chưa ghi minh chứng", "No evidence is named"))
    date = counted["date"].date()
    if until - date > YEAR:
        found.append(Text(f"Số liệu đã cũ ({day(date)})", f"An old figure ({day(date)})"))
    people = sum(sum(roles.values()) for roles in _on_roster(study, date).values())
    denominator = _whole(counted.get("denominator"))
    if target.of == "people" and people and denominator is not None and denominator != people:
        found.append(
            Text(
                f"Mẫu số {_n(denominator)} khác số người trên danh sách ({_n(people)}): ghi rõ có tính người bán thời gian, "
                "nghỉ dài hạn không",
                f"Denominator {_n(denominator)} is not the {_n(people)} people on the roster: say whether part-time staff and "
                "people on long leave count",
            )
        )
    return found


def _corrected(own: pd.DataFrame, counted: Mapping[str, Any]) -> list[Text]:
    times = int((own["replaced"] & (own["date"] == counted["date"]) & own["unit"].isna()).sum())
    return [Text(f"Đã sửa {times} lần", f"Corrected {times} times" if times > 1 else "Corrected once")] if times else []


# --- Counts


@dataclass(frozen=True)
class _Counts:
    numerator: Any
    denominator: Any
    judged: str | None


def status(target: Target, figure: Any) -> str:
    """Whether a figure (numerator, denominator, judged) meets a target; counts are compared, so 99.6 % is never "100 %".

    "no_cases" where the denominator is 0; "cannot_tell" without a figure, where more are counted than there are, or where
    counts are not whole.
    """
    if figure is None:
        return "cannot_tell"
    if target.rule == "judged":
        return _given(figure.judged) or "cannot_tell"
    numerator, denominator = _whole(figure.numerator), _whole(figure.denominator)
    if numerator is None or denominator is None or not 0 <= numerator <= denominator:
        return "cannot_tell"
    if denominator == 0:
        return "no_cases"
    return "met" if missing(target, numerator, denominator) == 0 else "not_met"


def missing(target: Target, numerator: int, denominator: int) -> int:
    """How many more of the denominator have to be counted until the target is met; 0 where it is."""
    if target.rule == "all":
        return denominator - numerator
    asked = (target.percent or 0) * denominator  # in hundredths
    least = asked // 100 + 1 if target.rule == "more_than" else -(-asked // 100)
    return max(0, least - numerator)


def share_words(target: Target, numerator: int, denominator: int) -> str:
    """The share with as many decimals as it takes not to read like the target's own figure: 79,99% and not 80,0%."""
    share, asked = numerator / denominator, 100 if target.rule == "all" else target.percent or 0
    if 100 * numerator == asked * denominator:
        return percent(share)
    return next(
        (
            percent(share, n)
            for n in range(1, 7)
            if round(100 * share, n) != asked and round(100 * share, n) not in (0, 100)
        ),
        percent(share),
    )


def rule_words(target: Target) -> Text:
    """The target's rule in words: "tối thiểu 90%", "trên 70%", "100%", "đáp ứng nhu cầu"."""
    return {
        "at_least": Text(f"tối thiểu {target.percent}%", f"at least {target.percent}%"),
        "more_than": Text(f"trên {target.percent}%", f"above {target.percent}%"),
        "all": Text("100%", "100%"),
        "judged": Text("đáp ứng nhu cầu (theo đánh giá)", "sufficient (as judged)"),
    }[target.rule]


def _given(value: Any) -> Any:
    """A value, or None for every way in which a cell can be empty."""
    return None if value is None or pd.isna(value) or value == "" else value


def _whole(value: Any) -> int | None:
    value = _given(value)
    return int(value) if value is not None and math.isfinite(value) and value == int(value) else None


def _n(count: float) -> str:
    return number(count, 0)


# --- A target without a number


def _judged_by_people(target: Target, own: pd.DataFrame, until: dt.date, said: Said | None) -> Judged:
    """By the study's rule where there is one and something was measured; else as somebody judged it."""
    known = own[~own["replaced"]]
    measured = known[known["judged"].isna() & (known["date"] > pd.Timestamp(until - YEAR))]
    if target.sufficient and len(measured):
        return _by_measuring(target.sufficient, measured, said)
    opinions = known[known["judged"].notna()]
    if not len(opinions):
        return _nothing(until)
    counted = _latest(opinions)
    words = Text(f"theo đánh giá ngày {day(counted['date'])}", f"as judged on {day(counted['date'])}")
    return Judged(str(counted["judged"]), words, counted)


def _by_measuring(rule: Sufficiency, measured: pd.DataFrame, said: Said | None) -> Judged:
    """Each condition that the study names, with what was found; one that fails decides, one that is open leaves it open."""
    found: list[tuple[bool | None, Text]] = []
    if rule.line:
        there = measured["there"].dropna()
        found.append(
            _condition(bool(there.all()) if len(there) else None, Text("đường truyền cố định", "fixed line"), "", "")
        )
    enough = len(measured) >= rule.measurements
    found.append(
        _condition(
            True if enough else None, Text("số lần đo", "measurements"), str(len(measured)), f"≥ {rule.measurements}"
        )
    )
    for name, words, unit in (
        ("down", Text("tải xuống", "down"), " Mb/s"),
        ("up", Text("tải lên", "up"), " Mb/s"),
    ):
        asked, values = getattr(rule, name), measured[name].dropna()
        if asked is not None:
            median = float(values.median()) if len(values) else None
            held = None if median is None else median >= asked
            found.append(
                _condition(
                    held, words, number(median, 0) + unit if median is not None else "–", f"≥ {number(asked, 0)}"
                )
            )
    if rule.breaks is not None:
        values = measured["breaks"].dropna()
        mean = float(values.mean()) if len(values) else None
        held = None if mean is None else mean <= rule.breaks
        words = Text("mất kết nối mỗi ngày", "breaks a day")
        found.append(
            _condition(held, words, number(mean, 1) if mean is not None else "–", f"≤ {number(rule.breaks, 1)}")
        )
    if rule.share is not None:
        share = said.share if said else None
        held = None if share is None else 100 * share >= rule.share
        words = Text("nhân sự nói đáp ứng", "staff who say it suffices")
        found.append(_condition(held, words, percent(share) if share is not None else "–", f"≥ {rule.share}%"))
    states = [held for held, _ in found]
    verdict = "not_met" if False in states else "cannot_tell" if None in states else "met"
    vi, en = ("; ".join(getattr(words, tongue) for _, words in found) for tongue in ("vi", "en"))
    return Judged(verdict, Text(vi, en), _latest(measured))


def _condition(held: bool | None, words: Text, seen: str, asked: str) -> tuple[bool | None, Text]:
    mark = {True: Text("đạt", "holds"), False: Text("chưa đạt", "fails"), None: Text("chưa rõ", "open")}[held]
    what = f" {seen} ({{}} {asked})" if asked else ""
    return held, Text(
        f"{words.vi}{what.format('cần')}: {mark.vi}",
        f"{words.en}{what.format('asked')}: {mark.en}",
    )
