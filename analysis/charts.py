"""One shown estimate -> one mark. Charts that a newspaper would print; nothing is computed or rounded into the data here."""

from analysis.chart_sheet import Chart, label_pretend, png
from analysis.charts_of_changes import changes
from analysis.charts_of_levels import trend, units
from analysis.charts_of_shares import likert
from analysis.charts_of_targets import targets

__all__ = ["Chart", "changes", "label_pretend", "likert", "png", "targets", "trend", "units"]
