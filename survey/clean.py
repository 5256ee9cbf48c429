"""Raw sheet + questionnaire -> answers, and a list of what was found on the way."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

import pandas as pd

from survey.columns import SUBMITTED, Own, bind, check_own, place, shown
from survey.errors import SheetError, Text
from survey.questionnaire import ChoiceList, Question, Questionnaire, tidy, toned
from survey.raw import Cell, Raw
from survey.store import ABSENT, OTHER

FINDINGS = ("wave", "question", "rule", "rows", "found")


class Misfit(Exception):
    """A cell that the questionnaire does not know; gathered, and told all at once."""


@dataclass(frozen=True)
class Cleaned:
    """`answers`: a row per respondent, a column per question. `findings`: what was noticed, with the sheet's rows."""

    answers: pd.DataFrame
    findings: pd.DataFrame


def clean(
    raw: Raw,
    form: Questionnaire,
    wave: int,
    columns: Own | None = None,
    *,
    seen: Mapping[str, Sequence[str]] | None = None,
) -> Cleaned:
    """Code the sheet by the questionnaire.

    `columns` (header -> question id, or None to leave the column out) is the study's own word on headers that the
    questionnaire does not know; `seen` has every header that a question has had before.

    Raises SheetError, naming rows and words, where a column or a choice is unknown: nothing is guessed, and nothing is
    half imported.
    """
    columns = columns or {}
    check_own(place(raw, wave), raw, form, columns)
    bound = bind(raw, form, wave, columns, seen)
    return coded(raw, bound.frame, form, wave, bound.findings)


def coded(raw: Raw, frame: pd.DataFrame, form: Questionnaire, wave: int, findings: Sequence[tuple] = ()) -> Cleaned:
    """The same for a sheet whose columns are bound: `frame` has them by question (see columns.bind)."""
    found: list[tuple] = [(wave, *finding) for finding in findings]
    typed: dict[str, pd.Series] = {}
    misfits: list[str] = []
    here = form.of_wave(wave).questions
    for question in form.questions.values():
        if question.id not in frame:
            if question.id in here:
                found.append((wave, question.id, "missing_column", "", str(question.title)))
            continue
        try:
            typed |= _typed(frame[question.id], question, form, raw)
        except Misfit as misfit:
            misfits.append(f"“{_short(question.title)}”: {misfit}")
    if misfits:
        raise _unknown_answers(raw, wave, misfits)
    answers = pd.DataFrame(typed, index=raw.frame.index)
    answers.insert(0, "submitted", times(raw, frame))
    answers = _agreed(answers, form, wave, found)
    answers = _explain_absences(answers, form, wave, found)
    answers["snapshot"] = raw.digest
    return Cleaned(answers, pd.DataFrame(found, columns=list(FINDINGS)))


def _typed(cells: pd.Series, question: Question, form: Questionnaire, raw: Raw) -> dict[str, pd.Series]:
    if question.type == "single":
        return _single(cells, question, form.choices_of(question))
    if question.type == "several":
        return _several(cells, question, form.choices_of(question))
    if question.type == "linear":
        return {question.id: _each(cells, lambda cell: _linear(cell, question)).astype("Int64")}
    if question.type == "number":
        return {
            question.id: _each(cells, lambda cell: _allowed(number(cell, point=raw.month_first), question)).astype(
                "Float64"
            )
        }
    if question.type == "date":
        moments = _each(cells, lambda cell: moment(cell, raw))
        return {question.id: pd.Series(pd.to_datetime([m and m.date() for m in moments]), index=cells.index)}
    return {question.id: cells.map(lambda cell: None if cell is None else _text(cell, question.digits)).astype("str")}


def _single(cells: pd.Series, question: Question, choices: ChoiceList) -> dict[str, pd.Series]:
    find = lru_cache(None, typed=True)(lambda cell: choices.find(_text(cell)))
    found = cells.map(lambda cell: None if cell is None else find(cell))
    strange = cells[cells.notna() & found.isna()]
    if len(strange) and not question.other:
        raise Misfit(_rows_and_words(strange))
    coded = found.map(lambda choice: None if choice is None or choice.missing else choice.value)
    numeric = all(isinstance(choice.value, int) for choice in choices.valid)
    result = {question.id: coded.astype("Int64" if numeric else "str")}
    missing = found.map(lambda choice: choice is not None and choice.missing)
    if any(choice.missing for choice in choices.options):
        result[question.id + ABSENT] = missing.map({True: "na", False: None}).astype("str")
    if question.other:
        result[question.id + OTHER] = strange.map(_other).reindex(cells.index).astype("str")
    return result


