"""The ledger: every figure of a report with an id, and what it was worked out from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import metadata

import pandas as pd

import survey
from analysis.estimates import COLUMNS

KEPT = [*COLUMNS, "p", "p_adjusted", "family", "verdict", "detectable"]


@dataclass
class Ledger:
    """Gives each estimate that a report uses an id (E001, E002, …), the same one however often it is used."""

    snapshots: Mapping[int, str]  # wave -> SHA-256 of the sheet as it was read
    entries: dict[tuple, dict] = field(default_factory=dict)

    def cite(self, row) -> str:
        """The id of a row of estimates (a named tuple of `itertuples`), entered on first use."""
        values = row._asdict()
        key = tuple(str(values.get(name)) for name in ("wave", "item", "statistic", "group", "level", "value"))
        if key not in self.entries:
            waves = [int(part) for part in str(values["wave"]).split("→") if part.isdigit()]
            self.entries[key] = {
                "id": f"E{len(self.entries) + 1:03d}",
                **{name: values.get(name) for name in KEPT},
                "snapshots": "; ".join(
                    f"{wave}: {self.snapshots[wave][:16]}" for wave in waves if wave in self.snapshots
                ),
            }
        return self.entries[key]["id"]

    def table(self) -> pd.DataFrame:
        """One row per entry: id, COLUMNS, test results, snapshots."""
        return pd.DataFrame(list(self.entries.values()), columns=["id", *KEPT, "snapshots"])


def versions() -> pd.DataFrame:
    """The programs that the figures were worked out with: name, version."""
    names = ("pandas", "numpy", "scipy", "statsmodels", "narwhals", "gspread", "python-docx", "XlsxWriter")
    return pd.DataFrame(
        [("khaosatso", survey.__version__), *((name, metadata.version(name)) for name in names)],
        columns=["name", "version"],
    )
