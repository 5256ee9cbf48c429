"""Questionnaire -> the plan of a form, as pure data: settings, pages, items, and where each answer leads.

The plan is what Google Forms can show; forms_script.py makes an Apps Script of it, forms_api.py requests of the Forms API.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Literal

from survey.errors import QuestionnaireError, Text
from survey.questionnaire import FROM_STUDY, Choice, Question, Questionnaire, Section
from survey.study import Study, Wave

SUBMIT = "@submit"  # where an answer leads that ends the form
MOST_RADIO = 15  # choices; more of them are a drop-down list


@dataclass(frozen=True)
class Option:
    text: str
    goto: str = ""  # key of a page, or SUBMIT; "" goes on to the next page


@dataclass(frozen=True)
class Heading:
    """A title and a text above the first questions: what a page is to later ones."""

    key: str
    title: str
    text: str = ""


@dataclass(frozen=True)
class Page:
    """A page begins here. `instead`: where whoever has finished the page above goes instead, unless a choice led elsewhere."""

    key: str
    title: str
    text: str = ""
    instead: str = ""


@dataclass(frozen=True)
class Choose:
    key: str
    title: str
    help: str
    required: bool
    kind: str  # "radio", "list" or "checkbox"
    options: tuple[Option, ...]
    other: bool = False


@dataclass(frozen=True)
class Grid:
    key: str
    title: str
    help: str
    required: bool
    rows: tuple[tuple[str, str], ...]  # question id, title
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Linear:
    key: str
    title: str
    help: str
    required: bool
    low: int
    high: int
    low_label: str
    high_label: str


@dataclass(frozen=True)
class Check:
    """What the form checks while it is filled in, and what it then says."""

    kind: Literal["pattern", "number", "between", "at_least", "at_most"]
    message: str
    pattern: str = ""
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True)
class Words:
    key: str
    title: str
    help: str
    required: bool
    long: bool = False
    check: Check | None = None


@dataclass(frozen=True)
class Date:
    key: str
    title: str
    help: str
    required: bool


Item = Heading | Page | Choose | Grid | Linear | Words | Date


@dataclass(frozen=True)
class Plan:
    id: str
    title: str
    description: str
    thanks: str
    email: bool  # addresses are collected
    once: bool  # one answer per person, who then has to sign in
    edits: bool  # an answer may be changed after it was sent
    items: tuple[Item, ...]

    @property
    def headers(self) -> dict[str, str]:
        """Question id -> header of its column in the response sheet."""
        found: dict[str, str] = {}
        for item in self.items:
            if isinstance(item, Grid):
                found |= {key: f"{item.title} [{title}]" for key, title in item.rows}
            elif not isinstance(item, Heading | Page):
                found[item.key] = item.title
        return found


def of_wave(study: Study, wave: Wave, *, once: bool = False, edits: bool = False) -> Plan:
    """The form of one wave of a study: its own units and roles, the sections of this wave, in the language spoken."""
    form = study.form.of_wave(wave.id)
    email = study.linked_by == "email"
    return plan(form, name=str(wave.id), email=email, once=once, edits=edits, thanks=_thanks(form, study))


def page_key(section: Section) -> str:
    """The key of a section's page: a section and a question may have one id."""
    return f"page:{section.id}"


def _thanks(form: Questionnaire, study: Study) -> str:
    own = Text(
        f"Xem mức của riêng mình (không gửi đi đâu): {study.feedback}",
        f"See your own levels (nothing is sent): {study.feedback}",
    )
    return f"{form.thanks}\n{own}".strip() if study.feedback else str(form.thanks)


def plan(
    form: Questionnaire,
    *,
    name: str = "",
    email: bool = False,
    once: bool = False,
    edits: bool = False,
    thanks: str | None = None,
) -> Plan:
    """The form that shows a questionnaire.

    name: told after the title (the wave). Raises QuestionnaireError where a branch cannot be shown: Google Forms decides where
    to go by one choice of the page just answered, and remembers nothing of earlier pages.
    """
    routes = _routes(form)
    items: list[Item] = []
    for place, section in enumerate(form.sections):
        title, text = str(section.title), str(section.text)
        if place:
            items.append(Page(page_key(section), title, text, routes.instead.get(place - 1, "")))
        else:
            items.append(Heading(page_key(section), title, text))
        items += [_item(form, question, routes.gotos.get(question.id, {})) for question in section.questions]
    return Plan(
        "-".join(filter(None, (form.id, name))),
        f"{form.title} ({name})" if name else str(form.title),
        str(form.notice),
        str(form.thanks) if thanks is None else thanks,
        email,
        once,
        edits,
        tuple(items),
    )


