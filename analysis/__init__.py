"""From answers to a page: design, estimates, change, suppression, charts, report."""

from __future__ import annotations

import importlib

# Loaded when first used, so that a command pays only for what it uses.
_HOMES = {
    "Design": "design",
    "means": "estimates",
    "proportions": "estimates",
    "totals": "estimates",
    "ratios": "estimates",
    "levels": "estimates",
    "quantiles": "medians",
    "COLUMNS": "estimates",
    "change": "changes",
    "slopes": "changes",
    "turnover": "changes",
    "proportional_odds": "odds",
    "trend": "trends",
    "transitions": "paired",
    "response_shift": "paired",
    "rank_test": "unpaired",
    "rao_scott": "unpaired",
    "cliffs_delta": "unpaired",
    "smallest_change": "power",
    "bounds_of_change": "bounds",
    "tipping_point": "bounds",
    "tost": "equivalence",
    "rake": "raking",
    "suppress": "suppression",
    "judge": "comparisons",
    "weigh": "weights",
    "response": "weights",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f"module 'analysis' has no attribute {name!r}")
    return getattr(importlib.import_module(f"analysis.{_HOMES[name]}"), name)
