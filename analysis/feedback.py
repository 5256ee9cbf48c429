"""Personal feedback without names: a page on which staff rate their own skills, reckoned in their browser and sent nowhere."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import math
import re
from dataclasses import dataclass
from pathlib import Path

from analysis.review import Review
from analysis.sentences import PRETEND, number
from survey import store
from survey.errors import QuestionnaireError, Text, spoken
from survey.questionnaire import Question, Questionnaire, Scale, Section
from survey.study import Study

TEMPLATE = Path(__file__).parent / "feedback.html"
STATEMENTS = (0, 1, 2, 3, 4)  # the codes that the levels are told from


@dataclass(frozen=True)
class Level:
    """A level of Circular 18/2026 as told from answers of 0 to 4: what it means, and what one may do next."""

    below: float  # a mean less than this is of this level, unless it is of the one before
    name: Text
    meaning: Text
    advice: Text


LEVELS = (
    Level(
        2.5,
        Text("Cơ bản", "Basic"),
        Text(
            "Đang làm quen: chưa biết, chưa tự làm, hoặc còn cần người hướng dẫn.",
            "Getting started: not known yet, not done yet, or done with somebody's guidance.",
        ),
        Text(
            "Chọn một việc hay gặp nhất, nhờ đồng nghiệp làm mẫu một lần, rồi tự làm lại ngay trong tuần.",
            "Pick the task you meet most, ask a colleague to show you once, then do it yourself within the week.",
        ),
    ),
    Level(
        3.5,
        Text("Thành thạo", "Proficient"),
        Text("Tự làm được trong công việc, không cần ai giúp.", "Done on one's own at work, without help."),
        Text(
            "Dùng đều trong công việc, ghi lại các bước, rồi thử chỉ cho một đồng nghiệp.",
            "Use it regularly at work, note down the steps, then try showing a colleague.",
        ),
    ),
    Level(
        math.inf,
        Text("Nâng cao", "Advanced"),
        Text("Làm thành thạo và hướng dẫn được đồng nghiệp.", "Done well, and colleagues are guided in it."),
        Text(
            "Chia sẻ cách làm ở tổ, và nhận giúp một đồng nghiệp đang cần đúng việc này.",
            "Share the way you do it in your unit, and help one colleague who needs just this.",
        ),
    ),
)


def level(mean: float) -> Level:
    """The level of an answer (0 to 4) or of a mean of such answers."""
    return next(level for level in LEVELS if mean < level.below)


def page(study: Study, wave: int | None) -> str:
    """One HTML file that needs nothing else: rate yourself, and see your means beside the school's published ones.

    wave: whose sections are asked and whose averages are shown; the last one imported (or else the first), if none is named.
    Raises QuestionnaireError where the questionnaire has no skill items on the five statements 0 to 4.
    """
    wave = wave_of(study, wave)
    form = study.form if wave is None else study.form.of_wave(wave)
    sections = _skill_sections(form)
    scales = _skill_scales(form, sections)
    school = averages(study, wave, scales)
    parts = {
        "language": spoken(),
        "policy": _policy(),
        "title": html.escape(str(Text("Tự đánh giá kỹ năng số", "Rate your own digital skills"))),
        "school": html.escape(str(study.school.name)),
        "pretend": f'<p class="pretend">{html.escape(str(PRETEND))}</p>' if study.pretend else "",
        "privacy": _privacy(),
        "levels": _levels(),
        "role": _role(form, sections),
        "sections": "\n".join(_section(form, place, *part) for place, part in enumerate(sections)),
        "source": html.escape(str(_source(wave, school))),
        "order": _safe(_order(form, sections)),
        "next": "\n".join(_next(place) for place in range(len(LEVELS))),
        "data": _json(_data(form, sections, scales, school, wave)),
    }
    parts |= {name: html.escape(str(words)) for name, words in WORDS.items()}
    return re.sub(r"\{\{(\w+)\}\}", lambda place: parts[place[1]], _template())


def wave_of(study: Study, wave: int | None) -> int | None:
    """The wave that a page is for; None where the study has none. Raises StudyError for one that it does not know."""
    if wave is not None:
        return study.wave(wave).id
    held = store.waves(study)
    return held[-1] if held else next((known.id for known in study.waves), None)


def averages(study: Study, wave: int | None, scales: list[Scale]) -> dict[str, float | None]:
    """Scale -> its mean in the wave as the report publishes it, to one decimal; None where it is hidden.

    Empty where the wave is not imported.
    """
    if wave not in store.waves(study):
        return {}
    levels = Review.of(study, wave).levels
    shown = {row.item: round(float(row.estimate), 1) for row in levels.itertuples() if row.wave == wave and row.shown}
    return {scale.id: shown.get(scale.id) for scale in scales}


def name_of(wave: int | None) -> str:
    """The name of the file: tu-danh-gia-2027.html."""
    return "-".join([str(Text("tu-danh-gia", "self-rating")), *([] if wave is None else [str(wave)])]) + ".html"


# --- What is asked

Skills = list[tuple[Section, list[Question]]]


def _skill_sections(form: Questionnaire) -> Skills:
    """The sections that ask skill items, with these items alone."""
    skills = {
        item for item in form.items(order="practice") if "then" not in form.questions[item].tags
    }  # as they are now
    found = [(section, [item for item in section.items if item.id in skills]) for section in form.sections]
    found = [(section, items) for section, items in found if items]
    codes = {tuple(form.value_labels(item.id)) for _, items in found for item in items}
    if codes != {STATEMENTS}:
        raise QuestionnaireError(
            form.id,
            rule=Text(
                "Trang tự đánh giá cần câu kỹ năng: chọn một trong năm mức 0–4 của một danh sách có order: practice.",
                "The page needs skill items: one choice of five, 0 to 4, from a list with order: practice.",
            ),
            found=" | ".join(", ".join(map(str, row)) for row in sorted(codes, key=str))
            or str(Text("không có câu nào như vậy", "there is none")),
            cure=Text("Xem danh sách practice trong phiếu staff.", "See the list practice of the questionnaire staff."),
        )
    return found


def _skill_scales(form: Questionnaire, sections: Skills) -> list[Scale]:
    asked = {item.id for _, items in sections for item in items}
    return [scale for scale in form.scales if asked.issuperset(scale.items)]


def _roles(form: Questionnaire, section: Section) -> list[str] | None:
    """The roles that a section is asked of; None where it is asked of all."""
    role = form.used_as("role")
    return [str(value) for value in section.only[role.id]] if role and role.id in section.only else None


def _data(
    form: Questionnaire, sections: Skills, scales: list[Scale], school: dict[str, float | None], wave: int | None
) -> dict[str, object]:
    """All that the script is told."""
    return {
        "bounds": [level.below for level in LEVELS[:-1]],
        "levels": [str(level.name) for level in LEVELS],
        "most": max(STATEMENTS),
        "comma": "," if spoken() == "vi" else ".",
        "sections": [_roles(form, section) for section, _ in sections],
        "items": {
            item.id: {"title": str(item.title), "reverse": item.reverse} for _, items in sections for item in items
        },
        "scales": [
            {
                "title": str(scale.title),
                "items": scale.items,
                "least": scale.least * len(scale.items),
                "school": school.get(scale.id),
            }
            for scale in scales
        ],
        "compared": bool(school),
        "words": {name: str(words) for name, words in _said(wave).items()},
    }


# --- What is said

WORDS = {
    "how": Text("Ba mức", "Three levels"),
    "start": Text("Bắt đầu", "Start"),
    "noscript": Text(
        "Trình duyệt này đang tắt JavaScript nên trang không tính được. Xin bật lên, hoặc mở bằng trình duyệt khác.",
        "JavaScript is off in this browser, so the page cannot work out a score. Please turn it on, or use another browser.",
    ),
    "show": Text("Xem kết quả của tôi", "Show my result"),
    "missed": Text("Đến việc chưa chọn", "Go to what is not answered"),
    "result": Text("Kết quả của tôi", "My result"),
    "own_key": Text("Điểm của tôi", "My score"),
    "school_key": Text("Trung bình của trường", "The school's average"),
    "bounds_key": Text(
        f"Vạch đứt ở {LEVELS[0].below} và {LEVELS[1].below}: ranh giới giữa các mức".replace(".", ","),
        f"Dashed lines at {LEVELS[0].below} and {LEVELS[1].below}: where a level ends",
    ),
    "tasks": Text("Từng việc, và làm gì tiếp", "Task by task, and what to do next"),
    "print": Text("In kết quả", "Print the result"),
    "clear": Text("Xóa hết, làm lại", "Clear everything"),
    "reminder": Text(
        "Đây là điều mình tự nhận, không phải kết quả đánh giá. Đóng trang hoặc bấm “Xóa hết” thì không còn gì.",
        "This is what you say of yourself, not an assessment. Close the page or press “Clear everything”, and nothing is left.",
    ),
}


def _said(wave: int | None) -> dict[str, Text]:
    """What the script says; names in braces are filled in."""
    year = "" if wave is None else f" {wave}"
    return {
        "progress": Text("Đã chọn {done} trên {all} việc.", "{done} of {all} tasks answered."),
        "mine": Text("Tôi: {mean} trên {most}", "Me: {mean} of {most}"),
        "school": Text(f"Trường{year}: {{mean}}", f"School{year}: {{mean}}"),
        "hidden": Text(f"Trường{year}: chưa công bố (nhóm nhỏ)", f"School{year}: not published (small group)"),
        "few": Text(
            "Chưa đủ để tính: đã chọn {done} trên {all} việc, cần ít nhất {least}.",
            "Too few to work out a score: {done} of {all} tasks answered, at least {least} are needed.",
        ),
        "some": Text("tính trên {done} trong {all} việc", "from {done} of {all} tasks"),
        "nothing": Text("Chưa chọn câu nào.", "Nothing is answered yet."),
        "count": Text("{n} việc", "tasks: {n}"),
    }


def _source(wave: int | None, school: dict[str, float | None]) -> Text:
    """Where the school's averages come from, or why there are none."""
    if not school:
        return Text(
            "Chưa có số liệu khảo sát của trường để so sánh; điểm của mình vẫn tính được.",
            "There are no survey figures of the school to compare with yet; your own score is shown all the same.",
        )
    if all(mean is None for mean in school.values()):
        return Text(
            f"Trung bình của trường trong đợt khảo sát năm {wave} chưa công bố, vì nhóm trả lời nhỏ.",
            f"The school's averages of the survey of {wave} are not published, because the group is small.",
        )
    return Text(
        f"Trung bình của trường là số đã công bố của đợt khảo sát năm {wave}, làm tròn đến một chữ số.",
        f"The school's averages are those published of the survey of {wave}, rounded to one decimal.",
    )


