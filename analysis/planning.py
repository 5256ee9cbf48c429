"""Before a wave: how precise will the answers be, what change could they show, and what would more answers buy."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
from scipy import stats

from analysis.weights import roster_of
from survey.errors import StudyError, Text
from survey.study import Study

RATES = (0.6, 0.7, 0.8, 0.9, 1.0)
POWER = 0.8
SPREAD = 0.8  # points: the standard deviation of a five-point scale score that is assumed where nothing is known


def margin_of_share(answers: float, people: float, share: float = 0.5) -> float:
    """Half the width of a 95 % interval of a share among these people, 0 to 1; 0 in a census, missing below 2 answers.

    1.96 sqrt(p (1 - p) / (n - 1) (1 - n / N)). Source: Cochran (1977), Sampling Techniques, 3.2.
    """
    return _margin(answers, people, share * (1 - share) * answers / (answers - 1) if answers > 1 else math.nan)


def margin_of_mean(answers: float, people: float, spread: float = SPREAD) -> float:
    """Half the width of a 95 % interval of a mean among these people, in the scale's points."""
    return _margin(answers, people, spread**2)


def _margin(answers: float, people: float, variance: float) -> float:
    if answers < 2:
        return math.nan
    return float(stats.norm.ppf(0.975)) * math.sqrt(variance / answers * max(0.0, 1 - answers / people))


def smallest_change(margin: float) -> float:
    """The smallest change between two such waves that is seen four times out of five, from the margin of one wave.

    (z(.975) + z(.8)) sqrt(2) se: two waves of the same precision, whose answers are taken as independent, which beside a
    census is nearly so, whoever is linked.
    """
    se = margin / float(stats.norm.ppf(0.975))
    return float(stats.norm.ppf(0.975) + stats.norm.ppf(POWER)) * math.sqrt(2) * se


def paired_effect(linked: int) -> float:
    """The smallest mean change of linked people, in standard deviations of their changes, that a paired t test sees at 80 %.

    For the analytic target. R: `power.t.test(n, power = .8, type = "paired")$delta`. Missing below 3 people.
    """
    from statsmodels.stats.power import TTestPower

    if linked < 3:
        return math.nan
    return float(TTestPower().solve_power(nobs=linked, alpha=0.05, power=POWER))


def plan(people: int, answers: Sequence[int] | None = None) -> pd.DataFrame:
    """What answers of some people would tell: a row per number of answers (as 60 % to 100 % would give, if none is named).

    people, answers, rate, margin_share, margin_mean, change_share, change_mean (all about these people: target
    "descriptive"), effect (of the process: target "analytic", everyone linked), method.
    """
    counts = answers or sorted({round(rate * people) for rate in RATES})
    rows = []
    for n in counts:
        share, mean = margin_of_share(n, people), margin_of_mean(n, people)
        rows.append(
            {
                "people": people,
                "answers": n,
                "rate": n / people,
                "margin_share": share,
                "margin_mean": mean,
                "change_share": smallest_change(share),
                "change_mean": smallest_change(mean),
                "effect": paired_effect(n),
                "method": f"simple sample, fpc; 95 %; power {POWER:g}; share 50 %; standard deviation {SPREAD:g}",
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
