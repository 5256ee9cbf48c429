"""A person's corrections of single cells: a table beside study.yaml, applied when a sheet is read; deleting a line undoes it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from survey.columns import shown
from survey.errors import StudyError, Text
from survey.questionnaire import plain

FILE = "corrections.csv"
COLUMNS = ("wave", "row", "question", "from", "to", "reason", "who", "date")
NEEDED = ("wave", "row", "question", "reason", "who")


@dataclass(frozen=True)
class Corrected:
    """`frame`: the cells after the corrections. `anchors`: correction -> fingerprint of the answer that it belongs to."""

    frame: pd.DataFrame
    anchors: dict[str, str]
    findings: list[tuple[str, str, str, object]]


def correct(
    frame: pd.DataFrame,
    table: pd.DataFrame,
    wave: int,
    fingerprints: pd.Series,
    anchors: Mapping[str, str] | None = None,
    where: str = FILE,
    moved: Mapping[int, int] | None = None,
) -> Corrected:
    """Apply the lines of one wave to a sheet whose columns are bound.

    table: COLUMNS, all text; `row` is the sheet's row when the line was written, `from` what stood there; `moved`: row of the
    sheet now -> row of `frame`, where somebody sorted it. From its first
    use a line is tied to the answer by its fingerprint (`anchors`), so that a sheet sorted since does no harm. A line
    whose answer has vanished is a finding. Raises StudyError where a line does not fit.
    """
    anchors, kept, findings = dict(anchors or {}), {}, []
    by_print: dict[str, object] = {one: row for row, one in fingerprints.items()}
    cells = {name: frame[name].copy() for name in frame.columns}
    applied: dict[str, list[object]] = {}
    for number, line in enumerate(table.to_dict("records"), start=2):
        place = f"{where}, {Text('dòng', 'line')} {number}"
        _require_whole(line, place)
        if int(line["wave"]) != wave:
            continue
        question, key = line["question"], _name(line)
        row = by_print.get(anchors[key]) if key in anchors else (moved or {}).get(int(line["row"]), int(line["row"]))
        if key in anchors and row is None:
            kept[key] = anchors[key]  # it waits for its answer: the row is another person's now
            findings.append((question, "correction_without_answer", "", line["row"]))
            continue
        if question not in cells or row not in cells[question].index:
            raise _misfit(place, line, Text("không có hàng hoặc câu hỏi ấy", "there is no such row or question"))
        cell = cells[question][row]
        if plain("" if cell is None else cell) == plain(line["to"]):
            kept[key] = str(fingerprints[row])
            continue  # somebody has mended the sheet since
        if plain("" if cell is None else cell) != plain(line["from"]):
            raise _misfit(place, line, Text(f"ô ấy ghi “{shown(cell or '')}”", f"that cell says “{shown(cell or '')}”"))
        cells[question][row] = line["to"] or None
        kept[key] = str(fingerprints[row])
        applied.setdefault(question, []).append(row)
    findings += [(q, "corrected", ", ".join(map(str, rows)), len(rows)) for q, rows in applied.items()]
    return Corrected(pd.DataFrame(cells, index=frame.index), kept, findings)


def _name(line: Mapping[str, str]) -> str:
    """A short name of a correction, which does not say what it corrects: it may be a code."""
    return hashlib.sha256("|".join(line[name] for name in COLUMNS[:5]).encode()).hexdigest()[:16]


def _require_whole(line: Mapping[str, str], place: str) -> None:
    missing = [name for name in NEEDED if not line[name].strip()]
    wrong = [name for name in ("wave", "row") if line[name].strip() and not line[name].strip().isdecimal()]
    if missing or wrong:
        raise StudyError(
            place,
            rule=Text(
                "Mỗi dòng sửa có wave, row (số hàng trong trang tính), question, from, to, reason (vì sao), who (ai sửa).",
                "A correction has wave, row (of the sheet), question, from, to, reason, who.",
            ),
            found=Text(
                f"thiếu hoặc sai: {', '.join(missing + wrong)}", f"missing or wrong: {', '.join(missing + wrong)}"
            ),
            cure=Text("Ghi đủ các ô ấy, hoặc xóa dòng.", "Fill those cells in, or delete the line."),
        )


def _misfit(place: str, line: Mapping[str, str], found: Text) -> StudyError:
    return StudyError(
        place,
        rule=Text(
            "Ô được sửa phải đúng là ô đã nêu: from là chữ đang có trong trang tính.",
            "A correction names the cell as it is: from is what stands in the sheet.",
        ),
        found=Text(
            f"đợt {line['wave']}, hàng {line['row']}, câu {line['question']}: {found.vi}",
            f"wave {line['wave']}, row {line['row']}, question {line['question']}: {found.en}",
        ),
        cure=Text(
            "Xem lại số hàng và chữ ở cột from, hoặc xóa dòng ấy; chưa có gì được ghi.",
            "Look at the row and at from again, or delete the line; nothing has been written.",
        ),
    )
