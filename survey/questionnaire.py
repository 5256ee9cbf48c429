"""What a question, a choice, a scale and a questionnaire are; loads the YAML file and checks it."""

from __future__ import annotations

import re
import unicodedata
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from survey.errors import QuestionnaireError, Text, UserError
from survey.yaml_file import load

HOUSE = Path(__file__).parent / "questionnaires"
RESERVED = {
    "wave",
    "phase",
    "person",
    "unit",
    "role",
    "row",
    "submitted",
    "snapshot",
    "weight",
    "stratum",
    "population",
}
FROM_STUDY = ("units", "roles")  # choice lists that each school's study fills in

INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
SPACES = re.compile(r"\s+")
OLD_TONE = re.compile("[òóỏõọ][ae]|[ùúủũụ]y", re.IGNORECASE)


def tidy(text: object) -> str:
    """A text in NFC, with one space between words and nothing invisible."""
    return SPACES.sub(" ", INVISIBLE.sub("", unicodedata.normalize("NFC", str(text)))).strip()


def toned(text: str) -> str:
    """The text with the tone marks of oa, oe, uy where the new spelling has them: "Hòa" and "Hoà" are one; as long as before."""
    return OLD_TONE.sub(lambda two: _carried(two[0][0], two[0][1]), text)


def _carried(first: str, second: str) -> str:
    letter, tone = tuple(unicodedata.normalize("NFD", first))
    return letter + unicodedata.normalize("NFC", second + tone)


def plain(text: object) -> str:
    """The form in which two texts are compared: tidy, without case, with tone marks in one place."""
    return toned(tidy(text).casefold())


def _both(value: object) -> object:
    return {"vi": value, "en": value} if isinstance(value, str) else value


_WORDS = {
    "type": "object",
    "properties": {"vi": {"type": "string"}, "en": {"type": "string"}},
    "required": ["vi"],
    "additionalProperties": False,
}
Bilingual = Annotated[
    Text, BeforeValidator(_both), WithJsonSchema({"anyOf": [{"type": "string"}, _WORDS]})
]  # the same words in both languages may be written once


class Model(BaseModel):
    """A part of a file that people edit: unknown entries are mistakes, and nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def from_file(cls, path: str | Path, kind: type[UserError]) -> Self:
        """The YAML file, checked; raises an error of the given kind that names the file and the entry."""
        return load(cls, path, kind)


class Choice(Model):
    value: int | str
    label: Bilingual
    also: tuple[str, ...] = ()  # other wordings that this choice has had in the sheet
    missing: bool = False  # "Không áp dụng": an answer that no mean and no share counts

    @property
    def wordings(self) -> tuple[str, ...]:
        return (self.label.vi, self.label.en, *self.also)


class ChoiceList(Model):
    """Choices that questions share. `order` says whether a chart may stack them from low to high."""

    order: Literal["none", "agreement", "practice", "frequency", "yes_no"] = "none"
    options: tuple[Choice, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _codes_are_clear(self) -> ChoiceList:
        values = [str(choice.value) for choice in self.options]
        kinds = {type(choice.value) for choice in self.valid}
        wordings = [(plain(words), choice.value) for choice in self.options for words in set(choice.wordings) if words]
        twice = [words for words, value in wordings if any(w == words and v != value for w, v in wordings)]
        for wrong, found in (
            (len(set(values)) < len(values), [value for value in values if values.count(value) > 1]),
            (len(kinds) > 1, [choice.value for choice in self.valid]),
            (bool(twice), twice),
        ):
            if wrong:
                raise QuestionnaireError(
                    "choices",
                    rule=Text(
                        "Trong một danh sách: mã khác nhau, cùng kiểu (toàn số hoặc toàn chữ), và không hai mã nào cùng lời.",
                        "In a list codes differ, are all numbers or all words, and no two share a wording.",
                    ),
                    found=", ".join(map(str, found)),
                    cure=Text("Sửa value hoặc label của lựa chọn ấy.", "Mend the value or label of that choice."),
                )
        return self

    @cached_property
    def by_wording(self) -> dict[str, Choice]:
        return {plain(wording): choice for choice in self.options for wording in choice.wordings if wording}

    @property
    def valid(self) -> tuple[Choice, ...]:
        return tuple(choice for choice in self.options if not choice.missing)

    def find(self, text: object) -> Choice | None:
        return self.by_wording.get(plain(text))


Type = Literal["single", "several", "grid", "linear", "number", "text", "long_text", "date", "code"]
Use = Literal["consent", "code", "unit", "role"]
Tags = dict[str, str | int | list[int] | list[str]]


class Row(Model):
    """A row of a grid: a question of its own, answered by the grid's choices."""

    id: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")
    title: Bilingual
    reverse: bool = False
    tags: Tags = {}
    also: tuple[str, ...] = ()  # other headers that this row has had in the sheet