def _order(form: Questionnaire, sections: Skills) -> Text:
    """What to do."""
    if _role(form, sections):
        return Text(
            "Chọn vai trò, rồi với mỗi việc chọn mức đúng nhất với mình. Việc nào không chắc có thể bỏ qua.",
            "Choose your role, then for each task the level that fits you best. You may skip what you are not sure of.",
        )
    return Text(
        "Với mỗi việc, chọn mức đúng nhất với mình. Việc nào không chắc có thể bỏ qua.",
        "For each task choose the level that fits you best. You may skip what you are not sure of.",
    )


def _privacy() -> str:
    head = Text("Chỉ mình tôi thấy", "Only I see this")
    lines = (
        Text(
            "Trang này tính ngay trên máy đang dùng. Không gửi gì đi, không lưu gì lại, không ai xem được câu trả lời: nhà "
            "trường cũng không.",
            "The score is worked out on the device you are using. Nothing is sent, nothing is stored, nobody sees the "
            "answers, not even the school.",
        ),
        Text(
            "Tự chấm điểm không phải là đánh giá: không dùng để xếp loại hay xét thi đua, chỉ để mình biết nên học gì tiếp.",
            "Rating yourself is no assessment: it grades nobody and decides no award; it only tells you what to learn next.",
        ),
    )
    return f"<h2>{_safe(head)}</h2>" + "".join(f"<p>{_safe(line)}</p>" for line in lines)


