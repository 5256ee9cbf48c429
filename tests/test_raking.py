"""Raked weights: R's numbers, the margins themselves, and what cannot be raked."""

import csv
import subprocess
from pathlib import Path

import pandas as pd
import pytest
from conftest import need_tool
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analysis.raking import rake
from survey.errors import DesignError

HERE = Path(__file__).parent / "reference"
STRATIFIED = pd.read_csv(HERE / "stratified.csv").assign(
    own=lambda frame: frame["w"] * frame["q"].gt(3).map({True: 1.4, False: 0.9})
)
MARGINS = {"h": {"A": 40, "B": 25, "C": 15}, "g": {"f": 36, "m": 44}}


def reference(text: str) -> dict[tuple[str, int], float]:
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {(row["case"], int(row["row"])): float(row["weight"]) for row in csv.DictReader(lines)}


FROZEN = reference((HERE / "raking.csv").read_text())
OURS = {
    "raking": lambda: rake(STRATIFIED, MARGINS),
    "iterated": lambda: rake(STRATIFIED, MARGINS),
    "raking from weights": lambda: rake(STRATIFIED, MARGINS, weight="own"),
    "logit": lambda: rake(STRATIFIED, MARGINS, bounds=(0.5, 2)),
    "logit from weights": lambda: rake(STRATIFIED, MARGINS, weight="own", bounds=(0.6, 1.9)),
}


@pytest.mark.parametrize("case", OURS)
def test_equals_r_survey(case):
    ours = OURS[case]()["weight"]
    for (name, row), weight in FROZEN.items():
        if name == case:
            assert ours.iloc[row - 1] == pytest.approx(weight, rel=1e-9)


@pytest.mark.slow
def test_the_frozen_numbers_are_what_r_says_today():
    need_tool("Rscript")
    said = subprocess.run(["Rscript", "raking.R"], cwd=HERE, capture_output=True, text=True, check=True).stdout
    assert reference(said) == pytest.approx(FROZEN, rel=1e-9)


def test_a_margin_of_one_column_is_people_by_answers():
    frame = pd.DataFrame({"role": ["a", "a", "b"]})
    assert rake(frame, {"role": {"a": 8, "b": 2}})["weight"].tolist() == pytest.approx([4, 4, 2])


def test_bounded_weights_stay_between_their_bounds():
    ours = rake(STRATIFIED, MARGINS, weight="own", bounds=(0.6, 1.9))
    assert (ours["weight"] / ours["own"]).between(0.6, 1.9).all()


answers = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xy")), min_size=4, max_size=40)


@settings(max_examples=80, deadline=None)
@given(answers, st.lists(st.integers(1, 60), min_size=3, max_size=3), st.floats(0.25, 0.75))
@example([("a", "x"), ("a", "y"), ("b", "y"), ("b", "y"), ("c", "x")], [25, 60, 1], 0.25)  # one person is a level
def test_every_margin_is_met_where_the_levels_cross(rows, people, part):
    frame = pd.DataFrame([*rows, *((h, g) for h in "abc" for g in "xy")], columns=["h", "g"])
    total = sum(people)
    margins = {"h": dict(zip("abc", people, strict=True)), "g": {"x": part * total, "y": (1 - part) * total}}
    raked = rake(frame, margins)
    assert (raked["weight"] > 0).all()
    for column, levels in margins.items():
        assert raked.groupby(column)["weight"].sum().to_dict() == pytest.approx(levels, rel=1e-9)


@pytest.mark.parametrize(
    ("margins", "bounds", "where", "found"),
    [
        ({"h": {"a": 5, "b": 5, "c": 1}}, None, "rake(margins='h')", "c: 1 người, không ai trả lời"),
        ({"h": {"a": 5}}, None, "rake(margins='h')", "b"),
        ({"h": {"a": 5, "b": 5}, "g": {"x": 6, "y": 5}}, None, "rake(margins=...)", "h: 10, g: 11"),
        ({"h": {"a": 9, "b": 1}}, (0.9, 1.1), "rake(bounds=...)", "không hội tụ sau 200 bước"),
    ],
)
def test_what_cannot_be_raked_is_told(margins, bounds, where, found):
    frame = pd.DataFrame({"h": ["a", "b", "b"], "g": ["x", "y", "x"]})
    with pytest.raises(DesignError) as error:
        rake(frame, margins, bounds=bounds)
    assert str(error.value).startswith(f"Lỗi ở {where}\n")
    assert f"  Đã thấy: {found}\n" in str(error.value)