class Question(Model):
    id: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")
    type: Type
    title: Bilingual
    hint: Bilingual = Text("")
    choices: str | ChoiceList | None = None
    rows: tuple[Row, ...] = ()  # of a grid
    low: int | None = None  # of a linear question or a number: the least that may be answered
    high: int | None = None
    low_label: Bilingual = Text("")  # what the two ends of a linear question mean
    high_label: Bilingual = Text("")
    whole: bool = False  # a number without a fraction
    pattern: str = ""  # a regular expression that all of a text or code must match, as the form checks it
    required: bool = False
    other: bool = False  # beside the choices, words of one's own ("Khác")
    digits: int = Field(default=0, ge=0, le=20)  # of a code or number kept as text, so that 0012 is not read as 12
    reverse: bool = False
    use: Use | None = None
    tags: Tags = {}
    also: tuple[str, ...] = ()  # other headers that this question has had in the sheet

    @model_validator(mode="after")
    def _has_what_its_type_needs(self) -> Question:
        if (self.type in ("single", "several", "grid")) != (self.choices is not None):
            raise QuestionnaireError(
                self.id,
                rule=Text(
                    "Câu chọn một (single), chọn nhiều (several) hay bảng (grid) phải có choices; câu loại khác thì không.",
                    "A single, several or grid question has choices; other types have none.",
                ),
                found=f"type: {self.type}, choices: {self.choices}",
                cure=Text("Thêm hoặc bỏ mục choices.", "Add or drop the entry choices."),
            )
        if self.type == "linear" and (self.low is None or self.high is None or self.low >= self.high):
            raise QuestionnaireError(
                self.id,
                rule=Text(
                    "Câu thang điểm (linear) phải có low nhỏ hơn high.", "A linear question has low less than high."
                ),
                found=f"low: {self.low}, high: {self.high}",
                cure=Text("Viết ví dụ low: 1 và high: 5.", "Write for example low: 1 and high: 5."),
            )
        if (self.type == "grid") != bool(self.rows):
            raise QuestionnaireError(
                self.id,
                rule=Text(
                    "Câu bảng (grid) phải có rows; câu loại khác thì không.", "A grid has rows, and nothing else has."
                ),
                found=f"type: {self.type}, rows: {len(self.rows)}",
                cure=Text("Thêm hoặc bỏ mục rows.", "Add or drop the entry rows."),
            )
        self._check_pattern()
        return self

    def _check_pattern(self) -> None:
        found = "" if self.type in ("text", "code") or not self.pattern else f"type: {self.type}"
        try:
            re.compile(self.pattern)
        except re.error as error:
            found = f"{self.pattern} ({error})"
        if found:
            raise QuestionnaireError(
                self.id,
                rule=Text(
                    "pattern là biểu thức chính quy của một câu viết chữ ngắn (text) hoặc mã (code).",
                    "pattern is the regular expression of a text or a code.",
                ),
                found=found,
                cure=Text("Sửa hoặc bỏ mục pattern.", "Mend or drop the entry pattern."),
            )

    @property
    def items(self) -> tuple[Question, ...]:
        """The question as the answers have it: itself, or of a grid one single-choice question for each row."""
        if self.type != "grid":
            return (self,)
        return tuple(
            self.model_copy(
                update={
                    "id": row.id,
                    "type": "single",
                    "title": Text(f"{self.title.vi} [{row.title.vi}]", f"{self.title.en} [{row.title.en}]"),
                    "rows": (),
                    "reverse": row.reverse,
                    "tags": {**self.tags, **row.tags},
                    "also": row.also,
                }
            )
            for row in self.rows
        )

    @property
    def headers(self) -> tuple[str, ...]:
        return (self.title.vi, self.title.en, *self.also)


class Section(Model):
    id: str
    title: Bilingual
    text: Bilingual = Text("")
    only: dict[str, list[int | str]] = {}  # asked only of those who gave one of these answers
    waves: tuple[int, ...] = ()  # asked in these waves only; in every wave, if none is named
    questions: tuple[Question, ...] = Field(min_length=1)

    @property
    def items(self) -> list[Question]:
        """Its questions as the answers have them: see Question.items."""
        return [item for question in self.questions for item in question.items]