def _levels() -> str:
    """The levels in words, and how they are told from the answers."""
    rule = Text(
        "Tên ba mức theo Thông tư 18/2026/TT-BGDĐT; cách quy đổi từ câu trả lời là của bộ câu hỏi này, Thông tư không quy định.",
        "The names are those of Circular 18/2026/TT-BGDĐT; how answers become levels is this survey's rule, not the Circular's.",
    )
    rows = "".join(
        f'<li><strong class="level l{place}">{_safe(level.name)}</strong> '
        f'<span>{_safe(level.meaning)} <span class="range">{_safe(_range(place))}</span></span></li>'
        for place, level in enumerate(LEVELS)
    )
    return f'<ul class="levels">{rows}</ul><p class="note">{_safe(rule)}</p>'


def _range(place: int) -> Text:
    """From which mean to which a level goes, in words."""
    low, high = LEVELS[place - 1].below if place else None, LEVELS[place].below
    if low is None:
        return Text(f"(trung bình dưới {number(high, 1)})", f"(mean below {number(high, 1)})")
    if math.isinf(high):
        return Text(f"(trung bình từ {number(low, 1)})", f"(mean of {number(low, 1)} or more)")
    return Text(
        f"(trung bình từ {number(low, 1)} đến dưới {number(high, 1)})",
        f"(mean of {number(low, 1)} to below {number(high, 1)})",
    )


