"""Any frame -> the count cube: the one table on which every estimate is worked out.

The only module that knows narwhals, so that one group-by serves pandas, polars, DuckDB relations and Spark frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals as nw
import pandas as pd

from analysis.design import Design
from survey.errors import DesignError, Text


def cube(frame: Any, item: str, design: Design, by: Sequence[str] = ()) -> pd.DataFrame:
    """Count one item: a row per group x stratum x psu x value.

    frame: pandas, polars, DuckDB relation or Spark frame, a row per respondent (and wave). Returns group0, group1, … (the
    columns of `by`, under names that no column of the frame can clash with), stratum, psu (missing where each row is its
    own), value (missing: no answer), n (rows), used (rows of positive weight), w and w2 (sums of the weights and of their
    squares), population (the stratum's, missing where the design has none).
    Raises DesignError: a column is not there, a weight is missing or negative, a stratum has two populations.
    """
    data = nw.from_native(frame)
    _require(data.collect_schema().names(), [item, *by, *filter(None, (design.weight, design.stratum, design.psu))])
    _require(data.collect_schema().names(), [design.population] if design.population else [])
    groups = [f"group{number}" for number in range(len(by))]
    weight = nw.col(design.weight).cast(nw.Float64) if design.weight else nw.lit(1.0)
    rows = data.select(
        nw.col(item).alias("value"),
        weight.alias("w"),
        (weight * weight).alias("w2"),
        (weight > 0).cast(nw.Int64).alias("used"),
        (weight.is_null() | ~(weight >= 0)).cast(nw.Int64).alias("bad"),
        (nw.col(design.stratum) if design.stratum else nw.lit(0)).alias("stratum"),
        (nw.col(design.psu) if design.psu else nw.lit(0)).alias("psu"),
        (nw.col(design.population).cast(nw.Float64) if design.population else nw.lit(0.0)).alias("population"),
        *(nw.col(name).alias(group) for name, group in zip(by, groups, strict=True)),
    )
    cells = rows.group_by([*groups, "stratum", "psu", "value"]).agg(
        nw.len().alias("n"),
        nw.col("w").sum(),
        nw.col("w2").sum(),
        nw.col("used").sum(),
        nw.col("bad").sum(),
        nw.col("population").min().alias("population"),
        nw.col("population").max().alias("population_high"),
    )
    counted = (cells.collect() if isinstance(cells, nw.LazyFrame) else cells).to_pandas()
    _check(counted, groups, design, by)
    counted = counted.drop(columns=["bad", "population_high"])
    if not design.population:
        counted["population"] = float("nan")
    if not design.psu:
        counted["psu"] = None
    return counted


def rows(frame: Any, columns: Sequence[str]) -> pd.DataFrame:
    """The named columns of any frame as a pandas frame of its own."""
    data = nw.from_native(frame)
    _require(data.collect_schema().names(), columns)
    chosen = data.select([nw.col(name) for name in dict.fromkeys(columns)])
    return (chosen.collect() if isinstance(chosen, nw.LazyFrame) else chosen).to_pandas()


def _require(names: Sequence[str], columns: Sequence[str]) -> None:
    for column in columns:
        if column not in names:
            raise DesignError(
                "Design",
                rule=Text("Mọi cột được nêu phải có trong bảng.", "Every column that is named is in the frame."),
                found=Text(f"không có cột {column!r}", f"no column {column!r}"),
                cure=Text(f"Các cột đang có: {', '.join(names)}.", f"The frame has: {', '.join(names)}."),
            )


def _check(cells: pd.DataFrame, groups: list[str], design: Design, by: Sequence[str]) -> None:
    if cells["bad"].sum():
        raise DesignError(
            f"Design(weight={design.weight!r})",
            rule=Text("Trọng số là số không âm, không được thiếu.", "Weights are not missing and not negative."),
            found=Text(f"{cells['bad'].sum()} dòng sai", f"{cells['bad'].sum()} bad rows"),
            cure=Text("Bổ sung trọng số, hoặc bỏ các dòng ấy.", "Fill the weights in, or drop those rows."),
        )
    if not design.population:
        return
    strata = [group for group, name in zip(groups, by, strict=True) if name == "wave"] + ["stratum"]
    if cells["population"].isna().any():
        raise DesignError(
            f"Design(population={design.population!r})",
            rule=Text("Tổng thể của mỗi dòng phải có.", "Each row has a population."),
            found=Text("có dòng để trống", "some rows have none"),
            cure=Text("Bổ sung, hoặc bỏ population khỏi Design.", "Fill it in, or leave population out of Design."),
        )
    sizes = cells[[*strata, "population"]].drop_duplicates()
    mixed = sizes[sizes.duplicated(strata, keep=False)]
    if len(mixed) or (cells["population"] != cells["population_high"]).any():
        found = sorted({*mixed["population"], *cells["population"], *cells["population_high"]})
        raise DesignError(
            f"Design(population={design.population!r})",
            rule=Text(
                "Trong một tầng (và một đợt) chỉ có một cỡ tổng thể.", "A stratum (of a wave) has one population size."
            ),
            found=", ".join(f"{size:g}" for size in found[:6]),
            cure=Text(
                'Sửa cột ấy; bảng nhiều đợt thì thêm by=["wave"].',
                'Mend the column; with several waves add by=["wave"].',
            ),
        )
