"""The codebook: every column of the answers with its question, codes and words, as a table, Markdown or an Excel file."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Iterable
from typing import NamedTuple

import pandas as pd

from survey.errors import Text
from survey.questionnaire import Question, Questionnaire, Section

TYPES = {
    "single": Text("chọn một", "one choice"),
    "several": Text("chọn nhiều", "several choices"),
    "linear": Text("thang điểm", "linear scale"),
    "number": Text("số", "number"),
    "text": Text("chữ ngắn", "short text"),
    "long_text": Text("chữ dài", "long text"),
    "date": Text("ngày", "date"),
    "code": Text("mã", "code"),
}
BILINGUAL = (Text("Tiếng Việt", "Vietnamese"), Text("Tiếng Anh", "English"))
CODED = (Text("Mã", "Code"), *BILINGUAL, Text("Ghi chú", "Note"))
MARKS = re.compile(r"([\\`*_|<\[\]])")  # what Markdown would not show as it is


class Code(NamedTuple):
    """One code of a column; a missing one is an answer that no mean and no share counts."""

    value: int | str
    label: Text
    missing: bool = False


def codebook(form: Questionnaire) -> pd.DataFrame:
    """A row per column and code: column, type, vi, en (the question), code, code_vi, code_en, asked_of, tags."""
    rows: list[tuple] = []
    for question in form.questions.values():
        only = form.section_of(question.id).only
        asked = "; ".join(f"{gate} ∈ {', '.join(map(str, values))}" for gate, values in only.items())
        tags = "; ".join(f"{name}={value}" for name, value in question.tags.items())
        for column in form.columns_of(question):
            words = form.label(column) if "." in column else question.title
            head = (column, question.type, words.vi, words.en, asked, tags)
            labels = form.value_labels(column) if question.choices or question.type == "linear" else {}
            rows += [(*head, code, label.vi, label.en) for code, label in labels.items()] or [(*head, "", "", "")]
    for scale in form.scales:
        rows.append((scale.id, "scale", scale.title.vi, scale.title.en, "", ", ".join(scale.items), "", "", ""))
    names = ["column", "type", "vi", "en", "asked_of", "tags", "code", "code_vi", "code_en"]
    return pd.DataFrame(rows, columns=names)


def headings() -> dict[str, Text]:
    """The codebook's column names in the person's words."""
    return {
        "column": Text("Cột", "Column"),
        "type": Text("Loại", "Type"),
        "vi": Text("Câu hỏi", "Question (Vietnamese)"),
        "en": Text("Tiếng Anh", "Question (English)"),
        "asked_of": Text("Hỏi ai", "Asked of"),
        "tags": Text("Nhãn", "Tags"),
        "code": Text("Mã", "Code"),
        "code_vi": Text("Nghĩa", "Meaning (Vietnamese)"),
        "code_en": Text("Nghĩa tiếng Anh", "Meaning (English)"),
    }


# --- What every form of the codebook says


def codes(form: Questionnaire, column: str) -> list[Code]:
    """The codes of a column, those of no answer too; none for a number or words of one's own."""
    question = form.questions[column.partition(".")[0]]
    if question.type == "single":
        return [Code(choice.value, choice.label, choice.missing) for choice in form.choices_of(question).options]
    ends: dict[object, Text] = {question.low: question.low_label, question.high: question.high_label}
    found = []
    for value, label in form.value_labels(column).items():
        end = ends.get(value) if question.type == "linear" else None
        if end and end.vi:
            label = Text(f"{value} – {end.vi}", f"{value} – {end.en}" if end.en else "")
        found.append(Code(value, label))
    return found


def asked_of(form: Questionnaire, section: Section) -> Text:
    """Who is asked a section, in words: the labels of the answers that open it; empty where everybody is asked."""
    vi, en = [], []
    for gate, values in section.only.items():
        question = form.questions[gate]
        labels = [code.label for code in _options(form, question) if code.value in values] or [
            Text(str(value)) for value in values
        ]
        words, words_en = [label.vi for label in labels], [label.en or label.vi for label in labels]
        if question.use in ("role", "unit"):
            vi.append(", ".join(words))
            en.append(", ".join(words_en))
        else:
            chosen, chosen_en = (", ".join(f"“{word}”" for word in these) for these in (words, words_en))
            vi.append(f"người trả lời {chosen} ở câu “{question.title.vi}”")
            en.append(f"those who answered {chosen_en} to “{question.title.en or question.title.vi}”")
    return Text("; ".join(vi), "; ".join(en))


def tags(question: Question) -> str:
    """The tags of a question in one line."""
    parts = {k: ", ".join(map(str, v)) if isinstance(v, list) else str(v) for k, v in question.tags.items()}
    if question.reverse:
        parts["reverse"] = "1"
    return "; ".join(f"{name}={value}" for name, value in parts.items())


def _everybody(text: Text) -> Text:
    return text if text.vi else Text("mọi người", "everybody")


def _waves(section: Section) -> str:
    return ", ".join(map(str, section.waves)) or str(Text("mọi đợt", "every wave"))


# --- Markdown


