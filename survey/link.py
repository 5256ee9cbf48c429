"""Self-made codes -> the same person across the waves."""

from __future__ import annotations

import unicodedata

import pandas as pd

DOUBTFUL = ("wave_1", "code_1", "wave_2", "code_2", "unit_1", "unit_2", "role_1", "role_2", "why", "decision")


def normal(code: object) -> str | None:
    """A code without case, accents, spaces and marks: "Lê-05 12" and "le0512" are one; None for what is no code.

    A code has at least four letters and digits, one digit among them: "không" or "x" would link strangers.
    """
    if code is None or pd.isna(code):
        return None
    text = unicodedata.normalize("NFD", str(code).casefold().replace("đ", "d"))
    code_ = "".join(c for c in text if c.isalnum())
    return code_ if len(code_) >= 4 and any(c.isdigit() for c in code_) else None


def persons(codes: pd.Series, waves: pd.Series) -> pd.Series:
    """Number the people: the same normal code in two waves is one person.

    A code given twice within a wave cannot be told apart, and links nobody in that wave; an absent code links nobody.
    Numbers follow the sorted codes, so that the same answers always give the same numbers. Missing: not linked.
    """
    keys = codes.map(normal)
    doubled = keys.notna() & pd.DataFrame({"wave": waves, "key": keys}).duplicated(keep=False)
    keys = keys.mask(doubled)
    numbers = {key: number for number, key in enumerate(sorted(keys.dropna().unique()), start=1)}
    return keys.map(numbers).astype("Int64")
