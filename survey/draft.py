"""An export of somebody's own Form -> a questionnaire file to be finished by hand: titles, types and choices guessed."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pandas as pd
import yaml

from survey.clean import Misfit, moment, number
from survey.columns import LEFT_OUT, TIME
from survey.init import identifier
from survey.questionnaire import RESERVED, plain, tidy
from survey.raw import Raw

# Ordered answers that Forms use again and again, from low to high; anything else keeps the order of how often it occurs.
LADDERS = (
    ("strongly disagree", "disagree", "neither agree nor disagree", "agree", "strongly agree"),
    ("strongly disagree", "disagree", "slightly agree", "agree", "strongly agree"),
    ("strongly disagree", "disagree", "neutral", "agree", "strongly agree"),
    ("never", "rarely", "sometimes", "often", "all of the time"),
    ("never", "rarely", "sometimes", "often", "always"),
    ("not at all able", "slightly able", "neutral", "moderately able", "extremely able"),
    ("none of it", "some of it", "about half of it", "most of it", "all of it"),
    ("less motivated", "slightly less motivated", "no change in motivation", "more motivated", "much more motivated"),
    ("little or no knowledge of topic", "some knowledge of topic", "extensive knowledge of topic"),
    ("not yet", "somewhat", "mostly", "yes"),
    ("rất không đồng ý", "không đồng ý", "phân vân", "đồng ý", "rất đồng ý"),
    ("hoàn toàn không đồng ý", "không đồng ý", "bình thường", "đồng ý", "hoàn toàn đồng ý"),
    ("không bao giờ", "hiếm khi", "thỉnh thoảng", "thường xuyên", "luôn luôn"),
    ("chưa bao giờ", "hiếm khi", "thỉnh thoảng", "thường xuyên", "rất thường xuyên"),
    ("kém", "yếu", "trung bình", "khá", "tốt"),
    ("no", "yes"),
    ("không", "có"),
)


PERSONAL = re.compile(
    r"\b(name|e-?mail|phone|address|birth|họ|tên|điện thoại|sđt|zalo|cccd|cmnd|mã số|địa chỉ|ngày sinh|stk|tài khoản)\b",
    re.IGNORECASE,
)  # never a choice list


def draft(raw: Raw, name: str) -> dict:
    """The questionnaire that the sheet suggests, as the content of a YAML file."""
    lists: dict[tuple[str, ...], str] = {}
    choices: dict[str, dict] = {}
    questions: list[dict] = []
    taken: set[str] = set()
    for number_, header in enumerate(raw.frame.columns, start=1):
        if plain(header) in TIME | LEFT_OUT:
            continue
        cells = [cell for cell in raw.frame[header] if cell is not None]
        question: dict = {"id": _id(header, number_, taken), "title": tidy(header)}
        question |= {"type": "text"} if PERSONAL.search(header) else _type(cells, raw, lists, choices)
        questions.append(question)
    section = {"id": "cau_hoi", "title": "Câu hỏi", "questions": questions}
    return {"id": identifier(name) or "phieu", "title": name, "choices": choices, "sections": [section]}


def month_first(raw: Raw) -> bool:
    """Whether the sheet writes 5/25/2022: some day stands second, and none stands first."""
    dates = [re.match(r"(\d{1,2})/(\d{1,2})/\d{4}\b", str(cell)) for cells in raw.frame.to_numpy() for cell in cells]
    found = [(int(date[1]), int(date[2])) for date in dates if date]
    return any(second > 12 for _, second in found) and all(first <= 12 for first, _ in found)


def study_of(export: Path, name: str, raw: Raw) -> dict:
    """A study with one wave, read from the export itself, so that a draft can be tried at once."""
    times = [
        cell for header in raw.frame.columns if plain(header) in TIME for cell in raw.frame[header] if cell is not None
    ]
    days = []
    for cell in times:
        try:
            days.append(moment(cell, raw).date())
        except (Misfit, ValueError):
            continue
    source: dict = {"export": export.name} | ({"month_first": True} if raw.month_first else {})
    first, last = (min(days), max(days)) if days else (pd.Timestamp("2026-01-01").date(),) * 2
    return {
        "id": identifier(name).replace("_", "-") or "khao-sat",
        "title": name,
        "school": {"name": name},
        "questionnaire": "questionnaire.yaml",
        "waves": [{"id": last.year, "opens": first, "ends": last, "source": source}],
    }


def _type(cells: list, raw: Raw, lists: dict[tuple[str, ...], str], choices: dict[str, dict]) -> dict:
    words = Counter(tidy(cell) for cell in cells)
    if not cells:
        return {"type": "text"}
    if all(_is(number, cell) for cell in cells):
        values = {number(cell) for cell in cells}
        whole = all(value == int(value) and 0 <= value <= 10 for value in values)
        if whole and len(values) > 2:
            return {"type": "linear", "low": int(min(*values, 1)), "high": int(max(values))}
        return {"type": "text" if len(values) == len(cells) > 10 else "number"}  # all different: numbers of people
    if all(_is(lambda cell: moment(cell, raw), cell) for cell in cells):
        return {"type": "date"}
    several = _several(words)
    if several:
        return {"type": "several", "choices": _choice_list(several, lists, choices), "other": True}
    few = len(words) <= 12 and len(words) <= max(3, 0.5 * len(cells)) and max(map(len, words)) <= 160
    if few:
        return {"type": "single", "choices": _choice_list(list(words), lists, choices)}
    return {"type": "long_text" if max(map(len, words)) > 60 else "text"}


def _several(words: Counter) -> list[str]:
    """The parts of joined cells, where cells are made of the same few parts again and again."""
    joined = [re.split(r"\s*[;,]\s+|;", word) for word in words.elements()]
    if sum(len(parts) > 1 for parts in joined) < 3:
        return []
    parts = Counter(part for cell in joined for part in cell)
    common = [part for part, count in parts.items() if count >= 3 and len(part) <= 80]
    covered = sum(all(part in common for part in cell) for cell in joined)
    return common if 2 <= len(common) <= 12 and covered >= 0.8 * len(joined) else []


def _choice_list(words: list[str], lists: dict[tuple[str, ...], str], choices: dict[str, dict]) -> str:
    """The name of a list with these words, from low to high where they belong to a known ladder."""
    known = {plain(word): word for word in words}
    for ladder in LADDERS:
        if set(known) <= set(ladder) and len(known) >= 2:
            ordered = [known.get(step, step.capitalize()) for step in ladder]
            order = "agreement" if "agree" in " ".join(ladder) or "đồng ý" in ladder else "practice"
            return _listed(ordered, "yes_no" if len(ladder) == 2 else order, lists, choices)
    return _listed(words, "none", lists, choices)


def _listed(words: list[str], order: str, lists: dict[tuple[str, ...], str], choices: dict[str, dict]) -> str:
    key = tuple(map(plain, words))
    if key not in lists:
        lists[key] = f"danh_sach_{len(lists) + 1}"
        start = 0 if order == "yes_no" else 1
        options = [{"value": value, "label": word} for value, word in enumerate(words, start=start)]
        choices[lists[key]] = {"order": order, "options": options}
    return lists[key]


def _is(parse, cell: object) -> bool:
    try:
        parse(cell)
    except (Misfit, ValueError):
        return False
    return True


def _id(header: str, number_: int, taken: set[str]) -> str:
    words = identifier(header.split("[")[-1] if "[" in header else header)[:28].strip("_")
    name = words if words[:1].isalpha() else f"q{number_}"
    name = f"cau_{name}" if name in RESERVED else name.replace("__", "_")
    name = name if name not in taken else f"{name}_{number_}"
    taken.add(name)
    return name


def as_yaml(content: dict, heading: str) -> str:
    """The file's text, entries in the order in which a person would write them."""
    comment = "".join(f"# {line}\n" for line in heading.splitlines())
    return comment + yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=120)