def markdown(form: Questionnaire) -> str:
    """The codebook to read: a table of questions and the codes of their choices for each section, then the scales."""
    lines = [f"# {_safe(Text('Bảng mã', 'Codebook'))}: {_safe(form.title)}", ""]
    for section in form.sections:
        who = _safe(_everybody(asked_of(form, section)))
        lines += [
            f"## {_safe(section.title)}",
            "",
            f"{Text('Hỏi ai', 'Asked of')}: {who}. {Text('Đợt', 'Waves')}: {_waves(section)}.",
            "",
        ]
        heads = (
            Text("Mã câu", "Id"),
            *BILINGUAL,
            Text("Loại", "Type"),
            Text("Mã trả lời", "Codes"),
            Text("Nhãn", "Tags"),
        )
        lists: dict[str, Question] = {}
        rows = []
        for question in section.items:
            name = question.choices if isinstance(question.choices, str) else question.id
            coded = bool(question.choices) or question.type == "linear"
            if coded:
                lists.setdefault(name, question)
            words = (question.title.vi, question.title.en, TYPES[question.type])
            rows.append((f"`{question.id}`", *map(_safe, words), f"`{name}`" if coded else "", _safe(tags(question))))
        lines += _table(heads, rows)
        for name, question in lists.items():
            lines += [f"{Text('Mã trả lời', 'Codes')} `{name}`:", ""]
            lines += _table(CODED, [_coded(code) for code in _options(form, question)])
    if form.scales:
        lines += [f"## {Text('Thang đo', 'Scales')}", ""]
        lines += _table(
            (Text("Thang đo", "Scale"), *BILINGUAL, Text("Các câu", "Items"), Text("Cần ít nhất", "At least")),
            [
                (
                    f"`{s.id}`",
                    _safe(s.title.vi),
                    _safe(s.title.en),
                    ", ".join(f"`{i}`" for i in s.items),
                    f"{s.least:.0%}",
                )
                for s in form.scales
            ],
        )
    return "\n".join(lines).rstrip("\n") + "\n"


def _options(form: Questionnaire, question: Question) -> list[Code]:
    """The choices of a question as codes; of several choices too, whose columns are 0 and 1."""
    if question.type != "several":
        return codes(form, question.id)
    return [Code(choice.value, choice.label, choice.missing) for choice in form.choices_of(question).options]


def _coded(code: Code) -> tuple[str, ...]:
    note = str(Text("không tính", "missing")) if code.missing else ""
    return f"`{code.value}`", _safe(code.label.vi), _safe(code.label.en), note


def _table(heads: Iterable[object], rows: Iterable[tuple[str, ...]]) -> list[str]:
    names = [str(head) for head in heads]
    lines = [names, ["---"] * len(names), *map(list, rows)]
    return [*(f"| {' | '.join(line)} |" for line in lines), ""]


def _safe(text: object) -> str:
    """Words as Markdown shows them, on one line."""
    return MARKS.sub(r"\\\1", " ".join(str(text).split()))


# --- Excel


def xlsx(form: Questionnaire) -> bytes:
    """The codebook in three sheets, variables, codes and scales; the same questionnaire always gives the same bytes."""
    import xlsxwriter

    packed = io.BytesIO()
    book = xlsxwriter.Workbook(packed, {"in_memory": True})
    book.set_properties({"title": str(form.title), "created": dt.datetime(2025, 1, 1), "author": "khaosatso"})
    head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#DCE6F1", "border": 1})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    for name, columns, rows in (_variables(form), _codes(form), _scales(form)):
        sheet = book.add_worksheet(str(name))
        for place, (heading, width) in enumerate(columns):
            sheet.set_column(place, place, width)
            sheet.write_string(0, place, str(heading), head)
        for line, row in enumerate(rows, start=1):
            for place, value in enumerate(row):
                if isinstance(value, int | float):
                    sheet.write_number(line, place, value, wrapped)
                else:
                    sheet.write_string(line, place, str(value), wrapped)
        sheet.freeze_panes(1, 1)
        sheet.autofilter(0, 0, max(1, len(rows)), len(columns) - 1)
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
    book.close()
    return packed.getvalue()


Sheet = tuple[Text, list[tuple[Text, int]], list[tuple]]  # its name, its headings with widths, its rows


def _variables(form: Questionnaire) -> Sheet:
    named, rows = headings(), []
    for section in form.sections:
        who = _everybody(asked_of(form, section))
        for question in section.items:
            for column in form.columns_of(question):
                words = question.title
                if "." in column:
                    choice = form.label(column)
                    words = Text(
                        f"{words.vi}: {choice.vi}", f"{words.en}: {choice.en}" if words.en and choice.en else ""
                    )
                head = (column, section.title, words.vi, words.en, TYPES[question.type])
                rows.append((*head, who, _waves(section), tags(question)))
    columns = [
        (named["column"], 24),
        (Text("Phần", "Section"), 24),
        (named["vi"], 48),
        (named["en"], 48),
        (named["type"], 12),
        (named["asked_of"], 24),
        (Text("Đợt", "Waves"), 12),
        (named["tags"], 40),
    ]
    return Text("Biến", "Variables"), columns, rows


def _codes(form: Questionnaire) -> Sheet:
    named, rows = headings(), []
    for question in form.questions.values():
        for column in form.columns_of(question):
            for code in codes(form, column):
                note = Text("không tính", "missing") if code.missing else ""
                rows.append((column, code.value, code.label.vi, code.label.en, note))
    columns = [
        (named["column"], 24),
        (named["code"], 14),
        (named["code_vi"], 44),
        (named["code_en"], 44),
        (Text("Ghi chú", "Note"), 14),
    ]
    return Text("Mã", "Codes"), columns, rows


def _scales(form: Questionnaire) -> Sheet:
    columns = [
        (Text("Thang đo", "Scale"), 20),
        (Text("Tên", "Title (Vietnamese)"), 40),
        (Text("Tiếng Anh", "Title (English)"), 40),
        (Text("Các câu", "Items"), 60),
        (Text("Tỉ lệ câu cần trả lời", "Share of items needed"), 14),
        (Text("Nội dung", "Content"), 10),
    ]
    rows: list[tuple] = [
        (s.id, s.title.vi, s.title.en, ", ".join(s.items), s.least, "" if s.content is None else s.content)
        for s in form.scales
    ]
    return Text("Thang đo", "Scales"), columns, rows
