"""What became of everybody who was asked, and the response, cooperation, refusal and contact rates that follow."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analysis.weights import roster_of
from survey.store import ABSENT
from survey.study import Study

OUTCOMES = ["complete", "partial", "refusal", "non_contact", "other", "unknown"]
ENOUGH = 0.8  # of the questions that somebody was asked: with fewer answers the questionnaire is partial


def outcomes(answers: pd.DataFrame, study: Study, by: Sequence[str] = ("unit", "role")) -> pd.DataFrame:
    """How many of the roster answered all, some, or nothing: a row per wave and group, with `OUTCOMES` and people.

    An answer sheet is complete where at least `ENOUGH` of the questions that were asked of the person (not skipped, not "does
    not apply") are answered. Who did not answer is counted as non_contact: an anonymous form does not tell who refused.
    """
    keys = ["wave", *by]
    items = [item for item in study.form.items() if item in answers]
    asked = pd.DataFrame({i: answers[i].notna() | (answers.get(i + ABSENT, "blank") == "blank") for i in items})
    share = answers[items].notna().sum(axis=1) / asked.sum(axis=1).clip(lower=1)
    counted = answers.assign(complete=(share >= ENOUGH).astype(int), partial=(share < ENOUGH).astype(int))
    people = roster_of(study).groupby(keys, as_index=False)["people"].sum()
    table = people.merge(counted.groupby(keys, as_index=False)[["complete", "partial"]].sum(), on=keys, how="left")
    table = table[table["wave"].isin(answers["wave"].unique())].fillna({"complete": 0, "partial": 0})
    silent = (table["people"] - table["complete"] - table["partial"]).clip(lower=0)
    table = table.assign(refusal=0, non_contact=silent, other=0, unknown=0)
    return table.astype(dict.fromkeys(OUTCOMES, int))[[*keys, *OUTCOMES, "people"]].reset_index(drop=True)


def outcome_rates(counts: pd.DataFrame, eligible: float = 1.0) -> pd.DataFrame:
    """The rows with AAPOR's rates: RR1 to RR6, COOP1 to COOP4, REF1 to REF3, CON1 to CON3, each 0 to 1.

    counts: `OUTCOMES` as columns (I, P, R, NC, O, U of the standard); one that is not there is 0. eligible: e, the share of
    unknown cases that is taken to be eligible. Missing where the denominator is 0.
    Source: AAPOR, Standard Definitions, 10th edition (2023).
    """
    i, p, r, nc, o, u = (counts[name] if name in counts else pd.Series(0, index=counts.index) for name in OUTCOMES)
    known, e = i + p + r + nc + o, eligible
    rates = {
        "RR1": i / (known + u),
        "RR2": (i + p) / (known + u),
        "RR3": i / (known + e * u),
        "RR4": (i + p) / (known + e * u),
        "RR5": i / known,
        "RR6": (i + p) / known,
        "COOP1": i / (i + p + r + o),
        "COOP2": (i + p) / (i + p + r + o),
        "COOP3": i / (i + p + r),
        "COOP4": (i + p) / (i + p + r),
        "REF1": r / (known + u),
        "REF2": r / (known + e * u),
        "REF3": r / known,
        "CON1": (i + p + r + o) / (known + u),
        "CON2": (i + p + r + o) / (known + e * u),
        "CON3": (i + p + r + o) / known,
    }
    return counts.assign(**{name: rate.astype("Float64") for name, rate in rates.items()})
