"""What one pick shows: a chart, plain words on what it says and how sure, a table, and the estimates behind them all.

Everything here is worked out from a review's suppressed estimates; the widgets, the dashboard and its printed page show the
same views.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from analysis import charts, sentences, tables
from analysis.projection import history, next_review, project
from analysis.register import entries
from analysis.report_charts import phase_bands
from analysis.review import Review
from analysis.targets import STATUS
from analysis.transitions import moves as transitions
from survey.errors import Text


@dataclass(frozen=True)
class View:
    """rows: the estimates as they are published, for the workbook.

    Words and table are made when they are first looked at, so that a chart need not wait for them.
    """

    figure: charts.Chart
    rows: pd.DataFrame
    say: Callable[[], list[str]]
    tabulate: Callable[[], pd.DataFrame]

    @cached_property
    def words(self) -> list[str]:
        """What the chart shows and how sure that is, a sentence a line."""
        return self.say()

    @cached_property
    def table(self) -> pd.DataFrame:
        """The same numbers as words, for people."""
        return self.tabulate()


def levels(review: Review, scale: str, waves: Sequence[int] = ()) -> View:
    """The mean of a scale over the waves, with its change where that is judged."""
    rows = _of_waves(review.levels[review.levels["item"] == scale], waves)
    labels = {scale: review.label(scale)}
    figure = charts.trend(rows, labels, phases=phase_bands(review), pretend=review.study.pretend)

    def say() -> list[str]:
        return _last_level(rows, review.label(scale)) + _judged(review, scale, waves) + _why(review, rows)

    return View(figure, rows, say, lambda: tables.level_table(review, rows))


def level_of_group(review: Review, scale: str, group: str, level: str, waves: Sequence[int] = ()) -> View:
    """The mean of a scale in one unit or role over the waves, beside the whole school's."""
    whole = _of_waves(review.levels[review.levels["item"] == scale], waves)
    found = [review.levels_by(group, [scale], wave) for wave in sorted(int(wave) for wave in whole["wave"].unique())]
    own = pd.concat(found, ignore_index=True)
    own = own[own["level"] == level]
    name = review.unit_labels().get(level, Text(level))
    rows = pd.concat([own, whole], ignore_index=True)
    labels = {"": Text("Toàn trường", "Whole school"), level: name}
    title = review.label(scale)
    figure = charts.trend(rows, labels, phases=phase_bands(review), title=title, pretend=review.study.pretend)

    def say() -> list[str]:
        words = [*_last_level(own, f"{name}, {review.label(scale)}"), *_last_level(whole, labels[""])]
        return [*words, str(OVERLAP), *_why(review, own)]

    return View(figure, rows, say, lambda: tables.group_waves_table(rows, labels))


def levels_of_groups(review: Review, scale: str, group: str, wave: int) -> View:
    """The mean of a scale in each unit or role of a wave, beside the whole school's."""
    whole = review.levels[(review.levels["item"] == scale) & (review.levels["wave"] == wave)]
    parts = review.levels_by(group, [scale], wave)
    title = f"{review.label(scale)}, {wave}"
    figure = charts.units(parts, review.unit_labels(), whole=whole, title=title, pretend=review.study.pretend)

    def say() -> list[str]:
        words = _last_level(whole, f"{Text('Toàn trường', 'Whole school')}, {review.label(scale)}")
        return [*words, *_groups(parts), *_why(review, parts)]

    rows = pd.concat([parts, whole], ignore_index=True)
    return View(figure, rows, say, lambda: tables.group_table(review, parts))


def shares(review: Review, item: str, waves: Sequence[int] = ()) -> View:
    """The share of each answer to a question, wave by wave."""
    rows = _of_waves(review.shares_of([item]), waves)
    exempt = _of_waves(review.exempt[review.exempt["item"] == item], waves)
    figure = charts.likert(
        rows, {item: review.label(item)}, review.study.form.value_labels(item), title=review.label(item),
        exempt=exempt, pretend=review.study.pretend,
    )  # fmt: skip
    last = rows[rows["wave"] == rows["wave"].max()]
    return View(figure, rows, lambda: _most(review, item, last) + _why(review, rows),
                lambda: tables.share_table(review, rows))  # fmt: skip


