"""What a review rests on: the answers up to its wave, placed and scored, and every estimate, suppressed and rounded."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import pandas as pd

from analysis.changes import change, slopes
from analysis.chosen import chosen
from analysis.comparisons import judge
from analysis.contrasts import ARROW
from analysis.design import Design
from analysis.estimates import means, proportions
from analysis.precision import published
from analysis.scales import levels_of_groups, reliability, score_whole
from analysis.suppression import PROTECTED, SMALL, blank, suppress
from analysis.targets import Said, targets
from analysis.weights import place, response
from analysis.weights import published as design_of
from survey import store
from survey.errors import StudyError, Text
from survey.questionnaire import Question
from survey.store import ABSENT
from survey.study import Study

GROUPS = ("unit", "role")
NOBODYS = "?"  # the group of those whose unit or role is not known


@dataclass(frozen=True)
class Review:
    """The estimates of one review; each is worked out when first asked for, and only once."""

    study: Study
    wave: int
    frame: pd.DataFrame  # answers with scales (as of the whole), and the people of their wave, unit and role
    answered: pd.DataFrame  # wave, and unit and role where asked, of all who answered, also off the roster
    target: Literal["descriptive", "analytic"] | None = None  # of inference; None: as the study's design has it
    chosen: tuple[Mapping[str, Any], ...] = ()  # what the school chose for its report: see analysis.chosen
    # item and wave of what alone may be shown beside the results of all answers (without_doubted); None: everything
    apart: frozenset[tuple[str, int]] | None = None
    exact: bool = False  # numbers as they are computed, for who keeps the answers: see analysis.precision

    @classmethod
    def of(cls, study: Study, wave: int | None = None) -> Review:
        """The review that looks at a wave and all before it (the last one imported, if none is named)."""
        held = store.waves(study)
        wave = held[-1] if wave is None and held else wave
        answers = study.answers()
        if wave not in held:
            raise StudyError(
                str(study.folder),
                rule=Text("Đợt của báo cáo phải có câu trả lời.", "The wave of the report has answers."),
                found=Text(f"đợt {wave}; đã nhập: {held}", f"wave {wave}; imported: {held}"),
                cure=Text(
                    f"Chạy: python run.py survey pull {study.folder}, hoặc chọn đợt khác.",
                    f"Run: python run.py survey pull {study.folder}, or choose another wave.",
                ),
            )
        used = answers[answers["wave"].isin([known for known in held if known <= wave])]
        placed = score_whole(place(used, study), study.form)
        for name in study.primary:
            if name not in placed:
                raise StudyError(
                    f"{study.folder / 'study.yaml'}, primary",
                    rule=Text(
                        "primary nêu thang đo hoặc câu hỏi có trong phiếu.", "primary names scales or questions."
                    ),
                    found=name,
                    cure=Text("Sửa tên ấy, hoặc bỏ khỏi primary.", "Mend that name, or drop it from primary."),
                )
        if not (placed["wave"] == wave).any():
            raise StudyError(
                f"{study.folder / 'study.yaml'}, waves {wave}, roster",
                rule=Text(
                    "Đợt của báo cáo phải có câu trả lời khớp danh sách nhân sự.", "Some answers fit the roster."
                ),
                found=Text("không câu nào khớp", "none fits"),
                cure=Text("Sửa đơn vị, vai trò trong roster của đợt.", "Mend units and roles in the wave's roster."),
            )
        answered = used[[name for name in ("wave", "unit", "role") if name in used]]
        return cls(study, wave, placed, answered, chosen=chosen(study))

    @cached_property
    def analytic(self) -> Review:
        """The same estimates about the process that produced the answers: no finite-population correction."""
        return replace(self, target="analytic")

    @cached_property
    def without_doubted(self) -> Review | None:
        """The review without the flagged answers, as it may stand beside this one; None where nothing differs.

        Whoever sees both can subtract: what the flagged people said would be told. So only the whole school's results are
        there, and of these only the items and waves in which nobody, or at least the smallest base of people who did not all
        give the same answer, are left out.
        """
        less = Review.of(self.study.leaving_out(list(self.study.flag_labels)), self.wave)
        if len(less.frame) == len(self.frame):
            return None
        apart = {pair for item in self.items for pair in self._tellable(less, item)}
        for scale in self.scales:  # it tells what its items tell
            asked = self._items_of(scale)
            apart |= {(scale, wave) for wave in self.waves if all((item, wave) in apart for item in asked)}
        return replace(less, apart=frozenset(apart), target=self.target)

    def _items_of(self, scale: str) -> list[str]:
        """The items of a scale that are among the answers; of a question, itself."""
        known = {one.id: one.items for one in self.study.form.scales}
        return [item for item in known.get(scale, (scale,)) if item in self.items]

    def _tellable(self, less: Review, item: str) -> list[tuple[str, int]]:
        """Item and wave where the answers that were left out are told of nobody."""
        every, kept = (review.frame.groupby("wave")[item].value_counts() for review in (self, less))
        left = every.sub(kept, fill_value=0).groupby("wave")
        table = pd.DataFrame({"people": left.sum(), "alike": left.max(), "least": left.min()})
        enough = (table["people"] >= self.study.smallest_base) & (table["alike"] < table["people"])
        fine = ((table["people"] == 0) | enough) & (table["least"] >= 0)  # below 0: another of two answers counts now
        return [(item, int(wave)) for wave in table.index[fine]]

    @property
    def unplaced(self) -> int:
        """Answers that the roster has no place for."""
        return len(self.answered) - len(self.frame)

    @cached_property
    def flagged(self) -> dict[str, int]:
        """Flag -> how many answers of the review's wave have it, left out of the results or not."""
        flags = self.study.flags()[store.stored(self.study)["wave"] == self.wave]
        return {name: int(flags[name].sum()) for name in self.study.flag_labels}

    @cached_property
    def design(self) -> Design:
        """Of the whole: everybody who answered counts the same, as a sample of the roster's people."""
        return self._design([])

    def _design(self, groups: list[str]) -> Design:
        design = design_of(self.study, groups)
        return replace(design, target=self.target) if self.target else design

    @cached_property
    def waves(self) -> list[int]:
        return sorted(int(wave) for wave in self.frame["wave"].unique())

    @cached_property
    def pairs(self) -> list[tuple[int, int]]:
        """The pairs of waves that are compared: within each phase up to the review, and first to last of all."""
        phases = [[w for w in self.study.waves_of(phase.id) if w in self.waves] for phase in self.study.phases]
        pairs = [(waves[0], waves[-1]) for waves in phases if len(waves) > 1]
        whole = (self.waves[0], self.waves[-1])
        return pairs + ([whole] if len(self.waves) > 1 and whole not in pairs else [])

    @cached_property
    def scales(self) -> list[str]:
        return [scale.id for scale in self.study.form.scales if scale.id in self.frame]

    @cached_property
    def items(self) -> list[str]:
        """Columns of the questions with choices. A number is never shown value by value: it may be somebody's own."""
        return [item for item in self.study.form.items() if item in self.frame and item not in self.numbers]

    @cached_property
    def asked(self) -> dict[str, list[int]]:
        """Scale or item -> the waves that have answers to it, also where these are hidden; none of one without answers."""
        names = [*self.scales, *self.items]
        counts = self.frame.groupby("wave")[names].count()
        held = {name: [int(wave) for wave in counts.index[counts[name] > 0]] for name in names}
        return {name: waves for name, waves in held.items() if waves}

    @cached_property
    def numbers(self) -> list[str]:
        return [q.id for q in self.study.form.questions.values() if q.type == "number" and q.id in self.frame]

    @cached_property
    def means(self) -> pd.DataFrame:
        """The mean of each number question in each wave."""
        return self._shown(means(self.frame, self.numbers, self.design, by=["wave"]))

    @cached_property
    def levels(self) -> pd.DataFrame:
        """The mean of each scale in each wave: the average of the means of its items."""
        shown = self._shown(means(self.frame, self.scales, self.design, by=["wave"]))
        return self._as_its_items(shown, self.shares)

    @cached_property
    def shares(self) -> pd.DataFrame:
        """The share of each answer of each closed question in each wave."""
        return self._shown(self._proportions(self.frame, self.items, ["wave"]))

    @cached_property
    def by_unit(self) -> pd.DataFrame:
        """The mean of each primary scale in each unit, in the review's wave."""
        return self.levels_by("unit")

    @cached_property
    def changes(self) -> pd.DataFrame:
        """The judged change of each scale between each of `pairs`."""
        parts = [change(self.frame, self.scales, self.design, between=pair) for pair in self.pairs]
        if not parts or not self.scales:
            return judge(self._shown(means(self.frame, [], self.design)))
        shown = self._as_its_items(self._suppressed(pd.concat(parts, ignore_index=True)), self.shares)
        return self._public(judge(shown, primary=self.study.primary, small=self.study.small))

    @cached_property
    def slopes(self) -> pd.DataFrame:
        """The judged yearly slope of each scale in each phase of two waves or more, and the difference of the slopes."""
        phases = [[w for w in self.study.waves_of(phase.id) if w in self.waves] for phase in self.study.phases]
        phases = [waves for waves in phases if len(waves) > 1]
        if not phases or not self.scales:
            return judge(self._shown(means(self.frame, [], self.design)))
        shown = self._suppressed(slopes(self.frame, self.scales, self.design, phases=phases))
        return self._public(judge(self._as_its_items(shown, self.shares), primary=self.study.primary))

    @cached_property
    def reliability(self) -> pd.DataFrame:
        found = reliability(self.frame, self.study.form)
        beside = self.apart is not None  # two ways of counting side by side tell of the few left out
        hidden = (found["n"] < self.study.smallest_base) | beside
        numbers = ["n", "alpha", "low", "high", "standardised", "omega"]
        return self._public(
            found.astype({"n": "Float64"}).assign(
                **{name: found[name].astype("Float64").mask(hidden) for name in numbers}
            )
        )

    @cached_property
    def response(self) -> pd.DataFrame:
        return response(self.answered, self.study).query("wave in @self.waves")

    @cached_property
    def targets(self) -> pd.DataFrame:
        return targets(self.study, self.until, self.said)

    @cached_property
    def said(self) -> dict[int, Said]:
        """Target -> the share of staff who answered "yes" to its question in the review's wave, as it may be shown."""
        movement, found = self.study.movement, {}
        items = {t.survey_item: t.id for t in (movement.targets if movement else ()) if t.survey_item in self.items}
        shares = self.shares_of([item for item in items if item])
        for row in shares[(shares["wave"] == self.wave) & (shares["value"] == 1)].itertuples():
            numbers = (row.estimate, row.low, row.high, int(row.n)) if row.shown else (None, None, None, None)
            found[items[row.item]] = Said(self.wave, *numbers)
        return found

    @property
    def until(self) -> dt.date:
        """The date to which figures count: see `until_of`."""
        return until_of(self.study, self.wave)

    def targets_at(self, wave: int) -> pd.DataFrame:
        """The targets as they stood at an earlier wave's review; what staff said of them then is left out."""
        return self.targets if wave == self.wave else targets(self.study, until_of(self.study, wave))

    def levels_by(self, group: str, items: Sequence[str] | None = None, wave: int | None = None) -> pd.DataFrame:
        """The mean of scales in each group of one column (unit or role), in a wave (the review's); no two groups crossed."""
        chosen = list(items or self.study.primary or self.scales)
        found = [self._level_groups(item, wave or self.wave) for item in chosen if item in self.frame]
        shown = pd.concat(found, ignore_index=True) if found else self._shown(means(self.frame, [], self.design))
        return shown[shown["group"] == group].reset_index(drop=True)

    def _level_groups(self, item: str, wave: int) -> pd.DataFrame:
        """The level of a scale in each group: made of what its items tell, and shown where all these are shown."""
        if ("level", item, wave) not in self._groups:
            levels, items = self._of_groups("level", item, wave), self._items_of(item)
            if items:
                shares = pd.concat([self._share_groups(one, wave) for one in items])
                few = levels["n"] < self.study.smallest_base
                shown = self._as_its_items(blank(self._named(levels), few.map({True: SMALL, False: ""})), shares)
            else:  # a number: no shares of it are published
                shown = suppress(self._named(levels), k=self.study.smallest_base, answers=self._now(wave))
            self._groups["level", item, wave] = self._public(self._beside(shown))
        return self._groups["level", item, wave]

    def _share_groups(self, item: str, wave: int) -> pd.DataFrame:
        """The shares of an item in each group, as what the others of its question, and the one before it, tell allows."""
        if ("share", item, wave) not in self._groups:
            shown = self._guarded(item, wave)
            if gates := self._gates(item):  # whoever was asked has answered these: the base tells how many
                told = pd.concat([self._share_groups(gate, wave) for gate in gates])
                shown = self._as_its_items(shown, told, {item: gates})
            options = [one for one in self.items if "." in item and one.partition(".")[0] == item.partition(".")[0]]
            if len(options) > 1:
                tables = pd.concat([self._guarded(option, wave) for option in options])
                shown = self._without(shown, _one_option_left(tables))
            self._groups["share", item, wave] = self._public(shown)
        return self._groups["share", item, wave]

    def _guarded(self, item: str, wave: int) -> pd.DataFrame:
        """The shares of an item in each group, suppressed as if those of units, roles and the whole were all shown."""
        if ("guarded", item, wave) not in self._groups:
            shown = self._suppressed(self._of_groups("share", item, wave), self._now(wave))
            if self._question(item).tags.get("lasting"):  # who comes and goes between two waves would be told
                shown = self._without(shown, {(row.group, row.level) for row in shown.itertuples() if row.group})
            self._groups["guarded", item, wave] = shown
        return self._groups["guarded", item, wave]

    def _without(self, shown: pd.DataFrame, groups: set[tuple[str, str]]) -> pd.DataFrame:
        """The same with some groups hidden too."""
        chosen = [pair in groups for pair in zip(shown["group"], shown["level"], strict=True)]
        hide = shown["shown"].astype(bool) & pd.Series(chosen, index=shown.index, dtype=bool)
        return blank(shown, shown["reason"].mask(hide, PROTECTED)) if hide.any() else shown

    def _question(self, item: str) -> Question:
        return self.study.form.questions[item.partition(".")[0]]

    def _gates(self, item: str) -> list[str]:
        """The closed questions whose answers decide who is asked this one, beside unit, role and consent."""
        gates = [
            gate
            for section in self.study.form.sections
            if self._question(item).id in [question.id for question in section.items]
            for gate in section.only
        ]
        return [one for one in self.items if one.partition(".")[0] in gates]

    @cached_property
    def _groups(self) -> dict[tuple[str, str, int], pd.DataFrame]:
        """What was worked out by group so far: an item in a wave at a time, for what is hidden there depends on no other."""
        return {}

    def _of_groups(self, kind: str, item: str, wave: int) -> pd.DataFrame:
        """An item's estimates of the whole, each unit and each role; all scales, or shares, of a wave are worked out at once."""
        several = kind == "share" or item in self.scales
        key = (kind, "" if several else item, wave)
        if key not in self._estimated:
            now = self._now(wave)
            ways = [[], *([name] for name in GROUPS if name in now)]
            tables = [self._all_shares(now, by) if kind == "share" else self._means(now, by, item) for by in ways]
            self._estimated[key] = pd.concat(tables, ignore_index=True)
        found = self._estimated[key]
        return found[found["item"] == item].reset_index(drop=True)

    @cached_property
    def _estimated(self) -> dict[tuple[str, str, int], pd.DataFrame]:
        return {}

    def _now(self, wave: int) -> pd.DataFrame:
        """The answers of a wave; people of no known group are a group of their own, which is suppressed like any other."""
        now = self.frame[self.frame["wave"] == wave]
        return now.assign(**{name: now[name].fillna(NOBODYS) for name in GROUPS if name in now})

    def _all_shares(self, now: pd.DataFrame, by: list[str]) -> pd.DataFrame:
        return self._proportions(now, self.items, ["wave", *by])

    def _means(self, now: pd.DataFrame, by: list[str], item: str) -> pd.DataFrame:
        """The means of a question, or of all scales where it is one."""
        if item not in self.scales or not by:
            return means(now, self.scales if item in self.scales else [item], self._design(by), by=["wave", *by])
        return levels_of_groups(now, self.study.form, self._design(by), by[0])

    def shares_of(self, items: Sequence[str], group: str | None = None, wave: int | None = None) -> pd.DataFrame:
        """The share of each answer of the items in each wave, or in each group of a wave (the review's)."""
        if group is None:
            return self.shares[self.shares["item"].isin(items)].reset_index(drop=True)
        found = [self._share_groups(item, wave or self.wave) for item in items]
        shown = pd.concat(found, ignore_index=True) if found else self.shares.head(0)
        return shown[shown["group"] == group].reset_index(drop=True)

    def _proportions(self, frame: pd.DataFrame, items: list[str], by: list[str]) -> pd.DataFrame:
        values = {item: list(self.study.form.value_labels(item)) for item in items}
        return proportions(frame, items, self._design(by[1:]), by=by, values=values)

    @cached_property
    def exempt(self) -> pd.DataFrame:
        """The share (value 1) of those to whom a question does not apply, among them and those who answered, in each wave."""
        flags = {}
        for item in self.items:
            why = self.frame.get(item + ABSENT)
            if why is not None and (why == "na").any():
                flags[item] = (why == "na").astype("Int64").where(self.frame[item].notna() | (why == "na"))
        frame = self.frame.assign(**flags)
        values = {item: [0, 1] for item in flags}
        shown = self._shown(proportions(frame, list(flags), self.design, by=["wave"], values=values))
        return shown if self.apart is None else blank(shown, pd.Series(PROTECTED, index=shown.index, dtype=object))

    def label(self, item: str) -> Text:
        return self.study.form.label(item)

    def unit_labels(self) -> dict[str, Text]:
        """Unit and role ids -> their words."""
        return {u.id: u.label for u in self.study.units} | {r.id: r.label for r in self.study.roles}

    def _shown(self, estimates: pd.DataFrame, answers: pd.DataFrame | None = None) -> pd.DataFrame:
        return self._public(self._suppressed(estimates, answers))

    def _suppressed(self, estimates: pd.DataFrame, answers: pd.DataFrame | None = None) -> pd.DataFrame:
        return self._beside(suppress(self._named(estimates), k=self.study.smallest_base, answers=answers))

    def _named(self, estimates: pd.DataFrame) -> pd.DataFrame:
        """With study and phase."""
        phases = {wave.id: self.study.phase_of(wave) for wave in self.study.waves}
        last = estimates["wave"].map(lambda wave: int(str(wave).split(ARROW)[-1]) if wave is not None else None)
        return estimates.assign(study=self.study.id, phase=last.map(phases).astype("Int64"))

    def _as_its_items(
        self, shown: pd.DataFrame, shares: pd.DataFrame, items: Mapping[str, list[str]] | None = None
    ) -> pd.DataFrame:
        """Hidden where a share of one of its items is: of a scale, beside the other items, that could be found."""
        gone = shares[~shares["shown"].astype(bool)]
        hidden = set(zip(gone["item"], gone["wave"].astype(str), gone["group"], gone["level"], strict=True))
        items = items or {scale: self._items_of(scale) for scale in shown["item"].unique()}
        told = [
            any((item, wave, row.group, row.level) in hidden for item in items[row.item] for wave in waves_in(row.wave))
            for row in shown.itertuples()
        ]
        hide = shown["shown"].astype(bool) & pd.Series(told, index=shown.index, dtype=bool)
        return blank(shown, shown["reason"].mask(hide, PROTECTED)) if hide.any() else shown

    def _public(self, shown: pd.DataFrame) -> pd.DataFrame:
        """Rounded last, when all is judged."""
        return shown if self.exact else published(shown)

    def _beside(self, shown: pd.DataFrame) -> pd.DataFrame:
        """Only what may stand beside the results of all answers: the whole school's, of items and waves in `apart`."""
        if self.apart is None:
            return shown
        fine = [
            all((item, int(wave)) in self.apart for wave in waves_in(held))
            for item, held in zip(shown["item"], shown["wave"], strict=True)
        ]
        hide = shown["shown"].astype(bool) & ~(pd.Series(fine, index=shown.index) & (shown["group"] == ""))
        return blank(shown, shown["reason"].mask(hide, PROTECTED))


def _one_option_left(tables: pd.DataFrame) -> set[tuple[str, str]]:
    """The groups in which one option of a question of several is hidden, and those shown leave people who must have ticked it."""
    ticked = tables[(tables["value"] == 1) & (tables["group"] != "")]
    found = set()
    for (group, level), part in ticked.groupby(["group", "level"]):
        seen = part[part["shown"].astype(bool)]
        if len(seen) == len(part) - 1 and (seen["estimate"] * seen["n"]).sum() < seen["n"].max() - 0.5:
            found.add((str(group), str(level)))
    return found


def waves_in(wave: object) -> list[str]:
    """The waves that a row names: "2027", "2025→2027", of a difference of slopes those of both phases."""
    return re.findall(r"\d+", str(wave))


def until_of(study: Study, wave: int) -> dt.date:
    """The date to which a wave's review counts figures: the closing of the phase that it closes, else the end of the year."""
    ends = study.wave(wave).ends
    closing = [phase.closes for phase in study.phases if phase.review_wave == wave]
    return max([*closing, ends]) if closing else dt.date(ends.year, 12, 31)
