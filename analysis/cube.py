"""Any frame -> the count cube: the one table on which every estimate is worked out.

The only module that knows narwhals, so that one group-by serves pandas, polars, DuckDB relations and Spark frames.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from analysis.codes import dense, first, joined
from analysis.design import Design
from survey.errors import DesignError, Text
from survey.store import ABSENT

CHUNK = 200_000  # answers that are worked on at once: a small frame goes whole, a large one item by item
IN_MEMORY = 20_000_000  # answers that are held at once
MANY = 2_000_000  # rows from which an engine's own group-by is faster than numbering every row here
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
    cells = _joined(frame, items, design, by)
    cells["absent"] = cells["value"].isna().map({True: NOT_TOLD, False: ""})
    names = nw.from_native(frame).collect_schema().names()
    told = [item for item in items if item + ABSENT in names]
    if not told:
        return cells
    reasons = _joined(frame, [item + ABSENT for item in told], design, by)
    reasons = reasons[reasons["value"].notna()].rename(columns={"value": "absent"})
    reasons = reasons.assign(item=reasons["item"].str.removesuffix(ABSENT), value=None)
    missing = cells["value"].isna() & cells["item"].isin(told)
    keys = [column for column in cells if column not in ("value", "absent", *SUMS)]
    untold = pd.concat([cells[missing], reasons.assign(absent=NOT_TOLD, **{name: -reasons[name] for name in SUMS})])
    untold = untold.groupby([*keys, "absent"], as_index=False, dropna=False)[SUMS].sum().assign(value=None)
    return pd.concat([cells[~missing], untold[untold["n"] > 0], reasons], ignore_index=True)


SUMS = ["n", "used", "w", "w2", "b"]


def _joined(frame: Any, items: Sequence[str], design: Design, by: Sequence[str]) -> pd.DataFrame:
    parts = [counts.table.astype({"value": object, "item": object}) for counts in counted(frame, items, design, by)]
    return pd.concat(parts, ignore_index=True)


@dataclass(frozen=True)
class Counts:
    """Cells of a few items of one kind: each the count of a value (a number, or words) under a combination of keys."""

    keys: pd.DataFrame  # the combinations of groups, strata, PSUs, …
    key: np.ndarray  # of each cell: its row of `keys`
    items: list[str]
    item: np.ndarray  # of each cell: its place in `items`
    value: np.ndarray  # floats or words; missing: no answer
    n: np.ndarray
    used: np.ndarray
    w: np.ndarray
    w2: np.ndarray
    b: np.ndarray

    @classmethod
    def of(cls, table: pd.DataFrame) -> Counts:
        """The same from one frame of cells."""
        item, items = pd.factorize(table["item"])
        sums = {name: table[name].to_numpy(float) for name in SUMS}
        return cls(table, np.arange(len(table)), list(items), item, plain(table["value"]), **sums)

    @property
    def table(self) -> pd.DataFrame:
        """One frame of cells: item, the keys, value, n, used, w, w2, b."""
        cells = self.keys.iloc[self.key].reset_index(drop=True)
        cells.insert(0, "item", np.array(self.items, dtype=object)[self.item])
        return cells.assign(value=self.value, **{name: getattr(self, name) for name in SUMS})


def plain(values: pd.Series) -> np.ndarray:
    """Answers as floats, or as words."""
    if pd.api.types.is_numeric_dtype(values):
        return values.to_numpy(float, na_value=np.nan)
    return values.to_numpy(object)


def chunks(frame: Any, items: Sequence[str], design: Design, by: Sequence[str]) -> Iterator[pd.DataFrame]:
    """`counted`, each part as one frame."""
    return (counts.table for counts in counted(frame, items, design, by))


def counted(frame: Any, items: Sequence[str], design: Design, by: Sequence[str]) -> Iterator[Counts]:
    """The cube in parts: the cells of a few items of one kind (numbers, or words) at a time.

    Rows are numbered and added up in memory, which takes a fraction of the time of a group-by; `MANY` of them, where the
    frame has an engine of its own, are counted by it.
    """
    data = nw.from_native(_inferred(frame))
    keys = Keys.of(design, by)
    schema = data.collect_schema()
    given = {"w": design.weight, "b": design.base_weight if design.margins else None}
    weights = {key: name for key, name in given.items() if name}
    _require(schema.names(), [*items, *keys.all.values(), *filter(None, given.values())])
    numbers = [item for item in dict.fromkeys(items) if schema[item].is_numeric() or schema[item] == nw.Boolean]
    words = [item for item in dict.fromkeys(items) if item not in numbers]
    size = len(data) if isinstance(data, nw.DataFrame) else int(_pandas(data.select(nw.len()))["len"].iloc[0])
    pushed = isinstance(data, nw.LazyFrame) and size > MANY
    for kind in (numbers, words):
        for held in batched(kind, max(1, IN_MEMORY // max(1, size))):
            for counts in (
                _pushed_down(data, held, schema, keys, weights)
                if pushed
                else _in_memory(data, held, keys, weights, size)
            ):
                _check_populations(counts.keys, keys, design)
                yield counts


def batched(items: Sequence[str], size: int) -> Iterator[list[str]]:
    return (list(items[start : start + size]) for start in range(0, len(items), size))


def _inferred(frame: Any) -> Any:
    """A pandas frame whose mixed objects, and categories that are numbers, are read as what they hold; any other as it is."""
    if not isinstance(frame, pd.DataFrame):
        return frame
    plainer = {}
    for name in frame:
        column = frame[name]
        if column.dtype == object:
            plainer[name] = column.convert_dtypes()
        elif isinstance(column.dtype, pd.CategoricalDtype) and pd.api.types.is_numeric_dtype(column.cat.categories):
            whole = pd.api.types.is_integer_dtype(column.cat.categories)
            plainer[name] = pd.Series(column.to_numpy(), index=column.index).astype("Int64" if whole else "Float64")
    return frame.assign(**plainer) if plainer else frame


def _in_memory(data: Any, items: Sequence[str], keys: Keys, weights: Mapping[str, str], size: int) -> Iterator[Counts]:
    """Count by adding up: each row's combination of keys is numbered once, for all items."""
    held = _pandas(data.select(list(dict.fromkeys([*keys.all.values(), *weights.values(), *items]))))
    code = np.zeros(len(held), dtype=np.int64)
    for name in keys.all.values():
        code = joined(code, pd.factorize(held[name], use_na_sentinel=False)[0])
    rows = first(np.arange(len(held)), code, int(code.max(initial=-1)) + 1)
    table = pd.DataFrame({key: held[name].iloc[rows].reset_index(drop=True) for key, name in keys.all.items()})
    table.index = pd.RangeIndex(
        len(rows) if keys.all else 1
    )  # without keys all rows are one combination, even if there are none
    sums = {key: held[name].to_numpy(float, na_value=np.nan) for key, name in weights.items()}
    for key, values in sums.items():
        _require_weights(weights, {key: int((~(values >= 0)).sum())})
    if "w" in sums:
        sums |= {"w2": sums["w"] ** 2} | ({"used": (sums["w"] > 0).astype(float)} if (sums["w"] == 0).any() else {})
    for part in batched(items, max(1, CHUNK // max(1, size))):
        cells = [_added(code, len(table), held[item], sums) for item in part]
        item = np.repeat(np.arange(len(part)), [len(cell["key"]) for cell in cells])
        whole = {name: np.concatenate([cell[name] for cell in cells]) for name in cells[0]}
        yield Counts(table, whole.pop("key"), part, item, whole.pop("value"), **whole)


def _added(code: np.ndarray, keys: int, answers: pd.Series, sums: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The cells of one item."""
    value, values = _numbered(answers)
    flat = code * len(values) + value
    size = keys * len(values)
    if size <= 4 * len(flat) + 1000:
        n = np.bincount(flat, minlength=size)
        cell = np.flatnonzero(n)
        added = {name: np.bincount(flat, weights, size)[cell] for name, weights in sums.items()}
        n = n[cell]
    else:  # about as many values as rows: number only the cells that there are
        held = dense(flat)
        cell = first(flat, held, int(held.max(initial=-1)) + 1)
        n = np.bincount(held)
        added = {name: np.bincount(held, weights) for name, weights in sums.items()}
    key, place = np.divmod(cell, len(values))
    return {"key": key, "value": values[place], **dict.fromkeys(SUMS, n.astype(float)), **added}


def _numbered(answers: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Each answer's place among the values, and the values; the last is the missing one, where there is any."""
    if isinstance(answers.dtype, np.dtype) and answers.dtype.kind in "iu" and len(answers):
        least, most = int(answers.min()), int(answers.max())
        if most - least < 100:  # codes: no need to look each up
            return answers.to_numpy(np.int64) - least, np.arange(least, most + 1, dtype=float)
    if pd.api.types.is_numeric_dtype(answers):
        code, values = pd.factorize(answers.to_numpy(float, na_value=np.nan))
        return np.where(code < 0, len(values), code), np.append(values, np.nan)
    code, levels = pd.factorize(answers.astype("str") if answers.dtype != object else answers)
    return np.where(code < 0, len(levels), code), np.array([*levels, None], dtype=object)


def _pushed_down(
    data: Any, items: Sequence[str], schema: Any, keys: Keys, weights: Mapping[str, str]
) -> Iterator[Counts]:
    """Count by one group-by for each item, which the frame's own engine does."""
    rows = data.with_columns(nw.col(name).cast(nw.Float64).alias("_" + key) for key, name in weights.items())
    if weights:
        bad = [(nw.col(f"_{k}").is_null() | ~(nw.col(f"_{k}") >= 0)).cast(nw.Int64).sum().alias(k) for k in weights]
        found = _pandas(rows.select(*bad)).fillna(0)
        _require_weights(weights, {key: int(found[key].iloc[0]) for key in weights})
    if "w" in weights:
        rows = rows.with_columns(
            (nw.col("_w") * nw.col("_w")).alias("_w2"), (nw.col("_w") > 0).cast(nw.Int64).alias("_used")
        )
    sums = [f"_{name}" for name in ("used", "w", "w2", "b") if name in weights or ("w" in weights and name != "b")]
    named = [nw.col(name).alias(key) for key, name in keys.all.items()]
    for item in items:
        long = rows.select(*named, *(nw.col(name) for name in sums), _value(item, schema[item]).alias("value"))
        grouped = long.group_by([*keys.all, "value"])
        cells = _pandas(grouped.agg(nw.len().alias("n"), *(nw.col(name).sum().alias(name[1:]) for name in sums)))
        ones = {name: cells["n"] for name in SUMS if name not in cells}
        yield Counts.of(cells.assign(item=item, **ones))


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


def _require_weights(weights: Mapping[str, str], bad: Mapping[str, int]) -> None:
    for key, number in bad.items():
        if number:
            raise DesignError(
                f"Design({'weight' if key == 'w' else 'base_weight'}={weights[key]!r})",
                rule=Text("Trọng số là số không âm, không được thiếu.", "Weights are not missing and not negative."),
                found=Text(f"{number} dòng sai", f"{number} bad rows"),
                cure=Text("Bổ sung trọng số, hoặc bỏ các dòng ấy.", "Fill the weights in, or drop those rows."),
            )


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
