"""The part of a report that the school chose in the widgets: a table for each pick, every number with its fact."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from analysis import facts, report_tables, tables
from analysis.blocks import Block, Paragraph, Ref, Said, Table
from analysis.panels import of_content
from analysis.report_tables import WIDE
from analysis.review import Review
from analysis.sentences import HIDDEN, number
from survey.errors import Text

GROUPS = {"unit": Text("các đơn vị", "units"), "role": Text("các vai trò", "roles")}


def blocks(review: Review) -> Iterator[Block]:
    """A sentence that names each chosen table, and the table; a pick of waves after the review's is left out."""
    for pick in review.chosen:
        table = _table(review, pick)
        if table is not None:
            see = Text(": xem", ": see")
            yield Paragraph((Said(f"{table.caption}{see}"), Ref(table.name), Said(".")))
            yield table


def _table(review: Review, pick: Mapping[str, Any]) -> Table | None:
    item = str(pick.get("scale") or pick.get("item") or "")
    waves = [
        int(wave) for wave in str(pick.get("waves", "")).split("-") if wave.isdecimal() and int(wave) in review.waves
    ]
    group, level = str(pick.get("group", "")), str(pick.get("level", ""))
    if pick["panel"] == "changes":
        return _changes(review, pick)
    known = review.scales if pick["panel"] == "levels" else review.items
    if item not in known or not waves or group not in ("", *(name for name in GROUPS if name in review.frame)):
        return None
    name = "_".join(["chon", pick["panel"], item, group, level, str(pick["waves"])])
    if pick["panel"] == "shares":
        return _shares(review, name, item, group, waves)
    if group:
        return (
            _group(review, name, item, group, level, waves) if level else _groups(review, name, item, group, waves[0])
        )
    rows = review.levels[(review.levels["item"] == item) & review.levels["wave"].isin(waves)]
    return replace(report_tables.levels(review, rows), name=name, caption=f"{review.label(item)} ({MEANS})")


MEANS = Text("điểm trung bình, khoảng tin cậy 95%", "means, 95% intervals")
SHARES = Text("tỉ lệ từng câu trả lời", "share of each answer")


def _changes(review: Review, pick: Mapping[str, Any]) -> Table | None:
    pair = str(pick["pair"]).replace("-", "→")
    scales = of_content(review, review.scales, pick.get("content"))
    rows = review.changes[(review.changes["wave"] == pair) & review.changes["item"].isin(scales)]
    if rows.empty:
        return None
    return replace(
        report_tables.changes(review, pair, rows), name=f"chon_thay_doi_{pick['pair']}_{pick.get('content', 0)}"
    )


def _groups(review: Review, name: str, item: str, group: str, wave: int) -> Table:
    rows = review.levels_by(group, [item], wave)
    caption = Text(f"{review.label(item)}, {GROUPS[group]}, {wave}")
    told = [facts.group(row) for row in rows.itertuples()]
    return report_tables.of_rows(name, caption, tables.group_table(review, rows), told, (80, 50, 30))


def _group(review: Review, name: str, item: str, group: str, level: str, waves: list[int]) -> Table:
    """One unit or role over the waves, beside the whole school."""
    whole = {int(row.wave): row for row in review.levels[review.levels["item"] == item].itertuples()}
    rows = []
    for wave in waves:
        own = [row for row in review.levels_by(group, [item], wave).itertuples() if row.level == level]
        cell = Said(tables.level_cell(own[0]), (facts.group(own[0]),)) if own else Said("–")
        rows.append((Said(str(wave)), cell, Said(tables.level_cell(whole[wave]), (facts.level(whole[wave]),))))
    label = review.unit_labels().get(level, Text(level))
    head = (str(Text("Đợt", "Wave")), str(label), str(Text("Toàn trường", "Whole school")))
    return Table(name, f"{review.label(item)}, {label} ({MEANS})", head, tuple(rows), (40, 60, 60))


def _shares(review: Review, name: str, item: str, group: str, waves: list[int]) -> Table:
    """A row per wave, or per group of one wave; a column per answer, and the base."""
    if group:
        found, column = review.shares_of([item], group, waves[0]), "level"
        caption = f"{review.label(item)}, {GROUPS[group]}, {waves[0]} ({SHARES})"
    else:
        every = review.shares_of([item])
        found, column = every[every["wave"].isin(waves)], "wave"
        caption = f"{review.label(item)} ({SHARES})"
    answers, labels = review.study.form.value_labels(item), review.unit_labels()
    rows = []
    for key, part in found.groupby(column, sort=False):
        cells = {row.value: row for row in part.itertuples()}
        first = next(iter(cells.values()))
        rows.append((
            Said(str(labels.get(str(key), key))),
            *(Said(tables.share_cell(cells[code]), (facts.share(cells[code]),)) for code in answers),
            Said(number(first.n, 0) if first.shown else str(HIDDEN), (facts.share(first),)),
        ))  # fmt: skip
    head = (
        str(Text("Nhóm", "Group") if group else Text("Đợt", "Wave")),
        *(str(words) for words in answers.values()),
        "n",
    )
    each = (WIDE - 50) // len(answers)
    return Table(name, caption, head, tuple(rows), (30, *[each] * len(answers), 20))
