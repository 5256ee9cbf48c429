"""A study: the school, its units and roles, the roster, phases, waves, contents and targets; loaded from study.yaml."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, PrivateAttr, model_validator

from survey.errors import StudyError, Text
from survey.questionnaire import Bilingual, Choice, ChoiceList, Model, Questionnaire
from survey.yaml_file import load

if TYPE_CHECKING:
    import pandas as pd


class School(Model):
    name: Bilingual
    authority: Bilingual = Text("")  # cơ quan chủ quản: the line above the school's name on a document
    place: Bilingual = Text("")  # địa danh in the date line
    abbreviation: str = ""  # in the document number: Số: …/BC-THPTLN
    signs_as: tuple[str, ...] = ()  # the lines above the signature, e.g. KT. HIỆU TRƯỞNG / PHÓ HIỆU TRƯỞNG
    recipients: tuple[str, ...] = ()  # nơi nhận


class Unit(Model):
    id: str
    label: Bilingual
    kind: Literal["subject", "office", "management", "union"] = "subject"


class Role(Model):
    id: str
    label: Bilingual


class Phase(Model):
    """A phase closes on a date; its review wave also is the baseline of the phase that follows."""

    id: int
    label: Bilingual
    closes: dt.date
    review_wave: int


class Source(Model):
    """Where a wave's answers come from: an exported file beside study.yaml, or a Google Sheet."""

    export: str | None = None
    sheet: str | None = None
    tab: str | None = None
    form: str | None = None  # the id of the Google Form itself, whose own responses are then compared with the sheet's
    timezone: str = "Asia/Ho_Chi_Minh"
    month_first: bool = False  # dates in the export are written month/day/year

    @model_validator(mode="after")
    def _is_one_of_two(self) -> Source:
        if (self.export is None) == (self.sheet is None):
            raise StudyError(
                "source",
                rule=Text(
                    "Nguồn của một đợt là export (tệp đã tải về) hoặc sheet (mã trang tính Google), chỉ một trong hai.",
                    "A wave's source is export (a downloaded file) or sheet (the key of a Google Sheet), one of them.",
                ),
                found=f"export: {self.export}, sheet: {self.sheet}",
                cure=Text("Giữ một dòng, bỏ dòng kia.", "Keep one line, drop the other."),
            )
        if self.timezone not in zoneinfo.available_timezones():
            raise StudyError(
                "source, timezone",
                rule=Text(
                    "Múi giờ là một tên như Asia/Ho_Chi_Minh.", "A time zone is a name such as Asia/Ho_Chi_Minh."
                ),
                found=self.timezone,
                cure=Text("Sửa tên ấy, hoặc bỏ dòng timezone.", "Mend the name, or drop the line."),
            )
        return self


class Wave(Model):
    id: int
    opens: dt.date
    ends: dt.date
    link: str = ""  # the address at which staff answer
    source: Source | None = None  # a wave still to come has none
    phase: int | None = None  # said only where the closing dates would put the wave in the wrong phase
    roster: dict[str, dict[str, Annotated[int, Field(ge=0)]]] = {}  # unit -> role -> people on the day the wave opens
    columns: dict[str, str | None] = {}  # header in the sheet -> question id, or null: a column to leave out
    purpose: Bilingual | None = None  # what people were told their answers are for, where it is not the study's


class Content(Model):
    id: int
    title: Bilingual
    text: Bilingual = Text("")


class Sufficiency(Model):
    """When a connection "meets the needs", as the school has laid down: every condition that is named has to hold.

    down, up: Mb/s, the median of the measurements of the past year; breaks: most times a day that the connection was lost, on
    average; measurements: how many there have to be; share: percent of the staff who say that it suffices.
    """

    line: bool = True  # there is a fixed line wherever it was measured
    down: float | None = None
    up: float | None = None
    breaks: float | None = None
    measurements: int = Field(default=1, ge=1)
    share: int | None = Field(default=None, ge=0, le=100)


class Target(Model):
    """A numeric target; `rule` and `percent` are compared with the unrounded counts."""

    id: int
    label: Bilingual
    text: str  # verbatim
    rule: Literal["at_least", "more_than", "all", "judged"]
    percent: int | None = None
    context: Bilingual = Text("")
    survey_item: str | None = None  # the yes/no question that corroborates it
    of: Literal["people", "cases"] = "cases"  # people: the denominator is the staff on the roster
    sufficient: Sufficiency | None = None  # of a judged target: the rule by which it is
    by: dt.date | None = None  # the day by which it is to be reached, where one is set
    contents: tuple[int, ...] = ()  # the contents of the movement that it speaks to