def _several(cells: pd.Series, question: Question, choices: ChoiceList) -> dict[str, pd.Series]:
    apart = lru_cache(None, typed=True)(lambda cell: _chosen(_text(cell), choices))
    split = cells.map(lambda cell: (set(), "", False) if cell is None else apart(cell))
    strange = split[split.map(lambda pair: bool(pair[1]))].map(lambda pair: pair[1])
    if len(strange) and not question.other:
        raise Misfit(_rows_and_words(strange))
    exempt = split.map(lambda parts: parts[2] and not parts[0])
    answered = cells.notna() & ~exempt
    result: dict[str, pd.Series] = {
        f"{question.id}.{choice.value}": split.map(lambda pair, value=choice.value: int(value in pair[0]))
        .where(answered)
        .astype("Int64")
        for choice in choices.valid
    }
    if any(choice.missing for choice in choices.options):
        result[question.id + ABSENT] = exempt.map({True: "na", False: None}).astype("str")
    if question.other:
        result[question.id + OTHER] = strange.map(_other).reindex(cells.index).astype("str")
    return result


def _chosen(text: str, choices: ChoiceList) -> tuple[set[int | str], str, bool]:
    """The choices in a joined cell, longest wording first (a choice may hold a comma); what is left over; "does not apply"."""
    left = tidy(text)
    values: set[int | str] = set()
    exempt = False
    for wording in sorted(choices.by_wording, key=len, reverse=True):
        pattern = rf"(?:^|(?<=[,;]))\s*{re.escape(wording)}\s*(?=$|[,;])"
        places = [match.span() for match in re.finditer(pattern, toned(left), flags=re.IGNORECASE)]
        for start, end in reversed(places):
            left = left[:start] + left[end:]
        if places and choices.by_wording[wording].missing:
            exempt = True
        elif places:
            values.add(choices.by_wording[wording].value)
    return values, left.strip(" ,;"), exempt


def number(cell: Cell, *, point: bool = False) -> float:
    """A number as Vietnamese people write it: "3,5" is 3.5, "1.234,5" is 1234.5, "1.000" is 1000.

    `point`: the sheet is a United States one, where "3.125" has a decimal point and "1,000" a thousands comma; "3,5" is
    3.5 there too, for no thousands are written so.
    """
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        if not math.isfinite(cell):
            raise Misfit(str(cell))
        return float(cell)
    text = str(cell).replace("\xa0", " ").strip()
    if re.fullmatch(r"[+-]?\d{1,3}( \d{3})+([.,]\d+)?", text):
        text = text.replace(" ", "")
    if point:
        text = text.translate(str.maketrans(".,", ",."))
    if re.match(r"0\d{3}", text):
        raise Misfit(str(cell))  # a telephone number or a code
    if re.fullmatch(r"[+-]?[1-9]\d{0,2}(\.\d{3})+(,\d+)?", text):
        text = text.replace(".", "")
    if not re.fullmatch(r"[+-]?\d+([.,]\d+)?", text):
        raise Misfit(str(cell))
    found = float(text.replace(",", "."))
    if not math.isfinite(found):
        raise Misfit(str(cell))
    return found


def _linear(cell: Cell, question: Question) -> int:
    value = number(cell)
    assert question.low is not None and question.high is not None
    if value != int(value) or not question.low <= value <= question.high:
        raise Misfit(str(cell))
    return int(value)


def _allowed(value: float, question: Question) -> float:
    """A number that the form allows: its checks may be missing where somebody made the form by hand."""
    low, high = question.low, question.high
    if (low is not None and value < low) or (high is not None and value > high) or (question.whole and value % 1):
        raise Misfit(str(value))
    return value


