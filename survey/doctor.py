"""Checks set-up, study, sign-in and sheet one after another, and says the next thing to do."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from survey import store
from survey.errors import Text, UserError
from survey.pull import read, usable
from survey.study import Study


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: whether it is right, what was seen, and what to do next where it is not."""

    name: Text
    right: bool
    seen: str
    next: str = ""


def examine(folder: Path) -> Iterator[Check]:
    """Look at one thing after another, and stop at the first that is wrong."""
    yield Check(Text("Cài đặt", "Set-up"), True, f"Python {sys.version_info.major}.{sys.version_info.minor}")
    study = None
    for name, look in ((Text("Khảo sát", "Study"), _study), (Text("Phiếu hỏi", "Questionnaire"), _form)):
        try:
            study, seen = look(folder, study)
        except UserError as error:
            yield Check(name, False, str(error), str(error.cure))
            return
        yield Check(name, True, seen)
    assert study is not None
    yield from _sources(study)


def _study(folder: Path, _: Study | None) -> tuple[Study, str]:
    study = Study.open(folder)
    people = {wave.id: sum(sum(counts.values()) for counts in wave.roster.values()) for wave in study.waves}
    listed = "; ".join(f"{wave}: {count} {Text('người', 'people')}" for wave, count in people.items())
    return study, f"{study.title} ({listed})"


def _form(folder: Path, study: Study | None) -> tuple[Study, str]:
    assert study is not None
    return study, f"{study.form.title}: {len(study.form.questions)} {Text('câu', 'questions')}"


def _sources(study: Study) -> Iterator[Check]:
    held = [wave for wave in study.waves if wave.source]
    if not held:
        first = study.waves[0].id if study.waves else "…"
        command = f"python run.py survey form {study.folder} --wave {first}"
        todo = Text(
            f"Tạo biểu mẫu Google với các câu của phiếu: {command}; rồi ghi mã trang tính vào source của đợt ấy.",
            f"Make the Google Form: {command}; then write the sheet's key into source of that wave.",
        )
        yield Check(
            Text("Trang tính", "Sheet"), False, str(Text("chưa đợt nào có source", "no wave has a source")), str(todo)
        )
        return
    if any(wave.source and wave.source.sheet for wave in held):
        from survey import sheets

        try:
            yield Check(Text("Đăng nhập Google", "Sign-in"), True, sheets.account())
        except UserError as error:
            yield Check(Text("Đăng nhập Google", "Sign-in"), False, str(error), str(error.cure))
            return
    for wave in held:
        name = Text(f"Đợt {wave.id}", f"Wave {wave.id}")
        try:
            raw = read(study, wave)
            cleaned = usable(study, wave, raw)
        except UserError as error:
            yield Check(name, False, str(error), str(error.cure))
            return
        yield Check(name, True, f"{len(cleaned.answers)} {Text('câu trả lời dùng được', 'usable answers')}")
    if set(store.waves(study)) < {wave.id for wave in held}:
        yield Check(
            Text("Kho câu trả lời", "Store"),
            False,
            str(Text("chưa nhập đủ các đợt", "not every wave is imported")),
            str(Text("Chạy: ", "Run: ")) + f"python run.py survey pull {study.folder}",
        )
    else:
        yield Check(Text("Kho câu trả lời", "Store"), True, ", ".join(map(str, store.waves(study))))
