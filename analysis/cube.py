"""Any frame -> the count cube: the one table on which every estimate is worked out.

The only module that knows narwhals, so that one group-by serves pandas, polars, DuckDB relations and Spark frames.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from analysis.design import Design
from survey.errors import DesignError, Text
from survey.store import ABSENT

CHUNK = 200_000  # answers that one group-by takes at once: a small frame goes whole, a large one item by item
NOT_TOLD = "blank"  # why an answer is missing, where the frame does not say


@dataclass(frozen=True)
class Keys:
    """The columns of a cube beside its counts, and where each comes from in the frame."""

    groups: dict[str, str]  # group0, group1, … -> column of the frame
    strata: dict[str, str]  # stratum, psu, ssu, population, psu_population, margin0, … -> column of the frame

    @classmethod
    def of(cls, design: Design, by: Sequence[str]) -> Keys:
        named = {
            "stratum": design.stratum,
            "psu": design.psu,
            "ssu": design.ssu,
            "population": design.population,
            "psu_population": design.psu_population,
            **{f"margin{place}": name for place, name in enumerate(design.margins)},
        }
        groups = {f"group{place}": name for place, name in enumerate(by)}
        return cls(groups, {key: name for key, name in named.items() if name})

    @property
    def all(self) -> dict[str, str]:
        return self.groups | self.strata

    @property
    def of_wave(self) -> list[str]:
        """The key that holds the wave, if there is one: each wave is a survey of its own."""
        return [key for key, name in self.groups.items() if name == "wave"]


def cube(frame: Any, items: Sequence[str], design: Design | None = None, by: Sequence[str] = ()) -> pd.DataFrame:
    """Count items: a row per item x group x stratum x PSU x value.

    frame: pandas, polars, DuckDB relation or Spark frame, a row per respondent (and wave). Returns item, group0, group1, …
    (the columns of `by`, under names that no column of the frame can clash with), stratum, psu, ssu, population,
    psu_population, margin0, … (those that the design names), value (missing: no answer), absent (why: "na" does not apply,
    "skipped" not asked, "blank" no answer given or the frame has no column item__absent that would tell; "" for an answer),
    n (rows), used (rows of positive weight), w, w2 (sums of the weights and of their squares), b (sum of the weights
    before calibration). Raises DesignError: a column is not there, a weight is missing or negative, a stratum has two
    populations.
    """
    design = design or Design()
    cells = pd.concat(
        [part.astype({"value": object, "item": object}) for part in chunks(frame, items, design, by)], ignore_index=True
    )
    cells["absent"] = cells["value"].isna().map({True: NOT_TOLD, False: ""})
    names = nw.from_native(frame).collect_schema().names()
    told = [item for item in items if item + ABSENT in names]
    if not told:
        return cells
    reasons = pd.concat(chunks(frame, [item + ABSENT for item in told], design, by), ignore_index=True)
    reasons = reasons[reasons["value"].notna()].rename(columns={"value": "absent"})
    reasons = reasons.assign(item=reasons["item"].astype(str).str.removesuffix(ABSENT), value=None)
    answered = cells[cells["value"].notna() | ~cells["item"].isin(told)]
    return pd.concat([answered, reasons], ignore_index=True)


def chunks(frame: Any, items: Sequence[str], design: Design, by: Sequence[str]) -> Iterator[pd.DataFrame]:
    """The cube in parts that fit in memory: the cells of a few items of one kind (numbers, or words) at a time."""
    data = nw.from_native(_inferred(frame))
    keys = Keys.of(design, by)
    schema = data.collect_schema()
    _require(schema.names(), [*items, *keys.all.values(), *filter(None, (design.weight, design.base_weight))])
    weights = {"_w": design.weight, "_b": design.base_weight if design.margins else None}
    rows = data.with_columns(nw.col(name).cast(nw.Float64).alias(key) for key, name in weights.items() if name)
    zeros = _check_weights(rows, weights)
    rows = rows.with_columns(
        *([(nw.col("_w") * nw.col("_w")).alias("_w2")] if design.weight else []),
        *([(nw.col("_w") > 0).cast(nw.Int64).alias("_used")] if zeros else []),
    )
    step = 1 if isinstance(rows, nw.LazyFrame) else max(1, CHUNK // max(1, len(rows)))
    for dtype in dict.fromkeys(schema[item] for item in items):
        kind = [item for item in dict.fromkeys(items) if schema[item] == dtype]
        for start in range(0, len(kind), step):
            cells = _count(rows, kind[start : start + step], dtype, keys)
            _check_populations(cells, keys, design)
            yield cells


def _inferred(frame: Any) -> Any:
    """A pandas frame whose columns of mixed objects are read as what they hold; any other frame as it is."""
    if not isinstance(frame, pd.DataFrame):
        return frame
    mixed = [name for name in frame if frame[name].dtype == object]
    return frame.assign(**{name: frame[name].convert_dtypes() for name in mixed}) if mixed else frame


def _count(rows: Any, items: Sequence[str], dtype: Any, keys: Keys) -> pd.DataFrame:
    """The cells of a few items. One item is counted in its own column, which is faster than turning the frame on its side."""
    sums = [name for name in ("_w", "_w2", "_used", "_b") if name in rows.collect_schema().names()]
    named = [nw.col(name).alias(key) for key, name in keys.all.items()]
    places = [f"item{place}" for place in range(len(items))]  # no item's own name: a key may bear it
    values = [_value(item, dtype).alias(place) for place, item in zip(places, items, strict=True)]
    kept = [*keys.all, "value"]
    if len(items) == 1:
        long = rows.select(*named, *(nw.col(name) for name in sums), values[0].alias("value"))
    else:
        wide = rows.select(*named, *(nw.col(name) for name in sums), *values)
        long = wide.unpivot(places, index=[*keys.all, *sums], variable_name="item", value_name="value")
        kept = ["item", *kept]
    cells = _pandas(long.group_by(kept).agg(nw.len().alias("n"), *(nw.col(n).sum().alias(n[1:]) for n in sums)))
    code = pd.Index(places).get_indexer(cells["item"]) if len(items) > 1 else np.zeros(len(cells), dtype=np.int8)
    absent = {name: cells["n"] for name in ("w", "w2", "used", "b") if name not in cells}  # every weight is 1
    return cells.assign(item=pd.Categorical.from_codes(code, list(items)), **absent)


def _value(item: str, dtype: Any) -> Any:
    """An item's answers as numbers or as words."""
    if dtype == nw.Boolean:
        return nw.col(item).cast(nw.Int64)
    return (
        nw.col(item)
        if dtype.is_integer() or dtype.is_float()
        else nw.col(item).cast(nw.Float64 if dtype.is_numeric() else nw.String)
    )


