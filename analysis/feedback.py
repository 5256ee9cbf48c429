"""A page on which people see their own levels beside the school's published averages; it sends and keeps nothing."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from pathlib import Path

from analysis.review import Review
from analysis.sentences import PRETEND, number
from survey.errors import StudyError, Text, spoken
from survey.questionnaire import Question, Questionnaire, Scale
from survey.study import Study

TEMPLATE = Path(__file__).with_name("feedback.html")
# Means of 0 to 4 from which a level begins: 2 is "with guidance", 3 "on my own", 4 "well, and guiding colleagues".
LEVELS = (
    (0.0, Text("Cơ bản", "Basic"), Text(
        "chưa tự làm, hoặc còn cần người hướng dẫn. Chọn một việc, nhờ đồng nghiệp làm cùng một lần.",
        "not yet, or with guidance. Choose one task and do it once together with a colleague.")),
    (2.5, Text("Thành thạo", "Proficient"), Text(
        "tự làm trong công việc. Chọn một việc để làm tốt hơn, chia sẻ cách làm trong tổ.",
        "on one's own at work. Choose one task to do better, and share how in the unit.")),
    (3.5, Text("Nâng cao", "Advanced"), Text(
        "làm thành thạo và hướng dẫn đồng nghiệp. Nhận giúp một đồng nghiệp trong học kì này.",
        "well, and guiding colleagues. Take on one colleague to help this term.")),
)  # fmt: skip


def level(mean: float) -> Text:
    """The level of a mean of ordered statements (0 to 4): below 2.5 basic, below 3.5 proficient, else advanced."""
    return [words for least, words, _ in LEVELS if mean >= least][-1]


def page(study: Study, wave: int | None = None) -> str:
    """The page as one HTML file that needs nothing else.

    wave: whose published averages stand beside (None: none). Averages are those that may be shown; a hidden one is said to
    be hidden. Raises StudyError where the questionnaire has no scale of ordered statements.
    """
    form = study.form
    scales = _scales(form)
    if not scales:
        raise StudyError(
            form.id,
            rule=Text(
                "Trang tự xem cần một thang đo gồm các câu mức độ thực hành.", "There is a scale of ordered statements."
            ),
            found=Text("phiếu không có thang đo như vậy", "this questionnaire has none"),
            cure=Text(
                "Dùng với phiếu có order: practice, ví dụ staff.",
                "Use it with a form of order: practice, such as staff.",
            ),
        )
    averages = _averages(study, wave, scales) if wave is not None else {}
    data = {
        "scales": [{"id": s.id, "title": str(s.title), "items": list(s.items), "least": s.least} for s in scales],
        "averages": averages,
        "wave": wave,
        "levels": [[least, str(words), str(what)] for least, words, what in LEVELS],
        "language": spoken(),
        "words": {name: str(text) for name, text in WORDS.items()},
    }
    script = TEMPLATE.with_suffix(".js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    parts = {
        "LANGUAGE": spoken(),
        "SCRIPT_HASH": digest,
        "TITLE": html.escape(str(Text("Tự xem mức của mình", "See your own levels"))),
        "SCHOOL": html.escape(str(study.school.name)),
        "PRETEND": f"<p class='pretend'>{html.escape(str(PRETEND))}</p>" if study.pretend else "",
        "INTRO": html.escape(str(INTRO)),
        "LEVELS": "".join(
            f"<li><strong>{html.escape(str(w))}</strong>: {html.escape(str(t))}</li>" for _, w, t in LEVELS
        ),
        "QUESTIONS": _questions(form, scales),
        "SHOW": html.escape(str(WORDS["show"])),
        "RESULT": html.escape(str(WORDS["result"])),
        "DATA": json.dumps(data, ensure_ascii=False).replace("<", "\\u003c"),
        "SCRIPT": script,
    }
    text = TEMPLATE.read_text(encoding="utf-8")
    for name, value in parts.items():
        text = text.replace(f"@{name}@", value)
    return text


INTRO = Text(
    "Trả lời cho riêng mình. Trang này không gửi, không lưu gì, không ai khác xem được; đóng trang là hết. Tự đánh giá không "
    "phải là xếp loại. Câu nào không thuộc việc của mình thì bỏ qua.",
    "Answer for yourself alone. This page sends nothing, keeps nothing, and nobody else sees it; close it and all is gone. A "
    "self-rating is no assessment. Skip what is not part of your work.",
)
WORDS = {
    "show": Text("Xem mức của mình", "See my levels"),
    "result": Text("Mức của mình", "Your levels"),
    "you": Text("Mình", "You"),
    "school": Text("Trung bình của trường", "The school's average"),
    "hidden": Text("chưa công bố (ít người)", "not published (few people)"),
    "none": Text("chưa có số liệu của trường", "no figures of the school yet"),
    "few": Text("trả lời chưa đủ câu", "too few answers"),
    "answered": Text("câu đã trả lời", "answered"),
}


def _scales(form: Questionnaire) -> list[Scale]:
    return [scale for scale in form.scales if all(_is_practice(form, form.questions[item]) for item in scale.items)]


def _is_practice(form: Questionnaire, question: Question) -> bool:
    return question.type == "single" and form.choices_of(question).order == "practice"


def _averages(study: Study, wave: int, scales: list[Scale]) -> dict[str, str | None]:
    """Scale -> its mean as it may be published, rounded to one decimal; None: hidden."""
    levels = Review.of(study, wave).levels
    now = levels[levels["wave"] == wave].set_index("item")
    found: dict[str, str | None] = {}
    for scale in scales:
        shown = scale.id in now.index and bool(now.loc[scale.id, "shown"])
        found[scale.id] = number(now.loc[scale.id, "estimate"], 1) if shown else None
    return found


def _questions(form: Questionnaire, scales: list[Scale]) -> str:
    """The items of the scales, section by section, as groups of radio buttons."""
    wanted = {item for scale in scales for item in scale.items}
    parts = []
    for section in form.sections:
        items = [question for question in section.items if question.id in wanted]
        if items:
            parts.append(f"<h2>{html.escape(str(section.title))}</h2>")
            parts += [_question(form, item) for item in items]
    return "\n".join(parts)


def _question(form: Questionnaire, question: Question) -> str:
    options = "".join(
        f'<label class="option"><input type="radio" name="{question.id}" value="{choice.value}"> '
        f"<span>{html.escape(str(choice.label))}</span></label>"
        for choice in form.choices_of(question).valid
    )
    return f'<fieldset class="card"><legend>{html.escape(str(question.title))}</legend>{options}</fieldset>'
