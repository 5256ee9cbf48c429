"""Questionnaire + study -> pretend people with a known truth, and the response sheets that Google would write of them."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from survey import store
from survey.errors import Text
from survey.questionnaire import Question, Questionnaire
from survey.study import Study, Wave

REMARKS = (
    "Cần thêm buổi tập huấn thực hành.",
    "Mạng ở dãy phòng học phía sau còn chậm.",
    "Mong có kho học liệu dùng chung cho cả tổ.",
    "Đồng nghiệp hỗ trợ nhau rất tốt.",
    "Nên bớt việc nhập cùng một số liệu vào nhiều phần mềm.",
)
OWN_WORDS = ("Việc khác, chưa có trong danh sách", "Tùy từng tháng")
LETTERS = "ABCDEGHKLMNPQRSTVXY"


@dataclass(frozen=True)
class Truth:
    """What the pretend people are like. Levels and growth are in standard deviations of a person's answers."""

    level: float = -0.2
    growth: dict[int, float] = field(default_factory=lambda: {1: 0.30, 2: 0.12})  # a year, in each phase
    growth_of_content: dict[int, float] = field(default_factory=lambda: {5: 0.0, 6: 0.4})  # times the growth of all
    unit_effect: float = 0.25
    person_effect: float = 0.7
    answers: dict[str, float] = field(
        default_factory=lambda: {"quan_ly": 0.95, "giao_vien": 0.86, "nhan_vien": 0.82}
    )  # share of a role that answers
    leave: float = 0.06  # of the staff in a year
    no_code: float = 0.08
    mistyped: float = 0.04
    careless: float = 0.03
    not_applicable: float = 0.02
    refuse: float = 0.01
    own_words: float = 0.05  # of those who meet a question with "Khác"


def population(study: Study, truth: Truth | None = None, seed: int = 2025) -> pd.DataFrame:
    """Everyone on the roster of every wave, with what they would answer if asked: the known truth.

    A row per person and wave: wave, person, code, unit, role, careless, answers (would answer), then a column per
    question as in the answers of the study (a number, a choice's value; 0/1 columns for several choices).
    """
    truth = truth or Truth()
    random = np.random.default_rng(seed)
    people = _people(study, truth, random)
    levels = {q: random.normal(0, 0.35) for q in study.form.questions}
    parts = []
    for wave in study.waves:
        facts = _facts(study, wave)
        here = people[people["wave"] == wave.id].reset_index(drop=True)
        here["trait"] += truth.level
        here["growth"] = _growth(study, truth, wave)
        here["careless"] = random.random(len(here)) < truth.careless
        rates = here["role"].map(truth.answers).fillna(np.mean(list(truth.answers.values())))
        here["answers"] = random.random(len(here)) < rates
        columns: dict[str, object] = {}
        for question in study.form.of_wave(wave.id).questions.values():
            columns |= _would_answer(
                study.form, question, here, columns, levels[question.id], wave, facts, truth, random
            )
        parts.append(pd.concat([here, pd.DataFrame(columns, index=here.index)], axis=1))
    return pd.concat(parts, ignore_index=True)


def _facts(study: Study, wave: Wave) -> dict[str, float]:
    """The question of a target -> the share of people who would say yes: a little less than its last figure by then."""
    found = {}
    for target in study.movement.targets if study.movement else ():
        known = [f for f in study.figures if f.target == target.id and f.date.year <= wave.ends.year]
        last = max(known, key=lambda figure: figure.date, default=None)
        if target.survey_item and last and last.denominator and last.numerator is not None:
            found[target.survey_item] = float(np.clip(last.numerator / last.denominator - 0.04, 0.05, 0.97))
        elif target.survey_item and last and last.judged:
            found[target.survey_item] = 0.86 if last.judged == "met" else 0.62
    return found


def _growth(study: Study, truth: Truth, wave: Wave) -> float:
    """Growth since the first wave, at each phase's yearly rate."""
    total = 0.0
    for before, after in zip(study.waves, study.waves[1:], strict=False):
        if after.id <= wave.id:
            years = (after.opens - before.opens).days / 365.25
            total += years * truth.growth.get(study.phase_of(after) or 1, 0.0)
    return total


