"""Items -> scale scores, and how reliable they are."""

from __future__ import annotations

import math

import pandas as pd
from scipy import stats

from survey.questionnaire import Questionnaire


def score(answers: pd.DataFrame, form: Questionnaire) -> pd.DataFrame:
    """The answers with a column per scale: the mean of a person's answered items, in the items' own points.

    Reverse items are turned (lowest + highest - answer). Missing where less than the scale's `least` share of its items
    was answered. Scales without any item among the columns are left out.
    """
    scores = {}
    for scale in form.scales:
        items = [item for item in scale.items if item in answers]
        if not items:
            continue
        turned = pd.DataFrame({item: turn(answers[item], form, item) for item in items})
        enough = turned.notna().sum(axis=1) >= scale.least * len(scale.items)
        scores[scale.id] = turned.mean(axis=1).where(enough)
    return answers.assign(**scores)


def turn(values: pd.Series, form: Questionnaire, item: str) -> pd.Series:
    """An item's answers as numbers, turned round where the questionnaire says that it is reverse."""
    numbers = values.astype("Float64").astype(float)
    if not form.questions[item].reverse:
        return numbers
    codes = [code for code in form.value_labels(item) if isinstance(code, int)]
    return min(codes) + max(codes) - numbers


def reliability(answers: pd.DataFrame, form: Questionnaire, level: float = 0.95) -> pd.DataFrame:
    """Cronbach's alpha of each scale and wave with Feldt's interval: wave, scale, items, n, alpha, low, high.

    On people who answered every item. R: `psych::alpha(x)`, `psych::alpha.ci(alpha, n.obs, n.var)` (Feldt, Woodruff and
    Salih 1987). Missing where fewer than three people or two items are left.
    """
    rows = []
    for wave, part in answers.groupby("wave"):
        for scale in form.scales:
            items = [item for item in scale.items if item in part]
            complete = pd.DataFrame({item: turn(part[item], form, item) for item in items}).dropna()
            rows.append((wave, scale.id, len(items), len(complete), *_alpha(complete, level)))
    return pd.DataFrame(rows, columns=["wave", "scale", "items", "n", "alpha", "low", "high"])


def _alpha(items: pd.DataFrame, level: float) -> tuple[float, float, float]:
    n, k = items.shape
    whole = float(items.sum(axis=1).var(ddof=1)) if n > 2 and k > 1 else 0.0
    if not whole > 0:
        return math.nan, math.nan, math.nan
    alpha = k / (k - 1) * (1 - float(items.var(ddof=1).sum()) / whole)
    degrees = (n - 1, (n - 1) * (k - 1))
    low, high = (1 - (1 - alpha) * float(stats.f.ppf(p, *degrees)) for p in ((1 + level) / 2, (1 - level) / 2))
    return alpha, low, high