def moment(cell: Cell, raw: Raw) -> dt.datetime:
    """A time in any form that Google writes, in the sheet's time zone: serial number, ISO, d/m/yyyy, yyyy/m/d AM/PM."""
    zone = ZoneInfo(raw.timezone)
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        if not 10_000 < cell < 109_000:  # from 1927 to 2198: anything else is no date
            raise Misfit(str(cell))
        return (dt.datetime(1899, 12, 30) + dt.timedelta(seconds=round(float(cell) * 86400))).replace(tzinfo=zone)
    text = re.sub(r"\s+", " ", str(cell)).strip()
    text = re.sub(r"\bSA\b", "AM", re.sub(r"\bCH\b", "PM", text))
    offset = re.search(r" (?:GMT|UTC)([+-]\d{1,2})(?::?(\d\d))?$", text)
    if offset:
        hours = int(offset[1])
        minutes = int(offset[2] or 0) * (1 if hours >= 0 else -1)
        zone = dt.timezone(dt.timedelta(hours=hours, minutes=minutes))  # type: ignore[assignment]
        text = text[: offset.start()]
    text = re.sub(r" [A-Z]{3,4}$", "", text)  # a zone's letters (CET, EST) say no offset for certain
    if re.match(r"\d{4}-", text):
        return _at(dt.datetime.fromisoformat(text), zone)
    day = "%m/%d/%Y" if raw.month_first else "%d/%m/%Y"
    forms = ["%Y/%m/%d %I:%M:%S %p", f"{day} %H:%M:%S", f"{day} %H:%M", day, "%Y/%m/%d %H:%M:%S"]
    for form in forms:
        try:
            return _at(dt.datetime.strptime(text.upper(), form), zone)
        except ValueError:
            continue
    raise Misfit(str(cell))


