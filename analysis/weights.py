"""Roster and answers -> weights: each weighting cell's answers stand for the cell's people; response rates per unit."""

from __future__ import annotations

import pandas as pd

from analysis.design import Design
from survey.study import Study

SCHOOL = Design(weight="weight", stratum="stratum", population="population")
POOLED = "*"


def weigh(answers: pd.DataFrame, study: Study, least: int = 5) -> pd.DataFrame:
    """The answers with weight, stratum and population, from the study's roster.

    Cells are unit x role. Those with fewer than `least` answers in any wave are pooled over the units of a role and, if
    still too small, joined with the smallest other stratum; the cells are the same in all waves, so that waves compare.
    weight = N / n of the stratum in that wave. Without a roster, or without units and roles, the answers are one stratum
    of their own: weight 1 and no population. Answers whose unit or role is not on the wave's roster get no place in it
    and are left out of the result; `response` counts them. A stratum with more answers than people counts as complete.
    """
    roster = roster_of(study)
    if roster.empty or not {"unit", "role"} <= set(answers.columns):
        return answers.assign(weight=1.0, stratum="", population=float("nan"))
    roster = roster[roster["wave"].isin(answers["wave"].unique())]
    placed = answers.merge(roster[["wave", "unit", "role"]], on=["wave", "unit", "role"])
    strata = _strata(placed, roster, least)
    keyed = placed.assign(stratum=_key(placed).map(strata))
    people = roster.assign(stratum=_key(roster).map(strata)).groupby(["wave", "stratum"])["people"].sum()
    n = keyed.groupby(["wave", "stratum"]).size()
    sizes = pd.DataFrame({"population": people, "n": n}).dropna()
    sizes["population"] = sizes[["population", "n"]].max(axis=1)
    sizes["weight"] = sizes["population"] / sizes["n"]
    return keyed.merge(sizes[["weight", "population"]].reset_index(), on=["wave", "stratum"])


def design_of(study: Study) -> Design:
    """The design that `weigh` makes of the study's answers."""
    return SCHOOL if any(wave.roster for wave in study.waves) else Design()


def roster_of(study: Study) -> pd.DataFrame:
    """The roster as a frame: wave, unit, role, people."""
    cells = [
        (wave.id, unit, role, people)
        for wave in study.waves
        for unit, counts in wave.roster.items()
        for role, people in counts.items()
        if people
    ]
    return pd.DataFrame(cells, columns=["wave", "unit", "role", "people"])


def response(answers: pd.DataFrame, study: Study, by: str = "unit") -> pd.DataFrame:
    """Who was asked and who answered: wave, `by`, people, answers, rate (answers / people, 0 to 1).

    A row "" per wave is the whole school; rate above 1 shows more answers than people on the roster.
    """
    roster = roster_of(study)
    counts = answers.groupby(["wave", by]).size().rename("answers") if by in answers else pd.Series(dtype=int, name="answers")
    parts = pd.concat([roster.groupby(["wave", by])["people"].sum(), counts], axis=1).fillna(0).reset_index()
    whole = pd.concat([roster.groupby("wave")["people"].sum(), answers.groupby("wave").size().rename("answers")], axis=1)
    whole = whole.reset_index().assign(**{by: ""})
    table = pd.concat([whole, parts], ignore_index=True).astype({"people": "Int64", "answers": "Int64"})
    held = table[table["wave"].isin(answers["wave"].unique())]
    rate = (held["answers"] / held["people"]).astype("Float64")
    return held.assign(rate=rate)[["wave", by, "people", "answers", "rate"]].sort_values(["wave", by], ignore_index=True)


def _key(frame: pd.DataFrame) -> pd.Series:
    return frame["role"].astype(str) + "/" + frame["unit"].astype(str)


def _strata(answers: pd.DataFrame, roster: pd.DataFrame, least: int) -> dict[str, str]:
    """Cell (role/unit) -> stratum, so that every stratum has `least` answers in each wave where it has people."""
    cells = roster.assign(cell=_key(roster)).groupby(["wave", "cell"])["people"].sum().to_frame()
    cells["n"] = answers.assign(cell=_key(answers)).groupby(["wave", "cell"]).size()
    fewest = cells["n"].fillna(0).groupby("cell").min()
    strata = {cell: cell if n >= least else f"{cell.split('/')[0]}/{POOLED}" for cell, n in fewest.items()}
    while True:
        sizes = cells["n"].fillna(0).groupby([cells.index.get_level_values("wave"), _map(cells, strata)]).sum()
        fewest = sizes.groupby(level=1).min()
        small = fewest[fewest < least]
        if small.empty or len(fewest) == 1:
            return strata
        poor = small.idxmin()
        role = poor.split("/")[0]
        others = fewest.drop(poor)
        same = others[[name.split("/")[0] == role for name in others.index]]
        into = (same if len(same) else others).idxmin()
        strata = {cell: into if stratum == poor else stratum for cell, stratum in strata.items()}


def _map(cells: pd.DataFrame, strata: dict[str, str]) -> pd.Index:
    return cells.index.get_level_values("cell").map(strata).rename("stratum")
