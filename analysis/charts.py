"""One shown estimate -> one mark. Charts that a newspaper would print; nothing is computed or rounded into the data here."""

from analysis.chart_sheet import Chart, label_pretend, picture, png, svg
from analysis.charts_of_changes import changes
from analysis.charts_of_fieldwork import response
from analysis.charts_of_levels import slope, trend, units
from analysis.charts_of_shares import likert, moves
from analysis.charts_of_targets import pace, targets

__all__ = [
    "Chart", "changes", "label_pretend", "likert", "moves", "pace", "picture", "png", "response", "slope", "svg", "targets",
    "trend", "units",
]  # fmt: skip