def _people(study: Study, truth: Truth, random: np.random.Generator) -> pd.DataFrame:
    """Who is on the roster of each wave: some leave each year, and people join until the roster's counts are met."""
    effects = {unit.id: random.normal(0, truth.unit_effect) for unit in study.units}
    staff: dict[tuple[str, str], list[dict]] = {}
    rows, born = [], 0
    for wave in study.waves:
        for unit, counts in wave.roster.items():
            for role, count in counts.items():
                stayed = [p for p in staff.get((unit, role), []) if random.random() >= truth.leave]
                stayed = stayed[:count]
                while len(stayed) < count:
                    born += 1
                    stayed.append({"person": born, "code": _code(random, born), "service": int(random.integers(0, 4)),
                                   "trait": effects[unit] + random.normal(0, truth.person_effect)})  # fmt: skip
                staff[unit, role] = stayed
                rows += [{"wave": wave.id, "unit": unit, "role": role, **person} for person in stayed]
    return pd.DataFrame(rows)


def _code(random: np.random.Generator, born: int) -> str:
    first, second = random.choice(list(LETTERS), 2)
    third, fourth = LETTERS[born // len(LETTERS) % len(LETTERS)], LETTERS[born % len(LETTERS)]
    return f"{first}{second}{random.integers(1, 32):02d}{third}{fourth}"


def _would_answer(
    form: Questionnaire,
    question: Question,
    people: pd.DataFrame,
    before: dict[str, object],
    level: float,
    wave: Wave,
    facts: dict[str, float],
    truth: Truth,
    random: np.random.Generator,
) -> dict[str, object]:
    """The answers of all to one question, after those `before` it; missing where the branch does not ask."""
    size = len(people)
    if question.use in ("code", "unit", "role"):
        return {question.id: people[question.use]}
    if question.use == "consent":
        return {question.id: np.where(random.random(size) < truth.refuse, 0, 1)}
    asked = np.ones(size, dtype=bool)
    for gate, values in form.section_of(question.id).only.items():
        asked &= pd.Series(before[gate], index=people.index).isin(values).to_numpy()
    contents = question.tags.get("content", [])
    share = min([truth.growth_of_content.get(c, 1.0) for c in np.atleast_1d(contents).tolist()], default=1.0)
    grown = 0.0 if "then" in question.tags else share  # how it was when all began
    latent = (people["trait"] + grown * people["growth"]).to_numpy() + level + random.normal(0, 0.6, size)
    if question.type == "several":
        return _several(form, question, latent, asked, truth, random)
    if question.type in ("text", "long_text"):
        words = random.choice(REMARKS, size)
        share_of_writers = 1.0 if question.required else 0.2
        return {question.id: pd.Series(words).where(asked & (random.random(size) < share_of_writers)).to_numpy()}
    if question.type == "code":
        made = [_code(random, n) if not question.digits else f"{n:0{question.digits}d}" for n in range(size)]
        return {question.id: pd.Series(made, dtype=object).where(asked).to_numpy()}
    if question.type == "number":
        return {question.id: np.where(asked, _numbers(question, size, random), np.nan)}
    if question.type == "date":
        days = [pd.Timestamp(wave.opens) - pd.Timedelta(days=int(n)) for n in random.integers(0, 60, size)]
        return {question.id: pd.Series(days).where(asked).to_numpy()}
    answers = _closed(form, question, people, latent, asked, facts, truth, random)
    if not question.other:
        return {question.id: answers}
    own = asked & (random.random(size) < truth.own_words)
    answers[own] = None
    return {question.id: answers, question.id + store.OTHER: _own_words(own, random)}


def _several(
    form: Questionnaire,
    question: Question,
    latent: np.ndarray,
    asked: np.ndarray,
    truth: Truth,
    random: np.random.Generator,
) -> dict[str, object]:
    """0/1 for each choice, and the words of one's own: more difficulties are ticked by those of a lower level."""
    size, choices = len(latent), form.choices_of(question).valid
    chances = 1 / (1 + np.exp(0.8 + latent[:, None] / 2 + random.normal(0, 0.6, len(choices))[None, :]))
    chosen = random.random((size, len(choices))) < chances
    own = asked & (random.random(size) < truth.own_words) if question.other else np.zeros(size, dtype=bool)
    if question.required:
        chosen[:, 0] |= ~chosen.any(axis=1)
    ticked = asked & (chosen.any(axis=1) | own)  # nobody can tell no tick from no answer
    found: dict[str, object] = {
        f"{question.id}.{c.value}": np.where(ticked, chosen[:, i], np.nan) for i, c in enumerate(choices)
    }
    return found | ({question.id + store.OTHER: _own_words(own, random)} if question.other else {})


def _own_words(own: np.ndarray, random: np.random.Generator) -> np.ndarray:
    return pd.Series(random.choice(OWN_WORDS, len(own))).where(own).to_numpy()


def _numbers(question: Question, size: int, random: np.random.Generator) -> np.ndarray:
    """Numbers that the question allows; three figures where it says no highest."""
    low = 0 if question.low is None else question.low
    high = low + 200 if question.high is None else question.high
    whole = random.integers(low, high + 1, size).astype(float)
    return whole if question.whole else np.clip(whole + random.integers(0, 4, size) / 4, low, high)


def _closed(
    form: Questionnaire, question: Question, people: pd.DataFrame, latent: np.ndarray, asked: np.ndarray,
    facts: dict[str, float], truth: Truth, random: np.random.Generator,
) -> np.ndarray:  # fmt: skip
    """Ordered choices follow the person's level (reverse items against it); unordered ones are the person's own."""
    size = len(people)
    if question.type == "linear":
        assert question.low is not None and question.high is not None
        values: list = list(range(question.low, question.high + 1))
        order, exempt = "practice", False
    else:
        choices = form.choices_of(question)
        values, order = [choice.value for choice in choices.valid], choices.order
        exempt = len(choices.valid) < len(choices.options)
    if order == "none":
        picked = people["service"].to_numpy() % len(values)
    elif order == "yes_no":
        known = facts.get(question.id)
        odds = 1.0 + 1.5 * latent if known is None else np.log(known / (1 - known)) + 0.3 * latent
        yes = random.random(size) < 1 / (1 + np.exp(-odds))
        picked = np.where(yes, values.index(max(values)), values.index(min(values)))
    else:
        # at a level of 0 the middle choice; one standard deviation is a quarter of the scale
        steps = (len(values) - 1) * (0.5 + 0.25 * (-latent if question.reverse else latent))
        picked = np.clip(np.rint(steps), 0, len(values) - 1).astype(int)
    careless = people["careless"].to_numpy()
    picked = np.where(careless & (order != "none"), len(values) // 2, picked)  # straight down the middle
    result = np.array([values[p] for p in picked], dtype=object)
    if exempt:
        asked = asked & (random.random(size) >= truth.not_applicable)
    result[~asked] = None
    return result


def sheets(
    study: Study, truth: Truth | None = None, seed: int = 2025, language: str = "vi"
) -> dict[int, list[list[object]]]:
    """Wave -> header and rows of the response sheet: those who answer, in the order of answering.

    language: of the form, "vi" or "en".
    """
    truth = truth or Truth()
    everyone = population(study, truth, seed)
    random = np.random.default_rng(seed + 1)
    made = {}
    for wave in study.waves:
        answered = everyone[(everyone["wave"] == wave.id) & everyone["answers"]].copy()
        answered["code"] = [_typed_code(code, truth, random) for code in answered["code"]]
        made[wave.id] = _sheet(study.form.of_wave(wave.id), wave, answered, random, language)
    return made


def typed_codes(study: Study, truth: Truth | None = None, seed: int = 2025) -> pd.DataFrame:
    """What pretend people who answer type as their code, beside who they are: wave, person, code, unit, role."""
    truth = truth or Truth()
    random = np.random.default_rng(seed)
    people = _people(study, truth, random)
    rates = people["role"].map(truth.answers).fillna(np.mean(list(truth.answers.values())))
    answered = people[random.random(len(people)) < rates].reset_index(drop=True)
    typed = [_typed_code(code, truth, random) for code in answered["code"]]
    return answered[["wave", "person", "unit", "role"]].assign(code=typed)


def _typed_code(code: str, truth: Truth, random: np.random.Generator) -> str | None:
    if random.random() < truth.no_code:
        return None
    if random.random() < truth.mistyped:
        place = int(random.integers(2, len(code)))
        typed = str(random.integers(0, 10)) if code[place].isdigit() else str(random.choice(list(LETTERS)))
        return code[:place] + typed + code[place + 1 :]
    return str(random.choice([code, code, code, code.lower(), f"{code[:2]} {code[2:]}"]))


def _sheet(
    form: Questionnaire, wave: Wave, people: pd.DataFrame, random: np.random.Generator, language: str
) -> list[list[object]]:
    def words(text: Text) -> str:
        return text.en if language == "en" and text.en else text.vi

    seconds = (wave.ends - wave.opens).days * 86400
    moments = sorted(int(s) for s in random.integers(0, seconds, len(people)))
    start = dt.datetime.combine(wave.opens, dt.time(7), tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
    rows: list[list[object]] = [
        [words(Text("Dấu thời gian", "Timestamp")), *(words(question.title) for question in form.questions.values())]
    ]
    order = random.permutation(len(people))
    for second, place in zip(moments, order, strict=True):
        person = people.iloc[place]
        cells = [_cell(form, question, person, words) for question in form.questions.values()]
        consent = form.used_as("consent")
        if consent and person[consent.id] == 0:
            cells = [
                cell if q.id == consent.id else None for q, cell in zip(form.questions.values(), cells, strict=True)
            ]
        rows.append([start + dt.timedelta(seconds=second), *cells])
    return rows


def _cell(form: Questionnaire, question: Question, person: pd.Series, words: Callable[[Text], str]) -> object:
    """What Google writes into the cell: the words of the choice, several of them as a list, else the value itself."""
    own = person.get(question.id + store.OTHER)
    if question.type == "several":
        chosen = [c for c in form.choices_of(question).valid if person[f"{question.id}.{c.value}"] == 1]
        return [*(words(choice.label) for choice in chosen), *([own] if isinstance(own, str) else [])] or None
    value = person["code"] if question.use == "code" else person[question.id]
    if question.type == "single":
        options = form.choices_of(question).options
        if value is None or pd.isna(value):
            exempt = [words(choice.label) for choice in options if choice.missing]
            asked = all(person.get(gate) in values for gate, values in form.section_of(question.id).only.items())
            return own if isinstance(own, str) else exempt[0] if exempt and asked else None
        return next(words(choice.label) for choice in options if choice.value == value)
    if question.type == "date" and not pd.isna(value):
        return pd.Timestamp(value).date()
    if question.type == "number" and value == value:
        return int(value) if value == int(value) else float(value)
    return None if value is None or pd.isna(value) else value


def write(study: Study, truth: Truth | None = None, seed: int = 2025) -> list[Path]:
    """Write each wave's response sheet to the export that the study names, as Google would; returns the files."""
    written = []
    for wave, rows in sheets(study, truth, seed).items():
        source = study.wave(wave).source
        if source is None or source.export is None:
            continue
        path = study.folder / source.export
        make = {".zip": form_csv, ".csv": sheet_csv, ".xlsx": xlsx}[path.suffix]
        written.append(store.write(path, make(rows)))
    return written


def form_csv(rows: list[list[object]]) -> bytes:
    """The Form's own download: a zip of a CSV, every cell quoted, times with AM/PM and the zone, choices joined by ";"."""

    def cell(value: object) -> object:
        if isinstance(value, dt.datetime):
            half = "SA" if value.hour < 12 else "CH"
            return f"{value:%Y/%m/%d} {value.hour % 12 or 12}:{value:%M:%S} {half} GMT+7"
        if isinstance(value, dt.date):
            return f"{value:%Y-%m-%d}"
        return ";".join(value) if isinstance(value, list) else "" if value is None else value

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        name = zipfile.ZipInfo("Khảo sát.csv", date_time=(2025, 1, 1, 0, 0, 0))
        archive.writestr(name, _csv_text([[cell(value) for value in row] for row in rows], csv.QUOTE_ALL))
    return packed.getvalue()


def sheet_csv(rows: list[list[object]]) -> bytes:
    """The sheet's File > Download > CSV under the vi_VN locale."""

    def cell(value: object) -> object:
        if isinstance(value, dt.datetime):
            return f"{value:%d/%m/%Y} {value.hour}:{value:%M:%S}"
        if isinstance(value, dt.date):
            return f"{value:%d/%m/%Y}"
        if isinstance(value, float):
            return str(value).replace(".", ",")
        return ", ".join(value) if isinstance(value, list) else "" if value is None else value

    return _csv_text([[cell(value) for value in row] for row in rows], csv.QUOTE_MINIMAL).encode()


def xlsx(rows: list[list[object]]) -> bytes:
    """The sheet's File > Download > Excel: times are dates without a zone."""
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Câu trả lời biểu mẫu 1"
    for row in rows:
        sheet.append(
            [
                value.replace(tzinfo=None) if isinstance(value, dt.datetime) else ", ".join(value) if isinstance(value, list)
                else value
                for value in row
            ]
        )  # fmt: skip
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


def _csv_text(rows: list[list[object]], quoting) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=quoting).writerows(rows)
    return text.getvalue()
