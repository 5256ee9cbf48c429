"""The plan of a form -> one Apps Script file, to paste at script.google.com and run: the form with all its settings."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from survey.errors import Text
from survey.forms import Choose, Date, Grid, Heading, Item, Linear, Page, Plan, Words

TEMPLATE = Path(__file__).with_name("forms_script.gs")


def script(plan: Plan, reader: str = "") -> str:
    """The file's text; the same plan gives the same bytes.

    reader: the e-mail address of the service account that reads the answers; the response sheet is shared with it.
    """
    book = Text(f"Câu trả lời – {plan.title}", f"Responses – {plan.title}")
    written = {**asdict(plan), "items": [as_data(item) for item in plan.items], "book": str(book), "reader": reader}
    data = json.dumps(written, ensure_ascii=False, indent=1).replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return TEMPLATE.read_text(encoding="utf-8").replace("@PLAN@", data)


def as_data(item: Item) -> dict[str, object]:
    """One item as the script reads it: `kind` says which; rows of a grid are {key, title}."""
    data = asdict(item)
    if isinstance(item, Heading | Page):
        data["help"] = data.pop("text")
        return {"kind": "heading" if isinstance(item, Heading) else "page", **data}
    if isinstance(item, Grid):
        data["rows"] = [{"key": key, "title": title} for key, title in item.rows]
    if isinstance(item, Words):
        if item.check:
            data["check"] = {name: value for name, value in data["check"].items() if value not in (None, "")}
        return {"kind": "long_words" if data.pop("long") else "words", **data}
    kinds = {Grid: "grid", Linear: "linear", Date: "date"}
    return data if isinstance(item, Choose) else {"kind": kinds[type(item)], **data}
