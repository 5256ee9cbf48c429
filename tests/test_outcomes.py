"""AAPOR's rates, by their own arithmetic, and the outcomes of a roster."""

import pandas as pd
import pytest

from analysis.outcomes import outcome_rates, outcomes


def test_aapors_rates():
    counts = pd.DataFrame(
        [{"complete": 50, "partial": 10, "refusal": 15, "non_contact": 20, "other": 5, "unknown": 40}]
    )
    rates = outcome_rates(counts, eligible=0.25).iloc[0]
    # I 50, P 10, R 15, NC 20, O 5 = 100 known; U 40, of which a quarter (10) is taken to be eligible
    expected = {
        "RR1": 50 / 140, "RR2": 60 / 140, "RR3": 50 / 110, "RR4": 60 / 110, "RR5": 50 / 100, "RR6": 60 / 100,
        "COOP1": 50 / 80, "COOP2": 60 / 80, "COOP3": 50 / 75, "COOP4": 60 / 75,
        "REF1": 15 / 140, "REF2": 15 / 110, "REF3": 15 / 100, "CON1": 80 / 140, "CON2": 80 / 110, "CON3": 80 / 100,
    }  # fmt: skip
    assert {name: rates[name] for name in expected} == pytest.approx(expected)


def test_a_rate_of_nobody_is_missing():
    rates = outcome_rates(pd.DataFrame([{"complete": 0, "non_contact": 3}])).iloc[0]
    assert rates["RR1"] == 0
    assert pd.isna(rates["COOP1"])


def test_everybody_of_the_roster_has_one_outcome(demo_study):
    table = outcomes(demo_study.answers(), demo_study)
    parts = table[["complete", "partial", "refusal", "non_contact", "other", "unknown"]].sum(axis=1)
    assert (parts == table["people"]).all()
    assert table["complete"].sum() > 0
    assert table["non_contact"].sum() > 0