def shares_of_groups(review: Review, item: str, group: str, wave: int) -> View:
    """The share of each answer to a question in each unit or role of a wave."""
    rows = review.shares_of([item], group, wave)
    labels = {item: review.label(item)} | review.unit_labels()
    title = f"{review.label(item)}, {wave}"
    figure = charts.likert(
        rows, labels, review.study.form.value_labels(item), title=title, pretend=review.study.pretend
    )
    return View(figure, rows, lambda: _groups(rows) + _why(review, rows),
                lambda: tables.share_table(review, rows, "level"))  # fmt: skip


def practice(review: Review, items: Sequence[str], wave: int) -> View:
    """The shares of the answers to questions with the same choices, side by side in a wave."""
    rows = review.shares_of(list(items))
    rows = rows[rows["wave"] == wave]
    exempt = review.exempt[review.exempt["item"].isin(list(items)) & (review.exempt["wave"] == wave)]
    labels, values = {item: review.label(item) for item in items}, review.study.form.value_labels(items[0])
    figure = charts.likert(rows, labels, values, exempt=exempt, pretend=review.study.pretend)
    return View(figure, rows, lambda: _sureness(rows, wave) + _why(review, rows),
                lambda: tables.matrix_table(review, rows))  # fmt: skip


def changes(review: Review, pair: tuple[int, int], scales: Sequence[str]) -> View:
    """The judged change of scales between two waves."""
    rows = _changes(review, pair, scales)
    labels = {item: review.label(item) for item in scales}
    figure = charts.changes(rows, labels, small=review.study.small, pretend=review.study.pretend)
    return View(figure, rows, lambda: sentences.changes(rows, labels), lambda: tables.change_table(review, rows))


def slopes(review: Review, pair: tuple[int, int], scales: Sequence[str]) -> View:
    """The levels of scales at two waves, a line each, coloured by the verdict on its change."""
    judged = _changes(review, pair, scales)
    rows = review.levels[review.levels["item"].isin(list(scales)) & review.levels["wave"].isin(pair)]
    labels = {item: review.label(item) for item in scales}
    verdicts = {row.item: row.verdict for row in judged.itertuples() if row.shown}
    figure = charts.slope(rows, labels, verdicts=verdicts, pretend=review.study.pretend)
    return View(figure, rows, lambda: sentences.changes(judged, labels), lambda: tables.level_table(review, rows))


def moves(review: Review, item: str, pair: tuple[int, int]) -> View:
    """Where the people who answered in both waves went from each answer."""
    rows, values = transitions(review, item, pair), review.study.form.value_labels(item)
    figure = charts.moves(rows, values, between=pair, title=review.label(item), pretend=review.study.pretend)

    def say() -> list[str]:
        stayed = rows[(rows["level"] == rows["value"]) & rows["shown"]]
        people = int(rows.drop_duplicates("level")["n"].sum())
        words = [str(Text(
            f"Chỉ gồm những người ghép được ở cả hai đợt ({people} người ở các hàng được hiện); người khác có thể khác.",
            f"Only people who could be linked in both waves ({people} in the rows shown); others may differ.",
        ))]  # fmt: skip
        for row in stayed.itertuples():
            share = sentences.percent(row.estimate, 0)
            words.append(str(Text(
                f"Trong {row.n} người chọn “{values[row.level]}” năm {pair[0]}, {share} vẫn chọn như vậy năm {pair[1]}.",
                f"Of {row.n} who chose “{values[row.level]}” in {pair[0]}, {share} still did in {pair[1]}.",
            )))  # fmt: skip
        return words + _why(review, rows)

    return View(figure, rows, say, lambda: tables.moves_table(rows, values, pair))


def targets(review: Review, content: int | None = None) -> View:
    """The targets: how far each has come, and whether it is met."""
    rows = review.targets
    if content is not None and review.study.movement is not None:
        own = [target.id for target in review.study.movement.targets if content in target.contents]
        rows = rows[rows["target"].isin(own)]
    marked = [row._asdict() | {"status_words": STATUS[row.status]} for row in rows.itertuples()]
    figure = charts.targets(marked, pretend=review.study.pretend)

    def say() -> list[str]:
        return [
            str(row.words) if str(row.label) in str(row.words) else f"{row.label}: {row.words}"
            for row in rows.itertuples()
        ]

    return View(figure, rows, say, lambda: tables.target_table(rows))


