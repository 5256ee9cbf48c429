"""The instrument and its answers: questionnaire, study, import, store."""

from __future__ import annotations

import importlib

__version__ = "0.1.0"

# Loaded when first used, so that `python -m survey --help` does not pay for pydantic and pandas.
_HOMES = {"Questionnaire": "questionnaire", "Study": "study", "Text": "errors", "UserError": "errors"}
__all__ = ["Questionnaire", "Study", "Text", "UserError"]


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f"module 'survey' has no attribute {name!r}")
    return getattr(importlib.import_module(f"survey.{_HOMES[name]}"), name)
