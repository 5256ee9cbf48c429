"""The tables of a review report: every cell with a number in it is said, with the fact that it tells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from analysis import facts, tables
from analysis.blocks import Fact, Said, Table
from analysis.review import Review
from analysis.sentences import percent
from analysis.targets import STATUS
from survey.errors import Text

WIDE = 160  # mm between the margins


def targets(found: pd.DataFrame) -> Table:
    rows = [facts.target(row) for row in found.itertuples()]
    caption = Text("Kết quả thực hiện các chỉ tiêu", "Targets")
    return of_rows("chi_tieu", caption, tables.target_table(found), rows, (40, 22, 28, 24, 18, 28))


def targets_by_wave(review: Review) -> Table:
    """A row per target, a column per wave up to the review's: the share, or the counts' verdict where there is none."""
    tables_ = {wave: {row.target: row for row in review.targets_at(wave).itertuples()} for wave in review.waves}
    rows = tuple(
        (
            Said(f"{row.target}. {row.label}"),
            Said(str(row.rule), (facts.target(row),)),
            *(_reached(tables_[wave][row.target], wave) for wave in review.waves),
        )
        for row in review.targets.itertuples()
    )
    head = (str(Text("Chỉ tiêu", "Target")), str(Text("Mục tiêu", "Aim")), *map(str, review.waves))
    each = 105 // max(5, len(review.waves))
    first = WIDE - 20 - each * len(review.waves)
    caption = Text("Các chỉ tiêu qua từng năm", "The targets year by year")
    return Table("chi_tieu_tung_nam", str(caption), head, rows, (first, 20, *[each] * len(review.waves)))


def _reached(row: Any, wave: int) -> Said:
    words = percent(row.value) if not pd.isna(row.value) else str(STATUS[row.status]).lower()
    return Said(words, (facts.target(row, wave),))


def levels(review: Review, found: pd.DataFrame) -> Table:
    """Scales and waves: the fewer of them side by side, the more below each other."""
    waves, items = sorted(found["wave"].unique()), list(found["item"].unique())
    cells = {(row.item, row.wave): Said(tables.level_cell(row), (facts.level(row),)) for row in found.itertuples()}
    caption = str(Text("Điểm trung bình các đợt (khoảng tin cậy 95%)", "Means of the waves (95% intervals)"))
    names = {item: str(review.label(item)) for item in items}
    if len(waves) > len(items):
        head = (str(Text("Đợt", "Wave")), *names.values())
        rows = tuple((Said(str(wave)), *(cells.get((item, wave), Said("–")) for item in items)) for wave in waves)
        return Table("muc", caption, head, rows, (22, *[(WIDE - 22) // len(items)] * len(items)))
    head = (str(Text("Thang đo", "Scale")), *map(str, waves))
    rows = tuple((Said(names[item]), *(cells.get((item, wave), Said("–")) for wave in waves)) for item in items)
    return Table("muc", caption, head, rows, (58, *[(WIDE - 58) // len(waves)] * len(waves)))


def changes(review: Review, pair: str, found: pd.DataFrame) -> Table:
    words = pair.replace("→", "–")
    rows = [facts.change(row) for row in found.itertuples()]
    caption = Text(f"Thay đổi {words}", f"Change {words}")
    name = f"thay_doi_{pair.replace('→', '_')}"
    return of_rows(name, caption, tables.change_table(review, found), rows, (58, 24, 42, 36))


def slopes(review: Review, found: pd.DataFrame) -> Table:
    rows = [facts.slope(row) for row in found.itertuples()]
    caption = Text("Tốc độ thay đổi từng giai đoạn", "Pace of each phase")
    return of_rows("toc_do", caption, tables.slope_table(review, found), rows, (42, 38, 18, 36, 26))


def unit(review: Review, found: pd.DataFrame) -> Table:
    """One unit's means beside the whole school's."""
    whole = {row.item: row for row in review.levels[review.levels["wave"] == review.wave].itertuples()}
    head = tuple(
        str(words) for words in (Text("Thang đo", "Scale"), Text("Đơn vị", "Unit"), Text("Toàn trường", "School"))
    )
    rows = tuple(
        (
            Said(str(review.label(row.item))),
            Said(tables.level_cell(row), (facts.group(row),)),
            Said(tables.level_cell(whole[row.item]), (facts.level(whole[row.item]),)),
        )
        for row in found.itertuples()
    )
    caption = Text(f"Điểm trung bình năm {review.wave}", f"Means of {review.wave}")
    return Table("don_vi", str(caption), head, rows, (80, 40, 40))


def response(review: Review) -> Table:
    found = review.response[review.response[review.response.columns[1]] == ""]
    rows = [facts.response(row) for row in found.itertuples()]
    return of_rows("tham_gia", Text("Tỉ lệ trả lời", "Response"), tables.response_table(review), rows, (34, 42, 42, 42))


def reliability(review: Review) -> Table:
    found = review.reliability[review.reliability["wave"] == review.wave]
    rows = [facts.reliability(row) for row in found.itertuples()]
    caption = Text("Độ tin cậy của thang đo", "Reliability of the scales")
    return of_rows("tin_cay", caption, tables.reliability_table(review), rows, (80, 20, 20, 40))


def of_rows(name: str, caption: Text, words: pd.DataFrame, told: Sequence[Fact], widths: tuple[int, ...]) -> Table:
    """A table whose rows each tell one fact; the first column names the row."""
    rows = tuple(
        (Said(str(first)), *(Said(str(cell), (fact,)) for cell in cells))
        for (first, *cells), fact in zip(words.itertuples(index=False), told, strict=True)
    )
    return Table(name, str(caption), tuple(map(str, words.columns)), rows, widths)
