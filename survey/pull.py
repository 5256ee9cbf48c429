"""From a wave's source to the store: read, clean, keep. Nothing is kept unless every wave asked for is right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from survey import exports, store
from survey.clean import FINDINGS, Cleaned, clean
from survey.errors import StudyError, Text
from survey.raw import Raw
from survey.study import Study, Wave

Tell = Callable[[Text], None]


@dataclass(frozen=True)
class Pulled:
    """What one wave brought: rows in the sheet, respondents kept, whether the sheet differs from the last time."""

    wave: int
    rows: int
    respondents: int
    new: bool
    findings: pd.DataFrame


def pull(study: Study, waves: Sequence[int] = (), tell: Tell = lambda text: None) -> list[Pulled]:
    """Import the waves (all that have a source, if none is named) and return what each brought.

    Raises SheetError or StudyError in words; the store then is as it was.
    """
    chosen = [study.wave(wave) for wave in waves] or [wave for wave in study.waves if wave.source]
    if not chosen:
        raise StudyError(
            f"{study.folder / 'study.yaml'}, waves",
            rule=Text("Ít nhất một đợt phải có source.", "At least one wave has a source."),
            found=Text("không đợt nào có source", "no wave has a source"),
            cure=Text(
                "Thêm  source: {sheet: MÃ_TRANG_TÍNH}  hoặc  source: {export: sheets/2027.zip}  vào một đợt.",
                "Add  source: {sheet: SHEET_KEY}  or  source: {export: sheets/2027.zip}  to a wave.",
            ),
        )
    ready = []
    for wave in chosen:
        tell(Text(f"Đợt {wave.id}: đang đọc câu trả lời…", f"Wave {wave.id}: reading the answers…"))
        raw = read(study, wave, tell)
        ready.append((wave, raw, _with_strangers(study, wave, clean(raw, study.form, wave.id, wave.columns))))
    before = store.snapshots(study)
    return [_keep(study, wave, raw, cleaned, before.get(wave.id)) for wave, raw, cleaned in ready]


def _with_strangers(study: Study, wave: Wave, cleaned: Cleaned) -> Cleaned:
    """The same, with a finding where answers have no place on the wave's roster: no estimate counts them."""
    unit, role = study.form.used_as("unit"), study.form.used_as("role")
    if not (wave.roster and unit and role and {unit.id, role.id} <= set(cleaned.answers)):
        return cleaned
    pairs = zip(cleaned.answers[unit.id], cleaned.answers[role.id], strict=True)
    strange = [not wave.roster.get(str(one), {}).get(str(other), 0) for one, other in pairs]
    rows = cleaned.answers.index[strange]
    if not len(rows):
        return cleaned
    finding = (wave.id, f"{unit.id}, {role.id}", "off_roster", ", ".join(map(str, rows)), len(rows))
    more = pd.DataFrame([finding], columns=list(FINDINGS))
    return replace(cleaned, findings=pd.concat([cleaned.findings, more], ignore_index=True))


def read(study: Study, wave: Wave, tell: Tell = lambda text: None) -> Raw:
    """The response sheet of a wave, from its export or through Google."""
    source = wave.source
    if source is None:
        raise StudyError(
            f"{study.folder / 'study.yaml'}, waves {wave.id}",
            rule=Text("Đợt cần nhập phải có source.", "A wave that is imported has a source."),
            found=Text("không có source", "no source"),
            cure=Text(
                "Thêm  source: {sheet: MÃ_TRANG_TÍNH}  hoặc  source: {export: TỆP}.",
                "Add  source: {sheet: SHEET_KEY}  or  source: {export: FILE}.",
            ),
        )
    if source.export is not None:
        raw = exports.read(study.folder / Path(source.export), source.timezone)
        return replace(raw, month_first=source.month_first)
    from survey import sheets  # gspread is paid for only by those who read a Google Sheet

    assert source.sheet is not None
    return sheets.read(source.sheet, source.tab, tell=tell)


def _keep(study: Study, wave: Wave, raw: Raw, cleaned: Cleaned, before: str | None) -> Pulled:
    store.save_snapshot(study, wave.id, raw)
    store.save_answers(study, wave.id, cleaned.answers)
    return Pulled(wave.id, len(raw.frame), len(cleaned.answers), before != raw.digest, cleaned.findings)
