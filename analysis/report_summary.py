"""A review report on one page, and its charts as slides: the same sentences and numbers, the fewest that decide."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from analysis import facts, report_charts, report_tables, sentences, slides
from analysis.blocks import Block, Chart, Paragraph, Ref, Said, Table
from analysis.report_content import subject, target_summary, whole_school
from analysis.review import Review
from analysis.sentences import PRETEND, number, percent
from survey.errors import Text

FIRST = 3  # scales on the page


def blocks(review: Review) -> tuple[Block, ...]:
    """The summary: targets, response, the change of the first scales, their chart, what cannot be said."""
    study = review.study
    found: list[Block] = [
        _say(str(study.school.name).upper(), style="Dau trang dam"),
        _say(f"{Text('TÓM TẮT', 'SUMMARY')}: {subject(review)}", style="Ten loai"),
    ]
    if study.pretend:
        found.append(_say(str(PRETEND), style="Ghi chu"))
    if len(review.targets):
        found += [_say(target_summary(review.targets), style="Tom tat"), _targets(review)]
    response = next(whole_school(review).query("wave == @review.wave").itertuples(), None)
    if response is not None:
        told = f"{number(response.answers, 0)}/{number(response.people, 0)} ({percent(response.rate)})"
        words = Text(f"Khảo sát năm {review.wave}: {told} người trả lời.", f"Survey of {review.wave}: {told} answered.")
        found.append(_say(Said(str(words), (facts.response(response),)), style="Tom tat"))
    primary = [item for item in study.primary if item in review.scales][:FIRST] or review.scales[:FIRST]
    found += [_say(said, style="Tom tat") for said in _changes(review, primary)]
    levels = review.levels[review.levels["item"].isin(primary)]
    if len(review.waves) > 1 and levels["shown"].any():
        found.append(dataclasses.replace(report_charts.trend(review, levels), height=60))  # all on one page
    return tuple(found)


def _say(*parts: Said | Ref | str, style: str) -> Paragraph:
    return Paragraph(tuple(Said(part) if isinstance(part, str) else part for part in parts), style)


def _targets(review: Review) -> Table:
    """Each target, what was reached, and whether that is enough."""
    whole = report_tables.targets(review.targets)
    keep = [0, 1, 2, 4]
    rows = tuple(tuple(row[place] for place in keep) for row in whole.rows)
    return dataclasses.replace(
        whole, head=tuple(whole.head[place] for place in keep), rows=rows, widths=(66, 34, 36, 24)
    )


def _changes(review: Review, primary: list[str]) -> list[Said]:
    """The change of each scale over the longest time up to the review; its level, where there is one wave only."""
    changes, levels = review.changes, review.levels
    last = [pair for pair in review.pairs if pair[1] == review.wave][-1:]
    said = []
    for item in primary:
        if last:
            rows = changes[(changes["item"] == item) & (changes["wave"] == f"{last[0][0]}→{last[0][1]}")].itertuples()
            said += [Said(sentences.change(row, review.label(item)), (facts.change(row),)) for row in rows]
        else:
            rows = levels[(levels["item"] == item) & (levels["wave"] == review.wave)].itertuples()
            said += [Said(sentences.level(row, review.label(item)), (facts.level(row),)) for row in rows]
    return said


def deck(review: Review, numbered: Sequence[Block]) -> bytes:
    """The charts of a report as slides, each under the sentence that it shows; the ids are those of the report."""
    primary = [item for item in review.study.primary if item in review.scales]
    said = {"xu_huong": " ".join(one.words for one in _changes(review, primary[:1]))}
    if len(review.targets):
        said["chi_tieu_bieu_do"] = target_summary(review.targets).words
    source = Text("Nguồn: báo cáo", "Source: report")
    shown = [
        (said.get(block.name) or block.caption, block, f"{source} {review.wave} [{block.id}]. {block.caption}")
        for block in numbered
        if isinstance(block, Chart)
    ]
    return slides.deck(str(review.study.school.name), subject(review), shown, review.study.pretend)
