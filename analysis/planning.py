"""Before a wave: how precise will the answers be, what change could they show, and what would more answers buy."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
from scipy import stats

from analysis.power import margin, smallest_dz, smallest_from_se
from analysis.weights import roster_of
from survey.errors import StudyError, Text
from survey.study import Study

RATES = (0.6, 0.7, 0.8, 0.9, 1.0)
Z = float(stats.norm.ppf(0.975))
SPREAD = 0.8  # points: the standard deviation of a five-point scale score that is assumed where nothing is known


def margin_of_mean(answers: int, people: int, spread: float = SPREAD) -> float:
    """Half the width of a 95 % interval of a mean among these people, in the scale's points; 0 in a census."""
    if answers == people:
        return 0.0
    return Z * spread * math.sqrt((1 - answers / people) / answers) if answers > 1 else math.nan


def smallest_between_waves(margin: float) -> float:
    """The smallest change between two such waves that is seen four times out of five, from the margin of one wave.

    Two waves of the same precision, whose answers are taken as independent: beside a census that is nearly so, whoever is
    linked.
    """
    return smallest_from_se(math.sqrt(2) * margin / Z)


def plan(people: int, answers: Sequence[int] | None = None) -> pd.DataFrame:
    """What answers of some people would tell: a row per number of answers (as 60 % to 100 % would give, if none is named).

    people, answers, rate, margin_share, margin_mean, change_share, change_mean (all about these people: target
    "descriptive"), effect (of the process: target "analytic", everyone linked), method.
    """
    counts = answers or sorted({round(rate * people) for rate in RATES})
    rows = []
    for n in counts:
        share, mean = margin(n, people), margin_of_mean(n, people)
        rows.append(
            {
                "people": people,
                "answers": n,
                "rate": n / people,
                "margin_share": share,
                "margin_mean": mean,
                "change_share": smallest_between_waves(share),
                "change_mean": smallest_between_waves(mean),
                "effect": smallest_dz(n),
                "method": f"simple sample, fpc; 95 %; power 80 %; share 50 %; standard deviation {SPREAD:g}",
            }
        )
    return pd.DataFrame(rows)


def plan_groups(study: Study, rate: float) -> pd.DataFrame:
    """`plan` for the whole school, each unit and each role of the last roster, when so many (0 to 1) answer: with group,
    level, and shown: whether a group's result could be published at all."""
    roster = roster_of(study)
    if roster.empty:
        raise StudyError(
            f"{study.folder / 'study.yaml'}, waves",
            rule=Text("Cần danh sách nhân sự (roster) của một đợt.", "A wave has a roster."),
            found=Text("chưa có roster", "no roster"),
            cure=Text("Ghi roster, hoặc dùng --people và --answers.", "Write it, or use --people and --answers."),
        )
    last = roster[roster["wave"] == roster["wave"].max()]
    groups = [("", "", int(last["people"].sum()))]
    groups += [
        (name, level, int(n)) for name in ("unit", "role") for level, n in last.groupby(name)["people"].sum().items()
    ]
    parts = [plan(n, [round(rate * n)]).assign(group=group, level=level) for group, level, n in groups]
    table = pd.concat(parts, ignore_index=True)
    return table.assign(shown=table["answers"] >= study.smallest_base)
