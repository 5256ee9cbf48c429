"""JSON Schemas of the two files that people write, by which an editor offers entries and marks mistakes."""

from __future__ import annotations

import json

from survey.questionnaire import Questionnaire
from survey.study import Study


def schemas() -> dict[str, str]:
    """File name -> JSON Schema (2020-12). An editor takes it up from the first line of a YAML file:

    # yaml-language-server: $schema=questionnaire.schema.json
    """
    return {
        f"{name}.schema.json": json.dumps(model.model_json_schema(), ensure_ascii=False, indent=1, sort_keys=True)
        + "\n"
        for name, model in (("questionnaire", Questionnaire), ("study", Study))
    }