class Scale(Model):
    """Items that are averaged into one score, when at least `least` of them (a share) are answered."""

    id: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")
    title: Bilingual
    items: tuple[str, ...] = Field(min_length=2)
    least: float = Field(default=0.5, gt=0, le=1)
    content: int | None = None  # the content of the movement that the scale speaks to


class Questionnaire(Model):
    """One questionnaire, written once: wording, codes, order, skips, scales and tags, in Vietnamese and English."""

    id: str
    title: Bilingual
    notice: Bilingual = Text("")
    thanks: Bilingual = Text("")
    identified: bool = False  # names people, with a consent of its own: open text is kept as written, nobody is linked
    choices: dict[str, ChoiceList] = {}
    sections: tuple[Section, ...] = Field(min_length=1)
    scales: tuple[Scale, ...] = ()

    @classmethod
    def load(cls, path: str | Path) -> Questionnaire:
        """Read and check a questionnaire file; raises QuestionnaireError with the place of the first fault."""
        return load(cls, path, QuestionnaireError)

    @classmethod
    def named(cls, name: str, folder: Path) -> Questionnaire:
        """The questionnaire file `name` in a study's folder or, where there is none, the house's own of that name."""
        own = folder / name
        return cls.load(own if own.suffix in (".yaml", ".yml") else HOUSE / f"{name}.yaml")

    @cached_property
    def questions(self) -> dict[str, Question]:
        """Id -> question, in the form's order; the rows of a grid are questions, the grid itself is none."""
        return {question.id: question for section in self.sections for question in section.items}

    @cached_property
    def _section_of(self) -> dict[str, Section]:
        return {question.id: section for section in self.sections for question in section.items}

    def known(self, question: str) -> Question:
        """The question of this id; raises QuestionnaireError in words where there is none."""
        if question in self.questions:
            return self.questions[question]
        raise QuestionnaireError(
            question,
            rule=Text("Mã câu hỏi phải có trong phiếu.", "The id is a question's."),
            found=Text("không có câu nào mang mã này", "no question has this id"),
            cure=Text(
                "Xem các mã: python run.py survey codebook THƯ_MỤC", "See the ids: python run.py survey codebook FOLDER"
            ),
        )

    def section_of(self, question: str) -> Section:
        return self._section_of[question]

    def used_as(self, use: Use) -> Question | None:
        """The question that gives the code, unit, role or consent; None where none does."""
        return next((question for question in self.questions.values() if question.use == use), None)

    def choices_of(self, question: Question) -> ChoiceList:
        """The choices of a question, wherever they are written."""
        if isinstance(question.choices, ChoiceList):
            return question.choices
        return self.choices[str(question.choices)]

    def columns_of(self, question: Question) -> list[str]:
        """The columns of the answers that hold this question: one, or one per choice (0/1) for several choices."""
        if question.type != "several":
            return [question.id]
        return [f"{question.id}.{choice.value}" for choice in self.choices_of(question).valid]

    def items(self, *, tag: str | None = None, value: object = None, order: str | None = None) -> list[str]:
        """Columns of the closed questions, in the form's order, by a tag's value or by their choices' order."""
        found: list[str] = []
        for question in self.questions.values():
            if question.use or question.type not in ("single", "several", "linear", "number"):
                continue
            tagged = question.tags.get(tag or "", [])
            if tag and value not in (tagged if isinstance(tagged, list) else [tagged]):
                continue
            if order and (question.choices is None or self.choices_of(question).order != order):
                continue
            found += self.columns_of(question)
        return found

    def label(self, item: str) -> Text:
        """The words for a column of the answers: a question's title, a choice of a several-choice question, a scale."""
        for scale in self.scales:
            if scale.id == item:
                return scale.title
        name, _, value = item.partition(".")
        question = self.questions[name]
        if not value:
            return question.title
        return next(c.label for c in self.choices_of(question).options if str(c.value) == value)

    def value_labels(self, item: str) -> dict[int | str, Text]:
        """Code -> words of an item's valid answers, in the form's order."""
        name, _, value = item.partition(".")
        if value:
            return {1: Text("Có chọn", "Chosen"), 0: Text("Không chọn", "Not chosen")}
        question = self.questions[name]
        if question.type == "linear":
            assert question.low is not None and question.high is not None
            return {n: Text(str(n)) for n in range(question.low, question.high + 1)}
        return {choice.value: choice.label for choice in self.choices_of(question).valid} if question.choices else {}

    def of_wave(self, wave: int) -> Questionnaire:
        """A new questionnaire without the sections that this wave does not ask."""
        asked = tuple(section for section in self.sections if not section.waves or wave in section.waves)
        parts = {name: getattr(self, name) for name in type(self).model_fields}
        return Questionnaire.model_construct(**parts | {"sections": asked})  # a copy would keep the cached questions

    def filled(self, units: ChoiceList, roles: ChoiceList) -> Questionnaire:
        """A new questionnaire in which the lists `units` and `roles` are those of one school."""
        return self.model_copy(update={"choices": {**self.choices, "units": units, "roles": roles}})

    @model_validator(mode="after")
    def _is_consistent(self) -> Questionnaire:
        for place, rule, found, cure in _faults(self):
            raise QuestionnaireError(place, rule=rule, found=found, cure=cure)
        return self


