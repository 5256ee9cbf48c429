"""What the school chose to have in its report beside what is always there: picks of the widgets, kept beside study.yaml."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from survey import store
from survey.errors import StudyError, Text
from survey.study import Study

FILE = "chosen.json"
Pick = dict[str, Any]  # {"panel": "levels", "scale": "ky_nang", "group": "unit", "level": "", "waves": "2027"}
KEPT = {
    "levels": ("scale", "group", "level", "waves"),
    "shares": ("item", "group", "waves"),
    "changes": ("pair", "content"),
}


def pick_of(panel: str, picks: Mapping[str, Any]) -> Pick | None:
    """A pick as the report can show it; None for another panel, another target of inference, or without flagged answers."""
    kind = panel.partition("-")[0]
    usual = picks.get("target", "descriptive") == "descriptive" and picks.get("doubted", "with") == "with"
    if kind not in KEPT or not usual:
        return None
    return {"panel": kind} | {name: picks[name] for name in KEPT[kind] if name in picks}


def chosen(study: Study) -> tuple[Pick, ...]:
    """The picks in the order in which they were chosen. Raises StudyError where their file is damaged."""
    path = study.folder / FILE
    if not path.exists():
        return ()
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return tuple({**pick, "panel": str(pick["panel"])} for pick in found)
    except (ValueError, TypeError, KeyError):
        raise StudyError(
            str(path),
            rule=Text(
                "Tệp này do sổ tay ghi: một danh sách các lựa chọn.", "The notebooks write this file: a list of picks."
            ),
            found=Text("không đọc được", "it cannot be read"),
            cure=Text("Xóa tệp ấy rồi chọn lại trong sổ tay.", "Delete it, and choose again in the notebooks."),
        ) from None


def choose(study: Study, pick: Pick) -> bool:
    """Put a pick into the report, or take it out where it is in it; whether it is in it now."""
    before = list(chosen(study))
    now = [one for one in before if one != pick] if pick in before else [*before, pick]
    store.write(study.folder / FILE, json.dumps(now, ensure_ascii=False, indent=1).encode())
    return pick in now