def _at(time: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    if not 1900 <= time.year < 2200:
        raise Misfit(str(time.year))
    return time if time.tzinfo else time.replace(tzinfo=zone)


def times(raw: Raw, frame: pd.DataFrame) -> pd.Series:
    """When each answer was sent. A time in a form that is not Google's own stays empty: no result rests on it."""

    def read(cell: Cell) -> pd.Timestamp | None:
        try:
            return None if cell is None else pd.Timestamp(moment(cell, raw))
        except (Misfit, ValueError, OverflowError):
            return None

    cells = frame[SUBMITTED] if SUBMITTED in frame else pd.Series(None, index=frame.index, dtype=object)
    return pd.Series(pd.to_datetime([read(cell) for cell in cells], utc=True), index=frame.index)


def _agreed(answers: pd.DataFrame, form: Questionnaire, wave: int, found: list[tuple]) -> pd.DataFrame:
    """Without the rows of those who did not agree to take part; their cells stay in the snapshot alone."""
    consent = form.used_as("consent")
    if consent is None:
        return answers
    if consent.id not in answers:
        raise _no_consent_column(wave, consent)
    agreed = (answers[consent.id] == 1).fillna(False).astype(bool)
    if not agreed.all():
        found.append((wave, consent.id, "no_consent", _list(answers.index[~agreed]), int((~agreed).sum())))
    if len(answers) and not agreed.any():  # no row at all: every answer was taken back
        raise _nobody_agreed(wave, consent, len(answers))
    return answers[agreed]


def _explain_absences(answers: pd.DataFrame, form: Questionnaire, wave: int, found: list[tuple]) -> pd.DataFrame:
    """Beside each question that somebody left empty: "na", "skipped" (the branch did not ask) or "blank"."""
    extra: dict[str, pd.Series] = {}
    for question in form.questions.values():
        columns = [column for column in form.columns_of(question) if column in answers]
        if question.use or not columns:
            continue
        empty = answers[columns].isna().all(axis=1)
        if question.id + OTHER in answers:
            empty &= answers[question.id + OTHER].isna()  # words of one's own are an answer
        skipped = ~_asked(answers, form.section_of(question.id).only)
        strays = answers.index[skipped & ~empty]
        if len(strays):
            found.append((wave, question.id, "answered_though_skipped", _list(strays), len(strays)))
        why = answers.get(question.id + ABSENT, pd.Series(None, index=answers.index, dtype="str"))
        why = why.mask(empty & why.isna() & skipped, "skipped").mask(empty & why.isna() & ~skipped, "blank")
        if why.notna().any():
            extra[question.id + ABSENT] = why.astype("str")
    kept = answers.drop(columns=[column for column in extra if column in answers])
    return pd.concat([kept, pd.DataFrame(extra, index=answers.index)], axis=1)


def _asked(answers: pd.DataFrame, only: dict[str, list[int | str]]) -> pd.Series:
    asked = pd.Series(True, index=answers.index)
    for question, values in only.items():
        if question in answers:
            asked &= answers[question].isin(values)
    return asked


def _each(cells: pd.Series, parse: Callable[[Cell], object]) -> pd.Series:
    """Parse every cell that holds something; all the cells that cannot be parsed are told together."""
    values, strange = [], {}
    for row, cell in cells.items():
        try:
            values.append(None if cell is None else parse(cell))
        except (Misfit, ValueError, OverflowError):
            strange[row] = cell
            values.append(None)
    if strange:
        raise Misfit(_rows_and_words(pd.Series(strange)))
    return pd.Series(values, index=cells.index, dtype=object)


def _text(cell: Cell, digits: int = 0) -> str:
    """The words of a cell. `digits`: where the sheet took a code for a number, its leading zeros are put back."""
    if isinstance(cell, bool):
        return str(cell).upper()  # as the sheet shows it
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return cell if isinstance(cell, str) else str(cell).zfill(digits)


def _other(text: object) -> str:
    return re.sub(r"^(khác|other)\s*[:：]\s*", "", str(text), flags=re.IGNORECASE)


def _short(text: object, most: int = 60) -> str:
    words = str(text)
    return words if len(words) <= most else words[: most - 1] + "…"


def _list(rows) -> str:
    return ", ".join(str(row) for row in rows)


def _rows_and_words(strange: pd.Series) -> str:
    """`hàng 5, 9 ghi “Dong y”`: each strange wording once, with at most six of its rows."""
    parts = []
    for word, rows in strange.groupby(strange.map(str)).groups.items():
        more = "…" if len(rows) > 6 else ""
        parts.append(f"{Text('hàng', 'row')} {_list(list(rows)[:6])}{more} {Text('ghi', 'says')} “{shown(word, 60)}”")
    return "; ".join(parts[:5]) + ("; …" if len(parts) > 5 else "")


def _unknown_answers(raw: Raw, wave: int, misfits: list[str]) -> SheetError:
    return SheetError(
        place(raw, wave),
        rule=Text(
            "Mỗi câu trả lời phải là một lựa chọn có trong phiếu (hoặc một số, ngày đọc được).",
            "Each answer is a choice of the questionnaire (or a number, a date that can be read).",
        ),
        found="\n    ".join(misfits),
        cure=Text(
            "Nếu chữ trong biểu mẫu đã đổi, thêm cách viết ấy vào mục also của lựa chọn trong tệp phiếu hỏi; "
            "nếu ai đó gõ nhầm, sửa ô ấy trong trang tính. Rồi chạy lại; chưa có gì được ghi.",
            "If the form's wording has changed, add it to the choice's entry also in the questionnaire file; "
            "if somebody mistyped, mend the cell in the sheet. Then run again; nothing has been written.",
        ),
    )


def _no_consent_column(wave: int, consent: Question) -> SheetError:
    return SheetError(
        f"{Text('đợt', 'wave')} {wave}",
        rule=Text(
            "Phiếu hỏi ý kiến đồng ý thì trang tính phải có cột ấy.", "A form that asks for consent has its column."
        ),
        found=Text(f"không có cột “{consent.title.vi}”", f"no column “{consent.title}”"),
        cure=Text(
            "Lấy lại trang tính đủ cột; nếu tiêu đề đã đổi, ghi vào mục columns của đợt.",
            "Fetch the whole sheet; if the header has changed, name it in the wave's columns.",
        ),
    )


def _nobody_agreed(wave: int, consent: Question, rows: int) -> SheetError:
    return SheetError(
        f"{Text('đợt', 'wave')} {wave}, “{consent.title}”",
        rule=Text("Ít nhất một người đồng ý tham gia.", "At least one person agrees to take part."),
        found=Text(f"{rows} hàng, không ai đồng ý", f"{rows} rows, nobody agrees"),
        cure=Text("Kiểm tra cột ấy trong trang tính.", "Check that column of the sheet."),
    )