def _item(form: Questionnaire, question: Question, gotos: dict[int | str, str]) -> Item:
    head = question.id, str(question.title), str(question.hint), question.required
    if question.type in ("single", "several", "grid"):
        if (
            isinstance(question.choices, str)
            and question.choices in FROM_STUDY
            and question.choices not in form.choices
        ):
            raise _unfilled(question)
        choices = form.choices_of(question).options
        if question.type == "grid":
            rows = tuple((row.id, str(row.title)) for row in question.rows)
            return Grid(*head, rows, tuple(str(choice.label) for choice in choices))
        long = len(choices) > MOST_RADIO and not question.other
        kind = "checkbox" if question.type == "several" else "list" if long else "radio"
        options = tuple(Option(str(choice.label), gotos.get(choice.value, "")) for choice in choices)
        return Choose(*head, kind, options, question.other)
    if question.type == "linear":
        return _linear(question)
    if question.type == "date":
        return Date(*head)
    return Words(*head, long=question.type == "long_text", check=_check(question))


def _linear(question: Question) -> Linear:
    assert question.low is not None and question.high is not None
    if question.low not in (0, 1) or not 3 <= question.high <= 10:
        raise QuestionnaireError(
            question.id,
            rule=Text(
                "Trong Google Biểu mẫu, thang điểm đi từ 0 hoặc 1 đến 3–10.",
                "In Google Forms a scale goes from 0 or 1 to 3–10.",
            ),
            found=f"{question.low}–{question.high}",
            cure=Text("Sửa low, high.", "Mend low, high."),
        )
    ends = str(question.low_label), str(question.high_label)
    return Linear(
        question.id, str(question.title), str(question.hint), question.required, question.low, question.high, *ends
    )


def _check(question: Question) -> Check | None:
    """A form checks one thing of a text: a whole number is a pattern where it has no highest value, else a range."""
    low, high = question.low, question.high
    if question.pattern:
        return Check(
            "pattern", str(Text("Chưa đúng cách viết nêu trên.", "Not written as said above.")), question.pattern
        )
    if question.type == "code" and question.digits:
        words = Text(f"Mã gồm {question.digits} chữ số.", f"The code has {question.digits} digits.")
        return Check("pattern", str(words), rf"\d{{{question.digits}}}")
    if question.type != "number":
        return None
    if low is not None and high is not None:
        words = Text(f"Ghi một số từ {low} đến {high}.", f"A number from {low} to {high}.")
        return Check("between", str(words), low=low, high=high)
    if question.whole and low in (0, 1):
        words = Text(f"Ghi một số nguyên, từ {low} trở lên.", f"A whole number, {low} or more.")
        return Check("pattern", str(words), r"\d{1,9}" if low == 0 else r"[1-9]\d{0,8}")
    if low is not None:
        return Check("at_least", str(Text(f"Ghi một số từ {low} trở lên.", f"A number, {low} or more.")), low=low)
    if high is not None:
        return Check("at_most", str(Text(f"Ghi một số không quá {high}.", f"A number, {high} at most.")), high=high)
    return Check("number", str(Text("Ghi một số.", "A number.")))


# --- Where each answer leads


@dataclass(frozen=True)
class Routes:
    gotos: dict[str, dict[int | str, str]]  # question -> choice -> page
    instead: dict[int, str]  # section's place -> page to go to when it is finished


Given = dict[str, int | str | None]  # gate -> the answer given; None: left empty