def rows(frame: Any, columns: Sequence[str]) -> pd.DataFrame:
    """The named columns of any frame as a pandas frame of its own."""
    data = nw.from_native(frame)
    _require(data.collect_schema().names(), columns)
    return _pandas(data.select([nw.col(name) for name in dict.fromkeys(columns)]))


def _pandas(data: Any) -> pd.DataFrame:
    """As a pandas frame, without copying what need not be copied."""
    if isinstance(data, nw.LazyFrame):
        return data.collect("pyarrow").to_native().to_pandas(split_blocks=True, self_destruct=True)
    return data.to_pandas()


def _require(names: Sequence[str], columns: Sequence[str]) -> None:
    for column in columns:
        if column not in names:
            raise DesignError(
                "Design",
                rule=Text("Mọi cột được nêu phải có trong bảng.", "Every column that is named is in the frame."),
                found=Text(f"không có cột {column!r}", f"no column {column!r}"),
                cure=Text(f"Các cột đang có: {', '.join(names)}.", f"The frame has: {', '.join(names)}."),
            )


def _check_weights(rows: Any, weights: dict[str, str | None]) -> bool:
    """Whether some weight is 0; no weight may be missing or negative."""
    given = {key: name for key, name in weights.items() if name}
    if not given:
        return False
    bad = [(nw.col(key).is_null() | ~(nw.col(key) >= 0)).cast(nw.Int64).sum().alias(key) for key in given]
    zero = (nw.col("_w") == 0).cast(nw.Int64).sum() if "_w" in given else nw.lit(0).sum()
    counted = _pandas(rows.select(*bad, zero.alias("zero"))).fillna(0)
    for key, name in given.items():
        number = int(counted[key].item())
        if number:
            raise DesignError(
                f"Design({'weight' if key == '_w' else 'base_weight'}={name!r})",
                rule=Text("Trọng số là số không âm, không được thiếu.", "Weights are not missing and not negative."),
                found=Text(f"{number} dòng sai", f"{number} bad rows"),
                cure=Text("Bổ sung trọng số, hoặc bỏ các dòng ấy.", "Fill the weights in, or drop those rows."),
            )
    return bool(counted["zero"].item())


def _check_populations(cells: pd.DataFrame, keys: Keys, design: Design) -> None:
    """Each stratum (of a wave) has one population, and each PSU one."""
    held = [key for key in (*keys.of_wave, "stratum", "psu") if key in cells]
    for column, name, of in (
        ("population", design.population, [key for key in held if key != "psu"]),
        ("psu_population", design.psu_population, held),
    ):
        if name is None:
            continue
        if cells[column].isna().any():
            raise DesignError(
                f"Design({column}={name!r})",
                rule=Text("Tổng thể của mỗi dòng phải có.", "Each row has a population."),
                found=Text("có dòng để trống", "some rows have none"),
                cure=Text(f"Bổ sung, hoặc bỏ {column} khỏi Design.", f"Fill it in, or leave {column} out of Design."),
            )
        sizes = cells[[*of, column]].drop_duplicates()
        mixed = sizes[sizes.duplicated(of, keep=False)] if of else sizes
        if len(mixed) > (0 if of else 1):
            raise DesignError(
                f"Design({column}={name!r})",
                rule=Text(
                    "Trong một tầng (và một đợt) chỉ có một cỡ tổng thể.",
                    "A stratum (of a wave) has one population size.",
                ),
                found=", ".join(f"{size:g}" for size in sorted(mixed[column].unique())[:6]),
                cure=Text(
                    'Sửa cột ấy; bảng nhiều đợt thì thêm by=["wave"].',
                    'Mend the column; with several waves add by=["wave"].',
                ),
            )