def _faults(sheet: Questionnaire):
    """Faults that no import could survive; finer advice is the business of `survey check`."""
    ids: set[str] = set()
    titles: dict[str, str] = {}
    rename = Text("Đặt tên khác cho một trong hai.", "Give one of the two another name.")
    for section in sheet.sections:
        for asked in section.only:
            if asked not in ids:
                yield (
                    section.id,
                    Text(
                        "only phải nêu một câu hỏi đứng trước phần này.", "only names a question of an earlier section."
                    ),
                    asked,
                    Text("Sửa tên câu hỏi, hoặc chuyển câu ấy lên trước.", "Mend the id, or move it up."),
                )
        for question in section.items:
            if question.id in ids:
                yield question.id, Text("Mã câu hỏi là duy nhất.", "A question id is unique."), question.id, rename
            if question.id in RESERVED or "__" in question.id:
                yield (
                    question.id,
                    Text("Mã này dành cho chương trình.", "This id is the program's own."),
                    question.id,
                    Text("Thêm một chữ, ví dụ cau_weight.", "Add a letter, for example q_weight."),
                )
            ids.add(question.id)
            for header in {plain(header) for header in question.headers if header}:
                if header in titles:
                    yield (
                        question.id,
                        Text(
                            "Hai câu hỏi không được cùng tiêu đề: cột trong trang tính sẽ lẫn nhau.",
                            "Two questions must not share a title: their columns could not be told apart.",
                        ),
                        question.title,
                        rename,
                    )
                titles[header] = question.id
            if isinstance(question.choices, str) and question.choices not in (*sheet.choices, *FROM_STUDY):
                yield (
                    question.id,
                    Text(
                        "choices phải là tên một danh sách có trong mục choices của tệp.",
                        "choices names a list that the file's entry choices holds.",
                    ),
                    question.choices,
                    Text("Sửa tên, hoặc thêm danh sách ấy.", "Mend the name, or add the list."),
                )
        for question in section.questions:
            if question.type == "grid" and question.id in sheet.questions:
                yield question.id, Text("Mã câu hỏi là duy nhất.", "A question id is unique."), question.id, rename
    yield from _scale_faults(sheet, ids)


def _scale_faults(sheet: Questionnaire, ids: set[str]):
    rename = Text("Đặt tên khác cho một trong hai.", "Give one of the two another name.")
    for scale in sheet.scales:
        if scale.id in ids | RESERVED:
            yield scale.id, Text("Mã thang đo khác mã câu hỏi.", "A scale's id is no question's."), scale.id, rename
        for item in scale.items:
            if item not in ids:
                yield (
                    scale.id,
                    Text("Thang đo chỉ gồm những câu có trong phiếu.", "A scale holds questions of this file."),
                    item,
                    Text("Sửa mã câu hỏi trong items.", "Mend the id in items."),
                )
            elif not _is_number(sheet, sheet.questions[item]):
                yield (
                    scale.id,
                    Text("Thang đo chỉ gồm những câu mã bằng số.", "A scale holds questions coded by numbers."),
                    item,
                    Text("Bỏ câu ấy khỏi items, hoặc mã lựa chọn bằng số.", "Drop it, or code its choices by numbers."),
                )


def _is_number(sheet: Questionnaire, question: Question) -> bool:
    if question.type == "single":
        return all(isinstance(choice.value, int) for choice in sheet.choices_of(question).valid)
    return question.type in ("linear", "number")
