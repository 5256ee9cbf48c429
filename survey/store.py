"""The data folder of a study: raw snapshots, written once, and the answers made of them. No other module knows it.

study.yaml            what the study is
raw/2027/<hash>.json  the sheet as read, never changed; one file per different content
answers/2027.parquet  one row per respondent, a column per question, and the hash of the snapshot
"""

from __future__ import annotations

import io
import json
import os
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from survey import link
from survey.errors import StudyError, Text
from survey.raw import Raw

if TYPE_CHECKING:
    from survey.study import Study

ABSENT = "__absent"  # column q__absent says why q is empty: "na" (does not apply), "skipped" (not asked), "blank"
OTHER = "__other"  # column q__other holds the words written under "Khác"


def write(path: Path, content: bytes) -> Path:
    """Write a file whole or not at all: a crash leaves the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return path


def save_snapshot(study: Study, wave: int, raw: Raw) -> Path:
    """Keep the sheet as read; content that is kept already is not written again."""
    path = _snapshot(study, wave, raw.digest)
    if not path.exists():
        write(path, raw.content.encode())
        path.chmod(stat.S_IREAD | stat.S_IRGRP | stat.S_IROTH)
    return path


def save_answers(study: Study, wave: int, answers: pd.DataFrame) -> Path:
    """Replace a wave's answers as a whole."""
    buffer = io.BytesIO()
    answers.to_parquet(buffer, index=True)
    return write(study.folder / "answers" / f"{wave}.parquet", buffer.getvalue())


def waves(study: Study) -> list[int]:
    """The waves whose answers are in the store, in the study's order."""
    return [wave.id for wave in study.waves if _path(study, wave.id).exists()]


def stored(study: Study) -> pd.DataFrame:
    """Everything kept of every wave, codes and words included; for the import itself, never for a result."""
    frames = [_kept(_path(study, wave)).assign(wave=wave) for wave in waves(study)]
    if not frames:
        raise StudyError(
            str(study.folder / "answers"),
            rule=Text("Cần nhập câu trả lời trước khi phân tích.", "Answers are imported before they are analysed."),
            found=Text("chưa có đợt nào", "no wave yet"),
            cure=Text(
                f"Chạy: python run.py survey pull {study.folder}", f"Run: python run.py survey pull {study.folder}"
            ),
        )
    return pd.concat(frames).reset_index(names="row")


def _kept(path: Path, columns: list[str] | None = None) -> pd.DataFrame:
    try:
        return pd.read_parquet(path, columns=columns)
    except (ValueError, OSError):  # pyarrow's errors of a damaged file are of these kinds
        raise StudyError(
            str(path),
            rule=Text("Tệp câu trả lời trong kho phải còn nguyên vẹn.", "The stored file of answers is whole."),
            found=Text("tệp hỏng", "a damaged file"),
            cure=Text(
                f"Xóa tệp ấy rồi chạy: python run.py survey pull {path.parent.parent}",
                f"Delete that file, then run: python run.py survey pull {path.parent.parent}",
            ),
        ) from None


def answers(study: Study) -> pd.DataFrame:
    """See `Study.answers`."""
    kept = stored(study)
    form = study.form
    code, unit, role = form.used_as("code"), form.used_as("unit"), form.used_as("role")
    phases = {wave.id: study.phase_of(wave) for wave in study.waves}
    head = pd.DataFrame({"wave": kept["wave"], "phase": kept["wave"].map(phases).astype("Int64")})
    head["person"] = link.persons(kept[code.id], kept["wave"]) if code and code.id in kept else pd.NA
    head["person"] = head["person"].astype("Int64")
    for name, question in (("unit", unit), ("role", role)):
        if question and question.id in kept:
            head[name] = kept[question.id]
    shown = [
        column
        for question in form.questions.values()
        if question.use is None and question.type in ("single", "several", "linear", "number")
        for column in form.columns_of(question)
        if column in kept
    ]
    return pd.concat([head, kept[shown]], axis=1)


def snapshots(study: Study) -> dict[int, str]:
    """Wave -> SHA-256 of the snapshot that its answers were made of."""
    return {w: str(_kept(_path(study, w), ["snapshot"])["snapshot"].iloc[0]) for w in waves(study)}


def snapshot_path(study: Study, wave: int) -> Path:
    """The snapshot that a wave's answers were made of."""
    return _snapshot(study, wave, snapshots(study)[wave])


def _snapshot(study: Study, wave: int, digest: str) -> Path:
    return study.folder / "raw" / str(wave) / f"{digest[:16]}.json"


def load_snapshot(path: Path) -> Raw:
    """A kept snapshot as the raw frame that it was."""
    table = json.loads(path.read_text(encoding="utf-8"))
    frame = pd.DataFrame([row[1:] for row in table["rows"]], index=[row[0] for row in table["rows"]], dtype=object)
    frame.columns, frame.index.name = pd.Index(table["headers"], dtype=object), "row"
    return Raw(frame.where(frame.notna(), None), str(path), table["timezone"], table["serial_dates"])


def _path(study: Study, wave: int) -> Path:
    return study.folder / "answers" / f"{wave}.parquet"