class Figure(Model):
    """One counted value of a target on a date: numerator of denominator, and where the evidence is."""

    target: int
    date: dt.date
    numerator: int | None = Field(default=None, ge=0)
    denominator: int | None = Field(default=None, ge=0)
    judged: Literal["met", "not_met"] | None = None  # for a target without a number
    evidence: str = ""
    owner: str = ""  # who is responsible: a position, no name


class Practice(Model):
    """A good practice (điển hình, mô hình hay) that the school has chosen to name, with its evidence; no person's name."""

    content: int
    title: Bilingual
    unit: str | None = None
    evidence: str = ""


class Movement(Model):
    name: Bilingual
    basis: tuple[Bilingual, ...] = ()  # the documents that the plan rests on
    contents: tuple[Content, ...] = ()
    targets: tuple[Target, ...] = ()
    practices: tuple[Practice, ...] = ()


class Awards(Model):
    """How the council counts votes: the share asked for, which the study has to name; None: votes are shown, not judged."""

    threshold: int | None = Field(default=None, ge=0, le=100)  # percent of those present
    rule: Literal["at_least", "more_than"] = "at_least"


class Registers(Model):
    """Folders, inside the study's own, of the studies that hold figures of the targets, and nominations."""

    targets: str = ""
    nominations: str = ""


class Study(Model):
    """What a school studies: who, when, with which questionnaire, towards which targets."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    pretend: bool = False
    title: Bilingual
    school: School
    questionnaire: str = "staff"
    units: tuple[Unit, ...] = ()
    roles: tuple[Role, ...] = ()
    phases: tuple[Phase, ...] = ()
    waves: tuple[Wave, ...] = ()
    movement: Movement | None = None
    figures: tuple[Figure, ...] = ()
    registers: Registers = Registers()
    awards: Awards = Awards()
    primary: tuple[str, ...] = ()  # items or scales named in advance: adjusted by Holm as one family
    small: float = 0.2  # a change within +- this many scale points is "no meaningful change", fixed beforehand
    smallest_base: int = Field(default=5, ge=2)
    linked_by: Literal["code", "email", "none"] = "code"  # how one person is found in two waves
    duplicates: Literal["last_complete", "last", "first", "none"] = (
        "last_complete"  # which of one person's answers counts
    )
    leave_out: tuple[
        Literal["duplicate", "off_roster", "crowded", "out_of_window", "careless"], ...
    ] = ()  # see screen.py
    purpose: Bilingual = Text("")  # what the answers are for, as people are told: recorded with every import
    feedback: str = ""  # the address of the page on which people see their own levels (analysis feedback)
    keep_until: dt.date | None = None  # the answers are to be deleted after this day

    _folder: Path = PrivateAttr(default=Path("."))

    @classmethod
    def open(cls, folder: str | Path) -> Study:
        """The study kept in `folder` (which holds study.yaml); raises StudyError in words."""
        study = load(cls, Path(folder) / "study.yaml", StudyError)
        study._folder = Path(folder)
        return study

    @property
    def folder(self) -> Path:
        return self._folder

    @cached_property
    def form(self) -> Questionnaire:
        """The questionnaire with this school's units and roles filled in."""
        return Questionnaire.named(self.questionnaire, self.folder).filled(_list(self.units), _list(self.roles))

    def wave(self, wave: int) -> Wave:
        for known in self.waves:
            if known.id == wave:
                return known
        raise StudyError(
            f"{self.folder / 'study.yaml'}, waves",
            rule=Text("Đợt được hỏi phải có trong study.yaml.", "The wave asked for is in study.yaml."),
            found=wave,
            cure=Text(
                f"Chọn một trong: {', '.join(str(w.id) for w in self.waves)}; hoặc thêm đợt ấy vào mục waves.",
                f"Choose one of {', '.join(str(w.id) for w in self.waves)}, or add it to waves.",
            ),
        )

    def phase_of(self, wave: Wave) -> int | None:
        """The phase a wave is counted in: the first whose closing date it does not pass; the review wave closes."""
        if wave.phase is not None or not self.phases:
            return wave.phase
        return next(
            (p.id for p in self.phases if wave.id == p.review_wave or wave.ends <= p.closes), self.phases[-1].id
        )

    def waves_of(self, phase: int) -> list[int]:
        """The waves that show a phase's change: its own, preceded by the baseline, the review wave of the one before."""
        own = [wave.id for wave in self.waves if self.phase_of(wave) == phase]
        before = [p.review_wave for p in self.phases if p.id == phase - 1]
        return before + own

    def answers(self, without: Sequence[str] | None = None) -> pd.DataFrame:
        """One row per respondent and wave: wave, phase, person, unit, role, then a column per question, then q__absent.

        q__absent, where anybody had it, says why q is empty: "na" (does not apply), "skipped" (not asked), "blank".
        Codes, free text and the time of answering stay in the store. `person` numbers people across the waves
        (missing where nothing links them). `without`: flags (see `flags`) whose answers are left out; the study's own
        `leave_out`, if none is given. Raises StudyError where nothing has been imported yet.
        """
        from survey import store

        out = list(self.leave_out if without is None else without)
        return store.answers(self, self.flags()[out].any(axis=1) if out else None)

    def flags(self) -> pd.DataFrame:
        """What is to doubt in each answer of `answers(without=())`, row by row: see `screen.flags`."""
        from survey import link, screen, store

        answers, kept = store.answers(self), store.stored(self)
        keys = store.coded(self)["code"].map(link.key)
        return screen.flags(answers, self, submitted=kept["submitted"], keys=keys)

    def register(self, name: Literal["targets", "nominations"]) -> Study | None:
        """The study whose answers are the entries of a register; None where this study keeps none."""
        folder = getattr(self.registers, name)
        return Study.open(self.folder / folder) if folder else None

    def asking(self, questionnaire: str) -> Study:
        """The same study with another questionnaire ("": its own)."""
        if not questionnaire:
            return self
        other = self.model_copy(update={"questionnaire": questionnaire})
        other.__dict__.pop("form", None)  # the copy would keep the form of this one
        return other

    @property
    def flag_labels(self) -> dict[str, Text]:
        """Flag -> its words."""
        from survey.screen import FLAGS

        return FLAGS

    def leaving_out(self, flags: Sequence[str]) -> Study:
        """The same study whose results leave out the answers with these flags; raises StudyError for an unknown flag."""
        for flag in flags:
            if flag not in self.flag_labels:
                raise StudyError(
                    "--without",
                    rule=Text("Mỗi dấu là một trong các dấu đã biết.", "A flag is one of those that are known."),
                    found=flag,
                    cure=Text(
                        f"Chọn trong: {', '.join(self.flag_labels)}.", f"Choose of {', '.join(self.flag_labels)}."
                    ),
                )
        return self.model_copy(update={"leave_out": tuple(flags)})

    @model_validator(mode="after")
    def _is_consistent(self) -> Study:
        for place, rule, found, cure in _faults(self):
            raise StudyError(place, rule=rule, found=found, cure=cure)
        return self


