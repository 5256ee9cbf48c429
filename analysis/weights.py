"""Roster and answers -> the people that answers stand for: of the groups that are published, or by weighting cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import pandas as pd

from analysis.design import Design
from analysis.raking import rake
from survey.errors import StudyError, Text
from survey.study import Study

PEOPLE = "people"  # column of the whole population; that of a group ("unit") is "unit_people"
SCHOOL = Design(weight="weight", stratum="stratum", population="population")
RAKED = Design(weight="weight", population="population", margins=("unit_margin", "role_margin"))
BOUNDS = (0.3, 3.0)  # how far raking may move a weight from the wave's average
POOLED = "*"


def place(answers: pd.DataFrame, study: Study) -> pd.DataFrame:
    """The answers that have a place on the study's roster, with the people of their wave, unit and role.

    Columns people, unit_people and role_people (missing without a roster) are what `published` names. Answers whose unit or
    role is not on the wave's roster are left out; `response` counts them. Where more have answered than the roster has,
    those who answered are the people.
    """
    roster = roster_of(study)
    columns = {PEOPLE: [], f"unit_{PEOPLE}": ["unit"], f"role_{PEOPLE}": ["role"]}
    if roster.empty:
        return answers.assign(**dict.fromkeys(columns, float("nan")))
    _require_placeable(answers, study, roster)
    placed = answers.merge(roster[["wave", "unit", "role"]], on=["wave", "unit", "role"])
    for column, by in columns.items():
        asked, answered = roster.groupby(["wave", *by])["people"].sum(), placed.groupby(["wave", *by]).size()
        people = asked.combine(answered, max, fill_value=0).rename(column).astype(float)
        placed = placed.merge(people, left_on=["wave", *by], right_index=True, how="left")
    return placed


def published(study: Study, by: Sequence[str] = ()) -> Design:
    """The design of a published table of the whole (by=[]) or of the groups of one column, on a frame of `place`.

    Everybody of a published group counts the same: it is a simple sample of the group's people. Weights that differ within a
    group would tell who answered what (docs/disclosure.md).
    """
    if not _has_roster(study):
        return Design()
    return Design(stratum=by[0], population=f"{by[0]}_{PEOPLE}") if by else Design(population=PEOPLE)


def weigh(
    answers: pd.DataFrame, study: Study, least: int = 5, method: Literal["cells", "raking"] = "cells"
) -> pd.DataFrame:
    """The answers with weight, stratum and population, from the study's roster.

    Cells are unit x role. Those with fewer than `least` answers are pooled over the units of a role and, if still too
    small, joined with the smallest other stratum. A wave's strata rest on that wave alone: a later wave never changes a
    number that has been reported. weight = N / n of the stratum. Without a roster the answers
    are one stratum of their own: weight 1 and no population. Answers whose unit or role is not on the wave's roster have
    no place in it and are left out of the result; `response` counts them. A stratum with more answers than people counts
    as complete.

    method "raking": where most cells are thin, the weights of each wave fit its units and its roles instead (units, and
    roles, of fewer than `least` answers joined), each within `BOUNDS` of the average; the wave is then one stratum, and the
    columns unit_margin and role_margin tell the variance (`RAKED`).
    """
    roster = roster_of(study)
    if roster.empty:
        return answers.assign(weight=1.0, stratum="", population=float("nan"))
    _require_placeable(answers, study, roster)
    placed = answers.merge(roster[["wave", "unit", "role"]], on=["wave", "unit", "role"])
    of_wave = _weigh_wave if method == "cells" else _rake_wave
    waves = [of_wave(part, roster[roster["wave"] == wave], least) for wave, part in placed.groupby("wave")]
    return pd.concat(waves, ignore_index=True) if waves else placed.assign(weight=1.0, stratum="", population=1.0)


def _require_placeable(answers: pd.DataFrame, study: Study, roster: pd.DataFrame) -> None:
    if lacking := {"unit", "role"} - set(answers.columns):
        raise _unplaceable(study, lacking)
    for wave in sorted(set(answers["wave"]) - set(roster["wave"])):
        raise StudyError(
            f"study.yaml, waves {wave}, roster",
            rule=Text(
                "Đã có danh sách nhân sự thì đợt nào cũng phải có.", "Where one wave has a roster, each has one."
            ),
            found=Text("đợt này không có roster", "this wave has no roster"),
            cure=Text("Ghi số người từng đơn vị, vai trò của đợt ấy.", "Write the people of each unit and role."),
        )


def _unplaceable(study: Study, lacking: set[str]) -> StudyError:
    names = " và ".join({"unit": "đơn vị", "role": "vai trò"}[name] for name in sorted(lacking, reverse=True))
    return StudyError(
        f"{study.folder / 'study.yaml'}, waves, roster",
        rule=Text(
            "Danh sách nhân sự theo đơn vị và vai trò dùng với phiếu hỏi cả hai, hoặc khi chỉ có một đơn vị, một vai trò.",
            "A roster by units and roles goes with a form that asks both, or with a study that has one only.",
        ),
        found=Text(f"phiếu không hỏi {names}", f"the form does not ask {', '.join(sorted(lacking))}"),
        cure=Text(
            "Ghi một vai trò (một đơn vị) duy nhất trong study.yaml, hoặc bỏ roster của các đợt.",
            "Name one role (one unit) only in study.yaml, or drop the waves' roster.",
        ),
    )


def _weigh_wave(answers: pd.DataFrame, roster: pd.DataFrame, least: int) -> pd.DataFrame:
    cells = pd.DataFrame({"people": roster["people"].to_numpy()}, index=_key(roster))
    cells["n"] = _key(answers).value_counts().reindex(cells.index, fill_value=0)
    strata = _strata(cells["n"], least)
    sizes = cells.groupby(pd.Series(strata)).sum()
    population = sizes.max(axis=1).astype(float)
    stratum = _key(answers).map(strata)
    weight = stratum.map(population / sizes["n"])
    return answers.assign(weight=weight, stratum=stratum, population=stratum.map(population))


def _rake_wave(answers: pd.DataFrame, roster: pd.DataFrame, least: int) -> pd.DataFrame:
    answered = answers.groupby(["unit", "role"]).size()
    people = roster.set_index(["unit", "role"])["people"]
    people = people.combine(answered, max, fill_value=0)  # more answers than people: complete
    margins = {}
    for name in ("unit", "role"):
        joined = _joined(answers[name].value_counts().reindex(roster[name].unique(), fill_value=0), least)
        answers = answers.assign(**{f"{name}_margin": answers[name].map(joined)})
        margins[f"{name}_margin"] = people.groupby(people.index.get_level_values(name).map(joined)).sum().to_dict()
    return rake(answers, margins, bounds=BOUNDS).assign(stratum="", population=float(people.sum()))


def _joined(counts: pd.Series, least: int) -> dict[str, str]:
    """Level -> itself, or the pool of those with too few answers; a pool that is still small takes the smallest other."""
    ordered = counts.sort_values(kind="stable")
    pooled = list(ordered[ordered < least].index)
    for level in ordered.index.difference(pooled, sort=False):
        if not pooled or counts[pooled].sum() >= least:
            break
        pooled.append(level)
    return {level: POOLED if level in pooled else level for level in counts.index}


def diagnostics(frame: pd.DataFrame, weight: str = "weight", by: Sequence[str] = ("wave",)) -> pd.DataFrame:
    """How uneven the weights are: a row per group with n, people (their sum), least, most, ratio, cv, deff, n_effective.

    ratio: most / least; cv: standard deviation (of n) / mean; deff: Kish's 1 + cv^2, by which uneven weights alone widen a
    variance; n_effective: n / deff. R: `1 + var(w) * (n - 1) / n / mean(w)^2`. Kish (1965), Survey Sampling, 11.7.
    """
    groups = frame.groupby(list(by)) if by else [((), frame)]
    found = []
    for levels, part in groups:
        w = part[weight].astype(float)
        cv = float(w.std(ddof=0) / w.mean())
        row = {"n": len(w), "people": w.sum(), "least": w.min(), "most": w.max(), "ratio": w.max() / w.min(), "cv": cv}
        named = dict(zip(by, levels if isinstance(levels, tuple) else (levels,), strict=True))
        found.append(named | row | {"deff": 1 + cv**2, "n_effective": len(w) / (1 + cv**2)})
    return pd.DataFrame(found)


def design_of(study: Study) -> Design:
    """The design that `weigh` makes of the study's answers."""
    return SCHOOL if _has_roster(study) else Design()


