"""The form as a plain web page on this machine: to look at, to try out, and to stand by for a day without internet.

It shows the very plan that the Google Form is made of (forms.py), without a line of JavaScript, and writes what people send as
a response sheet that `pull` reads. What a page holds is sent along by the browser itself; nothing is kept until the end.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import json
import logging
import re
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from flask import Flask, redirect, render_template, request
from wtforms import DateField, Form, RadioField, SelectMultipleField, StringField, TextAreaField, validators
from wtforms.fields import Field
from wtforms.fields.choices import SelectChoice

from survey import simulate, store
from survey.clean import Misfit
from survey.clean import number as read_number
from survey.errors import StudyError, Text, spoken
from survey.forms import SUBMIT, Choose, Date, Grid, Heading, Item, Linear, Page, Plan, Words

if TYPE_CHECKING:
    from werkzeug.serving import BaseWSGIServer
    from werkzeug.wrappers import Response

OTHER = "@other"  # the choice "Khác", whose words are in a field of their own
LIMIT = 10_000  # characters of one answer
Given = dict[str, list[str]]  # field -> what the browser sent
Save = Callable[[list[object]], None]

OTHER_LABEL = Text("Khác", "Other")
NEEDED = Text("Câu này cần được trả lời.", "This question needs an answer.")
UNKNOWN = Text("Xin chọn một trong các ô.", "Please choose one of the boxes.")
NO_DATE = Text("Ghi ngày, ví dụ 31/12/2026.", "A date, for example 31/12/2026.")
NO_WORDS = Text("Xin ghi câu trả lời khác ấy.", "Please write that other answer.")
TOO_LONG = Text("Dài quá 10.000 chữ.", "Longer than 10,000 characters.")


@dataclass(frozen=True)
class Sheet:
    """One page of the plan: where it begins, and its questions."""

    head: Heading | Page
    items: tuple[Item, ...]


def sheets(plan: Plan) -> list[Sheet]:
    """The plan, page by page."""
    found: list[tuple[Heading | Page, list[Item]]] = []
    for item in plan.items:
        if isinstance(item, Heading | Page):
            found.append((item, []))
        else:
            found[-1][1].append(item)
    return [Sheet(head, tuple(items)) for head, items in found]


def following(plan: Plan, key: str, given: Mapping[str, list[str]]) -> str:
    """The page that comes after a page for these answers: as Google goes, by a choice that leads, else to the page below."""
    parts = sheets(plan)
    place = next(n for n, sheet in enumerate(parts) if sheet.head.key == key)
    for item in reversed(parts[place].items):
        if isinstance(item, Choose):
            lead = [option.goto for option in item.options if option.goto and option.text in given.get(item.key, [])]
            if lead:
                return lead[-1]
    if place + 1 == len(parts):
        return SUBMIT
    below = parts[place + 1].head
    return below.instead if isinstance(below, Page) and below.instead else below.key


def way(plan: Plan, given: Given) -> list[str]:
    """The pages that somebody with these answers meets, in order."""
    found = [sheets(plan)[0].head.key]
    while (after := following(plan, found[-1], given)) != SUBMIT:
        found.append(after)
    return found


# --- One page as a form of WTForms


def page_form(sheet: Sheet) -> type[Form]:
    """The fields of a page; a grid has one for each row, a question with "Khác" one more for the words."""
    fields: dict[str, object] = {}
    for item in sheet.items:
        fields |= _fields(item)
    return type("PageForm", (Form,), fields)


def _fields(item: Item) -> dict[str, object]:
    assert not isinstance(item, Heading | Page)
    if isinstance(item, Grid):
        return {key: _one_of(RadioField, title, item, item.columns) for key, title in item.rows}
    if isinstance(item, Linear):
        steps = [str(n) for n in range(item.low, item.high + 1)]
        return {item.key: _one_of(RadioField, item.title, item, steps)}
    if isinstance(item, Date):
        return {item.key: _Day(item.title, format=["%Y-%m-%d", "%d/%m/%Y"], validators=_rules(item))}
    if isinstance(item, Words):
        kind = TextAreaField if item.long else StringField
        return {item.key: kind(item.title, filters=[_stripped], validators=_rules(item, _checked(item)))}
    kind = SelectMultipleField if item.kind == "checkbox" else RadioField
    choices = [option.text for option in item.options]
    if not item.other:
        return {item.key: _one_of(kind, item.title, item, choices)}
    own = StringField(f"{item.title} – {OTHER_LABEL}", filters=[_stripped], validators=[_length])
    return {item.key: _one_of(kind, item.title, item, [*choices, OTHER]), item.key + store.OTHER: own}


def _one_of(kind: type[Field], title: str, item: Choose | Grid | Linear, choices: Sequence[str]) -> object:
    """A field of choices. WTForms' own check of them is left out: its words are English."""
    listed = [SelectChoice(one, str(OTHER_LABEL) if one == OTHER else one) for one in choices]
    return kind(title, choices=listed, validators=_rules(item, _among(choices)), validate_choice=False)