def pace(review: Review, number: int) -> View:
    """How one target has come on, the way that is left, and where its counts lead."""
    movement = review.study.movement
    assert movement is not None
    target = next(target for target in movement.targets if target.id == number)
    known = history(entries(review.study), number, review.until)
    by = next_review(review.study, review.until, target) or review.study.phases[-1].closes
    told = project(known, by)
    expected = (
        None if told.estimate is None or told.low is None or told.high is None else (told.estimate, told.low, told.high)
    )
    row = next(row for row in review.targets.itertuples() if row.target == number)
    threshold = 1.0 if pd.isna(row.threshold) else float(row.threshold)
    figure = charts.pace(
        known, threshold=threshold, by=by, expected=expected, title=target.label, pretend=review.study.pretend
    )
    return View(figure, known, lambda: [str(row.words), str(told.words)], lambda: tables.history_table(known))


# --- words

OVERLAP = Text(
    "Hai khoảng tin cậy chồng lên nhau nhiều thì chưa thể nói bên nào cao hơn.",
    "Where two intervals overlap much, nothing can be said about which is higher.",
)


def _last_level(rows: pd.DataFrame, label: object) -> list[str]:
    """The level of the last wave that the rows hold."""
    return [
        sentences.level(row, f"{label}, {row.wave}") for row in rows[rows["wave"] == rows["wave"].max()].itertuples()
    ]


def _judged(review: Review, scale: str, waves: Sequence[int]) -> list[str]:
    """The judged change between the ends of what is shown, where these were compared."""
    held = [wave for wave in review.waves if wave in waves or not waves]
    if (held[0], held[-1]) not in review.pairs:
        return []
    return sentences.changes(_changes(review, (held[0], held[-1]), [scale]), {scale: review.label(scale)})


def _changes(review: Review, pair: tuple[int, int], scales: Sequence[str]) -> pd.DataFrame:
    found = review.changes
    return found[(found["wave"] == f"{pair[0]}→{pair[1]}") & found["item"].isin(list(scales))]


def _most(review: Review, item: str, rows: pd.DataFrame) -> list[str]:
    """The answer that most gave in the last wave, with its interval."""
    seen = rows[rows["shown"] & rows["estimate"].notna()]
    if seen.empty:
        return []
    row = seen.loc[seen["estimate"].idxmax()]
    answer = review.study.form.value_labels(item)[row["value"]]
    interval = f"{sentences.percent(row['low'], 0)}–{sentences.percent(row['high'], 0)}"
    return [str(Text(
        f"Năm {row['wave']}, nhiều nhất là “{answer}”: {sentences.percent(row['estimate'], 0)} "
        f"(khoảng tin cậy 95%: {interval}; n = {row['n']}).",
        f"In {row['wave']} most said “{answer}”: {sentences.percent(row['estimate'], 0)} "
        f"(95% interval {interval}; n = {row['n']}).",
    ))]  # fmt: skip


def _sureness(rows: pd.DataFrame, wave: int) -> list[str]:
    """How many answered, and how far a share may be from that of everybody."""
    seen = rows[rows["shown"] & rows["estimate"].notna()]
    if seen.empty:
        return []
    away = sentences.number(100 * float(((seen["high"] - seen["low"]) / 2).max()), 0)
    least, most = (sentences.number(count, 0) for count in (seen["n"].min(), seen["n"].max()))
    count = least if least == most else f"{least}–{most}"
    return [str(Text(
        f"Năm {wave}, {count} người trả lời mỗi câu; tỉ lệ của toàn trường có thể lệch đến {away} điểm phần trăm so với hình "
        "(khoảng tin cậy 95%).",
        f"In {wave} {count} people answered each question; the whole school's shares may be up to {away} points away from the "
        "chart (95% intervals).",
    ))]  # fmt: skip


def _groups(parts: pd.DataFrame) -> list[str]:
    groups = parts.drop_duplicates("level")
    seen = int(groups["shown"].sum())
    shown = Text(f"{seen}/{len(groups)} nhóm được hiện.", f"{seen} of {len(groups)} groups are shown.")
    return [f"{shown} {OVERLAP}"] if seen > 1 else [str(shown)]


def _why(review: Review, rows: pd.DataFrame) -> list[str]:
    """Why some of it is hidden: a line per reason."""
    reasons = [reason for reason in rows.loc[~rows["shown"].astype(bool), "reason"].unique() if reason]
    return [str(sentences.why(reason, review.study.smallest_base)) for reason in reasons]


def _of_waves(rows: pd.DataFrame, waves: Sequence[int]) -> pd.DataFrame:
    return rows[rows["wave"].isin(list(waves))] if waves else rows
