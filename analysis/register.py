"""The register of the targets: what was counted, when, by whom, with which evidence; every entry, the replaced ones too."""

from __future__ import annotations

import csv
import datetime as dt
import io
from dataclasses import astuple, dataclass
from pathlib import Path

import pandas as pd

from survey import store
from survey.errors import StudyError, Text
from survey.study import Figure, Study

ENTRIES = {  # column -> type
    "target": "Int64",  # 1 to 6; missing for the index
    "criterion": "str",  # of the index 4725: "1.3"; missing for a target
    "date": "datetime64[us]",  # as of which the figure holds
    "unit": "str",  # id; missing: the whole school
    "occurred": "boolean",  # False: "không phát sinh"
    "numerator": "Float64",
    "denominator": "Float64",
    "judged": "str",  # "met" or "not_met", where people judged
    "there": "boolean",  # a fixed line (target 6), a mandatory criterion of the index
    "down": "Float64",  # Mb/s
    "up": "Float64",
    "breaks": "Float64",  # times that the connection was lost on that day
    "points": "Float64",  # of the index
    "evidence": "str",  # a file of the evidence folder, or an https address
    "owner": "str",  # who is responsible: a position, no name
    "remark": "str",
    "entered": "datetime64[us]",  # the day of the entry; missing for figures in study.yaml
    "source": "str",  # where the entry stands: a row of the register's sheet, or study.yaml
    "replaced": "boolean",  # a later entry for the same target or criterion, date and unit counts instead
}

MEASUREMENTS = "measurements.csv"


@dataclass(frozen=True)
class Measurement:
    """What somebody measured of the connection at one place on one day; speeds in Mb/s."""

    date: dt.date
    place: str
    line: bool
    down: float | None = None
    up: float | None = None
    breaks: int | None = None


def entries(study: Study) -> pd.DataFrame:
    """Every entry: figures of study.yaml, measurements, then the register's sheet in the order of entering. Columns ENTRIES.

    Of entries for one target (or criterion), date and unit the last counts; the others are kept and marked `replaced`. Of
    measurements each place counts for itself.
    """
    written = pd.DataFrame([_figure(figure) for figure in study.figures], columns=list(ENTRIES))
    register = study.register("targets")
    held = _sheet(register) if register and store.waves(register) else written.iloc[:0]
    parts = (written, _measured(study), held)
    table = pd.concat([part.astype(ENTRIES) for part in parts], ignore_index=True)
    measured = table["target"].notna() & (table["down"].notna() | table["there"].notna())
    place = table["remark"].where(measured)
    key = table[["target", "criterion", "date", "unit"]].assign(place=place)
    return table.assign(replaced=key.duplicated(keep="last")).astype(ENTRIES)


def measure(study: Study, measured: Measurement) -> Path:
    """Add a line to measurements.csv, which only records what somebody measured; gives its path."""
    path = study.folder / MEASUREMENTS
    before = path.read_text(encoding="utf-8-sig") if path.exists() else ";".join(Measurement.__annotations__) + "\n"
    text = io.StringIO()
    csv.writer(text, delimiter=";", lineterminator="\n").writerow(
        "" if value is None else int(value) if isinstance(value, bool) else value for value in astuple(measured)
    )
    return store.write(path, (before + text.getvalue()).encode("utf-8-sig"))


def _measured(study: Study) -> pd.DataFrame:
    """The lines of measurements.csv as entries of the target that is judged by measuring."""
    path = study.folder / MEASUREMENTS
    if not path.exists():
        return pd.DataFrame(columns=list(ENTRIES))
    table = pd.read_csv(path, sep=";", encoding="utf-8-sig", dtype=str, keep_default_na=False)
    if list(table.columns) != list(Measurement.__annotations__):
        raise _unreadable(path, ", ".join(table.columns))
    judged = [target.id for target in (study.movement.targets if study.movement else ()) if target.rule == "judged"]
    try:
        return pd.DataFrame(
            {
                "target": judged[0] if judged else None,
                "date": pd.to_datetime(table["date"], format="ISO8601"),
                "occurred": True,
                "there": table["line"].map({"1": True, "0": False}),
                **{name: pd.to_numeric(table[name].str.replace(",", ".")) for name in ("down", "up", "breaks")},
                "evidence": MEASUREMENTS,
                "owner": None,
                "remark": table["place"],
                "source": [f"{MEASUREMENTS}, {Text('dòng', 'line')} {number + 2}" for number in table.index],
            },
            columns=list(ENTRIES),
        )
    except ValueError:
        raise _unreadable(path, Text("ngày hoặc số không đọc được", "a date or number that cannot be read")) from None


def _unreadable(path: Path, found: object) -> StudyError:
    return StudyError(
        str(path),
        rule=Text(
            f"Tệp số đo có các cột {', '.join(Measurement.__annotations__)}; ngày viết 2027-05-31, số viết 92,5.",
            f"The file of measurements has the columns {', '.join(Measurement.__annotations__)}; dates as 2027-05-31.",
        ),
        found=found,
        cure=Text(
            "Sửa dòng ấy; thêm số đo bằng: python run.py analysis measure",
            "Mend it; add by: python run.py analysis measure",
        ),
    )


def _figure(figure: Figure) -> dict[str, object]:
    return {
        "target": figure.target,
        "date": figure.date,
        "occurred": figure.denominator != 0,
        "numerator": figure.numerator,
        "denominator": figure.denominator,
        "judged": figure.judged,
        "evidence": figure.evidence or None,
        "owner": figure.owner or None,
        "source": "study.yaml",
    }


def _sheet(register: Study) -> pd.DataFrame:
    """The entries that came through the form targets.yaml."""
    held = store.stored(register).sort_values(["submitted", "row"], kind="stable")
    index = held["chi_tieu"] == 4725
    row = Text("hàng", "row")
    owner = register.form.choices["phu_trach"]
    positions = {choice.value: str(choice.label) for choice in owner.options}
    return pd.DataFrame(
        {
            "target": held["chi_tieu"].mask(index),
            "criterion": held["tieu_chi"].where(index),
            "date": held["ngay"],
            "unit": held["pham_vi"],
            "occurred": held["phat_sinh"].map({1: True, 0: False}),
            "numerator": held["tu_so"].mask(held["phat_sinh"] == 0, 0),
            "denominator": held["mau_so"].mask(held["phat_sinh"] == 0, 0),
            "judged": None,
            "there": held["co_duong_truyen"].fillna(held["dap_ung"]).map({1: True, 0: False}),
            "down": held["tai_xuong"],
            "up": held["tai_len"],
            "breaks": held["gian_doan"],
            "points": held["diem"],
            "evidence": held["minh_chung"],
            "owner": held["phu_trach"].map(positions).fillna(held["phu_trach" + store.OTHER]),
            "remark": held["noi_do"].fillna(held["ghi_chu"]),
            "entered": held["submitted"],
            "source": [f"{row} {number} ({wave})" for number, wave in zip(held["row"], held["wave"], strict=True)],
            "replaced": False,
        }
    )
