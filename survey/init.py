"""A new study: a handful of questions, or an XLSX of units and counts -> study.yaml."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import yaml

from survey import store
from survey.errors import StudyError, Text

ROLES = (
    {"id": "quan_ly", "label": {"vi": "Cán bộ quản lý", "en": "Managers"}},
    {"id": "giao_vien", "label": {"vi": "Giáo viên", "en": "Teachers"}},
    {"id": "nhan_vien", "label": {"vi": "Nhân viên", "en": "Non-teaching staff"}},
)
PHASES: tuple[dict, ...] = (
    {"id": 1, "closes": dt.date(2027, 6, 30), "review_wave": 2027, "label": "Giai đoạn 1 (2025–2027)"},
    {"id": 2, "closes": dt.date(2030, 6, 30), "review_wave": 2030, "label": "Giai đoạn 2 (2027–2030)"},
)
KINDS = (("ban giám hiệu", "management"), ("văn phòng", "office"), ("đoàn", "union"), ("công đoàn", "union"))
Ask = Callable[[Text, str], str]


def identifier(label: str) -> str:
    """The id of a label: "Tổ Ngữ văn" -> "to_ngu_van"."""
    letters = unicodedata.normalize("NFD", label.casefold().replace("đ", "d")).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "_", letters).strip("_")


def roster_from_xlsx(path: Path) -> dict[str, dict[str, int]]:
    """Unit -> role id -> people, from a sheet with a column of units and a column of counts per role.

    The first row names the roles ("Quản lý", "Giáo viên", "Nhân viên", in any order); empty cells are 0.
    """
    import openpyxl

    try:
        with closing(openpyxl.load_workbook(path, read_only=True, data_only=True)) as book:
            rows = list(book.worksheets[0].iter_rows(values_only=True))
    except Exception as error:  # openpyxl meets a file that is no workbook with errors of many kinds
        raise StudyError(
            str(path),
            rule=Text("Tệp đơn vị phải là một tệp XLSX mở được.", "The file of units is an XLSX that can be opened."),
            found=str(error),
            cure=Text("Kiểm tra đường dẫn; đóng tệp nếu đang mở bằng Excel.", "Check the path; close it in Excel."),
        ) from None
    header = [identifier(str(cell or "")) for cell in rows[0]] if rows else []
    names = {"quan_ly": ("quan_ly", "can_bo_quan_ly", "managers"), "giao_vien": ("giao_vien", "teachers"),
             "nhan_vien": ("nhan_vien", "non_teaching_staff", "staff")}  # fmt: skip
    places = {role: header.index(name) for role, known in names.items() for name in known if name in header}
    if not places:
        raise StudyError(
            f"{path}, {Text('hàng', 'row')} 1",
            rule=Text(
                "Hàng 1 phải có các cột Quản lý, Giáo viên, Nhân viên.", "Row 1 names Managers, Teachers, Staff."
            ),
            found=", ".join(str(cell) for cell in (rows[0] if rows else ())) or Text("trống", "nothing"),
            cure=Text(
                "Đặt lại tên các cột như trên, cột đầu là tên đơn vị.", "Name the columns so; the first is the unit."
            ),
        )
    roster: dict[str, dict[str, int]] = {}
    for number, row in enumerate(rows[1:], start=2):
        if row and row[0]:
            roster[str(row[0]).strip()] = {role: _count(row[place], path, number) for role, place in places.items()}
    return roster


def ask_roster(ask: Ask) -> dict[str, dict[str, int]]:
    """Unit -> role id -> people, asked unit by unit until an empty name; a count that is no number is asked again."""
    roster: dict[str, dict[str, int]] = {}
    while unit := ask(Text("Tên đơn vị (tổ, văn phòng…; Enter để kết thúc)", "Unit (Enter when done)"), "").strip():
        question = Text("  Số quản lý, giáo viên, nhân viên (ví dụ 1, 9, 0)", "  Managers, teachers, staff (1, 9, 0)")
        roster[unit] = _asked_until_right(ask, question, "1, 0, 0", lambda answer, unit=unit: _counts(answer, unit))
    return roster


def ask_year(ask: Ask, today: dt.date) -> int:
    """The year of the first wave."""
    question = Text("Năm của đợt khảo sát đầu tiên", "Year of the first wave")
    return _asked_until_right(ask, question, str(today.year), year)


def year(answer: object) -> int:
    """A year as a whole number between 2000 and 2100."""
    text = str(answer).strip()
    if re.fullmatch(r"20\d\d|2100", text):
        return int(text)
    raise StudyError(
        "--wave",
        rule=Text("Đợt mang tên của năm, từ 2000 đến 2100.", "A wave is named by its year, 2000 to 2100."),
        found=text,
        cure=Text("Viết ví dụ 2026.", "Write for example 2026."),
    )


def _asked_until_right(ask: Ask, question: Text, default: str, parse: Callable):
    while True:
        try:
            return parse(ask(question, default))
        except StudyError as error:
            print(error)


def _counts(answer: str, unit: str) -> dict[str, int]:
    numbers = [_count(part, Path(unit), 0) for part in re.split(r"[,; ]+", answer.strip())]
    return dict(zip((str(role["id"]) for role in ROLES), [*numbers, 0, 0, 0], strict=False))


def _count(cell: object, path: Path, row: int) -> int:
    text = "" if cell is None else str(cell).strip()
    if re.fullmatch(r"\d*(\.0)?", text):
        return int(float(text or 0))
    raise StudyError(
        f"{path}, {Text('hàng', 'row')} {row}" if row else str(path),
        rule=Text("Số người là số nguyên không âm.", "A count of people is a whole number."),
        found=text,
        cure=Text("Sửa lại số ấy.", "Mend that number."),
    )


def study(school: str, place: str, roster: dict[str, dict[str, int]], first: int, sheet: str) -> dict:
    """The content of study.yaml: two phases closing in 2027 and 2030, and the first wave with its roster."""
    ids = {unit: identifier(unit) for unit in roster}
    wave: dict = {
        "id": first,
        "opens": dt.date(first, 5, 1),
        "ends": dt.date(first, 5, 31),
        "roster": {ids[unit]: {role: n for role, n in counts.items() if n} for unit, counts in roster.items()},
    }
    if sheet:
        kind = "export" if re.search(r"\.(zip|csv|xlsx)$", sheet, re.IGNORECASE) else "sheet"
        wave["source"] = {kind: sheet}
    later = [
        {"id": year, "opens": dt.date(year, 5, 1), "ends": dt.date(year, 5, 31), "roster": wave["roster"]}
        for year in (2027, 2030)
        if year > first
    ]
    waves = [wave, *later]
    phases = [phase for phase in PHASES if phase["review_wave"] in [known["id"] for known in waves]]
    return {
        "id": identifier(school).replace("_", "-") or "truong",
        "title": {"vi": "Khảo sát năng lực số và ứng dụng", "en": "Survey of digital skills and adoption"},
        "school": {"name": school, "place": place, "signs_as": ["HIỆU TRƯỞNG"], "recipients": ["Lưu: VT"]},
        "questionnaire": "staff",
        "units": [{"id": ids[unit], "label": unit, "kind": _kind(unit)} for unit in roster],
        "roles": list(ROLES),
        "phases": phases,
        "waves": waves,
        "primary": ["ky_nang", "ky_nang_ai", "ung_dung"],
    }


def _kind(unit: str) -> str:
    return next((kind for word, kind in KINDS if word in unit.casefold()), "subject")


class _Plain(yaml.SafeDumper):
    """Writes a repeated part again instead of pointing to it, as a person would."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def write(folder: Path, content: dict) -> Path:
    """Write study.yaml into a folder that has none; raises StudyError where there is one already."""
    path = folder / "study.yaml"
    refuse_existing(path)
    text = yaml.dump(content, Dumper=_Plain, allow_unicode=True, sort_keys=False, width=120)
    return store.write(path, text.encode())


def refuse_existing(path: Path) -> None:
    """Raise StudyError where a file that would be made anew is there already."""
    if path.exists():
        raise StudyError(
            str(path),
            rule=Text("Lệnh này chỉ tạo tệp mới, không ghi đè.", "This makes a new file and overwrites nothing."),
            found=Text("đã có tệp này", "the file is there already"),
            cure=Text("Chọn thư mục khác, hoặc mở tệp ấy mà sửa.", "Choose another folder, or edit that file."),
        )
