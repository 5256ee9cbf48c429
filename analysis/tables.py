"""Shown estimates -> tables: for the page, and an Excel workbook with the same numbers."""

from __future__ import annotations

import datetime as dt
import html
import io
import zlib
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd
import xlsxwriter

from analysis.comparisons import FELL, ROSE
from analysis.review import Review
from analysis.sentences import HIDDEN, PRETEND, VERDICTS, day, number, percent, signed
from analysis.targets import STATUS
from survey.errors import Text, spoken

if TYPE_CHECKING:
    from great_tables import GT

HEADINGS = {
    "study": Text("Khảo sát", "Study"),
    "wave": Text("Đợt", "Wave"),
    "phase": Text("Giai đoạn", "Phase"),
    "item": Text("Mã", "Item"),
    "title": Text("Câu hỏi / thang đo", "Question / scale"),
    "statistic": Text("Đại lượng", "Statistic"),
    "group": Text("Nhóm", "Group"),
    "level": Text("Giá trị nhóm", "Level"),
    "value": Text("Mã trả lời", "Answer code"),
    "answer": Text("Trả lời", "Answer"),
    "estimate": Text("Ước lượng", "Estimate"),
    "se": Text("Sai số chuẩn", "Standard error"),
    "low": Text("Cận dưới 95%", "95% low"),
    "high": Text("Cận trên 95%", "95% high"),
    "df": Text("Bậc tự do", "df"),
    "n": Text("Số trả lời", "n"),
    "population": Text("Số người (ước tính)", "People (estimated)"),
    "target": Text("Mục tiêu suy luận", "Target"),
    "method": Text("Phương pháp", "Method"),
    "shown": Text("Được công bố", "Shown"),
    "reason": Text("Lý do ẩn", "Reason"),
    "verdict": Text("Kết luận", "Verdict"),
    "p": Text("p", "p"),
    "p_adjusted": Text("p hiệu chỉnh", "Adjusted p"),
    "family": Text("Nhóm giả thuyết", "Family"),
    "detectable": Text("Thay đổi nhỏ nhất nhận ra được", "Smallest detectable change"),
}


def response_table(review: Review) -> pd.DataFrame:
    """Wave by wave: people asked, people who answered, rate, for the whole school."""
    whole = review.response[review.response[review.response.columns[1]] == ""]
    return _worded(
        {
            Text("Đợt", "Wave"): whole["wave"].astype(str),
            Text("Số người được hỏi", "People asked"): whole["people"].map(lambda n: number(n, 0)),
            Text("Số người trả lời", "People who answered"): whole["answers"].map(lambda n: number(n, 0)),
            Text("Tỉ lệ", "Rate"): whole["rate"].map(percent),
        }
    )


def level_cell(row: Any) -> str:
    """ "2,41 (2,32–2,50)", or the mark of a hidden cell."""
    return f"{number(row.estimate)} ({number(row.low)}–{number(row.high)})" if row.shown else str(HIDDEN)


def share_cell(row: Any, digits: int = 1) -> str:
    """ "85,7%", or the mark of a hidden cell."""
    return percent(row.estimate, digits) if row.shown else str(HIDDEN)


def level_table(review: Review, levels: pd.DataFrame) -> pd.DataFrame:
    """A row per scale, a column per wave: the mean with its interval, or the mark of a hidden cell."""
    return _over_waves(levels, levels["item"].map(review.label), Text("Thang đo", "Scale"))


def group_waves_table(levels: pd.DataFrame, labels: Mapping[str, object]) -> pd.DataFrame:
    """The same of one scale: a row per group."""
    return _over_waves(levels, levels["level"].map(lambda level: labels[level]), HEADINGS["group"])


def _over_waves(levels: pd.DataFrame, names: pd.Series, heading: Text) -> pd.DataFrame:
    cells: dict[str, dict[str, str]] = {}
    for row, name in zip(levels.itertuples(), names, strict=True):
        cells.setdefault(str(name), {})[str(row.wave)] = level_cell(row)
    table = pd.DataFrame.from_dict(cells, orient="index").fillna("–")
    return table[sorted(table)].rename_axis(str(heading)).reset_index()


