"""Which column of a sheet holds which question; a near match is suggested, and taken only when a person says so."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from survey.errors import SheetError, Text
from survey.questionnaire import Questionnaire, plain
from survey.raw import Raw

TIME = {"dấu thời gian", "timestamp"}
EMAIL_TITLES = {"địa chỉ email", "email address", "username", "tên người dùng"}
LEFT_OUT = EMAIL_TITLES | {"điểm số", "score"}  # never an answer
SUBMITTED, EMAIL = "submitted", "@email"  # what a column may hold besides a question
NEAR = 75  # percent of likeness from which a header is suggested
NOBODYS = re.compile(r"\(cột \d+ không có tiêu đề\)|(?:cột|column) \d+")  # raw's name for no title; a Sheets table's

Own = Mapping[str, str | None]  # header -> question, or None: to leave out
Found = list[tuple[str, str, str, object]]  # question, rule, rows, found


@dataclass(frozen=True)
class Bound:
    """`headers`: header of the sheet -> question id, SUBMITTED or EMAIL. `frame`: the cells by these names, one column each."""

    headers: dict[str, str]
    frame: pd.DataFrame
    findings: Found


def bind(
    raw: Raw, form: Questionnaire, wave: int, own: Own | None = None, seen: Mapping[str, Sequence[str]] | None = None
) -> Bound:
    """Bind the columns of a sheet.

    A header is known by, in this order: `own`, the study's word on this wave; Google's own titles; the questionnaire's
    titles (`also` among them); `seen`, every header that a question has had in a sheet before; what the script that made the
    form said of its columns (raw.named). Raises SheetError in words
    where a header is none of these, where no question has a column, or where two columns of one question both hold answers.
    """
    headers, strange, findings = _targets(raw, form, own or {}, seen or {})
    if not set(headers.values()) & set(form.questions):
        raise _foreign(raw, form)
    if strange:
        raise _unknown(raw, wave, _likely(strange, form, set(headers.values())))
    frame = merged(raw, headers, wave, findings)
    return Bound(headers, frame, findings)


def unknown(
    raw: Raw, form: Questionnaire, own: Own, seen: Mapping[str, Sequence[str]]
) -> dict[str, tuple[str, int] | None]:
    """Header that nobody knows -> the question without a column whose title is most like it, and how like it is in percent;
    None: none is."""
    headers, strange, _ = _targets(raw, form, own, seen)
    return _likely(strange, form, set(headers.values()))


def _targets(
    raw: Raw, form: Questionnaire, own: Own, seen: Mapping[str, Sequence[str]]
) -> tuple[dict[str, str], list[str], Found]:
    """Header -> what it is; the headers that nobody knows; the columns that no question has."""
    own = {plain(header): target for header, target in own.items()}
    known = {plain(header): question for question, header in raw.named if question in form.questions}
    known |= {plain(header): question for question, headers in seen.items() for header in headers}
    known |= {plain(header): q.id for q in form.questions.values() for header in q.headers if header}
    known = dict.fromkeys(TIME, SUBMITTED) | dict.fromkeys(EMAIL_TITLES, EMAIL) | known
    headers: dict[str, str] = {}
    strange: list[str] = []
    findings: Found = []
    for header in raw.frame.columns:
        name, first = plain(header), plain(_first(header, raw))
        target = own[name] if name in own else known.get(name) or known.get(first, "")
        if target is None or (not target and name in LEFT_OUT):
            continue
        if target in form.questions or target in (SUBMITTED, EMAIL):
            headers[header] = target
        elif NOBODYS.fullmatch(name):
            findings.append(("", "untitled_column", "", int(raw.frame[header].notna().sum())))
        else:
            strange.append(header)
    return headers, strange, findings


def merged(raw: Raw, headers: Mapping[str, str], wave: int, findings: Found | None = None) -> pd.DataFrame:
    """The cells under the names that the columns are bound to.

    Where a question was deleted from a form and asked again, its sheet has two columns of one title: they are one answer
    as long as nobody answered both. Raises SheetError where somebody did.
    """
    frame = pd.DataFrame(index=raw.frame.index)
    columns: dict[str, list[str]] = {}
    for header, name in headers.items():
        columns.setdefault(name, []).append(header)
    cells = {}
    for name, several in columns.items():
        cells[name] = raw.frame[several[0]]
        for header in several[1:]:
            both = cells[name].notna() & raw.frame[header].notna()
            if both.any():
                raise _doubled(raw, wave, name, several[0], header)
            if findings is not None:
                findings.append((name, "two_columns", "", int(raw.frame[header].notna().sum())))
            cells[name] = cells[name].where(cells[name].notna(), raw.frame[header])
    return frame.assign(**cells) if cells else frame


def _likely(strange: Sequence[str], form: Questionnaire, taken: set[str]) -> dict[str, tuple[str, int] | None]:
    from rapidfuzz import fuzz

    free = [(question.id, plain(header)) for question in form.questions.values() if question.id not in taken
            for header in question.headers if header]  # fmt: skip
    found: dict[str, tuple[str, int] | None] = {}
    for header in strange:
        likeness = [(round(fuzz.ratio(plain(header), title)), question) for question, title in free]
        best = max(likeness, default=(0, ""))
        found[header] = (best[1], best[0]) if best[0] >= NEAR else None
    return found


def shown(text: object, most: int = 100) -> str:
    """A header or a cell as an error may show it: shortened, and nothing of what may tell who answered."""
    words = str(text)
    if "@" in words or re.fullmatch(r"(?=\S*\d)(?=\S*[^\W\d_])\S{4,16}", words) or re.search(r"\d{8,}", words):
        return str(Text("[không hiện: có thể nói ra ai trả lời]", "[not shown: it may tell who answered]"))
    return words if len(words) <= most else words[: most - 1] + "…"


def _first(header: str, raw: Raw) -> str:
    """The title of a repeated column, without the number that the reader gave it."""
    repeated = re.fullmatch(r"(.+) \(\d+\)", header, re.DOTALL)
    return repeated[1] if repeated and repeated[1] in raw.frame.columns else header


def check_own(place: str, raw: Raw, form: Questionnaire, own: Own) -> None:
    """The study's words on columns must lead from a header that is there to a question that is there."""
    headers = {plain(header) for header in raw.frame.columns}
    for header, target in own.items():
        if plain(header) not in headers or (target is not None and target not in form.questions):
            missing = f"“{header}”" if plain(header) not in headers else str(target)
            raise SheetError(
                place,
                rule=Text(
                    "Mục columns của đợt: tiêu đề có trong trang tính → mã câu có trong phiếu (hoặc null).",
                    "The wave's columns: a header of the sheet → an id of the questionnaire (or null).",
                ),
                found=Text(f"không có {missing}", f"there is no {missing}"),
                cure=Text("Sửa dòng ấy trong study.yaml, mục columns.", "Mend that line of study.yaml, entry columns."),
            )