def _has_roster(study: Study) -> bool:
    return any(wave.roster for wave in study.waves)


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
    known = answers[["wave", by]].dropna() if by in answers else pd.DataFrame({"wave": [], by: []})
    counts = known.groupby(["wave", by], as_index=False).size().rename(columns={"size": "answers"})
    parts = roster.groupby(["wave", by], as_index=False)["people"].sum().merge(counts, on=["wave", by], how="outer")
    parts = parts.fillna({"people": 0, "answers": 0})
    whole = pd.concat(
        [roster.groupby("wave")["people"].sum(), answers.groupby("wave").size().rename("answers")], axis=1
    )
    whole = whole.reset_index().assign(**{by: ""})
    table = pd.concat([whole, parts], ignore_index=True).astype({"people": "Int64", "answers": "Int64"})
    held = table[table["wave"].isin(answers["wave"].unique())]
    rate = (held["answers"] / held["people"]).astype("Float64")
    return held.assign(rate=rate)[["wave", by, "people", "answers", "rate"]].sort_values(
        ["wave", by], ignore_index=True
    )


def _key(frame: pd.DataFrame) -> pd.Series:
    return frame["role"].astype(str) + "/" + frame["unit"].astype(str)


def _strata(counts: pd.Series, least: int) -> dict[str, str]:
    """Cell (role/unit) -> stratum, so that every stratum has `least` answers (or there is one stratum)."""
    strata = {cell: cell if n >= least else f"{_role(cell)}/{POOLED}" for cell, n in counts.items()}
    while True:
        sizes = counts.groupby(pd.Series(strata)).sum()
        small = sizes[sizes < least]
        if small.empty or len(sizes) == 1:
            return strata
        poor = small.idxmin()
        others = sizes.drop(poor)
        same = others[[_role(name) == _role(poor) for name in others.index]]
        into = (same if len(same) else others).idxmin()
        strata = {cell: into if stratum == poor else stratum for cell, stratum in strata.items()}


def _role(cell: object) -> str:
    return str(cell).split("/")[0]
