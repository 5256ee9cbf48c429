"""Weights that fit several margins at once, when the cells where the margins cross are too thin to be weighted each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from analysis.cube import rows
from survey.errors import DesignError, Text

CLOSE = 1e-11  # how near to its margin each sum of weights must come, as a share of the whole
FINE = 1e-13  # how near it is brought where rounding lets it: a level of one person is a small share of the whole
STEPS = 200


def rake(
    frame: pd.DataFrame,
    margins: Mapping[str, Mapping[Any, float]],
    *,
    weight: str | None = None,
    bounds: tuple[float, float] | None = None,
    name: str = "weight",
) -> pd.DataFrame:
    """The frame with a column of weights whose sums are the margins: column -> level -> people.

    weight: the weights to start from; none: the same for each row. bounds: the least and the most that a weight may be
    multiplied by, around 1 (Deville and Särndal's logit distance); none: raking, which is what iterated proportional fitting
    ends at. Estimates with these weights name the margins in their `Design`, so that the variance knows of them.
    R: `survey::calibrate(design, ~unit + role, population, calfun = "raking")`, `calfun = "logit", bounds = c(l, u)`.
    Raises DesignError: a level without answers, answers without a level, margins of different totals, bounds too narrow.
    """
    columns = rows(frame, [*margins, *([weight] if weight else [])])
    totals = _totals(columns, margins)
    people = next(iter(totals.values())).sum()
    start = columns[weight].to_numpy(float) if weight else np.full(len(columns), people / len(columns))
    x = np.column_stack([(columns[c].to_numpy()[:, None] == t.index.to_numpy()[None, :]) for c, t in totals.items()])
    target = np.concatenate([t.to_numpy(float) for t in totals.values()])
    factors = _factors(x.astype(float), start, target, bounds)
    if factors is None:
        raise DesignError(
            "rake(bounds=...)" if bounds else "rake(margins=...)",
            rule=Text("Phải có trọng số khớp mọi biên.", "Some weights fit all margins."),
            found=Text(f"không hội tụ sau {STEPS} bước", f"no convergence in {STEPS} steps"),
            cure=Text(
                "Nới bounds, hoặc gộp các mức ít người của một biên.", "Widen bounds, or join thin levels of a margin."
            ),
        )
    return frame.assign(**{name: start * factors})


def _totals(columns: pd.DataFrame, margins: Mapping[str, Mapping[Any, float]]) -> dict[str, pd.Series]:
    totals = {column: pd.Series(dict(levels), dtype=float) for column, levels in margins.items()}
    for column, levels in totals.items():
        strange = columns[~columns[column].isin(levels[levels > 0].index)]
        if len(strange):
            raise DesignError(
                f"rake(margins={column!r})",
                rule=Text("Mọi dòng thuộc một mức có người của biên.", "Each row is in a level that has people."),
                found=str(strange[column].iloc[0]),
                cure=Text("Thêm mức ấy vào biên, hoặc bỏ các dòng ấy.", "Add that level, or drop those rows."),
            )
        empty = levels[(levels > 0) & ~levels.index.isin(columns[column])]
        if len(empty):
            raise DesignError(
                f"rake(margins={column!r})",
                rule=Text("Mức nào có người thì có câu trả lời.", "Each level that has people has answers."),
                found=Text(
                    f"{empty.index[0]}: {empty.iloc[0]:g} người, không ai trả lời", f"{empty.index[0]}: nobody answered"
                ),
                cure=Text("Gộp mức ấy với một mức khác.", "Join that level with another one."),
            )
    sums = {column: levels.sum() for column, levels in totals.items()}
    if max(sums.values()) - min(sums.values()) > CLOSE * max(sums.values()):
        raise DesignError(
            "rake(margins=...)",
            rule=Text("Các biên có cùng tổng số người.", "The margins have the same total."),
            found=", ".join(f"{column}: {total:g}" for column, total in sums.items()),
            cure=Text("Sửa số người của một biên.", "Mend the people of a margin."),
        )
    return {column: levels[levels > 0] for column, levels in totals.items()}


def _factors(
    x: np.ndarray, start: np.ndarray, target: np.ndarray, bounds: tuple[float, float] | None
) -> np.ndarray | None:
    """What each weight is multiplied by: Newton's method on the calibration equations, steps halved where they overshoot."""
    scale = target.sum() / x[0].sum() / start.sum() if bounds is None else 1.0
    start = start * scale
    at = np.zeros(x.shape[1])
    factor, slope = _distance(x @ at, bounds)
    missing = target - x.T @ (start * factor)
    for _ in range(STEPS):
        if np.abs(missing).max() <= FINE * target.sum():
            break
        step = np.linalg.lstsq(x.T @ (x * (start * slope)[:, None]), missing, rcond=None)[0]
        for _ in range(30):
            nearer, rise = _distance(x @ (at + step), bounds)
            left = target - x.T @ (start * nearer)
            if np.isfinite(left).all() and np.abs(left).sum() < np.abs(missing).sum():
                break
            step = step / 2
        else:
            break  # no nearer than this
        at, factor, slope, missing = at + step, nearer, rise, left
    return factor * scale if np.abs(missing).max() <= CLOSE * target.sum() else None


def _distance(u: np.ndarray, bounds: tuple[float, float] | None) -> tuple[np.ndarray, np.ndarray]:
    """The factor at u and its slope. Source: Deville and Särndal (1992), JASA 87, cases 2 and 6."""
    with np.errstate(over="ignore", invalid="ignore"):
        if bounds is None:
            factor = np.exp(u)
            return factor, factor
        low, high = bounds
        rate = (high - low) / ((1 - low) * (high - 1))
        grown = np.exp(np.clip(rate * u, -700, 700))
        below = high - 1 + (1 - low) * grown
        factor = (low * (high - 1) + high * (1 - low) * grown) / below
        return factor, (high - factor) * (factor - low) * rate / (high - low)