class _Day(DateField):
    """A date in either form that a browser may send, with our words where it is none."""

    def process_formdata(self, valuelist):
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(str(NO_DATE)) from None


def _rules(item: Choose | Grid | Linear | Words | Date, *more: Callable) -> list[Callable]:
    return [_needed if item.required else validators.Optional(), *more, _length]


def _needed(form: Form, field: Field) -> None:
    if not field.data:
        raise validators.StopValidation(str(NEEDED) if not field.errors else None)


def _length(form: Form, field: Field) -> None:
    if any(len(value) > LIMIT for value in field.raw_data or []):
        raise validators.StopValidation(str(TOO_LONG))


def _among(known: Sequence[str]) -> Callable:
    """A choice is one of the form's; "Khác" has words."""

    def check(form: Form, field: Field) -> None:
        chosen = field.data if isinstance(field.data, list) else [field.data]
        if not set(chosen) <= set(known):
            raise validators.StopValidation(str(UNKNOWN))
        if OTHER in chosen and not form[field.name + store.OTHER].data:
            raise validators.StopValidation(str(NO_WORDS))

    return check


def _checked(item: Words) -> Callable:
    """What the form checks of a text."""
    check = item.check

    def test(form: Form, field: Field) -> None:
        if check is None:
            return
        if check.kind == "pattern":
            right = bool(re.fullmatch(check.pattern, field.data))
        else:
            try:
                value = read_number(field.data)
                right = (check.low is None or value >= check.low) and (check.high is None or value <= check.high)
            except Misfit:
                right = False
        if not right:
            raise validators.StopValidation(check.message)

    return test


def _stripped(text: str | None) -> str:
    return (text or "").strip()


# --- What is written


def cells(plan: Plan, given: Given, moment: dt.datetime) -> list[object]:
    """The row that Google would write into the response sheet; questions that this person did not meet are empty."""
    forms: dict[str, Form] = {}
    met = set(way(plan, given))
    for sheet in sheets(plan):
        if sheet.head.key in met:
            form = page_form(sheet)(_Sent(given))
            forms |= {name: form for name in form._fields}
    row: list[object] = [moment]
    for item in plan.items:
        if isinstance(item, Grid):
            row += [_value(forms, key) for key, _ in item.rows]
        elif not isinstance(item, Heading | Page):
            row.append(_value(forms, item.key, whole=isinstance(item, Linear)))
    return row


def _value(forms: dict[str, Form], key: str, whole: bool = False) -> object:
    if key not in forms:
        return None
    value, own = forms[key][key].data, forms[key]._fields.get(key + store.OTHER)
    if isinstance(value, list):
        return [own.data if one == OTHER else one for one in value] or None
    if value == OTHER:
        return own.data
    return int(value) if whole and value else value or None


class _Sent(dict):
    """What the browser sent, as WTForms wants it."""

    def getlist(self, name: str) -> list[str]:
        return self.get(name, [])


def keeper(path: Path, plan: Plan) -> Save:
    """What appends a row to the response sheet at `path` (CSV, as Google Sheets saves it), whole or not at all.

    Raises StudyError where the file holds the answers to another form.
    """
    head = simulate.sheet_csv([[str(Text("Dấu thời gian", "Timestamp")), *plan.headers.values()]])
    if path.exists() and not path.read_bytes().startswith(head):
        raise _another_form(path)
    lock = threading.Lock()

    def save(row: list[object]) -> None:
        with lock:
            before = path.read_bytes() if path.exists() else head
            store.write(path, before + simulate.sheet_csv([row]))

    return save


