"""Random questionnaires that hold everything the language has: every kind, branches, commas in choices, words of one's own."""

from hypothesis import strategies as st

from survey.questionnaire import Questionnaire

WORDS = [
    "Đồng ý",
    "sổ điểm",
    "AI",
    "hồ sơ, sổ sách",
    "mạng",
    "thiết bị (cũ)",
    "học liệu",
    "100%",
    "Wi-Fi",
    "việc; khác",
    "họp",
]
KINDS = ["single", "single", "several", "grid", "linear", "number", "text", "long_text", "date", "code"]


def both(words: str, n: object) -> dict[str, str]:
    return {"vi": f"{words} {n}", "en": f"{words} {n} (en)"}


@st.composite
def choices(draw, order: str = "none") -> dict:
    numbers = draw(st.booleans())
    count = draw(st.integers(2, 6))
    options: list[dict] = [
        {"value": n if numbers else f"c{n}", "label": both(draw(st.sampled_from(WORDS)), n)} for n in range(count)
    ]
    if draw(st.booleans()):
        options.append({"value": "na", "label": both("Không áp dụng", "–"), "missing": True})
    return {"options": options, "order": order}


@st.composite
def question(draw, n: int, kind: str) -> dict:
    found: dict = {
        "id": f"q{n}",
        "type": kind,
        "title": both(draw(st.sampled_from(WORDS)), f"câu {n}"),
        "hint": draw(st.sampled_from(["", "Ghi ngắn gọn."])),
        "required": draw(st.booleans()),
    }
    if kind in ("single", "several", "grid"):
        found["choices"] = draw(choices())
    if kind in ("single", "several"):
        found["other"] = draw(st.booleans())
    if kind == "grid":
        found["rows"] = [
            {"id": f"q{n}_{row}", "title": both(draw(st.sampled_from(WORDS)), f"[hàng {row}]")}
            for row in range(draw(st.integers(1, 4)))
        ]
    if kind == "linear":
        found |= {
            "low": draw(st.integers(0, 1)),
            "high": draw(st.integers(3, 10)),
            "low_label": "Kém",
            "high_label": "Tốt",
        }
    if kind == "number":
        found |= draw(
            st.sampled_from(
                [
                    {},
                    {"low": 0, "whole": True},
                    {"low": 1, "whole": True},
                    {"low": 2, "high": 9},
                    {"low": 5},
                    {"high": 9},
                ]
            )
        )
    if kind == "code":
        found |= draw(st.sampled_from([{}, {"digits": 4}, {"pattern": "[A-Z]{2}[0-9]{2}"}]))
    return found


@st.composite
def questionnaires(draw) -> Questionnaire:
    """One to four sections of ordinary questions; after any of them there may be branches of one gate, each value in one."""
    sections: list[dict] = []
    number = 0
    if draw(st.booleans()):
        agreed = [
            {"value": 1, "label": both("Tôi tham gia", "")},
            {"value": 0, "label": both("Tôi không tham gia", "")},
        ]
        ask = {"id": "dong_y", "type": "single", "title": both("Thầy cô có tham gia không", "?"), "use": "consent",
               "required": True, "choices": {"options": agreed}}  # fmt: skip
        sections.append({"id": "s", "title": both("Đồng ý", ""), "questions": [ask]})
    for place in range(draw(st.integers(1, 4))):
        body = []
        for kind in draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=4)):
            number += 1
            body.append(draw(question(number, kind)))
        sections.append({"id": f"phan{place}", "title": both("Phần", place), "text": draw(st.sampled_from(["", "Lời dẫn."])),
                         "questions": body})  # fmt: skip
        if draw(st.booleans()):
            number += 1
            gate = draw(question(number, "single")) | {"other": False}
            body.append(gate)
            values = [option["value"] for option in gate["choices"]["options"] if not option.get("missing")]
            cut = draw(st.integers(1, len(values)))
            for branch, wanted in enumerate(filter(None, (values[:cut], values[cut:][: draw(st.integers(0, 2))]))):
                number += 1
                asked = draw(question(number, draw(st.sampled_from(KINDS))))
                branched = {"id": f"nhanh{place}_{branch}", "title": both("Nhánh", f"{place}.{branch}")}
                sections.append({**branched, "only": {gate["id"]: wanted}, "questions": [asked]})
    return Questionnaire.model_validate(
        {
            "id": "ngau-nhien",
            "title": both("Phiếu", ""),
            "notice": draw(st.sampled_from(["", "Lời ngỏ."])),
            "sections": sections,
        }
    )
