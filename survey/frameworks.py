"""Which item speaks to which competence of which framework: the mapping tables of a questionnaire, made of its tags."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from survey.errors import QuestionnaireError, Text
from survey.questionnaire import Bilingual, Model, Questionnaire
from survey.yaml_file import load


class Framework(Model):
    title: Bilingual
    source: Bilingual
    competences: dict[str, Bilingual]


class Frameworks(Model):
    tt18: Framework
    tt02: Framework
    digcomp: Framework
    digcompedu: Framework
    qd757: Framework


@cache
def frameworks() -> dict[str, Framework]:
    """Tag -> framework, as survey/frameworks.yaml says."""
    found = load(Frameworks, Path(__file__).with_name("frameworks.yaml"), QuestionnaireError)
    return {name: getattr(found, name) for name in Frameworks.model_fields}


def mapping(form: Questionnaire) -> dict[str, dict[str, list[str]]]:
    """Framework -> competence number -> items that speak to it; every competence of a framework that the form uses at all.

    Raises QuestionnaireError where a tag names a competence that the framework does not have.
    """
    found: dict[str, dict[str, list[str]]] = {}
    for name, framework in frameworks().items():
        table: dict[str, list[str]] = {number: [] for number in framework.competences}
        for question in form.questions.values():
            tagged = question.tags.get(name, [])
            for number in map(str, tagged if isinstance(tagged, list) else [tagged]):
                if number not in table:
                    raise _unknown(question.id, name, number)
                table[number].append(question.id)
        if any(table.values()):
            found[name] = table
    return found


def page(form: Questionnaire) -> str:
    """The mapping tables in Markdown; a competence without an item is there too, for it is what the form does not cover."""
    lines = [f"# {form.title}: {Text('đối chiếu khung năng lực', 'mapping to competence frameworks')}", ""]
    for name, table in mapping(form).items():
        framework = frameworks()[name]
        heads = (Text("Số", "No."), Text("Năng lực", "Competence"), Text("Câu hỏi", "Items"))
        lines += [f"## {framework.title}", "", str(framework.source), ""]
        lines += ["| " + " | ".join(map(str, heads)) + " |", "|---|---|---|"]
        for number, items in table.items():
            words = "; ".join(f"`{item}` {form.questions[item].title}" for item in items) or "–"
            lines.append(f"| {number} | {framework.competences[number]} | {words} |")
        lines.append("")
    return "\n".join(lines)


def _unknown(question: str, framework: str, number: str) -> QuestionnaireError:
    return QuestionnaireError(
        f"{question}, tags, {framework}",
        rule=Text("Số năng lực phải có trong khung.", "The number is a competence of the framework."),
        found=number,
        cure=Text("Xem các số trong survey/frameworks.yaml.", "See the numbers in survey/frameworks.yaml."),
    )