def _another_form(path: Path) -> StudyError:
    return StudyError(
        str(path),
        rule=Text("Tệp câu trả lời thử thuộc về đúng phiếu này.", "The file of trial answers belongs to this form."),
        found=Text("tệp ghi cho một phiếu khác, hoặc phiếu đã đổi", "a file of another form, or the form has changed"),
        cure=Text("Đổi tên hoặc chuyển tệp ấy đi, rồi chạy lại.", "Rename or move that file, then run again."),
    )


# --- The pages


def app(plan: Plan, save: Save) -> Flask:
    """The form as a web application; `save` is given each finished row, once."""
    site = Flask(__name__, template_folder=str(Path(__file__).parent), static_folder=None)
    site.config["MAX_CONTENT_LENGTH"] = 2_000_000
    site.config["MAX_FORM_MEMORY_SIZE"] = 2_000_000
    done: set[str] = set()
    parts = {sheet.head.key: sheet for sheet in sheets(plan)}

    @site.after_request
    def guarded(response):
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'"
        )
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    @site.get("/")
    def begin() -> str:
        return show(next(iter(parts)), {}, secrets.token_hex(8))

    @site.post("/")
    def answered() -> str | Response:
        key, token = request.form.get("page", ""), request.form.get("token", "")
        given = _earlier(request.form.get("earlier", ""))
        if key not in parts or (key not in way(plan, given) and "back" not in request.form):
            return begin()
        names = page_form(parts[key])()._fields
        given = {name: values for name, values in given.items() if name not in names}
        given |= {name: request.form.getlist(name) for name in names if request.form.getlist(name)}
        if cleared := request.form.get("clear"):
            given.pop(cleared, None)
            return show(key, given, token)
        if "back" in request.form:
            before = way(plan, given)
            return show(before[max(0, before.index(key) - 1)] if key in before else before[0], given, token)
        for met in way(plan, given):  # what the browser kept is looked at again: it may be an old page
            form = page_form(parts[met])(_Sent(given))
            if not form.validate():
                return show(met, given, token, form)
            if met == key and (after := following(plan, key, given)) != SUBMIT:
                return show(after, given, token)
        if token not in done:  # a second press of the button sends the same answers again
            done.add(token)
            save(cells(plan, given, dt.datetime.now(ZoneInfo("Asia/Ho_Chi_Minh"))))
        return redirect("/thanks", 303)

    @site.get("/thanks")
    def thanked() -> str:
        return render_template("preview.html", plan=plan, language=spoken(), done=True, say=_say)

    def show(key: str, given: Given, token: str, form: Form | None = None) -> str:
        path = way(plan, given)
        fields = form or page_form(parts[key])(
            _Sent(given) if set(given) & set(page_form(parts[key])()._fields) else None
        )
        here = set(fields._fields)
        earlier = json.dumps({name: values for name, values in given.items() if name not in here}, ensure_ascii=False)
        place = path.index(key) if key in path else 0
        return render_template(
            "preview.html", plan=plan, language=spoken(), sheet=parts[key], form=fields, earlier=earlier, token=token,
            place=place, steps=len(path), last=following(plan, key, given) == SUBMIT and not _leads(parts[key]),
            say=_say, other=store.OTHER, OTHER=OTHER,
        )  # fmt: skip

    return site


def serve(site: Flask, host: str, port: int) -> BaseWSGIServer:
    """A server of the pages, ready to be run; raises StudyError where the port is taken."""
    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line for each page is of no use to anybody
    # werkzeug prints a hint of its own and leaves the program where the port is taken
    with contextlib.suppress(OSError, SystemExit), contextlib.redirect_stderr(io.StringIO()):
        return make_server(host, port, site, threaded=True)
    raise StudyError(
        "--port",
        rule=Text("Cổng của trang xem thử còn trống.", "The port of the preview is free."),
        found=Text(f"cổng {port} đang có chương trình khác dùng", f"port {port} is in use"),
        cure=Text(f"Chạy lại với --port {port + 1}.", f"Run again with --port {port + 1}."),
    )


def _leads(sheet: Sheet) -> bool:
    """Whether an answer on this page decides where to go: then nobody knows yet that it is the last."""
    return any(isinstance(item, Choose) and any(option.goto for option in item.options) for item in sheet.items)


def _earlier(text: str) -> Given:
    """The answers of earlier pages, which the browser carried along."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    if not isinstance(found, dict):
        return {}
    return {str(name): [str(one) for one in values] for name, values in found.items() if isinstance(values, list)}


def _say(vi: str, en: str) -> str:
    return str(Text(vi, en))