def change_table(review: Review, changes: pd.DataFrame) -> pd.DataFrame:
    """A row per scale: the change, its interval, and the verdict in words."""
    shown = changes["shown"]
    hidden = str(HIDDEN)
    return _worded(
        {
            Text("Thang đo", "Scale"): changes["item"].map(lambda item: str(review.label(item))),
            Text("Thay đổi", "Change"): changes["estimate"].map(signed).where(shown, hidden),
            Text("Khoảng tin cậy 95%", "95% interval"): pd.Series(
                [
                    f"{signed(low)} {Text('đến', 'to')} {signed(high)}"
                    for low, high in zip(changes["low"], changes["high"], strict=True)
                ],
                index=changes.index,
            ).where(shown, hidden),
            Text("Kết luận", "Verdict"): changes["verdict"].map(lambda verdict: str(VERDICTS[verdict])),
        }
    )


PACE = VERDICTS | {ROSE: Text("nhanh lên", "faster"), FELL: Text("chậm lại", "slower")}  # of one phase after another


def slope_table(review: Review, slopes: pd.DataFrame) -> pd.DataFrame:
    """A row per scale and phase: points a year, the interval, and the verdict; and whether the later phase is faster."""
    shown, hidden = slopes["shown"], str(HIDDEN)
    later = slopes["statistic"] == "difference of slopes"
    pairs = zip(slopes["low"], slopes["high"], strict=True)
    between = [f"{signed(low)} {Text('đến', 'to')} {signed(high)}" for low, high in pairs]
    verdicts = [str((PACE if pace else VERDICTS)[v]) for v, pace in zip(slopes["verdict"], later, strict=True)]
    versus = Text("so với", "against")
    phases = [f" {versus} ".join(reversed(str(wave).replace("→", "–").split(" | "))) for wave in slopes["wave"]]
    return _worded(
        {
            Text("Thang đo", "Scale"): slopes["item"].map(lambda item: str(review.label(item))),
            Text("Giai đoạn", "Phase"): pd.Series(phases, index=slopes.index),
            Text("Điểm mỗi năm", "Points a year"): slopes["estimate"].map(signed).where(shown, hidden),
            Text("Khoảng tin cậy 95%", "95% interval"): pd.Series(between, index=slopes.index).where(shown, hidden),
            Text("Kết luận", "Verdict"): pd.Series(verdicts, index=slopes.index),
        }
    )


def target_table(targets: pd.DataFrame) -> pd.DataFrame:
    """The targets: aim, done (counts and share), date, status, evidence."""
    done = [
        f"{number(row.numerator, 0)}/{number(row.denominator, 0)}"
        + (f" = {percent(row.value)}" if not pd.isna(row.value) else "")
        if not pd.isna(row.denominator)
        else "–"
        for row in targets.itertuples()
    ]
    return _worded(
        {
            Text("Chỉ tiêu", "Target"): targets["label"],
            Text("Mục tiêu", "Aim"): targets["rule"],
            Text("Thực hiện", "Done"): pd.Series(done, index=targets.index, dtype="str"),
            Text("Ngày", "Date"): targets["date"].map(day),
            Text("Đánh giá", "Status"): targets["status"].map(lambda status: str(STATUS[status])),
            Text("Minh chứng", "Evidence"): targets["evidence"],
        }
    )


def group_table(review: Review, levels: pd.DataFrame) -> pd.DataFrame:
    """A row per group (unit or role): the mean with its interval and the number of answers, or the mark of a hidden cell."""
    labels, hidden = review.unit_labels(), str(HIDDEN)
    means = pd.Series([level_cell(row) for row in levels.itertuples()], dtype="str")
    shown = levels["shown"].reset_index(drop=True)
    return _worded(
        {
            Text("Nhóm", "Group"): levels["level"].map(lambda level: str(labels.get(level, level))),
            Text("Trung bình (khoảng tin cậy 95%)", "Mean (95% interval)"): means,
            Text("Số trả lời", "n"): levels["n"]
            .map(lambda n: number(n, 0))
            .reset_index(drop=True)
            .where(shown, hidden),
        }
    )


