"""A questionnaire read as a methodologist reads it: what may spoil the answers, where, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from survey import forms
from survey.errors import QuestionnaireError, Text
from survey.questionnaire import FROM_STUDY, Choice, ChoiceList, Question, Questionnaire, plain

LONGEST = 10.0  # minutes
WORDS_A_MINUTE = 240  # read on a phone; Vietnamese writes each syllable as a word
SECONDS = {
    "single": 4,
    "several": 8,
    "grid": 4,
    "linear": 4,
    "number": 8,
    "text": 15,
    "long_text": 30,
    "date": 8,
    "code": 20,
}
ALIKE = 90  # percent, from which two titles are nearly one
MOST_CHOICES = 10
WIDEST = 4  # columns of a grid that a phone shows without dragging
LETTERS = re.compile(r"[^\W\d_]{2,}")
TWO_THINGS = re.compile(r"\b(và|hoặc|hay là|cũng như|and|or|as well as)\b", re.IGNORECASE)
BOTH_AT_ONCE = re.compile(r"\b(và|cũng như)\b", re.IGNORECASE)  # of a fact or a habit, "or" asks one thing
NEGATIVE = re.compile(r"\b(không|chưa|ít|kém|disagree|not|never|poor|dis\w+)\b", re.IGNORECASE)
MIDDLE = re.compile(r"nửa|trung lập|bình thường|phân vân|neither|neutral|undecided", re.IGNORECASE)
SENSITIVE = {
    Text("dân tộc", "ethnicity"): r"\bdân tộc\b(?! (nội|bán) trú)|ethnic|\brace\b",
    Text("tôn giáo", "religion"): r"tôn giáo|tín ngưỡng|religio",
    Text(
        "đảng phái, chính kiến", "party or political views"
    ): r"đảng viên|(vào|kết nạp|sinh hoạt) đảng|chính kiến|party member|communist party|political view",
    Text(
        "sức khỏe, đời tư", "health or private life"
    ): r"tình trạng sức khỏe|bệnh (của|mà)|mắc bệnh|mang thai|khuyết tật|tình trạng hôn nhân|xu hướng tính dục|health condition"
    r"|pregnan|disabilit|marital|sexual orientation",
    Text(
        "giấy tờ tùy thân", "identity papers"
    ): r"căn cước|cccd|\bcmnd\b|chứng minh nhân dân|hộ chiếu|số tài khoản|identity card|passport|bank account",
}


@dataclass(frozen=True)
class Advice:
    """One thing to look at: where it is, which rule, what was found, what to do."""

    where: str
    rule: Text
    found: str
    cure: Text

    def __str__(self) -> str:
        return f"{self.where}: {self.found}\n    {self.rule}\n    → {self.cure}"


def before(form: Questionnaire) -> dict[str, list[str]]:
    """Question -> its wording in an earlier questionnaire file: the `seen` of `advise`."""
    return {question.id: [question.title.vi] for question in form.questions.values()}


def recoded(form: Questionnaire, earlier: Questionnaire) -> list[Advice]:
    """Questions of an earlier file whose choices have other words or codes now."""
    found = []
    for question in form.questions.values():
        was = earlier.questions.get(question.id)
        now_list, was_list = _list(form, question), _list(earlier, was) if was else None
        if now_list and was_list and _coded(now_list) != _coded(was_list):
            new = sorted(set(_coded(now_list)) ^ set(_coded(was_list)))
            found.append(
                Advice(question.id, _CHANGED, "; ".join(f"{code} = “{words}”" for code, words in new), _NEW_ID)
            )
    return found


def _coded(choices: ChoiceList) -> list[tuple[str, str]]:
    return [(str(choice.value), choice.label.vi) for choice in choices.options]


def advise(form: Questionnaire, seen: Mapping[str, Sequence[str]] | None = None) -> list[Advice]:
    """Everything to look at in a questionnaire; [] for a good one.

    `seen`: every header that a question has had in a sheet so far (ledger.headers): a wording that is not among them is a
    new series under an old id.
    """
    found = [*_nearly_the_same(form), *_changed(form, seen or {}), *_too_long(form), *_dead_ends(form), *_one_way(form)]
    found += [*_unshowable(form), *_untranslated(form.id, (form.title, form.notice, form.thanks))]
    for name, listed in form.choices.items():
        found += _untranslated(f"choices, {name}", [choice.label for choice in listed.options])
    for scale in form.scales:
        found += _untranslated(scale.id, (scale.title,))
    for section in form.sections:
        found += _untranslated(section.id, (section.title, section.text))
        for question in section.questions:
            found += _untranslated(question.id, (question.title, question.hint, *(row.title for row in question.rows)))
            found += _grid(form, question)
        for question in section.items:
            found += [*_double_barrelled(form, question), *_sensitive(form, question)]
            if choices := _list(form, question):
                found += _choices(question, choices)
    return found


def minutes(form: Questionnaire, answers: Mapping[str, object] | None = None) -> float:
    """How long the form takes on a phone, for somebody who gives these answers to the questions that branch.

    Reading at 240 words a minute, and a few seconds for each answer by its kind; the notice is read too.
    """
    words, seconds = len(form.notice.vi.split()), 0.0
    for section in form.sections:
        if all((answers or {}).get(gate, values[0]) in values for gate, values in section.only.items()):
            words += len(section.title.vi.split()) + len(section.text.vi.split())
            lists: set[int] = set()
            for question in section.questions:
                words += len(question.title.vi.split()) + len(question.hint.vi.split())
                words += sum(len(row.title.vi.split()) for row in question.rows)
                choices = _list(form, question)
                if choices and id(choices) not in lists:
                    lists.add(id(choices))  # the same choices again are not read again
                    words += sum(len(choice.label.vi.split()) for choice in choices.options)
                seconds += SECONDS[question.type] * max(1, len(question.rows))
    return words / WORDS_A_MINUTE + seconds / 60


def longest(form: Questionnaire) -> float:
    """The minutes of whoever meets most questions."""
    gates = {(gate, value) for section in form.sections for gate, values in section.only.items() for value in values}
    paths: list[dict[str, object]] = [{gate: value} for gate, value in sorted(gates, key=str)] or [{}]
    waves = {wave for section in form.sections for wave in section.waves} or {0}
    return max(minutes(form.of_wave(wave), path) for wave in waves for path in paths)


def _too_long(form: Questionnaire) -> Iterator[Advice]:
    if longest(form) > LONGEST:
        yield Advice(
            form.id,
            Text(
                "Phiếu trả lời trên điện thoại trong 8–10 phút.", "A form is filled in on a phone in 8 to 10 minutes."
            ),
            str(Text(f"khoảng {longest(form):.0f} phút", f"about {longest(form):.0f} minutes")),
            Text("Bỏ những câu mà không kết quả nào dùng tới.", "Drop the questions that no result rests on."),
        )


def _nearly_the_same(form: Questionnaire) -> Iterator[Advice]:
    from rapidfuzz import fuzz

    questions = list(form.questions.values())
    for place, one in enumerate(questions):
        for two in questions[place + 1 :]:
            if fuzz.ratio(plain(one.title.vi), plain(two.title.vi)) >= ALIKE:
                yield Advice(
                    two.id,
                    Text("Hai câu phải khác nhau rõ ràng.", "Two questions differ plainly."),
                    str(Text(f"gần giống câu {one.id}: “{two.title.vi}”", f"nearly {one.id}: “{two.title}”")),
                    Text("Bỏ một câu, hoặc viết khác hẳn.", "Drop one, or word it otherwise."),
                )


def _changed(form: Questionnaire, seen: Mapping[str, Sequence[str]]) -> Iterator[Advice]:
    for question in form.questions.values():
        before = {plain(header) for header in seen.get(question.id, ())}
        if before and not before & {plain(question.title.vi), plain(question.title.en)}:
            was = seen[question.id][0]
            yield Advice(question.id, _CHANGED, str(Text(f"trước đây là “{was}”", f"it was “{was}”")), _NEW_ID)


_CHANGED = Text(
    "Câu đã hỏi giữ nguyên lời; lời mới là một chuỗi số liệu mới, cần mã mới.",
    "A question that was asked keeps its wording; a new wording is a new series and needs a new id.",
)
_NEW_ID = Text(
    "Trả lại lời cũ, hoặc đặt mã khác cho câu mới.", "Give back the old words, or give the new question another id."
)


def _unshowable(form: Questionnaire) -> Iterator[Advice]:
    """What Google Forms cannot show; units and roles, which each school fills in, are those that branches name."""
    values = {name: {value for section in form.sections for gate, named in section.only.items()
                     if form.questions[gate].choices == name for value in named} for name in FROM_STUDY}  # fmt: skip
    units, roles = (
        ChoiceList(
            options=tuple(Choice(value=str(one), label=Text(str(one))) for one in [*sorted(values[name], key=str), "-"])
        )
        for name in FROM_STUDY
    )
    try:
        forms.plan(form.filled(units, roles))
    except QuestionnaireError as error:
        yield Advice(error.where, error.rule, str(error.found), error.cure)


def _dead_ends(form: Questionnaire) -> Iterator[Advice]:
    for section in form.sections:
        for gate, values in section.only.items():
            question = form.questions[gate]
            choices = _list(form, question)
            if choices is None:
                continue  # the values are each school's own
            known = {choice.value for choice in choices.options}
            for value in values:
                if value not in known:
                    yield Advice(
                        section.id,
                        Text("only nêu những lựa chọn có trong câu ấy.", "only names choices that the question has."),
                        f"{gate}: {value}",
                        Text(
                            "Sửa mã lựa chọn; không thì không ai được hỏi phần này.",
                            "Mend the code: nobody would be asked.",
                        ),
                    )


def _one_way(form: Questionnaire) -> Iterator[Advice]:
    scaled = {section.id: [q for q in section.items if _order(form, q) == "agreement"] for section in form.sections}
    one_way = [name for name, asked in scaled.items() if len(asked) >= 4 and len({q.reverse for q in asked}) == 1]
    scaled[form.id] = [question for asked in scaled.values() for question in asked]
    if not one_way and len(scaled[form.id]) >= 4 and len({question.reverse for question in scaled[form.id]}) == 1:
        one_way = [form.id]
    for name in one_way:
        yield Advice(
            name,
            Text(
                "Trong một loạt câu đồng ý/không đồng ý có ít nhất một câu viết ngược, để nhận ra người chọn một cột.",
                "Among statements to agree with at least one is worded the other way, to tell who picks one column.",
            ),
            str(Text(f"{len(scaled[name])} câu cùng một chiều", f"{len(scaled[name])} statements in one direction")),
            Text("Viết ngược một câu và ghi reverse: true.", "Turn one round and write reverse: true."),
        )


def _untranslated(where: str, texts: Sequence[Text]) -> Iterator[Advice]:
    for text in texts:
        if LETTERS.search(text.vi) and text.en in ("", text.vi) and not text.vi.isascii():
            yield Advice(
                where,
                Text("Mỗi lời có bản tiếng Việt và tiếng Anh.", "Every wording is there in Vietnamese and English."),
                f"“{text.vi}”",
                Text("Viết title: {vi: …, en: …}.", "Write title: {vi: …, en: …}."),
            )


def _grid(form: Questionnaire, question: Question) -> Iterator[Advice]:
    if question.type == "grid":
        wide = len(form.choices_of(question).options)
        yield Advice(
            question.id,
            Text(
                "Trên điện thoại, bảng phải kéo ngang và dễ chọn nhầm hàng.",
                "On a phone a grid has to be dragged sideways, and rows are mistaken for one another.",
            ),
            str(
                Text(
                    f"bảng {len(question.rows)} hàng × {wide} cột" + (", rộng hơn màn hình" if wide > WIDEST else ""),
                    f"a grid of {len(question.rows)} rows × {wide} columns"
                    + (", wider than the screen" if wide > WIDEST else ""),
                )
            ),
            Text("Tách mỗi hàng thành một câu riêng (type: single).", "Make each row a question (type: single)."),
        )


def _double_barrelled(form: Questionnaire, question: Question) -> Iterator[Advice]:
    order, title = _order(form, question), re.sub(r"\([^)]*\)", "", question.title.vi)
    if (order == "agreement" and TWO_THINGS.search(title)) or (order != "none" and BOTH_AT_ONCE.search(title)):
        yield Advice(
            question.id,
            Text("Một câu hỏi một điều.", "A question asks one thing."),
            f"“{question.title.vi}”",
            Text("Tách thành hai câu, hoặc bỏ vế phụ.", "Make two of it, or drop one part."),
        )


def _sensitive(form: Questionnaire, question: Question) -> Iterator[Advice]:
    choices = _list(form, question)
    texts = [question.title, *(choice.label for choice in (choices.options if choices else ()))]
    asked = " ".join(f"{text.vi} {text.en}" for text in texts)
    for kind, words in SENSITIVE.items():
        if re.search(words, asked, re.IGNORECASE):
            yield Advice(
                question.id,
                Text(
                    "Không hỏi dữ liệu cá nhân nhạy cảm (Luật Bảo vệ dữ liệu cá nhân).",
                    "Sensitive personal data are not asked for (Law on the protection of personal data).",
                ),
                str(kind),
                Text("Bỏ câu này.", "Drop this question."),
            )


def _choices(question: Question, choices: ChoiceList) -> Iterator[Advice]:
    for choice in choices.options:
        if isinstance(question.choices, ChoiceList):
            yield from _untranslated(question.id, (choice.label,))
        if question.type == "several" and re.search("[,;]", choice.label.vi + choice.label.en):
            yield Advice(
                question.id,
                Text("Lựa chọn của câu chọn nhiều không có dấu phẩy hay chấm phẩy: Google nối chúng bằng những dấu ấy.",
                     "Choices of which several may be picked hold no comma or semicolon: Google joins them by these."),
                f"“{choice.label.vi}”",
                Text("Viết lại không dấu phẩy.", "Word it without a comma."),
            )  # fmt: skip
    if choices.order == "agreement":
        yield from _unbalanced(question, choices.valid)
    if question.type == "single" and choices.order != "none" and len(choices.valid) > MOST_CHOICES:
        yield Advice(
            question.id,
            Text("Trên điện thoại, một câu có không quá mười mức.", "On a phone a question has ten steps at most."),
            str(len(choices.valid)),
            Text("Gộp các mức.", "Join some steps."),
        )


def _unbalanced(question: Question, choices: Sequence[Choice]) -> Iterator[Advice]:
    plainly = [choice for choice in choices if not MIDDLE.search(choice.label.vi)]
    against = sum(bool(NEGATIVE.search(choice.label.vi)) for choice in plainly)
    if 2 * against != len(plainly):
        yield Advice(
            question.id,
            Text(
                "Thang đồng ý có số mức đồng ý bằng số mức không đồng ý.",
                "A scale of agreement has as many steps for as against.",
            ),
            str(
                Text(
                    f"{len(plainly) - against} mức đồng ý, {against} mức không",
                    f"{len(plainly) - against} for, {against} against",
                )
            ),
            Text("Thêm hoặc bỏ một mức.", "Add or drop a step."),
        )


def _list(form: Questionnaire, question: Question) -> ChoiceList | None:
    """The choices of a question that the questionnaire itself holds; None for units and roles, which each study fills in."""
    unfilled = isinstance(question.choices, str) and question.choices not in form.choices
    return (
        None if question.choices is None or unfilled or question.use in ("unit", "role") else form.choices_of(question)
    )


def _order(form: Questionnaire, question: Question) -> str:
    choices = _list(form, question)
    return choices.order if choices and question.type == "single" else "none"
