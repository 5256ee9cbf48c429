"""The register of the targets: what was counted, when, by whom, with which evidence; every entry, the replaced ones too."""

from __future__ import annotations

import pandas as pd

from survey import store
from survey.errors import Text
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


def entries(study: Study) -> pd.DataFrame:
    """Every entry: figures of study.yaml, then the register's sheet in the order of entering. Columns ENTRIES.

    Of entries for one target (or criterion), date and unit the last counts; the others are kept and marked `replaced`.
    """
    written = pd.DataFrame([_figure(figure) for figure in study.figures], columns=list(ENTRIES))
    register = study.register("targets")
    held = _sheet(register) if register and store.waves(register) else written.iloc[:0]
    table = pd.concat([part.astype(ENTRIES) for part in (written, held)], ignore_index=True)
    table["replaced"] = table.duplicated(["target", "criterion", "date", "unit"], keep="last")
    return table.astype(ENTRIES)


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
            "remark": held["ghi_chu"],
            "entered": held["submitted"],
            "source": [f"{row} {number} ({wave})" for number, wave in zip(held["row"], held["wave"], strict=True)],
            "replaced": False,
        }
    )
