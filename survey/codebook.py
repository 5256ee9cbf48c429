"""The codebook: every column of the answers with its question, codes and words, as one table."""

from __future__ import annotations

import pandas as pd

from survey.errors import Text
from survey.questionnaire import Questionnaire


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