def _routes(form: Questionnaire) -> Routes:
    """Follow every way through the form.

    At each section the ways that reach it are known by the answers given to the gates so far. Where they lead on may depend
    on one question of that very section, and on nothing else.
    """
    gates = {gate for section in form.sections for gate in section.only}
    grids = {row.id: question for section in form.sections for question in section.questions for row in question.rows}
    for row in sorted(gates & set(grids)):
        _options(form, grids[row])
    reached: list[list[Given]] = [[] for _ in form.sections]
    reached[0] = [{}]
    gotos: dict[str, dict[int | str, str]] = {}
    instead: dict[int, str] = {}
    for place, section in enumerate(form.sections):
        here = [question for question in section.questions if question.id in gates or question.use == "consent"]
        ways = [way | answers for way in reached[place] for answers in _given(form, here)]
        leads = [_next(form, place, way) for way in ways]
        for way, target in zip(ways, leads, strict=True):
            if target < len(form.sections) and way not in reached[target]:
                reached[target].append(way)
        decides = next((q for q in [None, *here] if _decided(q, ways, leads)), section)
        if decides is section:
            raise _undecided(section)
        keys = [*map(page_key, form.sections), SUBMIT]
        if decides is None:
            if leads and leads[0] != place + 1:
                instead[place] = keys[leads[0]]
            continue
        assert isinstance(decides, Question)
        _require_route(decides)
        by_answer = {way[decides.id]: keys[target] for way, target in zip(ways, leads, strict=True)}
        empty = by_answer.pop(None, None)
        gotos[decides.id] = {value: key for value, key in by_answer.items() if value is not None}
        if empty is not None and empty != keys[place + 1]:
            instead[place] = empty
    return Routes(gotos, {place: key for place, key in instead.items() if place + 1 < len(form.sections)})


def _given(form: Questionnaire, here: list[Question]) -> Iterator[Given]:
    """Every way to answer the gates of one section."""
    answers = [
        [*(choice.value for choice in _options(form, question)), *([] if question.required else [None])]
        for question in here
    ]
    for given in product(*answers):
        yield {question.id: value for question, value in zip(here, given, strict=True)}


def _options(form: Questionnaire, question: Question) -> tuple[Choice, ...]:
    if question.type != "single":
        raise QuestionnaireError(
            question.id,
            rule=Text("Chỉ câu chọn một (single) mới rẽ nhánh được.", "Only a single-choice question can branch."),
            found=f"type: {question.type}",
            cure=Text("Đổi câu ấy thành single, hoặc bỏ only.", "Make it single, or drop only."),
        )
    if isinstance(question.choices, str) and question.choices in FROM_STUDY and question.choices not in form.choices:
        raise _unfilled(question)
    return form.choices_of(question).options


def _next(form: Questionnaire, place: int, way: Given) -> int:
    """The place of the section that follows for somebody who gave these answers; len(sections): the end."""
    consent = form.used_as("consent")
    if consent and way.get(consent.id, 1) != 1:
        return len(form.sections)
    later = range(place + 1, len(form.sections))
    return next((n for n in later if _is_asked(form.sections[n], way)), len(form.sections))


def _is_asked(section: Section, way: Given) -> bool:
    return all(way.get(gate) in values for gate, values in section.only.items())


def _decided(by: Question | None, ways: list[Given], leads: list[int]) -> bool:
    """Whether one question (None: nothing at all) tells where every way leads."""
    answers = [way[by.id] if by else None for way in ways]
    return len(set(zip(answers, leads, strict=True))) == len(set(answers))


def _require_route(gate: Question) -> None:
    if gate.other:
        raise QuestionnaireError(
            gate.id,
            rule=Text("Câu rẽ nhánh không có lựa chọn “Khác”.", "A question that branches has no choice “Other”."),
            found="other: true",
            cure=Text("Bỏ other: true.", "Drop other: true."),
        )


def _undecided(section: Section) -> QuestionnaireError:
    return QuestionnaireError(
        section.id,
        rule=Text(
            "Sau mỗi phần, Google Biểu mẫu chỉ rẽ theo một câu của chính phần ấy; nó không nhớ câu trả lời ở phần trước.",
            "After each section Google Forms branches by one question of that very section; it remembers no earlier one.",
        ),
        found=Text(
            "đường đi tiếp tùy vào nhiều câu hoặc câu ở phần trước", "the way on depends on several or earlier answers"
        ),
        cure=Text(
            "Chuyển câu quyết định (only) xuống cuối phần ngay trước phần rẽ nhánh, hoặc gộp các phần cùng điều kiện.",
            "Move the question that decides (only) to the section just before the branch, or join sections of one condition.",
        ),
    )


def _unfilled(question: Question) -> QuestionnaireError:
    return QuestionnaireError(
        question.id,
        rule=Text(
            "Danh sách đơn vị và vai trò lấy từ study.yaml của trường.",
            "Units and roles come from the school's study.yaml.",
        ),
        found=str(question.choices),
        cure=Text("Lập biểu mẫu từ thư mục khảo sát.", "Make the form of a study's folder."),
    )
