"""The codebook as DDI-Codebook 2.5, which data archives and statistics programs read. No answers, no counts are in it.

The order of elements is that of the schema (https://ddialliance.org/Specification/DDI-Codebook/2.5): it is a sequence.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import chain

from survey import __version__
from survey.codebook import asked_of, codes, tags
from survey.errors import Text
from survey.questionnaire import Question, Questionnaire, Scale, Section
from survey.study import Study

NAMESPACE = "ddi:codebook:2_5"
SCHEMA = "https://ddialliance.org/Specification/DDI-Codebook/2.5/XMLSchema/codebook.xsd"
INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # characters that no XML may hold
REPRESENTATION = {
    "single": "code",
    "several": "code",
    "linear": "code",
    "number": "numeric",
    "date": "datetime",
}  # the others are text


def ddi(study: Study) -> bytes:
    """The study's questionnaire as a DDI-Codebook 2.5 document; the same study always gives the same bytes."""
    form = study.form
    ET.register_namespace("xsi", INSTANCE)
    root = ET.Element("codeBook", {"xmlns": NAMESPACE, "version": "2.5", "ID": "codebook", LANGUAGE: "vi"})
    root.set(f"{{{INSTANCE}}}schemaLocation", f"{NAMESPACE} {SCHEMA}")
    _document(root, study)
    _study(root, study)
    _data(root, form)
    ET.indent(root)
    return ET.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"


def _add(parent: ET.Element, element: str, text: object = "", /, **attributes: str) -> ET.Element:
    """A child element; words that XML cannot hold are left out."""
    made = ET.SubElement(parent, element, {key: NO_XML.sub("", value) for key, value in attributes.items()})
    made.text = NO_XML.sub("", str(text)) or None
    return made


def _both(parent: ET.Element, element: str, text: Text) -> None:
    """The element once in each language that has words."""
    for language, words in (("vi", text.vi), ("en", text.en)):
        if words:
            _add(parent, element, words).set(LANGUAGE, language)


def _titles(citation: ET.Element, study: Study, title: Text) -> None:
    statement = _add(citation, "titlStmt")
    _add(statement, "titl", title.vi).set(LANGUAGE, "vi")
    _both(statement, "subTitl", study.form.title)
    if title.en:
        _add(statement, "parTitl", title.en).set(LANGUAGE, "en")
    _add(statement, "IDNo", study.id)


def _document(root: ET.Element, study: Study) -> None:
    citation = _add(_add(root, "docDscr"), "citation")
    title = study.title
    _titles(citation, study, Text(f"Bảng mã: {title.vi}", f"Codebook: {title.en}" if title.en else ""))
    _add(_add(citation, "prodStmt"), "software", "khaosatso", version=__version__)


def _study(root: ET.Element, study: Study) -> None:
    described = _add(root, "stdyDscr")
    citation = _add(described, "citation")
    _titles(citation, study, study.title)
    _both(_add(citation, "rspStmt"), "AuthEnty", study.school.name)
    about = _add(described, "stdyInfo")
    _both(about, "abstract", study.purpose if study.purpose.vi else study.form.notice)
    summary = _add(about, "sumDscr")
    for wave in study.waves:
        for event, day in (("start", wave.opens), ("end", wave.ends)):
            _add(summary, "collDate", day.isoformat(), date=day.isoformat(), event=event, cycle=str(wave.id))
    _both(summary, "anlyUnit", Text("Người trả lời", "Respondent"))
    _both(summary, "universe", _universe(study))
    _both(summary, "dataKind", Text("Dữ liệu khảo sát", "Survey data"))


def _universe(study: Study) -> Text:
    """Everybody who is asked: the roles of the school's staff."""
    school, roles = study.school.name, [role.label for role in study.roles]
    return Text(
        f"{', '.join(role.vi for role in roles) or 'Mọi người được hỏi'} – {school.vi}",
        f"{', '.join(role.en or role.vi for role in roles) or 'Everybody asked'} – {school.en or school.vi}",
    )


def _data(root: ET.Element, form: Questionnaire) -> None:
    data = _add(root, "dataDscr")
    columns = {question.id: form.columns_of(question) for question in form.questions.values()}
    ids = {column: f"V{place}" for place, column in enumerate(chain(*columns.values()), start=1)}

    def group(name: str, kind: str, questions: list[str]) -> ET.Element:
        held = " ".join(ids[column] for question in questions for column in columns[question])
        return _add(data, "varGrp", ID=f"G{len(data) + 1}", name=name, type=kind, **({"var": held} if held else {}))

    for section in form.sections:
        _section(group(section.id, "section", [item.id for item in section.items]), form, section)
        for question in section.questions:
            if question.type in ("grid", "several"):
                kind = "grid" if question.type == "grid" else "multipleResp"
                made = group(question.id, kind, [item.id for item in question.items])
                _both(made, "labl", question.title)
    for scale in form.scales:
        _scale(group(scale.id, "analysis", list(scale.items)), scale)
    for question in form.questions.values():
        for column in columns[question.id]:
            _variable(data, form, question, column, ids[column])


def _section(group: ET.Element, form: Questionnaire, section: Section) -> None:
    _both(group, "labl", section.title)
    _both(group, "txt", section.text)
    who = asked_of(form, section)
    if who.vi:
        _add(group, "universe", who.vi).set(
            LANGUAGE, "vi"
        )  # a group has one universe; its variables have both languages
    if section.waves:
        waves = ", ".join(map(str, section.waves))
        _both(group, "notes", Text(f"Chỉ hỏi ở đợt {waves}.", f"Asked only in wave {waves}."))


def _scale(group: ET.Element, scale: Scale) -> None:
    share = f"{100 * scale.least:.0f}%"
    _both(group, "labl", scale.title)
    _both(
        group,
        "notes",
        Text(
            f"Trung bình các câu, khi có ít nhất {share} số câu được trả lời.",
            f"The mean of the items, where at least {share} of them are answered.",
        ),
    )


def _variable(data: ET.Element, form: Questionnaire, question: Question, column: str, number: str) -> None:
    found = codes(form, column)
    made = _add(data, "var", ID=number, name=column, representationType=REPRESENTATION.get(question.type, "text"))
    made.set("intrvl", "contin" if question.type == "number" and not question.whole else "discrete")
    _both(made, "labl", form.label(column))
    asked = _add(made, "qstn")
    _both(asked, "qstnLit", question.title)
    _both(asked, "ivuInstr", question.hint)
    ends = {"min": question.low, "max": question.high}
    held = {name: str(end) for name, end in ends.items() if end is not None}
    if held and question.type in ("linear", "number"):
        whole = question.whole or question.type == "linear"
        _add(_add(made, "valrng"), "range", UNITS="INT" if whole else "REAL", **held)
    _both(made, "universe", asked_of(form, form.section_of(question.id)))
    for code in found:
        choice = _add(made, "catgry", **({"missing": "Y"} if code.missing else {}))
        _add(choice, "catValu", code.value)
        _both(choice, "labl", code.label)
    numeric = (
        all(isinstance(code.value, int) for code in found if not code.missing)
        if found
        else question.type == "number" and not question.digits
    )
    category = "date" if question.type == "date" else "other"
    _add(made, "varFormat", type="numeric" if numeric else "character", category=category)
    if tags(question):
        _add(made, "notes", tags(question), type="tags")