def share_table(review: Review, shares: pd.DataFrame, column: str = "wave") -> pd.DataFrame:
    """One item: a row per answer, a column per wave (or group: "level") with the share, and the bases in the last row."""
    item = shares["item"].iloc[0]
    labels, names = review.study.form.value_labels(item), review.unit_labels()
    columns = {}
    for key, part in shares.groupby(column, sort=column == "wave"):
        words = [share_cell(row) for row in part.itertuples()]
        columns[str(names.get(str(key), str(key)))] = [*words, number(part["n"].iloc[0], 0)]
    answers = [*(str(labels[value]) for value in shares["value"].drop_duplicates()), "n"]
    return pd.DataFrame({str(Text("Trả lời", "Answer")): answers} | columns)


def matrix_table(review: Review, shares: pd.DataFrame) -> pd.DataFrame:
    """Items with the same answers, in one wave: a row per item, a column per answer with the share, and the base."""
    answers = review.study.form.value_labels(shares["item"].iloc[0])
    return _by_answer(shares, "item", str(HEADINGS["title"]), review.label, answers, 1)


def moves_table(moves: pd.DataFrame, labels: Mapping[Any, object], between: tuple[int, int]) -> pd.DataFrame:
    """A row per answer of the first wave, a column per answer of the second: the share who went there, and the base."""
    return _by_answer(moves, "level", f"{between[0]} → {between[1]}", labels.__getitem__, labels, 0)


def _by_answer(
    shares: pd.DataFrame, column: str, heading: str, name: Callable[[Any], object], answers: Mapping[Any, object], digits: int
) -> pd.DataFrame:  # fmt: skip
    rows = []
    for key, part in shares.groupby(column, sort=False):
        cells = {str(answers[row.value]): share_cell(row, digits) for row in part.itertuples()}
        rows.append({heading: str(name(key))} | cells | {"n": number(part["n"].iloc[0], 0)})
    return pd.DataFrame(rows)


def history_table(known: pd.DataFrame) -> pd.DataFrame:
    """The counts of one target by date."""
    return _worded(
        {
            Text("Ngày", "Date"): known["date"].map(day),
            Text("Số đạt", "Reached"): known["numerator"].map(lambda n: number(n, 0)),
            Text("Tổng số", "Of"): known["denominator"].map(lambda n: number(n, 0)),
            Text("Tỉ lệ", "Share"): known["share"].map(percent),
        }
    )


def reliability_table(review: Review) -> pd.DataFrame:
    """The scales in the review's wave: items, people who answered all of them, Cronbach's alpha with its interval."""
    now = review.reliability[review.reliability["wave"] == review.wave]
    alphas = [
        f"{number(row.alpha)} ({number(row.low)}–{number(row.high)})" if not pd.isna(row.alpha) else "–"
        for row in now.itertuples()
    ]
    return _worded(
        {
            Text("Thang đo", "Scale"): now["scale"].map(lambda scale: str(review.label(scale))),
            Text("Số câu", "Items"): now["items"].astype(str),
            Text("Số trả lời", "n"): now["n"].map(lambda n: number(n, 0) if not pd.isna(n) else str(HIDDEN)),
            Text("Cronbach α (95%)", "Cronbach α (95%)"): pd.Series(alphas, index=now.index, dtype="str"),
        }
    )


def estimates_table(review: Review, estimates: pd.DataFrame) -> pd.DataFrame:
    """Shown estimates with the words of their items and answers, unrounded, for the annex."""
    form = review.study.form
    answer = [
        str(form.value_labels(row.item).get(row.value, "")) if not pd.isna(row.value) else ""
        for row in estimates.itertuples()
    ]
    labels = review.unit_labels()
    table = estimates.assign(
        title=[str(review.label(item)) for item in estimates["item"]],
        answer=answer,
        level=estimates["level"].map(lambda level: str(labels.get(level, level))),
    )
    order = [name for name in HEADINGS if name in table]
    return table[order].rename(columns={name: str(HEADINGS[name]) for name in order})


