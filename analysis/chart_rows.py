"""What charts share beside their paper: which rows may be drawn, their words, and the mark of an interval."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from analysis.chart_sheet import Said
from analysis.sentences import HIDDEN, number
from survey.errors import DesignError, Text

LEVEL_INTERVALS = Text("Vạch ngang: khoảng tin cậy 95%.", "Level bars: 95% intervals.")


def require_suppressed(shown: pd.DataFrame) -> None:
    if "shown" not in shown or shown["shown"].isna().any():
        raise DesignError(
            "charts",
            rule=Text(
                "Chỉ vẽ số liệu đã qua suppress(...).", "Only estimates that went through suppress(...) are drawn."
            ),
            found=Text("cột shown còn trống", "the column shown is empty"),
            cure=Text("Gọi suppress(estimates) trước khi vẽ.", "Call suppress(estimates) before drawing."),
        )


def require_words(shown: pd.DataFrame, codes: list, neutral: Any) -> None:
    wanted = [*shown["value"].unique(), *([] if neutral is None else [neutral])]
    strange = [code for code in wanted if pd.isna(code) or code not in codes]
    if strange:
        raise DesignError(
            "charts.likert(values=...)",
            rule=Text(
                "Mỗi mã trả lời trong bảng tỉ lệ phải có lời trong values.",
                "Every answer code of the table of shares has its words in values.",
            ),
            found=", ".join(map(str, strange)),
            cure=Text(
                "Đưa vào tỉ lệ (proportions) của những câu hỏi có chung lựa chọn, và lời của các lựa chọn ấy.",
                "Give shares (proportions) of questions with the same choices, and the words of these choices.",
            ),
        )


def require_judged(shown: pd.DataFrame) -> None:
    if "verdict" not in shown:
        raise DesignError(
            "charts.changes",
            rule=Text("Mỗi thay đổi phải có kết luận (verdict).", "Every change has a verdict."),
            found=Text("không có cột verdict", "no column verdict"),
            cure=Text(
                "Gọi judge(suppress(change(...))) trước khi vẽ.", "Call judge(suppress(change(...))) before drawing."
            ),
        )


def is_visible(shown: pd.DataFrame) -> pd.Series:
    return shown["shown"].astype(bool) & shown["estimate"].notna()


def word_of(labels: Mapping[Any, object], key: Any) -> str:
    if key in labels:
        return str(labels[key])
    return str(int(key)) if isinstance(key, float) and key.is_integer() else str(key)


def parts_of(shown: pd.DataFrame, labels: Mapping[Any, object], columns: list[str]) -> list[tuple[str, pd.DataFrame]]:
    """The parts of a table, one per combination of the columns, named by what differs (the first column if nothing does)."""
    differ = [column for column in columns if shown[column].nunique(dropna=False) > 1] or columns[:1]
    parts = shown.groupby(columns, sort=False, dropna=False)
    return [(" · ".join(word_of(labels, part[column].iloc[0]) for column in differ), part) for _, part in parts]


def or_item(title: Said, shown: pd.DataFrame, labels: Mapping[Any, object]) -> str:
    """The title; where none is given and the rows are waves or groups of one item, that item's words."""
    alone = shown["item"].nunique() == 1 and any(
        shown[column].nunique(dropna=False) > 1 for column in ("wave", "level")
    )
    return str(title) or (word_of(labels, shown["item"].iloc[0]) if alone else "")


def rows_of(shown: pd.DataFrame) -> list[tuple[Any, pd.Series]]:
    return list(shown.iterrows())


def base_of(row: pd.DataFrame | pd.Series) -> str:
    n = row["n"].iloc[0] if isinstance(row, pd.DataFrame) else row["n"]
    return f"n = {number(n, 0)}" if pd.notna(n) else ""


def told(name: str, row: Any, say: Callable[[float], str]) -> str:
    """A row in words: "2027: 2,41 (2,32–2,50; n = 69)", or why it is not shown."""
    row = row.iloc[0] if isinstance(row, pd.DataFrame) else row
    if not bool(row["shown"]) or pd.isna(row["estimate"]):
        return f"{name}: {HIDDEN}"
    interval = f"{say(row['low'])}–{say(row['high'])}; " if pd.notna(row["low"]) and pd.notna(row["high"]) else ""
    return f"{name}: {say(row['estimate'])} ({interval}{base_of(row)})"


def draw_interval(axes: Axes, row: pd.Series, y: float, marker: str, colour: str, fill: str) -> None:
    if pd.notna(row["low"]) and pd.notna(row["high"]):
        axes.plot(
            [row["low"], row["high"]], [y, y], color=colour, linewidth=2, alpha=0.55, solid_capstyle="butt", zorder=2
        )
    axes.plot(
        row["estimate"], y, marker, color=fill, markeredgecolor=colour, markeredgewidth=1.3, markersize=6.5, zorder=3
    )
