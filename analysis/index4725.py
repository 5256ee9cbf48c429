"""The index of QĐ 4725/QĐ-BGDĐT for one school: its criteria, the points the school gives itself, the levels of its groups."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated

import pandas as pd
from pydantic import Field, model_validator

from analysis.sentences import number
from survey.errors import Text, UserError
from survey.questionnaire import Bilingual, Model

HOUSE = Path(__file__).with_name("index4725.yaml")
STATUS = {
    "complete": Text("đủ", "complete"),
    "not_there": Text("chưa đạt bắt buộc", "mandatory, not met"),
    "no_evidence": Text("thiếu minh chứng", "no evidence"),
    "missing": Text("thiếu số liệu", "no figure"),
    "unit_only": Text("chỉ có số liệu của đơn vị, chưa có của cả trường", "figures of units only, none of the school"),
    "over": Text("vượt điểm tối đa", "more than the maximum"),
}
USABLE = ("complete", "no_evidence")  # points that count: without evidence they are marked, everywhere they are shown
OPEN = Text("chưa xác định, chờ Sở trả lời", "undetermined until the authority answers")
CANNOT_TELL = Text("chưa đủ căn cứ", "cannot tell")
MANDATORY = {
    "met": Text("đủ", "met"),
    "not_met": Text("chưa đủ", "not met"),
    "cannot_tell": Text("thiếu số liệu", "no figure"),
}
SCORE = {  # column -> type
    "group": "Int64",
    "code": "str",
    "label": "str",
    "mandatory": "boolean",
    "maximum": "Int64",  # missing for a mandatory criterion
    "points": "Float64",  # that count; missing where there are none, or more than the maximum
    "entered": "Float64",  # as they were entered
    "there": "boolean",  # of a mandatory criterion
    "evidence": "str",
    "owner": "str",
    "date": "datetime64[us]",
    "status": "str",  # key of STATUS
    "band": "str",  # where the index names bands of this criterion
    "shared": "str",  # targets that the same evidence speaks for: "4, 6"
    "shared_evidence": "str",  # the evidence of those targets' latest entries
}
LEVELS = {  # column -> type
    "group": "Int64",
    "label": "str",
    "points": "Float64",  # missing unless every criterion has its points
    "entered": "Float64",  # sum of the points that there are
    "out_of": "Int64",  # points listed
    "maximum": "Int64",  # of a group, as the decision says
    "missing": "str",  # codes without points that count
    "no_evidence": "str",  # codes
    "mandatory": "str",  # key of MANDATORY
    "not_there": "str",  # codes of mandatory criteria that are not met or not known
    "low": "Int64",  # level if the points in question are 0
    "high": "Int64",  # level if all of them are earned
    "verdict": "str",  # "level", "open" or "cannot_tell"
    "words": "str",
    "question": "str",  # to the authority, until it is answered
}


class Index4725Error(UserError):
    """The file of the index, or an entry for it, is not right."""


class Level(Model):
    """A level of points; the levels of a list rise, and the last has no bound."""

    id: int
    label: Bilingual
    below: int | None = None  # fewer points than this
    up_to: int | None = None  # no more points than this

    def holds(self, points: Decimal) -> bool:
        """Whether so many points do not exceed this level."""
        if self.below is not None:
            return points < self.below
        return self.up_to is None or points <= self.up_to


class Part(Model):
    code: str
    label: Bilingual
    maximum: int = Field(ge=1)
    shared: tuple[int, ...] = ()


class OpenQuestion(Model):
    """A conflict in the source, put to the authority: it lets a sum be off by exactly implied - listed points."""

    listed: int
    implied: int
    question: Bilingual

    @property
    def points(self) -> int:
        return self.implied - self.listed


class Criterion(Model):
    code: str
    label: Bilingual
    mandatory: bool = False  # to be there; it has no points
    maximum: int | None = Field(default=None, ge=1)
    parts: tuple[Part, ...] = ()
    bands: tuple[Level, ...] = ()
    shared: tuple[int, ...] = ()  # targets of the movement
    question_to_authority: OpenQuestion | None = None

    @property
    def targets(self) -> list[int]:
        """The targets that this criterion, or a part of it, shares evidence with."""
        return sorted({*self.shared, *(target for part in self.parts for target in part.shared)})


class Group(Model):
    id: int
    label: Bilingual
    criteria: Annotated[tuple[Criterion, ...], Field(min_length=1)]

    @property
    def listed(self) -> int:
        """The points that the criteria have together."""
        return sum(criterion.maximum or 0 for criterion in self.criteria)

    @property
    def questions(self) -> list[OpenQuestion]:
        return [c.question_to_authority for c in self.criteria if c.question_to_authority]


class Index(Model):
    """The index as data: see analysis/index4725.yaml."""

    title: Bilingual
    decision: Bilingual
    source: Bilingual
    group_maximum: int = Field(ge=1)
    levels: Annotated[tuple[Level, ...], Field(min_length=1)]
    groups: Annotated[tuple[Group, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _adds_up(self) -> Index:
        for place, rule, found, cure in _faults(self):
            raise Index4725Error(place, rule=rule, found=found, cure=cure)
        return self


def load(path: str | Path | None = None) -> Index:
    """The index in a file (the house's own, if none is given); raises Index4725Error where its sums are wrong."""
    return _house() if path is None else Index.from_file(path, Index4725Error)


@cache
def _house() -> Index:
    return Index.from_file(HOUSE, Index4725Error)


# --- the index checks itself


def _faults(index: Index) -> Iterator[tuple[str, Text, object, Text]]:
    """Place, rule, found, cure of each thing that is wrong: codes, then levels, criteria, sums of groups."""
    criteria = [criterion for group in index.groups for criterion in group.criteria]
    codes = [code for c in criteria for code in (c.code, *(part.code for part in c.parts))]
    groups = [str(group.id) for group in index.groups]
    for name, ids in (("code", codes), ("groups", groups)):
        for twice in sorted({one for one in ids if ids.count(one) > 1}):
            yield (
                name,
                Text("Mỗi mã chỉ dùng một lần.", "A code is used once."),
                twice,
                Text("Đổi một trong hai mã.", "Change one of the two."),
            )
    for place, levels in (("levels", index.levels), *((c.code, c.bands) for c in criteria if c.bands)):
        yield from _level_faults(place, levels)
    for criterion in criteria:
        yield from _criterion_faults(criterion)
    for group in index.groups:
        yield from _group_faults(group, index.group_maximum)


def _level_faults(place: str, levels: tuple[Level, ...]) -> Iterator[tuple[str, Text, object, Text]]:
    bounds = [[bound for bound in (level.below, level.up_to) if bound is not None] for level in levels]
    flat = [bound for pair in bounds for bound in pair]
    if [len(pair) for pair in bounds] != [1] * (len(levels) - 1) + [0] or flat != sorted(set(flat)):
        yield (
            place,
            Text(
                "Các mức xếp từ thấp lên cao, mỗi mức có một giới hạn (below hoặc up_to), riêng mức cuối không có.",
                "Levels rise; each has one bound (below or up_to), and only the last has none.",
            ),
            ", ".join("/".join(map(str, pair)) or "–" for pair in bounds),
            Text("Sửa below, up_to của các mức ấy.", "Mend below and up_to of these levels."),
        )


def _criterion_faults(criterion: Criterion) -> Iterator[tuple[str, Text, object, Text]]:
    place = f"{Text('tiêu chí', 'criterion')} {criterion.code}"
    listed = sum(part.maximum for part in criterion.parts)
    asked = criterion.question_to_authority
    if criterion.mandatory:
        if criterion.maximum or criterion.parts or criterion.bands or asked:
            yield (
                place,
                Text(
                    "Tiêu chí bắt buộc không có điểm: không maximum, parts, bands, question_to_authority.",
                    "A mandatory criterion has no points: no maximum, parts, bands, question_to_authority.",
                ),
                Text(f"tối đa {criterion.maximum or listed} điểm", f"{criterion.maximum or listed} points at most"),
                Text("Bỏ các mục ấy, hoặc bỏ mandatory.", "Drop those entries, or drop mandatory."),
            )
        return
    if listed != criterion.maximum:
        yield (
            place,
            Text(
                "Điểm tối đa của tiêu chí (maximum) bằng tổng điểm các phần (parts).",
                "A criterion's maximum is the sum of its parts.",
            ),
            Text(
                f"các phần cộng lại được {listed} điểm, phải là {criterion.maximum or 'một số (maximum còn trống)'}",
                f"the parts add up to {listed} points, they should be {criterion.maximum or 'a number (maximum is empty)'}",
            ),
            Text(
                "Đối chiếu với bản gốc của Quyết định, sửa maximum hoặc điểm của phần sai.",
                "Compare with the original of the decision; mend maximum, or the part that is wrong.",
            ),
        )
    if asked and (asked.listed != criterion.maximum or asked.points <= 0):
        yield (
            f"{place}, question_to_authority",
            Text(
                "listed là điểm tối đa đang ghi của tiêu chí, implied lớn hơn listed.",
                "listed is the criterion's maximum as it stands, and implied is more than listed.",
            ),
            f"listed: {asked.listed}, implied: {asked.implied}, maximum: {criterion.maximum}",
            Text(
                "Sửa listed và implied; nếu Sở đã trả lời thì sửa điểm của tiêu chí và bỏ question_to_authority.",
                "Mend listed and implied; if the authority has answered, mend the points and drop question_to_authority.",
            ),
        )


def _group_faults(group: Group, maximum: int) -> Iterator[tuple[str, Text, object, Text]]:
    asked = sum(question.points for question in group.questions)
    if group.listed + asked == maximum:
        return
    beside = Text(f" (cộng {asked} điểm đang hỏi Sở)", f" (and {asked} points in question)") if asked else Text("", "")
    yield (
        f"{Text('nhóm', 'group')} {group.id}",
        Text(
            f"Điểm tối đa các tiêu chí của một nhóm cộng lại phải là {maximum}.",
            f"The maxima of a group's criteria add up to {maximum}.",
        ),
        Text(
            f"cộng lại được {group.listed} điểm{beside.vi}, phải là {maximum}",
            f"they add up to {group.listed} points{beside.en}, they should be {maximum}",
        ),
        Text(
            "Đối chiếu với bản gốc của Quyết định rồi sửa điểm. Nếu bản gốc cũng ghi như vậy: ghi question_to_authority ở "
            "tiêu chí nghi sai, với listed, implied chênh nhau đúng số điểm lệch, và hỏi Sở Giáo dục và Đào tạo.",
            "Compare with the original of the decision and mend the points. If the original says the same: write "
            "question_to_authority at the doubtful criterion, with listed and implied apart by exactly the points that are "
            "off, and ask the authority.",
        ),
    )


# --- the school's own scores


def score(entries: pd.DataFrame, until: dt.date, index: Index | None = None) -> pd.DataFrame:
    """A row per criterion, in the index's order: columns SCORE.

    entries: as of `analysis.register.entries`. The latest entry of the whole school counts that is dated no later than
    `until` and is not replaced. Raises Index4725Error for an entry of a criterion that the index does not have.
    """
    index = index or load()
    held = entries[~entries["replaced"] & (entries["date"] <= pd.Timestamp(until))]
    held = held.sort_values("date", kind="stable")
    _refuse_unknown(held, index)
    rows = [_scored(group, criterion, held) for group in index.groups for criterion in group.criteria]
    return pd.DataFrame(rows, columns=list(SCORE)).astype(SCORE)


def _refuse_unknown(held: pd.DataFrame, index: Index) -> None:
    codes = [criterion.code for group in index.groups for criterion in group.criteria]
    unknown = held[held["criterion"].notna() & ~held["criterion"].isin(codes)]
    for entry in unknown.to_dict("records"):
        raise Index4725Error(
            f"{entry['source']}",
            rule=Text("Tiêu chí được chấm phải có trong bộ chỉ số.", "A criterion that has an entry is in the index."),
            found=entry["criterion"],
            cure=Text(
                f"Chọn trong: {', '.join(codes)}; hoặc thêm tiêu chí ấy vào tệp bộ chỉ số.",
                f"Choose of {', '.join(codes)}, or add it to the file of the index.",
            ),
        )


def _scored(group: Group, criterion: Criterion, held: pd.DataFrame) -> dict[str, object]:
    own = held[held["criterion"] == criterion.code]
    whole = own[own["unit"].isna()]
    entry = whole.iloc[-1].to_dict() if len(whole) else {}
    status = _status(criterion, entry, len(own) > 0)
    entered = None if criterion.mandatory else entry.get("points")
    return {
        "group": group.id,
        "code": criterion.code,
        "label": str(criterion.label),
        "mandatory": criterion.mandatory,
        "maximum": criterion.maximum,
        "points": entered if status in USABLE else None,
        "entered": entered,
        "there": entry.get("there") if criterion.mandatory else None,
        "evidence": entry.get("evidence"),
        "owner": entry.get("owner"),
        "date": entry.get("date"),
        "status": status,
        "band": _band(criterion, entered) if status in USABLE else None,
        "shared": ", ".join(map(str, criterion.targets)) or None,
        "shared_evidence": _shared_evidence(criterion, held),
    }


def _status(criterion: Criterion, entry: dict, of_units: bool) -> str:
    if not entry:
        return "unit_only" if of_units else "missing"
    value = entry["there"] if criterion.mandatory else entry["points"]
    if pd.isna(value):
        return "missing"
    if not criterion.mandatory and value > criterion.maximum:
        return "over"
    if criterion.mandatory and not value:
        return "not_there"
    return "no_evidence" if pd.isna(entry["evidence"]) or not entry["evidence"].strip() else "complete"


def _band(criterion: Criterion, points: object) -> str | None:
    return str(_level(criterion.bands, Decimal(str(points))).label) if criterion.bands else None


def _shared_evidence(criterion: Criterion, held: pd.DataFrame) -> str | None:
    """The evidence of the latest entry of each target that the criterion shares it with: entered once, used twice."""
    named = held[held["target"].isin(criterion.targets) & held["unit"].isna() & held["evidence"].notna()]
    return "; ".join(named.groupby("target")["evidence"].last()) or None


def _level(levels: tuple[Level, ...], points: Decimal) -> Level:
    return next(level for level in levels if level.holds(points))


# --- the levels of the groups


def levels(scored: pd.DataFrame, index: Index | None = None) -> pd.DataFrame:
    """A row per group: columns LEVELS. `scored`: as of `score`.

    A level is given only where every criterion has its points and every mandatory one is there; points are summed as the
    decimal numbers that were written, and never rounded. Where points are in question to the authority, the level is given
    if it is the same without them and with all of them.
    """
    index = index or load()
    rows = [_leveled(group, scored[scored["group"] == group.id], index) for group in index.groups]
    return pd.DataFrame(rows, columns=list(LEVELS)).astype(LEVELS)


def _leveled(group: Group, rows: pd.DataFrame, index: Index) -> dict[str, object]:
    with_points, mandatory = rows[~rows["mandatory"]], rows[rows["mandatory"]]
    counted = with_points["points"].dropna()
    entered = sum((Decimal(str(points)) for points in counted), Decimal(0))
    missing = _codes(with_points[with_points["points"].isna()])
    absent = _codes(mandatory[~mandatory["there"].fillna(False)])
    in_question = sum(question.points for question in group.questions)
    low, high = _level(index.levels, entered), _level(index.levels, entered + in_question)
    verdict = "cannot_tell" if missing or absent else "level" if low == high else "open"
    return {
        "group": group.id,
        "label": str(group.label),
        "points": None if missing else float(entered),
        "entered": float(entered) if len(counted) else None,
        "out_of": group.listed,
        "maximum": index.group_maximum,
        "missing": ", ".join(missing),
        "no_evidence": ", ".join(_codes(rows[rows["status"] == "no_evidence"])),
        "mandatory": _mandatory(mandatory["there"]),
        "not_there": ", ".join(absent),
        "low": None if verdict == "cannot_tell" else low.id,
        "high": None if verdict == "cannot_tell" else high.id,
        "verdict": verdict,
        "words": {
            "level": str(low.label),
            "open": str(_range(low, high, in_question)),
            "cannot_tell": str(_lacking(missing, absent)),
        }[verdict],
        "question": " ".join(str(question.question) for question in group.questions),
    }


def _codes(rows: pd.DataFrame) -> list[str]:
    return rows["code"].tolist()


def _mandatory(there: pd.Series) -> str:
    if (there == False).any():  # noqa: E712  a column with missing values
        return "not_met"
    return "cannot_tell" if there.isna().any() else "met"


def _range(low: Level, high: Level, points: int) -> Text:
    return Text(
        f"{OPEN.vi} ({low.label.vi} nếu {points} điểm đang hỏi là 0; {high.label.vi} nếu được cả {points})",
        f"{OPEN.en} ({low.label.en} if the {points} points in question are 0; {high.label.en} if all {points} are earned)",
    )


def _lacking(missing: list[str], absent: list[str]) -> Text:
    """Why nothing can be said; what the decision makes of a mandatory criterion that is not met is not known here."""
    vi, en = [], []
    if missing:
        vi.append(f"chưa có điểm dùng được ở tiêu chí {', '.join(missing)}")
        en.append(f"no points that count for {', '.join(missing)}")
    if absent:
        vi.append(f"chưa có tiêu chí bắt buộc {', '.join(absent)}")
        en.append(f"mandatory criterion {', '.join(absent)} is not there")
    return Text(f"{CANNOT_TELL.vi}: {'; '.join(vi)}", f"{CANNOT_TELL.en}: {'; '.join(en)}")


# --- in words


def out_of(row) -> str:
    """The points of a row of `levels`, never without what they are out of: "72,5/90 điểm (nhóm có tối đa 100)"."""
    total = f"{points(row.points)}/{row.out_of} {Text('điểm', 'points')}"
    if row.out_of == row.maximum:
        return total
    return f"{total} ({Text(f'nhóm có tối đa {row.maximum}', f'a group has {row.maximum} at most')})"


def points(value: float) -> str:
    """72.5 -> "72,5"; 72.0 -> "72"; missing -> "–". As many decimals as were written, so that 49,95 is never "50"."""
    if pd.isna(value):
        return "–"
    return number(value, max(0, -int(Decimal(str(float(value))).normalize().as_tuple().exponent)))


def given(row) -> str:
    """What a row of `score` says of its criterion: its points, or whether a mandatory one is there."""
    if not row.mandatory:
        return points(row.points)
    return "–" if pd.isna(row.there) else str(Text("có", "yes") if row.there else Text("chưa có", "no"))


def remarks(row, until: dt.date) -> list[str]:
    """What is to be known of a row of `score` beside its status."""
    said = []
    if row.status == "over":
        entered = points(row.entered)
        said.append(
            Text(
                f"ghi {entered} điểm, tối đa {row.maximum}: chưa tính được, xin kiểm tra và gửi lại",
                f"{entered} points entered, {row.maximum} at most: not counted, check and send again",
            )
        )
    if not pd.isna(row.date) and row.date < pd.Timestamp(until) - pd.DateOffset(years=1):
        said.append(Text("số liệu cũ hơn một năm", "older than a year"))
    if not pd.isna(row.band):
        said.append(Text(f"khung điểm: {row.band}", f"band: {row.band}"))
    if not pd.isna(row.shared):
        proof = "" if pd.isna(row.shared_evidence) else f": {row.shared_evidence}"
        said.append(
            Text(
                f"nhập một lần, dùng chung với chỉ tiêu {row.shared}{proof}",
                f"entered once, shared with target {row.shared}{proof}",
            )
        )
    return [str(text) for text in said]
