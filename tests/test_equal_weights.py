"""What it costs that everybody in a published table counts the same: bias and coverage beside weights by unit and role."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest

from analysis import means, weigh
from analysis.weights import SCHOOL, place, published
from survey.study import Study

ROSTER = {
    "ban_giam_hieu": {"quan_ly": 3}, "toan": {"quan_ly": 1, "giao_vien": 12}, "ngu_van": {"quan_ly": 1, "giao_vien": 9},
    "ngoai_ngu": {"quan_ly": 1, "giao_vien": 8}, "vat_li": {"quan_ly": 1, "giao_vien": 7},
    "hoa_sinh": {"quan_ly": 1, "giao_vien": 8}, "su_dia": {"quan_ly": 1, "giao_vien": 8},
    "tin_the_duc": {"quan_ly": 1, "giao_vien": 8}, "van_phong": {"quan_ly": 1, "nhan_vien": 7},
}  # fmt: skip
FIELDWORK = {  # within which each unit and role's share of answers is drawn: heads; everybody else
    "85-95 % answer": ((0.85, 0.95), (0.85, 0.95)),
    "60-80 % of heads, 85-98 % of others": ((0.60, 0.80), (0.85, 0.98)),
    "55-95 % answer": ((0.55, 0.95), (0.55, 0.95)),
}
SCHOOLS, DRAWS = 6, 300
HEADS = 0.8  # heads' answers lie so far from their unit's (standard deviation, points)


def people(random: np.random.Generator) -> pd.DataFrame:
    """Everybody of a school with an answer of 1 to 5: units differ, heads differ from their units."""
    rows = []
    for unit, counts in ROSTER.items():
        level = random.normal(3, 0.4)
        for role, number in counts.items():
            own = level + (random.normal(0, HEADS) if role == "quan_ly" else 0)
            rows += [(unit, role, float(np.clip(round(random.normal(own, 0.9)), 1, 5))) for _ in range(number)]
    return pd.DataFrame(rows, columns=["unit", "role", "y"])


def study_of(waves: int, folder) -> Study:
    content = {
        "id": "thu", "title": "Thử", "school": {"name": "Thử"}, "questionnaire": "staff",
        "units": [{"id": unit, "label": unit} for unit in ROSTER],
        "roles": [{"id": role, "label": role} for role in ("quan_ly", "giao_vien", "nhan_vien")],
        "waves": [{"id": 2000 + n, "opens": f"{2000 + n}-05-04", "ends": f"{2000 + n}-05-22", "roster": ROSTER}
                  for n in range(waves)],
    }  # fmt: skip
    (folder / "study.yaml").write_text(json.dumps(content), encoding="utf-8")
    return Study.open(folder)


def compared(fieldwork: str, folder) -> pd.DataFrame:
    """Rows unit, role, whole x weights by cell, equal: absolute bias, its noise, root mean square error, coverage, width."""
    random = np.random.default_rng(sorted(FIELDWORK).index(fieldwork))
    heads, others = FIELDWORK[fieldwork]
    study, found = study_of(DRAWS, folder), []
    for school in range(SCHOOLS):
        everybody = people(random)
        cells = everybody.groupby(["unit", "role"]).groups
        rate = {cell: random.uniform(*(heads if cell[1] == "quan_ly" else others)) for cell in cells}
        chance = np.array([rate[cell] for cell in zip(everybody["unit"], everybody["role"], strict=True)])
        draws = [everybody[random.random(len(everybody)) < chance].assign(wave=2000 + n) for n in range(DRAWS)]
        answers = pd.concat(draws, ignore_index=True)
        weighed, placed = weigh(answers, study), place(answers, study)
        for group in ("unit", "role", ""):
            by = [group] if group else []
            truth = everybody.groupby(group)["y"].mean() if group else pd.Series({"": everybody["y"].mean()})
            for way, frame, design in (("cells", weighed, SCHOOL), ("equal", placed, published(study, by))):
                told = means(frame, ["y"], design, by=["wave", *by])
                told = told[told["n"] >= 5]
                right = told["level"].map(truth)
                found.append(told.assign(school=school, way=way, group=group or "whole", away=told["estimate"] - right,
                                         held=(told["low"] <= right + 1e-9) & (told["high"] >= right - 1e-9)))  # fmt: skip
    rows = []
    for (group, way), part in pd.concat(found).groupby(["group", "way"], sort=False):
        each = part.groupby(["school", "level"])["away"]
        noise = math.sqrt(2 / math.pi) * float((each.std() / np.sqrt(each.size())).mean())
        rows.append((fieldwork, group, way, float(each.mean().abs().mean()), noise, math.sqrt(float((part["away"] ** 2).mean())),
                     float(part["held"].mean()), float((part["high"] - part["low"]).mean())))  # fmt: skip
    return pd.DataFrame(rows, columns=["fieldwork", "group", "way", "bias", "noise", "rmse", "coverage", "width"])


def rows(folder) -> list[str]:
    """The table of docs/validation.md: today's weights by unit and role / everybody the same."""
    lines = []
    for fieldwork in FIELDWORK:
        table = compared(fieldwork, folder)
        for group in ("unit", "role", "whole"):
            cells, equal = (
                table[(table["group"] == group) & (table["way"] == way)].iloc[0] for way in ("cells", "equal")
            )
            told = [f"{cells[name]:.3f} / {equal[name]:.3f}" for name in ("bias", "rmse", "coverage", "width")]
            lines.append(f"| {fieldwork} | {group} | {told[0]} ({equal['noise']:.3f}) | {' | '.join(told[1:])} |")
    return lines


@pytest.mark.slow
def test_intervals_of_units_hold_the_truth_as_often_as_they_say(tmp_path):
    table = compared("60-80 % of heads, 85-98 % of others", tmp_path).set_index(["group", "way"])
    assert table.loc[("unit", "equal"), "coverage"] >= 0.93
    assert table.loc[("whole", "equal"), "coverage"] >= 0.92
    assert table.loc[("unit", "equal"), "bias"] <= table.loc[("unit", "cells"), "bias"] + 0.02