def styled(table: pd.DataFrame) -> GT:
    """A table of words as notebooks and pages show it: figures to the right, nothing in it read as HTML."""
    from great_tables import GT  # a quarter of a second, which commands that show no page need not wait for

    figures = [
        name for name in table.columns[1:] if table[name].astype(str).str.match(r"^(?:[<>]?[+−\d]|–$|ẩn|hidden)").all()
    ]
    return (
        GT(table.astype(str), locale=spoken(), id=f"t{zlib.crc32(table.to_csv().encode()):08x}")
        .cols_align("left")
        .cols_align("right", columns=figures)
        .tab_options(
            table_font_names=["system-ui", "Segoe UI", "sans-serif"], table_font_size="0.9375rem",
            container_overflow_x="visible", container_overflow_y="visible", data_row_padding="0.375rem",
            table_margin_left="0", column_labels_font_weight="bold",
        )
    )  # fmt: skip


def framed(table: pd.DataFrame) -> str:
    """The same as HTML in a frame that scrolls sideways on a phone, also by the keyboard."""
    if table.empty:
        return ""
    name = html.escape(f"{Text('Bảng', 'Table')}: {table.columns[0]}")
    frame = f'<div role="region" aria-label="{name}" tabindex="0" style="overflow-x:auto;max-width:100%">'
    return f"{frame}{styled(table).as_raw_html()}</div>"


def _worded(columns: Mapping[Text, pd.Series]) -> pd.DataFrame:
    return pd.DataFrame({str(name): column.reset_index(drop=True) for name, column in columns.items()})


def workbook(sheets: Mapping[str, pd.DataFrame], *, title: str, pretend: bool, hidden: Collection[str] = ()) -> bytes:
    """An XLSX with a sheet per frame; the same frames always give the same bytes. Missing numbers stay empty cells.

    Printed on A4 landscape, one page wide, the header on every page. `hidden`: columns that neither screen nor paper shows.
    """
    packed = io.BytesIO()
    book = xlsxwriter.Workbook(packed, {"in_memory": True, "nan_inf_to_errors": False})
    book.set_properties({"title": title, "created": dt.datetime(2025, 1, 1), "author": "khaosatso"})
    head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#DCE6F1", "border": 1})
    warning = book.add_format({"bold": True, "font_color": "#B00020"})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    decimal = book.add_format({"num_format": "0.000", "valign": "top"})
    for name, frame in sheets.items():
        sheet = book.add_worksheet(name[:31])
        top = 0
        if pretend:
            sheet.write_string(0, 0, str(PRETEND), warning)
            top = 1
        for place, column in enumerate(frame.columns):
            sheet.write_string(top, place, str(column), head)
            values = frame[column]
            longest = max([len(str(column)) // 2, *(len(str(value)) for value in values.head(200))], default=8)
            width = min(60, max(9, longest + 1))
            sheet.set_column(place, place, width, None, {"hidden": column in hidden})
            for row, value in enumerate(values, start=top + 1):
                _write(sheet, row, place, value, wrapped, decimal)
        sheet.freeze_panes(top + 1, 0)
        if len(frame):
            sheet.autofilter(top, 0, top + len(frame), len(frame.columns) - 1)
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0, top)  # with the mark of pretend data
    book.close()
    return packed.getvalue()


def _write(sheet, row: int, column: int, value, wrapped, decimal) -> None:
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        sheet.write_blank(row, column, None)
    elif isinstance(value, bool):
        sheet.write_string(row, column, str(Text("có", "yes") if value else Text("không", "no")))
    elif isinstance(value, dt.date):
        sheet.write_string(row, column, day(value))
    elif isinstance(value, str):
        sheet.write_string(row, column, value, wrapped)
    elif float(value).is_integer():
        sheet.write_number(row, column, int(value))
    else:
        sheet.write_number(row, column, float(value), decimal)