def _list(entries: tuple[Unit, ...] | tuple[Role, ...]) -> ChoiceList:
    none = Choice(value="-", label=Text("(chưa khai báo)", "(not declared)"))
    return ChoiceList(options=tuple(Choice(value=entry.id, label=entry.label) for entry in entries) or (none,))


def _faults(study: Study):
    """Names that do not lead anywhere, and ids used twice."""
    units, roles = {u.id for u in study.units}, {r.id for r in study.roles}
    waves = [w.id for w in study.waves]
    twice = Text("Mã này được dùng hai lần.", "This id is used twice.")
    named: dict[str, list] = {
        "units": [u.id for u in study.units],
        "waves": waves,
        "phases": [p.id for p in study.phases],
    }
    for place, ids in named.items():
        for one in sorted({i for i in ids if ids.count(i) > 1}, key=str):
            yield place, twice, one, Text("Đổi một trong hai.", "Change one of them.")
    for wave in study.waves:
        for unit, counts in wave.roster.items():
            for name, known, kind in [(unit, units, "units"), *((role, roles, "roles") for role in counts)]:
                if name not in known:
                    yield (
                        f"waves {wave.id}, roster",
                        Text(
                            f"Danh sách nhân sự chỉ dùng mã có trong {kind}.", f"The roster uses ids listed in {kind}."
                        ),
                        name,
                        Text(f"Thêm {name} vào {kind}, hoặc sửa mã.", f"Add {name} to {kind}, or mend the id."),
                    )
        if wave.ends < wave.opens:
            yield (
                f"waves {wave.id}",
                Text("Đợt kết thúc sau khi mở.", "A wave ends after it opens."),
                (f"{wave.opens:%d/%m/%Y} – {wave.ends:%d/%m/%Y}"),
                Text("Sửa opens hoặc ends.", "Mend opens or ends."),
            )
    for phase in study.phases:
        if waves and phase.review_wave not in waves:
            yield (
                f"phases {phase.id}",
                Text("Đợt sơ kết/tổng kết (review_wave) phải có trong waves.", "review_wave is one of the waves."),
                phase.review_wave,
                Text("Sửa review_wave, hoặc thêm đợt ấy.", "Mend review_wave, or add the wave."),
            )
    if study.movement:
        targets = {t.id for t in study.movement.targets}
        for figure in study.figures:
            if figure.target not in targets:
                yield (
                    "figures",
                    Text("Số liệu phải thuộc một chỉ tiêu đã khai báo.", "A figure belongs to a target."),
                    (figure.target),
                    Text("Sửa mục target.", "Mend the entry target."),
                )
