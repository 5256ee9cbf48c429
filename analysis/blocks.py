"""What a report is made of before it is a document: headings, sentences, tables, charts; each number with its facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Value = float | int | str | None  # None: hidden, or there is none


@dataclass(frozen=True)
class Fact:
    """Numbers that one call gives, before they are rounded.

    key: its name, the same in every run ("means ky_nang 2027"). call: the Python that gives it again. values: name -> number.
    waves: whose answers it was worked out from. reason: why its numbers are hidden, "" where they are shown.
    """

    key: str
    call: str
    values: Mapping[str, Value]
    waves: tuple[int, ...] = ()
    n: int | None = None
    method: str = ""
    reason: str = ""

    @property
    def told(self) -> str:
        """ "estimate = 2.41; n = 69": what there is of its values."""
        return "; ".join(f"{name} = {value}" for name, value in self.values.items() if value is not None)


@dataclass(frozen=True)
class Said:
    """Words of a sentence or a cell, and the facts that they tell; without facts they hold no number of the study.

    id: "E012", given by evidence.numbered where there are facts.
    """

    words: str
    facts: tuple[Fact, ...] = ()
    id: str = ""


@dataclass(frozen=True)
class Ref:
    """ "Bảng 2" or "Hình 1" in a sentence: the number of the table or chart of that name."""

    name: str


@dataclass(frozen=True)
class Heading:
    level: int  # 1 or 2
    words: str


@dataclass(frozen=True)
class Paragraph:
    parts: tuple[Said | Ref, ...]
    style: str = "Noi dung"  # a name of report_layout.STYLES without "KSS "


@dataclass(frozen=True)
class Table:
    """A captioned table; every cell is said. widths: mm."""

    name: str
    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Said, ...], ...]
    widths: tuple[int, ...]


@dataclass(frozen=True)
class Series:
    """One series of a chart, a value per category; None leaves a gap. low, high: ends of the intervals, () where none."""

    name: str
    values: tuple[float | None, ...]
    low: tuple[float | None, ...] = ()
    high: tuple[float | None, ...] = ()


@dataclass(frozen=True)
class Chart:
    """A native chart with its data in it. line: over the waves; stacked: shares that add up to 1; bar: side by side.

    words: what it shows, for those who cannot see it. percent: values are shares from 0 to 1. axis: its ends, in values.
    height: mm; 0: as much as it needs.
    """

    name: str  # "xu_huong": the same in every run
    kind: Literal["line", "stacked", "bar"]
    caption: str
    words: str
    categories: tuple[str, ...]
    series: tuple[Series, ...]
    percent: bool = False
    axis: tuple[float, float] | None = None
    height: int = 0
    facts: tuple[Fact, ...] = ()
    id: str = ""


@dataclass(frozen=True)
class Place:
    """A place where only a person can write; `key` stays the same in every run, `prompt` says what belongs there."""

    key: str
    prompt: str


@dataclass(frozen=True)
class PageBreak:
    pass


@dataclass(frozen=True)
class Signature:
    pass


@dataclass(frozen=True)
class Contents:
    """The table of contents."""


Block = Heading | Paragraph | Table | Chart | Place | PageBreak | Signature | Contents
