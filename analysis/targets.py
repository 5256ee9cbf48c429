"""The movement's targets, judged on unrounded counts: met, not met, no cases, cannot tell."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from survey.errors import Text
from survey.study import Figure, Study, Target

STATUS = {
    "met": Text("Đạt", "Met"),
    "not_met": Text("Chưa đạt", "Not met"),
    "no_cases": Text("Không phát sinh", "No cases"),
    "cannot_tell": Text("Chưa đủ căn cứ", "Cannot tell"),
}
COLUMNS = [
    "target",
    "label",
    "text",
    "rule",
    "date",
    "numerator",
    "denominator",
    "value",
    "threshold",
    "status",
    "evidence",
]


def targets(study: Study, until: dt.date) -> pd.DataFrame:
    """Each target with its latest figure dated no later than `until`: COLUMNS of this module.

    value and threshold are shares (0 to 1); value is missing where nothing occurred or no figure is there.
    """
    movement = study.movement
    rows = []
    for target in movement.targets if movement else ():
        figures = [f for f in study.figures if f.target == target.id and f.date <= until]
        figure = max(figures, key=lambda f: f.date, default=None)
        counted = figure is not None and figure.denominator and figure.numerator is not None
        rows.append(
            {
                "target": target.id,
                "label": str(target.label),
                "text": target.text,
                "rule": str(rule_words(target)),
                "date": figure.date if figure else None,
                "numerator": figure.numerator if figure else None,
                "denominator": figure.denominator if figure else None,
                "value": figure.numerator / figure.denominator if counted else None,  # type: ignore[union-attr,operator]
                "threshold": {"all": 1.0, "judged": None}.get(target.rule, (target.percent or 0) / 100),
                "status": status(target, figure),
                "evidence": figure.evidence if figure else "",
            }
        )
    return pd.DataFrame(rows, columns=COLUMNS).astype(
        {"numerator": "Int64", "denominator": "Int64", "value": "Float64"}
    )


def status(target: Target, figure: Figure | None) -> str:
    """Whether a figure meets a target; whole counts are compared, so that 99.6 % is never "100 %".

    "no_cases" where the denominator is 0; "cannot_tell" without a figure, or where more are counted than there are.
    """
    if figure is None:
        return "cannot_tell"
    if target.rule == "judged":
        return figure.judged or "cannot_tell"
    if figure.numerator is None or figure.denominator is None or figure.numerator > figure.denominator:
        return "cannot_tell"
    if figure.denominator == 0:
        return "no_cases"
    if target.rule == "all":
        return "met" if figure.numerator == figure.denominator else "not_met"
    reached, asked = 100 * figure.numerator, (target.percent or 0) * figure.denominator
    return "met" if (reached > asked if target.rule == "more_than" else reached >= asked) else "not_met"


def rule_words(target: Target) -> Text:
    """The target's rule in words: "tối thiểu 90%", "trên 70%", "100%", "đáp ứng nhu cầu"."""
    return {
        "at_least": Text(f"tối thiểu {target.percent}%", f"at least {target.percent}%"),
        "more_than": Text(f"trên {target.percent}%", f"above {target.percent}%"),
        "all": Text("100%", "100%"),
        "judged": Text("đáp ứng nhu cầu (theo đánh giá)", "sufficient (as judged)"),
    }[target.rule]
