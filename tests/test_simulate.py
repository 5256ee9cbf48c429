"""Pretend schools: what they would answer comes back through the real import, and the known truth is recovered."""

import numpy as np
import pandas as pd
import pytest

from analysis import change, weigh
from analysis.scales import score
from analysis.weights import design_of
from survey import exports, link, simulate
from survey.clean import clean
from survey.study import Study

DEMO = Study.open("data/demo")


@pytest.mark.parametrize("suffix", ["zip", "csv", "xlsx"])
def test_what_people_would_answer_comes_back_from_every_kind_of_export(tmp_path, suffix):
    make = {"zip": simulate.form_csv, "csv": simulate.sheet_csv, "xlsx": simulate.xlsx}[suffix]
    path = tmp_path / f"câu trả lời.{suffix}"
    path.write_bytes(make(simulate.sheets(DEMO)[2027]))
    answers = clean(exports.read(path), DEMO.form, 2027).answers
    everyone = simulate.population(DEMO)
    told = everyone[(everyone["wave"] == 2027) & everyone["answers"] & (everyone["dong_y"] == 1)]
    assert len(answers) == len(told)
    for item in DEMO.form.items():
        ours, theirs = answers[item].astype("Float64"), pd.to_numeric(told[item]).astype("Float64")
        assert sorted(ours.dropna()) == sorted(theirs.dropna()), item


def test_the_same_seed_writes_the_same_sheets_and_another_seed_others(tmp_path):
    first, again, other = (simulate.form_csv(simulate.sheets(DEMO, seed=seed)[2025]) for seed in (1, 1, 2))
    assert first == again != other


def test_the_roster_is_met_in_every_wave_and_some_people_leave():
    everyone = simulate.population(DEMO)
    for wave in DEMO.waves:
        people = sum(sum(counts.values()) for counts in wave.roster.values())
        assert (everyone["wave"] == wave.id).sum() == people
    first, last = (set(everyone[everyone["wave"] == wave]["person"]) for wave in (2025, 2030))
    assert 0 < len(first - last) < len(first)


def test_answers_grow_as_told_and_where_told_they_do_not():
    everyone = score(simulate.population(DEMO, seed=3), DEMO.form).groupby("wave")[["ky_nang", "nd5"]].mean()
    assert everyone.loc[2027, "ky_nang"] > everyone.loc[2025, "ky_nang"] + 0.1
    assert abs(everyone.loc[2027, "nd5"] - everyone.loc[2025, "nd5"]) < 0.2


def covered(study: Study, seed: int, items: list[str]) -> list[bool]:
    """Whether each item's interval of the change 2025 -> 2027 holds what all on the roster would have answered."""
    everyone = score(simulate.population(study, seed=seed), study.form)
    truth = everyone[everyone["wave"] == 2027][items].mean() - everyone[everyone["wave"] == 2025][items].mean()
    random = np.random.default_rng(seed)
    codes = [simulate._typed_code(code, simulate.Truth(), random) for code in everyone["code"]]
    everyone["person"] = link.persons(pd.Series(codes, index=everyone.index), everyone["wave"])
    answered = weigh(everyone[everyone["answers"]], study)
    found = change(answered, items, design_of(study), between=(2025, 2027)).set_index("item")
    return [found.loc[item, "low"] <= truth[item] <= found.loc[item, "high"] for item in items]


@pytest.mark.slow
def test_the_known_change_lies_in_its_interval_in_93_to_97_of_100_schools():
    two = DEMO.model_copy(update={"waves": tuple(wave for wave in DEMO.waves if wave.id in (2025, 2027))})
    items = ["ky_nang", "ky_nang_ai", "ung_dung"]
    hits = np.mean([covered(two, seed, items) for seed in range(1000)], axis=0)
    assert ((hits >= 0.93) & (hits <= 0.97)).all(), dict(zip(items, hits, strict=True))