def _next(place: int) -> str:
    level = LEVELS[place]
    return (
        f'<div class="next" id="next{place}"><h3><span class="level l{place}">{_safe(level.name)}</span> '
        f'<span class="count"></span></h3><p>{_safe(level.advice)}</p><ul></ul></div>'
    )


# --- The form


def _role(form: Questionnaire, sections: Skills) -> str:
    """The role first, where it decides what is asked."""
    role = form.used_as("role")
    if role is None or all(_roles(form, section) is None for section, _ in sections):
        return ""
    choices = [(str(choice.value), choice.label) for choice in form.choices_of(role).valid]
    return f'<div id="role">{_radios("role", role.title, choices)}</div>'


def _section(form: Questionnaire, place: int, section: Section, items: list[Question]) -> str:
    text = f"<p>{_safe(section.text)}</p>" if str(section.text) else ""
    asked = "\n".join(_item(form, item) for item in items)
    return f'<section class="skills" id="skills{place}" hidden>\n<h2>{_safe(section.title)}</h2>{text}\n{asked}\n</section>'


def _item(form: Questionnaire, item: Question) -> str:
    options = form.choices_of(item).options
    return _radios(item.id, item.title, [("" if c.missing else str(c.value), c.label) for c in options])


def _radios(name: str, legend: Text, choices: list[tuple[str, Text]]) -> str:
    """A group of radio buttons; an empty value is an answer that does not count."""
    rows = "\n".join(
        f'<label><input type="radio" name="{_safe(name)}" value="{_safe(value)}"> <span>{_safe(label)}</span></label>'
        for value, label in choices
    )
    return f'<fieldset>\n<legend>{_safe(legend)}</legend>\n<div class="choices n{len(choices)}">\n{rows}\n</div>\n</fieldset>'


# --- The file


def _template() -> str:
    return TEMPLATE.read_text(encoding="utf-8")


def _policy() -> str:
    """What the browser lets the page do: run its own script, use its own style, and nothing else."""
    own = {
        tag: " ".join(
            f"'sha256-{_digest(part)}'" for part in re.findall(rf"<{tag}>(.*?)</{tag}>", _template(), re.DOTALL)
        )
        for tag in ("style", "script")
    }
    return (
        f"default-src 'none'; style-src {own['style']}; script-src {own['script']}; form-action 'none'; base-uri 'none'"
    )


def _digest(part: str) -> str:
    return base64.b64encode(hashlib.sha256(part.encode()).digest()).decode()


def _json(data: dict[str, object]) -> str:
    return json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")


def _safe(words: object) -> str:
    return html.escape(str(words))