def place(raw: Raw, wave: int) -> str:
    """What a message calls the sheet of a wave."""
    return f"{raw.source} ({Text('đợt', 'wave')} {wave})"


def _unknown(raw: Raw, wave: int, likely: Mapping[str, tuple[str, int] | None]) -> SheetError:
    quoted = ", ".join(f"“{shown(header)}”" for header in list(likely)[:8])
    if len(likely) > 8:
        count = f"{len(likely):,}".replace(",", ".")
        quoted += str(Text(f" … ({count} cột)", f" … ({len(likely):,} columns)"))
    near = [(header, *best) for header, best in likely.items() if best][:8]
    vi = "".join(f"; “{shown(header)}” gần giống câu {question} ({percent}%)" for header, question, percent in near)
    en = "".join(f"; “{shown(header)}” is much like {question} ({percent}%)" for header, question, percent in near)
    first = shown(next(iter(likely)))
    question = near[0][1] if near and near[0][0] == next(iter(likely)) else None
    return SheetError(
        place(raw, wave),
        rule=Text("Mỗi cột phải ứng với một câu của phiếu hỏi.", "Each column belongs to a question."),
        found=Text(f"cột lạ: {quoted}{vi}", f"unknown column: {quoted}{en}"),
        cure=Text(
            f'Trong study.yaml, đợt {wave}, thêm vào mục columns:  "{first}": {question or "mã_câu_hỏi"}  (null để bỏ qua cột '
            "ấy). Rồi chạy lại; chưa có gì được ghi.",
            f'In study.yaml, wave {wave}, add to columns:  "{first}": {question or "question_id"}  (null leaves the column '
            "out). Then run again; nothing has been written.",
        ),
    )


def _doubled(raw: Raw, wave: int, question: str, first: str, second: str) -> SheetError:
    return SheetError(
        place(raw, wave),
        rule=Text("Mỗi câu hỏi chỉ có một cột.", "A question has one column."),
        found=Text(f"{question}: “{shown(first)}”, “{shown(second)}”"),
        cure=Text(
            f'Trong study.yaml, đợt {wave}, mục columns: ghi  "{shown(second)}": null  cho cột không dùng.',
            f'In study.yaml, wave {wave}, columns: write  "{shown(second)}": null  for the column that is not used.',
        ),
    )


def _foreign(raw: Raw, form: Questionnaire) -> SheetError:
    headers = ", ".join(f"“{shown(header, 60)}”" for header in list(raw.frame.columns)[:4])
    return SheetError(
        raw.source,
        rule=Text("Trang tính phải là câu trả lời của phiếu này.", "The sheet holds answers to this questionnaire."),
        found=Text(
            f"không cột nào thuộc phiếu “{form.title.vi}”; các cột là {headers}…",
            f"no column belongs to “{form.title}”; the columns are {headers}…",
        ),
        cure=Text(
            "Kiểm tra source và tab của đợt, và questionnaire trong study.yaml.",
            "Check the wave's source and tab, and questionnaire in study.yaml.",
        ),
    )
