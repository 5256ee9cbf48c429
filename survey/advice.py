"""A questionnaire read as a methodologist reads it: what may spoil the answers, where, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from survey.errors import Text
from survey.questionnaire import Choice, ChoiceList, Question, Questionnaire, plain

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
NEGATIVE = re.compile(r"\b(không|chưa|ít|kém|disagree|not|never|poor|dis\w+)\b", re.IGNORECASE)
MIDDLE = re.compile(r"nửa|trung lập|bình thường|phân vân|neither|neutral|undecided", re.IGNORECASE)
SENSITIVE = {
    Text("dân tộc", "ethnicity"): r"dân tộc (của|thầy|anh|bạn)|là người dân tộc|ethnic|\brace\b",
    Text("tôn giáo", "religion"): r"tôn giáo|tín ngưỡng|religio",
    Text(
        "đảng phái, chính kiến", "party or political views"
    ): r"đảng viên|vào đảng|chính kiến|party member|political view",
    Text(
        "sức khỏe, đời tư", "health or private life"
    ): r"tình trạng sức khỏe|bệnh (của|mà)|tình trạng hôn nhân|health condition|marital",
    Text("giấy tờ tùy thân", "identity papers"): r"căn cước|cccd|\bcmnd\b|số tài khoản|identity card|bank account",
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


def advise(form: Questionnaire, seen: Mapping[str, Sequence[str]] | None = None) -> list[Advice]:
    """Everything to look at in a questionnaire; [] for a good one.

    `seen`: every header that a question has had in a sheet so far (ledger.headers): a wording that is not among them is a
    new series under an old id.
    """
    found = [*_nearly_the_same(form), *_changed(form, seen or {}), *_too_long(form), *_dead_ends(form), *_one_way(form)]
    for section in form.sections:
        found += _untranslated(section.id, (section.title,))
        for question in section.questions:
            found += _untranslated(question.id, (question.title, *(row.title for row in question.rows)))
            found += _grid(form, question)
        for question in section.items:
            found += [*_double_barrelled(form, question), *_sensitive(question)]
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
            yield Advice(
                question.id,
                Text(
                    "Câu đã hỏi giữ nguyên lời; lời mới là một chuỗi số liệu mới, cần mã mới.",
                    "A question that was asked keeps its wording; a new wording is a new series and needs a new id.",
                ),
                str(Text(f"trước đây là “{seen[question.id][-1]}”", f"it was “{seen[question.id][-1]}”")),
                Text(
                    "Trả lại lời cũ, hoặc đặt mã khác cho câu mới.",
                    "Give back the old words, or give the new question another id.",
                ),
            )


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
    for section in form.sections:
        scaled = [q for q in section.items if _order(form, q) == "agreement"]
        if len(scaled) >= 4 and len({question.reverse for question in scaled}) == 1:
            yield Advice(
                section.id,
                Text(
                    "Trong một loạt câu đồng ý/không đồng ý có ít nhất một câu viết ngược, để nhận ra người chọn một cột.",
                    "Among statements to agree with at least one is worded the other way, to tell who picks one column.",
                ),
                str(Text(f"{len(scaled)} câu cùng một chiều", f"{len(scaled)} statements in one direction")),
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
    if _order(form, question) == "agreement" and TWO_THINGS.search(re.sub(r"\([^)]*\)", "", question.title.vi)):
        yield Advice(
            question.id,
            Text("Một câu hỏi một điều.", "A question asks one thing."),
            f"“{question.title.vi}”",
            Text("Tách thành hai câu, hoặc bỏ vế phụ.", "Make two of it, or drop one part."),
        )


def _sensitive(question: Question) -> Iterator[Advice]:
    for kind, words in SENSITIVE.items():
        if re.search(words, f"{question.title.vi} {question.title.en}", re.IGNORECASE):
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
        if question.type == "several" and "," in choice.label.vi:
            yield Advice(
                question.id,
                Text("Lựa chọn của câu chọn nhiều không có dấu phẩy: Google nối chúng bằng dấu phẩy.",
                     "Choices of which several may be picked hold no comma: Google joins them by commas."),
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
